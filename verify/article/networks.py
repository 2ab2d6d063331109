r"""Layers in front of the softmax: how a vanished gradient reaches their weights, and a layer that undoes it.

By the chain rule any parameter has the gradient $\nabla_\theta L = (\partial x / \partial\theta)^{\top} \nabla_x L$:
what matters is how the layers' sensitivity $\partial x / \partial\theta$ compares with $e^{g}$.
"""

from inspect import cleandoc

import jax
import jax.numpy as jnp

from verify import domain
from verify.article.shapes import MATRIX_SIZES, Matrix, Scalar, Vector
from verify.article.softmax import runner_up_ratio
from verify.article.squared_error import half_squared_error, squared_error_gradient
from verify.claim import Claim, Derivative, Source, Status

_ANY = Source(
    "Mean squared error loss + softmax",
    "the paragraph after the four limits, first sentence, on the layers in front",
    statement="net-any",
)
_LAYER_SIZES = {"n": (2, 3), "m": (4,)}

# --- Dense layers -----------------------------------------------------------------------------------------------------


def dense_loss(w: Matrix, b: Vector, a: Vector, y: Vector) -> Scalar:
    r"""Squared error behind a softmax behind a dense layer, logits $x = Wa + b$.

    Args:
        w: weights, one row per class.
        b: biases in nats.
        a: inputs of the layer.
        y: target.

    Returns:
        L, dimensionless.

    Source:
        Beyond the article: its arbitrary network, last layer.
    """
    return half_squared_error(w @ a + b, y)


def dense_gradient(w: Matrix, b: Vector, a: Vector, y: Vector) -> Matrix:
    r"""Gradient by the weights of the last layer, $\partial L / \partial W_{ij} = (\nabla_x L)_i\, a_j$.

    Args:
        w: weights, one row per class.
        b: biases in nats.
        a: inputs of the layer.
        y: target.

    Returns:
        dL/dw[i, j].

    Source:
        Beyond the article: its arbitrary network, last layer.
    """
    return squared_error_gradient(w @ a + b, y)[:, None] * a[None, :]


LAST_LAYER = Claim(
    id="network.last-layer",
    statement=r"\frac{\partial L}{\partial W} = (\nabla_x L)\, a^{\top}, \quad x = W a + b",
    source=_ANY,
    derivation=cleandoc(r"""
        $`W_{ij}`$ occurs in the logit $`x_i`$ alone, with factor $`a_j`$, so
        $`\partial L / \partial W_{ij} = (\partial L / \partial x_i)\, a_j`$. The matrix is not symmetric: here a
        transposed layout would show.
        """),
    autodiff=Derivative(dense_loss, "gradient", wrt="w"),
    by_hand=dense_gradient,
    domain={
        "w": domain.Reals("n m"),
        "b": domain.Logits("n"),
        "a": domain.Reals("m"),
        "y": domain.Reals("n"),
    },
    sizes=_LAYER_SIZES,
)


def dense_norm_squared(w: Matrix, b: Vector, a: Vector, y: Vector) -> Scalar:
    r"""Squared Frobenius norm of JAX's gradient by the weights of the last layer.

    Args:
        w: weights, one row per class.
        b: biases in nats.
        a: inputs of the layer.
        y: target.

    Returns:
        The squared norm.

    Source:
        Beyond the article: its arbitrary network, last layer.
    """
    return jnp.sum(jax.grad(dense_loss)(w, b, a, y) ** 2)


def dense_norm_by_hand(w: Matrix, b: Vector, a: Vector, y: Vector) -> Scalar:
    r"""The same as a product, $\lVert a \rVert_2^2\, \lVert\nabla_x L\rVert_2^2$.

    Args:
        w: weights, one row per class.
        b: biases in nats.
        a: inputs of the layer.
        y: target.

    Returns:
        The squared norm.

    Source:
        Beyond the article: its arbitrary network, last layer.
    """
    return jnp.sum(a**2) * jnp.sum(squared_error_gradient(w @ a + b, y) ** 2)


