"""Composite primitives against what JAX returns for them, and user-registered ones."""

import functools
import importlib
import importlib.util
import itertools
import sys
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flint import arb
from jax import lax
from jax.extend import core as jex
from jax.interpreters import batching, mlir

from verify import check, register_primitive, sweep
from verify.claim import Claim, ClaimError, Derivative, Status, UnsupportedPrimitive
from verify.domain import Reals
from verify.maps import Axis, Map, Quantity
from verify.primitives import RULES, explained
from verify.program import equations
from verify.readings.api import allowed, enclose
from verify.readings.composite import ROWS
from verify.readings.exact import NAN, Exact, balls, filled, precision
from verify.readings.interpreter import walk
from verify.readings.rounded import ROUNDED_BITS, Rounded
from verify.sweeps import MapError

RNG = np.random.default_rng(3)
X = np.array([-1.5, 0.3, 2.25, 0.75])
POSITIVE = np.array([0.5, 1.25, 3.0, 2.5])
# Its rows have to be exchanged twice, and no two ways of doing so give the same.
PIVOTED = np.array([[0.25, 2.0, -1.0], [1.0, 0.5, 3.0], [-4.0, 1.0, 0.75]])
SPD = np.array([[4.0, 1.0, 0.5], [1.0, 3.0, 0.25], [0.5, 0.25, 2.0]])
IMAGE = RNG.normal(size=(1, 2, 3, 3))
KERNEL = RNG.normal(size=(2, 2, 2, 2))
GENERAL = np.array([[1.0, -2.0, 0.5, 1.5], [3.0, 0.25, -1.0, 2.0], [0.75, 1.25, -2.5, 1.0], [-0.5, 4.0, 1.0, 3.0]])


def _conv(**more: Any) -> Callable[..., Any]:
    given: dict[str, Any] = {"window_strides": (1, 1), "padding": "SAME", **more}
    return lambda x, k: lax.conv_general_dilated(x, k, **given)


def _pool(operation: Any, start: float, **more: Any) -> Callable[..., Any]:
    given: dict[str, Any] = {"window_dimensions": (1, 1, 2, 2), "window_strides": (1, 1, 2, 1), **more}
    return lambda x: lax.reduce_window(x, x.dtype.type(start), operation, padding="SAME", **given)


def _kalman(mean: Any, covariance: Any, seen: Any) -> Any:
    transition, observed = jnp.array([[1.0, 0.5], [0.0, 1.0]], mean.dtype), jnp.array([[1.0, 0.0]], mean.dtype)
    ahead = transition @ covariance @ transition.T + jnp.eye(2, dtype=mean.dtype) * 0.125
    spread = observed @ ahead @ observed.T + 0.25
    gain = jnp.linalg.solve(spread, observed @ ahead).T
    return transition @ mean + gain @ (seen - observed @ (transition @ mean))


def _scatter_sub(x: Any) -> Any:
    numbers = lax.ScatterDimensionNumbers((), (0,), (0,))
    return lax.scatter_sub(x, jnp.array([[1], [3]]), x[:2], numbers)


def _ends(a: Any, b: Any) -> Any:
    return lax.min(a[0], b[0]), lax.max(a[1], b[1])


def _scattered(select: Any, scatter: Any, start: float) -> Callable[..., Any]:
    # JAX has no public function for this one.
    from jax._src.lax.windowed_reductions import _select_and_scatter

    padding = ((0, 1), (0, 1))
    return lambda x, s: _select_and_scatter(x, select, (2, 2), (2, 2), padding, s, x.dtype.type(start), scatter)


def _parts_of(found: Any) -> Any:
    """Real and imaginary parts of whatever is complex."""
    return [(each.real, each.imag) if jnp.iscomplexobj(each) else each for each in jax.tree.leaves(found)]


def _of_parts(fn: Callable[..., Any]) -> Callable[..., Any]:
    """A function of a complex matrix as one of its two parts, and of real results."""
    return lambda a, b: _parts_of(fn(lax.complex(a, b)))


def _hermitian(a: Any) -> Any:
    return a @ a.conj().T


def _geqrf(a: Any) -> Any:
    # JAX has no public function for the reflections alone.
    from jax._src.lax.linalg import geqrf

    return geqrf(a)


def _ragged(dot: Any, ragged: list[int], group: list[int], sizes: np.ndarray) -> Callable[..., Any]:
    numbers = lax.RaggedDotDimensionNumbers(dot, lhs_ragged_dimensions=ragged, rhs_group_dimensions=group)
    return lambda a, b: lax.ragged_dot_general(a, b, jnp.asarray(sizes), numbers)


RAGGED = np.sin(np.arange(12.0)).reshape(2, 3, 2)

