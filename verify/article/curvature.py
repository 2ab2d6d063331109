r"""Second derivatives, Lipschitz constants and what follows from them; weights, shifts and temperature.

Beyond the article, but for the derivatives by the weights of a dense layer, which one of its references derives. They
are also where a transposed layout would show: the Jacobian of softmax itself is symmetric.
"""

from inspect import cleandoc

import jax
import jax.numpy as jnp

from verify import domain
from verify.article.cross_entropy import cross_entropy
from verify.article.shapes import MATRIX_SIZES, VECTOR_SIZES, Matrix, Scalar, Vector
from verify.article.softmax import (
    probabilities,
    pull_back,
    pull_back_pairwise,
    residual_on_simplex,
    softmax,
    softmax_jacobian,
    softmax_jacobian_stable,
    weighted_output,
)
from verify.article.squared_error import half_squared_error
from verify.claim import Claim, Derivative, Source, Status

_WEIGHTS = Source("References", "second entry", statement="ref-eby")
_ANY_TARGET = {"x": domain.Logits("n"), "y": domain.Reals("n")}

# --- Weights of a dense layer -----------------------------------------------------------------------------------------

_LAYER_SIZES = [{"n": 2, "m": 3}, {"n": 3, "m": 2}, {"n": 10, "m": 3}]
_LAYER = {"weights": domain.Reals("n m"), "z": domain.Reals("m")}
_TRAINED_LAYER = {**_LAYER, "y": domain.Reals("n")}


def layer_outputs(weights: Matrix, z: Vector) -> Vector:
    r"""Softmax of a dense layer, $\sigma(W z)$.

    Args:
        weights: W[i, j], one row per class.
        z: features.

    Returns:
        s[i] in (0, 1), dimensionless.

    Source:
        Second reference, the softmax layer.
    """
    return probabilities(weights @ z)


def layer_jacobian(weights: Matrix, z: Vector) -> Matrix:
    r"""Jacobian of the layer by its weights.

    $\partial\sigma_t / \partial W_{ij} = \sigma_t (\delta_{ti} - \sigma_i) z_j$.

    Args:
        weights: W[i, j], one row per class.
        z: features.

    Returns:
        Entry [t, i, j], with the axes of the output first and those of W after it.

    Source:
        Second reference, the derivative of the softmax layer.
    """
    return softmax_jacobian(weights @ z)[:, :, None] * z[None, None, :]


def layer_jacobian_stable(weights: Matrix, z: Vector) -> Matrix:
    r"""Jacobian of the layer by its weights, with $1 - \sigma_i$ as the sum of the other outputs.

    Args:
        weights: W[i, j], one row per class.
        z: features.

    Returns:
        Entry [t, i, j].

    Source:
        Beyond the article.
    """
    return softmax_jacobian_stable(weights @ z)[:, :, None] * z[None, None, :]


LAYER_JACOBIAN = Claim(
    id="weights.softmax-layer",
    statement=r"\frac{\partial \sigma_t(Wz)}{\partial W_{ij}} = \sigma_t\,(\delta_{ti} - \sigma_i)\,z_j",
    source=_WEIGHTS,
    derivation=cleandoc(r"""
        The logits are $`x_k = \sum_l W_{kl} z_l`$, so $`\partial x_k/\partial W_{ij} = \delta_{ki} z_j`$: a weight
        moves the logit of its own row only. By the chain rule
        ```math
        \frac{\partial\sigma_t}{\partial W_{ij}} = \sum_k \sigma_t(\delta_{tk} - \sigma_k)\,\delta_{ki} z_j
        = \sigma_t(\delta_{ti} - \sigma_i)\,z_j .
        ```
        The reference lays $`W`$ out row by row, as a vector with $`z_j`$ running fastest; here its two axes are kept.
        """),
    autodiff=Derivative(layer_outputs, "jacobian", wrt="weights"),
    by_hand=layer_jacobian,
    domain=_LAYER,
    sizes=_LAYER_SIZES,
    stable=layer_jacobian_stable,
    note="With more classes than features and the other way round, so that no transposed layout fits.",
)


def layer_cross_entropy(weights: Matrix, z: Vector, y: Vector) -> Scalar:
    r"""Cross entropy of a dense layer, $-\sum_i y_i \ln \sigma_i(W z)$.

    Args:
        weights: W[i, j], one row per class.
        z: features.
        y: target.

    Returns:
        The loss in nats.

    Source:
        Second reference, the softmax layer with cross entropy.
    """
    return cross_entropy(weights @ z, y)


def layer_cross_entropy_gradient(weights: Matrix, z: Vector, y: Vector) -> Matrix:
    r"""Gradient by the weights, $\bigl(\sigma_i \sum_k y_k - y_i\bigr)\, z_j$.

    Args:
        weights: W[i, j], one row per class.
        z: features.
        y: target.

    Returns:
        dL/dW[i, j].

    Source:
        Second reference, for a target that need not sum to one.
    """
    return (softmax(weights @ z) * jnp.sum(y) - y)[:, None] * z[None, :]


def layer_cross_entropy_gradient_stable(weights: Matrix, z: Vector, y: Vector) -> Matrix:
    r"""Gradient by the weights over pairs, $\sum_k (\sigma_i y_k - \sigma_k y_i)\, z_j$.

    Args:
        weights: W[i, j], one row per class.
        z: features.
        y: target.

    Returns:
        dL/dW[i, j].

    Source:
        Beyond the article.
    """
    return residual_on_simplex(softmax(weights @ z), y)[:, None] * z[None, :]


LAYER_CROSS_ENTROPY = Claim(
    id="weights.cross-entropy",
    statement=r"\frac{\partial L_{\mathrm{CE}}}{\partial W_{ij}} = \Bigl(\sigma_i \sum_k y_k - y_i\Bigr)\,z_j",
    source=_WEIGHTS,
    derivation=cleandoc(r"""
        By the chain rule $`\partial L/\partial W_{ij} = \sum_k (\partial L/\partial x_k)\,\delta_{ki} z_j`$, which is
        $`(\partial L/\partial x_i)\,z_j`$: an outer
        product of the gradient by the logits, $`\sigma\sum_k y_k - y`$, and the features. For a target that sums to one
        it is the reference's $`(\sigma_i - y_i)\,z_j`$.
        """),
    autodiff=Derivative(layer_cross_entropy, "gradient", wrt="weights"),
    by_hand=layer_cross_entropy_gradient,
    domain=_TRAINED_LAYER,
    sizes=_LAYER_SIZES,
    stable=layer_cross_entropy_gradient_stable,
)


