"""Decide whether a derivative that a person derived by hand is the derivative that JAX computes.

Importing this package imports neither JAX nor NumPy; both come with the first check.
"""

from typing import TYPE_CHECKING, Any

from verify import domain
from verify.claim import Claim, ClaimError, Derivative, Source, Status, UnsupportedPrimitive, Verdict, Witness

if TYPE_CHECKING:
    from verify.run import Report, allowed, check, enclose, load

__version__ = "0.1.0"
__all__ = [
    "Claim",
    "ClaimError",
    "Derivative",
    "Report",
    "Source",
    "Status",
    "UnsupportedPrimitive",
    "Verdict",
    "Witness",
    "allowed",
    "check",
    "domain",
    "enclose",
    "load",
]


def __getattr__(name: str) -> Any:
    """Load the parts that need JAX when they are first asked for."""
    if name in ("Report", "allowed", "check", "enclose", "load"):
        from verify import run

        return getattr(run, name)
    raise AttributeError(f"module 'verify' has no attribute {name!r}")
