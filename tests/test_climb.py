"""Bounds that are broken in a corner, or by a hair: the climb finds where, and of a bound that is kept nothing."""

import functools
import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax

from verify import engines
from verify.claim import Claim, Derivative, OutOfTime, Relation, Status, Verdict
from verify.domain import Constant, Interval, Labels, Logits, OneHot, Positive, Reals, Region, Saturated, Simplex
from verify.engines import BUDGETS, falsify
from verify.engines.case import Case, Judged, Points
from verify.engines.climb import climb
from verify.loader import load
from verify.program import Program, Subject

pytestmark = pytest.mark.once

# No points of Hypothesis before it.
STANDARD = replace(BUDGETS["standard"], examples=0)


def _claim(fn: Any, bound: Any, domain: dict[str, Any], relation: Relation, n: int = 2, **more: Any) -> Claim:
    return Claim(
        id="case",
        autodiff=Derivative(fn, "gradient", "x"),
        by_hand=bound,
        domain=domain,
        relation=relation,
        sizes={"n": (n,)} if any(isinstance(each, Region) and each.shape for each in domain.values()) else {},
        **more,
    )


def _searched(given: Claim, seed: int = 0, budget: Any = STANDARD) -> Verdict:
    return falsify.check(Case(given, budget, seed))


def _squared(x: Any, y: Any) -> Any:
    return jnp.sum((jax.nn.softmax(x) - y) ** 2) / 2


def _labelled(x: Any, k: Any) -> Any:
    return _squared(x, (jnp.arange(x.shape[0]) == k).astype(x.dtype))


def _bell(x: Any) -> Any:
    return jnp.exp(-jnp.sum(x**2))


# Functions, the sharp bound, its domain and relation, and the number of classes.
SHARP: dict[str, tuple[Callable[..., Any], Callable[..., Any], dict[str, Any], Relation, int]] = {
    "one-hot": (_squared, lambda x, y: jnp.full_like(x, 8) / 27, {"x": Logits("n"), "y": OneHot("n")}, "abs<=", 2),
    "simplex": (_squared, lambda x, y: jnp.full_like(x, 8) / 27, {"x": Logits("n"), "y": Simplex("n")}, "abs<=", 2),
    "labels": (_labelled, lambda x, k: jnp.full_like(x, 8) / 27, {"x": Logits("n"), "k": Labels("", "n")}, "abs<=", 2),
    "largest": (_bell, lambda x: jnp.sqrt(2 * jnp.exp(jnp.full_like(x, -1.0))), {"x": Reals("n")}, "<=", 3),
    "smallest": (_bell, lambda x: -jnp.sqrt(2 * jnp.exp(jnp.full_like(x, -1.0))), {"x": Reals("n")}, ">=", 3),
    "touched": (lambda x: jnp.sum(x**3) / 3, lambda x: 2 * x - 1, {"x": Reals("n")}, ">=", 3),
    "positive": (lambda x: jnp.sum(jnp.log(x) - x**2 / 2), lambda x: 2 - 2 * x, {"x": Positive("n")}, ">=", 2),
    "many waves": (
        lambda x: -jnp.sum(jnp.cos(50 * x)) / 50,
        lambda x: jnp.ones_like(x),
        {"x": Interval("n", 0.0, 1.0)},
        "<=",
        1,
    ),
    "scale": (
        lambda x, a: jnp.sum(jnp.sin(a * x)),
        lambda x, a: jnp.full_like(x, 3.0),
        {"x": Reals("n"), "a": Constant(3.0)},
        "abs<=",
        2,
    ),
    "downwards": (
        lambda x: -jnp.sum(1 / (1 + jnp.exp(7.3 - x))),
        lambda x: jnp.full_like(x, 0.25),
        {"x": Reals("n")},
        "abs<=",
        1,
    ),
    "saturated": (
        lambda x: jax.nn.log_softmax(x)[0],
        lambda x: jnp.full_like(x, 1) / (1 + jnp.exp(jnp.full_like(x, 2.0))),
        {"x": Saturated("n", 0, 2.0)},
        "abs<=",
        2,
    ),
}


