"""Combinations of sums that are nowhere negative: found where there are some, and nowhere else."""

import itertools
import random
from fractions import Fraction

import pytest

from verify.engines import cones

pytestmark = pytest.mark.once


def test_terms_need_no_order_of_their_own() -> None:
    """Two sums, each for one of two terms of different kinds, and both for a third."""
    target = {1: -1, "b": -1, "c": -5}
    assert cones.unmet(target, [{1: -1, "c": -1}, {"b": -1, "c": -1}], lambda spent: None) == 0
    assert cones.unmet(target, [{1: -1, "c": -1}, {"b": -1, "c": 1}], lambda spent: None) == 0
    assert cones.unmet(target, [{1: -1, "c": 1}, {"b": -1, "c": 1}], lambda spent: None) > 0


def _combines(target: list[int], columns: list[list[int]]) -> bool:
    """By elimination of one factor after another (Fourier and Motzkin), which has nothing of a pivot."""
    # What is left of each term, and each factor, is at least zero: constant + sum of parts by the factors.
    rows = [[Fraction(value), *(Fraction(-column[term]) for column in columns)] for term, value in enumerate(target)]
    rows += [
        [Fraction(0), *(Fraction(int(one == other)) for other in range(len(columns)))] for one in range(len(columns))
    ]
    for place in range(len(columns), 0, -1):
        lower = [row for row in rows if row[place] > 0]
        upper = [row for row in rows if row[place] < 0]
        kept = {tuple(row[:place]) for row in rows if row[place] == 0}
        for low, high in itertools.product(lower, upper):
            kept.add(tuple(a / low[place] - b / high[place] for a, b in zip(low[:place], high[:place], strict=True)))
        rows = [list(row) for row in kept]
    return all(row[0] >= 0 for row in rows)


def test_a_combination_is_found_where_elimination_finds_one() -> None:
    rng = random.Random(0)
    said: list[bool] = []
    for _ in range(300):
        columns = [[rng.randint(-2, 2) for _ in range(4)] for _ in range(4)]
        target = [rng.randint(-3, 3) for _ in range(4)]
        given = [{term: value for term, value in enumerate(column) if value} for column in columns]
        found = cones.unmet(dict(enumerate(target)), given, lambda spent: None) == 0
        assert found == _combines(target, columns), (target, columns)
        said.append(found)
    assert 50 < sum(said) < 250


def test_a_sum_without_a_term_does_not_help_it() -> None:
    target = {"a": -1, "b": 1}
    assert cones.unmet(target, [{"a": 0, "b": 1}], lambda spent: None) == 1
    assert cones.unmet(target, [{"a": 0, "b": 1}, {"a": -1}], lambda spent: None) == 0
