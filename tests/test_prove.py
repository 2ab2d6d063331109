"""The prove engine: what is true is proved for every size, what is false never is, and the difference says why."""

import itertools
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import jax
import jax.numpy as jnp
import mpmath
import numpy as np
import pytest
from controls import CONTROLS
from jax import lax

from verify import Claim, Derivative, Status, domain
from verify.engines import BUDGETS, bounds, covers, judge, prove, sums
from verify.engines.case import Case
from verify.formats import FLOAT64
from verify.program import trace
from verify.readings.algebra import Value
from verify.results import combine

pytestmark = pytest.mark.once

LOGITS = domain.Logits("n")
REALS = domain.Reals("n")


def softmax(x: Any) -> Any:
    """Softmax, shifted by the largest logit."""
    powers = jnp.exp(x - jax.lax.stop_gradient(jnp.max(x)))
    return powers / jnp.sum(powers)


def squared(x: Any, y: Any) -> Any:
    """Half the squared error."""
    return 0.5 * jnp.sum((softmax(x) - y) ** 2)


def entropy(x: Any, y: Any) -> Any:
    """Cross entropy."""
    return -jnp.sum(y * jax.nn.log_softmax(x))


def claim(fn: Callable[..., Any], by_hand: Callable[..., Any], kind: Any = "gradient", **more: Any) -> Claim:
    """A claim about functions of x and y."""
    given: dict[str, Any] = {
        "domain": {"x": LOGITS, "y": REALS},
        "sizes": {"n": (2, 3)},
        "autodiff": Derivative(fn, kind, wrt=None if kind == "value" else "x"),
    }
    return Claim(id="made-up.identity", by_hand=by_hand, **{**given, **more})


def verdict(subject: Claim, budget: str = "standard") -> Any:
    """What the engine says."""
    return prove.check(Case(subject, BUDGETS[budget], 0))


def judged(subject: Claim, budget: str = "standard") -> Status:
    """Whether it is proved; of what is not, no cause is looked for, which takes as long as the proof."""
    return prove.check(Case(subject, BUDGETS[budget], 0), agrees=True).status


@pytest.mark.parametrize("control", CONTROLS, ids=lambda each: each.claim.id)
def test_no_control_is_proved(control: Any) -> None:
    """Wrong formulas are refused, whatever is wrong with them."""
    assert judged(control.claim) is not Status.HOLDS


# -- mutations ------------------------------------------------------------------------------------------------------

# Half the squared error: s_i ((s_i - y_i) - sum_j s_j (s_j - y_j)), with places where an algebraic slip can sit.
SLOTS = {
    "outer": (1.0, -1.0, 2.0, 0.5, 1 + 2.0**-40),
    "target": (1.0, -1.0, 2.0, 0.0),
    "mean": (1.0, -1.0, 0.5, 2.0, 0.0),
    "inner": (1.0, -1.0, 3.0),
    "power": (1, 2, 3),
    "weight": (1, 2),
    "roll": (0, 1),
    "rolled": (0, 1),
}


def mutant(choice: dict[str, Any]) -> Callable[..., Any]:
    """The formula with one outcome per slot; the first of each is right."""

    def formula(x: Any, y: Any) -> Any:
        s = softmax(x)
        residual = s - choice["target"] * jnp.roll(y, choice["roll"])
        mean = jnp.sum(s ** choice["weight"] * (choice["inner"] * s - y))
        return choice["outer"] * jnp.roll(s, choice["rolled"]) ** choice["power"] * (residual - choice["mean"] * mean)

    return formula


def mutations() -> list[dict[str, Any]]:
    """200 choices, each with at least one slip."""
    rng = np.random.default_rng(20)
    every = [dict(zip(SLOTS, each, strict=True)) for each in itertools.product(*SLOTS.values())]
    return [every[place] for place in rng.permutation(np.arange(1, len(every)))[:200]]


def at_point(value: Value, given: dict[str, Any]) -> Any:
    """A value at one point, from its own parts, in the working precision of mpmath."""
    field = value.field

    def generator(place: int) -> Any:
        made = field.generators[place]
        if made.kind == "input":
            name, where = made.key
            return given[name][where[0][1]]
        if made.kind == "exp":
            places, den, scale = made.key
            assert not den
            inner = mpmath.mpf(scale.numerator) / scale.denominator / made.unit
            for each, power in places:
                inner *= generator(each) ** power
            return mpmath.exp(inner)
        if made.kind == "max":
            return max(at_point(each, given) for each in made.arguments)
        raise AssertionError(made.kind)

    def poly(of: Any) -> Any:
        total = mpmath.mpf(0)
        for exponents, coefficient in of.to_dict().items():
            term = mpmath.mpf(int(coefficient))
            for place, power in enumerate(exponents):
                if power:
                    term *= generator(place) ** int(power)
            total += term
        return total

    below = mpmath.mpf(value.unit)
    for base, power in value.den:
        below *= poly(field.bases[base]) ** power
    return poly(value.num) / below


def exact(choice: dict[str, Any], x: list[Any], y: list[Any]) -> list[Any]:
    """The mutant at a point, by mpmath alone."""
    powers = [mpmath.exp(each) for each in x]
    s = [each / sum(powers) for each in powers]
    n = len(x)
    mean = sum(s[j] ** choice["weight"] * (mpmath.mpf(choice["inner"]) * s[j] - y[j]) for j in range(n))
    return [
        mpmath.mpf(choice["outer"])
        * s[(i - choice["rolled"]) % n] ** choice["power"]
        * (s[i] - mpmath.mpf(choice["target"]) * y[(i - choice["roll"]) % n] - mpmath.mpf(choice["mean"]) * mean)
        for i in range(n)
    ]


RIGHT = {name: options[0] for name, options in SLOTS.items()}


@pytest.mark.parametrize("part", range(10))
def test_mutations_are_refused_with_a_residual_that_a_point_confirms(part: int) -> None:
    """Slips in coefficients, signs, exponents and indices, at two and three classes and for every size."""
    rng = np.random.default_rng(part)
    for number, choice in enumerate(mutations()[20 * part : 20 * part + 20]):
        n = 2 + number % 2
        subject = claim(squared, mutant(choice))
        outcome = prove.prove_at(trace(subject, {"n": n}, FLOAT64, "one"), 10.0)
        assert not outcome.proved, choice
        residual = outcome.residual
        assert residual is not None, (choice, outcome.reasons)
        with mpmath.workdps(60):
            x = [mpmath.mpf(each) for each in rng.normal(size=n)]
            y = [mpmath.mpf(each) for each in rng.normal(size=n)]
            component = int(residual.where.split("[")[1].strip("]"))
            difference = exact(RIGHT, x, y)[component] - exact(choice, x, y)[component]
            found = at_point(residual.value, {"x": x, "y": y})
            assert abs(difference) > mpmath.mpf(10) ** -30, choice
            assert abs(found - difference) < mpmath.mpf(10) ** -40 * (1 + abs(difference)), choice
        if number % 5 == 0:
            assert not prove.prove_open(subject).proved, choice


# -- what is true, in other words -----------------------------------------------------------------------------------


def _mean_form(x: Any, y: Any) -> Any:
    s = softmax(x)
    return s * (s - y) - s * (jnp.sum(s**2) - jnp.sum(s * y))


def _shifted(x: Any, y: Any) -> Any:
    powers = jnp.exp(x + 3.0)
    s = powers / jnp.sum(powers)
    return s * ((s - y) - jnp.sum(s * (s - y)))


@pytest.mark.parametrize(
    ("left", "right", "true"),
    [
        (lambda x: jnp.sum(x[0]), lambda x: jnp.sum(x, axis=1)[0], True),
        (lambda x: jnp.sum(x[0]), lambda x: jnp.sum(x, axis=0)[0], False),
        (lambda x: jnp.sum(x[:, 1]), lambda x: jnp.sum(x, axis=0)[1], True),
        (lambda x: jnp.sum(x[:, 1]), lambda x: jnp.sum(x, axis=1)[1], False),
        (lambda x: x[0] * x[1], lambda x: x[1] * x[0], True),
        (lambda x: x[0] * x[1], lambda x: x[0] * x[0], False),
        (lambda x: jnp.outer(x[:, 0], x[0]), lambda x: jnp.outer(x[0], x[:, 0]).T, True),
        (lambda x: x @ x[0], lambda x: jnp.sum(x * x[:1], axis=1), True),
        (lambda x: x @ x[0], lambda x: jnp.sum(x * x, axis=1), False),
    ],
    ids=map(str, range(9)),
)
def test_rows_and_columns_of_two_open_axes(left: Any, right: Any, true: bool) -> None:
    given = {"domain": {"x": domain.Reals("t n")}, "sizes": {"t": (2, 3), "n": (2, 3)}}
    found = verdict(claim(lambda x: left(x) * 1.0, right, "value", **given))
    assert (found.status is Status.HOLDS) == true, (found.reason, found.sizes)


def test_a_constant_is_compared_with_each_way_in_which_indices_coincide() -> None:
    given = {"domain": {"x": domain.Reals("n n")}}
    for formula, proved in ((lambda x: jnp.exp(x) * jnp.exp(-x), ["value"]), (jnp.exp, [])):
        ones = claim(lambda x: jnp.ones_like(x), lambda x, formula=formula: formula(x), "value", **given)
        assert prove.prove_open(ones).proved == proved


@pytest.mark.parametrize("turn", [1, -1])
@pytest.mark.parametrize("factor", [1.0, 2.0])
def test_a_choice_is_not_settled_by_another_that_does_not_imply_it(turn: int, factor: float) -> None:
    """That a sum exceeds one says nothing of a difference; that it exceeds two says that it exceeds one."""

    def nested(x: Any, y: Any) -> Any:
        inner = jnp.where(turn * (x - y) > -1, x, 2 * x)
        return jnp.where(factor * (x + y) > 1, inner, 3 * x)

    def outer_alone(x: Any, y: Any) -> Any:
        return jnp.where(factor * (x + y) > 1, x, 3 * x)

    def other_way(x: Any, y: Any) -> Any:
        return jnp.where(turn * (x - y) > -1, outer_alone(x, y), jnp.where(factor * (x + y) > 1, 2 * x, 3 * x))

    def implied(x: Any, y: Any) -> Any:
        return jnp.where(x + y > 2, jnp.where(factor * (x + y) > 1, x, 2 * x), 3 * x)

    given = {"domain": {"x": domain.Positive(""), "y": domain.Positive("")}, "sizes": {}}
    assert judged(claim(nested, other_way, "value", **given)) is Status.HOLDS
    assert judged(claim(nested, outer_alone, "value", **given)) is Status.UNKNOWN
    assert judged(claim(implied, lambda x, y: jnp.where(x + y > 2, x, 3 * x), "value", **given)) is Status.HOLDS


def test_what_is_less_than_one_is_not_more_than_three_halves() -> None:
    def nested(x: Any) -> Any:
        return jnp.where(x < 1, jnp.where(2 * x > 3, 3 * x, x), 2 * x)

    given = {"domain": {"x": domain.Reals("")}, "sizes": {}}
    for factor, proved in ((1, ["value"]), (3, [])):
        by_hand = claim(nested, lambda x, factor=factor: jnp.where(x < 1, factor * x, 2 * x), "value", **given)
        assert prove.prove_at(trace(by_hand, {}, FLOAT64), 1.0).proved == proved


def test_what_is_less_than_one_is_not_more_than_two() -> None:
    def nested(x: Any) -> Any:
        return jnp.where(x < 1, jnp.where(x > 2, 3 * x, x), 2 * x)

    given = {"domain": {"x": domain.Reals("")}, "sizes": {}}
    for factor, proved in ((1, ["value"]), (3, [])):
        by_hand = claim(nested, lambda x, factor=factor: jnp.where(x < 1, factor * x, 2 * x), "value", **given)
        assert prove.prove_at(trace(by_hand, {}, FLOAT64), 1.0).proved == proved


@pytest.mark.parametrize(
    "condition",
    [
        lambda x, y, z: x + y > 2,
        lambda x, y, z: x + y < 4,
        lambda x, y, z: x + z > 1,
        lambda x, y, z: x - z < 2,
    ],
    ids=map(str, range(4)),
)
def test_no_sum_of_entries_has_to_be_at_its_end(condition: Any) -> None:
    def formula(x: Any, y: Any, z: Any) -> Any:
        return jnp.where(condition(x, y, z), 1.0, 0.0)

    one, two = domain.Interval("", 0.0, 1.0), domain.Interval("", 1.0, 2.0)
    given = {"domain": {"x": two, "y": two, "z": one}, "sizes": {}}
    wrong = claim(lambda x, y, z: 0 * x * y * z, formula, "value", **given)
    assert not prove.prove_at(trace(wrong, {}, FLOAT64), 1.0).proved


def test_what_is_added_to_zero_may_be_zero() -> None:
    def formula(x: Any, y: Any) -> Any:
        return jnp.where(x == 0, jnp.where(x + y > 0, 1.0, 2.0), 1.0)

    given = {"domain": {"x": domain.Reals(""), "y": domain.Interval("", 0.0, 1.0)}, "sizes": {}}
    wrong = claim(lambda x, y: 1 + 0 * x * y, formula, "value", **given)
    assert not prove.prove_at(trace(wrong, {}, FLOAT64), 1.0).proved


def test_no_entry_of_an_interval_has_to_be_at_its_end() -> None:
    given = {"domain": {"x": domain.Interval("2", 1.0, 2.0)}, "sizes": {}}
    for place in range(2):

        def formula(x: Any, place: int = place) -> Any:
            return jnp.where(x[place] == 1, 2.0, 1.0)

        assert not prove.prove_at(
            trace(claim(lambda x: 0 * x[0] + 2, formula, "value", **given), {}, FLOAT64), 1.0
        ).proved


@pytest.mark.parametrize(("third", "status"), [(3, Status.HOLDS), (4, Status.UNKNOWN)])
def test_two_choices_settle_a_third_about_their_sum(third: int, status: Status) -> None:
    def chosen(x: Any, y: Any, inner: Any) -> Any:
        return jnp.where(x > 1, jnp.where(y > 2, inner, 3 * x), 4 * x)

    def thrice(x: Any, y: Any) -> Any:
        return chosen(x, y, jnp.where(x + y > third, x, 2 * x))

    given = {"domain": {"x": domain.Reals(""), "y": domain.Reals("")}, "sizes": {}}
    assert judged(claim(thrice, lambda x, y: chosen(x, y, x), "value", **given)) is status


@pytest.mark.parametrize(("low", "status"), [(0.0, Status.UNKNOWN), (0.25, Status.HOLDS)])
def test_that_one_entry_is_positive_says_nothing_of_another(low: float, status: Status) -> None:
    """Where x is zero, which it may be, the formula takes its third branch, however positive y is."""

    def nested(x: Any, y: Any) -> Any:
        return jnp.where(y > 0, jnp.where(x > 0, 1 + x, 3 + x), 4 + x)

    given = {"domain": {"x": domain.Interval("", low, 2.0), "y": domain.Reals("")}, "sizes": {}}
    assert judged(claim(lambda x, y: jnp.where(y > 0, 1 + x, 4 + x), nested, "value", **given)) is status


@pytest.mark.parametrize("wrong", [-1, 0, 1, 2])
def test_a_choice_that_comes_up_on_one_side_of_another_is_taken_every_way(wrong: int) -> None:
    """Of x + 1 there are three signs where x is negative, and one where it is positive."""

    def by_cases(x: Any) -> Any:
        asked_first = jnp.where(x > 0, 0.0, 1.0)
        return 1 + asked_first * jnp.where(jnp.sign(x + 1) == wrong, 5.0, 0.0)

    given = {"domain": {"x": domain.Nonzero("")}, "sizes": {}}
    subject = trace(claim(lambda x: 1 + 0 * x, by_cases, "value", **given), {}, FLOAT64)
    assert prove.prove_at(subject, 1.0).proved == (["value"] if wrong == 2 else [])


def test_each_entry_s_choice_is_that_of_its_kind_whichever_index_it_has() -> None:
    """Asked of x_i and of x_k, the same choice about one kind of entries has one answer."""

    def sizes(x: Any) -> Any:
        rows, columns = x[:, None] + 0 * x[None, :], x[None, :] + 0 * x[:, None]
        return jnp.where(rows > 0, rows, -rows) * jnp.where(columns > 0, columns, -columns)

    given = {"domain": {"x": REALS}}
    right = verdict(claim(sizes, lambda x: jnp.outer(jnp.abs(x), jnp.abs(x)), "value", **given))
    assert (right.sizes, right.exceptions) == (("every n",), ("x_k = 0",))
    wrong = verdict(claim(sizes, lambda x: jnp.outer(jnp.abs(x), x), "value", **given))
    assert wrong.status is Status.UNKNOWN


def test_two_entries_of_one_kind_may_both_exceed_a_number() -> None:
    def both(x: Any, c: Any) -> Any:
        rows, columns = x[:, None] + 0 * x[None, :], x[None, :] + 0 * x[:, None]
        return jnp.where(rows >= c, 1.0, 0.0) * jnp.where(columns > c, 1.0, 0.0)

    def one_by_one(x: Any, c: Any) -> Any:
        return jnp.outer(jnp.where(x >= c, 1.0, 0.0), jnp.where(x > c, 1.0, 0.0))

    def apart(by: Any) -> Any:
        return lambda x, c: jnp.where(_index(x)[:, None] == _index(x)[None, :], 0.0, by(x, c))

    given = {"domain": {"x": REALS, "c": domain.Reals("")}}
    for formula, proved in ((one_by_one, ["value"]), (lambda x, c: 0 * both(x, c), [])):
        assert prove.prove_open(claim(apart(both), apart(formula), "value", **given)).proved == proved


def test_an_entry_that_is_at_least_a_number_may_exceed_it() -> None:
    def distances(x: Any, c: Any) -> Any:
        return jnp.abs(x - c)[:, None] + 0 * x[None, :]

    def and_more(x: Any, c: Any) -> Any:
        return distances(x, c) + jnp.where(x[None, :] + 0 * x[:, None] > c, 1.0, 0.0)

    given = {"domain": {"x": REALS, "c": domain.Reals("")}}
    assert not prove.prove_open(claim(distances, and_more, "value", **given)).proved


def test_a_third_choice_about_an_open_axis_has_an_answer_of_its_own() -> None:
    def steps(x: Any, last: float) -> Any:
        first, second, third = x > 1, x > 2, x > last
        return jnp.where(first, jnp.where(second, jnp.where(third, 3.0, 2.0), 1.0), 0 * x)

    wrong = claim(lambda x: steps(x, 3.0), lambda x: steps(x, 2.0), "value", domain={"x": REALS})
    assert not prove.prove_open(wrong).proved


def test_entries_of_an_open_axis_may_all_be_of_one_kind() -> None:
    for which, wrong in ((jnp.all, 0.0), (jnp.any, 1.0)):

        def formula(x: Any, which: Any = which) -> Any:
            return jnp.where(which(x > 0), 1.0, 0.0)

        constant = claim(lambda x, wrong=wrong: wrong + 0 * jnp.sum(x), formula, "value", domain={"x": REALS})
        assert not prove.prove_open(constant).proved


@pytest.mark.parametrize(
    ("low", "high", "proved"), [(1.0, 2.0, True), (0.5, 2.0, False), (0.5, 1.0, True)], ids=["low", "neither", "high"]
)
@pytest.mark.parametrize(
    ("shape", "spread"), [("n", lambda x: 0 * x[:, None] + x[None, :]), ("n n", lambda x: x)], ids=["vector", "matrix"]
)
def test_what_an_interval_says_of_an_entry_it_says_of_each(
    shape: str, spread: Any, low: float, high: float, proved: bool
) -> None:
    """Whatever index the entry has, and where its two indices coincide too."""
    distances = claim(
        lambda x: jnp.sum(jnp.abs(spread(x) - 1)),
        lambda x: jnp.sum(spread(x) - 1) * (1 if low == 1 else -1),
        "value",
        domain={"x": domain.Interval(shape, low, high)},
    )
    found = prove.prove_open(distances)
    assert (found.proved == ["value"] and not found.reasons) == proved, (found.reasons, found.residual)


