"""Maps swept tile by tile: counted as the sweep counts them, stored, gone on with, shared, refused with a reason."""

import errno
import functools
import hashlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from verify import cli
from verify.article.squared_error import half_squared_error
from verify.article.vanishing import MANY_CLASSES, SQUARED, THREE_CLASS, squared_error_three
from verify.maps import CLASSES, Axis, Map, Quantity, spaced
from verify.sweeps import MapError, Stream, Sweep, stream, sweep
from verify.sweeps.components import over_block

pytestmark = pytest.mark.once

zarr = pytest.importorskip("zarr", reason="stores need zarr: pip install 'gradproof[store]'")
xarray = pytest.importorskip("xarray", reason="stores are read with xarray: pip install 'gradproof[store]'")

ROOT = Path(__file__).parents[1]
FILE = """
from dataclasses import replace
from verify.article.vanishing import SQUARED, THREE_CLASS
from verify.maps import spaced

PLANE = replace(
    THREE_CLASS,
    id="mine.plane",
    axes=tuple(replace(axis, values=spaced(-60.0, 60.0, 121)) for axis in THREE_CLASS.axes),
    quantities={SQUARED: THREE_CLASS.quantities[SQUARED]},
    boundaries=(),
    formats=("float64",),
)
"""
# For tests of what becomes of tiles, whatever is in them: another format takes as long again.
ONE: dict[str, Any] = {"formats": ("float64",)}


def plane(size: int = 40, **changes: Any) -> Map:
    """The squared error of the plane of three classes, at as many cells as one likes."""
    axes = tuple(replace(axis, values=spaced(-60.0, 60.0, size)) for axis in THREE_CLASS.axes)
    quantities = {SQUARED: THREE_CLASS.quantities[SQUARED]}
    return replace(THREE_CLASS, **{"axes": axes, "quantities": quantities, "boundaries": (), **changes})


@functools.cache
def swept() -> Sweep:
    """The plane in all of its formats, with the class of every cell, computed once for all that compare with it."""
    return sweep(plane())


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "verify", "map", "mine.plane", *arguments]


def environment(**more: str) -> dict[str, str]:
    return {**os.environ, "JAX_NUM_CPU_DEVICES": "1", "PYTHONPATH": str(ROOT), **more}


