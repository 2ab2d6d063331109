"""Factorisations against what defines them, at two hundred bits, and claims about programs that contain them.

Beside every factor that satisfies its equations stands one that is off by a millionth of a millionth, which must not.
"""

import itertools
from collections.abc import Callable, Iterator
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flint import acb, arb
from jax import lax
from mpmath import mp

from verify import check
from verify.claim import Claim, Derivative, Status
from verify.domain import Interval, Reals
from verify.readings.api import allowed, enclose
from verify.readings.exact import Exact, precision
from verify.readings.factorisations import _is_real, _matched, _normalised, _root, _signed, symmetric
from verify.readings.interpreter import UnsupportedPrimitive, walk

REAL = np.array([[1.0, -2.0, 0.5, 1.5], [3.0, 0.25, -1.0, 2.0], [0.75, 1.25, -2.5, 1.0], [-0.5, 4.0, 1.0, 3.0]])
IMAGINARY = np.flip(REAL, 1) + 0.125
OFF = arb(1) + arb(2) ** -40
TINY = 2.0**-150


@pytest.fixture(autouse=True)
def _many_bits() -> Iterator[None]:
    """As many bits for what a test computes as for what it reads."""
    with precision(240):
        yield


def adjoint(matrix: Any) -> Any:
    return np.array([[each.conjugate() for each in row] for row in np.array(matrix).T], dtype=object)


def lifted(parts: Any) -> Any:
    """Real and imaginary parts as rectangles, or rectangles as they are."""
    return np.array([[acb(each) for each in row] for row in parts], dtype=object)


def vanishes(matrix: Any) -> bool:
    return all(abs(each) < TINY for each in np.ravel(matrix))


def given(complex_: bool) -> Any:
    return lifted(REAL) + (acb(0, 1) * lifted(IMAGINARY) if complex_ else acb(0))


def read(fn: Callable[..., Any], complex_: bool) -> list[Any]:
    """Outputs of a function of the matrix, exact."""

    def whole(a: Any, b: Any) -> Any:
        return jax.tree.leaves(fn(lax.complex(a, b) if complex_ else a))

    found = enclose(whole, REAL, IMAGINARY)
    return [lifted(each) if each.ndim == 2 else each for each in found]


def hermitian(a: Any) -> Any:
    return a @ a.conj().T


FIELDS = pytest.mark.parametrize("complex_", [False, True], ids=["real", "complex"])


def changed(matrix: Any, row: int, column: int) -> Any:
    other = matrix.copy()
    other[row, column] = other[row, column] * OFF
    return other


@FIELDS
def test_a_cholesky_factor_times_its_adjoint_is_the_matrix(complex_: bool) -> None:
    (lower,) = read(lambda a: lax.linalg.cholesky(hermitian(a)), complex_)
    a = given(complex_)
    product = a.dot(adjoint(a))
    assert vanishes(lower.dot(adjoint(lower)) - product)
    assert all(each.real > 0 and each.imag == 0 for each in np.diag(lower))
    assert vanishes(lower[np.triu_indices(4, 1)])
    other = changed(lower, 2, 1)
    assert not vanishes(other.dot(adjoint(other)) - product)
    if complex_:
        assert not vanishes(lower.dot(lower.T) - product), "the transpose is not the adjoint"


@FIELDS
def test_lu_is_the_matrix_with_its_rows_in_order(complex_: bool) -> None:
    joined, pivots, order = read(lambda a: lax.linalg.lu(a), complex_)
    places = order.astype(int)
    lower, upper = np.tril(joined, -1) + np.eye(4, dtype=int), np.triu(joined)
    assert vanishes(lower.dot(upper) - given(complex_)[places])
    assert not vanishes(lower.dot(changed(upper, 1, 2)) - given(complex_)[places])
    assert len(pivots) == 4
    for column in range(3):  # |Re| + |Im| of a multiplier is not bound by one, but that of no entry exceeds its pivot's
        assert all(abs(each) < 1.5 for each in joined[column + 1 :, column])


@FIELDS
@pytest.mark.parametrize("pivoting", [False, True])
def test_qr_is_the_matrix_with_its_columns_in_order(complex_: bool, pivoting: bool) -> None:
    q, r, *order = read(lambda a: lax.linalg.qr(a, pivoting=pivoting), complex_)
    places = order[0].astype(int) if pivoting else np.arange(4)
    assert vanishes(q.dot(r) - given(complex_)[:, places])
    assert vanishes(adjoint(q).dot(q) - np.eye(4, dtype=int))
    assert vanishes(np.tril(r, -1))
    assert all(each.imag == 0 for each in np.diag(r)), "LAPACK makes the diagonal real"
    assert not vanishes(changed(q, 0, 0).dot(r) - given(complex_)[:, places])
    if pivoting:
        sizes = [abs(each) for each in np.diag(r)]
        assert all(b <= a for a, b in itertools.pairwise(sizes))
        assert sorted(places) == [0, 1, 2, 3]
        assert places.tolist() != [0, 1, 2, 3]


@FIELDS
def test_a_hessenberg_form_is_similar_to_the_matrix(complex_: bool) -> None:
    h, q = read(lambda a: jax.scipy.linalg.hessenberg(a, calc_q=True), complex_)
    a = given(complex_)
    assert vanishes(q.dot(h).dot(adjoint(q)) - a)
    assert vanishes(adjoint(q).dot(q) - np.eye(4, dtype=int))
    assert vanishes(np.tril(h, -2))
    assert not vanishes(changed(q, 1, 1).dot(h).dot(adjoint(q)) - a)
    assert not vanishes(q.dot(changed(h, 2, 1)).dot(adjoint(q)) - a)


