"""Bounds: what the article claims is proved at the sizes named here; beside each stands one that has to be refused."""

import itertools
import math
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from typing import Any

import flint
import jax
import jax.numpy as jnp
import numpy as np
import pytest

import verify
from verify import Claim, Derivative, Status, domain
from verify.article import absolute_error, cross_entropy, curvature, networks, other_losses, squared_error
from verify.engines import BUDGETS, bounds, cones, enclose, falsify, forms, prove, sums
from verify.engines.case import Case
from verify.formats import FLOAT64
from verify.program import trace
from verify.readings.algebra import ANY, AT_LEAST_ZERO, NEGATIVE, POSITIVE, Field, Learnt, TooHard, Value
from verify.readings.symbolic import Symbolic

pytestmark = pytest.mark.once

OPEN = "every n"
FIXED = "n = 2", "n = 3"

# A claim of the article, the sizes at which it is proved, and a factor of the bound with which it is false: one per
# cent where the bound is sharp.
PROVED: list[tuple[Claim, tuple[str, ...], float]] = [
    (squared_error.COMPONENT_BOUND_ANY, (OPEN,), 0.99),
    (squared_error.RIGHT_LOWER, (OPEN,), 1.01),
    (squared_error.BELOW_ANY_THRESHOLD, (OPEN,), 0.99),
    (cross_entropy.RATIO_BOUND, FIXED, 0.99),
    (absolute_error.NORM_BY_WINNER, (OPEN,), 0.99),
    (other_losses.COMPONENT_BOUND, (OPEN,), 0.99),
    (other_losses.COMPONENT_BY_GAP, (OPEN,), 0.99),
    (other_losses.NORM_BY_DEVIATION, FIXED, 0.99),
    (other_losses.NORM_BY_SPREAD, FIXED, 0.99),
    (other_losses.FOCAL_ESCAPES, (OPEN,), 1.01),
    (other_losses.JENSEN_SHANNON_VANISHES, (OPEN,), 0.25),
    (curvature.LIPSCHITZ_JACOBIAN, FIXED, 0.99),
    (networks.SCALED_LOGITS, (OPEN,), 0.99),
]


# Where a search does not find what is a hair's breadth wide: points at which the scaled bound is false.
POINTS: dict[str, list[Any]] = {
    "squared-error.saturated.below-any-threshold": [[30.0, 0.0], [0.0, 1.0], 2.8285 * math.exp(-30)],
    "lipschitz.jacobian": [[0.0, 0.0], [1.0, -1.0]],
    "network.scaled-logits": [[30.0, 0.0], [0.0, 1.0], 1.0],
}


def scaled(claim: Claim, factor: float) -> Claim:
    """The same claim with its bound times a factor."""
    by_hand = claim.by_hand
    return replace(claim, by_hand=lambda **given: jax.tree.map(lambda leaf: factor * leaf, by_hand(**given)))


def said(claim: Claim) -> Any:
    """What the engine says, at two and three classes or for every size."""
    return prove.check(Case(replace(claim, sizes={"n": (2, 3)}), BUDGETS["standard"], 0))


@pytest.mark.parametrize(("claim", "sizes", "factor"), PROVED, ids=[each[0].id for each in PROVED])
def test_a_bound_of_the_article_and_one_that_is_too_sharp(claim: Claim, sizes: tuple[str, ...], factor: float) -> None:
    """The bound is proved; scaled, it is proved nowhere, and refuted at a point."""
    right = said(claim)
    assert (right.status, right.evidence, right.sizes) == (Status.HOLDS, "proved", sizes), right.reason
    wrong = scaled(claim, factor)
    assert not prove.prove_open_bound(wrong).proved
    refuted: list[bool] = []
    for n in (2, 3):
        case = Case(replace(wrong, sizes={"n": (n,)}), BUDGETS["standard"], 0)
        found = bounds.prove_bound(case.subject({"n": n}), 1.0)
        false = False
        if claim.id not in POINTS:
            false = enclose.check(case).status is Status.FAILS or falsify.check(case).status is Status.FAILS
        elif n == len(POINTS[claim.id][0]):
            at = [np.array(each) for each in POINTS[claim.id]]
            value, most = (verify.enclose(side, *at).ravel()[0] for side in (claim.autodiff.fn, claim.by_hand))
            false = bool(value > flint.arb(factor) * most)
        refuted.append(false)
        assert not (found.proved and not found.reasons and false)
    assert any(refuted)


def test_curvature_of_cross_entropy() -> None:
    """At least zero for every size; at least the least bit more than zero is not."""
    claim = replace(curvature.CROSS_ENTROPY_CONVEX, sizes={"n": (2, 3)})
    assert said(claim).sizes == (OPEN,)

    def more(x: Any, y: Any, v: Any) -> Any:
        return 1e-3 * jnp.sum(v**2)

    wrong = replace(claim, by_hand=more)
    assert said(wrong).status is Status.UNKNOWN
    assert enclose.check(Case(wrong, BUDGETS["standard"], 0)).status is Status.FAILS


@pytest.mark.parametrize("name", ["JACOBIAN_NORM", "DISTANCE"])
def test_identities_with_an_open_axis(name: str) -> None:
    """A largest row sum, and a root of a sum of squares: proved for every size; times 1.0001 they are not."""
    claim: Claim = getattr(other_losses, name)
    right = said(claim)
    assert right.sizes == (OPEN,), right.reason
    wrong = said(replace(scaled(claim, 1.0001), stable=None))
    assert wrong.status is Status.UNKNOWN
    assert wrong.residual or wrong.reason


def test_a_clip_and_its_other_form() -> None:
    """The Huber loss for every size, and beside it one with a threshold that is a little smaller."""

    def other(x: Any, y: Any) -> Any:
        s = other_losses.softmax(x)
        return other_losses.pull_back(s, jnp.clip(s - y, -0.37, 0.37))

    # Every kind of entry makes a case of its own: this takes longer than a run gives a proof.
    right = prove.prove_open(other_losses.HUBER, 4.0)
    assert right.proved
    assert not right.reasons
    wrong = replace(other_losses.HUBER, by_hand=other, stable=None)
    assert prove.prove_at(trace(wrong, {"n": 2}, FLOAT64), 3.0).residual is not None


def test_the_stable_form_of_a_bound_has_to_be_equal() -> None:
    """What is smaller than the formula keeps its bound, and is another formula."""

    def fn(x: Any) -> Any:
        return jnp.sum(jnp.tanh(x))

    kept = Claim(
        id="made-up.stable",
        autodiff=Derivative(fn, "gradient", "x"),
        by_hand=lambda x: jnp.ones_like(x),
        relation="<=",
        stable=lambda x: jnp.exp(0 * x),
        domain={"x": domain.Reals("n")},
        sizes={"n": (2,)},
    )
    assert said(kept).status is Status.HOLDS
    for smaller in (lambda x: -jnp.exp(0 * x), lambda x: 1 - x**2):
        assert said(replace(kept, stable=smaller)).status is not Status.HOLDS


# -- made-up bounds, at one size -------------------------------------------------------------------------------------


def found(fn: Callable[..., Any], bound: Callable[..., Any], relation: Any, regions: Any, where: Any = None) -> bool:
    """Whether a bound of a value is proved at its one size."""
    claim = Claim(
        id="made-up.bound",
        autodiff=Derivative(fn, "value"),
        by_hand=bound,
        relation=relation,
        domain=regions,
        sizes={},
        where=where,
    )
    outcome = bounds.prove_bound(trace(claim, {}, FLOAT64), 3.0)
    return bool(outcome.proved) and not outcome.reasons


V2, V3 = {"v": domain.Reals("2")}, {"v": domain.Reals("3")}
FORMS: list[tuple[Callable[..., Any], Callable[..., Any], Any, Any, bool]] = [
    # Quadratic forms: definite, of rank one, and indefinite by a little.
    (lambda v: v[0] ** 2 + v[1] ** 2, lambda v: 2 * v[0] * v[1], ">=", V2, True),
    (lambda v: v[0] ** 2 + v[1] ** 2, lambda v: 2.001 * v[0] * v[1], ">=", V2, False),
    (lambda v: jnp.sum(v**2), lambda v: v[0] * v[1] + v[1] * v[2] + v[2] * v[0], ">=", V3, True),
    (lambda v: jnp.sum(v**2), lambda v: 1.01 * (v[0] * v[1] + v[1] * v[2] + v[2] * v[0]), ">=", V3, False),
    # With terms of a lower degree.
    (lambda v: v[0] ** 2 + 1, lambda v: 2 * v[0], ">=", V2, True),
    (lambda v: v[0] ** 2 + 1, lambda v: 2 * v[0] + 0.001, ">=", V2, False),
    # A minor of the first row says nothing: -v_1^2 is not at least zero.
    (lambda v: 0 * v[0], lambda v: v[1] ** 2, ">=", V2, False),
    # Order of entries.
    (lambda v: jnp.max(v) - jnp.min(v), lambda v: v[0] - v[1], ">=", V3, True),
    (lambda v: jnp.max(v) - jnp.min(v), lambda v: 1.01 * (v[0] - v[1]), ">=", V3, False),
    (lambda v: jnp.max(v) - jnp.min(v), lambda v: jnp.max(v), ">=", V3, False),
    (lambda v: 2 * (jnp.max(v) - jnp.min(v)), lambda v: jnp.sum(jnp.abs(v - v[0])), ">=", V3, True),
    (lambda v: 1.9 * (jnp.max(v) - jnp.min(v)), lambda v: jnp.sum(jnp.abs(v - v[0])), ">=", V3, False),
]


@pytest.mark.parametrize(("fn", "bound", "relation", "regions", "holds"), FORMS, ids=map(str, range(len(FORMS))))
def test_forms(fn: Any, bound: Any, relation: Any, regions: Any, holds: bool) -> None:
    """Entries of either sign, at one size."""
    assert found(fn, bound, relation, regions) == holds


