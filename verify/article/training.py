r"""How long a confident wrong prediction lasts: gradient flow at two classes, in closed form.

The target is $(0, 1)$, the first logit leads by the gap $d = x_1 - x_2$, and both logits follow $\dot x = -\nabla_x L$.
The gap then shrinks at the *speed* $h(d) = \partial L/\partial x_1 - \partial L/\partial x_2$, and the time until it is
gone is the *escape time* $T(d) = \int_0^d d\tau / h(\tau)$. Stuck is what exponentially slow looks like.
"""

from collections.abc import Callable
from inspect import cleandoc

import jax
import jax.numpy as jnp

from verify import domain
from verify.article.absolute_error import absolute_error
from verify.article.cross_entropy import cross_entropy
from verify.article.shapes import MATRIX_SIZES, Scalar, Vector
from verify.article.softmax import residual_on_simplex, runner_up_ratio, softmax
from verify.article.squared_error import half_squared_error
from verify.claim import Claim, Derivative, Source, Status

_STUCK = Source(
    "Mean squared error loss + softmax", "the paragraph after the four limits, last sentence", statement="train-stuck"
)
_BEYOND = Source("Beyond the article", "escape times")
_WRONG = {"x": domain.Logits("2"), "y": domain.OneHot("2", 1)}
_GAP = {"d": domain.Interval("", 0.0, 40.0)}

# --- Speed of the gap -------------------------------------------------------------------------------------------------


def gap_speed(loss: Callable[..., Scalar]) -> Callable[[Vector, Vector], Scalar]:
    r"""How fast JAX's gradient flow closes the gap, $h = \partial L/\partial x_1 - \partial L/\partial x_2$.

    Args:
        loss: a function of logits x and target y.

    Returns:
        A function of x and y: nats per unit of time, positive where the gap shrinks.
    """

    def speed(x: Vector, y: Vector) -> Scalar:
        """Difference of the first two components of the gradient."""
        gradient = jax.grad(loss)(x, y)
        return gradient[0] - gradient[1]

    return speed


squared_error_speed = gap_speed(half_squared_error)
absolute_error_speed = gap_speed(absolute_error)
cross_entropy_speed = gap_speed(cross_entropy)


def squared_error_speed_by_hand(x: Vector, y: Vector) -> Scalar:
    r"""Speed of the gap with half the squared error, $4 p^2 (1 - p)$ with $p = \sigma_1$.

    Args:
        x: two logits in nats.
        y: target (0, 1), not used.

    Returns:
        Nats per unit of time.

    Source:
        Beyond the article.
    """
    s = softmax(x)
    return 4 * s[0] ** 2 * s[1]


def absolute_error_speed_by_hand(x: Vector, y: Vector) -> Scalar:
    r"""Speed of the gap with L1, $4 p (1 - p) = 1 / \cosh^2(d / 2)$ with $p = \sigma_1$.

    Args:
        x: two logits in nats.
        y: target (0, 1), not used.

    Returns:
        Nats per unit of time.

    Source:
        Beyond the article.
    """
    s = softmax(x)
    return 4 * s[0] * s[1]


def cross_entropy_speed_by_hand(x: Vector, y: Vector) -> Scalar:
    r"""Speed of the gap with cross entropy, $2 p$ with $p = \sigma_1$.

    Args:
        x: two logits in nats.
        y: target (0, 1), not used.

    Returns:
        Nats per unit of time.

    Source:
        Beyond the article.
    """
    return 2 * softmax(x)[0]


SPEED_SQUARED_ERROR = Claim(
    id="training.speed.squared-error",
    statement=r"-\dot d = \frac{\partial L}{\partial x_1} - \frac{\partial L}{\partial x_2} = 4 p^2 (1 - p),"
    r" \quad p = \sigma_1,\ y = (0, 1)",
    source=_STUCK,
    derivation=cleandoc(r"""
        $`L = p^2`$ with $`\partial p/\partial x_1 = p(1-p) = -\partial p/\partial x_2`$, so
        $`\partial L/\partial x_1 = 2p^2(1-p)`$ and $`\partial L/\partial x_2`$ is its opposite. Their sum is 0: the
        flow keeps $`x_1 + x_2`$ and moves the gap alone. For a large gap $`1 - p \approx e^{-d}`$, so the speed is
        about $`4e^{-d}`$.
        """),
    autodiff=Derivative(squared_error_speed, "value"),
    by_hand=squared_error_speed_by_hand,
    domain=_WRONG,
)

