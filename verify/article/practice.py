r"""What vanishing gradients do in practice: layers in front of the softmax, steps to escape, and a real data set.

Values here are computed in floats, and held against bounds by hand.
"""

from functools import cache
from inspect import cleandoc
from typing import Any, Final

import jax
import jax.numpy as jnp

from verify.article.absolute_error import absolute_error
from verify.article.cross_entropy import cross_entropy
from verify.article.shapes import Scalar, Vector
from verify.article.squared_error import half_squared_error
from verify.article.training import absolute_error_time, cross_entropy_time, squared_error_time
from verify.claim import Source
from verify.maps import Axis, Boundary, Bounds, Map, Quantity, spaced

_STUCK: Final = Source("Mean squared error loss + softmax", "the paragraph after the four limits", "train-stuck")
_ANY: Final = Source("Mean squared error loss + softmax", "the paragraph after the four limits", "net-any")
SQUARED, ABSOLUTE, CROSS = "squared error", "absolute error", "cross entropy"

# --- Layers in front of the softmax ----------------------------------------------------------------------------------

DEEPEST: Final = 8
WIDTH: Final = 6
CLASSES: Final = 3


def layer_weights(number: int, rows: int, columns: int) -> Any:
    """Weights that look random and need no generator: sines of whole numbers, of norm about one."""
    places = jnp.arange(rows * columns, dtype=jnp.float64).reshape(rows, columns)
    return jnp.sin(1.7 * places + 5.3 * number + 0.4) * jnp.sqrt(2.0 / columns)


def weights(depth: int) -> list[Any]:
    """All matrices of a network of dense layers, the last one to three classes, scaled so that the logit gap is one."""
    found = [layer_weights(number, CLASSES if number == depth - 1 else WIDTH, WIDTH) for number in range(depth)]
    ordered = jnp.sort(network_logits(found, jnp.ones(()))[0])
    return [*found[:-1], found[-1] / (ordered[-1] - ordered[-2])]


def network_logits(matrices: list[Any], scale: Scalar) -> tuple[Vector, list[Any]]:
    """Logits of a network with tanh between its layers, the last layer scaled, and what goes into each layer."""
    inside: list[Any] = []
    a = jnp.cos(jnp.arange(WIDTH, dtype=jnp.float64))
    for number, matrix in enumerate(matrices):
        inside.append(a)
        a = matrix @ a
        a = scale * a if number == len(matrices) - 1 else jnp.tanh(a)
    return a, inside


def _wrong_target(logits: Vector) -> Vector:
    """The least likely class as the target."""
    return jax.nn.one_hot(jnp.argmin(logits), CLASSES, dtype=logits.dtype)


def layer_norms(depth: int, scale: Scalar) -> Vector:
    r"""$\ln\lVert\partial L/\partial W_l\rVert$ of squared error, from the last layer back, the first repeated."""
    matrices = weights(depth)
    y = _wrong_target(network_logits(matrices, scale)[0])
    slopes = jax.grad(lambda given: half_squared_error(network_logits(given, scale)[0], y))(matrices)
    found = [jnp.log(jnp.sqrt(jnp.sum(slope**2))) for slope in slopes[::-1]]
    return jnp.stack([*found, *[found[-1]] * (DEEPEST - depth)])


def layer_bounds(depth: int, scale: Scalar) -> Vector:
    r"""Logarithms of $\lVert a_{l-1}\rVert\prod_{i>l}\lVert W_i\rVert\,\sqrt{n^2 + n + 2}\;e^{-g}$, the same layers."""
    matrices = weights(depth)
    logits, inside = network_logits(matrices, scale)
    ordered = jnp.sort(logits)
    gap = ordered[-1] - ordered[-2]
    found: list[Any] = []
    # The scale belongs to the last matrix: its own gradient has it as a factor, and so has what is handed back.
    after = jnp.log(scale)
    for matrix, a in zip(matrices[::-1], inside[::-1], strict=True):
        found.append(jnp.log(jnp.sqrt(jnp.sum(a**2))) + after + jnp.log(CLASSES**2 + CLASSES + 2) / 2 - gap)
        after = after + jnp.log(jnp.sqrt(jnp.sum(matrix**2)))
    return jnp.stack([*found, *[found[-1]] * (DEEPEST - depth)])


