"""The benchmark beside other checkers: its points, what is visible, its verdicts, and the page from its numbers."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jax
import numpy as np
import pytest
from flint import arb

pytestmark = pytest.mark.once

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "benchmarks"))

import checkers  # noqa: E402
import trust  # noqa: E402
from checkers import PASSES, PEERS, REFUSES, REGIMES, At, Subject  # noqa: E402

from verify import allowed, enclose  # noqa: E402
from verify.domain import region_leaves  # noqa: E402

BY_KEY = {peer.key: peer for peer in PEERS}
DEFAULT = "numpy.testing.assert_allclose, JAX's derivative against the formula, float64"
CHECK_GRADS = "jax.test_util.check_grads, defaults, float64"
OURS = "verify.enclose, both sides at the same points"


@pytest.fixture(autouse=True)
def _wide() -> Iterator[None]:
    """As the benchmark runs: in float64, by JAX's own rules."""
    before = {name: getattr(jax.config, name) for name in ("jax_numpy_dtype_promotion", "jax_numpy_rank_promotion")}
    jax.config.update("jax_numpy_dtype_promotion", "standard")
    jax.config.update("jax_numpy_rank_promotion", "allow")
    with jax.enable_x64(True):
        yield
    for name, value in before.items():
        jax.config.update(name, value)


def subject(name: str) -> Subject:
    return next(each for each in (*checkers.mutants(), *checkers.true_formulas()) if each.name == name)


def at(name: str, regime: str) -> At:
    """One point of the first sizes."""
    given = subject(name)
    problem = checkers.Problem(given, given.claim.choices()[0])
    return next(checkers.points(problem, np.random.default_rng(3), {regime: 1}))


@pytest.mark.parametrize("regime", REGIMES)
def test_points_are_members_of_the_domain_and_lead_by_the_gap(regime: str) -> None:
    for each in (*checkers.mutants(), *checkers.true_formulas()):
        size = each.claim.choices()[0]
        point = next(checkers.points(checkers.Problem(each, size), np.random.default_rng(1), {regime: 1}))
        values = {**point.others, **point.problem.unravel(jax.numpy.asarray(point.u))}
        for name, region in each.claim.domain.items():
            for leaf, value in zip(region_leaves(region), jax.tree.leaves(values[name]), strict=True):
                assert leaf.bind(size).contains(np.asarray(value)), f"{each.name}: {name}"
    lead = np.sort(at("squared.sign", regime).u)
    assert lead[-1] - lead[-2] >= {"moderate": 0.0, "gap 20": 19.9, "gap 40": 39.9}[regime]


def test_a_mutant_is_visible_where_it_differs_and_nowhere_else() -> None:
    assert checkers.visible(at("squared.sign", "gap 40"))
    assert checkers.visible(at("squared.relative-1e-15", "moderate"))
    # One where x exceeds 50, and the logistic function elsewhere.
    assert not checkers.visible(at("large.softplus-linear", "moderate"))


@pytest.mark.parametrize("regime", REGIMES)
def test_a_right_formula_passes_ours_and_a_wrong_one_does_not(regime: str) -> None:
    ours = BY_KEY[OURS]
    for name in (
        "squared.gradient",
        "softmax.jacobian, article, without cancellation",
        "tree.layer",
        "squared.hessian",
    ):
        assert ours.says(at(name, regime), 0.0) == PASSES, name
    for name in ("squared.sign", "squared.relative-1e-15", "softmax.missing-delta", "tree.bias-twice"):
        assert ours.says(at(name, regime), 0.0) == REFUSES, name


def test_peers_catch_a_gross_error_at_a_moderate_point_and_do_not_see_it_where_the_gradient_vanishes() -> None:
    for key in (DEFAULT, CHECK_GRADS):
        assert BY_KEY[key].says(at("squared.gradient", "moderate"), 0.0) == PASSES, key
        assert BY_KEY[key].says(at("squared.sign", "moderate"), 0.0) == REFUSES, key
    assert BY_KEY[CHECK_GRADS].says(at("squared.sign", "gap 40"), 0.0) == PASSES