@pytest.mark.parametrize(
    ("bound", "holds"),
    [
        (lambda a, v: 2 * v[0] * v[1] * jnp.sqrt(1 + a), True),
        (lambda a, v: 2.001 * v[0] * v[1] * jnp.sqrt(1 + a), False),
        # The minor is R^2 - 1 = a, or R^2 - (1 + a)^2 = -a (1 + a), with R^2 = 1 + a.
        (lambda a, v: 2 * v[0] * v[1] + 0 * a, True),
        (lambda a, v: 2 * v[0] * v[1] * (1 + a), False),
    ],
    ids=map(str, range(4)),
)
def test_minors_with_powers_of_a_root(bound: Any, holds: bool) -> None:
    """A product of roots is what is below them."""
    regions = {"a": domain.Interval("", 0.0, 1.0), **V2}
    assert found(lambda a, v: jnp.sqrt(1 + a) * (v[0] ** 2 + v[1] ** 2), bound, ">=", regions) == holds


@pytest.mark.parametrize(("factor", "holds"), [(2.0, True), (2.001, False)])
def test_a_minor_that_is_zero_but_for_its_roots(factor: float, holds: bool) -> None:
    regions = {"a": domain.Interval("", 0.0, 1.0), **V2}
    bound = lambda a, v: factor * jnp.sqrt(1 + a) * v[0] * v[1]  # noqa: E731
    assert found(lambda a, v: (1 + a) * v[0] ** 2 + v[1] ** 2, bound, ">=", regions) == holds


def test_a_minor_that_is_a_quotient_has_not_the_sign_of_its_numerator() -> None:
    """It is -R^4 with R^3 = 1 / x, so that it is -R / x: negative where both are."""
    regions = {"x": domain.Interval("", -2.0, -1.0), **V2}
    fn, bound = lambda x, v: v[1] ** 2 + 0 * x, lambda x, v: 2 * jnp.cbrt(1 / x) ** 2 * v[0] * v[1]
    assert not found(fn, bound, ">=", regions, where=lambda x, v: jnp.cbrt(1 / x) < 0)


@pytest.mark.parametrize(("factor", "holds"), [(1.0, True), (0.999, False)])
def test_a_threshold_of_which_the_square_is_known(factor: float, holds: bool) -> None:
    """Where a^2 + b^2 <= c^2, twice their product is at most c^2, and at most no less."""
    regions = {"a": domain.Interval("", 0.0, 1.0), "b": domain.Interval("", 0.0, 1.0), "c": domain.Interval("", 0.5, 2)}
    fn = lambda a, b, c: 2 * a * b + 0 * c  # noqa: E731
    assert found(fn, lambda a, b, c: factor * c**2, "<=", regions, where=lambda a, b, c: a**2 + b**2 <= c**2) == holds


@pytest.mark.parametrize(("least", "holds"), [(0.5, True), (0.0, False)])
def test_a_factor_that_may_be_zero_says_nothing_of_the_other(least: float, holds: bool) -> None:
    regions = {"a": domain.Interval("", least, 1.0), "v": domain.Reals("")}
    assert found(lambda a, v: v + 0 * a, lambda a, v: 0 * v, ">=", regions, where=lambda a, v: a * v >= 0) == holds


@pytest.mark.parametrize(("sign", "holds"), [(1, True), (-1, False)])
def test_logarithms_are_ordered_as_what_stands_in_them(sign: int, holds: bool) -> None:
    """And the other way round as numbers that are negative."""

    def where(x: Any) -> Any:
        return (sign * x[0] > 0) & (sign * x[1] > 0) & (jnp.log(sign * x[0]) >= jnp.log(sign * x[1]))

    assert found(lambda x: x[0], lambda x: x[1], ">=", {"x": domain.Reals("2")}, where) == holds


@pytest.mark.parametrize(("factor", "holds"), [(1.0, True), (2.0, False), (0.5, False)])
def test_multiples_of_logarithms_are_not_ordered_as_what_stands_in_them(factor: float, holds: bool) -> None:
    regions = {"x": domain.Positive("2")}
    where = lambda x: factor * jnp.log(x[0]) >= jnp.log(x[1])  # noqa: E731
    assert found(lambda x: x[0], lambda x: x[1], ">=", regions, where) == holds


@pytest.mark.parametrize("relation", ["<=", ">="])
@pytest.mark.parametrize("power", [1, 2, 3])
def test_a_quotient_has_the_sign_of_what_it_is_divided_by(relation: Any, power: int) -> None:
    holds = relation == (">=" if power == 2 else "<=")
    quotient = lambda v: 1 / v**power  # noqa: E731
    regions = {"v": domain.Nonzero("")}
    assert found(quotient, lambda v: 0 * v, relation, regions, where=lambda v: v < 0) == holds
    assert found(quotient, lambda v: 0 * v, relation, regions) == (holds and power == 2)


@pytest.mark.parametrize(
    ("inside", "bound", "holds"),
    [
        (lambda x: jnp.exp(x[0]) + jnp.exp(x[1]), lambda x: x[0], True),
        (lambda x: jnp.exp(2 * x[0]) + jnp.exp(2 * x[1]), lambda x: x[0], False),
        (lambda x: jnp.exp(x[0] / 2) + jnp.exp(x[1] / 2), lambda x: x[0], False),
        (lambda x: 1 + jnp.exp(x[0] + x[1]), lambda x: x[0], False),
        (lambda x: 1 + jnp.exp(x[0] * x[1]), lambda x: x[0], False),
        (lambda x: jnp.exp(x[0] ** 2) + jnp.exp(x[1] ** 2), lambda x: 2 * x[0], False),
        (lambda x: 1 + jnp.exp(1e6 * x[0]) + jnp.exp(x[1]), lambda x: x[0], False),
        (lambda x: 1 + jnp.exp(x[0]) / 2, lambda x: x[0], False),
        (lambda x: jnp.exp(-x[0]) + jnp.exp(x[1]), lambda x: x[0], False),
    ],
    ids=map(str, range(9)),
)
def test_a_logarithm_is_at_least_that_of_one_term(inside: Any, bound: Any, holds: bool) -> None:
    assert found(lambda x: jnp.log(inside(x)), bound, ">=", {"x": domain.Reals("2")}) == holds


@pytest.mark.parametrize(("less", "holds"), [(0.0, True), (0.001, False)])
def test_what_holds_in_every_order_of_the_entries_is_proved(less: float, holds: bool) -> None:
    """Schur's inequality, which is attained where all entries are equal."""

    def fn(v: Any) -> Any:
        return sum(v[i] * (v[i] - v[(i + 1) % 3]) * (v[i] - v[(i + 2) % 3]) for i in range(3))

    assert found(fn, lambda v: less * v[0] * v[1] * v[2], ">=", {"v": domain.Positive("3")}) == holds


@pytest.mark.parametrize("entry", [0, 1])
def test_of_a_target_every_vertex_counts(entry: int) -> None:
    assert not found(lambda y: y[entry], lambda y: 0 * y[entry], "<=", {"y": domain.OneHot("2")})
    assert found(lambda y: y[0] * y[1], lambda y: 0 * y[entry], "<=", {"y": domain.OneHot("2")})


def test_a_logarithm_of_a_difference_is_not_at_least_that_of_one_term() -> None:
    regions, where = {"x": domain.Reals("2")}, lambda x: jnp.exp(x[0]) - jnp.exp(x[1]) > 0
    assert not found(lambda x: jnp.log(jnp.exp(x[0]) - jnp.exp(x[1])), lambda x: x[0], ">=", regions, where)


LOGITS2 = {"x": domain.Logits("2")}


def _excess(x: Any) -> Any:
    return jax.nn.logsumexp(x) - x[0]


def _fourth(x: Any) -> Any:
    return _excess(x) ** 2 + _excess(x) ** 4


def _square(x: Any) -> Any:
    z = jnp.exp(x[1] - x[0])
    return z**2 / (1 + z)


@pytest.mark.parametrize(
    ("fn", "bound", "relation", "holds"),
    [
        (lambda x: jax.nn.logsumexp(x), lambda x: x[1], ">=", True),
        (lambda x: jax.nn.logsumexp(x), lambda x: x[1] + 0.001, ">=", False),
        (lambda x: jax.nn.logsumexp(x) - x[0], lambda x: jnp.exp(x[1] - x[0]), "<=", True),
        (lambda x: jax.nn.logsumexp(x) - x[0], lambda x: 0.99 * jnp.exp(x[1] - x[0]), "<=", False),
        (lambda x: (jax.nn.logsumexp(x) - x[0]) ** 2, lambda x: jnp.exp(x[1] - x[0]), "<=", True),
        (lambda x: (jax.nn.logsumexp(x) - x[0]) ** 2, lambda x: 0.6 * jnp.exp(x[1] - x[0]), "<=", False),
        # A logarithm to the power three is at most a third power, and not at most a first one with a small factor.
        (lambda x: (jax.nn.logsumexp(x) - x[0]) ** 3, lambda x: jnp.exp(3 * (x[1] - x[0])), "<=", True),
        (lambda x: (jax.nn.logsumexp(x) - x[0]) ** 3, lambda x: 0.5 * jnp.exp(x[1] - x[0]), "<=", False),
        # Of several powers each is replaced.
        (
            lambda x: _excess(x) + _excess(x) ** 2,
            lambda x: jnp.exp(x[1] - x[0]) + jnp.exp(2 * (x[1] - x[0])),
            "<=",
            True,
        ),
        (
            lambda x: _excess(x) + _excess(x) ** 2,
            lambda x: 0.9 * jnp.exp(x[1] - x[0]) + jnp.exp(2 * (x[1] - x[0])),
            "<=",
            False,
        ),
        (
            lambda x: _excess(x) + _excess(x) ** 2,
            lambda x: jnp.exp(x[1] - x[0]) + 0.4 * jnp.exp(2 * (x[1] - x[0])),
            "<=",
            False,
        ),
        (lambda x: _excess(x), lambda x: jnp.exp(x[1] - x[0]) + _excess(x) ** 2, "<=", True),
        (lambda x: _excess(x), lambda x: 0.4 * jnp.exp(x[1] - x[0]) + _excess(x) ** 2, "<=", False),
        # With the square of a logarithm its fourth power: p^2 <= z^2 / (1 + z) with z = e^(x_1 - x_0).
        (_fourth, lambda x: _square(x) + _square(x) ** 2, "<=", True),
        (_fourth, lambda x: _square(x) / (1 + jnp.exp(x[1] - x[0])) + _square(x) ** 2, "<=", False),
        (lambda x: _excess(x) ** 2 - _excess(x) ** 4 / 100, lambda x: _square(x) - _square(x) ** 2 / 100, ">=", False),
        (lambda x: _excess(x), lambda x: jnp.exp(x[1]), "<=", False),
        (lambda x: _excess(x) ** 3, lambda x: jnp.exp(3 * x[1]), "<=", False),
        (lambda x: _excess(x) ** 4, lambda x: jnp.exp(2 * (x[1] - x[0])), "<=", True),
        (lambda x: _excess(x) ** 4, lambda x: 0.1 * jnp.exp(2 * (x[1] - x[0])), "<=", False),
    ],
    ids=map(str, range(20)),
)
def test_logarithms_lie_between(fn: Any, bound: Any, relation: Any, holds: bool) -> None:
    """``0 <= log(1 + z) <= z`` and ``log(1 + z)^2 <= z``."""
    assert found(fn, bound, relation, LOGITS2) == holds


