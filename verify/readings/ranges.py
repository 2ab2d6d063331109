"""Range reading: between what bounds a value lies anywhere on the domain; it proves outcomes of choices unreachable.

A value is the kinds of numbers that it may be (not a number, an infinity, negative, zero, positive) and two bounds of
the finite ones, each with whether it is attained. A comparison that these decide has one reachable outcome, for every
point of the domain: ``logsumexp`` asks whether a sum of exponentials is negative, and no point can show that it is.
Whole numbers and choices that the domain leaves open are ranges too: a count of a mask, the place of a maximum.

Numbers are those of the reals: nothing overflows, and what no rule knows may be anything.
"""

import itertools
import math
from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from types import MappingProxyType
from typing import Any, Final

import numpy as np
from flint import arb

from verify.claim import UnsupportedPrimitive
from verify.readings.exact import precision
from verify.readings.interpreter import (
    CONCRETE,
    CONCRETE_WHOLE,
    JUMP,
    NO,
    STRUCTURE,
    UNDECIDED,
    WHOLE,
    YES,
    Array,
    System,
    align,
    concrete,
    kind_of,
    negate,
    running,
    source_line,
    spread,
    thin,
    unsigned,
    wrapped,
)

NAN, BELOW, MINUS, NONE, PLUS, ABOVE = 1, 2, 4, 8, 16, 32
FINITE: Final = MINUS | NONE | PLUS
ALL: Final = NAN | BELOW | FINITE | ABOVE
SINGLES: Final = (NAN, BELOW, MINUS, NONE, PLUS, ABOVE)
# One entry; the bounds are of what is finite, and open where they are not attained. Entries of one name are one value,
# wherever it was moved to.
RANGE: Final = np.dtype(
    [
        ("kinds", np.int64),
        ("lo", np.float64),
        ("hi", np.float64),
        ("lo_open", bool),
        ("hi_open", bool),
        ("name", np.int64),
    ]
)
# Bits in which the bounds of elementary functions are taken.
BITS: Final = 80
# Whole numbers up to here are float64s.
MOST_WHOLE: Final = 2.0**53
# Entries of a matrix that is eliminated in ranges.
MOST_ELIMINATED: Final = 64


def _table(combine: Callable[[int, int], int]) -> Array:
    """Union of the results over all pairs of single kinds."""
    singles = np.array([[combine(x, y) for y in SINGLES] for x in SINGLES])
    table = np.zeros((64, 64), dtype=np.int64)
    for i, x in enumerate(SINGLES):
        for j, y in enumerate(SINGLES):
            having = (np.arange(64) & x != 0)[:, None] & (np.arange(64) & y != 0)[None, :]
            table |= np.where(having, singles[i, j], 0)
    return table


def _sum_of(x: int, y: int) -> int:
    infinite = {each for each in (x, y) if each & (BELOW | ABOVE)}
    if NAN in (x, y) or len(infinite) == 2:
        return NAN
    if infinite:
        return infinite.pop()
    if NONE in (x, y):
        return y if x == NONE else x
    return x if x == y else FINITE


def _sign_of(x: int) -> int:
    return {BELOW: -1, MINUS: -1, NONE: 0, PLUS: 1, ABOVE: 1}[x]


def _product_of(x: int, y: int) -> int:
    if NAN in (x, y):
        return NAN
    infinite = bool((x | y) & (BELOW | ABOVE))
    sign = _sign_of(x) * _sign_of(y)
    if not sign:
        return NAN if infinite else NONE
    return ({1: ABOVE, -1: BELOW} if infinite else {1: PLUS, -1: MINUS})[sign]


def _quotient_of(x: int, y: int) -> int:
    if NAN in (x, y):
        return NAN
    if y & (BELOW | ABOVE):
        return NAN if x & (BELOW | ABOVE) else NONE
    if y == NONE:
        return NAN if x == NONE else BELOW | ABOVE
    return _product_of(x, y)


def _equal(x: int, y: int) -> int:
    if NAN in (x, y):
        return 3
    if x == y:
        return 3 if x in (MINUS, PLUS) else 1
    return 2


ADD: Final = _table(_sum_of)
MULTIPLY: Final = _table(_product_of)
DIVIDE: Final = _table(_quotient_of)
EQUAL: Final = _table(_equal)
FLIP: Final = np.array(
    [
        (kinds & (NAN | NONE))
        | (MINUS if kinds & PLUS else 0)
        | (PLUS if kinds & MINUS else 0)
        | (BELOW if kinds & ABOVE else 0)
        | (ABOVE if kinds & BELOW else 0)
        for kinds in range(64)
    ]
)


# ---------------------------------------------------------------------------------------------------------------
# Arrays of ranges.


class _Names:
    """Numbers for values, none of them twice."""

    def __init__(self) -> None:
        self.last = 0

    def take(self, shape: tuple[int, ...]) -> Array:
        count = int(np.prod(shape, dtype=int))
        self.last += count
        return np.arange(self.last - count, self.last).reshape(shape)


NAMES: Final = _Names()


def _renamed(array: Array) -> Array:
    """The same ranges, of other values; changes the array that it is given."""
    array["name"] = NAMES.take(array.shape)
    return array


def ranges(
    kinds: Any, lo: Any = -np.inf, hi: Any = np.inf, lo_open: Any = False, hi_open: Any = False, shape: Any = None
) -> Array:
    """Ranges from their parts, which are broadcast: bounds narrowed by the kinds, and kinds by the bounds."""
    parts = [np.asarray(each) for each in (kinds, lo, hi, lo_open, hi_open)]
    made = np.empty(shape if shape is not None else np.broadcast_shapes(*(each.shape for each in parts)), dtype=RANGE)
    for name, part in zip(("kinds", "lo", "hi", "lo_open", "hi_open"), parts, strict=True):
        made[name] = part
    _narrowed(_renamed(made))
    # Where nothing is left no point comes, and nothing has to be said.
    nothing = made["kinds"] == 0
    if nothing.any():
        for name, part in zip(("kinds", "lo", "hi"), (ALL, -np.inf, np.inf), strict=True):
            made[name][nothing] = part
    return made


def _narrowed(made: Array) -> Array:
    """Let kinds and bounds say the same; changes the array that it is given."""
    kinds, lo, hi = made["kinds"], made["lo"], made["hi"]
    kinds &= ~np.where((lo > 0) | ((lo == 0) & made["lo_open"]), MINUS | NONE, np.where(lo == 0, MINUS, 0))
    kinds &= ~np.where((hi < 0) | ((hi == 0) & made["hi_open"]), PLUS | NONE, np.where(hi == 0, PLUS, 0))
    for sign, bound, opened, better in ((MINUS, lo, made["lo_open"], np.less), (PLUS, hi, made["hi_open"], np.greater)):
        cut = (kinds & sign == 0) & (better(bound, 0) | (bound == 0))
        bound[cut] = 0
        opened[cut] = kinds[cut] & NONE == 0
    none = kinds & FINITE == 0
    lo[none], hi[none] = 0, 0
    made["lo_open"] &= np.isfinite(lo) & ~none
    made["hi_open"] &= np.isfinite(hi) & ~none
    return made


def of_signs(signs: frozenset[int], shape: Sequence[int]) -> Array:
    """Real numbers of some signs."""
    kinds = sum({-1: MINUS, 0: NONE, 1: PLUS}[each] for each in signs)
    return ranges(kinds, shape=(1, *shape))


def box(
    shape: Sequence[int], signs: frozenset[int], low: float | None = None, high: float | None = None, value: Any = None
) -> Array:
    """What an entry of an argument may be, as one point of a batch.

    Args:
        shape: of the argument.
        signs: that an entry can have.
        low: least that it can be, None where there is no bound.
        high: most that it can be, None where there is no bound.
        value: the only member, as nested lists; None where there are others.

    Returns:
        Ranges of shape (1, *shape).
    """
    if value is not None:
        return Ranges().lift(np.asarray(value, dtype=np.float64).reshape(1, *shape))
    found = of_signs(signs, shape)
    if low is not None:
        found["lo"] = np.maximum(found["lo"], low)
        found["lo_open"] &= found["lo"] > low
    if high is not None:
        found["hi"] = np.minimum(found["hi"], high)
        found["hi_open"] &= found["hi"] < high
    # A sign that is left out stays left out, also where a bound is at zero.
    return _narrowed(found)


