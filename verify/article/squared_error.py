r"""Squared error behind a softmax: its gradient, the article's limits, and how fast it vanishes under saturation.

The loss is $L = \frac12 \lVert\sigma(x) - y\rVert_2^2$. A prediction is *right* where the largest logit is the target's
and *wrong* where it is not. In bounds under saturation the first logit leads; the loss does not care for the order.
"""

from inspect import cleandoc

import jax
import jax.numpy as jnp

from verify import domain
from verify.article.shapes import MATRIX_SIZES, VECTOR_SIZES, Scalar, Vector
from verify.article.softmax import (
    complement,
    probabilities,
    pull_back,
    pull_back_pairwise,
    residual_on_simplex,
    runner_up_ratio,
    softmax,
    softmax_jacobian,
)
from verify.claim import Claim, Derivative, Source, Status

# --- The loss ---------------------------------------------------------------------------------------------------------


def half_squared_error(x: Vector, y: Vector) -> Scalar:
    r"""Half the squared distance of the outputs to the target, $L = \frac12 \lVert\sigma(x) - y\rVert_2^2$.

    Args:
        x: logits in nats, finite.
        y: target.

    Returns:
        L, dimensionless.

    Source:
        "Mean squared error loss + softmax", the first display.
    """
    return 0.5 * jnp.sum((probabilities(x) - y) ** 2)


def half_norm_squared(x: Vector, y: Vector) -> Scalar:
    r"""Half an inner product of the output error with itself, $\frac12 \langle\sigma - y, \sigma - y\rangle$.

    Args:
        x: logits in nats, finite.
        y: target.

    Returns:
        L, dimensionless.

    Source:
        "Mean squared error loss + softmax", the first display.
    """
    error = softmax(x) - y
    return jnp.dot(error, error) / 2


DEFINITION = Claim(
    id="squared-error.definition",
    statement=r"L = \tfrac{1}{2} \lVert \sigma(x) - y \rVert_2^2",
    source=Source("Mean squared error loss + softmax", "the first display", statement="mse-def"),
    derivation=cleandoc(r"""
        A definition: half the inner product of the output error $`\sigma - y`$ with itself. The factor one half is
        there so that the derivative by an output has none.
        """),
    autodiff=Derivative(half_squared_error, "value"),
    by_hand=half_norm_squared,
    domain={"x": domain.Logits("n"), "y": domain.Reals("n")},
    sizes=MATRIX_SIZES,
)


def half_sum_from_mean(x: Vector, y: Vector) -> Scalar:
    r"""The loss from the mean of the squares, $\frac n2 \cdot \frac1n \sum_i (\sigma_i - y_i)^2$.

    Args:
        x: logits in nats, finite.
        y: target.

    Returns:
        L, dimensionless.

    Source:
        "Mean squared error loss + softmax", the first display beside the name of the loss.
    """
    return x.shape[0] * mean_squared_error(x, y) / 2


def mean_squared_error(x: Vector, y: Vector) -> Scalar:
    r"""What the name says, $\frac1n \sum_i (\sigma_i - y_i)^2$.

    Args:
        x: logits in nats, finite.
        y: target.

    Returns:
        The mean, dimensionless.

    Source:
        "Mean squared error loss + softmax", the name of the loss.
    """
    return jnp.mean((softmax(x) - y) ** 2)


HALF_THE_SUM = Claim(
    id="squared-error.half-the-sum",
    statement=r"L = \frac{n}{2} \cdot \frac{1}{n} \sum_{i=1}^n (\sigma_i - y_i)^2",
    source=Source(
        "Mean squared error loss + softmax", "the first display beside the name of the loss", statement="mse-def"
    ),
    derivation=cleandoc(r"""
        The loss is called a mean and written as half a sum; half the sum is $`\frac{n}{2}`$ times the mean. (The
        Brier score is the sum itself, $`2L`$.)
        """),
    autodiff=Derivative(half_squared_error, "value"),
    by_hand=half_sum_from_mean,
    domain={"x": domain.Logits("n"), "y": domain.Reals("n")},
    sizes=MATRIX_SIZES,
)

TWO_CLASS_MEAN = Claim(
    id="squared-error.two-class.equals-the-mean",
    statement=r"L = \tfrac{1}{2} \bigl[ (\sigma_1 - y_1)^2 + (\sigma_2 - y_2)^2 \bigr]",
    source=Source(
        "Mean squared error loss + softmax", "the first display with two classes, as announced", statement="mse-def"
    ),
    derivation="With two classes half the sum is the mean, so the name fits the section's own case.",
    autodiff=Derivative(half_squared_error, "value"),
    by_hand=mean_squared_error,
    domain={"x": domain.Logits("2"), "y": domain.Reals("2")},
)

EQUALS_MEAN = Claim(
    id="squared-error.equals-the-mean",
    statement=r"L = \frac{1}{n} \sum_{i=1}^n (\sigma_i - y_i)^2 \quad (n \ge 3)",
    source=Source(
        "Mean squared error loss + softmax", "the first display beside the name of the loss", statement="mse-def"
    ),
    derivation=cleandoc(r"""
        The name taken literally. The two sides differ by the factor $`\frac{n}{2}`$, which is 1 at two classes only.
        A constant factor changes no direction of descent, but it changes every constant.
        """),
    autodiff=Derivative(half_squared_error, "value"),
    by_hand=mean_squared_error,
    domain={"x": domain.Logits("n"), "y": domain.Reals("n")},
    sizes={"n": (3, 10)},
    expect=Status.FAILS,
    note="The loss is half a sum, not a mean.",
)


def one_everywhere(x: Vector, y: Vector) -> Scalar:
    """The bound of the loss, one.

    Args:
        x: logits in nats; only their format matters.
        y: not used.

    Returns:
        1, dimensionless.

    Source:
        Beyond the article.
    """
    return jnp.ones_like(x[0])


BELOW_ONE = Claim(
    id="squared-error.at-most-one",
    statement=r"\tfrac{1}{2} \lVert \sigma(x) - y \rVert_2^2 \le 1 \quad (y \text{ a distribution})",
    source=Source("Beyond the article", "range of the loss"),
    derivation=cleandoc(r"""
        Neither $`\sigma`$ nor $`y`$ has a negative entry, so
        $`\lVert \sigma - y \rVert^2 = \lVert\sigma\rVert^2 + \lVert y\rVert^2 - 2\langle\sigma, y\rangle \le 1 + 1`$.
        The value 1 is approached and not attained: $`\lVert\sigma\rVert < 1`$ at finite logits. A bounded loss cannot
        pull forever: along every ray its slope has to fade.
        """),
    autodiff=Derivative(half_squared_error, "value"),
    by_hand=one_everywhere,
    relation="<=",
    domain={"x": domain.Logits("n"), "y": domain.Simplex("n")},
    sizes=MATRIX_SIZES,
)


def error_of_outputs(s: Vector, y: Vector) -> Scalar:
    r"""The loss as a function of free outputs, $\frac12 \lVert s - y\rVert_2^2$.

    Args:
        s: outputs, not confined to the simplex.
        y: target.

    Returns:
        L, dimensionless.

    Source:
        "Mean squared error loss + softmax", the display of the derivative by the outputs.
    """
    return 0.5 * jnp.sum((s - y) ** 2)


def output_error(s: Vector, y: Vector) -> Vector:
    r"""Derivative of the loss by the outputs, $\partial L / \partial\sigma_i = \sigma_i - y_i$.

    Args:
        s: outputs.
        y: target.

    Returns:
        dL/ds[i], dimensionless.

    Source:
        "Mean squared error loss + softmax", the display of the derivative by the outputs.
    """
    return s - y


BY_OUTPUTS = Claim(
    id="squared-error.by-outputs",
    statement=r"\frac{\partial L}{\partial \sigma} = (\sigma - y)^{\top}"
    r" = (\sigma_1 - y_1, \dots, \sigma_n - y_n)",
    source=Source(
        "Mean squared error loss + softmax", "the display of the derivative by the outputs", statement="mse-dsigma"
    ),
    derivation=cleandoc(r"""
        Only the $`i`$-th square depends on $`\sigma_i`$, and
        $`\frac{d}{d\sigma_i} \frac12 (\sigma_i - y_i)^2 = \sigma_i - y_i`$. Here the outputs are $`n`$ free
        variables: that they sum to 1 is not used, the chain rule takes care of it.
        """),
    autodiff=Derivative(error_of_outputs, "gradient", wrt="s"),
    by_hand=output_error,
    domain={"s": domain.Reals("n"), "y": domain.Reals("n")},
    sizes=VECTOR_SIZES,
)

# --- Its gradient by the logits ---------------------------------------------------------------------------------------


def chain_rule(x: Vector, y: Vector) -> Vector:
    r"""The gradient as the chain rule writes it, $\sum_i (\sigma_i - y_i) J_{ij}$.

    Args:
        x: logits in nats, finite.
        y: target.

    Returns:
        dL/dx[j], per nat.

    Source:
        "Mean squared error loss + softmax", the display on the chain rule.
    """
    return jnp.sum((softmax(x) - y)[:, None] * softmax_jacobian(x), axis=0)


CHAIN_RULE = Claim(
    id="squared-error.chain-rule",
    statement=r"\frac{\partial L}{\partial x_j} = \frac{\partial L}{\partial \sigma}"
    r"\,\frac{\partial \sigma}{\partial x_j} = \sum_{i=1}^n (\sigma_i - y_i)\,\sigma_i (\delta_{ij} - \sigma_j)",
    source=Source(
        "Mean squared error loss + softmax", "the display on the chain rule, first line", statement="mse-chain"
    ),
    derivation=cleandoc(r"""
        A logit moves every output, and each output moves the loss: a row of $`n`$ entries $`\sigma_i - y_i`$ times a
        column of $`n`$ entries $`\partial\sigma_i / \partial x_j = \sigma_i (\delta_{ij} - \sigma_j)`$.
        """),
    autodiff=Derivative(half_squared_error, "gradient", wrt="x"),
    by_hand=chain_rule,
    domain={"x": domain.Logits("n"), "y": domain.Reals("n")},
    sizes=MATRIX_SIZES,
)


def squared_error_gradient(x: Vector, y: Vector) -> Vector:
    r"""Gradient of half the squared error, $\sigma_j [(\sigma_j - y_j) - \langle\sigma, \sigma - y\rangle]$.

    Args:
        x: logits in nats, finite.
        y: target, any real vector.

    Returns:
        dL/dx[j], per nat. Cancels under saturation; see `squared_error_gradient_pairwise`.

    Source:
        "Mean squared error loss + softmax", its two-class displays for any number of classes.
    """
    s = softmax(x)
    return pull_back(s, s - y)


