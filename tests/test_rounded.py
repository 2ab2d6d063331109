"""The rounded reading, primitive by primitive: balls no narrower than floats need, no wider than derived by hand.

What a ball has to hold is what JAX returns, or what a human derives; ends of balls are compared as exact fractions.
"""

import math
import operator
from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flint import arb
from jax import lax
from jax.extend.core import primitives as jexp

from verify.formats import FORMATS, Format
from verify.readings.api import allowed
from verify.readings.budgets import BUDGETS
from verify.readings.exact import balls, precision
from verify.readings.rounded import ROUNDED_BITS, Rounded

# The radius of a ball has 30 bits, and is rounded up: a few such steps widen it by no more than this share.
WIDENED = 1 + Fraction(1, 2**26)
EVERY = pytest.mark.parametrize("name", sorted(FORMATS))


def _exactly(value: arb) -> Fraction:
    """A midpoint or radius as the dyadic number that it is."""
    mantissa, exponent = value.man_exp()
    return Fraction(int(mantissa)) * Fraction(2) ** int(exponent)


def _ends(ball: arb) -> tuple[Fraction, Fraction]:
    middle, radius = _exactly(ball.mid()), _exactly(ball.rad())
    return middle - radius, middle + radius


def _unit(form: Format) -> Fraction:
    return Fraction(form.unit_roundoff)


def _about(ball: arb, value: Fraction, off: Fraction) -> None:
    """A ball around a value that reaches as far as it has to, and by no more than the millionth that sums have."""
    low, high = _ends(ball)
    assert low <= value - off, (ball, value, off)
    assert high >= value + off, (ball, value, off)
    assert value - off * (1 + Fraction(2, 2**20)) <= low, (ball, value, off)
    assert high <= value + off * (1 + Fraction(2, 2**20)), (ball, value, off)


def _one(fn: Callable[..., Any], *given: float, name: str) -> arb:
    return allowed(fn, *map(np.float64, given), dtype=name)[()]


def _summed(x: Any) -> Any:
    """The sum in the format itself: that of jax.numpy asks for float32."""
    return lax.reduce_sum(x, (0,))


def _floats(fn: Callable[..., Any], given: Sequence[Any], name: str) -> list[float]:
    """What JAX returns, an operation at a time and compiled."""
    with jax.enable_x64(True):
        cast = [jnp.asarray(np.asarray(each), FORMATS[name].dtype()) for each in given]
        return [float(each) for run in (fn, jax.jit(fn)) for each in np.ravel(np.asarray(run(*cast), np.float64))]


def _held(fn: Callable[..., Any], *given: Any, name: str) -> None:
    """What JAX returns is inside; where that is no finite number, nothing is claimed."""
    found = np.ravel(allowed(fn, *(np.asarray(each, np.float64) for each in given), dtype=name)).tolist()
    for ball, value in zip(2 * found, _floats(fn, given, name), strict=True):
        assert ball.contains(arb(value)) if math.isfinite(value) else not ball.is_finite(), (name, given, ball, value)


# --- one operation: one roundoff of the result -----------------------------------------------------------------------


@EVERY
@pytest.mark.parametrize(
    ("fn", "given", "value", "roundings"),
    [
        (lambda x, y: x + y, (1.5, 2.25), "15/4", 1),
        (lambda x, y: x - y, (1.5, 2.25), "-3/4", 1),
        (lambda x, y: x * y, (1.5, 2.25), "27/8", 1),
        (lambda x, y: lax.square(x), (1.5, 1.0), "9/4", 1),
        (lambda x, y: lax.integer_pow(x, 2), (1.5, 1.0), "9/4", 1),
        (lambda x, y: lax.integer_pow(x, 3), (1.5, 1.0), "27/8", 2),
        (lambda x, y: lax.reduce_prod(jnp.stack([x, y]), (0,)), (1.5, 2.25), "27/8", 1),
        (lambda x, y: lax.cumprod(jnp.stack([x, y]))[1], (1.5, 2.25), "27/8", 1),
    ],
    ids=["sum", "difference", "product", "square", "second power", "third power", "of all", "running"],
)
def test_an_operation_is_off_by_a_roundoff_of_its_result_and_by_no_more(
    fn: Callable[..., Any], given: tuple[float, float], value: str, roundings: int, name: str
) -> None:
    form = FORMATS[name]
    exact = Fraction(value)
    ball = _one(fn, *given, name=name)
    least = roundings * _unit(form) * abs(exact)
    low, high = _ends(ball)
    assert low <= exact - least
    assert high >= exact + least
    # k roundings are (1 + u)^k - 1 <= k u / (1 - k u); what may be flushed comes on top.
    most = (least / (1 - roundings * _unit(form)) + Fraction(form.flush)) * WIDENED
    assert exact - most <= low
    assert high <= exact + most


