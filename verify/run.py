"""Decide claims: one by one for a caller in Python, or all of a file's or the article's in worker processes."""

import ast
import gc
import importlib
import importlib.metadata
import importlib.util
import inspect
import math
import multiprocessing
import os
import platform
import shlex
import signal
import textwrap
import time
import traceback
from collections import deque
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing import connection
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

import msgspec

from verify import loader, results
from verify.claim import Claim, ClaimError, Derivative, Status, UnsupportedPrimitive, Verdict
from verify.domain import resolve
from verify.loader import RequestError
from verify.maps import Map, Threshold

if TYPE_CHECKING:
    import numpy as np

    from verify.engines import Budget
    from verify.engines.case import Case
    from verify.sweeps import Sweep

    Connection = connection.Connection[Any, Any]

IN_PROCESS: Final = 2  # so few claims are decided before a second process has imported JAX
BATCH: Final = 24  # claims decided together
MOST_LINES: Final = 400  # of a traced program that is kept for readers
MOST_JOBS: Final = 8  # each worker holds JAX and its compiled programs, about half a gigabyte
PRECISION: Final = "digits kept"
THRESHOLDS: Final = "thresholds"
MAP: Final = "map "  # before the id of a map that is to be swept


@dataclass(frozen=True, kw_only=True)
class Report:
    """What all engines together say of one claim.

    Attributes:
        claim: the claim.
        verdicts: one per engine.
        row: the same as data, as ``results.json`` has it.
    """

    claim: Claim
    verdicts: tuple[Verdict, ...]
    row: results.ClaimRow

    @property
    def status(self) -> Status:
        """HOLDS if some engine says so and none says FAILS; FAILS if any says so; else UNKNOWN."""
        return Status(self.row.status)

    @property
    def evidence(self) -> str:
        """The strongest evidence for the status: ``proved``, ``enclosed``, ``counterexample`` or ""."""
        return self.row.evidence

    @property
    def floats(self) -> str:
        """``inside`` or ``outside`` what rounding allows, ``no claim``, or "" where no floats were run."""
        return self.row.floats

    @property
    def as_expected(self) -> bool:
        """Whether the status is the expected one and floats are where they are expected, inside unless said."""
        return self.row.as_expected

    @property
    def exceptions(self) -> tuple[str, ...]:
        """Where the verdict does not speak, such as ``ties``."""
        return self.row.exceptions

    @property
    def literals(self) -> tuple[str, ...]:
        """Literals up to whose rounding the claim holds."""
        return self.row.literals

    @property
    def reason(self) -> str:
        """Why it is not decided, or what was left out."""
        return self.row.reason

    @property
    def counterexample(self) -> results.Counterexample | None:
        """The point that refutes the claim."""
        return self.row.counterexample

    def __str__(self) -> str:
        """The verdict as the command prints it."""
        from verify.pages.text import verdict_lines

        return "\n".join(verdict_lines(self.row))


def check(claim: Claim, budget: str = "standard", seed: int = 0, formats: Sequence[str] | None = None) -> Report:
    """Decide one claim in this process.

    Args:
        claim: the claim.
        budget: how much work to do: ``quick``, ``standard`` or ``deep``.
        seed: of everything that is drawn.
        formats: float formats that are run; those of the budget if left out.

    Returns:
        The report; UNKNOWN with its reason where a primitive is not supported.

    Raises:
        ClaimError: where the claim cannot be built.
    """
    if not isinstance(claim, Claim):
        raise ClaimError(f"check takes a Claim, found {type(claim).__name__}: build one with verify.Claim(...)")
    from verify.engines import judge

    reason = ""
    try:
        verdicts = judge(claim, _budget(budget, formats), seed)
    except UnsupportedPrimitive as error:
        verdicts, reason = (), str(error)
    own = (
        []
        if str(getattr(claim.autodiff.fn, "__module__", "")).startswith(loader.ARTICLE)
        else [loader._short(claim.place[0])]
    )
    repeat = _repeat(claim.id, own, budget, seed)
    return Report(claim=claim, verdicts=verdicts, row=results.claim_row(claim, verdicts, reason=reason, repeat=repeat))


