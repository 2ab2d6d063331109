"""Sign reading: which signs a value can have anywhere on the domain; it proves outcomes of choices unreachable.

A value is the set of signs it may take, as bits. A comparison that the signs decide has one reachable outcome, for
every point of the domain: ``logsumexp`` asks whether a sum of exponentials is negative, and no point can show that
it is.
"""

from collections.abc import Callable, Sequence
from typing import Any, Final

import numpy as np

from verify.claim import UnsupportedPrimitive
from verify.readings.interpreter import NO, UNDECIDED, YES, Array, System, align, kind_of, negate

MINUS, NONE, PLUS = 1, 2, 4
ANY: Final = MINUS | NONE | PLUS


def _flip(signs: Array) -> Array:
    return (signs & NONE) | np.where(signs & MINUS, PLUS, 0) | np.where(signs & PLUS, MINUS, 0)


def _table(combine: Callable[[int, int], int]) -> Array:
    """Union of the results over all pairs of single signs."""
    table = np.zeros((8, 8), dtype=np.int64)
    singles = (MINUS, NONE, PLUS)
    for a in range(8):
        for b in range(8):
            for x in singles:
                for y in singles:
                    if a & x and b & y:
                        table[a, b] |= combine(x, y)
    return table


def _sum_of(x: int, y: int) -> int:
    if x == NONE or y == NONE:
        return x | y if NONE in (x, y) and x == y else (x if y == NONE else y)
    return x if x == y else ANY


def _product_of(x: int, y: int) -> int:
    if NONE in (x, y):
        return NONE
    return PLUS if x == y else MINUS


ADD: Final = _table(_sum_of)
MULTIPLY: Final = _table(_product_of)
POSITIVE_RESULTS: Final = ("exp", "exp2", "logistic", "cosh", "erfc")
KEEP_SIGN: Final = ("tanh", "sinh", "asinh", "atan", "expm1", "log1p", "erf", "cbrt", "sqrt", "rsqrt", "atanh", "asin")


class Signs(System):
    """Signs that values may take; everything it has no rule for may take all of them."""

    name = "signs"

    def __init__(self) -> None:
        """Build the rows."""
        super().__init__()
        self.rows = _Rows(self)

    def lift(self, values: Array) -> Array:
        """Signs of constants."""
        return np.where(values > 0, PLUS, np.where(values < 0, MINUS, np.where(values == 0, NONE, ANY))).astype(
            np.int64
        )

    def from_truth(self, truth: Array) -> Array:
        """Zero, one, or either."""
        return np.where(truth == YES, PLUS, np.where(truth == NO, NONE, NONE | PLUS))

    def to_whole(self, numbers: Array) -> tuple[Array, Array]:
        """Signs do not determine a whole number."""
        raise UnsupportedPrimitive("convert_element_type to integers", self.name)

    def choose(self, which: Array, cases: Sequence[Array]) -> Array:
        """The case, or the union of the cases."""
        aligned = np.broadcast_arrays(*align(which, *cases))
        union = aligned[1].copy()
        for case in aligned[2:]:
            union = union | case
        result = union
        for outcome, case in enumerate(aligned[1:]):
            result = np.where(aligned[0] == outcome, case, result)
        return result

    def undefined(self, shape: tuple[int, ...]) -> Array:
        """Any sign."""
        return np.full(shape, ANY)

    def mark(self, where: str, mask: Array) -> None:
        """An undecided choice makes both of its outcomes reachable; one that steers structure cannot be followed."""
        if where == "lost" and mask.any():
            raise UnsupportedPrimitive("a choice of structure that the signs leave open", self.name)

    def branch(self, equation: Any, which: Array, outcomes: int) -> None:
        """Record what is reachable: the decided outcomes, or all of them."""
        super().branch(equation, which, outcomes)
        if self.depends and (which == UNDECIDED).any():
            for outcome in range(outcomes):
                super().branch(equation, np.array([outcome]), outcomes)


