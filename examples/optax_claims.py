"""Losses of Optax: gradients by hand."""

import itertools
from typing import Any

import jax
import jax.numpy as jnp
import optax

from verify import Claim, Derivative, Source, domain

LEFT_OUT = {
    "convex_kl_divergence": "another name of `generalized_kl_divergence`, which warns that it will go",
}

SIZES = {"n": (2, 3)}
LOGITS = {"x": domain.Logits("n"), "y": domain.Reals("n")}
REALS = {"x": domain.Reals("n"), "y": domain.Reals("n")}
LABELLED = {"x": domain.Reals("n"), "y": domain.Labels("", "n")}


def _claim(name: str, loss: Any, by_hand: Any, statement: str, given: Any = REALS, **more: Any) -> Claim:
    """The gradient of a loss by the predictions x; losses that come entry by entry are summed up."""
    return Claim(
        id=f"optax.{name.replace('_', '-')}",
        statement=statement,
        source=Source("optax.losses", more.pop("function", name)),
        autodiff=Derivative(loss, more.pop("kind", "gradient"), wrt=more.pop("wrt", "x")),
        by_hand=by_hand,
        domain=given,
        **{"sizes": SIZES, **more},
    )


def _softmax(x: Any) -> Any:
    e = jnp.exp(x - jnp.max(x, axis=-1, keepdims=True))
    return e / jnp.sum(e, axis=-1, keepdims=True)


def _sigmoid(x: Any) -> Any:
    return 1 / (1 + jnp.exp(-x))


def _one_hot(label: Any, x: Any) -> Any:
    return jnp.where(jnp.arange(x.shape[-1]) == label, 1.0, 0.0).astype(x.dtype)


def cross_entropy_gradient(x: Any, y: Any) -> Any:
    """(Σy) softmax(x) - y."""
    return jnp.sum(y) * _softmax(x) - y


def label_gradient(x: Any, y: Any) -> Any:
    """softmax(x) - e_y."""
    return _softmax(x) - _one_hot(y, x)


def poly_gradient(x: Any, y: Any) -> Any:
    """(Σy) σ - y - 2 σ (y - Σ y σ)."""
    s = _softmax(x)
    return jnp.sum(y) * s - y - 2 * s * (y - jnp.sum(y * s))


def binary_gradient(x: Any, y: Any) -> Any:
    """σ(x) - y."""
    return _sigmoid(x) - y


def huber_gradient(x: Any, y: Any) -> Any:
    """The residual, clipped to one."""
    return jnp.clip(x - y, -1.0, 1.0)


def log_cosh_gradient(x: Any, y: Any) -> Any:
    """tanh(x - y)."""
    up, down = jnp.exp(x - y), jnp.exp(y - x)
    return (up - down) / (up + down)


def kl_gradients(x: Any, y: Any) -> Any:
    """By the logarithms x: -y. By the targets y: log y + 1 - x."""
    return -y, jnp.log(y) + 1 - x


def kl_log_gradients(x: Any, y: Any) -> Any:
    """By x: -eʸ. By y: eʸ (y - x + 1)."""
    return -jnp.exp(y), jnp.exp(y) * (y - x + 1)


def generalized_kl_gradients(x: Any, y: Any) -> Any:
    """By x: eˣ - y. By y: log y - x."""
    return jnp.exp(x) - y, jnp.log(y) - x


def cosine_gradient(x: Any, y: Any) -> Any:
    """(ŷ - (x̂·ŷ) x̂) / ‖x‖, with unit vectors x̂ and ŷ."""
    size = jnp.sqrt(jnp.sum(x * x))
    u, v = x / size, y / jnp.sqrt(jnp.sum(y * y))
    return (v - jnp.sum(u * v) * u) / size


def hinge_gradient(x: Any, y: Any) -> Any:
    """-y where xy < 1."""
    return jnp.where(x * y < 1, -y, 0.0)


def perceptron_gradient(x: Any, y: Any) -> Any:
    """-y where xy < 0."""
    return jnp.where(x * y < 0, -y, 0.0)


def _winner(z: Any) -> Any:
    """One at the largest entry, which stands alone off ties."""
    others = z[None, :] > z[:, None]
    return jnp.where(jnp.any(others, axis=1), 0.0, 1.0).astype(z.dtype)


def multiclass_hinge_gradient(x: Any, y: Any) -> Any:
    """e_j - e_y, with j the largest entry of x + 1 - e_y."""
    return _winner(x + 1 - _one_hot(y, x)) - _one_hot(y, x)


