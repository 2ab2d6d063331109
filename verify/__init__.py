"""Decide whether a derivative that a person derived by hand is the derivative that JAX computes.

Importing this package imports neither JAX nor NumPy; both come with the first check. Every name below is imported when
it is first asked for, so that a command that needs none of them starts at once.
"""

import importlib
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from verify import domain
    from verify.claim import Claim, ClaimError, Derivative, Source, Status, UnsupportedPrimitive, Verdict, Witness
    from verify.maps import Axis, Boundary, Bounds, Map, Quantity, Threshold
    from verify.primitives import register_primitive
    from verify.rules import RuleClaim
    from verify.run import Report, allowed, check, enclose, load, sweep

__version__ = "0.1.0"
__all__ = [
    "Axis",
    "Boundary",
    "Bounds",
    "Claim",
    "ClaimError",
    "Derivative",
    "Map",
    "Quantity",
    "Report",
    "RuleClaim",
    "Source",
    "Status",
    "Threshold",
    "UnsupportedPrimitive",
    "Verdict",
    "Witness",
    "allowed",
    "check",
    "domain",
    "enclose",
    "load",
    "register_primitive",
    "sweep",
]

_IN_RUN: Final = frozenset({"Report", "allowed", "check", "enclose", "load", "sweep"})
_IN_MAPS: Final = frozenset({"Axis", "Boundary", "Bounds", "Map", "Quantity", "Threshold"})


def __getattr__(name: str) -> Any:
    """Import what is asked for."""
    if name not in __all__:
        raise AttributeError(f"module 'verify' has no attribute {name!r}")
    if name == "domain":
        return importlib.import_module("verify.domain")
    if name == "register_primitive":
        return importlib.import_module("verify.primitives").register_primitive
    if name == "RuleClaim":
        return importlib.import_module("verify.rules").RuleClaim
    home = "verify.run" if name in _IN_RUN else "verify.maps" if name in _IN_MAPS else "verify.claim"
    return getattr(importlib.import_module(home), name)


def __dir__() -> list[str]:
    """The public names, imported or not."""
    return sorted([*globals(), *__all__])
