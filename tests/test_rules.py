"""Custom rules as the subject: right ones hold, planted wrong ones fail, kinks are exceptions."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax
from jax.scipy import special

from verify import Claim, ClaimError, Derivative, RuleClaim, Status, check, domain
from verify.cli import call
from verify.engines import BUDGETS, enclose, floats, judge
from verify.engines.case import Case
from verify.pages.text import rule_lines

REALS = domain.Reals("n")
X = {"x": REALS}
XY = {"x": REALS, "y": REALS}
SIZES = {"n": (2,)}


def _forward(body: Callable[..., Any], rule: Callable[..., Any]) -> Callable[..., Any]:
    """A function of x with a rule ``rule(x, tangent)``."""

    @jax.custom_jvp
    def fn(x: Any) -> Any:
        return body(x)

    fn.defjvp(lambda primals, tangents: (body(*primals), rule(*primals, *tangents)))
    return fn


def _reverse(body: Callable[..., Any], rule: Callable[..., Any], residual: Any = None) -> Callable[..., Any]:
    """A function of its arguments with a reverse rule ``rule(residual, cotangent)``; the residual is what it took."""
    count = body.__code__.co_argcount
    fn = jax.custom_vjp((lambda x: body(x)) if count == 1 else (lambda x, y: body(x, y)))
    fn.defvjp(lambda *given: (body(*given), residual(*given) if residual else given), rule)
    return fn


def _saturated(x: Any, tangent: Any) -> Any:
    """Slope of tanh, cut to zero from 17 on."""
    return jnp.where(jnp.abs(x) > 17, 0.0, 1 - jnp.tanh(x) ** 2) * tangent


RIGHT: dict[str, tuple[Callable[..., Any], dict[str, Any]]] = {
    "relu": (jax.nn.relu, X),
    "relu6": (jax.nn.relu6, X),
    "logaddexp": (lambda x, y: jnp.logaddexp(x, y), XY),
    "log1mexp": (jax.nn.log1mexp, {"x": domain.Positive("n")}),
    "xlogy": (special.xlogy, {"x": domain.Positive("n"), "y": domain.Positive("n")}),
    "tanh": (_forward(jnp.tanh, lambda x, t: (1 - jnp.tanh(x) ** 2) * t), X),
    "softplus": (_forward(lambda x: jnp.log(1 + jnp.exp(x)), lambda x, t: lax.logistic(x) * t), X),
    "product": (_reverse(lambda x, y: x * y, lambda kept, g: (g * kept[1], g * kept[0])), XY),
    "norm": (_reverse(lambda x: jnp.sum(x**2), lambda kept, g: (2 * g * kept[0],)), X),
    "in a loop": (
        lambda x: lax.scan(lambda c, _: (_TANH(c), None), x, None, length=2)[0],
        X,
    ),
}
_TANH = RIGHT["tanh"][0]

WRONG: dict[str, tuple[Callable[..., Any], dict[str, Any]]] = {
    "sign": (_forward(jnp.sin, lambda x, t: -jnp.cos(x) * t), X),
    "factor": (_forward(lambda x: jnp.sum(x**2), lambda x, t: jnp.sum(x * t)), X),
    "missing mask": (_forward(lambda x: jnp.maximum(x, 0.0), lambda x, t: t), X),
    "wrong residual": (
        _reverse(lambda x: jnp.tanh(x), lambda kept, g: (g * (1 - kept**2),), residual=lambda x: x),
        X,
    ),
    "swapped cotangents": (_reverse(lambda x, y: x * y, lambda kept, g: (g * kept[0], g * kept[1])), XY),
    "wrong reduction of a broadcast": (
        _reverse(lambda x, y: x * jnp.sum(y), lambda kept, g: (g * jnp.sum(kept[1]), g * kept[0])),
        XY,
    ),
    "wrong for negative inputs": (
        _forward(lambda x: x**3, lambda x, t: jnp.where(x < 0, 2.0, 3.0) * x**2 * t),
        X,
    ),
    "wrong at saturation": (_forward(jnp.tanh, _saturated), X),
    "relative 1e-12": (_forward(jnp.exp, lambda x, t: jnp.exp(x) * (1 + 1e-12) * t), X),
    "missing chain factor": (_forward(lambda x: jnp.sin(3 * x), lambda x, t: jnp.cos(3 * x) * t), X),
    "stops at the residual": (
        _reverse(lambda x: jnp.sum(x) * x, lambda kept, g: (g * jnp.sum(kept[0]),)),
        X,
    ),
    "wrong off the diagonal": (
        _reverse(
            lambda x: jax.nn.softmax(x),
            lambda kept, g: (g * jax.nn.softmax(kept[0]) * (1 - jax.nn.softmax(kept[0])),),
        ),
        X,
    ),
    "wrong inside a loop": (
        lambda x: lax.scan(lambda c, _: (_WRONG_SINE(c), None), x, None, length=3)[0],
        X,
    ),
}
_WRONG_SINE = WRONG["sign"][0]


@pytest.mark.parametrize("name", RIGHT)
def test_right_rules_hold(name: str) -> None:
    fn, given = RIGHT[name]
    report = check(RuleClaim(fn, domain=given, sizes=SIZES, id="rule.right"), "quick")
    assert report.status is Status.HOLDS, [(each.engine, each.reason) for each in report.verdicts]
    assert report.row.floats in ("inside", "no claim", "")


@pytest.mark.parametrize("name", WRONG)
def test_planted_wrong_rules_fail(name: str) -> None:
    fn, given = WRONG[name]
    # Without floats, which say nothing of whether a rule is right.
    verdicts = judge(RuleClaim(fn, domain=given, sizes=SIZES, id="rule.wrong"), BUDGETS["quick"].only(()), 0)
    found = {each.status for each in verdicts}
    assert Status.FAILS in found, [(each.engine, each.status, each.reason) for each in verdicts]
    assert Status.HOLDS not in found


def _only_in(dtype: Any, reverse: bool) -> Callable[..., Any]:
    """A rule whose slope is wrong by a sixteenth where the argument has one format."""

    def slope(x: Any) -> Any:
        return jnp.cos(x) * (1.0625 if x.dtype == dtype else 1.0)

    if reverse:
        return _reverse(lambda x: jnp.sin(x), lambda kept, g: (g * slope(kept[0]),))
    return _forward(jnp.sin, lambda x, t: slope(x) * t)


@pytest.mark.parametrize("reverse", [False, True], ids=["jvp", "vjp"])
@pytest.mark.parametrize("dtype", [jnp.float16, jnp.bfloat16, jnp.float32], ids=["float16", "bfloat16", "float32"])
def test_a_rule_that_is_wrong_in_one_format_alone_fails(dtype: Any, reverse: bool) -> None:
    # Every budget looks at every format: the quick one runs floats in float32 alone.
    report = check(RuleClaim(_only_in(dtype, reverse), domain=X, sizes=SIZES, id="rule.format"), "quick")
    assert report.status is Status.FAILS
    assert not any(each.status is Status.HOLDS for each in report.verdicts)
    assert report.counterexample is not None
    assert f"traced in {jnp.dtype(dtype).name}" in report.counterexample.point.program


@pytest.mark.parametrize("reverse", [False, True], ids=["jvp", "vjp"])
def test_a_rule_that_looks_at_formats_and_is_right_holds(reverse: bool) -> None:
    report = check(RuleClaim(_only_in(jnp.int8, reverse), domain=X, sizes=SIZES, id="rule.format"), "quick")
    assert report.status is Status.HOLDS


def test_another_way_to_the_same_slope_in_one_format_holds() -> None:
    def slope(x: Any, t: Any) -> Any:
        return (jnp.cos(x) if x.dtype != jnp.float16 else 1 - 2 * jnp.sin(x / 2) ** 2) * t

    report = check(RuleClaim(_forward(jnp.sin, slope), domain=X, sizes=SIZES, id="rule.format"), "quick")
    assert report.status is Status.HOLDS
    assert not any("float16" in text for text in report.exceptions)


def test_a_formula_is_held_against_a_rule_in_each_format_that_is_run() -> None:
    given: dict[str, Any] = {"domain": X, "sizes": SIZES, "custom_rules": True}
    for dtype, status in ((jnp.float16, Status.FAILS), (jnp.int8, Status.HOLDS)):
        side = Derivative(_only_in(dtype, reverse=False), "jacobian", wrt="x")
        claim = Claim(id="rule.formula", autodiff=side, by_hand=lambda x: jnp.diag(jnp.cos(x)), **given)
        assert check(claim, "standard").status is status


def test_a_function_that_refuses_a_format_is_judged_in_the_others() -> None:
    def body(x: Any) -> Any:
        if x.dtype == jnp.float16:
            raise TypeError("float16 is not taken")
        return jnp.sin(x)

    report = check(RuleClaim(_forward(body, lambda x, t: jnp.cos(x) * t), domain=X, sizes=SIZES, id="rule.format"))
    assert report.status is Status.HOLDS
    assert any("not in float16" in text and "is not taken" in text for text in report.exceptions)


def test_which_side_keeps_more_digits_and_where() -> None:
    # The rule is written without the difference of two large numbers in the body's derivative.
    near = _forward(
        lambda x: jnp.sqrt(x**2 + 1) - x,
        lambda x, t: -t / (x**2 + 1 + x * jnp.sqrt(x**2 + 1)),
    )
    given = {"x": domain.Interval("n", 1.0, 4096.0)}
    claim = RuleClaim(near, domain=given, sizes=SIZES, id="rule.digits")
    report = check(claim)
    assert report.status is Status.HOLDS
    rows = {row["format"]: row for row in report.row.verdicts[-1].compared}
    assert set(rows) == {"float64", "float32", "bfloat16", "float16"}
    assert rows["float64"]["apart"] == 0.0
    found = rows["float32"]["rule"]
    assert found is not None
    assert found["rule"] >= found["plain"] + 1
    assert rows["float32"]["plain"] is None
    assert any("the rule keeps more" in line for line in rule_lines(report.row))
    # Of seven digits the body's derivative loses those of x twice: it is shown where x is large, as few points are.
    few = RuleClaim(near, domain={"x": domain.Positive("n")}, sizes=SIZES, id="rule.few-digits")
    for seed in (1, 2, 3):
        found = check(few, "quick", seed).row.verdicts[-1].compared[0]["rule"]
        assert found["at"]["x"][int(found["component"][1])] > 15, found


@pytest.mark.parametrize(
    ("body", "counted"),
    [(lambda x: x * 1, True), (lambda x: jnp.linalg.cholesky(jnp.full((1, 1), x * x))[0, 0], False)],
    ids=["product", "factorisation"],
)
def test_digits_are_counted_where_they_are_the_same_on_every_machine(body: Any, counted: bool) -> None:
    """The rule loses all digits of float32, which its body's slope keeps."""
    spoilt = _forward(body, lambda x, t: (1e9 * x * t + t) - 1e9 * x * t)
    given = RuleClaim(spoilt, domain={"x": domain.Interval("", 1.0, 2.0)}, sizes={}, id="rule.spoilt")
    (row,) = floats.check(Case(given, BUDGETS["quick"], 0)).compared
    assert (row["rule"], row["plain"] is not None, not row["not counted"]) == (None, counted, counted)


