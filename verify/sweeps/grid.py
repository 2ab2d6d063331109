"""Programs of a map over its grid: floats in tiles of one shape, and exact balls."""

import inspect
import itertools
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import jax
import numpy as np
from jax.extend import core as jex
from jax.interpreters import partial_eval

from verify.claim import ClaimError
from verify.engines.case import LEVELS
from verify.engines.floats import REFERENCE_BITS, reference
from verify.formats import Format
from verify.maps import Map, Quantity
from verify.primitives import explained
from verify.program import Program
from verify.readings.exact import balls, precision
from verify.readings.interpreter import Array

# Cells that one call computes. From 2048 rows on XLA on CPU takes another kernel, whose exponential overflows half a
# binade early; a map that is to show what a single call does stays below.
TILE: Final = 1024
# Cells whose balls are held at one time.
EXACT_TILE: Final = 4096


class MapError(ClaimError):
    """A map that cannot be swept: what is wrong, where, and what to do about it."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Part:
    """The cells of a map that share one program: those of one choice of its static axes.

    Attributes:
        static: values of the static axes by name.
        where: index of the part in the whole array, one entry per axis: a number, or a full slice.
    """

    static: Mapping[str, float]
    where: tuple[Any, ...]


def parts(given: Map) -> Iterator[Part]:
    """One part per choice of the static axes."""
    fixed = [(place, axis) for place, axis in enumerate(given.axes) if axis.static]
    for chosen in itertools.product(*(range(len(axis.values)) for _, axis in fixed)):
        where: list[Any] = [slice(None)] * len(given.axes)
        static: dict[str, float] = {}
        for (place, axis), number in zip(fixed, chosen, strict=True):
            where[place] = number
            value = axis.values[number]
            static[axis.name] = int(value) if float(value).is_integer() else value
        yield Part(static=static, where=tuple(where))


def moving(given: Map) -> list[Any]:
    """The axes that a program takes as arguments."""
    return [axis for axis in given.axes if not axis.static]


def cells(given: Map, form: Format) -> list[Array]:
    """Values of the moving axes at every cell of a part, as flat float64 arrays of numbers of the format."""
    values = [form.round(np.array(axis.values)) for axis in moving(given)]
    for axis, rounded in zip(moving(given), values, strict=True):
        if len(np.unique(rounded)) < len(rounded):
            raise MapError(
                f"map {given.id!r}: two values of axis {axis.name!r} are one number in {form.name}: "
                "give fewer values, or other formats"
            )
    return [each.ravel() for each in np.meshgrid(*values, indexing="ij")] if values else []


def quantity_function(given: Map, quantity: Quantity, static: Mapping[str, float]) -> Callable[..., Any]:
    """A quantity as a function of the moving axes' values, which returns one vector."""
    names = [axis.name for axis in moving(given)]

    def at(*values: Any) -> Any:
        arguments = dict(given.point(**static, **dict(zip(names, values, strict=True))))
        if quantity.wrt is None:
            found = _call(quantity.fn, arguments)
        else:
            if quantity.wrt not in arguments:
                raise MapError(
                    f"map {given.id!r}: wrt names {quantity.wrt!r}, but point gives {', '.join(arguments) or 'nothing'}"
                )

            def partial(value: Any) -> Any:
                return _call(quantity.fn, {**arguments, str(quantity.wrt): value})

            found = jax.grad(partial)(arguments[quantity.wrt])
            if quantity.pick is not None:
                found = quantity.pick(found)
        leaves = [jax.numpy.ravel(leaf) for leaf in jax.tree.leaves(found)]
        return leaves[0] if len(leaves) == 1 else jax.numpy.concatenate(leaves)

    return at