def layer_squared_error(weights: Matrix, z: Vector, y: Vector) -> Scalar:
    r"""Half the squared error of a dense layer, $\frac12 \lVert\sigma(W z) - y\rVert_2^2$.

    Args:
        weights: W[i, j], one row per class.
        z: features.
        y: target.

    Returns:
        The loss, dimensionless.

    Source:
        Beyond the article.
    """
    return half_squared_error(weights @ z, y)


def layer_squared_error_gradient(weights: Matrix, z: Vector, y: Vector) -> Matrix:
    r"""Gradient by the weights, $(J(\sigma - y))_i\, z_j$.

    Args:
        weights: W[i, j], one row per class.
        z: features.
        y: target.

    Returns:
        dL/dW[i, j].

    Source:
        Beyond the article.
    """
    s = softmax(weights @ z)
    return pull_back(s, s - y)[:, None] * z[None, :]


def layer_squared_error_gradient_stable(weights: Matrix, z: Vector, y: Vector) -> Matrix:
    r"""Gradient by the weights over pairs, $\sigma_i \sum_k \sigma_k (r_i - r_k)\, z_j$ with $r = \sigma - y$.

    Args:
        weights: W[i, j], one row per class.
        z: features.
        y: target.

    Returns:
        dL/dW[i, j].

    Source:
        Beyond the article.
    """
    s = softmax(weights @ z)
    return pull_back_pairwise(s, s - y)[:, None] * z[None, :]


LAYER_SQUARED_ERROR = Claim(
    id="weights.squared-error",
    statement=r"\frac{\partial L_{\mathrm{MSE}}}{\partial W_{ij}} = \bigl(J(\sigma - y)\bigr)_i\,z_j"
    r" = \sigma_i\,\bigl(r_i - \langle\sigma, r\rangle\bigr)\,z_j, \quad r = \sigma - y",
    source=_WEIGHTS,
    derivation=cleandoc(r"""
        The same outer product with the gradient of squared error by the logits. Whatever the features are, the factor
        that vanishes under saturation is still there.
        """),
    autodiff=Derivative(layer_squared_error, "gradient", wrt="weights"),
    by_hand=layer_squared_error_gradient,
    domain=_TRAINED_LAYER,
    sizes=_LAYER_SIZES,
    stable=layer_squared_error_gradient_stable,
)


def layer_cross_entropy_gradient_transposed(weights: Matrix, z: Vector, y: Vector) -> Matrix:
    r"""Gradient by the weights with its axes exchanged, $z_i\, \bigl(\sigma_j \sum_k y_k - y_j\bigr)$.

    Args:
        weights: W[i, j], one row per class.
        z: features, as many as classes.
        y: target.

    Returns:
        The transpose of dL/dW.

    Source:
        Beyond the article: a wrong formula on purpose.
    """
    return z[:, None] * (softmax(weights @ z) * jnp.sum(y) - y)[None, :]


LAYER_TRANSPOSED = Claim(
    id="weights.transposed",
    statement=r"\frac{\partial L_{\mathrm{CE}}}{\partial W_{ij}} = z_i\,\Bigl(\sigma_j \sum_k y_k - y_j\Bigr)",
    source=_WEIGHTS,
    derivation=cleandoc(r"""
        The outer product taken the wrong way round, at as many features as classes, where the shapes do not give it
        away. No check of the softmax Jacobian alone can find this mistake, since $`J = J^{\top}`$.
        """),
    autodiff=Derivative(layer_cross_entropy, "gradient", wrt="weights"),
    by_hand=layer_cross_entropy_gradient_transposed,
    domain={"weights": domain.Reals("n n"), "z": domain.Reals("n"), "y": domain.Reals("n")},
    sizes={"n": (2, 3)},
    expect=Status.FAILS,
    note="A square weight matrix hides the mistake from every check of shapes.",
)

# --- Log-sum-exp ------------------------------------------------------------------------------------------------------


def log_sum_exp(x: Vector) -> Scalar:
    r"""Log-sum-exp, $\ln \sum_k e^{x_k}$.

    Args:
        x: logits in nats, finite.

    Returns:
        The value in nats.

    Source:
        ``jax.scipy.special.logsumexp``.
    """
    return jax.scipy.special.logsumexp(x)


LOG_SUM_EXP_GRADIENT = Claim(
    id="log-sum-exp.gradient",
    statement=r"\frac{\partial}{\partial x_i} \ln \sum_{k=1}^n e^{x_k} = \sigma_i",
    source=Source("Beyond the article", "log-sum-exp"),
    derivation=cleandoc(r"""
        $`e^{x_i}/\sum_k e^{x_k}`$ by the chain rule for the logarithm. Softmax is a gradient field, which is why its
        Jacobian is symmetric.
        """),
    autodiff=Derivative(log_sum_exp, "gradient", wrt="x"),
    by_hand=softmax,
    domain={"x": domain.Logits("n")},
    sizes=VECTOR_SIZES,
)

LOG_SUM_EXP_HESSIAN = Claim(
    id="log-sum-exp.hessian",
    statement=r"\frac{\partial^2}{\partial x_i\,\partial x_j} \ln \sum_{k=1}^n e^{x_k}"
    r" = \sigma_i\,(\delta_{ij} - \sigma_j)",
    source=Source("Beyond the article", "log-sum-exp"),
    derivation=cleandoc(r"""
        The Jacobian of the gradient $`\sigma`$. It is the covariance matrix of a one-hot vector drawn with the
        probabilities $`\sigma`$, so it is positive semidefinite.
        """),
    autodiff=Derivative(log_sum_exp, "hessian", wrt="x"),
    by_hand=softmax_jacobian,
    domain={"x": domain.Logits("n")},
    sizes=MATRIX_SIZES,
    stable=softmax_jacobian_stable,
)