@pytest.mark.parametrize(
    ("body", "rule"),
    [
        (jnp.sqrt, lambda x, t: t / (2 * jnp.sqrt(x))),
        (lambda x: 0 * x + 1, lambda x, t: 3 * t),
    ],
    ids=["neither has a value", "one is zero"],
)
def test_without_a_value_to_compare_with_nothing_is_said_of_how_far_a_rule_is_off(body: Any, rule: Any) -> None:
    given = {"x": domain.Interval("n", -2.0, -1.0)}
    case = Case(RuleClaim(_forward(body, rule), domain=given, sizes=SIZES, id="rule.nowhere"), BUDGETS["quick"], 0)
    found = floats.check(case).compared
    assert [each["apart"] for each in found] == [None] * len(found)
    assert found


def test_a_kink_is_an_exception_of_a_right_rule() -> None:
    report = check(RuleClaim(jax.nn.relu, domain=X, sizes=SIZES), "quick")
    said = " ".join(text for verdict in report.verdicts for text in verdict.exceptions)
    assert "x_k = 0" in said
    assert "decides an exact equality" in said


def test_a_kink_of_the_body_is_an_exception_of_a_rule_without_one() -> None:
    smooth = _forward(lambda x: jnp.where(x == 0, 7 * x, x * x), lambda x, t: 2 * x * t)
    report = check(RuleClaim(smooth, domain=X, sizes=SIZES, id="rule.smooth"), "quick")
    assert report.status is Status.HOLDS
    assert any("takes 0, the formula 7.00000" in text for text in report.exceptions), report.exceptions


