r"""Other losses behind a softmax: which of them lose their gradient under saturation, and which escape.

A loss enters through its derivative by the outputs, $\gamma_i = \partial L / \partial \sigma_i$. If that is bounded,
the gradient vanishes with the Jacobian. To escape, it has to grow like the inverse of a vanishing output. A logarithm
in the formula does not decide: the Jensen-Shannon divergence has one and vanishes.
"""

from inspect import cleandoc
from typing import Any

import jax
import jax.numpy as jnp

from verify import domain
from verify.article.absolute_error import off_kinks
from verify.article.cross_entropy import cross_entropy_gradient, cross_entropy_gradient_stable, gradient_norm_squared
from verify.article.shapes import MATRIX_SIZES, VECTOR_SIZES, Scalar, Vector
from verify.article.softmax import (
    complement,
    probabilities,
    pull_back,
    pull_back_pairwise,
    residual_on_simplex,
    runner_up_ratio,
    softmax,
)
from verify.article.squared_error import first_has_half, squared_error_gradient, squared_error_gradient_pairwise
from verify.claim import Claim, Derivative, Source, Status

_OTHER = Source("Summary", "second sentence", statement="sum-other")
_SATURATED = {"x": domain.Saturated("n", winner=0, gap=0.0), "w": domain.Reals("n")}
_ANY_TARGET = {"x": domain.Logits("n"), "y": domain.Reals("n")}
_NORMALISED = {"x": domain.Logits("n"), "y": domain.Simplex("n")}
_POSITIVE = {"x": domain.Logits("n"), "y": domain.Positive("n")}
_ONE_HOT = {"x": domain.Logits("n"), "y": domain.OneHot("n")}

# --- Bounded derivatives by the outputs: the gradient vanishes --------------------------------------------------------


def jacobian_absolute_row_sums(x: Vector) -> Vector:
    r"""Absolute row sums of JAX's Jacobian, $\sum_j \lvert J_{ij} \rvert$.

    Args:
        x: logits in nats, finite.

    Returns:
        One sum per output, per nat.

    Source:
        Beyond the article.
    """
    return jnp.sum(jnp.abs(jax.jacrev(probabilities)(x)), axis=1)


def row_sums_by_hand(x: Vector) -> Vector:
    r"""Absolute row sums by hand, $2 \sigma_i (1 - \sigma_i)$.

    Args:
        x: logits in nats, finite.

    Returns:
        One sum per output, per nat.

    Source:
        Beyond the article.
    """
    s = softmax(x)
    return 2 * s * (1 - s)


def row_sums_stable(x: Vector) -> Vector:
    r"""Absolute row sums without cancellation, $2 \sigma_i \sum_{j \ne i} \sigma_j$.

    Args:
        x: logits in nats, finite.

    Returns:
        One sum per output, per nat.

    Source:
        Beyond the article.
    """
    s = softmax(x)
    return 2 * s * complement(s)


ROW_SUMS = Claim(
    id="other-losses.jacobian-row-sums",
    statement=r"\sum_{j=1}^n \lvert J_{ij} \rvert = 2\,\sigma_i\,(1 - \sigma_i)",
    source=_OTHER,
    derivation=cleandoc(r"""
        The diagonal entry is $`\sigma_i(1-\sigma_i) > 0`$, the others are $`-\sigma_i\sigma_j < 0`$ and sum to the
        opposite of it, since rows of $`J`$ sum to 0.
        """),
    autodiff=Derivative(jacobian_absolute_row_sums, "value"),
    by_hand=row_sums_by_hand,
    domain={"x": domain.Logits("n")},
    sizes=MATRIX_SIZES,
    stable=row_sums_stable,
)


def jacobian_norm(x: Vector) -> Scalar:
    r"""Largest absolute row sum of JAX's Jacobian, $\lVert J \rVert_\infty$.

    Args:
        x: logits in nats, finite.

    Returns:
        The norm, per nat.

    Source:
        Beyond the article.
    """
    return jnp.max(jacobian_absolute_row_sums(x))


def norm_by_winner(x: Vector) -> Scalar:
    r"""Norm of the Jacobian from the winner's share, $2 m (1 - m)$ with $m = \sigma_1$.

    Args:
        x: logits in nats, the first at least as large as all others.

    Returns:
        The norm, per nat.

    Source:
        Beyond the article.
    """
    s = softmax(x)
    return 2 * s[0] * jnp.sum(s[1:])


JACOBIAN_NORM = Claim(
    id="other-losses.jacobian-norm",
    statement=r"\lVert J \rVert_\infty = 2\,m\,(1 - m), \quad m = \sigma_1 = \max_i \sigma_i",
    source=_OTHER,
    derivation=cleandoc(r"""
        The largest of the row sums $`2t(1-t)`$ over $`t = \sigma_i`$. If $`m \ge \frac12`$, all other outputs are at
        most $`1 - m \le \frac12`$, where $`t(1-t)`$ increases, and $`t = 1 - m`$ gives the same value as $`t = m`$. If
        $`m < \frac12`$, all outputs lie in $`[0, m]`$ where it increases. As $`J`$ is symmetric, its Euclidean norm is
        at most this, and $`J \to 0`$ exactly where the outputs approach a vertex.
        """),
    autodiff=Derivative(jacobian_norm, "value"),
    by_hand=norm_by_winner,
    domain={"x": domain.Saturated("n", winner=0, gap=0.0)},
    sizes=MATRIX_SIZES,
)


def any_loss_slope(x: Vector, w: Vector) -> Vector:
    r"""JAX's gradient of any loss by the logits, $J^{\top} w$ with $w = \partial L / \partial \sigma$.

    Args:
        x: logits in nats, finite.
        w: dL/ds[i].

    Returns:
        dL/dx[i], per nat.

    Source:
        "Summary", second sentence, for any loss.
    """
    return jax.vjp(probabilities, x)[1](w)[0]


def component_bound(x: Vector, w: Vector) -> Vector:
    r"""Bound of every component, $m (1 - m) (\max w - \min w)$ with $m = \sigma_1$.

    Args:
        x: logits in nats, the first at least as large as all others.
        w: dL/ds[i].

    Returns:
        The same bound for each logit, per nat.

    Source:
        Beyond the article.
    """
    s = softmax(x)
    return s[0] * jnp.sum(s[1:]) * (jnp.max(w) - jnp.min(w)) * jnp.ones_like(x)


COMPONENT_BOUND = Claim(
    id="other-losses.bounded.component-at-most",
    statement=r"\Bigl\lvert \frac{\partial L}{\partial x_i} \Bigr\rvert \le m\,(1-m)\,(\max\nolimits_j \gamma_j"
    r" - \min\nolimits_j \gamma_j), \quad \gamma = \frac{\partial L}{\partial \sigma},\ m = \sigma_1 = \max_j \sigma_j",
    source=_OTHER,
    derivation=cleandoc(r"""
        $`\partial L/\partial x_i = \sigma_i\sum_{j \ne i}\sigma_j(\gamma_i - \gamma_j)`$, where no difference exceeds
        the spread of $`\gamma`$ and the weights sum to $`\sigma_i(1-\sigma_i) \le m(1-m)`$. So *every* loss whose
        derivative by the outputs is bounded has a vanishing gradient: this is the article's "other loss functions" as a
        theorem. Here $`\gamma`$ is an argument of its own, free to be that of any loss. Equality at two classes.
        """),
    autodiff=Derivative(any_loss_slope, "value"),
    by_hand=component_bound,
    relation="abs<=",
    domain=_SATURATED,
    sizes=MATRIX_SIZES,
    note="For the derivative by the outputs of any loss whatever.",
)


def component_bound_by_gap(x: Vector, w: Vector) -> Vector:
    r"""Bound of every component from the gap, $(n-1) e^{-g} (\max w - \min w)$ with $g = x_1 - \max_{j \ge 2} x_j$.

    Args:
        x: logits in nats, the first at least as large as all others.
        w: dL/ds[i].

    Returns:
        The same bound for each logit, per nat.

    Source:
        Beyond the article.
    """
    return (x.shape[0] - 1) * runner_up_ratio(x) * (jnp.max(w) - jnp.min(w)) * jnp.ones_like(x)


COMPONENT_BY_GAP = Claim(
    id="other-losses.bounded.component-by-gap",
    statement=r"\Bigl\lvert \frac{\partial L}{\partial x_i} \Bigr\rvert \le (n-1)\,e^{-g}\,(\max\nolimits_j \gamma_j"
    r" - \min\nolimits_j \gamma_j), \quad g = x_1 - \max_{j \ge 2} x_j \ge 0",
    source=_OTHER,
    derivation=cleandoc(r"""
        $`m(1-m) \le 1 - m \le (n-1)e^{-g}`$ in the bound before: the rate is exponential in the gap for every loss with
        bounded $`\gamma`$.
        """),
    autodiff=Derivative(any_loss_slope, "value"),
    by_hand=component_bound_by_gap,
    relation="abs<=",
    domain=_SATURATED,
    sizes=MATRIX_SIZES,
)


def any_loss_norm_squared(x: Vector, w: Vector) -> Scalar:
    r"""Squared norm of JAX's gradient of any loss, $\lVert J w \rVert_2^2$.

    Args:
        x: logits in nats, finite.
        w: dL/ds[i].

    Returns:
        The squared norm, per nat squared.

    Source:
        "Summary", second sentence, for any loss.
    """
    return jnp.sum(any_loss_slope(x, w) ** 2)