def _over_bound(depth: int, scale: Scalar) -> Vector:
    return layer_norms(depth, scale) - layer_bounds(depth, scale)


LAYERS = Map(
    id="practice.layers",
    title="Gradient norm of every layer, by depth and scale of the last layer, wrong prediction",
    axes=(
        Axis(
            name="scale", values=(1.0, *spaced(3.0, 36.0, 12)), label="scale of the last layer, which is the logit gap"
        ),
        Axis(name="depth", values=tuple(range(1, DEEPEST + 1)), label="number of layers", static=True),
    ),
    point=lambda scale, depth: {"scale": scale, "depth": depth},
    quantities={
        "logarithm of the norm": Quantity(
            fn=layer_norms, names=("last layer", *(f"{back} before it" for back in range(1, DEEPEST)))
        ),
        "logarithm of the norm over its bound": Quantity(
            fn=_over_bound, names=("last layer", *(f"{back} before it" for back in range(1, DEEPEST)))
        ),
    },
    boundaries=(
        Bounds(
            name="no layer's gradient is above its bound",
            quantity="logarithm of the norm over its bound",
            high=lambda: 0.0,
            statement=r"\lVert\partial L/\partial W_l\rVert_F \le \lVert a_{l-1}\rVert"
            r"\prod_{i>l}\lVert W_i\rVert_F\,\sqrt{n^2 + n + 2}\;e^{-g}",
            source="The chain rule, norm by norm; each activation has a slope of at most one.",
        ),
    ),
    source=_ANY,
    note=cleandoc(r"""
        A larger last layer makes the bound larger by a factor and the gap larger by the same factor in the exponent:
        every layer's gradient goes to 0, whatever the depth.
        """),
)

# --- Steps to escape -------------------------------------------------------------------------------------------------

MOST_STEPS: Final = 3_000_000


def _escape(loss: Any, start: Scalar, rate: Scalar) -> Scalar:
    """Steps of gradient descent on both logits, by JAX's gradient, until the wrong class leads no more."""
    zero = jnp.zeros_like(start)
    y = jnp.stack([zero, jnp.ones_like(start)])

    def leads(state: Any) -> Any:
        x, steps = state
        return (x[0] > x[1]) & (steps < MOST_STEPS)

    def step(state: Any) -> Any:
        x, steps = state
        return x - rate * jax.grad(loss)(x, y), steps + 1

    _, steps = jax.lax.while_loop(leads, step, (jnp.stack([start / 2, -start / 2]), zero))
    return steps


def squared_error_steps(start: Scalar, rate: Scalar) -> Scalar:
    """Steps with squared error."""
    return _escape(half_squared_error, start, rate)


def absolute_error_steps(start: Scalar, rate: Scalar) -> Scalar:
    """Steps with absolute error."""
    return _escape(absolute_error, start, rate)


def cross_entropy_steps(start: Scalar, rate: Scalar) -> Scalar:
    """Steps with cross entropy."""
    return _escape(cross_entropy, start, rate)


def adam_steps(start: Scalar, rate: Scalar) -> Scalar:
    """Steps of Adam with squared error, with its usual constants: 0.9, 0.999 and 1e-8."""
    zero = jnp.zeros_like(start)
    y = jnp.stack([zero, jnp.ones_like(start)])

    def leads(state: Any) -> Any:
        x, _, _, steps = state
        return (x[0] > x[1]) & (steps < MOST_STEPS)

    def step(state: Any) -> Any:
        x, first, second, steps = state
        slope = jax.grad(half_squared_error)(x, y)
        steps = steps + 1
        first = 0.9 * first + 0.1 * slope
        second = 0.999 * second + 0.001 * slope**2
        move = first / (1 - 0.9**steps) / (jnp.sqrt(second / (1 - 0.999**steps)) + 1e-8)
        return x - rate * move, first, second, steps

    nothing = jnp.stack([zero, zero])
    _, _, _, steps = jax.lax.while_loop(leads, step, (jnp.stack([start / 2, -start / 2]), nothing, nothing, zero))
    return steps


