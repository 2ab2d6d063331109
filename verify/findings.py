"""What a user of JAX may meet, found by this package: claims whose promise of accuracy is expected to be broken.

Each claim says two things: that JAX's derivative, or value, is a formula, which holds over the reals, and how near to
that formula JAX's floats come, which they do not. A version of JAX that mends one makes a run over this module say so,
and exit with 1. `verify run verify.findings` decides them.
"""

from typing import Any, Final

import jax
import jax.numpy as jnp

from verify.claim import Claim, Derivative, Finding, Source, Thread
from verify.domain import Constant, Reals

TITLE = "Findings in JAX"
SEEN: Final = "0.10.2 (measured, CPU)"
SINCE: Final = "0.9.2 (reported), 0.10.2 (measured, CPU)"
HERE: Final = Source("findings")
# A promise of one digit: an error of a sixteenth of the value, in units in the last place of its format.
SIXTEENTH: Final = {"float64": 2.0**48, "float32": 2.0**19}


def _thread(number: int, title: str, state: str, kind: str = "issues") -> Thread:
    return Thread(url=f"https://github.com/jax-ml/jax/{kind}/{number}", title=title, state=state)


PLAIN: Final = "import jax, jax.numpy as jnp\n\n"
X64: Final = PLAIN + 'jax.config.update("jax_enable_x64", True)\n'

# --- defects of the library or the compiler ------------------------------------------------------------------------


def second_partial_sum(x: Any) -> Any:
    """x_0 + x_1, by a cumulative sum."""
    return jnp.cumsum(x)[1]


def two_ones(x: Any) -> Any:
    """(1, 1, 0)."""
    return (jnp.arange(x.shape[0]) < 2).astype(x.dtype)


CUMSUM = Claim(
    id="finding.cumsum-compiled",
    statement=r"\partial (x_0 + x_1) / \partial x = (1, 1, 0)",
    source=HERE,
    autodiff=Derivative(second_partial_sum, "gradient", "x"),
    by_hand=two_ones,
    domain={"x": Reals("3")},
    within={"float64": 0},
    expect_floats="outside",
    finding=Finding(
        title="`jacrev` of the middle entry of a cumulative sum is wrong when it is compiled",
        kind="defect",
        versions=SEEN,
        reproducer=PLAIN + "f = lambda x: jnp.cumsum(x)[1]\n"
        "x = jnp.ones(3)\n"
        "print(jax.jit(jax.jacrev(f))(x), jax.jacrev(f)(x))",
        prints="[1. 1. 1.] [1. 1. 0.]; the second is right",
        meanwhile="Of the sums of 2 to 8 entries, it is those of 3, 5 and 7, and their middle entry alone. `jax.grad` "
        "and `jacfwd` are right, compiled too.",
    ),
)


def softmax_jacobian(x: Any) -> Any:
    """s_i (delta_ij - s_j)."""
    s = jax.nn.softmax(x)
    return s[:, None] * (jnp.eye(x.shape[0], dtype=x.dtype) - s[None, :])


SOFTMAX_16 = Claim(
    id="finding.softmax-float16",
    statement=r"\partial \sigma_i / \partial x_j = \sigma_i (\delta_{ij} - \sigma_j)",
    source=HERE,
    autodiff=Derivative(jax.nn.softmax, "jacobian", "x"),
    by_hand=softmax_jacobian,
    domain={"x": Constant([0.0] * 256)},
    within={"float16": 16},
    expect_floats="outside",
    finding=Finding(
        title="In float16 the Jacobian of a softmax over 256 near-equal logits, or more, is 0 off its diagonal",
        kind="defect",
        versions=SEEN,
        reproducer=PLAIN + "total = lambda x: jax.nn.softmax(x).sum()  # always 1\n"
        "for n in (255, 256):\n"
        "    print(n, jax.grad(total)(jnp.zeros(n, jnp.float16))[0])",
        prints="255 1.526e-05, 256 0.003906; the truth is 0, and 0.003906 is the whole of s_0",
        upstream=(
            _thread(
                40409,
                "jax.nn.log_softmax / jax.scipy.special.log_softmax gradient returns NaN on large float16 arrays "
                "despite finite forward pass",
                "open; the neighbour of it, no thread on this one was found",
            ),
        ),
        meanwhile="The derivative divides by the square of the sum, which overflows at 256². Compute in float32.",
    ),
)


def log_of_one_plus(x: Any) -> Any:
    """The same over the reals."""
    return jnp.log(1 + x)


