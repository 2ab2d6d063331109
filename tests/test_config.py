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
from verify.maps import Threshold
from verify.results import read

pytestmark = pytest.mark.interpreter


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
    assert any(line.split()[:3] == ["seed", "3", "../pyproject.toml"] for line in printed)
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


MAPS = """
import jax.numpy as jnp
from verify.maps import Axis, Map, Quantity

A = Map(
    id="a.slope",
    title="slope of tanh",
    axes=(Axis(name="x", values=(0.5, 1.0, 2.0)),),
    point=lambda x: {"x": x},
    quantities={"slope": Quantity(fn=lambda x: jnp.tanh(x), wrt="x")},
    formats=("float64", "float32"),
)
B = Map(id="b.slope", title="in one format", axes=A.axes, point=A.point, quantities=A.quantities)
"""


def test_maps_go_by_the_same_settings_as_claims(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def formats() -> dict[str, tuple[str, ...]]:
        return {row.id: row.formats for row in read(Path("results.json")).maps}

    def swept(*more: str) -> dict[str, tuple[str, ...]]:
        assert cli.call(["map", "--jobs", "1", *more]) == 0
        return formats()

    (folder / "claims").mkdir()
    (folder / "claims" / "my_claims.py").write_text(MAPS)
    pyproject(folder, 'paths = ["claims"]')
    assert cli.call(["map", "--list"]) == 0
    assert capsys.readouterr().out.splitlines() == ["a.slope  slope of tanh", "b.slope  in one format"]
    assert swept() == {"a.slope": ("float64", "float32"), "b.slope": ("float64",)}
    pyproject(folder, 'paths = ["claims"]\nformats = ["float32", "float16"]')
    assert swept() == {"a.slope": ("float32",)}, "the file says"
    monkeypatch.setenv("VERIFY_FORMATS", "float64")
    assert swept() == {"a.slope": ("float64",), "b.slope": ("float64",)}, "the variable beats the file"
    assert swept("--formats", "float32") == {"a.slope": ("float32",)}, "the option beats the variable"
    assert {"a.slope"} == {row.id for row in read(Path("results.json")).maps}
    assert read(Path("results.json")).maps[0].classes["slope"].keys() == {"float32"}
    other = folder / "other.py"
    other.write_text(MAPS.replace("a.slope", "c.slope").replace("b.slope", "d.slope"))
    assert swept("c.slope", "--path", str(other)) == {"c.slope": ("float64",)}
    capsys.readouterr()
    assert cli.call(["map", "b.slope", "--count", "--formats", "float32"]) == 2
    assert "computed in float64, not in float32" in capsys.readouterr().err
    assert cli.call(["map", "b.slope", "--formats", "float32"]) == 2
    assert "computed in float64, not in float32" in capsys.readouterr().err
    assert cli.call(["map", "--formats", "bfloat16"]) == 2
    assert "no map is computed in bfloat16" in capsys.readouterr().err
    assert cli.call(["map", "--formats", "float8"]) == 2
    assert "expected some of float64" in capsys.readouterr().err


def test_a_run_narrows_maps_to_its_formats_and_config_says_which_commands_a_setting_is_for(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "my_claims.py").write_text(MAPS)
    assert cli.call(["run", str(folder / "my_claims.py"), "--jobs", "1", "--formats", "float32"]) == 0
    assert {row.id: row.formats for row in read(Path("results.json")).maps} == {"a.slope": ("float32",)}
    capsys.readouterr()
    assert cli.call(["config"]) == 0
    printed = dict(line.split(maxsplit=1) for line in capsys.readouterr().out.splitlines())
    assert printed["formats"].endswith("default  run, map")
    assert printed["paths"].endswith("default  run, list, show, map")
    assert printed["seed"].endswith("default  run, rule"), "nothing of a map is drawn"


def test_a_threshold_in_some_of_its_formats() -> None:
    given = Threshold(id="t", title="", fn=abs, event=bool, begins=abs, formats=("float64", "float16"))
    kept = given.only(("float16", "float32"))
    assert kept is not None
    assert kept.formats == ("float16",)
    assert given.only(("float32",)) is None
    assert given.only(None) is given
