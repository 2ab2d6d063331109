"""Diagnosis: the equation that loses digits is blamed, and none that does not matter."""

import inspect
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from verify import Claim, Derivative, check, domain
from verify.claim import Loss, Status
from verify.engines import BUDGETS, floats
from verify.engines.case import Case
from verify.engines.diagnosis import diagnose
from verify.formats import FLOAT64, FORMATS
from verify.program import Program
from verify.readings.exact import balls

pytestmark = pytest.mark.interpreter

Function = Callable[[Any], Any]


def blamed(function: Function, x: Sequence[float], component: int = 0, form: str = "float64") -> Loss | None:
    """What is blamed in the values of a function of one vector."""
    given = jax.ShapeDtypeStruct((len(x),), FORMATS[form].dtype())
    with jax.enable_x64(True):
        closed = jax.make_jaxpr(lambda x: [function(x)])(given)
    outputs = tuple(tuple(aval.shape) for aval in closed.out_avals)
    program = Program(name="value", closed=closed, flat=lambda x: [function(x)], outputs=outputs)
    return diagnose(program, [balls(np.array([x]))], component, FORMATS[form])


def line_of(function: Callable[..., Any], text: str) -> str:
    """Where a line of a function stands in this file."""
    lines, start = inspect.getsourcelines(function)
    return f"test_diagnosis.py:{start + next(number for number, line in enumerate(lines) if text in line)}"


def slope(x: Any) -> Any:
    s = jax.nn.softmax(x)
    complement = 1 - s
    return s * complement


def test_one_minus_sigma_is_blamed_in_saturation() -> None:
    found = blamed(slope, [30.0, 0.0])
    assert found is not None
    assert found.equation == "1 - 0.99999999999990642… = 9.36e-14"
    assert found.bits == 43  # the gap of 30 nats in bits
    assert found.place == line_of(slope, "1 - s")
    assert found.component == "[0]"
    assert found.program == "value"


def test_the_component_that_keeps_its_digits_has_nobody_to_blame() -> None:
    assert blamed(slope, [30.0, 0.0], component=1) is None


def test_a_gap_that_is_small_or_a_form_that_is_stable_has_nobody_to_blame() -> None:
    assert blamed(slope, [1.0, 0.0]) is None
    assert blamed(lambda x: jax.nn.softmax(x) * jax.nn.softmax(x)[::-1], [30.0, 0.0]) is None


@pytest.mark.parametrize(("form", "gap", "bits"), [("float32", 12.0, 17), ("bfloat16", 4.0, 6), ("float16", 6.0, 9)])
def test_other_formats_lose_the_bits_of_the_gap(form: str, gap: float, bits: int) -> None:
    found = blamed(slope, [gap, 0.0], form=form)
    assert found is not None
    assert (found.bits, found.form) == (bits, form)


def test_a_cancellation_that_a_later_sum_swamps_is_not_blamed() -> None:
    assert blamed(lambda x: slope(x)[0] + 1.0, [30.0, 0.0]) is None
    found = blamed(lambda x: slope(x)[0] + 2.0**-40, [30.0, 0.0])
    assert found is not None
    assert found.bits == 40  # of 43 bits, what reaches a sum of 2^-43 and 2^-40


def test_exact_operands_lose_nothing_when_they_cancel() -> None:
    assert blamed(lambda x: x[0] - x[1], [1.0, 1.0 - 2.0**-50]) is None
    assert blamed(lambda x: x[0] - x[1], [1.0, 1.0 - 2.0**-53]) is None  # every bit of the format is used
    assert blamed(lambda x: (1e6 + x[0]) - x[1], [2.0**-40, 1e6]) is not None  # the sum has been rounded


def test_a_loss_of_less_than_half_is_not_blamed_at_any_value() -> None:
    """Twenty bits of 53 are lost where the result is one, and where it is a quarter."""
    assert blamed(lambda x: (1e6 + x[0]) - x[1], [1.0, 1e6]) is None
    assert blamed(lambda x: (1e6 + x[0]) - x[1], [0.25, 1e6]) is None


def test_an_error_that_cancels_with_itself_is_not_blamed() -> None:
    def same(x: Any) -> Any:
        s = jax.nn.softmax(x)
        return (s[0] - s[0] * 1.0) + (s[0] - (s[0] + 0.0)) + s[1]

    assert blamed(same, [30.0, 0.0]) is None


