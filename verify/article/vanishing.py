r"""Where the gradient vanishes, and why: planes of logits and targets, numbers of classes, and seventeen losses.

A cell is *small* where the true gradient is, *cancelled* where the float has no correct digit though the truth is an
ordinary number, *underflowed* where the truth is below the format's range. Boundaries are derived by hand in powers of
$u = e^{-g}$, $g$ the logit gap.
"""

from collections.abc import Callable
from inspect import cleandoc
from typing import Any, Final

import jax.numpy as jnp

from verify.article.absolute_error import absolute_error
from verify.article.cross_entropy import cross_entropy, cross_entropy_literal, smoothed_cross_entropy
from verify.article.networks import log_layer_loss
from verify.article.other_losses import (
    brier,
    cubic_error,
    distance,
    divergence_from_outputs,
    focal,
    generalised_cross_entropy,
    hellinger,
    hinge,
    huber,
    jensen_shannon,
    negative_overlap,
    one_vs_rest,
    spherical,
)
from verify.article.shapes import Scalar, Vector
from verify.article.squared_error import half_squared_error
from verify.claim import Source
from verify.maps import Axis, Boundary, Bounds, Map, Quantity, spaced

ALL_FORMATS: Final = ("float64", "float32", "bfloat16", "float16")
FLUSHING: Final = ("float64", "float32", "bfloat16")
SMALL: Final = 1e-3
# Numbers of every format, bfloat16 with its eight bits included: fine where digits are lost, coarse where floats end.
GAPS: Final = (
    *spaced(0.0, 64.0, 65),
    *spaced(68.0, 128.0, 16),
    *spaced(136.0, 256.0, 16),
    *spaced(272.0, 800.0, 34),
)
GAP: Final = Axis(name="gap", values=GAPS, unit="nats", label="logit gap")
_VANISH: Final = Source("Mean squared error loss + softmax", "the paragraph after the four limits", "mse-vanish")

SQUARED, CROSS, LITERAL, ABSOLUTE = (
    "squared error",
    "cross entropy",
    "cross entropy of a softmax, as written",
    "absolute error",
)
FOUR: Final = {
    SQUARED: Quantity(fn=half_squared_error, wrt="x", names=("winner", "loser"), source="squared-error.gradient"),
    CROSS: Quantity(fn=cross_entropy, wrt="x", names=("winner", "loser"), source="cross-entropy.gradient"),
    LITERAL: Quantity(fn=cross_entropy_literal, wrt="x", names=("winner", "loser")),
    ABSOLUTE: Quantity(fn=absolute_error, wrt="x", names=("winner", "loser"), source="absolute-error.gradient"),
}


def rounds_to_one(p: Any) -> Any:
    r"""Gap from which $1 + e^{-g}$ rounds to one, $p\ln 2 - \ln(1 + 2^{-p})$ at the latest."""
    halves = p * jnp.log(2.0)
    return halves - jnp.log1p(jnp.exp(-halves))


def complement_rounds(p: Any) -> Any:
    r"""Gap from which $1 - e^{-g}$ rounds to one, $(p + 1)\ln 2$."""
    return (p + 1) * jnp.log(2.0)


def flushed(emin: Any) -> Any:
    r"""Gap from which $e^{-g}/(1 + e^{-g})$ is below the smallest normal number, $\ln(2^{-e_{\min}} - 1)$."""
    least = -emin * jnp.log(2.0)
    return least + jnp.log1p(-jnp.exp(-least))


def gone(p: Any, emin: Any) -> Any:
    r"""Gap from which the same rounds to 0 with gradual underflow, $\ln(2^{p - e_{\min}} - 1)$."""
    least = (p - emin) * jnp.log(2.0)
    return least + jnp.log1p(-jnp.exp(-least))


def _errors_reach(p: Any, scale: Any) -> Any:
    r"""Gap below which eight roundings of numbers up to one stay under a tenth of $s e^{-g}$."""
    return jnp.log(scale / 80) + p * jnp.log(2.0)


# --- Two classes: gap by target --------------------------------------------------------------------------------------


def two_classes(gap: Scalar, target: Scalar) -> dict[str, Vector]:
    """Logits (gap, 0) and target (target, 1 - target), both exact in every format."""
    return {"x": jnp.stack([gap, jnp.zeros_like(gap)]), "y": jnp.stack([target, 1 - target])}