ROOTS: dict[str, tuple[Callable[..., Any], Callable[..., Any], bool]] = {
    "a square root": (lambda x: (1 + x) / 2, jnp.sqrt, True),
    "a larger one": (lambda x: (1 + x) / 2, lambda x: 1.001 * jnp.sqrt(x), False),
    # What is below zero has a square that is as large.
    "below zero": (lambda x: -2 - x, jnp.sqrt, False),
    # Its square is at least x, not its fourth power.
    "a fourth root": (lambda x: (1 + x) / 2, lambda x: x**0.25, False),
}


@pytest.mark.parametrize("name", ROOTS)
def test_a_root_is_compared_by_its_square(name: str) -> None:
    fn, bound, holds = ROOTS[name]
    assert found(fn, bound, ">=", {"x": domain.Positive("")}) == holds


INTERVALS = {name: domain.Interval("", 0.0, 1.0) for name in "ab"}


@pytest.mark.parametrize(("more", "holds"), [(0.0, True), (0.001, False)])
def test_an_entry_of_an_interval_is_a_mean_of_its_ends(more: float, holds: bool) -> None:
    fn = lambda a, b: a * (1 - a) + b * (1 - b)  # noqa: E731
    assert found(fn, lambda a, b: more + 0 * a * b, ">=", INTERVALS) == holds


@pytest.mark.parametrize("relation", ["<=", ">="])
def test_a_factor_below_zero_turns_the_others(relation: Any) -> None:
    """That it is below zero is a hypothesis about a difference."""
    regions = {name: domain.Positive("") for name in "abc"}
    where = lambda a, b, c: (a >= b) & (c < 3)  # noqa: E731
    fn, bound = lambda a, b, c: (c - 3) * (a**3 - b**3), lambda a, b, c: 0 * a
    assert found(fn, bound, relation, regions, where) == (relation == "<=")


@pytest.mark.parametrize(("less", "holds"), [(0.0, True), (0.001, False)])
def test_entries_of_two_arguments_are_put_in_order_together(less: float, holds: bool) -> None:
    """Schur's inequality again: two entries of one argument, and another argument."""

    def fn(v: Any, w: Any) -> Any:
        a, b = v
        return a * (a - b) * (a - w) + b * (b - a) * (b - w) + w * (w - a) * (w - b)

    regions = {"v": domain.Positive("2"), "w": domain.Positive("")}
    assert found(fn, lambda v, w: less * v[0] * v[1] * w, ">=", regions) == holds


def test_facts_that_do_not_meet_leave_nothing_proved() -> None:
    """What follows from two facts is not chosen again; where nothing follows, both outcomes are followed."""

    def middle(v: Any) -> Any:
        return jnp.sum(v) - jnp.max(v) - jnp.min(v)

    assert found(middle, lambda v: jnp.max(v), "<=", V3)
    assert found(middle, lambda v: jnp.min(v), ">=", V3)
    assert not found(middle, lambda v: v[0], "<=", V3)
    assert not found(middle, lambda v: (jnp.max(v) + jnp.min(v)) / 2, "<=", V3)


@pytest.mark.parametrize(("least", "holds"), [(0, True), (1, False)])
def test_every_label_of_a_bound_is_followed(least: int, holds: bool) -> None:
    """Beside the first entry, the one of the label may be as small as zero, or it may be the first."""
    regions = {"x": domain.Positive("2"), "k": domain.Labels("", below=2)}
    bound = lambda x, k: jnp.where(k == 0, least, 0) * (x[0] + x[1])  # noqa: E731
    assert found(lambda x, k: x[k], bound, ">=", regions) == holds


@pytest.mark.parametrize("turn", [1, -1])
def test_the_sign_of_one_path_is_not_known_on_another(turn: int) -> None:
    fn = lambda v: jnp.minimum(turn * (v[0] - v[1]), 0)  # noqa: E731
    assert not found(fn, lambda v: 0 * v[0], ">=", V2)


@pytest.mark.parametrize("power", [1, 2])
def test_what_a_hypothesis_says_is_not_zero_may_be_divided_by(power: int) -> None:
    regions = {"x": domain.Reals("")}
    fn = lambda x: 1 / x**power  # noqa: E731
    assert found(fn, lambda x: 0 * x, ">=", regions, lambda x: x > 0)
    assert not found(fn, lambda x: 0 * x, ">=", regions, lambda x: x >= 0)


@pytest.mark.parametrize(("factor", "holds"), [(1, True), (-1, True), (2, False), (-2, False)])
def test_a_bound_on_the_size_is_one_on_either_side(factor: int, holds: bool) -> None:
    assert found(lambda x: factor * x, lambda x: x, "abs<=", {"x": domain.Positive("")}) == holds


@pytest.mark.parametrize("swapped", [False, True])
def test_every_factor_of_a_difference_has_its_say(swapped: bool) -> None:
    def fn(v: Any, w: Any) -> Any:
        (a, b), (c, d) = (w, v) if swapped else (v, w)
        return (a - b) * (c**2 - c * d + d**2)

    regions = {"v": domain.Positive("2"), "w": domain.Positive("2")}
    assert not found(fn, lambda v, w: 0 * v[0] * w[0], ">=", regions)


@pytest.mark.parametrize(("sign", "holds"), [(1, True), (-1, False)])
def test_a_difference_of_which_the_factor_is_minus_one_is_turned(sign: int, holds: bool) -> None:
    fn = lambda v: sign * (v[0] ** 2 - v[0] * v[1] + v[1] ** 2)  # noqa: E731
    assert found(fn, lambda v: 0 * v[0], ">=", {"v": domain.Positive("2")}) == holds


def test_a_product_of_logarithms_is_not_ordered_as_what_stands_in_them() -> None:
    """At e^2, e^2 and e^4 the product of two is the third."""
    where = lambda x: jnp.all(x > 0) & (jnp.log(x[0]) * jnp.log(x[1]) >= jnp.log(x[2]))  # noqa: E731
    assert not found(lambda x: x[0] + x[1], lambda x: x[2], ">=", {"x": domain.Reals("3")}, where)


def test_the_winner_of_every_row_is_the_one_that_is_named() -> None:
    regions = {"x": domain.Saturated("2 3", winner=2, gap=1.0)}
    assert found(lambda x: x[1, 2] - x[1, 0], lambda x: 1 + 0 * x[0, 0], ">=", regions)
    assert not found(lambda x: x[1, 2] - x[1, 0], lambda x: 1.01 + 0 * x[0, 0], ">=", regions)
    assert not found(lambda x: x[1, 2], lambda x: x[0, 0], ">=", regions)


def test_every_row_of_shares_is_one_of_its_own() -> None:
    regions = {"y": domain.Simplex("2 2")}
    assert found(lambda y: y[1, 0] + y[0, 1], lambda y: 2 + 0 * y[0, 0], "<=", regions)
    assert not found(lambda y: y[1, 0] + y[0, 1], lambda y: 1 + 0 * y[0, 0], "<=", regions)


@pytest.mark.parametrize("relation", ["<=", ">="])
def test_a_winner_may_have_either_sign_or_be_zero(relation: Any) -> None:
    """At one size, and at every size."""
    for sizes, regions in (((), {"x": domain.Saturated("2", winner=0, gap=0.0)}), ((2, 3), WINNER)):
        for fn in (lambda x: x[0], lambda x: -1 / x[0] ** 2, lambda x: 1 / x[0] ** 2):
            bound = lambda x: 0 * x[0]  # noqa: E731
            if sizes:
                assert not opened(fn, bound, relation, regions, sizes)[0]
            else:
                assert not found(fn, bound, relation, regions)


# -- made-up bounds, for every size ----------------------------------------------------------------------------------

FREE = {"x": domain.Logits("n"), "v": domain.Reals("n")}


def _mean(x: Any, v: Any) -> Any:
    return jnp.sum(jax.nn.softmax(x) * v)


def _error(x: Any, v: Any) -> Any:
    return _mean(x, jax.nn.softmax(x) - v)