def test_the_one_that_enlarges_is_blamed_and_not_the_one_before_it() -> None:
    def cascade(x: Any) -> Any:
        s = jnp.exp(x[0]) / 3
        first = s - jnp.exp(x[0]) / 3.25
        return first * 7.0 - jnp.exp(x[0]) * (7.0 * (1 / 3 - 1 / 3.25) - 2.0**-30)

    found = blamed(cascade, [0.5])
    assert found is not None
    assert found.place == line_of(cascade, "return")
    assert 24 <= found.bits <= 32


def test_a_logarithm_close_to_one_is_blamed() -> None:
    found = blamed(lambda x: jnp.log(1 + jnp.exp(x[0])), [-30.0])
    assert found is not None
    assert found.equation.startswith("log(1.0000000000000935…) = 9.3")
    assert found.bits == 43
    assert blamed(lambda x: jnp.log1p(jnp.exp(x[0])), [-30.0]) is None


def test_a_sum_that_cancels_is_blamed() -> None:
    found = blamed(lambda x: jnp.sum(jnp.exp(x) * jnp.array([1.0, 1.0, -2.0], x.dtype)), [1.0, 1.0, 1.0 + 2.0**-30])
    assert found is not None
    assert found.equation.startswith("a sum of 3 terms up to 5.44 = -5.06e-9")
    assert 29 <= found.bits <= 33
    found = blamed(lambda x: jnp.exp(x) @ jnp.array([1.0, 1.0, -2.0], x.dtype), [1.0, 1.0, 1.0 + 2.0**-30])
    assert found is not None
    assert found.equation == "a sum of products = -5.06e-9"


def test_large_operands_are_told_with_their_exponent() -> None:
    found = blamed(lambda x: 1e22 * jnp.exp(x[0]) - 1e22 * jnp.exp(x[1]), [1.0, 1.0 + 2.0**-30])
    assert found is not None
    assert found.equation == "2.7182818284590452e+22 - 2.7182818309906425e+22 = -2.53e+13"


def test_loops_and_choices_are_followed() -> None:
    def looped(x: Any) -> Any:
        s = jax.lax.fori_loop(0, 3, lambda i, s: s / 2, jax.nn.softmax(x)[0] * 8)
        return jax.lax.cond(s < 0.5, lambda s: s, lambda s: 1 - s, s)

    found = blamed(looped, [30.0, 0.0])
    assert found is not None
    assert found.bits == 43


def test_what_has_no_value_or_is_zero_is_not_diagnosed() -> None:
    assert blamed(lambda x: x[0] - x[0], [1.0]) is None
    assert blamed(lambda x: jnp.log(x[0]), [-1.0]) is None


def test_a_thousand_bits_that_cancel_are_known() -> None:
    found = blamed(slope, [700.0, 0.0])
    assert found is not None
    assert found.bits == 1010  # 700 nats


def test_operations_that_enlarge_by_a_small_constant_are_not_blamed() -> None:
    """A whole power enlarges a relative error by its exponent, which is no cancellation."""
    assert blamed(lambda x: jnp.exp(x[0]) ** 12, [0.5], form="bfloat16") is None
    assert blamed(lambda x: jnp.exp(x)[jnp.argmax(x)] * 3, [0.5, 0.25], form="bfloat16") is None


def test_two_entries_of_one_equation_that_lose_as_much_are_told_as_one() -> None:
    def tied(x: Any) -> Any:
        complement = 1 - jax.lax.logistic(x)
        return complement[0] * complement[1]

    found = blamed(tied, [30.0, 30.0])
    assert found is not None
    assert (found.equation, found.bits) == ("1 - 0.99999999999990642… = 9.36e-14", 43)


def test_of_many_entries_the_one_that_loses_most_is_blamed() -> None:
    """Only some entries are moved where there are many, those first that enlarge errors most."""
    found = blamed(lambda x: (1 - jax.lax.logistic(x))[399], [15.0] * 399 + [30.0])
    assert found is not None
    assert found.bits == 43


def test_a_loss_that_is_multiplied_by_zero_is_not_blamed() -> None:
    assert blamed(lambda x: slope(x) * 0.0, [30.0, 0.0]) is None


def test_numbers_that_are_placed_where_an_array_says_are_a_sum() -> None:
    def placed(x: Any) -> Any:
        return jnp.zeros((2,), x.dtype).at[jnp.array([0, 0])].add(jnp.exp(x) * jnp.array([1.0, -1.0], x.dtype))

    found = blamed(placed, [1.0, 1.0 + 2.0**-30])
    assert found is not None
    assert found.equation == "a sum = -2.53e-9"


