"""The engines: what HOLDS means, what does not decide, and whether floats are judged by what rounding allows."""

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import jax
import jax.numpy as jnp
import made_up
import numpy as np
import pytest
from flint import arb
from jax import lax

import verify
from verify import engines
from verify.claim import Claim, Derivative, OutOfTime, Status, Verdict
from verify.domain import Interval, Labels, Logits, Nonzero, OneHot, Positive, Reals, Saturated, Simplex
from verify.engines import BUDGETS, NOT_SEARCHED, Budget, enclose, falsify, floats, judge
from verify.engines.case import (
    CONFIRMED,
    LEVELS,
    OPEN,
    REFUTED,
    Case,
    Points,
    Readings,
    apart,
    contract,
    decide,
    decimal,
    decimal_pair,
    draw,
    joined,
)
from verify.formats import FLOAT64, FORMATS, hexadecimal
from verify.program import trace
from verify.readings import budgets
from verify.readings.budgets import Allowance
from verify.readings.exact import balls, finite, precision
from verify.readings.interpreter import Trail

# What these tests are about does not hang on how much work a budget of the command buys.
QUICK = replace(BUDGETS["quick"], points=24, examples=10)
REAL = {"x": Reals("n")}
SIZES = {"n": (2, 3)}


def claim(fn: Any, by_hand: Any, kind: Any = "gradient", domain: Any = None, **more: Any) -> Claim:
    domain = domain or REAL
    return Claim(
        id=more.pop("id", "case"),
        autodiff=Derivative(fn, kind, None if kind == "value" else more.pop("wrt", "x")),
        by_hand=by_hand,
        domain=domain,
        sizes=more.pop("sizes", SIZES),
        **more,
    )


def enclosed(*args: Any, seed: int = 0, **more: Any) -> Verdict:
    return enclose.check(Case(claim(*args, **more), QUICK, seed))


def _squares(x: Any) -> Any:
    return jnp.sum(x**2)


SQUARES = claim(_squares, lambda x: 2 * x)


# ---------------------------------------------------------------------------------------------------------------
# Literals.


def test_literals_hold_up_to_their_own_rounding() -> None:
    verdict = enclosed(lambda x: jnp.sum(x * 0.1 * 3), lambda x: jnp.full_like(x, 0.3))
    assert verdict.status is Status.HOLDS
    assert set(verdict.literals) == {"0.1", "0.3"}
    assert "up to the rounding of the literals" in verdict.reason


def test_of_all_points_that_refute_a_small_one_is_shown() -> None:
    verdict = enclosed(_squares, lambda x: 3 * x, sizes={"n": (2, 5)})
    assert verdict.worst is not None
    assert verdict.worst.size == {"n": 2}


def test_a_literal_that_is_off_by_more_fails() -> None:
    verdict = enclosed(lambda x: jnp.sum(x * 0.1 * 3), lambda x: jnp.full_like(x, 0.3 * (1 + 1e-15)))
    assert verdict.status is Status.FAILS
    assert verdict.worst is not None


def test_of_an_allowance_that_saves_nothing_nothing_is_told() -> None:
    verdict = enclosed(lambda x: jnp.sum(x) * 0.5, lambda x: jnp.full_like(x, 0.3))
    assert verdict.status is Status.FAILS
    assert verdict.literals == ()


@pytest.mark.parametrize(
    ("factor", "status"), [(1 + 1e-15, Status.FAILS), (1 + 2.0**-40, Status.FAILS), (1.0, Status.HOLDS)]
)
def test_short_of_rounding_there_is_no_allowance(factor: float, status: Status) -> None:
    assert enclosed(_squares, lambda x: 2 * x * factor).status is status


def test_literals_that_agree_need_no_allowance() -> None:
    verdict = enclosed(lambda x: jnp.sum(x**2) * 0.1, lambda x: 2 * x * 0.1)
    assert verdict.status is Status.HOLDS
    assert verdict.literals == ()


def test_literals_in_an_array_are_literals_too() -> None:
    weights = np.array([0.1, 0.7])
    verdict = enclosed(lambda x: jnp.sum(weights * x) * 3, lambda x: np.array([0.3, 2.1]) + 0 * x, sizes={"n": (2,)})
    assert verdict.status is Status.HOLDS
    assert "0.3" in verdict.literals


def test_whole_numbers_and_long_arrays_are_no_literals() -> None:
    short, long, place = np.array([0.1, 0.7]), np.full(5000, 0.3), np.array([1, 0])

    def by_hand(x: Any) -> Any:
        return jnp.sum(short * x[place]) + jnp.sum(jnp.asarray(long) * x[0])

    subject = trace(claim(_squares, by_hand, "value"), {"n": 2}, FLOAT64)
    assert {0.1, 0.7} <= set(subject.formula.numbers) <= {0.0, 0.1, 0.7, 2.0}


@pytest.mark.parametrize(("count", "status"), [(2, Status.HOLDS), (5000, Status.FAILS)])
def test_of_a_long_array_every_bit_counts(count: int, status: Status) -> None:
    """Two neighbours are apart by no more than the rounding of either, where they are literals."""
    one, next_one = np.full(count, 0.3), np.full(count, np.nextafter(0.3, 1))
    found = enclosed(lambda x: jnp.asarray(one)[0] * x, lambda x: x * jnp.asarray(next_one)[0], "value")
    assert found.status is status


def _loses_to(x: Any) -> Any:
    """What is left of one beside a tempered softmax: it cancels where the gap is large."""
    e = jnp.exp(x / 0.1)
    return 1 - e[0] / jnp.sum(e)


@pytest.mark.parametrize(
    ("factor", "status"), [(1.0, Status.UNKNOWN), (1 + 1e-10, Status.FAILS), (-7.0, Status.FAILS)], ids=str
)
def test_a_literal_that_the_program_inflates_is_followed_by_slopes(factor: float, status: Status) -> None:
    def by_hand(x: Any) -> Any:  # ten times is not a division by 0.1, but for its rounding
        z = jnp.exp((x[1] - x[0]) * 10.0)
        return jnp.where(x[0] - x[1] > 3, factor, 1.0) * z / (1 + z)

    assert enclosed(_loses_to, by_hand, "value", {"x": Logits("2")}, sizes={}).status is status


def test_slopes_by_literals_are_read_in_modes_with_a_direction_too() -> None:
    def by_hand(x: Any) -> Any:
        z = jnp.exp((x[1] - x[0]) * 10.0)
        slope = 10.0 * z / (1 + z) ** 2
        return jnp.stack([-slope, slope])

    case = Case(claim(_loses_to, by_hand, domain={"x": Logits("2")}, sizes={}), QUICK, 0)
    assert any(program.directions for program in case.subject({}).modes)
    assert enclose.check(case).status is Status.UNKNOWN


def test_slopes_say_nothing_across_a_choice() -> None:
    def by_hand(x: Any) -> Any:  # the literal itself decides
        z = jnp.exp((x[1] - x[0]) * 10.0)
        return jnp.where((0 * x[0] + 0.1) * 10 > 1.0, 2.0, 1.0) * z / (1 + z)

    assert enclosed(_loses_to, by_hand, "value", {"x": Logits("2")}, sizes={}).status is Status.UNKNOWN


# ---------------------------------------------------------------------------------------------------------------
# Kinks.


def test_an_absolute_value_holds_off_its_kink() -> None:
    verdict = enclosed(lambda x: jnp.sum(jnp.abs(x)), lambda x: jnp.sign(x))
    assert verdict.status is Status.HOLDS
    (exception,) = verdict.exceptions
    assert "decides an exact equality" in exception
    assert "grad takes 1.00000, the formula 0" in exception


def test_an_absolute_value_away_from_its_kink_needs_no_exception() -> None:
    verdict = enclosed(lambda x: jnp.sum(jnp.abs(x)), lambda x: jnp.sign(x), domain={"x": Nonzero("n")})
    assert verdict.status is Status.HOLDS
    assert verdict.exceptions == ()


def test_a_tie_of_a_maximum_does_not_decide() -> None:
    verdict = enclosed(
        lambda x: jnp.max(x),
        lambda x: (jnp.arange(x.shape[0]) == jnp.argmax(x)).astype(x.dtype),
        domain={"x": Logits("n")},
    )
    assert verdict.status is Status.HOLDS
    assert "decides an exact equality" in verdict.exceptions[0]


def test_a_wrong_formula_off_the_kink_fails_beside_it() -> None:
    verdict = enclosed(lambda x: jnp.sum(jnp.abs(x)), lambda x: jnp.sign(x) * jnp.where(x > 2, 1.5, 1.0))
    assert verdict.status is Status.FAILS


@pytest.mark.parametrize("differentiates", [True, False])
def test_a_kink_of_jax_s_side_stays_one_where_the_other_side_is_a_derivative_too(differentiates: bool) -> None:
    def by_hand(x: Any) -> Any:
        return 2 * x

    setattr(by_hand, "differentiates", differentiates)  # noqa: B010
    found = enclosed(lambda x: jnp.sum(jnp.where(x == 0, 7 * x, x * x)), by_hand)
    assert found.status is Status.HOLDS
    assert found.exceptions


def test_where_only_the_formula_branches_the_point_decides() -> None:
    verdict = enclosed(_squares, lambda x: jnp.where(x == 0, 1.0, 2 * x))
    assert verdict.status is Status.FAILS
    assert verdict.worst is not None
    assert 0.0 in verdict.worst.arguments["x"]


def test_nothing_but_kinks_decides_nothing() -> None:
    verdict = enclosed(lambda x: jnp.sum(jnp.where(2 * x == x + x, x**2, 0.0)), lambda x: 3 * x)
    assert verdict.status is Status.UNKNOWN
    assert "no point decides grad" in verdict.reason


# ---------------------------------------------------------------------------------------------------------------
# Coverage.


def test_a_branch_that_is_never_taken_is_unknown_and_named() -> None:
    verdict = enclosed(_squares, lambda x: jnp.where(x > 1e7, 5 * x, 2 * x))
    assert verdict.status is Status.UNKNOWN
    assert "a choice was not seen both ways: select_n" in verdict.reason
    assert "in formula never took outcome 1" in verdict.reason


def test_of_a_claim_that_a_point_refutes_no_choice_is_asked_for() -> None:
    """A point of each size is enough; what is right everywhere else draws more, to see the other outcome."""
    wrong = enclosed(_squares, lambda x: jnp.where(x > 1e9, 2 * x, 3 * x))
    assert wrong.status is Status.FAILS
    right = enclosed(_squares, lambda x: jnp.where(x > 1e9, 3 * x, 2 * x))
    assert right.status is Status.UNKNOWN
    assert "never took outcome 1" in right.reason
    assert wrong.checked < right.checked / 2


def test_the_line_of_the_branch_is_named() -> None:
    verdict = enclosed(_squares, lambda x: lax.select(x > 1e7, 5 * x, 2 * x))
    assert "select_n (test_engines.py:" in verdict.reason


def _largest_of_the_last(x: Any) -> Any:
    return lax.reduce_window(jnp.append(x, 1e7), -np.inf, lax.max, (2,), (1,), "valid")[-1]