@FIELDS
@pytest.mark.parametrize("lower", [True, False])
def test_a_tridiagonal_form_has_the_eigenvalues_of_the_matrix(complex_: bool, lower: bool) -> None:
    _, diagonal, beside, _ = read(lambda a: lax.linalg.tridiagonal(hermitian(a), lower=lower), complex_)
    full = np.diag(diagonal) + np.diag(beside, 1) + np.diag(beside, -1)
    full = np.array([[arb(each) for each in row] for row in full], dtype=object)
    with precision(200):
        values, _ = symmetric(full)
        other, _ = symmetric(np.where(np.eye(4, dtype=bool), full * OFF, full))
    a = given(complex_)
    product = a.dot(adjoint(a))
    # The characteristic polynomial at each of them is zero.
    for value, wrong in zip(values, other, strict=True):
        for each, right in ((value, True), (wrong, False)):
            shifted = product - np.eye(4, dtype=int) * acb(each)
            assert (abs(determinant(shifted)) < 2.0**-100) is right


def determinant(matrix: Any) -> Any:
    """By minors of the first row."""
    if len(matrix) == 1:
        return matrix[0, 0]
    minors = [np.delete(matrix[1:], column, axis=1) for column in range(len(matrix))]
    return sum(((-1) ** k * matrix[0, k] * determinant(minor) for k, minor in enumerate(minors)), acb(0))


@FIELDS
def test_eigenvectors_of_any_matrix_are_that_and_as_lapack_scales_them(complex_: bool) -> None:
    values, left, right = read(lambda a: lax.linalg.eig(a), complex_)
    a, scale = given(complex_), np.diag(values)
    assert vanishes(a.dot(right) - right.dot(scale))
    assert vanishes(adjoint(left).dot(a) - scale.dot(adjoint(left)))
    for vectors in (left, right):
        for column in vectors.T:
            sizes = [each.real * each.real + each.imag * each.imag for each in column]
            assert abs(sum(sizes, arb(0)) - 1) < TINY
            largest = max(range(4), key=lambda place: float(sizes[place].mid()))
            assert column[largest].imag == 0
    assert not vanishes(a.dot(changed(right, 2, 1)) - right.dot(scale))
    assert not vanishes(adjoint(changed(left, 2, 1)).dot(a) - scale.dot(adjoint(left)))


@FIELDS
def test_eigenvalues_are_those_of_sixty_digits(complex_: bool) -> None:
    (values,) = read(jnp.linalg.eigvals, complex_)
    with mp.workdps(60):
        parts = zip(REAL.tolist(), IMAGINARY.tolist(), strict=True)
        rows = [[mp.mpc(x, y if complex_ else 0) for x, y in zip(*each, strict=True)] for each in parts]
        matrix = mp.matrix(rows)
        reference = mp.eig(matrix, left=False, right=False)
        texts = [(mp.nstr(each.real, 50), mp.nstr(each.imag, 50)) for each in map(mp.mpc, reference)]
    for value in values:
        near = [abs(value - acb(arb(real), arb(imaginary))) for real, imaginary in texts]
        assert sum(bool(each < 1e-45) for each in near) == 1
        assert all(not value.contains(acb(arb(real) + 1e-30, arb(imaginary))) for real, imaginary in texts)
    if not complex_:
        assert {value.imag.is_zero() for value in values} == {True, False}, "a pair that is not real, and two that are"


def test_an_eigenvalue_is_real_only_where_its_conjugate_can_be_no_other() -> None:
    apart = [acb(1), acb(2, arb(0, 1e-20)), acb(3, arb(1, 0.25)), acb(3, arb(-1, 0.25))]
    assert [_is_real(each, apart) for each in apart] == [True, True, False, False]
    # Two that are told apart, and mirror each other across the axis though both boxes reach over it.
    near = [acb(1, arb(0.5, 1)), acb(1, arb(-1, 0.25))]
    assert not _is_real(near[0], near)


def test_one_number_has_nothing_beside_its_diagonal() -> None:
    found = enclose(lambda a: lax.linalg.tridiagonal(a), np.array([[3.0]]))
    assert [each.shape for each in found] == [(1, 1), (1,), (0,), (0,)]
    assert found[0][0, 0] == found[1][0] == 3


def test_eigenvalues_that_meet_have_no_vectors_and_are_not_guessed() -> None:
    twice = np.array([[1.0, 1.0], [0.0, 1.0]])
    values, vectors = enclose(lambda a: lax.linalg.eig(a, compute_left_eigenvectors=False), twice)
    assert not any(each.is_finite() for each in vectors.ravel())
    assert all(not each.is_finite() or abs(each - 1) < 1e-3 for each in values)


def test_eigenvalues_of_the_library_are_those_that_lie_next_to_them() -> None:
    found = [acb(1), acb(1, 1), acb(1, -1)]
    assert _matched(found, np.array([1 - 1.1j, 1.2, 1 + 1j])) == [2, 0, 1]
    for returned in ([1.0, 1 + 1j], [1.3, 1 + 1j, 1 - 1j], [1.0, 1.2, 1 - 1j], [1.0, np.nan, 1 - 1j]):
        assert _matched(found, np.array(returned)) is None
    assert _matched([acb(4)], np.array([3.0])) == [0]