@EVERY
def test_a_square_is_rounded(name: str) -> None:
    """(1 + 2u)² needs one bit more than the format has."""
    given = 1 + 2 * FORMATS[name].unit_roundoff
    _held(lambda x: jnp.stack([lax.square(x), lax.integer_pow(x, 2), x * x]), given, name=name)


@EVERY
def test_what_moves_or_chooses_numbers_leaves_them_as_they_are(name: str) -> None:
    given = np.array([3.0, -1.5, 0.25, -1.5])
    for fn, expected in (
        (jnp.min, [-1.5]),
        (jnp.max, [3.0]),
        (lax.cummin, [3.0, -1.5, -1.5, -1.5]),
        (lax.cummax, [3.0, 3.0, 3.0, 3.0]),
        (lambda x: lax.cummin(x, reverse=True), [-1.5, -1.5, -1.5, -1.5]),
        (jnp.ceil, [3.0, -1.0, 1.0, -1.0]),
        (jnp.floor, [3.0, -2.0, 0.0, -2.0]),
        (jnp.negative, [-3.0, 1.5, -0.25, 1.5]),
        (jnp.abs, [3.0, 1.5, 0.25, 1.5]),
        (jnp.sign, [1.0, -1.0, 1.0, -1.0]),
    ):
        found = np.ravel(allowed(fn, given, dtype=name)).tolist()
        assert [_ends(each) for each in found] == [(Fraction(each), Fraction(each)) for each in expected]


@EVERY
def test_halves_are_rounded_to_even_or_away_from_zero(name: str) -> None:
    given = [-2.5, -1.5, -0.5, 0.5, 1.5, 2.5, 3.5]
    for method in (lax.RoundingMethod.TO_NEAREST_EVEN, lax.RoundingMethod.AWAY_FROM_ZERO):
        fn = lambda x, method=method: lax.round(x, method)  # noqa: E731
        expected = [Fraction(each) for each in _floats(fn, [given], name)[: len(given)]]
        found = np.ravel(allowed(fn, np.array(given), dtype=name)).tolist()
        assert [_ends(each) for each in found] == [(each, each) for each in expected]


@EVERY
def test_comparisons_choose_as_floats_do(name: str) -> None:
    given = ((1.0, 2.0), (2.0, 1.0), (1.0, 1.0))
    for compare in (operator.lt, operator.le, operator.gt, operator.ge, operator.eq, operator.ne):
        x, y = (np.array(each) for each in zip(*given, strict=True))
        found = allowed(lambda x, y, compare=compare: jnp.where(compare(x, y), 3.0, 5.0), x, y, dtype=name)
        assert [_ends(each) for each in found] == [(3, 3) if compare(*each) else (5, 5) for each in given]


def test_what_is_between_two_whole_numbers_is_either_of_them() -> None:
    """A sum of 1 and a number that is off by less than a roundoff may be on either side of a whole number."""
    for fn, value in ((jnp.floor, 0), (jnp.ceil, 1)):
        ball = _one(lambda x, y, fn=fn: fn((x + y) - y), 1.0, 2.0**30, name="float32")
        low, high = _ends(ball)
        assert low <= value <= high
        assert low <= value + 1 <= high


def test_zero_times_a_step_of_an_infinite_constant_is_no_number() -> None:
    def weighed(x: Any) -> Any:
        infinite = jnp.array(jnp.inf, x.dtype)
        return jnp.dot(jnp.array([0.0, 1.0, 0.0], x.dtype), jnp.stack([jnp.floor(infinite), x, jnp.ceil(infinite)]))

    _held(weighed, 1.0, name="float32")
    assert not _one(weighed, 1.0, name="float32").is_finite()


@EVERY
def test_functions_hold_what_jax_returns(name: str) -> None:
    from jax.scipy.special import erf

    def each(x: Any) -> Any:
        return jnp.stack([jnp.sin(x), jnp.arctan(x), lax.rsqrt(x), erf(x)])

    _held(each, 0.7, name=name)
    assert all(ball.is_finite() for ball in allowed(each, np.array(0.7), dtype=name))


@pytest.mark.parametrize("fn", [lax.lgamma, lax.digamma, lax.erf_inv], ids=["lgamma", "digamma", "erf_inv"])
def test_of_zero_times_a_function_without_a_budget_nothing_is_claimed(fn: Callable[..., Any]) -> None:
    """Skipping zeros would skip what is no number: JAX returns an infinity, or none, at a pole."""
    assert not _one(fn, 0.5, name="float32").is_finite()
    assert not _one(lambda x: jnp.zeros((), x.dtype) * fn(x), 0.5, name="float32").is_finite()
    for given in (0.5, 1.0, -1.0):
        weighed = lambda x: jnp.dot(jnp.array([0.0, 1.0], x.dtype), jnp.stack([fn(x), x]))  # noqa: E731
        assert not _one(weighed, given, name="float32").is_finite()
        assert not allowed(lambda x: jnp.zeros_like(x) * fn(x), np.full(100, given), dtype="float32")[0].is_finite()