def norm_bound_by_deviation(x: Vector, w: Vector) -> Scalar:
    r"""Bound of the squared norm, $(2 m (1 - m))^2 \sum_i (w_i - \bar w)^2$ with the mean $\bar w$ and $m = \sigma_1$.

    Args:
        x: logits in nats, the first at least as large as all others.
        w: dL/ds[i].

    Returns:
        The bound, per nat squared.

    Source:
        Beyond the article.
    """
    s = softmax(x)
    return (2 * s[0] * jnp.sum(s[1:])) ** 2 * jnp.sum((w - jnp.sum(w) / w.shape[0]) ** 2)


NORM_BY_DEVIATION = Claim(
    id="other-losses.bounded.norm-at-most",
    statement=r"\lVert \nabla_x L \rVert_2^2 \le \bigl(2 m (1-m)\bigr)^2 \sum_i (\gamma_i - \bar\gamma)^2,"
    r" \quad \bar\gamma = \tfrac1n \sum_i \gamma_i",
    source=_OTHER,
    derivation=cleandoc(r"""
        $`J\gamma = J(\gamma - \bar\gamma\mathbf 1)`$ since $`J\mathbf 1 = 0`$, and
        $`\lVert J\rVert_2 \le \lVert J\rVert_\infty = 2m(1-m)`$ for a symmetric matrix. Equality at two classes.
        """),
    autodiff=Derivative(any_loss_norm_squared, "value"),
    by_hand=norm_bound_by_deviation,
    relation="<=",
    domain=_SATURATED,
    sizes=MATRIX_SIZES,
)


def norm_bound_by_spread(x: Vector, w: Vector) -> Scalar:
    r"""Bound of the squared norm, $2\,(m (1 - m)(\max w - \min w))^2$ with $m = \sigma_1 \ge \frac12$.

    Args:
        x: logits in nats, the first at least as large as all others.
        w: dL/ds[i].

    Returns:
        The bound, per nat squared.

    Source:
        Beyond the article.
    """
    s = softmax(x)
    return 2 * (s[0] * jnp.sum(s[1:]) * (jnp.max(w) - jnp.min(w))) ** 2


NORM_BY_SPREAD = Claim(
    id="other-losses.bounded.norm-by-spread",
    statement=r"\lVert \nabla_x L \rVert_2^2 \le 2\,\bigl(m (1-m)\,(\max\nolimits_j \gamma_j"
    r" - \min\nolimits_j \gamma_j)\bigr)^2 \quad\text{for } m = \sigma_1 \ge \tfrac12",
    source=_OTHER,
    derivation=cleandoc(r"""
        $`\lVert J\gamma\rVert_1`$ is the mean of $`\lvert\gamma - \langle\sigma,\gamma\rangle\rvert`$ under $`\sigma`$,
        at most $`2P(1-P)`$ times the spread of $`\gamma`$, where $`P`$ is the share of the classes above the mean. One
        of $`P`$, $`1 - P`$ contains the winner, so $`P(1-P) \le m(1-m)`$ for $`m \ge \frac12`$. For a vector that sums
        to 0, $`\lVert q\rVert_2^2 \le \frac12\lVert q\rVert_1^2`$.
        """),
    autodiff=Derivative(any_loss_norm_squared, "value"),
    by_hand=norm_bound_by_spread,
    relation="<=",
    domain=_SATURATED,
    where=first_has_half,
    sizes=MATRIX_SIZES,
)


def norm_bound_halved(x: Vector, w: Vector) -> Scalar:
    r"""Bound with half the true norm of the Jacobian, $(m (1 - m))^2 \sum_i w_i^2$.

    Args:
        x: logits in nats, the first at least as large as all others.
        w: dL/ds[i].

    Returns:
        The guess, per nat squared.

    Source:
        Beyond the article: a wrong formula on purpose.
    """
    s = softmax(x)
    return (s[0] * jnp.sum(s[1:])) ** 2 * jnp.sum(w**2)


NORM_HALVED = Claim(
    id="other-losses.bounded.norm-from-diagonal",
    statement=r"\lVert \nabla_x L \rVert_2^2 \le \bigl(m (1-m)\bigr)^2 \sum_i \gamma_i^2",
    source=_OTHER,
    derivation=cleandoc(r"""
        One might bound the norm of $`J`$ by its largest diagonal entry $`m(1-m)`$. At two classes $`J`$ has the
        eigenvalue $`2m(1-m)`$ for $`(1, -1)`$: the elements off the diagonal double it.
        """),
    autodiff=Derivative(any_loss_norm_squared, "value"),
    by_hand=norm_bound_halved,
    relation="<=",
    domain=_SATURATED,
    sizes=MATRIX_SIZES,
    expect=Status.FAILS,
    note="The Jacobian is twice as large as its diagonal suggests.",
)


def winner_column_squared(x: Vector) -> Scalar:
    r"""Squared length of JAX's first column of the Jacobian, $\lVert J e_1 \rVert_2^2$.

    Args:
        x: logits in nats, finite.

    Returns:
        The squared length, per nat squared.

    Source:
        Beyond the article.
    """
    return jnp.sum(jax.jacfwd(probabilities)(x)[:, 0] ** 2)


def winner_column_bound(x: Vector) -> Scalar:
    r"""Least squared length of the first column, $\frac{n}{n-1} (\sigma_1 (1 - \sigma_1))^2$.

    Args:
        x: logits in nats, finite.

    Returns:
        The bound, per nat squared.

    Source:
        Beyond the article.
    """
    n = x.shape[0]
    s = softmax(x)
    return n * (s[0] * jnp.sum(s[1:])) ** 2 / (n - 1)


JACOBIAN_NOT_SMALLER = Claim(
    id="other-losses.jacobian-at-least",
    statement=r"\lVert J e_1 \rVert_2^2 \ge \frac{n}{n-1}\,\bigl(\sigma_1 (1 - \sigma_1)\bigr)^2",
    source=_OTHER,
    derivation=cleandoc(r"""
        Entry 1 of the column is $`\sigma_1(1-\sigma_1)`$, the other $`n - 1`$ sum to its opposite; by Cauchy and
        Schwarz their squares sum to at least $`(\sigma_1(1-\sigma_1))^2/(n-1)`$. So the Jacobian vanishes no faster
        than $`1 - \sigma_1`$: it is 0 only at a vertex, which finite logits do not reach. Equality where the losers are
        tied.
        """),
    autodiff=Derivative(winner_column_squared, "value"),
    by_hand=winner_column_bound,
    relation=">=",
    domain={"x": domain.Logits("n")},
    sizes=MATRIX_SIZES,
)

# --- Losses of the target's output alone ------------------------------------------------------------------------------


def target_loss(x: Vector, y: Vector, a: Scalar, b: Scalar, c: Scalar) -> Scalar:
    r"""A loss of the target's output alone, $\ell(p) = a p + b p^2 - c \ln p$ with $p = \sigma_t$.

    Args:
        x: logits in nats, finite.
        y: one-hot target with index t.
        a: coefficient of the linear term.
        b: coefficient of the square.
        c: coefficient of the negative logarithm.

    Returns:
        The loss.

    Source:
        Beyond the article.
    """
    p = jnp.sum(y * probabilities(x))
    return a * p + b * p**2 - c * jnp.log(p)


def target_loss_gradient(x: Vector, y: Vector, a: Scalar, b: Scalar, c: Scalar) -> Vector:
    r"""Gradient of that loss, $w(p)\,(\sigma - e_t)$ with $w(p) = -p\,\ell'(p) = c - a p - 2 b p^2$.

    Args:
        x: logits in nats, finite.
        y: one-hot target with index t.
        a: coefficient of the linear term.
        b: coefficient of the square.
        c: coefficient of the negative logarithm.

    Returns:
        dL/dx[i], per nat.

    Source:
        Beyond the article.
    """
    s = softmax(x)
    p = jnp.sum(y * s)
    return (c - a * p - 2 * b * p**2) * (s - y)


def target_loss_gradient_stable(x: Vector, y: Vector, a: Scalar, b: Scalar, c: Scalar) -> Vector:
    r"""Gradient of that loss with $\sigma_t - 1 = -\sum_{j \ne t} \sigma_j$.

    Args:
        x: logits in nats, finite.
        y: one-hot target with index t.
        a: coefficient of the linear term.
        b: coefficient of the square.
        c: coefficient of the negative logarithm.

    Returns:
        dL/dx[i], per nat.

    Source:
        Beyond the article.
    """
    s = softmax(x)
    p = jnp.sum(y * s)
    return (c - a * p - 2 * b * p**2) * residual_on_simplex(s, y)


TARGET_LOSS = Claim(
    id="other-losses.target-output-alone",
    statement=r"\nabla_x \ell(\sigma_t) = w(p)\,(\sigma - e_t), \quad w(p) = -p\,\ell'(p), \quad p = \sigma_t,"
    r"\ \ell(p) = a p + b p^2 - c \ln p",
    source=_OTHER,
    derivation=cleandoc(r"""
        $`\gamma = \ell'(p)\,e_t`$, so $`\nabla_x L = \ell'(p)\,J e_t = \ell'(p)\,p\,(e_t - \sigma)`$. Powers of $`p`$
        add terms to $`w`$ that vanish with $`p`$; only the logarithm leaves a constant. In general $`w \ge c > 0`$ near
        $`p = 0`$ means $`\ell' \le -c/p`$, so $`\ell(p) \ge \ell(p_0) + c\ln(p_0/p)`$: a loss of this kind that keeps
        its gradient is unbounded, and at least like a logarithm.
        """),
    autodiff=Derivative(target_loss, "gradient", wrt="x"),
    by_hand=target_loss_gradient,
    domain={
        "x": domain.Logits("n"),
        "y": domain.OneHot("n"),
        "a": domain.Reals(""),
        "b": domain.Reals(""),
        "c": domain.Reals(""),
    },
    sizes=MATRIX_SIZES,
    stable=target_loss_gradient_stable,
)

