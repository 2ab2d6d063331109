"""What is counted of floats: units in the last place, shares, digits, turns, ways and formats."""

import itertools
import math
from collections.abc import Sequence
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import jax.numpy as jnp
import numpy as np
import pytest
from flint import arb

from verify.claim import Claim, Derivative, Status
from verify.domain import Reals
from verify.engines import BUDGETS, floats
from verify.engines.case import Case, Points
from verify.engines.floats import Job, _compare, _compared, _digits, _Found, _jobs, _kept, _promise, _promised, _turns
from verify.formats import FLOAT16, FLOAT64, FORMATS
from verify.program import Program

pytestmark = pytest.mark.once

SQUARES = Claim(
    id="case",
    autodiff=Derivative(lambda x: jnp.sum(x**2), "gradient", "x"),
    by_hand=lambda x: 2 * x,
    domain={"x": Reals("n")},
    sizes={"n": (3,)},
)
# What is said of every digit of a format.
ALL = FLOAT16.precision * math.log10(2)


def case(budget: str = "standard", claim: Claim = SQUARES, **changed: Any) -> Case:
    return Case(claim, replace(BUDGETS[budget], **changed), 0)


def column(*values: Any) -> Any:
    """One component at several points."""
    kind = object if isinstance(values[0], arb) else np.float64
    return np.array([[value] for value in values], dtype=kind)


# ---------------------------------------------------------------------------------------------------------------
# Figures.


def test_floats_are_judged_one_by_one() -> None:
    room = arb(2) ** -10
    values = column(1.0, 1.5, math.inf, 2.0, -math.inf, 100.0)
    exact = column(arb(1), arb(1.5) + room / 2, arb(2), arb(3), arb(4), arb(5, 1))
    permitted = column(arb(1, 2.0**-10), arb(1.5 + 2.0**-11, 2.0**-10), arb("nan"), arb(3, 0.25), arb(4, 1), arb("nan"))
    row, place, bad = _compare(FLOAT16, values, permitted, exact)
    assert {name: row[name] for name in ("points", "inside", "outside", "no_claim")} == {
        "points": 6,
        "inside": 2,
        "outside": 2,
        "no_claim": 2,
    }
    assert (row["worst_ulp"], place, bad) == (512.0, (3, 0), (3, 0))
    assert abs(row["share"] - 0.5) < 1e-6
    assert abs(row["digits"] - math.log10(3)) < 1e-9


def test_floats_without_an_error_keep_every_digit() -> None:
    row, _, bad = _compare(FLOAT16, column(1.0, 0.0), column(arb(1), arb(0)), column(arb(1), arb(0)))
    assert (row["inside"], row["worst_ulp"], row["share"], row["digits"], bad) == (2, 0.0, 0.0, ALL, None)


def test_beside_zero_units_are_counted_and_no_digits() -> None:
    row, place, _ = _compare(FLOAT16, column(1.0, 2.0**-20), column(arb(1), arb(0, 1)), column(arb(1), arb(0)))
    assert (row["worst_ulp"], row["digits"], place) == (16.0, ALL, (1, 0))
    assert abs(row["share"] - 2.0**-20) < 1e-12


def test_of_the_smallest_normal_number_digits_are_counted() -> None:
    least = FLOAT16.smallest_normal
    for value, digits in ((least, 2 * math.log10(2)), (least / 2, ALL)):
        row, _, _ = _compare(FLOAT16, column(value * 1.25), column(arb(value, value)), column(arb(value)))
        assert abs(row["digits"] - digits) < 1e-9


def test_where_a_float_has_nothing_of_the_value_no_digit_is_left() -> None:
    row, _, _ = _compare(FLOAT16, column(-500.0), column(arb(1, 1000)), column(arb(1)))
    assert (row["digits"], math.copysign(1, row["digits"])) == (0.0, 1)


def test_digits_are_those_of_the_relative_error() -> None:
    row, _, _ = _compare(FLOAT16, column(1024.0 * (1 + 2.0**-5)), column(arb(1024, 64)), column(arb(1024)))
    assert row["digits"] == pytest.approx(5 * math.log10(2))


def test_where_no_value_is_known_the_first_component_stands_for_all() -> None:
    row, place, bad = _compare(FLOAT16, column(math.inf), column(arb("nan")), column(arb(1)))
    assert (row["no_claim"], place, bad) == (1, (0, 0), None)