def squared_error_delay(start: Scalar, rate: Scalar) -> Scalar:
    r"""How far steps times rate may be from the flow's time.

    $\eta e^{16\eta/27}(\ln\frac{h(\ln2)}{h(d)} + \ln\frac{32}{27}) + \eta$, with $h$ the speed of the gap.
    """
    p = 1 / (1 + jnp.exp(-start))
    speed = 4 * p**2 * (1 - p)
    return rate * jnp.exp(16 * rate / 27) * (jnp.log(16 / 27 / speed) + jnp.log(32 / 27)) + rate


ESCAPE = Map(
    id="practice.escape",
    title="Steps until a confident wrong prediction is given up, by initial gap and step size",
    axes=(
        Axis(name="start", values=spaced(1.0, 10.0, 19), unit="nats", label="initial gap"),
        Axis(name="rate", values=(0.125, 0.25, 0.5, 1.0), label="step size"),
    ),
    point=lambda start, rate: {"start": start, "rate": rate},
    quantities={
        SQUARED: Quantity(fn=squared_error_steps, names=("steps",)),
        ABSOLUTE: Quantity(fn=absolute_error_steps, names=("steps",)),
        CROSS: Quantity(fn=cross_entropy_steps, names=("steps",)),
        "squared error, Adam": Quantity(fn=adam_steps, names=("steps",)),
    },
    boundaries=(
        Bounds(
            name="squared error, around the time of the flow",
            quantity=SQUARED,
            low=lambda start, rate: (squared_error_time(start) - squared_error_delay(start, rate)) / rate,
            high=lambda start, rate: (squared_error_time(start) + squared_error_delay(start, rate)) / rate,
            statement=r"\lvert N\eta - T\rvert \le \eta e^{16\eta/27}\left(\ln\frac{h(\ln 2)}{h(d_0)} + "
            r"\ln\tfrac{32}{27}\right) + \eta, \quad T = \tfrac14(e^{d_0} + 3d_0 - \ldots)",
            source="One step takes flow time between its rate and the rate times the ratio of speeds at its ends.",
        ),
        Bounds(
            name="absolute error, around the time of the flow",
            quantity=ABSOLUTE,
            low=lambda start, rate: absolute_error_time(start) / rate,
            high=lambda start, rate: absolute_error_time(start) / rate + 1 + 2 * jnp.log(jnp.cosh(start / 2)),
            statement=r"0 \le N\eta - T \le \eta\,(1 + 2\ln\cosh\tfrac{d_0}{2}), \quad T = \tfrac12(d_0 + \sinh d_0)",
            source="The same; the speed only grows on the way.",
        ),
        Bounds(
            name="cross entropy, around the time of the flow",
            quantity=CROSS,
            low=lambda start, rate: cross_entropy_time(start) / rate - 2,
            high=lambda start, rate: cross_entropy_time(start) / rate + 1,
            statement=r"-2\eta \le N\eta - T \le \eta, \quad T = \tfrac12(d_0 + 1 - e^{-d_0})",
            source="The same; the speed only falls on the way.",
        ),
        Bounds(
            name="Adam escapes sooner than descent can",
            quantity="squared error, Adam",
            high=lambda start, rate: (squared_error_time(start) - squared_error_delay(start, rate)) / rate,
            where=lambda start, rate: start >= 6,
            statement=r"N_{\text{Adam}} \le \text{the lower end for plain descent}, \quad d_0 \ge 6",
            source="Evidence against reading too much into it: Adam divides by the size of the gradient.",
        ),
    ),
    source=_STUCK,
    note=cleandoc(r"""
        Steps grow like $`\frac14 e^{d_0}/\eta`$ for squared and absolute error, and like $`\frac12 d_0/\eta`$ for cross
        entropy. Adam, which divides by the size of the gradient, hardly notices: being stuck is a property of plain
        gradient descent.
        """),
)


