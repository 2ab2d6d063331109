"""Boxes: shares of the volume, whole domains that are proved, and bounds that are not."""

import math
import time
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import pytest

from verify import Claim, Derivative, Status, domain
from verify.engines import BUDGETS, boxes, prove
from verify.engines.case import Case
from verify.formats import FLOAT64
from verify.program import trace

pytestmark = pytest.mark.once

UNIT = {"d": domain.Interval("", 0.0, 1.0)}


def claim(fn: Callable[..., Any], bound: Callable[..., Any], relation: Any, regions: Any) -> Claim:
    """A bound on a value."""
    return Claim(
        id="made-up.box",
        autodiff=Derivative(fn, "value"),
        by_hand=bound,
        relation=relation,
        domain=regions,
        sizes={},
    )


def shares(fn: Callable[..., Any], bound: Callable[..., Any], relation: Any, regions: Any) -> Any:
    """What became of the volume."""
    found = boxes.shares(trace(claim(fn, bound, relation, regions), {}, FLOAT64), time.perf_counter() + 60, 90_000)
    return None if found is None else found[0]


@pytest.mark.parametrize(
    ("fn", "bound", "relation", "holds"),
    [
        (lambda d: jnp.exp(d), lambda d: 1 + 0.99 * d, ">=", True),
        (lambda d: jnp.exp(d), lambda d: 1 + 1.01 * d, ">=", False),
        (lambda d: jnp.exp(d), lambda d: 1 + d, "<=", False),
        (lambda d: jnp.log(1 + d), lambda d: 1.01 * d, "<=", True),
        (lambda d: jnp.log(1 + d), lambda d: 0.99 * d, "<=", False),
        (lambda d: jnp.sqrt(1 + d), lambda d: 1 + 0.51 * d, "<=", True),
        (lambda d: jnp.sqrt(1 + d), lambda d: 1 + 0.49 * d, "<=", False),
        (lambda d: d - d * d, lambda d: 0.3 + 0 * d, "<=", True),
        (lambda d: d - d * d, lambda d: 0.2 + 0 * d, "<=", False),
        (lambda d: d - 0.5, lambda d: 0.5 + 0 * d, "abs<=", True),
        (lambda d: d - 0.5, lambda d: 0.49 + 0 * d, "abs<=", False),
    ],
    ids=[str(number) for number in range(11)],
)
def test_an_interval_is_a_whole_domain(fn: Any, bound: Any, relation: Any, holds: bool) -> None:
    """What is true on all of it is proved, also where it is attained at an end; what is not true never is."""
    found = shares(fn, bound, relation, UNIT)
    assert found.whole
    assert (found.proved == 1) == holds, found.text()
    assert found.proved + found.refuted + found.undecided == 1
    assert holds or found.refuted > 0 or found.undecided > 0
    said = prove.check(Case(claim(fn, bound, relation, UNIT), BUDGETS["standard"], 0))
    assert (said.status is Status.HOLDS) == holds, said.reason


def test_of_a_size_both_sides_are_looked_at() -> None:
    """On one of them the bound breaks at three quarters, on the other it would hold everywhere."""
    for sign in (1, -1):
        found = shares(lambda d, sign=sign: sign * d, lambda d: 0.75 + 0 * d, "abs<=", UNIT)
        assert -(2.0**-40) <= 0.75 - found.proved < 0.01


def test_without_slopes_nothing_is_proved() -> None:
    """A root has none at zero, on whatever part of the interval the bound is false."""
    found = shares(lambda d: -jnp.sqrt(d), lambda d: 0 * d - 0.5, "<=", UNIT)
    assert 0.7 < found.proved <= 0.75


@pytest.mark.parametrize(
    ("number", "bound"),
    [(lambda d: jnp.log(2 + 0 * d), 0.25), (lambda d: jnp.sqrt(2 + 0 * d), 0.75)],
    ids=["logarithm", "root"],
)
def test_a_number_does_not_balance_a_slope(number: Any, bound: float) -> None:
    found = shares(lambda d: number(d) - d, lambda d: bound + 0 * d, ">=", UNIT)
    share = float(number(0.0)) - bound
    assert -1e-6 < share - found.proved < 0.02


def test_beside_a_logarithm_other_entries_are_seen() -> None:
    region = {"d": domain.Interval("2", 0.0, 1.0)}
    found = shares(lambda d: jnp.log(1 + d[1]) + d[0] + d[1], lambda d: 3 + 0 * d[0], "<=", region)
    assert found.proved == 1


