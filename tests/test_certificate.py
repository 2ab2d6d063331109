"""What a proof says of an identity, sympy finds too, from the program's own operations and without our algebra."""

import functools
import os
import random
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import sympy
from controls import CONTROLS

from verify import Claim, Derivative, domain
from verify.engines import certificate as certificates
from verify.engines.certificate import NoCertificate, certificate
from verify.engines.prove import prove_at
from verify.formats import FLOAT64
from verify.loader import load
from verify.program import trace
from verify.readings.expressions import Undecided

pytestmark = pytest.mark.once

CLAIMS = {claim.id: claim for claim in load().claims}
Case = tuple[str, list[Any], list[Any]]

VALUES = (
    "softmax.definition",
    "softmax.sums-to-one",
    "softmax.shifted-code",
    "squared-error.definition",
    "squared-error.half-the-sum",
    "cross-entropy.definition",
    "squared-error.two-class.wrong-exact",
)
GRADIENTS = (
    "squared-error.gradient",
    "squared-error.gradient-one-hot",
    "squared-error.gradient-sums-to-zero",
    "squared-error.two-class.x1-line-2",
    "squared-error.limit-1.remainder",
    "squared-error.by-outputs",
    "cross-entropy.gradient",
    "absolute-error.one-hot-value",
    "other-losses.focal",
    "other-losses.brier",
    "other-losses.hellinger.one-hot",
    "other-losses.negative-overlap",
    "network.last-layer",
    "training.speed.squared-error",
    "temperature.squared-error",
    "log-sum-exp.gradient",
)
JACOBIANS = ("softmax.jacobian", "softmax.quotient-rule", "softmax.jacobian-symmetric", "weights.softmax-layer")
HESSIANS = ("log-sum-exp.hessian", "hessian.cross-entropy", "hessian.squared-error-two-class")
SAMPLE = (*VALUES, *GRADIENTS, *JACOBIANS, *HESSIANS)
# A mode without and one with a direction, at the first size: enough to show that texts say what programs do.
MODES = ("value", "grad", "jvp", "jacrev", "hvp")


def cases(text: str) -> list[Case]:
    """The cases of a certificate: title, what JAX computes, the formula."""
    scope: dict[str, Any] = {"__name__": "certificate"}
    exec(compile(text, "certificate.py", "exec"), scope)
    return [(case.__doc__.rstrip(":"), *case()) for case in scope["CASES"]]


@functools.cache
def whole(id_: str) -> str:
    """The certificate of a claim, written once for all that look into it."""
    return certificate(CLAIMS[id_])


def at_smallest(id_: str) -> Claim:
    """A claim at its smallest size alone, with at most three entries of a kind: they are all alike."""
    sizes = {name: (min(length, 3),) for name, length in certificates._sizes(CLAIMS[id_])[0].items()}
    return replace(CLAIMS[id_], sizes=sizes)


@functools.cache
def smallest(id_: str) -> tuple[Case, ...]:
    """The cases of a claim's smallest size, the only one that is read."""
    found = cases(certificate(at_smallest(id_)))
    size = found[0][0].partition(",")[0]
    # The forms for every size are written out at others too.
    return tuple(each for each in found if each[0].startswith(size) or "=" not in size)


@functools.cache
def is_zero(difference: Any) -> bool:
    """Whether sympy reduces an expression to zero."""

    def split(inside: Any) -> Any:
        return sympy.factor(sympy.together(sympy.expand(inside, power_exp=True)))

    def logarithm(inside: Any) -> Any:
        return sympy.expand_log(sympy.log(split(inside)), force=True)

    found = sympy.sympify(difference).rewrite(sympy.exp)
    for _ in range(2):
        found = found.replace(sympy.log, logarithm).replace(sympy.Abs, lambda inside: sympy.Abs(split(inside)))
        found = sympy.expand(found, power_exp=True)
    found = sympy.cancel(sympy.together(sympy.powdenest(found, force=True)))
    return found == 0 or sympy.simplify(found) == 0


def test_the_sample_has_every_topic_and_every_kind() -> None:
    assert len(set(SAMPLE)) >= 25
    modules = {name for name, _, _ in (id_.partition(".") for id_ in SAMPLE)}
    assert modules >= {"softmax", "squared-error", "cross-entropy", "absolute-error", "other-losses", "training"}
    assert modules >= {"network", "weights", "hessian", "temperature", "log-sum-exp"}
    assert {CLAIMS[id_].autodiff.kind for id_ in SAMPLE} == {"value", "gradient", "jacobian", "hessian"}


@pytest.mark.parametrize("id_", SAMPLE)
def test_sympy_finds_both_sides_of_a_certificate_equal(id_: str) -> None:
    chosen = [each for each in smallest(id_) if any(mode in each[0] for mode in MODES)]
    assert chosen
    seen: set[str] = set()
    for title, autodiff, by_hand in chosen:
        assert len(autodiff) == len(by_hand) > 0
        for left, right in zip(autodiff, by_hand, strict=True):
            if str(left - right) in seen:
                continue
            seen.add(str(left - right))
            assert is_zero(left - right), title


@pytest.mark.parametrize("id_", [VALUES[0], GRADIENTS[0], "cross-entropy.gradient", JACOBIANS[0], HESSIANS[0]])
def test_a_changed_formula_is_found_out(id_: str) -> None:
    (_, autodiff, by_hand), *_ = smallest(id_)
    assert not all(is_zero(left - 2 * right) for left, right in zip(autodiff, by_hand, strict=True))


