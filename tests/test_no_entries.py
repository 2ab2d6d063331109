"""Arrays without entries, as `x[1:]` is of one number: every reading returns the shapes and numbers that JAX does."""

import math
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flint import arb
from jax import lax

from verify.claim import UnsupportedPrimitive
from verify.domain import Reals
from verify.engines import BUDGETS, judge
from verify.readings.exact import Exact, balls, precision
from verify.readings.interpreter import walk
from verify.readings.ranges import FINITE, Ranges, ranges
from verify.readings.rounded import Rounded

pytestmark = pytest.mark.once


def _square(x: Any) -> Any:
    return jnp.outer(x, x)


def _rows(x: Any) -> Any:
    """No rows of two entries."""
    return x[:, None] * jnp.ones((1, 2))


PROGRAMS: dict[str, Callable[[Any], Any]] = {
    "sort": jnp.sort,
    "places in order": jnp.argsort,
    "largest few": lambda x: lax.top_k(x, 0),
    "sorted rows": lambda x: jnp.sort(_rows(x), axis=1),
    "largest of rows": lambda x: (lax.top_k(_rows(x), 1), jnp.max(_rows(x), axis=1), jnp.argmax(_rows(x), axis=1)),
    "largest of columns": lambda x: jnp.max(_rows(x), axis=0, initial=2.0),
    "extrema of nothing": lambda x: (lax.reduce_max(_rows(x), (0,)), lax.reduce_min(_rows(x), (0,))),
    "smallest": lambda x: jnp.min(x, initial=2.0),
    "running sums": lambda x: (jnp.cumsum(x), lax.cumsum(x, reverse=True), jnp.cumsum(_rows(x), axis=1)),
    "running products": jnp.cumprod,
    "running extrema": lambda x: (lax.cummax(x), lax.cummin(x, reverse=True)),
    "running logarithms": lax.cumlogsumexp,
    "sum": lambda x: (jnp.sum(x), jnp.sum(_rows(x), axis=0), jnp.sum(_rows(x), axis=1)),
    "product": lambda x: (jnp.prod(x), jnp.prod(_rows(x), axis=0)),
    "scalar product": lambda x: x @ x,
    "outer product": _square,
    "products of rows": lambda x: jnp.einsum("ij,ij->i", _rows(x), _rows(x)),
    "products of nothing": lambda x: (jnp.einsum("i,j->ij", x, jnp.ones(2)), _rows(x).T @ _rows(x)),
    "choice": lambda x: jnp.where(x > 0, x, 1.0),
    "extrema": lambda x: (jnp.maximum(x, 0.5), jnp.clip(x, 0.0, 1.0), jnp.abs(x), jnp.sign(x)),
    "steps": lambda x: (jnp.round(x), jnp.floor(x), x % 2),
    "truths": lambda x: (jnp.any(x > 0), jnp.all(x > 0), jnp.sum(x > 0), jnp.isfinite(x)),
    "elementary": lambda x: (jnp.exp(x), jnp.log(x), jnp.tanh(x), lax.erf(x), x**3, jnp.abs(x) ** 1.5, 1 / x),
    "moved": lambda x: (x[::-1], jnp.pad(x, 1), jnp.concatenate([x, x]), x.reshape(0, 2), jnp.broadcast_to(x, (3, 0))),
    "taken": lambda x: (x[jnp.zeros(0, int)], jnp.take(jnp.arange(3.0), jnp.where(x > 0, 1, 0))),
    "put": lambda x: (jnp.zeros(3).at[jnp.arange(len(x))].add(x), jnp.zeros(3).at[jnp.arange(len(x))].set(x)),
    "slices": lambda x: (lax.dynamic_slice(x, (0,), (0,)), lax.dynamic_update_slice(jnp.zeros(3), x, (1,))),
    "scan": lambda x: lax.scan(lambda c, t: (c + t, c * t), 0.0, x),
    "loop": lambda x: lax.fori_loop(0, 3, lambda _, c: c * 2, x),
    "branch": lambda x: lax.cond(jnp.sum(x) > 0, lambda: x, lambda: -x),
    "windows": lambda x: lax.reduce_window(x, 0.0, lax.add, (1,), (1,), "VALID"),
    "convolution": lambda x: jnp.convolve(jnp.concatenate([x, jnp.ones(3)]), jnp.ones(2)),
    "segments": lambda x: jax.ops.segment_sum(x, jnp.zeros(len(x), int), 2),
    "complex": lambda x: (jnp.abs(jnp.fft.fft(x[:, None], axis=1)), jnp.real(lax.complex(x, x))),
    "factors": lambda x: (lax.linalg.cholesky(_square(x)), jnp.linalg.qr(_square(x))[1], lax.linalg.lu(_square(x))[0]),
    "eigenvalues": lambda x: (jnp.linalg.eigh(_square(x))[0], jnp.linalg.svd(_square(x), compute_uv=False)),
    "systems": lambda x: (jnp.linalg.solve(_square(x), x), jnp.linalg.inv(_square(x))),
    "triangular systems": lambda x: lax.linalg.triangular_solve(_square(x), x[:, None], left_side=True),
    "gamma": lambda x: (lax.lgamma(x), lax.digamma(x), lax.igamma(jnp.abs(x) + 1, jnp.abs(x) + 1)),
    "formats": lambda x: (x.astype("float32"), lax.reduce_precision(x, 8, 7)),
}


