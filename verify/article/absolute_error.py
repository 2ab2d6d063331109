r"""The article's remark on the L1 norm, made precise: the gradient of $\lVert\sigma - y\rVert_1$ and how it vanishes.

The loss has a kink wherever an output equals its target; all derivatives here are taken off the kinks. For one-hot
targets there are none, since no output reaches 0 or 1 at finite logits.
"""

from inspect import cleandoc
from typing import Any

import jax
import jax.numpy as jnp

from verify import domain
from verify.article.cross_entropy import gradient_norm_squared
from verify.article.shapes import MATRIX_SIZES, VECTOR_SIZES, Scalar, Vector
from verify.article.softmax import probabilities, residual_on_simplex, runner_up_ratio, softmax
from verify.article.squared_error import first_has_half
from verify.claim import Claim, Derivative, Source, Status

_REMARK = Source("Summary", "second sentence", statement="sum-l1")
_DEFINITION = Source("Summary", "implied by the second sentence", statement="l1-def")
_GRADIENT = Source("Summary", "implied by the second sentence", statement="l1-grad")
_VANISHES = Source("Summary", "implied by the second sentence", statement="l1-vanish")
_ONE_HOT = {"x": domain.Logits("n"), "y": domain.OneHot("n")}

# --- The loss ---------------------------------------------------------------------------------------------------------


def absolute_error(x: Vector, y: Vector) -> Scalar:
    r"""Sum of the absolute errors of the outputs, $L = \lVert\sigma(x) - y\rVert_1$.

    Args:
        x: logits in nats, finite.
        y: target.

    Returns:
        L, dimensionless; at most 2 for a target on the simplex.

    Source:
        "Summary", second sentence, which names the norm and gives no formula.
    """
    return jnp.sum(jnp.abs(probabilities(x) - y))


def twice_excess(x: Vector, y: Vector) -> Scalar:
    r"""Twice what the outputs have too much, $2 \sum_i \max(\sigma_i - y_i, 0)$.

    Args:
        x: logits in nats, finite.
        y: target, summing to one.

    Returns:
        Twice the total variation distance of outputs and target, dimensionless.

    Source:
        Beyond the article.
    """
    return 2 * jnp.sum(jnp.maximum(softmax(x) - y, 0.0))


DEFINITION = Claim(
    id="absolute-error.definition",
    statement=r"\lVert \sigma - y \rVert_1 = 2\sum_{i=1}^n \max(\sigma_i - y_i,\, 0) \quad\text{for } y \in \Delta",
    source=_DEFINITION,
    derivation=cleandoc(r"""
        The errors $`\sigma_i - y_i`$ sum to 0, since outputs and target both sum to 1. So the positive ones add up to
        as much as the negative ones do in magnitude, and the sum of all magnitudes is twice the sum of the positive
        ones. If the norm is read as an average over the components, divide by $`n`$.
        """),
    autodiff=Derivative(absolute_error, "value"),
    by_hand=twice_excess,
    domain={"x": domain.Logits("n"), "y": domain.Simplex("n")},
    sizes=MATRIX_SIZES,
)


def twice_target_error(x: Vector, y: Vector) -> Scalar:
    r"""Loss for a one-hot target, $2 (1 - \sigma_t)$, as $2 \sum_{j \ne t} \sigma_j$.

    Args:
        x: logits in nats, finite.
        y: one-hot target with index t.

    Returns:
        L, dimensionless.

    Source:
        Beyond the article.
    """
    return 2 * jnp.sum((1 - y) * softmax(x))


ONE_HOT_VALUE = Claim(
    id="absolute-error.one-hot-value",
    statement=r"\lVert \sigma - e_t \rVert_1 = 2\,(1 - \sigma_t)",
    source=_DEFINITION,
    derivation=cleandoc(r"""
        Only output $`t`$ can be below its target, by $`1 - \sigma_t`$; the others exceed theirs by $`\sigma_j`$, which
        sums to $`1 - \sigma_t`$ as well. So for one-hot targets the loss is a linear function of one output.
        """),
    autodiff=Derivative(absolute_error, "value"),
    by_hand=twice_target_error,
    domain=_ONE_HOT,
    sizes=MATRIX_SIZES,
)

