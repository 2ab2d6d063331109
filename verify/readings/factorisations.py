"""Factorisations of matrices in exact arithmetic, by what defines each factor.

Where a factor is unique it follows from its equations; where it is not, the choice that LAPACK makes is part of the
definition. The signs of QR, of Hessenberg and of tridiagonal forms follow from Householder's reflections themselves.
The sign of an eigenvector or a singular vector, and the order of eigenvalues that need not be real, follow from nothing
but the library's code: they are read from what XLA returns in float64 at the middle of the balls, and where the
library's vector or value is not recognised there, it is left undefined. Eigenvalues that are not told apart have no
vectors either. In the rounded reading nothing is claimed: how a library blocks a factorisation is not known here.
"""

import itertools
from collections.abc import Callable
from typing import Any, Final

import jax
import numpy as np
from flint import acb, acb_mat, arb

from verify.claim import UnsupportedPrimitive
from verify.readings.exact import NAN, ONE, ZERO, Balls, filled, finite
from verify.readings.interpreter import UNDECIDED, Array, kind_of, source_line

_square_root = np.frompyfunc(lambda value: acb(value.real.sqrt()) if isinstance(value, acb) else value.sqrt(), 1, 1)
_conjugate = np.frompyfunc(lambda value: value.conjugate() if isinstance(value, acb) else value, 1, 1)


def _middle(array: Array) -> Array:
    """Midpoints as floats, or as complex ones."""
    flat = [
        complex(float(each.real.mid()), float(each.imag.mid())) if isinstance(each, acb) else float(each.mid())
        for each in array.ravel()
    ]
    return np.array(flat).reshape(array.shape)


# How large a share of a unit vector the library's vector must have along the exact one, to be taken for it.
RECOGNISED: Final = 0.9
# How far from real that share may be by rounding: beyond it, the library has turned the vector by another factor.
TURNED: Final = 2.0**-20
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


def _square(value: arb | acb) -> arb:
    """|value|²."""
    return value.real * value.real + value.imag * value.imag if isinstance(value, acb) else value * value


def _is_zero(value: Any) -> bool:
    """Whether a ball is zero and nothing else."""
    return bool(value == 0)


def _real_part(value: Any) -> Any:
    """The real part, as a number of the kind that it is."""
    return acb(value.real) if isinstance(value, acb) else value


def _exact_only(row: Row) -> Row:
    """A row of the exact reading; in the rounded one nothing is claimed, and whole numbers that it returns are lost."""

    def read(system: Balls, equation: Any, *arrays: Array) -> list[Array]:
        if system.name != "rounded":
            found = row(system, equation, *together(*arrays))
            return [system.watch(each) if each.dtype == object else each for each in found]
        return unclaimed(system, equation, *arrays)

    return read


def _with_complex(row: Row) -> Row:
    """The same for a row whose operands or results may be complex."""

    def read(system: Balls, equation: Any, *arrays: Array) -> list[Array]:
        found = row(system, equation, *together(*arrays))
        return [
            system.watch(each) if kind_of(variable.aval) == "number" else each
            for variable, each in zip(equation.outvars, found, strict=True)
        ]

    return read


def unclaimed(system: Balls, equation: Any, *arrays: Array) -> list[Array]:
    """Results of which nothing is known in the rounded reading."""
    points = max((array.shape[0] for array in arrays), default=1)
    results: list[Array] = []
    for variable in equation.outvars:
        shape = (points, *variable.aval.shape)
        kind = kind_of(variable.aval)
        if kind == "truth":
            results.append(np.full(shape, UNDECIDED, dtype=np.int8))
        elif kind == "whole":
            # A permutation is not known either, so that nothing downstream means anything.
            system.mark("lost", np.ones((points, 1), dtype=bool))
            results.append(np.broadcast_to(np.arange(shape[-1] if shape[1:] else 1), shape).astype(np.int64))
        else:
            results.append(no_claim(system, shape))
    return results


def zero_of(equation: Any) -> arb | acb:
    """Zero, of the kind of the first operand."""
    return acb(0) if kind_of(equation.invars[0].aval) == "complex" else ZERO


# ---------------------------------------------------------------------------------------------------------------
# By substitution and elimination.


