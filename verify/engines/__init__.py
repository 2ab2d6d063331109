"""Engines decide claims; each module here has one public ``check(case) -> Verdict``."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from verify.claim import Claim, ClaimError, Status, Verdict
from verify.engines.budget import BUDGETS, Budget

if TYPE_CHECKING:
    from verify.engines.case import Case

__all__ = ["BUDGETS", "Budget", "judge", "judge_all"]

LEFT_OUT = "proved but for some inputs, and points do not show that there are others"
OTHER_FORMAT = "proved as traced in float64, but a point refutes it"
NOT_SEARCHED = "no counterexample was searched for, since it is proved"


def judge(
    claim: Claim,
    budget: Budget = BUDGETS["standard"],
    seed: int = 0,
    progress: Callable[[str], None] = lambda engine: None,
) -> tuple[Verdict, ...]:
    """Run every engine on a claim.

    Args:
        claim: the claim.
        budget: how much work to do.
        seed: of everything that is drawn.
        progress: called with the name of each engine before it runs.

    Returns:
        One verdict per engine that had something to say.

    Raises:
        ClaimError: where the claim cannot be built (a side raises, a wrong shape, a custom rule).
    """
    ((_, outcome),) = judge_all([claim], budget, seed, lambda claim_id, engine: progress(engine))
    if isinstance(outcome, Exception):
        raise outcome
    return outcome


def judge_all(
    claims: Sequence[Claim],
    budget: Budget = BUDGETS["standard"],
    seed: int = 0,
    progress: Callable[[str, str], None] = lambda claim_id, engine: None,
) -> Iterator[tuple["Case", tuple[Verdict, ...] | Exception]]:
    """Run every engine on several claims; their floats are compiled together, which costs a fifth of one by one.

    Args:
        claims: the claims; those about one function belong next to each other, since they share its traces.
        budget: how much work to do.
        seed: of everything that is drawn.
        progress: called with a claim's id and the name of each engine before it runs.

    Yields:
        The case of each claim with its verdicts, or with the exception that kept it from being decided.
    """
    # JAX is imported with the first claim that is decided, not with the package.
    from verify.engines import enclose, falsify, floats, prove
    from verify.engines.case import Case

    decided: list[tuple[Case, list[Verdict]]] = []
    for claim in claims:
        case = Case(claim, budget, seed)
        try:
            progress(claim.id, enclose.NAME)
            enclosed = enclose.check(case)
            progress(claim.id, prove.NAME)
            proved = prove.check(case, agrees=enclosed.status is Status.HOLDS)
            progress(claim.id, falsify.NAME)
            if proved.exceptions and enclosed.status is Status.UNKNOWN:
                # What a proof leaves out may be all of the domain, where functions are related in ways unknown to it.
                proved = replace(proved, status=Status.UNKNOWN, evidence="", sizes=(), reason=LEFT_OUT)
            if covers(case, proved) and enclosed.status is not Status.FAILS:
                shrunk = Verdict(claim=claim.id, engine=falsify.NAME, status=Status.UNKNOWN, reason=NOT_SEARCHED)
            else:
                suspect = enclosed.worst if enclosed.status is Status.FAILS else None
                certain = proved.sizes if proved.status is Status.HOLDS and not proved.exceptions else ()
                shrunk = falsify.check(case, suspect, certain)
        except ClaimError as error:
            yield case, error
            continue
        except Exception as error:  # a defect of ours on one claim must not take the others with it
            yield case, error
            continue
        # A difference that did not cancel refutes once a point confirms it.
        if enclosed.status is Status.FAILS and proved.status is Status.HOLDS:
            # The proof is of the program that is traced in float64, and where functions look at formats there is more.
            proved = replace(proved, status=Status.UNKNOWN, evidence="", sizes=(), reason=OTHER_FORMAT)
        if proved.residual and Status.FAILS in (enclosed.status, shrunk.status):
            proved = replace(proved, status=Status.FAILS)
        decided.append((case, [proved, enclosed, _named(enclosed, shrunk)]))
    if not decided:
        return
    cases = [case for case, _ in decided]
    try:
        found: list[Verdict | Exception] = list(
            floats.check_all(cases, lambda form: progress(cases[0].claim.id, f"{floats.NAME} {form}"))
        )
    except Exception as error:  # one program that cannot be compiled is found by compiling them one by one
        found = [_alone(case) for case in cases] if len(cases) > 1 else [error]
    for (case, verdicts), floating in zip(decided, found, strict=True):
        yield case, floating if isinstance(floating, Exception) else (*verdicts, floating)


def covers(case: "Case", proved: Verdict) -> bool:
    """Whether a proof speaks of every size of the claim and of every mode."""
    if proved.status is not Status.HOLDS or proved.reason:
        return False
    from verify.program import size_text

    every = any(size.startswith("every ") for size in proved.sizes)
    return every or {size_text(size) for size in case.choices} <= set(proved.sizes)


def _alone(case: "Case") -> Verdict | Exception:
    from verify.engines import floats

    try:
        return floats.check(case)
    except Exception as error:  # reported for this claim alone
        return error


def _named(enclosed: Verdict, shrunk: Verdict) -> Verdict:
    """Say of which size a shrunk counterexample is the smallest."""
    if enclosed.worst is None or shrunk.worst is None or enclosed.worst.size == shrunk.worst.size:
        return shrunk
    largest = ", ".join(f"{name} = {value}" for name, value in enclosed.worst.size.items())
    return replace(shrunk, worst=replace(shrunk.worst, note=f"shrunk from {largest}"))