SPEED_ABSOLUTE_ERROR = Claim(
    id="training.speed.absolute-error",
    statement=r"-\dot d = \frac{\partial L}{\partial x_1} - \frac{\partial L}{\partial x_2} = 4 p (1 - p)"
    r" = \frac{1}{\cosh^2 (d/2)}, \quad p = \sigma_1,\ y = (0, 1)",
    source=_BEYOND,
    derivation=cleandoc(r"""
        $`L = \lvert p\rvert + \lvert 1 - p - 1\rvert = 2p`$, so $`\partial L/\partial x_1 = 2p(1-p)`$ and the other is
        its opposite. With $`p = 1/(1 + e^{-d})`$, $`4p(1-p) = 4/(e^{d/2} + e^{-d/2})^2`$.
        """),
    autodiff=Derivative(absolute_error_speed, "value"),
    by_hand=absolute_error_speed_by_hand,
    domain=_WRONG,
)

SPEED_CROSS_ENTROPY = Claim(
    id="training.speed.cross-entropy",
    statement=r"-\dot d = \frac{\partial L}{\partial x_1} - \frac{\partial L}{\partial x_2} = 2 p, \quad p"
    r" = \sigma_1,\ y = (0, 1)",
    source=_BEYOND,
    derivation=cleandoc(r"""
        $`\nabla_x L = \sigma - y = (p, 1 - p - 1) = (p, -p)`$. The speed tends to 2 as the gap grows: the more wrong,
        the faster it is put right.
        """),
    autodiff=Derivative(cross_entropy_speed, "value"),
    by_hand=cross_entropy_speed_by_hand,
    domain=_WRONG,
)


def no_speed(x: Vector, y: Vector) -> Scalar:
    """A gap at rest.

    Args:
        x: two logits in nats; only their format matters.
        y: target, not used.

    Returns:
        0.

    Source:
        "Mean squared error loss + softmax", the last sentence, taken literally.
    """
    return jnp.zeros_like(x[0])


STOPS_LEARNING = Claim(
    id="training.stops-learning",
    statement=r"\dot d = 0 \quad\text{for } y = (0, 1),\ d = x_1 - x_2 \ge 20",
    source=_STUCK,
    derivation=cleandoc(r"""
        The last sentence of the section taken literally: at a large gap nothing moves any more. Over the reals the
        speed is $`4p^2(1-p) = 4e^{-d}/(1 + e^{-d})^3`$, small and never 0, so it is false at every gap. In floats it
        does come true: once a step is smaller than half the spacing of the logits, adding it changes no bit.
        """),
    autodiff=Derivative(squared_error_speed, "value"),
    by_hand=no_speed,
    domain={"x": domain.Saturated("2", winner=0, gap=20.0), "y": domain.OneHot("2", 1)},
    expect=Status.FAILS,
    note="Slow, exponentially so, and never at rest.",
)


def slowest_speed(x: Vector, y: Vector) -> Scalar:
    r"""Lower bound of the speed, $\frac12 e^{-d}$ with $d = x_1 - x_2$.

    Args:
        x: two logits in nats.
        y: target, not used.

    Returns:
        Nats per unit of time.

    Source:
        Beyond the article.
    """
    return 0.5 * runner_up_ratio(x)


def fastest_speed(x: Vector, y: Vector) -> Scalar:
    r"""Upper bound of the speed, $4 e^{-d}$ with $d = x_1 - x_2$.

    Args:
        x: two logits in nats.
        y: target, not used.

    Returns:
        Nats per unit of time.

    Source:
        Beyond the article.
    """
    return 4 * runner_up_ratio(x)


_LEADING = {"x": domain.Saturated("2", winner=0, gap=0.0), "y": domain.OneHot("2", 1)}

NEVER_STOPS = Claim(
    id="training.never-stops",
    statement=r"-\dot d \ge \tfrac12\,e^{-d} > 0 \quad\text{for } y = (0, 1),\ d = x_1 - x_2 \ge 0",
    source=_STUCK,
    derivation=cleandoc(r"""
        With $`u = e^{-d} \le 1`$ the speed is $`4u/(1+u)^3 \ge 4u/8`$, attained at $`d = 0`$. So the gap is always gone
        after a finite time: the repaired half of "stops learning".
        """),
    autodiff=Derivative(squared_error_speed, "value"),
    by_hand=slowest_speed,
    relation=">=",
    domain=_LEADING,
)

