"""Complex numbers by balls: every row against its definition, exact numbers and what JAX returns.

Where an answer is a sum or a product of a few binary fractions it is exact in floats too, and has to be the same.
"""

import itertools
from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from types import SimpleNamespace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flint import acb, arb, fmpq
from jax import lax

from verify.claim import UnsupportedPrimitive
from verify.readings import complexes
from verify.readings.api import allowed
from verify.readings.exact import Exact, balls, precision
from verify.readings.interpreter import NO, UNDECIDED, YES, Trail, walk
from verify.readings.rounded import Rounded

BITS = 200
NAN, INFINITE = arb("nan"), arb("inf")
I = acb(0, 1)
# No two of these, and no two of their parts, can be exchanged unnoticed.
Z = np.array([[0.5 - 1.25j, 2 + 0.75j, -1.5 + 0.25j], [-0.75 - 2j, 1.25 + 3j, 4 - 0.5j]])
W = np.array([[1.5 + 0.5j, -0.25 - 1j, 3 + 1j], [0.5 - 0.75j, -2 + 1.5j, 0.125 + 2j]])


@pytest.fixture(autouse=True)
def _more_bits() -> Iterator[None]:
    """Twice as many bits for what a test computes as for what it reads."""
    with precision(2 * BITS):
        yield


def rectangles(values: Any) -> np.ndarray:
    """Complex floats, or rectangles as they are."""
    array = np.array(values, dtype=object)
    return complexes.packed([each if isinstance(each, acb) else acb(each) for each in array.ravel()], array.shape)


def walked(fn: Callable[..., Any], *points: Any, bits: int = BITS) -> tuple[list[np.ndarray], Trail]:
    """Read a function; each argument has the leading axis of points, and is complex where it holds rectangles."""
    given = [array if array.dtype == np.int64 else array.astype(object) for array in map(np.asarray, points)]
    shapes: list[Any] = []
    for array in given:
        kind = np.int64 if array.dtype == np.int64 else np.float64 if isinstance(array.flat[0], arb) else np.complex128
        shapes.append(jax.ShapeDtypeStruct(array.shape[1:], kind))
    with jax.enable_x64(True), precision(bits):
        closed = jax.make_jaxpr(lambda *each: jax.tree.leaves(fn(*each)))(*shapes)
        return walk(Exact(), closed, given, len(given[0]))


def read(fn: Callable[..., Any], *values: Any, bits: int = BITS) -> np.ndarray:
    """The one result of a function of complex numbers at one point."""
    (found,), _ = walked(fn, *(rectangles(each)[None] for each in values), bits=bits)
    return found[0]


def converted(z: Any, dtype: Any) -> Any:
    """As JAX does it after it has warned that imaginary parts are left out."""
    return lax.convert_element_type_p.bind(z, new_dtype=np.dtype(dtype), weak_type=False, sharding=None)


def returned(fn: Callable[..., Any], *values: np.ndarray) -> np.ndarray:
    with jax.enable_x64(True):
        return np.asarray(fn(*map(jnp.asarray, values)))


def is_exactly(found: np.ndarray, expected: np.ndarray) -> bool:
    """Whether these are the very numbers, and of the same shape."""
    assert found.shape == expected.shape
    pairs = zip(found.ravel(), expected.ravel().tolist(), strict=True)
    return all(acb(each).is_exact() and acb(each) == acb(value) for each, value in pairs)


def near(found: np.ndarray, expected: np.ndarray) -> bool:
    """Whether rectangles may be those that were computed with more bits, and those beside them are none."""
    assert found.shape == expected.shape
    beside = arb(2) ** -150
    return all(
        acb(a).overlaps(b) and not acb(a).overlaps(b + beside) and not acb(a).overlaps(b + I * beside)
        for a, b in zip(found.ravel(), expected.ravel(), strict=True)
    )


def each_by(function: Callable[..., acb], *arrays: Any) -> np.ndarray:
    return np.asarray(np.frompyfunc(function, len(arrays), 1)(*map(rectangles, arrays)), dtype=object)


# ---------------------------------------------------------------------------------------------------------------
# Entry by entry.

ARITHMETIC: dict[str, tuple[Callable[..., Any], int]] = {
    "add": (lax.add, 2),
    "sub": (lax.sub, 2),
    "mul": (lax.mul, 2),
    "neg": (lax.neg, 1),
    "square": (lax.square, 1),
    "cube": (lambda z: lax.integer_pow(z, 3), 1),
    "power of zero": (lambda z: lax.integer_pow(z, 0), 1),
    "conj": (lax.conj, 1),
    "real": (lax.real, 1),
    "imag": (lax.imag, 1),
    "complex": (lambda z, w: lax.complex(lax.imag(z), lax.real(w)), 2),
    "complex of what is spread": (lambda z, w: lax.complex(lax.imag(z), jnp.broadcast_to(w[0, 0].real, (2, 3))), 2),
    "complex of a real number": (lambda z: lax.convert_element_type(lax.imag(z), np.complex128), 1),
    "real number of a complex one": (lambda z: converted(z, np.float64), 1),
    "conj of a real number": (lambda z: lax.conj(lax.real(z)), 1),
    "added to one entry": (lambda z, w: z + jnp.broadcast_to(w[0, 0], (2, 3)), 2),
}