def test_digits_are_between_none_and_all() -> None:
    assert abs(_digits(FLOAT64, arb(1), arb(-1000)) - 3) < 1e-9
    assert abs(_digits(FLOAT64, arb(30), arb(1000)) - math.log10(1000 / 30)) < 1e-9
    assert _digits(FLOAT16, arb(0), arb(7)) == _digits(FLOAT16, arb(1), arb(10) ** 9) == ALL
    assert _digits(FLOAT16, arb(70), arb(7)) == 0.0


def test_a_promise_is_about_values_that_are_known() -> None:
    one, zero, wide, none = _promise(FLOAT16, column(arb(1), arb(0), arb(3, 1), arb("nan")), 2.0)[:, 0]
    assert one.contains(arb(1 + 2.0**-9))
    assert one.contains(arb(1 - 2.0**-9))
    assert not one.contains(arb(1 + 2.0**-8))
    assert zero.contains(arb(2.0**-23))
    assert not zero.contains(arb(2.0**-22))
    assert not wide.is_finite()
    assert not none.is_finite()


def test_digits_of_a_float_and_of_what_rounding_allows() -> None:
    job = Job(_program(), Points((np.zeros((3, 3)),), ("",) * 3), [], {"jit"})
    job.exact, job.permitted = column(arb(8), arb(8), arb(8)), column(arb(8, 2), arb("nan"), arb(8))
    job.returned["jit"] = (np.arange(3), column(6.0, math.inf, 8.0))
    assert [round(_kept(FLOAT16, job, "jit", (row, 0)), 6) for row in range(3)] == [0.60206, -1.0, round(ALL, 6)]
    assert [round(_promised(FLOAT16, job, (row, 0)), 6) for row in range(3)] == [0.60206, 0.0, round(ALL, 6)]


def _program() -> Program:
    return case().subject({"n": 3}).modes[0]


def _pair(exact: Sequence[Any], rule: Sequence[float], plain: Sequence[float]) -> dict[str, Any]:
    """What is said of a rule and the plain derivative, of three components at one point, where both are read alike."""
    subject = case().subject({"n": 3})
    jobs: list[Job] = []
    for program, values in ((subject.modes[0], rule), (subject.formula, plain)):
        job = Job(program, Points((np.array([[1.0, 2.0, 3.0]]),), ("",)), [], {"jit"})
        job.exact = np.array([[arb(each) for each in exact]], dtype=object)
        job.permitted = job.exact + np.array([[arb(0, 2.0**-40)] * 3], dtype=object)
        job.returned["jit"] = (np.arange(1), np.array([values]))
        jobs.append(job)
    return _compared(subject, *jobs)


def test_a_rule_and_the_plain_derivative_are_compared_by_whole_digits() -> None:
    alike = _pair([8.0, 8.0, 8.0], [8.0] * 3, [8.0] * 3)
    assert (alike["format"], alike["apart"], alike["rule"], alike["plain"]) == ("float64", 0.0, None, None)
    assert alike["not counted"] == ""
    for value, digits in ((16.0, 0), (8.25, 1), (math.inf, "not finite"), (8.0 + 2.0**-17, 6)):
        said = _pair([8.0, 8.0, 8.0], [8.0] * 3, [8.0, value, 8.0])
        assert said["rule"] == {"at": {"x": [1.0, 2.0, 3.0]}, "component": "[1]", "rule": 15, "plain": digits}
        assert said["plain"] is None
        said = _pair([8.0, 8.0, 8.0], [8.0, 8.0, value], [8.0] * 3)
        assert said["plain"] == {"at": {"x": [1.0, 2.0, 3.0]}, "component": "[2]", "rule": digits, "plain": 15}
        assert said["rule"] is None


# ---------------------------------------------------------------------------------------------------------------
# What is run.


def test_the_size_that_is_run_has_a_few_entries_and_not_many() -> None:
    for sizes, n in (((1, 2, 3, 4), 3), ((1, 2), 2), ((4096,), 4096), ((4097,), None), ((2, 4096, 4097), 4096)):
        found = floats.run_size(case(claim=replace(SQUARES, sizes={"n": sizes})))
        assert found == (None if n is None else {"n": n})