@pytest.mark.parametrize(
    "id_",
    [
        "squared-error.two-class.gradient-zero",
        "squared-error.two-class.x1-normalised-any-target",
        "cross-entropy.gradient-any-target",
        "hessian.squared-error-gauss-newton",
        "softmax.function-of-one-logit",
    ],
)
def test_a_false_formula_gets_no_certificate_and_would_not_pass(id_: str, monkeypatch: pytest.MonkeyPatch) -> None:
    claim = CLAIMS[id_]
    with pytest.raises(NoCertificate, match="not proved"):
        certificate(claim)
    subject = trace(claim, claim.choices()[0], FLOAT64)
    with pytest.raises(Exception, match="needs more than what is written"):
        certificates._Writer(subject, subject.modes[0], {}).write()
    monkeypatch.setattr(certificates._Writer, "_try", lambda *sides: None)  # without the look at points
    written = certificates._Writer(subject, subject.modes[0], {}).write()
    assert written is not None
    ((_, autodiff, by_hand),) = cases(certificates._file(claim, [written], [], []))
    assert not all(is_zero(left - right) for left, right in zip(autodiff, by_hand, strict=True))


@pytest.mark.parametrize(
    ("region", "assumption"),
    [
        (domain.Positive("n"), "positive"),
        (domain.Interval("n", 0.0, 2.0), "nonnegative"),
        (domain.Interval("n", -2.0, -1.0), "negative"),
        (domain.Interval("n", -2.0, 0.0), "nonpositive"),
        (domain.Interval("n", -1.0, 2.0), "real"),
        (domain.Reals("n"), "real"),
        (domain.Nonzero("n"), "real"),
    ],
    ids=map(str, range(7)),
)
def test_symbols_are_assumed_to_be_what_the_region_says_and_drawn_from_it(region: Any, assumption: str) -> None:
    claim = Claim(
        id="assumed",
        autodiff=Derivative(lambda x: x**3, "value"),
        by_hand=lambda x: x * x * x,
        domain={"x": region},
        sizes={"n": (7, 5, 6)},
    )
    # No size is small, so that the two smallest are written.
    assert certificates._sizes(claim) == [{"n": 5}, {"n": 6}]
    text = certificate(claim)
    lines = [each.strip() for each in text.splitlines() if "symbols(" in each and "x_0" in each]
    assert lines
    assert all(f"{assumption}=True" in each for each in lines)
    subject = trace(claim, {"n": 5}, FLOAT64)
    facts = subject.regions[0].facts
    rng = random.Random(3)
    seen = {float(certificates._draw(rng, facts)) for _ in range(40)}
    assert all(region.contains(np.full(5, drawn)) for drawn in seen)
    signs = {"positive": {1}, "nonnegative": {0, 1}, "negative": {-1}, "nonpositive": {0, -1}}
    assert {int(np.sign(drawn)) for drawn in seen} == signs.get(assumption, {-1, 0, 1}) - {0}


def test_rows_of_one_hot_targets_are_written_with_all_their_values() -> None:
    claim = Claim(
        id="rows",
        autodiff=Derivative(lambda x, y: jnp.sum(y * x, axis=1), "value"),
        by_hand=lambda x, y: jnp.stack([y[0] @ x[0], y[1] @ x[1]]),
        domain={"x": domain.Reals("2 2"), "y": domain.OneHot("2 2")},
        sizes={},
    )
    found = cases(certificate(claim))
    assert sorted(str(autodiff) for _, autodiff, _ in found) == [f"[x_0_{i}, x_1_{j}]" for i in (0, 1) for j in (0, 1)]


def test_whole_numbers_stand_in_a_certificate_as_what_they_are() -> None:
    claim = Claim(
        id="chosen",
        autodiff=Derivative(lambda x, k: jnp.where(k == 1, x[0], x[(k + 1) % 2]) * 2, "value"),
        by_hand=lambda x, k: x[1 - k] + jnp.where(k < 1, x[1], x[0]),
        domain={"x": domain.Reals("2"), "k": domain.Labels("", below=2)},
        sizes={},
    )
    assert [(title, str(autodiff)) for title, autodiff, _ in cases(certificate(claim))] == [
        ("value, k = 0", "[2*x_1]"),
        ("value, k = 1", "[2*x_0]"),
    ]


def test_small_sizes_are_written_and_no_more_than_two() -> None:
    def claim(sizes: Any) -> Claim:
        return Claim(
            id="sizes",
            autodiff=Derivative(lambda x: x**3, "value"),
            by_hand=lambda x: x * x * x,
            domain={"x": domain.Reals("n")},
            sizes={"n": sizes},
        )

    assert certificates._sizes(claim((1, 2, 3, 4))) == [{"n": 1}, {"n": 2}]
    assert certificates._sizes(claim((3, 10))) == [{"n": 3}]
    assert certificates._sizes(claim((4, 10))) == [{"n": 4}, {"n": 10}]


def test_choices_and_bounds_get_none() -> None:
    with pytest.raises(NoCertificate, match="depends on the values of the inputs"):
        certificate(at_smallest("absolute-error.gradient"))
    with pytest.raises(NoCertificate, match="leaves out"):
        certificate(at_smallest("other-losses.hinge"))
    assert certificates.every_size(CLAIMS["other-losses.hinge"]) == []
    with pytest.raises(NoCertificate, match="states a bound"):
        certificate(CLAIMS["squared-error.component-bound"])


def test_names_that_python_would_read_as_something_else_are_changed() -> None:
    def scaled(t: Any, x: Any) -> Any:
        return t["lambda"] * x

    claim = Claim(
        id="names",
        autodiff=Derivative(scaled, "gradient", wrt="x"),
        by_hand=lambda t, x: 2 * t["lambda"] / 2 + 0 * x,
        domain={"t": {"lambda": domain.Reals("")}, "x": domain.Reals("")},
    )
    ((title, autodiff, by_hand), *_) = cases(certificate(claim))
    assert title == "grad"
    assert [str(each) for each in autodiff] == ["t_lambda"]
    assert is_zero(autodiff[0] - by_hand[0])