def cut(entry: Array) -> Array:
    """One range as disjoint pieces: its attained ends, zero, and what lies between them.

    Args:
        entry: of shape (1,).

    Returns:
        The pieces, of shape (pieces,); together they are the range.
    """
    kinds, lo, hi, lo_open, hi_open, _ = entry[0].item()
    if kinds & ~FINITE or lo == hi:
        return entry
    ends = [lo, *([0.0] if lo < 0 < hi else []), hi]
    single = [
        end
        for end, opened in zip(ends, (lo_open, *[not kinds & NONE] * (len(ends) - 2), hi_open), strict=True)
        if np.isfinite(end) and not opened
    ]
    between = [ranges(FINITE, first, last, True, True, shape=(1,)) for first, last in itertools.pairwise(ends)]
    return np.concatenate([Ranges().lift(np.array(single, dtype=np.float64)), *between])


def anything(shape: Sequence[int]) -> Array:
    """Any number, or none."""
    return ranges(ALL, shape=tuple(shape))


def union(first: Array, *others: Array) -> Array:
    """What lies in one of them; arrays of one shape."""
    result = _renamed(first.copy())
    for other in others:
        for end, better in (("lo", np.less), ("hi", np.greater)):
            real, mine = other["kinds"] & FINITE != 0, result["kinds"] & FINITE != 0
            take = real & (~mine | better(other[end], result[end]))
            level = real & mine & (other[end] == result[end])
            opened = f"{end}_open"
            result[opened] = np.where(
                take, other[opened], np.where(level, result[opened] & other[opened], result[opened])
            )
            result[end] = np.where(take, other[end], result[end])
        result["kinds"] |= other["kinds"]
    return _narrowed(result)


def _meet(array: Array, kinds: Any, lo: Any, hi: Any, lo_open: Any, hi_open: Any) -> Array:
    """What lies in both. Where nothing does, the array as it was: no point comes here."""
    result = array.copy()
    result["kinds"] &= kinds
    for end, bound, opened, better in (("lo", lo, lo_open, np.greater), ("hi", hi, hi_open, np.less)):
        bound, opened = np.broadcast_to(bound, result.shape), np.broadcast_to(opened, result.shape)
        level = bound == result[end]
        take = better(bound, result[end])
        result[f"{end}_open"] = np.where(
            take, opened, np.where(level, opened | result[f"{end}_open"], result[f"{end}_open"])
        )
        result[end] = np.where(take, bound, result[end])
    result = _narrowed(result)
    empty = (result["kinds"] == 0) | (result["lo"] > result["hi"])
    return np.where(empty, array, result)


def _both(first: Array, second: Array) -> Array:
    """One value of which two things are known."""
    first, second = np.broadcast_arrays(first, second)
    return _meet(first, *(second[part] for part in ("kinds", "lo", "hi", "lo_open", "hi_open")))


def _down(value: Array, exact: Array) -> Array:
    """A lower bound of what rounded to these; no bound is above every float."""
    return np.minimum(np.where(exact, value, np.nextafter(value, -np.inf)), np.finfo(np.float64).max)


def _up(value: Array, exact: Array) -> Array:
    return np.maximum(np.where(exact, value, np.nextafter(value, np.inf)), np.finfo(np.float64).min)


def _end_sum(a: Array, b: Array) -> tuple[Array, Array]:
    """Sums, and whether each is exact (by the error of the sum, which is a float)."""
    with np.errstate(all="ignore"):
        total = a + b
        back = total - a
        error = (a - (total - back)) + (b - back)
    return total, (error == 0) | ~np.isfinite(a) | ~np.isfinite(b)


def _add(a: Array, b: Array) -> Array:
    low, low_exact = _end_sum(a["lo"], b["lo"])
    high, high_exact = _end_sum(a["hi"], b["hi"])
    return ranges(
        ADD[a["kinds"], b["kinds"]],
        _down(low, low_exact),
        _up(high, high_exact),
        a["lo_open"] | b["lo_open"],
        a["hi_open"] | b["hi_open"],
    )


def _negative(a: Array) -> Array:
    return ranges(FLIP[a["kinds"]], -a["hi"], -a["lo"], a["hi_open"], a["lo_open"])


def _exact_product(x: Array, y: Array, product: Array) -> Array:
    """Whether products are exact: by the halves of the factors, where nothing over- or underflows."""
    with np.errstate(all="ignore"):
        halves: list[Array] = []
        for each in (x, y):
            large = each * 134217729.0
            high = large - (large - each)
            halves += [high, each - high]
        a, b, c, d = halves
        error = b * d - (((product - a * c) - b * c) - a * d)
    inside = np.ones(np.shape(product), dtype=bool)
    for each in (x, y, product):
        size = np.abs(each)
        inside &= (size > 2.0**-400) & (size < 2.0**400)
    unbounded = np.isinf(x) | np.isinf(y)
    return (inside & (error == 0)) | unbounded


def _multiply(a: Array, b: Array) -> Array:
    corners: list[tuple[Array, Array, Array]] = []
    for mine in ("lo", "hi"):
        for other in ("lo", "hi"):
            x, y = a[mine], b[other]
            none = (x == 0) | (y == 0)
            with np.errstate(all="ignore"):
                value = np.where(none, 0.0, x * y)
            corners.append(
                (value, none | _exact_product(x, y, value), ~none & (a[f"{mine}_open"] | b[f"{other}_open"]))
            )
    values, exact, opened = (np.stack(np.broadcast_arrays(*each)) for each in zip(*corners, strict=True))
    found: dict[str, Array] = {}
    for end, bounds, extremum in (("lo", _down(values, exact), np.min), ("hi", _up(values, exact), np.max)):
        found[end] = extremum(bounds, axis=0)
        found[f"{end}_open"] = (opened | (bounds != found[end])).all(axis=0)
    return ranges(MULTIPLY[a["kinds"], b["kinds"]], found["lo"], found["hi"], found["lo_open"], found["hi_open"])


def _inverse(b: Array) -> Array:
    """One over what is finite and not zero."""
    one_sided = (b["lo"] >= 0) | (b["hi"] <= 0)
    with np.errstate(all="ignore"):
        low = np.where(b["hi"] == 0, -np.inf, 1 / b["hi"])
        high = np.where(b["lo"] == 0, np.inf, 1 / b["lo"])
    unit_low, unit_high = np.isin(np.abs(b["hi"]), (0, 1, np.inf)), np.isin(np.abs(b["lo"]), (0, 1, np.inf))
    return ranges(
        b["kinds"] & (MINUS | PLUS),
        np.where(one_sided, _down(low, unit_low), -np.inf),
        np.where(one_sided, _up(high, unit_high), np.inf),
        b["hi_open"] | np.isinf(b["hi"]),
        b["lo_open"] | np.isinf(b["lo"]),
    )


def _divide(a: Array, b: Array) -> Array:
    a, b = np.broadcast_arrays(a, b)
    found = _multiply(a, _inverse(b))
    found["kinds"] = DIVIDE[a["kinds"], b["kinds"]]
    # What is divided by an infinity is zero.
    zero = (b["kinds"] & (BELOW | ABOVE) != 0) & (a["kinds"] & FINITE != 0)
    return np.where(zero, union(_narrowed(found), ranges(NONE, shape=found.shape)), _narrowed(found))


def _absolute(a: Array) -> Array:
    kinds = a["kinds"]
    signed = (kinds & (NAN | NONE)) | np.where(kinds & (MINUS | PLUS), PLUS, 0)
    signed |= np.where(kinds & (BELOW | ABOVE), ABOVE, 0)
    low, high = np.abs(a["lo"]), np.abs(a["hi"])
    inside = (a["lo"] <= 0) & (a["hi"] >= 0)
    further = low > high
    level = low == high
    return ranges(
        signed,
        np.where(inside, 0.0, np.minimum(low, high)),
        np.maximum(low, high),
        np.where(inside, False, np.where(a["lo"] > 0, a["lo_open"], a["hi_open"])),
        np.where(level, a["lo_open"] & a["hi_open"], np.where(further, a["lo_open"], a["hi_open"])),
    )


