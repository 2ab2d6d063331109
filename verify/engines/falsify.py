"""Falsify: Hypothesis looks for a counterexample in the same regions and shrinks it to one a person can read.

A counterexample counts only where the balls of both sides are disjoint; agreement found here is no evidence.
"""

import random
import time
from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from hypothesis import HealthCheck, Phase, find, settings
from hypothesis import strategies as st
from hypothesis.errors import NoSuchExample

from verify.claim import Status, UnsupportedPrimitive, Verdict, Witness
from verify.engines.case import REFUTED, Case, Judged, Points, decimal, shape_size
from verify.program import Program, Subject, entries, size_text
from verify.readings.exact import precision

NAME: Final = "falsify"
# Points of more entries than this are not read by a person, and cost much to shrink.
READABLE: Final = 40


def check(case: Case, suspect: Witness | None = None) -> Verdict:
    """Look for a small counterexample.

    Args:
        case: the claim under examination.
        suspect: where another engine refuted the claim; its program is searched, and longer.

    Returns:
        FAILS with a shrunk witness, or UNKNOWN: no counterexample is no evidence.
    """
    started = time.perf_counter()
    if suspect is None and not case.budget.examples:
        return _unknown(case, started, f"not searched with --budget {case.budget.name}")
    sizes = sorted(
        (size for size in case.choices if entries(case.claim, size) <= READABLE), key=lambda size: sum(size.values())
    )
    if not sizes:
        return _unknown(case, started, "every size is too large to search for a readable counterexample")
    tried = 0
    best: tuple[Subject, Judged, Points, int] | None = None

    def refutes(example: tuple[int, tuple[Any, ...]]) -> bool:
        nonlocal tried, best
        number, arrays = example
        subject = case.subject(sizes[number])
        points = Points(tuple(np.asarray(array)[None] for array in arrays), ("drawn by Hypothesis",))
        if not all(region.contains(array) for region, array in zip(subject.regions, arrays, strict=True)):
            return False
        if subject.where is not None and not case.admitted(subject, points)[0]:
            return False
        tried += 1
        for program in _searched(subject, suspect):
            judged = case.judge(subject, program, points, looks=1 if suspect else 0)
            if (judged.codes[0] == REFUTED).any() and not judged.kinks[0]:
                best = (subject, judged, points, number)
                return True
        return False

    examples = max(10 * case.budget.examples, 100) if suspect else case.budget.examples
    chosen = settings(
        max_examples=examples,
        database=None,
        deadline=None,
        phases=(Phase.generate, Phase.shrink),
        suppress_health_check=list(HealthCheck),
    )
    if all(shape_size(shape) == 0 for shape in case.subject(sizes[0]).shapes):
        return _unknown(case, started, "the claim has no arguments to search")
    try:
        found = find(
            _strategy(tuple(case.subject(size) for size in sizes), tuple(map(size_text, sizes))),
            refutes,
            settings=chosen,
            random=random.Random(f"{case.seed} {case.claim.id}"),
        )
    except NoSuchExample:
        return _unknown(case, started, f"no counterexample among {tried} points")
    except UnsupportedPrimitive as error:
        return _unknown(case, started, str(error))
    refutes(found)
    assert best is not None
    subject, judged, points, _ = best
    component = int(np.flatnonzero(judged.codes[0] == REFUTED)[0])
    with precision(int(judged.bits[0])):
        difference = decimal(judged.first[0, component] - judged.second[0, component], 12)
    return Verdict(
        claim=case.claim.id,
        engine=NAME,
        status=Status.FAILS,
        evidence="counterexample",
        checked=tried,
        sizes=(size_text(subject.size),),
        worst=case.witness(subject, judged, points, 0, component, "shrunk"),
        residual=difference,
        seconds=time.perf_counter() - started,
    )


# Building a strategy costs more than drawing from it, so claims of one domain share theirs.
_STRATEGIES: Final[dict[tuple[str, tuple[str, ...]], st.SearchStrategy[tuple[int, tuple[Any, ...]]]]] = {}


def _strategy(subjects: Sequence[Subject], texts: tuple[str, ...]) -> st.SearchStrategy[tuple[int, tuple[Any, ...]]]:
    """Points of all sizes, the smallest first: Hypothesis shrinks towards the first alternative."""
    key = (repr(subjects[0].claim.domain), texts)
    if key not in _STRATEGIES:
        several: list[st.SearchStrategy[tuple[int, tuple[Any, ...]]]] = []
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
