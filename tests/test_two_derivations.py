"""Two derivations of one thing agree: bounds by hand beside the rounded reading, mpmath's intervals beside Arb's balls.

The bounds are those of the textbook form of softmax, e^{x_i - max x} / Σ_j e^{x_j - max x}, where an exponential is off
by E units, sums are taken in any order, and a division by the sum is two roundings. With D_i = max x - x_i,
A = Σ σ_j α_j and N = (n - 1) u:

    α_i = e^{D_i u} (1 + E u) - 1          what the exponential of a rounded argument is off by, relatively
    β = A + N (1 + A)                      the same of the sum
    r_i = (1 + α_i) (1 + 2 u) / (1 - β) - 1  the same of softmax
    φ = (2 n + 8) η                        what flushes to zero, absolutely
"""

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flint import arb
from jax import lax
from mpmath import iv as intervals
from mpmath import mp as decimals

from verify import enclose
from verify.formats import FORMATS, Format
from verify.readings.budgets import BUDGETS
from verify.readings.exact import Exact, balls, precision
from verify.readings.interpreter import walk
from verify.readings.rounded import ROUNDED_BITS, Rounded

Vector = np.ndarray
# Their stubs know neither floats nor sums.
iv: Any = intervals
mp: Any = decimals
SIZES = (2, 10, 100)
SCALES = (0.25, 1.0, 4.0, 12.0)
WITHIN = 20.0  # of what is asked; the largest ratio seen is 1.2


def softmax(x: Any) -> Any:
    # Were the maximum differentiated, the winner's component would have a sum that cancels, and a larger error.
    e = jnp.exp(x - lax.stop_gradient(jnp.max(x)))
    return e / jnp.sum(e)


def squared_error(x: Any, y: Any) -> Any:
    return 0.5 * jnp.sum((softmax(x) - y) ** 2)


@dataclass(frozen=True, kw_only=True)
class Setting:
    """One point in one format, and the quantities that all bounds share; everything at the true softmax."""

    form: Format
    s: Vector
    y: Vector
    r: Vector
    beta: float
    summed: float
    flushed: float

    @property
    def u(self) -> float:
        return self.form.unit_roundoff

    def slack(self) -> float:
        """What products of two errors add."""
        return 1.001 if self.form.precision > 16 else 1 / (1 - 8 * min(float(self.r.max()), 0.1))

    def softmax(self) -> Vector:
        return self.s * self.r + self.flushed

    def jacobian(self) -> Vector:
        s, r = self.s, self.r
        whole = np.outer(s, s) * (r[:, None] + r[None, :] + 2 * self.u)
        whole[np.diag_indices(len(s))] = s * ((1 + 2 * s) * r + 2 * self.u)
        return whole * self.slack() + self.flushed

    def squared_error(self) -> Vector:
        s, r, u = self.s, self.r, self.u
        d = s - self.y
        g = s * (d - np.sum(s * d))
        delta = s * r + u * np.abs(d)
        total = np.sum(s * np.abs(d))
        shared = np.sum(s * delta) + np.sum(s * np.abs(d) * (r + self.beta + 3 * u)) + self.summed * total
        own = s * (delta + shared + np.abs(d) * (self.beta + 2 * u)) + np.abs(g) * (r + 2 * u)
        return own * self.slack() + self.flushed

    def cross_entropy(self) -> Vector:
        own = self.s * (self.r + self.u) + self.u * np.abs(self.s - self.y)
        return own * self.slack() + self.flushed


def setting(x: Vector, y: Vector, form: Format) -> Setting:
    allowance = BUDGETS[form.name]["exp"]
    units = allowance.constant if allowance.falling is None else allowance.falling
    u, n = form.unit_roundoff, len(x)
    e = np.exp(x - x.max())
    s, below = e / e.sum(), x.max() - x
    alpha = np.exp(below * u) * (1 + units * u) - 1
    # Sums of 16-bit numbers are taken in float32.
    summed = (n - 1) * u if form.precision > 16 else u + (n - 1) * 2.0**-24
    share = float(np.sum(s * alpha))
    beta = share + summed * (1 + share)
    r = (1 + alpha) * (1 + 2 * u) / (1 - beta) - 1
    eta = form.smallest_normal if form.flushes else form.smallest_normal * u
    return Setting(form=form, s=s, y=y, r=r, beta=beta, summed=summed, flushed=(2 * n + 8) * eta)


BOUNDS: dict[str, tuple[Callable[..., Any], Callable[[Setting], Vector]]] = {
    "softmax": (lambda x, y: softmax(x), Setting.softmax),
    "jacobian": (lambda x, y: jax.jacrev(softmax)(x), Setting.jacobian),
    "squared error": (lambda x, y: jax.grad(squared_error)(x, y), Setting.squared_error),
    "cross entropy": (lambda x, y: softmax(x) - y, Setting.cross_entropy),
}


