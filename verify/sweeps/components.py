"""A program for one cell over a block of cells, with one array for each component instead of a vector at each cell.

A vector of three at each cell makes XLA on CPU loop over three numbers at a time, whichever of the two axes is the last
one. With an array for each component every operation runs along cells, and the whole program is one loop.
"""

import itertools
import math
from collections.abc import Callable, Mapping, Sequence
from functools import reduce
from typing import Any, Final

import jax
import numpy as np
from jax.extend import core as jex
from jax.interpreters import partial_eval

from verify.readings.interpreter import CALLS, Array

# Entries that a program for one cell may compute to be taken apart: what is compiled grows with them.
MOST_ENTRIES: Final = 4096

_ELEMENTWISE: Final = frozenset(
    {
        *("abs", "add", "add_any", "and", "atan2", "cbrt", "ceil", "clamp", "convert_element_type", "copy", "copy_p"),
        *("cos", "cosh", "digamma", "div", "eq", "erf", "erf_inv", "erfc", "exp", "exp2", "expm1", "floor", "ge", "gt"),
        *("integer_pow", "is_finite", "le", "lgamma", "log", "log1p", "logistic", "lt", "max", "min", "mul", "ne"),
        *("neg", "nextafter", "not", "or", "pow", "reduce_precision", "rem", "round", "rsqrt", "select_n", "sign"),
        *("sin", "sinh", "sqrt", "square", "stop_gradient", "sub", "tan", "tanh", "xor"),
    }
)


def comes_apart(jaxpr: Any, entries: int) -> bool:
    """Whether a program for one cell is computed component by component; if not, by vmap."""
    if entries > MOST_ENTRIES:
        return False
    for equation in jaxpr.eqns:
        name = equation.primitive.name
        if name in CALLS:
            inner = equation.params[CALLS[name]]
            if not comes_apart(getattr(inner, "jaxpr", inner), entries):
                return False
        elif name not in _ELEMENTWISE and name not in _ROWS:
            return False
    return True


def over_block(closed: Any, entries: int) -> Callable[..., list[Any]]:
    """A program for one cell as a function of a block's axes.

    Args:
        closed: jaxpr of scalar arguments, one for each moving axis.
        entries: how many numbers it computes at one cell.

    Returns:
        Function of one vector for each axis, to be compiled: the program's outputs over the block, whose shape is the
        vectors' lengths; the axes of an output of more than a number come last.
    """

    def whole(*axes: Any) -> list[Any]:
        shape = tuple(len(axis) for axis in axes)
        grids = [
            jax.lax.broadcast_in_dim(axis, tuple(size if at == place else 1 for at, size in enumerate(shape)), (place,))
            for place, axis in enumerate(axes)
        ]
        if comes_apart(closed.jaxpr, entries):
            found = _walk(closed.jaxpr, closed.consts, [_single(each) for each in grids])
            return [_together(each, shape) for each in found]
        function = jex.jaxpr_as_fun(closed)
        if not axes:
            return list(function())
        flat = [jax.lax.broadcast_in_dim(axis, shape, (place,)).ravel() for place, axis in enumerate(axes)]
        return [each.reshape(*shape, *each.shape[1:]) for each in jax.vmap(function)(*flat)]

    return whole


def over_numbers(closed: Any) -> Any:
    """A program with one argument and one output for each entry of its arrays: every equation works on numbers.

    Args:
        closed: jaxpr of arrays.

    Returns:
        A closed jaxpr of scalars, without calls and without equations that nothing depends on.

    Raises:
        ValueError: where some equation does not come apart.
    """
    shapes = [aval.shape for aval in closed.in_avals]
    sizes = [math.prod(shape) for shape in shapes]
    if not comes_apart(closed.jaxpr, sum(sizes)):
        raise ValueError("the program does not come apart into operations on numbers")

    def whole(*entries: Any) -> list[Any]:
        taken = iter(entries)
        given: list[Array] = []
        for shape, size in zip(shapes, sizes, strict=True):
            array = np.empty(size, dtype=object)
            for place in range(size):
                array[place] = next(taken)
            given.append(array.reshape(shape))
        return [entry for array in _walk(closed.jaxpr, closed.consts, given) for entry in array.ravel()]

    given = [
        jax.ShapeDtypeStruct((), aval.dtype)
        for aval, size in zip(closed.in_avals, sizes, strict=True)
        for _ in range(size)
    ]
    made = jax.make_jaxpr(whole)(*given)
    live, _ = partial_eval.dce_jaxpr(made.jaxpr, [True] * len(made.jaxpr.outvars), instantiate=True)
    return jex.ClosedJaxpr(live, made.consts)


def _single(entry: Any) -> Array:
    array = np.empty((), dtype=object)
    array[()] = entry
    return array


def _apart(value: Any) -> Array:
    """A constant, entry by entry."""
    array = np.empty(np.shape(value), dtype=object)
    with jax.ensure_compile_time_eval():  # numbers, also where a caller is being traced
        for place in np.ndindex(array.shape):
            array[place] = jax.numpy.asarray(value)[place]
    return array


def _together(parts: Array, shape: tuple[int, ...]) -> Any:
    """Components as one array over the block, the block's axes first."""
    whole = [_spread(entry, shape) for entry in parts.ravel()]
    if not parts.shape:
        return whole[0]
    return jax.numpy.stack(whole, axis=-1).reshape(*shape, *parts.shape)


def _spread(entry: Any, shape: tuple[int, ...]) -> Any:
    """An entry at its full shape; one that is the same along an axis is carried with length 1 there."""
    if np.shape(entry) == shape:
        return entry
    places = range(len(shape) - np.ndim(entry), len(shape))
    return jax.lax.broadcast_in_dim(entry, shape, tuple(places))