def test_a_claim_is_run_in_every_format_in_which_a_side_of_it_is() -> None:
    bound = replace(SQUARES, relation="<=")
    wrong = replace(SQUARES, expect=Status.FAILS)
    for claim, formats in (
        (SQUARES, set(FORMATS)),
        (bound, {"float64", "float32"}),
        (wrong, {"float64", "float32"}),
        (replace(SQUARES, within={"float16": 2.0}), {"float16"}),
    ):
        assert {name for name, form in FORMATS.items() if floats.runs(case(claim=claim), form)} == formats


def test_each_side_is_run_once_in_the_ways_of_its_budget() -> None:
    every = {"jit", "vmap", "eager"}
    for budget, first, formula in (("standard", {"vmap", "eager"}, {"vmap"}), ("deep", every, every)):
        made = case(budget, float_points=6)
        subject = made.subject({"n": 3}, FORMATS["float32"], "every")
        jobs: dict[tuple[str, bytes], Job] = {}
        chosen = _jobs(made, subject, jobs)
        assert chosen[subject.modes[0].name].ways == first
        assert "formula" not in chosen or chosen["formula"].ways == formula
        assert len({job.program.text for job in chosen.values()}) == len(chosen) == len(jobs)
        texts = {side.text for side in subject.sides}
        assert {job.program.text for job in chosen.values()} == (texts if budget == "deep" else texts & _main(subject))


def _main(subject: Any) -> set[str]:
    return {subject.modes[0].text, subject.formula.text}


def test_a_promise_is_asked_of_every_side_without_a_direction() -> None:
    made = case("deep", replace(SQUARES, within={"float64": 2.0}), float_points=6)
    subject = made.subject({"n": 3}, FLOAT64, "every")
    chosen = _jobs(made, subject, {})
    wanted = {side.text for side in subject.sides if not side.directions}
    assert any(side.directions for side in subject.sides)
    assert {job.program.text for job in chosen.values()} == wanted


def test_a_program_that_claims_share_is_run_in_the_ways_of_each() -> None:
    jobs: dict[tuple[str, bytes], Job] = {}
    for ways in ({"float64": ("vmap",)}, {"float64": ("jit",)}):
        made = case(ways=ways, float_points=6)
        chosen = _jobs(made, made.subject({"n": 3}), jobs)
    assert chosen[_program().name].ways == {"jit", "vmap"}