# --- Losses that escape -----------------------------------------------------------------------------------------------


def focal(x: Vector, y: Vector) -> Scalar:
    r"""Focal loss with exponent 2, $-(1 - p)^2 \ln p$ with $p = \sigma_t$.

    Args:
        x: logits in nats, finite.
        y: one-hot target with index t.

    Returns:
        The loss in nats.

    Source:
        Beyond the article.
    """
    p = jnp.sum(y * probabilities(x))
    return -((1 - p) ** 2) * jnp.log(p)


def focal_gradient(x: Vector, y: Vector) -> Vector:
    r"""Gradient of the focal loss, $(1 - p)(1 - p - 2 p \ln p)\,(\sigma - e_t)$.

    Args:
        x: logits in nats, finite.
        y: one-hot target with index t.

    Returns:
        dL/dx[i], per nat.

    Source:
        Beyond the article.
    """
    s = softmax(x)
    p = jnp.sum(y * s)
    return (1 - p) * (1 - p - 2 * p * jnp.log(p)) * (s - y)


def focal_gradient_stable(x: Vector, y: Vector) -> Vector:
    r"""Gradient of the focal loss without cancellation.

    $r\,(r - 2 p \ln p)\,(\sigma - e_t)$ with $r = \sum_{j \ne t} \sigma_j$.

    Args:
        x: logits in nats, finite.
        y: one-hot target with index t.

    Returns:
        dL/dx[i], per nat.

    Source:
        Beyond the article.
    """
    s = softmax(x)
    p = jnp.sum(y * s)
    rest = jnp.sum((1 - y) * s)
    return rest * (rest - 2 * p * jnp.log(p)) * residual_on_simplex(s, y)


FOCAL = Claim(
    id="other-losses.focal",
    statement=r"\nabla_x\bigl(-(1-p)^2 \ln p\bigr) = (1-p)\,(1 - p - 2 p \ln p)\,(\sigma - e_t), \quad p = \sigma_t",
    source=_OTHER,
    derivation=cleandoc(r"""
        $`\ell'(p) = 2(1-p)\ln p - (1-p)^2/p`$, so $`w = -p\,\ell' = (1-p)^2 - 2p(1-p)\ln p`$. As $`p \to 0`$,
        $`w \to 1`$: the focal loss keeps its gradient like cross entropy, and is unbounded like it.
        """),
    autodiff=Derivative(focal, "gradient", wrt="x"),
    by_hand=focal_gradient,
    domain=_ONE_HOT,
    sizes=VECTOR_SIZES,
    stable=focal_gradient_stable,
)


def focal_gradient_without_logarithm(x: Vector, y: Vector) -> Vector:
    r"""Gradient of the focal loss as if its weight were constant, $(1 - p)^2 (\sigma - e_t)$.

    Args:
        x: logits in nats, finite.
        y: one-hot target with index t.

    Returns:
        dL/dx[i], per nat.

    Source:
        Beyond the article: a wrong formula on purpose.
    """
    s = softmax(x)
    return (1 - jnp.sum(y * s)) ** 2 * (s - y)


FOCAL_WITHOUT_LOGARITHM = Claim(
    id="other-losses.focal.without-logarithm",
    statement=r"\nabla_x\bigl(-(1-p)^2 \ln p\bigr) = (1-p)^2\,(\sigma - e_t)",
    source=_OTHER,
    derivation=cleandoc(r"""
        The weight $`(1-p)^2`$ of the focal loss times the gradient of cross entropy, as if the weight did not depend on
        the logits. The product rule adds $`-2p(1-p)\ln p`$.
        """),
    autodiff=Derivative(focal, "gradient", wrt="x"),
    by_hand=focal_gradient_without_logarithm,
    domain=_ONE_HOT,
    sizes=MATRIX_SIZES,
    expect=Status.FAILS,
    note="The weight has a derivative, too.",
)


def focal_descent(x: Vector, y: Vector) -> Scalar:
    r"""How fast gradient descent on the focal loss raises the target's logit, $-\partial L / \partial x_t$.

    Args:
        x: logits in nats, finite.
        y: one-hot target with index t.

    Returns:
        The negative slope, per nat.

    Source:
        Beyond the article.
    """
    return -jnp.sum(y * jax.grad(focal)(x, y))


def cubed_target_error(x: Vector, y: Vector) -> Scalar:
    r"""Lower bound, $(1 - \sigma_t)^3$.

    Args:
        x: logits in nats, finite.
        y: one-hot target with index t.

    Returns:
        The bound, per nat.

    Source:
        Beyond the article.
    """
    return jnp.sum((1 - y) * softmax(x)) ** 3


FOCAL_ESCAPES = Claim(
    id="other-losses.focal.escapes",
    statement=r"-\frac{\partial L}{\partial x_t} \ge (1 - \sigma_t)^3 \quad\text{for } L"
    r" = -(1-\sigma_t)^2 \ln \sigma_t",
    source=_OTHER,
    derivation=cleandoc(r"""
        $`-\partial L/\partial x_t = w\,(1-p)`$ with $`w = (1-p)(1 - p - 2p\ln p) \ge (1-p)^2`$, since
        $`-p\ln p \ge 0`$. For a wrong prediction $`p \le \frac12`$, so the slope is at least $`\frac18`$ however large
        the gap.
        """),
    autodiff=Derivative(focal_descent, "value"),
    by_hand=cubed_target_error,
    relation=">=",
    domain=_ONE_HOT,
    sizes=MATRIX_SIZES,
)


def one_vs_rest(x: Vector, y: Vector) -> Scalar:
    r"""One binary cross entropy per class, $-\sum_i [y_i \ln \sigma_i + (1 - y_i) \ln(1 - \sigma_i)]$.

    Args:
        x: logits in nats, finite.
        y: target.

    Returns:
        The loss in nats. In floats infinite once an output rounds to 1.

    Source:
        Beyond the article.
    """
    s = probabilities(x)
    return -jnp.sum(y * jnp.log(s) + (1 - y) * jnp.log(1 - s))


def one_vs_rest_gradient(x: Vector, y: Vector) -> Vector:
    r"""Gradient of one binary cross entropy per class.

    $a_i - \sigma_i \sum_j a_j$ with $a_i = -y_i + (1 - y_i)\,\sigma_i / (1 - \sigma_i)$.

    Args:
        x: logits in nats, finite.
        y: target.

    Returns:
        dL/dx[i], per nat.

    Source:
        Beyond the article.
    """
    s = softmax(x)
    a = -y + (1 - y) * s / (1 - s)
    return a - s * jnp.sum(a)


def one_vs_rest_gradient_stable(x: Vector, y: Vector) -> Vector:
    r"""Gradient of one binary cross entropy per class over pairs.

    $\sum_j (a_i \sigma_j - a_j \sigma_i)$ with $a_i = -y_i + (1 - y_i)\,\sigma_i / \sum_{j \ne i} \sigma_j$.

    Args:
        x: logits in nats, finite.
        y: target.

    Returns:
        dL/dx[i], per nat.

    Source:
        Beyond the article.
    """
    s = softmax(x)
    a = -y + (1 - y) * s / complement(s)
    return jnp.sum(a[:, None] * s[None, :] - a[None, :] * s[:, None], axis=1)


ONE_VS_REST = Claim(
    id="other-losses.one-vs-rest",
    statement=r"\frac{\partial L}{\partial x_i} = a_i - \sigma_i \sum_j a_j,"
    r" \quad a_i = -y_i + (1-y_i)\,\frac{\sigma_i}{1-\sigma_i}"
    r" \quad\text{for } L = -\sum_i [y_i \ln\sigma_i + (1-y_i)\ln(1-\sigma_i)]",
    source=_OTHER,
    derivation=cleandoc(r"""
        $`\gamma_i = -y_i/\sigma_i + (1-y_i)/(1-\sigma_i)`$ and
        $`\partial L/\partial x_i = \sigma_i\gamma_i - \sigma_i\sum_j\sigma_j\gamma_j`$ with $`\sigma_i\gamma_i = a_i`$.
        It escapes in both ways: by $`1/\sigma_t`$ at a missed target, and by $`1/(1-\sigma_i)`$ at a wrong winner.
        """),
    autodiff=Derivative(one_vs_rest, "gradient", wrt="x"),
    by_hand=one_vs_rest_gradient,
    domain=_ANY_TARGET,
    sizes=MATRIX_SIZES,
    stable=one_vs_rest_gradient_stable,
)


def twice_residual(x: Vector, y: Vector) -> Vector:
    r"""Twice the gradient of cross entropy, $2\,(\sigma - y)$.

    Args:
        x: logits in nats, finite.
        y: target, summing to one.

    Returns:
        dL/dx[i], per nat.

    Source:
        Beyond the article.
    """
    return 2 * (softmax(x) - y)