def cholesky(system: Balls, equation: Any, a: Array) -> list[Array]:
    """L with L Lᴴ = A, from the lower triangle of A; of a complex diagonal the real part counts."""
    n = a.shape[-1]
    lower = filled(a.shape, zero_of(equation))
    for j in range(n):
        for i in range(j, n):
            rest = a[..., i, j]
            for k in range(j):
                rest = np.subtract(rest, np.multiply(lower[..., i, k], _conjugate(lower[..., j, k])))
            lower[..., i, j] = _square_root(rest) if i == j else np.divide(rest, lower[..., j, j])
    return [lower]


def triangular_solve(system: Balls, equation: Any, a: Array, b: Array) -> list[Array]:
    """X with op(A) X = B, or X op(A) = B; only the named triangle of A is read."""
    params = equation.params
    turned = bool(params["transpose_a"]) != (not params["left_side"])
    matrix = np.swapaxes(a, -1, -2) if turned else a
    matrix = np.asarray(_conjugate(matrix)) if params["conjugate_a"] else matrix
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


def _pivot_size(value: arb | acb) -> arb:
    return abs(value.real) + abs(value.imag) if isinstance(value, acb) else abs(value)


def _first_of_the_largest(sizes: list[arb]) -> tuple[int, bool]:
    """Place of the largest size, of equal ones the first, and whether it is open which one it is."""
    best = 0
    for number in range(1, len(sizes)):
        if sizes[number].mid() > sizes[best].mid():
            best = number
    beaten = [size < sizes[best] if number < best else size <= sizes[best] for number, size in enumerate(sizes)]
    return best, not all(each or number == best for number, each in enumerate(beaten))


def lu(system: Balls, equation: Any, a: Array) -> list[Array]:
    """P A = L U with partial pivoting: both factors in one matrix, pivots, and the permutation.

    The size of a complex pivot is |Re| + |Im|, as LAPACK takes it.
    """
    *batch, m, n = a.shape
    steps = min(m, n)
    pivots = np.tile(np.arange(steps), (*batch, 1))
    order = np.tile(np.arange(m), (*batch, 1))
    result = a.copy()
    unsure = np.zeros(tuple(batch), dtype=bool)
    for place in np.ndindex(*batch):
        rows = result[place]
        for k in range(steps):
            best, open_ = _first_of_the_largest([_pivot_size(each) for each in rows[k:, k]])
            unsure[place] |= open_
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
    """Apply I - tau v vᴴ from one row on, to some columns."""
    mirrored = [_conjugate(each) for each in vector]
    for j in columns:
        total = rows[first, j]
        for i in range(1, len(vector)):
            total = total + mirrored[i] * rows[first + i, j]
        total = tau * total
        rows[first, j] = rows[first, j] - total
        for i in range(1, len(vector)):
            rows[first + i, j] = rows[first + i, j] - vector[i] * total


def _reflection(alpha: Any, below: list[Any], touched: bool) -> tuple[list[Any], Any, Any] | None:
    """The reflection whose adjoint takes (alpha, below) to (beta, 0), as LAPACK's larfg makes it.

    The sign of beta, which is real, is the other one than that of alpha's real part; there is nothing to reflect where
    everything below is zero and alpha is real. An entry that is zero only after others were subtracted may be any small
    number in floats: it decides nothing.

    Returns:
        Its vector, its factor and beta; None where it is open.
    """
    complex_ = isinstance(alpha, acb)
    if all(map(_is_zero, below)) and (not complex_ or alpha.imag == 0):
        return None if (below or complex_) and touched else ([ONE, *below], alpha * 0 if complex_ else ZERO, alpha)
    size = sum((_square(each) for each in below), ZERO)
    whole = size + _square(alpha)
    real = alpha.real if complex_ else alpha
    if not whole > 0 or not (size > 0 or complex_) or not (real > 0 or real < 0):
        return None
    beta = -whole.sqrt() if real > 0 else whole.sqrt()
    return [ONE, *(each / (alpha - beta) for each in below)], (beta - alpha) / beta, acb(beta) if complex_ else beta


