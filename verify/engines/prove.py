"""Prove: are both sides the same function, for all inputs, and for every size?

Both sides are read as rational functions. First every axis with a named size is left open, so that one proof holds for
every size; what cannot be read that way is proved at the sizes of the claim, one by one. A difference that does not
cancel is kept as the residual; it refutes nothing by itself, but names what the two sides differ by.
"""

import itertools
import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Any, Final

import jax
import numpy as np

from verify.claim import Claim, ClaimError, OutOfTime, Status, UnsupportedPrimitive, Verdict
from verify.domain import Facts, Logits, OneHot, Positive, Reals, Simplex
from verify.engines.case import Case
from verify.formats import FLOAT64
from verify.program import MOST_EQUATIONS, Program, Subject, entries, size_text, trace
from verify.readings.algebra import (
    ANY,
    AT_LEAST_ZERO,
    AT_MOST_ZERO,
    MOST_RESTARTS,
    NOT_ZERO,
    POSITIVE,
    ZERO_SIGN,
    Field,
    Learnt,
    Restart,
    Signs,
    TooHard,
    Value,
)
from verify.readings.interpreter import Array, walk
from verify.readings.symbolic import (
    Axis,
    Block,
    Generic,
    NeedsCases,
    NewSingle,
    Partition,
    Split,
    Symbolic,
)

NAME: Final = "prove"
# Seconds that the proof of one claim may take: with the sizes left open, and at each size.
OPEN_SECONDS: Final = 2.5
# Arguments that have finitely many values are tried one by one, up to this many.
MOST_VALUES: Final = 64
# Seconds for all sizes of a claim whose sizes cannot be left open, by budget; and for one missing hypothesis.
SECONDS: Final = {"quick": 1.0, "standard": 3.0, "deep": 60.0}
HYPOTHESIS_SECONDS: Final = 1.0
# Steps that a quiet machine takes in a second; seconds are counted in them, so that a busy one proves the same. Real
# time ends a proof only where it takes many times as long.
STEPS: Final = 30_000
PATIENCE: Final = 20
LONGEST_SUM: Final = 12
LONGEST_BASE: Final = 80
LONGEST_REASON: Final = 600
LONGEST_RESIDUAL: Final = 400
SHIFTS: Final = "a maximum decides more than a shift"
MOST_PATHS: Final = 4000
# Facts whose sums are looked at to see that a choice has one outcome only.
MOST_KNOWN: Final = 20
MOST_PARTITIONS: Final = 200
# A program of a size beyond this is not read as rational functions.
MOST_ENTRIES: Final = 40
# The same for bounds, where every order of the parameters may have to be looked at.
MOST_BOUND_ENTRIES: Final = 4
# Sizes that an open axis may stand for are told from numbers by name; one scope for the whole process.
_DIMENSIONS: Final[dict[tuple[tuple[str, int], ...], dict[str, Any]]] = {}


@dataclass
class Path:
    """The choices of one line of a proof.

    Attributes:
        script: which of the options of each choice is taken, in the order in which they come up.
        counts: how many options each choice had.
        signs: what is known of the signs of bases.
        exceptions: bases that are zero where the proof does not speak.
    """

    script: list[int]
    counts: list[int] = field(default_factory=list)
    signs: dict[int, Signs] = field(default_factory=dict)
    exceptions: dict[int, None] = field(default_factory=dict)


@dataclass
class Residual:
    """A difference that did not cancel.

    Attributes:
        value: autodiff minus formula.
        autodiff, by_hand: both sides.
        where: the component.
        program: the mode.
        system: the reading it belongs to, which knows what its generators are called.
    """

    value: Value
    autodiff: Value
    by_hand: Value
    where: str
    program: str
    system: Symbolic


@dataclass
class Outcome:
    """What the readings of one subject came to.

    Attributes:
        proved: modes that are proved.
        reasons: why the others are not.
        residual: the first difference that did not cancel.
        exceptions: where the proof does not speak.
        certificates: both sides of every component that was compared, where they are kept.
        spent: effort in seconds of a quiet machine.
    """

    proved: list[str] = field(default_factory=list)
    reasons: dict[str, str] = field(default_factory=dict)
    residual: Residual | None = None
    exceptions: dict[str, None] = field(default_factory=dict)
    certificates: list[Residual] = field(default_factory=list)
    spent: float = 0.0