def _extremum(a: Array, b: Array, *, greater: bool) -> Array:
    """The larger of two, or the smaller: of what is finite, the larger of both bounds."""
    if not greater:
        return _negative(_extremum(_negative(a), _negative(b), greater=True))
    a, b = np.broadcast_arrays(a, b)
    kinds = np.zeros(a.shape, dtype=np.int64)
    order = (BELOW, MINUS, NONE, PLUS, ABOVE)
    for i, x in enumerate(order):
        for j, y in enumerate(order):
            having = (a["kinds"] & x != 0) & (b["kinds"] & y != 0)
            kinds |= np.where(having, order[max(i, j)], 0)
    kinds |= (a["kinds"] | b["kinds"]) & NAN
    # Beside a number that may be minus infinity, or none at all, the other one alone bounds the result from below.
    known = [each["kinds"] & (NAN | BELOW) == 0 for each in (a, b)]
    a_low, b_low = np.where(known[0], a["lo"], -np.inf), np.where(known[1], b["lo"], -np.inf)
    low = np.maximum(a_low, b_low)
    # A bound that only one of them has is not attained where the other lies above, which is not asked.
    opened = np.where(a_low == b_low, a["lo_open"] | b["lo_open"], np.where(a_low > b_low, a["lo_open"], b["lo_open"]))
    either = union(a, b)
    either_low = either["lo"]
    better = low > either_low
    return ranges(
        kinds,
        np.where(better, low, either_low),
        either["hi"],
        np.where(better | (low == either_low), opened, either["lo_open"]),
        either["hi_open"],
    )


def _top(a: Array) -> tuple[Array, Array]:
    """Bound above, in the extended reals, and whether it is not attained; what is no number is not looked at."""
    above, real = a["kinds"] & ABOVE != 0, a["kinds"] & FINITE != 0
    return np.where(above, np.inf, np.where(real, a["hi"], -np.inf)), ~above & real & (a["hi_open"] | np.isinf(a["hi"]))


def _compare(name: str, a: Array, b: Array) -> Array:
    """Three-valued answers to ``eq``, ``ne``, ``lt``, ``le``, ``gt``, ``ge``."""
    a, b = np.broadcast_arrays(a, b)
    answer = _compared(name, a, b)
    # A number is equal to itself: this is how a program asks for NaN, which is never less than anything.
    one = a["name"] == b["name"]
    itself = np.where(a["kinds"] & NAN, UNDECIDED, YES if name in ("eq", "le", "ge") else NO)
    return np.where(one, NO if name in ("lt", "gt") else itself, answer).astype(np.int8)


def _compared(name: str, a: Array, b: Array) -> Array:
    """Three-valued answers to ``eq``, ``ne``, ``lt``, ``le``, ``gt``, ``ge``."""
    if name in ("gt", "le"):
        a, b = b, a
        name = {"gt": "lt", "le": "ge"}[name]
    if name in ("lt", "ge"):
        answer = np.where(_apart(a, b), YES, np.where(_apart_or_level(b, a), NO, UNDECIDED)).astype(np.int8)
        return answer if name == "lt" else negate(answer)
    open_ = EQUAL[a["kinds"], b["kinds"]]
    apart = _apart(a, b) | _apart(b, a)
    one = (a["kinds"] | b["kinds"]) & ~FINITE == 0
    one &= (a["lo"] == a["hi"]) & (b["lo"] == b["hi"]) & (a["lo"] == b["lo"])
    may, may_not = (open_ & 1 != 0) & ~apart, (open_ & 2 != 0) & ~one
    answer = np.where(~may_not, YES, np.where(~may, NO, UNDECIDED)).astype(np.int8)
    return answer if name == "eq" else negate(answer)


def _apart(a: Array, b: Array) -> Array:
    """Where every number of the first is below every one of the second."""
    (top, top_open), (bottom, bottom_open) = _top(a), _top(_negative(b))
    numbers = (a["kinds"] | b["kinds"]) & NAN == 0
    return numbers & ((top < -bottom) | ((top == -bottom) & (top_open | bottom_open)))


def _round_down(x: Array) -> Array:
    """To the nearest whole number, ties downwards; a float beside a tie may come out one too low."""
    return np.ceil(x - 0.5)


def _round_up(x: Array) -> Array:
    """To the nearest whole number, ties upwards; a float beside a tie may come out one too high."""
    return -_round_down(-x)


# What rounds to whole numbers: the least and the greatest that a number may become.
STEPS: Final = {"floor": (np.floor, np.floor), "ceil": (np.ceil, np.ceil), "round": (_round_down, _round_up)}


def _may_be_largest(array: Array, *, greater: bool) -> Array:
    """Which entries along the last axis are not known to be exceeded; all where one may be no number."""
    moved = array if greater else _negative(array)
    beaten = np.zeros(moved.shape, dtype=bool)
    for place in range(moved.shape[-1]):
        beaten |= _apart(moved, moved[..., place : place + 1])
    return ~beaten | (moved["kinds"] & NAN != 0).any(axis=-1, keepdims=True)


def _may_stand(array: Array) -> Array:
    """Which entries along the last axis may stand where when they are sorted: shape (…, n places times n entries)."""
    count = array.shape[-1]
    below, above = np.zeros(array.shape, dtype=int), np.zeros(array.shape, dtype=int)
    for place in range(count):
        one = array[..., place : place + 1]
        below += _apart(np.broadcast_to(one, array.shape), array)
        above += _apart(array, np.broadcast_to(one, array.shape))
    places = np.arange(count)[:, None]
    may = (below[..., None, :] <= places) & (places < count - above[..., None, :])
    return may.reshape(*array.shape[:-1], count * count)


def _apart_or_level(a: Array, b: Array) -> Array:
    """Where every number of the first is at most every one of the second."""
    (top, _), (bottom, _) = _top(a), _top(_negative(b))
    return ((a["kinds"] | b["kinds"]) & NAN == 0) & (top <= -bottom)


# ---------------------------------------------------------------------------------------------------------------
# Elementary functions that rise or fall everywhere.


def _end(function: Callable[[arb], arb], *, up: bool) -> Callable[[float], float]:
    def of(value: float) -> float:
        with precision(BITS):
            ball = function(arb(value))
            if not ball.is_finite():
                return np.inf if up else -np.inf
            middle = float(ball.upper() if up else ball.lower())
            step = np.nextafter(middle, np.inf if up else -np.inf)
            return float(middle if ball.is_exact() and arb(middle) == ball else step)

    return of


def _monotone(function: Callable[[arb], arb], low: float, high: float, *, falls: bool = False) -> Callable[..., Array]:
    """Range of a function of all reals that rises, or falls, between two limits that it does not reach."""
    lower, upper = _end(function, up=False), _end(function, up=True)

    def of(a: Array) -> Array:
        first, last = ("hi", "lo") if falls else ("lo", "hi")
        found = _renamed(np.empty(a.shape, dtype=RANGE))
        for end, bound, limit, pick in (("lo", lower, low, first), ("hi", upper, high, last)):
            inner = np.isfinite(a[pick])
            found[end] = limit
            found[end][inner] = [bound(each) for each in a[pick][inner].tolist()]
            found[f"{end}_open"] = inner & a[f"{pick}_open"]
        # A bound that rounds to the limit, or beyond it, is the limit, which is not reached.
        for end, limit, beyond in (("lo", low, np.less_equal), ("hi", high, np.greater_equal)):
            past = beyond(found[end], limit)
            found[f"{end}_open"] |= past & np.isfinite(limit)
            found[end] = np.where(past, limit, found[end])
        # Of an infinity the value is the limit itself; then the bounds are attained.
        limits = (low, high) if not falls else (high, low)
        found["kinds"] = np.where(a["kinds"] & FINITE, FINITE, 0)
        found = _narrowed(found)
        for kind, limit in zip((BELOW, ABOVE), limits, strict=True):
            there = a["kinds"] & kind != 0
            attained = Ranges().lift(np.full(a.shape, limit))
            if abs(limit) == HALF_PI:  # no float: the limit lies between it and the next one
                attained = union(attained, Ranges().lift(np.full(a.shape, np.nextafter(limit, 0))))
            found = np.where(there, union(found, attained), found)
        found["kinds"] |= a["kinds"] & NAN
        return found

    return of


