"""Layers of networks: normalisations, attention and the cell of an LSTM, derived by hand."""

from typing import Any

import jax
import jax.numpy as jnp

from verify import Claim, Derivative, Source, domain

SOURCE = Source("layers of networks")
EPSILON = 0.0078125  # a power of two, so that it is the same number in every format


def layer_norm(x: Any) -> Any:
    """(x - mean) / √(variance + ε)."""
    return (x - jnp.mean(x)) * jax.lax.rsqrt(jnp.var(x) + EPSILON)


def layer_norm_jacobian(x: Any) -> Any:
    """(δ_ij - 1/n - z_i z_j / n) / s, z the result and s the root."""
    n = x.shape[0]
    centred = x - jnp.sum(x) / n
    root = jnp.sqrt(jnp.sum(centred**2) / n + EPSILON)
    z = centred / root
    return (jnp.eye(n, dtype=x.dtype) - 1 / n - z[:, None] * z[None, :] / n) / root


def rms_norm(x: Any) -> Any:
    """X / √(mean of squares + ε)."""
    return x * jax.lax.rsqrt(jnp.mean(x**2) + EPSILON)


def rms_norm_jacobian(x: Any) -> Any:
    """(δ_ij - z_i z_j / n) / s."""
    n = x.shape[0]
    root = jnp.sqrt(jnp.sum(x * x) / n + EPSILON)
    z = x / root
    return (jnp.eye(n, dtype=x.dtype) - z[:, None] * z[None, :] / n) / root


def batch_norm(x: Any, g: Any, b: Any) -> Any:
    """Examples in rows: g (x - mean) / √(variance + ε) + b, mean and variance over the examples."""
    return g * (x - jnp.mean(x, axis=0)) * jax.lax.rsqrt(jnp.var(x, axis=0) + EPSILON) + b


def batch_norm_jacobian(x: Any, g: Any, b: Any) -> Any:
    """∂out[i, a] / ∂x[j, c] = δ_ac g_a (δ_ij - 1/m - z_ia z_ja / m) / s_a; by g, δ_ac z_ia; by b, δ_ac."""
    del b
    m, d = x.shape
    centred = x - jnp.sum(x, axis=0) / m
    root = jnp.sqrt(jnp.sum(centred**2, axis=0) / m + EPSILON)
    z = centred / root
    same, one = jnp.eye(m, dtype=x.dtype), jnp.eye(d, dtype=x.dtype)
    rows = (same[:, :, None] - 1 / m - z[:, None, :] * z[None, :, :] / m) * g / root
    by_x = jnp.transpose(rows, (0, 2, 1))[:, :, :, None] * one[None, :, None, :]
    return by_x, z[:, :, None] * one[None], jnp.zeros_like(z)[:, :, None] + one[None]


def attention(q: Any, k: Any, v: Any) -> Any:
    """Causal attention of t places with d features, unscaled."""
    scores = q @ k.T
    mask = jnp.tril(jnp.ones(scores.shape, dtype=bool))
    return jax.nn.softmax(jnp.where(mask, scores, -jnp.inf), axis=-1) @ v


def _weights(q: Any, k: Any) -> Any:
    """Attention weights with the mask as a factor."""
    powered = jnp.tril(jnp.exp(q @ k.T))
    return powered / jnp.sum(powered, axis=1)[:, None]


def attention_by_values(q: Any, k: Any, v: Any) -> Any:
    """∂out[i, a] / ∂v[j, b] = p_ij δ_ab."""
    return _weights(q, k)[:, None, :, None] * jnp.eye(v.shape[1], dtype=v.dtype)[None, :, None, :]


def attention_by_queries(q: Any, k: Any, v: Any) -> Any:
    """∂out[i, a] / ∂q[j, b] = δ_ij Σ_m p_im (v_ma - out_ia) k_mb."""
    p = _weights(q, k)
    spread = v[None, :, :] - (p @ v)[:, None, :]
    rows = jnp.sum(p[:, :, None, None] * spread[:, :, :, None] * k[None, :, None, :], axis=1)
    return jnp.eye(q.shape[0], dtype=q.dtype)[:, None, :, None] * rows[:, :, None, :]


def attention_by_keys(q: Any, k: Any, v: Any) -> Any:
    """∂out[i, a] / ∂k[j, b] = p_ij (v_ja - out_ia) q_ib."""
    p = _weights(q, k)
    spread = v[None, :, :] - (p @ v)[:, None, :]
    return jnp.transpose(p[:, :, None] * spread, (0, 2, 1))[:, :, :, None] * q[:, None, None, :]


def recurrent(w: Any, u: Any, x: Any) -> Any:
    """Last state of a network h ← tanh(w h + u x_t) with one hidden unit, from h = 0, by a scan."""
    last, _ = jax.lax.scan(lambda h, each: (jnp.tanh(w * h + u * each), None), jnp.zeros_like(w), x)
    return last