def test_a_matrix_without_eigenvalues_leaves_the_others_theirs() -> None:
    with jax.enable_x64(True), precision(100):
        closed = jax.make_jaxpr(lambda x: jnp.linalg.eigvals(x.reshape(2, 2)).real)(np.ones(4))
        meeting = [arb(1, 0.75), arb(0), arb(0), arb(2, 0.75)]
        given = np.array([[arb("nan"), *map(arb, (1, 0, 2))], meeting, [*map(arb, (3, 1, 0, 2))]], dtype=object)
        (found,), _ = walk(Exact(), closed, [given], 3)
    assert not any(each.is_finite() for each in found[:2].ravel())
    assert sorted(round(float(each)) for each in found[2]) == [2, 3]


def test_left_vectors_may_be_open_where_right_ones_are_not() -> None:
    """So wide that Arb tells the eigenvalues of a matrix apart, and not those of its transpose."""
    rows = [[2.0, 1.0, 3.0], [0.0, 1.0, 3.0], [2.0, 1.0, 0.0]]
    wide = np.array([[[arb(each, 0.0625) for each in row] for row in rows]], dtype=object)
    with jax.enable_x64(True), precision(100):
        closed = jax.make_jaxpr(lambda a: [jnp.real(each) for each in lax.linalg.eig(a)])(np.ones((3, 3)))
        (values, left, _), _ = walk(Exact(), closed, [wide], 1)
    assert all(each.is_finite() for each in values.ravel()), "which stand with right vectors alone"
    assert not any(each.is_finite() for each in left.ravel())


def test_a_matrix_without_rows_has_no_eigenvalues() -> None:
    found = enclose(lambda a: lax.linalg.eig(a), np.zeros((0, 0)))
    assert [each.shape for each in found] == [(0,), (0, 0), (0, 0)]
    assert [each.shape for each in enclose(lambda a: lax.linalg.eigh(a), np.zeros((0, 0)))] == [(0, 0), (0,)]


def test_of_two_entries_of_one_size_the_one_that_the_library_made_real_is_real() -> None:
    with precision(100):
        columns, values = np.array([[acb(1)], [acb(0, 1)]], dtype=object), np.array([acb(2, 1)], dtype=object)
        half = 0.5**0.5
        for returned, sides in (([half, half * 1j], [0, 1]), ([-half * 1j, half], [1, 0])):
            found = _normalised(columns, values, np.array([[each] for each in returned]), real=False)
            assert [each.imag == 0 for each in found[:, 0]] == [side == 0 for side in sides]
        for returned in ([half, half], [half * 1j, half * 1j]):
            found = _normalised(columns, values, np.array([[each] for each in returned]), real=False)
            assert not any(each.is_finite() for each in found.ravel())


def test_a_part_of_the_spectrum_is_refused() -> None:
    for fn in (
        lambda a: lax.linalg.svd(a, full_matrices=False, compute_uv=False, subset_by_index=(0, 1)),
        lambda a: lax.linalg.eigh(a, subset_by_index=(0, 1)),
    ):
        with pytest.raises(UnsupportedPrimitive, match="of a part of the spectrum"):
            enclose(fn, np.array([[2.0, 0.0], [0.0, 1.0]]))


@pytest.mark.parametrize("shape", [(2, 3), (3, 2), (2, 2)])
def test_singular_vectors_have_the_signs_of_the_library(shape: tuple[int, int]) -> None:
    rng = np.random.default_rng(3)
    for _ in range(4):
        matrix = rng.normal(size=shape)
        found = enclose(lambda a: lax.linalg.svd(a, full_matrices=False), matrix)
        for balls_, floats in zip(found, lax.linalg.svd(matrix, full_matrices=False), strict=True):
            for ball, value in zip(np.ravel(balls_), np.ravel(floats).tolist(), strict=True):
                # The library's floats are float32 here; a wrong sign is off by twice the value.
                assert abs(float(ball.mid()) - value) < 1e-5


def test_of_equal_pivots_the_first_is_taken() -> None:
    factors, pivots, _ = enclose(lax.linalg.lu, np.array([[1.0, 2.0], [1.0, 3.0]]))
    assert [float(each) for each in factors.ravel()] == [1, 2, 1, 1]
    assert pivots.tolist() == [0, 1]


def test_a_matrix_that_may_be_singular_has_singular_values_alone() -> None:
    u, values, v = enclose(lambda a: lax.linalg.svd(a), np.array([[2.0, 0.0], [0.0, 0.0]]))
    assert values[0].contains(2)
    assert values[1].contains(0)
    assert all(each.is_finite() for each in values)
    assert not any(each.is_finite() for each in (*u.ravel(), *v.ravel()))
    assert _root(arb(0, 1)).is_finite()
    assert _root(arb(0, 1)).contains(1)
    assert not _root(arb("nan")).is_finite()


def test_a_vector_that_the_library_has_turned_is_not_taken_for_ours() -> None:
    with precision(100):
        exact = np.array([[acb("0.6")], [acb(0, "0.8")]], dtype=object)
        returned = np.array([[0.6], [0.8j]])
        assert all((a - b).overlaps(acb(0)) for a, b in zip(_signed(exact, returned)[:, 0], exact[:, 0], strict=True))
        assert (_signed(exact, -returned)[1, 0] + exact[1, 0]).overlaps(acb(0))
        assert not any(each.is_finite() for each in _signed(exact, returned * np.exp(0.01j)).ravel())
        assert not any(each.is_finite() for each in _signed(exact, returned[::-1]).ravel())


