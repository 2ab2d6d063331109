"""Random programs and their derivatives: is every float that comes out one that the rounded reading allows?

A program is a small tree of vectors, as data, so that whoever draws it (a generator of random numbers here, Hypothesis
in the tests, which makes a wrong one small) evaluates and compares it the same way.
"""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

import jax
import jax.numpy as jnp
import numpy as np
from flint import arb

from verify.formats import Format
from verify.readings.exact import balls, finite, precision
from verify.readings.interpreter import walk
from verify.readings.rounded import ROUNDED_BITS, Rounded

ROWS: Final = 1000
SINGLE: Final = 3  # rows that are computed one by one, without vmap
LEAVES: Final = ("x", "y")
# Each is a real number wherever it is applied: what is asked is what rounding does, not where a program is defined.
UNARY: Final[dict[str, Callable[[Any], Any]]] = {
    "abs": jnp.abs,
    "arctan": jnp.arctan,
    "cbrt": lambda v: jnp.cbrt(v * v + 0.5),
    "centred": lambda v: v - jnp.mean(v),
    "clip": lambda v: jnp.clip(v, -0.75, 1.5),
    "cos": jnp.cos,
    "cumprod": jnp.cumprod,
    "cumsum": jnp.cumsum,
    "damped": lambda v: v / (1 + jnp.sum(v * v)),
    "erf": jax.lax.erf,
    "exp": jnp.exp,
    "expm1": jnp.expm1,
    "from maximum": lambda v: v - jnp.max(v),
    "inverse square": lambda v: (jnp.abs(v) + 0.5) ** -2,
    "log": lambda v: jnp.log(jnp.abs(v) + 0.5),
    "log1p": lambda v: jnp.log1p(jnp.abs(v)),
    "logistic": jax.nn.sigmoid,
    "logsumexp": lambda v: v - jax.nn.logsumexp(v),
    "negative": jnp.negative,
    "norm": lambda v: v / jnp.sqrt(1 + jnp.sum(v * v)),
    "outer": lambda v: jnp.outer(v, v) @ v,
    "power": lambda v: (v * v + 0.25) ** 0.75,
    "prod": lambda v: v + jnp.prod(v),
    "reciprocal": lambda v: 1 / (1 + v * v),
    "reversed": lambda v: v[::-1],
    "sin": jnp.sin,
    "sinh": lambda v: jnp.sinh(jnp.tanh(v)),
    "softmax": jax.nn.softmax,
    "softplus": jax.nn.softplus,
    "sorted": jnp.sort,
    "sqrt": lambda v: jnp.sqrt(jnp.abs(v) + 0.5),
    "square": jnp.square,
    "tanh": jnp.tanh,
    "times sum": lambda v: v * jnp.sum(v),
}
BINARY: Final[dict[str, Callable[[Any, Any], Any]]] = {
    "add": jnp.add,
    "by exponential": lambda a, b: a / jnp.exp(b),
    "by literals": lambda a, b: a * 0.1 - b / 3.0,
    "chosen": lambda a, b: jnp.where(a > b, a - b, a * b),
    "divided": lambda a, b: a / (1 + b * b),
    "dot": lambda a, b: a * jnp.dot(a, b),
    "exponentials": lambda a, b: jnp.exp(a) * jnp.exp(b),
    "logaddexp": jnp.logaddexp,
    "maximum": jnp.maximum,
    "minimum": jnp.minimum,
    "multiply": jnp.multiply,
    "power of exponential": lambda a, b: jnp.exp(a) ** b,
    "quotient": lambda a, b: a / (jnp.abs(b) + 0.5),
    "quotient of quotients": lambda a, b: (a / (1 + b * b)) / (3 / (1 + jnp.abs(a))),
    "rolled": lambda a, b: a + jnp.concatenate([b[1:], a[:1]]),
    "subtract": jnp.subtract,
}
Tree = str | tuple[str, "Tree"] | tuple[str, "Tree", "Tree"]


def evaluate(tree: Tree, x: Any, y: Any) -> Any:
    """What a tree makes of two vectors of one length."""
    if isinstance(tree, str):
        return {"x": x, "y": y}[tree]
    if len(tree) == 2:
        return UNARY[tree[0]](evaluate(tree[1], x, y))
    return BINARY[tree[0]](evaluate(tree[1], x, y), evaluate(tree[2], x, y))


