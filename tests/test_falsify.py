"""How a counterexample is searched for: what is drawn, judged, counted, shortened and kept for the next claim."""

import itertools
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import jax.numpy as jnp
import made_up
import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.database import InMemoryExampleDatabase
from hypothesis.errors import NoSuchExample

from verify.claim import Claim, Derivative, Status
from verify.domain import Positive, Reals
from verify.engines import BUDGETS, falsify
from verify.engines.case import Case, Points
from verify.formats import FLOAT64

pytestmark = pytest.mark.once

RIGHT = Claim(
    id="squares",
    autodiff=Derivative(lambda x: jnp.sum(x**2), "gradient", "x"),
    by_hand=lambda x: 2 * x,
    domain={"x": Reals("n")},
    sizes={"n": (1,)},
)
WRONG = replace(RIGHT, by_hand=lambda x: 3 * x)
QUICK = replace(BUDGETS["quick"], examples=30)


def _given(*rows: float) -> list[tuple[int, tuple[Any, ...]]]:
    """Points of one entry, as Hypothesis draws them."""
    return [(0, (np.array([each]),)) for each in rows]


@pytest.mark.parametrize(("examples", "most"), [(3, 100), (10, 100), (11, 110), (60, 600)])
def test_a_search_is_the_same_each_time_whatever_the_settings_are(
    examples: int, most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A seed says which points are drawn; no clock, no warning and nothing that was found before has a say."""
    before = settings.get_current_profile_name()
    settings.register_profile(
        "strict", deadline=1, database=InMemoryExampleDatabase(), phases=(Phase.explicit,), suppress_health_check=()
    )
    asked: list[tuple[Any, float]] = []

    def find(strategy: Any, condition: Any, settings: Any, random: Any = None) -> Any:
        asked.append((settings, random.random() if random is not None else -len(asked)))
        raise NoSuchExample("")

    monkeypatch.setattr(falsify, "find", find)
    monkeypatch.setattr(falsify, "_DRAWN", {})
    suspect = made_up.witness(program="grad", size={"n": 1})
    try:
        settings.load_profile("strict")
        for seed, given in ((0, suspect), (0, suspect), (1, suspect), (0, None)):
            falsify.check(Case(RIGHT, replace(QUICK, examples=examples), seed), given)
    finally:
        settings.load_profile(before)
    assert [each.max_examples for each, _ in asked] == [most, most, most, examples]
    for each, _ in asked:
        assert each.database is each.deadline is None
        assert set(each.suppress_health_check) == set(HealthCheck)
    assert [Phase.shrink in each.phases for each, _ in asked] == [True, True, True, False]
    assert all(Phase.generate in each.phases for each, _ in asked)
    first, again, other, _ = (drawn for _, drawn in asked)
    assert first == again != other


def test_points_of_as_many_entries_as_can_be_read_are_searched(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(falsify, "_drawn", lambda *_: [])
    for n, readable in ((falsify.READABLE, True), (falsify.READABLE + 1, False)):
        found = falsify.check(Case(replace(RIGHT, sizes={"n": (n,)}), QUICK, 0))
        assert (found.reason == "no counterexample among 0 points") == readable
        assert ("too large" in found.reason) != readable


def test_points_that_are_drawn_and_those_that_are_climbed_to_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(falsify, "_drawn", lambda *_: _given(*map(float, range(7))))
    monkeypatch.setattr(falsify, "_climbed", lambda *_: (5, None))
    kept = replace(RIGHT, relation="<=")
    assert falsify.check(Case(kept, QUICK, 0)).reason == "no counterexample among 12 points"
    found = falsify.check(Case(replace(WRONG, relation=">="), QUICK, 0))
    assert found.status is Status.FAILS
    assert found.checked >= 7


@pytest.mark.parametrize(("claim", "status"), [(RIGHT, Status.UNKNOWN), (WRONG, Status.FAILS)])
def test_seconds_are_those_since_the_search_began(
    claim: Claim, status: Status, monkeypatch: pytest.MonkeyPatch
) -> None:
    ticks = itertools.count(100)
    begun: list[float] = []
    monkeypatch.setattr(falsify, "time", SimpleNamespace(perf_counter=lambda: float(next(ticks))))
    monkeypatch.setattr(Case, "patience", lambda self, started: begun.append(started))
    monkeypatch.setattr(falsify, "_drawn", lambda *_: _given(1.0, 2.0))
    found = falsify.check(Case(claim, QUICK, 0))
    assert (found.status, found.seconds) == (status, 1.0)
    assert begun == [100.0]


def _shortened(claim: Claim, x: float) -> float:
    """What is left of a counterexample."""
    case = Case(claim, QUICK, 0)
    subject = case.subject({"n": 1})
    _, best = falsify._look(case, [subject], _given(x))
    assert best is not None
    _, judged, points, row = falsify._shortened(case, best)
    assert row in falsify._refuted(judged)
    return float(points.arrays[0][row, 0])


def test_a_counterexample_has_as_few_bits_as_refute_and_all_where_it_takes_them() -> None:
    above = replace(WRONG, domain={"x": Positive("n")})
    assert _shortened(above, 3.3) == 4.0
    assert _shortened(replace(above, where=lambda x: jnp.max(x) <= 3.5), 3.3) == 3.0
    least = 1 + 2.0**-52
    assert _shortened(replace(above, where=lambda x: jnp.max(x) == least), least) == least


def test_a_suspect_is_looked_at_longer_and_what_is_not_admitted_by_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    looked: list[int] = []
    judge = Case.judge

    def judged(self: Case, subject: Any, program: Any, points: Points, looks: int = 0) -> Any:
        looked.append(looks)
        return judge(self, subject, program, points, looks)

    monkeypatch.setattr(Case, "judge", judged)
    suspect = made_up.witness(program="grad", size={"n": 1})
    for given in (None, suspect):
        case = Case(RIGHT, QUICK, 0)
        assert falsify._look(case, [case.subject({"n": 1})], _given(1.0, 2.0), given) == (2, None)
    assert looked == [0, 1]
    case = Case(replace(RIGHT, where=lambda x: jnp.max(x) > 9), QUICK, 0)
    assert falsify._look(case, [case.subject({"n": 1})], _given(1.0, 2.0)) == (0, None)
    assert looked == [0, 1]


def test_points_of_the_last_domains_are_kept_and_of_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(falsify, "_DRAWN", {})
    monkeypatch.setattr(falsify, "MOST_DRAWN", 2)
    few = replace(QUICK, examples=2)
    kept: list[int] = []
    for region in (Reals("n"), Positive("n"), Reals("n n")):
        case = Case(replace(RIGHT, domain={"x": region}), few, 0)
        falsify._drawn(case, [case.subject({"n": 1}, FLOAT64)], ("n = 1",))
        kept.append(len(falsify._DRAWN))
    assert kept == [1, 2, 2]
    assert not any(repr({"x": Reals("n")}) == key[0] for key in falsify._DRAWN)


def test_without_points_of_its_own_only_a_suspect_is_searched() -> None:
    none = replace(QUICK, examples=0)
    suspect = made_up.witness(program="grad", size={"n": 1})
    unasked = falsify.check(Case(WRONG, none, 0))
    assert (unasked.status, unasked.reason) == (Status.UNKNOWN, "not searched with --budget quick")
    found = falsify.check(Case(WRONG, none, 0), suspect)
    assert (found.status, found.sizes) == (Status.FAILS, ("n = 1",))


def test_the_counterexample_is_the_one_that_the_search_ends_with(monkeypatch: pytest.MonkeyPatch) -> None:
    """A search by halves may try a larger one last."""

    def find(strategy: Any, condition: Any, **more: Any) -> Any:
        small, large = _given(1.0, 7.0)
        assert condition(small)
        assert condition(large)
        return small

    monkeypatch.setattr(falsify, "find", find)
    found = falsify.check(Case(WRONG, QUICK, 0), made_up.witness(program="grad", size={"n": 1}))
    assert found.worst is not None
    assert found.worst.arguments == {"x": [1.0]}


def test_the_program_that_another_engine_refuted_is_searched_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without one, the first mode and the stable form are."""
    searched: list[str] = []
    judge = Case.judge

    def judged(self: Case, subject: Any, program: Any, points: Points, looks: int = 0) -> Any:
        searched.append(program.name)
        return judge(self, subject, program, points, looks)

    monkeypatch.setattr(Case, "judge", judged)
    for claim, suspect, names in (
        (replace(RIGHT, stable=lambda x: x + x), None, ["grad", "stable"]),
        (replace(RIGHT, stable=lambda x: x + x), "stable", ["stable"]),
        (replace(RIGHT, stable=lambda x: x + x), "jvp", ["jvp"]),
        (replace(RIGHT, stable=lambda x: x + x), "formula", ["grad", "stable"]),
        (RIGHT, None, ["grad"]),
        (RIGHT, "vjp", ["vjp"]),
    ):
        case = Case(claim, QUICK, 0)
        given = None if suspect is None else made_up.witness(program=suspect, size={"n": 1})
        searched.clear()
        falsify._look(case, [case.subject({"n": 1})], _given(1.0), given)
        assert searched == names


def test_what_no_reading_knows_is_the_reason() -> None:
    from jax import lax

    form = Derivative(lambda x: jnp.sum(lax.linalg.schur(jnp.outer(x, x))[0]), "value")
    found = falsify.check(Case(replace(RIGHT, autodiff=form, by_hand=lambda x: jnp.sum(x * x)), QUICK, 0))
    assert found.status is Status.UNKNOWN
    assert found.reason.startswith("primitive 'schur' is not supported by the exact reading")


def test_nobody_climbs_with_a_direction() -> None:
    """Of a Jacobian whose entries cannot be had all at once, only products with directions may be left."""
    case = Case(replace(WRONG, relation="<="), QUICK, 0)
    subject = case.subject({"n": 1})
    directed = tuple(each for each in subject.modes if each.directions)
    assert directed
    assert falsify._climbed(case, [replace(subject, modes=directed)]) == (0, None)