def _size(x: Any) -> Any:
    """The sum of the magnitudes, by a choice for each entry."""
    return jnp.sum(jnp.where(x > 0, x, -x))


@pytest.mark.parametrize(
    ("left", "right", "true"),
    [
        (lambda x, y: _size(x) + _size(y), lambda x, y: jnp.sum(jnp.abs(x)) + jnp.sum(jnp.abs(y)), True),
        (lambda x, y: _size(x) * _size(y), lambda x, y: jnp.sum(jnp.abs(y)) * jnp.sum(jnp.abs(x)), True),
        (lambda x, y: _size(x) + _size(y), lambda x, y: jnp.sum(jnp.abs(x)) + jnp.sum(y), False),
        (lambda x, y: _size(x) + _size(y), lambda x, y: jnp.sum(x) + jnp.sum(jnp.abs(y)), False),
        (lambda x, y: _size(x) + _size(y), lambda x, y: jnp.abs(jnp.sum(x)) + jnp.sum(jnp.abs(y)), False),
        (lambda x, y: _size(x) + 0 * y[0], lambda x, y: jnp.abs(jnp.sum(x)) + 0 * y[0], False),
    ],
    ids=map(str, range(6)),
)
def test_choices_along_two_open_axes(left: Any, right: Any, true: bool) -> None:
    given = {"domain": {"x": domain.Reals("n"), "y": domain.Reals("t")}, "sizes": {"n": (2, 3), "t": (2, 3)}}
    found = verdict(claim(left, right, "value", **given))
    assert (found.status is Status.HOLDS) == true, (found.reason, found.sizes)


