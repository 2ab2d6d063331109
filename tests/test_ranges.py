"""Ranges hold every value, and what they exclude no point shows; beside each choice that nothing reaches, a twin."""

import itertools
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flint import arb
from jax import lax
from jax.extend import core as jex
from jax.scipy import special

from verify import Claim, Derivative, Status, check, domain
from verify.claim import UnsupportedPrimitive
from verify.domain import Facts, Interval, Labels, Nonzero, OneHot, Positive, Reals, Region, Simplex
from verify.engines import BUDGETS, enclose, falsify, prove
from verify.engines.case import Case, box_of
from verify.readings.exact import Exact, balls, precision
from verify.readings.interpreter import Array, walk
from verify.readings.ranges import (
    ABOVE,
    ALL,
    BELOW,
    BINARY,
    FINITE,
    MINUS,
    NAN,
    NONE,
    PLUS,
    RANGE,
    RISING,
    UNARY,
    Ranges,
    cut,
    ranges,
)
from verify.readings.ranges import box as box_between

pytestmark = pytest.mark.once

# ---------------------------------------------------------------------------------------------------------------
# Values.


def _boxes(rng: np.random.Generator, count: int) -> tuple[Array, Array]:
    """Points, and boxes that hold them: closed, open, with ends at zero, at the point, or nowhere."""
    points = rng.normal(size=count) * rng.choice([0.0, 1e-3, 1.0, 30.0], size=count)
    points = np.where(rng.random(count) < 0.2, np.round(points), points)
    ends: list[Array] = []
    for sign in (-1, 1):
        widths = rng.choice([0.0, 1e-9, 0.5, 2.0, np.inf], size=count)
        end = points + sign * widths
        ends.append(np.where((rng.random(count) < 0.2) & (sign * points <= 0), 0.0, end))
    lo, hi = ends
    opened = [(end != points) & (rng.random(count) < 0.5) for end in ends]
    # A nonzero number in a box around zero, too.
    kinds = np.where((points != 0) & (rng.random(count) < 0.3), FINITE & ~NONE, FINITE)
    return points, ranges(kinds, lo, hi, *opened)


def _holds(box: Any, value: arb) -> bool:
    """Whether a value lies in a range; what is no real number may be what the range says of such."""
    kinds = int(box["kinds"])
    if not value.is_finite():
        return bool(kinds & (NAN | BELOW | ABOVE))
    sign = PLUS if value > 0 else MINUS if value < 0 else NONE if value == 0 else FINITE
    lo, hi = arb(float(box["lo"])), arb(float(box["hi"]))
    below = value <= lo if box["lo_open"] else value < lo
    above = value >= hi if box["hi_open"] else value > hi
    return bool(kinds & sign) and not below and not above


def _each(name: str) -> Callable[..., Any]:
    if name == "one_minus_square":
        return lambda x: 1 - x * x
    return {"add_any": lax.add, "atan": lax.atan, "cbrt": lax.cbrt}.get(name, getattr(lax, name, lax.add))


@pytest.mark.parametrize("name", [*UNARY, *(f"power {k}" for k in (-3, -2, 0, 1, 2, 3, 4)), "floor", "ceil"])
def test_a_range_holds_the_value_of_a_function(name: str) -> None:
    points, boxes = _boxes(np.random.default_rng(7), 300)
    fn = _each(name)
    if name.startswith("power"):
        fn = lambda x: lax.integer_pow(x, int(name.split()[1]))  # noqa: E731
    _all_held(fn, [points], [boxes])


@pytest.mark.parametrize("name", [*BINARY, "rem"])
def test_a_range_holds_the_value_of_two(name: str) -> None:
    rng = np.random.default_rng(11)
    (x, first), (y, second) = _boxes(rng, 400), _boxes(rng, 400)
    _all_held(_each(name), [x, y], [first, second])


def _all_held(fn: Callable[..., Any], points: list[Array], boxes: list[Array]) -> None:
    with jax.enable_x64(True), precision(300):
        closed = jax.make_jaxpr(fn)(*(1.0 for _ in points))
        (found,), _ = walk(Ranges(), closed, boxes, len(boxes[0]))
        (true,), trail = walk(Exact(), closed, [balls(each) for each in points], len(points[0]))
    found = np.broadcast_to(found, len(boxes[0]))
    decided = 0
    for place, value in enumerate(np.broadcast_to(true, len(boxes[0]))):
        if not trail.lost[place]:
            assert _holds(found[place], value), (points[0][place], points[-1][place], boxes[0][place], found[place])
            decided += 1
    assert decided > 100


def test_a_range_is_no_wider_than_it_has_to_be() -> None:
    """Were everything a range, all of the above would hold."""
    with jax.enable_x64(True):
        box = ranges(FINITE, 0.0, 1.0, False, True, shape=(1,))
        for fn, kinds, lo, hi in (
            (lambda p: 1 - p, PLUS, 0.0, 1.0),
            (lambda p: p * (1 - p), NONE | PLUS, 0.0, 1.0),
            (lambda p: jnp.log(1 + p), NONE | PLUS, 0.0, 0.6931471805599455),
            (lambda p: p - p, NONE, 0.0, 0.0),
            (lambda p: jnp.tanh(p) ** 2 - 1, MINUS, -1.0, -0.41997434161402614),
            (lambda p: jnp.maximum(p, -p), NONE | PLUS, 0.0, 1.0),
            (lambda p: jnp.where(p > 0.5, p, 1.0), PLUS, 0.5, 1.0),
            (lambda p: jnp.exp(-jnp.abs(p)), PLUS, 0.3678794411714, 1.0),
        ):
            (found,), _ = walk(Ranges(), jax.make_jaxpr(fn)(0.5), [box], 1)
            assert found[0]["kinds"] == kinds
            assert found[0]["lo"] == pytest.approx(lo, rel=1e-12)
            assert found[0]["hi"] == pytest.approx(hi, rel=1e-12)


def test_infinities_and_what_is_no_number_stay_known() -> None:
    cases = np.array([np.inf, -np.inf, np.nan, 0.0, 1.5, -2.0])
    with jax.enable_x64(True):
        for fn in (
            *(lax.exp, lax.log, lax.log1p, lax.sqrt, lax.rsqrt, lax.tanh, lax.logistic, lax.erf, lax.erfc, lax.neg),
            *(lax.abs, lax.square, lax.expm1, lax.cosh, lax.sinh, lax.cbrt, lax.atan, lax.asinh, lax.sign, lax.cos),
        ):
            (found,), _ = walk(Ranges(), jax.make_jaxpr(fn)(1.0), [Ranges().lift(cases)], len(cases))
            _floats_are_told(found, np.asarray(fn(jnp.asarray(cases))))
        pairs = np.array(list(itertools.product(cases, cases)))
        for fn in (lax.add, lax.sub, lax.mul, lax.div, lax.max, lax.min):
            given = [Ranges().lift(pairs[:, place]) for place in (0, 1)]
            (found,), _ = walk(Ranges(), jax.make_jaxpr(fn)(1.0, 1.0), given, len(pairs))
            _floats_are_told(found, np.asarray(fn(jnp.asarray(pairs[:, 0]), jnp.asarray(pairs[:, 1]))))
        for fn in (lax.eq, lax.ne, lax.lt, lax.le, lax.gt, lax.ge):
            given = [Ranges().lift(pairs[:, place]) for place in (0, 1)]
            (found,), _ = walk(Ranges(), jax.make_jaxpr(fn)(1.0, 1.0), given, len(pairs))
            told = np.asarray(fn(jnp.asarray(pairs[:, 0]), jnp.asarray(pairs[:, 1])))
            assert all(answer in (-1, int(each)) for answer, each in zip(found, told, strict=True))
            assert (found != -1).sum() >= 20


def _floats_are_told(found: Array, returned: Array) -> None:
    for box, value in zip(found, returned.tolist(), strict=True):
        kinds = int(box["kinds"])
        if value != value:
            assert kinds & NAN
        elif value in (np.inf, -np.inf):
            assert kinds & (ABOVE if value > 0 else BELOW)
        else:
            assert kinds & (PLUS if value > 0 else MINUS if value < 0 else NONE)
            assert box["lo"] <= value + 1e-15 * abs(value)
            assert box["hi"] >= value - 1e-15 * abs(value)


def test_pieces_of_a_range_are_the_range() -> None:
    rng = np.random.default_rng(3)
    points, boxes = _boxes(rng, 300)
    for point, box in zip(points.tolist(), boxes, strict=True):
        pieces = cut(box[None])
        assert sum(_holds(each, arb(point)) for each in pieces) == 1, (point, box, pieces)


REGIONS: list[Region] = [
    Reals("3"),
    Nonzero("3"),
    Positive("3"),
    Interval("3", -1.5, 2.0),
    Interval("3", 0.0, 1.0),
    Interval("3", 0.5, 0.75),
    Simplex("3"),
    OneHot("3"),
    domain.Logits("3"),
    domain.Saturated("3", gap=1.0),
    domain.Constant([0.0, -2.0, 0.1]),
]


@pytest.mark.parametrize("region", REGIONS, ids=lambda each: f"{type(each).__name__} {each.signs}")
def test_the_range_of_a_region_holds_its_points(region: Region) -> None:
    rng = np.random.default_rng(5)
    box = box_of(region.facts, (3,))
    assert box.dtype == RANGE
    for family in region.families:
        for index in range(5):
            drawn = region.draw(family, index, (3,), domain.FLOAT64, rng)
            assert all(_holds(each, arb(value)) for each, value in zip(box[0], drawn.tolist(), strict=True))


# ---------------------------------------------------------------------------------------------------------------
# Rules, one by one.


def _read(fn: Callable[..., Any], *boxes: Array) -> list[Array]:
    """What a function returns of boxes, each output with the axis of points."""
    with jax.enable_x64(True), jax.numpy_dtype_promotion("standard"), jax.numpy_rank_promotion("allow"):
        closed = jax.make_jaxpr(lambda *x: jax.tree.leaves(fn(*x)))(*(np.ones(box.shape[1:]) for box in boxes))
        return walk(Ranges(), closed, list(boxes), len(boxes[0]))[0]


def _between(lo: Any, hi: Any, kinds: int = FINITE) -> Array:
    """Boxes with closed ends; the first axis is that of the points."""
    return ranges(kinds, np.asarray(lo, dtype=np.float64), np.asarray(hi, dtype=np.float64))


def _ends(found: Array) -> list[tuple[float, float]]:
    """Bounds of every entry; whole numbers that are known are their own."""
    if found.dtype != RANGE:
        return [(float(each), float(each)) for each in found.ravel()]
    return [(float(each["lo"]), float(each["hi"])) for each in found.ravel()]


def test_masks_are_open_where_a_point_may_answer_either_way() -> None:
    """Of the three entries the first is above zero or not, the second is, the third is not."""

    def asked(x: Any) -> Any:
        mask = x > 0
        u, yes, no = mask
        pairs = [jnp.maximum(u, no), jnp.maximum(u, yes), jnp.minimum(u, yes), jnp.minimum(u, no)]
        return [*pairs, jnp.max(mask[::2]), jnp.min(mask[:2]), lax.clamp(no, u, yes)]

    box = _between([[-1.0, 1.0, -2.0]], [[1.0, 2.0, -1.0]])
    assert [int(each[0]) for each in _read(asked, box)] == [-1, 1, -1, 0, -1, -1, -1]
    found = _read(lambda x: [jnp.argmax(x > 0), jnp.argmin(x > 0), jnp.argmax(x[::-1] > 0), jnp.argmax(x[1:] > 0)], box)
    assert [_ends(each)[0] for each in found] == [(0, 1), (0, 2), (1, 2), (0, 0)]
    (found,) = _read(lambda x: lax.dot(x > 0, jnp.array([3.0, 5.0, 7.0])), box)
    assert _ends(found) == [(5, 8)]


def test_no_number_is_unequal_to_everything() -> None:
    box = _between([-1.0], [1.0], FINITE | NAN)
    unequal, other = _read(lambda x: [jnp.where(x != 0, x, 1.0), jnp.where(x == 0, 1.0, x)], box)
    assert unequal[0]["kinds"] == MINUS | PLUS | NAN
    assert other[0]["kinds"] & NAN
    (equal,) = _read(lambda x: jnp.where(x == 0, x, 2.0), box)
    assert equal[0]["kinds"] == NONE | PLUS


def test_functions_between_two_ends_are_anything_beyond_them() -> None:
    for fn, ends, inside in (
        (lax.asin, (-1.0, 1.0), True),
        (lax.asin, (-1.5, 1.0), False),
        (lax.asin, (0.0, 1.25), False),
        (lax.erf_inv, (-0.5, 0.5), True),
        (lax.erf_inv, (0.0, 1.0), False),
        (lax.erf_inv, (-1.0, 0.0), False),
        (lax.atanh, (0.0, 0.5), True),
        (lax.atanh, (0.0, 1.0), False),
    ):
        (found,) = _read(fn, _between([ends[0]], [ends[1]]))
        assert bool(found[0]["kinds"] & ~FINITE) is not inside, ends


def test_a_product_of_masks_may_be_any_whole_number() -> None:
    (found,) = _read(lambda x: lax.dot(x > 0, x > 0, preferred_element_type=np.int32), _between([[-1.0]], [[1.0]]))
    assert _ends(found) == [(-(2.0**31), 2.0**31 - 1)]


def test_the_limit_of_an_arc_tangent_is_no_float() -> None:
    (found,) = _read(lambda x: [lax.atan(x) > np.pi / 2], Ranges().lift(np.array([np.inf, -np.inf])))
    assert found.tolist() == [-1, 0]
    assert _ends(_read(lax.atan, Ranges().lift(np.array([np.inf])))[0]) == [(np.pi / 2, np.nextafter(np.pi / 2, 2))]