class Reader:
    """Reads the programs of a subject as rational functions, over all partitions, cases and paths."""

    def __init__(self, subject: Subject, deadline: float, *, effort: float = math.inf, keep: bool = False) -> None:
        """Take a traced claim; ``effort`` limits the steps, ``keep`` collects both sides of every component."""
        self.subject = subject
        self.deadline = deadline
        self.effort = effort
        self.keep = keep
        self.outcome = Outcome()
        self.live = [program.name for program in subject.modes]
        # What the choices of each program need, on the path that is being read.
        self.asked: dict[str, frozenset[Any]] = {}
        if subject.stable is not None:
            self.live.append(subject.stable.name)
        self.follow_maxima = False
        # Entries of open axes that are told apart though no program names their index, and the axes they stand on.
        self.special: dict[str, str] = {}
        self.tried: dict[str, str] = {}
        # Whether any component was compared: where a hypothesis leaves no line of the proof, nothing was shown.
        self.spoke = False
        self.learnt = Learnt(effort=effort)
        self.facts = [region.facts for region in subject.regions]

    def run(self) -> Outcome:
        """Read everything."""
        live = list(self.live)
        try:
            for partition in self._partitions():
                for values in self._values():
                    self._paths(partition, values)
                    if self.outcome.residual is not None or not self.live:
                        break
        except NeedsCases:
            before = dict(self.special)
            if self.special != self.tried or self._follows_maxima():
                self.tried = before
                self.spoke = False
                self.outcome = Outcome()
                # A mode that could not be read so far is not proved by being left out.
                self.live = live
                return self.run()
            self._stop(SHIFTS)
        except (TooHard, UnsupportedPrimitive) as error:
            self._stop(str(error))
        except Exception as error:
            # A program may do with open axes what no row foresees; to say so is better than to fail.
            text = (str(error).strip().splitlines() or [""])[0]
            self._stop(f"the symbolic reading does not follow it ({type(error).__name__}: {text})")
        if self.live and not self.spoke:
            self._stop("the domain has no point at which the claim speaks")
        if self.outcome.residual is None:
            self.outcome.proved = list(self.live)
        self.outcome.spent = (self.effort - self.learnt.effort) / STEPS if math.isfinite(self.effort) else 0.0
        return self.outcome

    def _follows_maxima(self) -> bool:
        """Read on with maxima followed, where that has not been tried; whether there is something new to try."""
        if self.follow_maxima or self._open:
            return False
        self.follow_maxima = True
        return True

    @property
    def _open(self) -> bool:
        return any(not isinstance(each, int) for shape in self.subject.shapes for each in shape)

    def _stop(self, reason: str) -> None:
        for name in self.live:
            self.outcome.reasons.setdefault(name, reason)
        self.live = []

    # -- partitions of open axes ----------------------------------------------------------------------------------

    def _partitions(self) -> Iterator[Partition]:
        """Partitions of the open axes; what a reading learns refines those that are still to come."""
        axes: dict[str, Axis] = {}
        for shape in self.subject.shapes:
            for each in shape:
                if not isinstance(each, int) and str(each) not in axes:
                    axes[str(each)] = Axis(str(each), least(self.subject, str(each)))
        special: dict[str, str] = {}
        for facts, shape in zip(self.facts, self.subject.shapes, strict=True):
            if not shape or isinstance(shape[-1], int):
                continue
            axis = axes[str(shape[-1])]
            if facts.vertex and (len(shape) != 1 or "label" in special):
                raise TooHard("several one-hot targets on axes of any length")
            if facts.vertex and facts.index is None:
                special["label"] = axis.name
            elif facts.vertex:
                axis.singles = tuple(dict.fromkeys((*axis.singles, _within(axis, int(facts.index or 0)))))
            if facts.winner is not None:
                if facts.winner == "any":
                    raise TooHard("a winner at any place of an axis of any length")
                axis.singles = tuple(dict.fromkeys((*axis.singles, _within(axis, int(facts.winner)))))
            if facts.below is not None or facts.value is not None:
                raise TooHard("whole numbers or constants along an axis of any length")
        special |= self.special
        starts = [Partition(axes)]
        for name, where in special.items():
            # An entry that no program names may be one of those that have a place already, or one of its own.
            starts = [each.with_special(name, where, key) for each in starts for key in each.keys_for(name, where)]
        starts = [each for each in starts if self._sensible(each)]
        number = 0
        for start in starts:
            for axis in start.axes.values():
                axis.blocks = (number,)
                start.blocks[number] = Block(number)
                number += 1
        self._todo = list(starts)
        self._fresh = number
        for start in starts:
            self._add_empty(start)
        count = 0
        while self._todo:
            count += 1
            if count > MOST_PARTITIONS:
                raise TooHard("too many kinds of entries along an axis of any length")
            yield self._todo.pop()

    def _sensible(self, partition: Partition) -> bool:
        """Whether the special entries of a partition can be where they are."""
        return True

    def _add_empty(self, partition: Partition) -> None:
        """An axis that is as short as its single entries are many has no other entries."""
        for axis in partition.axes.values():
            if axis.blocks and axis.least <= len(axis.singles):
                other = partition.copy()
                for block in axis.blocks:
                    del other.blocks[block]
                other.axes[axis.name].blocks = ()
                self._todo.append(other)

    def _refine(self, partition: Partition, found: Split | NewSingle) -> None:
        """Replace a partition by finer ones that together cover what it covers."""
        if isinstance(found, NewSingle):
            other = partition.copy()
            axis = other.axes[found.axis]
            if any(block.answers for block in other.blocks.values()):
                raise TooHard("an index that is named after a choice about an axis of any length")
            axis.singles = (*axis.singles, found.index)
            self._todo.append(other)
            self._add_empty(other)
            for key in axis.singles:
                if isinstance(key, str):
                    # The entry that is looked for may be the one that no program has named so far.
                    same = partition.renamed(found.axis, key, found.index)
                    self._todo.append(same)
                    self._add_empty(same)
            return
        axis_name = next(name for name, each in partition.axes.items() if found.block in each.blocks)
        for count in range(1, len(found.options) + 1):
            for chosen in itertools.combinations(found.options, count):
                other = partition.copy()
                axis = other.axes[axis_name]
                old = other.blocks.pop(found.block)
                fresh: list[int] = []
                for signs in chosen:
                    other.blocks[self._fresh] = Block(self._fresh, (*old.answers, signs), (*old.options, found.options))
                    fresh.append(self._fresh)
                    self._fresh += 1
                axis.blocks = tuple(each for each in axis.blocks if each != found.block) + tuple(fresh)
                self._todo.append(other)

    # -- arguments with finitely many values ----------------------------------------------------------------------

    def _values(self) -> Iterator[dict[int, Any]]:
        """All values of the arguments that have finitely many: one-hot targets and whole numbers."""
        choices: list[list[tuple[int, Any]]] = []
        count = 1
        for place, (facts, shape) in enumerate(zip(self.facts, self.subject.shapes, strict=True)):
            if any(not isinstance(each, int) for each in shape):
                continue
            rows = int(np.prod(shape[:-1], dtype=int)) if shape else 1
            options: list[Any] | None = None
            if facts.vertex:
                n = shape[-1]
                ends = range(n) if facts.index is None else [facts.index % n]
                options = [list(each) for each in itertools.product(ends, repeat=rows)]
            elif facts.below is not None:
                size = int(np.prod(shape, dtype=int))
                if not isinstance(facts.below, int) or facts.below**size > MOST_VALUES:
                    raise TooHard("too many values of whole numbers")
                options = [list(each) for each in itertools.product(range(facts.below), repeat=size)]
            if options is None:
                continue
            count *= len(options)
            if count > MOST_VALUES:
                raise TooHard("too many values of one-hot targets and whole numbers")
            choices.append([(place, each) for each in options])
        for chosen in itertools.product(*choices):
            yield dict(chosen)

    # -- paths ----------------------------------------------------------------------------------------------------

    def _paths(self, partition: Partition, values: Mapping[int, Any]) -> None:
        script: list[int] = []
        for _ in range(MOST_PATHS):
            path = self._restarted(partition, values, script)
            if path is None or self.outcome.residual is not None or not self.live:
                return
            script = path.script[: len(path.counts)]
            while script and script[-1] + 1 >= path.counts[len(script) - 1]:
                script.pop()
            if not script:
                return
            script[-1] += 1
        raise TooHard(f"more than {MOST_PATHS} combinations of choices")

    def _restarted(self, partition: Partition, values: Mapping[int, Any], script: list[int]) -> Path | None:
        for _ in range(MOST_RESTARTS):
            path = Path(list(script))
            current = partition.copy()
            try:
                self._read(current, values, path)
                return path
            except Restart:
                continue
            except (Split, NewSingle) as found:
                self._refine(partition, found)
                return None
        raise TooHard("the units of the exponents do not settle")

    def _read(self, partition: Partition, values: Mapping[int, Any], path: Path) -> None:
        """One line of a proof: read every side, and compare."""
        subject = self.subject
        algebra = Field(self.learnt, self.deadline)
        system = self._system(algebra, partition)
        _Deciding(system, path, partition)
        arguments = [self._argument(system, place, name, values) for place, name in enumerate(subject.names)]
        if subject.where is not None:
            system.autodiff = False
            try:
                ((held,), _) = walk(system, subject.where.closed, arguments, 1)
            except (TooHard, UnsupportedPrimitive):
                if self._open:
                    held = np.array([1])
                else:
                    raise
            answer = held.ravel()[0]
            if int(answer) == 0:
                return
        read: dict[str, list[Array]] = {}
        along: dict[str, list[Array]] = {}
        for program in subject.modes:
            if program.name not in self.live:
                continue
            system.autodiff = True
            along[program.name] = [
                self._free(system, f"{program.name} direction {number}", shape)
                for number, shape in enumerate(program.directions)
            ]
            outputs = self._one(system, program, [*arguments, *along[program.name]])
            if outputs is not None:
                read[program.name] = outputs
        system.autodiff = False
        if subject.stable is not None and subject.stable.name in self.live:
            outputs = self._one(system, subject.stable, arguments)
            if outputs is not None:
                read[subject.stable.name] = outputs
        formula = self._one(system, subject.formula, arguments)
        if formula is None:
            self._stop(self.outcome.reasons[subject.formula.name])
            return
        for name, outputs in read.items():
            program = next(each for each in subject.sides if each.name == name)
            expected = formula
            if program.contracted:
                expected = self._contracted(system, program, formula, along[name])
            self._compare(system, path, program, outputs, expected)
            if self.outcome.residual is not None:
                return
        for base in path.exceptions:
            self.outcome.exceptions.setdefault(exception_text(system, base))

    def _system(self, algebra: Field, partition: Partition) -> Symbolic:
        """The number system of one line of the proof."""
        return Symbolic(algebra, partition, cases=self.follow_maxima)

    def _one(self, system: Symbolic, program: Program, arguments: Sequence[Array]) -> list[Array] | None:
        system.deadline, system.asked = self.deadline, frozenset()
        try:
            outputs, _ = walk(system, program.closed, arguments, 1)
        except (OutOfTime, TooHard, UnsupportedPrimitive) as error:
            late = "out of time at " if isinstance(error, OutOfTime) else ""
            self.outcome.reasons[program.name] = f"{late}{error}"
            self.live = [name for name in self.live if name != program.name]
            return None
        self.asked[program.name] = system.asked
        return outputs

    # -- arguments ------------------------------------------------------------------------------------------------

    def _argument(self, system: Symbolic, place: int, name: str, values: Mapping[int, Any]) -> Array:
        """One argument as generators, with what its region says of them."""
        facts, shape = self.facts[place], self.subject.shapes[place]
        algebra = system.field
        if place in values and facts.below is not None:
            return np.array(values[place], dtype=np.int64).reshape((1, *shape))
        extents = system.extents(shape)
        result = np.empty((1, *extents), dtype=object)
        if facts.value is not None:
            return system.lift(np.array(facts.value, dtype=np.float64).reshape((1, *shape)))
        if facts.total is not None and shape and not isinstance(shape[-1], int) and not facts.vertex:
            system.simplices = system.simplices | {name}
        for where in np.ndindex(*extents):
            slots = system.all_slots(shape, where)
            if facts.vertex:
                label = system.partition.special.get("label")
                result[(0, *where)] = self._vertex(algebra, facts, place, slots, where, values, shape, label)
                continue
            result[(0, *where)] = system.entry(name, shape, slots, facts.signs)
        if facts.total is not None and not facts.vertex:
            self._last_of_simplex(system, shape, extents, result)
        self._known(system, facts, shape, result)
        return result

    @staticmethod
    def _vertex(
        algebra: Field,
        facts: Facts,
        place: int,
        slots: Sequence[tuple[str, Any]],
        where: Sequence[int],
        values: Mapping[int, Any],
        lengths: Sequence[Any],
        label: int | str | None,
    ) -> Value:
        """An entry of a one-hot target; ``label`` is the single entry of an open axis that is one."""
        if place in values:
            shape = [each for each in lengths[:-1] if isinstance(each, int)]
            row = int(np.ravel_multi_index(where[:-1], shape)) if len(where) > 1 else 0
            return algebra.one if values[place][row] == where[-1] else algebra.zero
        kind, which = slots[-1]
        if kind == "in":
            return algebra.zero
        if facts.index is not None:
            return algebra.one if which == facts.index else algebra.zero
        return algebra.one if which == label else algebra.zero

    @staticmethod
    def _last_of_simplex(system: Symbolic, shape: Sequence[Any], extents: Sequence[int], result: Array) -> None:
        """Write one entry of every row by the others."""
        if not isinstance(shape[-1], int):
            axis = system.axis(shape[-1])
            if not axis.blocks and len(shape) == 1:
                others = [-result[0, place] for place in range(extents[-1] - 1)]
                result[0, extents[-1] - 1] = system.field.total([system.field.one, *others])
            return
        rows = result.reshape(-1, extents[-1])
        for row in rows:
            row[-1] = system.field.total([system.field.one, *(-each for each in row[:-1])])
            if extents[-1] > 1:
                scale, pairs = system.field.factor(row[-1].num)
                system.field.base_signs[pairs[0][0]] = AT_LEAST_ZERO if scale > 0 else AT_MOST_ZERO

    @staticmethod
    def _known(system: Symbolic, facts: Facts, shape: Sequence[Any], result: Array) -> None:
        """What a region says beyond the signs of its entries."""
        algebra = system.field

        def note(difference: Value, signs: Signs) -> None:
            scale, pairs = algebra.factor(difference.num)
            if len(pairs) == 1 and pairs[0][1] == 1:
                turned = frozenset(sign if scale > 0 else -sign for sign in signs)
                known = algebra.base_signs.get(pairs[0][0], ANY)
                algebra.base_signs[pairs[0][0]] = known & turned

        low, high = (None if end is None else Fraction(end) for end in (facts.low, facts.high))
        if low is not None or high is not None:
            # What is said of any entry of an open axis is true of each, wherever its indices coincide.
            entries = [
                each
                for entry in result.ravel().tolist()
                for each in (entry.cases.values() if isinstance(entry, Generic) else (entry,))
            ]
            for entry in entries:
                algebra.ends[algebra.used(entry.num)[0]] = (low, high)
                if low is not None:
                    note(entry - algebra.number(low), AT_LEAST_ZERO)
                if high is not None:
                    note(algebra.number(high) - entry, AT_LEAST_ZERO)
        if facts.winner is not None and facts.winner != "any" and shape:
            rows = result.reshape(-1, result.shape[-1])
            signs = POSITIVE if facts.gap > 0 else AT_LEAST_ZERO
            if isinstance(shape[-1], int):
                best = int(facts.winner) % shape[-1]
            else:
                best = system.axis(shape[-1]).singles.index(int(facts.winner))
            for row in rows:
                for place, entry in enumerate(row.tolist()):
                    if place != best and isinstance(entry, Value):
                        note(row[best] - entry, signs)
                        note(algebra.exp(row[best]) - algebra.exp(entry), signs)

    @staticmethod
    def _free(system: Symbolic, name: str, shape: Sequence[Any]) -> Array:
        """A tangent or a cotangent: any numbers."""
        extents = system.extents(shape)
        result = np.empty((1, *extents), dtype=object)
        for where in np.ndindex(*extents):
            result[(0, *where)] = system.entry(name, shape, system.all_slots(shape, where), ANY)
        return result

    # -- comparing ------------------------------------------------------------------------------------------------

    def _contracted(
        self, system: Symbolic, program: Program, derivative: Sequence[Array], along: Sequence[Array]
    ) -> list[Array]:
        """What a mode with a direction returns, from the whole derivative of the formula."""
        subject = self.subject
        outer = subject.inner if subject.claim.autodiff.kind == "hessian" else subject.outer
        inner = subject.inner
        results: list[Array] = []
        forward = program.contracted == "in"
        for number, kept in enumerate(outer if forward else inner):
            total: Array | None = None
            for other, summed in enumerate(inner if forward else outer):
                row, column = (number, other) if forward else (other, number)
                block = derivative[row * len(inner) + column]
                shape = (*kept, *summed) if forward else (*summed, *kept)
                axes = tuple(range(len(kept), len(shape))) if forward else tuple(range(len(summed)))
                to = dict(enumerate(axes))
                spread = system.placed(along[other], summed, to, shape)  # type: ignore[attr-defined]
                products = system._map(None, system.field.multiply, block, spread)  # type: ignore[attr-defined]
                part = system.sum_axes(products, shape, axes) if axes else products  # type: ignore[attr-defined]
                total = part if total is None else system._map(None, system.field.add, total, part)  # type: ignore[attr-defined]
            assert total is not None
            results.append(total)
        return results

    def _compare(
        self, system: Symbolic, path: Path, program: Program, outputs: Sequence[Array], expected: Sequence[Array]
    ) -> None:
        for number, (first, second) in enumerate(zip(outputs, expected, strict=True)):
            first, second = np.broadcast_arrays(first, second)
            for where in np.ndindex(*first.shape[1:]):
                self.spoke = True
                a, b = first[(0, *where)], second[(0, *where)]
                keys = a.cases if isinstance(a, Generic) else b.cases if isinstance(b, Generic) else {None: None}
                for key in keys:
                    one = a.cases[key] if isinstance(a, Generic) else a
                    two = b.cases[key] if isinstance(b, Generic) else b
                    component = f"{number}{list(where)}{key or ''}"
                    self._one_component(system, path, program, component, one, two)
                    if self.outcome.residual is not None or program.name not in self.live:
                        return

    def _needs(self, program: Program, one: Value, two: Value) -> frozenset[Any]:
        """What has to hold for both sides of a component, and all that their choices ask about, to be numbers."""
        return one.needs | two.needs | self.asked[program.name] | self.asked[self.subject.formula.name]

    def _one_component(
        self, system: Symbolic, path: Path, program: Program, component: str, one: Any, two: Any
    ) -> None:
        def give_up(reason: str) -> None:
            self.outcome.reasons[program.name] = reason
            self.live = [name for name in self.live if name != program.name]

        if not isinstance(one, Value) or not isinstance(two, Value):
            give_up("a side without a value")
            return
        difference = one - two
        if not difference.is_zero and not _vanishes(system.field, path, difference):
            if system.field.has_maximum(system.field.all_used(difference)):
                raise NeedsCases
            self.outcome.residual = Residual(difference, one, two, component, program.name, system)
            return
        needs = self._needs(program, one, two)
        open_needs = [need for need in needs if not _met(system, path, need)]
        if open_needs:
            base, signs = min(open_needs, key=lambda need: need[0])
            text = base_text(system, base)
            text = text if len(text) <= LONGEST_BASE else f"a sum of {len(system.field.bases[base])} terms"
            words = {NOT_ZERO: "zero", POSITIVE: "zero or negative", AT_LEAST_ZERO: "negative"}.get(signs, "undefined")
            give_up(
                f"{text} may be {words} in the domain, where "
                f"{'a division' if signs == NOT_ZERO else 'a logarithm or a root'} has no value"
            )
            return
        if self.keep:
            self.outcome.certificates.append(Residual(difference, one, two, component, program.name, system))


