"""Polynomials in sums over a block of any length: at least zero however many entries the block has?

A product of sums over a block is a sum over tuples of *different* entries: ``(Σ t)^2 = Σ_{i≠j} t_i t_j + Σ t_i^2``.
Written so, every term is a product of powers of entries that are at least zero, summed over all tuples, and it is at
least zero where its coefficient is, for every number of entries (with fewer entries than indices the sum is empty).
A term with a negative coefficient has to be covered by others that are at least as large: those that it follows from
by moving exponents together (Muirhead; Cauchy-Schwarz is the case of two entries), and by further factors that are at
most one, those of which it is the geometric mean, and Schur's. Which of them cover which is a linear programme.
"""

import itertools
from collections.abc import Iterator, Mapping, Sequence
from itertools import accumulate
from typing import Any, Final

import numpy as np

from verify.engines import cones
from verify.readings.algebra import AT_LEAST_ZERO, AT_MOST_ZERO, Field, Generator, Poly, TooHard

# Exponents of the kinds of values that one entry of a block has, with the number of the block.
Profile = tuple[int, tuple[int, ...]]
# Exponents of what does not vary along the block, and one profile for each of the different entries.
Term = tuple[tuple[int, ...], tuple[Profile, ...]]

MOST_FACTORS: Final = 12
MOST_TERMS: Final = 20_000
MOST_MULTIPLES: Final = 60
MOST_COLUMNS: Final = 4000
# Of one negative term: pairs whose mean it is at most, and terms that stand for one of a pair.
MOST_PAIRS_EACH: Final = 60
MOST_TAKERS: Final = 4
# Terms that may cover a negative one by themselves.
MOST_DIRECT: Final = 30


def uncovered(
    algebra: Field, poly: Poly, bounded: frozenset[str], facts: Sequence[Poly] = (), *, means: bool = True
) -> tuple[int, int]:
    """How many terms a polynomial has, and how many negative ones nothing covers.

    Args:
        algebra: where it was made.
        poly: a polynomial in sums, lengths of blocks, and values.
        bounded: names of the inputs and parameters that are at most one, and at least zero.
        facts: polynomials that are at least zero.
        means: whether to look for terms of which a negative one is the geometric mean, which takes longest.

    Returns:
        Both numbers; where the second is 0, the polynomial is nowhere negative.

    Raises:
        TooHard: where a sum is not one of products of entries.
    """
    expansion = _Expansion(algebra, bounded)
    multiples = list(_multiples(algebra, poly, facts))
    for each in (poly, *multiples):
        expansion.sort(each)
    terms = expansion.of(poly)
    return len(terms), _uncovered(algebra, expansion, terms, [expansion.of(each) for each in multiples], means=means)


def _multiples(algebra: Field, poly: Poly, facts: Sequence[Poly]) -> Iterator[Poly]:
    """Facts times monomials, the small ones first, up to the degree of a polynomial."""
    usable = [fact for fact in facts if set(algebra.used(fact)) <= set(algebra.used(poly))]
    places = [place for place in algebra.used(poly) if algebra.generators[place].signs <= AT_LEAST_ZERO]
    count = 0
    for degree in range(int(poly.total_degree()) if usable else 0):
        for chosen in itertools.combinations_with_replacement(places, degree):
            if count >= MOST_MULTIPLES:
                return
            times = algebra.one_poly
            for place in chosen:
                times = times * algebra.variables[place]
            for fact in usable:
                count += 1
                yield times * fact