# --- sums --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["float64", "float32"])
@pytest.mark.parametrize("count", [2, 3, 9])
def test_a_sum_is_off_by_a_roundoff_for_every_addition(name: str, count: int) -> None:
    form = FORMATS[name]
    ball = allowed(jnp.sum, np.ones(count), dtype=name)[()]
    _about(ball, Fraction(count), (count - 1) * _unit(form) * count)


@pytest.mark.parametrize("name", ["float16", "bfloat16"])
def test_a_sum_of_16_bits_is_off_as_float32_is_and_by_one_roundoff(name: str) -> None:
    form = FORMATS[name]
    given = np.array([256.0, -256.0, 128.0, -128.0, 64.0, -64.0, 32.0, -32.0])
    # Seven additions in float32, of numbers that cancel, and a rounding of what they leave.
    inner = 7 * Fraction(1, 2**24) * int(np.abs(given).sum())
    low, high = _ends(allowed(_summed, given, dtype=name)[()])
    assert low <= -inner
    assert high >= inner
    most = inner * (1 + _unit(form) / (1 - _unit(form))) * (1 + Fraction(2, 2**20)) + 2 * Fraction(form.flush)
    assert -most <= low
    assert high <= most


@pytest.mark.parametrize("name", ["float64", "float32"])
@pytest.mark.parametrize("entries", [2, 3])
def test_two_entries_among_many_zeros_are_rounded_as_a_sum_of_two(name: str, entries: int) -> None:
    """Each row has so many numbers that are not zero: what is known of zeros saves additions, and no rounding."""
    form = FORMATS[name]

    def padded(x: Any) -> Any:
        return jnp.sum(jnp.concatenate([x, jnp.zeros((2, 100), x.dtype)], axis=1), axis=1)

    rest = [2 * form.unit_roundoff] + [1.0] * (entries - 2)
    given = np.array([[1.0 + 2 * form.unit_roundoff, *rest], [1.0, form.unit_roundoff, *rest[1:]]])
    _held(padded, given, name=name)
    for row, ball in zip(given.tolist(), allowed(padded, given, dtype=name), strict=True):
        total = sum(map(Fraction, row), Fraction(0))
        _about(ball, total, (entries - 1) * _unit(form) * total)


def test_a_sum_is_as_large_as_its_format_allows() -> None:
    large = allowed(jnp.sum, np.array([1e300, 1e300]))[()]
    assert large.is_finite()
    assert allowed(_summed, np.array([6e4, 6e4, -6e4]), dtype="float16")[()].is_finite(), "formed in float32"
    assert not allowed(lax.cumsum, np.array([6e4, 6e4, -6e4]), dtype="float16")[2].is_finite(), "formed in float16"
    assert not allowed(jnp.sum, np.array([3e38, 3e38, -3e38]), dtype="float32")[()].is_finite()


@EVERY
def test_a_product_of_matrices_keeps_the_free_axes_of_both_in_order(name: str) -> None:
    a, b = np.arange(6.0).reshape(2, 3), np.arange(8.0).reshape(2, 4)
    found = allowed(lambda x, y: lax.dot_general(x, y, (((0,), (0,)), ((), ()))), a, b, dtype=name)
    assert found.shape == (3, 4)
    for ball, value in zip(found.ravel(), (a.T @ b).ravel().tolist(), strict=True):
        assert ball.contains(arb(value))
        assert _exactly(ball.mid()) == Fraction(value)


# --- constants ---------------------------------------------------------------------------------------------------


def test_constants_are_multiplied_first_and_the_ball_stays_as_narrow() -> None:
    """(5 · 2) · 3 may be 5 · 6: two roundings either way."""
    for name, form in FORMATS.items():
        ball = _one(lambda x: (x * 2.0) * 3.0, 5.0, name=name)
        low, high = _ends(ball)
        # What both ways are the hull of has its ends rounded to 30 bits of its radius once more.
        most = 30 * ((1 + _unit(form) / (1 - _unit(form))) ** 2 - 1) * WIDENED**2 + 16 * Fraction(form.flush)
        assert 30 - most <= low <= 30 - 30 * _unit(form)
        assert 30 + 30 * _unit(form) <= high <= 30 + most


@pytest.mark.parametrize("first", [0.0, 1.0, 2.0])
def test_an_array_of_constants_is_constant_whatever_its_first_entry_is(first: float) -> None:
    """300 · 300 is too large for a float16, in an array beside any other constant."""

    def scaled(x: Any) -> Any:
        return (x * jnp.array([first, 300.0], x.dtype)) * jnp.array(300.0, x.dtype)

    found = allowed(scaled, np.array(1e-3), dtype="float16")
    assert not found[1].is_finite()
    _held(scaled, 1e-3, name="float32")