def squared_error_gradient_pairwise(x: Vector, y: Vector) -> Vector:
    r"""The same gradient over pairs, $\sigma_j \sum_{i \ne j} \sigma_i [(\sigma_j - y_j) - (\sigma_i - y_i)]$.

    Args:
        x: logits in nats, finite.
        y: target, any real vector.

    Returns:
        dL/dx[j], per nat, as accurate as the differences of the output errors.

    Source:
        Beyond the article.
    """
    s = softmax(x)
    return pull_back_pairwise(s, s - y)


GRADIENT = Claim(
    id="squared-error.gradient",
    statement=r"\frac{\partial L}{\partial x_j} = \sigma_j \bigl[ (\sigma_j - y_j)"
    r" - \langle \sigma, \sigma - y \rangle \bigr]",
    source=Source(
        "Mean squared error loss + softmax", "the two-class displays, for any number of classes", statement="mse-gen"
    ),
    derivation=cleandoc(r"""
        Write $`r = \sigma - y`$ and split the sum of the chain rule at the Kronecker delta:
        ```math
        \sum_i r_i \sigma_i (\delta_{ij} - \sigma_j) = r_j \sigma_j - \sigma_j \sum_i \sigma_i r_i
        = \sigma_j \bigl[ r_j - \langle\sigma, r\rangle \bigr] .
        ```
        Nothing is assumed of $`y`$. The bracket is the output error less its mean under $`\sigma`$, so the components
        sum to 0. Near a vertex bracket and factor become small together, and the bracket does so by cancellation.
        """),
    autodiff=Derivative(half_squared_error, "gradient", wrt="x"),
    by_hand=squared_error_gradient,
    domain={"x": domain.Logits("n"), "y": domain.Reals("n")},
    sizes=VECTOR_SIZES,
    stable=squared_error_gradient_pairwise,
    note="Floats of autodiff and of the textbook formula lose the same digits; the sum over pairs keeps them.",
)

GRADIENT_PAIRWISE = Claim(
    id="squared-error.gradient-pairwise",
    statement=r"\frac{\partial L}{\partial x_j} = \sigma_j \sum_{i \ne j} \sigma_i"
    r" \bigl[ (\sigma_j - y_j) - (\sigma_i - y_i) \bigr]",
    source=Source(
        "Mean squared error loss + softmax", "the two-class displays, for any number of classes", statement="mse-gen"
    ),
    derivation=cleandoc(r"""
        Multiply the first term of the bracket by $`1 = \sum_i \sigma_i`$:
        ```math
        r_j - \langle\sigma, r\rangle = \sum_i \sigma_i r_j - \sum_i \sigma_i r_i
        = \sum_{i \ne j} \sigma_i (r_j - r_i) .
        ```
        At two classes this is $`\sigma_1 \sigma_2 (r_1 - r_2)`$.
        """),
    autodiff=Derivative(half_squared_error, "gradient", wrt="x"),
    by_hand=squared_error_gradient_pairwise,
    domain={"x": domain.Logits("n"), "y": domain.Reals("n")},
    sizes=MATRIX_SIZES,
)


def one_hot_gradient(x: Vector, y: Vector) -> Vector:
    r"""The gradient for a one-hot target $y = e_t$, $\sigma_j(\sigma_j + \sigma_t - q)$ off the target.

    At the target it is $-\sigma_t(1 + q - 2\sigma_t)$, with $q = \sum_i \sigma_i^2$.

    Args:
        x: logits in nats, finite.
        y: one-hot target.

    Returns:
        dL/dx[j], per nat. Cancels under saturation.

    Source:
        Beyond the article: the general gradient at a one-hot target.
    """
    s = softmax(x)
    q = jnp.sum(s**2)
    s_t = jnp.sum(y * s)
    return (1 - y) * s * (s + s_t - q) - y * s * (1 + q - 2 * s)


def one_hot_gradient_stable(x: Vector, y: Vector) -> Vector:
    r"""The gradient over pairs, with the output error $\sum_i (\sigma_j y_i - \sigma_i y_j)$.

    Args:
        x: logits in nats, finite.
        y: target that sums to one, accurate where it is one-hot.

    Returns:
        dL/dx[j], per nat, every component to nearly full relative accuracy down to underflow.

    Source:
        Beyond the article.
    """
    s = softmax(x)
    return pull_back_pairwise(s, residual_on_simplex(s, y))


GRADIENT_ONE_HOT = Claim(
    id="squared-error.gradient-one-hot",
    statement=r"\frac{\partial L}{\partial x_t} = -\sigma_t (1 + q - 2\sigma_t), \quad"
    r" \frac{\partial L}{\partial x_j} = \sigma_j (\sigma_j + \sigma_t - q) \;\; (j \ne t),"
    r" \quad q = \sum_{i=1}^n \sigma_i^2, \; y = e_t",
    source=Source(
        "Mean squared error loss + softmax", "the two-class displays, for any number of classes", statement="mse-gen"
    ),
    derivation=cleandoc(r"""
        With $`y = e_t`$ the mean of the output error is $`\langle\sigma, \sigma - e_t\rangle = q - \sigma_t`$. Put
        $`r_j = \sigma_j`$ for $`j \ne t`$ and $`r_t = \sigma_t - 1`$ into the general gradient. Without cancellation:
        $`r_t = -\sum_{j \ne t} \sigma_j`$ and the sum over pairs.
        """),
    autodiff=Derivative(half_squared_error, "gradient", wrt="x"),
    by_hand=one_hot_gradient,
    domain={"x": domain.Logits("n"), "y": domain.OneHot("n")},
    sizes=MATRIX_SIZES,
    stable=one_hot_gradient_stable,
    note="At a gap of 40 nats the textbook form has no correct digit left in float64; the stable form has nearly all.",
)


def gradient_sum(x: Vector, y: Vector) -> Scalar:
    r"""Sum of JAX's gradient over the logits, $\sum_j \partial L / \partial x_j$.

    Args:
        x: logits in nats, finite.
        y: target.

    Returns:
        The sum, per nat.

    Source:
        "Softmax function", implied by the Jacobian.
    """
    return jnp.sum(jax.grad(half_squared_error)(x, y))


def zero_everywhere(x: Vector, y: Vector) -> Scalar:
    """Zero, in the format of the logits.

    Args:
        x: logits in nats; only their format matters.
        y: not used.

    Returns:
        0.

    Source:
        "Softmax function", implied by the Jacobian.
    """
    return jnp.zeros_like(x[0])


GRADIENT_SUM = Claim(
    id="squared-error.gradient-sums-to-zero",
    statement=r"\sum_{j=1}^n \frac{\partial L}{\partial x_j} = 0",
    source=Source("Softmax function", "implied by the display after the definition", statement="sm-kernel"),
    derivation=cleandoc(r"""
        With $`\bar r = \langle\sigma, r\rangle`$ the sum is
        $`\sum_j \sigma_j (r_j - \bar r) = \bar r - \bar r \sum_j \sigma_j = 0`$; or: moving all logits alike changes
        nothing. With two classes
        $`\partial L / \partial x_2 = -\partial L / \partial x_1`$.
        """),
    autodiff=Derivative(gradient_sum, "value"),
    by_hand=zero_everywhere,
    domain={"x": domain.Logits("n"), "y": domain.Reals("n")},
    sizes=MATRIX_SIZES,
    note="In floats the sum stays behind: under saturation the winner's component cancels to 0 and the losers' do not.",
)

# --- Two classes, line by line ----------------------------------------------------------------------------------------


def slope_1(x: Vector, y: Vector) -> Scalar:
    r"""JAX's derivative of the loss by the first logit, $\partial L / \partial x_1$.

    Args:
        x: logits in nats, finite.
        y: target.

    Returns:
        dL/dx[0], per nat.

    Source:
        "Mean squared error loss + softmax", the display for the first logit.
    """
    return jax.grad(half_squared_error)(x, y)[0]


def slope_2(x: Vector, y: Vector) -> Scalar:
    r"""JAX's derivative of the loss by the second logit, $\partial L / \partial x_2$.

    Args:
        x: logits in nats, finite.
        y: target.

    Returns:
        dL/dx[1], per nat.

    Source:
        "Mean squared error loss + softmax", the display for the second logit.
    """
    return jax.grad(half_squared_error)(x, y)[1]


def slope_1_chain(x: Vector, y: Vector) -> Scalar:
    r"""First line for the first logit, $\sum_{i=1}^2 (\partial L/\partial\sigma_i)(\partial\sigma_i/\partial x_1)$.

    Args:
        x: two logits in nats, finite.
        y: target.

    Returns:
        dL/dx[0], per nat.

    Source:
        "Mean squared error loss + softmax", the display for the first logit, line 1.
    """
    r, jacobian = softmax(x) - y, softmax_jacobian(x)
    return r[0] * jacobian[0, 0] + r[1] * jacobian[1, 0]


def slope_2_chain(x: Vector, y: Vector) -> Scalar:
    r"""First line for the second logit, $\sum_{i=1}^2 (\partial L/\partial\sigma_i)(\partial\sigma_i/\partial x_2)$.

    Args:
        x: two logits in nats, finite.
        y: target.

    Returns:
        dL/dx[1], per nat.

    Source:
        "Mean squared error loss + softmax", the display for the second logit, line 1.
    """
    r, jacobian = softmax(x) - y, softmax_jacobian(x)
    return r[0] * jacobian[0, 1] + r[1] * jacobian[1, 1]


def slope_1_expanded(x: Vector, y: Vector) -> Scalar:
    r"""Second line for the first logit, $(\sigma_1 - y_1)\sigma_1(1 - \sigma_1) + (\sigma_2 - y_2)(-\sigma_1\sigma_2)$.

    Args:
        x: two logits in nats, finite.
        y: target.

    Returns:
        dL/dx[0], per nat. Cancels under saturation.

    Source:
        "Mean squared error loss + softmax", the display for the first logit, line 2.
    """
    s = softmax(x)
    return (s[0] - y[0]) * (s[0] * (1 - s[0])) + (s[1] - y[1]) * (-s[0] * s[1])


def slope_2_expanded(x: Vector, y: Vector) -> Scalar:
    r"""Second line for the other logit, $(\sigma_1 - y_1)(-\sigma_1\sigma_2) + (\sigma_2 - y_2)\sigma_2(1 - \sigma_2)$.

    Args:
        x: two logits in nats, finite.
        y: target.

    Returns:
        dL/dx[1], per nat. Cancels under saturation.

    Source:
        "Mean squared error loss + softmax", the display for the second logit, line 2.
    """
    s = softmax(x)
    return (s[0] - y[0]) * (-s[0] * s[1]) + (s[1] - y[1]) * (s[1] * (1 - s[1]))


