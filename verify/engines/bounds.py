"""Prove bounds: a certificate that the difference of the sides is nowhere negative, for the whole domain.

With the sizes left open the certificate is one of sums over tuples of entries (`sums`); what follows is for one size.

Every argument is written in parameters that are at least zero: a target on the simplex as shares of a total, a
saturated logit by how far it stays behind the winner, an interval by the distances from its ends. The difference then
is a quotient of polynomials in such parameters, and it is at least zero where all coefficients are. Where they are
not, the parameters are put in every order and each is written by its distance from the next smaller one, again and
again; or the numerator is multiplied by sums of parameters, which changes no sign.
"""

import itertools
import math
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Final

import numpy as np

from verify.domain import Facts, Logits
from verify.engines import forms, sums
from verify.engines.prove import PATIENCE, STEPS, Outcome, Path, Reader, least
from verify.program import Program, Subject
from verify.readings.algebra import (
    ANY,
    AT_LEAST_ZERO,
    AT_MOST_ZERO,
    POSITIVE,
    Field,
    Poly,
    TooHard,
    Value,
)
from verify.readings.interpreter import Array, walk
from verify.readings.symbolic import NeedsCases, Partition, Symbolic

# Arguments whose sign is free are followed with either sign, up to this many entries.
MOST_FREE: Final = 4
# How often parameters are put in order, and how many polynomials one certificate may look at.
DEEPEST: Final = 4
MOST_LOOKS: Final = 6000
POLYA: Final = 3
# Larger polynomials are not put in order: to write one anew would take longer than all the rest.
MOST_CERTIFIED: Final = 5000
MOST_ORDERED: Final = 400
MOST_ORDERED_DEGREE: Final = 16
# With sizes left open: polynomials of more terms are looked at in one way only.
MOST_INVERTED: Final = 200
NO_FORM: Final = "the difference has values of either sign, and is no quadratic form in them"


def prove_bound(subject: Subject, seconds: float) -> Outcome:
    """Try to prove a bound at one choice of sizes, or for every size.

    Args:
        subject: the traced claim, its sizes left open where all are meant.
        seconds: of a quiet machine.

    Returns:
        What was proved, and by the first way to read the claim if none proves it.
    """
    deadline = time.perf_counter() + PATIENCE * seconds
    left, spent = seconds, 0.0
    first: Outcome | None = None
    ways = [(False, False), (True, False), (False, True)]
    if subject.where is not None:
        # A hypothesis about an entry is one about what it is, not about its distances from the ends.
        ways = [(True, False), (False, False), (False, True)]
    for plain, split in ways:
        reader = BoundReader(subject, deadline, effort=left * STEPS)
        reader.plain, reader.split = plain, split
        if (plain and not reader.between) or (split and not 0 < len(reader.free) <= MOST_FREE):
            continue
        outcome = reader.run()
        spent += outcome.spent
        left = max(left - outcome.spent, seconds / 3)
        outcome.spent = spent
        if outcome.proved and not outcome.reasons:
            return outcome
        first = first or outcome
    assert first is not None
    first.spent = spent
    return first


@dataclass
class Rest:
    """What a search for a certificate was left with, where it came closest.

    Attributes:
        terms, negative: coefficients of the polynomial, and those of them that are negative.
        minor: rows of the minor of a quadratic form that it is; 0 where it is the difference itself.
        multiplied: the same two numbers after the last multiplier; None where none was tried.
        below: whether it is negative at a simple point.
        tuples: whether its terms are sums over tuples of entries, of an axis of any length; ``negative`` are then those
            that no others cover, at least one.
    """

    terms: int
    negative: int
    minor: int = 0
    multiplied: tuple[int, int] | None = None
    below: bool = False
    tuples: bool = False

    def text(self) -> str:
        """In words."""
        if self.tuples:
            return (
                f"the difference is {self.terms} sums over tuples of entries, of which {_are(self.negative)} negative "
                "and outweighed by no others"
            )
        of = f"a {self.minor} by {self.minor} minor of the difference" if self.minor else "the difference"
        text = f"of the {self.terms} coefficients of {of}, {_are(self.negative)} negative"
        if self.multiplied is not None:
            text += f", and {self.multiplied[1]} of {self.multiplied[0]} after {POLYA} multipliers"
        if self.below:
            text += "; it is negative at a simple point (all its values 1, or one of them large)"
        return text


