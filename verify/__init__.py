"""Decide whether a derivative that a person derived by hand is the derivative that JAX computes.

Importing this package imports neither JAX nor NumPy; both come with the first check. Every name below is imported when
it is first asked for, so that a command that needs none of them starts at once.
"""

import importlib
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from verify import domain
    from verify.claim import Claim, ClaimError, Derivative, Source, Status, UnsupportedPrimitive, Verdict, Witness
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

_IN_RUN: Final = frozenset({"Report", "allowed", "check", "enclose", "load"})


def __getattr__(name: str) -> Any:
    """Import what is asked for."""
    if name not in __all__:
        raise AttributeError(f"module 'verify' has no attribute {name!r}")
    if name == "domain":
        return importlib.import_module("verify.domain")
    return getattr(importlib.import_module("verify.run" if name in _IN_RUN else "verify.claim"), name)


def __dir__() -> list[str]:
    """The public names, imported or not."""
    return sorted([*globals(), *__all__])