def slope_1_simplified(x: Vector, y: Vector) -> Scalar:
    r"""Slope by the first logit in one product, $\sigma_1 \sigma_2 [(\sigma_1 - y_1) - (\sigma_2 - y_2)]$.

    Args:
        x: two logits in nats, finite.
        y: target.

    Returns:
        dL/dx[0], per nat.

    Source:
        Beyond the article: its display, simplified.
    """
    s = softmax(x)
    return s[0] * s[1] * ((s[0] - y[0]) - (s[1] - y[1]))


def slope_2_simplified(x: Vector, y: Vector) -> Scalar:
    r"""Slope by the second logit in one product, $-\sigma_1 \sigma_2 [(\sigma_1 - y_1) - (\sigma_2 - y_2)]$.

    Args:
        x: two logits in nats, finite.
        y: target.

    Returns:
        dL/dx[1], per nat.

    Source:
        Beyond the article: its display, simplified.
    """
    return -slope_1_simplified(x, y)


def slope_1_normalised(x: Vector, y: Vector) -> Scalar:
    r"""Slope by the first logit for a target that sums to one, $2 \sigma_1 \sigma_2 (\sigma_1 - y_1)$.

    Args:
        x: two logits in nats, finite.
        y: target; the formula is right where its entries sum to one.

    Returns:
        dL/dx[0], per nat.

    Source:
        Beyond the article: its display, simplified.
    """
    s = softmax(x)
    return 2 * s[0] * s[1] * (s[0] - y[0])


def slope_1_normalised_stable(x: Vector, y: Vector) -> Scalar:
    r"""The same without cancellation at one-hot targets, $2 \sigma_1 \sigma_2 (\sigma_1 y_2 - \sigma_2 y_1)$.

    Args:
        x: two logits in nats, finite.
        y: target whose entries sum to one.

    Returns:
        dL/dx[0], per nat.

    Source:
        Beyond the article.
    """
    s = softmax(x)
    return 2 * s[0] * s[1] * (s[0] * y[1] - s[1] * y[0])


X1_LINE_1 = Claim(
    id="squared-error.two-class.x1-line-1",
    statement=r"\frac{\partial L}{\partial x_1} = \frac{\partial L}{\partial \sigma_1}"
    r"\frac{\partial \sigma_1}{\partial x_1} + \frac{\partial L}{\partial \sigma_2}"
    r"\frac{\partial \sigma_2}{\partial x_1}",
    source=Source(
        "Mean squared error loss + softmax", "the display for the first logit, line 1", statement="mse-n2-x1-chain"
    ),
    derivation=cleandoc(r"""
        The chain rule with two outputs: the first logit reaches the loss along two ways, through its own output and
        through the other one. The four factors are $`\sigma_i - y_i`$ and the first column of the Jacobian.
        """),
    autodiff=Derivative(slope_1, "value"),
    by_hand=slope_1_chain,
    domain={"x": domain.Logits("2"), "y": domain.Reals("2")},
)

X1_LINE_2 = Claim(
    id="squared-error.two-class.x1-line-2",
    statement=r"\frac{\partial L}{\partial x_1} = (\sigma_1 - y_1)\,\sigma_1 (1 - \sigma_1)"
    r" + (\sigma_2 - y_2)(-\sigma_1 \sigma_2)",
    source=Source(
        "Mean squared error loss + softmax", "the display for the first logit, line 2", statement="mse-n2-x1"
    ),
    derivation=cleandoc(r"""
        Put $`\partial\sigma_1 / \partial x_1 = \sigma_1 (1 - \sigma_1)`$ and
        $`\partial\sigma_2 / \partial x_1 = -\sigma_1 \sigma_2`$ into the first line.
        """),
    autodiff=Derivative(slope_1, "value"),
    by_hand=slope_1_expanded,
    domain={"x": domain.Logits("2"), "y": domain.Reals("2")},
    stable=slope_1_simplified,
)

X2_LINE_1 = Claim(
    id="squared-error.two-class.x2-line-1",
    statement=r"\frac{\partial L}{\partial x_2} = \frac{\partial L}{\partial \sigma_1}"
    r"\frac{\partial \sigma_1}{\partial x_2} + \frac{\partial L}{\partial \sigma_2}"
    r"\frac{\partial \sigma_2}{\partial x_2}",
    source=Source(
        "Mean squared error loss + softmax", "the display for the second logit, line 1", statement="mse-n2-x2-chain"
    ),
    derivation="The chain rule with two outputs, as for the first logit, with the second column of the Jacobian.",
    autodiff=Derivative(slope_2, "value"),
    by_hand=slope_2_chain,
    domain={"x": domain.Logits("2"), "y": domain.Reals("2")},
)

X2_LINE_2 = Claim(
    id="squared-error.two-class.x2-line-2",
    statement=r"\frac{\partial L}{\partial x_2} = (\sigma_1 - y_1)(-\sigma_1 \sigma_2)"
    r" + (\sigma_2 - y_2)\,\sigma_2 (1 - \sigma_2)",
    source=Source(
        "Mean squared error loss + softmax", "the display for the second logit, line 2", statement="mse-n2-x2"
    ),
    derivation=cleandoc(r"""
        Put $`\partial\sigma_1 / \partial x_2 = -\sigma_1 \sigma_2`$ and
        $`\partial\sigma_2 / \partial x_2 = \sigma_2 (1 - \sigma_2)`$ into the first line.
        """),
    autodiff=Derivative(slope_2, "value"),
    by_hand=slope_2_expanded,
    domain={"x": domain.Logits("2"), "y": domain.Reals("2")},
    stable=slope_2_simplified,
)

X1_SIMPLIFIED = Claim(
    id="squared-error.two-class.x1-simplified",
    statement=r"\frac{\partial L}{\partial x_1} = \sigma_1 \sigma_2 \bigl[ (\sigma_1 - y_1) - (\sigma_2 - y_2) \bigr]",
    source=Source(
        "Mean squared error loss + softmax", "the display for the first logit, simplified", statement="mse-n2-x1"
    ),
    derivation=cleandoc(r"""
        $`1 - \sigma_1 = \sigma_2`$ turns both terms of the second line into multiples of $`\sigma_1 \sigma_2`$. Holds
        for every $`y`$.
        """),
    autodiff=Derivative(slope_1, "value"),
    by_hand=slope_1_simplified,
    domain={"x": domain.Logits("2"), "y": domain.Reals("2")},
)

X2_SIMPLIFIED = Claim(
    id="squared-error.two-class.x2-simplified",
    statement=r"\frac{\partial L}{\partial x_2} = -\sigma_1 \sigma_2 \bigl[ (\sigma_1 - y_1) - (\sigma_2 - y_2) \bigr]"
    r" = -\frac{\partial L}{\partial x_1}",
    source=Source(
        "Mean squared error loss + softmax", "the display for the second logit, simplified", statement="mse-n2-x2"
    ),
    derivation=cleandoc(r"""
        $`1 - \sigma_2 = \sigma_1`$ in the second line. That it is the negative of the other slope is shift
        invariance.
        """),
    autodiff=Derivative(slope_2, "value"),
    by_hand=slope_2_simplified,
    domain={"x": domain.Logits("2"), "y": domain.Reals("2")},
)

X1_NORMALISED = Claim(
    id="squared-error.two-class.x1-normalised-target",
    statement=r"\frac{\partial L}{\partial x_1} = 2\,\sigma_1 \sigma_2 (\sigma_1 - y_1) \quad (y_1 + y_2 = 1)",
    source=Source(
        "Mean squared error loss + softmax", "the display for the first logit, simplified", statement="mse-n2-x1"
    ),
    derivation=cleandoc(r"""
        Where both $`\sigma`$ and $`y`$ sum to 1, $`\sigma_2 - y_2 = -(\sigma_1 - y_1)`$, and the bracket of the
        simplified form is $`2(\sigma_1 - y_1)`$. Without cancellation
        $`\sigma_1 - y_1 = \sigma_1 (y_1 + y_2) - y_1 (\sigma_1 + \sigma_2) = \sigma_1 y_2 - \sigma_2 y_1`$.
        """),
    autodiff=Derivative(slope_1, "value"),
    by_hand=slope_1_normalised,
    domain={"x": domain.Logits("2"), "y": domain.Simplex("2")},
    stable=slope_1_normalised_stable,
)

X1_NORMALISED_ANY = Claim(
    id="squared-error.two-class.x1-normalised-any-target",
    statement=r"\frac{\partial L}{\partial x_1} = 2\,\sigma_1 \sigma_2 (\sigma_1 - y_1) \quad (y \in \mathbb{R}^2)",
    source=Source(
        "Mean squared error loss + softmax", "the display for the first logit, simplified", statement="mse-n2-x1"
    ),
    derivation=cleandoc(r"""
        The same without the hypothesis. Autodiff less formula is $`\sigma_1 \sigma_2 (y_1 + y_2 - 1)`$, which is 0
        exactly where the target sums to 1. The article does not take this step for squared error; for cross entropy
        it takes the corresponding one without naming the hypothesis.
        """),
    autodiff=Derivative(slope_1, "value"),
    by_hand=slope_1_normalised,
    domain={"x": domain.Logits("2"), "y": domain.Reals("2")},
    expect=Status.FAILS,
    note="Needs a target that sums to one.",
)

# --- The four limits of the article -----------------------------------------------------------------------------------


def _expansion(lead: Scalar, small: Scalar) -> Scalar:
    """The slope as leading term and exact remainder in the output that vanishes."""
    return lead * small - (2 + lead - 2 * small) * small**2


def limit_1_expansion(x: Vector, y: Vector) -> Scalar:
    r"""First limit with its remainder, $-(1 + y_1 - y_2)\sigma_1 + (3 + y_1 - y_2 - 2\sigma_1)\sigma_1^2$.

    Args:
        x: two logits in nats, finite.
        y: target.

    Returns:
        dL/dx[0], per nat.

    Source:
        "Mean squared error loss + softmax", the display of four limits, line 1.
    """
    return -_expansion(1 + y[0] - y[1], softmax(x)[0])


def limit_2_expansion(x: Vector, y: Vector) -> Scalar:
    r"""Second limit with its remainder, $(1 - y_1 + y_2)\sigma_2 - (3 - y_1 + y_2 - 2\sigma_2)\sigma_2^2$.

    Args:
        x: two logits in nats, finite.
        y: target.

    Returns:
        dL/dx[0], per nat.

    Source:
        "Mean squared error loss + softmax", the display of four limits, line 2.
    """
    return _expansion(1 - y[0] + y[1], softmax(x)[1])


def limit_3_expansion(x: Vector, y: Vector) -> Scalar:
    r"""Third limit with its remainder, $-(1 - y_1 + y_2)\sigma_2 + (3 - y_1 + y_2 - 2\sigma_2)\sigma_2^2$.

    Args:
        x: two logits in nats, finite.
        y: target.

    Returns:
        dL/dx[1], per nat.

    Source:
        "Mean squared error loss + softmax", the display of four limits, line 3.
    """
    return -_expansion(1 - y[0] + y[1], softmax(x)[1])


