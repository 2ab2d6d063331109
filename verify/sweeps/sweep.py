"""A whole map: every quantity in every format, true values, classes, and the lines by hand."""

import inspect
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import jax
import numpy as np

from verify.claim import Status
from verify.formats import FLOAT64, FORMATS, Format
from verify.maps import CLASSES, Boundary, Bounds, Map
from verify.readings.interpreter import Array
from verify.sweeps import grid
from verify.sweeps.grid import MapError, Part
from verify.sweeps.judge import STABLE_BITS, Finding, classes, events, judge, text, within

# Entries that exact reading of one quantity may compute; beyond it a stable form is checked on a coarse grid instead.
EXACT_WORK: Final = 1_000_000
COARSE: Final = 150
# Relative accuracy, in bits, of true values that are held against bounds, raised until a cell is decided.
ACCURACY: Final = (64, 400, 2000)
LEAST_COARSE: Final = 4
# How many times the affordable work a few coarse cells may take.
BEYOND: Final = 4
EVERY_CELL: Final = "exact balls at every cell"
COARSELY: Final = "the form without cancellation, checked against exact balls on a coarse grid,"
UNCHECKED: Final = "the same form, too large to be checked,"


@dataclass(frozen=True, kw_only=True, eq=False)
class Sweep:
    """What a sweep found: arrays labelled by the map's axes.

    Attributes:
        map: the map.
        values: floats, by quantity and format: one axis per axis of the map, components last; float64.
        classes: the code of every cell, by quantity and format: places in `verify.maps.CLASSES`.
        truth: natural logarithm of the largest absolute true component, by quantity and format.
        exact: per quantity, how the true values were found.
        findings: a verdict per line by hand, quantity and format.
        seconds: wall time.
    """

    map: Map
    values: Mapping[tuple[str, str], Array]
    classes: Mapping[tuple[str, str], Array]
    truth: Mapping[tuple[str, str], Array]
    exact: Mapping[str, str]
    findings: tuple[Finding, ...]
    seconds: float

    def share(self, quantity: str, form: str) -> dict[str, float]:
        """Share of the cells in each class."""
        codes = self.classes[quantity, form]
        return {name: float((codes == code).mean()) for code, name in enumerate(CLASSES)}

    def to_xarray(self) -> Any:
        """The arrays as an ``xarray.Dataset`` with named axes and their values; needs xarray."""
        import xarray  # pyright: ignore[reportMissingImports] - not installed with the package

        axes = {axis.name: (axis.name, list(axis.values), {"units": axis.unit}) for axis in self.map.axes}
        names = list(axes)
        data: dict[str, Any] = {}
        for (quantity, form), array in self.values.items():
            data[f"{quantity} {form}"] = ([*names, f"component of {quantity}"], array)
        for (quantity, form), array in self.classes.items():
            data[f"class of {quantity} {form}"] = (names, array)
        for (quantity, form), array in self.truth.items():
            data[f"log truth of {quantity} {form}"] = (names, array)
        return xarray.Dataset(data, coords=axes, attrs={"map": self.map.id, "classes": ", ".join(CLASSES)})


@dataclass(eq=False)
class _Filling:
    """Arrays of a sweep while they fill."""

    given: Map
    values: dict[tuple[str, str], Array] = field(default_factory=dict)
    classes: dict[tuple[str, str], Array] = field(default_factory=dict)
    truth: dict[tuple[str, str], Array] = field(default_factory=dict)
    balls: dict[tuple[str, str], Array] = field(default_factory=dict)
    exact: dict[str, list[tuple[str, Part]]] = field(default_factory=dict)
    kept: dict[Any, tuple[Array, Array, Array | None]] = field(default_factory=dict)

    def put(self, store: dict[tuple[str, str], Array], key: tuple[str, str], part: Part, flat: Array) -> None:
        """Enter the cells of a part; components, where there are any, stay last."""
        extent = tuple(len(axis.values) for axis in self.given.axes if not axis.static)
        tail = flat.shape[1:]
        if key not in store:
            empty: Any = None if flat.dtype == object else np.nan if flat.dtype.kind == "f" else 0
            store[key] = np.full((*self.given.shape, *tail), empty, dtype=flat.dtype)
        if store[key].shape[len(self.given.shape) :] != tail:
            raise MapError(
                f"map {self.given.id!r}: {key[0]} has {tail[0]} components where it had "
                f"{store[key].shape[-1]}: every choice of the static axes has to give as many"
            )
        store[key][part.where] = flat.reshape(*extent, *tail)


