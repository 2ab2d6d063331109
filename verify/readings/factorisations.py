"""Factorisations of matrices in exact arithmetic, by what defines each factor.

Where a factor is unique it follows from its equations; where it is not, the choice that LAPACK makes is part of the
definition. The signs of QR follow from Householder's reflections themselves. The sign of an eigenvector or a singular
vector follows from nothing but the library's code: it is read from what XLA returns in float64 at the middle of the
balls, and where the library's vector is not recognised there, the vector is left undefined. Eigenvalues that are not
told apart have no vectors either. In the rounded reading nothing is claimed: how a library blocks a factorisation is
not known here.
"""

import itertools
from collections.abc import Callable
from typing import Any, Final

import jax
import numpy as np
from flint import acb, acb_mat, arb

from verify.claim import UnsupportedPrimitive
from verify.readings.exact import NAN, ONE, ZERO, Balls, filled, finite
from verify.readings.interpreter import Array, kind_of, source_line

_square_root = np.frompyfunc(arb.sqrt, 1, 1)
_middle = np.frompyfunc(lambda value: float(value.mid()), 1, 1)
# How large a share of a unit vector the library's vector must have along the exact one, to be taken for it.
RECOGNISED: Final = 0.9
ROWS_BY_RUMP: Final = 16


def no_claim(system: Balls, shape: tuple[int, ...]) -> Array:
    """Balls of which nothing is claimed."""
    system.tainted = True
    return filled(shape, NAN)


def together(*arrays: Array) -> list[Array]:
    """Arrays with the same number of points."""
    points = max(array.shape[0] for array in arrays)
    return [np.broadcast_to(array, (points, *array.shape[1:])) for array in arrays]


Row = Callable[..., Any]


def _exact_only(row: Row) -> Row:
    """A row of the exact reading; in the rounded one nothing is claimed, and whole numbers that it returns are lost."""

    def read(system: Balls, equation: Any, *arrays: Array) -> list[Array]:
        if any(kind_of(variable.aval) == "complex" for variable in (*equation.invars, *equation.outvars)):
            raise UnsupportedPrimitive(
                f"{equation.primitive.name} of complex numbers", system.name, source_line(equation)
            )
        if system.name != "rounded":
            found = row(system, equation, *together(*arrays))
            return [system.watch(each) if each.dtype == object else each for each in found]
        points = max(array.shape[0] for array in arrays)
        results: list[Array] = []
        for variable in equation.outvars:
            shape = (points, *variable.aval.shape)
            if kind_of(variable.aval) == "number":
                results.append(no_claim(system, shape))
            else:
                # A permutation is not known either, so that nothing downstream means anything.
                system.mark("lost", np.ones((points, 1), dtype=bool))
                places = np.broadcast_to(np.arange(shape[-1]), shape)
                results.append(places.astype(np.int64))
        return results

    return read


# ---------------------------------------------------------------------------------------------------------------
# By substitution and elimination.


def cholesky(system: Balls, equation: Any, a: Array) -> list[Array]:
    """L with L Lᵀ = A, from the lower triangle of A."""
    n = a.shape[-1]
    lower = filled(a.shape, ZERO)
    for j in range(n):
        for i in range(j, n):
            rest = a[..., i, j]
            for k in range(j):
                rest = np.subtract(rest, np.multiply(lower[..., i, k], lower[..., j, k]))
            lower[..., i, j] = _square_root(rest) if i == j else np.divide(rest, lower[..., j, j])
    return [lower]


def triangular_solve(system: Balls, equation: Any, a: Array, b: Array) -> list[Array]:
    """X with op(A) X = B, or X op(A) = B; only the named triangle of A is read."""
    params = equation.params
    turned = bool(params["transpose_a"]) != (not params["left_side"])
    matrix = np.swapaxes(a, -1, -2) if turned else a
    lower = bool(params["lower"]) != turned
    given = b if params["left_side"] else np.swapaxes(b, -1, -2)
    n = matrix.shape[-1]
    result = np.empty(given.shape, dtype=object)
    solved: list[int] = []
    for i in range(n) if lower else reversed(range(n)):
        rest = given[..., i, :]
        for k in solved:
            rest = np.subtract(rest, np.multiply(matrix[..., i, k, None], result[..., k, :]))
        result[..., i, :] = rest if params["unit_diagonal"] else np.divide(rest, matrix[..., i, i, None])
        solved.append(i)
    return [result if params["left_side"] else np.swapaxes(result, -1, -2)]


