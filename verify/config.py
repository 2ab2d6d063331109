"""Settings: an option beats a ``VERIFY_*`` variable, that beats ``[tool.verify]`` of pyproject.toml, that a default."""

import difflib
import os
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any, Final, Literal

import msgspec

from verify.formats import FORMATS
from verify.loader import RequestError, meant

FILE: Final = "pyproject.toml"
PREFIX: Final = "VERIFY_"
GROUP: Final = "verify.claims"  # entry points of libraries: a name, and the module that holds the claims


class Table(msgspec.Struct, kw_only=True, frozen=True, forbid_unknown_fields=True, rename="kebab"):
    """The table ``[tool.verify]``; what is left out is null.

    Attributes:
        paths: files, folders, modules or packages to decide; files are relative to the folder of pyproject.toml.
        budget: how much work to do for each claim.
        formats: float formats that are run, by maps those among them that they name.
        seed: of everything that is drawn.
        known_failures: file of failures that are known, relative to the folder of pyproject.toml.
    """

    paths: tuple[str, ...] | None = None
    budget: Literal["quick", "standard", "deep"] | None = None
    formats: tuple[Literal["float64", "float32", "bfloat16", "float16"], ...] | None = None
    seed: int | None = None
    known_failures: str | None = None


DEFAULTS: Final = Table(paths=(), budget="standard", formats=tuple(FORMATS), seed=0, known_failures="")  # type: ignore[arg-type]


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What a run goes by.

    Attributes:
        paths, budget, formats, seed: as in `Table`; without paths, the article.
        known_failures: the file, or None.
        sources: name of each setting to where its value comes from.
    """

    paths: tuple[str, ...]
    budget: str
    formats: tuple[str, ...]
    seed: int
    known_failures: Path | None
    sources: Mapping[str, str]


def settings(
    *,
    paths: Sequence[str] = (),
    budget: str | None = None,
    formats: str | None = None,
    seed: int | None = None,
    known_failures: Path | None = None,
    folder: Path | None = None,
) -> Settings:
    """Settings from options, environment, file and defaults.

    Args:
        paths: what was given as paths.
        budget: what was given as an option, like the following.
        formats: names separated by commas.
        seed: a whole number.
        known_failures: a file.
        folder: where the search for pyproject.toml starts; the working folder if left out.

    Raises:
        RequestError: for a setting that is unknown or has no such value: where, and what is expected.
    """
    file = nearest(folder or Path.cwd())
    options: dict[str, Any] = {"paths": tuple(paths) or None, "budget": budget, "seed": seed}
    options["formats"] = None if formats is None else _list(formats, ",")
    options["known-failures"] = None if known_failures is None else str(known_failures)
    layers = [
        *(({name: value}, f"option --{name}") for name, value in options.items() if value is not None),
        *_environment(),
        *((({}, "") if file is None else (_relative(_table(file), file.parent), _shown(file))),),
        (msgspec.to_builtins(DEFAULTS), "default"),
    ]
    values: dict[str, Any] = {}
    sources: dict[str, str] = {}
    for layer, source in layers:
        # Checked even where a stronger setting hides it: a mistake in a file should not wait for its day.
        checked = _checked(layer, source)
        for name, value in checked.items():
            if name not in values:
                values[name], sources[name] = value, source
    return Settings(
        paths=tuple(values["paths"]),
        budget=values["budget"],
        formats=tuple(each for each in FORMATS if each in values["formats"]),
        seed=values["seed"],
        known_failures=Path(values["known-failures"]) if values["known-failures"] else None,
        sources={name: sources[name] for name in _names()},
    )


# Nothing of a map is drawn, and all of its cells are always computed; known failures are of runs.
COMMANDS: Final = {
    "paths": "run, list, show, map",
    "budget": "run, rule",
    "formats": "run, map",
    "seed": "run, rule",
    "known-failures": "run",
}


def lines(found: Settings) -> list[str]:
    """Each setting with its value, where that comes from, and the commands that go by it."""
    shown = {
        "paths": " ".join(found.paths) or "(the article)",
        "budget": found.budget,
        "formats": ", ".join(found.formats),
        "seed": str(found.seed),
        "known-failures": str(found.known_failures or "(none)"),
    }
    width = max(map(len, shown.values()))
    origin = max(map(len, found.sources.values()))
    return [
        f"{name:<16}{value:<{width}}  {found.sources[name]:<{origin}}  {COMMANDS[name]}"
        for name, value in shown.items()
    ]


def nearest(folder: Path) -> Path | None:
    """The pyproject.toml of a folder, or of the nearest folder above it."""
    return next((each / FILE for each in (folder, *folder.parents) if (each / FILE).is_file()), None)


def installed() -> dict[str, str]:
    """Claims of installed libraries: the name of each entry point to its module."""
    found = sorted(entry_points(group=GROUP), key=lambda each: each.name)
    return {each.name: each.module for each in found}


def with_installed(paths: Sequence[str], *, everything: bool = False) -> tuple[str, ...]:
    """Paths with the names that libraries gave to their claims in place of modules.

    A file or folder of that name comes first; the name a library chose comes before a package of the same name, since
    that says where in it the claims are.

    Args:
        paths: what was asked for.
        everything: whether the claims of every installed library are asked for too.

    Raises:
        RequestError: where they are asked for and there are none.
    """
    names = [each for each in paths if re.fullmatch(r"[\w.-]+", each) and not Path(each).exists()]
    known = installed() if everything or names else {}
    if everything and not known:
        raise RequestError(f"--installed: no installed library declares claims under the entry points {GROUP!r}")
    return tuple(dict.fromkeys([*(known.get(each, each) for each in paths), *(known.values() if everything else ())]))


# --- parts -----------------------------------------------------------------------------------------------------


def _names() -> list[str]:
    return [each.encode_name for each in msgspec.structs.fields(Table)]


def _list(text: str, separator: str) -> tuple[str, ...]:
    return tuple(each.strip() for each in text.split(separator) if each.strip())


def _environment() -> list[tuple[dict[str, Any], str]]:
    """The variables that are set, each with its value as the table would have it."""
    found: list[tuple[dict[str, Any], str]] = []
    known = {PREFIX + name.upper().replace("-", "_"): name for name in _names()}
    for variable, text in sorted(os.environ.items()):
        if not variable.startswith(PREFIX) or not text:
            continue
        if variable not in known:
            # Other programs own variables that begin alike, so only one that is nearly ours is taken for a mistake.
            near = difflib.get_close_matches(variable, known, n=1, cutoff=0.8)
            if near:
                raise RequestError(f"the variable {variable} is unknown; did you mean {near[0]}?")
            continue
        name = known[variable]
        value: Any = text
        if name == "paths":
            value = _list(text, os.pathsep)
        elif name == "formats":
            value = _list(text, ",")
        elif name == "seed":
            value = int(text) if re.fullmatch(r"[+-]?\d+", text) else text
        found.append(({name: value}, variable))
    return found


def _table(file: Path) -> dict[str, Any]:
    """The table ``[tool.verify]`` of a file as it stands there, its keys known."""
    try:
        text = file.read_text(encoding="utf-8")
        table = tomllib.loads(text).get("tool", {}).get("verify", {})
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise RequestError(f"{_shown(file)}: cannot be read: {error}") from None
    if not isinstance(table, dict):
        raise RequestError(f"{_shown(file)}: tool.verify must be a table, found {type(table).__name__}")
    for key in table:
        if key not in _names():
            near = meant(key, _names(), most=1) or f"; expected one of {', '.join(_names())}"
            raise RequestError(f"{_shown(file)}:{_line(text, key)}: [tool.verify] has no key {key!r}{near}")
    return table


def _line(text: str, key: str) -> int:
    """Line of a key of the table; that of the table's heading where it is written in another way."""
    lines = text.splitlines()
    heading = next((place for place, each in enumerate(lines) if re.match(r"\s*\[\s*tool\s*\.\s*verify", each)), 0)
    quoted = re.escape(key)
    for place in range(heading, len(lines)):
        if re.match(rf"\s*([\"']?){quoted}\1\s*[=.]", lines[place]):
            return place + 1
    return heading + 1


