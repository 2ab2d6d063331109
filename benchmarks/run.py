"""Measure time and memory of what users wait for, each as the median of runs taken in turn.

    python benchmarks/run.py [NAME ...] [--json FILE] [--docs]

NAME is one of: article, proof, reading, jacobian, command, maps, peers; all if left out. Where torch is installed, its
gradient checker is measured in turn with the exact reading on the same function, and its gradients with maps. With
--docs, what proof measures is written to docs/cost.md, with a figure, and what peers does to
benchmarks/results/peers.json and from there to reports/trust.md.
"""

import argparse
import json
import multiprocessing
import os
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any, Final

import trust

ROOT: Final = Path(__file__).resolve().parent.parent
BITS: Final = 200
SIZES: Final = (3, 10, 100, 1000)
# What a user may expect of proofs, in seconds; see `proof`.
ASKED: Final = {
    "squared error, n = 2 to 5": 0.5,
    "squared error, n = 10": 0.5,
    "squared error, n = 16": 3.0,
    "absolute error, all patterns of signs, n = 2 to 4": 2.0,
    "every n, median": 0.2,
    "every n, slowest": 0.2,
    "every n, slowest but one": 0.2,
    "all identities, n = 2 to 4, two processes": 20.0,
}
# Claims whose cost is followed as n grows, and up to which n: patterns of signs double with every class.
GROWING: Final = {"squared-error.gradient": 16, "cross-entropy.gradient": 16, "absolute-error.gradient": 5}
SMALL: Final = (2, 3, 4)
BATCH: Final = 36


def in_turn(functions: dict[str, Callable[[], object]], repeats: int) -> dict[str, float]:
    """Median seconds of each function, all of them run once per round so that they share the machine's moods."""
    taken: dict[str, list[float]] = {name: [] for name in functions}
    for function in functions.values():
        function()
    for _ in range(repeats):
        for name, function in functions.items():
            started = time.perf_counter()
            function()
            taken[name].append(time.perf_counter() - started)
    return {name: statistics.median(times) for name, times in taken.items()}