def twice_residual_stable(x: Vector, y: Vector) -> Vector:
    r"""Twice the gradient of cross entropy over pairs, $2 \sum_j (\sigma_i y_j - \sigma_j y_i)$.

    Args:
        x: logits in nats, finite.
        y: target, summing to one.

    Returns:
        dL/dx[i], per nat.

    Source:
        Beyond the article.
    """
    return 2 * residual_on_simplex(softmax(x), y)


ONE_VS_REST_TWO_CLASS = Claim(
    id="other-losses.one-vs-rest.two-class",
    statement=r"\nabla_x\Bigl(-\sum_i [y_i \ln\sigma_i + (1-y_i)\ln(1-\sigma_i)]\Bigr) = 2\,(\sigma - y)"
    r" \quad (n = 2,\ y_1 + y_2 = 1)",
    source=_OTHER,
    derivation=cleandoc(r"""
        At two classes $`1 - \sigma_1 = \sigma_2`$ and $`1 - y_1 = y_2`$, so each of the two logarithms occurs twice:
        the loss is twice cross entropy.
        """),
    autodiff=Derivative(one_vs_rest, "gradient", wrt="x"),
    by_hand=twice_residual,
    domain={"x": domain.Logits("2"), "y": domain.Simplex("2")},
    stable=twice_residual_stable,
)


def divergence_from_target(x: Vector, y: Vector) -> Scalar:
    r"""Divergence of the target from the outputs, $\sum_i y_i \ln (y_i / \sigma_i)$.

    Args:
        x: logits in nats, finite.
        y: target, positive.

    Returns:
        The divergence in nats.

    Source:
        Beyond the article.
    """
    return jnp.sum(y * jnp.log(y / probabilities(x)))


DIVERGENCE_FROM_TARGET = Claim(
    id="other-losses.kullback-leibler.target-first",
    statement=r"\frac{\partial}{\partial x_i} \sum_k y_k \ln\frac{y_k}{\sigma_k}"
    r" = \Bigl(\sum_k y_k\Bigr)\sigma_i - y_i",
    source=_OTHER,
    derivation=cleandoc(r"""
        It differs from cross entropy by $`\sum_k y_k\ln y_k`$, which no logit changes, so the gradient is the same.
        """),
    autodiff=Derivative(divergence_from_target, "gradient", wrt="x"),
    by_hand=cross_entropy_gradient,
    domain=_POSITIVE,
    sizes=VECTOR_SIZES,
    stable=cross_entropy_gradient_stable,
)


def wrong_winner_loss(x: Vector) -> Scalar:
    r"""A loss that punishes the first class for its output alone, $-\ln(1 - \sigma_1)$.

    Args:
        x: logits in nats, finite.

    Returns:
        The loss in nats.

    Source:
        Beyond the article.
    """
    return -jnp.log(1 - probabilities(x)[0])


def wrong_winner_gradient(x: Vector) -> Vector:
    r"""Gradient of that loss, $\sigma_1$ for the first logit and $-\sigma_1 \sigma_j / (1 - \sigma_1)$ for the others.

    Args:
        x: logits in nats, finite.

    Returns:
        dL/dx[i], per nat.

    Source:
        Beyond the article.
    """
    s = softmax(x)
    rest = s[1:] / (1 - s[0])
    return s[0] * jnp.concatenate([jnp.ones_like(x[:1]), -rest])


def wrong_winner_gradient_stable(x: Vector) -> Vector:
    r"""Gradient of that loss with $1 - \sigma_1 = \sum_{j \ge 2} \sigma_j$.

    Args:
        x: logits in nats, finite.

    Returns:
        dL/dx[i], per nat.

    Source:
        Beyond the article.
    """
    s = softmax(x)
    rest = s[1:] / jnp.sum(s[1:])
    return s[0] * jnp.concatenate([jnp.ones_like(x[:1]), -rest])


WRONG_WINNER = Claim(
    id="other-losses.logarithm-of-complement",
    statement=r"\frac{\partial}{\partial x_1}\bigl(-\ln(1 - \sigma_1)\bigr) = \sigma_1, \quad"
    r" \frac{\partial}{\partial x_j}\bigl(-\ln(1 - \sigma_1)\bigr) = -\frac{\sigma_1 \sigma_j}{1 - \sigma_1}"
    r" \quad (j \ge 2)",
    source=_OTHER,
    derivation=cleandoc(r"""
        $`\gamma = e_1/(1-\sigma_1)`$, so $`\nabla_x L = J e_1/(1-\sigma_1)`$ with the first column
        $`\sigma_1(e_1 - \sigma)`$ of the Jacobian. As the first class saturates, its slope tends to 1. So a loss may
        also escape through the *winner*, by a derivative that grows like $`1/(1-\sigma_1)`$, and needs no
        $`1/\sigma_t`$.
        """),
    autodiff=Derivative(wrong_winner_loss, "gradient", wrt="x"),
    by_hand=wrong_winner_gradient,
    domain={"x": domain.Logits("n")},
    sizes=MATRIX_SIZES,
    stable=wrong_winner_gradient_stable,
)

# --- Losses in between ------------------------------------------------------------------------------------------------


def generalised_cross_entropy(x: Vector, y: Vector, q: Scalar) -> Scalar:
    r"""Generalised cross entropy, $(1 - p^q) / q$ with $p = \sigma_t$.

    Args:
        x: logits in nats, finite.
        y: one-hot target with index t.
        q: exponent, above 0 and at most 1.

    Returns:
        The loss; cross entropy for q to 0, half of L1 for q = 1.

    Source:
        Beyond the article.
    """
    logarithm = jnp.sum(y * jax.nn.log_softmax(x))
    return (1 - jnp.exp(q * logarithm)) / q


def generalised_gradient(x: Vector, y: Vector, q: Scalar) -> Vector:
    r"""Gradient of generalised cross entropy, $p^q\,(\sigma - e_t)$.

    Args:
        x: logits in nats, finite.
        y: one-hot target with index t.
        q: exponent, above 0 and at most 1.

    Returns:
        dL/dx[i], per nat.

    Source:
        Beyond the article.
    """
    s = softmax(x)
    return jnp.exp(q * jnp.log(jnp.sum(y * s))) * (s - y)


def generalised_gradient_stable(x: Vector, y: Vector, q: Scalar) -> Vector:
    r"""Gradient of generalised cross entropy over pairs, $p^q \sum_j (\sigma_i y_j - \sigma_j y_i)$.

    Args:
        x: logits in nats, finite.
        y: one-hot target with index t.
        q: exponent, above 0 and at most 1.

    Returns:
        dL/dx[i], per nat.

    Source:
        Beyond the article.
    """
    s = softmax(x)
    return jnp.exp(q * jnp.log(jnp.sum(y * s))) * residual_on_simplex(s, y)


GENERALISED = Claim(
    id="other-losses.generalised-cross-entropy",
    statement=r"\nabla_x \frac{1 - p^q}{q} = p^q\,(\sigma - e_t), \quad p = \sigma_t",
    source=_OTHER,
    derivation=cleandoc(r"""
        $`\ell'(p) = -p^{q-1}`$, so $`w = -p\,\ell' = p^q`$. For $`q \to 0`$ it is cross entropy with $`w = 1`$, for
        $`q = 1`$ half of the L1 loss with $`w = p`$; in between the gradient of a wrong prediction vanishes like
        $`e^{-qg}`$. For training on noisy labels this is wanted.
        """),
    autodiff=Derivative(generalised_cross_entropy, "gradient", wrt="x"),
    by_hand=generalised_gradient,
    domain={"x": domain.Logits("n"), "y": domain.OneHot("n"), "q": domain.Interval("", 0.0625, 1.0)},
    sizes=MATRIX_SIZES,
    stable=generalised_gradient_stable,
)


def generalised_gradient_by_output(x: Vector, y: Vector, q: Scalar) -> Vector:
    r"""Derivative by the output mistaken for the gradient, $p^{q-1}\,(\sigma - e_t)$.

    Args:
        x: logits in nats, finite.
        y: one-hot target with index t.
        q: exponent, above 0 and at most 1.

    Returns:
        dL/dx[i], per nat.

    Source:
        Beyond the article: a wrong formula on purpose.
    """
    s = softmax(x)
    return jnp.exp((q - 1) * jnp.log(jnp.sum(y * s))) * (s - y)


GENERALISED_WRONG = Claim(
    id="other-losses.generalised-cross-entropy.lost-factor",
    statement=r"\nabla_x \frac{1 - p^q}{q} = p^{q-1}\,(\sigma - e_t)",
    source=_OTHER,
    derivation=cleandoc(r"""
        The derivative $`p^{q-1}`$ by the output in the place of $`w`$: the factor $`p`$ of the Jacobian is forgotten.
        It would make the loss escape.
        """),
    autodiff=Derivative(generalised_cross_entropy, "gradient", wrt="x"),
    by_hand=generalised_gradient_by_output,
    domain={"x": domain.Logits("n"), "y": domain.OneHot("n"), "q": domain.Interval("", 0.0625, 1.0)},
    sizes=MATRIX_SIZES,
    expect=Status.FAILS,
    note="The derivative by the output is not yet the gradient by the logits.",
)