@pytest.mark.parametrize("name", list(ARITHMETIC))
def test_arithmetic_of_binary_fractions_is_exact(name: str) -> None:
    fn, count = ARITHMETIC[name]
    found, expected = read(fn, *(Z, W)[:count]), returned(fn, *(Z, W)[:count])
    assert is_exactly(found, expected)
    kind = acb if np.iscomplexobj(expected) else arb
    assert all(isinstance(each, kind) for each in found.ravel())


def test_two_points_are_read_beside_each_other() -> None:
    (sums, sizes), _ = walked(lambda z, w: (z * w - z, abs(z)), rectangles(Z), rectangles(W))
    assert is_exactly(sums, Z * W - Z)
    for size, z in zip(sizes.ravel(), Z.ravel().tolist(), strict=True):
        assert (size * size).contains(fmpq(*(Fraction(z.real) ** 2 + Fraction(z.imag) ** 2).as_integer_ratio()))
        assert size > 0


def test_what_a_transpose_adds_is_a_sum() -> None:
    def twice(ct: Any) -> Any:
        return jax.linear_transpose(lambda z: (2 * z, z * 1j), jax.ShapeDtypeStruct((2, 3), np.complex128))((ct, ct))[0]

    with jax.enable_x64(True):
        assert "add_any" in str(jax.make_jaxpr(twice)(Z))
    assert is_exactly(read(twice, Z), 2 * Z + 1j * Z)


def test_quotients_and_negative_powers_are_those_of_rational_numbers() -> None:
    def rational(z: complex, w: complex) -> tuple[Fraction, Fraction]:
        a, b, c, d = map(Fraction, (z.real, z.imag, w.real, w.imag))
        size = c * c + d * d
        return (a * c + b * d) / size, (b * c - a * d) / size

    for found, expected in (
        (read(lax.div, Z, W), [rational(z, w) for z, w in zip(Z.ravel().tolist(), W.ravel().tolist(), strict=True)]),
        (read(lambda z: lax.integer_pow(z, -2), Z), [rational(1, z * z) for z in Z.ravel().tolist()]),
        (read(lambda z: lax.pow(z, jnp.array(-2)), Z), [rational(1, z * z) for z in Z.ravel().tolist()]),
    ):
        for ball, (real, imaginary) in zip(found.ravel(), expected, strict=True):
            assert ball.real.contains(fmpq(*real.as_integer_ratio()))
            assert ball.imag.contains(fmpq(*imaginary.as_integer_ratio()))
            assert max(ball.real.rad(), ball.imag.rad()) < arb(2) ** -150


def test_the_size_of_three_and_four_is_five() -> None:
    assert is_exactly(read(abs, [3 + 4j, -5 + 12j, 0]), np.array([5.0, 13.0, 0.0]))


# Each by exponentials alone.
DEFINITIONS: dict[str, Callable[[acb], acb]] = {
    "exp": lambda z: z.real.exp() * acb(z.imag.cos(), z.imag.sin()),
    "exp2": lambda z: acb(2) ** z,
    "expm1": lambda z: z.exp() - 1,
    "sin": lambda z: ((I * z).exp() - (-I * z).exp()) / (2 * I),
    "cos": lambda z: ((I * z).exp() + (-I * z).exp()) / 2,
    "tan": lambda z: ((2 * I * z).exp() - 1) / ((2 * I * z).exp() + 1) / I,
    "sinh": lambda z: (z.exp() - (-z).exp()) / 2,
    "cosh": lambda z: (z.exp() + (-z).exp()) / 2,
    "tanh": lambda z: ((2 * z).exp() - 1) / ((2 * z).exp() + 1),
    "logistic": lambda z: z.exp() / (1 + z.exp()),
    "log": lambda z: acb(abs(z).log(), arb.atan2(z.imag, z.real)),
    "log1p": lambda z: acb(abs(1 + z).log(), arb.atan2(z.imag, 1 + z.real)),
    "sqrt": lambda z: abs(z).sqrt() * (acb(0, arb.atan2(z.imag, z.real)) / 2).exp(),
    "rsqrt": lambda z: (acb(0, -arb.atan2(z.imag, z.real)) / 2).exp() / abs(z).sqrt(),
}


def test_every_elementary_function_is_tried() -> None:
    assert set(DEFINITIONS) == set(complexes.ELEMENTARY)


