"""Exact reading: a value is a ball (midpoint ± radius) of hundreds of bits that contains the true value.

Choices are never guessed. A comparison of two balls that overlap is undecided, unless both are the same object (a
value equals itself, however wide its ball); what depends on it becomes the hull of both outcomes, and the point is
read again with more bits. The precision of python-flint is global to the process: `precision` sets and restores it.
"""

import itertools
import math
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Final

import flint
import numpy as np
from flint import acb, arb

from verify.claim import ClaimError
from verify.formats import FLOAT64, Format
from verify.primitives import RULES
from verify.readings.interpreter import (
    JUMP,
    NO,
    STRUCTURE,
    UNDECIDED,
    YES,
    Array,
    System,
    kind_of,
    negate,
    running,
    scatter_targets,
    spread,
    thin,
    unsigned,
)

ZERO: Final = arb(0)
ONE: Final = arb(1)
NAN: Final = arb("nan")
INFINITE: Final = {1: arb("inf"), -1: arb("-inf")}
# Below this size looking for exact zeros costs more than it saves.
SPARSE_SIZE: Final = 64

# The answer to many equalities is the outcome that stands for one only where an equality holds.
PASSED_ON: Final = ("reduce_or", "reduce_and", "copy")

precision = flint.ctx.workprec

_finite = np.frompyfunc(arb.is_finite, 1, 1)
# An infinity is equal to itself; of complex numbers none is asked for.
_has_value = np.frompyfunc(lambda each: each.is_finite() if isinstance(each, acb) else not each.is_nan(), 1, 1)
_atan2 = np.frompyfunc(arb.atan2, 2, 1)
_union = np.frompyfunc(arb.union, 2, 1)
_ball = np.frompyfunc(arb, 1, 1)
_is_integer = np.frompyfunc(arb.is_integer, 1, 1)


class _Addresses:
    """The addresses of the objects of an array, as whole numbers, without touching the objects."""

    def __init__(self, array: Array) -> None:
        self.held = array
        self.__array_interface__ = {**array.__array_interface__, "typestr": "<i8", "descr": [("", "<i8")]}


def addresses(array: Array) -> Array:
    """Identity of every entry: two entries are one value where their addresses agree."""
    if array.dtype != object:  # what lies in memory there is no address, and may be the next array's
        raise TypeError(f"entries of {array.dtype} have no identity")
    return np.asarray(_Addresses(array))


def _infinite(array: Array) -> Array:
    """Mask of the infinite constants."""
    where = addresses(array)
    return (where == id(INFINITE[1])) | (where == id(INFINITE[-1]))


def finite(array: Array) -> Array:
    """Mask of the balls that are neither NaN nor unbounded."""
    return _finite(array).astype(bool)


def balls(values: Array) -> Array:
    """Exact balls from floats, one object an entry."""
    flat = [arb(value) for value in np.asarray(values, dtype=np.float64).ravel().tolist()]
    found = np.empty(len(flat), dtype=object)
    found[:] = flat
    return found.reshape(np.shape(values))


def filled(shape: tuple[int, ...], value: arb) -> Array:
    """An array that holds one ball everywhere."""
    array = np.empty(shape, dtype=object)
    array.fill(value)
    return array


