"""Likelihoods: Gaussian, logistic regression with its Hessian, a log determinant by Cholesky, a Kalman filter step."""

from typing import Any

import jax.numpy as jnp

from verify import Claim, Derivative, Source, domain

SOURCE = Source("likelihoods")


def gaussian(m: Any, s: Any, y: Any) -> Any:
    """Negative log likelihood of y under means m and variances s."""
    return jnp.sum(0.5 * jnp.log(s) + 0.5 * (y - m) ** 2 / s)


def gaussian_gradient(m: Any, s: Any, y: Any) -> Any:
    """By m: (m - y) / s. By s: (1 - (y - m)²/s) / 2s."""
    return (m - y) / s, (1 - (y - m) ** 2 / s) / (2 * s)


def logistic(w: Any, a: Any, y: Any) -> Any:
    """Negative log likelihood of labels y under weights w, examples in the rows of a."""
    z = a @ w
    return jnp.sum(jnp.log(1 + jnp.exp(z)) - y * z)


def logistic_hessian(w: Any, a: Any, y: Any) -> Any:
    """Aᵀ diag(σ (1 - σ)) A, whatever the labels are."""
    del y
    s = 1 / (1 + jnp.exp(-(a @ w)))
    return (a * (s * (1 - s))[:, None]).T @ a


def _matrix(b: Any) -> Any:
    """B Bᵀ + 1, which is positive definite."""
    return b @ b.T + jnp.eye(b.shape[0], dtype=b.dtype)


def log_determinant(b: Any) -> Any:
    """Log det (B Bᵀ + 1) from the diagonal of its Cholesky factor."""
    return 2 * jnp.sum(jnp.log(jnp.diag(jnp.linalg.cholesky(_matrix(b)))))


def log_determinant_gradient(b: Any) -> Any:
    """2 (B Bᵀ + 1)⁻¹ B, the inverse of a 2 × 2 matrix written out."""
    (p, q), (_, r) = _matrix(b)
    return 2 * jnp.stack([r * b[0] - q * b[1], p * b[1] - q * b[0]]) / (p * r - q * q)


def kalman_step(m: Any, p: Any, y: Any, r: Any) -> Any:
    """Mean of two states after y was seen: m + K (y - m_0), with the gain K = P e_0 / (P_00 + r)."""
    covariance = _matrix(p)
    gain = covariance[:, 0] / (covariance[0, 0] + r)
    return m + gain * (y - m[0])


def kalman_jacobian(m: Any, p: Any, y: Any, r: Any) -> Any:
    """By m: 1 - K e_0ᵀ. By y: K. By r: -K (y - m_0) / (P_00 + r)."""
    covariance = _matrix(p)
    s = covariance[0, 0] + r
    gain = jnp.stack([covariance[0, 0], covariance[1, 0]]) / s
    by_m = jnp.stack([jnp.stack([1 - gain[0], jnp.zeros_like(y)]), jnp.stack([-gain[1], jnp.ones_like(y)])])
    return by_m, gain, -gain * (y - m[0]) / s


CLAIMS = [
    Claim(
        id="statistics.gaussian",
        statement=r"\nabla_m = (m - y)/s,\ \nabla_s = (1 - (y - m)^2/s)/(2s)",
        source=SOURCE,
        autodiff=Derivative(gaussian, "gradient", wrt=("m", "s")),
        by_hand=gaussian_gradient,
        domain={"m": domain.Reals("n"), "s": domain.Positive("n"), "y": domain.Reals("n")},
        sizes={"n": (1, 3)},
    ),
    Claim(
        id="statistics.logistic-regression-hessian",
        statement=r"H = A^T \mathrm{diag}(\sigma(1-\sigma)) A",
        source=SOURCE,
        autodiff=Derivative(logistic, "hessian", wrt="w"),
        by_hand=logistic_hessian,
        domain={"w": domain.Reals("d"), "a": domain.Reals("m d"), "y": domain.Interval("m", 0.0, 1.0)},
        sizes=[{"m": 2, "d": 2}, {"m": 3, "d": 2}],
    ),
    Claim(
        id="statistics.cholesky-log-determinant",
        statement=r"\nabla_B \log\det(B B^T + 1) = 2 (B B^T + 1)^{-1} B",
        source=SOURCE,
        autodiff=Derivative(log_determinant, "gradient", wrt="b"),
        by_hand=log_determinant_gradient,
        domain={"b": domain.Interval("2 m", -4.0, 4.0)},
        sizes={"m": (1, 2)},
        note="Nothing is claimed of floats: how a library factorises is not known here.",
    ),
    Claim(
        id="statistics.kalman-step",
        statement=r"\partial_m = 1 - K e_0^T,\ \partial_y = K,\ \partial_r = -K (y - m_0)/(P_{00} + r)",
        source=SOURCE,
        autodiff=Derivative(kalman_step, "jacobian", wrt=("m", "y", "r")),
        by_hand=kalman_jacobian,
        domain={"m": domain.Reals("2"), "p": domain.Reals("2 2"), "y": domain.Reals(""), "r": domain.Positive("")},
    ),
]