# --- Its gradient -----------------------------------------------------------------------------------------------------


def off_kinks(x: Vector, y: Vector) -> Any:
    r"""Whether no output equals its target, $\sigma_i \ne y_i$ for all i.

    Args:
        x: logits in nats, finite.
        y: target.

    Returns:
        The answer.

    Source:
        Beyond the article, which does not mention the kinks.
    """
    return jnp.all(softmax(x) != y)


def share_below(s: Vector, y: Vector) -> Scalar:
    r"""Share of the outputs that are below their targets, $P_- = \sum_{\sigma_i < y_i} \sigma_i$.

    Args:
        s: softmax outputs.
        y: target.

    Returns:
        A number from 0 to 1.

    Source:
        Beyond the article.
    """
    return jnp.sum(jnp.where(s < y, s, 0.0))


def share_above(s: Vector, y: Vector) -> Scalar:
    r"""Share of the outputs above their targets, $P_+ = \sum_{\sigma_i > y_i} \sigma_i = 1 - P_-$ off the kinks.

    Args:
        s: softmax outputs.
        y: target.

    Returns:
        A number from 0 to 1.

    Source:
        Beyond the article.
    """
    return jnp.sum(jnp.where(s > y, s, 0.0))


def absolute_error_gradient(x: Vector, y: Vector) -> Vector:
    r"""Gradient off the kinks, $2\sigma_j P_-$ where $\sigma_j > y_j$, $-2\sigma_j (1 - P_-)$ where $\sigma_j < y_j$.

    Args:
        x: logits in nats, finite.
        y: target, equal to no output.

    Returns:
        dL/dx[j], per nat.

    Source:
        "Summary", second sentence, worked out.
    """
    s = softmax(x)
    below = share_below(s, y)
    return jnp.where(s > y, 2 * s * below, -2 * s * (1 - below))


def absolute_error_gradient_stable(x: Vector, y: Vector) -> Vector:
    r"""Gradient off the kinks, $2 \sigma_j P_-$ or $-2 \sigma_j P_+$.

    Args:
        x: logits in nats, finite.
        y: target, equal to no output.

    Returns:
        dL/dx[j], per nat, to nearly full relative accuracy.

    Source:
        Beyond the article: both shares are summed, neither is one minus the other.
    """
    s = softmax(x)
    return jnp.where(s > y, 2 * s * share_below(s, y), -2 * s * share_above(s, y))


GRADIENT = Claim(
    id="absolute-error.gradient",
    statement=r"\frac{\partial L}{\partial x_j} = \begin{cases} 2\,\sigma_j P_- & \sigma_j > y_j \\"
    r" -2\,\sigma_j (1 - P_-) & \sigma_j < y_j \end{cases}, \quad P_- = \sum_{\sigma_i < y_i} \sigma_i",
    source=_GRADIENT,
    derivation=cleandoc(r"""
        Off the kinks $`\partial L/\partial\sigma_i = s_i = \operatorname{sign}(\sigma_i - y_i)`$, a number of magnitude
        1. Through the Jacobian,
        ```math
        \frac{\partial L}{\partial x_j} = \sigma_j\Bigl(s_j - \sum_i \sigma_i s_i\Bigr),
        \qquad \sum_i \sigma_i s_i = P_+ - P_- = 1 - 2P_- .
        ```
        With $`s_j = 1`$ the bracket is $`2P_-`$, with $`s_j = -1`$ it is $`-2(1 - P_-)`$. The target enters through the
        signs alone. At a kink JAX takes slope $`+1`$ for $`\lvert\cdot\rvert`$; such points are left out.
        """),
    autodiff=Derivative(absolute_error, "gradient", wrt="x"),
    by_hand=absolute_error_gradient,
    domain={"x": domain.Logits("n"), "y": domain.Reals("n")},
    where=off_kinks,
    sizes=VECTOR_SIZES,
    stable=absolute_error_gradient_stable,
    note="Off the kinks, for every target.",
)