class _Reached(Exception):
    """The values whose ends are asked for."""

    def __init__(self, terms: Sequence[Value]) -> None:
        """Take the values."""
        super().__init__(terms)
        self.terms = terms


class BoundReader(Reader):
    """Reads both sides in parameters that are at least zero, and looks for certificates."""

    def __init__(self, subject: Subject, deadline: float, *, effort: float = math.inf) -> None:
        """Take a traced claim that states a bound; ``effort`` limits the steps that are taken."""
        super().__init__(subject, deadline, effort=effort)
        if subject.claim.relation != "==":
            # A bound is a statement about values: a mode with a direction states another one.
            contracted = {program.name for program in subject.modes if program.contracted}
            self.live = [name for name in self.live if name not in contracted]
        # Whether entries of either sign are followed with either sign, one after the other.
        self.split = False
        # Whether entries of an interval stay as they are, and its ends are known of them.
        self.plain = False
        # Differences of one line of the proof; the modes of JAX mostly come to the same ones.
        self.same: dict[Any, bool] = {}
        self.rest: Rest | None = None
        # With sizes left open: whether maxima are looked for among entries in order, and values that are at most one.
        self.ordered = False
        self.bounded: frozenset[str] = frozenset()
        # Arguments of entries of either sign of which the largest and the smallest are asked for.
        self.spread: dict[str, None] = {}
        self.spread_tried = 0

    def _read(self, partition: Partition, values: Mapping[int, Any], path: Path) -> None:
        # Another line of the proof has other generators under the same numbers.
        self.same = {}
        super()._read(partition, values, path)

    def _values(self) -> Iterator[dict[int, Any]]:
        """Finitely many values, and the signs of entries that may have either, where they are followed."""
        if not self.split:
            yield from super()._values()
            return
        for values in super()._values():
            for signs in itertools.product((1, -1), repeat=len(self.free)):
                turned: dict[int, dict[int, int]] = {}
                for (place, entry), sign in zip(self.free, signs, strict=True):
                    turned.setdefault(place, {})[entry] = sign
                yield {**values, **turned}

    @property
    def between(self) -> bool:
        """Whether an argument lies in an interval."""
        return any(facts.low is not None and facts.high is not None for facts in self.facts)

    @property
    def free(self) -> list[tuple[int, int]]:
        """Entries of either sign, as places of arguments and of entries."""
        free: list[tuple[int, int]] = []
        for place, (facts, shape) in enumerate(zip(self.facts, self.subject.shapes, strict=True)):
            if facts != Facts() or self._is_logits(place):
                continue
            if any(not isinstance(each, int) for each in shape):
                continue
            free += [(place, entry) for entry in range(int(np.prod(shape, dtype=int)))]
        return free

    def _is_logits(self, place: int) -> bool:
        """Whether an argument enters by its exponentials, so that its own sign does not matter."""
        return isinstance(self.subject.regions[place], Logits)

    def _argument(self, system: Symbolic, place: int, name: str, values: Mapping[int, Any]) -> Array:
        """One argument in parameters that are at least zero."""
        facts, shape = self.facts[place], self.subject.shapes[place]
        algebra = system.field
        if facts.vertex or facts.value is not None or facts.below is not None:
            return super()._argument(system, place, name, values)
        if any(not isinstance(each, int) for each in shape):
            return self._opened(system, place, name, values)
        if facts.winner is not None:
            return self._saturated(system, facts, name, shape)
        if facts.total is not None:
            return self._shares(system, name, shape)
        if facts.low is not None and facts.high is not None and not self.plain:
            return self._between(system, facts, name, shape)
        if place in values:
            array = super()._argument(system, place, name, {})
            flat = array.ravel()
            for entry, sign in values[place].items():
                size = self._parameter(algebra, name, entry)
                flat[entry] = size if sign > 0 else -size
            return flat.reshape(array.shape)
        return super()._argument(system, place, name, values)

    # -- with sizes left open -------------------------------------------------------------------------------------

    def _system(self, algebra: Field, partition: Partition) -> Symbolic:
        system = super()._system(algebra, partition)
        if self._open and self.ordered:
            system.extreme = lambda terms, direction: self._extreme(system, terms, direction)
        return system

    def _sensible(self, partition: Partition) -> bool:
        """The runner-up is not the winner."""
        for name, facts in zip(self.subject.names, self.facts, strict=True):
            second = partition.special.get(f"second {name}")
            first = partition.special.get(f"first {name}", facts.winner)
            if second is not None and second == first:
                return False
        return True

    def _follows_maxima(self) -> bool:
        """A maximum that stays is looked for among the entries whose order is known, or is made known."""
        if not self._open:
            return super()._follows_maxima()
        if self.ordered and len(self.spread) == self.spread_tried:
            return False
        self.ordered = True
        self.spread_tried = len(self.spread)
        return True

    def _opened(self, system: Symbolic, place: int, name: str, values: Mapping[int, Any]) -> Array:
        """An argument along an axis of any length: by the winner, or as shares of a total."""
        facts, shape = self.facts[place], self.subject.shapes[place]
        special = system.partition.special
        if len(shape) != 1:
            return super()._argument(system, place, name, values)
        slots = system.axis(shape[0]).slots
        first: int | str | None = facts.winner if facts.winner is not None else special.get(f"first {name}")
        if first is not None:
            return self._behind(system, name, slots, first, special.get(f"second {name}"))
        result = np.empty((1, len(slots)), dtype=object)
        algebra = system.field
        if name in self.spread:
            return self._spread_out(system, place, name, values)
        if facts.total is None:
            return super()._argument(system, place, name, values)
        parts: list[Value] = []
        for number, slot in enumerate(slots):
            share = system.input(f"{name} share", (_where(slot),), AT_LEAST_ZERO)
            result[0, number] = share
            parts.append(share if slot[0] == "at" else system.sum_over(share, (slot[1], 0)))
        total = algebra.total(parts)
        _, pairs = algebra.factor(total.num)
        # Not all shares are zero.
        algebra.base_signs[pairs[0][0]] = POSITIVE
        for number in range(len(slots)):
            result[0, number] = result[0, number] / total
        return result

    @staticmethod
    def _least(system: Symbolic, name: str) -> Value:
        """The smallest entry of an argument."""
        return system.input(f"{name} least", (), ANY)

    def _spread(self, algebra: Field, name: str) -> Value:
        """The largest entry of an argument less the smallest."""
        return self._parameter(algebra, f"{name} spread", 0)

    def _parts(self, system: Symbolic, name: str, slots: Sequence[tuple[str, Any]]) -> list[Value]:
        """``least + spread q_j`` with ``0 <= q_j <= 1`` for each slot."""
        self.bounded = self.bounded | {f"{name} part"}
        least, spread = self._least(system, name), self._spread(system.field, name)
        return [least + spread * system.input(f"{name} part", (_where(slot),), AT_LEAST_ZERO) for slot in slots]

    def _spread_out(self, system: Symbolic, place: int, name: str, values: Mapping[int, Any]) -> Array:
        """An argument v where the ends of ``a_j + v_j`` or ``a_j - v_j`` are asked: they are ``least + spread q_j``."""
        slots = system.axis(self.subject.shapes[place][0]).slots
        # To see what a_j is, the formula is read up to there with entries that are free.
        del self.spread[name]
        before = system.extreme
        given = [self._argument(system, each, other, values) for each, other in enumerate(self.subject.names)]

        def stop(terms: Sequence[Value], direction: int) -> Value | None:
            if self._turn(terms, given[place].ravel().tolist(), name) is not None:
                raise _Reached(terms)
            return before(terms, direction)

        try:
            system.extreme = stop
            walk(system, self.subject.formula.closed, given, 1)
        except _Reached as reached:
            turn = self._turn(reached.terms, given[place].ravel().tolist(), name)
            assert turn is not None
            factor = system.field.number(turn)
            result = np.empty((1, len(slots)), dtype=object)
            entries = given[place].ravel().tolist()
            for number, part in enumerate(self._parts(system, name, slots)):
                # The terms come in the order of the slots.
                rest = reached.terms[number] - factor * entries[number]
                result[0, number] = factor * (part - rest)
            return result
        finally:
            system.extreme = before
            self.spread[name] = None
        raise NeedsCases

    @staticmethod
    def _turn(terms: Sequence[Value], entries: Sequence[Any], name: str) -> int | None:
        """1 or -1 where all terms are something plus or minus an entry of an argument; None where they are not."""
        if len(terms) != len(entries) or not all(isinstance(each, Value) for each in entries):
            return None
        algebra = terms[0].field

        def without(value: Value) -> bool:
            return all(
                generator.kind != "input" or generator.key[0] != name
                for generator in (algebra.generators[each] for each in algebra.all_used(value))
            )

        for turn in (1, -1):
            factor = algebra.number(turn)
            if all(without(term - factor * entry) for term, entry in zip(terms, entries, strict=True)):
                return turn
        return None

    def _end(self, system: Symbolic, terms: Sequence[Value], direction: int) -> Value | None:
        """The largest or smallest of values that each have an entry of their own of either sign."""
        for place, (name, shape, facts) in enumerate(
            zip(self.subject.names, self.subject.shapes, self.facts, strict=True)
        ):
            if len(shape) != 1 or isinstance(shape[0], int) or facts != Facts() or self._is_logits(place):
                continue
            slots = system.axis(shape[0]).slots
            if name not in self.spread:
                entries = super()._argument(system, place, name, {}).ravel().tolist()
                if self._turn(terms, entries, name) is not None:
                    self.spread[name] = None
                    raise NeedsCases
                continue
            parts = self._parts(system, name, slots)
            if len(parts) == len(terms) and all((a - b).is_zero for a, b in zip(parts, terms, strict=True)):
                least = self._least(system, name)
                return least if direction < 0 else least + self._spread(system.field, name)
        return None

    def _behind(
        self, system: Symbolic, name: str, slots: Sequence[tuple[str, Any]], first: int | str, second: int | str | None
    ) -> Array:
        """``e^{x_j} = e^{x_first} r_j`` with ``0 < r_j <= 1``; beside a runner-up ``r_j = r_second s_j``."""
        algebra = system.field
        lag = f"{name} behind"
        self.bounded = self.bounded | {lag}
        top = system.input(name, (("at", first),), frozenset({-1, 0, 1}))

        def behind(slot: tuple[str, Any]) -> Value:
            ratio = system.input(lag, (_where(slot),), POSITIVE)
            base = algebra.factor(ratio.num)[1][0][0]
            # Its logarithm is at most zero.
            algebra.generator("log", base, AT_MOST_ZERO, algebra.base_roles[base], depth=algebra.base_depth(base))
            return algebra.log(ratio)

        result = np.empty((1, len(slots)), dtype=object)
        for number, slot in enumerate(slots):
            if slot == ("at", first):
                result[0, number] = top
            elif second is None or slot == ("at", second):
                result[0, number] = top + behind(slot)
            else:
                result[0, number] = algebra.total([top, behind(("at", second)), behind(slot)])
        return result

    def _extreme(self, system: Symbolic, terms: Sequence[Value], direction: int) -> Value | None:
        """The largest of some values where one is known to be; else what has to be told apart to know it."""
        algebra = system.field
        for one in terms:
            if algebra.roles_of(one):
                continue
            differences = (one - other if direction > 0 else other - one for other in terms)
            if all(self._is_at_least_zero(system, each) for each in differences):
                return one
        end = self._end(system, terms, direction)
        if end is not None or direction < 0:
            return end
        for name, region, shape, facts in zip(
            self.subject.names, self.subject.regions, self.subject.shapes, self.facts, strict=True
        ):
            own = {name, f"{name} behind"}
            if len(shape) != 1 or isinstance(shape[0], int) or not self._of(algebra, terms, own):
                continue
            known = [f"first {name}"] if isinstance(region, Logits) else []
            for wanted in (*known, f"second {name}"):
                if wanted not in self.special and (wanted in known or facts.winner is not None):
                    if least(self.subject, str(shape[0])) < 2:
                        raise TooHard("a runner-up where there may be one entry alone")
                    self.special[wanted] = str(shape[0])
                    raise NeedsCases
        return None

    def _is_at_least_zero(self, system: Symbolic, difference: Value) -> bool:
        """Whether one value is at least another; False too where that is too hard to say."""
        try:
            return self._at_least_zero(system, Path([]), difference)
        except TooHard:
            return False

    @staticmethod
    def _of(algebra: Field, terms: Sequence[Value], names: set[str]) -> bool:
        """Whether values are made of the entries of one argument alone."""
        for term in terms:
            for place in algebra.all_used(term):
                generator = algebra.generators[place]
                inner = [place]
                if generator.kind == "log":
                    inner = algebra.used(algebra.bases[generator.key])
                if any(
                    algebra.generators[each].kind != "input" or algebra.generators[each].key[0] not in names
                    for each in inner
                ):
                    return False
        return True

    @staticmethod
    def _parameter(algebra: Field, name: str, number: Any) -> Value:
        return algebra.of(algebra.generator("parameter", (name, number), AT_LEAST_ZERO))

    def _saturated(self, system: Symbolic, facts: Facts, name: str, shape: Sequence[Any]) -> Array:
        """``e^{x_j} = e^{x_winner} e^{-gap} / (1 + b_j)`` with ``b_j >= 0``."""
        algebra = system.field
        if not isinstance(facts.winner, int) or not shape:
            raise TooHard("a bound for a winner at any place")
        result = np.empty((1, *shape), dtype=object)
        for where in np.ndindex(*shape):
            best = (*where[:-1], facts.winner % shape[-1])
            top = system.input(name, tuple(("at", each) for each in best), frozenset({-1, 0, 1}))
            if where == best:
                result[(0, *where)] = top
                continue
            behind = algebra.one + self._parameter(algebra, name, where)
            result[(0, *where)] = algebra.total([top, algebra.number(-Fraction(facts.gap)), -algebra.log(behind)])
        return result

    def _shares(self, system: Symbolic, name: str, shape: Sequence[Any]) -> Array:
        """``y_i = w_i / sum w`` with ``w_i >= 0``, not all of them zero."""
        algebra = system.field
        result = np.empty((1, *shape), dtype=object)
        rows = result.reshape(-1, shape[-1])
        for number, row in enumerate(rows):
            shares = [self._parameter(algebra, name, (number, place)) for place in range(shape[-1])]
            total = algebra.total(shares)
            _, pairs = algebra.factor(total.num)
            algebra.base_signs[pairs[0][0]] = POSITIVE
            for place, share in enumerate(shares):
                row[place] = share / total
        return result

    def _between(self, system: Symbolic, facts: Facts, name: str, shape: Sequence[Any]) -> Array:
        """``v = (lo q + hi p) / (p + q)`` with ``p, q >= 0``, not both zero."""
        algebra = system.field
        assert facts.low is not None
        assert facts.high is not None
        result = np.empty((1, *shape), dtype=object)
        for where in np.ndindex(*shape):
            up = self._parameter(algebra, name, (*where, "up"))
            down = self._parameter(algebra, name, (*where, "down"))
            total = up + down
            _, pairs = algebra.factor(total.num)
            algebra.base_signs[pairs[0][0]] = POSITIVE
            low, high = algebra.number(Fraction(facts.low)), algebra.number(Fraction(facts.high))
            result[(0, *where)] = (low * down + high * up) / total
        return result

    def _one_component(
        self, system: Symbolic, path: Path, program: Program, component: str, one: Any, two: Any
    ) -> None:
        relation = self.subject.claim.relation if program.name != "stable" else "=="
        if relation == "==":
            super()._one_component(system, path, program, component, one, two)
            return
        if not isinstance(one, Value) or not isinstance(two, Value):
            self._drop(program, "a side without a value")
            return
        if any(system.field.signs_of_base(base) - signs for base, signs in self._needs(program, one, two)):
            self._drop(program, "a division, a logarithm or a root may have no value in the domain")
            return
        differences = {"<=": [two - one], ">=": [one - two], "abs<=": [two - one, two + one]}[relation]
        for difference in differences:
            key = difference.key
            if key not in self.same:
                self.rest = None
                self.same[key] = self._at_least_zero(system, path, difference)
            if not self.same[key]:
                if system.field.has_maximum(system.field.all_used(difference)):
                    raise NeedsCases
                left = NO_FORM if self.rest is None else self.rest.text()
                self._drop(program, f"no certificate for {component_words(system, component)}: {left}")
                return

    def _drop(self, program: Program, reason: str) -> None:
        self.outcome.reasons[program.name] = reason
        self.live = [name for name in self.live if name != program.name]

    # -- certificates ---------------------------------------------------------------------------------------------

    def _at_least_zero(self, system: Symbolic, path: Path, difference: Value) -> bool:
        """Whether a value is nowhere negative."""
        algebra = system.field
        if difference.is_zero:
            return True
        below = forms.below(algebra, difference)
        poly = difference.num if below == POSITIVE else -difference.num
        if below == ANY:
            return algebra.signs(difference) <= AT_LEAST_ZERO
        if algebra.plain_signs(poly) <= AT_LEAST_ZERO:
            return True
        if self._open and algebra.signs(difference) <= AT_LEAST_ZERO:
            return True
        given: list[Poly] = []
        for base, signs in (*path.signs.items(), *(algebra.base_signs.items() if self.plain else ())):
            # What is zero is both.
            given += [_without_logarithms(algebra, algebra.bases[base])] if signs <= AT_LEAST_ZERO else []
            given += [_without_logarithms(algebra, -algebra.bases[base])] if signs <= AT_MOST_ZERO else []
        if self._open:
            # What is known is solved for something in the difference, or looked at beside it.
            logarithms = any(algebra.generators[each].kind == "log" for each in algebra.used(poly))
            if not (self.plain or logarithms) and self._certified(system, poly, given):
                return True
            solved = forms.at_least_zero(
                algebra, poly, given, lambda each, _: each != poly and self._certified(system, each, []), minors=False
            )
            return solved or (self.plain and not logarithms and self._certified(system, poly, given))
        return forms.at_least_zero(
            algebra, poly, given, lambda each, minor: self._certified(system, each, [], minor=minor)
        )

    def _left(self, rest: Rest) -> None:
        """Keep what is left of the search that came closest."""
        if self.rest is None or rest.negative * self.rest.terms < self.rest.negative * rest.terms:
            self.rest = rest

    def _certified(self, system: Symbolic, poly: Poly, given: Sequence[Poly], *, minor: int = 0) -> bool:
        """Search for a certificate of a polynomial, using what the path has decided."""
        algebra = system.field
        if algebra.relations:
            # Products of polynomials may have powers of roots.
            reduced = algebra.value(poly, 1, (), frozenset())
            if reduced.den:
                return False
            poly = reduced.num
        if poly.is_zero():
            return True
        if len(poly) > MOST_CERTIFIED:
            raise TooHard(f"a difference of {len(poly)} terms")
        used = algebra.used(poly)
        roots = [place for place in used if algebra.generators[place].kind == "root"]
        for place in roots:
            parts = self._by_root(algebra, poly, place)
            if parts is None:
                continue
            plain, factor, instead = parts
            # plain - factor * root >= 0 where plain >= 0 and plain^2 >= factor^2 root^2.
            if not self._certified(system, plain, given):
                return False
            squared = algebra.total(
                [
                    Value(algebra, plain * plain, 1, (), frozenset()),
                    -(Value(algebra, factor * factor, 1, (), frozenset()) * instead),
                ]
            )
            return self._at_least_zero(system, Path([]), squared)
        scale, pairs = algebra.factor(poly)
        sign = 1 if scale > 0 else -1
        rest: list[Poly] = []
        for base, power in pairs:
            known = algebra.signs_of_base(base)
            if power % 2 == 0 or known <= AT_LEAST_ZERO:
                continue
            if known <= AT_MOST_ZERO:
                sign = -sign
            else:
                rest.append(algebra.bases[base])
        if not rest:
            if sign < 0:
                self._left(Rest(len(poly), max(_negatives(poly), 1), minor, below=True))
            return sign > 0
        whole = math.prod(rest[1:], start=rest[0])
        if self._open:
            whole = whole if sign > 0 else -whole
            if not self.ordered and algebra.has_maximum(algebra.used(whole)):
                # Where it may be told apart, that is tried first.
                return False
            # What takes longest comes last.
            for means in (False, True):
                for each in (whole, self._inverted(algebra, whole)):
                    if each is None or (means and len(each) > MOST_INVERTED):
                        continue
                    facts = given if each is whole else ()
                    if len(each) > MOST_INVERTED and each is not whole:
                        continue
                    terms, open_ones = sums.uncovered(algebra, each, self.bounded, facts, means=means)
                    if not open_ones:
                        return True
                    self._left(Rest(terms, open_ones, tuples=True))
            return False
        whole = whole if sign > 0 else -whole
        if self._search(algebra, whole, DEEPEST, [0]):
            return True
        self._left(self._rest(algebra, whole, minor))
        return False

    def _inverted(self, algebra: Field, poly: Poly) -> Poly | None:
        """The polynomial with ``1 / (1 + b)`` in the place of single values that are at most one; None without any."""
        places = [
            place
            for place in algebra.used(poly)
            if algebra.generators[place].kind == "input"
            and algebra.generators[place].key[0] in self.bounded
            and not algebra.generators[place].roles
        ]
        if not places:
            return None
        for place in places:
            name = ("inverted", algebra.generators[place].key)
            one_more = algebra.one_poly + algebra.variables[algebra.generator("parameter", name, AT_LEAST_ZERO)]
            degree = int(poly.degrees()[place])
            parts = forms.powers(algebra, poly, place)
            poly = sum((part * one_more ** (degree - power) for power, part in parts.items()), algebra.zero_poly)
            algebra.learnt.effort -= 1 + len(poly) // 10
            algebra.watch()
        return poly

    def _rest(self, algebra: Field, poly: Poly, minor: int) -> Rest:
        """What is left of a polynomial without a certificate."""
        rest = Rest(len(poly), _negatives(poly), minor, below=_negative_somewhere(algebra, poly))
        if not rest.below:
            for lifted in self._lifted(algebra, poly):
                rest.multiplied = len(lifted), _negatives(lifted)
        return rest

    @staticmethod
    def _by_root(algebra: Field, poly: Poly, place: int) -> tuple[Poly, Poly, Value] | None:
        """``plain - factor * root``, where the factor is at least zero; None where its sign is open."""
        degree, instead = algebra.relations[place]
        if degree != 2:
            raise TooHard("a bound with a root that is no square root")
        plain: dict[tuple[int, ...], int] = {}
        rooted: dict[tuple[int, ...], int] = {}
        for exponents, coefficient in poly.to_dict().items():
            key = tuple(int(each) for each in exponents)
            if key[place] > 1:
                raise TooHard("a bound with powers of a root")
            if key[place]:
                rooted[(*key[:place], 0, *key[place + 1 :])] = -int(coefficient)
            else:
                plain[key] = int(coefficient)
        factor = algebra.context.from_dict(rooted)
        signs = algebra.plain_signs(factor)
        if signs <= AT_LEAST_ZERO:
            return algebra.context.from_dict(plain), factor, instead
        return None

    def _search(self, algebra: Field, poly: Poly, depth: int, looks: list[int]) -> bool:
        """Whether a polynomial is at least zero wherever its generators are: coefficients, orders, multipliers."""
        looks[0] += 1
        # To write a polynomial in another order takes a step for every few of its terms.
        algebra.learnt.effort -= 1 + len(poly) // 4
        algebra.watch()
        if looks[0] > MOST_LOOKS:
            raise TooHard("no certificate was found in time")
        if algebra.plain_signs(poly) <= AT_LEAST_ZERO:
            return True
        if poly.is_constant() or _negative_somewhere(algebra, poly):
            return False
        if depth == DEEPEST and self._multiplied(algebra, poly):
            return True
        if depth == 0:
            return False
        if len(poly) > MOST_ORDERED or poly.total_degree() > MOST_ORDERED_DEGREE:
            return False
        groups = _groups(algebra, poly)
        for group in groups:
            if len(group) < 2 or len(group) > 4:
                continue
            if all(self._search(algebra, each, depth - 1, looks) for each in _orders(algebra, poly, group)):
                return True
        return False

    def _multiplied(self, algebra: Field, poly: Poly) -> bool:
        """Whether a product with powers of sums of generators has no negative coefficient (Pólya)."""
        return any(algebra.plain_signs(each) <= AT_LEAST_ZERO for each in self._lifted(algebra, poly))

    @staticmethod
    def _lifted(algebra: Field, poly: Poly) -> Iterator[Poly]:
        """Products with powers of sums of generators."""
        for group in _groups(algebra, poly):
            if len(group) < 2 or len(poly) > MOST_ORDERED:
                continue
            total = algebra.zero_poly
            for place in group:
                total = total + algebra.variables[place]
            lifted = poly
            for _ in range(POLYA):
                lifted = lifted * total
                yield lifted