def test_products_of_what_is_no_constant_are_formed_as_they_are_written() -> None:
    fn = lambda x, y, z: z * (x * y)  # noqa: E731
    given = (300.0, 2.0**-13, 300.0)
    _held(fn, *given, name="float16")
    assert _one(fn, *given, name="float16").is_finite(), "300 · 300 is not formed"


@EVERY
def test_constants_that_change_nothing_are_exact_where_they_are_read_so(name: str) -> None:
    """A conversion to the same format, whatever it was for, is no rounding."""

    def same(x: Any) -> Any:
        return jexp.convert_element_type_p.bind(x, new_dtype=np.dtype(x.dtype), weak_type=True, sharding=None)

    ball = _one(same, 1.25, name=name)
    assert _ends(ball) == (Fraction(5, 4), Fraction(5, 4))


# --- nested quotients ------------------------------------------------------------------------------------------------


def test_a_quotient_of_a_quotient_of_a_quotient_knows_the_product_of_the_last_divisors() -> None:
    """Compiled, ((a/b)/c)/d divides by products of divisors: that of c and d is below every float, and b is one."""
    _held(lambda a, b, c, d: ((a / b) / c) / d, 1e-30, 1.0, 1e-30, 1e-30, name="float32")


def test_one_over_a_quotient_is_not_that_quotient() -> None:
    """1/(x/y) is a quotient of its own, whose divisor times z is below every float, where y times z is not."""
    _held(lambda x, y, z: (1.0 / (x / y)) / z, 1e-25, 1e5, 1e-9, name="float32")


def test_a_quotient_and_an_added_zero_is_that_quotient() -> None:
    """Sums that automatic differentiation forms are primitives of their own."""

    def nested(x: Any, y: Any, z: Any) -> Any:
        return jexp.add_jaxvals_p.bind(x / y, jnp.zeros((), x.dtype)) / z

    _held(nested, 1e-30, 1e-30, 1e-30, name="float32")


@pytest.mark.parametrize(
    ("fn", "given"),
    [
        (lambda a, x, y, z: (a / (x / y)) / z, (1.0, 1e-25, 1e-5, 1e-15)),
        (lambda a, x, y, z: (1.0 / (x / y)) / z, (1.0, 1e-25, 1e-5, 1e-15)),
        (lambda a, b, c, d: ((a / b) / c) / d, (1e-20, 1e-20, 1e-10, 1e-15)),
        (lambda a, b, c, d: d / (a / (b / c)), (1e-25, 1e-5, 1e-10, 1e-30)),
        (lambda a, b, c, d: d / ((a / b) / c), (1e-25, 1e-30, 1e-15, 1e-10)),
    ],
    ids=["by a quotient, by a number", "one", "three times", "of a number", "by a quotient of a quotient"],
)
def test_quotients_that_are_nested_twice_are_rewritten_twice(fn: Callable[..., Any], given: tuple[float, ...]) -> None:
    """Compiled, (a/(x/y))/z becomes ((a y)/x)/z first and then (a y)/(x z): the product x z may be flushed."""
    _held(fn, *given, name="float32")
    _held(fn, 2.0, 3.0, 5.0, 7.0, name="float32")
    assert _one(fn, 2.0, 3.0, 5.0, 7.0, name="float32").is_finite()


def test_what_becomes_a_product_with_constants_is_folded_too() -> None:
    """Compiled, c/(d/x) becomes (c x)/d and then x times c/d, which is flushed."""
    for fn, given in ((lambda x: 1e-20 / (1e20 / x), 1e20), (lambda x: (1e-20 / (1e10 / x)) * 1e-10, 1e20)):
        _held(fn, given, name="float32")
    assert _one(lambda x: 2.0 / (3.0 / x), 5.0, name="float32").is_finite()


# --- exponentials ------------------------------------------------------------------------------------------------

_LARGE, _LESS = np.linspace(20.0, 60.0, 60), np.linspace(10.0, 25.0, 60)
_EXPONENTIALS: dict[str, tuple[Callable[..., Any], Callable[..., Any]]] = {
    "product": (lambda a, b: jnp.exp(a) * jnp.exp(b), lambda a, b: a + b),
    "product of three": (lambda a, b: (jnp.exp(a) * jnp.exp(b)) * jnp.exp(-b / 2), lambda a, b: a + b / 2),
    "moved": (lambda a, b: jnp.exp(a).reshape(2, -1) * jnp.exp(b).reshape(2, -1), lambda a, b: a + b),
    "quotient": (lambda a, b: jnp.exp(a) / jnp.exp(-b), lambda a, b: a + b),
    "quotient of a product": (lambda a, b: jnp.exp(a) / (jnp.exp(-b / 2) * jnp.exp(-b / 2)), lambda a, b: a + b),
    "inverse": (lambda a, b: 1.0 / jnp.exp(-a) + 0.0 * b, lambda a, b: a),
    "cube": (lambda a, b: jnp.exp(b) ** 3, lambda a, b: 3 * b),
    "inverse cube": (lambda a, b: jnp.exp(-b) ** -3, lambda a, b: 3 * b),
    "power": (lambda a, b: jnp.power(jnp.exp(a), b / 20), lambda a, b: a * b / 20),
    "powers of two": (lambda a, b: jnp.exp(a) * jnp.exp2(b), lambda a, b: a + b),
    "power of a power of two": (lambda a, b: jnp.power(jnp.exp2(a), b / 20), lambda a, b: a * b / 20),
}