def test_kinds_of_entries_are_not_shared_by_two_axes(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is known of one axis' entries would be known of the other's, which may be otherwise."""
    refine = prove.Reader._refine
    seen: list[tuple[list[int], list[int]]] = []

    def watched(reader: Any, partition: Any, found: Any) -> None:
        refine(reader, partition, found)
        for each in reader._todo:
            blocks = [block for axis in each.axes.values() for block in axis.blocks]
            seen.append((sorted(blocks), sorted(each.blocks)))

    monkeypatch.setattr(prove.Reader, "_refine", watched)
    given = {"domain": {"x": domain.Reals("n"), "y": domain.Reals("t")}, "sizes": {"n": (2, 3), "t": (2, 3)}}
    right = lambda x, y: jnp.sum(jnp.abs(x)) + jnp.sum(jnp.abs(y))  # noqa: E731 - the formula as it reads
    assert judged(claim(lambda x, y: _size(x) + _size(y), right, "value", **given)) is Status.HOLDS
    assert seen
    assert all(used == held for used, held in seen)


def test_an_answer_about_entries_is_not_taken_for_one_that_has_fewer_outcomes() -> None:
    """Where c is at least zero, no x + c is negative; where it is not, some are, and the sides differ there."""

    def formula(x: Any, c: Any) -> Any:
        asked_first = jnp.abs(c) * jnp.abs(c)
        signs = jnp.sign(x + c)
        return asked_first + jnp.sum(signs * (signs - 1))

    given = {"domain": {"x": domain.Interval("n", 0.0, 2.0), "c": domain.Reals("")}, "sizes": {"n": (2, 3)}}
    outcome = prove.prove_open(claim(lambda x, c: c * c + 0 * jnp.sum(x), formula, "value", **given))
    assert not outcome.proved
    assert "come up in different orders" in outcome.reasons["value"]


def test_kinks_are_told() -> None:
    kinked = claim(lambda x, y: jnp.sum(y * jnp.abs(x)), lambda x, y: y * jnp.where(x > 0, 1.0, -1.0))
    assert verdict(replace(kinked, domain={"x": REALS, "y": REALS})).exceptions == ("x_k = 0",)


def test_a_kink_at_the_upper_end_of_an_interval_is_told() -> None:
    given = {"domain": {"x": domain.Interval("", -2.0, 0.0)}, "sizes": {}}
    subject = trace(claim(lambda x: jnp.abs(x), lambda x: -1 + 0 * x, **given), {}, FLOAT64, "one")
    outcome = prove.prove_at(subject, 1.0)
    assert outcome.proved
    assert list(outcome.exceptions) == ["x = 0"]


def test_a_condition_that_has_factors_elsewhere_is_not_one_of_them() -> None:
    """Where roots of exp(x) occur, x² - exp(x) is the product of two factors that have either sign."""

    def by_square(x: Any, y: Any) -> Any:
        spread = x[None, :] + 0 * y[:, None]
        return jnp.where(spread * spread > jnp.exp(spread), 1.0, 0.0)

    def by_factor(x: Any, y: Any) -> Any:
        return jnp.where(x > jnp.exp(x / 2), 1.0, 0.0)[None, :] + 0 * y[:, None]

    given = {"domain": {"x": REALS, "y": domain.Reals("t")}, "sizes": {"n": (2, 3), "t": (2, 3)}}
    assert not prove.prove_open(claim(by_square, by_factor, "value", **given), 0.1).proved


def _index(x: Any) -> Any:
    return jax.lax.iota(np.int32, x.shape[0])


def _first_of_the_rest(x: Any) -> Any:
    rest = x[1:]
    return jnp.sum(jnp.where(jax.lax.iota(np.int32, x.shape[0] - 1) == 0, rest, 0 * rest))


def test_a_plane_of_three_open_axes_keeps_what_its_axes_share() -> None:
    """Of x_i δ_jk x_j the plane at i = 0 is a diagonal matrix still."""

    def plane(x: Any) -> Any:
        diagonal = jnp.where(_index(x)[:, None] == _index(x)[None, :], x[:, None], 0 * x[:, None])
        return jnp.sum((x[:, None, None] * diagonal[None, :, :])[0])

    given = {"domain": {"x": domain.Reals("n")}, "sizes": {"n": (2, 3)}}
    right = verdict(claim(plane, lambda x: x[0] * jnp.sum(x), "value", **given))
    assert (right.status, right.sizes) == (Status.HOLDS, ("every n",))
    assert judged(claim(plane, lambda x: x[0] * x[0], "value", **given)) is not Status.HOLDS


def test_a_part_of_an_open_axis_is_counted_from_its_own_start() -> None:
    """The first of the rest is the second of all; counted from the axis' own start, none of the rest would be first."""
    given = {"domain": {"x": domain.Reals("n")}, "sizes": {"n": (2, 3)}}
    right = verdict(claim(_first_of_the_rest, lambda x: x[1], "value", **given))
    assert right.status is Status.HOLDS
    assert "a count along a part of an axis" in right.reason
    for wrong in (lambda x: 0 * x[0], lambda x: x[0]):
        assert judged(claim(_first_of_the_rest, wrong, "value", **given)) is not Status.HOLDS


@pytest.mark.parametrize(
    ("which", "expected", "true"),
    [
        (jnp.any, lambda x: jnp.sum(x), True),
        (jnp.any, lambda x: 0 * x[0], False),
        (jnp.all, lambda x: 0 * x[0], True),
        (jnp.all, lambda x: jnp.sum(x), False),
    ],
    ids=map(str, range(4)),
)
def test_some_entries_of_an_open_axis_are_not_all_of_them(which: Any, expected: Any, true: bool) -> None:
    """The first entry says no, the others say yes; there are at least two."""

    def chosen(x: Any) -> Any:
        answers = jnp.where(_index(x) == 0, x < 0, x > 0)
        return jnp.where(which(answers), jnp.sum(x), 0.0 * x[0])

    given = {"domain": {"x": domain.Positive("n")}, "sizes": {"n": (2, 3)}}
    found = verdict(claim(chosen, expected, "value", **given))
    assert (found.sizes == ("every n",)) == true, (found.reason, found.sizes)


def _pairs(x: Any, y: Any) -> Any:
    s = softmax(x)
    gamma = s - y
    return s * jnp.sum(s[None, :] * (gamma[:, None] - gamma[None, :]), axis=1)


def _jacobian_times(x: Any, y: Any) -> Any:
    s = softmax(x)
    return (jnp.diag(s) - jnp.outer(s, s)) @ (s - y)


def _halves(x: Any, y: Any) -> Any:
    roots = jnp.exp(0.5 * x)
    s = roots**2 / jnp.sum(roots * roots)
    return (s**3 - s * jnp.sum(s**2) * s - s * s * y + s * jnp.sum(s * y) * s) / s


def _by_logarithms(x: Any, y: Any) -> Any:
    s = jnp.exp(x - jnp.log(jnp.sum(jnp.exp(x))))
    return jnp.exp(jnp.log(s)) * ((s - y) - jnp.dot(s, s - y))


@pytest.mark.parametrize("formula", [_mean_form, _shifted, _pairs, _jacobian_times, _halves, _by_logarithms])
def test_rewritten_formulas_stay_proved_for_every_size(formula: Callable[..., Any]) -> None:
    """Expanded, factored, shifted, summed in pairs, as a matrix product, by halves, by logarithms."""
    found = verdict(claim(squared, formula))
    assert (found.status, found.evidence, found.sizes) == (Status.HOLDS, "proved", ("every n",)), found.reason


def test_hessian_and_its_neighbours() -> None:
    """The diagonal and what is off it are told apart."""

    def hessian(x: Any, y: Any) -> Any:
        s = softmax(x)
        return jnp.sum(y) * (jnp.diag(s) - jnp.outer(s, s))

    def outer_alone(x: Any, y: Any) -> Any:
        s = softmax(x)
        return -jnp.sum(y) * jnp.outer(s, s)

    def weighted(x: Any, y: Any) -> Any:
        s = softmax(x)
        return jnp.diag(y * s) - jnp.outer(y * s, s)

    assert verdict(claim(entropy, hessian, "hessian")).sizes == ("every n",)
    assert judged(claim(entropy, outer_alone, "hessian")) is Status.UNKNOWN
    assert judged(claim(entropy, weighted, "hessian")) is Status.UNKNOWN


def test_derivatives_of_two_outputs_by_two_arguments_are_contracted_in_their_order() -> None:
    given = {"domain": {"x": domain.Reals(""), "y": domain.Reals("")}, "sizes": {}}
    two = Derivative(lambda x, y: (2 * x + 3 * y * y, 5 * x * x + 7 * y), "jacobian", wrt=("x", "y"))
    right = claim(lambda x: x, lambda x, y: ((2 + 0 * x, 6 * y), (10 * x, 7 + 0 * y)), autodiff=two, **given)
    assert set(prove.prove_at(trace(right, {}, FLOAT64), 1.0).proved) == {"jacrev", "jacfwd", "jvp", "vjp"}


@pytest.mark.parametrize(
    ("left", "right", "true"),
    [
        (lambda x, y: jnp.sum(x) * jnp.sum(y), lambda x, y: jnp.sum(x * y), False),
        (lambda x, y: jnp.sum(x) ** 2, lambda x, y: jnp.sum(x**2), False),
        (lambda x, y: jnp.sum(x) ** 2, lambda x, y: jnp.sum(jnp.outer(x, x)), True),
        (lambda x, y: jnp.sum(jnp.outer(x, y)), lambda x, y: jnp.sum(x) * jnp.sum(y), True),
        (lambda x, y: jnp.sum(jnp.outer(x, y), axis=0), lambda x, y: jnp.sum(x) * y, True),
        (lambda x, y: jnp.sum(jnp.outer(x, y), axis=1), lambda x, y: jnp.sum(x) * y, False),
        (lambda x, y: jnp.trace(jnp.outer(x, y)), lambda x, y: jnp.sum(x * y), True),
        (lambda x, y: jnp.outer(x, y), lambda x, y: jnp.outer(y, x), False),
        (lambda x, y: jnp.outer(x, y).T, lambda x, y: jnp.outer(y, x), True),
        (lambda x, y: jnp.diag(x) @ y, lambda x, y: x * y, True),
        (lambda x, y: jnp.outer(x, y) @ jnp.outer(x, y), lambda x, y: jnp.dot(x, y) * jnp.outer(x, y), True),
        (lambda x, y: jnp.sum(x - jnp.mean(x)) + 0 * y[0], lambda x, y: 0 * y[0], True),
        (lambda x, y: jnp.mean(x) + 0 * y[0], lambda x, y: 0.5 * jnp.sum(x) + 0 * y[0], False),
        (lambda x, y: jnp.max(x) + 0 * y[0], lambda x, y: x[0] + 0 * y[0], False),
        (lambda x, y: jnp.prod(x) + 0 * y[0], lambda x, y: x[0] * x[1] + 0 * y[0], False),
        (lambda x, y: jnp.sum(x) ** 2 - jnp.sum(x**2), lambda x, y: 2 * x[0] * x[1] + 0 * y[0], False),
        (lambda x, y: x[0] + x[1] + 0 * y, lambda x, y: jnp.sum(x) + 0 * y, False),
        (lambda x, y: jnp.max(x[:, None] + 0 * y[None, :], axis=0), lambda x, y: jnp.max(x) + 0 * y, True),
        (lambda x, y: jnp.max(x[:, None] + 0 * y[None, :], axis=1), lambda x, y: jnp.max(x) + 0 * y, False),
        (lambda x, y: jnp.abs(x) + y, lambda x, y: x + y, False),
        (lambda x, y: jnp.abs(x) * jnp.abs(y), lambda x, y: jnp.abs(x * y), True),
        (lambda x, y: jnp.sqrt(x**2) + y, lambda x, y: jnp.abs(x) + y, True),
        (lambda x, y: jnp.sqrt(x**2) + y, lambda x, y: x + y, False),
        (lambda x, y: jnp.log(jnp.exp(x) * jnp.exp(y)), lambda x, y: x + y, True),
        (lambda x, y: jnp.tanh(x) * jnp.cosh(x) + y, lambda x, y: jnp.sinh(x) + y, True),
        (lambda x, y: jnp.sin(x) ** 2 + jnp.cos(x) ** 2 + 0 * y, lambda x, y: 1 + 0 * x, True),
        (lambda x, y: jax.nn.sigmoid(x) + jax.nn.sigmoid(-x) + 0 * y, lambda x, y: 1 + 0 * x, True),
        (lambda x, y: jnp.exp(x * y), lambda x, y: jnp.exp(x) * jnp.exp(y), False),
        # An exponent of an entry that moves to another axis stays what it is.
        (lambda x, y: jnp.outer(jnp.exp(x / 2), y).T, lambda x, y: jnp.outer(y, jnp.exp(x / 2)), True),
        (lambda x, y: jnp.outer(jnp.exp(x / 2), y).T, lambda x, y: jnp.outer(y, jnp.exp(2 * x)), False),
        (lambda x, y: jnp.outer(jnp.exp(x / 2), y).T, lambda x, y: jnp.outer(y, jnp.exp(x)), False),
        (lambda x, y: jnp.outer(x, jnp.exp(x / 2)).T, lambda x, y: jnp.outer(jnp.exp(x / 2), x) + 0 * y[0], True),
        # Large and fine multiples of an exponent are functions of their own.
        (lambda x, y: jnp.exp(3000 * x) + y, lambda x, y: jnp.exp(-3000 * x) + y, False),
        (lambda x, y: jnp.exp(3000 * x) * jnp.exp(-3000 * x) + y, lambda x, y: 1 + y + 0 * x, True),
        (lambda x, y: jnp.exp(3000 * x) + y, lambda x, y: 1 / jnp.exp(-3000 * x) + y, True),
        (lambda x, y: jnp.exp(3000 * x) + y, lambda x, y: jnp.exp(3001 * x) + y, False),
        (lambda x, y: jnp.exp(x / 4096) + y, lambda x, y: jnp.exp(-x / 4096) + y, False),
        (lambda x, y: jnp.exp(2.5 * x) + y, lambda x, y: jnp.exp(0.5 * x) * jnp.exp(x) ** 2 + y, True),
        (lambda x, y: jnp.exp(2.5 * x) + y, lambda x, y: jnp.exp(-2.5 * x) + y, False),
    ],
    ids=map(str, range(39)),
)
def test_sums_indices_and_functions(left: Callable[..., Any], right: Callable[..., Any], true: bool) -> None:
    """Indices that are summed together or apart, rows and columns, choices and functions; false is never proved."""
    shape = jax.eval_shape(left, jnp.ones(2), jnp.ones(2)).shape
    both = jax.eval_shape(right, jnp.ones(2), jnp.ones(2)).shape
    assert shape == both
    found = verdict(claim(left, right, "value"))
    if true:
        assert found.status is Status.HOLDS, (found.reason, found.residual)
    elif found.status is Status.HOLDS:
        # True at a size is not true at every size: what is proved must not go beyond n = 2.
        assert found.sizes == ("n = 2",), found.sizes


@pytest.mark.parametrize(
    ("fn", "formula", "true"),
    [
        (lambda x: x[1:] * x[:1], lambda x: x[0] * x[1], True),
        (lambda x: x[1:] * x[:1], lambda x: x[0] * x[0], False),
        (lambda x: x[:1] + 0 * x[1:], lambda x: x[0], True),
        (lambda x: x[:1] + 0 * x[1:], lambda x: x[1], False),
        (lambda x: x[1:2], lambda x: x[1], True),
        (lambda x: x[1:2], lambda x: x[0], False),
    ],
    ids=map(str, range(6)),
)
def test_pieces_of_a_fixed_axis_beside_an_open_one(fn: Any, formula: Any, true: bool) -> None:
    given = {"domain": {"x": domain.Reals("2 n")}, "sizes": {"n": (1, 2, 3)}}
    found = verdict(claim(lambda x: jnp.sum(fn(x), axis=0), formula, "value", **given))
    assert (found.status is Status.HOLDS) == true, found.reason
    assert not true or found.sizes == ("every n",)


@pytest.mark.parametrize(
    ("left", "right", "true"),
    [
        (lambda x: jnp.sum(jax.lax.slice_in_dim(x, 1, None)), lambda x: jnp.sum(x) - x[0], True),
        (lambda x: jnp.sum(jax.lax.slice_in_dim(x, 1, None)), lambda x: jnp.sum(x), False),
        (lambda x: jnp.sum(jax.lax.slice_in_dim(x, 0, None)), lambda x: jnp.sum(x), True),
        (lambda x: jnp.sum(jax.lax.slice_in_dim(x, 1, None)) - x[1], lambda x: jnp.sum(x) - x[0] - x[1], True),
        (lambda x: jnp.sum(jax.lax.slice_in_dim(x, 1, None)) - x[1], lambda x: jnp.sum(x) - x[0], False),
        (lambda x: jnp.sum(jax.lax.slice_in_dim(x, 1, None) * x[1]), lambda x: (jnp.sum(x) - x[0]) * x[1], True),
        (lambda x: jnp.sum(jax.lax.slice_in_dim(x, 0, 2)), lambda x: x[0] + x[1], True),
        (lambda x: jnp.sum(jax.lax.slice_in_dim(x, 0, 2)), lambda x: jnp.sum(x), False),
        (lambda x: jnp.sum(jax.lax.slice_in_dim(x, 1, 2)), lambda x: x[1], True),
        (lambda x: jnp.sum(jax.lax.slice_in_dim(x, 1, 2)), lambda x: x[0], False),
    ],
    ids=map(str, range(10)),
)
def test_a_piece_of_an_open_axis_is_not_the_whole_axis(left: Any, right: Any, true: bool) -> None:
    given = {"domain": {"x": domain.Reals("n")}, "sizes": {"n": (2, 3)}}
    found = verdict(claim(lambda x: left(x) * 1.0, right, "value", **given))
    assert (found.sizes == ("every n",)) == true, (found.reason, found.sizes)
    assert true or found.sizes in {(), ("n = 2",)}


def _products_where(x: Any, y: Any, which: Callable[[Any, Any], Any]) -> Any:
    """Products of entries whose indices stand in a relation."""
    i = _index(x)
    return jnp.where(which(i[:, None], i[None, :]), jnp.outer(x, y), 0.0 * jnp.outer(x, y))


@pytest.mark.parametrize(
    ("left", "right", "true"),
    [
        (
            lambda x, y: jnp.sum(_products_where(x, y, jnp.not_equal)),
            lambda x, y: jnp.sum(x) * jnp.sum(y) - x @ y,
            True,
        ),
        (lambda x, y: jnp.sum(_products_where(x, y, jnp.not_equal)), lambda x, y: x @ y, False),
        (lambda x, y: jnp.sum(_products_where(x, y, jnp.equal)), lambda x, y: x @ y, True),
        (lambda x, y: jnp.sum(_products_where(x, y, jnp.equal)), lambda x, y: jnp.sum(x) * jnp.sum(y) - x @ y, False),
        (lambda x, y: jnp.where(_index(x) != 0, x, y), lambda x, y: x.at[0].set(y[0]), None),
        (
            lambda x, y: jnp.sum(jnp.where(_index(x) != 0, x, y)),
            lambda x, y: jnp.sum(x) - x[0] + y[0],
            True,
        ),
        (
            lambda x, y: jnp.sum(jnp.where(_index(x) != 0, x, y)),
            lambda x, y: jnp.sum(y) - y[0] + x[0],
            False,
        ),
        (
            lambda x, y: jnp.sum(jnp.where(_index(x) == 0, x, y)),
            lambda x, y: jnp.sum(y) - y[0] + x[0],
            True,
        ),
        (lambda x, y: _first_of_the_rest(x) + 0 * y[0], lambda x, y: x[1] + 0 * y[0], None),
        (lambda x, y: _first_of_the_rest(x) + 0 * y[0], lambda x, y: x[0] + 0 * y[0], False),
        (lambda x, y: _first_of_the_rest(x) + 0 * y[0], lambda x, y: jnp.sum(x) - x[0] + 0 * y[0], False),
    ],
    ids=map(str, range(11)),
)
def test_indices_that_are_and_are_not_the_same(left: Any, right: Any, true: bool | None) -> None:
    found = verdict(claim(left, right, "value"))
    if true is not None:
        assert (found.sizes == ("every n",)) == true, (found.reason, found.sizes)


@pytest.mark.parametrize("index", [2, 3, 5])
@pytest.mark.parametrize("mode", ["promise_in_bounds", "clip", "fill"])
def test_an_entry_that_the_smallest_size_has_not_is_not_proved_there(index: int, mode: str) -> None:
    """The fourth entry is one of its own where there is one, and the last or none where there are fewer."""
    given = {"domain": {"x": domain.Reals("n")}, "sizes": {"n": (2, 3, 7)}}

    def entry(x: Any) -> Any:
        return x.at[index].get(mode=mode, wrap_negative_indices=False)

    found = verdict(claim(lambda x: jnp.sum(x) - entry(x), lambda x: jnp.sum(x) - 1.0 * entry(x), "value", **given))
    assert found.sizes != ("every n",)


@pytest.mark.parametrize("least", [1, 2])
@pytest.mark.parametrize("fn", [jnp.log, jnp.sqrt, lambda rest: 1 / rest], ids=["log", "sqrt", "quotient"])
def test_the_sum_of_the_others_is_positive_where_there_are_others(least: int, fn: Any) -> None:
    """Of one entry there are none, and their sum is zero, of which there is no logarithm and no quotient."""

    def others(x: Any) -> Any:
        return fn(jnp.sum(jnp.exp(x)) - jnp.exp(x))

    given = {"domain": {"x": domain.Reals("n")}, "sizes": {"n": (least, 3)}}
    found = verdict(claim(others, lambda x: others(x) * 1.0, "value", **given))
    assert (found.sizes == ("every n",)) == (least == 2 or fn is jnp.sqrt), (found.reason, found.sizes)
    assert "n = 1" not in found.sizes or fn is jnp.sqrt


@pytest.mark.parametrize("least", [1, 2, 3])
def test_what_fails_where_an_axis_has_no_further_entries_is_not_proved_there(least: int) -> None:
    """The entries beyond the second, divided by their own sum, are one in all; of two entries there are none."""

    def rest(x: Any) -> Any:
        others = jnp.sum(jnp.exp(x)) - jnp.exp(x[0]) - jnp.exp(x[1 if least > 1 else 0])
        return others / others

    given = {"domain": {"x": domain.Reals("n")}, "sizes": {"n": (least, 4)}}
    found = verdict(claim(rest, lambda x: 1 + 0 * x[0], "value", **given))
    assert (found.sizes == ("every n",)) == (least == 3), (found.reason, found.sizes)
    assert f"n = {least}" not in found.sizes or least == 1


@pytest.mark.parametrize(
    ("larger", "true"),
    [
        (lambda n: n > 1, True),
        (lambda n: n < 1, False),
        (lambda n: jnp.less(1, n), True),
        (lambda n: jnp.greater(1, n), False),
        (lambda n: jnp.greater_equal(1, n), False),
        (lambda n: n - 2 >= 0, None),
        (lambda n: n + 1 > 2, True),
        (lambda n: jnp.greater(3, n), None),
        (lambda n: n == n + 1, False),
        (lambda n: n < n + 1, True),
    ],
    ids=map(str, range(10)),
)
def test_a_comparison_of_a_length_is_the_same_at_every_size_or_open(larger: Any, true: bool | None) -> None:
    def chosen(x: Any) -> Any:
        return jax.lax.select(larger(jnp.asarray(x.shape[0])), x[0], x[1])

    given = {"domain": {"x": domain.Reals("n")}, "sizes": {"n": (2, 3)}}
    first, second = (verdict(claim(chosen, lambda x, i=i: x[i] + 0, "value", **given)) for i in (0, 1))
    assert (first.sizes == ("every n",)) == (true is True), first.reason
    assert (second.sizes == ("every n",)) == (true is False), second.reason


def _ones(x: Any) -> Any:
    return jnp.ones(x.shape, np.int32)


def _total(x: Any) -> Any:
    return 1 * jnp.sum(x)


def _times(whole: Any, x: Any) -> Any:
    """The sum of x as often as a whole number says."""
    return jnp.asarray(whole, x.dtype) * jnp.sum(x)


def _rest_is_named(x: Any) -> Any:
    """How many entries beside the first there are, as a truth value."""
    return jnp.where(jnp.asarray(x.shape[0] - 1).astype(bool), jnp.sum(x), 2 * jnp.sum(x))


# A program with whole numbers along an axis of any length or beside it, a wrong formula, and a right one that is
# proved for every size (None: for no more than sizes).
WHOLE: dict[str, tuple[Callable[[Any], Any], Callable[[Any], Any], Callable[[Any], Any] | None]] = {
    "sum": (lambda x: _times(jnp.sum(_ones(x)), x), _total, None),
    "count": (lambda x: jnp.asarray(jnp.sum(x > 0), x.dtype), lambda x: jnp.where(jnp.any(x > 0), 1.0, 0.0), None),
    "running sum": (lambda x: jnp.asarray(jnp.cumsum(_ones(x)), x.dtype) * x, lambda x: 1 * x, None),
    "product": (lambda x: _times(jnp.prod(2 * _ones(x)), x), lambda x: 2 * jnp.sum(x), None),
    "dot": (lambda x: _times(_ones(x) @ _ones(x), x), _total, None),
    "place": (lambda x: _times(jnp.argmax(_index(x)), x), lambda x: 0 * jnp.sum(x), None),
    "bit of an index": (lambda x: jnp.sum(jnp.where(_index(x) & 1 == 0, x, 0 * x)), _total, None),
    "bit": (lambda x: _times((jnp.array([3, 2]) & 1)[0], x), lambda x: 0 * jnp.sum(x), _total),
    "either bit": (lambda x: _times((jnp.array([1, 2]) | 2)[0], x), _total, lambda x: 3 * jnp.sum(x)),
    "other bits": (lambda x: _times((~jnp.array([3, 2]))[0], x), lambda x: -2 * jnp.sum(x), lambda x: -4 * jnp.sum(x)),
    "width": (
        lambda x: _times((jnp.array([100, 2], np.int8) + jnp.array([100, 2], np.int8))[0], x),
        lambda x: 200 * jnp.sum(x),
        lambda x: -56 * jnp.sum(x),
    ),
    "narrower": (
        lambda x: _times(jnp.array([300, 2], np.int32).astype(np.int8)[0], x),
        lambda x: 300 * jnp.sum(x),
        lambda x: 44 * jnp.sum(x),
    ),
    "narrow index": (
        lambda x: jnp.where(lax.iota(np.int8, x.shape[0]) < 0, 0 * x, x),
        lambda x: jnp.where(_index(x) < 0, 0 * x, 1 * x),
        None,
    ),
    "index made narrow": (
        lambda x: jnp.where(_index(x).astype(np.int8) < 0, 0 * x, x),
        lambda x: jnp.where(_index(x) < 0, 0 * x, 1 * x),
        None,
    ),
    "no sign": (
        lambda x: jnp.where(jnp.array([2**64 - 1, 1], np.uint64)[0] > 0, 1.0, 2.0) * jnp.sum(x),
        lambda x: 2 * jnp.sum(x),
        None,
    ),
    "index that is not zero": (
        lambda x: jnp.sum(jnp.where(_index(x).astype(bool), x, 0 * x)),
        _total,
        lambda x: jnp.sum(x) - x[0],
    ),
    "index after nothing": (
        lambda x: jnp.sum(jnp.where(np.int32(0) + _index(x) == 0, x, 0 * x)),
        _total,
        lambda x: x[0],
    ),
    "truth as a number": (
        lambda x: jnp.sum(jnp.asarray((_index(x) == 0).astype(np.int32), x.dtype) * x),
        _total,
        lambda x: x[0],
    ),
    "index below zero": (
        lambda x: jnp.where(_index(x) < 0, 2 * x, x),
        lambda x: 2 * x,
        lambda x: 1 * x,
    ),
    "number that is not zero": (
        lambda x: jnp.where(x.astype(bool), x, jnp.ones_like(x)),
        lambda x: 2 * x,
        lambda x: jnp.where(x == 0, 1.0, x),
    ),
    "whole part": (lambda x: jnp.asarray(x.astype(np.int32), x.dtype), lambda x: 1 * x, None),
    "whole part that is not zero": (
        lambda x: jnp.asarray(x.astype(np.int32), x.dtype),
        lambda x: jnp.where(x == 0, 0.0, 1.0),
        None,
    ),
    "length that is not zero": (_rest_is_named, _total, None),
    "all pairs": (
        lambda x: jnp.where(jnp.all(_index(x)[:, None] == _index(x)[None, :]), jnp.sum(x), 0 * jnp.sum(x)),
        lambda x: 0 * jnp.sum(x),
        None,
    ),
}


@pytest.mark.parametrize("name", WHOLE)
def test_whole_numbers_are_those_of_every_entry(name: str) -> None:
    """A generic entry stands for many; and of one entry, or of more than a type counts, something else is true."""
    fn, wrong, right = WHOLE[name]
    given = {"domain": {"x": REALS}, "sizes": {"n": (1, 3)}}
    refused = verdict(claim(fn, wrong, "value", **given))
    assert refused.sizes != ("every n",)
    assert refused.status is not Status.HOLDS or "narrow" in name
    if right is not None:
        found = verdict(claim(fn, right, "value", **given))
        assert found.sizes == ("every n",), found.reason


def _of_pairs(x: Any) -> Any:
    return jnp.max(x, axis=1)


def _many(x: Any) -> Any:
    return jnp.sum(jnp.ones_like(x[:, 0]))


@pytest.mark.parametrize(
    ("left", "right", "true"),
    [
        (lambda x: _many(x) * jnp.sum(_of_pairs(x) ** 2), lambda x: jnp.sum(_of_pairs(x)) ** 2, False),
        (lambda x: jnp.sum(_of_pairs(x)), lambda x: _many(x) * jnp.max(x[0]), False),
        (
            lambda x: jnp.outer(_of_pairs(x), _of_pairs(x)),
            lambda x: jnp.outer(_of_pairs(x) ** 2, jnp.ones_like(x[:, 0])),
            False,
        ),
        (lambda x: jnp.outer(_of_pairs(x), x[:, 0]).T, lambda x: jnp.outer(x[:, 0], _of_pairs(x)), True),
        (
            lambda x: jnp.sum(_of_pairs(x)[:, None] * _of_pairs(x)[None, :], axis=0),
            lambda x: _of_pairs(x) * jnp.sum(_of_pairs(x)),
            True,
        ),
        (lambda x: _of_pairs(x[:, :1]), lambda x: x[:, 0], True),
        (lambda x: jnp.sum(_of_pairs(jnp.sum(x[:, None, :] * x[None, :, :], axis=1))), lambda x: 0.0, False),
    ],
    ids=map(str, range(7)),
)
def test_each_row_of_an_open_axis_has_a_maximum_of_its_own(left: Any, right: Any, true: bool) -> None:
    given = {"domain": {"x": domain.Reals("n 2")}, "sizes": {"n": (2, 3)}}
    found = verdict(claim(left, right, "value", **given))
    assert (found.sizes == ("every n",)) == true, (found.reason, found.sizes)
    assert (found.status is Status.HOLDS) == true


def test_a_maximum_over_what_is_left_of_one_entry_has_no_value() -> None:
    def rest(x: Any) -> Any:
        left = lax.slice_in_dim(x, 1, None)
        return lax.reduce_max(left, (0,)) - lax.reduce_max(left, (0,))

    for least, status in ((1, "n = 2"), (2, "every n")):
        given = {"domain": {"x": REALS}, "sizes": {"n": (least, 2)}}
        assert verdict(claim(rest, lambda x: 0 * x[0], "value", **given)).sizes == (status,)
    none = {"domain": {"x": REALS, "y": domain.Reals("0")}}

    def of_none(x: Any, y: Any) -> Any:
        return jnp.sum(x) + lax.reduce_max(y, (0,)) - lax.reduce_max(y, (0,))

    assert judged(claim(of_none, lambda x, y: jnp.sum(x), "value", **none)) is not Status.HOLDS


def test_shares_of_two_classes_in_an_open_batch() -> None:
    """Each share is what the other leaves of one, of which their sums are written alike."""

    def shares(x: Any) -> Any:
        return jnp.exp(x) / jnp.sum(jnp.exp(x), axis=1, keepdims=True)

    given = {"domain": {"x": domain.Reals("n 2")}, "sizes": {"n": (2, 3)}}
    for other, sizes in ((lambda s: jnp.sum(1 - s[:, 1]), ("every n",)), (lambda s: jnp.sum(s[:, 1]), ())):
        by_hand = claim(lambda x: jnp.sum(shares(x)[:, 0]), lambda x, o=other: o(shares(x)), "value", **given)
        assert verdict(by_hand).sizes == sizes


def _rows_by_index(x: Any, y: Any) -> Any:
    """The first row as often as y has entries."""
    return x.at[jnp.zeros(y.shape, np.int32)].get(mode="promise_in_bounds")


def _three(x: Any) -> Any:
    """The sum of x_i δ_ij x_k over i."""
    i = _index(x)
    return jnp.sum(jnp.where(i[:, None, None] == i[None, :, None], (x[:, None] * x[None, :])[:, None, :], 0.0), axis=0)


def _three_crossed(x: Any) -> Any:
    """The sum of x_i² δ_ik x_j over i."""
    i = _index(x)
    squares = (x[:, None] ** 2 * x[None, :])[:, :, None]
    return jnp.sum(jnp.where(i[:, None, None] == i[None, None, :], squares, 0.0), axis=0)


def _powers(x: Any) -> Any:
    """The sum of exp (x_i x_j) over j."""
    return jnp.sum(jnp.exp(x[:, None] * x[None, :]), axis=1)


def _gathered(x: Any, index: Any) -> Any:
    """One entry, by a gather."""
    numbers = lax.GatherDimensionNumbers(offset_dims=(), collapsed_slice_dims=(0,), start_index_map=(0,))
    return lax.gather(x, jnp.asarray(index)[None], numbers, (1,), mode="promise_in_bounds")


def _row(x: Any, index: int) -> Any:
    """One row, by a gather that takes the nearest one there is."""
    numbers = lax.GatherDimensionNumbers(offset_dims=(0,), collapsed_slice_dims=(0,), start_index_map=(0,))
    return lax.gather(x, jnp.asarray([index]), numbers, (1, x.shape[1]), mode="clip")


# Programs that a shortcut would read as something else: what they would be then, and what they are.
SHORT: dict[str, tuple[Any, Callable[..., Any], Callable[..., Any], Callable[..., Any] | None]] = {
    "backwards": (REALS, lambda x: 1 * lax.rev(x, (0,)), lambda x: 1 * x, None),
    "gathered": (REALS, lambda x: _gathered(x, 0) + 0 * x, lambda x: 1 * x, lambda x: x[0] * jnp.ones_like(x)),
    "from the second on": (
        REALS,
        lambda x: jnp.sum(lax.dynamic_slice(x, (jnp.asarray(1),), (x.shape[0] - 1,))),
        lambda x: 1 * jnp.sum(x),
        lambda x: jnp.sum(x) - x[0],
    ),
    "but the last": (
        REALS,
        lambda x: jnp.sum(lax.dynamic_slice(x, (jnp.asarray(0),), (x.shape[0] - 1,))),
        lambda x: jnp.sum(x) - x[0],
        None,
    ),
    "comparison with nothing": (REALS, lambda x: jnp.where(x > jnp.nan, x, 2 * x), lambda x: 1 * x, None),
    "reshaped": (domain.Reals("2 n"), lambda x: x.reshape(x.shape[1], 2), lambda x: x.T, None),
    "columns of shares": (
        domain.Simplex("2 n"),
        lambda x: jnp.sum(x, axis=0),
        lambda x: 1 + 0 * x[0],
        lambda x: x[0] + x[1],
    ),
    "rows of shares": (
        domain.Simplex("n n"),
        lambda x: jnp.sum(x, axis=0),
        lambda x: 1 + 0 * jnp.sum(x, axis=0),
        None,
    ),
    "three axes": (REALS, _three, lambda x: jnp.outer(x * x, jnp.ones_like(x)), lambda x: jnp.outer(x, x)),
    "three axes, crossed": (
        REALS,
        _three_crossed,
        lambda x: jnp.outer(x**3, jnp.ones_like(x)),
        lambda x: jnp.outer(x, x * x),
    ),
    "running sum": (REALS, lambda x: jnp.cumsum(x), lambda x: 1 * x, None),
    "padded": (
        REALS,
        lambda x: jnp.sum(lax.pad(jnp.stack([jnp.sum(x), x[0]]), jnp.ones((), x.dtype), ((0, 1, 0),))),
        lambda x: jnp.sum(x) + x[0],
        lambda x: jnp.sum(x) + x[0] + 1,
    ),
    "a column of the rest": (
        domain.Reals("n 2"),
        lambda x: jnp.sum(lax.slice_in_dim(lax.slice_in_dim(x, 1, None), 0, 1, axis=1)),
        lambda x: jnp.sum(x[:, :1]),
        lambda x: jnp.sum(x[:, 0]) - x[0, 0],
    ),
    "squares of shares": (domain.Simplex("n"), lambda x: jnp.sum(x * x), lambda x: 1 + 0 * jnp.sum(x), None),
    "shares in two blocks": (
        domain.Simplex("n"),
        lambda x: jnp.sum(jnp.where(x > 0.25, x, 0 * x)),
        lambda x: 1 + 0 * x[0],
        lambda x: 1 - jnp.sum(jnp.where(x > 0.25, 0 * x, x)),
    ),
    "transposed condition": (
        REALS,
        lambda x: jnp.where((_index(x)[:, None] == _index(x)[None, :]).T, jnp.outer(x, x), 0.0),
        lambda x: jnp.outer(x, x),
        lambda x: jnp.diag(x * x),
    ),
    "root": (
        REALS,
        lambda x: jnp.outer(jnp.ones_like(x), jnp.sqrt(1 + x * x)) ** 2,
        lambda x: jnp.outer(1 + x * x, jnp.ones_like(x)),
        lambda x: jnp.outer(jnp.ones_like(x), 1 + x * x),
    ),
    "sums along a row": (
        REALS,
        lambda x: jnp.outer(jnp.ones_like(x), _powers(x)),
        lambda x: jnp.outer(jnp.ones_like(x), _powers(x)).T,
        lambda x: jnp.outer(_powers(x), jnp.ones_like(x)).T,
    ),
    "places of a fixed axis": (
        REALS,
        lambda x: jnp.sum(x) * lax.iota(x.dtype, 3),
        lambda x: jnp.sum(x) * np.array([0.0, 1.0, 3.0]),
        lambda x: jnp.sum(x) * np.array([0.0, 1.0, 2.0]),
    ),
    "whole numbers of a fixed axis": (
        REALS,
        lambda x: jnp.sum(x) * (jnp.flip(lax.iota(jnp.int32, 3)) + 1).astype(x.dtype),
        lambda x: jnp.sum(x) * np.array([2.0, 1.0, 0.0]),
        lambda x: jnp.sum(x) * np.array([3.0, 2.0, 1.0]),
    ),
    "a row of a plane": (
        REALS,
        lambda x: lax.slice_in_dim(jnp.outer(x, x), 0, 1, axis=0),
        lambda x: (x * x)[None],
        lambda x: (x[0] * x)[None],
    ),
    "places are not negative": (
        REALS,
        lambda x: jnp.sum(jnp.where(_index(x) >= 0, x, 0.0)),
        lambda x: 0 * jnp.sum(x),
        lambda x: jnp.sum(x),
    ),
    "not all places are positive": (
        REALS,
        lambda x: jnp.sum(jnp.where(_index(x) > 0, x, 0.0)),
        lambda x: jnp.sum(x),
        None,
    ),
    "some places are positive": (
        REALS,
        lambda x: jnp.sum(jnp.where(_index(x) > 0, x, 0.0)),
        lambda x: 0 * jnp.sum(x),
        None,
    ),
    "the last place": (
        REALS,
        lambda x: jnp.sum(jnp.where(_index(x) == jnp.asarray(x.shape[0], jnp.int32) - 1, x, 0.0)),
        lambda x: 0 * jnp.sum(x),
        None,
    ),
    "a row before the first": (domain.Reals("3 n"), lambda x: _row(x, -2), lambda x: 1 * x[1], None),
    "twice a length": (
        REALS,
        lambda x: jnp.sum(x) * (jnp.asarray(2) * jnp.asarray(x.shape[0])).astype(x.dtype),
        lambda x: jnp.sum(x) * (jnp.asarray(x.shape[0]) + 2).astype(x.dtype),
        None,
    ),
    "a length is three": (
        REALS,
        lambda x: jnp.sum(x) * jnp.where(jnp.asarray(3) == jnp.asarray(x.shape[0]), 0.0, 1.0),
        lambda x: 1 * jnp.sum(x),
        None,
    ),
    "every other entry": (
        REALS,
        lambda x: jnp.sum(lax.slice(x, (0,), (2,), (2,))),
        lambda x: x[0] + x[1],
        None,
    ),
    "named function": (
        REALS,
        lambda x: jnp.outer(jnp.sin(x), x).T,
        lambda x: jnp.outer(jnp.sin(x), x),
        lambda x: jnp.outer(x, jnp.sin(x)),
    ),
}


# Of two numbers each: region, function, what it is, and what it is not.
AT_TWO: dict[str, tuple[Any, Any, Any, Any]] = {
    "a masked exponential": (
        REALS,
        lambda x: jnp.sum(jnp.exp(jnp.where(np.array([True, False]), x, -jnp.inf))),
        lambda x: jnp.exp(x[0]),
        lambda x: jnp.exp(x[0]) + jnp.exp(x[1]),
    ),
    "functions of zero": (
        REALS,
        lambda x: jnp.sin(x - x) + jnp.cos(x - x) + jnp.tanh(x - x),
        lambda x: 1 + 0 * x,
        lambda x: 0 * x,
    ),
    "a cube root": (REALS, lambda x: jnp.cbrt(x) ** 3, lambda x: 1 * x, lambda x: 2 * x),
    "a function that is no cube root": (
        REALS,
        lambda x: jnp.arctan(x) ** 3,
        lambda x: jnp.arctan(x) * jnp.arctan(x) ** 2,
        lambda x: 1 * x,
    ),
    "a whole exponent": (
        REALS,
        lambda x: lax.pow(x, jnp.full(x.shape, 3, jnp.int32)),
        lambda x: x * x * x,
        lambda x: x * x,
    ),
    "a whole exponent among floats": (
        REALS,
        lambda x: lax.pow(x, jnp.full_like(x, 2.0)),
        lambda x: x * x,
        lambda x: jnp.abs(x) * x,
    ),
    "whether a number is zero": (
        REALS,
        lambda x: jnp.where(x.astype(bool), x, 0.0),
        lambda x: 1 * x,
        lambda x: 0 * x,
    ),
    "whether a positive number is zero": (
        domain.Positive("n"),
        lambda x: x.astype(bool).astype(x.dtype) * x,
        lambda x: 1 * x,
        lambda x: 0 * x,
    ),
    "places as numbers": (
        REALS,
        lambda x: x * jnp.flip(lax.iota(jnp.int32, 2)).astype(x.dtype) + x * lax.iota(x.dtype, 2),
        lambda x: 1 * x,
        lambda x: 2 * x,
    ),
    "a truth value and a place": (
        domain.Positive("n"),
        lambda x: jnp.where((lax.iota(jnp.int32, 2) + (x[0] > 0).astype(jnp.int32)).astype(bool), x, 0.0),
        lambda x: 1 * x,
        lambda x: x * np.array([0.0, 1.0]),
    ),
}


@pytest.mark.parametrize("name", AT_TWO)
def test_at_a_fixed_size_a_function_is_what_it_is(name: str) -> None:
    region, fn, right, wrong = AT_TWO[name]
    given = {"domain": {"x": region}, "sizes": [{"n": 2}]}
    assert judged(claim(fn, wrong, "value", **given)) is not Status.HOLDS
    found = verdict(claim(fn, right, "value", **given))
    assert found.status is Status.HOLDS, found.reason


def test_entries_of_a_slice_stand_where_they_stood() -> None:
    def fn(x: Any) -> Any:
        two = lax.dynamic_slice(x, (1,), (2,))
        return two[0] * two[1] ** 2

    given: dict[str, Any] = {"domain": {"x": REALS}, "sizes": {"n": (3, 4)}}
    found = verdict(claim(fn, lambda x: x[1] * x[2] ** 2, "value", **given))
    assert (found.status, found.sizes) == (Status.HOLDS, ("every n",))
    for wrong in (lambda x: x[1] * x[0] ** 2, lambda x: x[2] * x[1] ** 2):
        assert judged(claim(fn, wrong, "value", **given)) is not Status.HOLDS


@pytest.mark.parametrize("name", SHORT)
def test_no_shortcut_along_an_axis_of_any_length(name: str) -> None:
    region, fn, wrong, right = SHORT[name]
    given = {"domain": {"x": region}, "sizes": {"n": (2, 3)}}
    assert judged(claim(fn, wrong, "value", **given)) is not Status.HOLDS
    if right is not None:
        found = verdict(claim(fn, right, "value", **given))
        assert found.sizes == ("every n",), found.reason


@pytest.mark.parametrize(
    ("fn", "reason"),
    [
        (
            lambda x: jnp.sum(lax.dynamic_slice(x, (jnp.asarray(0),), (x.shape[0] - 1,))),
            "an index of an open axis that is not written out",
        ),
        (
            lambda x: jnp.sum(x) * _gathered(x, jnp.asarray(x.shape[0] - 1)),
            "an index of an open axis that is not written out",
        ),
        (
            lambda x: jnp.sum(jnp.max((x[:, None] * x[None, :])[:, :, None] * jnp.array([[[1.0, 2.0]]]), axis=2)),
            "a maximum over a matrix with open axes",
        ),
        (lambda x: jnp.prod(x), "a product along an axis of any length"),
        (
            lambda x: jnp.sum(x.at[0].add(1.0, mode="promise_in_bounds")),
            "adding to chosen entries of an axis of any length",
        ),
        (lambda x: jnp.sum(lax.split(x, (1, x.shape[0] - 1))[1]), "a split along an axis of any length"),
        (lambda x: jnp.asarray(jnp.bitwise_or.reduce(_ones(x)), x.dtype) * jnp.sum(x), "reduce_or of whole numbers"),
        (
            lambda x: jnp.asarray(_index(x)[0] + x.shape[0], np.int8).astype(x.dtype) * x[0],
            "an index or a length of an axis",
        ),
    ],
    ids=("slice", "gather", "maximum", "product", "scatter", "split", "bits", "narrow length"),
)
def test_what_is_not_read_at_every_size_is_said(fn: Any, reason: str) -> None:
    given = {"domain": {"x": REALS}, "sizes": {"n": (2,)}}
    found = verdict(claim(fn, lambda x: fn(x) + 0 * x[0], "value", **given))
    assert found.sizes == ("n = 2",)
    assert f"not for every n: {reason}" in found.reason


@pytest.mark.parametrize("region", [REALS, domain.OneHot("n")], ids=["any entry", "the label"])
def test_an_index_of_one_axis_may_be_one_of_another(region: Any) -> None:
    """The k-th entries of both, for each k that both have."""
    given = {"domain": {"x": region, "y": domain.Reals("t")}, "sizes": {"n": (2, 3), "t": (2, 3)}}

    def along(x: Any, y: Any) -> Any:
        places = _index(x) if region is REALS else jnp.where(x > 0.5, _index(x), -1)
        return jnp.sum(jnp.where(places[:, None] == _index(y)[None, :], x[:, None] * y[None, :], 0.0))

    assert judged(claim(along, lambda x, y: 0 * jnp.sum(x) * jnp.sum(y), "value", **given)) is not Status.HOLDS


def test_rows_that_an_open_axis_of_indices_picks_keep_their_own_axis() -> None:
    given = {"domain": {"x": domain.Reals("3 n"), "y": domain.Reals("t")}, "sizes": {"n": (2, 3), "t": (2, 3)}}

    def squares(x: Any, y: Any) -> Any:
        return jnp.sum(jnp.ones_like(x[0])) * jnp.sum(_rows_by_index(x, y) ** 2, axis=1)

    square = claim(squares, lambda x, y: jnp.sum(_rows_by_index(x, y), axis=1) ** 2, "value", **given)
    assert judged(square) is not Status.HOLDS


def test_one_of_two_entries_is_added_to_beside_an_open_axis() -> None:
    def added(x: Any) -> Any:
        return jnp.stack([jnp.sum(x), x[0]]).at[1].add(x[0], mode="promise_in_bounds")

    given = {"domain": {"x": REALS}, "sizes": {"n": (2,)}}
    for by_hand, sizes in (
        (lambda x: jnp.stack([jnp.sum(x), 2 * x[0]]), ("every n",)),
        (lambda x: jnp.stack([jnp.sum(x) + x[0], x[0]]), ()),
    ):
        assert verdict(claim(added, by_hand, "value", **given)).sizes == sizes


def test_an_array_of_fixed_size_has_any_shape_beside_an_open_axis() -> None:
    given = {"domain": {"x": REALS, "w": domain.Reals("2 3")}, "sizes": {"n": (2, 3)}}
    flat = claim(lambda x, w: jnp.sum(x) * w.reshape(6), lambda x, w: w.reshape(6) * jnp.sum(x), "value", **given)
    assert verdict(flat).sizes == ("every n",)


def test_rows_of_an_open_batch_have_maxima_of_their_own() -> None:
    """The largest logit of one row is not that of another, however many rows there are."""
    given = {"domain": {"x": domain.Reals("t n")}, "sizes": {"t": (2, 3), "n": (2,)}}

    def largest(x: Any) -> Any:
        return jnp.max(x, axis=1)

    def of_the_first(x: Any) -> Any:
        return jnp.max(x, axis=1) * 0 + jnp.max(x[0])

    assert judged(claim(largest, of_the_first, "value", **given)) is not Status.HOLDS


@pytest.mark.parametrize(
    ("region", "fn", "formula"),
    [
        (domain.Simplex("n"), entropy, lambda x, y: softmax(x) - y),
        (domain.OneHot("n"), lambda x, y: squared(x, y) * jnp.sum(y**2), lambda x, y: jax.grad(squared)(x, y)),
    ],
    ids=("simplex", "one-hot"),
)
def test_hypotheses_are_used_and_named(region: Any, fn: Callable[..., Any], formula: Callable[..., Any]) -> None:
    """Proved where the region says so; without it the difference is kept, and the missing hypothesis named."""

    def by_hand(x: Any, y: Any) -> Any:
        return formula(x, y)

    with_it = verdict(claim(fn, by_hand, domain={"x": LOGITS, "y": region}))
    assert with_it.sizes == ("every n",), with_it.reason
    without = verdict(claim(fn, by_hand))
    assert without.status is Status.UNKNOWN
    assert without.residual
    assert "the sides are equal" in without.reason


def test_the_article_s_missing_hypothesis() -> None:
    """For any target the two sides differ by an output times what the target sums to beyond one."""
    found = verdict(claim(entropy, lambda x, y: softmax(x) - y))
    assert found.residual == "σ_k (Sum[y_j] - 1)"
    assert found.reason == "the sides are equal where the entries of y sum to one"


def test_a_hypothesis_that_does_not_mend_a_formula_is_not_named() -> None:
    found = verdict(claim(lambda x, y: jnp.sum(x * y), lambda x, y: 2 * y * y))
    assert found.residual
    assert not found.reason


@pytest.mark.parametrize(
    ("fn", "length", "residual"),
    [
        (lambda p: p[0] / (p[0] + p[1]), 2, "σ_0"),
        (lambda p: p[0] / (p[0] + p[1]), 3, "exp(x_0) / (exp(x_0) + exp(x_1))"),
        (lambda p: p[0] / (p[0] + 2 * p[1]), 2, "exp(x_0) / (exp(x_0) + 2·exp(x_1))"),
        (lambda p: p[0] / (p[0] ** 2 + 1), 2, "exp(x_0) / (exp(x_0)^2 + 1)"),
        (lambda p: p[0] ** 2 / (p[0] + p[1]), 2, "σ_0 exp(x_0)"),
    ],
    ids=map(str, range(5)),
)
def test_only_an_output_of_softmax_is_called_one(fn: Any, length: int, residual: str) -> None:
    given = {"domain": {"x": domain.Reals(str(length))}, "sizes": {}}
    assert verdict(claim(lambda x: fn(jnp.exp(x)), lambda x: 0 * x[0], "value", **given)).residual == residual


def test_a_factor_of_one_component_is_not_named_as_that_of_all() -> None:
    given = {"domain": {"x": domain.Reals("2")}, "sizes": {}}
    for factors, named in (([2.0, 2.0], True), ([2.0, 3.0], False)):
        found = verdict(claim(lambda x, f=factors: x * jnp.array(f), lambda x: x * 1, "value", **given))
        assert found.residual
        assert ("2 times the formula" in found.reason) == named


def test_a_factor_that_no_float_is_is_not_named_as_that_of_all() -> None:
    given = {"domain": {"x": domain.Reals("2")}, "sizes": {}}
    found = verdict(claim(lambda x: x * 1, lambda x: x * jnp.array([3.0, 5.0]), "value", **given))
    assert found.residual
    assert "times the formula" not in found.reason


def test_a_missing_factor_is_named() -> None:
    """A constant factor is a diagnosis of its own."""
    found = verdict(claim(squared, lambda x, y: 2 * _mean_form(x, y)))
    assert "1/2 times the formula" in found.reason


@pytest.mark.parametrize(("factor", "text"), [(2.0, "2"), (-2.0, "−2")])
def test_a_factor_is_named_with_its_sign(factor: float, text: str) -> None:
    given = {"domain": {"x": domain.Reals("")}, "sizes": {}}
    found = verdict(claim(lambda x: factor * x, lambda x: x * 1, "value", **given))
    assert found.reason == f"JAX's derivative is {text} times the formula: a constant factor is missing"


@pytest.mark.parametrize(
    ("fn", "formula", "holds"),
    [
        (lambda x, y: jnp.sum(y * jnp.abs(x)), lambda x, y: y * jnp.sign(x), True),
        (lambda x, y: jnp.sum(y * jnp.abs(x)), lambda x, y: y * jnp.where(x > 0, 1.0, -2.0), False),
        (lambda x, y: jnp.sum(y * jnp.maximum(x, 0)), lambda x, y: jnp.where(x > 0, y, 0.0), True),
        (lambda x, y: jnp.sum(y * jnp.clip(x, -1, 1)), lambda x, y: jnp.where(jnp.abs(x) < 1, y, 0.0), True),
        (lambda x, y: jnp.sum(y * jnp.clip(x, -1, 1)), lambda x, y: jnp.where(x < 1, y, 0.0), False),
        (lambda x, y: jnp.sum(y * x**2), lambda x, y: 2 * y * x * x / x, False),
        (lambda x, y: jnp.sum(y * x), lambda x, y: y + 0 * jnp.log(x), False),
    ],
    ids=("abs", "abs-wrong", "relu", "clip", "clip-wrong", "zero-divisor", "logarithm"),
)
def test_choices_are_followed(fn: Callable[..., Any], formula: Callable[..., Any], holds: bool) -> None:
    """Every outcome has to agree; a formula without a value somewhere in the domain is not proved."""
    found = verdict(claim(fn, formula, domain={"x": REALS, "y": REALS}))
    assert (found.status is Status.HOLDS) == holds, (found.reason, found.residual)
    if not holds:
        assert found.reason or found.residual


@pytest.mark.parametrize(
    ("formula", "holds"),
    [
        (lambda a, b: jnp.where(a > 0, jnp.where(b > 0, a * b, 0.0), 0.0), True),
        (lambda a, b: jnp.where(a * b > 0, a * b, 0.0), True),
        (lambda a, b: jnp.where(a * b > 0, a * b, 1.0), False),
        (lambda a, b: jnp.where(-a * b >= 0, 1.0, a * b), False),
        (lambda a, b: jnp.where(a * b / (1 + a) > 0, a * b, a + b), False),
    ],
    ids=map(str, range(5)),
)
def test_a_product_of_what_is_at_least_zero_is_zero_where_a_factor_is(formula: Any, holds: bool) -> None:
    unit = domain.Interval("", 0.0, 1.0)
    found = verdict(claim(lambda a, b: a * b, formula, "value", domain={"a": unit, "b": unit}, sizes={}))
    assert (found.status is Status.HOLDS) == holds, found.reason


def test_wrong_far_away_and_from_five_classes_on() -> None:
    """What is false only where no point is likely to lie, or only at larger sizes."""

    def far(x: Any, y: Any) -> Any:
        return jnp.where(x[0] - x[1] > 5000.0, 0.0, 1.0) * _mean_form(x, y)

    def large(x: Any, y: Any) -> Any:
        return _mean_form(x, y) * (1.0 if x.shape[0] < 5 else 2.0)

    assert judged(claim(squared, far)) is Status.UNKNOWN
    found = verdict(claim(squared, large, sizes={"n": (2, 3, 6)}))
    assert "every n" not in found.sizes
    assert "n = 6" not in found.sizes


def test_out_of_time_is_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    """A proof that is not finished is none."""
    monkeypatch.setattr(prove, "OPEN_SECONDS", 0.0)
    monkeypatch.setattr(prove, "SECONDS", dict.fromkeys(BUDGETS, 0.0))
    found = verdict(claim(squared, _mean_form))
    assert found.status is Status.UNKNOWN
    assert "out of time" in found.reason


@pytest.mark.parametrize("error", [RuntimeError("no row foresees it"), ZeroDivisionError()])
def test_a_reading_that_breaks_off_proves_nothing(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    """Though all that was compared before it did was equal."""
    right = claim(entropy, lambda x, y: softmax(x) * jnp.sum(y) - y)
    assert judged(right) is Status.HOLDS
    paths = prove.Reader._paths

    def breaks(self: Any, *given: Any) -> None:
        paths(self, *given)
        assert self.spoke
        raise error

    monkeypatch.setattr(prove.Reader, "_paths", breaks)
    found = verdict(right)
    assert found.status is Status.UNKNOWN
    assert f"the symbolic reading does not follow it ({type(error).__name__}: {error})" in found.reason


@pytest.mark.parametrize(
    "fn", [lambda x: jnp.log(-x), lambda x: jnp.sqrt(-3 * x), lambda x: jnp.log(-x * x * x)], ids="abc"
)
@pytest.mark.parametrize("region", [domain.Positive("n"), domain.Interval("n", -2.0, -1.0)], ids=["plus", "minus"])
def test_a_function_of_minus_an_entry_has_a_value_where_that_is_negative(fn: Any, region: Any) -> None:
    same = Claim(
        id="minus",
        autodiff=Derivative(lambda x: fn(x) + 0 * x, "value"),
        by_hand=fn,
        domain={"x": region},
        sizes={"n": (2, 3)},
    )
    found = verdict(same)
    if isinstance(region, domain.Positive):
        assert found.status is Status.UNKNOWN
    else:
        assert found.sizes == ("every n",), found.reason


@pytest.mark.parametrize(("region", "holds"), [(domain.Nonzero("n"), True), (domain.Reals("n"), False)])
def test_a_division_has_a_value_where_the_region_leaves_zero_out(region: Any, holds: bool) -> None:
    found = verdict(claim(lambda x: jnp.sum(2 / x**3), lambda x: -6 / x**4, domain={"x": region}))
    assert (found.status is Status.HOLDS) == holds, found.reason


def test_a_sum_of_squares_is_positive_where_one_of_them_is_not_zero() -> None:
    def none(x: Any, y: Any) -> Any:
        return x * (x * x + y * y) / (x * x + y * y)

    def one(x: Any, y: Any) -> Any:
        return jnp.where(x == 0, 0.0, none(x, y))

    def turned(x: Any, y: Any) -> Any:
        return jnp.where(x == 0, 0.0, x + 0 * jnp.log(-x * x - y * y))

    given = {"domain": {"x": domain.Reals(""), "y": domain.Reals("")}, "sizes": {}, "where": lambda x: x != 0}
    for formula, proved in ((one, ["value"]), (turned, [])):
        same = claim(lambda x, y: jnp.where(x == 0, 0.0, x + 0 * y), formula, "value", **given)
        assert prove.prove_at(trace(same, {}, FLOAT64), 1.0).proved == proved
    same = claim(lambda x, y: x + 0 * y, none, "value", **{**given, "where": None})
    assert not prove.prove_at(trace(same, {}, FLOAT64), 1.0).proved


def test_a_sum_of_exponentials_is_positive_whoever_wins() -> None:
    """What is known of a difference of exponentials is not taken for knowledge of their sum."""
    for winner in (0, 1):
        for unit in (2, 3):

            def fn(x: Any, y: Any, unit: int = unit) -> Any:
                return jnp.log(-jnp.exp(x[0] / unit) - jnp.exp(x[1] / unit))

            regions = {"x": domain.Saturated("2", winner=winner, gap=0.5), "y": domain.Reals("2")}
            given = {"domain": regions, "sizes": {}}
            assert judged(claim(lambda x, y, fn=fn: fn(x, y) + 0 * y[0], fn, "value", **given)) is Status.UNKNOWN


def test_an_unsupported_primitive_is_unknown() -> None:
    """It is named."""
    found = verdict(claim(lambda x, y: jnp.sort(x) + y, lambda x, y: x + y, "value"))
    assert found.status is Status.UNKNOWN
    assert "sort" in found.reason
    fixed = {"domain": {"x": domain.Reals("2"), "y": domain.Reals("2")}, "sizes": {}}
    found = verdict(claim(lambda x, y: jnp.sort(x) + y, lambda x, y: x + y, "value", **fixed))
    assert found.reason.startswith("not at its size: primitive 'sort' is not supported")


def test_a_program_that_cannot_be_read_is_named_and_takes_no_other_with_it() -> None:
    def unread(x: Any, y: Any) -> Any:
        return jnp.sort(x) + y

    same = claim(lambda x, y: x + y + 0 * jnp.sum(y), lambda x, y: x + y, "value")
    formula = prove.prove_at(trace(replace(same, by_hand=unread), {"n": 2}, FLOAT64), 1.0)
    assert not formula.proved
    assert set(formula.reasons) == {"value", "formula"}
    assert all("'sort' is not supported" in reason for reason in formula.reasons.values())
    stable = prove.prove_at(trace(replace(same, stable=unread), {"n": 2}, FLOAT64), 1.0)
    assert stable.proved == ["value"]
    assert set(stable.reasons) == {"stable"}
    # What holds without a hypothesis holds with any; with its size left open that is tried.
    hypothesis = replace(same, where=lambda x, y: jnp.sort(x)[0] > 0)
    assert "'sort' is not supported" in prove.prove_at(trace(hypothesis, {"n": 2}, FLOAT64), 1.0).reasons["value"]
    assert prove.prove_open(hypothesis).proved == ["value"]


def test_a_mode_that_cannot_be_read_takes_no_other_with_it() -> None:
    def fn(x: Any, y: Any) -> Any:
        return jnp.sum(x * y)

    same = claim(fn, lambda x, y: y + 0 * x)
    unread = replace(same, autodiff=Derivative(lambda x, y: fn(jnp.sort(x), y), "gradient", wrt="x"))
    subject, other = (trace(each, {"n": 2}, FLOAT64) for each in (same, unread))
    assert [each.name for each in subject.modes[:2]] == ["grad", "jacrev"]
    found = prove.prove_at(replace(subject, modes=(other.modes[0], subject.modes[1])), 1.0)
    assert found.proved == ["jacrev"]
    assert "'sort' is not supported" in found.reasons["grad"]


def test_a_mode_behind_one_that_cannot_be_read_is_compared_in_every_case() -> None:
    def fn(x: Any, y: Any) -> Any:
        return jnp.where(y > 0, x * y, x)

    given = {"domain": {"x": domain.Reals(""), "y": domain.Reals("")}, "sizes": {}}
    for side in (1, -1):
        wrong = claim(fn, lambda x, y, side=side: jnp.where(side * y > 0, 7.0, jnp.where(y > 0, y, 1.0)), **given)
        unread = replace(wrong, autodiff=Derivative(lambda x, y: fn(jnp.sort(x[None])[0], y), "gradient", wrt="x"))
        subject, other = (trace(each, {}, FLOAT64) for each in (wrong, unread))
        assert prove.prove_at(replace(subject, modes=(other.modes[0], subject.modes[1])), 1.0).proved == []


def test_a_side_without_a_value_is_named() -> None:
    infinite = claim(lambda x, y: jnp.full_like(x, jnp.inf), lambda x, y: jnp.full_like(x, jnp.nan), "value")
    assert prove.prove_open(infinite).reasons == {"value": "a side without a value"}


def test_a_long_reason_is_cut_off() -> None:
    said = prove._joined({"grad": "too long " * 100})
    assert said.endswith(" …")
    assert len(said) < 700


def test_a_choice_between_two_entries_of_an_open_axis_is_not_followed() -> None:
    def larger(x: Any, y: Any) -> Any:
        return jnp.sum(jnp.where(x[:, None] > x[None, :], x[:, None], x[None, :]))

    same = claim(larger, lambda x, y: larger(x, y) + 0 * y[0], "value", domain={"x": REALS, "y": REALS})
    assert "depends on two entries" in prove.prove_open(same).reasons["formula"]


def test_too_many_values_are_not_tried_one_by_one() -> None:
    for below, words in (
        ((100,), "values of whole numbers"),
        ((10, 10), "values of one-hot targets and whole numbers"),
    ):
        labels = {f"k{place}": domain.Labels("", below=each) for place, each in enumerate(below)}
        same = Claim(
            id="labels",
            autodiff=Derivative(lambda x, **labels: x * 1.0, "value"),
            by_hand=lambda x, **labels: x + 0 * x,
            domain={"x": domain.Reals(""), **labels},
        )
        assert prove.prove_at(trace(same, {}, FLOAT64), 1.0).reasons == {"value": f"too many {words}"}


def test_whole_numbers_and_constants_along_an_axis(monkeypatch: pytest.MonkeyPatch) -> None:
    given: dict[str, Any] = {"domain": {"x": LOGITS, "k": domain.Labels("n", 3)}}
    labels = claim(lambda x, k: x + k.astype(x.dtype), lambda x, k: k.astype(x.dtype) + x, "value", **given)
    found = verdict(labels)
    assert found.sizes == ("n = 2", "n = 3")
    assert found.reason == "not for every n: whole numbers or constants along an axis of any length"
    monkeypatch.setattr(prove, "MOST_ENTRIES", 2)
    assert verdict(labels).sizes == ("n = 2",)
    given = {"domain": {"x": LOGITS, "c": domain.Constant([2.0, 3.0])}}
    assert verdict(claim(lambda x, c: c[0] * x * c[1], lambda x, c: 6 * x, "value", **given)).sizes == ("every n",)


def test_a_product_lies_between_those_of_the_ends() -> None:
    given = {"domain": {"x": domain.Interval("n", 1.0, 2.0), "y": domain.Interval("n", 1.0, 2.0)}}
    for end, proved in ((1.0, ["value"]), (2.0, [])):

        def above(x: Any, y: Any, end: float = end) -> Any:
            return x * y - end

        same = claim(lambda x, y, above=above: jnp.abs(above(x, y)), above, "value", **given)
        assert prove.prove_open(same).proved == proved


@pytest.mark.parametrize("wrong", [0.0, 5.0])
def test_a_mode_that_cannot_be_read_is_not_forgotten_where_maxima_are_followed(wrong: float) -> None:
    """The first reading leaves forward modes out and gives up at a maximum; the second has to name them again."""

    @jax.custom_jvp
    def square(x: Any) -> Any:
        return x * x

    @square.defjvp
    def _(given: Any, along: Any) -> Any:
        (x,), (t,) = given, along
        # Reverse modes do not see what passes through a whole number.
        unseen = wrong * t.astype(np.int32).astype(t.dtype)
        return square(x), (2 * x + jnp.max(jnp.stack([x, -x]))) * t + unseen

    given = {"domain": {"x": domain.Reals("")}, "sizes": {}, "custom_rules": True}
    slope = claim(square, lambda x: 2 * x + jnp.abs(x), **given)
    outcome = prove.prove_at(trace(slope, {}, FLOAT64), 1.0)
    assert outcome.proved == ["grad", "jacrev", "vjp"]
    assert set(outcome.reasons) == {"jacfwd", "jvp"}
    found = verdict(slope)
    assert (found.status, found.reason) == (Status.UNKNOWN, "not at its size: a value that becomes a whole number")


def test_what_holds_at_every_size_of_a_claim_is_proved_though_not_at_others() -> None:
    """No hypothesis is missing: the claim is about two classes."""
    twice = claim(lambda x: jnp.sum(jnp.ones_like(x)) * x, lambda x: 2 * x, "value", domain={"x": LOGITS})
    found = verdict(replace(twice, sizes={"n": (2,)}))
    assert (found.status, found.sizes) == (Status.HOLDS, ("n = 2",))
    assert found.reason == "not for every n: the sides differ by x_k (n - 2)"
    assert not found.residual


@pytest.mark.parametrize("relation", ["==", "<="])
def test_what_a_proof_leaves_out_at_any_size_is_told(relation: Any) -> None:
    def slope(x: Any, y: Any) -> Any:
        return jnp.zeros_like(x).at[-1].set(jnp.sign(x[-1]) if relation == "==" else 1.0)

    found = verdict(claim(lambda x, y: jnp.abs(x[-1]), slope, relation=relation), "quick")
    assert (found.evidence, found.sizes) == ("proved", ("n = 2", "n = 3"))
    assert found.exceptions == ("x_1 = 0", "x_2 = 0")


def test_what_a_bound_for_every_size_leaves_out_is_told() -> None:
    kinked = claim(lambda x: jnp.sum(jnp.abs(x)), lambda x: 1 + 0 * x, relation="<=", domain={"x": REALS})
    found = verdict(kinked)
    assert (found.sizes, found.exceptions) == (("every n",), ("x_k = 0",))


def test_a_bound_of_a_claim_with_one_size_is_proved_for_every_size() -> None:
    bounded = claim(lambda x: jnp.sum(x), lambda x: 1 + 0 * x, relation="<=", domain={"x": REALS}, sizes={"n": (2,)})
    assert verdict(bounded).sizes == ("every n",)


def test_an_equality_about_a_maximum_is_proved_where_the_largest_is_known() -> None:
    regions = {"x": domain.Saturated("n", winner=0, gap=0.0)}
    for place, proved in ((0, ["value"]), (1, [])):
        largest = claim(lambda x: jnp.max(x), lambda x, place=place: x[place] * 1, "value", domain=regions)
        assert prove.prove_open(largest).proved == proved


def test_what_needs_the_least_size_is_traced_with_it() -> None:
    given = {"domain": {"x": REALS}, "sizes": {"n": (3, 4)}}
    behind = claim(lambda x: jnp.sum(x[2:]), lambda x: jnp.sum(x) - x[0] - x[1], "value", **given)
    assert prove.prove_open(behind).proved == ["value"]


def test_every_budget_says_how_long_sizes_may_take() -> None:
    assert set(prove.SECONDS) == set(BUDGETS)


def test_a_hypothesis_is_named_where_it_can_be_proved_at_a_size_alone() -> None:
    regions = {"x": domain.Positive("n"), "y": REALS, "k": domain.Labels("n", 2)}

    def fn(x: Any, y: Any, k: Any) -> Any:
        return x * jnp.sum(y) + 0 * k.astype(x.dtype)

    found = verdict(claim(fn, lambda x, y, k: x * 1, "value", domain=regions))
    assert found.reason == "the sides are equal where the entries of y sum to one"


def test_a_hypothesis_about_a_size_is_tried_at_that_size() -> None:
    twice = claim(lambda x: jnp.sum(jnp.ones_like(x)) * x, lambda x: 2 * x, "value", domain={"x": LOGITS})
    for sizes in ((2, 3), (3, 4)):
        assert verdict(replace(twice, sizes={"n": sizes})).reason == "the sides are equal where n = 2"


def test_a_hypothesis_about_a_size_is_tried_where_a_claim_has_a_single_other_one() -> None:
    twice = claim(lambda x: jnp.sum(jnp.ones_like(x)) * x, lambda x: 2 * x, "value", domain={"x": LOGITS})
    assert "where n = 2" in [sentence for sentence, _ in prove.hypotheses(replace(twice, sizes={"n": (3,)}))]


@pytest.mark.parametrize("winner", [0, 1])
def test_the_winner_exceeds_the_others_and_not_the_other_way_round(winner: int) -> None:
    """The winner of an open axis is its first single entry, whatever its index."""
    given = {"domain": {"x": domain.Saturated("n", winner=winner, gap=0.5), "y": REALS}}
    for first, second, proved in ((winner, 1 - winner, ["value"]), (1 - winner, winner, [])):

        def gap(x: Any, y: Any, first: int = first, second: int = second) -> Any:
            return x[first] - x[second] + 0 * y[0]

        same = claim(lambda x, y, gap=gap: jnp.abs(gap(x, y)), gap, "value", **given)
        assert prove.prove_open(same).proved == proved
        assert prove.prove_at(trace(same, {"n": 3}, FLOAT64), 1.0).proved == proved


def test_the_winner_of_a_row_exceeds_the_others_of_that_row_alone() -> None:
    given = {"domain": {"x": domain.Saturated("2 3", winner=0, gap=0.5)}, "sizes": {}}
    for first, second, proved in (((1, 0), (1, 2), ["value"]), ((0, 2), (1, 0), [])):

        def gap(x: Any, first: Any = first, second: Any = second) -> Any:
            return x[first] - x[second]

        same = claim(lambda x, gap=gap: jnp.abs(gap(x)), gap, "value", **given)
        assert prove.prove_at(trace(same, {}, FLOAT64), 1.0).proved == proved


def test_the_exponential_of_the_winner_exceeds_that_of_another() -> None:
    def gap(x: Any) -> Any:
        return jnp.exp(x[0]) - jnp.exp(x[1])

    given = {"domain": {"x": domain.Saturated("2", winner=0, gap=0.5)}, "sizes": {}}
    for turn, proved in ((1, ["value"]), (-1, [])):
        distance = claim(lambda x: jnp.abs(gap(x)), lambda x, turn=turn: turn * gap(x), "value", **given)
        assert prove.prove_at(trace(distance, {}, FLOAT64), 1.0).proved == proved


@pytest.mark.parametrize(("gap", "proved"), [(0.5, ["value"]), (0.0, [])])
def test_a_winner_without_a_gap_may_be_as_large_as_another(gap: float, proved: list[str]) -> None:
    def formula(x: Any) -> Any:
        return jnp.where(x[0] == x[1], 2.0, 1.0)

    given = {"domain": {"x": domain.Saturated("2", winner=0, gap=gap)}, "sizes": {}}
    apart = claim(lambda x: 1 + 0 * x[0], formula, "value", **given)
    assert prove.prove_at(trace(apart, {}, FLOAT64), 1.0).proved == proved


def test_hypotheses_that_may_be_missing() -> None:
    """Two classes are tried where not all sizes have two, and one-hot targets where they are a distribution."""
    wrong = claim(squared, lambda x, y: softmax(x) - y, domain={"x": LOGITS, "y": domain.Simplex("n")})
    for sizes, two in (((2,), []), ((2, 3), ["where n = 2"]), ((3, 4), ["where n = 2"])):
        found = [sentence for sentence, _ in prove.hypotheses(replace(wrong, sizes={"n": sizes}))]
        assert found == ["for one-hot y", *two, "where x is positive"]
    free = prove.hypotheses(replace(wrong, domain={"x": LOGITS, "y": REALS}, sizes={"n": (2,)}))
    of_y = ["where the entries of y sum to one", "for one-hot y", "where y is positive"]
    assert [sentence for sentence, _ in free if sentence != "where x is positive"] == of_y


def test_a_hypothesis_under_which_a_side_cannot_be_traced_is_none_that_holds() -> None:
    def of_three(x: Any) -> Any:
        if x.shape[0] == 2:
            raise ValueError("three or more")
        return x * 1

    given: dict[str, Any] = {"domain": {"x": REALS}, "sizes": {"n": (2,)}}
    assert not prove._holds(claim(of_three, lambda x: x + 0, "value", **given))


def test_each_hypothesis_changes_the_region_that_it_is_about() -> None:
    wrong = claim(squared, lambda x, y: softmax(x) - y, domain={"x": LOGITS, "y": domain.Simplex("n")})
    tried = {sentence: other.domain for sentence, other in prove.hypotheses(replace(wrong, sizes={"n": (2,)}))}
    assert tried["for one-hot y"] == {"x": LOGITS, "y": domain.OneHot("n")}
    assert tried["where x is positive"] == {"x": domain.Positive("n"), "y": domain.Simplex("n")}


def test_a_free_argument_may_be_missing_that_it_is_one_hot() -> None:
    wrong = claim(squared, lambda x, y: softmax(x) - y)
    tried = {sentence: other.domain for sentence, other in prove.hypotheses(wrong)}
    assert tried["for one-hot y"] == {"x": LOGITS, "y": domain.OneHot("n")}
    assert tried["where the entries of y sum to one"] == {"x": LOGITS, "y": domain.Simplex("n")}


def test_too_many_kinds_of_entries_are_not_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    magnitudes = claim(
        lambda x, y: _size(x) + _size(y), lambda x, y: jnp.sum(jnp.abs(x)) + jnp.sum(jnp.abs(y)), "value"
    )
    magnitudes = replace(magnitudes, domain={"x": REALS, "y": REALS})
    assert prove.prove_open(magnitudes).proved
    monkeypatch.setattr(prove, "MOST_PARTITIONS", 3)
    assert "too many kinds of entries" in prove.prove_open(magnitudes).reasons["value"]


def test_a_difference_that_stays_though_the_sides_agree_is_not_shown() -> None:
    case = Case(claim(squared, lambda x, y: softmax(x) - y), BUDGETS["quick"], 0)
    assert prove.check(case).residual
    found = prove.check(case, agrees=True)
    assert (found.residual, found.reason) == ("", "the difference of the sides did not cancel in every case")


def test_an_exponential_over_another_sum_is_no_softmax_output() -> None:
    given = {"domain": {"x": LOGITS, "y": domain.Positive("n")}}
    of_others = claim(lambda x, y: jnp.exp(x) / y, lambda x, y: 0 * x * y, "value", **given)
    assert verdict(of_others).residual == "exp(x_k) / y_k"
    of_sines = claim(lambda x, y: softmax(jnp.sin(x)) + 0 * y, lambda x, y: 0 * x * y, "value")
    assert verdict(of_sines).residual == "exp(sin(x_k)) / Sum[exp(sin(x_j))]"


def test_an_exponential_over_a_sum_of_two_arguments_is_no_softmax_output() -> None:
    given = {"domain": {"x": domain.Reals("2"), "y": domain.Reals("2")}, "sizes": {}}
    share = claim(lambda x, y: jax.nn.softmax(jnp.concatenate([x, y]))[0], lambda x, y: 0 * x[0], "value", **given)
    assert "σ" not in verdict(share).residual


def test_an_exponential_of_a_square_is_no_softmax_output() -> None:
    given = {"domain": {"x": domain.Reals("2")}, "sizes": {}}
    share = claim(lambda x: jax.nn.softmax(x * x)[0], lambda x: 0 * x[0], "value", **given)
    assert verdict(share).residual == "exp(x_0^2) / (exp(x_0^2) + exp(x_1^2))"


@pytest.mark.parametrize(
    ("logits", "more"),
    [
        (lambda x, y: jnp.stack([x[0] * x[1], x[1] * x[1]]), False),
        (lambda x, y: 0.3 * x, False),
        (lambda x, y: x / y, False),
        (lambda x, y: x, True),
    ],
    ids=("product", "scale", "quotient", "one more"),
)
def test_an_exponential_of_anything_but_an_entry_is_no_softmax_output(logits: Any, more: bool) -> None:
    def share(x: Any, y: Any) -> Any:
        powers = jnp.exp(logits(x, y))
        return powers[0] / (jnp.sum(powers) + (jnp.exp(y) if more else 0 * y))

    given = {"domain": {"x": domain.Reals("2"), "y": domain.Positive("")}, "sizes": {}}
    assert "σ" not in verdict(claim(share, lambda x, y: 0 * x[0], "value", **given)).residual


# -- nothing is proved where nothing was checked ------------------------------------------------------------------


@pytest.mark.parametrize("relation", ["==", "<="])
def test_a_hypothesis_that_nothing_meets_proves_nothing(relation: Any) -> None:
    """Not even what is true; the same claim with a hypothesis that something meets is proved."""

    def bound(x: Any, y: Any) -> Any:
        return jnp.exp(x) * jnp.exp(y)

    def both(x: Any, y: Any) -> Any:
        return jnp.exp(x + y)

    for where, status in ((lambda x: x[0] > x[0] + 1, Status.UNKNOWN), (lambda x: x[0] > x[1], Status.HOLDS)):
        found = verdict(claim(both, bound, "value", relation=relation, where=where))
        assert found.status is status, found.reason
        if status is Status.UNKNOWN:
            assert "no point" in found.reason


def test_a_hypothesis_about_a_maximum_that_nothing_meets_proves_nothing() -> None:
    given = {"domain": {"x": domain.Reals("2")}, "sizes": {}, "where": lambda x: jnp.max(x) < x[0]}
    same = claim(lambda x: jnp.exp(x[0] + x[1]), lambda x: jnp.exp(x[0]) * jnp.exp(x[1]), "value", **given)
    outcome = prove.prove_at(trace(same, {}, FLOAT64), 1.0)
    assert not outcome.proved
    assert "no point" in outcome.reasons["value"]


def test_a_proof_off_the_whole_domain_is_none() -> None:
    """Double angles make the argument zero everywhere, so that every point is a kink; nobody here knows of them."""

    def kinked(x: Any, y: Any) -> Any:
        return jnp.sum(y * jnp.abs(jnp.sin(2 * x) - 2 * jnp.sin(x) * jnp.cos(x)))

    def formula(x: Any, y: Any) -> Any:
        inside = jnp.sin(2 * x) - 2 * jnp.sin(x) * jnp.cos(x)
        return y * jnp.sign(inside) * (2 * jnp.cos(2 * x) - 2 * jnp.cos(x) ** 2 + 2 * jnp.sin(x) ** 2)

    subject = claim(kinked, formula, domain={"x": REALS, "y": REALS})
    assert verdict(subject).exceptions
    assert combine(judge(subject, replace(BUDGETS["quick"], float_points=2), 0))[0] is not Status.HOLDS


@pytest.mark.parametrize("name", ["asin", "acos", "atanh", "acosh", "erf_inv", "lgamma", "digamma"])
def test_functions_without_a_value_somewhere(name: str) -> None:
    """Two sides that both have none are not equal; where the region keeps off such arguments they are."""
    function = getattr(jax.lax, name)

    def left(x: Any) -> Any:
        return function(x) + x

    def right(x: Any) -> Any:
        return x + function(x)

    def on(region: Any) -> Any:
        return verdict(claim(left, right, "value", domain={"x": region}))

    refused = on(REALS)
    assert refused.status is Status.UNKNOWN
    assert "no value" in refused.reason
    if name in ("lgamma", "digamma"):
        assert on(domain.Positive("n")).status is Status.HOLDS


def test_a_constant_that_is_not_finite() -> None:
    """Asked whether it is finite, the answer is no."""

    def guarded(x: Any, y: Any) -> Any:
        return jnp.where(jnp.isfinite(jnp.where(x > x, x, jnp.inf)), 1.0, 2.0) * y

    assert judged(claim(guarded, lambda x, y: 2 * y, "value")) is Status.HOLDS
    assert judged(claim(guarded, lambda x, y: y, "value")) is not Status.HOLDS


@pytest.mark.parametrize("index", [-1, 2])
def test_an_index_that_another_size_turns_into_another(index: int) -> None:
    """The last entry is entry 1 at two classes, entry 2 does not exist there: neither is one index at every size."""
    regions = {"x": LOGITS, "y": domain.OneHot("n", index=index)}

    def picked(x: Any, y: Any) -> Any:
        return jnp.sum(y * x) * y[1] + 0 * x[0]

    found = verdict(claim(picked, lambda x, y: 0 * x[0] * y[0], "value", domain=regions))
    assert "every n" not in found.sizes
    assert not (index == -1 and "n = 2" in found.sizes)


def test_the_index_of_the_label_may_be_one_that_a_program_asks_for() -> None:
    """Of the other entries no index is left that could be it."""
    given = {"domain": {"x": REALS, "y": domain.OneHot("n")}}

    def first(x: Any, y: Any) -> Any:
        mine = jnp.where(y > 0.5, _index(x), -1)
        return jnp.sum(jnp.where(mine == 0, x, 0 * x))

    assert judged(claim(first, lambda x, y: jnp.sum(0 * x), "value", **given)) is not Status.HOLDS
    right = verdict(claim(first, lambda x, y: jnp.sum(y * x) * y[0], "value", **given))
    assert right.sizes == ("every n",), right.reason


def test_beside_an_open_axis_a_random_key_keeps_all_its_bits() -> None:
    """Keys of 300 and of 44 have the last eight bits in common."""

    def drawn(seed: int) -> Any:
        return lambda x: (
            jnp.sum(x) * jax.random.bits(jax.random.key(seed), (), np.uint32).view(np.int32).astype(x.dtype)
        )

    given = {"domain": {"x": REALS}, "sizes": {"n": (2,)}}
    assert judged(claim(drawn(300), drawn(44), "value", **given)) is not Status.HOLDS
    same = verdict(claim(drawn(300), lambda x: drawn(300)(x) + 0 * x[0], "value", **given))
    assert same.sizes == ("every n",), same.reason


def test_both_of_two_conditions_along_an_open_axis() -> None:
    given = {"domain": {"x": REALS}, "sizes": {"n": (2,)}}

    def doubled(x: Any) -> Any:
        return jnp.sum(jnp.where((x > 0) & (x < 1), 2 * x, x + x))

    assert verdict(claim(doubled, lambda x: 2 * jnp.sum(x), "value", **given)).sizes == ("every n",)


def test_a_single_entry_may_be_the_label() -> None:
    """With one class the label is entry 0."""

    def at_zero(x: Any, y: Any) -> Any:
        return jnp.sum(jnp.where(jnp.arange(x.shape[0]) == 0, y, 0.0)) + 0 * x[0]

    given = {"domain": {"x": LOGITS, "y": domain.OneHot("n")}, "sizes": {"n": (1, 2)}}
    found = verdict(claim(at_zero, lambda x, y: 0 * x[0] + 0 * y[0], "value", **given))
    assert found.status is not Status.HOLDS


def test_a_label_behind_an_argument_of_fixed_length_is_one_of_the_open_axis() -> None:
    given = {"domain": {"c": domain.Reals(""), "y": domain.OneHot("n")}}
    for factor, proved in ((1, ["value"]), (0, [])):
        whole = claim(lambda c, y: c * jnp.sum(y), lambda c, y, factor=factor: factor * c, "value", **given)
        assert prove.prove_open(whole).proved == proved


def test_two_labels_of_an_open_axis_are_not_taken_for_one() -> None:
    given = {"domain": {"x": domain.OneHot("n"), "y": domain.OneHot("n")}}
    wrong = claim(lambda x, y: jnp.sum(x * y), lambda x, y: 1 + 0 * x[0], "value", **given)
    assert not prove.prove_open(wrong).proved


def test_labels_of_the_rows_of_an_open_batch_are_not_taken_for_one() -> None:
    wrong = claim(lambda y: jnp.sum(y[0] * y[1]), lambda y: jnp.sum(y[0]), "value", domain={"y": domain.OneHot("2 n")})
    assert not prove.prove_open(wrong).proved


def test_with_one_class_the_label_is_the_first() -> None:
    """What is wrong there alone is not proved."""

    def at_zero(x: Any, y: Any) -> Any:
        return jnp.sum(jnp.where(jnp.arange(x.shape[0]) == 0, y, 0.0)) + 0 * x[0]

    def beside_others(x: Any, y: Any) -> Any:
        return at_zero(x, y) * jnp.where(jnp.sum(jnp.ones_like(y)) > 1, 1.0, 0.0)

    for sizes, status in (((1, 2), Status.UNKNOWN), ((2, 3), Status.HOLDS)):
        given = {"domain": {"x": LOGITS, "y": domain.OneHot("n")}, "sizes": {"n": sizes}}
        assert judged(claim(at_zero, beside_others, "value", **given)) is status


def test_what_is_wrong_for_a_single_class_alone_is_not_proved() -> None:
    def beside_others(y: Any) -> Any:
        return jnp.where(jnp.sum(jnp.ones_like(y)) > 1, 1.0, 0.0) + 0 * jnp.sum(y)

    for sizes, proved in (((1, 2), []), ((2, 3), ["value"])):
        given = {"domain": {"y": domain.OneHot("n")}, "sizes": {"n": sizes}}
        assert prove.prove_open(claim(lambda y: jnp.sum(y), beside_others, "value", **given)).proved == proved


def test_the_label_may_be_the_winner() -> None:
    """A region names entry 0 before any program does; the one of a target may stand there all the same."""
    regions = {"x": domain.Saturated("n", winner=0, gap=0.0), "y": domain.OneHot("n")}

    def at_winner(x: Any, y: Any) -> Any:
        return y[0] + 0 * x[0]

    wrong = verdict(claim(at_winner, lambda x, y: 0 * x[0] * y[0], "value", domain=regions))
    assert wrong.status is Status.UNKNOWN
    right = verdict(claim(at_winner, lambda x, y: y[0] ** 2 + 0 * x[0], "value", domain=regions))
    assert right.sizes == ("every n",), right.reason


def test_a_one_hot_target_has_its_one_where_the_region_says() -> None:
    regions = {"x": LOGITS, "y": domain.OneHot("n", index=1)}

    def picked(x: Any, y: Any) -> Any:
        return jnp.sum(x * y)

    for by_hand, status in (
        (lambda x, y: x[1] + 0 * y[0], Status.HOLDS),
        (lambda x, y: 0 * x[0] * y[0], Status.UNKNOWN),
    ):
        found = verdict(claim(picked, by_hand, "value", domain=regions))
        assert found.status is status
        assert not found.sizes or found.sizes[0] == "every n"


def test_at_a_fixed_size_a_one_hot_target_has_its_one_where_the_region_says() -> None:
    given = {"domain": {"y": domain.OneHot("2", index=0)}, "sizes": {}}
    for place, proved in ((0, ["value"]), (1, [])):
        one = claim(lambda y, place=place: y[place], lambda y: 1 + 0 * y[0], "value", **given)
        assert prove.prove_at(trace(one, {}, FLOAT64), 1.0).proved == proved


def test_a_one_hot_target_of_five_classes_is_tried_at_each() -> None:
    given = {"domain": {"y": domain.OneHot("5")}, "sizes": {}}
    whole = claim(lambda y: jnp.sum(y**2), lambda y: 1 + 0 * y[0], "value", **given)
    assert prove.prove_at(trace(whole, {}, FLOAT64), 1.0).proved


def test_a_one_hot_target_of_fixed_length_beside_an_open_axis_has_its_one() -> None:
    given = {"domain": {"x": REALS, "y": domain.OneHot("3")}}
    for factor, proved in ((1, ["value"]), (0, [])):
        whole = claim(lambda x, y: jnp.sum(y) * x, lambda x, y, factor=factor: factor * x, "value", **given)
        assert prove.prove_open(whole).proved == proved


def test_rows_of_one_hot_targets_have_labels_of_their_own() -> None:
    given = {"domain": {"x": LOGITS, "y": domain.OneHot("t n")}, "sizes": {"n": (2,), "t": (2,)}}

    def together(x: Any, y: Any) -> Any:
        return jnp.sum(y[0] * y[1]) + 0 * x[0]

    wrong = verdict(claim(together, lambda x, y: 1.0 + 0 * x[0] * y[0, 0], "value", **given))
    assert wrong.status is not Status.HOLDS
    right = verdict(claim(together, lambda x, y: 1 - jnp.sum(y[0] * (1 - y[1])) + 0 * x[0], "value", **given))
    assert right.status is Status.HOLDS, right.reason


def test_the_label_may_be_an_index_that_the_program_names() -> None:
    """It is compared with a number, and no entry of that number is looked at."""
    given = {"domain": {"x": LOGITS, "y": domain.Labels("", "n")}, "sizes": {"n": (2, 3)}}

    def first(x: Any, y: Any) -> Any:
        return jnp.where(y == 0, 1.0, 0.0) + 0 * x[0]

    assert judged(claim(first, lambda x, y: 0 * x[0], "value", **given)) is not Status.HOLDS
    right = verdict(claim(first, lambda x, y: jnp.where(y > 0, 0.0, 1.0) + 0 * x[0], "value", **given))
    assert right.status is Status.HOLDS, right.reason


@pytest.mark.parametrize("shape", ["1", "3"])
def test_a_distribution_sums_to_one_at_a_fixed_size(shape: str) -> None:
    given = {"domain": {"x": domain.Simplex(shape)}, "sizes": {}}
    assert judged(claim(lambda x: jnp.sum(x), lambda x: 1 + 0 * x[0], "value", **given)) is Status.HOLDS


def test_rows_of_a_distribution_sum_to_one_each() -> None:
    given = {"domain": {"x": domain.Simplex("2 3")}, "sizes": {}}
    sums_of_rows = claim(lambda x: jnp.sum(x, axis=1), lambda x: 1 + 0 * x[:, 0], "value", **given)
    assert prove.prove_at(trace(sums_of_rows, {}, FLOAT64), 1.0).proved


@pytest.mark.parametrize("least", [2, 3])
def test_a_distribution_sums_to_one_also_where_all_of_its_entries_are_named(least: int) -> None:
    """At two entries there are no others that could make up for what the two that are named leave."""
    given = {"domain": {"x": domain.Simplex("n")}, "sizes": {"n": (least, 4)}}
    found = verdict(claim(lambda x: jnp.sum(x[2:]), lambda x: 1 - x[0] - x[1], "value", **given))
    assert found.sizes == ("every n",), found.reason
    wrong = verdict(claim(lambda x: 0 * jnp.sum(x), lambda x: 1 - x[0] - x[1], "value", **given))
    assert wrong.sizes in {(), ("n = 2",)}


def test_the_last_entry_of_a_distribution_is_no_less_than_zero() -> None:
    """At a size it is written by the others, and its sign is known all the same."""
    given = {"x": domain.Simplex("n"), "y": REALS}
    found = verdict(claim(lambda x, y: jnp.abs(x), lambda x, y: x, "value", domain=given, sizes={"n": (2,)}))
    assert found.status is Status.HOLDS
    last = verdict(claim(lambda x, y: jnp.abs(x[-1]), lambda x, y: x[-1], "value", domain=given))
    assert last.sizes == ("n = 2", "n = 3"), last.reason
    assert judged(claim(lambda x, y: jnp.abs(x), lambda x, y: -x, "value", domain=given)) is not Status.HOLDS


def test_the_last_entry_of_a_distribution_is_no_less_than_zero_beside_an_interval() -> None:
    given = {"domain": {"z": domain.Interval("", 1.0, 2.0), "x": domain.Simplex("2")}, "sizes": {}}
    same = claim(lambda z, x: z * jnp.abs(x[-1]), lambda z, x: z * x[-1], "value", **given)
    assert prove.prove_at(trace(same, {}, FLOAT64), 1.0).proved


@pytest.mark.parametrize("end", [1.0, -1.0])
def test_what_is_not_zero_has_either_sign(end: float) -> None:
    """A formula that asks for zero alone says nothing of the side that a value is on."""
    given = {"x": REALS, "y": REALS}
    extreme = jnp.maximum if end > 0 else jnp.minimum

    def beyond(x: Any, y: Any) -> Any:
        return jnp.where(x == 0, end, extreme(x, end))

    assert judged(claim(lambda x, y: end + 0 * x, beyond, "value", domain=given)) is not Status.HOLDS


def test_the_square_of_what_is_at_most_zero_may_be_zero() -> None:
    given = {"x": REALS, "y": domain.Interval("n", -2.0, 0.0)}

    def sign(x: Any, y: Any) -> Any:
        return jnp.sign(y * y)

    assert judged(claim(lambda x, y: 1.0 + 0 * x, sign, "value", domain=given)) is not Status.HOLDS
    # The square is asked for first.
    right = claim(lambda x, y: 0 * x, lambda x, y: sign(x, y) - jnp.where(y < 0, 1.0, 0.0), "value", domain=given)
    assert judged(right) is Status.HOLDS


def whole_claim(fn: Callable[[Any], Any], by_hand: Callable[[Any], Any], **more: Any) -> Claim:
    """That two functions of x are the same, y is there."""
    given = {"domain": {"x": REALS, "y": REALS}, **more}
    return claim(lambda x, y: fn(x) + 0 * y[0], lambda x, y: by_hand(x) + 0 * y[0], "value", **given)


def below(x: Any) -> Any:
    """Exponentials of the entries that are at most zero, together."""
    return jnp.sum(jnp.where(x > 0, 0.0, jnp.exp(x)))


def behind(x: Any) -> Any:
    """The same, less the exponential of each of the other entries."""
    return below(x) - jnp.where(x > 0, jnp.exp(x), 0.0)


SUMS: dict[str, tuple[Callable[[Any], Any], Callable[[Any], Any], Callable[[Any], Any]]] = {
    "a remainder": (
        lambda x: jnp.sum(jnp.exp(x) / (2 + jnp.exp(x))),
        lambda x: jnp.sum(jnp.ones_like(x)) - 2 * jnp.sum(1 / (2 + jnp.exp(x))),
        lambda x: jnp.sum(jnp.ones_like(x)) - jnp.sum(1 / (2 + jnp.exp(x))),
    ),
    "a remainder of a square": (
        lambda x: jnp.sum((jnp.exp(2 * x) + 2 * jnp.exp(x)) / (1 + jnp.exp(x))),
        lambda x: jnp.sum(jnp.exp(x) + 1 - 1 / (1 + jnp.exp(x))),
        lambda x: jnp.sum(jnp.exp(x) + 1 + 1 / (1 + jnp.exp(x))),
    ),
    "entries of one kind and of another": (
        behind,
        lambda x: 2 * behind(x) - behind(x),
        lambda x: jnp.maximum(behind(x), 0.0),
    ),
    "a sum and an entry that need not be in it": (
        lambda x: jnp.abs(jnp.exp(x) - below(x)),
        lambda x: jnp.abs(below(x) - jnp.exp(x)),
        lambda x: jnp.where(below(x) > 0, below(x) - jnp.exp(x), jnp.exp(x)),
    ),
}


@pytest.mark.parametrize("name", SUMS)
def test_sums_over_an_axis_of_any_length(name: str) -> None:
    fn, right, wrong = SUMS[name]
    found = verdict(whole_claim(fn, right))
    assert found.sizes == (("every n",) if "remainder" in name else ("n = 2", "n = 3")), found.reason
    assert judged(whole_claim(fn, wrong)) is not Status.HOLDS


def test_a_sum_of_entries_of_one_kind_may_be_less_than_an_entry_of_another() -> None:
    """Of the entries that are at most zero it is no less than any of them; the others are not in it."""

    def kept(x: Any) -> Any:
        return jnp.where(below(x) > 0, jnp.maximum(behind(x), 0.0), behind(x))

    def of_those_alone(x: Any) -> Any:
        return jnp.where(x > 0, below(x) - jnp.exp(x), jnp.maximum(below(x) - jnp.exp(x), 0.0))

    given = {"domain": {"x": REALS}}
    assert judged(claim(behind, kept, "value", **given)) is not Status.HOLDS
    right = verdict(claim(lambda x: below(x) - jnp.exp(x), of_those_alone, "value", **given))
    assert right.sizes == ("every n",), right.reason


def test_a_product_of_numbers_along_an_axis_of_any_length_is_not_one_of_them() -> None:
    given = {"domain": {"x": REALS}}
    for extreme, status in ((jnp.prod, Status.UNKNOWN), (jnp.max, Status.HOLDS), (jnp.min, Status.HOLDS)):
        twos = claim(lambda x, e=extreme: e(2 + 0 * x), lambda x: 2.0 + jnp.sum(0 * x), "value", **given)
        assert judged(twos) is status


def test_a_product_or_a_maximum_of_rows_is_no_extreme_of_all() -> None:
    for wrong in (lambda x: 2 * jnp.prod(x), lambda x: jnp.max(2 * x), lambda x: jnp.min(2 * x)):
        assert judged(whole_claim(lambda x: jnp.prod(2 * x), wrong)) is not Status.HOLDS
    assert verdict(whole_claim(jnp.prod, lambda x: jnp.prod(x[::-1]))).sizes == ("n = 2", "n = 3")

    # Of each column, another maximum.
    given = {"domain": {"x": domain.Reals("t n"), "y": REALS}, "sizes": {"t": (2, 3), "n": (2, 3)}}

    def columns(x: Any, y: Any) -> Any:
        return jnp.sum(jnp.ones_like(y)) * jnp.max(x, axis=0)

    apart = claim(columns, lambda x, y: jnp.sum(jnp.max(x, axis=0)) + 0 * y, "value", **given)
    assert judged(apart) is not Status.HOLDS


def test_a_sum_along_a_row_depends_on_the_row() -> None:
    square = {"x": domain.Reals("n n"), "y": REALS}

    def rows(x: Any, y: Any) -> Any:
        return jnp.sum(jnp.ones_like(y)) * jnp.sum(jnp.exp(x), axis=1) + 0 * y

    same = claim(rows, lambda x, y: jnp.sum(jnp.exp(x), axis=1) * jnp.sum(y - y + 1), "value", domain=square)
    assert verdict(same).sizes == ("every n",)
    mixed = claim(rows, lambda x, y: jnp.sum(jnp.exp(x)) + 0 * y, "value", domain=square)
    assert judged(mixed) is not Status.HOLDS


PAIRS: dict[str, Any] = {"domain": {"x": domain.Reals("2"), "y": domain.Reals("2")}, "sizes": {}}


def test_a_difference_of_what_is_at_least_zero_has_either_sign() -> None:
    def with_maximum(turn: int) -> Callable[..., Any]:
        def formula(x: Any, y: Any) -> Any:
            whole = x[0] + turn * x[1]
            return jnp.where((x[0] >= 0) & (x[1] >= 0), jnp.maximum(whole, 0.0), whole) + 0 * y[0]

        return formula

    for turn, status in ((1, Status.HOLDS), (-1, Status.UNKNOWN)):
        found = verdict(claim(lambda x, y, t=turn: x[0] + t * x[1] + 0 * y[0], with_maximum(turn), "value", **PAIRS))
        assert found.status is status
        assert found.sizes == (("",) if status is Status.HOLDS else ())


@pytest.mark.parametrize(("low", "high"), [(-2.0, 0.0), (0.0, 2.0), (-2.0, -1.0)])
@pytest.mark.parametrize("shape", ["n", "2"])
def test_what_an_interval_ends_with_is_part_of_it(low: float, high: float, shape: str) -> None:
    given = {"x": domain.Reals(shape), "y": domain.Interval(shape, low, high)}
    sizes = {"n": (2,)} if shape == "n" else {}

    def off(*ends: float) -> Callable[..., Any]:
        return lambda x, y: jnp.where(jnp.any(jnp.stack([y == end for end in ends]), axis=0), 0.0, 1.0) + 0 * x

    for by_hand in (off(low), off(high), off(low, high)):
        found = verdict(claim(lambda x, y: 1.0 + 0 * x * y, by_hand, "value", domain=given, sizes=sizes))
        assert found.status is not Status.HOLDS
    beyond = verdict(claim(lambda x, y: 1.0 + 0 * x * y, off(low - 1), "value", domain=given, sizes=sizes))
    assert beyond.status is Status.HOLDS, beyond.reason


def test_a_logarithm_of_what_turns_out_to_be_negative_is_no_value() -> None:
    """It is asked for first, and the sign is decided after it."""
    given = {"x": REALS, "y": REALS}

    def there_and_back(x: Any, y: Any) -> Any:
        back = jnp.exp(jnp.log(x))
        return jnp.where(x < 0, back, -x)

    assert judged(claim(lambda x, y: -x, there_and_back, "value", domain=given)) is not Status.HOLDS

    def where_it_is(x: Any, y: Any) -> Any:
        back, size = jnp.exp(jnp.log(x)), jnp.exp(jnp.log(x * x))
        return jnp.where(x > 0, back, jnp.where(x < 0, size / x, 0.0))

    right = verdict(claim(lambda x, y: x, where_it_is, "value", domain=given))
    assert right.status is Status.HOLDS, right.reason

    def of_a_square(x: Any, y: Any) -> Any:
        return jnp.sum(jnp.log(x * x))

    below = {"x": domain.Interval("n", -2.0, -1.0), "y": REALS}
    right = verdict(claim(of_a_square, lambda x, y: 2 / x, domain=below))
    assert right.status is Status.HOLDS, right.reason
    assert judged(claim(of_a_square, lambda x, y: -2 / x, domain=below)) is not Status.HOLDS


CLOSED: dict[str, tuple[Callable[[Any], Any], Callable[[Any], Any]]] = {
    "slice": (lambda x: jnp.sum(x[0:2], axis=0), lambda x: x[0] + x[1]),
    "every other": (lambda x: jnp.sum(lax.slice_in_dim(x, 0, 3, 2), axis=0), lambda x: x[0] + x[2]),
    "split": (lambda x: jnp.prod(jnp.split(x, [1])[1], axis=0), lambda x: x[1] * x[2]),
    "slice of both sides": (lambda x: jnp.sum(lax.slice(x, (0, 0), (2, x.shape[1])), axis=0), lambda x: x[0] + x[1]),
    "slice along the second side": (lambda x: lax.dynamic_slice_in_dim(x.T, 1, 1, 1)[:, 0], lambda x: x[1]),
    "moved slice": (lambda x: lax.dynamic_slice_in_dim(x, 1, 1, 0)[0], lambda x: x[1]),
    "slice beyond the end": (lambda x: jnp.sum(lax.dynamic_slice_in_dim(x, 7, 2, 0), axis=0), lambda x: x[1] + x[2]),
    "slice before the start": (lambda x: lax.dynamic_slice_in_dim(x, -7, 1, 0)[0], lambda x: x[0]),
}


@pytest.mark.parametrize("name", CLOSED)
def test_rows_of_a_matrix_with_a_side_of_any_length(name: str) -> None:
    fn, by_hand = CLOSED[name]
    regions = {"x": domain.Reals("3 n"), "y": REALS}
    right = verdict(claim(lambda x, y: fn(x) * y, lambda x, y: y * by_hand(x), "value", domain=regions))
    assert right.sizes == ("every n",), right.reason
    wrong = claim(
        lambda x, y: fn(x) * y, lambda x, y: y * by_hand(x[::-1][jnp.array([0, 2, 1])]), "value", domain=regions
    )
    assert judged(wrong) is not Status.HOLDS


MATRICES: dict[str, tuple[Callable[[Any], Any], Callable[[Any], Any], Callable[[Any], Any]]] = {
    "transposed": (lambda x: x.T + x, lambda x: x + x.T, lambda x: 2 * x),
    "trace": (lambda x: jnp.sum(x * eye(x)), lambda x: jnp.sum(eye(x) * x), jnp.sum),
    "on the diagonal": (lambda x: x * eye(x), lambda x: eye(x) * x, lambda x: 0 * x),
    "off the diagonal": (lambda x: x - x * eye(x), lambda x: (1 - eye(x)) * x, lambda x: 0 * x),
}


def eye(x: Any) -> Any:
    """The unit matrix that goes with x."""
    places = jnp.arange(x.shape[0])
    return jnp.where(places[:, None] == places[None, :], 1.0, 0.0)


@pytest.mark.parametrize("name", MATRICES)
def test_a_square_matrix_has_a_diagonal_and_the_rest(name: str) -> None:
    fn, right, wrong = MATRICES[name]
    square = {"domain": {"x": domain.Reals("n n"), "y": REALS}}
    assert judged(whole_claim(fn, right, **square)) is Status.HOLDS
    assert judged(whole_claim(fn, wrong, **square)) is not Status.HOLDS


def test_a_bound_that_one_mode_leaves_open_is_not_proved(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = claim(lambda x, y: jnp.sum(x**2) + 0 * y[0], lambda x, y: 0 * x[0], "value", relation=">=")
    assert judged(whole) is Status.HOLDS

    def half(*_: Any) -> prove.Outcome:
        return prove.Outcome(proved=["value"], reasons={"another": "a reason"})

    monkeypatch.setattr(bounds, "prove_bound", half)
    assert judged(whole) is Status.UNKNOWN


@pytest.mark.parametrize("budget", ["quick", "standard"])
def test_a_bound_without_a_named_size_is_proved_at_its_size(budget: str) -> None:
    """In a quick run one with a named size is, too, which is not traced with its size left open."""
    squares = claim(lambda x, y: x**2 + 0 * y, lambda x, y: 0 * x, "value", relation=">=")
    fixed = replace(squares, domain={"x": domain.Reals("2"), "y": domain.Reals("2")}, sizes={})
    assert verdict(fixed, budget).sizes == ("",)
    assert verdict(squares, budget).sizes == (("n = 2", "n = 3") if budget == "quick" else ("every n",))


@pytest.mark.parametrize("budget", BUDGETS)
def test_an_identity_without_a_named_size_is_proved_with_any_budget(budget: str) -> None:
    given = {"domain": {"x": domain.Reals("")}, "sizes": {}}
    assert judged(claim(lambda x: x * x, lambda x: x**2, "value", **given), budget) is Status.HOLDS


def test_a_bound_at_a_single_size_is_proved_for_every_one_and_tells_its_kinks() -> None:
    given: dict[str, Any] = {"domain": {"x": REALS}, "relation": "<=", "sizes": {"n": (2,)}}
    found = verdict(claim(lambda x: jnp.sum(jnp.abs(x)), lambda x: jnp.ones_like(x), **given))
    assert (found.sizes, found.exceptions) == (("every n",), ("x_k = 0",))


def test_a_proof_says_how_long_it_took() -> None:
    import time

    started = time.perf_counter()
    found = verdict(claim(lambda x: x * x, lambda x: x**2, "value", domain={"x": domain.Reals("")}, sizes={}))
    assert 0 < found.seconds <= time.perf_counter() - started


def test_the_only_entry_may_be_the_label() -> None:
    """Beside it there is nothing, and nothing is positive."""
    given: dict[str, Any] = {"domain": {"x": REALS, "y": domain.OneHot("n")}, "sizes": {"n": (1, 2)}}

    def beside(x: Any, y: Any) -> Any:
        return jnp.sign(jnp.sum(jnp.exp(x)) - jnp.exp(x[0])) * y[0]

    wrong = verdict(claim(lambda x, y: y[0] + 0 * x[0], beside, "value", **given))
    assert wrong.status is not Status.HOLDS


def test_lengths_are_numbers() -> None:
    def shorter(x: Any) -> Any:
        return x * jnp.asarray(x.shape[0] - 1, x.dtype)

    for turn, status in ((-1, Status.HOLDS), (1, Status.UNKNOWN)):
        found = verdict(whole_claim(shorter, lambda x, t=turn: x * jnp.sum(jnp.ones_like(x)) + t * x))
        assert found.status is status


def test_what_is_kept_between_two_numbers() -> None:
    given = {"domain": {"x": domain.Interval("n", 0.0, 1.0), "y": REALS}}
    assert judged(whole_claim(lambda x: jnp.clip(x, 0.0, 1.0), lambda x: 1 * x, **given)) is Status.HOLDS
    assert judged(whole_claim(lambda x: jnp.clip(x, 0.0, 0.5), lambda x: 1 * x, **given)) is not Status.HOLDS
    clamped = whole_claim(lambda x: lax.clamp(-1.0, x, 2.0), lambda x: 1 * x, **given)
    assert judged(clamped) is Status.HOLDS
    assert judged(whole_claim(lambda x: lax.clamp(0.5, x, 2.0), lambda x: 1 * x, **given)) is not Status.HOLDS


def test_an_axis_of_no_length_of_its_own_is_proved_at_sizes() -> None:
    square = {"domain": {"x": domain.Reals("n n"), "y": REALS}}
    flat = whole_claim(lambda x: jnp.sum(x.reshape(-1) ** 2), lambda x: jnp.sum(x**2), **square)
    found = verdict(flat)
    assert found.sizes == ("n = 2", "n = 3")
    assert "not for every n" in found.reason
    double = {"domain": {"x": domain.Reals("2*n"), "y": REALS}}
    twice = verdict(whole_claim(lambda x: 2 * jnp.sum(x), lambda x: jnp.sum(x) + jnp.sum(x[::-1]), **double))
    assert twice.sizes == ("n = 2", "n = 3")
    assert "2*n" in twice.reason
    marked = whole_claim(lambda x: jnp.where(jnp.arange(x.shape[0]).astype(bool), x, 0.0), lambda x: x.at[0].set(0.0))
    assert judged(marked) is Status.HOLDS
    first = whole_claim(lambda x: jnp.where(jnp.arange(x.shape[0]).astype(bool), x, 0.0), lambda x: 1 * x)
    assert judged(first) is not Status.HOLDS


def test_arithmetic_with_a_label_of_a_few_values() -> None:
    given: dict[str, Any] = {"domain": {"x": REALS, "y": domain.Labels("", 2)}}
    for first, second in ((jnp.minimum, 0), (jnp.maximum, 1)):
        for entry, status in ((second, Status.HOLDS), (1 - second, Status.UNKNOWN)):
            picked = claim(
                lambda x, y, f=first, s=second: x[f(y, s)], lambda x, y, e=entry: x[e] + 0 * x[0], "value", **given
            )
            assert judged(picked) is status


def test_a_winner_at_any_place_is_proved_at_sizes() -> None:
    given = {"x": domain.Saturated("n", winner="any", gap=1.0), "y": REALS}
    found = verdict(claim(entropy, lambda x, y: jnp.sum(y) * softmax(x) - y, domain=given))
    assert found.sizes == ("n = 2", "n = 3"), found.reason
    assert "a winner at any place" in found.reason


# What is zero somewhere, though no sample would meet it; most have no sign but plus elsewhere.
ZERO_SOMEWHERE: dict[str, Callable[[Any, Any], Any]] = {
    "square": lambda x, y: (x - 0.3) ** 2,
    "product": lambda x, y: x * y,
    "square of a product": lambda x, y: (x * y) ** 2,
    "sum of squares": lambda x, y: x * x + y * y,
    "square of a difference": lambda x, y: (x - y) ** 2,
    "written out": lambda x, y: x * x - 2 * x * y + y * y,
    "absolute": lambda x, y: jnp.abs(x - y),
    "maximum": lambda x, y: jnp.maximum(x, 0) + jnp.maximum(-x, 0),
    "exponential": lambda x, y: jnp.exp(x) - 1,
    "its square": lambda x, y: (jnp.exp(x) - jnp.exp(y)) ** 2,
    "hyperbolic": lambda x, y: jnp.cosh(x) - 1,
    "logarithm": lambda x, y: jnp.log(1 + x * x),
    "root": lambda x, y: jnp.sqrt(x * x),
    "quotient": lambda x, y: x * x / (1 + y * y),
    "sum over entries": lambda x, y: jnp.sum(x * x) + 0 * y,
    "softmax": lambda x, y: (softmax(x) - 0.25) ** 2,
}


@pytest.mark.parametrize("name", ZERO_SOMEWHERE)
def test_what_is_wrong_where_something_is_zero_is_not_proved(name: str) -> None:
    zero = ZERO_SOMEWHERE[name]
    given: dict[str, Any] = {"domain": {"x": REALS, "y": REALS}, "sizes": {"n": (1, 2)}}

    def one(x: Any, y: Any) -> Any:
        return 1.0 + 0 * x * y

    asked: tuple[Callable[[Any], Any], ...] = (
        lambda z: jnp.where(z == 0, 0.0, 1.0),
        lambda z: jnp.sign(z) ** 2,
        lambda z: jnp.where(z > 0, 1.0, jnp.where(z < 0, 1.0, 0.0)),
    )
    for choice in asked:
        wrong = verdict(claim(one, lambda x, y, choice=choice: choice(zero(x, y)) + 0 * x * y, "value", **given))
        assert wrong.status is not Status.HOLDS


def test_a_mode_that_is_traced_at_sizes_alone_is_not_proved_for_every_size() -> None:
    """A program that takes another way where its length is a number keeps the sizes it was proved at."""

    def peculiar(x: Any, y: Any) -> Any:
        if not isinstance(x.shape[0], int) and isinstance(y, jax.core.Tracer) and "JVP" in type(x).__name__:
            raise ValueError("no derivative at an open size")
        return jnp.sum(x * y)

    found = verdict(claim(peculiar, lambda x, y: y))
    assert found.sizes == ("n = 2", "n = 3")
    assert "every n by grad, jacrev, vjp alone: " in found.reason


def test_sizes_that_no_proof_reaches_are_searched() -> None:
    """A bound that is proved at two classes says nothing of ten; one that is proved for every size does."""

    def sharp(x: Any, y: Any) -> Any:
        return 2 * softmax(x) * (1 - softmax(x)) + 0 * y

    def by_spread(x: Any, y: Any) -> Any:
        s = softmax(x)
        # The largest of twice a value is not followed along an open axis.
        return s * (1 - s) * (jnp.max(2 * (s - y)) - jnp.min(2 * (s - y))) / 2

    for bound, region, all_of_it in ((sharp, domain.Simplex("n"), True), (by_spread, REALS, False)):
        given = {"domain": {"x": LOGITS, "y": region}, "relation": "abs<=", "sizes": {"n": (2, 10)}}
        case = Case(claim(squared, bound, **given), BUDGETS["standard"], 0)
        found = prove.check(case)
        assert found.status is Status.HOLDS
        assert covers(case, found) == all_of_it


# -- bounds ---------------------------------------------------------------------------------------------------------


def _norm_squared(x: Any, y: Any) -> Any:
    return jnp.sum(jax.grad(squared)(x, y) ** 2)


def _bounded(relation: Any, fn: Callable[..., Any], bound: Callable[..., Any], regions: Any) -> Any:
    subject = claim(lambda x, y: fn(x, y), bound, "value", relation=relation, domain=regions)
    return [bounds.prove_bound(trace(subject, {"n": n}, FLOAT64), 3.0) for n in (2, 3)]


@pytest.mark.parametrize(("factor", "holds"), [(1.0, True), (0.99, False)])
def test_sharp_norm_bound(factor: float, holds: bool) -> None:
    """The sharp constant of the squared error's gradient is proved, one that is 1 % smaller is refused."""

    def bound(x: Any, y: Any) -> Any:
        n = x.shape[0]
        return factor * (n * n + n + 2) * jnp.exp(2 * (jnp.max(x[1:]) - x[0])) + 0 * y[0]

    regions = {"x": domain.Saturated("n", winner=0, gap=0.0), "y": domain.Simplex("n")}
    for outcome in _bounded("<=", _norm_squared, bound, regions):
        assert bool(outcome.proved) == holds, outcome.reasons


@pytest.mark.parametrize(
    ("relation", "bound", "holds"),
    [
        ("abs<=", lambda x, y: 2 * softmax(x) * (1 - softmax(x)) + 0 * y, True),
        ("abs<=", lambda x, y: 1.99 * softmax(x) * (1 - softmax(x)) + 0 * y, False),
        ("<=", lambda x, y: 2 * softmax(x) * (1 - softmax(x)) + 0 * y, True),
        (">=", lambda x, y: -2 * softmax(x) * (1 - softmax(x)) + 0 * y, True),
        (">=", lambda x, y: 0 * x + 0 * y, False),
    ],
    ids=("sharp", "too-small", "signed", "below", "sign"),
)
def test_component_bound(relation: Any, bound: Callable[..., Any], holds: bool) -> None:
    """Both directions, signed and absolute; too small a constant is refused."""
    regions = {"x": LOGITS, "y": domain.Simplex("n")}
    for outcome in _bounded(relation, jax.grad(squared), bound, regions):
        assert bool(outcome.proved) == holds, outcome.reasons


@pytest.mark.parametrize(
    "control", [each for each in CONTROLS if each.claim.relation != "=="], ids=lambda c: c.claim.id
)
def test_no_wrong_bound_has_a_certificate(control: Any) -> None:
    """The controls that are bounds."""
    for size in control.claim.choices():
        if sum(size.values()) <= 4:
            outcome = bounds.prove_bound(trace(control.claim, size, FLOAT64), 3.0)
            assert not outcome.proved


# -- bounds for every size ------------------------------------------------------------------------------------------

WINNER = domain.Saturated("n", winner=0, gap=0.0)
SIMPLEX = domain.Simplex("n")


def _ratio(x: Any) -> Any:
    """The runner-up's exponential by the winner's."""
    return jnp.exp(jnp.max(x[1:]) - x[0])


def _losers(x: Any) -> Any:
    return jnp.sum(softmax(x)[1:])


# Each bound with a constant that is right, and the same bound with it 1 % smaller, or larger where it is from below.
BOUNDS: list[tuple[str, Any, Callable[..., Any], Callable[..., Any], dict[str, Any]]] = [
    ("cauchy", ">=", lambda x: x.shape[0] * jnp.sum(softmax(x) ** 2), lambda x, c: c + 0 * x[0], {"x": LOGITS}),
    ("one", "<=", lambda x: jnp.sum(softmax(x) ** 2), lambda x, c: c + 0 * x[0], {"x": LOGITS}),
    (
        "losers",
        "<=",
        lambda x: _losers(x),
        lambda x, c: c * (x.shape[0] - 1) * _ratio(x) / (1 + c * (x.shape[0] - 1) * _ratio(x)),
        {"x": WINNER},
    ),
    ("one-loser", ">=", lambda x: _losers(x), lambda x, c: c * _ratio(x) / (1 + _ratio(x)), {"x": WINNER}),
    (
        "diameter",
        "<=",
        lambda x, y: jnp.sum((softmax(x) - y) ** 2),
        lambda x, y, c: 2 * c + 0 * x[0],
        {"x": LOGITS, "y": SIMPLEX},
    ),
    (
        "winner-and-label",
        "<=",
        lambda x, y: jnp.sum(jnp.where(y > 0, softmax(x), 0.0)),
        lambda x, y, c: c * softmax(x)[0],
        {"x": WINNER, "y": domain.OneHot("n")},
    ),
    (
        "component",
        "abs<=",
        lambda x, y: jax.grad(squared)(x, y),
        lambda x, y, c: 2 * c * softmax(x) * (1 - softmax(x)) + 0 * y,
        {"x": LOGITS, "y": SIMPLEX},
    ),
    (
        "norm",
        "<=",
        _norm_squared,
        lambda x, y, c: c * (x.shape[0] ** 2 + x.shape[0] + 2) * _ratio(x) ** 2,
        {"x": WINNER, "y": SIMPLEX},
    ),
]


@pytest.mark.parametrize(("relation", "fn", "bound", "regions"), [e[1:] for e in BOUNDS], ids=[e[0] for e in BOUNDS])
def test_bounds_for_every_size(relation: Any, fn: Any, bound: Any, regions: Any) -> None:
    """Sharp constants are proved, one that is 1 % off or a bound the other way round is not, at any size."""
    more = 101 / 100 if relation == ">=" else 99 / 100
    other = {"<=": ">=", ">=": "<=", "abs<=": ">="}[relation]
    for factor, stated, holds in ((1.0, relation, True), (more, relation, False), (1.0, other, False)):
        subject = claim(
            lambda **given: fn(**given),
            lambda factor=factor, **given: bound(**given, c=factor),
            "value",
            relation=stated,
            domain=regions,
        )
        outcome = prove.prove_open_bound(subject)
        assert (bool(outcome.proved) and not outcome.reasons) == holds, (factor, stated, outcome.reasons)


@pytest.mark.parametrize(
    "control", [each for each in CONTROLS if each.claim.relation != "=="], ids=lambda c: c.claim.id
)
def test_no_wrong_bound_is_proved_for_every_size(control: Any) -> None:
    """The controls that are bounds, with their sizes left open."""
    if any(control.claim.choices()):
        assert not prove.prove_open_bound(control.claim).proved


def test_terms_that_cover_others() -> None:
    """Exponents moved together, further factors of at most one; and what looks alike but is not smaller."""

    def term(*powers: int, scalars: tuple[int, ...] = ()) -> Any:
        return scalars, tuple(sorted((0, (each,)) for each in powers))

    def covers_it(upper: Any, lower: Any, bounded: bool) -> bool:
        return sums.dominates(upper, lower, [bounded] * len(upper[0]), [bounded])

    assert covers_it(term(2, 0), term(1, 1), False)
    assert not covers_it(term(1, 1), term(2, 0), False)
    assert not covers_it(term(2, 0), term(2, 1), False)
    assert covers_it(term(2, 0), term(2, 1), True)
    assert not covers_it(term(2, 1), term(2, 0), True)
    assert not covers_it(term(2), term(1, 1), True)
    assert covers_it(term(1, scalars=(1,)), term(1, scalars=(2,)), True)
    assert not covers_it(term(1, scalars=(1,)), term(1, scalars=(2,)), False)
    assert not covers_it(term(3, 1, 1), term(2, 2, 0), True)


# ---------------------------------------------------------------------------------------------------------------
# Values that a choice asks about, and nothing else uses.

ASKED: dict[str, tuple[Callable[..., Any], domain.Region, domain.Region]] = {
    "root": (lambda x: jnp.isnan(jnp.sqrt(x)), domain.Reals("n"), domain.Positive("n")),
    "shifted root": (lambda x: jnp.isnan(jnp.sqrt(x + 1e6)), domain.Reals("n"), domain.Interval("n", -4.0, 4.0)),
    "logarithm": (lambda x: ~jnp.isfinite(jnp.log(x)), domain.Reals("n"), domain.Positive("n")),
    "quotient": (lambda x: ~jnp.isfinite(1 / x), domain.Reals("n"), domain.Positive("n")),
    "quotient and sign": (lambda x: jnp.sign(1 / (1 + x)) > 2, domain.Reals("n"), domain.Positive("n")),
    "logarithm and maximum": (
        lambda x: jnp.maximum(jnp.log(x) ** 2, -1.0) < 0,
        domain.Reals("n"),
        domain.Positive("n"),
    ),
}


@pytest.mark.parametrize("name", ASKED)
def test_a_value_that_is_only_asked_about_has_to_be_one(name: str) -> None:
    """Where it is none, the program takes the other case, or it may: no proof for all inputs."""
    condition, everywhere, where_it_is = ASKED[name]

    def slope(x: Any) -> Any:
        return jnp.where(condition(x), 5 * x, 2 * x)

    subject = claim(lambda x: jnp.sum(x**2), slope, domain={"x": everywhere}, sizes={"n": (2,)})
    assert judged(subject) is Status.UNKNOWN
    assert judged(replace(subject, domain={"x": where_it_is})) is Status.HOLDS


def test_a_difference_at_a_fixed_size_is_told() -> None:
    """Where there is no size to leave open, the difference is that of the fixed one."""
    given = {"domain": {"x": domain.Reals("3")}, "sizes": {}}
    found = verdict(claim(lambda x: jnp.sum(x**3), lambda x: 3 * x**2 + x, **given))
    assert found.status is not Status.HOLDS
    assert found.residual
    last = claim(lambda x: jnp.sum(x**3), lambda x: 3 * x**2 * jnp.array([1.0, 1.0, 2.0]), **given)
    assert verdict(last).residual == "−3 x_2^2"


@pytest.mark.parametrize(("factor", "holds"), [(0.3, True), (0.31, False)])
def test_a_power_with_a_float_as_exponent_has_a_gradient(factor: float, holds: bool) -> None:
    subject = claim(
        lambda x, y: jnp.sum(x**0.3),
        lambda x, y: factor * x**0.3 / x,
        domain={"x": domain.Positive("n"), "y": domain.Reals("n")},
    )
    assert (judged(subject) is Status.HOLDS) == holds


@pytest.mark.parametrize(
    "slope",
    [
        lambda x: jnp.where(jnp.sum(x) == 0, 5.0, 2.0) * x,
        lambda x: 2 * x * jnp.sum(x) / jnp.sum(x),
        lambda x: 2 * x * jnp.mean(x**3) / jnp.mean(x**3),
        lambda x: jnp.where(jnp.sum(x) - x == 0, 5.0, 2.0) * x,
    ],
    ids=("choice", "quotient", "cubes", "others"),
)
def test_entries_that_are_not_zero_may_sum_to_zero(slope: Callable[..., Any]) -> None:
    """At x = (1, -1) the sum and that of the cubes are zero; of a single entry there are no others."""
    given = {"domain": {"x": domain.Nonzero("n")}, "sizes": {"n": (1, 2)}}
    found = verdict(claim(lambda x: jnp.sum(x**2), slope, **given))
    assert found.sizes in ((), ("n = 1",)) or found.exceptions


@pytest.mark.parametrize(("low", "high", "turn"), [(1.0, 2.0, 1), (-2.0, -1.0, -1)])
def test_the_others_of_a_single_entry_sum_to_zero(low: float, high: float, turn: int) -> None:
    """A sum of entries of one sign less one of them has that sign, or is zero where there is one entry alone."""
    domains = {"x": domain.Interval("n", low, high)}

    def slope(x: Any) -> Any:
        return jnp.where(turn * (jnp.sum(x) - x) > 0, 2.0, 3.0) * x

    subject = claim(lambda x: jnp.sum(x**2), slope, domain=domains, sizes={"n": (1, 2)})
    assert verdict(subject).status is Status.UNKNOWN
    several = verdict(replace(subject, sizes={"n": (2, 3)}))
    assert (several.status, several.exceptions) == (Status.HOLDS, ())


@pytest.mark.parametrize("factor", [2.0, 3.0])
def test_the_branch_is_that_of_the_platform_it_runs_on(factor: float) -> None:
    def function(x: Any, y: Any) -> Any:
        return lax.platform_dependent(x, tpu=lambda x: 2 * x, default=lambda x: 3 * x)

    domains = {"x": domain.Reals("n"), "y": domain.Reals("n")}
    found = verdict(claim(function, lambda x, y: factor * x, "value", domain=domains))
    assert (found.status is Status.HOLDS) == (factor == 3.0)
    assert found.sizes == (("every n",) if factor == 3.0 else ())


@pytest.mark.parametrize(
    ("fn", "right", "wrong"),
    [
        (
            lambda x, y: jnp.diagonal(jax.jacfwd(jax.nn.softmax)(y)),
            lambda x, y: jax.nn.softmax(y) * (1 - jax.nn.softmax(y)),
            lambda x, y: jax.nn.softmax(y) * (1 - jax.nn.softmax(y)[0]),
        ),
        (
            lambda x, y: jnp.diagonal(x @ x.T),
            lambda x, y: jnp.sum(x**2, axis=1),
            lambda x, y: jnp.sum(x**2, axis=0),
        ),
        (
            lambda x, y: x[jnp.arange(y.shape[0])[:, None], jnp.arange(y.shape[0])[None, :]],
            lambda x, y: x,
            lambda x, y: x.T,
        ),
        (
            lambda x, y: x[jnp.arange(y.shape[0]), 1] * y,
            lambda x, y: x[:, 1] * y,
            lambda x, y: jnp.diagonal(x) * y,
        ),
    ],
    ids=["softmax", "product", "pairs", "column"],
)
def test_entries_at_indices_along_an_axis_of_any_length_are_proved(
    fn: Callable[..., Any], right: Callable[..., Any], wrong: Callable[..., Any]
) -> None:
    given = {"domain": {"x": domain.Reals("n n"), "y": REALS}}
    found = verdict(claim(fn, right, "value", **given))
    assert (found.status, found.evidence, found.sizes) == (Status.HOLDS, "proved", ("every n",))
    assert judged(claim(fn, wrong, "value", **given)) is not Status.HOLDS


@pytest.mark.parametrize("factor", [2.0, 3.0])
def test_the_entry_of_a_diagonal_at_the_label_is_read(factor: float) -> None:
    """With a one-hot y the diagonal is 3 at the label and 1 elsewhere."""

    def function(x: Any, y: Any) -> Any:
        return jnp.diagonal(1 + 2 * y[:, None] * y[None, :])

    given = {"domain": {"x": domain.Reals("n n"), "y": domain.OneHot("n")}}
    subject = claim(function, lambda x, y: 1 + (factor - 1) * y, "value", **given)
    found = verdict(subject)
    assert (found.status is Status.HOLDS) == (factor == 3.0)
    assert found.sizes == (("every n",) if factor == 3.0 else ())


@pytest.mark.parametrize(
    ("fn", "reason"),
    [
        (lambda x, y: x[-1 - jnp.arange(y.shape[0]), 0], "a comparison of an index with a number"),
        (lambda x, y: x[jnp.arange(y.shape[0]), 2], "index 2 of an axis of any length from 2"),
        (lambda x, y: jnp.ones((2, 3))[:, jnp.arange(y.shape[0])][0], "a gather of several entries"),
        (lambda x, y: jnp.ones((2, 3))[1, jnp.arange(y.shape[0])], "not written out"),
        (lambda x, y: x[jnp.arange(y.shape[0])][:, 0], "a gather of several entries"),
        (lambda x, y: x[1:][jnp.arange(y.shape[0] - 1), 0], "a count along a part"),
        (lambda x, y: x[1:][jnp.arange(y.shape[0]), 0], "an index into a part"),
    ],
    ids=["from behind", "beyond the least", "columns", "of a closed axis", "rows", "of the rest", "into the rest"],
)
def test_other_indices_along_an_axis_of_any_length_are_refused_with_a_reason(
    fn: Callable[..., Any], reason: str
) -> None:
    given = {"domain": {"x": domain.Reals("n n"), "y": REALS}}
    tried = prove.prove_open(claim(fn, lambda x, y: -fn(x, y), "value", **given))
    assert not tried.proved
    assert reason in " ".join(tried.reasons.values())


@pytest.mark.parametrize("reverse", [False, True])
def test_weights_that_are_a_running_sum_of_indices_are_those_of_its_direction(reverse: bool) -> None:
    """Of 0, 1, …, n - 1 the sum up to k is k (k + 1) / 2; from k on it is not."""

    def weighted(x: Any) -> Any:
        return jnp.sum(x * lax.cumsum(jnp.arange(x.shape[0]), 0, reverse=reverse).astype(x.dtype))

    def forwards(x: Any) -> Any:
        k = jnp.arange(x.shape[0]).astype(x.dtype)
        return k * (k + 1) / 2 + 0 * x

    subject = Claim(
        id="made-up.weights",
        autodiff=Derivative(weighted, "gradient", wrt="x"),
        by_hand=forwards,
        domain={"x": REALS},
        sizes={"n": (3, 4)},
    )
    assert (judged(subject) is Status.HOLDS) is not reverse


@pytest.mark.parametrize("right", [True, False])
def test_a_whole_exponent_without_a_sign_is_never_below_zero(right: bool) -> None:
    """The largest ones are kept as numbers below zero: a quotient is no proof of such a power."""
    from verify import check
    from verify.domain import Interval

    def power(x: Any) -> Any:
        return lax.pow(x, jnp.array(2**64 - 2, jnp.uint64))

    claim = Claim(
        id="powers.unsigned",
        autodiff=Derivative(lambda x, y: y * power(x), "gradient", wrt="y"),
        by_hand=(lambda x, y: power(x)) if right else (lambda x, y: 1 / (x * x)),
        domain={"x": Interval("", 0.5, 0.75), "y": Interval("", 0.5, 0.75)},
        sizes={},
        expect=Status.HOLDS if right else Status.FAILS,
    )
    report = check(claim, budget="quick")
    assert report.status is claim.expect
    assert report.row.evidence == ("proved" if right else "counterexample")