NEARLY_STOPS = Claim(
    id="training.exponentially-slow",
    statement=r"-\dot d \le 4\,e^{-d} \quad\text{for } y = (0, 1),\ d = x_1 - x_2 \ge 0",
    source=_STUCK,
    derivation=cleandoc(r"""
        $`4u/(1+u)^3 \le 4u`$. So $`\frac{d}{dt}e^{d} \ge -4`$ and the gap $`d_0`$ needs at least the time
        $`\frac14(e^{d_0} - 1)`$: the other half, which is what "stuck" means.
        """),
    autodiff=Derivative(squared_error_speed, "value"),
    by_hand=fastest_speed,
    relation="<=",
    domain=_LEADING,
)

# --- Escape times -----------------------------------------------------------------------------------------------------


def squared_error_time(d: Scalar) -> Scalar:
    r"""Escape time of half the squared error, $\frac14 (e^d + 3d - 3e^{-d} - \frac12 e^{-2d} + \frac52)$.

    Args:
        d: gap of the wrong class in nats.

    Returns:
        Time until the gap is 0, for steps of unit size per unit of time.

    Source:
        Beyond the article.
    """
    u = jnp.exp(-d)
    return (jnp.exp(d) + 3 * d - 3 * u - 0.5 * u**2 + 2.5) / 4


def absolute_error_time(d: Scalar) -> Scalar:
    r"""Escape time of L1, $\frac12 (d + \sinh d)$.

    Args:
        d: gap of the wrong class in nats.

    Returns:
        Time until the gap is 0, for steps of unit size per unit of time.

    Source:
        Beyond the article.
    """
    return (d + jnp.sinh(d)) / 2


def cross_entropy_time(d: Scalar) -> Scalar:
    r"""Escape time of cross entropy, $\frac12 (d + 1 - e^{-d})$.

    Args:
        d: gap of the wrong class in nats.

    Returns:
        Time until the gap is 0, for steps of unit size per unit of time.

    Source:
        Beyond the article.
    """
    return (d + 1 - jnp.exp(-d)) / 2


def squared_error_delay(d: Scalar) -> Scalar:
    r"""Time per nat of the gap for half the squared error, $\frac{1}{h} = \frac{1}{4 p^2 (1 - p)}$.

    Args:
        d: gap of the wrong class in nats.

    Returns:
        Inverse of the speed.

    Source:
        Beyond the article.
    """
    s = softmax(jnp.stack([d, jnp.zeros_like(d)]))
    return 1 / (4 * s[0] ** 2 * s[1])


def absolute_error_delay(d: Scalar) -> Scalar:
    r"""Time per nat of the gap for L1, $\frac1h = \frac{1}{4 p (1 - p)}$.

    Args:
        d: gap of the wrong class in nats.

    Returns:
        Inverse of the speed.

    Source:
        Beyond the article.
    """
    s = softmax(jnp.stack([d, jnp.zeros_like(d)]))
    return 1 / (4 * s[0] * s[1])


def cross_entropy_delay(d: Scalar) -> Scalar:
    r"""Time per nat of the gap for cross entropy, $\frac1h = \frac{1}{2 p}$.

    Args:
        d: gap of the wrong class in nats.

    Returns:
        Inverse of the speed.

    Source:
        Beyond the article.
    """
    return 1 / (2 * softmax(jnp.stack([d, jnp.zeros_like(d)]))[0])


TIME_SQUARED_ERROR = Claim(
    id="training.time.squared-error",
    statement=r"\frac{d}{dd}\,\tfrac14 \bigl(e^d + 3d - 3e^{-d} - \tfrac12 e^{-2d} + \tfrac52\bigr)"
    r" = \frac{1}{4 p^2 (1-p)},"
    r" \quad p = \frac{1}{1 + e^{-d}}",
    source=_BEYOND,
    derivation=cleandoc(r"""
        With $`u = e^{-d}`$, $`p = 1/(1+u)`$ and $`1 - p = u/(1+u)`$,
        ```math
        \frac{1}{h} = \frac{(1+u)^3}{4u} = \tfrac14\bigl(e^{d} + 3 + 3e^{-d} + e^{-2d}\bigr) ,
        ```
        and each term is integrated by sight. The constant $`\frac52`$ makes
        $`T(0) = \frac14(1 - 3 - \frac12 + \frac52) = 0`$. Since $`\dot d = -h(d)`$, the time from $`d_0`$ to $`d_1`$ is
        $`T(d_0) - T(d_1)`$.
        """),
    autodiff=Derivative(squared_error_time, "gradient", wrt="d"),
    by_hand=squared_error_delay,
    domain={"d": domain.Interval("", -20.0, 40.0)},
    note="The clock of gradient flow: its derivative is the inverse of the speed.",
)