def limit_4_expansion(x: Vector, y: Vector) -> Scalar:
    r"""Fourth limit with its remainder, $(1 + y_1 - y_2)\sigma_1 - (3 + y_1 - y_2 - 2\sigma_1)\sigma_1^2$.

    Args:
        x: two logits in nats, finite.
        y: target.

    Returns:
        dL/dx[1], per nat.

    Source:
        "Mean squared error loss + softmax", the display of four limits, line 4.
    """
    return _expansion(1 + y[0] - y[1], softmax(x)[0])


def bound_by_output_1(x: Vector, y: Vector) -> Scalar:
    r"""A multiple of the first output, $(1 + \lvert y_1 - y_2\rvert)\,\sigma_1$.

    Args:
        x: two logits in nats, finite.
        y: target.

    Returns:
        Bound of either slope, per nat.

    Source:
        "Mean squared error loss + softmax", the display of four limits, lines 1 and 4.
    """
    return (1 + jnp.abs(y[0] - y[1])) * softmax(x)[0]


def bound_by_output_2(x: Vector, y: Vector) -> Scalar:
    r"""A multiple of the second output, $(1 + \lvert y_1 - y_2\rvert)\,\sigma_2$.

    Args:
        x: two logits in nats, finite.
        y: target.

    Returns:
        Bound of either slope, per nat.

    Source:
        "Mean squared error loss + softmax", the display of four limits, lines 2 and 3.
    """
    return (1 + jnp.abs(y[0] - y[1])) * softmax(x)[1]


LIMIT_1_REMAINDER = Claim(
    id="squared-error.limit-1.remainder",
    statement=r"\frac{\partial L}{\partial x_1} = -(1 + y_1 - y_2)\,\sigma_1 + (3 + y_1 - y_2 - 2\sigma_1)\,\sigma_1^2",
    source=Source("Mean squared error loss + softmax", "the display of four limits, line 1", statement="mse-lim-1"),
    derivation=cleandoc(r"""
        Replace $`\sigma_2`$ by $`1 - \sigma_1`$ in $`\sigma_1 \sigma_2 [(\sigma_1 - y_1) - (\sigma_2 - y_2)]`$ and
        put $`c = 1 + y_1 - y_2`$:
        ```math
        \sigma_1 (1 - \sigma_1)(2\sigma_1 - c) = -c\,\sigma_1 + (2 + c - 2\sigma_1)\,\sigma_1^2 .
        ```
        For a fixed target the ratio to $`\sigma_1`$ tends to $`-c`$. Where $`c = 0`$, that is $`y = e_2`$ among
        one-hot targets and thus a right prediction, the slope is of second order.
        """),
    autodiff=Derivative(slope_1, "value"),
    by_hand=limit_1_expansion,
    domain={"x": domain.Logits("2"), "y": domain.Reals("2")},
)

LIMIT_1_BOUND = Claim(
    id="squared-error.limit-1.bound",
    statement=r"\Bigl\lvert \frac{\partial L}{\partial x_1} \Bigr\rvert"
    r" \le (1 + \lvert y_1 - y_2 \rvert)\,\sigma_1",
    source=Source("Mean squared error loss + softmax", "the display of four limits, line 1", statement="mse-lim-1"),
    derivation=cleandoc(r"""
        "$`\sigma_1 \approx 0`$ gives a slope $`\approx 0`$" as an inequality:
        ```math
        \lvert (\sigma_1 - y_1) - (\sigma_2 - y_2) \rvert
        \le \lvert \sigma_1 - \sigma_2 \rvert + \lvert y_1 - y_2 \rvert \le 1 + \lvert y_1 - y_2 \rvert ,
        ```
        and the slope is $`\sigma_1 \sigma_2`$ times the bracket on the left, with $`\sigma_2 \le 1`$.
        """),
    autodiff=Derivative(slope_1, "value"),
    by_hand=bound_by_output_1,
    relation="abs<=",
    domain={"x": domain.Logits("2"), "y": domain.Reals("2")},
)


def twice_output_1(x: Vector, y: Vector) -> Scalar:
    r"""Twice the first output, $2\sigma_1$, whatever the target is.

    Args:
        x: two logits in nats, finite.
        y: target, not used.

    Returns:
        The bound, per nat.

    Source:
        "Mean squared error loss + softmax", the display of four limits, line 1.
    """
    return 2 * softmax(x)[0]


LIMIT_1_UNBOUNDED = Claim(
    id="squared-error.limit-1.unbounded-target",
    statement=r"\Bigl\lvert \frac{\partial L}{\partial x_1} \Bigr\rvert \le 2\,\sigma_1 \quad (y \in \mathbb{R}^2)",
    source=Source("Mean squared error loss + softmax", "the display of four limits, line 1", statement="mse-lim-1"),
    derivation=cleandoc(r"""
        The bound for targets that are distributions, where $`\lvert y_1 - y_2 \rvert \le 1`$, taken for all targets.
        It is false, and no constant would do: the slope contains $`-\sigma_1 \sigma_2 (y_1 - y_2)`$. The limits need
        a target that stays bounded.
        """),
    autodiff=Derivative(slope_1, "value"),
    by_hand=twice_output_1,
    relation="abs<=",
    domain={"x": domain.Logits("2"), "y": domain.Reals("2")},
    expect=Status.FAILS,
    note="The article's limits assume a bounded target.",
)

LIMIT_2_REMAINDER = Claim(
    id="squared-error.limit-2.remainder",
    statement=r"\frac{\partial L}{\partial x_1} = (1 - y_1 + y_2)\,\sigma_2 - (3 - y_1 + y_2 - 2\sigma_2)\,\sigma_2^2",
    source=Source("Mean squared error loss + softmax", "the display of four limits, line 2", statement="mse-lim-2"),
    derivation=cleandoc(r"""
        What becomes small is $`\sigma_2 = 1 - \sigma_1`$. Replace $`\sigma_1`$ by $`1 - \sigma_2`$ in
        $`\sigma_1 \sigma_2 [(\sigma_1 - y_1) - (\sigma_2 - y_2)]`$ and put $`d = 1 - y_1 + y_2`$:
        ```math
        \sigma_2 (1 - \sigma_2)(d - 2\sigma_2) = d\,\sigma_2 - (2 + d - 2\sigma_2)\,\sigma_2^2 .
        ```
        The leading coefficient is 2 where the prediction is wrong ($`y = e_2`$), and 0 where it is right
        ($`y = e_1`$).
        """),
    autodiff=Derivative(slope_1, "value"),
    by_hand=limit_2_expansion,
    domain={"x": domain.Logits("2"), "y": domain.Reals("2")},
)

LIMIT_2_BOUND = Claim(
    id="squared-error.limit-2.bound",
    statement=r"\Bigl\lvert \frac{\partial L}{\partial x_1} \Bigr\rvert"
    r" \le (1 + \lvert y_1 - y_2 \rvert)\,\sigma_2",
    source=Source("Mean squared error loss + softmax", "the display of four limits, line 2", statement="mse-lim-2"),
    derivation=cleandoc(r"""
        As for the first limit, with the other factor kept: $`\sigma_1 \le 1`$, and
        $`\lvert (\sigma_1 - y_1) - (\sigma_2 - y_2) \rvert \le 1 + \lvert y_1 - y_2 \rvert`$.
        """),
    autodiff=Derivative(slope_1, "value"),
    by_hand=bound_by_output_2,
    relation="abs<=",
    domain={"x": domain.Logits("2"), "y": domain.Reals("2")},
)

LIMIT_3_REMAINDER = Claim(
    id="squared-error.limit-3.remainder",
    statement=r"\frac{\partial L}{\partial x_2} = -(1 - y_1 + y_2)\,\sigma_2 + (3 - y_1 + y_2 - 2\sigma_2)\,\sigma_2^2",
    source=Source("Mean squared error loss + softmax", "the display of four limits, line 3", statement="mse-lim-3"),
    derivation="The first limit with the classes exchanged, or the negative of the second: the two slopes sum to zero.",
    autodiff=Derivative(slope_2, "value"),
    by_hand=limit_3_expansion,
    domain={"x": domain.Logits("2"), "y": domain.Reals("2")},
)

LIMIT_3_BOUND = Claim(
    id="squared-error.limit-3.bound",
    statement=r"\Bigl\lvert \frac{\partial L}{\partial x_2} \Bigr\rvert"
    r" \le (1 + \lvert y_1 - y_2 \rvert)\,\sigma_2",
    source=Source("Mean squared error loss + softmax", "the display of four limits, line 3", statement="mse-lim-3"),
    derivation="The bound of the first limit with the classes exchanged.",
    autodiff=Derivative(slope_2, "value"),
    by_hand=bound_by_output_2,
    relation="abs<=",
    domain={"x": domain.Logits("2"), "y": domain.Reals("2")},
)

LIMIT_4_REMAINDER = Claim(
    id="squared-error.limit-4.remainder",
    statement=r"\frac{\partial L}{\partial x_2} = (1 + y_1 - y_2)\,\sigma_1 - (3 + y_1 - y_2 - 2\sigma_1)\,\sigma_1^2",
    source=Source("Mean squared error loss + softmax", "the display of four limits, line 4", statement="mse-lim-4"),
    derivation="The second limit with the classes exchanged, or the negative of the first.",
    autodiff=Derivative(slope_2, "value"),
    by_hand=limit_4_expansion,
    domain={"x": domain.Logits("2"), "y": domain.Reals("2")},
)

LIMIT_4_BOUND = Claim(
    id="squared-error.limit-4.bound",
    statement=r"\Bigl\lvert \frac{\partial L}{\partial x_2} \Bigr\rvert"
    r" \le (1 + \lvert y_1 - y_2 \rvert)\,\sigma_1",
    source=Source("Mean squared error loss + softmax", "the display of four limits, line 4", statement="mse-lim-4"),
    derivation="The bound of the second limit with the classes exchanged.",
    autodiff=Derivative(slope_2, "value"),
    by_hand=bound_by_output_1,
    relation="abs<=",
    domain={"x": domain.Logits("2"), "y": domain.Reals("2")},
)

# --- The limits for any number of classes -----------------------------------------------------------------------------


def component_bound(x: Vector, y: Vector) -> Vector:
    r"""Most that a component can be for a target that is a distribution, $2\sigma_j(1 - \sigma_j)$.

    Args:
        x: logits in nats, finite.
        y: target, not used.

    Returns:
        One bound per component, per nat; 1 - s[j] is summed from the other outputs.

    Source:
        Beyond the article: its four limits for any number of classes.
    """
    s = softmax(x)
    return 2 * s * complement(s)