@jax.jit
def _bounded(x: Any, y: Any) -> dict[str, Any]:
    return {name: program(x, y) for name, (program, _) in BOUNDS.items() if len(x) in _sizes(name)}


def _sizes(name: str) -> tuple[int, ...]:
    return SIZES[: 2 if name == "jacobian" else 3]


@functools.cache
def _measured(form: Format) -> dict[int, tuple[Vector, Vector, list[dict[str, Vector]]]]:
    """By size: points of all scales, and what each program returns at each."""
    rng = np.random.default_rng(20261126)
    found: dict[int, tuple[Vector, Vector, list[dict[str, Vector]]]] = {}
    for n in SIZES:
        drawn = [(form.round(rng.normal(size=n) * scale), np.eye(n)[int(rng.integers(n))]) for scale in SCALES]
        x, y = (np.stack(each) for each in zip(*drawn, strict=True))
        with jax.enable_x64(True):
            floats = [_bounded(*(jnp.asarray(each, form.dtype()) for each in point)) for point in drawn]
        found[n] = x, y, [{name: np.asarray(v, np.float64).ravel() for name, v in each.items()} for each in floats]
    return found


@functools.cache
def _traced(program: Callable[..., Any], n: int, dtype: Any) -> Any:
    with jax.enable_x64(True):
        return jax.make_jaxpr(program)(*[jax.ShapeDtypeStruct((n,), dtype)] * 2)


def _read(system: Any, program: Callable[..., Any], dtype: Any, bits: int, x: Vector, y: Vector) -> Vector:
    """Balls of several points at once, points by components."""
    with jax.enable_x64(True), precision(bits):
        (found,), trail = walk(system, _traced(program, x.shape[1], dtype), [balls(x), balls(y)], len(x))
    assert not trail.lost.any()
    return np.broadcast_to(found, (len(x), *found.shape[1:])).reshape(len(x), -1)


@pytest.mark.parametrize("form", list(FORMATS.values()), ids=lambda form: form.name)
@pytest.mark.parametrize("name", list(BOUNDS))
def test_bounds_by_hand_and_the_rounded_reading_agree(name: str, form: Format) -> None:
    """Neither is below an error that occurs, and they are within a factor of twenty of each other."""
    program, bound = BOUNDS[name]
    ratios: list[float] = []
    for n in _sizes(name):
        x, y, floats = _measured(form)[n]
        permitted = _read(Rounded(), program, form.dtype(), ROUNDED_BITS, x, y)
        exact = _read(Exact(), program, np.float64, 400, x, y)
        for point in range(len(x)):
            limits = bound(setting(x[point], y[point], form)).ravel()
            for limit, ball, true, value in zip(
                limits, permitted[point], exact[point], floats[point][name], strict=True
            ):
                error = float(abs(arb(float(value)) - true).upper())
                assert error <= limit, (n, x[point].tolist())
                if not ball.is_finite():
                    continue
                assert ball.contains(arb(float(value)))
                reach = float((abs(ball - true)).upper())  # the farthest float that the reading allows
                assert reach >= error
                # The reading need not be above the bound: it knows more of the point.
                ratios.append(reach / limit)
    assert len(ratios) > 100
    assert max(ratios) <= WITHIN
    assert np.median(ratios) >= 1 / WITHIN


def test_a_bound_that_is_too_small_is_seen() -> None:
    """Half a unit for softmax is what a correctly rounded one would have; ours is off by more."""
    form, rng = FORMATS["float32"], np.random.default_rng(1)
    missed = 0
    for _ in range(20):
        x = form.round(rng.normal(size=10) * 12)
        s = setting(x, np.eye(10)[0], form).s
        value = np.asarray(jax.jit(softmax)(jnp.asarray(x, jnp.float32)), np.float64)
        missed += int(np.any(np.abs(value - s) > 0.5 * form.unit_roundoff * s))
    assert missed > 10


# --- intervals by mpmath ---------------------------------------------------------------------------------------------


def _interval_softmax(x: list[float]) -> list[Any]:
    e = [iv.exp(iv.mpf(each)) for each in x]
    total = sum(e[1:], e[0])
    return [each / total for each in e]


def _interval_gradient(x: list[float], y: list[float]) -> list[Any]:
    s = _interval_softmax(x)
    d = [a - iv.mpf(b) for a, b in zip(s, y, strict=True)]
    mean = sum((a * b for a, b in zip(s[1:], d[1:], strict=True)), s[0] * d[0])
    return [a * (b - mean) for a, b in zip(s, d, strict=True)]


