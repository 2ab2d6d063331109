"""Rows of primitives that are made of many operations: order, windows, convolutions, factorisations.

Each row is a function of the system, the equation and its operands, with the leading axis of points. In the rounded
reading an order is a choice like any other, a convolution is sums of products in any order, and of a factorisation
nothing is claimed: how a library blocks it, and what it inverts on the way, is not known here.
"""

import functools
from collections.abc import Callable, Sequence
from typing import Any, Final

import numpy as np
from flint import acb, arb

from verify.claim import ClaimError, UnsupportedPrimitive
from verify.primitives import Rule, rule_of
from verify.readings import factorisations
from verify.readings.exact import INFINITE, NAN, ONE, ZERO, Balls, balls, filled, finite
from verify.readings.factorisations import no_claim, together
from verify.readings.interpreter import (
    NO,
    UNDECIDED,
    YES,
    Array,
    axis_windows,
    kind_of,
    scatter_targets,
    source_line,
    windows,
    windows_of,
)

_lower = np.frompyfunc(lambda value: value.lower(), 1, 1)
_upper = np.frompyfunc(lambda value: value.upper(), 1, 1)
_union = np.frompyfunc(arb.union, 2, 1)
_exp = np.frompyfunc(arb.exp, 1, 1)
_log = np.frompyfunc(arb.log, 1, 1)


# ---------------------------------------------------------------------------------------------------------------
# Order.


def _middles(first: tuple[int, arb], second: tuple[int, arb]) -> int:
    a, b = first[1].mid(), second[1].mid()
    return -1 if a < b else 1 if a > b else 0


def _ordered(system: Balls, keys: Array, *, falling: bool, stable: bool, head: int) -> tuple[Array, Array]:
    """The order of the entries along the last axis, and which pairs of neighbours in it are not decided.

    Entries are put in the order of their midpoints; it is the order of the values where neighbours are decided. Equal
    entries keep their order where the sort is stable; two different values that are equal are a kink.

    Args:
        system: the reading.
        keys: numbers; the last axis is ordered.
        falling: largest first.
        stable: whether equal entries keep their order.
        head: how many neighbours matter, from the first.

    Returns:
        Places of the entries, and a mask of slices with an undecided pair.
    """
    order = np.empty(keys.shape, dtype=np.int64)
    for place in np.ndindex(*keys.shape[:-1]):
        numbered = sorted(enumerate(keys[place]), key=functools.cmp_to_key(_middles), reverse=falling)
        order[place] = [number for number, _ in numbered]
    placed = np.take_along_axis(keys, order, axis=-1)
    before, after = placed[..., :-1], placed[..., 1:]
    small, large = (after, before) if falling else (before, after)
    strictly = system.decide(small, large, less=True) == YES
    at_most = system.decide(small, large, less=False) == YES
    kept = (order[..., :-1] < order[..., 1:]) if stable else np.zeros(strictly.shape, dtype=bool)
    unsure = ~(strictly | (at_most & kept))
    system.meet(before[..., :head], after[..., :head])
    return order, unsure[..., :head].any(axis=-1)


def _placed(system: Balls, equation: Any, order: Array, unsure: Array, head: int) -> None:
    """Record which entry comes to stand at which of the first places."""
    if not system.tells_places(order.shape[-1]):
        return
    at = order[..., :head, None] == np.arange(order.shape[-1])
    at &= ~unsure[..., None, None]
    system.met_at(equation, at.reshape(*order.shape[:-1], head * order.shape[-1]))


def _hulls(keys: Array, *, falling: bool) -> Array:
    """Where the order is open: the k-th entry lies between the k-th lower and the k-th upper end."""
    ends: list[Array] = []
    for end in (_lower(keys), _upper(keys)):
        ordered = np.empty(end.shape, dtype=object)
        for place in np.ndindex(*end.shape[:-1]):
            found = sorted(enumerate(end[place]), key=functools.cmp_to_key(_middles), reverse=falling)
            ordered[place] = [value for _, value in found]
        ends.append(ordered)
    hull = _union(*ends)
    bad = ~finite(keys).all(axis=-1)
    hull[bad] = NAN
    return hull


