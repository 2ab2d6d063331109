"""What enclosing counts of points, choices, modes and formats, and what it says of them."""

import functools
import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import jax.numpy as jnp
import numpy as np
import pytest
from flint import arb

from verify.claim import Claim, ClaimError, Derivative, Status, Witness
from verify.domain import Reals
from verify.engines import BUDGETS, enclose, judge
from verify.engines.case import CONFIRMED, OPEN, PATIENCE, REFUTED, Case, Judged, Points
from verify.engines.enclose import (
    _Choice,
    _cover,
    _judge_all,
    _judge_traced,
    _listed,
    _note,
    _one_size,
    _open,
    _other_formats,
    _refute,
    _some,
    _Tally,
    _uncovered,
    _verdict,
)
from verify.program import Program, Subject
from verify.readings.interpreter import JUMP, Branch, Trail

pytestmark = pytest.mark.once

QUICK = replace(BUDGETS["quick"], points=8)
SQUARES = Claim(
    id="case",
    autodiff=Derivative(lambda x: jnp.sum(x**2), "gradient", "x"),
    by_hand=lambda x: 2 * x,
    domain={"x": Reals("n")},
    sizes={"n": (2, 3)},
)

Answer = Callable[[Program, Points], Judged]


@functools.cache
def subject(n: int = 2) -> Subject:
    return Case(SQUARES, QUICK, 0).subject({"n": n})


def points(*rows: Sequence[float]) -> Points:
    """Points of the only argument, a row each."""
    return Points((np.array(rows, dtype=np.float64),), ("ordinary",) * len(rows))


def few(count: int, n: int = 2) -> Points:
    return points(*[[1.0 + row] * n for row in range(count)])


def judged(program: Program, codes: Sequence[Sequence[int] | int], **marks: Sequence[int]) -> Judged:
    """What exact arithmetic might say: a code for each point, or for each of its components."""
    table = np.array([[each] * 2 if isinstance(each, int) else each for each in codes])
    first = np.array([[arb(10 * row + place) for place in range(table.shape[1])] for row in range(len(table))])
    given: dict[str, Any] = {
        name: np.array(marks.get(name, [0] * len(table)), dtype=bool) for name in ("kinks", "undefined", "blurred")
    }
    return Judged(program, table, **given, first=first, second=first + 1, bits=np.full(len(table), 192, dtype=np.int64))


def case_of(answer: Answer, claim: Claim = SQUARES, **budget: Any) -> Case:
    """A claim of which every reading is made up."""
    case = Case(claim, replace(QUICK, **budget), 0)

    def judge(subject: Subject, program: Program, chosen: Points, looks: int = 0) -> Judged:
        return answer(program, chosen)

    case.judge = judge  # type: ignore[method-assign]
    return case


def all_of(code: int) -> Answer:
    return lambda program, chosen: judged(program, [code] * len(chosen))


def two_programs(monkeypatch: pytest.MonkeyPatch) -> tuple[Program, Program]:
    first, second = subject().modes[:2]
    monkeypatch.setattr(enclose, "judged_programs", lambda subject: [first, second])
    return first, second


# ---------------------------------------------------------------------------------------------------------------
# Points.


def test_every_budget_says_how_much_may_be_read() -> None:
    assert set(enclose.WORK) == set(BUDGETS)


def test_rows_are_spread_from_the_first_to_the_last() -> None:
    assert _some(10, 4).tolist() == [0, 3, 6, 9]
    assert _some(3, 3).tolist() == _some(3, 9).tolist() == [0, 1, 2]


def test_a_point_counts_once_however_many_programs_decide_it(monkeypatch: pytest.MonkeyPatch) -> None:
    first, _ = two_programs(monkeypatch)
    tally = _Tally()

    def answer(program: Program, chosen: Points) -> Judged:
        codes = [CONFIRMED, CONFIRMED, OPEN, OPEN] if program is first else [OPEN, CONFIRMED, REFUTED, OPEN]
        return judged(program, codes)

    assert _judge_all(case_of(answer), subject(), few(4), tally, {}, must_decide=False) == 3
    assert tally.lacking == []


