"""Mutants of our own code: what is changed and what is left alone, and that a test notices what a test can notice."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.once

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "benchmarks"))

for _needed in ("mutmut", "libcst", "coverage"):
    pytest.importorskip(_needed, reason="part of the group `mutation`; `nox -s mutants` runs this")

import mutants  # noqa: E402

TOY = '''\
"""A module; 1 < 2 here is text."""

from typing import Final

LIMIT: Final = 3
TABLE: Final = {"add": lambda a, b: a + b}


def bigger(a: "int < 3", b: int) -> int:
    """The larger of two, 0 where they are equal."""
    if a == b:
        return 0
    if a < 0 and b < 0:
        assert a < 1, "no"
        print("never mind")
    return a if a > b else b


def unused(a: int) -> int:
    return a * 2


def counted(a: int) -> int:
    while a > 3:
        a -= 1
    raise ValueError("not 1") if a != 3 else StopIteration


class Kept:
    first = 0


def kept(a: int) -> int:
    Kept.first = Kept.first or a * 2
    return Kept.first


def made(a: int) -> int:
    return a * 5


MADE: Final = made(7)
'''
TESTS = """\
import pytest
from toy import arithmetic

@pytest.mark.parametrize("pair", [(1, 2), (2, 1), (-1, -2)])
def test_bigger(pair):
    assert arithmetic.bigger(*pair) == max(pair)

def test_counted():
    with pytest.raises(StopIteration):
        arithmetic.counted(5)

def test_table():
    assert arithmetic.TABLE["add"](2, 3) == 5

def test_kept():
    assert arithmetic.kept(4) == 8

def test_made():
    assert arithmetic.bigger(arithmetic.MADE, 1) == 35
"""


def listed(source: str) -> list[tuple[int, str, str]]:
    return [(each.line, each.operator, each.change) for each in mutants.mutants("toy/arithmetic.py", source)]


def test_conditions_operators_and_numbers_are_changed_words_and_types_are_not() -> None:
    found = listed(TOY)
    lines = {line for line, *_ in found}
    assert (11, "guard", "a == b → (a == b) and False") in found
    assert (11, "guard", "a == b → (a == b) or True") in found
    assert (11, "operator", "== b → != b") in found
    assert (12, "number", "0 → 1") in found
    assert (15, "call", 'print("never mind") → pass') in found
    assert (6, "string", '"add" → "XXaddXX"') in found
    assert (6, "operator", "a + b → a - b") in found
    assert not lines & {1, 3, 5, 9, 10, 14, 26}, "text, imports, what is Final, annotations, assertions, exceptions"


def test_every_mutant_is_a_program_and_only_its_place_differs() -> None:
    for file in ("verify/readings/complexes.py", "verify/engines/boxes.py"):
        source = (ROOT / file).read_text(encoding="utf-8")
        found = mutants.mutants(file, source)
        assert len({each.key for each in found}) == len(found)
        for each in found[::25]:
            changed = each.of(source)
            assert changed != source
            compile(changed, file, "exec")
            assert changed.splitlines()[: each.line - 1] == source.splitlines()[: each.line - 1]


def test_a_key_does_not_hang_on_the_line() -> None:
    moved = TOY.replace("LIMIT: Final = 3\n", "LIMIT: Final = 3\n\n\n")
    before, after = (mutants.mutants("toy/arithmetic.py", each) for each in (TOY, moved))
    assert [each.key for each in before] == [each.key for each in after]
    assert [each.line + 2 for each in before if each.line > 5] == [each.line for each in after if each.line > 7]


def test_a_larger_sample_holds_the_smaller_one() -> None:
    found = {name: mutants.mutants(name, TOY) for name in ("a.py", "b.py")}
    few, many = ({each.key for each in mutants.sample(found, count, 3)} for count in (6, 20))
    assert len(few) == 6
    assert few < many
    assert few != {each.key for each in mutants.sample(found, 6, 4)}


RUN = """\
import json, sys
sys.path.insert(0, {benchmarks!r})
from pathlib import Path
import mutants
mutants.ROOT, mutants.BUILD, mutants.FOLDERS = Path.cwd(), Path.cwd() / "build", ("toy",)
mutants.PATIENCE, mutants.FORGETTING = 6.0, ("toy", "tests")
if "trace" in sys.argv:
    sys.exit(mutants.trace(["tests/test_toy.py"]))
sys.path.insert(0, str(mutants.ROOT))
mutants.RECORD = Path("record.jsonl")
source = Path("toy/arithmetic.py").read_text()
found = mutants.mutants("toy/arithmetic.py", source)
before = mutants.recorded(mutants.RECORD)
if "recheck" in sys.argv:
    chosen = [each for each in found if mutants.stale(before.get(each.key), ["test_table", "test_bigger"])]
    judged = lambda each: mutants.rechecked(each, before[each.key], 30.0)