LAST_LAYER_NORM = Claim(
    id="network.last-layer-norm",
    statement=r"\Bigl\lVert \frac{\partial L}{\partial W} \Bigr\rVert_F^2"
    r" = \lVert a \rVert_2^2 \, \lVert \nabla_x L \rVert_2^2",
    source=_ANY,
    derivation=cleandoc(r"""
        The squares of an outer product's entries, $`(\partial_i L)^2 a_j^2`$, sum to the product of the two sums. So
        the weights of the last layer see exactly the gradient by the logits, times the length of what comes in: where
        the one vanishes, so does the other.
        """),
    autodiff=Derivative(dense_norm_squared, "value"),
    by_hand=dense_norm_by_hand,
    domain={
        "w": domain.Reals("n m"),
        "b": domain.Logits("n"),
        "a": domain.Reals("m"),
        "y": domain.Reals("n"),
    },
    sizes=_LAYER_SIZES,
)


def hidden_logits(v: Matrix, c: Vector, w: Matrix, b: Vector, z: Vector) -> Vector:
    r"""Logits of a network with one hidden layer, $x = W\tanh(Vz + c) + b$.

    Args:
        v: weights of the hidden layer.
        c: biases of the hidden layer.
        w: weights of the last layer, one row per class.
        b: biases of the last layer, in nats.
        z: inputs of the network.

    Returns:
        Logits in nats.

    Source:
        Beyond the article: its arbitrary network.
    """
    return w @ jnp.tanh(v @ z + c) + b


def hidden_loss(v: Matrix, c: Vector, w: Matrix, b: Vector, z: Vector, y: Vector) -> Scalar:
    r"""Squared error of that network.

    Args:
        v: weights of the hidden layer.
        c: biases of the hidden layer.
        w: weights of the last layer, one row per class.
        b: biases of the last layer, in nats.
        z: inputs of the network.
        y: target.

    Returns:
        L, dimensionless.

    Source:
        Beyond the article: its arbitrary network.
    """
    return half_squared_error(hidden_logits(v, c, w, b, z), y)


def hidden_norm_squared(v: Matrix, c: Vector, w: Matrix, b: Vector, z: Vector, y: Vector) -> Scalar:
    r"""Squared Frobenius norm of JAX's gradient by the weights of the hidden layer.

    Args:
        v: weights of the hidden layer.
        c: biases of the hidden layer.
        w: weights of the last layer, one row per class.
        b: biases of the last layer, in nats.
        z: inputs of the network.
        y: target.

    Returns:
        The squared norm.

    Source:
        Beyond the article: its arbitrary network.
    """
    return jnp.sum(jax.grad(hidden_loss)(v, c, w, b, z, y) ** 2)


def hidden_norm_bound(v: Matrix, c: Vector, w: Matrix, b: Vector, z: Vector, y: Vector) -> Scalar:
    r"""A bound of it, $\lVert z \rVert_2^2\, \lVert W \rVert_F^2\, \lVert\nabla_x L\rVert_2^2$.

    Args:
        v: weights of the hidden layer.
        c: biases of the hidden layer.
        w: weights of the last layer, one row per class.
        b: biases of the last layer, in nats.
        z: inputs of the network.
        y: target.

    Returns:
        Bound of the squared norm.

    Source:
        Beyond the article: its arbitrary network.
    """
    gradient = squared_error_gradient(hidden_logits(v, c, w, b, z), y)
    return jnp.sum(z**2) * jnp.sum(w**2) * jnp.sum(gradient**2)


HIDDEN_LAYER = Claim(
    id="network.hidden-layer-norm",
    statement=r"\Bigl\lVert \frac{\partial L}{\partial V} \Bigr\rVert_F^2"
    r" \le \lVert z \rVert_2^2 \, \lVert W \rVert_F^2 \, \lVert \nabla_x L \rVert_2^2, \quad x = W \tanh(V z + c) + b",
    source=_ANY,
    derivation=cleandoc(r"""
        With $`h = Vz + c`$ the chain rule gives
        $`\partial L / \partial V = \bigl[ \tanh'(h) \odot W^{\top} \nabla_x L \bigr] z^{\top}`$. The slope of
        $`\tanh`$ is at most 1, and
        $`\lVert W^{\top} q \rVert_2 \le \lVert W \rVert_2 \lVert q \rVert_2 \le \lVert W \rVert_F \lVert q \rVert_2`$.
        (The spectral norm would be sharper; the Frobenius norm is a formula.) Every further layer with slopes of at
        most 1 adds one factor $`\lVert W_i \rVert`$, and none of these depends on the gap.
        """),
    autodiff=Derivative(hidden_norm_squared, "value"),
    by_hand=hidden_norm_bound,
    relation="<=",
    domain={
        "v": domain.Reals("m k"),
        "c": domain.Reals("m"),
        "w": domain.Reals("n m"),
        "b": domain.Logits("n"),
        "z": domain.Reals("k"),
        "y": domain.Reals("n"),
    },
    sizes={"n": (2, 3), "m": (4,), "k": (2,)},
)