def test_a_function_is_not_blamed_for_an_error_that_it_passes_on() -> None:
    for last in (lambda c: jnp.exp(c * 2.0**45), lambda c: jnp.log(c * 1.28e13)):
        found = blamed(lambda x, last=last: last(1 - jax.lax.logistic(x[0])), [30.0])
        assert found is not None
        assert found.equation.startswith("1 - ")
        assert found.bits == 43


def test_only_what_a_power_of_two_does_to_a_number_is_rounded_by_nothing() -> None:
    """Twice a number is a float where the number is one, and half of it; two divided by it is none."""

    def doubled(x: Any) -> Any:
        s = jax.nn.softmax(x)
        return (s[0] - (0.5 * s[0]) / 0.5) + s[1]

    assert blamed(doubled, [30.0, 0.0]) is None
    found = blamed(lambda x: 2.0 / x[0] - x[1], [3.0, 2 / 3 * (1 + 2.0**-30)])
    assert found is not None
    assert 28 <= found.bits <= 31


def test_the_entries_that_are_told_are_those_of_the_component() -> None:
    found = blamed(slope, [0.0, 30.0], component=1)
    assert found is not None
    assert found.equation == "1 - 0.99999999999990642… = 9.36e-14"


def test_what_arrives_of_several_errors_is_their_sum_with_signs() -> None:
    """The errors of a number and of its negative cancel in a sum, whatever else is added."""

    def added(x: Any) -> Any:
        s = 2.0**20 * jax.lax.logistic(x[0])
        return jnp.stack([s, -s, jnp.exp(-x[1]), -x[2]]).sum()

    found = blamed(added, [30.0, 2.0**-30, 1.0])
    assert found is not None
    assert found.bits == 30


def test_a_difference_that_is_zero_is_told_as_zero() -> None:
    def twice(x: Any) -> Any:
        s = jax.nn.softmax(x)
        return (s[0] * 3.0 - s[0] * 3.0) + s[1]

    found = blamed(twice, [30.0, 0.0])
    assert found is not None
    assert found.equation == "2.9999999999997192… - 2.9999999999997192… = 0"
    assert found.bits == 45


def test_entries_beside_one_without_a_value_are_blamed() -> None:
    found = blamed(lambda x: jnp.log(1 + jnp.array([-3.0, 1.0], x.dtype) * jnp.exp(x))[1], [0.0, -30.0])
    assert found is not None
    assert found.bits == 43


def test_a_power_is_blamed_for_its_base_and_for_its_exponent() -> None:
    found = blamed(lambda x: jnp.power(jnp.exp(x[0]), x[1]), [2.0**-15, 2.0**15])
    assert found is not None
    assert (found.equation[:4], found.bits) == ("pow(", 15)
    found = blamed(lambda x: jnp.power(x[1], 2.0**24 * jnp.exp(x[0])), [0.5, 1 + 2.0**-10])
    assert found is not None
    assert (found.equation[:4], found.bits) == ("pow(", 15)


def test_a_loop_that_a_number_ends_is_followed() -> None:
    def halved(x: Any) -> Any:
        return 1 - jax.lax.while_loop(lambda s: s > 1.5, lambda s: s / 2, jax.nn.softmax(x)[0] * 8)

    found = blamed(halved, [30.0, 0.0])
    assert found is not None
    assert found.bits == 43


def test_an_equation_that_enlarges_nothing_that_arrives_is_not_blamed() -> None:
    def later(x: Any) -> Any:
        s = 2.0**20 * jax.lax.logistic(x[0])
        return jnp.stack([s, -s, jnp.exp(-x[1])]).sum() - x[2]

    found = blamed(later, [30.0, 2.0**-30, 1.0])
    assert found is not None
    assert found.equation == "0.99999999906867742… - 1 = -9.31e-10"


def test_exact_numbers_in_a_sum_add_no_error() -> None:
    def exact(x: Any) -> Any:
        s = jax.lax.logistic(x[0])
        return jnp.stack([s, -s, 3 * x[1], -x[2]]).sum()

    assert blamed(exact, [30.0, 5.0, 15 - 2.0**-30]) is None


