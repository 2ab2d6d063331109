"""Maps of any number of cells: swept tile by tile, counted or stored, in memory that does not grow with them."""

import hashlib
import itertools
import math
import re
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Protocol

import jax
import numpy as np

from verify.formats import FLOAT64, FORMATS, Format
from verify.maps import CLASSES, Axis, Map
from verify.program import Program
from verify.readings.interpreter import Array
from verify.sweeps import grid
from verify.sweeps.components import comes_apart, over_block
from verify.sweeps.grid import MapError, Part
from verify.sweeps.judge import classes
from verify.sweeps.sweep import BEYOND, COARSE, EXACT_WORK, LEAST_COARSE, _differs, _what

# Cells of a tile: few enough to stay in a cache of some megabytes, enough that the cost of a call does not show.
CELLS: Final = 2**18
# Numbers that one operation on a tile may make; tiles of programs with long vectors have fewer cells.
WIDE: Final = 2**23
KEEP: Final = ("truth", "values")
FINITE: Final = ("finite", "non-finite")
# Tiles in flight for each device: one is computed while the one before is written.
IN_FLIGHT: Final = 2

Counts = Mapping[tuple[str, str], Mapping[str, int]]


@dataclass(frozen=True, kw_only=True)
class Layer:
    """One array over the cells of a map.

    Attributes:
        kind: ``class``, ``truth`` or ``values``.
        quantity, format: what it is of.
        dtype: NumPy's name of what it holds.
        components: length of the last axis; None where a cell has one number.
    """

    kind: str
    quantity: str
    format: str
    dtype: str
    components: int | None = None

    @property
    def name(self) -> str:
        """Its name in a store: letters, digits and underscores."""
        return re.sub(r"\W+", "_", f"{self.kind}_{self.quantity}_{self.format}")


