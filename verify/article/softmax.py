r"""Softmax, its Jacobian, and what a large logit does to both.

Throughout, $\sigma_i = \sigma_i(x)$ is a function of all logits. `probabilities` is what users call and JAX
differentiates; `softmax` is the article's own code, for the sides derived by hand.
"""

from inspect import cleandoc

import jax
import jax.numpy as jnp

from verify import domain
from verify.article.shapes import MATRIX_SIZES, VECTOR_SIZES, Matrix, Scalar, Vector
from verify.claim import Claim, Derivative, Source, Status

# --- Definition -------------------------------------------------------------------------------------------------------


def probabilities(x: Vector) -> Vector:
    r"""Softmax as JAX's library has it: the program whose derivatives the article's formulas are held against.

    Args:
        x: logits in nats, finite.

    Returns:
        s[i] in (0, 1), dimensionless, summing to one.

    Source:
        ``jax.nn.softmax``.
    """
    return jax.nn.softmax(x)


def softmax(x: Vector) -> Vector:
    r"""Softmax of shifted logits, $\sigma_i = e^{x_i - \max x} / \sum_k e^{x_k - \max x}$, as in the article's code.

    Do not differentiate this one: its maximum stays in the derivative, which is undecided at ties of the maximum.

    Args:
        x: logits in nats, finite.

    Returns:
        s[i] in (0, 1), dimensionless, summing to one. No exponential overflows, since none exceeds one.

    Source:
        "Mean squared error loss + softmax", the Julia code.
    """
    x = x - jnp.max(x)
    return jnp.exp(x) / jnp.sum(jnp.exp(x))


def softmax_textbook(x: Vector) -> Vector:
    r"""Softmax by its definition, $\sigma_i = e^{x_i} / \sum_k e^{x_k}$.

    Args:
        x: logits in nats, finite.

    Returns:
        s[i] in (0, 1), dimensionless. In floats the exponentials overflow from about 709 nats (float64) on, and the
        quotient is then not a number.

    Source:
        "Softmax function", the definition, with the summation index renamed.
    """
    return jnp.exp(x) / jnp.sum(jnp.exp(x))


DEFINITION = Claim(
    id="softmax.definition",
    statement=r"\sigma_i(x) = \frac{e^{x_i}}{\sum_{k=1}^n e^{x_k}}",
    source=Source("Softmax function", "the definition", statement="sm-def"),
    derivation=cleandoc(r"""
        A definition, so there is nothing to derive; what is checked is that the library function is the function that
        the article defines, at every real $`x`$, however large. The library subtracts $`\max x`$ before it
        exponentiates:
        ```math
        \frac{e^{x_i - c}}{\sum_k e^{x_k - c}} = \frac{e^{-c}\,e^{x_i}}{e^{-c}\sum_k e^{x_k}}
        = \frac{e^{x_i}}{\sum_k e^{x_k}} .
        ```
        The article sums over the same letter that it leaves free, and writes $`\sigma(x_i)`$ as if one logit decided;
        read with another summation index, the definition is the usual one.
        """),
    autodiff=Derivative(probabilities, "value"),
    by_hand=softmax_textbook,
    domain={"x": domain.Logits("n")},
    sizes=VECTOR_SIZES,
    stable=softmax,
    note="In floats the literal definition overflows for large logits; the shifted one never does.",
)


def softmax_from_differences(x: Vector) -> Vector:
    r"""Softmax from differences of logits, $\sigma_i = 1 / \sum_k e^{x_k - x_i}$.

    Args:
        x: logits in nats, finite.

    Returns:
        s[i] in (0, 1), dimensionless.

    Source:
        "Softmax function", the definition divided through by its numerator.
    """
    return 1 / jnp.sum(jnp.exp(x[None, :] - x[:, None]), axis=1)


RECIPROCAL_SUM = Claim(
    id="softmax.reciprocal-sum",
    statement=r"\sigma_i(x) = \frac{1}{\sum_{k=1}^n e^{x_k - x_i}}",
    source=Source("Softmax function", "the definition", statement="sm-def"),
    derivation=cleandoc(r"""
        Divide numerator and denominator of the definition by $`e^{x_i}`$. Only differences of logits are left, which
        shows at once that adding the same number to every logit changes nothing.
        """),
    autodiff=Derivative(probabilities, "value"),
    by_hand=softmax_from_differences,
    domain={"x": domain.Logits("n")},
    sizes=MATRIX_SIZES,
)


def least_output(x: Vector) -> Vector:
    r"""A positive number below each output, $e^{x_i - \max x} / n$.

    Args:
        x: logits in nats, finite.

    Returns:
        One bound per output, dimensionless, attained where all logits are equal.

    Source:
        Beyond the article.
    """
    return jnp.exp(x - jnp.max(x)) / x.shape[0]


POSITIVE = Claim(
    id="softmax.positive",
    statement=r"\sigma_i(x) \ge \frac{1}{n}\,e^{x_i - \max_k x_k} > 0",
    source=Source("Softmax function", "the definition", statement="sm-def"),
    derivation=cleandoc(r"""
        After the shift by $`\max x`$ each of the $`n`$ terms of the denominator is at most 1, so the denominator is
        at most $`n`$. Equality holds where all logits are equal. The bound is positive: an output is never 0 at
        finite logits, it is only small.
        """),
    autodiff=Derivative(probabilities, "value"),
    by_hand=least_output,
    relation=">=",
    domain={"x": domain.Logits("n")},
    sizes=MATRIX_SIZES,
)


