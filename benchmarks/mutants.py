"""Change our readings and engines in one place at a time, and see whether a test notices.

    python benchmarks/mutants.py --trace [TESTS …]
    python benchmarks/mutants.py [--sample COUNT | --scopes] [--seed SEED] [--part K/N] [--file TEXT] [--operator NAMES]
                                 [--again] [--warm] [--tests TEXTS] [--seconds LIMIT]
    python benchmarks/mutants.py --recheck [--part K/N] [--file TEXT] [--tests TEXTS] [--until HH:MM]
    python benchmarks/mutants.py --control | --docs | --list

A mutant is one module with one small change: `<` for `<=`, a condition that is always true, a number that is one more.
The operators are mutmut's; what is ours is the forcing of an `if` and the removal of a call whose value is not used. A
mutant that no test notices stands for a mistake that no test would notice.

The whole suite a mutant would take weeks. So --trace runs it once and writes down which lines each test executes, to
build/mutants; then a process that holds JAX, pytest and the like, but nothing of ours and no backend of JAX, is forked
for each mutant, and runs the tests that execute the changed line, one of each test function first and quick ones before
slow ones, until one fails. What a test starts in another interpreter is not mutated, and no test is chosen for it.

With --warm a process is kept for many mutants instead, see `in_place`: four times as fast, and what cannot be tried
there gets a process of its own. Without --sample every mutant is looked at; with it, COUNT of them, over the files in
proportion to their mutants, and the same ones for the same SEED (a larger COUNT adds to a smaller one); with
--scopes, one of each function or class of which none was looked at. What was looked at stands in
benchmarks/results/mutants.jsonl and is not looked at again, but by --again: the mutants that no test noticed. Tests
change: --recheck runs the test that noticed a mutant against it once more where that test, or what its file holds
beside tests, has another text than then, and what it no longer notices waits for --again. The reasons why a mutant
need not be noticed are in benchmarks/mutants.toml, written by hand.
--docs writes docs/mutants.md from both, --control runs unchanged all tests that noticed something, and exits 1 where
one fails.
"""

import argparse
import ast
import collections
import contextlib
import difflib
import functools
import hashlib
import importlib
import importlib.machinery
import importlib.util
import json
import os
import pkgutil
import random
import resource
import select
import signal
import sys
import textwrap
import time
import tomllib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Final

import in_place
import libcst as cst
import pytest
from libcst.metadata import MetadataWrapper, PositionProvider
from mutmut.mutation import mutators

ROOT: Final = Path(__file__).resolve().parent.parent
FOLDERS: Final = ("verify/readings", "verify/engines")
# It formats one page; nothing is decided there.
LEFT_OUT: Final = ("verify/readings/table.py",)
RECORD: Final = ROOT / "benchmarks" / "results" / "mutants.jsonl"
REASONS: Final = ROOT / "benchmarks" / "mutants.toml"
PAGE: Final = ROOT / "docs" / "mutants.md"
BUILD: Final = ROOT / "build" / "mutants"
# What needs a browser, times other programs, or reads files instead of running the readings.
NOT_TRACED: Final = ("tests/test_site.py", "tests/test_checkers.py", "tests/test_hosted.py", "tests/test_layout.py")
SECONDS: Final = 60.0
# A test that takes longer than ten times what it took when it was traced, and longer than this, hangs.
PATIENCE: Final = 15.0
MEMORY: Final = 12 * 2**30
# What the names of modules begin with that forget between mutants, and cached functions of theirs that need not, as
# they load claims and trace programs. A process that is kept looks at so many mutants, and has so many seconds to
# collect the tests.
FORGETTING: Final = ("verify.readings", "verify.engines", "tests")
PURE: Final = ("claims", "_traced", "_compiled", "_kind")
KEPT: Final = 400
COLLECTED: Final = 300.0
# So many of the tests are read and run before the rest is read.
SOON: Final = 8
# Arguments and names that hold what a reader is told.
WORDS: Final = frozenset({"reason", "note", "text", "title", "message", "label"})
# Arguments that are assertions: that two sequences are as long as each other.
ASSERTED: Final = frozenset({"strict"})


# Mutants ______________________________________________________________________________________________________________


@dataclass(frozen=True, kw_only=True)
class Mutant:
    """One change of one file.

    Attributes:
        key: ten hexadecimal digits of what the change is and where, but for the line, so that it survives other edits.
        file: the file, relative to the root, with slashes.
        scope: dotted name of the function or class around it, "" for the module.
        operator: what kind of change.
        line: first line of what is changed, from 1.
        last: its last line.
        statement: first and last line of the statement around it.
        start: offset of the first character that is replaced.
        end: offset behind the last one.
        before: what is replaced.
        after: what replaces it.
        body: line of the first statement that runs where a condition holds, 0 where no condition is forced.
        holds: the value that a condition is forced to.
    """

    key: str
    file: str
    scope: str
    operator: str
    line: int
    last: int
    statement: tuple[int, int]
    start: int
    end: int
    before: str
    after: str
    body: int = 0
    holds: bool = False

    @property
    def change(self) -> str:
        """What becomes what, without what both sides share but for a few characters, on one line."""
        before, after = " ".join(self.before.split()), " ".join(self.after.split())
        head = _shared(before, after)
        tail = _shared(before[head:][::-1], after[head:][::-1])
        head, tail = max(0, head - 30), max(0, tail - 20)
        cut = [
            ("…" if head else "") + each[head : len(each) - tail] + ("…" if tail else "") for each in (before, after)
        ]
        return " → ".join(each if len(each) <= 120 else each[:80] + " … " + each[-40:] for each in cut)

    def of(self, source: str) -> str:
        """The text of the file with the change."""
        return source[: self.start] + self.after + source[self.end :]


def _shared(one: str, other: str) -> int:
    """How many characters two texts begin with alike."""
    return next((i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))


def forced(node: cst.If) -> Iterator[cst.If]:
    """A condition that never holds, and one that always does."""
    test = node.test.with_changes(lpar=[cst.LeftParen()], rpar=[cst.RightParen()])
    for operator, literal in ((cst.And(), "False"), (cst.Or(), "True")):
        yield node.with_changes(test=cst.BooleanOperation(left=test, operator=operator, right=cst.Name(literal)))