def test_a_program_of_much_work_is_run_at_fewer_points(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(floats, "WORK", 8 * _program().cost - 1)
    made = case(float_points=20)
    assert len(_jobs(made, made.subject({"n": 3}), {})[_program().name].points) == 7


def test_programs_of_one_text_take_turns() -> None:
    def job(text: str, count: int, *ways: str) -> Any:
        return SimpleNamespace(program=SimpleNamespace(text=text), points=range(count), ways=set(ways))

    jobs = [job("p", 3, "jit", "vmap"), job("p", 2, "jit"), job("q", 2, "vmap")]
    jobs += [job("p", 3, "vmap"), job("p", 2, "vmap")]
    assert _turns(jobs, "jit") == [[(0, 0), (0, 1), (0, 2), (1, 0), (1, 1)]]
    assert _turns(jobs, "vmap") == [[(0, 0), (3, 0)], [(2, 0)], [(4, 0)]]


def test_each_way_returns_a_row_for_each_of_its_points() -> None:
    subject = case().subject({"n": 3})
    rows = np.arange(15.0).reshape(5, 3)
    jobs = [
        Job(program, Points((rows[:count],), ("",) * count), [], {"jit", "vmap", "eager"})
        for program, count in ((subject.modes[0], 5), (subject.formula, 2))
    ]
    floats.run(jobs, FLOAT64)
    for job, count in zip(jobs, (5, 2), strict=True):
        assert set(job.returned) == job.ways
        for way, (places, values) in job.returned.items():
            assert places.tolist() == list(range(min(count, 3) if way == "eager" else count))
            assert values.tolist() == (2 * rows[: len(places)]).tolist()


def test_a_program_without_code_in_a_format_keeps_no_other_from_being_run(monkeypatch: pytest.MonkeyPatch) -> None:
    jobs: list[Any] = [SimpleNamespace(number=number) for number in range(3)]
    finished: list[Any] = []

    def run(some: Sequence[Any], form: Any) -> None:
        if jobs[1] in some:
            raise NotImplementedError("no code")
        finished.extend(some)

    monkeypatch.setattr(floats, "run", run)
    failed: dict[int, str] = {}
    floats._run_some(jobs, FLOAT16, failed)
    assert set(failed) == {id(jobs[1])}
    assert finished == [jobs[0], jobs[2]]


def test_jobs_of_one_point_are_run_beside_others() -> None:
    subject = case().subject({"n": 3})
    rows = np.arange(6.0).reshape(2, 3)
    jobs = [
        Job(program, Points((rows[place : place + 1],), ("",)), [], {way})
        for program, place, way in (
            (subject.modes[0], 0, "vmap"),
            (subject.modes[0], 1, "vmap"),
            (subject.formula, 1, "jit"),
        )
    ]
    floats.run(jobs, FLOAT64)
    found = [(way, values.tolist()) for job in jobs for way, (_, values) in job.returned.items()]
    assert found == [("vmap", [[0.0, 2.0, 4.0]]), ("vmap", [[6.0, 8.0, 10.0]]), ("jit", [[6.0, 8.0, 10.0]])]


def test_values_are_known_to_as_many_bits_as_are_asked_for() -> None:
    (found,) = floats.reference(_program(), [column(arb(1), arb(2), arb(3)).reshape(1, 3)], 1, bits=1000)
    assert found.tolist() == [2, 4, 6]


def test_the_least_accurate_float_of_one_way_is_shown() -> None:
    subject = case().subject({"n": 3})
    job = Job(_program(), Points((np.array([[1.0, 2.0, 3.0]]),), ("",)), [], {"jit"})
    job.exact = np.array([[arb(2), arb(4), arb(6)]], dtype=object)
    job.permitted = job.exact + np.array([[arb(0, 2.0**-40)] * 3], dtype=object)
    job.returned["jit"] = (np.arange(1), np.array([[2.0, 4.0 + 2.0**-45, 6.0]]))
    found = _Found(case(), {"n": 3})
    floats._judge(found, subject, {"grad": job})
    assert found.worst is not None
    assert (found.worst.component, found.worst.note) == ("[1]", "the least accurate float")


def test_digits_are_looked_for_where_something_is_claimed(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []
    monkeypatch.setattr(floats, "diagnose", lambda program, given, component, form: asked.append(component))
    job = Job(_program(), Points((np.array([[1.0, 2.0, 3.0]]),), ("",)), [], {"jit"})
    job.exact = np.array([[arb(2), arb(4), arb(6)]], dtype=object)
    job.permitted = np.array([[arb(2, 1), arb("nan"), arb(6, 1)]], dtype=object)
    values = np.array([[2.5, 4.5, math.inf]])
    assert floats._loses(case().subject({"n": 3}), job, np.arange(1), values) is None
    assert asked == [0]


def test_what_loses_digits_is_told_with_the_verdict() -> None:
    loss: Any = SimpleNamespace()
    assert floats._verdict(_Found(case(), {"n": 3}, loses=loss)).loses is loss


def _judged(*, of_a_rule: bool = False, within: dict[str, float] | None = None) -> _Found:
    """Two points of three components of both sides, of which one float is far off, at the second point."""
    subject = case().subject({"n": 3})
    values = np.array([[2.0, 4.0, 6.0], [8.0, 10.0, 12.5]])
    jobs: dict[str, Job] = {}
    for program in (subject.modes[0], subject.formula):
        job = Job(program, Points((np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]),), ("",) * 2), [], {"jit"})
        job.exact = np.vectorize(arb, otypes=[object])(np.array([[2.0, 4.0, 6.0], [8.0, 10.0, 12.0]]))
        job.permitted = job.exact + np.full((2, 3), arb(0, 2.0**-40), dtype=object)
        job.returned["jit"] = (np.arange(2), values)
        jobs[program.name] = job
    made: Any = SimpleNamespace(claim=SimpleNamespace(within=within or {}), judges_a_rule=of_a_rule)
    found = _Found(made, {"n": 3})
    floats._judge(found, subject, jobs)
    return found


def test_a_float_outside_is_shown_where_it_is() -> None:
    for within, allows in (({}, "rounding allows"), ({"float64": 1.0}, "was promised")):
        found = _judged(within=within)
        assert found.outside is not None
        assert found.worst is not None
        assert found.outside.note.startswith(f"outside what {allows}, 12.0")
        for shown in (found.outside, found.worst):
            assert (shown.arguments, shown.component) == ({"x": [4.0, 5.0, 6.0]}, "[2]")
        assert {row["component"] for row in found.rows} == {"[2]"}