class Balls(System):
    """What the exact and the rounded reading share: arithmetic on balls, with a hook after every operation.

    `finish` does nothing in the exact reading and adds what a float format may do in the rounded one.
    """

    def __init__(self) -> None:
        """Build the table of rows: primitive to method."""
        super().__init__()
        # Once a ball without bounds has come up, zero times it is no longer zero, and no product may be skipped.
        self.tainted = False
        self.unbounded_constants = False
        # Answers of == and != by the identity of their array, kept alive, with what stands for "equal".
        self._equalities: dict[int, tuple[Array, int]] = {}
        # A constant that is compared with itself, wherever it was written, is one value and no kink.
        self._literals: dict[float, arb] = {}
        self.rows = {
            "add": self._add,
            "add_any": self._add,
            "sub": self._subtract,
            "mul": self.multiply,
            "div": self._divide,
            "rem": self._remainder,
            "neg": lambda e, a: self._map(np.negative, a),
            "abs": self._absolute,
            "square": lambda e, a: self._power_of(e, a, 2),
            "one_minus_square": lambda e, a: self._map(lambda x: self.complement_of_square(e, x), a),
            "integer_pow": lambda e, a: self._power_of(e, a, e.params["y"]),
            "pow": self._power,
            "max": lambda e, a, b: self._extremum(e, a, b, greater=True),
            "min": lambda e, a, b: self._extremum(e, a, b, greater=False),
            "clamp": self._clamp,
            "sign": self._sign,
            "floor": lambda e, a: self._step(e, a, arb.floor),
            "ceil": lambda e, a: self._step(e, a, arb.ceil),
            "round": self._round,
            "is_finite": self._is_finite,
            "select_n": self._select,
            "convert_element_type": self._convert,
            "reduce_precision": self._reduce_precision,
            "nextafter": self.next_after,
            "reduce_sum": lambda e, a: self._reduce(e, a, e.params["axes"]),
            "reduce_max": lambda e, a: self._reduce_extremum(e, a, greater=True),
            "reduce_min": lambda e, a: self._reduce_extremum(e, a, greater=False),
            "reduce_prod": self._reduce_product,
            "argmax": lambda e, a: self._arg_extremum(e, a, greater=True),
            "argmin": lambda e, a: self._arg_extremum(e, a, greater=False),
            "cumsum": self._cumulative_sum,
            "cummax": lambda e, a: self._running_extremum(e, a, greater=True),
            "cummin": lambda e, a: self._running_extremum(e, a, greater=False),
            "cumprod": lambda e, a: running(e, a, lambda x, y: self.multiply(e, x, y)),
            "dot_general": self._dot,
            "scatter-add": self._scatter_add,
            "atan2": lambda e, a, b: self.elementary(e, _atan2, a, b),
        }
        for name, function in _ELEMENTARY_UFUNCS.items():
            self.rows[name] = self._elementary_row(function)
        for name in (*COMPARISONS, "lt_to", "le_to", "eq_to"):
            self.rows[name] = self._compare
        # Composite rows are written in terms of this class; imported here, since they import it.
        from verify.readings import composite

        for name, row in composite.ROWS.items():
            self.rows[name] = partial(row, self)
        own = set(self.rows)
        for rule in RULES.values():
            if rule.name in own:
                raise ClaimError(f"primitive {rule.name!r} was registered, but it has a rule already: leave it out")
            self.rows[rule.name] = partial(composite.registered, self)

    def complex_row(self, name: str) -> Callable[..., Any] | None:
        """The row of a primitive with a complex operand or result."""
        from verify.readings import complexes  # it is written in terms of this class

        return complexes.row(self, name)

    # -- hooks -----------------------------------------------------------------------------------------------

    def finish(self, equation: Any, result: Array, roundings: float = 1) -> Array:
        """What happens to a result before it is a value of the program; nothing in exact arithmetic."""
        del equation, roundings
        return result

    def finish_sum(self, equation: Any, result: Array, terms: Array, axis: int, products: bool = False) -> Array:
        """As `finish`, for a sum of ``terms`` along an axis in an unknown order."""
        del equation, terms, axis, products
        return result

    # -- constants, truth, whole numbers ---------------------------------------------------------------------

    def lift(self, values: Array) -> Array:
        """Exact balls, one object a constant: by the zeros and ones, sparse arrays are known to be sparse."""
        flat = values.ravel()
        array = np.empty(flat.shape, dtype=object)
        for place, value in enumerate(flat.tolist()):
            if value == 0:
                array[place] = ZERO
            elif value == 1:
                array[place] = ONE
            elif value != value:
                array[place] = NAN
                self.tainted = True
            elif value in (np.inf, -np.inf):
                array[place] = INFINITE[1 if value > 0 else -1]
                self.unbounded_constants = True
            else:
                found = self._literals.get(value)
                array[place] = self._literals.setdefault(value, self.literal(value)) if found is None else found
        return array.reshape(values.shape)

    def lift_complex(self, values: Array) -> Array:
        """Rectangles of two literals; in the rounded reading nothing is claimed of them."""
        from verify.readings import complexes

        if self.name == "rounded":
            self.tainted = True
            return self.undefined(values.shape)
        found = [acb(*(self.literal(each) for each in (value.real, value.imag))) for value in values.ravel().tolist()]
        return complexes.packed(found, values.shape)

    def literal(self, value: float) -> arb:
        """A constant of the program: the dyadic number that it is."""
        return arb(value)

    def undefined(self, shape: tuple[int, ...]) -> Array:
        """Balls that contain everything."""
        return filled(shape, NAN)

    def undefined_complex(self, shape: tuple[int, ...]) -> Array:
        """Rectangles that contain everything: Arb takes a ball for one only where it is told to."""
        return self.undefined(shape) if self.name == "rounded" else filled(shape, acb(NAN, NAN))

    def from_truth(self, truth: Array) -> Array:
        """0 or 1, their hull where it is undecided."""
        if self.depends:
            self.mark("hulls", truth == UNDECIDED)
        table = np.empty(2, dtype=object)
        table[:] = [ZERO, ONE]
        result = table[np.maximum(truth, NO)]
        # One object an entry: two undecided entries are not one value.
        for place in zip(*np.nonzero(truth == UNDECIDED), strict=True):
            result[place] = ZERO.union(ONE)
        return result

    def to_whole(self, numbers: Array) -> tuple[Array, Array]:
        """Truncate towards zero where that is decided."""
        whole = np.zeros(numbers.shape, dtype=np.int64)
        unsure = np.zeros(numbers.shape, dtype=bool)
        for place, value in np.ndenumerate(numbers):
            cut = value.floor() if value >= 0 else value.ceil()
            found = cut.unique_fmpz()
            if found is None or abs(int(found)) >= 2**62:
                unsure[place] = True
            else:
                whole[place] = int(found)
        return whole, unsure

    def sign_bit(self, equation: Any, numbers: Array) -> Array:
        """Whether numbers are below zero; a zero may carry either sign."""
        shape, (x,) = thin(numbers)
        below, above = np.less(x, ZERO).astype(bool), np.greater(x, ZERO).astype(bool)
        return spread(np.where(below, YES, np.where(above, NO, UNDECIDED)).astype(np.int8), shape)

    def bits(self, equation: Any, numbers: Array) -> Array:
        """The bits of numbers that are exactly numbers of their format, and not zero; other points are lost."""
        dtype = np.dtype(equation.invars[0].aval.dtype)
        narrow, known = self._of_the_format(dtype, numbers)
        self.mark("lost", ~(known & (narrow != 0)))
        return narrow.view(f"u{dtype.itemsize}").astype(np.int64)

    @staticmethod
    def _of_the_format(dtype: Any, numbers: Array) -> tuple[Array, Array]:
        """Numbers as floats of a format, and where they are exactly that."""
        values = np.zeros(numbers.shape, dtype=np.float64)
        for place, value in np.ndenumerate(numbers):
            if value.is_exact() and value.is_finite():
                values[place] = float(value)
        with np.errstate(over="ignore"):
            narrow = values.astype(dtype)
        known = np.equal(balls(np.where(np.isfinite(narrow), narrow, 0).astype(np.float64)), numbers).astype(bool)
        return narrow, known

    def next_after(self, equation: Any, a: Array, b: Array) -> Array:
        """The number of the format next to one, towards another; points at which it is no number of it are lost."""
        shape, (x, y) = thin(a, b)
        x, y = np.broadcast_arrays(x, y)
        dtype = np.dtype(equation.outvars[0].aval.dtype)
        from_, known = self._of_the_format(dtype, x)
        up, down = self.decide(x, y, less=True), self.decide(y, x, less=True)
        self.mark("lost", ~known | ((up == UNDECIDED) | (down == UNDECIDED)))
        self.branch(equation, np.where(up == YES, 1, np.where(down == YES, 0, UNDECIDED)), 2)
        towards = np.where(up == YES, np.inf, np.where(down == YES, -np.inf, from_.astype(np.float64)))
        found = np.nextafter(from_, towards.astype(dtype)).astype(np.float64)
        result = balls(np.where(np.isfinite(found), found, 0))
        result[~np.isfinite(found)] = NAN
        return spread(self.watch(result), shape)

    # -- arithmetic ------------------------------------------------------------------------------------------

    def _guard(self, *arrays: Array) -> None:
        """Notice constants without bounds that enter arithmetic."""
        if self.unbounded_constants and not self.tainted:
            self.tainted = any(bool(_infinite(array).any()) for array in arrays)

    def _map(self, function: Callable[[Array], Array], array: Array) -> Array:
        self._guard(array)
        shape, (thinned,) = thin(array)
        return spread(function(thinned), shape)

    def _sparse(self, array: Array) -> Array | None:
        """Mask of the exact zeros of a large array; None where there are too few to matter."""
        if self.tainted or array.size < SPARSE_SIZE:
            return None
        zero = addresses(array) == id(ZERO)
        return zero if 4 * int(zero.sum()) > zero.size else None

    def _add(self, equation: Any, a: Array, b: Array) -> Array:
        self._guard(a, b)
        shape, (x, y) = thin(a, b)
        zeros = [self._sparse(x), self._sparse(y)]
        if zeros[0] is None and zeros[1] is None:
            return spread(self.finish(equation, np.add(x, y)), shape)
        x, y = np.broadcast_arrays(x, y)
        result = x.copy()
        x_zero = addresses(result) == id(ZERO)
        y_zero = addresses(y) == id(ZERO)
        result[x_zero] = y[x_zero]
        both = ~x_zero & ~y_zero
        if both.any():
            result[both] = self.finish(equation, np.add(x[both], y[both]))
        return spread(result, shape)

    def _subtract(self, equation: Any, a: Array, b: Array) -> Array:
        self._guard(a, b)
        shape, (x, y) = thin(a, b)
        zero = self._sparse(y)
        if zero is not None:
            x, y, zero = np.broadcast_arrays(x, y, zero)
            result = x.copy()
            result[~zero] = self.finish(equation, np.subtract(x[~zero], y[~zero]))
            return spread(result, shape)
        result = self.finish(equation, np.subtract(x, y))
        if not self.tainted:
            same = np.broadcast_to(self.same(x, y), result.shape)
            if same.any():
                result[same] = ZERO
        return spread(result, shape)

    def same(self, a: Array, b: Array) -> Array:
        """Where both entries are one value, and so equal; what may have no value is not equal to itself."""
        same = addresses(a) == addresses(b)
        if same.any():
            a, same = np.broadcast_arrays(a, same)
            same = same.copy()
            same[same] = _has_value(a[same]).astype(bool)
        return same

    def multiply(self, equation: Any, a: Array, b: Array) -> Array:
        """Products; of an exact zero and anything bounded, zero."""
        self._guard(a, b)
        shape, (x, y) = thin(a, b)
        zeros = [self._sparse(x), self._sparse(y)]
        if zeros[0] is None and zeros[1] is None:
            result = self.finish(equation, np.multiply(x, y))
            if not self.tainted:
                none = (addresses(x) == id(ZERO)) | (addresses(y) == id(ZERO))
                if none.any():  # a constant still, which is no kink where it is compared with one
                    result[none] = ZERO
            return spread(result, shape)
        x, y = np.broadcast_arrays(x, y)
        result = filled(x.shape, ZERO)
        live = ~((addresses(x) == id(ZERO)) | (addresses(y) == id(ZERO)))
        one = live & (addresses(x) == id(ONE))
        result[one] = y[one]
        live &= ~one
        if live.any():
            result[live] = self.finish(equation, np.multiply(x[live], y[live]))
        return spread(result, shape)

    def _divide(self, equation: Any, a: Array, b: Array) -> Array:
        self._guard(a, b)
        shape, (x, y) = thin(a, b)
        stretched = any(
            extent > 1 and (y.shape[axis] == 1 or y.strides[axis] == 0)
            for axis, extent in enumerate(equation.outvars[0].aval.shape, start=1)
        )
        zero = self._sparse(x)
        if zero is not None and self.divides_safely(equation, y):
            x, y, zero = np.broadcast_arrays(x, y, zero)
            result = filled(x.shape, ZERO)
            result[~zero] = self.watch(self.quotient(equation, x[~zero], y[~zero], stretched))
            return spread(result, shape)
        return spread(self.watch(self.quotient(equation, x, y, stretched)), shape)

    def divides_safely(self, equation: Any, divisor: Array) -> bool:
        """Whether zero divided by any of these is zero."""
        del equation
        return bool(np.not_equal(divisor, ZERO).all())

    def quotient(self, equation: Any, a: Array, b: Array, stretched: bool) -> Array:
        """A / b entry by entry; ``stretched`` says that the divisor is broadcast along some axis."""
        del stretched
        return self.finish(equation, np.divide(a, b))

    def watch(self, result: Array) -> Array:
        """Remember whether an operation that can leave the real numbers has done so."""
        if not self.tainted and not finite(result).all():
            self.tainted = True
        return result

    def _remainder(self, equation: Any, a: Array, b: Array) -> Array:
        shape, (x, y) = thin(a, b)
        quotient = self.watch(np.divide(x, y))
        whole, unsure = self.to_whole(quotient)
        self.mark("lost", unsure)
        self.branch(equation, spread(np.where(unsure, UNDECIDED, whole != 0), shape), 2)
        self._met_jumps(equation, spread(_is_whole(quotient) & (whole != 0), shape))
        result = self.finish(equation, x - y * np.asarray(_ball(whole), dtype=object))  # a float64 may not hold them
        for place in zip(
            *np.nonzero(np.broadcast_to(self._constants(x) & self._constants(y), result.shape)), strict=True
        ):
            if result[place].is_exact() and arb(float(result[place])) == result[place]:
                result[place] = self._constant(float(result[place]))
        return result

    def _power_of(self, equation: Any, array: Array, exponent: int) -> Array:
        self._guard(array)
        shape, (x,) = thin(array)
        return spread(self.watch(self.whole_power(equation, x, exponent)), shape)

    def whole_power(self, equation: Any, array: Array, exponent: int) -> Array:
        """x**k by repeated products; even powers are cut to what is at least zero."""
        result = _power_by_squaring(array, abs(exponent))
        return np.divide(ONE, result) if exponent < 0 else result

    def complement_of_square(self, equation: Any, array: Array) -> Array:
        """1 - x²: the slope of tanh, a primitive of its own since JAX 0.12."""
        return np.subtract(ONE, _square(array))

    def _power(self, equation: Any, a: Array, b: Array) -> Array:
        if kind_of(equation.invars[1].aval) == "whole":
            b = unsigned(equation.invars[1:], [b])[0]
            exponents = set(b.ravel().tolist())
            if len(exponents) == 1:
                return self._power_of(equation, a, exponents.pop())
            return self._several_powers(equation, a, b)
        self._guard(a, b)
        shape, (x, y) = thin(a, b)
        return spread(self.watch(self.finish(equation, _real_power(x, y), self.budget(equation))), shape)

    def _several_powers(self, equation: Any, a: Array, b: Array) -> Array:
        shape, (x, y) = thin(a, b)
        x, y = np.broadcast_arrays(x, y)
        result = np.empty(x.shape, dtype=object)
        for exponent in set(y.ravel().tolist()):
            hit = y == exponent
            result[hit] = self.watch(self.whole_power(equation, x[hit], exponent))
        return spread(result, shape)

    def budget(self, equation: Any) -> float:
        """Units of roundoff that an elementary function may be off by; only the rounded reading has any."""
        del equation
        return 0.0

    def _elementary_row(self, function: Callable[..., Array]) -> Callable[..., Array]:
        return lambda equation, array: self.elementary(equation, function, array)

    def elementary(self, equation: Any, function: Callable[..., Array], *arrays: Array) -> Array:
        """A function of balls, entry by entry."""
        self._guard(*arrays)
        shape, thinned = thin(*arrays)
        return spread(self.watch(self.finish(equation, function(*thinned), self.budget(equation))), shape)

    # -- choices ---------------------------------------------------------------------------------------------

    def decide(self, a: Array, b: Array, *, less: bool) -> Array:
        """Three-valued ``a < b`` (or ``a <= b``)."""
        a, b = np.broadcast_arrays(a, b)
        yes = (np.less(a, b) if less else np.less_equal(a, b)).astype(bool)
        no = (np.greater_equal(a, b) if less else np.greater(a, b)).astype(bool)
        result = np.where(yes, YES, np.where(no, NO, UNDECIDED)).astype(np.int8)
        result[self.same(a, b)] = NO if less else YES
        return result

    def equal(self, a: Array, b: Array) -> Array:
        """Three-valued ``a == b``."""
        a, b = np.broadcast_arrays(a, b)
        yes = np.equal(a, b).astype(bool) | self.same(a, b)
        no = ~yes & np.not_equal(a, b).astype(bool)
        return np.where(yes, YES, np.where(no, NO, UNDECIDED)).astype(np.int8)

    def _compare(self, equation: Any, a: Array, b: Array) -> Array:
        shape, (x, y) = thin(a, b)
        name = equation.primitive.name
        if name[:2] in ("eq", "ne"):
            result = self.equal(x, y)
            result = negate(result) if name == "ne" else result
        else:
            first, second = (x, y) if name[:2] in ("lt", "le") else (y, x)
            result = self.decide(first, second, less=name[:2] in ("lt", "gt"))
        if name.endswith("_to"):
            # The total order of floats puts -0 before 0, and real numbers do not know which zero they are.
            both = np.broadcast_to(np.equal(x, ZERO) & np.equal(y, ZERO), result.shape).astype(bool)
            result[both & (self.name == "rounded")] = UNDECIDED
        self.meet(x, y)
        answer = spread(result, shape)
        return self.asked(equation, answer) if name in ("eq", "ne") else answer

    def asked(self, equation: Any, answer: Array) -> Array:
        """Remember an answer to == or !=: a choice that hangs on it need not be seen to take the equality."""
        self._equalities[id(answer)] = (answer, YES if equation.primitive.name == "eq" else NO)
        return answer

    def meet(self, a: Array, b: Array) -> None:
        """Mark the points at which two different values are exactly equal: a kink, if anything hangs on it."""
        if self.depends:
            a, b = np.broadcast_arrays(a, b)
            self.mark("kinks", np.equal(a, b).astype(bool) & ~self.same(a, b))

    def choose(self, which: Array, cases: Sequence[Array]) -> Array:
        """Cases by their number, hulls where it is undecided."""
        shape, (w, *xs) = thin(which, *cases)
        w, *xs = np.broadcast_arrays(w, *xs)
        result = np.empty(w.shape, dtype=object)
        for outcome, case in enumerate(xs):
            hit = w == outcome
            result[hit] = case[hit]
        unsure = w == UNDECIDED
        if unsure.any():
            hull = xs[0][unsure]
            same = np.ones(hull.shape, dtype=bool)
            for case in xs[1:]:
                same &= addresses(hull) == addresses(case[unsure])
                hull = _union(hull, case[unsure])
            result[unsure] = hull
            merged = np.zeros(w.shape, dtype=bool)
            merged[unsure] = ~same
            self.mark("hulls", merged)
            self.tainted = self.tainted or not finite(hull).all()
        return spread(result, shape)

    def visit(self, equation: Any, inputs: Sequence[Array], results: list[Array]) -> list[Array]:
        """Remember that the answer to an equality is one after it has been moved, gathered or negated."""
        if self._equalities and len(inputs) == 1 and len(results) == 1:
            asked = self._equalities.get(id(inputs[0]))
            if asked is not None and (equation.primitive.name in (*STRUCTURE, *PASSED_ON, "not")):
                outcome = YES + NO - asked[1] if equation.primitive.name == "not" else asked[1]
                self._equalities[id(results[0])] = (results[0], outcome)
        return results

    def _select(self, equation: Any, which: Array, *cases: Array) -> Array:
        return self.choose(self.record(equation, which, len(cases)), cases)

    def record(self, equation: Any, which: Array, count: int) -> Array:
        """Note the outcomes of a select and return them; whole numbers beyond the cases mean the nearest case."""
        if kind_of(equation.invars[0].aval) == "whole":
            which = np.clip(which, 0, count - 1)
        self.branch(equation, which, count)
        asked = self._equalities.get(id(which))
        if asked is not None and self.path in self.trail.branches:
            self.trail.branches[self.path].equality = asked[1]
        return which

    def _extremum(self, equation: Any, a: Array, b: Array, *, greater: bool, part: str = "") -> Array:
        shape, (x, y) = thin(a, b)
        first_wins = self.decide(y, x, less=False) if greater else self.decide(x, y, less=False)
        if not (self.unbounded_constants and (_infinite(x).all() or _infinite(y).all())):
            # A tie is no outcome: both are the same number, and either may be returned.
            x_full, y_full = np.broadcast_arrays(x, y)
            outcome = np.where(np.equal(x_full, y_full).astype(bool), UNDECIDED, first_wins)
            self.branch(equation, spread(outcome, shape), 2, part)
        if (first_wins == UNDECIDED).any():
            x, y = np.broadcast_arrays(x, y)
            result = np.where(first_wins == YES, x, y)
            unsure = first_wins == UNDECIDED
            result[unsure] = _extreme(x[unsure], y[unsure], greater=greater)
            return spread(result, shape)
        return spread(np.where(first_wins == YES, x, y), shape)

    def _clamp(self, equation: Any, low: Array, array: Array, high: Array) -> Array:
        raised = self._extremum(equation, low, array, greater=True, part=":low")
        return self._extremum(equation, raised, high, greater=False, part=":high")

    def _running_extremum(self, equation: Any, array: Array, *, greater: bool) -> Array:
        step = itertools.count()
        return running(
            equation, array, lambda x, y: self._extremum(equation, x, y, greater=greater, part=f":{next(step)}")
        )

    def _absolute(self, equation: Any, array: Array) -> Array:
        self._guard(array)
        shape, (x,) = thin(array)
        self._sides(equation, x, shape)
        return spread(np.absolute(x), shape)

    def _sides(self, equation: Any, x: Array, shape: tuple[int, ...]) -> tuple[Array, Array]:
        """Whether numbers are above zero, and below: a choice, of which zero is no outcome."""
        zero = np.broadcast_to(filled((1,), ZERO), x.shape)
        positive, negative = self.decide(zero, x, less=True), self.decide(x, zero, less=True)
        which = np.where(positive == YES, 1, np.where(negative == YES, 0, UNDECIDED))
        self.branch(equation, spread(which, shape), 2)
        return positive, negative

    def _sign(self, equation: Any, array: Array) -> Array:
        shape, (x,) = thin(array)
        positive, negative = self._sides(equation, x, shape)
        zero = np.equal(x, ZERO).astype(bool)
        if self.depends:
            self.mark("kinks", zero & (addresses(x) != id(ZERO)))
        unsure = ~zero & (positive != YES) & (negative != YES)
        self.mark("hulls", unsure)
        table = np.empty(3, dtype=object)
        table[:] = [ZERO, ONE, -ONE]
        result = table[np.where(positive == YES, 1, np.where(negative == YES, 2, 0))]
        for place in zip(*np.nonzero(unsure), strict=True):
            result[place] = NAN if x[place].is_nan() else (-ONE).union(ONE)
        self.tainted = self.tainted or not finite(result).all()
        return spread(result, shape)

    def _step(self, equation: Any, array: Array, function: Callable[[arb], arb]) -> Array:
        self._guard(array)
        shape, (x,) = thin(array)
        result = np.asarray(np.frompyfunc(function, 1, 1)(x))
        self._met_steps(equation, result, shape)
        self._met_jumps(equation, spread(_is_whole(x), shape))
        for place, value in np.ndenumerate(x):
            # Between two steps the whole part is a constant: what is asked about it there is no kink.
            if not value.contains(result[place]) and (whole := result[place].unique_fmpz()) is not None:
                result[place] = self._constant(float(whole))
        return spread(result, shape)

    def _constant(self, value: float) -> arb:
        """The one ball that stands for a constant wherever it is written."""
        return self.lift(np.array([value]))[0]

    def _constants(self, array: Array) -> Array:
        """Mask of the entries that are constants of the program."""
        known = [id(ZERO), id(ONE), *map(id, self._literals.values())]
        return np.isin(addresses(array), known)

    def _round(self, equation: Any, array: Array) -> Array:
        self._guard(array)
        half = arb(0.5)
        shape, (x,) = thin(array)

        to_even = int(equation.params["rounding_method"]) == 1

        def nearest(value: arb) -> arb:
            up, down = (value + half).floor(), (value - half).ceil()
            above = up.unique_fmpz()
            if up == down or above is None or not value.is_exact():
                return up.union(down)
            # A tie: to the even neighbour, or away from zero.
            if to_even:
                return down if int(above) % 2 else up
            return up if value > 0 else down

        result = np.asarray(np.frompyfunc(nearest, 1, 1)(x))
        self._met_steps(equation, result, shape)
        self._met_jumps(equation, spread(_is_whole(x + half), shape))
        return spread(result, shape)

    def _met_steps(self, equation: Any, whole: Array, shape: tuple[int, ...]) -> None:
        """What is rounded to whole numbers is cut into pieces: the one at zero is told apart from all others."""
        self.branch(equation, spread(negate(self.equal(whole, filled(whole.shape, ZERO))), shape), 2)

    def _met_jumps(self, equation: Any, there: Array) -> None:
        """At a jump a value is the one of either side: at a point beside it, nothing is seen of which."""
        self.branch(equation, there, 2, JUMP)

    def _is_finite(self, equation: Any, array: Array) -> Array:
        """Real numbers are finite; an infinite constant is not, an unbounded ball is undecided."""
        bounded = finite(array)
        return np.where(bounded, YES, np.where(_infinite(array), NO, UNDECIDED)).astype(np.int8)

    def _convert(self, equation: Any, array: Array) -> Array:
        target = kind_of(equation.outvars[0].aval)
        if target == "number":
            return self.finish(equation, array.copy())
        if target == "truth":
            return negate(self.equal(array, np.broadcast_to(filled((1,), ZERO), array.shape)))
        whole, unsure = self.to_whole(array)
        self.branch(equation, np.where(unsure, UNDECIDED, whole != 0), 2)
        self._met_jumps(equation, _is_whole(array) & (whole != 0))
        held = np.iinfo(equation.outvars[0].aval.dtype)
        # What becomes of a number that its type does not hold is the platform's business.
        self.mark("lost", unsure | (whole < held.min) | (whole > min(held.max, 2**62)))
        return whole

    def _reduce_precision(self, equation: Any, array: Array) -> Array:
        """Rounding to fewer bits is rounding, of which the exact reading knows nothing."""
        return array

    # -- reductions ------------------------------------------------------------------------------------------

    def _last(self, array: Array, axes: Sequence[int]) -> Array:
        """Move the reduced axes to the end and join them."""
        kept = [axis for axis in range(1, array.ndim) if axis - 1 not in axes]
        moved = array.transpose(0, *kept, *(1 + axis for axis in axes))
        return moved.reshape(*moved.shape[: 1 + len(kept)], math.prod(moved.shape[1 + len(kept) :]))

    def _reduce(self, equation: Any, array: Array, axes: Sequence[int]) -> Array:
        return self.total(equation, self._last(array, axes))

    def total(self, equation: Any, terms: Array, products: bool = False) -> Array:
        """Sum along the last axis."""
        self._guard(terms)
        if terms.shape[-1] == 0:
            return filled(terms.shape[:-1], ZERO)
        zero = self._sparse(terms)
        if zero is None:
            if terms.shape[-1] == 1 and not products:
                return terms[..., 0]
            return self.finish_sum(equation, np.add.reduce(terms, axis=-1), terms, -1, products)
        flat = terms.reshape(-1, terms.shape[-1])
        rows, columns = np.nonzero(~zero.reshape(flat.shape))
        result = filled((flat.shape[0],), ZERO)
        live, starts = np.unique(rows, return_index=True)
        result[live] = np.add.reduceat(flat[rows, columns], starts)
        several = np.diff([*starts, len(rows)]) > 1
        if products or several.any():
            which = live if products else live[several]
            result[which] = self.finish_sum(equation, result[which], flat[which], -1, products)
        return result.reshape(terms.shape[:-1])

    def running_total(self, equation: Any, terms: Array) -> Array:
        """Sum along the last axis where partial sums are kept in the format itself."""
        return self.total(equation, terms)

    def larger(self, equation: Any, a: Array, b: Array) -> Array:
        """The larger of two numbers."""
        return self._extremum(equation, a, b, greater=True)

    def smaller(self, equation: Any, a: Array, b: Array) -> Array:
        """The smaller of two numbers."""
        return self._extremum(equation, a, b, greater=False)

    def _reduce_product(self, equation: Any, array: Array) -> Array:
        factors = self._last(array, equation.params["axes"])
        result = factors[..., 0] if factors.shape[-1] else filled(factors.shape[:-1], ONE)
        for place in range(1, factors.shape[-1]):
            result = self.multiply(equation, result, factors[..., place])
        return result

    def _reduce_extremum(self, equation: Any, array: Array, *, greater: bool) -> Array:
        return self.extreme_of(equation, self._last(array, equation.params["axes"]), greater=greater)

    def extreme_of(self, equation: Any, entries: Array, *, greater: bool, never: Array | bool = False) -> Array:
        """The largest along the last axis, as the object it is; the hull of the candidates where it is undecided.

        Args:
            equation: where it is asked for.
            entries: numbers.
            greater: whether it is the largest, or the smallest.
            never: which entries stand for none, and need not be seen to be chosen.
        """
        if not entries.shape[-1]:
            return self.lift(np.full(entries.shape[:-1], -np.inf if greater else np.inf))
        found = self._extreme_of(entries, greater=greater)
        if not self.tells_places(entries.shape[-1]):
            return found
        taken = addresses(entries) == addresses(found)[..., None]
        # A tie is no outcome: each of them is the same number.
        tied = (np.equal(entries, found[..., None]).astype(bool) & ~taken).any(axis=-1)
        self.met_at(equation, (taken & ~tied[..., None]) | never)
        return found

    def _extreme_of(self, entries: Array, *, greater: bool) -> Array:
        # Halves are compared entry by entry: as many steps as the length has bits.
        while (length := entries.shape[-1]) > 1:
            half = length // 2
            first, second, rest = entries[..., :half], entries[..., half : 2 * half], entries[..., 2 * half :]
            keep = self.decide(second, first, less=False) if greater else self.decide(first, second, less=False)
            merged = np.where(keep == YES, first, second)
            unsure = keep == UNDECIDED
            if unsure.any():
                merged[unsure] = _extreme(first[unsure], second[unsure], greater=greater)
            entries = np.concatenate([merged, rest], axis=-1) if length % 2 else merged
        return entries[..., 0]

    def _arg_extremum(self, equation: Any, array: Array, *, greater: bool) -> Array:
        axis = 1 + equation.params["axes"][0]
        entries = np.moveaxis(array, axis, -1)
        best = np.zeros(entries.shape[:-1], dtype=np.int64)
        result = entries[..., 0].copy()
        for place in range(1, entries.shape[-1]):
            other = entries[..., place]
            keep = self.decide(other, result, less=False) if greater else self.decide(result, other, less=False)
            self.mark("lost", keep == UNDECIDED)
            best = np.where(keep == NO, place, best)
            result = np.where(keep == NO, other, result)
        if self.tells_places(entries.shape[-1]):
            self.met_at(equation, best[..., None] == np.arange(entries.shape[-1]))
        return best

    def _cumulative_sum(self, equation: Any, array: Array) -> Array:
        axis = 1 + equation.params["axis"]
        entries = np.moveaxis(array, axis, -1)
        entries = entries[..., ::-1] if equation.params["reverse"] else entries
        if not entries.shape[-1]:
            return array
        sums = [self.running_total(equation, entries[..., : place + 1]) for place in range(entries.shape[-1])]
        stacked = np.stack(sums[::-1] if equation.params["reverse"] else sums, axis=-1)
        return np.moveaxis(stacked, -1, axis)

    def _dot(self, equation: Any, a: Array, b: Array) -> Array:
        """Sums of products: batch axes first, contracted axes last."""
        a, b = (self._operand(equation, *each) for each in zip(equation.invars, (a, b), strict=True))
        (a_contract, b_contract), (a_batch, b_batch) = equation.params["dimension_numbers"]
        a_free = [axis for axis in range(a.ndim - 1) if axis not in (*a_contract, *a_batch)]
        b_free = [axis for axis in range(b.ndim - 1) if axis not in (*b_contract, *b_batch)]
        x = a.transpose(0, *(1 + axis for axis in (*a_batch, *a_free, *a_contract)))
        y = b.transpose(0, *(1 + axis for axis in (*b_batch, *b_free, *b_contract)))
        batch = x.shape[1 : 1 + len(a_batch)]
        free_x = x.shape[1 + len(a_batch) : 1 + len(a_batch) + len(a_free)]
        free_y = y.shape[1 + len(b_batch) : 1 + len(b_batch) + len(b_free)]
        inner = int(np.prod(x.shape[1 + len(a_batch) + len(a_free) :], dtype=int))
        x = x.reshape(x.shape[0], *batch, int(np.prod(free_x, dtype=int)), 1, inner)
        y = y.reshape(y.shape[0], *batch, 1, int(np.prod(free_y, dtype=int)), inner)
        points = max(x.shape[0], y.shape[0])
        rows = [self.dot_row(equation, x[..., row : row + 1, :, :], y) for row in range(x.shape[-3])]
        if not rows:
            return filled((points, *batch, *free_x, *free_y), ZERO)
        return np.concatenate(rows, axis=-2).reshape(points, *batch, *free_x, *free_y)

    def _operand(self, equation: Any, variable: Any, array: Array) -> Array:
        """An operand of a product of mixed types, which JAX allows: a mask is zeros and ones, and a choice."""
        if array.dtype == object:
            return array
        kind = kind_of(variable.aval)
        if kind == "truth":
            self.branch(equation, array, 2)
            return self.from_truth(array)
        return self.lift(unsigned([variable], [array])[0].astype(np.float64)) if kind == "whole" else array

    def dot_row(self, equation: Any, x: Array, y: Array) -> Array:
        """Sums of products along the last axis."""
        self._guard(x, y)
        x, y = np.broadcast_arrays(x, y)
        zero = (addresses(x) == id(ZERO)) | (addresses(y) == id(ZERO))
        if not self.tainted and zero.any():
            products = filled(x.shape, ZERO)
            products[~zero] = np.multiply(x[~zero], y[~zero])
        else:
            products = np.multiply(x, y)
        return self.total(equation, products, products=True)

    def _scatter_add(self, equation: Any, operand: Array, indices: Array, updates: Array) -> Array:
        points = max(operand.shape[0], indices.shape[0], updates.shape[0])
        flat = operand.reshape(operand.shape[0], -1)
        flat = np.broadcast_to(flat, (points, flat.shape[1])).copy()
        moving = updates.reshape(updates.shape[0], -1)
        moving = np.broadcast_to(moving, (points, moving.shape[1]))
        # Two updates of one point may land on one place: one after the other.
        for place, targets in enumerate(scatter_targets(equation, indices).T):
            rows = np.flatnonzero(np.broadcast_to(targets >= 0, (points,)))
            at = rows, np.broadcast_to(targets, (points,))[rows]
            flat[at] = self._add(equation, flat[at], moving[rows, place])
        return flat.reshape(points, *operand.shape[1:])


