"""The composite action and the pre-commit hook, as their hosts would run them, and what they name."""

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

pytestmark = pytest.mark.once

ROOT = Path(__file__).parents[1]
GOOD = """
import jax.numpy as jnp
from verify import Claim, Derivative, domain

A = Claim(id="a.sin", autodiff=Derivative(jnp.sin, wrt="x"), by_hand=jnp.cos, domain={"x": domain.Reals("")})
"""
BAD = GOOD.replace("by_hand=jnp.cos", "by_hand=jnp.sin")


def action() -> dict[str, Any]:
    return yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))


def run_action(folder: Path, **inputs: str) -> subprocess.CompletedProcess[str]:
    """The action's second step in bash, as a hosted runner calls it: each input in its variable."""
    (step,) = (each for each in action()["runs"]["steps"] if each.get("id") == "run")
    given = {name: str(each["default"]) for name, each in action()["inputs"].items()} | inputs
    variables: dict[str, str] = {}
    for name, text in step["env"].items():
        (wanted,) = re.findall(r"^\$\{\{ inputs\.([a-z-]+) \}\}$", text)
        variables[name] = given[wanted]
    here = {"JAX_PLATFORMS": "cpu", "GITHUB_OUTPUT": str(folder / "output"), "PYTHONPATH": str(ROOT)}
    # The command of this environment, whatever else is on the path.
    binaries = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]],
        cwd=folder,
        env={**os.environ, **here, "PATH": binaries, **variables},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.skipif(os.name == "nt", reason="the action's steps are written for bash")
def test_the_action_decides_compares_and_passes_the_status_on(tmp_path: Path) -> None:
    claims = tmp_path / "claims_a.py"
    claims.write_text(GOOD, encoding="utf-8")
    (tmp_path / "b_claims.py").write_text(GOOD.replace("a.sin", "b.sin"), encoding="utf-8")
    both = "claims_a.py b_claims.py"
    first = run_action(tmp_path, paths=both, budget="quick", results="old.json", junit="junit.xml")
    assert first.returncode == 0, first.stdout + first.stderr
    assert "a.sin" in (tmp_path / "old.json").read_text(encoding="utf-8")
    assert "b.sin" in (tmp_path / "old.json").read_text(encoding="utf-8")
    assert (tmp_path / "junit.xml").is_file()
    assert (tmp_path / "output").read_text() == "results=old.json\n"
    claims.write_text(BAD, encoding="utf-8")
    second = run_action(tmp_path, paths="claims_a.py", budget="quick", baseline="old.json")
    assert second.returncode == 1
    assert "FAILS" in second.stdout
    assert "WORSE" in second.stdout  # what `verify diff` says
    missing = run_action(tmp_path, paths="none.py", budget="quick")
    assert missing.returncode == 2
    assert "none.py" in missing.stderr


def test_what_a_user_gives_never_stands_in_a_script() -> None:
    for step in action()["runs"]["steps"]:
        assert "${{" not in step["run"]


def test_the_hook_runs_on_the_files_that_hold_claims(tmp_path: Path) -> None:
    (hook,) = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
    names = {"claims_a.py": True, "below/a_claims.py": True, "claims.py": False, "claims_a.txt": False}
    assert {name: bool(re.search(hook["files"], name)) for name in names} == names
    command = [sys.executable, "-m", *hook["entry"].split()]
    for content, status in ((GOOD, 0), (BAD, 1)):
        (tmp_path / "claims_a.py").write_text(content, encoding="utf-8")
        done = subprocess.run(
            [*command, "claims_a.py"],
            cwd=tmp_path,
            env={**os.environ, "JAX_PLATFORMS": "cpu", "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == status, done.stdout + done.stderr
    assert not (tmp_path / "results.json").exists()