@pytest.mark.parametrize("name", list(DEFINITIONS))
def test_an_elementary_function_is_its_definition(name: str) -> None:
    found = read(getattr(lax, name), Z)
    assert near(found, each_by(DEFINITIONS[name], Z))


@pytest.mark.parametrize("name", list(DEFINITIONS))
def test_an_elementary_function_of_a_rectangle_holds_those_of_its_numbers(name: str) -> None:
    wide = acb(arb(0.75, 0.25), arb(0.5, 0.125))
    (found,) = read(getattr(lax, name), [wide])
    assert found.is_finite()
    for x, y in itertools.product((0.5, 0.625, 1.0), (0.375, 0.5, 0.625)):
        assert found.contains(DEFINITIONS[name](acb(x, y)).mid())


@pytest.mark.parametrize("name", ["log", "log1p", "sqrt", "rsqrt"])
def test_a_cut_has_two_sides_and_a_number_beside_it_one(name: str) -> None:
    fn, define = getattr(lax, name), DEFINITIONS[name]
    shift = 1 if name == "log1p" else 0
    on, above, below = read(fn, [-2 - shift, acb(-2 - shift, 0.5), acb(-2 - shift, -0.5)])
    for sign in (1, -1):
        assert on.overlaps(define(acb(-2 - shift, arb(2) ** -1000 * sign)))
    assert (above.imag > 0) == (name != "rsqrt")
    assert (below.imag < 0) == (name != "rsqrt")
    # Where the imaginary part is zero and the real one is not below the branch point, it stays real.
    (right,) = read(fn, [0.25 - shift])
    assert right.imag == 0
    assert near(np.array([right]), each_by(define, [0.25 - shift]))


def test_a_root_of_a_square_is_that_number() -> None:
    assert is_exactly(read(lax.sqrt, [0.25, 0, 2j, 4]), np.array([0.5, 0, 1 + 1j, 2]))
    assert is_exactly(read(lax.rsqrt, [0.25, 4]), np.array([2, 0.5]))


@pytest.mark.parametrize("name", ["log", "log1p", "rsqrt", "sqrt"])
def test_at_its_branch_point_a_function_has_no_value_but_a_root(name: str) -> None:
    (found,) = read(getattr(lax, name), [-1 if name == "log1p" else 0])
    assert found.is_finite() == (name == "sqrt")


def test_whole_powers_are_products_wherever_the_base_lies() -> None:
    for exponent in (0, 1, 2, 3, 5):
        power = lambda z, k=exponent: lax.pow(z, jnp.full_like(z, k))  # noqa: E731
        assert is_exactly(read(power, [-2, 0, 1j, 0.5 + 1j]), np.array([-2, 0, 1j, 0.5 + 1j]) ** exponent)
    assert is_exactly(read(lax.pow, [1j, -2, 2j], [-1, -3, -2]), np.array([-1j, -0.125, -0.25]))
    assert not read(lax.pow, [0], [-1])[0].is_finite()


def test_whole_exponents_may_be_whole_numbers() -> None:
    for exponent in (-1, 2, 3):
        power = lambda z, k=exponent: lax.pow(z, jnp.array(k))  # noqa: E731
        assert is_exactly(read(power, [-2, 1j, 2j]), np.array([-2, 1j, 2j]) ** exponent)


def test_other_powers_are_exponentials_of_a_logarithm() -> None:
    assert near(
        read(lax.pow, [1j, 0.5 + 1j, 2 - 1j, 3, 2], [1j, 2 + 1j, 0.5, 0.5, 1j]),
        np.array(
            [
                *each_by(lambda z: (-arb.pi() / 2).exp() + 0 * z, [1]),
                *each_by(lambda z, w: (w * DEFINITIONS["log"](z)).exp(), [0.5 + 1j, 2 - 1j], [2 + 1j, 0.5]),
                *each_by(lambda z: acb(z.real.sqrt()), [3]),
                *each_by(lambda z: acb(z.real.log().cos(), z.real.log().sin()), [2]),
            ]
        ),
    )


def test_a_power_on_the_cut_has_both_values() -> None:
    (found,) = read(lax.pow, [-4], [0.5])
    assert found.contains(acb(0, 2))
    assert found.contains(acb(0, -2))
    assert not found.contains(acb(0, 3))


def test_an_exponent_that_may_be_whole_is_not_taken_for_one() -> None:
    (found,) = read(lax.pow, [2j], [acb(arb(2, 0.25))])
    assert found.contains(-4)
    assert found.contains((acb(2.25) * acb(2j).log()).exp())
    assert not found.contains(4)


# ---------------------------------------------------------------------------------------------------------------
# Types.