@pytest.mark.parametrize(
    ("fn", "bound", "relation", "holds"),
    [
        (lambda x, v: _mean(x, v) ** 2, lambda x, v: _mean(x, v**2), "<=", True),
        (lambda x, v: _mean(x, v) ** 2, lambda x, v: 0.99 * _mean(x, v**2), "<=", False),
        (lambda x, v: jnp.sum(v) ** 2, lambda x, v: v.shape[0] * jnp.sum(v**2) + 0 * x[0], "<=", True),
        (lambda x, v: jnp.sum(v) ** 2, lambda x, v: 0.99 * v.shape[0] * jnp.sum(v**2) + 0 * x[0], "<=", False),
        (lambda x, v: _mean(x, v), lambda x, v: jnp.max(v), "<=", True),
        (lambda x, v: _mean(x, v), lambda x, v: jnp.max(v) - 0.001, "<=", False),
        (lambda x, v: _mean(x, v), lambda x, v: 0.99 * jnp.max(v), "<=", False),
        (lambda x, v: _mean(x, v), lambda x, v: jnp.min(v), ">=", True),
        (_error, lambda x, v: jnp.max(jax.nn.softmax(x) - v), "<=", True),
        (_error, lambda x, v: 0.99 * jnp.max(jax.nn.softmax(x) - v), "<=", False),
        (_error, lambda x, v: -jnp.min(v - jax.nn.softmax(x)), "<=", True),
        (_error, lambda x, v: jnp.max(v - jax.nn.softmax(x)), "<=", False),
        # Not of the form that a substitution is known for: true, and not proved.
        (lambda x, v: 2 * _mean(x, v), lambda x, v: jnp.max(2 * v), "<=", False),
        # The third power is no even one.
        (lambda x, v: _mean(x, v**3), lambda x, v: 0 * x[0], ">=", False),
        (lambda x, v: jnp.sum(v**4), lambda x, v: jnp.sum(v**3) * 2 - jnp.sum(v**2) + 0 * x[0], ">=", True),
        (lambda x, v: jnp.sum(v**4), lambda x, v: jnp.sum(v**3) * 2.01 - jnp.sum(v**2) + 0 * x[0], ">=", False),
        # Where the largest entry is known, that of other values is not.
        (lambda x, v: jnp.max(2 * v), lambda x, v: jnp.max(v), "<=", False),
        (lambda x, v: jnp.min(v), lambda x, v: jnp.min(v / 2) + 0 * jnp.max(v), "<=", False),
    ],
    ids=map(str, range(18)),
)
def test_entries_of_either_sign_along_an_open_axis(fn: Any, bound: Any, relation: Any, holds: bool) -> None:
    """Means of squares, and the largest and smallest entry."""
    claim = Claim(
        id="made-up.bound",
        autodiff=Derivative(fn, "value"),
        by_hand=bound,
        relation=relation,
        domain=FREE,
        sizes={"n": (2, 3)},
    )
    outcome = prove.prove_open_bound(claim)
    assert (bool(outcome.proved) and not outcome.reasons) == holds, outcome.reasons


def opened(
    fn: Callable[..., Any], bound: Callable[..., Any], relation: Any, regions: Any, sizes: Any
) -> tuple[bool, dict[str, str]]:
    """Whether a bound of a value is proved for every size, and the reasons why not."""
    claim = Claim(
        id="made-up.bound",
        autodiff=Derivative(fn, "value"),
        by_hand=bound,
        relation=relation,
        domain=regions,
        sizes={"n": sizes},
    )
    outcome = prove.prove_open_bound(claim)
    return bool(outcome.proved) and not outcome.reasons, outcome.reasons


PAIRS = {"x": domain.Positive("n"), "y": domain.Positive("n")}
WINNER = {"x": domain.Saturated("n", winner=0, gap=0.0)}


def _behind(x: Any, *entries: int) -> Any:
    return sum(jnp.exp(x[each] - x[0]) for each in entries)


def test_an_entry_of_a_product_of_two_arguments_is_no_entry_of_their_product() -> None:
    """The largest y_i x_j may be larger than the sum of all y_k x_k."""

    def bound(x: Any, y: Any) -> Any:
        return jnp.sum(y * x) * jnp.ones((x.shape[0], x.shape[0]))

    holds, reasons = opened(lambda x, y: jnp.outer(y, x), bound, "<=", PAIRS, (2, 3))
    assert (holds, reasons) == (False, {"value": "a bound for pairs of entries of an axis of any length"})


def test_an_entry_of_which_only_one_value_occurs_is_named() -> None:
    _, reasons = opened(lambda x, y: x, lambda x, y: jnp.sum(y * x) + 0 * x, "<=", PAIRS, (2, 3))
    assert reasons == {"value": "an entry (0, 0) whose input does not occur by itself"}


@pytest.mark.parametrize(("factor", "holds"), [(1.0, True), (0.99, False)])
def test_what_is_at_most_one_is_at_most_its_inverse(factor: float, holds: bool) -> None:
    """``(1 - r) (1 - s)``, where neither is above one; a little less than that is below zero."""
    bound = lambda x: factor + jnp.exp(x[1] + x[2] - 2 * x[0])  # noqa: E731
    assert opened(lambda x: _behind(x, 1, 2), bound, "<=", WINNER, (3, 4))[0] == holds


@pytest.mark.parametrize(("factor", "holds"), [(1.0, True), (1.01, False)])
def test_a_product_with_a_logarithm_has_the_sign_of_its_factors(factor: float, holds: bool) -> None:
    fn = lambda x: (x[0] - x) * (1 - factor * jax.nn.softmax(x))  # noqa: E731
    assert opened(fn, lambda x: 0 * x, ">=", WINNER, (2, 3))[0] == holds


def test_a_maximum_that_stays_is_followed_once() -> None:
    """Not again and again, where it has not become known."""
    _, reasons = opened(lambda v: jnp.max(2 * v) / v[0], lambda v: v[0], ">=", {"v": domain.Nonzero("n")}, (2, 3))
    assert reasons == {"value": prove.SHIFTS}


def test_a_maximum_of_squares_asks_nothing_of_logits_that_it_is_not_made_of() -> None:
    regions = {"x": domain.Logits("3"), "v": domain.Reals("n")}
    _, reasons = opened(lambda x, v: jnp.max(v**2), lambda x, v: v[0] ** 2 + 0 * x[0], ">=", regions, (2, 3))
    assert reasons == {"value": "a bound with a max for an axis of any length"}


def test_a_maximum_of_some_entries_is_none_of_all() -> None:
    """Of the first entry alone it is that entry, beside the largest of all."""
    for factor, holds in ((2.0, True), (2.01, False)):
        fn = lambda v, factor=factor: factor * v[0]  # noqa: E731
        bound = lambda v: jnp.max(v[:1]) + jnp.max(v)  # noqa: E731
        assert opened(fn, bound, "<=", {"v": domain.Reals("n")}, (2, 3))[0] == holds


def test_the_largest_of_one_argument_is_found_beside_others_of_fixed_lengths() -> None:
    regions = {"s": domain.Reals(""), "w": domain.Reals("2"), "v": domain.Reals("n")}
    fn = lambda s, w, v: v[0] + s + w[0]  # noqa: E731
    for factor, holds in ((1, True), (2, False)):
        bound = lambda s, w, v, factor=factor: factor * jnp.max(v) + s + w[0]  # noqa: E731
        assert opened(fn, bound, "<=", regions, (2, 3))[0] == holds


def test_the_winner_of_logits_is_told_apart_beside_a_scalar() -> None:
    regions = {"s": domain.Reals(""), "x": domain.Logits("n")}
    for more, holds in ((0, True), (1, False)):
        fn = lambda s, x, more=more: x[0] + s + more  # noqa: E731
        assert opened(fn, lambda s, x: jnp.max(x) + s, "<=", regions, (2, 3))[0] == holds


@pytest.mark.parametrize("of", [lambda x: x, jnp.exp], ids=["entry", "exponential"])
def test_the_winner_is_not_the_smallest_entry(of: Any) -> None:
    assert not opened(lambda x: jnp.min(of(x)), lambda x: of(x[0]), ">=", WINNER, (2, 3))[0]


@pytest.mark.parametrize(("less", "holds"), [(1, True), (0, False)])
def test_what_a_path_knows_does_not_decide_what_does_not_follow(less: int, holds: bool) -> None:
    regions = {"v": domain.Reals("n"), "a": domain.Reals(""), "b": domain.Reals("")}
    fn = lambda v, a, b: jnp.abs(a - b) + 0 * v[0]  # noqa: E731
    assert opened(fn, lambda v, a, b: a - less * b + 0 * v[0], ">=", regions, (2, 3))[0] == holds


def test_what_may_be_larger_than_one_is_not_at_most_one() -> None:
    """Nor is what is at most one at least that."""
    regions = {"s": domain.Positive(""), "x": domain.Positive("n")}
    assert not opened(lambda s, x: s + 0 * x[0], lambda s, x: 1 + 0 * x[0], "<=", regions, (2, 3))[0]
    assert not opened(lambda x: _behind(x, 1), lambda x: 1 + 0 * x[0], ">=", WINNER, (2, 3))[0]


@pytest.mark.parametrize(("sizes", "holds"), [((2, 3), True), ((1, 2), False)], ids=["two", "one"])
def test_a_runner_up_is_looked_for_only_where_there_is_one(sizes: tuple[int, ...], holds: bool) -> None:
    """A factor that is zero but for a single entry, times what has no lower bound."""

    def fn(x: Any, y: Any) -> Any:
        others = jnp.max(jnp.where(y > 0, 0.0, 1.0 + 0 * x))
        return (1 - others) * jnp.max(jnp.stack([x[0], 2 * x[0]]))

    claim = Claim(
        id="made-up.runner-up",
        autodiff=Derivative(fn, "value"),
        by_hand=lambda x, y: 0 * x[0] - 5,
        relation=">=",
        domain={"x": domain.Saturated("n", winner=0, gap=0.0), "y": domain.OneHot("n", index=0)},
        sizes={"n": sizes},
    )
    assert bool(prove.prove_open_bound(claim).proved) == holds