def _extreme(a: Array, b: Array, *, greater: bool) -> Array:
    return np.frompyfunc(arb.max if greater else arb.min, 2, 1)(a, b)


def _power_by_squaring(array: Array, exponent: int) -> Array:
    """x**k; a square is intersected with what is at least zero, which a product of two balls would forget."""
    if exponent == 0:
        return filled(array.shape, ONE)
    result: Array | None = None
    square = array
    while exponent:
        if exponent & 1:
            result = square if result is None else np.multiply(result, square)
        exponent >>= 1
        if exponent:
            square = _square(square)
    assert result is not None
    return result


_nonnegative = np.frompyfunc(arb.nonnegative_part, 1, 1)


def _is_whole(array: Array) -> Array:
    """Which numbers are known to be whole ones."""
    return _is_integer(array).astype(bool)


def _square(array: Array) -> Array:
    return _nonnegative(np.multiply(array, array))


def _real_power(a: Array, b: Array) -> Array:
    def power(base: arb, exponent: arb) -> arb:
        if exponent.is_exact() and exponent.is_integer():
            return base**exponent
        return (exponent * base.log()).exp() if not base.is_zero() else (ZERO if exponent > 0 else NAN)

    return np.frompyfunc(power, 2, 1)(a, b)


def _logistic(value: arb) -> arb:
    return ONE / (ONE + (-value).exp())