@pytest.mark.parametrize("name", ["float32", "bfloat16", "float16"])
def test_the_next_number_of_every_format_lies_in_its_ball(name: str) -> None:
    x, y = np.array([1.0, 1.0, 0.0, 2.5, 1024.0]), np.array([2.0, -1.0, 1.0, 2.5, 0.0])
    returned = lax.nextafter(jnp.asarray(x, name), jnp.asarray(y, name))
    for ball, value, given_ in zip(allowed(lax.nextafter, x, y, dtype=name), returned, x.tolist(), strict=True):
        assert ball.contains(arb(float(value)))
        assert not ball.contains(given_ + 0.1 * abs(given_) + 0.01)


def test_a_matrix_without_a_value_has_no_vectors() -> None:
    for size in (1, 2):
        matrix = np.array([[arb("nan") if i == j == 0 else arb(i + j) for i in range(size)] for j in range(size)])
        for found in symmetric(matrix):
            assert not any(each.is_finite() for each in found.ravel())


def test_eigenvectors_of_a_symmetric_matrix_are_those_of_its_eigenvalues() -> None:
    given = REAL + REAL.T
    matrix = np.array([[arb(each) for each in row] for row in given], dtype=object)
    values, vectors = symmetric(matrix)
    assert all(each.is_finite() for each in vectors.ravel())
    for number in range(4):
        product, scaled = matrix @ vectors[:, number], values[number] * vectors[:, number]
        assert all(one.overlaps(other) for one, other in zip(product, scaled, strict=True))
        assert not any(one.overlaps(other * OFF) for one, other in zip(product, scaled, strict=True))


def test_eigenvalues_that_are_not_told_apart_have_no_vectors() -> None:
    for middle, radius in ((0.0, 0.0), (0.0, 0.25), (1e-3, 0.25)):
        matrix = np.array([[arb(1, radius), arb(0)], [arb(0), arb(1 + middle, radius)]], dtype=object)
        values, vectors = symmetric(matrix)
        assert all(each.contains(1) for each in values)
        assert not any(each.is_finite() for each in vectors.ravel())


@pytest.mark.parametrize(
    "fn",
    [lambda a: lax.linalg.qr(a, full_matrices=False), lax.linalg.hessenberg, lax.linalg.tridiagonal],
    ids=["qr", "hessenberg", "tridiagonal"],
)
def test_a_reflection_whose_sign_is_open_claims_nothing(fn: Callable[..., Any]) -> None:
    """Wherever a first entry of a column to be reflected may have either sign, so may all that follows."""
    open_ = np.array([[[arb(0, 0.5) if i != j else arb(2 + i) for j in range(3)] for i in range(3)]], dtype=object)
    open_[0, 0, 0] = arb(0, 0.5)
    open_[0, 2, 1] = open_[0, 1, 2] = open_[0, 2, 0] = open_[0, 0, 2] = arb(1)
    with jax.enable_x64(True), precision(100):
        closed = jax.make_jaxpr(fn)(jax.ShapeDtypeStruct((3, 3), np.float64))
        outputs, trail = walk(Exact(), closed, [open_], 1)
    assert trail.lost.all()
    assert not any(each.is_finite() for found in outputs for each in found.ravel())


def test_open_pivots_and_lengths_are_lost() -> None:
    def lost(fn: Callable[..., Any], *columns: Any) -> bool:
        array = np.array(columns, dtype=object).T[None]
        with jax.enable_x64(True), precision(100):
            closed = jax.make_jaxpr(fn)(jax.ShapeDtypeStruct(array.shape[1:], np.float64))
            return bool(walk(Exact(), closed, [array], 1)[1].lost.any())

    def pivoted(a: Any) -> Any:
        return lax.linalg.qr(a, pivoting=True)[1]

    assert lost(pivoted, [arb(3), arb(4)], [arb(4), arb(3)]), "two columns of one length: floats may take either"
    assert lost(pivoted, [arb(3), arb(4, 0.25)], [arb(4), arb(3)])
    assert not lost(pivoted, [arb(3), arb(4)], [arb(4), arb(4)])


def test_each_matrix_of_a_batch_has_its_factors() -> None:
    both = np.array([[[4.0, 2.0], [2.0, 5.0]], [[9.0, 3.0], [3.0, 2.0]], [[1.0, 1.0], [1.0, 17.0]]])
    found = enclose(lambda a: lax.linalg.cholesky(a), both)
    assert found.tolist() == [[[2, 0], [1, 2]], [[3, 0], [1, 1]], [[1, 0], [1, 4]]]
    # One that may be singular leaves the others theirs.
    batch = np.array([[[2.0, 0.0], [0.0, 0.0]], [[2.0, 0.0], [0.0, 1.0]]])
    vectors, values, _ = enclose(lambda a: lax.linalg.svd(a), batch)
    assert all(each.is_finite() for each in values.ravel())
    assert [each.is_finite() for each in vectors[:, 0, 0]] == [False, True]


def test_a_triangle_with_real_numbers_on_its_diagonal_is_its_own_r() -> None:
    rows, imaginary = np.array([[2.0, 1.0], [0.0, 3.0]]), np.array([[0.0, 1.0], [0.0, 0.0]])
    q, r = enclose(lambda a, b: lax.linalg.qr(lax.complex(a, b)), rows, imaginary)
    assert [complex(each) for each in np.ravel(lifted(r))] == [2, 1 + 1j, 0, 3]
    assert [complex(each) for each in np.ravel(lifted(q))] == [1, 0, 0, 1]


