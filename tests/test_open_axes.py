"""The symbolic reading beside axes of any length: what is read of a generic entry is true of every entry."""

import itertools
import math
import operator
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flint import arb
from jax import lax

from verify.readings.algebra import ANY, AT_LEAST_ZERO, NEGATIVE, POSITIVE, Field, Learnt, Restart, TooHard, Value
from verify.readings.api import enclose
from verify.readings.exact import precision
from verify.readings.interpreter import walk
from verify.readings.symbolic import (
    COMPARISONS,
    Axis,
    Block,
    Generic,
    Index,
    Infinite,
    Length,
    NewSingle,
    Partition,
    Symbolic,
    _fitted,
)

pytestmark = pytest.mark.interpreter


def open_axis() -> tuple[Symbolic, Value, Value]:
    """A reading with an axis of any length, and two entries of x that may be one."""
    system = Symbolic(Field(Learnt()), Partition({"n": Axis("n", 2, (), (0,))}, {0: Block(0)}))
    first, second = (system.input("x", (("in", 0, place),), POSITIVE) for place in (0, 1))
    return system, first, second


def beside_one(least: int, singles: tuple[int | str, ...] = (0,)) -> tuple[Symbolic, Value]:
    """A reading with an axis of any length, of which some entries stand alone, and a positive one of the others."""
    system = Symbolic(Field(Learnt(capacity=50)), Partition({"n": Axis("n", least, singles, (0,))}, {0: Block(0)}))
    return system, system.input("x", (("in", 0, 0),), POSITIVE)


def boxed(*entries: Any) -> Any:
    """An array of entries."""
    array = np.empty((1, len(entries)), dtype=object)
    array[0] = entries
    return array


def test_a_part_of_an_open_axis_has_neither_its_first_entries_nor_more_than_are_left() -> None:
    system, _ = beside_one(4, (0, 1, "label", 3))
    part = system.axis("n - 2")
    assert (part.name, part.least, part.singles, part.blocks, part.offset) == ("n", 2, ("label", 1), (0,), 2)
    assert system._single("n - 2", 1) == 1
    with pytest.raises(TooHard, match="index 2 of an axis of any length from 2"):
        system._single("n - 2", 2)
    # Entries that are cut off are among the others as long as no index names them.
    for singles, dimension, index in (((0,), "n - 2", 1), ((1,), "n - 2", 0), ((0, 1), "n - 1", None)):
        system, _ = beside_one(4, singles)
        if index is None:
            assert system.axis(dimension).singles == (0,)
            continue
        with pytest.raises(NewSingle) as found:
            system.axis(dimension)
        assert (found.value.axis, found.value.index) == ("n", index)
    system, _ = beside_one(4, (0, 1))
    with pytest.raises(NewSingle) as found:
        system._single("n - 2", 1)
    assert (found.value.axis, found.value.index) == ("n", 3)


@pytest.mark.parametrize("name", COMPARISONS)
def test_lengths_of_one_axis_are_compared_by_what_is_added(name: str) -> None:
    system, _ = beside_one(2)
    for more in (-1, 0, 1):
        assert system._whole(name, Length("n", more), Length("n")) == getattr(operator, name)(more, 0)


def test_whole_numbers_are_added_to_a_length_and_taken_from_it() -> None:
    system, _ = beside_one(2)
    assert system._whole("add", Length("n", 1), 3) == system._whole("add", 3, Length("n", 1)) == Length("n", 4)
    assert system._whole("sub", Length("n", 1), 3) == Length("n", -2)
    for name, a in (("sub", 3), ("mul", 2), ("add", Length("n"))):
        with pytest.raises(TooHard, match="arithmetic with the index or the length"):
            system._whole(name, a, Length("n"))


@pytest.mark.parametrize(("least", "known"), [(2, AT_LEAST_ZERO), (3, POSITIVE)])
def test_a_sum_is_larger_than_one_of_its_entries_only_where_there_is_another(least: int, known: Any) -> None:
    system, entry = beside_one(least)
    assert system.field.signs(system.sum_over(entry, (0, 0)) - entry) == known


def test_a_maximum_of_one_entry_becomes_that_of_another_entry() -> None:
    def largest(system: Symbolic, place: int, direction: int) -> Value:
        terms = [system.input(name, (("in", 0, place),), ANY) for name in ("x", "y")]
        return system._as_it_comes(terms, direction, frozenset({(0, place)}))

    system, *_ = open_axis()
    moved = system.renamed(largest(system, 0, 1), {(0, 0): (0, 1)})
    assert (moved - largest(system, 1, 1)).is_zero
    assert system.field.has_maximum(system.field.used(moved.num))
    assert not (moved - largest(system, 1, -1)).is_zero
    assert not (moved - largest(system, 0, 1)).is_zero


def test_which_is_the_largest_is_not_asked_of_generic_entries() -> None:
    """Of each row of an open axis there is a maximum of its own, and what is the largest of all is not it."""
    system, first, second = open_axis()
    field = system.field
    system.extreme = lambda terms, direction: field.number(direction)
    assert system._largest([field.one, field.zero], -1).constant == -1
    assert system._largest([first], 1) is first
    assert system._largest([first, second], 1).constant is None