# --- Hessians ---------------------------------------------------------------------------------------------------------


def cross_entropy_hessian(x: Vector, y: Vector) -> Matrix:
    r"""Hessian of cross entropy, $\bigl(\sum_k y_k\bigr) J$.

    Args:
        x: logits in nats, finite.
        y: target.

    Returns:
        H[i, j], per nat squared.

    Source:
        Beyond the article.
    """
    return jnp.sum(y) * softmax_jacobian(x)


def cross_entropy_hessian_stable(x: Vector, y: Vector) -> Matrix:
    r"""Hessian of cross entropy with $1 - \sigma_i$ as the sum of the other outputs.

    Args:
        x: logits in nats, finite.
        y: target.

    Returns:
        H[i, j], per nat squared.

    Source:
        Beyond the article.
    """
    return jnp.sum(y) * softmax_jacobian_stable(x)


CROSS_ENTROPY_HESSIAN = Claim(
    id="hessian.cross-entropy",
    statement=r"\nabla_x^2 L_{\mathrm{CE}} = \Bigl(\sum_k y_k\Bigr) J",
    source=Source("Beyond the article", "Hessians"),
    derivation=cleandoc(r"""
        Differentiate $`\nabla_x L = (\sum_k y_k)\,\sigma - y`$ once more. The target enters through its sum only.
        """),
    autodiff=Derivative(cross_entropy, "hessian", wrt="x"),
    by_hand=cross_entropy_hessian,
    domain=_ANY_TARGET,
    sizes=MATRIX_SIZES,
    stable=cross_entropy_hessian_stable,
)


def cross_entropy_curvature(x: Vector, y: Vector, v: Vector) -> Scalar:
    r"""JAX's second derivative of cross entropy along a direction, $v^{\top} \nabla_x^2 L\, v$.

    Args:
        x: logits in nats, finite.
        y: target.
        v: direction.

    Returns:
        The curvature, per nat squared.

    Source:
        Beyond the article.
    """
    return jnp.sum(v * jax.jvp(lambda at: jax.grad(cross_entropy)(at, y), (x,), (v,))[1])


def weighted_variance(x: Vector, y: Vector, v: Vector) -> Scalar:
    r"""Sum of the target times the variance of v.

    $\bigl(\sum_k y_k\bigr) \frac12 \sum_{ij} \sigma_i\sigma_j (v_i - v_j)^2$.

    Args:
        x: logits in nats, finite.
        y: target.
        v: direction.

    Returns:
        The curvature, per nat squared; every term has the sign of the target's sum.

    Source:
        Beyond the article.
    """
    s = softmax(x)
    pairs = s[:, None] * s[None, :] * (v[:, None] - v[None, :]) ** 2
    return jnp.sum(y) * jnp.sum(pairs) / 2


CROSS_ENTROPY_VARIANCE = Claim(
    id="hessian.cross-entropy-variance",
    statement=r"v^{\top}\,\nabla_x^2 L_{\mathrm{CE}}\,v = \Bigl(\sum_k y_k\Bigr)\,\tfrac12 \sum_{i,j} \sigma_i"
    r" \sigma_j (v_i - v_j)^2",
    source=Source("Beyond the article", "Hessians"),
    derivation=cleandoc(r"""
        $`v^{\top} J v = \sum_i\sigma_i v_i^2 - (\sum_i\sigma_i v_i)^2`$, the variance of $`v`$ under $`\sigma`$.
        Written over pairs, with $`\sum_j\sigma_j = 1`$,
        ```math
        \tfrac12\sum_{i,j}\sigma_i\sigma_j(v_i^2 - 2v_iv_j + v_j^2) = \sum_i\sigma_i v_i^2 - \Bigl(\sum_i\sigma_i
        v_i\Bigr)^2 .
        ```
        A sum of squares: for a target whose sum is not negative cross entropy is convex in the logits, and flat only
        along $`\mathbf 1`$.
        """),
    autodiff=Derivative(cross_entropy_curvature, "value"),
    by_hand=weighted_variance,
    domain={**_ANY_TARGET, "v": domain.Reals("n")},
    sizes=MATRIX_SIZES,
)


def flat(x: Vector, y: Vector, v: Vector) -> Scalar:
    """No curvature, the bound of convexity.

    Args:
        x: logits in nats; only their format matters.
        y: target, not used.
        v: direction, not used.

    Returns:
        0.

    Source:
        Beyond the article.
    """
    return jnp.zeros_like(x[0])


CROSS_ENTROPY_CONVEX = Claim(
    id="hessian.cross-entropy-convex",
    statement=r"v^{\top}\,\nabla_x^2 L_{\mathrm{CE}}\,v \ge 0 \quad\text{for } y \in \Delta",
    source=Source("Beyond the article", "Hessians"),
    derivation=cleandoc(r"""
        The curvature is the variance of $`v`$ under $`\sigma`$, a sum of squares with weights that are not negative. It
        is 0 for directions with equal entries.
        """),
    autodiff=Derivative(cross_entropy_curvature, "value"),
    by_hand=flat,
    relation=">=",
    domain={"x": domain.Logits("n"), "y": domain.Simplex("n"), "v": domain.Reals("n")},
    sizes=MATRIX_SIZES,
)

CROSS_ENTROPY_CONVEX_ANY_TARGET = Claim(
    id="hessian.cross-entropy-convex-any-target",
    statement=r"v^{\top}\,\nabla_x^2 L_{\mathrm{CE}}\,v \ge 0 \quad\text{for every } y",
    source=Source("Beyond the article", "Hessians"),
    derivation=cleandoc(r"""
        The curvature has the sign of $`\sum_k y_k`$, so it is negative for a target with a negative sum: convexity is
        one more thing that the unstated hypothesis $`\sum_k y_k = 1`$ provides.
        """),
    autodiff=Derivative(cross_entropy_curvature, "value"),
    by_hand=flat,
    relation=">=",
    domain={**_ANY_TARGET, "v": domain.Reals("n")},
    sizes=MATRIX_SIZES,
    expect=Status.FAILS,
    note="Convexity needs a target whose sum is not negative.",
)