def keywords_dropped(node: cst.Call) -> Iterator[cst.Call]:
    """Mutmut's removal of arguments, where the rest is still a call: a keyword's, or one of several of min and max."""
    several = isinstance(node.func, cst.Name) and node.func.value in {"min", "max"} and len(node.args) > 1
    for shorter in mutators.operator_arg_removal(node):
        if len(shorter.args) == len(node.args):
            continue
        gone = next(each for each in node.args if all(each is not kept for kept in shorter.args))
        named = gone.keyword is not None and gone.keyword.value not in WORDS | ASSERTED
        if named or (several and gone.keyword is None):
            yield shorter


# mutmut's operators by the type of node. Left out: None for a value or an argument, which raises where it is used and
# which the type checker refuses; names of arguments of dict.
OPERATORS: Final[Sequence[tuple[type[cst.CSTNode], str, Callable[[Any], Iterable[cst.CSTNode]]]]] = (
    (cst.BaseNumber, "number", mutators.operator_number),
    (cst.Name, "name", mutators.operator_name),
    (cst.AugAssign, "augmented", mutators.operator_augmented_assignment),
    (cst.UnaryOperation, "unary", mutators.operator_remove_unary_ops),
    (cst.Call, "argument", keywords_dropped),
    (cst.Call, "method", mutators.operator_symmetric_string_methods_swap),
    (cst.Lambda, "lambda", mutators.operator_lambda),
    (cst.CSTNode, "keyword", mutators.operator_keywords),
    (cst.CSTNode, "operator", mutators.operator_swap_op),
    (cst.Match, "match", mutators.operator_match),
    (cst.IfExp, "choice", mutators.operator_if_exp),
    (cst.If, "guard", forced),
)


class Finder(cst.CSTVisitor):
    """Gathers the mutants of a file; leaves out annotations, messages, assertions, decorators and what is Final."""

    METADATA_DEPENDENCIES = (PositionProvider,)

    def __init__(self, file: str, source: str) -> None:
        super().__init__()
        self.file, self.source = file, source
        self.starts = [0, *(i + 1 for i, each in enumerate(source) if each == "\n")]
        self.scope: list[str] = []
        self.statements: list[cst.CSTNode] = []
        self.found: list[Mutant] = []
        self.seen: collections.Counter[tuple[str, ...]] = collections.Counter()
        self.strings: set[int] = set()

    def on_visit(self, node: cst.CSTNode) -> bool:
        # First what on_leave takes back, which is called whatever comes out here.
        if isinstance(node, (cst.FunctionDef, cst.ClassDef)):
            self.scope.append(node.name.value)
        if isinstance(node, (cst.BaseSmallStatement, cst.BaseCompoundStatement)):
            self.statements.append(node)
        if isinstance(node, (cst.Annotation, cst.FormattedString, cst.Raise, cst.Assert, cst.Decorator)):
            return False
        if isinstance(node, (cst.Import, cst.ImportFrom, cst.TypeAlias)):
            return False
        if isinstance(node, cst.AnnAssign) and "Final" in self.text(node.annotation.annotation):
            return isinstance(node.value, cst.Dict)  # A table is looked into; any other constant is a choice.
        if isinstance(node, cst.Arg) and node.keyword is not None and node.keyword.value in WORDS | ASSERTED:
            return False
        if isinstance(node, cst.FunctionDef) and node.name.value.strip("_").endswith(("repr", "str", "text", "words")):
            return False  # It writes what a reader is told.
        # A string that is looked up or compared; any other is a text.
        if isinstance(node, (cst.Index, cst.ComparisonTarget, cst.DictElement, cst.Comparison, cst.MatchValue)):
            inside = {
                cst.Index: lambda: [node.value],
                cst.ComparisonTarget: lambda: [node.comparator],
                cst.DictElement: lambda: [node.key],
                cst.Comparison: lambda: [node.left],
                cst.MatchValue: lambda: [node.value],
            }[type(node)]()
            for each in inside:
                several = each.elements if isinstance(each, (cst.Set, cst.Tuple, cst.List)) else ()
                self.strings.update(map(id, [each, *(one.value for one in several)]))
        self.mutate(node)
        return True

    def on_leave(self, original_node: cst.CSTNode) -> None:
        if isinstance(original_node, (cst.FunctionDef, cst.ClassDef)):
            self.scope.pop()
        if isinstance(original_node, (cst.BaseSmallStatement, cst.BaseCompoundStatement)):
            self.statements.pop()

    def text(self, node: cst.CSTNode) -> str:
        return cst.Module([]).code_for_node(node)

    def mutate(self, node: cst.CSTNode) -> None:
        for kind, name, operator in OPERATORS:
            if isinstance(node, kind):
                for changed in operator(node):
                    self.add(node, name, changed)
        if isinstance(node, cst.SimpleString) and id(node) in self.strings:
            quoted = next(iter(mutators.operator_string(node)), None)
            if quoted is not None:
                self.add(node, "string", quoted)
        if isinstance(node, cst.Expr) and isinstance(node.value, (cst.Call, cst.Await)):
            self.add(node, "call", cst.Pass())

    def add(self, node: cst.CSTNode, operator: str, changed: cst.CSTNode) -> None:
        place = self.get_metadata(PositionProvider, node)
        start, end = (self.starts[each.line - 1] + each.column for each in (place.start, place.end))
        before, after = self.source[start:end], self.text(changed)
        body = 0
        if isinstance(node, cst.If):  # The condition alone, not the whole branch.
            body = self.get_metadata(PositionProvider, node.body.body[0]).start.line
            inner = self.get_metadata(PositionProvider, node.test)
            start, end = (self.starts[each.line - 1] + each.column for each in (inner.start, inner.end))
            place, before, after = inner, self.source[start:end], self.text(changed.test)  # pyright: ignore
        elif isinstance(node, (cst.Break, cst.Continue, cst.Is, cst.IsNot, cst.In, cst.NotIn)):
            after = after.strip()
        around = self.statements[-1] if self.statements else node
        if isinstance(around, (cst.BaseCompoundStatement,)):
            around = node
        span = self.get_metadata(PositionProvider, around)
        # The same change twice in one function is told apart by its number.
        same = (self.file, ".".join(self.scope), operator, before, after)
        self.seen[same] += 1
        key = hashlib.sha256(json.dumps([*same, self.seen[same]]).encode()).hexdigest()[:10]
        self.found.append(
            Mutant(
                key=key,
                file=self.file,
                scope=".".join(self.scope),
                operator=operator,
                line=place.start.line,
                last=place.end.line,
                statement=(span.start.line, span.end.line),
                start=start,
                end=end,
                before=before,
                after=after,
                body=body,
                holds=body > 0 and after.endswith("True"),
            )
        )


