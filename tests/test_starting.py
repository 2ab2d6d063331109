"""First contact: the file that `verify new` writes, and the README's quick start, do what they say."""

import re
from pathlib import Path

import pytest

from verify import cli, results

pytestmark = pytest.mark.interpreter

README = (Path(cli.__file__).parents[1] / "README.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", README, re.DOTALL | re.MULTILINE)


@pytest.fixture(autouse=True)
def _empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("GITHUB_ACTIONS", "GITHUB_STEP_SUMMARY"):
        monkeypatch.delenv(name, raising=False)


def test_a_new_file_and_the_quick_start_hold_as_they_stand(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.call(["new", "huber_loss"]) == 0
    assert "verify run claims_huber_loss.py" in capsys.readouterr().out
    code = next(each for each in blocks("python") if each.startswith("# my_claims.py"))
    Path("my_claims.py").write_text(code, encoding="utf-8")
    arguments = ["my_claims.py", "claims_huber_loss.py", "--jobs", "1"]
    assert any("verify run my_claims.py" in each for each in blocks("sh"))
    assert cli.call(["run", *arguments]) == 0
    said = capsys.readouterr().out
    promised = next(each for each in blocks("text") if each.startswith("HOLDS  tanh.gradient"))
    assert said.startswith(promised)
    assert [row.id for row in results.read(Path("results.json")).claims] == ["tanh.gradient", "huber-loss.gradient"]


def test_the_quick_start_with_the_slip_it_names_fails(capsys: pytest.CaptureFixture[str]) -> None:
    assert "Drop the square" in README
    code = next(each for each in blocks("python") if each.startswith("# my_claims.py"))
    wrong = code.replace("(1 - jnp.tanh(x) ** 2)", "(1 - jnp.tanh(x))")
    assert wrong != code
    Path("my_claims.py").write_text(wrong, encoding="utf-8")
    assert cli.call(["run", "my_claims.py", "--jobs", "1", "--budget", "quick"]) == 1
    assert "FAILS  tanh.gradient" in capsys.readouterr().out


def test_a_file_that_is_there_is_left_as_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    Path("claims_mine.py").write_text("mine")
    assert cli.call(["new", "mine"]) == 2
    assert "is left as it is" in capsys.readouterr().err
    assert Path("claims_mine.py").read_text() == "mine"


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("Huber-Loss", "`verify new huber_loss` would do"),
        ("claims_mine.py", "`verify new mine` would do"),
        ("../up", "`verify new up` would do"),
        ("3", "expected lower-case letters"),
        ("", "expected lower-case letters"),
        ("a__b", "`verify new a_b` would do"),
    ],
)
def test_bad_names_are_refused(name: str, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.call(["new", name]) == 2
    assert said in capsys.readouterr().err
    assert list(Path().iterdir()) == []