def _within(axis: Axis, index: int) -> int:
    """An index that names one entry at every length; another counts from the end, or wraps around at some lengths."""
    if not 0 <= index < axis.least:
        raise TooHard(f"index {index} of an axis of any length from {axis.least}")
    return index


class _Deciding:
    """Answers the open choices of a reading from the path, and from what is known of the blocks."""

    def __init__(self, system: Symbolic, path: Path, partition: Partition) -> None:
        self.system, self.path, self.partition = system, path, partition
        self.canonical: dict[int, tuple[int, int]] = {}
        system.field.known = self.known
        system.field.decide = self.decide

    def _canonical(self, base: int) -> tuple[int, int]:
        """The base in terms of the first generic element of its block, and whether its sign is turned."""
        field = self.system.field
        roles = field.base_roles[base]
        if not roles:
            return base, 1
        found = self.canonical.get(base)
        if found is not None:
            return found
        if len(roles) > 1:
            return base, 1
        ((block, place),) = roles
        if place == 0:
            return base, 1
        value = Value(field, field.bases[base], 1, (), frozenset())
        moved = self.system.renamed(value, {(block, place): (block, 0)})
        scale, pairs = field.factor(moved.num)
        if len(pairs) != 1 or pairs[0][1] != 1:
            return base, 1
        found = pairs[0][0], 1 if scale > 0 else -1
        self.canonical[base] = found
        return found

    def known(self, base: int) -> Signs:
        """Signs that the path leaves open."""
        if not self.path.signs:
            return ANY
        place, turn = self._canonical(base)
        signs = self.path.signs.get(place, ANY)
        return signs if turn > 0 else frozenset(-each for each in signs)

    def decide(self, base: int, options: tuple[Signs, ...]) -> Signs:
        """Take the next option of the path."""
        field = self.system.field
        if field.has_maximum(field.used(field.bases[base])):
            raise NeedsCases
        place, turn = self._canonical(base)
        signs = field.signs_of_base(base)
        if self.system.autodiff and 0 in signs and not any(0 in each for each in options):
            self.path.exceptions.setdefault(place)
        turned = options if turn > 0 else tuple(frozenset(-each for each in option) for option in options)
        implied = self._implied(place)
        turned = tuple(each for each in turned if each & implied) or turned
        # An option that holds at every point of this path leaves nothing to the others.
        turned = next(((each,) for each in turned if implied <= each), turned)
        roles = field.base_roles[place]
        if len(turned) == 1:
            chosen = turned[0]
        elif roles:
            if len(roles) > 1:
                raise TooHard("a choice that depends on two entries of an axis of any length")
            ((number, _),) = roles
            block = self.partition.blocks[number]
            if block.asked >= len(block.answers):
                raise Split(number, turned)
            chosen = block.answers[block.asked]
            if not set(turned) <= set(block.options[block.asked]):
                # What is known by now has changed the order of the choices, and these blocks do not cover this one.
                raise TooHard("choices about an axis of any length that come up in different orders")
            block.asked += 1
        else:
            asked = len(self.path.counts)
            if asked >= len(self.path.script):
                self.path.script.append(0)
            self.path.counts.append(len(turned))
            chosen = turned[self.path.script[asked]]
        self.path.signs[place] = self.path.signs.get(place, ANY) & chosen
        return chosen

    def _implied(self, base: int) -> Signs:
        """Signs that a base may have, given that it or its opposite may be a sum of two that are known."""
        field = self.system.field
        target = field.bases[base]
        known: list[tuple[Any, bool]] = []
        for other, held in (*self.path.signs.items(), *field.base_signs.items()):
            if held <= AT_LEAST_ZERO:
                known.append((field.bases[other], 0 not in held))
            elif held <= AT_MOST_ZERO:
                known.append((-field.bases[other], 0 not in held))
        if len(known) > MOST_KNOWN:
            return ANY
        # Each pair of facts is added and compared.
        field.learnt.effort -= len(known) ** 2 // 8
        field.watch()
        found = ANY
        sums = known + [(a + b, p or q) for (a, p), (b, q) in itertools.combinations(known, 2)]
        for poly, strict in sums:
            for turn, side in ((1, target), (-1, -target)):
                more = side - poly
                if not more.is_constant() or (len(more) and int(more.leading_coefficient()) < 0):
                    continue
                # The side is a sum of what is known and of a number that is at least zero.
                allowed = POSITIVE if strict or len(more) else AT_LEAST_ZERO
                found = found & frozenset(turn * each for each in allowed)
        for poly, strict in known:
            lead, first = poly.monomial(0), int(poly.coefficient(0))
            for turn, side in ((1, target), (-1, -target)):
                other = int(side[lead])
                if len(found) == 1 or other * first <= 0:
                    continue
                # The side times something is what is known times something, and of the rest the signs are plain.
                signs = field.plain_signs(side * abs(first) - poly * abs(other))
                if signs <= AT_LEAST_ZERO:
                    allowed = POSITIVE if strict or signs == POSITIVE else AT_LEAST_ZERO
                    found = found & frozenset(turn * each for each in allowed)
        return found