def load(path: str | Path) -> list[Claim]:
    """The claims of a file, folder, module or package.

    Raises:
        ClaimError: where anything in it cannot be read or built; the message names each place.
    """
    loaded = loader.load(path)
    if loaded.errors:
        raise ClaimError("\n".join(map(str, loaded.errors)))
    return list(loaded.claims)


def enclose(fn: Callable[..., Any], *args: Any, bits: int = 200) -> "np.ndarray":
    """Enclose the exact values of a function at points; see `verify.readings.api.enclose`."""
    api = importlib.import_module("verify.readings.api")
    return api.enclose(fn, *args, bits=bits)


def allowed(fn: Callable[..., Any], *args: Any, dtype: Any = "float64") -> "np.ndarray":
    """What a float format may return for a function at points; see `verify.readings.api.allowed`."""
    api = importlib.import_module("verify.readings.api")
    return api.allowed(fn, *args, dtype=dtype)


@dataclass(frozen=True, kw_only=True)
class Progress:
    """What a run is doing.

    Attributes:
        done, total: claims decided and selected.
        claim: the id that this is about.
        engine: the engine that starts on it, or "".
        row: what was found, where the claim has just been decided.
    """

    done: int
    total: int
    claim: str
    engine: str = ""
    row: results.ClaimRow | None = None


def run(
    targets: Sequence[str | Path] = (),
    *,
    select: str | None = None,
    budget: str = "standard",
    seed: int = 0,
    progress: Callable[[Progress], None] = lambda event: None,
    jobs: int | None = None,
    maps: Sequence[str] | None = None,
    formats: Sequence[str] | None = None,
) -> results.Results:
    """Decide all claims of the targets, and sweep their maps.

    Args:
        targets: files, folders, modules or packages; none is the article.
        select: pattern that an id has to match, such as ``softmax.*``.
        budget: ``quick``, ``standard`` or ``deep``.
        seed: of everything that is drawn.
        progress: called when an engine starts on a claim and when a claim is decided.
        jobs: number of worker processes; one decides in this process.
        maps: sweep the maps of these ids, or all where there is none, and decide no claims. Left out, all maps are
            swept unless claims are selected or the budget is ``quick``.
        formats: float formats in which claims are run, and maps and thresholds that name them; those of the budget, and
            all that maps name, if left out. A map in none of them is left out, and refused where ``maps`` names it.

    Returns:
        What was found. A claim whose worker dies is UNKNOWN; after Ctrl-C, what was decided until then.

    Raises:
        RequestError: where nothing of the targets exists, nothing is selected, or a budget or format is unknown.
    """
    started = time.monotonic()
    amount = _budget(budget, formats)
    loaded = loader.load(*targets, deferred=True)
    if loaded.errors and all(each.missing for each in loaded.errors) and not loaded.claims and not loaded.maps:
        # Not a run that found nothing: a mistyped path must not cost the results of an earlier one.
        raise RequestError("\n".join(map(str, loaded.errors)))
    selected = loader.chosen(loaded.claims, select) if maps is None else []
    whole_article = not targets and select is None and maps is None
    swept = (
        [] if select is not None or (maps is None and amount.name == "quick") else _swept(loaded, maps or (), formats)
    )
    crossed = _in_formats(loaded.thresholds, formats) if swept and not maps else ()
    if maps is not None and loaded.maps and not swept:
        raise RequestError(f"no map is computed in {', '.join(formats or ())}: choose other formats")
    if jobs is None:
        several = len(selected) + len(swept)
        jobs = 1 if several <= IN_PROCESS else min(_cores(), MOST_JOBS, several)
    tasks = [(MAP + each.id,) for each in swept]
    tasks += [(THRESHOLDS,)] if crossed else []
    tasks += [(PRECISION,)] if whole_article and amount.name != "quick" else []
    tasks += _batches(selected, loaded.modules, jobs)
    work = _Work(tuple(map(str, targets)), amount.name, seed, dict(loaded.modules), formats and tuple(formats))
    board = _Board({claim.id: claim for claim in selected}, work, progress, {each.id: each for each in swept})
    if tasks:
        interrupted = _run_here(tasks, work, board) if jobs == 1 else _run_in_workers(tasks, work, board, jobs, amount)
    else:
        interrupted = False
    places = loaded.places()
    rows = [board.rows[claim.id] for claim in selected if claim.id in board.rows]
    errors = [results.ErrorRow(where=each.where, message=each.message, claim=each.claim) for each in loaded.errors]
    return results.Results(
        environment=environment(amount.name, seed),
        claims=tuple(msgspec.structs.replace(row, place=places.get(row.id, "")) for row in rows),
        statements=results.statement_rows(loaded.statements, loaded.claims),
        slips=results.slip_rows(loaded.slips),
        left_out=dict(loaded.left_out) if select is None and maps is None else {},
        precision=tuple(board.precision),
        maps=tuple(board.maps[each.id] for each in swept if each.id in board.maps),
        thresholds=board.thresholds,
        errors=tuple(errors),
        titles=dict(loaded.titles),
        subject=loaded.subject,
        selected=select or "",
        interrupted=interrupted,
        seconds=round(time.monotonic() - started, 3),
    )