@pytest.mark.parametrize("name", ["and", "or", "not"])
def test_truth_values_beside_an_open_axis_are_joined(name: str) -> None:
    system, _ = beside_one(2)
    given = [boxed(0, 1)] if name == "not" else [boxed(0, 0, 1, 1), boxed(0, 1, 0, 1)]
    made = {"and": lax.bitwise_and, "or": lax.bitwise_or, "not": lax.bitwise_not}[name]
    (equation,) = jax.make_jaxpr(made)(*(each[0].astype(bool) for each in given)).eqns
    assert equation.primitive.name == name
    found = system.own[name](equation, *given)[0].tolist()
    assert found == made(*(each[0].astype(bool) for each in given)).astype(int).tolist()


def test_whole_numbers_beside_an_open_axis_are_plain_ones_or_refused() -> None:
    system, _ = beside_one(2)
    (equation,) = jax.make_jaxpr(lax.rem)(np.arange(2), np.arange(2)).eqns
    found = system.whole(equation, [boxed(7, 8), np.array([[2, 3]])])
    assert [each.dtype for each in found] == [np.int64, np.int64]
    assert [each[0].tolist() for each in found] == [[7, 8], [2, 3]]
    for odd in (Length("n"), Index((0, 0)), "label", None):
        for given in (boxed(7, odd), boxed(odd, odd)):
            with pytest.raises(TooHard, match="arithmetic with the index or the length of an open axis"):
                system.whole(equation, [given, boxed(2, 3)])


def test_truth_values_beside_an_open_axis_become_the_whole_numbers_zero_and_one() -> None:
    system, _ = beside_one(2)
    (equation,) = jax.make_jaxpr(lambda a: lax.convert_element_type(a, np.int32))(np.zeros(2, bool)).eqns
    pairs = Generic({(0, 0): 1, (0, 1): 0})
    for given in (boxed(0, 1), np.array([[0, 1]], np.int8), boxed(0, pairs)):
        found = system.own["convert_element_type"](equation, given)
        assert found[0].tolist() == given[0].tolist()
        assert found.dtype in (object, np.int64)


@pytest.mark.parametrize("name", ["sign", "abs", "largest", "comparison", "number"])
def test_what_a_choice_asks_about_has_to_be_a_number(name: str) -> None:
    system = Symbolic(Field(Learnt(capacity=50)))
    system.field.decide = lambda base, options: options[-1]
    x, y = (system.input(each, (), ANY) for each in ("x", "y"))
    one, two = system.field.log(x), system.field.inverse(y)
    assert one.needs
    assert two.needs
    ask: Callable[[Value], Any] = {
        "sign": system._sign,
        "abs": lambda value: system._absolute(system._extreme(value, x, 1)),
        "largest": lambda value: system._extreme(x, value, -1),
        "comparison": lambda value: system._answer("lt", x, value),
        "number": lambda value: system.rows["is_finite"](None, boxed(value)),
    }[name]
    system.field.known = lambda base: POSITIVE
    ask(one)
    assert system.asked == one.needs
    ask(two)
    assert system.asked == one.needs | two.needs


def test_infinities_are_turned_and_of_several_values_only_taken_where_they_are_the_end() -> None:
    system, x = beside_one(2)
    above, below = Infinite(1), Infinite(-1)
    assert (system._negative(above), system._negative(below)) == (below, above)
    assert (system._absolute(above), system._absolute(below)) == (above, above)
    for terms in ([x, below], [below, x], [below, x, below]):
        assert system._maximum(terms) is x
        assert system._minimum(terms) == below
    for terms in ([x, above], [above, x], [above, x, above]):
        assert system._maximum(terms) == above
        assert system._minimum(terms) is x
    assert system._exp(below).is_zero
    assert system._maximum([below, above]) == above


@pytest.mark.parametrize(
    ("name", "fn"),
    [
        ("pad", lambda x: lax.pad(x, 0.0, [(-1, 0, 0)])),
        ("pad", lambda x: lax.pad(x, 0.0, [(0, 1, 0)])),
        ("pad", lambda x: lax.pad(x, 0.0, [(0, 0, 1)])),
        ("rev", lambda x: lax.rev(x, (0,))),
        ("concatenate", lambda x: lax.concatenate([x, x], 0)),
        ("dynamic_update_slice", lambda x: lax.dynamic_update_slice(x, x[:1] * 2, (1,))),
        ("scatter", lambda x: x.at[1].set(0.0, mode="promise_in_bounds")),
        ("running sum", lambda x: lax.cumsum(x)),
        ("split", lambda x: lax.split(x, (1, x.shape[0] - 1))),
        ("slice", lambda x: lax.slice(x, (0,), (x.shape[0],), (2,))),
        ("slice", lambda x: lax.slice(x, (0,), (x.shape[0] - 1,))),
        ("slice", lambda x: lax.slice_in_dim(lax.slice_in_dim(x, 1, None), 1, None)),
        ("reshape", lambda x: lax.reshape(lax.broadcast(x, (2,)), (2 * x.shape[0],))),
        ("product", lambda x: jnp.prod(x)),
        ("count", lambda x: lax.iota(np.float64, x.shape[0]) * x),
        ("index", lambda x: x[2]),
    ],
    ids=map(str, range(16)),
)
def test_what_depends_on_the_places_along_an_open_axis_is_refused(name: str, fn: Callable[..., Any]) -> None:
    ((length),) = jax.export.symbolic_shape("n", constraints=["n >= 2"])
    with jax.enable_x64(True):
        closed = jax.make_jaxpr(fn)(jax.ShapeDtypeStruct((length,), np.float64))
    system, x = beside_one(2, (0, 1))
    given = boxed(*(system.input("x", (("at", index),), POSITIVE) for index in (0, 1)), x)
    with pytest.raises(TooHard, match=name):
        walk(system, closed, [given], 1)