@pytest.mark.parametrize(
    ("autodiff", "by_hand", "region"),
    [
        (lambda x, x_0: x[0], lambda x, x_0: x_0, {"x": domain.Reals("2"), "x_0": domain.Reals("")}),
        (lambda a, a_b: a["b"], lambda a, a_b: a_b, {"a": {"b": domain.Reals("")}, "a_b": domain.Reals("")}),
        (lambda x, m1: jnp.max(x), lambda x, m1: m1, {"x": domain.Reals("2"), "m1": domain.Reals("")}),
        (lambda x, t: jnp.max(x), lambda x, t: jnp.max(x + t), {"x": domain.Reals("2"), "t": domain.Reals("")}),
        (lambda t, u, line: t * u, lambda t, u, line: line, dict.fromkeys(("t", "u", "line"), domain.Reals(""))),
    ],
    ids=["entry", "path", "maximum", "two maxima", "lines"],
)
def test_what_has_two_names_is_no_one_symbol(autodiff: Any, by_hand: Any, region: Any) -> None:
    claim = Claim(id="names", autodiff=Derivative(autodiff, "value"), by_hand=by_hand, domain=region)
    subject = trace(claim, claim.choices()[0], FLOAT64)
    with pytest.raises(Undecided, match="needs more than what is written"):
        certificates._Writer(subject, subject.modes[0], {}).write()


def test_what_is_not_proved_for_every_size_or_not_everywhere_has_no_form_for_every_size() -> None:
    wrong = next(each.claim for each in CONTROLS if each.claim.id == "squared.relative-1e-6")
    kinked = Claim(
        id="made-up.absolute",
        domain={"x": domain.Reals("n")},
        sizes={"n": (2, 3)},
        autodiff=Derivative(lambda x: jnp.sum(jnp.abs(x)), "gradient", wrt="x"),
        by_hand=lambda x: jnp.where(x > 0, 1.0, -1.0),
    )
    fixed = replace(CLAIMS["squared-error.two-class.x1-line-2"], sizes={})
    assert prove_at(trace(fixed, {}, FLOAT64), 1.0).proved
    for each in (wrong, kinked, fixed):
        assert certificates.every_size(each) == []


def test_every_size_is_written_in_generic_entries_and_sums() -> None:
    text = whole("cross-entropy.gradient")
    head = text.partition("from sympy import *")[0]
    assert "S1 = the sum over all j of" in head
    assert "= exp(x_k)" in head
    sides = [line.split(": ", 1)[1] for line in head.splitlines() if line.strip().startswith(("JAX: ", "by hand: "))]
    assert len(sides) >= 2
    assert sides[0] == sides[1]
    # An entry of an argument needs no explanation.
    assert not [line for line in head.splitlines() if line.rstrip().endswith("=")]


@pytest.mark.parametrize("id_", ["squared-error.gradient", "softmax.jacobian", "squared-error.half-the-sum"])
def test_the_form_for_every_size_is_what_the_program_computes_at_three(id_: str) -> None:
    found = [each for each in cases(whole(id_)) if "form for every size" in each[0]]
    assert [each[0].partition(",")[0] for each in found] == ["n = 2", "n = 3", "n = 4"]
    for title, autodiff, form in found[:2]:
        assert all(is_zero(left - right) for left, right in zip(autodiff, form, strict=True)), title
    _, autodiff, form = found[0]
    assert not all(is_zero(left - 2 * right) for left, right in zip(autodiff, form, strict=True))


def test_roots_and_functions_stand_in_the_form_for_every_size() -> None:
    claim = Claim(
        id="norm",
        autodiff=Derivative(lambda x: jnp.sqrt(1 + jnp.sum(x * x)) + jnp.sum(jnp.sin(x)), "gradient", wrt="x"),
        by_hand=lambda x: x / jnp.sqrt(1 + jnp.sum(x * x)) + jnp.cos(x),
        domain={"x": domain.Reals("n")},
        sizes={"n": (2, 3)},
    )
    text = certificate(claim)
    assert "**Rational(1, 2)" in text.partition("from sympy import *")[0]
    found = [each for each in cases(text) if "form for every size" in each[0]]
    assert found
    for title, autodiff, form in found[:2]:
        assert all(is_zero(left - right) for left, right in zip(autodiff, form, strict=True)), title


def test_a_form_that_is_another_functions_is_found_out() -> None:
    written, _ = certificates.closed(CLAIMS["squared-error.gradient"], {"n": 2}, first=True)
    other = certificates.every_size(CLAIMS["cross-entropy.gradient"])
    ((_, autodiff, form),) = cases(
        certificates._file(
            CLAIMS["squared-error.gradient"], certificates.instantiated(written, other, {"n": 2}), [], []
        )
    )
    assert not all(is_zero(left - right) for left, right in zip(autodiff, form, strict=True))


def test_a_form_with_kinds_of_entries_or_at_two_named_sizes_is_not_written_out() -> None:
    written, _ = certificates.closed(CLAIMS["squared-error.gradient"], {"n": 2}, first=True)
    forms = certificates.every_size(CLAIMS["squared-error.gradient"])
    assert certificates.instantiated(written, forms, {"n": 2, "t": 2}) == []
    forms[0].parts = "axis n: the label, all others alike"
    assert certificates.instantiated(written, forms, {"n": 2}) == []


