"""Promises of accuracy, kept and broken, and the findings in JAX that are promises expected to be broken."""

import contextlib
import io
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import msgspec
import pytest

from verify import Claim, ClaimError, Derivative, Status, check, domain, findings, pages
from verify.claim import Finding, Thread
from verify.pages.text import next_step, why_unexpected
from verify.results import ClaimRow, FindingRow, Results, claim_row, encode
from verify.run import environment

FINDINGS = [each for each in vars(findings).values() if isinstance(each, Claim)]
CHEAP = findings.ABSOLUTE


def cancelling(**more: Any) -> Claim:
    """A difference of numbers near one, 10^8 units off in every version, against a formula that is not."""
    given: dict[str, Any] = {"within": {"float64": 4}, **more}
    return Claim(
        id="test.cancelling",
        autodiff=Derivative(lambda x: jnp.sqrt(1 + x) - 1, "value"),
        by_hand=lambda x: x / (jnp.sqrt(1 + x) + 1),
        domain={"x": domain.Constant(1e-9)},
        **given,
    )


def test_a_broken_promise_is_a_float_outside() -> None:
    report = check(cancelling(), "quick")
    assert (report.status, report.floats, report.as_expected) == (Status.HOLDS, "outside", False)
    assert why_unexpected(report.row) == "a float lies outside what was promised"
    assert "OUTSIDE what was promised" in str(report)


def test_a_broken_promise_may_be_expected() -> None:
    report = check(cancelling(expect_floats="outside"), "quick")
    assert (report.status, report.floats, report.as_expected) == (Status.HOLDS, "outside", True)


def test_a_promise_that_is_kept_holds_and_is_mended_where_it_was_expected_to_be_broken() -> None:
    kept = check(cancelling(within={"float64": 1e12}), "quick")
    assert (kept.floats, kept.as_expected) == ("inside", True)
    mended = check(cancelling(within={"float64": 1e12}, expect_floats="outside"), "quick")
    assert (mended.floats, mended.as_expected) == ("inside", False)
    assert "mended in jax 9.9" in why_unexpected(mended.row, "9.9")
    assert "mended" in str(mended)


def test_a_promise_is_about_its_own_formats_alone() -> None:
    (floats,) = [each for each in check(cancelling(within={"float16": 4}), "quick").verdicts if each.engine == "floats"]
    assert {row["format"] for row in floats.measured} == {"float16"}
    assert floats.floats == "inside"


def test_a_promise_says_nothing_of_a_wrong_formula() -> None:
    wrong = replace(cancelling(expect_floats="outside"), by_hand=lambda x: 2 * jnp.log(1 + x))
    report = check(wrong, "quick")
    assert (report.status, report.as_expected) == (Status.FAILS, False)


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"within": {"float8": 4}}, "within names the format 'float8'"),
        ({"within": {"float64": -1}}, "must be a number of units in the last place, at least 0, found -1"),
        ({"within": {"float64": float("nan")}}, "at least 0, found nan"),
        ({"within": {"float64": "4"}}, "found '4'"),
        ({"within": 4}, "within must map formats to units in the last place, found int"),
        ({"relation": "<="}, "the formula has to be claimed equal and to hold"),
        ({"expect": Status.FAILS}, "the formula has to be claimed equal and to hold"),
        ({"within": {}, "expect_floats": "outside"}, "no promise is made that floats could break"),
        ({"expect_floats": "no claim"}, "expect_floats must be 'inside' or 'outside', found 'no claim'"),
        ({"finding": "log1p"}, "finding must be a Finding(title=…, kind=…), found str"),
    ],
)
def test_a_promise_that_makes_no_sense_is_refused(more: dict[str, Any], message: str) -> None:
    with pytest.raises(ClaimError, match=re.escape(message)):
        cancelling(**more)


def test_findings_are_complete() -> None:
    assert len(FINDINGS) >= 10
    for claim in FINDINGS:
        assert claim.id.startswith("finding.")
        assert claim.expect_floats == "outside"
        assert claim.finding is not None, claim.id
        for each in claim.finding.upstream:
            assert re.fullmatch(r"https://github\.com/[\w-]+/[\w-]+/(issues|pull)/\d+", each.url), claim.id
            assert each.title, claim.id


def _numbers(text: str) -> list[float]:
    return [float(each) for each in re.findall(r"nan|-?\d+(?:\.\d*)?(?:e[+-]?\d+)?", text)]