# All of these are 2x wherever a point is drawn, and something else beyond 1e7.
HIDDEN: dict[str, Callable[..., Any]] = {
    "where": lambda x: jnp.where(x > 1e7, 5 * x, 2 * x),
    "where on the derivative side of a scan": lambda x: lax.map(lambda u: jnp.where(u > 1e7, 5 * u, 2 * u), x),
    "minimum": lambda x: 2 * jnp.minimum(x, 1e7),
    "maximum": lambda x: 2 * jnp.maximum(x, -1e7),
    "clip": lambda x: 2 * jnp.clip(x, -1e7, 1e7),
    "sign": lambda x: 2 * x * jnp.sign(x + 1e7),
    "argmax": lambda x: jnp.where(jnp.argmax(jnp.append(x, 1e7)) == x.shape[0], 2 * x, 5 * x),
    "cond": lambda x: lax.cond(x[0] > 1e7, lambda: 5 * x, lambda: 2 * x),
    "cond on any": lambda x: lax.cond((x > 1e7).any(), lambda: 5 * x, lambda: 2 * x),
    "index chosen": lambda x: jnp.array([2.0, 5.0]).astype(x.dtype)[jnp.where(x[0] > 1e7, 1, 0)] * x,
    "cond of a constant": lambda x: lax.cond(x[0] > 1e7, lambda v: v + 4.0, lambda v: v + 1.0, x.dtype.type(1.0)) * x,
    "switch": lambda x: lax.switch((x[0] > 1e7).astype(np.int32), [lambda: 2 * x, lambda: 5 * x]),
    "where of whole numbers": lambda x: jnp.where(jnp.where(x > 1e7, 3, 1) == 3, 5 * x, 2 * x),
    "index": lambda x: jnp.array([2, 5]).astype(x.dtype).at[(x > 1e7).astype(np.int32)].get(mode="clip") * x,
    "place in a mask": lambda x: 2 * x + jnp.argmax(x > 1e7).astype(x.dtype),
    "least place in a mask": lambda x: 2 * x + jnp.argmin(x <= 1e7).astype(x.dtype),
    "sum of masked entries": lambda x: 2 * x + lax.dot(x > 1e7, x),
    "ordered by a mask": lambda x: lax.sort((x > 1e7, 2 * x), num_keys=1)[1],
    "first of a mask": lambda x: 2 * x + lax.top_k(x > 1e7, 1)[1][0].astype(x.dtype),
    "product with an answer": lambda x: (2 + 3 * (x > 1e7).astype(x.dtype)) * x,
    "largest of several": lambda x: 2 * x + jnp.max(jnp.append(x, 1e7)) - 1e7,
    "last in order": lambda x: 2 * x + jnp.sort(jnp.append(x, 1e7))[-1] - 1e7,
    "first of the largest": lambda x: 2 * x + lax.top_k(jnp.append(x, 1e7), 1)[0] - 1e7,
    "largest until here": lambda x: 2 * x + lax.cummax(jnp.append(1e7, x))[1:] - 1e7,
    "largest in a window": lambda x: (
        2 * x + lax.reduce_window(jnp.append(x, 1e7), -np.inf, lax.max, (2,), (1,), "valid")[-1] - 1e7
    ),
    "slope of the largest in a window": lambda x: 2 * x + jax.grad(_largest_of_the_last)(x),
    "place of the largest": lambda x: 2 * x + (jnp.argmax(jnp.append(x, 1e7)) - x.shape[0]).astype(x.dtype),
    "absolute value": lambda x: 2 * x + jnp.abs(x + 1e7) - (x + 1e7),
    "clamp": lambda x: 2 * lax.clamp(x.dtype.type(-1e7), x, x.dtype.type(1e7)),
    "floor": lambda x: 2 * x + jnp.floor(jnp.abs(x) / 1e7),
    "ceil": lambda x: 2 * x + jnp.ceil(-jnp.abs(x) / 1e7),
    "larger of two answers": lambda x: jnp.where(jnp.maximum(x > 1e7, jnp.zeros(x.shape, bool)), 5 * x, 2 * x),
    "largest of several answers": lambda x: jnp.where(
        jnp.max(jnp.stack([x > 1e7, jnp.zeros(x.shape, bool)]), 0), 5 * x, 2 * x
    ),
    "place of an answer": lambda x: jnp.where(
        jnp.argmax(jnp.stack([jnp.zeros(x.shape, bool), x > 1e7]), 0) == 1, 5 * x, 2 * x
    ),
    "while": lambda x: lax.while_loop(lambda c: c[1] > 1e7, lambda c: (2 * c[0], c[1] / 2), (2 * x, x[0]))[0],
    "cast to whole numbers": lambda x: 2 * x + (x / 1e7).astype(np.int64).astype(x.dtype),
    "round": lambda x: 2 * x + jnp.round(x / 1e7),
    "remainder": lambda x: 2 * lax.rem(x, jnp.full_like(x, 1e7)),
}


@pytest.mark.parametrize("name", HIDDEN)
def test_every_kind_of_choice_has_to_be_seen(name: str) -> None:
    verdict = enclosed(_squares, HIDDEN[name], sizes={"n": (2,)})
    assert verdict.status is Status.UNKNOWN
    assert "never took outcome" in verdict.reason


ROUNDED: dict[str, tuple[Callable[..., Any], Callable[..., Any]]] = {
    "ties to even": (lambda x: jnp.round(x), lambda x: jnp.floor(x + 0.5)),
    "ties of tenths": (lambda x: jnp.round(10 * x) / 10, lambda x: jnp.floor(10 * x + 0.5) / 10),
    "ties away from zero": (
        lambda x: lax.round(x, lax.RoundingMethod.AWAY_FROM_ZERO),
        lambda x: jnp.round(x),
    ),
    "floor": (jnp.floor, lambda x: jnp.ceil(x) - 1),
    "cast": (lambda x: x.astype(np.int64).astype(x.dtype), lambda x: jnp.sign(x) * (jnp.ceil(jnp.abs(x)) - 1)),
    "remainder": (
        lambda x: lax.rem(x, jnp.ones_like(x)) - x,
        lambda x: -jnp.sign(x) * (jnp.ceil(jnp.abs(x)) - 1),
    ),
}


@pytest.mark.parametrize("name", ROUNDED)
def test_a_formula_that_is_wrong_at_jumps_alone_is_refused(name: str) -> None:
    """And one that is right there holds, with nothing left to say."""
    steps, wrong = ROUNDED[name]
    right = enclosed(lambda x: jnp.sum(lax.stop_gradient(steps(x)) * x), steps, sizes={"n": (2,)})
    assert right.status is Status.HOLDS, right.reason
    assert right.exceptions == ()
    found = enclosed(lambda x: jnp.sum(lax.stop_gradient(steps(x)) * x), wrong, sizes={"n": (2,)})
    assert found.status is Status.FAILS


@pytest.mark.parametrize("step", [jnp.round, jnp.floor, jnp.ceil, lambda x: x.astype(np.int64)])
def test_that_no_point_lies_at_a_jump_is_said(step: Callable[..., Any]) -> None:
    """No float lies where 3.7 x + 0.1 is a whole number; where the domain has no jump, nothing is said."""

    def steps(x: Any) -> Any:
        return step(3.7 * x + 0.1).astype(x.dtype)

    for domain, said in ((REAL, 1), ({"x": Interval("n", 0.05, 0.1)}, 0)):
        found = enclosed(lambda x: jnp.sum(lax.stop_gradient(steps(x)) * x), steps, domain=domain)
        assert found.status is Status.HOLDS, found.reason
        assert len(found.exceptions) == said
        assert all(each.startswith("no point lies exactly where ") for each in found.exceptions)


def test_a_cast_does_not_jump_at_zero() -> None:
    """The whole part of 3.7 x is zero on both sides of it, and no float lies where it changes."""

    def steps(x: Any) -> Any:
        return (3.7 * x).astype(np.int64).astype(x.dtype)

    found = enclosed(lambda x: jnp.sum(lax.stop_gradient(steps(x)) * x), steps, sizes={"n": (2,)})
    assert found.status is Status.HOLDS, found.reason
    assert len(found.exceptions) == 1


def test_that_no_remainder_is_tried_at_its_jump_is_said() -> None:
    def rest(x: Any) -> Any:
        return lax.rem(x, jnp.full_like(x, 3.7))

    found = enclosed(lambda x: jnp.sum(lax.stop_gradient(rest(x)) * x), rest, sizes={"n": (2,)})
    assert found.status is Status.HOLDS, found.reason
    assert len(found.exceptions) == 1
    assert found.exceptions[0].startswith("no point lies exactly where rem (test_engines.py:")


def test_floats_of_the_other_claims_are_run_where_one_has_no_reading() -> None:
    """And say at which size."""

    def triangle(x: Any) -> Any:
        return jnp.sum(jax.scipy.linalg.schur(jnp.outer(x, x))[0])

    unread = claim(triangle, lambda x: jnp.sum(x), "value", id="un.read")
    first, second = floats.check_all([Case(each, QUICK, 0) for each in (unread, SQUARES)])
    assert isinstance(first, Verdict)
    assert isinstance(second, Verdict)
    assert "schur" in first.reason
    assert second.floats == "inside"
    assert second.sizes == ("n = 3",)


def test_every_entry_has_to_show_its_choice() -> None:
    """That the other entries take both sides says nothing of the first."""

    def late(x: Any) -> Any:
        return jnp.zeros(x.shape, x.dtype).at[0].set(1e7)

    def first(x: Any, there: Any) -> Any:
        return jnp.where(jnp.arange(x.shape[0]) == 0, there, 2 * x)

    for hidden in (
        lambda x: jnp.where(x > late(x), first(x, 5 * x), 2 * x),
        lambda x: first(x, 2 * jnp.maximum(x, -late(x))),
    ):
        verdict = enclosed(_squares, hidden)
        assert verdict.status is Status.UNKNOWN
        assert "never took outcome" in verdict.reason
    found = enclosed(_squares, lambda x: jnp.where(x > late(x), first(x, 5 * x), 2 * x))
    assert "never took outcome 1 at entry 0 at n = 2" in found.reason


def test_a_test_and_a_body_of_one_loop_choose_apart() -> None:
    """That the test is seen both ways says nothing of what the body does."""

    def beyond(c: Any) -> Any:
        return lax.select(c[0] > 2e7, c[1], c[0]), c[1], c[2] + 1

    def twice(x: Any) -> Any:
        return lax.while_loop(lambda c: lax.select(c[2] < 1, 1, 0) > 0, beyond, (2 * x[0], 5 * x[0], 0))[0] + 0 * x

    assert enclosed(_squares, twice, sizes={"n": (1,)}).status is Status.UNKNOWN


def test_what_the_predicate_excludes_needs_no_point() -> None:
    for by_hand in (lambda x: 2 * jnp.abs(x), lambda x: 2 * jnp.maximum(x, 0), lambda x: jnp.where(x < 0, 7, 2) * x):
        assert enclosed(_squares, by_hand, where=lambda x: x >= 0).status is Status.HOLDS
        assert enclosed(_squares, by_hand, where=lambda x: x >= -1).status is Status.FAILS
    assert enclosed(_squares, lambda x: 2 * jnp.abs(x + 1e7) - 2e7, where=lambda x: x < 9).status is Status.UNKNOWN


@pytest.mark.parametrize("gap", [0.0, 2.0])
def test_a_winner_that_the_region_names_is_the_largest(gap: float) -> None:
    """The others need not be seen to be it; with the sign turned, or where any may win, they do."""
    named = {"x": Saturated("n", winner=1, gap=gap)}
    for entry, status in ((1, Status.HOLDS), (0, Status.FAILS)):
        found = enclosed(_squares, lambda x, e=entry: 2 * x + jnp.max(x) - x[e], domain=named)
        assert found.status is status, found.reason
    turned = enclosed(_squares, lambda x: 2 * x + jnp.min(-x) + x[1], domain=named)
    assert turned.status is Status.UNKNOWN
    far = enclosed(_squares, lambda x: 2 * x + jnp.max(jnp.append(x, 1e7)) - 1e7, domain=named)
    assert far.status is Status.UNKNOWN
    apart = enclosed(_squares, lambda x: 2 * x + jnp.max(x[::2]) - jnp.max(jnp.append(x[::2], -1e7)), domain=named)
    assert apart.status is Status.UNKNOWN


@pytest.mark.parametrize("far", [-0.5, 0.5])
def test_that_a_number_less_itself_is_not_zero_needs_no_point(far: float) -> None:
    found = enclosed(_squares, lambda x: jnp.where((x - x) / far > 1, 5 * x, 2 * x))
    assert found.status is Status.HOLDS, found.reason


def test_an_order_that_the_domain_gives_needs_no_point() -> None:
    """Of entries between -4 and 4 none is above 5, wherever they are sorted."""
    near = {"x": Interval("n", -4.0, 4.0)}
    orders: list[Callable[..., Any]] = [
        lambda x, far: jnp.sort(jnp.append(x, far))[-1],
        lambda x, far: jnp.max(jnp.append(x, far)),
        lambda x, far: -jnp.min(jnp.append(x, -far)),
        lambda x, far: lax.top_k(jnp.append(x, far), 1)[0][0],
        lambda x, far: jnp.append(x, far)[jnp.argmax(jnp.append(x, far))],
        lambda x, far: lax.cummax(jnp.append(x, far))[-1],
        lambda x, far: jnp.round(x / far) + far,
        lambda x, far: jnp.floor(jnp.abs(x) / far) + far,
        lambda x, far: (x / far).astype(np.int64).astype(x.dtype) + far,
        lambda x, far: lax.rem(x, jnp.full_like(x, far)) - x + far,
    ]
    for order in orders:
        found = enclosed(_squares, lambda x, o=order: 2 * x + o(x, 9.0) - 9.0, domain=near)
        assert found.status is Status.HOLDS, found.reason
        wide = enclosed(_squares, lambda x, o=order: 2 * x + o(x, 1e7) - 1e7, sizes={"n": (2,)})
        assert wide.status is Status.UNKNOWN
        assert "never took outcome" in wide.reason