def test_entries_that_are_cut_off_are_named_first() -> None:
    system, _ = beside_one(4, (1, "label", 0))
    assert system._from("n", 1) == [0, 1, 3]
    assert system._from("n", 2) == [1, 3]
    assert system._from("n", 0) == [0, 1, 2, 3]
    with pytest.raises(NewSingle) as found:
        system._from("n", 3)
    assert (found.value.axis, found.value.index) == ("n", 2)
    with pytest.raises(TooHard, match="index 4"):
        beside_one(4, (0, 1, 2, 3))[0]._from("n", 5)


def test_a_sum_whose_term_becomes_a_multiple_where_two_entries_are_one_keeps_the_factor() -> None:
    """The root of 4 x_k² + x_i - x_j is 2 x_k where j is i, and the sum over k is twice that of x."""
    for simplices in (frozenset[str](), frozenset({"x"})):
        system, first, second = open_axis()
        field = system.field
        system.simplices = simplices
        third = system.input("x", (("in", 0, 2),), POSITIVE)
        field.known = lambda base: AT_LEAST_ZERO
        inside = field.number(4) * third * third + first - second
        whole = system.sum_over(field.power_of(inside, Fraction(1, 2)), (0, 2))
        joined = system.renamed(whole, {(0, 1): (0, 0)})
        assert (joined - field.number(2) * system.sum_over(third, (0, 2))).is_zero
        assert joined.constant == (2 if simplices else None)


def test_whole_numbers_are_computed_as_they_are() -> None:
    system, _ = beside_one(2)
    for name, rule in (("add", operator.add), ("sub", operator.sub), ("mul", operator.mul), ("max", max), ("min", min)):
        for a, b in ((7, 3), (3, 7), (-2, 5), (0, 4), (4, 0)):
            assert system._whole(name, a, np.int64(b)) == rule(a, b)
    for name in COMPARISONS:
        for a, b in ((7, 3), (3, 7), (5, 5)):
            assert system._whole(name, a, b) == getattr(operator, name)(a, b)
    assert system._whole("add", 1, Length("n")) == Length("n", 1)
    assert system._whole("add", 0, Index((0, 0))) == system._whole("sub", Index((0, 0)), 0) == Index((0, 0))
    for each in ("label", Index((0, 0))):
        assert system._whole("add", 0, each) == system._whole("mul", 1, each) == system._whole("mul", each, 1) == each
        assert all(
            system._whole(name, *pair) is None
            for name, pair in (
                ("sub", (0, each)),
                ("add", (1, each)),
                ("add", (each, Length("n"))),
                ("mul", (0, each)),
                ("mul", (each, 2)),
            )
        )


@pytest.mark.parametrize("name", COMPARISONS)
def test_an_index_is_at_least_zero_and_a_length_at_least_the_least(name: str) -> None:
    """Where no entry and no length decides another way, the comparison has an answer."""
    system, _ = beside_one(2)
    rule = getattr(operator, name)
    for given, bounds, above in (
        (Index((0, 0)), (-2, -1, 0, 1), 9),
        ("label", (-2, -1, 0, 1), 9),
        (Length("n", -1), (-1, 0, 1, 2), 9),
    ):
        least = 1 if isinstance(given, Length) else 0
        for bound in bounds:
            for turned in (False, True):
                answers = {rule(*((bound, each) if turned else (each, bound))) for each in range(least, above)}
                pair = (bound, given) if turned else (given, bound)
                if name in ("eq", "ne") and not isinstance(given, Length):
                    continue
                try:
                    assert {bool(system._whole(name, *pair))} == answers
                except TooHard:
                    assert len(answers) == 2 or isinstance(given, Length)


def test_the_label_and_a_generic_index_are_told_from_indices_that_are_named() -> None:
    system, _ = beside_one(4, (0, "label"))
    for a, b, same in (("label", "label", 1), ("label", 0, 0), (Index((0, 0)), 0, 0), (Index((0, 0)), "label", 0)):
        for pair in ((a, b), (b, a)):
            assert system._whole("eq", *pair) == same
            assert system._whole("ne", *pair) == 1 - same
    assert system._whole("eq", Index((0, 0)), Index((0, 0))) == 1
    assert system._whole("eq", Index((0, 0)), Index((0, 1))) == 0
    for each in ("label", Index((0, 0))):
        for pair in ((each, 2), (2, each)):
            with pytest.raises(NewSingle):
                system._whole("eq", *pair)
        with pytest.raises(TooHard, match="arithmetic with an index"):
            system._whole("eq", each, None)


def test_one_minus_a_square_is_what_it_says() -> None:
    system, entry = beside_one(2)
    found = system.rows["one_minus_square"](None, boxed(entry))[0, 0]
    assert (found + entry * entry).constant == 1