def hidden_saturated_bound(v: Matrix, c: Vector, w: Matrix, b: Vector, z: Vector, y: Vector) -> Scalar:
    r"""A bound by the gap alone, $\lVert z \rVert_2^2\, \lVert W \rVert_F^2\, (n^2 + n + 2)\, e^{-2g}$.

    Args:
        v: weights of the hidden layer.
        c: biases of the hidden layer.
        w: weights of the last layer, one row per class.
        b: biases of the last layer, in nats.
        z: inputs of the network.
        y: target that sums to one, not used.

    Returns:
        Bound of the squared norm; g is the lead of the first logit, negative where it does not lead.

    Source:
        Beyond the article: its arbitrary network under saturation.
    """
    n = b.shape[0]
    u = runner_up_ratio(hidden_logits(v, c, w, b, z))
    return jnp.sum(z**2) * jnp.sum(w**2) * ((n**2 + n + 2) * u**2)


HIDDEN_SATURATED = Claim(
    id="network.hidden-layer-saturated",
    statement=r"\Bigl\lVert \frac{\partial L}{\partial V} \Bigr\rVert_F^2"
    r" \le \lVert z \rVert_2^2 \, \lVert W \rVert_F^2 \, (n^2 + n + 2)\, e^{-2g}, \quad g = x_1 - \max_{j \ge 2} x_j"
    r" \quad (y \text{ a distribution})",
    source=_ANY,
    derivation=cleandoc(r"""
        The bound for the hidden layer, and $`\lVert \nabla_x L \rVert_2^2 \le (n^2 + n + 2)\, e^{-2g}`$. (Where the
        first logit does not lead, $`e^{-2g} > 1`$, and the second bound holds all the more.) This is the article's
        sentence repaired: for dense layers with bounded weights the gradient does vanish with the gap, whatever
        stands in front.
        """),
    autodiff=Derivative(hidden_norm_squared, "value"),
    by_hand=hidden_saturated_bound,
    relation="<=",
    domain={
        "v": domain.Reals("m k"),
        "c": domain.Reals("m"),
        "w": domain.Reals("n m"),
        "b": domain.Saturated("n", winner=0, gap=1.0),
        "z": domain.Reals("k"),
        "y": domain.Simplex("n"),
    },
    sizes={"n": (2, 3), "m": (4,), "k": (2,)},
)


def scaled_loss(x: Vector, y: Vector, c: Scalar) -> Scalar:
    r"""Squared error with logits scaled up, $L(c\,x)$, as by larger weights in the last layer.

    Args:
        x: logits in nats, finite.
        y: target.
        c: scale, dimensionless.

    Returns:
        L, dimensionless.

    Source:
        Beyond the article: saturation as it arises in training.
    """
    return half_squared_error(c * x, y)


def scaled_norm_squared(x: Vector, y: Vector, c: Scalar) -> Scalar:
    r"""Squared norm of JAX's gradient of it by the logits before scaling.

    Args:
        x: logits in nats, finite.
        y: target.
        c: scale, dimensionless.

    Returns:
        The squared norm, per nat squared.

    Source:
        Beyond the article: saturation as it arises in training.
    """
    return jnp.sum(jax.grad(scaled_loss)(x, y, c) ** 2)


def scaled_norm_bound(x: Vector, y: Vector, c: Scalar) -> Scalar:
    r"""A bound of it, $c^2 (n^2 + n + 2)\, e^{-2 c g}$.

    Args:
        x: logits in nats, the first at least as large as all others.
        y: target that sums to one, not used.
        c: scale, not negative.

    Returns:
        Bound of the squared norm, per nat squared.

    Source:
        Beyond the article: saturation as it arises in training.
    """
    n = x.shape[0]
    return (n**2 + n + 2) * (c * jnp.exp(c * (jnp.max(x[1:]) - x[0]))) ** 2