def test_a_first_entry_that_is_zero_decides_no_sign() -> None:
    for fn in (lambda a: lax.linalg.qr(a)[1], lambda a: lax.linalg.qr(lax.complex(a, a))[1].real):
        with jax.enable_x64(True), precision(100):
            closed = jax.make_jaxpr(fn)(jax.ShapeDtypeStruct((2, 2), np.float64))
            given = np.array([[[arb(0), arb(1)], [arb(1), arb(0)]]], dtype=object)
            assert walk(Exact(), closed, [given], 1)[1].lost.all()


def test_what_is_zero_only_after_a_reflection_decides_nothing() -> None:
    for fn in (
        lambda a: lax.linalg.tridiagonal(lax.complex(a, 0 * a))[1],
        lambda a: lax.linalg.hessenberg(lax.complex(a, 0 * a))[1].real,
        lambda a: lax.linalg.qr(a[1:, :2])[1],
    ):
        with jax.enable_x64(True), precision(100):
            closed = jax.make_jaxpr(fn)(np.ones((4, 4)))
            for entry, open_ in ((0, False), (2, True)):
                rows = [[1, 1, entry, 0], [1, 2, 0, 0], [entry, 0, 3, 0], [0, 0, 0, 4]]
                given = np.array([[[arb(each) for each in row] for row in rows]], dtype=object)
                assert bool(walk(Exact(), closed, [given], 1)[1].lost.any()) is open_


def test_zero_times_a_factor_without_a_value_has_none() -> None:
    assert not enclose(lambda a: 0 * lax.linalg.cholesky(a), np.array([[-1.0]])).ravel()[0].is_finite()

    def eigenvalues(a: Any) -> Any:
        one = lax.complex(a / a, 0 * a)
        return 0 * lax.linalg.eigh(one / lax.complex(a - a, a - 2.0))[1]

    assert enclose(eigenvalues, np.array([[1.0]])).ravel()[0] == 0
    assert not enclose(eigenvalues, np.array([[2.0]])).ravel()[0].is_finite()


@pytest.mark.parametrize("lower", [True, False])
def test_of_a_hermitian_matrix_the_diagonal_is_real_and_so_is_one_row_of_vectors(lower: bool) -> None:
    real, imaginary = np.array([[0.0, 1.0], [1.0, 0.0]]), np.array([[2.0, 1.0], [-1.0, 0.0]])
    real[(0, 1) if lower else (1, 0)] = 7.0  # which is not read

    def fn(a: Any, b: Any) -> Any:
        vectors, values = lax.linalg.eigh(lax.complex(a, b), lower=lower, symmetrize_input=False)
        return vectors.real, vectors.imag, values

    first, second, values = enclose(fn, real, imaginary)
    assert all(abs(each * each - 2) < 1e-30 for each in values)
    assert all(each.is_finite() for each in (*first.ravel(), *second.ravel()))
    assert all(each == 0 for each in second[0 if lower else 1])


def test_entries_of_a_complex_factor_are_complex_and_those_of_a_real_one_are_real() -> None:
    from jax._src.lax.linalg import geqrf

    real, imaginary = np.array([[2.0, 1.0], [0.0, 3.0]]), np.array([[0.0, 1.0], [0.0, 0.0]])
    for fn in (
        lambda a: lax.linalg.cholesky(a @ a.conj().T),
        lambda a: lax.linalg.qr(a),
        lambda a: lax.linalg.qr(a.T),
        geqrf,
        lambda a: lax.linalg.svd(a)[::2],
        lambda a: lax.linalg.svd(0 * a)[::2],
    ):
        with jax.enable_x64(True), precision(100):
            for given, kind in (([real], arb), ([real, imaginary], acb)):
                closed = jax.make_jaxpr(lambda *each, fn=fn: fn(lax.complex(*each) if each[1:] else each[0]))(*given)
                arrays = [np.array([[[arb(each) for each in row] for row in part]], dtype=object) for part in given]
                found, _ = walk(Exact(), closed, arrays, 1)
                assert {type(each) for array in found for each in array.ravel()} == {kind}


def test_of_a_complex_matrix_singular_vectors_are_not_claimed() -> None:
    fn = lambda a, b: [each.real for each in lax.linalg.svd(lax.complex(a, b))]  # noqa: E731
    u, values, v = enclose(fn, np.array([[2.0, 0.0], [0.0, 1.0]]), np.zeros((2, 2)))
    assert [float(each) for each in values] == [2, 1]
    assert not any(each.is_finite() for each in (*u.ravel(), *v.ravel()))


def test_vectors_that_are_not_told_apart_are_of_the_kind_of_the_matrix() -> None:
    one, unit = np.array([[arb(3)]], dtype=object), np.array([[arb(1), arb(0)], [arb(0), arb(1)]], dtype=object)
    assert [each.ravel()[0] for each in symmetric(one)] == [3, 1]
    for real_row, kind in ((None, arb), (0, acb)):
        assert {type(each) for each in symmetric(unit, real_row)[1].ravel()} == {kind}
    assert not _signed(np.array([[arb("nan")]], dtype=object), np.array([[1.0]]))[0, 0].is_finite()


def test_the_library_is_asked_for_numbers_of_the_kind_of_the_matrix() -> None:
    from verify.readings.factorisations import _library

    with jax.enable_x64(True):
        for dtype in (np.float64, np.complex128):
            closed = jax.make_jaxpr(lambda a: lax.linalg.eigh(a, symmetrize_input=False))(np.eye(2, dtype=dtype))
            (equation,) = (each for each in closed.jaxpr.eqns if each.primitive.name == "eigh")
            vectors, _ = _library(equation, np.array([[arb(1), arb(0)], [arb(0), arb(2)]], dtype=object))
            assert vectors.dtype == dtype