def test_what_is_not_written_is_told_in_the_file() -> None:
    written, _ = certificates.closed(CLAIMS["squared-error.gradient"], {"n": 2}, first=True)
    text = certificates._file(CLAIMS["squared-error.gradient"], written, [], ["grad at n = 3: a reason"])
    assert len(cases(text)) == len(written)
    words = text.partition("from sympy import *")[0]
    assert "both sides, to be checked without gradproof" in words
    assert "Not written:\n  grad at n = 3: a reason\n" in words
    assert "For every size at once" not in words
    assert "Not written" not in certificates._file(CLAIMS["squared-error.gradient"], written, [], [])


def test_a_form_that_keeps_digits_is_written_like_a_mode() -> None:
    written, _ = certificates.closed(CLAIMS["squared-error.gradient"], {"n": 2}, first=True)
    assert [each.mode for each in written] == ["grad", "stable"]
    assert "    # The form that keeps digits.\n" in certificates._file(
        CLAIMS["squared-error.gradient"], written, [], []
    )


def test_the_last_share_of_a_total_is_what_the_others_leave() -> None:
    claim = Claim(
        id="shares",
        autodiff=Derivative(lambda y: y[..., -1] * jnp.sum(y, axis=-1), "value"),
        by_hand=lambda y: 1 - jnp.sum(y[..., :-1], axis=-1),
        domain={"y": domain.Simplex("2 3")},
        sizes={},
    )
    ((_, autodiff, by_hand),) = cases(certificate(claim))
    rng, facts = random.Random(3), claim.domain["y"].facts
    assert all(certificates._draw(rng, facts) + certificates._draw(rng, facts) < 1 for _ in range(20))
    assert [str(sympy.expand(each)) for each in by_hand] == ["-y_0_0 - y_0_1 + 1", "-y_1_0 - y_1_1 + 1"]
    assert all(is_zero(left - right) for left, right in zip(autodiff, by_hand, strict=True))


def test_a_form_says_how_its_axis_is_cut_up() -> None:
    text = whole("squared-error.gradient-one-hot")
    assert "; axis n: the label, all others alike:\n" in text
    sums = [line.strip() for line in text.splitlines() if "= the sum over all j of " in line]
    assert sums
    assert all(line.endswith("(without the label)") for line in sums)