def test_whole_numbers_of_every_size_and_sign_become_complex() -> None:
    def of(dtype: Any) -> Callable[..., Any]:
        return lambda n: lax.convert_element_type(lax.convert_element_type(n, dtype), np.complex128)

    numbers = np.array([[3, -2, 2**40], [0, 1, -1]])
    (found,), _ = walked(of(np.int64), numbers)
    assert is_exactly(found, numbers.astype(complex))
    (found,), _ = walked(of(np.uint64), numbers)
    assert found[1, 2] == 2.0**64


def test_an_answer_that_becomes_complex_is_a_choice_of_two() -> None:
    def mask(x: Any) -> Any:
        return lax.convert_element_type(x > 0, np.complex128)

    (found,), trail = walked(mask, np.array([[arb(1), arb(-1)], [arb(0, 1), arb(3)]], dtype=object))
    assert is_exactly(found[0], np.array([1, 0]))
    assert found[1, 0].contains(0)
    assert found[1, 0].contains(1)
    assert found[1, 0].imag == 0
    assert trail.hulls.tolist() == [False, True]
    (record,) = trail.branches.values()
    assert record.seen.shape == (2, 2, 2)
    assert record.seen[:, 0].tolist() == [[False, True], [True, False]]


def test_a_wider_type_of_complex_numbers_holds_the_same_value() -> None:
    """What is one value is equal to itself, however wide its rectangle is."""

    def same(x: Any) -> Any:
        narrow = lax.convert_element_type(lax.complex(x, x), np.complex64)
        return lax.convert_element_type(narrow, np.complex128) == lax.convert_element_type(narrow, np.complex128)

    (found,), trail = walked(same, np.array([arb(0, 1)], dtype=object))
    assert found.tolist() == [YES]
    assert not trail.kinks.any()


def test_what_is_complex_becomes_no_whole_number() -> None:
    with pytest.raises(UnsupportedPrimitive, match="complex numbers as whole numbers"):
        read(lambda z: converted(z, np.int64), Z)


@pytest.mark.parametrize(
    "part",
    [
        lax.real,
        lax.imag,
        abs,
        lambda z: converted(z, np.float64),
        lambda z: lax.fft(z, "IRFFT", (1,)),
    ],
    ids=["real", "imag", "abs", "convert", "irfft"],
)
def test_zero_times_a_part_without_a_value_has_none(part: Callable[..., Any]) -> None:
    def product(z: Any) -> Any:
        return jnp.zeros(1) * part(1 / z)

    assert not read(product, [0])[0].is_finite()
    assert read(product, [1 + 1j])[0] == 0


def test_infinite_constants_keep_their_parts_and_are_not_finite() -> None:
    constant = np.array([complex(np.inf, 1), complex(2, -np.inf), complex(np.nan, 3)])
    real, imaginary = (read(lambda z, f=f: f(z + constant), np.zeros(3)) for f in (lax.real, lax.imag))
    assert [str(each) for each in real] == [str(each) for each in (INFINITE, arb(2), NAN)]
    assert [str(each) for each in imaginary] == [str(each) for each in (arb(1), -INFINITE, arb(3))]
    assert not any(each.is_finite() for each in read(abs, constant))


def test_only_bounded_rectangles_are_known_to_be_finite() -> None:
    row = Exact().complex_row("is_finite")
    assert row is not None
    given = rectangles([[1j, acb(arb(0, 3), arb(2)), acb(INFINITE, 0), acb(0, INFINITE), acb(0, NAN), acb(NAN, 0)]])
    assert row(None, given).tolist() == [[YES, YES, *[UNDECIDED] * 4]]


UNDEFINED_IN_ONE_PART: dict[str, Callable[..., Any]] = {
    **{name: getattr(lax, name) for name in ("exp", "exp2", "sin", "square", "sqrt", "logistic")},
    "mul": lambda z: z * z,
    "div": lambda z: z / (1 + z),
    "integer_pow": lambda z: lax.integer_pow(z, 3),
    "whole power": lambda z: lax.pow(z, jnp.array(2)),
    "prod": lambda z: jnp.broadcast_to(jnp.prod(z), z.shape),
    "cumprod": lax.cumprod,
    "scatter-mul": lambda z: jnp.ones_like(z).at[jnp.array([0])].multiply(z),
    "dot": lambda z: jnp.broadcast_to(z @ z, z.shape),
    "fft": lambda z: lax.fft(z, "FFT", (1,)),
    "lu": lambda z: lax.linalg.lu(jnp.stack([z, z]))[0][1],
}


@pytest.mark.parametrize("name", list(UNDEFINED_IN_ONE_PART))
def test_what_has_no_real_part_has_no_imaginary_one(name: str) -> None:
    """Of what is real Arb leaves the imaginary part at zero; floats multiply that zero by what is no number."""
    real, imaginary = (
        read(lambda z, f=part: f(UNDEFINED_IN_ONE_PART[name](z)), [acb(NAN, 0)])[0] for part in (lax.real, lax.imag)
    )
    assert not real.is_finite()
    assert not imaginary.is_finite()