def one_hot_gradient(x: Vector, y: Vector) -> Vector:
    r"""Gradient for a one-hot target, $2 \sigma_t (\sigma - e_t)$.

    Args:
        x: logits in nats, finite.
        y: one-hot target with index t.

    Returns:
        dL/dx[j], per nat.

    Source:
        "Summary", second sentence, worked out.
    """
    s = softmax(x)
    return 2 * jnp.sum(y * s) * (s - y)


def one_hot_gradient_stable(x: Vector, y: Vector) -> Vector:
    r"""Gradient for a one-hot target, $2 \sigma_t \sigma_j$ and $-2 \sigma_t \sum_{j \ne t} \sigma_j$.

    Args:
        x: logits in nats, finite.
        y: one-hot target with index t.

    Returns:
        dL/dx[j], per nat.

    Source:
        Beyond the article.
    """
    s = softmax(x)
    return 2 * jnp.sum(y * s) * residual_on_simplex(s, y)


ONE_HOT_GRADIENT = Claim(
    id="absolute-error.gradient-one-hot",
    statement=r"\nabla_x L = 2\,\sigma_t\,(\sigma - e_t) = 2\,\sigma_t\,\nabla_x L_{\mathrm{CE}}"
    r" \quad\text{for } y = e_t",
    source=_GRADIENT,
    derivation=cleandoc(r"""
        Only output $`t`$ is below its target, so $`P_- = \sigma_t`$ and $`1 - P_- = 1 - \sigma_t`$: the entries are
        $`2\sigma_j\sigma_t`$ and $`-2\sigma_t(1 - \sigma_t)`$. Or differentiate $`L = 2(1 - \sigma_t)`$. It is the
        gradient of cross entropy times $`2\sigma_t`$, the factor that the logarithm would have cancelled, and it
        vanishes where the target's own output does. No kink is in the way: $`0 < \sigma_i < 1`$.
        """),
    autodiff=Derivative(absolute_error, "gradient", wrt="x"),
    by_hand=one_hot_gradient,
    domain=_ONE_HOT,
    sizes=VECTOR_SIZES,
    stable=one_hot_gradient_stable,
)


def cross_entropy_gradient_one_hot(x: Vector, y: Vector) -> Vector:
    r"""Gradient without the factor $2\sigma_t$, $\sigma - e_t$.

    Args:
        x: logits in nats, finite.
        y: one-hot target with index t.

    Returns:
        The gradient of cross entropy, per nat.

    Source:
        Beyond the article: a wrong formula on purpose.
    """
    return softmax(x) - y


GRADIENT_CANCELLED = Claim(
    id="absolute-error.gradient-as-if-cancelled",
    statement=r"\nabla_x L = \sigma - e_t \quad\text{for } y = e_t",
    source=_GRADIENT,
    derivation=cleandoc(r"""
        What L1 would have to give if its derivative cancelled the softmax as cross entropy does. The true gradient is
        $`2\sigma_t`$ times this, which agrees only where $`\sigma_t = \frac12`$.
        """),
    autodiff=Derivative(absolute_error, "gradient", wrt="x"),
    by_hand=cross_entropy_gradient_one_hot,
    domain=_ONE_HOT,
    sizes=MATRIX_SIZES,
    expect=Status.FAILS,
    note="The factor that vanishes is the one that is left out.",
)