def _vanishes(algebra: Field, path: Path, difference: Value) -> bool:
    """Whether a difference is zero where the path says that some bases are zero."""
    zero = [base for base, signs in path.signs.items() if signs == ZERO_SIGN]
    num = difference.num
    for base in zero:
        _, rest = divmod(num, algebra.bases[base])
        if rest.is_zero():
            return True
        num = rest
    return False


def _met(system: Symbolic, path: Path, need: tuple[int, Signs]) -> bool:
    """Whether a base has a sign that is needed: as is known, or as a sum of squares of which one is not zero."""
    algebra = system.field
    base, wanted = need
    if algebra.signs_of_base(base) <= wanted:
        return True
    whole = algebra.bases[base]
    if 1 not in wanted or algebra.base_roles[base] or not _is_sum_of_squares(system, path, whole):
        return False
    # The field is that of this line of the proof alone.
    algebra.base_signs[base] = algebra.base_signs.get(base, ANY) & POSITIVE
    return True


def _is_sum_of_squares(system: Symbolic, path: Path, whole: Any) -> bool:
    """Whether a polynomial is a sum of squares of what the path has decided, of which one is not zero."""
    algebra = system.field
    rest, some = whole, False
    for other, signs in path.signs.items():
        long = len(algebra.bases[other]) > LONGEST_SUM
        if long or len(algebra.base_roles[other]) > 1 or algebra.bases[other] == whole:
            continue
        square = Value(algebra, algebra.bases[other] ** 2, 1, (), frozenset())
        for role in algebra.base_roles[other]:
            # Every block has an entry.
            square = system.sum_over(square, role)
        if set(algebra.used(square.num)) <= set(algebra.used(whole)):
            rest, some = rest - square.num, some or 0 not in signs
    return some and (rest.is_zero() or algebra.plain_signs(rest) <= AT_LEAST_ZERO)