def test_differences_that_are_zero_are_told_as_zero_and_blamed() -> None:
    def twice(x: Any) -> Any:
        s = jnp.exp(x)
        return (s * 3.0 - s * 3.0) + 2.0**-43

    for component in range(4):
        found = blamed(twice, [0.5] * 4, component)
        assert found is not None
        assert found.equation == "4.9461638121003844… - 4.9461638121003844… = 0"
    found = blamed(lambda x: (jnp.exp(jnp.log(x[0])) - 2.0) + x[1], [2.0, 2.0**-43])
    assert found is not None
    assert found.equation.endswith("= 0")


# Digits of float64 are told first; other formats would be compiled as well.
ONE_FORMAT = BUDGETS["standard"].only(("float64",))


def _claim(by_hand: Function, gap: float) -> Claim:
    return Claim(
        id="saturated.slope",
        autodiff=Derivative(lambda x: jax.nn.softmax(x)[0], "gradient", wrt="x"),
        by_hand=by_hand,
        domain={"x": domain.Saturated("n", 0, gap)},
        sizes={"n": (3,)},
    )


def _hand(x: Any) -> Any:
    s = jax.nn.softmax(x)
    return s[0] * (jnp.eye(x.shape[0], dtype=x.dtype)[0] - s)


def test_floats_that_lost_their_digits_name_the_equation() -> None:
    verdict = floats.check(Case(_claim(_hand, 25.0), ONE_FORMAT, 0))
    assert verdict.status is Status.UNKNOWN
    assert verdict.floats == "inside"
    loss = verdict.loses
    assert loss is not None
    assert (loss.form, loss.program, loss.component) == (FLOAT64.name, "grad", "[0]")
    assert loss.bits >= 36
    assert loss.place == line_of(_claim, "jax.nn.softmax")
    assert len(loss.arguments["x"]) == 3


def test_floats_that_keep_their_digits_name_none() -> None:
    def by_hand(x: Any) -> Any:
        return jnp.exp(x - jnp.max(x)) / jnp.sum(jnp.exp(x - jnp.max(x)))

    kept = Derivative(lambda x: jax.nn.logsumexp(x), "gradient", wrt="x")
    claim = replace(_claim(by_hand, 25.0), autodiff=kept)
    assert floats.check(Case(claim, ONE_FORMAT, 0)).loses is None


@pytest.mark.parametrize(("nats", "named"), [(12.0, False), (24.0, True)])
def test_floats_that_lost_less_than_half_of_their_digits_name_none(nats: float, named: bool) -> None:
    claim = Claim(
        id="swallowed.digits",
        autodiff=Derivative(lambda x: (x + jnp.exp(x + nats)) - jnp.exp(x + nats), "value"),
        by_hand=lambda x: x * 1,
        domain={"x": domain.Interval("n", 1.0, 2.0)},
        sizes={"n": (3,)},
    )
    assert (floats.check(Case(claim, ONE_FORMAT, 0)).loses is not None) == named


def test_a_function_of_jax_itself_has_no_line_of_ours() -> None:
    """Where no reader's code computes what loses the digits, no place is named; where some does, its line is."""
    places: list[str] = []
    for fn in (jax.nn.softmax, lambda x: jax.nn.softmax(x) * 1.0):
        claim = Claim(
            id="a.jacobian",
            autodiff=Derivative(fn, "jacobian", wrt="x"),
            by_hand=lambda x: jnp.diag(jax.nn.softmax(x)) - jnp.outer(jax.nn.softmax(x), jax.nn.softmax(x)),
            domain={"x": domain.Logits("2")},
        )
        report = check(claim, formats=("float64",))
        places += [each.loses.place for each in report.verdicts if each.loses is not None]
    assert places[0] == ""
    assert places[1].startswith("test_diagnosis.py:")


def test_a_difference_that_is_zero_is_blamed_though_more_arrives_than_its_operands_say() -> None:
    """Many errors arrive at its operands, more than one unit each; what is left of it is nothing but these."""

    def vanishing(x: Any) -> Any:
        product = jnp.exp(x[0]) * jnp.exp(1.1 * x[0]) * jnp.exp(1.3 * x[0]) * jnp.exp(1.7 * x[0]) * jnp.exp(1.9 * x[0])
        rest = product - jnp.exp(x[0] + 1.1 * x[0] + 1.3 * x[0] + 1.7 * x[0] + 1.9 * x[0])
        return rest + x[1]

    found = blamed(vanishing, [0.7, 2.0**-70])
    assert found is not None
    assert found.place == line_of(vanishing, "rest = ")