def _packed(matrix: Array, order: Array | None = None) -> tuple[Array, list[arb], bool]:
    """Reflections below the diagonal, R on it and above, their factors, and whether a sign or a column stayed open.

    Args:
        matrix: m by n balls.
        order: where columns are chosen, n numbers, which become the columns' old places: the one whose rest is longest
            comes next, as LAPACK's geqp3 has it. A length that ties with another one is open: floats may differ.
    """
    rows = matrix.copy()
    m, n = rows.shape
    taus: list[arb] = []
    touched = False
    for k in range(min(m, n)):
        if order is not None:
            lengths = [sum((_square(each) for each in rows[k:, j]), ZERO) for j in range(k, n)]
            best, _ = _first_of_the_largest(lengths)
            if not all(each < lengths[best] for number, each in enumerate(lengths) if number != best):
                return rows, taus, True
            rows[:, [k, k + best]] = rows[:, [k + best, k]]
            order[[k, k + best]] = order[[k + best, k]]
        made = _reflection(rows[k, k], [rows[i, k] for i in range(k + 1, m)], touched)
        if made is None:
            return rows, taus, True
        vector, tau, beta = made
        if _is_zero(tau):
            taus.append(tau)
            continue
        _reflect(rows, vector, _conjugate(tau), k, range(k + 1, n))
        rows[k, k] = beta
        for i in range(k + 1, m):
            rows[i, k] = vector[i - k]
        taus.append(tau)
        touched = True
    return rows, taus, False


def _applied(packed: Array, taus: Array, target: Array, *, adjoint: bool = False, right: bool = False) -> Array:
    """Q times a matrix, Q the product of the reflections, or its adjoint; from the right, a matrix times Q."""
    rows = target.T.copy() if right else target.copy()
    steps = range(len(taus))
    for k in steps if adjoint != right else reversed(steps):
        vector = [ONE, *(packed[i, k] for i in range(k + 1, packed.shape[0]))]
        vector = [_conjugate(each) for each in vector] if right else vector
        _reflect(rows, vector, _conjugate(taus[k]) if adjoint else taus[k], k, range(rows.shape[1]))
    return rows.T if right else rows


def _unit(m: int, n: int, zero: Any = ZERO) -> Array:
    matrix = filled((m, n), zero)
    for k in range(min(m, n)):
        matrix[k, k] = zero + 1
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
        result[place] = _applied(a[place], taus[place], _unit(*a.shape[-2:], zero_of(equation)))
    return [result]


def ormqr(system: Balls, equation: Any, a: Array, taus: Array, c: Array) -> list[Array]:
    """Q C, Qᴴ C, C Q or C Qᴴ, with Q given by its reflections."""
    left, turned = equation.params["left"], equation.params["transpose"]
    result = np.empty(c.shape, dtype=object)
    for place in np.ndindex(*c.shape[:-2]):
        result[place] = _applied(a[place], taus[place], c[place], adjoint=bool(turned), right=not left)
    return [result]


def qr(system: Balls, equation: Any, a: Array) -> list[Array]:
    """Q with orthogonal columns and R in upper triangular form, Q R = A; with pivoting, A's columns in an order."""
    params = equation.params
    pivoting = bool(params.get("pivoting"))
    *batch, m, n = a.shape
    width = m if params["full_matrices"] else min(m, n)
    left, right = filled((*batch, m, width), NAN), filled((*batch, width, n), NAN)
    order = np.tile(np.arange(n), (*batch, 1))
    unsure = np.zeros(tuple(batch), dtype=bool)
    for place in np.ndindex(*batch):
        packed, taus, unsure[place] = _packed(a[place], order[place] if pivoting else None)
        if unsure[place]:
            continue
        left[place] = _applied(packed, np.array(taus, dtype=object), _unit(m, width, zero_of(equation)))
        for i in range(width):
            for j in range(n):
                right[place][i, j] = packed[i, j] if i <= j else zero_of(equation)
    system.mark("lost", unsure)
    return [left, right, order] if pivoting else [left, right]