@pytest.mark.parametrize("fill", [0, 7])
def test_open_whole_numbers_are_filled_with_the_value_that_is_given(fill: int) -> None:
    box = _between([[-1.0, 1.0]], [[1.0, 2.0]])
    counts = _read(lambda x: jnp.take((x > 0) + 2, np.array([0, 5, 1]), mode="fill", fill_value=fill), box)[0]
    assert _ends(counts) == [(2, 3), (fill, fill), (3, 3)]
    assert (counts["kinds"] & FINITE != 0).all()


def test_whole_numbers_of_two_branches_are_both_held() -> None:
    """The first box takes one branch, whose whole number is known, the second takes the other."""
    boxes = _between([[1.0, -1.0], [-2.0, -1.0]], [[2.0, 1.0], [-1.0, 1.0]])
    for fn in (
        lambda x: lax.cond(x[0] > 0, lambda: 5, lambda: jnp.argmax(jnp.append(x[1], 0.0))),
        lambda x: lax.cond(x[0] < 0, lambda: jnp.argmax(jnp.append(x[1], 0.0)), lambda: 5),
    ):
        assert _ends(_read(fn, boxes)[0]) == [(5, 5), (0, 1)]


def test_masks_of_two_branches_stay_masks() -> None:
    boxes = _between([[1.0, -1.0], [-2.0, -1.0]], [[2.0, 1.0], [-1.0, 1.0]])
    mask, chosen = _read(
        lambda x: (lambda y: (y, jnp.where(y, 1.0, 2.0)))(lax.cond(x[0] > 0, lambda: x[1] > 0, lambda: x[1] > 3)), boxes
    )
    assert mask.tolist() == [-1, 0]
    assert _ends(chosen) == [(1, 2), (2, 2)]


def test_a_slope_that_is_added_up_has_the_sum_of_both_ranges() -> None:
    assert _ends(_read(jax.grad(lambda x: lax.sin(x) + x), _between([0.0], [1.0]))[0]) == [(0, 2)]


def test_whole_numbers_that_are_open_are_folded_with_known_ones() -> None:
    def folded(x: Any) -> Any:
        some = jnp.append(jnp.where(x > 0, 3, 1), 7)
        last = lax.reduce(some, np.int64(0), lambda a, b: jnp.where(b == 7, b - a, b), (0,))
        return [last, lax.reduce_window(some, np.int64(0), lambda a, b: jnp.where(a > b, a, b), (2,), (1,), "VALID")]

    last, windows = _read(folded, _between([[-1.0, -1.0]], [[1.0, 1.0]]))
    assert _ends(last) == [(4, 6)]
    assert _ends(windows) == [(1, 3), (7, 7)]


def test_a_constant_that_is_chosen_by_a_comparison_is_known_in_every_box() -> None:
    def larger(x: Any) -> Any:
        constant = lax.convert_element_type(np.array([0.5, 3.0], dtype=np.float32), x.dtype)
        return jnp.where(constant > x, constant, x)

    (found,) = _read(larger, _between([[-1.0, 1.0], [2.0, 2.0]], [[0.0, 2.0], [4.0, 4.0]]))
    assert _ends(found) == [(0.5, 0.5), (3, 3), (2, 4), (3, 4)]


# ---------------------------------------------------------------------------------------------------------------
# Every box with these ends, against every number of a grid that lies in it.

GRID = np.array([-2.0, -1.75, -1.25, -1.0, -0.75, -0.25, 0.0, 0.25, 0.75, 1.0, 1.25, 1.75, 2.0])
# What no box has inside, but for its closure: an end that is open, or an infinity that it reaches for.
ENDS = (-np.inf, -1.0, 0.0, 1.0, np.inf)
SPECIAL = {NAN: np.nan, BELOW: -np.inf, ABOVE: np.inf}


def _small_boxes() -> Array:
    """Every box with ends of `ENDS`, open and closed, with zero and without, some with infinities or no number."""
    made: list[Array] = []
    for lo, hi in itertools.combinations_with_replacement(ENDS, 2):
        if lo == hi and np.isinf(lo):
            continue
        for opened in itertools.product(*([False] if np.isinf(end) else [False, True] for end in (lo, hi))):
            if lo == hi and any(opened):
                continue
            for without in (0, *([NONE] if lo < 0 < hi else [])):
                made += [
                    ranges((FINITE & ~without) | more, lo, hi, *opened, shape=(1,))
                    for more in (0, NAN, BELOW, ABOVE, NAN | BELOW | ABOVE)
                ]
    made += [ranges(kinds, shape=(1,)) for kinds in (NAN, BELOW, ABOVE, BELOW | ABOVE, NAN | ABOVE)]
    return np.concatenate(made)


BOXES = _small_boxes()


def _members(box: Any) -> np.ndarray:
    """Numbers of the grid that lie in a box, and what else it may be."""
    inside = [value for value in GRID.tolist() if box["kinds"] & FINITE and _holds(box, arb(value))]
    return np.array([*inside, *(value for kind, value in SPECIAL.items() if box["kinds"] & kind)])


MEMBERS = [_members(each) for each in BOXES]


def _mixed(*boxes: Any) -> bool:
    """Whether one of the boxes holds finite numbers and infinities."""
    return any(box["kinds"] & FINITE and box["kinds"] & (BELOW | ABOVE) for box in boxes)


def _kinds_of(values: np.ndarray) -> int:
    """All kinds that occur."""
    tests = (np.isnan(values), values == -np.inf, np.isfinite(values) & (values < 0), values == 0)
    tests += (np.isfinite(values) & (values > 0), values == np.inf)
    return sum(kind for kind, test in zip((NAN, BELOW, MINUS, NONE, PLUS, ABOVE), tests, strict=True) if test.any())


def _hull(values: np.ndarray) -> tuple[float, float]:
    """The nearest ends around numbers of the grid."""
    return max(end for end in ENDS if end <= values.min()), min(end for end in ENDS if end >= values.max())


def _pairs(count: int) -> tuple[np.ndarray, np.ndarray]:
    """Places of boxes to look at two at a time: of what is not finite all pairs, and some others."""
    rng = np.random.default_rng(19)
    first, second = rng.integers(len(BOXES), size=(2, count))
    last = np.arange(len(BOXES) - 5, len(BOXES))
    first[:25], second[:25] = np.repeat(last, 5), np.tile(last, 5)
    return first, second


def _named_apart(boxes: Array) -> Array:
    """Boxes of values of their own."""
    return ranges(*(boxes[part] for part in ("kinds", "lo", "hi", "lo_open", "hi_open")))


COMPARED: dict[str, Callable[..., Any]] = {
    "eq": np.equal,
    "ne": np.not_equal,
    "lt": np.less,
    "le": np.less_equal,
    "gt": np.greater,
    "ge": np.greater_equal,
}


@pytest.mark.parametrize("name", COMPARED)
def test_a_comparison_is_decided_where_all_members_answer_alike_and_nowhere_else(name: str) -> None:
    first, second = _pairs(3000)
    a, b = _named_apart(BOXES[first]), _named_apart(BOXES[second])
    (found,) = _read(lambda x, y: _each(name)(x, y), a, b)
    for answer, i, j in zip(found.tolist(), first, second, strict=True):
        given = COMPARED[name](MEMBERS[i][:, None], MEMBERS[j][None])
        if (BOXES[i]["kinds"] | BOXES[j]["kinds"]) & NAN or (given.any() and not given.all()):
            assert answer == -1, (BOXES[i], BOXES[j])
        else:
            # Beside infinities the bounds of what is finite are not looked at.
            assert answer == int(given.all()) or (answer == -1 and _mixed(BOXES[i], BOXES[j])), (BOXES[i], BOXES[j])


@pytest.mark.parametrize("name", COMPARED)
def test_a_value_is_compared_with_itself(name: str) -> None:
    (found,) = _read(lambda x: _each(name)(x, x), BOXES)
    for answer, box, members in zip(found.tolist(), BOXES, MEMBERS, strict=True):
        given = COMPARED[name](members, members)
        some = box["kinds"] & NAN and name not in ("lt", "gt")
        assert answer == (-1 if some else int(given.all())), box


def _closure(box: Any) -> np.ndarray:
    """Ends of the finite numbers of a box, where there are any."""
    return np.array([box["lo"], 0.0, box["hi"]] if box["lo"] < 0 < box["hi"] else [box["lo"], box["hi"]])


def _flat_product(x: Any, y: Any) -> Any:
    with np.errstate(invalid="ignore"):
        return np.where((x == 0) | (y == 0), 0.0, x * y)


SIMPLE: dict[str, tuple[Callable[..., Any], Callable[..., Any]]] = {
    "add": (np.add, np.add),
    "sub": (np.subtract, np.subtract),
    "mul": (np.multiply, _flat_product),
}


@pytest.mark.parametrize("name", SIMPLE)
def test_sums_and_products_of_boxes_are_the_smallest_boxes(name: str) -> None:
    fn, plain = SIMPLE[name]
    first, second = _pairs(2500)
    (found,) = _read(_each(name), _named_apart(BOXES[first]), _named_apart(BOXES[second]))
    with np.errstate(invalid="ignore"):
        for box, i, j in zip(found, first, second, strict=True):
            shown = fn(MEMBERS[i][:, None], MEMBERS[j][None]).ravel()
            assert box["kinds"] == _kinds_of(shown), (BOXES[i], BOXES[j], box)
            if not box["kinds"] & FINITE:
                continue
            ends = plain(_closure(BOXES[i])[:, None], _closure(BOXES[j])[None])
            for end, opened, bound in (("lo", "lo_open", np.nanmin(ends)), ("hi", "hi_open", np.nanmax(ends))):
                assert box[end] == bound, (BOXES[i], BOXES[j], box)
                assert box[opened] == (np.isfinite(bound) and bound not in shown), (BOXES[i], BOXES[j], box)


@pytest.mark.parametrize("name", ["max", "min", "div", "rem", "pow"])
def test_what_two_members_make_lies_in_what_their_boxes_make(name: str) -> None:
    first, second = _pairs(2500)
    fn = {"max": np.maximum, "min": np.minimum, "div": np.divide, "rem": np.fmod, "pow": np.power}[name]
    (found,) = _read(_each(name), _named_apart(BOXES[first]), _named_apart(BOXES[second]))
    with np.errstate(all="ignore"):
        for box, i, j in zip(found, first, second, strict=True):
            shown = fn(MEMBERS[i][:, None], MEMBERS[j][None]).ravel()
            _floats_are_told(np.broadcast_to(box, shown.shape), shown)
            if name == "div":  # by zero of either sign
                turned = fn(MEMBERS[i][:, None], np.where(MEMBERS[j] == 0, -0.0, MEMBERS[j])[None]).ravel()
                assert box["kinds"] == _kinds_of(np.concatenate([shown, turned])), (BOXES[i], BOXES[j], box)
            if name in ("max", "min"):
                assert box["kinds"] == _kinds_of(shown), (BOXES[i], BOXES[j], box)
                finite = shown[np.isfinite(shown)]
                if len(finite) and not (BOXES[i]["kinds"] | BOXES[j]["kinds"]) & (NAN | BELOW | ABOVE):
                    ends = fn(_closure(BOXES[i])[:, None], _closure(BOXES[j])[None])
                    assert (box["lo"], box["hi"]) == (ends.min(), ends.max()), (BOXES[i], BOXES[j], box)
                    assert box["lo_open"] == (np.isfinite(box["lo"]) and box["lo"] not in shown)
                    assert box["hi_open"] == (np.isfinite(box["hi"]) and box["hi"] not in shown)


@pytest.mark.parametrize(
    ("name", "plain"),
    [("neg", np.negative), ("abs", np.abs), ("square", np.square), ("floor", np.floor), ("ceil", np.ceil)],
)
def test_a_function_of_a_box_is_the_smallest_box(name: str, plain: Callable[..., Any]) -> None:
    (found,) = _read(_each(name), BOXES)
    for box, given, members in zip(found, BOXES, MEMBERS, strict=True):
        shown = plain(members)
        _floats_are_told(np.broadcast_to(box, shown.shape), shown)
        if name in ("floor", "ceil"):
            continue
        assert box["kinds"] == _kinds_of(shown), (given, box)
        if box["kinds"] & FINITE:
            ends = plain(_closure(given))
            assert (box["lo"], box["hi"]) == (ends.min(), ends.max()), (given, box)
            assert box["lo_open"] == (np.isfinite(box["lo"]) and box["lo"] not in shown), (given, box)
            assert box["hi_open"] == (np.isfinite(box["hi"]) and box["hi"] not in shown), (given, box)


