r"""Gradients of the seventeen losses in forms without cancellation, for targets that sum to one.

The claims hold these losses against forms that any target may be put into, and most of those subtract an output from
its target. Where a target sums to one the difference is $r_i = \sum_j (\sigma_i y_j - \sigma_j y_i)$, in which nothing
cancels for a one-hot target, and every gradient is a sum over pairs, $\sigma_i \sum_j \sigma_j (\gamma_i - \gamma_j)$,
of slopes $\gamma$ that are written with $r$. A calculator that computes in floats needs such forms as its reference.
"""

from collections.abc import Callable
from typing import Final

import jax.numpy as jnp

from verify.article.cross_entropy import smoothed
from verify.article.other_losses import (
    generalised_gradient_stable,
    hellinger_gradient_stable,
    hinge_gradient_pairwise,
    negative_overlap_gradient_pairwise,
    one_vs_rest_gradient_stable,
    spherical_gradient_pairwise,
)
from verify.article.shapes import Vector
from verify.article.softmax import pull_back_pairwise, residual_on_simplex, softmax

Gradient = Callable[[Vector, Vector], Vector]


def _by_error(slope: Callable[[Vector], Vector]) -> Gradient:
    """The gradient of a loss whose slope by the outputs is a function of the output error alone."""

    def gradient(x: Vector, y: Vector) -> Vector:
        s = softmax(x)
        return pull_back_pairwise(s, slope(residual_on_simplex(s, y)))

    return gradient


def _absolute_error(x: Vector, y: Vector) -> Vector:
    """Which outputs are above their targets is told by the error without cancellation, near 1 too."""
    s = softmax(x)
    r = residual_on_simplex(s, y)
    above, below = jnp.sum(jnp.where(r > 0, s, 0.0)), jnp.sum(jnp.where(r < 0, s, 0.0))
    return jnp.where(r > 0, 2 * s * below, -2 * s * above)


def _focal(x: Vector, y: Vector) -> Vector:
    r"""With $\ln p = \ln(1 - r)$ where $p$ is near 1, which the outputs of the other classes tell."""
    s = softmax(x)
    p = jnp.sum(y * s)
    rest = jnp.sum((1 - y) * s)
    logarithm = jnp.where(p > 0.5, jnp.log1p(-rest), jnp.log(p))
    return rest * (rest - 2 * p * logarithm) * residual_on_simplex(s, y)


def _jensen_shannon(x: Vector, y: Vector) -> Vector:
    r"""Where nothing is asked of an output its slope is $\frac12\ln 2$, the same number for all of them."""
    s = softmax(x)
    return pull_back_pairwise(s, jnp.where(y > 0, 0.5 * jnp.log(2 * s / (s + y)), 0.5 * jnp.log(2.0)))


def _divergence_from_outputs(x: Vector, y: Vector) -> Vector:
    s = softmax(x)
    return pull_back_pairwise(s, jnp.log(s / ((1 + 2 * y) / 4)))


# By the names of the map of seventeen losses, whose exponents and thresholds these are.
WITHOUT_CANCELLATION: Final[dict[str, Gradient]] = {
    "squared error": _by_error(lambda r: r),
    "cross entropy": lambda x, y: residual_on_simplex(softmax(x), y),
    "absolute error": _absolute_error,
    "Brier score": _by_error(lambda r: 2 * r),
    "label-smoothed cross entropy": lambda x, y: residual_on_simplex(
        softmax(x), smoothed(y, jnp.full((), 0.125, x.dtype))
    ),
    "one-vs-rest cross entropy": one_vs_rest_gradient_stable,
    "focal loss": _focal,
    "generalised cross entropy": lambda x, y: generalised_gradient_stable(x, y, jnp.full((), 0.5, x.dtype)),
    "Hellinger": hellinger_gradient_stable,
    "Jensen-Shannon": _jensen_shannon,
    "divergence from a soft target": _divergence_from_outputs,
    "cubic error": _by_error(lambda r: r * jnp.abs(r)),
    "Huber, threshold 3/8": _by_error(lambda r: jnp.clip(r, -0.375, 0.375)),
    "distance": _by_error(lambda r: r / jnp.sqrt(jnp.sum(r**2))),
    "target's output": negative_overlap_gradient_pairwise,
    "hinge, margin one half": hinge_gradient_pairwise,
    "spherical score": spherical_gradient_pairwise,
}
# Losses that are defined by one class that is right, and their forms with them.
ONE_HOT_ONLY: Final = ("focal loss", "generalised cross entropy", "hinge, margin one half")
