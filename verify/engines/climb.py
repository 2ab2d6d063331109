"""Climb: walk to where least is left of a bound, for the counterexample that drawn points miss.

A bound may be broken in a small corner of its domain, or by a millionth where its sides nearly meet. From some points
of the domain, those of which the bound leaves least are moved by steps of every size, and what comes nearest is kept.
What is left is read in balls of few bits, by itself and as a share of the sides. Steps are counted, not timed, so that
every machine walks the same way. What is found counts once it is judged as any other point.
"""

from collections.abc import Iterator
from typing import Final

import numpy as np

from verify.engines.case import Case, Points, draw, lift
from verify.formats import FLOAT64
from verify.program import Program, Subject
from verify.readings.exact import finite, precision
from verify.readings.interpreter import Array

BITS: Final = 160
# Points of each generation that go on, by half for what is left and for its share of the sides; and their children.
PARENTS: Final = 8
CHILDREN: Final = 24
# Entries that one climb may compute, by budget.
WORK: Final = {"quick": 60_000, "standard": 400_000, "deep": 10_000_000}
GENERATIONS: Final = {"quick": 12, "standard": 60, "deep": 400}
# Of a generation so many are named: what breaks a bound by the rounding of a literal alone is broken in every one.
NAMED: Final = 3


def climb(case: Case, subject: Subject, program: Program) -> Iterator[tuple[int, Points]]:
    """Points that break a bound, as far as few bits tell, generation by generation.

    Args:
        case: a claim whose relation is a bound.
        subject: the claim at one choice of sizes.
        program: the mode that is compared with the formula, one without a direction.

    Yields:
        How many points a generation has, and those of them that break the bound most.
    """
    rng = case.rng(23, *subject.size.values())
    cost = max(program.cost + subject.formula.cost, 1)
    turns = min(GENERATIONS[case.budget.name], WORK[case.budget.name] // (cost * CHILDREN))
    children = draw(subject, CHILDREN, FLOAT64, rng)
    parents, left = children.take([]), np.zeros((2, 0))
    for _ in range(turns):
        children = children.take(np.flatnonzero(case.admitted(subject, children)))
        if len(children):
            found, broken = _left(case, subject, program, children)
            by_far = np.argsort(found[0], kind="stable")
            yield len(children), children.take(by_far[broken[by_far]][:NAMED])
            arrays = zip(parents.arrays, children.arrays, strict=True)
            parents = Points(tuple(map(np.concatenate, arrays)), parents.families + children.families)
            left = np.concatenate([left, found], axis=1)
            best = np.unique([np.argsort(each, kind="stable")[: PARENTS // 2] for each in left])
            parents, left = parents.take(best), left[:, best]
        if not len(parents):
            return
        children = _moved(subject, parents.take(rng.integers(0, len(parents), size=CHILDREN)), rng)


def _moved(subject: Subject, points: Points, rng: np.random.Generator) -> Points:
    """Each point with one of its arguments moved, or several of them."""
    arrays = [array.copy() for array in points.arrays]
    for row in range(len(points)):
        some = rng.random(len(arrays)) < 0.5
        some[rng.integers(0, len(arrays))] = True
        for place in np.flatnonzero(some):
            region = subject.regions[place]
            moved = region.moved(arrays[place][row], rng)
            if region.contains(moved):
                arrays[place][row] = moved
    return Points(tuple(arrays), ("climbed to",) * len(points))


def _left(case: Case, subject: Subject, program: Program, points: Points) -> tuple[Array, Array]:
    """What is left of the bound at its tightest component, and its share of both sides; and where it is broken.

    Shapes (2, points) and (points,). Kinks, and points without a value, have all left.
    """
    sides: list[Array] = []
    lost = np.zeros(len(points), dtype=bool)
    for side in (program, subject.formula):
        values, trail = case.read(side, lift(points), len(points), BITS)
        sides.append(values)
        lost |= trail.lost | (trail.kinks & (side is program))
    with precision(BITS):
        first = np.absolute(sides[0]) if case.claim.relation == "abs<=" else sides[0]
        left = first - sides[1] if case.claim.relation == ">=" else sides[1] - first
        share = left / (np.absolute(first) + np.absolute(sides[1]))
    broken = (finite(left) & np.less(left, 0).astype(bool)).any(axis=1) & ~lost
    tightest = np.stack([_numbers(each).min(axis=1, initial=np.inf) for each in (left, share)])
    tightest[:, lost] = np.inf
    return tightest, broken


def _numbers(balls: Array) -> Array:
    """The midpoints of balls, infinity where there is none."""
    known = finite(balls)
    found = np.full(balls.shape, np.inf)
    found[known] = [float(each.mid()) for each in balls[known]]
    return found