def sort(system: Balls, equation: Any, *operands: Array) -> list[Array]:
    """Sort by the first operand; the others follow it."""
    if equation.params["num_keys"] != 1:
        raise UnsupportedPrimitive(f"sort by {equation.params['num_keys']} keys", system.name, source_line(equation))
    axis = 1 + equation.params["dimension"]
    moved = [np.moveaxis(array, axis, -1) for array in together(*operands)]
    keys = moved[0]
    if kind_of(equation.invars[0].aval) != "number":
        if kind_of(equation.invars[0].aval) == "truth":
            system.branch(equation, keys, 2)
            system.mark("lost", keys == UNDECIDED)
        order = np.argsort(keys, axis=-1, kind="stable")
    else:
        order, unsure = _ordered(
            system, keys, falling=False, stable=equation.params["is_stable"], head=max(keys.shape[-1] - 1, 0)
        )
        _placed(system, equation, order, unsure, keys.shape[-1])
        if unsure.any():
            if len(moved) == 1:
                if system.depends:
                    system.mark("hulls", unsure)
                result = np.take_along_axis(keys, order, axis=-1)
                result[unsure] = _hulls(keys[unsure], falling=False)
                system.watch(result)
                return [np.moveaxis(result, -1, axis)]
            system.mark("lost", unsure)
    return [np.moveaxis(np.take_along_axis(each, order, axis=-1), -1, axis) for each in moved]


def top_k(system: Balls, equation: Any, operand: Array) -> list[Array]:
    """The k largest entries, largest first, and where they are; of equal ones the first."""
    return _top(system, equation, operand, equation.params.get("axis", -1), falling=True)


def _top(system: Balls, equation: Any, operand: Array, axis: int, *, falling: bool) -> list[Array]:
    k = equation.params["k"]
    axis = 1 + axis % (operand.ndim - 1)
    keys = np.moveaxis(operand, axis, -1)
    order, unsure = _ordered(system, keys, falling=falling, stable=True, head=k)
    _placed(system, equation, order, unsure, k)
    values = np.take_along_axis(keys, order, axis=-1)[..., :k]
    if unsure.any():
        if system.used[1]:  # Where an entry was, the hull does not say.
            system.mark("lost", unsure)
        elif system.depends:
            system.mark("hulls", unsure)
        values[unsure] = _hulls(keys[unsure], falling=falling)[..., :k]
        system.watch(values)
    return [np.moveaxis(values, -1, axis), np.moveaxis(order[..., :k], -1, axis)]


def approximate_top_k(system: Balls, equation: Any, operand: Array) -> list[Array]:
    """The k largest or smallest along an axis; XLA on CPU takes no approximation."""
    params = equation.params
    if not params["aggregate_to_topk"]:
        raise UnsupportedPrimitive("approx_top_k before it is put together", system.name, source_line(equation))
    return _top(system, equation, operand, params["reduction_dimension"], falling=bool(params["is_max_k"]))


# ---------------------------------------------------------------------------------------------------------------
# Windows and convolutions.


def _looked_up(array: Array, index: Array, padding: arb) -> Array:
    """Entries of the flattened array by their index; ``padding`` where there is none."""
    flat = array.reshape(array.shape[0], -1)
    return np.concatenate([flat, filled((flat.shape[0], 1), padding)], axis=1)[:, index]


def window_sum(system: Balls, equation: Any, operand: Array) -> Array:
    """Sums over windows."""
    shape = equation.outvars[0].aval.shape
    index = windows_of(equation.params, operand.shape[1:], shape)
    sums = system.running_total(equation, _looked_up(operand, index, ZERO))
    return sums.reshape(sums.shape[0], *shape)


def _window_extremum(system: Balls, equation: Any, operand: Array, *, greater: bool) -> Array:
    shape = equation.outvars[0].aval.shape
    index = windows_of(equation.params, operand.shape[1:], shape)
    entries = _looked_up(operand, index, INFINITE[-1 if greater else 1])
    found = system.extreme_of(equation, entries, greater=greater, never=index == -1)
    return found.reshape(found.shape[0], *shape)