class _Expansion:
    """Writes polynomials in sums as sums over tuples of different entries."""

    def __init__(self, algebra: Field, bounded: frozenset[str]) -> None:
        self.algebra = algebra
        self.bounded = bounded
        # Kinds of values of an entry, such as its share of a target; one exponent of a profile each.
        self.kinds: dict[Any, int] = {}
        self.kind_bounded: list[bool] = []
        self.kind_signed: list[bool] = []
        self.scalars: dict[int, None] = {}
        self.sums: dict[int, tuple[int, dict[Any, int]]] = {}
        # The generic entry that the component is about, and its values by their kinds.
        self.element: Any = None
        self.single: dict[Any, int] = {}

    def sort(self, poly: Poly) -> None:
        """See what occurs in a polynomial; before any is written anew, so that all are written alike."""
        algebra = self.algebra
        used = algebra.used(poly)
        elements = {role for place in used for role in algebra.generators[place].roles}
        if self.element is not None:
            elements.add(self.element)
        if len(elements) > 1:
            raise TooHard("a bound for pairs of entries of an axis of any length")
        # A generic entry that the component is about takes part in the sums, beside the others.
        self.element = next(iter(elements), None)
        for place in used:
            generator = algebra.generators[place]
            if generator.kind == "count":
                self.sums[place] = (generator.key, {})
            elif generator.kind == "sum":
                block, places, den = generator.key
                if den or generator.roles or generator.depth != 1:
                    raise TooHard("a bound with sums of quotients, or of sums, along an axis of any length")
                powers: dict[Any, int] = {}
                for inner, power in places:
                    powers[self._kind(inner)] = power
                self.sums[place] = (block, powers)
            else:
                if generator.kind not in ("input", "exp", "parameter"):
                    raise TooHard(f"a bound with a {generator.kind} for an axis of any length")
                self.scalars[place] = None
                if generator.roles:
                    self.single[self._kind(place)] = place

    def of(self, poly: Poly) -> dict[Term, int]:
        """Coefficients by scalars and profiles."""
        sums, single, element = self.sums, self.single, self.element
        order = list(self.scalars)
        index = {place: number for number, place in enumerate(order)}
        width = len(self.kinds)
        found: dict[Term, int] = {}
        products: dict[Any, dict[tuple[tuple[int, ...], tuple[Profile, ...]], int]] = {}
        for exponents, coefficient in poly.to_dict().items():
            scalars = [0] * len(order)
            factors: list[int] = []
            for place, power in enumerate(exponents):
                if place in sums:
                    factors += [place] * int(power)
                elif power:
                    scalars[index[place]] = int(power)
            if len(factors) > MOST_FACTORS:
                raise TooHard(f"a product of {len(factors)} sums")
            key = tuple(factors)
            if key not in products:
                products[key] = self._product([sums[each] for each in key], element, width)
            for (own, profiles), times in products[key].items():
                total = list(scalars)
                for kind, power in enumerate(own):
                    if power:
                        inner = next(each for each, number in self.kinds.items() if number == kind)
                        if inner not in single:
                            raise TooHard(f"an entry {element} whose {inner[0]} does not occur by itself")
                        total[index[single[inner]]] += power
                term = tuple(total), profiles
                found[term] = found.get(term, 0) + times * int(coefficient)
                if len(found) > MOST_TERMS:
                    raise TooHard(f"more than {MOST_TERMS:,} sums over tuples of entries")
        return {term: coefficient for term, coefficient in found.items() if coefficient}

    def _kind(self, place: int) -> Any:
        """The number of a kind of value, by what it is but for the entry it belongs to."""
        generator = self.algebra.generators[place]
        if generator.kind == "input":
            key: Any = (generator.kind, *_entry(generator))
            small = generator.key[0] in self.bounded
        elif generator.kind == "exp":
            key, small = self._exponential(generator)
        else:
            raise TooHard(f"a bound with a sum of a {generator.kind} along an axis of any length")
        signed = not generator.signs <= AT_LEAST_ZERO
        if key not in self.kinds:
            self.kinds[key] = len(self.kinds)
            self.kind_signed.append(signed)
            self.kind_bounded.append(small)
        number = self.kinds[key]
        # What is said of a kind has to hold of all that are of it.
        self.kind_signed[number] = self.kind_signed[number] or signed
        self.kind_bounded[number] = self.kind_bounded[number] and small
        return key

    def _exponential(self, generator: Generator) -> tuple[Any, bool]:
        """What kind of exponential one of an entry is, and whether it is at most one."""
        places, den, scale = generator.key
        generators = self.algebra.generators
        own = [place for place, _ in places if generators[place].roles]
        if den or len(own) != 1 or dict(places)[own[0]] != 1:
            raise TooHard("a bound with exponentials of products along an axis of any length")
        inner, others = generators[own[0]], tuple(each for each in places if each[0] != own[0])
        name = inner.kind
        if inner.kind == "log":
            # Of an entry by the logarithm of how far it is behind.
            single = self.algebra.base_generator[inner.key]
            inner = inner if single is None else generators[single]
        if inner.kind != "input":
            raise TooHard("a bound with exponentials of functions along an axis of any length")
        return (generator.kind, name, *_entry(inner), others, scale, generator.unit), self._shrinks(generator)

    def _shrinks(self, generator: Generator) -> bool:
        """Whether an exponential is at most one, since its exponent is at most zero."""
        places, den, _ = generator.key
        exponents = [0] * self.algebra.learnt.capacity
        for place, power in places:
            exponents[place] = power
        return (
            not den
            and self.algebra.plain_signs(self.algebra.context.term(exp_vec=tuple(exponents), coeff=1)) <= AT_MOST_ZERO
        )

    def _product(
        self, factors: Sequence[tuple[int, Mapping[Any, int]]], element: Any, width: int
    ) -> dict[tuple[tuple[int, ...], tuple[Profile, ...]], int]:
        """A product of sums: for each, a further entry, one that is there already, or the generic one."""
        nothing = (0,) * width
        done: dict[tuple[tuple[int, ...], tuple[Profile, ...]], int] = {(nothing, ()): 1}
        for block, powers in factors:
            plain = tuple(powers.get(kind, 0) for kind in self.kinds)
            longer: dict[tuple[tuple[int, ...], tuple[Profile, ...]], int] = {}
            for (own, profiles), times in done.items():
                options = [(own, tuple(sorted((*profiles, (block, plain)))))]
                for place, (other, held) in enumerate(profiles):
                    if other == block:
                        joined = (block, _plus(held, plain))
                        options.append((own, tuple(sorted((*profiles[:place], joined, *profiles[place + 1 :])))))
                if element is not None and element[0] == block:
                    options.append((_plus(own, plain), profiles))
                for option in options:
                    longer[option] = longer.get(option, 0) + times
            done = longer
            self.algebra.learnt.effort -= 1 + len(done) // 4
            self.algebra.watch()
            if len(done) > MOST_TERMS:
                raise TooHard(f"more than {MOST_TERMS:,} sums over tuples of entries")
        return done

    def scalar_signed(self) -> list[bool]:
        """Which scalars may have either sign."""
        return [not self.algebra.generators[place].signs <= AT_LEAST_ZERO for place in self.scalars]

    def scalar_bounded(self) -> list[bool]:
        """Which scalars are at most one."""
        generators = self.algebra.generators
        return [
            (generators[place].kind in ("input", "parameter") and generators[place].key[0] in self.bounded)
            or (generators[place].kind == "exp" and self._shrinks(generators[place]))
            for place in self.scalars
        ]


