"""Symbolic reading: a value is a rational function, so that two programs can be shown to be equal for all inputs.

An axis of the arguments may stay open: of any length. Such an axis has a few single entries (an index that a program
names, the winner, the label) and blocks of entries that are all treated alike. An entry in a block is a function of
one generic element; a sum over the block maps every monomial in that element to a power sum, a generator of its own;
a matrix has, where both of its indices lie in one block, one function on the diagonal and one off it.

Choices are never guessed: the path of a proof decides them one way after the other, and a choice about the generic
element of a block splits the block.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, Final, cast

import numpy as np

from verify.readings.algebra import (
    ANY,
    AT_LEAST_ZERO,
    AT_MOST_ZERO,
    NEGATIVE,
    NOT_ZERO,
    POSITIVE,
    ZERO_SIGN,
    Field,
    Role,
    Roles,
    Signs,
    TooHard,
    Value,
)
from verify.readings.interpreter import (
    NO,
    WHOLE,
    YES,
    Array,
    System,
    align,
    kind_of,
    running,
    scatter_targets,
    unsigned,
)

HALVES: Final = (AT_LEAST_ZERO, AT_MOST_ZERO)
STRICT: Final = (NEGATIVE, ZERO_SIGN, POSITIVE)
OFF_ZERO: Final = (NEGATIVE, POSITIVE)
# Types of fewer bits cannot count the entries of a long axis.
NARROW: Final = 32
# Functions that are known by name alone, and the signs they may have.
BY_NAME: Final[dict[str, Signs]] = {
    "sin": ANY,
    "cos": ANY,
    "atan": ANY,
    "asinh": ANY,
    "acosh": AT_LEAST_ZERO,
    "atanh": ANY,
    "asin": ANY,
    "acos": AT_LEAST_ZERO,
    "erf": ANY,
    "erf_inv": ANY,
    "lgamma": ANY,
    "digamma": ANY,
    "cbrt": ANY,
}
ODD: Final = ("sin", "atan", "asinh", "atanh", "asin", "erf", "erf_inv", "cbrt")
EVEN: Final = ("cos",)


class NeedsCases(Exception):
    """A maximum that was taken as it comes has to be followed case by case."""


@dataclass(frozen=True)
class Infinite:
    """An infinite constant, which may only be compared."""

    sign: int


@dataclass
class Block:
    """Entries of an open axis that are all alike.

    Attributes:
        place: number of the block.
        answers: signs that its generic element takes in the choices about it, in the order in which they come up.
        options: the options of each of these choices, all of which some block took.
        asked: how many of them have come up.
    """

    place: int
    answers: tuple[Signs, ...] = ()
    options: tuple[tuple[Signs, ...], ...] = ()
    asked: int = 0


@dataclass
class Axis:
    """An open axis.

    Attributes:
        name: the named size.
        least: the smallest length it stands for.
        singles: indices of its single entries; ``"label"`` is one that no program names.
        blocks: numbers of its blocks; every block has at least one entry.
        offset: how many entries of the named axis were cut off in front of this one.
    """

    name: str
    least: int
    singles: tuple[int | str, ...] = ()
    blocks: tuple[int, ...] = ()
    offset: int = 0

    @property
    def slots(self) -> list[tuple[str, Any]]:
        """Single entries first, then blocks."""
        return [("at", each) for each in self.singles] + [("in", each) for each in self.blocks]


@dataclass
class Partition:
    """How the open axes are cut up.

    Attributes:
        axes: the open axes by name.
        blocks: their blocks by number.
        special: entries that have a meaning and no index of their own, such as the label: which single entry each is.
    """

    axes: dict[str, Axis] = field(default_factory=dict)
    blocks: dict[int, Block] = field(default_factory=dict)
    special: dict[str, int | str] = field(default_factory=dict)

    def copy(self) -> "Partition":
        """The same partition with nothing asked yet."""
        axes = {name: Axis(each.name, each.least, each.singles, each.blocks) for name, each in self.axes.items()}
        blocks = {place: Block(place, block.answers, block.options) for place, block in self.blocks.items()}
        return Partition(axes, blocks, dict(self.special))

    def keys_for(self, name: str, axis: str) -> list[int | str]:
        """Single entries that a special one may be: any that is there, or a new one."""
        return [*self.axes[axis].singles, name]

    def with_special(self, name: str, axis: str, key: int | str) -> "Partition":
        """The same partition with a special entry at a single one."""
        other = self.copy()
        other.axes[axis].singles = tuple(dict.fromkeys((*other.axes[axis].singles, key)))
        other.special[name] = key
        return other

    def renamed(self, axis: str, key: int | str, index: int) -> "Partition":
        """The same partition where a single entry is the one with an index."""
        other = self.copy()
        other.axes[axis].singles = tuple(index if each == key else each for each in other.axes[axis].singles)
        other.special = {name: index if each == key else each for name, each in other.special.items()}
        return other


class Split(Exception):
    """A block has to be split by the sign of something about its generic element."""

    def __init__(self, block: int, options: tuple[Signs, ...]) -> None:
        """Name the block and the signs to tell apart."""
        super().__init__(block, options)
        self.block, self.options = block, options


class NewSingle(Exception):
    """A program names an index of an open axis."""

    def __init__(self, axis: str, index: int) -> None:
        """Name the axis and the index."""
        super().__init__(axis, index)
        self.axis, self.index = axis, index


@dataclass(frozen=True)
class Index:
    """Index of a generic element of a block, at one of the open axes."""

    role: Role


@dataclass(frozen=True)
class Length:
    """Length of an open axis plus a whole number."""

    axis: str
    more: int = 0


class Generic:
    """An entry whose indices may coincide: one case for each way in which they do.

    A case is a tuple with the first open axis that each open axis coincides with: ``(0, 1)`` off the diagonal,
    ``(0, 0)`` on it.
    """

    __slots__ = ("cases",)

    def __init__(self, cases: Mapping[tuple[int, ...], Any]) -> None:
        """Take the cases."""
        self.cases = dict(cases)


def lifted(function: Callable[..., Any]) -> Callable[..., Any]:
    """Apply a function of entries case by case."""

    def apply(*entries: Any) -> Any:
        for entry in entries:
            if isinstance(entry, Generic):
                keys = entry.cases
                return Generic(
                    {
                        key: function(*(each.cases[key] if isinstance(each, Generic) else each for each in entries))
                        for key in keys
                    }
                )
        return function(*entries)

    return apply


def _over(function: Callable[..., Any], *arrays: Array) -> Array:
    """Apply a function of entries to arrays."""
    aligned = align(*arrays)
    result = np.frompyfunc(lifted(function), len(aligned), 1)(*aligned)
    if not isinstance(result, np.ndarray):
        boxed = np.empty((1,), dtype=object)
        boxed[0] = result
        return boxed
    return result


def coincidences(slots: Sequence[tuple[str, Any]]) -> list[tuple[int, ...]]:
    """Ways in which the indices of the open axes may coincide, given the slot of each."""
    found: list[tuple[int, ...]] = [()]
    for place, (kind, block) in enumerate(slots):
        longer: list[tuple[int, ...]] = []
        for case in found:
            longer.append((*case, place))
            if kind == "in":
                firsts = {first for other, first in enumerate(case) if slots[other] == ("in", block)}
                longer += [(*case, first) for first in sorted(firsts)]
        found = longer
    return found


class Symbolic(System):
    """Rational functions. What a path decides is asked of its `Field`."""

    name = "symbolic"

    def __init__(self, field: Field, partition: Partition | None = None, *, cases: bool = False) -> None:
        """Start a reading.

        Args:
            field: where values are made.
            partition: how open axes are cut up.
            cases: follow maxima case by case instead of taking them as they come.
        """
        super().__init__()
        self.field = field
        # Generators in terms of other generic elements, by which are renamed.
        self._renamings: dict[frozenset[tuple[Role, Role]], dict[int, Value | None]] = {}
        self.partition = partition or Partition()
        self.cases = cases
        self.autodiff = True
        # What has to hold for every value that a choice asked about to be one.
        self.asked: frozenset[Any] = frozenset()
        # Asked for the largest (1) or smallest (-1) of some values before it is taken as it comes.
        self.extreme: Callable[[Sequence[Value], int], Value | None] = lambda terms, direction: None
        if self.partition.axes:
            field.regroup = self._without_element
        rows: dict[str, Callable[..., Any]] = {
            "add": lambda e, a, b: self._map(e, field.add, a, b),
            "add_any": lambda e, a, b: self._map(e, field.add, a, b),
            "sub": lambda e, a, b: self._map(e, lambda x, y: x - y, a, b),
            "mul": lambda e, a, b: self._map(e, field.multiply, a, b),
            "div": lambda e, a, b: self._map(e, lambda x, y: x / y, a, b),
            "neg": lambda e, a: self._map(e, self._negative, a),
            "abs": lambda e, a: self._map(e, self._absolute, a),
            "square": lambda e, a: self._map(e, lambda x: x * x, a),
            "one_minus_square": lambda e, a: self._map(e, lambda x: field.one - x * x, a),
            "integer_pow": lambda e, a: self._map(e, lambda x: field.whole_power(x, e.params["y"]), a),
            "pow": lambda e, a, b: self._map(e, self._power, *unsigned(e.invars, [a, b])),
            "max": lambda e, a, b: self._map(e, lambda x, y: self._extreme(x, y, 1), a, b),
            "min": lambda e, a, b: self._map(e, lambda x, y: self._extreme(x, y, -1), a, b),
            "clamp": lambda e, low, a, high: self._map(
                e, lambda x, y, z: self._extreme(self._extreme(x, y, 1), z, -1), low, a, high
            ),
            "sign": lambda e, a: self._map(e, self._sign, a),
            "is_finite": self._is_finite,
            "select_n": self._select,
            "convert_element_type": self._convert,
            "reduce_sum": lambda e, a: self._reduce(_shape_of(e), a, e.params["axes"], self._sum),
            "reduce_max": lambda e, a: self._reduce(_shape_of(e), a, e.params["axes"], self._maximum),
            "reduce_min": lambda e, a: self._reduce(_shape_of(e), a, e.params["axes"], self._minimum),
            "reduce_prod": lambda e, a: self._reduce(_shape_of(e), a, e.params["axes"], self._product),
            "cumsum": self._cumulative,
            "dot_general": self._dot,
            "scatter-add": self._scatter_add,
            "exp": lambda e, a: self._map(e, self._exp, a),
            "exp2": lambda e, a: self._map(e, lambda x: field.exp(x * field.log_of_whole(2)), a),
            "expm1": lambda e, a: self._map(e, lambda x: field.exp(x) - field.one, a),
            "log": lambda e, a: self._map(e, field.log, a),
            "log1p": lambda e, a: self._map(e, lambda x: field.log(field.one + x), a),
            "logistic": lambda e, a: self._map(e, self._logistic, a),
            "tanh": lambda e, a: self._map(e, self._tanh, a),
            "sinh": lambda e, a: self._map(e, lambda x: self._half(field.exp(x) - field.exp(-x)), a),
            "cosh": lambda e, a: self._map(e, lambda x: self._half(field.exp(x) + field.exp(-x)), a),
            "tan": lambda e, a: self._map(e, lambda x: self._named("sin", x) / self._named("cos", x), a),
            "sqrt": lambda e, a: self._map(e, lambda x: field.power_of(x, Fraction(1, 2)), a),
            "rsqrt": lambda e, a: self._map(e, lambda x: field.inverse(field.power_of(x, Fraction(1, 2))), a),
            "erfc": lambda e, a: self._map(e, lambda x: field.one - self._named("erf", x), a),
            "atan2": lambda e, a, b: self._map(e, lambda x, y: field.call("atan2", (x, y)), a, b),
        }
        for name in BY_NAME:
            rows[name] = lambda e, a, name=name: self._map(e, lambda x: self._named(name, x), a)
        for name in COMPARISONS:
            rows[name] = self._compare
        self.rows = rows
        if self.partition.axes:
            self.own = {
                "reshape": self._moved,
                "broadcast_in_dim": self._broadcast,
                "transpose": self._transpose,
                "squeeze": self._moved,
                "expand_dims": self._moved,
                "split": self._split,
                "slice": self._slice,
                "concatenate": self._concatenate,
                "stack": self._closed_only,
                "pad": self._pad,
                "rev": self._closed_only,
                "iota": self._iota,
                "dim_as_value": self._dimension,
                "gather": self._gather,
                "dynamic_slice": self._dynamic_slice,
                "dynamic_update_slice": self._closed_only,
                "scatter": self._closed_only,
                "and": self._logic(_both),
                "or": self._logic(lambda x, y: 1 - _both(1 - x, 1 - y)),
                "not": self._logic(lambda x: 1 - x),
                "select_n": self._select,
                "convert_element_type": self._convert,
                "reduce_and": self._reduce_truth,
                "reduce_or": self._reduce_truth,
                "platform_index": lambda e: WHOLE["platform_index"](self, e),
                **{name: self._whole_or_number(name) for name in ("add", "sub", "mul", "max", "min", *COMPARISONS)},
            }

    # -- what the interpreter asks --------------------------------------------------------------------------------

    def lift(self, values: Array) -> Array:
        """Constants as the dyadic numbers they are."""
        return _over(self._constant, np.asarray(values, dtype=np.float64).astype(object))

    def _constant(self, value: float) -> Any:
        if np.isfinite(value):
            return self.field.number(Fraction(value))
        if np.isnan(value):
            return None
        return Infinite(1 if value > 0 else -1)

    def from_truth(self, truth: Array) -> Array:
        """0 and 1."""
        return _over(lambda x: self.field.one if x == YES else self.field.zero, truth.astype(object))

    def to_whole(self, numbers: Array) -> tuple[Array, Array]:
        """Whole numbers, where the values are constant."""
        raise TooHard("a value that becomes a whole number")

    def whole(self, equation: Any, inputs: list[Array]) -> list[Array]:
        """Plain whole numbers, where no axis of any length is left: a generic element stands for many entries."""
        if not self.partition.axes:
            return inputs
        name = equation.primitive.name
        shapes = [variable.aval.shape for variable in (*equation.invars, *equation.outvars)]
        if any(not isinstance(each, int) for shape in shapes for each in shape):
            raise TooHard(f"{name} of whole numbers along an axis of any length")
        plain: list[Array] = []
        for variable, array in zip(equation.invars, inputs, strict=True):
            if array.dtype == object and kind_of(variable.aval) in ("whole", "truth"):
                if not all(_is_whole(entry) for entry in array.ravel().tolist()):
                    raise TooHard("arithmetic with the index or the length of an open axis")
                array = array.astype(np.int64 if kind_of(variable.aval) == "whole" else np.int8)
            plain.append(array)
        return plain

    def choose(self, which: Array, cases: Sequence[Array]) -> Array:
        """The case that was decided."""
        return _over(lambda place, *given: given[place], which.astype(object), *cases)

    def undefined(self, shape: tuple[int, ...]) -> Array:
        """Entries without a value."""
        return np.full(shape, None, dtype=object)

    def mark(self, where: str, mask: Array) -> None:
        """Nothing stays undecided here."""

    def branch(self, equation: Any, which: Array, outcomes: int, part: str = "") -> None:
        """The path has decided; nothing to record."""

    # -- entries --------------------------------------------------------------------------------------------------

    def _map(self, equation: Any, function: Callable[..., Any], *arrays: Array) -> Array:
        self.field.watch()
        if self.partition.axes and equation is not None:
            arrays = self._aligned(equation, arrays)
        try:
            return _over(function, *arrays)
        except (AttributeError, TypeError) as error:
            if any(_odd(entry) for array in arrays for entry in array.ravel().tolist()):
                name = equation.primitive.name if equation is not None else "a product"
                raise TooHard(f"{name} of an infinite or undefined constant") from error
            raise

    def _aligned(self, equation: Any, arrays: Sequence[Array]) -> tuple[Array, ...]:
        """Operands in terms of the open axes of the result: an axis of length one meets one of any length."""
        shape = equation.outvars[0].aval.shape
        if not any(not isinstance(each, int) for each in shape):
            return tuple(arrays)
        result: list[Array] = []
        for variable, array in zip(equation.invars, arrays, strict=True):
            source = variable.aval.shape
            if len(source) == len(shape) and any(str(a) != str(b) for a, b in zip(source, shape, strict=True)):
                to = {axis: axis for axis in range(len(shape))}
                array = self.placed(array, source, to, shape)
            result.append(array)
        return tuple(result)

    def _negative(self, a: Any) -> Any:
        return Infinite(-a.sign) if isinstance(a, Infinite) else -a

    def _exp(self, a: Any) -> Any:
        if isinstance(a, Infinite) and a.sign < 0:
            return self.field.zero
        return self.field.exp(a)

    def _half(self, a: Value) -> Value:
        return a * self.field.number(Fraction(1, 2))

    def _logistic(self, a: Value) -> Value:
        powered = self.field.exp(a)
        return powered / (self.field.one + powered)

    def _tanh(self, a: Value) -> Value:
        powered = self.field.exp(a + a)
        return (powered - self.field.one) / (powered + self.field.one)

    def _named(self, name: str, a: Value) -> Value:
        """A function by name; the sign of its argument is taken out where it is odd or even."""
        field = self.field
        a = self._within(name, a)
        if a.is_zero and name in (*ODD, *EVEN):
            return field.one if name == "cos" else field.zero
        turned = (name in ODD or name in EVEN) and int(a.num.leading_coefficient()) < 0
        value = field.call(name, (field.negative(a) if turned else a,), BY_NAME[name])
        if name == "cos":
            sine = field.call("sin", (field.negative(a) if turned else a,))
            place = field.used(sine.num)[0]
            field.relations[place] = (2, field.one - value * value)
        if name == "sin":
            cosine = field.call("cos", (field.negative(a) if turned else a,))
            field.relations[field.used(value.num)[0]] = (2, field.one - cosine * cosine)
        if name == "cbrt":
            field.relations[field.used(value.num)[0]] = (3, field.negative(a) if turned else a)
        return field.negative(value) if turned and name in ODD else value

    def _within(self, name: str, a: Value) -> Value:
        """An argument that has to lie where the function has a real value."""
        field = self.field
        if name in ("asin", "acos"):
            where, wanted = field.one - a * a, AT_LEAST_ZERO
        elif name in ("atanh", "erf_inv"):
            where, wanted = field.one - a * a, POSITIVE
        elif name == "acosh":
            where, wanted = a - field.one, AT_LEAST_ZERO
        elif name in ("lgamma", "digamma"):
            # Between their poles they have values too, but nothing here keeps an argument off whole numbers.
            where, wanted = a, POSITIVE
        else:
            return a
        if where.constant is not None and field.signs(where) & wanted == frozenset():
            raise TooHard(f"{name} of a number at which it has no value")
        return Value(field, a.num, a.unit, a.den, a.needs | field.demand(where, wanted).needs)

    def _power(self, a: Any, b: Any) -> Any:
        field = self.field
        if isinstance(b, (int, np.integer)):
            return field.whole_power(a, int(b))
        exponent = b.constant
        if exponent is None:
            return field.exp(b * field.log(a))
        if exponent.denominator == 1:
            return field.whole_power(a, int(exponent))
        return field.power_of(a, exponent)

    def _absolute(self, a: Any) -> Any:
        if isinstance(a, Infinite):
            return Infinite(1)
        return a if self.field.sign(a, HALVES) >= 0 else -a

    def _strict(self) -> tuple[Signs, ...]:
        """Outcomes of a choice: where JAX's derivative decides an equality the point decides no claim."""
        return OFF_ZERO if self.autodiff else STRICT

    def _asks(self, *values: Any) -> None:
        """Remember what a choice needs: where a value it asks about is none, no case of it is the right one."""
        for value in values:
            if isinstance(value, Value) and value.needs:
                self.asked |= value.needs

    def _sign(self, a: Value) -> Value:
        self._asks(a)
        return self.field.number(self.field.sign(a, self._strict()))

    def _extreme(self, a: Any, b: Any, direction: int) -> Any:
        self._asks(a, b)
        for first, second in ((a, b), (b, a)):
            if isinstance(first, Infinite):
                return second if first.sign == -direction else first
        difference = a - b
        if difference.is_zero:
            return a
        return a if self.field.sign(difference, HALVES) * direction >= 0 else b

    def _compare(self, equation: Any, a: Array, b: Array) -> Array:
        name = equation.primitive.name
        result = self._map(equation, lambda x, y: self._answer(name, x, y), a, b)
        return result if self.partition.axes else result.astype(np.int8)

    def _answer(self, name: str, a: Any, b: Any) -> int:
        self._asks(a, b)
        if isinstance(a, Infinite) or isinstance(b, Infinite):
            first = a.sign if isinstance(a, Infinite) else 0
            second = b.sign if isinstance(b, Infinite) else 0
            return COMPARISONS[name]((first > second) - (first < second))
        difference = a - b
        if difference.is_zero:
            return COMPARISONS[name](0)
        signs = self.field.signs(difference)
        answers = {COMPARISONS[name](sign) for sign in signs}
        if len(answers) == 1:
            return answers.pop()
        options = self._strict()
        if name in ("eq", "ne") and not self.autodiff:
            # On which side of zero a value is, nobody asks.
            options = (NOT_ZERO, ZERO_SIGN)
        return COMPARISONS[name](self.field.sign(difference, options))

    def _is_finite(self, equation: Any, array: Array) -> Array:
        """Values of the reals are finite, where they are values; constants need not be."""

        def answer(entry: Any) -> int:
            self._asks(entry)
            return YES if isinstance(entry, Value) else NO

        result = _over(answer, array)
        return result if self.partition.axes else result.astype(np.int8)

    def _select(self, equation: Any, which: Array, *cases: Array) -> Array:
        # What is chosen from has one shape, and the choice the same or none: there is nothing to align.
        return _over(lambda place, *given: given[int(place)], which.astype(object), *cases)

    def _convert(self, equation: Any, array: Array) -> Array:
        source, target = kind_of(equation.invars[0].aval), kind_of(equation.outvars[0].aval)
        if source == target == "whole":
            return _over(lambda x: _fitted(x, equation.outvars[0].aval.dtype), array.astype(object))
        if source == target:
            return array
        if source == "truth" and target == "number":
            return self.from_truth(array)
        if source == "truth":
            return array if array.dtype == object else array.astype(np.int64)
        if source == "whole" and target == "number":
            _signed(equation)
            return _over(self._number_of, array.astype(object))
        if target == "truth" and source == "whole":
            return _over(lambda x: self._whole("ne", x, 0), array.astype(object))
        if target == "truth":
            return self._map(equation, lambda x: self._answer("ne", x, self.field.zero), array)
        raise TooHard("a value that becomes a whole number")

    def _number_of(self, whole: Any) -> Value:
        if isinstance(whole, Value):
            return whole
        if isinstance(whole, Length):
            return self.length(whole.axis) + self.field.number(whole.more)
        if isinstance(whole, Index):
            raise TooHard("an index of an open axis that becomes a number")
        return self.field.number(int(whole))

    # -- sums and maxima ------------------------------------------------------------------------------------------

    def _sum(self, terms: list[Any]) -> Any:
        return _combined(self.field.total, terms) if terms else self.field.zero

    def _product(self, terms: list[Any]) -> Any:
        result: Any = self.field.one
        for term in terms:
            result = lifted(self.field.multiply)(result, term)
        return result

    def _maximum(self, terms: list[Any]) -> Any:
        return self._largest(terms, 1)

    def _minimum(self, terms: list[Any]) -> Any:
        return self._largest(terms, -1)

    def _largest(self, terms: list[Any], direction: int) -> Any:
        if not terms:
            raise TooHard("a maximum over no entries")
        if any(isinstance(term, Generic) for term in terms):
            raise TooHard("a maximum over a matrix with open axes")
        plain = all(isinstance(term, Value) for term in terms)
        # Of a generic element there are many, each with a maximum of its own.
        roles: Roles = frozenset().union(*(self.field.roles_of(term) for term in terms)) if plain else frozenset()
        found = self.extreme(terms, direction) if plain and not roles else None
        if found is not None:
            return found
        if plain and all(term.constant is None for term in terms) and not self.cases:
            return self._as_it_comes(terms, direction, roles)
        result = terms[0]
        for term in terms[1:]:
            result = self._extreme(result, term, direction)
        return result

    def _as_it_comes(self, terms: Sequence[Value], direction: int, roles: Roles = frozenset()) -> Value:
        """A maximum as a generator of its own: whatever it is, what holds for every value of it holds.

        It varies along the open axes in ``roles``; over the others that its terms vary along it is taken.
        """
        field = self.field
        if len(terms) == 1 and field.roles_of(terms[0]) <= roles:
            return terms[0]
        key = tuple(sorted((each.key for each in terms), key=repr))
        depth = max((field.depth_of(each) for each in terms), default=0)
        place = field.generator("max", (direction, key, roles), ANY, roles, depth=depth, arguments=tuple(terms))
        needs: frozenset[Any] = frozenset().union(*(each.needs for each in terms))
        return Value(field, field.of(place).num, 1, (), needs)

    def _reduce(
        self, shape: Sequence[Any], array: Array, axes: Sequence[int], combine: Callable[[list[Any]], Any]
    ) -> Array:
        opened = [axis for axis in axes if not isinstance(shape[axis], int)]
        closed = [axis for axis in axes if isinstance(shape[axis], int)]
        for axis in sorted(opened, reverse=True):
            array = self._reduce_open(array, shape, axis, combine)
            shape = (*shape[:axis], 1, *shape[axis + 1 :])
            array = np.expand_dims(array, 1 + axis)
        kept = [axis for axis in range(len(shape)) if axis not in axes]
        moved = array.transpose(0, *(1 + axis for axis in kept), *(1 + axis for axis in (*closed, *opened)))
        lengths = moved.shape[: 1 + len(kept)]
        flat = moved.reshape(int(np.prod(lengths, dtype=int)), -1)
        result = np.empty(flat.shape[0], dtype=object)
        for row in range(flat.shape[0]):
            terms = flat[row].tolist()
            result[row] = terms[0] if opened and not closed else combine(terms)
        return result.reshape(lengths)

    def _cumulative(self, equation: Any, array: Array) -> Array:
        if not isinstance(equation.invars[0].aval.shape[equation.params["axis"]], int):
            raise TooHard("a running sum along an axis of any length")
        return running(equation, array, lambda x, y: self._map(None, self.field.add, x, y))

    def _dot(self, equation: Any, a: Array, b: Array) -> Array:
        """Sums of products: batch axes, then what is free of either side, then what is summed."""
        (a_contract, b_contract), (a_batch, b_batch) = equation.params["dimension_numbers"]
        a_shape, b_shape = (variable.aval.shape for variable in equation.invars)
        a_free = [axis for axis in range(len(a_shape)) if axis not in (*a_contract, *a_batch)]
        b_free = [axis for axis in range(len(b_shape)) if axis not in (*b_contract, *b_batch)]
        batch, free = len(a_batch), len(a_free)
        rank = batch + free + len(b_free) + len(a_contract)
        shape = (
            *(a_shape[axis] for axis in a_batch),
            *(a_shape[axis] for axis in a_free),
            *(b_shape[axis] for axis in b_free),
            *(a_shape[axis] for axis in a_contract),
        )
        to = {axis: place for place, axis in enumerate((*a_batch, *a_free))}
        to |= {axis: rank - len(a_contract) + place for place, axis in enumerate(a_contract)}
        x = self.placed(a, a_shape, to, shape)
        to = {axis: place for place, axis in enumerate(b_batch)}
        to |= {axis: batch + free + place for place, axis in enumerate(b_free)}
        to |= {axis: rank - len(b_contract) + place for place, axis in enumerate(b_contract)}
        y = self.placed(b, b_shape, to, shape)
        products = self._map(None, self.field.multiply, x, y)
        return self.sum_axes(products, shape, tuple(range(rank - len(a_contract), rank)))

    def sum_axes(self, array: Array, shape: Sequence[Any], axes: Sequence[int]) -> Array:
        """Sum over some axes of an array of a shape."""
        return self._reduce(shape, array, axes, self._sum)

    def _scatter_add(self, equation: Any, operand: Array, indices: Array, updates: Array) -> Array:
        shapes = [variable.aval.shape for variable in equation.invars]
        if any(not isinstance(each, int) for shape in shapes for each in shape):
            raise TooHard("adding to chosen entries of an axis of any length")
        flat = operand.reshape(-1).copy()
        moving = updates.reshape(updates.shape[0], -1)[0]
        for place, target in enumerate(scatter_targets(equation, indices[:1])[0].tolist()):
            if target >= 0:
                flat[target] = flat[target] + moving[place]
        return flat.reshape(operand.shape)

    # -- open axes ------------------------------------------------------------------------------------------------

    def axis(self, dimension: Any) -> Axis:
        """The open axis of a dimension."""
        found = self.partition.axes.get(str(dimension))
        if found is not None:
            return found
        shorter = re.fullmatch(r"(\w+) - (\d+)", str(dimension))
        whole = self.partition.axes.get(shorter[1]) if shorter else None
        if shorter is None or whole is None:
            raise TooHard(f"an axis of length {dimension}")
        # Only a slice that starts at an entry leaves such an axis: without the first entries of the named one.
        cut = int(shorter[2])
        for index in range(cut):
            self._single(shorter[1], index)
        kept = [each for each in whole.singles if isinstance(each, str) or each >= cut]
        singles = tuple(each if isinstance(each, str) else each - cut for each in kept)
        return Axis(whole.name, whole.least - cut, singles, whole.blocks, cut)

    def extents(self, shape: Sequence[Any]) -> tuple[int, ...]:
        """Lengths of the axes of an array of entries."""
        return tuple(each if isinstance(each, int) else len(self.axis(each).slots) for each in shape)

    def length(self, name: str) -> Value:
        """The length of an open axis."""
        axis = self.partition.axes[name]
        terms = [self.field.number(len(axis.singles))] + [self._count(block) for block in axis.blocks]
        return self.field.total(terms)

    def _count(self, block: int) -> Value:
        return self.field.of(self.field.generator("count", block, POSITIVE))

    def slots_of(self, shape: Sequence[Any], place: Sequence[int]) -> list[tuple[str, Any]]:
        """The slots of the open axes at one entry; ``place`` leaves the axis of points out."""
        return [
            self.axis(dimension).slots[index]
            for dimension, index in zip(shape, place, strict=True)
            if not isinstance(dimension, int)
        ]

    def all_slots(self, shape: Sequence[Any], place: Sequence[int]) -> list[tuple[str, Any]]:
        """The slots of all axes at one entry; on an axis that is not open every index is a slot."""
        return [
            ("at", index) if isinstance(dimension, int) else self.axis(dimension).slots[index]
            for dimension, index in zip(shape, place, strict=True)
        ]

    def entry(self, name: str, shape: Sequence[Any], slots: Sequence[tuple[str, Any]], signs: Signs) -> Any:
        """An entry of an argument as a generator; one for every way in which indices of open axes may coincide."""
        opened = [slot for dimension, slot in zip(shape, slots, strict=True) if not isinstance(dimension, int)]
        made: dict[tuple[int, ...], Value] = {}
        for case in coincidences(opened):
            roles = iter(case)
            coordinates: list[Any] = []
            for dimension, slot in zip(shape, slots, strict=True):
                role = -1 if isinstance(dimension, int) else next(roles)
                coordinates.append(("in", slot[1], role) if slot[0] == "in" else slot)
            made[case] = self.input(name, tuple(coordinates), signs)
        return next(iter(made.values())) if len(made) == 1 else Generic(made)

    def placed(self, array: Array, source: Sequence[Any], to: Mapping[int, int], shape: Sequence[Any]) -> Array:
        """Put axes of an array at other places of a shape, and repeat it along the new ones."""
        extents = self.extents(shape)
        order = sorted(to, key=to.__getitem__)
        dropped = [axis for axis in range(len(source)) if axis not in to]
        moved = array.transpose(0, *(1 + axis for axis in order), *(1 + axis for axis in dropped))
        inner = [1] * len(shape)
        for axis, target in to.items():
            inner[target] = array.shape[1 + axis]
        moved = np.broadcast_to(moved.reshape(1, *inner), (1, *extents))
        opened = [axis for axis, each in enumerate(source) if not isinstance(each, int)]
        roles = {axis: place for place, axis in enumerate(opened)}
        targets = [axis for axis, each in enumerate(shape) if not isinstance(each, int)]
        new_roles = {axis: place for place, axis in enumerate(targets)}
        moves = {roles[axis]: new_roles[to[axis]] for axis in opened if axis in to}
        if len(targets) <= 1 and all(old == new for old, new in moves.items()):
            return moved
        result = np.empty(moved.shape, dtype=object)
        for place in np.ndindex(*extents):
            slots = self.slots_of(shape, place)
            result[(0, *place)] = self._moved_entry(moved[(0, *place)], slots, moves)
        return result

    def _moved_entry(self, entry: Any, slots: Sequence[tuple[str, Any]], moves: Mapping[int, int]) -> Any:
        """An entry in terms of other open axes; ``moves`` maps the place of each old one to its new place."""
        cases = coincidences(slots)
        made: dict[tuple[int, ...], Any] = {}
        for case in cases:
            if isinstance(entry, Generic):
                firsts: dict[int, int] = {}
                old: list[int] = []
                for place in range(len(next(iter(entry.cases)))):
                    first = case[moves[place]] if place in moves else -1 - place
                    old.append(firsts.setdefault(first, place))
                inner = entry.cases[tuple(old)]
            else:
                inner = entry
            renaming: dict[Role, Role] = {}
            for place, target in moves.items():
                kind, block = slots[target]
                if kind == "in":
                    renaming[block, place] = (block, case[target])
            made[case] = self.renamed(inner, renaming)
        if len(cases) == 1:
            return made[cases[0]]
        return Generic(made)

    def renamed(self, entry: Any, renaming: Mapping[Role, Role]) -> Any:
        """A value in terms of other generic elements."""
        if isinstance(entry, Index):
            return Index(renaming.get(entry.role, entry.role))
        if not isinstance(entry, Value) or all(old == new for old, new in renaming.items()):
            return entry
        known = self._renamings.setdefault(frozenset(renaming.items()), {})

        def replace(place: int) -> Value | None:
            if place not in known:
                known[place] = self._renamed_generator(place, renaming)
            return known[place]

        return self.field.rewrite(entry, replace)

    def _renamed_generator(self, place: int, renaming: Mapping[Role, Role]) -> Value | None:
        field = self.field
        generator = field.generators[place]
        if not any(renaming.get(role, role) != role for role in generator.roles):
            return None
        kind = generator.kind
        if kind == "input":
            name, where = generator.key
            moved = tuple(
                ("in", *renaming.get((each[1], each[2]), each[1:])) if each[0] == "in" else each for each in where
            )
            return self.input(name, moved, generator.signs)
        if kind == "exp":
            places, den, scale = generator.key
            inner = self.renamed(self._term(places, den), renaming)
            return field.exp(inner * field.number(scale / generator.unit))
        if kind in ("log", "root"):
            inner = self.renamed(Value(field, field.bases[generator.key], 1, (), frozenset()), renaming)
            if kind == "log":
                result = field.log_of_size(inner)
                used = field.used(result.num)
                if len(used) == 1 and result.key == field.of(used[0]).key:
                    # Entries that are alike have logarithms of the same signs.
                    field.generators[used[0]].signs &= generator.signs
                return result
            return field.power_of(inner, Fraction(1, generator.unit))
        if kind == "max":
            direction, _, roles = generator.key
            terms = [self.renamed(each, renaming) for each in generator.arguments]
            return self._as_it_comes(terms, direction, frozenset(renaming.get(role, role) for role in roles))
        if kind == "sum":
            block, places, den = generator.key
            inner = self.renamed(self._term(places, den), renaming)
            # The bound element keeps its name, so that the term stays a term.
            return self._sum_symbol(block, inner)
        name, bound, _ = generator.key
        return field.call(name, [self.renamed(each, renaming) for each in generator.arguments], generator.signs, bound)

    def _term(self, places: Sequence[tuple[int, int]], den: Any) -> Value:
        exponents = [0] * self.field.learnt.capacity
        for place, power in places:
            exponents[place] = power
        return self.field.value(self.field.context.term(exp_vec=tuple(exponents), coeff=1), 1, den, frozenset())

    def input(self, name: str, where: tuple[Any, ...], signs: Signs) -> Value:
        """One entry of an argument: ``("at", index)`` and ``("in", block, place)`` say where."""
        roles = frozenset((each[1], each[2]) for each in where if each[0] == "in")
        return self.field.of(self.field.generator("input", (name, where), signs, roles))

    def _reduce_open(self, array: Array, shape: Sequence[Any], axis: int, combine: Callable[[list[Any]], Any]) -> Array:
        """Reduce along one open axis."""
        opened = [place for place, each in enumerate(shape) if not isinstance(each, int)]
        role = opened.index(axis)
        slots = self.axis(shape[axis]).slots
        if combine != self._sum:
            # The generic element stands for many: only what does not mind how many may be taken over it.
            if self.cases or len(opened) > 1:
                raise TooHard("a maximum or a product along an axis of any length")
            combine = self._open_extreme(combine)
        rest = [each for place, each in enumerate(shape) if place != axis]
        extents = self.extents(rest)
        result = np.empty((1, *extents), dtype=object)
        down = {place: place - (place > role) for place in range(len(opened)) if place != role}
        for where in np.ndindex(*extents):
            other = self.slots_of(rest, where)
            terms: list[Any] = []
            for place, slot in enumerate(slots):
                entry = array[(0, *where[:axis], place, *where[axis:])]
                if combine != self._sum:
                    terms.append(entry)
                elif slot[0] == "at":
                    terms.append(self._moved_entry(entry, other, down))
                else:
                    terms.append(self._block_sum(entry, slot[1], role, other, down))
            result[(0, *where)] = combine(terms)
        return result

    def _open_extreme(self, combine: Callable[[list[Any]], Any]) -> Callable[[list[Any]], Any]:
        """A maximum or minimum over single entries and generic elements, as a generator of its own."""
        direction = {self._maximum: 1, self._minimum: -1}.get(combine)

        def taken(terms: list[Any]) -> Any:
            if direction is None or not all(isinstance(term, Value) for term in terms):
                raise TooHard("a product along an axis of any length")
            if not terms:
                raise TooHard("a maximum over no entries")
            found = self.extreme(terms, direction)
            return self._as_it_comes(terms, direction) if found is None else found

        return taken

    def _block_sum(
        self, entry: Any, block: int, role: int, other: Sequence[tuple[str, Any]], down: Mapping[int, int]
    ) -> Any:
        """Sum of an entry over the generic element at one open axis."""
        if not isinstance(entry, Generic):
            return self._moved_entry(self.sum_over(entry, (block, role)), other, down)
        up = {new: old for old, new in down.items()}
        made: dict[tuple[int, ...], Any] = {}
        for case in coincidences(other):
            firsts = sorted({first for place, first in enumerate(case) if other[place] == ("in", block)})
            # In terms of the array's own open axes: which of them coincide, with the summed one apart or with one.
            apart = self._entry_case(entry, case, up, role, None)
            terms = [self.sum_over(apart, (block, role))]
            for first in firsts:
                joined = self._entry_case(entry, case, up, role, first)
                terms.append(joined)
                terms.append(-self.renamed(apart, {(block, role): (block, up[first])}))
            summed = self.field.total(terms)
            renaming = {
                (slot[1], up[place]): (slot[1], case[place]) for place, slot in enumerate(other) if slot[0] == "in"
            }
            made[case] = self.renamed(summed, renaming)
        return made[next(iter(made))] if len(made) == 1 else Generic(made)

    def _entry_case(
        self, entry: Generic, case: tuple[int, ...], up: Mapping[int, int], role: int, joined: int | None
    ) -> Value:
        """A case of an entry, in terms of the first of the open axes that coincide."""
        count = len(case) + 1
        group: dict[int, int] = {}
        for place, first in enumerate(case):
            group[up[place]] = up[first]
        group[role] = role if joined is None else up[joined]
        firsts: dict[int, int] = {}
        key = tuple(firsts.setdefault(group[place], place) for place in range(count))
        value = entry.cases[key]
        # The case is written in its first open axis; make that one of those that stay.
        renaming: dict[Role, Role] = {}
        for place in range(count):
            target = group[place]
            if key[place] != target:
                for each in self.field.roles_of(value):
                    if each[1] == key[place]:
                        renaming[each] = (each[0], target)
        return self.renamed(value, renaming)

    def sum_over(self, value: Value, role: Role) -> Value:
        """Sum of a value over the generic element that plays a role."""
        field = self.field
        den_in = tuple((base, power) for base, power in value.den if role in field.base_roles[base])
        for base, power in den_in:
            parts = self._partial_fraction(value, role, base, power)
            if parts is not None:
                return field.total([self.sum_over(part, role) for part in parts])
        den_out = tuple((base, power) for base, power in value.den if role not in field.base_roles[base])
        grouped: dict[tuple[tuple[int, int], ...], dict[tuple[int, ...], int]] = {}
        for exponents, coefficient in value.num.to_dict().items():
            inside: list[tuple[int, int]] = []
            outside = [int(each) for each in exponents]
            for place, power in enumerate(exponents):
                if power and role in field.generators[place].roles:
                    inside.append((place, int(power)))
                    outside[place] = 0
            part = grouped.setdefault(tuple(inside), {})
            key = tuple(outside)
            part[key] = part.get(key, 0) + int(coefficient)
        terms: list[Value] = []
        for inside_key, part in grouped.items():
            factor = field.value(
                field.context.from_dict(part), value.unit, den_out, frozenset(), [b for b, _ in den_out]
            )
            terms.append(factor * self._summed_term(role, inside_key, den_in))
        summed = field.total(terms)
        return Value(field, summed.num, summed.unit, summed.den, summed.needs | value.needs)

    def _partial_fraction(self, value: Value, role: Role, base: int, power: int) -> list[Value] | None:
        """``N / B^m`` as ``Q / B^(m-1) + R / B^m``, where B is linear in a generator that R then is free of.

        Without it the sums of t / (1 + t) and of 1 / (1 + t) would be unrelated generators.
        """
        field = self.field
        poly = field.bases[base]
        for place in field.used(poly):
            if role not in field.generators[place].roles:
                continue
            leading = [
                (exponents, int(coefficient)) for exponents, coefficient in poly.to_dict().items() if exponents[place]
            ]
            if len(leading) != 1 or abs(leading[0][1]) != 1 or sum(int(each) for each in leading[0][0]) != 1:
                continue
            # The first such generator alone: two of them would be written by each other without end.
            if not value.num.degrees()[place]:
                return None
            sign = leading[0][1]
            rest = poly - field.variables[place] * sign
            # t = (B - rest) / sign, so that N(t) = N(-rest / sign) + a multiple of B.
            instead = Value(field, rest * -sign, 1, (), frozenset())
            remainder = field.substitute(value.num, {place: instead})
            quotient = (value.num - remainder.num) / poly
            others = tuple((other, times) for other, times in value.den if other != base)
            lower = tuple(sorted((*others, *(((base, power - 1),) if power > 1 else ()))))
            first = field.value(quotient, value.unit, lower, value.needs, [each for each, _ in lower])
            second = field.value(remainder.num, value.unit, value.den, value.needs, [each for each, _ in value.den])
            return [first, second]
        return None

    def _without_element(self, poly: Any) -> Signs | None:
        """Signs of a polynomial in which sums over a block are split into one element and the others."""
        field = self.field
        used = field.used(poly)
        sums = [place for place in used if field.generators[place].kind == "sum" and not field.generators[place].roles]
        roles = {role for place in used for role in field.generators[place].roles if role[1] >= 0}
        for role in roles:
            changes: dict[int, Value] = {}
            for place in sums:
                block, places, den = field.generators[place].key
                if block != role[0] or field.generators[place].depth != 1:
                    continue
                element = self.renamed(self._term(places, den), {(block, -1): role})
                axis = next(each for each in self.partition.axes.values() if block in each.blocks)
                several = len(axis.blocks) == 1 and axis.least - len(axis.singles) >= 2
                signs = field.generators[place].signs
                if not several:  # There may be no others, whose sum is zero.
                    signs = signs | {0}
                rest = field.of(field.generator("others", (block, places, den, role), signs))
                changes[place] = element + rest
            if changes:
                value = field.substitute(poly, changes)
                signs = field.plain_signs(value.num) if not value.den else ANY
                if len(signs) < 3:
                    return signs
        return None

    def _summed_term(self, role: Role, places: tuple[tuple[int, int], ...], den: Any) -> Value:
        field = self.field
        block = role[0]
        if not places and not den:
            return self._count(block)
        term = self._term(places, den)
        bound = (block, -1 - field.depth_of(term))
        return self._sum_symbol(block, self.renamed(term, {role: bound}))

    def _sum_symbol(self, block: int, term: Value) -> Value:
        """The generator for a sum; ``term`` is one monomial over bases, in the bound element."""
        field = self.field
        monoms = term.num.monoms()
        if len(monoms) != 1:
            raise TooHard("a sum whose term is no monomial")
        scale = Fraction(int(term.num.coefficient(0)), term.unit)
        places = tuple((place, int(power)) for place, power in enumerate(monoms[0]) if power)
        simplex = self._simplex_sum(block, places, term.den)
        if simplex is not None:
            return simplex * field.number(scale)
        roles = frozenset(role for role in field.roles_of(term) if not (role[0] == block and role[1] < 0))
        bare = Value(
            field, field.context.term(exp_vec=tuple(int(each) for each in monoms[0]), coeff=1), 1, term.den, frozenset()
        )
        signs = field.signs(bare)
        if len(signs) > 1:  # Terms of either sign, though none is zero, may cancel.
            signs = signs | {0}
        place = field.generator("sum", (block, places, term.den), signs, roles, depth=1 + field.depth_of(bare))
        return field.of(place) * field.number(scale)

    def _simplex_sum(self, block: int, places: Sequence[tuple[int, int]], den: Any) -> Value | None:
        """The sum of a target on the simplex: one, less its single entries and the other blocks."""
        field = self.field
        if den or len(places) != 1 or places[0][1] != 1:
            return None
        generator = field.generators[places[0][0]]
        if generator.kind != "input" or generator.key[0] not in self.simplices:
            return None
        name, where = generator.key
        if len(where) != 1:
            return None
        axis = next(each for each in self.partition.axes.values() if block in each.blocks)
        if axis.blocks[-1] != block:
            return None
        terms = [field.one]
        for single in axis.singles:
            terms.append(-self.input(name, (("at", single),), generator.signs))
        for other in axis.blocks[:-1]:
            element = self.input(name, (("in", other, -1),), generator.signs)
            terms.append(-self._sum_symbol(other, element))
        return field.total(terms)

    simplices: frozenset[str] = frozenset()

    def _closed_only(self, equation: Any, *arrays: Array) -> Any:
        from verify.readings.interpreter import STRUCTURE

        shapes = [variable.aval.shape for variable in (*equation.invars, *equation.outvars)]
        if any(not isinstance(each, int) for shape in shapes for each in shape):
            raise TooHard(f"{equation.primitive.name} along an axis of any length")
        return STRUCTURE[equation.primitive.name](self, equation, *arrays)

    def _concatenate(self, equation: Any, *arrays: Array) -> Array:
        axis = equation.params["dimension"]
        if any(not isinstance(variable.aval.shape[axis], int) for variable in equation.invars):
            return cast("Array", self._closed_only(equation, *arrays))
        return np.concatenate(arrays, axis=1 + axis)

    def _pad(self, equation: Any, array: Array, value: Array) -> Array:
        """Padding by nothing, as a diagonal matrix is made with, or along closed axes."""
        if all(low == high == inner == 0 for low, high, inner in equation.params["padding_config"]):
            return array
        return self._closed_only(equation, array, value)

    def _broadcast(self, equation: Any, array: Array, *sizes: Array) -> Array:
        source, shape = equation.invars[0].aval.shape, equation.params["shape"]
        to = dict(enumerate(equation.params["broadcast_dimensions"]))
        return self.placed(array, source, to, shape)

    def _moved(self, equation: Any, array: Array, *sizes: Array) -> Array:
        """A reshape that only adds or drops axes of length one, or one without open axes."""
        source, shape = equation.invars[0].aval.shape, equation.outvars[0].aval.shape
        if all(isinstance(each, int) for each in (*source, *shape)):
            return array.reshape(1, *shape)
        if [each for each in source if each != 1] != [each for each in shape if each != 1]:
            raise TooHard(f"a reshape of {_shape(source)} to {_shape(shape)} with an axis of any length")
        return array.reshape(1, *self.extents(shape))

    def _transpose(self, equation: Any, array: Array) -> Array:
        source, permutation = equation.invars[0].aval.shape, equation.params["permutation"]
        to = {axis: place for place, axis in enumerate(permutation)}
        return self.placed(array, source, to, tuple(source[axis] for axis in permutation))

    def _split(self, equation: Any, array: Array) -> list[Array]:
        if len(equation.outvars) == 1:
            return [array]
        axis = equation.params["axis"]
        if not isinstance(equation.invars[0].aval.shape[axis], int):
            raise TooHard("a split along an axis of any length")
        ends = np.cumsum([int(each) for each in equation.params["sizes"]])[:-1]
        return np.split(array, [int(end) for end in ends], axis=1 + axis)

    def _slice(self, equation: Any, array: Array) -> Array:
        shape = equation.invars[0].aval.shape
        starts, limits = equation.params["start_indices"], equation.params["limit_indices"]
        strides = equation.params["strides"] or [1] * len(starts)
        for axis, dimension in enumerate(shape):
            if isinstance(dimension, int):
                piece: Any = slice(starts[axis], limits[axis], strides[axis])
            elif starts[axis] == 0 and str(limits[axis]) == str(dimension) and strides[axis] == 1:
                continue
            elif (
                isinstance(starts[axis], int)
                and str(limits[axis]) == str(dimension)
                and str(dimension) in self.partition.axes
                and strides[axis] == 1
            ):
                piece = self._from(dimension, starts[axis])
            elif isinstance(starts[axis], int) and isinstance(limits[axis], int) and strides[axis] == 1:
                piece = [self._single(dimension, index) for index in range(starts[axis], limits[axis])]
            else:
                raise TooHard("a slice of an axis of any length")
            array = array[(slice(None),) * (1 + axis) + (piece,)]
        return self._closed_roles(equation, array)

    def _from(self, dimension: Any, start: int) -> list[int]:
        """Where the entries of an open axis from a start on stand."""
        if str(dimension) not in self.partition.axes:
            raise TooHard("a part of a part of an axis of any length")
        for index in range(start):
            self._single(dimension, index)
        slots = self.axis(dimension).slots
        return [
            place
            for place, (kind, which) in enumerate(slots)
            if not (kind == "at" and isinstance(which, int) and which < start)
        ]

    def _closed_roles(self, equation: Any, array: Array) -> Array:
        """After open axes were cut to single entries, what is left of the open ones is counted anew."""
        source, shape = equation.invars[0].aval.shape, equation.outvars[0].aval.shape
        opened = [axis for axis, each in enumerate(source) if not isinstance(each, int)]
        left = [axis for axis, each in enumerate(shape) if not isinstance(each, int)]
        if len(opened) == len(left):
            return array
        if len(source) != len(shape):
            raise TooHard("an index into an axis of any length that drops it")
        moves = {opened.index(axis): place for place, axis in enumerate(left)}
        result = np.empty(array.shape, dtype=object)
        for place in np.ndindex(*array.shape[1:]):
            slots = self.slots_of(shape, place)
            result[(0, *place)] = self._moved_entry(array[(0, *place)], slots, moves)
        return result

    def _single(self, dimension: Any, index: int) -> int:
        """Where a single entry of an open axis stands."""
        axis = self.axis(dimension)
        if index < 0 or index >= axis.least:
            raise TooHard(f"index {index} of an axis of any length from {axis.least}")
        if index not in axis.singles:
            raise NewSingle(axis.name, index + axis.offset)
        return axis.singles.index(index)

    def _iota(self, equation: Any, *sizes: Array) -> Array:
        shape, axis = equation.params["shape"], equation.params["dimension"]
        extents = self.extents(shape)
        result = np.empty((1, *extents), dtype=object)
        dimension = shape[axis]
        if not isinstance(dimension, int) and self.axis(dimension).offset:
            raise TooHard("a count along a part of an axis of any length")
        opened = [place for place, each in enumerate(shape) if not isinstance(each, int)]
        number = kind_of(equation.outvars[0].aval) == "number"
        dtype = equation.outvars[0].aval.dtype
        for place in np.ndindex(*extents):
            if isinstance(dimension, int):
                entry: Any = place[axis]
            else:
                kind, which = self.axis(dimension).slots[place[axis]]
                entry = which
                if kind == "in":
                    role = opened.index(axis)
                    slots = self.slots_of(shape, place)
                    cases = coincidences(slots)
                    made = {case: Index((which, case[role])) for case in cases}
                    entry = made[cases[0]] if len(cases) == 1 else Generic(made)
                if number:
                    raise TooHard("a count along an axis of any length that becomes a number")
            result[(0, *place)] = self.field.number(entry) if number else lifted(lambda x: _fitted(x, dtype))(entry)
        return result

    def _dimension(self, equation: Any) -> Array:
        result = np.empty((1,), dtype=object)
        dimension = equation.params["dim"]
        if re.fullmatch(r"\w+( - \d+)?", str(dimension)):
            axis = self.axis(dimension)
            result[0] = Length(axis.name, -axis.offset)
        else:
            result[0] = self._length_of(str(dimension))
        return result

    def _length_of(self, text: str) -> Value:
        """A polynomial in lengths of open axes, as JAX writes it: ``n^3 + 4*n - 1``."""
        field = self.field
        terms: list[Value] = []
        for sign, term in re.findall(r"(^|[+-]) ?([^+-]+)", text.replace(" ", "")):
            factor = field.number(-1 if sign == "-" else 1)
            for part in term.split("*"):
                name, _, power = part.partition("^")
                if name.isdigit():
                    factor = factor * field.number(int(name))
                elif name in self.partition.axes and (power or "1").isdigit():
                    factor = factor * field.whole_power(self.length(name), int(power or "1"))
                else:
                    raise TooHard(f"an axis of length {text}")
            terms.append(factor)
        return field.total(terms)

    def _whole_or_number(self, name: str) -> Callable[..., Array]:
        def row(equation: Any, a: Array, b: Array) -> Array:
            kind = kind_of(equation.invars[0].aval)
            if kind == "number":
                return self.rows[name](equation, a, b)
            _signed(equation)
            first, second = self._aligned(equation, (a.astype(object), b.astype(object)))
            dtype = equation.outvars[0].aval.dtype
            # Whole numbers wrap around at the width of their type.
            return _over(lambda x, y: _fitted(self._whole(name, x, y), dtype), first, second)

        return row

    def _logic(self, operation: Callable[..., int]) -> Callable[..., Array]:
        """A row of truth values; of whole numbers it is one of their bits, which plain ones alone have."""

        def row(equation: Any, *arrays: Array) -> Array:
            if kind_of(equation.invars[0].aval) == "truth":
                return _over(operation, *self._aligned(equation, arrays))
            return WHOLE[equation.primitive.name](self, equation, *self.whole(equation, list(arrays)))

        return row

    def _whole(self, name: str, a: Any, b: Any) -> Any:
        """Whole numbers, among them lengths and indices of open axes."""
        plain = isinstance(a, (int, np.integer)) and isinstance(b, (int, np.integer))
        if name in COMPARISONS:
            if plain:
                return COMPARISONS[name]((a > b) - (a < b))
            if isinstance(a, Length) and isinstance(b, Length) and a.axis == b.axis:
                return COMPARISONS[name]((a.more > b.more) - (a.more < b.more))
            if name in ("eq", "ne"):
                same = self._same_index(a, b)
                return same if name == "eq" else 1 - same
            for first, second, turn in ((a, b, 1), (b, a, -1)):
                if isinstance(first, Length) and isinstance(second, (int, np.integer)):
                    least = self.partition.axes[first.axis].least + first.more
                    if least > second:
                        return COMPARISONS[name](turn)
                if isinstance(first, (Index, str)) and isinstance(second, (int, np.integer)) and second <= 0:
                    answers = {COMPARISONS[name](turn), COMPARISONS[name](turn if second < 0 else 0)}
                    if len(answers) == 1:
                        return answers.pop()
            raise TooHard("a comparison of an index with a number")
        if plain:
            operations: dict[str, Callable[[int, int], int]] = {
                "add": lambda x, y: x + y,
                "sub": lambda x, y: x - y,
                "mul": lambda x, y: x * y,
                "max": max,
                "min": min,
            }
            return operations[name](int(a), int(b))
        idle = {"add": 0, "sub": 0, "mul": 1}.get(name)
        if _is_whole(b) and b == idle:
            return a
        if _is_whole(a) and a == idle and name != "sub":
            return b
        if name in ("add", "sub") and isinstance(a, Length) and isinstance(b, (int, np.integer)):
            return Length(a.axis, a.more + (int(b) if name == "add" else -int(b)))
        if name == "add" and isinstance(b, Length) and isinstance(a, (int, np.integer)):
            return Length(b.axis, b.more + int(a))
        if isinstance(a, (Index, str)) or isinstance(b, (Index, str)):
            # Negative indices are told apart by a select that is not taken: what is not used may stay unknown.
            return None
        raise TooHard("arithmetic with the index or the length of an open axis")

    def _axis_of(self, index: Any) -> str:
        """The name of the open axis that an index of a generic element, or the label, belongs to."""
        return next(
            each.name
            for each in self.partition.axes.values()
            if (index.role[0] in each.blocks if isinstance(index, Index) else index in each.singles)
        )

    def _same_index(self, a: Any, b: Any) -> int:
        if a is None or b is None:
            raise TooHard("arithmetic with an index of an open axis")
        if all(isinstance(each, (Index, str)) for each in (a, b)) and self._axis_of(a) != self._axis_of(b):
            raise TooHard("a comparison of indices of two open axes")
        if isinstance(a, Index) and isinstance(b, Index):
            return int(a == b)
        for first, second in ((a, b), (b, a)):
            if isinstance(first, Index) and _is_whole(second):
                self._single(self._axis_of(first), int(second))
                return NO
        if isinstance(a, str) or isinstance(b, str):
            if a == b:
                return YES
            if isinstance(a, Index) or isinstance(b, Index) or (isinstance(a, str) and isinstance(b, str)):
                return NO
            # The label is none of the indices that a program names; that it may be one of them is another partition,
            # which naming the index brings about.
            number, key = (b, a) if isinstance(a, str) else (a, b)
            if _is_whole(number):
                self._single(self._axis_of(key), int(number))
                return NO
        raise TooHard("a comparison of indices of open axes")

    def _dynamic_slice(self, equation: Any, array: Array, *starts: Array) -> Array:
        shape = equation.invars[0].aval.shape
        sizes = equation.params["slice_sizes"]
        for axis, dimension in enumerate(shape):
            start = starts[axis].ravel()[0]
            if str(sizes[axis]) == str(dimension):
                continue
            if isinstance(dimension, int):
                first = max(0, min(int(start), dimension - sizes[axis]))
                piece: Any = slice(first, first + sizes[axis])
            elif str(sizes[axis]) == f"{dimension} - {start}":
                piece = self._from(dimension, int(start))
            else:
                if not isinstance(start, (int, np.integer)) or not isinstance(sizes[axis], int):
                    raise TooHard("an index of an open axis that is not written out")
                piece = [self._single(dimension, int(start) + step) for step in range(sizes[axis])]
            array = array[(slice(None),) * (1 + axis) + (piece,)]
        return self._closed_roles(equation, array)

    def _gather(self, equation: Any, array: Array, indices: Array) -> Array:
        """A gather of single entries along open axes, by the same gather over the slots."""
        shape = equation.invars[0].aval.shape
        numbers = equation.params["dimension_numbers"]
        sizes = equation.params["slice_sizes"]
        steered = list(numbers.start_index_map)
        entries = indices[0].reshape(-1, indices.shape[-1])
        single = len(steered) == len(numbers.collapsed_slice_dims) == len(shape)
        if single and any(not isinstance(each, int) for each in equation.outvars[0].aval.shape):
            return self._entries_at(equation, array, indices)
        if (
            len(entries) != 1
            or numbers.operand_batching_dims
            or any(not isinstance(each, int) for variable in equation.invars[1:] for each in variable.aval.shape)
        ):
            raise TooHard("a gather of several entries of an axis of any length")
        for axis, dimension in enumerate(shape):
            if str(sizes[axis]) == str(dimension) and axis not in steered:
                continue
            start = entries[0][steered.index(axis)] if axis in steered else 0
            if str(sizes[axis]) == f"{dimension} - {start}":
                array = array[(slice(None),) * (1 + axis) + (self._from(dimension, int(start)),)]
                continue
            if not isinstance(start, (int, np.integer)) or not isinstance(sizes[axis], int):
                raise TooHard("an index of an open axis that is not written out")
            if isinstance(dimension, int):
                if not 0 <= int(start) <= dimension - sizes[axis]:
                    raise TooHard("an index out of range")
                piece: Any = slice(int(start), int(start) + sizes[axis])
            else:
                piece = [self._single(dimension, int(start) + step) for step in range(sizes[axis])]
            array = array[(slice(None),) * (1 + axis) + (piece,)]
        out = equation.outvars[0].aval.shape
        opened = [axis for axis, each in enumerate(shape) if not isinstance(each, int)]
        kept = [axis for axis in opened if not isinstance(sizes[axis], int)]
        if opened == kept:
            return array.reshape(1, *self.extents(out))
        moves = {opened.index(axis): place for place, axis in enumerate(kept)}
        array = array.reshape(1, *self.extents(out))
        result = np.empty(array.shape, dtype=object)
        for place in np.ndindex(*array.shape[1:]):
            result[(0, *place)] = self._moved_entry(array[(0, *place)], self.slots_of(out, place), moves)
        return result

    def _entries_at(self, equation: Any, array: Array, indices: Array) -> Array:
        """A gather of one entry for each entry of the result, as the diagonal of a matrix is taken."""
        shape, out = equation.invars[0].aval.shape, equation.outvars[0].aval.shape
        steered = equation.params["dimension_numbers"].start_index_map

        def at(*numbers: Any) -> Any:
            return self._entry_at(array, shape, [numbers[steered.index(axis)] for axis in range(len(shape))])

        result = np.empty((1, *self.extents(out)), dtype=object)
        for place in np.ndindex(*result.shape[1:]):
            result[(0, *place)] = lifted(at)(*indices[(0, *place)])
        return result

    def _entry_at(self, array: Array, shape: Sequence[Any], indices: Sequence[Any]) -> Any:
        """The entry of an array at one index for each of its axes, in terms of the generic elements they are of."""
        places: list[int] = []
        roles: list[Role | None] = []
        for dimension, index in zip(shape, indices, strict=True):
            role = index.role if isinstance(index, Index) else None
            slot = ("at", index) if role is None else ("in", role[0])
            if isinstance(dimension, int):
                known: list[tuple[str, Any]] = [("at", each) for each in range(dimension)]
            elif str(dimension) in self.partition.axes:
                roles.append(role)
                if _is_whole(index):
                    self._single(dimension, int(index))
                known = self.axis(dimension).slots
            else:
                raise TooHard("an index into a part of an axis of any length")
            if slot not in known:
                raise TooHard("an index of an open axis that is not written out")
            places.append(known.index(slot))
        entry = array[(0, *places)]
        if isinstance(entry, Generic):
            # Two axes coincide where they are at one index.
            entry = entry.cases[tuple(place if role is None else roles.index(role) for place, role in enumerate(roles))]
        return self.renamed(entry, {(role[0], place): role for place, role in enumerate(roles) if role is not None})

    def _reduce_truth(self, equation: Any, array: Array) -> Array:
        if kind_of(equation.invars[0].aval) != "truth":
            raise TooHard(f"{equation.primitive.name} of whole numbers beside an axis of any length")
        decisive = NO if equation.primitive.name == "reduce_and" else YES
        axes = equation.params["axes"]
        moved = np.moveaxis(array, [1 + axis for axis in axes], range(-len(axes), 0))
        lengths = moved.shape[: moved.ndim - len(axes)]
        flat = moved.reshape(int(np.prod(lengths, dtype=int)), -1)
        result = np.empty(flat.shape[0], dtype=object)
        for row in range(flat.shape[0]):
            answers: set[int] = set()
            for entry in flat[row].tolist():
                answers |= set(entry.cases.values()) if isinstance(entry, Generic) else {int(entry)}
            if len(answers) > 1 and any(isinstance(entry, Generic) for entry in flat[row].tolist()):
                raise TooHard("a condition on all pairs of entries of an axis of any length")
            result[row] = decisive if decisive in answers else 1 - decisive
        return result.reshape(lengths)