@pytest.mark.parametrize("claim", FINDINGS, ids=lambda claim: claim.id)
def test_a_reproducer_prints_what_it_is_said_to(claim: Claim) -> None:
    assert claim.finding is not None
    told = claim.finding.prints.partition(";")[0]
    stream = io.StringIO()
    strict = {name: getattr(jax.config, name) for name in ("jax_numpy_dtype_promotion", "jax_numpy_rank_promotion")}
    try:  # it is written for JAX's own rules
        for name in strict:
            jax.config.update(name, "standard" if "dtype" in name else "allow")
        with contextlib.redirect_stdout(stream), jax.enable_x64("jax_enable_x64" in claim.finding.reproducer):
            exec(claim.finding.reproducer.replace(findings.X64, findings.PLAIN), {})
    finally:
        for name, value in strict.items():
            jax.config.update(name, value)
    assert _numbers(stream.getvalue()) == pytest.approx(_numbers(told), rel=1e-3, abs=0, nan_ok=True), stream.getvalue()


def test_a_finding_comes_out_as_described() -> None:
    report = check(CHEAP, "quick")
    assert (report.status, report.floats, report.as_expected) == (Status.HOLDS, "outside", True)


# --- the page --------------------------------------------------------------------------------------------------------


def _results(*rows: ClaimRow) -> Results:
    return Results(environment={**environment("quick", 0), "jax": "9.9.9"}, claims=rows)


@pytest.fixture(scope="module")
def row() -> ClaimRow:
    report = check(CHEAP, "quick")
    return claim_row(CHEAP, report.verdicts, repeat="verify run verify.findings -k finding.abs-at-zero --seed 0")


def test_findings_have_a_page_of_their_own(row: ClaimRow) -> None:
    files = pages.render(_results(row))
    assert list(files) == ["findings.md"]
    text = files["findings.md"].decode()
    assert "1 of 1 are as described" in text
    assert "returns 1, where the truth is 0" in text
    assert "https://github.com/jax-ml/jax/issues/37820" in text
    assert "mended in jax" not in text


def test_the_page_says_what_a_version_has_mended(row: ClaimRow) -> None:
    verdicts = tuple(msgspec.structs.replace(each, floats=each.floats and "inside") for each in row.verdicts)
    mended = msgspec.structs.replace(row, floats="inside", as_expected=False, verdicts=verdicts)
    text = pages.render(_results(mended))["findings.md"].decode()
    assert "**mended in jax 9.9.9**" in text
    assert "0 of 1 are as described" in text


def test_a_claim_that_is_no_finding_has_the_usual_pages(row: ClaimRow) -> None:
    other = msgspec.structs.replace(row, id="tanh.other", finding=None)
    assert "index.md" in pages.render(_results(row, other))


def test_neither_kind_of_run_removes_the_pages_of_the_other(row: ClaimRow, tmp_path: Path) -> None:
    other = msgspec.structs.replace(row, id="tanh.other", finding=None, module="tanh")
    usual, own = pages.render(_results(other)), pages.render(_results(row))
    pages.write(tmp_path, usual)
    pages.write(tmp_path, own)
    assert {each.name for each in tmp_path.glob("*.md")} == {*usual, "findings.md"}
    pages.write(tmp_path, usual)
    assert (tmp_path / "findings.md").is_file()
    assert pages.stale(tmp_path, usual) == pages.stale(tmp_path, own) == []


def test_a_title_is_told_as_it_is_written() -> None:
    told = Finding(
        title="A title",
        kind="defect",
        versions="1.0",
        reproducer="print(1)",
        prints="1; 2 is right",
        upstream=(Thread(url="https://github.com/a/b/issues/1", title="`x` | *y*", state="open"),),
    )
    row = msgspec.structs.replace(claim_row(replace(CHEAP, finding=told), ()), reason="not run")
    assert row.finding is not None
    assert isinstance(row.finding, FindingRow)
    text = pages.render(_results(row))["findings.md"].decode()
    assert r"\`x\` &#124; \*y\*" in text
    assert "**not run**" in text


def test_a_page_of_claims_tells_a_promise(row: ClaimRow) -> None:
    own = msgspec.structs.replace(row, finding=None, module="tanh")
    text = pages.render(_results(own))["tanh.md"].decode()
    assert "Promised: floats within 0 units in the last place in float64; floats OUTSIDE what was promised." in text
    assert "Outside what was promised: 0x1p+0 (float64, jit)" in text
    assert "Outside what rounding allows" not in text


def test_what_to_do_next_about_a_promise(row: ClaimRow) -> None:
    assert next_step(row).startswith("Nothing: the promise is known to be broken")
    assert "expect_floats='outside' away" in next_step(msgspec.structs.replace(row, floats="inside"))
    assert next_step(msgspec.structs.replace(row, expect_floats="inside")).startswith("Promise less")
    assert "report it to JAX" in next_step(msgspec.structs.replace(row, expect_floats="inside", within={}))


def test_a_page_from_a_file_is_that_of_the_run(row: ClaimRow) -> None:
    two = msgspec.structs.replace(row, within={"float64": 4.0, "bfloat16": 2.0, "float32": 4.0})
    found = _results(two)
    again = msgspec.json.decode(encode(found), type=Results)
    assert list(again.claims[0].within) != list(two.within)
    assert pages.render(again) == pages.render(found)
