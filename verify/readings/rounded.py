"""Rounded reading: a value is a ball that contains every float that a format may return for the program.

The rules: one rounding per operation, fused or not; sums in any order; division by way of a rounded reciprocal; results
flushed to zero where the format flushes; elementary functions within the budget measured for the platform. A value
that may overflow becomes a ball without bounds, of which nothing is claimed. This is the tolerance, derived from the
program.
"""

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from flint import arb

from verify.formats import FORMATS, Format
from verify.readings.budgets import BUDGETS, EARLY_OVERFLOW, Allowance
from verify.readings.exact import NAN, ONE, ZERO, Array, Balls, addresses, filled, finite
from verify.readings.interpreter import STRUCTURE, align, kind_of, spread, thin, unsigned

UNIT: Final = arb(0, 1)
# What a second operand is that changes nothing.
NEUTRAL: Final = {"add": ZERO, "add_any": ZERO, "sub": ZERO, "mul": ONE, "div": ONE}
# What leaves a number what it is, but for its sign and its format, as long as it is the only one.
SAME: Final = (
    "abs",
    "convert_element_type",
    "cumprod",
    "cumsum",
    "neg",
    "reduce_precision",
    "reduce_prod",
    "reduce_sum",
)
# Bits of the midpoints: enough that the reading's own rounding is far below the finest unit roundoff.
ROUNDED_BITS: Final = 128
# Dividends and divisors that a quotient of quotients may be rewritten to, beyond which nothing is claimed.
MOST_FORMS: Final = 32

_upper = np.frompyfunc(arb.abs_upper, 1, 1)
_union = np.frompyfunc(arb.union, 2, 1)

_exp = np.frompyfunc(arb.exp, 1, 1)
_is_zero = np.frompyfunc(arb.is_zero, 1, 1)


def _may_be(array: Array, value: arb) -> bool:
    """Whether any entry may be some value."""
    return any(each.contains(value) for each in thin(array)[1][0].flat)


def _overflow(form: Format) -> arb:
    """The smallest magnitude that rounds to infinity, exactly."""
    return arb(form.overflow.numerator) / arb(form.overflow.denominator)


def _early(form: Format) -> arb:
    """Where the exponential may overflow already."""
    return arb(2) ** form.emax * arb(2).sqrt()


@dataclass(frozen=True)
class Exponent:
    """What a number is the exponential of, to the compiler: a sum of exponents, which it may form in any order.

    Attributes:
        total: the sum, each of its terms as it is rounded.
        size: the sum of their magnitudes.
        count: how many they are.
        sign: 1, or -1 where the number is less than zero.
    """

    total: arb
    size: arb
    count: int = 1
    sign: int = 1

    def times(self, other: "Exponent", power: int = 1) -> "Exponent":
        """Of a product, or of a quotient where the power is -1."""
        total = self.total + other.total if power == 1 else self.total - other.total
        return Exponent(total, self.size + other.size, self.count + other.count, self.sign * other.sign)

    def power(self, whole: int) -> "Exponent":
        """Of as many factors; of one over them where there are less than zero."""
        much = abs(whole)
        sign = self.sign if much % 2 else 1
        return Exponent(self.total * whole, self.size * much, self.count * much, sign)


class Exponents:
    """Which numbers are exponentials: known by the identity of the ball, so wherever it is moved."""

    def __init__(self) -> None:
        """Know of none."""
        self._held: dict[int, tuple[arb, Exponent]] = {}  # balls are kept alive, their identity is theirs alone

    def note(self, balls: Sequence[arb], exponents: Sequence[Exponent | None]) -> None:
        """Remember exponentials; numbers that stand for a constant are none."""
        for ball, exponent in zip(balls, exponents, strict=True):
            if exponent is not None and ball is not ZERO and ball is not ONE and ball is not NAN:
                self._held[id(ball)] = (ball, exponent)

    def of(self, array: Array) -> Array | None:
        """The exponent of each entry, None of each that is no exponential; None where there is none at all."""
        if not self._held or array.dtype != object:
            return None
        places = addresses(array).ravel().tolist()
        if self._held.keys().isdisjoint(places):
            return None
        found = np.empty(len(places), dtype=object)
        found[:] = [held and held[1] for held in map(self._held.get, places)]
        return found.reshape(array.shape)


def _known(exponents: Array) -> Array:
    """Mask of the entries that are exponentials."""
    return np.not_equal(exponents, None).astype(bool)


