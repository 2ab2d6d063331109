"""Every row of the expression reading: its lines, in balls and as sympy reads them, are what the program computes."""

import functools
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import sympy
from flint import arb
from jax import lax

from verify.claim import UnsupportedPrimitive
from verify.readings.api import enclose
from verify.readings.exact import precision
from verify.readings.expressions import (
    ANY,
    AT_LEAST_ZERO,
    OPERATIONS,
    POSITIVE,
    SAME_NAME,
    Expressions,
    Line,
    Sheet,
    Term,
    Undecided,
    holds,
    number,
    signs_of,
)
from verify.readings.interpreter import NO, UNDECIDED, YES, walk

pytestmark = pytest.mark.interpreter

# Between the ends of every function's domain, and on either side of one half.
POINT = np.array([0.25, 0.75, 0.5])
ABOVE_ONE = ("acosh",)


# Its annotations know no text with names in it.
sympify: Any = sympy.sympify


def shifted(name: str, x: Any) -> Any:
    """A function of `lax`, inside its domain."""
    return getattr(lax, name)(x + 1.0 if name in ABOVE_ONE else x)


def scattered(x: Any) -> Any:
    return x.at[jnp.array([2, 0, 2])].add(2 * x), x.at[jnp.array([1, 40])].add(2 * x[:2])


ROWS: dict[str, Callable[[Any], Any]] = {
    "add": lambda x: x + x[0] + 1.5,
    "sub": lambda x: (x - x[0], 2 - x, x - 0.0, x - 1.25, 0 - x),
    "mul": lambda x: (x * x[1], -1.0 * x, 1.0 * x, 0.0 * x, 3.0 * x),
    "div": lambda x: (x / x[1], 1.0 / x, x / 1.0, 0.0 / x, x / 3.0),
    "neg": lambda x: -x,
    "abs": lambda x: abs(x - 0.5),
    "sign": lambda x: (jnp.sign(x - 0.5), jnp.sign(-x)),
    "square": lambda x: jnp.square(x),
    "integer_pow": lambda x: (x**3, x**-2, lax.integer_pow(x, 1), (x - 1) ** 3, (-x) ** 2),
    "pow": lambda x: (
        x**0.5,
        x**2.5,
        x ** (-0.5),
        x ** x[1],
        (2.0 * x) ** jnp.float64(1.0),
        lax.pow(x, np.array([2, 0, 3])),
    ),
    "max": lambda x: (
        jnp.maximum(abs(x - 0.5), 0.0),
        jnp.maximum(x, 0.0),
        jnp.maximum(0.0, -x),
        jnp.maximum(x, -jnp.inf),
        jnp.maximum(x, x),
    ),
    "min": lambda x: (jnp.minimum(x, 0.0), jnp.minimum(0.0, -x), jnp.minimum(x, jnp.inf), jnp.minimum(x, x)),
    "clamp": lambda x: (lax.clamp(0.0, x, jnp.inf), lax.clamp(-jnp.inf, -x, 0.0)),
    "select_n": lambda x: (jnp.where(x > 0, x, 2 * x), jnp.where(x <= 0, x, 2 * x)),
    "is_finite": lambda x: jnp.where(jnp.isfinite(x), x, 0.0),
    "convert_element_type": lambda x: (
        (x > 0).astype(x.dtype) * x,
        jnp.arange(3).astype(x.dtype) * x,
        (0 * x).astype(bool).astype(x.dtype),
    ),
    "reduce_sum": lambda x: (
        jnp.sum(x),
        jnp.sum(jnp.outer(x, x)),
        jnp.sum(jnp.outer(x, x), axis=1),
        jnp.sum(jnp.outer(x, x + 1), axis=0),
    ),
    "reduce_prod": lambda x: jnp.prod(x),
    "cumsum": lambda x: (jnp.cumsum(x), lax.cumsum(x, reverse=True)),
    "dot_general": lambda x: (jnp.dot(x, x), jnp.outer(x, x + 1) @ x, jnp.einsum("bi,bij->bj", *batches(x))),
    "scatter-add": scattered,
    "expm1": lambda x: jnp.expm1(x),
    "exp2": lambda x: jnp.exp2(x),
    "log1p": lambda x: jnp.log1p(x),
    "logistic": lambda x: jax.nn.sigmoid(x),
    "rsqrt": lambda x: lax.rsqrt(x),
    "atan2": lambda x: (lax.atan2(x, x[::-1]), lax.atan2(-x, x[::-1] + 1)),
    "comparisons": lambda x: sum(
        jnp.where(which, x, 3 * x) * factor
        for factor, which in enumerate(
            (x < 0, x <= 0, x > 0, x >= 0, x == x, x != x, jnp.less(0, x), jnp.greater_equal(0, x)), start=1
        )
    ),
    **{name: functools.partial(shifted, name) for name in SAME_NAME},
}