@pytest.mark.parametrize("name", ["lt", "le", "gt", "ge", "ne", "eq"])
def test_on_jax_s_side_only_an_equality_need_not_be_seen(name: str) -> None:
    """Beyond 1e7 JAX's slope is another one, and no point lies there; on the point alone it is a kink."""
    there = {
        "lt": lambda x: x < 1e7,
        "le": lambda x: x <= 1e7,
        "gt": lambda x: -x > -1e7,
        "ge": lambda x: -x >= -1e7,
        "ne": lambda x: x != 3e7,
        "eq": lambda x: ~(x == 3e7),
    }[name]
    found = enclosed(lambda x: jnp.sum(lax.select(there(x), x**2, 5 * x)), lambda x: 2 * x)
    assert found.status is (Status.HOLDS if name in ("ne", "eq") else Status.UNKNOWN)


def test_an_outcome_that_was_seen_with_fewer_bits_stays_seen() -> None:
    def by_hand(x: Any) -> Any:
        large = jnp.exp(-200 * x)
        return jnp.where(x > 0, 2 * x, (2 * x + large) - large)

    assert enclosed(_squares, by_hand, sizes={"n": (1,)}, domain={"x": Interval("n", -4.0, 4.0)}).status is Status.HOLDS


def test_a_sign_has_to_be_seen_both_ways() -> None:
    verdict = enclosed(_squares, lambda x: 2 * x * jnp.sign(x + 1e7))
    assert verdict.status is Status.UNKNOWN
    assert "sign" in verdict.reason


def test_what_signs_exclude_needs_no_point() -> None:
    verdict = enclosed(_squares, lambda x: jnp.where(jnp.sum(jnp.exp(x)) < 0, jnp.nan, 2 * x))
    assert verdict.status is Status.HOLDS
    positive = enclosed(_squares, lambda x: jnp.where(x > 0, 2 * x, 7 * x), domain={"x": Positive("n")})
    assert positive.status is Status.HOLDS


def test_a_threshold_is_looked_at_from_both_sides() -> None:
    wrong = enclosed(_squares, lambda x: jnp.where(x > 123456.0, 5 * x, 2 * x))
    assert wrong.status is Status.FAILS
    right = enclosed(lambda x: jnp.sum(jnp.where(x > 123456.0, 3 * x, x)), lambda x: jnp.where(x > 123456.0, 3.0, 1.0))
    assert right.status is Status.HOLDS


@pytest.mark.parametrize("n", [2, 5])
def test_a_domain_of_few_whole_numbers_is_cut_into_all_of_them(n: int) -> None:
    case = Case(
        claim(
            lambda x, k: x,
            lambda x, k: jnp.where(k[0] < 0, 5.0, 1.0) * x,
            "value",
            {"x": Reals(""), "k": Labels("n", 4)},
            sizes={"n": (n,)},
        ),
        QUICK,
        0,
    )
    subject = case.subject({"n": n})
    found = case.reachable(subject, subject.formula, set())
    assert (found is None) == (n == 5)
    assert found is None or [each for each in found.values() if each.any(axis=1).sum() == 1]


def test_a_domain_is_cut_into_all_boxes_of_its_pieces() -> None:
    regions = {"x": Reals("n"), "k": Labels("2", 2), "y": Reals("0")}
    given = claim(lambda x, k, y: x, lambda x, k, y: x + jnp.sum(y), "value", regions)
    subject = Case(given, QUICK, 0).subject({"n": 2})
    for split, count in ((set[int](), 1), ({1}, 1), ({0}, 9), ({0, 1, 2}, 9)):
        found = engines.case._boxes(subject, split)
        assert found is not None
        (x, k, y), boxes = found
        assert boxes == 4 * count
        assert y.shape == (boxes, 0)
        assert len({(*map(int, row["kinds"]), *labels) for row, labels in zip(x, k.tolist(), strict=True)}) == boxes
        assert {tuple(each) for each in k.tolist()} == {(0, 0), (0, 1), (1, 0), (1, 1)}


def test_boxes_of_three_arguments_have_every_combination_of_their_values() -> None:
    regions = {"j": Labels("", 3), "k": Labels("2", 2), "x": Reals(""), "m": Labels("", 2)}
    given = claim(lambda j, k, x, m: x, lambda j, k, x, m: x + 0, "value", regions, sizes={})
    found = engines.case._boxes(Case(given, QUICK, 0).subject({}), set())
    assert found is not None
    (j, k, _, m), count = found
    rows = list(zip(j.tolist(), *k.T.tolist(), m.tolist(), strict=True))
    assert count == len(rows)
    assert set(rows) == {(a, b, c, d) for a in range(3) for b in range(2) for c in range(2) for d in range(2)}


def test_of_several_boxes_and_rows_each_has_its_winner() -> None:
    regions = {"x": Saturated("2 n", winner=0, gap=0.0)}
    subject = Case(claim(lambda x: x, lambda x: x + 0, "value", regions), QUICK, 0).subject({"n": 2})
    found = engines.case._boxes(subject, {0})
    assert found is not None
    leaders = engines.case._leaders(subject, found[0])
    names = found[0][0]["name"].reshape(-1, 2).tolist()
    assert all(leaders[loser] >= {winner} for winner, loser in names)


def test_a_condition_that_ranges_do_not_read_leaves_every_outcome_open() -> None:
    def where(x: Any) -> Any:
        return lax.while_loop(lambda at: at < 3, lambda at: at + 1, x[0]) > 0

    given = claim(lambda x: x, lambda x: jnp.where(x > 1, x, x * 1), "value", where=where)
    case = Case(given, QUICK, 0)
    subject = case.subject({"n": 2})
    found = case.reachable(subject, subject.formula, {0})
    assert found is not None
    assert all(each.all() for each in found.values())


def test_a_domain_that_would_have_too_many_boxes_is_one() -> None:
    subject = Case(claim(lambda x: x, lambda x: x + 0, "value", sizes={"n": (7,)}), QUICK, 0).subject({"n": 7})
    found = engines.case._boxes(subject, {0})
    assert found is not None
    assert found[1] == 1


def test_points_lie_on_both_sides_of_a_threshold() -> None:
    subject = Case(SQUARES, QUICK, 0).subject({"n": 3})
    points = draw(subject, 6, FLOAT64, np.random.default_rng(0), (0.25,))
    assert len(points) == 9
    assert points.families[-3:] == ("threshold 0.25",) * 3
    seen = {float(np.sign(value - 0.25)) for value in points.arrays[0][6:].ravel() if abs(value - 0.25) < 1e-6}
    assert seen == {-1.0, 0.0, 1.0}


def test_one_entry_of_a_point_lies_at_a_threshold_or_all_of_them_do() -> None:
    regions = {"k": Labels("n", 3), "x": Reals("n"), "y": OneHot("n")}
    given = claim(lambda k, x, y: x * y, lambda k, x, y: y * x, "value", regions)
    subject = Case(given, QUICK, 0).subject({"n": 3})
    for more, entries in (({}, 1), ({"everywhere": True}, 3)):
        points = draw(subject, 2, FLOAT64, np.random.default_rng(0), (0.3,), **more)
        assert points.families[2:] == ("threshold 0.3",) * 3
        assert [int((abs(row - 0.3) < 1e-6).sum()) for row in points.arrays[1]] == [0, 0] + [entries] * 3


def test_points_of_a_coarse_format_lie_in_the_domain() -> None:
    """Between 0.1 and 0.10001 there are numbers of float64, and none of float16."""
    narrow = claim(lambda x: 2 * x, lambda x: x + x, "value", {"x": Interval("n", 0.1, 0.10001)})
    subject = Case(narrow, QUICK, 0).subject({"n": 2})
    found = [len(draw(subject, 6, FORMATS[name], np.random.default_rng(0))) for name in ("float64", "float16")]
    assert found == [6, 0]


def test_where_no_point_of_a_format_is_drawn_there_are_none() -> None:
    narrow = claim(lambda x: 2 * x, lambda x: x + x, "value", {"x": Interval("n", 0.1, 0.10001)})
    none = draw(Case(narrow, QUICK, 0).subject({"n": 2}), 6, FORMATS["float16"], np.random.default_rng(0))
    assert [each.shape for each in none.arrays] == [(0, 2)]


def _late_mask(x: Any) -> Any:
    late = jnp.arange(x.shape[0]) >= 4
    return jnp.where(late & (x > 1e7), 5 * x, 2 * x)


def test_a_branch_that_only_larger_sizes_have_is_wanted() -> None:
    assert enclosed(_squares, _late_mask, sizes={"n": (2, 6)}).status is Status.UNKNOWN


def test_that_branch_is_wanted_where_there_is_one_size() -> None:
    assert enclosed(_squares, _late_mask, sizes={"n": (6,)}).status is Status.UNKNOWN


def test_the_choices_of_small_sizes_speak_for_large_ones() -> None:
    """Of two entries half of the points are in order, of seventy none; to see a choice both ways takes two."""

    def ordered(x: Any) -> Any:
        return jnp.where(jnp.all(x[1:] > x[:-1]), x + x, 2 * x)

    for sizes, status in (((2, 70), Status.HOLDS), ((70,), Status.UNKNOWN)):
        sorted_or_not = claim(lambda x: 2 * x, ordered, "value", sizes={"n": sizes})
        found = enclose.check(Case(sorted_or_not, replace(QUICK, points=6), 0))
        assert found.status is status, found.reason


@pytest.mark.parametrize(("count", "limit", "rows"), [(10, 4, [0, 3, 6, 9]), (3, 4, [0, 1, 2]), (4, 4, [0, 1, 2, 3])])
def test_where_not_all_points_are_looked_at_they_are_spread_over_all(count: int, limit: int, rows: list[int]) -> None:
    assert enclose._some(count, limit).tolist() == rows


def test_no_more_readings_are_kept_than_are_allowed() -> None:
    subject = Case(SQUARES, QUICK, 0).subject({"n": 2})
    points = draw(subject, 4, FLOAT64, np.random.default_rng(0))
    readings, computed = Readings(most=2, largest=4), list[int]()

    def read(bits: int, size: int) -> tuple[Any, Trail]:
        computed.append(bits)
        return np.zeros(size), Trail(4)

    for bits, size in ((64, 4), (128, 4), (64, 4), (256, 5), (128, 4), (512, 4), (64, 4)):
        readings.get(subject.formula, points, bits, lambda bits=bits, size=size: read(bits, size))
    # What is too large is not kept, and the first goes where there are too many.
    assert computed == [64, 128, 256, 512, 64]
    assert [key[1] for key in readings.kept] == [512, 64]


# ---------------------------------------------------------------------------------------------------------------
# Modes and directions.


def test_a_mode_that_jax_does_not_offer_is_no_error() -> None:
    def power(x: Any) -> Any:
        return lax.while_loop(lambda c: c[0] < 3, lambda c: (c[0] + 1, c[1] * x), (0, jnp.ones_like(x)))[1].sum()

    verdict = enclosed(power, lambda x: 3 * x**2)
    assert verdict.status is Status.HOLDS
    (exception,) = verdict.exceptions
    assert "JAX does not offer grad, jacrev, vjp here" in exception
    assert enclosed(power, lambda x: 2 * x**2).status is Status.FAILS


def test_a_custom_vjp_has_no_forward_mode() -> None:
    @jax.custom_vjp
    def total(x: Any) -> Any:
        return jnp.sum(x**2)

    total.defvjp(lambda x: (total(x), x), lambda x, g: (2 * g * x,))
    verdict = enclosed(lambda x: total(x), lambda x: 2 * x, custom_rules=True)
    assert verdict.status is Status.HOLDS
    assert "JAX does not offer jacfwd, jvp here" in verdict.exceptions[0]


