"""Diagnosis: which equation of a program loses the digits that floats lose at a point.

Every operation is off by a relative error of its own, one unit roundoff of random sign, and the errors are followed to
first order through the program in exact arithmetic, a few draws of signs at a time: so errors that cancel do cancel. By
how much an equation enlarges the relative error of its operands is at most its local condition number,
(|a| + |b|) / |a - b| for a subtraction, and no more than what really arrives. Whether that matters is asked of the rest
of the program: the value is moved by its error and everything behind it is computed again. An equation whose lost
digits are swamped later is not blamed, nor is one that passes on what another has enlarged: the smaller factor counts.

Everything is exact arithmetic at one point with fixed signs, so the bits are the same on every machine; they are what
rounding may lose to first order and no measurement.
"""

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from flint import arb

from verify.claim import Loss
from verify.engines.case import LEVELS, components, decimal, joined
from verify.formats import Format
from verify.program import Program
from verify.readings.exact import ELEMENTARY, ZERO, Exact, precision
from verify.readings.interpreter import CALLS, CONTROL, Array, align, kind_of, source_line, walk

# An output is known to this many bits before it is asked what moves it.
KNOWN_BITS: Final = 64
# Draws of the signs of all errors; entries whose effect on the output is computed, and what that may compute in all.
DRAWS: Final = 8
MOST_ENTRIES: Final = 256
WORK: Final = 200_000
# An equation is blamed that loses this part of the format's bits.
SHARE: Final = 0.25
# Sums of their operands, whose error is the sum of the operands' errors.
PAIRS: Final = {"add", "add_any", "sub"}
SUMS: Final = {*PAIRS, "reduce_sum", "cumsum", "scatter-add"}
# Functions whose condition number may be large; that of roots and whole powers is a small constant.
CURVED: Final = {*ELEMENTARY, "pow", "one_minus_square"} - {"sqrt", "rsqrt", "cbrt"}
# Operations that round nothing.
CHOICES: Final = {"max", "min", "clamp", "select_n", "reduce_max", "reduce_min", "cummax", "cummin"}
ROUND_NOTHING: Final = {*CHOICES, "neg", "abs", "sign", "floor", "ceil", "round", "convert_element_type"}
DIGITS: Final = 17
LARGE: Final = arb(10) ** (DIGITS - 1)

_power_of_two = np.frompyfunc(
    lambda value: value.is_exact() and value.is_finite() and abs(int(value.man_exp()[0])) in (0, 1), 1, 1
)

Look = Callable[["_Watched", int, Any, Sequence[Array], Array], Array]


@dataclass(frozen=True)
class _Entry:
    """One entry of an equation's result.

    Attributes:
        visit: number of the equation in the order of the walk.
        place: index of the entry.
        error: size of its error, in units of roundoff.
        bits: binary logarithm of how much larger its relative error is than those of its operands.
        line: file and line.
        words: the equation.
    """

    visit: int
    place: tuple[int, ...]
    error: arb
    bits: float
    line: str
    words: str


class _Watched(Exact):
    """The exact reading with a look at every number that an equation computes."""

    def __init__(self, look: Look) -> None:
        """``look`` gets the number of the equation, it, its operands and its result, and returns the result."""
        super().__init__()
        self.look = look
        self.visits = 0

    def visit(self, equation: Any, inputs: Sequence[Array], results: list[Array]) -> list[Array]:
        """Count the equation, and look at it where it computes one array of numbers."""
        name = equation.primitive.name
        if name in CALLS or name in CONTROL or name not in self.rows or name in ROUND_NOTHING:
            return results
        self.visits += 1
        if len(results) != 1 or kind_of(equation.outvars[0].aval) != "number":
            return results
        return [self.look(self, self.visits, equation, inputs, results[0])]


