"""The claims about JAX's own custom rules cover all that there are, and their page is of the claims that there are."""

import re
from collections.abc import Mapping
from pathlib import Path

import jax
import pytest

from verify import Claim, Status, check, customs
from verify.claim import Verdict
from verify.pages import render
from verify.results import Results, claim_row

PAGE = Path(__file__).parents[1] / "reports" / "rules" / "custom-rules.md"
CLAIMS = {claim.id: claim for claim in customs.CLAIMS}


def _page() -> str:
    page = PAGE.read_text(encoding="utf-8")
    version = re.search(r"of JAX (\d[\w.]*)\.", page)
    assert version is not None
    if version.group(1) != jax.__version__:
        pytest.skip(f"the page is of JAX {version.group(1)}; here is {jax.__version__}")
    return page


def test_every_rule_has_a_claim_or_a_reason() -> None:
    _page()  # other versions of JAX have other rules
    claimed = {claim.source.place for claim in customs.CLAIMS}
    found = set(customs.found())
    assert {"relu", "logaddexp", "_xlogx", "_pinv", "_softmax", "_slogdet_qr"} <= found
    assert found == claimed | set(customs.LEFT_OUT)
    assert not claimed & set(customs.LEFT_OUT)


def test_the_page_is_not_stale() -> None:
    page = _page()
    told = set(re.findall(r"\[(customs\.[\w-]+)\]", page))
    assert told == set(CLAIMS), "write it anew: python -m nox -s rules"
    for name, reason in customs.LEFT_OUT.items():
        assert f"- `{name}`: {reason}." in page
    for claim in customs.CLAIMS:
        row = next(line for line in page.splitlines() if line.startswith(f"| [{claim.id}]"))
        assert f"`{claim.source.place}`" in row
        assert ("FAILS, as expected" if claim.expect is Status.FAILS else "HOLDS") in row


@pytest.mark.parametrize("name", ["customs.logit", "customs.softmax", "customs.log-ndtr"])
def test_some_of_them_come_out_as_the_page_says(name: str) -> None:
    report = check(CLAIMS[name], "quick")
    assert report.as_expected


def _row(claim: Claim, status: Status, compared: Mapping[str, object]) -> Results:
    verdict = Verdict(claim=claim.id, engine="floats", status=status, compared=(compared,))
    row = claim_row(claim, (verdict,), module="customs")
    return Results(claims=(row,), environment={"jax": "0"}, left_out={"other": "a reason"})


def test_the_page_says_which_side_keeps_more() -> None:
    claim = CLAIMS["customs.log-ndtr"]
    place = {"at": {"x": [-33.25, 1.0]}, "component": "[0, 0]", "rule": 4, "plain": "not finite"}
    compared = {"format": "float32", "apart": 3e-6, "rule": place, "plain": None, "not counted": ""}
    found = render(_row(claim, Status.FAILS, compared))["custom-rules.md"].decode()
    assert found == render(_row(claim, Status.FAILS, compared))["custom-rules.md"].decode()
    assert "rule 4 digits, plain not finite, at x = -33.25" in found
    assert "1e-5" in found
    assert "- `other`: a reason." in found
    none = {"format": "float32", "apart": 0.0, "rule": None, "plain": None, "not counted": "a library"}
    found = render(_row(claim, Status.HOLDS, none))["custom-rules.md"].decode()
    assert "keeps more |" not in found
    assert "Not counted, for a library: [customs.log-ndtr]" in found


def test_runs_of_other_claims_have_no_such_page() -> None:
    assert "custom-rules.md" not in render(Results())