def _relative(table: dict[str, Any], folder: Path) -> dict[str, Any]:
    """The table with its files as seen from the working folder; names of modules stay as they are."""

    def seen(name: Any) -> Any:
        if not isinstance(name, str) or not (folder / name).exists():
            return name
        path = folder / name
        return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path)

    found = dict(table)
    if isinstance(found.get("paths"), list):
        found["paths"] = [seen(each) for each in found["paths"]]
    if isinstance(found.get("known-failures"), str):
        # Missing or not, it is that folder's: where it is missing, the message should say which.
        found["known-failures"] = str(folder / found["known-failures"])
    return found


def _checked(layer: Mapping[str, Any], source: str) -> dict[str, Any]:
    """The settings of one source, their types checked."""
    try:
        found = msgspec.convert(dict(layer), Table)
    except msgspec.ValidationError as error:
        raise RequestError(f"{source}: {error}{_expected(str(error))}") from None
    if found.seed is not None and found.seed < 0:
        raise RequestError(f"{source}: seed must be at least 0, found {found.seed}")
    if found.formats is not None and not found.formats:
        raise RequestError(f"{source}: formats must name at least one of {', '.join(FORMATS)}")
    return {name: value for name, value in msgspec.to_builtins(found).items() if value is not None}


def _expected(error: str) -> str:
    """What is expected of the setting that an error is about."""
    if "$.formats" in error:
        return f": expected some of {', '.join(FORMATS)}"
    return ": expected quick, standard or deep" if "$.budget" in error else ""


def _shown(file: Path) -> str:
    return str(file.relative_to(Path.cwd())) if file.is_relative_to(Path.cwd()) else os.path.relpath(file)