def hellinger(x: Vector, y: Vector) -> Scalar:
    r"""Squared Hellinger distance, $\frac12 \sum_i (\sqrt{\sigma_i} - \sqrt{y_i})^2$.

    Args:
        x: logits in nats, finite.
        y: target, nowhere negative.

    Returns:
        The distance, dimensionless.

    Source:
        Beyond the article.
    """
    return 0.5 * jnp.sum((jnp.sqrt(probabilities(x)) - jnp.sqrt(y)) ** 2)


def hellinger_gradient(x: Vector, y: Vector) -> Vector:
    r"""Gradient of the Hellinger distance.

    $\frac12 (\sigma_i B - \sqrt{\sigma_i y_i})$ with $B = \sum_k \sqrt{\sigma_k y_k}$.

    Args:
        x: logits in nats, finite.
        y: target, nowhere negative.

    Returns:
        dL/dx[i], per nat.

    Source:
        Beyond the article.
    """
    s = softmax(x)
    root = jnp.sqrt(s * y)
    return 0.5 * (s * jnp.sum(root) - root)


def hellinger_gradient_stable(x: Vector, y: Vector) -> Vector:
    r"""Gradient of the Hellinger distance over pairs.

    $\frac12 \sqrt{\sigma_i} \sum_k \sqrt{\sigma_k} (\sqrt{\sigma_i y_k} - \sqrt{\sigma_k y_i})$.

    Args:
        x: logits in nats, finite.
        y: target, nowhere negative.

    Returns:
        dL/dx[i], per nat.

    Source:
        Beyond the article.
    """
    s, root = jnp.sqrt(softmax(x)), jnp.sqrt(y)
    pairs = s[:, None] * root[None, :] - s[None, :] * root[:, None]
    return 0.5 * s * jnp.sum(s[None, :] * pairs, axis=1)


HELLINGER = Claim(
    id="other-losses.hellinger",
    statement=r"\frac{\partial}{\partial x_i}\,\tfrac12 \sum_k (\sqrt{\sigma_k} - \sqrt{y_k})^2"
    r" = \tfrac12\,(\sigma_i B - \sqrt{\sigma_i y_i}), \quad B = \sum_k \sqrt{\sigma_k y_k}",
    source=_OTHER,
    derivation=cleandoc(r"""
        $`\gamma_i = \frac12(1 - \sqrt{y_i/\sigma_i})`$, which is unbounded where an output with a target vanishes, but
        only like $`\sigma_i^{-1/2}`$. $`\sigma_i\gamma_i = \frac12(\sigma_i - \sqrt{\sigma_i y_i})`$ sums to
        $`\frac12(1 - B)`$, so
        $`\partial L/\partial x_i = \frac12(\sigma_i - \sqrt{\sigma_i y_i}) - \frac12\sigma_i(1 - B)`$.
        """),
    autodiff=Derivative(hellinger, "gradient", wrt="x"),
    by_hand=hellinger_gradient,
    domain=_NORMALISED,
    sizes=VECTOR_SIZES,
    stable=hellinger_gradient_stable,
)


def hellinger_gradient_without_affinity(x: Vector, y: Vector) -> Vector:
    r"""Gradient of the Hellinger distance without the affinity of outputs and target.

    $\frac12 (\sigma_i - \sqrt{\sigma_i y_i})$.

    Args:
        x: logits in nats, finite.
        y: target, nowhere negative.

    Returns:
        dL/dx[i], per nat.

    Source:
        Beyond the article: a wrong formula on purpose.
    """
    s = softmax(x)
    return 0.5 * (s - jnp.sqrt(s * y))


HELLINGER_WRONG = Claim(
    id="other-losses.hellinger.without-affinity",
    statement=r"\frac{\partial}{\partial x_i}\,\tfrac12 \sum_k (\sqrt{\sigma_k} - \sqrt{y_k})^2"
    r" = \tfrac12\,(\sigma_i - \sqrt{\sigma_i y_i})",
    source=_OTHER,
    derivation=cleandoc(r"""
        Only the path through the class's own output, $`\sigma_i\gamma_i`$: the other outputs, which move as well, are
        forgotten. Its entries do not sum to 0, as those of every gradient through a softmax do.
        """),
    autodiff=Derivative(hellinger, "gradient", wrt="x"),
    by_hand=hellinger_gradient_without_affinity,
    domain=_NORMALISED,
    sizes=MATRIX_SIZES,
    expect=Status.FAILS,
    note="One path of the chain rule instead of all.",
)


def hellinger_one_hot(x: Vector, y: Vector) -> Vector:
    r"""Gradient of the Hellinger distance for a one-hot target, $\frac12 \sqrt{p}\,(\sigma - e_t)$ with $p = \sigma_t$.

    Args:
        x: logits in nats, finite.
        y: one-hot target with index t.

    Returns:
        dL/dx[i], per nat.

    Source:
        Beyond the article.
    """
    s = softmax(x)
    return 0.5 * jnp.sqrt(jnp.sum(y * s)) * (s - y)


def hellinger_one_hot_stable(x: Vector, y: Vector) -> Vector:
    r"""Gradient of the Hellinger distance for a one-hot target over pairs.

    $\frac12 \sqrt{p} \sum_j (\sigma_i y_j - \sigma_j y_i)$.

    Args:
        x: logits in nats, finite.
        y: one-hot target with index t.

    Returns:
        dL/dx[i], per nat.

    Source:
        Beyond the article.
    """
    s = softmax(x)
    return 0.5 * jnp.sqrt(jnp.sum(y * s)) * residual_on_simplex(s, y)


HELLINGER_ONE_HOT = Claim(
    id="other-losses.hellinger.one-hot",
    statement=r"\nabla_x\,\tfrac12 \sum_k (\sqrt{\sigma_k} - \sqrt{y_k})^2 = \tfrac12 \sqrt{\sigma_t}\,(\sigma - e_t)"
    r" \quad\text{for } y = e_t",
    source=_OTHER,
    derivation=cleandoc(r"""
        $`B = \sqrt{\sigma_t}`$ and $`\sqrt{\sigma_i y_i} = \sqrt{\sigma_t}`$ at $`i = t`$, 0 elsewhere. Wrong
        predictions keep a gradient of order $`e^{-g/2}`$, between cross entropy and squared error.
        """),
    autodiff=Derivative(hellinger, "gradient", wrt="x"),
    by_hand=hellinger_one_hot,
    domain=_ONE_HOT,
    sizes=MATRIX_SIZES,
    stable=hellinger_one_hot_stable,
)


def jensen_shannon(x: Vector, y: Vector) -> Scalar:
    r"""Jensen-Shannon divergence, $\frac12 \sum_i [\sigma_i \ln(\sigma_i/\mu_i) - y_i \ln\mu_i]$, $2\mu = \sigma + y$.

    Left out is $\frac12 \sum_i y_i \ln y_i$, which no logit changes. It is 0 for a one-hot target, where a program
    would meet 0 ln 0.

    Args:
        x: logits in nats, finite.
        y: target, nowhere negative.

    Returns:
        The divergence in nats, up to that constant.

    Source:
        Beyond the article.
    """
    s = probabilities(x)
    return 0.5 * jnp.sum(s * jnp.log(2 * s / (s + y)) + y * jnp.log(2 / (s + y)))


def jensen_shannon_gradient(x: Vector, y: Vector) -> Vector:
    r"""Gradient of the Jensen-Shannon divergence.

    $\sigma_i (\gamma_i - \langle\sigma, \gamma\rangle)$ with $\gamma_i = \frac12 \ln\frac{2\sigma_i}{\sigma_i + y_i}$.

    Args:
        x: logits in nats, finite.
        y: target, nowhere negative.

    Returns:
        dL/dx[i], per nat.

    Source:
        Beyond the article.
    """
    s = softmax(x)
    return pull_back(s, 0.5 * jnp.log(2 * s / (s + y)))


def jensen_shannon_gradient_pairwise(x: Vector, y: Vector) -> Vector:
    r"""Gradient of the Jensen-Shannon divergence over pairs, $\sigma_i \sum_j \sigma_j (\gamma_i - \gamma_j)$.

    Args:
        x: logits in nats, finite.
        y: target, nowhere negative.

    Returns:
        dL/dx[i], per nat.

    Source:
        Beyond the article.
    """
    s = softmax(x)
    return pull_back_pairwise(s, 0.5 * jnp.log(2 * s / (s + y)))


JENSEN_SHANNON = Claim(
    id="other-losses.jensen-shannon",
    statement=r"\frac{\partial L}{\partial x_i} = \sigma_i\,(\gamma_i - \langle\sigma, \gamma\rangle),"
    r" \quad \gamma_i = \frac12 \ln\frac{2\sigma_i}{\sigma_i + y_i} \quad\text{for } L = \mathrm{JS}(\sigma, y)",
    source=_OTHER,
    derivation=cleandoc(r"""
        Differentiate by $`\sigma_i`$: the first sum gives
        $`\frac12\ln\frac{2\sigma_i}{\sigma_i+y_i} + \frac12 - \frac12\frac{\sigma_i}{\sigma_i+y_i}`$, the second
        $`-\frac12\frac{y_i}{\sigma_i+y_i}`$; the constants cancel. Where $`y_i = 0`$, $`\gamma_i = \frac12\ln 2`$. At a
        missed target $`\gamma_t`$ goes to $`-\infty`$, but only like $`\frac12\ln\sigma_t`$.
        """),
    autodiff=Derivative(jensen_shannon, "gradient", wrt="x"),
    by_hand=jensen_shannon_gradient,
    domain=_NORMALISED,
    sizes=VECTOR_SIZES,
    stable=jensen_shannon_gradient_pairwise,
)