def outputs_sum(x: Vector) -> Scalar:
    r"""Sum of all outputs, $\sum_i \sigma_i$.

    Args:
        x: logits in nats, finite.

    Returns:
        The sum, dimensionless.

    Source:
        "Mean squared error loss + softmax", the remark in brackets on the sum of all terms.
    """
    return jnp.sum(probabilities(x))


def scalar_one(x: Vector) -> Scalar:
    """One, in the format of the logits.

    Args:
        x: logits in nats; only their format matters.

    Returns:
        1, dimensionless.

    Source:
        "Mean squared error loss + softmax", the remark in brackets on the sum of all terms.
    """
    return jnp.ones_like(x[0])


SUMS_TO_ONE = Claim(
    id="softmax.sums-to-one",
    statement=r"\sum_{i=1}^n \sigma_i(x) = 1",
    source=Source(
        "Mean squared error loss + softmax", "the remark in brackets on the sum of all terms", statement="sm-sum"
    ),
    derivation=cleandoc(r"""
        All outputs share one denominator, and their numerators add up to it: $`\sum_i e^{x_i} / \sum_k e^{x_k} = 1`$.
        """),
    autodiff=Derivative(outputs_sum, "value"),
    by_hand=scalar_one,
    domain={"x": domain.Logits("n")},
    sizes=VECTOR_SIZES,
)


def shifted_probabilities(x: Vector, c: Scalar) -> Vector:
    r"""Softmax of logits that were all moved by the same amount, $\sigma(x + c\mathbf 1)$.

    Args:
        x: logits in nats, finite.
        c: shift in nats.

    Returns:
        s[i] in (0, 1), dimensionless.

    Source:
        "Mean squared error loss + softmax", the Julia code, its first line.
    """
    return probabilities(x + c)


def unshifted_softmax(x: Vector, c: Scalar) -> Vector:
    r"""Softmax without the shift, $\sigma(x)$.

    Args:
        x: logits in nats, finite.
        c: shift in nats, not used.

    Returns:
        s[i] in (0, 1), dimensionless.

    Source:
        "Mean squared error loss + softmax", the Julia code, its first line.
    """
    return softmax(x)


SHIFT_INVARIANCE = Claim(
    id="softmax.shift-invariance",
    statement=r"\sigma(x + c\,\mathbf{1}) = \sigma(x)",
    source=Source("Mean squared error loss + softmax", "the Julia code, first line", statement="example-julia"),
    derivation=cleandoc(r"""
        The shift multiplies every exponential by $`e^{c}`$, numerator and denominator alike, and cancels. The article
        relies on this without saying so when its code subtracts the largest logit.
        """),
    autodiff=Derivative(shifted_probabilities, "value"),
    by_hand=unshifted_softmax,
    domain={"x": domain.Logits("n"), "c": domain.Reals("")},
    sizes=MATRIX_SIZES,
)

SHIFTED_CODE = Claim(
    id="softmax.shifted-code",
    statement=r"\frac{e^{x_i - \max x}}{\sum_k e^{x_k - \max x}} = \frac{e^{x_i}}{\sum_k e^{x_k}}",
    source=Source("Mean squared error loss + softmax", "the Julia code", statement="example-julia"),
    derivation=cleandoc(r"""
        Shift invariance with $`c = -\max x`$: the code computes the function of the definition, although it does not
        compute the formula of the definition. That the two differ in floats is the reason for the shift.
        """),
    autodiff=Derivative(softmax, "value"),
    by_hand=softmax_textbook,
    domain={"x": domain.Logits("n")},
    sizes=MATRIX_SIZES,
    note="Both sides are the article's: its code, and its definition.",
)

# --- Jacobian ---------------------------------------------------------------------------------------------------------


def quotient_rule(x: Vector) -> Matrix:
    r"""Jacobian by the quotient rule, $(\delta_{ij} e^{x_i} S - e^{x_i} e^{x_j}) / S^2$ with $S = \sum_k e^{x_k}$.

    Args:
        x: logits in nats, finite.

    Returns:
        J[i, j] = d softmax(x)[i] / d x[j], per nat. Overflows in floats where the literal definition does.

    Source:
        "Softmax function", the sentence on the quotient rule.
    """
    e = jnp.exp(x)
    total = jnp.sum(e)
    delta = jnp.eye(x.shape[0], dtype=x.dtype)
    return (delta * e[:, None] * total - e[:, None] * e[None, :]) / total**2


QUOTIENT_RULE = Claim(
    id="softmax.quotient-rule",
    statement=r"\frac{\partial \sigma_i}{\partial x_j} = \frac{\delta_{ij} e^{x_i} S - e^{x_i} e^{x_j}}{S^2},"
    r"\quad S = \sum_{k=1}^n e^{x_k}",
    source=Source("Softmax function", "the sentence on the quotient rule", statement="sm-quot"),
    derivation=cleandoc(r"""
        Numerator $`N = e^{x_i}`$ with $`\partial N / \partial x_j = \delta_{ij} e^{x_i}`$, denominator $`S`$ with
        $`\partial S / \partial x_j = e^{x_j}`$. The quotient rule $`(N'S - NS')/S^2`$ gives the display. Splitting
        the fraction leads to the Jacobian in terms of the outputs:
        ```math
        \delta_{ij}\frac{e^{x_i}}{S} - \frac{e^{x_i}}{S}\,\frac{e^{x_j}}{S} = \sigma_i(\delta_{ij} - \sigma_j) .
        ```
        """),
    autodiff=Derivative(softmax_textbook, "jacobian", wrt="x"),
    by_hand=quotient_rule,
    domain={"x": domain.Logits("n")},
    sizes=MATRIX_SIZES,
    note="Here JAX differentiates the literal definition, without the shift.",
)