LOG1P = Claim(
    id="finding.log1p-float64",
    statement=r"\operatorname{log1p} x = \log(1 + x)",
    source=HERE,
    autodiff=Derivative(jnp.log1p, "value"),
    by_hand=log_of_one_plus,
    domain={"x": Constant(-0.41421)},
    within={"float64": 4},
    expect_floats="outside",
    finding=Finding(
        title="In float64 `log1p` is off by up to 129 units in the last place near −0.414",
        kind="defect",
        versions=SEEN,
        reproducer=X64 + "print(jnp.log1p(-0.41421), jnp.log(1 - 0.41421))",
        prints="-0.5347939154067799 -0.534793915406794; the second is right to its last digit",
        upstream=(
            _thread(
                39707, "float64 `log1p` on CPU is up to 129 ulp off near x ≈ -0.414 (also affects `atanh`)", "open"
            ),
        ),
        meanwhile="Between −0.53 and −0.28, `log(1 + x)` is the better one.",
    ),
)


def by_exponentials(x: Any) -> Any:
    """1 - 2 / (e^(2 x) + 1), without cancellation where x is large."""
    return 1 - 2 / (jnp.exp(2 * x) + 1)


def slope_by_exponentials(x: Any) -> Any:
    """4 e^(-2 x) / (1 + e^(-2 x))^2."""
    e = jnp.exp(-2 * x)
    return 4 * e / (1 + e) ** 2


TANH = Claim(
    id="finding.tanh-float64",
    statement=r"\tanh x = 1 - 2 / (e^{2x} + 1)",
    source=HERE,
    autodiff=Derivative(jnp.tanh, "value"),
    by_hand=by_exponentials,
    domain={"x": Constant(19.0)},
    within={"float64": 4},
    expect_floats="outside",
    finding=Finding(
        title="In float64 `tanh` stands still at 1 − 7·2⁻⁵³ from about 17.5 to 20, and then jumps to 1",
        kind="defect",
        versions=SEEN,
        reproducer=X64 + "for x in (18.0, 19.0, 19.99, 20.0):\n    print(x, (1 - jnp.tanh(x)) * 2.0**53)",
        prints="18.0 7.0, 19.0 7.0, 19.99 7.0, 20.0 0.0; the truth rounds to 4, 1, 0, 0 units of 2⁻⁵³",
        meanwhile="What depends on 1 − tanh x is better computed as 2 / (e^(2x) + 1).",
    ),
)

TANH_SLOPE = Claim(
    id="finding.tanh-slope-float64",
    statement=r"\tanh' x = 4 e^{-2x} / (1 + e^{-2x})^2",
    source=HERE,
    autodiff=Derivative(jnp.tanh, "gradient", "x"),
    by_hand=slope_by_exponentials,
    domain={"x": Constant(19.0)},
    within={"float64": SIXTEENTH["float64"]},
    expect_floats="outside",
    finding=Finding(
        title="The derivative of `tanh` has a false floor in float64: 1.6e-15 until 20, and then 0",
        kind="defect",
        versions=SEEN,
        reproducer=X64 + "for x in (19.0, 19.99, 20.0):\n    print(x, jax.grad(jnp.tanh)(x))",
        prints="19.0 1.554e-15, 19.99 1.554e-15, 20.0 0.0; the truth is 1.26e-16, 1.73e-17, 1.70e-17",
        upstream=(
            _thread(
                40343,
                "`jax.numpy.tanh` default JVP loses finite float64 tail derivatives that JAX's highest-accuracy rule "
                "preserves",
                "closed",
            ),
            _thread(40388, "jax.nn.tanh gradient returns zero for saturated float32 input", "closed"),
        ),
        meanwhile="A map of vanishing gradients in float64 shows this floor, which is not the network's.",
    ),
)


def logistic(x: Any) -> Any:
    """1 / (1 + e^-x)."""
    return 1 / (1 + jnp.exp(-x))


SIGMOID_16 = Claim(
    id="finding.sigmoid-float16",
    statement=r"\operatorname{sigmoid} x = 1 / (1 + e^{-x})",
    source=HERE,
    autodiff=Derivative(jax.nn.sigmoid, "value"),
    by_hand=logistic,
    domain={"x": Constant(-11.125)},
    within={"float16": 4},
    expect_floats="outside",
    finding=Finding(
        title="In float16 `sigmoid` is 0 from −11.1 down, where the format still has 256 numbers",
        kind="defect",
        versions=SEEN,
        reproducer=PLAIN + "for x in (-11.0, -11.125):\n    print(x, jax.nn.sigmoid(jnp.float16(x)))",
        prints="-11.0 1.67e-05, -11.125 0.0; the second should be 1.474e-05, and numbers down to 5.96e-08 are there",
        meanwhile="Compute in float32 and cast. float16 keeps subnormal numbers elsewhere on the same CPU.",
    ),
)

# --- digits that the textbook's form loses ---------------------------------------------------------------------------


