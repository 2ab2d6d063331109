"""Claims from files, folders and packages: every claim that can be read, and a message for each that cannot."""

import difflib
import fnmatch
import importlib
import importlib.util
import pkgutil
import sys
import traceback
import zlib
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any, Final

from verify import deferred as stand_ins
from verify.claim import Claim, ClaimError, collect, collecting, name_line, name_spans
from verify.maps import Map, Threshold, collect_maps

ARTICLE: Final = "verify.article"
PATTERNS: Final = ("claims_*.py", "*_claims.py")


class RequestError(Exception):
    """A request that cannot be carried out: what is wrong and what to do."""


@dataclass(frozen=True, kw_only=True)
class LoadError:
    """Something that could not be read.

    Attributes:
        where: file and line, or what was asked for.
        message: what is wrong, what was expected, what to do next.
        claim: the claim's id where it is about one.
        missing: whether there is nothing of the name that was asked for.
    """

    where: str
    message: str
    claim: str = ""
    missing: bool = False

    def __str__(self) -> str:
        """Where, then what."""
        return f"{self.where}: {self.message}"


@dataclass(frozen=True, kw_only=True)
class Loaded:
    """What was read.

    Attributes:
        claims: every claim that can be decided, in the order written, ids unique.
        errors: what could not be read.
        modules: id of a claim to the name of the file or module that holds it, without folders.
        titles: name of such a module to the first line of its docstring.
        subject: title of what the claims are about: the first module's ``TITLE``, or "".
        statements: entries of every module's ``STATEMENTS``, in order.
        slips: entries of every module's ``SLIPS``, in order.
        maps, thresholds: every one that can be swept, in the order written; ids are unique among claims too.
        names: id of a claim to its file and module-level name.
        left_out: every module's ``LEFT_OUT``: what it makes no claim about, and why.
    """

    claims: tuple[Claim, ...] = ()
    errors: tuple[LoadError, ...] = ()
    modules: Mapping[str, str] = field(default_factory=dict[str, str])
    titles: Mapping[str, str] = field(default_factory=dict[str, str])
    subject: str = ""
    statements: tuple[Any, ...] = ()
    slips: tuple[Any, ...] = ()
    maps: tuple[Map, ...] = ()
    thresholds: tuple[Threshold, ...] = ()
    names: Mapping[str, tuple[str, str]] = field(default_factory=dict[str, tuple[str, str]])
    left_out: Mapping[str, str] = field(default_factory=dict[str, str])

    def places(self) -> dict[str, str]:
        """File and line of each claim, as ``claims/tanh.py:12``; of those below the working folder alone.

        A claim that a function builds stands where its name does, one of a list on its own line.
        """
        spans: dict[str, dict[str, tuple[int, int]]] = {}
        found: dict[str, str] = {}
        for claim in self.claims:
            file, name = self.names.get(claim.id, claim.place)
            path = Path(file)
            if not path.is_relative_to(Path.cwd()):
                continue
            if file not in spans:
                spans[file] = name_spans(path)
            first, last = spans[file].get(str(name), (0, 0))
            inside = Path(claim.place[0]) == path and first <= claim.place[1] <= last
            line = claim.place[1] if inside or not first else first
            found[claim.id] = f"{path.relative_to(Path.cwd()).as_posix()}:{line}"
        return found


def load(*targets: str | Path, deferred: bool = False) -> Loaded:
    """Read the claims of files, folders and modules; raises for nothing that they contain.

    Args:
        targets: files, folders or dotted names of modules and packages; none is the article.
        deferred: give the files stand-ins for JAX and NumPy: quick, and enough to list and show claims, not to
            decide them.

    Returns:
        The claims, and an error for each thing that could not be read.
    """
    reader = _Reader()
    with ExitStack() as stack:
        if deferred and "jax" not in sys.modules:
            stack.enter_context(stand_ins.deferred_imports(reader.roots))
        else:
            import jax

            stand_ins.forget()
            stack.enter_context(jax.enable_x64(True))
        for target in targets or (ARTICLE,):
            reader.read(target)
    return reader.gather()


def meant(name: str, known: Iterable[str], most: int = 3) -> str:
    """``; did you mean a or b?`` with the known names that a mistyped one is near to; "" where there are none."""
    near = difflib.get_close_matches(name, list(dict.fromkeys(known)), n=most, cutoff=0.5)
    return f"; did you mean {' or '.join(near)}?" if near else ""