def curved_by_softmax(s: Vector, q: Vector) -> Matrix:
    r"""What the curvature of softmax adds to a Hessian, $\operatorname{diag}(q) - q\sigma^{\top} - \sigma q^{\top}$.

    Args:
        s: softmax outputs.
        q: gradient of the loss by the logits.

    Returns:
        The part of the Hessian that Gauss-Newton leaves out, per nat squared.

    Source:
        Beyond the article.
    """
    outer = q[:, None] * s[None, :]
    return jnp.eye(s.shape[0], dtype=s.dtype) * q[:, None] - outer - outer.T


def weighted_output_hessian(x: Vector, w: Vector) -> Matrix:
    r"""Hessian of $\langle w, \sigma \rangle$.

    $\operatorname{diag}(q) - q\sigma^{\top} - \sigma q^{\top}$ with $q = J w$.

    Args:
        x: logits in nats, finite.
        w: weights, held fixed.

    Returns:
        H[i, j], per nat squared.

    Source:
        Beyond the article.
    """
    s = softmax(x)
    return curved_by_softmax(s, pull_back(s, w))


WEIGHTED_OUTPUT_HESSIAN = Claim(
    id="hessian.weighted-output",
    statement=r"\nabla_x^2 \langle w, \sigma \rangle = \operatorname{diag}(q) - q\,\sigma^{\top} - \sigma\,q^{\top},"
    r" \quad q = J w",
    source=Source("Beyond the article", "Hessians"),
    derivation=cleandoc(r"""
        Differentiate $`q_i = \sigma_i(w_i - \langle\sigma, w\rangle)`$ with $`w`$ held fixed:
        ```math
        \frac{\partial q_i}{\partial x_j} = \sigma_i(\delta_{ij} - \sigma_j)(w_i - \langle\sigma, w\rangle) - \sigma_i
        q_j = \delta_{ij} q_i - q_i\sigma_j - \sigma_i q_j ,
        ```
        using $`\partial\langle\sigma, w\rangle/\partial x_j = q_j`$. For any loss $`L(\sigma)`$ the product rule adds
        $`J\,(\nabla_\sigma^2 L)\,J`$, and $`w`$ becomes $`\partial L/\partial\sigma`$.
        """),
    autodiff=Derivative(weighted_output, "hessian", wrt="x"),
    by_hand=weighted_output_hessian,
    domain={"x": domain.Logits("n"), "w": domain.Reals("n")},
    sizes=MATRIX_SIZES,
    note="The second derivative of softmax itself, contracted with any weights.",
)


def squared_error_hessian(x: Vector, y: Vector) -> Matrix:
    r"""Hessian of half the squared error.

    $J^2 + \operatorname{diag}(q) - q\sigma^{\top} - \sigma q^{\top}$, $q = J(\sigma - y)$.

    Args:
        x: logits in nats, finite.
        y: target.

    Returns:
        H[i, j], per nat squared.

    Source:
        Beyond the article.
    """
    s = softmax(x)
    jacobian = softmax_jacobian(x)
    return jacobian @ jacobian + curved_by_softmax(s, pull_back(s, s - y))


SQUARED_ERROR_HESSIAN = Claim(
    id="hessian.squared-error",
    statement=r"\nabla_x^2 L_{\mathrm{MSE}} = J^2 + \operatorname{diag}(q) - q\,\sigma^{\top} - \sigma\,q^{\top},"
    r" \quad q = J(\sigma - y) = \nabla_x L_{\mathrm{MSE}}",
    source=Source("Beyond the article", "Hessians"),
    derivation=cleandoc(r"""
        `hessian.weighted-output` with $`w = \sigma - y`$, plus what comes from the change of $`w`$ itself:
        $`J\,(\nabla_\sigma^2 L)\,J = J\,I\,J`$.
        """),
    autodiff=Derivative(half_squared_error, "hessian", wrt="x"),
    by_hand=squared_error_hessian,
    domain=_ANY_TARGET,
    sizes=MATRIX_SIZES,
)


def gauss_newton(x: Vector, y: Vector) -> Matrix:
    r"""The Gauss-Newton part of the Hessian alone, $J^2$.

    Args:
        x: logits in nats, finite.
        y: target, not used.

    Returns:
        A positive semidefinite matrix, per nat squared.

    Source:
        Beyond the article: a wrong formula on purpose.
    """
    jacobian = softmax_jacobian(x)
    return jacobian @ jacobian


GAUSS_NEWTON = Claim(
    id="hessian.squared-error-gauss-newton",
    statement=r"\nabla_x^2 L_{\mathrm{MSE}} = J^2",
    source=Source("Beyond the article", "Hessians"),
    derivation=cleandoc(r"""
        The Hessian as if softmax were linear. It is exact only where $`q = \nabla_x L = 0`$, and it is always positive
        semidefinite, which the true Hessian is not.
        """),
    autodiff=Derivative(half_squared_error, "hessian", wrt="x"),
    by_hand=gauss_newton,
    domain=_ANY_TARGET,
    sizes=MATRIX_SIZES,
    expect=Status.FAILS,
    note="What Gauss-Newton leaves out is what makes the loss bend downwards.",
)


def squared_error_curvature(x: Vector, y: Vector, v: Vector) -> Scalar:
    r"""JAX's second derivative of half the squared error along a direction, $v^{\top} \nabla_x^2 L\, v$.

    Args:
        x: logits in nats, finite.
        y: target.
        v: direction.

    Returns:
        The curvature, per nat squared.

    Source:
        Beyond the article.
    """
    return jnp.sum(v * jax.jvp(lambda at: jax.grad(half_squared_error)(at, y), (x,), (v,))[1])


