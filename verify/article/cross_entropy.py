r"""Cross entropy behind a softmax: its gradient, its limits under saturation, and what the logarithm cancels.

The article's last step, $\sigma - y$, needs targets that sum to one; without that the gradient is
$(\sum_k y_k)\,\sigma - y$. Both are claims here, and so is the first one for any target, which fails.
"""

from collections.abc import Callable
from inspect import cleandoc

import jax
import jax.numpy as jnp

from verify import domain
from verify.article.shapes import MATRIX_SIZES, VECTOR_SIZES, Matrix, Scalar, Vector
from verify.article.softmax import (
    complement,
    probabilities,
    pull_back_pairwise,
    residual_on_simplex,
    runner_up_ratio,
    softmax,
    softmax_jacobian,
)
from verify.article.squared_error import half_squared_error, squared_error_gradient
from verify.claim import Claim, Derivative, Source, Status

_SECTION = "Cross Entropy loss + softmax"
_WRONG = {"x": domain.Saturated("n", winner=0, gap=0.0), "y": domain.OneHot("n", 1)}
_RIGHT = {"x": domain.Saturated("n", winner=0, gap=0.0), "y": domain.OneHot("n", 0)}
_ANY_TARGET = {"x": domain.Logits("n"), "y": domain.Reals("n")}
_NORMALISED = {"x": domain.Logits("n"), "y": domain.Simplex("n")}

# --- Definition -------------------------------------------------------------------------------------------------------


def cross_entropy_of_outputs(s: Vector, y: Vector) -> Scalar:
    r"""Cross entropy of two lists of numbers, $-\sum_i y_i \ln s_i$.

    Args:
        s: outputs, positive.
        y: target.

    Returns:
        The loss in nats.

    Source:
        "Cross Entropy loss + softmax", the first display.
    """
    return -jnp.sum(y * jnp.log(s))


def cross_entropy_literal(x: Vector, y: Vector) -> Scalar:
    r"""Cross entropy as the article writes it, the logarithm of a softmax, $-\sum_i y_i \ln \sigma_i(x)$.

    Args:
        x: logits in nats, finite.
        y: target.

    Returns:
        The loss in nats. In floats it is infinite, or 0 times infinity, where an output underflows.

    Source:
        "Cross Entropy loss + softmax", the second display, first line.
    """
    return cross_entropy_of_outputs(probabilities(x), y)


def cross_entropy(x: Vector, y: Vector) -> Scalar:
    r"""Cross entropy as it is written in practice, $-\sum_i y_i (x_i - \ln\sum_k e^{x_k})$.

    Args:
        x: logits in nats, finite.
        y: target.

    Returns:
        The loss in nats, finite for all finite logits.

    Source:
        "Cross Entropy loss + softmax", the second display, first line, through ``jax.nn.log_softmax``.
    """
    return -jnp.sum(y * jax.nn.log_softmax(x))


def entropy_and_divergence(s: Vector, y: Vector) -> Scalar:
    r"""Entropy of the target and its divergence from the outputs, $-\sum_i y_i \ln y_i + \sum_i y_i \ln (y_i / s_i)$.

    Args:
        s: outputs, positive.
        y: target, positive.

    Returns:
        The sum in nats.

    Source:
        Beyond the article.
    """
    return -jnp.sum(y * jnp.log(y)) + jnp.sum(y * jnp.log(y / s))


ENTROPY_AND_DIVERGENCE = Claim(
    id="cross-entropy.entropy-and-divergence",
    statement=r"-\sum_i p_i \ln q_i = -\sum_i p_i \ln p_i + \sum_i p_i \ln \frac{p_i}{q_i}",
    source=Source(_SECTION, "the first display", statement="ce-xent"),
    derivation=cleandoc(r"""
        $`\ln q_i = \ln p_i - \ln (p_i / q_i)`$, multiplied by $`-p_i`$ and summed. The first sum does not depend on
        $`q`$, so minimising cross entropy is minimising the divergence of $`p`$ from $`q`$. Both sides are written for
        positive entries; where some $`p_i = 0`$ the term is read as its limit 0, which a literal program does not do.
        """),
    autodiff=Derivative(cross_entropy_of_outputs, "value"),
    by_hand=entropy_and_divergence,
    domain={"s": domain.Positive("n"), "y": domain.Positive("n")},
    sizes=MATRIX_SIZES,
)


def cross_entropy_from_logits(x: Vector, y: Vector) -> Scalar:
    r"""Cross entropy without a quotient, $\ln(\sum_k e^{x_k}) \sum_i y_i - \langle y, x \rangle$.

    Args:
        x: logits in nats, finite.
        y: target.

    Returns:
        The loss in nats. Cancels where the logits are large compared with the loss.

    Source:
        "Cross Entropy loss + softmax", the second display, first line, rewritten.
    """
    largest = jnp.max(x)
    return (largest + jnp.log(jnp.sum(jnp.exp(x - largest)))) * jnp.sum(y) - jnp.sum(y * x)


def cross_entropy_from_differences(x: Vector, y: Vector) -> Scalar:
    r"""Cross entropy from differences of logits, $\sum_i y_i \ln \sum_k e^{x_k - x_i}$.

    Args:
        x: logits in nats, finite.
        y: target.

    Returns:
        The loss in nats; shifts of all logits drop out before anything is rounded.

    Source:
        Beyond the article: `cross_entropy_from_logits` with the largest logit taken out of every sum.
    """
    below = jnp.max(x) - x
    return jnp.sum(y * (below + jnp.log(jnp.sum(jnp.exp(-below)))))


DEFINITION = Claim(
    id="cross-entropy.definition",
    statement=r"-\sum_{i=1}^n y_i \ln \sigma_i = \ln\Bigl(\sum_{k=1}^n e^{x_k}\Bigr) \sum_{i=1}^n y_i"
    r" - \sum_{i=1}^n y_i x_i",
    source=Source(_SECTION, "the second display, first line", statement="ce-def"),
    derivation=cleandoc(r"""
        $`\ln \sigma_i = x_i - \ln\sum_k e^{x_k}`$, where the second term does not depend on $`i`$. Multiply by
        $`-y_i`$ and sum. No hypothesis on $`y`$ is used; for a target that sums to one the first term is the
        log-sum-exp itself.
        """),
    autodiff=Derivative(cross_entropy_literal, "value"),
    by_hand=cross_entropy_from_logits,
    domain=_ANY_TARGET,
    sizes=VECTOR_SIZES,
    stable=cross_entropy_from_differences,
    note="The literal form is infinite in floats once an output with a target underflows; the right-hand side is not.",
)

# --- Chain rule -------------------------------------------------------------------------------------------------------


def gradient_by_outputs(s: Vector, y: Vector) -> Vector:
    r"""Derivative of cross entropy by the outputs, $-y_i / s_i$.

    Args:
        s: outputs, positive, free of each other.
        y: target.

    Returns:
        dL/ds[i], unbounded as an output goes to 0.

    Source:
        "Cross Entropy loss + softmax", the second display, the row vector.
    """
    return -y / s


BY_OUTPUTS = Claim(
    id="cross-entropy.by-outputs",
    statement=r"\frac{\partial}{\partial \sigma_i}\Bigl(-\sum_{k=1}^n y_k \ln \sigma_k\Bigr) = -\frac{y_i}{\sigma_i}",
    source=Source(_SECTION, "the second display, the row vector", statement="ce-dsigma"),
    derivation=cleandoc(r"""
        The outputs count as $`n`$ free positive variables here; that softmax ties them together is the business of
        the next factor. Only the term $`k = i`$ contains $`\sigma_i`$, and $`(\ln \sigma_i)' = 1/\sigma_i`$.
        """),
    autodiff=Derivative(cross_entropy_of_outputs, "gradient", wrt="s"),
    by_hand=gradient_by_outputs,
    domain={"s": domain.Positive("n"), "y": domain.Reals("n")},
    sizes=VECTOR_SIZES,
    note="Unbounded as an output goes to 0: this is what compensates for the vanishing Jacobian.",
)


def chain_rule(x: Vector, y: Vector) -> Vector:
    r"""Gradient of cross entropy by the chain rule, $\sum_i (-y_i / \sigma_i) J_{ij}$.

    Args:
        x: logits in nats, finite.
        y: target.

    Returns:
        dL/dx[j], per nat. In floats not a number where an output underflows.

    Source:
        "Cross Entropy loss + softmax", the display on the chain rule.
    """
    return (-y / softmax(x)) @ softmax_jacobian(x)


CHAIN = Claim(
    id="cross-entropy.chain-rule",
    statement=r"\frac{\partial L}{\partial x_j} = \frac{\partial L}{\partial \sigma}\,"
    r"\frac{\partial \sigma}{\partial x_j} = \sum_{i=1}^n \Bigl(-\frac{y_i}{\sigma_i}\Bigr)"
    r"\,\sigma_i (\delta_{ij} - \sigma_j)",
    source=Source(_SECTION, "the display on the chain rule", statement="ce-chain"),
    derivation=cleandoc(r"""
        $`L`$ depends on $`x_j`$ through every output, so all $`n`$ paths are summed: the row vector of the
        $`-y_i/\sigma_i`$ times column $`j`$ of the Jacobian $`J_{ij} = \sigma_i(\delta_{ij} - \sigma_j)`$.
        """),
    autodiff=Derivative(cross_entropy_literal, "gradient", wrt="x"),
    by_hand=chain_rule,
    domain=_ANY_TARGET,
    sizes=MATRIX_SIZES,
)