def complement(s: Vector) -> Vector:
    r"""What is left for the other classes, $1 - \sigma_i = \sum_{j \ne i} \sigma_j$, as a sum in which nothing cancels.

    Args:
        s: softmax outputs, or anything that sums to one.

    Returns:
        One minus each entry, dimensionless, to full relative accuracy.

    Source:
        Beyond the article: the sum of all outputs is one.
    """
    other = 1 - jnp.eye(s.shape[0], dtype=s.dtype)
    return jnp.sum(other * s[None, :], axis=1)


def softmax_jacobian(x: Vector) -> Matrix:
    r"""Jacobian of softmax, $J_{ij} = \sigma_i (\delta_{ij} - \sigma_j)$.

    Args:
        x: logits in nats, finite.

    Returns:
        J[i, j] = d softmax(x)[i] / d x[j], per nat: symmetric, rows sum to zero. Near saturation the diagonal keeps
        no relative accuracy, since 1 - s[i] cancels; see `softmax_jacobian_stable`.

    Source:
        "Softmax function", the display after the definition.
    """
    s = softmax(x)
    return s[:, None] * (jnp.eye(x.shape[0], dtype=s.dtype) - s[None, :])


def softmax_jacobian_stable(x: Vector) -> Matrix:
    r"""Jacobian without cancellation, $J_{ij} = -\sigma_i \sigma_j$ and $J_{ii} = \sigma_i \sum_{j \ne i} \sigma_j$.

    Args:
        x: logits in nats, finite.

    Returns:
        J[i, j] = d softmax(x)[i] / d x[j], per nat, every entry to nearly full relative accuracy.

    Source:
        Beyond the article: the same Jacobian, with 1 - s[i] written as the sum of the other outputs.
    """
    s = softmax(x)
    delta = jnp.eye(x.shape[0], dtype=s.dtype)
    return delta * (s * complement(s))[:, None] - (1 - delta) * (s[:, None] * s[None, :])


JACOBIAN = Claim(
    id="softmax.jacobian",
    statement=r"\frac{\partial \sigma_i}{\partial x_j} = \sigma_i (\delta_{ij} - \sigma_j)",
    source=Source("Softmax function", "the display after the definition, first form", statement="sm-jac"),
    derivation=cleandoc(r"""
        Take logarithms first: $`\ln \sigma_i = x_i - \ln \sum_k e^{x_k}`$, so
        ```math
        \frac{\partial \ln \sigma_i}{\partial x_j}
        = \delta_{ij} - \frac{e^{x_j}}{\sum_k e^{x_k}} = \delta_{ij} - \sigma_j .
        ```
        Since $`\sigma_i > 0`$, $`\partial \sigma_i = \sigma_i\,\partial \ln \sigma_i`$, which is the formula. In
        matrices $`J = \operatorname{diag}(\sigma) - \sigma\sigma^{\top}`$.
        """),
    autodiff=Derivative(probabilities, "jacobian", wrt="x"),
    by_hand=softmax_jacobian,
    domain={"x": domain.Logits("n")},
    sizes=MATRIX_SIZES,
    stable=softmax_jacobian_stable,
)


def jacobian_diagonal(x: Vector) -> Vector:
    r"""JAX's derivative of each output by its own logit, $\partial \sigma_i / \partial x_i$.

    Args:
        x: logits in nats, finite.

    Returns:
        Diagonal of the Jacobian, per nat.

    Source:
        "Softmax function", the display after the definition, case of equal indices.
    """
    return jnp.diagonal(jax.jacfwd(probabilities)(x))


def diagonal_by_hand(x: Vector) -> Vector:
    r"""Derivative of each output by its own logit, $\sigma_i (1 - \sigma_i)$.

    Args:
        x: logits in nats, finite.

    Returns:
        Diagonal of the Jacobian, per nat.

    Source:
        "Softmax function", the display after the definition, case of equal indices.
    """
    s = softmax(x)
    return s * (1 - s)


def diagonal_stable(x: Vector) -> Vector:
    r"""Derivative of each output by its own logit, $\sigma_i \sum_{j \ne i} \sigma_j$.

    Args:
        x: logits in nats, finite.

    Returns:
        Diagonal of the Jacobian, per nat, to nearly full relative accuracy.

    Source:
        Beyond the article: 1 - s[i] written as the sum of the other outputs.
    """
    s = softmax(x)
    return s * complement(s)


JACOBIAN_DIAGONAL = Claim(
    id="softmax.jacobian-diagonal",
    statement=r"\frac{\partial \sigma_i}{\partial x_i} = \sigma_i (1 - \sigma_i)",
    source=Source("Softmax function", "the display after the definition, case i = j", statement="sm-jac-diag"),
    derivation=cleandoc(r"""
        With $`N = e^{x_i}`$ and $`S = \sum_k e^{x_k}`$ both numerator and denominator move with $`x_i`$:
        ```math
        \frac{\partial}{\partial x_i}\frac{N}{S} = \frac{NS - N \cdot N}{S^2}
        = \frac{N}{S}\Bigl(1 - \frac{N}{S}\Bigr) .
        ```
        It is checked apart from the other case, since errors of opposite sign could hide in a sum of both.
        """),
    autodiff=Derivative(jacobian_diagonal, "value"),
    by_hand=diagonal_by_hand,
    domain={"x": domain.Logits("n")},
    sizes=MATRIX_SIZES,
    stable=diagonal_stable,
)