class Rounded(Balls):
    """What floats may return for a program, each equation in the format of its result."""

    name = "rounded"

    def __init__(self) -> None:
        """Start with no constants computed."""
        super().__init__()
        self._factors: dict[tuple[str, float], arb] = {}
        self._running = False
        # Quotients of this walk, by the identity of their array, which is kept alive: XLA rewrites nested division.
        # Dividend and divisor as they are written, and whatever they may be rewritten to, pair after pair.
        # Known as arrays, not as entries: one that is joined with others and taken out again is lost, and with it what
        # its products may overflow to.
        self._quotients: dict[int, tuple[Array, ...]] = {}
        # Products with constants, likewise.
        self._scaled: dict[int, tuple[Array, Array, Array]] = {}
        self._exponents = Exponents()
        # Numbers that are computed from constants alone, which the compiler may do itself; kept alive.
        self._fixed: dict[int, arb] = {}

    @staticmethod
    def _form(equation: Any) -> Format:
        return FORMATS[str(np.dtype(equation.outvars[0].aval.dtype))]

    def _factor(self, form: Format, roundings: float) -> arb:
        """1 ± ((1 + u)**k - 1), bounded by k u / (1 - k u)."""
        key = (form.name, roundings)
        if key not in self._factors:
            small = arb(roundings) * arb(form.unit_roundoff)
            self._factors[key] = ONE + UNIT * (small / (ONE - small)) if small < 1 else NAN
        return self._factors[key]

    def finish(self, equation: Any, result: Array, roundings: float = 1) -> Array:
        """Round, flush, and give up what may overflow; an exact zero stays one."""
        form = self._form(equation)
        rounded = result * self._factor(form, roundings) if roundings else result
        rounded = rounded + UNIT * arb(form.flush)
        zero = _is_zero(result).astype(bool)
        if zero.any():
            rounded[zero] = ZERO
        return self._bounded(rounded, form)

    def _bounded(self, array: Array, form: Format, limit: arb | None = None) -> Array:
        """Replace what may exceed the largest finite value by a ball without bounds."""
        if limit is None:
            limit = _overflow(form)
        fits = np.less(array, limit).astype(bool) & np.greater(array, -limit).astype(bool)
        if not fits.all():
            array = array.copy() if not array.flags.writeable else array
            array[~fits] = NAN
            self.tainted = True
        return array

    def finish_sum(self, equation: Any, result: Array, terms: Array, axis: int, products: bool = False) -> Array:
        """Any order of summation: (m - 1) u of the sum of magnitudes, m the number of terms that are not zero."""
        form = self._form(equation)
        sizes = np.add.reduce(_upper(terms), axis=axis)
        count = (~_is_zero(terms).astype(bool)).sum(axis=axis)
        # 16-bit formats are summed in float32 and rounded once, but for running sums.
        plain = self._running or form.sum_precision == form.precision
        unit = form.unit_roundoff if plain else 2.0**-form.sum_precision
        # What is added up are products as they are rounded, which may be larger than they are.
        of_product = arb(form.unit_roundoff if products else 0.0)
        share = np.maximum(count - 1, 0).astype(object) * (arb(unit) * (ONE + of_product)) + of_product
        flushed = (count * (form.flush if products or plain else 2.0**-126)).astype(object)
        widened = result + (sizes * share + flushed) * UNIT
        wide = form if plain else FORMATS["float32"]
        widened = self._bounded(widened, wide)
        # A partial sum may be as large as the sum of magnitudes, in some order.
        partial = self._bounded(sizes + sizes * share, wide)
        widened[~finite(partial)] = NAN
        if plain:
            return widened
        return self.finish(equation, widened)

    def running_total(self, equation: Any, terms: Array) -> Array:
        """Running sums and sums over windows are formed in the format itself."""
        self._running = True
        try:
            return super().running_total(equation, terms)
        finally:
            self._running = False

    def same(self, a: Array, b: Array) -> Array:
        """One value is equal to itself only where it is exact: compiled code may compute it twice, differently."""
        same = super().same(a, b)
        if same.any():
            a, same = np.broadcast_arrays(a, same)
            same = same.copy()
            radii = np.frompyfunc(arb.is_exact, 1, 1)
            same[same] = radii(a[same]).astype(bool)
        return same

    def _reciprocal(self, equation: Any, b: Array) -> tuple[Array, Array]:
        """1 / b rounded, and where it surely does not overflow."""
        form = self._form(equation)
        reciprocal = np.divide(ONE, b) * self._factor(form, 1) + UNIT * arb(form.flush)
        limit = _overflow(form)
        return reciprocal, np.less(reciprocal, limit).astype(bool) & np.greater(reciprocal, -limit).astype(bool)

    def divides_safely(self, equation: Any, divisor: Array) -> bool:
        """Zero times a reciprocal that overflows is not a number."""
        return bool(self._reciprocal(equation, divisor)[1].all())

    def quotient(self, equation: Any, a: Array, b: Array, stretched: bool) -> Array:
        """XLA turns division by a broadcast divisor into multiplication by its rounded reciprocal."""
        reciprocal, fits = self._reciprocal(equation, b)
        product = self.finish(equation, np.multiply(a, reciprocal))
        fits = np.broadcast_to(fits, product.shape)
        if not fits.all():
            # The reciprocal may overflow: only true division, by a full array, still means something.
            if stretched:
                product = np.where(fits, product, NAN)
                self.tainted = True
            else:
                product = np.where(fits, product, self.finish(equation, np.divide(a, b)))
        return product

    def _divide(self, equation: Any, a: Array, b: Array) -> Array:
        """XLA turns A/(B/C) into (A·C)/B and (A/B)/C into A/(B·C) under jit, whose products may underflow."""
        result, forms = self._over(equation, a, b), [a, b]
        for above, below in itertools.product(self._nested(a), self._nested(b)):
            if above is None and below is None:
                continue
            if len(forms) > MOST_FORMS:
                result = spread(self.watch(filled((1,) * result.ndim, NAN)), result.shape)
                break
            top, bottom = a, b
            if above is not None:
                top, bottom = above[0], self.multiply(equation, above[1], bottom)
            if below is not None:
                top = self.multiply(equation, top, below[1])
                bottom = below[0] if above is None else self.multiply(equation, above[1], below[0])
            forms += [top, bottom]
            result = self._either(result, self._over(equation, top, bottom))
        result = self._merged(equation, result, a, b, -1)
        self._quotients[id(result)] = (result, *forms)
        return result

    def _nested(self, array: Array) -> list[tuple[Array, Array] | None]:
        """The quotients that an operand may be to the compiler; None where it may be none to it."""
        held = self._quotients.get(id(array))
        if held is None:
            return [None]
        pairs = list(zip(held[1::2], held[2::2], strict=True))
        # By a constant it may have become a product.
        return [*pairs, None] if any(self._of_constants(bottom) for _, bottom in pairs) else [*pairs]

    def _over(self, equation: Any, a: Array, b: Array) -> Array:
        """A quotient; division by a constant is a product with its reciprocal, and that is a constant as well."""
        result = super()._divide(equation, a, b)
        if not self._of_constants(b):
            return result
        shape, (divisor,) = thin(b)
        inverse = self._bounded(self._reciprocal(equation, divisor)[0], self._form(equation))
        return self._folded(equation, result, a, spread(inverse, shape))

    def _either(self, result: Array, other: Array) -> Array:
        """A result, or what the compiler makes of it, with what is known of the latter."""
        shape, (x, y) = thin(result, other)
        union = spread(self.watch(_union(x, y)), shape)
        for each in (other, result):
            if id(each) in self._scaled:
                self._scaled[id(union)] = (union, *self._scaled[id(each)][1:])
            self._carry(each, union)
        return union

    # -- exponentials ------------------------------------------------------------------------------------------

    def _exponentials(self, equation: Any, exponents: Sequence[Exponent]) -> Array:
        """What the compiler makes of products, quotients and powers of exponentials: one, of a rounded exponent."""
        form = self._form(equation)
        rounded = np.array([self._exponent(form, each) for each in exponents], dtype=object)
        value = self.finish(equation, _exp(rounded), BUDGETS[form.name]["exp"].constant)
        value = self.watch(self._bounded(value, form, _early(form)))
        return value * np.array([each.sign for each in exponents], dtype=object)

    def _exponent(self, form: Format, exponent: Exponent) -> arb:
        """An exponent as it is rounded; the only rounding of a sum of two is one of the sum."""
        steps = exponent.count - 1
        if not steps:
            return exponent.total
        size = abs(exponent.total) if steps == 1 else exponent.size
        return exponent.total + size * (self._factor(form, steps) - ONE) + UNIT * (steps * arb(form.flush))

    def _merged(self, equation: Any, result: Array, a: Array, b: Array, power: int = 1) -> Array:
        """A product, or a quotient where the power is -1, as the compiler may write it.

        exp(A)·exp(B) is exp(A + B) under jit, exp(A)/exp(B) is exp(A - B), and any C/exp(B) is C·exp(-B).
        """
        shape, (x, y, whole) = thin(a, b, result)
        first, second = self._exponents.of(x), self._exponents.of(y)
        if first is None and second is None:
            return result
        none = np.full((1,) * whole.ndim, None, dtype=object)
        whole, x, y, first, second = np.broadcast_arrays(
            whole, x, y, none if first is None else first, none if second is None else second
        )
        whole = whole.copy()
        left, right = _known(first), _known(second)
        known = np.full(whole.shape, None, dtype=object)
        both = left & right
        known[both] = [one.times(other, power) for one, other in zip(first[both], second[both], strict=True)]
        if power == -1:
            # A number over an exponential; one that is written as a constant alone may be that exponential inverted.
            under = right & ~left
            inverse = [each.power(-1) for each in second[under]]
            if inverse:
                product = self.finish(equation, np.multiply(x[under], self._exponentials(equation, inverse)))
                whole[under] = self.watch(_union(whole[under], product))
                known[under] = self._beside(inverse, self._signs(x[under]))
        else:
            alone = right & ~left
            known[alone] = self._beside(second[alone], self._signs(x[alone]))
        alone = left & ~right
        known[alone] = self._beside(first[alone], self._signs(y[alone]))
        if both.any():
            whole[both] = self.watch(_union(whole[both], self._exponentials(equation, known[both])))
        self._exponents.note(whole.ravel().tolist(), known.ravel().tolist())
        return self._instead(result, spread(whole, shape))

    def _instead(self, result: Array, wider: Array) -> Array:
        """What is known of a result is true of a wider one."""
        kept: dict[int, Any]
        for kept in (self._quotients, self._scaled):
            if id(result) in kept:
                kept[id(wider)] = (wider, *kept[id(result)][1:])
        return wider

    @staticmethod
    def _beside(exponents: Sequence[Exponent], signs: Sequence[int]) -> list[Exponent | None]:
        """Exponentials times one, or minus one; 0 stands for any other factor."""
        return [
            Exponent(each.total, each.size, each.count, each.sign * sign) if sign else None
            for each, sign in zip(exponents, signs, strict=True)
        ]

    def _signs(self, entries: Array) -> list[int]:
        """Which factors the compiler may know to be 1 or -1; 0 for all others."""
        return [
            (1 if each.contains(ONE) else -1 if each.contains(-ONE) else 0) if self._is_constant(each) else 0
            for each in entries
        ]

    def _carry(self, array: Array, result: Array, sign: int = 1) -> None:
        """What is an exponential stays one in an array of the same entries, but for their sign: 0 stands for none."""
        _, (x, y) = thin(array, result)
        exponents = self._exponents.of(x)
        if exponents is None:
            return
        y, exponents = np.broadcast_arrays(y, exponents)
        signed = [
            each and Exponent(each.total, each.size, each.count, each.sign * sign or 1) for each in exponents.flat
        ]
        self._exponents.note(y.ravel().tolist(), signed)

    def _power(self, equation: Any, a: Array, b: Array) -> Array:
        """XLA turns exp(A)**B into exp(A·B) under jit."""
        result = super()._power(equation, a, b)
        if self._of_constants(b) and _may_be(b, -ONE):
            result = self._one_over(equation, result, spread(align(a, result)[0], result.shape))
        exponents = self._exponents.of(thin(a)[1][0])
        if exponents is None:
            return result
        if kind_of(equation.invars[1].aval) == "whole":
            b = self.lift(unsigned(equation.invars[1:], [b])[0].astype(np.float64))
        shape, (exponents, y, whole) = thin(np.broadcast_to(exponents, a.shape), b, result)
        whole, exponents, y = np.broadcast_arrays(whole, exponents, y)
        whole, hit = whole.copy(), _known(exponents)
        form = self._form(equation)
        inner = [self._exponent(form, each) for each in exponents[hit]]
        products = self.finish(equation, np.multiply(np.array(inner, dtype=object), y[hit]))
        found = [Exponent(each, abs(each)) for each in products]
        whole[hit] = self.watch(_union(whole[hit], self._exponentials(equation, found)))
        self._exponents.note(whole[hit].tolist(), found)
        return self._instead(result, spread(whole, shape))

    def visit(self, equation: Any, inputs: Sequence[Array], results: list[Array]) -> list[Array]:
        """What is only moved stays a quotient, a product or an exponential: XLA looks through what changes no entry."""
        if not self.depends:
            for each in results:
                if each.dtype == object:
                    (x,) = thin(each)[1]
                    self._fixed.update(zip(addresses(x).ravel().tolist(), x.ravel().tolist(), strict=True))
        if len(results) == 1:
            for place, array in enumerate(inputs):
                kept: dict[int, Any]
                for kept in (self._quotients, self._scaled):
                    if id(array) in kept and results[0] is not array:
                        parts = [np.broadcast_to(align(part, array)[0], array.shape) for part in kept[id(array)][1:]]
                        moved = self._moved(equation, inputs, place, results[0], parts)
                        if moved is not None:
                            kept[id(results[0])] = (results[0], *moved)
            self._pass_on(equation, inputs, results[0])
        return super().visit(equation, inputs, results)

    def _pass_on(self, equation: Any, inputs: Sequence[Array], result: Array) -> None:
        """An exponential stays one where nothing is added to it, and with another sign or in another format."""
        name = equation.primitive.name
        if result.dtype != object or any(each.dtype != object for each in inputs):
            return
        if name in SAME and result.size == inputs[0].size:
            signs = {"neg": -1, "abs": 0}
            self._carry(inputs[0].reshape(result.shape), result, signs.get(name, 1))
        if name in ("add", "add_any", "sub") and len(inputs) == 2:
            for place, array in enumerate(inputs):
                other = inputs[1 - place]
                if self._of_constants(other) and _may_be(other, ZERO):
                    self._carry(array, result, -1 if name == "sub" and place else 1)

    def _moved(
        self, equation: Any, inputs: Sequence[Array], place: int, result: Array, parts: list[Array]
    ) -> list[Array] | None:
        """The parts of an operand as parts of the result, None where the equation does more than to move it."""
        name = equation.primitive.name
        if len(inputs) == 1 and name in STRUCTURE:
            moved = [STRUCTURE[name](self, equation, part) for part in parts]
            # What is split into one piece comes in a list.
            return [each[0] if isinstance(each, (list, tuple)) else each for each in moved]
        neutral = NEUTRAL.get(name) if len(inputs) == 2 and (place == 0 or name not in ("sub", "div")) else None
        if neutral is not None and self._of_constants(other := inputs[1 - place]) and _may_be(other, neutral):
            return parts
        array = inputs[place]
        if result.dtype != object or result.size != array.size:
            return None
        same = bool((addresses(result.ravel()) == addresses(array.ravel())).all())
        return [part.reshape(result.shape) for part in parts] if same else None

    def _of_constants(self, array: Array) -> bool:
        """Whether every entry is a constant of the program, or computed from such alone, and there is one."""
        (x,) = thin(array)[1]
        if not x.size or not self._is_constant(x.flat[0]):
            return False
        distinct = dict(zip(addresses(x).ravel().tolist(), x.ravel().tolist(), strict=True))
        return all(map(self._is_constant, distinct.values()))

    def _is_constant(self, value: arb) -> bool:
        return value is ZERO or value is ONE or id(value) in self._fixed or self._literals.get(float(value)) is value

    def multiply(self, equation: Any, a: Array, b: Array) -> Array:
        """A product as it is written, or as the compiler writes it."""
        return self._merged(equation, self._times(equation, a, b), a, b)

    def dot_row(self, equation: Any, x: Array, y: Array) -> Array:
        """A sum of one product is that product."""
        if x.shape[-1] != 1 or y.shape[-1] != 1:
            return super().dot_row(equation, x, y)
        return self.multiply(equation, x, y)[..., 0]

    def _times(self, equation: Any, a: Array, b: Array) -> Array:
        """XLA multiplies constants with each other first under jit: (A·C)·D is A·(C·D), (A·C)·(B·D) is (A·B)·(C·D)."""
        result = super().multiply(equation, a, b)
        first, second = self._scaled.get(id(a)), self._scaled.get(id(b))
        if first is not None and second is not None:
            factor, constant = (super(Rounded, self).multiply(equation, first[part], second[part]) for part in (1, 2))
            return self._scaled_by(equation, result, factor, constant)
        if self._of_constants(b):
            return self._folded(equation, result, a, b)
        return self._folded(equation, result, b, a) if self._of_constants(a) else result

    def _folded(self, equation: Any, result: Array, factor: Array, constant: Array) -> Array:
        """A product with a constant, which may be multiplied with the one in the other factor first."""
        held = self._scaled.get(id(factor))
        if held is None:
            self._scaled[id(result)] = (result, factor, constant)
            return result
        return self._scaled_by(equation, result, held[1], super().multiply(equation, held[2], constant))

    def _scaled_by(self, equation: Any, result: Array, factor: Array, constant: Array) -> Array:
        """A result, or what the compiler makes of it: a factor times a product of constants, which may overflow."""
        shape, (x, y) = thin(result, super().multiply(equation, factor, constant))
        result = spread(self.watch(_union(x, y)), shape)
        self._scaled[id(result)] = (result, factor, constant)
        return result

    def _power_of(self, equation: Any, array: Array, exponent: int) -> Array:
        """A power of a product with a constant may be a product of powers."""
        result, held = super()._power_of(equation, array, exponent), self._scaled.get(id(array))
        shape, (x, whole) = thin(array, result)
        exponents = self._exponents.of(x)
        if exponents is not None and exponent:
            hit = _known(exponents)
            whole = whole.copy()
            found = [each.power(exponent) for each in exponents[hit]]
            whole[hit] = self.watch(_union(whole[hit], self._exponentials(equation, found)))
            self._exponents.note(whole[hit].tolist(), found)
            result = self._instead(result, spread(whole, shape))
        if exponent < 0:
            result = self._one_over(
                equation, result, array if exponent == -1 else self._power_of(equation, array, -exponent)
            )
        if held is None or exponent < 2:
            return result
        factor, constant = (super(Rounded, self)._power_of(equation, part, exponent) for part in held[1:])
        return self._scaled_by(equation, result, factor, constant)

    def _one_over(self, equation: Any, result: Array, array: Array) -> Array:
        """A power that is a quotient to the compiler."""
        quotient = self._divide(equation, spread(filled((1,) * array.ndim, ONE), array.shape), array)
        result = self._either(result, quotient)
        self._quotients[id(result)] = (result, *self._quotients[id(quotient)][1:])
        return result

    def whole_power(self, equation: Any, array: Array, exponent: int) -> Array:
        """Repeated products in any association, then a reciprocal; products on the way may overflow too."""
        size = abs(exponent)
        power = super().whole_power(equation, array, size)
        if size > 1:
            power = self.finish(equation, power, size - 1)
        if exponent >= 0:
            return power
        inverse = np.divide(ONE, power)
        return self.finish(equation, inverse)

    def complement_of_square(self, equation: Any, array: Array) -> Array:
        """1 - x² or (1 - x)(1 + x), each with its own roundings."""
        square = self.finish(equation, super().whole_power(equation, array, 2))
        straight = self.finish(equation, np.subtract(ONE, square))
        product = np.multiply(np.subtract(ONE, array), np.add(ONE, array))
        return _union(straight, self.finish(equation, product, 3))

    def _allowance(self, equation: Any) -> Allowance | None:
        return BUDGETS[self._form(equation).name].get(equation.primitive.name)

    def budget(self, equation: Any) -> float:
        """The constant part; NaN where nothing is claimed."""
        allowance = self._allowance(equation)
        return float("nan") if allowance is None else allowance.constant

    def elementary(self, equation: Any, function: Callable[..., Array], *arrays: Array) -> Array:
        """A function of balls within its budget; nothing is claimed of one without."""
        allowance = self._allowance(equation)
        shape, thinned = thin(*arrays)
        value = function(*thinned)
        if allowance is None:
            self.tainted = True
            return spread(filled(value.shape, NAN), shape)
        form = self._form(equation)
        name = equation.primitive.name
        falling = np.zeros(value.shape, dtype=bool)
        if allowance.falling is not None:
            falling = np.broadcast_to(np.less_equal(thinned[0], ZERO).astype(bool), value.shape)
        if allowance.slope or allowance.curve:
            size = np.broadcast_to(_upper(thinned[0]), value.shape)
            units = allowance.constant + size * allowance.slope + size * size * allowance.curve
            value = value + value * (units * arb(form.unit_roundoff)) * UNIT
            rounded = self.finish(equation, value, 1)
        elif falling.all() and falling.size:
            rounded = self.finish(equation, value, allowance.falling or 0.0)
        else:
            rounded = self.finish(equation, value, allowance.constant)
            if falling.any():
                rounded[falling] = self.finish(equation, value[falling], allowance.falling or 0.0)
        if allowance.flush:
            rounded = rounded + UNIT * arb(allowance.flush)
        if name in EARLY_OVERFLOW:
            rounded = self._bounded(rounded, form, _early(form))
        result = spread(self.watch(rounded), shape)
        if name == "exp":
            self._note(rounded, thinned[0])
        if name == "logistic":
            # 1/(1 + exp(-x)) to the compiler, which rewrites it as any quotient.
            one, (x,) = filled((1,) * len(shape), ONE), thinned
            inverse = [Exponent(-each, abs(each)) for each in x.flat]
            inner = self._exponentials(equation, inverse).reshape(x.shape)
            below = self._add(equation, one, spread(inner, shape))
            self._quotients[id(result)] = (result, spread(one, shape), below)
        if name == "exp2":
            # exp(x · log 2), with a rounded constant and a rounded product.
            exponent = self.finish(equation, np.multiply(thinned[0], arb(2).log()), 2)
            self._note(rounded, exponent)
        return result

    def _note(self, exponentials: Array, exponents: Array) -> None:
        """Remember what is an exponential."""
        held = np.broadcast_to(exponents, exponentials.shape).ravel().tolist()
        self._exponents.note(exponentials.ravel().tolist(), [Exponent(each, abs(each)) for each in held])

    def _convert(self, equation: Any, array: Array) -> Array:
        if kind_of(equation.outvars[0].aval) != "number":
            return super()._convert(equation, array)
        source = FORMATS.get(str(np.dtype(equation.invars[0].aval.dtype)))
        target = self._form(equation)
        if source is not None and source.precision <= target.precision and source.emax <= target.emax:
            return array
        shape, (x,) = thin(array)
        narrow = self.finish(equation, x.copy())
        literal = self._constants(x)
        if literal.any():
            # A constant that the format holds is itself.
            literal[literal] = [bool(target.round(float(each)) == float(each)) for each in x[literal]]
            narrow[literal] = x[literal]
        return spread(narrow, shape)

    def next_after(self, equation: Any, a: Array, b: Array) -> Array:
        """A last place further, up or down; what is below the normal numbers may become zero."""
        form = self._form(equation)
        shape, (x, _) = thin(a, b)
        step = _upper(x) * arb(2 * form.unit_roundoff) + arb(form.smallest_normal)
        return spread(self._bounded(x + UNIT * step, form), shape)

    def _reduce_precision(self, equation: Any, array: Array) -> Array:
        """Rounded to a format by its bits; nothing is claimed of a range that no known format has."""
        params = equation.params
        exponent, mantissa = params["exponent_bits"], params["mantissa_bits"]
        own = self._form(equation)
        forms = [each for each in FORMATS.values() if each.emax == 2 ** (exponent - 1) - 1]
        form = own if own in forms else next(iter(forms), None)
        if form is None:
            self.tainted = True
            return filled(array.shape, NAN)
        shape, (x,) = thin(array)
        # What is below the normal numbers of either format may become zero, or a multiple of some last place.
        spare = UNIT * arb(max(form.smallest_normal, own.smallest_normal))
        rounded = x * self._factor_of(2.0 ** -(mantissa + 1)) + spare
        zero = _is_zero(x).astype(bool)
        rounded[zero] = ZERO
        largest = arb(2) ** form.emax * (arb(2) - arb(2) ** -(mantissa + 1))
        return spread(self._bounded(rounded, own, min(largest, _overflow(own))), shape)

    @staticmethod
    def _factor_of(unit: float) -> arb:
        """1 ± u."""
        return ONE + UNIT * arb(unit)

    def _step(self, equation: Any, array: Array, function: Callable[[arb], arb]) -> Array:
        """Floors are exact, but the ball of the argument may span several of them."""
        self._guard(array)
        shape, (x,) = thin(array)

        def hull(value: arb) -> arb:
            return function(value.lower()).union(function(value.upper()))

        return spread(np.frompyfunc(hull, 1, 1)(x), shape)
