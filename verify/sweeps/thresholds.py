"""Thresholds: does an event begin at the first number of a format that a real number derived by hand leads to?"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import jax
import numpy as np
from flint import arb

from verify.claim import ClaimError, Status
from verify.formats import FORMATS, Format
from verify.maps import Threshold
from verify.sweeps import grid


@dataclass(frozen=True, kw_only=True)
class Crossing:
    """What was found of one threshold in one format.

    Attributes:
        id, format: which.
        derived: the real number by hand, decimal text.
        number: the first number of the format at or above it.
        status: HOLDS where the event happens there and not one number below; FAILS where it is otherwise.
        reason: what is otherwise.
    """

    id: str
    format: str
    derived: str
    number: float
    status: Status
    reason: str = ""


def neighbour(value: float, form: Format, direction: int) -> float:
    """The next number of the format above or below."""
    if form.name == "float64":
        return math.nextafter(value, math.inf * direction)
    near = np.array(value).astype(form.dtype())
    return float(np.nextafter(near, np.array(math.inf * direction).astype(form.dtype())))


def first_number(real: arb, form: Format) -> float | None:
    """The smallest number of the format at or above a real one; None where the ball does not tell."""
    near = float(form.round(np.array(float(real.mid()))))
    while bool(real > near):
        near = neighbour(near, form, 1)
    while bool(real <= neighbour(near, form, -1)):
        near = neighbour(near, form, -1)
    return near if bool(real <= near) and bool(real > neighbour(near, form, -1)) else None


def check_thresholds(given: Sequence[Threshold]) -> list[Crossing]:
    """Decide thresholds, each in each of its formats; one program per format holds them all.

    Raises:
        ClaimError: where a function raises.
    """
    found: list[Crossing] = []
    for form in FORMATS.values():
        mine = [each for each in given if form.name in each.formats]
        if not mine:
            continue
        with jax.enable_x64(True):
            # One pair of logits a call: a batch may go another way through XLA.
            try:
                compiled = jax.jit(lambda gap, mine=mine: [each.fn(gap) for each in mine])
                derived = [grid.line(each.begins, form, {}, 1) for each in mine]
                numbers = [None if each is None else first_number(each[0], form) for each in derived]
                wanted = sorted({n for each in numbers if each is not None for n in (each, neighbour(each, form, -1))})
                returned = {gap: [np.asarray(each) for each in compiled(form.dtype().type(gap))] for gap in wanted}
            except Exception as error:
                if isinstance(error, ClaimError):
                    raise
                text = (str(error).strip().splitlines() or ["no message"])[0]
                raise ClaimError(f"thresholds in {form.name}: {type(error).__name__}: {text}") from error
        for place, (each, number, real) in enumerate(zip(mine, numbers, derived, strict=True)):
            if number is None or real is None:
                status, reason = Status.UNKNOWN, "the real number is not told from a number of the format"
                found.append(
                    Crossing(id=each.id, format=form.name, derived="", number=math.nan, status=status, reason=reason)
                )
                continue
            below = neighbour(number, form, -1)
            here = bool(each.event(_plain(returned[number][place])))
            already = bool(each.event(_plain(returned[below][place])))
            reason = "" if here else f"it does not happen at {number!r}"
            reason = f"it already happens at {below!r}" if here and already else reason
            found.append(
                Crossing(
                    id=each.id,
                    format=form.name,
                    derived=real[0].mid().str(12, radius=False),
                    number=number,
                    status=Status.FAILS if reason else Status.HOLDS,
                    reason=reason,
                )
            )
    return found


def _plain(array: Any) -> Any:
    return np.asarray(array).astype(np.float64)