def stable_function(given: Map, quantity: Quantity, static: Mapping[str, float]) -> Callable[..., Any]:
    """The stable form of a gradient: signs and logarithms of its components, from the moving axes' values."""
    names = [axis.name for axis in moving(given)]
    form = quantity.stable
    assert form is not None

    def at(*values: Any) -> Any:
        arguments = dict(given.point(**static, **dict(zip(names, values, strict=True))))
        sign, log = _call(form, arguments)
        return jax.numpy.stack([jax.numpy.ravel(sign) * jax.numpy.ones_like(log), jax.numpy.ravel(log)])

    return at


def _call(function: Callable[..., Any], arguments: Mapping[str, Any]) -> Any:
    """Call a function with those of the arguments that it takes, by name."""
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return function(**arguments)
    if any(each.kind is each.VAR_KEYWORD for each in parameters):
        return function(**arguments)
    taken = {each.name for each in parameters}
    return function(**{name: value for name, value in arguments.items() if name in taken})


def trace(given: Map, function: Callable[..., Any], form: Format, what: str) -> Program:
    """A function of the moving axes' values as a program for one cell.

    Raises:
        MapError: where it raises, or computes in another format than it is given.
    """
    shapes = [jax.ShapeDtypeStruct((), form.dtype()) for _ in moving(given)]
    try:
        with jax.enable_x64(True):
            closed = jax.make_jaxpr(function)(*shapes)
    except ClaimError:
        raise
    except Exception as error:  # a function of the user's own may raise anything
        raise MapError(f"map {given.id!r}: {what} raises {type(error).__name__}: {explained(error)}") from error
    for aval in closed.out_avals:
        if aval.dtype != form.dtype():
            raise MapError(
                f"map {given.id!r}: {what} computes in {aval.dtype} where it is given {form.name}: "
                "make constants in the dtype of the axes' values"
            )
    live, _ = partial_eval.dce_jaxpr(closed.jaxpr, [True] * len(closed.jaxpr.outvars), instantiate=True)
    made = jex.ClosedJaxpr(live, closed.consts)
    outputs = tuple(tuple(aval.shape) for aval in made.out_avals)
    return Program(name=what, closed=made, flat=lambda *flat: [function(*flat)], outputs=outputs)


def batched(programs: Sequence[Program], form: Format) -> Callable[..., Any]:
    """Programs over a batch of cells, compiled as one, for a format.

    Raises:
        MapError: when called, where a primitive in a program has no batching rule.
    """

    def one(program: Program, columns: Sequence[Any]) -> Any:
        try:
            return jax.vmap(jex.jaxpr_as_fun(program.closed))(*columns)[0]
        except NotImplementedError as error:
            raise MapError(f"{program.name}: {explained(error)}") from error

    return jax.jit(lambda *columns: [one(program, columns) for program in programs], **_compiled(form))


def _compiled(form: Format) -> dict[str, Any]:
    """How programs of a format are compiled: so that a map is the same on every processor.

    A processor that computes in float16 itself rounds a * b + c once where both are in one kernel, all others twice.
    The other formats are computed alike, by the same instructions.
    """
    return {"compiler_options": {"xla_disable_hlo_passes": "fusion"}} if form.name == "float16" else {}


def run(
    programs: Sequence[Program], columns: Sequence[Array], form: Format, tile: int = TILE
) -> list[tuple[int, list[Array]]]:
    """Run programs over all cells in tiles of one shape.

    Args:
        programs: the programs of one part.
        columns: values of the moving axes, one entry a cell; numbers of the format.
        form: the format.
        tile: cells of one call.

    Returns:
        Per tile its first cell, and per program what it returned as float64, cells first.
    """
    count = len(columns[0]) if columns else 1
    tile = min(tile, count)
    found: list[tuple[int, list[Array]]] = []
    with jax.enable_x64(True):
        if not columns:
            # A part without a moving axis is one cell, computed as it is.
            direct = jax.jit(lambda: [jex.jaxpr_as_fun(program.closed)()[0] for program in programs], **_compiled(form))
            return [(0, [np.asarray(each).astype(np.float64)[None] for each in direct()])]
        compiled = batched(programs, form)
        for start in range(0, count, tile):
            chosen = [_padded(column[start : start + tile], tile).astype(form.dtype()) for column in columns]
            rows = min(tile, count - start)
            outputs = [np.asarray(each).astype(np.float64)[:rows] for each in compiled(*chosen)]
            found.append((start, outputs))
    return found