def least(subject: Subject, name: str) -> int:
    """The smallest length that a named size has in a claim; TooHard for a length that is computed of one."""
    found = [choice[name] for choice in subject.claim.choices() if name in choice]
    if not found:
        raise TooHard(f"an axis of length {name}")
    return min(found)


# -- text -----------------------------------------------------------------------------------------------------------


def generator_text(system: Symbolic, place: int) -> str:
    """A generator as a reader writes it."""
    field = system.field
    generator = field.generators[place]
    key = generator.key
    if generator.kind == "input":
        name, where = key
        if not where:
            return name
        return f"{name}_{','.join(_index_text(each) for each in where)}"
    if generator.kind == "exp":
        places, den, scale = key
        inner = _term_text(system, places, den)
        if scale != 1:
            factor = repr(float(scale))
            inner = factor if inner == "1" else f"{factor}*{inner}"
        return f"exp({inner})" if generator.unit == 1 else f"exp({inner}/{generator.unit})"
    if generator.kind == "log":
        return f"log|{poly_text(system, field.bases[key])}|"
    if generator.kind == "log-whole":
        return f"log({key if key < 10**9 else format(key, '.6e')})"
    if generator.kind == "root":
        return f"|{poly_text(system, field.bases[key])}|**(1/{generator.unit})"
    if generator.kind == "root-whole":
        return f"{key}**(1/{generator.unit})"
    if generator.kind == "count":
        axis = next(each for each in system.partition.axes.values() if key in each.blocks)
        return axis.name if len(axis.blocks) == 1 and not axis.singles else f"N{axis.blocks.index(key) + 1}"
    if generator.kind == "parameter":
        return f"p{place}"
    if generator.kind == "distance":
        return f"distance{key}"
    if generator.kind == "sum":
        block, places, den = key
        axis = next(each for each in system.partition.axes.values() if block in each.blocks)
        kind = str(axis.blocks.index(block) + 1) if len(axis.blocks) > 1 else ""
        return f"Sum{kind}[{_term_text(system, places, den)}]"
    if generator.kind == "max":
        word = "max" if key[0] > 0 else "min"
        return f"{word}({', '.join(value_text(system, each) for each in generator.arguments)})"
    return f"{key[0]}({', '.join(value_text(system, each) for each in generator.arguments)})"