def first_probability(x: Any) -> Any:
    """The first entry of a softmax of two."""
    return jax.nn.softmax(x)[0]


def first_probability_gradient(x: Any) -> Any:
    """s_0 s_1 (1, -1)."""
    s = jax.nn.softmax(x)
    slope = s[0] * s[1]
    return jnp.stack([slope, -slope])


SOFTMAX_TAIL = Claim(
    id="finding.softmax-tail",
    statement=r"\partial \sigma_0 / \partial x = \sigma_0 \sigma_1 (1, -1)",
    source=HERE,
    autodiff=Derivative(first_probability, "gradient", "x"),
    by_hand=first_probability_gradient,
    domain={"x": Constant([40.0, 0.0])},
    within={"float64": SIXTEENTH["float64"], "float32": SIXTEENTH["float32"]},
    expect_floats="outside",
    finding=Finding(
        title="The derivative of a saturated softmax by its winner is 0, by the others it is right",
        kind="lost",
        versions=SINCE,
        reproducer=X64 + "print(jax.grad(lambda x: jax.nn.softmax(x)[0])(jnp.array([40.0, 0.0])))",
        prints="[0.0, -4.248e-18]; the first should be 4.248e-18",
        upstream=(
            _thread(
                40344,
                "`jax.nn.softmax` default JVP violates logit-translation invariance in a finite float64 tail",
                "open",
            ),
            _thread(40386, "jax.nn.softmax loses small finite float64 gradient component", "open"),
        ),
        meanwhile="The winner's entry is minus the sum of the others: the form over pairs keeps every digit.",
    ),
)


def first_surprise(x: Any) -> Any:
    """Cross entropy with the first of two classes as its target."""
    return -jax.nn.log_softmax(x)[0]


def first_surprise_gradient(x: Any) -> Any:
    """s_1 (-1, 1)."""
    s = jax.nn.softmax(x)
    return jnp.stack([-s[1], s[1]])


CROSS_TAIL = Claim(
    id="finding.log-softmax-tail",
    statement=r"-\partial \log \sigma_0 / \partial x = \sigma_1 (-1, 1)",
    source=HERE,
    autodiff=Derivative(first_surprise, "gradient", "x"),
    by_hand=first_surprise_gradient,
    domain={"x": Constant([40.0, 0.0])},
    within={"float64": SIXTEENTH["float64"], "float32": SIXTEENTH["float32"]},
    expect_floats="outside",
    finding=Finding(
        title="The gradient of cross entropy by the logit of a sure and right class is 0",
        kind="lost",
        versions=SINCE,
        reproducer=X64 + "print(jax.grad(lambda x: -jax.nn.log_softmax(x)[0])(jnp.array([40.0, 0.0])))",
        prints="[0.0, 4.248e-18]; the first should be -4.248e-18",
        upstream=(
            _thread(
                40344,
                "`jax.nn.softmax` default JVP violates logit-translation invariance in a finite float64 tail",
                "open",
            ),
            _thread(40384, "jax.nn.log_softmax loses small finite float64 gradient component", "open"),
            _thread(13529, "Numerical instability in jax.nn.log_softmax", "open"),
        ),
        meanwhile="Training does not need the entry; a sensitivity study takes minus the sum of the others.",
    ),
)


def logistic_slope(x: Any) -> Any:
    """e^-x / (1 + e^-x)^2."""
    e = jnp.exp(-x)
    return e / (1 + e) ** 2


SIGMOID_SLOPE = Claim(
    id="finding.sigmoid-slope",
    statement=r"\operatorname{sigmoid}' x = e^{-x} / (1 + e^{-x})^2",
    source=HERE,
    autodiff=Derivative(jax.nn.sigmoid, "gradient", "x"),
    by_hand=logistic_slope,
    domain={"x": Constant(40.0)},
    within={"float64": SIXTEENTH["float64"], "float32": SIXTEENTH["float32"]},
    expect_floats="outside",
    finding=Finding(
        title="The derivative of `sigmoid` is 0 at 40, where the truth is 4.2e-18; at −40 it is right",
        kind="lost",
        versions=SEEN,
        reproducer=X64 + "print(jax.grad(jax.nn.sigmoid)(40.0), jax.grad(jax.nn.sigmoid)(-40.0))",
        prints="0.0 4.248e-18; both should be 4.248e-18",
        upstream=(_thread(40385, "jax.nn.sigmoid gradient returns zero for large positive float64 input", "open"),),
        meanwhile="The derivative is even: take it at −|x|.",
    ),
)


def log_of_softmax(x: Any) -> Any:
    """Cross entropy written as the logarithm of a softmax."""
    return -jnp.log(jax.nn.softmax(x)[0])