def mutants(file: str, source: str) -> list[Mutant]:
    """All mutants of a file, in the order of their places; file names it in keys and messages."""
    finder = Finder(file, source)
    MetadataWrapper(cst.parse_module(source)).visit(finder)
    return finder.found


def files() -> list[str]:
    """The files that are mutated, relative to the root."""
    found = (path.relative_to(ROOT).as_posix() for folder in FOLDERS for path in sorted((ROOT / folder).glob("*.py")))
    return [each for each in found if each not in LEFT_OUT]


def sample(found: dict[str, list[Mutant]], count: int, seed: int) -> list[Mutant]:
    """So many mutants, of each file in proportion to what it has, at least one; the same ones for the same seed."""
    total = sum(map(len, found.values()))
    drawn: list[Mutant] = []
    for those in found.values():
        # Each by a number of its own, so that a mutant more or less leaves the rest of the sample as it was.
        shuffled = sorted(those, key=lambda each: hashlib.sha256(f"{seed} {each.key}".encode()).digest())
        drawn += shuffled[: max(1, round(count * len(those) / total))]
    return drawn


# Which tests execute which lines ______________________________________________________________________________________


class Tracer:
    """A plugin of pytest that writes down, for each test, how long it took and which lines of ours it executed."""

    def __init__(self, out: Path) -> None:
        import coverage

        self.coverage = coverage.Coverage(
            data_file=None,
            include=[str(ROOT / each / "*") for each in FOLDERS],
            config_file=False,
            messages=False,
            branch=True,
        )
        self.coverage.start()
        self.out, self.passed = out.open("a", encoding="utf-8"), True

    def write(self, test: str, seconds: float) -> None:
        data = self.coverage.get_data()
        data.set_query_context(test)
        lines = {
            Path(each).relative_to(ROOT).as_posix(): sorted(data.lines(each) or []) for each in data.measured_files()
        }
        lines = {file: those for file, those in lines.items() if those}
        of = {file: keep(file) for file in lines}
        took = {file: branches(file, data.arcs(str(ROOT / file)) or ()) for file in lines}
        said = {"test": test, "seconds": round(seconds, 3), "passed": self.passed, "lines": lines, "of": of}
        said |= {"held": {file: a for file, (a, _) in took.items()}, "not": {file: b for file, (_, b) in took.items()}}
        print(json.dumps(said), file=self.out, flush=True)

    def pytest_collection_finish(self) -> None:
        self.write("", 0.0)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self.passed &= report.outcome != "failed" and not (report.when == "call" and report.outcome == "skipped")

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        self.coverage.switch_context(item.nodeid)
        self.passed, start = True, time.perf_counter()
        try:
            return (yield)
        finally:
            self.write(item.nodeid, time.perf_counter() - start)


@functools.cache
def conditions(file: str) -> list[tuple[int, int, int, int]]:
    """Of each `if` of a file: its line, the first and the last line of its condition, the line where it holds."""
    tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
    return [
        (each.lineno, each.test.lineno, each.test.end_lineno or each.test.lineno, each.body[0].lineno)
        for each in ast.walk(tree)
        if isinstance(each, ast.If)
    ]


def branches(file: str, arcs: Iterable[tuple[int, int]]) -> tuple[list[int], list[int]]:
    """The lines of conditions that held, and of those that did not, given which line came after which."""
    after: dict[int, set[int]] = {}
    for one, other in arcs:
        after.setdefault(one, set()).add(other)
    held: list[int] = []
    failed: list[int] = []
    for start, line, last, body in conditions(file):
        inside = range(start, last + 1)
        # A negative number is the end of the function that begins there; one inside is that of a generator.
        came = {each for at in inside for each in after.get(at, ()) if abs(each) not in inside}
        same_line = body in inside and any(at in after for at in inside)
        held += [line] * (body in came or same_line)
        failed += [line] * (bool(came - {body}) or same_line)
    return held, failed


@functools.cache
def keep(file: str) -> str:
    """Keep the text of a file as it is now, since the lines of a trace are those of then; the name it is kept under."""
    source = (ROOT / file).read_bytes()
    name = hashlib.sha256(source).hexdigest()[:12]
    place = BUILD / "sources" / name
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(source)
    return name


@functools.cache
def moved(file: str, name: str) -> dict[int, int]:
    """Where the lines of a kept text are in the file now, for those that are unchanged; none where it is gone."""
    if not (ROOT / file).is_file():
        return {}
    then = (BUILD / "sources" / name).read_text(encoding="utf-8").splitlines()
    now = (ROOT / file).read_text(encoding="utf-8").splitlines()
    blocks = difflib.SequenceMatcher(None, then, now, autojunk=False).get_matching_blocks()
    return {each.a + i + 1: each.b + i + 1 for each in blocks for i in range(each.size)}


