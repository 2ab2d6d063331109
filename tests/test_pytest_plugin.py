"""Claims as items of pytest, in processes of their own: what is loaded there is part of what is tested."""

import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from verify import pytest_plugin

pytestmark = pytest.mark.interpreter

ROOT = Path(pytest_plugin.__file__).parents[1]
CLAIMS = """
import jax.numpy as jnp
from verify import Claim, Derivative, Status, domain

def make(id, by_hand, **changed):
    return Claim(
        id=id, autodiff=Derivative(jnp.sin, "gradient", wrt="x"), by_hand=by_hand, domain={"x": domain.Reals("")},
        **changed,
    )

RIGHT = make("sin.right", jnp.cos)
WRONG = make("sin.wrong", lambda x: -jnp.cos(x))
FALSE = make("sin.false", lambda x: -jnp.cos(x), expect=Status.FAILS)
OPEN = make("sin.open", lambda x: jnp.cos(x), where=lambda x: x != x)
BAD = make("sin.bad", jnp.cos, sizes={"n": ()})
"""
MODULES = (
    "import sys\ndef pytest_unconfigure():\n    print('loaded', *('jax' in sys.modules, 'numpy' in sys.modules))\n"
)


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    given = {name: value for name, value in os.environ.items() if not name.startswith(("VERIFY_", "PYTEST_"))}
    here = {**given, "PYTHONPATH": str(ROOT), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "COLUMNS": "200"}
    command = [sys.executable, "-m", "pytest", "-p", "verify.pytest_plugin", "-p", "no:cacheprovider", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=folder, env=here)


def test_collecting_needs_no_jax_and_names_each_claim(tmp_path: Path) -> None:
    (tmp_path / "conftest.py").write_text(MODULES)
    (tmp_path / "my_claims.py").write_text(CLAIMS)
    done = run(tmp_path, "--collect-only", "-q", "--strict-markers")
    ids = [line for line in done.stdout.splitlines() if "::" in line]
    assert ids == [f"my_claims.py::sin.{name}" for name in ("right", "wrong", "false", "open", "bad")], done.stdout
    assert "loaded False False" in done.stdout
    named = run(tmp_path, "--collect-only", "-q", "my_claims.py", "-k", "sin.right or sin.bad", "-m", "verify")
    assert [line for line in named.stdout.splitlines() if "::" in line] == [ids[0], ids[4]]
    assert "loaded False False" in named.stdout


def test_a_project_without_claims_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "conftest.py").write_text(MODULES.replace("print(", "print(sorted(each for each in sys.modules if "
        "each.startswith('verify')), "))  # fmt: skip
    (tmp_path / "jwt_claims.py").write_text("raise SystemExit('not to be run')")
    (tmp_path / "test_claims.py").write_text("from verify import Claim\ndef test_it():\n    pass\n")
    done = run(tmp_path, "-q", "--ignore=test_claims.py")
    assert "['verify', 'verify.pytest_plugin'] loaded False False" in done.stdout
    assert done.returncode == 5, done.stdout
    assert "1 passed" in run(tmp_path, "-q").stdout


def test_right_false_wrong_and_open_claims(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text('[tool.verify]\nknown-failures = "known.toml"\nseed = 3\n')
    (tmp_path / "known.toml").write_text('[[claim]]\nid = "b.wrong"\nreason = "to be repaired"\n')
    (tmp_path / "a_claims.py").write_text(CLAIMS)
    (tmp_path / "claims_b.py").write_text(CLAIMS.replace("sin.", "b."))
    done = run(tmp_path, "-rA", "--verify-budget", "quick", "-k", "sin or b.wrong", "--junit-xml=junit.xml")
    lines = done.stdout.splitlines()
    told = {line.split("::")[1].split(" - ")[0]: line.split()[0] for line in lines if line.startswith(WORDS)}
    assert told == {
        "sin.right": "PASSED",
        "sin.wrong": "FAILED",
        "sin.false": "PASSED",
        "sin.open": "FAILED",
        "sin.bad": "FAILED",
        "b.wrong": "XFAIL",
    }, done.stdout
    assert done.returncode == 1
    assert "FAILS  sin.wrong, engine falsify" in done.stdout
    assert "  repeat    verify run a_claims.py -k sin.wrong --budget quick --seed 3" in lines
    assert "UNKNOWN  sin.open" in done.stdout
    assert "BAD: claim 'sin.bad': sizes['n'] must list at least one size" in done.stdout
    assert "Traceback" not in done.stdout
    assert '<property name="status" value="FAILS" />' in (tmp_path / "junit.xml").read_text()


WORDS = tuple(f"{word} {file}::" for word in ("PASSED", "FAILED", "XFAIL") for file in ("a_claims.py", "claims_b.py"))


def test_workers_share_the_claims(tmp_path: Path) -> None:
    pytest.importorskip("xdist")
    (tmp_path / "my_claims.py").write_text(CLAIMS)
    done = run(tmp_path, "-p", "xdist", "-n", "2", "-q", "--verify-budget", "quick", "-k", "right or wrong")
    assert "1 failed, 1 passed" in done.stdout, done.stdout


def test_a_mistyped_budget_is_refused(tmp_path: Path) -> None:
    assert run(tmp_path, "--verify-budget", "fast").returncode == 4


def test_the_entry_point_is_this_module() -> None:
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["entry-points"]
    assert declared["pytest11"] == {"gradproof": pytest_plugin.__name__}