# Function, arguments, whether it is differentiated too.
CASES: dict[str, tuple[Callable[..., Any], tuple[np.ndarray, ...], bool]] = {
    "sort": (jnp.sort, (X,), True),
    "sort descending": (lambda x: jnp.sort(x, descending=True), (X,), True),
    "sort rows": (lambda x: lax.sort(x, dimension=0), (SPD,), True),
    "sort along an inner axis": (lambda x: lax.sort(x, dimension=2), (IMAGE,), True),
    "argsort": (lambda x: x[jnp.argsort(-x)] * jnp.arange(4.0, dtype=x.dtype), (X,), True),
    "median": (jnp.median, (X,), True),
    "top_k": (lambda x: lax.top_k(x, 2)[0], (X,), True),
    "top_k places": (lambda x: lax.top_k(x, 3)[1].astype(x.dtype), (X,), False),
    "top_k of rows": (lambda x: lax.top_k(x, 2)[0], (IMAGE,), True),
    "top_k places of rows": (lambda x: lax.top_k(x, 2)[1].astype(x.dtype), (IMAGE,), False),
    "sort by whole numbers": (lambda x: lax.sort((jnp.array([2, 0, 1, 1]), x), num_keys=1)[1], (X,), True),
    "approx_max_k": (lambda x: lax.approx_max_k(x, 2)[0], (X,), True),
    "approx_min_k": (lambda x: lax.approx_min_k(x, 2)[0], (X,), True),
    "reduce": (lambda x: lax.reduce(x, x.dtype.type(-np.inf), jnp.logaddexp, (1,)), (SPD,), False),
    "reduce to ends": (
        lambda x: lax.reduce((x, x), (x.dtype.type(np.inf), x.dtype.type(-np.inf)), _ends, (0,)),
        (SPD,),
        False,
    ),
    "cumlogsumexp": (lax.cumlogsumexp, (X,), False),
    "cumlogsumexp reversed": (lambda x: lax.cumlogsumexp(x, reverse=True), (X,), False),
    "conv same": (_conv(), (IMAGE, KERNEL), True),
    "conv strided": (_conv(window_strides=(2, 1), padding=((1, 0), (2, 1))), (IMAGE, KERNEL), True),
    "conv dilated": (_conv(rhs_dilation=(2, 1), lhs_dilation=(1, 2), padding=((1, 1), (0, 2))), (IMAGE, KERNEL), True),
    "conv grouped": (_conv(feature_group_count=2), (IMAGE, RNG.normal(size=(4, 1, 2, 2))), True),
    "conv channels last": (
        _conv(dimension_numbers=("NHWC", "HWIO", "NHWC")),
        (RNG.normal(size=(2, 2, 3, 2)), RNG.normal(size=(2, 2, 2, 3))),
        True,
    ),
    "convolve": (lambda x: jnp.convolve(x, jnp.array([0.5, 0.25, -1.0], x.dtype)), (X,), True),
    "max pool": (_pool(lax.max, -np.inf), (IMAGE,), True),
    "max pool of equal entries, by places": (_pool(lax.max, -np.inf), (np.sign(IMAGE),), True),
    "min pool of equal entries, by places": (_pool(lax.min, np.inf), (np.sign(IMAGE),), True),
    "max pool forward": (
        lambda x, t: jax.jvp(_pool(lax.max, -np.inf), (x,), (t,))[1],
        (IMAGE, RNG.normal(size=IMAGE.shape)),
        False,
    ),
    "min pool forward": (
        lambda x, t: jax.jvp(_pool(lax.min, np.inf), (x,), (t,))[1],
        (IMAGE, RNG.normal(size=IMAGE.shape)),
        False,
    ),
    "min pool": (_pool(lax.min, np.inf), (IMAGE,), True),
    "sum pool": (_pool(lax.add, 0.0), (IMAGE,), True),
    "sum pool dilated": (_pool(lax.add, 0.0, window_dilation=(1, 1, 2, 1)), (IMAGE,), True),
    "pool from a value that is computed": (
        lambda x: lax.reduce_window(x, -jnp.full((), jnp.inf, x.dtype), jnp.logaddexp, (2,), (1,), "SAME"),
        (X,),
        False,
    ),
    "cholesky": (lambda a: lax.linalg.cholesky(a), (SPD,), True),
    "log determinant": (lambda a: 2 * jnp.sum(jnp.log(jnp.diag(jnp.linalg.cholesky(a)))), (SPD,), True),
    "solve triangular": (
        lambda a, b: lax.linalg.triangular_solve(a, b, left_side=True, lower=True),
        (SPD, SPD[:, :2]),
        True,
    ),
    "solve transposed": (
        lambda a, b: lax.linalg.triangular_solve(a, b, left_side=True, lower=False, transpose_a=True),
        (SPD, SPD[:, :2]),
        True,
    ),
    "solve right": (lambda a, b: lax.linalg.triangular_solve(a, b, lower=True), (SPD, SPD[:2]), True),
    "solve right transposed": (
        lambda a, b: lax.linalg.triangular_solve(a, b, transpose_a=True, unit_diagonal=True),
        (SPD, SPD[:2]),
        True,
    ),
    "solve": (jnp.linalg.solve, (SPD[::-1] + 0.0, X[:3]), True),
    "inverse": (jnp.linalg.inv, (SPD[[1, 2, 0]],), True),
    "qr": (lambda a: jnp.linalg.qr(a), (SPD[[1, 2, 0]],), True),
    "qr of a tall matrix": (lambda a: jnp.linalg.qr(a), (SPD[:, :2],), True),
    "qr of full width": (lambda a: jnp.linalg.qr(a, mode="complete"), (SPD[:, :2],), False),
    "qr of a wide matrix": (lambda a: jnp.linalg.qr(a), (SPD[:2],), False),
    "qr multiply": (lambda a: jax.scipy.linalg.qr_multiply(a, a + 1)[0], (SPD,), False),
    "qr multiply left": (lambda a: jax.scipy.linalg.qr_multiply(a, a + 1, mode="left")[0], (SPD,), False),
    "reflections": (lambda a: lax.linalg.householder_product(*_geqrf(a)), (SPD,), False),
    "eigenvalues": (jnp.linalg.eigvalsh, (SPD,), True),
    "eigenvectors": (lambda a: jnp.linalg.eigh(a)[1], (SPD,), True),
    "eigenvectors of the upper triangle": (lambda a: jnp.linalg.eigh(a, UPLO="U")[1], (SPD,), True),
    "singular values": (lambda a: jnp.linalg.svd(a, compute_uv=False), (SPD[:, :2],), True),
    "singular vectors": (lambda a: jnp.linalg.svd(a, full_matrices=False), (SPD[:, :2],), True),
    "singular vectors of a wide matrix": (lambda a: jnp.linalg.svd(a, full_matrices=False), (SPD[:2],), True),
    "pseudo-inverse": (jnp.linalg.pinv, (SPD[:, :2],), True),
    "least squares": (lambda a, b: jnp.linalg.lstsq(a, b)[0], (SPD[:, :2], X[:3]), True),
    "three diagonals": (
        lambda a, b: lax.linalg.tridiagonal_solve(a - 2.0, 4 + a * a, a, b[:, None]),
        (X * np.array([1, 1, 1, 1.0]), POSITIVE),
        False,
    ),
    "determinant": (jnp.linalg.det, (SPD[[1, 2, 0]],), True),
    "kalman": (_kalman, (X[:2], np.array([[1.0, 0.25], [0.25, 0.5]]), X[:1]), True),
    "product pool": (_pool(lax.mul, 1.0), (IMAGE,), False),
    "log-sum-exp pool": (_pool(jnp.logaddexp, -np.inf, window_dilation=(1, 1, 1, 2)), (IMAGE,), False),
    "pool to ends": (
        lambda x: lax.reduce_window((x, x), (x.dtype.type(np.inf), x.dtype.type(-np.inf)), _ends, (2,), (1,), "SAME"),
        (X,),
        False,
    ),
    "product pool forward": (
        lambda x, t: jax.jvp(_pool(lax.mul, 1.0, window_dilation=(1, 1, 1, 2)), (x,), (t,))[1],
        (IMAGE, RNG.normal(size=IMAGE.shape)),
        False,
    ),
    "select and scatter": (_scattered(lax.ge, lax.add, 0.0), (IMAGE[0, 0], KERNEL[0, 0]), False),
    "select and scatter products": (
        _scattered(lax.le, lax.mul, 1.5),
        (IMAGE[0, 0], KERNEL[0, 0]),
        False,
    ),
    "ragged product": (
        lambda a, b: lax.ragged_dot(a, b, jnp.array([1, 2, 0, 1])),
        (RNG.normal(size=(5, 2)), RNG.normal(size=(4, 2, 3))),
        True,
    ),
    "ragged product of batches": (
        _ragged((((2,), (2,)), ((0,), (1,))), [1], [0], np.array([[1, 2, 0], [0, 1, 2]])),
        (RAGGED, np.cos(np.arange(24.0)).reshape(3, 2, 2, 2)),
        True,
    ),
    "ragged batches": (
        _ragged((((2,), (1,)), ((0,), (0,))), [0], [], np.array([1, 1])),
        (RAGGED, np.cos(np.arange(12.0)).reshape(2, 2, 3)),
        False,
    ),
    "symmetric product": (
        lambda a, c: lax.linalg.symmetric_product(a, c, alpha=2.0, beta=-0.5, symmetrize_output=True),
        (SPD[:, :2], SPD),
        False,
    ),
    "cholesky update": (lax.linalg.cholesky_update, (np.triu(SPD), X[:3]), False),
    "cholesky update by nothing": (lax.linalg.cholesky_update, (-np.triu(SPD), np.array([0.0, 1.0, 0.0])), False),
    "hessenberg": (lambda a: lax.linalg.hessenberg(a), (GENERAL,), False),
    "hessenberg and its factor": (lambda a: jax.scipy.linalg.hessenberg(a, calc_q=True), (GENERAL,), False),
    "tridiagonal": (lambda a: lax.linalg.tridiagonal(a), (GENERAL,), False),
    "tridiagonal of the upper triangle": (lambda a: lax.linalg.tridiagonal(a, lower=False), (GENERAL,), False),
    "qr with pivoting": (lambda a: lax.linalg.qr(a, pivoting=True)[:2], (GENERAL,), False),
    "qr with pivoting, places": (lambda a: lax.linalg.qr(a, pivoting=True)[2].astype(a.dtype), (GENERAL,), False),
    "qr with pivoting of a tall matrix": (
        lambda a: jax.scipy.linalg.qr(a, pivoting=True, mode="economic")[:2],
        (GENERAL[:, :2],),
        False,
    ),
    "gamma samples": (lambda a: jax.random.gamma(jax.random.key(0), a), (POSITIVE[:2],), True),
    "log-gamma samples": (lambda a: jax.random.loggamma(jax.random.key(0), a), (POSITIVE,), False),
    "split keys": (
        lambda x: sum(x * jax.random.normal(key, x.shape, x.dtype) for key in jax.random.split(jax.random.key(3), 2)),
        (X,),
        True,
    ),
    "scanned keys": (
        lambda x: lax.scan(
            lambda c, key: (c * jax.random.normal(key, x.shape, x.dtype), c), x, jax.random.split(jax.random.key(3), 3)
        ),
        (X,),
        False,
    ),
    "next places": (lambda x: lax.nextafter(x, x * x), (X,), False),
    **{
        f"complex {name}": (_of_parts(fn), (GENERAL, np.flip(GENERAL, 1) + 0.125), False)
        for name, fn in {
            "lu": lambda a: lax.linalg.lu(a)[0],
            "inverse": jnp.linalg.inv,
            "determinant": jnp.linalg.det,
            "cholesky": lambda a: lax.linalg.cholesky(_hermitian(a)),
            "solve adjoint": lambda a: lax.linalg.triangular_solve(
                a, a[:, :2], left_side=True, transpose_a=True, conjugate_a=True
            ),
            "solve right": lambda a: lax.linalg.triangular_solve(
                a, a[:2], lower=True, conjugate_a=True, unit_diagonal=True
            ),
            "eigenvectors": lambda a: lax.linalg.eigh(_hermitian(a)),
            "eigenvectors of the upper triangle": lambda a: lax.linalg.eigh(a, lower=False, symmetrize_input=False),
            "singular values": lambda a: jnp.linalg.svd(a, compute_uv=False),
            "qr": lambda a: jnp.linalg.qr(a[:, :2]),
            "qr with pivoting": lambda a: lax.linalg.qr(a, pivoting=True)[:2],
            "qr multiply": lambda a: jax.scipy.linalg.qr_multiply(a, a + 1)[0],
            "hessenberg": lambda a: jax.scipy.linalg.hessenberg(a, calc_q=True),
            "tridiagonal": lambda a: lax.linalg.tridiagonal(a),
            "tridiagonal of the upper triangle": lambda a: lax.linalg.tridiagonal(a, lower=False),
            "eigenvalues": lambda a: lax.linalg.eig(a),
        }.items()
    },
    "eigenvalues of any matrix": (lambda a: _parts_of(lax.linalg.eig(a)), (GENERAL,), False),
    "slope of eigenvalues of any matrix": (
        jax.grad(lambda a: jnp.sum(jnp.linalg.eigvals(a).real ** 2)),
        (GENERAL,),
        False,
    ),
    "whole powers": (lambda x: x ** jnp.array([1, 2, 3, -2]), (X,), True),
    "scatter-mul": (lambda x: x.at[jnp.array([1, 3])].multiply(x[:2]), (X,), False),
    "scatter-sub": (_scatter_sub, (X,), False),
    "scatter-max": (lambda x: x.at[jnp.array([1, 1])].max(x[:2]), (X,), False),
    "scatter-min": (lambda x: x.at[jnp.array([1, 0])].min(x[:2]), (X,), False),
    "polygamma": (lambda x: jax.scipy.special.polygamma(2, x), (POSITIVE,), True),
    "zeta": (lambda x: jax.scipy.special.zeta(x + 1, x), (POSITIVE,), False),
    "igamma": (lambda x: lax.igamma(jnp.full_like(x, 1.5), x), (POSITIVE,), True),
    "igamma in both": (lambda a, x: lax.igamma(a, x), (POSITIVE, POSITIVE[::-1].copy()), True),
    "igammac in both": (lambda a, x: lax.igammac(a, x), (POSITIVE, POSITIVE[::-1].copy()), True),
    "gamma": (lambda x: jax.scipy.special.gamma(x), (X[:2],), True),
    # One of a series, and one of a continued fraction that needs few turns.
    "exponential integral": (jax.scipy.special.exp1, (np.array([0.5, 6.0]),), False),
    "igammac": (lambda x: lax.igammac(jnp.full_like(x, 1.5), x), (POSITIVE,), True),
    "betainc": (lambda x: jax.scipy.special.betainc(2.0, 1.5, x / 4), (POSITIVE,), False),
    "lu with pivots": (lambda x: lax.linalg.lu(x)[0], (PIVOTED,), False),
    "lu and its places": (lambda x: [each.astype(x.dtype) for each in lax.linalg.lu(x)], (PIVOTED,), False),
    "determinant with pivots": (jnp.linalg.det, (PIVOTED,), True),
    "solve with pivots": (lambda x, y: jnp.linalg.solve(x, y), (PIVOTED, X[:3]), True),
    "igamma at zero": (lambda a: [f(a, 0 * a) for f in (lax.igamma, lax.igammac)], (POSITIVE,), False),
    "igamma below one": (lambda x: lax.igamma(jnp.full_like(x, 0.5), x / 4), (POSITIVE,), False),
    "igammac below one": (lambda x: lax.igammac(jnp.full_like(x, 0.5), x / 4), (POSITIVE,), False),
    "slope of igamma below one": (lambda x: lax.igamma_grad_a(jnp.full_like(x, 0.5), x / 4), (POSITIVE,), False),
    "betainc below one": (lambda x: jax.scipy.special.betainc(0.5, 0.25, x / 4), (POSITIVE,), False),
    "bessel_i0e": (lax.bessel_i0e, (X,), True),
    "bessel_i1e": (lax.bessel_i1e, (X,), True),
    "searchsorted": (lambda x: x * jnp.searchsorted(jnp.array([0.0, 1.0], x.dtype), x).astype(x.dtype), (X,), False),
    "interp": (
        lambda x: jnp.interp(x, jnp.array([-2.0, 0.0, 3.0], x.dtype), jnp.array([1.0, 2.0, 0.0], x.dtype)),
        (X,),
        True,
    ),
    "bernoulli": (lambda x: jnp.where(jax.random.bernoulli(jax.random.key(4), 0.5, x.shape), 2 * x, 0.0), (X,), True),
    "normal": (lambda x: x * jax.random.normal(jax.random.PRNGKey(2), x.shape, x.dtype), (X,), True),
}

