"""A map's tiles on disk: a Zarr store of labelled arrays that is filled tile by tile and gone on with after a kill."""

import contextlib
import errno
import importlib.metadata
import json
import math
import os
import time
from collections.abc import Generator, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np

from verify import __version__
from verify.maps import CLASSES, MEANING
from verify.readings.interpreter import Array
from verify.sweeps.grid import MapError
from verify.sweeps.stream import Layer, Plan

SCHEMA: Final = "gradproof.store/1"
# Inside an array: readers of the group take a file beside its arrays for a fault.
LOCK: Final = "done/lock"
# What a class array holds where nothing was computed; a class is never it.
NOT_COMPUTED: Final = 255
# Byte of the lock file that stands for making the arrays; tiles are the bytes from 0 on.
MAKING: Final = 2**62
# Seconds between two looks at a tile that another process has.
PAUSE: Final = 0.05


def open_store(folder: Path, made: Plan) -> "Store":
    """Make a store for a map, or open the one that an earlier run left.

    Args:
        folder: of the store; made if it is not there.
        made: the map's tiles and programs.

    Raises:
        MapError: where zarr is not installed, the folder cannot be written, or holds something else.
    """
    try:
        import zarr
    except ImportError:
        raise MapError("a store needs zarr, which is not installed: pip install 'gradproof[store]'") from None
    del zarr
    try:
        (folder / LOCK).parent.mkdir(parents=True, exist_ok=True)
        return Store(folder, made)
    except OSError as error:
        raise MapError(_unwritable(folder, "cannot be made", error)) from error


class Store:
    """A store that is being filled.

    Attributes:
        folder: where it is.
        plan: what it holds.
    """

    def __init__(self, folder: Path, made: Plan) -> None:
        self.folder, self.plan = folder, made
        self._lock = _Lock(folder / LOCK)
        with self._lock.held(MAKING):
            self._arrays = _arrays(folder, made)
        self._done = self._arrays["done"]

    def take(self, mine: Sequence[int]) -> Iterator[int | None]:
        """Tiles that are not done, each locked until it is kept: no other process takes it meanwhile.

        A lock goes with its process, however that ends; so a tile that another process had and did not finish is taken
        here at the end. None says that all others are in another process's hands: while one waits for those, it must
        hold none that the other waits for.
        """
        done = self._done[...]
        later: list[int] = []
        for number in mine:
            if done[number]:
                continue
            if not self._lock.take(number, wait=False):
                later.append(number)
            elif self._done[number]:
                self._lock.give(number)
            else:
                yield number
        for number in later:
            while not self._lock.take(number, wait=False):
                yield None
                time.sleep(PAUSE)
            if self._done[number]:
                self._lock.give(number)
            else:
                yield number

    def put(self, tile: int, arrays: Mapping[Layer, Array]) -> None:
        """Keep a tile, and only then mark it as done."""
        region = self.plan.region(tile)
        try:
            for layer, array in arrays.items():
                self._arrays[layer.name][region] = array
            self._done[tile] = 1
        except OSError as error:
            text = _unwritable(self.folder, f"tile {tile} of {self.plan.tiles} cannot be written", error)
            raise MapError(f"{text}; finished tiles are kept, the same command goes on with them") from error
        self._lock.give(tile)

    def get(self, tile: int, layer: Layer) -> Array:
        """A tile that is done."""
        try:
            return np.asarray(self._arrays[layer.name][self.plan.region(tile)])
        except (OSError, ValueError, RuntimeError) as error:
            raise MapError(
                f"{self.folder}: tile {tile} of {layer.name!r} cannot be read: {error}: remove "
                f"{self.folder / 'done' / 'c' / str(tile)}, and the same command computes it again"
            ) from error