def jensen_shannon_gradient_doubled(x: Vector, y: Vector) -> Vector:
    r"""Gradient of the Jensen-Shannon divergence without the factor one half.

    $\sigma_i (\gamma_i - \langle\sigma, \gamma\rangle)$ with $\gamma_i = \ln\frac{2\sigma_i}{\sigma_i + y_i}$.

    Args:
        x: logits in nats, finite.
        y: target, nowhere negative.

    Returns:
        dL/dx[i], per nat.

    Source:
        Beyond the article: a wrong formula on purpose.
    """
    s = softmax(x)
    return pull_back(s, jnp.log(2 * s / (s + y)))


JENSEN_SHANNON_WRONG = Claim(
    id="other-losses.jensen-shannon.lost-half",
    statement=r"\frac{\partial L}{\partial x_i} = \sigma_i\,(\gamma_i - \langle\sigma, \gamma\rangle),"
    r" \quad \gamma_i = \ln\frac{2\sigma_i}{\sigma_i + y_i} \quad\text{for } L = \mathrm{JS}(\sigma, y)",
    source=_OTHER,
    derivation=cleandoc(r"""
        The factor $`\frac12`$ of the definition forgotten; the gradient comes out twice too large.
        """),
    autodiff=Derivative(jensen_shannon, "gradient", wrt="x"),
    by_hand=jensen_shannon_gradient_doubled,
    domain=_NORMALISED,
    sizes=MATRIX_SIZES,
    expect=Status.FAILS,
    note="Twice the true gradient.",
)


def jensen_shannon_one_hot(x: Vector, y: Vector) -> Vector:
    r"""Gradient of the Jensen-Shannon divergence for a one-hot target.

    $\frac12 p \ln\frac{1 + p}{p}\,(\sigma - e_t)$ with $p = \sigma_t$.

    Args:
        x: logits in nats, finite.
        y: one-hot target with index t.

    Returns:
        dL/dx[i], per nat.

    Source:
        Beyond the article.
    """
    s = softmax(x)
    p = jnp.sum(y * s)
    return 0.5 * p * jnp.log((1 + p) / p) * (s - y)


def jensen_shannon_one_hot_stable(x: Vector, y: Vector) -> Vector:
    r"""Gradient of the Jensen-Shannon divergence for a one-hot target over pairs.

    $\frac12 p \ln\frac{1 + p}{p} \sum_j (\sigma_i y_j - \sigma_j y_i)$.

    Args:
        x: logits in nats, finite.
        y: one-hot target with index t.

    Returns:
        dL/dx[i], per nat.

    Source:
        Beyond the article.
    """
    s = softmax(x)
    p = jnp.sum(y * s)
    return 0.5 * p * jnp.log((1 + p) / p) * residual_on_simplex(s, y)


JENSEN_SHANNON_ONE_HOT = Claim(
    id="other-losses.jensen-shannon.one-hot",
    statement=r"\nabla_x L = \tfrac12\,p \ln\frac{1+p}{p}\,(\sigma - e_t), \quad p = \sigma_t"
    r" \quad\text{for } L = \mathrm{JS}(\sigma, e_t)",
    source=_OTHER,
    derivation=cleandoc(r"""
        The differences of $`\gamma`$ are
        $`\gamma_t - \gamma_j = \frac12\ln\frac{2p}{1+p} - \frac12\ln 2 = \frac12\ln\frac{p}{1+p}`$ for all $`j \ne t`$,
        and 0 among the others, so $`\nabla_x L = \frac12\ln\frac{p}{1+p}\,J e_t`$ with $`J e_t = p\,(e_t - \sigma)`$.
        """),
    autodiff=Derivative(jensen_shannon, "gradient", wrt="x"),
    by_hand=jensen_shannon_one_hot,
    domain=_ONE_HOT,
    sizes=MATRIX_SIZES,
    stable=jensen_shannon_one_hot_stable,
)


jensen_shannon_norm_squared = gradient_norm_squared(jensen_shannon)


def half_target_output(x: Vector, y: Vector) -> Scalar:
    r"""Bound of the squared norm, $\frac12 \sigma_t$.

    Args:
        x: logits in nats, finite.
        y: one-hot target with index t.

    Returns:
        The bound, per nat squared.

    Source:
        Beyond the article.
    """
    return 0.5 * jnp.sum(y * softmax(x))


JENSEN_SHANNON_VANISHES = Claim(
    id="other-losses.jensen-shannon.vanishes",
    statement=r"\lVert \nabla_x L \rVert_2^2 \le \tfrac12\,\sigma_t \quad\text{for } L = \mathrm{JS}(\sigma, e_t)",
    source=_OTHER,
    derivation=cleandoc(r"""
        $`w = \frac12 p\ln(1 + \frac1p) \le \frac12\sqrt p`$, since $`\ln(1+z) \le \sqrt z`$ for $`z \ge 0`$ (their
        difference is 0 at 0 and its derivative is $`(1-\sqrt z)^2/(2\sqrt z(1+z)) \ge 0`$), and
        $`\lVert\sigma - e_t\rVert_2^2 \le 2`$. So a loss that is made of logarithms has a vanishing gradient at
        confident wrong predictions: what counts is how fast $`\gamma_t`$ grows, and $`\ln\sigma_t`$ is too slow.
        """),
    autodiff=Derivative(jensen_shannon_norm_squared, "value"),
    by_hand=half_target_output,
    relation="<=",
    domain=_ONE_HOT,
    sizes=MATRIX_SIZES,
)


def jensen_shannon_descent(x: Vector, y: Vector) -> Scalar:
    r"""How fast gradient descent on the divergence raises the target's logit, $-\partial L / \partial x_t$.

    Args:
        x: logits in nats, finite.
        y: one-hot target with index t.

    Returns:
        The negative slope, per nat.

    Source:
        Beyond the article.
    """
    return -jnp.sum(y * jax.grad(jensen_shannon)(x, y))


def eighth_cubed_target_error(x: Vector, y: Vector) -> Scalar:
    r"""Guessed lower bound, $\frac18 (1 - \sigma_t)^3$.

    Args:
        x: logits in nats, finite.
        y: one-hot target with index t.

    Returns:
        The guess, per nat.

    Source:
        Beyond the article: a wrong formula on purpose.
    """
    return 0.125 * jnp.sum((1 - y) * softmax(x)) ** 3


JENSEN_SHANNON_ESCAPES = Claim(
    id="other-losses.jensen-shannon.escapes",
    statement=r"-\frac{\partial L}{\partial x_t} \ge \tfrac18\,(1 - \sigma_t)^3"
    r" \quad\text{for } L = \mathrm{JS}(\sigma, e_t)",
    source=_OTHER,
    derivation=cleandoc(r"""
        What the presence of a logarithm would suggest: an eighth of the bound that the focal loss obeys. False, since
        the derivative of this loss goes to 0 with the target's output.
        """),
    autodiff=Derivative(jensen_shannon_descent, "value"),
    by_hand=eighth_cubed_target_error,
    relation=">=",
    domain=_ONE_HOT,
    sizes=MATRIX_SIZES,
    expect=Status.FAILS,
    note="A logarithm in the loss is not what makes the gradient escape.",
)


def divergence_from_outputs(x: Vector, y: Vector) -> Scalar:
    r"""Divergence of the outputs from the target, $\sum_i \sigma_i \ln (\sigma_i / y_i)$.

    Args:
        x: logits in nats, finite.
        y: target, positive.

    Returns:
        The divergence in nats.

    Source:
        Beyond the article.
    """
    s = probabilities(x)
    return jnp.sum(s * jnp.log(s / y))


def divergence_from_outputs_gradient(x: Vector, y: Vector) -> Vector:
    r"""Gradient of the divergence from the outputs.

    $\sigma_i \bigl(\ln(\sigma_i / y_i) - \sum_k \sigma_k \ln(\sigma_k / y_k)\bigr)$.

    Args:
        x: logits in nats, finite.
        y: target, positive.

    Returns:
        dL/dx[i], per nat.

    Source:
        Beyond the article.
    """
    s = softmax(x)
    return pull_back(s, jnp.log(s / y))


def divergence_from_outputs_gradient_pairwise(x: Vector, y: Vector) -> Vector:
    r"""Gradient of the divergence from the outputs over pairs.

    $\sigma_i \sum_j \sigma_j (\ln(\sigma_i / y_i) - \ln(\sigma_j / y_j))$.

    Args:
        x: logits in nats, finite.
        y: target, positive.

    Returns:
        dL/dx[i], per nat.

    Source:
        Beyond the article.
    """
    s = softmax(x)
    return pull_back_pairwise(s, jnp.log(s / y))


DIVERGENCE_FROM_OUTPUTS = Claim(
    id="other-losses.kullback-leibler.outputs-first",
    statement=r"\frac{\partial}{\partial x_i} \sum_k \sigma_k \ln\frac{\sigma_k}{y_k} ="
    r" \sigma_i \Bigl(\ln\frac{\sigma_i}{y_i} - \sum_k \sigma_k \ln\frac{\sigma_k}{y_k}\Bigr)",
    source=_OTHER,
    derivation=cleandoc(r"""
        $`\gamma_i = \ln(\sigma_i/y_i) + 1`$, and the constant 1 is in the kernel of the Jacobian. With $`y`$ fixed and
        positive, the gradient vanishes under saturation, since $`\sigma_i\ln\sigma_i \to 0`$: the order of the two
        arguments decides.
        """),
    autodiff=Derivative(divergence_from_outputs, "gradient", wrt="x"),
    by_hand=divergence_from_outputs_gradient,
    domain=_POSITIVE,
    sizes=VECTOR_SIZES,
    stable=divergence_from_outputs_gradient_pairwise,
)