def test_sums_keep_the_part_that_has_a_value() -> None:
    for fn in (lambda z: z + 1j, lambda z: -z, lax.conj, lambda z: lax.cumsum(z) - z):
        (found,) = read(lambda z, f=fn: lax.imag(f(z)), [acb(NAN, 2)])
        assert found.is_finite()


def test_the_product_of_no_numbers_is_one_of_them() -> None:
    for fn in (lax.exp, lax.sign, lambda z: z / 2, lax.conj, lambda z: z + 1):
        found = read(lambda z, f=fn: f(jnp.prod(z[:0]))[None], [3j])
        assert near(found, read(fn, [1]))


def test_entries_beyond_the_end_have_no_value_whatever_is_computed_of_them() -> None:
    """Not even the row of conjugates of a transform, which takes rectangles alone, meets anything else."""

    def beyond(z: Any) -> Any:
        return z.at[jnp.array([0, 5])].get(mode="fill")

    found = read(beyond, [2j, 1])
    assert found[0] == 2j
    assert all(isinstance(each, acb) for each in found)
    assert [each.is_finite() for each in read(lambda z: lax.exp(beyond(z)), [2j, 1])] == [True, False]
    memory = read(lambda z: lax.empty((2,), z.dtype), [2j, 1])
    assert all(isinstance(each, acb) and not each.is_finite() for each in memory)


def test_the_largest_whole_numbers_are_exponents_too() -> None:
    def power(z: Any) -> Any:
        return lax.pow(z, jnp.array(2**64 - 1, jnp.uint64))

    assert is_exactly(read(power, [1j, -1]), np.array([-1j, -1]))
    (small,) = read(lambda z: lax.real(power(z)), [0.5])
    assert abs(small) < arb(2) ** -1000
    (small,), _ = walked(power, np.array([arb(0.5)]))
    assert abs(small[0]) < arb(2) ** -1000
    room = allowed(power, np.array(0.5)).item()
    assert room.contains(0) or not room.is_finite()
    assert not (room.contains(2) and room.is_finite())


def test_a_mask_and_whole_numbers_multiply_complex_ones() -> None:
    dimensions = (((0,), (0,)), ((), ()))

    def masked(x: Any, z: Any) -> Any:
        return lax.dot_general(x > 0, z, dimensions)

    def counted(x: Any, z: Any) -> Any:
        return lax.dot_general(z, jnp.array([3, -2, 5]), dimensions)

    x = balls(np.array([[1.0, -1.0, 2.0]]))
    for fn, weights in ((masked, [1, 0, 1]), (counted, [3, -2, 5])):
        (found,), trail = walked(fn, x, rectangles(Z[:1]))
        assert is_exactly(found, np.array([Z[0] @ weights]))
        assert len(trail.branches) == (fn is masked)


def test_parts_that_do_not_count_need_no_value() -> None:
    """The first and the middle number of what is its own mirror image are real: what else they hold is left out."""
    (even,) = read(lambda z: lax.fft(z, "IRFFT", (2,))[None], [acb(3, NAN), acb(1, NAN)])
    assert even.tolist() == [2, 1]
    (odd,) = read(lambda z: lax.fft(z, "IRFFT", (3,))[None], [acb(3, NAN), acb(0, NAN)])
    assert not any(each.is_finite() for each in odd)


# ---------------------------------------------------------------------------------------------------------------
# Directions, equalities, choices.


def test_a_direction_has_length_one() -> None:
    for ball, expected in zip(read(lax.sign, [3 + 4j, -5 - 12j, 2, -0.5j]), ((3, 4, 5), (-5, -12, 13)), strict=False):
        a, b, c = expected
        assert ball.real.contains(fmpq(a, c))
        assert ball.imag.contains(fmpq(b, c))
        assert ball.real.rad() < arb(2) ** -150
    assert is_exactly(read(lax.sign, [2, -0.5j, 0]), np.array([1, -1j, 0]))
    for each in read(lax.sign, [acb(arb(1, 0.25), arb(0, 0.25)), acb(arb(0, 0.25), arb(-1, 0.25))]):
        assert each.is_finite()
        assert abs(each.real).upper() <= 1 + arb(2) ** -20
        assert abs(each.imag).upper() <= 1 + arb(2) ** -20


