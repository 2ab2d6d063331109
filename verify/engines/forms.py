"""Polynomials in values of either sign: at least zero, given what is known to be?

What is known (an order of entries, a share of at least one half) is a polynomial that is at least zero. Where it is
linear in a value, it is solved for it, with the polynomial as a new parameter that is at least zero. Values that are
left may have either sign; a polynomial of degree two in them is a quadratic form, whose coefficients are polynomials in
what is at least zero, and it is nowhere negative where every principal minor of its matrix is at least zero.
"""

import itertools
from collections.abc import Callable, Iterator, Sequence
from typing import Final

from verify.readings.algebra import (
    ANY,
    AT_LEAST_ZERO,
    AT_MOST_ZERO,
    NEGATIVE,
    POSITIVE,
    Field,
    Poly,
    Signs,
    Value,
)

# A generator, the power of it that is replaced, and by what.
Solution = tuple[int, int, Value]

# Beyond these the minors have more terms than a certificate may look at.
MOST_VARIABLES: Final = 4
# In how many orders facts are solved.
MOST_ORDERS: Final = 24


# Whether a polynomial in values that are at least zero is nowhere negative; the number of rows of the minor that it is
# of a quadratic form, 0 where it is none.
Certified = Callable[[Poly, int], bool]


def at_least_zero(
    algebra: Field, poly: Poly, facts: Sequence[Poly], certified: Certified, *, minors: bool = True
) -> bool:
    """Whether a polynomial is nowhere negative where all facts are at least zero.

    Args:
        algebra: where they were made.
        poly: the polynomial.
        facts: polynomials that are at least zero; they are used where that is possible.
        certified: asked for each polynomial that has to be nowhere negative.
        minors: whether those of a quadratic form are looked at.

    Returns:
        True where that is certain; False where no certificate was found.
    """
    seen: set[str] = set()
    for plain in _without_logarithms(algebra, poly):
        for solved in _solved(algebra, plain, facts):
            key = str(solved)
            if key in seen:
                continue
            seen.add(key)
            if solved.is_zero():
                return True
            if certified(solved, 0) if not minors else _form_at_least_zero(algebra, solved, certified):
                return True
    return False


def free(algebra: Field, poly: Poly) -> list[int]:
    """Inputs of either sign in a polynomial."""
    return [
        place
        for place in algebra.used(poly)
        if algebra.generators[place].kind == "input" and algebra.generators[place].signs == ANY
    ]


# -- facts ----------------------------------------------------------------------------------------------------------


def _solved(algebra: Field, poly: Poly, facts: Sequence[Poly]) -> Iterator[Poly]:
    """The polynomial with facts solved for values, in one order of the facts after the other."""
    live = [fact for fact in facts if not algebra.plain_signs(fact) <= AT_LEAST_ZERO]
    for order in itertools.islice(itertools.permutations(live), MOST_ORDERS):
        changed, rest = poly, list(order)
        while rest:
            fact = rest.pop(0)
            step = _solution(algebra, changed, fact)
            if step is None:
                continue
            changed = _replaced(algebra, changed, step)
            rest = [_replaced(algebra, each, step) for each in rest]
        yield changed
    if live:
        # A fact that is used may spoil what is plain without it.
        yield poly


def _solution(algebra: Field, poly: Poly, fact: Poly) -> Solution | None:
    """A value in terms of the fact, which becomes a parameter; None where it cannot be solved for any of the poly."""
    if algebra.plain_signs(fact) <= AT_LEAST_ZERO:
        return None
    candidates = algebra.used(poly)
    loose = free(algebra, fact)
    for place in [*loose, *(each for each in algebra.used(fact) if each not in loose)]:
        generator = algebra.generators[place]
        degree = int(fact.degrees()[place])
        if place not in candidates or not _even(place, degree, (fact, poly)):
            continue
        if place not in loose and not (
            generator.kind in ("parameter", "exp", "input") and generator.signs <= AT_LEAST_ZERO
        ):
            continue
        factor, rest = linear(algebra, fact, place)
        signs = signs_of(algebra, factor)
        short = algebra.plain_signs(-rest)
        if signs == AT_LEAST_ZERO and place not in loose and short == POSITIVE:
            # The product is positive, and so are both of its factors.
            signs = POSITIVE
        if signs not in (POSITIVE, NEGATIVE):
            continue
        if (place not in loose or degree > 1) and (signs != POSITIVE or not short <= AT_LEAST_ZERO):
            continue
        more = algebra.generator("parameter", ("known", str(fact)), AT_LEAST_ZERO)
        above = Value(algebra, algebra.variables[more] - rest, 1, (), frozenset())
        return place, degree, above / Value(algebra, factor, 1, (), frozenset())
    return None


