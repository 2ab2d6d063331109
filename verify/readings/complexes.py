"""Complex numbers of the exact reading: a value is a rectangle, two balls, that contains the true value.

Real programs pass through them: power spectra, convolutions by transforms, roots. A discrete Fourier transform is read
with exact roots of unity, whatever algorithm XLA takes. Functions with a branch cut are read on both of its sides
where the imaginary part is zero: floats tell the sides apart by the sign of that zero, which real numbers do not have.
Of floats behind complex numbers nothing is claimed.
"""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Final

import numpy as np
from flint import acb, arb

from verify.claim import UnsupportedPrimitive
from verify.readings.composite import scattered
from verify.readings.exact import NAN, ONE, Balls
from verify.readings.factorisations import COMPLEX_ROWS, unclaimed
from verify.readings.interpreter import UNDECIDED, YES, Array, kind_of, source_line, spread, thin, unsigned

_real = np.frompyfunc(lambda value: value.real, 1, 1)
_imaginary = np.frompyfunc(lambda value: value.imag, 1, 1)
_pair = np.frompyfunc(acb, 2, 1)
_whole = np.frompyfunc(acb, 1, 1)
_conjugate = np.frompyfunc(acb.conjugate, 1, 1)
_finite = np.frompyfunc(acb.is_finite, 1, 1)

FFT, IFFT, RFFT, IRFFT = range(4)


def lift(values: Array) -> Array:
    """Exact rectangles from complex floats, one object an entry."""
    flat = [acb(value.real, value.imag) for value in np.asarray(values, dtype=np.complex128).ravel().tolist()]
    return packed(flat, np.shape(values))


def packed(flat: Sequence[acb], shape: tuple[int, ...]) -> Array:
    """An array of rectangles."""
    found = np.empty(len(flat), dtype=object)
    found[:] = flat
    return found.reshape(shape)


def parts(array: Array) -> tuple[Array, Array]:
    """Real and imaginary parts."""
    return np.asarray(_real(array), dtype=object), np.asarray(_imaginary(array), dtype=object)


def _valued(array: Array) -> Array:
    """What has no value in one part has none: of real numbers Arb leaves the other part zero, and floats do not."""
    known = _finite(array).astype(bool)
    if known.all():
        return array
    result = np.array(array, dtype=object)
    result[~known] = acb(NAN, NAN)
    return result


def _mapped(function: Callable[..., Array], apart: bool = False) -> Callable[..., Array]:
    """A row that computes entry by entry; ``apart`` says that neither part of a result depends on the other."""

    def row(system: Balls, equation: Any, *arrays: Array) -> Array:
        shape, thinned = thin(*arrays)
        result = function(*thinned)
        if kind_of(equation.outvars[0].aval) == "number":
            system.watch(result)
        elif not apart:
            result = _valued(result)
        return spread(result, shape)

    return row


def _each(function: Callable[..., Any], count: int = 1, apart: bool = False) -> Callable[..., Array]:
    return _mapped(np.frompyfunc(function, count, 1), apart)


def _both_sides(function: Callable[[acb], acb], cut: Callable[[acb], bool]) -> Callable[[acb], acb]:
    """A function that takes conjugates to conjugates, on both sides of its cut where the argument lies on it."""

    def value(z: acb) -> acb:
        found = function(z)
        return found.union(found.conjugate()) if z.imag.is_zero() and cut(z) else found

    return value


def _left(z: acb) -> bool:
    """Whether the real part may be negative."""
    return not z.real >= 0


log = _both_sides(acb.log, _left)
ELEMENTARY: Final[dict[str, Callable[[acb], acb]]] = {
    "exp": acb.exp,
    "exp2": lambda z: (z * arb.const_log2()).exp(),
    "expm1": acb.expm1,
    "sin": acb.sin,
    "cos": acb.cos,
    "tan": acb.tan,
    "sinh": acb.sinh,
    "cosh": acb.cosh,
    "tanh": acb.tanh,
    "logistic": lambda z: ONE / (ONE + (-z).exp()),
    "log": log,
    "log1p": _both_sides(acb.log1p, lambda z: not z.real >= -1),
    "sqrt": _both_sides(acb.sqrt, _left),
    "rsqrt": _both_sides(acb.rsqrt, _left),
}


def _power(base: acb, exponent: acb) -> acb:
    if exponent.imag.is_zero() and exponent.is_exact() and exponent.real.is_integer():
        return base**exponent
    return (exponent * log(base)).exp()


def _numbers(system: Balls, equation: Any, variable: Any, array: Array) -> Array:
    """An operand as numbers: a mask is zeros and ones, and a choice."""
    kind = kind_of(variable.aval)
    if kind == "truth":
        system.branch(equation, array, 2)
        return system.from_truth(array)
    return system.lift(unsigned([variable], [array])[0].astype(np.float64)) if kind == "whole" else array