@pytest.mark.parametrize("scale", [0.5, 5.0, 40.0, 300.0])
def test_balls_meet_the_intervals_of_another_library(scale: float) -> None:
    rng = np.random.default_rng(int(scale * 2))
    iv.prec = 1500
    for n in (2, 3, 7):
        x = rng.normal(size=n) * scale
        y = np.eye(n)[0]
        pairs = zip(
            [*enclose(softmax, x, bits=1500), *enclose(jax.grad(squared_error), x, y, bits=1500)],
            [*_interval_softmax(x.tolist()), *_interval_gradient(x.tolist(), y.tolist())],
            strict=True,
        )
        for ball, interval in pairs:
            low, high = arb(_text(interval.a)), arb(_text(interval.b))
            assert ball.overlaps(low.union(high)), (x.tolist(), ball, interval)
            assert ball.rel_accuracy_bits() > 300


def _text(end: Any) -> str:
    """The end of an interval as a decimal with all its digits, up to what the ball of the text itself covers."""
    with mp.workprec(1500):
        return mp.nstr(mp.mpf(end._mpi_[0]), 460)


# --- invariants, each within its own allowance ------------------------------------------------------------------------

INVARIANTS: dict[str, Callable[[Any, Any], Any]] = {
    "rows of J sum to zero": lambda x, y: jnp.sum(jax.jacfwd(softmax)(x), axis=1),
    "columns of J sum to zero": lambda x, y: jnp.sum(jax.jacrev(softmax)(x), axis=0),
    "J is symmetric": lambda x, y: jax.jacfwd(softmax)(x) - jax.jacfwd(softmax)(x).T,
    "gradients sum to zero": lambda x, y: jnp.sum(jax.grad(squared_error)(x, y)),
    "softmax sums to one": lambda x, y: jnp.sum(softmax(x)) - 1,
}
WRONG: dict[str, Callable[[Any, Any], Any]] = {
    "rows of J sum to zero": lambda x, y: jnp.sum(jax.jacfwd(jnp.tanh)(x), axis=1),
    "gradients sum to zero": lambda x, y: jnp.sum(jax.grad(lambda x: squared_error(x, y) + 1e-3 * x[0])(x)),
}


@jax.jit
def _zeros(x: Any, y: Any) -> Any:
    return [{name: program(x, y) for name, program in table.items()} for table in (INVARIANTS, WRONG)]


@functools.cache
def _returned(form: Format) -> tuple[Vector, Vector, list[Any]]:
    """Two points, and what all programs return at each."""
    rng = np.random.default_rng(7)
    x, y = np.stack([form.round(rng.normal(size=7) * scale) for scale in (0.5, 3.0)]), np.stack([np.eye(7)[2]] * 2)
    with jax.enable_x64(True):
        cast = [jnp.asarray(each, form.dtype()) for each in (x, y)]
        return x, y, [jax.device_get(_zeros(*(each[point] for each in cast))) for point in range(2)]


def _held(name: str, form: Format, wrong: bool) -> list[bool]:
    """Whether zero and each float lie in their balls, for each point."""
    x, y, returned = _returned(form)
    permitted = _read(Rounded(), (INVARIANTS, WRONG)[wrong][name], form.dtype(), ROUNDED_BITS, x, y)
    return [
        all(
            ball.contains(0) and ball.contains(arb(value))
            for ball, value in zip(row, np.asarray(each[wrong][name], np.float64).ravel().tolist(), strict=True)
        )
        for row, each in zip(permitted, returned, strict=True)
    ]


@pytest.mark.parametrize("form", list(FORMATS.values()), ids=lambda form: form.name)
@pytest.mark.parametrize("name", list(INVARIANTS))
def test_what_is_zero_is_zero_up_to_its_own_rounding(name: str, form: Format) -> None:
    assert _held(name, form, False) == [True, True], name
    if name in WRONG and form.precision > 16:
        assert _held(name, form, True) == [False, False]


@pytest.mark.parametrize("form", list(FORMATS.values()), ids=lambda form: form.name)
def test_shifts_and_permutations_stay_in_one_ball(form: Format) -> None:
    rng = np.random.default_rng(11)
    x = form.round(np.round(rng.normal(size=7) * 3 * 8) / 8)  # eighths: a shift by four is exact in every format
    y = np.eye(7)[3]
    order = rng.permutation(7)
    gradient = jax.grad(squared_error)
    (room,) = _read(Rounded(), gradient, form.dtype(), ROUNDED_BITS, x[None], y[None])
    run = jax.jit(gradient)
    with jax.enable_x64(True):
        cast = lambda each: jnp.asarray(each, form.dtype())  # noqa: E731 - named for the reader
        shifted = np.asarray(run(cast(x + 4), cast(y)), np.float64)
        permuted = np.asarray(run(cast(x[order]), cast(y[order])), np.float64)
    assert (form.round(x + 4) == x + 4).all()
    assert all(ball.contains(arb(float(value))) for ball, value in zip(room, shifted, strict=True))
    assert all(ball.contains(arb(float(value))) for ball, value in zip(room[order], permuted, strict=True))
