"""What real programs meet: complex numbers, transforms, factorisations, and the public functions of JAX with gradients.

Right formulas beside wrong ones of the same programs, and a walk over the functions that users call.
"""

import functools
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

import jax
import jax.numpy as jnp
import jax.scipy.fft
import jax.scipy.linalg
import jax.scipy.signal
import jax.scipy.special
import numpy as np
import pytest
from flint import acb, arb
from jax import lax

from verify import Claim, Derivative, Status, check, domain, program
from verify.claim import UnsupportedPrimitive, float_sides
from verify.engines import case, floats, prove
from verify.engines.budget import BUDGETS
from verify.pages.text import floats_word, verdict_lines
from verify.readings.api import allowed, enclose
from verify.readings.exact import Exact, balls, precision
from verify.readings.factorisations import symmetric
from verify.readings.interpreter import walk
from verify.readings.rounded import Rounded
from verify.readings.table import states


@pytest.fixture(autouse=True)
def _promotion_of_users() -> Iterator[None]:
    """Real and complex numbers meet in these programs, as they do in those of users."""
    with jax.numpy_dtype_promotion("standard"), jax.numpy_rank_promotion("allow"):
        yield


# ---------------------------------------------------------------------------------------------------------------
# Claims: the formula holds, the wrong one beside it fails.

WEIGHTS = (1.0, -2.0, 0.5, 3.0, 0.25)


def _weights(like: Any) -> Any:
    return jnp.asarray(WEIGHTS[: like.size], like.dtype).reshape(like.shape)


def power(x: Any) -> Any:
    spectrum = jnp.abs(jnp.fft.fft(x)) ** 2
    return jnp.sum(_weights(spectrum) * spectrum)


def power_gradient(x: Any) -> Any:
    turned = jnp.fft.fft(x)
    return 2 * jnp.real(jnp.fft.fft(_weights(turned.real) * jnp.conj(turned)))


def smoothed(x: Any) -> Any:
    return jnp.sum(jnp.fft.irfft(jnp.fft.rfft(x) * jnp.fft.rfft(_weights(x)), n=x.shape[0]) ** 2) / 2


def smoothed_gradient(x: Any) -> Any:
    n = x.shape[0]
    response = jnp.abs(jnp.fft.fft(_weights(x))) ** 2
    return jnp.real(jnp.fft.ifft(response * jnp.fft.fft(x))) * (n / n)


def _symmetric(x: Any) -> Any:
    return x + x.T + jnp.diag(jnp.arange(1.0, 1.0 + x.shape[0]).astype(x.dtype) * 20)


def largest(x: Any) -> Any:
    return jnp.linalg.eigvalsh(_symmetric(x))[-1]


def largest_gradient(x: Any) -> Any:
    vector = jnp.linalg.eigh(_symmetric(x))[1][:, -1]
    return 2 * jnp.outer(vector, vector)


def nuclear(x: Any) -> Any:
    return jnp.sum(jnp.linalg.svd(_symmetric(x), compute_uv=False))


def nuclear_gradient(x: Any) -> Any:
    left, _, right = jnp.linalg.svd(_symmetric(x))
    return 2 * (left @ right)


def volume(x: Any) -> Any:
    # Squared, since the sign of each entry of the diagonal is always the same one, and an absolute value is a choice.
    return jnp.sum(jnp.log(jnp.diag(jnp.linalg.qr(_symmetric(x))[1]) ** 2)) / 2


def volume_gradient(x: Any) -> Any:
    root = jax.scipy.linalg.solve_triangular(
        jnp.linalg.cholesky(_symmetric(x)), jnp.eye(x.shape[0], dtype=x.dtype), lower=True
    )
    return 2 * root.T @ root


def modulus(x: Any, y: Any) -> Any:
    return jnp.sum(jnp.log(jnp.abs(jnp.exp(lax.complex(x, y)) + 2)))


def modulus_gradient(x: Any, y: Any) -> Any:
    e = jnp.exp(x)
    return (e * e + 2 * e * jnp.cos(y)) / (e * e + 4 * e * jnp.cos(y) + 4)


REALS = {"x": domain.Interval("n", -2.0, 2.0)}
SQUARE = {"x": domain.Interval("3 3", -1.0, 1.0)}
N = {"n": (3, 4)}
SUBJECTS: dict[str, tuple[Callable[..., Any], Callable[..., Any], Mapping[str, Any], Mapping[str, Any]]] = {
    "power": (power, power_gradient, REALS, N),
    "smoothed": (smoothed, smoothed_gradient, REALS, N),
    "largest": (largest, largest_gradient, SQUARE, {}),
    "nuclear": (nuclear, nuclear_gradient, SQUARE, {}),
    "volume": (volume, volume_gradient, SQUARE, {}),
    "modulus": (modulus, modulus_gradient, {**REALS, "y": domain.Interval("n", -3.0, 3.0)}, {"n": (2,)}),
}