def one_step(half: Scalar) -> Vector:
    """By how much one step of rate one on squared error moves the logits (half, -half), target the second class."""
    x = jnp.stack([half, -half])
    y = jnp.stack([jnp.zeros_like(half), jnp.ones_like(half)])
    return (x - jax.grad(half_squared_error)(x, y)) - x


STANDSTILL = Map(
    id="practice.standstill",
    title="Training that stops: a step that changes no bit of the logits, float32",
    axes=(
        Axis(name="half", values=spaced(7.5, 8.5, 65), unit="nats", label="half the gap, logits are plus and minus it"),
    ),
    point=lambda half: {"half": half},
    quantities={"change of the logits": Quantity(fn=one_step, names=("winner", "target"))},
    formats=("float32",),
    boundaries=(
        Boundary(
            name="neither logit moves",
            quantity="change of the logits",
            event="zero",
            along="half",
            begins=lambda: 8.0,
            not_before=lambda p: (p - 1) * jnp.log(2.0) / 2,
            statement=r"\tfrac12(p - 1)\ln 2 \le x_1 \le 8",
            source=r"The target's step $`2e^{-g}`$ is below half the spacing of floats, $`2^{3 - p}`$ between "
            r"4 and 8, from $`g = (p - 1)\ln 2`$ on; from 8 on the spacing doubles, and the winner stops too.",
        ),
    ),
    source=_STUCK,
    note="In real arithmetic nothing ever stops; in float32 it does, at a gap of 16 nats.",
)

# --- A real data set -------------------------------------------------------------------------------------------------

STEPS: Final = 400
EVERY: Final = 50
BATCH: Final = 128
TRAINED: Final = 1437
DIGIT_LOSSES: Final = {SQUARED: half_squared_error, ABSOLUTE: absolute_error, CROSS: cross_entropy}
ORDINARY, SATURATED = 0, 1
HIDDEN: Final = 32


@cache
def digits() -> tuple[Any, Any]:
    """The handwritten digits that scikit-learn ships: 1797 images of 8 by 8 in [0, 1], and their labels."""
    import numpy as np
    from sklearn.datasets import load_digits

    found: Any = load_digits()
    order = np.random.default_rng(0).permutation(len(found.target))
    return found.data[order] / 16.0, found.target[order]