def _cube_root(x: arb) -> arb:
    return x if x == 0 else x.root(3) if x > 0 else -((-x).root(3))


HALF_PI: Final = float(np.nextafter(np.pi / 2, np.inf))
KEEPS_SIGN: Final = ("tanh", "sinh", "asinh", "atan", "expm1", "erf", "cbrt")
RISING: Final[dict[str, Callable[[Array], Array]]] = {
    "exp": _monotone(arb.exp, 0, np.inf),
    "exp2": _monotone(lambda x: arb(2) ** x, 0, np.inf),
    "expm1": _monotone(arb.expm1, -1, np.inf),
    "logistic": _monotone(lambda x: 1 / (1 + (-x).exp()), 0, 1),
    "tanh": _monotone(arb.tanh, -1, 1),
    "erf": _monotone(arb.erf, -1, 1),
    "erfc": _monotone(arb.erfc, 0, 2, falls=True),
    "sinh": _monotone(arb.sinh, -np.inf, np.inf),
    "asinh": _monotone(arb.asinh, -np.inf, np.inf),
    "atan": _monotone(arb.atan, -HALF_PI, HALF_PI),
    "cbrt": _monotone(_cube_root, -np.inf, np.inf),
}
# Functions of the numbers above an end: the end, the value there (an infinity, or zero), and what lies beyond.
HALF_LINE: Final[dict[str, tuple[float, Callable[[arb], arb], float]]] = {
    "log": (0.0, arb.log, -np.inf),
    "log1p": (-1.0, arb.log1p, -np.inf),
    "sqrt": (0.0, arb.sqrt, 0.0),
}


def _half_line(name: str, a: Array) -> Array:
    end, function, there = HALF_LINE[name]
    inside = _meet(a, ALL, end, np.inf, False, False)
    inside["kinds"] &= ~(BELOW | NAN)
    found = _monotone(function, -np.inf, np.inf)(inside)
    none = (a["hi"] < end) | ((a["hi"] == end) & (there == -np.inf))
    kinds = np.where(none, found["kinds"] & ~FINITE, found["kinds"]) & ~NAN
    below = (a["kinds"] & BELOW != 0) | ((a["kinds"] & FINITE != 0) & (a["lo"] < end))
    kinds |= np.where(below | (a["kinds"] & NAN != 0), NAN, 0)
    if there == -np.inf:
        level = (a["lo"] <= end) & (a["hi"] >= end)
        level &= ~((a["lo"] == end) & a["lo_open"]) & ~((a["hi"] == end) & a["hi_open"])
        if end == 0:
            level &= a["kinds"] & NONE != 0
        kinds |= np.where(level, BELOW, 0)
    if name == "sqrt":
        kinds &= ~np.where(a["kinds"] & NONE == 0, NONE | MINUS, MINUS)
    if name == "log1p":
        kinds &= ~np.where(a["kinds"] & NONE == 0, NONE, 0)
    return ranges(kinds, found["lo"], found["hi"], found["lo_open"], found["hi_open"])


# ---------------------------------------------------------------------------------------------------------------
# The system.


class Ranges(System):
    """Ranges of values; what it has no rule for may be anything.

    Args:
        leaders: of a value, by its name, the names of those that it does not exceed.
    """

    name = "ranges"
    forks = True

    def __init__(self, leaders: Mapping[int, Set[int]] = MappingProxyType({})) -> None:
        """Build the rows."""
        super().__init__()
        self.leaders = leaders
        self.rows = _Rows(self)
        self.own = _Every(self.rows)
        # How arrays were made, by their identity, kept alive: a value is itself wherever it goes.
        self.made: dict[int, tuple[Array, str, tuple[Array, ...]]] = {}

    def lift(self, values: Array) -> Array:
        """Constants are what they are."""
        with np.errstate(invalid="ignore"):
            kinds = np.select(
                [np.isnan(values), values == np.inf, values == -np.inf, values > 0, values < 0],
                [NAN, ABOVE, BELOW, PLUS, MINUS],
                NONE,
            )
        real = np.where(np.isfinite(values), values, 0.0)
        return ranges(kinds, real, real)

    def from_truth(self, truth: Array) -> Array:
        """Zero, one, or either."""
        return ranges(np.where(truth == YES, PLUS, np.where(truth == NO, NONE, NONE | PLUS)), truth == YES, truth != NO)

    def to_whole(self, numbers: Array) -> tuple[Array, Array]:
        """Rounded towards zero elsewhere: a range of whole numbers is made of a range."""
        raise UnsupportedPrimitive("convert_element_type to integers", self.name)

    def choose(self, which: Array, cases: Sequence[Array]) -> Array:
        """The case, or what lies in one of them."""
        aligned = np.broadcast_arrays(*align(which, *cases))
        result = union(*aligned[1:])
        for outcome, case in enumerate(aligned[1:]):
            result = np.where(aligned[0] == outcome, case, result)
        return result

    def undefined(self, shape: tuple[int, ...]) -> Array:
        """Anything."""
        return anything(shape)

    def sign_bit(self, equation: Any, numbers: Array) -> Array:
        """Whether numbers are below zero; a zero may carry either sign."""
        below, above = numbers["kinds"] & ~(MINUS | BELOW) == 0, numbers["kinds"] & ~(PLUS | ABOVE) == 0
        return np.where(below, YES, np.where(above, NO, UNDECIDED)).astype(np.int8)

    def merge(self, which: Array, cases: Sequence[Array]) -> Array:
        """As `choose`, of arrays of any kind."""
        if all(case.dtype == RANGE for case in cases):
            return self.choose(which, cases)
        if cases[0].dtype != np.int8:
            return _settled(self.choose(which, [_as_ranges(case) for case in cases]))
        aligned = np.broadcast_arrays(*align(which, *cases))
        result = aligned[1].copy()
        for case in aligned[2:]:
            result = np.where(result == case, result, UNDECIDED)
        for outcome, case in enumerate(aligned[1:]):
            result = np.where(aligned[0] == outcome, case, result)
        return result.astype(np.int8)

    def mark(self, where: str, mask: Array) -> None:
        """An undecided choice makes both of its outcomes reachable; one that steers structure cannot be followed."""
        if where == "lost" and mask.any():
            raise UnsupportedPrimitive("a choice of structure that ranges leave open", self.name)

    def alike(self, arrays: Sequence[Array]) -> list[Array]:
        """Whole numbers beside open ones are ranges as well."""
        some = any(array.dtype == RANGE for array in arrays)
        return [_as_ranges(array) for array in arrays] if some else list(arrays)

    def branch(self, equation: Any, which: Array, outcomes: int, part: str = "") -> None:
        """Record what is reachable: the decided outcomes, or all of them."""
        flat = which.reshape(which.shape[0], -1)
        if which.dtype == RANGE:
            numbers = np.arange(outcomes)[:, None, None]
            # A whole number beyond the outcomes means the nearest one.
            low, high = (np.clip(flat[end], 0, outcomes - 1) for end in ("lo", "hi"))
            taken = (low <= numbers) & (numbers <= high)
        else:
            taken = np.stack([(flat == outcome) | (flat == UNDECIDED) for outcome in range(outcomes)])
        self.met(equation, taken, part)

    def met_steps(self, equation: Any, whole: Array) -> None:
        """Record on which side of zero's piece numbers that were rounded to whole ones can be: 0 in it, 1 out of it."""
        zero = (whole["lo"] <= 0) & (whole["hi"] >= 0) | (whole["kinds"] & ~FINITE != 0)
        other = (whole["lo"] != 0) | (whole["hi"] != 0) | (whole["kinds"] & ~FINITE != 0)
        self.met(equation, np.stack([each.reshape(len(whole), -1) for each in (zero, other)]))
        jump = (whole["lo"] != whole["hi"]) | (whole["kinds"] & ~FINITE != 0)
        self.branch(equation, np.where(jump, UNDECIDED, NO), 2, JUMP)