def test_a_certificate_runs_by_itself(tmp_path: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": ""}

    def run(text: str) -> "subprocess.CompletedProcess[str]":
        (tmp_path / "check.py").write_text(text, encoding="utf-8")
        return subprocess.run(
            [sys.executable, "check.py"], capture_output=True, text=True, cwd=tmp_path, env=environment, check=False
        )

    text = whole("squared-error.two-class.x1-line-2")
    assert "verify" not in text
    fine = run(text)
    assert (fine.returncode, fine.stderr) == (0, "")
    assert "value: equal" in fine.stdout
    wrong = run(text.replace("by_hand = [", "by_hand = [1 + ", 1))
    assert wrong.returncode == 1
    assert "value: not shown: components [0]" in wrong.stdout


def test_values_that_a_hypothesis_leaves_out_are_not_written() -> None:
    """The sides agree at the label zero alone, of which alone the claim speaks."""
    claim = Claim(
        id="zero",
        autodiff=Derivative(lambda x, k: x * jnp.where(k == 0, 1.0, 2.0), "value"),
        by_hand=lambda x, k: x * 1,
        domain={"x": domain.Reals(""), "k": domain.Labels("", below=3)},
        where=lambda x, k: k < 1,
        sizes={},
    )
    written, without = certificates.closed(claim, {})
    assert ([each.title for each in written], without) == (["value, k = 0"], [])


def test_a_side_without_a_value_is_not_written() -> None:
    claim = Claim(
        id="infinite",
        autodiff=Derivative(lambda x: jnp.full_like(x, jnp.inf), "value"),
        by_hand=lambda x: jnp.full_like(x, jnp.nan),
        domain={"x": domain.Reals("")},
        sizes={},
    )
    subject = trace(claim, {}, FLOAT64)
    with pytest.raises(Undecided, match="a component without a value"):
        certificates._Writer(subject, subject.modes[0], {}).write()


def test_directions_and_ends_are_told_where_there_are_some() -> None:
    for region, ends in ((domain.Reals("2"), []), (domain.Interval("2", 1.0, 3.0), ["at least 1 and at most 3"])):
        claim = Claim(
            id="cube",
            autodiff=Derivative(lambda x: jnp.sum(x**3), "gradient", wrt="x"),
            by_hand=lambda x: 3 * x * x,
            domain={"x": region},
            sizes={},
        )
        written, _ = certificates.closed(claim, {})
        told = {each.mode: [remark.partition(": ")[::2] for remark in each.remarks] for each in written}
        assert told["grad"] == [("x_0, x_1", text) for text in ends]
        assert told["jvp"] == [*told["grad"], ("v_0, v_1", "the direction, free")]


@pytest.mark.parametrize(("winner", "which"), [(0, "x_0"), (1, "x_1"), ("any", "one of them")])
def test_who_leads_is_told(winner: Any, which: str) -> None:
    claim = Claim(
        id="square",
        autodiff=Derivative(lambda x: x**2, "value"),
        by_hand=lambda x: x * x,
        domain={"x": domain.Saturated("2", winner=winner, gap=3.0)},
        sizes={},
    )
    ((one,), _) = certificates.closed(claim, {})
    assert one.remarks == [f"x_0, x_1: {which} exceeds the others by at least 3"]


@pytest.mark.parametrize(("kind", "modes"), [("jacobian", {"jvp", "vjp"}), ("hessian", {"hvp"})])
def test_a_formula_is_contracted_with_the_directions_of_a_mode(kind: Any, modes: set[str]) -> None:
    def two_by_two(x: Any, y: Any) -> Any:
        return jnp.stack([x[0] * y[0], x[1] * y[1] * y[2]]), jnp.sum(x) * y[1]

    def slopes(x: Any, y: Any) -> Any:
        first = jnp.array([[1.0, 0.0], [0.0, 0.0]]) * y[0] + jnp.array([[0.0, 0.0], [0.0, 1.0]]) * y[1] * y[2]
        zero = 0 * x[0]
        rows = jnp.stack([x[0], zero, zero]), jnp.stack([zero, x[1] * y[2], x[1] * y[1]])
        return (first, jnp.stack(rows)), (jnp.stack([y[1], y[1]]), jnp.stack([zero, x[0] + x[1], zero]))

    def curvature(x: Any, y: Any) -> Any:
        none = 0 * y[0] * x[0]
        mixed = jnp.stack([jnp.stack([2 * x[0], none, none]), jnp.stack([none, none, y[2] ** 0])])
        last = jnp.stack([jnp.stack([none] * 3), jnp.stack([none] * 3), jnp.stack([none] * 3)])
        return (jnp.stack([jnp.stack([2 * y[0], none]), jnp.stack([none, none])]), mixed), (mixed.T, last)

    sides: dict[str, Any] = {
        "jacobian": (two_by_two, slopes),
        "hessian": (lambda x, y: x[0] ** 2 * y[0] + x[1] * y[2], curvature),
    }
    fn, by_hand = sides[kind]
    claim = Claim(
        id="two",
        autodiff=Derivative(fn, kind, wrt=("x", "y")),
        by_hand=by_hand,
        domain={"x": domain.Reals("2"), "y": domain.Reals("3")},
        sizes={},
    )
    written, without = certificates.closed(claim, {})
    assert without == []
    assert {each.mode for each in written} >= modes


@pytest.mark.parametrize("side", ["autodiff", "by hand"])
def test_what_a_loop_returns_is_written_once(side: str) -> None:
    def looped(x: Any) -> Any:
        return jax.lax.while_loop(lambda at: at[0] < 2, lambda at: (at[0] + 1, at[1] * x), (0, x))[1]

    sides = [looped, lambda x: x * x * x]
    fn, by_hand = sides if side == "autodiff" else sides[::-1]
    claim = Claim(id="cube", autodiff=Derivative(fn, "value"), by_hand=by_hand, domain={"x": domain.Reals("")})
    ((one,), _) = certificates.closed(claim, {})
    assert (len(one.autodiff), len(one.by_hand)) == (1, 1)


def test_what_is_not_proved_at_a_size_is_not_written_there() -> None:
    claim = Claim(
        id="divides",
        autodiff=Derivative(lambda x: x * x, "value"),
        by_hand=lambda x: x * x * x / x,
        domain={"x": domain.Reals("")},
    )
    with pytest.raises(NoCertificate, match="is not proved: x may be zero"):
        certificates.closed(claim, {})


def test_a_form_that_keeps_digits_alone_is_no_certificate(monkeypatch: pytest.MonkeyPatch) -> None:
    claim = CLAIMS["squared-error.gradient"]
    written, _ = certificates.closed(claim, {"n": 2}, first=True)
    stable = [each for each in written if each.mode == "stable"]
    monkeypatch.setattr(certificates, "every_size", lambda claim: [])
    monkeypatch.setattr(certificates, "closed", lambda *given, **more: (stable, ["grad: a reason"]))
    with pytest.raises(NoCertificate, match=r"^grad: a reason$"):
        certificate(claim)


def test_values_that_an_argument_may_have_are_those_of_its_region() -> None:
    claim = Claim(
        id="values",
        autodiff=Derivative(lambda y, k, x: x * jnp.sum(jnp.where(k > 0, y, 0.0)), "value"),
        by_hand=lambda y, k, x: x * jnp.sum(jnp.where(k < 1, 0.0, y)),
        domain={"y": domain.OneHot("2", index=1), "k": domain.Labels("2", 2), "x": domain.Reals("")},
        sizes={},
    )
    values = list(certificates._values(trace(claim, {}, FLOAT64)))
    assert [each[0].tolist() for each in values] == [[0.0, 1.0]] * 4
    assert [each[1].tolist() for each in values] == [[0, 0], [0, 1], [1, 0], [1, 1]]


def test_a_symbol_has_a_name_that_is_no_word_and_no_other_symbol() -> None:
    assert [certificates._identifier(name) for name in ("lambda", "exp", "x")] == ["lambda_", "exp_", "x"]
    claim = Claim(
        id="names",
        autodiff=Derivative(lambda x, x_0, v: jnp.sum(x * x) * x_0 * v, "gradient", wrt="x"),
        by_hand=lambda x, x_0, v: 2 * x * x_0 * v,
        domain={"x": domain.Reals("1"), "x_0": domain.Reals(""), "v": domain.Reals("")},
    )
    written, _ = certificates.closed(claim, {})
    symbols = {each.mode: list(each.symbols) for each in written}
    assert symbols["grad"] == ["x_0", "x_0_", "v"]
    assert symbols["jvp"] == ["x_0", "x_0_", "v", "v_along_0"]


def test_a_number_is_the_ratio_that_it_is() -> None:
    from fractions import Fraction

    part = certificates.number(Fraction(3, 4))
    assert certificates._ball(part, {}) == 0.75


def test_a_mode_that_is_not_proved_is_not_written() -> None:
    """Along the direction zero the rule divides zero by zero, which a symbol does not show."""

    @jax.custom_jvp
    def square(x: Any) -> Any:
        return x * x

    @square.defjvp
    def _(given: Any, along: Any) -> Any:
        return square(given[0]), 2 * given[0] * along[0] * along[0] / along[0]

    claim = Claim(
        id="square",
        autodiff=Derivative(square, "gradient", wrt="x"),
        by_hand=lambda x: 2 * x,
        domain={"x": domain.Reals("")},
        custom_rules=True,
    )
    written, without = certificates.closed(claim, {})
    assert [each.mode for each in written] == ["jacfwd"]
    assert without == ["jvp: jvp direction 0 may be zero in the domain, where a division has no value"]


@pytest.mark.parametrize("name", ["x", "freedom"])
def test_an_argument_may_be_called_as_the_words_are_that_explain_another(name: str) -> None:
    """What is free has no entries to be written out by; what is called so has."""
    claim = Claim(
        id="named",
        autodiff=Derivative(lambda given: jnp.sum(jnp.exp(given[name])), "gradient", wrt="given"),
        by_hand=lambda given: {name: jnp.exp(given[name])},
        domain={"given": {name: domain.Reals("n")}},
        sizes={"n": (2, 3)},
    )
    written, _ = certificates.closed(claim, {"n": 2}, first=True)
    (beside,) = certificates.instantiated(written, certificates.every_size(claim), {"n": 2})
    ((_, autodiff, form),) = cases(certificates._file(claim, [beside], [], []))
    assert all(is_zero(left - right) for left, right in zip(autodiff, form, strict=True))
    assert certificates._expanded("v0_k", {"v0_k": "the direction, free"}, written[0].entries, 2, (0,)) is None
    assert certificates._expanded("m1", {"m1": "free, stands for the maximum"}, written[0].entries, 2, (0,)) is None


def test_each_output_has_its_own_form_for_every_size() -> None:
    claim = Claim(
        id="two",
        autodiff=Derivative(lambda x, y: jnp.sum(x * x * y), "gradient", wrt=("x", "y")),
        by_hand=lambda x, y: (2 * x * y, x * x),
        domain={"x": domain.Reals("n"), "y": domain.Reals("n")},
        sizes={"n": (2, 3)},
    )
    written, _ = certificates.closed(claim, {"n": 2}, first=True)
    reduced = certificates.every_size(claim)
    for forms in (reduced, reduced[::-1]):
        ((_, autodiff, form),) = cases(
            certificates._file(claim, certificates.instantiated(written, forms, {"n": 2}), [], [])
        )
        assert len(form) == 4
        assert all(is_zero(left - right) for left, right in zip(autodiff, form, strict=True))


@pytest.mark.parametrize(
    "fn",
    [
        lambda x: x * jnp.log(1 + x * x),
        lambda x: x * jnp.log(0 * x + 2),
        lambda x: x * jnp.sqrt(0 * x + 2),
        lambda x: x * jnp.exp(x / 2),
        lambda x: x * jnp.sum(1 / (1 + x * x) ** 2),
        lambda x: jnp.sum(jnp.sin(x[:, None] * jnp.sum(jnp.sin(x[:, None] + x[None, :]), axis=1, keepdims=True))),
    ],
    ids=["log", "log of a number", "root of a number", "scale", "power below", "sum of sums"],
)
def test_a_form_for_every_size_is_the_function_at_one(fn: Any) -> None:
    claim = Claim(
        id="form",
        autodiff=Derivative(fn, "value"),
        by_hand=lambda x: fn(x) * 1,
        domain={"x": domain.Positive("n")},
        sizes={"n": (2, 3)},
    )
    written, _ = certificates.closed(claim, {"n": 2}, first=True)
    (beside,) = certificates.instantiated(written, certificates.every_size(claim), {"n": 2})
    ((_, autodiff, form),) = cases(certificates._file(claim, [beside], [], []))
    at = {sympy.Symbol(name, positive=True): value for name, value in (("x_0", 0.3), ("x_1", 0.7))}
    assert [float(each.subs(at)) for each in form] == pytest.approx([float(each.subs(at)) for each in autodiff])


def test_what_a_form_calls_an_argument_it_calls_nothing_else() -> None:
    claim = Claim(
        id="named",
        autodiff=Derivative(lambda x, e1: jnp.exp(x) * e1 * 2, "value"),
        by_hand=lambda x, e1: e1 * jnp.exp(x) * 2,
        domain={"x": domain.Reals("n"), "e1": domain.Reals("")},
        sizes={"n": (2, 3)},
    )
    (form,) = certificates.every_size(claim)
    assert (form.autodiff, form.legend) == ("2*e1*e2", {"e1": "", "x_k": "", "e2": "exp(x_k)"})


def test_a_form_says_what_stands_for_a_maximum_and_how_many_kinds_of_entries_there_are() -> None:
    given: dict[str, Any] = {"id": "form", "domain": {"x": domain.Reals("n")}, "sizes": {"n": (2, 3)}}
    largest = Derivative(lambda x: 2 * jnp.max(x), "value")
    (form,) = certificates.every_size(Claim(autodiff=largest, by_hand=lambda x: jnp.max(x) + jnp.max(x), **given))
    assert (form.autodiff, form.legend) == ("2*m1", {"m1": "free, stands for the maximum"})
    squares = Derivative(lambda x: x * x, "value")
    forms = certificates.every_size(Claim(autodiff=squares, by_hand=lambda x: jnp.abs(x) * jnp.abs(x), **given))
    assert [form.parts for form in forms] == ["axis n: 2 kinds of entries"] * 2 + [""]


def test_what_stands_for_a_direction_is_told_beside_a_form() -> None:
    claim = Claim(
        id="cubes",
        autodiff=Derivative(lambda x: jnp.sum(x**3), "gradient", wrt="x"),
        by_hand=lambda x: 3 * x * x,
        domain={"x": domain.Reals("n")},
        sizes={"n": (2, 3)},
    )
    legends = [form.legend for form in certificates.every_size(claim)]
    told = {name: text for each in legends for name, text in each.items() if name[0] in "vw"}
    assert told == {"v0_j": "the direction, free", "w0": "the cotangent, free"}


def test_a_claim_of_two_named_sizes_has_a_certificate_at_its_smallest() -> None:
    claim = Claim(
        id="product",
        autodiff=Derivative(lambda x, y: jnp.sum(x) * jnp.sum(y), "value"),
        by_hand=lambda x, y: jnp.sum(y) * jnp.sum(x),
        domain={"x": domain.Reals("n"), "y": domain.Reals("t")},
        sizes={"n": (2,), "t": (2,)},
    )
    assert certificates.every_size(claim)
    assert [title for title, _, _ in cases(certificate(claim))] == ["n = 2, t = 2, value"]


def test_a_form_says_which_indices_coincide() -> None:
    head = list(certificates._reduced_lines(certificates.every_size(CLAIMS["softmax.jacobian"])))
    outputs = {line.partition("output ")[2].rstrip(":") for line in head if ", output " in line}
    assert outputs == {"0", "0, indices all different", "0, indices that coincide"}


def test_a_constant_argument_stands_in_a_certificate_as_a_number() -> None:
    claim = Claim(
        id="scaled",
        autodiff=Derivative(lambda x, c: c[0] * x * c[1], "value"),
        by_hand=lambda x, c: 6 * x,
        domain={"x": domain.Reals(""), "c": domain.Constant([2.0, 3.0])},
    )
    ((_, autodiff, by_hand),) = cases(certificate(claim))
    assert [str(autodiff), str(by_hand)] == ["[6*x]", "[6*x]"]


def test_a_mode_is_named_once_though_its_form_comes_up_on_several_paths() -> None:
    claim = Claim(
        id="paths",
        autodiff=Derivative(lambda x, c: x * x + c * c, "value"),
        by_hand=lambda x, c: x * x + jnp.abs(c) * jnp.abs(c),
        domain={"x": domain.Reals("n"), "c": domain.Reals("")},
        sizes={"n": (2, 3)},
    )
    assert [each.modes for each in certificates.every_size(claim)] == [["value"]]


def test_what_breaks_off_has_no_form_for_what_came_before() -> None:
    """The stable form divides by c in its second component."""
    claim = Claim(
        id="divides",
        autodiff=Derivative(lambda x, c: (x * x * c, c), "value"),
        by_hand=lambda x, c: (x * c * x, c * 1),
        stable=lambda x, c: (x * x * c, c * c / c),
        domain={"x": domain.Reals("n"), "c": domain.Reals("")},
        sizes={"n": (2, 3)},
    )
    assert [each.modes for each in certificates.every_size(claim)] == [["value"], ["value"]]


def test_the_number_of_entries_stands_in_the_form_for_every_size() -> None:
    claim = Claim(
        id="mean",
        autodiff=Derivative(lambda x: jnp.mean(x * x), "gradient", wrt="x"),
        by_hand=lambda x: 2 * x / jnp.sum(jnp.ones_like(x)),
        domain={"x": domain.Reals("n")},
        sizes={"n": (2, 3)},
    )
    written, _ = certificates.closed(claim, {"n": 3}, first=True)
    forms = certificates.every_size(claim)
    assert any("the number of entries" in each.legend.values() for each in forms)
    assert (forms[0].modes[:2], forms[0].autodiff) == (["grad", "jacrev"], "(2*x_k)/((N1))")
    (beside,) = certificates.instantiated(written, forms, {"n": 3})
    ((_, autodiff, form),) = cases(certificates._file(claim, [beside], [], []))
    assert all(is_zero(left - right) for left, right in zip(autodiff, form, strict=True))
    # What speaks of no output, or has a name that is no argument's, is not written out.
    other = [replace(each, component="1[0]") for each in forms]
    assert certificates.instantiated(written, other, {"n": 3}) == []
    assert certificates._expanded("x_k*w0", {}, written[0].entries, 3, (0,)) is None


@pytest.mark.parametrize(
    ("other", "names"),
    [("x_0", {"x_0", "x_0_"}), ("v0_0", {"v0_0", "v0_0_"}), ("S1", {"S1", "S2"})],
    ids=["an entry and an argument", "an argument and a direction", "an argument and a sum"],
)
def test_two_things_have_two_names_in_the_form_for_every_size(other: str, names: set[str]) -> None:
    """Conflated, they would let a false form pass for what the program computes."""

    def powers(x: Any, first: int, rest: int) -> Any:
        """The first entry to one power, the others to another one."""
        return jnp.where(jnp.arange(x.shape[0]) == 0, x**first, x**rest)

    def total(x: Any, factor: Any) -> Any:
        return factor * jnp.sum(powers(x, 3, 2))

    def slope(x: Any, factor: Any) -> Any:
        return factor * jnp.where(jnp.arange(x.shape[0]) == 0, 3, 2) * powers(x, 2, 1)

    functions: dict[str, Any] = {
        "x_0": (lambda x, x_0: total(x, x_0), lambda x, x_0: slope(x, x_0)),
        "v0_0": (lambda x, v0_0: total(x, v0_0), lambda x, v0_0: slope(x, v0_0)),
        "S1": (lambda x, S1: total(x, S1), lambda x, S1: slope(x, S1)),
    }
    fn, by_hand = functions[other]
    claim = Claim(
        id="two-names",
        autodiff=Derivative(fn, "gradient", wrt="x"),
        by_hand=by_hand,
        domain={"x": domain.Reals("n"), other: domain.Reals("")},
        sizes={"n": (2, 3)},
    )
    forms = certificates.every_size(claim)
    assert forms
    assert any(names <= set(each.legend) for each in forms)
    written, _ = certificates.closed(claim, {"n": 2}, first=True)
    for beside in certificates.instantiated(written, forms, {"n": 2}):
        ((_, autodiff, form),) = cases(certificates._file(claim, [beside], [], []))
        assert all(is_zero(left - right) for left, right in zip(autodiff, form, strict=True))


def test_what_may_be_an_entry_of_one_argument_or_another_argument_is_not_written_out() -> None:
    entries = {"x": np.array(["a", "b"]), "x_0": np.array("c"), "x_y": np.array(["d", "e"])}
    assert certificates._expanded("x_k", {}, entries, 2, (1,)) == "(b)"
    assert certificates._expanded("x_1*x_y_k", {}, entries, 2, (0,)) == "(b)*(d)"
    assert certificates._expanded("x_0", {}, entries, 2, (0,)) is None
    square = {"x": np.array([["a", "b"], ["c", "d"]])}
    assert certificates._expanded("x_k_p", {}, square, 2, (0, 0, 1)) == "(b)"
    assert certificates._expanded("x_k_i", {}, square, 2, (0, 0, 1)) is None


def test_every_index_has_a_letter_of_its_own() -> None:
    from verify.engines.prove import index_letter

    letters = [index_letter(role) for role in range(-7, 8)]
    assert len(set(letters)) == len(letters)
    assert all(each.isidentifier() for each in letters)
    assert [index_letter(role) for role in (-2, -1, 0, 1, 2)] == ["l", "j", "k", "i", "p"]


def test_lines_are_called_as_no_argument_is() -> None:
    claim = Claim(
        id="called",
        autodiff=Derivative(lambda t, u, line: t * jnp.exp(u + line), "gradient", wrt="u"),
        by_hand=lambda t, u, line: t * jnp.exp(u + line),
        domain={"t": domain.Reals(""), "u": domain.Reals(""), "line": domain.Reals("")},
    )
    ((one,), _) = certificates.closed(claim, {}, first=True)
    names = [line.partition(" = ")[0] for side in (one.given, *one.lines) for line in side]
    assert names
    assert all(each.startswith("line_") and each.removeprefix("line_").isdigit() for each in names)
    assert not set(names) & set(one.symbols)


@pytest.mark.parametrize("arguments", [1, 2])
def test_a_cotangent_goes_to_every_argument_and_comes_from_every_output(arguments: int) -> None:
    def outputs(x: Any) -> Any:
        return x * x, 3 * x[0]

    def slopes(x: Any) -> Any:
        return jnp.diag(2 * x), jnp.stack([3 + 0 * x[0], 0 * x[0]])

    def product(x: Any, y: Any) -> Any:
        return x * y[0] + y[1]

    def factors(x: Any, y: Any) -> Any:
        return jnp.eye(2) * y[0], jnp.stack([x, jnp.ones_like(x)], axis=1)

    fn, by_hand = (outputs, slopes) if arguments == 1 else (product, factors)
    wrt = ("x", "y")[:arguments]
    claim = Claim(
        id="cotangents",
        autodiff=Derivative(fn, "jacobian", wrt=wrt),
        by_hand=by_hand,
        domain={name: domain.Reals("2") for name in wrt},
        sizes={},
    )
    written, without = certificates.closed(claim, {})
    assert without == []
    (backward,) = [each for each in written if each.mode == "vjp"]
    assert len(backward.autodiff) == len(backward.by_hand) == 2 * arguments
    ((_, autodiff, formula),) = cases(certificates._file(claim, [backward], [], []))
    assert all(is_zero(left - right) for left, right in zip(autodiff, formula, strict=True))


def test_what_begins_with_no_arguments_name_is_no_entry_of_one() -> None:
    entries = {"x": np.array(["a", "b"])}
    assert certificates._expanded("x_k", {}, entries, 2, (1,)) == "(b)"
    assert certificates._expanded("w_k", {}, entries, 2, (1,)) is None


def test_names_are_numbered_from_one_and_a_changed_one_is_explained() -> None:
    def softmax(x: Any, x_0: Any) -> Any:
        first = jnp.where(jnp.arange(x.shape[0]) == 0, 2 * x, x)
        return jnp.exp(first) / jnp.sum(jnp.exp(first)) * x_0 * jnp.sqrt(1 + jnp.sum(x * x))

    claim = Claim(
        id="numbered",
        autodiff=Derivative(lambda x, x_0: softmax(x, x_0), "value"),
        by_hand=lambda x, x_0: softmax(x, x_0) + 0 * x,
        domain={"x": domain.Reals("n"), "x_0": domain.Reals("")},
        sizes={"n": (2, 3)},
    )
    forms = certificates.every_size(claim)
    assert forms
    letters: set[str] = set()
    for form in forms:
        for letter in "eSNmf":
            numbers = [int(each[1:]) for each in form.legend if each[0] == letter and each[1:].isdigit()]
            assert sorted(numbers) == list(range(1, len(numbers) + 1)), form.legend
            letters |= {letter} if numbers else set()
        for name in form.legend:
            if name == "x_0_":
                assert form.legend[name] in ("of the argument x", "of the argument x_0")
    assert letters >= {"e", "S"}
    assert any("x_0_" in form.legend for form in forms)


def test_an_entry_of_one_argument_is_none_of_another_whose_name_begins_alike() -> None:
    claim = Claim(
        id="alike",
        autodiff=Derivative(lambda x, x_1: jnp.sum(x * x_1), "gradient", wrt="x"),
        by_hand=lambda x, x_1: x_1 + 0 * x,
        domain={"x": domain.Reals("n"), "x_1": domain.Reals("n")},
        sizes={"n": (2, 3)},
    )
    assert certificates.every_size(claim)
    assert cases(certificate(claim))
