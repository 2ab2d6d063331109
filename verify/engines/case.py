"""A claim under examination: its traced sides, its points, and their exact values with bits raised until decided."""

import hashlib
import itertools
import math
from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final

import numpy as np
from flint import arb

from verify.claim import Claim, UnsupportedPrimitive, Witness
from verify.domain import Facts, Labels
from verify.engines.budget import Budget
from verify.formats import FLOAT64, Format, hexadecimal
from verify.primitives import RULES, Rule
from verify.program import Breadth, Program, Subject, by_literals, equations, trace
from verify.readings.exact import Exact, balls, finite, full_precision, precision
from verify.readings.interpreter import NO, YES, Array, Trail, walk
from verify.readings.ranges import RANGE, Ranges, box, cut

# Bits of the exact reading, raised until a point is decided. 1 - sigma at a gap of 700 cancels 1010 bits, the squared
# error of a right prediction 2020.
LEVELS: Final = (192, 512, 1536, 4096)
# Relative accuracy, in bits, at which two balls that overlap are taken to be one value.
SHARED_BITS: Final = 100
# Bits that values must keep when literals are widened by half an ulp, of the 53 that the widening leaves; as many
# fewer in a coarser format, but not below the second.
LITERAL_BITS: Final = 40
LEAST_LITERAL_BITS: Final = 3
# Entries that reading confirmed points again with all bits may compute.
SECOND_WORK: Final = 20_000
# Two balls around zero that are both below 2**-2500 at the last level are zero: far below anything a float could show.
NEGLIGIBLE: Final = arb(2) ** -2500
# Occurrences of literals whose slopes are read.
MOST_SLOPES: Final = 64
# A domain of more pieces than this is not cut up to prove a choice unreachable, nor its whole numbers enumerated.
MOST_BOXES: Final = 256
# Readings end after this many times the seconds of the budget, wherever they are.
PATIENCE: Final = 2
OPEN, CONFIRMED, REFUTED = 0, 1, 2

_accuracy = np.frompyfunc(arb.rel_accuracy_bits, 1, 1)
_overlaps = np.frompyfunc(arb.overlaps, 2, 1)
_size = np.frompyfunc(arb.abs_upper, 1, 1)


@dataclass(eq=False)
class Points:
    """Points of the domain at one choice of sizes.

    Attributes:
        arrays: one array per flat argument with a leading axis of points, float64 or int64, exact members.
        families: how each point was drawn.
    """

    arrays: tuple[Array, ...]
    families: tuple[str, ...]

    def __len__(self) -> int:
        """How many."""
        return len(self.families)

    @cached_property
    def key(self) -> bytes:
        """Equal for equal points."""
        return b"|".join(array.tobytes() for array in self.arrays)

    def take(self, rows: Any) -> "Points":
        """Some of the points."""
        chosen = np.arange(len(self))[rows]
        return Points(tuple(array[chosen] for array in self.arrays), tuple(self.families[row] for row in chosen))