if hasattr(lax, "tile"):
    CASES["tile"] = (lambda x: lax.tile(x, (2,)), (X,), True)
if hasattr(lax, "polynomial"):
    CASES["polynomial"] = (lambda x: lax.polynomial(x, [1.0, x[0], -0.5, 2.0]), (X,), True)
    CASES["log2"] = (lambda x: lax.log2(x), (POSITIVE,), True)


WEIGHTS = np.sin(np.arange(1.0, 200.0))


def _parts(name: str) -> list[Callable[..., Any]]:
    fn, arguments, differentiated = CASES[name]

    def total(*given: Any) -> Any:
        out = jnp.concatenate([jnp.ravel(leaf) for leaf in jax.tree.leaves(fn(*given))])
        return jnp.sum(out * jnp.asarray(WEIGHTS[: out.size], out.dtype))

    if not differentiated:
        return [fn]
    places = tuple(range(len(arguments)))
    return [fn, jax.grad(total, argnums=places)]


@contextmanager
def _as_users_have_it() -> Generator[None]:
    with jax.enable_x64(True), jax.numpy_dtype_promotion("standard"), jax.numpy_rank_promotion("allow"):
        yield


@functools.cache
def _traced(name: str, dtype: str = "float64") -> list[Any]:
    """The programs of a case, traced once for all that read or run them."""
    shapes = [jax.ShapeDtypeStruct(each.shape, dtype) for each in CASES[name][1]]
    with _as_users_have_it():
        return [jax.make_jaxpr(part)(*shapes) for part in _parts(name)]


# What is a reference alone, good to some digits, need not be fast: to compile it like this takes a third as long.
REFERENCE: dict[str, Any] = {"xla_backend_optimization_level": 0}
if jax.__version_info__ < (0, 11):  # the compilers of later ones have no such option
    REFERENCE["xla_cpu_use_fusion_emitters"] = False


def _returned(name: str, options: dict[str, Any]) -> list[list[Any]]:
    """What JAX returns, compiled, for each program of a case."""

    def every(*given: Any) -> list[list[Any]]:
        return [jex.jaxpr_as_fun(closed)(*given) for closed in _traced(name)]

    with _as_users_have_it():
        return jax.device_get(jax.jit(every, compiler_options=options)(*CASES[name][1]))


def _read(system: Any, closed: Any, arguments: Sequence[np.ndarray], bits: int) -> tuple[list[np.ndarray], bool]:
    """The balls of one point, and whether a choice that was lost leaves them without a meaning."""
    with _as_users_have_it(), precision(bits):
        outputs, trail = walk(system, closed, [balls(each)[None] for each in arguments], 1)
    return [np.array(each[0]) for each in outputs], bool(trail.lost.any())