TWO_CLASS = Map(
    id="vanishing.two-class",
    title="Two classes: logit gap by target",
    axes=(GAP, Axis(name="target", values=spaced(0.0, 1.0, 33), label="target of the winning class")),
    point=two_classes,
    quantities=FOUR,
    formats=ALL_FORMATS,
    small=SMALL,
    source=_VANISH,
    note=cleandoc(r"""
        The bottom edge is a prediction that is wrong with confidence, the top edge one that is right. Squared error
        and absolute error vanish along the whole right half, whatever the target; cross entropy along the top edge
        alone. Well before the true gradient leaves the range of the format, the float has no correct digit: its
        component for the winner is a difference of two numbers near one.
        """),
    boundaries=(
        Boundary(
            name="squared error is small, wrong",
            quantity=SQUARED,
            event="small",
            along="gap",
            begins=lambda target: jnp.log(2 * (1 - target) / SMALL),
            not_before=lambda target: -jnp.log((1 - jnp.sqrt(1 - 12 * SMALL / (1 - target))) / 12),
            where=lambda target: target < 0.5,
            statement=r"2u(1 - y_1)(1 - 6u) \le \lvert\partial_i L\rvert \le 2u(1 - y_1), \quad u = e^{-g}",
            source=cleandoc(r"""
                $`\lvert\partial_i L\rvert = 2\sigma_1\sigma_2\lvert\sigma_1 - y_1\rvert
                = 2u\,(1 - y_1 - u y_1) / (1 + u)^3`$, with $`(1 + u)^{-3} \ge 1 - 3u`$ and
                $`y_1/(1 - y_1) \le 1`$ for $`y_1 \le \frac12`$.
                """),
        ),
        Boundary(
            name="squared error has no digit, wrong",
            quantity=SQUARED,
            event="lost",
            along="gap",
            begins=complement_rounds,
            not_before=lambda p, target: _errors_reach(p, 2 * (1 - target) * (1 - 0.25)),
            where=lambda target: target < 0.5,
            statement=r"g \ge (p + 1)\ln 2",
            source=cleandoc(r"""
                The backward pass forms $`\gamma_1 - \mathrm{fl}(\gamma_1 (1 - \hat u))`$ for the winner, which is 0
                once $`\hat u \le 2^{-p-1}`$; before that its error is a few units of $`2^{-p}`$.
                """),
        ),
        Boundary(
            name="squared error is 0, wrong",
            quantity=SQUARED,
            event="zero",
            along="gap",
            begins=flushed,
            where=lambda target: target == 0,
            formats=FLUSHING,
            statement=r"g \ge \ln(2^{-e_{\min}} - 1)",
            source="The target's component is twice the loser's output, which is flushed to zero.",
        ),
        Boundary(
            name="squared error is 0, wrong, with gradual underflow",
            quantity=SQUARED,
            event="zero",
            along="gap",
            begins=gone,
            where=lambda target: target == 0,
            formats=("float16",),
            statement=r"g \ge \ln(2^{p - e_{\min}} - 1)",
            source="JAX computes float16 in float32 and rounds: subnormal numbers are kept.",
        ),
        Boundary(
            name="squared error is 0, right",
            quantity=SQUARED,
            event="zero",
            along="gap",
            begins=lambda emin: -emin * jnp.log(2.0) / 2,
            where=lambda target: target == 1,
            formats=FLUSHING,
            statement=r"g \ge -\tfrac12 e_{\min}\ln 2",
            source=r"Both components are $`\hat u^2`$, which is flushed.",
        ),
        Boundary(
            name="cross entropy is never small, wrong",
            quantity=(CROSS, LITERAL),
            event="small",
            along="gap",
            begins=lambda: float("inf"),
            where=lambda target: target < 0.5,
            statement=r"\lvert\partial_i L\rvert = \sigma_1 - y_1 \ge \tfrac12 - y_1",
            source="The gradient is the output less the target.",
        ),
        Boundary(
            name="cross entropy keeps digits, wrong",
            quantity=CROSS,
            event="lost",
            along="gap",
            begins=lambda: float("inf"),
            where=lambda target: target < 0.5,
            statement=r"\lvert\partial_i L\rvert = \sigma_1 - y_1",
            source="Both terms are known to a few units of the last place, and they are not close.",
        ),
        Boundary(
            name="cross entropy is small, right",
            quantity=(CROSS, LITERAL),
            event="small",
            along="gap",
            begins=lambda: jnp.log(1 / SMALL - 1),
            where=lambda target: target == 1,
            statement=r"g > \ln(1/s - 1), \quad s = 10^{-3}",
            source=r"Both components are $`\sigma_2 = 1/(1 + e^g)`$.",
        ),
        Boundary(
            name="cross entropy has no digit, right",
            quantity=CROSS,
            event="lost",
            along="gap",
            begins=rounds_to_one,
            not_before=lambda p: _errors_reach(p, 0.5),
            where=lambda target: target == 1,
            statement=r"g \ge p\ln 2 - \ln(1 + 2^{-p})",
            source="The winner's output rounds to one, and its component to 0.",
        ),
        Boundary(
            name="cross entropy as written is not finite",
            quantity=LITERAL,
            event="non-finite",
            along="gap",
            begins=flushed,
            formats=FLUSHING,
            statement=r"g \ge \ln(2^{-e_{\min}} - 1)",
            source=r"The loser's output is flushed, and $`y_2/\sigma_2`$ divides by 0, whatever the target.",
        ),
        Boundary(
            name="cross entropy as written is not finite, wrong, float16",
            quantity=LITERAL,
            event="non-finite",
            along="gap",
            begins=lambda: jnp.log(2.0**24 / 256.5 - 1),
            where=lambda target: target == 0,
            formats=("float16",),
            statement=r"g \ge \ln(2^{24}/256.5 - 1)",
            source=r"$`1/\hat\sigma_2`$ overflows while $`\hat\sigma_2`$ is a subnormal number.",
        ),
        Boundary(
            name="absolute error is small",
            quantity=ABSOLUTE,
            event="small",
            along="gap",
            begins=lambda: jnp.log(1 / SMALL - 1 + jnp.sqrt((1 / SMALL - 1) ** 2 - 1)),
            where=lambda target: target != 0.5,
            statement=r"\cosh g > 1/s - 1, \quad s = 10^{-3}",
            source=r"$`\lvert\partial_i L\rvert = 2\sigma_1\sigma_2 = 1/(1 + \cosh g)`$ for every target.",
        ),
        Boundary(
            name="absolute error has no digit",
            quantity=ABSOLUTE,
            event="lost",
            along="gap",
            begins=complement_rounds,
            not_before=lambda p: _errors_reach(p, 0.5),
            where=lambda target: target < 1,
            statement=r"g \ge (p + 1)\ln 2",
            source="As for squared error; only the signs of the output error enter.",
        ),
        Boundary(
            name="absolute error is 0, right",
            quantity=ABSOLUTE,
            event="zero",
            along="gap",
            begins=rounds_to_one,
            where=lambda target: target == 1,
            statement=r"g \ge p\ln 2 - \ln(1 + 2^{-p})",
            source="The winner's output rounds to its target, and JAX takes the slope 1 at the kink.",
        ),
    ),
)