def _claim(name: str, formula: Callable[..., Any], expect: Status = Status.HOLDS) -> Claim:
    """Of what is expected to fail a quick run compiles no floats."""
    fn, _, regions, sizes = SUBJECTS[name]
    return Claim(
        id=f"coverage.{name}",
        autodiff=Derivative(fn, "gradient", wrt="x"),
        by_hand=formula,
        domain=dict(regions),
        sizes=dict(sizes),
        expect=expect,
    )


@pytest.mark.parametrize("name", SUBJECTS)
def test_the_right_formula_holds(name: str) -> None:
    report = check(_claim(name, SUBJECTS[name][1]), budget="quick")
    assert report.status is Status.HOLDS, report.row.reason
    assert report.row.evidence == "enclosed"
    assert report.row.floats == "no claim"


@pytest.mark.parametrize("name", SUBJECTS)
@pytest.mark.parametrize("wrong", ["one component", "a part in 1e14"])
def test_a_wrong_formula_fails(name: str, wrong: str) -> None:
    right = SUBJECTS[name][1]

    def formula(*arguments: Any) -> Any:
        value = right(*arguments)
        if wrong == "one component":
            return value.at[(-1,) * value.ndim].add(1e-3)
        return value * (1 + 1e-14)

    # The names of the arguments are part of a side.
    if name == "modulus":
        report = check(_claim(name, lambda x, y: formula(x, y), Status.FAILS), budget="quick")
    else:
        report = check(_claim(name, lambda x: formula(x), Status.FAILS), budget="quick")
    assert report.status is Status.FAILS, report.row.reason


# ---------------------------------------------------------------------------------------------------------------
# Complex numbers.

Z = np.array([0.5, -1.25, 2.0])


@pytest.mark.parametrize(
    "name",
    [
        *("exp", "exp2", "expm1", "sin", "cos", "tan", "sinh", "cosh", "tanh", "logistic", "log", "log1p", "sqrt"),
        *("rsqrt", "square", "neg", "sign", "conj"),
    ],
)
def test_complex_functions_hold_what_jax_returns(name: str) -> None:
    def parts(x: Any, y: Any) -> Any:
        value = getattr(lax, name)(lax.complex(x, y))
        return value.real, value.imag, jnp.abs(value)

    with jax.enable_x64(True):
        given = jnp.asarray(Z), jnp.asarray(Z[::-1].copy())
        for found, value in zip(enclose(parts, Z, Z[::-1]), parts(*given), strict=True):
            for ball, each in zip(found, np.asarray(value).tolist(), strict=True):
                assert ball.is_finite()
                assert abs(ball - arb(each)) < 2.0**-40 * (1 + abs(ball))
                assert not ball.contains(each + 1e-3)


@pytest.mark.parametrize(
    "fn",
    [lax.log, lax.sqrt, lambda z: z ** (1 / 3), lambda z: lax.log1p(z)],
    ids=["log", "sqrt", "pow", "log1p"],
)
def test_on_a_branch_cut_both_sides_are_read(fn: Any) -> None:
    """Floats tell the sides apart by the sign of a zero; a reading that takes one would prove what floats deny."""

    def imaginary(x: Any) -> Any:
        return fn(lax.complex(x, jnp.zeros_like(x))).imag, fn(jnp.conj(lax.complex(x, jnp.zeros_like(x)))).imag

    with jax.enable_x64(True):
        for found, value in zip(enclose(imaginary, -Z[2:]), imaginary(-jnp.asarray(Z[2:])), strict=True):
            assert found[0].contains(0)
            assert arb(float(value[0])) - found[0].lower() > -1e-9
            assert found[0].upper() - arb(float(value[0])) > -1e-9


def test_the_size_of_zero_is_zero_and_its_direction_a_kink() -> None:
    def size(x: Any) -> Any:
        return jnp.abs(lax.complex(x, 0 * x))

    assert enclose(size, np.zeros(1))[0] == 0
    with jax.enable_x64(True), precision(100):
        closed = jax.make_jaxpr(lambda x: lax.sign(lax.complex(x, x)).real)(0.0)
        _, trail = walk(Exact(), closed, [balls(np.zeros((1,)))], 1)
    assert trail.kinks.all()