SCALED_LOGITS = Claim(
    id="network.scaled-logits",
    statement=r"\lVert \nabla_x L(c\,x) \rVert_2^2 \le c^2 (n^2 + n + 2)\, e^{-2cg}, \quad c \ge 0"
    r" \quad (y \text{ a distribution})",
    source=_ANY,
    derivation=cleandoc(r"""
        Saturation usually comes from large weights, which also make the layers more sensitive; which of the two wins?
        Scaling the last layer by $`c`$ scales the logits and hence the gap: the gradient by the unscaled logits is
        $`c`$ times that by the scaled ones, and $`\lVert \nabla L \rVert \le \sqrt{n^2 + n + 2}\; e^{-cg}`$ there. At
        any gap $`g > 0`$ the product $`c\, e^{-cg}`$ tends to 0 as $`c \to \infty`$: the decay wins.
        """),
    autodiff=Derivative(scaled_norm_squared, "value"),
    by_hand=scaled_norm_bound,
    relation="<=",
    domain={
        "x": domain.Saturated("n", winner=0, gap=0.0),
        "y": domain.Simplex("n"),
        "c": domain.Interval("", 0.0, 200.0),
    },
    sizes=MATRIX_SIZES,
)

# --- A layer that undoes the decay ------------------------------------------------------------------------------------


def log_layer_loss(u: Vector, y: Vector) -> Scalar:
    r"""Squared error behind a softmax behind a logarithm, logits $x = \ln u$.

    Args:
        u: inputs of the log layer, positive.
        y: target.

    Returns:
        L, dimensionless.

    Source:
        Beyond the article: a layer it does not think of.
    """
    return half_squared_error(jnp.log(u), y)


def log_layer_gradient(u: Vector, y: Vector) -> Vector:
    r"""Its gradient, $(\gamma_j - \langle\sigma, \gamma\rangle) / \sum_k u_k$ with $\gamma = \sigma - y$.

    Args:
        u: inputs of the log layer, positive.
        y: target.

    Returns:
        dL/du[j].

    Source:
        Beyond the article: a layer it does not think of.
    """
    total = jnp.sum(u)
    s = u / total
    return (s - y - jnp.sum(s * (s - y))) / total


def log_layer_gradient_pairwise(u: Vector, y: Vector) -> Vector:
    r"""The same over pairs, $\sum_i \sigma_i (\gamma_j - \gamma_i) / \sum_k u_k$.

    Args:
        u: inputs of the log layer, positive.
        y: target.

    Returns:
        dL/du[j].

    Source:
        Beyond the article: a layer it does not think of.
    """
    total = jnp.sum(u)
    s = u / total
    gamma = s - y
    return jnp.sum(s[None, :] * (gamma[:, None] - gamma[None, :]), axis=1) / total


LOG_LAYER = Claim(
    id="network.log-layer",
    statement=r"\frac{\partial L}{\partial u_j} = \frac{\gamma_j - \langle \sigma, \gamma \rangle}{\sum_k u_k},"
    r" \quad x = \ln u, \; \gamma = \sigma - y",
    source=_ANY,
    derivation=cleandoc(r"""
        Softmax of a logarithm is normalisation, $`\sigma_i = u_i / \sum_k u_k`$. By the chain rule
        ```math
        \frac{\partial L}{\partial u_j} = \frac{1}{u_j}\,\frac{\partial L}{\partial x_j}
        = \frac{\sigma_j}{u_j}\,(\gamma_j - \langle\sigma, \gamma\rangle) ,
        ```
        and $`\sigma_j / u_j = 1 / \sum_k u_k`$. The factor $`\sigma_j`$, which makes the gradient vanish, has
        cancelled: the derivative $`1/u_j`$ of the layer grows as fast as $`\sigma_j`$ falls. It is the same
        cancellation as in cross entropy, one layer earlier.
        """),
    autodiff=Derivative(log_layer_loss, "gradient", wrt="u"),
    by_hand=log_layer_gradient,
    domain={"u": domain.Positive("n"), "y": domain.Reals("n")},
    sizes=MATRIX_SIZES,
    stable=log_layer_gradient_pairwise,
)