# --- Three classes: the plane of logits ------------------------------------------------------------------------------


def three_classes(first: Scalar, second: Scalar) -> dict[str, Vector]:
    """Logits (first, second, 0) and the first class as the target."""
    one, zero = jnp.ones_like(first), jnp.zeros_like(first)
    return {"x": jnp.stack([first, second, zero]), "y": jnp.stack([one, zero, zero])}


def _wrong(first: float, second: float) -> bool:
    """Whether another class leads the target."""
    return max(second, 0.0) > first


def _right(first: float, second: float) -> bool:
    return first > max(second, 0.0)


def _gap_when_wrong(first: Scalar, second: Scalar) -> Scalar:
    """Largest logit less the runner-up, where the target is not the largest."""
    best = jnp.maximum(second, 0.0)
    return best - jnp.maximum(jnp.minimum(second, 0.0), first)


def _gap_when_right(first: Scalar, second: Scalar) -> Scalar:
    return first - jnp.maximum(second, 0.0)


def _outputs(x: Vector) -> tuple[Vector, Vector]:
    """Logarithms of three outputs, and the outputs."""
    shifted = x - jnp.max(x)
    logs = shifted - jnp.log(jnp.sum(jnp.exp(shifted)))
    return logs, jnp.exp(logs)


def squared_error_three(x: Vector) -> tuple[Vector, Vector]:
    r"""Squared error at three classes, target the first, without cancellation, for logits within 200 of each other.

    With $`t, a, b`$ the outputs, $`1 - t = a + b`$ gives $`\partial_t L = -t((a + b)^2 + a^2 + b^2)`$ and
    $`\partial_a L = a(t(2a + b) + ab(1 - e^{x_b - x_a}))`$; both terms of the last are far below the largest
    component where they cancel.

    Returns:
        Signs, and logarithms of the absolute components.
    """
    logs, (t, a, b) = _outputs(x)
    second = t * (2 * a + b) - a * b * jnp.expm1(x[2] - x[1])
    third = t * (2 * b + a) - a * b * jnp.expm1(x[1] - x[2])
    inside = jnp.stack([-((a + b) ** 2 + a**2 + b**2), second, third])
    return jnp.sign(inside), logs + jnp.log(jnp.abs(inside))


def cross_entropy_three(x: Vector) -> tuple[Vector, Vector]:
    r"""Cross entropy at three classes, target the first: $`(-(a + b), a, b)`$, in logarithms."""
    logs, (t, a, b) = _outputs(x)
    one = jnp.ones_like(t)
    return jnp.stack([-one, one, one]), jnp.stack([jnp.log(a + b), logs[1], logs[2]])


