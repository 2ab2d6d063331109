"""Settings: where each value comes from, and what is refused."""

import os
from collections.abc import Iterator
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest
from made_up import verdict

from verify import cli, config, engines
from verify.claim import Claim, Status
from verify.engines.case import Case
from verify.loader import RequestError


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in [each for each in os.environ if each.startswith("VERIFY_")]:
        monkeypatch.delenv(name)
    below = tmp_path / "below"
    below.mkdir()
    monkeypatch.chdir(below)
    return tmp_path


def pyproject(folder: Path, table: str) -> None:
    (folder / "pyproject.toml").write_text(f"[project]\nname = 'x'\n\n[tool.verify]\n{table}\n")


def test_an_option_beats_the_environment_beats_the_file_beats_the_default(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert set(config.settings().sources.values()) == {"default"}
    pyproject(folder, 'budget = "deep"\nseed = 3\nformats = ["float32"]')
    monkeypatch.setenv("VERIFY_SEED", "5")
    monkeypatch.setenv("VERIFY_BUDGET", "quick")
    found = config.settings(budget="standard")
    assert (found.budget, found.seed, found.formats, found.paths) == ("standard", 5, ("float32",), ())
    assert found.sources == {
        "budget": "option --budget",
        "seed": "VERIFY_SEED",
        "formats": os.path.join("..", "pyproject.toml"),  # noqa: PTH118 - a path as it is printed
        "paths": "default",
        "known-failures": "default",
    }


def test_paths_of_the_file_are_its_folders_and_those_of_the_environment_the_working_folders(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "claims").mkdir()
    pyproject(folder, 'paths = ["claims", "my.module"]\nknown-failures = "known.toml"')
    found = config.settings()
    assert found.paths == (str(folder / "claims"), "my.module")
    assert found.known_failures == folder / "known.toml"
    monkeypatch.chdir(folder)
    assert config.settings().paths == ("claims", "my.module")
    monkeypatch.setenv("VERIFY_PATHS", os.pathsep.join(["a.py", "b.py"]))
    assert config.settings().paths == ("a.py", "b.py")


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ("seed = 1\nbugdet = 'quick'", "pyproject.toml:6: .* no key 'bugdet'; did you mean budget?"),
        ("zzz = 1", "pyproject.toml:5: .* no key 'zzz'; expected one of paths, budget"),
        ("budget = 'fast'", r"\$.budget.*expected quick, standard or deep"),
        ("seed = 'x'", "Expected `int"),
        ("seed = -1", "seed must be at least 0, found -1"),
        ("formats = []", "at least one of float64"),
        ("formats = ['float8']", "expected some of float64, float32"),
        ("paths = 'claims'", "Expected `array"),
        ("seed =", "cannot be read"),
    ],
)
def test_a_wrong_table_is_refused_with_its_place(folder: Path, table: str, said: str) -> None:
    pyproject(folder, table)
    with pytest.raises(RequestError, match=said):
        config.settings()


def test_a_mistyped_variable_is_refused_and_those_of_others_are_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VERIFY_SSL_CERTIFICATES", "1")
    assert config.settings().budget == "standard"
    monkeypatch.setenv("VERIFY_BUGDET", "quick")
    with pytest.raises(RequestError, match=r"VERIFY_BUGDET is unknown; did you mean VERIFY_BUDGET\?"):
        config.settings()
    monkeypatch.delenv("VERIFY_BUGDET")
    monkeypatch.setenv("VERIFY_SEED", "many")
    with pytest.raises(RequestError, match="VERIFY_SEED: Expected `int"):
        config.settings()


def test_a_run_goes_by_the_file_and_the_command_prints_it(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    told: list[object] = []

    def judge_all(claims: list[Claim], budget: engines.Budget, seed: int, progress: object) -> Iterator[object]:
        told.extend([budget.name, budget.formats, seed])
        return iter(
            [(Case(each, budget, seed), (verdict(status=Status.HOLDS, evidence="enclosed"),)) for each in claims]
        )

    monkeypatch.setattr(engines, "judge_all", judge_all)
    pyproject(folder, 'paths = ["claims"]\nbudget = "deep"\nseed = 3\nformats = ["float32", "float64"]')
    (folder / "claims").mkdir()
    (folder / "claims" / "my_claims.py").write_text(
        "import jax.numpy as jnp\nfrom verify import Claim, Derivative, domain\n"
        'A = Claim(id="a.sin", autodiff=Derivative(jnp.sin, wrt="x"), by_hand=jnp.cos, domain={"x": domain.Reals("")})'
    )
    assert cli.call(["config"]) == 0
    printed = capsys.readouterr().out.splitlines()
    assert any(line.split() == ["seed", "3", "../pyproject.toml"] for line in printed)
    assert cli.call(["run", "--jobs", "1"]) == 0
    assert told == ["deep", ("float64", "float32"), 3]
    assert cli.call(["run", "--jobs", "1", "--budget", "quick", "--formats", "float64"]) == 2
    assert "budget 'quick' runs float32 only" in capsys.readouterr().err
    assert cli.call(["list"]) == 0
    assert capsys.readouterr().out.startswith("a.sin")
    pyproject(folder, "sed = 3")
    assert cli.call(["config"]) == 2
    assert "did you mean seed?" in capsys.readouterr().err


def test_installed_claims_are_named_by_their_entry_points(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    points = (EntryPoint("mylib", "mylib.claims", config.GROUP), EntryPoint("other", "other.grad:ALL", config.GROUP))
    monkeypatch.setattr(config, "entry_points", lambda group: points)
    assert config.with_installed(["mylib", "mylib.more", "a.py"]) == ("mylib.claims", "mylib.more", "a.py")
    assert config.with_installed([], everything=True) == ("mylib.claims", "other.grad")
    Path("mylib").mkdir()
    assert config.with_installed(["mylib"]) == ("mylib",)
    monkeypatch.setattr(config, "entry_points", lambda group: ())
    with pytest.raises(RequestError, match="no installed library declares claims"):
        config.with_installed([], everything=True)
