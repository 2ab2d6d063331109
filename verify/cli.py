"""The command ``verify``: arguments in, pages and exit status out.

Exit status: 0 every claim came out as expected; 1 some claim did not, or pages are stale; 2 the request cannot be
carried out, or was interrupted.
"""

import io
import os
import shutil
import sys
import textwrap
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal, NoReturn

from cyclopts import App, CycloptsError, Parameter

from verify import __version__

if TYPE_CHECKING:
    from verify.claim import Claim
    from verify.loader import Loaded
    from verify.maps import Map
    from verify.results import ClaimRow, Results
    from verify.run import Progress

EXPECTED, UNEXPECTED, REFUSED = 0, 1, 2
REPORTS: Final = "reports"
RESULTS: Final = "results.json"
MOST_LINES: Final = 8  # of one kind in a summary, which has to fit a screen
SHORT: Final = 16  # lines of a traced program that are shown unasked

app = App(
    name="verify",
    version=f"gradproof {__version__}",
    help="Decide whether a derivative that was derived by hand is the derivative that JAX computes.",
    help_format="plaintext",
    suppress_keyboard_interrupt=False,  # the library would exit with 130, and without a word
    help_epilogue="Exit status: 0 as expected, 1 some claim not, 2 the request cannot be carried out.",
)