def _are(count: int) -> str:
    return f"{count} is" if count == 1 else f"{count} are"


def _negatives(poly: Poly) -> int:
    return sum(int(each) < 0 for each in poly.coeffs())


def component_words(system: Symbolic, component: str) -> str:
    """``0[0]`` or ``0[1, 0](0, 1)``, number of the output and places in it, as a reader says it."""
    number, _, rest = component.partition("[")
    places, _, coincide = rest.partition("]")
    axes = list(system.partition.axes.values())
    words: list[str] = []
    for place in filter(None, places.split(", ")):
        slots = axes[0].slots if len(axes) == 1 else []
        kind, which = slots[int(place)] if int(place) < len(slots) else ("at", place)
        words.append("any other" if kind == "in" else str(which))
    if coincide and len(set(coincide)) < len(coincide):
        words.append("on the diagonal" if coincide == "(0, 0)" else "off it")
    text = f"component [{', '.join(words)}]" if words else "the value"
    return text if number == "0" else f"{text} of output {number}"


def _where(slot: tuple[str, Any]) -> tuple[Any, ...]:
    """Where an entry stands: at an index, or in a block, as its generic element at the first open axis."""
    return ("in", slot[1], 0) if slot[0] == "in" else slot


def _without_logarithms(algebra: Field, fact: Poly) -> Poly:
    """``f - g`` in the place of ``log f - log g``, which has the same sign where both are positive."""
    places = algebra.used(fact)
    kinds = {algebra.generators[place].kind for place in places}
    if len(fact) != 2 or fact.total_degree() != 1 or kinds != {"log"}:
        return fact
    if sorted(int(each) for each in fact.coeffs()) != [-1, 1]:
        return fact
    result = algebra.zero_poly
    for place in places:
        base = algebra.generators[place].key
        if algebra.signs_of_base(base) != POSITIVE:
            return fact
        inside = algebra.bases[base]
        result = result + (inside if _coefficient(fact, place) > 0 else -inside)
    return result