def test_the_direction_of_zero_is_a_kink_and_what_may_be_zero_has_every_one() -> None:
    given = rectangles(
        [[acb(arb(0, 0.25), arb(0, 0.25)), 1j], [0, 1], [1, 2], [acb(arb(0, 0.25), NAN), 1], [acb(INFINITE, 1), 1]]
    )
    (found,), trail = walked(lax.sign, given)
    for every in (1, -1, 1j, -1j, 0):
        assert found[0, 0].contains(acb(every))
    assert found[0, 0].is_finite()
    assert not found[0, 0].real.contains(1.5)
    assert not found[0, 0].imag.contains(1.5)
    assert is_exactly(found[1:3], np.array([[0, 1], [1, 1]]))
    assert found[0, 1] == I
    assert not found[3, 0].is_finite()
    assert not found[4, 0].real.is_finite(), "an infinity by its size has no value"
    assert not found[4, 0].imag.is_finite()
    assert trail.kinks.tolist() == [False, True, False, False, False]
    assert trail.hulls.tolist()[:3] == [True, False, False]


@pytest.mark.parametrize("unequal", [False, True], ids=["eq", "ne"])
def test_two_values_are_equal_where_both_parts_are(unequal: bool) -> None:
    first = rectangles([1 + 2j, 1 + 2j, 1 + 2j, acb(arb(1, 1), arb(2)), acb(NAN, 2), acb(INFINITE, 0)])
    second = rectangles([1 + 2j, 1 + 3j, 2 + 2j, acb(1, 2), acb(NAN, 2), acb(arb(1), 0)])
    (found,), trail = walked(lax.ne if unequal else lax.eq, first, second)
    yes, no = (NO, YES) if unequal else (YES, NO)
    assert found.tolist() == [yes, no, no, UNDECIDED, UNDECIDED, no]
    assert trail.kinks.tolist() == [True, *[False] * 5]


@pytest.mark.parametrize("unequal", [False, True], ids=["eq", "ne"])
def test_a_value_is_equal_to_itself_if_it_has_one(unequal: bool) -> None:
    given = rectangles([acb(arb(0, 1), arb(0, 1)), 1 + 2j, acb(NAN, NAN)])
    (found,), trail = walked(lambda z: (lax.ne if unequal else lax.eq)(z, z), given)
    assert found.tolist() == [*[NO if unequal else YES] * 2, UNDECIDED]
    assert not trail.kinks.any()


def test_a_choice_that_asks_for_an_equality_knows_which_outcome_that_is() -> None:
    for ask, outcome in ((lax.eq, YES), (lax.ne, NO)):
        (found,), trail = walked(
            lambda z, f=ask: jnp.where(f(z, 2 + 0j), z, -z), rectangles([2, 3, acb(arb(2, 1), arb(0))])
        )
        assert found[:2].tolist() == ([2, -3] if outcome == YES else [-2, 3])
        assert found[2].contains(2)
        assert found[2].contains(-2)
        (record,) = trail.branches.values()
        assert record.equality == outcome
        assert record.seen[:, :, 0].tolist() == [
            [outcome != YES, outcome == YES, False],
            [outcome == YES, outcome != YES, False],
        ]
        assert trail.kinks.tolist() == [True, False, False]
        assert trail.hulls.tolist() == [False, False, True]


def test_a_choice_by_number_takes_the_nearest_case() -> None:
    def choice(which: Any, z: Any) -> Any:
        return lax.select_n(lax.convert_element_type(which, np.int32), z, 2 * z, z * 1j)

    numbers = np.array([[0, 1, 2], [2, 7, -4]])
    (found,), _ = walked(choice, numbers, rectangles(Z))
    assert is_exactly(found, Z * np.array([[1, 2, 1j], [1j, 1j, 1]]))


# ---------------------------------------------------------------------------------------------------------------
# Sums and products.

REDUCTIONS: dict[str, Callable[..., Any]] = {
    "sum of rows": lambda z: jnp.sum(z, axis=1),
    "sum of columns": lambda z: jnp.sum(z, axis=0),
    "sum": jnp.sum,
    "sum along no axis": lambda z: lax.reduce_sum_p.bind(z, axes=(), out_sharding=None),
    "product of rows": lambda z: jnp.prod(z, axis=1),
    "product of columns": lambda z: jnp.prod(z, axis=0),
    "product": jnp.prod,
    "running sum of rows": lambda z: lax.cumsum(z, axis=1),
    "running sum of columns": lambda z: lax.cumsum(z, axis=0),
    "running sum of rows from the end": lambda z: lax.cumsum(z, axis=1, reverse=True),
    "running sum of columns from the end": lambda z: lax.cumsum(z, axis=0, reverse=True),
    "running product of rows": lambda z: lax.cumprod(z, axis=1),
    "running product of columns": lambda z: lax.cumprod(z, axis=0),
    "running product of rows from the end": lambda z: lax.cumprod(z, axis=1, reverse=True),
    "running product of columns from the end": lambda z: lax.cumprod(z, axis=0, reverse=True),
    "inner products": lambda z: lax.dot_general(z, z, (((1,), (1,)), ((), ()))),
    "products by rows": lambda z: lax.dot_general(z, z, (((1,), (1,)), ((0,), (0,)))),
    "outer products by rows": lambda z: lax.dot_general(z, z, (((), ()), ((0,), (0,)))),
    "a number beside a vector": lambda z: z @ lax.convert_element_type(z.real, z.dtype).T,
    "added at places": lambda z: z.at[:, jnp.array([2, 0, 2])].add(z[:, ::-1]),
    "taken away at places": lambda z: z.at[:, jnp.array([2, 0, 2])].subtract(z[:, ::-1]),
    "multiplied at places": lambda z: z.at[:, jnp.array([2, 0, 2])].multiply(z[:, ::-1]),
    "added beyond the end": lambda z: z.at[jnp.array([1, 5])].add(2 * z),
}