def _off_diagonal(matrix: Matrix) -> Matrix:
    """Entries off the diagonal of a square matrix in reading order, as n - 1 rows of n.

    Without its first entry, the flattened matrix is n - 1 runs of n entries off the diagonal, each followed by one
    entry of the diagonal: a reshape finds them, no comparison of indices is needed.
    """
    n = matrix.shape[0]
    return jnp.reshape(jnp.ravel(matrix)[1:], (n - 1, n + 1))[:, :-1]


def jacobian_off_diagonal(x: Vector) -> Matrix:
    r"""JAX's derivatives of each output by the other logits, $\partial \sigma_i / \partial x_j$ for $i \ne j$.

    Args:
        x: logits in nats, finite.

    Returns:
        Entries of the Jacobian off its diagonal, per nat, in reading order as n - 1 rows of n.

    Source:
        "Softmax function", the display after the definition, case of different indices.
    """
    return _off_diagonal(jax.jacfwd(probabilities)(x))


def off_diagonal_by_hand(x: Vector) -> Matrix:
    r"""Derivatives of each output by the other logits, $-\sigma_i \sigma_j$ for $i \ne j$.

    Args:
        x: logits in nats, finite.

    Returns:
        Entries of the Jacobian off its diagonal, per nat, in reading order as n - 1 rows of n.

    Source:
        "Softmax function", the display after the definition, case of different indices.
    """
    s = softmax(x)
    return _off_diagonal(-s[:, None] * s[None, :])


JACOBIAN_OFF_DIAGONAL = Claim(
    id="softmax.jacobian-off-diagonal",
    statement=r"\frac{\partial \sigma_i}{\partial x_j} = -\sigma_i \sigma_j \quad (i \ne j)",
    source=Source("Softmax function", "the display after the definition, case i ≠ j", statement="sm-jac-off"),
    derivation=cleandoc(r"""
        The numerator $`N = e^{x_i}`$ does not depend on $`x_j`$, the denominator does, with
        $`\partial S / \partial x_j = e^{x_j}`$:
        ```math
        \frac{\partial}{\partial x_j}\frac{N}{S} = -\frac{N}{S^2}\,e^{x_j} = -\sigma_i \sigma_j .
        ```
        """),
    autodiff=Derivative(jacobian_off_diagonal, "value"),
    by_hand=off_diagonal_by_hand,
    domain={"x": domain.Logits("n")},
    sizes=MATRIX_SIZES,
)


def zero_off_diagonal(x: Vector) -> Matrix:
    """Derivatives of each output by the other logits, if an output depended on its own logit alone: zero.

    Args:
        x: logits in nats, finite.

    Returns:
        Zeros, n - 1 rows of n.

    Source:
        "Softmax function", the definition, its left-hand side taken literally.
    """
    return jnp.zeros((x.shape[0] - 1, x.shape[0]), dtype=x.dtype)


OWN_LOGIT_ONLY = Claim(
    id="softmax.function-of-one-logit",
    statement=r"\frac{\partial \sigma_i}{\partial x_j} = 0 \quad (i \ne j)",
    source=Source("Softmax function", "the definition, left-hand side", statement="sm-def"),
    derivation=cleandoc(r"""
        What $`\sigma(x_i)`$ would mean if it were taken literally: a function of the one number $`x_i`$, which no
        other logit could change. It is false everywhere, since $`-\sigma_i\sigma_j < 0`$; $`\sigma(x_i)`$ has to be
        read as $`\sigma_i(x)`$, which the article does from its next display on.
        """),
    autodiff=Derivative(jacobian_off_diagonal, "value"),
    by_hand=zero_off_diagonal,
    domain={"x": domain.Logits("n")},
    sizes=MATRIX_SIZES,
    expect=Status.FAILS,
    note="The notation of the article taken literally.",
)


def jacobian_column(x: Vector, v: Vector) -> Vector:
    r"""JAX's derivative of all outputs along a direction, $J v$: a column of the Jacobian for a one-hot direction.

    Args:
        x: logits in nats, finite.
        v: direction, one-hot for a column.

    Returns:
        J v, per nat.

    Source:
        "Mean squared error loss + softmax", the column vector of the outputs' derivatives.
    """
    return jax.jvp(probabilities, (x,), (v,))[1]


def column_by_hand(x: Vector, v: Vector) -> Vector:
    r"""Column of the Jacobian, $\partial\sigma / \partial x_j = \sigma \odot (e_j - \sigma_j \mathbf 1)$, $v = e_j$.

    Args:
        x: logits in nats, finite.
        v: one-hot at the column's index j.

    Returns:
        The column, one entry per output, per nat.

    Source:
        "Mean squared error loss + softmax", the column vector of the outputs' derivatives.
    """
    s = softmax(x)
    return s * (v - jnp.sum(v * s))