def two_class_gradient(x: Vector, y: Vector) -> Vector:
    r"""Gradient at two classes off the kinks, $\pm 2 \sigma_1 \sigma_2\,(1, -1)$ with the sign of $\sigma_1 - y_1$.

    Args:
        x: two logits in nats.
        y: target, two numbers that sum to one, not equal to the outputs.

    Returns:
        dL/dx[j], per nat.

    Source:
        "Summary", second sentence, worked out for the article's two classes.
    """
    s = softmax(x)
    slope = 2 * s[0] * s[1]
    return jnp.where(s[0] > y[0], jnp.stack([slope, -slope]), jnp.stack([-slope, slope]))


TWO_CLASS = Claim(
    id="absolute-error.two-class",
    statement=r"\frac{\partial L}{\partial x_1} = 2\,\sigma_1\sigma_2 \operatorname{sign}(\sigma_1 - y_1)"
    r" = -\frac{\partial L}{\partial x_2} \quad (n = 2,\ y_1 + y_2 = 1)",
    source=_GRADIENT,
    derivation=cleandoc(r"""
        $`\sigma_2 - y_2 = -(\sigma_1 - y_1)`$, so exactly one output is below its target. If it is the second,
        $`P_- = \sigma_2`$ and $`\partial L/\partial x_1 = 2\sigma_1\sigma_2`$; if it is the first, $`P_- = \sigma_1`$
        and $`\partial L/\partial x_1 = -2\sigma_1(1 - \sigma_1)`$. How far the output is from its target does not
        matter: it is $`2e^{-g}/(1 + e^{-g})^2`$ in magnitude for right and wrong predictions alike, where squared error
        has $`e^{-2g}`$ for right ones.
        """),
    autodiff=Derivative(absolute_error, "gradient", wrt="x"),
    by_hand=two_class_gradient,
    domain={"x": domain.Logits("2"), "y": domain.Simplex("2")},
    where=off_kinks,
)

# --- How it vanishes --------------------------------------------------------------------------------------------------


def gradient_one_norm(x: Vector, y: Vector) -> Scalar:
    r"""Sum of the magnitudes of JAX's gradient, $\lVert\nabla_x L\rVert_1$.

    Args:
        x: logits in nats, finite.
        y: target.

    Returns:
        The sum, per nat.

    Source:
        Beyond the article.
    """
    return jnp.sum(jnp.abs(jax.grad(absolute_error)(x, y)))


def four_shares(x: Vector, y: Vector) -> Scalar:
    r"""Sum of the magnitudes by hand, $4 P_- P_+$.

    Args:
        x: logits in nats, finite.
        y: target, equal to no output.

    Returns:
        The sum, per nat.

    Source:
        Beyond the article.
    """
    s = softmax(x)
    return 4 * share_below(s, y) * share_above(s, y)


ONE_NORM = Claim(
    id="absolute-error.gradient-one-norm",
    statement=r"\lVert \nabla_x L \rVert_1 = 4\,P_-\,(1 - P_-)",
    source=_VANISHES,
    derivation=cleandoc(r"""
        Sum the magnitudes of the entries: the outputs above their targets give $`2P_-`$ times their share
        $`P_+ = 1 - P_-`$, those below give $`2P_+`$ times $`P_-`$. The gradient vanishes exactly where one of the two
        shares does: under saturation on any class, whatever the target.
        """),
    autodiff=Derivative(gradient_one_norm, "value"),
    by_hand=four_shares,
    domain={"x": domain.Logits("n"), "y": domain.Simplex("n")},
    where=off_kinks,
    sizes=MATRIX_SIZES,
    note="Off the kinks.",
)

absolute_error_norm_squared = gradient_norm_squared(absolute_error)


def eight_shares_squared(x: Vector, y: Vector) -> Scalar:
    r"""Bound of the squared norm, $8 (P_- P_+)^2$.

    Args:
        x: logits in nats, finite.
        y: target, equal to no output.

    Returns:
        The bound, per nat squared.

    Source:
        Beyond the article.
    """
    s = softmax(x)
    return 8 * (share_below(s, y) * share_above(s, y)) ** 2


