"""Binary floating-point formats: precision, exponent range, spacing, and how a value is written.

Nothing here knows of claims. A value of any format is carried as a Python float (or a float64 array): every
value of the narrower formats is a float64 value, so nothing is lost.
"""

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import numpy as np


@dataclass(frozen=True, kw_only=True)
class Format:
    """One binary format and what JAX on CPU does at its edges.

    Attributes:
        name: the JAX dtype name.
        precision: bits of the significand, the hidden one included.
        emin: exponent of the smallest normal number, 2**emin.
        emax: exponent of the largest finite binade.
        flushes: whether subnormal inputs and results become zero. XLA on CPU flushes float64, float32 and
            bfloat16; float16 is computed in float32 and keeps its subnormals.
        sum_precision: significand bits in which XLA on CPU accumulates sums of this format.
    """

    name: str
    precision: int
    emin: int
    emax: int
    flushes: bool
    sum_precision: int

    @property
    def unit_roundoff(self) -> float:
        """Half the spacing above one, u = 2**-p (numpy's ``finfo.eps`` is 2u)."""
        return 2.0**-self.precision

    @property
    def smallest_normal(self) -> float:
        """2**emin."""
        return 2.0**self.emin

    @property
    def largest(self) -> float:
        """The largest finite value."""
        return math.ldexp(2.0 - 2.0 ** (1 - self.precision), self.emax)

    @property
    def overflow(self) -> Fraction:
        """The smallest magnitude that rounds to infinity: half an ulp above the largest finite value."""
        return Fraction(2) ** self.emax * (2 - Fraction(1, 2**self.precision))

    @property
    def flush(self) -> float:
        """Largest absolute error of one result near zero beyond the relative one.

        The whole smallest normal where results are flushed, half the smallest subnormal where they are not.
        """
        return 2.0**self.emin if self.flushes else 2.0 ** (self.emin - self.precision)

    def ulp(self, value: float) -> float:
        """Spacing of the format's numbers at ``value`` (that of the smallest normal below it)."""
        if value == 0 or abs(value) < self.smallest_normal:
            exponent = self.emin
        else:
            exponent = max(math.frexp(value)[1] - 1, self.emin)
        return 2.0 ** max(exponent - self.precision + 1, -1074)

    def round(self, values: "np.ndarray") -> "np.ndarray":
        """Round a float64 array to the format, to nearest, ties to even; subnormals become zero where flushed."""
        import numpy as np

        values = np.asarray(values, dtype=np.float64)
        if self.name == "float64":
            rounded = values.copy()
        else:
            with np.errstate(over="ignore"):  # what is too large becomes infinite, as it does in the format
                rounded = values.astype(self.dtype()).astype(np.float64)
        if self.flushes:
            rounded[np.abs(rounded) < self.smallest_normal] = 0.0
        return rounded

    def dtype(self) -> "np.dtype":
        """The numpy dtype of the format."""
        import numpy as np

        if self.name == "bfloat16":
            import ml_dtypes

            return np.dtype(ml_dtypes.bfloat16)
        return np.dtype(self.name)


FLOAT64: Final = Format(name="float64", precision=53, emin=-1022, emax=1023, flushes=True, sum_precision=53)
FLOAT32: Final = Format(name="float32", precision=24, emin=-126, emax=127, flushes=True, sum_precision=24)
BFLOAT16: Final = Format(name="bfloat16", precision=8, emin=-126, emax=127, flushes=True, sum_precision=24)
FLOAT16: Final = Format(name="float16", precision=11, emin=-14, emax=15, flushes=False, sum_precision=24)
FORMATS: Final = {each.name: each for each in (FLOAT64, FLOAT32, BFLOAT16, FLOAT16)}


def hexadecimal(value: float) -> str:
    """The shortest hexadecimal form of a float: ``0x1.8p+1``, ``0x0p+0``, ``inf``."""
    if not math.isfinite(value):
        return repr(value)
    text = value.hex()
    mantissa, exponent = text.split("p")
    if "." in mantissa:
        mantissa = mantissa.rstrip("0").rstrip(".")
    return f"{mantissa}p{exponent}"