JACOBIAN_COLUMN = Claim(
    id="softmax.jacobian-column",
    statement=r"\frac{\partial \sigma}{\partial x_j} = \Bigl(\frac{\partial \sigma_1}{\partial x_j}, \dots,"
    r" \frac{\partial \sigma_n}{\partial x_j}\Bigr)^{\top} = \bigl(\sigma_i (\delta_{ij} - \sigma_j)\bigr)_{i=1}^n",
    source=Source(
        "Mean squared error loss + softmax", "the column vector in the display on the chain rule", statement="sm-jcol"
    ),
    derivation=cleandoc(r"""
        Column $`j`$ collects how all outputs move with one logit. It is the derivative in the direction $`e_j`$,
        $`J e_j = \operatorname{diag}(\sigma) e_j - \sigma (\sigma^{\top} e_j)`$, with entries
        $`\sigma_i\delta_{ij} - \sigma_i\sigma_j`$. The cross-entropy section repeats the same column.
        """),
    autodiff=Derivative(jacobian_column, "value"),
    by_hand=column_by_hand,
    domain={"x": domain.Logits("n"), "v": domain.OneHot("n")},
    sizes=MATRIX_SIZES,
    note="JAX pushes the one-hot direction forward (jvp).",
)


def jacobian_row_sums(x: Vector) -> Vector:
    r"""JAX's derivative of all outputs when every logit moves alike, $J \mathbf 1$.

    Args:
        x: logits in nats, finite.

    Returns:
        Row sums of the Jacobian, per nat.

    Source:
        "Softmax function", implied by the Jacobian.
    """
    return jax.jvp(probabilities, (x,), (jnp.ones_like(x),))[1]


def zero_vector(x: Vector) -> Vector:
    """Zero for every logit.

    Args:
        x: logits in nats; only their shape and format matter.

    Returns:
        Zeros.

    Source:
        "Softmax function", implied by the Jacobian.
    """
    return jnp.zeros_like(x)


JACOBIAN_KERNEL = Claim(
    id="softmax.jacobian-kernel",
    statement=r"J\,\mathbf{1} = 0",
    source=Source("Softmax function", "implied by the display after the definition", statement="sm-kernel"),
    derivation=cleandoc(r"""
        $`\sum_j \sigma_i(\delta_{ij} - \sigma_j) = \sigma_i (1 - \sum_j \sigma_j) = 0`$. It is shift invariance,
        differentiated: moving all logits together moves no output.
        """),
    autodiff=Derivative(jacobian_row_sums, "value"),
    by_hand=zero_vector,
    domain={"x": domain.Logits("n")},
    sizes=MATRIX_SIZES,
)

JACOBIAN_COLUMN_SUMS = Claim(
    id="softmax.jacobian-column-sums",
    statement=r"\frac{\partial}{\partial x_j} \sum_{i=1}^n \sigma_i = 0, \quad\text{that is}\quad"
    r" \mathbf{1}^{\top} J = 0",
    source=Source("Softmax function", "implied by the display after the definition", statement="sm-kernel"),
    derivation=cleandoc(r"""
        The outputs sum to 1 at every $`x`$, so the sum has derivative 0:
        $`\sum_i \sigma_i(\delta_{ij} - \sigma_j) = \sigma_j - \sigma_j \sum_i \sigma_i = 0`$.
        """),
    autodiff=Derivative(outputs_sum, "gradient", wrt="x"),
    by_hand=zero_vector,
    domain={"x": domain.Logits("n")},
    sizes=VECTOR_SIZES,
)


def jacobian_asymmetry(x: Vector) -> Matrix:
    r"""JAX's Jacobian less its transpose, $J - J^{\top}$.

    Args:
        x: logits in nats, finite.

    Returns:
        The difference, per nat.

    Source:
        "Softmax function", implied by the Jacobian.
    """
    jacobian = jax.jacfwd(probabilities)(x)
    return jacobian - jacobian.T


def zero_matrix(x: Vector) -> Matrix:
    """Zero for every pair of classes.

    Args:
        x: logits in nats; only their shape and format matter.

    Returns:
        Zeros, n rows of n.

    Source:
        "Softmax function", implied by the Jacobian.
    """
    return jnp.zeros((x.shape[0], x.shape[0]), dtype=x.dtype)


JACOBIAN_SYMMETRIC = Claim(
    id="softmax.jacobian-symmetric",
    statement=r"J = J^{\top}",
    source=Source("Softmax function", "implied by the display after the definition", statement="sm-jac"),
    derivation=cleandoc(r"""
        $`J = \operatorname{diag}(\sigma) - \sigma\sigma^{\top}`$ is a difference of two symmetric matrices. (It is
        the Hessian of $`\ln\sum_k e^{x_k}`$.) So no check of $`J`$ alone can tell its rows from its columns; only a
        composition with something that is not symmetric, such as a dense layer, shows a transposed layout.
        """),
    autodiff=Derivative(jacobian_asymmetry, "value"),
    by_hand=zero_matrix,
    domain={"x": domain.Logits("n")},
    sizes=MATRIX_SIZES,
)

# --- Any loss behind a softmax ----------------------------------------------------------------------------------------


def pull_back(s: Vector, gamma: Vector) -> Vector:
    r"""Gradient by logits from one by outputs, $J\gamma = \sigma \odot (\gamma - \langle\sigma, \gamma\rangle)$.

    Args:
        s: softmax outputs.
        gamma: dL/ds[i].

    Returns:
        dL/dx[i], per nat. Cancels where gamma[i] is close to its mean over the outputs.

    Source:
        "Mean squared error loss + softmax", the chain rule, for any loss.
    """
    return s * (gamma - jnp.sum(s * gamma))