def test_a_reflection_turns_a_real_part_away_from_its_sign() -> None:
    from verify.readings.factorisations import _reflection

    for alpha, below, beta in ((3, 4, -5), (-3, 4, 5), (0.75, 1, -1.25), (-0.75, -1, 1.25)):
        made = _reflection(arb(alpha), [arb(below)], False)
        assert made is not None
        assert abs(made[2] - beta) < TINY
    # Where nothing is below, nothing is reflected; where something may be, it is open.
    assert _reflection(arb(3), [arb(0)], False) == ([1, 0], 0, 3)
    assert _reflection(arb(3), [arb(0, 0.25)], False) is None


def test_a_column_that_is_not_reflected_leaves_the_others_theirs() -> None:
    tall = np.array([[2.0, 1.0], [0.0, 3.0], [0.0, 4.0]])
    for full in (True, False):
        q, r = enclose(lambda a, full=full: lax.linalg.qr(a, full_matrices=full), tall)
        assert (q.shape, r.shape) == (((3, 3), (3, 2)) if full else ((3, 2), (2, 2)))
        assert vanishes(q.dot(r) - tall.astype(int))
        assert abs(r[1, 1] + 5) < TINY
    assert [each.shape for each in enclose(lambda a: lax.linalg.hessenberg(a), np.array([[3.0]]))] == [(1, 1), (0,)]


def test_reflections_are_applied_from_either_side_and_turned() -> None:
    from types import SimpleNamespace

    from verify.readings.factorisations import _applied, _packed, ormqr

    a, c = given(True), given(True).T + acb(1)
    packed, taus, open_ = _packed(a)
    assert not open_
    q = _applied(packed, np.array(taus, dtype=object), lifted(np.eye(4)))
    assert vanishes(q.dot(np.triu(packed)) - a)
    for left in (True, False):
        for turned in (True, False):
            equation = SimpleNamespace(params={"left": left, "transpose": turned})
            (found,) = ormqr(Exact(), equation, packed[None], np.array([taus], dtype=object), c[None])
            used = adjoint(q) if turned else q
            assert vanishes(found[0] - (used.dot(c) if left else c.dot(used)))


def test_matrices_beside_one_that_is_open_have_their_factors() -> None:
    rows = [[[1, 0, 1], [0, 1, 1], [1, 1, 1]], [[1, 3, 4], [3, 1, 0], [4, 0, 1]]]
    both = np.array([[[arb(each) for each in row] for row in matrix] for matrix in rows], dtype=object)
    with jax.enable_x64(True), precision(100):
        for fn in (lax.linalg.tridiagonal, lax.linalg.hessenberg):
            closed = jax.make_jaxpr(fn)(np.ones((3, 3)))
            found, trail = walk(Exact(), closed, [both], 2)
            alone, _ = walk(Exact(), closed, [both[1:]], 1)
            assert trail.lost.tolist() == [True, False]
            for one, other in zip(found, alone, strict=True):
                assert all(a.is_finite() and a.overlaps(b) for a, b in zip(one[1].flat, other[0].flat, strict=True))


def test_an_open_reflection_loses_its_point() -> None:
    from jax._src.lax.linalg import geqrf

    with jax.enable_x64(True), precision(100):
        closed = jax.make_jaxpr(geqrf)(np.ones((2, 2)))
        rows = np.array([[[arb(0), arb(1)], [arb(1), arb(0)]]], dtype=object)
        found, trail = walk(Exact(), closed, [rows], 1)
    assert trail.lost.all()
    assert not any(each.is_finite() for array in found for each in array.ravel())


def test_the_largest_of_sizes_that_may_be_equal_is_open() -> None:
    from verify.readings.factorisations import _first_of_the_largest

    wide = arb(1.5, 0.5)
    assert _first_of_the_largest([wide, wide.upper()]) == (1, True)
    assert _first_of_the_largest([arb(2), arb(2)]) == (0, False)
    assert _first_of_the_largest([arb(1), arb(2), arb(2)]) == (1, False)
    # Of complex numbers LAPACK adds up both parts.
    fn = lambda a, b: [each.astype(np.float64) for each in lax.linalg.lu(lax.complex(a, b))[1:]]  # noqa: E731
    pivots, order = enclose(fn, np.array([[5.0, 1.0], [3.0, 1.0]]), np.array([[0.0, 0.0], [3.0, 0.0]]))
    assert (pivots.tolist(), order.tolist()) == ([1, 1], [1, 0])


def test_each_system_of_a_batch_is_solved_and_conjugated_only_where_that_is_asked() -> None:
    a, b = np.array([[[1.0, 0], [2, 1]], [[2, 0], [1, 1]], [[1, 0], [4, 2]]]), np.ones((3, 2, 1))

    def solved(a: Any, b: Any, turned: bool) -> Any:
        a, b = lax.complex(a, a), lax.complex(b, b)
        return lax.linalg.triangular_solve(a, b, left_side=True, lower=True, conjugate_a=turned, transpose_a=turned)

    expected = np.linalg.solve(a, b)
    for fn, result in (
        (lambda a, b: solved(a, b, False).real, expected),
        (lambda a, b: solved(a, b, False).imag, 0 * expected),
        (lambda a, b: solved(a, b, True).real, 0 * expected),
    ):
        assert [float(each) for each in enclose(fn, a, b).ravel()] == result.ravel().tolist()
    low, middle, high = np.array([[0.0, 1, 1]] * 2), np.full((2, 3), 2.0), np.array([[1.0, 1, 0]] * 2)
    found = enclose(lambda *each: lax.linalg.tridiagonal_solve(*each), low, middle, high, np.ones((2, 3, 1)))
    assert [round(float(each), 9) for each in found.ravel()] == [0.5, 0, 0.5] * 2