def _index_text(where: tuple[Any, ...]) -> str:
    if where[0] == "at":
        return str(where[1])
    return index_letter(where[2])


def index_letter(role: int) -> str:
    """The letter of an index of a generic entry; below zero, of one that is summed over: -1 is the innermost sum."""
    letters, number = ("jlm", -1 - role) if role < 0 else ("kip", role)
    times, place = divmod(number, len(letters))
    return letters[place] + (str(1 + times) if times else "")


def _term_text(system: Symbolic, places: Sequence[tuple[int, int]], den: Any) -> str:
    parts = [generator_text(system, place) + (f"**{power}" if power != 1 else "") for place, power in places]
    text = "*".join(parts) or "1"
    for base, power in den:
        inner = poly_text(system, system.field.bases[base])
        text += f"/({inner})" + (f"**{power}" if power != 1 else "")
    return text


def poly_text(system: Symbolic, poly: Any) -> str:
    """A polynomial, its terms in their order."""
    parts: list[str] = []
    if len(poly) > LONGEST_SUM:
        return f"a sum of {len(poly)} terms"
    for exponents, coefficient in zip(poly.monoms(), poly.coeffs(), strict=True):
        factors = [
            generator_text(system, place) + (f"**{int(power)}" if power != 1 else "")
            for place, power in enumerate(exponents)
            if power
        ]
        number = int(coefficient)
        size = abs(number)
        body = "*".join(([str(size)] if size != 1 or not factors else []) + factors)
        parts.append((" - " if number < 0 else " + ") + body)
    text = "".join(parts) or "0"
    return text[3:] if text.startswith(" + ") else "-" + text[3:] if text.startswith(" - ") else text


def value_text(system: Symbolic, value: Value) -> str:
    """A value as a quotient, in the order of its terms."""
    num = poly_text(system, value.num)
    below = [
        f"({poly_text(system, system.field.bases[base])})" + (f"**{power}" if power != 1 else "")
        for base, power in value.den
    ]
    if value.unit != 1:
        below.insert(0, str(value.unit))
    if not below:
        return num
    return f"({num})/({'*'.join(below)})"


def base_text(system: Symbolic, base: int) -> str:
    """A base."""
    return poly_text(system, system.field.bases[base])


def exception_text(system: Symbolic, base: int) -> str:
    """Where a proof does not speak."""
    return f"{base_text(system, base)} = 0"


# -- the engine -----------------------------------------------------------------------------------------------------


def dimensions(claim: Claim) -> dict[str, Any]:
    """Named sizes as JAX's symbolic dimensions, at least as large as the smallest size of the claim."""
    least: dict[str, int] = {}
    for choice in claim.choices():
        for name, value in choice.items():
            least[name] = min(value, least.get(name, value))
    key = tuple(sorted(least.items()))
    if key not in _DIMENSIONS:
        names = [name for name, _ in key]
        made = jax.export.symbolic_shape(", ".join(names), constraints=[f"{name} >= {low}" for name, low in key])
        _DIMENSIONS[key] = dict(zip(names, made, strict=True))
    return {name: _DIMENSIONS[key][name] for name in least}


def prove_open(claim: Claim, seconds: float = OPEN_SECONDS, *, keep: bool = False) -> Outcome:
    """Try to prove an identity with every named size left open."""
    try:
        subject = trace(claim, dimensions(claim), FLOAT64)
    except ClaimError as error:
        outcome = Outcome()
        outcome.reasons["formula"] = f"it cannot be traced with its sizes left open: {error}"
        return outcome
    outcome = Reader(subject, time.perf_counter() + PATIENCE * seconds, effort=seconds * STEPS, keep=keep).run()
    if not keep and SHIFTS in outcome.reasons.values():
        # The reader of bounds knows which of several values is the largest.
        from verify.engines import bounds

        other = bounds.prove_bound(subject, seconds)
        if other.proved and not other.reasons:
            return other
    return outcome


def prove_open_bound(claim: Claim, seconds: float = OPEN_SECONDS) -> Outcome:
    """Try to prove a bound with every named size left open."""
    from verify.engines import bounds  # it reads with this module's reader

    try:
        subject = trace(claim, dimensions(claim), FLOAT64)
    except ClaimError as error:
        outcome = Outcome()
        outcome.reasons["formula"] = f"it cannot be traced with its sizes left open: {error}"
        return outcome
    return bounds.prove_bound(subject, seconds)


def prove_at(subject: Subject, seconds: float, *, keep: bool = False) -> Outcome:
    """Try to prove an identity at one choice of sizes."""
    return Reader(subject, time.perf_counter() + PATIENCE * seconds, effort=seconds * STEPS, keep=keep).run()


@dataclass
class Proof:
    """What proving one claim came to, with the sizes left open and at each size.

    Attributes:
        open: the reading with open sizes; None for a claim without named sizes.
        closed: the readings at sizes, by their text.
    """

    open: Outcome | None = None
    closed: dict[str, Outcome] = field(default_factory=dict)

    def everywhere(self) -> bool:
        """Whether every mode is proved for all sizes at once."""
        return self.open is not None and bool(self.open.proved) and not self.open.reasons

    def residual(self) -> Residual | None:
        """A difference that did not cancel; at a size where there is one, since fewer letters stand in it."""
        found = [each.residual for each in self.closed.values() if each.residual is not None]
        if self.open is not None and self.open.residual is not None:
            found.insert(0, self.open.residual)
        return found[0] if found else None