def contents(folder: Path) -> dict[str, str]:
    """Hash of every file of a store."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != "lock"
    }


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("maps") / "maps_claims.py"
    path.write_text(FILE, encoding="utf-8")
    return str(path)


TILES = 242  # of at most a hundred cells: two to a row


@pytest.fixture(scope="module")
def alone(file: str, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """The store that one process with one device writes, undisturbed, and what it prints."""
    store = tmp_path_factory.mktemp("alone") / "store"
    how = command("--path", file, "--tile", "100", "--store", str(store))
    done = subprocess.run(how, env=environment(), check=True, capture_output=True, text=True, cwd=ROOT)
    return store, done.stdout


def counted(classes: Any) -> dict[str, int]:
    return {name: int((classes == code).sum()) for code, name in enumerate(CLASSES)}


@pytest.mark.parametrize(
    ("tile", "formats"), [(7, ("float64", "float32")), (50, ("float32",)), (1600, ("float64",))], ids=str
)
def test_counts_are_those_of_the_sweep_whatever_the_tile(tile: int, formats: tuple[str, ...]) -> None:
    found = stream(plane(formats=formats), tile=tile)
    assert found.cells == 1600
    whole = {key: counted(array) for key, array in swept().classes.items()}
    assert set(whole) == {(SQUARED, "float64"), (SQUARED, "float32")}
    assert found.counts == {(SQUARED, name): whole[SQUARED, name] for name in formats}


def test_static_axes_and_long_vectors_are_counted_as_the_sweep_counts_them() -> None:
    # One length at which a cell is computed in one piece, and one at which its components are computed apart.
    static = replace(MANY_CLASSES.axes[1], values=(10, 1000))
    given = replace(MANY_CLASSES, axes=(MANY_CLASSES.axes[0], static), boundaries=(), formats=("float32",))
    whole = sweep(given)
    assert {key: counted(array) for key, array in whole.classes.items()} == stream(given).counts


@functools.cache
def narrow() -> tuple[Sweep, Stream]:
    axes = tuple(replace(axis, values=spaced(-32.0, 32.0, 33)) for axis in THREE_CLASS.axes)
    given = plane(axes=axes, formats=("bfloat16", "float16"))
    return sweep(given), stream(given)


@pytest.mark.parametrize("name", ["bfloat16", "float16"])
def test_narrow_results_are_rounded_before_they_are_judged(name: str) -> None:
    whole, found = narrow()[0].classes[SQUARED, name], narrow()[1].counts[SQUARED, name]
    # XLA may keep more digits between two operations of one loop: cells at the edge of a class may differ.
    moved = sum(abs(number - found[each]) for each, number in counted(whole).items())
    assert moved <= 0.05 * whole.size


def test_a_value_is_counted_as_finite_or_not() -> None:
    given = Map(
        id="mine.value",
        title="",
        axes=(Axis(name="a", values=spaced(0.0, 999.0, 1000)),),
        point=lambda a: {"a": a},
        quantities={"exponential": Quantity(fn=lambda a: jnp.exp(a))},
        formats=("float32",),
    )
    assert stream(given, tile=64).counts == {("exponential", "float32"): {"finite": 89, "non-finite": 911}}


def test_a_store_reads_as_labelled_arrays_that_sum_to_the_counts(tmp_path: Path) -> None:
    given = plane()
    found = stream(given, tmp_path / "store", tile=300, keep=("truth", "values"))
    whole = swept()
    with xarray.open_zarr(tmp_path / "store", consolidated=False) as read:
        assert dict(read.sizes) == {
            "second": 40,
            "first": 40,
            "tile number": found.tiles,
            "component of squared error": 3,
        }
        assert read.attrs["tile"] == [7, 40]
        assert read["first"].attrs["units"] == "nats"
        assert int(read["done"].sum()) == found.tiles == 6
        for name in given.formats:
            classes = read[f"class_squared_error_{name}"]
            assert classes.dims == ("second", "first")
            assert classes.attrs["flag_meanings"].split() == list(CLASSES)
            assert counted(classes.values) == found.counts[SQUARED, name]
            assert (classes.values == whole.classes[SQUARED, name]).all()
            truth = read[f"truth_squared_error_{name}"].values
            assert (np.abs(truth - whole.truth[SQUARED, name]) <= 1e-4).all()
        corner = read["class_squared_error_float64"].sel(first=-60.0, second=60.0)
        assert CLASSES[int(corner)] == "cancelled"
    assert stream(given, tmp_path / "store", tile=300, keep=("truth", "values")).computed == 0


def test_a_killed_run_goes_on_and_ends_with_the_same_bytes(tmp_path: Path, file: str, alone: tuple[Path, str]) -> None:
    killed = tmp_path / "killed"
    how = command("--path", file, "--tile", "100", "--store", str(killed))
    process = subprocess.Popen(how, env=environment(), cwd=ROOT)
    deadline = time.monotonic() + 120
    while not list((killed / "done" / "c").glob("[2-9]")) and time.monotonic() < deadline:
        time.sleep(0.005)
    process.send_signal(signal.SIGKILL)
    process.wait()
    done = len(list((killed / "done" / "c").glob("*")))
    assert 0 < done < TILES
    again = subprocess.run(how, env=environment(), check=True, capture_output=True, text=True, cwd=ROOT)
    assert "computed by this process now" in again.stdout.replace("\n            ", " ")
    assert contents(killed) == contents(alone[0])


def test_two_processes_share_a_store_and_no_tile_is_lost_or_done_twice(
    tmp_path: Path, file: str, alone: tuple[Path, str]
) -> None:
    how = command("--path", file, "--tile", "100", "--store", str(tmp_path / "store"))
    both = [
        subprocess.Popen(how, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT)
        for _ in range(2)
    ]
    said = [process.communicate(timeout=300) for process in both]
    assert [process.returncode for process in both] == [0, 0], said
    assert not any(error for _, error in said)
    shares = [computed(out) for out, _ in said]
    assert sum(shares) == TILES
    counts = [out[: out.index("cells ")] for out, _ in said]
    assert counts[0] == counts[1]
    assert contents(tmp_path / "store") == contents(alone[0])


def computed(out: str) -> int:
    words = " ".join(out.split())
    if "computed by" not in words:
        return int(words.partition(" in ")[2].split()[0].replace(",", ""))
    return int(words.partition(" of them computed")[0].split()[-1])


def test_two_processes_of_four_devices_write_what_one_device_writes(
    tmp_path: Path, file: str, alone: tuple[Path, str]
) -> None:
    one, printed = alone
    how = ("--path", file, "--tile", "100")
    many = tmp_path / "many"
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
    joined = ("--distributed", "--coordinator", f"127.0.0.1:{port}", "--processes", "2")
    both = [
        subprocess.Popen(
            command(*how, "--store", str(many), *joined, "--process", str(number)),
            env=environment(JAX_NUM_CPU_DEVICES="4"),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=ROOT,
        )
        for number in range(2)
    ]
    said = [process.communicate(timeout=300) for process in both]
    assert [process.returncode for process in both] == [0, 0], said
    # The transport between processes prints lines of its own, before the counts and now and then in pieces.
    first, second = (out for out, _ in said)
    assert "mine.plane" not in second
    assert first[first.index("mine.plane") : first.index("cells ")] == printed[: printed.index("cells ")]
    assert contents(one) == contents(many)


def test_another_map_is_refused_and_named(tmp_path: Path) -> None:
    stream(plane(**ONE), tmp_path, tile=400)
    changes: dict[str, Any] = {"axes": plane(41).axes, "id": "mine.other", "formats": ("float32",), "small": 1e-4}
    for key, value in changes.items():
        text = {"axes": "its axes is", "id": "its map is", "formats": "its formats is", "small": "its small is"}[key]
        with pytest.raises(MapError, match=text):
            stream(plane(**{**ONE, key: value}), tmp_path, tile=400)
    with pytest.raises(MapError, match="its tile is"):
        stream(plane(**ONE), tmp_path, tile=80)
    scaled = replace(plane().quantities[SQUARED], fn=lambda x, y: half_squared_error(x, y) + 0 * jnp.sum(jnp.sin(x)))
    with pytest.raises(MapError, match="its programs is"):
        stream(plane(**ONE, quantities={SQUARED: scaled}), tmp_path, tile=400)


def test_a_folder_of_something_else_is_refused(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("years of work", encoding="utf-8")
    with pytest.raises(MapError, match=r"an empty folder, found 'thesis\.tex'"):
        stream(plane(), tmp_path)


def test_a_full_disk_keeps_what_is_done_and_the_run_goes_on_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from verify.sweeps import store as stores

    put, kept = stores.Store.put, list[int]()

    class Full:
        def __setitem__(self, *_: Any) -> None:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def failing(self: Any, tile: int, arrays: Any) -> None:
        if len(kept) == 2:
            self._arrays = {name: Full() for name in self._arrays}
        put(self, tile, arrays)
        kept.append(tile)

    with monkeypatch.context() as patch:
        patch.setattr(stores.Store, "put", failing)
        with pytest.raises(MapError, match=r"tile 2 of 4 .*No space left on device: free some space; finished tiles"):
            stream(plane(**ONE), tmp_path, tile=400)
    assert stream(plane(**ONE), tmp_path, tile=400).computed == 2


def test_a_file_too_large_for_the_limit_is_an_error_in_words(tmp_path: Path, file: str) -> None:
    limited = f"import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (6000, 6000)); {RUN}"
    arguments = command("--path", file, "--store", str(tmp_path / "store"), "--keep", "truth")[2:]
    done = subprocess.run(
        [sys.executable, "-c", limited, *arguments[2:]], env=environment(), capture_output=True, text=True, cwd=ROOT
    )
    assert done.returncode == 2
    assert "File too large" in done.stderr
    assert "Traceback" not in done.stderr


RUN = "import sys; from verify.cli import main; main(['map', *sys.argv[1:]])"


def test_a_folder_that_cannot_be_written_is_refused(
    tmp_path: Path, file: str, capsys: pytest.CaptureFixture[str]
) -> None:
    if os.geteuid() == 0:
        place = "/proc/store"  # root may write everywhere but here
    else:
        tmp_path.chmod(0o500)
        place = str(tmp_path / "store")
    assert cli.call(["map", "mine.plane", "--path", file, "--store", place]) == 2
    said = capsys.readouterr().err
    assert place in said
    assert "cannot be made" in said


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"quantities": {"q": Quantity(fn=half_squared_error, wrt="x")}}, "'q' has no stable form"),
        (
            {"quantities": {"q": Quantity(fn=lambda x: jnp.dot(x, x[:2]), wrt="x", stable=squared_error_three)}},
            "raises",
        ),
        (
            {"quantities": {"q": Quantity(fn=half_squared_error, wrt="x", stable=lambda x: (jnp.sign(x), x))}},
            "is not the derivative at",
        ),
    ],
)
def test_a_map_that_cannot_be_streamed_says_why(changes: dict[str, Any], text: str) -> None:
    with pytest.raises(MapError, match=text):
        stream(plane(**changes))


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["--store", "x", "--list"], "take one map's id"),
        (["mine.plain", "--count"], "did you mean mine.plane"),
        (["mine.plane", "--tile", "5"], "go with --store"),
        (["mine.plane", "--count", "--distributed"], "name its folder with --store"),
        (["mine.plane", "--count", "--tile", "0"], "at least 1 cell"),
    ],
)
def test_options_that_make_no_sense_are_refused(
    file: str, capsys: pytest.CaptureFixture[str], arguments: Sequence[str], text: str
) -> None:
    assert cli.call(["map", *arguments, "--path", file]) == 2
    assert text in capsys.readouterr().err


def test_components_apart_give_what_vmap_gives() -> None:
    def function(a: Any, b: Any) -> Any:
        x = jnp.stack([a, b, jnp.zeros_like(a)])
        matrix = jnp.outer(x, x[::-1]) + jnp.eye(3, dtype=a.dtype)
        y = matrix @ jax.nn.softmax(x)
        return jnp.concatenate([jnp.where(y > 0, y, -y), matrix[1, 1:], jnp.max(matrix, axis=0)]).reshape(4, 2)

    with jax.enable_x64(True):
        closed = jax.make_jaxpr(function)(*[jax.ShapeDtypeStruct((), np.float64)] * 2)
        axes = np.linspace(-3.0, 3.0, 7), np.linspace(-2.0, 5.0, 5)
        apart, together = (jax.jit(over_block(closed, entries))(*axes)[0] for entries in (1, 10**9))
    apart, together = np.asarray(apart), np.asarray(together)
    assert apart.shape == together.shape == (7, 5, 4, 2)
    # The same operations in another loop: a product and a sum may be rounded once instead of twice.
    assert np.abs(apart - together).max() <= 64 * np.spacing(np.abs(together).max())
