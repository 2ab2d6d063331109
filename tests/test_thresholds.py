"""Where saturation happens in floats: thresholds by formula, at the next representable gap and not one float below.

Logits (g, 0). Each threshold is computed here in mpmath from its formula, rounded up to the format, set beside the
figure that it was once published with, and then found again in what JAX computes.
"""

import functools
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from mpmath import mp

from verify.formats import FORMATS, Format

pytestmark = pytest.mark.once


NAMES = tuple(FORMATS)
DIGITS = 400
Formula = Callable[[Format], Any]
Event = Callable[[dict[str, np.ndarray]], bool]

# ---------------------------------------------------------------------------------------------------------------
# Formulas, in nats. p is the precision, e the exponent of the smallest normal number.


def _sum_rounds(f: Format) -> Any:
    """fl(1 + e^-g) = 1."""
    return f.precision * mp.log(2) - mp.log1p(mp.mpf(2) ** -f.precision)


def _quotient_rounds(f: Format) -> Any:
    """1 / (1 + e^-g) rounded once is 1."""
    return mp.log(mp.mpf(2) ** (f.precision + 1) - 1)


def _subnormal(f: Format) -> Any:
    """The smaller probability is below the smallest normal number."""
    return mp.log(mp.mpf(2) ** -f.emin - 1)


def _gradual(f: Format) -> Any:
    """The smaller probability rounds to zero even with subnormals."""
    return mp.log(mp.mpf(2) ** (f.precision - f.emin) - 1)


def _zero(f: Format) -> Any:
    """The smaller probability comes out as zero."""
    return _subnormal(f) if f.flushes else _gradual(f)


def _complement_rounds(f: Format) -> Any:
    """fl(1 - e^-g) = 1, half an ulp below one, a tie to even."""
    return (f.precision + 1) * mp.log(2) - mp.log1p(mp.mpf(2) ** -f.precision)


def _square_zero(f: Format) -> Any:
    """e^-2g comes out as zero."""
    return (-f.emin if f.flushes else f.precision - f.emin) * mp.log(2) / 2


def _inverse_overflows(f: Format) -> Any:
    """1 / s overflows while s is subnormal: only where the format keeps subnormals."""
    return mp.log(mp.mpf(2) ** (f.precision - f.emin - 1) / mp.mpf(256.5) - 1) if not f.flushes else _zero(f)


def _exp_overflows(f: Format) -> Any:
    return mp.log(mp.mpf(f.largest) + mp.mpf(2) ** (f.emax - f.precision))


def _reciprocal_flushed(f: Format) -> Any:
    """The reciprocal of e^g is below the smallest normal number."""
    return -f.emin * mp.log(2)


def _wrong_gradient_subnormal(f: Format) -> Any:
    """2 u / (1 + u)^3 below the smallest normal number, u = e^-g."""
    return _solve(lambda u: 2 * u / (1 + u) ** 3, f)


def _right_gradient_subnormal(f: Format) -> Any:
    return _solve(lambda u: 2 * u**2 / (1 + u) ** 3, f)


def _solve(value: Callable[[Any], Any], f: Format) -> Any:
    """The gap at which a decreasing function of it reaches the smallest normal number."""
    low, high = mp.mpf(2), mp.mpf(800)
    for _ in range(400):
        middle = (low + high) / 2
        if value(mp.exp(-middle)) < mp.mpf(2) ** f.emin:
            high = middle
        else:
            low = middle
    return high


# ---------------------------------------------------------------------------------------------------------------
# The published figures: float64, float32, bfloat16, float16.


@dataclass(frozen=True)
class Threshold:
    """A formula, its figures, and the event in floats that they are about; None where it is about exact values."""

    name: str
    formula: Formula
    figures: tuple[float | None, ...]
    event: Event | None = None


def _all(*keys: str, component: int | None = None) -> Event:
    def zero(found: dict[str, np.ndarray]) -> bool:
        return all(bool((found[key] == 0).all() if component is None else found[key][component] == 0) for key in keys)

    return zero


_I = (36.73680056967711, 16.63553237915039, 5.5625, 7.625)
_II = (708.3964185322642, 87.3365478515625, 87.5, 9.7109375)
_ZERO = (708.3964185322642, 87.3365478515625, 87.5, 17.34375)
_WINNER = (37.42994775023705, 17.32868003845215, 6.25, 8.3203125)