@dataclass(frozen=True, kw_only=True)
class Traces:
    """What the tests execute.

    Attributes:
        seconds: how long each test took.
        at: of each file and line, the tests that execute it.
        in_file: of each file, the tests that execute anything in it after it is imported.
        imported: files and lines that are executed where they are imported.
        importing: of each file, tests during which it was imported, as far as one of them was traced in a new process.
        took: of each file, line of a condition and truth value, the tests in which it has that value at least once.
        noticed: of each file and scope, how often which test function noticed a mutant there.
    """

    seconds: dict[str, float]
    at: dict[tuple[str, int], set[str]] = field(default_factory=dict[tuple[str, int], set[str]])
    in_file: dict[str, set[str]] = field(default_factory=dict[str, set[str]])
    imported: set[tuple[str, int]] = field(default_factory=set[tuple[str, int]])
    importing: dict[str, set[str]] = field(default_factory=dict[str, set[str]])
    took: dict[tuple[str, int, bool], set[str]] = field(default_factory=dict[tuple[str, int, bool], set[str]])
    noticed: dict[tuple[str, str], collections.Counter[str]] = field(
        default_factory=dict[tuple[str, str], collections.Counter[str]]
    )

    def learn(self, file: str, scope: str, by: str) -> None:
        """A test noticed a mutant: it goes first with others of that scope."""
        self.noticed.setdefault((file, scope), collections.Counter())[by] += 1

    @classmethod
    def read(cls, texts: Sequence[str] = ("",)) -> "Traces":
        """Read what --trace wrote of tests with one of the texts in their ids; the last word of each test counts."""
        place = BUILD / "trace.jsonl"
        if not place.is_file():
            raise SystemExit(f"no {place.relative_to(ROOT)}: run `python benchmarks/mutants.py --trace` first")
        with place.open(encoding="utf-8") as lines:
            found = [json.loads(each) for each in lines]
        last = {each["test"]: each for each in found if each["test"] and any(text in each["test"] for text in texts)}
        traces = cls(seconds={test: each["seconds"] for test, each in last.items() if each["passed"]})
        for test in traces.seconds:
            for file, those in last[test]["lines"].items():
                if not (ROOT / file).is_file():
                    continue
                traces.in_file.setdefault(file, set()).add(test)
                where = moved(file, last[test]["of"][file])
                if 1 in those:
                    traces.importing.setdefault(file, set()).add(test)
                for line in those:
                    if line in where:
                        traces.at.setdefault((file, where[line]), set()).add(test)
                for held in (True, False):
                    for line in last[test]["held" if held else "not"][file]:
                        if line in where:
                            traces.took.setdefault((file, where[line], held), set()).add(test)
        for each in found:
            for file, those in each["lines"].items() if not each["test"] else ():
                traces.imported.update((file, moved(file, each["of"][file]).get(line, 0)) for line in those)
        return traces

    def between(self, file: str, first: int, last: int) -> set[str]:
        """The tests that execute one of some lines."""
        return set[str]().union(*(self.at.get((file, each), ()) for each in range(first, last + 1)))

    def only_imported(self, mutant: Mutant) -> bool:
        """Whether what is changed runs where the module is imported, and no test runs it in a function later on."""
        if not any((mutant.file, each) in self.imported for each in range(mutant.line, mutant.last + 1)):
            return False
        later = self.between(mutant.file, mutant.line, mutant.last) or self.between(mutant.file, *mutant.statement)
        return not (mutant.scope and later - self.importing.get(mutant.file, set()))

    def of(self, mutant: Mutant) -> list[str]:
        """The tests that may notice a mutant, those first that are likely to be quick about it."""
        # In a table that is made when the module is imported, a test that executes the line runs what stands there.
        within = self.between(mutant.file, mutant.line, mutant.last)
        reaching = within or self.between(mutant.file, *mutant.statement)
        if self.only_imported(mutant):
            # A table that is made when the module is imported, or what makes it: whoever looks into it may notice.
            about = f"tests/test_{Path(mutant.file).stem}.py"
            mine = {test for test in self.seconds if test.startswith(about)}
            reaching = reaching | mine | self.in_file.get(mutant.file, set())
        elif mutant.body:  # Where a condition has the value that it is forced to, nothing is changed.
            reaching = within = self.took.get((mutant.file, mutant.line, not mutant.holds), set())
        # First the five that noticed most in this scope. Then quick ones before slow ones, those of the module's own
        # file first; of others one of each function, as what is parametrised tries one thing many times, and then what
        # imports the module.
        known = self.noticed.get((mutant.file, mutant.scope), collections.Counter[str]())
        best = {test for test, _ in known.most_common(5) if self.seconds.get(test, 5.0) < 4}
        module = mutant.file.removesuffix(".py").replace("/", ".")
        own = f"tests/test_{Path(mutant.file).stem}.py::"
        turn: collections.Counter[str] = collections.Counter()
        ranked: list[tuple[Any, ...]] = []
        for test in sorted(reaching, key=lambda each: (self.seconds[each], each)):
            function, _, _ = test.partition("[")
            late = 0 if not turn[function] else 1 if module in imports(test.partition("::")[0]) else 2
            first = bool(within) and test not in within, self.seconds[test] > 4, not test.startswith(own)
            ranked.append((test not in best, *first, late, turn[function], self.seconds[test], test))
            turn[function] += 1
        return [test for *_, test in sorted(ranked)]


@functools.cache
def imports(tests: str) -> str:
    """The lines of a file of tests in which it imports something."""
    lines = (ROOT / tests).read_text(encoding="utf-8").splitlines()
    return "\n".join(each for each in lines if each.startswith(("from ", "import ")))


def trace(tests: Sequence[str]) -> int:
    """Run tests once, all where none are named, and write down what they execute; the status of pytest."""
    BUILD.mkdir(parents=True, exist_ok=True)
    out = BUILD / "trace.jsonl"
    if not tests:
        out.unlink(missing_ok=True)
    chosen = tests or [f"--ignore={each}" for each in NOT_TRACED]
    sys.path.insert(0, str(ROOT))
    os.chdir(ROOT)
    return int(pytest.main(["-q", "-p", "no:cacheprovider", *chosen], plugins=[Tracer(out)]))