def _as_ranges(array: Array) -> Array:
    """Whole numbers as ranges; those that no float64 is are between two."""
    if array.dtype == RANGE:
        return array
    near = array.astype(np.float64)
    exact = np.abs(near) <= MOST_WHOLE
    return ranges(FINITE, _down(near, exact), _up(near, exact))


def _settled(array: Array) -> Array:
    """Whole numbers again where nothing is open."""
    one = (array["lo"] == array["hi"]) & (array["kinds"] & ~FINITE == 0) & (np.abs(array["lo"]) <= MOST_WHOLE)
    return array["lo"].astype(np.int64) if one.all() else array


def _whole(lo: Any, hi: Any, shape: Any = None) -> Array:
    return ranges(FINITE, lo, hi, shape=shape)


class _Every(Mapping[str, Callable[..., Any]]):
    """One rule for every primitive, before what the interpreter knows itself."""

    def __init__(self, rows: "_Rows") -> None:
        self.rows = rows

    def __contains__(self, name: object) -> bool:
        return True

    def __getitem__(self, name: str) -> Callable[..., Any]:
        return self.rows.get(name)

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0


class _Rows(dict[str, Callable[..., Any]]):
    """Rules by primitive, with a rule for all others."""

    def __init__(self, system: Ranges) -> None:
        super().__init__()
        self.system = system

    def get(self, name: str, default: Any = None) -> Callable[..., Any]:  # type: ignore[override]
        return lambda equation, *arrays: self._noted(name, equation, *arrays)

    def _noted(self, name: str, equation: Any, *arrays: Array) -> Any:
        result = self._apply(name, equation, *arrays)
        if isinstance(result, np.ndarray) and name not in ALIASES:
            if any(result is each for each in arrays):
                result = result.copy()  # another value in the same range is not the same value
            self.system.made[id(result)] = result, name, tuple(unsigned(equation.invars, arrays))
        return result

    def _apply(self, name: str, equation: Any, *arrays: Array) -> Any:
        kinds = [kind_of(each.aval) for each in equation.invars]
        out = equation.outvars[0].aval
        kind = kind_of(out)
        if name == "select_n":
            return self._select(equation, *arrays)
        if "number" in (*kinds, kind) and "complex" not in (*kinds, kind):
            if name in STRUCTURE:
                return self._moved(name, equation, kinds, *arrays)
            if len(equation.outvars) == 1 and name != "sort":
                return self._number(name, equation, kinds, *arrays)
        elif any(array.dtype == RANGE for array in arrays) or _opens(name, kinds, kind, arrays):
            if name in STRUCTURE:
                return self._moved(name, equation, kinds, *arrays)
            return self._open_whole(name, equation, kinds, *arrays)
        elif "complex" not in (*kinds, kind):
            return self._known(name, equation, *arrays)
        if name == "lu":
            return self._lu(arrays[0])
        if name == "sort" and not {"truth", "complex"} & set(kinds):
            if kinds[0] == "number" and equation.params["num_keys"] == 1:
                self._placed(equation, arrays[0], equation.params["dimension"])
            return [self._sorted(equation, array) for array in unsigned(equation.invars, arrays)]
        if name == "top_k" and kinds[0] == "number":
            axis = equation.params.get("axis", -1) % (arrays[0].ndim - 1)
            self._placed(equation, _negative(arrays[0]), axis, equation.params["k"])
        return [_unknown(variable.aval, self.system) for variable in equation.outvars]

    def _placed(self, equation: Any, array: Array, axis: int, head: int | None = None) -> None:
        """Record which entries may come to stand at the first places when they are sorted."""
        count = array.shape[1 + axis]
        if self.system.tells_places(count):
            head = count if head is None else head
            may = _may_stand(np.moveaxis(array, 1 + axis, -1))
            self.system.met_at(equation, may[..., : head * count])

    def _known(self, name: str, equation: Any, *arrays: Array) -> Any:
        """Whole numbers and truth values, as the interpreter has them."""
        system = self.system
        if name in STRUCTURE:
            return STRUCTURE[name](system, equation, *arrays)
        if name in WHOLE:
            return wrapped(equation, WHOLE[name](system, equation, *unsigned(equation.invars, arrays)))
        if name in (*CONCRETE, *CONCRETE_WHOLE):
            return concrete(system, equation, list(arrays))
        raise UnsupportedPrimitive(name, system.name, source_line(equation))

    # -- moving ------------------------------------------------------------------------------------------------

    def _moved(self, name: str, equation: Any, kinds: list[str], *arrays: Array) -> Any:
        system = self.system
        steering = {"gather": 1, "scatter": 1, "dynamic_slice": 1, "dynamic_update_slice": 2}.get(name)
        last = 2 if name == "scatter" else len(arrays)
        if steering is not None and any(array.dtype == RANGE for array in arrays[steering:last]):
            return self._anywhere(name, equation, *arrays)
        if any(array.dtype == RANGE for array in arrays):
            arrays = tuple(
                _as_ranges(array)
                if kind == "whole" and not (steering is not None and steering <= place < last)
                else array
                for place, (array, kind) in enumerate(zip(unsigned(equation.invars, arrays), kinds, strict=True))
            )
        result = STRUCTURE[name](system, equation, *arrays)
        if isinstance(result, np.ndarray) and kind_of(equation.outvars[0].aval) == "whole" and result.dtype == RANGE:
            return _settled(result)
        return result

    def _anywhere(self, name: str, equation: Any, *arrays: Array) -> Array:
        """Entries from, or to, places that are open: any of the entries may be any of them."""
        out = equation.outvars[0].aval
        if kind_of(out) == "truth":
            return np.full((1, *out.shape), UNDECIDED, dtype=np.int8)
        arrays = tuple(unsigned(equation.invars, arrays))
        moved = (
            [arrays[0]] if name in ("gather", "dynamic_slice") else [arrays[0], arrays[-1 if name == "scatter" else 1]]
        )
        if name == "gather" and "FILL" in str(equation.params.get("mode")):
            filling = equation.params.get("fill_value")
            moved.append(anything((1,)) if filling is None else self.system.lift(np.full((1,), float(filling))))
        flat = [_as_ranges(each).reshape(each.shape[0], -1) for each in moved]
        points = max(each.shape[0] for each in flat)
        together = np.concatenate([np.broadcast_to(each, (points, each.shape[1])) for each in flat], axis=1)
        one = union(*(together[:, place] for place in range(together.shape[1])))
        return _renamed(np.broadcast_to(one.reshape(points, *[1] * len(out.shape)), (points, *out.shape)).copy())

    def _select(self, equation: Any, which: Array, *cases: Array) -> Array:
        system = self.system
        system.branch(equation, which, len(cases))
        narrowed = [self._given(which, outcome, case) for outcome, case in enumerate(cases)]
        kind = kind_of(equation.outvars[0].aval)
        if which.dtype == RANGE:
            which = np.full(which.shape, UNDECIDED, dtype=np.int8)
        if kind == "whole" and not (which == UNDECIDED).any() and all(each.dtype == np.int64 for each in narrowed):
            aligned = np.broadcast_arrays(*align(which, *narrowed))
            return np.choose(aligned[0], aligned[1:], mode="clip")
        return system.merge(which, unsigned(list(equation.outvars) * len(narrowed), narrowed))

    def _given(self, which: Array, outcome: int, case: Array) -> Array:
        """What a case may be where it is chosen, if it is what the choice asks about."""
        held = self.system.made.get(id(which))
        if held is None or case.dtype != RANGE:
            return case
        _, name, arrays = held
        if name == "not" and len(arrays) == 1:
            return self._given(arrays[0], 1 - outcome, case)
        if (name, outcome) in (("and", 1), ("or", 0)):
            return _both(*(self._given(each, outcome, case) for each in arrays))
        if name == "broadcast_in_dim" and arrays[0].shape == which.shape:
            return self._given(arrays[0], outcome, case)
        if name == "is_finite" and arrays[0] is case:
            return _meet(case, FINITE if outcome else ALL, -np.inf, np.inf, False, False)
        if name not in COMPARISONS or not any(each is case for each in arrays):
            return case
        first, second = arrays
        if first is not case:
            first, second, name = second, first, {"lt": "gt", "gt": "lt", "le": "ge", "ge": "le"}.get(name, name)
        if first is second:
            # A value equals itself unless it is no number.
            number = name in ("eq", "le", "ge") if outcome else name == "ne"
            return _meet(case, ALL & ~NAN if number else ALL, -np.inf, np.inf, False, False)
        first, other = np.broadcast_arrays(*align(first, _as_ranges(second)))
        case = np.broadcast_to(align(case, other)[0], other.shape)
        number = ALL & ~NAN
        if not outcome:
            # Not less is at least, of numbers; what is no number is not less either.
            number = ALL
            name = {"lt": "ge", "ge": "lt", "gt": "le", "le": "gt", "eq": "ne", "ne": "eq"}[name]
        low, low_open = -np.inf, False
        high, high_open = np.inf, False
        kinds: Any = number
        if name in ("lt", "le"):
            high, high_open = _top(other)
            high_open = high_open | (name == "lt")
            kinds = number & ~np.where((name == "lt") | (other["kinds"] & ABOVE == 0), ABOVE, 0)
        elif name in ("gt", "ge"):
            low, low_open = _top(_negative(other))
            low, low_open = -low, low_open | (name == "gt")
            kinds = number & ~np.where((name == "gt") | (other["kinds"] & BELOW == 0), BELOW, 0)
        elif name == "eq":
            high, high_open = _top(other)
            low, low_open = _top(_negative(other))
            low, kinds = -low, number & other["kinds"]
        else:
            # What is no number is unequal to everything.
            kinds = ALL & ~np.where(np.isin(other["kinds"], (NONE, BELOW, ABOVE)), other["kinds"], 0)
        met = _meet(case, kinds, low, high, low_open, high_open)
        return met if outcome else np.where((first["kinds"] | other["kinds"]) & NAN, case, met)

    # -- numbers -----------------------------------------------------------------------------------------------

    def _number(self, name: str, equation: Any, kinds: list[str], *arrays: Array) -> Any:
        system, arrays = self.system, tuple(unsigned(equation.invars, arrays))
        out = equation.outvars[0].aval
        if name == "convert_element_type":
            return self._convert(equation, kinds[0], kind_of(out), arrays[0])
        if name in COMPARISONS:
            return _compare(name, *align(*arrays))
        if name == "is_finite":
            may = arrays[0]["kinds"]
            answer = np.where(may & ~FINITE == 0, YES, np.where(may & FINITE == 0, NO, UNDECIDED))
            return answer.astype(np.int8)
        if name in ("argmax", "argmin"):
            return self._place(equation, name, arrays[0])
        if name in BINARY:
            first, second = align(*map(_as_ranges, arrays))
            full, (x, y) = thin(first, second)
            if name in ("max", "min"):
                return self._extremum_of(name, equation, first, second)
            return spread(_binary(name, x, y), full)
        if name == "clamp":
            low, array, high = align(*arrays)
            raised = self._extremum_of("max", equation, low, array, ":low")
            return self._extremum_of("min", equation, raised, high, ":high")
        if name == "sign":
            return self._sign(equation, arrays[0])
        if name == "abs":
            self._sides(equation, arrays[0]["kinds"])
        if name in UNARY:
            full, (x,) = thin(arrays[0])
            return spread(UNARY[name](x), full)
        if name in STEPS:
            low, high = STEPS[name]
            inner = arrays[0]["kinds"] & FINITE != 0
            kinds_ = np.where(inner, FINITE, 0) | (arrays[0]["kinds"] & ~FINITE)
            found = ranges(kinds_, low(arrays[0]["lo"]), high(arrays[0]["hi"]))
            system.met_steps(equation, found)
            return found
        if name == "rem":
            full, (x, y) = thin(*arrays)
            for part in ("", JUMP):
                system.branch(equation, np.where(_apart(_absolute(x), _absolute(y)), 0, UNDECIDED), 2, part)
            return spread(_remainder(*np.broadcast_arrays(x, y), step=0), full)
        if name == "integer_pow":
            full, (x,) = thin(arrays[0])
            return spread(_power(x, int(equation.params["y"])), full)
        if name in ("reduce_sum", "reduce_max", "reduce_min", "reduce_prod"):
            return self._reduce(name, equation, arrays[0])
        if name in ("cummax", "cummin"):
            step = itertools.count()
            return running(
                equation, arrays[0], lambda x, y: self._extremum_of(name[3:], equation, x, y, f":{next(step)}")
            )
        if name in RUNNING:
            return running(equation, arrays[0], RUNNING[name])
        if name == "dot_general":
            return self._dot(equation, *arrays)
        if name == "triangular_solve":
            return self._triangular(equation, *arrays)
        return _unknown(out, system)

    def _convert(self, equation: Any, source: str, target: str, array: Array) -> Array:
        system = self.system
        if source == "truth":
            system.branch(equation, array, 2)
            return system.from_truth(array)
        array = _as_ranges(array)
        if target == "truth":
            return _compare("ne", array, system.lift(np.zeros((1,) * array.ndim)))
        if target == "number":
            return array
        if target == "complex":
            return _unknown(equation.outvars[0].aval, system)
        found = _whole(np.trunc(array["lo"]), np.trunc(array["hi"]))
        beyond = (array["kinds"] & ~FINITE).any()
        system.met_steps(equation, anything(found.shape) if beyond else found)
        return _unknown(equation.outvars[0].aval, system) if beyond else _fitting(equation, found)

    def _place(self, equation: Any, name: str, array: Array) -> Array:
        """Place of the largest entry: any one that is not known to be exceeded."""
        axis = 1 + equation.params["axes"][0]
        may = _may_be_largest(np.moveaxis(array, axis, -1), greater=name == "argmax")
        if self.system.tells_places(may.shape[-1]):
            self.system.met_at(equation, may)
        first = np.argmax(may, axis=-1)
        last = may.shape[-1] - 1 - np.argmax(may[..., ::-1], axis=-1)
        return _settled(_whole(first, last))

    def _extremum_of(self, name: str, equation: Any, a: Array, b: Array, part: str = "") -> Array:
        first = _compare("ge" if name == "max" else "le", a, b)
        self.system.branch(equation, first, 2, part)
        found = _extremum(a, b, greater=name == "max")
        for one, other in ((a, b), (b, a)):
            held = self.system.made.get(id(one))
            if held is not None and held[1] == "neg" and held[2][0] is other:
                size = _absolute(other)
                return size if name == "max" else _negative(size)
        return found

    def _sign(self, equation: Any, array: Array) -> Array:
        kinds = array["kinds"]
        self._sides(equation, kinds)
        signs = (kinds & (NAN | NONE)) | np.where(kinds & (MINUS | BELOW), MINUS, 0)
        return ranges(signs | np.where(kinds & (PLUS | ABOVE), PLUS, 0), -1.0, 1.0)

    def _sides(self, equation: Any, kinds: Array) -> None:
        minus, plus = kinds & (MINUS | BELOW | NAN) != 0, kinds & (PLUS | ABOVE | NAN) != 0
        # A value that may be zero or of one sign only cannot show the other sign.
        self.system.branch(equation, np.where(~minus, 1, np.where(~plus, 0, UNDECIDED)), 2)

    def _reduce(self, name: str, equation: Any, array: Array) -> Array:
        axes = tuple(1 + axis for axis in equation.params["axes"])
        kept = [axis for axis in range(array.ndim) if axis not in axes]
        moved = np.ascontiguousarray(array.transpose(*axes, *kept))
        moved = moved.reshape(math.prod(moved.shape[: len(axes)]), *moved.shape[len(axes) :])
        if not len(moved):
            empty = {"reduce_sum": 0.0, "reduce_prod": 1.0, "reduce_max": -np.inf, "reduce_min": np.inf}[name]
            return self.system.lift(np.full(moved.shape[1:], empty))
        if name in ("reduce_max", "reduce_min") and self.system.tells_places(len(moved)):
            entries = np.moveaxis(moved, 0, -1)
            may = _may_be_largest(entries, greater=name == "reduce_max")
            if self.system.leaders and name == "reduce_max":
                may &= ~self._led(entries)
            self.system.met_at(equation, may)
        result = moved[0].copy()
        for entry in moved[1:]:
            result = REDUCED[name](result, entry)
        return result

    def _led(self, array: Array) -> Array:
        """Entries along the last axis beside which one stands that they do not exceed; a tie is no outcome."""
        names = array["name"].reshape(-1, array.shape[-1]).tolist()
        nobody: frozenset[int] = frozenset()
        led = [[bool(self.system.leaders.get(each, nobody) & set(row)) for each in row] for row in names]
        return np.array(led, dtype=bool).reshape(array.shape)

    def _dot(self, equation: Any, a: Array, b: Array) -> Array:
        (mine, other), (batch, batches) = equation.params["dimension_numbers"]
        a, b = (self._operand(equation, *each) for each in zip(equation.invars, (a, b), strict=True))
        points = max(a.shape[0], b.shape[0])

        def arranged(array: Array, contracted: Sequence[int], shared: Sequence[int]) -> Array:
            free = [axis for axis in range(array.ndim - 1) if axis not in (*contracted, *shared)]
            order = (0, *(1 + each for each in (*shared, *free, *contracted)))
            turned = np.broadcast_to(array, (points, *array.shape[1:])).transpose(order)
            sizes = [array.shape[1 + each] for each in (*shared, *free, *contracted)]
            parts = sizes[: len(shared)], sizes[len(shared) : len(shared) + len(free)], sizes[len(shared) + len(free) :]
            return turned.reshape(points, *map(math.prod, parts))

        first, second = arranged(a, mine, batch), arranged(b, other, batches)
        shape = (points, *equation.outvars[0].aval.shape)
        if not first.shape[-1]:
            return self.system.lift(np.zeros(shape))
        total: Array | None = None
        for place in range(first.shape[-1]):
            term = _multiply(first[..., place][:, :, :, None], second[..., place][:, :, None, :])
            total = term if total is None else _add(total, term)
        assert total is not None
        return total.reshape(shape)

    def _operand(self, equation: Any, variable: Any, array: Array) -> Array:
        """An operand of a product of mixed types: a mask is zeros and ones, and a choice."""
        if kind_of(variable.aval) != "truth":
            return _as_ranges(array)
        self.system.branch(equation, array, 2)
        return self.system.from_truth(array)

    @staticmethod
    def _sorted(equation: Any, array: Array) -> Array:
        """Any entry along the axis may come to stand anywhere on it."""
        entries = np.moveaxis(_as_ranges(array), 1 + equation.params["dimension"], 0)
        one = union(*entries) if len(entries) else entries
        spread_out = np.moveaxis(np.broadcast_to(one, entries.shape), 0, 1 + equation.params["dimension"])
        spread_out = _renamed(spread_out.copy())
        return spread_out if array.dtype == RANGE else _settled(spread_out)

    @staticmethod
    def _lu(array: Array) -> list[Array]:
        """Elimination in ranges, as long as it is known which row is the pivot; from there on, anything."""
        *batch, m, n = array.shape
        steps = min(m, n)
        factors = array.copy()
        pivots = np.empty((*batch, steps), dtype=RANGE)
        order = np.empty((*batch, m), dtype=RANGE)
        for place in np.ndindex(*batch):
            rows, exchanged, k = factors[place], np.arange(m), 0
            pivots[place] = _whole(np.arange(steps), m - 1)
            while k < steps and m * n <= MOST_ELIMINATED:
                sizes = _absolute(rows[k:, k])
                best = int(np.argmax(sizes["lo"]))
                others = np.delete(sizes, best)
                if not _apart(others, np.broadcast_to(sizes[best], others.shape)).all():
                    break
                rows[[k, k + best]] = rows[[k + best, k]]
                exchanged[[k, k + best]] = exchanged[[k + best, k]]
                pivots[place][k] = _whole(k + best, k + best, ())
                rows[k + 1 :, k] = _divide(rows[k + 1 :, k], rows[k, k])
                shares, last = rows[k + 1 :, k, None], rows[None, k, k + 1 :]
                rows[k + 1 :, k + 1 :] = _add(rows[k + 1 :, k + 1 :], _negative(_multiply(shares, last)))
                k += 1
            if k < steps:
                rows[...] = anything(rows.shape)
            order[place] = _whole(exchanged, exchanged) if k == steps else _whole(0, m - 1, (m,))
        return [factors, _settled(pivots), _settled(order)]

    @staticmethod
    def _triangular(equation: Any, a: Array, b: Array) -> Array:
        """Substitution: A X = B, or X A = B."""
        params = equation.params
        if not 0 < a.shape[-1] ** 2 <= MOST_ELIMINATED:
            return anything((1, *equation.outvars[0].aval.shape))
        turned = bool(params["transpose_a"]) == bool(params["left_side"])
        lower = bool(params["lower"]) != turned
        a = a.swapaxes(-1, -2) if turned else a
        b = b if params["left_side"] else b.swapaxes(-1, -2)
        n = a.shape[-1]
        solved: dict[int, Array] = {}
        for i in range(n) if lower else reversed(range(n)):
            total = b[..., i, :]
            for j, found in solved.items():
                total = _add(total, _negative(_multiply(a[..., i, j, None], found)))
            solved[i] = total if params["unit_diagonal"] else _divide(total, a[..., i, i, None])
        result = np.stack(np.broadcast_arrays(*(solved[i] for i in range(n))), axis=-2)
        return result if params["left_side"] else result.swapaxes(-1, -2)

    # -- whole numbers that are open ---------------------------------------------------------------------------

    def _open_whole(self, name: str, equation: Any, kinds: list[str], *arrays: Array) -> Any:
        system, arrays = self.system, tuple(unsigned(equation.invars, arrays))
        out = equation.outvars[0].aval
        kind = kind_of(out)
        if name == "convert_element_type":
            return self._convert(equation, kinds[0], kind, arrays[0])
        if kinds[0] == "truth" and name in ("argmax", "argmin"):
            system.branch(equation, arrays[0], 2)
            return self._place(equation, name, system.from_truth(arrays[0]))
        if kinds[0] == "truth" and name in WHOLE and all(each == "truth" for each in kinds):
            return WHOLE[name](system, equation, *arrays)
        if len(equation.outvars) > 1 or any(each == "truth" for each in kinds):
            return [_unknown(variable.aval, system) for variable in equation.outvars]
        given = [_as_ranges(array) for array in arrays]
        if name in COMPARISONS:
            return _compare(name, *align(*given))
        if name == "lu_pivots_to_permutation":
            return _settled(_whole(0, equation.params["permutation_size"] - 1, (1, *out.shape)))
        if name == "rem":
            return _fitting(equation, _remainder(*np.broadcast_arrays(*align(*given)), step=1))
        if name in ("max", "min"):
            return _fitting(equation, _extremum(*align(*given), greater=name == "max"))
        if name == "clamp":
            low, array, high = align(*given)
            return _fitting(equation, _extremum(_extremum(low, array, greater=True), high, greater=False))
        if name in ("add", "sub", "mul"):
            return _fitting(equation, _binary(name, *align(*given)))
        if name in ("neg", "abs", "square"):
            return _fitting(equation, UNARY[name](given[0]))
        if name == "sign":
            return _fitting(equation, ranges(given[0]["kinds"], -1, 1))
        if name in ("reduce_sum", "reduce_max", "reduce_min"):
            return _fitting(equation, self._reduce(name, equation, given[0]))
        if name in ("argmax", "argmin"):
            return self._place(equation, name, given[0])
        if name in RUNNING:
            return _fitting(equation, running(equation, given[0], RUNNING[name]))
        return _unknown(out, system)