Pattern = Annotated[str | None, Parameter(name=["-k"])]


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Carry out a command line and exit."""
    sys.exit(call(sys.argv[1:] if arguments is None else arguments))


def call(arguments: Sequence[str]) -> int:
    """Carry out a command line; its exit status."""
    for stream in (sys.stdout, sys.stderr):
        # Formulas are full of letters that a terminal's or pipe's encoding may lack: better a mark than no answer.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    try:
        status = app(
            list(arguments),
            exit_on_error=False,
            print_error=False,
            result_action="return_value",
            error_formatter=None,
        )
        sys.stdout.flush()
    except CycloptsError as error:
        return _refuse(f"{error} `verify --help` lists what there is.")
    except KeyboardInterrupt:
        return _refuse("interrupted; nothing was written")
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # whoever read the output has closed it, such as `| head`
        return EXPECTED
    except Exception as error:
        from verify.loader import RequestError  # not above: help and version need none of it

        if not isinstance(error, RequestError):
            raise
        return _refuse(str(error))
    return status if isinstance(status, int) else EXPECTED


@app.command
def run(
    *paths: str,
    k: Pattern = None,
    budget: Literal["quick", "standard", "deep"] | None = None,
    seed: int | None = None,
    formats: str | None = None,
    installed: Annotated[bool, Parameter(negative=())] = False,
    reports: Path | None = None,
    results: Path | None = None,
    check: Annotated[bool, Parameter(negative=())] = False,
    jobs: int | None = None,
    junit: Path | None = None,
    badge: Path | None = None,
    known_failures: Path | None = None,
) -> int:
    """Decide claims; without a path, those of the built-in article, and write its pages to reports/.

    Parameters
    ----------
    paths
        Files of claims, folders of files named claims_*.py or *_claims.py, modules or packages, or names under which
        installed libraries declare their claims.
    k
        Only claims whose id matches this pattern, such as 'softmax.*'.
    budget
        How much work to do for each claim; standard if left out.
    seed
        Of everything that is drawn; 0 if left out.
    formats
        Float formats that are run, separated by commas, such as float32,bfloat16.
    installed
        The claims of every installed library that declares any, too.
    reports
        Write pages to this folder.
    results
        Write everything that was found to this file; results.json if left out.
    check
        Write nothing; compare the pages with those in the reports folder and fail where they are stale.
    jobs
        Number of worker processes; one per core if left out.
    junit
        Write JUnit's XML to this file, one testcase per claim.
    badge
        Write the JSON of an endpoint badge of shields.io to this file.
    known_failures
        File of failures that are known, with a reason each; one that is as expected now is an error.
    """
    from verify import ci, config, pages
    from verify import run as deciding
    from verify.results import write

    if (seed is not None and seed < 0) or (jobs is not None and jobs < 1):
        return _refuse(f"--seed must be at least 0 and --jobs at least 1, found {seed} and {jobs}")
    chosen = config.settings(paths=paths, budget=budget, seed=seed, formats=formats, known_failures=known_failures)
    entries = ci.read_known(chosen.known_failures) if chosen.known_failures else {}
    paths = config.with_installed(paths if installed else chosen.paths, everything=installed)
    if check and (k is not None or (paths and reports is None)):
        return _refuse("--check compares all pages of a folder: leave out -k, and name the folder with --reports")
    whole_article = not paths and k is None
    folder = reports or (Path(REPORTS) if whole_article else None)
    file = results or (None if check else Path(RESULTS))
    if not check:
        _writable(folder, "--reports", is_folder=True)
    for path, option in ((file, "--results"), (junit, "--junit"), (badge, "--badge")):
        _writable(path, option, is_folder=False)
    # Set before JAX is imported, here or in a worker; a platform that the user has chosen is kept.
    os.environ.setdefault("JAX_PLATFORMS", "cpu")
    with _progress() as progress:
        found = deciding.run(
            paths,
            select=k,
            budget=chosen.budget,
            seed=chosen.seed,
            progress=progress,
            jobs=jobs,
            formats=None if chosen.sources["formats"] == "default" else chosen.formats,
        )
    if file is not None:
        write(found, file)
    stale: list[str] = []
    if folder is not None and not found.interrupted:
        rendered = pages.render(found)
        if check:
            stale = pages.stale(folder, rendered)
        else:
            try:
                pages.write(folder, rendered)
            except OSError as error:
                return _refuse(f"{folder}: pages cannot be written: {error.strerror}; the results are in {file}")
    written = folder if not check and not found.interrupted else None
    for line in _summary(found, file, written, given=bool(paths)):
        print(line)
    _say_errors(found.errors)
    if check and not found.interrupted:
        _say_stale(stale, folder)
    # A part of the claims, chosen by a pattern or named one by one, says nothing of the entries of others.
    whole = k is None and not chosen.sources["paths"].startswith("option") and not installed
    settled = ci.settle(found, entries, whole=whole)
    if settled.known:
        print(f"{'known':<12}{len(settled.known)} of them known failures, each with its reason")
    for line in ci.report(settled, junit_file=junit, badge_file=badge):
        print(line)
    if chosen.known_failures is not None:
        for line in ci.known_lines(settled, chosen.known_failures):
            print(f"verify: {line}", file=sys.stderr)
    status = _status(settled.results, stale)
    return UNEXPECTED if settled.wrong and status == EXPECTED else status


@app.command(name="list")
def list_claims(*paths: str, k: Pattern = None) -> int:
    """List claims: id, what is expected of it, and where it is written.

    Parameters
    ----------
    paths
        As for run; without a path, the article.
    k
        Only ids that match this pattern.
    """
    loaded, chosen = _select(paths, k)
    width = max((len(claim.id) for claim in chosen), default=0)
    room = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
    for claim in chosen:
        source = ", ".join(part for part in (claim.source.heading, claim.source.place) if part)
        print(f"{claim.id:<{width}}  {claim.expect.value:<7}  {source}".rstrip()[:room])
    _say_errors(loaded.errors)
    return REFUSED if loaded.errors else EXPECTED


@app.command
def show(
    id_: Annotated[str, Parameter(name="ID")],
    *paths: str,
    results: Path = Path(RESULTS),
    certificate: Annotated[bool, Parameter(negative=())] = False,
    jaxpr: Annotated[bool, Parameter(negative=())] = False,
) -> int:
    """Show one claim or map: statement, derivation, what the last run found, and what to do next.

    Parameters
    ----------
    id_
        The claim's id, as `verify list` names it.
    paths
        As for run; without a path, the article.
    results
        The results of the run to look into.
    certificate
        Instead, prove it and print both sides, operation by operation at its smallest sizes, as a Python file that
        sympy checks without gradproof: `verify show ID --certificate > check.py && python check.py`.
    jaxpr
        Print what both sides were traced to however long it is; short programs are always printed.
    """
    from verify import loader
    from verify import results as found
    from verify.pages.text import next_step, verdict_lines

    loaded, claims = _select(paths, None)
    claim = next((each for each in claims if each.id == id_), None)
    swept = next((each for each in loaded.maps if each.id == id_), None)
    if swept is not None and not certificate:
        print("\n".join(_map_description(swept, results)))
        return EXPECTED
    if claim is None:
        _say_errors(loaded.errors)
        near = loader.meant(id_, (each.id for each in (*claims, *loaded.maps)))
        if paths:
            where = " ".join(paths)
            return _refuse(f"no claim in {where} has the id {id_!r}{near} (`verify list {where}` names them all)")
        # One of a user's own, which the last run decided: its file is known.
        row = found.claim_of(results, id_) if results.exists() else None
        file = row.place.rpartition(":")[0] if row is not None else ""
        return _refuse(
            f"no claim of the article has the id {id_!r}{near} (`verify list` names them all); "
            + (f"it is in {file}: verify show {id_} {file}" if file else "of one of your own name its file, too")
        )
    if certificate:
        return _certificate(id_, paths)
    print("\n".join(_description(claim)))
    again = f"verify run -k {id_}{''.join(f' {path}' for path in paths)}"
    row = None
    if results.exists():
        row = found.claim_of(results, id_)
    if row is None:
        print(f"\nnot decided yet: no such claim in {results}; decide it with\n  {again}")
    else:
        print("", *verdict_lines(row), sep="\n")
        for verdict in row.verdicts:
            points = f" at {verdict.checked} points" if verdict.checked else ""
            print(f"  {verdict.engine:<10}{verdict.status:<8}{verdict.evidence or verdict.floats}{points}")
        print("\n".join(_programs_text(row, everything=jaxpr)))
        print("", *textwrap.wrap(f"next: {next_step(row)}", 80, break_on_hyphens=False), sep="\n")
    return EXPECTED


def _programs_text(row: "ClaimRow", *, everything: bool) -> Iterator[str]:
    """What the sides were traced to, of long ones only how long they are."""
    for side, text in row.programs.items():
        lines = text.splitlines()
        if everything or len(lines) <= SHORT:
            yield f"\n{side.replace('_', ' ')}, as JAX traced it:"
            yield from (f"  {line}" for line in lines)
        else:
            yield f"\n{side.replace('_', ' ')}: {len(lines)} lines of jaxpr, shown by --jaxpr"


@app.command(name="rule")
def rule(
    target: Annotated[str, Parameter(name="MODULE:FUNCTION")],
    *,
    domain: tuple[str, ...] = (),
    kind: Literal["gradient", "jacobian", "hessian"] = "jacobian",
    sizes: tuple[int, ...] = (2, 3),
    budget: Literal["quick", "standard", "deep"] | None = None,
    seed: int | None = None,
) -> int:
    """Compare a function's custom_jvp or custom_vjp rule with JAX's derivative of its body.

    Every argument without a default is taken to be a vector of n real numbers, unless --domain says where it lies.

    Parameters
    ----------
    target
        The function, such as jax.nn:relu.
    domain
        Where an argument lies, such as 'x=Positive(n)' or 'a=Interval(n n, -4, 4)', a region of verify.domain with its
        shape first; repeat the option for several arguments. One with a default is an argument where it is named.
    kind
        What is compared: the Jacobian of any function, or the gradient or Hessian of one with a scalar result.
    sizes
        Sizes to check, of every size that the shapes name; repeat the option for several.
    budget
        How much work to do; that of [tool.verify], or standard, if left out.
    seed
        Of everything that is drawn; that of [tool.verify], or 0, if left out.
    """
    import importlib
    import inspect

    from verify import loader

    module_name, _, name = target.partition(":")
    if not module_name or not name:
        return _refuse(f"{target!r} names no function: expected MODULE:FUNCTION, such as jax.nn:relu")
    if (seed or 0) < 0 or min(sizes) < 1:
        return _refuse("--sizes must be at least 1 and --seed at least 0")
    os.environ.setdefault("JAX_PLATFORMS", "cpu")
    sys.path.insert(0, str(Path.cwd()))
    try:
        fn: Any = importlib.import_module(module_name)
        for part in name.split("."):
            if not hasattr(fn, part):
                near = loader.meant(part, (each for each in dir(fn) if callable(getattr(fn, each, None))))
                return _refuse(f"{target}: {getattr(fn, '__name__', 'it')} has no {part!r}{near}")
            fn = getattr(fn, part)
        parameters = inspect.signature(fn).parameters.values()
    except Exception as error:  # whatever the module raises is the reader's to see, in a line
        return _refuse(f"{target}: {type(error).__name__}: {error}")
    finally:
        sys.path.pop(0)
    from verify import ClaimError, RuleClaim, check, config
    from verify.domain import Reals, size_names
    from verify.pages.text import rule_lines, verdict_lines
    from verify.rules import read_regions

    needed = [each.name for each in parameters if each.default is each.empty and each.kind is not each.VAR_POSITIONAL]
    chosen = config.settings(budget=budget, seed=seed)
    try:
        regions = {**{each: Reals("n") for each in needed}, **read_regions(domain)}
        named = {each: sizes for region in regions.values() for each in size_names(region)}
        claim = RuleClaim(fn, domain=regions, sizes=named, kind=kind)
        report = check(claim, chosen.budget, chosen.seed)
    except ClaimError as error:
        return _refuse(str(error))
    shown = "; ".join(f"{name} in {region}" for name, region in regions.items())
    print(f"{target}, against JAX's derivative of its body, {shown}")
    for name in named:
        print(f"{name} = {', '.join(map(str, sizes))}")
    print("", *verdict_lines(report.row), sep="\n")
    for line in rule_lines(report.row):
        print(f"  {line}")
    return EXPECTED if report.row.as_expected else UNEXPECTED


@app.command(name="map")
def map_(
    *ids: str,
    list_: Annotated[bool, Parameter(name="--list", negative=())] = False,
    path: Annotated[tuple[str, ...], Parameter(name="--path")] = (),
    formats: str | None = None,
    reports: Path | None = None,
    results: Path | None = None,
    jobs: int | None = None,
    store: Path | None = None,
    count: Annotated[bool, Parameter(negative=())] = False,
    tile: int | None = None,
    keep: tuple[Literal["truth", "values"], ...] = (),
    distributed: Annotated[bool, Parameter(negative=())] = False,
    coordinator: str | None = None,
    process: int | None = None,
    processes: int | None = None,
) -> int:
    """Sweep maps: where a gradient vanishes, and why.

    Parameters
    ----------
    ids
        Ids of maps; all of them if left out.
    list_
        Only name the maps.
    path
        Files, folders, modules or packages that hold the maps; without one, those of the settings, else the article.
    formats
        Float formats to compute in, separated by commas, of those that a map names; all of them if left out.
    reports
        Write pages to this folder.
    results
        Write everything that was found to this file; results.json if left out.
    jobs
        Number of worker processes; one per core if left out.
    store
        Sweep one map of any number of cells tile by tile into this folder, a Zarr store; an interrupted run goes on.
    count
        Sweep one map the same way, and only count the cells of each class.
    tile
        Most cells of a tile, with --store or --count.
    keep
        Beside classes, store the logarithm of the truth, or the floats.
    distributed
        This is one process of several, on this machine or others, that fill one store. Clusters are recognised.
    coordinator
        Address of process 0, such as 127.0.0.1:12345, where the cluster is not recognised.
    process
        Number of this process, from 0.
    processes
        How many processes there are.
    """
    from verify import config, loader, pages
    from verify import run as deciding
    from verify.results import write

    chosen = config.settings(paths=path, formats=formats)
    path = config.with_installed(chosen.paths)
    own = None if chosen.sources["formats"] == "default" else chosen.formats
    joined = distributed or coordinator is not None or process is not None or processes is not None
    if store is not None or count:
        if list_ or len(ids) != 1 or reports is not None or results is not None or jobs is not None:
            return _refuse("--store and --count take one map's id, and none of --list, --reports, --results, --jobs")
        if joined and store is None:
            return _refuse("several processes share a store: name its folder with --store")
        return _stream(ids[0], path, own, store, tile, keep, (coordinator, process, processes) if joined else None)
    if joined or tile is not None or keep:
        return _refuse("--tile, --keep and --distributed go with --store: name a folder")
    if list_:
        loaded = loader.load(*path, deferred=True)
        width = max((len(each.id) for each in loaded.maps), default=0)
        for each in loaded.maps:
            print(f"{each.id:<{width}}  {each.title}")
        _say_errors(loaded.errors)
        return REFUSED if loaded.errors or not loaded.maps else EXPECTED
    file = results or Path(RESULTS)
    _writable(reports, "--reports", is_folder=True)
    _writable(file, "--results", is_folder=False)
    os.environ.setdefault("JAX_PLATFORMS", "cpu")
    with _progress() as progress:
        found = deciding.run(path, progress=progress, jobs=jobs, maps=ids, formats=own)
    write(found, file)
    if reports is not None and not found.interrupted:
        pages.write(reports, pages.render(found))
    for line in _map_summary(found, file):
        print(line)
    _say_errors(found.errors)
    return _status(found, [])


@app.command
def new(name: str) -> int:
    """Write a commented file of claims that holds, claims_NAME.py, to be changed into your own.

    Parameters
    ----------
    name
        What the claims are about, such as huber_loss.
    """
    from verify import starting

    path = starting.create(name, Path())
    print(f"{path} holds one claim; decide it with\n  verify run {path}")
    return EXPECTED


@app.command
def diff(old: Path, new: Path, *, format: Literal["text", "md", "json"] = "text") -> int:  # noqa: A002 - an option
    """Compare two results.json: what got worse and better, and the claims that are new or gone.

    The exit status is 1 if anything got worse.

    Parameters
    ----------
    old
        The results before.
    new
        The results after.
    format
        Text for a terminal, Markdown for a comment, or JSON.
    """
    from verify import compare
    from verify.results import read

    found = compare.compare(read(old), read(new))
    print(compare.render(found, format), end="")
    return UNEXPECTED if found.worse else EXPECTED


@app.command(name="config")
def config_() -> int:
    """Print each setting with where its value comes from, and which commands go by it.

    It is a VERIFY_* variable, pyproject.toml, or a default.
    """
    from verify import config

    for line in config.lines(config.settings()):
        print(line)
    return EXPECTED


# --- parts -----------------------------------------------------------------------------------------------------


def _stream(
    id_: str,
    paths: Sequence[str],
    formats: Sequence[str] | None,
    store: Path | None,
    tile: int | None,
    keep: Sequence[str],
    joined: tuple[str | None, int | None, int | None] | None,
) -> int:
    """Sweep one map tile by tile; what it counted."""
    os.environ.setdefault("JAX_PLATFORMS", "cpu")
    if joined is not None:
        problem = _join(*joined)
        if problem:
            return _refuse(problem)
    import jax

    from verify import loader, sweeps
    from verify.claim import ClaimError, UnsupportedPrimitive
    from verify.run import in_formats
    from verify.sweeps.stream import CELLS

    loaded = loader.load(*paths)
    given = next((each for each in loaded.maps if each.id == id_), None)
    if given is None:
        _say_errors(loaded.errors)
        near = loader.meant(id_, (each.id for each in loaded.maps))
        return _refuse(f"no map has the id {id_!r}{near} (`verify map --list` names them all)")
    given = in_formats(given, formats)
    try:
        with _tiles_bar() as progress:
            found = sweeps.stream(
                given, store, tile=CELLS if tile is None else tile, keep=tuple(keep), progress=progress
            )
    except (ClaimError, UnsupportedPrimitive) as error:
        return _refuse(str(error))
    except KeyboardInterrupt:
        kept = f"; finished tiles are kept in {store}, the same command goes on with them" if store else ""
        return _refuse(f"interrupted{kept}")
    if jax.process_index() > 0:
        return EXPECTED
    yours = "" if found.computed == found.tiles else f", {found.computed} of them computed by this process now"
    print(f"{given.id}: {given.title}")
    for (quantity, form), counted in found.counts.items():
        print(f"  {quantity}, {form}")
        for name, number in counted.items():
            if number:
                print(f"    {name:<12}{number:>24,}  {100 * number / found.cells:5.1f} %")
    shape = " x ".join(map(str, found.tile))
    summary = [("cells", f"{found.cells:,} in {found.tiles:,} tiles of {shape}{yours}")]
    summary += [("checked", f"forms without cancellation against exact balls, at {found.checked} cells")]
    summary += [("store", str(store))] if store is not None else []
    summary += [("time", f"{found.seconds:.1f} s")]
    for label, text in summary:
        for line in _labelled(label, text):
            print(line)
    return EXPECTED


def _join(coordinator: str | None, process: int | None, processes: int | None) -> str:
    """Join the other processes of a run, before JAX has a device; what is wrong with that, or nothing."""
    import jax

    address = coordinator or os.environ.get("JAX_COORDINATOR_ADDRESS", "")
    bind = address if address.startswith(("127.", "localhost:")) else None
    try:
        # Left alone, the coordinator would listen at every address of the machine.
        jax.distributed.initialize(
            coordinator_address=coordinator,
            num_processes=processes,
            process_id=process,
            coordinator_bind_address=bind,
        )
    except (ValueError, RuntimeError) as error:
        text = (str(error).strip().splitlines() or ["no message"])[0]
        return (
            f"the processes did not find each other: {text}: outside of a cluster that JAX recognises, give "
            "--coordinator HOST:PORT, --process I and --processes N"
        )
    return ""


@contextmanager
def _tiles_bar() -> "Generator[Callable[[int, int], None]]":
    """A bar of tiles on a terminal; nothing in a pipe."""
    if not sys.stderr.isatty():
        yield lambda done, total: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TimeElapsedColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    columns = (BarColumn(bar_width=24), MofNCompleteColumn(), TimeElapsedColumn(), TimeRemainingColumn())
    with Bar(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("tiles", total=None)
        yield lambda done, total: bar.update(task, total=total, completed=done)


def _certificate(id_: str, paths: Sequence[str]) -> int:
    """Print both sides of a proved claim as a file for sympy."""
    os.environ.setdefault("JAX_PLATFORMS", "cpu")
    from verify import config, loader
    from verify.claim import ClaimError
    from verify.engines.certificate import NoCertificate, certificate

    paths = config.with_installed(paths or config.settings().paths)
    claim = next(each for each in loader.load(*paths).claims if each.id == id_)
    try:
        print(certificate(claim), end="")
    except NoCertificate as error:
        return _refuse(f"no certificate of {id_!r}: {error}")
    except ClaimError as error:
        return _refuse(str(error))
    return EXPECTED


def _refuse(message: str) -> int:
    """Say why a request cannot be carried out."""
    print(f"verify: {message}", file=sys.stderr)
    return REFUSED


def _select(paths: Sequence[str], pattern: str | None) -> "tuple[Loaded, list[Claim]]":
    """Claims of the paths that match a pattern, read without importing JAX."""
    from verify import config, loader

    paths = config.with_installed(paths or config.settings().paths)
    loaded = loader.load(*paths, deferred=True)
    return loaded, loader.chosen(loaded.claims, pattern)


def _writable(path: Path | None, option: str, *, is_folder: bool) -> None:
    """Refuse a place that cannot be written, before a long run instead of after it."""
    import tempfile

    from verify.loader import RequestError

    if path is None:
        return
    folder = path if is_folder else path.parent
    try:
        if not is_folder and path.is_dir():
            raise IsADirectoryError(0, "it is a folder, a file is expected")
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except FileExistsError:
        raise RequestError(f"{folder}: it is a file, a folder is expected: give another one with {option}") from None
    except OSError as error:
        raise RequestError(f"{path}: cannot be written: {error.strerror}: give another place with {option}") from None


@contextmanager
def _progress() -> "Generator[Callable[[Progress], None]]":
    """A bar on a terminal; nothing in a pipe."""
    if not sys.stderr.isatty():
        yield lambda event: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Bar

    columns = (BarColumn(bar_width=24), MofNCompleteColumn(), TimeElapsedColumn(), TextColumn("{task.description}"))
    with Bar(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("starting", total=None)

        def report(event: "Progress") -> None:
            doing = f"{event.claim} {event.engine}".strip()
            bar.update(task, total=event.total, completed=event.done, description=doing)

        yield report


def _summary(found: "Results", file: Path | None, folder: Path | None, *, given: bool) -> Iterator[str]:
    """What a run found, on one screen."""
    from verify import pages
    from verify.pages import text

    odd = text.unexpected(found)
    rows = found.claims
    if given:
        # Somebody's own claims: each is of interest, the ones to look at first.
        shown = sorted(rows, key=lambda row: row.as_expected)
        for row in shown[:MOST_LINES]:
            yield from text.verdict_lines(row)
        if len(shown) > MOST_LINES:
            yield f"… {len(shown) - MOST_LINES} more in {file}" if file else f"… {len(shown) - MOST_LINES} more"
        jax = str(found.environment.get("jax", ""))
        yield from (f"{row.id}: {text.why_unexpected(row, jax)}" for row in odd if text.mended(row))
        yield ""
    elif found.subject:
        yield found.subject
    kinds = ", ".join(f"{number} {f'{status} {evidence}'.strip()}" for status, evidence, number in text.counts(found))
    judged = "all as expected" if not odd else f"{len(odd)} not as expected"
    yield from _labelled("claims", f"{len(rows)}: {kinds}; {judged}" if rows else "none could be decided")
    words = [row.floats for row in rows if row.floats]
    if words:
        inside, outside, silent = (words.count(word) for word in ("inside", "outside", "no claim"))
        promised = any(row.within for row in rows)
        parts = [f"{inside} inside what {'was promised or ' if promised else ''}rounding allows"]
        told = sum(row.floats == row.expect_floats == "outside" for row in rows)
        parts += [f"{outside - told} OUTSIDE"] if outside > told else []
        parts += [f"{told} outside, as expected"] if told else []
        parts += [f"{silent} no claim"] if silent else []
        yield from _labelled("floats", ", ".join(parts))
    if found.statements and not found.selected:
        counted = ", ".join(f"{number} {word}" for word, number in text.statement_counts(found).items())
        yield from _labelled("statements", f"{len(found.statements)}: {counted}")
    yield from _labelled("maps", _maps_text(found)) if found.maps else ()
    yield from _map_problems(found)
    if odd and not given:
        for row in odd[:MOST_LINES]:
            line = f"{row.status:<8}{row.id}: {text.why_unexpected(row, str(found.environment.get('jax', '')))}"
            yield "  " + textwrap.shorten(line, text.WIDTH - 2, placeholder=" …")
        if len(odd) > MOST_LINES:
            yield f"  … {len(odd) - MOST_LINES} more"
    if found.interrupted:
        yield from _labelled("stopped", "interrupted; what was decided until then is kept, pages are as they were")
    if folder is not None:
        yield from _labelled("pages", str(folder / pages.entrance(found)))
    if file is not None:
        yield from _labelled("results", str(file))
    yield from _labelled("time", f"{found.seconds:.1f} s")


def _maps_text(found: "Results") -> str:
    """Maps, their lines and thresholds in one sentence."""
    lines = [line for row in found.maps for line in row.lines]
    holding = sum(line.status == "HOLDS" for line in lines)
    crossing = sum(row.status == "HOLDS" for row in found.thresholds)
    left = [row.id for row in found.maps if row.left_out]
    parts = [f"{len(found.maps)}: {holding} of {len(lines)} lines by hand hold"]
    parts += [f"{crossing} of {len(found.thresholds)} thresholds"] if found.thresholds else []
    parts += [f"{len(left)} not run, for want of {found.maps_wanting()}"] if left else []
    return ", ".join(parts)


def _map_problems(found: "Results") -> Iterator[str]:
    """Maps and thresholds that are not as expected, one line each."""
    problems = [f"{row.id}: {row.error}" for row in found.maps if row.error]
    problems += [
        f"{line.status:<8}{row.id}: {line.name}, {line.quantity}, {line.format}: {line.reason}"
        for row in found.maps
        for line in row.lines
        if not line.as_expected
    ]
    problems += [
        f"{row.status:<8}{row.id}, {row.format}: {row.reason}" for row in found.thresholds if row.status != "HOLDS"
    ]
    for text in problems[:MOST_LINES]:
        yield "  " + textwrap.shorten(text, 78, placeholder=" …")
    if len(problems) > MOST_LINES:
        yield f"  … {len(problems) - MOST_LINES} more"


def _map_summary(found: "Results", file: Path) -> Iterator[str]:
    """What a sweep found, map by map."""
    for row in found.maps:
        holding = sum(line.status == "HOLDS" for line in row.lines)
        state = "ERROR" if row.error else f"left out, needs {row.left_out}" if row.left_out else ""
        yield from textwrap.wrap(f"{row.id}: {row.title}", 80, subsequent_indent="    ")
        if state:
            yield f"  {state}"
            continue
        yield f"  {holding} of {len(row.lines)} lines by hand hold"
        for quantity, formats in row.classes.items():
            for form, lines in formats.items():
                cells = "".join(lines)
                shares = [
                    f"{name} {100 * cells.count(str(code)) / len(cells):.0f} %"
                    for code, name in enumerate(row.class_names)
                    if str(code) in cells
                ]
                yield from textwrap.wrap(
                    f"{quantity}, {form}: {', '.join(shares)}", 80, initial_indent="  ", subsequent_indent="    "
                )
    yield from _map_problems(found)
    yield from _labelled("maps", _maps_text(found))
    yield from _labelled("results", str(file))
    yield from _labelled("time", f"{found.seconds:.1f} s")


def _labelled(label: str, value: str) -> Iterator[str]:
    yield from textwrap.wrap(f"{label:<12}{value}", 80, subsequent_indent=" " * 12, break_on_hyphens=False)


def _say_errors(errors: Sequence[Any]) -> None:
    """What could not be read or built, on stderr."""
    for error in errors:
        print(f"verify: {error.where}: {error.message}", file=sys.stderr)


def _say_stale(stale: Sequence[str], folder: Path | None) -> None:
    if not stale:
        print(f"{'pages':<12}{folder} is up to date")
        return
    print(f"verify: stale pages in {folder}: run `verify run` and commit what it writes", file=sys.stderr)
    for name in stale:
        print(f"  {name}", file=sys.stderr)


def _status(found: "Results", stale: Sequence[str]) -> int:
    rows = (*found.claims, *found.maps)
    if found.interrupted or found.errors or any(row.error for row in rows) or not rows:
        return REFUSED
    crossed = all(row.status == "HOLDS" for row in found.thresholds)
    return EXPECTED if not stale and crossed and all(row.as_expected for row in rows) else UNEXPECTED


def _map_description(given: "Map", results: Path) -> Iterator[str]:
    """A map as its author wrote it, and what the last run found of its lines."""
    from verify import results as found

    yield f"{given.id}: {given.title}"
    for axis in given.axes:
        values = f"{len(axis.values)} values from {axis.values[0]:g} to {axis.values[-1]:g}"
        yield from _labelled("axis", f"{axis.name}: {axis.words}, {values}")
    yield from _labelled("computes", ", ".join(given.quantities))
    yield from _labelled("formats", ", ".join(given.formats))
    row = found.map_of(results, given.id) if results.exists() else None
    if row is None:
        yield f"\nnot swept yet: no such map in {results}; sweep it with\n  verify map {given.id}"
        return
    yield ""
    yield from textwrap.wrap(row.error or f"left out: it needs {row.left_out}", 80) if row.error or row.left_out else ()
    for line in row.lines:
        reason = f": {line.reason}" if line.reason else f", {line.checked} cells"
        text = f"{line.status:<8}{line.name}, {line.quantity}, {line.format}{reason}"
        yield from textwrap.wrap(text, 80, subsequent_indent=" " * 8)


def _description(claim: "Claim") -> Iterator[str]:
    """A claim as its author wrote it."""
    yield claim.id
    yield from _labelled("statement", claim.statement)
    source = ", ".join(part for part in (claim.source.heading, claim.source.place) if part)
    if source:
        yield from _labelled("source", source)
    wrt = claim.autodiff.wrt
    by = f" by {wrt if isinstance(wrt, str) else ', '.join(wrt)}" if wrt else ""
    yield from _labelled(
        "checked", f"{claim.autodiff.kind}{by} as JAX computes it {claim.relation} the formula by hand"
    )
    regions = "; ".join(f"{name} in {region}" for name, region in claim.domain.items())
    yield from _labelled("where", regions)
    if claim.sizes:
        yield from _labelled("sizes", str(claim.sizes if isinstance(claim.sizes, dict) else list(claim.sizes)))
    yield from _labelled("expected", claim.expect.value)
    if claim.note:
        yield from _labelled("note", claim.note)
    if claim.derivation:
        yield ""
        yield from claim.derivation.strip().splitlines()