def _cube_root(value: arb) -> arb:
    if value >= 0:
        return value.root(3)
    return -((-value).root(3)) if value < 0 else NAN


def _log_gamma(value: arb) -> arb:
    """Log |Γ|, also between the poles."""
    return value.lgamma() if value > 0 else acb(value).lgamma().real


COMPARISONS: Final = ("eq", "ne", "lt", "le", "gt", "ge")

# One row per elementary function of one argument: how Arb computes it.
ELEMENTARY: Final[dict[str, Callable[[arb], arb]]] = {
    "exp": arb.exp,
    "exp2": lambda value: (value * arb.const_log2()).exp(),
    "expm1": arb.expm1,
    "log": arb.log,
    "log1p": arb.log1p,
    "logistic": _logistic,
    "tanh": arb.tanh,
    "sinh": arb.sinh,
    "cosh": arb.cosh,
    "asinh": arb.asinh,
    "acosh": arb.acosh,
    "atanh": arb.atanh,
    "sin": arb.sin,
    "cos": arb.cos,
    "tan": arb.tan,
    "asin": arb.asin,
    "acos": arb.acos,
    "atan": arb.atan,
    "sqrt": arb.sqrt,
    "rsqrt": arb.rsqrt,
    "cbrt": _cube_root,
    "erf": arb.erf,
    "erfc": arb.erfc,
    "erf_inv": arb.erfinv,
    "lgamma": _log_gamma,
    "digamma": arb.digamma,
}