@pytest.mark.parametrize("name", CASES)
def test_the_ball_holds_what_jax_returns(name: str) -> None:
    """float64 of JAX is the reference here, good to some digits; a wrong index or sign is off by much more."""
    programs, arguments = _traced(name), CASES[name][1]
    readings: list[list[list[np.ndarray]]] = []
    claimed = False
    for closed in programs:
        found, lost = _read(Exact(), closed, arguments, 200)
        assert not lost
        room, lost = _read(Rounded(), closed, arguments, ROUNDED_BITS)
        room = [filled(each.shape, NAN) for each in room] if lost else room
        claimed |= any(ball.is_finite() for each in room for ball in each.ravel())
        readings.append([found, room])
    # Floats that are judged are those that users get.
    for (found, room), returned in zip(readings, _returned(name, {} if claimed else REFERENCE), strict=True):
        for exact, value, permitted in zip(found, returned, room, strict=True):
            assert exact.shape == value.shape
            for ball, each, wide in zip(exact.ravel(), np.ravel(value).tolist(), permitted.ravel(), strict=True):
                assert ball.is_finite()
                assert abs(ball - arb(each)) < 2.0**-30 * (1 + abs(ball)), (name, ball, each)
                if wide.is_finite():
                    assert wide.contains(arb(each)), (name, wide, each)
                    assert wide.overlaps(ball)


def test_every_composite_row_is_tried() -> None:
    seen: set[str] = set()
    for name in CASES:
        for closed in _traced(name):
            seen |= {equation.primitive.name for equation in equations(closed.jaxpr)}
    assert set(ROWS) | {"custom_linear_solve", "random_bits"} <= seen
    assert "lt_to" in seen or jax.__version_info__ >= (0, 11), "what searches compare by"


@pytest.mark.once
@pytest.mark.parametrize("name", CASES)
def test_two_points_that_are_read_together_do_not_mix(name: str) -> None:
    both = [balls(np.stack([each * 1.25, each])) for each in CASES[name][1]]
    closed = _traced(name)[0]
    with jax.enable_x64(True), jax.numpy_dtype_promotion("standard"), precision(200):
        together, _ = walk(Exact(), closed, both, 2)
        alone = [walk(Exact(), closed, [each[[row]] for each in both], 1)[0] for row in range(2)]
    for found, *each in zip(together, *alone, strict=True):
        for row, single in enumerate(each):
            assert found.shape[1:] == single.shape[1:]
            for a, b in zip(np.ravel(found[min(row, len(found) - 1)]), single.ravel(), strict=True):
                assert a == b or (a.overlaps(b) and a.rad() < 2.0**-60), (name, row, a, b)


# Not of places, and not of a loop whose number of turns hangs on what was widened.
WIDENED = [name for name in CASES if "places" not in name and name != "exponential integral"]


@pytest.mark.parametrize("name", WIDENED)
def test_wider_in_is_never_narrower_out(name: str) -> None:
    arguments, closed = CASES[name][1], _traced(name)[0]
    with jax.enable_x64(True), jax.numpy_dtype_promotion("standard"), precision(100):
        found: list[list[np.ndarray]] = []
        for radius in (0.0, 2.0**-40, 2.0**-20, 2.0):
            widen = np.frompyfunc(lambda value, r=radius: arb(float(value), r), 1, 1)
            outputs, trail = walk(Exact(), closed, [np.asarray(widen(each))[None] for each in arguments], 1)
            if not trail.lost.any():
                found.append([each.ravel() for each in outputs])
    assert len(found) >= 2
    for inner, outer in itertools.pairwise(found):
        for a, b in zip(np.concatenate(inner), np.concatenate(outer), strict=True):
            assert not b.is_finite() or (a.is_finite() and (b * (1 + arb(0, 2.0**-60))).contains(a)), (a, b)


@pytest.mark.parametrize("name", ["sort", "top_k", "conv same", "conv dilated", "sum pool", "max pool"])
def test_floats_of_float32_stay_inside(name: str) -> None:
    arguments, programs = CASES[name][1], _traced(name, "float32")
    rooms = [
        _read(Rounded(), closed, [each.astype(np.float32) for each in arguments], ROUNDED_BITS) for closed in programs
    ]

    def every(*given: Any) -> list[list[Any]]:
        return [jex.jaxpr_as_fun(closed)(*given) for closed in programs]

    with jax.enable_x64(True):
        ways = [run(*(jnp.asarray(each, jnp.float32) for each in arguments)) for run in (every, jax.jit(every))]
    for returned in ways:
        for (room, lost), values in zip(rooms, returned, strict=True):
            assert not lost
            for permitted, value in zip(room, values, strict=True):
                for ball, each in zip(permitted.ravel(), np.ravel(value).tolist(), strict=True):
                    assert ball.is_finite()
                    assert ball.contains(arb(each))


def _walked(system: Any, fn: Callable[..., Any], *arguments: list[arb]) -> tuple[list[np.ndarray], Any]:
    given = []
    for each in arguments:
        array = np.empty((1, len(each)), dtype=object)
        array[0] = each
        given.append(array)
    with jax.enable_x64(True), precision(100):
        closed = jax.make_jaxpr(fn)(*(jax.ShapeDtypeStruct((len(each),), np.float64) for each in arguments))
        return walk(system, closed, given, 1)


def test_an_open_order_gives_the_hull_of_each_place_and_no_permutation() -> None:
    wide = [arb(1, 0.5), arb(1.25, 0.5), arb(5)]
    (values,), trail = _walked(Exact(), jnp.sort, wide)
    assert not trail.lost.any()
    assert values[0, 0].contains(0.5)
    assert values[0, 0].contains(1.5)
    assert not values[0, 0].contains(1.625)
    assert values[0, 1].contains(0.75)
    assert values[0, 1].contains(1.75)
    assert values[0, 2] == 5
    for system in (Exact(), Rounded()):
        _, trail = _walked(system, jnp.argsort, wide)
        assert trail.lost.all(), "where the order is open the permutation means nothing"
        _, trail = _walked(system, lambda x: lax.top_k(x, 2)[1], wide)
        assert trail.lost.all()
    (values, _), trail = _walked(Exact(), lambda x: lax.top_k(x, 1), wide)
    assert values[0, 0] == 5
    assert not trail.lost.any(), "what lies below the k largest need not be in order"
    (values,), trail = _walked(Exact(), lambda x: lax.top_k(x, 2)[0], wide)
    assert values[0, 1].contains(0.75)
    assert values[0, 1].contains(1.75)
    assert not trail.lost.any(), "nothing asks where the entries were"
    for both in (
        lambda x: lax.top_k(x, 2),
        jax.jit(lambda x: lax.top_k(x, 2)),
        jax.grad(lambda x: lax.top_k(x, 2)[0].sum()),
    ):
        _, trail = _walked(Exact(), both, wide)
        assert trail.lost.all(), "where they were is returned, or used"


def test_what_an_open_order_touches_is_marked() -> None:
    """Over such a point a slope by literals may not be taken."""
    for touches in (jnp.sort, lambda x: lax.top_k(x, 2)[0]):
        _, trail = _walked(Exact(), touches, [arb(1, 0.5), arb(1.25, 0.5), arb(5)])
        assert trail.hulls.all()
        assert not trail.lost.any()
    _, trail = _walked(Exact(), jnp.sort, [arb(1), arb(1.25), arb(5)])
    assert not trail.hulls.any()


def test_floats_know_which_zero_they_are_and_real_numbers_do_not() -> None:
    """In the total order -0 comes before 0: where floats compare by it, two zeros are not decided."""
    total = getattr(importlib.import_module("jax._src.lax.lax"), "lt_to_p", None)
    if total is None:
        pytest.skip("this version of JAX has no total order among its primitives")

    def chosen(x: Any) -> Any:
        return [jnp.where(total.bind(x[:1], x[1:]), 1.0, 2.0)]

    for numbers, in_floats in (([arb(0), arb(0)], (True, True)), ([arb(-1), arb(0)], (True, False))):
        (values,), _ = _walked(Rounded(), chosen, numbers)
        assert (values[0, 0].contains(1), values[0, 0].contains(2)) == in_floats
    (values,), _ = _walked(Exact(), chosen, [arb(0), arb(0)])
    assert values[0, 0] == 2


