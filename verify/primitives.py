"""Rules for primitives that are not JAX's own, registered by the file that makes them.

Nothing of JAX is imported here, so that a file of claims may register when it is only listed.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final


@dataclass(frozen=True)
class Rule:
    """How a primitive acts.

    Attributes:
        name: of the primitive.
        exact: on arrays of ``flint.arb``.
        rounded: on arrays of balls in a format, or how many units of roundoff the result may be off by, or None.
    """

    name: str
    exact: Callable[..., Any]
    rounded: Callable[..., Any] | float | None


RULES: Final[dict[str, Rule]] = {}


def register_primitive(
    name: str, *, exact: Callable[..., Any], rounded: Callable[..., Any] | float | None = None
) -> None:
    """Say how a primitive of your own acts, so that claims about it can be decided.

    Args:
        name: the name that the primitive was made with, such as ``"my_op"``.
        exact: ``exact(*operands, **params)`` for one point: operands are NumPy arrays of ``flint.arb`` balls (of int64
            for whole numbers), in the shapes that the primitive sees; params are the equation's. It returns an array of
            ``flint.arb`` in the shape of the result, a list of them for several results. Each ball must contain the
            true value for every choice of values in the operands' balls.
        rounded: what floats may return. A number k: each result is within k units of roundoff of the exact result at
            the floats that come in. A function ``rounded(*operands, dtype=…, **params)``: balls that contain every
            float that the format ``dtype`` may return. None: nothing is claimed of floats.

    Raises:
        TypeError: where the name is no string, or a rule is neither a function nor a number as described.
        ValueError: where the name is empty, or the number is not positive and finite.
    """
    if not isinstance(name, str):
        raise TypeError(
            f"register_primitive takes the primitive's name as a string, found {type(name).__name__}: "
            'write "my_op", not the primitive itself'
        )
    if not name:
        raise ValueError("register_primitive needs the name that the primitive was made with, found an empty string")
    if not callable(exact):
        raise TypeError(f"primitive {name!r}: exact must be a function of balls, found {type(exact).__name__}")
    if isinstance(rounded, bool) or not (rounded is None or callable(rounded) or isinstance(rounded, (int, float))):
        raise TypeError(
            f"primitive {name!r}: rounded must be a function of balls, a number of units of roundoff, or None, found "
            f"{type(rounded).__name__}"
        )
    if isinstance(rounded, (int, float)) and not 0 < rounded < float("inf"):
        raise ValueError(f"primitive {name!r}: rounded must be a positive number of units of roundoff, found {rounded}")
    RULES[name] = Rule(name, exact, rounded)