# --- Two classes, line by line ----------------------------------------------------------------------------------------


def first_slope(x: Vector, y: Vector) -> Scalar:
    r"""JAX's derivative of cross entropy by the first logit, $\partial L / \partial x_1$.

    Args:
        x: logits in nats, finite.
        y: target.

    Returns:
        dL/dx[0], per nat.

    Source:
        "Cross Entropy loss + softmax", two classes, first logit.
    """
    return jax.grad(cross_entropy)(x, y)[0]


def second_slope(x: Vector, y: Vector) -> Scalar:
    r"""JAX's derivative of cross entropy by the second logit, $\partial L / \partial x_2$.

    Args:
        x: logits in nats, finite.
        y: target.

    Returns:
        dL/dx[1], per nat.

    Source:
        "Cross Entropy loss + softmax", two classes, second logit.
    """
    return jax.grad(cross_entropy)(x, y)[1]


def first_slope_products(x: Vector, y: Vector) -> Scalar:
    r"""Two-class chain rule written out, $(-y_1/\sigma_1)\,\sigma_1(1-\sigma_1) + (-y_2/\sigma_2)(-\sigma_1\sigma_2)$.

    Args:
        x: two logits in nats.
        y: target, two numbers.

    Returns:
        dL/dx[0], per nat.

    Source:
        "Cross Entropy loss + softmax", two classes, first logit, line 2.
    """
    s = softmax(x)
    return (-y[0] / s[0]) * (s[0] * (1 - s[0])) + (-y[1] / s[1]) * (-s[0] * s[1])


def second_slope_products(x: Vector, y: Vector) -> Scalar:
    r"""Two-class chain rule written out, $(-y_1/\sigma_1)(-\sigma_1\sigma_2) + (-y_2/\sigma_2)\,\sigma_2(1-\sigma_2)$.

    Args:
        x: two logits in nats.
        y: target, two numbers.

    Returns:
        dL/dx[1], per nat.

    Source:
        "Cross Entropy loss + softmax", two classes, second logit, line 2.
    """
    s = softmax(x)
    return (-y[0] / s[0]) * (-s[0] * s[1]) + (-y[1] / s[1]) * (s[1] * (1 - s[1]))


def first_slope_cancelled(x: Vector, y: Vector) -> Scalar:
    r"""Two-class derivative after cancelling the outputs, $-y_1 + y_1 \sigma_1 + y_2 \sigma_1$.

    Args:
        x: two logits in nats.
        y: target, two numbers.

    Returns:
        dL/dx[0], per nat.

    Source:
        "Cross Entropy loss + softmax", two classes, first logit, line 3.
    """
    s = softmax(x)
    return -y[0] + y[0] * s[0] + y[1] * s[0]


def second_slope_cancelled(x: Vector, y: Vector) -> Scalar:
    r"""Two-class derivative after cancelling the outputs, $y_1 \sigma_2 + y_2 \sigma_2 - y_2$.

    Args:
        x: two logits in nats.
        y: target, two numbers.

    Returns:
        dL/dx[1], per nat.

    Source:
        "Cross Entropy loss + softmax", two classes, second logit, line 3.
    """
    s = softmax(x)
    return y[0] * s[1] + y[1] * s[1] - y[1]


def first_slope_stable(x: Vector, y: Vector) -> Scalar:
    r"""Two-class derivative without cancellation, $y_2 \sigma_1 - y_1 \sigma_2$.

    Args:
        x: two logits in nats.
        y: target, two numbers.

    Returns:
        dL/dx[0], per nat.

    Source:
        Beyond the article: $-y_1 (1 - \sigma_1) = -y_1 \sigma_2$.
    """
    s = softmax(x)
    return y[1] * s[0] - y[0] * s[1]


def second_slope_stable(x: Vector, y: Vector) -> Scalar:
    r"""Two-class derivative without cancellation, $y_1 \sigma_2 - y_2 \sigma_1$.

    Args:
        x: two logits in nats.
        y: target, two numbers.

    Returns:
        dL/dx[1], per nat.

    Source:
        Beyond the article: $-y_2 (1 - \sigma_2) = -y_2 \sigma_1$.
    """
    s = softmax(x)
    return y[0] * s[1] - y[1] * s[0]


def first_residual(x: Vector, y: Vector) -> Scalar:
    r"""Output error of the first class, $\sigma_1 - y_1$.

    Args:
        x: logits in nats, finite.
        y: target.

    Returns:
        The difference, dimensionless.

    Source:
        "Cross Entropy loss + softmax", two classes, first logit, last line.
    """
    return softmax(x)[0] - y[0]


def second_residual(x: Vector, y: Vector) -> Scalar:
    r"""Output error of the second class, $\sigma_2 - y_2$.

    Args:
        x: logits in nats, finite.
        y: target.

    Returns:
        The difference, dimensionless.

    Source:
        "Cross Entropy loss + softmax", two classes, second logit, last line.
    """
    return softmax(x)[1] - y[1]


TWO_CLASS_FIRST_LINE_1 = Claim(
    id="cross-entropy.two-class.x1-line-1",
    statement=r"\frac{\partial L}{\partial x_1} = \Bigl(-\frac{y_1}{\sigma_1}\Bigr)\bigl(\sigma_1(1-\sigma_1)\bigr)"
    r" + \Bigl(-\frac{y_2}{\sigma_2}\Bigr)(-\sigma_1\sigma_2)",
    source=Source(_SECTION, "two classes, first logit, the products", statement="ce-n2-x1"),
    derivation=cleandoc(r"""
        The chain rule at $`n = 2`$ has two terms. The first output contributes
        $`\partial L/\partial\sigma_1 = -y_1/\sigma_1`$ times $`\partial\sigma_1/\partial x_1 = \sigma_1(1-\sigma_1)`$,
        the second $`-y_2/\sigma_2`$ times $`\partial\sigma_2/\partial x_1 = -\sigma_1\sigma_2`$. Any target.
        """),
    autodiff=Derivative(first_slope, "value"),
    by_hand=first_slope_products,
    domain={"x": domain.Logits("2"), "y": domain.Reals("2")},
    stable=first_slope_stable,
)

TWO_CLASS_FIRST_LINE_2 = Claim(
    id="cross-entropy.two-class.x1-line-2",
    statement=r"\frac{\partial L}{\partial x_1} = -y_1 + y_1\sigma_1 + y_2\sigma_1",
    source=Source(_SECTION, "two classes, first logit, the outputs cancelled", statement="ce-n2-x1"),
    derivation=cleandoc(r"""
        Cancel $`\sigma_1`$ in the first product and $`\sigma_2`$ in the second:
        $`-y_1(1-\sigma_1) + y_2\sigma_1`$, and open the bracket. Still any target.
        """),
    autodiff=Derivative(first_slope, "value"),
    by_hand=first_slope_cancelled,
    domain={"x": domain.Logits("2"), "y": domain.Reals("2")},
    stable=first_slope_stable,
)

TWO_CLASS_FIRST_LINE_3 = Claim(
    id="cross-entropy.two-class.x1-line-3",
    statement=r"\frac{\partial L}{\partial x_1} = \sigma_1 - y_1 \quad\text{where}\quad y_1 + y_2 = 1",
    source=Source(_SECTION, "two classes, first logit, last line", statement="ce-n2-x1"),
    derivation=cleandoc(r"""
        Collect $`\sigma_1`$ in the line before: $`(y_1 + y_2)\,\sigma_1 - y_1`$. With $`y_1 + y_2 = 1`$ this is
        $`\sigma_1 - y_1`$. The article uses that hypothesis in this step and does not state it.
        """),
    autodiff=Derivative(first_slope, "value"),
    by_hand=first_residual,
    domain={"x": domain.Logits("2"), "y": domain.Simplex("2")},
    stable=first_slope_stable,
)

TWO_CLASS_FIRST_LINE_3_ANY_TARGET = Claim(
    id="cross-entropy.two-class.x1-line-3-any-target",
    statement=r"\frac{\partial L}{\partial x_1} = \sigma_1 - y_1 \quad\text{for every } y",
    source=Source(_SECTION, "two classes, first logit, last line", statement="ce-n2-x1"),
    derivation=cleandoc(r"""
        The last line as it stands, without a hypothesis on the target. It differs from the line before by
        $`\sigma_1 (y_1 + y_2 - 1)`$, which is not 0 for $`y = (0, 0)`$, say: there the loss is constant and its
        derivative 0, not $`\sigma_1`$.
        """),
    autodiff=Derivative(first_slope, "value"),
    by_hand=first_residual,
    domain={"x": domain.Logits("2"), "y": domain.Reals("2")},
    expect=Status.FAILS,
    note="What is missing is that the target sums to one.",
)