@pytest.mark.parametrize(
    ("fn", "bound", "holds"),
    [
        (lambda x: jnp.sum(jnp.exp(2 * x)), lambda x: jnp.sum(jnp.exp(x)), True),
        (lambda x: jnp.sum(jnp.exp(x)), lambda x: jnp.sum(jnp.exp(2 * x)), False),
        (lambda x: jnp.sum(jnp.exp(x)), lambda x: 1.0 * x.shape[0] + 0 * x[0], True),
        (lambda x: jnp.sum(jnp.exp(x)), lambda x: 0.99 * x.shape[0] + 0 * x[0], False),
    ],
    ids=map(str, range(4)),
)
@pytest.mark.parametrize("most", [0.0, 1.0])
def test_an_exponential_of_what_is_at_most_zero_is_at_most_one(fn: Any, bound: Any, holds: bool, most: float) -> None:
    claim = Claim(
        id="made-up.shrinks",
        autodiff=Derivative(fn, "value"),
        by_hand=bound,
        relation="<=",
        domain={"x": domain.Interval("n", -2.0, most)},
        sizes={"n": (2, 3)},
    )
    assert bool(prove.prove_open_bound(claim).proved) == (holds and most == 0)


@pytest.mark.parametrize(
    "region", [domain.Simplex("t n"), domain.Saturated("t n", winner=0, gap=1.0)], ids=["shares", "winner"]
)
def test_an_argument_with_two_open_axes_is_read_as_it_is(region: Any) -> None:
    claim = Claim(
        id="made-up.axes",
        autodiff=Derivative(lambda x: jnp.sum(jnp.exp(x)), "value"),
        by_hand=lambda x: 0 * jnp.sum(x),
        relation=">=",
        domain={"x": region},
        sizes={"t": (2, 3), "n": (2, 3)},
    )
    assert prove.prove_open_bound(claim).proved == ["value"]


@pytest.mark.parametrize(("power", "holds"), [(3, True), (2, False)])
def test_a_bound_of_a_gradient_is_one_of_its_entries_and_not_along_a_direction(power: int, holds: bool) -> None:
    claim = Claim(
        id="made-up.gradient",
        autodiff=Derivative(lambda x: jnp.sum(x**power), "gradient", "x"),
        by_hand=lambda x: 0 * x,
        relation=">=",
        domain={"x": domain.Reals("n")},
        sizes={"n": (2, 3)},
    )
    outcome = prove.prove_open_bound(claim)
    assert outcome.proved == (["grad", "jacrev", "jacfwd"] if holds else [])
    assert bool(outcome.reasons) != holds


def test_an_equation_is_proved_along_directions_too() -> None:
    claim = Claim(
        id="made-up.equation",
        autodiff=Derivative(lambda x: jnp.sum(x**3), "gradient", "x"),
        by_hand=lambda x: 3 * x * x,
        domain={"x": domain.Reals("n")},
        sizes={"n": (2, 3)},
    )
    assert prove.prove_open_bound(claim).proved == ["grad", "jacrev", "jacfwd", "jvp", "vjp"]


def test_what_has_no_value_or_is_too_hard_is_not_proved() -> None:
    claim = Claim(
        id="made-up.bound",
        autodiff=Derivative(lambda x: x, "value"),
        by_hand=lambda x: x + 1,
        relation="<=",
        domain={"x": domain.Reals("")},
        sizes={},
    )
    subject = trace(claim, {}, FLOAT64)
    value = Field(Learnt(capacity=1)).one
    for sides in ((None, value), (value, None), (None, None)):
        reader = bounds.BoundReader(subject, math.inf)
        reader._one_component(None, None, subject.modes[0], "0", *sides)  # type: ignore[arg-type]
        assert (reader.live, reader.outcome.reasons) == ([], {"value": "a side without a value"})

    class Hard(bounds.BoundReader):
        def _at_least_zero(self, system: Any, path: Any, difference: Any, *more: Any, **named: Any) -> Any:
            raise TooHard("as here")

    assert not Hard(subject, math.inf)._is_at_least_zero(None, value)  # type: ignore[arg-type]


# -- the parts -------------------------------------------------------------------------------------------------------


def test_combinations_of_what_is_known() -> None:
    """A linear programme without a combination is refused, one with it is not, and steps are counted."""
    spent: list[int] = []
    target = {"a": 2, "b": -3, "c": 1}
    assert cones.unmet(target, [{"a": 1, "b": -1}, {"c": 1, "b": -1}], spent.append) == 0
    assert spent
    assert cones.unmet(target, [{"a": 1, "b": -1}], spent.append) > 0
    assert cones.unmet({"a": 2, "b": -3, "c": 1 - 1}, [{"a": 1, "b": -1}, {"c": 1, "b": -1}], spent.append) > 0
    # Two that share: b by a and c in halves, with nothing left over; and one part in a thousand less.
    mean = [{"a": 1, "c": 1, "b": -2}]
    assert cones.unmet({"a": 500, "b": -1000, "c": 500}, mean, spent.append) == 0
    assert cones.unmet({"a": 500, "b": -1000, "c": 499}, mean, spent.append) > 0


def test_combinations_against_all_small_ones() -> None:
    """What is said of a combination agrees with trying many."""
    columns = [{"a": 1, "b": -1}, {"b": 1, "c": -2}, {"a": 1, "c": -1, "d": -1}]
    steps = [Fraction(each, 2) for each in range(9)]
    for target in itertools.product((-1, 0, 2), repeat=4):
        given = dict(zip("abcd", target, strict=True))
        some = any(
            all(
                given[term] - sum(factor * column.get(term, 0) for factor, column in zip(chosen, columns, strict=True))
                >= 0
                for term in "abcd"
            )
            for chosen in itertools.product(steps, repeat=3)
        )
        assert (cones.unmet(given, columns, lambda spent: None) == 0) == some, given


def test_schur_is_for_three_entries_alike() -> None:
    """``x y^2 z^3`` is at most half of ``x y z^4`` and ``x^2 y^2 z^2``, as sums over all tuples of three."""

    def term(*powers: int) -> Any:
        return (), tuple(sorted((0, (each,)) for each in powers))

    assert list(sums._schur(term(1, 2, 3))) == [(term(1, 1, 4), term(2, 2, 2))]
    assert list(sums._schur(term(1, 1, 3))) == []
    values = [Fraction(1, 3), Fraction(2), Fraction(5, 2), Fraction(7)]

    def total(powers: Any) -> Fraction:
        whole = Fraction(0)
        for chosen in itertools.permutations(values, 3):
            product = Fraction(1)
            for value, (_, (power,)) in zip(chosen, powers[1], strict=True):
                product *= value**power
            whole += product
        return whole

    for low, middle, high in ((0, 1, 2), (1, 2, 3), (0, 2, 3), (1, 3, 3), (0, 1, 5)):
        for one, other in sums._schur(term(low, middle, high)):
            assert total(one) + total(other) >= 2 * total(term(low, middle, high))


def _over_tuples(term: Any, scalars: Any, entries: Any) -> float:
    """A term at a point: ``entries[block]`` has a row of values, one of each kind, for each entry."""
    powers, profiles = term
    outer = math.prod(value**power for value, power in zip(scalars, powers, strict=True))
    options = [[(block, which) for which in range(len(entries[block]))] for block, _ in profiles]
    total = 0.0
    for chosen in itertools.product(*options):
        if len(set(chosen)) == len(chosen):
            total += math.prod(
                float(np.prod(entries[block][which] ** np.array(held)))
                for (block, which), (_, held) in zip(chosen, profiles, strict=True)
            )
    return outer * total


def _made_up_terms(kinds: int) -> list[Any]:
    profiles = [(0, held) for held in itertools.product(range(3), repeat=kinds)]
    pairs = [*itertools.combinations_with_replacement(profiles, 2), *(((0, (1,) * kinds), (1, (1,) * kinds)),)]
    pairs += [((0, (2, *(0,) * (kinds - 1))), (1, (0,) * kinds)), ((0, (0,) * kinds), (1, (2, *(0,) * (kinds - 1))))]
    return [((power,), tuple(sorted(pair))) for power in range(3) for pair in pairs]


@pytest.mark.parametrize(("kinds", "small"), [(1, (True,)), (1, (False,)), (2, (True, False))], ids=str)
@pytest.mark.parametrize("bounded", [True, False])
def test_what_is_said_to_be_larger_is_at_points(kinds: int, small: tuple[bool, ...], bounded: bool) -> None:
    rng, terms = np.random.default_rng(0), _made_up_terms(kinds)
    points: list[Any] = []
    for _ in range(6):
        scalar = rng.uniform(0, 1 if bounded else 3)
        most = np.array([1.0 if each else 3.0 for each in small])
        points.append(([scalar], [rng.uniform(0, 1, (3, kinds)) ** 2 * most for _ in range(2)]))
    at = {term: np.array([_over_tuples(term, *point) for point in points]) for term in terms}
    larger = sums._Larger(terms, [bounded], small)
    count = 0
    for term in terms:
        for upper in larger.than(term):
            count += upper != term
            assert (at[upper] >= at[term] * (1 - 1e-12)).all(), (upper, term)
    assert count


def test_a_term_is_at_most_the_mean_of_the_pairs_that_are_named() -> None:
    rng, count = np.random.default_rng(1), 0
    for term in [*_made_up_terms(1), *_made_up_terms(2)[::5]]:
        kinds = len(term[1][0][1])
        points = [([rng.uniform(0, 3)], [rng.uniform(0, 3, (3, kinds)) for _ in range(2)]) for _ in range(2)]
        for one, other in sums._means(term):
            count += 1
            for point in points:
                pair = _over_tuples(one, *point) + _over_tuples(other, *point)
                assert pair >= 2 * _over_tuples(term, *point) * (1 - 1e-12), (one, other, term)
    assert count > 100