def _floats(fn: Callable[[Any], Any]) -> Callable[[Any], list[Any]]:
    """What a program returns of nothing, and the gradient of the sum of all floats that it returns."""

    def total(x: Any) -> Any:
        leaves = [each for each in jax.tree.leaves(fn(x[2:])) if jnp.issubdtype(each.dtype, jnp.floating)]
        return jnp.sum(x**2) + sum(jnp.sum(each.astype(x.dtype)) for each in leaves)

    return lambda x: [*jax.tree.leaves(fn(x[2:])), jax.grad(total)(x)]


@pytest.mark.parametrize("name", PROGRAMS)
def test_readings_of_nothing_are_those_of_jax(name: str) -> None:
    points = np.array([[0.5, -1.5], [2.0, 0.25], [-3.0, 1.0]])
    fn = _floats(PROGRAMS[name])
    with jax.enable_x64(True), precision(120), jax.numpy_dtype_promotion("standard"), jax.numpy_rank_promotion("allow"):
        closed = jax.make_jaxpr(fn)(points[0])
        returned = [[np.asarray(each, np.float64) for each in fn(point)] for point in points]
        for system in (Exact(), Rounded(), Ranges()):
            given = ranges(FINITE, shape=(1, 2)) if isinstance(system, Ranges) else balls(points)
            try:
                found, _ = walk(system, closed, [given], len(given))
            except UnsupportedPrimitive:
                assert isinstance(system, Ranges)
                assert name == "complex"
                continue
            assert [each.shape[1:] for each in found] == [each.shape for each in returned[0]]
            for point in range(0 if isinstance(system, Ranges) else 3):
                for each, value in zip(found, returned[point], strict=True):
                    row = each[[min(point, len(each) - 1)]].ravel()
                    for one, number in zip(row.tolist(), value.ravel().tolist(), strict=True):
                        same = one.contains(arb(number)) if isinstance(one, arb) else one == number
                        assert same or not math.isfinite(number)


@pytest.mark.parametrize("name", ["sort", "running sums", "largest of rows", "windows", "triangular systems"])
def test_a_claim_of_which_a_part_has_no_entries_is_decided(name: str) -> None:
    from verify import Claim, Derivative, Status

    def fn(x: Any) -> Any:
        leaves = [each for each in jax.tree.leaves(PROGRAMS[name](x[2:])) if jnp.issubdtype(each.dtype, jnp.floating)]
        return jnp.sum(x**2) + sum(jnp.sum(each) for each in leaves)

    for by_hand, status in ((lambda x: 2 * x, Status.HOLDS), (lambda x: 3 * x, Status.FAILS)):
        claim = Claim(
            id="nothing",
            autodiff=Derivative(fn, wrt="x"),
            by_hand=by_hand,
            domain={"x": Reals("n")},
            sizes={"n": (2,)},
        )
        verdicts = judge(claim, BUDGETS["quick"])
        assert status in [each.status for each in verdicts]
        assert not ({Status.HOLDS, Status.FAILS} - {status}) & {each.status for each in verdicts}
