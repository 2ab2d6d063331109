"""What a CI reads of a run."""

import json
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import pytest
from made_up import VERDICTS

from verify import ci, cli, engines
from verify.claim import Claim
from verify.engines.case import Case
from verify.loader import RequestError
from verify.results import ClaimRow, ErrorRow, LineRow, MapRow, Results, ThresholdRow

pytestmark = pytest.mark.interpreter

CLAIMS = """
import jax.numpy as jnp
from verify import Claim, Derivative, Status, domain

def claim(id, **changed):
    given = dict(id=id, autodiff=Derivative(jnp.sin, wrt="x"), by_hand=jnp.cos, domain={"x": domain.Reals("")})
    return Claim(**{**given, **changed})

"""


def row(id_: str = "a.b", **changed: object) -> ClaimRow:
    good = {"status": "HOLDS", "evidence": "proved", "as_expected": True, "module": "claims", "place": "claims.py:7"}
    return ClaimRow(id=id_, **{**good, **changed})  # type: ignore[arg-type]


GOOD = row("good")
BAD = row("bad", status="FAILS", evidence="counterexample", as_expected=False)
OPEN = row("open", status="UNKNOWN", evidence="", as_expected=False, reason="50 % <b>: a, b\x00\n| c")
BROKEN = row("broken", status="UNKNOWN", evidence="", as_expected=False, error="by_hand raises")


def settled(*rows: ClaimRow, known: dict[str, str] | None = None, **more: object) -> ci.Settled:
    return ci.settle(Results(claims=rows, **more), known or {}, whole=True)  # type: ignore[arg-type]


@pytest.fixture(autouse=True)
def _empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("GITHUB_ACTIONS", "GITHUB_STEP_SUMMARY"):
        monkeypatch.delenv(name, raising=False)


def test_junit_has_a_testcase_per_claim_map_and_threshold() -> None:
    line = LineRow(name="edge", quantity="loss", format="float32", status="FAILS", as_expected=False)
    found = settled(
        *(GOOD, BAD, OPEN, BROKEN, row("known", status="UNKNOWN", as_expected=False)),
        known={"known": "waits for a primitive"},
        maps=(MapRow(id="m", lines=(line,)), MapRow(id="n")),
        thresholds=(ThresholdRow(id="t", format="float16", status="HOLDS"),),
        errors=(ErrorRow(where="x.py:3", message="syntax error"),),
    )
    suite = ElementTree.fromstring(ci.junit(found))[0]
    assert {name: suite.get(name) for name in ("tests", "failures", "errors", "skipped")} == {
        "tests": "9",
        "failures": "3",
        "errors": "2",
        "skipped": "1",
    }
    tags = {case.get("name"): [inner.tag for inner in case] for case in suite}
    assert tags == {
        "good": [],
        "bad": ["failure"],
        "open": ["failure"],
        "broken": ["error"],
        "known": ["skipped"],
        "m": ["failure"],
        "n": [],
        "t, float16": [],
        "x.py:3": ["error"],
    }
    bad = suite.find("testcase[@name='bad']")
    assert bad is not None
    assert (bad.get("file"), bad.get("line"), bad.get("classname")) == ("claims.py", "7", "claims.claims")
    assert "50 % <b>: a, b\ufffd" in str(suite.find("testcase[@name='open']/failure").get("message"))  # type: ignore[union-attr]


def test_the_summary_has_what_is_refuted_first_and_is_cut_on_a_row() -> None:
    text = ci.summary(settled(GOOD, OPEN, BROKEN, BAD))
    rows = [line.split("`")[1] for line in text.splitlines() if line.startswith("| ") and "`" in line]
    assert rows == ["bad", "open", "broken", "good"]
    assert "3 of 4 not as expected" in text
    assert "50 % &lt;b>: a, b\x00 \\| c |" in text
    many = [row(f"claim-{place}") for place in range(200)]
    short = ci.summary(settled(*many, BAD), most=2_000)
    assert len(short.encode()) <= 2_000 + 1
    lines = short.rstrip().splitlines()
    assert all(line.endswith(" |") for line in lines[2:])
    assert "`bad`" in lines[4]
    told = len(lines) - 5
    assert lines[-1] == f"| | … {201 - told} more | | |"


def test_annotations_are_escaped_at_their_lines_and_at_most_ten() -> None:
    (line,) = ci.annotations(settled(GOOD, OPEN))
    assert line.startswith("::error file=claims.py,line=7,title=UNKNOWN open::")
    assert "50 %25 <b>: a, b" in line
    assert "%0A" in line
    assert "\n" not in line
    (odd,) = ci.annotations(settled(row("odd", as_expected=False, status="FAILS", place="a,b:c.py:3")))
    assert odd.startswith("::error file=a%2Cb%3Ac.py,line=3,title=FAILS odd::")
    (elsewhere,) = ci.annotations(settled(row("odd", as_expected=False, status="FAILS", place="/abs/c.py:3")))
    assert elsewhere.startswith("::error title=")
    many = ci.annotations(settled(*(row(f"a{place}", status="FAILS", as_expected=False) for place in range(12))))
    assert len(many) == 10
    assert many[-1] == "::error title=Gradproof::3 more; all are in the step's summary"
    assert ci.annotations(settled(GOOD)) == []