@pytest.mark.parametrize(
    ("codes", "kinks", "said"),
    [
        ([OPEN, OPEN], [0, 0], "no point decides"),
        ([CONFIRMED, OPEN, OPEN], [0, 0, 0], "most points leave"),
        ([CONFIRMED, CONFIRMED, OPEN, OPEN, OPEN], [0] * 5, "most points leave"),
        ([CONFIRMED, CONFIRMED, OPEN, OPEN], [0] * 4, ""),
        ([CONFIRMED, OPEN, OPEN], [0, 1, 1], ""),
        ([CONFIRMED, CONFIRMED], [1, 1], "no point decides"),
        ([REFUTED, REFUTED], [1, 1], "no point decides"),
    ],
)
def test_at_least_half_of_the_points_that_count_are_decided(codes: list[int], kinks: list[int], said: str) -> None:
    tally = _Tally()
    case = case_of(lambda program, chosen: judged(program, codes, kinks=kinks))
    _judge_all(case, replace(subject(), modes=subject().modes[:1]), few(len(codes)), tally, {}, must_decide=True)
    assert len(tally.lacking) == bool(said)
    assert all(each.startswith(said) and each.endswith("at n = 2") for each in tally.lacking)
    assert tally.refuted is None


def test_one_mode_that_no_point_decides_is_enough_to_know_nothing() -> None:
    first = subject().modes[0].name
    case = case_of(lambda program, chosen: all_of(CONFIRMED if program.name == first else OPEN)(program, chosen))
    found = enclose.check(case)
    assert found.status is Status.UNKNOWN
    assert "no point decides" in found.reason


def test_points_of_all_sizes_are_counted() -> None:
    found = enclose.check(case_of(all_of(CONFIRMED)))
    alone = [enclose.check(case_of(all_of(CONFIRMED), replace(SQUARES, sizes={"n": (n,)}))).checked for n in (2, 3)]
    assert found.status is Status.HOLDS
    assert found.checked == sum(alone) > max(alone)
    assert 0 < found.seconds < 60


def test_a_program_of_much_work_is_read_at_fewer_points(monkeypatch: pytest.MonkeyPatch) -> None:
    program = subject().modes[0]
    monkeypatch.setitem(enclose.WORK, "quick", 5 * (program.cost + subject().formula.cost) - 1)
    read: list[int] = []

    def answer(program: Program, chosen: Points) -> Judged:
        read.append(len(chosen))
        return all_of(CONFIRMED)(program, chosen)

    one = replace(subject(), modes=subject().modes[:1])
    _judge_all(case_of(answer), one, few(8), _Tally(), {}, must_decide=True)
    _judge_traced(case_of(answer), one, few(8), _Tally())
    assert read == [4, 4]


def test_a_program_that_is_too_large_is_told_and_the_others_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    first, _ = two_programs(monkeypatch)
    monkeypatch.setattr(enclose, "largest", lambda program: 999 if program is first else 5)
    tally = _Tally()
    assert _judge_all(case_of(all_of(CONFIRMED), entries=11), subject(), few(4), tally, {}, must_decide=True) == 4
    assert tally.large == {f"{first.name} at n = 2": "999 entries, more than the 5"}


def test_readings_of_one_check_give_up_together() -> None:
    case = case_of(all_of(CONFIRMED))
    found = enclose.check(case)
    assert found.seconds < QUICK.seconds * PATIENCE
    assert math.isfinite(case.deadline)


def test_a_size_that_is_too_large_leaves_the_others_to_be_read() -> None:
    found = enclose.check(case_of(all_of(CONFIRMED), replace(SQUARES, sizes={"n": (9, 2)}), entries=8))
    assert found.status is Status.UNKNOWN
    assert "n = 9 has more than 8 entries" in found.reason
    assert found.sizes == ("n = 2",)