def absolute_error_three(x: Vector) -> tuple[Vector, Vector]:
    r"""Absolute error at three classes, target the first: $`2t`$ times the gradient of cross entropy."""
    sign, log = cross_entropy_three(x)
    return sign, log + _outputs(x)[0][0] + jnp.log(2.0)


_THREE_STABLE: Final = {
    SQUARED: squared_error_three,
    CROSS: cross_entropy_three,
    LITERAL: cross_entropy_three,
    ABSOLUTE: absolute_error_three,
}


def _three(names: tuple[str, ...] = ("target", "second", "third")) -> dict[str, Quantity]:
    return {
        name: Quantity(fn=each.fn, wrt="x", stable=_THREE_STABLE[name], names=names, source=each.source)
        for name, each in FOUR.items()
    }


THREE_CLASS = Map(
    id="vanishing.three-class",
    title="Three classes: the plane of logits, target the first class",
    axes=(
        Axis(name="second", values=spaced(-64.0, 64.0, 65), unit="nats", label="second logit less the third"),
        Axis(name="first", values=spaced(-64.0, 64.0, 65), unit="nats", label="target's logit less the third"),
    ),
    point=three_classes,
    quantities=_three(),
    formats=("float64", "float32"),
    small=SMALL,
    source=_VANISH,
    note=cleandoc(r"""
        Above the kink line the target wins and a small gradient is what one wants; below it another class wins, and
        squared error is small there too, but for a band around the line on which the two best classes tie. Cross
        entropy is small above the line only.
        """),
    boundaries=(
        Bounds(
            name="squared error, wrong",
            quantity=SQUARED,
            low=lambda first, second: (
                jnp.exp(-_gap_when_wrong(first, second))
                * (1 - jnp.exp(-_gap_when_wrong(first, second)))
                / (1 + 2 * jnp.exp(-_gap_when_wrong(first, second))) ** 3
                / jnp.sqrt(2.0)
            ),
            high=lambda first, second: 3 * jnp.exp(-_gap_when_wrong(first, second)),
            where=lambda first, second: max(second, 0.0) > max(first, min(second, 0.0)),
            statement=r"\frac{u(1 - u)}{\sqrt2\,(1 + 2u)^3} \le \max_i\lvert\partial_i L\rvert \le 3u,"
            r" \quad u = e^{-g}",
            source=r"The two-sided bound of the norm, $`\sqrt{3/2}\,u(1-u)/(1+2u)^3`$ from below, over $`\sqrt 3`$.",
        ),
        Bounds(
            name="squared error, right",
            quantity=SQUARED,
            low=lambda first, second: (
                (jnp.exp(-_gap_when_right(first, second)) / (1 + jnp.exp(-_gap_when_right(first, second)))) ** 2 / 3
            ),
            high=lambda first, second: 12 * jnp.exp(-2 * _gap_when_right(first, second)),
            where=_right,
            statement=r"\frac{u^2}{3(1 + u)^2} \le \max_i\lvert\partial_i L\rvert \le 12u^2",
            source=r"$`\lvert\partial_k L\rvert = \sigma_k(\varepsilon^2 + \sum_{j\ne k}\sigma_j^2)`$ with "
            r"$`u/(1+u) \le \varepsilon \le 2u`$ and $`\sigma_k \ge \frac13`$.",
        ),
        Bounds(
            name="cross entropy, wrong",
            quantity=CROSS,
            low=lambda: 0.5,
            high=lambda: 1.0,
            where=_wrong,
            statement=r"\tfrac12 \le \max_i\lvert\partial_i L\rvert \le 1",
            source=r"$`-\partial_t L = 1 - \sigma_t`$, and the target has not the largest output.",
        ),
        Bounds(
            name="cross entropy, right",
            quantity=CROSS,
            low=lambda first, second: (
                jnp.exp(-_gap_when_right(first, second)) / (1 + jnp.exp(-_gap_when_right(first, second))) / 2
            ),
            high=lambda first, second: 2 * jnp.exp(-_gap_when_right(first, second)),
            where=_right,
            statement=r"\frac{u}{2(1 + u)} \le \max_i\lvert\partial_i L\rvert \le 2u",
            source=r"$`1 - \sigma_t`$, between the outputs of one and of two losers.",
        ),
        Bounds(
            name="absolute error, at most twice the target's output",
            quantity=ABSOLUTE,
            high=lambda first, second: 2 * jnp.exp(first - jnp.maximum(second, 0.0)),
            where=_wrong,
            statement=r"\max_i\lvert\partial_i L\rvert = 2\sigma_t(1 - \sigma_t) \le 2e^{x_t - \max_j x_j}",
            source="The target's own distance from the winner counts, not the gap of the two best.",
        ),
        Boundary(
            name="squared error is small, second class wins",
            quantity=SQUARED,
            event="small",
            along="second",
            begins=lambda first: jnp.maximum(first, 0.0) + jnp.log(3 / SMALL),
            not_before=lambda first: (
                jnp.maximum(first, 0.0) - jnp.log((1 - jnp.sqrt(1 - 28 * jnp.sqrt(2.0) * SMALL)) / 14)
            ),
            where=lambda first, second: second > max(first, 0.0),
            statement=r"\tfrac{1}{\sqrt2}u(1 - 7u) \le \max_i\lvert\partial_i L\rvert \le 3u",
            source="The same bounds, solved for the gap. Where the other two classes tie, symmetry makes all "
            "components small: the line does not speak of that.",
        ),
        Boundary(
            name="squared error is small, right",
            quantity=SQUARED,
            event="small",
            along="first",
            begins=lambda second: jnp.maximum(second, 0.0) + jnp.log(12 / SMALL) / 2,
            not_before=lambda second: (
                jnp.maximum(second, 0.0) + jnp.log((1 - jnp.sqrt(3 * SMALL)) / jnp.sqrt(3 * SMALL))
            ),
            where=lambda first, second: first >= max(second, 0.0),
            statement=r"\frac{u^2}{3(1 + u)^2} \le \max_i\lvert\partial_i L\rvert \le 12u^2",
            source="The same bounds, solved for the gap.",
        ),
        Boundary(
            name="cross entropy is small, right",
            quantity=(CROSS, LITERAL),
            event="small",
            along="first",
            begins=lambda second: jnp.maximum(second, 0.0) + jnp.log(2 / SMALL),
            not_before=lambda second: jnp.maximum(second, 0.0) + jnp.log((1 - 2 * SMALL) / (2 * SMALL)),
            where=lambda first, second: first >= max(second, 0.0),
            statement=r"\frac{u}{2(1 + u)} \le \max_i\lvert\partial_i L\rvert \le 2u",
            source="The same bounds, solved for the gap.",
        ),
        Boundary(
            name="cross entropy is never small, wrong",
            quantity=(CROSS, LITERAL),
            event="small",
            along="second",
            begins=lambda: float("inf"),
            where=_wrong,
            statement=r"\max_i\lvert\partial_i L\rvert \ge \tfrac12",
            source="The same bound.",
        ),
        Boundary(
            name="absolute error is small, second class wins",
            quantity=ABSOLUTE,
            event="small",
            along="second",
            begins=lambda first: first + jnp.log(2 / SMALL),
            not_before=lambda first: first + jnp.log(1 / (3 * SMALL)),
            where=lambda first, second: second >= max(first, 0.0),
            statement=r"\tfrac13 e^{x_t - x_k} \le \max_i\lvert\partial_i L\rvert \le 2e^{x_t - x_k}",
            source=r"$`2\sigma_t(1 - \sigma_t)`$ with $`\sigma_t`$ between a third of $`e^{x_t - x_k}`$ and all of it, "
            r"and $`1 - \sigma_t \ge \frac12`$.",
        ),
    ),
)