COMPONENT_BOUND = Claim(
    id="squared-error.component-bound",
    statement=r"\Bigl\lvert \frac{\partial L}{\partial x_j} \Bigr\rvert \le 2\,\sigma_j (1 - \sigma_j)"
    r" \quad (y \text{ a distribution})",
    source=Source("Beyond the article", "the four limits for any number of classes"),
    derivation=cleandoc(r"""
        Start from the sum over pairs, with $`r = \sigma - y`$:
        ```math
        \Bigl\lvert \sigma_j \sum_{i \ne j} \sigma_i (r_j - r_i) \Bigr\rvert
        \le \sigma_j \sum_{i \ne j} \sigma_i\, \lvert r_j - r_i \rvert \le \sigma_j (1 - \sigma_j) \cdot 2 ,
        ```
        since $`\lvert r_j - r_i \rvert \le \lvert \sigma_j - \sigma_i \rvert + \lvert y_j - y_i \rvert \le 2`$. So a
        component is small where its own output is close to 0 or to 1: all four lines of the article at once.
        """),
    autodiff=Derivative(half_squared_error, "gradient", wrt="x"),
    by_hand=component_bound,
    relation="abs<=",
    domain={"x": domain.Logits("n"), "y": domain.Simplex("n")},
    sizes=MATRIX_SIZES,
)


def component_bound_too_small(x: Vector, y: Vector) -> Vector:
    r"""The same bound with a constant slightly below two, $1.99\,\sigma_j(1 - \sigma_j)$.

    Args:
        x: logits in nats, finite.
        y: target, not used.

    Returns:
        One bound per component, per nat.

    Source:
        Beyond the article.
    """
    s = softmax(x)
    return 199 * s * complement(s) / 100


COMPONENT_BOUND_SHARP = Claim(
    id="squared-error.component-bound-below-two",
    statement=r"\Bigl\lvert \frac{\partial L}{\partial x_j} \Bigr\rvert \le 1.99\,\sigma_j (1 - \sigma_j)"
    r" \quad (x_1 \ge 8 + \max_{i > 1} x_i,\ y = e_2)",
    source=Source("Beyond the article", "the four limits for any number of classes"),
    derivation=cleandoc(r"""
        The constant 2 cannot be lowered: with two classes and a wrong one-hot target the slope is
        $`2\sigma_1 \cdot \sigma_1 \sigma_2`$ for the winner, and $`2\sigma_1 > 1.99`$ from a gap of about 5.3 nats
        on.
        """),
    autodiff=Derivative(half_squared_error, "gradient", wrt="x"),
    by_hand=component_bound_too_small,
    relation="abs<=",
    domain={"x": domain.Saturated("n", winner=0, gap=8.0), "y": domain.OneHot("n", index=1)},
    sizes=MATRIX_SIZES,
    expect=Status.FAILS,
    note="Shows that the constant 2 is the best possible.",
)


def component_bound_any_target(x: Vector, y: Vector) -> Vector:
    r"""Most that a component can be for any target, $\sigma_j(1 - \sigma_j) [\max(\sigma - y) - \min(\sigma - y)]$.

    Args:
        x: logits in nats, finite.
        y: target, any real vector.

    Returns:
        One bound per component, per nat.

    Source:
        Beyond the article: its four limits for any number of classes.
    """
    s = softmax(x)
    r = s - y
    return s * complement(s) * (jnp.max(r) - jnp.min(r))


COMPONENT_BOUND_ANY = Claim(
    id="squared-error.component-bound-any-target",
    statement=r"\Bigl\lvert \frac{\partial L}{\partial x_j} \Bigr\rvert \le \sigma_j (1 - \sigma_j)"
    r"\,\bigl[ \max_i (\sigma_i - y_i) - \min_i (\sigma_i - y_i) \bigr]",
    source=Source("Beyond the article", "the four limits for any number of classes"),
    derivation=cleandoc(r"""
        The same sum over pairs, with $`\lvert r_j - r_i \rvert \le \max r - \min r`$. Attained with two classes,
        where there is one pair. Any loss has this bound, with its own derivative by the outputs in the place of
        $`r`$.
        """),
    autodiff=Derivative(half_squared_error, "gradient", wrt="x"),
    by_hand=component_bound_any_target,
    relation="abs<=",
    domain={"x": domain.Logits("n"), "y": domain.Reals("n")},
    sizes=MATRIX_SIZES,
)


def twice_output_1_each(x: Vector, y: Vector) -> Vector:
    r"""Twice the first output as a bound for every component, $2\sigma_1$.

    Args:
        x: logits in nats, finite.
        y: target, not used.

    Returns:
        The same bound for each component, per nat.

    Source:
        "Mean squared error loss + softmax", the display of four limits read for more classes.
    """
    return 2 * softmax(x)[0] * jnp.ones_like(x)


DEAD_OUTPUT_KILLS_ALL = Claim(
    id="squared-error.one-dead-output-kills-all",
    statement=r"\Bigl\lvert \frac{\partial L}{\partial x_j} \Bigr\rvert \le 2\,\sigma_1 \quad"
    r" (j = 1, 2, 3; \; y \text{ a distribution})",
    source=Source(
        "Mean squared error loss + softmax",
        "the display of four limits, line 1, read for three classes",
        statement="mse-lim-1",
    ),
    derivation=cleandoc(r"""
        With two classes one output near 0 makes the whole gradient small. With three it does not: the other two
        classes may still be undecided between themselves. At $`x = (-60, 0, 0)`$, $`y = e_2`$ the gradient is
        $`(\approx 0, -\frac14, \frac14)`$. What kills the whole gradient is one output near **1**.
        """),
    autodiff=Derivative(half_squared_error, "gradient", wrt="x"),
    by_hand=twice_output_1_each,
    relation="abs<=",
    domain={"x": domain.Logits("3"), "y": domain.Simplex("3")},
    expect=Status.FAILS,
    note="From three classes on, a vanished output kills its own component only.",
)


def gradient_beside_dead_output(a: Scalar) -> Vector:
    r"""JAX's gradient at logits $(a, 0, 0)$ for the target $e_2$.

    Args:
        a: first logit in nats.

    Returns:
        Three slopes, per nat.

    Source:
        Beyond the article: its first limit at three classes.
    """
    zero = jnp.zeros_like(a)
    x = jnp.stack([a, zero, zero])
    y = jnp.stack([zero, jnp.ones_like(a), zero])
    return jax.grad(half_squared_error)(x, y)


def gradient_beside_dead_output_by_hand(a: Scalar) -> Vector:
    r"""The same gradient in $w = e^a$: $(3w^2,\; -2 - 2w - 2w^2,\; 2 + 2w - w^2) / (2 + w)^3$.

    Args:
        a: first logit in nats.

    Returns:
        Three slopes, per nat.

    Source:
        Beyond the article: its first limit at three classes.
    """
    w = jnp.exp(a)
    return jnp.stack([3 * w**2, -2 - 2 * w - 2 * w**2, 2 + 2 * w - w**2]) / (2 + w) ** 3


THREE_CLASSES = Claim(
    id="squared-error.three-class.one-dead-output",
    statement=r"\nabla_x L = \frac{1}{(2 + w)^3} \bigl( 3w^2,\; -2 - 2w - 2w^2,\; 2 + 2w - w^2 \bigr),"
    r" \quad x = (a, 0, 0), \; w = e^{a}, \; y = e_2",
    source=Source(
        "Mean squared error loss + softmax",
        "the display of four limits, line 1, read for three classes",
        statement="mse-lim-1",
    ),
    derivation=cleandoc(r"""
        The outputs are $`\sigma = (w, 1, 1) / (2 + w)`$, so $`q = \sum_i \sigma_i^2 = (w^2 + 2) / (2 + w)^2`$. In the
        form for one-hot targets with $`t = 2`$:
        ```math
        \partial_1 = \sigma_1 (\sigma_1 + \sigma_2 - q) = \frac{w\,[(w + 1)(w + 2) - w^2 - 2]}{(2 + w)^3}
        = \frac{3w^2}{(2 + w)^3} , \qquad
        \partial_3 = \sigma_3 (2\sigma_3 - q) = \frac{2(2 + w) - w^2 - 2}{(2 + w)^3} ,
        ```
        and $`\partial_2 = -\partial_1 - \partial_3`$. As $`a \to -\infty`$, $`w \to 0`$ and the gradient tends to
        $`(0, -\frac14, \frac14)`$: the first component vanishes and the others stay.
        """),
    autodiff=Derivative(gradient_beside_dead_output, "value"),
    by_hand=gradient_beside_dead_output_by_hand,
    domain={"a": domain.Reals("")},
)

# --- Saturation: how fast the gradient vanishes -----------------------------------------------------------------------

_VANISH = Source(
    "Mean squared error loss + softmax", "the paragraph after the four limits, first sentence", statement="mse-vanish"
)


def gradient_norm_squared(x: Vector, y: Vector) -> Scalar:
    r"""Squared norm of JAX's gradient, $\lVert\nabla_x L\rVert_2^2$.

    Args:
        x: logits in nats, finite.
        y: target.

    Returns:
        The squared norm, per nat squared.

    Source:
        "Mean squared error loss + softmax", the paragraph after the four limits.
    """
    return jnp.sum(jax.grad(half_squared_error)(x, y) ** 2)


def norm_bound(x: Vector, y: Vector) -> Scalar:
    r"""Most that a gap leaves of the gradient, $(n^2 + n + 2)\, e^{-2g}$.

    Args:
        x: logits in nats, the first at least as large as all others.
        y: target, not used.

    Returns:
        Bound of the squared norm, per nat squared.

    Source:
        Beyond the article: its "vanishes" made a bound.
    """
    n = x.shape[0]
    return (n**2 + n + 2) * runner_up_ratio(x) ** 2


NORM_UPPER = Claim(
    id="squared-error.saturated.norm-at-most",
    statement=r"\lVert \nabla_x L \rVert_2^2 \le (n^2 + n + 2)\, e^{-2g}, \quad g = x_1 - \max_{j \ge 2} x_j \ge 0"
    r" \quad (y \text{ a distribution})",
    source=_VANISH,
    derivation=cleandoc(r"""
        The gradient is affine in $`y`$ and the norm is convex, so the largest norm over all distributions is at a
        one-hot $`y = e_t`$. Put $`u = e^{-g}`$, $`m = \sigma_1`$, $`\varepsilon = 1 - m`$, $`q = \sum_i \sigma_i^2`$.
        Losers have $`\sigma_j \le u m \le u`$ and together $`\varepsilon \le (n-1) u m`$.

        *Wrong*, $`t \ne 1`$. Winner: $`\partial_1 = m (m + \sigma_t - q)`$, and $`m - q \le m - m^2 = m\varepsilon`$,
        so $`0 \le \partial_1 \le m\varepsilon + \sigma_t \le n u`$. Target:
        $`\lvert \partial_t \rvert = \sigma_t (1 + q - 2\sigma_t) \le 2u`$. Every other loser:
        $`\lvert \partial_j \rvert = \sigma_j \lvert \sigma_j + \sigma_t - q \rvert \le u`$. The squares add up to
        $`(n^2 + 4 + (n - 2))\,u^2`$.

        *Right*, $`t = 1`$. Losers: $`0 \le \partial_j = \sigma_j (\sigma_j + m - q) \le u`$; winner: the negative of
        their sum, at most $`(n-1)u`$. The squares add up to less.

        The constant is the best possible: tied losers, wrong target, $`g \to \infty`$.
        """),
    autodiff=Derivative(gradient_norm_squared, "value"),
    by_hand=norm_bound,
    relation="<=",
    domain={"x": domain.Saturated("n", winner=0, gap=0.0), "y": domain.Simplex("n")},
    sizes=VECTOR_SIZES,
    note="The theorem behind the article's title: the gradient is at most a multiple of exp(-gap).",
)