TWO_CLASS_SECOND_LINE_1 = Claim(
    id="cross-entropy.two-class.x2-line-1",
    statement=r"\frac{\partial L}{\partial x_2} = \Bigl(-\frac{y_1}{\sigma_1}\Bigr)(-\sigma_1\sigma_2)"
    r" + \Bigl(-\frac{y_2}{\sigma_2}\Bigr)\bigl(\sigma_2(1-\sigma_2)\bigr)",
    source=Source(_SECTION, "two classes, second logit, the products", statement="ce-n2-x2"),
    derivation=cleandoc(r"""
        As for the first logit, with the second column of the Jacobian:
        $`\partial\sigma_1/\partial x_2 = -\sigma_1\sigma_2`$ and
        $`\partial\sigma_2/\partial x_2 = \sigma_2(1-\sigma_2)`$.
        """),
    autodiff=Derivative(second_slope, "value"),
    by_hand=second_slope_products,
    domain={"x": domain.Logits("2"), "y": domain.Reals("2")},
    stable=second_slope_stable,
)

TWO_CLASS_SECOND_LINE_2 = Claim(
    id="cross-entropy.two-class.x2-line-2",
    statement=r"\frac{\partial L}{\partial x_2} = y_1\sigma_2 + y_2\sigma_2 - y_2",
    source=Source(_SECTION, "two classes, second logit, the outputs cancelled", statement="ce-n2-x2"),
    derivation=cleandoc(r"""
        Cancel $`\sigma_1`$ in the first product and $`\sigma_2`$ in the second: $`y_1\sigma_2 - y_2(1-\sigma_2)`$.
        """),
    autodiff=Derivative(second_slope, "value"),
    by_hand=second_slope_cancelled,
    domain={"x": domain.Logits("2"), "y": domain.Reals("2")},
    stable=second_slope_stable,
)

TWO_CLASS_SECOND_LINE_3 = Claim(
    id="cross-entropy.two-class.x2-line-3",
    statement=r"\frac{\partial L}{\partial x_2} = \sigma_2 - y_2 \quad\text{where}\quad y_1 + y_2 = 1",
    source=Source(_SECTION, "two classes, second logit, last line", statement="ce-n2-x2"),
    derivation=cleandoc(r"""
        $`(y_1 + y_2)\,\sigma_2 - y_2`$ with $`y_1 + y_2 = 1`$, the same unstated hypothesis as for the first logit.
        """),
    autodiff=Derivative(second_slope, "value"),
    by_hand=second_residual,
    domain={"x": domain.Logits("2"), "y": domain.Simplex("2")},
    stable=second_slope_stable,
)

TWO_CLASS_SECOND_LINE_3_ANY_TARGET = Claim(
    id="cross-entropy.two-class.x2-line-3-any-target",
    statement=r"\frac{\partial L}{\partial x_2} = \sigma_2 - y_2 \quad\text{for every } y",
    source=Source(_SECTION, "two classes, second logit, last line", statement="ce-n2-x2"),
    derivation=cleandoc(r"""
        Off by $`\sigma_2 (y_1 + y_2 - 1)`$ from the line before it, as for the first logit.
        """),
    autodiff=Derivative(second_slope, "value"),
    by_hand=second_residual,
    domain={"x": domain.Logits("2"), "y": domain.Reals("2")},
    expect=Status.FAILS,
    note="What is missing is that the target sums to one.",
)

# --- Any number of classes --------------------------------------------------------------------------------------------


def cross_entropy_gradient(x: Vector, y: Vector) -> Vector:
    r"""Gradient of cross entropy by the logits for any target, $\bigl(\sum_k y_k\bigr)\,\sigma_i - y_i$.

    Args:
        x: logits in nats, finite.
        y: target.

    Returns:
        dL/dx[i], per nat.

    Source:
        "Cross Entropy loss + softmax", the two displays for two classes, without the last step.
    """
    return jnp.sum(y) * softmax(x) - y


def cross_entropy_gradient_stable(x: Vector, y: Vector) -> Vector:
    r"""Gradient of cross entropy as a sum over pairs, $\sum_j (\sigma_i y_j - \sigma_j y_i)$.

    Args:
        x: logits in nats, finite.
        y: target.

    Returns:
        dL/dx[i], per nat; nothing cancels where the target is one-hot.

    Source:
        Beyond the article: y[i] multiplied by the sum of the outputs, which is one.
    """
    return residual_on_simplex(softmax(x), y)


GRADIENT = Claim(
    id="cross-entropy.gradient",
    statement=r"\frac{\partial L}{\partial x_j} = \Bigl(\sum_{k=1}^n y_k\Bigr)\sigma_j - y_j",
    source=Source(_SECTION, "implied by the two displays for two classes", statement="ce-gen"),
    derivation=cleandoc(r"""
        In the chain rule the factor $`\sigma_i`$ cancels term by term:
        ```math
        \sum_i \Bigl(-\frac{y_i}{\sigma_i}\Bigr)\sigma_i(\delta_{ij} - \sigma_j)
        = -\sum_i y_i\delta_{ij} + \sigma_j\sum_i y_i = \Bigl(\sum_i y_i\Bigr)\sigma_j - y_j .
        ```
        The same follows from $`L = \ln(\sum_k e^{x_k})\sum_i y_i - \langle y, x\rangle`$ by inspection. No hypothesis
        on the target is used. Since $`\sum_j \sigma_j = 1`$ it may be written $`\sum_j(\sigma_i y_j - \sigma_j y_i)`$,
        in which nothing cancels for a one-hot target.
        """),
    autodiff=Derivative(cross_entropy, "gradient", wrt="x"),
    by_hand=cross_entropy_gradient,
    domain=_ANY_TARGET,
    sizes=VECTOR_SIZES,
    stable=cross_entropy_gradient_stable,
    note="For every target, whatever it sums to.",
)

GRADIENT_LITERAL = Claim(
    id="cross-entropy.gradient-through-quotient",
    statement=r"\frac{\partial}{\partial x_j}\Bigl(-\sum_i y_i \ln\frac{e^{x_i}}{\sum_k e^{x_k}}\Bigr)"
    r" = \Bigl(\sum_{k=1}^n y_k\Bigr)\sigma_j - y_j",
    source=Source(_SECTION, "implied by the two displays for two classes", statement="ce-gen"),
    derivation=cleandoc(r"""
        The same function of $`x`$ as in `cross-entropy.gradient`, so the same gradient, but another program: JAX
        differentiates the logarithm of the finished softmax, as the article writes it. Over the reals nothing changes;
        in floats the quotient $`y_i/\sigma_i`$ is not a number once $`\sigma_i`$ underflows.
        """),
    autodiff=Derivative(cross_entropy_literal, "gradient", wrt="x"),
    by_hand=cross_entropy_gradient,
    domain=_ANY_TARGET,
    sizes=VECTOR_SIZES,
    stable=cross_entropy_gradient_stable,
    note="The article's own composition; in floats it loses the gradient at large gaps, log_softmax does not.",
)


def residual(x: Vector, y: Vector) -> Vector:
    r"""Error of the outputs, $\sigma_i - y_i$.

    Args:
        x: logits in nats, finite.
        y: target.

    Returns:
        The differences, dimensionless.

    Source:
        "Cross Entropy loss + softmax", the last lines of the two displays for two classes.
    """
    return softmax(x) - y


GRADIENT_NORMALISED = Claim(
    id="cross-entropy.gradient-normalised-target",
    statement=r"\frac{\partial L}{\partial x_j} = \sigma_j - y_j \quad\text{where}\quad \sum_{k=1}^n y_k = 1",
    source=Source(_SECTION, "implied by the two displays for two classes", statement="ce-gen"),
    derivation=cleandoc(r"""
        `cross-entropy.gradient` with $`\sum_k y_k = 1`$. All targets of classification are of this kind: one-hot, or a
        distribution over the classes.
        """),
    autodiff=Derivative(cross_entropy, "gradient", wrt="x"),
    by_hand=residual,
    domain=_NORMALISED,
    sizes=VECTOR_SIZES,
    stable=cross_entropy_gradient_stable,
)

GRADIENT_ANY_TARGET = Claim(
    id="cross-entropy.gradient-any-target",
    statement=r"\frac{\partial L}{\partial x_j} = \sigma_j - y_j \quad\text{for every } y",
    source=Source(_SECTION, "implied by the two displays for two classes", statement="ce-gen"),
    derivation=cleandoc(r"""
        The last lines of the article's derivation, taken without a hypothesis. The true gradient exceeds this one by
        $`\sigma_j\,(\sum_k y_k - 1)`$.
        """),
    autodiff=Derivative(cross_entropy, "gradient", wrt="x"),
    by_hand=residual,
    domain=_ANY_TARGET,
    sizes=MATRIX_SIZES,
    expect=Status.FAILS,
    note="The article never says that the target sums to one.",
)

# --- Limits -----------------------------------------------------------------------------------------------------------


def first_remainder_small(x: Vector, y: Vector) -> Scalar:
    r"""What JAX's derivative exceeds the limit for a vanishing first output by, $\partial L/\partial x_1 - (-y_1)$.

    Args:
        x: logits in nats, finite.
        y: target.

    Returns:
        The remainder, per nat.

    Source:
        "Cross Entropy loss + softmax", the display of four limits, line 1.
    """
    return first_slope(x, y) + y[0]


