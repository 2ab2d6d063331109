"""Results survive their file, and a claim's row says what its engines say together."""

import json
import math
from pathlib import Path

import pytest
from made_up import VERDICTS, claim, made_up_results, verdict

from verify import results
from verify.claim import Source, Status, Witness

pytestmark = pytest.mark.interpreter


@pytest.mark.parametrize(
    ("said", "status", "evidence"),
    [
        ([("HOLDS", "enclosed")], "HOLDS", "enclosed"),
        ([("HOLDS", "enclosed"), ("HOLDS", "proved")], "HOLDS", "proved"),
        ([("HOLDS", "enclosed"), ("FAILS", "counterexample")], "FAILS", "counterexample"),
        ([("UNKNOWN", ""), ("HOLDS", "enclosed")], "HOLDS", "enclosed"),
        ([("UNKNOWN", ""), ("UNKNOWN", "")], "UNKNOWN", ""),
        ([], "UNKNOWN", ""),
    ],
)
def test_engines_combine(said: list[tuple[str, str]], status: str, evidence: str) -> None:
    verdicts = [verdict(status=Status(word), evidence=strength) for word, strength in said]
    assert results.combine(verdicts) == (Status(status), evidence)


def test_as_expected_needs_the_status_and_floats_inside() -> None:
    good = verdict(status=Status.HOLDS, evidence="enclosed")
    bad = verdict(status=Status.FAILS, evidence="counterexample")
    outside = verdict(engine="floats", floats="outside")
    silent = verdict(engine="floats", floats="no claim")
    assert results.claim_row(claim(), [good]).as_expected
    assert results.claim_row(claim(), [good, silent]).as_expected
    assert not results.claim_row(claim(), [good, outside]).as_expected
    assert not results.claim_row(claim(), [bad]).as_expected
    assert results.claim_row(claim(expect=Status.FAILS), [bad]).as_expected
    assert not results.claim_row(claim(expect=Status.FAILS), [bad, outside]).as_expected
    assert not results.claim_row(claim(), []).as_expected
    assert not results.claim_row(claim(), [good], error="cannot be built").as_expected


def test_the_shrunk_counterexample_is_the_one_that_is_shown() -> None:
    row = results.claim_row(claim(), [VERDICTS["enclose fails"], VERDICTS["falsify fails"]], repeat="again")
    assert row.counterexample is not None
    assert row.counterexample.engine == "falsify"
    assert row.counterexample.point.arguments == {"x": ["0x1p+0", "-0x1.8p+1"], "k": 2}
    assert row.counterexample.repeat == row.repeat == "again"


def test_the_file_has_the_keys_of_the_contract_sorted_and_no_bare_nan(tmp_path: Path) -> None:
    path = tmp_path / "results.json"
    found = made_up_results()
    results.write(found, path)
    raw = path.read_text(encoding="utf-8")

    def refuse(text: str) -> None:
        raise AssertionError(f"{text} is not JSON")

    data = json.loads(raw, parse_constant=refuse)
    assert data["schema"] == "gradproof.results/1"
    assert {"environment", "claims", "statements", "maps"} <= set(data)
    keys = {"id", "source", "statement_id", "expect", "status", "evidence", "floats", "as_expected", "exceptions"}
    keys |= {"sizes", "residual", "counterexample", "verdicts"}
    assert keys <= set(data["claims"][0])
    verdicts = {"engine", "status", "evidence", "checked", "sizes", "worst", "reason", "seconds"}
    assert verdicts <= set(data["claims"][0]["verdicts"][0])
    assert {"id", "verdict", "claims"} <= set(data["statements"][0])
    assert list(data) == sorted(data)
    assert list(data["claims"][0]) == sorted(data["claims"][0])
    measured = [row for each in data["claims"] for said in each["verdicts"] for row in said["measured"]]
    assert any(row["worst_ulp"] == "inf" and row["share"] == "nan" for row in measured)


def test_results_are_read_back_as_they_were_and_written_alike(tmp_path: Path) -> None:
    first, second = tmp_path / "a.json", tmp_path / "b.json"
    results.write(made_up_results(), first)
    results.write(results.read(first), second)
    assert first.read_bytes() == second.read_bytes()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "no such file"),
        ("", "is broken"),
        ('{"schema": "gradproof.results/1", "claims": [', "is broken"),
        ('{"schema": "gradproof.results/1", "claims": [{"id": 3}]}', "is broken"),
        ("[1, 2]", "is broken"),
        ('{"schema": "other/1"}', "expected schema 'gradproof.results/1', found 'other/1'"),
        ("{}", "found None"),
    ],
)
def test_a_broken_or_foreign_file_is_refused_with_its_name(tmp_path: Path, content: str | None, said: str) -> None:
    path = tmp_path / "results.json"
    if content is not None:
        path.write_text(content, encoding="utf-8")
    with pytest.raises(results.ResultsError, match=said) as refused:
        results.read(path)
    assert str(path) in str(refused.value)


def test_unknown_keys_of_a_newer_version_are_read_over(tmp_path: Path) -> None:
    path = tmp_path / "results.json"
    path.write_text('{"schema": "gradproof.results/1", "new": 1, "claims": [{"id": "a", "newer": 2}]}')
    assert results.read(path).claims[0].id == "a"


def test_numbers_of_numpy_and_nested_values_become_json() -> None:
    import numpy as np

    witness = Witness(
        arguments={"x": np.array([0.5, math.inf]), "tree": {"b": (np.float64(1.0), 3)}},
        component="",
        program="grad",
        autodiff="0",
        by_hand="0",
        size={"n": 2},
    )
    measured = ({"worst_ulp": np.float64("nan"), "points": np.int64(3), "at": np.zeros(2)},)
    row = results.claim_row(claim(), [verdict(worst=witness, measured=measured)])
    data = json.loads(results.encode(results.Results(claims=(row,))))
    worst = data["claims"][0]["verdicts"][0]["worst"]
    assert worst["arguments"] == {"x": ["0x1p-1", "inf"], "tree": {"b": ["0x1p+0", 3]}}
    assert data["claims"][0]["verdicts"][0]["measured"] == [{"at": [0.0, 0.0], "points": 3, "worst_ulp": "nan"}]


def test_statements_find_the_claims_that_name_them() -> None:
    from verify.article.statements import STATEMENTS

    mine = claim(source=Source("a", "b", statement=STATEMENTS[3].id))
    rows = results.statement_rows(STATEMENTS, [mine])
    assert rows[3].claims[0] == "made.up"
    assert [row.id for row in rows] == [each.id for each in STATEMENTS]