def test_answers_that_are_open_are_not_sorted_by_a_guess() -> None:
    def ordered(x: Any) -> Any:
        return [lax.sort((jnp.asarray(x > 0), x), num_keys=1)[1]]

    with jax.enable_x64(True), precision(100):
        closed = jax.make_jaxpr(ordered)(np.ones(2))
        given = np.array([[arb(0, 1), arb(1)], [arb(1), arb(-1)]], dtype=object)
        (found,), trail = walk(Exact(), closed, [given], 2)
    assert trail.lost.tolist() == [True, False]
    assert [float(each) for each in found[1]] == [-1.0, 1.0]


def test_of_equal_entries_only_a_stable_sort_knows_the_order() -> None:
    for stable in (True, False):

        def places(x: Any, stable: bool = stable) -> Any:
            return [lax.sort((x, jnp.arange(2)), is_stable=stable, num_keys=1)[1]]

        (found,), trail = _walked(Exact(), places, [arb(1), arb(1)])
        assert trail.lost.tolist() == [not stable]
        assert found.tolist() == [[0, 1]]
    # The third entry is never after the second, but where they are equal it does not come before.
    wide = arb(2, 0.5)
    _, trail = _walked(Exact(), jnp.argsort, [arb(0), wide, wide.lower()])
    assert trail.lost.all()


def test_an_open_order_at_the_end_of_a_row_is_open() -> None:
    row = [arb(0), arb(5, 1), arb(5.5, 1)]
    _, trail = _walked(Exact(), lambda x: jnp.argsort(x.reshape(2, 3), axis=1), row * 2)
    assert trail.lost.all()


def test_whole_numbers_that_are_equal_keep_their_order_in_each_row() -> None:
    keys = np.arange(120).reshape(3, 40) * 7 % 5
    given = np.arange(120.0).reshape(3, 40)
    found = enclose(lambda x: lax.sort((jnp.asarray(keys), x), dimension=1, num_keys=1)[1], given)
    expected = np.take_along_axis(given, np.argsort(keys, axis=1, kind="stable"), axis=1)
    assert [float(each) for each in found.ravel()] == expected.ravel().tolist()


def test_zero_times_an_open_order_with_an_infinity_in_it_has_no_value() -> None:
    """The infinity is among the entries, and JAX makes no number of it and zero."""
    for ordered in (jnp.sort, lambda x: lax.top_k(x, 3)[0]):

        def times(x: Any, ordered: Any = ordered) -> Any:
            return [ordered(jnp.append(x, jnp.inf)) * 0.0]

        (values,), _ = _walked(Exact(), times, [arb(1, 0.5), arb(1.25, 0.5)])
        assert not any(each.is_finite() for each in values[0])


def test_no_point_has_to_show_a_place_below_zero() -> None:
    """JAX asks of every index whether it counts from the end; of a place in an array the answer is known."""

    def whole(x: Any) -> Any:
        return jnp.floor(x).astype(jnp.int64)

    def choices(fn: Callable[..., Any]) -> int:
        found = _walked(Exact(), fn, [arb(1.5), arb(4), arb(-2.25)])[1].branches
        return sum(each.label.startswith("select_n") for each in found.values())

    def asked(place: Any, x: Any) -> Any:
        return jnp.sum(jnp.where(place < 0, -x, x))

    for place in (jnp.argmax, jnp.argsort, lambda x: lax.top_k(x, 2)[1][:1], lambda x: jnp.argmin(x)[None].astype(int)):
        assert choices(lambda x, place=place: asked(place(x), x)) == 0
    # Neither a place that was moved, nor another whole number, nor the values beside places.
    for number in (
        lambda x: jnp.argmax(x) - 1,
        lambda x: whole(x[0]),
        lambda x: lax.top_k(whole(x), 1)[0],
        lambda x: jnp.sort(whole(x))[-1],
        lambda x: lax.linalg.lu(x[:1, None])[0][0, 0].astype(jnp.int64),
    ):
        assert choices(lambda x, number=number: asked(number(x), x)) == 1


def _pool_slope(x: Any) -> Any:
    return jax.grad(lambda v: jnp.sum(lax.reduce_window(v, -jnp.inf, lax.max, v.shape, (1,), "VALID")))(x)