def _convert(system: Balls, equation: Any, array: Array) -> Array:
    source, target = (kind_of(each.aval) for each in (equation.invars[0], equation.outvars[0]))
    if target == "complex":
        if source == "complex":
            return array
        shape, (x,) = thin(_numbers(system, equation, equation.invars[0], array))
        return spread(np.asarray(_whole(x), dtype=object), shape)
    if target == "number":
        return system.watch(parts(array)[0])
    raise UnsupportedPrimitive("complex numbers as whole numbers", system.name, source_line(equation))


def _join(system: Balls, equation: Any, real: Array, imaginary: Array) -> Array:
    shape, (x, y) = thin(real, imaginary)
    return spread(np.asarray(_pair(x, y), dtype=object), shape)


def _directed(z: acb) -> acb:
    found, most = z / abs(z), arb(0, 1)
    return acb(found.real.intersection(most), found.imag.intersection(most)) if found.is_finite() else acb(NAN, NAN)


_direction = np.frompyfunc(_directed, 1, 1)


def _sign(system: Balls, equation: Any, array: Array) -> Array:
    """Z / |z|, and 0 at 0."""
    shape, (z,) = thin(array)
    zero = np.equal(z, 0).astype(bool)
    unsure = np.array(~zero & np.frompyfunc(lambda each: each.contains(0), 1, 1)(z).astype(bool))
    if system.depends:
        system.mark("kinks", zero)
        system.mark("hulls", unsure)
    result = np.empty(z.shape, dtype=object)
    result[zero] = acb(0)
    plain = ~zero & ~unsure
    result[plain] = _direction(z[plain])
    for place in zip(*np.nonzero(unsure), strict=True):
        result[place] = acb(arb(0, 1), arb(0, 1)) if z[place].is_finite() else acb(NAN, NAN)
    return spread(result, shape)


def _equal(system: Balls, equation: Any, a: Array, b: Array) -> Array:
    """Equal where both parts are; an exact equality of two different values is a kink."""
    shape, (x, y) = thin(a, b)
    x, y = np.broadcast_arrays(x, y)
    yes = np.equal(x, y).astype(bool) | system.same(x, y)
    no = ~yes & np.not_equal(x, y).astype(bool)
    unequal = equation.primitive.name == "ne"
    system.meet(x, y)
    answer = np.where(yes, YES - unequal, np.where(no, unequal, UNDECIDED)).astype(np.int8)
    return system.asked(equation, spread(answer, shape))


def _is_finite(system: Balls, equation: Any, array: Array) -> Array:
    return np.where(_finite(array).astype(bool), YES, UNDECIDED).astype(np.int8)


def _select(system: Balls, equation: Any, which: Array, *cases: Array) -> Array:
    which = system.record(equation, which, len(cases))
    apart = [parts(case) for case in cases]
    real, imaginary = (system.choose(which, [each[place] for each in apart]) for place in range(2))
    return np.asarray(_pair(real, imaginary), dtype=object)


def _dft(array: Array, size: int, inverse: bool) -> Array:
    """Transform along the last axis."""
    flat = array.reshape(-1, size)
    result = np.empty(flat.shape, dtype=object)
    for row in range(len(flat)):
        result[row] = acb.dft(list(flat[row]), inverse=inverse)
    return _valued(result.reshape(array.shape))


def _along(array: Array, axis: int, inverse: bool) -> Array:
    return np.moveaxis(_dft(np.ascontiguousarray(np.moveaxis(array, axis, -1)), array.shape[axis], inverse), -1, axis)