def sweep(given: Map, progress: Callable[[str], None] = lambda what: None, *, tile: int = grid.TILE) -> Sweep:
    """Give a map values.

    Args:
        given: the map.
        progress: called with what is being done.
        tile: cells of one call.

    Returns:
        The sweep; lines that could not be decided are UNKNOWN in it.

    Raises:
        MapError: where a function of the map raises or computes in another format.
        UnsupportedPrimitive: where the exact reading lacks a primitive of a gradient.
    """
    started = time.perf_counter()
    filling = _Filling(given)
    whole = given.formats if given.classed else given.formats[:1]
    for name in whole:
        progress(name)
        _one_format(filling, FORMATS[name], tile)
    findings: list[Finding] = []
    for boundary in given.boundaries:
        progress(boundary.name)
        findings += _bounds(filling, boundary) if isinstance(boundary, Bounds) else _boundary(filling, boundary)
    return Sweep(
        map=given,
        values=filling.values,
        classes=filling.classes,
        truth=filling.truth,
        exact={name: _how(found) for name, found in filling.exact.items()},
        findings=tuple(findings),
        seconds=time.perf_counter() - started,
    )


def _one_format(filling: _Filling, form: Format, tile: int) -> None:
    given = filling.given
    columns = grid.cells(given, form)
    for part in grid.parts(given):
        names = [
            name for name, each in given.quantities.items() if each.wrt is not None or form.name == given.formats[0]
        ]
        programs = [
            grid.trace(
                given, grid.quantity_function(given, given.quantities[name], part.static), form, _what(name, part)
            )
            for name in names
        ]
        tiles = grid.run(programs, columns, form, tile)
        for number, name in enumerate(names):
            values = np.concatenate([outputs[number] for _, outputs in tiles])
            filling.put(filling.values, (name, form.name), part, values)
            if given.quantities[name].wrt is not None:
                _one_class(filling, form, part, name, columns, values)


def _what(name: str, part: Part) -> str:
    choice = ", ".join(f"{axis} = {value:g}" for axis, value in part.static.items())
    return f"{name}{f' at {choice}' if choice else ''}"


def _one_class(filling: _Filling, form: Format, part: Part, name: str, columns: list[Array], values: Array) -> None:
    """True values of the cells of a part, once for all formats that have the same cells, and the classes."""
    given = filling.given
    sign, log = _truth(filling, form, part, name, columns)
    codes, top = classes(np, values, sign, log, form, given.small)
    filling.put(filling.classes, (name, form.name), part, codes)
    filling.put(filling.truth, (name, form.name), part, top)


def _truth(filling: _Filling, form: Format, part: Part, name: str, columns: list[Array]) -> tuple[Array, Array]:
    key = (name, str(sorted(part.static.items())), *(column.tobytes() for column in columns))
    if key not in filling.kept:
        filling.kept[key] = _true_values(filling, part, name, columns)
    sign, log, largest = filling.kept[key]
    if largest is not None:
        filling.put(filling.balls, (name, form.name), part, largest)
    return sign, log


