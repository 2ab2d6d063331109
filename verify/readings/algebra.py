"""Rational functions over Q in generators: inputs, exponentials of them, and other values taken as they come.

A value is ``numerator / (unit * product of bases)``: the numerator a FLINT polynomial with whole coefficients, the
bases irreducible polynomials. With the denominator factored, sums need no greatest common divisor, cancelling is trial
division, and two values are equal where their parts are. Generators are

* inputs;
* ``exp(m / D)`` for a monomial ``m`` of other generators, so that ``exp`` of a sum is a product of powers;
* ``log |f|`` for an irreducible polynomial ``f``, so that ``log`` of a product is a sum, and roots ``|f|^(1/D)``;
* every other function, keyed by its argument: equal arguments, equal values.

What is taken as it comes may satisfy relations that are not known here. A difference that cancels is zero whatever
they are; one that does not cancel proves nothing by itself.
"""

import itertools
import math
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, Final

import flint
from flint import Ordering, fmpz_mpoly_ctx

Poly = Any  # flint.fmpz_mpoly; python-flint has no type stubs
Signs = frozenset[int]
Den = tuple[tuple[int, int], ...]
Role = tuple[int, int]
Roles = frozenset[Role]

ANY: Final[Signs] = frozenset({-1, 0, 1})
POSITIVE: Final[Signs] = frozenset({1})
NEGATIVE: Final[Signs] = frozenset({-1})
ZERO_SIGN: Final[Signs] = frozenset({0})
AT_LEAST_ZERO: Final[Signs] = frozenset({0, 1})
AT_MOST_ZERO: Final[Signs] = frozenset({-1, 0})
NOT_ZERO: Final[Signs] = frozenset({-1, 1})

MOST_TERMS: Final = 400_000
MOST_PRODUCTS: Final = 40_000_000
MOST_DEGREE: Final = 5000
MOST_BITS: Final = 10_000_000
MOST_RESTARTS: Final = 40
# Exponents with a larger numerator or denominator, such as that of the float 0.1, make a generator of their own.
PLAIN_EXPONENT: Final = 1024
# Beyond these a polynomial is kept as one factor: factoring it would take longer than all the rest.
FACTOR_TERMS: Final = 1500
FACTOR_DEGREE: Final = 40


class TooHard(Exception):
    """What the algebra cannot do within its limits, as a sentence."""


class Restart(Exception):
    """The reading has to begin again with what was learnt: more room, finer units, a finer partition."""


@dataclass(eq=False)
class Generator:
    """One unknown of the polynomials.

    Attributes:
        kind: ``input``, ``exp``, ``log``, ``root``, ``call``, ``sum``, ``max`` or ``count``.
        key: what it stands for, in terms of generators before it.
        signs: signs that it may have.
        roles: open axes that it varies along, as pairs of a block of the axis and a place among the axes.
        unit: for ``exp``: the number D that the exponent is divided by; for ``root``: its degree.
        depth: how many sums are nested in it.
        arguments: values that a ``call`` or a ``max`` is taken of.
    """

    kind: str
    key: Any
    signs: Signs
    roles: Roles
    unit: int = 1
    depth: int = 0
    arguments: "tuple[Value, ...]" = ()


@dataclass
class Learnt:
    """What a restart keeps.

    Attributes:
        capacity: number of generators there is room for.
        units: common denominators of exponents, by a name that outlives a restart.
        effort: work that may still be done, in steps of about ten microseconds. What a reading reaches must not depend
            on how busy the machine is, or two runs would write different pages.
    """

    capacity: int = 12
    units: dict[str, int] = field(default_factory=dict)
    effort: float = math.inf


class Value:
    """A rational function; immutable. Made by a `Field`."""

    __slots__ = ("den", "field", "needs", "num", "unit")

    def __init__(self, field: "Field", num: Poly, unit: int, den: Den, needs: frozenset[Any]) -> None:
        """Take the parts as they are; `Field.value` reduces."""
        self.field, self.num, self.unit, self.den, self.needs = field, num, unit, den, needs

    def __add__(self, other: "Value") -> "Value":
        """Sum."""
        return self.field.add(self, other)

    def __sub__(self, other: "Value") -> "Value":
        """Difference."""
        return self.field.add(self, self.field.negative(other))

    def __mul__(self, other: "Value") -> "Value":
        """Product."""
        return self.field.multiply(self, other)

    def __truediv__(self, other: "Value") -> "Value":
        """Quotient; where the divisor may be zero the result needs it not to be."""
        return self.field.multiply(self, self.field.inverse(other))

    def __neg__(self) -> "Value":
        """Negative."""
        return self.field.negative(self)

    @property
    def is_zero(self) -> bool:
        """Whether it is zero for all values of the generators."""
        return self.num.is_zero()

    @property
    def key(self) -> Any:
        """Equal for equal values."""
        return (tuple(self.num.monoms()), tuple(int(each) for each in self.num.coeffs()), self.unit, self.den)

    @property
    def constant(self) -> Fraction | None:
        """The number it is; None where it is none."""
        if self.den or not self.num.is_constant():
            return None
        return Fraction(int(self.num.leading_coefficient()) if len(self.num) else 0, self.unit)