@pytest.mark.parametrize(
    ("fn", "outcomes"),
    [
        (jnp.argsort, 9),
        (lambda x: lax.top_k(x, 2)[1], 6),
        (jnp.argmax, 3),
        (jnp.argmin, 3),
        (jnp.max, 3),
        (jnp.min, 3),
        (_pool_slope, 3),
    ],
    ids=["argsort", "top_k", "argmax", "argmin", "max", "min", "slope of a pool"],
)
def test_of_few_entries_each_has_to_be_seen_at_each_place(fn: Callable[..., Any], outcomes: int) -> None:
    """Of many they need not: the smaller sizes of a claim speak. Nor does the place of what is constant."""

    def places(fn: Callable[..., Any], count: int) -> list[np.ndarray]:
        found = _walked(Exact(), fn, [arb(7 * each % 11) for each in range(count)])[1].branches
        return [branch.seen[:, 0].ravel() for path, branch in found.items() if path.endswith(":place")]

    # The slope of a pool makes two choices, of the largest and of where it stands.
    few = places(fn, 3)
    assert len(few) == len(places(fn, 9)) == (2 if fn is _pool_slope else 1)
    # One entry at each place: of 0, 7 and 3.
    assert (len(few[-1]), int(few[-1].sum())) == (outcomes, -(-outcomes // 3))
    assert not places(fn, 10)
    assert not places(lambda x: (x, fn(jnp.sqrt(jnp.arange(3.0)))), 3)


def test_in_many_rows_of_few_entries_each_has_to_be_seen_at_each_place() -> None:
    numbers = [arb(7 * each % 23) for each in range(20)]
    _, trail = _walked(Exact(), lambda x: jnp.argsort(x.reshape(10, 2), axis=1), numbers)
    (seen,) = (branch.seen for path, branch in trail.branches.items() if path.endswith(":place"))
    # Two places for each of two entries, in ten rows.
    assert (seen.shape, int(seen.sum())) == ((4, 1, 10), 20)


def test_of_a_window_all_but_the_padding_has_to_be_seen() -> None:
    def pool(x: Any) -> Any:
        return lax.reduce_window(x, -jnp.inf, lax.max, (2,), (1,), ((1, 0),))

    for fn in (pool, jax.grad(lambda x: jnp.sum(pool(x)))):
        _, trail = _walked(Exact(), fn, [arb(3), arb(1), arb(2)])
        seen = [branch.seen[:, 0].tolist() for path, branch in trail.branches.items() if path.endswith(":place")]
        assert seen
        assert all(each == [[True, True, False], [True, False, True]] for each in seen)


def test_where_the_largest_of_a_window_is_open_so_is_its_slope() -> None:
    _, trail = _walked(Exact(), _pool_slope, [arb(1, 0.5), arb(1.25, 0.5), arb(0)])
    assert trail.lost.all()


def test_a_tie_is_a_kink_of_a_sort() -> None:
    for fn, tied in ((jnp.argsort, 1), (lambda x: lax.top_k(x, 2)[1], 2), (jnp.sort, 1)):
        _, trail = _walked(Exact(), fn, [arb(1), arb(2), arb(tied)])
        assert trail.kinks.all()
    _, trail = _walked(Exact(), jnp.argsort, [arb(1), arb(2), arb(3)])
    assert not trail.kinks.any()


def test_a_tie_is_a_kink_of_the_slope_of_a_pool() -> None:
    def slope(x: Any) -> Any:
        return jax.grad(lambda v: jnp.sum(lax.reduce_window(v, -jnp.inf, lax.max, (2,), (1,), "VALID")))(x)

    def pushed(x: Any) -> Any:
        return jax.jvp(lambda v: lax.reduce_window(v, -jnp.inf, lax.max, (2,), (1,), "VALID"), (x,), (x,))[1]

    for fn in (slope, pushed):
        for numbers, tied in (([arb(1), arb(2), arb(2)], True), ([arb(1), arb(2), arb(3)], False)):
            _, trail = _walked(Exact(), fn, numbers)
            assert trail.kinks.tolist() == [tied]


def test_a_matrix_that_is_not_positive_definite_has_no_factor() -> None:
    found = enclose(lax.linalg.cholesky, np.array([[1.0, 2.0], [2.0, 1.0]]))
    assert not found[1, 1].is_finite()


def test_at_zero_an_incomplete_gamma_function_does_not_change_with_its_order() -> None:
    assert enclose(lambda a: lax.igamma_grad_a(a, 0 * a), np.array(2.0)) == 0
    assert not enclose(lambda a: lax.igamma_grad_a(a, -a), np.array(2.0)).item().is_finite()


@pytest.mark.parametrize(("x", "value"), [(0.0, 0.0), (1.0, 1.0)])
def test_an_incomplete_beta_function_has_values_at_its_ends(x: float, value: float) -> None:
    for order in (0.5, 3.0):
        assert enclose(lambda b, x=x: lax.betainc(b, 2 * b, x + 0 * b), np.array(order)) == value
        assert (
            not enclose(lambda b, x=x: lax.betainc(b, 2 * b, (3 * x - 1) + 0 * b), np.array(order)).item().is_finite()
        )


def test_equal_pivots_of_balls_are_not_guessed() -> None:
    _, trail = _walked(
        Exact(), lambda x: lax.linalg.lu(jnp.reshape(x, (2, 2)))[0], [arb(1, 0.1), arb(2), arb(-1, 0.1), arb(3)]
    )
    assert trail.lost.all()


def test_nothing_is_claimed_of_floats_of_a_factorisation_or_of_a_16_bit_convolution() -> None:
    for fn, given in ((lax.linalg.cholesky, SPD), (jnp.linalg.inv, SPD)):
        assert not any(ball.is_finite() for ball in np.diag(allowed(fn, given)))
    half = jax.tree.leaves(allowed(_conv(), IMAGE, KERNEL, dtype="bfloat16"))
    assert not any(ball.is_finite() for ball in half[0].ravel())


def test_a_16_bit_convolution_of_several_images_claims_nothing_of_any() -> None:
    given = [np.concatenate([IMAGE, IMAGE]), KERNEL]
    with jax.enable_x64(True):
        closed = jax.make_jaxpr(_conv())(*(jax.ShapeDtypeStruct(each.shape, jnp.bfloat16) for each in given))
        (found,), _ = walk(Rounded(), closed, [balls(each)[None] for each in given], 1)
    assert found.shape == (1, 2, 2, 3, 3)
    assert not any(ball.is_finite() for ball in found.ravel())


def test_running_sums_of_exponentials_stay_in_their_row() -> None:
    found = enclose(lambda x: lax.cumlogsumexp(x, axis=1), SPD)
    with precision(300):
        for row, numbers in zip(found, SPD.tolist(), strict=True):
            for count, ball in enumerate(row.tolist(), 1):
                exact = sum((arb(each).exp() for each in numbers[:count]), start=arb(0)).log()
                assert ball.overlaps(exact)
                assert ball.rad() < 2.0**-40, "a wide ball would hold anything"


def test_a_perturbed_solution_is_refused() -> None:
    def solved(perturb: bool) -> Callable[..., Any]:
        return lambda *each: lax.linalg.tridiagonal_solve(*each, perturb_singular=perturb)

    given = [np.array(each) for each in ([0.0, 1.0], [4.0, 2.0], [1.0, 0.0])] + [np.array([[1.0], [2.0]])]
    assert np.ravel(enclose(solved(False), *given))[0].is_finite()
    with pytest.raises(UnsupportedPrimitive, match="perturbed"):
        enclose(solved(True), *given)


def _scattered_by(comparison: Any, x: Any) -> Any:
    windowed = importlib.import_module("jax._src.lax.windowed_reductions")
    return windowed._select_and_scatter_add(x[:3], x, comparison, (2,), (1,), ((0, 0),))


def test_what_has_no_row_says_so() -> None:
    with pytest.raises(UnsupportedPrimitive, match="schur"):
        enclose(jax.scipy.linalg.schur, SPD)
    # A value that is combined with the result as often as the compiler likes leaves the result open.
    with pytest.raises(UnsupportedPrimitive, match="reduce_window from a value that may change the result"):
        enclose(lambda x: lax.reduce_window(x, 2.0, lax.mul, (2,), (1,), "SAME"), X)
    with pytest.raises(UnsupportedPrimitive, match="reduce_window from a value that may change the result"):
        enclose(lambda x: lax.reduce_window(x, jnp.exp(x[0] - x[0] / 3), lax.mul, (2,), (1,), "SAME"), X)
    with pytest.raises(UnsupportedPrimitive, match="sort by 2 keys"):
        enclose(lambda x: lax.sort((jnp.array([1, 0, 1, 0]), x), num_keys=2)[1], X)
    with pytest.raises(UnsupportedPrimitive, match="select_and_scatter_add by gt"):
        enclose(lambda x: _scattered_by(lax.gt_p, x), X)
    with pytest.raises(UnsupportedPrimitive, match="approx_top_k before it is put together"):
        enclose(lambda x: lax.approx_max_k(x, 2, aggregate_to_topk=False)[0], X)


def test_a_window_of_padding_alone_has_no_slope() -> None:
    def slopes(x: Any) -> Any:
        pooled = lambda v: lax.reduce_window(v, -jnp.inf, lax.max, (2,), (1,), ((2, 0),))  # noqa: E731
        return jax.vjp(pooled, x)[1](jnp.array([0.5, 1.0, 2.0, 3.0, 4.0], x.dtype))[0]

    with jax.enable_x64(True):
        returned = slopes(jnp.asarray(X)).tolist()
    assert [float(each) for each in enclose(slopes, X)] == returned


def test_of_what_lands_on_one_place_in_any_order_nothing_is_claimed_of_floats() -> None:
    def multiplied(places: list[int]) -> Any:
        return allowed(lambda x: x.at[jnp.array(places)].multiply(jnp.array([3.0, 5.0], x.dtype)), X)

    assert all(each.is_finite() for each in multiplied([0, 1]))
    assert not any(each.is_finite() for each in multiplied([0, 0]))


def test_whole_numbers_are_sorted_below_zero_too() -> None:
    found = enclose(
        lambda k, x: lax.sort((k, x), num_keys=1)[1], np.array([3, -1, 2, -2]), np.array([3.0, -1.0, 2.0, -2.0])
    )
    assert [float(each) for each in found] == [-2.0, -1.0, 2.0, 3.0]


def test_of_products_in_any_order_nothing_is_claimed_of_floats() -> None:
    def combined(x: Any) -> Any:
        return lax.reduce(x, x.dtype.type(0.0), lambda a, b: a + b + a * b, (0,))

    assert float(enclose(combined, np.array([1.0, 2.0, 3.0]))[()]) == 23
    assert not allowed(combined, np.array([1.0, 2.0, 3.0]))[()].is_finite()


def test_what_windows_start_with_is_that_of_each_point() -> None:
    def scattered(x: Any, start: Any) -> Any:
        from jax._src.lax.windowed_reductions import _select_and_scatter

        return _select_and_scatter(x, lax.ge, (2,), (2,), ((0, 0),), x[:2] + 4.0, start, lax.add)

    with _as_users_have_it():
        closed = jax.make_jaxpr(scattered)(np.zeros(4), 0.0)
        given = [balls(np.array([[1.0, 3.0, 2.0, 0.0], [6.0, 5.0, 1.0, 1.0]])), balls(np.array([0.5, 8.0]))]
        (found,), _ = walk(Exact(), closed, given, 2)
    assert [[float(each) for each in row] for row in found] == [[0.5, 5.5, 7.5, 0.5], [18.0, 8.0, 17.0, 8.0]]


def test_a_window_that_starts_with_one_at_the_first_point_alone_is_refused() -> None:
    def product(x: Any, start: Any) -> Any:
        return lax.reduce_window(x, start, lambda a, b: a * b, (2,), (1,), "SAME")

    with _as_users_have_it():
        closed = jax.make_jaxpr(product)(np.zeros(3), 0.0)
        with pytest.raises(UnsupportedPrimitive, match="reduce_window from a value that may change the result"):
            walk(Exact(), closed, [balls(np.ones((2, 3))), balls(np.array([1.0, 3.0]))], 2)


def test_groups_of_rows_have_the_sizes_of_their_own_batch_and_row() -> None:
    """Batches run along the second axis, and what is free beside the rows along the first: sizes name batches first."""
    sizes = np.array([[[1, 2], [3, 0], [0, 3]], [[2, 1], [1, 1], [0, 0]]])
    a, b = np.arange(36.0).reshape(3, 2, 3, 2) - 17, np.arange(16.0).reshape(2, 2, 2, 2) - 5
    wanted = np.zeros((2, 3, 3, 2))
    for batch, free, row in np.ndindex(2, 3, 3):
        group = int(np.searchsorted(np.cumsum(sizes[batch, free]), row, side="right"))
        if group < 2:
            wanted[batch, free, row] = a[free, batch, row] @ b[group, batch]
    found = enclose(_ragged((((3,), (2,)), ((1,), (1,))), [2], [0], sizes), a, b)
    assert [float(each) for each in found.ravel()] == wanted.ravel().tolist()


def test_sizes_of_groups_may_be_the_same_in_each_batch() -> None:
    numbers = (((2,), (2,)), ((0,), (1,)))
    given = [np.arange(12.0).reshape(2, 3, 2), np.arange(24.0).reshape(3, 2, 2, 2) - 11]
    once, each = (_ragged(numbers, [1], [0], np.array(sizes)) for sizes in ([1, 2, 0], [[1, 2, 0]] * 2))
    assert (enclose(once, *given) == enclose(each, *given)).all()


@pytest.mark.parametrize("kind", ["add", "multiply", "min", "max", "subtract"])
def test_what_is_scattered_beyond_the_end_is_dropped(kind: str) -> None:
    def scattered(x: Any) -> Any:
        return getattr(x.at[jnp.array([0, 7])], kind)(jnp.array([3.0, 100.0]), mode="drop")

    with jax.enable_x64(True):
        assert [float(each) for each in enclose(scattered, X)] == scattered(jnp.asarray(X)).tolist()


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("polygamma", (-1.0, 2.0)),
        ("polygamma", (0.5, 2.0)),
        ("igamma", (-0.5, 2.0)),
        ("igammac", (-0.5, 2.0)),
        ("igammac", (2.0, -0.5)),
        ("igamma_grad_a", (-1.0, 0.0)),
        ("igamma_grad_a", (-0.5, 0.0)),
    ],
)
def test_functions_of_two_numbers_have_no_ball_where_they_are_not_defined(name: str, given: tuple[float, ...]) -> None:
    assert not enclose(getattr(lax, name), *map(np.array, given))[()].is_finite()