SQUARED_ERROR_CONVEX = Claim(
    id="hessian.squared-error-convex",
    statement=r"v^{\top}\,\nabla_x^2 L_{\mathrm{MSE}}\,v \ge 0 \quad\text{for } y = e_t",
    source=Source("Beyond the article", "Hessians"),
    derivation=cleandoc(r"""
        What one might expect of a square. It fails where a prediction is confidently wrong: at two classes the loss is
        $`p^2`$ with the output $`p`$ of the wrong class, and has negative curvature for $`p > \frac23`$. That is the
        side on which gradient descent is stuck.
        """),
    autodiff=Derivative(squared_error_curvature, "value"),
    by_hand=flat,
    relation=">=",
    domain={"x": domain.Logits("n"), "y": domain.OneHot("n"), "v": domain.Reals("n")},
    sizes=MATRIX_SIZES,
    expect=Status.FAILS,
    note="Cross entropy is convex in the logits, squared error is not.",
)


def two_class_hessian(x: Vector, y: Vector) -> Matrix:
    r"""Hessian at two classes and y = (0, 1), $2 p^2 (1-p)(2-3p) \begin{pmatrix} 1 & -1 \\ -1 & 1 \end{pmatrix}$.

    Args:
        x: two logits in nats.
        y: one-hot target at the second class, not used.

    Returns:
        H[i, j], per nat squared.

    Source:
        Beyond the article.
    """
    s = softmax(x)
    curvature = 2 * s[0] ** 2 * s[1] * (2 - 3 * s[0])
    signs = 2 * jnp.eye(2, dtype=x.dtype) - 1
    return curvature * signs


def two_class_hessian_stable(x: Vector, y: Vector) -> Matrix:
    r"""Hessian at two classes and y = (0, 1), with $2 - 3p = 2\sigma_2 - \sigma_1$.

    Args:
        x: two logits in nats.
        y: one-hot target at the second class, not used.

    Returns:
        H[i, j], per nat squared.

    Source:
        Beyond the article.
    """
    s = softmax(x)
    curvature = 2 * s[0] ** 2 * s[1] * (2 * s[1] - s[0])
    signs = 2 * jnp.eye(2, dtype=x.dtype) - 1
    return curvature * signs


TWO_CLASS_HESSIAN = Claim(
    id="hessian.squared-error-two-class",
    statement=r"\nabla_x^2 L_{\mathrm{MSE}} = 2 p^2 (1-p)(2-3p) \begin{pmatrix} 1 & -1 \\ -1 & 1 \end{pmatrix}"
    r" \quad (n = 2,\ y = e_2,\ p = \sigma_1)",
    source=Source("Beyond the article", "Hessians"),
    derivation=cleandoc(r"""
        $`L = \frac12(p^2 + (1 - p - 1)^2) = p^2`$ is a function of $`d = x_1 - x_2`$ alone, with $`p' = p(1-p)`$. So
        $`L' = 2p^2(1-p)`$ and $`L'' = (4p - 6p^2)\,p(1-p) = 2p^2(1-p)(2-3p)`$. One eigenvalue is always 0, the other is
        $`2L''`$.
        """),
    autodiff=Derivative(half_squared_error, "hessian", wrt="x"),
    by_hand=two_class_hessian,
    domain={"x": domain.Logits("2"), "y": domain.OneHot("2", 1)},
    stable=two_class_hessian_stable,
)


def loss_over_gap(d: Scalar) -> Scalar:
    r"""Half the squared error at the logits $(d, 0)$ and the target $(0, 1)$, which is $p^2$ with $p = 1/(1 + e^{-d})$.

    Args:
        d: gap of the wrong class in nats.

    Returns:
        The loss, dimensionless.

    Source:
        Beyond the article.
    """
    zero = jnp.zeros_like(d)
    return half_squared_error(jnp.stack([d, zero]), jnp.stack([zero, jnp.ones_like(d)]))


def no_curvature(d: Scalar) -> Scalar:
    """No curvature, the bound of concavity.

    Args:
        d: gap of the wrong class in nats; only its format matters.

    Returns:
        0.

    Source:
        Beyond the article.
    """
    return jnp.zeros_like(d)


CONCAVE_WHERE_WRONG = Claim(
    id="hessian.squared-error-concave-where-wrong",
    statement=r"\frac{d^2 L_{\mathrm{MSE}}}{d d^2} \le 0 \quad\text{for } x = (d, 0),\ y = (0, 1),\ d"
    r" \ge \tfrac{45}{64} > \ln 2",
    source=Source("Beyond the article", "Hessians"),
    derivation=cleandoc(r"""
        $`L'' = 2p^2(1-p)(2-3p)`$ has the sign of $`2 - 3p`$, negative for $`p > \frac23`$, that is
        $`d > \ln 2 = 0.6931\ldots`$ The bound $`\frac{45}{64} = 0.703125`$ is the next round number above.
        """),
    autodiff=Derivative(loss_over_gap, "hessian", wrt="d"),
    by_hand=no_curvature,
    relation="<=",
    domain={"d": domain.Interval("", 0.703125, 64.0)},
)

CONVEX_WHERE_LESS_WRONG = Claim(
    id="hessian.squared-error-convex-where-less-wrong",
    statement=r"\frac{d^2 L_{\mathrm{MSE}}}{d d^2} \ge 0 \quad\text{for } x = (d, 0),\ y = (0, 1),\ d"
    r" \le \tfrac{11}{16} < \ln 2",
    source=Source("Beyond the article", "Hessians"),
    derivation=cleandoc(r"""
        The other side of the inflection: $`2 - 3p > 0`$ for $`d < \ln 2`$, and $`\frac{11}{16} = 0.6875`$ is below it.
        """),
    autodiff=Derivative(loss_over_gap, "hessian", wrt="d"),
    by_hand=no_curvature,
    relation=">=",
    domain={"d": domain.Interval("", -64.0, 0.6875)},
)


def hessian_at_ratios(z: Vector) -> Matrix:
    r"""JAX's Hessian of half the squared error at the logits $\ln z$ and the target $e_2$.

    Args:
        z: three positive numbers, proportional to the outputs.

    Returns:
        H[i, j], per nat squared.

    Source:
        Beyond the article.
    """
    y = jnp.stack([jnp.zeros_like(z[0]), jnp.ones_like(z[0]), jnp.zeros_like(z[0])])
    return jax.hessian(half_squared_error)(jnp.log(z), y)