def second_remainder_small(x: Vector, y: Vector) -> Scalar:
    r"""What JAX's derivative exceeds the limit for a vanishing second output by, $\partial L/\partial x_2 - (-y_2)$.

    Args:
        x: logits in nats, finite.
        y: target.

    Returns:
        The remainder, per nat.

    Source:
        "Cross Entropy loss + softmax", the display of four limits, line 3.
    """
    return second_slope(x, y) + y[1]


def first_remainder_large(x: Vector, y: Vector) -> Scalar:
    r"""What JAX's derivative lacks to the limit for a dominant first output, $(1 - y_1) - \partial L/\partial x_1$.

    Args:
        x: logits in nats, finite.
        y: target.

    Returns:
        The remainder, per nat.

    Source:
        "Cross Entropy loss + softmax", the display of four limits, line 2.
    """
    return (1 - y[0]) - first_slope(x, y)


def second_remainder_large(x: Vector, y: Vector) -> Scalar:
    r"""What JAX's derivative lacks to the limit for a dominant second output, $(1 - y_2) - \partial L/\partial x_2$.

    Args:
        x: logits in nats, finite.
        y: target.

    Returns:
        The remainder, per nat.

    Source:
        "Cross Entropy loss + softmax", the display of four limits, line 4.
    """
    return (1 - y[1]) - second_slope(x, y)


def first_output_weighted(x: Vector, y: Vector) -> Scalar:
    r"""Remainder by hand, $\sigma_1 \sum_k y_k$.

    Args:
        x: logits in nats, finite.
        y: target.

    Returns:
        The product, dimensionless.

    Source:
        Beyond the article: its "approximately" made an equation.
    """
    return softmax(x)[0] * jnp.sum(y)


def second_output_weighted(x: Vector, y: Vector) -> Scalar:
    r"""Remainder by hand, $\sigma_2 \sum_k y_k$.

    Args:
        x: logits in nats, finite.
        y: target.

    Returns:
        The product, dimensionless.

    Source:
        Beyond the article: its "approximately" made an equation.
    """
    return softmax(x)[1] * jnp.sum(y)


def first_output(x: Vector, y: Vector) -> Scalar:
    r"""Output of the first class, $\sigma_1$; with two classes it is $1 - \sigma_2$.

    Args:
        x: logits in nats, finite.
        y: target, not used.

    Returns:
        The output, dimensionless.

    Source:
        Beyond the article: its "approximately" made an equation.
    """
    return softmax(x)[0]


def second_output(x: Vector, y: Vector) -> Scalar:
    r"""Output of the second class, $\sigma_2$; with two classes it is $1 - \sigma_1$.

    Args:
        x: logits in nats, finite.
        y: target, not used.

    Returns:
        The output, dimensionless.

    Source:
        Beyond the article: its "approximately" made an equation.
    """
    return softmax(x)[1]


LIMIT_1 = Claim(
    id="cross-entropy.limits.line-1",
    statement=r"\frac{\partial L}{\partial x_1} - (-y_1) = \sigma_1 \sum_k y_k"
    r" \quad(\to 0 \text{ as } \sigma_1 \to 0)",
    source=Source(_SECTION, "the display of four limits, line 1", statement="ce-lim-1"),
    derivation=cleandoc(r"""
        From $`\partial L/\partial x_1 = \sigma_1\sum_k y_k - y_1`$: what the limit leaves out is exactly
        $`\sigma_1\sum_k y_k`$, first order in the vanishing output, for every fixed target.
        """),
    autodiff=Derivative(first_remainder_small, "value"),
    by_hand=first_output_weighted,
    domain={"x": domain.Logits("2"), "y": domain.Reals("2")},
    note="For every target; the remainder is exact.",
)

LIMIT_2 = Claim(
    id="cross-entropy.limits.line-2",
    statement=r"(1 - y_1) - \frac{\partial L}{\partial x_1} = 1 - \sigma_1 = \sigma_2"
    r" \quad(\to 0 \text{ as } \sigma_1 \to 1), \quad y_1 + y_2 = 1",
    source=Source(_SECTION, "the display of four limits, line 2", statement="ce-lim-2"),
    derivation=cleandoc(r"""
        With $`y_1 + y_2 = 1`$ the derivative is $`\sigma_1 - y_1`$, so it lacks $`1 - \sigma_1 = \sigma_2`$ to
        $`1 - y_1`$. Where the target is $`(1, 0)`$ the limit is 0: the gradient does disappear there.
        """),
    autodiff=Derivative(first_remainder_large, "value"),
    by_hand=second_output,
    domain={"x": domain.Logits("2"), "y": domain.Simplex("2")},
)

LIMIT_2_ANY_TARGET = Claim(
    id="cross-entropy.limits.line-2-any-target",
    statement=r"(1 - y_1) - \frac{\partial L}{\partial x_1} = 1 - \sigma_1 \quad\text{for every } y",
    source=Source(_SECTION, "the display of four limits, line 2", statement="ce-lim-2"),
    derivation=cleandoc(r"""
        For any target the limit is $`y_1 + y_2 - y_1 = y_2`$, not $`1 - y_1`$: with $`y = (0.5, 0.1)`$ the derivative
        tends to $`0.1`$ and not to $`0.5`$. The limit as printed needs $`y_1 + y_2 = 1`$.
        """),
    autodiff=Derivative(first_remainder_large, "value"),
    by_hand=second_output,
    domain={"x": domain.Logits("2"), "y": domain.Reals("2")},
    expect=Status.FAILS,
    note="The second and fourth limit need a target that sums to one.",
)

LIMIT_3 = Claim(
    id="cross-entropy.limits.line-3",
    statement=r"\frac{\partial L}{\partial x_2} - (-y_2) = \sigma_2 \sum_k y_k"
    r" \quad(\to 0 \text{ as } \sigma_2 \to 0)",
    source=Source(_SECTION, "the display of four limits, line 3", statement="ce-lim-3"),
    derivation=cleandoc(r"""
        As line 1, for the other logit: $`\partial L/\partial x_2 = \sigma_2\sum_k y_k - y_2`$.
        """),
    autodiff=Derivative(second_remainder_small, "value"),
    by_hand=second_output_weighted,
    domain={"x": domain.Logits("2"), "y": domain.Reals("2")},
    note="For every target; the remainder is exact.",
)

LIMIT_4 = Claim(
    id="cross-entropy.limits.line-4",
    statement=r"(1 - y_2) - \frac{\partial L}{\partial x_2} = 1 - \sigma_2 = \sigma_1"
    r" \quad(\to 0 \text{ as } \sigma_2 \to 1), \quad y_1 + y_2 = 1",
    source=Source(_SECTION, "the display of four limits, line 4", statement="ce-lim-4"),
    derivation=cleandoc(r"""
        As line 2, for the other logit.
        """),
    autodiff=Derivative(second_remainder_large, "value"),
    by_hand=first_output,
    domain={"x": domain.Logits("2"), "y": domain.Simplex("2")},
)

LIMIT_4_ANY_TARGET = Claim(
    id="cross-entropy.limits.line-4-any-target",
    statement=r"(1 - y_2) - \frac{\partial L}{\partial x_2} = 1 - \sigma_2 \quad\text{for every } y",
    source=Source(_SECTION, "the display of four limits, line 4", statement="ce-lim-4"),
    derivation=cleandoc(r"""
        For any target the limit is $`y_1`$, not $`1 - y_2`$.
        """),
    autodiff=Derivative(second_remainder_large, "value"),
    by_hand=first_output,
    domain={"x": domain.Logits("2"), "y": domain.Reals("2")},
    expect=Status.FAILS,
    note="The second and fourth limit need a target that sums to one.",
)


def remainder_large(x: Vector, y: Vector) -> Vector:
    r"""What JAX's gradient lacks to its limit for a dominant class, $(\sum_k y_k - y_i) - \partial L/\partial x_i$.

    Args:
        x: logits in nats, finite.
        y: target.

    Returns:
        One remainder per class, per nat.

    Source:
        Beyond the article: lines 2 and 4 of its display of limits, for every target.
    """
    return (jnp.sum(y) - y) - jax.grad(cross_entropy)(x, y)


def remainder_large_by_hand(x: Vector, y: Vector) -> Vector:
    r"""Remainder by hand, $(1 - \sigma_i) \sum_k y_k$.

    Args:
        x: logits in nats, finite.
        y: target.

    Returns:
        One remainder per class, dimensionless.

    Source:
        Beyond the article.
    """
    return (1 - softmax(x)) * jnp.sum(y)


def remainder_large_stable(x: Vector, y: Vector) -> Vector:
    r"""Remainder without cancellation, $\sum_{j \ne i} \sigma_j \sum_k y_k$.

    Args:
        x: logits in nats, finite.
        y: target.

    Returns:
        One remainder per class, dimensionless.

    Source:
        Beyond the article.
    """
    return complement(softmax(x)) * jnp.sum(y)