def test_minors_of_a_form() -> None:
    """Principal minors, not leading ones: a zero on the diagonal does not hide what follows."""
    algebra = Field(Learnt())
    x, y = (algebra.of(algebra.generator("input", (name, ()))).num for name in "xy")
    size = algebra.of(algebra.generator("parameter", ("a", 0), AT_LEAST_ZERO)).num

    def plain(poly: Any, _: int) -> bool:
        return algebra.plain_signs(poly) <= AT_LEAST_ZERO

    assert forms.at_least_zero(algebra, (x - y) ** 2 * size, [], plain)
    assert forms.at_least_zero(algebra, x - x, [], plain)
    assert not forms.at_least_zero(algebra, -(y**2) * size, [], plain)
    assert not forms.at_least_zero(algebra, x * y * size, [], plain)
    assert not forms.at_least_zero(algebra, x**3, [], plain)
    # With a fact, and with one that points the other way.
    assert forms.at_least_zero(algebra, x - y, [x - y - size], plain)
    assert not forms.at_least_zero(algebra, x - y, [y - x - size], plain)
    assert isinstance(x, flint.fmpz_mpoly)


def test_a_fact_is_solved_for_a_value_only_where_its_factor_is_not_zero() -> None:
    algebra = Field(Learnt())
    v = algebra.of(algebra.generator("input", ("v", ()))).num
    some, more, p = (
        algebra.of(algebra.generator("parameter", (name, 0), signs)).num
        for name, signs in (("a", AT_LEAST_ZERO), ("b", POSITIVE), ("p", AT_LEAST_ZERO))
    )

    def plain(poly: Any, _: int) -> bool:
        return algebra.plain_signs(poly) <= AT_LEAST_ZERO

    assert forms.at_least_zero(algebra, v, [more * v], plain)
    assert not forms.at_least_zero(algebra, v, [some * v], plain)
    # With its root beside it a square is no value of its own.
    assert forms.at_least_zero(algebra, v * v * 4 - 4, [v * v - 1], plain)
    assert not forms.at_least_zero(algebra, v * v * 4 - 1, [v * v + v * 2 - 1], plain)
    # A square that is replaced in one fact stays what it is where another has its root.
    square, root = p * p - some * some, more - p
    assert forms.at_least_zero(algebra, square * more + more, [square, root], plain)
    assert not forms.at_least_zero(algebra, square + more - 1, [square, root], plain)
    # Where a product is more than one, neither of its factors is zero.
    assert forms.at_least_zero(algebra, some * p * p - p, [some * p - 1], plain)
    assert not forms.at_least_zero(algebra, some * p * p - p, [some * p + 1], plain)


def test_a_fact_is_not_divided_by_a_factor_that_may_be_zero() -> None:
    algebra = Field(Learnt())
    some, more, p, q = (
        algebra.of(algebra.generator("parameter", (name, 0), signs)).num
        for name, signs in (("a", AT_LEAST_ZERO), ("b", POSITIVE), ("p", AT_LEAST_ZERO), ("q", AT_LEAST_ZERO))
    )

    def plain(poly: Any, _: int) -> bool:
        return algebra.plain_signs(poly) <= AT_LEAST_ZERO

    assert forms.at_least_zero(algebra, p - q, [more * p - more * q], plain)
    assert not forms.at_least_zero(algebra, p - q, [some * p - some * q], plain)


def test_a_minor_whose_terms_have_both_signs_may_be_certified() -> None:
    algebra = Field(Learnt())
    x = algebra.of(algebra.generator("input", ("x", ()))).num
    p, q = (algebra.of(algebra.generator("parameter", (name, 0), AT_LEAST_ZERO)).num for name in "pq")
    assert forms.at_least_zero(algebra, (p - q) * x * x, [], lambda poly, count: (poly, count) == (2 * (p - q), 1))
    assert not forms.at_least_zero(algebra, (p - q) * x * x, [], lambda poly, count: False)


def test_a_difference_of_one_sign_is_told_with_its_coefficients() -> None:
    claim = Claim(
        id="made-up.reason",
        autodiff=Derivative(lambda v: 0 * v, "value"),
        by_hand=lambda v: v * v * (v - 1) ** 2,
        relation=">=",
        domain={"v": domain.Positive("")},
        sizes={},
    )
    (reason,) = bounds.prove_bound(trace(claim, {}, FLOAT64), 3.0).reasons.values()
    assert "of the 3 coefficients of the difference, 2 are negative; " in reason
    assert reason.endswith("it is negative at a simple point (all its values 1, or one of them large)")


def test_a_reason_says_what_is_left() -> None:
    """One sentence: the component, how many coefficients are negative, and what the boxes say."""
    wrong = said(scaled(other_losses.NORM_BY_DEVIATION, 0.5))
    assert wrong.status is Status.UNKNOWN
    assert "not for every n: no certificate for the value: the difference is " in wrong.reason
    assert "outweighed by no others; not proved at n = 2" in wrong.reason
    assert "2 by 2 minor of the difference" in wrong.reason or "1 by 1 minor of the difference" in wrong.reason
    assert "0[" not in wrong.reason
    of_component = said(scaled(other_losses.COMPONENT_BOUND, 0.5))
    assert "no certificate for component [" in of_component.reason
    unlike = prove.check(Case(networks.HIDDEN_LAYER, BUDGETS["standard"], 0))
    assert "not proved at any fixed size: an argument has 8 entries or more" in unlike.reason


def test_schur_is_not_for_entries_of_two_kinds_or_with_other_exponents() -> None:
    alike = (), ((0, (1,)), (0, (2,)), (0, (3,)))
    assert list(sums._schur(alike)) != []
    also = (), ((0, (1, 5)), (0, (2, 5)), (0, (3, 5)))
    pair = [((), ((0, (1, 5)), (0, (1, 5)), (0, (4, 5)))), ((), ((0, (2, 5)), (0, (2, 5)), (0, (2, 5))))]
    assert list(sums._schur(also)) == [tuple(pair)]
    for other in (
        ((), ((0, (1,)), (0, (2,)), (1, (3,)))),
        ((), ((0, (1, 5)), (0, (2, 6)), (0, (3, 5)))),
        ((), ((0, (1, 5)), (1, (2, 6)), (0, (3, 5)))),
        ((), ((0, (1,)), (0, (1,)), (0, (3,)))),
    ):
        assert list(sums._schur(other)) == [], other


@pytest.mark.parametrize(
    ("poly", "holds"),
    [
        (lambda a, b: a * a - a * b + b * b, True),  # times a + b it is a^3 + b^3
        (lambda a, b: -(a * a - a * b + b * b), False),
        (lambda a, b: -a - b, False),
        (lambda a, b: a + b, True),
        (lambda a, b: a * a - 3 * a * b + b * b, False),
        (lambda a, b: a - b, False),
    ],
    ids=map(str, range(6)),
)
def test_a_product_with_sums_keeps_the_sign(poly: Callable[..., Any], holds: bool) -> None:
    field = Field(Learnt())
    a, b = (field.of(field.generator("parameter", (name, 0), AT_LEAST_ZERO)) for name in ("p", "p'"))

    class Number:
        """So that the polynomials above are written with numbers."""

        def __init__(self, value: Value) -> None:
            self.value = value

        def __mul__(self, other: "Number") -> "Number":
            return Number(self.value * other.value)

        def __rmul__(self, other: int) -> "Number":
            return Number(field.number(other) * self.value)

        def __add__(self, other: "Number") -> "Number":
            return Number(self.value + other.value)

        def __sub__(self, other: "Number") -> "Number":
            return Number(self.value - other.value)

        def __neg__(self) -> "Number":
            return Number(-self.value)

    found = poly(Number(a), Number(b)).value.num
    assert bounds.BoundReader._multiplied(bounds.BoundReader, field, found) is holds  # pyright: ignore[reportArgumentType]


def test_what_may_have_either_sign_is_put_in_no_order() -> None:
    field = Field(Learnt())
    a, v = (field.of(field.generator("input", (name, ()), signs)) for name, signs in (("a", POSITIVE), ("v", ANY)))
    with pytest.raises(TooHard, match="of either sign"):
        bounds._groups(field, (a + v).num)


@pytest.mark.parametrize("power", [1, 2, 3])
@pytest.mark.parametrize("negative", [False, True])
@pytest.mark.parametrize("known", [False, True])
def test_what_stands_in_a_denominator_turns_a_polynomial_with_its_sign(power: int, negative: bool, known: bool) -> None:
    """A solution that is put into a polynomial is multiplied out; where its denominator is negative, the sign turns."""
    field = Field(Learnt())
    system = Symbolic(field)
    x, y = system.input("x", (), ANY), system.input("y", (), (NEGATIVE if negative else POSITIVE) if known else ANY)
    (of_x,), (of_y,) = field.used(x.num), field.used(y.num)
    instead = Value(field, field.one_poly, 1, ((field.base(y.num), power),), frozenset())
    found = forms._replaced(field, (x + field.number(2)).num, (of_x, 1, instead))
    at = -0.375 if negative else 0.375
    total = 0.0
    for exponents, coefficient in found.to_dict().items():
        assert not exponents[of_x]
        total += int(coefficient) * at ** int(exponents[of_y])
    truth = 1 / at**power + 2
    assert (total > 0) == (truth > 0)
    assert total != 0


