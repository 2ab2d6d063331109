"""Activations of `jax.nn`: slopes by hand."""

from typing import Any

import jax
import jax.numpy as jnp

from verify import Claim, Derivative, Source, domain

REALS = {"x": domain.Reals("n")}
SIZES = {"n": (1, 3)}
EPSILON = 0.0078125  # a power of two, so that it is the same number in every format


def _claim(name: str, fn: Any, slope: Any, statement: str, *, function: str = "", **more: Any) -> Claim:
    """The Jacobian of an activation is diagonal, with its slope on the diagonal."""
    return _whole(name, fn, lambda x: jnp.diag(slope(x)), statement, function=function, **more)


def _whole(name: str, fn: Any, jacobian: Any, statement: str, *, function: str = "", **more: Any) -> Claim:
    """The Jacobian is what it is said to be."""
    return Claim(
        id=f"activations.{name}",
        statement=statement,
        source=Source("jax.nn", function or name.replace("-", "_")),
        autodiff=Derivative(fn, "jacobian", wrt="x"),
        by_hand=jacobian,
        **{"domain": REALS, "sizes": SIZES, **more},
    )


def gelu_slope(x: Any) -> Any:
    """½ (1 + h) + ½ x (1 - h²) u', with h = tanh u and u = √(2/π) (x + 0.044715 x³).

    The factor 3 goes to x²: three times the literal is another number of the format.
    """
    c, d = 0.7978845608028654, 0.044715
    h = jnp.tanh(c * (x + d * x**3))
    return 0.5 * (1 + h) + 0.5 * x * (1 - h**2) * c * (1 + d * (3 * x**2))


def gelu_exact_slope(x: Any) -> Any:
    """Φ + x φ, distribution function and density of a normal variable."""
    return 0.5 * (1 + jax.lax.erf(x / jnp.sqrt(2.0))) + x * jnp.exp(-(x**2) / 2) / jnp.sqrt(2 * jnp.pi)


def silu_slope(x: Any) -> Any:
    """σ (1 + x (1 - σ))."""
    s = 1 / (1 + jnp.exp(-x))
    return s * (1 + x * (1 - s))


def mish_slope(x: Any) -> Any:
    """Slope h + x (1 - h²) σ, with h = tanh(log(1 + eˣ)) = ((1 + eˣ)² - 1) / ((1 + eˣ)² + 1)."""
    square = (1 + jnp.exp(x)) ** 2
    h = (square - 1) / (square + 1)
    return h + x * (1 - h**2) / (1 + jnp.exp(-x))


def elu_slope(x: Any) -> Any:
    """1 or eˣ."""
    return jnp.where(x > 0, 1.0, jnp.exp(x))


def selu_slope(x: Any) -> Any:
    """λ or λ α eˣ."""
    scale, alpha = 1.0507009873554804934193349852946, 1.6732632423543772848170429916717
    return jnp.where(x > 0, scale, scale * alpha * jnp.exp(x))


def celu_slope(x: Any) -> Any:
    """1 or exp(x/2), for α = 2."""
    return jnp.where(x > 0, 1.0, jnp.exp(x / 2))


def hard_silu_slope(x: Any) -> Any:
    """0, then (2x + 3)/6 between -3 and 3, then 1."""
    return jnp.where(x < -3, 0.0, jnp.where(x > 3, 1.0, (2 * x + 3) / 6))


def _inside(x: Any, low: float, high: float, slope: float) -> Any:
    return jnp.where((x > low) & (x < high), slope, 0.0)


def softmax_of(x: Any) -> Any:
    """Powers over their sum."""
    return jnp.exp(x) / jnp.sum(jnp.exp(x))


def softmax_jacobian(x: Any) -> Any:
    """σ_i (δ_ij - σ_j)."""
    s = softmax_of(x)
    return jnp.diag(s) - s[:, None] * s[None, :]


def log_softmax_jacobian(x: Any) -> Any:
    """δ_ij - σ_j."""
    return jnp.eye(x.shape[0], dtype=x.dtype) - softmax_of(x)[None, :]