LIMIT_LARGE_REPAIRED = Claim(
    id="cross-entropy.limits.dominant-class",
    statement=r"\Bigl(\sum_k y_k - y_i\Bigr) - \frac{\partial L}{\partial x_i} = (1 - \sigma_i)\sum_k y_k",
    source=Source(_SECTION, "the display of four limits, lines 2 and 4", statement="ce-lim-2"),
    derivation=cleandoc(r"""
        Subtract $`\partial L/\partial x_i = \sigma_i\sum_k y_k - y_i`$ from $`\sum_k y_k - y_i`$. As $`\sigma_i \to 1`$
        the derivative tends to $`\sum_k y_k - y_i`$, the sum of the other targets, for any number of classes.
        """),
    autodiff=Derivative(remainder_large, "value"),
    by_hand=remainder_large_by_hand,
    domain=_ANY_TARGET,
    sizes=MATRIX_SIZES,
    stable=remainder_large_stable,
)


def runner_up_ratio_two(x: Vector, y: Vector) -> Scalar:
    r"""How far the second logit lags behind the first, $e^{-(x_1 - x_2)}$.

    Args:
        x: two logits in nats.
        y: target, not used.

    Returns:
        The ratio of the outputs, dimensionless.

    Source:
        Beyond the article.
    """
    return jnp.exp(x[1] - x[0])


LIMIT_2_RATE = Claim(
    id="cross-entropy.limits.line-2-rate",
    statement=r"\Bigl\lvert (1 - y_1) - \frac{\partial L}{\partial x_1} \Bigr\rvert \le e^{-(x_1 - x_2)}",
    source=Source(_SECTION, "the display of four limits, line 2", statement="ce-lim-2"),
    derivation=cleandoc(r"""
        The remainder is $`\sigma_2 = e^{-g}/(1 + e^{-g})`$ with the gap $`g = x_1 - x_2`$, so the limit is reached
        exponentially fast in the gap.
        """),
    autodiff=Derivative(first_remainder_large, "value"),
    by_hand=runner_up_ratio_two,
    relation="abs<=",
    domain={"x": domain.Logits("2"), "y": domain.Simplex("2")},
)

# --- Saturation: where the gradient stays, and where it vanishes ------------------------------------------------------


def gradient_norm_squared(loss: Callable[..., Scalar]) -> Callable[[Vector, Vector], Scalar]:
    r"""Squared length of JAX's gradient of a loss by the logits, $\lVert \nabla_x L \rVert_2^2$.

    Args:
        loss: a function of logits x and target y.

    Returns:
        A function of x and y, per nat squared. Lengths are compared as squares, which need no root.
    """

    def norm_squared(x: Vector, y: Vector) -> Scalar:
        """Sum of the squares of the gradient."""
        return jnp.sum(jax.grad(loss)(x, y) ** 2)

    return norm_squared


cross_entropy_norm_squared = gradient_norm_squared(cross_entropy)
half_squared_error_norm_squared = gradient_norm_squared(half_squared_error)


def one_quarter(x: Vector, y: Vector) -> Scalar:
    """A quarter, in the format of the logits.

    Args:
        x: logits in nats; only their format matters.
        y: target, not used.

    Returns:
        0.25.

    Source:
        Beyond the article: any positive number would do.
    """
    return jnp.full_like(x[0], 0.25)


DOES_NOT_DISAPPEAR = Claim(
    id="cross-entropy.saturated.does-not-disappear",
    statement=r"\lVert \nabla_x L \rVert_2^2 \ge \tfrac14 \quad\text{wherever}\quad x_1 \ge \max_{j \ge 2} x_j + 5",
    source=Source(_SECTION, "the last paragraph, first sentence", statement="ce-novanish"),
    derivation=cleandoc(r"""
        The sentence made a statement about numbers: once the outputs are saturated, the gradient stays away from 0,
        whatever the one-hot target. The article's own limits contradict it: for $`\sigma_1 \to 1`$ and $`y_1 = 1`$ they
        read $`\partial L/\partial x_1 \to 1 - y_1 = 0`$, and for the losers $`-y_j = 0`$. Where the saturated
        prediction is right, the gradient vanishes like $`e^{-g}`$, as it should. Another threshold or another positive
        bound would not save the sentence.
        """),
    autodiff=Derivative(cross_entropy_norm_squared, "value"),
    by_hand=one_quarter,
    relation=">=",
    domain={"x": domain.Saturated("n", winner=0, gap=5.0), "y": domain.OneHot("n")},
    sizes=MATRIX_SIZES,
    expect=Status.FAILS,
    note="True where the prediction is wrong, false where it is right; see the bounds beside it.",
)


def second_descent(x: Vector, y: Vector) -> Scalar:
    r"""How fast JAX's gradient descent raises the second logit, $-\partial L / \partial x_2$.

    Args:
        x: logits in nats, finite.
        y: target.

    Returns:
        The negative slope, per nat.

    Source:
        "Cross Entropy loss + softmax", the last paragraph, first sentence.
    """
    return -second_slope(x, y)


def winner_share_against_one(x: Vector, y: Vector) -> Scalar:
    r"""Least derivative at a wrong target, $1 / (1 + e^{-g})$ with $g = x_1 - \max_{j \ge 2} x_j$.

    Args:
        x: logits in nats, the first at least as large as all others.
        y: target, not used.

    Returns:
        The bound, dimensionless, from one half up.

    Source:
        Beyond the article.
    """
    return 1 / (1 + runner_up_ratio(x))


WRONG_COMPONENT = Claim(
    id="cross-entropy.saturated.wrong-component-at-least",
    statement=r"-\frac{\partial L}{\partial x_t} = 1 - \sigma_t \ge \frac{1}{1 + e^{-g}} \ge \frac12"
    r" \quad\text{for } y = e_t,\ t = 2,\ g = x_1 - \max_{j \ge 2} x_j \ge 0",
    source=Source(_SECTION, "the last paragraph, first sentence", statement="ce-novanish"),
    derivation=cleandoc(r"""
        The target loses against the first class by at least the gap, so $`\sigma_t \le e^{-g}\sigma_1`$, and
        $`\sigma_1 \le 1 - \sigma_t`$. Together $`\sigma_t(1 + e^{-g}) \le e^{-g}`$, hence
        $`1 - \sigma_t \ge 1/(1 + e^{-g})`$, with equality at two classes. This is the repaired sentence: where the
        saturated prediction is *wrong*, the derivative by the target's logit stays above one half.
        """),
    autodiff=Derivative(second_descent, "value"),
    by_hand=winner_share_against_one,
    relation=">=",
    domain=_WRONG,
    sizes=MATRIX_SIZES,
)


def twice_winner_squared(x: Vector, y: Vector) -> Scalar:
    r"""Least squared length at a wrong target, $2 m^2$ with $m = \sigma_1$.

    Args:
        x: logits in nats, the first at least as large as all others.
        y: target, not used.

    Returns:
        The bound, dimensionless.

    Source:
        Beyond the article.
    """
    return 2 * softmax(x)[0] ** 2


WRONG_NORM_AT_LEAST = Claim(
    id="cross-entropy.saturated.wrong-norm-at-least",
    statement=r"\lVert \nabla_x L \rVert_2^2 \ge 2\,\sigma_1^2 \quad\text{for } y = e_t,\ t = 2,"
    r"\ \sigma_1 = \max_i\sigma_i",
    source=Source(_SECTION, "the last paragraph, first sentence", statement="ce-novanish"),
    derivation=cleandoc(r"""
        $`\nabla_x L = \sigma - e_t`$ has the entries $`\sigma_1`$ and $`-(1 - \sigma_t)`$, and
        $`1 - \sigma_t \ge \sigma_1`$. So $`\lVert\sigma - e_t\rVert^2 \ge 2\sigma_1^2`$, which tends to 2 under
        saturation; equality at two classes.
        """),
    autodiff=Derivative(cross_entropy_norm_squared, "value"),
    by_hand=twice_winner_squared,
    relation=">=",
    domain=_WRONG,
    sizes=MATRIX_SIZES,
)


def scaled_target_error(x: Vector, y: Vector) -> Scalar:
    r"""Least squared length for a one-hot target, $\frac{n}{n-1} (1 - \sigma_t)^2$.

    Args:
        x: logits in nats, finite.
        y: one-hot target with index t.

    Returns:
        The bound, dimensionless.

    Source:
        Beyond the article.
    """
    n = x.shape[0]
    return n * jnp.sum((1 - y) * softmax(x)) ** 2 / (n - 1)


ONE_HOT_NORM_AT_LEAST = Claim(
    id="cross-entropy.saturated.norm-at-least",
    statement=r"\lVert \nabla_x L \rVert_2^2 \ge \frac{n}{n-1}\,(1 - \sigma_t)^2 \quad\text{for } y = e_t",
    source=Source(_SECTION, "the last paragraph, first sentence", statement="ce-novanish"),
    derivation=cleandoc(r"""
        The gradient sums to 0, so its $`n - 1`$ entries besides $`t`$ sum to $`1 - \sigma_t`$. By Cauchy and Schwarz
        their squares sum to at least $`(1-\sigma_t)^2/(n-1)`$; add the square of entry $`t`$. Equality where the
        other classes are tied. It holds for right and wrong predictions; for a right one it bounds the gradient from
        below by a multiple of $`e^{-g}`$, for a wrong one by at least $`\frac14`$.
        """),
    autodiff=Derivative(cross_entropy_norm_squared, "value"),
    by_hand=scaled_target_error,
    relation=">=",
    domain={"x": domain.Logits("n"), "y": domain.OneHot("n")},
    sizes=MATRIX_SIZES,
)