else:
    traces = mutants.Traces.read()
    # Of two that notice the same the quicker is asked first, which is another one from run to run.
    traces.seconds.update(dict.fromkeys(traces.seconds, 0.01))
    wanted = json.loads(sys.argv[1])
    chosen = [each for each in found if [each.line, each.change] in wanted]
    kept = mutants.Warm(traces.seconds) if "warm" in sys.argv else None
    judged = lambda each: mutants.look(each, traces, 30.0, kept)
mutants.record(chosen, judged, None)
"""


@pytest.fixture
def toy(tmp_path: Path) -> Path:
    """A small project whose tests notice some things, and overlook others."""
    for name, text in {
        "toy/__init__.py": "",
        "toy/arithmetic.py": TOY,
        "tests/test_toy.py": TESTS,
        "run.py": RUN.format(benchmarks=str(ROOT / "benchmarks")),
    }.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


def test_what_tests_notice_is_noticed_and_what_they_overlook_survives(toy: Path) -> None:
    def run(*words: str) -> str:
        command = [sys.executable, "-P", "run.py", *words]
        done = subprocess.run(command, cwd=toy, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    bigger, counted, table, kept, made = (
        f"tests/test_toy.py::test_{name}" for name in ("bigger", "counted", "table", "kept", "made")
    )
    expected = {
        (16, "> b → >= b"): ("survived", ""),  # equal numbers are another branch's
        (12, "0 → 1"): ("unreached", ""),
        (20, "a * 2 → a / 2"): ("unreached", ""),
        (11, "a == b → (a == b) and False"): ("unreached", ""),  # it never holds
        (11, "a == b → (a == b) or True"): ("killed", bigger),
        (13, "a < 0 and b < 0 → (a < 0 and b < 0) and False"): ("survived", ""),  # it only prints
        (16, "a if a > b else b → a if (a > b) or True else b"): ("killed", bigger),
        (6, "a + b → a - b"): ("killed", table),
        (24, "> 3 → >= 3"): ("killed", counted),
        (25, "a -= 1 → a += 1"): ("timeout", counted),  # a loop without end
        (34, "a * 2 → a / 2"): ("killed", kept),  # what it leaves behind no later one may be blamed for
        (34, "2 → 3"): ("killed", kept),
        (39, "a * 5 → a / 5"): ("killed", made),  # it has run before a process that is kept changes it
    }

    def recorded() -> dict[tuple[int, str], tuple[str, str]]:
        last = mutants.recorded(toy / "record.jsonl").values()
        return {(each["line"], each["change"]): (each["state"], each["by"].partition("[")[0]) for each in last}

    run("trace")
    run(json.dumps(list(expected)), "warm")
    assert recorded() == expected, "many in one process"
    (toy / "record.jsonl").unlink()
    run(json.dumps(list(expected)))
    assert recorded() == expected, "each in its own"
    assert (toy / "toy/arithmetic.py").read_text(encoding="utf-8") == TOY

    assert run("recheck") == "", "no test has changed"
    weaker = TESTS.replace("(2, 3) == 5", "(2, 3)")
    assert weaker != TESTS
    (toy / "tests/test_toy.py").write_text(weaker, encoding="utf-8")
    assert len(run("recheck").splitlines()) == 1, "what table noticed"
    assert recorded() == expected | {(6, "a + b → a - b"): ("survived", "")}
    assert run("recheck") == "", "each was tried with the test as it is now"
    (toy / "tests/test_toy.py").write_text(weaker + "\n\ndef test_more():\n    assert True\n", encoding="utf-8")
    assert run("recheck") == "", "another test is no reason"
    (toy / "tests/test_toy.py").write_text(weaker + "\n\nMORE = 1\n", encoding="utf-8")
    assert len(run("recheck").splitlines()) == 2, "what all tests of the file share: two that bigger noticed"


def test_the_page_counts_what_was_looked_at_and_gives_reasons() -> None:
    found = {"toy/arithmetic.py": mutants.mutants("toy/arithmetic.py", TOY)}
    first, second, third, fourth = found["toy/arithmetic.py"][:4]
    looked = {
        first.key: {"state": "killed"},
        second.key: {"state": "survived"},
        third.key: {"state": "unreached"},
        fourth.key: {"state": "timeout"},
    }
    page = mutants.page(found, looked, {second.key: {"kind": "weaker", "why": "It is only slower."}})
    total = len(found["toy/arithmetic.py"])
    assert f"| `toy/arithmetic.py` | {total} | 4 | 1 | 1 | 1 | 1 |" in page
    assert f"| all | {total} | 4 | 1 | 1 | 1 | 1 |" in page
    reasons, _, rest = page.partition("no reason yet")
    assert "- It is only slower.\n" in reasons
    assert rest.split()[-1] == "`toy/arithmetic`"