def glu_jacobian(x: Any) -> Any:
    """By the first half σ(b), by the second a σ(b) (1 - σ(b))."""
    a, b = x[: x.shape[0] // 2], x[x.shape[0] // 2 :]
    s = 1 / (1 + jnp.exp(-b))
    return jnp.concatenate([jnp.diag(s), jnp.diag(a * s * (1 - s))], axis=1)


def standardize_jacobian(x: Any) -> Any:
    """(δ_ij - 1/n - z_i z_j / n) / s, z the result and s the root of variance and ε."""
    n = x.shape[0]
    centred = x - jnp.sum(x) / n
    root = jnp.sqrt(jnp.sum(centred**2) / n + EPSILON)
    z = centred / root
    return (jnp.eye(n, dtype=x.dtype) - 1 / n - z[:, None] * z[None, :] / n) / root


CLAIMS = [
    _claim("sigmoid", jax.nn.sigmoid, lambda x: 1 / (2 + jnp.exp(x) + jnp.exp(-x)), r"\sigma' = 1/(2 + e^x + e^{-x})"),
    _claim("tanh", jax.nn.tanh, lambda x: 4 / (jnp.exp(x) + jnp.exp(-x)) ** 2, r"\tanh' = 4/(e^x + e^{-x})^2"),
    _claim("silu", jax.nn.silu, silu_slope, r"\mathrm{silu}' = \sigma (1 + x (1 - \sigma))"),
    _claim(
        "gelu",
        lambda x: jax.nn.gelu(x, approximate=True),
        gelu_slope,
        r"\mathrm{gelu}' = \tfrac12 (1 + h) + \tfrac12 x (1 - h^2) u'",
    ),
    _claim(
        "gelu-exact",
        lambda x: jax.nn.gelu(x, approximate=False),
        gelu_exact_slope,
        r"\mathrm{gelu}' = \Phi(x) + x \varphi(x)",
        function="gelu",
    ),
    _claim("relu", jax.nn.relu, lambda x: jnp.where(x > 0, 1.0, 0.0), r"\mathrm{relu}' = [x > 0]", custom_rules=True),
    _claim(
        "relu6",
        jax.nn.relu6,
        lambda x: _inside(x, 0, 6, 1.0),
        r"\mathrm{relu6}' = [0 < x < 6]",
        custom_rules=True,
    ),
    _claim(
        "leaky-relu",
        jax.nn.leaky_relu,
        lambda x: jnp.where(x >= 0, 1.0, 0.01),
        r"\mathrm{leaky}' = 1\ \text{or}\ 0.01",
    ),
    _claim(
        "hard-sigmoid",
        jax.nn.hard_sigmoid,
        lambda x: jnp.where((x > -3) & (x < 3), 1 / 6, 0.0),
        r"\mathrm{hard\ sigmoid}' = \tfrac16 [-3 < x < 3]",
        custom_rules=True,
    ),
    _claim(
        "hard-silu",
        jax.nn.hard_silu,
        hard_silu_slope,
        r"\mathrm{hard\ silu}' = 0,\ (2x + 3)/6\ \text{or}\ 1",
        custom_rules=True,
    ),
    _claim("hard-tanh", jax.nn.hard_tanh, lambda x: _inside(x, -1, 1, 1.0), r"\mathrm{hard\ tanh}' = [-1 < x < 1]"),
    _claim("elu", jax.nn.elu, elu_slope, r"\mathrm{elu}' = 1\ \text{or}\ e^x"),
    _claim(
        "celu",
        lambda x: jax.nn.celu(x, alpha=2.0),
        celu_slope,
        r"\mathrm{celu}' = 1\ \text{or}\ e^{x/\alpha},\ \alpha = 2",
    ),
    _claim("selu", jax.nn.selu, selu_slope, r"\mathrm{selu}' = \lambda\ \text{or}\ \lambda \alpha e^x"),
    _claim(
        "soft-sign",
        jax.nn.soft_sign,
        lambda x: 1 / (1 + jnp.abs(x)) ** 2,
        r"\mathrm{softsign}' = 1/(1 + \lvert x\rvert)^2",
    ),
    _claim(
        "softplus",
        jax.nn.softplus,
        lambda x: 1 / (1 + jnp.exp(-x)),
        r"\mathrm{softplus}' = \sigma",
        custom_rules=True,
    ),
    _claim(
        "log-sigmoid",
        jax.nn.log_sigmoid,
        lambda x: 1 / (1 + jnp.exp(x)),
        r"(\log \sigma)' = 1 - \sigma",
        custom_rules=True,
    ),
    _claim(
        "mish",
        jax.nn.mish,
        mish_slope,
        r"\mathrm{mish}' = h + x (1 - h^2) \sigma",
        custom_rules=True,
    ),
    _claim(
        "squareplus",
        jax.nn.squareplus,
        lambda x: 0.5 * (1 + x / jnp.sqrt(x**2 + 4)),
        r"\mathrm{squareplus}' = \tfrac12 (1 + x/\sqrt{x^2 + 4})",
    ),
    _claim(
        "sparse-plus",
        jax.nn.sparse_plus,
        lambda x: jnp.where(x <= -1, 0.0, jnp.where(x >= 1, 1.0, (x + 1) / 2)),
        r"\mathrm{sparseplus}' = 0,\ (x + 1)/2\ \text{or}\ 1",
    ),
    _claim(
        "sparse-sigmoid",
        jax.nn.sparse_sigmoid,
        lambda x: _inside(x, -1, 1, 0.5),
        r"\mathrm{sparse\ sigmoid}' = \tfrac12 [-1 < x < 1]",
    ),
    _claim("identity", jax.nn.identity, jnp.ones_like, r"x' = 1"),
    _claim(
        "log1mexp",
        jax.nn.log1mexp,
        lambda x: 1 / (jnp.exp(x) - 1),
        r"(\log(1 - e^{-x}))' = 1/(e^x - 1)",
        domain={"x": domain.Positive("n")},
        custom_rules=True,
    ),
    _whole(
        "glu",
        jax.nn.glu,
        glu_jacobian,
        r"J = (\mathrm{diag}\,\sigma(b) \mid \mathrm{diag}\,a \sigma(b) (1 - \sigma(b)))",
        domain={"x": domain.Reals("2*n")},
        sizes={"n": (1, 2)},
    ),
    _whole("softmax", jax.nn.softmax, softmax_jacobian, r"J_{ij} = \sigma_i (\delta_{ij} - \sigma_j)"),
    _whole("log-softmax", jax.nn.log_softmax, log_softmax_jacobian, r"J_{ij} = \delta_{ij} - \sigma_j"),
    _whole("logsumexp", lambda x: jax.nn.logsumexp(x), softmax_of, r"\nabla = \sigma"),
    _whole("logmeanexp", lambda x: jax.nn.logmeanexp(x), softmax_of, r"\nabla = \sigma"),
    _whole(
        "standardize",
        lambda x: jax.nn.standardize(x, epsilon=EPSILON, algorithm="stable"),
        standardize_jacobian,
        r"J_{ij} = (\delta_{ij} - 1/n - z_i z_j / n) / s",
        sizes={"n": (2, 4)},
    ),
]