def lu(system: Balls, equation: Any, a: Array) -> list[Array]:
    """P A = L U with partial pivoting: both factors in one matrix, pivots, and the permutation."""
    *batch, m, n = a.shape
    steps = min(m, n)
    pivots = np.tile(np.arange(steps), (*batch, 1))
    order = np.tile(np.arange(m), (*batch, 1))
    result = a.copy()
    unsure = np.zeros(tuple(batch), dtype=bool)
    for place in np.ndindex(*batch):
        rows = result[place]
        for k in range(steps):
            sizes = [abs(each) for each in rows[k:, k]]
            best = 0
            for number in range(1, len(sizes)):
                if sizes[number].mid() > sizes[best].mid():
                    best = number
            for number, size in enumerate(sizes):
                beaten = size < sizes[best] if number < best else size <= sizes[best]
                unsure[place] |= number != best and not beaten
            if best:
                rows[[k, k + best]] = rows[[k + best, k]]
                order[place][[k, k + best]] = order[place][[k + best, k]]
            pivots[place][k] = k + best
            for i in range(k + 1, m):
                rows[i, k] = rows[i, k] / rows[k, k]
                for j in range(k + 1, n):
                    rows[i, j] = rows[i, j] - rows[i, k] * rows[k, j]
        result[place] = rows
    system.mark("lost", unsure)
    return [result, pivots, order]


def tridiagonal_solve(system: Balls, equation: Any, low: Array, middle: Array, high: Array, b: Array) -> list[Array]:
    """X with A X = B, of a matrix with three diagonals, by elimination without pivots; undefined where one may be 0."""
    if equation.params.get("perturb_singular"):
        raise UnsupportedPrimitive("tridiagonal_solve of a perturbed matrix", system.name, source_line(equation))
    n = middle.shape[-1]
    diagonal, right = middle.copy(), b.copy()
    for i in range(1, n):
        share = np.divide(low[..., i], diagonal[..., i - 1])
        diagonal[..., i] = np.subtract(diagonal[..., i], np.multiply(share, high[..., i - 1]))
        right[..., i, :] = np.subtract(right[..., i, :], np.multiply(share[..., None], right[..., i - 1, :]))
    for i in reversed(range(n)):
        if i < n - 1:
            right[..., i, :] = np.subtract(right[..., i, :], np.multiply(high[..., i, None], right[..., i + 1, :]))
        right[..., i, :] = np.divide(right[..., i, :], diagonal[..., i, None])
    return [right]


# ---------------------------------------------------------------------------------------------------------------
# QR, by Householder's reflections as LAPACK chooses them.


def _reflect(rows: Array, vector: list[arb], tau: arb, first: int, columns: range) -> None:
    """Apply I - tau v vᵀ from one row on, to some columns."""
    for j in columns:
        total = rows[first, j]
        for i in range(1, len(vector)):
            total = total + vector[i] * rows[first + i, j]
        total = tau * total
        rows[first, j] = rows[first, j] - total
        for i in range(1, len(vector)):
            rows[first + i, j] = rows[first + i, j] - vector[i] * total


def _packed(matrix: Array) -> tuple[Array, list[arb], bool]:
    """Reflections below the diagonal, R on it and above, their factors, and whether a sign stayed open.

    The sign of a reflection is that of the entry on the diagonal; there is none where everything below is zero. An
    entry that is zero only after others were subtracted may be any small number in floats: it decides nothing.
    """
    rows = matrix.copy()
    m, n = rows.shape
    taus: list[arb] = []
    touched = False
    for k in range(min(m, n)):
        below = [rows[i, k] for i in range(k + 1, m)]
        if all(each.is_zero() for each in below):
            if below and touched:
                return rows, taus, True
            taus.append(ZERO)
            continue
        alpha = rows[k, k]
        size = sum((each * each for each in below), ZERO)
        if not size > 0 or not (alpha > 0 or alpha < 0):
            return rows, taus, True
        norm = (alpha * alpha + size).sqrt()
        beta = -norm if alpha > 0 else norm
        tau = (beta - alpha) / beta
        vector = [ONE, *(each / (alpha - beta) for each in below)]
        _reflect(rows, vector, tau, k, range(k + 1, n))
        rows[k, k] = beta
        for i in range(k + 1, m):
            rows[i, k] = vector[i - k]
        taus.append(tau)
        touched = True
    return rows, taus, False


def _applied(packed: Array, taus: Array, target: Array, *, backwards: bool) -> Array:
    """The product of the reflections, times a matrix; from the last reflection on, or from the first."""
    rows = target.copy()
    steps = range(len(taus))
    for k in reversed(steps) if backwards else steps:
        vector = [ONE, *(packed[i, k] for i in range(k + 1, packed.shape[0]))]
        _reflect(rows, vector, taus[k], k, range(rows.shape[1]))
    return rows