def _opens(name: str, kinds: Sequence[str], kind: str, arrays: Sequence[Array]) -> bool:
    """Whether truth values that are open become whole numbers."""
    truths = [array for array, each in zip(arrays, kinds, strict=True) if each == "truth"]
    return kind == "whole" and any((array == UNDECIDED).any() for array in truths)


def _unknown(aval: Any, system: Ranges) -> Array:
    """Any value of a type."""
    kind = kind_of(aval)
    shape = (1, *aval.shape)
    if kind == "number":
        return anything(shape)
    if kind == "truth":
        return np.full(shape, UNDECIDED, dtype=np.int8)
    if kind == "whole":
        held = np.iinfo(aval.dtype)
        return _whole(float(held.min), float(held.max), shape)
    raise UnsupportedPrimitive("complex numbers", system.name)


def _fitting(equation: Any, array: Array) -> Array:
    """Whole numbers that stay in their type, and anything in it where they may not."""
    held = np.iinfo(equation.outvars[0].aval.dtype)
    least, most = max(float(held.min), -(2.0**53)), min(float(held.max), 2.0**53)
    outside = (array["lo"] < least) | (array["hi"] > most) | (array["kinds"] & ~FINITE != 0)
    wide = _whole(float(held.min), float(held.max), array.shape)
    return _settled(np.where(outside, wide, array))