def hessian_in_fractions(z: Vector) -> Matrix:
    r"""The Hessian at outputs $(\frac23, \frac16, \frac16)$ as a matrix of whole numbers over 72.

    Args:
        z: the ratios; only their format matters.

    Returns:
        H[i, j], per nat squared.

    Source:
        Beyond the article.
    """
    return jnp.array([[0, 4, -4], [4, -7, 3], [-4, 3, 1]], dtype=z.dtype) / 72


INDEFINITE = Claim(
    id="hessian.squared-error-indefinite",
    statement=r"\nabla_x^2 L_{\mathrm{MSE}} ="
    r" \frac{1}{72} \begin{pmatrix} 0 & 4 & -4 \\ 4 & -7 & 3 \\ -4 & 3 & 1 \end{pmatrix}"
    r" \quad\text{at } x = (\ln 4, 0, 0),\ y = e_2",
    source=Source("Beyond the article", "Hessians"),
    derivation=cleandoc(r"""
        $`\sigma = (\frac23, \frac16, \frac16)`$ and $`r = \sigma - y = (\frac23, -\frac56, \frac16)`$ give
        $`\langle\sigma, r\rangle = \frac13`$ and $`q = \sigma\odot(r - \frac13) = \frac1{36}(8, -7, -1)`$. With
        ```math
        J = \frac1{36}\begin{pmatrix} 8 & -4 & -4 \\ -4 & 5 & -1 \\ -4 & -1 & 5 \end{pmatrix}, \quad
        J^2 = \frac1{72}\cdot\frac1{18}\begin{pmatrix} 96 & -48 & -48 \\ -48 & 42 & 6 \\ -48 & 6 & 42 \end{pmatrix}
        ```
        the general formula adds up to the display. Its diagonal has a negative and a positive entry, so the Hessian is
        indefinite; the eigenvalues are 0 and $`(-1 \pm \sqrt{19/3})/24`$. At two classes this cannot happen.
        """),
    autodiff=Derivative(hessian_at_ratios, "value"),
    by_hand=hessian_in_fractions,
    domain={"z": domain.Constant([4.0, 1.0, 1.0])},
    note="A saddle: neither convex nor concave, at logits that are exact logarithms.",
)

# --- Lipschitz constants ----------------------------------------------------------------------------------------------


def moved_outputs(x: Vector, z: Vector) -> Scalar:
    r"""Squared distance of two softmax outputs, $\lVert\sigma(x) - \sigma(z)\rVert_2^2$.

    Args:
        x: logits in nats, finite.
        z: other logits in nats, finite.

    Returns:
        The squared distance, dimensionless.

    Source:
        Beyond the article.
    """
    return jnp.sum((probabilities(x) - probabilities(z)) ** 2)


def quarter_of_move(x: Vector, z: Vector) -> Scalar:
    r"""A quarter of the squared distance of the logits, $\frac14 \lVert x - z\rVert_2^2$.

    Args:
        x: logits in nats, finite.
        z: other logits in nats, finite.

    Returns:
        The bound, nats squared.

    Source:
        Beyond the article.
    """
    return 0.25 * jnp.sum((x - z) ** 2)


LIPSCHITZ = Claim(
    id="lipschitz.softmax",
    statement=r"\lVert \sigma(x) - \sigma(z) \rVert_2^2 \le \tfrac14\,\lVert x - z \rVert_2^2",
    source=Source("Beyond the article", "Lipschitz constants"),
    derivation=cleandoc(r"""
        Along the segment from $`z`$ to $`x`$ the outputs move by $`\int_0^1 J(z + s(x - z))\,(x - z)\,ds`$, and
        $`\lVert J\rVert_2 \le 2m(1-m) \le \frac12`$ everywhere. So softmax is Lipschitz with constant $`\frac12`$, not
        just 1.
        """),
    autodiff=Derivative(moved_outputs, "value"),
    by_hand=quarter_of_move,
    relation="<=",
    domain={"x": domain.Logits("n"), "z": domain.Logits("n")},
    sizes=MATRIX_SIZES,
)


def three_sixteenths_of_move(x: Vector, z: Vector) -> Scalar:
    r"""Three sixteenths of the squared distance of the logits, $\frac3{16} \lVert x - z\rVert_2^2$.

    Args:
        x: logits in nats, finite.
        z: other logits in nats, finite.

    Returns:
        The guess, nats squared.

    Source:
        Beyond the article: a wrong formula on purpose.
    """
    return 0.1875 * jnp.sum((x - z) ** 2)


LIPSCHITZ_SMALLER = Claim(
    id="lipschitz.softmax-smaller-constant",
    statement=r"\lVert \sigma(x) - \sigma(z) \rVert_2^2 \le \tfrac{3}{16}\,\lVert x - z \rVert_2^2"
    r" \quad\text{for } n = 2,\ x, z \in [-\tfrac12, \tfrac12]^2",
    source=Source("Beyond the article", "Lipschitz constants"),
    derivation=cleandoc(r"""
        The constant $`\frac14`$ cannot be lowered: at two classes near the tie the outputs move by half the change of
        the logits along $`(1, -1)`$, in the limit of small changes. With $`\frac3{16}`$ the inequality fails there.
        """),
    autodiff=Derivative(moved_outputs, "value"),
    by_hand=three_sixteenths_of_move,
    relation="<=",
    domain={"x": domain.Interval("2", -0.5, 0.5), "z": domain.Interval("2", -0.5, 0.5)},
    expect=Status.FAILS,
    note="One half is the best Lipschitz constant of softmax.",
)


def pushed_norm_squared(x: Vector, v: Vector) -> Scalar:
    r"""Squared length of JAX's derivative along a direction, $\lVert J v\rVert_2^2$.

    Args:
        x: logits in nats, finite.
        v: direction.

    Returns:
        The squared length.

    Source:
        Beyond the article.
    """
    return jnp.sum(jax.jvp(probabilities, (x,), (v,))[1] ** 2)