def _entry(generator: Generator) -> tuple[Any, ...]:
    """Which argument an input is of, and where it stands in it, but for its place along the block."""
    name, where = generator.key
    return name, tuple(each if each[0] == "at" else each[0] for each in where)


def _plus(a: Sequence[int], b: Sequence[int]) -> tuple[int, ...]:
    return tuple(x + y for x, y in zip(a, b, strict=True))


def _uncovered(
    algebra: Field,
    expansion: _Expansion,
    terms: Mapping[Term, int],
    multiples: Sequence[Mapping[Term, int]],
    *,
    means: bool,
) -> int:
    """How many negative terms nothing covers.

    A term with an odd power of a value of either sign may be negative whatever its coefficient is: it has to be covered
    by terms that are at least as large for the absolute values.
    """
    small, kinds = expansion.scalar_bounded(), expansion.kind_bounded
    signed, signed_kinds = expansion.scalar_signed(), expansion.kind_signed

    def odd(term: Term) -> bool:
        return any(power % 2 and free for power, free in zip(term[0], signed, strict=True)) or any(
            power % 2 and free for _, powers in term[1] for power, free in zip(powers, signed_kinds, strict=True)
        )

    target = {term: -abs(each) if odd(term) else each for term, each in terms.items()}
    if all(each >= 0 for each in target.values()):
        return 0
    # What a fact times something is made of may be taken away as long as its terms are all known to be.
    columns: list[dict[Term, int]] = [dict(each) for each in multiples if not any(odd(term) for term in each)]

    # A multiple of a fact may bring in a term that covers.
    even = {term: None for term in (*target, *(each for column in columns for each in column)) if not odd(term)}
    larger = _Larger(list(even), small, kinds)
    known: dict[Term, list[Term]] = {}

    def takers(term: Term) -> list[Term]:
        """Terms that are at least as large, the nearest first."""
        if term not in known:
            known[term] = larger.than(term)
            algebra.learnt.effort -= 1 + len(even) // 400
            algebra.watch()
        return known[term]

    def watch(spent: int) -> None:
        algebra.learnt.effort -= 1 + spent // 10
        algebra.watch()

    needs = [term for term, each in target.items() if each < 0]
    for term in needs:
        columns += [{upper: 1, term: -1} for upper in takers(term)[:MOST_DIRECT] if upper != term]
    left = cones.unmet(target, columns, watch)
    for pairs in (_schur, _means) if means else (_schur,):
        if not left:
            return 0
        fresh: dict[Any, dict[Term, int]] = {}
        for term in needs:
            before = len(fresh)
            for pair in pairs(term):
                # What is there itself is nearer than what is larger still.
                both = [[each] if target.get(each, 0) > 0 and not odd(each) else takers(each) for each in pair]
                if len(fresh) - before > MOST_PAIRS_EACH or not all(both):
                    continue
                for one, other in itertools.product(*(each[:MOST_TAKERS] for each in both)):
                    if term not in (one, other) and len(columns) + len(fresh) < MOST_COLUMNS:
                        fresh[term, frozenset((one, other))] = {
                            one: 1 + (one == other),
                            other: 1 + (one == other),
                            term: -2,
                        }
        columns += fresh.values()
        left = min(left, cones.unmet(target, columns, watch))
    return left