def _true_values(filling: _Filling, part: Part, name: str, columns: list[Array]) -> tuple[Array, Array, Array | None]:
    given = filling.given
    quantity = given.quantities[name]
    what = _what(name, part)
    program = grid.trace(given, grid.quantity_function(given, quantity, part.static), FLOAT64, what)
    count = len(columns[0]) if columns else 1
    affordable = EXACT_WORK // program.cost
    if count <= affordable:
        filling.exact.setdefault(name, []).append((EVERY_CELL, part))
        found = grid.exact(program, columns)
        return (*grid.signs_and_logarithms(found), grid.largest(found))
    if quantity.stable is None:
        raise MapError(
            f"map {given.id!r}: {what} has {count:,} cells, too many for exact balls at each: "
            "give fewer values, or a stable form"
        )
    stable = grid.trace(given, grid.stable_function(given, quantity, part.static), FLOAT64, f"stable form of {what}")
    tiles = grid.run([stable], columns, FLOAT64, 16 * grid.TILE)
    whole = np.concatenate([outputs[0] for _, outputs in tiles])
    sign, log = whole[:, 0], whole[:, 1]
    coarse = np.unique(np.linspace(0, count - 1, min(COARSE, max(affordable, LEAST_COARSE))).astype(int))
    if affordable * BEYOND < LEAST_COARSE:
        filling.exact.setdefault(name, []).append((UNCHECKED, part))
        return sign, log, None
    true_sign, true_log = grid.signs_and_logarithms(grid.exact(program, [column[coarse] for column in columns]))
    for row in np.flatnonzero(_differs(sign[coarse], log[coarse], true_sign, true_log))[:1]:
        cell = coarse[row]
        at = ", ".join(
            f"{axis.name} = {column[cell]:g}" for axis, column in zip(grid.moving(given), columns, strict=True)
        )
        raise MapError(
            f"map {given.id!r}: the stable form of {what} is not the derivative at {at}: expected signs "
            f"{true_sign[row].tolist()} and logarithms {true_log[row].tolist()}, found {sign[cell].tolist()} and "
            f"{log[cell].tolist()}"
        )
    filling.exact.setdefault(name, []).append((COARSELY, part))
    return sign, log, None


def _how(found: list[tuple[str, Part]]) -> str:
    """How true values were found, and for which choices of the static axes."""
    words = dict.fromkeys(text for text, _ in found)
    if len(words) == 1:
        return next(iter(words))
    return "; ".join(
        f"{text} for {', '.join(_what('', part).removeprefix(' at ') for each, part in found if each == text)}"
        for text in words
    )


def _differs(sign: Array, log: Array, true_sign: Array, true_log: Array) -> Array:
    """Rows in which a stable form is not known to a few bits, in units of the largest component."""
    top = np.max(true_log, axis=1, keepdims=True)
    top = np.where(np.isfinite(top), top, 0.0)
    difference = np.abs(sign * np.exp(log - top) - true_sign * np.exp(true_log - top))
    return ~(difference <= 2.0**-STABLE_BITS).all(axis=1)


def _boundary(filling: _Filling, boundary: Boundary) -> list[Finding]:
    given = filling.given
    found: list[Finding] = []
    for quantity in boundary.quantities:
        for name in boundary.formats or given.formats:
            if (quantity, name) in filling.values:
                found.append(_one_line(filling, boundary, quantity, FORMATS[name]))
    return found