@pytest.mark.parametrize("name", ["float64", "float32", "bfloat16"])
@pytest.mark.parametrize("what", _EXPONENTIALS)
def test_exponentials_may_become_one_of_a_rounded_exponent(what: str, name: str) -> None:
    """Compiled, exp(a)·exp(b) is exp(a + b): where a + b is large, its rounding is many roundoffs of the result."""
    fn, exponent = _EXPONENTIALS[what]
    form = FORMATS[name]
    a, b = (form.round(each) for each in (_LARGE, _LESS))
    _held(fn, a, b, name=name)
    if "two" not in what and name != "bfloat16":
        # A roundoff for each unit of the exponent or less, two budgets and some roundings: twice that is too much.
        balls_ = np.ravel(allowed(fn, a, b, dtype=name)).tolist()
        for ball, size in zip(balls_, exponent(a, b).tolist(), strict=True):
            units = 4 * size + 8 * BUDGETS[name]["exp"].constant + 40
            assert ball.is_finite()
            assert _exactly(ball.rad()) < Fraction(units) * _unit(form) * _exactly(ball.mid()), (ball, size)


def _apart(a: Any) -> Any:
    """A number between others, and taken out again."""
    return lax.pad(a, jnp.zeros((), a.dtype), [(1, 2, 0)])[1:-2]


# An exponential in ways that change nothing that is computed, and so are nothing to the compiler.
_SAME: dict[str, Callable[[Any], Any]] = {
    "stacked": lambda v: jnp.stack([v, v + 1])[0],
    "joined": lambda v: jnp.concatenate([v + 1, v])[v.shape[0] :],
    "padded": _apart,
    "size": jnp.abs,
    "size with a sign": lambda v: jnp.copysign(v, 1),
    "other sign": jnp.negative,
    "minus one": lambda v: v * -1.0,
    "taken from nothing": lambda v: 0.0 - v,
    "by minus one": lambda v: v / -1.0,
    "a wider format": lambda v: lax.convert_element_type(lax.convert_element_type(v, np.float64), v.dtype),
    "times one of another format": lambda v: v * jnp.ones(v.shape, np.float64).astype(v.dtype),
    "times a whole one": lambda v: v * jnp.ones(v.shape, np.int32).astype(v.dtype),
    "times a computed one": lambda v: v * jnp.cos(jnp.zeros_like(v)),
    "times a sum that is one": lambda v: v * jnp.sum(jnp.full((2,), 0.5, v.dtype)),
    "and a computed zero": lambda v: v + jnp.sin(jnp.zeros_like(v)),
    "a sum of one": lambda v: jnp.sum(v[:, None], axis=1),
    "a product of one": lambda v: jnp.prod(v[:, None], axis=1),
    "a product of matrices of one": lambda v: (v[:, None] @ jnp.ones((1, 1), v.dtype))[:, 0],
    "one over its inverse": lambda v: 1 / (1 / v),
}
# Two of them in what is one exponential to the compiler.
_TOGETHER: dict[str, Callable[[Any, Any], Any]] = {
    "product": lambda v, w: v * w,
    "quotient": lambda v, w: v / w,
    "inverse": lambda v, w: (1 / v) * w,
    "product along an axis": lambda v, w: jnp.prod(jnp.stack([v, w], axis=1), axis=1),
    "running product": lambda v, w: jnp.cumprod(jnp.stack([v, w], axis=1), axis=1)[:, 1],
    "product of matrices": lambda v, w: (v[:, None, None] @ w[:, None, None])[:, 0, 0],
    "square": lambda v, w: v**2 * w,
    "power of an inverse": lambda v, w: jnp.power(jnp.abs(1 / v), 2.5) * w,
}