def _chosen(system: Balls, equation: Any, operand: Array, counts: Sequence[int]) -> Array:
    """For each window, which entry of the flattened operand is its extremum; -1 where that is padding."""
    name = str(equation.params["select_prim"])
    if name not in ("ge", "le"):
        raise UnsupportedPrimitive(f"{equation.primitive.name} by {name}", system.name, source_line(equation))
    greater = name == "ge"
    index = windows_of(equation.params, operand.shape[1:], counts)
    entries = _looked_up(operand, index, INFINITE[-1 if greater else 1])
    best = np.broadcast_to(index[None, :, 0], entries.shape[:-1]).copy()
    value = entries[..., 0].copy()
    for place in range(1, entries.shape[-1]):
        other = entries[..., place]
        keep = system.decide(other, value, less=False) if greater else system.decide(value, other, less=False)
        system.mark("lost", keep == UNDECIDED)
        system.meet(value, other)
        best = np.where(keep == NO, index[None, :, place], best)
        value = np.where(keep == NO, other, value)
    if system.tells_places(index.shape[-1]):
        system.met_at(equation, (best[..., None] == index) | (index == -1))
    return best


def select_and_scatter_add(system: Balls, equation: Any, source: Array, operand: Array) -> Array:
    """Each window's entry of ``source`` is added where the window's extremum stands: the slope of max pooling."""
    source, operand = together(source, operand)
    best = _chosen(system, equation, operand, equation.invars[0].aval.shape)
    size = int(np.prod(operand.shape[1:], dtype=int))
    flat = source.reshape(source.shape[0], -1)
    terms = filled((flat.shape[0], size, flat.shape[1]), ZERO)
    for point, window in np.ndindex(*best.shape):
        if best[point, window] >= 0:
            terms[point, best[point, window], window] = flat[point, window]
    return system.running_total(equation, terms).reshape(operand.shape)


def select_and_gather_add(system: Balls, equation: Any, tangents: Array, operand: Array) -> Array:
    """For each window, the entry of ``tangents`` that stands where the window's extremum does."""
    tangents, operand = together(tangents, operand)
    best = _chosen(system, equation, operand, equation.outvars[0].aval.shape)
    flat = np.concatenate([tangents.reshape(len(tangents), -1), filled((len(tangents), 1), ZERO)], axis=1)
    return np.take_along_axis(flat, best, axis=1).reshape(len(tangents), *equation.outvars[0].aval.shape)


def convolution(system: Balls, equation: Any, lhs: Array, rhs: Array) -> Array:
    """Sums of products of windows and a kernel. Of 16-bit formats nothing is claimed: what they sum in is not known."""
    params = equation.params
    numbers = params["dimension_numbers"]
    out_shape = equation.outvars[0].aval.shape
    lhs, rhs = together(lhs, rhs)
    if system.name == "rounded" and np.dtype(equation.outvars[0].aval.dtype).itemsize < 4:
        return no_claim(system, (lhs.shape[0], *out_shape))
    x = lhs.transpose(0, *(1 + axis for axis in numbers.lhs_spec))
    kernel = rhs.transpose(0, *(1 + axis for axis in numbers.rhs_spec))
    shape = tuple(out_shape[axis] for axis in numbers.out_spec)
    spatial, window, counts = x.shape[3:], kernel.shape[3:], shape[2:]
    each = zip(
        *(spatial, counts, window, params["window_strides"], [low for low, _ in params["padding"]]),
        *(params["rhs_dilation"], params["lhs_dilation"]),
        strict=True,
    )
    index = windows(spatial, [axis_windows(*given) for given in each])
    points, batch, channels = x.shape[:3]
    patches = _looked_up(x.reshape(points * batch * channels, -1), index, ZERO)
    patches = patches.reshape(points, batch, channels, *index.shape)
    outputs, inner = kernel.shape[1:3]
    weights = kernel.reshape(points, outputs, inner, -1)
    groups, batches = params["feature_group_count"], params["batch_group_count"]
    found: list[Array] = []
    for output in range(outputs):
        if batches > 1:
            group, size = output // (outputs // batches), batch // batches
            part = patches[:, group * size : (group + 1) * size]
        else:
            group = output // (outputs // groups)
            part = patches[:, :, group * inner : (group + 1) * inner]
        rows = np.moveaxis(part, 2, 3)
        rows = rows.reshape(*rows.shape[:3], -1)
        found.append(system.dot_row(equation, rows, weights[:, output].reshape(points, 1, 1, -1)))
    result = np.stack(found, axis=2).reshape(points, *shape)
    return result.transpose(0, *(1 + int(axis) for axis in np.argsort(numbers.out_spec)))