def two(x: Vector, y: Vector) -> Scalar:
    """Two, in the format of the logits.

    Args:
        x: logits in nats; only their format matters.
        y: target, not used.

    Returns:
        2, the squared diameter of the simplex.

    Source:
        Beyond the article.
    """
    return jnp.full_like(x[0], 2.0)


NORM_AT_MOST = Claim(
    id="cross-entropy.norm-at-most",
    statement=r"\lVert \nabla_x L \rVert_2^2 \le 2 \quad\text{for } y \in \Delta",
    source=Source(_SECTION, "the last paragraph, first sentence", statement="ce-novanish"),
    derivation=cleandoc(r"""
        $`\nabla_x L = \sigma - y`$ is a difference of two points of the simplex, whose diameter is
        $`\lVert e_i - e_j\rVert = \sqrt2`$. So cross entropy never gives an unbounded gradient either, although its
        derivative by the outputs is unbounded.
        """),
    autodiff=Derivative(cross_entropy_norm_squared, "value"),
    by_hand=two,
    relation="<=",
    domain=_NORMALISED,
    sizes=MATRIX_SIZES,
)


def twice_target_error_squared(x: Vector, y: Vector) -> Scalar:
    r"""Largest squared length for a one-hot target, $2 (1 - \sigma_t)^2$.

    Args:
        x: logits in nats, finite.
        y: one-hot target with index t.

    Returns:
        The bound, dimensionless.

    Source:
        Beyond the article.
    """
    return 2 * jnp.sum((1 - y) * softmax(x)) ** 2


ONE_HOT_NORM_AT_MOST = Claim(
    id="cross-entropy.saturated.norm-at-most",
    statement=r"\lVert \nabla_x L \rVert_2^2 \le 2\,(1 - \sigma_t)^2 \quad\text{for } y = e_t",
    source=Source(_SECTION, "the last paragraph, first sentence", statement="ce-novanish"),
    derivation=cleandoc(r"""
        The entries besides $`t`$ are at least 0 and sum to $`1 - \sigma_t`$, so their squares sum to at most
        $`(1-\sigma_t)^2`$. For a right prediction $`1 - \sigma_t \le (n-1)e^{-g}`$: the gradient vanishes at the rate
        $`e^{-g}`$, which is why the article's sentence cannot stand as it is.
        """),
    autodiff=Derivative(cross_entropy_norm_squared, "value"),
    by_hand=twice_target_error_squared,
    relation="<=",
    domain={"x": domain.Logits("n"), "y": domain.OneHot("n")},
    sizes=MATRIX_SIZES,
)


def right_rate(x: Vector, y: Vector) -> Scalar:
    r"""Largest squared length for a right prediction in terms of the gap, $2 (n-1)^2 e^{-2g}$.

    Args:
        x: logits in nats, the first at least as large as all others.
        y: target, not used.

    Returns:
        The bound, dimensionless.

    Source:
        Beyond the article.
    """
    return 2 * ((x.shape[0] - 1) * runner_up_ratio(x)) ** 2


RIGHT_VANISHES = Claim(
    id="cross-entropy.saturated.right-vanishes",
    statement=r"\lVert \nabla_x L \rVert_2^2 \le 2\,(n-1)^2 e^{-2g} \quad\text{for } y = e_1,"
    r"\ g = x_1 - \max_{j \ge 2} x_j \ge 0",
    source=Source(_SECTION, "the last paragraph, first sentence", statement="ce-novanish"),
    derivation=cleandoc(r"""
        $`\lVert\nabla_x L\rVert^2 \le 2(1 - \sigma_1)^2`$ and $`1 - \sigma_1 \le (n-1)e^{-g}`$. So the gradient of
        cross entropy does disappear where the saturated output agrees with the target.
        """),
    autodiff=Derivative(cross_entropy_norm_squared, "value"),
    by_hand=right_rate,
    relation="<=",
    domain=_RIGHT,
    sizes=MATRIX_SIZES,
)


def distance_to_limit_squared(x: Vector, y: Vector) -> Scalar:
    r"""Distance of JAX's gradient from its limit under saturation, $\lVert \nabla_x L - (e_1 - y) \rVert_2^2$.

    Args:
        x: logits in nats, finite.
        y: target.

    Returns:
        The squared distance, per nat squared.

    Source:
        "Cross Entropy loss + softmax", the display of four limits.
    """
    difference = jax.grad(cross_entropy)(x, y) + y
    return jnp.sum(difference[1:] ** 2) + (difference[0] - 1) ** 2


def twice_losers_squared(x: Vector, y: Vector) -> Scalar:
    r"""Squared bound on what is left to the losers, $2 (\sum_{j \ge 2} \sigma_j)^2$.

    Args:
        x: logits in nats, finite.
        y: target, not used.

    Returns:
        The bound, dimensionless.

    Source:
        Beyond the article.
    """
    return 2 * jnp.sum(softmax(x)[1:]) ** 2


SOFT_TARGET_LIMIT = Claim(
    id="cross-entropy.saturated.soft-target-limit",
    statement=r"\lVert \nabla_x L - (e_1 - y) \rVert_2^2 \le 2\,(1 - \sigma_1)^2 \quad\text{for } y \in \Delta",
    source=Source(_SECTION, "the last paragraph, first sentence", statement="ce-novanish"),
    derivation=cleandoc(r"""
        $`\nabla_x L - (e_1 - y) = \sigma - e_1`$ does not contain the target, and its squared length is at most
        $`2(1-\sigma_1)^2`$. So under saturation on the first class the gradient tends to $`e_1 - y`$, which is 0 for
        $`y = e_1`$ and for no other target.
        """),
    autodiff=Derivative(distance_to_limit_squared, "value"),
    by_hand=twice_losers_squared,
    relation="<=",
    domain=_NORMALISED,
    sizes=MATRIX_SIZES,
)

# --- What the logarithm cancels ---------------------------------------------------------------------------------------


def chain_rule_terms(x: Vector, y: Vector) -> Matrix:
    r"""JAX's terms of the chain rule, not yet summed, $(\partial L/\partial\sigma_i)(\partial\sigma_i/\partial x_j)$.

    Args:
        x: logits in nats, finite.
        y: target.

    Returns:
        Term [i, j], per nat; the gradient is its sum over i.

    Source:
        "Cross Entropy loss + softmax", the last paragraph, second sentence.
    """
    slopes = jax.grad(cross_entropy_of_outputs)(probabilities(x), y)
    return slopes[:, None] * jax.jacrev(probabilities)(x)


def cancelled_terms(x: Vector, y: Vector) -> Matrix:
    r"""Terms of the chain rule by hand, $-y_i (\delta_{ij} - \sigma_j)$.

    Args:
        x: logits in nats, finite.
        y: target.

    Returns:
        Term [i, j], per nat.

    Source:
        "Cross Entropy loss + softmax", the last paragraph, second sentence.
    """
    return -y[:, None] * (jnp.eye(x.shape[0], dtype=x.dtype) - softmax(x)[None, :])


def cancelled_terms_stable(x: Vector, y: Vector) -> Matrix:
    r"""Terms of the chain rule without cancellation, $y_i \sigma_j$ and $-y_i \sum_{k \ne i} \sigma_k$.

    Args:
        x: logits in nats, finite.
        y: target.

    Returns:
        Term [i, j], per nat.

    Source:
        Beyond the article.
    """
    s = softmax(x)
    delta = jnp.eye(x.shape[0], dtype=x.dtype)
    return y[:, None] * ((1 - delta) * s[None, :] - delta * complement(s)[None, :])


CANCELLATION = Claim(
    id="cross-entropy.cancellation",
    statement=r"\frac{\partial L}{\partial \sigma_i}\,\frac{\partial \sigma_i}{\partial x_j}"
    r" = -y_i\,(\delta_{ij} - \sigma_j)",
    source=Source(_SECTION, "the last paragraph, second sentence", statement="ce-cancel"),
    derivation=cleandoc(r"""
        $`(-y_i/\sigma_i)\cdot\sigma_i(\delta_{ij} - \sigma_j)`$: the denominator cancels the factor $`\sigma_i`$ of the
        Jacobian, in each of the $`n^2`$ terms before any sum is taken. The bracket $`\delta_{ij} - \sigma_j`$ stays.
        """),
    autodiff=Derivative(chain_rule_terms, "value"),
    by_hand=cancelled_terms,
    domain=_ANY_TARGET,
    sizes=MATRIX_SIZES,
    stable=cancelled_terms_stable,
)


def fully_cancelled_terms(x: Vector, y: Vector) -> Matrix:
    r"""Terms of the chain rule if no output survived in them, $-y_i \delta_{ij}$.

    Args:
        x: logits in nats; only their shape and format matter.
        y: target.

    Returns:
        Term [i, j], per nat.

    Source:
        "Cross Entropy loss + softmax", the last paragraph, second sentence, taken literally.
    """
    return -y[:, None] * jnp.eye(x.shape[0], dtype=x.dtype)