def chosen(claims: Sequence[Claim], pattern: str | None) -> list[Claim]:
    """The claims whose id matches a pattern.

    Raises:
        RequestError: where there are claims and the pattern selects none.
    """
    found = [claim for claim in claims if pattern is None or fnmatch.fnmatchcase(claim.id, pattern)]
    if found or not claims or pattern is None:
        return found
    ids = [claim.id for claim in claims]
    begun = [each for each in ids if each.startswith(pattern)]
    if begun:
        dot = "." if begun[0].startswith(f"{pattern.rstrip('.')}.") else ""
        near = f"; did you mean {pattern.rstrip('.')}{dot}*?"
    else:
        near = meant(pattern.strip("*?"), ids)
    raise RequestError(f"-k {pattern!r} selects none of the {len(ids)} claims{near} (`verify list` names them all)")


# Claims that were refused when their module ran: later looks at the module find it imported, and nothing is refused.
_refused: dict[str, list[tuple[Any, ClaimError]]] = {}


class _Reader:
    """One call of `load`: the modules read so far, in order, and what could not be read."""

    def __init__(self) -> None:
        self.roots: set[Path] = set()
        self.modules: dict[str, ModuleType] = {}
        self.errors: list[LoadError] = []

    def fail(self, where: str | Path, message: str, claim: str = "", *, missing: bool = False) -> None:
        self.errors.append(LoadError(where=str(where), message=message, claim=claim, missing=missing))

    def read(self, target: str | Path) -> None:
        """Read one target."""
        path, text = Path(target), str(target)
        looks_like_path = isinstance(target, Path) or text.endswith(".py") or "/" in text or "\\" in text
        if path.is_dir() and text:
            files = list(_claim_files(path))
            for file in files:
                self.read_file(file)
            if not files and (path / "__init__.py").exists() and not looks_like_path:
                self.read_package(text)  # a package in the working folder, by its name
            elif not files:
                self.fail(
                    text,
                    "the folder has no file of claims: expected files named claims_*.py or *_claims.py; "
                    "rename one, or give the path of the file itself, or a package by its dotted name",
                )
        elif path.exists() and text:
            self.read_file(path)
        elif looks_like_path or not text:
            near = meant(path.name, (each.name for each in path.parent.iterdir())) if path.parent.is_dir() else ""
            self.fail(
                text or "''",
                f"no such file or folder, seen from {Path.cwd()}{near or ': check the path'}",
                missing=True,
            )
        else:
            self.read_package(text)

    def read_file(self, path: Path) -> None:
        """Run one file as a module with a name of its own."""
        file = path.resolve()
        # The name is unique, so that files of one name in two folders, or named like a package, do not meet.
        name = f"{file.stem}_{zlib.crc32(str(file).encode()):08x}"
        if name in self.modules:
            return
        spec = importlib.util.spec_from_file_location(name, file)
        if spec is None or spec.loader is None:
            self.fail(path, "this is not a Python file: expected a name that ends in .py")
            return
        self.roots.add(file.parent)
        module = importlib.util.module_from_spec(spec)
        run_file = spec.loader.exec_module
        with _siblings(file.parent):
            whole = self.execute(module, lambda: run_file(module), str(path), file)
        if whole and not _refused[name] and not collect(module) and not collect_maps(module):
            self.fail(
                path,
                "no claims found: expected Claim or Map objects, or lists of them, under module-level names, such as "
                'TANH = Claim(id="tanh.gradient", ...)',
            )

    def read_package(self, name: str) -> None:
        """Import a module, or a package and all its modules."""
        if str(Path.cwd()) not in sys.path and "" not in sys.path:
            sys.path.append(str(Path.cwd()))  # a command does not see the working folder as `python -m` does
        try:
            spec = importlib.util.find_spec(name)
        except ModuleNotFoundError as problem:
            if not (problem.name and name.startswith(problem.name)):
                self.errors.append(_explain(problem, name, None))
                return
            spec = None
        except ValueError:
            spec = None
        except Exception as problem:
            self.errors.append(_explain(problem, name, None))
            return
        if spec is None or spec.loader is None:
            wrong = "no such file, folder or module: check the spelling, or install the package"
            self.fail(name, wrong, missing=True)
            return
        before = len(self.modules)
        self.import_all(name)
        read = list(self.modules.values())[before:]
        if not self.errors and not any(collect(each) or collect_maps(each) for each in read):
            self.fail(name, "no claims found in the module or any module of the package")

    def import_all(self, name: str) -> None:
        """Import a module and the modules below it, each once; what one raises does not stop the others."""
        module = sys.modules.get(name)
        if module is None:
            spec = importlib.util.find_spec(name)
            if spec is None or spec.loader is None:
                return
            module, run_module = importlib.util.module_from_spec(spec), spec.loader.exec_module
            file = Path(spec.origin) if spec.origin else None
            if file:
                self.roots.add(file.parent)
            made = module
            self.execute(module, lambda: run_module(made), name, file)
            parent, _, leaf = name.rpartition(".")
            if parent in sys.modules:
                setattr(sys.modules[parent], leaf, module)
        elif getattr(module, "__file__", None):
            self.roots.add(Path(str(module.__file__)).parent)
        self.modules[name] = module
        for each in sorted(info.name for info in pkgutil.iter_modules(getattr(module, "__path__", ()))):
            if each != "__main__":
                self.import_all(f"{name}.{each}")

    def execute(self, module: ModuleType, run: Callable[[], None], shown: str, file: Path | None) -> bool:
        """Run a module's code; what it raises becomes a message, and the claims before it are kept."""
        name = module.__name__
        sys.modules[name] = self.modules[name] = module
        with collecting() as refused:
            try:
                run()
                whole = True
            except KeyboardInterrupt:
                raise
            except BaseException as problem:  # SystemExit too: a file that exits must not end the run
                del sys.modules[name]
                self.errors.append(_explain(problem, shown, file))
                whole = False
        _refused[name] = refused
        return whole

    def gather(self) -> Loaded:
        """Take the claims of the modules that were read, each id once."""
        claims: dict[str, Claim] = {}
        found: dict[str, tuple[ModuleType, str]] = {}
        bad = {id(claim): error for refused in _refused.values() for claim, error in refused}
        reported: set[int] = set()
        for module in self.modules.values():
            for name, claim in collect(module):
                if id(claim) in bad:
                    if id(claim) not in reported:
                        self.fail(_place(module, name, claim), f"{name}: {bad[id(claim)]}", str(claim.id))
                    reported.add(id(claim))
                    continue
                first = claims.get(claim.id)
                if first is None:
                    claims[claim.id], found[claim.id] = claim, (module, name)
                    continue
                # A claim that one file imports from another is one claim: it was written in one place.
                imported = claim.place == first.place and module is not found[claim.id][0]
                if claim is not first and not imported:
                    self.fail(
                        _place(module, name, claim),
                        f"{name}: claim {claim.id!r} is already at {_place(*found[claim.id], first)}: ids are unique "
                        "in a run, so give one of them another; the first is decided",
                        claim.id,
                    )
        for module in self.modules.values():
            for claim, error in _refused.get(module.__name__, ()):
                if id(claim) not in reported and isinstance(claim, Claim):
                    self.fail(f"{_short(claim.place[0])}:{claim.place[1]}", str(error), str(claim.id))
                    reported.add(id(claim))
        entries = [getattr(each, "STATEMENTS", ()) for each in self.modules.values()]
        modules = {id_: _stem(module) for id_, (module, _) in found.items()}
        # Modules come by name; where there are statements, in the order in which those are first claimed.
        position = {each.id: place for place, each in enumerate(each for group in entries for each in group)}
        first_at: dict[str, int] = {}
        for id_, claim in claims.items():
            place = position.get(claim.source.statement or "", len(position))
            first_at[modules[id_]] = min(place, first_at.get(modules[id_], place))
        claims = dict(sorted(claims.items(), key=lambda item: first_at[modules[item[0]]]))
        modules = {id_: modules[id_] for id_ in claims}
        maps = self._maps(found, bad, reported)
        placed = {id_: position.get(each.source.statement or "", len(position)) for id_, (each, _) in maps.items()}
        earliest: dict[str, int] = {}
        for id_, (_, module) in maps.items():
            earliest[_stem(module)] = min(placed[id_], earliest.get(_stem(module), len(position)))
        maps = dict(sorted(maps.items(), key=lambda item: earliest[_stem(item[1][1])]))
        modules |= {id_: _stem(module) for id_, (_, module) in maps.items()}
        for module in self.modules.values():
            for refused, error in _refused.get(module.__name__, ()):
                if id(refused) not in reported and isinstance(refused, (Map, Threshold)):
                    self.fail(f"{_short(refused.place[0])}:{refused.place[1]}", str(error), str(refused.id))
        titles = {_stem(each): (each.__doc__ or "").strip().partition("\n")[0] for each in self.modules.values()}
        left_out = [getattr(each, "LEFT_OUT", {}) for each in self.modules.values()]
        slips = [getattr(each, "SLIPS", ()) for each in self.modules.values()]
        subjects = [getattr(each, "TITLE", None) for each in self.modules.values()]
        return Loaded(
            claims=tuple(claims.values()),
            errors=tuple(self.errors),
            modules=modules,
            titles={name: titles[name] for name in dict.fromkeys(modules.values())},
            subject=next((each for each in subjects if isinstance(each, str)), ""),
            statements=tuple(dict.fromkeys(each for group in entries for each in group)),
            left_out={name: reason for group in left_out for name, reason in group.items()},
            slips=tuple(dict.fromkeys(each for group in slips for each in group)),
            maps=tuple(each for each, _ in maps.values() if isinstance(each, Map)),
            thresholds=tuple(each for each, _ in maps.values() if isinstance(each, Threshold)),
            names={
                id_: (str(Path(getattr(module, "__file__", None) or claims[id_].place[0]).resolve()), name)
                for id_, (module, name) in found.items()
            },
        )

    def _maps(
        self, claims: Mapping[str, Any], bad: Mapping[int, ClaimError], reported: set[int]
    ) -> dict[str, tuple[Map | Threshold, ModuleType]]:
        """The maps and thresholds of the modules that were read, each id once."""
        found: dict[str, tuple[Map | Threshold, ModuleType]] = {}
        for module in self.modules.values():
            for name, each in collect_maps(module):
                if id(each) in bad:
                    if id(each) not in reported:
                        self.fail(_place(module, name, each), f"{name}: {bad[id(each)]}", str(each.id))
                    reported.add(id(each))
                elif each.id in claims or (each.id in found and found[each.id][0].place != each.place):
                    where = _place(module, name, each)
                    self.fail(where, f"{name}: the id {each.id!r} is taken: ids are unique in a run", each.id)
                else:
                    found.setdefault(each.id, (each, module))
        return found