NORM_AT_MOST = Claim(
    id="absolute-error.norm-at-most",
    statement=r"\lVert \nabla_x L \rVert_2^2 \le 8\,(P_- P_+)^2",
    source=_VANISHES,
    derivation=cleandoc(r"""
        For a vector that sums to 0, the positive entries and the negative ones each sum to $`\frac12\lVert q\rVert_1`$
        in magnitude, so $`\lVert q\rVert_2^2 \le 2\,(\frac12\lVert q\rVert_1)^2 = \frac12\lVert q\rVert_1^2`$. Here
        $`\lVert q\rVert_1 = 4P_-P_+`$. Equality at two classes.
        """),
    autodiff=Derivative(absolute_error_norm_squared, "value"),
    by_hand=eight_shares_squared,
    relation="<=",
    domain={"x": domain.Logits("n"), "y": domain.Reals("n")},
    where=off_kinks,
    sizes=MATRIX_SIZES,
    note="Off the kinks, for every target.",
)


def winner_bound_squared(x: Vector, y: Vector) -> Scalar:
    r"""Bound of the squared norm from the winner's share, $8\,(m (1 - m))^2$ with $m = \sigma_1$.

    Args:
        x: logits in nats, the first at least as large as all others.
        y: target, not used.

    Returns:
        The bound, per nat squared.

    Source:
        Beyond the article.
    """
    s = softmax(x)
    return 8 * (s[0] * jnp.sum(s[1:])) ** 2


def winner_has_half_off_kinks(x: Vector, y: Vector) -> Any:
    r"""Whether the first output is at least one half and no output equals its target.

    Args:
        x: logits in nats, finite.
        y: target.

    Returns:
        The answer.

    Source:
        Beyond the article.
    """
    return jnp.logical_and(first_has_half(x), off_kinks(x, y))


NORM_BY_WINNER = Claim(
    id="absolute-error.saturated.norm-at-most",
    statement=r"\lVert \nabla_x L \rVert_2^2 \le 8\,\bigl(m (1-m)\bigr)^2 \quad\text{for } m = \sigma_1 \ge \tfrac12",
    source=_REMARK,
    derivation=cleandoc(r"""
        The first class lies on one of the two sides, so one of $`P_-, P_+`$ is at least $`m \ge \frac12`$. Since
        $`t(1-t)`$ falls from $`\frac12`$ on, $`P_-P_+ \le m(1-m)`$. So the norm is at most $`2\sqrt2\,m(1-m)`$ whatever
        the target, and the article's remark is right: L1 does not escape from a saturated softmax either.
        """),
    autodiff=Derivative(absolute_error_norm_squared, "value"),
    by_hand=winner_bound_squared,
    relation="<=",
    domain={"x": domain.Saturated("n", winner=0, gap=0.0), "y": domain.Reals("n")},
    where=winner_has_half_off_kinks,
    sizes=MATRIX_SIZES,
    note="Off the kinks, for every target.",
)


def gap_bound_squared(x: Vector, y: Vector) -> Scalar:
    r"""Bound of the squared norm from the gap, $8 (n-1)^2 e^{-2g}$ with $g = x_1 - \max_{j \ge 2} x_j$.

    Args:
        x: logits in nats, the first at least as large as all others.
        y: target, not used.

    Returns:
        The bound, per nat squared.

    Source:
        Beyond the article.
    """
    return 8 * ((x.shape[0] - 1) * runner_up_ratio(x)) ** 2


NORM_BY_GAP = Claim(
    id="absolute-error.saturated.norm-by-gap",
    statement=r"\lVert \nabla_x L \rVert_2^2 \le 8\,(n-1)^2 e^{-2g}, \quad g = x_1 - \max_{j \ge 2} x_j \ge 0",
    source=_REMARK,
    derivation=cleandoc(r"""
        Where $`m = \sigma_1 \ge \frac12`$ the norm is at most $`2\sqrt2\,m(1-m) \le 2\sqrt2\,(1-m)`$, and
        $`1 - m \le (n-1)e^{-g}`$. Where $`m < \frac12`$ the losers have more than the winner, so $`(n-1)e^{-g} > 1`$,
        and $`2\sqrt2\,P_-P_+ \le \frac{\sqrt2}{2}`$ is smaller than the bound anyway.
        """),
    autodiff=Derivative(absolute_error_norm_squared, "value"),
    by_hand=gap_bound_squared,
    relation="<=",
    domain={"x": domain.Saturated("n", winner=0, gap=0.0), "y": domain.Reals("n")},
    where=off_kinks,
    sizes=MATRIX_SIZES,
    note="Off the kinks, for every target.",
)


