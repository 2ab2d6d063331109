"""Every claim in examples/ holds, none of them for want of a primitive."""

import importlib.util
from pathlib import Path

import pytest

from verify import Claim, Status, check, load

EXAMPLES = Path(__file__).parents[1] / "examples"
PATHS = [
    path
    for path in sorted(EXAMPLES.glob("*_claims.py"))
    if path.name != "optax_claims.py" or importlib.util.find_spec("optax")
]
CLAIMS = [claim for path in PATHS for claim in load(path)]


def test_there_are_examples() -> None:
    assert len(CLAIMS) >= 17


@pytest.mark.parametrize("claim", CLAIMS, ids=[claim.id for claim in CLAIMS])
def test_examples_hold(claim: Claim) -> None:
    report = check(claim, "quick")
    assert report.status is Status.HOLDS, [(each.engine, each.reason) for each in report.verdicts]
    assert report.row.floats != "outside"