# --- Many classes ----------------------------------------------------------------------------------------------------


def many_classes(gap: Scalar, n: int) -> dict[str, Any]:
    """Logits (gap, 0, …, 0), and the second of n classes as the target."""
    places = jnp.arange(n)
    zero = jnp.zeros((n,), gap.dtype)
    return {
        "x": jnp.where(places == 0, gap, zero),
        "y": jnp.where(places == 1, jnp.ones((n,), gap.dtype), zero),
        "gap": gap,
        "n": n,
    }


def winner_target_other(gradient: Vector) -> Vector:
    """Three components that stand for all: the losers besides the target are alike. Two classes have no third."""
    return jnp.stack([gradient[0], gradient[1], gradient[-1]])


def _logarithms(gap: Scalar, n: int) -> tuple[Scalar, Scalar]:
    """Logarithms of the winner's output and of a loser's, n - 1 tied losers."""
    winner = -jnp.log1p((n - 1) * jnp.exp(-gap))
    return winner, winner - gap


def squared_error_many(gap: Scalar, n: int) -> tuple[Vector, Vector]:
    r"""Squared error, wrong, tied losers, as sums of positive terms but for one true zero, in logarithms.

    Returns:
        Signs, and logarithms of the absolute components of winner, target, and another loser.
    """
    m, s = _logarithms(gap, n)
    big, little, u = jnp.exp(m), jnp.exp(s), jnp.exp(-gap)
    winner = m + s + jnp.log(2 * big + (n - 2) * little - (n - 2) * big * jnp.expm1(-gap))
    target = s + jnp.log(big * (2 * big + (n - 2) * little) + (n - 2) * little * (big + (n - 1) * little))
    inside = (n - 1) * u**2 + 2 * u - 1
    other = s + 2 * m + jnp.log(jnp.abs(inside))
    sign = jnp.sign(inside)
    if n == 2:
        other, sign = target, -jnp.ones_like(gap)
    return jnp.stack([jnp.ones_like(gap), -jnp.ones_like(gap), sign]), jnp.stack([winner, target, other])