def norm_bound_too_small(x: Vector, y: Vector) -> Scalar:
    r"""The bound with a constant one per cent smaller, $0.99\,(n^2 + n + 2)\, e^{-2g}$.

    Args:
        x: logits in nats, the first at least as large as all others.
        y: target, not used.

    Returns:
        Bound of the squared norm, per nat squared.

    Source:
        Beyond the article.
    """
    return 99 * norm_bound(x, y) / 100


NORM_UPPER_SHARP = Claim(
    id="squared-error.saturated.norm-at-most-one-percent-less",
    statement=r"\lVert \nabla_x L \rVert_2^2 \le 0.99\,(n^2 + n + 2)\, e^{-2g} \quad (y = e_2)",
    source=_VANISH,
    derivation=cleandoc(r"""
        Tied losers, $`\sigma_j \approx u`$: the winner's slope tends to $`n u`$, the target's to $`-2u`$, each other
        loser's to $`-u`$, so the squared norm divided by $`u^2`$ tends to $`n^2 + 4 + (n-2)`$ as $`g \to \infty`$.
        Every smaller constant fails from some gap on.
        """),
    autodiff=Derivative(gradient_norm_squared, "value"),
    by_hand=norm_bound_too_small,
    relation="<=",
    domain={"x": domain.Saturated("n", winner=0, gap=0.0), "y": domain.OneHot("n", index=1)},
    sizes=MATRIX_SIZES,
    expect=Status.FAILS,
    note="Shows that the constant is the best possible.",
)


def norm_bound_two_classes(x: Vector, y: Vector) -> Scalar:
    r"""The bound with the constant of two classes, $8\, e^{-2g}$.

    Args:
        x: logits in nats, the first at least as large as all others.
        y: target, not used.

    Returns:
        Bound of the squared norm, per nat squared.

    Source:
        Beyond the article.
    """
    return 8 * runner_up_ratio(x) ** 2


NORM_UPPER_TWO_CLASS_CONSTANT = Claim(
    id="squared-error.saturated.norm-at-most-two-class-constant",
    statement=r"\lVert \nabla_x L \rVert_2^2 \le 8\, e^{-2g} \quad (n \ge 3, \; y = e_2)",
    source=_VANISH,
    derivation=cleandoc(r"""
        With two classes $`n^2 + n + 2 = 8`$. Carried over to three classes it is false: tied losers and a wrong
        target reach $`14\, e^{-2g}`$ in the limit. The article's restriction to two classes hides how the constant
        grows, like $`n`$.
        """),
    autodiff=Derivative(gradient_norm_squared, "value"),
    by_hand=norm_bound_two_classes,
    relation="<=",
    domain={"x": domain.Saturated("n", winner=0, gap=0.0), "y": domain.OneHot("n", index=1)},
    sizes={"n": (3, 10)},
    expect=Status.FAILS,
    note="The constant depends on the number of classes.",
)


def norm_bound_by_output(x: Vector, y: Vector) -> Scalar:
    r"""Most that the largest output leaves of the gradient, $8\, m^2 (1 - m)^2$ with $m = \sigma_1$.

    Args:
        x: logits in nats.
        y: target, not used.

    Returns:
        Bound of the squared norm, per nat squared.

    Source:
        Beyond the article.
    """
    s = softmax(x)
    return 8 * (s[0] * jnp.sum(s[1:])) ** 2


def first_has_half(x: Vector) -> Scalar:
    r"""Whether the first output is at least one half: $\sum_{j \ge 2} e^{x_j - x_1} \le 1$.

    Args:
        x: logits in nats.

    Returns:
        The answer.

    Source:
        Beyond the article.
    """
    return jnp.sum(jnp.exp(x[1:] - x[0])) <= 1


NORM_UPPER_BY_OUTPUT = Claim(
    id="squared-error.saturated.norm-at-most-by-output",
    statement=r"\lVert \nabla_x L \rVert_2^2 \le 8\, m^2 (1 - m)^2, \quad m = \sigma_1 \ge \tfrac{1}{2}"
    r" \quad (y \text{ a distribution})",
    source=_VANISH,
    derivation=cleandoc(r"""
        Let $`r = \sigma - y`$, $`\bar r = \langle\sigma, r\rangle`$, and $`P`$ the sum of the $`\sigma_i`$ with
        $`r_i > \bar r`$. Read $`\sigma`$ as probabilities; the positive and the negative deviations balance, so
        ```math
        \lVert \nabla_x L \rVert_1 = \sum_i \sigma_i \lvert r_i - \bar r \rvert
        = 2P(1 - P)\,\bigl( \mathrm E[r \mid r > \bar r] - \mathrm E[r \mid r \le \bar r] \bigr)
        \le 2P(1 - P) \cdot 2 .
        ```
        One of $`P`$ and $`1 - P`$ contains the winner and is at least $`m \ge \frac12`$, so
        $`P(1 - P) \le m(1 - m)`$. A vector that sums to 0 has $`\lVert v \rVert_2 \le \lVert v \rVert_1 / \sqrt2`$.
        Together $`\lVert \nabla_x L \rVert_2 \le 2\sqrt2\, m (1 - m)`$, a bound in which the number of classes does
        not occur.
        """),
    autodiff=Derivative(gradient_norm_squared, "value"),
    by_hand=norm_bound_by_output,
    relation="<=",
    domain={"x": domain.Saturated("n", winner=0, gap=0.0), "y": domain.Simplex("n")},
    where=first_has_half,
    sizes=MATRIX_SIZES,
)

_WRONG = Source(
    "Mean squared error loss + softmax",
    "the paragraph after the four limits, first sentence, where the prediction is wrong",
    statement="mse-vanish",
)
_RIGHT = Source(
    "Mean squared error loss + softmax",
    "the paragraph after the four limits, first sentence, where the prediction is right",
    statement="mse-vanish",
)


def wrong_winner_slope_bound(x: Vector, y: Vector) -> Scalar:
    r"""Least slope of a wrong winner, $m[(1 - m) m (1 - e^{-g}) + \sigma_2]$ with $m = \sigma_1$.

    Args:
        x: logits in nats, the first at least as large as all others.
        y: one-hot target at the second class.

    Returns:
        Lower bound of dL/dx[0], per nat.

    Source:
        Beyond the article.
    """
    s = softmax(x)
    return s[0] * (jnp.sum(s[1:]) * s[0] * (1 - runner_up_ratio(x)) + s[1])


WRONG_WINNER = Claim(
    id="squared-error.saturated.wrong-winner-slope-at-least",
    statement=r"\frac{\partial L}{\partial x_1} \ge m \bigl[ (1 - m)\, m\, (1 - e^{-g}) + \sigma_2 \bigr],"
    r" \quad m = \sigma_1, \; y = e_2",
    source=_WRONG,
    derivation=cleandoc(r"""
        With $`\varepsilon = 1 - m`$ and $`\sum_{j \ge 2} \sigma_j^2 = z`$ the winner's slope is
        $`m (m + \sigma_2 - m^2 - z) = m (m\varepsilon - z + \sigma_2)`$. Each loser has $`\sigma_j \le m e^{-g}`$, so
        $`z \le \varepsilon\, m e^{-g}`$. With two classes the two sides are equal. The slope is positive: descent
        lowers the wrong winner, if slowly.
        """),
    autodiff=Derivative(slope_1, "value"),
    by_hand=wrong_winner_slope_bound,
    relation=">=",
    domain={"x": domain.Saturated("n", winner=0, gap=0.0), "y": domain.OneHot("n", index=1)},
    sizes=MATRIX_SIZES,
)


def wrong_norm_lower(x: Vector, y: Vector) -> Scalar:
    r"""Least that a gap leaves if wrong, $\frac{n}{n-1}\, u^2 (1 - u)^2 / (1 + (n-1)u)^6$ with $u = e^{-g}$.

    Args:
        x: logits in nats, the first at least as large as all others.
        y: one-hot target at the second class.

    Returns:
        Lower bound of the squared norm, per nat squared.

    Source:
        Beyond the article.
    """
    n = x.shape[0]
    u = runner_up_ratio(x)
    return n * (u * (1 - u)) ** 2 / ((n - 1) * (1 + (n - 1) * u) ** 6)


WRONG_LOWER = Claim(
    id="squared-error.saturated.wrong-norm-at-least",
    statement=r"\lVert \nabla_x L \rVert_2^2 \ge \frac{n}{n-1}\,"
    r"\frac{e^{-2g} (1 - e^{-g})^2}{(1 + (n-1)\,e^{-g})^6} \quad (y = e_2)",
    source=_WRONG,
    derivation=cleandoc(r"""
        Drop $`\sigma_2`$ from the bound of the winner's slope: $`\partial_1 \ge m^2 \varepsilon (1 - u)`$ with
        $`u = e^{-g}`$. The runner-up alone gives $`\varepsilon \ge m u`$, and domination gives
        $`m \ge 1 / (1 + (n-1)u)`$, so $`\partial_1 \ge u (1 - u) / (1 + (n-1)u)^3`$. The other components sum to
        $`-\partial_1`$, and by Cauchy-Schwarz their squares to at least $`\partial_1^2 / (n-1)`$; add
        $`\partial_1^2`$.

        With the upper bound: for a confident wrong prediction the gradient is of the exact order $`e^{-g}`$. It
        fades, and it is never 0.
        """),
    autodiff=Derivative(gradient_norm_squared, "value"),
    by_hand=wrong_norm_lower,
    relation=">=",
    domain={"x": domain.Saturated("n", winner=0, gap=0.0), "y": domain.OneHot("n", index=1)},
    sizes=MATRIX_SIZES,
)