def log_layer_two_class(w: Scalar) -> Vector:
    r"""JAX's gradient through the log layer at $u = (1, w)$ for the target $e_2$.

    Args:
        w: second input of the log layer, positive; the gap is $-\ln w$ nats.

    Returns:
        Both slopes.

    Source:
        Beyond the article: a layer it does not think of.
    """
    one, zero = jnp.ones_like(w), jnp.zeros_like(w)
    return jax.grad(log_layer_loss)(jnp.stack([one, w]), jnp.stack([zero, one]))


def log_layer_two_class_by_hand(w: Scalar) -> Vector:
    r"""The same in closed form, $(2w, -2) / (1 + w)^3$.

    Args:
        w: second input of the log layer, positive.

    Returns:
        Both slopes.

    Source:
        Beyond the article: a layer it does not think of.
    """
    return jnp.stack([2 * w, -2 * jnp.ones_like(w)]) / (1 + w) ** 3


LOG_LAYER_TWO_CLASS = Claim(
    id="network.log-layer.two-class",
    statement=r"\nabla_u L = \frac{1}{(1 + w)^3}\,(2w, -2), \quad u = (1, w), \; y = e_2",
    source=_ANY,
    derivation=cleandoc(r"""
        Here $`\sigma = (1, w) / (1 + w)`$, $`\gamma = (\sigma_1, -\sigma_1)`$ and
        $`\langle\sigma, \gamma\rangle = \sigma_1 (\sigma_1 - \sigma_2)`$, so
        $`\gamma_1 - \langle\sigma, \gamma\rangle = 2\sigma_1\sigma_2`$ and
        $`\gamma_2 - \langle\sigma, \gamma\rangle = -2\sigma_1^2`$; divide by $`1 + w`$. As $`w \to 0`$ the gap
        $`-\ln w`$ grows without bound, the output saturates on the wrong class, and the second slope tends to $`-2`$.
        """),
    autodiff=Derivative(log_layer_two_class, "value"),
    by_hand=log_layer_two_class_by_hand,
    domain={"w": domain.Positive("")},
    note="The more saturated the output, the larger this slope: the layer in front does matter.",
)


def log_layer_norm_squared(u: Vector, y: Vector) -> Scalar:
    r"""Squared norm of JAX's gradient through the log layer.

    Args:
        u: inputs of the log layer, positive.
        y: target.

    Returns:
        The squared norm.

    Source:
        "Mean squared error loss + softmax", the paragraph after the four limits, on the layers in front.
    """
    return jnp.sum(jax.grad(log_layer_loss)(u, y) ** 2)


def vanishing_bound(u: Vector, y: Vector) -> Scalar:
    r"""The bound of two classes as if the layer did not matter, $8\, e^{-2g}$ with $e^{-g} = u_2 / u_1$.

    Args:
        u: inputs of the log layer, positive, the first the larger.
        y: target, not used.

    Returns:
        Bound of the squared norm.

    Source:
        "Mean squared error loss + softmax", the paragraph after the four limits, on the layers in front.
    """
    return 8 * (u[1] / u[0]) ** 2


def first_leads(u: Vector) -> Scalar:
    r"""Whether the first class leads, $u_1 \ge u_2$.

    Args:
        u: inputs of the log layer, positive.

    Returns:
        The answer.

    Source:
        Beyond the article.
    """
    return u[0] >= u[1]


NO_MATTER_WHAT = Claim(
    id="network.no-matter-what-layers",
    statement=r"\lVert \nabla_u L \rVert_2^2 \le 8\, e^{-2g}, \quad x = \ln u, \; g = x_1 - x_2 \ge 0, \; y = e_2",
    source=_ANY,
    derivation=cleandoc(r"""
        The article says that the layers in front do not matter. If so, the bound of the gradient by the logits,
        $`\sqrt8\, e^{-g}`$ with two classes, would also bound what such a layer receives. Behind a logarithm it does
        not: at $`u = (1, w)`$ the norm tends to 2 as the bound $`\sqrt8\, w`$ tends to 0.
        """),
    autodiff=Derivative(log_layer_norm_squared, "value"),
    by_hand=vanishing_bound,
    relation="<=",
    domain={"u": domain.Positive("2"), "y": domain.OneHot("2", index=1)},
    where=first_leads,
    expect=Status.FAILS,
    note="A layer whose sensitivity grows like exp(gap) undoes the decay.",
)

# --- Several examples -------------------------------------------------------------------------------------------------