@pytest.mark.parametrize("name", list(REDUCTIONS))
def test_sums_and_products_of_binary_fractions_are_exact(name: str) -> None:
    """At two points at once, of which the second has the rows and the signs of the first turned around."""
    fn = REDUCTIONS[name]
    (found,), _ = walked(fn, np.stack([rectangles(Z), rectangles(-Z[::-1])]))
    assert is_exactly(found, np.stack([returned(fn, Z), returned(fn, -Z[::-1])]))


def test_sums_of_nothing_have_the_shape_of_what_is_left() -> None:
    def none(z: Any) -> Any:
        return z[:, :, None] + jnp.sum(z[:, :0], axis=1)[:, None, None] * jnp.ones((1, 1, 2), z.dtype)

    assert is_exactly(read(none, Z), np.repeat(Z[:, :, None], 2, axis=2))
    (found,), _ = walked(lambda z: jnp.sum(z[:, :0], axis=1), rectangles(np.stack([Z, W])))
    assert found.shape == (2, 2)
    assert all(isinstance(each, acb) and each == 0 for each in found.ravel())


def test_constants_are_lifted_with_both_parts_and_their_shape() -> None:
    found = complexes.lift(np.array([[1, 2 - 3j]]))
    assert found.shape == (1, 2)
    assert is_exactly(found, np.array([[1, 2 - 3j]]))
    assert is_exactly(complexes.lift(np.array(0.5)), np.array(0.5))


# ---------------------------------------------------------------------------------------------------------------
# Transforms.


def transformed(z: np.ndarray, lengths: Sequence[int], sign: int) -> np.ndarray:
    """The sum that defines a transform over the last axes, over all places at once."""
    result = np.empty(z.shape, dtype=object)
    axes = z.ndim - len(lengths)
    for place in np.ndindex(*z.shape):
        total = acb(0)
        for other in np.ndindex(*lengths):
            turns = sum(Fraction(j * k, n) for j, k, n in zip(place[axes:], other, lengths, strict=True))
            root = acb(arb(fmpq(*(2 * sign * turns).as_integer_ratio()))).exp_pi_i()
            total += z[(*place[:axes], *other)] * root
        result[place] = total if sign < 0 else total / int(np.prod(lengths))
    return result


def entries(*shape: int) -> np.ndarray:
    """Binary fractions without a symmetry."""
    flat = np.arange(int(np.prod(shape)))
    return (((flat * 7 + 3) % 11) / 4 - 1 + 1j * (((flat * 5 + 1) % 13) / 8 - 0.5)).reshape(shape)


SHAPES = [
    *(((size,), 1) for size in (1, 2, 3, 5, 6)),
    *(((2, 4), 1), ((2, 3), 2), ((3, 1), 2), ((2, 3, 2), 3), ((2, 2, 3), 2)),
]