def _one_line(filling: _Filling, boundary: Boundary, quantity: str, form: Format) -> Finding:
    given = filling.given
    key = (quantity, form.name)
    place = next(number for number, axis in enumerate(given.axes) if axis.name == boundary.along)
    values = filling.values[key]
    codes = filling.classes.get(key, np.zeros(given.shape, dtype=np.uint8))
    top = filling.truth.get(key, np.zeros(given.shape))
    mask = events(values, codes, top, given.small)[boundary.event]
    mask = np.moveaxis(mask, place, -1)
    others = [axis for axis in given.axes if axis.name != boundary.along]
    rounded = {axis.name: _rounded(axis, form) for axis in given.axes}
    meshes = np.meshgrid(*(rounded[axis.name] for axis in others), indexing="ij") if others else []
    columns = {axis.name: mesh.ravel() for axis, mesh in zip(others, meshes, strict=True)}
    rows = int(np.prod(mask.shape[:-1], dtype=int))
    mask = mask.reshape(rows, -1)
    about = _about(boundary.where, columns, {boundary.along: rounded[boundary.along]}, rows)
    chosen = np.flatnonzero(about.any(axis=1))
    if not len(chosen):
        return Finding(
            name=boundary.name, quantity=quantity, format=form.name, status=Status.UNKNOWN, checked=0, reason="no row"
        )
    columns = {name: column[chosen] for name, column in columns.items()}
    begins = grid.line(boundary.begins, form, columns, len(chosen))
    before = grid.line(boundary.not_before, form, columns, len(chosen)) if boundary.not_before else begins

    def describe(row: int, number: int) -> str:
        parts = [f"{boundary.along} = {rounded[boundary.along][number]:g}"]
        parts += [f"{axis.name} = {_name(axis, columns[axis.name][row], form)}" for axis in others]
        return ", ".join(parts)

    status, checked, between, reason = judge(
        mask[chosen], about[chosen], rounded[boundary.along], begins, before, describe
    )
    drawn = np.full(rows, np.nan)
    if begins is not None:
        drawn[chosen] = [float(each.mid()) for each in begins]
    return Finding(
        name=boundary.name,
        quantity=quantity,
        format=form.name,
        status=status,
        checked=checked,
        between=between,
        reason=reason,
        drawn=tuple(drawn.tolist()),
    )


def _rounded(axis: Any, form: Format) -> Array:
    return np.array(axis.values) if axis.static else form.round(np.array(axis.values))


def _name(axis: Any, value: float, form: Format) -> str:
    place = int(np.flatnonzero(_rounded(axis, form) == value)[0])
    return axis.named(place)


def _chosen(where: Callable[..., bool] | None, columns: Mapping[str, Array], rows: int) -> Array:
    """Rows that a line is about."""
    if where is None:
        return np.arange(rows)
    takes = list(inspect.signature(where).parameters)
    return np.array(
        [row for row in range(rows) if where(**{name: columns[name][row] for name in takes})], dtype=np.int64
    )


def _about(
    where: Callable[..., bool] | None, columns: Mapping[str, Array], along: Mapping[str, Array], rows: int
) -> Array:
    """Cells that a boundary is about, rows first; where it does not ask for the axis along it, whole rows."""
    ((name, values),) = along.items()
    if where is None or name not in inspect.signature(where).parameters:
        about = np.zeros((rows, len(values)), dtype=bool)
        about[_chosen(where, columns, rows)] = True
        return about
    every = {axis: np.repeat(column, len(values)) for axis, column in columns.items()}
    every[name] = np.tile(values, rows)
    about = np.zeros(rows * len(values), dtype=bool)
    about[_chosen(where, every, rows * len(values))] = True
    return about.reshape(rows, -1)


def _bounds(filling: _Filling, bounds: Bounds) -> list[Finding]:
    """Bounds at every cell, in the map's first format: floats do not enter where the true gradient is bounded."""
    given = filling.given
    name = given.formats[0]
    form = FORMATS[name]
    rounded = [_rounded(axis, form) for axis in given.axes]
    meshes = np.meshgrid(*rounded, indexing="ij")
    columns = {axis.name: mesh.ravel() for axis, mesh in zip(given.axes, meshes, strict=True)}
    rows = int(np.prod(given.shape, dtype=int))
    chosen = _chosen(bounds.where, columns, rows)
    at = {axis: column[chosen] for axis, column in columns.items()}
    if given.quantities[bounds.quantity].wrt is not None:
        status, checked, place, reason = _bounds_of_truth(filling, bounds, form, at, chosen)
    else:
        status, checked, place, reason = _bounds_of_values(filling, bounds, name, at, chosen)
    if place is not None:
        reason += " at " + ", ".join(f"{axis.name} = {_name(axis, at[axis.name][place], form)}" for axis in given.axes)
    return [
        Finding(name=bounds.name, quantity=bounds.quantity, format=name, status=status, checked=checked, reason=reason)
    ]