def _schur(term: Term) -> Iterator[tuple[Term, Term]]:
    """Pairs of terms of three entries whose sum is at least twice a term, by Schur's inequality.

    ``x^t (x^d - y^d) (x^d - z^d)``, summed over all that each of the three may be, is at least zero for ``t >= 0``.
    """
    scalars, profiles = term
    for chosen in itertools.combinations(range(len(profiles)), 3):
        blocks = {profiles[each][0] for each in chosen}
        for kind in range(len(profiles[0][1])):
            others = {(*profiles[each][1][:kind], *profiles[each][1][kind + 1 :]) for each in chosen}
            low, middle, high = sorted(profiles[each][1][kind] for each in chosen)
            if len(blocks) > 1 or len(others) > 1 or middle == low:
                continue
            both: list[Term] = []
            for powers in ((high + middle - low, low, low), (high - middle + low, middle, middle)):
                changed = list(profiles)
                for each, power in zip(chosen, powers, strict=True):
                    block, held = profiles[each]
                    changed[each] = block, (*held[:kind], power, *held[kind + 1 :])
                both.append((scalars, tuple(sorted(changed))))
            yield both[0], both[1]


def _means(term: Term) -> Iterator[tuple[Term, Term]]:
    """Pairs of terms whose product is the square of a term, so that it is at most half of their sum."""
    scalars, profiles = term
    # Every exponent by where it stands: among the scalars, or in a profile.
    spots: list[tuple[int | None, int, int]] = [(None, place, power) for place, power in enumerate(scalars)]
    for number, (_, powers) in enumerate(profiles):
        spots += [(number, kind, power) for kind, power in enumerate(powers)]
    for place, first in enumerate(spots):
        if not first[2]:
            continue
        for second in (None, *spots[:place], *spots[place + 1 :]):
            # An exponent goes from one place to another, or appears and goes away, and the other way round.
            if second is None or second[2] or second[0] is not None:
                both = [_moved(term, first, second, turn) for turn in (1, -1)]
                if both[0] is not None and both[1] is not None:
                    yield both[0], both[1]