TIME_ABSOLUTE_ERROR = Claim(
    id="training.time.absolute-error",
    statement=r"\frac{d}{dd}\,\tfrac12 (d + \sinh d) = \frac{1}{4 p (1-p)}, \quad p = \frac{1}{1 + e^{-d}}",
    source=_BEYOND,
    derivation=cleandoc(r"""
        $`1/h = \cosh^2(d/2) = \frac12(1 + \cosh d)`$, whose integral from 0 is $`\frac12(d + \sinh d)`$.
        """),
    autodiff=Derivative(absolute_error_time, "gradient", wrt="d"),
    by_hand=absolute_error_delay,
    domain={"d": domain.Interval("", -20.0, 40.0)},
)

TIME_CROSS_ENTROPY = Claim(
    id="training.time.cross-entropy",
    statement=r"\frac{d}{dd}\,\tfrac12 (d + 1 - e^{-d}) = \frac{1}{2p}, \quad p = \frac{1}{1 + e^{-d}}",
    source=_BEYOND,
    derivation=cleandoc(r"""
        $`1/h = \frac12(1 + e^{-d})`$, whose integral from 0 is $`\frac12(d - e^{-d} + 1)`$.
        """),
    autodiff=Derivative(cross_entropy_time, "gradient", wrt="d"),
    by_hand=cross_entropy_delay,
    domain={"d": domain.Interval("", -20.0, 40.0)},
)


def clocks_times_speeds(d: Scalar) -> Vector:
    r"""JAX's derivative of each escape time, times the speed from JAX's gradient of the loss, $T'(d)\,h(d)$.

    Args:
        d: gap of the wrong class in nats.

    Returns:
        Three products: squared error, L1, cross entropy.

    Source:
        Beyond the article.
    """
    x = jnp.stack([d, jnp.zeros_like(d)])
    y = jnp.stack([jnp.zeros_like(d), jnp.ones_like(d)])
    return jnp.stack(
        [
            jax.grad(squared_error_time)(d) * squared_error_speed(x, y),
            jax.grad(absolute_error_time)(d) * absolute_error_speed(x, y),
            jax.grad(cross_entropy_time)(d) * cross_entropy_speed(x, y),
        ]
    )


def three_ones(d: Scalar) -> Vector:
    """Three times one.

    Args:
        d: gap of the wrong class in nats; only its format matters.

    Returns:
        Ones.

    Source:
        Beyond the article.
    """
    return jnp.stack([jnp.ones_like(d), jnp.ones_like(d), jnp.ones_like(d)])


CLOCKS = Claim(
    id="training.time.clocks-and-losses",
    statement=r"T'(d)\,\Bigl(\frac{\partial L}{\partial x_1} - \frac{\partial L}{\partial x_2}\Bigr) = 1"
    r" \quad\text{for squared error, L1 and cross entropy at } x = (d, 0),\ y = (0, 1)",
    source=_BEYOND,
    derivation=cleandoc(r"""
        Along the flow $`\frac{d}{dt}T(d(t)) = T'(d)\,\dot d = -T'(d)\,h(d) = -1`$: the escape time runs down like a
        clock. Here both factors are JAX's, the derivative of the closed form and the gradient of the loss, with no
        formula by hand between them.
        """),
    autodiff=Derivative(clocks_times_speeds, "value"),
    by_hand=three_ones,
    domain=_GAP,
)


def times_at_the_tie(d: Scalar) -> Vector:
    """The three escape times, to be taken at a gap of 0.

    Args:
        d: gap of the wrong class in nats.

    Returns:
        Squared error, L1, cross entropy.

    Source:
        Beyond the article.
    """
    return jnp.stack([squared_error_time(d), absolute_error_time(d), cross_entropy_time(d)])