def draw(
    subject: Subject,
    count: int,
    form: Format,
    rng: np.random.Generator,
    seeds: Sequence[float] = (),
    *,
    everywhere: bool = False,
) -> Points:
    """Draw points so that the kinds of points of all arguments meet in many combinations.

    Args:
        subject: the traced claim; its regions are drawn from.
        count: how many points.
        form: every entry is a number of this format.
        rng: source of randomness.
        seeds: thresholds of the programs; further points lie on both sides of each.
        everywhere: whether all entries of these lie there, or one of them.

    Returns:
        The points, ordinary kinds first.
    """
    drawn: list[list[Array]] = [[] for _ in subject.regions]
    names: list[str] = []
    for index in range(count):
        labels: list[str] = []
        step = index
        for place, (region, shape) in enumerate(zip(subject.regions, subject.shapes, strict=True)):
            families = region.families
            # Cycle through the kinds of the first argument; the later ones turn one further each time around.
            family = families[(step + index // max(len(subject.regions[0].families), 1) * place) % len(families)]
            drawn[place].append(region.draw(family, index // len(families) + place, shape, form, rng))
            labels.append(family)
        names.append(", ".join(labels))
    if form is not FLOAT64:
        # An interval may hold no number of a coarse format: what was drawn in its place is no member.
        members = [
            all(region.contains(each[row]) for region, each in zip(subject.regions, drawn, strict=True))
            for row in range(count)
        ]
        drawn = [[each[row] for row in range(count) if members[row]] for each in drawn]
        names = [name for name, member in zip(names, members, strict=True) if member]
    for seed in seeds:
        for side, place in itertools.product((-1, 0, 1), range(len(subject.regions))):
            region, shape = subject.regions[place], subject.shapes[place]
            if region.integer or not shape_size(shape):
                continue
            base = [
                other.draw(other.families[0], len(names), extent, form, rng)
                for other, extent in zip(subject.regions, subject.shapes, strict=True)
            ]
            step = max(abs(seed), 1.0) * 2.0 ** -(form.precision // 2)
            changed = base[place].copy()
            changed.flat[slice(None) if everywhere else len(names) % changed.size] = seed + side * step
            changed = form.round(changed)
            if not region.contains(changed):
                continue
            base[place] = changed
            for target, value in zip(drawn, base, strict=True):
                target.append(value)
            names.append(f"threshold {seed:.6g}")
    if not names:
        empty = [np.zeros((0, *shape)) for shape in subject.shapes]
        return Points(tuple(empty), ())
    return Points(tuple(np.stack(each) for each in drawn), tuple(names))


def shape_size(shape: tuple[int, ...]) -> int:
    """Number of entries."""
    return math.prod(shape)


def lift(points: Points) -> list[Array]:
    """Points as exact balls; whole numbers stay whole."""
    return [array if array.dtype == np.int64 else balls(array) for array in points.arrays]


def directions(program: Program, count: int, rng: np.random.Generator) -> list[Array]:
    """Directions with 200 random bits an entry: one decides an identity in exact arithmetic, in floats it would not."""
    drawn: list[Array] = []
    for shape in program.directions:
        array = np.empty((count, *shape), dtype=object)
        words = rng.integers(0, 2**50, size=(array.size, 4)).tolist()
        with precision(256):
            unit = arb(2) ** 199
            array.flat = [arb(a + (b << 50) + (c << 100) + (d << 150)) / unit - 1 for a, b, c, d in words]
        drawn.append(array)
    return drawn


def contract(subject: Subject, program: Program, derivative: Sequence[Array], along: Sequence[Array]) -> list[Array]:
    """The whole derivative applied to a tangent, or a cotangent applied to it.

    Args:
        subject: says which axes belong to outputs and which to inputs.
        program: the mode, which says which of the two is contracted.
        derivative: one array per (output, input) pair, outputs first, with the leading axis of points.
        along: one tangent per input or one cotangent per output.

    Returns:
        What that mode returns.
    """
    outer = subject.inner if subject.claim.autodiff.kind == "hessian" else subject.outer
    inner = subject.inner
    table = [list(derivative[row * len(inner) : (row + 1) * len(inner)]) for row in range(len(outer))]
    results: list[Array] = []
    if program.contracted == "in":
        for row, shape in enumerate(outer):
            total: Any = None
            for block, tangent, into in zip(table[row], along, inner, strict=True):
                flat = block.reshape(block.shape[0], shape_size(shape), shape_size(into))
                part = (flat * tangent.reshape(tangent.shape[0], 1, -1)).sum(axis=2)
                total = part if total is None else total + part
            results.append(total.reshape(total.shape[0], *shape))
        return results
    for column, into in enumerate(inner):
        total = None
        for row, shape in enumerate(outer):
            block = table[row][column]
            flat = block.reshape(block.shape[0], shape_size(shape), shape_size(into))
            part = (flat * along[row].reshape(along[row].shape[0], -1, 1)).sum(axis=1)
            total = part if total is None else total + part
        results.append(total.reshape(total.shape[0], *into))
    return results


def joined(outputs: Sequence[Array], points: int) -> Array:
    """All outputs as one row of components per point."""
    flat = [np.broadcast_to(each, (points, *each.shape[1:])).reshape(points, -1) for each in outputs]
    return np.concatenate(flat, axis=1) if flat else np.empty((points, 0), dtype=object)


def apart(program: Program, row: Array) -> list[Array]:
    """Undo `joined`: one array per output."""
    found: list[Array] = []
    start = 0
    for shape in program.outputs:
        size = shape_size(shape)
        found.append(row[:, start : start + size].reshape(row.shape[0], *shape))
        start += size
    return found


def components(program: Program) -> list[str]:
    """Name of each component of the joined outputs: ``[2, 1]``, with the output's number if there are several."""
    names: list[str] = []
    for number, shape in enumerate(program.outputs):
        prefix = f"output {number} " if len(program.outputs) > 1 else ""
        names += [prefix + (str(list(place)) if place else "[]") for place in np.ndindex(*shape)]
    return names


def largest(program: Program) -> int:
    """Entries of the largest array that a program computes at one point."""
    return max(
        (
            shape_size(variable.aval.shape)
            for equation in equations(program.closed.jaxpr)
            for variable in equation.outvars
            if hasattr(variable.aval, "shape")
        ),
        default=0,
    )


def judged_programs(subject: Subject) -> list[Program]:
    """Sides to judge against the formula: modes without those that are one program with another, and the stable form.

    A bound of every component says nothing of a sum of them, so modes with a direction are left out for bounds.
    """
    found: dict[str, Program] = {}
    for program in subject.modes:
        if not program.contracted or subject.claim.relation == "==":
            found.setdefault(program.text, program)
    return [*found.values(), *((subject.stable,) if subject.stable else ())]


def decide(relation: str, first: Array, second: Array, last: bool) -> Array:
    """Judge components: `REFUTED` where balls contradict the relation, `CONFIRMED` where they settle it, else `OPEN`.

    Args:
        relation: of the first to the second.
        first: balls of the autodiff side.
        second: balls of the formula, of the same shape.
        last: whether no more bits will come; only then is a bound taken as attained, or a value as zero.
    """
    if relation == "abs<=":
        first, relation = np.absolute(first), "<="
    if relation == ">=":
        first, second, relation = second, first, "<="
    real = finite(first) & finite(second)
    meet = _overlaps(first, second).astype(bool)
    sharp = (np.minimum(_accuracy(first), _accuracy(second)) >= SHARED_BITS).astype(bool)
    none = np.equal(first, 0).astype(bool) & np.equal(second, 0).astype(bool)
    result = np.full(first.shape, OPEN)
    if relation == "==":
        result[real & ~meet] = REFUTED
        result[real & meet & (sharp | none)] = CONFIRMED
    else:
        result[real & np.greater(first, second).astype(bool)] = REFUTED
        result[real & np.less_equal(first, second).astype(bool)] = CONFIRMED
        if last:
            result[real & (result == OPEN) & meet & sharp] = CONFIRMED
    if last:
        tiny = np.less(_size(first), NEGLIGIBLE).astype(bool) & np.less(_size(second), NEGLIGIBLE).astype(bool)
        result[real & (result == OPEN) & meet & tiny] = CONFIRMED
    return result


@dataclass(eq=False)
class Judged:
    """What exact arithmetic says of one program against the formula, per point.

    Attributes:
        program: the side that was judged.
        codes: `OPEN`, `CONFIRMED` or `REFUTED` per point and component.
        kinks: points at which the autodiff side decides an exact equality; they decide nothing.
        undefined: points at which a side is not a real number.
        blurred: points at which the sides differ, by no more than the rounding of literals could explain.
        first, second: both sides' balls at the level that decided each point.
        bits: that level.
        trails: what the readings met, by program.
    """

    program: Program
    codes: Array
    kinks: Array
    undefined: Array
    blurred: Array
    first: Array
    second: Array
    bits: Array
    trails: dict[str, list[tuple[Trail, Array]]] = field(default_factory=dict)


class Readings:
    """Readings that claims share: one program at the same points is read once."""

    def __init__(self, most: int, largest: int) -> None:
        """Keep this many readings of at most this many components."""
        self.most, self.largest = most, largest
        self.kept: dict[tuple[str, int, bytes, tuple[Rule, ...]], tuple[Array, Trail]] = {}

    def get(
        self, program: Program, points: "Points", bits: int, compute: Callable[[], tuple[Array, Trail]]
    ) -> tuple[Array, Trail]:
        """A kept reading, or a new one."""
        # A rule that is registered anew gives a program of the same text another meaning.
        key = (program.text, bits, points.key, tuple(RULES.values()))
        if key in self.kept:
            return self.kept[key]
        result = compute()
        if result[0].size <= self.largest:
            if len(self.kept) >= self.most:
                del self.kept[next(iter(self.kept))]
            self.kept[key] = result
        return result


READINGS: Final = Readings(most=2000, largest=20_000)


class Case:
    """A claim, a budget and a seed, with everything that engines share traced and drawn once."""

    def __init__(self, claim: Claim, budget: Budget, seed: int) -> None:
        """Nothing is traced yet."""
        self.claim, self.budget, self.seed = claim, budget, seed
        self._subjects: dict[tuple[tuple[tuple[str, int], ...], str, Breadth], Subject] = {}
        # What ranges leave open hangs on no points, and is asked for again after each draw of them.
        self._open: dict[tuple[str, str, frozenset[int]], Mapping[str, Array] | None] = {}
        self.literals: dict[float, None] = {}
        # When a reading gives up: engines set it as they start.
        self.deadline = float("inf")

    def patience(self, started: float) -> None:
        """Let readings give up, a while after the seconds of the budget are over."""
        self.deadline = started + PATIENCE * self.budget.seconds

    def subject(self, size: Mapping[str, int], form: Format = FLOAT64, breadth: Breadth | None = None) -> Subject:
        """The claim traced at one choice of sizes in one format.

        Every mode is traced at the first choices of sizes, as many as the budget says; at the others, whose programs
        are the same but for their shapes, one mode without and one with a direction, or the first alone.
        """
        if breadth is None:
            breadth = "every" if dict(size) in self.choices[: self.budget.every_mode] else self.budget.beyond
        key = (tuple(size.items()), form.name, breadth)
        if key not in self._subjects:
            self._subjects[key] = trace(self.claim, size, form, breadth)
        return self._subjects[key]

    def rng(self, *salt: int) -> np.random.Generator:
        """Randomness that depends on the seed, the domain and a salt alone: claims of one domain share their points."""
        return np.random.default_rng([self.seed, *self._domain, *salt])

    @property
    def judges_a_rule(self) -> bool:
        """Whether a custom rule is the subject, beside JAX's derivative of the body or a formula by hand."""
        return getattr(self.claim.by_hand, "compares_a_rule", False)

    @property
    def differentiates_twice(self) -> bool:
        """Whether the side by hand is JAX's derivative too, of the body of a custom rule."""
        return getattr(self.claim.by_hand, "differentiates", False)

    @cached_property
    def _domain(self) -> bytes:
        return hashlib.sha256(repr(self.claim.domain).encode()).digest()

    @cached_property
    def choices(self) -> list[dict[str, int]]:
        """Sizes to check."""
        return self.claim.choices()

    def read(
        self,
        program: Program,
        arguments: Sequence[Array],
        points: int,
        bits: int,
        widen: bool = False,
        form: Format = FLOAT64,
    ) -> tuple[Array, Trail]:
        """Components of one program at some points, and what was met."""
        system = Exact(widen_literals=widen, form=form)
        system.deadline = self.deadline
        with precision(bits):
            outputs, trail = walk(system, program.closed, arguments, points)
        self.literals.update(system.widened)
        return joined(outputs, points), trail

    def admitted(self, subject: Subject, points: Points) -> Array:
        """Points at which the claim's predicate is decided true."""
        if subject.where is None:
            return np.ones(len(points), dtype=bool)
        held = np.zeros(len(points), dtype=bool)
        open_ = np.ones(len(points), dtype=bool)
        for bits in LEVELS:
            rows = np.flatnonzero(open_)
            if not len(rows):
                break
            chosen = points.take(rows)
            system = Exact()
            with precision(bits):
                outputs, trail = walk(system, subject.where.closed, lift(chosen), len(rows))
            truth = np.broadcast_to(outputs[0].reshape(outputs[0].shape[0], -1).min(axis=1), (len(rows),))
            truth = np.where(trail.lost, -1, truth)
            held[rows[truth == YES]] = True
            open_[rows[(truth == YES) | (truth == NO)]] = False
        return held

    def judge(self, subject: Subject, program: Program, points: Points, looks: int = 0) -> Judged:
        """Judge one side against the formula at some points, with bits raised until each is decided.

        Args:
            subject: the traced claim.
            program: an autodiff mode, or ``stable``.
            points: exact members of the domain.
            looks: how many of the confirmed points are read again with all bits.

        Returns:
            Codes per point and component, and the balls behind them.
        """
        formula = subject.formula
        count = len(points)
        along = directions(program, count, self.rng(17, *subject.size.values()))
        width = sum(shape_size(shape) for shape in program.outputs)
        relation = "==" if program.name == "stable" else self.claim.relation
        judged = Judged(
            program=program,
            codes=np.full((count, width), OPEN),
            kinks=np.zeros(count, dtype=bool),
            undefined=np.zeros(count, dtype=bool),
            blurred=np.zeros(count, dtype=bool),
            first=np.full((count, width), arb("nan"), dtype=object),
            second=np.full((count, width), arb("nan"), dtype=object),
            bits=np.zeros(count, dtype=np.int64),
        )
        rows = np.arange(count)
        for level in LEVELS:
            if not len(rows):
                break
            steer = [each[rows] for each in along]
            first, second, trails = self._both(subject, program, formula, points.take(rows), steer, level)
            last = level == LEVELS[-1]
            with precision(level):
                codes = decide(relation, first, second, last)
            lost = trails[program.name].lost | trails[formula.name].lost
            codes[lost] = OPEN
            judged.codes[rows], judged.first[rows], judged.second[rows] = codes, first, second
            judged.bits[rows] = level
            if program.name != "stable":
                judged.kinks[rows] = trails[program.name].kinks
                if self.differentiates_twice:
                    # There a difference is one of conventions; where the sides agree there is nothing to excuse.
                    judged.kinks[rows] |= trails[formula.name].kinks & (codes != CONFIRMED).any(axis=1)
            for name, trail in trails.items():
                judged.trails.setdefault(name, []).append((trail, rows))
            unreal = ~(finite(first) & finite(second)).all(axis=1)
            hulls = trails[program.name].hulls | trails[formula.name].hulls | lost
            judged.undefined[rows] = unreal & ~hulls
            settled = (codes != OPEN).all(axis=1) | (codes == REFUTED).any(axis=1) | judged.kinks[rows]
            rows = rows[~settled]
        self._second_look(subject, program, formula, points, along, judged, relation, looks)
        self._reconsider(subject, program, formula, points, along, judged, relation)
        return judged

    def excess(self, judged: Judged, row: int, component: int) -> str:
        """By how much the first side exceeds the second at a point, as text; of a bound on the size, the size of it."""
        with precision(int(judged.bits[row])):
            first, second = judged.first[row, component], judged.second[row, component]
            bounded = self.claim.relation == "abs<=" and judged.program.name != "stable"
            return decimal((abs(first) if bounded else first) - second, 12)

    def _second_look(
        self,
        subject: Subject,
        program: Program,
        formula: Program,
        points: Points,
        along: list[Array],
        judged: Judged,
        relation: str,
        looks: int,
    ) -> None:
        """Read some confirmed points again with all bits: at few bits 1 and 1 - e^-200 share a ball."""
        confirmed = (judged.codes == CONFIRMED).all(axis=1) & ~judged.kinks & (judged.bits < LEVELS[-1])
        rows = np.flatnonzero(confirmed)
        if not len(rows) or not looks:
            return
        most = max(SECOND_WORK // max(program.cost + formula.cost, 1), 1)
        rows = _telling(judged, rows, min(len(rows), looks, most), most)
        steer = [each[rows] for each in along]
        first, second, _ = self._both(subject, program, formula, points.take(rows), steer, LEVELS[-1])
        with precision(LEVELS[-1]):
            codes = decide(relation, first, second, last=True)
        wrong = (codes == REFUTED).any(axis=1)
        for target, value in ((judged.codes, codes), (judged.first, first), (judged.second, second)):
            target[rows[wrong]] = value[wrong]
        judged.bits[rows[wrong]] = LEVELS[-1]

    def _both(
        self,
        subject: Subject,
        program: Program,
        formula: Program,
        points: Points,
        along: list[Array],
        bits: int,
        widen: bool = False,
    ) -> tuple[Array, Array, dict[str, Trail]]:
        count = len(points)

        def fresh(side: Program) -> tuple[Array, Trail]:
            given = [*lift(points), *(along if side.directions else [])]
            return self.read(side, given, count, bits, widen, subject.form)

        def kept(side: Program) -> tuple[Array, Trail]:
            return fresh(side) if widen or side.directions else READINGS.get(side, points, bits, lambda: fresh(side))

        first, own = kept(program)
        second, other = kept(formula)
        if program.contracted:
            with precision(bits):
                second = joined(contract(subject, program, apart(formula, second), along), count)
        return first, second, {program.name: own, formula.name: other}

    def _reconsider(
        self,
        subject: Subject,
        program: Program,
        formula: Program,
        points: Points,
        along: list[Array],
        judged: Judged,
        relation: str,
    ) -> None:
        """Read refuted points again with full-precision literals as ± half an ulp; if the sides meet, they agree."""
        if not any(full_precision(value, subject.form) for each in (program, formula) for value in each.numbers):
            return
        rows = np.flatnonzero((judged.codes == REFUTED).any(axis=1) & ~judged.kinks)
        if not len(rows):
            return
        before = dict(self.literals)
        steer = [each[rows] for each in along]
        first, second, _ = self._both(subject, program, formula, points.take(rows), steer, LEVELS[-1], widen=True)
        with precision(LEVELS[-1]):
            again = decide(relation, first, second, last=True)
        least = max(LITERAL_BITS + subject.form.precision - FLOAT64.precision, LEAST_LITERAL_BITS)
        sharp = np.minimum(_accuracy(first), _accuracy(second)) >= least
        sharp = sharp.astype(bool) & finite(first) & finite(second)
        codes = judged.codes[rows]
        saved = (codes == REFUTED) & (again != REFUTED)
        blunt = np.flatnonzero((saved & ~sharp).any(axis=1))
        if relation == "==" and len(blunt):
            some, along_ = points.take(rows[blunt]), [each[blunt] for each in steer]
            saved[blunt] &= sharp[blunt] | ~self._still_apart(subject, program, formula, some, along_)
        codes[saved & sharp] = CONFIRMED
        # A literal that is inflated by the program makes balls that meet anything: they decide nothing.
        codes[saved & ~sharp] = OPEN
        judged.blurred[rows] = (saved & ~sharp).any(axis=1)
        judged.codes[rows] = codes
        if not saved.any():
            self.literals = before

    def _still_apart(
        self, subject: Subject, program: Program, formula: Program, points: Points, along: list[Array]
    ) -> Array:
        """Components that differ whatever the literals are, by the mean value theorem.

        A program that subtracts numbers near one has wide balls where a literal is one, though it hardly depends on it:
        its value at the literals themselves, and its slopes by them over all that they may be, say more.
        """
        bits = LEVELS[-1]
        first, second = (self._by_slopes(side, points, along, bits, subject.form) for side in (program, formula))
        with precision(bits):
            if program.contracted:
                second = joined(contract(subject, program, apart(formula, second), along), len(points))
            return decide("==", first, second, last=True) == REFUTED

    def _by_slopes(self, side: Program, points: Points, along: list[Array], bits: int, form: Format) -> Array:
        """Components with full-precision literals as ± half an ulp; not a number where slopes are not known."""
        count = len(points)
        given = [*lift(points), *(along if side.directions else [])]
        value, _ = self.read(side, given, count, bits)
        among = tuple({each for each in side.numbers if full_precision(each, form)})
        if not among:
            return value
        unknown = np.full(value.shape, arb("nan"), dtype=object)
        slopes = by_literals(side, among)
        if slopes is None or len(slopes.literals) > MOST_SLOPES:
            return unknown
        halves = [form.ulp(each) / 2 for each in slopes.literals]
        varied = np.array([arb(each, half) for each, half in zip(slopes.literals, halves, strict=True)], dtype=object)
        try:
            with precision(bits):
                outputs, trail = walk(
                    Exact(), slopes.closed, [np.broadcast_to(varied, (count, len(varied))), *given], count
                )
                rows = [
                    np.broadcast_to(each, (count, *each.shape[1:])).reshape(count, -1, len(varied)) for each in outputs
                ]
                change = (np.concatenate(rows, axis=1) * np.array([arb(0, half) for half in halves], dtype=object)).sum(
                    axis=2
                )
                # Over a choice that the literals leave open, or a kink, there is no slope.
                smooth = ~(trail.lost | trail.hulls | trail.kinks)
                return np.where(smooth[:, None], value + change, unknown)
        except UnsupportedPrimitive:
            return unknown

    def reachable(self, subject: Subject, program: Program, split: Set[int]) -> Mapping[str, Array] | None:
        """Outcomes that the bounds of the domain leave open, per choice: masks of shape (outcomes, entries).

        None where ranges cannot be read.

        Args:
            subject: the traced claim.
            program: one of its sides.
            split: arguments whose entries are cut at the ends of their region and at zero; each piece is read apart.
        """
        key = (str(subject.size), program.text, frozenset(split))
        if key not in self._open:
            self._open[key] = self._left_open(subject, program, split)
        return self._open[key]

    def _left_open(self, subject: Subject, program: Program, split: Set[int]) -> Mapping[str, Array] | None:
        boxes = _boxes(subject, split)
        if boxes is None:
            return None
        arguments, count = boxes
        if subject.where is not None:
            try:
                (held, *_), _ = walk(Ranges(), subject.where.closed, arguments, count)
            except (UnsupportedPrimitive, TypeError, ValueError, IndexError):
                held = np.full((1,), YES)
            # Where it surely does not hold nothing is claimed.
            kept = np.broadcast_to((held.reshape(len(held), -1) != NO).all(axis=1), (count,))
            arguments, count = [each[kept] for each in arguments], int(kept.sum())
        leaders = _leaders(subject, arguments)
        arguments = [*arguments, *(box_of(Facts(), shape) for shape in program.directions)]
        try:
            _, trail = walk(Ranges(leaders), program.closed, arguments, count)
        except (UnsupportedPrimitive, TypeError, ValueError, IndexError):
            return None
        return {path: branch.seen.any(axis=1) for path, branch in trail.branches.items()}

    def witness(self, subject: Subject, judged: Judged, points: Points, row: int, component: int, note: str) -> Witness:
        """One point as it is shown to a reader."""
        first, second = judged.first[row, component], judged.second[row, component]
        left, right = decimal_pair(first, second)
        return Witness(
            arguments={name: array[row].tolist() for name, array in zip(subject.names, points.arrays, strict=True)},
            component=components(judged.program)[component],
            program=judged.program.name,
            autodiff=left,
            by_hand=right,
            size=dict(subject.size),
            note=note,
        )


def box_of(facts: Facts, shape: Sequence[int]) -> Array:
    """What an entry of a region may be, as ranges of shape (1, *shape)."""
    high = facts.high
    if facts.total is not None and -1 not in facts.signs:
        high = float(facts.total) if high is None else min(high, float(facts.total))
    return box(shape, facts.signs, facts.low, high, facts.value)


def _boxes(subject: Subject, split: Set[int]) -> tuple[list[Array], int] | None:
    """The domain as boxes, one a point of a batch: one for every choice of whole numbers, if there are few of them.

    Entries of the arguments to split are cut into pieces too, as far as that stays few.
    """
    pieces: list[list[Array]] = []
    for region, shape in zip(subject.regions, subject.shapes, strict=True):
        if region.integer:
            assert isinstance(region, Labels) and isinstance(region.below, int)
            values = np.arange(region.below)[:, None]
            pieces.append([values] * shape_size(shape))
        else:
            flat = box_of(region.facts, shape).reshape(-1)
            pieces.append([flat[place : place + 1][:, None] for place in range(len(flat))])
    count = math.prod(len(each) for entries in pieces for each in entries)
    if count > MOST_BOXES:
        return None
    for place, region in enumerate(subject.regions):
        finer = [cut(each[:, 0])[:, None] for each in pieces[place]] if place in split and not region.integer else []
        more = math.prod(len(each) for each in finer)
        if more > 1 and count * more <= MOST_BOXES:
            pieces[place], count = finer, count * more
    chosen = np.array(
        list(itertools.product(*(range(len(each)) for entries in pieces for each in entries))), dtype=np.int64
    ).reshape(count, -1)
    arguments: list[Array] = []
    start = 0
    for entries, shape, region in zip(pieces, subject.shapes, subject.regions, strict=True):
        columns = [each[chosen[:, start + place], 0] for place, each in enumerate(entries)]
        start += len(entries)
        kind = np.int64 if region.integer else RANGE
        flat = np.stack(columns, axis=1) if columns else np.empty((count, 0), dtype=kind)
        arguments.append(flat.reshape(count, *shape))
    return arguments, count


def _leaders(subject: Subject, arguments: Sequence[Array]) -> dict[int, set[int]]:
    """Of each entry of a row with a winner, by its name, the name of the winner."""
    leaders: dict[int, set[int]] = {}
    for region, argument in zip(subject.regions, arguments, strict=True):
        winner = region.facts.winner
        if isinstance(winner, int) and argument.size:
            for row in argument["name"].reshape(-1, argument.shape[-1]).tolist():
                best = row[winner % len(row)]
                for each in row:
                    if each != best:
                        leaders.setdefault(each, set()).add(best)
    return leaders


def decimal(value: arb, digits: int = 17) -> str:
    """Decimal text of a ball's midpoint; zero is ``0``."""
    if not value.is_finite():
        return str(value)
    if value.contains(0) and value.rel_accuracy_bits() <= 0:
        return "0"
    with precision(4096):
        return value.mid().str(digits, radius=False)


def decimal_pair(first: arb, second: arb) -> tuple[str, str]:
    """Both values with as many digits as it takes to tell them apart, 17 at least and 60 at most."""
    for digits in (17, 25, 40, 60):
        texts = decimal(first, digits), decimal(second, digits)
        if texts[0] != texts[1]:
            break
    return texts


def _telling(judged: Judged, rows: Array, count: int, most: int) -> Array:
    """Some of the rows, spread evenly; and where a choice has an outcome that none of them takes, one that does.

    Where two sides differ by less than few bits show, they do so where a formula takes a branch that is rarely taken.
    """
    chosen = rows[np.unique(np.linspace(0, len(rows) - 1, count).astype(int))]
    number = np.full(len(judged.codes), -1)
    number[rows] = np.arange(len(rows))
    taken: list[Array] = []
    for trails in judged.trails.values():
        met: dict[str, Array] = {}
        for trail, read in trails:
            mine = number[read] >= 0
            for path, branch in trail.branches.items():
                seen = np.any(branch.seen, axis=2)
                all_rows = met.setdefault(path, np.zeros((len(seen), len(rows)), dtype=bool))
                # The last reading of a point is the one that decided it.
                all_rows[:, number[read[mine]]] = seen[:, mine]
        taken += met.values()
    if not taken:
        return chosen
    outcomes = np.concatenate(taken)
    among = np.isin(rows, chosen)
    for each in outcomes[np.argsort(outcomes.sum(axis=1), kind="stable")]:
        if among.sum() >= max(most, count):
            break
        if each.any() and not (each & among).any():
            among[np.flatnonzero(each)[0]] = True
    return rows[among]


def point_text(arguments: Mapping[str, Any]) -> str:
    """``x = [0x1p+0, 0x0p+0]   y = [...]`` with at most eight entries an argument."""
    parts: list[str] = []
    for name, value in arguments.items():
        array = np.asarray(value)
        shown = [
            hexadecimal(float(each)) if array.dtype.kind == "f" else str(each) for each in array.ravel()[:8].tolist()
        ]
        more = ", …" if array.size > 8 else ""
        parts.append(f"{name} = {shown[0] if array.ndim == 0 else '[' + ', '.join(shown) + more + ']'}")
    return "   ".join(parts)