def one_hot_upper(x: Vector, y: Vector) -> Scalar:
    r"""Bound of the squared norm for a one-hot target, $8\,(\sigma_t (1 - \sigma_t))^2$.

    Args:
        x: logits in nats, finite.
        y: one-hot target with index t.

    Returns:
        The bound, per nat squared.

    Source:
        Beyond the article.
    """
    s = softmax(x)
    return 8 * (jnp.sum(y * s) * jnp.sum((1 - y) * s)) ** 2


ONE_HOT_UPPER = Claim(
    id="absolute-error.one-hot-norm-at-most",
    statement=r"\lVert \nabla_x L \rVert_2^2 \le 8\,\bigl(\sigma_t (1 - \sigma_t)\bigr)^2 \quad\text{for } y = e_t",
    source=_VANISHES,
    derivation=cleandoc(r"""
        `absolute-error.norm-at-most` with $`P_- = \sigma_t`$.
        """),
    autodiff=Derivative(absolute_error_norm_squared, "value"),
    by_hand=one_hot_upper,
    relation="<=",
    domain=_ONE_HOT,
    sizes=MATRIX_SIZES,
)


def one_hot_lower(x: Vector, y: Vector) -> Scalar:
    r"""Lower bound of the squared norm for a one-hot target, $\frac{4n}{n-1} (\sigma_t (1 - \sigma_t))^2$.

    Args:
        x: logits in nats, finite.
        y: one-hot target with index t.

    Returns:
        The bound, per nat squared.

    Source:
        Beyond the article.
    """
    n = x.shape[0]
    s = softmax(x)
    return 4 * n * (jnp.sum(y * s) * jnp.sum((1 - y) * s)) ** 2 / (n - 1)


ONE_HOT_LOWER = Claim(
    id="absolute-error.one-hot-norm-at-least",
    statement=r"\lVert \nabla_x L \rVert_2^2 \ge \frac{4n}{n-1}\,\bigl(\sigma_t (1 - \sigma_t)\bigr)^2"
    r" \quad\text{for } y = e_t",
    source=_VANISHES,
    derivation=cleandoc(r"""
        Entry $`t`$ is $`-2\sigma_t(1-\sigma_t)`$; the other $`n - 1`$ sum to its opposite, so their squares sum to at
        least $`4\sigma_t^2(1-\sigma_t)^2/(n-1)`$. With the upper bound, the order $`\sigma_t(1-\sigma_t)`$ of the
        gradient is exact, for right and wrong predictions.
        """),
    autodiff=Derivative(absolute_error_norm_squared, "value"),
    by_hand=one_hot_lower,
    relation=">=",
    domain=_ONE_HOT,
    sizes=MATRIX_SIZES,
)


def target_gap_bound(x: Vector, y: Vector) -> Scalar:
    r"""Bound of the squared norm from the target's own gap, $8 e^{-2 (x_1 - x_2)}$.

    Args:
        x: logits in nats, the first at least as large as all others.
        y: one-hot target at the second class, not used.

    Returns:
        The bound, per nat squared.

    Source:
        Beyond the article.
    """
    return 8 * jnp.exp(x[1] - x[0]) ** 2