@pytest.mark.parametrize(
    ("fn", "bound"),
    [
        (lambda x: jnp.sum(jnp.exp(-x * x)), lambda x: jnp.sum(jnp.exp(-x))),
        (lambda x: jnp.sum(jnp.exp(-x)), lambda x: jnp.sum(jnp.exp(-x * x))),
        (lambda x: jnp.sum(jnp.exp(-x / 2)), lambda x: jnp.sum(jnp.exp(-x))),
        (lambda x: jnp.sum(jnp.exp(-x)) ** 2, lambda x: jnp.sum(jnp.exp(-x * x)) * jnp.sum(jnp.exp(-x))),
        (lambda x: jnp.sum(jnp.exp(x * x)), lambda x: jnp.sum(jnp.exp(x))),
        (lambda x: jnp.sum(jnp.exp(x * x * x)), lambda x: jnp.sum(jnp.exp(x * x))),
        (lambda x: jnp.sum(jnp.exp(jnp.sin(x))), lambda x: jnp.sum(jnp.exp(jnp.sin(2 * x)))),
    ],
    ids=("squares", "no squares", "halves", "products", "growing squares", "growing cubes", "sines"),
)
def test_exponentials_of_other_functions_of_an_entry_are_not_taken_for_each_other(fn: Any, bound: Any) -> None:
    subject = Claim(
        id="made-up.kinds",
        autodiff=Derivative(fn, "value"),
        by_hand=bound,
        relation="<=",
        domain={"x": domain.Positive("n")},
        sizes={"n": (2, 3)},
    )
    assert prove.check(Case(subject, BUDGETS["standard"], 0)).status is Status.UNKNOWN


def test_a_polynomial_is_parted_by_a_root_whatever_comes_behind_it() -> None:
    """``plain - factor * root``, with generators made before the root and after it."""
    field = Field(Learnt())
    system = Symbolic(field)
    before = system.input("x", (), POSITIVE)
    root = field.power_of(before, Fraction(1, 2))
    (place,) = field.used(root.num)
    behind, further = (system.input(name, (), POSITIVE) for name in "yz")
    poly = (before * further - behind * behind * root - further * root).num
    plain, factor, _ = bounds.BoundReader._by_root(field, poly, place)  # pyright: ignore[reportGeneralTypeIssues]
    assert plain == (before * further).num
    assert factor == (behind * behind + further).num
    assert bounds.BoundReader._by_root(field, (before * further + behind * root).num, place) is None
    with pytest.raises(TooHard, match="powers of a root"):
        bounds.BoundReader._by_root(field, root.num * root.num, place)


@pytest.mark.parametrize(
    ("fn", "holds"),
    [
        (lambda x: jnp.sqrt(x) * jnp.sqrt(x) - x, (False, True)),
        (lambda x: jnp.log(x) - jnp.log(x) - 1, (False, True)),
        (lambda x: x / x - 2, (False, True)),
        (lambda x: -x * x, (True, True)),
        # Of a product each factor counts; the first is positive everywhere.
        (lambda x: 0 * jnp.log(1 + x * x) + 0 * jnp.log((1 + x * x) * x) - x * x, (False, True)),
    ],
    ids=("root", "log", "quotient", "square", "product"),
)
def test_a_bound_on_what_has_no_value_somewhere_is_not_proved(fn: Any, holds: tuple[bool, bool]) -> None:
    for region, expected in zip((domain.Reals(""), domain.Positive("")), holds, strict=True):
        subject = Claim(
            id="made-up.needs",
            autodiff=Derivative(fn, "value"),
            by_hand=lambda x: 0 * x,
            relation="<=",
            domain={"x": region},
            sizes={},
        )
        found = prove.check(Case(subject, BUDGETS["standard"], 0))
        assert (found.status is Status.HOLDS) == expected, found.reason


def test_a_product_is_covered_by_squares_and_one_that_is_larger_is_not() -> None:
    field = Field(Learnt())
    kinds = {"p": AT_LEAST_ZERO, "q": AT_LEAST_ZERO, "r": ANY}
    p, q, r = (field.variables[field.generator("parameter", (name, 0), signs)] for name, signs in kinds.items())

    def left(poly: Any, means: bool = True) -> tuple[int, int]:
        return sums.uncovered(field, poly, frozenset(), means=means)

    assert left(p * p - 2 * p * q + q * q) == (3, 0)
    assert left(p * p - 2 * p * q + q * q, means=False) == (3, 1)
    assert left(p * p - 3 * p * q + q * q) == (3, 1)
    assert left(p * p - 2 * p * q) == (2, 1)
    # Of either sign: the square covers both products.
    assert left(p * p - 2 * p * r + r * r) == left(p * p + 2 * p * r + r * r) == (3, 0)
    assert left(p * p + 3 * p * r + r * r) == (3, 1)


def test_a_product_of_too_many_sums_is_not_written_out(monkeypatch: pytest.MonkeyPatch) -> None:
    field = Field(Learnt())
    x = field.generator("input", ("x", (("in", 0, -1),)), POSITIVE, frozenset({(0, -1)}))
    total = field.variables[field.generator("sum", (0, ((x, 1),), ()), POSITIVE, depth=1)]
    p, q = (field.variables[field.generator("parameter", (name, 0), AT_LEAST_ZERO)] for name in "pq")
    assert sums.uncovered(field, total**3, frozenset()) == (3, 0)
    with pytest.raises(TooHard, match="a product of 13 sums"):
        sums.uncovered(field, total**13, frozenset())
    monkeypatch.setattr(sums, "MOST_TERMS", 3)
    assert sums.uncovered(field, total**3, frozenset()) == (3, 0)
    with pytest.raises(TooHard, match="more than 3 sums"):
        sums.uncovered(field, p * p + p * q + q * q + p, frozenset())
    expansion = sums._Expansion(field, frozenset())
    expansion.sort(total)
    with pytest.raises(TooHard, match="more than 3 sums"):
        expansion._product([*expansion.sums.values()] * 4, None, 1)


def test_without_entries_the_scalars_tell_which_term_is_larger() -> None:
    assert sums.dominates(((1,), ()), ((2,), ()), [True], [])
    assert not sums.dominates(((2,), ()), ((1,), ()), [True], [])
    assert not sums.dominates(((1,), ()), ((2,), ()), [False], [])


def test_a_further_value_makes_terms_unlike() -> None:
    assert not sums.dominates(((), ((0, (1, 0)),)), ((), ((0, (1, 1)),)), [], [False, False])
    assert sums.dominates(((), ((0, (1, 0)),)), ((), ((0, (1, 1)),)), [], [False, True])


@pytest.mark.parametrize("turn", [1, -1])
def test_a_kind_is_at_most_one_where_all_of_it_are(turn: int) -> None:
    field = Field(Learnt())
    places = []
    for number, signs in ((-1, NEGATIVE), (-2, ANY)):
        entry = field.generator("input", ("x", (("in", 0, number),)), signs, frozenset({(0, number)}))
        places += field.used(field.exp(field.of(entry)).num)
    alone = sums._Expansion(field, frozenset())
    alone._kind(places[0])
    assert alone.kind_bounded == [True]
    both = sums._Expansion(field, frozenset())
    assert len({both._kind(place) for place in places[::turn]}) == 1
    assert both.kind_bounded == [False]


def test_a_kind_has_either_sign_where_one_of_it_has() -> None:
    field = Field(Learnt())
    expansion = sums._Expansion(field, frozenset())
    for number, signs in ((-1, POSITIVE), (-2, ANY)):
        expansion._kind(field.generator("input", ("x", (("in", 0, number),)), signs, frozenset({(0, number)})))
    assert expansion.kind_signed == [True]


def test_sums_of_quotients_and_of_sums_are_not_expanded() -> None:
    field, role = Field(Learnt()), frozenset({(0, -1)})
    x = field.generator("input", ("x", (("in", 0, -1),)), POSITIVE, role)
    base = field.base(field.variables[x] + 1)
    kinds: list[Any] = [(((base, 1),), frozenset(), 1), ((), role, 1), ((), frozenset(), 2)]
    for power, (den, roles, depth) in enumerate(kinds, 1):
        total = field.generator("sum", (0, ((x, power),), den), POSITIVE, roles, depth=depth)
        with pytest.raises(TooHard, match="sums of quotients, or of sums"):
            sums.uncovered(field, field.variables[total], frozenset())
    p = field.of(field.generator("parameter", ("p", 0), AT_LEAST_ZERO))
    exponential = field.exp(field.of(x) / (p + field.one))
    with pytest.raises(TooHard, match="exponentials of products"):
        sums._Expansion(field, frozenset())._kind(field.used(exponential.num)[-1])


def test_the_entry_itself_is_one_of_the_sum() -> None:
    field = Field(Learnt())
    x = field.generator("input", ("x", (("in", 0, -1),)), POSITIVE, frozenset({(0, -1)}))
    total = field.variables[field.generator("sum", (0, ((x, 1),), ()), POSITIVE, depth=1)]
    assert sums.uncovered(field, field.variables[x] * total, frozenset()) == (2, 0)


def test_a_fact_on_one_side_says_nothing_of_the_other() -> None:
    """What is at most p may be far below zero."""
    field = Field(Learnt())
    p = field.variables[field.generator("parameter", ("p", 0), AT_LEAST_ZERO)]
    r = field.variables[field.generator("parameter", ("r", 0), ANY)]
    assert sums.uncovered(field, p + r, frozenset(), [p - r]) == (2, 1)


def test_a_form_is_looked_for_among_parameters_alone() -> None:
    field = Field(Learnt())
    x = field.of(field.generator("input", ("x", ()), POSITIVE))
    root = field.power_of(x, Fraction(1, 2))
    p, q = (field.of(field.generator("parameter", ("p", number), AT_LEAST_ZERO)) for number in range(2))

    def plain(poly: Any, _: int) -> bool:
        return field.plain_signs(poly) <= AT_LEAST_ZERO

    assert not forms.at_least_zero(field, (root - x).num, [], plain)
    assert forms.at_least_zero(field, (root * (p - q) * (p - q)).num, [], plain)
    assert not forms.at_least_zero(field, ((root - x) * (p - q) * (p - q)).num, [], plain)