def cross_entropy_many(gap: Scalar, n: int) -> tuple[Vector, Vector]:
    r"""Cross entropy, wrong, tied losers: $(m, -(m + (n-2)\sigma), \sigma)$, in logarithms."""
    m, s = _logarithms(gap, n)
    target = jnp.log(jnp.exp(m) + (n - 2) * jnp.exp(s))
    one = jnp.ones_like(gap)
    if n == 2:
        return jnp.stack([one, -one, -one]), jnp.stack([m, target, target])
    return jnp.stack([one, -one, one]), jnp.stack([m, target, s])


def absolute_error_many(gap: Scalar, n: int) -> tuple[Vector, Vector]:
    r"""Absolute error, wrong, tied losers: $2\sigma$ times the gradient of cross entropy, in logarithms."""
    sign, log = cross_entropy_many(gap, n)
    _, s = _logarithms(gap, n)
    return sign, log + s + jnp.log(2.0)


_MANY_NAMES: Final = ("winner", "target", "another loser")
MANY_CLASSES = Map(
    id="vanishing.many-classes",
    title="Logit gap by number of classes, losers tied, wrong prediction",
    axes=(
        Axis(name="gap", values=(*spaced(0.0, 60.0, 31), *spaced(64.0, 800.0, 24)), unit="nats", label="logit gap"),
        Axis(
            name="n",
            values=(2, 3, 10, 100, 1000, 10_000, 100_000),
            label="number of classes",
            static=True,
        ),
    ),
    point=many_classes,
    quantities={
        SQUARED: Quantity(
            fn=half_squared_error,
            wrt="x",
            pick=winner_target_other,
            stable=squared_error_many,
            names=_MANY_NAMES,
        ),
        CROSS: Quantity(
            fn=cross_entropy, wrt="x", pick=winner_target_other, stable=cross_entropy_many, names=_MANY_NAMES
        ),
        ABSOLUTE: Quantity(
            fn=absolute_error, wrt="x", pick=winner_target_other, stable=absolute_error_many, names=_MANY_NAMES
        ),
    },
    formats=("float64", "float32"),
    small=SMALL,
    source=_VANISH,
    note=cleandoc(r"""
        More classes shift the boundary by $`\ln n`$ nats: a gap counts as large only beside that. From a thousand
        classes on, squared error is small at every gap, also at 0, where every output is $`1/n`$.
        """),
    boundaries=(
        Boundary(
            name="squared error is small",
            quantity=SQUARED,
            event="small",
            along="gap",
            begins=lambda n: jnp.log(n / SMALL),
            not_before=lambda n: jnp.log(n) - jnp.log((1 - jnp.sqrt(1 - 14 * SMALL)) / 7),
            where=lambda n: n <= 100,
            statement=r"nu\left(1 - \tfrac72 nu\right) \le \partial_k L \le nu, \quad u = e^{-g}",
            source=r"$`\partial_k L = m^2\sigma(2 + (n-2)(1-u)) + \ldots`$ with $`m \ge (1 + nu)^{-1}`$.",
        ),
        Boundary(
            name="squared error is 0",
            quantity=SQUARED,
            event="zero",
            along="gap",
            begins=flushed,
            statement=r"g \ge \ln(2^{-e_{\min}} - 1)",
            source="Every loser's output is flushed to zero, for any number of classes.",
        ),
        Boundary(
            name="cross entropy is never small",
            quantity=CROSS,
            event="small",
            along="gap",
            begins=lambda: float("inf"),
            statement=r"-\partial_t L = 1 - \sigma_t \ge \tfrac12",
            source="The target has not the largest output.",
        ),
        Boundary(
            name="cross entropy keeps digits",
            quantity=CROSS,
            event="lost",
            along="gap",
            begins=lambda: float("inf"),
            statement=r"-\partial_t L = 1 - \sigma_t",
            source="The target's component is close to one.",
        ),
    ),
)


# --- Seventeen losses ------------------------------------------------------------------------------------------------


def losing_output(gap: Scalar) -> Scalar:
    r"""The small one of two outputs, $p = 1/(1 + e^g)$."""
    return 1 / (1 + jnp.exp(gap))


