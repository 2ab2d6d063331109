"""Whatever the files, the arguments and the machine are like: a message or a result, never a traceback or a loss."""

import errno
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from made_up import verdict

from verify import cli, config, engines, loader, results
from verify.claim import Claim, Status
from verify.engines.case import Case
from verify.loader import RequestError

pytestmark = pytest.mark.once

CLAIMS = """
import jax.numpy as jnp
from verify import Claim, Derivative, Source, Status, domain


def f(x):
    return jnp.sum(jnp.sin(x) ** 2)


def g(x):
    return 2 * jnp.sin(x) * jnp.cos(x)


A = Claim(id="a.one", autodiff=Derivative(f, wrt="x"), by_hand=g, domain={"x": domain.Reals("n")}, sizes={"n": (2, 3)})
B = Claim(id="a.two", autodiff=Derivative(jnp.sin, wrt="x"), by_hand=jnp.cos, domain={"x": domain.Reals("")})
"""
# One folder serves all that Hypothesis draws for a test.
FUZZ = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
HERE = {**os.environ, "PYTHONPATH": str(Path(cli.__file__).parents[1]), "JAX_PLATFORMS": "cpu"}
RUN = ("run", "my_claims.py", "--budget", "quick", "--jobs", "1", "--reports", "pages", "--seed", "3")


@dataclass(frozen=True)
class Undisturbed:
    """A folder in which the claims have been decided once, with nothing in the way, and how long that took."""

    folder: Path
    seconds: float


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Undisturbed:
    folder = tmp_path_factory.mktemp("undisturbed")
    (folder / "my_claims.py").write_text(CLAIMS, encoding="utf-8")
    begun = time.monotonic()
    subprocess.run(
        [sys.executable, "-m", "verify", *RUN], cwd=folder, env=HERE, check=True, capture_output=True, timeout=300
    )
    return Undisturbed(folder, time.monotonic() - begun)


@pytest.fixture(autouse=True)
def _empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in [each for each in os.environ if each.startswith(("VERIFY_", "GITHUB_"))]:
        monkeypatch.delenv(name)


@pytest.fixture
def _no_work(monkeypatch: pytest.MonkeyPatch) -> None:
    """Engines that take no time."""

    def judge_all(claims: list[Claim], budget: engines.Budget, seed: int, progress: object) -> Iterator[Any]:
        found = (verdict(status=Status.HOLDS, evidence="enclosed"),)
        return iter([(Case(each, budget, seed), found) for each in claims])

    monkeypatch.setattr(engines, "judge_all", judge_all)


def damaged(text: bytes) -> st.SearchStrategy[bytes]:
    """A file with a piece left out, written twice, or overwritten with what another program may have left there."""
    place = st.integers(0, len(text))
    piece = st.one_of(
        st.just(b""), st.binary(max_size=8), st.sampled_from([b"null", b"1e999", b"[]", b"{}", b'"', b"-1"])
    )
    return st.builds(
        lambda start, length, piece: text[:start] + piece + text[start + length :], place, st.integers(0, 40), piece
    )


# --- files ------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def good_results(undisturbed: Undisturbed) -> bytes:
    return (undisturbed.folder / "results.json").read_bytes()


@FUZZ
@given(data=st.data())
def test_a_damaged_results_file_is_read_or_refused(good_results: bytes, data: st.DataObject) -> None:
    path = Path("results.json")
    path.write_bytes(data.draw(st.one_of(damaged(good_results), st.binary(max_size=50))))
    for read in (results.read, lambda file: results.claim_of(file, "a.one"), lambda file: results.map_of(file, "m")):
        try:
            read(path)
        except results.ResultsError as error:
            said = str(error)
        else:
            said = "results.json"
        assert "results.json" in said
    assert cli.call(["diff", "results.json", "results.json"]) in (0, 2)


def test_results_of_a_file_of_claims_that_is_gone_are_not_looked_at() -> None:
    Path("results.json").write_bytes(b"{")
    assert cli.call(["show", "a.one", "my_claims.py"]) == 2  # there is no such file of claims


@FUZZ
@given(text=damaged(b'[tool.verify]\npaths = ["claims"]\nbudget = "deep"\nseed = 3\nformats = ["float32"]\n'))
@example(text=b"[tool]\nverify = 3\n")
@example(text=b"\xff\xfe[")
def test_damaged_settings_are_read_or_refused(text: bytes) -> None:
    Path("pyproject.toml").write_bytes(text)
    try:
        said = config.settings().budget
    except RequestError as error:
        said = str(error)
    assert said in ("quick", "standard", "deep") or "pyproject.toml" in said
    assert cli.call(["config"]) in (0, 2)


@pytest.mark.usefixtures("_no_work")
@settings(FUZZ, max_examples=60)
@given(text=damaged(CLAIMS.encode()))
@example(text=b"")
@example(text=b"\x00")
@example(text=b"\xff")
@example(text=b"raise KeyboardInterrupt")
@example(text=b"raise SystemExit(3)")
@example(text=b"def f(:\n")
def test_a_damaged_file_of_claims_is_read_or_refused(text: bytes) -> None:
    Path("my_claims.py").write_bytes(text)
    if b"KeyboardInterrupt" not in text:
        found = loader.load("my_claims.py", deferred=True)
        assert found.claims or found.errors
        for each in found.errors:
            assert str(each).strip()
    assert cli.call(["run", "my_claims.py", "--jobs", "1"]) in (0, 1, 2)


# --- arguments --------------------------------------------------------------------------------------------------------

