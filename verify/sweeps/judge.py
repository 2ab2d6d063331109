"""A class for every cell, and a verdict for every line that was drawn by hand."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from verify.claim import Status
from verify.formats import Format
from verify.maps import (
    ALIVE,
    CANCELLED,
    NO_DIGIT,
    NON_FINITE,
    SMALL,
    UNDECIDED,
    UNDERFLOWED,
)
from verify.readings.interpreter import Array

# A zero counts as underflow where the truth is below this many smallest normal numbers a component: what is flushed is
# an intermediate value, which the last operations may still double and add up.
ROOM: Final = 4
# Numbers of a stable form have to be known to this many bits: classes ask for one digit.
STABLE_BITS: Final = 10


@dataclass(frozen=True, kw_only=True)
class Finding:
    """What was found about one line of a map in one format.

    Attributes:
        name: the boundary.
        quantity, format: what it was looked at for.
        status: HOLDS, FAILS or UNKNOWN.
        checked: cells that were decided.
        between: cells that the line leaves open.
        reason: the first cell that contradicts it, or why nothing is known.
        drawn: the real number per row, as float64; NaN where there is none.
    """

    name: str
    quantity: str
    format: str
    status: Status
    checked: int
    between: int = 0
    reason: str = ""
    drawn: tuple[float, ...] = ()


def classes(xp: Any, values: Any, sign: Any, log: Any, form: Format, small: float) -> tuple[Any, Any]:
    """Class of every cell.

    Args:
        xp: ``numpy`` or ``jax.numpy``, in 64 bits.
        values: floats, cells first, components last, as float64.
        sign: of the true components, the same shape; NaN where not told from 0.
        log: natural logarithms of their absolute values, likewise.
        form: the format that the floats are of.
        small: a true gradient below this is small.

    Returns:
        Codes per cell, and the logarithm of the largest true component.
    """
    count = values.shape[-1]
    top = xp.max(log, axis=-1)
    known = ~xp.isnan(top)
    reference = xp.where(xp.isfinite(top), top, 0.0)[..., None]
    # Everything in units of the largest true component, so that nothing under- or overflows here.
    size = xp.log(xp.where(values == 0, 1.0, xp.abs(values)))
    scaled = xp.where(values == 0, 0.0, xp.sign(values) * xp.exp(xp.minimum(size - reference, 700.0)))
    true = sign * xp.exp(log - reference)
    error = xp.max(xp.abs(scaled - true), axis=-1)
    nothing = xp.isneginf(top)
    lost = xp.where(nothing, xp.any(values != 0, axis=-1), error > NO_DIGIT)
    floor = math.log(ROOM * count) + form.emin * math.log(2)
    below = (top < floor) & ~nothing
    code = xp.where(top < math.log(small), SMALL, ALIVE)
    code = xp.where(lost, xp.where(below, UNDERFLOWED, CANCELLED), code)
    code = xp.where(xp.all(xp.isfinite(values), axis=-1), code, NON_FINITE)
    code = xp.where(known, code, UNDECIDED)
    return code.astype(np.uint8), top


def events(values: Array, codes: Array, top: Array, small: float) -> dict[str, Array]:
    """Masks of the cells at which each event happens."""
    found: dict[str, Any] = {
        "small": top < math.log(small),
        "lost": np.isin(codes, (CANCELLED, UNDERFLOWED, NON_FINITE)),
        "zero": (values == 0).all(axis=-1),
        "non-finite": ~np.isfinite(values).all(axis=-1),
    }
    return found


def judge(
    happened: Array,
    about: Array,
    along: Array,
    begins: Array | None,
    not_before: Array | None,
    describe: Any,
) -> tuple[Status, int, int, str]:
    """Whether an event begins where a line says.

    Args:
        happened: per row and value of the axis, whether the event happens there.
        about: the cells that the line speaks of.
        along: values of the axis, increasing.
        begins: balls per row, from which on it happens everywhere; None for nowhere.
        not_before: balls per row, below which it happens nowhere; None for nowhere at all.
        describe: function of a row and a place, which names the cell.

    Returns:
        Status, cells checked, cells left open, and the reason.
    """
    checked = between = 0
    for row in range(happened.shape[0]):
        for place, value in enumerate(along.tolist()):
            if not about[row, place]:
                continue
            after = begins is not None and bool(begins[row] <= value)
            before = not_before is None or bool(not_before[row] > value)
            if not after and not before:
                between += 1
                continue
            checked += 1
            if after and not happened[row, place]:
                return Status.FAILS, checked, between, f"it does not happen at {describe(row, place)}"
            if before and happened[row, place]:
                return Status.FAILS, checked, between, f"it already happens at {describe(row, place)}"
    if not checked:
        return Status.UNKNOWN, 0, between, "no cell lies on either side of the line"
    return Status.HOLDS, checked, between, ""


def within(measured: Sequence[Any], low: Sequence[Any] | None, high: Sequence[Any] | None, last: bool) -> list[Status]:
    """Whether values lie between bounds, each decided by itself.

    Args:
        measured: balls or floats.
        low: lower bounds, the same kind, or None.
        high: upper bounds, likewise.
        last: whether no more bits will come; only then is a bound that shares a ball with the value taken as attained.
    """
    found: list[Status] = []
    for place, value in enumerate(measured):
        status = Status.HOLDS
        for bound, above in ((low, True), (high, False)):
            if bound is None:
                continue
            greater, smaller = (value, bound[place]) if above else (bound[place], value)
            if bool(greater < smaller):
                status = Status.FAILS
            elif status is Status.HOLDS and not (bool(greater >= smaller) or (last and _meet(greater, smaller))):
                status = Status.UNKNOWN
        found.append(status)
    return found


def _meet(first: Any, second: Any) -> bool:
    """Whether two balls share a value and both are finite; floats that compare as nothing are not numbers."""
    if not hasattr(first, "overlaps"):
        return False
    return bool(first.is_finite() and second.is_finite() and first.overlaps(second))


def text(value: Any) -> str:
    """A number in six digits."""
    return f"{float(value.mid()) if hasattr(value, 'mid') else float(value):.6g}"


def counts(codes: Array) -> Mapping[int, int]:
    """How many cells have each code."""
    found, numbers = np.unique(codes, return_counts=True)
    return {int(code): int(number) for code, number in zip(found, numbers, strict=True)}