def pull_back_pairwise(s: Vector, gamma: Vector) -> Vector:
    r"""Gradient by the logits as a sum over pairs, $\sigma_i \sum_{j \ne i} \sigma_j (\gamma_i - \gamma_j)$.

    Args:
        s: softmax outputs.
        gamma: dL/ds[i].

    Returns:
        dL/dx[i], per nat, as accurate as the differences of gamma.

    Source:
        Beyond the article: `pull_back` with gamma[i] multiplied by the sum of the outputs, which is one.
    """
    return s * jnp.sum(s[None, :] * (gamma[:, None] - gamma[None, :]), axis=1)


def residual_on_simplex(s: Vector, y: Vector) -> Vector:
    r"""Output error for a target that sums to one, $\sigma_i - y_i = \sum_j (\sigma_i y_j - \sigma_j y_i)$.

    Args:
        s: softmax outputs.
        y: target, summing to one.

    Returns:
        s - y; without cancellation where the target is one-hot, $-\sum_{j \ne t} \sigma_j$ at its index t.

    Source:
        Beyond the article: both sums are one.
    """
    return jnp.sum(s[:, None] * y[None, :] - s[None, :] * y[:, None], axis=1)


def weighted_output(x: Vector, w: Vector) -> Scalar:
    r"""Sum of outputs with fixed weights, $\langle w, \sigma(x) \rangle$: any loss, to first order in its outputs.

    Args:
        x: logits in nats, finite.
        w: dL/ds[i], held fixed.

    Returns:
        The weighted sum.

    Source:
        Beyond the article.
    """
    return jnp.sum(w * probabilities(x))


def any_loss_gradient(x: Vector, w: Vector) -> Vector:
    r"""Gradient by the logits of any loss, $\sigma_i (w_i - \langle\sigma, w\rangle)$, $w = \partial L/\partial\sigma$.

    Args:
        x: logits in nats, finite.
        w: dL/ds[i].

    Returns:
        dL/dx[i], per nat.

    Source:
        Beyond the article.
    """
    return pull_back(softmax(x), w)


def any_loss_gradient_pairwise(x: Vector, w: Vector) -> Vector:
    r"""Gradient by the logits of any loss as a sum over pairs, $\sigma_i \sum_{j \ne i} \sigma_j (w_i - w_j)$.

    Args:
        x: logits in nats, finite.
        w: dL/ds[i].

    Returns:
        dL/dx[i], per nat.

    Source:
        Beyond the article.
    """
    return pull_back_pairwise(softmax(x), w)


ANY_LOSS_GRADIENT = Claim(
    id="softmax.any-loss-gradient",
    statement=r"\frac{\partial L}{\partial x_i} = \sigma_i\,(w_i - \langle \sigma, w \rangle)"
    r" = \sigma_i \sum_{j \ne i} \sigma_j (w_i - w_j), \quad w = \frac{\partial L}{\partial \sigma}",
    source=Source("Beyond the article", "the chain rule for any loss"),
    derivation=cleandoc(r"""
        By the chain rule $`\nabla_x L = J^{\top} w = \operatorname{diag}(\sigma) w - \sigma (\sigma^{\top} w)`$. A
        loss enters only through $`w = \partial L / \partial \sigma`$, so it may be replaced by
        $`\langle w, \sigma \rangle`$ with $`w`$ held fixed. Since $`\sum_j \sigma_j = 1`$,
        ```math
        w_i - \sum_j \sigma_j w_j = \sum_j \sigma_j (w_i - w_j) ,
        ```
        a form in which adding a constant to $`w`$ drops out before anything is rounded.
        """),
    autodiff=Derivative(weighted_output, "gradient", wrt="x"),
    by_hand=any_loss_gradient,
    domain={"x": domain.Logits("n"), "w": domain.Reals("n")},
    sizes=VECTOR_SIZES,
    stable=any_loss_gradient_pairwise,
)


def any_loss_gradient_sum(x: Vector, w: Vector) -> Scalar:
    r"""Sum of JAX's gradient of any loss by the logits, $\sum_j \partial L / \partial x_j$.

    Args:
        x: logits in nats, finite.
        w: dL/ds[i], held fixed.

    Returns:
        The sum, per nat.

    Source:
        "Softmax function", implied by the Jacobian.
    """
    return jnp.sum(jax.grad(weighted_output)(x, w))


def scalar_zero(x: Vector, w: Vector) -> Scalar:
    """Zero, in the format of the logits.

    Args:
        x: logits in nats; only their format matters.
        w: not used.

    Returns:
        0.

    Source:
        "Softmax function", implied by the Jacobian.
    """
    return jnp.zeros_like(x[0])


ANY_LOSS_GRADIENT_SUM = Claim(
    id="softmax.any-loss-gradient-sum",
    statement=r"\sum_{j=1}^n \frac{\partial L}{\partial x_j} = 0",
    source=Source("Softmax function", "implied by the display after the definition", statement="sm-kernel"),
    derivation=cleandoc(r"""
        $`\mathbf{1}^{\top} \nabla_x L = \mathbf{1}^{\top} J w = (J \mathbf{1})^{\top} w = 0`$ for every loss that
        sees the logits only through the outputs, whatever $`w = \partial L/\partial\sigma`$ is.
        """),
    autodiff=Derivative(any_loss_gradient_sum, "value"),
    by_hand=scalar_zero,
    domain={"x": domain.Logits("n"), "w": domain.Reals("n")},
    sizes=MATRIX_SIZES,
    note="In floats the sum is only as close to zero as the winner's component is accurate.",
)