FULL_CANCELLATION = Claim(
    id="cross-entropy.cancellation-of-everything",
    statement=r"\frac{\partial L}{\partial \sigma_i}\,\frac{\partial \sigma_i}{\partial x_j} = -y_i\,\delta_{ij}",
    source=Source(_SECTION, "the last paragraph, second sentence", statement="ce-cancel"),
    derivation=cleandoc(r"""
        What would be left if the denominator cancelled all of softmax: a gradient $`-y`$ that depends on no logit and
        never vanishes. The factor $`\delta_{ij} - \sigma_j`$ does not cancel; it is what lets the gradient go to 0
        where the prediction is right.
        """),
    autodiff=Derivative(chain_rule_terms, "value"),
    by_hand=fully_cancelled_terms,
    domain=_ANY_TARGET,
    sizes=MATRIX_SIZES,
    expect=Status.FAILS,
    note="One factor cancels, the other stays.",
)

# --- Squared error against cross entropy ------------------------------------------------------------------------------


def jacobian_times_gradient(x: Vector, y: Vector) -> Vector:
    r"""JAX's softmax Jacobian times JAX's gradient of cross entropy, $J\,\nabla_x L_{\mathrm{CE}}$.

    Args:
        x: logits in nats, finite.
        y: target.

    Returns:
        The product, per nat squared.

    Source:
        Beyond the article.
    """
    return jax.jvp(probabilities, (x,), (jax.grad(cross_entropy)(x, y),))[1]


def normalised_squared_error_gradient(x: Vector, y: Vector) -> Vector:
    r"""Gradient of half the squared error over pairs, $\sigma_i \sum_j \sigma_j (\gamma_i - \gamma_j)$.

    Args:
        x: logits in nats, finite.
        y: target, summing to one.

    Returns:
        dL/dx[i], per nat, with the output errors $\gamma = \sigma - y$ over pairs as well.

    Source:
        Beyond the article.
    """
    s = softmax(x)
    return pull_back_pairwise(s, residual_on_simplex(s, y))


RATIO_JACOBIAN = Claim(
    id="cross-entropy.ratio.jacobian",
    statement=r"J\,\nabla_x L_{\mathrm{CE}} = \nabla_x L_{\mathrm{MSE}} \quad\text{where}\quad \sum_k y_k = 1",
    source=Source("Summary", "last sentence", statement="sum-ce"),
    derivation=cleandoc(r"""
        $`\nabla_x L_{\mathrm{MSE}} = J^{\top}(\sigma - y)`$ by the chain rule, $`J`$ is symmetric, and
        $`\sigma - y = \nabla_x L_{\mathrm{CE}}`$ for a target that sums to one. So the gradients of the two losses
        differ by exactly one factor $`J`$, the one that vanishes at a saturated output; this is the cancellation of the
        summary as an equation.
        """),
    autodiff=Derivative(jacobian_times_gradient, "value"),
    by_hand=squared_error_gradient,
    domain=_NORMALISED,
    sizes=MATRIX_SIZES,
    stable=normalised_squared_error_gradient,
)

RATIO_JACOBIAN_ANY_TARGET = Claim(
    id="cross-entropy.ratio.jacobian-any-target",
    statement=r"J\,\nabla_x L_{\mathrm{CE}} = \nabla_x L_{\mathrm{MSE}} \quad\text{for every } y",
    source=Source("Summary", "last sentence", statement="sum-ce"),
    derivation=cleandoc(r"""
        In general $`\nabla_x L_{\mathrm{CE}} = (\sum_k y_k)\sigma - y`$, so the left-hand side exceeds the right-hand
        side by $`(\sum_k y_k - 1)\,J\sigma`$, and $`J\sigma`$ is 0 only where all outputs are equal.
        """),
    autodiff=Derivative(jacobian_times_gradient, "value"),
    by_hand=squared_error_gradient,
    domain=_ANY_TARGET,
    sizes=MATRIX_SIZES,
    expect=Status.FAILS,
    note="The comparison of the two losses, too, needs a target that sums to one.",
)


def two_class_ratio(x: Vector, y: Vector) -> Vector:
    r"""Gradient of half the squared error from that of cross entropy, two classes, $2 \sigma_1 \sigma_2 (\sigma - y)$.

    Args:
        x: two logits in nats.
        y: target, two numbers that sum to one.

    Returns:
        dL/dx[i], per nat.

    Source:
        Beyond the article.
    """
    s = softmax(x)
    return 2 * s[0] * s[1] * (s - y)


def two_class_ratio_stable(x: Vector, y: Vector) -> Vector:
    r"""As `two_class_ratio`, with $\sigma_1 - y_1 = \sigma_1 y_2 - \sigma_2 y_1$.

    Args:
        x: two logits in nats.
        y: target, two numbers that sum to one.

    Returns:
        dL/dx[i], per nat.

    Source:
        Beyond the article.
    """
    s = softmax(x)
    return 2 * s[0] * s[1] * residual_on_simplex(s, y)


RATIO_TWO_CLASS = Claim(
    id="cross-entropy.ratio.two-class",
    statement=r"\nabla_x L_{\mathrm{MSE}} = 2\,\sigma_1\sigma_2\,\nabla_x L_{\mathrm{CE}}"
    r" = 2\,\sigma_1\sigma_2\,(\sigma - y) \quad (n = 2,\ y_1 + y_2 = 1)",
    source=Source("Summary", "last sentence", statement="sum-ce"),
    derivation=cleandoc(r"""
        At two classes $`J = \sigma_1\sigma_2 \begin{pmatrix} 1 & -1 \\ -1 & 1 \end{pmatrix}`$, and
        $`\sigma - y = (r, -r)`$ since both sum to one. This is an eigenvector with the eigenvalue
        $`2\sigma_1\sigma_2 = 1/(2\cosh^2\frac{x_1 - x_2}{2})`$. The ratio is the same for every normalised target,
        right or wrong.
        """),
    autodiff=Derivative(half_squared_error, "gradient", wrt="x"),
    by_hand=two_class_ratio,
    domain={"x": domain.Logits("2"), "y": domain.Simplex("2")},
    stable=two_class_ratio_stable,
)


def ratio_bound(x: Vector, y: Vector) -> Scalar:
    r"""Squared bound from the winner's share, $(2 m (1 - m))^2 \lVert \sigma - y \rVert_2^2$ with $m = \sigma_1$.

    Args:
        x: logits in nats, the first at least as large as all others.
        y: target, summing to one.

    Returns:
        The bound, per nat squared.

    Source:
        Beyond the article.
    """
    s = softmax(x)
    return (2 * s[0] * jnp.sum(s[1:])) ** 2 * jnp.sum(residual_on_simplex(s, y) ** 2)


RATIO_BOUND = Claim(
    id="cross-entropy.ratio.at-most",
    statement=r"\lVert \nabla_x L_{\mathrm{MSE}} \rVert_2^2 \le \bigl(2 m (1-m)\bigr)^2"
    r" \lVert \nabla_x L_{\mathrm{CE}} \rVert_2^2, \quad m = \sigma_1 = \max_i \sigma_i",
    source=Source("Summary", "first sentence", statement="sum-mse"),
    derivation=cleandoc(r"""
        $`\nabla_x L_{\mathrm{MSE}} = J(\sigma - y)`$, and the symmetric matrix $`J`$ has norm at most its largest
        absolute row sum, $`2\max_i\sigma_i(1-\sigma_i) = 2m(1-m)`$. So squared error passes on a gradient that is
        smaller than that of cross entropy by a factor that vanishes with $`1 - m`$, whether the prediction is right or
        wrong. Equality at two classes.
        """),
    autodiff=Derivative(half_squared_error_norm_squared, "value"),
    by_hand=ratio_bound,
    relation="<=",
    domain={"x": domain.Saturated("n", winner=0, gap=0.0), "y": domain.Simplex("n")},
    sizes=MATRIX_SIZES,
)


def ratio_wrong_bound(x: Vector, y: Vector) -> Scalar:
    r"""Squared lower bound, $\frac{n}{n-1} \frac{u^2(1-u)^2}{2(1+(n-1)u)^6} \lVert\sigma - y\rVert_2^2$, $u = e^{-g}$.

    Args:
        x: logits in nats, the first at least as large as all others.
        y: one-hot target at another class.

    Returns:
        The bound, per nat squared.

    Source:
        Beyond the article.
    """
    n = x.shape[0]
    u = runner_up_ratio(x)
    s = softmax(x)
    share = n * (u * (1 - u)) ** 2 / (2 * (n - 1) * (1 + (n - 1) * u) ** 6)
    return share * jnp.sum(residual_on_simplex(s, y) ** 2)


