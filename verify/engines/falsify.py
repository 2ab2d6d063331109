"""Falsify: Hypothesis looks for a counterexample in the same regions and shrinks it to one a person can read.

For a bound, points are then moved to where least of it is left, until it breaks or the budget is spent.
A counterexample counts only where the balls of both sides are disjoint; agreement found here is no evidence.
"""

import random
import time
from collections.abc import Container, Sequence
from contextlib import suppress
from typing import Any, Final

import numpy as np
from hypothesis import HealthCheck, Phase, find, settings
from hypothesis import strategies as st
from hypothesis.errors import NoSuchExample

from verify.claim import OutOfTime, Status, UnsupportedPrimitive, Verdict, Witness
from verify.engines.case import REFUTED, Case, Judged, Points, shape_size
from verify.engines.climb import climb
from verify.formats import FLOAT64
from verify.program import Program, Subject, entries, size_text

NAME: Final = "falsify"
# Points of more entries than this are not read by a person, and cost much to shrink.
READABLE: Final = 40
# Points that are judged in one reading, and domains whose points are kept for the next claim.
AT_ONCE: Final = 50
MOST_DRAWN: Final = 50

# A choice of sizes by its place, with one array per argument; where a claim is refuted, with the row of the point.
_Example = tuple[int, tuple[Any, ...]]
_Best = tuple[Subject, Judged, Points, int]


def check(case: Case, suspect: Witness | None = None, proved: Container[str] = ()) -> Verdict:
    """Look for a small counterexample.

    Args:
        case: the claim under examination.
        suspect: where another engine refuted the claim; its program is searched, and longer.
        proved: sizes at which a bound is proved; there nobody climbs.

    Returns:
        FAILS with a shrunk witness, or UNKNOWN: no counterexample is no evidence.
    """
    started = time.perf_counter()
    case.patience(started)
    bound = case.claim.relation != "=="
    if suspect is None and not case.budget.examples and not bound:
        return _unknown(case, started, f"not searched with --budget {case.budget.name}")
    sizes = sorted(
        (size for size in case.choices if entries(case.claim, size) <= READABLE), key=lambda size: sum(size.values())
    )
    if not sizes:
        return _unknown(case, started, "every size is too large to search for a readable counterexample")
    subjects = tuple(case.subject(size) for size in sizes)
    if suspect is not None and not any(suspect.program == side.name for each in subjects for side in each.sides):
        # What was refuted is the program of another format.
        return _unknown(case, started, "the sides were found to differ in another format than float64 alone")
    if all(shape_size(shape) == 0 for shape in subjects[0].shapes):
        return _unknown(case, started, "the claim has no arguments to search")
    texts = tuple(map(size_text, sizes))
    best: _Best | None = None
    tried = 0
    if suspect is None:
        try:
            if case.budget.examples:
                tried, best = _look(case, subjects, _drawn(case, subjects, texts))
            if best is None and bound:
                more, best = _climbed(case, [each for each in subjects if size_text(each.size) not in proved])
                tried += more
                if best is not None:
                    return _found(case, started, tried, _shortened(case, best), "climbed to")
        except (OutOfTime, UnsupportedPrimitive) as error:
            return _unknown(case, started, _why(error))
        if best is None:
            return _unknown(case, started, _none_among(tried))

    def refutes(example: _Example) -> bool:
        nonlocal tried, best
        looked, found = _look(case, subjects, [example], suspect)
        tried += looked
        best = found or best
        return found is not None

    note = "shrunk"
    try:
        found = find(
            _strategy(subjects, texts),
            refutes,
            settings=_settings(max(10 * case.budget.examples, 100), shrink=True),
            random=random.Random(f"{case.seed} {case.claim.id}"),
        )
        refutes(found)
    except NoSuchExample:
        if best is None:
            return _unknown(case, started, _none_among(tried))
        note = "drawn by Hypothesis"  # larger than it need be, but a counterexample
    except (OutOfTime, UnsupportedPrimitive) as error:
        if best is None:
            return _unknown(case, started, _why(error))
        note = "drawn by Hypothesis"
    assert best is not None
    return _found(case, started, tried, best, note)


def _found(case: Case, started: float, tried: int, best: _Best, note: str) -> Verdict:
    subject, judged, points, row = best
    component = int(np.flatnonzero(judged.codes[row] == REFUTED)[0])
    return Verdict(
        claim=case.claim.id,
        engine=NAME,
        status=Status.FAILS,
        evidence="counterexample",
        checked=tried,
        sizes=(size_text(subject.size),),
        worst=case.witness(subject, judged, points, row, component, note),
        residual=case.excess(judged, row, component),
        seconds=time.perf_counter() - started,
    )


def _climbed(case: Case, subjects: Sequence[Subject]) -> tuple[int, _Best | None]:
    """Climb at each size; how many points were looked at, and the first that refutes the claim."""
    tried = 0
    for subject in subjects:
        program = subject.modes[0]
        for count, points in () if program.directions else climb(case, subject, program):
            tried += count
            if len(points):
                judged = case.judge(subject, program, points)
                hit = _refuted(judged)
                if len(hit):
                    return tried, (subject, judged, points, int(hit[0]))
    return tried, None


def _refuted(judged: Judged) -> np.ndarray:
    return np.flatnonzero((judged.codes == REFUTED).any(axis=1) & ~judged.kinks)