def _remainder(a: Array, b: Array, step: int) -> Array:
    """Below the divisor, by one step at least, with the sign of what is divided and no larger than it."""
    most = np.maximum(np.abs(b["lo"]), np.abs(b["hi"])) - step
    high = np.minimum(most, np.maximum(a["hi"], 0))
    low = np.maximum(-most, np.minimum(a["lo"], 0))
    unsure = ((b["lo"] <= 0) & (b["hi"] >= 0)) | ((a["kinds"] | b["kinds"]) & ~FINITE != 0)
    kinds = np.where(unsure, ALL, FINITE)
    return ranges(kinds, np.where(unsure, -np.inf, low), np.where(unsure, np.inf, high))


def _binary(name: str, a: Array, b: Array) -> Array:
    """Two values, which may be one, or one of them a constant that leaves the other as it is."""
    a, b = np.broadcast_arrays(a, b)
    found = BINARY[name](a, b)
    if name in ("sub", "mul", "div"):
        found = np.where(a["name"] == b["name"], _same(name, a), found)
    neutral = NEUTRAL.get(name, np.nan)
    found = np.where(_is(b, neutral), a, found)
    return np.where(_is(a, neutral), b, found) if name in ("add", "add_any", "mul") else found


def _is(array: Array, value: float) -> Array:
    return (array["kinds"] & ~FINITE == 0) & (array["lo"] == value) & (array["hi"] == value)