@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize("outcome", [0, 1])
@pytest.mark.parametrize("name", COMPARED)
def test_where_a_comparison_holds_its_operand_is_narrowed_to_what_may_answer_so(
    name: str, outcome: int, turned: bool
) -> None:
    first, second = _pairs(1500)
    a, b = _named_apart(BOXES[first]), _named_apart(BOXES[second])

    def chosen(x: Any, y: Any) -> Any:
        which = _each(name)(*((y, x) if turned else (x, y)))
        return [lax.select(which, *((x, far) if outcome else (far, x))) for far in map(jnp.float64, (9, -9))]

    # Beside a constant that lies beyond, the other bound is what is left of x.
    above, below = _read(chosen, a, b)
    for up, down, i, j in zip(above, below, first, second, strict=True):
        x, y = MEMBERS[i], MEMBERS[j]
        given = COMPARED[name](*((y[None], x[:, None]) if turned else (x[:, None], y[None])))
        shown = x[(given == outcome).any(axis=1)]
        _floats_are_told(np.broadcast_to(up, shown.shape), shown)
        _floats_are_told(np.broadcast_to(down, shown.shape), shown)
        if not len(shown) or (BOXES[i]["kinds"] | BOXES[j]["kinds"]) & NAN:
            continue
        unequal = name == ("ne" if outcome else "eq")
        if not unequal:
            rest = 0 if (given == outcome).all() else PLUS
            assert (up["kinds"] | rest) & ~FINITE == _kinds_of(shown) & ~FINITE, (BOXES[i], BOXES[j], up)
        if (BOXES[i]["kinds"] | BOXES[j]["kinds"]) & (BELOW | ABOVE):
            continue
        if not unequal:
            least, most = _hull(shown)
            rest = 0 if (given == outcome).all() else PLUS
            assert (up["lo"], down["hi"]) == (least, most), (BOXES[i], BOXES[j], up, down)
            assert up["kinds"] == _kinds_of(shown) | rest, (BOXES[i], BOXES[j], up)
            assert up["lo_open"] == (np.isfinite(least) and least not in shown), (BOXES[i], BOXES[j], up)
            assert down["hi_open"] == (np.isfinite(most) and most not in shown), (BOXES[i], BOXES[j], down)


def _table(fn: Callable[..., Any]) -> dict[float, float]:
    """What floats return of the grid, of the ends and of what is no real number; nothing in it is near a rounding."""
    values = np.array(sorted({*GRID.tolist(), *ENDS}))
    with jax.enable_x64(True):
        return dict(zip(values.tolist(), np.asarray(fn(jnp.asarray(values))).tolist(), strict=True))


MONOTONE = [*RISING, "log", "log1p", "sqrt"]


@pytest.mark.parametrize("name", MONOTONE)
def test_a_function_that_rises_or_falls_has_the_values_at_the_ends(name: str) -> None:
    table = _table(_each(name))
    start = {"log": 0.0, "log1p": -1.0, "sqrt": 0.0}.get(name, -np.inf)
    (found,) = _read(_each(name), BOXES)
    for box, given, members in zip(found, BOXES, MEMBERS, strict=True):
        shown = np.array([table.get(each, np.nan) for each in members.tolist()])
        _floats_are_told(np.broadcast_to(box, shown.shape), shown)
        assert box["kinds"] == _kinds_of(shown), (given, box)
        if not box["kinds"] & FINITE or given["kinds"] & ~FINITE:
            continue
        ends = [("lo", max(given["lo"], start)), ("hi", given["hi"])]
        for (inner, end), outer in zip(ends, ("hi", "lo") if name == "erfc" else ("lo", "hi"), strict=True):
            value = table[end]
            assert box[outer] == pytest.approx(value, rel=1e-15, abs=1e-300), (given, box)
            assert (box["lo"] <= value) if outer == "lo" else (box["hi"] >= value), (given, box)
            attained = end in members and np.isfinite(value)
            assert box[f"{outer}_open"] == (np.isfinite(value) and not attained), (given, box, inner)


@pytest.mark.parametrize("name", ["rsqrt", "cos", "sin", "cosh", "asin", "atanh", "erf_inv", "lgamma", "digamma"])
def test_a_function_of_a_box_has_the_values_of_its_members(name: str) -> None:
    table = _table(_each(name))
    (found,) = _read(_each(name), BOXES)
    for box, given, members in zip(found, BOXES, MEMBERS, strict=True):
        shown = np.array([table.get(each, np.nan) for each in members.tolist()])
        # The logarithm of the gamma function is defined where it is not read.
        if name not in ("lgamma", "digamma") or given["kinds"] == PLUS:
            _floats_are_told(np.broadcast_to(box, shown.shape), shown)
        outside = {"asin": 1.0, "atanh": 1.0, "erf_inv": 1.0}.get(name, np.inf)
        if name in ("asin", "atanh", "erf_inv"):
            inside = not given["kinds"] & ~FINITE and all(abs(each) <= outside for each in members)
            if inside and np.isfinite(shown).all():
                assert box["kinds"] == given["kinds"], given
            else:
                assert box["kinds"] == ALL, given
        if name in ("cos", "sin") and given["kinds"] & FINITE:
            assert (box["lo"], box["hi"]) == (-1, 1)
        if name in ("cos", "sin"):
            assert bool(box["kinds"] & NAN) == bool(given["kinds"] & ~FINITE)
        if name == "cosh":
            assert box["kinds"] == _kinds_of(shown)
            assert box["lo"] == (1 if given["kinds"] & FINITE else 0)
        if name in ("lgamma", "digamma"):
            assert box["kinds"] == (FINITE if given["kinds"] == PLUS else ALL)
        if name == "rsqrt" and not given["kinds"] & ~FINITE:
            assert box["kinds"] == (_kinds_of(shown) | (BELOW if 0 in members else 0)), given
    asin, inner = _read(lambda x: [lax.asin(x), lax.atanh(x)], _between([-1.0], [1.0]))
    assert _ends(asin)[0] == (-np.nextafter(np.pi / 2, 2), np.nextafter(np.pi / 2, 2))
    assert inner[0]["kinds"] == ALL


@pytest.mark.parametrize("exponent", [-3, -2, -1, 0, 1, 2, 3, 4])
def test_a_whole_power_has_the_values_of_its_members(exponent: int) -> None:
    (found,) = _read(lambda x: lax.integer_pow(x, exponent), BOXES)
    with np.errstate(divide="ignore"):
        for box, given, members in zip(found, BOXES, MEMBERS, strict=True):
            shown = members**exponent if exponent else np.ones(members.shape)
            _floats_are_told(np.broadcast_to(box, shown.shape), shown)
            if given["kinds"] & ~FINITE:
                continue
            at_zero = BELOW | ABOVE if exponent < 0 and 0 in members else 0
            assert box["kinds"] == _kinds_of(shown) | at_zero, (given, box)
            if exponent > 0:
                ends = _closure(given) ** exponent
                assert (box["lo"], box["hi"]) == (ends.min(), ends.max()), (given, box)
                assert box["lo_open"] == (np.isfinite(ends.min()) and ends.min() not in shown), (given, box)


def test_either_of_two_boxes_is_the_smallest_box_around_both() -> None:
    first, second = _pairs(2000)
    either = _between(np.full(2000, -1.0), np.full(2000, 1.0))
    (found,) = _read(lambda u, x, y: lax.select(u > 0, x, y), either, _named_apart(BOXES[first]), BOXES[second])
    for box, i, j in zip(found, first, second, strict=True):
        shown = np.concatenate([MEMBERS[i], MEMBERS[j]])
        assert box["kinds"] == _kinds_of(shown)
        real = shown[np.isfinite(shown)]
        if len(real):
            assert (box["lo"], box["hi"]) == _hull(real), (BOXES[i], BOXES[j], box)
            assert box["lo_open"] == (np.isfinite(box["lo"]) and box["lo"] not in real), (BOXES[i], BOXES[j], box)
            assert box["hi_open"] == (np.isfinite(box["hi"]) and box["hi"] not in real), (BOXES[i], BOXES[j], box)


def test_a_choice_of_masks_and_of_whole_numbers_knows_what_its_cases_share() -> None:
    def chosen(x: Any) -> Any:
        u, yes, no = x > 0
        masks = [lax.select(u, yes, yes), lax.select(u, yes, no), lax.select(yes, yes, u), lax.select(no, yes, u)]
        wholes = [lax.select(each, np.int32(3), np.int32(3)) for each in (u, yes)]
        wholes += [lax.select(each, np.int32(3), np.int32(5)) for each in (u, yes, no)]
        return [*masks, *wholes, lax.cond(u, lambda: (yes, 4), lambda: (yes, 4))]

    found = _read(chosen, _between([[-1.0, 1.0, -2.0]], [[1.0, 2.0, -1.0]]))
    assert [int(each[0]) for each in found[:4]] == [1, -1, 1, -1]
    assert [_ends(each)[0] for each in found[4:9]] == [(3, 3), (3, 3), (3, 5), (3, 3), (5, 5)]
    assert [each.tolist() for each in found[9:]] == [[1], [4]]


def test_masks_that_are_moved_by_what_is_open_are_open() -> None:
    def moved(x: Any) -> Any:
        mask = lax.sort((x, x > -9), num_keys=1)[1]
        return [
            mask,
            lax.select(mask, mask, ~mask),
            jnp.where(mask, 1, 2),
            lax.select(x > 1.5, x > 0, mask),
            mask & (x > 9),
        ]

    found = _read(moved, _between([[1.0, 1.0]], [[2.0, 2.0]]))
    assert [each.ravel().tolist() for each in found[:2]] == [[-1, -1]] * 2
    assert _ends(found[2]) == [(1, 2)] * 2
    assert [each.ravel().tolist() for each in found[3:]] == [[-1, -1], [0, 0]]


@pytest.mark.parametrize("signs", [{-1}, {0}, {1}, {-1, 0}, {0, 1}, {-1, 1}, {-1, 0, 1}])
def test_a_box_of_signs_and_bounds_holds_what_has_both(signs: set[int]) -> None:
    for low, high in itertools.product((None, -1.0, 0.0, 1.0), repeat=2):
        members = [each for each in GRID.tolist() if np.sign(each) in signs]
        members = [each for each in members if (low is None or low <= each) and (high is None or each <= high)]
        if not members:
            continue
        made = box_between((), frozenset(signs), low, high)
        assert made.shape == (1,)
        assert made[0]["kinds"] == _kinds_of(np.array(members)), (low, high)
        assert (made[0]["lo"], made[0]["hi"]) == _hull(np.array(members)), (low, high)
        assert made[0]["lo_open"] == (np.isfinite(made[0]["lo"]) and made[0]["lo"] not in members), (low, high)
        assert made[0]["hi_open"] == (np.isfinite(made[0]["hi"]) and made[0]["hi"] not in members), (low, high)
    assert _ends(box_between((2,), frozenset({0}), value=[1.5, -2.0])) == [(1.5, 1.5), (-2, -2)]


def test_pieces_of_a_box_are_its_attained_ends_its_zero_and_what_lies_between() -> None:
    for given, members in zip(BOXES, MEMBERS, strict=True):
        pieces = cut(given[None])
        if given["kinds"] & ~FINITE:
            assert pieces.tolist() == [given.item()]
            continue
        held = [_members(each).tolist() for each in pieces]
        assert sorted(itertools.chain(*held)) == members.tolist()
        points = [each for each in held if len(each) == 1]
        assert sorted(itertools.chain(*points)) == sorted(
            each for each in members.tolist() if each in (given["lo"], 0, given["hi"])
        )
        for each in pieces:
            assert each["lo"] == each["hi"] or not each["lo"] < 0 < each["hi"], (given, pieces)
            assert each["lo"] == each["hi"] or {
                bool(each[f"{end}_open"]) for end in ("lo", "hi") if np.isfinite(each[end])
            } <= {True}


def test_sums_and_products_that_are_rounded_stay_around_the_exact_ones() -> None:
    """Ends that are floats whose sum, product or quotient is none: of either sign, large, small and beyond."""
    ends = np.array([0.1, 1 / 3, 1e17 + 2, 3.0, 1e-200, 1e-310, 1e300, 1.7e308, 2.0**60 + 2**8, 1 + 2.0**-52, 7e-17])
    ends = np.concatenate([ends, -ends])
    x, y = (each.ravel() for each in np.meshgrid(ends, ends))
    one, two = _between(x, x), _between(y, y)
    with precision(2000):
        for name, plain in (("add", arb.__add__), ("sub", arb.__sub__), ("mul", arb.__mul__), ("div", arb.__truediv__)):
            (found,) = _read(_each(name), one, two)
            for box, a, b in zip(found, x.tolist(), y.tolist(), strict=True):
                exact = plain(arb(a), arb(b))
                assert arb(float(box["lo"])) <= exact + abs(exact) * arb(2) ** -1900 or box["lo"] == -np.inf, (
                    a,
                    b,
                    box,
                )
                assert arb(float(box["hi"])) >= exact - abs(exact) * arb(2) ** -1900 or box["hi"] == np.inf, (a, b, box)
                assert not arb(float(box["lo"])) > exact
                assert not arb(float(box["hi"])) < exact
                width = np.spacing(abs(box["lo"])) if np.isfinite([box["lo"], box["hi"]]).all() else np.inf
                assert box["hi"] - box["lo"] <= (64 if name == "div" else 8) * width, (a, b, box)
    exact_sum, exact_product = _read(lambda u, v: [u + v, u * v], _between([0.5], [0.5]), _between([0.25], [0.25]))
    assert (_ends(exact_sum), _ends(exact_product)) == ([(0.75, 0.75)], [(0.125, 0.125)])


def test_a_power_of_two_that_no_float_reaches_is_bounded_below_alone() -> None:
    (found,) = _read(lax.exp2, _between([1.0], [2.0**99]))
    assert _ends(found) == [(2, np.inf)]
    assert found[0]["kinds"] == PLUS


def test_a_product_of_floats_is_known_to_be_exact_where_it_is() -> None:
    from verify.readings.ranges import _exact_product

    rng = np.random.default_rng(29)
    sizes = rng.integers(1, 54, size=(2, 2000))
    sizes[1, ::2] = 54 - sizes[0, ::2]
    x, y = (rng.integers(2**53, size=(2, 2000)) >> (53 - sizes)).astype(np.float64) + 1
    # Both halves of both factors count.
    x[:200], y[:200] = 2**26 + 1 + 2.0 * rng.integers(2**24, size=(2, 200))
    found = _exact_product(x, y, x * y)
    exact = [int(a) * int(b) == int(a * b) for a, b in zip(x.tolist(), y.tolist(), strict=True)]
    assert found.tolist() == exact
    assert 200 < found.sum() < 1800