def _bounds_of_truth(
    filling: _Filling, bounds: Bounds, form: Format, at: Mapping[str, Array], chosen: Array
) -> tuple[Status, int, int | None, str]:
    """Bounds on the largest true component, with accuracy raised until every cell is decided."""
    key = (bounds.quantity, form.name)
    if key not in filling.balls:
        return Status.UNKNOWN, 0, None, "exact balls are needed for bounds on a gradient: give fewer cells"
    measured = filling.balls[key].ravel()[chosen].copy()
    statuses = [Status.UNKNOWN] * len(chosen)
    for bits in ACCURACY:
        open_ = [place for place, status in enumerate(statuses) if status is Status.UNKNOWN]
        if not open_:
            break
        where = {axis: column[open_] for axis, column in at.items()}
        if bits > ACCURACY[0]:
            measured[open_] = _sharper(filling, bounds.quantity, form, chosen[open_], bits)
        low, high = (
            grid.line(each, form, where, len(open_), bits) if each else None for each in (bounds.low, bounds.high)
        )
        for place, status in zip(open_, within(measured[open_], low, high, bits == ACCURACY[-1]), strict=True):
            statuses[place] = status
    return _first_bad(statuses, lambda place: f"the largest component is {text(measured[place])}")


def _sharper(filling: _Filling, name: str, form: Format, flat: Array, bits: int) -> Array:
    """The largest true components of some cells, known to more bits."""
    given = filling.given
    found = np.empty(len(flat), dtype=object)
    numbers = np.arange(int(np.prod(given.shape, dtype=int))).reshape(given.shape)
    columns = grid.cells(given, form)
    for part in grid.parts(given):
        inside = numbers[part.where].ravel()
        mine = np.flatnonzero(np.isin(flat, inside))
        if not len(mine):
            continue
        rows = np.searchsorted(inside, flat[mine])
        what = _what(name, part)
        program = grid.trace(given, grid.quantity_function(given, given.quantities[name], part.static), FLOAT64, what)
        found[mine] = grid.largest(grid.exact(program, [column[rows] for column in columns], bits))
    return found


def _bounds_of_values(
    filling: _Filling, bounds: Bounds, name: str, at: Mapping[str, Array], chosen: Array
) -> tuple[Status, int, int | None, str]:
    """Bounds on what was computed in floats, every component."""
    values = filling.values[bounds.quantity, name]
    values = values.reshape(-1, values.shape[-1])[chosen]
    width = values.shape[1]
    low, high = (_floats(each, at, len(chosen), width) if each else None for each in (bounds.low, bounds.high))
    measured = values.ravel().tolist()
    statuses = within(measured, low, high, last=True)
    status, checked, place, reason = _first_bad(statuses, lambda place: f"the value is {text(measured[place])}")
    return status, checked // width, None if place is None else place // width, reason


def _first_bad(statuses: list[Status], tell: Callable[[int], str]) -> tuple[Status, int, int | None, str]:
    if not statuses:
        return Status.UNKNOWN, 0, None, "no cell"
    for wanted, words in ((Status.FAILS, "beyond the bound"), (Status.UNKNOWN, "not decided")):
        if wanted in statuses:
            place = statuses.index(wanted)
            return wanted, len(statuses) - statuses.count(Status.UNKNOWN), place, f"{words}: {tell(place)}"
    return Status.HOLDS, len(statuses), None, ""


def _floats(function: Callable[..., Any], at: Mapping[str, Array], rows: int, width: int) -> list[float]:
    """A bound on a value in float64, one number per row and component."""
    takes = list(inspect.signature(function).parameters)
    with jax.enable_x64(True):
        found = [
            np.broadcast_to(
                np.asarray(function(**{name: np.float64(at[name][row]) for name in takes}), dtype=np.float64), (width,)
            )
            for row in range(rows)
        ]
    return np.concatenate(found).tolist() if found else []