def test_a_root_is_no_value_of_an_entry_of_an_axis_of_any_length() -> None:
    field = Field(Learnt())
    x = field.of(field.generator("input", ("x", ()), POSITIVE))
    with pytest.raises(TooHard, match="a bound with a root"):
        sums.uncovered(field, (field.power_of(x, Fraction(1, 2)) + x).num, frozenset())
    assert sums.uncovered(field, (x * x + x).num, frozenset()) == (2, 0)


def test_terms_that_a_logarithm_is_at_least_that_of() -> None:
    field = Field(Learnt())
    x, y = (field.of(field.generator("input", (name, ()))) for name in "xy")
    p = field.of(field.generator("parameter", ("p", 0), AT_LEAST_ZERO))
    e = field.exp(x)
    inside = (e * field.exp(y) + field.number(3) + e + e * e + p).num
    assert set(map(str, forms._terms_of(field, inside))) == {
        str((field.one_poly, field.zero_poly)),
        str((e.num, x.num)),
    }


@pytest.mark.parametrize(
    ("other", "used"),
    [
        (lambda x, y: x, True),
        (lambda x, y: x * x.field.number(Fraction(1, 2)), False),
        (lambda x, y: x + x, False),
        (lambda x, y: y + x, False),
        (lambda x, y: x * x, False),
        (lambda x, y: x * y, False),
        (lambda x, y: x / (y * y + y.field.one), False),
        (lambda x, y: x * x.field.number(Fraction(1, 5000)), False),
        (lambda x, y: x.field.one, False),
    ],
    ids=map(str, range(9)),
)
def test_a_logarithm_is_at_least_the_exponent_of_a_plain_exponential_alone(other: Any, used: bool) -> None:
    field = Field(Learnt())
    x, y = (field.of(field.generator("input", (name, ()))) for name in "xy")
    exponential = field.exp(other(x, y))
    found = list(forms._terms_of(field, (exponential + field.number(2)).num))
    assert found == [(exponential.num, x.num)] * used + [(field.one_poly, field.zero_poly)]


@pytest.mark.parametrize(
    ("fn", "count"),
    [
        (lambda p, s: s + p * p, 1),
        (lambda p, s: 2 * s - p, 2),
        (lambda p, s: s + p - p * p, 3),
        (lambda p, s: s + 3 * p * p - s * p**4, 3),
        (lambda p, s: s * p - p**3, 2),
        (lambda p, s: 5 - p**2 - s * p**3 + p**4, 2),
        (lambda p, s: 5 - s * p**2 - p**4, 3),
    ],
    ids=map(str, range(7)),
)
def test_what_stands_for_a_logarithm_makes_a_polynomial_no_larger(fn: Any, count: int) -> None:
    """With p = log(B / e^x): times the denominator that it is multiplied by, a polynomial in p is at least each."""
    field = Field(Learnt())
    x = field.of(field.generator("input", ("x", ())))
    p, s = (field.variables[field.generator("parameter", (name, 0), AT_LEAST_ZERO)] for name in "ps")
    inside = field.exp(x).num * 2 + 1
    for one in (field.one_poly, field.exp(x).num):
        same, *found = forms._at_most(field, fn(p, s), field.used(p)[0], inside, one)
        assert (same, len(found)) == (fn(p, s), count - 1)
        powers = forms.powers(field, fn(p, s), field.used(p)[0])
        highest = max((k for k, each in powers.items() if k and field.plain_signs(each) <= {-1, 0}), default=0)
        for e, size in ((e, size) for e in (0.02, 0.7, 30.0) for size in (0.25, 4.0)):
            e_one, whole = (1.0 if one == field.one_poly else e), 2 * e + 1
            log = math.log(whole / e_one)
            at = {field.used(p)[0]: log, field.used(s)[0]: size, field.used(field.exp(x).num)[0]: e}
            for each, scale in zip(reversed(found), (e_one**highest, (whole * e_one) ** (highest // 2)), strict=False):
                total = sum(
                    int(c) * math.prod(at[k] ** int(n) for k, n in enumerate(exponents) if n)
                    for exponents, c in each.to_dict().items()
                )
                assert total <= fn(log, size) * scale + 1e-9 * abs(total)


def test_the_sign_of_a_denominator_is_that_of_its_odd_powers() -> None:
    field = Field(Learnt())
    signs = {"p": POSITIVE, "m": NEGATIVE, "v": ANY}
    base = {each: field.base(field.of(field.generator("input", (each, ()), signs[each])).num) for each in signs}
    for den, sign in (
        ("p", POSITIVE),
        ("m", NEGATIVE),
        ("v", ANY),
        ("mm", POSITIVE),
        ("mmm", NEGATIVE),
        ("vv", POSITIVE),
        ("vvm", NEGATIVE),
        ("vvv", ANY),
        ("pm", NEGATIVE),
        ("mv", ANY),
        ("", POSITIVE),
    ):
        powers = tuple((base[each], den.count(each)) for each in sorted(set(den)))
        assert forms.below(field, Value(field, field.one_poly, 1, powers, frozenset())) == sign, den


def test_what_a_fact_is_solved_for_keeps_its_power_and_its_factor() -> None:
    algebra = Field(Learnt())
    v, w = (algebra.of(algebra.generator("input", (name, ()))).num for name in "vw")

    def plain(poly: Any, _: int) -> bool:
        return algebra.plain_signs(poly) <= AT_LEAST_ZERO

    for fact, least in ((2 * v - 1, Fraction(1, 2)), (v * v - 2, Fraction(2)), (3 * v * v - 2, Fraction(2, 3))):
        value = v if fact.total_degree() == 1 else v * v
        scaled = value * least.denominator - least.numerator
        assert forms.at_least_zero(algebra, scaled, [fact], plain)
        assert not forms.at_least_zero(algebra, scaled * 100 - 1, [fact], plain)
        assert not forms.at_least_zero(algebra, w - 1, [fact], plain)
        assert not forms.at_least_zero(algebra, scaled, [w - 1], plain)
        assert forms.at_least_zero(algebra, scaled + w - 1, [w - 1, fact], plain)
        assert not forms.at_least_zero(algebra, scaled - w + 1, [w - 1, fact], plain)


def test_a_logarithm_of_what_is_positive_for_another_reason_is_at_least_none_of_its_terms() -> None:
    field = Field(Learnt())
    x, y = (field.of(field.generator("input", (name, ()))) for name in "xy")
    more, fewer = field.exp(x) + field.one, field.exp(x) + field.one - field.exp(y)
    field.base_signs[field.base(fewer.num)] = POSITIVE

    def plain(poly: Any, _: int) -> bool:
        return field.plain_signs(poly) <= AT_LEAST_ZERO

    assert forms.at_least_zero(field, field.log(more).num, [], plain)
    assert forms.at_least_zero(field, (field.log(more) - x).num, [], plain)
    assert not forms.at_least_zero(field, (field.log(more) - y).num, [], plain)
    assert not forms.at_least_zero(field, (-field.log(more)).num, [], plain)
    assert not forms.at_least_zero(field, (x + x - field.log(more)).num, [], plain)
    assert not forms.at_least_zero(field, field.log(fewer).num, [], plain)
    assert not forms.at_least_zero(field, (field.log(fewer) - x).num, [], plain)


@pytest.mark.parametrize(
    ("fn", "bound", "holds"),
    [
        (lambda x: jnp.sum(x[0]), lambda x: jnp.sum(x[1]), False),
        (lambda x: jnp.sum(x[0]) ** 2, lambda x: jnp.sum(x[0]) * jnp.sum(x[1]), False),
        (lambda x: jnp.sum(jnp.exp(x[0])), lambda x: jnp.sum(jnp.exp(x[1])), False),
        (lambda x: jnp.sum(jnp.sqrt(x[0])), lambda x: jnp.sum(jnp.sqrt(x[1])), False),
        (lambda x: 2 * jnp.sum(x[0]) * jnp.sum(x[1]), lambda x: jnp.sum(x[0]) ** 2 + jnp.sum(x[1]) ** 2, True),
        (lambda x: jnp.sum(x[0]), lambda x: jnp.sum(x[1]) + jnp.sum(x[0]), True),
    ],
    ids=("sums", "squares", "exponentials", "roots", "mean of squares", "both"),
)
def test_rows_of_an_axis_of_any_length_are_not_taken_for_each_other(fn: Any, bound: Any, holds: bool) -> None:
    for turn in (lambda x: x, jnp.transpose):
        subject = Claim(
            id="made-up.rows",
            autodiff=Derivative(lambda x, turn=turn: fn(turn(x)), "value"),
            by_hand=lambda x, turn=turn: bound(turn(x)),
            relation="<=",
            domain={"x": domain.Positive("2 n" if turn is not jnp.transpose else "n 2")},
            sizes={"n": (2, 3)},
        )
        found = prove.check(Case(subject, BUDGETS["standard"], 0))
        assert (found.status is Status.HOLDS) == holds, found.reason


def test_sums_of_roots_and_entries_of_two_axes_are_not_expanded() -> None:
    field = Field(Learnt())
    x, y = (
        field.of(field.generator("input", ("x", (("in", block, 0),)), POSITIVE, frozenset({(block, 0)})))
        for block in range(2)
    )
    (root,) = field.used(field.power_of(x, Fraction(1, 2)).num)
    total = field.variables[field.generator("sum", (0, ((root, 1),), ()), POSITIVE, depth=1)]
    with pytest.raises(TooHard, match="a sum of a root"):
        sums._Expansion(field, frozenset()).sort(total)
    expansion = sums._Expansion(field, frozenset())
    expansion.sort(x.num)
    expansion.sort(field.one_poly)
    assert expansion.element == (0, 0)
    with pytest.raises(TooHard, match="pairs of entries"):
        expansion.sort(y.num)