def test_where_nothing_is_in_common_a_range_stays_as_it_was() -> None:
    from verify.readings.ranges import _meet

    box = _between([1.0] * 4, [2.0] * 4, FINITE | NAN)
    met = _meet(box, [FINITE, FINITE, MINUS, NAN], [-np.inf] * 4, [0.5, -1.0, np.inf, 2.0], False, False)
    assert met[:3].tolist() == box[:3].tolist()
    assert met[3]["kinds"] == NAN


def test_functions_that_rise_have_their_limits() -> None:
    names: dict[str, tuple[float, float]] = {
        "exp": (1, np.inf),
        "exp2": (1, np.inf),
        "expm1": (0, np.inf),
        "logistic": (0.5, 1),
        "tanh": (0, 1),
        "erf": (0, 1),
        "erfc": (0, 1),
        "sinh": (0, np.inf),
        "asinh": (0, np.inf),
        "atan": (0, np.nextafter(np.pi / 2, 2)),
        "cbrt": (0, np.inf),
        "sqrt": (0, np.inf),
        "log1p": (0, np.inf),
    }
    found = _read(lambda x: [_each(name)(x) for name in names], _between([0.0], [np.inf]))
    for name, box in zip(names, found, strict=True):
        assert _ends(box) == [names[name]], name
        signs = NONE | PLUS if names[name][0] == 0 and name != "erfc" else PLUS
        assert box[0]["kinds"] == signs, name


def test_what_is_rounded_has_both_of_its_ends_rounded() -> None:
    found = _read(lambda x: [lax.floor(x), lax.ceil(x), lax.round(x)], _between([1.25, -3.5], [2.25, 7.0]))
    assert [_ends(each) for each in found] == [[(1, 2), (-4, 7)], [(2, 3), (-3, 7)], [(1, 2), (-4, 7)]]


def test_beside_what_may_be_no_number_every_entry_may_be_largest() -> None:
    (found,) = _read(jnp.argmax, ranges([[FINITE, FINITE, FINITE | NAN]], [[0.0, 1.0, 3.0]], [[0.5, 2.0, 4.0]]))
    assert _ends(found) == [(0, 2)]


def test_an_end_that_is_exact_but_no_float_lies_between_two() -> None:
    """A cube of 76 bits, a power beyond the floats, and one beyond the balls."""
    exact = (2**25 + 1) ** 3
    (found,) = _read(lambda x: lax.integer_pow(x, 3), _between([2.0**25 + 1], [2.0**25 + 1]))
    assert int(found[0]["lo"]) < exact < int(found[0]["hi"])
    power, beyond = _read(lambda x: [lax.exp2(x[0]), lax.exp(x[1])], _between([[1024.0, 1e300]], [[1100.0, 1e301]]))
    assert (_ends(power), _ends(beyond)) == ([(np.finfo(np.float64).max, np.inf)], [(0, np.inf)])
    assert (power[0]["kinds"], beyond[0]["kinds"]) == (PLUS, PLUS)


def test_each_row_of_a_batch_is_put_in_order_by_itself() -> None:
    from verify.readings.ranges import _may_stand

    may = _may_stand(_between([[[0.0, 2.0], [2.0, 0.0], [0.0, 0.0]]], [[[1.0, 3.0], [3.0, 1.0], [1.0, 1.0]]]))
    assert may.astype(int).tolist() == [[[1, 0, 0, 1], [0, 1, 1, 0], [1, 1, 1, 1]]]


def test_one_over_what_stays_below_a_bound_stays_above_its_inverse() -> None:
    (found,) = _read(lambda x: 1 / x, ranges(FINITE, [1.0, -4.0], [4.0, -1.0], [False, True], [True, False]))
    assert [(bool(each["lo_open"]), bool(each["hi_open"])) for each in found] == [(True, False), (False, True)]


def test_a_constant_may_be_a_whole_number_of_any_size() -> None:
    assert _ends(box_between((2,), frozenset({1}), value=[2**70, 3])) == [(2.0**70, 2.0**70), (3, 3)]


# ---------------------------------------------------------------------------------------------------------------
# Whole numbers: every small box of a type that wraps around, against every number in it.


def _read_whole(fn: Callable[..., Any], *boxes: Array, dtype: Any = np.int8) -> list[Array]:
    """What a function returns of boxes of whole numbers."""
    with jax.enable_x64(True), jax.numpy_dtype_promotion("standard"):
        closed = jax.make_jaxpr(lambda *x: jax.tree.leaves(fn(*x)))(*(np.ones(box.shape[1:], dtype) for box in boxes))
        return walk(Ranges(), closed, list(boxes), len(boxes[0]))[0]


def test_a_number_that_becomes_whole_is_cut_and_one_of_another_format_is_not() -> None:
    cut_, kept = _read(lambda x: (x.astype(np.int32), x.astype(np.float32)), _between([[-2.75]], [[1.5]]))
    assert _ends(cut_) == [(-2.0, 1.0)]
    assert _ends(kept) == [(-2.75, 1.5)]


def test_the_largest_of_open_whole_numbers_may_be_any_of_their_type() -> None:
    values, places = _read_whole(lambda x: lax.top_k(x, 2), _between([[-1.0, 0.0, 3.0]], [[2.0, 2.0, 5.0]]))
    assert _ends(values) == [(-128.0, 127.0)] * 2
    assert all(lo <= 0 and hi >= 2 for lo, hi in _ends(places))


SPANS = [(lo, hi) for lo, hi in itertools.combinations_with_replacement((-128, -100, -3, -1, 0, 1, 2, 100, 127), 2)]


def _spans(count: int, operands: int) -> np.ndarray:
    """Pairs of ends, of so many operands: count by operands by 2; the first are all spans, beside themselves."""
    rng = np.random.default_rng(23)
    drawn = np.array(SPANS)[rng.integers(len(SPANS), size=(count, operands))]
    drawn[: len(SPANS)] = np.array(SPANS)[:, None]
    return drawn