def quarter_of_direction(x: Vector, v: Vector) -> Scalar:
    r"""A quarter of the squared length of the direction, $\frac14 \lVert v\rVert_2^2$.

    Args:
        x: logits in nats, not used.
        v: direction.

    Returns:
        The bound.

    Source:
        Beyond the article.
    """
    return 0.25 * jnp.sum(v**2)


LIPSCHITZ_JACOBIAN = Claim(
    id="lipschitz.jacobian",
    statement=r"\lVert J v \rVert_2^2 \le \tfrac14\,\lVert v \rVert_2^2",
    source=Source("Beyond the article", "Lipschitz constants"),
    derivation=cleandoc(r"""
        $`J`$ is symmetric with absolute row sums $`2\sigma_i(1-\sigma_i) \le \frac12`$, so no eigenvalue exceeds
        $`\frac12`$. Attained at two tied classes by $`v = (1, -1)`$.
        """),
    autodiff=Derivative(pushed_norm_squared, "value"),
    by_hand=quarter_of_direction,
    relation="<=",
    domain={"x": domain.Logits("n"), "v": domain.Reals("n")},
    sizes=MATRIX_SIZES,
)


def sixteenth_of_direction(x: Vector, v: Vector) -> Scalar:
    r"""A sixteenth of the squared length of the direction, $\frac1{16} \lVert v\rVert_2^2$.

    Args:
        x: logits in nats, not used.
        v: direction.

    Returns:
        The guess.

    Source:
        Beyond the article: a wrong formula on purpose.
    """
    return 0.0625 * jnp.sum(v**2)


LIPSCHITZ_JACOBIAN_SMALLER = Claim(
    id="lipschitz.jacobian-smaller-constant",
    statement=r"\lVert J v \rVert_2^2 \le \tfrac{1}{16}\,\lVert v \rVert_2^2",
    source=Source("Beyond the article", "Lipschitz constants"),
    derivation=cleandoc(r"""
        No entry of $`J`$ exceeds $`\frac14`$, and it is tempting to take that for the norm. The norm is twice as large
        at a tie of two classes.
        """),
    autodiff=Derivative(pushed_norm_squared, "value"),
    by_hand=sixteenth_of_direction,
    relation="<=",
    domain={"x": domain.Logits("n"), "v": domain.Reals("n")},
    sizes={"n": (2, 3)},
    expect=Status.FAILS,
    note="The largest entry of a matrix is not its norm.",
)

# --- Shifts -----------------------------------------------------------------------------------------------------------


def shifted_squared_error(x: Vector, y: Vector, c: Scalar) -> Scalar:
    r"""Half the squared error with all logits moved alike, $L(x + c\mathbf 1)$.

    Args:
        x: logits in nats, finite.
        y: target.
        c: shift in nats.

    Returns:
        The loss, dimensionless.

    Source:
        Beyond the article.
    """
    return half_squared_error(x + c, y)


def shifted_cross_entropy(x: Vector, y: Vector, c: Scalar) -> Scalar:
    r"""Cross entropy with all logits moved alike, $L(x + c\mathbf 1)$.

    Args:
        x: logits in nats, finite.
        y: target.
        c: shift in nats.

    Returns:
        The loss in nats.

    Source:
        Beyond the article.
    """
    return cross_entropy(x + c, y)


def no_slope(x: Vector, y: Vector, c: Scalar) -> Scalar:
    """No derivative by a common shift.

    Args:
        x: logits in nats, not used.
        y: target, not used.
        c: shift in nats; only its format matters.

    Returns:
        0.

    Source:
        Beyond the article.
    """
    return jnp.zeros_like(c)


_SHIFTED = {**_ANY_TARGET, "c": domain.Reals("")}

SHIFT_SQUARED_ERROR = Claim(
    id="shift.squared-error",
    statement=r"\frac{\partial}{\partial c} L_{\mathrm{MSE}}(x + c\,\mathbf{1}) = 0",
    source=Source("Beyond the article", "shift invariance"),
    derivation=cleandoc(r"""
        $`\mathbf 1^{\top}\nabla_x L = \mathbf 1^{\top} J\,(\sigma - y) = 0`$, since the columns of $`J`$ sum to 0.
        """),
    autodiff=Derivative(shifted_squared_error, "gradient", wrt="c"),
    by_hand=no_slope,
    domain=_SHIFTED,
    sizes=MATRIX_SIZES,
)

SHIFT_CROSS_ENTROPY = Claim(
    id="shift.cross-entropy",
    statement=r"\frac{\partial}{\partial c} L_{\mathrm{CE}}(x + c\,\mathbf{1}) = 0 \quad\text{for every } y",
    source=Source("Beyond the article", "shift invariance"),
    derivation=cleandoc(r"""
        The entries of $`(\sum_k y_k)\,\sigma - y`$ sum to $`\sum_k y_k - \sum_k y_k = 0`$, whatever the target sums to.
        With the article's last line, $`\sigma - y`$, the sum is $`1 - \sum_k y_k`$: shift invariance alone shows that
        it needs a normalised target.
        """),
    autodiff=Derivative(shifted_cross_entropy, "gradient", wrt="c"),
    by_hand=no_slope,
    domain=_SHIFTED,
    sizes=MATRIX_SIZES,
)


def hessian_row_sums(x: Vector, y: Vector) -> Vector:
    r"""JAX's Hessian of half the squared error along a common shift, $\nabla_x^2 L\, \mathbf 1$.

    Args:
        x: logits in nats, finite.
        y: target.

    Returns:
        Row sums of the Hessian, per nat squared.

    Source:
        Beyond the article.
    """
    return jax.jvp(lambda at: jax.grad(half_squared_error)(at, y), (x,), (jnp.ones_like(x),))[1]


def no_change(x: Vector, y: Vector) -> Vector:
    """No change of the gradient under a common shift.

    Args:
        x: logits in nats; only their shape and format matter.
        y: target, not used.

    Returns:
        Zeros.

    Source:
        Beyond the article.
    """
    return jnp.zeros_like(x)