class _Rows(dict[str, Callable[..., Any]]):
    """Rules by primitive, with a rule for all others."""

    def __init__(self, system: Signs) -> None:
        super().__init__()
        self.system = system

    def get(self, name: str, default: Any = None) -> Callable[..., Any]:  # type: ignore[override]
        return lambda equation, *arrays: self._apply(name, equation, *arrays)

    def _apply(self, name: str, equation: Any, *arrays: Array) -> Any:
        system = self.system
        shape = (1, *equation.outvars[0].aval.shape)
        kind = kind_of(equation.outvars[0].aval)
        if name in ("add", "add_any", "sub"):
            a, b = np.broadcast_arrays(*align(*arrays))
            return ADD[a, _flip(b) if name == "sub" else b]
        if name in ("mul", "div"):
            a, b = np.broadcast_arrays(*align(*arrays))
            return MULTIPLY[a, b]
        if name == "neg":
            return _flip(arrays[0])
        if name in ("abs", "square") or (name == "integer_pow" and equation.params["y"] % 2 == 0):
            return np.where(arrays[0] & (MINUS | PLUS), PLUS, 0) | (arrays[0] & NONE)
        if name in ("integer_pow", *KEEP_SIGN, "copy"):
            return arrays[0]
        if name in POSITIVE_RESULTS:
            return np.full(arrays[0].shape, PLUS)
        if name == "convert_element_type" and kind == "number":
            return arrays[0]
        if name in ("eq", "ne", "lt", "le", "gt", "ge"):
            if equation.invars[0] is equation.invars[1]:
                # A real number is equal to itself: this is how a program asks for NaN.
                return np.full(arrays[0].shape, YES if name in ("eq", "le", "ge") else NO, dtype=np.int8)
            return self._compare(name, *arrays)
        if name == "is_finite":
            return np.full(arrays[0].shape, YES, dtype=np.int8)
        if name in ("max", "min"):
            return self._extremum(name, equation, *arrays)
        if name == "clamp":
            low, array, high = arrays
            return self._extremum("min", equation, self._extremum("max", equation, low, array), high)
        if name == "sign":
            signs = arrays[0]
            decided = np.where(signs == PLUS, 1, np.where(signs == MINUS, 0, UNDECIDED))
            # A value that may be zero or of one sign only cannot show the other sign.
            one_sided = np.where((signs & MINUS) == 0, 1, np.where((signs & PLUS) == 0, 0, UNDECIDED))
            system.branch(equation, np.where(decided == UNDECIDED, one_sided, decided), 2)
            return signs
        if name == "select_n":
            system.branch(equation, arrays[0], len(arrays) - 1)
            return system.choose(arrays[0], arrays[1:])
        if name in ("reduce_sum", "reduce_max", "reduce_min", "cumsum"):
            return self._reduce(name, equation, arrays[0])
        if kind == "number":
            return np.full(shape, ANY)
        if kind == "truth":
            return np.full(shape, UNDECIDED, dtype=np.int8)
        raise UnsupportedPrimitive(name, system.name)

    @staticmethod
    def _compare(name: str, a: Array, b: Array) -> Array:
        a, b = np.broadcast_arrays(*align(a, b))
        signs = ADD[a, _flip(b)]
        less = np.where(signs == MINUS, YES, np.where((signs & MINUS) == 0, NO, UNDECIDED))
        more = np.where(signs == PLUS, YES, np.where((signs & PLUS) == 0, NO, UNDECIDED))
        same = np.where(signs == NONE, YES, np.where((signs & NONE) == 0, NO, UNDECIDED))
        answers = {"lt": less, "gt": more, "eq": same}
        if name in answers:
            return answers[name].astype(np.int8)
        return negate({"ge": less, "le": more, "ne": same}[name].astype(np.int8))

    def _extremum(self, name: str, equation: Any, a: Array, b: Array) -> Array:
        a, b = np.broadcast_arrays(*align(a, b))
        signs = ADD[a, _flip(b)] if name == "max" else ADD[b, _flip(a)]
        first = np.where((signs & MINUS) == 0, 1, np.where((signs & PLUS) == 0, 0, UNDECIDED))
        self.system.branch(equation, first, 2)
        return np.where(first == 1, a, np.where(first == 0, b, a | b))

    def _reduce(self, name: str, equation: Any, array: Array) -> Array:
        axes = tuple(1 + axis for axis in equation.params.get("axes", ()))
        if name == "cumsum":
            union = np.bitwise_or.reduce(array, axis=1 + equation.params["axis"], keepdims=True)
            return np.broadcast_to(np.where(union == (MINUS | PLUS), ANY, union), array.shape)
        union = np.bitwise_or.reduce(array.reshape(array.shape), axis=axes)
        if name != "reduce_sum":
            return union
        mixed = (union & MINUS != 0) & (union & PLUS != 0)
        # One term of a sign that the others do not oppose settles the sum: zeros only drop out.
        positive = (array == PLUS).any(axis=axes) & (union & MINUS == 0)
        negative = (array == MINUS).any(axis=axes) & (union & PLUS == 0)
        return np.where(mixed, ANY, np.where(positive, PLUS, np.where(negative, MINUS, union)))