THRESHOLDS = [
    Threshold("softmax: the winner is 1", _sum_rounds, _I, lambda r: bool(r["softmax"][0] == 1)),
    Threshold("correct rounding: the winner is 1", _quotient_rounds, _WINNER),
    Threshold("the loser is not normal", _subnormal, _II),
    Threshold("softmax: the loser is 0", _zero, _ZERO, _all("softmax", component=1)),
    Threshold(
        "gradual underflow: the loser rounds to 0", _gradual, (745.1332191019412, 103.97208404541016, 93.0, 17.34375)
    ),
    Threshold("squared, wrong: winner", _complement_rounds, _WINNER, _all("squared wrong", component=0)),
    Threshold("squared, wrong: target", _zero, _ZERO, _all("squared wrong", component=1)),
    Threshold(
        "squared, right: both",
        _square_zero,
        (354.1982092661321, 43.66827392578125, 43.75, 8.671875),
        _all("squared right"),
    ),
    Threshold("absolute, wrong: winner", _complement_rounds, _WINNER, _all("absolute wrong", component=0)),
    Threshold("absolute, wrong: target", _zero, _ZERO, _all("absolute wrong", component=1)),
    Threshold("absolute, right: both", _sum_rounds, _I, _all("absolute right")),
    Threshold("cross entropy, right: winner", _sum_rounds, _I, _all("cross right", component=0)),
    Threshold("cross entropy, right: loser", _zero, _ZERO, _all("cross right", component=1)),
    Threshold(
        "true squared gradient, wrong, is not normal",
        _wrong_gradient_subnormal,
        (709.0895657128241, 88.02969360351562, 88.5, 10.3984375),
    ),
    Threshold(
        "true squared gradient, right, is not normal",
        _right_gradient_subnormal,
        (354.54478285641204, 44.01484680175781, 44.25, 5.19140625),
    ),
    Threshold("naive cross entropy, wrong: infinite", _zero, _ZERO, lambda r: bool(np.isinf(r["naive wrong"]).all())),
    Threshold(
        "naive cross entropy, wrong: gradient",
        _inverse_overflows,
        (*_ZERO[:3], 11.09375),
        lambda r: not np.isfinite(r["naive wrong gradient"]).all(),
    ),
    Threshold("naive cross entropy, right: loss", _zero, _ZERO, lambda r: bool(np.isnan(r["naive right"]).all())),
    Threshold(
        "naive cross entropy, right: gradient",
        _zero,
        _ZERO,
        lambda r: bool(np.isnan(r["naive right gradient"]).any()),
    ),
    Threshold(
        "unshifted softmax: nan",
        _exp_overflows,
        (709.7827128933841, 88.72283935546875, 89.0, 11.09375),
        lambda r: bool(np.isnan(r["unshifted"]).any()),
    ),
    Threshold(
        "unshifted softmax: (0, 0)",
        _reciprocal_flushed,
        (708.3964185322642, 87.3365478515625, 87.5, None),
        lambda r: bool((r["unshifted"] == 0).all()),
    ),
]
IDS = [each.name for each in THRESHOLDS]
BY_NAME = {each.name: each for each in THRESHOLDS}
MEASURED = [
    pytest.param(each, name, id=f"{each.name}, {name}")
    for each in THRESHOLDS
    if each.event is not None
    for name, figure in zip(NAMES, each.figures, strict=True)
    if figure is not None
]


def step(value: float, form: Format, direction: int) -> float:
    """The next number of the format above or below."""
    if form.name == "float64":
        return math.nextafter(value, math.inf * direction)
    near = np.array(value).astype(form.dtype())
    return float(np.nextafter(near, np.array(math.inf * direction).astype(form.dtype())))


def representable(real: Any, form: Format) -> float:
    """The smallest number of the format at or above a real one."""
    near = float(form.round(np.array(float(real))))
    while mp.mpf(near) < real:
        near = step(near, form, 1)
    while mp.mpf(step(near, form, -1)) >= real:
        near = step(near, form, -1)
    return near


# ---------------------------------------------------------------------------------------------------------------
# What JAX computes there.


def _unshifted(x: Any) -> Any:
    return jnp.exp(x) / jnp.sum(jnp.exp(x))


def _quantities(x: Any) -> dict[str, Any]:
    """Everything that has a threshold, at one pair of logits of which the first wins."""
    hot = {"right": jnp.array([1, 0], x.dtype), "wrong": jnp.array([0, 1], x.dtype)}

    def squared(v: Any, y: Any) -> Any:
        return 0.5 * jnp.sum((jax.nn.softmax(v) - y) ** 2)

    def absolute(v: Any, y: Any) -> Any:
        return jnp.sum(jnp.abs(jax.nn.softmax(v) - y))

    def cross(v: Any, y: Any) -> Any:
        return -jnp.sum(y * jax.nn.log_softmax(v))

    def naive(v: Any, y: Any) -> Any:
        return -jnp.sum(y * jnp.log(jax.nn.softmax(v)))

    found = {"softmax": jax.nn.softmax(x), "unshifted": _unshifted(x)}
    for side, y in hot.items():
        found[f"squared {side}"] = jax.grad(squared)(x, y)
        found[f"absolute {side}"] = jax.grad(absolute)(x, y)
        found[f"cross {side}"] = jax.grad(cross)(x, y)
        found[f"naive {side}"] = naive(x, y)[None]
        found[f"naive {side} gradient"] = jax.grad(naive)(x, y)
    return found


@functools.cache
def _compiled() -> Any:
    """One program per format, of two logits: a batch may go another way through XLA."""
    return jax.jit(_quantities)


@functools.cache
def at(name: str, gap: float) -> dict[str, np.ndarray]:
    with jax.enable_x64(True):
        found = jax.device_get(_compiled()(jnp.asarray([gap, 0.0], FORMATS[name].dtype())))
    return {key: np.asarray(value).astype(np.float64) for key, value in found.items()}