class Field:
    """The generators of one reading, and the arithmetic of rational functions in them."""

    def __init__(self, learnt: Learnt, deadline: float = math.inf) -> None:
        """Make room for generators.

        Args:
            learnt: what earlier attempts found out.
            deadline: value of `time.perf_counter` after which `TooHard` is raised.
        """
        self.learnt = learnt
        self.deadline = deadline
        self.context = fmpz_mpoly_ctx.get([f"g{place}" for place in range(learnt.capacity)], Ordering.lex)
        self.variables = self.context.gens()
        self.generators: list[Generator] = []
        self.by_key: dict[Any, int] = {}
        self.bases: list[Poly] = []
        self.base_signs: dict[int, Signs] = {}
        self.base_by_key: dict[Any, int] = {}
        self.base_ends: list[tuple[tuple[int, ...], tuple[int, ...]]] = []
        self.base_generator: list[int | None] = []
        self.base_roles: list[Roles] = []
        self.powers: dict[tuple[int, int], Poly] = {}
        self.factored: dict[Any, tuple[int, tuple[tuple[int, int], ...]]] = {}
        self.relations: dict[int, tuple[int, Value]] = {}
        self.zero_poly = self.context.constant(0)
        self.one_poly = self.context.constant(1)
        nothing: frozenset[Any] = frozenset()
        self.zero = Value(self, self.zero_poly, 1, (), nothing)
        self.one = Value(self, self.one_poly, 1, (), nothing)
        # Asked where a sign is not known by itself; the path of a proof answers.
        self.known: Callable[[int], Signs] = lambda base: ANY
        self.decide: Callable[[int, tuple[Signs, ...]], Signs] | None = None
        # Where the signs of the terms settle nothing: the signs of the same polynomial, written in another way.
        self.regroup: Callable[[Poly], Signs | None] | None = None
        # Ends of the interval that an input lies in.
        self.ends: dict[int, tuple[Fraction | None, Fraction | None]] = {}

    # -- generators -----------------------------------------------------------------------------------------------

    def generator(
        self,
        kind: str,
        key: Any,
        signs: Signs = ANY,
        roles: Roles = frozenset(),
        unit: int = 1,
        depth: int = 0,
        arguments: "tuple[Value, ...]" = (),
    ) -> int:
        """Place of a generator, made where it is new."""
        full = (kind, key)
        place = self.by_key.get(full)
        if place is None:
            place = len(self.generators)
            if place >= self.learnt.capacity:
                if place > 4000:
                    raise TooHard("more than 4000 different values that are no rational function of the inputs")
                self.learnt.capacity = 2 * self.learnt.capacity
                raise Restart
            self.by_key[full] = place
            self.generators.append(Generator(kind, key, signs, roles, unit, depth, arguments))
        return place

    def of(self, place: int) -> Value:
        """A generator as a value."""
        return Value(self, self.variables[place], 1, (), frozenset())

    def number(self, value: Fraction | int) -> Value:
        """A rational number."""
        if value == 0:
            return self.zero
        if value == 1:
            return self.one
        exact = Fraction(value)
        return Value(self, self.context.constant(exact.numerator), exact.denominator, (), frozenset())

    def roles_of(self, value: Value) -> Roles:
        """Open axes that a value varies along."""
        found: set[Role] = set()
        for place in self.used(value.num):
            found |= self.generators[place].roles
        for base, _ in value.den:
            found |= self.base_roles[base]
        return frozenset(found)

    def depth_of(self, value: Value) -> int:
        """How many sums are nested in a value."""
        return max((self.generators[place].depth for place in self.all_used(value)), default=0)

    def used(self, poly: Poly) -> list[int]:
        """Generators that occur in a polynomial."""
        return [place for place, degree in enumerate(poly.degrees()) if degree] if len(poly) else []

    # -- bases ----------------------------------------------------------------------------------------------------

    def base(self, poly: Poly) -> int:
        """Place of an irreducible polynomial among the bases."""
        key = (tuple(poly.monoms()), tuple(int(each) for each in poly.coeffs()))
        place = self.base_by_key.get(key)
        if place is None:
            place = len(self.bases)
            self.base_by_key[key] = place
            self.bases.append(poly)
            monoms = key[0]
            self.base_ends.append((monoms[0], monoms[-1]))
            single = len(monoms) == 1 and sum(monoms[0]) == 1 and key[1][0] == 1
            self.base_generator.append(monoms[0].index(1) if single else None)
            roles: set[Role] = set()
            for each in self.used(poly):
                roles |= self.generators[each].roles
            self.base_roles.append(frozenset(roles))
        return place

    def has_maximum(self, places: Iterable[int]) -> bool:
        """Whether a maximum that was taken as it comes is behind one of some generators."""
        return any(self._behind(place) for place in places)

    def _behind(self, place: int) -> bool:
        generator = self.generators[place]
        if generator.kind == "max":
            return True
        if generator.kind == "exp":
            places, den = generator.key[:2]
        elif generator.kind == "sum":
            places, den = generator.key[1:3]
        elif generator.kind in ("log", "root"):
            return self.has_maximum(self.used(self.bases[generator.key]))
        else:
            return any(self.has_maximum(self.all_used(each)) for each in generator.arguments)
        return self.has_maximum(each for each, _ in places) or any(
            self.has_maximum(self.used(self.bases[base])) for base, _ in den
        )

    def base_depth(self, base: int) -> int:
        """How many sums are nested in a base."""
        return max((self.generators[place].depth for place in self.used(self.bases[base])), default=0)

    def power(self, base: int, exponent: int) -> Poly:
        """A power of a base, kept."""
        if exponent == 1:
            return self.bases[base]
        found = self.powers.get((base, exponent))
        if found is None:
            found = self._raised(self.bases[base], exponent)
            self.powers[base, exponent] = found
        return found

    @staticmethod
    def _raised(poly: Poly, exponent: int) -> Poly:
        """A power of a polynomial, whose size is looked at before it is formed."""
        terms = len(poly)
        if terms > 1 and exponent > MOST_DEGREE:
            raise TooHard(f"a sum to the power {exponent}")
        most = math.comb(terms + exponent - 1, terms - 1)
        if min(most, math.prod(int(degree) * exponent + 1 for degree in poly.degrees())) > MOST_PRODUCTS:
            raise TooHard("a power of a polynomial with too many terms")
        _fits(max(abs(int(each)) for each in poly.coeffs()), exponent)
        found = poly**exponent
        if len(found) > MOST_TERMS:
            raise TooHard(f"a polynomial of more than {MOST_TERMS} terms")
        return found

    def factor(self, poly: Poly) -> tuple[int, tuple[tuple[int, int], ...]]:
        """Whole content with its sign, and bases with their powers."""
        key = (tuple(poly.monoms()), tuple(int(each) for each in poly.coeffs()))
        found = self.factored.get(key)
        if found is None:
            self.learnt.effort -= 5 + 2 * len(poly)
            if len(poly) == 1:
                pairs = [
                    (self.base(self.variables[place]), int(exponent))
                    for place, exponent in enumerate(poly.monomial(0))
                    if exponent
                ]
                found = int(poly.coefficient(0)), tuple(sorted(pairs))
            else:
                found = self._factor(poly)
            self.factored[key] = found
        return found

    def _factor(self, poly: Poly) -> tuple[int, tuple[tuple[int, int], ...]]:
        content = poly.term_content()
        scale = int(content.coefficient(0))
        rest = poly / content
        pairs: dict[int, int] = {}
        for place, exponent in enumerate(content.monomial(0)):
            if exponent:
                pairs[self.base(self.variables[place])] = int(exponent)
        factors = [(rest, 1)]
        if len(rest) <= FACTOR_TERMS and max(rest.degrees()) <= FACTOR_DEGREE:
            unit, factors = rest.factor()
            scale *= int(unit)
        for each, exponent in factors:
            piece = each
            if int(piece.leading_coefficient()) < 0:
                piece = -piece
                scale = -scale if exponent % 2 else scale
            place = self.base(piece)
            pairs[place] = pairs.get(place, 0) + int(exponent)
        return scale, tuple(sorted(pairs.items()))

    # -- arithmetic -----------------------------------------------------------------------------------------------

    def value(self, num: Poly, unit: int, den: Den, needs: frozenset[Any], tried: Iterable[int] = ()) -> Value:
        """Reduce: cancel the bases in ``tried``, the unit, and powers of roots."""
        if num.is_zero():
            return self.zero if not needs else Value(self, self.zero_poly, 1, (), needs)
        if len(num) > MOST_TERMS:
            raise TooHard(f"a polynomial of more than {MOST_TERMS} terms")
        if den:
            left = dict(den)
            for base in tried:
                power = left.get(base, 0)
                while power:
                    smaller = self._divided(num, base)
                    if smaller is None:
                        break
                    num, power = smaller, power - 1
                if power:
                    left[base] = power
                else:
                    left.pop(base, None)
            den = tuple(sorted(left.items()))
        if unit != 1:
            common = math.gcd(int(num.content()), unit)
            if common != 1:
                num, unit = num / common, unit // common
        made = Value(self, num, unit, den, needs)
        return self._without_powers(made) if self.relations else made

    def _divided(self, num: Poly, base: int) -> Poly | None:
        """Exact quotient by a base, None where there is none. The outer terms rule out most of the failures."""
        first, last = self.base_ends[base]
        if any(a < b for a, b in zip(num.monomial(0), first, strict=True)):
            return None
        if any(a < b for a, b in zip(num.monomial(len(num) - 1), last, strict=True)):
            return None
        if num.total_degree() > MOST_DEGREE:
            raise TooHard(f"a polynomial of degree {num.total_degree()}")
        try:
            return num / self.bases[base]
        except flint.utils.flint_exceptions.DomainError:
            return None

    def _product(self, a: Poly, b: Poly) -> Poly:
        size = len(a) * len(b)
        self.learnt.effort -= 1 + size // 100
        if size > 20_000:
            if size > MOST_PRODUCTS:
                raise TooHard("a product of polynomials with too many terms")
            self.watch()
        return a * b

    def watch(self) -> None:
        """Stop where the effort is spent, or time is up."""
        if self.learnt.effort < 0 or time.perf_counter() > self.deadline:
            raise TooHard("out of time, after the steps that one proof may take")

    def negative(self, a: Value) -> Value:
        """Minus a value."""
        return Value(self, -a.num, a.unit, a.den, a.needs)

    def add(self, a: Value, b: Value) -> Value:
        """Sum of two values."""
        if a.num.is_zero() and not a.needs:
            return b
        if b.num.is_zero() and not b.needs:
            return a
        return self.total([a, b])

    def total(self, terms: Sequence[Value]) -> Value:
        """Sum of many values over their least common denominator."""
        live = [each for each in terms if not each.num.is_zero() or each.needs]
        if not live:
            return self.zero
        if len(live) == 1:
            return live[0]
        needs: frozenset[Any] = (
            frozenset().union(*(each.needs for each in live)) if any(each.needs for each in live) else frozenset()
        )
        self.learnt.effort -= len(live) + sum(len(each.num) for each in live) // 20
        unit = math.lcm(*(each.unit for each in live))
        grouped: dict[Den, Poly] = {}
        for each in live:
            num = each.num if each.unit == unit else each.num * (unit // each.unit)
            grouped[each.den] = grouped[each.den] + num if each.den in grouped else num
        if len(grouped) == 1:
            ((den, num),) = grouped.items()
            return self.value(num, unit, den, needs, [base for base, _ in den])
        common: dict[int, int] = {}
        for den in grouped:
            for base, power in den:
                common[base] = max(common.get(base, 0), power)
        highest: dict[int, int] = {}
        summed = self.zero_poly
        for den, num in grouped.items():
            held = dict(den)
            lifted = num
            for base, power in common.items():
                missing = power - held.get(base, 0)
                if missing:
                    lifted = self._product(lifted, self.power(base, missing))
                else:
                    highest[base] = highest.get(base, 0) + 1
            summed = summed + lifted
        # A base can cancel only where two of the terms have it to the highest power.
        tried = [base for base, times in highest.items() if times > 1]
        return self.value(summed, unit, tuple(sorted(common.items())), needs, tried)

    def multiply(self, a: Value, b: Value) -> Value:
        """Product of two values."""
        needs = a.needs | b.needs if a.needs or b.needs else a.needs
        if a.num.is_zero() or b.num.is_zero():
            return self.zero if not needs else Value(self, self.zero_poly, 1, (), needs)
        if a is self.one:
            return b
        if b is self.one:
            return a
        left, over_left, right, over_right = a.num, dict(a.den), b.num, dict(b.den)
        if over_right:
            left = self._cancel(left, over_right)
        if over_left:
            right = self._cancel(right, over_left)
        if over_left and over_right:
            for base, power in over_right.items():
                over_left[base] = over_left.get(base, 0) + power
            den = over_left
        else:
            den = over_left or over_right
        return self.value(self._product(left, right), a.unit * b.unit, tuple(sorted(den.items())), needs)

    def _cancel(self, num: Poly, den: dict[int, int]) -> Poly:
        for base in list(den):
            while den.get(base):
                smaller = self._divided(num, base)
                if smaller is None:
                    break
                num = smaller
                den[base] -= 1
                if not den[base]:
                    del den[base]
        return num

    def inverse(self, a: Value) -> Value:
        """One over a value."""
        if a.num.is_zero():
            raise TooHard("a division by zero")
        if self.relations:
            turned = self._rationalised(a)
            if turned is not None:
                return turned
        scale, pairs = self.factor(a.num)
        missing = [(base, NOT_ZERO) for base, _ in pairs if 0 in self.signs_of_base(base)]
        needs = a.needs | frozenset(missing) if missing else a.needs
        num = self.context.constant(a.unit if scale > 0 else -a.unit)
        for base, power in a.den:
            num = self._product(num, self.power(base, power))
        return self.value(num, abs(scale), pairs, needs)

    def whole_power(self, a: Value, exponent: int) -> Value:
        """A value to a whole power."""
        if exponent < 0:
            return self.whole_power(self.inverse(a), -exponent)
        if exponent == 0:
            return self.one
        if a.num.is_zero():
            return a
        _fits(a.unit, exponent)
        # Roots of a high degree, such as of the float 0.3 as an exponent, come to high powers.
        if a.den or (self.relations and len(a.num) > 1):
            if exponent > MOST_DEGREE:
                raise TooHard(f"a quotient or a sum to the power {exponent}")
            result = a
            for _ in range(exponent - 1):
                result = self.multiply(result, a)
            return result
        return self.value(self._raised(a.num, exponent), a.unit**exponent, (), a.needs)

    def _without_powers(self, a: Value) -> Value:
        """Use ``root^D = f`` and the like until no higher power is left."""
        degrees = a.num.degrees()
        for place, (degree, instead) in self.relations.items():
            if degrees[place] < degree:
                continue
            parts: dict[int, dict[tuple[int, ...], int]] = {}
            for exponents, coefficient in a.num.to_dict().items():
                times, rest = divmod(int(exponents[place]), degree)
                changed = (*exponents[:place], rest, *exponents[place + 1 :])
                parts.setdefault(times, {})[changed] = int(coefficient)
            terms: list[Value] = []
            for times, part in parts.items():
                piece = Value(self, self.context.from_dict(part), a.unit, a.den, a.needs)
                terms.append(self.multiply(piece, self.whole_power(instead, times)) if times else piece)
            return self.total(terms)
        return a

    def _rationalised(self, a: Value) -> Value | None:
        """One over a value with square roots in it, by multiplying with its conjugate."""
        degrees = a.num.degrees()
        for place, (degree, _) in self.relations.items():
            if degree != 2 or not degrees[place]:
                continue
            even: dict[tuple[int, ...], int] = {}
            odd: dict[tuple[int, ...], int] = {}
            for exponents, coefficient in a.num.to_dict().items():
                (odd if exponents[place] % 2 else even)[exponents] = int(coefficient)
            plain = Value(self, self.context.from_dict(even), a.unit, a.den, a.needs)
            rooted = Value(self, self.context.from_dict(odd), a.unit, a.den, a.needs)
            norm = self.total([self.multiply(plain, plain), self.negative(self.multiply(rooted, rooted))])
            return self.multiply(self.total([plain, self.negative(rooted)]), self.inverse(norm))
        return None

    # -- signs ----------------------------------------------------------------------------------------------------

    def signs_of_base(self, base: int) -> Signs:
        """Signs that a base may have: by what is known of the path, and by the signs of its terms."""
        known = self.known(base) & self.base_signs.get(base, ANY)
        if len(known) == 1:
            return known
        return known & self._signs_of_terms(self.bases[base])

    def _signs_of_terms(self, poly: Poly) -> Signs:
        direct = self.plain_signs(poly)
        if len(direct) == 3 and self.ends:
            direct = self._signs_from_ends(poly)
        if len(direct) < 3 or self.regroup is None:
            return direct
        other = self.regroup(poly)
        return direct if other is None else other

    def _signs_from_ends(self, poly: Poly) -> Signs:
        """Signs of a polynomial written in the distances of its inputs from an end of their intervals."""
        inside = [place for place in self.used(poly) if place in self.ends]
        if not inside or len(inside) > 3:
            return ANY
        options = [[(place, turn) for turn in (0, 1) if self.ends[place][turn] is not None] for place in inside]
        for chosen in itertools.product(*options):
            changes: dict[int, Value] = {}
            for place, turn in chosen:
                end = self.ends[place][turn]
                assert end is not None
                distance = self.of(self.generator("distance", (place, turn), AT_LEAST_ZERO))
                changes[place] = self.number(end) + (self.negative(distance) if turn else distance)
            signs = self.plain_signs(self.substitute(poly, changes).num)
            if len(signs) < 3:
                return signs
        return ANY

    def plain_signs(self, poly: Poly) -> Signs:
        """Signs that a polynomial may have, by those of its terms."""
        if len(poly) == 1:
            # Of one term alone it is known too that it is not zero.
            found = POSITIVE if int(poly.leading_coefficient()) > 0 else NEGATIVE
            for place, exponent in enumerate(poly.monoms()[0]):
                if exponent:
                    found = _times(found, _to_the(self.generators[place].signs, int(exponent)))
            return found
        plus = minus = plain = False
        for exponents, coefficient in zip(poly.monoms(), poly.coeffs(), strict=True):
            sign = 1 if int(coefficient) > 0 else -1
            strict = True
            for place, exponent in enumerate(exponents):
                if not exponent:
                    continue
                signs = self.generators[place].signs
                if exponent % 2 == 0 or signs <= AT_LEAST_ZERO:
                    strict = strict and 0 not in signs
                elif signs <= AT_MOST_ZERO:
                    strict, sign = strict and 0 not in signs, -sign
                else:
                    return ANY
            plus, minus = plus or sign > 0, minus or sign < 0
            if plus and minus:
                return ANY
            plain = plain or strict
        found = POSITIVE if plus else NEGATIVE
        return found if plain else found | {0}

    def signs(self, a: Value) -> Signs:
        """Signs that a value may have."""
        if a.num.is_zero():
            return ZERO_SIGN
        direct = self._signs_of_terms(a.num)
        if len(direct) == 3:
            return self._signs_of_factors(a)
        result = direct
        for base, power in a.den:
            result = _times(result, _to_the(self.signs_of_base(base), power))
        return result

    def _signs_of_factors(self, a: Value) -> Signs:
        """Signs that a value may have, by those of its factors, which a path may have decided."""
        scale, pairs = self.factor(a.num)
        result = POSITIVE if scale > 0 else NEGATIVE
        for base, power in (*pairs, *a.den):
            result = _times(result, _to_the(self.signs_of_base(base), power))
        return result

    def sign(self, a: Value, options: tuple[Signs, ...] = (NEGATIVE, ZERO_SIGN, POSITIVE)) -> int:
        """The sign of a value; where it is open, the path decides it factor by factor.

        Of an option that is a closed half, zero counts as the side that it ends.
        """
        found = self.signs(a)
        if len(found) == 1:
            return next(iter(found))
        if any(found <= each for each in options):
            return 1 if found <= AT_LEAST_ZERO else -1
        _, pairs = self.factor(a.num)
        for base, power in (*pairs, *a.den):
            signs = self.signs_of_base(base)
            if len(signs) == 1 or (power % 2 == 0 and 0 not in signs) or any(signs <= each for each in options):
                continue
            self._choose(base, options)
        # Signs of terms know nothing of what was chosen: those of a square would leave zero open.
        found = self._signs_of_factors(a)
        if len(found) == 1:
            return next(iter(found))
        if not any(found <= each for each in options):
            raise TooHard("a choice that its factors leave open")
        return 1 if found <= AT_LEAST_ZERO else -1

    def _choose(self, base: int, options: tuple[Signs, ...]) -> None:
        if self.decide is None:
            raise TooHard("a choice that is open")
        signs = self.signs_of_base(base)
        open_ones = tuple(each & signs for each in options if each & signs)
        self.decide(base, open_ones)

    def demand(self, a: Value, wanted: Signs) -> Value:
        """The value, with the need that its sign is one of those wanted where that is not known."""
        found = self.signs(a)
        if found <= wanted:
            return a
        scale, pairs = self.factor(a.num)
        if len(pairs) == 1 and not a.den:
            base, power = pairs[0]
            if power % 2:
                needed = wanted if scale > 0 else frozenset(-each for each in wanted)
                return Value(self, a.num, a.unit, a.den, a.needs | {(base, needed)})
        whole = self.base(a.num if int(a.num.leading_coefficient()) > 0 else -a.num)
        flipped = int(a.num.leading_coefficient()) < 0
        below = POSITIVE
        for base, power in a.den:
            below = _times(below, _to_the(self.signs_of_base(base), power))
        if len(below) != 1 or 0 in below:
            raise TooHard("a logarithm or root of a quotient whose sign is open")
        turn = flipped != (below == NEGATIVE)
        needed = frozenset(-each for each in wanted) if turn else wanted
        return Value(self, a.num, a.unit, a.den, a.needs | {(whole, needed)})

    # -- functions ------------------------------------------------------------------------------------------------

    def exp(self, a: Value) -> Value:
        """The exponential: a product of powers, one for each term of the exponent."""
        if a.num.is_zero():
            return self.one if not a.needs else Value(self, self.one_poly, 1, (), a.needs)
        result = Value(self, self.one_poly, 1, (), a.needs)
        for exponents, coefficient in zip(a.num.monoms(), a.num.coeffs(), strict=True):
            scale = Fraction(int(coefficient), a.unit)
            result = self.multiply(result, self._exp_of_term(tuple(exponents), scale, a.den))
        return result

    def _exp_of_term(self, exponents: tuple[int, ...], scale: Fraction, den: Den) -> Value:
        places = tuple((place, int(exponent)) for place, exponent in enumerate(exponents) if exponent)
        if not den and len(places) == 1 and places[0][1] == 1:
            generator = self.generators[places[0][0]]
            if generator.kind == "log":
                return self._power_of_base(generator.key, scale)
            if generator.kind == "log-whole":
                if scale.denominator == 1:
                    _fits(generator.key, abs(int(scale)))
                    return self.number(Fraction(generator.key) ** int(scale))
                return self.root_of_whole(generator.key, scale)
        if max(abs(scale.numerator), scale.denominator) > PLAIN_EXPONENT:
            place = self.generator("exp", (places, den, abs(scale)), POSITIVE, *self._extent(exponents, den))
            if scale > 0:
                return self.of(place)
            return Value(self, self.one_poly, 1, ((self.base(self.variables[place]), 1),), frozenset())
        key = (places, den, Fraction(1))
        unit = self._unit(f"exp {self.name_of_term(places, den)}", scale.denominator, ("exp", key))
        roles, _, depth = self._extent(exponents, den)
        place = self.generator("exp", key, POSITIVE, roles, unit, depth)
        times = int(scale * unit)
        if times > 0:
            exponents = tuple(times if each == place else 0 for each in range(self.learnt.capacity))
            return Value(self, self.context.term(exp_vec=exponents, coeff=1), 1, (), frozenset())
        return Value(self, self.one_poly, 1, ((self.base(self.variables[place]), -times),), frozenset())

    def _unit(self, name: str, denominator: int, key: Any) -> int:
        """The common denominator of the exponents of a generator; a finer one than it was made with is learnt."""
        unit = self.learnt.units.get(name, 1)
        if unit % denominator:
            unit = math.lcm(unit, denominator)
            self.learnt.units[name] = unit
            if key in self.by_key:
                raise Restart
        return unit

    def _extent(self, exponents: tuple[int, ...], den: Den) -> tuple[Roles, int, int]:
        """Roles, unit one and depth of a monomial over bases."""
        term = Value(self, self.context.term(exp_vec=exponents, coeff=1), 1, den, frozenset())
        return self.roles_of(term), 1, self.depth_of(term)

    def name_of_term(self, places: Sequence[tuple[int, int]], den: Den) -> str:
        """A name of a monomial that is the same after a restart."""
        above = [(self.name_of(place), power) for place, power in places]
        below = [(self.name_of_poly(self.bases[base]), power) for base, power in den]
        return f"{above} / {below}"

    def name_of(self, place: int) -> str:
        """A name of a generator that is the same after a restart."""
        generator = self.generators[place]
        if generator.kind in ("log", "root"):
            return f"{generator.kind} {self.name_of_poly(self.bases[generator.key])}"
        if generator.kind == "exp":
            return f"exp {self.name_of_term(*generator.key[:2])}"
        return f"{generator.kind} {place if generator.kind not in ('input', 'count') else generator.key}"

    def name_of_poly(self, poly: Poly) -> str:
        """A name of a polynomial that is the same after a restart."""
        parts: list[str] = []
        for exponents, coefficient in zip(poly.monoms(), poly.coeffs(), strict=True):
            inner = "*".join(f"({self.name_of(place)})^{power}" for place, power in enumerate(exponents) if power)
            parts.append(f"{coefficient}*{inner}")
        return " + ".join(sorted(parts))

    def log(self, a: Value) -> Value:
        """The logarithm: a sum over the factors of its argument, which has to be positive."""
        if a.num.is_zero():
            raise TooHard("the logarithm of zero")
        a = self.demand(a, POSITIVE)
        summed = self.log_of_size(a)
        return Value(self, summed.num, summed.unit, summed.den, summed.needs | a.needs)

    def log_of_size(self, a: Value) -> Value:
        """``log |f|`` of a value that is not zero, whatever it needs."""
        scale, pairs = self.factor(a.num)
        terms = [self.log_of_whole(abs(scale)), self.negative(self.log_of_whole(a.unit))]
        terms += [self._times(power, self.log_of_base(base)) for base, power in pairs]
        terms += [self._times(-power, self.log_of_base(base)) for base, power in a.den]
        return self.total(terms)

    def _times(self, factor: int, a: Value) -> Value:
        return self.multiply(self.number(factor), a)

    def log_of_whole(self, whole: int) -> Value:
        """The logarithm of a whole number, by its small prime factors."""
        if whole == 1:
            return self.zero
        found: dict[int, int] = {}
        for prime in (2, 3, 5, 7, 11, 13):
            while whole % prime == 0:
                whole //= prime
                found[prime] = found.get(prime, 0) + 1
        if whole > 1:
            found[whole] = 1
        terms = [
            self._times(power, self.of(self.generator("log-whole", prime, POSITIVE))) for prime, power in found.items()
        ]
        return self.total(terms)

    def root_of_whole(self, whole: int, power: Fraction) -> Value:
        """A whole number to a broken power."""
        degree = self._unit(f"root {whole}", power.denominator, ("root-whole", whole))
        place = self.generator("root-whole", whole, POSITIVE, frozenset(), degree)
        self.relations.setdefault(place, (degree, self.number(whole)))
        times = int(power * degree)
        return (
            self.whole_power(self.of(place), times)
            if times >= 0
            else self.inverse(self.whole_power(self.of(place), -times))
        )

    def log_of_base(self, base: int) -> Value:
        """``log |f|`` of a base; that of an exponential is its exponent."""
        single = self.base_generator[base]
        if single is not None:
            generator = self.generators[single]
            if generator.kind == "exp":
                places, den, scale = generator.key
                exponents = [0] * self.learnt.capacity
                for place, power in places:
                    exponents[place] = power
                num = self.context.term(exp_vec=tuple(exponents), coeff=1)
                return self.value(num * scale.numerator, generator.unit * scale.denominator, den, frozenset())
            if generator.kind == "root":
                return self.multiply(self.number(Fraction(1, generator.unit)), self.log_of_base(generator.key))
            if generator.kind == "root-whole":
                return self.multiply(self.number(Fraction(1, generator.unit)), self.log_of_whole(generator.key))
        return self.of(self.generator("log", base, ANY, self.base_roles[base], depth=self.base_depth(base)))

    def _power_of_base(self, base: int, power: Fraction) -> Value:
        """``|f|`` to a power."""
        whole = power.numerator // power.denominator
        rest = power - whole
        result = self.one
        if whole:
            result = self._absolute_power(base, whole)
        if rest:
            place = self._root(base, rest.denominator)
            generator = self.generators[place]
            rooted = self.whole_power(self.of(place), int(rest * generator.unit))
            result = self.multiply(result, rooted)
        return result

    def _absolute_power(self, base: int, power: int) -> Value:
        plain = Value(self, self.bases[base], 1, (), frozenset())
        if power % 2:
            signs = self.signs_of_base(base)
            if not (signs <= AT_LEAST_ZERO or signs <= AT_MOST_ZERO):
                # Closed halves: at zero both are the same value, so that nothing is left out.
                self._choose(base, (AT_LEAST_ZERO, AT_MOST_ZERO))
                signs = self.signs_of_base(base)
            if not signs <= AT_LEAST_ZERO:
                plain = self.negative(plain)
        return self.whole_power(plain, power)

    def _root(self, base: int, degree: int) -> int:
        unit = self._unit(f"root {self.name_of_poly(self.bases[base])}", degree, ("root", base))
        instead = self._absolute_power(base, 1)
        signs = POSITIVE if 0 not in self.signs_of_base(base) else AT_LEAST_ZERO
        place = self.generator("root", base, signs, self.base_roles[base], unit, self.base_depth(base))
        # On another path the base may have the other sign.
        self.relations[place] = (unit, instead)
        return place

    def power_of(self, a: Value, power: Fraction) -> Value:
        """A value to a constant power that is not whole; the value has to be at least zero, below zero powers more."""
        if a.num.is_zero():
            if power < 0:
                raise TooHard("a division by zero")
            return a
        wanted = AT_LEAST_ZERO if power > 0 else POSITIVE
        a = self.demand(a, wanted)
        scale, pairs = self.factor(a.num)
        result = Value(self, self.one_poly, 1, (), a.needs)
        for whole, sign in ((abs(scale), 1), (a.unit, -1)):
            if whole != 1:
                exact = self._exact_root(whole, power * sign)
                result = self.multiply(
                    result,
                    exact
                    if exact is not None
                    else self.exp(self.multiply(self.number(power * sign), self.log_of_whole(whole))),
                )
        for base, times, sign in (*((b, t, 1) for b, t in pairs), *((b, t, -1) for b, t in a.den)):
            result = self.multiply(result, self._base_to(base, times, power * sign))
        return result

    def _exact_root(self, whole: int, power: Fraction) -> Value | None:
        root = round(whole ** (1 / power.denominator)) if whole < 10**15 else 0
        if root and root**power.denominator == whole:
            _fits(root, abs(power.numerator))
            return self.number(Fraction(root) ** power.numerator)
        return None

    def _base_to(self, base: int, times: int, power: Fraction) -> Value:
        single = self.base_generator[base]
        if single is not None and self.generators[single].kind == "exp":
            return self.exp(self.multiply(self.number(times * power), self.log_of_base(base)))
        if single is not None and self.generators[single].kind == "root":
            inner = self.generators[single]
            return self._power_of_base(inner.key, times * power / inner.unit)
        return self._power_of_base(base, times * power)

    def call(self, name: str, arguments: Sequence[Value], signs: Signs = ANY, bound: Any = None) -> Value:
        """The value of a function that is known by name alone: equal for equal arguments."""
        roles: Roles = frozenset().union(*(self.roles_of(each) for each in arguments))
        key = (name, bound, tuple(each.key for each in arguments))
        depth = max((self.depth_of(each) for each in arguments), default=0)
        place = self.generator("call", key, signs, roles, depth=depth, arguments=tuple(arguments))
        needs: frozenset[Any] = frozenset().union(*(each.needs for each in arguments))
        made = self.of(place)
        return made if not needs else Value(self, made.num, 1, (), needs)

    # -- other generators in place of these -----------------------------------------------------------------------

    def rewrite(self, a: Value, replace: Callable[[int], Value | None]) -> Value:
        """A value with some of its generators replaced; ``replace`` gives None for those that stay."""
        changes = {place: found for place in self.all_used(a) if (found := replace(place)) is not None}
        if not changes:
            return a
        num = self.substitute(a.num, changes)
        result = self.multiply(num, self.number(Fraction(1, a.unit)))
        for base, power in a.den:
            if any(place in changes for place in self.used(self.bases[base])):
                result = self.multiply(
                    result, self.whole_power(self.inverse(self.substitute(self.bases[base], changes)), power)
                )
            else:
                result = self.multiply(result, Value(self, self.one_poly, 1, ((base, power),), frozenset()))
        return Value(self, result.num, result.unit, result.den, result.needs | a.needs)

    def all_used(self, a: Value) -> set[int]:
        """Generators that occur in a value."""
        found = set(self.used(a.num))
        for base, _ in a.den:
            found |= set(self.used(self.bases[base]))
        return found

    def substitute(self, poly: Poly, changes: Mapping[int, Value]) -> Value:
        """A polynomial with values in the place of some of its generators."""
        plain = all(not (each.den or each.needs) and each.unit == 1 and len(each.num) == 1 for each in changes.values())
        if plain and all(int(each.num.coefficient(0)) == 1 for each in changes.values()):
            moved = [
                (place, [(other, int(times)) for other, times in enumerate(each.num.monomial(0)) if times])
                for place, each in changes.items()
            ]
            terms: dict[tuple[int, ...], int] = {}
            for exponents, coefficient in poly.to_dict().items():
                target = list(map(int, exponents))
                steps = [(place, target[place], into) for place, into in moved if target[place]]
                for place, power, _ in steps:
                    target[place] -= power
                for _, power, into in steps:
                    for other, times in into:
                        target[other] += power * times
                key = tuple(target)
                terms[key] = terms.get(key, 0) + int(coefficient)
            return self.value(self.context.from_dict(terms), 1, (), frozenset())
        parts: list[Value] = []
        for exponents, coefficient in poly.to_dict().items():
            rest = tuple(0 if place in changes else int(power) for place, power in enumerate(exponents))
            piece = Value(self, self.context.term(exp_vec=rest, coeff=int(coefficient)), 1, (), frozenset())
            for place, instead in changes.items():
                if exponents[place]:
                    piece = self.multiply(piece, self.whole_power(instead, int(exponents[place])))
            parts.append(piece)
        return self.total(parts)


def _fits(whole: int, exponent: int) -> None:
    """Stop where a power of a whole number has too many digits."""
    if whole > 1 and whole.bit_length() * exponent > MOST_BITS:
        raise TooHard(f"a number to the power {exponent}")


def _times(a: Signs, b: Signs) -> Signs:
    return frozenset(x * y for x in a for y in b)


def _to_the(signs: Signs, power: int) -> Signs:
    return signs if power % 2 else frozenset(each * each for each in signs)