def batch_loss(b: Vector, x: Matrix, y: Matrix) -> Scalar:
    r"""Mean loss of two examples that share a bias, $\frac12 [L(x^{(1)} + b) + L(x^{(2)} + b)]$.

    Args:
        b: shared biases in nats.
        x: logits in nats before the bias, one row per example.
        y: targets, one row per example.

    Returns:
        The mean loss, dimensionless.

    Source:
        Beyond the article: a batch.
    """
    return 0.5 * (half_squared_error(x[0] + b, y[0]) + half_squared_error(x[1] + b, y[1]))


def batch_gradient(b: Vector, x: Matrix, y: Matrix) -> Vector:
    r"""Its gradient by the shared bias, the mean of the examples' gradients.

    Args:
        b: shared biases in nats.
        x: logits in nats before the bias, one row per example.
        y: targets, one row per example.

    Returns:
        dL/db[j], per nat.

    Source:
        Beyond the article: a batch.
    """
    return (squared_error_gradient(x[0] + b, y[0]) + squared_error_gradient(x[1] + b, y[1])) / 2


BATCH_SHARED_BIAS = Claim(
    id="network.batch.shared-bias",
    statement=r"\nabla_b\, \tfrac{1}{2} \sum_{k=1}^2 L(x^{(k)} + b)"
    r" = \tfrac{1}{2} \sum_{k=1}^2 \nabla_x L(x^{(k)} + b)",
    source=_ANY,
    derivation=cleandoc(r"""
        Each example sees the bias with derivative 1, so its gradient is the mean of the examples' gradients by their
        own logits. It vanishes only if the mean does: all examples are saturated, or they balance each other.
        """),
    autodiff=Derivative(batch_loss, "gradient", wrt="b"),
    by_hand=batch_gradient,
    domain={"b": domain.Reals("n"), "x": domain.Logits("2 n"), "y": domain.Reals("2 n")},
    sizes={"n": (2, 3)},
)


def batch_norm_squared(x: Vector, other: Vector, y: Vector, target: Vector) -> Scalar:
    r"""Squared norm of JAX's gradient by a shared bias, of which the first example is saturated.

    Args:
        x: logits in nats of the first example, saturated.
        other: logits in nats of the second example.
        y: target of the first example.
        target: target of the second example.

    Returns:
        The squared norm, per nat squared.

    Source:
        "Mean squared error loss + softmax", the paragraph after the four limits, on the layers in front.
    """
    rows, targets = jnp.stack([x, other]), jnp.stack([y, target])
    return jnp.sum(jax.grad(batch_loss)(jnp.zeros_like(x), rows, targets) ** 2)


def bound_of_saturated_example(x: Vector, other: Vector, y: Vector, target: Vector) -> Scalar:
    r"""The bound of the saturated example alone, $(n^2 + n + 2)\, e^{-2g}$.

    Args:
        x: logits in nats of the first example, the first at least as large as all others.
        other: logits in nats of the second example, not used.
        y: target of the first example, not used.
        target: target of the second example, not used.

    Returns:
        Bound of the squared norm, per nat squared.

    Source:
        "Mean squared error loss + softmax", the paragraph after the four limits, on the layers in front.
    """
    n = x.shape[0]
    return (n**2 + n + 2) * runner_up_ratio(x) ** 2


BATCH_ONE_SATURATED = Claim(
    id="network.batch.one-saturated-example",
    statement=r"\Bigl\lVert \nabla_b\, \tfrac{1}{2} \sum_{k=1}^2 L(x^{(k)} + b) \Bigr\rVert_2^2"
    r" \le (n^2 + n + 2)\, e^{-2g}, \quad g = \text{gap of } x^{(1)}, \; b = 0",
    source=_ANY,
    derivation=cleandoc(r"""
        One saturated example would stop shared parameters, if it were enough that its own gradient has vanished. It
        is not: the other example still moves the bias, and with it the saturated one. The article speaks of one
        example throughout.
        """),
    autodiff=Derivative(batch_norm_squared, "value"),
    by_hand=bound_of_saturated_example,
    relation="<=",
    domain={
        "x": domain.Saturated("n", winner=0, gap=20.0),
        "other": domain.Logits("n"),
        "y": domain.Simplex("n"),
        "target": domain.Simplex("n"),
    },
    sizes={"n": (2, 3)},
    expect=Status.FAILS,
    note="Shared parameters move as long as one example is not saturated.",
)