RATIO_WRONG_BOUND = Claim(
    id="cross-entropy.ratio.wrong-at-least",
    statement=r"\lVert \nabla_x L_{\mathrm{MSE}} \rVert_2^2 \ge \frac{n}{n-1}\,"
    r"\frac{e^{-2g}(1 - e^{-g})^2}{2\,(1 + (n-1)e^{-g})^6}\,\lVert \nabla_x L_{\mathrm{CE}} \rVert_2^2"
    r" \quad\text{for } y = e_t,\ t = 2,\ g = x_1 - \max_{j \ge 2} x_j \ge 0",
    source=Source("Summary", "first sentence", statement="sum-mse"),
    derivation=cleandoc(r"""
        Write $`m = \sigma_1`$, $`\varepsilon = 1 - m`$, $`q = \nabla_x L_{\mathrm{MSE}}`$. For the winner
        $`q_1 = m(m\varepsilon - \sum_{j \ge 2}\sigma_j^2 + \sigma_t)`$. Each loser is at most $`m e^{-g}`$, so
        $`\sum_{j \ge 2}\sigma_j^2 \le \varepsilon m e^{-g}`$ and $`q_1 \ge m^2\varepsilon(1 - e^{-g})`$. With
        $`\varepsilon \ge m e^{-g}`$ and $`m \ge 1/(1 + (n-1)e^{-g})`$,
        $`q_1 \ge e^{-g}(1 - e^{-g})/(1 + (n-1)e^{-g})^3`$. The other entries of $`q`$ sum to $`-q_1`$, so
        $`\lVert q\rVert^2 \ge \frac{n}{n-1}q_1^2`$, while $`\lVert\nabla_x L_{\mathrm{CE}}\rVert^2 \le 2`$. The order
        $`e^{-g}`$ of the ratio is therefore exact: the gradient of squared error is exponentially smaller, and not 0.
        """),
    autodiff=Derivative(half_squared_error_norm_squared, "value"),
    by_hand=ratio_wrong_bound,
    relation=">=",
    domain=_WRONG,
    sizes=MATRIX_SIZES,
)

# --- Label smoothing --------------------------------------------------------------------------------------------------


def smoothed(y: Vector, alpha: Scalar) -> Vector:
    r"""Smoothed target, $(1 - \alpha)\,y + \frac{\alpha}{n}\mathbf 1$.

    Args:
        y: one-hot target.
        alpha: share that is spread evenly over all classes, from 0 to 1.

    Returns:
        The target that is trained on, summing to one.

    Source:
        Beyond the article.
    """
    return (1 - alpha) * y + alpha / y.shape[0]


def smoothed_cross_entropy(x: Vector, y: Vector, alpha: Scalar) -> Scalar:
    r"""Cross entropy with a smoothed target, $-\sum_i ((1-\alpha) y_i + \alpha/n) \ln \sigma_i$.

    Args:
        x: logits in nats, finite.
        y: one-hot target.
        alpha: share that is spread evenly over all classes, from 0 to 1.

    Returns:
        The loss in nats.

    Source:
        Beyond the article.
    """
    return cross_entropy(x, smoothed(y, alpha))


def smoothed_gradient(x: Vector, y: Vector, alpha: Scalar) -> Vector:
    r"""Gradient with a smoothed target by hand, $\sigma_i - (1-\alpha) y_i - \alpha/n$.

    Args:
        x: logits in nats, finite.
        y: one-hot target.
        alpha: share that is spread evenly over all classes, from 0 to 1.

    Returns:
        dL/dx[i], per nat.

    Source:
        Beyond the article.
    """
    return softmax(x) - (1 - alpha) * y - alpha / x.shape[0]


def smoothed_gradient_stable(x: Vector, y: Vector, alpha: Scalar) -> Vector:
    r"""Gradient with a smoothed target in two parts, $(1-\alpha)(\sigma_i - y_i) + \alpha(\sigma_i - 1/n)$ over pairs.

    Args:
        x: logits in nats, finite.
        y: one-hot target.
        alpha: share that is spread evenly over all classes, from 0 to 1.

    Returns:
        dL/dx[i], per nat.

    Source:
        Beyond the article.
    """
    return residual_on_simplex(softmax(x), smoothed(y, alpha))


_SMOOTHING_DOMAIN = {"x": domain.Logits("n"), "y": domain.OneHot("n"), "alpha": domain.Interval("", 0.0, 1.0)}

SMOOTHING_GRADIENT = Claim(
    id="cross-entropy.label-smoothing.gradient",
    statement=r"\frac{\partial L}{\partial x_i} = \sigma_i - (1 - \alpha)\,y_i - \frac{\alpha}{n}"
    r" \quad\text{for the target } (1-\alpha)\,y + \tfrac{\alpha}{n}\mathbf{1}",
    source=Source("Beyond the article", "label smoothing"),
    derivation=cleandoc(r"""
        The smoothed target sums to $`(1-\alpha) + n\cdot\alpha/n = 1`$, so the gradient is the output less this target.
        """),
    autodiff=Derivative(smoothed_cross_entropy, "gradient", wrt="x"),
    by_hand=smoothed_gradient,
    domain=_SMOOTHING_DOMAIN,
    sizes=MATRIX_SIZES,
    stable=smoothed_gradient_stable,
)


def smoothed_distance_squared(x: Vector, y: Vector, alpha: Scalar) -> Scalar:
    r"""Distance of JAX's gradient from its limit, $\lVert \nabla_x L - \alpha (y - \frac1n\mathbf 1) \rVert_2^2$.

    Args:
        x: logits in nats, finite.
        y: one-hot target.
        alpha: share that is spread evenly over all classes, from 0 to 1.

    Returns:
        The squared distance, per nat squared.

    Source:
        Beyond the article.
    """
    gradient = jax.grad(smoothed_cross_entropy)(x, y, alpha)
    return jnp.sum((gradient - alpha * (y - jnp.ones_like(y) / y.shape[0])) ** 2)


def smoothed_distance_bound(x: Vector, y: Vector, alpha: Scalar) -> Scalar:
    r"""Squared distance at most, $2 (1 - \sigma_t)^2$.

    Args:
        x: logits in nats, finite.
        y: one-hot target with index t.
        alpha: not used.

    Returns:
        The bound, dimensionless.

    Source:
        Beyond the article.
    """
    return 2 * jnp.sum((1 - y) * softmax(x)) ** 2


SMOOTHING_LIMIT = Claim(
    id="cross-entropy.label-smoothing.limit",
    statement=r"\bigl\lVert \nabla_x L - \alpha\,(e_t - \tfrac1n\mathbf{1}) \bigr\rVert_2^2 \le 2\,(1 - \sigma_t)^2",
    source=Source("Beyond the article", "label smoothing"),
    derivation=cleandoc(r"""
        The gradient is $`\sigma - (1-\alpha)e_t - \frac{\alpha}{n}\mathbf 1`$, or
        $`(\sigma - e_t) + \alpha(e_t - \frac1n\mathbf 1)`$,
        and $`\lVert\sigma - e_t\rVert^2 \le 2(1-\sigma_t)^2`$. With smoothing the gradient of a right and ever more
        confident prediction tends to $`\alpha(e_t - \frac1n\mathbf 1)`$, of length $`\alpha\sqrt{1 - 1/n}`$: it does
        not vanish, and pulls the gap back.
        """),
    autodiff=Derivative(smoothed_distance_squared, "value"),
    by_hand=smoothed_distance_bound,
    relation="<=",
    domain=_SMOOTHING_DOMAIN,
    sizes=MATRIX_SIZES,
)


def smoothed_gradient_at_minimum(y: Vector, alpha: Scalar, c: Scalar) -> Vector:
    r"""JAX's gradient with a smoothed target at the gap $\ln\frac{1-\alpha+\alpha/n}{\alpha/n}$.

    Args:
        y: one-hot target.
        alpha: share that is spread evenly over all classes, above 0.
        c: shift of all logits in nats.

    Returns:
        dL/dx[i], per nat.

    Source:
        Beyond the article.
    """
    share = alpha / y.shape[0]
    gap = jnp.log((1 - alpha + share) / share)
    return jax.grad(smoothed_cross_entropy)(gap * y + c, y, alpha)


def no_gradient(y: Vector, alpha: Scalar, c: Scalar) -> Vector:
    """No gradient at all.

    Args:
        y: one-hot target; only its shape and format matter.
        alpha: not used.
        c: not used.

    Returns:
        Zeros.

    Source:
        Beyond the article.
    """
    return jnp.zeros_like(y)


SMOOTHING_MINIMUM = Claim(
    id="cross-entropy.label-smoothing.minimum",
    statement=r"\nabla_x L = 0 \quad\text{at}\quad x = e_t \ln\frac{1 - \alpha + \alpha/n}{\alpha/n} + c\,\mathbf{1}",
    source=Source("Beyond the article", "label smoothing"),
    derivation=cleandoc(r"""
        The gradient is 0 where the output equals the smoothed target, $`\sigma_t = 1 - \alpha + \alpha/n`$ and
        $`\sigma_j = \alpha/n`$ for all others. Logits are logarithms of outputs up to a common shift, so the gap is
        $`\ln\sigma_t - \ln\sigma_j`$, finite for $`\alpha > 0`$; without smoothing the minimum lies at infinity.
        """),
    autodiff=Derivative(smoothed_gradient_at_minimum, "value"),
    by_hand=no_gradient,
    domain={
        "y": domain.OneHot("n"),
        "alpha": domain.Interval("", 0.0625, 1.0),
        "c": domain.Reals(""),
    },
    sizes=MATRIX_SIZES,
)