def _walk(jaxpr: Any, consts: Sequence[Any], arguments: Sequence[Array]) -> list[Array]:
    values: dict[Any, Array] = dict(zip(jaxpr.constvars, map(_apart, consts), strict=True))
    values.update(zip(jaxpr.invars, arguments, strict=True))

    def value_of(variable: Any) -> Array:
        return _apart(np.asarray(variable.val, variable.aval.dtype)) if hasattr(variable, "val") else values[variable]

    for equation in jaxpr.eqns:
        inputs = [value_of(each) for each in equation.invars]
        name = equation.primitive.name
        if name in CALLS:
            inner = equation.params[CALLS[name]]
            outputs = _walk(getattr(inner, "jaxpr", inner), getattr(inner, "consts", ()), inputs)
        elif name in _ELEMENTWISE:
            outputs = [_elementwise(equation, inputs)]
        else:
            found = _ROWS[name](equation.params, *inputs)
            outputs = found if isinstance(found, list) else [found]
        values.update(zip(equation.outvars, outputs, strict=True))
    return [value_of(each) for each in jaxpr.outvars]


def _bind(primitive: Any, params: Mapping[str, Any], entries: Sequence[Any]) -> Any:
    shape = np.broadcast_shapes(*(np.shape(each) for each in entries))
    return primitive.bind(*(_spread(each, shape) for each in entries), **params)


def _elementwise(equation: Any, inputs: Sequence[Array]) -> Array:
    shape = np.broadcast_shapes(*(each.shape for each in inputs))
    given = [np.broadcast_to(each, shape) for each in inputs]
    found = np.empty(shape, dtype=object)
    for place in np.ndindex(shape):
        found[place] = _bind(equation.primitive, equation.params, [each[place] for each in given])
    return found


def _fold(primitive: Any) -> Callable[..., Array]:
    """Reduction in the order of the components."""

    def row(params: Mapping[str, Any], array: Array) -> Array:
        axes = tuple(params["axes"])
        kept = [axis for axis in range(array.ndim) if axis not in axes]
        ordered = array.transpose(*kept, *axes)
        ordered = ordered.reshape(*(array.shape[axis] for axis in kept), -1)
        found = np.empty(ordered.shape[:-1], dtype=object)
        for place in np.ndindex(found.shape):
            found[place] = reduce(lambda a, b: _bind(primitive, {}, (a, b)), ordered[place])
        return found

    return row


def _broadcast(params: Mapping[str, Any], array: Array) -> Array:
    shape, places = params["shape"], params["broadcast_dimensions"]
    thin = [1] * len(shape)
    for place, size in zip(places, array.shape, strict=True):
        thin[place] = size
    return np.broadcast_to(array.reshape(thin), shape)


def _slice(params: Mapping[str, Any], array: Array) -> Array:
    steps = params["strides"] or (1,) * array.ndim
    return array[
        tuple(slice(*each) for each in zip(params["start_indices"], params["limit_indices"], steps, strict=True))
    ]


def _split(params: Mapping[str, Any], array: Array) -> list[Array]:
    return list(np.split(array, np.cumsum(params["sizes"])[:-1].tolist(), axis=params["axis"]))


def _iota(params: Mapping[str, Any]) -> Array:
    with jax.ensure_compile_time_eval():  # numbers, also where a caller is being traced
        return _apart(np.asarray(jax.lax.broadcasted_iota(params["dtype"], params["shape"], params["dimension"])))


def _dot(params: Mapping[str, Any], left: Array, right: Array) -> Array:
    """Sums of products, in the order of the contracted axes."""
    (lc, rc), (lb, rb) = params["dimension_numbers"]
    lf = [axis for axis in range(left.ndim) if axis not in (*lc, *lb)]
    rf = [axis for axis in range(right.ndim) if axis not in (*rc, *rb)]
    batch, lefts, rights = (
        tuple(array.shape[axis] for axis in axes) for array, axes in ((left, lb), (left, lf), (right, rf))
    )
    a = left.transpose(*lb, *lf, *lc).reshape(*batch, *lefts, -1)
    b = right.transpose(*rb, *rf, *rc).reshape(*batch, *rights, -1)
    found = np.empty((*batch, *lefts, *rights), dtype=object)
    for at, i, j in itertools.product(np.ndindex(batch), np.ndindex(lefts), np.ndindex(rights)):
        products = [_bind(jax.lax.mul_p, {}, pair) for pair in zip(a[(*at, *i)], b[(*at, *j)], strict=True)]
        found[(*at, *i, *j)] = reduce(lambda u, v: _bind(jax.lax.add_p, {}, (u, v)), products)
    return found


_ROWS: Final[dict[str, Callable[..., Any]]] = {
    "reshape": lambda params, array: array.reshape(params["new_sizes"]),
    "squeeze": lambda params, array: np.squeeze(array, axis=tuple(params["dimensions"])),
    "expand_dims": lambda params, array: np.expand_dims(array, tuple(params["dimensions"])),
    "transpose": lambda params, array: array.transpose(params["permutation"]),
    "rev": lambda params, array: np.flip(array, params["dimensions"]),
    "concatenate": lambda params, *arrays: np.concatenate(arrays, axis=params["dimension"]),
    "stack": lambda params, *arrays: np.stack(arrays, axis=params["axis"]),
    "broadcast_in_dim": _broadcast,
    "slice": _slice,
    "split": _split,
    "iota": _iota,
    "dot_general": _dot,
    "reduce_sum": _fold(jax.lax.add_p),
    "reduce_prod": _fold(jax.lax.mul_p),
    "reduce_max": _fold(jax.lax.max_p),
    "reduce_min": _fold(jax.lax.min_p),
    "reduce_and": _fold(jax.lax.and_p),
    "reduce_or": _fold(jax.lax.or_p),
}
