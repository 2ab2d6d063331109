"""Polynomials in sums over a block of any length: at least zero however many entries the block has?

A product of sums over a block is a sum over tuples of *different* entries: ``(Σ t)^2 = Σ_{i≠j} t_i t_j + Σ t_i^2``.
Written so, every term is a product of powers of entries that are at least zero, summed over all tuples, and it is at
least zero where its coefficient is, for every number of entries (with fewer entries than indices the sum is empty).
A term with a negative coefficient has to be covered by others that are at least as large: those that it follows from
by moving exponents together (Muirhead; Cauchy-Schwarz is the case of two entries), and by further factors that are at
most one. Which terms cover which is a flow.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import accumulate
from typing import Any, Final

from verify.readings.algebra import AT_LEAST_ZERO, Field, Poly, TooHard

# Exponents of the kinds of values that one entry of a block has, with the number of the block.
Profile = tuple[int, tuple[int, ...]]
# Exponents of what does not vary along the block, and one profile for each of the different entries.
Term = tuple[tuple[int, ...], tuple[Profile, ...]]

MOST_FACTORS: Final = 12
MOST_TERMS: Final = 20_000
MOST_PAIRS: Final = 400_000


def uncovered(algebra: Field, poly: Poly, bounded: frozenset[str]) -> tuple[int, int]:
    """How many terms a polynomial has, and how many negative ones no positive ones cover.

    Args:
        algebra: where it was made.
        poly: a polynomial in sums, lengths of blocks, and values that are at least zero.
        bounded: names of the inputs and parameters that are at most one.

    Returns:
        Both numbers; where the second is 0, the polynomial is nowhere negative.

    Raises:
        TooHard: where a sum is not one of products of entries.
    """
    expansion = _Expansion(algebra, bounded)
    terms = expansion.of(poly)
    return len(terms), _uncovered(algebra, expansion, terms)


class _Expansion:
    """Writes polynomials in sums as sums over tuples of different entries."""

    def __init__(self, algebra: Field, bounded: frozenset[str]) -> None:
        self.algebra = algebra
        self.bounded = bounded
        # Kinds of values of an entry, such as its share of a target; one exponent of a profile each.
        self.kinds: dict[Any, int] = {}
        self.kind_bounded: list[bool] = []
        self.scalars: dict[int, None] = {}

    def of(self, poly: Poly) -> dict[Term, int]:
        """Coefficients by scalars and profiles."""
        algebra = self.algebra
        used = algebra.used(poly)
        elements = {role for place in used for role in algebra.generators[place].roles}
        if len(elements) > 1:
            raise TooHard("a bound for pairs of entries of an axis of any length")
        # A generic entry that the component is about takes part in the sums, beside the others.
        element = next(iter(elements), None)
        sums: dict[int, tuple[int, dict[Any, int]]] = {}
        single: dict[Any, int] = {}
        for place in used:
            generator = algebra.generators[place]
            if generator.kind == "count":
                sums[place] = (generator.key, {})
            elif generator.kind == "sum":
                block, places, den = generator.key
                if den or generator.roles or generator.depth != 1:
                    raise TooHard("a bound with sums of quotients, or of sums, along an axis of any length")
                powers: dict[Any, int] = {}
                for inner, power in places:
                    powers[self._kind(inner)] = power
                sums[place] = (block, powers)
            else:
                if generator.kind not in ("input", "exp", "parameter"):
                    raise TooHard(f"a bound with a {generator.kind} for an axis of any length")
                if not generator.signs <= AT_LEAST_ZERO:
                    raise TooHard("a bound with entries of either sign along an axis of any length")
                self.scalars[place] = None
                if generator.roles:
                    single[self._kind(place)] = place
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
                            place = self._element_of(inner, element)
                            if place not in index:
                                index[place] = len(order)
                                order.append(place)
                                self.scalars[place] = None
                                total.append(0)
                            single[inner] = place
                            self.algebra.watch()
                        target = index[single[inner]]
                        total += [0] * (target + 1 - len(total))
                        total[target] += power
                term = tuple(total), profiles
                found[term] = found.get(term, 0) + times * int(coefficient)
                if len(found) > MOST_TERMS:
                    raise TooHard(f"more than {MOST_TERMS:,} sums over tuples of entries")
        width = len(order)
        return {((*a, *([0] * (width - len(a)))), b): c for (a, b), c in found.items() if c}

    def _element_of(self, kind: Any, element: Any) -> int:
        """The value of a kind that the generic entry has, where it does not occur by itself."""
        raise TooHard(f"an entry {element} whose {kind[0]} does not occur by itself")

    def _kind(self, place: int) -> Any:
        """The number of a kind of value, by what it is but for the entry it belongs to."""
        generator = self.algebra.generators[place]
        if generator.kind == "input":
            key: Any = (generator.kind, generator.key[0])
            small = generator.key[0] in self.bounded
        elif generator.kind == "exp":
            places, den, scale = generator.key
            if den or len(places) != 1 or places[0][1] != 1:
                raise TooHard("a bound with exponentials of products along an axis of any length")
            inner = self.algebra.generators[places[0][0]]
            if inner.kind != "input":
                raise TooHard("a bound with exponentials of functions along an axis of any length")
            key = (generator.kind, inner.key[0], scale, generator.unit)
            small = False
        else:
            raise TooHard(f"a bound with a sum of a {generator.kind} along an axis of any length")
        if not generator.signs <= AT_LEAST_ZERO:
            raise TooHard("a bound with entries of either sign along an axis of any length")
        if key not in self.kinds:
            self.kinds[key] = len(self.kinds)
            self.kind_bounded.append(small)
        return key

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

    def scalar_bounded(self) -> list[bool]:
        """Which scalars are at most one."""
        generators = self.algebra.generators
        return [
            generators[place].kind in ("input", "parameter") and generators[place].key[0] in self.bounded
            for place in self.scalars
        ]


def _plus(a: Sequence[int], b: Sequence[int]) -> tuple[int, ...]:
    return tuple(x + y for x, y in zip(a, b, strict=True))


def _uncovered(algebra: Field, expansion: _Expansion, terms: Mapping[Term, int]) -> int:
    """How many negative terms are not covered by positive ones that are at least as large."""
    if all(coefficient >= 0 for coefficient in terms.values()):
        return 0
    small, kinds = expansion.scalar_bounded(), expansion.kind_bounded

    def bucket(term: Term) -> Any:
        """What terms that can cover each other have in common."""
        return len(term[1]), tuple(power for power, bounded in zip(term[0], small, strict=True) if not bounded)

    plenty: list[int] = []
    places: dict[Any, list[tuple[int, Term]]] = {}
    for term, coefficient in terms.items():
        if coefficient > 0:
            places.setdefault(bucket(term), []).append((len(plenty), term))
            plenty.append(2 * coefficient)
    looks = [0]

    def takers(term: Term) -> list[int]:
        """Positive terms that are at least as large."""
        near = places.get(bucket(term), [])
        looks[0] += len(near)
        algebra.learnt.effort -= len(near) // 10
        algebra.watch()
        if looks[0] > MOST_PAIRS:
            raise TooHard(f"more than {MOST_PAIRS:,} pairs of sums over tuples of entries")
        return [place for place, upper in near if dominates(upper, term, small, kinds)]

    needs: list[int] = []
    edges: list[list[int]] = []
    alone = 0
    for term, coefficient in terms.items():
        if coefficient > 0:
            continue
        direct = takers(term)
        if direct:
            needs.append(-2 * coefficient)
            edges.append(direct)
            continue
        for pair in _means(term):
            both = [takers(each) for each in pair]
            if all(both):
                needs += [-coefficient, -coefficient]
                edges += both
                break
        else:
            alone += 1
    return alone or _unmet(needs, plenty, edges)


def _means(term: Term) -> Iterator[tuple[Term, Term]]:
    """Pairs of terms whose product is the square of a term, so that it is at most half of their sum."""
    scalars, profiles = term
    for place, power in enumerate(scalars):
        if not power:
            continue
        for other in range(place + 1, len(scalars)):
            if scalars[other]:
                yield (_moved(scalars, place, other), profiles), (_moved(scalars, other, place), profiles)
        for number, (block, powers) in enumerate(profiles):
            for kind, held in enumerate(powers):
                if held:
                    both: list[Term] = []
                    for turn in (1, -1):
                        moved = (*powers[:kind], held + turn, *powers[kind + 1 :])
                        left = (*scalars[:place], power - turn, *scalars[place + 1 :])
                        rest = (*profiles[:number], (block, moved), *profiles[number + 1 :])
                        both.append((left, tuple(sorted(rest))))
                    yield both[0], both[1]


def _moved(powers: tuple[int, ...], source: int, target: int) -> tuple[int, ...]:
    return tuple(each + (place == target) - (place == source) for place, each in enumerate(powers))


def dominates(upper: Term, lower: Term, small: Sequence[bool], kinds: Sequence[bool]) -> bool:
    """Whether the sum over all tuples of one term is at least that of another, for all values that are allowed.

    Args:
        upper: scalars' exponents and the profiles of the entries of the term that should be larger.
        lower: the same of the other.
        small: which scalars are at most one; the others are only at least zero.
        kinds: the same for the kinds of values of an entry.
    """
    if len(upper[1]) != len(lower[1]):
        return False
    for a, b, bounded in zip(upper[0], lower[0], small, strict=True):
        if (a > b) if bounded else (a != b):
            return False
    if upper[1] == lower[1]:
        return True
    return any(_majorises(upper[1], lower[1], kind, bounded) for kind, bounded in enumerate(kinds))


def _majorises(upper: Sequence[Profile], lower: Sequence[Profile], kind: int, bounded: bool) -> bool:
    """Muirhead within the entries that are alike but for one kind of value."""
    first, second = _grouped(upper, kind), _grouped(lower, kind)
    if first.keys() != second.keys():
        return False
    for key, wide in first.items():
        close = second[key]
        if len(wide) != len(close) or (not bounded and sum(wide) != sum(close)):
            return False
        # The smallest exponents of what is larger add up to at most those of what is smaller.
        if any(a > b for a, b in zip(accumulate(sorted(wide)), accumulate(sorted(close)), strict=True)):
            return False
    return True


def _grouped(profiles: Sequence[Profile], kind: int) -> dict[Any, list[int]]:
    groups: dict[Any, list[int]] = {}
    for block, powers in profiles:
        groups.setdefault((block, powers[:kind], powers[kind + 1 :]), []).append(powers[kind])
    return groups


def _unmet(needs: Sequence[int], stocks: Sequence[int], edges: Sequence[Sequence[int]]) -> int:
    """How many needs are not met from the stocks along the edges: a greatest flow, exact."""
    unmet = 0
    left = list(stocks)
    sent: list[Counter[int]] = [Counter() for _ in needs]
    for place, need in enumerate(needs):
        while sum(sent[place].values()) < need:
            # Breadth first, through stocks whose takers could be served elsewhere; each with who takes it and from
            # which stock that one turns away.
            came: dict[int, tuple[int, int | None]] = dict.fromkeys(edges[place], (place, None))
            queue = list(came)
            reached = next((each for each in queue if left[each]), None)
            for stock in queue:
                if reached is not None:
                    break
                for other, held in enumerate(sent):
                    if held[stock] > 0:
                        fresh = [each for each in edges[other] if each not in came]
                        came |= dict.fromkeys(fresh, (other, stock))
                        queue += fresh
                        reached = next((each for each in fresh if left[each]), reached)
            if reached is None:
                unmet += 1
                break
            steps: list[tuple[int, int, int | None]] = []
            at: int | None = reached
            while at is not None:
                taker, before = came[at]
                steps.append((taker, at, before))
                at = before
            amount = min(
                [need - sum(sent[place].values()), left[reached]]
                + [sent[taker][before] for taker, _, before in steps if before is not None]
            )
            left[reached] -= amount
            for taker, stock, before in steps:
                sent[taker][stock] += amount
                if before is not None:
                    sent[taker][before] -= amount
    return unmet
