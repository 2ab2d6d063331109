"""Judge the judges: no engine takes a wrong formula for a right one, and plain 60-digit arithmetic confirms why."""

import math
from typing import Any

import numpy as np
import pytest
from controls import CONTROLS, HIDDEN_BRANCH, RIGHT, Control, components, numbers
from mpmath import mp

from verify.claim import Claim, Status, Verdict, Witness
from verify.engines import BUDGETS, enclose, falsify, prove
from verify.engines.case import Case

pytestmark = pytest.mark.once

QUICK = BUDGETS["quick"]
DIGITS = 60


def _judged(claim: Claim, seed: int) -> list[Verdict]:
    case = Case(claim, QUICK, seed)
    enclosed = enclose.check(case)
    return [enclosed, falsify.check(case, enclosed.worst)]


def _agrees(text: str, value: Any, scale: Any) -> bool:
    """Whether a printed value is this one to its last digit, or both are zero to 50 digits of the other side."""
    shown = mp.mpf(text)
    if max(abs(shown), abs(value)) < mp.mpf(10) ** -50 * scale:
        return True
    if shown == 0:
        return value == 0
    digits = len(text.lower().partition("e")[0].replace(".", "").lstrip("-0"))
    unit = mp.mpf(10) ** (math.floor(mp.log10(abs(shown))) + 1 - max(digits, 15))
    return abs(shown - value) <= unit


def _confirm(control: Control, witness: Witness) -> None:
    """Both sides computed again at the counterexample, without JAX, python-flint or this package."""
    spread = max(np.ptp(np.asarray(each, dtype=np.float64)) for each in witness.arguments.values())
    # 1 - s cancels as many nats as the logits are apart, the squared error twice as many.
    # Deep controls differ by what only hundreds of digits show.
    deep = 400 if ".deep." in f".{control.claim.id}" else 0
    with mp.workdps(DIGITS + int(spread) + deep):
        given = {name: numbers(value) for name, value in witness.arguments.items()}
        first = components(control.autodiff(given))[witness.component]
        second = components(control.by_hand(given))[witness.component]
        scale = max(abs(first), abs(second))
        least = mp.mpf(10) ** -(40 + (int(spread) + deep - 20 if deep else 0))
        assert abs(first - second) > least * scale, "the sides do not differ"
        relation = control.claim.relation
        if relation != "==":
            size = abs(first) if relation == "abs<=" else first
            assert size < second if relation == ">=" else size > second, "the bound is kept"
        assert _agrees(witness.autodiff, first, scale), f"autodiff {witness.autodiff} is {mp.nstr(first, 20)}"
        assert _agrees(witness.by_hand, second, scale), f"by hand {witness.by_hand} is {mp.nstr(second, 20)}"


@pytest.mark.parametrize("control", CONTROLS, ids=lambda control: control.claim.id)
def test_a_wrong_formula_is_refuted(control: Control) -> None:
    verdicts = _judged(control.claim, seed=1)
    assert [each.engine for each in verdicts if each.status is Status.HOLDS] == []
    refuting = [each for each in verdicts if each.status is Status.FAILS]
    assert refuting, [each.reason for each in verdicts]
    for verdict in refuting:
        assert verdict.evidence == "counterexample"
        assert verdict.worst is not None
        _confirm(control, verdict.worst)


@pytest.mark.parametrize("claim", RIGHT, ids=lambda claim: claim.id)
def test_the_right_formula_beside_it_holds(claim: Claim) -> None:
    enclosed, searched = _judged(claim, seed=1)
    if "at entry" in enclosed.reason:  # Where the target is one, no entry takes the sign that others take.
        assert prove.check(Case(claim, BUDGETS["quick"], 1)).status is Status.HOLDS
        return
    assert enclosed.status is Status.HOLDS, enclosed.reason
    assert enclosed.evidence == "enclosed"
    assert searched.status is Status.UNKNOWN


def test_a_branch_of_one_size_is_not_covered_by_another_size() -> None:
    assert enclose.check(Case(HIDDEN_BRANCH, QUICK, 1)).status is Status.UNKNOWN


def test_there_are_enough_controls_and_their_names_differ() -> None:
    names = [control.claim.id for control in CONTROLS]
    assert len(CONTROLS) >= 60
    assert len(RIGHT) >= 20
    assert len(set(names)) == len(names)
    assert {control.claim.autodiff.kind for control in CONTROLS} == {"value", "gradient", "jacobian", "hessian"}
    assert {control.claim.relation for control in CONTROLS} == {"==", "<=", ">=", "abs<="}
