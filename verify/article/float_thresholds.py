r"""The first logit gap at which floats lose a softmax or its gradient, derived by hand for every format.

Logits are $(g, 0)$, and $u = e^{-g}$. JAX forms $\hat u = \mathrm{fl}(e^{-g})$, $\hat s = \mathrm{fl}(1 + \hat u)$ and
multiplies by $\mathrm{fl}(1/\hat s)$. A threshold is a claim about floats: the event happens at the first number of the
format at or above the real number, and not one number below. With $p$ bits and smallest normal number $2^{e_{\min}}$.
"""

from collections.abc import Callable
from typing import Any, Final

import jax
import jax.numpy as jnp

from verify.article.absolute_error import absolute_error
from verify.article.cross_entropy import cross_entropy, cross_entropy_literal
from verify.article.shapes import Scalar, Vector
from verify.article.softmax import probabilities, softmax_textbook
from verify.article.squared_error import half_squared_error
from verify.article.vanishing import complement_rounds, flushed, gone, rounds_to_one
from verify.claim import Source
from verify.maps import Threshold

_SOURCE: Final = Source("Mean squared error loss + softmax", "the paragraph after the four limits", "mse-no-backprop")
Loss = Callable[[Vector, Vector], Scalar]


def logits(gap: Scalar) -> Vector:
    """(gap, 0)."""
    return jnp.stack([gap, jnp.zeros_like(gap)])


def _target(gap: Scalar, right: bool) -> Vector:
    one, zero = jnp.ones_like(gap), jnp.zeros_like(gap)
    return jnp.stack([one, zero] if right else [zero, one])


def outputs(gap: Scalar) -> Vector:
    """Softmax of (gap, 0)."""
    return probabilities(logits(gap))


def textbook(gap: Scalar) -> Vector:
    """The formula without a shift."""
    return softmax_textbook(logits(gap))


def gradient(loss: Loss, right: bool) -> Callable[[Scalar], Vector]:
    """JAX's gradient of a loss by both logits."""

    def at(gap: Scalar) -> Vector:
        """The gradient at (gap, 0)."""
        return jax.grad(loss)(logits(gap), _target(gap, right))

    return at


def value(loss: Loss, right: bool) -> Callable[[Scalar], Scalar]:
    """A loss."""

    def at(gap: Scalar) -> Scalar:
        """The loss at (gap, 0)."""
        return loss(logits(gap), _target(gap, right))

    return at


# --- Real numbers, by hand -------------------------------------------------------------------------------------------


def loser_is_zero(p: Any, emin: Any, flushes: Any) -> Any:
    r"""$\ln(2^{-e_{\min}} - 1)$ where subnormals are flushed, $\ln(2^{p - e_{\min}} - 1)$ where they are kept."""
    return jnp.where(flushes > 0, flushed(emin), gone(p, emin))


def square_is_zero(p: Any, emin: Any, flushes: Any) -> Any:
    r"""$\hat u^2$ is 0: half of $-e_{\min}\ln2$, or of $(p - e_{\min})\ln 2$."""
    return jnp.where(flushes > 0, -emin, p - emin) * jnp.log(2.0) / 2


def inverse_overflows(emin: Any, flushes: Any) -> Any:
    r"""The loser is flushed; in float16 $1/\hat\sigma_2$ overflows before, from $256 \cdot 2^{-24}$ on."""
    return jnp.where(flushes > 0, flushed(emin), jnp.log(2.0**24 / 256.5 - 1))


def exponential_overflows(p: Any, emin: Any) -> Any:
    r"""$e^g$ rounds to infinity: $\ln(2^{e_{\max}}(2 - 2^{-p}))$ with $e_{\max} = 1 - e_{\min}$."""
    return (1 - emin) * jnp.log(2.0) + jnp.log(2 - jnp.exp(-p * jnp.log(2.0)))


def reciprocal_flushed(emin: Any) -> Any:
    r"""$1/e^g$ is below the smallest normal number."""
    return -emin * jnp.log(2.0)


_ROUNDS, _COMPLEMENT = r"p\ln 2 - \ln(1 + 2^{-p})", r"(p + 1)\ln 2"
_ZERO = r"\ln(2^{-e_{\min}} - 1), \text{ or } \ln(2^{p - e_{\min}} - 1) \text{ where subnormal numbers are kept}"
_SQUARE = r"-\tfrac12 e_{\min}\ln 2, \text{ or } \tfrac12 (p - e_{\min})\ln 2 \text{ where subnormal numbers are kept}"
_INVERSE = r"\ln(2^{-e_{\min}} - 1), \text{ float16 } \ln(2^{24}/256.5 - 1)"


