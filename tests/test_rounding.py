"""Random programs, small trees of what is supported, beside the rounded reading: every float is one that it allows."""

import json
import sys
from pathlib import Path
from typing import Any

import jax
import numpy as np
import pytest
from hypothesis import given, seed, settings
from hypothesis import strategies as st

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "benchmarks"))

import exhaustive  # noqa: E402
from programs import BINARY, LEAVES, UNARY, Compared, Count, Tree, drawn, evaluate, inputs  # noqa: E402

from verify.formats import FORMATS  # noqa: E402
from verify.readings.budgets import Allowance  # noqa: E402

FLOATS = 10**6
DRAWS = 8
TREES: st.SearchStrategy[Tree] = st.recursive(
    st.sampled_from(LEAVES),
    lambda inner: st.one_of(
        st.tuples(st.sampled_from(sorted(UNARY)), inner), st.tuples(st.sampled_from(sorted(BINARY)), inner, inner)
    ),
    max_leaves=4,
)


@pytest.fixture(autouse=True)
def _promotion() -> Any:
    """Programs of users meet JAX's own rules."""
    with jax.numpy_rank_promotion("allow"), jax.numpy_dtype_promotion("standard"):
        yield


def _all_inside(count: Count, programs: int, start: int, *, every: bool) -> None:
    """Of so many random programs, run in every way or compiled for one point and for many."""

    @seed(start)
    @settings(max_examples=programs)
    @given(TREES, st.sampled_from(sorted(FORMATS)), st.sampled_from([2, 3, 5]), st.integers(0, 2**32 - 1))
    def inside(tree: Tree, name: str, n: int, number: int) -> None:
        form, rng = FORMATS[name], np.random.default_rng(number)
        compared = Compared(tree, form, n, count)
        for draw in range(DRAWS):
            assert not compared.outside(*inputs(rng, form, n), eager=every and draw == 0, every=every)

    inside()


def test_a_million_floats_of_random_programs_are_inside() -> None:
    count = Count()
    # To run a program in every way takes five times as long.
    _all_inside(count, 4, 0, every=True)
    while count.floats < FLOATS or count.programs < 16:
        _all_inside(count, 6, count.programs, every=False)
    # A ball that reaches to infinity says nothing; few do.
    assert count.claimed >= 0.9 * count.floats


@pytest.mark.parametrize("name", sorted(FORMATS))
def test_a_float_that_is_off_is_outside(name: str) -> None:
    form = FORMATS[name]
    compared = Compared(("tanh", ("multiply", "x", "y")), form, 2, Count())
    x, y = inputs(np.random.default_rng(0), form, 2)
    assert not compared.outside(x, y, every=False)
    honest = compared.batched
    # Off by 16 units in the last place, a factor or the sign: none of it is rounding.
    for wrong in (lambda v: v * (1 + 32 * form.unit_roundoff), lambda v: 2 * v, lambda v: -v):
        compared.batched = lambda *arrays, wrong=wrong: tuple(wrong(each) for each in honest(*arrays))
        said = compared.outside(x, y, every=False)
        assert f"{name}, vmap, compiled, 1000, component" in said
        assert "allowed [" in said


def test_only_one_way_of_computing_that_is_off_is_found_too() -> None:
    form = FORMATS["float32"]
    compared = Compared(("softmax", "x"), form, 3, Count())
    x, y = inputs(np.random.default_rng(1), form, 3)
    honest = compared.single
    compared.single = lambda *arrays: tuple(each * (1 + 2.0**-16) for each in honest(*arrays))
    assert "float32, compiled, component" in compared.outside(x, y, every=False)


def test_trees_are_drawn_of_everything_there_is() -> None:
    rng = np.random.default_rng(2)
    said = str([drawn(rng, 3) for _ in range(400)])
    assert all(f"'{each}'" in said for each in (*UNARY, *BINARY, *LEAVES))


def test_evaluated_as_it_reads() -> None:
    x, y = np.array([1.0, -2.0]), np.array([3.0, 0.5])
    tree: Tree = ("add", ("square", "x"), ("multiply", "x", ("negative", "y")))
    np.testing.assert_array_equal(evaluate(tree, x, y), x**2 - x * y)


# --- what `nox -s exhaustive -- --docs` found ------------------------------------------------------------------------


def test_the_page_is_what_was_measured_and_what_is_allowed() -> None:
    record = json.loads(exhaustive.RECORD.read_text(encoding="utf-8"))
    assert exhaustive.PAGE.read_text(encoding="utf-8") == exhaustive.page(record), "nox -s exhaustive -- --docs"
    assert record["part"] == [0, 1]
    assert record["programs"]["floats"] >= 10**8
    assert record["programs"]["outside"] == 0


def test_a_budget_that_is_passed_is_named(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    table = dict(exhaustive.BUDGETS["float16"])
    table["tanh"] = Allowance(0.25)
    monkeypatch.setitem(exhaustive.BUDGETS, "float16", table)
    monkeypatch.setattr(exhaustive, "REFERENCE", {"tanh": np.tanh})
    monkeypatch.setattr(exhaustive, "ORDINALS", 100)
    monkeypatch.setattr(sys, "argv", ["exhaustive.py", "--only", "functions", "--part", "0/4096"])
    assert exhaustive.main() == 1
    said = capsys.readouterr().err
    assert "tanh in float16 passes its budget at" in said
    assert "float32" not in said


def test_nothing_is_claimed_of_zero_times_a_function_without_a_budget() -> None:
    import verify

    assert not verify.allowed(lambda x: 0.0 * jax.lax.lgamma(x), 2.5).item().is_finite()


def test_sums_may_be_off_by_what_each_addition_rounds_or_flushes() -> None:
    import jax.numpy as jnp

    import verify

    ones = verify.allowed(jnp.sum, [1.0] * 1000, dtype="bfloat16").item()
    assert ones.rad() > 1000 * (2.0**-8 + 999 * 2.0**-24)
    assert verify.allowed(jnp.sum, [2.0**-126] * 3, dtype="float32").item().contains(0)
    half = (2.0**128 - 2.0**104) / 2
    assert not verify.allowed(jnp.sum, [half, -half], dtype="float32").item().is_finite()