def hessenberg(system: Balls, equation: Any, a: Array) -> list[Array]:
    """H = Qᴴ A Q without entries below the first subdiagonal, reflections there instead, and their factors."""
    *batch, n, _ = a.shape
    result, factors = a.copy(), filled((*batch, max(n - 1, 0)), ZERO)
    unsure = np.zeros(tuple(batch), dtype=bool)
    for place in np.ndindex(*batch):
        rows = a[place].copy()
        touched = False
        for k in range(n - 1):
            made = _reflection(rows[k + 1, k], [rows[i, k] for i in range(k + 2, n)], touched)
            if made is None:
                unsure[place] = True
                break
            vector, factors[place][k], beta = made
            touched = touched or not _is_zero(factors[place][k])
            # From the right on all rows, and from the left.
            mirrored = [_conjugate(each) for each in vector]
            _reflect(rows.T, mirrored, factors[place][k], k + 1, range(n))
            _reflect(rows, vector, _conjugate(factors[place][k]), k + 1, range(k + 1, n))
            rows[k + 1, k] = beta
            rows[k + 2 :, k] = vector[1:]
        result[place] = rows
        if unsure[place]:
            result[place], factors[place] = NAN, NAN
    system.mark("lost", unsure)
    return [result, factors]


def tridiagonal(system: Balls, equation: Any, a: Array) -> list[Array]:
    """Qᴴ A Q with three diagonals, of a Hermitian matrix of which one triangle is read and the other returned.

    Returns:
        A with the diagonals and the reflections in its triangle, the diagonal, the one beside it, the factors.
    """
    lower = bool(equation.params["lower"])
    *batch, n, _ = a.shape
    result, factors = a.copy(), filled((*batch, max(n - 1, 0)), ZERO)
    diagonal, beside = filled((*batch, n), NAN), filled((*batch, max(n - 1, 0)), NAN)
    unsure = np.zeros(tuple(batch), dtype=bool)
    for place in np.ndindex(*batch):
        # The upper triangle is worked on from its last column, which is the lower one seen from the other end.
        seen = a[place] if lower else a[place][::-1, ::-1]
        full = np.where(np.tri(n, dtype=bool), seen, _conjugate(seen.T))
        for k in range(n):
            full[k, k] = _real_part(full[k, k])
        packed = full.copy()
        touched = False
        for k in range(n - 1):
            made = _reflection(full[k + 1, k], [full[i, k] for i in range(k + 2, n)], touched)
            if made is None:
                unsure[place] = True
                break
            vector, factors[place][k], beta = made
            touched = touched or not _is_zero(factors[place][k])
            _reflect(full.T, [_conjugate(each) for each in vector], factors[place][k], k + 1, range(n))
            _reflect(full, vector, _conjugate(factors[place][k]), k + 1, range(n))
            packed[k + 1, k], packed[k + 2 :, k] = beta, vector[1:]
        if unsure[place]:
            result[place], factors[place] = NAN, NAN
            continue
        for k in range(n):
            packed[k, k] = _real_part(full[k, k])
        places = np.tri(n, dtype=bool)
        merged = np.where(places, packed, seen)
        middle, off = ([each.real if isinstance(each, acb) else each for each in np.diag(packed, k)] for k in (0, -1))
        step = 1 if lower else -1
        result[place], factors[place] = merged[::step, ::step], factors[place][::step].copy()
        diagonal[place], beside[place] = middle[::step], off[::step]
    system.mark("lost", unsure)
    return [result, diagonal, beside, factors]


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


def symmetric(matrix: Array, real_row: int | None = None) -> tuple[Array, Array]:
    """Eigenvalues of a symmetric matrix from the smallest on, and unit eigenvectors as columns, of either sign.

    Args:
        matrix: n by n balls; every symmetric, or Hermitian, matrix in them is meant.
        real_row: of a Hermitian matrix, the row in which eigenvectors are real.

    Returns:
        The eigenvalues, NaN where they cannot be enclosed; the vectors, NaN where two eigenvalues are not told apart.
    """
    n = len(matrix)
    vectors = filled((n, n), NAN if real_row is None else acb(NAN, NAN))
    if n == 0 or not all(each.is_finite() for each in matrix.ravel()):
        return filled((n,), NAN), vectors
    square = acb_mat(n, n, [acb(value) for value in matrix.ravel()])
    values, columns = _spectrum(square)
    if not values:
        return filled((n,), NAN), vectors
    found = np.empty(n, dtype=object)
    # A symmetric matrix has real eigenvalues: the imaginary part is the enclosure's alone.
    real = [value.real for value in values]
    found[:] = _ordered(real)
    order = sorted(range(n), key=lambda place: float(real[place].mid()))
    if columns is None or any(not real[a] < real[b] for a, b in itertools.pairwise(order)):
        return found, vectors
    for target, place in enumerate(order):
        column = [columns[row, place] for row in range(n)]
        largest = max(range(n), key=lambda row: float(abs(column[row]).mid()))
        # An eigenvector has a complex factor of its own, which goes when it is divided by one of its entries.
        scaled: list[Any]
        if real_row is None:
            scaled = [(each / column[largest]).real for each in column]
        else:
            scaled = [each / column[real_row] for each in column]
            scaled[real_row] = acb(1)
        norm = sum((_square(each) for each in scaled), ZERO).sqrt()
        vectors[:, target] = [each / norm for each in scaled]
    return found, vectors