def test_a_rule_is_what_is_under_test_where_the_function_carries_it() -> None:
    for key in (DEFAULT, CHECK_GRADS, OURS):
        assert BY_KEY[key].says(at("rule.jvp-sign", "moderate"), 0.0) == REFUSES, key
        assert BY_KEY[key].says(at("rule.tanh", "moderate"), 0.0) == PASSES, key


def test_a_factor_moves_what_is_under_test_alone() -> None:
    point = at("squared.gradient", "moderate")
    computed = point.computed().copy()
    moved = point.moved(0.5)
    np.testing.assert_array_equal(moved.tested(), point.tested() * 1.5)
    np.testing.assert_array_equal(moved.computed(), computed)
    assert BY_KEY[CHECK_GRADS].says(moved, 0.0) == REFUSES


def test_the_tightest_tolerance_without_a_false_alarm_is_found() -> None:
    peer = BY_KEY["numpy.testing.assert_allclose, tuned"]
    right = {name: [at(name, "moderate")] for name in ("squared.gradient", "cross.gradient")}
    found = checkers.tune(peer, right)
    for name, (point,) in right.items():
        tolerance = found[checkers.topic(name)]
        assert 1e-15 <= tolerance <= 1e-3
        assert peer.says(point, tolerance) == PASSES
    assert found[""] == max(found[about] for about in ("squared", "cross"))


def test_mutants_that_are_held_out_are_what_they_are_called() -> None:
    made = {each.name: each for each in checkers.held_out()}
    assert len(made) == 32
    rng = np.random.default_rng(5)
    zeros, moved = (
        next(
            checkers.points(checkers.Problem(made[f"squared-error.gradient, article, {called}"], {"n": 3}), rng, where)
        )
        for called, where in (("nothing but zeros", {"gap 40": 1}), ("entries moved by one", {"moderate": 1}))
    )
    assert not zeros.tested().any()
    # Exact values of both sides, and what rounding allows of the floats of one: the test knows no tolerance either.
    tested, computed = moved.problem.plain_tested, moved.problem.plain_computed
    truth = np.ravel(enclose(lambda u: computed(u, moved.others), moved.u))
    exact = np.ravel(enclose(lambda u: tested(u, moved.others), moved.u))
    room = np.ravel(allowed(lambda u: tested(u, moved.others), moved.u))
    for each, same, other, ball, value in zip(exact, np.roll(truth, 1), truth, room, moved.tested(), strict=True):
        assert each.overlaps(same)
        assert not each.overlaps(other)
        assert ball.is_finite()
        assert ball.contains(arb(float(value)))
    assert checkers.visible(zeros)
    assert BY_KEY[CHECK_GRADS].says(zeros, 0.0) == PASSES
    for each in (zeros, moved):
        assert BY_KEY[OURS].says(each, 0.0) == REFUSES


# --- the page --------------------------------------------------------------------------------------------------------


@pytest.fixture
def raw() -> list[dict[str, Any]]:
    return json.loads(trust.RAW.read_text(encoding="utf-8"))["peers"]


def test_the_page_is_what_the_raw_numbers_say(raw: list[dict[str, Any]]) -> None:
    assert trust.PAGE.read_text(encoding="utf-8") == trust.page(raw), "run python benchmarks/trust.py"


def test_what_ours_misses_is_told(raw: list[dict[str, Any]]) -> None:
    ours = next(each for each in raw if each.get("peer") == "verify.enclose" and "setting" in each)
    ours["missed, gap 40"] = ["squared.sign"]
    ours["false alarms, moderate"] = 3
    whole = next(each for each in raw if each.get("peer") == "verify.check")
    whole["wrong, holds"] = ["cross.sign"]
    held = next(each for each in raw if each.get("held out") == "verify.enclose")
    held["missed, gap 20"] = ["a mutant, halved"]
    text = trust.page(raw)
    assert "At the points of the table: `squared.sign`; false alarms: 3" in text
    assert "It says HOLDS of `cross.sign`" in text
    assert "`verify.enclose` misses `a mutant, halved`" in text


def test_the_raw_numbers_name_no_machine(raw: list[dict[str, Any]]) -> None:
    settings = next(each["environment"] for each in raw if "environment" in each)
    assert set(settings) == {"python", "cores", "load before", "versions"}