def _unit(m: int, n: int) -> Array:
    matrix = filled((m, n), ZERO)
    for k in range(min(m, n)):
        matrix[k, k] = ONE
    return matrix


def geqrf(system: Balls, equation: Any, a: Array) -> list[Array]:
    """Reflections and R in one matrix, and the factors of the reflections."""
    *batch, m, n = a.shape
    result, factors = a.copy(), filled((*batch, min(m, n)), NAN)
    unsure = np.zeros(tuple(batch), dtype=bool)
    for place in np.ndindex(*batch):
        result[place], taus, unsure[place] = _packed(a[place])
        if unsure[place]:
            result[place] = NAN
        else:
            factors[place] = taus
    system.mark("lost", unsure)
    return [result, factors]


def householder_product(system: Balls, equation: Any, a: Array, taus: Array) -> list[Array]:
    """The first columns of the product of the reflections."""
    result = np.empty(a.shape, dtype=object)
    for place in np.ndindex(*a.shape[:-2]):
        result[place] = _applied(a[place], taus[place], _unit(*a.shape[-2:]), backwards=True)
    return [result]


def ormqr(system: Balls, equation: Any, a: Array, taus: Array, c: Array) -> list[Array]:
    """Q C, Qᵀ C, C Q or C Qᵀ, with Q given by its reflections."""
    left, turned = equation.params["left"], equation.params["transpose"]
    result = np.empty(c.shape, dtype=object)
    for place in np.ndindex(*c.shape[:-2]):
        if left:
            result[place] = _applied(a[place], taus[place], c[place], backwards=not turned)
        else:
            result[place] = _applied(a[place], taus[place], c[place].T, backwards=bool(turned)).T
    return [result]


def qr(system: Balls, equation: Any, a: Array) -> list[Array]:
    """Q with orthogonal columns and R in upper triangular form, Q R = A."""
    params = equation.params
    if params.get("pivoting"):
        raise UnsupportedPrimitive("qr with pivoting", system.name, source_line(equation))
    *batch, m, n = a.shape
    width = m if params["full_matrices"] else min(m, n)
    left, right = filled((*batch, m, width), NAN), filled((*batch, width, n), NAN)
    unsure = np.zeros(tuple(batch), dtype=bool)
    for place in np.ndindex(*batch):
        packed, taus, unsure[place] = _packed(a[place])
        if unsure[place]:
            continue
        left[place] = _applied(packed, np.array(taus, dtype=object), _unit(m, width), backwards=True)
        for i in range(width):
            for j in range(n):
                right[place][i, j] = packed[i, j] if i <= j else ZERO
    system.mark("lost", unsure)
    return [left, right]


# ---------------------------------------------------------------------------------------------------------------
# Eigenvalues and singular values.


def _ordered(values: list[arb]) -> list[arb]:
    """From the smallest on: the k-th lies between the k-th lower and the k-th upper end."""
    lower = sorted(value.lower() for value in values)
    upper = sorted(value.upper() for value in values)
    return [a.union(b) for a, b in zip(lower, upper, strict=True)]


def _spectrum(square: acb_mat) -> tuple[list[acb], acb_mat | None]:
    """Eigenvalues, with right eigenvectors as columns where they are told apart; none where Arb encloses none."""
    # Rump's method gives the narrower balls, and needs seconds at 60 rows.
    methods = ("rump", None) if square.nrows() <= ROWS_BY_RUMP else (None, "rump")
    for method in methods:
        try:
            return square.eig(right=True, algorithm=method)
        except ValueError:
            continue
    try:
        return square.eig(multiple=True), None
    except ValueError:
        return [], None


def symmetric(matrix: Array) -> tuple[Array, Array]:
    """Eigenvalues of a symmetric matrix from the smallest on, and unit eigenvectors as columns, of either sign.

    Args:
        matrix: n by n balls; every symmetric matrix in them is meant.

    Returns:
        The eigenvalues, NaN where they cannot be enclosed; the vectors, NaN where two eigenvalues are not told apart.
    """
    n = len(matrix)
    vectors = filled((n, n), NAN)
    if n == 0 or not finite(matrix).all():
        return filled((n,), NAN), vectors
    square = acb_mat(n, n, [acb(value) for value in matrix.ravel()])
    values, columns = _spectrum(square)
    if not values:
        return filled((n,), NAN), vectors
    found = np.empty(n, dtype=object)
    # A symmetric matrix has real eigenvalues: the imaginary part is the enclosure's alone.
    real = [value.real for value in values]
    found[:] = _ordered(real)
    if columns is None:
        return found, vectors
    order = sorted(range(n), key=lambda place: float(real[place].mid()))
    if any(not real[a] < real[b] for a, b in itertools.pairwise(order)):
        return found, vectors
    for target, place in enumerate(order):
        column = [columns[row, place] for row in range(n)]
        largest = max(range(n), key=lambda row: float(abs(column[row]).mid()))
        # An eigenvector has a complex factor of its own, which goes when it is divided by one of its entries.
        scaled = [(each / column[largest]).real for each in column]
        norm = sum((each * each for each in scaled), ZERO).sqrt()
        vectors[:, target] = [each / norm for each in scaled]
    return found, vectors