def drawn(rng: np.random.Generator, depth: int) -> Tree:
    """A random tree of at most a depth."""
    if depth == 0:
        return LEAVES[int(rng.random() < 0.4)]
    if rng.random() < 0.5:
        return (str(rng.choice(list(UNARY))), drawn(rng, depth - 1))
    return (str(rng.choice(list(BINARY))), drawn(rng, depth - 1), drawn(rng, int(rng.integers(0, depth))))


def inputs(rng: np.random.Generator, form: Format, n: int) -> tuple[Any, Any]:
    """Two arrays of numbers of a format, ROWS by n: of several sizes, and some of them equal."""
    size = rng.choice([0.2, 1.0, 3.0, 30.0])
    x, y = (rng.normal(size=(ROWS, n)) * size for _ in range(2))
    x[::10] = np.round(2 * x[::10]) / 2
    y[::20] = x[::20]
    return form.round(x), form.round(y)


@dataclass(kw_only=True)
class Count:
    """Floats that were looked at, how many of them had a finite ball, and of how many programs they are."""

    floats: int = 0
    claimed: int = 0
    programs: int = 0


class Compared:
    """A tree and its derivative in a format, traced and compiled once for any number of inputs."""

    def __init__(self, tree: Tree, form: Format, n: int, count: Count) -> None:
        """Trace.

        Args:
            tree: the program.
            form: the format it computes in.
            n: the length of both vectors.
            count: what is added to.
        """
        self.tree, self.form, self.n, self.count = tree, form, n, count
        with jax.enable_x64(True):
            shape = jax.ShapeDtypeStruct((n,), form.dtype())
            self.closed = jax.make_jaxpr(self._both)(shape, shape)
            self.single, self.eager = jax.jit(self._both), jax.vmap(self._both)
            self.batched = jax.jit(self.eager)
        count.programs += 1

    def _both(self, x: Any, y: Any) -> Any:
        """The value, and the gradient of the sum of its entries in x."""
        return evaluate(self.tree, x, y), jax.grad(lambda x: jnp.sum(evaluate(self.tree, x, y)))(x)

    def outside(self, x: Any, y: Any, *, eager: bool = True, every: bool = True) -> str:
        """Which float lies outside its ball, and where; "" where none does.

        Args:
            x: numbers of the format, ROWS by n.
            y: as x.
            eager: whether single rows are computed eagerly too, which takes longer than all the rest.
            every: whether rows are computed in other ways than compiled, all together and one by one.
        """
        with jax.enable_x64(True), precision(ROUNDED_BITS):
            outputs, trail = walk(Rounded(), self.closed, [balls(x), balls(y)], ROWS)
        allowed = np.concatenate([np.broadcast_to(each, (ROWS, self.n)) for each in outputs], axis=1)
        known = finite(allowed) & ~trail.lost[:, None]
        inside: Any = None  # what vmap returned of all rows: equal floats need no second look
        for way, start, values in self._returned(x, y, eager and every, every):
            rows = slice(start, start + len(values))
            self.count.floats += values.size
            self.count.claimed += int(known[rows].sum())
            asked = known[rows] if inside is None else known[rows] & (values != inside[rows])
            for ball, value in zip(allowed[rows][asked], values[asked].tolist(), strict=True):
                if not (math.isfinite(value) and ball.contains(arb(value))):
                    row, component = next(
                        (int(i), int(j)) for i, j in np.argwhere(asked) if allowed[start + i, j] is ball
                    )
                    place = [each[start + row].tolist() for each in (x, y)]
                    return (
                        f"{self.form.name}, {way}, component {component}: {value!r} at {place}, allowed {ball}\n"
                        f"{self.tree}\n{self.closed}"
                    )
            if inside is None:
                inside = values
        return ""

    def _returned(self, x: Any, y: Any, eager: bool, every: bool) -> Iterator[tuple[str, int, Any]]:
        """Each way of computing: its name, the first row, and the floats, rows by components."""

        def gathered(arrays: Any) -> Any:
            return np.concatenate([np.asarray(each, np.float64) for each in arrays], axis=-1)

        with jax.enable_x64(True):
            given = [jnp.asarray(each.astype(self.form.dtype())) for each in (x, y)]
            for size in (ROWS, 7, 1) if every else (ROWS,):
                yield f"vmap, compiled, {size}", 0, gathered(self.batched(*(each[:size] for each in given)))
            if every:
                yield f"vmap, eager, {ROWS}", 0, gathered(self.eager(*given))
            for row in range(SINGLE):
                one = [each[row] for each in given]
                yield "compiled", row, gathered(self.single(*one))[None]
                if eager:
                    yield "eager", row, gathered(self._both(*one))[None]