LOG_OF_SOFTMAX = Claim(
    id="finding.log-of-softmax",
    statement=r"-\partial \log \sigma_0 / \partial x = \sigma_1 (-1, 1)",
    source=HERE,
    autodiff=Derivative(log_of_softmax, "gradient", "x"),
    by_hand=first_surprise_gradient,
    domain={"x": Constant([-120.0, 0.0])},
    within={"float32": SIXTEENTH["float32"]},
    expect_floats="outside",
    finding=Finding(
        title="Cross entropy written as the logarithm of a softmax has no gradient in float32 once a probability is 0",
        kind="lost",
        versions=SEEN,
        reproducer=PLAIN + "print(jax.grad(lambda x: -jnp.log(jax.nn.softmax(x)[0]))(jnp.array([-120.0, 0.0])))",
        prints="[nan nan]; it should be [-1, 1]",
        meanwhile="`jax.nn.log_softmax` is what to use: its gradient here is right.",
    ),
)

# --- conventions where there is no derivative ------------------------------------------------------------------------


ABSOLUTE = Claim(
    id="finding.abs-at-zero",
    statement=r"\lvert x \rvert' = \operatorname{sign} x",
    source=HERE,
    autodiff=Derivative(jnp.abs, "gradient", "x"),
    by_hand=jnp.sign,
    domain={"x": Reals("")},
    within={"float64": 0},
    expect_floats="outside",
    finding=Finding(
        title="`abs` has slope 1 at 0, where `sign` is 0",
        kind="convention",
        versions=SEEN,
        reproducer=PLAIN + "print(jax.grad(jnp.abs)(0.0), jnp.sign(0.0))",
        prints="1.0 0.0; any number from −1 to 1 is a subgradient",
        upstream=(
            _thread(
                37820, "`jax.grad(jnp.abs)(0.0)` returns `1.0` — inconsistent with `jnp.sign(0.0) = 0.0`", "closed"
            ),
        ),
        meanwhile="A saturated output meets its target exactly in floats, so that this decides gradients of L1 losses.",
    ),
)


def positive_part(x: Any) -> Any:
    """The larger of x and 0."""
    return jnp.maximum(x, 0)


def step(x: Any) -> Any:
    """1 for positive x, else 0."""
    return (x > 0).astype(x.dtype)


MAXIMUM = Claim(
    id="finding.maximum-at-tie",
    statement=r"\max(x, 0)' = [x > 0]",
    source=HERE,
    autodiff=Derivative(positive_part, "gradient", "x"),
    by_hand=step,
    domain={"x": Reals("")},
    within={"float64": 0},
    expect_floats="outside",
    finding=Finding(
        title="`maximum(x, 0)` has slope ½ at 0, `jax.nn.relu` has 0",
        kind="convention",
        versions=SEEN,
        reproducer=PLAIN + "print(jax.grad(lambda x: jnp.maximum(x, 0.0))(0.0), jax.grad(jax.nn.relu)(0.0))",
        prints="0.5 0.0; any number from 0 to 1 is a subgradient",
        upstream=(
            _thread(
                37821,
                "`jax.grad(lambda x: jnp.maximum(x, 0.0))(0.0)` returns `0.5` — deviates from standard ReLU gradient "
                "convention and from equivalent `jnp.where` formulation",
                "closed",
            ),
            _thread(2342, "improve jax.nn.relu differentiation", "merged", "pull"),
        ),
        meanwhile="Use `jax.nn.relu` where 0 is wanted.",
    ),
)


def largest(x: Any) -> Any:
    """The largest entry."""
    return jnp.max(x)


def first_of_maxima(x: Any) -> Any:
    """1 at the first of the largest entries."""
    return (jnp.arange(x.shape[0]) == jnp.argmax(x)).astype(x.dtype)


REDUCE_MAX = Claim(
    id="finding.max-of-ties",
    statement=r"\partial \max_i x_i / \partial x = e_{\operatorname{argmax} x}",
    source=HERE,
    autodiff=Derivative(largest, "gradient", "x"),
    by_hand=first_of_maxima,
    domain={"x": Reals("3")},
    within={"float64": 0},
    expect_floats="outside",
    finding=Finding(
        title="`max` shares its gradient among ties, `x[argmax(x)]` gives it to the first",
        kind="convention",
        versions=SEEN,
        reproducer=PLAIN + "x = jnp.zeros(3)\nprint(jax.grad(jnp.max)(x), jax.grad(lambda x: x[x.argmax()])(x))",
        prints="[0.3333 0.3333 0.3333] [1. 0. 0.]; both are subgradients",
        upstream=(
            _thread(
                13600, ".max() yields nan gradient despite individual values and gradients being nan-free", "closed"
            ),
        ),
        meanwhile="Shifts by a maximum are meant to have no gradient: `stop_gradient` says so.",
    ),
)