def test_a_partition_in_which_an_entry_is_named_keeps_the_others() -> None:
    before = Partition({"n": Axis("n", 3, (0, "label"), (0,))}, {0: Block(0)}, {"label": "label", "first": 0})
    after = before.renamed("n", "label", 2)
    assert (after.axes["n"].singles, after.special) == ((0, 2), {"label": 2, "first": 0})
    assert (before.axes["n"].singles, before.special["label"]) == ((0, "label"), "label")


def test_arrays_along_an_open_axis_are_not_stacked() -> None:
    ((length),) = jax.export.symbolic_shape("n", constraints=["n >= 2"])
    closed = jax.make_jaxpr(lambda x: jnp.stack([x, x]))(jax.ShapeDtypeStruct((length,), np.float32))
    system, x = beside_one(2)
    with pytest.raises(TooHard, match="stack along an axis of any length"):
        walk(system, closed, [boxed(x, x)], 1)


def test_nothing_is_clamped_by_infinities() -> None:
    system, x = beside_one(2)
    below, above = (boxed(Infinite(sign)) for sign in (-1, 1))
    clamp = system.rows["clamp"]
    assert clamp(None, below, boxed(x), above)[0, 0] is x
    assert clamp(None, boxed(system.field.zero), boxed(x), above)[0, 0] is x
    assert clamp(None, below, boxed(x), boxed(system.field.zero))[0, 0].is_zero
    assert clamp(None, boxed(system.field.zero), boxed(-x), above)[0, 0].is_zero


@pytest.mark.parametrize("autodiff", [True, False])
def test_where_a_derivative_is_read_a_choice_is_not_asked_at_equality(autodiff: bool) -> None:
    system = Symbolic(Field(Learnt(capacity=50)))
    assert system.autodiff
    system.autodiff = autodiff
    asked: list[Any] = []

    def decide(base: int, options: Any) -> Any:
        asked.append(options)
        system.field.known = lambda base: POSITIVE
        return POSITIVE

    system.field.decide = decide
    assert system._answer("gt", system.input("x", (), ANY), system.field.zero) == 1
    assert asked == [(NEGATIVE, POSITIVE) if autodiff else (NEGATIVE, frozenset({0}), POSITIVE)]


def test_whole_numbers_of_64_bits_without_a_sign_become_no_numbers_beside_an_open_axis() -> None:
    system, _ = beside_one(2)
    with jax.enable_x64(True):
        for dtype, refused in ((np.uint64, True), (np.int64, False), (np.uint32, False)):
            (equation,) = jax.make_jaxpr(lambda a: lax.convert_element_type(a, np.float64))(np.zeros(2, dtype)).eqns
            if refused:
                with pytest.raises(TooHard, match="uint64"):
                    system.own["convert_element_type"](equation, boxed(-1, 2))
            else:
                found = system.own["convert_element_type"](equation, boxed(3, 2))
                assert [each.constant for each in found[0]] == [3, 2]


def test_a_sum_has_the_sign_and_the_needs_of_its_terms() -> None:
    for signs in (POSITIVE, NEGATIVE, ANY):
        system, _ = beside_one(2)
        entry = system.input("y", (("in", 0, 0),), signs)
        assert system.field.signs(system.sum_over(entry, (0, 0))) == signs
        root = system.field.power_of(entry * entry + system.field.one, Fraction(1, 2))
        assert not system.sum_over(root, (0, 0)).needs
    inverse = system.field.inverse(entry)
    assert inverse.needs
    assert system.sum_over(inverse, (0, 0)).needs == inverse.needs


def test_sums_of_quotients_are_told_by_sums_of_simpler_ones() -> None:
    system, t = beside_one(2)
    field = system.field
    one = field.one
    below = one + t

    def total(value: Value) -> Value:
        return system.sum_over(value, (0, 0))

    inverse = field.inverse(below)
    first, second, third = (total(field.whole_power(inverse, power)) for power in (1, 2, 3))
    count = total(one)
    assert (total(t * inverse) - (count - first)).is_zero
    assert (total(t * inverse * inverse) - (first - second)).is_zero
    assert (total(t * t * inverse * inverse) - (count - first - first + second)).is_zero
    assert (total(t * inverse * inverse * inverse) - (second - third)).is_zero
    assert (total(t * t * inverse) - (total(t) - count + first)).is_zero


def test_beside_a_sum_less_one_of_its_entries_other_values_keep_their_signs() -> None:
    system, entry = beside_one(2)
    field = system.field
    alone = system.input("x", (("at", 0),), POSITIVE)
    rest = system.sum_over(entry, (0, 0)) - entry
    assert field.signs(rest + alone) == POSITIVE
    assert field.signs(rest - alone) == ANY
    assert field.signs(rest + system._count(0)) == POSITIVE


def test_the_signs_of_a_quotient_are_not_those_of_its_numerator() -> None:
    system, _ = beside_one(2)
    below = system.input("y", (("in", 0, 0),), NEGATIVE)
    whole = system.sum_over(system.field.inverse(below - system.field.number(3)), (0, 0))
    assert not whole.den
    assert system._without_element((whole + below).num) in (None, NEGATIVE)