def test_polygamma_functions_have_whole_orders() -> None:
    from verify.readings.composite import _polygamma

    assert _polygamma(arb(0), arb(1)).overlaps(-arb.const_euler())
    assert _polygamma(arb(1), arb(1)).overlaps(arb.pi() ** 2 / 6)
    assert not any(_polygamma(arb(order, 0.1), arb(1)).is_finite() for order in (0, 2))


def test_outside_its_domain_a_special_function_has_no_ball() -> None:
    assert not enclose(lax.zeta, np.array(0.5), np.array(0.5)).item().is_finite()
    assert not enclose(lax.igamma, np.array(0.0), np.array(0.0)).item().is_finite()
    for orders in ((0.0, 2.0), (2.0, 0.0)):
        assert not enclose(lax.betainc, *map(np.array, orders), np.array(0.0)).item().is_finite()


def test_whole_numbers_wrap_around_as_they_do_in_jax() -> None:
    def fn(x: Any) -> Any:
        big = jnp.uint32(4_000_000_000) + jnp.uint32(500_000_000)
        return x * (big >> jnp.uint32(3)).astype(x.dtype)

    with jax.enable_x64(True):
        assert enclose(fn, np.array([1.0]))[0] == int(fn(jnp.ones(1))[0])


def test_special_functions_of_one_and_two_numbers_are_those_of_many_digits() -> None:
    """To thirty digits, rounded; those of the slope come from a difference, which mpmath takes with more."""
    from mpmath import mp

    def digits(ball: arb) -> str:
        with precision(200):
            return ball.str(30, radius=False)

    with mp.workdps(60):
        a, x = mp.mpf(1.75), mp.mpf(0.625)
        cases: list[tuple[Callable[..., Any], tuple[float, ...], Any]] = [
            (lax.igammac, (1.75, 0.625), mp.gammainc(a, x, mp.inf, regularized=True)),
            (lax.igamma_grad_a, (1.75, 0.625), mp.diff(lambda o: mp.gammainc(o, 0, x, regularized=True), a)),
            (lax.bessel_i0e, (-0.625,), mp.besseli(0, -x) * mp.exp(-x)),
            (lax.bessel_i1e, (-0.625,), mp.besseli(1, -x) * mp.exp(-x)),
        ]
        for fn, given, expected in cases:
            assert digits(enclose(fn, *map(np.array, given)).item()) == mp.nstr(expected, 30, strip_zeros=False)


def test_the_smallest_of_each_window_is_one_of_its_numbers() -> None:
    fn = _pool(lax.min, np.inf, window_dimensions=(2,), window_strides=(1,))
    assert [float(each) for each in enclose(fn, X)] == [-1.5, 0.3, 0.75, 0.75]


# ---------------------------------------------------------------------------------------------------------------
# A primitive of a user.


def _made_up(name: str) -> Callable[..., Any]:
    """Make x ↦ x³ + shift, a primitive of its own."""
    primitive = jex.Primitive(name)
    primitive.def_abstract_eval(lambda x, *, shift: x)
    primitive.def_impl(lambda x, *, shift: x**3 + shift)
    mlir.register_lowering(primitive, mlir.lower_fun(lambda x, *, shift: x**3 + shift, multiple_results=False))
    batching.defvectorized(primitive)
    return lambda x: primitive.bind(x, shift=2)


@pytest.fixture
def forget() -> Any:
    before = dict(RULES)
    yield
    RULES.clear()
    RULES.update(before)


def test_a_rule_for_a_primitive_of_ones_own(forget: None) -> None:
    cube = _made_up("made_up_cube")
    with pytest.raises(UnsupportedPrimitive, match="made_up_cube"):
        enclose(cube, X)
    register_primitive("made_up_cube", exact=lambda x, shift: x * x * x + shift, rounded=8)
    assert enclose(cube, X)[2] == arb(2.25) ** 3 + 2
    with jax.enable_x64(True):
        for dtype in ("float64", "float32"):
            given = jnp.asarray(X, dtype)
            for ball, value in zip(allowed(cube, X, dtype=dtype), np.asarray(cube(given)).tolist(), strict=True):
                assert ball.is_finite()
                assert ball.contains(arb(value))
                assert not ball.is_exact()


def test_a_rule_that_is_registered_anew_is_the_one_that_is_read(forget: None) -> None:
    cube = _made_up("made_up_anew")
    claim = Claim(
        id="anew",
        autodiff=Derivative(lambda x: jnp.sum(cube(x)), "value"),
        by_hand=lambda x: jnp.sum(x**3 + 2),
        domain={"x": Reals("n")},
        sizes={"n": (2,)},
    )
    register_primitive("made_up_anew", exact=lambda x, shift: x * x * x + shift)
    assert check(claim, budget="quick").status is Status.HOLDS
    register_primitive("made_up_anew", exact=lambda x, shift: x * x * x - shift)
    assert check(claim, budget="quick").status is Status.FAILS


def test_whole_numbers_that_a_rule_returns_are_not_rounded(forget: None) -> None:
    cube = _made_up("made_up_whole")
    whole = [3, -4, 2**53 + 1, 10**30 + 7]
    register_primitive("made_up_whole", exact=lambda x, shift: np.array(whole, dtype=object))
    assert [int(each.unique_fmpz()) for each in enclose(cube, X)] == whole