@pytest.mark.parametrize(
    ("rows", "message", "color"),
    [
        ((GOOD, row("false", status="FAILS", expect="FAILS")), "2/2 as claimed", "brightgreen"),
        ((GOOD, BAD), "1/2 as claimed", "red"),
        ((GOOD, OPEN), "1/2 as claimed", "yellow"),
        ((GOOD, BROKEN), "1/2 as claimed", "red"),
        ((), "none", "lightgrey"),
    ],
)
def test_the_badge(rows: tuple[ClaimRow, ...], message: str, color: str) -> None:
    expected = {"schemaVersion": 1, "label": "gradients", "message": message, "color": color}
    assert json.loads(ci.badge(settled(*rows))) == expected


def test_known_failures_are_strict() -> None:
    entries = {"bad": "why", "good": "why", "gone": "why", "broken": "why"}
    found = settled(GOOD, BAD, BROKEN, known=entries)
    assert (dict(found.known), found.passing, found.unused) == ({"bad": "why"}, ("good",), ("gone",))
    assert [each.as_expected for each in found.results.claims] == [False, True, False]
    part = ci.settle(Results(claims=(BAD,)), entries, whole=False)
    assert not part.wrong
    unread = ErrorRow(where="x.py:3", message="no")
    assert settled(BAD, known=entries, errors=(unread,)).unused == ()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "no such file"),
        ("[[claim]]\nid = 'a'", "missing required field `reason`"),
        ("[[claim]]\nid = 'a'\nreason = ' '", "'a' has no reason"),
        ("[[claim]]\nid = 'a'\nreason = 'b'\nreson = 'c'", "unknown field `reson`"),
        ("[[claim]]\nid = 'a'\nreason = 'b'\n[[claim]]\nid = 'a'\nreason = 'b'", "two entries"),
        ("[[claims]]", "unknown field `claims`"),
        ("[[", "known.toml: "),
    ],
)
def test_a_wrong_file_of_known_failures_is_refused(content: str | None, said: str) -> None:
    if content is not None:
        Path("known.toml").write_text(content)
    with pytest.raises(RequestError, match=said):
        ci.read_known(Path("known.toml"))


def test_a_run_writes_what_a_ci_reads(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def judge_all(claims: list[Claim], budget: engines.Budget, seed: int, progress: object) -> Iterator[object]:
        return iter(
            [
                (Case(each, budget, seed), (VERDICTS["falsify fails" if "fails" in each.id else "holds"],))
                for each in claims
            ]
        )

    monkeypatch.setattr(engines, "judge_all", judge_all)
    Path("my_claims.py").write_text(CLAIMS + 'A = claim("a.holds")\nB = claim("a.fails")\n')
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", "summary.md")
    Path("summary.md").write_text("before\n")
    run = ["run", "my_claims.py", "--jobs", "1", "--junit", "out/junit.xml", "--badge", "out/badge.json"]
    assert cli.call(run) == 1
    assert "::error" not in capsys.readouterr().out
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    assert cli.call(run) == 1
    assert "\n::error file=my_claims.py,line=10,title=FAILS a.fails::" in capsys.readouterr().out
    assert len(ElementTree.parse("out/junit.xml").findall(".//testcase")) == 2
    assert json.loads(Path("out/badge.json").read_text())["message"] == "1/2 as claimed"
    assert Path("summary.md").read_text().startswith("before\n### Gradproof: 1 of 2")

    Path("known.toml").write_text('[[claim]]\nid = "a.fails"\nreason = "to be repaired"\n')
    assert cli.call([*run, "--known-failures", "known.toml"]) == 0
    said = capsys.readouterr()
    assert "::error" not in said.out
    assert "known failures" in said.out
    with Path("known.toml").open("a") as file:
        file.write('[[claim]]\nid = "a.holds"\nreason = "to be repaired"\n')
    assert cli.call([*run, "--known-failures", "known.toml"]) == 1
    assert "known.toml: a.holds is as expected now: remove its entry" in capsys.readouterr().err
    Path("known.toml").write_text('[[claim]]\nid = "a.gone"\nreason = "x"\n[[claim]]\nid = "a.fails"\nreason = "x"\n')
    assert cli.call([*run, "--known-failures", "known.toml"]) == 0
    Path("pyproject.toml").write_text('[tool.verify]\npaths = ["my_claims.py"]\nknown-failures = "known.toml"\n')
    assert cli.call(["run", "--jobs", "1"]) == 1
    assert "no claim has the id a.gone" in capsys.readouterr().err
    assert cli.call(["run", "--jobs", "1", "-k", "*.fails"]) == 0