def test_an_exponential_of_a_share_becomes_that_of_a_share_of_another_entry() -> None:
    learnt = Learnt(capacity=50)
    for _ in range(5):
        system = Symbolic(Field(learnt), Partition({"n": Axis("n", 2, (), (0,))}, {0: Block(0)}))
        field = system.field
        first, second = (system.input("x", (("in", 0, place),), POSITIVE) for place in (0, 1))
        try:
            for share in (Fraction(1, 2), Fraction(-2, 3), Fraction(5)):
                value = field.exp(first * field.number(share))
                moved = system.renamed(value, {(0, 0): (0, 1)})
                assert (moved - field.exp(second * field.number(share))).is_zero
        except Restart:
            continue
        return
    raise AssertionError("the units do not settle")


def test_entries_that_sum_to_one_do_so_alone() -> None:
    system, x = beside_one(2)
    field = system.field
    system.simplices = frozenset({"x"})
    y = system.input("y", (("in", 0, 0),), POSITIVE)
    alone = system.input("x", (("at", 0),), POSITIVE)
    for value in (x * y, y * x * x, x * x, y, x / (field.one + y), field.exp(x)):
        assert (system.sum_over(value, (0, 0)) - field.one + alone).constant is None
        assert not (system.sum_over(value, (0, 0)) - field.one + alone).is_zero
    assert (system.sum_over(x, (0, 0)) - field.one + alone).is_zero
    assert (system.sum_over(y * system.input("y", (("at", 0),), ANY), (0, 0)) - field.one).constant is None


def test_a_length_is_not_multiplied_and_has_a_sign() -> None:
    system, _ = beside_one(2)
    for name, a, b in (("mul", Length("n"), 2), ("max", Length("n"), 2), ("sub", 2, Length("n"))):
        with pytest.raises(TooHard, match="arithmetic with the index or the length"):
            system._whole(name, a, b)
    for dtype in (np.uint32, np.uint64, np.int16):
        with pytest.raises(TooHard, match=np.dtype(dtype).name):
            _fitted(Length("n", -5), dtype)
    for dtype in (np.int32, np.int64):
        assert _fitted(Length("n", -5), dtype) == Length("n", -5)
    for entry, dtype, fitted in ((300, np.int8, 44), (-1, np.uint8, 255), (-129, np.int8, 127), (7, np.int8, 7)):
        assert _fitted(entry, dtype) == fitted


def test_a_sum_of_entries_of_several_cases_has_as_many() -> None:
    system, x = beside_one(2)
    y = system.input("y", (), ANY)
    for terms in ([Generic({(0, 0): x, (0, 1): y}), y], [y, Generic({(0, 0): x, (0, 1): y})]):
        found = system._sum(terms)
        assert (found.cases[0, 0] - x - y).is_zero
        assert (found.cases[0, 1] - y - y).is_zero
        assert set(found.cases) == {(0, 0), (0, 1)}


def _index(x: Any) -> Any:
    """The index of each entry, or of each row."""
    return jnp.arange(x.shape[0])