def batches(x: Any) -> tuple[Any, Any]:
    """Two arrays with a batch axis, no two entries alike."""
    return jnp.stack([x, 2 * x + 1]), jnp.stack([jnp.outer(x, x + 1), jnp.outer(x + 2, x)])


def written(fn: Callable[[Any], Any]) -> tuple[Sheet, list[Term]]:
    """The lines of a function of three positive symbols, and its results."""
    sheet = Sheet()
    given = np.array([[Term(f"x_{i}", signs=POSITIVE) for i in range(3)]], dtype=object)
    with jax.enable_x64(True):
        closed = jax.make_jaxpr(fn)(jax.ShapeDtypeStruct((3,), np.float64))
    outputs, _ = walk(Expressions(sheet), closed, [given], 1)
    return sheet, [term for each in outputs for term in each.ravel().tolist()]


@pytest.mark.parametrize("name", ROWS)
def test_lines_are_what_the_program_computes(name: str) -> None:
    fn = ROWS[name]
    sheet, terms = written(fn)
    assert not sheet.maxima
    truth = [ball for each in jax.tree.leaves(enclose(fn, POINT)) for ball in np.ravel(each).tolist()]
    assert len(terms) == len(truth)
    with precision(200):
        values = sheet.values({f"x_{i}": arb(value) for i, value in enumerate(POINT)})
    names: dict[str, Any] = {f"x_{i}": sympy.Rational(str(value)) for i, value in enumerate(POINT)}
    for line in sheet.lines:
        names[line.name] = sympify(line.text, locals=names).evalf(40)
    for term, ball in zip(terms, truth, strict=True):
        with precision(200):
            value = values[term.text] if term.number is None else arb(term.number.numerator) / term.number.denominator
            assert value.overlaps(ball), (term, value, ball)
            assert not (value + arb("1e-30")).overlaps(ball), "a ball so wide says nothing"
            assert (value.sgn() == 0 or value.is_zero()) if term.signs == frozenset({0}) else True
            read = names[term.text] if term.number is None else sympify(term.text)
            assert abs(ball - arb(str(read.evalf(40)))) < arb("1e-30"), (term, read, ball)
            sign = 0 if ball.is_zero() else 1 if ball > 0 else -1
            assert sign in term.signs, (term, sign)


def test_a_condition_is_decided_or_refused() -> None:
    assert holds(np.array([[YES]])) is True
    assert holds(np.array([[NO]])) is False
    with pytest.raises(UnsupportedPrimitive, match="not decided"):
        holds(np.array([[UNDECIDED]]))


def test_every_row_is_tried() -> None:
    with jax.enable_x64(True):
        used = {
            equation.primitive.name
            for fn in ROWS.values()
            for equation in _equations(jax.make_jaxpr(fn)(jax.ShapeDtypeStruct((3,), np.float64)).jaxpr)
        }
    rows = set(Expressions(Sheet()).rows)
    # What only derivatives make, what JAX has had since 0.12, and maxima, which have a test of their own.
    assert rows - used == {"add_any", "one_minus_square", "reduce_max", "reduce_min"}


def _equations(jaxpr: Any) -> list[Any]:
    found: list[Any] = []
    for equation in jaxpr.eqns:
        found.append(equation)
        for inner in equation.params.values():
            if hasattr(inner, "jaxpr"):
                found += _equations(inner.jaxpr)
    return found


