"""How far the elementary functions of XLA may be off, in units of roundoff of the result.

A budget is a measured constant of a platform with a margin, not a theorem; a test measures it again where it runs.
16-bit formats were measured at every float, float32 and float64 on samples that seek the branch points of the
implementations, so that their figures are lower bounds of the true maximum. A function without a budget in a format
is one of which nothing is claimed there: ``lgamma``, ``digamma`` and ``erf_inv`` lose any number of digits near their
zeros and poles.
"""

from dataclasses import dataclass
from typing import Final

# Where the figures below were measured.
PLATFORM: Final = "jaxlib 0.10.2, XLA:CPU, x86-64 with AVX2 or AVX-512, Linux"


@dataclass(frozen=True)
class Allowance:
    """Error of one function in one format: (constant + slope·|x| + curve·x²) u relative, and what it may flush.

    Attributes:
        constant: units of roundoff at any argument.
        slope: further units per unit of the argument: what rounding the argument of an inner exp costs.
        curve: further units per square of the argument.
        falling: units for arguments that are at most zero, where they are fewer.
        flush: results below this size may come out as zero; 0 for what the format itself does.
    """

    constant: float
    slope: float = 0.0
    curve: float = 0.0
    falling: float | None = None
    flush: float = 0.0


_HALF: Final = Allowance(1.1)  # computed in float32 and rounded once
_NARROW: Final = {
    **dict.fromkeys(
        ("exp", "log", "log1p", "tanh", "sinh", "cosh", "sin", "cos", "tan", "atan", "sqrt", "rsqrt", "cbrt"), _HALF
    ),
    "exp2": Allowance(4, slope=1.5),
    "asinh": Allowance(3),
    "acosh": Allowance(3),
    "atanh": Allowance(3),
    "acos": Allowance(3),
    "erf": _HALF,
    "erfc": _HALF,
    "pow": Allowance(2),
    "atan2": Allowance(2),
}

BUDGETS: Final[dict[str, dict[str, Allowance]]] = {
    "float64": {
        "exp": Allowance(5, falling=3.5),
        "exp2": Allowance(5, slope=1.5),
        "expm1": Allowance(12),
        "log": Allowance(2.5),
        "log1p": Allowance(300),  # an upstream defect near -0.414; elsewhere 4
        "logistic": Allowance(6),
        "tanh": Allowance(18),
        "sinh": Allowance(6, slope=1.5),
        "cosh": Allowance(6, slope=1.5),
        "asinh": Allowance(8),
        "acosh": Allowance(8),
        "atanh": Allowance(300),
        "sin": Allowance(2.5),
        "cos": Allowance(2.5),
        "tan": Allowance(3),
        "asin": Allowance(5, flush=2.0**-1021),
        "acos": Allowance(6),
        "atan": Allowance(3),
        "sqrt": Allowance(1),
        "rsqrt": Allowance(4),
        "cbrt": Allowance(8),
        "erf": Allowance(5),
        "erfc": Allowance(10, curve=2),
        "pow": Allowance(5),
        "atan2": Allowance(5),
    },
    "float32": {
        "exp": Allowance(11.5, falling=2.1),
        "exp2": Allowance(5, slope=1.5),
        "expm1": Allowance(13),
        "log": Allowance(2.5),
        "log1p": Allowance(5.2),
        "logistic": Allowance(5.2),
        "tanh": Allowance(10),
        "sinh": Allowance(8, slope=1.5),
        "cosh": Allowance(8, slope=1.5),
        "asinh": Allowance(8),
        "acosh": Allowance(8),
        "atanh": Allowance(8),
        "sin": Allowance(3),
        "cos": Allowance(3),
        "tan": Allowance(4),
        "asin": Allowance(6, flush=2.0**-125),
        "acos": Allowance(7),
        "atan": Allowance(4),
        "sqrt": Allowance(1),
        "rsqrt": Allowance(3.6),
        "cbrt": Allowance(5),
        "erf": Allowance(14),
        "erfc": Allowance(12, curve=2),
        "pow": Allowance(5),
        "atan2": Allowance(6),
    },
    # asin goes through half its argument, which may be flushed.
    "bfloat16": {**_NARROW, "logistic": Allowance(5), "asin": Allowance(3, flush=2.0**-125), "expm1": Allowance(4)},
    # 669 of the 846 subnormal values of the logistic function come out as zero.
    "float16": {
        **_NARROW,
        "logistic": Allowance(5, flush=2.0**-14),
        "asin": Allowance(3, flush=2.0**-23),
        "expm1": Allowance(4, flush=2.0**-23),
    },
}

# XLA's kernel for large batches lets exp overflow half a binade early, at 2**(emax + 1/2).
EARLY_OVERFLOW: Final = ("exp", "exp2", "expm1", "sinh", "cosh")