# --- Losses with bounded derivatives by the outputs -------------------------------------------------------------------


def brier(x: Vector, y: Vector) -> Scalar:
    r"""Brier score, $\sum_i (\sigma_i - y_i)^2$.

    Args:
        x: logits in nats, finite.
        y: target.

    Returns:
        The loss, dimensionless.

    Source:
        Beyond the article.
    """
    return jnp.sum((probabilities(x) - y) ** 2)


def brier_gradient(x: Vector, y: Vector) -> Vector:
    r"""Gradient of the Brier score, $2 \sigma_i [(\sigma_i - y_i) - \langle\sigma, \sigma - y\rangle]$.

    Args:
        x: logits in nats, finite.
        y: target.

    Returns:
        dL/dx[i], per nat.

    Source:
        Beyond the article.
    """
    return 2 * squared_error_gradient(x, y)


def brier_gradient_pairwise(x: Vector, y: Vector) -> Vector:
    r"""Gradient of the Brier score over pairs, $2 \sigma_i \sum_j \sigma_j [(\sigma_i - y_i) - (\sigma_j - y_j)]$.

    Args:
        x: logits in nats, finite.
        y: target.

    Returns:
        dL/dx[i], per nat.

    Source:
        Beyond the article.
    """
    return 2 * squared_error_gradient_pairwise(x, y)


BRIER = Claim(
    id="other-losses.brier",
    statement=r"\frac{\partial}{\partial x_i} \lVert\sigma - y\rVert_2^2"
    r" = 2\,\sigma_i\,\bigl[(\sigma_i - y_i) - \langle\sigma, \sigma - y\rangle\bigr]",
    source=_OTHER,
    derivation=cleandoc(r"""
        Twice the article's loss, which carries a factor $`\frac12`$, so twice its gradient.
        """),
    autodiff=Derivative(brier, "gradient", wrt="x"),
    by_hand=brier_gradient,
    domain=_ANY_TARGET,
    sizes=MATRIX_SIZES,
    stable=brier_gradient_pairwise,
)


def cubic_error(x: Vector, y: Vector) -> Scalar:
    r"""A third of the summed cubes of the absolute errors, $\frac13 \sum_i \lvert\sigma_i - y_i\rvert^3$.

    Args:
        x: logits in nats, finite.
        y: target.

    Returns:
        The loss, dimensionless.

    Source:
        Beyond the article.
    """
    return jnp.sum(jnp.abs(probabilities(x) - y) ** 3) / 3


def cubic_gradient(x: Vector, y: Vector) -> Vector:
    r"""Gradient of the cubic error.

    $\sigma_i (\gamma_i - \langle\sigma, \gamma\rangle)$ with $\gamma_i = \lvert r_i\rvert r_i,\ r = \sigma - y$.

    Args:
        x: logits in nats, finite.
        y: target.

    Returns:
        dL/dx[i], per nat.

    Source:
        Beyond the article.
    """
    s = softmax(x)
    error = s - y
    return pull_back(s, error * jnp.abs(error))


def cubic_gradient_pairwise(x: Vector, y: Vector) -> Vector:
    r"""Gradient of the cubic error over pairs, $\sigma_i \sum_j \sigma_j (\gamma_i - \gamma_j)$.

    Args:
        x: logits in nats, finite.
        y: target.

    Returns:
        dL/dx[i], per nat.

    Source:
        Beyond the article.
    """
    s = softmax(x)
    error = s - y
    return pull_back_pairwise(s, error * jnp.abs(error))


CUBIC = Claim(
    id="other-losses.cubic-error",
    statement=r"\frac{\partial}{\partial x_i}\,\tfrac13 \sum_k \lvert\sigma_k - y_k\rvert^3"
    r" = \sigma_i\,(\gamma_i - \langle\sigma, \gamma\rangle), \quad \gamma_i"
    r" = \lvert\sigma_i - y_i\rvert\,(\sigma_i - y_i)",
    source=_OTHER,
    derivation=cleandoc(r"""
        $`\frac13\lvert r\rvert^3`$ has the derivative $`\lvert r\rvert^2\operatorname{sign} r = \lvert r\rvert r`$,
        which is bounded. Like all powers above 1 it loses its gradient at the rate $`e^{-g}`$ where the prediction is
        wrong, and faster where it is right.
        """),
    autodiff=Derivative(cubic_error, "gradient", wrt="x"),
    by_hand=cubic_gradient,
    domain=_ANY_TARGET,
    where=off_kinks,
    sizes=MATRIX_SIZES,
    stable=cubic_gradient_pairwise,
    note="Off the kinks of the absolute value, where this loss happens to be smooth.",
)


def huber(x: Vector, y: Vector) -> Scalar:
    r"""Huber loss with threshold 3/8.

    $\sum_i h(\sigma_i - y_i)$ with $h(r) = \frac12 r^2 \text{ or } \frac38\lvert r\rvert - \frac{9}{128}$.

    Args:
        x: logits in nats, finite.
        y: target.

    Returns:
        The loss, dimensionless.

    Source:
        Beyond the article.
    """
    error = probabilities(x) - y
    size = jnp.abs(error)
    return jnp.sum(jnp.where(size <= 0.375, 0.5 * error**2, 0.375 * size - 0.0703125))


def huber_gradient(x: Vector, y: Vector) -> Vector:
    r"""Gradient of the Huber loss.

    $\sigma_i (\gamma_i - \langle\sigma, \gamma\rangle)$ with
    $\gamma_i = \min(\max(\sigma_i - y_i, -\frac38), \frac38)$.

    Args:
        x: logits in nats, finite.
        y: target.

    Returns:
        dL/dx[i], per nat.

    Source:
        Beyond the article.
    """
    s = softmax(x)
    return pull_back(s, jnp.clip(s - y, -0.375, 0.375))


def huber_gradient_pairwise(x: Vector, y: Vector) -> Vector:
    r"""Gradient of the Huber loss over pairs, $\sigma_i \sum_j \sigma_j (\gamma_i - \gamma_j)$.

    Args:
        x: logits in nats, finite.
        y: target.

    Returns:
        dL/dx[i], per nat.

    Source:
        Beyond the article.
    """
    s = softmax(x)
    return pull_back_pairwise(s, jnp.clip(s - y, -0.375, 0.375))


def off_joints(x: Vector, y: Vector) -> Any:
    r"""Whether no output is at a joint of the Huber loss or at its target, $\lvert\sigma_i - y_i\rvert \ne 0, \frac38$.

    Args:
        x: logits in nats, finite.
        y: target.

    Returns:
        The answer.

    Source:
        Beyond the article.
    """
    return jnp.logical_and(off_kinks(x, y), jnp.all(jnp.abs(softmax(x) - y) != 0.375))


HUBER = Claim(
    id="other-losses.huber",
    statement=r"\frac{\partial L}{\partial x_i} = \sigma_i\,(\gamma_i - \langle\sigma, \gamma\rangle),"
    r" \quad \gamma_i = \min\bigl(\max(\sigma_i - y_i, -\tfrac38), \tfrac38\bigr)"
    r" \quad\text{for the Huber loss with threshold } \tfrac38",
    source=_OTHER,
    derivation=cleandoc(r"""
        Both pieces of $`h`$ meet with value and slope at $`\lvert r\rvert = \frac38`$; the slope is $`r`$ inside and
        $`\pm\frac38`$ outside, which is $`r`$ cut to $`[-\frac38, \frac38]`$. It bounds $`\gamma`$, so the gradient
        vanishes.
        """),
    autodiff=Derivative(huber, "gradient", wrt="x"),
    by_hand=huber_gradient,
    domain=_NORMALISED,
    where=off_joints,
    sizes=MATRIX_SIZES,
    stable=huber_gradient_pairwise,
    note="Off the joints, where the loss is smooth as well.",
)


def distance(x: Vector, y: Vector) -> Scalar:
    r"""Distance of the outputs to the target, not squared, $\lVert\sigma - y\rVert_2$.

    Args:
        x: logits in nats, finite.
        y: target.

    Returns:
        The loss, dimensionless.

    Source:
        Beyond the article.
    """
    return jnp.sqrt(jnp.sum((probabilities(x) - y) ** 2))


def distance_gradient(x: Vector, y: Vector) -> Vector:
    r"""Gradient of the distance, $\sigma_i (r_i - \langle\sigma, r\rangle) / \lVert r\rVert_2$ with $r = \sigma - y$.

    Args:
        x: logits in nats, finite.
        y: target.

    Returns:
        dL/dx[i], per nat.

    Source:
        Beyond the article.
    """
    s = softmax(x)
    error = s - y
    return pull_back(s, error) / jnp.sqrt(jnp.sum(error**2))


def distance_gradient_pairwise(x: Vector, y: Vector) -> Vector:
    r"""Gradient of the distance over pairs, $\sigma_i \sum_j \sigma_j (r_i - r_j) / \lVert r\rVert_2$.

    Args:
        x: logits in nats, finite.
        y: target.

    Returns:
        dL/dx[i], per nat.

    Source:
        Beyond the article.
    """
    s = softmax(x)
    error = s - y
    return pull_back_pairwise(s, error) / jnp.sqrt(jnp.sum(error**2))