@pytest.mark.parametrize("name", ["float64", "float32", "float16"])
def test_an_exponential_is_one_however_it_is_moved_or_written(name: str) -> None:
    """Compiled together, since compiling takes longer than all the rest."""

    def fn(a: Any, b: Any) -> Any:
        v, w = jnp.exp(a), jnp.exp(b)
        moved = [each for same in _SAME.values() for each in (same(v) * same(w), same(v) / w)]
        return jnp.stack([*moved, *(together(v, w) for together in _TOGETHER.values())])

    rng = np.random.default_rng(0)
    a, b = (FORMATS[name].round(rng.uniform(-9, 9, 200)) for _ in range(2))
    found = allowed(fn, a, b, dtype=name)
    assert found.shape == (2 * len(_SAME) + len(_TOGETHER), 200)
    assert name == "float16" or all(ball.is_finite() for ball in found.flat)
    _held(fn, a, b, name=name)


# --- what is flushed -------------------------------------------------------------------------------------------------


@EVERY
def test_near_zero_a_result_is_off_by_what_its_format_flushes_and_no_more(name: str) -> None:
    form = FORMATS[name]
    given = form.smallest_normal
    ball = _one(lambda x: x * 0.5, given, name=name)
    low, high = _ends(ball)
    value, off = Fraction(given) / 2, Fraction(form.flush)
    assert low <= value - off
    assert high >= value + off
    most = (off + 2 * _unit(form) * value) * WIDENED
    assert value - most <= low
    assert high <= value + most


# --- fewer bits --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mantissa", [2, 3, 7, 10])
def test_fewer_bits_are_a_roundoff_of_so_many_bits(mantissa: int) -> None:
    unit = Fraction(1, 2 ** (mantissa + 1))
    fn = lambda x: lax.reduce_precision(x, 5, mantissa)  # noqa: E731
    spare = Fraction(FORMATS["float16"].smallest_normal)
    # A tie goes down, and what is just above it goes up.
    for given in (1 + float(unit), 1 + float(unit) * 1.125, 1.0):
        _held(fn, given, name="float32")
        low, high = _ends(_one(fn, given, name="float32"))
        off = Fraction(given) * unit + spare
        assert Fraction(given) - off * WIDENED <= low <= Fraction(given) - off
        assert Fraction(given) + off <= high <= Fraction(given) + off * WIDENED


def test_fewer_bits_claim_nothing_from_where_the_ball_reaches_infinity() -> None:
    """65490 and a roundoff are more than 65520, from which on a float16 is infinite."""
    half = lambda x: lax.reduce_precision(x, 5, 10)  # noqa: E731
    for given, claimed in ((65480.0, True), (65490.0, False), (65500.0, False), (65520.0, False), (7e4, False)):
        assert _one(half, given, name="float32").is_finite() is claimed
    few = lambda x: lax.reduce_precision(x, 5, 2)  # noqa: E731
    assert not _one(few, 61440.0, name="float32").is_finite()
    assert not _one(lambda x: lax.reduce_precision(x, 7, 10), 1.0, name="float32").is_finite(), "no format has it"


def test_zero_times_fewer_bits_of_an_unknown_range_is_not_known() -> None:
    """What such a range does not hold is infinite, and zero times that is no number."""
    _held(lambda x: lax.reduce_precision(x, 7, 10) * 0.0, 1e30, name="float32")
    _held(lambda x: lax.reduce_precision(x, 7, 10) * jnp.zeros(100, x.dtype), 1e30, name="float32")


# --- a primitive that JAX has had only since 0.12 ------------------------------------------------------------------


@EVERY
def test_one_minus_a_square_is_either_way_of_computing_it(name: str) -> None:
    form = FORMATS[name]
    with jax.enable_x64(True):
        equation: Any = jax.make_jaxpr(jnp.negative)(jax.ShapeDtypeStruct((1,), form.dtype())).jaxpr.eqns[0]
    with precision(ROUNDED_BITS):
        ball = Rounded().complement_of_square(equation, balls(np.array([[0.5]])))[0, 0]
    low, high = _ends(ball)
    value = Fraction(3, 4)
    # 1 - x² rounds the square and the difference, (1 - x)(1 + x) three times: the wider of both.
    least = 3 * _unit(form) * value
    most = (least / (1 - 3 * _unit(form)) + 2 * Fraction(form.flush)) * WIDENED
    assert value - most <= low <= value - least
    assert value + least <= high <= value + most


@pytest.mark.parametrize(
    ("fn", "given"),
    [
        (lambda x, y: (1 / x) / (y / 1e30), (-9.6345e-09, 0.93327)),
        (lambda x, y: lax.integer_pow(x, -1) / (y * 1e-30), (-9.6345e-09, 0.93327)),
        (lambda x, y, z: (x / y) / lax.integer_pow(z, -1), (1e30, 1e10, 1e10)),
        (lambda x, y, z: (x / y) / lax.integer_pow(z, -2), (1e30, 1e10, 1e5)),
        (lambda x, y, z: (x / y) / lax.pow(z, jnp.full_like(z, -1.0)), (1e30, 1e10, 1e10)),
        (lambda x, y: x / (1 / (y / (x / 1e30))), (3e25, 1e10)),
        (lambda x, y, z: (lax.logistic(x) / (3 / y)) / (2 * z), (-71.4374618, 3.748993843e10, 3.53390832e13)),
        (lambda x, y, z: (2 * z) / (lax.logistic(x) / (3 / y)), (-71.4374618, 3.748993843e10, 3.53390832e13)),
    ],
)
def test_a_quotient_is_one_however_it_is_written(fn: Callable[..., Any], given: tuple[float, ...]) -> None:
    """As a power, a logistic function, or a product with the reciprocal of a constant."""
    _held(fn, *given, name="float32")