# Programs beside an open axis, and the shapes of their argument.
BESIDE: dict[str, tuple[Callable[..., Any], tuple[Any, ...]]] = {
    "columns": (lambda x: x[:, 1:], ("n", 3)),
    "rest of each row": (lambda x: x[:, 1:], (2, "n")),
    "rest of a row": (lambda x: x[1, 1:], (2, "n")),
    "rest of a column": (lambda x: x[1:, 1], ("n", 3)),
    "rest of a row of a square": (lambda x: x[1, 2:], ("n", "n")),
    "rest": (lambda x: x[2:], ("n",)),
    "rest of the rest": (lambda x: x[1:][1] * x[1:], ("n",)),
    "slice of columns": (lambda x: lax.slice_in_dim(x, 1, 3, axis=1), ("n", 3)),
    "slice of rows": (lambda x: lax.slice_in_dim(x, 1, None, axis=1), (3, "n")),
    "slice of a slice": (lambda x: lax.slice(x, (0, 0, 1), (2, x.shape[1], 3), (1, 1, 2)), (3, "n", 3)),
    "entries": (lambda x: (x[1], x[:, 2], x[2, 0]), ("n", "n")),
    "one entry alone": (lambda x: (x[1:2], x[:2]), ("n", 2)),
    "first columns of a row": (
        lambda x: lax.gather(x, jnp.array([1]), lax.GatherDimensionNumbers((0,), (0,), (0,)), (1, 2)),
        ("n", 3),
    ),
    "moving slice": (lambda x: lax.dynamic_slice(x, (1, 0), (2, 2)), ("n", 3)),
    "moving slice of columns": (lambda x: lax.dynamic_slice_in_dim(x, 2, 2, axis=1), ("n", 3)),
    "sum of all": (lambda x: jnp.sum(x), ("n", 2)),
    "sum of a square": (lambda x: jnp.sum(x * x[:1]), ("n", "n")),
    "sum of rows": (lambda x: jnp.sum(x, axis=1) * x[:, 1], ("n", 2)),
    "sum of columns": (lambda x: jnp.sum(x, axis=0), ("n", 2)),
    "sum of two of three axes": (lambda x: jnp.sum(x, axis=(0, 2)), (2, "n", 2)),
    "product of rows": (lambda x: jnp.prod(x, axis=1), ("n", 2)),
    "maximum": (lambda x: (jnp.max(x), jnp.min(x)), ("n",)),
    "maxima": (lambda x: (jnp.max(x, axis=0), jnp.min(x, axis=1)), ("n", 2)),
    "transpose": (lambda x: x.T * x[:1], ("n", "n")),
    "turned axes": (lambda x: jnp.transpose(x, (2, 0, 1)), ("n", 2, "n")),
    "outer product": (lambda x: x[:, None] * x[None, :] - x[None, :], ("n",)),
    "product of matrices": (lambda x: x @ x, ("n", "n")),
    "product with itself turned": (lambda x: (x.T @ x, x @ x.T), ("n", 2)),
    "batch of products": (lambda x: jnp.einsum("bij,bj->bi", x, x[:, 0]), ("n", 2, 2)),
    "repeated": (lambda x: jnp.broadcast_to(x, (2, *x.shape)) * x[None, :1], ("n", 2)),
    "new shape": (lambda x: (x.reshape(1, x.shape[0], 1, 2), jnp.squeeze(x[None], 0)), ("n", 2)),
    "index": (lambda x: jnp.where(_index(x) == 1, x, 2 * x), ("n",)),
    "floating index": (lambda x: x * lax.iota(x.dtype, 2)[None, :], ("n", 2)),
    "diagonal": (lambda x: jnp.where(jnp.eye(x.shape[0], dtype=bool), x, 2 * x), ("n", "n")),
    "not the first": (lambda x: jnp.where(~(_index(x) < 1) & (_index(x) != 2), x, 0.0), ("n",)),
    "both ends": (lambda x: jnp.where((_index(x) == 0) | (_index(x) == 2), x, 0.0), ("n",)),
    "all and some": (lambda x: jnp.where(jnp.all(_index(x) < 2) | ~jnp.any(_index(x) == 1), x, 2 * x), ("n",)),
    "all of each row": (
        lambda x: jnp.where(jnp.all(_index(x)[:, None] <= _index(x[0])[None, :], axis=1), x[:, 0], 0.0),
        ("n", 2),
    ),
    "some of each column": (
        lambda x: jnp.where(jnp.any(_index(x)[:, None] > _index(x[0])[None, :], axis=0), x[0], 0.0),
        ("n", 3),
    ),
    "joined columns": (lambda x: jnp.concatenate([x, 2 * x[:, :1], x[:1] ** 2 * x], axis=1), ("n", 2)),
    "joined rows": (lambda x: jnp.concatenate([x, 3 * x[:1], x[1:]]), (2, "n")),
    "entries of the diagonal": (lambda x: jnp.diagonal(x) * x[_index(x), 1] - x[2, _index(x)], ("n", "n")),
    "padded": (lambda x: jnp.pad(x[1], 1) * jnp.sum(x), ("n", 2)),
    "split": (lambda x: jnp.split(x, [1, 3], axis=1), ("n", 4)),
    "length": (lambda x: x * x.shape[0] + x[1:].shape[0], ("n",)),
    "number of pairs": (lambda x: x * (x.shape[0] * x.shape[0] - 3 * x.shape[0] + 2), ("n",)),
    "slope": (lambda x: jax.grad(lambda u: jnp.sum(u * u) * jnp.sum(x[0] * u**3))(x), ("n",)),
}


@pytest.mark.parametrize("name", BESIDE)
def test_an_open_axis_that_has_single_entries_alone_is_one_of_three(name: str) -> None:
    """What is read of an axis of any length is, where it is three, what is read of an axis of three entries."""
    fn, shape = BESIDE[name]
    ((length),) = jax.export.symbolic_shape("n", constraints=["n >= 3"])
    axis = Axis("n", 3, (1, 0, 2), ())
    system = Symbolic(Field(Learnt(capacity=200)), Partition({"n": axis}, {}))
    fixed = Symbolic(system.field)

    def outputs(own: Symbolic, lengths: tuple[Any, ...]) -> Any:
        with jax.enable_x64(True):
            closed = jax.make_jaxpr(fn)(jax.ShapeDtypeStruct(lengths, np.float64))
        given = np.empty((1, *own.extents(lengths)), dtype=object)
        for where in np.ndindex(*given.shape[1:]):
            given[(0, *where)] = own.entry("x", lengths, own.all_slots(lengths, where), POSITIVE)
        return [each.aval.shape for each in closed.jaxpr.outvars], walk(own, closed, [given], 1)[0]

    shapes, found = outputs(system, tuple(length if each == "n" else each for each in shape))
    _, expected = outputs(fixed, tuple(3 if each == "n" else each for each in shape))
    for lengths, one, two in zip(shapes, found, expected, strict=True):
        assert one.shape == two.shape
        for where in np.ndindex(*one.shape[1:]):
            place = [slot[1] for slot in system.all_slots(lengths, where)]
            assert (one[(0, *where)] - two[(0, *place)]).is_zero