def smoothed_tenth(x: Vector, y: Vector) -> Scalar:
    """Cross entropy with an eighth of the target spread over both classes."""
    return smoothed_cross_entropy(x, y, jnp.full((), 0.125, x.dtype))


def generalised_half(x: Vector, y: Vector) -> Scalar:
    """Generalised cross entropy with exponent one half."""
    return generalised_cross_entropy(x, y, jnp.full((), 0.5, x.dtype))


def divergence_to_soft_target(x: Vector, y: Vector) -> Scalar:
    """Divergence of the outputs from the target (3/4, 1/4) instead of (1, 0): it has to be positive."""
    return divergence_from_outputs(x, (1 + 2 * y) / 4)


Side = tuple[str, Callable[[Any, Any], Any], Callable[[Any, Any], Any]]
# For each loss the size of both slopes at two classes, wrong and right: in words, from below and from above, in the
# small output p and the gap g. Each follows from sigma_1 sigma_2 |gamma_1 - gamma_2|, gamma the slopes by the outputs.
LOSSES: Final[dict[str, tuple[Callable[..., Any], Side, Side]]] = {
    CROSS: (
        cross_entropy,
        ("1", lambda p, g: 1 - 2 * p, lambda p, g: 1.0),
        ("p", lambda p, g: p * (1 - p), lambda p, g: p * (1 + p)),
    ),
    "label-smoothed cross entropy": (
        smoothed_tenth,
        (r"1 - \alpha/2", lambda p, g: 0.9375 - 2 * p, lambda p, g: 0.9375),
        (r"\alpha/2", lambda p, g: 0.0625 - 2 * p, lambda p, g: 0.0625),
    ),
    "one-vs-rest cross entropy": (
        one_vs_rest,
        ("2", lambda p, g: 2 - 3 * p, lambda p, g: 2.0),
        ("2p", lambda p, g: 2 * p * (1 - p), lambda p, g: 2 * p * (1 + p)),
    ),
    "focal loss": (
        focal,
        ("1", lambda p, g: 1 - 4 * p, lambda p, g: 1 + 2 * p * (g + 1)),
        ("3p^3", lambda p, g: 3 * p**3 * (1 - p), lambda p, g: 3 * p**3 * (1 + p)),
    ),
    "generalised cross entropy": (
        generalised_half,
        (r"\sqrt p", lambda p, g: jnp.sqrt(p) * (1 - 2 * p), lambda p, g: jnp.sqrt(p)),
        ("p", lambda p, g: p * (1 - p), lambda p, g: p),
    ),
    "Hellinger": (
        hellinger,
        (r"\tfrac12\sqrt p", lambda p, g: jnp.sqrt(p) * (1 - 2 * p) / 2, lambda p, g: jnp.sqrt(p) / 2),
        (r"\tfrac12 p", lambda p, g: p * (1 - p) / 2, lambda p, g: p / 2),
    ),
    "Jensen-Shannon": (
        jensen_shannon,
        (r"\tfrac12 p \ln\tfrac1p", lambda p, g: p * (1 - 2 * p) * g / 2, lambda p, g: p * (g + 1) / 2),
        (
            r"\tfrac12 p\ln 2",
            lambda p, g: p * (1 - 2 * p) * jnp.log(2.0) / 2,
            lambda p, g: p * (jnp.log(2.0) + p) / 2,
        ),
    ),
    "divergence from a soft target": (
        divergence_to_soft_target,
        (r"p \ln\tfrac1p", lambda p, g: p * (1 - 2 * p) * g, lambda p, g: p * (g + 2)),
        (r"p \ln\tfrac1p", lambda p, g: p * (1 - 2 * p) * (g - 2), lambda p, g: p * g),
    ),
    SQUARED: (
        half_squared_error,
        ("2p", lambda p, g: 2 * p * (1 - 3 * p), lambda p, g: 2 * p),
        ("2p^2", lambda p, g: 2 * p**2 * (1 - 2 * p), lambda p, g: 2 * p**2),
    ),
    "Brier score": (
        brier,
        ("4p", lambda p, g: 4 * p * (1 - 3 * p), lambda p, g: 4 * p),
        ("4p^2", lambda p, g: 4 * p**2 * (1 - 2 * p), lambda p, g: 4 * p**2),
    ),
    "cubic error": (
        cubic_error,
        ("2p", lambda p, g: 2 * p * (1 - 4 * p), lambda p, g: 2 * p),
        ("2p^3", lambda p, g: 2 * p**3 * (1 - 2 * p), lambda p, g: 2 * p**3),
    ),
    "Huber, threshold 3/8": (
        huber,
        (r"\tfrac34 p", lambda p, g: 0.75 * p * (1 - 2 * p), lambda p, g: 0.75 * p),
        ("2p^2", lambda p, g: 2 * p**2 * (1 - 2 * p), lambda p, g: 2 * p**2),
    ),
    ABSOLUTE: (
        absolute_error,
        ("2p", lambda p, g: 2 * p * (1 - 2 * p), lambda p, g: 2 * p),
        ("2p", lambda p, g: 2 * p * (1 - 2 * p), lambda p, g: 2 * p),
    ),
    "distance": (
        distance,
        (r"\sqrt2\,p", lambda p, g: jnp.sqrt(2.0) * p * (1 - 2 * p), lambda p, g: jnp.sqrt(2.0) * p),
        (r"\sqrt2\,p", lambda p, g: jnp.sqrt(2.0) * p * (1 - 2 * p), lambda p, g: jnp.sqrt(2.0) * p),
    ),
    "target's output": (
        negative_overlap,
        ("p", lambda p, g: p * (1 - 2 * p), lambda p, g: p),
        ("p", lambda p, g: p * (1 - 2 * p), lambda p, g: p),
    ),
    "hinge, margin one half": (
        hinge,
        ("2p", lambda p, g: 2 * p * (1 - 2 * p), lambda p, g: 2 * p),
        ("0", lambda p, g: 0.0, lambda p, g: 0.0),
    ),
    "spherical score": (
        spherical,
        ("p", lambda p, g: p * (1 - 2 * p), lambda p, g: p / (1 - p)),
        ("p^2", lambda p, g: p**2 * (1 - p), lambda p, g: p**2 / (1 - p) ** 2),
    ),
}
WRONG, RIGHT = 0.0, 1.0