def _coefficient(poly: Poly, place: int) -> int:
    """Coefficient of a generator in a polynomial of degree one."""
    for exponents, coefficient in zip(poly.monoms(), poly.coeffs(), strict=True):
        if int(exponents[place]) == 1:
            return int(coefficient)
    return 0


def _groups(algebra: Field, poly: Poly) -> list[list[int]]:
    """Generators that are alike, so that putting them in order makes sense."""
    found: dict[str, list[int]] = {}
    for place in algebra.used(poly):
        generator = algebra.generators[place]
        if not generator.signs <= AT_LEAST_ZERO:
            raise TooHard(f"a certificate with a value of either sign ({generator.kind})")
        if generator.kind == "exp":
            name = "exp"
        elif generator.kind in ("parameter", "input"):
            name = f"parameter {generator.key[0]}"
        else:
            name = f"{generator.kind} {place}"
        found.setdefault(name, []).append(place)
    several = [group for group in found.values() if len(group) > 1]
    everything = [place for group in found.values() for place in group]
    if len(found) > 1 and len(everything) <= 4:
        several.append(everything)
    return several or [everything]


def _orders(algebra: Field, poly: Poly, group: Sequence[int]) -> Iterator[Poly]:
    """The polynomial for every order of the generators, each written by its distance from the next smaller one."""
    seen: set[str] = set()
    for order in itertools.permutations(group):
        changes: dict[int, Value] = {}
        total = algebra.zero_poly
        # The smallest keeps its name; every larger one is the smaller ones and a distance under its own name.
        for place in order:
            total = total + algebra.variables[place]
            changes[place] = Value(algebra, total, 1, (), frozenset())
        changed = _composed(algebra, poly, changes)
        key = str(changed)
        if key not in seen:
            seen.add(key)
            yield changed


def _composed(algebra: Field, poly: Poly, changes: Mapping[int, Value]) -> Poly:
    instead = [changes[place].num if place in changes else variable for place, variable in enumerate(algebra.variables)]
    return poly.compose(*instead)


def _negative_somewhere(algebra: Field, poly: Poly) -> bool:
    """Whether the polynomial is negative at a simple point: all ones, or one generator far above the others."""
    used = algebra.used(poly)
    for big in (None, *used):
        for size in (4, 1000) if big is not None else (1,):
            total = 0
            for exponents, coefficient in zip(poly.monoms(), poly.coeffs(), strict=True):
                power = int(exponents[big]) if big is not None else 0
                total += int(coefficient) * size**power
            if total < 0:
                return True
    return False