def entries_at(x: Any, members: dict[int, list[int]]) -> Callable[..., Any]:
    """What evaluates a value of entries of x in balls, where each generic element is one of the entries of a block."""
    kept: dict[Any, arb] = {}

    def product(field: Field, places: Any, den: Any, elements: dict[tuple[int, int], int]) -> arb:
        top = math.prod((generator(field, place, elements) ** int(power) for place, power in places), start=arb(1))
        return top / math.prod(poly(field, field.bases[base], elements) ** power for base, power in den)

    def poly(field: Field, of: Any, elements: dict[tuple[int, int], int]) -> arb:
        terms = [([(p, k) for p, k in enumerate(powers) if k], int(each)) for powers, each in of.to_dict().items()]
        return sum((each * product(field, powers, (), elements) for powers, each in terms), start=arb(0))

    def generator(field: Field, place: int, elements: dict[tuple[int, int], int]) -> arb:
        roles = field.generators[place].roles
        key = place, *sorted(each for each in elements.items() if each[0] in roles or each[0][1] < 0)
        if key not in kept:
            kept[key] = made(field, field.generators[place], elements)
        return kept[key]

    def made(field: Field, one: Any, elements: dict[tuple[int, int], int]) -> arb:
        if one.kind == "input":
            return arb(x[tuple(each[1] if each[0] == "at" else elements[each[1:]] for each in one.key[1])])
        if one.kind == "count":
            return arb(len(members[one.key]))
        if one.kind == "exp":
            places, den, scale = one.key
            return (arb(scale.numerator) / scale.denominator / one.unit * product(field, places, den, elements)).exp()
        if one.kind == "log":
            return abs(poly(field, field.bases[one.key], elements)).log()
        if one.kind in ("root", "root-whole"):
            of = arb(one.key) if one.kind == "root-whole" else abs(poly(field, field.bases[one.key], elements))
            return of.root(one.unit)
        if one.kind == "sum":
            block, places, den = one.key
            inside = ({**elements, (block, -one.depth): each} for each in members[block])
            return sum((product(field, places, den, each) for each in inside), start=arb(0))
        if one.kind == "call":
            return {"sin": arb.sin, "cos": arb.cos}[one.key[0]](*(value(each, elements) for each in one.arguments))
        assert one.kind == "max", one.kind
        found = []
        for term in one.arguments:
            free = sorted(field.roles_of(term) - one.key[2])
            for each in itertools.product(*(members[block] for block, _ in free)):
                found.append(value(term, {**elements, **dict(zip(free, each, strict=True))}))
        return max(found) if one.key[0] > 0 else min(found)

    def value(of: Value, elements: dict[tuple[int, int], int]) -> arb:
        return product(of.field, (), of.den, elements) * poly(of.field, of.num, elements) / of.unit

    return value


def _on_and_off(x: Any, other: Any) -> Any:
    """Entries of one array on the diagonal, and of another one off it."""
    return jnp.where(jnp.eye(x.shape[0], dtype=bool), x, other)


def _places(x: Any) -> Any:
    """The indices of the last axis of an array."""
    return jnp.arange(x.shape[-1])


# Programs of what has one, two or three axes of any length.
GENERIC: dict[str, tuple[Callable[..., Any], tuple[Any, ...]]] = {
    "sum": (lambda x: x * jnp.sum(x[1:] ** 2), ("n",)),
    "length": (lambda x: x * x.shape[0] + jnp.sum(jnp.ones_like(x[1:])), ("n",)),
    "shares": (lambda x: jnp.exp(x) / jnp.sum(jnp.exp(x)), ("n",)),
    "sum of quotients": (lambda x: jnp.sum(x**2 / (1 + x)) - jnp.sum(1 / (1 + x) ** 2), ("n",)),
    "sum of quotients by two": (lambda x: jnp.sum(x[:, None] / (x[:, None] + 2 * x[None, :]), axis=0), ("n",)),
    "sum of other quotients": (lambda x: jnp.sum(x[None, :] ** 3 / (9 * x[:, None] - x[None, :]) ** 2, axis=1), ("n",)),
    "sum of logarithms": (lambda x: jnp.sum(jnp.log(x[:, None] * x[None, :] + x[0]), axis=1), ("n",)),
    "sum of roots": (lambda x: jnp.sum(jnp.sqrt(x[:, None] + x[None, :]), axis=1) * x, ("n",)),
    "sum of sines": (lambda x: jnp.sum(jnp.sin(x[:, None] - x[None, :]), axis=1) - jnp.cos(x), ("n",)),
    "sum of sums": (lambda x: jnp.sum(jnp.exp(x * jnp.sum(x[:, None] * jnp.exp(x[None, :]), axis=1))) * x, ("n",)),
    "sum over pairs": (lambda x: jnp.sum(jnp.exp(x[:, None] * x[None, :])), ("n",)),
    "differences": (lambda x: x[:, None] - x[None, :], ("n",)),
    "largest": (lambda x: x - jnp.max(x) + jnp.min(x * x[0]), ("n",)),
    "largest of rows": (lambda x: jnp.max(x, axis=1) * jnp.min(x, axis=0)[1], ("n", 2)),
    "pairs of largest": (lambda x: jnp.max(x, axis=1)[:, None] - jnp.min(x, axis=1)[None, :], ("n", 2)),
    "rows and columns": (lambda x: jnp.sum(x, axis=0) - jnp.sum(x, axis=1), ("n", "n")),
    "all of a square": (lambda x: jnp.sum(x**2), ("n", "n")),
    "product of squares": (lambda x: x @ x, ("n", "n")),
    "product with itself turned": (lambda x: x @ x.T - x.T, ("n", "n")),
    "diagonal": (lambda x: jnp.sum(_on_and_off(x, 0 * x), axis=1), ("n", "n")),
    "trace": (lambda x: jnp.sum(_on_and_off(x, x.T**2)), ("n", "n")),
    "off the diagonal": (lambda x: _on_and_off(0 * x, x) @ x[:, 0], ("n", "n")),
    "column": (lambda x: x[:, 0] - x[:1, :] @ x[:, 0], ("n", "n")),
    "rest of rows": (lambda x: jnp.sum(x[:, 1:], axis=1) * x[:, 0], ("n", "n")),
    "three axes": (lambda x: jnp.einsum("ijk,jk->i", x, x[0]), ("n", "n", "n")),
    "three axes turned": (lambda x: jnp.transpose(x, (2, 0, 1)), ("n", "n", "n")),
    "sum over the middle": (lambda x: jnp.sum(x * jnp.transpose(x, (1, 0, 2)), axis=1), ("n", "n", "n")),
    "last of three": (lambda x: x[:, :, 0] * x[0, :, :].T, ("n", "n", "n")),
    "middle of three": (lambda x: x[:, 0] + jnp.sum(x, axis=2), ("n", "n", "n")),
    "sum of largest of sums": (
        lambda x: jnp.sum(jnp.max(jnp.sum(jnp.exp(x[:, None] * x[None]), axis=1), axis=1) ** 2),
        ("n", 2),
    ),
    "entries of the diagonal": (lambda x: jnp.diagonal(x) - jnp.diagonal(x @ x), ("n", "n")),
    "diagonal of a matrix that is made": (lambda x: jnp.diagonal(x[:, None] / (x[None, :] + x[0])), ("n",)),
    "entries of the first column": (lambda x: x[_places(x), 0] * x[0, _places(x)], ("n", "n")),
    "entries at pairs": (lambda x: x[_places(x)[None, :], _places(x)[:, None]], ("n", "n")),
    "entries of a plane": (lambda x: x[_places(x)[:, None], _places(x)[None, :], _places(x)[:, None]], ("n", "n", "n")),
    "entries of a diagonal": (lambda x: x[_places(x), _places(x), _places(x)], ("n", "n", "n")),
    "entries of the last of two": (lambda x: x[1, _places(x)] * x[0][_places(x)], (2, "n")),
    "three from two": (lambda x: jnp.sum(x[:, :, None] * x[None], axis=1) - x, ("n", "n")),
    "three from one": (lambda x: jnp.sum(x[:, None, None] * x[None, :, None] + x[None, None, :], axis=1), ("n",)),
}