@pytest.mark.parametrize("threshold", THRESHOLDS, ids=IDS)
def test_figures_follow_from_their_formula(threshold: Threshold) -> None:
    with mp.workdps(DIGITS):
        for name, figure in zip(NAMES, threshold.figures, strict=True):
            if figure is not None:
                assert representable(threshold.formula(FORMATS[name]), FORMATS[name]) == figure, name


@pytest.mark.parametrize(("threshold", "name"), MEASURED)
def test_the_event_happens_at_the_threshold_and_not_one_float_below(threshold: Threshold, name: str) -> None:
    form = FORMATS[name]
    figure = threshold.figures[NAMES.index(name)]
    assert threshold.event is not None
    assert figure is not None
    assert threshold.event(at(name, figure))
    assert not threshold.event(at(name, step(figure, form, -1)))


@pytest.mark.parametrize("name", NAMES)
def test_exact_probabilities_round_as_the_formulas_say(name: str) -> None:
    form = FORMATS[name]
    column = NAMES.index(name)

    def exact(gap: float) -> tuple[Any, Any]:
        small = mp.exp(-mp.mpf(gap))
        return 1 / (1 + small), small / (1 + small)

    def figure(key: str) -> float:
        value = BY_NAME[key].figures[column]
        assert value is not None
        return value

    with mp.workdps(DIGITS):
        half = mp.mpf(2) ** -(form.precision + 1)
        gap = figure("correct rounding: the winner is 1")
        assert 1 - exact(gap)[0] <= half < 1 - exact(step(gap, form, -1))[0]
        gap = figure("the loser is not normal")
        assert exact(gap)[1] <= mp.mpf(2) ** form.emin < exact(step(gap, form, -1))[1]
        least = mp.mpf(2) ** (form.emin - form.precision)
        gap = figure("gradual underflow: the loser rounds to 0")
        assert exact(gap)[1] <= least < exact(step(gap, form, -1))[1]


@pytest.mark.parametrize("name", NAMES)
def test_the_same_events_outside_jit(name: str) -> None:
    form, column = FORMATS[name], NAMES.index(name)
    for key, fn in (("softmax", jax.nn.softmax), ("unshifted", _unshifted)):
        for each in THRESHOLDS:
            figure = each.figures[column]
            if each.event is None or figure is None or not each.name.startswith(key):
                continue
            for gap, wanted in ((figure, True), (step(figure, form, -1), False)):
                with jax.enable_x64(True):
                    found = np.asarray(fn(jnp.asarray([gap, 0.0], form.dtype()))).astype(np.float64)
                assert each.event({key: found}) is wanted, (each.name, gap)


@pytest.mark.parametrize("name", NAMES)
def test_cross_entropy_of_a_wrong_prediction_never_vanishes(name: str) -> None:
    form = FORMATS[name]
    for gap in (40.0, 90.0, 720.0, 2000.0):
        assert at(name, float(form.round(np.array(gap))))["cross wrong"].tolist() == [1.0, -1.0]


@pytest.mark.parametrize("name", NAMES)
def test_half_of_the_squared_gradient_of_a_right_prediction_is_lost(name: str) -> None:
    """Beyond p ln 2 the computed gradient is u^2, where the true one is 2 u^2."""
    form = FORMATS[name]
    gap = float(form.round(np.array(form.precision * math.log(2) * 1.08 + 0.1)))
    found = at(name, gap)["squared right"]
    with mp.workdps(DIGITS):
        small = mp.exp(-mp.mpf(gap))
        true = 2 * small**2 / (1 + small) ** 3
        ratios = [abs(mp.mpf(float(each))) / true for each in found]
    room = 12 * form.unit_roundoff + form.flush / float(true)
    assert all(0.5 - room <= ratio <= 0.5 + room for ratio in ratios), ratios


def test_division_of_two_full_arrays_keeps_the_winner() -> None:
    """The reciprocal of a shared divisor is flushed; entry by entry nothing is lost."""
    gap = BY_NAME["unshifted softmax: (0, 0)"].figures[1]
    with jax.enable_x64(True):
        e = jnp.exp(jnp.asarray([gap, 0.0], np.float32))
        full = jnp.broadcast_to(jnp.sum(e), e.shape)
        found = np.asarray(jax.jit(jnp.divide)(e, full + 0))
    assert found[0] == 1


@pytest.mark.parametrize("last", [False, True], ids=["winner first", "winner last"])
def test_the_order_of_summation_moves_the_threshold(last: bool) -> None:
    """Nine tied losers: absorbed one by one after the winner, added up before it."""
    gap = 53 * math.log(2) + (math.log(9) if last else 0.0)
    program = jax.jit(lambda x: jax.nn.softmax(x))
    for shift, wanted in ((1e-9, True), (-1e-9, False)):
        x = np.zeros(10)
        x[-1 if last else 0] = gap + shift
        with jax.enable_x64(True):
            found = np.asarray(program(jnp.asarray(x)))
        assert bool(found.max() == 1) is wanted
