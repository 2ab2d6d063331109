"""Two runs side by side."""

import json
import os
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from verify import cli, results
from verify.compare import compare, render, ulp_bucket
from verify.results import ClaimRow, ErrorRow, LineRow, MapRow, Results, ThresholdRow, VerdictRow

pytestmark = pytest.mark.interpreter


def row(id_: str = "a.b", **changed: object) -> ClaimRow:
    good = {"status": "HOLDS", "evidence": "proved", "floats": "inside", "as_expected": True}
    return ClaimRow(id=id_, **{**good, **changed})  # type: ignore[arg-type]


def measured(id_: str = "a.b", form: str = "float32", **figures: object) -> ClaimRow:
    figures = {"format": form, "program": "grad", "way": "jit", **figures}
    return row(id_, verdicts=(VerdictRow(engine="floats", status="UNKNOWN", measured=(figures,)),))


EVERY = (VerdictRow(engine="prove", status="HOLDS", evidence="proved", sizes=("every n",)),)


@pytest.mark.parametrize(
    ("before", "after", "kind"),
    [
        (row(), row(), ""),
        (row(), row(status="FAILS", evidence="counterexample"), "worse"),
        (row(), row(status="UNKNOWN", evidence=""), "worse"),
        (row(status="UNKNOWN", evidence=""), row(status="FAILS", evidence="counterexample"), "worse"),
        (row(), row(evidence="enclosed"), "worse"),
        (row(verdicts=EVERY), row(), "worse"),
        (row(), row(status="UNKNOWN", evidence="", error="no"), "worse"),
        (row(), row(floats="outside"), "worse"),
        (row(floats="outside"), row(), "better"),
        (row(expect="FAILS", status="FAILS"), row(expect="FAILS"), "worse"),
        (row(expect="FAILS"), row(expect="FAILS", status="FAILS"), "better"),
        (row(), row(expect="FAILS", status="FAILS"), "changed"),
        (measured(worst_ulp=1.9), measured(worst_ulp=3.9), ""),
        (measured(worst_ulp=1.9), measured(worst_ulp=4.1), "worse"),
        (measured(worst_ulp=0.0), measured(worst_ulp="inf"), "worse"),
        (measured(worst_ulp=9.0), measured(worst_ulp=0.5), "better"),
        (measured(worst_ulp=2.0**30), measured(worst_ulp=2.0**80), ""),
        (measured(worst_ulp="nan"), measured(worst_ulp=9.0), ""),
        (measured(digits=6.9), measured(digits=4.9), "worse"),
        (measured(digits=6.9), measured(digits=5.1), ""),
        (measured(worst_ulp=1.0), measured(form="float64", worst_ulp=64.0), ""),
    ],
)
def test_a_change_is_worse_better_or_neither(before: ClaimRow, after: ClaimRow, kind: str) -> None:
    found = compare(Results(claims=(before,)), Results(claims=(after,)))
    kinds = {name: getattr(found, name) for name in ("worse", "better", "changed")}
    assert [name for name, changes in kinds.items() if changes] == ([kind] if kind else [])


def test_buckets_double() -> None:
    assert [ulp_bucket(each, 24) for each in (0, 1, 1.01, 2, 4, 4.01, "inf", 1e300, None, "nan")] == [
        *(0, 0, 1, 1, 2, 3, 24, 24),
        *(None, None),
    ]


def test_lines_of_maps_thresholds_and_files_are_compared() -> None:
    line = LineRow(name="edge", quantity="loss", format="float32", status="HOLDS")
    crossing = ThresholdRow(id="t", format="float16", status="HOLDS")
    old = Results(maps=(MapRow(id="m", lines=(line,)),), thresholds=(crossing,))
    failing = msgspec.structs.replace(line, status="FAILS", as_expected=False)
    new = Results(
        maps=(MapRow(id="m", lines=(failing,)),),
        thresholds=(msgspec.structs.replace(crossing, status="FAILS"),),
        errors=(ErrorRow(where="x.py:3", message="syntax error"),),
    )
    assert [(each.id, each.what) for each in compare(old, new).worse] == [
        ("m", "map"),
        ("t", "threshold"),
        ("x.py:3", "unreadable"),
    ]
    assert not compare(new, new).worse


def two(tmp_path: Path) -> tuple[str, str]:
    old = Results(claims=(row("kept"), row("worse"), row("gone")), environment={"jax": "0.10"})
    fails = row("worse", status="FAILS", evidence="counterexample")
    new = Results(claims=(row("kept"), fails, row("added")), environment={"jax": "0.11"})
    paths = tmp_path / "old.json", tmp_path / "new.json"
    for path, each in zip(paths, (old, new), strict=True):
        results.write(each, path)
    return str(paths[0]), str(paths[1])


def test_the_command_prints_and_exits(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    old, new = two(tmp_path)
    assert cli.call(["diff", old, new]) == 1
    said = capsys.readouterr().out
    assert said.startswith("WORSE  1\n  worse\n    verdict    HOLDS proved -> FAILS counterexample, expected HOLDS\n")
    assert "NEW  1\n  added\nVANISHED  1\n  gone\n" in said
    assert "jax 0.10 -> 0.11" in said
    assert cli.call(["diff", new, old]) == 0
    assert cli.call(["diff", old, old]) == 0
    assert "no verdict differs" in capsys.readouterr().out
    assert cli.call(["diff", old, new, "--format", "json"]) == 1
    data = json.loads(capsys.readouterr().out)
    assert data["schema"] == "gradproof.diff/1"
    assert (data["worse"][0]["id"], data["added"], data["vanished"]) == ("worse", ["added"], ["gone"])
    assert cli.call(["diff", old, new, "--format", "md"]) == 1
    assert "| `worse` | verdict | HOLDS proved | FAILS counterexample, expected HOLDS |" in capsys.readouterr().out
    assert cli.call(["diff", old, str(tmp_path / "none.json")]) == 2
    (tmp_path / "broken.json").write_text("{")
    assert cli.call(["diff", old, str(tmp_path / "broken.json")]) == 2


def test_markdown_keeps_its_cells_apart() -> None:
    error = ErrorRow(where="a|b.py:1", message="<b>|\nnext")
    text = render(compare(Results(), Results(errors=(error,))), "md")
    assert "| `a\\|b.py:1` | unreadable |  | &lt;b>\\| next |" in text.splitlines()


def test_commands_that_need_no_jax_import_none(tmp_path: Path) -> None:
    old, new = two(tmp_path)
    code = (
        "import sys; from verify.cli import call\n"
        "for line in sys.argv[1:]: call(line.split())\n"
        "print('jax' in sys.modules, 'numpy' in sys.modules)"
    )
    command = [sys.executable, "-c", code, f"diff {old} {new}", "config", "diff --help"]
    here = {**os.environ, "PYTHONPATH": str(Path(cli.__file__).parents[1])}
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=here, cwd=tmp_path)
    assert done.stdout.splitlines()[-1] == "False False"
