"""Losses of Optax: gradients by hand."""

from typing import Any

import jax.numpy as jnp
import optax

from verify import Claim, Derivative, Source, domain

SOURCE = Source("optax.losses")
SIZES = {"n": (2, 3)}


def cross_entropy_gradient(x: Any, y: Any) -> Any:
    """(Σy) softmax(x) - y."""
    e = jnp.exp(x - jnp.max(x))
    return jnp.sum(y) * e / jnp.sum(e) - y


def binary_gradient(x: Any, y: Any) -> Any:
    """σ(x) - y."""
    return 1 / (1 + jnp.exp(-x)) - y


def huber_gradient(x: Any, y: Any) -> Any:
    """The residual, clipped to one."""
    return jnp.clip(x - y, -1.0, 1.0)


CLAIMS = [
    Claim(
        id="optax.softmax-cross-entropy",
        statement=r"\nabla L = (\textstyle\sum y)\,\sigma - y",
        source=SOURCE,
        autodiff=Derivative(lambda x, y: optax.losses.softmax_cross_entropy(x, y), "gradient", wrt="x"),
        by_hand=cross_entropy_gradient,
        domain={"x": domain.Logits("n"), "y": domain.Reals("n")},
        sizes=SIZES,
    ),
    Claim(
        id="optax.squared-error",
        statement=r"\nabla L = 2 (x - y)",
        source=SOURCE,
        autodiff=Derivative(lambda x, y: jnp.sum(optax.losses.squared_error(x, y)), "gradient", wrt="x"),
        by_hand=lambda x, y: 2 * (x - y),
        domain={"x": domain.Reals("n"), "y": domain.Reals("n")},
        sizes=SIZES,
    ),
    Claim(
        id="optax.huber",
        statement=r"\nabla L = \mathrm{clip}(x - y, -1, 1)",
        source=SOURCE,
        autodiff=Derivative(lambda x, y: jnp.sum(optax.losses.huber_loss(x, y)), "gradient", wrt="x"),
        by_hand=huber_gradient,
        domain={"x": domain.Reals("n"), "y": domain.Reals("n")},
        sizes=SIZES,
    ),
    Claim(
        id="optax.sigmoid-binary-cross-entropy",
        statement=r"\nabla L = \sigma(x) - y",
        source=SOURCE,
        autodiff=Derivative(lambda x, y: jnp.sum(optax.losses.sigmoid_binary_cross_entropy(x, y)), "gradient", wrt="x"),
        by_hand=binary_gradient,
        domain={"x": domain.Reals("n"), "y": domain.Interval("n", 0.0, 1.0)},
        sizes=SIZES,
        custom_rules=True,
    ),
]