_ELEMENTARY_UFUNCS: Final = {name: np.frompyfunc(function, 1, 1) for name, function in ELEMENTARY.items()}


class Exact(Balls):
    """The true value, up to a radius that shrinks with the precision.

    Args:
        widen_literals: read every full-precision literal as itself ± half an ulp, and list those that were.
    """

    name = "exact"

    def __init__(self, widen_literals: bool = False, form: Format = FLOAT64) -> None:
        """Start with literals as they are, or widened by half an ulp of the format that the program was traced in."""
        super().__init__()
        self.widen_literals = widen_literals
        self.form = form
        self.widened: dict[float, None] = {}

    def literal(self, value: float) -> arb:
        """The dyadic number, or the real numbers that round to it if it uses its full precision."""
        if self.widen_literals and full_precision(value, self.form):
            self.widened[value] = None
            return arb(value, self.form.ulp(value) / 2)
        return arb(value)


def full_precision(value: float, form: Format = FLOAT64) -> bool:
    """Whether a float's significand needs more than three fifths of its bits, 32 of 53: then it is likely rounded."""
    mantissa, _ = np.frexp(value)
    whole = int(mantissa * 2.0**53)
    return whole != 0 and (whole & -whole).bit_length() <= 53 - round(0.6 * form.precision)