# --- Domination: one logit far above the others -----------------------------------------------------------------------


def runner_up_ratio(x: Vector) -> Scalar:
    r"""How far the runner-up lags behind the first logit, $u = e^{-g}$ with $g = x_1 - \max_{j \ge 2} x_j$.

    Args:
        x: logits in nats, the first at least as large as all others.

    Returns:
        u in (0, 1], dimensionless; 1 at a tie.

    Source:
        "Mean squared error loss + softmax", the paragraph on one large logit.
    """
    return jnp.exp(jnp.max(x[1:]) - x[0])


def outputs_besides_winner(x: Vector) -> Scalar:
    r"""What JAX's softmax leaves for all but the first class, $1 - \sigma_1 = \sum_{j \ge 2} \sigma_j$.

    Args:
        x: logits in nats, finite.

    Returns:
        The sum of all outputs but the first, dimensionless.

    Source:
        "Mean squared error loss + softmax", the paragraph on one large logit.
    """
    return jnp.sum(probabilities(x)[1:])


def domination_upper(x: Vector) -> Scalar:
    r"""Most that a gap can leave to the losers, $(n-1)u / (1 + (n-1)u)$ with $u = e^{-g}$.

    Args:
        x: logits in nats, the first at least as large as all others.

    Returns:
        Upper bound of the losers' sum, dimensionless, attained where all losers are tied.

    Source:
        Beyond the article: its "significantly larger" made a number.
    """
    rest = (x.shape[0] - 1) * runner_up_ratio(x)
    return rest / (1 + rest)


_DOMINATION = Source("Mean squared error loss + softmax", "the paragraph on one large logit", statement="sm-dom")

DOMINATION_UPPER = Claim(
    id="softmax.domination.losers-at-most",
    statement=r"1 - \sigma_1 \le \frac{(n-1)\,e^{-g}}{1 + (n-1)\,e^{-g}}, \quad g = x_1 - \max_{j \ge 2} x_j \ge 0",
    source=_DOMINATION,
    derivation=cleandoc(r"""
        Divide by $`e^{x_1}`$: with $`D = \sum_{j \ge 2} e^{x_j - x_1}`$ the losers' share is
        $`1 - \sigma_1 = D / (1 + D)`$, which grows with $`D`$. Each of the $`n - 1`$ terms of $`D`$ is at most
        $`e^{-g}`$, so $`D \le (n-1) e^{-g}`$, with equality where all losers are tied. "Significantly larger"
        therefore means a gap well above $`\ln(n - 1)`$.
        """),
    autodiff=Derivative(outputs_besides_winner, "value"),
    by_hand=domination_upper,
    relation="<=",
    domain={"x": domain.Saturated("n", winner=0, gap=0.0)},
    sizes=VECTOR_SIZES,
)


def domination_loose(x: Vector) -> Scalar:
    r"""Simple upper bound of what a gap leaves to the losers, $(n-1) e^{-g}$.

    Args:
        x: logits in nats, the first at least as large as all others.

    Returns:
        Upper bound of the losers' sum, dimensionless, never attained.

    Source:
        Beyond the article.
    """
    return (x.shape[0] - 1) * runner_up_ratio(x)


DOMINATION_LOOSE = Claim(
    id="softmax.domination.losers-at-most-exponential",
    statement=r"1 - \sigma_1 \le (n-1)\,e^{-g}",
    source=_DOMINATION,
    derivation=cleandoc(r"""
        From the sharper bound, whose denominator is above 1. At a fixed number of classes the losers' share falls at
        least like $`e^{-g}`$; the factor $`n - 1`$ cannot be left out.
        """),
    autodiff=Derivative(outputs_besides_winner, "value"),
    by_hand=domination_loose,
    relation="<=",
    domain={"x": domain.Saturated("n", winner=0, gap=0.0)},
    sizes=MATRIX_SIZES,
)

DOMINATION_WITHOUT_N = Claim(
    id="softmax.domination.without-number-of-classes",
    statement=r"1 - \sigma_1 \le e^{-g}",
    source=_DOMINATION,
    derivation=cleandoc(r"""
        What one would write down from the case of two classes. False from three classes on: with tied losers
        $`1 - \sigma_1 = (n-1)e^{-g} / (1 + (n-1)e^{-g})`$, which exceeds $`e^{-g}`$ as soon as
        $`(n-1)e^{-g} < n - 2`$.
        """),
    autodiff=Derivative(outputs_besides_winner, "value"),
    by_hand=runner_up_ratio,
    relation="<=",
    domain={"x": domain.Saturated("n", winner=0, gap=0.0)},
    sizes={"n": (3, 10)},
    expect=Status.FAILS,
    note="The gap alone does not bound the losers: their number counts.",
)


def single_loser(x: Vector) -> Scalar:
    r"""Share of one loser at the gap, $u / (1 + u)$ with $u = e^{-g}$.

    Args:
        x: logits in nats, the first at least as large as all others.

    Returns:
        The share, dimensionless, at most one half.

    Source:
        Beyond the article.
    """
    u = runner_up_ratio(x)
    return u / (1 + u)