def _is_whole(entry: Any) -> bool:
    return isinstance(entry, (int, np.integer))


def _fitted(entry: Any, dtype: Any) -> Any:
    """An entry of an array of whole numbers or truth values in the width of its type."""
    if dtype == np.bool_ or entry is None:
        return entry
    width = np.iinfo(dtype)
    if _is_whole(entry):
        return (int(entry) - width.min) % 2**width.bits + width.min
    if width.bits < NARROW or (width.min == 0 and isinstance(entry, Length)):
        raise TooHard(f"an index or a length of an axis of any length as {np.dtype(dtype).name}")
    return entry


def _signed(equation: Any) -> None:
    """Whole numbers are kept as those of 64 bits with a sign."""
    if any(each.aval.dtype == np.uint64 for each in equation.invars):
        raise TooHard("uint64 beside an axis of any length")


def _both(a: int, b: int) -> int:
    return int(a == YES and b == YES)


def _odd(entry: Any) -> bool:
    if isinstance(entry, Generic):
        return any(_odd(each) for each in entry.cases.values())
    return not isinstance(entry, Value)


def _combined(total: Callable[[Sequence[Value]], Value], terms: Sequence[Any]) -> Any:
    keyed = next((term.cases for term in terms if isinstance(term, Generic)), None)
    if keyed is None:
        return total(terms)
    return Generic(
        {key: total([each.cases[key] if isinstance(each, Generic) else each for each in terms]) for key in keyed}
    )


def _shape_of(equation: Any) -> Sequence[Any]:
    return equation.invars[0].aval.shape


def _shape(shape: Sequence[Any]) -> str:
    return f"({', '.join(map(str, shape))})"


COMPARISONS: Final[dict[str, Callable[[int], int]]] = {
    "eq": lambda sign: int(sign == 0),
    "ne": lambda sign: int(sign != 0),
    "lt": lambda sign: int(sign < 0),
    "le": lambda sign: int(sign <= 0),
    "gt": lambda sign: int(sign > 0),
    "ge": lambda sign: int(sign >= 0),
}