def _shortened(case: Case, best: _Best) -> _Best:
    """The same counterexample with as few bits an entry as still refute the claim; with all of them it does."""
    subject, judged, points, row = best
    taken = tuple(array[row] for array in points.arrays)
    # Labels are whole numbers, and a constant is the one that the claim names.
    kept = [region.integer or region.facts.value is not None for region in subject.regions]
    tries = [
        tuple(array if fixed else _rounded(array, bits) for array, fixed in zip(taken, kept, strict=True))
        for bits in range(1, FLOAT64.precision + 1)
    ]
    members = [
        each
        for each in tries
        if all(region.contains(array) for region, array in zip(subject.regions, each, strict=True))
    ]
    shorter = Points(tuple(np.stack(each) for each in zip(*members, strict=True)), ("shortened",) * len(members))
    try:
        shorter = shorter.take(np.flatnonzero(case.admitted(subject, shorter)))
        again = case.judge(subject, judged.program, shorter)
    except OutOfTime:  # what was found refutes the claim, however long it is
        return best
    return subject, again, shorter, int(_refuted(again)[0])


def _rounded(array: np.ndarray, bits: int) -> np.ndarray:
    """Numbers to the nearest of so many significant bits."""
    fraction, exponent = np.frexp(array)
    return np.ldexp(np.round(np.ldexp(fraction, bits)), exponent - bits)


def _none_among(tried: int) -> str:
    return f"no counterexample among {tried} points"


def _why(error: Exception) -> str:
    return f"out of time at {error}" if isinstance(error, OutOfTime) else str(error)


def _look(
    case: Case, subjects: Sequence[Subject], examples: Sequence[_Example], suspect: Witness | None = None
) -> tuple[int, _Best | None]:
    """Judge examples, those of one size in one reading; how many counted, and the first that refutes the claim."""
    tried = 0
    for number, subject in enumerate(subjects):
        mine = [
            arrays
            for place, arrays in examples
            if place == number
            and all(region.contains(array) for region, array in zip(subject.regions, arrays, strict=True))
        ]
        for start in range(0, len(mine), AT_ONCE):
            chunk = mine[start : start + AT_ONCE]
            stacked = tuple(np.stack([np.asarray(array) for array in column]) for column in zip(*chunk, strict=True))
            points = Points(stacked, ("drawn by Hypothesis",) * len(chunk))
            points = points.take(np.flatnonzero(case.admitted(subject, points)))
            tried += len(points)
            for program in _searched(subject, suspect) if len(points) else ():
                judged = case.judge(subject, program, points, looks=1 if suspect else 0)
                hit = _refuted(judged)
                if len(hit):
                    return tried, (subject, judged, points, int(hit[0]))
    return tried, None


# Building a strategy costs more than drawing from it, and drawing more than judging what was drawn, so claims of one
# domain share both.
_STRATEGIES: Final[dict[tuple[str, tuple[str, ...]], st.SearchStrategy[_Example]]] = {}
_DRAWN: Final[dict[tuple[str, tuple[str, ...], int, int], list[_Example]]] = {}


def _settings(examples: int, *, shrink: bool) -> settings:
    return settings(
        max_examples=examples,
        database=None,
        deadline=None,
        phases=(Phase.generate, Phase.shrink) if shrink else (Phase.generate,),
        suppress_health_check=list(HealthCheck),
    )


def _drawn(case: Case, subjects: Sequence[Subject], texts: tuple[str, ...]) -> list[_Example]:
    """As many points as the budget says, the same ones for all claims of one domain."""
    domain = repr(case.claim.domain)
    key = (domain, texts, case.seed, case.budget.examples)
    if key not in _DRAWN:
        found: list[_Example] = []

        def keep(example: _Example) -> bool:
            found.append(example)
            return False

        with suppress(NoSuchExample):
            find(
                _strategy(subjects, texts),
                keep,
                settings=_settings(case.budget.examples, shrink=False),
                random=random.Random(f"{case.seed} {domain} {texts}"),
            )
        if len(_DRAWN) >= MOST_DRAWN:
            del _DRAWN[next(iter(_DRAWN))]
        _DRAWN[key] = found
    return _DRAWN[key]


def _strategy(subjects: Sequence[Subject], texts: tuple[str, ...]) -> st.SearchStrategy[_Example]:
    """Points of all sizes, the smallest first: Hypothesis shrinks towards the first alternative."""
    key = (repr(subjects[0].claim.domain), texts)
    if key not in _STRATEGIES:
        several: list[st.SearchStrategy[_Example]] = []
        for number, subject in enumerate(subjects):
            drawn = [region.strategy(shape) for region, shape in zip(subject.regions, subject.shapes, strict=True)]
            several.append(st.tuples(st.just(number), st.tuples(*drawn)))
        _STRATEGIES[key] = st.one_of(several)
    return _STRATEGIES[key]


def _searched(subject: Subject, suspect: Witness | None) -> list[Program]:
    programs = {program.name: program for program in (*subject.modes, *((subject.stable,) if subject.stable else ()))}
    if suspect is not None and suspect.program in programs:
        return [programs[suspect.program]]
    return [subject.modes[0], *((subject.stable,) if subject.stable else ())]


def _unknown(case: Case, started: float, reason: str) -> Verdict:
    return Verdict(
        claim=case.claim.id,
        engine=NAME,
        status=Status.UNKNOWN,
        reason=reason,
        seconds=time.perf_counter() - started,
    )