def three_zeros(d: Scalar) -> Vector:
    """Three times zero.

    Args:
        d: gap of the wrong class in nats; only its format matters.

    Returns:
        Zeros.

    Source:
        Beyond the article.
    """
    return jnp.stack([jnp.zeros_like(d), jnp.zeros_like(d), jnp.zeros_like(d)])


CLOCKS_END = Claim(
    id="training.time.clocks-end-at-zero",
    statement=r"T(0) = 0 \quad\text{for squared error, L1 and cross entropy}",
    source=_BEYOND,
    derivation=cleandoc(r"""
        $`\frac14(1 + 0 - 3 - \frac12 + \frac52) = 0`$, $`\frac12(0 + 0) = 0`$ and $`\frac12(0 + 1 - 1) = 0`$. With the
        derivatives this makes the three formulas *the* escape times.
        """),
    autodiff=Derivative(times_at_the_tie, "value"),
    by_hand=three_zeros,
    domain={"d": domain.Constant(0.0)},
)

# --- Two-sided bounds -------------------------------------------------------------------------------------------------


def squared_error_time_at_least(d: Scalar) -> Scalar:
    r"""Lower bound of the escape time, $\frac14 (e^d + 3d - 1)$.

    Args:
        d: gap of the wrong class in nats, at least 0.

    Returns:
        The bound.

    Source:
        Beyond the article.
    """
    return (jnp.exp(d) + 3 * d - 1) / 4


def squared_error_time_at_most(d: Scalar) -> Scalar:
    r"""Upper bound of the escape time, $\frac14 (e^d + 3d + \frac52)$.

    Args:
        d: gap of the wrong class in nats, at least 0.

    Returns:
        The bound.

    Source:
        Beyond the article.
    """
    return (jnp.exp(d) + 3 * d + 2.5) / 4


SQUARED_ERROR_AT_LEAST = Claim(
    id="training.escape.squared-error-at-least",
    statement=r"T_{\mathrm{MSE}}(d) \ge \tfrac14\,(e^{d} + 3d - 1) \quad\text{for } d \ge 0",
    source=_STUCK,
    derivation=cleandoc(r"""
        In $`T = \frac14(e^d + 3d - 3u - \frac12u^2 + \frac52)`$ with $`u = e^{-d} \le 1`$,
        $`3u + \frac12u^2 \le \frac72`$; equality at $`d = 0`$. A gap of 20 nats takes more than a hundred million steps
        of unit size.
        """),
    autodiff=Derivative(squared_error_time, "value"),
    by_hand=squared_error_time_at_least,
    relation=">=",
    domain=_GAP,
)

SQUARED_ERROR_AT_MOST = Claim(
    id="training.escape.squared-error-at-most",
    statement=r"T_{\mathrm{MSE}}(d) \le \tfrac14\,\bigl(e^{d} + 3d + \tfrac52\bigr) \quad\text{for } d \ge 0",
    source=_STUCK,
    derivation=cleandoc(r"""
        Drop the two negative terms. With the lower bound, $`T e^{-d} \to \frac14`$ exactly.
        """),
    autodiff=Derivative(squared_error_time, "value"),
    by_hand=squared_error_time_at_most,
    relation="<=",
    domain=_GAP,
)


def absolute_error_time_at_least(d: Scalar) -> Scalar:
    r"""Lower bound of the escape time, $\frac14 (e^d - 1)$.

    Args:
        d: gap of the wrong class in nats, at least 0.

    Returns:
        The bound.

    Source:
        Beyond the article.
    """
    return (jnp.exp(d) - 1) / 4


def absolute_error_time_at_most(d: Scalar) -> Scalar:
    r"""Upper bound of the escape time, $\frac14 e^d + \frac12 d$.

    Args:
        d: gap of the wrong class in nats, at least 0.

    Returns:
        The bound.

    Source:
        Beyond the article.
    """
    return jnp.exp(d) / 4 + d / 2


ABSOLUTE_ERROR_AT_LEAST = Claim(
    id="training.escape.absolute-error-at-least",
    statement=r"T_{1}(d) \ge \tfrac14\,(e^{d} - 1) \quad\text{for } d \ge 0",
    source=_BEYOND,
    derivation=cleandoc(r"""
        $`T = \frac12 d + \frac14e^d - \frac14e^{-d}`$ exceeds the bound by $`\frac12 d + \frac14(1 - e^{-d}) \ge 0`$.
        """),
    autodiff=Derivative(absolute_error_time, "value"),
    by_hand=absolute_error_time_at_least,
    relation=">=",
    domain=_GAP,
)