@pytest.mark.parametrize(
    ("kind", "fn", "right"),
    [
        ("gradient", _squares, lambda x: 2 * x),
        ("jacobian", lambda x: x**2, lambda x: 2 * x[:, None] * jnp.eye(x.shape[0], dtype=x.dtype)),
        ("hessian", lambda x: jnp.sum(x**3), lambda x: 6 * x[:, None] * jnp.eye(x.shape[0], dtype=x.dtype)),
    ],
)
def test_every_mode_judges_for_itself(kind: str, fn: Any, right: Any) -> None:
    for factor, wanted in ((1, CONFIRMED), (1 + 2.0**-30, REFUTED)):
        case = Case(claim(fn, lambda x, factor=factor: right(x) * factor, kind), QUICK, 0)
        subject = case.subject({"n": 2})
        points = draw(subject, 3, FLOAT64, np.random.default_rng(1)).take(slice(0, 1))
        names = [program.name for program in subject.modes]
        assert (
            names
            == {
                "gradient": ["grad", "jacrev", "jacfwd", "jvp", "vjp"],
                "jacobian": ["jacrev", "jacfwd", "jvp", "vjp"],
                "hessian": ["hessian", "jacrev(jacfwd)", "hvp"],
            }[kind]
        )
        for program in subject.modes:
            codes = case.judge(subject, program, points).codes
            assert (codes == wanted).any(), program.name
            assert wanted is REFUTED or (codes == CONFIRMED).all()