def _moved(
    term: Term, first: tuple[int | None, int, int], second: tuple[int | None, int, int] | None, turn: int
) -> Term | None:
    """A term with one exponent moved by one; None where one would be below zero."""
    scalars = list(term[0])
    profiles = [(block, list(powers)) for block, powers in term[1]]
    for spot, change in ((first, -turn), (second, turn)):
        if spot is None:
            continue
        number, place, _ = spot
        held = scalars if number is None else profiles[number][1]
        held[place] += change
        if held[place] < 0:
            return None
    return tuple(scalars), tuple(sorted((block, tuple(powers)) for block, powers in profiles))


class _Larger:
    """Finds the terms that are at least as large as another for all values that are allowed.

    Within the entries that are alike but for one kind of value that is Muirhead's inequality: the smallest exponents of
    what is larger add up to at most those of what is smaller, and all of them to the same unless the values are at most
    one. Scalars that are at most one may have smaller exponents too.
    """

    def __init__(self, terms: Sequence[Term], small: Sequence[bool], kinds: Sequence[bool]) -> None:
        self.terms, self.small, self.kinds = terms, small, kinds
        rows: dict[Any, list[tuple[int, list[int]]]] = {}
        for number, term in enumerate(terms):
            for alike, sizes in self._places(term):
                rows.setdefault(alike, []).append((number, sizes))
        self.tables = {
            alike: (np.array([each[0] for each in held]), np.array([each[1] for each in held], dtype=np.int64))
            for alike, held in rows.items()
        }

    def _places(self, term: Term) -> Iterator[tuple[Any, list[int]]]:
        """For each kind of value: what has to be the same, and what has to be at most as large in the larger term."""
        scalars, profiles = term
        same = tuple(power for power, bounded in zip(scalars, self.small, strict=True) if not bounded)
        sizes = [power for power, bounded in zip(scalars, self.small, strict=True) if bounded]
        if not profiles or not self.kinds:
            yield (None, same, profiles), sizes
            return
        for kind, bounded in enumerate(self.kinds):
            groups: dict[Any, list[int]] = {}
            for block, powers in profiles:
                groups.setdefault((block, powers[:kind], powers[kind + 1 :]), []).append(powers[kind])
            ordered = sorted(groups.items())
            added = [list(accumulate(sorted(held))) for _, held in ordered]
            alike = [
                (key, len(held), None if bounded else held[-1]) for (key, _), held in zip(ordered, added, strict=True)
            ]
            yield (kind, same, tuple(alike)), [*sizes, *(each for held in added for each in held)]

    def than(self, term: Term) -> list[Term]:
        """The terms that are at least as large, the nearest first."""
        found: dict[int, int] = {}
        for alike, sizes in self._places(term):
            if alike not in self.tables:
                continue
            numbers, table = self.tables[alike]
            gaps = np.array(sizes, dtype=np.int64) - table
            for row in np.flatnonzero((gaps >= 0).all(axis=1)).tolist():
                found.setdefault(int(numbers[row]), int(gaps[row].sum()))
        return [self.terms[each] for each in sorted(found, key=lambda each: (found[each], each))]


def dominates(upper: Term, lower: Term, small: Sequence[bool], kinds: Sequence[bool]) -> bool:
    """Whether the sum over all tuples of one term is at least that of another, for all values that are allowed.

    Args:
        upper: scalars' exponents and the profiles of the entries of the term that should be larger.
        lower: the same of the other.
        small: which scalars are at most one; the others are only at least zero.
        kinds: the same for the kinds of values of an entry.
    """
    return bool(_Larger([upper], small, kinds).than(lower))