def target_slope(x: Vector, y: Vector) -> Scalar:
    r"""JAX's derivative of the loss by the target's logit, $\partial L / \partial x_t$ for $y = e_t$.

    Args:
        x: logits in nats, finite.
        y: one-hot target.

    Returns:
        dL/dx[t], per nat.

    Source:
        Beyond the article.
    """
    return jnp.sum(y * jax.grad(half_squared_error)(x, y))


def target_slope_by_hand(x: Vector, y: Vector) -> Scalar:
    r"""Slope by the target's logit, $-\sigma_t [(\sum_{j \ne t} \sigma_j)^2 + \sum_{j \ne t} \sigma_j^2]$.

    Args:
        x: logits in nats, finite.
        y: one-hot target.

    Returns:
        dL/dx[t], per nat; a sum of terms of one sign, so that nothing cancels.

    Source:
        Beyond the article.
    """
    s = softmax(x)
    others = (1 - y) * s
    return -jnp.sum(y * s) * (jnp.sum(others) ** 2 + jnp.sum(others**2))


RIGHT_WINNER = Claim(
    id="squared-error.target-slope",
    statement=r"\frac{\partial L}{\partial x_t} = -\sigma_t \Bigl[ (1 - \sigma_t)^2 + \sum_{j \ne t} \sigma_j^2 \Bigr]"
    r" \quad (y = e_t)",
    source=_RIGHT,
    derivation=cleandoc(r"""
        From the form for one-hot targets, $`-\sigma_t (1 + q - 2\sigma_t)`$ with
        $`q = \sigma_t^2 + \sum_{j \ne t} \sigma_j^2`$ and $`1 - 2\sigma_t + \sigma_t^2 = (1 - \sigma_t)^2`$. Always
        negative: descent raises the target's logit, right or wrong. Where the prediction is right, both terms of the
        bracket are squares of small numbers, hence second order.
        """),
    autodiff=Derivative(target_slope, "value"),
    by_hand=target_slope_by_hand,
    domain={"x": domain.Logits("n"), "y": domain.OneHot("n")},
    sizes=MATRIX_SIZES,
)


def right_norm_upper(x: Vector, y: Vector) -> Scalar:
    r"""Most that is left of the gradient if right, $8\, m^2 (1 - m)^4$ with $m = \sigma_1$.

    Args:
        x: logits in nats, the first at least as large as all others.
        y: one-hot target at the first class.

    Returns:
        Upper bound of the squared norm, per nat squared.

    Source:
        Beyond the article.
    """
    s = softmax(x)
    return 8 * s[0] ** 2 * jnp.sum(s[1:]) ** 4


def right_norm_lower(x: Vector, y: Vector) -> Scalar:
    r"""Least that is left of the gradient if right, $(\frac{n}{n-1})^3\, m^2 (1 - m)^4$ with $m = \sigma_1$.

    Args:
        x: logits in nats, the first at least as large as all others.
        y: one-hot target at the first class.

    Returns:
        Lower bound of the squared norm, per nat squared.

    Source:
        Beyond the article.
    """
    n = x.shape[0]
    s = softmax(x)
    return n**3 * s[0] ** 2 * jnp.sum(s[1:]) ** 4 / (n - 1) ** 3


RIGHT_UPPER = Claim(
    id="squared-error.saturated.right-norm-at-most",
    statement=r"\lVert \nabla_x L \rVert_2^2 \le 8\, m^2 (1 - m)^4, \quad m = \sigma_1 = \max_i \sigma_i, \; y = e_1",
    source=_RIGHT,
    derivation=cleandoc(r"""
        The target is the winner, so with $`\varepsilon = 1 - m`$ its slope is
        $`\lvert \partial_1 \rvert = m \bigl( \varepsilon^2 + \sum_{j \ge 2} \sigma_j^2 \bigr) \le 2 m \varepsilon^2`$.
        The losers' slopes $`\sigma_j (\sigma_j + m - q)`$ are not negative, since $`q = \sum_i \sigma_i^2 \le m`$;
        they sum to $`\lvert \partial_1 \rvert`$, so their squares sum to at most $`\partial_1^2`$. Altogether at most
        $`2 \cdot 4 m^2 \varepsilon^4`$, attained with two classes. Since $`\varepsilon \le (n-1) e^{-g}`$ the norm
        falls like $`e^{-2g}`$: where nothing is left to learn, the gradient fades twice as fast.
        """),
    autodiff=Derivative(gradient_norm_squared, "value"),
    by_hand=right_norm_upper,
    relation="<=",
    domain={"x": domain.Saturated("n", winner=0, gap=0.0), "y": domain.OneHot("n", index=0)},
    sizes=MATRIX_SIZES,
)

RIGHT_LOWER = Claim(
    id="squared-error.saturated.right-norm-at-least",
    statement=r"\lVert \nabla_x L \rVert_2^2 \ge \Bigl( \frac{n}{n-1} \Bigr)^3 m^2 (1 - m)^4,"
    r" \quad m = \sigma_1 = \max_i \sigma_i, \; y = e_1",
    source=_RIGHT,
    derivation=cleandoc(r"""
        By Cauchy-Schwarz $`\sum_{j \ge 2} \sigma_j^2 \ge \varepsilon^2 / (n-1)`$, so
        $`\lvert \partial_1 \rvert \ge m \varepsilon^2 \frac{n}{n-1}`$; and the losers' slopes, which sum to
        $`\lvert \partial_1 \rvert`$, have squares that sum to at least $`\partial_1^2 / (n-1)`$. Together
        $`\partial_1^2 \frac{n}{n-1}`$. Attained where all losers are tied.
        """),
    autodiff=Derivative(gradient_norm_squared, "value"),
    by_hand=right_norm_lower,
    relation=">=",
    domain={"x": domain.Saturated("n", winner=0, gap=0.0), "y": domain.OneHot("n", index=0)},
    sizes=MATRIX_SIZES,
)


def loser_remainder(x: Vector, y: Vector) -> Vector:
    r"""JAX's slopes of the losers less leading terms, $\partial_j L + \delta_j c_j$ with $\delta_j = e^{x_j - x_1}$.

    Args:
        x: logits in nats, the first at least as large as all others.
        y: target.

    Returns:
        n - 1 remainders, per nat; c[j] = 1 - y[0] + y[j].

    Source:
        Beyond the article.
    """
    delta = jnp.exp(x[1:] - x[0])
    return jax.grad(half_squared_error)(x, y)[1:] + delta * (1 - y[0] + y[1:])


def loser_remainder_bound(x: Vector, y: Vector) -> Vector:
    r"""A bound of second order for those remainders, $(4n - 2)\, e^{-g}\, \delta_j$.

    Args:
        x: logits in nats, the first at least as large as all others.
        y: target, not used.

    Returns:
        n - 1 bounds, per nat.

    Source:
        Beyond the article.
    """
    return (4 * x.shape[0] - 2) * runner_up_ratio(x) * jnp.exp(x[1:] - x[0])


def winner_remainder(x: Vector, y: Vector) -> Scalar:
    r"""JAX's slope of the winner less its leading term, $\partial_1 L - \sum_{j \ge 2} \delta_j c_j$.

    Args:
        x: logits in nats, the first at least as large as all others.
        y: target.

    Returns:
        The remainder, per nat; c[j] = 1 - y[0] + y[j].

    Source:
        Beyond the article.
    """
    delta = jnp.exp(x[1:] - x[0])
    return jax.grad(half_squared_error)(x, y)[0] - jnp.sum(delta * (1 - y[0] + y[1:]))


def winner_remainder_bound(x: Vector, y: Vector) -> Scalar:
    r"""A bound of second order for that remainder, $(4n - 2)\, e^{-g} \sum_{j \ge 2} \delta_j$.

    Args:
        x: logits in nats, the first at least as large as all others.
        y: target, not used.

    Returns:
        The bound, per nat.

    Source:
        Beyond the article.
    """
    return (4 * x.shape[0] - 2) * runner_up_ratio(x) * jnp.sum(jnp.exp(x[1:] - x[0]))


LEADING_LOSERS = Claim(
    id="squared-error.saturated.leading-term-losers",
    statement=r"\Bigl\lvert \frac{\partial L}{\partial x_j} + \delta_j (1 - y_1 + y_j) \Bigr\rvert"
    r" \le (4n - 2)\, e^{-g}\, \delta_j, \quad \delta_j = e^{x_j - x_1}, \; j \ge 2",
    source=_VANISH,
    derivation=cleandoc(r"""
        Let $`c_j = 1 - y_1 + y_j`$, $`u = e^{-g}`$, $`m = \sigma_1`$, $`\varepsilon = 1 - m`$,
        $`q = \sum_i \sigma_i^2`$. From the general gradient
        ```math
        \partial_j + \sigma_j c_j = \sigma_j B, \qquad
        B = \sigma_j + (1 - q) - y_1 \varepsilon + \sum_{i \ge 2} \sigma_i y_i .
        ```
        Here $`1 - q \le 1 - m^2 \le 2\varepsilon`$, $`\sigma_j \le u`$ and $`\sum_{i \ge 2} \sigma_i y_i \le u`$, so
        $`B \le 2\varepsilon + 2u`$; and $`B \ge 0`$, since
        $`1 - q - \varepsilon = m\varepsilon - \sum_{j \ge 2} \sigma_j^2 \ge 0`$. Going over from
        $`\sigma_j = m \delta_j`$ to $`\delta_j`$ adds $`\varepsilon \delta_j c_j \le 2\varepsilon \delta_j`$. With
        $`\varepsilon \le (n-1)u`$ the remainder lies between 0 and $`(4n - 2)\,u\,\delta_j`$.

        So a loser is pushed up with force $`\delta_j c_j`$: twice its share if it is the one-hot target, once if it
        is not, and to first order not at all if the prediction is right.
        """),
    autodiff=Derivative(loser_remainder, "value"),
    by_hand=loser_remainder_bound,
    relation="abs<=",
    domain={"x": domain.Saturated("n", winner=0, gap=0.0), "y": domain.Simplex("n")},
    sizes=MATRIX_SIZES,
)

LEADING_WINNER = Claim(
    id="squared-error.saturated.leading-term-winner",
    statement=r"\Bigl\lvert \frac{\partial L}{\partial x_1} - \sum_{j \ge 2} \delta_j (1 - y_1 + y_j) \Bigr\rvert"
    r" \le (4n - 2)\, e^{-g} \sum_{j \ge 2} \delta_j, \quad \delta_j = e^{x_j - x_1}",
    source=_VANISH,
    derivation="The winner's slope is the negative sum of the losers' slopes; add up their remainders.",
    autodiff=Derivative(winner_remainder, "value"),
    by_hand=winner_remainder_bound,
    relation="abs<=",
    domain={"x": domain.Saturated("n", winner=0, gap=0.0), "y": domain.Simplex("n")},
    sizes=MATRIX_SIZES,
)

# --- Two classes under saturation, exactly ----------------------------------------------------------------------------