def multiclass_perceptron_gradient(x: Any, y: Any) -> Any:
    """e_j - e_y, with j the largest entry of x."""
    return _winner(x) - _one_hot(y, x)


def sparsemax_gradient(x: Any, y: Any) -> Any:
    """Slope s clip((s x + 1)/2, 0, 1), with s = 1 - 2y."""
    s = (1 - 2 * y).astype(x.dtype)
    return s * jnp.clip((s * x + 1) / 2, 0.0, 1.0)


def focal_gradient(x: Any, y: Any) -> Any:
    """Slope m (m (p - y) + 2 c (1 - 2y) p (1 - p)), with p = σ(x), m = (1 - y) p + y (1 - p), c the cross entropy."""
    p = _sigmoid(x)
    miss = (1 - y) * p + y * (1 - p)
    cross = y * jnp.log(1 + jnp.exp(-x)) + (1 - y) * jnp.log(1 + jnp.exp(x))
    return miss * (miss * (p - y) + 2 * cross * (1 - 2 * y) * p * (1 - p))


def multiclass_sparsemax_gradient(x: Any, y: Any) -> Any:
    """max(x - τ, 0) - e_y, with τ the largest of (Σ_S x - 1)/|S| over all sets S of classes."""
    classes = range(x.shape[0])
    sets = [each for size in classes for each in itertools.combinations(classes, size + 1)]
    level = (sum(x[place] for place in sets[0]) - 1) / len(sets[0])
    for each in sets[1:]:
        level = jnp.maximum(level, (sum(x[place] for place in each) - 1) / len(each))
    return jnp.maximum(x - level, 0.0) - _one_hot(y, x)


def ctc(x: Any, y: Any) -> Any:
    """The loss of one sequence, without padding."""
    pads = jnp.zeros((1, x.shape[0]), x.dtype), jnp.zeros((1, y.shape[0]), x.dtype)
    return optax.losses.ctc_loss(x[None], pads[0], y[None], pads[1])[0]


def ctc_ending_in_label(x: Any, y: Any) -> Any:
    """-log of the probability of all alignments whose last frame is the last label."""
    pads = jnp.zeros((1, x.shape[0]), x.dtype), jnp.zeros((1, y.shape[0]), x.dtype)
    return -optax.losses.ctc_loss_with_forward_probs(x[None], pads[0], y[None], pads[1])[2][-1, 0, -1]