def test_a_derivative_is_contracted_with_its_direction() -> None:
    case = Case(claim(lambda x: jnp.stack([x[0] * x[1], x[0], x[1]]), lambda x: jnp.ones((3, 2)), "jacobian"), QUICK, 0)
    subject = case.subject({"n": 2})
    jvp, vjp = (next(each for each in subject.modes if each.name == name) for name in ("jvp", "vjp"))
    jacobian = balls(np.array([[[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]]))
    (pushed,) = contract(subject, jvp, [jacobian], [balls(np.array([[10.0, 1.0]]))])
    (pulled,) = contract(subject, vjp, [jacobian], [balls(np.array([[1.0, 10.0, 100.0]]))])
    assert [float(each) for each in pushed[0]] == [12.0, 34.0, 56.0]
    assert [float(each) for each in pulled[0]] == [531.0, 642.0]


def test_a_derivative_by_two_arguments_is_contracted_with_both_directions() -> None:
    two = claim(
        lambda x, y: jnp.stack([x[0] * y[0], x[1] + y[1]]),
        lambda x, y: (jnp.ones((2, 2)), jnp.ones((2, 2))),
        "jacobian",
        domain={"x": Reals("n"), "y": Reals("n")},
        wrt=("x", "y"),
    )
    subject = Case(two, QUICK, 0).subject({"n": 2})
    jvp, vjp = (next(each for each in subject.modes if each.name == name) for name in ("jvp", "vjp"))
    by_x, by_y = balls(np.array([[[1.0, 2.0], [3.0, 4.0]]])), balls(np.array([[[5.0, 6.0], [7.0, 8.0]]]))
    (pushed,) = contract(
        subject, jvp, [by_x, by_y], [balls(np.array([[10.0, 1.0]])), balls(np.array([[100.0, 1000.0]]))]
    )
    assert [float(each) for each in pushed[0]] == [6512.0, 8734.0]
    pulled = contract(subject, vjp, [by_x, by_y], [balls(np.array([[1.0, 10.0]]))])
    assert [[float(each) for each in array[0]] for array in pulled] == [[31.0, 42.0], [75.0, 86.0]]


def test_a_derivative_of_two_outputs_is_contracted_with_the_tangent_of_both() -> None:
    two = claim(lambda x: (x[0] * x, x), lambda x: (jnp.ones((2, 2)), jnp.ones((2, 2))), "jacobian")
    subject = Case(two, QUICK, 0).subject({"n": 2})
    jvp = next(each for each in subject.modes if each.name == "jvp")
    blocks = balls(np.array([[[1.0, 2.0], [3.0, 4.0]]])), balls(np.array([[[5.0, 6.0], [7.0, 8.0]]]))
    pushed = contract(subject, jvp, blocks, [balls(np.array([[10.0, 1.0]]))])
    assert [[float(each) for each in array[0]] for array in pushed] == [[12.0, 34.0], [56.0, 78.0]]


def test_each_entry_of_a_direction_has_two_hundred_random_bits() -> None:
    given = claim(lambda x: jnp.outer(x, x)[0], lambda x: jnp.ones((2, 2)), "jacobian")
    jvp = next(each for each in Case(given, QUICK, 0).subject({"n": 2}).modes if each.name == "jvp")
    (drawn,) = engines.case.directions(jvp, 50, np.random.default_rng(0))
    with precision(256):
        whole = [int(((each + 1) * arb(2) ** 199).unique_fmpz()) for each in drawn.ravel()]
    assert len(whole) == 100
    seen = [{each >> bit & 1 for each in whole} for bit in range(201)]
    assert seen == [{0, 1}] * 200 + [{0}]
    assert min(whole) >= 0


def test_a_derivative_of_two_outputs_is_contracted_with_both_cotangents() -> None:
    two = claim(lambda x: (x[0] * x, x), lambda x: (jnp.ones((2, 2)), jnp.ones((2, 2))), "jacobian")
    subject = Case(two, QUICK, 0).subject({"n": 2})
    vjp = next(each for each in subject.modes if each.name == "vjp")
    blocks = balls(np.array([[[1.0, 2.0], [3.0, 4.0]]])), balls(np.array([[[5.0, 6.0], [7.0, 8.0]]]))
    along = [balls(np.array([[1.0, 10.0]])), balls(np.array([[100.0, 1000.0]]))]
    (pulled,) = contract(subject, vjp, blocks, along)
    assert [float(each) for each in pulled[0]] == [7531.0, 8642.0]


def test_a_row_of_components_is_taken_apart_as_it_was_joined() -> None:
    several = claim(
        lambda x: (x[0], jnp.outer(x, x), x),
        lambda x: (x[0] + 0, jnp.outer(x, x) + 0, x + 0),
        "value",
        sizes={"n": (2,)},
    )
    program = Case(several, QUICK, 0).subject({"n": 2}).modes[0]
    assert program.outputs == ((), (2, 2), (2,))
    outputs = [balls(np.arange(2.0)), balls(np.arange(8.0).reshape(2, 2, 2)), balls(np.arange(4.0).reshape(2, 2))]
    row = joined(outputs, 2)
    assert row.shape == (2, 7)
    for found, given in zip(apart(program, row), outputs, strict=True):
        assert found.shape == given.shape
        assert (found == given).all()


def test_where_nothing_is_returned_each_point_has_no_component() -> None:
    assert joined([], 3).shape == (3, 0)


def test_components_of_several_outputs_are_named_with_the_number_of_their_output() -> None:
    two = claim(lambda x: (x[0], x), lambda x: (x[0] + 0, x + 0), "value", sizes={"n": (2,)})
    several, one = (Case(each, QUICK, 0).subject({"n": 2}).modes[0] for each in (two, SQUARES))
    assert engines.case.components(several) == ["output 0 []", "output 1 [0]", "output 1 [1]"]
    assert engines.case.components(one) == ["[0]", "[1]"]


def test_an_equation_is_judged_along_directions_too_and_a_bound_is_not() -> None:
    for given, along in ((SQUARES, True), (replace(SQUARES, relation="<="), False)):
        programs = engines.case.judged_programs(Case(given, QUICK, 0).subject({"n": 2}))
        assert any(program.contracted for program in programs) is along
        assert any(not program.contracted for program in programs)


def test_a_bound_is_taken_as_attained_with_the_most_bits_alone() -> None:
    """At 1400 the value exceeds one by a power of two that takes 2020 bits to see."""
    given = {"domain": {"x": Reals("")}, "sizes": {}, "relation": "<="}
    case = Case(claim(lambda x: 1 + jnp.exp(-x), lambda x: 1 + 0 * x, "value", **given), QUICK, 0)
    subject = case.subject({})
    judged = case.judge(subject, subject.modes[0], Points((np.array([200.0, 600.0, 1400.0]),), ("drawn",) * 3))
    assert judged.codes.ravel().tolist() == [REFUTED] * 3
    assert judged.bits.tolist() == list(LEVELS[1:])


def test_what_the_rounding_of_a_literal_could_explain_is_left_open_and_what_it_could_not_is_refuted() -> None:
    """Times 2^43, half a unit of a tenth is 6e-5, which is five times the difference of the first components."""

    def fn(x: Any) -> Any:
        return 0.1 * (x * 2.0**43) - 879609302220.0 * x, 2 * x

    by_hand = lambda x: (x * (13107 / 16384), 3 * x)  # noqa: E731 - the formula as it reads
    case = Case(claim(fn, by_hand, "value", {"x": Reals("")}, sizes={}), QUICK, 0)
    subject = case.subject({})
    judged = case.judge(subject, subject.modes[0], Points((np.array([1.0]),), ("drawn",)))
    assert judged.codes.tolist() == [[OPEN, REFUTED]]


def test_what_a_literal_in_an_array_could_explain_is_left_open() -> None:
    tenths = np.array([0.1, 0.3])

    def fn(x: Any) -> Any:
        return jnp.sum(tenths[:1] * (x * 2.0**43) - 879609302220.0 * x)

    case = Case(claim(fn, lambda x: x[0] * (13107 / 16384), "value", {"x": Reals("1")}, sizes={}), QUICK, 0)
    subject = case.subject({})
    judged = case.judge(subject, subject.modes[0], Points((np.array([[1.0]]),), ("drawn",)))
    assert judged.codes.tolist() == [[OPEN]]


def test_a_ball_without_digits_is_no_zero() -> None:
    assert (decimal(arb(3, 2), 3), decimal(arb(3, 4), 3)) == ("3.00", "0")


@pytest.mark.parametrize(
    ("fn", "by_hand"),
    [
        (lambda x: 2 * x, lambda x: jnp.where(x == 0.25, 5.0, x + x)),
        (jnp.round, lambda x: jnp.floor(x + 0.5)),
        (jnp.round, lambda x: jnp.round(x + 1) - 1),
    ],
    ids=["literal", "half", "half on both sides"],
)
def test_what_is_wrong_at_a_single_number_of_the_programs_is_refuted_there(fn: Any, by_hand: Any) -> None:
    found = enclosed(lambda x: fn(x), by_hand, "value", sizes={"n": (2,)})
    assert found.status is Status.FAILS
    assert found.worst is not None
    assert found.worst.note.startswith("drawn: threshold")


def test_where_the_work_allows_more_than_one_point_and_fewer_than_are_asked_for_it_is_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    case = Case(claim(lambda x: x + jnp.exp(0 * x - 180.0), lambda x: x, "value", {"x": Reals("")}, sizes={}), QUICK, 0)
    subject = case.subject({})
    program = subject.modes[0]
    monkeypatch.setattr(engines.case, "SECOND_WORK", 2 * (program.cost + subject.formula.cost) - 1)
    judged = case.judge(subject, program, Points((np.arange(1.0, 5.0),), ("drawn",) * 4), looks=3)
    assert (judged.codes == REFUTED).sum() == 1


def test_a_literal_may_be_off_by_half_a_unit_of_the_format_it_is_rounded_to() -> None:
    """A tenth in bfloat16 is off by 1e-4, which float64 would not explain."""
    case = Case(claim(lambda x: 0.1 * x, lambda x: x / 10, "value", {"x": Reals("")}, sizes={}), QUICK, 0)
    subject = case.subject({}, FORMATS["bfloat16"], "one")
    judged = case.judge(subject, subject.modes[0], Points((np.array([1.0]),), ("drawn",)))
    assert judged.codes.tolist() == [[CONFIRMED]]


def test_what_few_bits_do_not_tell_apart_is_looked_at_with_more() -> None:
    """At 192 bits both sides share a ball of sixty digits; they differ by 4e-79."""
    found = enclosed(
        lambda x: x + jnp.exp(-180.0 + 0.0 * x), lambda x: x, "value", domain={"x": Interval("n", 1.0, 2.0)}
    )
    assert found.status is Status.FAILS


@pytest.mark.parametrize("far", [300.0, 500.0, 700.0])
def test_what_few_bits_do_not_tell_apart_is_looked_at_where_a_branch_is_rarely_taken(far: float) -> None:
    """Beyond far the slope of softplus is one but for e^-far, and of a dozen points few lie there."""

    def right(x: Any) -> Any:
        return jnp.where(x < -far, jnp.exp(x) / (1 + jnp.exp(x)), 1 / (1 + jnp.exp(-x)))

    def loss(x: Any) -> Any:
        return jnp.sum(jnp.log(1 + jnp.exp(x)))

    assert enclosed(loss, right).status is Status.HOLDS
    found = enclosed(loss, lambda x: jnp.where(x > far, 1.0, right(x)))
    assert found.status is Status.FAILS
    # The difference is about e^-far, and shown with the bits that it takes to see it.
    assert math.log(-float(found.residual)) == pytest.approx(-far, rel=0.01)
    # Two choices, of which the later one is wrong.
    assert enclosed(loss, lambda x: jnp.where(x > 2 * far, 1.0, right(x))).status is Status.FAILS


def test_as_many_points_are_read_again_as_their_work_allows(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first that shows another branch; at least as many as are asked for, where the work is more."""

    def fn(x: Any) -> Any:
        return x + jnp.exp(-180.0 + 0.0 * x)

    def by_hand(x: Any) -> Any:
        return sum(jnp.where((x - k - 0.5) ** 2 < 0.25, x, x) for k in range(4)) / 4

    case = Case(claim(fn, by_hand, "value", {"x": Interval("", 1.0, 5.0)}, sizes={}), QUICK, 0)
    subject = case.subject({})
    points = Points((np.array([0.5, 0.75, 1.5, 1.75, 2.5, 2.75, 3.5, 3.75]),), ("drawn",) * 8)
    for work, looks, refuted in (
        (20_000, 1, [0, 2, 4, 6]),
        (20_000, 2, [0, 2, 4, 7]),
        (20_000, 0, []),
        (1, 2, [0]),
    ):
        monkeypatch.setattr(engines.case, "SECOND_WORK", work)
        judged = case.judge(subject, subject.modes[0], points, looks=looks)
        assert np.flatnonzero(judged.codes[:, 0] == REFUTED).tolist() == refuted


def test_a_point_that_decides_nothing_is_not_looked_at_instead_of_one_that_does(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(engines.case, "SECOND_WORK", 1)  # one is looked at

    def fn(x: Any) -> Any:
        return jnp.where(x == 0, x, x + jnp.exp(-180.0 + 0.0 * x))

    case = Case(claim(fn, lambda x: x, "value", {"x": Reals("")}, sizes={}), QUICK, 0)
    subject = case.subject({})
    points = Points((np.array([0.0, 1.5]),), ("at the kink", "beside it"))
    judged = case.judge(subject, subject.modes[0], points, looks=1)
    assert judged.kinks.tolist() == [True, False]
    assert judged.codes.tolist() == [[CONFIRMED], [REFUTED]]


def test_a_point_that_all_bits_decided_is_not_looked_at_instead_of_another(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engines.case, "SECOND_WORK", 1)  # one is looked at

    def fn(x: Any) -> Any:
        return jnp.where(x < 1, (x + jnp.exp(-1400.0 + 0.0 * x)) - x, x + jnp.exp(-180.0 + 0.0 * x))

    right_below = lambda x: jnp.where(x < 1, jnp.exp(-1400.0 + 0.0 * x), x)  # noqa: E731
    case = Case(claim(fn, right_below, "value", {"x": Reals("")}, sizes={}), QUICK, 0)
    subject = case.subject({})
    points = Points((np.array([0.5, 1.5]),), ("all bits", "few bits"))
    assert case.judge(subject, subject.modes[0], points).bits.tolist() == [LEVELS[-1], LEVELS[0]]
    assert case.judge(subject, subject.modes[0], points, looks=1).codes.tolist() == [[CONFIRMED], [REFUTED]]


def test_what_took_more_bits_to_be_confirmed_is_looked_at_with_all_too() -> None:
    """At 1536 bits e^-400 (1 + e^-1000) shares a ball with a difference that is e^-400."""

    def by_hand(x: Any) -> Any:
        return jnp.exp(-400.0 + 0.0 * x) + jnp.exp(-1400.0 + 0.0 * x)

    fn = lambda x: (x + jnp.exp(-400.0 + 0.0 * x)) - x  # noqa: E731
    case = Case(claim(fn, by_hand, "value", {"x": Reals("")}, sizes={}), QUICK, 0)
    subject = case.subject({})
    points = Points((np.array([0.5]),), ("drawn",))
    for looks, code, bits in ((0, CONFIRMED, LEVELS[-2]), (1, REFUTED, LEVELS[-1])):
        judged = case.judge(subject, subject.modes[0], points, looks=looks)
        assert (judged.codes.tolist(), judged.bits.tolist()) == ([[code]], [bits])


def test_what_is_read_along_one_direction_is_not_taken_for_what_is_along_another() -> None:
    points = Points((np.array([[1.5, 2.5]]),), ("drawn",))
    for seed in (0, 1):
        case = Case(SQUARES, QUICK, seed)
        subject = case.subject({"n": 2})
        for program in subject.modes:
            assert (case.judge(subject, program, points).codes == CONFIRMED).all()


def test_a_derivative_of_gathered_entries_is_read() -> None:
    by_hand = lambda x: jnp.concatenate([4 * x[:1], 0 * x[1:]])  # noqa: E731
    fn = lambda x: jnp.sum(x[np.array([0, 0])] ** 2)  # noqa: E731
    assert enclosed(fn, by_hand).status is Status.HOLDS


def test_every_label_counts() -> None:
    def loss(x: Any, k: Any) -> Any:
        return -jax.nn.log_softmax(x)[k]

    def by_hand(x: Any, k: Any) -> Any:
        return jax.nn.softmax(x) - (jnp.arange(x.shape[0]) == k).astype(x.dtype)

    def wrong_for_the_last(x: Any, k: Any) -> Any:
        return jax.nn.softmax(x) - (jnp.arange(x.shape[0]) == jnp.minimum(k, x.shape[0] - 2)).astype(x.dtype)

    domain = {"x": Logits("n"), "k": Labels("", "n")}
    assert enclosed(loss, by_hand, domain=domain, sizes={"n": (3, 4)}).status is Status.HOLDS
    assert enclosed(loss, wrong_for_the_last, domain=domain, sizes={"n": (3, 4)}).status is Status.FAILS


# ---------------------------------------------------------------------------------------------------------------
# Relations.


@pytest.mark.parametrize(
    ("relation", "bound", "status"),
    [
        ("<=", lambda x: x**2, Status.HOLDS),
        (">=", lambda x: x**2, Status.HOLDS),
        ("abs<=", lambda x: x**2, Status.HOLDS),
        (">=", lambda x: 2 * x - 1, Status.HOLDS),
        ("<=", lambda x: 2 * x - 1, Status.FAILS),
        (">=", lambda x: 2 * x - 0.99, Status.FAILS),
        ("<=", lambda x: x**2 - 2.0**-40, Status.FAILS),
        (">=", lambda x: 0 * x, Status.HOLDS),
        ("abs<=", lambda x: 0.99 * x**2, Status.FAILS),
    ],
    ids=[
        "equal from below",
        "equal from above",
        "equal in size",
        "tangent",
        "tangent from above",
        "tangent 1 % high",
        "short of equality",
        "zero is attained",
        "1 % small",
    ],
)
def test_a_bound_that_is_attained_holds_and_one_that_is_passed_fails(relation: Any, bound: Any, status: Status) -> None:
    # At (x - 1)^2 = 0 the bound 2x - 1 is attained; ones are among the whole numbers that are drawn.
    assert enclosed(lambda x: x * x, bound, "value", relation=relation, sizes={"n": (5,)}).status is status


def test_of_a_bound_on_the_size_the_size_is_told_by_how_much_it_is_passed() -> None:
    given = claim(lambda x: -x, lambda x: 0.5 * x, "value", {"x": Reals("")}, sizes={}, stable=lambda x: -x)
    points = Points((np.array([1.5]),), ("drawn",))
    for relation, told in (("==", [-2.25, -2.25]), ("<=", [-2.25, -2.25]), ("abs<=", [0.75, -2.25])):
        case = Case(replace(given, relation=relation), QUICK, 0)
        subject = case.subject({})
        judged = [case.judge(subject, program, points) for program in engines.case.judged_programs(subject)]
        assert [float(case.excess(each, 0, 0)) for each in judged] == told


def test_the_stable_form_of_a_bound_is_equal_to_it_and_not_just_kept_by_it() -> None:
    more = enclosed(lambda x: x, lambda x: x**2 + 1, "value", relation="<=", stable=lambda x: x**2)
    assert more.status is Status.FAILS
    assert more.worst is not None
    assert more.worst.program == "stable"


def test_a_side_that_is_no_real_number_is_told_from_one_that_may_be_either_of_two() -> None:
    """Where no number of bits tells which of two it is, one of them may be none."""

    def by_hand(x: Any) -> Any:
        size = jnp.abs(x)
        either = jnp.where(jnp.sqrt(size) ** 2 > size, jnp.sqrt(size - 100), x)
        return either + jnp.where(x < 0, jnp.sqrt(x), 0.0)

    points = Points((np.array([-1.0, 3.0, 4.0]),), ("drawn",) * 3)
    for fn in (lambda x: x, jnp.sqrt):
        case = Case(claim(fn, by_hand, "value", {"x": Reals("")}, sizes={}), QUICK, 0)
        subject = case.subject({})
        assert case.judge(subject, subject.modes[0], points).undefined.tolist() == [True, False, False]


@pytest.mark.parametrize("relation", ["==", "<=", ">=", "abs<="])
@pytest.mark.parametrize("last", [False, True])
def test_a_nan_ball_never_passes(relation: str, last: bool) -> None:
    odd = np.array([arb("nan"), arb("nan"), arb(1), arb("inf"), arb("-inf"), arb(0, "inf"), arb(1)], dtype=object)
    even = np.array([arb("nan"), arb(1), arb("nan"), arb("inf"), arb(1), arb(1), arb(0, "inf")], dtype=object)
    assert (decide(relation, odd, even, last) == OPEN).all()


def test_balls_decide() -> None:
    near, far, same = arb(1, 2.0**-150), arb(1 + 2.0**-40), arb(1)
    row = lambda *values: np.array(values, dtype=object)  # noqa: E731
    first, second = row(near, near, arb(1, 0.5), arb(0)), row(same, far, same, arb(0))
    assert decide("==", first, second, last=False).tolist() == [CONFIRMED, REFUTED, OPEN, CONFIRMED]
    assert decide("<=", first, second, last=False).tolist() == [OPEN, CONFIRMED, OPEN, CONFIRMED]
    assert decide("<=", first, second, last=True).tolist() == [CONFIRMED, CONFIRMED, OPEN, CONFIRMED]
    assert decide(">=", first, second, last=True).tolist() == [CONFIRMED, REFUTED, OPEN, CONFIRMED]
    assert decide("abs<=", row(arb(-3)), row(arb(2)), last=False).tolist() == [REFUTED]
    assert decide("abs<=", row(arb(-3)), row(arb(-4)), last=False).tolist() == [REFUTED]


def test_an_exact_zero_is_not_every_ball_around_it() -> None:
    zero, wide = (np.array([each], dtype=object) for each in (arb(0), arb(0, 1)))
    for first, second in ((zero, wide), (wide, zero)):
        assert decide("==", first, second, last=True).tolist() == [OPEN]


@pytest.mark.parametrize("relation", ["==", "<=", ">="])
def test_what_is_next_to_zero_is_zero_only_with_all_bits(relation: str) -> None:
    """With more bits one of the values may turn out to be the larger one."""
    first, second = (np.array([arb(0, radius) * arb(2) ** -3000], dtype=object) for radius in (1, 2))
    assert decide(relation, first, second, last=False).tolist() == [OPEN]
    assert decide(relation, first, second, last=True).tolist() == [CONFIRMED]


def test_bits_are_raised_until_a_point_is_decided() -> None:
    gap = claim(
        lambda x: 1 - jax.nn.softmax(x)[0],
        lambda x: 1 / (1 + jnp.exp(x[0] - x[1])),
        "value",
        {"x": Saturated("2", winner=0, gap=600.0)},
        sizes={},
    )
    case = Case(gap, QUICK, 0)
    subject = case.subject({})
    points = draw(subject, 3, FLOAT64, np.random.default_rng(0)).take(slice(0, 1))
    judged = case.judge(subject, subject.modes[0], points)
    assert judged.codes.tolist() == [[CONFIRMED]]
    assert judged.bits[0] > 600 / math.log(2)
    # And no further, where all components are confirmed.
    subject = Case(SQUARES, QUICK, 0).subject({"n": 2})
    points = draw(subject, 3, FLOAT64, np.random.default_rng(0))
    assert set(case.judge(subject, subject.modes[0], points).bits.tolist()) == {LEVELS[0]}


@pytest.mark.parametrize("literal", [0.0, 0.1])
def test_a_bound_that_is_passed_by_less_than_fewer_bits_show_is_read_with_all(literal: float) -> None:
    """By e^-1400, of which 1536 bits show nothing; a literal that is multiplied by zero excuses nothing."""
    off = claim(
        lambda x: x + jnp.exp(-1400.0 + 0.0 * x),
        lambda x: x + literal * (x - x),
        "value",
        {"x": Reals("")},
        sizes={},
        relation="<=",
    )
    case = Case(off, QUICK, 0)
    subject = case.subject({})
    judged = case.judge(subject, subject.modes[0], Points((np.array([1.5]),), ("drawn",)))
    assert judged.codes.tolist() == [[REFUTED]]


def test_points_that_stay_undecided_are_told_beside_what_holds() -> None:
    """Beyond 50 two numbers are equal of which no number of bits tells so; a place in between is seen both ways."""

    def fn(x: Any) -> Any:
        return jnp.where((x > 20) & (x <= 50), 2 * x, x)

    def looked_up(x: Any) -> Any:
        beside = jnp.where(x > 50, jnp.sqrt(x) ** 2, jnp.where(x > 20, x + 1, x - 1))
        return x * jnp.array([1.0, 2.0], x.dtype)[jnp.argmax(jnp.stack([x, beside]))]

    found = enclosed(fn, looked_up, "value", {"x": Interval("", 0.0, 100.0)}, sizes={})
    assert found.status is Status.HOLDS
    said = "points left undecided by an equality that no number of bits settles"
    assert any(said in each for each in found.exceptions)


def test_one_mode_is_traced_where_one_is_asked_for() -> None:
    case = Case(SQUARES, QUICK, 0)
    assert [len(case.subject({"n": 2}, FLOAT64, breadth).modes) for breadth in ("every", "one")] == [5, 1]


def test_values_are_shown_with_as_many_digits_as_tell_them_apart() -> None:
    assert decimal_pair(arb(1), arb(2)) == ("1.0000000000000000", "2.0000000000000000")
    with precision(128):
        first, second = decimal_pair(arb(1), arb(1) + arb(2) ** -70)
    assert first != second
    assert len(first) == len(second) == 26
    assert decimal(arb(1e-30, 1e-20)) == "0"
    assert decimal(arb("nan")) == "nan"


# ---------------------------------------------------------------------------------------------------------------
# Predicates, stable forms, nothing to check.


def test_a_predicate_leaves_points_out() -> None:
    wrong_below = lambda x: jnp.where(x < 0, 7.0, 2.0) * x  # noqa: E731
    assert enclosed(_squares, wrong_below).status is Status.FAILS
    kept = enclosed(_squares, lambda x: 2 * jnp.abs(x), where=lambda x: x >= 0)
    assert kept.status is Status.HOLDS


def test_a_predicate_that_nothing_meets_leaves_nothing() -> None:
    verdict = enclosed(_squares, lambda x: 2 * x, where=lambda x: x * x < 0)
    assert verdict.status is Status.UNKNOWN
    assert "no point at n = 2 is decided to lie where the claim speaks" in verdict.reason
    assert verdict.checked == 0


def test_a_point_of_which_it_is_open_whether_the_claim_speaks_does_not_count() -> None:
    """The exponential of a logarithm of two is two, and no number of bits tells whether its whole part is."""
    off: dict[str, Any] = {"domain": {"x": Interval("", 2.0, 2.0)}, "sizes": {}}

    def where(x: Any) -> Any:
        return jnp.exp(jnp.log(x)).astype(np.int64) >= 1 + 0 * x.astype(np.int64)

    assert enclosed(lambda x: x, lambda x: x + 1, "value", where=where, **off).status is Status.UNKNOWN
    assert enclosed(lambda x: x, lambda x: x + 1, "value", where=lambda x: x >= 2, **off).status is Status.FAILS


def test_a_stable_form_is_judged_like_the_formula() -> None:
    right = enclosed(
        lambda x: jnp.sum(jnp.tanh(x)), lambda x: 1 - jnp.tanh(x) ** 2, stable=lambda x: 1 / jnp.cosh(x) ** 2
    )
    assert right.status is Status.HOLDS
    wrong = enclosed(lambda x: jnp.sum(jnp.tanh(x)), lambda x: 1 - jnp.tanh(x) ** 2, stable=lambda x: 1 / jnp.cosh(x))
    assert wrong.status is Status.FAILS
    assert wrong.worst is not None
    assert wrong.worst.program == "stable"


def test_a_stable_form_has_no_kinks() -> None:
    verdict = enclosed(_squares, lambda x: 2 * x, stable=lambda x: jnp.where(x == 0, 1.0, 2 * x))
    assert verdict.status is Status.FAILS
    assert verdict.worst is not None
    assert verdict.worst.program == "stable"


def test_time_that_runs_out_is_unknown() -> None:
    verdict = enclose.check(Case(SQUARES, replace(QUICK, seconds=-1.0), 0))
    assert verdict.status is Status.UNKNOWN
    assert "was not reached" in verdict.reason


# ---------------------------------------------------------------------------------------------------------------
# Falsify.


def test_a_counterexample_is_shrunk_and_lies_in_the_domain() -> None:
    off = claim(
        lambda x, y: -jnp.sum(y * jax.nn.log_softmax(x)),
        lambda x, y: jax.nn.softmax(x) - y,
        domain={"x": Logits("n"), "y": Reals("n")},
        sizes={"n": (2, 3, 7)},
    )
    case = Case(off, QUICK, 0)
    first = enclose.check(case)
    verdict = falsify.check(case, first.worst)
    assert first.status is verdict.status is Status.FAILS
    assert verdict.worst is not None
    assert verdict.worst.size == {"n": 2}
    assert verdict.worst.arguments == {"x": [0.0, 0.0], "y": [0.0, 0.0]}
    assert [verdict.worst.autodiff, verdict.worst.by_hand] == ["0", "0.50000000000000000"]


@pytest.mark.parametrize(
    "region", [Simplex("n"), OneHot("n", 1), Interval("n", 0.25, 0.5)], ids=["simplex", "hot", "box"]
)
def test_no_counterexample_is_sought_outside_the_domain(region: Any) -> None:
    wrong = claim(lambda x, y: jnp.sum(x * y**2), lambda x, y: 1.5 * y**2, domain={"x": Reals("n"), "y": region})
    verdict = falsify.check(Case(wrong, QUICK, 3))
    assert verdict.status is Status.FAILS
    assert verdict.worst is not None
    assert region.contains(np.array(verdict.worst.arguments["y"]))


def test_no_counterexample_is_no_evidence() -> None:
    verdict = falsify.check(Case(SQUARES, QUICK, 0))
    assert verdict.status is Status.UNKNOWN
    assert verdict.reason == f"no counterexample among {QUICK.examples} points", "it is not shrunk that there is none"


def test_where_a_refuted_point_leads_to_no_counterexample_there_is_none() -> None:
    """As where a formula is wrong at one point that no search meets: the point of a formula that is wrong stands in."""
    suspect = enclosed(_squares, lambda x: 3 * x).worst
    assert suspect is not None
    found = falsify.check(Case(SQUARES, QUICK, 0), suspect)
    assert found.status is Status.UNKNOWN
    assert "no counterexample among" in found.reason


@pytest.mark.parametrize("refuted", [False, True])
def test_a_proof_that_does_not_come_off_fails_where_a_point_and_a_difference_that_stays_say_so(
    refuted: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    def undecided(case: Case, *_: object) -> Verdict:
        return Verdict(claim=case.claim.id, engine="", status=Status.UNKNOWN, reason="no point is drawn")

    wrong = claim(_squares, lambda x: 3 * x)
    if not refuted:
        for engine in (enclose, falsify):
            monkeypatch.setattr(engine, "check", undecided)
    proved = judge(wrong, QUICK)[0]
    assert proved.residual
    assert proved.status is (Status.FAILS if refuted else Status.UNKNOWN)
    monkeypatch.setattr("verify.engines.prove.MOST_EQUATIONS", 0)
    proved = judge(wrong, QUICK)[0]
    assert not proved.residual
    assert proved.status is Status.UNKNOWN, "it was not read"


def test_the_same_points_are_drawn_for_a_seed() -> None:
    found: list[str] = []
    for seed in (3, 3, 4):
        falsify._DRAWN.clear()
        case = Case(SQUARES, QUICK, seed)
        found.append(repr(falsify._drawn(case, [case.subject({"n": 2})], ("n = 2",))))
    assert found[0] == found[1] != found[2]


def test_of_a_larger_counterexample_the_smallest_one_says_so() -> None:
    large, small = made_up.witness(size={"n": 7}), made_up.witness(size={"n": 2}, note="shrunk")
    enclosed, shrunk = (made_up.verdict(status=Status.FAILS, worst=each) for each in (large, small))
    for first, second, note in ((enclosed, shrunk, "shrunk from n = 7"), (shrunk, shrunk, "shrunk")):
        worst = engines._named(first, second).worst
        assert worst is not None
        assert worst.note == note


@pytest.mark.parametrize(
    ("changed", "covers"),
    [
        ({}, True),
        ({"sizes": ("every n",)}, True),
        ({"sizes": ("n = 2",)}, False),
        ({"status": Status.UNKNOWN}, False),
        ({"status": Status.FAILS, "residual": "1"}, False),
        ({"reason": "not in jvp: out of time"}, False),
    ],
    ids=map(str, range(6)),
)
def test_a_proof_of_less_than_everything_covers_less(changed: dict[str, Any], covers: bool) -> None:
    proved = made_up.verdict(
        **{"engine": "prove", "status": Status.HOLDS, "evidence": "proved", "sizes": ("n = 2", "n = 3"), **changed}
    )
    assert engines.covers(Case(SQUARES, QUICK, 0), proved) is covers


def test_a_size_that_is_proved_but_for_some_inputs_is_searched_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    left_out: tuple[str, ...] = ()
    certain: list[tuple[str, ...]] = []

    def proves(case: Case, agrees: bool) -> Verdict:
        return made_up.verdict(
            engine="prove", status=Status.HOLDS, evidence="proved", sizes=("n = 2",), exceptions=left_out
        )

    def searches(case: Case, suspect: object, sizes: tuple[str, ...]) -> Verdict:
        certain.append(sizes)
        return made_up.verdict(engine="falsify", status=Status.UNKNOWN, evidence="")

    monkeypatch.setattr("verify.engines.prove.check", proves)
    holds = made_up.verdict(status=Status.HOLDS, evidence="enclosed", checked=1)
    monkeypatch.setattr(enclose, "check", lambda case: holds)
    monkeypatch.setattr(falsify, "check", searches)
    for left_out in ((), ("x_0 = 0",)):  # noqa: B007 - the proof reads it
        judge(SQUARES, QUICK.only(()))
    assert certain == [("n = 2",), ()]


def test_a_search_that_runs_out_of_time_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def slow(*given: Any) -> Any:
        raise OutOfTime("sin")

    case = Case(claim(_squares, lambda x: 3 * x), QUICK, 0)
    suspect = enclose.check(case).worst
    monkeypatch.setattr(falsify, "_look", slow)
    for given in (None, suspect):
        verdict = falsify.check(case, given)
        assert (verdict.status, verdict.reason) == (Status.UNKNOWN, "out of time at sin")


def test_a_counterexample_stands_though_time_runs_out_as_it_is_shrunk(monkeypatch: pytest.MonkeyPatch) -> None:
    look, begun = falsify._look, [False]

    def slower(*given: Any) -> Any:
        if begun[0]:
            raise OutOfTime("sin")
        begun[0] = True
        return look(*given)

    monkeypatch.setattr(falsify, "_look", slower)
    verdict = falsify.check(Case(claim(_squares, lambda x: 3 * x), QUICK, 0))
    assert verdict.status is Status.FAILS
    assert verdict.worst is not None
    assert verdict.worst.note == "drawn by Hypothesis"


def test_without_entries_no_counterexample_is_searched_for() -> None:
    empty = claim(lambda x: jnp.sum(x), lambda x: jnp.sum(x) + 1, "value", {"x": Reals("0")}, sizes={})
    assert falsify.check(Case(empty, QUICK, 0)).reason == "the claim has no arguments to search"


def test_what_differs_in_another_format_alone_is_not_searched() -> None:
    suspect = made_up.witness(program="grad, traced in float16")
    verdict = falsify.check(Case(SQUARES, QUICK, 0), suspect)
    assert verdict.reason == "the sides were found to differ in another format than float64 alone"


def test_large_sizes_are_not_searched() -> None:
    verdict = falsify.check(Case(claim(_squares, lambda x: 3 * x, sizes={"n": (1000,)}), QUICK, 0))
    assert verdict.status is Status.UNKNOWN
    assert "too large to search" in verdict.reason


# ---------------------------------------------------------------------------------------------------------------
# Floats.


def _in(*names: str, ways: tuple[str, ...] = ("jit", "vmap")) -> Budget:
    return replace(
        QUICK, ways=dict.fromkeys(names, ways), mode_ways={}, bound_ways=dict.fromkeys(names, ways), float_points=8
    )


FAST = _in("float32")


def _soft(budget: Budget) -> Case:
    soft = claim(
        lambda x, y: 0.5 * jnp.sum((jax.nn.softmax(x) - y) ** 2),
        lambda x, y: jax.nn.softmax(x) * (jax.nn.softmax(x) - y - jnp.sum(jax.nn.softmax(x) * (jax.nn.softmax(x) - y))),
        domain={"x": Logits("n"), "y": Simplex("n")},
        sizes={"n": (3,)},
    )
    return Case(soft, budget, 0)


def test_floats_of_all_formats_are_inside() -> None:
    budget = replace(_in(*FORMATS), mode_ways={"float64": ("jit",)}, float_points=12)
    verdict = floats.check(_soft(budget))
    assert verdict.floats == "inside"
    assert verdict.status is Status.UNKNOWN, "what floats do is no evidence for the equation"
    assert {row["format"] for row in verdict.measured} == set(FORMATS)
    assert {"jit", "vmap"} <= {row["way"] for row in verdict.measured}
    assert all(row["outside"] == 0 for row in verdict.measured)
    assert all(0 <= row["share"] <= 1 for row in verdict.measured)
    assert verdict.checked == sum(row["inside"] for row in verdict.measured) > 100
    # Saturated logits are among the points: a whole gradient is lost there, inside what rounding allows.
    assert max(row["worst_ulp"] for row in verdict.measured if row["format"] == "float64") > 1e3
    assert verdict.worst is not None
    assert verdict.worst.program == "grad"
    assert "(float64, " in verdict.worst.autodiff
    assert "eager" not in verdict.worst.autodiff


def test_floats_that_are_really_off_are_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    ran, off = floats.run, list[Any]()

    def perturbed(jobs: Sequence[Any], *args: Any, **more: Any) -> None:
        ran(jobs, *args, **more)
        for job in jobs:
            off.append([hexadecimal(value) for value in job.points.arrays[0][1].tolist()])
            for way, (rows, values) in list(job.returned.items()):
                values = values.copy()
                values[1, 0] = -2.0
                job.returned[way] = (rows, values)

    monkeypatch.setattr(floats, "run", perturbed)
    verdict = floats.check(_soft(FAST))
    assert verdict.floats == "outside"
    assert verdict.status is not Status.HOLDS
    assert verdict.worst is not None
    assert "outside what rounding allows" in verdict.worst.note
    assert "float32" in verdict.worst.autodiff
    assert all(row["outside"] == 1 for row in verdict.measured)
    assert {(row["at"]["x"] in off, row["component"][:2]) for row in verdict.measured} == {(True, "[0")}


def test_floats_are_run_at_the_first_size_with_a_few_entries() -> None:
    sizes = {"n": (2, 4, 3, 5, 5000)}
    assert floats.run_size(Case(replace(SQUARES, sizes=sizes), FAST, 0)) == {"n": 4}
    assert floats.run_size(Case(replace(SQUARES, sizes={"n": (1, 2, 5000)}), FAST, 0)) == {"n": 2}
    assert floats.run_size(Case(replace(SQUARES, sizes={"n": (5000,)}), FAST, 0)) is None


def test_floats_that_are_not_run_say_why() -> None:
    large = floats.check(Case(replace(SQUARES, sizes={"n": (5000,)}), FAST, 0))
    bound = floats.check(Case(replace(SQUARES, relation="<="), replace(FAST, bound_ways={}), 0))
    false = floats.check(Case(replace(SQUARES, expect=Status.FAILS), replace(FAST, bound_ways={}), 0))
    assert large.reason == "every size is too large to run"
    assert bound.reason == false.reason == floats.NOT_RUN
    assert [each.measured for each in (large, bound, false)] == [()] * 3


def test_a_claim_of_which_a_side_has_no_code_in_a_format_is_not_judged_there(monkeypatch: pytest.MonkeyPatch) -> None:
    ran = floats.run

    def lacking(jobs: Sequence[floats.Job], form: Any) -> None:
        if any("tanh" in job.program.text for job in jobs):
            raise NotImplementedError("no kernel")
        ran(jobs, form)

    monkeypatch.setattr(floats, "run", lacking)
    one_side = claim(lambda x: 2 * x, lambda x: 2 * x + 0 * jnp.tanh(x), "value")
    verdict = floats.check(Case(one_side, FAST, 0))
    assert verdict.floats != "inside"
    assert verdict.measured == ()
    assert verdict.reason == "not run in float32: no kernel"


def test_what_lies_below_the_normal_numbers_of_a_format_has_no_digits_to_lose() -> None:
    tiny = claim(lambda x: (x * x + 1) - 1, lambda x: x * x * 1, "value", {"x": Interval("n", 1e-21, 1e-20)})
    verdict = floats.check(Case(tiny, FAST, 0))
    assert verdict.floats == "inside"
    assert verdict.loses is None


def test_one_mode_is_run_eagerly() -> None:
    verdict = floats.check(Case(SQUARES, _in("float32", ways=("jit", "eager")), 0))
    assert {(row["program"], row["way"]) for row in verdict.measured} == {
        ("grad", "jit"),
        ("grad", "eager"),
        ("formula", "jit"),
    }


def test_a_promise_of_accuracy_is_one_of_the_entries_and_not_along_a_direction() -> None:
    budget = replace(FAST, mode_ways={"float32": ("jit",)})
    verdict = floats.check(Case(replace(SQUARES, within={"float32": 4.0}), budget, 0))
    assert verdict.floats == "inside"
    assert {row["program"] for row in verdict.measured} == {"grad", "jacrev", "jacfwd", "formula"}


def test_nothing_is_promised_where_the_true_value_is_not_known() -> None:
    exact = np.array([arb(3), arb(0), arb(3, 2.0**-70), arb(3, 2.0**-40), arb(0, 2.0**-200), arb("nan")], dtype=object)
    promised = floats._promise(FORMATS["float32"], exact, 2.0)
    assert finite(promised).tolist() == [True, True, True, False, False, False]
    assert promised[0].contains(arb(3 + 2.0**-21))
    assert not promised[0].contains(arb(3 + 2.0**-20))


def test_floats_of_no_entries_are_run() -> None:
    nothing = claim(lambda x: x[:0], lambda x: 2 * x[:0], "value")
    verdict = floats.check(Case(nothing, FAST, 0))
    assert [(row["inside"], row["outside"], "at" in row) for row in verdict.measured] == [(0, 0, False)] * 4


def test_floats_of_a_claim_that_speaks_nowhere_are_not_run() -> None:
    nowhere = claim(_squares, lambda x: 2 * x, where=lambda x: x * x < 0)
    found = floats.check(Case(nowhere, FAST, 0))
    assert found.status is Status.UNKNOWN
    assert found.measured == ()
    assert found.checked == 0


def test_jobs_of_different_programs_and_lengths_are_run_together_and_kept_apart() -> None:
    form = FORMATS["float32"]
    cubes = claim(lambda x: jnp.sum(x**3), lambda x: 3 * x * x)
    sides = [Case(each, FAST, 0).subject({"n": 2}, form).modes[0] for each in (SQUARES, cubes)]
    slopes: list[Callable[[Any], Any]] = [lambda x: 2 * x, lambda x: 3 * x * x]
    jobs: list[tuple[int, floats.Job]] = []
    for number, (kind, count) in enumerate(((0, 1), (1, 2), (0, 5), (1, 1), (0, 2))):
        arrays = np.random.default_rng(number).integers(-8, 9, size=(count, 2)).astype(float)
        points = Points((arrays,), ("whole",) * count)
        jobs.append((kind, floats.Job(sides[kind], points, [], {"jit", "vmap", "eager"})))
    floats.run([job for _, job in jobs], form)
    for kind, job in jobs:
        expected = slopes[kind](job.points.arrays[0])
        for way in ("jit", "vmap", "eager"):
            rows, values = job.returned[way]
            assert rows.tolist() == list(range(len(rows)))
            assert way == "eager" or len(rows) == len(job.points)
            assert (values == expected[rows]).all(), way


def test_the_worst_value_and_the_fewest_digits_are_told_and_not_the_last() -> None:
    values = np.array([[1.0, 2.0], [1.0 + 2.0**-10, 2.0], [1.0 + 2.0**-20, 2.0], [np.inf, 2.0]])
    exact = balls(np.tile([1.0, 2.0], (4, 1)))
    room = exact + arb(0, 2.0**-8)
    row, place, first = floats._compare(FORMATS["float64"], values, room, exact)
    assert (row["points"], row["inside"], row["outside"], row["no_claim"]) == (4, 7, 1, 0)
    assert place == (1, 0)
    assert first == (3, 0)
    assert row["worst_ulp"] == 2.0**42
    assert row["digits"] == pytest.approx(10 * math.log10(2))
    assert row["share"] == pytest.approx(0.25, rel=1e-6)
    wide = exact.copy()
    wide[1, 0] = arb("nan")
    row, place, first = floats._compare(FORMATS["float64"], values, wide, exact)
    assert (row["inside"], row["outside"], row["no_claim"]) == (5, 2, 1)
    assert first == (2, 0)
    row, _, _ = floats._compare(FORMATS["float64"], -values[:1], room[:1], exact[:1])
    assert row["digits"] == 0, "no digit is right where the sign is wrong"
    assert row["share"] == 0, "what is outside takes no share of what is inside"
    row, _, _ = floats._compare(FORMATS["float64"], 0 * values[:1], room[:1], exact[:1])
    assert str(row["digits"]) == "0.0", "and not -0.0"
    small = balls(np.array([[1e-310, 1.0]]))
    row, _, _ = floats._compare(FORMATS["float64"], np.array([[0.0, 1.0]]), small + arb(0, 1), small)
    assert row["digits"] > 15, "what the format flushes has no digits to lose"
    row, _, _ = floats._compare(FORMATS["float64"], values[:1], room[:1], exact[:1])
    assert row["digits"] == pytest.approx(53 * math.log10(2)), "as many as the format has, where all are right"


def test_an_implementation_beyond_its_budget_is_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(budgets.BUDGETS["float32"], "tanh", Allowance(0.01))
    off = claim(lambda x: jnp.tanh(x), lambda x: jnp.sinh(x) / jnp.cosh(x), "value", sizes={"n": (5,)})
    assert floats.check(Case(off, FAST, 0)).floats == "outside"


def test_nan_from_floats_where_a_value_is_promised_is_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    ran = floats.run

    def lost(jobs: Sequence[Any], *args: Any, **more: Any) -> None:
        ran(jobs, *args, **more)
        for job in jobs:
            for _, values in job.returned.values():
                values[0, 0] = math.nan

    monkeypatch.setattr(floats, "run", lost)
    assert floats.check(_soft(FAST)).floats == "outside"


def test_where_a_format_overflows_nothing_is_claimed() -> None:
    large = claim(lambda x: jnp.sum(jnp.exp(x)), lambda x: jnp.exp(x) * 1, domain={"x": Interval("n", 20.0, 30.0)})
    verdict = floats.check(Case(large, _in("float16"), 0))
    assert verdict.floats == "no claim"
    assert verdict.checked == 0
    assert all(row["no_claim"] > 0 for row in verdict.measured)
    assert floats.check(Case(large, FAST, 0)).floats == "inside"


def test_floats_of_gathered_entries_are_judged() -> None:
    gathered = claim(
        lambda x: jnp.sum(x[np.array([0, 0, 1])] ** 2),
        lambda x: jnp.array([4, 2]).astype(x.dtype) * x,
        sizes={"n": (2,)},
    )
    assert floats.check(Case(gathered, FAST, 0)).floats == "inside"


# ---------------------------------------------------------------------------------------------------------------
# All together.


def _timeless(verdicts: Sequence[Verdict]) -> list[Verdict]:
    return [replace(each, seconds=0.0) for each in verdicts]


@pytest.mark.parametrize("by_hand", [lambda x: 2 * x, lambda x: 2 * x * (1 + 1e-9)], ids=["right", "wrong"])
def test_one_seed_gives_one_verdict(by_hand: Any) -> None:
    runs = [_timeless(judge(claim(_squares, by_hand), FAST, seed=5)) for _ in range(2)]
    assert runs[0] == runs[1]
    assert [each.engine for each in runs[0]] == ["prove", "enclose", "falsify", "floats"]


def test_where_a_proof_covers_everything_no_counterexample_is_searched_for() -> None:
    right, wrong = (judge(claim(_squares, by_hand), QUICK.only(())) for by_hand in (lambda x: 2 * x, lambda x: 3 * x))
    assert [each.reason for each in right if each.engine == "falsify"] == [NOT_SEARCHED]
    assert [each.status for each in wrong if each.engine == "falsify"] == [Status.FAILS]


def test_the_seed_moves_the_points_and_not_the_verdict() -> None:
    for right, status in ((True, Status.HOLDS), (False, Status.FAILS)):
        by_hand = (lambda x: 2 * x) if right else (lambda x: 2 * x * jnp.where(x < -1, 1.001, 1.0))
        assert {enclosed(_squares, by_hand, seed=seed).status for seed in range(8)} == {status}
    points = [
        draw(Case(SQUARES, QUICK, s).subject({"n": 2}), 4, FLOAT64, Case(SQUARES, QUICK, s).rng(3, 0)) for s in (0, 1)
    ]
    assert points[0].families == points[1].families
    assert points[0].arrays[0].tolist() != points[1].arrays[0].tolist()


def test_every_engine_is_announced_before_it_runs() -> None:
    seen: list[str] = []
    verdicts = judge(SQUARES, QUICK.only(()), progress=seen.append)
    assert seen == ["enclose", "prove", "falsify"]
    assert {verdict.engine for verdict in verdicts} == {*seen, "floats"}


def test_a_format_whose_program_no_point_decides_is_told() -> None:
    def by_hand(x: Any) -> Any:
        if x.dtype == jnp.float16:
            return x * jnp.array([1.0, 2.0], x.dtype)[jnp.argmax(jnp.stack([x, jnp.sqrt(x) ** 2]))]
        return x + 0

    subject = claim(lambda x: 1 * x, by_hand, "value", {"x": Interval("", 2.0, 3.0)}, sizes={})
    found = enclose.check(Case(subject, _in("float16"), 0))
    assert found.status is Status.HOLDS
    assert found.exceptions == ("no point decides the program that is traced in float16",)
    assert enclose.check(Case(subject, _in("float32"), 0)).exceptions == ()


def test_the_public_functions_take_a_function_and_floats() -> None:
    found = verify.enclose(jax.grad(_squares), [1.0, 0.1], bits=100)
    assert found.shape == (2,)
    assert found[0] == 2
    assert found[1] == 2 * arb(0.1)
    room = verify.allowed(jax.grad(_squares), [1.0, 0.1], dtype="float16")
    rounded = float(np.float16(0.1))
    assert room[1].contains(arb(2 * rounded))
    assert not room[1].contains(arb(2 * rounded * (1 + 2.0**-8)))


def test_a_place_that_one_side_cannot_tell_decides_nothing() -> None:
    """Which of two equal numbers is larger no number of bits says, and what stands at either place is no evidence."""

    def looked_up(x: Any) -> Any:
        return x * jnp.array([1.0, 2.0], x.dtype)[jnp.argmax(jnp.stack([x, jnp.sqrt(x) ** 2]))]

    domain = {"x": Positive("")}
    assert enclosed(lambda x: x + 0, looked_up, "value", domain, sizes={}).status is Status.UNKNOWN
    assert enclosed(looked_up, lambda x: x + 0, "value", domain, sizes={}).status is Status.UNKNOWN
    # Of few numbers the root is known exactly.
    few = enclosed(looked_up, lambda x: 1 * looked_up(x), "value", {"x": Interval("", 0.0, 4.0)}, sizes={})
    assert "most points leave value undecided" in few.reason


@pytest.mark.parametrize(
    "where",
    [lambda x, y: (x > 0, y > 0), lambda x, y: {"first": x > 0, "second": y > 0}, lambda x, y: [(x > 0) & (y > 0)]],
    ids=["a pair", "by name", "one"],
)
@pytest.mark.parametrize("wrong", [False, True])
def test_of_several_conditions_all_have_to_hold(where: Callable[..., Any], wrong: bool) -> None:
    """Where x > 0 alone, |x| |y| = x y is false."""
    from verify.engines import prove

    claim = Claim(
        id="made-up.conditions",
        autodiff=Derivative(lambda x, y: jnp.abs(x) * jnp.abs(y), "value"),
        by_hand=(lambda x, y: -x * y) if wrong else lambda x, y: x * y,
        domain={"x": Reals(""), "y": Reals("")},
        where=where,
    )
    assert enclose.check(Case(claim, BUDGETS["standard"], 0)).status is (Status.FAILS if wrong else Status.HOLDS)
    assert (prove.check(Case(claim, BUDGETS["standard"], 0)).status is Status.HOLDS) is not wrong


def test_without_a_condition_or_without_anything_to_compare_there_is_no_claim() -> None:
    given: dict[str, Any] = {"id": "made-up.nothing", "domain": {"x": Reals("n")}, "sizes": {"n": (2,)}}
    squares = Claim(**given, autodiff=Derivative(lambda x: x * x, "value"), by_hand=lambda x: x**2, where=lambda x: [])
    with pytest.raises(verify.ClaimError, match="where returns nothing, expected a condition"):
        enclose.check(Case(squares, BUDGETS["quick"], 0))
    nothing = Claim(**given, autodiff=Derivative(lambda x: (), "value"), by_hand=lambda x: [])
    with pytest.raises(verify.ClaimError, match="returns nothing, expected at least one array"):
        enclose.check(Case(nothing, BUDGETS["quick"], 0))


def test_rows_that_are_longer_than_many_have_each_its_winner() -> None:
    regions = {"x": Saturated("2 n", winner=0, gap=0.0)}
    subject = Case(claim(lambda x: x, lambda x: x + 0, "value", regions), QUICK, 0).subject({"n": 3})
    found = engines.case._boxes(subject, set())
    assert found is not None
    names = found[0][0]["name"].reshape(-1, 3).tolist()
    assert engines.case._leaders(subject, found[0]) == {
        loser: {winner} for winner, *losers in names for loser in losers
    }


def test_what_engines_say_together(monkeypatch: pytest.MonkeyPatch) -> None:
    """A proof that leaves inputs out stands where points decide; one that a point refutes does not."""
    from verify.engines import prove

    proved = made_up.verdict(engine="prove", status=Status.HOLDS, evidence="proved", sizes=("n = 2", "n = 3"))
    searched: list[tuple[Any, Any]] = []

    def searches(case: Case, suspect: object, sizes: tuple[str, ...]) -> Verdict:
        searched.append((suspect, sizes))
        return made_up.verdict(engine="falsify", status=Status.UNKNOWN, evidence="")

    monkeypatch.setattr(falsify, "check", searches)
    at = made_up.witness(size={"n": 2})
    holds, fails, unknown = (
        made_up.verdict(status=Status.HOLDS, evidence="enclosed", checked=1),
        made_up.verdict(status=Status.FAILS, worst=at),
        made_up.verdict(status=Status.UNKNOWN, evidence="", worst=at),
    )
    left_out = replace(proved, exceptions=("x_0 = 0",))
    kept, gone = (Status.HOLDS, "proved", proved.sizes), (Status.UNKNOWN, "", ())
    for proof, points, said, reason, search in (
        (proved, holds, kept, "", None),
        (proved, unknown, kept, "", None),
        (proved, fails, gone, engines.OTHER_FORMAT, (at, proved.sizes)),
        (left_out, holds, kept, "", None),
        (left_out, unknown, gone, engines.LEFT_OUT, (None, ())),
        (replace(proved, sizes=("n = 2",)), unknown, (Status.HOLDS, "proved", ("n = 2",)), "", (None, ("n = 2",))),
    ):
        searched.clear()
        monkeypatch.setattr(prove, "check", lambda case, agrees, proof=proof: proof)
        monkeypatch.setattr(enclose, "check", lambda case, points=points: points)
        found, _, looked, _ = judge(SQUARES, QUICK.only(()))
        assert (found.status, found.evidence, found.sizes) == said
        assert found.reason == reason
        assert searched == ([] if search is None else [search])
        assert (looked.reason == NOT_SEARCHED) == (search is None)


def test_a_defect_on_one_claim_leaves_the_others_to_be_decided(monkeypatch: pytest.MonkeyPatch) -> None:
    seeds: list[int] = []

    def decides(case: Case) -> Verdict:
        seeds.append(case.seed)
        if case.claim.id == "broken":
            raise ZeroDivisionError("a defect")
        return made_up.verdict(status=Status.HOLDS, evidence="enclosed", checked=1)

    monkeypatch.setattr(enclose, "check", decides)
    monkeypatch.setattr("verify.engines.prove.check", lambda case, agrees: made_up.verdict(engine="prove"))
    monkeypatch.setattr(
        falsify, "check", lambda *_: made_up.verdict(engine="falsify", status=Status.UNKNOWN, evidence="")
    )
    monkeypatch.setattr(floats, "check_all", lambda cases, progress: [made_up.verdict(engine="floats") for _ in cases])
    claims = [replace(SQUARES, id=name) for name in ("first", "broken", "last")]
    found = {case.claim.id: outcome for case, outcome in engines.judge_all(claims)}
    assert set(found) == {"first", "broken", "last"}
    assert isinstance(found["broken"], ZeroDivisionError)
    assert all(isinstance(found[name], tuple) for name in ("first", "last"))
    judge(SQUARES)
    assert seeds == [0] * 4


def test_of_floats_that_cannot_be_run_together_each_is_run_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    alone: list[str] = []
    floating = made_up.verdict(engine="floats", status=Status.UNKNOWN, evidence="")

    def together(cases: Sequence[Case], progress: object) -> list[Verdict]:
        raise MemoryError("too much at once")

    def one(case: Case) -> Verdict:
        alone.append(case.claim.id)
        if case.claim.id == "broken":
            raise ZeroDivisionError("a defect")
        return floating

    monkeypatch.setattr(floats, "check_all", together)
    monkeypatch.setattr(floats, "check", one)
    claims = [replace(SQUARES, id=name) for name in ("broken", "last")]
    (_, broken), (_, last) = engines.judge_all(claims, QUICK.only(()))
    assert alone == ["broken", "last"]
    assert isinstance(broken, ZeroDivisionError)
    assert isinstance(last, tuple)
    assert last[-1] is floating
    ((_, outcome),) = engines.judge_all(claims[1:], QUICK.only(()))
    assert isinstance(outcome, MemoryError)
    assert alone == ["broken", "last"], "one alone has been run alone"


def test_balls_have_two_hundred_bits_and_lists_of_lists_are_arrays() -> None:
    from verify.readings import api

    for enclose_one in (verify.enclose, api.enclose):
        found = enclose_one(jnp.exp, 1.0)[()]
        known, more = (enclose_one(jnp.exp, 1.0, bits=bits)[()] for bits in (200, 201))
        assert (found.mid(), found.rad()) == (known.mid(), known.rad())
        assert (found.mid(), found.rad()) != (more.mid(), more.rad())
    assert verify.enclose(lambda m: m.T, [[1, 2, 3], [4, 5, 6]]).tolist() == [[1, 4], [2, 5], [3, 6]]


def test_formats_are_announced_and_a_claim_that_cannot_be_built_ends_nothing() -> None:
    seen: list[tuple[str, str]] = []
    crooked = replace(SQUARES, id="crooked", by_hand=lambda x: jnp.ones(x.shape[0] + 1))
    found = list(engines.judge_all([crooked, SQUARES], FAST, progress=lambda name, engine: seen.append((name, engine))))
    assert [isinstance(outcome, Exception) for _, outcome in found] == [True, False]
    assert seen[0] == ("crooked", "enclose")
    assert seen[-1] == (SQUARES.id, "floats float32")