def _signed(exact: Array, returned: Array) -> Array:
    """Columns with the sign that the library's have; undefined where the library's is another vector."""
    result = exact.copy()
    along = (_middle(exact).conj() * returned).sum(axis=0)
    for column, share in enumerate(along.tolist()):
        if not abs(share.real) > RECOGNISED or abs(share.imag) > TURNED:
            result[:, column] = exact[0, column] * NAN
        elif share.real < 0:
            result[:, column] = -exact[:, column]
    return result


def _library(equation: Any, a: Array) -> list[Array]:
    """What XLA returns in float64 at the middle of the balls."""
    wide = np.complex128 if kind_of(equation.invars[0].aval) == "complex" else np.float64
    middle = jax.numpy.asarray(_middle(a).astype(wide))
    return [np.asarray(each) for each in equation.primitive.bind(middle, **equation.params)]


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
    hermitian = kind_of(equation.invars[0].aval) == "complex"
    # LAPACK turns a Hermitian matrix into a real one and leaves the first entry alone, or the last.
    real_row = (0 if params["lower"] else n - 1) if hermitian else None
    vectors, values = a.copy(), filled((*batch, n), NAN)
    returned = _library(equation, a)[0] if n else np.zeros(a.shape)
    for place in np.ndindex(*batch):
        given = a[place] if params["lower"] else _conjugate(a[place].T)
        full = np.where(np.tri(n, dtype=bool), given, _conjugate(given.T))
        full[np.diag_indices(n)] = [_real_part(each) for each in np.diag(full)]
        values[place], either = symmetric(full, real_row)
        vectors[place] = _signed(either, returned[place])
    return [vectors, values]


def eig(system: Balls, equation: Any, a: Array) -> list[Array]:
    """Eigenvalues of any matrix, and left and right unit eigenvectors as columns, in the order that LAPACK returns.

    LAPACK makes the largest entry of a vector real; which of several equal ones, and its sign, are the library's.
    """
    params = equation.params
    *batch, n, _ = a.shape
    values = filled((*batch, n), acb(NAN, NAN))
    sides = [filled((*batch, n, n), acb(NAN, NAN)) for _ in equation.outvars[1:]]
    returned = _library(equation, a) if n else []
    for place in np.ndindex(*batch):
        if not n or not all(each.is_finite() for each in a[place].ravel()):
            continue
        real = not isinstance(a[place][0, 0], acb)
        square = acb_mat(n, n, [acb(each) for each in a[place].ravel()])
        found, right = _spectrum(square)
        matched = _matched(found, returned[0][place])
        # Of eigenvalues that meet there is one ball for all, which none is next to.
        if matched is None or right is None:
            continue
        fixed = [acb(each.real) if real and _is_real(each, found) else each for each in found]
        values[place] = np.array([fixed[number] for number in matched], dtype=object)
        if params["compute_right_eigenvectors"]:
            columns = np.array(right.tolist(), dtype=object).reshape(n, n)[:, matched]
            sides[-1][place] = _normalised(columns, values[place], returned[-1][place], real)
        if params["compute_left_eigenvectors"]:
            # Left vectors of A are right ones of its conjugate transpose, of the conjugate eigenvalues.
            others, left = _spectrum(square.transpose().conjugate())
            again = _matched(others, returned[0][place].conj())
            if left is not None and again is not None:
                columns = np.array(left.tolist(), dtype=object).reshape(n, n)[:, again]
                sides[0][place] = _normalised(columns, values[place], returned[1][place], real)
    return [values, *sides]


