"""Claims as items of pytest: one per claim, in files named claims_*.py or *_claims.py.

Loaded by every pytest where Gradproof is installed, so it imports next to nothing, and leaves alone files that do not
import Gradproof. Claims are read without JAX; it is imported when the first of them is decided.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from verify.claim import Claim
    from verify.config import Settings

# A name such as jwt_claims.py is no rarity elsewhere: a file of claims has one of the names and imports this package.
_NAMED = re.compile(r"claims_.*\.py|.*_claims\.py")
_IMPORTS = re.compile(r"^[ \t]*(?:from|import)[ \t]+verify\b(?![ \t]*\.[ \t]*pytest)", re.MULTILINE)


class ClaimFailed(Exception):
    """A claim that did not come out as expected; its message is the verdict as the command prints it."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option ``--verify-budget``."""
    group = parser.getgroup("verify", "claims about derivatives")
    group.addoption(
        "--verify-budget",
        choices=("quick", "standard", "deep"),
        default=None,
        help="how much work to do for each claim; as `verify config` has it if left out",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Register the marker."""
    config.addinivalue_line("markers", "verify: a claim about a derivative, decided by Gradproof")


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> "ClaimFile | None":
    """Collect a file of claims."""
    return ClaimFile.from_parent(parent, path=file_path) if _is_claims(file_path) else None


@pytest.hookimpl(tryfirst=True)
def pytest_pycollect_makemodule(module_path: Path, parent: pytest.Collector) -> "_Nothing | None":
    """Keep a file of claims that is named on the command line from being imported as a module of tests too."""
    named = any(module_path.match(pattern) for pattern in parent.config.getini("python_files"))
    return None if named or not _is_claims(module_path) else _Nothing.from_parent(parent, path=module_path)


def _is_claims(path: Path) -> bool:
    if not _NAMED.fullmatch(path.name) or path.name.startswith("test_"):
        return False
    try:
        return _IMPORTS.search(path.read_text(encoding="utf-8")) is not None
    except (OSError, UnicodeDecodeError):
        return False


class _Nothing(pytest.File):
    """A module without tests."""

    def collect(self) -> Iterator[pytest.Item]:
        """Nothing."""
        return iter(())


class ClaimFile(pytest.File):
    """A file of claims."""

    _decidable: "dict[str, Claim] | None" = None
    _settings: "Settings | None" = None
    _known: "dict[str, str] | None" = None

    def collect(self) -> Iterator[pytest.Item]:
        """One item per claim, and one for each thing that cannot be read."""
        from verify import loader

        loaded = loader.load(self.path, deferred=True)
        lines = {id_: int(place.rpartition(":")[2]) for id_, place in loaded.places().items()}
        for claim in loaded.claims:
            line = lines.get(claim.id, claim.place[1])
            yield ClaimItem.from_parent(self, name=claim.id, line=line)
        if loaded.maps and not loaded.claims and not loaded.errors:
            return  # maps are swept by `verify map`, which takes longer than a test should
        names: set[str] = set()
        for error in loaded.errors:
            name = error.claim or "unreadable"
            while name in names or any(name == claim.id for claim in loaded.claims):
                name += "-again"
            names.add(name)
            yield BrokenItem.from_parent(self, name=name, message=str(error))

    def settings(self) -> "Settings":
        """Settings of the project that pytest is run in."""
        if self._settings is None:
            from verify import config

            self._settings = config.settings(
                budget=self.config.getoption("--verify-budget"), folder=self.config.rootpath
            )
        return self._settings

    def known(self) -> dict[str, str]:
        """Known failures: ids and reasons."""
        if self._known is None:
            from verify import ci

            file = self.settings().known_failures
            self._known = ci.read_known(file) if file is not None else {}
        return self._known

    def decidable(self, id_: str) -> "Claim":
        """A claim of this file, read with JAX."""
        if self._decidable is None:
            from verify import loader

            self._decidable = {claim.id: claim for claim in loader.load(self.path).claims}
        if id_ not in self._decidable:
            raise ClaimFailed(f"ERROR  {id_}\n  it was read without JAX and cannot be read with it: run `verify list`")
        return self._decidable[id_]


class BrokenItem(pytest.Item):
    """Something that cannot be read or built."""

    def __init__(self, *, message: str, **given: Any) -> None:
        super().__init__(**given)
        self.message = message
        self.add_marker("verify")

    def runtest(self) -> None:
        """Fail."""
        raise ClaimFailed(self.message)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """What is wrong, without a traceback."""
        return _said(excinfo) or super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int | None, str]:
        """Where it is."""
        return self.path, None, self.name


class ClaimItem(pytest.Item):
    """One claim."""

    def __init__(self, *, line: int, **given: Any) -> None:
        super().__init__(**given)
        self.line = line
        self.add_marker("verify")

    def runtest(self) -> None:
        """Decide the claim; FAILS, UNKNOWN and a float outside fail unless they were expected."""
        import os

        os.environ.setdefault("JAX_PLATFORMS", "cpu")
        from verify.claim import ClaimError
        from verify.loader import RequestError
        from verify.run import check

        assert isinstance(self.parent, ClaimFile)
        try:
            settings = self.parent.settings()
            known = self.parent.known().get(self.name)
            claim = self.parent.decidable(self.name)
            formats = None if settings.sources["formats"] == "default" else settings.formats
            found = check(claim, settings.budget, settings.seed, formats)
        except (ClaimError, RequestError) as error:
            raise ClaimFailed(f"ERROR  {self.name}\n  {error}") from None
        self.user_properties += [("status", found.status.value), ("evidence", found.evidence), ("floats", found.floats)]
        if known is not None and found.as_expected:
            raise ClaimFailed(f"{found}\n  a known failure that is as expected now: remove its entry")
        if known is not None:
            pytest.xfail(known)
        if not found.as_expected:
            raise ClaimFailed(str(found))

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """The verdict as the command prints it, without a traceback."""
        return _said(excinfo) or super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int | None, str]:
        """The claim's own line."""
        return self.path, self.line - 1, self.name


def _said(excinfo: pytest.ExceptionInfo[BaseException]) -> str:
    return str(excinfo.value) if isinstance(excinfo.value, ClaimFailed) else ""