def test_two_sides_are_compared_where_a_rule_is_judged() -> None:
    assert _judged().compared == []
    assert [each["format"] for each in _judged(of_a_rule=True).compared] == ["float64"]


def test_what_is_not_known_or_too_small_is_not_compared() -> None:
    found = _pair([arb(8, 1)] * 3, [8.0] * 3, [16.0] * 3)
    assert (found["apart"], found["rule"], found["plain"]) == (None, None, None)
    tiny = 2.0**-1070
    assert _pair([tiny] * 3, [tiny] * 3, [0.0] * 3)["rule"] is None
    assert _pair([1.0] * 3, [1.0] * 3, [1.0, 2.0, 1.0])["rule"] is not None


def test_one_digit_more_is_a_matter_of_luck() -> None:
    for more, less in ((2.0**-17, 2.0**-14), (2.0**-14, 2.0**-17)):
        found = _pair([8.0] * 3, [8.0 + more] * 3, [8.0 + less] * 3)
        assert (found["rule"], found["plain"]) == (None, None)


def test_how_far_two_sides_are_apart_is_told_as_a_share_of_the_plain_one() -> None:
    subject = case().subject({"n": 3})
    jobs: list[Job] = []
    for program, value in ((subject.modes[0], 8.0), (subject.formula, 4.0)):
        job = Job(program, Points((np.array([[1.0, 2.0, 3.0]]),), ("",)), [], {"jit"})
        job.exact = job.permitted = np.array([[arb(value)] * 3], dtype=object)
        job.returned["jit"] = (np.arange(1), np.array([[value] * 3]))
        jobs.append(job)
    assert _compared(subject, *jobs)["apart"] == 1.0


def test_programs_are_run_by_themselves_in_their_format() -> None:
    subject = case(claim=replace(SQUARES, by_hand=lambda x: 3 * x)).subject({"n": 3})
    points = Points((np.array([[1 / 3, 1.1, 0.7]]),), ("",))
    alone = Job(subject.modes[0], points, [], {"eager"})
    floats.run([alone], FLOAT64)
    assert alone.returned["eager"][1].tolist() == [[2 / 3, 2.2, 1.4]]
    jobs = [alone, Job(subject.formula, points, [], {"jit"})]
    floats.run(jobs, FLOAT64)
    assert jobs[1].returned["jit"][1].tolist() == [[3 * (1 / 3), 3 * 1.1, 3 * 0.7]]


# ---------------------------------------------------------------------------------------------------------------
# Several claims.


def test_seconds_are_added_over_formats_and_shared_by_claims(monkeypatch: pytest.MonkeyPatch) -> None:
    ticks = itertools.count()
    monkeypatch.setattr(floats, "time", SimpleNamespace(perf_counter=lambda: float(next(ticks))))
    monkeypatch.setattr(floats, "_one_format", lambda found, form: None)
    formats: list[str] = []
    found = floats.check_all([case(), case()], formats.append)
    assert formats == list(FORMATS)
    # Of four formats: the clock ticks once more for the second.
    assert [each.seconds for each in found] == [2.0, 4.0]
    assert {(each.status, each.reason, each.floats) for each in found} == {(Status.UNKNOWN, floats.NOT_RUN, "")}


def test_a_claim_that_is_not_run_leaves_the_others_to_be_run(monkeypatch: pytest.MonkeyPatch) -> None:
    def long(x: Any) -> Any:
        for _ in range(30):
            x = x * x + 1
        return x

    def refused(x: Any) -> Any:
        if x.dtype == jnp.float32:
            raise TypeError("not in this format")
        return 2 * x

    monkeypatch.setattr(floats, "MOST_COMPILED", 30)
    monkeypatch.setattr(floats, "_run_some", lambda jobs, form, failed: None)
    judged: list[str] = []
    monkeypatch.setattr(floats, "_judge", lambda each, subject, chosen: judged.append(each.case.claim.id))
    claims = [
        replace(SQUARES, id="too-long", by_hand=long),
        replace(SQUARES, id="refused", by_hand=refused),
        replace(SQUARES, id="run"),
    ]
    found = floats.check_all([case("quick", claim, float_points=2) for claim in claims])
    assert judged == ["run"]
    assert found[0].reason.startswith("a program of 6")
    assert found[1].reason.startswith("not run in float32: ")