ABSOLUTE_ERROR_AT_MOST = Claim(
    id="training.escape.absolute-error-at-most",
    statement=r"T_{1}(d) \le \tfrac14\,e^{d} + \tfrac12\,d \quad\text{for } d \ge 0",
    source=_BEYOND,
    derivation=cleandoc(r"""
        Drop $`-\frac14e^{-d}`$. L1 and half the squared error share the constant $`\frac14`$: both are equally stuck.
        """),
    autodiff=Derivative(absolute_error_time, "value"),
    by_hand=absolute_error_time_at_most,
    relation="<=",
    domain=_GAP,
)


def half_gap(d: Scalar) -> Scalar:
    r"""Lower bound of the escape time, $\frac12 d$.

    Args:
        d: gap of the wrong class in nats, at least 0.

    Returns:
        The bound.

    Source:
        Beyond the article.
    """
    return d / 2


def half_gap_and_half(d: Scalar) -> Scalar:
    r"""Upper bound of the escape time, $\frac12 (d + 1)$.

    Args:
        d: gap of the wrong class in nats, at least 0.

    Returns:
        The bound.

    Source:
        Beyond the article.
    """
    return (d + 1) / 2


CROSS_ENTROPY_AT_LEAST = Claim(
    id="training.escape.cross-entropy-at-least",
    statement=r"T_{\mathrm{CE}}(d) \ge \tfrac12\,d \quad\text{for } d \ge 0",
    source=_BEYOND,
    derivation=cleandoc(r"""
        $`T = \frac12 d + \frac12(1 - e^{-d})`$, and the speed never exceeds 2.
        """),
    autodiff=Derivative(cross_entropy_time, "value"),
    by_hand=half_gap,
    relation=">=",
    domain=_GAP,
)

CROSS_ENTROPY_AT_MOST = Claim(
    id="training.escape.cross-entropy-at-most",
    statement=r"T_{\mathrm{CE}}(d) \le \tfrac12\,(d + 1) \quad\text{for } d \ge 0",
    source=_BEYOND,
    derivation=cleandoc(r"""
        Drop $`-\frac12e^{-d}`$. Linear in the gap, where squared error is exponential: a gap of 20 nats is gone after a
        time of about 10.
        """),
    autodiff=Derivative(cross_entropy_time, "value"),
    by_hand=half_gap_and_half,
    relation="<=",
    domain=_GAP,
)

SQUARED_ERROR_AS_FAST = Claim(
    id="training.escape.squared-error-linear",
    statement=r"T_{\mathrm{MSE}}(d) \le \tfrac12\,(d + 1) \quad\text{for } d \ge 0",
    source=_STUCK,
    derivation=cleandoc(r"""
        The bound that cross entropy obeys, asked of squared error: it would mean that training is not stuck at all.
        False from a gap of about 0.37 nats on, where $`\frac14(e^d + 3d - 3e^{-d} - \frac12e^{-2d} + \frac52)`$
        overtakes it.
        """),
    autodiff=Derivative(squared_error_time, "value"),
    by_hand=half_gap_and_half,
    relation="<=",
    domain=_GAP,
    expect=Status.FAILS,
    note="Squared error is exponentially slow where cross entropy takes linear time.",
)

# --- Any number of classes --------------------------------------------------------------------------------------------


def winner_speeds(x: Vector, y: Vector) -> Vector:
    r"""How fast JAX's gradient flow of half the squared error closes each gap.

    $\partial_1 L - \partial_j L$ for $j \ge 2$.

    Args:
        x: logits in nats, the first at least as large as all others.
        y: target.

    Returns:
        n - 1 speeds, nats per unit of time.

    Source:
        Beyond the article.
    """
    gradient = jax.grad(half_squared_error)(x, y)
    return gradient[0] - gradient[1:]


def winner_speed_bound(x: Vector, y: Vector) -> Vector:
    r"""Bound of each speed, $(n + 2) e^{-g}$ with $g = x_1 - \max_{j \ge 2} x_j$.

    Args:
        x: logits in nats, the first at least as large as all others.
        y: target, not used.

    Returns:
        n - 1 times the same bound, nats per unit of time.

    Source:
        Beyond the article.
    """
    return (x.shape[0] + 2) * runner_up_ratio(x) * jnp.ones_like(x[1:])


