"""Regions: where an argument of a claim may lie.

One object answers five questions: is this value a member (exactly, as real numbers)? which points of it should
be looked at? what lies near one? how does Hypothesis draw one? which signs can an entry have? Every point that is drawn
is a member exactly: a `Simplex` draw is made of dyadic fractions that sum to one, not of floats whose sum rounds to it.
"""

import itertools
import math
import re
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Final

from verify.formats import FLOAT64, FORMATS, Format

if TYPE_CHECKING:
    import numpy as np
    from hypothesis.strategies import SearchStrategy

SIZE_FACTOR: Final = re.compile(r"[A-Za-z_][A-Za-z_0-9]*|[0-9]+")
NEGATIVE, ZERO, POSITIVE = -1, 0, 1

# Logit gaps in nats at which saturated points are drawn; 700 is the last hundred that float64 can represent as e^-g.
GAPS: Final = (1.0, 3.0, 8.0, 20.0, 40.0, 100.0, 300.0, 700.0)


def size_names(region: "Region") -> list[str]:
    """Names in a region's shape, such as ``["t", "n"]`` for ``"t 2*n"``; ValueError for a shape that cannot be read."""
    names: list[str] = []
    for axis in region.shape.split():
        for factor in axis.split("*"):
            if not SIZE_FACTOR.fullmatch(factor):
                raise ValueError(
                    f"the shape {region.shape!r} cannot be read: write sizes such as 'n', 't n', '2*n', '3'"
                )
            if not factor.isdigit():
                names.append(factor)
    if isinstance(region, Labels) and isinstance(region.below, str):
        names.append(region.below)
    return names


def resolve(shape: str, sizes: Mapping[str, int]) -> tuple[int, ...]:
    """The shape as numbers: ``resolve("t 2*n", {"t": 3, "n": 4})`` is ``(3, 8)``."""
    resolved: list[int] = []
    for axis in shape.split():
        extent = 1
        for factor in axis.split("*"):
            extent *= int(factor) if factor.isdigit() else sizes[factor]
        resolved.append(extent)
    return tuple(resolved)