def reading() -> list[dict[str, Any]]:
    """Exact reading of both sides of the squared-error gradient, in a batch, beside torch's gradient checker."""
    import numpy as np

    from verify.formats import FLOAT64
    from verify.loader import load
    from verify.program import trace
    from verify.readings.exact import Exact, balls, precision
    from verify.readings.interpreter import walk

    claim = next(each for each in load().claims if each.id == "squared-error.gradient")
    rng = np.random.default_rng(0)
    rows: list[dict[str, Any]] = []
    for n in SIZES:
        subject = trace(claim, {"n": n}, FLOAT64)
        points = max(6000 // n, 6)
        logits, targets = rng.normal(size=(points, n)), rng.dirichlet(np.ones(n), size=points)
        arguments = [balls(logits), balls(targets)]
        sides = (subject.modes[0], subject.formula)

        def read(sides: Any = sides, arguments: Any = arguments, points: int = points) -> None:
            with precision(BITS):
                for side in sides:
                    walk(Exact(), side.closed, arguments, points)

        functions: dict[str, Callable[[], object]] = {"exact": read}
        torched = _gradcheck(logits[0], targets[0])
        if torched is not None:
            functions["gradcheck"] = torched
        median = in_turn(functions, 5)
        row: dict[str, Any] = {
            "n": n,
            "points": points,
            "exact, us a component": 1e6 * median["exact"] / points / n,
            "exact, ms a point": 1e3 * median["exact"] / points,
        }
        if "gradcheck" in median:
            row["gradcheck, ms a point"] = 1e3 * median["gradcheck"]
            row["exact / gradcheck"] = median["exact"] / points / median["gradcheck"]
        rows.append(row)
    return rows


def _gradcheck(logits: Any, target: Any) -> Callable[[], object] | None:
    """Torch's check of the same function with the same formula as its backward pass; None without torch."""
    try:
        import torch
    except ImportError:
        return None

    class Loss(torch.autograd.Function):
        """Half squared error behind a softmax, differentiated by hand."""

        @staticmethod
        def forward(ctx: Any, x: Any, y: Any) -> Any:
            """The loss."""
            s = torch.softmax(x, 0)
            ctx.save_for_backward(s, y)
            return 0.5 * torch.sum((s - y) ** 2)

        @staticmethod
        def backward(ctx: Any, *cotangents: Any) -> Any:
            """The formula."""
            s, y = ctx.saved_tensors
            r = s - y
            return cotangents[0] * s * (r - torch.sum(s * r)), None

    x = torch.tensor(logits, dtype=torch.float64, requires_grad=True)
    y = torch.tensor(target, dtype=torch.float64)
    return lambda: torch.autograd.gradcheck(Loss.apply, (x, y))


def jacobian() -> list[dict[str, Any]]:
    """The softmax Jacobian by reverse and by forward mode, read exactly; above that, one direction of 200 bits."""
    import numpy as np

    from verify.engines.case import directions
    from verify.formats import FLOAT64
    from verify.loader import load
    from verify.program import trace
    from verify.readings.exact import Exact, balls, precision
    from verify.readings.interpreter import walk

    claim = next(each for each in load().claims if each.id == "softmax.jacobian")
    rng = np.random.default_rng(0)
    rows: list[dict[str, Any]] = []
    for n in (10, 100, 1000, 10_000):
        subject = trace(claim, {"n": n}, FLOAT64)
        chosen = {mode.name: mode for mode in subject.modes}
        names = ("jacrev", "jacfwd") if n <= 1000 else ("jvp", "vjp")
        point = [balls(rng.normal(size=(1, n)))]
        along = {name: directions(chosen[name], 1, rng) for name in names}

        def read(names: Any = names, chosen: Any = chosen, point: Any = point, along: Any = along) -> None:
            with precision(BITS):
                for name in names:
                    walk(Exact(), chosen[name].closed, [*point, *along[name]], 1)

        seconds = in_turn({"both": read}, 3)["both"]
        rows.append({"n": n, "modes": " and ".join(names), "both ways, ms": 1e3 * seconds})
    return rows


def proof() -> list[dict[str, Any]]:
    """Proofs in every mode of JAX: reading both sides and comparing them; tracing apart, but in the two processes."""
    from verify.engines.prove import OPEN_SECONDS, prove_open
    from verify.loader import load

    claims = {claim.id: claim for claim in load().claims}
    rows = [
        _proved("squared error, n = 2 to 5", claims["squared-error.gradient"], (2, 3, 4, 5)),
        _proved("squared error, n = 10", claims["squared-error.gradient"], (10,)),
        _proved("squared error, n = 16", claims["squared-error.gradient"], (16,)),
        _proved("absolute error, all patterns of signs, n = 2 to 4", claims["absolute-error.gradient"], (2, 3, 4)),
    ]
    taken: dict[str, float] = {}
    for claim in claims.values():
        if claim.relation != "==" or not any(claim.choices()):
            continue
        times: list[float] = []
        proved = False
        for _ in range(4):  # the first time it is traced
            started = time.perf_counter()
            outcome = prove_open(claim, OPEN_SECONDS)
            times.append(time.perf_counter() - started)
            proved = bool(outcome.proved)
        if proved:
            taken[claim.id] = statistics.median(times[1:])
    *_, second, slowest = sorted(taken, key=lambda id_: taken[id_])
    rows.append({"proof": "every n, median", "of claims": len(taken), "s": statistics.median(taken.values())})
    rows.append({"proof": "every n, slowest", "claim": slowest, "s": taken[slowest]})
    rows.append({"proof": "every n, slowest but one", "claim": second, "s": taken[second]})
    rows.append(_all_identities())
    for row in rows:
        row["asked, s"] = ASKED[row["proof"]]
    for id_, most in GROWING.items():
        rows.append({"growth": id_, "n": "every", "s": taken[id_]})
        for n in range(2, most + 1):
            found = _proved("", claims[id_], (n,))
            rows.append({"growth": id_, "n": n, "s": found["s"], "tracing, s": found["tracing, s"]})
    return rows


def _proved(name: str, claim: Any, sizes: Sequence[int]) -> dict[str, Any]:
    """Median seconds of proving a claim at some sizes one after the other, in every mode."""
    from verify.engines.prove import prove_at
    from verify.formats import FLOAT64
    from verify.program import trace

    started = time.perf_counter()
    subjects = [trace(claim, {"n": n}, FLOAT64) for n in sizes]
    tracing = time.perf_counter() - started

    def read() -> None:
        for subject in subjects:
            outcome = prove_at(subject, 60.0)
            if outcome.reasons or not outcome.proved:
                raise RuntimeError(f"{claim.id} is not proved at {dict(subject.size)}: {outcome.reasons}")

    return {"proof": name, "modes": len(subjects[0].modes), "s": in_turn({"": read}, 3)[""], "tracing, s": tracing}


def _all_identities() -> dict[str, Any]:
    """Every identity of the article at n = 2, 3, 4 (its other sizes too) in two fresh processes, imports included."""
    from verify.loader import load

    claims = [claim for claim in load(deferred=True).claims if claim.relation == "=="]
    tasks = [(claim.id, n) for claim in claims for n in (SMALL if any(claim.choices()) else (0,))]
    batches = [tasks[start : start + BATCH] for start in range(0, len(tasks), BATCH)]
    started = time.perf_counter()
    with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn")) as pool:
        found = [each for batch in pool.map(_prove_batch, batches) for each in batch]
    wall = time.perf_counter() - started
    return {
        "proof": "all identities, n = 2 to 4, two processes",
        "claims at a size": len(found),
        "proved": sum(word == "proved" for word, _, _ in found),
        "differing": sum(word == "differs" for word, _, _ in found),
        "s": wall,
        "tracing, s of both": sum(tracing for _, tracing, _ in found),
        "reading, s of both": sum(reading for _, _, reading in found),
    }


def _prove_batch(tasks: Sequence[tuple[str, int]]) -> list[tuple[str, float, float]]:
    """In a worker: outcome in a word, seconds of tracing and of reading, for every claim at a size."""
    from verify.engines.prove import SECONDS, prove_at
    from verify.formats import FLOAT64
    from verify.loader import load
    from verify.program import trace

    claims = {claim.id: claim for claim in load().claims}
    found: list[tuple[str, float, float]] = []
    for id_, n in tasks:
        times = [time.perf_counter()]
        subject = trace(claims[id_], dict.fromkeys(claims[id_].choices()[0], n), FLOAT64)
        times.append(time.perf_counter())
        outcome = prove_at(subject, SECONDS["standard"])
        times.append(time.perf_counter())
        whole = bool(outcome.proved) and not outcome.reasons
        word = "proved" if whole else "differs" if outcome.residual is not None else "not proved"
        found.append((word, times[1] - times[0], times[2] - times[1]))
    return found


class _Memory(threading.Thread):
    """Follows the memory of a process and all it started: the largest sum at one time, shared pages counted once."""

    def __init__(self, process: int) -> None:
        super().__init__(daemon=True)
        self.process = process
        self.most = 0.0
        self.at_once = 0
        self.ended = threading.Event()

    def run(self) -> None:
        while not self.ended.wait(0.5):
            sizes = [_proportional(each) for each in self._family()]
            if sum(sizes) > self.most:
                self.most, self.at_once = sum(sizes), len(sizes)

    def _family(self) -> list[int]:
        children: dict[int, list[int]] = {}
        for entry in Path("/proc").glob("[0-9]*/stat"):
            try:
                parent = int(entry.read_text(encoding="utf-8").rpartition(")")[2].split()[1])
            except (OSError, ValueError):  # it has just ended
                continue
            children.setdefault(parent, []).append(int(entry.parent.name))
        found = [self.process]
        for each in found:
            found += children.get(each, [])
        return found


def _proportional(process: int) -> float:
    """Proportional set size in bytes: pages that processes share count in parts; 0 where it cannot be read."""
    try:
        lines = Path(f"/proc/{process}/smaps_rollup").read_text(encoding="utf-8").splitlines()
    except OSError:
        return 0.0
    return sum(1024.0 * int(line.split()[1]) for line in lines if line.startswith("Pss:"))


def article() -> list[dict[str, Any]]:
    """The whole article in a fresh process, nothing cached by XLA: wall time, peak memory, and where the time goes."""
    rows: list[dict[str, Any]] = []
    for budget in ("quick", "standard"):
        with tempfile.TemporaryDirectory() as folder:
            found = Path(folder) / "results.json"
            command = [sys.executable, "-m", "verify", "run", "--budget", budget, "--reports", folder]
            started = time.perf_counter()
            ended = subprocess.Popen([*command, "--results", str(found)], cwd=ROOT, stdout=subprocess.DEVNULL)
            memory = _Memory(ended.pid)
            memory.start()
            ended.wait()
            wall = time.perf_counter() - started
            memory.ended.set()
            memory.join()
            results = json.loads(found.read_text(encoding="utf-8"))
        engines: dict[str, float] = {}
        for claim in results["claims"]:
            for verdict in claim["verdicts"]:
                engines[verdict["engine"]] = engines.get(verdict["engine"], 0.0) + verdict["seconds"]
        usage = resource.getrusage(resource.RUSAGE_CHILDREN)
        rows.append(
            {
                "budget": budget,
                "exit": ended.returncode,
                "claims": len(results["claims"]),
                "wall, s": wall,
                "at one time, MB": memory.most / 1e6,
                "processes then": memory.at_once,
                "asked, MB": 2000,
                # Linux counts in kilobytes; the largest single process of the run.
                "largest process, MB": usage.ru_maxrss / 1024,
                **{f"{name}, s of all workers": seconds for name, seconds in engines.items()},
            }
        )
    return rows


def command() -> list[dict[str, Any]]:
    """What answers without JAX."""
    rows: list[dict[str, Any]] = []
    calls = {
        "--help": ["--help"],
        "list": ["list"],
        "show": ["show", "squared-error.gradient"],
        "version": ["--version"],
    }

    def call(arguments: list[str]) -> Callable[[], object]:
        line = [sys.executable, "-m", "verify", *arguments]
        return lambda: subprocess.run(line, cwd=ROOT, capture_output=True, check=True)

    for name, seconds in in_turn({name: call(arguments) for name, arguments in calls.items()}, 7).items():
        rows.append({"command": f"verify {name}", "seconds": seconds})
    return rows


def maps() -> list[dict[str, Any]]:
    """Maps: a norm beside bare exponentials, numpy and torch; streams of 10^7 to 10^9 cells; the article's maps."""
    return [*(_norm(name) for name in ("float32", "float64")), *_streams(), _article_maps()]


def _norm(name: str, side: int = 2048) -> dict[str, Any]:
    """The 2-norm of the squared-error gradient at three classes over a plane of logits, by tiles, in one format."""
    import jax
    import jax.numpy as jnp
    import numpy as np

    from verify.article.squared_error import half_squared_error
    from verify.article.vanishing import THREE_CLASS, three_classes
    from verify.formats import FORMATS
    from verify.maps import Quantity
    from verify.sweeps import grid
    from verify.sweeps.components import over_block

    def norm(x: Any, y: Any) -> Any:
        return jnp.sqrt(jnp.sum(jax.grad(half_squared_error)(x, y) ** 2))

    form, tile = FORMATS[name], 128
    dtype = form.dtype()
    axis = np.linspace(-64.0, 64.0, side).astype(dtype)
    x = np.stack([*np.meshgrid(axis, axis, indexing="ij"), np.zeros((side, side), dtype)], axis=-1).reshape(-1, 3)
    y = np.zeros_like(x)
    y[:, 0] = 1

    def by_numpy() -> Any:
        s = np.exp(x - x.max(axis=1, keepdims=True))
        s /= s.sum(axis=1, keepdims=True)
        r = s - y
        gradient = s * (r - (s * r).sum(axis=1, keepdims=True))
        return np.sqrt((gradient**2).sum(axis=1))

    with jax.enable_x64(True):
        program = grid.trace(THREE_CLASS, grid.quantity_function(THREE_CLASS, Quantity(fn=norm), {}), form, "norm")
        block = jax.jit(over_block(program.closed, program.cost))
        apart = jax.jit(jax.vmap(lambda *at: norm(**three_classes(*at))))
        first, second = (jnp.asarray(x[:, place]) for place in (0, 1))
        three = jnp.asarray(x.T)
        exponentials = jax.jit(jnp.exp)

        def by_tiles() -> Any:
            found = [block(axis[start : start + tile], axis)[0] for start in range(0, side, tile)]
            return [np.asarray(each) for each in found]

        functions: dict[str, Callable[[], object]] = {
            "map": by_tiles,
            "vmap": lambda: apart(first, second).block_until_ready(),
            "three exponentials": lambda: exponentials(three).block_until_ready(),
            "numpy": by_numpy,
        }
        torched = _torch_norm(x, y)
        if torched is not None:
            functions["torch"] = torched
        median = in_turn(functions, 7)
    row: dict[str, Any] = {"norm": f"{side} x {side}, {name}", "load": os.getloadavg()[0]}
    row |= {f"{each}, ms": 1e3 * seconds for each, seconds in median.items()}
    row["map / three exponentials"] = median["map"] / median["three exponentials"]
    return row | {
        f"{each} / map": median[each] / median["map"] for each in median if each in ("vmap", "numpy", "torch")
    }


def _torch_norm(x: Any, y: Any) -> Callable[[], object] | None:
    """The same by torch.func; None without torch."""
    try:
        import torch
    except ImportError:
        return None

    def loss(logits: Any, target: Any) -> Any:
        return 0.5 * torch.sum((torch.softmax(logits, 0) - target) ** 2)

    gradient = torch.func.vmap(torch.func.grad(loss))
    given = torch.from_numpy(x), torch.from_numpy(y)
    return lambda: torch.linalg.vector_norm(gradient(*given), dim=1)


_STREAM: Final = """
import json, sys
from dataclasses import replace
from pathlib import Path
from verify.article.vanishing import SQUARED, THREE_CLASS
from verify.maps import spaced
from verify.sweeps import stream

axes = tuple(replace(axis, values=spaced(-64.0, 64.0, int(sys.argv[1]))) for axis in THREE_CLASS.axes)
quantities = {SQUARED: THREE_CLASS.quantities[SQUARED]}
given = replace(THREE_CLASS, id="bench.plane", axes=axes, quantities=quantities, boundaries=())
found = stream(given, sys.argv[2] or None)
# Not the peak of getrusage, which a process takes over from the one that started it.
status = Path("/proc/self/status")
lines = status.read_text().splitlines() if status.exists() else []
peak = [int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM")]
print(json.dumps([found.cells, found.seconds, *peak]))
"""


def _streams() -> list[dict[str, Any]]:
    """Squared error at three classes, two formats, every cell classed: time and memory of one process."""
    rows: list[dict[str, Any]] = []
    for side, stored in ((3163, False), (10_000, False), (10_000, True), (31_623, False)):
        with tempfile.TemporaryDirectory() as folder:
            line = [sys.executable, "-c", _STREAM, str(side), str(Path(folder) / "store") if stored else ""]
            done = subprocess.run(line, cwd=ROOT, capture_output=True, text=True, check=True)
            size = sum(path.stat().st_size for path in Path(folder).rglob("*") if path.is_file())
        cells, seconds, *memory = json.loads(done.stdout.splitlines()[-1])
        rows.append(
            {
                "cells": f"{cells:.0e}{', stored' if stored else ''}",
                "seconds": seconds,
                "seconds per 10^9": seconds / cells * 1e9,
                "peak, MB": memory[0] if memory else "not told",
                "load": os.getloadavg()[0],
                **({"store, MB": size / 1e6} if stored else {}),
            }
        )
    return rows


def _article_maps() -> dict[str, Any]:
    """All maps of the article, as the command sweeps them."""
    with tempfile.TemporaryDirectory() as folder:
        line = [sys.executable, "-m", "verify", "map", "--results", str(Path(folder) / "results.json")]
        started = time.perf_counter()
        ended = subprocess.run(line, cwd=ROOT, capture_output=True, check=False)
        seconds = time.perf_counter() - started
    return {"maps of the article": "all", "exit": ended.returncode, "seconds": seconds, "load": os.getloadavg()[0]}


def peers() -> list[dict[str, Any]]:
    """Gradient checkers on the same formulas and mutants, their time as n grows, and sweeps beside numpy and torch."""
    import checkers

    return [*checkers.measure(in_turn), *(_norm(name) for name in ("float32", "float64"))]


BENCHMARKS: Final[dict[str, Callable[[], list[dict[str, Any]]]]] = {
    "command": command,
    "reading": reading,
    "jacobian": jacobian,
    "proof": proof,
    "article": article,
    "maps": maps,
    "peers": peers,
}


def main() -> int:
    """Run the chosen benchmarks and print a table of each."""
    parser = argparse.ArgumentParser(description="Measure time and memory of gradproof.")
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(BENCHMARKS))
    parser.add_argument("--json", type=Path, help="also write the figures to this file")
    parser.add_argument("--docs", action="store_true", help="also write docs/cost.md or reports/trust.md")
    chosen = parser.parse_args()
    if chosen.docs and chosen.names and not {"proof", "peers"} & set(chosen.names):
        parser.error("--docs needs what proof or peers measures: name one of them too")
    unknown = [name for name in chosen.names if name not in BENCHMARKS]
    if unknown:
        parser.error(f"no benchmark {unknown[0]!r}: choose from {', '.join(BENCHMARKS)}")
    os.environ.setdefault("JAX_PLATFORMS", "cpu")
    found: dict[str, list[dict[str, Any]]] = {}
    for name in chosen.names or BENCHMARKS:
        found[name] = BENCHMARKS[name]()
        print(f"\n{name}: {(BENCHMARKS[name].__doc__ or '').strip().splitlines()[0]}")
        for row in found[name]:
            print("  " + "   ".join(f"{key} {_text(value)}" for key, value in row.items()), flush=True)
    if chosen.json:
        chosen.json.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    if chosen.docs and "proof" in found:
        _write_docs(found["proof"])
    if chosen.docs and "peers" in found:
        trust.RAW.write_text(json.dumps({"peers": found["peers"]}, indent=1) + "\n", encoding="utf-8")
        trust.write()
    return 0