@pytest.mark.parametrize("kind", ["FFT", "IFFT", "RFFT"])
@pytest.mark.parametrize(("shape", "count"), SHAPES)
def test_a_transform_over_any_axes_is_its_definition(kind: str, shape: tuple[int, ...], count: int) -> None:
    lengths = shape[len(shape) - count :]
    given = entries(*shape).real if kind == "RFFT" else entries(*shape)
    if kind == "RFFT":
        (found,), _ = walked(lambda x: lax.fft(x, kind, lengths), balls(given)[None])
        found = found[0]
    else:
        found = read(lambda z: lax.fft(z, kind, lengths), given)
    expected = transformed(rectangles(given), lengths, 1 if kind == "IFFT" else -1)
    if kind == "RFFT":
        expected = expected[..., : lengths[-1] // 2 + 1]
    assert near(found, expected)


@pytest.mark.parametrize(("shape", "count"), [*SHAPES, ((3, 4), 2), ((2, 8), 1)])
def test_an_inverse_transform_to_real_numbers_reads_what_is_its_own_mirror_image(
    shape: tuple[int, ...], count: int
) -> None:
    lengths = shape[len(shape) - count :]
    size = lengths[-1]
    given = entries(*shape[:-1], size // 2 + 1)
    found = read(lambda z: lax.fft(z, "IRFFT", lengths), given)
    assert all(isinstance(each, arb) for each in found.ravel())
    half = rectangles(given)
    if count > 1:
        half = np.moveaxis(transformed(np.moveaxis(half, -1, 0), lengths[:-1], 1), 0, -1)
    expected = np.empty(shape, dtype=object)
    for place in np.ndindex(*shape):
        *rest, j = place
        total = arb(0)
        for k in range(size // 2 + 1):
            twice = 1 if k == 0 or 2 * k == size else 2
            root = acb(arb(fmpq(2 * j * k, size))).exp_pi_i()
            # The first and the middle one alone have a root that is real, and a part that does not count.
            term = half[(*rest, k)].real * root.real if twice == 1 else (half[(*rest, k)] * root).real
            total += twice * term
        expected[place] = acb(total / size)
    assert near(found, expected)


@pytest.mark.parametrize("kind", ["FFT", "IFFT", "RFFT", "IRFFT"])
@pytest.mark.parametrize("size", [1, 2, 4])
def test_a_transform_with_whole_roots_is_the_one_of_jax(kind: str, size: int) -> None:
    """The parts of an inverse one to real numbers that do not count are not zero here, and JAX leaves them out too."""
    fn = lambda z: lax.fft(z, kind, (size,))  # noqa: E731
    given = entries(3, size // 2 + 1 if kind == "IRFFT" else size)
    if kind == "RFFT":
        fn = lambda z: lax.fft(lax.real(z), kind, (size,))  # noqa: E731
    found, expected = read(fn, given), returned(fn, given)
    assert found.shape == expected.shape
    for ball, value in zip(found.ravel(), expected.ravel().tolist(), strict=True):
        assert acb(ball).contains(acb(value))


@pytest.mark.parametrize("kind", ["FFT", "IFFT", "IRFFT"])
@pytest.mark.parametrize("shape", [(2, 0), (0, 1)])
def test_a_transform_of_no_entries_is_empty(kind: str, shape: tuple[int, int]) -> None:
    def none(z: Any) -> Any:
        empty = jnp.zeros(shape, z.dtype)
        return lax.fft(empty * z[0, 0], kind, (shape[1],))

    (found,), _ = walked(none, rectangles(np.stack([Z, W, Z])))
    assert found.shape == (3, *shape)
    assert found.dtype == object


# ---------------------------------------------------------------------------------------------------------------
# The table.


def test_of_complex_floats_nothing_is_claimed() -> None:
    for fn in (lambda x: lax.real(lax.complex(x, x)), lambda x: abs(lax.complex(x, x)), lambda x: jnp.fft.rfft(x).imag):
        assert not any(each.is_finite() for each in np.ravel(allowed(fn, np.array([1.0, 2.0]))))


def test_what_is_in_no_table_has_no_row() -> None:
    system = SimpleNamespace(name="exact")
    assert complexes.row(system, "erf_inv") is None  # type: ignore[arg-type]
    assert all(complexes.row(system, name) is not None for name in ("sin", "fft", "eig", "lu"))  # type: ignore[arg-type]


def test_what_lies_beyond_the_end_is_of_the_kind_of_the_others() -> None:
    """Arb does not ask whether it is given a ball or a rectangle."""
    from jax.lax import empty

    for system in (Exact(), Rounded()):
        for dtype, kind in ((np.float64, arb), (np.complex128, acb)):
            if system.name == "rounded" and kind is acb:
                continue
            for fn in (
                lambda x, d=dtype: x.astype(d).at[jnp.array([1, 5])].get(mode="fill"),
                lambda x, d=dtype: empty((2,), d),
            ):
                with jax.enable_x64(True), jax.numpy_dtype_promotion("standard"), precision(BITS):
                    closed = jax.make_jaxpr(fn)(np.ones(2))
                    (found,), _ = walk(system, closed, [balls(np.ones((1, 2)))], 1)
                assert all(type(each) is kind for each in found.ravel().tolist())
                assert not found[0, 1].is_finite()


def test_one_plus_a_number_below_minus_one_has_a_logarithm_on_either_side() -> None:
    """The sign of a zero says which side of the cut it is on, and balls have none."""
    from verify.readings.api import enclose

    x = np.array([-1.5])
    found = enclose(lambda x: jnp.imag(lax.log1p(lax.complex(x, 0 * x))), x)[0]
    for zero, side in ((0.0, 1), (-0.0, -1)):
        angle = float(jnp.imag(lax.log1p(lax.complex(jnp.asarray(x), jnp.full_like(x, zero))))[0])
        assert side * angle > 3
        assert found.overlaps(side * arb.pi())