DOMINATION_LOWER = Claim(
    id="softmax.domination.losers-at-least",
    statement=r"1 - \sigma_1 \ge \frac{e^{-g}}{1 + e^{-g}}",
    source=_DOMINATION,
    derivation=cleandoc(r"""
        As for the upper end, with $`D \ge e^{-g}`$, since the runner-up is one of the losers; equality where all
        other losers are infinitely far below, and at $`n = 2`$. So the losers' share is of the exact order
        $`e^{-g}`$, and never 0.
        """),
    autodiff=Derivative(outputs_besides_winner, "value"),
    by_hand=single_loser,
    relation=">=",
    domain={"x": domain.Saturated("n", winner=0, gap=0.0)},
    sizes=MATRIX_SIZES,
)


def loser_outputs(x: Vector) -> Vector:
    r"""Outputs of all classes but the first, $\sigma_j$ for $j \ge 2$.

    Args:
        x: logits in nats, finite.

    Returns:
        n - 1 outputs, dimensionless.

    Source:
        "Mean squared error loss + softmax", the paragraph on one large logit.
    """
    return probabilities(x)[1:]


def single_loser_each(x: Vector) -> Vector:
    r"""Most that one loser can have, $u / (1 + u)$ with $u = e^{-g}$, for each of them.

    Args:
        x: logits in nats, the first at least as large as all others.

    Returns:
        n - 1 times the same bound, dimensionless.

    Source:
        Beyond the article.
    """
    return single_loser(x) * jnp.ones_like(x[1:])


DOMINATION_EACH = Claim(
    id="softmax.domination.each-loser",
    statement=r"\sigma_j \le \frac{e^{-g}}{1 + e^{-g}} \quad (j \ge 2)",
    source=_DOMINATION,
    derivation=cleandoc(r"""
        $`\sigma_j = e^{x_j - x_1} \sigma_1 \le e^{-g} \sigma_1`$ and $`\sigma_1 \le 1 - \sigma_j`$, hence
        $`\sigma_j (1 + e^{-g}) \le e^{-g}`$. Here the number of classes does not matter.
        """),
    autodiff=Derivative(loser_outputs, "value"),
    by_hand=single_loser_each,
    relation="<=",
    domain={"x": domain.Saturated("n", winner=0, gap=0.0)},
    sizes=MATRIX_SIZES,
)

# --- The worked example -----------------------------------------------------------------------------------------------


def example_errors(x: Vector) -> Vector:
    """Outputs of the worked example less the decimals that the article prints.

    Args:
        x: the three logits of the example, in nats.

    Returns:
        Three differences, dimensionless.

    Source:
        "Mean squared error loss + softmax", the numerical example.
    """
    return probabilities(x) - example_printed(x)


def example_printed(x: Vector) -> Vector:
    """The decimals that the article prints for its worked example.

    Args:
        x: the three logits of the example; only their format matters.

    Returns:
        Three printed outputs, dimensionless.

    Source:
        "Mean squared error loss + softmax", the numerical example.
    """
    return jnp.array([0.00809, 0.983, 0.00894], dtype=x.dtype)


def example_half_units(x: Vector) -> Vector:
    """Half a unit of the third significant digit of each decimal that the article prints.

    Args:
        x: the three logits of the example; only their format matters.

    Returns:
        Three distances, dimensionless.

    Source:
        "Mean squared error loss + softmax", the numerical example.
    """
    return jnp.array([0.000005, 0.0005, 0.000005], dtype=x.dtype)


_EXAMPLE = Source("Mean squared error loss + softmax", "the numerical example", statement="example-3")

EXAMPLE_DIGITS = Claim(
    id="softmax.example.three-digits",
    statement=r"\bigl\lvert \sigma(0.2,\, 5,\, 0.3) - (0.00809,\, 0.983,\, 0.00894) \bigr\rvert"
    r" \le (0.000005,\, 0.0005,\, 0.000005)",
    source=_EXAMPLE,
    derivation=cleandoc(r"""
        Three printed digits are right if the value lies within half a unit of the third. To ten digits
        ```math
        \sigma(0.2,\,5,\,0.3) = (0.0080895946,\; 0.9829700207,\; 0.0089403847) .
        ```
        The gap is 4.7 nats, so the domination bounds leave between 0.00901 and 0.01787 to the two losers together;
        they have 0.01703.
        """),
    autodiff=Derivative(example_errors, "value"),
    by_hand=example_half_units,
    relation="abs<=",
    domain={"x": domain.Constant([0.2, 5.0, 0.3])},
)

EXAMPLE_EQUALITY = Claim(
    id="softmax.example.printed-as-equal",
    statement=r"\sigma(0.2,\, 5,\, 0.3) = (0.00809,\, 0.983,\, 0.00894)",
    source=_EXAMPLE,
    derivation=cleandoc(r"""
        The article writes an equals sign before rounded decimals. Taken literally it is false, as their sum shows
        without computing an exponential: $`0.00809 + 0.983 + 0.00894 = 1.00003`$, while the outputs sum to 1.
        """),
    autodiff=Derivative(probabilities, "value"),
    by_hand=example_printed,
    domain={"x": domain.Constant([0.2, 5.0, 0.3])},
    expect=Status.FAILS,
    note="Rounded decimals after an equals sign.",
)