T = TypeVar("T", Map, Threshold)


def _in_formats(given: Sequence[T], formats: Sequence[str] | None) -> list[T]:
    """Maps or thresholds in the formats that are asked for, without those that name none of them."""
    return [kept for each in given if (kept := each.only(formats)) is not None]


def in_formats(given: Map, formats: Sequence[str] | None) -> Map:
    """A map in the formats that are asked for; all of its own where that is None.

    Raises:
        RequestError: where it names none of them.
    """
    kept = given.only(formats)
    if kept is None:
        raise RequestError(
            f"map {given.id!r} is computed in {', '.join(given.formats)}, not in {', '.join(formats or ())}: choose "
            "other formats, or name them in the map"
        )
    return kept


def _swept(loaded: loader.Loaded, ids: Sequence[str], formats: Sequence[str] | None) -> list[Map]:
    """The maps to sweep.

    Raises:
        RequestError: for an id that is no map's, or one of a map that is computed in none of the formats.
    """
    known = {each.id: each for each in loaded.maps}
    for id_ in ids:
        if id_ not in known:
            near = loader.meant(id_, known)
            raise RequestError(f"no map has the id {id_!r}{near} (`verify map --list` names them all)")
    return [in_formats(known[id_], formats) for id_ in ids] if ids else _in_formats(list(known.values()), formats)


def sweep(given: Map, formats: Sequence[str] | None = None) -> "Sweep":
    """Give a map values, in some of its formats or in all; see `verify.sweeps.sweep`.

    Raises:
        RequestError: where the map names none of the formats.
    """
    return importlib.import_module("verify.sweeps").sweep(in_formats(given, formats))


def environment(budget: str, seed: int) -> dict[str, Any]:
    """Versions, platform and settings that a result depends on."""

    def version(name: str) -> str:
        try:
            return importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            return "not installed"

    from verify import __version__

    names = ("jax", "jaxlib", "numpy", "python-flint", "hypothesis")
    return {
        "gradproof": __version__,
        "python": platform.python_version(),
        **{name: version(name) for name in names},
        "platform": platform.platform(),
        "cpu": _cpu(),
        "cores": _cores(),
        "seed": seed,
        "budget": budget,
        "jax_enable_x64": os.environ.get("JAX_ENABLE_X64", ""),
        "JAX_PLATFORMS": os.environ.get("JAX_PLATFORMS", ""),
        "XLA_FLAGS": os.environ.get("XLA_FLAGS", ""),
    }


def _cpu() -> str:
    """Name of the processor, as far as the platform tells."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def _cores() -> int:
    """Cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _budget(name: str, formats: Sequence[str] | None = None) -> "Budget":
    from verify.engines import BUDGETS
    from verify.formats import FORMATS

    if name not in BUDGETS:
        raise RequestError(f"budget {name!r} is unknown: expected one of {', '.join(BUDGETS)}")
    if formats is None:
        return BUDGETS[name]
    for each in formats:
        if each not in FORMATS:
            raise RequestError(f"format {each!r} is unknown: expected one of {', '.join(FORMATS)}")
    run = BUDGETS[name].formats
    if not set(run) & set(formats):
        raise RequestError(f"budget {name!r} runs {', '.join(run)} only: choose another budget, or add the format")
    return BUDGETS[name].only(formats)


