"""Activations of `jax.nn`: slopes by hand."""

from typing import Any

import jax
import jax.numpy as jnp

from verify import Claim, Derivative, Source, domain

SOURCE = Source("jax.nn")
REALS = {"x": domain.Reals("n")}
SIZES = {"n": (1, 3)}


def _claim(name: str, fn: Any, slope: Any, statement: str, **more: Any) -> Claim:
    """The Jacobian of an activation is diagonal, with its slope on the diagonal."""
    return Claim(
        id=f"activations.{name}",
        statement=statement,
        source=SOURCE,
        autodiff=Derivative(fn, "jacobian", wrt="x"),
        by_hand=lambda x: jnp.diag(slope(x)),
        domain=REALS,
        sizes=SIZES,
        **more,
    )


def _softplus_by_hand(x: Any) -> Any:
    return jnp.log(1 + jnp.exp(x))


def gelu_slope(x: Any) -> Any:
    """½ (1 + h) + ½ x (1 - h²) u', with h = tanh u and u = √(2/π) (x + 0.044715 x³)."""
    c, d = jnp.sqrt(2 / jnp.pi), 0.044715
    h = jnp.tanh(c * (x + d * x**3))
    return 0.5 * (1 + h) + 0.5 * x * (1 - h**2) * c * (1 + 3 * d * x**2)


def silu_slope(x: Any) -> Any:
    """σ (1 + x (1 - σ))."""
    s = 1 / (1 + jnp.exp(-x))
    return s * (1 + x * (1 - s))


CLAIMS = [
    _claim("sigmoid", jax.nn.sigmoid, lambda x: 1 / (2 + jnp.exp(x) + jnp.exp(-x)), r"\sigma' = 1/(2 + e^x + e^{-x})"),
    _claim("tanh", jnp.tanh, lambda x: 4 / (jnp.exp(x) + jnp.exp(-x)) ** 2, r"\tanh' = 4/(e^x + e^{-x})^2"),
    _claim("silu", jax.nn.silu, silu_slope, r"\mathrm{silu}' = \sigma (1 + x (1 - \sigma))"),
    _claim(
        "gelu",
        lambda x: jax.nn.gelu(x, approximate=True),
        gelu_slope,
        r"\mathrm{gelu}' = \tfrac12 (1 + h) + \tfrac12 x (1 - h^2) u'",
    ),
    _claim(
        "relu",
        jax.nn.relu,
        lambda x: jnp.where(x > 0, 1.0, 0.0),
        r"\mathrm{relu}' = [x > 0]",
        custom_rules=True,
    ),
    _claim(
        "leaky-relu",
        jax.nn.leaky_relu,
        lambda x: jnp.where(x >= 0, 1.0, 0.01),
        r"\mathrm{leaky}' = 1\ \text{or}\ 0.01",
    ),
    _claim(
        "soft-sign",
        jax.nn.soft_sign,
        lambda x: 1 / (1 + jnp.abs(x)) ** 2,
        r"\mathrm{softsign}' = 1/(1 + \lvert x\rvert)^2",
    ),
    _claim(
        "softplus",
        _softplus_by_hand,
        lambda x: 1 / (1 + jnp.exp(-x)),
        r"\mathrm{softplus}' = \sigma",
    ),
    _claim(
        "squareplus",
        jax.nn.squareplus,
        lambda x: 0.5 * (1 + x / jnp.sqrt(x**2 + 4)),
        r"\mathrm{squareplus}' = \tfrac12 (1 + x/\sqrt{x^2 + 4})",
    ),
]