def test_of_quotients_that_may_become_too_many_things_nothing_is_claimed() -> None:
    def halves(*x: Any) -> Any:
        return x[0] if len(x) == 1 else halves(*x[: len(x) // 2]) / halves(*x[len(x) // 2 :])

    assert _one(halves, *[2.0] * 8, name="float32").is_finite()
    assert not _one(halves, *[2.0] * 16, name="float32").is_finite()


# Factors and divisors that a compiler takes apart or puts together.
FACTORS: dict[str, Callable[[Any], Any]] = {
    "x": lambda x: x,
    "1/x": lambda x: 1 / x,
    "3/x": lambda x: 3 / x,
    "3x": lambda x: 3 * x,
    "x/3": lambda x: x / 3,
    "1e30 x": lambda x: x * 1e30,
    "1e-30 x": lambda x: x * 1e-30,
    "x/1e30": lambda x: x / 1e30,
    "-x": operator.neg,
    "|x|": abs,
    "xx": lambda x: x * x,
    "x^-1": lambda x: lax.integer_pow(x, -1),
    "x^-2": lambda x: lax.integer_pow(x, -2),
    "x**-1": lambda x: lax.pow(x, jnp.full_like(x, -1.0)),
    "x**-0.5": lambda x: lax.pow(x, jnp.full_like(x, -0.5)),
    "exp": jnp.exp,
    "exp2": jnp.exp2,
    "logistic": lax.logistic,
    "sqrt": jnp.sqrt,
    "rsqrt": lax.rsqrt,
}


@pytest.mark.parametrize("part", range(4))
def test_factors_and_divisors_of_every_size_are_inside_however_they_are_put_together(part: int) -> None:
    """Sixty products and quotients of three of these, compiled together, at magnitudes from end to end of float32."""
    from verify.readings.interpreter import walk

    rng = np.random.default_rng(part)

    def drawn() -> Callable[..., Any]:
        f, g, h, turn = (list(FACTORS.values())[each] for each in rng.integers(len(FACTORS), size=4))
        inner, outer = (each == 0 for each in rng.integers(3, size=2))
        first = (lambda x, y: f(x) * g(y)) if inner else (lambda x, y: f(x) / g(y))
        turned = (lambda x, y: turn(first(x, y))) if rng.random() < 0.3 else first
        if outer:
            return lambda x, y, z: turned(x, y) * h(z)
        if rng.random() < 0.5:
            return lambda x, y, z: turned(x, y) / h(z)
        return lambda x, y, z: h(z) / turned(x, y)

    programs = [drawn() for _ in range(60)]
    size = np.exp(rng.uniform(*np.log([1e-37, 3e38]), size=(3, 48)) * rng.choice([0.02, 0.5, 1.0], size=(3, 48)))
    points = (size * rng.choice([-1, 1, 1], size=size.shape)).astype(np.float32)
    run = jax.jit(lambda *given: [program(*given) for program in programs])
    claimed = 0
    for program, found in zip(programs, run(*points), strict=True):
        closed = jax.make_jaxpr(program)(*points[:, 0])
        with precision(ROUNDED_BITS):
            (read,), _ = walk(Rounded(), closed, [balls(each.astype(np.float64)) for each in points], 48)
        for ball, value in zip(np.broadcast_to(read, (48,)).tolist(), np.asarray(found, np.float64), strict=True):
            if ball.is_finite():
                claimed += 1
                assert np.isfinite(value), (closed, ball)
                assert ball.contains(arb(float(value))), (closed, ball, value)
    assert claimed > 600


@pytest.mark.parametrize("name", ["float32", "float64"])
@pytest.mark.parametrize(
    "fn",
    [
        lambda x, y, z, half: lax.pow(jnp.exp(x), y),
        lambda x, y, z, half: lax.pow(jnp.exp(x / 3), jnp.full_like(x, 3).astype(jnp.int32)),
        lambda x, y, z, half: jnp.exp(z) * (jnp.exp(half) * jnp.exp(z)),
        lambda x, y, z, half: jnp.exp(half) * jnp.exp2(z),
    ],
    ids=["real power", "whole power", "of a product", "of a power of two"],
)
def test_large_exponents_that_are_added_or_multiplied_first_are_inside(fn: Callable[..., Any], name: str) -> None:
    rng = np.random.default_rng(0)
    x, y, z = rng.uniform(40, 86, 64), rng.uniform(0.9, 1.02, 64), rng.uniform(-40, 40, 64)
    _held(fn, x, y, z, x / 2, name=name)


def test_an_exponent_is_off_by_the_roundings_of_both_its_factors() -> None:
    """That of a factor, and that of the product, may go the same way."""
    x = np.array([78.97201538085938, 84.82718658447266, 79.68888092041016])
    y = np.array([0.46206042170524597, 0.3686532974243164, 0.4628806412220001])
    _held(lambda x, y: jnp.exp(x) ** (y * 1.1), x, y, name="float32")


def test_a_cube_of_an_exponential_is_off_by_the_roundings_of_its_exponent() -> None:
    """Two additions, each of up to 600 and off by a unit roundoff: 1200 of them, and those of the result."""
    low, high = _ends(_one(lambda x: lax.integer_pow(jnp.exp(x), 3), 200.0, name="float64"))
    middle, unit = (low + high) / 2, _unit(FORMATS["float64"])
    assert 1200 * unit * middle <= (high - low) / 2 <= 1220 * unit * middle


@pytest.mark.parametrize("name", ["float32", "float64", "float16"])
def test_an_exponential_may_overflow_from_the_root_of_two_below_the_largest_power(name: str) -> None:
    end = (FORMATS[name].emax + 0.5) * math.log(2)
    step = 2.0**-6 if name == "float16" else 1e-4
    for fn in (lambda x: jnp.exp(x), lambda x: jnp.exp(x / 2) * jnp.exp(x / 2)):
        assert _one(fn, end - 2 * step, name=name).is_finite()
        assert not _one(fn, end + 2 * step, name=name).is_finite()


def test_zero_times_what_nothing_is_claimed_of_is_not_known() -> None:
    def halves(*x: Any) -> Any:
        return x[0] if len(x) == 1 else halves(*x[: len(x) // 2]) / halves(*x[len(x) // 2 :])

    assert not _one(lambda *x: halves(*x) * 0.0, *[2.0] * 16, name="float32").is_finite()


@pytest.mark.parametrize(
    "fn",
    [
        lambda x, y, z: ((x / y) + 0.0) / z,
        lambda x, y, z: (0.0 + (x / y)) / z,
        lambda x, y, z: ((x / y) - 0.0) / z,
        lambda x, y, z: ((x / y) * 1.0) / z,
        lambda x, y, z: (1.0 * (x / y)) / z,
        lambda x, y, z: ((x / y) / 1.0) / z,
    ],
    ids=["x + 0", "0 + x", "x - 0", "x * 1", "1 * x", "x / 1"],
)
def test_a_quotient_is_one_beside_what_changes_nothing(fn: Callable[..., Any]) -> None:
    """Compiled, the divisors are multiplied first, which overflows."""
    _held(fn, 1e30, 1e25, 1e25, name="float32")


def test_of_as_many_roundings_as_there_are_units_nothing_is_claimed() -> None:
    for exponent, claimed in ((200, True), (300, False), (600, False)):
        ball = _one(lambda x, k=exponent: lax.integer_pow(x, k), 1.0, name="bfloat16")
        assert ball.is_finite() is claimed


def test_a_budget_grows_with_the_argument_as_it_says() -> None:
    """By so many units for each unit of the argument, or of its square."""
    functions = {"exp2": lax.exp2, "sinh": lax.sinh, "cosh": lax.cosh, "erfc": lax.erfc}
    met: set[str] = set()
    for name, budgets in BUDGETS.items():
        for what, allowance in budgets.items():
            if not (allowance.slope or allowance.curve):
                continue
            met.add(what)
            for x in (0.5, 4.0):
                with precision(200):
                    true = {"exp2": arb(2) ** x, "sinh": arb(x).sinh(), "cosh": arb(x).cosh(), "erfc": arb(x).erfc()}
                    value = _exactly(true[what].mid())
                units = allowance.constant + allowance.slope * x + allowance.curve * x * x
                off = value * Fraction(units) * _unit(FORMATS[name])
                low, high = _ends(_one(functions[what], x, name=name))
                assert low <= value - off < value + off <= high, (name, what, x)
    assert met == set(functions)


@pytest.mark.parametrize("name", ["bfloat16", "float32"])
def test_differences_below_the_normal_numbers_are_flushed_one_by_one(name: str) -> None:
    """Of four pairs, each of which leaves nearly the smallest normal number, nothing is left."""
    least = 2.0**-126
    pairs = np.array([(2 - 2.0**-7) * least, -least] * 4)
    assert set(_floats(_summed, [pairs], name)) == {0.0}
    _held(_summed, pairs, name=name)
