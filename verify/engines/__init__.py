"""Engines decide claims; each module here has one public ``check(case) -> Verdict``."""

from collections.abc import Callable
from dataclasses import replace

from verify.claim import Claim, Status, Verdict
from verify.engines.budget import BUDGETS, Budget

__all__ = ["BUDGETS", "Budget", "judge"]


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
    # JAX is imported with the first claim that is decided, not with the package.
    from verify.engines import enclose, falsify, floats
    from verify.engines.case import Case

    case = Case(claim, budget, seed)
    progress("enclose")
    enclosed = enclose.check(case)
    verdicts = [enclosed]
    if enclosed.status is not Status.FAILS or enclosed.worst is not None:
        progress("falsify")
        shrunk = falsify.check(case, enclosed.worst)
        if enclosed.status is Status.FAILS and shrunk.worst is not None and enclosed.worst is not None:
            first = enclosed.worst.size
            largest = ", ".join(f"{name} = {value}" for name, value in first.items())
            note = f"shrunk from {largest}" if largest and first != shrunk.worst.size else "shrunk"
            shrunk = replace(shrunk, worst=replace(shrunk.worst, note=note))
        verdicts.append(shrunk)
    progress("floats")
    verdicts.append(floats.check(case))
    return tuple(verdicts)