def _rate(name: str, side: float, told: Side) -> Bounds:
    """The two-sided rate of one loss on one side."""
    words, low, high = told
    return Bounds(
        name=f"{name}, {'right' if side == RIGHT else 'wrong'}",
        quantity=name,
        low=lambda gap: low(losing_output(gap), gap),
        high=lambda gap: high(losing_output(gap), gap),
        where=lambda right: right == side,
        statement=words,
    )


SEVENTEEN = Map(
    id="vanishing.seventeen-losses",
    title="Seventeen losses by logit gap, two classes, wrong and right",
    axes=(
        Axis(name="gap", values=spaced(4.0, 80.0, 20), unit="nats", label="logit gap"),
        Axis(name="right", values=(WRONG, RIGHT), label="prediction", names=("wrong", "right")),
    ),
    point=lambda gap, right: {
        "x": jnp.stack([gap, jnp.zeros_like(gap)]),
        "y": jnp.stack([right, 1 - right]),
    },
    quantities={name: Quantity(fn=loss, wrt="x", names=("winner", "loser")) for name, (loss, _, _) in LOSSES.items()},
    small=SMALL,
    source=Source("Summary", "the remark on other losses", "sum-other"),
    note=cleandoc(r"""
        What a loss does to a confident wrong prediction is decided by its slope at an output near 0. Only losses whose
        slope grows like $`1/p`$ there keep the gradient alive; square roots of it come half way.
        """),
    boundaries=tuple(
        _rate(name, side, told)
        for name, (_, wrong, right) in LOSSES.items()
        for side, told in ((WRONG, wrong), (RIGHT, right))
    ),
)


# --- A layer that undoes it ------------------------------------------------------------------------------------------

LOG_LAYER = Map(
    id="vanishing.log-layer",
    title="A logarithm in front of the softmax: the gradient does not vanish",
    axes=(
        Axis(name="w", values=tuple(2.0**-k for k in range(110, -1, -1)), label="second input of the log layer"),
        Axis(name="right", values=(WRONG, RIGHT), label="prediction", names=("wrong", "right")),
    ),
    point=lambda w, right: {"u": jnp.stack([jnp.ones_like(w), w]), "y": jnp.stack([right, 1 - right])},
    quantities={SQUARED: Quantity(fn=log_layer_loss, wrt="u", names=("first", "second"))},
    formats=("float64", "float32"),
    small=SMALL,
    source=Source("Mean squared error loss + softmax", "the paragraph after the four limits", "net-any"),
    note=r"The logit gap is $`-\ln w`$: at the left end 76 nats, and the slope by the second input is $`-2`$ there.",
    boundaries=(
        Boundary(
            name="never small, wrong",
            quantity=SQUARED,
            event="small",
            along="w",
            begins=lambda: float("inf"),
            where=lambda right: right == WRONG,
            statement=r"\partial L/\partial u_2 = -2/(1 + w)^3 \le -\tfrac14",
            source="Softmax of a logarithm divides by a sum: the layer's slope $`1/w`$ undoes the decay.",
        ),
    ),
)
