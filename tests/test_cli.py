"""The command: what it prints, writes and returns, whatever it is given."""

import json
import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from made_up import VERDICTS, verdict

from verify import cli, engines, results
from verify.claim import Claim, ClaimError, UnsupportedPrimitive, Verdict
from verify.engines.case import Case

pytestmark = pytest.mark.interpreter

CLAIMS = """
import jax.numpy as jnp
from verify import Claim, Derivative, Source, Status, domain

def f(x):
    return jnp.sum(jnp.sin(x))

def g(x):
    return jnp.cos(x)

def claim(id, **changed):
    given = dict(id=id, autodiff=Derivative(f, wrt="x"), by_hand=g, domain={"x": domain.Reals("n")}, sizes={"n": (2,)})
    return Claim(**{**given, **changed})

"""


def decided(
    claims: Sequence[Claim], budget: engines.Budget, seed: int, progress: object
) -> Iterator[tuple[Case, tuple[Verdict, ...] | Exception]]:
    """Stands for the engines: what is found is written in the claim's id."""
    outcomes: dict[str, tuple[Verdict, ...] | Exception] = {
        "misbuilt": ClaimError("claim 'a.misbuilt': by_hand raises ValueError: no"),
        "unsupported": UnsupportedPrimitive("igamma", "exact"),
        "outside": (VERDICTS["holds"], verdict(engine="floats", floats="outside")),
        "fails": (VERDICTS["enclose fails"], VERDICTS["falsify fails"]),
        "unknown": (VERDICTS["unknown"],),
        "holds": (VERDICTS["holds"], VERDICTS["floats"]),
    }
    for claim in claims:
        case, kind = Case(claim, budget, seed), claim.id.rpartition(".")[2]
        if kind == "ctrl-c":
            raise KeyboardInterrupt
        if kind == "bug":
            try:
                yield case, (VERDICTS["holds"],) * (1 // 0)
            except ZeroDivisionError as error:
                yield case, error
        else:
            yield case, outcomes[kind]


@pytest.fixture(autouse=True)
def _empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every test starts in an empty folder, with engines that take no time."""
    monkeypatch.chdir(tmp_path)
    for name in ("GITHUB_ACTIONS", "GITHUB_STEP_SUMMARY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(engines, "judge_all", decided)


def write(body: str, name: str = "my_claims.py") -> str:
    Path(name).write_text(CLAIMS + textwrap.dedent(body), encoding="utf-8")
    return name


def call(*arguments: str) -> int:
    return cli.call([*arguments, "--jobs", "1"] if arguments[0] == "run" else arguments)


def found() -> dict[str, dict[str, object]]:
    data = json.loads(Path("results.json").read_text(encoding="utf-8"))
    return {row["id"]: row for row in data["claims"]}


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ('A = claim("a.holds")', 0),
        ('A = claim("a.fails", expect=Status.FAILS)', 0),
        ('A = claim("a.fails")', 1),
        ('A = claim("a.holds", expect=Status.FAILS)', 1),
        ('A = claim("a.unknown")', 1),
        ('A = claim("a.outside")', 1),
        ('A = claim("a.unsupported")', 1),
        ('A = claim("a.bug")', 1),
        ('A = claim("a.misbuilt")', 2),
        ('A = claim("a.holds", domain={})', 2),
        ("import no_such_module", 2),
    ],
)
def test_exit_status(body: str, status: int, capsys: pytest.CaptureFixture[str]) -> None:
    assert call("run", write(body)) == status
    said = "".join(capsys.readouterr())
    assert "Traceback" not in said
    assert Path("results.json").exists()


def test_what_cannot_be_decided_does_not_stop_the_rest(capsys: pytest.CaptureFixture[str]) -> None:
    kinds = ("misbuilt", "unsupported", "bug", "holds")
    body = "\n".join(f'{kind.upper()} = claim("a.{kind}")' for kind in kinds) + '\nBAD = claim("bad", domain={})'
    assert call("run", write(body), write('B = claim("b.holds")', "more_claims.py"), "missing.py") == 2
    rows = found()
    assert [row["status"] for row in rows.values()] == ["UNKNOWN", "UNKNOWN", "UNKNOWN", "HOLDS", "HOLDS"]
    assert rows["a.misbuilt"]["error"] == "claim 'a.misbuilt': by_hand raises ValueError: no"
    assert "igamma" in str(rows["a.unsupported"]["reason"])
    assert str(rows["a.bug"]["reason"]).startswith("ZeroDivisionError in test_cli.py:")
    errors = json.loads(Path("results.json").read_text())["errors"]
    assert [error["claim"] for error in errors] == ["", "bad"]
    said = capsys.readouterr()
    assert "missing.py: no such file" in said.err
    assert "my_claims.py:19: BAD: claim 'bad': autodiff takes x" in said.err
    assert "HOLDS  b.holds" in said.out


def test_pages_of_own_claims_are_written_where_asked(capsys: pytest.CaptureFixture[str]) -> None:
    name = write('A = claim("a.holds")\nB = claim("a.fails", expect=Status.FAILS)')
    assert call("run", name) == 0
    assert not Path("reports").exists()
    assert call("run", name, "--reports", "out", "--results", "deep/r.json") == 0
    assert {path.name for path in Path("out").iterdir()} == {"index.md", "my-claims.md"}
    assert Path("deep/r.json").exists()
    assert "repeat    verify run my_claims.py -k a.fails --seed 0" in capsys.readouterr().out


def test_check_names_stale_pages_and_writes_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    name = write('A = claim("a.holds")')
    assert call("run", name, "--reports", "out") == 0
    Path("results.json").unlink()
    assert call("run", name, "--reports", "out", "--check") == 0
    page = Path("out/my-claims.md")
    page.write_text(page.read_text() + "edited\n")
    before = page.read_bytes()
    assert call("run", name, "--reports", "out", "--check") == 1
    assert "my-claims.md" in capsys.readouterr().err
    assert page.read_bytes() == before
    assert not Path("results.json").exists()
    assert call("run", name, "--check") == 2
    assert call("run", name, "--reports", "out", "--check", "-k", "a.*") == 2


def test_ctrl_c_keeps_what_was_decided_and_earlier_pages(capsys: pytest.CaptureFixture[str]) -> None:
    good = write('A = claim("a.holds")')
    assert call("run", good, "--reports", "out") == 0
    before = {path: path.read_bytes() for path in Path("out").iterdir()}
    body = 'A = claim("a.holds", sizes={"n": (9,)})\nB = claim("b.ctrl-c")\nC = claim("c.holds")'
    capsys.readouterr()
    assert call("run", write(body), "--reports", "out") == 2
    assert list(found()) == ["a.holds"]
    assert json.loads(Path("results.json").read_text())["interrupted"] is True
    assert {path: path.read_bytes() for path in Path("out").iterdir()} == before
    said = capsys.readouterr()
    assert "interrupted" in said.out
    assert "Traceback" not in said.err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("run", "--bugdet", "quick"), "Did you mean --budget?"),
        (("run", "--budget", "fast"), '"quick", "standard", "deep"'),
        (("run", "--seed", "-1"), "--seed must be at least 0"),
        (("run", "--seed", "x"), "--seed"),
        (("rum",), 'Did you mean "run"?'),
        (("run", "my_claims.py", "-k", "sofmax.holds"), "did you mean softmax.holds?"),
        (("list", "my_claims.py", "-k", "zzz*"), "selects none of the 1 claims"),
        (("show", "softmax.hold", "my_claims.py"), "did you mean softmax.holds?"),
        (("show",), "requires an argument"),
        (("run", "my_claims.py", "--reports", "file"), "file: it is a file, a folder is expected"),
        (("run", "my_claims.py", "--reports", "file/below"), "cannot be written"),
        (("run", "my_claims.py", "--results", "folder"), "it is a folder, a file is expected"),
        (("run", "missing.py"), "no such file or folder"),
    ],
)
def test_requests_that_cannot_be_carried_out(
    arguments: tuple[str, ...], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    write('A = claim("softmax.holds")')
    Path("file").write_text("mine")
    Path("folder").mkdir()
    assert call(*arguments) == 2
    error = capsys.readouterr().err
    assert said in error
    assert "Traceback" not in error
    assert Path("file").read_text() == "mine"


def test_list_and_show(capsys: pytest.CaptureFixture[str]) -> None:
    body = """
        A = claim("a.holds", statement=r"a = b", derivation="Because.", source=Source("Notes", "page 3"))
        B = claim("b.fails", expect=Status.FAILS)
    """
    name = write(body)
    assert call("list", name) == 0
    assert capsys.readouterr().out.splitlines() == ["a.holds  HOLDS    Notes, page 3", "b.fails  FAILS"]
    assert call("list", name, "-k", "b*") == 0
    assert capsys.readouterr().out.startswith("b.fails")
    assert call("show", "a.holds", name) == 0
    before = capsys.readouterr().out
    assert "not decided yet" in before
    assert "a = b" in before
    assert "Because." in before
    assert call("run", name) == 0
    capsys.readouterr()
    assert call("show", "b.fails", name) == 0
    assert "x = [0x1p+0, -0x1.8p+1]" in capsys.readouterr().out
    Path("results.json").write_text("{")
    assert call("show", "a.holds", name) == 2
    assert "is broken" in capsys.readouterr().err
    assert call("list", name, "missing.py") == 2


def test_the_summary_fits_a_screen(capsys: pytest.CaptureFixture[str]) -> None:
    several = ", ".join(f'claim("topic.with-a-rather-long-name-{place}.unknown")' for place in range(60))
    assert call("run", write(f"ALL = [{several}]")) == 1
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) <= 24
    assert max(map(len, lines)) <= 80
    found = results.read(Path("results.json"))
    article = list(cli._summary(found, Path("results.json"), Path("reports"), given=False))
    assert len(article) <= 22
    assert max(map(len, article)) <= 80


def test_version_help_and_no_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert call("--version") == 0
    assert capsys.readouterr().out.startswith("gradproof 0.")
    assert call("--help") == 0
    assert all(command in capsys.readouterr().out for command in ("list",))


def test_engines_are_told_the_budget_and_the_seed(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[object] = []

    def judge_all(claims: Sequence[Claim], budget: engines.Budget, seed: int, progress: object) -> Iterator[object]:
        told.extend([budget.name, seed])
        return iter([(Case(each, budget, seed), (VERDICTS["holds"],)) for each in claims])

    monkeypatch.setattr(engines, "judge_all", judge_all)
    assert call("run", write('A = claim("a")'), "--budget", "quick", "--seed", "7") == 0
    assert told == ["quick", 7]


# --- processes: few, since each imports JAX ---------------------------------------------------------------------------

HERE = {**os.environ, "PYTHONPATH": str(Path(cli.__file__).parents[1])}


def start(*arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "verify", *arguments]
    pipe = subprocess.PIPE
    # Where the tests themselves run in the background, Ctrl-C is ignored, and a child would inherit that.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        return subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True, start_new_session=True, env=HERE)
    finally:
        signal.signal(signal.SIGINT, before)


def test_a_worker_that_dies_costs_its_own_claim_only() -> None:
    body = """
        import os
        def dies(x):
            os._exit(3)
        def is_killed(x):
            os.kill(os.getpid(), 9)
        GOOD = [claim("good.1"), claim("good.2")]
        DIES = claim("dies", autodiff=Derivative(dies, wrt="x"))
        KILLED = claim("killed", autodiff=Derivative(is_killed, wrt="x"))
    """
    process = start("run", write(body), "--budget", "quick", "--jobs", "2")
    out, err = process.communicate(timeout=300)
    assert process.returncode == 1, err
    rows = found()
    assert [rows[each]["status"] for each in ("good.1", "good.2", "dies", "killed")] == [
        *2 * ["HOLDS"],
        *2 * ["UNKNOWN"],
    ]
    assert "exit code 3" in str(rows["dies"]["reason"])
    assert "SIGKILL" in str(rows["killed"]["reason"])
    assert "not as expected" in out
    assert err == ""  # no progress in a pipe, no traceback


def test_ctrl_c_stops_the_workers() -> None:
    body = """
        import pathlib, time
        def waits(x):
            pathlib.Path("waiting").touch()
            time.sleep(600)
        WAITS = [claim(f"waits.{place}", autodiff=Derivative(waits, wrt="x")) for place in range(4)]
    """
    process = start("run", write(body), "--jobs", "2")
    deadline = time.monotonic() + 120
    while not Path("waiting").exists() and time.monotonic() < deadline:
        time.sleep(0.1)
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does it: to the command and its workers
    out, err = process.communicate(timeout=60)
    assert process.returncode == 2
    assert "interrupted" in out
    assert "Traceback" not in err
    assert json.loads(Path("results.json").read_text())["interrupted"] is True


def test_listing_needs_no_jax() -> None:
    code = "import sys; from verify.cli import call; status = call(sys.argv[1:]); print(status, 'jax' in sys.modules)"
    for arguments in (["--help"], ["list"], ["show", "softmax.jacobian"]):
        command = [sys.executable, "-c", code, *arguments]
        done = subprocess.run(command, capture_output=True, text=True, check=True, env=HERE)
        assert done.stdout.splitlines()[-1] == "0 False", done.stderr


def test_show_prints_both_programs_and_what_to_do_next(capsys: pytest.CaptureFixture[str]) -> None:
    file = write('A = claim("a.holds")\nB = claim("a.fails", by_hand=lambda x: g(x) + 1)\n')
    assert call("run", file) == 1
    capsys.readouterr()
    assert call("show", "a.fails", file) == 0
    said = capsys.readouterr().out
    assert "by hand, as JAX traced it:" in said
    assert " = cos " in said
    assert "next: Compare the sides at this point by hand." in said
    assert call("show", "a.holds", file) == 0
    assert "next: Nothing has to be done" in capsys.readouterr().out
    many = "\n    ".join(f"x = x + {k}" for k in range(40))
    file = write(f"def long(x):\n    {many}\n    return jnp.cos(x)\nA = claim('a.holds', by_hand=long)\n")
    assert call("run", file) == 0
    capsys.readouterr()
    assert call("show", "a.holds", file) == 0
    assert "lines of jaxpr, shown by --jaxpr" in capsys.readouterr().out
    assert call("show", "a.holds", file, "--jaxpr") == 0
    assert capsys.readouterr().out.count(" = add ") == 40


def test_show_tells_which_file_a_claim_of_ones_own_is_in(capsys: pytest.CaptureFixture[str]) -> None:
    file = write('A = claim("a.holds")')
    assert call("show", "a.holds") == 2
    assert "of one of your own name its file, too" in capsys.readouterr().err
    assert call("run", file) == 0
    capsys.readouterr()
    assert call("show", "a.holds") == 2
    assert f"verify show a.holds {file}" in capsys.readouterr().err
    assert call("show", "b.other", file) == 2
    assert f"no claim in {file}" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        (["run", "--budgt", "quick"], "--budget"),
        (["run", "--budget", "quik"], "quick"),
        (["lst"], "list"),
        (["show", "a.hold", "my_claims.py"], "a.holds"),
        (["run", "my_claims.py", "-k", "a.hol"], "a.hol*"),
        (["run", "my_clams.py"], "my_claims.py"),
        (["rule", "jax.nn:rel"], "relu"),
        (["map", "vanishing.two-clas"], "vanishing.two-class"),
    ],
    ids=lambda each: each[-1] if isinstance(each, list) else "",
)
def test_a_near_name_is_suggested(given: list[str], meant: str, capsys: pytest.CaptureFixture[str]) -> None:
    write('A = claim("a.holds")')
    assert call(*given) == 2
    assert "did you mean" in (said := capsys.readouterr().err.lower())
    assert meant in said


def test_a_mistyped_path_does_not_cost_the_results_of_an_earlier_run(capsys: pytest.CaptureFixture[str]) -> None:
    assert call("run", write('A = claim("a.holds")')) == 0
    before = Path("results.json").read_bytes()
    assert call("run", "my_clams.py") == 2
    assert Path("results.json").read_bytes() == before