TARGET_GAP = Claim(
    id="absolute-error.saturated.wrong-by-target-gap",
    statement=r"\lVert \nabla_x L \rVert_2^2 \le 8\,e^{-2(x_1 - x_t)} \quad\text{for } y = e_t,\ t = 2,"
    r"\ x_1 = \max_i x_i",
    source=_VANISHES,
    derivation=cleandoc(r"""
        $`\sigma_t \le \sigma_t/\sigma_1 = e^{-(x_1 - x_t)}`$ in $`2\sqrt2\,\sigma_t(1-\sigma_t)`$. What counts is how
        far the
        *target's* logit lies below the winner's, not the runner-up's: two classes may share all the output, far from
        saturation, and the gradient is as small as the target's output.
        """),
    autodiff=Derivative(absolute_error_norm_squared, "value"),
    by_hand=target_gap_bound,
    relation="<=",
    domain={"x": domain.Saturated("n", winner=0, gap=0.0), "y": domain.OneHot("n", 1)},
    sizes=MATRIX_SIZES,
)


def quarter_of_gap_squared(x: Vector, y: Vector) -> Scalar:
    r"""Guessed lower bound from the gap to the runner-up, $\frac14 e^{-2g}$.

    Args:
        x: logits in nats, the first at least as large as all others.
        y: one-hot target at the second class, not used.

    Returns:
        The guess, per nat squared.

    Source:
        Beyond the article: a wrong formula on purpose.
    """
    return (0.5 * runner_up_ratio(x)) ** 2


RUNNER_UP_GAP = Claim(
    id="absolute-error.saturated.wrong-by-runner-up-gap",
    statement=r"\lVert \nabla_x L \rVert_2^2 \ge \tfrac14\,e^{-2g} \quad\text{for } y = e_t,\ t = 2,"
    r"\ g = x_1 - \max_{j \ge 2} x_j \ge 0",
    source=_VANISHES,
    derivation=cleandoc(r"""
        True at two classes, where $`\lVert\nabla_x L\rVert_2^2 = 8(e^{-g}/(1+e^{-g})^2)^2 \ge \frac12 e^{-2g}`$, and
        what one would expect from squared error, whose gradient is of the order of the gap to the runner-up. False from
        three classes on: if another loser is the runner-up and the target lies far below, the gap is small and the
        gradient is as small as $`\sigma_t`$.
        """),
    autodiff=Derivative(absolute_error_norm_squared, "value"),
    by_hand=quarter_of_gap_squared,
    relation=">=",
    domain={"x": domain.Saturated("n", winner=0, gap=0.0), "y": domain.OneHot("n", 1)},
    sizes={"n": (3, 10)},
    expect=Status.FAILS,
    note="The gap that counts for L1 is the target's own.",
)


def small_positive(x: Vector, y: Vector) -> Scalar:
    r"""A positive number, $2^{-7}$, in the format of the logits.

    Args:
        x: logits in nats; only their format matters.
        y: target, not used.

    Returns:
        0.0078125.

    Source:
        Beyond the article: any positive number would do.
    """
    return jnp.full_like(x[0], 0.0078125)


DOES_NOT_VANISH = Claim(
    id="absolute-error.saturated.wrong-does-not-vanish",
    statement=r"\lVert \nabla_x L \rVert_2^2 \ge 2^{-7} \quad\text{for } y = e_t,\ t = 2,"
    r"\ x_1 \ge \max_{j \ge 2} x_j + 5",
    source=_REMARK,
    derivation=cleandoc(r"""
        The opposite of the article's remark, with a small bound: confident wrong predictions keep a gradient, as they
        do with cross entropy. It is false, since the norm is at most $`2\sqrt2\,e^{-5} < 0.02`$ there.
        """),
    autodiff=Derivative(absolute_error_norm_squared, "value"),
    by_hand=small_positive,
    relation=">=",
    domain={"x": domain.Saturated("n", winner=0, gap=5.0), "y": domain.OneHot("n", 1)},
    sizes=MATRIX_SIZES,
    expect=Status.FAILS,
    note="The article's remark on L1 stands; its opposite does not.",
)