def test_floats_of_both_sides_have_to_be_judged_to_be_inside() -> None:
    def row(program: str, inside: int, outside: int = 0) -> dict[str, Any]:
        return {"program": program, "inside": inside, "outside": outside}

    outside: Any = SimpleNamespace()
    for rows, worse, state in (
        ([row("grad", 3), row("formula", 2)], None, "inside"),
        ([row("grad", 3), row("formula", 0)], None, "no claim"),
        ([row("grad", 3), row("formula", 2, 1)], outside, "outside"),
    ):
        found = floats._verdict(_Found(case(), {"n": 3}, rows=rows, outside=worse))
        assert (found.floats, found.checked, found.worst) == (
            state,
            sum(each["inside"] + each["outside"] for each in rows),
            worse,
        )
        assert (found.claim, found.engine, found.sizes) == ("case", "floats", ("n = 3",))
        assert found.reason == "floats are a finding, not evidence for the equation"
    assert floats._verdict(_Found(case(), {}, problem="a problem")).floats == "no claim"
    assert floats._verdict(_Found(case(), {}, problem="a problem")).sizes == ()


# ---------------------------------------------------------------------------------------------------------------
# What is traced, run and told.


def test_every_mode_is_traced_where_modes_are_run_and_one_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a bound the standard budget runs all modes in float64 and the first alone in float32."""
    traced: dict[str, int] = {}

    def judge(each: Any, subject: Any, chosen: Any) -> None:
        traced[subject.form.name] = len(subject.modes)

    monkeypatch.setattr(floats, "_run_some", lambda jobs, form, failed: None)
    monkeypatch.setattr(floats, "_judge", judge)
    made = case(claim=replace(SQUARES, relation="<="), float_points=2)
    floats.check_all([made])
    every = len(made.subject({"n": 3}, FLOAT64, "every").modes)
    assert every > 1
    assert traced == {"float64": every, "float32": 1}


def test_the_reason_why_a_format_is_not_run_does_not_repeat_the_claim() -> None:
    def refused(x: Any) -> Any:
        if x.dtype == jnp.float32:
            raise TypeError("not in this format")
        return 2 * x

    found = floats.check(case("quick", replace(SQUARES, by_hand=refused)))
    assert found.reason.startswith("not run in float32: ")
    assert "not in this format" in found.reason
    assert "claim" not in found.reason


def test_every_point_has_directions_of_its_own() -> None:
    made = case("deep", float_points=6)
    chosen = _jobs(made, made.subject({"n": 3}, FLOAT16, "every"), {})
    along = [
        (job, array, shape)
        for job in chosen.values()
        for array, shape in zip(job.along, job.program.directions, strict=True)
    ]
    assert along
    for job, array, shape in along:
        assert array.shape == (len(job.points), *shape)
        assert len(np.unique(array, axis=0)) > 1
        assert all(float(each * 32).is_integer() and abs(each) <= 2 for each in array.ravel())


def test_each_row_tells_the_point_of_its_worst_float() -> None:
    rows = _judged().rows
    assert rows
    assert all([float.fromhex(each) for each in row["at"]["x"]] == [4.0, 5.0, 6.0] for row in rows)


def test_the_first_program_alone_is_asked_what_loses_digits_and_once(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[str, int]] = []
    loss: Any = SimpleNamespace()

    def loses(subject: Any, job: Job, rows: Any, values: Any) -> Any:
        asked.append((job.program.name, len(rows)))
        return loss

    monkeypatch.setattr(floats, "_loses", loses)
    assert _judged().loses is loss
    assert asked == [(_program().name, 2)]


@pytest.mark.parametrize(("way", "shown"), [("jit", True), ("vmap", True), ("eager", False)])
def test_the_worst_float_is_one_of_a_compiled_program(way: str, shown: bool) -> None:
    job = Job(_program(), Points((np.array([[1.0, 2.0, 3.0]]),), ("",)), [], {way})
    job.exact = np.array([[arb(2), arb(4), arb(6)]], dtype=object)
    job.permitted = job.exact + np.array([[arb(0, 2.0**-40)] * 3], dtype=object)
    job.returned[way] = (np.arange(1), np.array([[2.0, 4.0 + 2.0**-45, 6.0]]))
    found = _Found(case(), {"n": 3})
    floats._judge(found, case().subject({"n": 3}), {"grad": job})
    assert (found.worst is not None) == shown
    assert found.worst is None or way in found.worst.autodiff


def _sides(claim: Claim, point: list[float], rule: Sequence[float], plain: Sequence[float], exact: Any) -> Any:
    """The two sides of a claim at one point, each with its floats."""
    subject = case(claim=claim).subject({"n": 3})
    jobs: list[Job] = []
    for program, values, true in ((subject.modes[0], rule, exact[0]), (subject.formula, plain, exact[1])):
        job = Job(program, Points((np.array([point]),), ("",)), [], {"jit"})
        job.exact = job.permitted = np.array([[arb(true)] * 3], dtype=object)
        job.returned["jit"] = (np.arange(1), np.array([values]))
        jobs.append(job)
    return subject, jobs


def test_digits_are_not_counted_where_a_library_factors() -> None:
    claim = replace(SQUARES, by_hand=lambda x: 2 * jnp.sum(jnp.linalg.cholesky(jnp.diag(x * x)), axis=0))
    subject, jobs = _sides(claim, [1.0, 2.0, 3.0], [8.0] * 3, [16.0] * 3, (8, 4))
    for sides in (jobs, jobs[::-1]):
        found = _compared(subject, *sides)
        assert (found["not counted"], found["rule"], found["plain"]) == (floats.NOT_COUNTED, None, None)
    assert _compared(subject, *jobs)["apart"] == 1.0


def test_sides_are_not_compared_at_a_kink_of_either() -> None:
    absolute = Derivative(lambda x: jnp.sum(jnp.abs(x)), "gradient", "x")
    claim = replace(SQUARES, autodiff=absolute, by_hand=lambda x: x + 1)
    for point, kink in (([0.0, 1.0, 2.0], True), ([3.0, 1.0, 2.0], False)):
        subject, jobs = _sides(claim, point, [8.0] * 3, [8.0] * 3, (8, 4))
        assert [_compared(subject, *sides)["apart"] is None for sides in (jobs, jobs[::-1])] == [kink, kink]


def test_where_rounding_allows_all_no_digit_is_promised() -> None:
    job = Job(_program(), Points((np.zeros((2, 3)),), ("",) * 2), [], {"jit"})
    job.exact, job.permitted = column(arb(8), arb(8)), column(arb(math.inf), arb(8, math.inf))
    assert [_promised(FLOAT16, job, (row, 0)) for row in range(2)] == [0.0, 0.0]


def test_more_than_half_of_the_digits_are_lost_before_it_is_asked_by_what(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is not known is passed over; of 53 bits, 26 are left of one component and 27 of the other."""
    asked: list[int] = []
    monkeypatch.setattr(floats, "diagnose", lambda program, given, component, form: asked.append(component))
    job = Job(_program(), Points((np.array([[1.0, 2.0, 3.0]]),), ("",)), [], {"jit"})
    job.exact = np.array([[arb(2, 1), arb(4), arb(8)]], dtype=object)
    job.permitted = np.array([[arb(2, 1), arb(4, 1), arb(8, 1)]], dtype=object)
    values = np.array([[2.5, 4.0 * (1 + 2.0**-26), 8.0 * (1 + 2.0**-27)]])
    assert floats._loses(case().subject({"n": 3}), job, np.arange(1), values) is None
    assert asked == [1]


def test_outputs_stand_side_by_side_and_whole_numbers_are_whole() -> None:
    from verify.domain import Labels

    claim = Claim(
        id="pair",
        autodiff=Derivative(lambda x, i: (2 * x, x[i]), "value"),
        by_hand=lambda x, i: (x + x, 1 * x[i]),
        domain={"x": Reals("3"), "i": Labels("", below=3)},
        sizes={},
    )
    program = case(claim=claim).subject({}).modes[0]
    given = (np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]), np.array([2, 0]))
    job = Job(program, Points(given, ("",) * 2), [], {"jit", "vmap", "eager"})
    floats.run([job], FLOAT64)
    for way in job.ways:
        assert job.returned[way][1].tolist() == [[2.0, 4.0, 6.0, 3.0], [8.0, 10.0, 12.0, 4.0]]