def _is_zero(place: int) -> Callable[[Any], bool]:
    return lambda found: found[place] == 0


def _not_finite(found: Any) -> bool:
    # What is not a number differs from itself.
    return bool((found != found).any() or (abs(found) == float("inf")).any())


def _of(
    id_: str, title: str, fn: Callable[..., Any], event: Callable[[Any], bool], begins: Callable[..., Any], latex: str
) -> Threshold:
    return Threshold(id=id_, title=title, fn=fn, event=event, begins=begins, statement=latex, source=_SOURCE)


SOFTMAX = [
    _of(
        "threshold.softmax.winner-is-one",
        "The winner's output is 1",
        outputs,
        lambda found: found[0] == 1,
        rounds_to_one,
        _ROUNDS,
    ),
    _of("threshold.softmax.loser-is-zero", "The loser's output is 0", outputs, _is_zero(1), loser_is_zero, _ZERO),
    _of(
        "threshold.textbook.not-a-number",
        "Without the shift: not a number",
        textbook,
        lambda found: bool((found != found).any()),
        exponential_overflows,
        r"\ln(2^{e_{\max}}(2 - 2^{-p}))",
    ),
    Threshold(
        id="threshold.textbook.both-zero",
        title="Without the shift: both outputs are 0",
        fn=textbook,
        event=lambda found: bool((found == 0).all()),
        begins=reciprocal_flushed,
        formats=("float64", "float32", "bfloat16"),
        statement=r"-e_{\min}\ln 2",
        source=_SOURCE,
    ),
]

GRADIENTS = [
    _of(
        f"threshold.{name}.{side}.{component}-is-zero",
        f"{words}, {side}: the component of the {component} is 0",
        gradient(loss, side == "right"),
        _is_zero(0 if component == "winner" else 1),
        begins,
        latex,
    )
    for name, words, loss, side, component, begins, latex in (
        ("squared-error", "Squared error", half_squared_error, "wrong", "winner", complement_rounds, _COMPLEMENT),
        ("squared-error", "Squared error", half_squared_error, "wrong", "target", loser_is_zero, _ZERO),
        ("squared-error", "Squared error", half_squared_error, "right", "winner", square_is_zero, _SQUARE),
        ("squared-error", "Squared error", half_squared_error, "right", "loser", square_is_zero, _SQUARE),
        ("absolute-error", "Absolute error", absolute_error, "wrong", "winner", complement_rounds, _COMPLEMENT),
        ("absolute-error", "Absolute error", absolute_error, "wrong", "target", loser_is_zero, _ZERO),
        ("absolute-error", "Absolute error", absolute_error, "right", "winner", rounds_to_one, _ROUNDS),
        ("absolute-error", "Absolute error", absolute_error, "right", "loser", rounds_to_one, _ROUNDS),
        ("cross-entropy", "Cross entropy", cross_entropy, "right", "winner", rounds_to_one, _ROUNDS),
        ("cross-entropy", "Cross entropy", cross_entropy, "right", "loser", loser_is_zero, _ZERO),
    )
]

LITERAL = [
    _of(
        "threshold.cross-entropy-as-written.wrong.loss-is-infinite",
        "Cross entropy as written, wrong: the loss is infinite",
        value(cross_entropy_literal, False),
        _not_finite,
        loser_is_zero,
        _ZERO,
    ),
    _of(
        "threshold.cross-entropy-as-written.right.loss-is-not-a-number",
        "Cross entropy as written, right: the loss is not a number",
        value(cross_entropy_literal, True),
        _not_finite,
        loser_is_zero,
        _ZERO,
    ),
    _of(
        "threshold.cross-entropy-as-written.wrong.gradient-is-not-finite",
        "Cross entropy as written, wrong: the gradient is not finite",
        gradient(cross_entropy_literal, False),
        _not_finite,
        inverse_overflows,
        _INVERSE,
    ),
    *(
        _of(
            f"threshold.cross-entropy-as-written.right.{component}-is-not-a-number",
            f"Cross entropy as written, right: the component of the {component} is not a number",
            gradient(cross_entropy_literal, True),
            lambda found, place=place: bool(found[place] != found[place]),
            loser_is_zero,
            _ZERO,
        )
        for place, component in enumerate(("winner", "loser"))
    ),
]
