"""Boxes: how much of a bounded part of the domain keeps a bound for which there is no certificate?

The difference of the sides is a quotient of polynomials in inputs and functions of them. It is enclosed by ball
arithmetic on boxes of the inputs, which are cut in two until each is proved, refuted, or the effort is spent; the
effort is counted in boxes, so that every machine writes the same. Logits enter by their differences from one of them,
so that a maximum that only shifts them drops out. On a box where the slopes have one sign, the value at a corner
decides: a bound that is attained at an end of an interval is proved there too.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Final

import numpy as np
from flint import arb, fmpq

from verify.domain import Logits
from verify.engines.prove import Outcome, Path, Reader
from verify.program import Program, Subject
from verify.readings.algebra import ANY, AT_LEAST_ZERO, AT_MOST_ZERO, NEGATIVE, POSITIVE, Field, Poly, TooHard, Value
from verify.readings.exact import precision
from verify.readings.interpreter import Array
from verify.readings.symbolic import Symbolic

# Half the width of the box along an entry that the domain does not bound, in nats where it is a logit.
REACH: Final = 8
MOST_BOXES: Final = 400
# Terms of polynomials that all boxes of one component may be evaluated in.
MOST_WORK: Final = 12_000
MOST_COORDINATES: Final = 4
BITS: Final = 96

Box = tuple[tuple[Fraction, Fraction], ...]
# A value and its slopes along the coordinates.
Dual = tuple[arb, list[arb]]


@dataclass
class Shares:
    """What became of the volume of the box, as shares of it.

    Attributes:
        proved, refuted, undecided: they add up to one.
        whole: whether the box is all of the domain.
    """

    proved: Fraction
    refuted: Fraction
    undecided: Fraction
    whole: bool

    def text(self) -> str:
        """The shares in words."""
        where = "the whole domain" if self.whole else f"the box of entries and differences of logits up to {REACH}"
        return (
            f"on {where}, cut into small ones, {_percent(self.proved)} of the volume is proved, "
            f"{_percent(self.refuted)} refuted, {_percent(self.undecided)} undecided"
        )


def _percent(share: Fraction) -> str:
    # Rounded down, so that 100 % is all of it.
    whole = math.floor(share * 100)
    return f"{whole} %" if whole or not share else "below 1 %"


def shares(subject: Subject, deadline: float, effort: float) -> tuple[Shares, tuple[str, ...]] | None:
    """Bisect the box of a claim that states a bound.

    Args:
        subject: the claim at one size.
        deadline: value of `time.perf_counter` after which nothing is decided.
        effort: limit of the steps that reading may take.

    Returns:
        The least favourable shares of all modes and components, with the points of which they do not speak; None where
        the sides cannot be enclosed on boxes.
    """
    reader = _BoxReader(subject, deadline, effort=effort)
    outcome = reader.run()
    if subject.where is not None or outcome.reasons or not reader.found:
        return None
    return min(reader.found.values(), key=lambda each: (each.proved, -each.refuted)), tuple(outcome.exceptions)


def _add(found: dict[Any, Shares], key: Any, share: Shares) -> None:
    """Where two statements have to hold, the volumes of which they are not proved lie apart at worst."""
    held = found.get(key, Shares(Fraction(1), Fraction(0), Fraction(0), whole=True))
    proved = max(held.proved + share.proved - 1, Fraction(0))
    refuted = max(held.refuted, share.refuted)
    found[key] = Shares(proved, refuted, 1 - proved - refuted, held.whole and share.whole)


class _BoxReader(Reader):
    """Reads the first mode in coordinates with ends."""

    def __init__(self, subject: Subject, deadline: float, *, effort: float) -> None:
        super().__init__(subject, deadline, effort=effort)
        self.live = [program.name for program in subject.modes if not program.contracted]
        self.same: dict[Any, Shares] = {}
        # By values of what has finitely many, mode and component: over all choices, both sides of an absolute value.
        self.found: dict[Any, Shares] = {}
        # The same of the line of the proof that is being read.
        self.line: dict[Any, Shares] = {}
        self.coordinates: dict[int, tuple[Fraction, Fraction]] = {}
        self.whole = True

    def run(self) -> Outcome:
        self.found = {}
        return super().run()

    def _read(self, partition: Any, values: Mapping[int, Any], path: Path) -> None:
        # Another line of the proof has other generators under the same numbers.
        self.coordinates, self.whole, self.same, self.line = {}, True, {}, {}
        super()._read(partition, values, path)
        for (program, component), share in self.line.items():
            _add(self.found, (str(values), program, component), share)

    def _coordinate(self, system: Symbolic, name: str, where: Any, low: Fraction, high: Fraction) -> Value:
        above = POSITIVE if low > 0 else AT_LEAST_ZERO if low == 0 else ANY
        signs = above & (NEGATIVE if high < 0 else AT_MOST_ZERO if high == 0 else ANY)
        value = system.input(f"{name} box", (("at", where),), signs)
        place = system.field.used(value.num)[0]
        self.coordinates[place] = system.field.ends[place] = (low, high)
        return value

    def _argument(self, system: Symbolic, place: int, name: str, values: Mapping[int, Any]) -> Array:
        facts, shape = self.facts[place], self.subject.shapes[place]
        if facts.vertex or facts.value is not None or facts.below is not None:
            return super()._argument(system, place, name, values)
        algebra, region = system.field, self.subject.regions[place]
        result = np.empty((1, *shape), dtype=object)
        reach = Fraction(REACH)
        for where in np.ndindex(*shape):
            entry = result[(0, *where[:-1])] if where else None
            if facts.winner is not None or isinstance(region, Logits):
                if facts.winner == "any":
                    raise TooHard("a winner at any place")
                best = int(facts.winner or 0) % shape[-1]
                self.whole = False
                top = system.input(name, tuple(("at", each) for each in (*where[:-1], best)), ANY)
                low = Fraction(facts.gap) if facts.winner is not None else -reach
                shift = self._coordinate(system, name, where, low, low + reach if facts.winner is not None else reach)
                result[(0, *where)] = top if where[-1] == best else top - shift
            elif facts.total is not None:
                # The rest of the total, split at a share between none and all of it.
                before = entry[: where[-1]].tolist() if entry is not None else []
                rest = algebra.total([algebra.one, *(-each for each in before)])
                last = where[-1] == shape[-1] - 1
                share = algebra.one if last else self._coordinate(system, name, where, Fraction(0), Fraction(1))
                result[(0, *where)] = rest * share
            else:
                low = -reach if facts.low is None else Fraction(facts.low)
                high = reach if facts.high is None else Fraction(facts.high)
                self.whole = self.whole and facts.low is not None and facts.high is not None
                if facts.signs <= POSITIVE and facts.low is None:
                    low = Fraction(1, 2**REACH)
                result[(0, *where)] = self._coordinate(system, name, where, low, high)
        return result

    def _one_component(
        self, system: Symbolic, path: Path, program: Program, component: str, one: Any, two: Any
    ) -> None:
        if not isinstance(one, Value) or not isinstance(two, Value) or one.needs | two.needs:
            raise TooHard("a function without a value somewhere")
        relation = self.subject.claim.relation
        for difference in {"<=": [two - one], ">=": [one - two], "abs<=": [two - one, two + one]}[relation]:
            key = (component, tuple(path.script), difference.key)
            if key not in self.same:
                evaluated = _Evaluated(system.field, difference, self.coordinates)
                self.same[key] = evaluated.bisect(self.whole, chosen=bool(path.counts))
            _add(self.line, (program.name, component), self.same[key])


class _Evaluated:
    """A difference on boxes of its coordinates."""

    def __init__(self, field: Field, difference: Value, coordinates: Mapping[int, tuple[Fraction, Fraction]]) -> None:
        self.field = field
        sign = 1
        self.odd: list[Poly] = []
        for base, power in difference.den:
            signs = field.signs_of_base(base)
            if power % 2 and signs == NEGATIVE:
                sign = -sign
            elif power % 2 and signs != POSITIVE:
                # Its value decides: multiplied by it once more, the difference keeps its sign.
                self.odd.append(field.bases[base])
        self.num = difference.num if sign > 0 else -difference.num
        self.order: list[int] = []
        self.ends: list[tuple[Fraction, Fraction]] = []
        for place in self._inputs([self.num, *self.odd]):
            if place not in coordinates:
                raise TooHard("a difference that depends on all logits at once")
            self.order.append(place)
            self.ends.append(coordinates[place])
        if len(self.order) > MOST_COORDINATES:
            raise TooHard("a box with too many sides")
        self.kept: dict[int, Dual] = {}

    def _inputs(self, polys: list[Poly]) -> list[int]:
        field = self.field
        seen: dict[int, None] = {}
        todo = [place for poly in polys for place in field.used(poly)]
        found: dict[int, None] = {}
        while todo:
            place = todo.pop()
            if place in seen:
                continue
            seen[place] = None
            generator = field.generators[place]
            if generator.kind == "input":
                found[place] = None
            elif generator.kind == "exp":
                todo += [each for each, _ in generator.key[0]]
                todo += [each for base, _ in generator.key[1] for each in field.used(field.bases[base])]
            elif generator.kind in ("log", "root"):
                todo += field.used(field.bases[generator.key])
            elif generator.kind not in ("log-whole", "root-whole"):
                raise TooHard(f"a {generator.kind} on a box")
        return sorted(found)

    def bisect(self, whole: bool, *, chosen: bool) -> Shares:
        """Cut the box until everything is decided or the effort is spent.

        Args:
            whole: whether the box is all of the domain.
            chosen: whether a choice went before, so that not every point of the box is meant: none is refuted then.
        """
        allowed = min(MOST_BOXES, max(MOST_WORK // max(len(self.num), 1), 1))
        todo: list[tuple[Box, Fraction]] = [(tuple(self.ends), Fraction(1))]
        proved = refuted = Fraction(0)
        count = 0
        with precision(BITS):
            while count < len(todo) < 2 * allowed:
                box, volume = todo[count]
                count += 1
                answer = self._decide(box)
                if answer > 0:
                    proved += volume
                elif answer < 0:
                    refuted += volume
                elif not box:
                    break
                else:
                    widest = max(range(len(box)), key=lambda each: (box[each][1] - box[each][0], -each))
                    low, high = box[widest]
                    middle = (low + high) / 2
                    for part in ((low, middle), (middle, high)):
                        todo.append(((*box[:widest], part, *box[widest + 1 :]), volume / 2))
        if chosen:
            refuted = Fraction(0)
        return Shares(proved, refuted, 1 - proved - refuted, whole)

    def _decide(self, box: Box) -> int:
        """1 where the difference is nowhere negative on a box, -1 where it is everywhere, 0 where that is open."""
        self.kept = {}
        balls = [_ball(low, high) for low, high in box]
        value, slopes = self._whole(balls)
        if value >= 0:
            return 1
        if value < 0:
            return -1
        corner: list[arb] = []
        for (low, high), slope in zip(box, slopes, strict=True):
            if not slope.is_finite():
                return 0
            corner.append(_ball(low, low) if slope >= 0 else _ball(high, high))
        least = corner
        if all(slope >= 0 or slope <= 0 for slope in slopes):
            self.kept = {}
            if self._whole(least)[0] >= 0:
                return 1
        # The value in the middle, and how far the slopes lead from there.
        self.kept = {}
        middle = [_ball((low + high) / 2, (low + high) / 2) for low, high in box]
        around = self._whole(middle)[0]
        for slope, ball, at in zip(slopes, balls, middle, strict=True):
            around = around + slope * (ball - at)
        return 1 if around >= 0 else -1 if around < 0 else 0

    def _whole(self, balls: list[arb]) -> Dual:
        self.given = balls
        result = self._poly(self.num)
        for poly in self.odd:
            result = _times(result, self._poly(poly))
        return result

    def _poly(self, poly: Poly) -> Dual:
        width = len(self.order)
        total: Dual = (arb(0), [arb(0)] * width)
        for exponents, coefficient in poly.to_dict().items():
            term: Dual = (arb(int(coefficient)), [arb(0)] * width)
            for place, power in enumerate(exponents):
                if power:
                    term = _times(term, _power(self._generator(place), int(power)))
            total = total[0] + term[0], [a + b for a, b in zip(total[1], term[1], strict=True)]
        return total

    def _generator(self, place: int) -> Dual:
        if place not in self.kept:
            self.kept[place] = self._made(place)
        return self.kept[place]

    def _made(self, place: int) -> Dual:
        field, width = self.field, len(self.order)
        generator = field.generators[place]
        if generator.kind == "input":
            number = self.order.index(place)
            return self.given[number], [arb(int(each == number)) for each in range(width)]
        if generator.kind == "log-whole":
            return arb(generator.key).log(), [arb(0)] * width
        if generator.kind == "root-whole":
            return arb(generator.key).root(generator.unit), [arb(0)] * width
        if generator.kind == "exp":
            places, den, scale = generator.key
            factor = Fraction(scale) / generator.unit
            inner: Dual = (arb(fmpq(factor.numerator, factor.denominator)), [arb(0)] * width)
            for each, power in places:
                inner = _times(inner, _power(self._generator(each), power))
            for base, power in den:
                inner = _times(inner, _power(self._poly(field.bases[base]), -power))
            value = inner[0].exp()
            return value, [value * each for each in inner[1]]
        inside = self._poly(field.bases[generator.key])
        sign = field.signs_of_base(generator.key)
        size = inside if not sign <= AT_MOST_ZERO else (-inside[0], [-each for each in inside[1]])
        if generator.kind == "log":
            return size[0].log(), [each / size[0] for each in size[1]]
        value = size[0].root(generator.unit)
        return value, [each * value / (size[0] * generator.unit) for each in size[1]]


def _ball(low: Fraction, high: Fraction) -> arb:
    """A ball that holds an interval; exact where its ends are dyadic."""
    first, last = arb(fmpq(low.numerator, low.denominator)), arb(fmpq(high.numerator, high.denominator))
    return first if low == high else first.union(last)


def _times(a: Dual, b: Dual) -> Dual:
    return a[0] * b[0], [a[0] * y + x * b[0] for x, y in zip(a[1], b[1], strict=True)]


def _power(a: Dual, exponent: int) -> Dual:
    if exponent == 1:
        return a
    slope = a[0] ** (exponent - 1) * exponent
    return a[0] ** exponent, [slope * each for each in a[1]]