@pytest.mark.parametrize("name", SHARP)
def test_a_bound_that_is_too_sharp_by_a_millionth_is_refused(name: str) -> None:
    fn, bound, domain, relation, n = SHARP[name]
    towards = -1e-6 if relation != ">=" else 1e-6

    @functools.wraps(bound)
    def sharper(*args: Any, **named: Any) -> Any:
        return bound(*args, **named) + towards

    kept = _searched(_claim(fn, bound, domain, relation, n))
    assert kept.status is Status.UNKNOWN
    assert kept.reason.startswith("no counterexample among ")
    for seed in range(3):
        broken = _searched(_claim(fn, sharper, domain, relation, n), seed)
        assert broken.status is Status.FAILS, broken.reason
        assert broken.worst is not None
        assert broken.worst.note == "climbed to"
        for place, region in domain.items():
            given = np.array(broken.worst.arguments[place], dtype=np.int64 if region.integer else np.float64)
            assert region.bind({"n": n}).contains(given), "what is shortened stays a member"
            assert isinstance(broken.worst.arguments[place], int) == region.integer


@pytest.mark.parametrize(
    ("fn", "bound"),
    [
        (lambda x: jnp.sum(x**4), lambda x: jnp.full_like(x, 1e30)),
        (lambda x: jnp.sum(jnp.exp(x)), lambda x: jnp.full_like(x, 1e300)),
        (lambda x: jnp.sum(x**3), lambda x: 1e9 + x),
    ],
    ids=["quartic", "exponential", "cubic"],
)
def test_a_bound_that_only_large_numbers_break_is_refused_by_every_budget(fn: Any, bound: Any) -> None:
    given = _claim(fn, bound, {"x": Reals("n")}, "<=")
    for budget in ("quick", "standard"):
        assert _searched(given, budget=BUDGETS[budget]).status is Status.FAILS
    assert any(each.status is Status.FAILS for each in engines.judge(given, BUDGETS["quick"]))


@pytest.mark.parametrize(("relation", "sign"), [("<=", 1.0), (">=", -1.0)])
def test_a_hill_is_climbed_and_no_valley(relation: Relation, sign: float) -> None:
    """The slope is largest at 100, far from where points are drawn, and its size is largest farther away."""

    def loss(x: Any) -> Any:
        return sign * jnp.sum(x - (x - 100) ** 3 / 3000)

    for bound, status in ((1.0, Status.UNKNOWN), (1 - 1e-6, Status.FAILS)):
        found = _searched(_claim(loss, lambda x, b=bound: sign * jnp.full_like(x, b), {"x": Reals("n")}, relation, 1))
        assert found.status is status


def test_nobody_climbs_where_a_bound_is_proved() -> None:
    """Two entries sum to at most two, three may sum to three."""
    unit = {"x": Interval("n", 0.0, 1.0)}
    given = replace(
        _claim(lambda x: jnp.sum(x) ** 2 / 2, lambda x: jnp.full_like(x, 2.5), unit, "<="), sizes={"n": (2, 3)}
    )
    both = falsify.check(Case(given, STANDARD, 0))
    assert both.status is Status.FAILS
    assert both.sizes == ("n = 3",)
    looked = falsify.check(Case(given, STANDARD, 0), proved=("n = 2",))
    assert looked.status is Status.FAILS
    assert looked.checked < both.checked
    assert falsify.check(Case(given, STANDARD, 0), proved=("n = 2", "n = 3")).status is Status.UNKNOWN
    assert engines.judge(given, STANDARD)[2].status is Status.FAILS
    kept = replace(given, by_hand=lambda x: jnp.full_like(x, 3.0))
    assert falsify.check(Case(kept, STANDARD, 0)).reason == "no counterexample among 2880 points"


def test_what_is_climbed_to_is_shown_with_few_digits() -> None:
    verdict = _searched(_claim(_squared, lambda x, y: jnp.full_like(x, 0.29), SHARP["one-hot"][2], "abs<="))
    assert verdict.worst is not None
    # The slope is below -0.29, which is broken by what its size is more.
    assert 0 < float(verdict.residual) == pytest.approx(-float(verdict.worst.autodiff) - 0.29, rel=1e-6)
    for each in np.ravel(np.array(verdict.worst.arguments["x"], dtype=np.float64)).tolist():
        assert math.frexp(each)[0] * 2**6 % 1 == 0


def test_a_constant_is_not_shortened() -> None:
    """A tenth in bfloat16 has fewer digits, and is none."""
    given = _claim(
        lambda x, a: jnp.sum(jnp.sin(a * x)),
        lambda x, a: jnp.full_like(x, 0.0999),
        {"x": Reals("n"), "a": Constant(0.1)},
        "<=",
    )
    verdict = _searched(given)
    assert verdict.status is Status.FAILS
    assert verdict.worst is not None
    assert verdict.worst.arguments["a"] == 0.1