# ---------------------------------------------------------------------------------------------------------------
# What is noted of points.


def test_kinks_are_counted_and_the_first_is_shown() -> None:
    case, program, tally = case_of(all_of(OPEN)), subject().modes[0], _Tally()
    none = np.zeros(3, dtype=bool)
    rows = points([1.0, 1.0], [2.0, 2.0], [3.0, 3.0])
    _note(case, subject(), rows, judged(program, [OPEN, CONFIRMED, CONFIRMED], kinks=[0, 1, 1]), none, tally)
    _note(case, subject(), rows, judged(program, [OPEN] * 3, kinks=[1, 0, 0]), none, tally)
    assert tally.kinks == 3
    assert tally.kink_note == f"at x = [0x1p+1, 0x1p+1] {program.name} takes 10.0000, the formula 11.0000"
    assert not tally.kinks_differ


def test_of_a_rule_the_kink_is_shown_at_which_the_sides_differ(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Case, "differentiates_twice", True)
    case, program, tally = case_of(all_of(OPEN)), subject().modes[0], _Tally()
    rows = points([1.0, 1.0], [2.0, 2.0], [3.0, 3.0])
    found = [
        judged(program, [CONFIRMED, CONFIRMED, CONFIRMED], kinks=[1, 0, 0]),
        judged(program, [REFUTED, CONFIRMED, [CONFIRMED, REFUTED]], kinks=[0, 1, 1]),
        judged(program, [REFUTED, CONFIRMED, CONFIRMED], kinks=[1, 0, 0]),
    ]
    for each in found:
        refuted = (each.codes == REFUTED).any(axis=1) & ~each.kinks
        monkeypatch.setattr(enclose, "_refute", lambda *given: None)
        _note(case, subject(), rows, each, refuted, tally)
    assert tally.kink_note == f"at x = [0x1.8p+1, 0x1.8p+1] {program.name} takes 21.0000, the formula 22.0000"
    assert tally.kinks_differ


def test_points_that_stay_open_are_counted() -> None:
    case, program, tally = case_of(all_of(OPEN)), subject().modes[0], _Tally()
    for _ in range(2):
        found = judged(program, [CONFIRMED, [OPEN, CONFIRMED], OPEN, CONFIRMED], kinks=[0, 0, 1, 1])
        _note(case, subject(), few(4), found, np.zeros(4, dtype=bool), tally)
    assert tally.undecided == 2
    assert tally.undefined == ""