@dataclass(frozen=True, kw_only=True, eq=False)
class Plan:
    """How a map is cut into tiles, and the programs that fill them.

    Attributes:
        map: the map.
        tile: cells of a tile along each axis of the map; 1 along a static one.
        layers: what is made of every tile.
        programs: by the part's static values and the format: the program of one cell, how many numbers it computes, and
            the layers that it fills.
        digest: hash of all programs.
    """

    map: Map
    tile: tuple[int, ...]
    layers: tuple[Layer, ...]
    programs: Mapping[tuple[str, str], tuple[Any, int, tuple[Layer, ...]]]
    digest: str

    @property
    def grid(self) -> tuple[int, ...]:
        """Number of tiles along each axis."""
        return tuple(-(-size // each) for size, each in zip(self.map.shape, self.tile, strict=True))

    @property
    def tiles(self) -> int:
        """Number of tiles."""
        return math.prod(self.grid)

    def region(self, tile: int) -> tuple[slice, ...]:
        """The cells of a tile, made from its number alone."""
        places = np.unravel_index(tile, self.grid)
        return tuple(
            slice(int(place) * each, min((int(place) + 1) * each, size))
            for place, each, size in zip(places, self.tile, self.map.shape, strict=True)
        )


class Keeper(Protocol):
    """Where tiles go: what a stream asks of a store."""

    def take(self, mine: Sequence[int]) -> Iterator[int | None]:
        """Tiles that are still to be computed, each given to one process alone; None to finish what is in hand."""
        ...

    def put(self, tile: int, arrays: Mapping[Layer, Array]) -> None:
        """Keep a tile."""
        ...

    def get(self, tile: int, layer: Layer) -> Array:
        """A tile that is kept."""
        ...


@dataclass(frozen=True, kw_only=True, eq=False)
class Stream:
    """What streaming a map found.

    Attributes:
        map: the map.
        counts: cells in each class by quantity and format; of a quantity that is no gradient, finite and not.
        cells: number of cells.
        tile: cells of a tile along each axis.
        tiles: number of tiles.
        computed: those that this process computed.
        checked: of how many cells the form without cancellation was held against exact balls.
        seconds: wall time.
        store: the folder; None where cells were only counted.
    """

    map: Map
    counts: Counts
    cells: int
    tile: tuple[int, ...]
    tiles: int
    computed: int
    checked: int
    seconds: float
    store: Path | None


def stream(
    given: Map,
    store: Path | str | None = None,
    *,
    tile: int = CELLS,
    keep: Sequence[str] = (),
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Stream:
    """Sweep a map of any number of cells, tile by tile, on every device of every process.

    Args:
        given: the map; every gradient in it needs a stable form.
        store: folder of a Zarr store to fill, or to go on with; None to count only.
        tile: cells of a tile, at most.
        keep: beside classes, ``truth`` (the logarithm of the largest true component) and ``values`` (the floats),
            both as float32 at least.
        progress: called with the number of tiles that are done, and of all.

    Returns:
        Cells in each class, and how it went. In a run of several processes without a store, the counts are those of
        this process's tiles.

    Raises:
        MapError: where the map cannot be streamed, or a tile not be kept; tiles that are done are kept.
    """
    started = time.perf_counter()
    if tile < 1:
        raise MapError(f"map {given.id!r}: a tile has at least 1 cell, found {tile}")
    unknown = [each for each in keep if each not in KEEP]
    if unknown:
        raise MapError(f"map {given.id!r}: keep knows {' and '.join(KEEP)}, found {unknown[0]!r}")
    made = plan(given, tile, tuple(each for each in KEEP if each in keep))
    keeper: Keeper | None = None
    if store is not None:
        from verify.sweeps import store as stores

        keeper = stores.open_store(Path(store), made)
    checked = _check(given)
    counts = {(layer.quantity, layer.format): np.zeros(6, dtype=np.int64) for layer in _counted(made)}
    mine = range(jax.process_index(), made.tiles, jax.process_count())
    computed: set[int] = set()
    for number, arrays in _computed(made, mine if keeper is None else keeper.take(mine)):
        if keeper is not None:
            keeper.put(number, arrays)
        computed.add(number)
        for layer in _counted(made):
            counts[layer.quantity, layer.format] += _count(layer, arrays[layer])
        progress(len(computed), len(mine))
    if keeper is not None:
        _meet()
        # What others computed, or an earlier run: counted from the arrays themselves.
        for number in range(made.tiles):
            if number not in computed:
                for layer in _counted(made):
                    counts[layer.quantity, layer.format] += _count(layer, keeper.get(number, layer))
    return Stream(
        map=given,
        counts={key: _named(each, gradient=given.quantities[key[0]].wrt is not None) for key, each in counts.items()},
        cells=math.prod(given.shape),
        tile=made.tile,
        tiles=made.tiles,
        computed=len(computed),
        checked=checked,
        seconds=time.perf_counter() - started,
        store=None if store is None else Path(store),
    )


def plan(given: Map, cells: int, keep: tuple[str, ...]) -> Plan:
    """Trace the programs of a map and cut it into tiles.

    Args:
        given: the map.
        cells: of a tile, at most.
        keep: layers beside classes.

    Raises:
        MapError: where a function raises, a gradient has no stable form, or two layers get one name.
    """
    for name in given.classed:
        if given.quantities[name].stable is None:
            raise MapError(
                f"map {given.id!r}: {name!r} has no stable form, which classes of so many cells are judged by: "
                "give Quantity(stable=...), or sweep fewer cells without a store"
            )
    programs: dict[tuple[str, str], tuple[Any, int, tuple[Layer, ...]]] = {}
    digest = hashlib.sha256()
    wide = 1
    for name in given.formats if given.classed else given.formats[:1]:
        for axis in grid.moving(given):
            if len(np.unique(FORMATS[name].round(np.array(axis.values)))) < len(axis.values):
                raise MapError(
                    f"map {given.id!r}: two values of axis {axis.name!r} are one number in {name}: "
                    "give fewer values, or other formats"
                )
        for part in grid.parts(given):
            closed, layers = _cell(given, FORMATS[name], part, keep)
            program = Program(name=name, closed=closed, flat=lambda *flat: [], outputs=())
            programs[_key(part), name] = closed, program.cost, layers
            if not comes_apart(closed.jaxpr, program.cost):
                wide = max(wide, *(_width(each) for each in closed.eqns), 1)
            # Functions inside are printed with their address in memory.
            digest.update(re.sub(r" at 0x[0-9a-f]+", "", str(closed.jaxpr)).encode())
            for constant in closed.consts:
                digest.update(np.asarray(constant).tobytes())
    layers = tuple(dict.fromkeys(layer for _, _, each in programs.values() for layer in each))
    names = [*(layer.name for layer in layers), *(axis.name for axis in given.axes), "done"]
    twice = [name for name in names if names.count(name) > 1]
    if twice:
        raise MapError(f"map {given.id!r}: two arrays would be called {twice[0]!r}: rename a quantity or an axis")
    return Plan(
        map=given,
        tile=_block(given.axes, min(cells, max(WIDE // wide, 1))),
        layers=layers,
        programs=programs,
        digest=digest.hexdigest(),
    )


def _width(equation: Any) -> int:
    return max((math.prod(each.aval.shape) for each in equation.outvars if hasattr(each.aval, "shape")), default=1)


def _key(part: Part) -> str:
    return str(sorted(part.static.items()))


def _block(axes: Sequence[Axis], cells: int) -> tuple[int, ...]:
    """A block of at most so many cells, longest along the last axis, in which neighbours lie beside each other."""
    block = [1] * len(axes)
    for place in reversed(range(len(axes))):
        if not axes[place].static:
            block[place] = min(len(axes[place].values), max(cells // math.prod(block), 1))
    return tuple(block)


def _cell(given: Map, form: Format, part: Part, keep: tuple[str, ...]) -> tuple[Any, tuple[Layer, ...]]:
    """The program of one cell in one format, and the layers that it returns."""
    layers: list[Layer] = []
    makers: list[Callable[..., list[Any]]] = []
    for name, quantity in given.quantities.items():
        if quantity.wrt is None and form.name != given.formats[0]:
            continue
        what = _what(name, part)
        program = grid.trace(given, grid.quantity_function(given, quantity, part.static), form, what)
        count = program.outputs[0][0]
        values = Layer(
            kind="values",
            quantity=name,
            format=form.name,
            dtype="float64" if form.name == "float64" and quantity.wrt is None else "float32",
            components=count if count > 1 else None,
        )
        stable: Program | None = None
        if quantity.wrt is not None:
            layers.append(Layer(kind="class", quantity=name, format=form.name, dtype="uint8"))
            if "truth" in keep:
                layers.append(Layer(kind="truth", quantity=name, format=form.name, dtype="float32"))
            function = grid.stable_function(given, quantity, part.static)
            stable = grid.trace(given, function, FLOAT64, f"stable form of {what}")
            if stable.outputs[0] != (2, count):
                raise MapError(
                    f"map {given.id!r}: the stable form of {what} gives {stable.outputs[0][-1]} components, "
                    f"the gradient has {count}: pick the same ones"
                )
        if quantity.wrt is None or "values" in keep:
            layers.append(values)
        makers.append(_maker(given, form, program, stable, values, keep))
    shapes = [jax.ShapeDtypeStruct((), form.dtype()) for _ in grid.moving(given)]
    with jax.enable_x64(True):
        closed = jax.make_jaxpr(lambda *at: [each for make in makers for each in make(*at)])(*shapes)
    return closed, tuple(layers)


def _maker(
    given: Map, form: Format, program: Program, stable: Program | None, values: Layer, keep: tuple[str, ...]
) -> Callable[..., list[Any]]:
    """Layers of one quantity at one cell."""
    from jax.extend import core as jex

    def make(*at: Any) -> list[Any]:
        floats = jex.jaxpr_as_fun(program.closed)(*at)[0]
        wide = floats.astype(np.float64)
        if form.precision < 24:
            # XLA keeps a narrow result at the precision it was computed in, where it is widened at once.
            wide = jax.lax.reduce_precision(wide, int(math.log2(form.emax + 1)) + 1, form.precision - 1)
        kept = wide.astype(np.dtype(values.dtype))
        kept = kept if values.components else kept[0]
        if stable is None:
            return [kept]
        sign, log = jex.jaxpr_as_fun(stable.closed)(*(each.astype(np.float64) for each in at))[0]
        code, top = classes(jax.numpy, wide, sign, log, form, given.small)
        made = [code]
        made += [top.astype(np.float32)] if "truth" in keep else []
        return made + ([kept] if "values" in keep else [])

    return make


def _check(given: Map) -> int:
    """Hold every stable form against exact balls on a coarse sub-grid; how many cells that were."""
    checked = 0
    form = FORMATS[given.formats[0]]
    axes = grid.moving(given)
    for part in grid.parts(given):
        for name in given.classed:
            quantity, what = given.quantities[name], _what(name, part)
            program = grid.trace(given, grid.quantity_function(given, quantity, part.static), FLOAT64, what)
            affordable = EXACT_WORK // program.cost
            if affordable * BEYOND < LEAST_COARSE:
                continue
            some = max(min(COARSE, max(affordable, LEAST_COARSE)), 1)
            side = max(int(some ** (1 / max(len(axes), 1)) + 1e-9), 2)
            chosen = [_coarse(form.round(np.array(axis.values)), side) for axis in axes]
            columns = [each.ravel() for each in np.meshgrid(*chosen, indexing="ij")] if chosen else []
            stable = grid.trace(
                given, grid.stable_function(given, quantity, part.static), FLOAT64, f"stable form of {what}"
            )
            whole = np.concatenate([found[0] for _, found in grid.run([stable], columns, FLOAT64)])
            true_sign, true_log = grid.signs_and_logarithms(grid.exact(program, columns))
            for row in np.flatnonzero(_differs(whole[:, 0], whole[:, 1], true_sign, true_log))[:1]:
                at = ", ".join(f"{axis.name} = {column[row]:g}" for axis, column in zip(axes, columns, strict=True))
                raise MapError(
                    f"map {given.id!r}: the stable form of {what} is not the derivative at {at}: expected signs "
                    f"{true_sign[row].tolist()} and logarithms {true_log[row].tolist()}, found "
                    f"{whole[row, 0].tolist()} and {whole[row, 1].tolist()}"
                )
            checked += len(whole)
    return checked


def _coarse(values: Array, side: int) -> Array:
    return values[np.unique(np.linspace(0, len(values) - 1, min(side, len(values))).round().astype(int))]


def _computed(made: Plan, numbers: Iterable[int | None]) -> Iterator[tuple[int, dict[Layer, Array]]]:
    """Tiles in the order of their numbers, dealt to the devices of this process in turn."""
    given = made.map
    places = [place for place, axis in enumerate(given.axes) if not axis.static]
    formats = list(dict.fromkeys(name for _, name in made.programs))
    axes = {
        name: [
            FORMATS[name].round(np.array(given.axes[place].values)).astype(FORMATS[name].dtype()) for place in places
        ]
        for name in formats
    }
    parts = {tuple(each for each in part.where if not isinstance(each, slice)): part for part in grid.parts(given)}
    devices = jax.local_devices()
    compiled: dict[tuple[str, str], Any] = {}
    waiting: deque[tuple[int, dict[str, Any]]] = deque()

    def start(number: int, device: Any) -> dict[str, Any]:
        region = made.region(number)
        static = tuple(region[place].start for place, axis in enumerate(given.axes) if axis.static)
        part = parts[static]
        found: dict[str, Any] = {}
        for name in formats:
            key = _key(part), name
            if key not in compiled:
                closed, entries, _ = made.programs[key]
                compiled[key] = jax.jit(over_block(closed, entries))
            pairs = zip(axes[name], places, strict=True)
            slices = [grid._padded(axis[region[place]], made.tile[place]) for axis, place in pairs]
            if not slices:
                with jax.default_device(device):
                    found[name] = compiled[key]()
            else:
                found[name] = compiled[key](*jax.device_put(slices, device))
        return found

    def finish(number: int, found: Mapping[str, Any]) -> tuple[int, dict[Layer, Array]]:
        region = made.region(number)
        extent = tuple(each.stop - each.start for each in region)
        moving = tuple(slice(0, extent[place]) for place in places)
        arrays: dict[Layer, Array] = {}
        for name, outputs in found.items():
            layers = next(each for (_, form), (_, _, each) in made.programs.items() if form == name)
            for layer, output in zip(layers, outputs, strict=True):
                whole = np.asarray(output)[moving]
                arrays[layer] = whole.reshape(*extent, *whole.shape[len(places) :])
        return number, arrays

    def drained(most: int) -> Iterator[tuple[int, dict[Layer, Array]]]:
        """Finish the oldest tiles until at most so many are in flight."""
        while len(waiting) > most:
            number, found = waiting.popleft()
            try:
                done = finish(number, found)
            except jax.errors.JaxRuntimeError as error:
                raise MapError(_failed(given, number, error)) from error
            yield done

    turns = itertools.cycle(devices)
    with jax.enable_x64(True):
        for number in numbers:
            if number is None:
                yield from drained(0)
                continue
            try:
                waiting.append((number, start(number, next(turns))))
            except jax.errors.JaxRuntimeError as error:
                raise MapError(_failed(given, number, error)) from error
            yield from drained(IN_FLIGHT * len(devices) - 1)
        yield from drained(0)


def _failed(given: Map, number: int, error: Exception) -> str:
    text = (str(error).strip().splitlines() or ["no message"])[0]
    return (
        f"map {given.id!r}: tile {number} could not be computed: {text}: give a smaller tile; finished tiles are kept"
    )


def _counted(made: Plan) -> list[Layer]:
    """Layers whose entries are counted: classes, and values of what is no gradient."""
    return [
        each
        for each in made.layers
        if each.kind == "class" or (each.kind == "values" and made.map.quantities[each.quantity].wrt is None)
    ]


def _count(layer: Layer, array: Array) -> Array:
    """Cells of a tile in each class, as integers: their sums are the same in any order."""
    found = np.zeros(6, dtype=np.int64)
    if layer.kind == "class":
        for code in range(len(CLASSES)):
            found[code] = np.count_nonzero(array == code)
    else:
        finite = np.isfinite(array)
        whole = finite.all(axis=-1) if layer.components else finite
        found[0] = np.count_nonzero(whole)
        found[1] = whole.size - found[0]
    return found


def _named(found: Array, *, gradient: bool) -> dict[str, int]:
    return dict(zip(CLASSES if gradient else FINITE, found.tolist(), strict=False))


def _meet() -> None:
    """Wait until every process of the run has come here."""
    if jax.process_count() > 1:
        from jax.experimental import multihost_utils

        try:
            multihost_utils.sync_global_devices("gradproof: all tiles are stored")
        except jax.errors.JaxRuntimeError as error:
            text = (str(error).strip().splitlines() or ["no message"])[0]
            raise MapError(
                f"another process of the run did not come to its end: {text}: finished tiles are kept, the same "
                "command goes on with them"
            ) from error