def _whole_members(span: list[int]) -> np.ndarray:
    """Enough of the numbers between two ends."""
    lo, hi = span
    near = (lo, lo + 1, -2, -1, 0, 1, 2, (lo + hi) // 2, hi - 1, hi)
    return np.unique([each for each in near if lo <= each <= hi])


# In wrapping arithmetic of eight bits, and whether the result is the smallest range where nothing wraps.
WHOLES: dict[str, tuple[Callable[..., Any], int, bool]] = {
    "add": (lambda x, y: x + y, 2, True),
    "sub": (lambda x, y: x - y, 2, True),
    "mul": (lambda x, y: x * y, 2, True),
    "max": (np.maximum, 2, True),
    "min": (np.minimum, 2, True),
    "rem": (np.fmod, 2, False),
    "neg": (lambda x: -x, 1, True),
    "abs": (np.abs, 1, True),
    "sign": (np.sign, 1, False),
    "square": (lambda x: x * x, 1, True),
    "clamp": (lambda low, x, high: np.minimum(np.maximum(low, x), high), 3, True),
}


@pytest.mark.parametrize("name", WHOLES)
def test_whole_numbers_stay_in_their_type(name: str) -> None:
    plain, operands, sharp = WHOLES[name]
    spans = _spans(120, operands)
    boxes = [_between(spans[:, k, 0], spans[:, k, 1]) for k in range(operands)]
    found = _ends(_read_whole(getattr(lax, name), *boxes)[0])
    for (lo, hi), given in zip(found, spans.tolist(), strict=True):
        grids = np.meshgrid(*map(_whole_members, given))
        if name == "rem":
            grids = [each[grids[1] != 0] for each in grids]
        exact = plain(*grids)
        if not exact.size:
            continue
        shown = exact.astype(np.int8)
        assert lo <= shown.min(), given
        assert hi >= shown.max(), given
        if (shown == exact).all() and sharp:
            assert (lo, hi) == (exact.min(), exact.max()), given
        assert -128 <= lo <= hi <= 127


@pytest.mark.parametrize("name", COMPARED)
def test_whole_numbers_are_compared(name: str) -> None:
    spans = _spans(120, 2)
    boxes = [_between(spans[:, k, 0], spans[:, k, 1]) for k in range(2)]
    (found,) = _read_whole(getattr(lax, name), *boxes)
    for answer, ((a, b), (c, d)) in zip(found.tolist(), spans.tolist(), strict=True):
        given = COMPARED[name](np.arange(a, b + 1)[:, None], np.arange(c, d + 1)[None])
        assert answer == (-1 if given.any() and not given.all() else int(given.all())), (a, b, c, d)


def test_whole_numbers_are_counted_ordered_and_turned_into_others() -> None:
    box = _between([[-1.0, 2.0, 0.0]], [[1.0, 3.0, 9.0]])
    answers = {
        "sum": (lambda i: jnp.sum(i, dtype=i.dtype), [(1, 13)]),
        "largest": (lambda i: jnp.max(i), [(2, 9)]),
        "least": (lambda i: jnp.min(i), [(-1, 1)]),
        "running": (lambda i: lax.cumsum(i), [(-1, 1), (1, 4), (1, 13)]),
        "running product": (lambda i: lax.cumprod(i), [(-1, 1), (-3, 3), (-27, 27)]),
        "running largest": (lambda i: lax.cummax(i), [(-1, 1), (2, 3), (2, 9)]),
        "running least": (lambda i: lax.cummin(i, reverse=True), [(-1, 1), (0, 3), (0, 9)]),
        "place": (lambda i: jnp.argmax(i), [(1, 2)]),
        "other place": (lambda i: jnp.argmin(i), [(0, 2)]),
        "last place": (lambda i: jnp.argmax(i[:2]), [(1, 1)]),
        "ordered": (lambda i: jnp.sort(i), [(-128, 127)] * 3),
        "product": (lambda i: jnp.prod(i, dtype=i.dtype), [(-128, 127)]),
        "number": (lambda i: i.astype(float) + 0.5, [(-0.5, 1.5), (2.5, 3.5), (0.5, 9.5)]),
        "wider": (lambda i: i.astype(np.int32), [(-1, 1), (2, 3), (0, 9)]),
        "without a sign": (lambda i: i.astype(np.uint8), [(0, 255), (2, 3), (0, 9)]),
        "negative without a sign": (lambda i: -i.astype(np.uint8), [(0, 255)] * 3),
        "truth": (lambda i: i.astype(bool).astype(np.int8), [(0, 1), (1, 1), (0, 1)]),
        "turned": (lambda i: i[::-1], [(0, 9), (2, 3), (-1, 1)]),
        "beside known ones": (lambda i: jnp.append(i, np.int8(4)), [(-1, 1), (2, 3), (0, 9), (4, 4)]),
        "known part": (lambda i: (i * 0)[:1] + 7, [(7, 7)]),
        "chosen": (lambda i: jnp.where(i > 2, i, np.int8(5)), [(5, 5), (2, 5), (2, 9)]),
        "known part of open ones": (lambda i: lax.population_count(jnp.append(i, np.int8(6))[3:]), [(2, 2)]),
        "halves": (lambda i: i // 2, [(-128, 127)] * 3),
        "remainders": (lambda i: lax.rem(i, np.int8(3)), [(-1, 1), (0, 2), (0, 2)]),
        "other remainders": (lambda i: lax.rem(i - i[::-1], i[1:2]), [(-2, 1), (0, 0), (-1, 2)]),
    }
    for name, (fn, ends) in answers.items():
        assert _ends(_read_whole(fn, box)[0]) == ends, name


def test_whole_numbers_are_made_of_numbers() -> None:
    box = _between([[-1.5, 0.25, -0.75, 200.0, -np.inf]], [[1.75, 3.0, 0.5, 300.0, 2.0]])
    (found,) = _read(lambda x: x.astype(np.int8), box)
    assert _ends(found) == [(-1, 1), (0, 3), (0, 0), (-128, 127), (-128, 127)]
    (found,) = _read(lambda x: x.astype(np.int64), _between([1.0], [2.0], FINITE | NAN))
    assert _ends(found) == [(-(2.0**63), 2.0**63)]
    (found,) = _read(lambda x: x[:1].astype(np.int32), _between([[5.25, 0.0]], [[5.75, 1.0]]))
    assert found.tolist() == [[5]]


def test_a_cast_keeps_a_range_and_what_is_known() -> None:
    box = _between([[-1.5, 0.25]], [[1.75, 3.0]])
    assert _ends(_read(lambda x: x.astype(np.float32), box)[0]) == [(-1.5, 1.75), (0.25, 3)]
    yes, open_, both = _read(
        lambda x: [(x[1:] > 0).astype(int), (x > 0).astype(int), jnp.square((x[1:] > 0).astype(float)) + x], box
    )
    assert yes.tolist() == [[1]]
    assert _ends(open_) == [(0, 1), (1, 1)]
    assert _ends(both) == [(-0.5, 2.75), (1.25, 4)]


def test_what_a_value_is_made_of_is_known_beside_its_cast() -> None:
    def larger(x: Any) -> list[Any]:
        minus = -x
        return [minus.astype(np.float32), jnp.maximum(x, minus)]

    cast, size = _read(larger, _between([-1.0], [2.0]))
    assert _ends(cast) == [(-2, 1)]
    assert _ends(size) == [(0, 2)]


def test_a_range_that_nothing_lies_in_is_any() -> None:
    for kinds, lo, hi in ((PLUS, -2.0, -1.0), (NONE, 1.0, 2.0), (0, -np.inf, np.inf)):
        (found,) = ranges(kinds, lo, hi, shape=(1,))
        assert found["kinds"] == ALL
        assert (found["lo"], found["hi"]) == (-np.inf, np.inf)


def test_whole_numbers_that_no_float_is_lie_between_two() -> None:
    wide = _read(lambda x: jnp.where(x > 0, 2**60 + 1, 2**53 + 1) - jnp.where(x > 0, 0, 1), _between([-1.0], [1.0]))
    assert _ends(wide[0]) == [(-(2.0**63), 2.0**63)]
    (found,) = _read(lambda x: (jnp.where(x > 0, 2**60 + 1, 2**60 + 1)).astype(float), _between([-1.0], [1.0]))
    assert found[0]["lo"] < 2.0**60 + 1 < found[0]["hi"]
    (found,) = _read(lambda x: jnp.where(x > -3, 2**60 + 1, 0), _between([-1.0], [1.0]))
    assert found.tolist() == [2**60 + 1]
    (found,) = _read(lambda x: jnp.where(x > 0, 2**52, 2**52 + 1) * 2, _between([-1.0], [1.0]))
    assert _ends(found) == [(-(2.0**63), 2.0**63)]


# ---------------------------------------------------------------------------------------------------------------
# Moving, choosing and combining.


def test_entries_from_open_places_may_be_any_entry() -> None:
    box = _between([[-1.0, 2.0, 5.0]], [[1.0, 3.0, 6.0]])
    values, place = jnp.array([10.0, 20.0, 30.0]), lambda x: jnp.where(x[0] > 0, 1, 0)
    answers = {
        "from": (lambda x: x[place(x)], [(-1, 6)]),
        "from constants": (lambda x: values.astype(x.dtype)[place(x)], [(10, 30)]),
        "to": (lambda x: jnp.array([7.0, 8.0, 9.0]).astype(x.dtype).at[place(x)].set(x[1]), [(2, 9)] * 3),
        "slice": (lambda x: lax.dynamic_slice(x, (place(x),), (2,)), [(-1, 6)] * 2),
        "update": (lambda x: lax.dynamic_update_slice(x, values[:1].astype(x.dtype), (place(x),)), [(-1, 10)] * 3),
        "whole numbers": (lambda x: jnp.array([4, 6, 5])[place(x)], [(4, 6)]),
        "known slice": (lambda x: lax.dynamic_slice(x, (1,), (2,)), [(2, 3), (5, 6)]),
        "known update": (lambda x: lax.dynamic_update_slice(x, x[:1], (2,)), [(-1, 1), (2, 3), (-1, 1)]),
        "whole update": (
            lambda x: lax.dynamic_update_slice(jnp.where(x > 0, 1, 0), jnp.array([7]), (2,)),
            [(0, 1), (1, 1), (7, 7)],
        ),
        "open number at a known place": (
            lambda x: jnp.array([4, 6, 5]).at[jnp.array([1])].set(jnp.where(x[:1] > 0, 1, 0)),
            [(4, 4), (0, 1), (5, 5)],
        ),
        "known place among open ones": (lambda x: x[jnp.append(place(x)[None], 2)[1:]], [(5, 6)]),
        "filled": (lambda x: x.at[place(x)].get(mode="fill", fill_value=-9.0), [(-9, 6)]),
        "known and filled": (lambda x: x.at[jnp.array([1, 7])].get(mode="fill", fill_value=-9.0), [(2, 3), (-9, -9)]),
    }
    for name, (fn, ends) in answers.items():
        assert _ends(_read(fn, box)[0]) == ends, name
    (found,) = _read(lambda x: x.at[place(x)].get(mode="fill"), box)
    assert found[0]["kinds"] == FINITE | NAN
    truths = _read(lambda x: [(x > 0)[place(x)], (x > 1.5)[jnp.array([1, 0])], (x > 0).at[place(x)].set(True)], box)
    assert [each.ravel().tolist() for each in truths] == [[-1], [1, 0], [-1, -1, -1]]


def test_known_whole_numbers_are_put_among_open_ones() -> None:
    box = _between([[-1.0, -1.0]], [[1.0, 1.0]])
    (found,) = _read(lambda x: (x > 0).astype(np.int64).at[1].set(jnp.array(7)), box)
    assert _ends(found) == [(0, 1), (7, 7)]


def test_entries_from_open_places_are_values_of_their_own() -> None:
    box = _between([[1.0, 1.0]], [[2.0, 2.0]])
    place = lambda x: jnp.where(x > 1.5, 1, 0)  # noqa: E731
    for fn in (lambda x: x[place(x)], lambda x: jnp.sort(x), lambda x: jnp.flip(jnp.sort(x))):
        (found,) = _read(lambda x, f=fn: f(x)[0] - f(x)[1], box)
        assert _ends(found) == [(-1, 1)]


def test_what_a_choice_asked_first_is_known_of_its_cases() -> None:
    box = _between([-2.0], [3.0])
    root = lambda x: lax.sqrt(x)  # noqa: E731
    answers: dict[str, tuple[Callable[..., Any], int, tuple[float, float]]] = {
        "not": (lambda x: jnp.where(~(x > 1), x, 0.5), FINITE, (-2, 1)),
        "not, otherwise": (lambda x: jnp.where(~(x > 1), 2.5, x), PLUS, (1, 3)),
        "and": (lambda x: jnp.where((x > 1) & (x < 2), x, 1.5), PLUS, (1, 2)),
        "and, otherwise": (lambda x: jnp.where((x > 1) & (x < 2), 0.5, x), FINITE, (-2, 3)),
        "or": (lambda x: jnp.where((x > 1) | (x < -1), x, 0.5), FINITE, (-2, 3)),
        "or, otherwise": (lambda x: jnp.where((x > 1) | (x < -1), 0.5, x), FINITE, (-1, 1)),
        "finite": (lambda x: (lambda y: jnp.where(jnp.isfinite(y), y, 1.0))(1 / x), FINITE & ~NONE, (-np.inf, np.inf)),
        "not finite": (
            lambda x: (lambda y: jnp.where(~jnp.isfinite(y), y, 1.0))(1 / x),
            BELOW | ABOVE | FINITE & ~NONE,
            (-np.inf, np.inf),
        ),
        "itself": (lambda x: (lambda y: jnp.where(y == y, y, 1.0))(root(x)), NONE | PLUS, (0, np.sqrt(3))),
        "no number": (lambda x: (lambda y: jnp.where(y != y, 1.0, y))(root(x)), NONE | PLUS, (0, np.sqrt(3))),
        "no number, otherwise": (
            lambda x: (lambda y: jnp.where(y != y, y, 1.0))(root(x)),
            NAN | NONE | PLUS,
            (0, np.sqrt(3)),
        ),
        "another": (lambda x: jnp.where(-x > 1, x, 0.5), FINITE, (-2, 3)),
        "one of the cases": (lambda x: jnp.where(x > 1, x, -x), FINITE, (-3, 3)),
    }
    for name, (fn, kinds, ends) in answers.items():
        (found,) = _read(fn, box)
        assert found[0]["kinds"] == kinds, (name, found)
        assert _ends(found)[0] == pytest.approx(ends, rel=1e-15), name


def test_sums_products_and_places_over_axes() -> None:
    box = _between([[[-1.0, 2.0, 0.0], [3.0, 1.0, -2.0]]], [[[1.0, 3.0, 0.5], [4.0, 2.0, -1.0]]])
    matrix = jnp.array([[1.0, 0.0], [-2.0, 1.0], [0.0, 3.0]])
    answers = {
        "sum": (lambda x: jnp.sum(x, axis=0), [(2, 5), (3, 5), (-2, -0.5)]),
        "sum along the other": (lambda x: jnp.sum(x, axis=1), [(1, 4.5), (2, 5)]),
        "product": (lambda x: jnp.prod(x, axis=1), [(-1.5, 1.5), (-16, -3)]),
        "largest": (lambda x: jnp.max(x, axis=0), [(3, 4), (2, 3), (0, 0.5)]),
        "least": (lambda x: jnp.min(x, axis=1), [(-1, 0.5), (-2, -1)]),
        "place": (lambda x: jnp.argmax(x, axis=0), [(1, 1), (0, 1), (0, 0)]),
        "least place": (lambda x: jnp.argmin(x, axis=1), [(0, 2), (2, 2)]),
        "ordered": (lambda x: lax.sort(x, dimension=0), [(-1, 4), (1, 3), (-2, 0.5)] * 2),
        "matrix": (lambda x: x @ matrix.astype(x.dtype), [(-7, -3), (2, 4.5), (-1, 2), (-5, -1)]),
        "batches": (
            lambda x: lax.dot_general(x, x, (((1,), (1,)), ((0,), (0,)))),
            [(3, 10.25), (11, 24)],
        ),
        "nothing": (lambda x: x[:, :0] @ x[:, :0].T, [(0, 0)] * 4),
        "nothing summed": (lambda x: jnp.sum(x[:, :0], axis=1), [(0, 0)] * 2),
        "nothing multiplied": (lambda x: jnp.prod(x[:, :0], axis=1), [(1, 1)] * 2),
        "running": (lambda x: lax.cumsum(x, axis=1), [(-1, 1), (1, 4), (1, 4.5), (3, 4), (4, 6), (2, 5)]),
        "running back": (
            lambda x: lax.cumsum(x, axis=0, reverse=True),
            [(2, 5), (3, 5), (-2, -0.5), (3, 4), (1, 2), (-2, -1)],
        ),
    }
    for name, (fn, ends) in answers.items():
        assert _ends(_read(fn, box)[0]) == ends, name
    nothing = _read(
        lambda x: [jnp.max(x[:, :0], axis=1, initial=-np.inf), jnp.min(x[:, :0], axis=1, initial=np.inf)], box
    )
    assert [each["kinds"].tolist() for each in nothing] == [[[BELOW] * 2], [[ABOVE] * 2]]


def test_what_is_sorted_lies_between_the_ends_of_its_row() -> None:
    box = _between([[[1.0, 5.0], [3.0, 0.0]]], [[[2.0, 6.0], [4.0, 1.0]]])
    assert _ends(_read(lambda x: lax.sort(x, dimension=1), box)[0]) == [(1, 6), (1, 6), (0, 4), (0, 4)]
    (same,) = _read(lambda x: lax.sort(x, dimension=0), _between([[1.5, 1.5]], [[1.5, 1.5]]))
    assert _ends(same) == [(1.5, 1.5)] * 2


def test_a_place_is_open_where_an_entry_may_be_no_number() -> None:
    box = np.concatenate([_between([[1.0]], [[2.0]]), _between([[5.0]], [[6.0]], FINITE | NAN)], axis=1)
    assert _ends(_read(lambda x: jnp.argmax(x), box)[0]) == [(0, 1)]
    assert _ends(_read(lambda x: jnp.argmax(x), _between([[1.0, 5.0]], [[2.0, 6.0]]))[0]) == [(1, 1)]
    rows = np.concatenate([box[:, None], _between([[[1.0, 5.0]]], [[[2.0, 6.0]]])], axis=1)
    for axis, places in ((1, [(0, 1), (1, 1)]), (0, [(0, 1), (0, 1)])):
        assert _ends(_read(lambda x, a=axis: jnp.argmax(x, axis=a), rows)[0]) == places


def test_extrema_signs_and_clips_record_what_they_may_take() -> None:
    with jax.enable_x64(True):
        for fn, ends, expected in (
            (lambda x: lax.max(x, 1.0), (2.0, 3.0), {1}),
            (lambda x: lax.max(x, 1.0), (-2.0, 0.0), {0}),
            (lambda x: lax.min(x, 1.0), (-2.0, 0.0), {1}),
            (lambda x: lax.min(x, 1.0), (0.0, 3.0), {0, 1}),
            (lambda x: lax.sign(x), (0.0, 3.0), {1}),
            (lambda x: lax.sign(x), (-2.0, 0.0), {0}),
            (lambda x: lax.sign(x), (-2.0, -1.0), {0}),
            (lambda x: (x > 0).astype(x.dtype), (1.0, 2.0), {1}),
            (lambda x: (x > 0).astype(x.dtype), (-1.0, 2.0), {0, 1}),
            (lambda x: (x > 0).astype(np.int32), (-1.0, 0.0), {0}),
            (lambda x: lax.dot((x > 0)[None], x[None]), (1.0, 2.0), {1}),
            (lambda x: lax.dot(x[None], (x > 0)[None]), (-1.0, 2.0), {0, 1}),
        ):
            _, trail = walk(Ranges(), jax.make_jaxpr(fn)(0.5), [_between([ends[0]], [ends[1]])], 1)
            (branch,) = trail.branches.values()
            assert {outcome for outcome, mask in enumerate(branch.seen) if mask.any()} == expected, ends


def test_what_may_be_no_real_number_has_the_sides_of_what_it_may_be() -> None:
    def recorded(fn: Callable[..., Any], box: Array) -> list[set[int]]:
        with jax.enable_x64(True):
            _, trail = walk(Ranges(), jax.make_jaxpr(fn)(0.5), [box], 1)
        return [{outcome for outcome, mask in enumerate(each.seen) if mask.any()} for each in trail.branches.values()]

    inside = _between([0.25], [0.75])
    for other, expected in ((np.inf, {1}), (-np.inf, {0, 1}), (np.nan, {0, 1})):
        special = Ranges().lift(np.array([other]))
        box = _between([0.25], [0.75], FINITE | int(special["kinds"][0]))
        assert recorded(lax.sign, box) == [expected]
        # What is cut to a whole number may be zero, or another one at the end.
        assert recorded(lambda x: x.astype(np.int32), box) == [{0, 1}, {0, 1}]
    assert recorded(lax.sign, Ranges().lift(np.array([-np.inf]))) == [{0}]
    assert recorded(lax.sign, inside) == [{1}]
    assert recorded(lambda x: x.astype(np.int32), inside) == [{0}, {0}]


def test_rounding_and_remainders_record_the_pieces_that_they_may_take() -> None:
    for fn, ends, expected in (
        (lax.floor, (-1.5, 0.5), [{0, 1}, {0, 1}]),
        (lax.ceil, (-0.5, 1.5), [{0, 1}, {0, 1}]),
        (lax.floor, (1.25, 1.75), [{1}, {0}]),
        (lax.floor, (0.25, 0.75), [{0}, {0}]),
        (lambda x: lax.rem(x, 2.0), (0.25, 0.75), [{0}, {0}]),
        (lambda x: lax.rem(x, 2.0), (-3.0, -2.0), [{0, 1}, {0, 1}]),
    ):
        with jax.enable_x64(True):
            _, trail = walk(Ranges(), jax.make_jaxpr(fn)(0.5), [_between([ends[0]], [ends[1]])], 1)
        found = [{outcome for outcome, mask in enumerate(each.seen) if mask.any()} for each in trail.branches.values()]
        assert found == expected, ends


def test_extrema_over_an_axis_record_which_entries_may_be_them() -> None:
    low = np.array([[[1.0, 5.0], [3.0, 0.0], [2.0, 0.0]]])
    for fn, expected in (
        (lambda x: jnp.max(x, axis=0), [[0, 1], [1, 0], [0, 0]]),
        (lambda x: jnp.min(x, axis=0), [[1, 0], [0, 1], [0, 1]]),
        (lambda x: -jnp.max(-x, axis=0), [[1, 0], [0, 1], [0, 1]]),
        (lambda x: jnp.max(x.T, axis=1), [[0, 1], [1, 0], [0, 0]]),
    ):
        with jax.enable_x64(True):
            _, trail = walk(Ranges(), jax.make_jaxpr(fn)(np.ones((3, 2))), [_between(low, low + 0.5)], 1)
        (branch,) = trail.branches.values()
        assert branch.seen[:, 0].tolist() == expected


def test_sorting_along_an_axis_records_which_entry_may_stand_where() -> None:
    low = np.array([[[1.0, 5.0], [3.0, 0.0], [2.0, 0.0]]])
    for axis, expected in (
        (1, [[1, 0, 0, 1], [0, 1, 1, 0], [0, 1, 1, 0]]),
        (0, [[1, 0, 0, 0, 0, 1, 0, 1, 0], [0, 1, 1, 0, 1, 1, 1, 0, 0]]),
    ):
        with jax.enable_x64(True):
            closed = jax.make_jaxpr(lambda x, a=axis: lax.sort(x, dimension=a))(np.ones((3, 2)))
            _, trail = walk(Ranges(), closed, [_between(low, low + 0.5)], 1)
        (branch,) = trail.branches.values()
        assert branch.seen[:, 0].T.tolist() == expected


def test_what_leads_an_entry_leads_it_in_its_own_row_and_not_to_the_least() -> None:
    box = _between(np.zeros((1, 2, 3)), np.ones((1, 2, 3)))
    box["name"] = np.arange(6).reshape(1, 2, 3)
    for fn, leaders, expected in (
        (lambda x: jnp.max(x, axis=1), {0: {1}}, [[0, 1, 1], [1, 1, 1]]),
        (lambda x: jnp.max(x, axis=1), {2: {3}}, [[1, 1, 1], [1, 1, 1]]),
        (lambda x: jnp.min(x, axis=1), {0: {1}}, [[1, 1, 1], [1, 1, 1]]),
    ):
        with jax.enable_x64(True):
            _, trail = walk(Ranges(leaders), jax.make_jaxpr(fn)(np.ones((2, 3))), [box], 1)
        (branch,) = trail.branches.values()
        assert branch.seen[:, 0].T.tolist() == expected


def test_of_constants_no_outcome_is_left_open() -> None:
    def scaled(x: Any) -> list[Any]:
        two = jnp.sqrt(jnp.array([4.0, 5.0]))
        scales = [jnp.where(two > 1.0, 3.0, 2.0), jnp.round(two), jnp.sign(two), lax.clamp(0.0, two, 1.0), jnp.max(two)]
        return [x * each for each in scales]

    _, trail = walk(Ranges(), jax.make_jaxpr(scaled)(0.5), [_between([1.0], [2.0])], 1)
    assert not trail.branches


def test_both_ends_of_a_clip_are_choices() -> None:
    closed = jax.make_jaxpr(lambda x: lax.clamp(0.0, x, 1.0))(0.5)
    for ends, expected in (((0.25, 0.5), [{0}, {1}]), ((-1.0, 0.5), [{0, 1}, {1}]), ((0.5, 2.0), [{0}, {0, 1}])):
        _, trail = walk(Ranges(), closed, [_between([ends[0]], [ends[1]])], 1)
        found = [{outcome for outcome, mask in enumerate(each.seen) if mask.any()} for each in trail.branches.values()]
        assert found == expected, ends


def test_what_an_earlier_turn_of_a_loop_leaves_open_stays_open() -> None:
    turn = lambda c, t: (c + jnp.where(c > t, 1.0, 2.0), None)  # noqa: E731
    closed = jax.make_jaxpr(lambda x: lax.scan(turn, x, jnp.array([0.5, -1.0]))[0])(0.5)
    _, trail = walk(Ranges(), closed, [_between([0.0], [1.0])], 1)
    (branch,) = trail.branches.values()
    assert branch.seen.any(axis=(1, 2)).tolist() == [True, True]


def test_what_is_chosen_by_an_open_whole_number() -> None:
    box = _between([[-1.0, 2.0]], [[1.0, 3.0]])
    cases = [lambda x: x[1] + 0, lambda x: x[1] + 10, lambda x: x[1] + 20]

    def taken(fn: Callable[..., Any]) -> tuple[list[tuple[float, float]], set[int]]:
        with jax.enable_x64(True), jax.numpy_dtype_promotion("standard"):
            (found,), trail = walk(Ranges(), jax.make_jaxpr(fn)(np.ones(2)), [box], 1)
        seen = {name.label.split()[0]: name for name in trail.branches.values()}
        branch = seen.get("cond", seen.get("select_n"))
        assert branch is not None
        return _ends(found), {outcome for outcome, mask in enumerate(branch.seen) if mask.any()}

    for start, outcomes, ends in ((0, {0, 1}, (2, 13)), (1, {1, 2}, (12, 23)), (2, {2}, (22, 23)), (-5, {0}, (2, 3))):
        place = lambda x, k=start: k + jnp.count_nonzero(x[:1] > 0)  # noqa: E731
        got = taken(lambda x, p=place: lax.switch(p(x), cases, x))
        assert got[1] == outcomes
        # Which branch it is only its record says: what comes out is that of any.
        assert got[0][0][0] <= ends[0]
        assert got[0][0][1] >= ends[1]
    got = taken(lambda x: lax.select_n(jnp.count_nonzero(x[:1] > 0).astype(np.int32), *(each(x) for each in cases)))
    assert got == ([(2, 23)], {0, 1})


def test_a_value_and_what_is_made_of_it_alone() -> None:
    inside, mixed = _between([-1.0], [2.0]), _between([-1.0], [2.0], ALL)
    answers: dict[str, tuple[Callable[..., Any], int, tuple[float, float], int]] = {
        "times itself": (lambda x: x * x, NONE | PLUS, (0, 4), NAN | NONE | PLUS | ABOVE),
        "less itself": (lambda x: x - x, NONE, (0, 0), NAN | NONE),
        "over itself": (lambda x: x / x, PLUS | NAN, (1, 1), NAN | PLUS),
        "plus itself": (lambda x: x + x, FINITE, (-2, 4), ALL),
        "less what it was": (lambda x: (x * 1 + 0) - x / 1, NONE, (0, 0), NAN | NONE),
        "less what was added to": (lambda x: (0 + 1 * x) - x, NONE, (0, 0), NAN | NONE),
        "less half of it": (lambda x: x - 0.5 * x, FINITE, (-2, 2.5), ALL),
        "from zero": (lambda x: 0 - x, FINITE, (-2, 1), ALL),
        "one over": (lambda x: 1 / x, FINITE & ~NONE | BELOW | ABOVE, (-np.inf, np.inf), ALL),
        "size": (lambda x: jnp.maximum(x, -x), NONE | PLUS, (0, 2), NAN | NONE | PLUS | ABOVE),
        "size, turned": (lambda x: jnp.maximum(-x, x), NONE | PLUS, (0, 2), NAN | NONE | PLUS | ABOVE),
        "less its size": (lambda x: jnp.minimum(x, -x), NONE | MINUS, (-2, 0), NAN | NONE | MINUS | BELOW),
        "no size": (lambda x: jnp.maximum(x, -(x + 1)), FINITE, (-1, 2), ALL),
        "a number of a mask": (lambda x: (x > -3).astype(x.dtype) + (x > 3).astype(x.dtype), PLUS, (1, 1), NONE | PLUS),
        "squares": (lambda x: 1 - lax.square(x), FINITE, (-3, 1), NAN | FINITE | BELOW),
    }
    for name, (fn, kinds, ends, of_all) in answers.items():
        (found,), (wide,) = _read(fn, inside), _read(fn, mixed)
        assert found[0]["kinds"] == kinds, (name, found)
        assert _ends(found) == [ends], name
        assert wide[0]["kinds"] == of_all, (name, wide)
        if name not in ("a number of a mask", "no size"):
            assert _ends(wide) == [ends], name


def test_a_quotient_has_the_bounds_of_its_inverse() -> None:
    for ends, opened, expected in (
        ((0.0, 2.0), (True, False), (0.5, np.inf)),
        ((-2.0, 0.0), (False, True), (-np.inf, -0.5)),
        ((0.5, 4.0), (False, False), (0.25, 2.0)),
        ((-4.0, -0.5), (False, False), (-2.0, -0.25)),
        ((2.0, np.inf), (False, False), (0.0, 0.5)),
    ):
        given = ranges(FINITE, ends[0], ends[1], *opened, shape=(1,))
        (found,) = _read(lambda x: 1 / x, given)
        assert _ends(found)[0] == pytest.approx(expected, rel=1e-15)
        assert bool(found[0]["lo_open"]) is (expected[0] == 0)
        assert not found[0]["kinds"] & ~FINITE
    (found,) = _read(lambda x, y: x / y, _between([1.0], [3.0]), ranges(FINITE | ABOVE, np.array([2.0]), np.inf))
    assert _ends(found)[0] == pytest.approx((0, 1.5), rel=1e-15)
    assert found[0]["kinds"] == NONE | PLUS


def test_a_choice_of_structure_that_is_open_is_refused() -> None:
    def turns(x: Any) -> Any:
        return lax.while_loop(lambda c: c[0] < x, lambda c: (c[0] + 1, c[1] * 2), (0.0, x))[1]

    assert _ends(_read(turns, _between([1.5], [1.75]))[0]) == [(6, 7)]
    with pytest.raises(UnsupportedPrimitive, match="a choice of structure that ranges leave open"):
        _read(turns, _between([1.5], [2.5]))
    with pytest.raises(UnsupportedPrimitive, match="complex numbers"):
        _read(lambda x: lax.complex(x, x).real, _between([1.0], [2.0]))
    assert _ends(_read(lambda x: lax.bitcast_convert_type(x, np.int64), _between([1.0], [2.0]))[0]) == [
        (-(2.0**63), 2.0**63)
    ]


def test_of_whole_numbers_only_what_is_known_is_read() -> None:
    primitive = jex.Primitive("made_up_whole")
    primitive.def_abstract_eval(lambda k: k)
    with pytest.raises(UnsupportedPrimitive, match="made_up_whole"):
        _read(lambda x: jnp.where(primitive.bind(jnp.arange(2)) > 0, x, -x), _between([1.0], [2.0]))
    with pytest.raises(UnsupportedPrimitive, match="complex numbers"):
        _read(lambda x: jnp.where(jnp.equal(*[jnp.arange(2).astype(complex)] * 2), x, -x), _between([1.0], [2.0]))


def test_a_number_that_is_not_zero_is_not_equal_to_zero() -> None:
    box = _between([-1.0, 0.0], [1.0, 1.0], FINITE & ~NONE)
    assert _read(lambda x: x == 0, box)[0].tolist() == [0, 0]
    assert _read(lambda x: x == 0, _between([-1.0], [1.0]))[0].tolist() == [-1]


def test_the_remainder_of_whole_numbers_that_floats_do_not_reach() -> None:
    def left(x: Any, sign: int) -> Any:
        divisor = jnp.where(x > 0, 0, sign * 2**53) + sign * 2
        return lax.rem(jnp.where(x > 0, 2**60, 2**60 + 512), divisor)

    for sign in (-1, 1):
        (found,) = _read(lambda x, s=sign: left(x, s), _between([-1.0], [1.0]))
        assert found[0]["hi"] >= 2.0**53 + 2


def test_the_sign_bit_is_that_of_every_number_but_zero() -> None:
    boxes = np.concatenate(
        [
            _between([-2.0], [-1.0], MINUS | BELOW),
            _between([1.0], [2.0], PLUS | ABOVE),
            _between([0.0], [1.0]),
            _between([-1.0], [2.0], MINUS | PLUS),
            _between([1.0], [2.0], PLUS | NAN),
        ]
    )
    assert _read(jnp.signbit, boxes)[0].tolist() == [1, 0, -1, -1, -1]


# ---------------------------------------------------------------------------------------------------------------
# Elimination.


def _inside(found: Array, values: Any) -> bool:
    return all(
        box["lo"] <= value + 1e-12 * (1 + abs(value)) and box["hi"] >= value - 1e-12 * (1 + abs(value))
        for box, value in zip(found.ravel(), np.asarray(values).ravel().tolist(), strict=True)
    )


def test_elimination_holds_the_factors_of_every_matrix_and_knows_its_rows() -> None:
    rng = np.random.default_rng(29)
    middle = np.array([[1.0, 2.0, -1.0], [8.0, 1.0, 1.0], [2.0, 9.0, 3.0]])
    box = _between((middle - 0.01)[None], (middle + 0.01)[None])
    factors, pivots, order = _read(lambda a: lax.linalg.lu(a), box)
    assert order.tolist() == [[1, 2, 0]]
    assert pivots.tolist() == [[1, 2, 2]]
    for _ in range(20):
        a = middle + rng.uniform(-0.01, 0.01, (3, 3))
        exact = np.asarray(_lu_without_exchange(a[[1, 2, 0]]))
        assert _inside(factors, exact)
    assert all(each["hi"] - each["lo"] < 0.2 for each in factors.ravel())
    open_ = _read(lambda a: lax.linalg.lu(a), _between((middle - 4)[None], (middle + 4)[None]))
    assert set(open_[0]["kinds"].ravel().tolist()) == {ALL}
    assert _ends(open_[1]) == [(0, 2), (1, 2), (2, 2)]
    assert _ends(open_[2]) == [(0, 2)] * 3


def _lu_without_exchange(a: np.ndarray) -> np.ndarray:
    a = a.copy()
    for k in range(len(a)):
        a[k + 1 :, k] /= a[k, k]
        a[k + 1 :, k + 1 :] -= np.outer(a[k + 1 :, k], a[k, k + 1 :])
    return a


@pytest.mark.parametrize("left", [True, False])
@pytest.mark.parametrize("lower", [True, False])
@pytest.mark.parametrize("turned", [True, False])
@pytest.mark.parametrize("unit", [True, False])
def test_substitution_holds_the_solution_of_every_system(left: bool, lower: bool, turned: bool, unit: bool) -> None:
    rng = np.random.default_rng(31)
    a = np.array([[4.0, 1.0, -2.0], [0.5, 5.0, 1.0], [-1.0, 2.0, 3.0]])
    b = rng.uniform(1, 2, (3, 2) if left else (2, 3))
    fn = lambda u, v: lax.linalg.triangular_solve(  # noqa: E731
        u, v, left_side=left, lower=lower, transpose_a=turned, unit_diagonal=unit
    )
    (found,) = _read(fn, _between((a - 0.01)[None], (a + 0.01)[None]), _between(b[None], b[None]))
    assert all(each["hi"] - each["lo"] < 0.5 for each in found.ravel())
    for _ in range(5):
        inner = a + rng.uniform(-0.01, 0.01, (3, 3))
        part = np.tril(inner) if lower else np.triu(inner)
        if unit:
            part[np.diag_indices(3)] = 1
        part = part.T if turned else part
        exact = np.linalg.solve(part, b) if left else np.linalg.solve(part.T, b.T).T
        assert _inside(found, exact)


def test_substitution_takes_each_matrix_of_a_batch() -> None:
    a, b = np.array([[2.0, 0.0], [1.0, 4.0]]), np.array([[2.0], [9.0]])
    for batch in (1, 3):
        stacks = [np.broadcast_to(each, (1, batch, *each.shape)) for each in (a, b)]
        boxes = [_between(each, each) for each in stacks]
        (found,) = _read(lambda u, v: lax.linalg.triangular_solve(u, v, left_side=True, lower=True), *boxes)
        assert _ends(found) == [pytest.approx((each, each), rel=1e-15) for each in (1, 2)] * batch


def test_substitution_from_the_right_has_the_shape_of_its_right_side() -> None:
    a, b = np.diag([2.0, 4.0])[None], np.array([[[2.0, 8.0], [4.0, 4.0], [8.0, 2.0]]])
    (found,) = _read(lambda u, v: lax.linalg.triangular_solve(u, v), _between(a, a), _between(b, b))
    assert found.shape == (1, 3, 2)
    assert _inside(found, [[1, 2], [2, 1], [4, 0.5]])


def test_of_a_function_of_several_results_without_a_rule_nothing_is_said() -> None:
    ones = np.ones((1, 2, 2))
    found = _read(lambda x: lax.linalg.eigh(x, symmetrize_input=False), _between(ones, ones))
    assert {kinds for each in found for kinds in each["kinds"].ravel().tolist()} == {ALL}


def test_open_exchanges_of_rows_are_an_open_order() -> None:
    (order,) = _read_whole(
        lambda x: lax.linalg.lu_pivots_to_permutation(x, 3), _between([[0.0, 1.0]], [[2.0, 2.0]]), dtype=np.int32
    )
    assert _ends(order) == [(0, 2)] * 3


def test_of_large_matrices_nothing_is_said() -> None:
    for n, known in ((8, True), (9, False)):
        matrix = _between(np.eye(n)[None] * 4, np.eye(n)[None] * 4)
        solved, factors = _read(
            lambda a: [lax.linalg.triangular_solve(a, a[:, :1], left_side=True, lower=True), lax.linalg.lu(a)[0]],
            matrix,
        )
        assert (set(solved["kinds"].ravel().tolist()) == {ALL}) is not known
        assert (set(factors["kinds"].ravel().tolist()) == {ALL}) is not known


# ---------------------------------------------------------------------------------------------------------------
# Choices: every outcome that some point takes is one that ranges leave open.


def _mask_of_pairs(x: Any) -> Any:
    return jnp.sum(jnp.where(x[:, None] > x[None, :], x[:, None] * 2, x[None, :] - 1))


PROGRAMS: dict[str, Callable[..., Any]] = {
    "logsumexp": lambda x: special.logsumexp(x),
    "logsumexp with weights": lambda x: special.logsumexp(x, b=jnp.abs(x)),
    "logaddexp": lambda x: jnp.logaddexp(x, 0.5 - x),
    "softplus": jax.nn.softplus,
    "gelu": jax.nn.gelu,
    "selu": jax.nn.selu,
    "relu6": jax.nn.relu6,
    "mish": jax.nn.mish,
    "sparse plus": jax.nn.sparse_plus,
    "squareplus": jax.nn.squareplus,
    "hard swish": jax.nn.hard_swish,
    "log1mexp": lambda x: jax.nn.log1mexp(jnp.abs(x) + 0.1),
    "median": lambda x: jnp.median(x),
    "sorted": lambda x: jnp.where(jnp.sort(x)[0] > jnp.sort(x)[-1] - 1, x, 2 * x),
    "norm": lambda x: jnp.linalg.norm(x) + jnp.linalg.norm(x, 1),
    "standardised": lambda x: jax.nn.standardize(x),
    "pairs": _mask_of_pairs,
    "counted": lambda x: jnp.where(jnp.count_nonzero(x > 0) >= 2, x, x * x),
    "place": lambda x: x[jnp.argmax(x)] * jnp.where(jnp.argmax(x) == 1, 2.0, 3.0),
    "running": lambda x: jnp.where(jnp.cumsum(jnp.abs(x)) > 1, jnp.cumprod(x), x),
    "clipped": lambda x: jnp.clip(x, -1, 1) * jnp.sign(x),
    "rounded": lambda x: jnp.where(jnp.floor(x) % 2 == 0, x, -x),
    "cond": lambda x: lax.cond(x[0] > x[1], lambda: x, lambda: jnp.where(x > 0, x, 2 * x)),
    "switch": lambda x: lax.switch(jnp.sum(x > 0), [lambda k=k: k * x for k in range(4)]),
    "guarded": lambda x: jnp.where(x == 0, 1.0, jnp.sin(x) / jnp.where(x == 0, 1.0, x)),
    "infinite": lambda x: jnp.max(jnp.where(x > 0, x, -jnp.inf), initial=-1.0),
    "solved": lambda x: jnp.linalg.solve(jnp.diag(8 + jnp.tanh(x)) + jnp.outer(x, x) / (1 + x @ x), x),
    "gathered": lambda x: x[jnp.where(x > 0, 1, 2)],
    "xlogy": lambda x: special.xlogy(jnp.abs(x), x * x),
    "square root": lambda x: jnp.where(jnp.sqrt(jnp.abs(x)) > 1, x, 0.0),
    "remainder": lambda x: jnp.where(jnp.remainder(x, 3) > 1, x, -x),
    "products": lambda x: jnp.where(x @ x > 1, jnp.prod(x), x @ jnp.ones((3, 3))),
}


@pytest.mark.parametrize("name", PROGRAMS)
@pytest.mark.parametrize("low", [-8.0, 0.0, 0.5])
def test_what_a_point_takes_is_open(name: str, low: float) -> None:
    rng = np.random.default_rng(13)
    region = Interval("3", low, 8.0)
    points = np.concatenate(
        [region.draw(family, index, (40, 3), domain.FLOAT64, rng) for family in region.families for index in range(2)]
    )
    with jax.enable_x64(True), jax.numpy_dtype_promotion("standard"), jax.numpy_rank_promotion("allow"):
        closed = jax.make_jaxpr(lambda x: jax.jacfwd(PROGRAMS[name])(x))(np.ones(3))
        with precision(200):
            _, trail = walk(Exact(), closed, [balls(points)], len(points))
        splits = [box_of(region.facts, (3,))]
        pieces = [cut(each[None]) for each in splits[0][0]]
        places = itertools.product(*(range(len(each)) for each in pieces))
        splits.append(np.stack([np.stack([p[k] for p, k in zip(pieces, each, strict=True)]) for each in places]))
        for boxes in splits:
            _, open_ = walk(Ranges(), closed, [boxes], len(boxes))
            without = ("norm", "gelu", "squareplus", "standardised", "xlogy", "sorted", "solved")
            assert trail.branches or name in without
            for path, branch in trail.branches.items():
                for outcome, mask in enumerate(branch.seen):
                    if mask[~trail.lost].any():
                        assert open_.branches[path].seen[outcome].any(), (branch.label, path, outcome)


# What ranges decide, and beside it the same form with an outcome that is there: (formula, twin, where x lies).
def _over(condition: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Twice x, and five times x where something holds."""
    return lambda x: jnp.where(condition(x), 5 * x, 2 * x)


UNREACHED: dict[str, tuple[Callable[[Any], Any], Callable[[Any], Any], Region]] = {
    "sum of squares": (lambda x: jnp.sum(x * x) < 0, lambda x: jnp.sum(x * x) < 1e-30, Nonzero("n")),
    "one less a share": (lambda x: 1 - x < 0, lambda x: 1 - x < 0.25 + 1e-9, Interval("n", 0.0, 0.75)),
    "weights times exponentials": (
        lambda x: jnp.sum((1 - x) * jnp.exp(x)) < 0,
        lambda x: jnp.sum((1 - 2 * x) * jnp.exp(x)) < -8.1,
        Interval("n", 0.0, 1.0),
    ),
    "softplus": (lambda x: jax.nn.softplus(x) < 0, lambda x: jax.nn.softplus(x) < 1e-300, Reals("n")),
    "logaddexp of a number and none": (
        lambda x: jnp.isnan(jnp.logaddexp(x, 1 - x)),
        lambda x: jnp.logaddexp(x, 1 - x) > 1e5,
        Reals("n"),
    ),
    "the larger of x and -x": (
        lambda x: jnp.maximum(x, -x) < 0,
        lambda x: jnp.maximum(x, -x) < 1e-300,
        Nonzero("n"),
    ),
    "not a number": (lambda x: jnp.isnan(x + jnp.exp(x)), lambda x: jnp.isnan(jnp.sqrt(x + 1e6)), Reals("n")),
    "infinite": (lambda x: jnp.isinf(x), lambda x: x > 1e6, Reals("n")),
    "finite": (lambda x: ~jnp.isfinite(jnp.exp(-x)), lambda x: ~jnp.isfinite(jnp.log(x - 1e6)), Positive("n")),
    "minus infinity where masked": (
        lambda x: jnp.isinf(jnp.max(jnp.where(x > -1e9, x, 0.0))),
        lambda x: jnp.isinf(jnp.max(jnp.where(x < 1e5, x, -jnp.inf))),
        Positive("n"),
    ),
    "count of a mask": (
        lambda x: jnp.count_nonzero(x > 0) > x.shape[0],
        lambda x: jnp.count_nonzero(x > 1e5) == x.shape[0],
        Reals("n"),
    ),
    "count that starts at one": (
        lambda x: jnp.count_nonzero(1 + (x - jnp.cumsum(x)) > 0) == 0,
        lambda x: jnp.count_nonzero(-1e5 + (x - jnp.cumsum(x)) > 0) > 0,
        Reals("n"),
    ),
    "place": (lambda x: jnp.argmax(x) > x.shape[0] - 1, lambda x: jnp.argmax(jnp.append(1e6, x)) > 0, Reals("n")),
    "where it is asked first": (
        lambda x: jnp.isnan(jnp.log(jnp.where(x > 0, x, 1.0))),
        lambda x: jnp.where(x > 0, x, 1.0) > 1e7,
        Reals("n"),
    ),
    "either is zero, not both": (
        lambda x: (x == 0) & (1 - x == 0),
        lambda x: (x > 1e-9) & (x < 2e-9),
        Interval("n", 0.0, 1.0),
    ),
    "running sum": (lambda x: jnp.cumsum(x) < 0, lambda x: jnp.cumsum(x) > 1e7, Positive("n")),
    "sorted": (lambda x: jnp.sort(x) < 0, lambda x: jnp.sort(x) > 1e7, Positive("n")),
    "odd whole part of nothing": (
        lambda x: jnp.floor(x) % 2 < 0,
        lambda x: jnp.floor(x / 1e7) % 2 > 0,
        Interval("n", 0.25, 1e8),
    ),
}


def _square_claim(formula: Callable[[Any], Any], region: Region) -> Claim:
    return Claim(
        id="ranges.choice",
        autodiff=Derivative(lambda x: jnp.sum(x**2), "gradient", wrt="x"),
        by_hand=lambda x: formula(x),
        domain={"x": region},
        sizes={"n": (3,)},
    )


def _case(condition: Callable[[Any], Any], region: Region) -> Case:
    return Case(_square_claim(_over(condition), region), BUDGETS["quick"], 0)


@pytest.mark.parametrize("name", UNREACHED)
def test_a_choice_that_nothing_reaches_needs_no_point(name: str) -> None:
    condition, _, region = UNREACHED[name]
    verdict = enclose.check(_case(condition, region))
    assert verdict.status is Status.HOLDS, verdict.reason


@pytest.mark.parametrize("name", UNREACHED)
def test_a_choice_of_the_same_form_that_is_reached_stays_asked_for(name: str) -> None:
    _, condition, region = UNREACHED[name]
    case = _case(condition, region)
    assert enclose.check(case).status is not Status.HOLDS
    assert not prove.prove_open(case.claim, 1.0).proved
    assert not prove.prove_at(case.subject({"n": 3}), 1.0).proved
    assert falsify.check(case).status is not Status.HOLDS


def test_labels_are_read_one_by_one() -> None:
    def formula(x: Any, y: Any) -> Any:
        return jnp.where((y == 0) & (y + 1 != 1), 5 * x, 2 * x)

    claim = Claim(
        id="ranges.labels",
        autodiff=Derivative(lambda x, y: jnp.sum(x**2), "gradient", wrt="x"),
        by_hand=formula,
        domain={"x": Reals("n"), "y": Labels("", "n")},
        sizes={"n": (3,)},
    )
    assert next(each for each in check(claim, budget="quick").verdicts if each.engine == "enclose").status is (
        Status.HOLDS
    )


def test_nothing_is_said_where_nothing_is_known() -> None:
    with jax.enable_x64(True):
        closed = jax.make_jaxpr(lambda x: special.bessel_jn(x, v=2)[0] + lax.lgamma(x))(1.0)
        (found,), _ = walk(Ranges(), closed, [box_of(Facts(), ())], 1)
    assert found.ravel()[0]["kinds"] == ALL


def test_what_has_no_finite_value_has_its_ends_at_zero() -> None:
    for kinds in (ABOVE, BELOW, NAN, ABOVE | NAN):
        (one,) = ranges(kinds, 2.0, 3.0, True, True, shape=(1,))
        assert one.item()[:5] == (kinds, 0, 0, False, False)


def test_the_lower_end_of_a_function_is_below_its_value_where_that_is_hard_to_tell() -> None:
    """Near a zero of a function its eighty bits say little of its value."""
    from verify.readings.ranges import _end

    def root(x: arb) -> arb:
        return (x - 1) ** 2 - x * x + 2 * x - 1 + arb(0, 2.0**-70)

    for up in (False, True):
        end = arb(_end(root, up=up)(0.75))
        assert end.is_finite()
        assert (end >= 2.0**-70) if up else (end <= -(2.0**-70))


def test_of_a_value_with_two_signs_each_is_open_however_large_it_is() -> None:
    for kinds, outcomes in (
        (MINUS | ABOVE, {0, 1}),
        (BELOW | PLUS, {0, 1}),
        (MINUS | NAN, {0, 1}),
        (NONE | ABOVE, {1}),
        (NONE | BELOW, {0}),
    ):
        for fn in (jnp.sign, jnp.abs):
            _, trail = walk(Ranges(), jax.make_jaxpr(fn)(0.5), [ranges(kinds, shape=(1,))], 1)
            (branch,) = trail.branches.values()
            assert {outcome for outcome, mask in enumerate(branch.seen) if mask.any()} == outcomes


def test_a_choice_is_seen_through_a_broadcast_that_changes_nothing() -> None:
    kept = lambda x: jnp.where(lax.broadcast_in_dim(x > 0, (2,), (0,)), x, 1.0)  # noqa: E731
    (found,) = _read(kept, _between([[-1.0, -2.0]], [[1.0, 2.0]]))
    assert (found["kinds"] == PLUS).all()


def test_inverses_are_numbers_inside_alone() -> None:
    for fn, end, opened, numbers in (
        (lax.erf_inv, 1.0, True, True),
        (lax.erf_inv, 1.0, False, False),
        (lax.erf_inv, 1.5, False, False),
        (lax.erf_inv, 2.0, True, False),
        (lax.atanh, 1.0, True, True),
        (lax.atanh, 1.0, False, False),
        (lax.atanh, 1.5, True, False),
        (lax.asin, 1.0, False, True),
        (lax.asin, 1.5, False, False),
    ):
        (found,) = _read(fn, ranges(FINITE, -end, end, opened, opened, shape=(1,)))
        assert bool(found["kinds"][0] & ~FINITE == 0) is numbers, (fn, end, opened)


def test_one_over_a_number_at_zero_is_unbounded_on_whichever_side_it_is() -> None:
    for fn, ends in (
        (lambda x: 1 / x, (-np.inf, -1.0)),
        (lambda x: 1 / -x, (1.0, np.inf)),
        (lambda x: 1 / lax.neg(-x), (-np.inf, -1.0)),
        (lambda x: 1 / lax.neg(lax.neg(-x)), (1.0, np.inf)),
    ):
        (found,) = _read(fn, ranges(FINITE, -1.0, 0.0, False, True, shape=(1,)))
        assert _ends(found) == [ends]


def test_one_over_one_is_one() -> None:
    for ends, expected in (((1.0, 3.0), (0.0, 1.0)), ((0.25, 1.0), (1.0, 5.0)), ((-1.0, -0.3), (-5.0, -1.0))):
        (found,) = _read(lambda x: 1 / x, _between([ends[0]], [ends[1]]))
        ((low, high),) = _ends(found)
        assert expected[0] <= low <= high <= expected[1]


def test_what_is_no_number_for_certain_is_not_finite() -> None:
    for kinds, answer in ((ABOVE, False), (NAN | BELOW, False), (PLUS, True)):
        (found,) = _read(lambda x: jnp.where(jnp.isfinite(x), 1.0, 2.0), ranges(kinds, shape=(1,)))
        assert _ends(found) == [(1.0, 1.0) if answer else (2.0, 2.0)]


def test_a_number_over_itself_is_one_and_from_itself_zero() -> None:
    for fn, kinds, expected in (
        (lambda x: x / x, PLUS, PLUS),
        (lambda x: x / x, MINUS | PLUS, PLUS),
        (lambda x: x / x, NONE | PLUS, PLUS | NAN),
        (lambda x: x / x, PLUS | ABOVE, PLUS | NAN),
        (lambda x: x / x, NONE, NAN),
        (lambda x: x - x, FINITE, NONE),
        (lambda x: x - x, ABOVE, NAN),
    ):
        (found,) = _read(fn, ranges(kinds, shape=(1,)))
        assert found["kinds"].tolist() == [expected]


def test_the_sign_of_an_open_whole_number_is_at_most_one() -> None:
    count = lambda x: jnp.sign(jnp.count_nonzero(x > 0))  # noqa: E731
    (found,) = _read(count, _between([[-1.0, -1.0]], [[1.0, 1.0]]))
    assert _ends(found) == [(0, 1)]


def test_a_logarithm_near_one_has_the_sign_of_its_argument() -> None:
    for kinds in (MINUS, NONE, PLUS, MINUS | NONE, NONE | PLUS, MINUS | PLUS, PLUS | ABOVE):
        (found,) = _read(jnp.log1p, ranges(kinds, -0.5, np.inf, shape=(1,)))
        assert found["kinds"].tolist() == [kinds]


def test_the_larger_of_an_infinity_and_a_number() -> None:
    for name, first, second, expected in (
        ("max", ABOVE, (-5.0, -3.0), ABOVE),
        ("min", ABOVE, (-5.0, -3.0), MINUS),
        ("max", BELOW, (-5.0, -3.0), MINUS),
        ("max", MINUS | ABOVE, (2.0, 3.0), PLUS | ABOVE),
    ):
        fn = lambda x, y, name=name: getattr(lax, name)(x, y)  # noqa: E731
        (found,) = _read(fn, ranges(first, shape=(1,)), _between([second[0]], [second[1]]))
        assert found["kinds"].tolist() == [expected]
        assert _ends(found) == [(0, 0) if expected == ABOVE else second if second[0] < 0 else (2, 3)]


def test_where_one_row_may_have_no_number_the_largest_of_another_is_known() -> None:
    box = _between([[[0.0, 2.0], [0.0, 2.0]]], [[[1.0, 3.0], [1.0, 3.0]]])
    box[0, 0, 0] = ranges(FINITE | NAN, 0.0, 1.0, shape=()).item()
    (found,) = _read(lambda x: jnp.argmax(x, axis=1), box)
    assert _ends(found) == [(0, 1), (1, 1)]


def test_what_is_filled_beyond_the_end_by_an_open_index() -> None:
    for filled, most in ((None, 3.0), (7.0, 7.0)):
        taken = lambda x, v=filled: x.at[jnp.count_nonzero(x > 2)].get(mode="fill", fill_value=v)  # noqa: E731
        (found,) = _read(taken, _between([[1.0, 2.0]], [[3.0, 3.0]]))
        assert bool(found["kinds"][0] & NAN) is (filled is None)
        assert filled is None or _ends(found) == [(1.0, most)]


def test_an_empty_array_is_sorted() -> None:
    (found,) = _read(jnp.sort, ranges(FINITE, shape=(1, 2, 0)))
    assert found.shape == (1, 2, 0)


def test_powers_of_positive_numbers_are_positive() -> None:
    for base, exponent, expected in (
        (PLUS, FINITE, PLUS),
        (PLUS, FINITE | ABOVE, ALL),
        (PLUS, NAN, ALL),
        (NONE | PLUS, FINITE, ALL),
        (MINUS, FINITE, ALL),
    ):
        (found,) = _read(lax.pow, ranges(base, shape=(1,)), ranges(exponent, shape=(1,)))
        assert found["kinds"].tolist() == [expected]


def test_what_changes_nothing_returns_the_value_itself() -> None:
    box = _between([-1.0], [2.0], FINITE & ~NONE)
    for fn in (
        lambda x: (x + 0.0) - x,
        lambda x: (0.0 + x) - x,
        lambda x: (x - 0.0) - x,
        lambda x: (x * 1.0) - x,
        lambda x: (1.0 * x) - x,
        lambda x: (x / 1.0) - x,
    ):
        (found,) = _read(fn, box)
        assert found["kinds"].tolist() == [NONE]
    for fn in (lambda x: (0.0 - x) - x, lambda x: (1.0 / x) - x, lambda x: (x - 1.0) - x, lambda x: (x * 0.0) - x):
        (found,) = _read(fn, box)
        assert found["kinds"][0] != NONE


def test_tables_hold_every_kind_that_two_floats_of_given_kinds_make() -> None:
    """Beside the arithmetic of floats, on numbers of every kind, zeros of both signs and sums of either sign."""
    import math

    from verify.readings import ranges as module

    members = {
        module.NAN: [math.nan],
        module.BELOW: [-math.inf],
        module.MINUS: [-2.0, -1.0],
        module.NONE: [-0.0, 0.0],
        module.PLUS: [1.0, 2.0],
        module.ABOVE: [math.inf],
    }

    def kind(value: float) -> int:
        if math.isnan(value):
            return module.NAN
        if math.isinf(value):
            return module.ABOVE if value > 0 else module.BELOW
        return module.PLUS if value > 0 else module.MINUS if value < 0 else module.NONE

    def quotient(x: float, y: float) -> int:
        with np.errstate(all="ignore"):
            return kind(float(np.float64(x) / np.float64(y)))

    def equality(x: float, y: float) -> int:
        return 3 if math.isnan(x) or math.isnan(y) else 1 if x == y else 2

    for combine, of in (
        (module._sum_of, lambda x, y: kind(x + y)),
        (module._product_of, lambda x, y: kind(x * y)),
        (module._quotient_of, quotient),
        (module._equal, equality),
    ):
        table = module._table(combine)
        assert table.shape == (64, 64)
        assert table.dtype == np.int64
        for a, b in itertools.product(range(64), repeat=2):
            expected = 0
            for x, y in itertools.product(members, repeat=2):
                if a & x and b & y:
                    for first, second in itertools.product(members[x], members[y]):
                        expected |= of(first, second)
            assert table[a, b] == expected, (combine.__name__, a, b)


def test_a_product_along_an_axis_is_the_product_of_its_ranges() -> None:
    (found,) = _read(lambda x: jnp.prod(x), _between([[2.0, 3.0, -1.0]], [[4.0, 5.0, -0.5]]))
    assert _ends(found) == [(-20.0, -3.0)]


def test_a_known_choice_beyond_the_cases_is_the_nearest_one_as_in_jax() -> None:
    def chosen(x: Any) -> Any:
        count = jnp.count_nonzero(x > 0).astype(np.int32)
        return [lax.select_n(number, count, 10 + count) for number in (count, -count, count - 2)]

    point = np.array([1.5, 1.0, 2.0])
    with jax.enable_x64(True), jax.numpy_dtype_promotion("standard"):
        expected = [float(each) for each in chosen(point)]
    assert expected == [13, 3, 13]
    assert [_ends(each) for each in _read(chosen, _between([point - 0.5], [point]))] == [[(e, e)] for e in expected]