GAP_SPEED = Claim(
    id="training.gap-speed.squared-error",
    statement=r"\Bigl\lvert \frac{\partial L}{\partial x_1} - \frac{\partial L}{\partial x_j} \Bigr\rvert"
    r" \le (n + 2)\,e^{-g}"
    r" \quad\text{for } y \in \Delta,\ j \ge 2,\ g = x_1 - \max_{i \ge 2} x_i \ge 0",
    source=_STUCK,
    derivation=cleandoc(r"""
        The gradient is affine in $`y`$, so it is enough to look at one-hot targets. For a wrong one the winner's slope
        is at most $`n e^{-g}`$, the target's at most $`2e^{-g}`$ and the other losers' at most $`e^{-g}`$ in magnitude;
        for a right one $`(n-1)e^{-g}`$ and $`e^{-g}`$. So $`\frac{d}{dt}e^{g} \ge -(n+2)`$, and a gap $`g_0`$ lasts at
        least for the time $`(e^{g_0} - 1)/(n + 2)`$, whatever the target. At two classes this is the constant
        $`\frac14`$ again.
        """),
    autodiff=Derivative(winner_speeds, "value"),
    by_hand=winner_speed_bound,
    relation="abs<=",
    domain={"x": domain.Saturated("n", winner=0, gap=0.0), "y": domain.Simplex("n")},
    sizes=MATRIX_SIZES,
)


def cross_entropy_winner_speed(x: Vector, y: Vector) -> Scalar:
    r"""Speed of the gap of winner and target with cross entropy, $1 + \sigma_1 - \sigma_2$.

    Args:
        x: logits in nats, finite.
        y: one-hot target at the second class.

    Returns:
        Nats per unit of time.

    Source:
        Beyond the article.
    """
    s = softmax(x)
    return 1 + s[0] - s[1]


CROSS_ENTROPY_SPEED_ANY = Claim(
    id="training.gap-speed.cross-entropy",
    statement=r"\frac{\partial L}{\partial x_1} - \frac{\partial L}{\partial x_t} = 1 + \sigma_1 - \sigma_t"
    r" \quad\text{for } y = e_t,\ t = 2",
    source=_BEYOND,
    derivation=cleandoc(r"""
        $`\sigma_1 - (\sigma_t - 1)`$. While the first logit leads this lies between 1 and 2, so with any number of
        classes a gap $`u_0`$ to the target lasts for a time between $`\frac12u_0`$ and $`u_0`$.
        """),
    autodiff=Derivative(cross_entropy_speed, "value"),
    by_hand=cross_entropy_winner_speed,
    domain={"x": domain.Logits("n"), "y": domain.OneHot("n", 1)},
    sizes=MATRIX_SIZES,
)


def absolute_error_winner_speed(x: Vector, y: Vector) -> Scalar:
    r"""Speed of the gap of winner and target with L1, $2 \sigma_t (1 + \sigma_1 - \sigma_t)$ for $t = 2$.

    Args:
        x: logits in nats, finite.
        y: one-hot target at the second class.

    Returns:
        Nats per unit of time.

    Source:
        Beyond the article.
    """
    s = softmax(x)
    error = residual_on_simplex(s, y)
    return 2 * s[1] * (error[0] - error[1])


ABSOLUTE_ERROR_SPEED_ANY = Claim(
    id="training.gap-speed.absolute-error",
    statement=r"\frac{\partial L}{\partial x_1} - \frac{\partial L}{\partial x_t}"
    r" = 2\,\sigma_t\,(1 + \sigma_1 - \sigma_t) \quad\text{for } y = e_t,\ t = 2",
    source=_BEYOND,
    derivation=cleandoc(r"""
        $`\nabla_x L = 2\sigma_t(\sigma - e_t)`$. While the first logit leads, the speed is at most
        $`4\sigma_t \le 4e^{-u}`$ with the gap $`u = x_1 - x_t`$ to the target, so a gap $`u_0`$ lasts at least for the
        time $`\frac14(e^{u_0} - 1)`$.
        """),
    autodiff=Derivative(absolute_error_speed, "value"),
    by_hand=absolute_error_winner_speed,
    domain={"x": domain.Logits("n"), "y": domain.OneHot("n", 1)},
    sizes=MATRIX_SIZES,
)