def test_of_the_kinks_of_a_rule_one_is_shown_at_which_the_sides_differ() -> None:
    """At one and two the rule decides an equality as well, and is what the body says."""

    def rule(x: Any, t: Any) -> Any:
        return jnp.where((x * x - 1) * (x * x - 4) == 0, x + x, 2 * x) * t

    other = _forward(lambda x: jnp.where(x == 3, 7 * x - 12, x * x), rule)
    given = RuleClaim(other, domain={"x": domain.Reals("")}, sizes={}, id="rule.kinks", kind="gradient")
    subject = Case(given, BUDGETS["quick"], 0)
    (text,) = enclose.check(subject).exceptions
    assert "x = 0x1.8p+1 " in text
    assert text.endswith("takes 6.00000, the formula 7.00000)")


def test_a_reverse_rule_has_no_forward_mode() -> None:
    fn, given = RIGHT["product"]
    report = check(RuleClaim(fn, domain=given, sizes=SIZES, id="rule.product"), "quick")
    said = " ".join(text for verdict in report.verdicts for text in (*verdict.exceptions, verdict.reason))
    assert "jacfwd" in said


def test_gradients_and_hessians_of_rules() -> None:
    right = _forward(lambda x: jnp.sum(jnp.sin(x)), lambda x, t: jnp.sum(jnp.cos(x) * t))
    for kind in ("gradient", "hessian"):
        assert check(RuleClaim(right, domain=X, sizes=SIZES, kind=kind), "quick").status is Status.HOLDS
    # Right at first order; the second derivative of a rule that stops its slope from being differentiated is lost.
    frozen = _forward(lambda x: jnp.sum(jnp.sin(x)), lambda x, t: jnp.sum(lax.stop_gradient(jnp.cos(x)) * t))
    assert check(RuleClaim(frozen, domain=X, sizes=SIZES, kind="gradient"), "quick").status is Status.HOLDS
    assert check(RuleClaim(frozen, domain=X, sizes=SIZES, kind="hessian"), "quick").status is Status.FAILS