def _padded(column: Array, length: int) -> Array:
    """The column, its last value repeated up to a length: every tile has one shape."""
    return column if len(column) == length else np.concatenate([column, np.repeat(column[-1:], length - len(column))])


def exact(program: Program, columns: Sequence[Array], bits: int = REFERENCE_BITS) -> Array:
    """True values of a program at every cell to a relative accuracy, one row of balls a cell."""
    count = len(columns[0]) if columns else 1
    rows: list[Array] = []
    for start in range(0, count, EXACT_TILE):
        given = [balls(column[start : start + EXACT_TILE]) for column in columns]
        rows.append(reference(program, given, min(EXACT_TILE, count - start), bits))
    return np.concatenate(rows)


_log = np.frompyfunc(lambda value: float(abs(value).log().mid()), 1, 1)


def signs_and_logarithms(values: Array) -> tuple[Array, Array]:
    """Signs and logarithms of absolute values, as float64; NaN where a ball is not told from 0."""
    sign = np.full(values.shape, np.nan)
    log = np.full(values.shape, np.nan)
    above, below = np.greater(values, 0).astype(bool), np.less(values, 0).astype(bool)
    zero = np.equal(values, 0).astype(bool)
    sign[above], sign[below], sign[zero] = 1.0, -1.0, 0.0
    log[zero] = -np.inf
    with precision(64):
        told = above | below
        log[told] = _log(values[told]).astype(np.float64)
    return sign, log


def line(
    function: Callable[..., Any], form: Format, columns: Mapping[str, Array], count: int, bits: int = REFERENCE_BITS
) -> Array | None:
    """A real function of a format and of axes, read exactly.

    Args:
        function: of any of ``p``, ``emin``, ``flushes`` and the axes, by name.
        form: the format, whose precision and exponent it gets, and 1 where it flushes subnormals, else 0.
        columns: values of the axes.
        count: number of rows.
        bits: relative accuracy that is asked for.

    Returns:
        One ball a row; None where the function says that there is no such number, by returning infinity.
    """
    takes = list(inspect.signature(function).parameters)
    given = {
        "p": np.full(count, float(form.precision)),
        "emin": np.full(count, float(form.emin)),
        "flushes": np.full(count, float(form.flushes)),
        **columns,
    }
    unknown = [name for name in takes if name not in given]
    if unknown:
        raise MapError(f"a boundary takes {unknown[0]!r}: expected some of {', '.join(given)}")
    with jax.enable_x64(True):
        first = {name: np.float64(given[name][0]) for name in takes}
        plain = function(**first)
        if isinstance(plain, (int, float)) and math.isinf(plain):
            return None
        shapes = [jax.ShapeDtypeStruct((), np.float64) for _ in takes]
        closed = jax.make_jaxpr(lambda *flat: jax.numpy.asarray(function(**dict(zip(takes, flat, strict=True)))))(
            *shapes
        )
        program = Program(name="boundary", closed=closed, flat=lambda *flat: [function(*flat)], outputs=((),))
    return reference(program, [balls(given[name]) for name in takes], count, bits)[:, 0]


def largest(values: Array) -> Array:
    """The largest absolute component of each row, as balls."""
    found = np.empty(len(values), dtype=object)
    with precision(LEVELS[-1]):  # operations round to it, a comparison does not
        for number, row in enumerate(values):
            best = abs(row[0])
            for each in row[1:]:
                size = abs(each)
                best = size if size > best else best if best >= size else best.max(size)
            found[number] = best
    return found