def test_what_is_found_counts_though_time_is_up_before_it_is_short(monkeypatch: pytest.MonkeyPatch) -> None:
    given = _claim(_squared, lambda x, y: jnp.full_like(x, 0.29), SHARP["one-hot"][2], "abs<=")
    judge = Case.judge

    def slow(self: Case, subject: Subject, program: Program, points: Points, looks: int = 0) -> Judged:
        if "shortened" in points.families:
            raise OutOfTime("equation 0")
        return judge(self, subject, program, points, looks)

    monkeypatch.setattr(Case, "judge", slow)
    assert _searched(given).status is Status.FAILS


def test_what_the_claim_does_not_speak_of_is_not_climbed_to() -> None:
    """The bound is broken beyond two alone, and the claim ends there."""
    inside = _claim(
        lambda x: jnp.sum(x**2), lambda x: jnp.full_like(x, 4.0), {"x": Reals("n")}, "<=", where=lambda x: x.max() <= 2
    )
    assert _searched(inside).status is Status.UNKNOWN
    beyond = replace(inside, where=lambda x: x.max() <= 2.5)
    assert _searched(beyond).status is Status.FAILS


def test_a_bound_that_is_broken_at_a_kink_is_not_refuted_there() -> None:
    """The square of a sign is one, but for zero, which is among the points."""

    def stepped(x: Any) -> Any:
        return jnp.sum(lax.stop_gradient(jnp.sign(x) ** 2) * x)

    assert _searched(_claim(stepped, lambda x: jnp.ones_like(x), {"x": Reals("n")}, ">=")).status is Status.UNKNOWN
    above = _searched(_claim(stepped, lambda x: 1 + x / 2**20, {"x": Reals("n")}, ">="))
    assert above.status is Status.FAILS


def test_a_bound_that_the_rounding_of_a_literal_breaks_is_kept() -> None:
    """Three tenths as they are written are a little more than 0.3 as it is written."""
    given = _claim(lambda x: jnp.sum(x * 0.1 * 3), lambda x: jnp.full_like(x, 0.3), {"x": Reals("n")}, "<=")
    assert _searched(given).reason == "no counterexample among 1440 points"
    less = replace(given, by_hand=lambda x: jnp.full_like(x, 0.3 - 1e-15))
    assert _searched(less).status is Status.FAILS


def test_where_no_point_is_admitted_nobody_walks() -> None:
    far = _claim(lambda x: jnp.sum(x), lambda x: 0 * x, {"x": Reals("n")}, "<=", where=lambda x: x.max() > 1e9)
    assert _searched(far).reason == "no counterexample among 0 points"


def test_what_is_not_admitted_is_left_out_of_a_generation() -> None:
    """Half of the points lie where the claim speaks."""
    half = _claim(lambda x: jnp.sum(x), lambda x: 1 + 0 * x, {"x": Reals("n")}, "<=", where=lambda x: x.sum() >= 0)
    case = Case(half, STANDARD, 0)
    subject = case.subject({"n": 2})
    counts = [count for count, _ in climb(case, subject, subject.modes[0])]
    assert len(counts) == 60
    assert 0 < min(counts) < max(counts) <= 24


def test_a_bound_without_a_value_is_not_broken() -> None:
    """A logarithm of what is below zero is no number: nothing is left of the bound, and nothing broken."""
    given = _claim(lambda x: jnp.sum(x), lambda x: 1 + jnp.log(x) ** 2, {"x": Reals("n")}, "<=")
    assert _searched(given).status is Status.UNKNOWN


def test_a_program_that_costs_too_much_is_not_climbed() -> None:
    def loss(x: Any) -> Any:
        return jnp.sum(lax.fori_loop(0, 5000, lambda i, c: jnp.tanh(c), x))

    given = _claim(loss, lambda x: jnp.ones_like(x), {"x": Reals("n")}, "abs<=")
    case = Case(given, BUDGETS["quick"], 0)
    subject = case.subject({"n": 2})
    assert list(climb(case, subject, subject.modes[0])) == []
    assert falsify.check(case).reason == "no counterexample among 0 points"


def test_labels_stay_whole_numbers() -> None:
    fn, _, domain, relation, n = SHARP["labels"]
    case = Case(_claim(fn, lambda x, k: jnp.full_like(x, 0.2), domain, relation, n), STANDARD, 0)
    subject = case.subject({"n": n})
    broken = [points for _, points in climb(case, subject, subject.modes[0]) if len(points)]
    assert len(broken) > 20
    for points in broken:
        assert [array.dtype for array in points.arrays] == [np.float64, np.int64]
        assert all(region.contains(array) for region, array in zip(subject.regions, points.arrays, strict=True))