@pytest.mark.parametrize("word", ["maximum", "minimum"])
def test_a_maximum_is_one_free_symbol_that_says_what_it_stands_for(word: str) -> None:
    fn = jnp.max if word == "maximum" else jnp.min
    sheet, terms = written(lambda x: (fn(x), fn(x[::-1]), fn(2 * x), fn(x[:1])))
    assert [each.text for each in terms] == ["m1", "m1", "m2", "x_0"]
    assert sheet.maxima["m1"] == f"the {word} of x_0, x_1, x_2"
    assert sheet.maxima["m2"] == f"the {word} of t1, t2, t3"
    # Of numbers and infinities it is known which one it is.
    sheet, (found,) = written(
        lambda x: fn(jnp.stack([jnp.float64(2.0), jnp.float64(-3.0), jnp.float64(1.5)]) + 0 * x[0])
    )
    assert found.number == (2 if word == "maximum" else -3)


OPEN_CHOICES: dict[str, Callable[[Any], Any]] = {
    "two entries": lambda x: jnp.maximum(x, x[::-1]),
    "a number": lambda x: jnp.maximum(x, 0.5),
    "a difference": lambda x: jnp.maximum(x - x[0], 0.0),
    "a comparison": lambda x: jnp.where(x > 0.5, x, 0.0),
    "a sign": lambda x: jnp.where(x - x[0] > 0, x, 0.0),
    "an equality": lambda x: jnp.where(x[::-1] == x, x, 0.0),
    "an index": lambda x: x[jnp.asarray(x[0], int)],
    "a number made whole": lambda x: (0 * x + 2.5).astype(int).astype(x.dtype) * x,
    "a division by zero": lambda x: x / (0.0 * x),
    "a sum with infinity": lambda x: x + jnp.inf,
    "a product with infinity": lambda x: x * jnp.inf,
}


@pytest.mark.parametrize("name", OPEN_CHOICES)
def test_what_depends_on_the_inputs_has_no_text(name: str) -> None:
    with pytest.raises(Undecided):
        written(OPEN_CHOICES[name])


SIGNS = [POSITIVE, AT_LEAST_ZERO, ANY, frozenset({-1}), frozenset({-1, 0}), frozenset({0})]


@pytest.mark.parametrize("operation", [each for each in OPERATIONS if each not in {"lgamma", "digamma"}])
def test_signs_contain_the_sign_of_every_value(operation: str) -> None:
    function = OPERATIONS[operation][1]
    many = operation in {"add", "multiply", "subtract", "divide", "atan2"}
    with precision(64):
        for one in SIGNS:
            for other in SIGNS if many else [POSITIVE]:
                operands = [Term("a", signs=one), Term("b", signs=other)] if many else [Term("a", signs=one)]
                if operation == "power":
                    operands.append(number(2))
                allowed = signs_of(operation, operands)
                for a in one:
                    for b in other if many else [1]:
                        for size in (Fraction(1, 4), Fraction(4)):
                            given = [arb(a * size.numerator) / size.denominator]
                            given += [arb(b)] if many else [arb(2)] if operation == "power" else []
                            value = function(*given)
                            if not value.is_finite():
                                continue
                            sign = 0 if value.is_zero() else 1 if value > 0 else -1
                            assert sign in allowed, (operation, given, allowed)


def test_powers_keep_signs_where_they_are_known() -> None:
    for exponent in (Fraction(2), Fraction(4), Fraction(6)):
        assert signs_of("power", [Term("a"), number(exponent)]) == {0, 1}
    # An odd power of a negative number is negative, so nothing is said of it.
    assert signs_of("power", [Term("a"), number(3)]) == ANY
    assert signs_of("power", [Term("a", signs=POSITIVE), number(3)]) == POSITIVE
    assert signs_of("sqrt", [Term("a", signs=AT_LEAST_ZERO)]) == AT_LEAST_ZERO
    assert signs_of("subtract", [Term("a", signs=POSITIVE), Term("b", signs=POSITIVE)]) == ANY
    assert signs_of("add", [Term("a", signs=frozenset({-1})), Term("b", signs=frozenset({-1, 0}))]) == {-1}
    for operation in ("multiply", "divide"):
        assert signs_of(operation, [Term("a", signs=POSITIVE), Term("b", signs=frozenset({-1, 0}))]) == {-1, 0}