def test_in_floats_each_point_of_a_factorisation_is_lost_or_without_a_value() -> None:
    from verify.readings.rounded import Rounded

    points = np.array([[[arb(each) for each in row] for row in rows] for rows in (REAL, 2 * REAL)], dtype=object)
    with jax.enable_x64(True), precision(100):
        for fn in (lambda a: lax.linalg.lu(a)[0], lambda a: 0 * lax.linalg.cholesky(a)):
            found, trail = walk(Rounded(), jax.make_jaxpr(fn)(REAL), [points], 2)
            assert trail.lost.all() or not any(each.is_finite() for each in found[0][:, 0, 0])


def test_where_the_order_of_eigenvalues_is_open_so_are_they(monkeypatch: pytest.MonkeyPatch) -> None:
    from verify.readings import factorisations

    def fn(a: Any) -> Any:
        return [each.real for each in lax.linalg.eig(a)]

    matrix = np.array([[2.0, 1.0], [0.0, 1.0]])
    assert [float(each) for found in enclose(fn, np.array([[3.0]])) for each in np.ravel(found)] == [3, 1, 1]
    answers = [[0, 1], None, None]
    monkeypatch.setattr(factorisations, "_matched", lambda *_: answers.pop(0))
    values, left, right = enclose(fn, matrix)
    assert all(each.is_finite() for each in (*values, *right.ravel()))
    assert not any(each.is_finite() for each in left.ravel())
    assert not any(each.is_finite() for found in enclose(fn, matrix) for each in np.ravel(found))


def test_in_floats_nothing_is_claimed_of_a_batch_of_pivots() -> None:
    assert not any(each.is_finite() for each in np.ravel(allowed(lambda a: lax.linalg.lu(a)[0], np.ones((3, 2, 2)))))


def test_eigenvalues_whose_order_is_open_have_no_vectors(monkeypatch: pytest.MonkeyPatch) -> None:
    from flint import acb_mat

    from verify.readings import factorisations

    unit = np.array([[arb(1), arb(0)], [arb(0), arb(1)]], dtype=object)
    for second, open_ in ((acb(arb(1.25, 0.5), 3), True), (acb(arb(2, 0.5)), True), (acb(arb(3, 0.5)), False)):
        answer = ([acb(arb(1, 0.5)), second], acb_mat([[1, 0], [0, 1]]))
        monkeypatch.setattr(factorisations, "_spectrum", lambda _, answer=answer: answer)
        assert [each.is_finite() for each in symmetric(unit)[1].ravel()] == [not open_] * 4


def test_eigenvalues_that_touch_have_no_vectors(monkeypatch: pytest.MonkeyPatch) -> None:
    from flint import acb_mat

    from verify.readings import factorisations

    first = arb(1, 0.5)
    answer = ([acb(first), acb(first.upper())], acb_mat([[1, 0], [0, 1]]))
    monkeypatch.setattr(factorisations, "_spectrum", lambda _: answer)
    unit = np.array([[arb(1), arb(0)], [arb(0), arb(1)]], dtype=object)
    assert not any(each.is_finite() for each in symmetric(unit)[1].ravel())


def test_the_next_number_is_that_of_the_format() -> None:
    found = enclose(lax.nextafter, np.array([1.0, 1.0, 0.0, 2.5]), np.array([2.0, -1.0, 1.0, 2.5]))
    expected = [arb(1) + arb(2) ** -52, arb(1) - arb(2) ** -53, arb(2) ** -1074, arb(2.5)]
    assert all(a == b for a, b in zip(found, expected, strict=True))
    assert not enclose(lambda x: lax.nextafter(x / 3, x), np.array([1.0]))[0].is_finite(), "a third is no float"


# ---------------------------------------------------------------------------------------------------------------
# Claims: a derivative by hand that holds, and a wrong one beside it that fails.


def pool(x: Any) -> Any:
    return lax.reduce_window(x, -jnp.inf, lax.max, (2,), (2,), "VALID")


def pool_by_hand(x: Any) -> Any:
    pairs = x.reshape(-1, 2)
    first = pairs[:, 0] >= pairs[:, 1]
    slope = 2 * jnp.where(first, pairs[:, 0], pairs[:, 1])
    return jnp.stack([jnp.where(first, slope, 0), jnp.where(first, 0, slope)], axis=1).reshape(-1)


def pool_to_both(x: Any) -> Any:
    return jnp.repeat(2 * jnp.max(x.reshape(-1, 2), axis=1), 2)


def log_determinant(x: Any, y: Any) -> Any:
    """Of the Hermitian matrix (4, x - iy; x + iy, 3), which is log(12 - x² - y²)."""
    off = lax.complex(x, y)
    top = jnp.stack([jnp.full_like(off, 4), off.conj()])
    matrix = jnp.stack([top, jnp.stack([off, jnp.full_like(off, 3)])])
    return 2 * jnp.sum(jnp.log(jnp.diag(jnp.linalg.cholesky(matrix)).real))


GROUPS = (1, 2)


def ragged(a: Any, b: Any) -> Any:
    return 0.5 * jnp.sum(lax.ragged_dot(a, b, jnp.array(GROUPS)) ** 2)