def wrong_two_class(x: Vector, y: Vector) -> Vector:
    r"""The gradient of a wrong prediction, $\pm 2u / (1 + u)^3$ with $u = e^{x_2 - x_1}$, $y = e_2$.

    Args:
        x: two logits in nats, the first the larger.
        y: one-hot target at the second class.

    Returns:
        Both slopes, per nat; no term cancels.

    Source:
        Beyond the article: its two-class displays in terms of the gap.
    """
    u = jnp.exp(x[1] - x[0])
    slope = 2 * u / (1 + u) ** 3
    return jnp.stack([slope, -slope])


def right_two_class(x: Vector, y: Vector) -> Vector:
    r"""The gradient of a right prediction, $\mp 2u^2 / (1 + u)^3$ with $u = e^{x_2 - x_1}$, $y = e_1$.

    Args:
        x: two logits in nats, the first the larger.
        y: one-hot target at the first class.

    Returns:
        Both slopes, per nat; no term cancels.

    Source:
        Beyond the article: its two-class displays in terms of the gap.
    """
    u = jnp.exp(x[1] - x[0])
    slope = 2 * u**2 / (1 + u) ** 3
    return jnp.stack([-slope, slope])


WRONG_TWO_CLASS = Claim(
    id="squared-error.two-class.wrong-exact",
    statement=r"\nabla_x L = \frac{2u}{(1 + u)^3}\,(1, -1), \quad u = e^{-(x_1 - x_2)}, \; y = e_2",
    source=_WRONG,
    derivation=cleandoc(r"""
        $`\sigma_1 = 1 / (1 + u)`$ and $`\sigma_2 = u / (1 + u)`$. With $`y = e_2`$ the bracket of
        $`\sigma_1 \sigma_2 [(\sigma_1 - y_1) - (\sigma_2 - y_2)]`$ is $`\sigma_1 - \sigma_2 + 1 = 2\sigma_1`$, so the
        slope is $`2 \sigma_1^2 \sigma_2`$. For $`g \ge g_0`$ it lies between $`2u / (1 + e^{-g_0})^3`$ and $`2u`$:
        exactly of order $`e^{-g}`$.
        """),
    autodiff=Derivative(half_squared_error, "gradient", wrt="x"),
    by_hand=wrong_two_class,
    domain={"x": domain.Saturated("2", winner=0, gap=0.0), "y": domain.OneHot("2", index=1)},
    note="In float64 autodiff returns exactly 0 for the winner from a gap of 37.43 nats on, for the target from 708.4.",
)

RIGHT_TWO_CLASS = Claim(
    id="squared-error.two-class.right-exact",
    statement=r"\nabla_x L = \frac{2u^2}{(1 + u)^3}\,(-1, 1), \quad u = e^{-(x_1 - x_2)}, \; y = e_1",
    source=_RIGHT,
    derivation=cleandoc(r"""
        With $`y = e_1`$ the bracket is $`\sigma_1 - 1 - \sigma_2 = -2\sigma_2`$, so the slope is
        $`-2 \sigma_1 \sigma_2^2`$: of order $`e^{-2g}`$.
        """),
    autodiff=Derivative(half_squared_error, "gradient", wrt="x"),
    by_hand=right_two_class,
    domain={"x": domain.Saturated("2", winner=0, gap=0.0), "y": domain.OneHot("2", index=0)},
    note="In floats autodiff returns half of the true value from the gap on at which the larger output rounds to 1.",
)


def log_wrong_slope(x: Vector, y: Vector) -> Scalar:
    r"""Logarithm of JAX's slope by the first logit of a wrong prediction, $\ln \partial_1 L$.

    Args:
        x: two logits in nats, the first the larger.
        y: one-hot target at the second class.

    Returns:
        The logarithm in nats.

    Source:
        Beyond the article.
    """
    return jnp.log(slope_1(x, y))


def log_wrong_slope_by_hand(x: Vector, y: Vector) -> Scalar:
    r"""The same from the gap alone, $\ln 2 - g - 3\ln(1 + e^{-g})$.

    Args:
        x: two logits in nats, the first the larger.
        y: one-hot target at the second class.

    Returns:
        The logarithm in nats; it does not underflow.

    Source:
        Beyond the article.
    """
    g = x[0] - x[1]
    return jnp.log(2 * jnp.ones_like(g)) - g - 3 * jnp.log1p(jnp.exp(-g))


def log_right_slope(x: Vector, y: Vector) -> Scalar:
    r"""Logarithm of JAX's slope by the second logit of a right prediction, $\ln \partial_2 L$.

    Args:
        x: two logits in nats, the first the larger.
        y: one-hot target at the first class.

    Returns:
        The logarithm in nats.

    Source:
        Beyond the article.
    """
    return jnp.log(slope_2(x, y))


def log_right_slope_by_hand(x: Vector, y: Vector) -> Scalar:
    r"""The same from the gap alone, $\ln 2 - 2g - 3\ln(1 + e^{-g})$.

    Args:
        x: two logits in nats, the first the larger.
        y: one-hot target at the first class.

    Returns:
        The logarithm in nats; it does not underflow.

    Source:
        Beyond the article.
    """
    g = x[0] - x[1]
    return jnp.log(2 * jnp.ones_like(g)) - 2 * g - 3 * jnp.log1p(jnp.exp(-g))


LOG_WRONG = Claim(
    id="squared-error.two-class.wrong-rate",
    statement=r"\ln \frac{\partial L}{\partial x_1} = \ln 2 - g - 3 \ln(1 + e^{-g}), \quad g = x_1 - x_2, \; y = e_2",
    source=_WRONG,
    derivation=cleandoc(r"""
        The logarithm of $`2u / (1 + u)^3`$ with $`u = e^{-g}`$. The slope of the straight line that it approaches is
        the rate: one factor $`e`$ per nat of gap.
        """),
    autodiff=Derivative(log_wrong_slope, "value"),
    by_hand=log_wrong_slope_by_hand,
    domain={"x": domain.Saturated("2", winner=0, gap=0.0), "y": domain.OneHot("2", index=1)},
)

LOG_RIGHT = Claim(
    id="squared-error.two-class.right-rate",
    statement=r"\ln \frac{\partial L}{\partial x_2} = \ln 2 - 2g - 3 \ln(1 + e^{-g}), \quad g = x_1 - x_2, \; y = e_1",
    source=_RIGHT,
    derivation="The logarithm of $`2u^2 / (1 + u)^3`$ with $`u = e^{-g}`$: two factors $`e`$ per nat of gap.",
    autodiff=Derivative(log_right_slope, "value"),
    by_hand=log_right_slope_by_hand,
    domain={"x": domain.Saturated("2", winner=0, gap=0.0), "y": domain.OneHot("2", index=0)},
)

# --- "Is 0" -----------------------------------------------------------------------------------------------------------


def no_gradient(x: Vector, y: Vector) -> Vector:
    """What the article says is passed on: zero.

    Args:
        x: logits in nats; only their shape and format matter.
        y: not used.

    Returns:
        Zeros.

    Source:
        "Mean squared error loss + softmax", the paragraph after the four limits, first sentence.
    """
    return jnp.zeros_like(x)


GRADIENT_ZERO = Claim(
    id="squared-error.two-class.gradient-zero",
    statement=r"\nabla_x L = 0 \quad (x_1 - x_2 \ge 40, \; y = e_2)",
    source=Source(
        "Mean squared error loss + softmax",
        "the paragraph after the four limits, first sentence, its last words",
        statement="net-zero",
    ),
    derivation=cleandoc(r"""
        The article's last words on the gradient, taken literally at a gap of 40 nats and more. The exact value is
        $`\pm 2u / (1 + u)^3`$ with $`u = e^{-g}`$, never 0: at a gap of 40 about $`8.5 \cdot 10^{-18}`$. In float64
        autodiff does return 0 for the first component, and an accurate value for the second.
        """),
    autodiff=Derivative(half_squared_error, "gradient", wrt="x"),
    by_hand=no_gradient,
    domain={"x": domain.Saturated("2", winner=0, gap=40.0), "y": domain.OneHot("2", index=1)},
    expect=Status.FAILS,
    note="True of one component in float64, false of real numbers.",
)


def norm_squared_beside_threshold(x: Vector, y: Vector, eps: Scalar) -> Scalar:
    r"""Squared norm of JAX's gradient, $\lVert\nabla_x L\rVert_2^2$, to be held against a threshold.

    Args:
        x: logits in nats, finite.
        y: target.
        eps: threshold, per nat, not used here.

    Returns:
        The squared norm, per nat squared.

    Source:
        "Mean squared error loss + softmax", the paragraph after the four limits, first sentence.
    """
    return gradient_norm_squared(x, y)


def threshold_squared(x: Vector, y: Vector, eps: Scalar) -> Scalar:
    r"""Square of the threshold, $\epsilon^2$.

    Args:
        x: logits in nats, not used.
        y: target, not used.
        eps: threshold, per nat.

    Returns:
        The square, per nat squared.

    Source:
        "Mean squared error loss + softmax", the paragraph after the four limits, first sentence.
    """
    return eps**2


def gap_suffices(x: Vector, eps: Scalar) -> Scalar:
    r"""Whether the gap is large enough for a threshold, $g \ge \ln(\sqrt{n^2 + n + 2} / \epsilon)$.

    Args:
        x: logits in nats, the first at least as large as all others.
        eps: threshold, per nat.

    Returns:
        The answer.

    Source:
        Beyond the article.
    """
    n = x.shape[0]
    return (n**2 + n + 2) * runner_up_ratio(x) ** 2 <= eps**2


BELOW_ANY_THRESHOLD = Claim(
    id="squared-error.saturated.below-any-threshold",
    statement=r"\lVert \nabla_x L \rVert_2 \le \epsilon \quad\text{once}\quad"
    r" g \ge \ln \frac{\sqrt{n^2 + n + 2}}{\epsilon} \quad (y \text{ a distribution})",
    source=Source(
        "Mean squared error loss + softmax",
        "the paragraph after the four limits, first sentence, its last words repaired",
        statement="net-zero",
    ),
    derivation=cleandoc(r"""
        What "is 0" can mean: as small as one likes, from a gap on that can be computed beforehand. Solve
        $`\sqrt{n^2 + n + 2}\; e^{-g} \le \epsilon`$ for $`g`$. With two classes $`\epsilon = 10^{-6}`$ needs 14.9
        nats.
        """),
    autodiff=Derivative(norm_squared_beside_threshold, "value"),
    by_hand=threshold_squared,
    relation="<=",
    domain={
        "x": domain.Saturated("n", winner=0, gap=0.0),
        "y": domain.Simplex("n"),
        "eps": domain.Interval("", 2.0**-60, 1.0),
    },
    where=gap_suffices,
    sizes=MATRIX_SIZES,
)