# ---------------------------------------------------------------------------------------------------------------
# Running and scattered operations.


def running_log_sum(system: Balls, equation: Any, array: Array) -> Array:
    """log(e^x_0 + … + e^x_k), by its definition."""
    if system.name == "rounded":
        return no_claim(system, array.shape)
    axis = 1 + equation.params["axis"]
    terms = _exp(np.flip(array, axis) if equation.params["reverse"] else array)
    sums = _log(np.add.accumulate(terms, axis=axis))
    return system.watch(np.flip(sums, axis) if equation.params["reverse"] else sums)


def scattered(
    system: Balls, equation: Any, operand: Array, indices: Array, updates: Array, combine: Callable[..., Array]
) -> Array:
    """Updates are combined with the entries that they land on, in the order in which they are written."""
    operand, indices, updates = together(operand, indices, updates)
    flat = operand.reshape(operand.shape[0], -1).copy()
    moving = updates.reshape(updates.shape[0], -1)
    for row, targets in enumerate(scatter_targets(equation, indices).tolist()):
        if system.name == "rounded" and len({each for each in targets if each >= 0}) < sum(
            each >= 0 for each in targets
        ):
            return no_claim(system, operand.shape)
        for place, target in enumerate(targets):
            if target >= 0:
                here = slice(row, row + 1)
                flat[here, target] = combine(equation, flat[here, target], moving[here, place])
    return flat.reshape(operand.shape)


# ---------------------------------------------------------------------------------------------------------------
# Functions of several arguments that Arb knows.


def _polygamma(order: arb, x: arb) -> arb:
    whole = order.unique_fmpz() if order.is_exact() and order.is_integer() else None
    if whole is None or whole < 0:
        return NAN
    if whole == 0:
        return x.digamma()
    value = acb(x).polygamma(acb(order))
    return value.real if value.imag.contains(0) else NAN


def _zeta(s: arb, q: arb) -> arb:
    return s.zeta(q) if s > 1 and q > 0 else NAN


def _bessel(order: int) -> Callable[[arb], arb]:
    return lambda x: (-abs(x)).exp() * x.bessel_i(arb(order))


def _incomplete(lower: bool) -> Callable[[arb, arb], arb]:
    def value(a: arb, x: arb) -> arb:
        if not a > 0 or not x >= 0:
            return NAN
        if x.is_zero():
            return ZERO if lower else ONE
        return x.gamma_lower(a, regularized=1) if lower else x.gamma_upper(a, regularized=1)

    return value


def _incomplete_slope(a: arb, x: arb) -> arb:
    """Slope of the regularized lower incomplete gamma function in its first argument.

    γ(a, x) is x^a / a · 1F1(a; a + 1; -x), and the slope of that in a is γ(a, x) log x - x^a / a² · 2F2(a, a; a + 1,
    a + 1; -x) (DLMF 8.8 and 8.19); dividing by Γ(a) adds -ψ(a) P(a, x).
    """
    if not a > 0 or not x >= 0:
        return NAN
    if x.is_zero():
        return ZERO
    part = acb(-x).hypgeom([acb(a), acb(a)], [acb(a + 1), acb(a + 1)]).real
    log = x.log()
    first = x.gamma_lower(a, regularized=1) * (log - a.digamma())
    return first - (a * log - a.lgamma()).exp() / (a * a) * part


def _beta(a: arb, b: arb, x: arb) -> arb:
    inside = a > 0 and b > 0 and x >= 0 and x <= 1
    return x.beta_lower(a, b, regularized=1) if inside else NAN


