"""Change the code of functions in a process that runs, so that many mutants share one import and what JAX compiled.

A mutant that lies within a function is put into the functions that are alive, and taken out again: nothing is imported
anew, no test is read anew, and what JAX has compiled stays. What our modules remember is forgotten for each mutant.
The price is that something may be left over that a later test stumbles on, so that each test that notices a mutant is
run once more without it, and where it fails then, too, the process is given up and nothing is believed.
"""

import functools
import gc
import os
import time
import weakref
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import CodeType, FunctionType, ModuleType
from typing import Any

import pytest

# inspect.CO_OPTIMIZED: the code of a function; that of a module or a class body has it not.
_FUNCTION = 0x1


def inner(code: CodeType) -> list[CodeType]:
    """The codes of what is defined directly in a code."""
    return [each for each in code.co_consts if isinstance(each, CodeType)]


def changed(before: CodeType, after: CodeType) -> list[tuple[CodeType, CodeType]] | None:
    """The codes of functions that differ between two texts of a module, outer ones first.

    None where something else differs: what runs when the module is imported, or what an argument is by default.
    """
    if before.co_flags & _FUNCTION:
        found = [(before, after)] if before != after else []
        mine, other = inner(before), inner(after)
        if [each.co_name for each in mine] == [each.co_name for each in other]:
            for one, two in zip(mine, other, strict=True):
                found += changed(one, two) or []
        return found
    mine, other = inner(before), inner(after)
    constants = [[each for each in code.co_consts if not isinstance(each, CodeType)] for code in (before, after)]
    if before.co_code != after.co_code or repr(constants[0]) != repr(constants[1]) or len(mine) != len(other):
        return None
    if before.co_names != after.co_names:
        return None
    found: list[tuple[CodeType, CodeType]] = []
    for one, two in zip(mine, other, strict=True):
        those = changed(one, two)
        if those is None:
            return None
        found += those
    return found


class Live:
    """The functions of some modules that are alive, and what these modules remember.

    Args:
        modules: what their names begin with.
        kept: names of cached functions whose results no mutant changes.
    """

    def __init__(self, modules: Sequence[str], kept: Sequence[str]) -> None:
        names = tuple(modules)
        gc.unfreeze()
        alive = gc.get_objects()
        self.functions: dict[tuple[str, str, int], list[weakref.ref[FunctionType]]] = {}
        self.caches: list[Any] = []
        self.tables: list[tuple[Any, Any]] = []
        for each in alive:
            if isinstance(each, FunctionType):
                code = each.__code__
                name = (code.co_filename, code.co_qualname, code.co_firstlineno)
                self.functions.setdefault(name, []).append(weakref.ref(each))
            elif isinstance(each, functools._lru_cache_wrapper):  # pyright: ignore[reportPrivateUsage] - no other name
                if str(getattr(each, "__module__", "")).startswith(names) and each.__name__ not in kept:
                    self.caches.append(each)
            elif isinstance(each, ModuleType) and each.__name__.startswith(names):
                for value in vars(each).values():
                    if type(value) in (dict, set, list):
                        self.tables.append((value, value.copy()))
        del alive
        gc.freeze()

    def forget(self) -> None:
        """Empty what is cached, and put back what tables held."""
        for each in self.caches:
            each.cache_clear()
        for table, held in self.tables:
            if isinstance(table, list):
                table[:] = held
            else:
                table.clear()
                table.update(held)

    def swap(self, pairs: Sequence[tuple[CodeType, CodeType]], file: str) -> Callable[[], None] | None:
        """Put the second code of each pair in place of the first; what puts the first back, None where none can be."""
        done: list[tuple[FunctionType, CodeType]] = []

        def back() -> None:
            for function, code in done:
                function.__code__ = code

        for before, after in pairs:
            for reference in self.functions.get((file, before.co_qualname, before.co_firstlineno), ()):
                function = reference()
                if function is None:
                    continue
                mine = function.__code__
                if mine.co_freevars != after.co_freevars:
                    back()
                    return None
                function.__code__ = after
                done.append((function, mine))
        if not done:
            return None
        return back


class Served:
    """A plugin of pytest that collects tests, and then runs those that it is asked for, against what it is told.

    Args:
        requests: each a file, the text of a mutant of it, the tests to run, first ones first, and the seconds after
            which none is begun any more.
        say: takes one line: "start TEST"; "failed TEST" where one does, and then "sound" or "poisoned", as it passes
            or fails without the mutant; "done" at the end of what is asked, "apart" where nothing can be swapped.
        modules: what the names of the modules begin with that forget what they remember.
        kept: names of cached functions whose results no mutant changes.
    """

    def __init__(
        self,
        requests: Iterator[tuple[Path, str, Sequence[str], float]],
        say: Callable[[str], None],
        modules: Sequence[str],
        kept: Sequence[str],
    ) -> None:
        self.requests, self.say, self.modules, self.kept = requests, say, modules, kept
        self.failed = False
        self.codes: dict[Path, CodeType] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self.failed |= report.outcome == "failed"

    def run(self, item: pytest.Item, after: pytest.Item | None) -> bool:
        """Whether a test passes."""
        self.failed = False
        item.config.hook.pytest_runtest_protocol(item=item, nextitem=after)
        return not self.failed

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        items = {each.nodeid: each for each in session.items}
        live = Live(self.modules, self.kept)
        self.say("ready")
        for path, text, tests, limit in self.requests:
            self.answer(live, path, text, [items[each] for each in tests if each in items], limit)
            session._setupstate.teardown_exact(None)  # pyright: ignore[reportPrivateUsage] - there is no public way
            self.say("done")
        return True

    def answer(self, live: Live, path: Path, text: str, items: Sequence[pytest.Item], limit: float) -> None:
        """Run tests against a mutant until one fails, and say so."""
        if path not in self.codes:
            self.codes[path] = compile(path.read_text(encoding="utf-8"), str(path), "exec", dont_inherit=True)
        pairs = changed(self.codes[path], compile(text, str(path), "exec", dont_inherit=True))
        live.forget()
        back = live.swap(pairs, str(path)) if pairs else None
        if back is None:
            self.say("apart")
            return
        until = time.monotonic() + limit
        try:
            for item, after in zip(items, [*items[1:], None], strict=True):
                if time.monotonic() > until:
                    return
                self.say(f"start {item.nodeid}")
                if self.run(item, after):
                    continue
                item.session._setupstate.teardown_exact(None)  # pyright: ignore[reportPrivateUsage] - as above
                self.say(f"failed {item.nodeid}")
                back()
                live.forget()
                self.say("sound" if self.run(item, None) else "poisoned")
                return
        finally:
            back()


def serve(root: Path, files: Sequence[str], plugin: Served) -> None:
    """Collect tests, and serve; ends the process."""
    nothing = os.open(os.devnull, os.O_RDWR)
    for each in (0, 1, 2):
        os.dup2(nothing, each)
    options = ["-q", "-p", "no:cacheprovider", "--assert=plain", "--tb=no", "--rootdir", str(root)]
    try:
        pytest.main([*options, *files], plugins=[plugin])
    finally:
        os._exit(1)