def _signed(exact: Array, returned: Array) -> Array:
    """Columns with the sign that the library's have; undefined where the library's is another vector."""
    result = exact.copy()
    if not exact.size or not finite(exact).all():
        return filled(exact.shape, NAN)
    along = (_middle(exact).astype(float) * returned).sum(axis=0)
    for column, share in enumerate(along.tolist()):
        if not abs(share) > RECOGNISED:
            result[:, column] = NAN
        elif share < 0:
            result[:, column] = -exact[:, column]
    return result


def _library(equation: Any, a: Array) -> list[Array]:
    """What XLA returns in float64 at the middle of the balls."""
    middle = jax.numpy.asarray(_middle(a).astype(np.float64))
    return [np.asarray(each, dtype=np.float64) for each in equation.primitive.bind(middle, **equation.params)]


def _whole_range(system: Balls, equation: Any) -> None:
    if equation.params.get("subset_by_index") is not None:
        raise UnsupportedPrimitive(
            f"{equation.primitive.name} of a part of the spectrum", system.name, source_line(equation)
        )


def eigh(system: Balls, equation: Any, a: Array) -> list[Array]:
    """Eigenvectors and eigenvalues of a symmetric matrix, of which one triangle is read."""
    _whole_range(system, equation)
    params = equation.params
    *batch, n, _ = a.shape
    vectors, values = filled((*batch, n, n), NAN), filled((*batch, n), NAN)
    returned = _library(equation, a)[0] if n else np.zeros(a.shape)
    for place in np.ndindex(*batch):
        given = a[place] if params["lower"] else a[place].T
        full = np.where(np.tri(n, dtype=bool), given, given.T)
        values[place], either = symmetric(full)
        vectors[place] = _signed(either, returned[place])
    return [vectors, values]


def _root(value: arb) -> arb:
    """The root of what is at least zero, though its ball may reach below."""
    if value > 0:
        return value.sqrt()
    return ZERO.union(value.abs_upper().sqrt()) if value.is_finite() else NAN


def svd(system: Balls, equation: Any, a: Array) -> list[Array]:
    """Singular values from the largest on, and their vectors: from the eigenvectors of AᵀA, or of AAᵀ if smaller."""
    _whole_range(system, equation)
    *batch, m, n = a.shape
    count = min(m, n)
    values = filled((*batch, count), NAN)
    shapes = [tuple(variable.aval.shape) for variable in equation.outvars[1:]]
    sides = [filled((len(a), *shape), NAN) for shape in shapes]
    returned = _library(equation, a) if sides and count else []
    for place in np.ndindex(*batch):
        matrix = a[place] if m >= n else a[place].T
        gram = np.array([[sum(x * y for x, y in zip(p, q, strict=True)) for q in matrix.T] for p in matrix.T])
        squares, vectors = symmetric(gram.reshape(count, count))
        values[place] = np.array([_root(each) for each in squares], dtype=object)[::-1]
        if not sides:
            continue
        # Which of the two sides is found first: V of a tall matrix, U of a wide one.
        given = (returned[2][place].T if m >= n else returned[1][place])[:, :count]
        small = _signed(vectors[:, ::-1], given)
        with_zero = any(not value > 0 for value in values[place])
        if with_zero or not finite(small).all():
            continue
        large = matrix.dot(small) / values[place][None, :]
        u, v = (large, small) if m >= n else (small, large)
        sides[0][place][:, :count] = u
        sides[1][place][:count, :] = v.T
    return [values, *sides]


ROWS: Final[dict[str, Row]] = {
    name: _exact_only(row)
    for name, row in {
        "cholesky": cholesky,
        "triangular_solve": triangular_solve,
        "lu": lu,
        "tridiagonal_solve": tridiagonal_solve,
        "geqrf": geqrf,
        "householder_product": householder_product,
        "ormqr": ormqr,
        "qr": qr,
        "eigh": eigh,
        "svd": svd,
    }.items()
}