def test_the_same_steps_are_taken_again() -> None:
    fn, _, domain, relation, n = SHARP["simplex"]
    given = _claim(fn, lambda x, y: jnp.full_like(x, 0.29), domain, relation, n)
    walks: list[list[tuple[int, bytes]]] = []
    for _ in range(2):
        case = Case(given, STANDARD, 7)
        subject = case.subject({"n": 2})
        walks.append([(count, points.key) for count, points in climb(case, subject, subject.modes[0])])
    assert walks[0] == walks[1]
    assert any(key.strip(b"|") for _, key in walks[0])


# The bounds of the article that are false: what the climb finds is found without points that were chosen for it.
FALSE: list[Claim] = [each for each in load().claims if each.relation != "==" and each.expect is Status.FAILS]


@pytest.mark.parametrize("given", FALSE, ids=lambda each: each.id)
def test_false_bounds_of_the_article_are_climbed_out_of(given: Claim) -> None:
    assert _searched(given).status is Status.FAILS


def test_there_are_false_bounds() -> None:
    assert len(FALSE) > 15


def test_every_budget_says_how_far_is_walked() -> None:
    from verify.engines import climb as module

    assert set(module.WORK) == set(module.GENERATIONS) == set(BUDGETS)


def test_what_breaks_a_bound_most_is_named_whatever_share_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of 24 points all break it, the last one most; as shares of the sides it is the other way about."""
    from verify.engines import climb as module

    seen: list[Points] = []

    def left(case: Case, subject: Subject, program: Program, points: Points) -> Any:
        seen.append(points)
        count = np.arange(float(len(points)))
        return np.stack([-count, count]), np.ones(len(points), dtype=bool)

    monkeypatch.setattr(module, "_left", left)
    case = Case(_claim(lambda x: jnp.sum(x), lambda x: 0 * x, {"x": Reals("n")}, "<="), STANDARD, 0)
    subject = case.subject({"n": 2})
    count, points = next(iter(climb(case, subject, subject.modes[0])))
    assert count == len(seen[0])
    assert points.arrays[0].tolist() == seen[0].arrays[0][::-1][: module.NAMED].tolist()


@pytest.mark.parametrize("relation", ["<=", ">=", "abs<="])
def test_what_is_left_of_a_bound_is_that_of_its_tightest_component(relation: Relation) -> None:
    """The slope 2x beside x + 1: at a kink, and of a component without a value, all of it is left."""
    from verify.engines.climb import _left

    def loss(x: Any) -> Any:
        return jnp.sum(x * jnp.abs(x))

    def bound(x: Any) -> Any:
        return x + 1 + 0 * jnp.sqrt(x + 8)

    case = Case(_claim(loss, bound, {"x": Reals("n")}, relation), STANDARD, 0)
    subject = case.subject({"n": 2})
    rows = np.array([[3.0, 2.0], [1.0, 1.0], [0.5, 0.25], [0.0, 1.0], [-9.0, 2.0], [3.0, 0.25]])
    found, broken = _left(case, subject, subject.modes[0], Points((rows,), ("",) * len(rows)))
    sign = -1 if relation == ">=" else 1

    def expected(of: Callable[[float], float]) -> list[float]:
        """The least of each point, where the fourth has a kink, and an entry below -8 no value."""
        least = [min(of(x) if x >= -8 else math.inf for x in row) for row in rows.tolist()]
        return [math.inf if place == 3 else each for place, each in enumerate(least)]

    # One minus x, or x minus one; beside 3x + 1.
    left = expected(lambda x: sign * (1 - x))
    assert found.tolist() == [left, expected(lambda x: sign * (1 - x) / (3 * x + 1))]
    assert broken.tolist() == [each < 0 for each in left]
    assert broken.any()
    assert not broken.all()


def test_of_no_components_all_is_left() -> None:
    from verify.engines.climb import _left

    none = replace(
        _claim(lambda x: x[:0], lambda x: x[:0] + 1, {"x": Reals("n")}, "<="),
        autodiff=Derivative(lambda x: x[:0], "value"),
    )
    case = Case(none, STANDARD, 0)
    subject = case.subject({"n": 2})
    found, broken = _left(case, subject, subject.modes[0], Points((np.ones((3, 2)),), ("",) * 3))
    assert found.tolist() == [[math.inf] * 3] * 2
    assert broken.tolist() == [False] * 3