def _even(place: int, degree: int, polys: Sequence[Poly]) -> bool:
    """Whether a generator occurs to the power one, or to a power that all others are multiples of."""
    if degree == 1:
        return True
    return all(int(each[place]) % degree == 0 for poly in polys for each in poly.monoms()) and all(
        int(each[place]) in (0, degree) for each in polys[0].monoms()
    )


def _replaced(algebra: Field, poly: Poly, step: Solution) -> Poly:
    """A polynomial with a solution in it, times what is positive in its denominator."""
    place, degree, instead = step
    if place not in algebra.used(poly):
        return poly
    if degree > 1:
        terms: dict[tuple[int, ...], int] = {}
        for exponents, coefficient in poly.to_dict().items():
            key = tuple(int(each) for each in exponents)
            if key[place] % degree:
                return poly
            terms[(*key[:place], key[place] // degree, *key[place + 1 :])] = int(coefficient)
        poly = algebra.context.from_dict(terms)
    if not instead.den and instead.unit == 1:
        algebra.learnt.effort -= 1 + len(poly) // 10
        return poly.compose(*(*algebra.variables[:place], instead.num, *algebra.variables[place + 1 :]))
    value = algebra.substitute(poly, {place: instead})
    # The denominators are factors that were solved by: none of them is zero. One whose own sign is open decides it.
    num = value.num
    for base, power in value.den:
        signs = algebra.signs_of_base(base)
        if power % 2 and not signs <= AT_LEAST_ZERO:
            num = -num if signs <= AT_MOST_ZERO else num * algebra.bases[base]
    return num


def below(algebra: Field, value: Value) -> Signs:
    """The sign of a denominator; both where it is open."""
    sign = 1
    for base, power in value.den:
        signs = algebra.signs_of_base(base)
        if power % 2 and signs != POSITIVE:
            if signs != NEGATIVE:
                return ANY
            sign = -sign
    return POSITIVE if sign > 0 else NEGATIVE


def linear(algebra: Field, poly: Poly, place: int) -> tuple[Poly, Poly]:
    """``factor`` and ``rest`` of ``factor * v + rest``, where v is the only power of a generator that occurs."""
    factor: dict[tuple[int, ...], int] = {}
    rest: dict[tuple[int, ...], int] = {}
    for exponents, coefficient in poly.to_dict().items():
        key = tuple(int(each) for each in exponents)
        if key[place]:
            factor[(*key[:place], 0, *key[place + 1 :])] = int(coefficient)
        else:
            rest[key] = int(coefficient)
    return algebra.context.from_dict(factor), algebra.context.from_dict(rest)


def signs_of(algebra: Field, poly: Poly) -> Signs:
    """Signs of a polynomial, by those of its terms and of its factors."""
    return algebra.signs(Value(algebra, poly, 1, (), frozenset()))


# -- logarithms -----------------------------------------------------------------------------------------------------


def _without_logarithms(algebra: Field, poly: Poly) -> Iterator[Poly]:
    """Polynomials that are at most a positive multiple of this one, without its logarithms.

    ``log B = x + p`` with ``p >= 0`` where ``e^x``, or 1, is one of the terms of B. Where a power of p has to be
    replaced by something larger, that is ``p <= f - 1`` or ``p^2 <= (f - 1)^2 / f`` with ``f = B / e^x``.
    """
    place = next((each for each in algebra.used(poly) if algebra.generators[each].kind == "log"), None)
    if place is None:
        yield poly
        return
    base = algebra.generators[place].key
    inside = algebra.bases[base]
    if algebra.signs_of_base(base) != POSITIVE or algebra.plain_signs(inside) != POSITIVE:
        return
    for one, exponent in _terms_of(algebra, inside):
        more = algebra.generator("parameter", ("logarithm", f"{place} {one}"), AT_LEAST_ZERO)
        changed = poly.compose(
            *(*algebra.variables[:place], algebra.variables[more] + exponent, *algebra.variables[place + 1 :])
        )
        if not exponent.is_zero() and set(algebra.used(exponent)) & set(algebra.used(changed)):
            # The exponent does not cancel.
            continue
        for each in _at_most(algebra, changed, more, inside, one):
            yield from _without_logarithms(algebra, each)


def _terms_of(algebra: Field, inside: Poly) -> Iterator[tuple[Poly, Poly]]:
    """Terms ``e^x`` or 1 of a sum of positive terms, with x or 0."""
    for exponents, coefficient in inside.to_dict().items():
        used = [place for place, power in enumerate(exponents) if power]
        if int(coefficient) < 1 or len(used) > 1:
            continue
        if not used:
            yield algebra.one_poly, algebra.zero_poly
            continue
        generator = algebra.generators[used[0]]
        if generator.kind != "exp" or generator.unit != 1 or int(exponents[used[0]]) != 1:
            continue
        places, den, scale = generator.key
        if den or scale != 1 or len(places) != 1 or places[0][1] != 1:
            continue
        yield algebra.variables[used[0]], algebra.variables[places[0][0]]


def _at_most(algebra: Field, poly: Poly, place: int, inside: Poly, one: Poly) -> Iterator[Poly]:
    """What a polynomial is at least, once negative powers of a logarithm are replaced, times what is positive."""
    parts = powers(algebra, poly, place)
    yield poly
    negative = [power for power, part in parts.items() if power and algebra.plain_signs(part) <= AT_MOST_ZERO]
    if not negative:
        return
    over = inside - one
    highest = max(negative)
    for square in (True, False):
        if square and any(power % 2 for power in negative):
            continue
        total = algebra.zero_poly
        for power, part in parts.items():
            # Everything is multiplied by the denominator of the highest power.
            if power in negative and square:
                half = power // 2
                part = part * over**power * (inside * one) ** (highest // 2 - half)
            elif power in negative:
                part = part * over**power * one ** (highest - power)
            else:
                scale = (inside * one) ** (highest // 2) if square else one**highest
                part = part * algebra.variables[place] ** power * scale
            algebra.learnt.effort -= 1 + len(part) // 20
            algebra.watch()
            total = total + part
        yield total


def powers(algebra: Field, poly: Poly, place: int) -> dict[int, Poly]:
    """The factors of the powers of a generator."""
    parts: dict[int, dict[tuple[int, ...], int]] = {}
    for exponents, coefficient in poly.to_dict().items():
        key = tuple(int(each) for each in exponents)
        part = parts.setdefault(key[place], {})
        part[(*key[:place], 0, *key[place + 1 :])] = int(coefficient)
    return {power: algebra.context.from_dict(part) for power, part in parts.items()}


# -- quadratic forms --------------------------------------------------------------------------------------------------


def _form_at_least_zero(algebra: Field, poly: Poly, certified: Certified) -> bool:
    loose = free(algebra, poly)
    if loose:
        return _definite(algebra, poly, loose, certified)
    if algebra.plain_signs(poly) <= AT_LEAST_ZERO or certified(poly, 0):
        return True
    # A form in parameters that is nowhere negative even where they have either sign.
    return any(_definite(algebra, poly, group, certified) for group in _forms(algebra, poly))


def _forms(algebra: Field, poly: Poly) -> Iterator[list[int]]:
    """Parameters of one argument in which every term has the degree two."""
    groups: dict[str, list[int]] = {}
    for place in algebra.used(poly):
        if algebra.generators[place].kind == "parameter":
            groups.setdefault(algebra.generators[place].key[0], []).append(place)
    for group in groups.values():
        if len(group) > 1 and all(sum(int(each[place]) for place in group) == 2 for each in poly.monoms()):
            yield group


def _definite(algebra: Field, poly: Poly, loose: Sequence[int], certified: Certified) -> bool:
    """Whether every principal minor is at least zero; the small ones first."""
    matrix = _matrix(algebra, poly, loose)
    if matrix is None:
        return False
    for count in range(1, len(matrix) + 1):
        for chosen in itertools.combinations(range(len(matrix)), count):
            minor = _determinant(algebra, [[matrix[a][b] for b in chosen] for a in chosen])
            if not (minor.is_zero() or algebra.plain_signs(minor) <= AT_LEAST_ZERO or certified(minor, count)):
                return False
    return True


def _matrix(algebra: Field, poly: Poly, loose: Sequence[int]) -> list[list[Poly]] | None:
    """Twice the matrix of a quadratic form; with a row for 1 where it has terms of a lower degree."""
    parts: dict[tuple[int, ...], dict[tuple[int, ...], int]] = {}
    for exponents, coefficient in poly.to_dict().items():
        key = [int(each) for each in exponents]
        held = tuple(number for number, place in enumerate(loose) for _ in range(key[place]))
        if len(held) > 2:
            return None
        for place in loose:
            key[place] = 0
        parts.setdefault(held, {})[tuple(key)] = int(coefficient)
    size = len(loose) + any(len(held) < 2 for held in parts)
    if size > MOST_VARIABLES:
        return None
    matrix = [[algebra.zero_poly for _ in range(size)] for _ in range(size)]
    for held, terms in parts.items():
        row, column = (*held, *([size - 1] * (2 - len(held))))
        part = algebra.context.from_dict(terms)
        if row == column:
            matrix[row][row] = part * 2
        else:
            matrix[row][column] = matrix[column][row] = part
    return matrix


def _determinant(algebra: Field, matrix: Sequence[Sequence[Poly]]) -> Poly:
    """By the first row; the matrices are small."""
    if len(matrix) == 1:
        return matrix[0][0]
    total = algebra.zero_poly
    for column, entry in enumerate(matrix[0]):
        if entry.is_zero():
            continue
        rest = [[*row[:column], *row[column + 1 :]] for row in matrix[1:]]
        part = entry * _determinant(algebra, rest)
        algebra.learnt.effort -= 1 + len(part) // 20
        algebra.watch()
        total = total + part if column % 2 == 0 else total - part
    return total