def test_wider_complex_in_is_never_narrower_out() -> None:
    def several(x: Any, y: Any) -> Any:
        z = lax.complex(x, y)
        return [
            each
            for value in (jnp.exp(z), jnp.log(z), 1 / z, z**3, jnp.fft.fft(z), jnp.sqrt(z), lax.sign(z), z.prod())
            for each in (value.real, value.imag, jnp.abs(value))
        ]

    with jax.enable_x64(True), precision(100):
        closed = jax.make_jaxpr(several)(Z, Z)
        before: list[np.ndarray] | None = None
        for radius in (0.0, 2.0**-40, 2.0**-12, 0.25, 2.0):
            widen = np.frompyfunc(lambda value, r=radius: arb(float(value), r), 1, 1)
            given = [np.asarray(widen(Z))[None], np.asarray(widen(Z[::-1]))[None]]
            found, _ = walk(Exact(), closed, given, 1)
            for inner, outer in zip(before or found, found, strict=True):
                for a, b in zip(inner.ravel(), outer.ravel(), strict=True):
                    assert not b.is_finite() or (b * (1 + arb(0, 2.0**-60)) + arb(0, 2.0**-90)).contains(a)
            before = found
    assert before is not None
    assert not before[3].ravel()[0].is_finite(), "log of a rectangle around 0"


def test_undefined_complex_numbers_stay_undefined() -> None:
    with jax.enable_x64(True), precision(100):
        closed = jax.make_jaxpr(lambda x: [jnp.abs(jnp.fft.fft(x)), 0 * jnp.fft.rfft(x).real, jnp.exp(1j * x).imag])(Z)
        given = balls(Z[None])
        given[0, 1] = arb("nan")
        found, _ = walk(Exact(), closed, [given], 1)
    assert not any(each.is_finite() for each in found[0].ravel())
    assert not any(each.is_finite() for each in found[1].ravel())
    assert not found[2][0, 1].is_finite()


def test_nothing_is_claimed_of_floats_behind_complex_numbers() -> None:
    for fn in (power, smoothed, lambda x: jnp.where(jnp.exp(1j * x).real > 0, x, -x)):
        found = np.ravel(allowed(fn, Z))
        assert not any(ball.is_finite() and ball.is_exact() for ball in found)
    for fn in (power, lambda x: jnp.exp(1j * x).real):
        assert not any(ball.is_finite() for ball in np.ravel(allowed(fn, Z)))


@pytest.mark.parametrize("n", [1, 2, 3, 4, 8, 15])
def test_a_transform_is_its_definition(n: int) -> None:
    x = np.arange(1.0, n + 1) / 4
    real, imaginary = enclose(lambda v: (jnp.fft.fft(v).real, jnp.fft.fft(v).imag), x)
    with precision(300):
        for k in range(n):
            terms = [acb(arb(v)) * (acb(arb(-2 * j * k) / arb(n))).exp_pi_i() for j, v in enumerate(x.tolist())]
            total = sum(terms, acb(0))
            assert real[k].overlaps(total.real)
            assert imaginary[k].overlaps(total.imag)
            assert not real[k].overlaps(total.real + arb(2) ** -150)


