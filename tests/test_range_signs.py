"""Signs in the range reading, against points: what a point shows is allowed, and of simple operations nothing else."""

import itertools
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax

from verify.readings.exact import Exact, balls, precision
from verify.readings.interpreter import walk
from verify.readings.ranges import MINUS, NONE, PLUS, Ranges, of_signs

pytestmark = pytest.mark.once

ANY = MINUS | NONE | PLUS
BIT = {-1: MINUS, 0: NONE, 1: PLUS}
# Every sign, at two sizes, so that sums and differences come out either way.
VALUES = (-3.0, -0.5, 0.0, 0.5, 3.0)
SETS = (MINUS, NONE, PLUS, MINUS | NONE, NONE | PLUS, MINUS | PLUS, ANY)

# Of these nothing is allowed that no point shows.
SHARP: dict[str, Callable[..., Any]] = {
    "add": lambda x, y: x + y,
    "sub": lambda x, y: x - y,
    "mul": lambda x, y: x * y,
    "neg": lambda x, y: -x,
    "abs": lambda x, y: jnp.abs(x),
    "square": lambda x, y: lax.square(x),
    "fourth power": lambda x, y: lax.integer_pow(x, 4),
    "cube": lambda x, y: lax.integer_pow(x, 3),
    "exp": lambda x, y: jnp.exp(x) + 0 * y,
    "logistic": lambda x, y: lax.logistic(x),
    "erfc": lambda x, y: lax.erfc(x),
    "tanh": lambda x, y: jnp.tanh(x),
    "expm1": lambda x, y: jnp.expm1(y),
    "sign": lambda x, y: jnp.sign(x),
    "select by lt": lambda x, y: lax.select(x < 0, y, -y),
    "select by le": lambda x, y: lax.select(x <= 0, y, -y),
    "select by gt": lambda x, y: lax.select(x > 0, y, -y),
    "select by ge": lambda x, y: lax.select(x >= 0, y, -y),
    "select by eq": lambda x, y: lax.select(x == 0, y, -y),
    "select by ne": lambda x, y: lax.select(x != 0, y, -y),
    "select by two": lambda x, y: lax.select(x < y, jnp.ones_like(x), -jnp.ones_like(x)),
    "select by two closed": lambda x, y: lax.select(x >= y, jnp.ones_like(x), -jnp.ones_like(x)),
    "not a number": lambda x, y: jnp.where(jnp.isnan(x), jnp.nan, 1.0) * y,
    "equal to itself": lambda x, y: [
        lax.select(answer, y, 2 * y) for answer in (x >= x, x <= x, x == x, x != x, x < x, x > x)
    ],
    "finite": lambda x, y: lax.select(jnp.isfinite(x), y, -y),
    "answer as a number": lambda x, y: (x < 0).astype(x.dtype) * y,
    "largest entry": lambda x, y: jnp.max(jnp.stack([x, x])),
    "constants": lambda x, y: jnp.array([2.0, -2.0, 0.0]) * x,
}
# These are only allowed too much.
WIDE: dict[str, Callable[..., Any]] = {
    "max": lambda x, y: jnp.maximum(x, y),
    "min": lambda x, y: jnp.minimum(x, y),
    "sum of entries": lambda x, y: jnp.sum(jnp.stack([x, y])),
    "clamp": lambda x, y: lax.clamp(-1.0, x, 2.0) + lax.clamp(x, y, x + 1),
    "cumsum": lambda x, y: jnp.cumsum(jnp.stack([x, y, x])),
    "sums of three": lambda x, y: jnp.sum(jnp.stack([x, y, x * y])),
    "largest": lambda x, y: (jnp.max(jnp.stack([x, y])), jnp.min(jnp.stack([x, y]))),
    "quotient": lambda x, y: x / (1 + y * y),
    "function without a row": lambda x, y: jnp.cos(x) * jnp.sin(y),
    "select of a select": lambda x, y: lax.select(lax.select(x < 0, x, y) > 0, x - y, x + y),
    "several axes": lambda x, y: jnp.sum(jnp.outer(jnp.stack([x, y]), jnp.stack([y, x + y])), axis=0),
}


def given(kinds: int) -> Any:
    """A number that may have these signs."""
    return of_signs(frozenset(sign for sign, bit in BIT.items() if kinds & bit), ())


def traced(fn: Callable[..., Any]) -> Any:
    """A function of two numbers."""
    with jax.enable_x64(True):
        number = jax.ShapeDtypeStruct((), np.float64)
        return jax.make_jaxpr(lambda x, y: jax.tree.leaves(fn(x, y)))(number, number)


def flat(outputs: list[Any], points: int) -> np.ndarray:
    """All components, a row a point."""
    return np.concatenate(
        [np.broadcast_to(each, (points, *each.shape[1:])).reshape(points, -1) for each in outputs], axis=1
    )


@pytest.mark.parametrize("name", [*SHARP, *WIDE])
def test_what_a_point_shows_is_allowed(name: str) -> None:
    closed = traced({**SHARP, **WIDE}[name])
    points = np.array(list(itertools.product(VALUES, VALUES)))
    with precision(200):
        outputs, trail = walk(Exact(), closed, [balls(points[:, 0]), balls(points[:, 1])], len(points))
        assert not trail.lost.any()
        truth = np.vectorize(lambda ball: BIT[int(float(ball.sgn()))])(flat(outputs, len(points)))
    signs_of_points = np.vectorize(lambda value: BIT[int(np.sign(value))])(points)
    for x, y in itertools.product(SETS, SETS):
        allowed, reached = walk(Ranges(), closed, [given(x), given(y)], 1)
        here = ((signs_of_points & [x, y]) != 0).all(axis=1)
        shown = np.bitwise_or.reduce(truth[here], axis=0)
        (kinds,) = flat([each["kinds"] for each in allowed], 1)
        assert ((shown & kinds) == shown).all(), (x, y, shown, kinds)
        if name in SHARP:
            assert (shown == kinds).all(), (x, y, shown, kinds)
        assert reached.branches.keys() == trail.branches.keys()
        for place, branch in trail.branches.items():
            for outcome, mask in enumerate(branch.seen):
                seen = bool(mask[here].any())
                possible = bool(reached.branches[place].seen[outcome].any())
                assert possible or not seen, (x, y, branch.label, outcome)
                # Which sign zero has is left open by points.
                if name in SHARP and name not in ("sign", "abs"):
                    assert possible == seen, (x, y, branch.label, outcome)


@pytest.mark.parametrize(
    ("name", "signs", "reached"),
    [
        ("max", (PLUS, MINUS), [False, True]),
        ("max", (PLUS, NONE), [False, True]),
        ("max", (MINUS, NONE | PLUS), [True, False]),
        ("max", (ANY, PLUS), [True, True]),
        ("min", (PLUS, MINUS), [True, False]),
        ("min", (MINUS, NONE), [False, True]),
        ("sign", (PLUS, ANY), [False, True]),
        ("sign", (MINUS, ANY), [True, False]),
        ("sign", (NONE | PLUS, ANY), [False, True]),
        ("sign", (MINUS | NONE, ANY), [True, False]),
        ("sign", (MINUS | PLUS, ANY), [True, True]),
    ],
    ids=map(str, range(11)),
)
def test_a_choice_that_signs_decide_has_one_outcome(name: str, signs: tuple[int, int], reached: list[bool]) -> None:
    _, trail = walk(Ranges(), traced({**SHARP, **WIDE}[name]), [given(each) for each in signs], 1)
    (branch,) = trail.branches.values()
    assert [bool(branch.seen[outcome].any()) for outcome in (0, 1)] == reached