def ragged_by_hand(a: Any, b: Any) -> Any:
    return jnp.stack([a[:1].T @ (a[:1] @ b[0]), a[1:3].T @ (a[1:3] @ b[1])])


def ragged_swapped(a: Any, b: Any) -> Any:
    return jnp.stack([a[:2].T @ (a[:2] @ b[0]), a[2:3].T @ (a[2:3] @ b[1])])


def products(x: Any) -> Any:
    return jnp.sum(lax.reduce_window(x, 1.0, lax.mul, (2,), (1,), "VALID"))


def products_by_hand(x: Any) -> Any:
    zero = jnp.zeros(1, x.dtype)
    return jnp.concatenate([x[1:], zero]) + jnp.concatenate([zero, x[:-1]])


def spectrum(a: Any) -> Any:
    """The trace of a square: eigenvalues, their squares, and their sum."""
    return jnp.sum((jnp.linalg.eigvals(a) ** 2).real)


def kept(x: Any) -> Any:
    """Which entries a dropout keeps: by the second of two keys."""
    return jax.random.bernoulli(jax.random.split(jax.random.key(1))[1], 0.5, x.shape)


CLAIMS: dict[str, tuple[Callable[..., Any], str, Callable[..., Any], Callable[..., Any], dict[str, Any]]] = {
    "max pool": (lambda x: jnp.sum(pool(x) ** 2), "x", pool_by_hand, pool_to_both, {"x": Reals("4")}),
    "product pool": (products, "x", products_by_hand, lambda x: 2 * products_by_hand(x), {"x": Reals("4")}),
    "split keys": (
        lambda x: jnp.sum(jnp.where(kept(x), x, 0) ** 2),
        "x",
        lambda x: jnp.where(kept(x), 2 * x, 0),
        lambda x: jnp.where(kept(x), 0, 2 * x),
        {"x": Reals("4")},
    ),
    "complex cholesky": (
        log_determinant,
        "x",
        lambda x, y: -2 * x / (12 - x * x - y * y),
        lambda x, y: -2 * x / (12 - x * x + y * y),
        {"x": Interval("", -1, 1), "y": Interval("", -1, 1)},
    ),
    "ragged product": (ragged, "b", ragged_by_hand, ragged_swapped, {"a": Reals("3 2"), "b": Reals("2 2 2")}),
    "eigenvalues of any matrix": (spectrum, "a", lambda a: 2 * a.T, lambda a: 2 * a, {"a": Reals("2 2")}),
}


@pytest.mark.parametrize("name", CLAIMS)
def test_a_derivative_by_hand_holds_and_a_wrong_one_fails(name: str) -> None:
    fn, wrt, right, wrong, domain = CLAIMS[name]

    # Of what is expected to fail a quick run compiles no floats.
    for by_hand, expected in ((right, Status.HOLDS), (wrong, Status.FAILS)):
        given = Derivative(fn, "gradient", wrt)
        claim = Claim(id=name.replace(" ", "-"), autodiff=given, by_hand=by_hand, domain=domain, expect=expected)
        report = check(claim, budget="quick")
        assert report.status is expected, str(report)


@pytest.mark.parametrize("shape", [(0, 3), (3, 0), (2, 0, 3)])
def test_a_matrix_without_rows_or_columns_has_no_singular_values(shape: tuple[int, ...]) -> None:
    found = enclose(lambda a: lax.linalg.svd(a, full_matrices=False), np.zeros(shape))
    assert [each.shape[-2:] for each in found] == [(shape[-2], 0), (*shape[:-2], 0)[-2:], (0, shape[-1])]


@pytest.mark.parametrize("complex_", [False, True])
def test_the_rows_that_lu_exchanges_are_those_of_the_library(complex_: bool) -> None:
    _, pivots, order = read(lambda a: list(lax.linalg.lu(a))[:3], complex_)
    _, exchanged, ordered = lax.linalg.lu(jnp.asarray(REAL + 1j * IMAGINARY if complex_ else REAL))[:3]
    assert pivots.tolist() == np.asarray(exchanged).tolist()
    assert order.tolist() == np.asarray(ordered).tolist()


def test_zero_times_floats_of_a_factor_claims_nothing() -> None:
    """Of many entries products with zero are not even computed, as long as every number is bounded."""
    found = allowed(lambda a: jnp.zeros(a.shape, a.dtype) * lax.linalg.cholesky(a), 4 * np.eye(8) + 0.25)
    assert not any(found[place].is_finite() for place in zip(*np.tril_indices(8), strict=True))


def test_zero_times_a_singular_value_that_is_not_one_has_no_value() -> None:
    def sizes(a: Any) -> Any:
        one = lax.complex(a / a, 0 * a)
        return 0 * lax.linalg.svd(one / lax.complex(a - a, a - 2.0), compute_uv=False)[0]

    assert enclose(sizes, np.array([[1.0]])).ravel()[0] == 0
    assert not enclose(sizes, np.array([[2.0]])).ravel()[0].is_finite()


def test_what_reflections_turn_is_the_orthogonal_factor_times_it() -> None:
    from jax.scipy.linalg import qr_multiply

    tall, other = REAL[:, :2], REAL[2:, :2]

    def difference(a: Any, c: Any) -> Any:
        return qr_multiply(a, c, mode="left")[0] - jnp.linalg.qr(a)[0] @ c

    assert vanishes(enclose(difference, tall, other))
    assert not vanishes(enclose(lambda a, c: qr_multiply(a, c, mode="left")[0], tall, other))