# One mutant ___________________________________________________________________________________________________________


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What became of a mutant.

    Attributes:
        state: "killed", "timeout" (a test hung), "survived" or "unreached" (no test executes the line, or none in which
            a condition has another value than the one that it is forced to).
        by: the test that noticed, "import" where the module or a test file could not be imported.
        ran: how many tests ran.
        of: how many execute the line.
        seconds: how long it took.
        text: which text that test had, see `text_of`; "" where it is none.
    """

    state: str
    by: str = ""
    ran: int = 0
    of: int = 0
    seconds: float = 0.0
    text: str = ""


class Swap(importlib.machinery.SourceFileLoader):
    """Loads one module from a given text; a finder of modules too, which knows that one alone."""

    def __init__(self, module: str, path: Path, source: str) -> None:
        super().__init__(module, str(path))
        self.source = source

    def find_spec(self, name: str, path: object = None, target: object = None) -> importlib.machinery.ModuleSpec | None:
        if name != self.name:
            return None
        return importlib.util.spec_from_file_location(name, self.path, loader=self)

    def get_code(self, fullname: str) -> Any:
        return compile(self.source, self.path, "exec", dont_inherit=True)


class Chosen:
    """A plugin of pytest that runs the given tests in the given order and tells what happens, a line each."""

    def __init__(self, tests: Sequence[str], say: Callable[[str], None]) -> None:
        self.order = {test: i for i, test in enumerate(tests)}
        self.say = say

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        items[:] = sorted(
            (each for each in items if each.nodeid in self.order), key=lambda each: self.order[each.nodeid]
        )

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        self.say(f"start {nodeid}")

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.outcome == "failed":
            self.say(f"failed {report.nodeid}")


def warm() -> None:
    """Import what tests need, so that no child has to; of ours nothing stays, and JAX has no backend yet."""
    sys.path.insert(0, str(ROOT))
    for name in ("mpmath", "sympy", "yaml", "markdown_it", "zarr", "xarray", "optax", "sklearn.datasets"):
        with contextlib.suppress(ImportError):
            importlib.import_module(name)
    for folder in ("verify", *(each.replace("/", ".") for each in FOLDERS)):
        package = importlib.import_module(folder)
        for each in pkgutil.iter_modules(package.__path__):
            if not each.name.startswith("__"):
                importlib.import_module(f"{folder}.{each.name}")
    for name in [each for each in sys.modules if each.partition(".")[0] == "verify"]:
        del sys.modules[name]


def child(swap: Swap | None, tests: Sequence[str], out: int) -> None:
    """In a forked process: put the mutant in place, run the tests until one fails, tell it and end."""
    os.setsid()
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    nothing = os.open(os.devnull, os.O_RDWR)
    for each in (0, 1, 2):
        os.dup2(nothing, each)

    def say(text: str) -> None:
        os.write(out, (text + "\n").encode())
        if text.startswith("failed"):
            os._exit(0)  # What the rest of the tests would say does not matter.

    if swap is not None:
        sys.meta_path.insert(0, swap)
    options = ["-x", "-q", "-p", "no:cacheprovider", "--assert=plain", "--rootdir", str(ROOT)]
    # To read all files of tests takes longer than most mutants live.
    for those in (tests[:SOON], tests[SOON:]):
        where = list(dict.fromkeys(each.partition("::")[0] for each in those))
        status = 3
        with contextlib.suppress(BaseException):
            status = int(pytest.main([*options, *where], plugins=[Chosen(those, say)])) if those else 0
        if status not in (0, 5):
            say("failed import")
    say("done")
    os._exit(0)


def attempt(swap: Swap | None, tests: Sequence[str], seconds: dict[str, float], limit: float) -> Outcome:
    """Fork a process that runs tests against a mutant, and watch it.

    Args:
        swap: the mutant, None for the unchanged module.
        tests: ids of tests, first ones first.
        seconds: how long each takes where nothing is changed.
        limit: seconds after which no further test is waited for.
    """
    inlet, outlet = os.pipe()
    began = time.monotonic()
    process = os.fork()
    if process == 0:
        try:
            os.close(inlet)
            child(swap, tests, outlet)
        finally:
            os._exit(1)
    os.close(outlet)
    ran, current, test_began, rest = 0, "", began, b""
    outcome: dict[str, Any] = {}
    while not outcome:
        now = time.monotonic()
        patience = max(PATIENCE, 10 * seconds.get(current, 0.0))
        wait = min(test_began + patience, began + limit + patience) - now
        ready = select.select([inlet], [], [], max(0.0, wait))[0] if wait > 0 else []
        if not ready:
            outcome = {"state": "timeout", "by": current or "import"}
            break
        got = os.read(inlet, 65536)
        if not got:  # It died: out of memory, or killed by the C library.
            outcome = {"state": "killed", "by": current or "import"}
        *lines, rest = (rest + got).split(b"\n")
        for line in lines:
            word, _, test = line.decode().partition(" ")
            if word == "failed":
                outcome = {"state": "killed", "by": test}
                break
            if word == "done" or (time.monotonic() - began > limit and ran > 0):
                outcome = {"state": "survived"}
                break
            current, ran, test_began = test, ran + 1, time.monotonic()
    with contextlib.suppress(ProcessLookupError):
        os.kill(process, signal.SIGKILL)
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process, signal.SIGKILL)
    os.waitpid(process, 0)
    os.close(inlet)
    took = round(time.monotonic() - began, 1)
    return Outcome(**outcome, ran=ran, of=len(tests), seconds=took, text=text_of(outcome.get("by", "")))


class Warm:
    """A process that is kept for many mutants, see `in_place`.

    Args:
        tests: the tests that it may be asked to run.
    """

    def __init__(self, tests: Iterable[str]) -> None:
        self.files = sorted({each.partition("::")[0] for each in tests})
        self.process, self.asked = 0, 0
        self.rest: list[str] = []
        self.unfit: set[str] = set()

    def start(self) -> None:
        """Fork it, and wait until it has collected the tests."""
        inlet, self.outlet = os.pipe()
        self.inlet, outlet = os.pipe()
        self.process, self.asked, self.rest = os.fork(), 0, [""]
        if self.process == 0:
            try:
                os.close(self.outlet)
                os.close(self.inlet)
                os.setsid()
                resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
                resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
                requests = (
                    (Path(path), text, tests, limit) for path, text, tests, limit in map(json.loads, os.fdopen(inlet))
                )

                def say(text: str) -> None:
                    os.write(outlet, (text + "\n").encode())

                in_place.serve(ROOT, self.files, in_place.Served(requests, say, FORGETTING, PURE))
            finally:
                os._exit(1)
        os.close(inlet)
        os.close(outlet)
        said = self.line(COLLECTED)
        if said != "ready":
            raise SystemExit(f"the tests could not be collected in {COLLECTED} s: it said {said!r}")

    def stop(self) -> None:
        """End it, whatever it does."""
        if self.process:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.process, signal.SIGKILL)
            os.waitpid(self.process, 0)
            os.close(self.inlet)
            os.close(self.outlet)
            self.process = 0

    def line(self, seconds: float) -> str:
        """What it says next; "" where it has died, or says nothing for so long."""
        until = time.monotonic() + seconds
        while len(self.rest) < 2:
            wait = until - time.monotonic()
            got = os.read(self.inlet, 65536) if wait > 0 and select.select([self.inlet], [], [], wait)[0] else b""
            if not got:
                return ""
            *lines, last = (self.rest[0] + got.decode()).split("\n")
            self.rest = [*lines, last]
        return self.rest.pop(0)

    def attempt(self, mutant: Mutant, tests: Sequence[str], seconds: dict[str, float], limit: float) -> Outcome | None:
        """Run tests against a mutant; None where it has to be tried in a process of its own.

        A mutant that stops a test from ending, or that leaves behind what fails without it, is one of these.
        """
        began = time.monotonic()
        if self.process == 0 or self.asked >= KEPT:
            self.stop()
            self.start()
        self.asked += 1
        path = ROOT / mutant.file
        tests = [each for each in tests if each not in self.unfit]
        request = json.dumps([str(path), mutant.of(path.read_text(encoding="utf-8")), tests, limit])
        os.write(self.outlet, (request + "\n").encode())
        ran, current, by = 0, "", ""
        while True:
            said, _, test = self.line(max(PATIENCE, 10 * seconds.get(current, 0.0))).partition(" ")
            if said == "start":
                ran, current = ran + 1, test
            elif said == "failed":
                by = test
            elif said == "poisoned":
                self.unfit.add(by)
                self.stop()
                return None
            elif said == "done":
                break
            elif said != "sound":  # "apart", or nothing
                if said == "apart":
                    self.line(PATIENCE)
                else:
                    self.stop()
                return None
        took = round(time.monotonic() - began, 1)
        state = "killed" if by else "survived"
        return Outcome(state=state, by=by, ran=ran, of=len(tests), seconds=took, text=text_of(by))


def look(mutant: Mutant, traces: Traces, limit: float, kept: Warm | None = None) -> Outcome:
    """Run the tests that may notice a mutant, in a process that is kept where there is one and it can."""
    tests = traces.of(mutant)
    if not tests:
        return Outcome(state="unreached")
    if mutant.scope and traces.only_imported(mutant):
        kept = None  # A function that ran before it is changed has left what it made.
    outcome = kept.attempt(mutant, tests, traces.seconds, limit) if kept else None
    if kept and outcome and outcome.state == "survived":
        unfit = [each for each in tests if each in kept.unfit]
        if unfit:
            apart = attempt(swapped(mutant), unfit, traces.seconds, limit)
            return replace(apart, ran=outcome.ran + apart.ran, of=len(tests))
    return outcome or attempt(swapped(mutant), tests, traces.seconds, limit)


def swapped(mutant: Mutant) -> Swap:
    """What loads the mutant in place of its module."""
    path = ROOT / mutant.file
    module = mutant.file.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
    return Swap(module, path, mutant.of(path.read_text(encoding="utf-8")))


def text_of(test: str) -> str:
    """The name of the text that a test has now, with all of its file but the other tests; "" where there is none."""
    file, _, name = test.partition("::")
    path = ROOT / file
    if not path.is_file():
        return ""
    shared, own = _texts(path.read_text(encoding="utf-8"))
    return hashlib.sha256((shared + own.get(name.partition("[")[0], "")).encode()).hexdigest()[:12]


@functools.lru_cache(maxsize=256)
def _texts(source: str) -> tuple[str, dict[str, str]]:
    """What a file of tests holds beside its tests, and the text of each of these."""
    lines = source.splitlines(keepends=True)
    own: dict[str, str] = {}
    for node in reversed(ast.parse(source).body):
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test"):
            part = slice(min(each.lineno for each in (node, *node.decorator_list)) - 1, node.end_lineno)
            own[node.name] = "".join(lines[part])
            del lines[part]
    return "".join(each for each in lines if each.strip()), own


def rechecked(mutant: Mutant, before: dict[str, Any], limit: float) -> Outcome:
    """Run the test that noticed a mutant against it once more; "survived" where it no longer does, or is gone."""
    outcome = attempt(swapped(mutant), [before["by"]], {before["by"]: before["seconds"]}, limit)
    few = {name: before[name] for name in ("ran", "of", "seconds")}
    return replace(outcome, **few) if outcome.state == "killed" else replace(outcome, state="survived", by="", text="")


# The record and the page ______________________________________________________________________________________________


def recorded(place: Path = RECORD) -> dict[str, dict[str, Any]]:
    """What was looked at, by key; the last word on each counts."""
    if not place.is_file():
        return {}
    with place.open(encoding="utf-8") as lines:
        return {each["key"]: each for each in map(json.loads, lines)}


def write_record(looked: dict[str, dict[str, Any]], found: dict[str, list[Mutant]], place: Path = RECORD) -> None:
    """Write the record anew, in the order of places, without mutants that are no more."""
    kept: list[str] = []
    for mutant in (each for those in found.values() for each in those):
        if mutant.key in looked:
            kept.append(json.dumps(looked[mutant.key] | said(mutant), ensure_ascii=False) + "\n")
    place.write_text("".join(kept), encoding="utf-8")


def said(mutant: Mutant) -> dict[str, Any]:
    """What the record says of a mutant itself."""
    few = ("key", "file", "scope", "operator", "line")
    return {name: getattr(mutant, name) for name in few} | {"change": mutant.change}


def by_hand(name: str, otherwise: Any) -> Any:
    """A table of benchmarks/mutants.toml, or another value where there is none."""
    if not REASONS.is_file():
        return otherwise
    with REASONS.open("rb") as text:
        return tomllib.load(text).get(name, otherwise)


def reasons() -> dict[str, dict[str, str]]:
    """Why mutants need not be noticed, by key: kind and why."""
    given = by_hand("mutants", [])
    for each in given:
        if each["kind"] not in KINDS:
            name = REASONS.relative_to(ROOT)
            raise SystemExit(f"{name}: kind {each['kind']!r} is unknown: expected one of {', '.join(KINDS)}")
    return {key: each for each in given for key in each["keys"]}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--trace", nargs="*", metavar="TESTS", help="write down which lines tests execute")
    parser.add_argument("--sample", type=int, metavar="COUNT", help="so many mutants, over all files")
    parser.add_argument("--scopes", action="store_true", help="one of each function of which none was looked at")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--part", default="0/1", metavar="K/N", help="every N-th mutant, from the K-th")
    parser.add_argument("--file", default="", metavar="TEXT", help="files with this in their name")
    parser.add_argument("--operator", default="", metavar="NAMES", help="operators, with commas between")
    parser.add_argument("--key", default="", metavar="KEYS", help="these mutants, with commas between")
    parser.add_argument("--again", action="store_true", help="those that no test noticed, without a reason")
    parser.add_argument("--recheck", action="store_true", help="those noticed by a test that changed since")
    parser.add_argument("--tests", default="", metavar="TEXTS", help="only tests with one of these in their ids")
    parser.add_argument("--seconds", type=float, default=SECONDS, metavar="LIMIT", help="of tests for one mutant")
    parser.add_argument("--warm", action="store_true", help="many mutants in one process")
    parser.add_argument("--until", metavar="HH:MM", help="begin no further mutant after this time of day")
    parser.add_argument("--control", action="store_true", help="run the tests that noticed something, unchanged")
    parser.add_argument("--list", action="store_true", help="print the mutants and stop")
    parser.add_argument("--docs", action="store_true", help="write docs/mutants.md and stop")
    options = parser.parse_args()
    if options.trace is not None:
        return trace(options.trace)
    # Keys do not depend on which files are asked for, so that shares and samples are the same.
    found = {file: mutants(file, (ROOT / file).read_text(encoding="utf-8")) for file in files()}
    looked = recorded()
    if options.docs:
        write_record(looked, found)
        looked, known = recorded(), reasons()
        PAGE.write_text(page(found, looked, known, by_hand("draw", {})), encoding="utf-8")
        alive = {key for key, each in looked.items() if each["state"] in ALIVE}
        for key in known:
            if key not in alive:
                print(f"{REASONS.relative_to(ROOT)}: no mutant {key} that no test notices: take its reason out")
        return 0 if known.keys() <= alive else 1
    chosen = [each for those in found.values() for each in those]
    if options.sample:
        chosen = sample(found, options.sample, options.seed)
    if options.scopes:
        seen = {(each["file"], each["scope"]) for each in looked.values()}
        # The last one of each that the dictionary is given stays: the first in the order of a sample.
        drawn = reversed(sample(found, sum(map(len, found.values())), options.seed))
        chosen = [
            each for place, each in {(each.file, each.scope): each for each in drawn}.items() if place not in seen
        ]
    part, parts = map(int, options.part.split("/"))
    chosen = [each for each in chosen if options.file in each.file][part::parts]
    if options.operator:
        chosen = [each for each in chosen if each.operator in options.operator.split(",")]
    if options.key:
        chosen = [each for each in chosen if each.key in options.key.split(",")]
    if options.list:
        for each in chosen:
            print(f"{each.key} {each.file}:{each.line} {each.operator}: {each.change}")
        return 0
    if options.recheck:
        texts = options.tests.split(",")
        chosen = [each for each in chosen if stale(looked.get(each.key), texts)]
        random.Random(0).shuffle(chosen)
        warm()
        return record(chosen, lambda each: rechecked(each, looked[each.key], options.seconds), options.until)
    traces = Traces.read(options.tests.split(","))
    for each in looked.values():
        if each["state"] == "killed":
            traces.learn(each["file"], each["scope"], each["by"])
    sys.path.insert(0, str(ROOT))
    os.chdir(ROOT)
    warm()
    if options.control:
        return control(looked, traces)
    if options.again or options.key:
        known = reasons()
        alive = {key for key, each in looked.items() if each["state"] in ALIVE and key not in known}
        chosen = [each for each in chosen if options.key or each.key in alive]
    else:
        chosen = [each for each in chosen if each.key not in looked]
        random.Random(0).shuffle(chosen)  # Stopped early, it has seen something of everything.

    kept = Warm(traces.seconds) if options.warm else None

    def noticed(mutant: Mutant) -> Outcome:
        outcome = look(mutant, traces, options.seconds, kept)
        if outcome.state == "killed":
            traces.learn(mutant.file, mutant.scope, outcome.by)
        return outcome

    return record(chosen, noticed, options.until)


def stale(before: dict[str, Any] | None, texts: Sequence[str]) -> bool:
    """Whether a mutant was noticed by a test, with one of the texts in its id, that has another text by now."""
    if before is None or before["state"] != "killed" or not any(each in before["by"] for each in texts):
        return False
    return before["by"] != "import" and before.get("text", "") != text_of(before["by"])


def record(chosen: Sequence[Mutant], judged: Callable[[Mutant], Outcome], until: str | None) -> int:
    """Judge mutants one after the other, until a time of day where one is given, and write down each outcome."""
    RECORD.parent.mkdir(parents=True, exist_ok=True)
    for number, mutant in enumerate(chosen):
        if until and time.strftime("%H:%M") >= until:
            break
        outcome = judged(mutant)
        with RECORD.open("a", encoding="utf-8") as lines:
            print(json.dumps(said(mutant) | asdict(outcome), ensure_ascii=False), file=lines)
        print(
            f"{number + 1}/{len(chosen)} {outcome.state} {outcome.seconds} s {outcome.ran}/{outcome.of} "
            f"{mutant.key} {mutant.file}:{mutant.line} {mutant.change}",
            flush=True,
        )
    return 0


def control(looked: dict[str, dict[str, Any]], traces: Traces) -> int:
    """Run the tests that noticed something against the unchanged modules, each: 1 where one of them fails too."""
    noticing = sorted({each["by"] for each in looked.values() if each["state"] == "killed"} & set(traces.seconds))
    failed: list[str] = []
    for file in sorted({each.partition("::")[0] for each in noticing}):
        those = [each for each in noticing if each.startswith(f"{file}::")]
        while those:
            outcome = attempt(None, those, traces.seconds, 3600.0)
            if outcome.state == "survived":
                break
            failed.append(outcome.by)
            those = those[those.index(outcome.by) + 1 :] if outcome.by in those else []
    for each in failed:
        print(f"fails unchanged: {each}")
    print(f"{len(noticing)} tests, {len(failed)} fail unchanged")
    return 1 if failed else 0


HEAD: Final = """\
# Mutants of our own code