SHIFT_HESSIAN = Claim(
    id="shift.hessian-kernel",
    statement=r"\nabla_x^2 L_{\mathrm{MSE}}\,\mathbf{1} = 0",
    source=Source("Beyond the article", "shift invariance"),
    derivation=cleandoc(r"""
        The gradient does not change under a common shift, so its derivative along $`\mathbf 1`$ is 0. In the formula:
        $`J^2\mathbf 1 = 0`$, $`\operatorname{diag}(q)\mathbf 1 = q`$, $`q\,(\sigma^{\top}\mathbf 1) = q`$ and
        $`\sigma\,(q^{\top}\mathbf 1) = 0`$.
        """),
    autodiff=Derivative(hessian_row_sums, "value"),
    by_hand=no_change,
    domain=_ANY_TARGET,
    sizes=MATRIX_SIZES,
)

# --- Temperature ------------------------------------------------------------------------------------------------------


def tempered_squared_error(x: Vector, y: Vector, temperature: Scalar) -> Scalar:
    r"""Half the squared error of a softmax at temperature T, $\frac12 \lVert\sigma(x / T) - y\rVert_2^2$.

    Args:
        x: logits in nats, finite.
        y: target.
        temperature: T, positive.

    Returns:
        The loss, dimensionless.

    Source:
        Beyond the article.
    """
    return half_squared_error(x / temperature, y)


def tempered_squared_error_gradient(x: Vector, y: Vector, temperature: Scalar) -> Vector:
    r"""Gradient at temperature T, $\frac1T J(\sigma - y)$ with $\sigma = \sigma(x / T)$.

    Args:
        x: logits in nats, finite.
        y: target.
        temperature: T, positive.

    Returns:
        dL/dx[i], per nat.

    Source:
        Beyond the article.
    """
    s = softmax(x / temperature)
    return pull_back(s, s - y) / temperature


def tempered_squared_error_gradient_stable(x: Vector, y: Vector, temperature: Scalar) -> Vector:
    r"""Gradient at temperature T over pairs, $\frac1T \sigma_i \sum_k \sigma_k (r_i - r_k)$ with $r = \sigma - y$.

    Args:
        x: logits in nats, finite.
        y: target.
        temperature: T, positive.

    Returns:
        dL/dx[i], per nat.

    Source:
        Beyond the article.
    """
    s = softmax(x / temperature)
    return pull_back_pairwise(s, s - y) / temperature


_TEMPERED = {**_ANY_TARGET, "temperature": domain.Interval("", 0.5, 8.0)}

TEMPERATURE_GRADIENT = Claim(
    id="temperature.squared-error",
    statement=r"\frac{\partial}{\partial x_i} L_{\mathrm{MSE}}(x / T) = \frac{1}{T}\,\bigl(J(\sigma - y)\bigr)_i,"
    r" \quad \sigma = \sigma(x / T)",
    source=Source("Beyond the article", "temperature"),
    derivation=cleandoc(r"""
        The chain rule with $`x/T`$. The gap is divided by $`T`$ as well, so where the prediction is wrong a temperature
        above 1 costs a factor $`1/T`$ and gains about $`e^{g - g/T}`$: it un-saturates the gradient.
        """),
    autodiff=Derivative(tempered_squared_error, "gradient", wrt="x"),
    by_hand=tempered_squared_error_gradient,
    domain=_TEMPERED,
    sizes=MATRIX_SIZES,
    stable=tempered_squared_error_gradient_stable,
)


def tempered_cross_entropy(x: Vector, y: Vector, temperature: Scalar) -> Scalar:
    r"""Cross entropy of a softmax at temperature T, $-\sum_i y_i \ln\sigma_i(x / T)$.

    Args:
        x: logits in nats, finite.
        y: target.
        temperature: T, positive.

    Returns:
        The loss in nats.

    Source:
        Beyond the article.
    """
    return cross_entropy(x / temperature, y)


def temperature_slope(x: Vector, y: Vector, temperature: Scalar) -> Scalar:
    r"""Derivative by the temperature, $-\frac1{T^2} \sum_i x_i \bigl(\sigma_i \sum_k y_k - y_i\bigr)$.

    Args:
        x: logits in nats, finite.
        y: target.
        temperature: T, positive.

    Returns:
        dL/dT.

    Source:
        Beyond the article.
    """
    s = softmax(x / temperature)
    return -jnp.sum(x * (s * jnp.sum(y) - y)) / temperature**2


def temperature_slope_stable(x: Vector, y: Vector, temperature: Scalar) -> Scalar:
    r"""Derivative by the temperature from differences of logits, $\frac1{T^2} \sum_{ij} \sigma_i y_j (x_j - x_i)$.

    Args:
        x: logits in nats, finite.
        y: target.
        temperature: T, positive.

    Returns:
        dL/dT; shifts of all logits drop out before anything is rounded.

    Source:
        Beyond the article.
    """
    s = softmax(x / temperature)
    pairs = s[:, None] * y[None, :] * (x[None, :] - x[:, None])
    return jnp.sum(pairs) / temperature**2


TEMPERATURE_SLOPE = Claim(
    id="temperature.slope",
    statement=r"\frac{\partial}{\partial T} L_{\mathrm{CE}}(x / T) ="
    r" -\frac{1}{T^2} \sum_i x_i \Bigl(\sigma_i \sum_k y_k - y_i\Bigr),"
    r" \quad \sigma = \sigma(x / T)",
    source=Source("Beyond the article", "temperature"),
    derivation=cleandoc(r"""
        $`\partial(x_i/T)/\partial T = -x_i/T^2`$, times the gradient of cross entropy at $`x/T`$. Over pairs it is
        $`\frac1{T^2}\sum_{i,j}\sigma_i y_j (x_j - x_i)`$, in which a common shift of the logits drops out.
        """),
    autodiff=Derivative(tempered_cross_entropy, "gradient", wrt="temperature"),
    by_hand=temperature_slope,
    domain=_TEMPERED,
    sizes=MATRIX_SIZES,
    stable=temperature_slope_stable,
)