def _same(name: str, a: Array) -> Array:
    """A value less itself, times itself, over itself."""
    if name == "mul":
        return _square(a)
    unreal = a["kinds"] & ~FINITE != 0
    if name == "sub":
        return ranges(np.where(a["kinds"] & FINITE, NONE, 0) | np.where(unreal, NAN, 0), 0.0, 0.0)
    return ranges(
        np.where(a["kinds"] & (MINUS | PLUS), PLUS, 0) | np.where(unreal | (a["kinds"] & NONE != 0), NAN, 0), 1.0, 1.0
    )


def _square(a: Array) -> Array:
    size = _absolute(a)
    found = _multiply(size, size)
    # Nothing is zero and an infinity at once.
    found["kinds"] &= ~NAN | a["kinds"]
    return found


def _power(a: Array, exponent: int) -> Array:
    """Whole powers: of absolute values where the exponent is even."""
    if exponent < 0:
        return _divide(Ranges().lift(np.ones(a.shape)), _power(a, -exponent))
    if exponent == 0:
        return Ranges().lift(np.ones(a.shape))
    if exponent % 2:
        rising = _monotone(lambda x: x**exponent, -np.inf, np.inf)
        return a if exponent == 1 else _signed_as(rising(a), a)
    size = _absolute(a)
    result = size
    for _ in range(exponent - 1):
        result = _multiply(result, size)
    return result


def _signed_as(found: Array, a: Array) -> Array:
    """Where a function has the sign of its argument."""
    kinds = a["kinds"]
    may = (kinds & FINITE) | np.where(kinds & BELOW, MINUS, 0) | np.where(kinds & ABOVE, PLUS, 0)
    found["kinds"] &= may | ~FINITE
    return _narrowed(found)


def _risen(name: str) -> Callable[[Array], Array]:
    return lambda a: _signed_as(RISING[name](a), a) if name in KEEPS_SIGN else RISING[name](a)


def _cosine(a: Array) -> Array:
    real = (a["kinds"] & ~FINITE) == 0
    return ranges(np.where(real, FINITE, FINITE | NAN), -1.0, 1.0)


def _cosh(a: Array) -> Array:
    unreal = np.where(a["kinds"] & (BELOW | ABOVE), ABOVE, 0) | (a["kinds"] & NAN)
    return ranges(np.where(a["kinds"] & FINITE, PLUS, 0) | unreal, 1.0, np.inf)


def _positive_alone(a: Array) -> Array:
    """Of positive numbers, some number; of others, anything."""
    return ranges(np.where(a["kinds"] & ~PLUS == 0, FINITE, ALL))


def _inside(reach: float, limit: float, *, attained: bool) -> Callable[[Array], Array]:
    """An odd function of the numbers up to a distance from zero: of its argument's sign, within a limit."""

    def of(a: Array) -> Array:
        real = a["kinds"] & ~FINITE == 0
        low = (a["lo"] > -reach) | ((a["lo"] == -reach) & (a["lo_open"] | attained))
        high = (a["hi"] < reach) | ((a["hi"] == reach) & (a["hi_open"] | attained))
        inner = real & low & high
        return ranges(
            np.where(inner, a["kinds"], ALL), np.where(inner, -limit, -np.inf), np.where(inner, limit, np.inf)
        )

    return of


def _powers(a: Array, b: Array) -> Array:
    """Powers of positive numbers."""
    real = (a["kinds"] & ~PLUS == 0) & (b["kinds"] & ~FINITE == 0)
    return ranges(np.where(real, PLUS, ALL))


UNARY: Final[dict[str, Callable[[Array], Array]]] = {
    "neg": _negative,
    "abs": _absolute,
    "square": _square,
    "one_minus_square": lambda a: _add(Ranges().lift(np.ones(a.shape)), _negative(_square(a))),
    "log": lambda a: _half_line("log", a),
    "log1p": lambda a: _half_line("log1p", a),
    "sqrt": lambda a: _half_line("sqrt", a),
    "rsqrt": lambda a: _reciprocal_root(a),
    "sin": _cosine,
    "cos": _cosine,
    "cosh": _cosh,
    "lgamma": _positive_alone,
    "digamma": _positive_alone,
    "asin": _inside(1.0, HALF_PI, attained=True),
    "atanh": _inside(1.0, np.inf, attained=False),
    "erf_inv": _inside(1.0, np.inf, attained=False),
    **{name: _risen(name) for name in RISING},
}


def _reciprocal_root(a: Array) -> Array:
    """One over a root: of zero, an infinity with the zero's sign."""
    return _divide(Ranges().lift(np.ones(a.shape)), _half_line("sqrt", a))


BINARY: Final[dict[str, Callable[[Array, Array], Array]]] = {
    "add": _add,
    "add_any": _add,
    "sub": lambda a, b: _add(a, _negative(b)),
    "mul": _multiply,
    "div": _divide,
    "pow": _powers,
    "max": lambda a, b: _extremum(a, b, greater=True),
    "min": lambda a, b: _extremum(a, b, greater=False),
}
NEUTRAL: Final = {"add": 0.0, "add_any": 0.0, "sub": 0.0, "mul": 1.0, "div": 1.0}
REDUCED: Final = {
    "reduce_sum": _add,
    "reduce_prod": _multiply,
    "reduce_max": BINARY["max"],
    "reduce_min": BINARY["min"],
}
RUNNING: Final = {"cumsum": _add, "cumprod": _multiply, "cummax": BINARY["max"], "cummin": BINARY["min"]}
COMPARISONS: Final = ("eq", "ne", "lt", "le", "gt", "ge")
# What returns the very value that it is given.
ALIASES: Final = ("copy", "copy_p", "name", "stop_gradient", "sharding_constraint")
