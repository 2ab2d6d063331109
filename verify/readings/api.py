"""The two ball readings of any function, at one point: `enclose` and `allowed`."""

from collections.abc import Callable, Sequence
from typing import Any

import jax
import numpy as np

from verify.formats import FORMATS
from verify.readings.exact import NAN, Balls, Exact, balls, filled, precision
from verify.readings.interpreter import Array, walk
from verify.readings.rounded import ROUNDED_BITS, Rounded


def enclose(fn: Callable[..., Any], *args: Any, bits: int = 200) -> Any:
    """Enclose the true value of a function at floats.

    Args:
        fn: a function that JAX can trace; it may contain ``jax.grad`` and the like.
        args: arrays or trees of arrays of floats or whole numbers, taken exactly as they are.
        bits: precision of the balls.

    Returns:
        A NumPy array of ``flint.arb`` of the shape of the result (a tree of them for a tree). A choice that stays
        undecided at this precision gives the hull of its outcomes, or balls that are NaN where it moves entries.

    Raises:
        UnsupportedPrimitive: for a primitive without a row in the exact reading.
    """
    return _read(fn, args, "float64", Exact(), bits)


def allowed(fn: Callable[..., Any], *args: Any, dtype: str = "float64") -> Any:
    """Enclose every float that a format may return for a function.

    Args:
        fn: a function that JAX can trace.
        args: arrays or trees of arrays; floats are rounded to the format first.
        dtype: ``float64``, ``float32``, ``bfloat16`` or ``float16``.

    Returns:
        A NumPy array of ``flint.arb`` (a tree of them for a tree). A ball that is not finite claims nothing: the
        format may overflow there.

    Raises:
        ValueError: for a dtype that is none of the four formats.
        UnsupportedPrimitive: for a primitive without a row in the rounded reading.
    """
    if str(dtype) not in FORMATS:
        raise ValueError(f"dtype {str(dtype)!r} is unknown: expected one of {', '.join(FORMATS)}")
    return _read(fn, args, str(dtype), Rounded(), ROUNDED_BITS)


def _read(fn: Callable[..., Any], args: Sequence[Any], dtype: str, system: Balls, bits: int) -> Any:
    form = FORMATS[dtype]
    leaves, treedef = jax.tree.flatten(tuple(args), is_leaf=_is_numbers)
    given: list[Array] = []
    shapes: list[Any] = []
    for leaf in leaves:
        array = np.asarray(leaf)
        if array.dtype.kind in "iu":
            given.append(array.astype(np.int64)[None])
            shapes.append(jax.ShapeDtypeStruct(array.shape, np.uint64 if array.dtype == np.uint64 else np.int64))
        else:
            given.append(balls(form.round(array.astype(np.float64)))[None])
            shapes.append(jax.ShapeDtypeStruct(array.shape, form.dtype()))
    with jax.enable_x64(True):
        closed, out = jax.make_jaxpr(lambda *flat: fn(*jax.tree.unflatten(treedef, flat)), return_shape=True)(*shapes)
        with precision(bits):
            outputs, trail = walk(system, closed, given, 1)
    if trail.lost.any():
        outputs = [filled(each.shape, NAN) for each in outputs]
    return jax.tree.unflatten(jax.tree.structure(out), [np.array(each[0]) for each in outputs])


def _is_numbers(tree: Any) -> bool:
    """Whether a list is an array written out, rather than a tree of arrays."""
    if not isinstance(tree, list):
        return False
    return all(_is_numbers(each) if isinstance(each, list) else isinstance(each, (int, float)) for each in tree)