def test_without_a_rounded_rule_nothing_is_claimed_of_floats(forget: None) -> None:
    cube = _made_up("made_up_bare")
    register_primitive("made_up_bare", exact=lambda x, shift: x * x * x + shift)
    assert not any(ball.is_finite() for ball in allowed(cube, X))


def test_a_rounded_rule_may_be_a_function_of_balls(forget: None) -> None:
    cube = _made_up("made_up_own")

    def rounded(x: Any, dtype: str, shift: int) -> Any:
        assert dtype == "float32"
        return x * x * x + shift + arb(0, 1)

    register_primitive("made_up_own", exact=lambda x, shift: x * x * x + shift, rounded=rounded)
    assert all(ball.contains(ball.mid() + arb(0.5)) for ball in allowed(cube, X, dtype="float32"))


@pytest.mark.parametrize(
    ("exact", "message"),
    [
        (lambda x, shift: x[:2], "returns shape"),
        (lambda x, shift: [x, x], "returns 2 arrays"),
        (lambda x, shift: np.zeros(x.shape), "expected flint.arb"),
    ],
)
def test_a_rule_that_returns_something_else_says_so(forget: None, exact: Any, message: str) -> None:
    cube = _made_up("made_up_wrong")
    register_primitive("made_up_wrong", exact=exact)
    with pytest.raises(ClaimError, match=message):
        enclose(cube, X)


@pytest.mark.parametrize(
    ("name", "given", "problem", "message"),
    [
        (len, {"exact": abs}, TypeError, "a primitive, or its name as a string"),
        ("", {"exact": abs}, ValueError, "empty"),
        ("p", {"exact": 3}, TypeError, "function of balls"),
        ("p", {"exact": abs, "rounded": "much"}, TypeError, "units of roundoff"),
        ("p", {"exact": abs, "rounded": -1}, ValueError, "positive"),
        ("p", {"exact": abs, "rounded": float("inf")}, ValueError, "positive"),
    ],
)
def test_wrong_registrations_say_what_is_wrong(name: Any, given: Any, problem: Any, message: str) -> None:
    with pytest.raises(problem, match=message):
        register_primitive(name, **given)


def test_a_primitive_that_has_a_rule_is_not_replaced(forget: None) -> None:
    register_primitive("exp", exact=lambda x: x)
    with pytest.raises(ClaimError, match="has a rule already"):
        enclose(jnp.exp, X)


def _power(name: str, exponent: int) -> Any:
    """Make x ↦ x to some power, a primitive without a batching rule."""
    primitive = jex.Primitive(name)
    primitive.def_abstract_eval(lambda x: x)
    primitive.def_impl(lambda x: x**exponent)
    mlir.register_lowering(primitive, mlir.lower_fun(lambda x: x**exponent, multiple_results=False))
    return primitive


def _value(id_: str, primitive: Any, exponent: int) -> Claim:
    return Claim(
        id=id_,
        autodiff=Derivative(lambda x: jnp.sum(primitive.bind(x)), "value"),
        by_hand=lambda x: jnp.sum(x**exponent),
        domain={"x": Reals("n")},
        sizes={"n": (2,)},
    )


def test_two_primitives_of_one_name_each_have_a_rule_of_their_own(forget: None) -> None:
    third, fourth = _power("made_up_twin", 3), _power("made_up_twin", 4)
    register_primitive(third, exact=lambda x: x * x * x)
    with pytest.raises(UnsupportedPrimitive, match="made_up_twin"):
        enclose(fourth.bind, X)
    register_primitive(fourth, exact=lambda x: x * x * x * x)
    assert enclose(third.bind, X)[2] == arb(2.25) ** 3
    assert enclose(fourth.bind, X)[2] == arb(2.25) ** 4
    # The two programs print alike, and readings are shared between claims.
    verdicts = [
        check(_value(f"twin.{number}", primitive, exponent), budget="quick").status
        for number, (primitive, exponent) in enumerate([(third, 3), (fourth, 4), (fourth, 3), (third, 4)])
    ]
    assert verdicts == [Status.HOLDS, Status.HOLDS, Status.FAILS, Status.FAILS]


def _file(folder: Path, name: str, text: str) -> Any:
    file = folder / f"{name}.py"
    file.write_text(text)
    spec = importlib.util.spec_from_file_location(name, file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module


TWIN = """
from jax.extend.core import Primitive
from verify import register_primitive

twin = Primitive("made_up_shared")
twin.def_abstract_eval(lambda x: x)
twin.def_impl(lambda x: x)
"""


def test_a_rule_for_a_name_that_two_files_use_is_refused(
    forget: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rule = 'register_primitive("made_up_shared", exact=lambda x: x * x)'
    one = _file(tmp_path, "made_up_one", TWIN + rule)
    monkeypatch.setitem(sys.modules, "made_up_one", one)
    assert enclose(one.twin.bind, X)[2] == arb(2.25) ** 2
    again = _file(tmp_path, "made_up_one", TWIN + rule)  # the same file once more is no other file
    assert enclose(again.twin.bind, X)[2] == arb(2.25) ** 2
    with pytest.raises(ValueError, match=r"made_up_one.py:8 has given it a rule, and made_up_two.py:8 gives"):
        _file(tmp_path, "made_up_two", TWIN + rule)
    # A file that makes such a primitive without a rule must not get the other's.
    two = _file(tmp_path, "made_up_two", TWIN)
    monkeypatch.setitem(sys.modules, "made_up_two", two)
    for module in (again, two):
        with pytest.raises(ClaimError, match=r"several primitives are named 'made_up_shared' \(made_up_one"):
            enclose(module.twin.bind, X)
    register_primitive(two.twin, exact=lambda x: x * x * x)
    assert enclose(two.twin.bind, X)[2] == arb(2.25) ** 3


def test_a_primitive_without_a_rule_of_jax_says_what_gives_it_one(forget: None) -> None:
    cube = _power("made_up_single", 3)
    register_primitive(cube, exact=lambda x: x * x * x)
    mapped = replace(
        _value("single.mapped", cube, 3),
        autodiff=Derivative(lambda x: jnp.sum(jax.vmap(cube.bind)(x)), "value"),
    )
    slope = replace(
        _value("single.slope", cube, 3), autodiff=Derivative(lambda x: jnp.sum(cube.bind(x)), "gradient", "x")
    )
    for claim, call in ((mapped, r"batching\.defvectorized"), (slope, r"ad\.defjvp")):
        with pytest.raises(ClaimError, match=rf"'made_up_single' needs .*{call}.*add-a-primitive"):
            check(claim, budget="quick")
    # Which of its own JAX has no rule for is another matter in every version.
    said = explained(NotImplementedError("Differentiation rule for 'nextafter' not implemented"))
    assert "JAX has no such rule for its own 'nextafter'" in said
    # Its value needs no batches but for floats that are run in some.
    assert check(_value("single.value", cube, 3), budget="quick").status is Status.HOLDS


def test_a_map_of_a_primitive_without_a_batching_rule_says_what_gives_it_one(forget: None) -> None:
    cube = _power("made_up_mapped", 3)
    register_primitive(cube, exact=lambda x: x * x * x)
    given = Map(
        id="cube.map",
        title="cubes",
        axes=(Axis(name="x", values=(0.5, 1.0)),),
        point=lambda x: {"x": x},
        quantities={"cube": Quantity(fn=lambda x: cube.bind(x))},
    )
    with pytest.raises(MapError, match=r"cube: Batching rule .*'made_up_mapped' needs .*batching\.defvectorized"):
        sweep(given)
    batching.defvectorized(cube)
    assert sweep(given).values["cube", "float64"].tolist() == [[0.125], [1.0]]


def test_floats_that_are_met_on_the_way_to_a_ball_are_warned_of_by_nobody() -> None:
    """Here a series of a large argument; warnings are errors in these tests."""
    found = enclose(lax.igamma_grad_a, np.array([484.4, 2.0]), np.array([484.4, 1.0]))
    assert all(each.is_finite() for each in np.ravel(found))