WORDS = st.one_of(
    st.sampled_from(
        [
            *("run", "list", "show", "diff", "new", "config", "map", "rule"),
            *("-k", "*", "a.*", "--budget", "quick", "--seed", "-1", "0", "1e9", "--jobs", "1"),
            *(
                "--reports",
                "--results",
                "--check",
                "--list",
                "--store",
                "--path",
                "--",
                "my_claims.py",
                "--junit",
                "--formats",
                "float32,float8",
                "--known-failures",
                "--help",
                "=",
            ),
        ]
    ),
    st.text(max_size=6).filter(lambda text: "\x00" not in text and "/" not in text and not text.startswith("verify")),
)


@pytest.mark.usefixtures("_no_work")
@FUZZ
@given(words=st.lists(WORDS, max_size=6))
@example(words=["run", "--jobs", "1", "my_claims.py", "--results", ""])
@example(words=["new", ".."])
def test_any_command_line_ends_with_a_status(words: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    # What decides the whole article or sweeps its maps takes minutes; that has tests of its own.
    monkeypatch.setattr("verify.run._swept", lambda loaded, ids, formats: [])
    monkeypatch.setattr("verify.run._run_in_workers", lambda tasks, work, board, jobs, amount: False)
    monkeypatch.setattr("verify.cli._stream", lambda *given, **more: 0)
    Path("my_claims.py").write_text(CLAIMS, encoding="utf-8")
    assert cli.call(words) in (0, 1, 2)


# --- the machine ------------------------------------------------------------------------------------------------------


def start(*arguments: str, **environment: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "verify", *arguments]
    nowhere = subprocess.DEVNULL
    return subprocess.Popen(
        command, stdout=nowhere, stderr=nowhere, env={**HERE, **environment}, start_new_session=True
    )


def finish(*arguments: str, **environment: str) -> bytes:
    """What a command prints, once it has ended well."""
    command = [sys.executable, "-m", "verify", *arguments]
    done = subprocess.run(command, capture_output=True, env={**HERE, **environment}, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    assert b"Traceback" not in done.stderr
    return done.stdout


def written(folder: Path = Path()) -> dict[str, bytes]:
    """Every page, and the results without what a run measures of itself."""
    pages = (folder / "pages").rglob("*")
    found = {str(path.relative_to(folder)): path.read_bytes() for path in pages if path.is_file()}
    data = json.loads((folder / "results.json").read_text(encoding="utf-8"))

    def stripped(value: Any) -> Any:
        if isinstance(value, dict):
            return {name: stripped(each) for name, each in value.items() if name != "seconds"}
        return [stripped(each) for each in value] if isinstance(value, list) else value

    return {**found, "results.json": json.dumps(stripped(data), sort_keys=True).encode()}


def test_killed_at_any_moment_and_run_again_it_writes_the_same_bytes(undisturbed: Undisturbed) -> None:
    shutil.copytree(undisturbed.folder, ".", dirs_exist_ok=True)
    whole = written()
    moments = random.Random(5)
    for _ in range(3):
        killed = start(*RUN)
        time.sleep(moments.uniform(0.1, 1.0) * undisturbed.seconds)
        if killed.poll() is None:
            os.killpg(killed.pid, signal.SIGKILL)
        killed.wait(timeout=60)
        assert written() == whole  # an earlier run's files are whole: they are replaced in one step
    shutil.rmtree("pages")
    Path("results.json").unlink()
    finish(*RUN)
    assert written() == whole
    assert not list(Path().glob(".results*"))


def test_two_runs_at_once_in_one_folder_do_not_mix(undisturbed: Undisturbed) -> None:
    Path("my_claims.py").write_text(CLAIMS, encoding="utf-8")
    together = [start(*RUN), start(*RUN)]
    assert [each.wait(timeout=300) for each in together] == [0, 0]
    assert written() == written(undisturbed.folder)


@pytest.mark.parametrize(
    "environment",
    [
        {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0", "PYTHONIOENCODING": "ascii"},
        {"LC_ALL": "de_DE.UTF-8", "TZ": "Pacific/Chatham", "PYTHONHASHSEED": "12345"},
    ],
    ids=["ascii", "elsewhere"],
)
def test_locale_clock_and_hashes_change_nothing(environment: dict[str, str], undisturbed: Undisturbed) -> None:
    Path("my_claims.py").write_text(CLAIMS, encoding="utf-8")
    finish(*RUN, **environment)
    assert written() == written(undisturbed.folder)
    assert len(finish("list", **environment)) > 1000


@pytest.mark.usefixtures("_no_work")
def test_a_full_disk_costs_nothing_that_was_there(monkeypatch: pytest.MonkeyPatch) -> None:
    Path("my_claims.py").write_text(CLAIMS, encoding="utf-8")
    assert cli.call(list(RUN)) == 0
    before = written()

    def full(*_: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr("verify.results.Path.replace", full)
        assert cli.call(list(RUN)) == 2
    assert written() == before
    assert not list(Path().glob(".results*"))


@pytest.mark.usefixtures("_no_work")
@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="the superuser may write everywhere")
def test_a_folder_that_cannot_be_written_is_refused_before_the_work() -> None:
    Path("my_claims.py").write_text(CLAIMS, encoding="utf-8")
    Path("pages").mkdir(mode=0o555)
    assert cli.call(list(RUN)) == 2


def test_a_file_runs_only_where_it_is_asked_for() -> None:
    """Code in the working folder, whatever it is called, is no part of a command that does not name it."""
    for name in ("my_claims.py", "claims_evil.py", "verify_plugin.py", "conftest.py", "sitecustomize2.py", "jax.py"):
        Path(name).write_text("import pathlib\npathlib.Path('ran').touch()\n", encoding="utf-8")
    for words in (["list"], ["show", "softmax.jacobian"], ["config"], ["map", "--list"], ["--help"]):
        finish(*words)
    assert not Path("ran").exists()