def test_numbers_are_compared_and_an_entry_is_equal_to_itself() -> None:
    _, terms = written(
        lambda x: (
            jnp.where(0 * x[0] + 2.0 > 1.0, x[0], x[1]),
            jnp.where(0 * x[0] + 2.0 < 1.0, x[0], x[1]),
            jnp.where(0 * x[0] + 2.0 <= 0 * x[1] + 2.0, x[0], x[1]),
            jnp.where(x[2] >= x[2] + 0.0, x[0], x[1]),
            x[0] - x[0],
            jnp.where(-(0 * x[0] + 2.0) < -1.0, x[0], x[1]),
            *(jnp.sign(0 * x[0] + value) for value in (0.5, 0.0, -0.5)),
            jnp.minimum(jnp.maximum(x[0], jnp.inf), x[1]),
            jnp.maximum(-jnp.maximum(x[0], jnp.inf), x[1]),
            jnp.where(jnp.isfinite(jnp.maximum(x[0], jnp.inf)), x[0], x[1]),
            jnp.where(jnp.isfinite(jnp.where(x[0] > 0, jnp.nan, x[0])), x[0], x[1]),
            jnp.exp(0 * x[0]),
            jnp.log(0 * x[0] + 1.0),
            (0 * x[0]) ** 2,
            x[0] ** jnp.float64(0.0),
            (0 * x[0] + 3.0) / 2.0,
            (0 * x[0]) / x[1],
            jnp.exp(jnp.minimum(x[0], -jnp.inf)),
            jnp.minimum(jnp.abs(jnp.minimum(x[0], -jnp.inf)), x[1]),
            jnp.where(jnp.minimum(x[2], -jnp.inf) < x[2], x[0], x[1]),
        )
    )
    assert [each.text for each in terms] == [
        "x_0",
        "x_1",
        "x_0",
        "x_0",
        "0",
        "x_0",
        "1",
        "0",
        "-1",
        "x_1",
        "x_1",
        "x_1",
        "x_1",
        "1",
        "0",
        "0",
        "1",
        "Rational(3, 2)",
        "0",
        "0",
        "x_1",
        "x_0",
    ]


@pytest.mark.parametrize("name", ["sin", "tan", "tanh", "sinh", "atan", "asinh", "atanh", "asin", "erf"])
def test_odd_functions_are_zero_at_zero(name: str) -> None:
    assert [each.text for each in written(lambda x: getattr(lax, name)(0 * x[0]))[1]] == ["0"]


def test_the_same_operation_is_one_line_and_another_is_not() -> None:
    sheet, (first, second, third) = written(lambda x: (x[0] * x[1], x[0] * x[1], x[0] * x[2]))
    assert first == second != third
    assert sheet.lines == [
        Line("t1", "x_0*x_1", "multiply", (Term("x_0", signs=POSITIVE), Term("x_1", signs=POSITIVE))),
        Line("t2", "x_0*x_2", "multiply", (Term("x_0", signs=POSITIVE), Term("x_2", signs=POSITIVE))),
    ]


def test_numbers_are_put_together_and_one_and_zero_left_out() -> None:
    one, three = number(1), number(3)
    for fn, expected in (
        (lambda reading, x: reading.subtract(three, number(5)), number(-2)),
        (lambda reading, x: reading.subtract(x, number(0)), None),
        (lambda reading, x: reading.multiply(three, number(5)), number(15)),
        (lambda reading, x: reading.multiply(one, x), None),
        (lambda reading, x: reading.multiply(x, one), None),
    ):
        sheet, x = Sheet(), Term("x_0", signs=POSITIVE)
        assert fn(Expressions(sheet), x) == (x if expected is None else expected)
        assert not sheet.lines


TEXTS: dict[str, Callable[[Any], Any]] = {
    "x_0*(-3)": lambda x: x[0] * -3.0,
    "x_0*Rational(1, 4)": lambda x: x[0] * 0.25,
    "x_0**(Rational(5, 2))": lambda x: x[0] ** 2.5,
    "x_0**3": lambda x: x[0] ** 3.0,
    "-x_0": lambda x: x[0] * -1.0,
    "-x_1": lambda x: 0 * x[0] - x[1],
    "1/x_0": lambda x: x[0] ** -1.0,
    "sqrt(x_0)": lambda x: x[0] ** jnp.float64(0.5),
    "x_0 - Rational(1, 2)": lambda x: x[0] - 0.5,
    "2 + x_0": lambda x: x[0] + 2.0 + 0 * x[1],
}