@pytest.mark.parametrize("n", [1, 2, 4])
def test_an_inverse_transform_of_complex_numbers_is_its_definition(n: int) -> None:
    """Of numbers that are no mirror image of themselves; the roots of one are whole here, so that all is exact."""
    x, y = np.array([0.5, -1.25, 2.0, 3.0])[:n], np.array([1.0, 0.25, -0.75, 4.0])[:n]
    for sign, transform in ((-1, jnp.fft.fft), (1, jnp.fft.ifft)):
        real, imaginary = enclose(lambda u, v, f=transform: (f(u + 1j * v).real, f(u + 1j * v).imag), x, y)
        for k in range(n):
            total = sum(
                (complex(a, b) * 1j ** (sign * j * k * 4 // n) for j, (a, b) in enumerate(zip(x, y, strict=True))), 0j
            )
            total = total if sign < 0 else total / n
            assert (real[k] - total.real).contains(0)
            assert (imaginary[k] - total.imag).contains(0)
            assert real[k].rad() < 1e-40


def test_what_has_no_complex_row_is_none() -> None:
    assert Exact().complex_row("erf_inv") is None
    assert Exact().complex_row("exp") is not None


def test_products_of_complex_matrices() -> None:
    x, y = np.array([0.5, -1.25, 2.0, 3.0]), np.array([1.0, 0.25, -0.75, 4.0])

    def product(u: Any, v: Any) -> Any:
        z = (u + 1j * v).reshape(2, 2)
        return (z @ z.T).real, (z @ z).imag

    z = (x + 1j * y).reshape(2, 2)
    for found, value in zip(enclose(product, x, y), ((z @ z.T).real, (z @ z).imag), strict=True):
        assert [float(each) for each in found.ravel()] == value.ravel().tolist()


def test_sums_of_no_complex_numbers_are_zero() -> None:
    def none(u: Any) -> Any:
        return jnp.sum((u + 1j * u)[:0]).real + jnp.prod((u + 1j * u)[:0]).real + u[0]

    assert float(enclose(none, np.array([0.5, 2.0]))[()].mid()) == 1.5


def test_products_and_transforms_of_no_complex_numbers_are_empty_or_zero() -> None:
    def none(u: Any) -> Any:
        z = (u + 1j * u)[:0]
        ones = (u + 1j).reshape(1, 2)
        rows = [jnp.dot(z, z), (z.reshape(2, 0) @ z.reshape(0, 2))[1, 0], jnp.sum(z.reshape(0, 1) @ ones)]
        return u[0] + sum(each.real for each in (*rows, jnp.sum(lax.fft(z.reshape(2, 0), "FFT", (0,)))))

    assert enclose(none, np.array([0.5, 2.0]))[()] == 0.5


def test_a_size_without_a_value_less_itself_has_none() -> None:
    def less_itself(u: Any) -> Any:
        size = jnp.abs(1 / lax.complex(u, u))
        return size - size

    found = enclose(less_itself, np.array([0.5, 0.0]))
    assert not found[1].is_finite()
    assert enclose(less_itself, np.array([0.5]))[0] == 0


@pytest.mark.parametrize("value", [complex(np.inf, 0), complex(0, np.inf), complex(np.nan, 1)])
def test_the_size_of_an_infinite_constant_less_itself_has_no_value(value: complex) -> None:
    def less_itself(u: Any) -> Any:
        size = lax.abs(lax.convert_element_type(np.array([value]), np.complex128))
        return size - size + u * 0

    assert not enclose(less_itself, np.array([0.5]))[0].is_finite()


def test_complex_numbers_do_not_become_whole_ones() -> None:
    def cast(u: Any) -> Any:
        named = {"new_dtype": np.dtype(np.int32), "weak_type": False, "sharding": None}
        return u * lax.convert_element_type_p.bind(lax.complex(u, u), **named)

    with pytest.raises(UnsupportedPrimitive, match="complex numbers as whole numbers"):
        enclose(cast, Z)


def test_the_direction_of_a_constant_is_no_kink() -> None:
    with jax.enable_x64(True), precision(100):
        closed = jax.make_jaxpr(lambda x: [x + lax.sign(jnp.zeros((), jnp.complex128)).real])(0.5)
        (found,), trail = walk(Exact(), closed, [balls(np.array([0.5]))], 1)
    assert found[0] == 0.5
    assert not trail.kinks.any()


def test_the_direction_of_what_may_be_zero_is_any_and_marked() -> None:
    with jax.enable_x64(True), precision(100):
        closed = jax.make_jaxpr(lambda x, y: [jnp.sign(lax.complex(x, y)).real])(0.0, 0.0)
        given = [np.array([arb(3), arb(0, 1), arb(0), arb("nan")], dtype=object), balls(np.array([4.0, 0.0, 0.0, 0.0]))]
        (found,), trail = walk(Exact(), closed, given, 4)
    assert (found[0] - arb(3) / 5).contains(0)
    assert found[0].rad() < 1e-20
    assert found[1].contains(arb(-1))
    assert found[1].contains(arb(1))
    assert found[2] == 0
    assert not found[3].is_finite()
    assert trail.kinks.tolist() == [False, False, True, False]
    assert trail.hulls.tolist()[:2] == [False, True]


def test_whole_numbers_and_answers_become_complex_numbers() -> None:
    def mixed(u: Any) -> Any:
        z = lax.convert_element_type(jnp.arange(3), jnp.complex128) * (u + 1j * u)
        return (z + lax.convert_element_type(u > 0, jnp.complex128) * 1j).imag

    x = np.array([0.5, -1.25, 2.0])
    found = enclose(mixed, x)
    assert [float(each.mid()) for each in found] == [1.0, -1.25, 5.0]
    assert all(each.is_exact() for each in found)


def test_open_answers_and_large_whole_numbers_become_complex_numbers() -> None:
    def mixed(u: Any) -> list[Any]:
        large = jnp.array(2**63 + 2**62, jnp.uint64) + jnp.uint64(0)
        return [lax.convert_element_type(each, jnp.complex128).real for each in (u > 0, large)]

    with jax.enable_x64(True), precision(100):
        closed = jax.make_jaxpr(mixed)(0.5)
        (answer, large), trail = walk(Exact(), closed, [np.array([arb(0, 1), arb(1)], dtype=object)], 2)
    assert answer[0].contains(0)
    assert answer[0].contains(1)
    assert answer[1] == 1
    assert large[0] == 2**63 + 2**62
    assert trail.hulls.tolist() == [True, False]


def test_complex_entries_are_scattered_by_each_operation() -> None:
    x, y = np.array([0.5, -1.25, 2.0]), np.array([1.0, 0.25, -0.75])
    places = np.array([2, 0, 2])

    def scattered(kind: str) -> Callable[..., Any]:
        def run(u: Any, v: Any) -> Any:
            z = u + 1j * v
            found = getattr(z.at[places], kind)(z[::-1])
            return found.real, found.imag

        return run

    for kind, operation in (("add", np.add), ("subtract", np.subtract), ("multiply", np.multiply)):
        expected = x + 1j * y
        operation.at(expected, places, (x + 1j * y)[::-1])
        real, imaginary = enclose(scattered(kind), x, y)
        for ball, part in zip((*real, *imaginary), (*expected.real, *expected.imag), strict=True):
            assert ball.is_exact(), kind
            assert ball == arb(float(part)), kind


# ---------------------------------------------------------------------------------------------------------------
# Factorisations.

A = np.array([[4.0, 1.0, 0.5], [1.0, 3.0, 0.25], [0.5, 0.25, 2.0]])
TALL = np.array([[1.0, 0.25], [0.5, -1.5], [0.25, 3.0]])


def test_factors_multiply_to_the_matrix_in_balls() -> None:
    def products(a: Any) -> Any:
        q, r = jnp.linalg.qr(a)
        u, s, vh = jnp.linalg.svd(a, full_matrices=False)
        return q @ r, q.T @ q - jnp.eye(a.shape[1]), (u * s) @ vh, u.T @ u - jnp.eye(a.shape[1])

    for matrix in (A[:, ::-1].copy(), TALL):
        for number, found in enumerate(enclose(products, matrix)):
            expected = np.zeros((matrix.shape[1],) * 2) if number % 2 else matrix
            for ball, each in zip(found.ravel(), expected.ravel().tolist(), strict=True):
                assert ball.contains(each)
                assert ball.rad() < 1e-40


def test_eigenvalues_that_meet_have_no_vectors_and_keep_their_values() -> None:
    values, vectors = symmetric(balls(np.eye(3)))
    assert all(value.contains(1) and value.rad() < 1e-8 for value in values)
    assert not any(each.is_finite() for each in vectors.ravel())
    with jax.enable_x64(True):
        found = enclose(jax.grad(lambda a: jnp.linalg.eigvalsh(a)[0]), np.eye(3))
    assert not any(each.is_finite() for each in found.ravel()), "the slope of an eigenvalue that is not simple"


def test_of_wide_balls_every_symmetric_matrix_is_enclosed() -> None:
    rng = np.random.default_rng(5)
    wide = np.frompyfunc(lambda value: arb(float(value), 2.0**-10), 1, 1)(A)
    values, vectors = symmetric(np.asarray(wide))
    assert all(each.is_finite() for each in (*values, *vectors.ravel()))
    for _ in range(20):
        shift = rng.uniform(-(2.0**-11), 2.0**-11, size=A.shape)
        w, v = np.linalg.eigh(A + (shift + shift.T) / 2)
        for k in range(3):
            assert (values[k] + arb(0, 1e-9)).contains(w[k])
            top = int(np.argmax(abs(v[:, k])))
            sign = 1.0 if float(vectors[top, k].mid()) * v[top, k] > 0 else -1.0
            assert all((vectors[i, k] + arb(0, 1e-9)).contains(sign * v[i, k]) for i in range(3))


def test_a_sign_that_floats_do_not_settle_is_not_guessed() -> None:
    """Below the diagonal is zero only after a subtraction: in floats it may be anything small, of either sign."""
    with jax.enable_x64(True), precision(100):
        closed = jax.make_jaxpr(lambda a: jnp.linalg.qr(a)[1])(np.zeros((3, 3)))
        singular = np.array([[[1.0, 2.0, 1.0], [2.0, 4.0, 3.0], [3.0, 6.0, 1.0]]])
        _, trail = walk(Exact(), closed, [balls(singular)], 1)
        assert trail.lost.all()
        _, trail = walk(Exact(), closed, [balls(A[None])], 1)
        assert not trail.lost.any()
        found, trail = walk(Exact(), closed, [balls(np.triu(A)[None])], 1)
        assert not trail.lost.any()
        assert found[0][0, 0, 0] == 4, "what is triangular is left as it is"


def test_a_vector_whose_sign_no_library_names_is_undefined() -> None:
    """Two eigenvalues nearer than floats can tell: the library's vectors are any two of a plane."""

    def vectors(a: Any, e: Any) -> Any:
        return jnp.linalg.eigh(a + jnp.diag(jnp.stack([e, 0 * e, 0 * e])) * jnp.exp(-40.0))[1]

    with jax.enable_x64(True):
        found = enclose(vectors, np.array([[1.0, 0, 0], [0, 1, 0], [0, 0, 2]]), np.array(1e-9), bits=400)
        flat = np.array([[1.0, 0.5, 0], [0.5, 1, 0], [0, 0, 2]])
        assert all(each.is_finite() for each in enclose(vectors, flat, np.array(1e-9), bits=400).ravel())
    exact = symmetric(balls(np.diag([1.0, 1.0 + 2.0**-52, 2.0])))[1]
    assert all(each.is_finite() for each in exact.ravel())
    # Either the library happens to return the axes themselves, or nothing is said.
    assert all(not each.is_finite() or each.contains(0) or abs(each).contains(1) for each in found.ravel())


def test_what_is_refused_says_what_and_where() -> None:
    cases: dict[str, Callable[..., Any]] = {
        "primitive 'schur'": lambda a: lax.linalg.schur(a)[0],
        "cumlogsumexp of complex numbers": lambda a: lax.cumlogsumexp(a + 0j).real,
        "of a part of the spectrum": lambda a: lax.linalg.svd(a, subset_by_index=(0, 1), compute_uv=False),
        "bitcast_convert_type": lambda a: lax.bitcast_convert_type(a + 1j, np.int64).astype(float),
    }
    for text, fn in cases.items():
        with jax.enable_x64(True):
            try:
                jax.make_jaxpr(fn)(A)
            except Exception:  # what JAX itself refuses on this version needs no answer
                continue
            with pytest.raises(UnsupportedPrimitive, match=text):
                enclose(fn, A)


# ---------------------------------------------------------------------------------------------------------------
# Bits, loops and whole numbers.


def test_the_sign_bit_of_numbers_and_not_of_zero() -> None:
    found = enclose(lambda x: jnp.copysign(2.0, x), np.array([3.0, -0.1, 0.0]))
    assert [float(each.mid()) for each in found[:2]] == [2, -2]
    assert found[2].contains(2)
    assert found[2].contains(-2)


def test_bits_of_what_is_no_float_are_lost() -> None:
    with jax.enable_x64(True), precision(200):
        closed = jax.make_jaxpr(lambda x: jnp.frexp(x)[0])(1.0)
        found, trail = walk(Exact(), closed, [balls(np.array([12.0]))], 1)
        assert found[0][0] == 0.75
        assert not trail.lost.any()
        for given in (arb(1) / 3, arb(1, 2.0**-20), arb(0), arb("nan")):
            array = np.empty(1, dtype=object)
            array[0] = given
            _, trail = walk(Exact(), closed, [array], 1)
            assert trail.lost.all(), given


def test_a_batched_loop_turns_each_entry_as_often_as_it_wants() -> None:
    def halved(x: Any) -> Any:
        return lax.while_loop(lambda v: v > 1, lambda v: v / 2, x)

    assert [float(each) for each in enclose(jax.vmap(halved), np.array([0.5, 3.0, 40.0]))] == [0.5, 0.75, 0.625]
    # Of an entry that is not decided to stop, nothing is said.
    with jax.enable_x64(True), precision(100):
        closed = jax.make_jaxpr(jax.vmap(halved))(np.zeros(2))
        array = np.empty((1, 2), dtype=object)
        array[0] = [arb(0.5), arb(1, 0.25)]
        _, trail = walk(Exact(), closed, [array], 1)
    assert trail.lost.all()


@pytest.mark.parametrize("system", [Exact, Rounded])
def test_whole_numbers_are_what_jax_makes_of_them(system: Any) -> None:
    def whole(x: Any) -> Any:
        counts = jnp.arange(1, 7, dtype=jnp.int32)
        return [
            x * each.astype(x.dtype)
            for each in (
                lax.population_count(counts).sum(),
                lax.clz(counts)[0],
                lax.reduce_xor(counts, (0,)),
                counts @ counts,
                jnp.zeros(3, jnp.int32).at[jnp.array([0, 2, 0])].add(counts[:3])[0],
                lax.cumprod(counts)[3],
                lax.cummax(counts[::-1])[4],
                lax.top_k(counts, 2)[0].sum(),
            )
        ]

    with jax.enable_x64(True), precision(100):
        closed = jax.make_jaxpr(whole)(1.0)
        found, _ = walk(system(), closed, [balls(np.array([1.0]))], 1)
        assert [float(each[0].mid()) for each in found] == [float(each) for each in whole(jnp.ones(()))]


def test_a_select_beyond_its_cases_takes_the_nearest() -> None:
    fn = lambda x: lax.select_n(jnp.array([-1, 1, 7], jnp.int32), x, 2 * x, 3 * x)  # noqa: E731
    with jax.enable_x64(True):
        assert [float(each) for each in enclose(fn, np.ones(3))] == np.asarray(fn(jnp.ones(3))).tolist() == [1, 2, 3]


@pytest.mark.parametrize("name", ["float64", "float32", "bfloat16", "float16"])
def test_fewer_bits_stay_inside(name: str) -> None:
    rng = np.random.default_rng(2)
    x = np.concatenate([rng.normal(size=40), rng.normal(size=20) * 2.0**-14, [0.0, 65519.0, -3e4, 1 + 2.0**-9]])
    for exponent, mantissa in ((5, 10), (8, 7), (8, 3), (11, 20)):
        fn = lambda v, e=exponent, m=mantissa: lax.reduce_precision(v, e, m)  # noqa: E731
        with jax.enable_x64(True):
            returned = np.asarray(fn(jnp.asarray(x, name))).astype(np.float64)
            rounded = np.asarray(jnp.asarray(x, name)).astype(np.float64)
        claimed = 0
        for ball, value, given in zip(allowed(fn, x, dtype=name), returned.tolist(), rounded.tolist(), strict=True):
            if ball.is_finite():
                assert ball.contains(value), (name, exponent, given, value, ball)
                claimed += 1
        assert claimed > 50 or (name, exponent) not in {("float64", 5), ("float32", 8)}
    assert not allowed(lambda v: lax.reduce_precision(v, 3, 4), np.ones(1))[0].is_finite()


# ---------------------------------------------------------------------------------------------------------------
# Large programs: decided, or it is said what they ran out of.


def _loss(x: Any) -> Any:
    return jnp.sum(jnp.tanh(x) ** 2) / 2


def _slope(x: Any) -> Any:
    return jnp.tanh(x) * (1 - jnp.tanh(x) ** 2)


def _scaled(x: Any) -> Any:
    return jnp.tanh(x) * x[0]


def _scaled_slope(x: Any) -> Any:
    return jnp.diag((1 - jnp.tanh(x) ** 2) * x[0]) + jnp.outer(jnp.tanh(x), jnp.zeros_like(x).at[0].set(1.0))


def _deep(x: Any) -> Any:
    for _ in range(12):
        x = jnp.sin(x) * 0.75 + x / 4
    return jnp.sum(x)


def _deep_slope(x: Any) -> Any:
    slope = jnp.ones_like(x)
    for _ in range(12):
        slope, x = slope * (jnp.cos(x) * 0.75 + 0.25), jnp.sin(x) * 0.75 + x / 4
    return slope


def _large(fn: Any, kind: Any, by_hand: Any, n: int) -> Claim:
    return Claim(
        id="coverage.large",
        autodiff=Derivative(fn, kind, wrt="x"),
        by_hand=by_hand,
        domain={"x": domain.Interval("n", -2.0, 2.0)},
        sizes={"n": (n,)},
    )


SMALL = replace(BUDGETS["quick"], entries=600)


def test_of_many_inputs_the_modes_that_fit_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(BUDGETS, "quick", SMALL)
    report = check(_large(_loss, "gradient", _slope, 26), budget="quick")
    assert report.status is Status.HOLDS
    enclosed = next(each for each in report.row.verdicts if each.engine == "enclose")
    assert enclosed.status == "HOLDS"
    assert "not read: jacfwd at n = 26: one array has 676 entries" in " ".join(enclosed.exceptions)
    claim = replace(_large(_loss, "gradient", lambda x: 1.5 * _slope(x), 26), expect=Status.FAILS)
    wrong = check(claim, budget="quick")
    assert wrong.status is Status.FAILS


def test_a_whole_jacobian_that_does_not_fit_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(BUDGETS, "quick", SMALL)
    report = check(_large(_scaled, "jacobian", _scaled_slope, 26), budget="quick")
    assert report.status is Status.UNKNOWN
    assert "too large to read: one array has 676 entries, more than the 300" in report.row.reason
    assert check(_large(_scaled, "jacobian", _scaled_slope, 4), budget="quick").status is Status.HOLDS


def test_a_long_program_is_read_in_one_mode_and_compiled_by_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (program, prove):
        monkeypatch.setattr(module, "MOST_EQUATIONS", 40)
    monkeypatch.setattr(floats, "MOST_COMPILED", 40)
    for by_hand, status in ((_deep_slope, Status.HOLDS), (lambda x: _deep_slope(x) * (1 + 1e-12), Status.FAILS)):
        report = check(_large(_deep, "gradient", by_hand, 2), budget="quick")
        assert report.status is status, report.row.reason
        words = {each.engine: f"{each.reason} {' '.join(each.exceptions)}" for each in report.row.verdicts}
        assert "equations is read in its first mode alone" in words["enclose"]
        assert "equations is not compiled" in words["floats"]
        assert "not read symbolically" in words["prove"]
        assert report.row.floats == "no claim"


@pytest.mark.parametrize("by_hand", [_deep_slope, lambda x: 2 * _deep_slope(x)])
def test_a_reading_that_takes_too_long_says_where_it_was(monkeypatch: pytest.MonkeyPatch, by_hand: Any) -> None:
    monkeypatch.setattr(case.READINGS, "kept", {})
    monkeypatch.setattr(case, "PATIENCE", -1)
    monkeypatch.setattr(prove, "PATIENCE", -1)
    report = check(_large(_deep, "gradient", by_hand, 2), budget="quick")
    assert report.status is Status.UNKNOWN
    assert "n = 2 ran out of time after" in report.row.reason
    assert "at equation 0 of" in report.row.reason


def test_floats_are_inside_only_where_both_sides_were_judged() -> None:
    """Of a factorisation nothing is claimed: what the formula's floats do says nothing of autodiff's."""

    def log_determinant(x: Any) -> Any:
        return 2 * jnp.sum(jnp.log(jnp.diag(jnp.linalg.cholesky(jnp.diag(x)))))

    claim = replace(
        _large(log_determinant, "gradient", lambda x: 1 / x, 3), domain={"x": domain.Interval("n", 1.0, 2.0)}
    )
    one_sided = check(claim, budget="quick")
    assert one_sided.status is Status.HOLDS
    assert one_sided.row.floats == "no claim"
    assert floats_word(one_sided.row) == "inside (by hand), no claim (autodiff)"
    assert any("floats inside (by hand), no claim (autodiff)" in line for line in verdict_lines(one_sided.row))
    both = check(_large(_loss, "gradient", _slope, 3), budget="quick")
    assert both.row.floats == floats_word(both.row) == "inside"
    rows = [{"program": "grad", "inside": 1, "outside": 1}, {"program": "formula", "inside": 0, "outside": 0}]
    assert float_sides(rows) == {"autodiff": "outside", "by hand": "no claim"}


# ---------------------------------------------------------------------------------------------------------------
# The public functions of JAX: what their programs and the programs of their gradients are made of.

VECTOR, OTHER = np.array([0.3, 0.75, 0.6]), np.array([0.45, 0.2, 0.9])
# Tried in turn, until the function takes them and returns numbers; whole numbers are not traced.
ARGUMENTS: tuple[tuple[Any, ...], ...] = (
    (VECTOR,),
    (A,),
    (VECTOR, OTHER),
    (A, VECTOR),
    (A, A),
    (VECTOR, OTHER, 0.5 + VECTOR / 4),
    ([VECTOR, OTHER],),
    (TALL,),
    (2, VECTOR),
    (VECTOR, 2),
    (VECTOR, 1, 2),
    (A, 1, 0),
)
MODULES = (jnp, jnp.linalg, jnp.fft, jax.nn, jax.scipy.special, jax.scipy.linalg, jax.scipy.fft, jax.scipy.signal)
# What no reading knows, and the public functions that need it.
MISSING = {"schur": {"schur", "sqrtm", "funm"}}


@functools.cache
def _known(primitive: str) -> bool:
    system = Exact()
    unread = ("none", "not unique", "not run")
    return states(primitive)[0] not in unread or primitive in system.rows or system.complex_row(primitive) is not None


def _primitives(fn: Callable[..., Any], arguments: tuple[Any, ...]) -> set[str] | None:
    """Names of the primitives of a function and of its gradient; None where it does not take these arguments."""
    places = [place for place, each in enumerate(arguments) if not isinstance(each, int)]

    def call(*dynamic: Any) -> list[Any]:
        given = list(arguments)
        for place, value in zip(places, dynamic, strict=True):
            given[place] = value
        leaves = jax.tree.leaves(fn(*given))
        parts = [
            each
            for leaf in leaves
            for each in ((leaf.real, leaf.imag) if jnp.iscomplexobj(leaf) else (leaf,))
            if jnp.issubdtype(leaf.dtype, jnp.inexact)
        ]
        assert parts
        return parts

    def total(*dynamic: Any) -> Any:
        return sum(jnp.sum(jnp.sin(each)) for each in call(*dynamic))

    given = [arguments[place] for place in places]
    try:
        found = {each.primitive.name for each in program.equations(jax.make_jaxpr(call)(*given).jaxpr)}
    except Exception:  # any complaint means that the function takes other arguments
        return None
    try:
        slope = jax.make_jaxpr(jax.grad(total, argnums=tuple(range(len(given)))))(*given)
    except Exception:  # not every function has a gradient
        return found
    return found | {each.primitive.name for each in program.equations(slope.jaxpr)}


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.__name__)
@pytest.mark.filterwarnings("ignore")
def test_programs_of_public_functions_are_read(module: Any) -> None:
    unread: dict[str, set[str]] = {}
    seen = 0
    with jax.enable_x64(True):
        for name in dir(module):
            fn = getattr(module, name)
            if name.startswith("_") or not callable(fn) or isinstance(fn, type):
                continue
            found = next((each for each in (_primitives(fn, given) for given in ARGUMENTS) if each is not None), None)
            seen += found is not None
            for primitive in found or ():
                if not _known(primitive) and name not in MISSING.get(primitive, ()):
                    unread.setdefault(primitive, set()).add(name)
    assert unread == {}
    assert seen >= 4