def not_at_target(x: Vector, y: Vector) -> Any:
    r"""Whether some output differs from its target, $\sigma \ne y$.

    Args:
        x: logits in nats, finite.
        y: target.

    Returns:
        The answer.

    Source:
        Beyond the article.
    """
    return jnp.any(softmax(x) != y)


DISTANCE = Claim(
    id="other-losses.euclidean-distance",
    statement=r"\frac{\partial}{\partial x_i} \lVert\sigma - y\rVert_2"
    r" = \frac{\sigma_i\,(r_i - \langle\sigma, r\rangle)}{\lVert r\rVert_2}, \quad r = \sigma - y",
    source=_OTHER,
    derivation=cleandoc(r"""
        $`\gamma = r/\lVert r\rVert_2`$, a unit vector. The slope by the outputs does not decrease as the target comes
        near, so this loss has a kink at $`\sigma = y`$ and a gradient of first order even where the prediction is
        right; it vanishes all the same, with the Jacobian.
        """),
    autodiff=Derivative(distance, "gradient", wrt="x"),
    by_hand=distance_gradient,
    domain=_ANY_TARGET,
    where=not_at_target,
    sizes=MATRIX_SIZES,
    stable=distance_gradient_pairwise,
    note="Away from the one point where output and target agree.",
)


def negative_overlap(x: Vector, y: Vector) -> Scalar:
    r"""Negative overlap of outputs and target, $-\langle y, \sigma\rangle$.

    Args:
        x: logits in nats, finite.
        y: target.

    Returns:
        The loss, dimensionless.

    Source:
        Beyond the article.
    """
    return -jnp.sum(y * probabilities(x))


def negative_overlap_gradient(x: Vector, y: Vector) -> Vector:
    r"""Gradient of the negative overlap, $\sigma_i (\langle\sigma, y\rangle - y_i)$.

    Args:
        x: logits in nats, finite.
        y: target.

    Returns:
        dL/dx[i], per nat.

    Source:
        Beyond the article.
    """
    s = softmax(x)
    return s * (jnp.sum(s * y) - y)


def negative_overlap_gradient_pairwise(x: Vector, y: Vector) -> Vector:
    r"""Gradient of the negative overlap over pairs, $\sigma_i \sum_j \sigma_j (y_j - y_i)$.

    Args:
        x: logits in nats, finite.
        y: target.

    Returns:
        dL/dx[i], per nat.

    Source:
        Beyond the article.
    """
    return pull_back_pairwise(softmax(x), -y)


NEGATIVE_OVERLAP = Claim(
    id="other-losses.negative-overlap",
    statement=r"\frac{\partial}{\partial x_i} \bigl(-\langle y, \sigma\rangle\bigr)"
    r" = \sigma_i\,(\langle\sigma, y\rangle - y_i)",
    source=_OTHER,
    derivation=cleandoc(r"""
        $`\gamma = -y`$, constant: the loss that is linear in the outputs. For a one-hot target it is half of L1 up to a
        constant, with the gradient $`\sigma_t(\sigma - e_t)`$.
        """),
    autodiff=Derivative(negative_overlap, "gradient", wrt="x"),
    by_hand=negative_overlap_gradient,
    domain=_ANY_TARGET,
    sizes=VECTOR_SIZES,
    stable=negative_overlap_gradient_pairwise,
)


def hinge(x: Vector, y: Vector) -> Scalar:
    r"""Multi-class hinge loss on the outputs, margin one half.

    $\sum_{j \ne t} \max(\frac12 + \sigma_j - \sigma_t,\, 0)$.

    Args:
        x: logits in nats, finite.
        y: one-hot target with index t.

    Returns:
        The loss, dimensionless.

    Source:
        Beyond the article.
    """
    s = probabilities(x)
    return jnp.sum((1 - y) * jnp.maximum(0.5 + s - jnp.sum(y * s), 0.0))


def hinge_gradient(x: Vector, y: Vector) -> Vector:
    r"""Gradient of the hinge loss.

    $\sigma_i (\gamma_i - \langle\sigma, \gamma\rangle)$ with
    $\gamma_j = [\sigma_j > \sigma_t - \frac12],\ \gamma_t = -\sum_{j \ne t} \gamma_j$.

    Args:
        x: logits in nats, finite.
        y: one-hot target with index t.

    Returns:
        dL/dx[i], per nat.

    Source:
        Beyond the article.
    """
    s = softmax(x)
    active = jnp.where(0.5 + s > jnp.sum(y * s), 1 - y, 0.0)
    return pull_back(s, active - y * jnp.sum(active))


def hinge_gradient_pairwise(x: Vector, y: Vector) -> Vector:
    r"""Gradient of the hinge loss over pairs, $\sigma_i \sum_j \sigma_j (\gamma_i - \gamma_j)$.

    Args:
        x: logits in nats, finite.
        y: one-hot target with index t.

    Returns:
        dL/dx[i], per nat.

    Source:
        Beyond the article.
    """
    s = softmax(x)
    active = jnp.where(0.5 + s > jnp.sum(y * s), 1 - y, 0.0)
    return pull_back_pairwise(s, active - y * jnp.sum(active))


HINGE = Claim(
    id="other-losses.hinge",
    statement=r"\frac{\partial L}{\partial x_i} = \sigma_i\,(\gamma_i - \langle\sigma, \gamma\rangle),"
    r" \quad \gamma_j = [\sigma_j > \sigma_t - \tfrac12] \ (j \ne t),"
    r" \quad \gamma_t = -\sum_{j \ne t} \gamma_j"
    r" \quad\text{for } L = \sum_{j \ne t} \max(\tfrac12 + \sigma_j - \sigma_t,\, 0)",
    source=_OTHER,
    derivation=cleandoc(r"""
        Each active margin has slope 1 by its own output and $`-1`$ by the target's; an inactive one has none. The
        slopes are whole numbers of magnitude at most $`n - 1`$, so the gradient vanishes with the Jacobian where the
        prediction is wrong, and is 0 outright where it is right by the margin. No output is exactly at the margin for
        logits that are not made for it.
        """),
    autodiff=Derivative(hinge, "gradient", wrt="x"),
    by_hand=hinge_gradient,
    domain=_ONE_HOT,
    # At ten classes hardly a point drawn has its winner on the target, which the inactive hinges need.
    sizes={"n": (2, 3)},
    stable=hinge_gradient_pairwise,
)


def spherical(x: Vector, y: Vector) -> Scalar:
    r"""Negative spherical score, $-\langle y, \sigma\rangle / \lVert\sigma\rVert_2$.

    Args:
        x: logits in nats, finite.
        y: target.

    Returns:
        The loss, dimensionless.

    Source:
        Beyond the article.
    """
    s = probabilities(x)
    return -jnp.sum(y * s) / jnp.sqrt(jnp.sum(s**2))


def spherical_gradient(x: Vector, y: Vector) -> Vector:
    r"""Gradient of the negative spherical score.

    $\sigma_i \bigl(\langle y, \sigma\rangle \sigma_i - y_i \lVert\sigma\rVert_2^2\bigr) / \lVert\sigma\rVert_2^3$.

    Args:
        x: logits in nats, finite.
        y: target.

    Returns:
        dL/dx[i], per nat.

    Source:
        Beyond the article.
    """
    s = softmax(x)
    square = jnp.sum(s**2)
    return s * (jnp.sum(y * s) * s - y * square) / (square * jnp.sqrt(square))


def spherical_gradient_pairwise(x: Vector, y: Vector) -> Vector:
    r"""Gradient of the negative spherical score over pairs.

    $\sigma_i \sum_j \sigma_j (y_j \sigma_i - y_i \sigma_j) / \lVert\sigma\rVert_2^3$.

    Args:
        x: logits in nats, finite.
        y: target.

    Returns:
        dL/dx[i], per nat.

    Source:
        Beyond the article.
    """
    s = softmax(x)
    square = jnp.sum(s**2)
    pairs = s[:, None] * y[None, :] - s[None, :] * y[:, None]
    return s * jnp.sum(s[None, :] * pairs, axis=1) / (square * jnp.sqrt(square))


SPHERICAL = Claim(
    id="other-losses.spherical",
    statement=r"\frac{\partial}{\partial x_i}\Bigl(-\frac{\langle y, \sigma\rangle}{\lVert\sigma\rVert_2}\Bigr)"
    r" = \sigma_i\,\frac{\langle y, \sigma\rangle\,\sigma_i - y_i\,\lVert\sigma\rVert_2^2}{\lVert\sigma\rVert_2^3}",
    source=_OTHER,
    derivation=cleandoc(r"""
        $`\gamma = -y/\lVert\sigma\rVert + \langle y,\sigma\rangle\sigma/\lVert\sigma\rVert^3`$, bounded since
        $`\lVert\sigma\rVert \ge 1/\sqrt n`$. The loss does not change when $`\sigma`$ is scaled, so
        $`\langle\sigma,\gamma\rangle = 0`$ and the gradient is simply $`\sigma_i\gamma_i`$.
        """),
    autodiff=Derivative(spherical, "gradient", wrt="x"),
    by_hand=spherical_gradient,
    domain=_ANY_TARGET,
    sizes=MATRIX_SIZES,
    stable=spherical_gradient_pairwise,
)
