"""What the how-to pages show is what happens: their code runs, and their commands print what stands below them."""

import io
import re
import shlex
import sys
from collections.abc import Iterator
from contextlib import redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from verify import cli
from verify.primitives import RULES

pytestmark = pytest.mark.once

DOCS = Path(__file__).parents[1] / "docs"
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
# What a page would compute for minutes, and what a test computes instead.
SMALLER = {"10_000": "12"}
# Commands of others, and what needs several machines.
NOT_RUN = re.compile(r"python -m pip |srun |.* --distributed")


@dataclass(frozen=True)
class Block:
    """A fenced block of a page: its language and its text."""

    language: str
    text: str


def blocks(page: str) -> list[Block]:
    text = (DOCS / page).read_text(encoding="utf-8")
    for given, instead in SMALLER.items():
        text = text.replace(given, instead)
    return [Block(language, inside) for language, inside in BLOCK.findall(text)]


def pages() -> list[str]:
    """Pages that show code, or commands of ours."""
    return [
        path.name
        for path in sorted(DOCS.glob("*.md"))
        if any(each.language == "python" or "verify " in each.text for each in blocks(path.name) if each.language)
    ]


def follow(page: list[Block], capsys: pytest.CaptureFixture[str]) -> None:
    """Do what a page says, block by block; AssertionError where something else comes out."""
    said = ""
    names: dict[str, Any] = {}
    for block in page:
        title = re.match(r"# (\w+\.py)\n", block.text)
        if block.language == "python" and title:
            Path(title[1]).write_text(block.text, encoding="utf-8")
        elif block.language == "python":
            with redirect_stdout(io.StringIO()) as printed:
                exec(compile(block.text, "page", "exec"), names)
            said = printed.getvalue()
        elif block.language == "sh":
            said = "".join(carried_out(line, capsys) for line in block.text.splitlines())
        elif block.language == "text":
            place = 0
            for line in block.text.splitlines():
                found = said.find(line, place)
                assert found >= 0, f"the page promises {line!r}, found:\n{said[place:]}"
                place = found + len(line)


def carried_out(line: str, capsys: pytest.CaptureFixture[str]) -> str:
    if NOT_RUN.match(line):
        return ""
    words = shlex.split(line, comments=True)
    assert words[0] == "verify", f"a command that no test runs: {line}"
    expected = re.search(r"# exit status (\d)", line)
    rules = dict(RULES)
    status = cli.call(words[1:])
    RULES.clear()  # each command is a process of its own
    RULES.update(rules)
    out, err = capsys.readouterr()
    assert status == (int(expected[1]) if expected else 0), f"{line}\n{out}\n{err}"
    return out


@pytest.fixture(autouse=True)
def _apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """An empty folder whose files can be imported, and no rule or module that stays."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    rules, modules = dict(RULES), set(sys.modules)
    yield
    RULES.clear()
    RULES.update(rules)
    for name in set(sys.modules) - modules:
        if str(getattr(sys.modules[name], "__file__", None) or "").startswith(str(tmp_path)):
            del sys.modules[name]


@pytest.mark.parametrize("page", pages())
def test_a_page_does_what_it_says(page: str, capsys: pytest.CaptureFixture[str]) -> None:
    follow(blocks(page), capsys)


def test_the_pages_that_a_newcomer_reads_are_among_them() -> None:
    first = {"first-claim.md", "counterexamples.md", "read-a-map.md", "add-a-primitive.md", "large-maps.md", "ci.md"}
    assert first <= set(pages())


@pytest.mark.parametrize(
    ("page", "said"),
    [
        ([Block("python", "print(2 + 2)\n"), Block("text", "5\n")], "the page promises '5'"),
        ([Block("sh", "verify nothing\n")], "verify nothing"),
        ([Block("sh", "rm everything\n")], "no test runs"),
    ],
)
def test_a_page_that_promises_something_else_is_caught(
    page: list[Block], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(AssertionError, match=said):
        follow(page, capsys)