Who checks the checker? A mutant is one module of `readings/` or `engines/` with one small change: `<` for `<=`, a
condition that always holds, a number that is one more. The tests that execute the changed line are run against it. A
mutant that none of them notices stands for a mistake that could be made tomorrow without a test failing: it gets a
test, or a reason why it is none.

Of {mutants} mutants {looked} were looked at. {killed} were noticed by a test that failed, {timeout} by one that did not
end. {explained} were noticed by none, with a reason that is below; left without one: {unexplained}.

{share}

What it is good for: to ask of each survivor which false claim it would let through, and to write that claim down as a
test. Again and again the code itself let one through, too; what was found stands under *Fixed* in the
[changelog](../CHANGELOG.md).
"""
SHARE: Final = """\
Where somebody could drop a check, by a condition of an `if` that never holds or always does, {checks} of {conditions}
mutants were looked at. In {whole} of {modules} modules all others were, too. In the rest a sample was, and some that
were thought to matter, so that their shares are not those of all."""
DRAWN: Final = """

What the rest may hold: when every mutant that was looked at had a test or a reason, {mutants} more were drawn (seed
{seed}). {noticed} of them were noticed at once; {missing} showed that a test was missing, which they have now; the
others have a reason."""
HOW: Final = """\
## How

`python -m nox -s mutants -- --trace` runs the tests once and writes down which lines each executes; `python -m nox -s
mutants -- --sample 600` looks at a sample, `-- --operator guard` at every condition of an `if`, and without either at
everything, which takes many hours. The changes are those of [mutmut](https://mutmut.readthedocs.io), which is used as
a library, and two of ours: an `if` that always or never holds, and a call left out whose value is not used. For each,
a process that has imported JAX is forked, imports the changed module, and runs the tests that execute the line until
one fails (of a forced `if` those in which the condition has its other value); beyond a time limit no further one is
begun. With `--warm` a process is kept for many mutants: the code of functions is changed while they are alive, what
our modules remember is forgotten, and a test that fails has to pass without the change at once, or the process is
given up and the mutant gets one of its own. It takes a quarter of the time. The record is
`benchmarks/results/mutants.jsonl`, the reasons are in `benchmarks/mutants.toml`. `--control` runs every test that
noticed something without a change, to see that it was the change; `--recheck` runs it against its mutant again where
the test has changed since, so that none is credited with what it no longer notices.

Which changes have a reason, and how many, stands beside it in `benchmarks/mutants.toml`, by key; the record says what
each changes, and where.

Left out are messages, functions that only word something, annotations, docstrings, assertions, decorators, constants
that are `Final` and no table (budgets and limits, which are choices), `readings/table.py`, which prints a page, and
None in place of a value or an argument, which raises wherever it is used and which the type checker refuses. Tests that
need a browser or another interpreter are not asked. A test that meets what another one has cached does not execute the
line where its lines are written down, so a mutant that only it would notice counts as not noticed.
"""
# What no test notices.
ALIVE: Final = frozenset({"survived", "unreached"})
KINDS: Final = {
    "equivalent": "nothing that can be seen changes",
    "weaker": "more is UNKNOWN, enclosed instead of proved, or slower; never is more claimed",
    "wording": "only what a reader is told changes",
}


def page(
    found: dict[str, list[Mutant]],
    looked: dict[str, dict[str, Any]],
    known: dict[str, dict[str, Any]],
    drawn: dict[str, int] | None = None,
) -> str:
    """docs/mutants.md: a table by module, every mutant that no test notices with its reason, and what is left out."""
    rows: list[str] = []
    total: collections.Counter[str] = collections.Counter()
    for file, those in found.items():
        count = collections.Counter[str](mutants=len(those))
        for mutant in those:
            if mutant.key in looked:
                count["looked"] += 1
                state = looked[mutant.key]["state"]
                alive = state in ALIVE
                count["explained" if alive and mutant.key in known else "unexplained" if alive else state] += 1
        total += count
        if not those:
            continue
        rows.append(_row(f"`{file.removeprefix('verify/')}`", count))
    groups: dict[int, tuple[dict[str, Any], list[Mutant]]] = {}
    rest: list[Mutant] = []
    for mutant in (each for those in found.values() for each in those):
        if looked.get(mutant.key, {}).get("state") in ALIVE:
            reason = known.get(mutant.key)
            if reason is None:
                rest.append(mutant)
            else:
                groups.setdefault(id(reason), (reason, []))[1].append(mutant)
    new = [
        f"`{file.removeprefix('verify/')}`"
        for file, those in found.items()
        if those and not looked.keys() & {each.key for each in those}
    ]
    conditions = [each.key for those in found.values() for each in those if each.operator == "guard"]
    total["conditions"], total["checks"] = len(conditions), len(looked.keys() & set(conditions))
    none = f"\nNewer than the sample, and not looked at yet: {', '.join(new)}." if new else ""
    counts = {**total, **{each: total[each] for each in ("checks", "timeout", "explained", "unexplained")}}
    whole = [each for each in found.values() if looked.keys() >= {one.key for one in each}]
    if len(whole) == len(found):
        share = "No mutant was left out."
    else:
        share = SHARE.format_map({**counts, "whole": len(whole), "modules": len(found)}) + none
        share += DRAWN.format_map(drawn) if drawn else ""
    lines = [
        *HEAD.format_map({**counts, "share": share}).splitlines(),
        "",
        "| module | mutants | looked at | noticed | did not end | with a reason | without one |",
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: |",
        *rows,
        _row("all", total),
        "",
        *HOW.splitlines(),
        "",
        "## Not noticed, and why",
        "",
    ]
    for kind, meaning in KINDS.items():
        those = [each for each in groups.values() if each[0]["kind"] == kind]
        if not those:
            continue
        lines += [f"### {kind.capitalize()}: {meaning}", ""]
        for reason, same in those:
            lines += textwrap.wrap(
                f"- {reason['why']}" + (f" ({len(same)})" if len(same) > 1 else ""),
                width=120,
                subsequent_indent="  ",
                break_long_words=False,
                break_on_hyphens=False,
            )
        lines.append("")
    lines += ["## Not noticed, and no reason yet", ""]
    if rest:
        lines += ["A look ends after a given time, so that some of these met only the first of their tests.", ""]
    lines += textwrap.wrap(_places(rest), width=120, break_long_words=False, break_on_hyphens=False) or ["None."]
    return "\n".join(lines) + "\n"


def _row(name: str, count: collections.Counter[str]) -> str:
    few = ("mutants", "looked", "killed", "timeout", "explained", "unexplained")
    return " | ".join([f"| {name}", *(str(count[each]) for each in few)]) + " |"


def _places(those: Sequence[Mutant]) -> str:
    """In which functions mutants are, with how many there where there are several, as Markdown."""
    count: collections.Counter[tuple[str, str]] = collections.Counter((each.file, each.scope) for each in those)
    texts: list[str] = []
    last = ""
    for (file, scope), times in count.items():
        name = file.removeprefix("verify/").removesuffix(".py")
        where = f"`{scope}`" if name == last and scope else f"`{name}: {scope}`" if scope else f"`{name}`"
        texts.append(where + (f" ({times})" if times > 1 else ""))
        last = name
    return ", ".join(texts)


if __name__ == "__main__":
    raise SystemExit(main())