def fourier(system: Balls, equation: Any, array: Array) -> Array:
    """Discrete Fourier transforms over the last axes, by their definition."""
    lengths, kind = equation.params["fft_lengths"], int(equation.params["fft_type"])
    if 0 in equation.outvars[0].aval.shape:
        return np.empty((array.shape[0], *equation.outvars[0].aval.shape), dtype=object)
    first = array.ndim - len(lengths)
    outer = range(first, array.ndim - 1)
    z = np.asarray(_whole(array), dtype=object)
    size = lengths[-1]
    if kind in (FFT, RFFT):
        z = _dft(np.ascontiguousarray(z), size, False)
        z = z[..., : size // 2 + 1] if kind == RFFT else z
        for axis in outer:
            z = _along(z, axis, False)
        return z
    for axis in outer:
        z = _along(z, axis, True)
    if kind == IFFT:
        return _dft(np.ascontiguousarray(z), size, True)
    # Of what its own mirror image is, the real part alone is read; the rest is mirrored.
    half = z[..., : size // 2 + 1].copy()
    ends = [0, size // 2] if size % 2 == 0 else [0]
    half[..., ends] = _whole(_real(half[..., ends]))
    mirrored = _conjugate(half[..., 1 : (size + 1) // 2][..., ::-1])
    return system.watch(parts(_dft(np.concatenate([half, mirrored], axis=-1), size, True))[0])


def _product(system: Balls, equation: Any, array: Array) -> Array:
    axes = tuple(1 + axis for axis in equation.params["axes"])
    # The product of nothing is one, and not yet a rectangle.
    return _valued(np.asarray(_whole(np.multiply.reduce(array, axis=axes)), dtype=object))


def _sum(system: Balls, equation: Any, array: Array) -> Array:
    axes = tuple(1 + axis for axis in equation.params["axes"])
    if any(array.shape[axis] == 0 for axis in axes):
        return lift(np.zeros((array.shape[0], *equation.outvars[0].aval.shape)))
    return np.asarray(np.add.reduce(array, axis=axes), dtype=object)


def _running(operation: Any) -> Callable[..., Array]:
    """Combine the entries along an axis; sums keep their parts apart."""

    def row(system: Balls, equation: Any, array: Array) -> Array:
        axis = 1 + equation.params["axis"]
        turned = np.flip(array, axis) if equation.params["reverse"] else array
        found = operation.accumulate(turned, axis=axis)
        found = found if operation is np.add else _valued(found)
        return np.flip(found, axis) if equation.params["reverse"] else found

    return row


def _dot(system: Balls, equation: Any, a: Array, b: Array) -> Array:
    shape = equation.outvars[0].aval.shape
    pairs = zip(equation.invars, (a, b), strict=True)
    x, y = (np.asarray(_whole(_numbers(system, equation, *each)), dtype=object) for each in pairs)
    found = system.rows["dot_general"](equation, x, y)
    return _valued(np.asarray(_whole(found), dtype=object).reshape(found.shape[0], *shape))


def _powers(system: Balls, equation: Any, base: Array, exponent: Array) -> Array:
    given = unsigned(equation.invars, [base, exponent])
    return _each(lambda z, w: _power(acb(z), acb(w)), 2)(system, equation, *given)


def _real_row(name: str) -> Callable[..., Array]:
    """What the row of numbers does, as long as it does nothing but arithmetic."""
    return lambda system, equation, *arrays: system.rows[name](equation, *arrays)


def _scatter(operation: Callable[..., Array]) -> Callable[..., Array]:
    def row(system: Balls, equation: Any, *arrays: Array) -> Array:
        return scattered(system, equation, *arrays, combine=lambda _, a, b: operation(a, b))

    return row


def _factors(factors: Callable[..., Any]) -> Callable[..., Any]:
    """A factorisation, whose entries have both parts or none."""

    def row(system: Balls, equation: Any, *arrays: Array) -> list[Array]:
        found = zip(equation.outvars, factors(system, equation, *arrays), strict=True)
        return [_valued(each) if kind_of(variable.aval) == "complex" else each for variable, each in found]

    return row


ROWS: Final[dict[str, Callable[..., Any]]] = {
    "add": _mapped(np.add, apart=True),
    "add_any": _mapped(np.add, apart=True),
    "sub": _mapped(np.subtract, apart=True),
    "mul": _mapped(np.multiply),
    "div": _mapped(np.divide),
    "neg": _mapped(np.negative, apart=True),
    "square": _mapped(lambda z: np.multiply(z, z)),
    "integer_pow": lambda system, equation, z: _each(lambda each: each ** equation.params["y"])(system, equation, z),
    "pow": _powers,
    "abs": _each(abs),
    "real": lambda system, equation, z: system.watch(parts(z)[0]),
    "imag": lambda system, equation, z: system.watch(parts(z)[1]),
    "conj": _each(lambda z: acb(z).conjugate(), apart=True),
    "complex": _join,
    "sign": _sign,
    "eq": _equal,
    "ne": _equal,
    "is_finite": _is_finite,
    "select_n": _select,
    "convert_element_type": _convert,
    "reduce_sum": _sum,
    "reduce_prod": _product,
    "cumsum": _running(np.add),
    "cumprod": _running(np.multiply),
    "dot_general": _dot,
    "scatter-add": _real_row("scatter-add"),
    "scatter-sub": _scatter(np.subtract),
    "scatter-mul": _scatter(lambda a, b: _valued(np.multiply(a, b))),
    "fft": fourier,
    **{name: _each(function) for name, function in ELEMENTARY.items()},
    **{name: _factors(factors) for name, factors in COMPLEX_ROWS.items()},
}


def row(system: Balls, name: str) -> Callable[..., Any] | None:
    """A row bound to a reading: by definition in the exact one, without a claim in the rounded one; None without it."""
    if name not in ROWS:
        return None
    return partial(unclaimed if system.name == "rounded" else ROWS[name], system)