def test_a_function_without_a_rule_says_so() -> None:
    with pytest.raises(ClaimError, match="silu has no custom_jvp or custom_vjp rule"):
        check(RuleClaim(jax.nn.silu, domain=X, sizes=SIZES), "quick")


def test_whole_numbers_are_not_differentiated_by() -> None:
    found = RuleClaim(lambda x, k: jax.nn.relu(x) * k, domain={"x": REALS, "k": domain.Labels("", 2)}, sizes=SIZES)
    assert found.autodiff.wrt == ("x",)
    assert found.place[0] == __file__


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (("jax.nn:relu",), 0, "HOLDS"),
        (("jax.nn:relu", "--sizes", "3"), 0, "n = 3"),
        (("jax.nn:silu",), 2, "no custom_jvp or custom_vjp rule"),
        (("jax.nn",), 2, "MODULE:FUNCTION"),
        (("jax.nn:nothing",), 2, "nothing"),
        (("no_such_module:f",), 2, "no_such_module"),
        (("jax.nn:relu", "--sizes", "many"), 2, "sizes"),
        (("jax.nn:log1mexp", "--domain", "x=Positive(n)", "--sizes", "2"), 0, "x in Positive"),
        (("jax.nn:relu", "--domain", "x=Interval(, -4, 4)", "--kind", "gradient"), 0, "proved for all inputs"),
        (("jax.nn:relu", "--domain", "x=Somewhere(n)"), 2, "expected NAME=REGION(SHAPE)"),
        (("jax.nn:relu", "--domain", "x=Interval(n, 2, 1)"), 2, "empty"),
        (("jax.nn:relu", "--domain", "x=Interval(n, 1 +)"), 2, "cannot be read"),
        (("jax.nn:relu", "--domain", "z=Reals(n)"), 2, "z"),
    ],
)
def test_the_command(arguments: tuple[str, ...], status: int, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert call(["rule", *arguments, "--budget", "quick"]) == status
    shown = capsys.readouterr()
    assert said in shown.out + shown.err


def test_the_command_says_where_a_rule_keeps_digits(
    tmp_path: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "made_up_rule.py").write_text(
        "import jax, jax.numpy as jnp\n"
        "@jax.custom_jvp\n"
        "def gap(x):\n"
        "    return jnp.sqrt(x**2 + 1) - x\n"
        "gap.defjvp(lambda p, t: (gap(*p), t[0] * -1 / (p[0]**2 + 1 + p[0] * jnp.sqrt(p[0]**2 + 1))))\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    assert call(["rule", "made_up_rule:gap", "--budget", "quick"]) in (0, 1)
    assert "plain autodiff" in capsys.readouterr().out


def test_numbers_are_not_touched() -> None:
    from verify.rules import without_rules

    with jax.enable_x64(True):
        assert float(without_rules(jax.nn.relu, {"x": np.float64(2.5)})) == 2.5


# ---------------------------------------------------------------------------------------------------------------
# A formula by hand, where JAX has no derivative of the body.


def _turns(x: Any) -> Any:
    """Half of x in as many turns as it takes: a loop that JAX does not differentiate backwards."""
    return lax.while_loop(lambda c: c[0] < 3, lambda c: (c[0] + 1, c[1] * x), (0, x))[1]


@pytest.mark.parametrize("power", [3, 2])
def test_a_rule_is_held_against_a_formula_by_hand(power: int) -> None:
    """x⁴, with 4 x³, and with a wrong power of x."""
    fn = _reverse(_turns, lambda kept, g: (4 * g * kept[0] ** power,))
    claim = RuleClaim(
        fn,
        id="rule.turns",
        domain={"x": domain.Interval("", -2.0, 2.0)},
        kind="gradient",
        by_hand=lambda x: 4 * x * x * x,
    )
    report = check(claim, "quick")
    assert report.status is (Status.HOLDS if power == 3 else Status.FAILS)
    assert [each["format"] for each in next(each.compared for each in report.verdicts if each.compared)]
    assert "a formula" in claim.derivation


def test_what_a_formula_by_hand_decides_by_an_equality_counts() -> None:
    """JAX's derivative of a body has conventions at kinks, and a formula has none."""
    fn = _forward(lambda x: x * x, lambda x, t: 2 * x * t)
    claim = RuleClaim(
        fn, domain={"x": domain.Reals("")}, kind="gradient", by_hand=lambda x: jnp.where(x == 0, 1.0, 2 * x)
    )
    assert check(claim, "quick").status is Status.FAILS


def test_the_sign_bit_is_known_behind_a_rule_that_is_taken_out() -> None:
    """A call without a rule stays a call; of sums, which are no floats, no bits are known."""
    fn = _forward(lambda x: jnp.copysign(x * x, x + 0.1), lambda x, t: jnp.copysign(2 * x, x * (x + 0.1)) * t)
    right = RuleClaim(fn, domain={"x": domain.Interval("", 0.3, 2.0)}, kind="gradient")
    assert check(right, "quick").status is Status.HOLDS
    wrong = _forward(lambda x: jnp.copysign(x * x, x + 0.1), lambda x, t: -2 * x * t)
    assert check(RuleClaim(wrong, domain={"x": domain.Interval("", 0.3, 2.0)}, kind="gradient"), "quick").status is (
        Status.FAILS
    )