def region_leaves(tree: Any) -> list[Any]:
    """Leaves of a tree of regions in JAX's order: mappings by sorted key, lists and tuples in order."""
    if isinstance(tree, Mapping):
        return [leaf for key in sorted(tree) for leaf in region_leaves(tree[key])]
    if isinstance(tree, (list, tuple)):
        return [leaf for each in tree for leaf in region_leaves(each)]
    return [tree]


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What a proof may use about a region, exactly; one row is what lies along the last axis.

    Attributes:
        signs: signs that an entry can have.
        low, high: the ends that an entry lies between, None where there is none.
        total: what the entries of a row sum to, None where that is free.
        vertex: whether a row is a one among zeros.
        index: where the one stands; None for any place.
        winner: entry of a row that exceeds the others by at least ``gap``: an index, ``"any"``, or None for none.
        gap: see ``winner``.
        below: whole numbers from 0 to below this.
        value: the only member, as nested lists.
    """

    signs: frozenset[int] = frozenset({NEGATIVE, ZERO, POSITIVE})
    low: float | None = None
    high: float | None = None
    total: int | None = None
    vertex: bool = False
    index: int | None = None
    winner: int | str | None = None
    gap: float = 0.0
    below: int | str | None = None
    value: Any = None


@dataclass(frozen=True)
class Region(ABC):
    """Where one array argument may lie.

    Attributes:
        shape: named sizes, integers and products separated by spaces: ``"n"``, ``"t n"``, ``"2*n"``, ``""``. The
            last axis is the class axis; leading axes are independent rows.
    """

    shape: str

    integer = False

    @property
    @abstractmethod
    def families(self) -> tuple[str, ...]:
        """Names of the kinds of points that `draw` knows, most ordinary first."""

    @abstractmethod
    def row(self, family: str, index: int, n: int, form: Format, rng: "np.random.Generator") -> "np.ndarray":
        """One row of n exact members of a format; ``index`` picks the parameter within the family."""

    @abstractmethod
    def contains(self, value: "np.ndarray") -> bool:
        """Whether a float64 (or integer) array lies in the region as exact real numbers."""

    @abstractmethod
    def row_strategy(self, n: int) -> "SearchStrategy[list[float]]":
        """Hypothesis strategy for one row of float64 members, shrinking to small, readable ones."""

    @property
    def signs(self) -> frozenset[int]:
        """Which of -1, 0, 1 an entry can have as its sign."""
        return frozenset({NEGATIVE, ZERO, POSITIVE})

    @property
    def facts(self) -> Facts:
        """What a proof may use."""
        return Facts(signs=self.signs)

    def bind(self, sizes: Mapping[str, int]) -> "Region":
        """The region with sizes that occur outside its shape filled in."""
        del sizes
        return self

    def draw(
        self, family: str, index: int, shape: tuple[int, ...], form: Format, rng: "np.random.Generator"
    ) -> "np.ndarray":
        """One array of the region, every entry a number of the format."""
        import numpy as np

        n = shape[-1] if shape else 1
        rows = 1
        for extent in shape[:-1]:
            rows *= extent
        drawn = [self.row(family, index + each, n, form, rng) for each in range(rows)]
        kind = np.int64 if self.integer else np.float64
        return np.array(drawn, dtype=kind).reshape(shape)

    def moved(self, value: "np.ndarray", rng: "np.random.Generator") -> "np.ndarray":
        """Another float64 array, often near; it need not be a member."""
        family = self.families[int(rng.integers(0, len(self.families)))]
        # A multiple of every count up to ten, so that what an index picks in turn is picked equally often.
        return self.draw(family, int(rng.integers(0, 5040)), value.shape, FLOAT64, rng)

    def strategy(self, shape: tuple[int, ...]) -> "SearchStrategy[np.ndarray]":
        """Hypothesis strategy for an array of the region."""
        import numpy as np
        from hypothesis import strategies as st

        n = shape[-1] if shape else 1
        rows = 1
        for extent in shape[:-1]:
            rows *= extent
        kind = np.int64 if self.integer else np.float64
        return st.lists(self.row_strategy(n), min_size=rows, max_size=rows).map(
            lambda drawn: np.array(drawn, dtype=kind).reshape(shape)
        )


def _readable_floats(low: float, high: float) -> "SearchStrategy[float]":
    """Small whole numbers first, then all normal floats of a closed interval."""
    from hypothesis import strategies as st

    choices: list[SearchStrategy[float]] = []
    lowest, highest = int(max(low, -3)), int(min(high, 3))
    if low <= lowest <= highest <= high:
        choices.append(st.integers(lowest, highest).map(float))
    narrow = (max(low, -4.0), min(high, 4.0))
    for bounds in (narrow, (low, high)):
        if bounds[0] <= bounds[1]:
            choices.append(st.floats(*bounds, allow_nan=False, allow_infinity=False, allow_subnormal=False))
    return st.one_of(choices)


@dataclass(frozen=True)
class _Real(Region):
    """Entries that are real numbers, each free of the others."""

    @property
    def families(self) -> tuple[str, ...]:
        """Ordinary, whole, tiny, large and equal entries."""
        return ("generic", "whole", "large", "tiny", "equal", "zero")

    def admit(self, value: float) -> bool:
        """Whether one entry is allowed."""
        del value
        return True

    def mend(self, value: float) -> float:
        """An allowed entry near one that is not."""
        return value

    def row(self, family: str, index: int, n: int, form: Format, rng: "np.random.Generator") -> "np.ndarray":
        """Free entries at the scale that the family names."""
        import numpy as np

        if family == "generic":
            values = rng.normal(size=n) * (0.3, 1.0, 3.0)[index % 3]
        elif family == "whole":
            values = rng.integers(-3, 4, size=n).astype(np.float64)
        elif family == "large":
            values = rng.normal(size=n) * (10.0, 30.0)[index % 2]
        elif family == "tiny":
            values = rng.normal(size=n) * 2.0 ** -(4.0 + 5.0 * (index % 3))
        elif family == "equal":
            values = np.full(n, rng.normal() * 2)
        else:
            values = np.zeros(n)
        values = form.round(values)
        return form.round(np.array([value if self.admit(value) else self.mend(value) for value in values.tolist()]))

    def moved(self, value: "np.ndarray", rng: "np.random.Generator") -> "np.ndarray":
        """Some entries a step of any size away, times a power of two, or as large as another entry."""
        import numpy as np

        some = rng.random(value.shape) < 0.5
        if value.size:
            some.flat[rng.integers(0, value.size)] = True
        kind = rng.random()
        if kind < 0.75:
            step = 2.0 ** rng.uniform(-30, 4) * rng.choice([-1.0, 1.0], size=value.shape)
            return np.where(some, value + step * np.maximum(np.abs(value), 1.0), value)
        if kind < 0.9:
            with np.errstate(over="ignore"):  # what is no number any more is no member
                return np.where(some, value * 2.0 ** rng.integers(-30, 31), value)
        return np.where(some, value.flat[rng.integers(0, value.size)] if value.size else value, value)

    def contains(self, value: "np.ndarray") -> bool:
        """Every entry finite and allowed."""
        import numpy as np

        return bool(np.isfinite(value).all()) and all(self.admit(each) for each in value.ravel().tolist())

    def row_strategy(self, n: int) -> "SearchStrategy[list[float]]":
        """Lists of allowed floats up to 700 in magnitude."""
        from hypothesis import strategies as st

        return st.lists(_readable_floats(-700.0, 700.0).filter(self.admit), min_size=n, max_size=n)


@dataclass(frozen=True)
class Reals(_Real):
    """All real numbers."""


@dataclass(frozen=True)
class Nonzero(_Real):
    """Real numbers other than zero."""

    def admit(self, value: float) -> bool:
        """Not zero."""
        return value != 0

    def mend(self, value: float) -> float:
        """One instead of zero."""
        return 1.0

    @property
    def signs(self) -> frozenset[int]:
        """Negative or positive."""
        return frozenset({NEGATIVE, POSITIVE})


@dataclass(frozen=True)
class Positive(_Real):
    """Real numbers above zero."""

    def admit(self, value: float) -> bool:
        """Above zero."""
        return value > 0

    def mend(self, value: float) -> float:
        """The magnitude, or one."""
        return abs(value) or 1.0

    @property
    def signs(self) -> frozenset[int]:
        """Positive."""
        return frozenset({POSITIVE})

    def row_strategy(self, n: int) -> "SearchStrategy[list[float]]":
        """Lists of positive floats."""
        from hypothesis import strategies as st

        smallest = 2.0**-40
        return st.lists(
            st.one_of(st.integers(1, 4).map(float), _readable_floats(smallest, 700.0)), min_size=n, max_size=n
        )


@dataclass(frozen=True)
class Interval(_Real):
    """Real numbers of a closed interval.

    Attributes:
        lo, hi: the ends, both included, as the floats they are.
    """

    lo: float = 0.0
    hi: float = 1.0

    def __post_init__(self) -> None:
        """Refuse an interval without members."""
        if not self.lo <= self.hi:
            raise ValueError(f"Interval({self.shape!r}, {self.lo}, {self.hi}) is empty: lo must not exceed hi")

    @property
    def facts(self) -> Facts:
        """Signs and ends."""
        return Facts(signs=self.signs, low=float(self.lo), high=float(self.hi))

    @property
    def families(self) -> tuple[str, ...]:
        """Inner points, the ends, and points near them."""
        return ("generic", "ends", "near-ends", "equal")

    def admit(self, value: float) -> bool:
        """Between the ends."""
        return self.lo <= value <= self.hi

    def row(self, family: str, index: int, n: int, form: Format, rng: "np.random.Generator") -> "np.ndarray":
        """Points of the interval; an end that the format cannot represent is replaced by the midpoint."""
        import numpy as np

        width = self.hi - self.lo
        if family == "generic":
            values = self.lo + width * rng.random(n)
        elif family == "ends":
            values = np.where(rng.random(n) < 0.5, self.lo, self.hi)
        elif family == "near-ends":
            small = width * 2.0 ** -(2.0 + 3.0 * (index % 3)) * (0.5 + 0.5 * rng.random(n))
            values = np.where(rng.random(n) < 0.5, self.lo + small, self.hi - small)
        else:
            values = np.full(n, self.lo + width * rng.random())
        values = form.round(values)
        inner = form.round(np.array(self.lo + width / 2))
        return np.where((values < self.lo) | (values > self.hi), inner, values)

    def moved(self, value: "np.ndarray", rng: "np.random.Generator") -> "np.ndarray":
        """Some entries a part of the width away, or at an end."""
        import numpy as np

        step = 2.0 ** rng.uniform(-30, 1) * (self.hi - self.lo) * rng.choice([-1.0, 0.0, 1.0], size=value.shape)
        return np.clip(value + step, self.lo, self.hi)

    @property
    def signs(self) -> frozenset[int]:
        """Signs between the ends."""
        found = {NEGATIVE} if self.lo < 0 else set[int]()
        if self.hi > 0:
            found.add(POSITIVE)
        if self.lo <= 0 <= self.hi:
            found.add(ZERO)
        return frozenset(found)

    def row_strategy(self, n: int) -> "SearchStrategy[list[float]]":
        """Lists of floats between the ends."""
        from hypothesis import strategies as st

        return st.lists(_readable_floats(float(self.lo), float(self.hi)), min_size=n, max_size=n)


@dataclass(frozen=True)
class Logits(_Real):
    """Real logits in nats: ties, spread up to 80, shifts up to 1e6 and saturated corners are among the points."""

    @property
    def families(self) -> tuple[str, ...]:
        """Ordinary, tied, spread, shifted and saturated logits."""
        return ("generic", "saturated", "tied", "spread", "pair-tied", "shifted", "zero")

    def row(self, family: str, index: int, n: int, form: Format, rng: "np.random.Generator") -> "np.ndarray":
        """One row of logits."""
        import numpy as np

        if family == "generic":
            values = rng.normal(size=n) * (0.3, 1.0, 3.0)[index % 3]
        elif family == "saturated":
            values = _saturated(GAPS[index % len(GAPS)], (index // 2) % n, n, rng)
        elif family == "tied":
            values = np.full(n, rng.normal() * 3)
        elif family == "spread":
            values = (rng.random(n) - 0.5) * (40.0, 80.0)[index % 2]
        elif family == "pair-tied":
            values = rng.normal(size=n)
            values[rng.permutation(n)[:2]] = 1.0 + abs(rng.normal()) + values.max()
        elif family == "shifted":
            values = rng.normal(size=n) + ((1e6, -1e6) if form.emax > 15 else (1e3, -1e3))[index % 2]
        else:
            values = np.zeros(n)
        return form.round(values)


def _saturated(gap: float, winner: int, n: int, rng: "np.random.Generator") -> "np.ndarray":
    """Logits whose winner exceeds all others by at least the gap; losers tied, close or spread."""
    import numpy as np

    losers = -rng.random(n) * rng.choice([0.0, 1.0, 20.0])
    values = np.round(losers * 16) / 16
    values -= values[np.arange(n) != winner].max() if n > 1 else 0.0
    values[winner] = gap
    return values


@dataclass(frozen=True)
class Saturated(_Real):
    """Logits of which one exceeds all others by at least ``gap``.

    Attributes:
        winner: index of that logit on the class axis, or ``"any"``.
        gap: least distance in nats to the runner-up.
    """

    winner: int | str = "any"
    gap: float = 1.0

    def __post_init__(self) -> None:
        """A winner does not trail: proofs take the gap to be at least 0."""
        if not 0 <= self.gap < math.inf:
            raise ValueError(f"Saturated({self.shape!r}, gap={self.gap}): the gap must be at least 0 and finite")

    @property
    def facts(self) -> Facts:
        """Which entry wins, and by how much."""
        return Facts(winner=self.winner, gap=float(self.gap))

    @property
    def families(self) -> tuple[str, ...]:
        """At the gap itself, beyond it, and shifted."""
        return ("generic", "edge", "shifted")

    def row(self, family: str, index: int, n: int, form: Format, rng: "np.random.Generator") -> "np.ndarray":
        """One row of saturated logits."""
        import numpy as np

        winner = self.winner if isinstance(self.winner, int) else index % n
        smallest = float(np.ceil(self.gap * 16) / 16)
        if family == "edge":
            gap = float(self.gap)
        else:
            gap = (
                smallest
                + float(np.round(16 * rng.random())) / 16
                + (0.0, 2.0, 10.0, 40.0, 100.0, 300.0, 600.0)[index % 7]
            )
        values = _saturated(gap, winner % n, n, rng)
        if family == "shifted":
            values = values + float(2 ** (index % 6))
        values = form.round(values)
        # Coarse formats may round the gap below what is asked; widen it until the row is a member.
        step = 1.0
        while not self._row_contains(values):
            values[winner % n] = form.round(np.array(values.max() + step))
            step *= 2
        return values

    def _row_contains(self, row: "np.ndarray") -> bool:
        import numpy as np

        values = [Fraction(each) for each in np.asarray(row).tolist()]
        best = max(range(len(values)), key=values.__getitem__)
        if isinstance(self.winner, int) and best != self.winner % len(values):
            return False
        others = [value for place, value in enumerate(values) if place != best]
        return not others or values[best] - max(others) >= Fraction(self.gap)

    def contains(self, value: "np.ndarray") -> bool:
        """Finite, and the winner leads by the gap in every row."""
        import numpy as np

        rows = np.asarray(value).reshape(-1, value.shape[-1])
        return bool(np.isfinite(value).all()) and all(self._row_contains(row) for row in rows)

    def row_strategy(self, n: int) -> "SearchStrategy[list[float]]":
        """Losers at or below a base, the winner above it by the gap or more, in sixteenths so that sums are exact."""
        from hypothesis import strategies as st

        least = int(-(-self.gap * 16 // 1))
        winners = st.just(self.winner % n) if isinstance(self.winner, int) else st.integers(0, n - 1)

        def build(drawn: tuple[int, list[int], int]) -> list[float]:
            winner, losers, extra = drawn
            values = [-each / 16 for each in losers]
            values[winner] = (least + extra) / 16
            return values

        below = st.one_of(st.just(0), st.integers(0, 320))
        return st.tuples(winners, st.lists(below, min_size=n, max_size=n), st.integers(0, 16 * 640)).map(build)


@dataclass(frozen=True)
class Simplex(Region):
    """Targets that are at least zero and sum to one, as real numbers; the faces are included."""

    @property
    def facts(self) -> Facts:
        """Signs, and the sum of a row."""
        return Facts(signs=self.signs, total=1)

    @property
    def families(self) -> tuple[str, ...]:
        """Inner points, vertices, points near a vertex, tiny targets, the centre, faces."""
        return ("generic", "vertex", "near-vertex", "tiny", "face", "centre")

    def row(self, family: str, index: int, n: int, form: Format, rng: "np.random.Generator") -> "np.ndarray":
        """One row of dyadic fractions with sum one, made from whole numbers over a power of two."""
        import numpy as np

        bits = min(form.precision - 1, 40)
        whole = 2**bits
        if n == 1:
            return np.array([1.0])
        if family == "vertex":
            counts = np.zeros(n, dtype=np.int64)
            counts[index % n] = whole
        elif family == "near-vertex":
            counts = np.zeros(n, dtype=np.int64)
            small = whole >> min(2 + 4 * (index % 9), bits)
            counts[index % n] = whole - small
            counts[(index + 1 + rng.integers(0, n - 1)) % n] += small
        else:
            weights = rng.exponential(size=n)
            if family == "tiny":
                weights[rng.permutation(n)[: n // 2]] *= 2.0 ** -(bits - 4.0)
            elif family == "face":
                weights[rng.permutation(n)[: max(n // 2, 1)]] = 0.0
            elif family == "centre":
                weights[:] = 1.0
            counts = np.floor(weights / weights.sum() * whole).astype(np.int64)
            if family == "tiny":
                counts = np.maximum(counts, 1) if n <= whole // 4 else counts
            counts[int(counts.argmax())] += whole - int(counts.sum())
        return counts.astype(np.float64) / whole

    def moved(self, value: "np.ndarray", rng: "np.random.Generator") -> "np.ndarray":
        """Of one row, a part of one entry given to another; parts are whole multiples of 2^-40, so that sums stay."""
        import numpy as np

        result = value.copy()
        if not value.ndim or value.shape[-1] < 2:
            return result
        row = result.reshape(-1, value.shape[-1])[int(rng.integers(0, result.size // value.shape[-1]))]
        giver, taker = rng.permutation(len(row))[:2]
        share = 1.0 if rng.random() < 0.2 else 2.0 ** -rng.uniform(0, 30)
        part = np.floor(row[giver] * share * 2.0**40) / 2.0**40
        row[giver] -= part
        row[taker] += part
        return result

    def contains(self, value: "np.ndarray") -> bool:
        """Every entry at least zero, every row exactly one."""
        import numpy as np

        if not np.isfinite(value).all() or (value < 0).any():
            return False
        rows = np.asarray(value).reshape(-1, value.shape[-1] if value.shape else 1)
        return all(sum(map(Fraction, row.tolist()), Fraction(0)) == 1 for row in rows)

    @property
    def signs(self) -> frozenset[int]:
        """Zero or positive."""
        return frozenset({ZERO, POSITIVE})

    def row_strategy(self, n: int) -> "SearchStrategy[list[float]]":
        """Differences of sorted cuts of a power of two."""
        from hypothesis import strategies as st

        def rows(bits: int) -> "SearchStrategy[list[float]]":
            whole = 2**bits

            def cut(cuts: list[int]) -> list[float]:
                ends = [0, *sorted(cuts), whole]
                return [(upper - lower) / whole for lower, upper in itertools.pairwise(ends)]

            return st.lists(st.integers(0, whole), min_size=n - 1, max_size=n - 1).map(cut)

        return st.one_of([rows(bits) for bits in (0, 1, 2, 6, 20)])


@dataclass(frozen=True)
class OneHot(Region):
    """One-hot targets: a one at ``index`` (or at any place) on the class axis, zeros elsewhere."""

    index: int | None = None

    @property
    def facts(self) -> Facts:
        """Where the one stands."""
        return Facts(signs=self.signs, total=1, vertex=True, index=self.index)

    @property
    def families(self) -> tuple[str, ...]:
        """Each vertex in turn."""
        return ("generic",)

    def row(self, family: str, index: int, n: int, form: Format, rng: "np.random.Generator") -> "np.ndarray":
        """One vertex of the simplex."""
        import numpy as np

        values = np.zeros(n)
        values[(index if self.index is None else self.index) % n] = 1.0
        return values

    def contains(self, value: "np.ndarray") -> bool:
        """One one in every row (at the index, if it is fixed), zeros elsewhere."""
        import numpy as np

        rows = np.asarray(value).reshape(-1, value.shape[-1])
        for row in rows:
            ones = np.flatnonzero(row == 1)
            if len(ones) != 1 or np.count_nonzero(row) != 1:
                return False
            if self.index is not None and ones[0] != self.index % len(row):
                return False
        return True

    @property
    def signs(self) -> frozenset[int]:
        """Zero or positive."""
        return frozenset({ZERO, POSITIVE})

    def row_strategy(self, n: int) -> "SearchStrategy[list[float]]":
        """One of the vertices."""
        from hypothesis import strategies as st

        places = st.integers(0, n - 1) if self.index is None else st.just(self.index % n)
        return places.map(lambda place: [float(each == place) for each in range(n)])


@dataclass(frozen=True)
class Labels(Region):
    """Whole numbers from 0 to below ``below``, an integer or the name of a size."""

    below: int | str = 2

    integer = True

    @property
    def facts(self) -> Facts:
        """The range."""
        return Facts(signs=self.signs, below=self.below)

    @property
    def families(self) -> tuple[str, ...]:
        """Labels in turn, then drawn."""
        return ("generic", "drawn")

    def bind(self, sizes: Mapping[str, int]) -> "Labels":
        """The region with its upper end as a number."""
        return Labels(self.shape, sizes[self.below]) if isinstance(self.below, str) else self

    def _below(self) -> int:
        if isinstance(self.below, str):
            raise TypeError(f"Labels(below={self.below!r}) needs its sizes: call bind first")
        return self.below

    def row(self, family: str, index: int, n: int, form: Format, rng: "np.random.Generator") -> "np.ndarray":
        """One row of labels."""
        import numpy as np

        if family == "generic":
            return (np.arange(n) + index) % self._below()
        return rng.integers(0, self._below(), size=n)

    def contains(self, value: "np.ndarray") -> bool:
        """Whole numbers in range."""
        return bool(((value >= 0) & (value < self._below())).all())

    @property
    def signs(self) -> frozenset[int]:
        """Zero or positive."""
        return frozenset({ZERO, POSITIVE})

    def row_strategy(self, n: int) -> "SearchStrategy[list[float]]":
        """Lists of labels."""
        from hypothesis import strategies as st

        return st.lists(st.integers(0, self._below() - 1), min_size=n, max_size=n)


@dataclass(frozen=True, init=False)
class Constant(Region):
    """One fixed value, as the floats it is written in."""

    value: Any = None

    def __init__(self, value: Any) -> None:
        """Take the shape from the value: a number, or nested lists of numbers."""
        shape: list[int] = []
        inner = value
        while hasattr(inner, "__len__"):
            shape.append(len(inner))
            inner = inner[0]
        object.__setattr__(self, "shape", " ".join(map(str, shape)))
        object.__setattr__(self, "value", value)

    @property
    def facts(self) -> Facts:
        """The value."""
        return Facts(signs=self.signs, value=self.value)

    @property
    def families(self) -> tuple[str, ...]:
        """The value."""
        return ("generic",)

    def draw(
        self, family: str, index: int, shape: tuple[int, ...], form: Format, rng: "np.random.Generator"
    ) -> "np.ndarray":
        """The value, rounded to the format."""
        import numpy as np

        return form.round(np.array(self.value, dtype=np.float64).reshape(shape))

    def row(self, family: str, index: int, n: int, form: Format, rng: "np.random.Generator") -> "np.ndarray":
        """The value, flattened."""
        return self.draw(family, index, (n,), form, rng)

    def contains(self, value: "np.ndarray") -> bool:
        """The value itself in float64, or its rounding to another format."""
        import numpy as np

        given = np.array(self.value, dtype=np.float64)
        return any(bool((np.asarray(value) == form.round(given)).all()) for form in FORMATS.values())

    @property
    def signs(self) -> frozenset[int]:
        """Signs of the value's entries."""
        import numpy as np

        return frozenset(int(each) for each in np.sign(np.array(self.value, dtype=np.float64)).ravel())

    def strategy(self, shape: tuple[int, ...]) -> "SearchStrategy[np.ndarray]":
        """The value."""
        import numpy as np
        from hypothesis import strategies as st

        return st.just(self.draw("generic", 0, shape, FLOAT64, np.random.default_rng(0)))

    def row_strategy(self, n: int) -> "SearchStrategy[list[float]]":
        """The value."""
        from hypothesis import strategies as st

        return st.just([float(each) for each in self.draw("generic", 0, (n,), FLOAT64, None)])  # type: ignore[arg-type]