def ctc_gradient(x: Any, y: Any, *, ends: tuple[int, ...] = (-1, -2)) -> Any:
    """By frame t and class k: p_t(k) less the share of alignments, by probability, that are at k in frame t.

    States are blank, label, blank, label, ..., blank. One stays, goes one on, or from a label past a blank to another
    label. With a the probability of all ways to a state, and b of all ways from it to an end, the share of a state is
    a b over the sum of a b.
    """
    frames, states = x.shape[0], 2 * y.shape[0] + 1
    p = _softmax(x)
    zero = jnp.zeros((), x.dtype)
    symbols = [_one_hot(y[each // 2] if each % 2 else 0, x) for each in range(states)]
    past = [
        jnp.where(y[each // 2] == y[each // 2 - 1], 0.0, 1.0).astype(x.dtype) if each % 2 and each > 1 else zero
        for each in range(states)
    ]
    seen = [[jnp.sum(p[t] * each) for each in symbols] for t in range(frames)]
    ways_to = [[seen[0][each] if each < 2 else zero for each in range(states)]]
    for t in range(1, frames):
        last = [zero, zero, *ways_to[-1]]
        ways_to.append(
            [seen[t][each] * (last[each + 2] + last[each + 1] + past[each] * last[each]) for each in range(states)]
        )
    last = [zero + 1 if each - states in ends else zero for each in range(states)]
    ways_from = [last]
    for t in range(frames - 1, 0, -1):
        on = [*(seen[t][each] * last[each] for each in range(states)), zero, zero]
        over = [*past, zero, zero]
        last = [on[each] + on[each + 1] + over[each + 2] * on[each + 2] for each in range(states)]
        ways_from.insert(0, last)
    total = sum(a * b for a, b in zip(ways_to[-1], ways_from[-1], strict=True))
    shares = [
        sum(a * b * each for a, b, each in zip(to, out, symbols, strict=True)) / total
        for to, out in zip(ways_to, ways_from, strict=True)
    ]
    return p - jnp.stack(shares)


def _dice_slope(p: Any, t: Any) -> Any:
    """By the outputs p, per class c, of 1 - (Σpt + 1)/(½ Σp + ½ Σt + 1): -(t D - N/2)/D²."""
    over = jnp.sum(p * t, axis=1, keepdims=True) + 1
    under = (jnp.sum(p, axis=1, keepdims=True) + jnp.sum(t, axis=1, keepdims=True)) / 2 + 1
    return -(t * under - over / 2) / under**2


def _through_softmax(p: Any, slope: Any) -> Any:
    """p_k (g_k - Σ_c g_c p_c)."""
    return p * (slope - jnp.sum(slope * p, axis=-1, keepdims=True))


def dice_gradient(x: Any, y: Any) -> Any:
    """Through the softmax, the mean over classes."""
    p = _softmax(x)
    return _through_softmax(p, _dice_slope(p, y) / x.shape[-1])


def generalized_dice_gradient(x: Any, y: Any) -> Any:
    """The same with classes weighted by 1/(frequency² + 1e-7), up to a common factor."""
    p = _softmax(x)
    weights = 1 / (jnp.sum(y, axis=(0, 1)) ** 2 + 1e-07)
    weights = weights / jnp.sum(weights)
    return _through_softmax(p, _dice_slope(p, y) * weights / x.shape[0])


def binary_dice_gradient(x: Any, y: Any) -> Any:
    """Through the logistic function."""
    p = _sigmoid(x)
    return _dice_slope(p, y) * p * (1 - p)


def smooth_labels_jacobian(y: Any, a: Any) -> Any:
    """By the labels: 1 - a on the diagonal. By a: 1/n - y."""
    n = y.shape[0]
    return jnp.diag(jnp.zeros_like(y) + (1 - a)), jnp.ones_like(y) / n - y


def triplet_gradient(x: Any, p: Any, q: Any) -> Any:
    """(x - p)/d(x, p) - (x - q)/d(x, q) while d(x, p) + 1 > d(x, q), where d² is the squared distance and 1e-6."""
    near, far = (jnp.sqrt(jnp.sum((x - each) ** 2) + 1e-6) for each in (p, q))
    return jnp.where(near - far + 1 > 0, (x - p) / near - (x - q) / far, 0.0)


def ntxent(x: Any) -> Any:
    """Three embeddings, of which the first two belong together."""
    return optax.losses.ntxent(x, jnp.array([0, 0, 1]), temperature=0.5)


def ntxent_gradient(x: Any) -> Any:
    """The loss is ½ Σ_i log(1 + exp(s_i2 - s_ij)) over i = 0, 1 and j = 1 - i, with s = 2 cos.

    Its slope by s_i2 is ½ σ(s_i2 - s_ij), by s_ij the opposite; that of cos(a, b) by a is (b̂ - cos â)/‖a‖. Lengths are
    at least √eps, and where that bound is in force, â does not turn and the second term goes.
    """
    least = jnp.finfo(x.dtype).eps
    squares = jnp.sum(x * x, axis=1)
    sizes = jnp.sqrt(jnp.maximum(squares, least))
    free = jnp.where(squares > least, 1.0, 0.0).astype(x.dtype)
    u = x / sizes[:, None]
    cos = u @ u.T
    found = jnp.zeros_like(x)
    for i in (0, 1):
        j = 1 - i
        w = _sigmoid(2 * (cos[i, 2] - cos[i, j]))  # ½ times the 2 of s
        for a, b, slope in ((i, 2, w), (2, i, w), (i, j, -w), (j, i, -w)):
            found = found.at[a].add(slope * (u[b] - free[a] * cos[a, b] * u[a]) / sizes[a])
    return found


_PAIRS = {"x": domain.Reals("n"), "y": domain.Positive("n")}
_CLASSES = {"x": domain.Reals("b p c"), "y": domain.OneHot("b p c")}
_CLASS_SIZES = [{"b": 1, "p": 2, "c": 2}, {"b": 2, "p": 1, "c": 3}]
_VECTORS = {"x": domain.Nonzero("n"), "y": domain.Nonzero("n")}
# Logits that are not far apart: a way that the program excludes weighs e^-100000 there, less than any that it counts.
_FRAMES = {"x": domain.Interval("t k", -8.0, 8.0), "y": domain.Labels("m", below=3)}
_FRAME_SIZES = [{"t": 3, "k": 3, "m": 2}]
losses = optax.losses

CLAIMS = [
    _claim(
        "softmax_cross_entropy",
        lambda x, y: losses.softmax_cross_entropy(x, y),
        cross_entropy_gradient,
        r"\nabla L = (\textstyle\sum y)\,\sigma - y",
        LOGITS,
    ),
    _claim(
        "softmax_cross_entropy_with_integer_labels",
        lambda x, y: losses.softmax_cross_entropy_with_integer_labels(x, y),
        label_gradient,
        r"\nabla L = \sigma - e_y",
        {"x": domain.Logits("n"), "y": domain.Labels("", "n")},
    ),
    _claim(
        "safe_softmax_cross_entropy",
        lambda x, y: losses.safe_softmax_cross_entropy(x, y),
        cross_entropy_gradient,
        r"\nabla L = (\textstyle\sum y)\,\sigma - y",
        LOGITS,
        custom_rules=True,
    ),
    _claim(
        "ranking_softmax_loss",
        lambda x, y: losses.ranking_softmax_loss(x, y),
        cross_entropy_gradient,
        r"\nabla L = (\textstyle\sum y)\,\sigma - y",
        LOGITS,
    ),
    _claim(
        "poly_loss_cross_entropy",
        lambda x, y: losses.poly_loss_cross_entropy(x, y),
        poly_gradient,
        r"\nabla L = (\textstyle\sum y)\,\sigma - y - 2 \sigma (y - \textstyle\sum y \sigma)",
        LOGITS,
    ),
    _claim(
        "make_fenchel_young_loss",
        lambda x, y: losses.make_fenchel_young_loss(jax.nn.logsumexp)(x, y),
        lambda x, y: _softmax(x) - y,
        r"\nabla L = \sigma - y",
        LOGITS,
    ),
    _claim(
        "sigmoid_binary_cross_entropy",
        lambda x, y: jnp.sum(losses.sigmoid_binary_cross_entropy(x, y)),
        binary_gradient,
        r"\nabla L = \sigma(x) - y",
        {"x": domain.Reals("n"), "y": domain.Interval("n", 0.0, 1.0)},
        custom_rules=True,
    ),
    _claim(
        "squared_error",
        lambda x, y: jnp.sum(losses.squared_error(x, y)),
        lambda x, y: 2 * (x - y),
        r"\nabla L = 2 (x - y)",
    ),
    _claim(
        "l2_loss",
        lambda x, y: jnp.sum(losses.l2_loss(x, y)),
        lambda x, y: x - y,
        r"\nabla L = x - y",
    ),
    _claim(
        "huber_loss",
        lambda x, y: jnp.sum(losses.huber_loss(x, y)),
        huber_gradient,
        r"\nabla L = \mathrm{clip}(x - y, -1, 1)",
    ),
    _claim(
        "log_cosh",
        lambda x, y: jnp.sum(losses.log_cosh(x, y)),
        log_cosh_gradient,
        r"\nabla L = \tanh(x - y)",
        custom_rules=True,
    ),
    _claim(
        "kl_divergence",
        lambda x, y: losses.kl_divergence(x, y),
        kl_gradients,
        r"\nabla_x = -y,\ \nabla_y = \log y + 1 - x",
        _PAIRS,
        wrt=("x", "y"),
    ),
    _claim(
        "kl_divergence_with_log_targets",
        lambda x, y: losses.kl_divergence_with_log_targets(x, y),
        kl_log_gradients,
        r"\nabla_x = -e^y,\ \nabla_y = e^y (y - x + 1)",
        wrt=("x", "y"),
    ),
    _claim(
        "generalized_kl_divergence",
        lambda x, y: losses.generalized_kl_divergence(x, y),
        generalized_kl_gradients,
        r"\nabla_x = e^x - y,\ \nabla_y = \log y - x",
        _PAIRS,
        wrt=("x", "y"),
    ),
    _claim(
        "cosine_similarity",
        lambda x, y: losses.cosine_similarity(x, y),
        cosine_gradient,
        r"\nabla = (\hat y - (\hat x \cdot \hat y) \hat x) / \lVert x\rVert",
        _VECTORS,
    ),
    _claim(
        "cosine_distance",
        lambda x, y: losses.cosine_distance(x, y),
        lambda x, y: -cosine_gradient(x, y),
        r"\nabla = ((\hat x \cdot \hat y) \hat x - \hat y) / \lVert x\rVert",
        _VECTORS,
    ),
    _claim(
        "hinge_loss",
        lambda x, y: jnp.sum(losses.hinge_loss(x, y)),
        hinge_gradient,
        r"\nabla L = -y\,[xy < 1]",
    ),
    _claim(
        "perceptron_loss",
        lambda x, y: jnp.sum(losses.perceptron_loss(x, y)),
        perceptron_gradient,
        r"\nabla L = -y\,[xy < 0]",
    ),
    _claim(
        "multiclass_hinge_loss",
        lambda x, y: losses.multiclass_hinge_loss(x, y),
        multiclass_hinge_gradient,
        r"\nabla L = e_j - e_y,\ j = \mathrm{argmax}(x + 1 - e_y)",
        LABELLED,
    ),
    _claim(
        "multiclass_perceptron_loss",
        lambda x, y: losses.multiclass_perceptron_loss(x, y),
        multiclass_perceptron_gradient,
        r"\nabla L = e_j - e_y,\ j = \mathrm{argmax}\,x",
        LABELLED,
    ),
    _claim(
        "sparsemax_loss",
        lambda x, y: jnp.sum(losses.sparsemax_loss(x, y)),
        sparsemax_gradient,
        r"\nabla L = s\,\mathrm{clip}((s x + 1)/2, 0, 1),\ s = 1 - 2y",
        {"x": domain.Reals("n"), "y": domain.Labels("n", 2)},
    ),
    _claim(
        "sigmoid_focal_loss",
        lambda x, y: jnp.sum(losses.sigmoid_focal_loss(x, y)),
        focal_gradient,
        r"\nabla L = m (m (p - y) + 2 c (1 - 2 y) p (1 - p))",
        {"x": domain.Reals("n"), "y": domain.Interval("n", 0.0, 1.0)},
        custom_rules=True,
    ),
    _claim(
        "multiclass_sparsemax_loss",
        lambda x, y: losses.multiclass_sparsemax_loss(x[None], y[None])[0],
        multiclass_sparsemax_gradient,
        r"\nabla L = \max(x - \tau, 0) - e_y",
        LABELLED,
        custom_rules=True,
    ),
    _claim(
        "ctc_loss",
        ctc,
        ctc_gradient,
        r"\partial_{t k} = p_t(k) - P(\text{at } k \text{ in frame } t \mid y)",
        _FRAMES,
        sizes=_FRAME_SIZES,
        custom_rules=True,
    ),
    _claim(
        "ctc_loss_with_forward_probs",
        ctc_ending_in_label,
        lambda x, y: ctc_gradient(x, y, ends=(-2,)),
        r"\partial_{t k} = p_t(k) - P(\text{at } k \text{ in frame } t \mid y, \text{the last frame a label})",
        _FRAMES,
        sizes=_FRAME_SIZES,
        custom_rules=True,
    ),
    _claim(
        "dice_loss",
        lambda x, y: jnp.sum(losses.dice_loss(x, y)),
        dice_gradient,
        r"\nabla L = p (g - \textstyle\sum g p),\ g = -(y D - N/2)/(c D^2)",
        _CLASSES,
        sizes=_CLASS_SIZES,
    ),
    _claim(
        "multiclass_generalized_dice_loss",
        lambda x, y: losses.multiclass_generalized_dice_loss(x, y),
        generalized_dice_gradient,
        r"\nabla L = p (g - \textstyle\sum g p),\ g = -w (y D - N/2)/(b D^2)",
        _CLASSES,
        sizes=_CLASS_SIZES,
    ),
    _claim(
        "binary_dice_loss",
        lambda x, y: jnp.sum(losses.binary_dice_loss(x, y)),
        binary_dice_gradient,
        r"\nabla L = -\frac{y D - N/2}{D^2}\,p (1 - p)",
        {"x": domain.Reals("b p"), "y": domain.Interval("b p", 0.0, 1.0)},
        sizes=[{"b": 1, "p": 2}, {"b": 2, "p": 3}],
    ),
    _claim(
        "smooth_labels",
        lambda y, a: losses.smooth_labels(y, a),
        smooth_labels_jacobian,
        r"\partial_y = (1 - a) \delta_{ij},\ \partial_a = 1/n - y",
        {"y": domain.Reals("n"), "a": domain.Interval("", 0.0, 1.0)},
        kind="jacobian",
        wrt=("y", "a"),
    ),
    _claim(
        "triplet_margin_loss",
        lambda x, p, q: losses.triplet_margin_loss(x, p, q),
        triplet_gradient,
        r"\nabla L = (x - p)/d(x, p) - (x - q)/d(x, q)\ \text{or}\ 0",
        {"x": domain.Reals("n"), "p": domain.Reals("n"), "q": domain.Reals("n")},
    ),
    _claim(
        "ntxent",
        ntxent,
        ntxent_gradient,
        r"\nabla L\ \text{of three embeddings, two of which belong together}",
        {"x": domain.Reals("3 n")},
        sizes={"n": (2,)},
    ),
]