def prove(case: Case) -> Proof:
    """Prove an identity for every size, and what that leaves at the sizes of the claim."""
    claim = case.claim
    named = any(case.choices)
    found = Proof()
    if named:
        found.open = prove_open(claim, seconds=OPEN_SECONDS)
        # A mode that JAX offers at a size, but not with the sizes left open, is not proved by being left out.
        tried = {*found.open.proved, *found.open.reasons}
        for program in case.subject(case.choices[0]).modes if found.open.proved else ():
            if program.name not in tried:
                found.open.reasons[program.name] = "JAX does not trace it with its sizes left open"
        if found.everywhere():
            return found
    spent = 0.0
    for size in case.choices:
        late = spent > SECONDS[case.budget.name]
        if entries(claim, size) > MOST_ENTRIES or (late and found.closed):
            continue
        outcome = prove_at(case.subject(size), SECONDS[case.budget.name])
        spent += outcome.spent
        found.closed[size_text(size)] = outcome
        if outcome.residual is not None:
            break
    return found


def check(case: Case, *, agrees: bool = False) -> Verdict:
    """Prove a claim.

    Args:
        case: the claim under examination.
        agrees: whether the sides agree at points, so that a difference that stays is one of our making.

    Returns:
        HOLDS (proved), or UNKNOWN with the reason and, where the sides differ, their difference.

    Raises:
        ClaimError: where a side cannot be traced.
    """
    started = time.perf_counter()
    claim = case.claim

    def verdict(status: Status, **fields: Any) -> Verdict:
        return Verdict(claim=claim.id, engine=NAME, status=status, seconds=time.perf_counter() - started, **fields)

    if case.choices and entries(claim, case.choices[0]) <= case.budget.entries:
        first = case.subject(case.choices[0])
        length = max(first.modes[0].length, first.formula.length)
        if length > MOST_EQUATIONS:
            return verdict(
                Status.UNKNOWN,
                reason=f"a program of {length:,} equations is not read symbolically: {MOST_EQUATIONS:,} are the most",
            )
    if claim.relation != "==":
        return _bound(case, verdict)
    proof = prove(case)
    every = f"every {' and '.join(_size_names(claim))}"
    done = {text: outcome for text, outcome in proof.closed.items() if outcome.proved and not outcome.reasons}
    # Of a claim that is proved at each of its sizes, a difference at others says nothing.
    residual = None if len(done) == len(case.choices) else proof.residual()
    if residual is not None and agrees:
        return verdict(Status.UNKNOWN, reason="the difference of the sides did not cancel in every case")
    if residual is not None:
        return verdict(
            Status.UNKNOWN,
            residual=residual_text(residual),
            reason=explain(claim, residual),
        )
    if proof.everywhere():
        assert proof.open is not None
        return verdict(Status.HOLDS, evidence="proved", sizes=(every,), exceptions=tuple(proof.open.exceptions))
    reasons: dict[str, None] = {}
    if proof.open is not None and proof.open.proved:
        reasons[f"{every} by {', '.join(proof.open.proved)} alone: {_joined(proof.open.reasons)}"] = None
    elif proof.open is not None:
        stays = proof.open.residual
        why = _joined(proof.open.reasons) if stays is None else f"the sides differ by {residual_text(stays)}"
        reasons[f"not for {every}: {why}"] = None
    for text, outcome in proof.closed.items():
        if text not in done:
            reasons[f"not at {text or 'its size'}: {_joined(outcome.reasons)}"] = None
    exceptions: dict[str, None] = {}
    for outcome in done.values():
        exceptions |= outcome.exceptions
    if not done:
        return verdict(Status.UNKNOWN, reason="; ".join(reasons))
    return verdict(
        Status.HOLDS,
        evidence="proved",
        sizes=tuple(done),
        exceptions=tuple(exceptions),
        reason="; ".join(reasons),
    )


def _bound(case: Case, verdict: Callable[..., Verdict]) -> Verdict:
    """Prove a bound for every size, or at its small sizes."""
    from verify.engines import bounds, boxes  # they read with this module's reader

    done: dict[str, Outcome] = {}
    reasons: dict[str, None] = {}
    every = f"every {' and '.join(_size_names(case.claim))}"
    # To trace a claim once more takes longer than all of its small sizes, which a quick run is content with.
    if any(case.choices) and case.budget.name != "quick":
        outcome = prove_open_bound(case.claim)
        # A mode that JAX offers at a size alone is not proved by being left out.
        offered = {program.name for program in case.subject(case.choices[0]).modes if not program.contracted}
        if outcome.proved and not outcome.reasons and offered <= set(outcome.proved):
            return verdict(Status.HOLDS, evidence="proved", sizes=(every,), exceptions=tuple(outcome.exceptions))
        reasons[f"not for {every}: {_joined(outcome.reasons) or 'not in every mode'}"] = None
    spent, seconds = 0.0, SECONDS[case.budget.name]
    failed: dict[str, list[str]] = {}
    smallest = min((entries(case.claim, size) for size in case.choices), default=0)
    if smallest > MOST_BOUND_ENTRIES:
        why = f"an argument has {smallest} entries or more, and a certificate takes at most {MOST_BOUND_ENTRIES}"
        failed[why] = ["any fixed size"]
    for size in case.choices:
        text = size_text(size)
        if entries(case.claim, size) > MOST_BOUND_ENTRIES or spent > seconds:
            continue
        outcome = bounds.prove_bound(case.subject(size), seconds / 2)
        spent += outcome.spent
        if outcome.proved and not outcome.reasons:
            done[text] = outcome
        else:
            why = _joined(outcome.reasons)
            found = None
            # A stable form is an identity, which no box proves; and a quick run looks at none.
            if case.budget.name != "quick" and case.claim.stable is None:
                limit = time.perf_counter() + PATIENCE * seconds
                found = boxes.shares(case.subject(size), limit, seconds / 2 * STEPS)
            if found is not None and found[0].whole and found[0].proved == 1:
                done[text] = Outcome(exceptions=dict.fromkeys(found[1]))
                continue
            if found is not None:
                why += f", and {found[0].text()}"
            failed.setdefault(why, []).append(text or "its size")
    reasons |= {f"not proved at {' and '.join(texts)}: {why}": None for why, texts in failed.items()}
    if not done:
        return verdict(Status.UNKNOWN, reason="; ".join(reasons))
    exceptions: dict[str, None] = {}
    for outcome in done.values():
        exceptions |= outcome.exceptions
    return verdict(
        Status.HOLDS,
        evidence="proved",
        sizes=tuple(done),
        exceptions=tuple(exceptions),
        reason="; ".join(reasons),
    )


