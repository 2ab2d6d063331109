"""The article: its list of statements is complete and linked, and its claims come out as expected whatever the seed."""

from dataclasses import replace
from functools import cache

import pytest

from verify.article.statements import SLIPS, STATEMENTS, StatementVerdict
from verify.claim import Claim, Status
from verify.engines import BUDGETS, Budget, enclose, falsify, prove
from verify.engines.case import Case
from verify.loader import load

SEEDS = 20
# A fraction of the quick budget: twenty seeds are twenty draws of points.
SMALL = replace(BUDGETS["quick"], points=12, looks=1, every_mode=0, beyond="two", examples=6)


@cache
def claims() -> dict[str, Claim]:
    loaded = load()
    assert not loaded.errors
    return {claim.id: claim for claim in loaded.claims}


@cache
def proved(name: str) -> Status:
    """What the proof says, for every size or at the small ones; it draws no points."""
    return prove.check(Case(claims()[name], SMALL, 0)).status


def draws(seed: int) -> Budget:
    """Further seeds only draw further points: what is confirmed is not read once more with all bits."""
    return SMALL if seed < 2 else replace(SMALL, looks=0)


@cache
def small(name: str, number: int) -> Case:
    """A claim at one of its two smallest choices of sizes; what needs no points is traced and read once."""
    claim = claims()[name]
    choices = sorted(claim.choices(), key=lambda choice: sum(choice.values()))
    chosen = choices[min(number, len(choices) - 1)]
    return Case(replace(claim, sizes=[chosen] if chosen else {}), SMALL, 0)


def decided(claim: Claim, seed: int) -> Status:
    """What the engines that need no compilation say."""
    case = small(claim.id, seed % 2)
    case.seed, case.budget = seed, draws(seed)
    status = enclose.check(case).status
    if status is Status.UNKNOWN and claim.expect is Status.HOLDS:
        # No point takes what only a proof knows to be out of reach, such as a negative entry of a diagonal of squares.
        status = proved(claim.id)
    if status is not claim.expect:
        status = falsify.check(Case(case.claim, replace(SMALL, examples=80), seed)).status
    return status


def _mark(seed: int) -> tuple[pytest.MarkDecorator, ...]:
    """The first seed is all that is decided here, at the smallest sizes; the others are more of the same."""
    return (pytest.mark.interpreter,) if seed == 0 else (pytest.mark.once,)


@pytest.mark.parametrize("seed", [pytest.param(seed, marks=_mark(seed)) for seed in range(SEEDS)])
def test_every_claim_comes_out_as_expected_whatever_the_seed(seed: int) -> None:
    wrong = {claim.id for claim in claims().values() if decided(claim, seed) is not claim.expect}
    assert not wrong


def test_statements_and_slips_are_all_there() -> None:
    assert len(STATEMENTS) >= 55
    assert [slip.id for slip in SLIPS] == [f"slip-{number}" for number in range(1, 14)]
    assert len({statement.id for statement in STATEMENTS}) == len(STATEMENTS)
    assert {statement.verdict for statement in STATEMENTS} == set(StatementVerdict)


def test_every_statement_that_can_be_decided_has_claims_that_exist() -> None:
    found = claims()
    for statement in STATEMENTS:
        mine = {claim.id for claim in found.values() if claim.source.statement == statement.id} | set(statement.also)
        assert mine <= set(found), statement.id
        if statement.verdict is StatementVerdict.NOT_MATHEMATICAL:
            continue
        assert mine, statement.id
        if statement.verdict is StatementVerdict.FALSE:
            kinds = {found[each].expect for each in mine}
            assert kinds == {Status.HOLDS, Status.FAILS}, f"{statement.id} needs a counterexample and its repair"


def test_claims_name_statements_that_exist() -> None:
    known = {statement.id for statement in STATEMENTS}
    assert {claim.source.statement for claim in claims().values() if claim.source.statement} <= known
    assert {each for slip in SLIPS for each in slip.claims} <= set(claims())


def test_every_claim_says_how_it_is_derived() -> None:
    for claim in claims().values():
        assert claim.statement != claim.id, claim.id
        assert len(claim.derivation) > 20, claim.id
        assert claim.source.heading, claim.id