@pytest.mark.parametrize("text", TEXTS)
def test_numbers_are_written_exactly_and_in_brackets(text: str) -> None:
    sheet, (found,) = written(TEXTS[text])
    assert [line.text for line in sheet.lines if line.name == found.text] == [text]


def test_infinities_are_compared_and_a_number_knows_its_sign() -> None:
    _, terms = written(
        lambda x: (
            jnp.max(jnp.stack([jnp.float64(-jnp.inf), x[0]])),
            jnp.min(jnp.stack([jnp.float64(jnp.inf), x[0]])),
            jnp.where(jnp.maximum(x[0], jnp.inf) <= jnp.maximum(x[1], jnp.inf), x[0], x[1]),
            jnp.where(jnp.maximum(x[0], jnp.inf) >= jnp.maximum(x[1], jnp.inf), x[0], x[1]),
            jnp.sum(x[0]),
        )
    )
    assert [each.text for each in terms] == ["x_0"] * 5
    for value, sign in (("-2", -1), ("-1/2", -1), ("0", 0), ("1/2", 1), ("1", 1), ("2", 1)):
        assert number(Fraction(value)).signs == {sign}


def test_what_is_no_number_is_no_infinity() -> None:
    (lifted,) = Expressions(Sheet()).lift(np.array([np.nan]))
    assert lifted is None


@pytest.mark.parametrize("exponent", ["1/4", "3/4", "5/4"])
def test_a_power_that_is_no_root_is_written_as_one(exponent: str) -> None:
    sheet, (found,) = written(lambda x: x[0] ** float(Fraction(exponent)))
    (line,) = sheet.lines
    assert (line.name, line.text) == (found.text, f"x_0**(Rational({exponent.replace('/', ', ')}))")


def test_one_minus_a_square_is_written_by_its_own_row() -> None:
    sheet = Sheet()
    reading = Expressions(sheet)
    found = reading.rows["one_minus_square"](None, np.array([[Term("x_0"), number(3)]], dtype=object))
    assert found[0, 1] == number(-8)
    assert [line.text for line in sheet.lines] == ["x_0**2", "1 - t1"]
    assert found[0, 0].text == "t2"


def test_equal_numbers_are_neither_less_nor_greater() -> None:
    _, terms = written(
        lambda x: (
            jnp.where(0 * x[0] + 2.0 < 0 * x[1] + 2.0, x[0], x[1]),
            jnp.where(0 * x[0] + 2.0 > 0 * x[1] + 2.0, x[0], x[1]),
        )
    )
    assert [each.text for each in terms] == ["x_1", "x_1"]


def test_an_even_power_of_a_negative_number_is_not_taken_for_negative() -> None:
    assert 1 in signs_of("power", [Term("a", signs=frozenset({-1})), number(8)])


def test_a_sum_over_no_axes_leaves_every_entry() -> None:
    import types

    given = np.array([[Term(f"x_{i}") for i in range(3)]], dtype=object)
    found = Expressions(Sheet()).rows["reduce_sum"](types.SimpleNamespace(params={"axes": ()}), given)
    assert [each.text for each in found.ravel()] == ["x_0", "x_1", "x_2"]


def test_products_are_summed_for_each_entry_of_several_batch_axes() -> None:
    a, b = np.arange(24).reshape((1, 2, 3, 4)), np.arange(24, 48).reshape((1, 4, 2, 3))
    terms = [np.array([number(each) for each in side.ravel().tolist()], dtype=object) for side in (a, b)]
    found = Expressions(Sheet()).contract(
        terms[0].reshape(a.shape), terms[1].reshape(b.shape), ((2,), (0,)), ((0, 1), (1, 2))
    )
    assert found.shape == (1, 2, 3)
    assert [each.number for each in found.ravel()] == np.einsum("zabi,ziab->ab", a, b).ravel().tolist()


def test_a_whole_exponent_without_a_sign_is_not_below_zero() -> None:
    """The largest ones are kept as numbers below zero, and are written as the numbers that they are."""
    sheet, _ = written(lambda x: lax.pow(x, jnp.array(2**64 - 2, jnp.uint64)))
    assert [line.text for line in sheet.lines] == [f"x_{place}**{2**64 - 2}" for place in range(3)]