def _claim_files(folder: Path) -> Iterator[Path]:
    """Files of claims in a folder and below; hidden folders and virtual environments are left out."""
    below: list[Path] = []
    for entry in sorted(folder.iterdir()):
        if entry.is_dir():
            if not entry.name.startswith((".", "__")) and not (entry / "pyvenv.cfg").exists():
                below.append(entry)
        elif any(entry.match(pattern) for pattern in PATTERNS):
            yield entry
    for entry in below:
        yield from _claim_files(entry)


def _place(module: ModuleType, name: str, claim: Any) -> str:
    """File and line of the claim's module-level name where it stands in this module, else of where it was built."""
    file = getattr(module, "__file__", None) or claim.place[0]
    line = name_line(Path(file), name)
    return f"{_short(file)}:{line}" if line else f"{_short(claim.place[0])}:{claim.place[1]}"


def _stem(module: ModuleType) -> str:
    """Name of the file or package that a module is, without folders."""
    file = Path(getattr(module, "__file__", None) or module.__name__.rpartition(".")[2])
    return file.parent.name if file.stem == "__init__" else file.stem


def _short(file: str) -> str:
    """The path as seen from the working folder where it lies below it."""
    path = Path(file)
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path)


def _explain(problem: BaseException, shown: str, file: Path | None) -> LoadError:
    """What stopped a file from being read, at its line in that file."""
    if isinstance(problem, SyntaxError):
        where = f"{_short(problem.filename) if problem.filename else shown}:{problem.lineno or 0}"
        code = f" in {problem.text.strip()!r}" if problem.text else ""
        return LoadError(where=where, message=f"syntax error: {problem.msg}{code}: correct the line and run again")
    frames = traceback.extract_tb(problem.__traceback__)
    inside = [frame for frame in frames if file is not None and Path(frame.filename) == file]
    where = f"{shown}:{inside[-1].lineno}" if inside else shown
    rest = "; claims written above this line are decided, those below it are not" if inside else ""
    if isinstance(problem, ModuleNotFoundError):
        message = f"cannot import {problem.name!r}: install it, or put the module beside this file"
    elif isinstance(problem, ImportError):
        message = f"import error: {problem}: check the name; files of a package are given by their dotted name"
    elif isinstance(problem, ClaimError):
        message = str(problem)
    elif isinstance(problem, SystemExit):
        message = "the file exits when it is imported: keep such code under if __name__ == '__main__':"
    elif isinstance(problem, OSError) and not inside:
        message = f"cannot be read: {problem.strerror or problem}: check the file and its permissions"
    else:
        text = str(problem).strip().splitlines()
        message = f"raises {type(problem).__name__}: {text[0] if text else 'no message'}"
    return LoadError(where=where, message=message + rest)


_sibling_modules: dict[Path, dict[str, ModuleType]] = {}


@contextmanager
def _siblings(folder: Path) -> Generator[None]:
    """Let a file import the modules beside it; two folders may each have one of the same name."""
    for other, names in _sibling_modules.items():
        if other != folder:
            for name, module in names.items():
                if sys.modules.get(name) is module:
                    del sys.modules[name]
    before = set(sys.modules)
    sys.path.insert(0, str(folder))
    try:
        yield
    finally:
        sys.path.remove(str(folder))
        if str(folder) not in sys.path:
            sys.path.append(str(folder))  # for imports inside functions, after everything that is installed
        found = _sibling_modules.setdefault(folder, {})
        for name in set(sys.modules) - before:
            file = getattr(sys.modules[name], "__file__", None)
            if file and Path(file).resolve().is_relative_to(folder):
                found[name] = sys.modules[name]