def recurrent_gradient(w: Any, u: Any, x: Any) -> Any:
    """By w Σ_t b_t h_{t-1}, by u Σ_t b_t x_t, going back with b_3 = 1 - h_3² and b_t = b_{t+1} w (1 - h_t²)."""
    first = jnp.tanh(u * x[0])
    second = jnp.tanh(w * first + u * x[1])
    third = jnp.tanh(w * second + u * x[2])
    b3 = 1 - third**2
    b2 = b3 * w * (1 - second**2)
    b1 = b2 * w * (1 - first**2)
    return b3 * second + b2 * first, b3 * x[2] + b2 * x[1] + b1 * x[0]


def _sigmoid(x: Any) -> Any:
    return 1 / (1 + jnp.exp(-x))


def lstm_cell(z: Any, c: Any) -> Any:
    """Hidden state from the four gates' inputs z (input, forget, cell, output: one row each) and the cell's state."""
    new = jax.nn.sigmoid(z[1]) * c + jax.nn.sigmoid(z[0]) * jnp.tanh(z[2])
    return jnp.sum(jax.nn.sigmoid(z[3]) * jnp.tanh(new))


def lstm_cell_gradient(z: Any, c: Any) -> Any:
    """Rows of the gradient by z, for the sum of the hidden state."""
    i, f, o = _sigmoid(z[0]), _sigmoid(z[1]), _sigmoid(z[3])
    g = 2 * _sigmoid(2 * z[2]) - 1
    h = 2 * _sigmoid(2 * (f * c + i * g)) - 1
    back = o * (1 - h**2)
    return jnp.stack(
        [back * g * i * (1 - i), back * c * f * (1 - f), back * i * (1 - g**2), h * o * (1 - o)],
    )


_ATTENTION = {"q": domain.Reals("t d"), "k": domain.Reals("t d"), "v": domain.Reals("t d")}
_PLACES = [{"t": 2, "d": 1}, {"t": 2, "d": 2}]

CLAIMS = [
    Claim(
        id="networks.layer-norm",
        statement=r"J_{ij} = (\delta_{ij} - 1/n - z_i z_j / n) / s",
        source=SOURCE,
        autodiff=Derivative(layer_norm, "jacobian", wrt="x"),
        by_hand=layer_norm_jacobian,
        domain={"x": domain.Reals("n")},
        sizes={"n": (2, 4)},
    ),
    Claim(
        id="networks.rms-norm",
        statement=r"J_{ij} = (\delta_{ij} - z_i z_j / n) / s",
        source=SOURCE,
        autodiff=Derivative(rms_norm, "jacobian", wrt="x"),
        by_hand=rms_norm_jacobian,
        domain={"x": domain.Reals("n")},
        sizes={"n": (2, 4)},
    ),
    Claim(
        id="networks.attention-by-values",
        statement=r"\partial o_{ia} / \partial v_{jb} = p_{ij} \delta_{ab}",
        source=SOURCE,
        autodiff=Derivative(attention, "jacobian", wrt="v"),
        by_hand=attention_by_values,
        domain=_ATTENTION,
        sizes=_PLACES,
    ),
    Claim(
        id="networks.attention-by-queries",
        statement=r"\partial o_{ia} / \partial q_{jb} = \delta_{ij} \sum_m p_{im} (v_{ma} - o_{ia}) k_{mb}",
        source=SOURCE,
        autodiff=Derivative(attention, "jacobian", wrt="q"),
        by_hand=attention_by_queries,
        domain=_ATTENTION,
        sizes=_PLACES,
    ),
    Claim(
        id="networks.attention-by-keys",
        statement=r"\partial o_{ia} / \partial k_{jb} = p_{ij} (v_{ja} - o_{ia}) q_{ib}",
        source=SOURCE,
        autodiff=Derivative(attention, "jacobian", wrt="k"),
        by_hand=attention_by_keys,
        domain=_ATTENTION,
        sizes=_PLACES,
    ),
    Claim(
        id="networks.batch-norm",
        statement=r"\partial_x = \delta_{ac} g_a (\delta_{ij} - 1/m - z_{ia} z_{ja} / m) / s_a,\ "
        r"\partial_g = \delta_{ac} z_{ia},\ \partial_b = \delta_{ac}",
        source=SOURCE,
        autodiff=Derivative(batch_norm, "jacobian", wrt=("x", "g", "b")),
        by_hand=batch_norm_jacobian,
        domain={"x": domain.Reals("m d"), "g": domain.Reals("d"), "b": domain.Reals("d")},
        sizes=[{"m": 2, "d": 1}, {"m": 4, "d": 2}],
    ),
    Claim(
        id="networks.recurrent",
        statement=r"\partial_w = \textstyle\sum_t b_t h_{t-1},\ \partial_u = \sum_t b_t x_t",
        source=SOURCE,
        autodiff=Derivative(recurrent, "gradient", wrt=("w", "u")),
        by_hand=recurrent_gradient,
        domain={"w": domain.Reals(""), "u": domain.Reals(""), "x": domain.Reals("3")},
    ),
    Claim(
        id="networks.lstm-cell",
        statement=r"\partial \textstyle\sum h / \partial z",
        source=SOURCE,
        autodiff=Derivative(lstm_cell, "gradient", wrt="z"),
        by_hand=lstm_cell_gradient,
        domain={"z": domain.Reals("4 n"), "c": domain.Reals("n")},
        sizes={"n": (1, 2)},
    ),
]