def _of(row: dict[str, Any]) -> str:
    return f", `{row['claim']}`" if "claim" in row else ""


def _write_docs(rows: Sequence[dict[str, Any]]) -> None:
    """The cost of proofs as a page with a figure."""
    growth = [row for row in rows if "growth" in row]
    figure = ROOT / "docs" / "figures" / "proof-cost.svg"
    figure.parent.mkdir(exist_ok=True)
    figure.write_bytes(_figure(growth))
    cpu = next(
        (line.partition(":")[2].strip() for line in _lines("/proc/cpuinfo") if line.startswith("model name")),
        platform.machine(),
    )
    import jax

    where = f"{cpu}, {os.cpu_count()} cores, Python {platform.python_version()}, jax {jax.__version__}"
    lines = [
        "<!-- Written by `python benchmarks/run.py proof --docs`: run it again to renew it, and do not edit it. -->",
        "",
        "# What a proof costs",
        "",
        f"Measured on {where}; the median of three runs.",
        "Reading both sides in every mode of JAX and comparing them is counted, tracing is not, but in the last line,",
        "which counts everything from the start of two processes.",
        "",
        "| proof | seconds | asked, at most |",
        "| --- | --- | --- |",
        *(
            f"| {row['proof']}{_of(row)} | {_text(row['s'])} | {_text(row['asked, s'])} |"
            for row in rows
            if "proof" in row
        ),
        "",
        "## As n grows",
        "",
        "A proof for every n has no n in it: it is read once, and costs as much as one at a few classes. A proof at a",
        "size grows with the number of terms; absolute values triple its cost with every class, since every pattern of",
        "signs, zeros included, is a line of the proof.",
        "",
        "![Seconds of a proof against the number of classes, both axes logarithmic, a line per claim and a dashed line",
        "for its proof at every size; the numbers are in the table below.](figures/proof-cost.svg)",
        "",
        f"| n | {' | '.join(f'{id_}, s' for id_ in GROWING)} |",
        f"| {' | '.join('---' for _ in range(1 + len(GROWING)))} |",
    ]
    seconds = {(row["growth"], row["n"]): _text(row["s"]) for row in growth}
    for n in ("every", *range(2, max(GROWING.values()) + 1)):
        lines.append(f"| {n} | {' | '.join(seconds.get((id_, n), '') for id_ in GROWING)} |")
    (ROOT / "docs" / "cost.md").write_text("\n".join(lines) + "\n", encoding="utf-8")