def _joined(reasons: Mapping[str, str]) -> str:
    grouped: dict[str, list[str]] = {}
    for mode, reason in reasons.items():
        grouped.setdefault(reason, []).append(mode)
    parts = [
        reason if len(modes) == len(reasons) else f"{', '.join(modes)}: {reason}" for reason, modes in grouped.items()
    ]
    text = "; ".join(parts)
    return text if len(text) <= LONGEST_REASON else text[:LONGEST_REASON] + " …"


def _size_names(claim: Claim) -> list[str]:
    return list(dict.fromkeys(name for choice in claim.choices() for name in choice))


# -- diagnosis --------------------------------------------------------------------------------------------------------


def residual_text(residual: Residual) -> str:
    """The difference of the sides, factored, with softmax outputs written as such."""
    system, value = residual.system, residual.value
    field = system.field
    scale, pairs = field.factor(value.num)
    above: list[str] = []
    powers = dict(value.den)
    for base, power in pairs:
        text = _factor_text(system, base)
        single = field.base_generator[base]
        if single is not None and field.generators[single].kind == "exp":
            output = _softmax_output(system, single, powers)
            if output is not None:
                total, name = output
                times = min(power, powers[total])
                powers[total] -= times
                above.append(name + (f"^{times}" if times > 1 else ""))
                power -= times
        if power:
            above.append(text + (f"^{power}" if power > 1 else ""))
    below = [_factor_text(system, base) + (f"^{power}" if power > 1 else "") for base, power in powers.items() if power]
    number = Fraction(scale, value.unit)
    if number.denominator != 1 and number.denominator.bit_length() > 12:
        front = f"{float(number):.6g}"
    else:
        front = str(number)
    if above and abs(number) == 1:
        text = ("−" if number < 0 else "") + " ".join(above)
    else:
        text = " ".join([front.replace("-", "−"), *above])
    if below:
        text += " / " + (below[0] if len(below) == 1 else "(" + " ".join(below) + ")")
    text = text.replace("**", "^").replace("*", "·")
    return text if len(text) <= LONGEST_RESIDUAL else text[:LONGEST_RESIDUAL] + " …"


def _factor_text(system: Symbolic, base: int) -> str:
    poly = system.field.bases[base]
    text = poly_text(system, poly)
    return f"({text})" if len(poly) > 1 else text


def _softmax_output(system: Symbolic, place: int, powers: Mapping[int, int]) -> tuple[int, str] | None:
    """The base that all exponentials of an argument add up to, and the name of one over it."""
    field = system.field
    places, den, scale = field.generators[place].key
    if den or scale != 1 or len(places) != 1 or places[0][1] != 1 or field.generators[place].unit != 1:
        return None
    element = field.generators[places[0][0]]
    if element.kind != "input":
        return None
    for base, power in powers.items():
        poly = field.bases[base]
        if not power or any(int(each) != 1 for each in poly.coeffs()) or poly.total_degree() != 1:
            continue
        kinds = {field.generators[each].kind for each in field.used(poly)}
        # At one size every entry of the argument has its exponential in the sum.
        entries = sum(each.kind == "input" and each.key[0] == element.key[0] for each in field.generators)
        whole = "sum" in kinds or (place in field.used(poly) and len(poly) == entries)
        if kinds <= {"exp", "sum"} and whole:
            return base, generator_text(system, places[0][0]).replace(f"{element.key[0]}_", "σ_", 1)
    return None


def explain(claim: Claim, residual: Residual) -> str:
    """What would have to hold for the sides to be equal, where that is something known."""
    ratio: Fraction | None = None
    with suppress(Restart, TooHard):
        ratio = (residual.autodiff / residual.by_hand).constant
    if ratio is not None and len(str(ratio)) < 12:
        ratio_text = f"−{-ratio}" if ratio < 0 else str(ratio)
        if _whole_ratio(claim, ratio):
            return f"JAX's derivative is {ratio_text} times the formula: a constant factor is missing"
    for sentence, other in hypotheses(claim):
        if _holds(other):
            return f"the sides are equal {sentence}"
    return ""


def _whole_ratio(claim: Claim, ratio: Fraction) -> bool:
    """Whether the formula times a constant is JAX's derivative, in every component."""
    by_hand = claim.by_hand
    number = float(ratio)
    if Fraction(number) != ratio:
        return False
    return _holds(replace(claim, by_hand=lambda **given: jax.tree.map(lambda leaf: number * leaf, by_hand(**given))))


def hypotheses(claim: Claim) -> Iterator[tuple[str, Claim]]:
    """The claim under each hypothesis that may be missing."""
    for name, region in claim.domain.items():
        if type(region) in (Reals, Logits) and region.shape and name not in _differentiated(claim):
            yield (
                f"where the entries of {name} sum to one",
                replace(claim, domain={**claim.domain, name: Simplex(region.shape)}),
            )
            yield f"for one-hot {name}", replace(claim, domain={**claim.domain, name: OneHot(region.shape)})
        elif type(region) is Simplex:
            yield f"for one-hot {name}", replace(claim, domain={**claim.domain, name: OneHot(region.shape)})
    for name in _size_names(claim):
        smallest = [choice for choice in claim.choices() if choice[name] == 2]
        if len(smallest) < len(claim.choices()):
            # Sizes of a false claim often leave out the one at which it is true.
            yield f"where {name} = 2", replace(claim, sizes=[{**claim.choices()[0], name: 2}])
    for name, region in claim.domain.items():
        if type(region) in (Reals, Logits):
            yield f"where {name} is positive", replace(claim, domain={**claim.domain, name: Positive(region.shape)})


def _differentiated(claim: Claim) -> tuple[str, ...]:
    wrt = claim.autodiff.wrt
    return () if wrt is None else (wrt,) if isinstance(wrt, str) else wrt


def _holds(claim: Claim) -> bool:
    """Whether a claim is proved, for every size or at its first."""
    try:
        choices = claim.choices()
        if any(choices) and len({tuple(each.values()) for each in choices}) > 1:
            outcome = prove_open(claim, HYPOTHESIS_SECONDS)
            if outcome.proved and not outcome.reasons:
                return True
            if outcome.residual is not None:
                return False
        outcome = prove_at(trace(claim, choices[0], FLOAT64), HYPOTHESIS_SECONDS)
    except (ClaimError, UnsupportedPrimitive):
        return False
    return bool(outcome.proved) and not outcome.reasons