@pytest.mark.parametrize("name", GENERIC)
def test_what_is_read_of_a_generic_entry_is_true_of_every_entry(name: str) -> None:
    """At four entries: the first stands alone, and the others are in one block or two."""
    fn, shape = GENERIC[name]
    ((length),) = jax.export.symbolic_shape("n", constraints=["n >= 2"])
    members = {0: [1], 1: [2, 3]} if len(shape) == 1 else {0: [1, 2, 3]}
    x = np.random.default_rng(5).uniform(0.5, 2.0, tuple(4 if each == "n" else each for each in shape))
    opened = jax.ShapeDtypeStruct(tuple(length if each == "n" else each for each in shape), x.dtype)
    with jax.enable_x64(True):
        closed = jax.make_jaxpr(fn)(opened)
    truth = enclose(fn, x)
    system = Symbolic(
        Field(Learnt(capacity=60 if len(shape) == 1 else 120)),
        Partition({"n": Axis("n", 2, (0,), tuple(members))}, {block: Block(block) for block in members}),
    )
    given = np.empty((1, *system.extents(opened.shape)), dtype=object)
    for where in np.ndindex(*given.shape[1:]):
        given[(0, *where)] = system.entry("x", opened.shape, system.all_slots(opened.shape, where), POSITIVE)
    (found,), (output,), evaluate = walk(system, closed, [given], 1)[0], closed.out_avals, entries_at(x, members)
    seen = set()
    for where in np.ndindex(*found.shape[1:]):
        slots = system.all_slots(output.shape, where)
        axes = [axis for axis, each in enumerate(output.shape) if not isinstance(each, int)]
        inside = [axis for axis in axes if slots[axis][0] == "in"]
        for place in itertools.product(*(members[each] if kind == "in" else (each,) for kind, each in slots)):
            firsts = {axis: next(each for each in inside if place[each] == place[axis]) for axis in inside}
            entry = found[(0, *where)]
            if not isinstance(entry, Value):
                entry = entry.cases[tuple(axes.index(firsts.get(axis, axis)) for axis in axes)]
            chosen = {(slots[axis][1], axes.index(firsts[axis])): place[axis] for axis in inside}
            with precision(200):
                apart = evaluate(entry, chosen) - truth[place]
            assert apart.contains(0), (place, apart)
            assert apart.rad() < 2.0**-100, "a wide ball would hold anything"
            seen.add(place)
    assert len(seen) == truth.size


def test_zero_less_a_length_is_not_that_length() -> None:
    system, *_ = open_axis()
    with pytest.raises(TooHard):
        system._whole("sub", 0, Length("n"))
    assert system._whole("sub", Length("n"), 0) == system._whole("add", 0, Length("n")) == Length("n")