def _batches(selected: Sequence[Claim], modules: Mapping[str, str], jobs: int) -> list[tuple[str, ...]]:
    """Claims that are decided together: neighbours of one module, which share traces and compilations.

    The costly batches start first, so that no worker ends late.
    """
    most = max(1, min(BATCH, -(-len(selected) // jobs)))
    batches: list[list[Claim]] = []
    for claim in selected:
        full = not batches or len(batches[-1]) >= most
        if full or modules.get(batches[-1][0].id) != modules.get(claim.id):
            batches.append([])
        batches[-1].append(claim)
    batches.sort(key=lambda batch: sum(map(_cost, batch)), reverse=True)
    return [tuple(claim.id for claim in batch) for batch in batches]


def _cost(claim: Claim) -> float:
    """A rough order of how long a claim takes."""
    weight = {"value": 1.0, "gradient": 2.0, "jacobian": 4.0, "hessian": 8.0}[claim.autodiff.kind]
    total = 0.0
    for choice in claim.choices():
        try:
            entries = sum(math.prod(resolve(leaf.shape, choice)) for leaf in claim.leaves())
        except (KeyError, ValueError):
            entries = 1
        total += 20.0 + min(entries, 10**6) * weight
    return total


# --- deciding one claim ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Work:
    """What a worker has to know; ids are all that is sent later."""

    targets: tuple[str, ...]
    budget: str
    seed: int
    modules: Mapping[str, str]
    formats: Sequence[str] | None = None


def _decide(
    batch: Sequence[Claim], work: _Work, say: Callable[[str, str], None]
) -> Generator[results.ClaimRow, None, None]:
    """Judge claims together; whatever the engines raise on one becomes its row."""
    from verify import engines

    for case, outcome in engines.judge_all(batch, _budget(work.budget, work.formats), work.seed, say):
        claim = case.claim
        reason = error = ""
        verdicts: tuple[Verdict, ...] = ()
        if isinstance(outcome, ClaimError):
            error = str(outcome)
        elif isinstance(outcome, UnsupportedPrimitive):
            reason = str(outcome)
        elif isinstance(outcome, MemoryError):
            reason = "out of memory: give smaller sizes, or a smaller --budget"
        elif isinstance(outcome, Exception):
            frame = traceback.extract_tb(outcome.__traceback__)[-1]
            text = str(outcome).strip().partition("\n")[0]
            reason = f"{type(outcome).__name__} in {Path(frame.filename).name}:{frame.lineno}: {text}"
        else:
            verdicts = outcome
        yield results.claim_row(
            claim,
            verdicts,
            module=work.modules.get(claim.id, ""),
            functions=_functions(claim),
            programs=_programs(case) if not isinstance(outcome, Exception) else None,
            reason=reason or error,
            error=error,
            repeat=_repeat(claim.id, work.targets, work.budget, work.seed),
        )


def _repeat(claim: str, targets: Sequence[str], budget: str, seed: int) -> str:
    """The command that decides a claim again as it was decided."""
    words = ["verify", "run", *targets, "-k", claim, *(["--budget", budget] if budget != "standard" else [])]
    return shlex.join([*words, "--seed", str(seed)])


def _programs(case: "Case") -> dict[str, str]:
    """What each side was traced to at the first sizes; of a long program its beginning."""
    subject = case.subject(case.choices[0])
    sides = {"autodiff": subject.modes[0], "by_hand": subject.formula, "stable": subject.stable}
    return {name: _beginning(side.printed) for name, side in sides.items() if side is not None}


def _beginning(text: str) -> str:
    lines = text.splitlines()
    more = len(lines) - MOST_LINES
    return "\n".join([*lines[:MOST_LINES], f"… {more} more lines"]) if more > 0 else text


def _functions(claim: Claim) -> dict[str, str]:
    """Source code of each side, as written; not JAX's own, which is not of this project and changes by the version."""
    sides: dict[str, Any] = {"autodiff": claim.autodiff, "by_hand": claim.by_hand, "stable": claim.stable}
    found: dict[str, str] = {}
    for name, side in sides.items():
        function = inspect.unwrap(side.fn if isinstance(side, Derivative) else side) if side is not None else None
        if str(getattr(function, "__module__", "")).partition(".")[0] == "jax":
            continue
        try:
            found[name] = _code(textwrap.dedent(inspect.getsource(function))) if function is not None else ""
        except (OSError, TypeError):
            found[name] = ""
    return {name: code for name, code in found.items() if code}


def _code(source: str) -> str:
    """The source without its docstring, which says at length what the statement says in LaTeX."""
    try:
        body = ast.parse(source).body
    except SyntaxError:  # a lambda in the middle of an expression
        return source.rstrip()
    lines = source.rstrip().splitlines()
    if len(body) == 1 and isinstance(body[0], ast.FunctionDef) and ast.get_docstring(body[0]) and len(body[0].body) > 1:
        said = body[0].body[0]
        del lines[said.lineno - 1 : said.end_lineno]
    return "\n".join(lines)


def _map_row(given: Map, module: str, say: Callable[[str, str], None]) -> results.MapRow:
    """Sweep a map; whatever that raises becomes its row."""
    missing = [name for name in given.needs if importlib.util.find_spec(name) is None]
    if missing:
        return results.map_row(given, None, module=module, left_out=", ".join(missing))
    from verify import sweeps

    try:
        found = sweeps.sweep(given, lambda what: say(given.id, what))
    except (ClaimError, UnsupportedPrimitive) as error:
        return results.map_row(given, None, module=module, error=str(error))
    except MemoryError:
        return results.map_row(given, None, module=module, error="out of memory: give fewer values")
    except Exception as error:  # a defect of ours in one map must not take the others with it
        frame = traceback.extract_tb(error.__traceback__)[-1]
        text = f"{type(error).__name__} in {Path(frame.filename).name}:{frame.lineno}: {error}"
        return results.map_row(given, None, module=module, error=text.partition("\n")[0])
    return results.map_row(given, found, module=module)


def _threshold_rows(given: Sequence[Threshold]) -> tuple[results.ThresholdRow, ...]:
    from verify import sweeps

    try:
        return results.threshold_rows(given, sweeps.check_thresholds(given))
    except Exception as error:  # said once for all: they are one program
        return tuple(
            results.ThresholdRow(id=each.id, format=each.formats[0], title=each.title, reason=str(error))
            for each in given
        )


def _precision(claims: Mapping[str, Claim]) -> list[dict[str, Any]]:
    from verify.engines import precision

    return precision.table(claims)


@dataclass
class _Board:
    """What is decided so far."""

    claims: Mapping[str, Claim]
    work: _Work
    progress: Callable[[Progress], None]
    given: Mapping[str, Map]

    def __post_init__(self) -> None:
        self.rows: dict[str, results.ClaimRow] = {}
        self.precision: list[dict[str, Any]] = []
        self.maps: dict[str, results.MapRow] = {}
        self.thresholds: tuple[results.ThresholdRow, ...] = ()

    def tell(self, claim: str, engine: str = "", row: results.ClaimRow | None = None) -> None:
        """Report progress."""
        done, total = len(self.rows) + len(self.maps), len(self.claims) + len(self.given)
        self.progress(Progress(done=done, total=total, claim=claim, engine=engine, row=row))

    def take(self, kind: str, task: str, value: Any) -> None:
        """Keep what a task that is no batch of claims came to."""
        if kind == "map":
            self.maps[task] = value
        elif kind == "thresholds":
            self.thresholds = value
        else:
            self.precision = value
        self.tell(task)

    def enter(self, row: results.ClaimRow) -> None:
        """Keep a row."""
        self.rows[row.id] = row
        self.tell(row.id, row=row)

    def give_up(self, task: str, reason: str, error: str = "") -> None:
        """Record a claim that could not be decided, whatever happened to its worker."""
        if task in self.claims:
            module = self.work.modules.get(task, "")
            repeat = _repeat(task, self.work.targets, self.work.budget, self.work.seed)
            claim = self.claims[task]
            self.enter(results.claim_row(claim, (), module=module, reason=reason, error=error, repeat=repeat))
        elif task.removeprefix(MAP) in self.given:
            id_ = task.removeprefix(MAP)
            module = self.work.modules.get(id_, "")
            self.maps[id_] = results.map_row(self.given[id_], None, module=module, error=error or reason)


def _loaded(work: _Work) -> loader.Loaded:
    """The targets, read with JAX, and every module that a task may need.

    Hypothesis draws, among others, constants that it finds in modules outside of site-packages. What it draws for a
    claim must not depend on what this process has done before, so all modules of the package are there from the start.
    """
    for name in ("precision", "bounds", "certificate"):
        importlib.import_module(f"verify.engines.{name}")
    importlib.import_module("verify.sweeps")
    return loader.load(*work.targets)


def _run_here(tasks: Sequence[tuple[str, ...]], work: _Work, board: _Board) -> bool:
    """Decide all tasks in this process; whether it was interrupted."""
    try:
        loaded = _loaded(work)
        claims = {claim.id: claim for claim in loaded.claims}
        for task in tasks:
            board.tell(task[0])
            found = _apart(task, loaded, work, board.tell)
            if found is not None:
                board.take(*found)
                continue
            for row in _decide([claims[each] for each in task if each in claims], work, board.tell):
                board.enter(row)
            text = "; ".join(map(str, loaded.errors))
            for each in task:
                if each not in claims:
                    board.give_up(each, text, text)
    except KeyboardInterrupt:
        return True
    return False


def _apart(
    task: tuple[str, ...], loaded: loader.Loaded, work: _Work, say: Callable[[str, str], None]
) -> tuple[str, str, Any] | None:
    """Carry out a task that is no batch of claims: its kind, what it is about, and what came out."""
    if task == (PRECISION,):
        return "precision", PRECISION, _precision({claim.id: claim for claim in loaded.claims})
    if task == (THRESHOLDS,):
        return "thresholds", THRESHOLDS, _threshold_rows(_in_formats(loaded.thresholds, work.formats))
    if task[0].startswith(MAP):
        id_ = task[0].removeprefix(MAP)
        for each in loaded.maps:
            if each.id == id_:
                return "map", id_, _map_row(in_formats(each, work.formats), work.modules.get(id_, ""), say)
        return "missing", task[0], "; ".join(map(str, loaded.errors))
    return None


# --- worker processes ------------------------------------------------------------------------------------------


def _serve(pipe: "Connection", work: _Work) -> None:
    """A worker: load the targets, then decide the batches of claims whose ids arrive until there are no more."""
    try:
        loaded = _loaded(work)
        claims = {claim.id: claim for claim in loaded.claims}
        # Arrays of balls and traced programs are many small objects, nearly none of them in cycles: looking for cycles
        # as often as Python does by itself takes a tenth of the time.
        gc.freeze()
        gc.set_threshold(50_000, 20, 50)
        pipe.send(("ready", "", None))
        while (task := pipe.recv()) is not None:
            found = _apart(task, loaded, work, lambda claim, engine: pipe.send(("engine", claim, engine)))
            if found is not None:
                pipe.send(found)
            else:
                batch = [claims[each] for each in task if each in claims]
                for row in _decide(batch, work, lambda claim, engine: pipe.send(("engine", claim, engine))):
                    pipe.send(("row", row.id, row))
                for each in task:
                    if each not in claims:
                        pipe.send(("missing", each, "; ".join(map(str, loaded.errors))))
            pipe.send(("done", "", None))
    except (EOFError, BrokenPipeError):
        pass  # the run has ended without us


@contextmanager
def _ignoring_interrupts() -> Generator[None]:
    """Processes started here do not see Ctrl-C: the parent does, and ends them."""
    try:
        before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    except ValueError:  # not in the main thread, where signals cannot be set and do not arrive
        yield
        return
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


class _Worker:
    """A worker process, the parent's end of its pipe, and the task in hand."""

    def __init__(self, work: _Work) -> None:
        context = multiprocessing.get_context("spawn")
        self.pipe, theirs = context.Pipe()
        self.process = context.Process(target=_serve, args=(theirs, work), daemon=True)
        with _ignoring_interrupts():
            self.process.start()
        theirs.close()
        self.left: list[str] = []
        self.busy = False
        self.ready = False
        self.since = time.monotonic()

    def give(self, task: tuple[str, ...]) -> None:
        """Send a task."""
        self.left, self.busy, self.since = list(task), True, time.monotonic()
        with suppress(OSError):  # it has just died with the task in hand, which is found out next
            self.pipe.send(task)

    def end(self, patience: float = 0.0) -> None:
        """Stop the process, at once or after some patience."""
        with suppress(OSError):
            self.pipe.send(None)
        self.process.join(patience)
        if self.process.is_alive():
            self.process.terminate()
            self.process.join(2.0)
            if self.process.is_alive():
                self.process.kill()
                self.process.join()
        self.pipe.close()


def _run_in_workers(tasks: Sequence[tuple[str, ...]], work: _Work, board: _Board, jobs: int, amount: "Budget") -> bool:
    """Decide all tasks in worker processes; whether it was interrupted."""
    waiting = deque(tasks)
    # Engines keep to their own time; this one is for a compiler or a function that never returns.
    limit = 6 * amount.seconds + 120
    workers: list[_Worker] = []
    failed_starts = 0
    try:
        while waiting or any(worker.busy for worker in workers):
            while waiting and len(workers) < jobs and failed_starts < 2:
                workers.append(_Worker(work))
            if not workers:
                break
            connection.wait([each.pipe for each in workers] + [each.process.sentinel for each in workers], 1.0)
            for worker in list(workers):
                alive = worker.process.is_alive()  # asked before listening, so that its last words are heard
                while worker.pipe.poll() and _hear(worker, board):
                    pass
                stuck = alive and time.monotonic() - worker.since > limit and (worker.busy or not worker.ready)
                if stuck or not alive:
                    failed_starts += not worker.ready
                    if len(worker.left) > 1:
                        # One of them has taken the worker with it: the next workers take them one by one.
                        waiting.extendleft((each,) for each in reversed(worker.left))
                    elif worker.left:
                        late = f"no answer within {limit:.0f} s: give smaller sizes, or a smaller --budget"
                        board.give_up(worker.left[0], late if stuck else _death(worker.process.exitcode))
                    worker.end()
                    workers.remove(worker)
                elif worker.ready and not worker.busy and waiting:
                    worker.give(waiting.popleft())
        for each in [each for task in waiting for each in task]:
            board.give_up(each, "no worker process could be started: try `-k` with this claim alone")
    except KeyboardInterrupt:
        for worker in workers:
            worker.process.terminate()
        return True
    finally:
        for worker in workers:
            worker.end(patience=2.0)
    return False


def _hear(worker: _Worker, board: _Board) -> bool:
    """Take one message of a worker; whether there was one."""
    try:
        kind, task, value = worker.pipe.recv()
    except (EOFError, OSError):
        return False
    worker.since = time.monotonic()
    if kind == "ready":
        worker.ready = True
    elif kind == "done":
        worker.left, worker.busy = [], False
    elif kind == "engine":
        board.tell(task, value)
    else:
        worker.left = [each for each in worker.left if each != task]
        if kind == "row":
            board.enter(value)
        elif kind in ("precision", "map", "thresholds"):
            worker.left = []
            board.take(kind, task, value)
        else:
            board.give_up(task, value, value)
    return True


def _death(code: int | None) -> str:
    """Why a worker ended, from its exit code."""
    if code is not None and code < 0:
        try:
            name = signal.Signals(-code).name
        except ValueError:
            name = f"signal {-code}"
        hint = " (out of memory?)" if name == "SIGKILL" else ""
        return f"its worker process was ended by {name}{hint}: give smaller sizes, or a smaller --budget"
    return f"its worker process ended with exit code {code}"