def test_of_a_steep_exponential_no_more_is_refuted_than_is_so() -> None:
    found = shares(lambda d: -jnp.exp(d**8), lambda d: 0 * d - 1.5, ">=", UNIT)
    share = math.log(1.5) ** (1 / 8)
    assert -(2.0**-40) < share - found.proved < 0.02
    assert -(2.0**-40) < 1 - share - found.refuted < 0.02


def test_an_end_at_one_says_nothing_of_a_sign() -> None:
    found = shares(lambda d: jnp.sqrt(d * d), lambda d: -d, "<=", {"d": domain.Interval("", -0.5, 1.0)})
    assert (found.proved if found else 0) <= 0.34


@pytest.mark.parametrize("reaching", ["slope", "value"])
def test_what_reaches_zero_is_neither_below_it_nor_above(reaching: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A slope of at least zero has its least value at the lower end, and a value of at most zero may be zero."""
    from fractions import Fraction

    from flint import arb

    wide = arb(1, 0.5)
    rising, sinking = wide - wide.lower(), wide - wide.upper()
    assert rising >= 0
    assert sinking <= 0

    def whole(_: Any, balls: list[arb]) -> tuple[arb, list[arb]]:
        if reaching == "value":
            return sinking, [arb(0)]
        return (balls[0] - 0.5 if balls[0].is_exact() else arb(0, 4)), [rising]

    monkeypatch.setattr(boxes._Evaluated, "_whole", whole)
    evaluated = object.__new__(boxes._Evaluated)
    assert evaluated._decide(((Fraction(0), Fraction(1)),)) == 0


def test_small_shares_are_said_to_be_small() -> None:
    from fractions import Fraction

    assert [boxes._percent(Fraction(share, 200)) for share in (0, 1, 2, 200)] == ["0 %", "below 1 %", "1 %", "100 %"]


def test_boxes_prove_nothing_of_a_wrong_stable_form() -> None:
    from dataclasses import replace

    bounded = claim(lambda d: jnp.log(1 + d), lambda d: 1.01 * d, "<=", UNIT)
    said = prove.check(Case(replace(bounded, stable=lambda d: d + 0), BUDGETS["standard"], 0))
    assert said.status is Status.UNKNOWN


def test_a_tangent_is_left_undecided_where_it_touches() -> None:
    """Where value and slope are both zero no box decides; the rest of the interval is proved, and 100 % is not said."""
    found = shares(lambda d: jnp.exp(d), lambda d: 1 + d, ">=", UNIT)
    assert 0.99 < found.proved < 1
    assert found.refuted == 0
    assert "99 % of the volume is proved" in found.text()


def test_shares_are_those_of_the_volume() -> None:
    """A bound that is false on a quarter of the interval."""
    found = shares(lambda d: d, lambda d: 0.75 + 0 * d, "<=", UNIT)
    assert 0 <= 0.75 - found.proved < 0.01
    assert 0 <= 0.25 - found.refuted < 0.01
    assert found.text().startswith("on the whole domain, cut into small ones, 7")


@pytest.mark.parametrize(
    ("fn", "bound", "share"),
    [
        (lambda d: d * d, 0.5625, 0.25),
        (lambda d: -d * d, -0.5625, 0.75),
        (lambda d: d * d - d, -0.1875, 0.5),
        (lambda d: d - d * d, 0.1875, 0.5),
        (lambda d: d * d * d, 0.125, 0.5),
        (lambda d: 1 / (1 + d), 0.8, 0.25),
        (lambda d: 1 / (-1 - d), -0.75, 2 / 3),
        (lambda d: d / (d - 2), -0.25, 0.4),
        (lambda d: 1 / (d - 2) ** 2, 0.64, 0.25),
        (lambda d: 1 / (d - 2) ** 3, -0.512, 0.75),
        (lambda d: jnp.exp(d - 2), 0.25, 1 - (2 - 1.3862943611198906)),
        (lambda d: jnp.exp(1 / (1 + d)), 2.0, 1 / math.log(2) - 1),
        (lambda d: jnp.exp(d / 2), 1.25, 1 - 2 * math.log(1.25)),
        (lambda d: jnp.log(2 - d), 0.5, 2 - math.exp(0.5)),
        (lambda d: -jnp.sqrt(2 - d), -1.25, 1 - (2 - 1.25**2)),
        (lambda d: d * jnp.log(2 + 0 * d), 0.25, 1 - 0.25 / math.log(2)),
        (lambda d: d * jnp.sqrt(2 + 0 * d), 0.25, 1 - 0.25 / math.sqrt(2)),
    ],
    ids=(
        "square",
        "minus square",
        "valley",
        "hill",
        "cube",
        "quotient",
        "negative quotient",
        "other quotient",
        "square of a quotient",
        "cube of a quotient",
        "exponential",
        "exponential of a quotient",
        "exponential of a half",
        "logarithm",
        "root",
        "logarithm of a number",
        "root of a number",
    ),
)
def test_of_a_curve_no_more_is_proved_or_refuted_than_is_so(fn: Any, bound: float, share: float) -> None:
    """Where a bound turns false within a box, neither values at corners nor slopes make it true on the other side."""
    found = shares(fn, lambda d: bound + 0 * d, ">=", UNIT)
    slack = 2.0**-48  # the share and the bound are floats
    assert -slack <= share - found.proved < 0.02
    assert -slack <= 1 - share - found.refuted < 0.02


@pytest.mark.parametrize("fn", [lambda d: -d * d * d, lambda d: jnp.log(d), lambda d: jnp.sqrt(d)], ids="012")
def test_a_box_of_positive_entries_has_no_others(fn: Any) -> None:
    """Where they are negative or zero, nothing is said: neither that a bound is false nor that it has no value."""
    found = shares(fn, lambda d: d + 0.5, "<=", {"d": domain.Positive("")})
    assert not found.whole
    assert (found.proved, found.refuted) == (1, 0)


@pytest.mark.parametrize("wrong", [None, 0.0, 5.0])
def test_a_mode_that_cannot_be_read_leaves_a_bound_open(wrong: float | None) -> None:
    """Whatever the other modes are on every box: forward the slope may be larger by five."""

    @jax.custom_jvp
    def square(d: Any) -> Any:
        return d * d

    @square.defjvp
    def _(given: Any, along: Any) -> Any:
        (d,), (t,) = given, along
        # Reverse modes do not see what passes through a whole number.
        unseen = 0.0 if wrong is None else wrong * t.astype(int).astype(t.dtype)
        return square(d), jnp.exp(d) * t + unseen

    slope = Claim(
        id="made-up.slope",
        autodiff=Derivative(square, "gradient", wrt="d"),
        by_hand=lambda d: 3 + 0 * d,
        relation="<=",
        domain=UNIT,
        sizes={},
        custom_rules=True,
    )
    found = boxes.shares(trace(slope, {}, FLOAT64), time.perf_counter() + 60, 90_000)
    assert (found is not None and found[0].proved == 1) == (wrong is None)
    said = prove.check(Case(slope, BUDGETS["standard"], 0))
    assert (said.status is Status.HOLDS) == (wrong is None), said.reason


@pytest.mark.parametrize(
    ("fn", "bound", "ends", "least", "most"),
    [
        (lambda s: jnp.log(s), lambda s: 0.9 * s, (0.5, 0.75), 1, 1),
        (lambda s: jnp.log(-s), lambda s: -0.9 * s, (-0.75, -0.5), 1, 1),
        (lambda s: jnp.log(s), lambda s: 2 + 0 * s, (0.0, 1.0), 0, 0),
        (lambda s: jnp.log(-s), lambda s: 2 + 0 * s, (-1.0, 0.0), 0, 0),
        (lambda s: -jnp.sqrt(s), lambda s: 1 + 0 * s, (0.0, 1.0), 0.9, 1),
        (lambda s: -jnp.sqrt(-s), lambda s: 1 + 0 * s, (-1.0, 0.0), 0.9, 1),
        (lambda s: jnp.sqrt(s * s), lambda s: -s, (-1.0, 0.5), 0, 0.8),
        (lambda s: jnp.sqrt(s * s), lambda s: s, (-0.5, 1.0), 0, 0.8),
    ],
    ids=map(str, range(8)),
)
def test_ends_say_the_signs_of_entries_and_no_more(fn: Any, bound: Any, ends: Any, least: float, most: float) -> None:
    """Of four entries the ends are not looked at together."""
    region = {"d": domain.Interval("4", *ends)}
    found = shares(lambda d: fn(jnp.sum(d)), lambda d: bound(jnp.sum(d)), "<=", region)
    assert least <= (found.proved if found else 0) <= most


@pytest.mark.parametrize("count", [4, 5])
def test_a_box_has_few_sides(count: int) -> None:
    region = {"d": domain.Interval(str(count), 0.0, 1.0)}
    found = shares(lambda d: jnp.sum(d), lambda d: 0 * d[0] - 1, ">=", region)
    assert found is None if count == 5 else found.proved == 1


def test_what_has_finitely_many_values_is_no_box() -> None:
    """Of two shares one is zero; half a number is below one."""
    hot = {"y": domain.OneHot("2"), **UNIT}
    assert shares(lambda y, d: y[0] * y[1] + d, lambda y, d: 0.1 + d, "<=", hot).proved == 1
    fixed = {"a": domain.Constant(0.5), **UNIT}
    found = shares(lambda a, d: a * d, lambda a, d: 0.6 + 0 * d, "<=", fixed)
    assert (found.proved, found.whole) == (1, True)


@pytest.mark.parametrize("gap", [0.0, 2.0, 10.0])
def test_the_box_of_logits_with_a_winner_begins_at_its_gap(gap: float) -> None:
    regions = {"x": domain.Saturated("2", winner=0, gap=gap)}
    found = shares(lambda x: jnp.exp(x[1] - x[0]), lambda x: jnp.exp(0 * x[0] - (gap + 2)), "<=", regions)
    assert abs(found.proved - 0.75) + abs(found.refuted - 0.25) < 2.0**-40
    assert not found.whole


def test_a_winner_at_the_last_place_is_above_the_others() -> None:
    regions = {"x": domain.Saturated("2", winner=1, gap=2.0)}
    found = shares(lambda x: x[0] - x[1], lambda x: 0 * x[0] - 4, "<=", regions)
    assert abs(found.proved - 0.75) + abs(found.refuted - 0.25) < 2.0**-40
    assert not found.whole


def test_differences_of_logits_go_as_far_down_as_up() -> None:
    found = shares(lambda x: x[1] - x[0], lambda x: 0 * x[0], "<=", {"x": domain.Logits("2")})
    assert abs(found.proved - 0.5) + abs(found.refuted - 0.5) < 2.0**-40


def test_each_row_of_logits_is_shifted_by_itself() -> None:
    assert shares(lambda x: x[0, 0] - x[1, 0], lambda x: 0 * x[0, 0], "<=", {"x": domain.Logits("2 2")}) is None


def test_the_last_share_is_what_the_others_leave() -> None:
    found = shares(lambda y: y[0] + y[1], lambda y: 1 + 0 * y[0], ">=", {"y": domain.Simplex("2")})
    assert (found.proved, found.whole) == (1, True)


@pytest.mark.parametrize("sign", [1, -1])
def test_a_box_is_decided_by_its_middle_and_its_slopes(sign: int) -> None:
    """Where slopes of either sign meet, by no corner, and by its ends only in far smaller boxes."""
    found = shares(
        lambda d: sign * (50 * d[0] ** 2 + 50 * d[1] ** 2 + 1),
        lambda d: sign * 100 * d[0] * d[1],
        ">=",
        {"d": domain.Interval("2", 0.0, 1.0)},
    )
    assert (found.proved, found.refuted) == ((1, 0) if sign > 0 else (0, 1))


@pytest.mark.parametrize(("bound", "holds"), [(0.26, True), (0.2, False)], ids=["right", "wrong"])
@pytest.mark.parametrize("shape", ["2", "3"])
def test_shares_of_a_total_are_boxes_of_the_whole_domain(shape: str, bound: float, holds: bool) -> None:
    found = shares(lambda y: y[0] * y[1], lambda y: bound + 0 * y[0], "<=", {"y": domain.Simplex(shape)})
    assert found.whole
    assert (found.proved == 1) == holds, found.text()
    assert (found.refuted > 0) == (not holds)


@pytest.mark.parametrize(
    ("fn", "bound", "relation", "proved", "refuted"),
    [
        # At most 0.3 in size: from 0.2 to 0.8, though each side is proved of four fifths.
        (lambda d: d - 0.5, lambda d: 0.3 + 0 * d, "abs<=", 0.6, 0.2),
        (lambda d: d - 0.5, lambda d: 0 * d - 0.1, "abs<=", 0, 0.6),
        # Each case of the absolute value is looked at on all of the interval.
        (lambda d: jnp.abs(d - 0.5), lambda d: 0 * d, "<=", 0, 0),
        (lambda d: jnp.abs(d - 0.5), lambda d: 0.25 + 0 * d, "<=", 0.5, 0),
    ],
    ids=map(str, range(4)),
)
def test_of_two_statements_no_more_is_proved_than_of_both(
    fn: Any, bound: Any, relation: Any, proved: float, refuted: float
) -> None:
    found = shares(fn, bound, relation, UNIT)
    assert abs(found.proved - proved) + abs(found.refuted - refuted) < 2.0**-40


@pytest.mark.parametrize("relation", ["<=", ">="])
def test_a_quotient_has_either_sign_where_what_it_is_divided_by_has(relation: Any) -> None:
    subject = claim(lambda d: 0 * d, lambda d: jnp.where(d == 0.5, 0 * d, 1 / (d - 0.5)), relation, UNIT)
    found = shares(subject.autodiff.fn, subject.by_hand, relation, UNIT)
    assert found.whole
    assert abs(found.proved - 0.5) < 0.02
    assert prove.check(Case(subject, BUDGETS["standard"], 0)).status is Status.UNKNOWN


def test_a_box_is_not_the_domain() -> None:
    """A bound that holds up to 8 and fails beyond is not proved, and the reason says on which box it was looked at."""

    def rises(d: Any) -> Any:
        return jnp.exp(d) - jnp.exp(9.0 * jnp.ones_like(d))

    subject = claim(rises, lambda d: 0 * d, "<=", {"d": domain.Reals("")})
    said = prove.check(Case(subject, BUDGETS["standard"], 0))
    assert said.status is Status.UNKNOWN
    assert "on the box" in said.reason
    assert "100 % of the volume is proved" in said.reason
    quick = prove.check(Case(subject, BUDGETS["quick"], 0))
    assert "volume" not in quick.reason


def test_a_box_beside_an_interval_is_not_the_domain() -> None:
    regions = {"a": domain.Reals(""), **UNIT}
    found = shares(lambda a, d: a * d, lambda a, d: 9 + 0 * d, "<=", regions)
    assert (found.proved, found.whole) == (1, False)
    # As far below zero as above it.
    found = shares(lambda a: a, lambda a: 0 * a, "<=", {"a": domain.Reals("")})
    assert abs(found.proved - 0.5) + abs(found.refuted - 0.5) < 2.0**-40
    assert not found.whole


def test_logits_enter_by_their_differences() -> None:
    """The shift of a softmax drops out; a wrong constant is refuted somewhere."""
    regions = {"x": domain.Logits("2")}

    def output(x: Any) -> Any:
        s = jax.nn.softmax(x)
        return s[0] * jnp.log(s[0])

    right = shares(output, lambda x: 0 * x[0], "<=", regions)
    wrong = shares(output, lambda x: -0.25 + 0 * x[0], "<=", regions)
    assert not right.whole
    assert right.proved > wrong.proved
    assert wrong.refuted > 0
    assert right.refuted == 0


@pytest.mark.parametrize(
    ("fn", "bound"),
    [
        (lambda d: jnp.where(d > 0.5, jnp.exp(d), 0 * d), lambda d: 1 + 0 * d),
        (lambda d: jnp.sin(d), lambda d: 0.1 + 0 * d),
        (lambda d: jnp.log(d), lambda d: -1 + 0 * d),
        (lambda d: jnp.sort(jnp.stack([d, d]))[0], lambda d: -1 + d),
        (lambda d: jnp.where(d == 0.5, -1.0, 1 / (0.5 - d)), lambda d: 0 * d),
    ],
    ids=("choice", "sin", "log", "sort", "quotient"),
)
def test_what_boxes_do_not_follow_is_not_proved(fn: Any, bound: Any) -> None:
    """Choices, functions by name, functions without a value, unsupported primitives: no crash, and no proof."""
    found = shares(fn, bound, "<=", UNIT)
    assert found is None or found.proved < 1
    assert prove.check(Case(claim(fn, bound, "<=", UNIT), BUDGETS["standard"], 0)).status is Status.UNKNOWN


def test_a_slope_between_zero_and_one_is_a_slope_of_one_sign() -> None:
    """What is zero at the lower end of its box is decided there and nowhere else; where it turns, by no corner."""
    rising = shares(lambda d: d - d * d, lambda d: 0 * d, ">=", {"d": domain.Interval("", 0.0, 0.25)})
    assert (rising.proved, rising.refuted) == (1, 0)
    turning = shares(lambda d: d * d - d, lambda d: 0 * d - 0.125, ">=", UNIT)
    # It is true but between two roots, which are as far apart as the root of a half.
    assert (1 - turning.proved) ** 2 >= 0.5 >= turning.refuted**2
