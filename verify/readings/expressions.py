"""Expression reading: a value is the text of what the program computes, line by line and not simplified.

It shares no arithmetic with the symbolic reading, so that what one proves can be checked in the other's words. Every
operation is a line such as ``t7 = t3*t4``; the same operation on the same operands is one line. Only numbers are
computed, and sums with zero, products with zero or one, and powers one left out. A maximum over an axis is a free
symbol, since it is there to shift exponents; a choice that needs the values of the inputs has no text.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, Final

import numpy as np
from flint import arb, fmpq

from verify.claim import UnsupportedPrimitive
from verify.readings.interpreter import NO, YES, Array, System, align, kind_of, running, scatter_targets, unsigned

ZERO: Final = Fraction(0)
ONE: Final = Fraction(1)
ANY: Final = frozenset({-1, 0, 1})
POSITIVE: Final = frozenset({1})
AT_LEAST_ZERO: Final = frozenset({0, 1})


class Undecided(Exception):
    """A choice that depends on the values of the inputs, as a sentence."""


@dataclass(frozen=True)
class Term:
    """An entry: a symbol, a number, or the name of a line.

    Attributes:
        text: as sympy reads it.
        number: its value, where it is a number.
        infinite: the sign of an infinity, which may only be compared.
        signs: signs that it may have.
    """

    text: str
    number: Fraction | None = None
    infinite: int = 0
    signs: frozenset[int] = ANY


@dataclass(frozen=True)
class Line:
    """One operation.

    Attributes:
        name: the name of its result.
        text: the operation as sympy reads it.
        operation: its row in `OPERATIONS`.
        operands: what it is done to.
    """

    name: str
    text: str
    operation: str
    operands: tuple[Term, ...]


def _sum(*values: Any) -> Any:
    total = values[0]
    for each in values[1:]:
        total = total + each
    return total


def _product(*values: Any) -> Any:
    total = values[0]
    for each in values[1:]:
        total = total * each
    return total


# How each operation is written for sympy, and how it is computed in balls; None joins any number of operands.
OPERATIONS: Final[dict[str, tuple[str | None, Callable[..., Any]]]] = {
    "add": (None, _sum),
    "multiply": (None, _product),
    "subtract": ("{} - {}", lambda a, b: a - b),
    "divide": ("{}/{}", lambda a, b: a / b),
    "negative": ("-{}", lambda a: -a),
    "power": ("{}**{}", lambda a, b: a**b),
    "absolute": ("Abs({})", lambda a: abs(a)),
    "sign": ("sign({})", lambda a: a.sgn()),
    "exp": ("exp({})", lambda a: a.exp()),
    "log": ("log({})", lambda a: a.log()),
    "sqrt": ("sqrt({})", lambda a: a.sqrt()),
    "sin": ("sin({})", lambda a: a.sin()),
    "cos": ("cos({})", lambda a: a.cos()),
    "tan": ("tan({})", lambda a: a.tan()),
    "tanh": ("tanh({})", lambda a: a.tanh()),
    "sinh": ("sinh({})", lambda a: a.sinh()),
    "cosh": ("cosh({})", lambda a: a.cosh()),
    "atan": ("atan({})", lambda a: a.atan()),
    "atan2": ("atan2({}, {})", lambda a, b: arb.atan2(a, b)),
    "asin": ("asin({})", lambda a: a.asin()),
    "acos": ("acos({})", lambda a: a.acos()),
    "asinh": ("asinh({})", lambda a: a.asinh()),
    "acosh": ("acosh({})", lambda a: a.acosh()),
    "atanh": ("atanh({})", lambda a: a.atanh()),
    "erf": ("erf({})", lambda a: a.erf()),
    "erfc": ("erfc({})", lambda a: a.erfc()),
    "erf_inv": ("erfinv({})", lambda a: a.erfinv()),
    "lgamma": ("loggamma({})", lambda a: a.lgamma()),
    "digamma": ("digamma({})", lambda a: a.digamma()),
    "cbrt": ("sign({0})*Abs({0})**Rational(1, 3)", lambda a: a.sgn() * abs(a).root(3)),
}
SAME_NAME: Final = (
    *("exp", "log", "sqrt", "sin", "cos", "tan", "tanh", "sinh", "cosh", "atan", "asin", "acos", "asinh"),
    *("acosh", "atanh", "erf", "erfc", "erf_inv", "lgamma", "digamma", "cbrt"),
)
COMPARISONS: Final[dict[str, Callable[[int], bool]]] = {
    "eq": lambda sign: sign == 0,
    "ne": lambda sign: sign != 0,
    "lt": lambda sign: sign < 0,
    "le": lambda sign: sign <= 0,
    "gt": lambda sign: sign > 0,
    "ge": lambda sign: sign >= 0,
}


def number_text(value: Fraction) -> str:
    """A number as sympy reads it, exact."""
    return str(value.numerator) if value.denominator == 1 else f"Rational({value.numerator}, {value.denominator})"


def number(value: Fraction | int) -> Term:
    """A number."""
    exact = Fraction(value)
    return Term(number_text(exact), exact, signs=frozenset({(exact > 0) - (exact < 0)}))


def signs_of(operation: str, operands: Sequence[Term]) -> frozenset[int]:
    """Signs that a result may have, by those of its operands."""
    given = [each.signs for each in operands]
    if operation in ("exp", "cosh"):
        return POSITIVE
    if operation == "add":
        for turn in (1, -1):
            if all(signs <= {0, turn} for signs in given):
                strict = frozenset({turn})
                return strict if strict in given else strict | {0}
    if operation == "negative":
        return frozenset(-each for each in given[0])
    if operation in ("multiply", "divide"):
        result = POSITIVE
        for signs in given:
            result = frozenset(a * b for a in result for b in signs)
        # What is divided by zero has no value, so that it has no sign either.
        return result
    if operation == "absolute" or (operation == "power" and operands[1].number in (2, 4, 6)):
        return frozenset(each * each for each in given[0])
    if operation in ("sqrt", "power"):
        return given[0] if given[0] == POSITIVE else AT_LEAST_ZERO if given[0] <= AT_LEAST_ZERO else ANY
    return ANY


@dataclass
class Sheet:
    """The lines of one certificate.

    Attributes:
        prefix: what names of lines begin with.
        lines: in the order of the program.
        maxima: name of each free symbol that stands for a maximum, to what it is the maximum of.
    """

    prefix: str = "t"
    lines: list[Line] = field(default_factory=list)
    maxima: dict[str, str] = field(default_factory=dict)
    _known: dict[Any, Term] = field(default_factory=dict)

    def line(self, operation: str, *operands: Term) -> Term:
        """The result of an operation; a line of its own where it is new."""
        if any(each.infinite for each in operands):
            raise Undecided(f"{operation} of an infinite constant")
        key = (operation, operands)
        found = self._known.get(key)
        if found is None:
            template = OPERATIONS[operation][0]
            texts = [_operand(each, operation) for each in operands]
            if template is None:
                text = (" + " if operation == "add" else "*").join(texts)
            else:
                text = template.format(*texts)
            found = Term(f"{self.prefix}{len(self.lines) + 1}", signs=signs_of(operation, operands))
            self.lines.append(Line(found.text, text, operation, operands))
            self._known[key] = found
        return found

    def maximum(self, terms: Sequence[Term], direction: int) -> Term:
        """A free symbol for a maximum, the same for the same entries."""
        key = ("max", direction, frozenset(terms))
        found = self._known.get(key)
        if found is None:
            found = Term(f"m{self.prefix}{len(self.maxima) + 1}" if self.prefix != "t" else f"m{len(self.maxima) + 1}")
            word = "maximum" if direction > 0 else "minimum"
            self.maxima[found.text] = f"the {word} of {', '.join(each.text for each in terms)}"
            self._known[key] = found
        return found

    def values(self, inputs: Mapping[str, Any]) -> dict[str, Any]:
        """Every line in balls, from a ball for every symbol."""
        found = dict(inputs)

        def value(term: Term) -> Any:
            if term.number is None:
                return found[term.text]
            return arb(fmpq(term.number.numerator, term.number.denominator))

        for each in self.lines:
            found[each.name] = OPERATIONS[each.operation][1](*map(value, each.operands))
        return found


def _operand(term: Term, operation: str) -> str:
    """A negative number or, below a power, any number needs brackets."""
    if term.number is not None and term.number < 0 and operation in ("add", "multiply", "subtract", "divide", "power"):
        return f"({term.text})"
    if term.number is not None and operation in ("negative", "power") and not term.text.isdigit():
        return f"({term.text})"
    return term.text


def _is_finite(term: Term | None) -> int:
    """Values of the reals are finite; constants need not be."""
    return NO if term is None or term.infinite else YES


class Expressions(System):
    """Lines of text, for programs of known sizes at one point."""

    name = "expressions"

    def __init__(self, sheet: Sheet) -> None:
        """Write to a sheet."""
        super().__init__()
        self.sheet = sheet
        rows: dict[str, Callable[..., Any]] = {
            "add": lambda e, a, b: self._map(lambda x, y: self.total([x, y]), a, b),
            "add_any": lambda e, a, b: self._map(lambda x, y: self.total([x, y]), a, b),
            "sub": lambda e, a, b: self._map(self.subtract, a, b),
            "mul": lambda e, a, b: self._map(self.multiply, a, b),
            "div": lambda e, a, b: self._map(self.divide, a, b),
            "neg": lambda e, a: self._map(self.negative, a),
            "abs": lambda e, a: self._map(self._absolute, a),
            "sign": lambda e, a: self._map(self._sign, a),
            "square": lambda e, a: self._map(lambda x: self.power(x, Fraction(2)), a),
            "one_minus_square": lambda e, a: self._map(
                lambda x: self.subtract(number(1), self.power(x, Fraction(2))), a
            ),
            "integer_pow": lambda e, a: self._map(lambda x: self.power(x, Fraction(e.params["y"])), a),
            "pow": lambda e, a, b: self._map(self._pow, *unsigned(e.invars, [a, b])),
            "max": lambda e, a, b: self._map(lambda x, y: self._extreme(x, y, 1), a, b),
            "min": lambda e, a, b: self._map(lambda x, y: self._extreme(x, y, -1), a, b),
            "clamp": lambda e, low, a, high: self._map(
                lambda x, y, z: self._extreme(self._extreme(x, y, 1), z, -1), low, a, high
            ),
            "is_finite": lambda e, a: self._map(_is_finite, a).astype(np.int8),
            "select_n": lambda e, which, *cases: self.choose(which, cases),
            "convert_element_type": self._convert,
            "reduce_sum": lambda e, a: self._reduce(a, e.params["axes"], self.total),
            "reduce_prod": lambda e, a: self._reduce(a, e.params["axes"], self._products),
            "reduce_max": lambda e, a: self._reduce(a, e.params["axes"], lambda terms: self._largest(terms, 1)),
            "reduce_min": lambda e, a: self._reduce(a, e.params["axes"], lambda terms: self._largest(terms, -1)),
            "cumsum": lambda e, a: running(e, a, lambda x, y: self._map(lambda u, v: self.total([u, v]), x, y)),
            "dot_general": self._dot,
            "scatter-add": self._scatter_add,
            "exp2": lambda e, a: self._map(lambda x: self.apply("power", number(2), x), a),
            "expm1": lambda e, a: self._map(lambda x: self.subtract(self.apply("exp", x), number(1)), a),
            "log1p": lambda e, a: self._map(lambda x: self.apply("log", self.total([number(1), x])), a),
            "logistic": lambda e, a: self._map(self._logistic, a),
            "rsqrt": lambda e, a: self._map(lambda x: self.divide(number(1), self.apply("sqrt", x)), a),
            "atan2": lambda e, a, b: self._map(lambda x, y: self.apply("atan2", x, y), a, b),
        }
        for name in SAME_NAME:
            rows[name] = lambda e, a, name=name: self._map(lambda x: self.apply(name, x), a)
        for name, meaning in COMPARISONS.items():
            rows[name] = lambda e, a, b, meaning=meaning: self._map(
                lambda x, y: int(self._answer(meaning, x, y)), a, b
            ).astype(np.int8)
        self.rows = rows

    # -- what the interpreter asks --------------------------------------------------------------------------------

    def lift(self, values: Array) -> Array:
        """Constants as the dyadic numbers they are."""

        def term(value: float) -> Term | None:
            if np.isfinite(value):
                return number(Fraction(value))
            return None if np.isnan(value) else Term("oo" if value > 0 else "-oo", None, 1 if value > 0 else -1)

        return self._map(term, np.asarray(values, dtype=np.float64).astype(object))

    def from_truth(self, truth: Array) -> Array:
        """0 and 1."""
        return self._map(lambda x: number(1) if x == YES else number(0), truth.astype(object))

    def to_whole(self, numbers: Array) -> tuple[Array, Array]:
        """Whole numbers need values."""
        raise Undecided("a value that becomes a whole number")

    def choose(self, which: Array, cases: Sequence[Array]) -> Array:
        """The case that is taken."""
        return self._map(lambda place, *given: given[int(place)], which.astype(object), *cases)

    def undefined(self, shape: tuple[int, ...]) -> Array:
        """Entries without a value."""
        return np.full(shape, None, dtype=object)

    def mark(self, where: str, mask: Array) -> None:
        """Nothing stays undecided here."""

    def branch(self, equation: Any, which: Array, outcomes: int, part: str = "") -> None:
        """Nothing to record: a choice that depends on the inputs has no text."""

    # -- entries --------------------------------------------------------------------------------------------------

    def _map(self, function: Callable[..., Any], *arrays: Array) -> Array:
        aligned = align(*arrays)
        shape = np.broadcast_shapes(*(each.shape for each in aligned))
        result = np.empty(shape, dtype=object)
        spread = [np.broadcast_to(each, shape) for each in aligned]
        for place in np.ndindex(*shape):
            result[place] = function(*(each[place] for each in spread))
        return result

    def apply(self, operation: str, *operands: Term) -> Term:
        """One line; what is known of zero and one is used."""
        (first, *_) = operands
        if operation == "exp" and first.infinite < 0:
            return number(0)
        if operation == "exp" and first.number == ZERO:
            return number(1)
        if operation in ("log",) and first.number == ONE:
            return number(0)
        if operation in ("sin", "tan", "tanh", "sinh", "atan", "asinh", "atanh", "asin", "erf") and first.number == 0:
            return number(0)
        return self.sheet.line(operation, *operands)

    def total(self, terms: Sequence[Term]) -> Term:
        """A sum; numbers are added up, zeros left out."""
        if any(each.infinite for each in terms):
            raise Undecided("a sum with an infinite constant")
        known = sum((each.number for each in terms if each.number is not None), ZERO)
        left = [each for each in terms if each.number is None]
        if known:
            left.insert(0, number(known))
        if not left:
            return number(0)
        return left[0] if len(left) == 1 else self.apply("add", *left)

    def subtract(self, a: Term, b: Term) -> Term:
        """A difference."""
        if b.number is not None:
            return self.total([a, number(-b.number)]) if a.number is not None or not b.number else self._less(a, b)
        if a.number == ZERO:
            return self.negative(b)
        return number(0) if a == b and not a.infinite else self._less(a, b)

    def _less(self, a: Term, b: Term) -> Term:
        return self.apply("subtract", a, b)

    def negative(self, a: Term) -> Term:
        """Minus an entry."""
        if a.infinite:
            return Term("oo" if a.infinite < 0 else "-oo", None, -a.infinite)
        return number(-a.number) if a.number is not None else self.apply("negative", a)

    def multiply(self, a: Term, b: Term) -> Term:
        """A product."""
        if a.number is not None and b.number is not None:
            return number(a.number * b.number)
        for first, second in ((a, b), (b, a)):
            if first.number == ZERO and not second.infinite:
                return number(0)
            if first.number == ONE:
                return second
            if first.number == -1:
                return self.negative(second)
        return self.apply("multiply", a, b)

    def divide(self, a: Term, b: Term) -> Term:
        """A quotient."""
        if b.number == ZERO:
            raise Undecided("a division by zero")
        if a.number is not None and b.number is not None:
            return number(a.number / b.number)
        if a.number == ZERO:
            return number(0)
        return a if b.number == ONE else self.apply("divide", a, b)

    def power(self, a: Term, exponent: Fraction) -> Term:
        """A power with a constant exponent."""
        if exponent == 0:
            return number(1)
        if exponent == 1:
            return a
        if a.number is not None and exponent.denominator == 1 and (a.number or exponent > 0):
            return number(a.number ** int(exponent))
        if exponent == Fraction(1, 2):
            return self.apply("sqrt", a)
        if exponent < 0:
            return self.divide(number(1), self.power(a, -exponent))
        return self.apply("power", a, number(exponent))

    def _pow(self, a: Any, b: Any) -> Term:
        if not isinstance(b, Term):
            return self.power(a, Fraction(int(b)))
        return self.power(a, b.number) if b.number is not None else self.apply("power", a, b)

    def _products(self, terms: Sequence[Term]) -> Term:
        result = number(1)
        for term in terms:
            result = self.multiply(result, term)
        return result

    def _absolute(self, a: Term) -> Term:
        if a.infinite:
            return Term("oo", None, 1)
        return number(abs(a.number)) if a.number is not None else self.apply("absolute", a)

    def _sign(self, a: Term) -> Term:
        if a.number is not None:
            return number((a.number > 0) - (a.number < 0))
        return self.apply("sign", a)

    def _logistic(self, a: Term) -> Term:
        return self.divide(number(1), self.total([number(1), self.apply("exp", self.negative(a))]))

    def _extreme(self, a: Term, b: Term, direction: int) -> Term:
        for first, second in ((a, b), (b, a)):
            if first.infinite:
                return second if first.infinite == -direction else first
        if a == b:
            return a
        if a.number is not None and b.number is not None:
            return a if (a.number - b.number) * direction >= 0 else b
        if a.number == ZERO or b.number == ZERO:
            first, second = (a, b) if b.number == ZERO else (b, a)
            for turn, taken in ((direction, first), (-direction, second)):
                if first.signs <= {0, turn}:
                    return taken
        raise Undecided("a maximum that depends on the values of the inputs")

    def _answer(self, meaning: Callable[[int], bool], a: Term, b: Term) -> bool:
        """A comparison, which may be the same for all signs that a difference from zero can have."""
        for first, second, turn in ((a, b, 1), (b, a, -1)):
            if second.number == ZERO:
                answers = {meaning(turn * each) for each in first.signs}
                if len(answers) == 1:
                    return answers.pop()
        return meaning(self._order(a, b))

    def _order(self, a: Term, b: Term) -> int:
        """The sign of a difference, where no input decides it."""
        if a.infinite or b.infinite:
            return (a.infinite > b.infinite) - (a.infinite < b.infinite)
        if a == b:
            return 0
        if a.number is not None and b.number is not None:
            return (a.number > b.number) - (a.number < b.number)
        raise Undecided("a comparison that depends on the values of the inputs")

    def _largest(self, terms: Sequence[Term], direction: int) -> Term:
        if any(each.number is not None or each.infinite for each in terms):
            result = terms[0]
            for term in terms[1:]:
                result = self._extreme(result, term, direction)
            return result
        return terms[0] if len(terms) == 1 else self.sheet.maximum(terms, direction)

    def _convert(self, equation: Any, array: Array) -> Array:
        target = kind_of(equation.outvars[0].aval)
        if target == "number":
            return array
        if target == "truth":
            return self._map(lambda x: int(self._order(x, number(0)) != 0), array).astype(np.int8)
        raise Undecided("a value that becomes a whole number")

    # -- sums -----------------------------------------------------------------------------------------------------

    def _reduce(self, array: Array, axes: Sequence[int], combine: Callable[[Sequence[Term]], Term]) -> Array:
        moved = np.moveaxis(array, [1 + axis for axis in axes], range(-len(axes), 0)) if len(axes) else array[..., None]
        lengths = moved.shape[: moved.ndim - max(len(axes), 1)]
        flat = moved.reshape(int(np.prod(lengths, dtype=int)), -1)
        result = np.empty(flat.shape[0], dtype=object)
        for row in range(flat.shape[0]):
            result[row] = combine(flat[row].tolist())
        return result.reshape(lengths)

    def _dot(self, equation: Any, a: Array, b: Array) -> Array:
        """Sums of products: batch axes, then what is free of either side."""
        (a_contract, b_contract), (a_batch, b_batch) = equation.params["dimension_numbers"]
        return self.contract(a, b, (tuple(a_contract), tuple(b_contract)), (tuple(a_batch), tuple(b_batch)))

    def contract(
        self,
        a: Array,
        b: Array,
        summed: tuple[Sequence[int], Sequence[int]],
        batch: tuple[Sequence[int], Sequence[int]] = ((), ()),
    ) -> Array:
        """Sums of products along axes of two arrays, axes counted without that of the points."""

        def ordered(array: Array, along: Sequence[int], shared: Sequence[int]) -> tuple[Array, tuple[int, ...]]:
            free = [axis for axis in range(array.ndim - 1) if axis not in (*along, *shared)]
            moved = array.transpose(0, *(1 + axis for axis in (*shared, *free, *along)))
            lengths = tuple(array.shape[1 + axis] for axis in free)
            many = int(np.prod([array.shape[1 + axis] for axis in shared], dtype=int))
            return moved.reshape(many, int(np.prod(lengths, dtype=int)), -1), lengths

        x, x_free = ordered(a, summed[0], batch[0])
        y, y_free = ordered(b, summed[1], batch[1])
        result = np.empty((x.shape[0], x.shape[1], y.shape[1]), dtype=object)
        for place in np.ndindex(*result.shape):
            pairs = zip(x[place[0], place[1]].tolist(), y[place[0], place[2]].tolist(), strict=True)
            result[place] = self.total([self.multiply(first, second) for first, second in pairs])
        shared = tuple(a.shape[1 + axis] for axis in batch[0])
        return result.reshape(1, *shared, *x_free, *y_free)

    def _scatter_add(self, equation: Any, operand: Array, indices: Array, updates: Array) -> Array:
        flat = operand.reshape(-1).copy()
        moving = np.broadcast_to(updates.reshape(updates.shape[0], -1), (1, updates[0].size))[0]
        for place, target in enumerate(scatter_targets(equation, indices[:1])[0].tolist()):
            if target >= 0:
                flat[target] = self.total([flat[target], moving[place]])
        return flat.reshape(operand.shape)


def holds(answer: Array) -> bool:
    """A truth value that has been decided."""
    value = int(answer.ravel()[0])
    if value not in (NO, YES):
        raise UnsupportedPrimitive("a condition that is not decided", Expressions.name)
    return value == YES
