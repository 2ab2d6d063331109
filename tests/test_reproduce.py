"""Pages on another machine: what differs is told by name."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "benchmarks"))

import reproduce  # noqa: E402

ROW: dict[str, Any] = {
    "set": "findings",
    "cpu": "a processor",
    "instructions": "avx2",
    "python": "3.11.7",
    "jax": "0",
    "numpy": "0",
    "status": 0,
    "pages": 1,
    "differing": [],
    "other verdicts": [],
}


def made(name: str, isa: str, *, differing: tuple[str, ...] = (), status: str = "FAILS counterexample") -> Any:
    """What a run comes to."""
    return ROW | {"set": name, "instructions": isa or "avx2", "differing": list(differing)}, {"a.claim": status}


def test_what_differs_is_told_and_kept(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(reproduce, "RECORD", tmp_path / "reproduced.json")
    monkeypatch.setattr(reproduce, "PAGE", tmp_path / "reproducible.md")
    runs = [
        (made("findings", ""), 0, "differing: none; other verdicts: none"),
        (made("findings", "", differing=("findings.md",)), 1, "differing: `findings.md`; other verdicts: none"),
        (made("findings", "SSE4_2", status="HOLDS proved"), 0, "other verdicts: none"),
        (made("findings", "", differing=("findings.md",)), 1, "other verdicts: `a.claim`"),
    ]
    for outcome, status, said in runs:
        monkeypatch.setattr(reproduce, "run", lambda name, isa, outcome=outcome: outcome)
        monkeypatch.setattr(sys, "argv", ["reproduce.py", "findings", "--docs"])
        assert reproduce.main() == status
        assert said in capsys.readouterr().out
    kept = json.loads((tmp_path / "reproduced.json").read_text(encoding="utf-8"))
    assert [each["instructions"] for each in kept["runs"]] == ["SSE4_2", "avx2"]
    page = (tmp_path / "reproducible.md").read_text(encoding="utf-8")
    assert "| findings | a processor | avx2 | 3.11.7 | 0 | 0 | 1 | 1 | 1 |" in page
    assert "What differs (findings, Python 3.11.7, jax 0, avx2): `findings.md`, `a.claim`." in page


@pytest.mark.parametrize("lacking", [{"pages": 0}, {"status": 2}])
def test_a_run_that_failed_or_wrote_nothing_is_no_success(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, lacking: dict[str, int]
) -> None:
    monkeypatch.setattr(reproduce, "RECORD", tmp_path / "reproduced.json")
    monkeypatch.setattr(sys, "argv", ["reproduce.py", "findings"])
    for more, status in (({}, 0), (lacking, 1)):
        monkeypatch.setattr(reproduce, "run", lambda name, isa, more=more: (ROW | more, {"a.claim": "HOLDS proved"}))
        assert reproduce.main() == status


@pytest.mark.once
def test_a_page_that_is_not_written_any_more_differs(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "small.py").write_text(
        "import jax.numpy as jnp\n"
        "from verify import Claim, Derivative, domain\n\n"
        'SQUARE = Claim(id="small.square", autodiff=Derivative(lambda x: jnp.sum(x**2), "gradient", wrt="x"),\n'
        '    by_hand=lambda x: 2 * x, domain={"x": domain.Reals("2")})\n',
        encoding="utf-8",
    )
    monkeypatch.setattr(reproduce, "ROOT", tmp_path)
    monkeypatch.setattr(reproduce, "SETS", {"small": ("small.py", "reports")})
    command = [sys.executable, "-m", "verify", "run", "small.py", "--reports", "reports", "--results", "results.json"]
    subprocess.run(command, cwd=tmp_path, check=True, capture_output=True)
    row, _ = reproduce.run("small", "")
    assert (row["status"], row["pages"], row["differing"]) == (0, 2, [])
    page = (tmp_path / "reports" / "small.md").read_text(encoding="utf-8")
    (tmp_path / "reports" / "gone.md").write_text(page, encoding="utf-8")
    (tmp_path / "reports" / "of-another-hand.md").write_text("# Notes\n", encoding="utf-8")
    (tmp_path / "reports" / "small.md").write_text(page + "more\n", encoding="utf-8")
    row, _ = reproduce.run("small", "")
    assert row["differing"] == ["gone.md", "small.md"]


def test_an_unknown_set_is_named(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys, "argv", ["reproduce.py", "artikel"])
    with pytest.raises(SystemExit):
        reproduce.main()
    assert "no set 'artikel': choose from article, findings, rules, examples" in capsys.readouterr().err