def _is_real(value: acb, every: list[acb]) -> bool:
    """Whether an eigenvalue of a real matrix is real: told apart from the others, its conjugate can be no other one."""
    mirrored = value.conjugate()
    return mirrored.overlaps(value) and sum(mirrored.overlaps(each) for each in every) == 1


def _matched(found: list[acb], returned: Array) -> list[int] | None:
    """For each eigenvalue of the library, which of the enclosed ones it is; None where that is open."""
    if len(found) != len(returned):
        return None
    middles = [complex(float(each.real.mid()), float(each.imag.mid())) for each in found]
    gap = min((abs(x - y) for x, y in itertools.combinations(middles, 2)), default=np.inf)
    matched: list[int] = []
    for value in returned.tolist():
        number = min(range(len(middles)), key=lambda place: abs(middles[place] - value))
        if not abs(middles[number] - value) < gap / 4:
            return None
        matched.append(number)
    return matched if len(set(matched)) == len(matched) else None


def _normalised(columns: Array, values: Array, returned: Array, real: bool) -> Array:
    """Columns of length one, with the entry real that the library made real, and with its sign."""
    result = filled(columns.shape, acb(NAN, NAN))
    for number in range(columns.shape[1]):
        column = list(columns[:, number])
        sizes = [_square(each) for each in column]
        most = max(sizes, key=lambda each: float(each.mid()))
        largest = [place for place, size in enumerate(sizes) if not size < most]
        if real and values[number].imag.is_zero():
            place = largest[0]
            scaled = [acb((each / column[place]).real) for each in column]
        else:
            # Of several that may be the largest, the one that the library has made real, if that is one alone.
            candidates = [each for each in largest if returned[each, number].imag == 0] if len(largest) > 1 else largest
            if len(candidates) != 1:
                continue
            (place,) = candidates
            scaled = [each / column[place] for each in column]
            scaled[place] = acb(1)
        norm = sum((_square(each) for each in scaled), ZERO).sqrt()
        unit = np.array([[each / norm] for each in scaled], dtype=object)
        result[:, number] = _signed(unit, returned[:, number : number + 1])[:, 0]
    return result


def _root(value: arb) -> arb:
    """The root of what is at least zero, though its ball may reach below."""
    if value > 0:
        return value.sqrt()
    return ZERO.union(value.abs_upper().sqrt()) if value.is_finite() else NAN


def svd(system: Balls, equation: Any, a: Array) -> list[Array]:
    """Singular values from the largest on, and their vectors: from the eigenvectors of AᴴA, or of AAᴴ if smaller.

    Of a complex matrix there are values alone: the factors of its vectors follow from the library's code.
    """
    _whole_range(system, equation)
    *batch, m, n = a.shape
    count = min(m, n)
    values = filled((*batch, count), NAN)
    hermitian = kind_of(equation.invars[0].aval) == "complex"
    shapes = [tuple(variable.aval.shape) for variable in equation.outvars[1:]]
    sides = [filled((len(a), *shape), acb(NAN, NAN) if hermitian else NAN) for shape in shapes]
    returned = _library(equation, a) if sides and count and not hermitian else []
    for place in np.ndindex(*batch):
        matrix = a[place] if m >= n else a[place].T
        gram = filled((count, count), ZERO)
        for i, j in np.ndindex(count, count):
            gram[i, j] = sum(_conjugate(x) * y for x, y in zip(matrix[:, i], matrix[:, j], strict=True))
        squares, vectors = symmetric(gram)
        values[place] = np.array([_root(each) for each in squares], dtype=object)[::-1]
        if not sides or hermitian or not count:
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


EACH: Final[dict[str, Row]] = {
    "cholesky": cholesky,
    "triangular_solve": triangular_solve,
    "lu": lu,
    "tridiagonal_solve": tridiagonal_solve,
    "geqrf": geqrf,
    "householder_product": householder_product,
    "ormqr": ormqr,
    "qr": qr,
    "hessenberg": hessenberg,
    "tridiagonal": tridiagonal,
    "eigh": eigh,
    "svd": svd,
}
ROWS: Final[dict[str, Row]] = {name: _exact_only(row) for name, row in EACH.items()}
# The same of complex numbers, and of real ones what comes out complex; in the rounded reading nothing is claimed.
COMPLEX_ROWS: Final[dict[str, Row]] = {name: _with_complex(row) for name, row in {**EACH, "eig": eig}.items()}