class _Lock:
    """Bytes of a file, each locked by one process; the system frees them when the process ends."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)

    def __del__(self) -> None:
        with contextlib.suppress(OSError, AttributeError):
            os.close(self._file)

    def take(self, byte: int, *, wait: bool) -> bool:
        """Lock a byte; False where another process has it. Where locks are not to be had, tiles are only dealt."""
        try:
            import fcntl
        except ImportError:  # not on Windows
            return True
        try:
            fcntl.lockf(self._file, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB), 1, byte)
        except OSError as error:
            return error.errno not in (errno.EACCES, errno.EAGAIN)
        return True

    def give(self, byte: int) -> None:
        """Free a byte."""
        with contextlib.suppress(ImportError, OSError):
            import fcntl

            fcntl.lockf(self._file, fcntl.LOCK_UN, 1, byte)

    @contextlib.contextmanager
    def held(self, byte: int) -> Generator[None]:
        """A byte locked for a while."""
        self.take(byte, wait=True)
        try:
            yield
        finally:
            self.give(byte)


def _attributes(made: Plan) -> dict[str, Any]:
    """What makes a store this map's and no other's; compared when it is opened again."""
    given = made.map
    return {
        "schema": SCHEMA,
        "map": given.id,
        "axes": {axis.name: _digest(axis.values) for axis in given.axes},
        "formats": list(given.formats),
        "small": given.small,
        "programs": made.digest,
        "layers": [layer.name for layer in made.layers],
        "tile": list(made.tile),
        "gradproof": __version__,
        "jax": importlib.metadata.version("jax"),
        "jaxlib": importlib.metadata.version("jaxlib"),
    }


def _digest(values: Sequence[float]) -> str:
    import hashlib

    return f"{len(values)} values, sha256 {hashlib.sha256(np.array(values, dtype='<f8').tobytes()).hexdigest()[:16]}"


def _arrays(folder: Path, made: Plan) -> dict[str, Any]:
    """The arrays of a store; those that are not there yet are made."""
    import zarr
    from zarr.codecs import ZstdCodec

    given, wanted = made.map, _attributes(made)
    if (folder / "zarr.json").exists():
        try:
            group = zarr.open_group(folder, mode="r+", zarr_format=3)
        except (OSError, ValueError, KeyError, json.JSONDecodeError) as error:
            raise MapError(
                f"{folder}: expected a store of map {given.id!r}, found a zarr.json that cannot be read ({error}): "
                "give another folder with --store"
            ) from error
        found = dict(group.attrs)
        for key, value in wanted.items():
            if found.get(key) != value:
                raise MapError(
                    f"{folder}: its {key} is {_short(found.get(key))}, expected {_short(value)} for map {given.id!r}: "
                    "tiles of two kinds are not mixed: give another folder with --store, or what it was made with"
                )
    else:
        foreign = [each.name for each in folder.iterdir() if each != (folder / LOCK).parent]
        if foreign:
            raise MapError(
                f"{folder}: expected a store or an empty folder, found {sorted(foreign)[0]!r}: "
                "give another one with --store"
            )
        group = zarr.create_group(
            folder, zarr_format=3, attributes={**wanted, "title": given.title, "classes": list(CLASSES)}
        )
    arrays: dict[str, Any] = {}

    def array(name: str, dimensions: Sequence[str], **how: Any) -> Any:
        if name not in arrays:
            arrays[name] = (
                group[name] if name in group else group.create_array(name, dimension_names=list(dimensions), **how)
            )
        return arrays[name]

    def compressors() -> Any:
        return (ZstdCodec(level=1),)

    for axis in given.axes:
        labels = {"long_name": axis.label or axis.name} | ({"units": axis.unit} if axis.unit else {})
        labels |= {"value_names": ", ".join(axis.names)} if axis.names else {}
        size = len(axis.values)
        coordinate = array(
            axis.name,
            [axis.name],
            shape=(size,),
            chunks=(size,),
            dtype="float64",
            fill_value=math.nan,
            attributes=labels,
        )
        coordinate[...] = np.array(axis.values)
    for layer in made.layers:
        tail = () if layer.components is None else (layer.components,)
        attributes: dict[str, Any] = {"quantity": layer.quantity, "format": layer.format}
        if layer.kind == "class":
            attributes |= {
                "long_name": f"class of {layer.quantity} in {layer.format}",
                "flag_values": list(range(len(CLASSES))),
                "flag_meanings": " ".join(CLASSES),
                "meanings": MEANING,
            }
        elif layer.kind == "truth":
            attributes["long_name"] = f"natural logarithm of the largest true component of {layer.quantity}"
        else:
            attributes["long_name"] = f"{layer.quantity} in {layer.format}"
        array(
            layer.name,
            [axis.name for axis in given.axes] + ([f"component of {layer.quantity}"] if tail else []),
            shape=(*given.shape, *tail),
            chunks=(*made.tile, *tail),
            dtype=layer.dtype,
            fill_value=NOT_COMPUTED if layer.dtype == "uint8" else math.nan,
            compressors=compressors(),
            attributes=attributes,
        )
    array("done", ["tile number"], shape=(made.tiles,), chunks=(1,), dtype="uint8", fill_value=0, compressors=None)
    return arrays


def _short(value: Any) -> str:
    text = json.dumps(value)
    return text if len(text) <= 160 else f"{text[:160]} …"


def _unwritable(folder: Path, what: str, error: OSError) -> str:
    reasons = {
        errno.ENOSPC: "free some space",
        errno.EDQUOT: "free some of your quota",
        errno.EACCES: "give a folder that you may write with --store",
        errno.EROFS: "give a folder that can be written with --store",
    }
    hint = reasons.get(error.errno or 0, "see to it, or give another folder with --store")
    return f"{folder}: {what}: {error.strerror or error}: {hint}"