def test_a_refuted_point_is_not_open(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(enclose, "_refute", lambda *given: None)
    case, program, tally = case_of(all_of(OPEN)), subject().modes[0], _Tally()
    found = judged(program, [CONFIRMED, [OPEN, REFUTED], OPEN], undefined=[1, 1, 0])
    _note(case, subject(), few(3), found, np.array([False, True, False]), tally)
    assert (tally.undecided, tally.undefined) == (1, "")


def test_the_first_reason_why_points_stay_open_is_told() -> None:
    case, program = case_of(all_of(OPEN)), subject().modes[0]
    none, rows = np.zeros(2, dtype=bool), points([1.0, 1.0], [2.0, 2.0])
    blurred = judged(program, [CONFIRMED, OPEN], blurred=[0, 1])
    undefined = judged(program, [CONFIRMED, OPEN], undefined=[0, 1])
    no_number = judged(program, [CONFIRMED, OPEN], undefined=[0, 1])
    no_number.first[1, 0] = arb("nan")
    for order, said in (
        ((blurred, undefined), f"{program.name} and the formula differ at x = [0x1p+1, 0x1p+1], but the rounding of"),
        ((undefined, blurred, no_number), "formula is not a real number at x = [0x1p+1, 0x1p+1]"),
        ((no_number, undefined), f"{program.name} is not a real number at x = [0x1p+1, 0x1p+1]"),
    ):
        tally = _Tally()
        for each in order:
            _note(case, subject(), rows, each, none, tally)
        assert tally.undefined.startswith(said)


def test_which_side_is_no_number_is_told_of_a_single_component_too() -> None:
    case, program = case_of(all_of(OPEN)), subject().modes[0]
    for value, said in ((1.0, "formula"), (math.nan, program.name)):
        tally, found = _Tally(), judged(program, [[OPEN]], undefined=[1])
        found.first[0, 0] = arb(value)
        _note(case, subject(), few(1), found, np.zeros(1, dtype=bool), tally)
        assert tally.undefined.startswith(f"{said} is not a real number at x = ")


def test_the_smallest_counterexample_is_shown_and_the_shortest_of_those() -> None:
    case = case_of(all_of(OPEN))
    seen: list[tuple[int, int]] = []

    def witness(subject: Subject, judged: Judged, points: Points, row: int, component: int, note: str) -> Witness:
        seen.append((row, component))
        return Witness(
            arguments=points.arrays[0][row].tolist(),
            component=str(component),
            program=judged.program.name,
            autodiff="",
            by_hand="",
            size=subject.size,
            note=note,
        )

    case.witness = witness  # type: ignore[method-assign]
    program, tally = subject().modes[0], _Tally()
    long, short = [0.1, 0.2], [1.0, 1.0]
    three, two = judged(program, [[OPEN, CONFIRMED, REFUTED]]), judged(program, [CONFIRMED, [OPEN, REFUTED], REFUTED])
    _refute(case, subject(3), points([1.0] * 3), three, np.array([True]), tally)
    _refute(case, subject(), points(short, long, short), two, np.array([False, True, True]), tally)
    _refute(case, subject(), points(long), judged(program, [REFUTED]), np.array([True]), tally)
    assert seen == [(0, 2), (1, 1), (2, 0)]
    assert tally.refuted is not None
    assert (tally.refuted[1].arguments, tally.refuted[1].component) == (short, "0")


# ---------------------------------------------------------------------------------------------------------------
# Choices.


def trail(seen: Any, equality: int | None = None, **marks: Sequence[int]) -> Trail:
    found = Trail(np.shape(seen)[1])
    for name, rows in marks.items():
        setattr(found, name, np.array(rows, dtype=bool))
    found.branches["here"] = Branch("select_n", np.array(seen, dtype=bool), equality)
    return found


def covered(trails: Sequence[Trail], kinks: Sequence[int] = (0, 0), name: str = "grad", **more: Any) -> Any:
    """Which outcomes count, by entries, of trails of two points each."""
    met: dict[tuple[str, str], _Choice] = {}
    found = judged(subject().modes[0], [CONFIRMED] * 2, kinks=kinks)
    found.trails[name] = [(each, np.arange(2)) for each in trails]
    _cover(found, met, **({"formula_too": False} | more))
    assert met[name, "here"].label == f"select_n in {name}"
    return met[name, "here"].taken.astype(int).tolist()


# Of two outcomes, two points and one entry: the first point takes the first outcome, the second the second.
BOTH = [[[1], [0]], [[0], [1]]]
FIRST = [[[1], [0]], [[0], [0]]]
SECOND = [[[0], [0]], [[0], [1]]]


def test_an_outcome_counts_where_its_point_does() -> None:
    assert covered([trail(BOTH)]) == [[1], [1]]
    assert covered([trail(BOTH)], kinks=[1, 0]) == [[0], [1]]
    assert covered([trail(BOTH, lost=[0, 1])]) == [[1], [0]]
    assert covered([trail(BOTH, lost=[0, 1])], kinks=[1, 0]) == [[0], [0]]
    assert covered([trail(FIRST), trail(SECOND)]) == [[1], [1]]


def test_an_exact_equality_need_not_be_seen_but_in_a_formula() -> None:
    assert covered([trail(FIRST, equality=1)]) == [[1], [1]]
    for name in ("formula", "stable"):
        assert covered([trail(FIRST, equality=1)], name=name) == [[1], [0]]
        assert covered([trail(FIRST, equality=1)], name=name, formula_too=True) == [[1], [1]]


def test_what_is_left_of_outcomes_is_what_can_be_reached() -> None:
    left = np.array([[True, False], [True, True]])
    for reachable, expected in (
        (None, left),
        (np.array([[True, True], [False, True]]), [[True, False], [False, True]]),
        (np.array([[False], [True]]), [[False, False], [True, True]]),
        # Of other entries nothing is known.
        (np.zeros((2, 3), dtype=bool), left),
    ):
        assert np.array_equal(_open(left, reachable), expected)
    single = np.array([[True], [True]])
    some = np.array([[False, False, False], [False, True, False]])
    assert np.array_equal(_open(single, some), [[False], [True]])


def test_outcomes_are_listed_with_the_entry_that_lacks_them() -> None:
    left = np.array([[False, True, True], [True, True, True], [False, False, False]])
    assert _listed(left, ~left) == "0 at entry 1, 1"


def uncovered(
    choices: dict[tuple[str, str], Any], reachable: Any = None, n: int = 2
) -> tuple[list[str], dict[str, bool]]:
    """What is told of choices, by program and path, where ranges exclude nothing, or this."""
    case = case_of(all_of(OPEN))
    case.reachable = lambda subject, program, split: reachable  # type: ignore[method-assign]
    met = {
        (name, path): _Choice(f"choice in {name}", np.array(taken, dtype=bool))
        for (name, path), taken in choices.items()
    }
    return _uncovered(case, subject(n), met)


def test_a_choice_of_any_program_that_was_not_seen_is_told() -> None:
    first, second = subject().modes[0].name, subject().formula.name
    taken: dict[tuple[str, str], Any] = {(first, "a"): [[1], [0]], (second, "b"): [[0], [1]]}
    assert uncovered(taken)[0] == [
        f"choice in {first} never took outcome 1 at n = 2",
        f"choice in {second} never took outcome 0 at n = 2",
    ]
    assert uncovered(taken, {"a": np.array([[True], [False]])})[0] == [
        f"choice in {second} never took outcome 0 at n = 2"
    ]
    assert uncovered({(first, "a"): [[1], [1]]}) == ([], {})


def test_whether_a_point_lay_at_a_jump_is_told_and_holds_nothing_up() -> None:
    first, second = subject().modes[0].name, subject().formula.name
    for taken, seen in (([[1, 1], [0, 0]], False), ([[1, 1], [0, 1]], True), ([[0, 0], [1, 0]], True)):
        missing, jumps = uncovered({(first, f"a{JUMP}"): taken, (second, f"b{JUMP}"): [[1], [1]]})
        assert missing == []
        assert jumps == {f"choice in {first}": seen, f"choice in {second}": True}
    # Where bounds exclude it, there is nothing to lie at.
    assert uncovered({(first, f"a{JUMP}"): [[1], [0]]}, {f"a{JUMP}": np.array([[True], [False]])}) == (
        [],
        {f"choice in {first}": True},
    )


def said_by_size(monkeypatch: pytest.MonkeyPatch, *said: tuple[list[str], dict[str, bool]]) -> None:
    """Choices that are told, one time after the other."""
    turns = iter(said)
    monkeypatch.setattr(enclose, "_uncovered", lambda case, subject, met: next(turns))


def test_choices_of_all_sizes_of_few_entries_have_to_be_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    case = case_of(all_of(CONFIRMED), points=2)
    tally = _Tally()
    monkeypatch.setattr(enclose, "MORE_DRAWS", 0)
    said_by_size(monkeypatch, (["one"], {}), (["two"], {}), (["three"], {}), (["no more"], {}))
    for number, n in enumerate((2, 3, enclose.COVERED_ENTRIES, enclose.COVERED_ENTRIES + 1)):
        _one_size(case, subject(n), tally, number)
    assert tally.uncovered == ["one", "two", "three"]


def test_a_claim_of_one_large_size_has_its_choices_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    tally = _Tally()
    monkeypatch.setattr(enclose, "MORE_DRAWS", 0)
    said_by_size(monkeypatch, (["one"], {}))
    _one_size(case_of(all_of(CONFIRMED), points=2), subject(enclose.COVERED_ENTRIES + 1), tally, 0)
    assert tally.uncovered == ["one"]


def test_points_that_are_drawn_again_count_and_need_not_decide(monkeypatch: pytest.MonkeyPatch) -> None:
    said_by_size(monkeypatch, (["floor"], {"floor": False}), ([], {"floor": False}))
    calls: list[int] = []

    def answer(program: Program, chosen: Points) -> Judged:
        calls.append(len(chosen))
        later = len(calls) > 1
        return judged(program, [CONFIRMED] * 2 + [OPEN if later else CONFIRMED] * (len(chosen) - 2))

    one = replace(subject(), modes=subject().modes[:1])
    tally = _Tally()
    _one_size(case_of(answer), one, tally, 0)
    assert len(calls) == 2
    assert tally.points == calls[0] + 2
    assert (tally.lacking, tally.uncovered, tally.jumps) == ([], [], {"floor": False})


def test_a_jump_that_was_met_once_stays_met(monkeypatch: pytest.MonkeyPatch) -> None:
    tally = _Tally()
    said_by_size(monkeypatch, ([], {"a": True, "b": False}), ([], {"a": False, "b": False}))
    for number in range(2):
        _one_size(case_of(all_of(CONFIRMED), points=2), subject(), tally, number)
    assert tally.jumps == {"a": True, "b": False}


# ---------------------------------------------------------------------------------------------------------------
# Other formats.


def in_formats(by_hand: Any) -> Any:
    """Verdict of a claim whose floats are run in all formats, with made up readings of float64."""
    ways = dict.fromkeys(("float64", "float32", "bfloat16", "float16"), ("jit",))
    return enclose.check(Case(replace(SQUARES, by_hand=by_hand, sizes={"n": (3,)}), replace(QUICK, ways=ways), 0))


def test_a_formula_that_is_wrong_in_the_last_format_alone_is_refuted() -> None:
    found = in_formats(lambda x: 3 * x if x.dtype == jnp.float16 else 2 * x)
    assert found.status is Status.FAILS
    assert found.worst.program.endswith(", traced in float16")


def test_a_format_that_is_refused_is_told_and_the_next_is_judged() -> None:
    def by_hand(x: Any) -> Any:
        if x.dtype == jnp.bfloat16:
            raise TypeError("not in this format")
        return 3 * x if x.dtype == jnp.float16 else 2 * x

    found = in_formats(by_hand)
    assert found.status is Status.FAILS
    assert [each.partition(":")[0] for each in found.exceptions] == ["not in bfloat16"]


@pytest.mark.parametrize(
    ("codes", "kinks", "decided", "refuted"),
    [
        ([OPEN, [CONFIRMED, OPEN]], [0, 0], False, False),
        ([CONFIRMED, OPEN], [0, 0], True, False),
        ([CONFIRMED, REFUTED], [1, 1], False, False),
        ([OPEN, [OPEN, REFUTED]], [0, 0], True, True),
        ([CONFIRMED, REFUTED], [0, 1], True, False),
    ],
)
def test_in_another_format_too_kinks_decide_nothing(
    codes: list[Any], kinks: list[int], decided: bool, refuted: bool
) -> None:
    tally = _Tally()
    case = case_of(lambda program, chosen: judged(program, codes, kinks=kinks))
    one = replace(subject(), modes=subject().modes[:1])
    assert _judge_traced(case, one, few(2), tally) is decided
    assert (tally.refuted is not None) is refuted


def test_of_several_programs_in_another_format_one_that_is_decided_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    _, second = two_programs(monkeypatch)
    case = case_of(lambda program, chosen: all_of(OPEN if program is second else CONFIRMED)(program, chosen))
    assert _judge_traced(case, subject(), few(2), _Tally())


def test_without_a_point_of_a_format_nothing_is_judged_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(enclose, "runs", lambda case, form: form.name == "float16")
    monkeypatch.setattr(enclose, "same_but_for_the_format", lambda first, second: False)
    for count, exceptions in ((0, 1), (1, 0)):
        tally = _Tally()
        case = case_of(all_of(CONFIRMED))
        kept = np.arange(8) < count
        case.admitted = lambda subject, points, kept=kept: kept[: len(points)]  # type: ignore[method-assign]
        _other_formats(case, tally)
        assert len(tally.formats) == exceptions
        assert all("no point decides the program that is traced in float16" in each for each in tally.formats)


# ---------------------------------------------------------------------------------------------------------------
# The verdict.


def told(problem: str = "", **state: Any) -> Any:
    tally = _Tally()
    tally.points = 4
    for name, value in state.items():
        setattr(tally, name, value)
    return _verdict(case_of(all_of(OPEN)), tally, 0.0, problem)


def test_what_was_seen_beside_the_verdict_is_told() -> None:
    assert told().exceptions == ()
    assert told(undecided=2).exceptions == ("2 points left undecided by an equality that no number of bits settles",)
    assert told(large={"jvp at n = 2": "9 entries, more than the 4", "vjp": "8"}).exceptions == (
        "not read: jvp at n = 2, vjp: one array has 9 entries, more than the 4 that --budget quick allows",
    )
    assert told(unavailable={"jvp": "no rule", "vjp": "a program of 9 equations"}).exceptions == (
        "not read: vjp: a program of 9 equations",
        "JAX does not offer jvp here: no rule",
    )
    jumps = {"floor (a in b) in grad": False, "floor (a in b) in formula": False, "round in grad": True}
    assert told(jumps=jumps, formats=["not in float16"]).exceptions == (
        "no point lies exactly where floor (a in b) jumps",
        "not in float16",
    )
    assert told(kinks=2, kink_note="here").exceptions == (
        "off the points at which the autodiff side decides an exact equality (2 seen; here)",
    )


def test_each_reason_to_know_nothing_is_told() -> None:
    assert told().status is Status.HOLDS
    assert (told().evidence, told().reason, told().checked) == ("enclosed", "", 4)
    found = told("a problem", skipped=["a size"], lacking=["a program"], undefined="a value")
    assert (found.status, found.reason) == (Status.UNKNOWN, "a problem; a size; a program; a value")
    states: list[dict[str, Any]] = [
        {"skipped": ["s"]},
        {"lacking": ["l"]},
        {"undefined": "u"},
        {"uncovered": ["c"]},
        {"points": 0},
    ]
    for state in states:
        assert told(**state).status is Status.UNKNOWN
    assert told("p", uncovered=["c"]).reason == "p"
    assert told(points=0).reason == "nothing was checked"
    assert told(points=0, large={"jvp": "9 entries, more than the 4"}).reason == (
        "every mode is too large to read: one array has 9 entries, more than the 4 that --budget quick allows; "
        "take a smaller size"
    )
    assert told(lacking=["l"], large={"jvp": "9 entries"}).reason == "l"
    assert told(uncovered=["a", "b", "c", "d"]).reason == (
        "a choice was not seen both ways: a; b; c. Widen the domain, or write the function without the branch"
    )


def test_modes_that_are_not_there_are_told_with_the_verdict(monkeypatch: pytest.MonkeyPatch) -> None:
    case = case_of(all_of(CONFIRMED), replace(SQUARES, sizes={"n": (2,)}))
    lacking = replace(subject(), unavailable={"jvp": "no rule"})
    monkeypatch.setattr(case, "subject", lambda size, *form: lacking)
    found = enclose.check(case)
    assert (found.status, found.exceptions) == (Status.HOLDS, ("JAX does not offer jvp here: no rule",))


def test_what_a_program_met_is_noted_where_it_is_judged() -> None:
    def answer(program: Program, chosen: Points) -> Judged:
        found = judged(program, [REFUTED, CONFIRMED])
        found.trails[program.name] = [(trail(BOTH), np.arange(2))]
        return found

    one, tally, met = replace(subject(), modes=subject().modes[:1]), _Tally(), dict[tuple[str, str], _Choice]()
    assert _judge_all(case_of(answer), one, few(2), tally, met, must_decide=True) == 2
    assert list(met) == [(one.modes[0].name, "here")]
    assert tally.refuted is not None


def test_literals_and_what_refutes_are_told() -> None:
    tally, case = _Tally(), case_of(all_of(OPEN))
    tally.points, case.literals = 4, {0.1: None, 0.3: None}
    found = _verdict(case, tally, 0.0, "")
    assert (found.literals, found.reason) == (("0.1", "0.3"), "up to the rounding of the literals 0.1, 0.3")
    shown = Witness(arguments={}, component="[0]", program="grad", autodiff="1", by_hand="2", size={}, note="")
    tally.refuted = (1, shown, "-1")
    found = _verdict(case, tally, 0.0, "a problem")
    assert (found.status, found.evidence) == (Status.FAILS, "counterexample")
    assert (found.worst, found.residual, found.reason) == (shown, "-1", "")


@pytest.mark.parametrize("side", ["value", "formula"])
def test_a_side_of_one_entry_that_has_no_value_is_named(side: str) -> None:
    def root(x: Any) -> Any:
        return jnp.sqrt(x) ** 2

    first, second = (root, lambda x: x) if side == "value" else (lambda x: x + 0.0 * x, root)
    claim = Claim(id="case", autodiff=Derivative(first, "value"), by_hand=second, domain={"x": Reals("")})
    found = enclose.check(Case(claim, QUICK, 0))
    assert found.status is Status.UNKNOWN
    assert f"{side} is not a real number at x = -" in found.reason


@pytest.mark.parametrize(
    ("fn", "by_hand", "sizes", "at"),
    [
        (lambda x: x[:0] ** 2, lambda x: 3 * x[:0], (2, 3), "at n = 2 and n = 3"),
        (lambda x: x[1:] ** 2, lambda x: 3 * x[1:], (1,), "at n = 1"),
        (lambda x: (x[:0], jnp.zeros((2, 0))), lambda x: (x[:0] + 1, jnp.ones((2, 0))), (2,), "shape (0,), (2, 0)"),
    ],
    ids=["at no size", "at none of its sizes", "of two outputs"],
)
@pytest.mark.parametrize("relation", ["==", "<="])
def test_a_claim_about_no_entries_is_no_claim(
    fn: Callable[..., Any], by_hand: Callable[..., Any], sizes: tuple[int, ...], at: str, relation: Any
) -> None:
    empty = replace(SQUARES, autodiff=Derivative(fn, "value"), by_hand=by_hand, sizes={"n": sizes}, relation=relation)
    with pytest.raises(ClaimError, match="sides have no entries") as caught:
        judge(empty, QUICK)
    assert at in str(caught.value)


def test_entries_at_one_size_are_enough_to_claim_something() -> None:
    rest = replace(SQUARES, autodiff=Derivative(lambda x: x[1:] ** 2, "value"), sizes={"n": (1, 2)})
    for by_hand, status in ((lambda x: x[1:] * x[1:], Status.HOLDS), (lambda x: x[1:], Status.FAILS)):
        enclosed = enclose.check(Case(replace(rest, by_hand=by_hand), QUICK, 0))
        assert enclosed.status is status
    fewer = replace(SQUARES, autodiff=Derivative(lambda x: x[: 3 - x.shape[0]] ** 2, "value"), sizes={"n": (2, 3)})
    shorter = replace(fewer, by_hand=lambda x: x[: 3 - x.shape[0]] * x[: 3 - x.shape[0]])
    assert enclose.check(Case(shorter, QUICK, 0)).status is Status.HOLDS