def _lines(path: str) -> list[str]:
    try:
        return Path(path).read_text(encoding="utf-8").splitlines()
    except OSError:
        return []


def _figure(growth: Sequence[dict[str, Any]]) -> bytes:
    """Seconds against n, in colours that are read on a light and on a dark page."""
    import io

    import matplotlib as mpl
    from matplotlib.figure import Figure
    from matplotlib.ticker import NullFormatter, NullLocator

    from verify.pages.figures import COLOURS, GREY, MARKERS

    style: dict[Any, Any] = {
        "svg.hashsalt": "gradproof",
        "svg.fonttype": "path",
        "font.size": 9.0,
        **dict.fromkeys(("text.color", "axes.labelcolor", "axes.edgecolor", "xtick.color", "ytick.color"), GREY),
    }
    with mpl.rc_context({**mpl.rcParamsDefault, **style}):
        figure = Figure(figsize=(5.6, 3.4), layout="constrained")
        panel = figure.subplots()
        for place, id_ in enumerate(GROWING):
            points = [row for row in growth if row["growth"] == id_ and row["n"] != "every"]
            every = next(row["s"] for row in growth if row["growth"] == id_ and row["n"] == "every")
            panel.plot(
                [row["n"] for row in points],
                [row["s"] for row in points],
                color=COLOURS[place],
                marker=MARKERS[place],
                markersize=4.0,
                linewidth=1.4,
                label=id_,
            )
            panel.axhline(every, color=COLOURS[place], linestyle=(0, (5, 2)), linewidth=1.0)
        panel.set_xscale("log")
        panel.set_yscale("log")
        panel.set_xticks(ticks := (2, 3, 4, 5, 6, 8, 10, 12, 16), labels=[str(tick) for tick in ticks])
        panel.xaxis.set_minor_locator(NullLocator())
        panel.yaxis.set_minor_formatter(NullFormatter())
        panel.set_xlabel("number of classes")
        panel.set_ylabel("seconds (dashed: every n at once)")
        panel.grid(color=GREY, alpha=0.25, linewidth=0.6)
        panel.spines[["top", "right"]].set_visible(False)
        panel.legend(frameon=False)
        stream = io.BytesIO()
        figure.savefig(stream, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
    return stream.getvalue()


def _text(value: Any) -> str:
    return f"{value:.3g}" if isinstance(value, float) else str(value)


if __name__ == "__main__":
    sys.exit(main())