SEVERAL: Final[dict[str, tuple[Callable[..., arb], int]]] = {
    "polygamma": (_polygamma, 2),
    "zeta": (_zeta, 2),
    "igamma": (_incomplete(True), 2),
    "igammac": (_incomplete(False), 2),
    "igamma_grad_a": (_incomplete_slope, 2),
    "regularized_incomplete_beta": (_beta, 3),
    "bessel_i0e": (_bessel(0), 1),
    "bessel_i1e": (_bessel(1), 1),
}


def _function(function: Callable[..., Array]) -> Callable[..., Array]:
    return lambda system, equation, *arrays: system.elementary(equation, function, *arrays)


ROWS: Final[dict[str, Callable[..., Any]]] = {
    "sort": sort,
    "top_k": top_k,
    "approx_top_k": approximate_top_k,
    "reduce_window_sum": window_sum,
    "reduce_window_max": functools.partial(_window_extremum, greater=True),
    "reduce_window_min": functools.partial(_window_extremum, greater=False),
    "select_and_scatter_add": select_and_scatter_add,
    "select_and_gather_add": select_and_gather_add,
    "conv_general_dilated": convolution,
    "cumlogsumexp": running_log_sum,
    "scatter-mul": lambda system, *given: scattered(system, *given, combine=system.multiply),
    "scatter-sub": lambda system, *given: scattered(system, *given, combine=system.rows["sub"]),
    "scatter-max": lambda system, *given: scattered(system, *given, combine=system.larger),
    "scatter-min": lambda system, *given: scattered(system, *given, combine=system.smaller),
    **factorisations.ROWS,
    **{name: _function(np.frompyfunc(function, count, 1)) for name, (function, count) in SEVERAL.items()},
}


# ---------------------------------------------------------------------------------------------------------------
# Primitives of a user.


def registered(system: Balls, equation: Any, *arrays: Array) -> list[Array]:
    """A user's rule, point by point; what it returns must have the shapes that the trace has."""
    rule = rule_of(equation.primitive)
    if rule is None:
        raise UnsupportedPrimitive(equation.primitive.name, system.name, source_line(equation))
    given = together(*arrays)
    shapes = [tuple(variable.aval.shape) for variable in equation.outvars]
    points = len(given[0])
    rounded = system.name == "rounded"
    if rounded and rule.rounded is None:
        return [no_claim(system, (points, *shape)) for shape in shapes]
    own = rounded and callable(rule.rounded)
    function: Callable[..., Any] = rule.rounded if own else rule.exact  # type: ignore[assignment]
    more = {"dtype": str(np.dtype(equation.outvars[0].aval.dtype))} if own else {}
    rows: list[list[Array]] = []
    for point in range(points):
        returned = function(*(array[point] for array in given), **more, **equation.params)
        several = returned if isinstance(returned, (list, tuple)) else [returned]
        rows.append([_checked(rule, each, shape) for each, shape in zip(several, shapes, strict=False)])
        if len(several) != len(shapes):
            raise ClaimError(
                f"the rule registered for {rule.name!r} returns {len(several)} arrays, expected {len(shapes)}"
            )
    found = [np.stack(each) for each in zip(*rows, strict=True)]
    if rounded and not own:
        found = [system.finish(equation, each, float(rule.rounded)) for each in found]  # type: ignore[arg-type]
    return [system.watch(each) for each in found]


def _checked(rule: Rule, value: Any, shape: tuple[int, ...]) -> Array:
    array = np.empty(np.shape(value), dtype=object)
    array[...] = value
    if array.shape != shape:
        raise ClaimError(f"the rule registered for {rule.name!r} returns shape {array.shape}, expected {shape}")
    for place, each in np.ndenumerate(array):
        if not isinstance(each, arb):
            if isinstance(each, (bool, np.bool_)) or not isinstance(each, (int, np.integer)):
                raise ClaimError(
                    f"the rule registered for {rule.name!r} returns {type(each).__name__}, expected flint.arb: a "
                    "float would carry a rounding that the ball does not"
                )
            array[place] = balls(np.array([float(each)]))[0] if abs(each) < 2**53 else arb(int(each))
    return array