def diagnose(program: Program, arguments: Sequence[Array], component: int, form: Format) -> Loss | None:
    """Name the equation that loses most digits of one component at one point.

    Args:
        program: a side of a claim.
        arguments: one array per input of the program, directions included, with a leading axis of length one; exact.
        component: which of the joined outputs.
        form: the format whose digits are lost.

    Returns:
        The equation, its source line and the bits it loses; None where no equation loses a quarter of the format's
        bits, or the component is zero or has no value.
    """
    level = _level(program, arguments, component)
    if level is None:
        return None
    # The value cancels at most as many bits as the level has; what moving an entry does to it is seen in as many more.
    step = arb(2) ** -level
    found: list[_Entry] = []
    signs = np.random.default_rng(0)

    def follow(system: "_Watched", visit: int, equation: Any, inputs: Sequence[Array], result: Array) -> Array:
        found.extend(_entries(system, visit, equation, inputs, result, form, step))
        return _disturbed(equation, inputs, result, form, step, signs)

    with precision(3 * level):
        outputs, _ = walk(_Watched(follow), program.closed, arguments, 1 + DRAWS)
        value = joined(outputs, 1 + DRAWS)[0, component]
        most = max(min(WORK // max(program.cost, 1), MOST_ENTRIES), DRAWS)
        entries = sorted(found, key=lambda entry: -entry.bits)[:most]
        if not entries:
            return None
        lost: list[tuple[int, int, _Entry]] = []
        for entry, other in zip(entries, _moved(program, arguments, component, entries, step), strict=True):
            bits = min(entry.bits, _log2((other - value) / (value * step)))
            if bits >= form.precision * SHARE and math.isfinite(bits):
                lost.append((round(bits), -entry.visit, entry))
    if not lost:
        return None
    bits, _, worst = max(lost, key=lambda each: each[:2])
    return Loss(
        equation=worst.words,
        place=worst.line,
        bits=bits,
        form=form.name,
        program=program.name,
        component=components(program)[component],
    )


def _level(program: Program, arguments: Sequence[Array], component: int) -> int | None:
    """Bits at which the component is known; None where it never is, or is zero."""
    for level in LEVELS:
        with precision(level):
            outputs, _ = walk(Exact(), program.closed, arguments, 1)
            value = joined(outputs, 1)[0, component]
        if value.is_finite() and value.rel_accuracy_bits() >= KNOWN_BITS and value != 0:
            return level
    return None


def _entries(
    system: _Watched,
    visit: int,
    equation: Any,
    inputs: Sequence[Array],
    result: Array,
    form: Format,
    step: arb,
) -> list[_Entry]:
    """Entries whose relative error is larger than those of their operands by a share of the format's bits."""
    if result.shape[0] == 1:
        return []  # no error has come up yet
    inputs = [array[:1] for array in inputs]
    errors = _errors(system, equation, inputs, form, step)
    if errors is None:
        return []
    errors = np.broadcast_to(errors, (1, *result.shape[1:]))
    line = source_line(equation) or system.line
    found: list[_Entry] = []
    for place in np.ndindex(*result.shape[1:]):
        error, value = errors[(0, *place)], result[(0, *place)]
        if not error.is_finite() or not value.is_finite():
            continue
        bits = math.inf if value.contains(0) else _log2(error / value)
        if bits < form.precision * SHARE:
            continue
        draws = [arb((result[(row, *place)] - value).mid()) for row in range(1, 1 + DRAWS)]
        arrived = (sum((each * each for each in draws), ZERO) / DRAWS).sqrt() / step
        if arrived < error:  # what arrives at the operands has partly cancelled, or is of one source
            error = arrived
            bits = math.inf if value.contains(0) else _log2(error / value)
        if error > 0 and bits >= form.precision * SHARE:
            found.append(_Entry(visit, place, error, bits, line, _words(system, equation, inputs, place, value)))
    return found


def _errors(system: _Watched, equation: Any, inputs: Sequence[Array], form: Format, step: arb) -> Array | None:
    """What relative errors of one unit in the operands make of the result; None where they hardly grow."""
    name = equation.primitive.name
    row = system.rows["add" if name == "sub" else name]
    if name in SUMS:
        return row(equation, *(_laden(array, form) if array.dtype == object else array for array in inputs))
    if name == "dot_general":  # each product is rounded too
        return row(equation, *map(np.absolute, inputs))
    if name not in CURVED or any(array.dtype != object for array in inputs):
        return None
    before = row(equation, *inputs)
    total: Array | None = None
    for number, array in enumerate(inputs):
        nudged = [*inputs[:number], array + _laden(array, form) * step, *inputs[number + 1 :]]
        change = np.absolute(row(equation, *nudged) - before) / step
        total = change if total is None else total + change
    return total


def _rounded(value: arb, form: Format) -> bool:
    """Whether a value is off in floats: it is not where it is computed without error and a number of the format."""
    return not (value.is_exact() and value.is_finite() and abs(int(value.man_exp()[0])).bit_length() <= form.precision)


def _laden(array: Array, form: Format) -> Array:
    """Magnitudes of the entries that may be off, zero for the others."""
    return np.frompyfunc(lambda value: abs(value) if _rounded(value, form) else arb(0), 1, 1)(array)


def _disturbed(
    equation: Any, inputs: Sequence[Array], result: Array, form: Format, step: arb, signs: np.random.Generator
) -> Array:
    """The result with an error of its own in every row but the first."""
    off = np.frompyfunc(lambda value: _rounded(value, form), 1, 1)(result[:1]).astype(bool)
    off &= ~_passed_on(equation.primitive.name, [array[:1] for array in inputs])
    if not off.any():
        return result
    moved = np.broadcast_to(result, (1 + DRAWS, *result.shape[1:])).copy()
    turns = signs.integers(0, 2, size=(DRAWS, *result.shape[1:])) * 2 - 1
    factors = np.frompyfunc(lambda turn: 1 + int(turn) * step, 1, 1)(turns)
    moved[1:] = np.where(off, moved[1:] * factors, moved[1:])
    return moved


def _passed_on(name: str, inputs: Sequence[Array]) -> Array:
    """Entries that rounding leaves alone: a power of two times a number, and a number plus zero."""
    none = np.zeros((1,), dtype=bool)
    if name in PAIRS:
        first, second = align(*(np.equal(array, ZERO).astype(bool) for array in inputs))
        return first | second
    if name in ("mul", "div"):
        first, second = align(*(_power_of_two(array).astype(bool) for array in inputs))
        return second if name == "div" else first | second
    return none


def _moved(
    program: Program, arguments: Sequence[Array], component: int, entries: Sequence[_Entry], step: arb
) -> list[arb]:
    """The component with one entry at a time moved by its error; all in one batch, a point for each."""
    by_visit: dict[int, list[int]] = {}
    for number, entry in enumerate(entries):
        by_visit.setdefault(entry.visit, []).append(number)

    def move(system: "_Watched", visit: int, equation: Any, inputs: Sequence[Array], result: Array) -> Array:
        del equation, inputs
        here = by_visit.get(visit)
        if here is None:
            return result
        rows = system.members.tolist()
        changed = np.broadcast_to(result, (len(rows), *result.shape[1:])).copy()
        for number in here:
            place = (rows.index(number), *entries[number].place)
            changed[place] = changed[place] + entries[number].error * step
        return changed

    outputs, _ = walk(_Watched(move), program.closed, arguments, len(entries))
    return joined(outputs, len(entries))[:, component].tolist()


def _log2(value: arb) -> float:
    """Binary logarithm of a magnitude; NaN where the ball has no value, minus infinity for zero."""
    if not value.is_finite():
        return math.nan
    size = abs(arb(value.mid()))
    return -math.inf if size == 0 else float((size.log() / arb.const_log2()).mid())


def _words(system: _Watched, equation: Any, inputs: Sequence[Array], place: tuple[int, ...], value: arb) -> str:
    """The equation with its operands, such as ``1 - 0.99999999999990642… = 9.36e-14``."""
    name = equation.primitive.name
    comes_to = decimal(value, 3)
    if name in PAIRS:
        left, right = (_at(array, place, len(equation.outvars[0].aval.shape)) for array in inputs)
        right = -right if name == "sub" else right
        return f"{_short(left)} {'-' if right < 0 else '+'} {_short(abs(right))} = {comes_to}"
    if name == "reduce_sum":
        terms = system._last(inputs[0], equation.params["axes"])[(0, *place)].tolist()
        largest = max((abs(each) for each in terms), key=lambda each: float(each.mid()))
        return f"a sum of {len(terms)} terms up to {decimal(largest, 3)} = {comes_to}"
    if name in SUMS or name == "dot_general":
        return f"{'a sum of products' if name == 'dot_general' else 'a sum'} = {comes_to}"
    return f"{name}({', '.join(_short(_at(array, place, array.ndim - 1)) for array in inputs)}) = {comes_to}"


def _at(array: Array, place: tuple[int, ...], rank: int) -> arb:
    """The operand's entry behind a result's entry."""
    full = array.reshape(1, *[1] * (rank + 1 - array.ndim), *array.shape[1:])
    return full[(0, *(each if extent > 1 else 0 for each, extent in zip(place, full.shape[1:], strict=True)))]


def _short(value: arb) -> str:
    """The first digits, cut and not rounded: 1 - 1e-40 is not one."""
    if abs(value) >= LARGE:
        return decimal(value, DIGITS)
    text, e, exponent = decimal(value, 700).partition("e")
    first = re.search("[1-9]", text)
    end = first.start() + DIGITS + ("." in text[first.start() :]) if first is not None else len(text)
    kept, cut = text[:end], text[end:]
    if not cut.strip("0"):
        return f"{kept.rstrip('0').rstrip('.') if '.' in kept else kept}{e}{exponent}"
    return f"{kept}…{e}{exponent}"