def accuracy_over_steps(seed: Scalar, loss: Scalar, start: Scalar) -> Vector:
    """Share of held-out digits that a small network gets right, every fifty steps of gradient descent.

    Args:
        seed: of the weights and of the order of the batches.
        loss: which loss, by its place.
        start: 0 for usual weights; 1 for a bias that makes one class win by twenty nats, whatever the image.

    Returns:
        Shares in [0, 1].
    """
    import optax

    images, labels = digits()
    x, y = jnp.asarray(images), jax.nn.one_hot(jnp.asarray(labels), 10, dtype=jnp.float64)
    # One program for all losses: they share the network, and one of them counts.
    counts = jax.nn.one_hot(loss.astype(jnp.int64), len(DIGIT_LOSSES), dtype=jnp.float64)
    one, two, three = jax.random.split(jax.random.key(seed.astype(jnp.int64)), 3)
    parameters = {
        "w": jax.random.normal(one, (HIDDEN, 64), jnp.float64) * jnp.sqrt(1 / 64),
        "b": jnp.zeros(HIDDEN, jnp.float64),
        "v": jax.random.normal(two, (10, HIDDEN), jnp.float64) / jnp.sqrt(HIDDEN),
        "c": jnp.zeros(10, jnp.float64).at[0].set(20.0 * start),
    }
    descent = optax.sgd(0.5)

    def logits(given: Any, image: Vector) -> Vector:
        return given["v"] @ jnp.tanh(given["w"] @ image + given["b"]) + given["c"]

    def mean_loss(given: Any, images: Any, targets: Any) -> Scalar:
        def one(image: Vector, target: Vector) -> Scalar:
            found = logits(given, image)
            return jnp.dot(counts, jnp.stack([each(found, target) for each in DIGIT_LOSSES.values()]))

        return jnp.mean(jax.vmap(one)(images, targets))

    def accuracy(given: Any) -> Scalar:
        found = jax.vmap(lambda image: jnp.argmax(logits(given, image)))(x[TRAINED:])
        return jnp.mean((found == jnp.argmax(y[TRAINED:], axis=1)).astype(jnp.float64))

    def step(state: Any, key: Any) -> Any:
        given, memory = state
        chosen = jax.random.randint(key, (BATCH,), 0, TRAINED)
        slope = jax.grad(mean_loss)(given, x[chosen], y[chosen])
        moves, memory = descent.update(slope, memory, given)
        return (optax.apply_updates(given, moves), memory), None

    def several(state: Any, keys: Any) -> Any:
        state, _ = jax.lax.scan(step, state, keys)
        return state, accuracy(state[0])

    keys = jax.random.split(three, STEPS).reshape(STEPS // EVERY, EVERY)
    _, found = jax.lax.scan(several, (parameters, descent.init(parameters)), keys)
    return jnp.concatenate([accuracy(parameters)[None], found])


def _at_the_end(low: float) -> Any:
    """A bound on the last of the shares alone."""
    return jnp.zeros(STEPS // EVERY + 1).at[-1].set(low)


DIGITS = Map(
    id="practice.digits",
    title="Handwritten digits: accuracy of a small network over training, by loss and start",
    axes=(
        Axis(name="seed", values=(0, 1, 2), label="seed"),
        Axis(name="loss", values=(0, 1, 2), label="loss", names=tuple(DIGIT_LOSSES)),
        Axis(
            name="start",
            values=(ORDINARY, SATURATED),
            label="start",
            names=("ordinary weights", "saturated outputs"),
        ),
    ),
    point=lambda seed, loss, start: {"seed": seed, "loss": loss, "start": start},
    quantities={"accuracy": Quantity(fn=accuracy_over_steps)},
    outcome=Axis(name="step", values=tuple(range(0, STEPS + 1, EVERY)), label="steps of gradient descent"),
    boundaries=(
        Bounds(
            name="squared error trains from ordinary weights",
            quantity="accuracy",
            low=lambda: _at_the_end(0.9),
            where=lambda loss, start: loss == 0 and start == ORDINARY,
            statement=r"\text{accuracy} \ge 0.9 \text{ at the end}",
            source="Evidence against reading too much into the thesis.",
        ),
        Bounds(
            name="cross entropy trains from either start",
            quantity="accuracy",
            low=lambda: _at_the_end(0.9),
            where=lambda loss: loss == 2,
            statement=r"\text{accuracy} \ge 0.9 \text{ at the end}",
            source="Its gradient does not vanish on wrong predictions.",
        ),
        Bounds(
            name="squared error does not train from saturated outputs",
            quantity="accuracy",
            high=lambda: 0.2,
            where=lambda loss, start: loss == 0 and start == SATURATED,
            statement=r"\text{accuracy} \le 0.2 \text{ throughout}",
            source="The gradient of a confident wrong prediction has vanished.",
        ),
    ),
    source=_STUCK,
    needs=("sklearn", "optax"),
    note=cleandoc(r"""
        A network with 32 hidden units on the 1797 digits that scikit-learn ships, a fifth held out, plain gradient
        descent in batches of 128. From usual weights squared error does as well as cross entropy. From a bias
        that makes the first class win by 20 nats it stays where it is, at a tenth, while cross entropy takes the bias
        away in some fifty steps: what the article warns of needs confident wrong predictions to begin with.
        """),
)
