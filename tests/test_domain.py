"""Regions contain what they hand out, exactly, and refuse what lies a hair outside; bad claims say what is wrong."""

import math
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from verify.claim import Claim, ClaimError, Derivative, Source, Status, UnsupportedPrimitive, collecting
from verify.domain import (
    Constant,
    Interval,
    Labels,
    Logits,
    Nonzero,
    OneHot,
    Positive,
    Reals,
    Region,
    Saturated,
    Simplex,
    region_leaves,
    resolve,
    size_names,
)
from verify.engines import BUDGETS, enclose
from verify.engines.case import Case
from verify.formats import FLOAT32, FLOAT64, FORMATS
from verify.program import trace

REGIONS: dict[str, Region] = {
    "reals": Reals("n"),
    "nonzero": Nonzero("n"),
    "positive": Positive("n"),
    "interval": Interval("n", -0.5, 2.0),
    "interval of small numbers": Interval("n", 2.0**-40, 2.0**-30),
    "interval of one number": Interval("n", 3.0, 3.0),
    "interval with ends no format has": Interval("n", 0.1, 0.7),
    "logits": Logits("n"),
    "saturated": Saturated("n", winner=0, gap=3.0),
    "saturated anywhere": Saturated("n", gap=40.0),
    "saturated by an odd gap": Saturated("n", winner=1, gap=math.log(2.0)),
    "saturated by much": Saturated("n", winner=0, gap=700.0),
    "simplex": Simplex("n"),
    "one-hot": OneHot("n"),
    "one-hot at one": OneHot("n", 1),
    "labels": Labels("n", 4),
}
every_region = pytest.mark.parametrize("region", REGIONS.values(), ids=REGIONS.keys())


_NO_MEMBER = "float16 has no number in this interval, and zero is drawn instead"


@pytest.mark.parametrize(
    ("label", "name"),
    [
        pytest.param(
            label,
            name,
            id=f"{label}, {name}",
            marks=[pytest.mark.xfail(strict=True, reason=_NO_MEMBER)]
            if (label, name) == ("interval of small numbers", "float16")
            else [],
        )
        for label in REGIONS
        for name in FORMATS
    ],
)
def test_regions_contain_their_draws(label: str, name: str) -> None:
    region = REGIONS[label]
    form, rng = FORMATS[name], np.random.default_rng(3)
    for n in (2, 3, 10):
        for family in region.families:
            for index in range(9):
                value = region.draw(family, index, (n,), form, rng)
                assert value.shape == (n,)
                assert region.contains(value), (family, index, value)
                if not region.integer:
                    assert (form.round(value) == value).all(), "every entry is a number of the format"


@every_region
def test_regions_of_several_rows_contain_their_draws(region: Region) -> None:
    rng = np.random.default_rng(4)
    for family in region.families:
        value = region.draw(family, 0, (3, 2, 4), FLOAT32, rng)
        assert value.shape == (3, 2, 4)
        assert region.contains(value)


@every_region
def test_regions_contain_what_hypothesis_draws(region: Region) -> None:
    @settings(max_examples=60)
    @given(st.one_of(region.strategy((2,)), region.strategy((5,)), region.strategy((2, 3))))
    def check(value: np.ndarray) -> None:
        assert region.contains(value), value

    check()


@every_region
def test_signs_of_a_region_are_those_of_its_draws(region: Region) -> None:
    rng = np.random.default_rng(5)
    for family in region.families:
        for index in range(6):
            drawn = region.draw(family, index, (4,), FLOAT64, rng)
            assert {int(each) for each in np.sign(drawn)} <= region.signs


@every_region
def test_draws_depend_on_their_seed_alone(region: Region) -> None:
    once, again = (
        [region.draw(family, 1, (4,), FLOAT64, np.random.default_rng(8)) for family in region.families]
        for _ in range(2)
    )
    assert all((a == b).all() for a, b in zip(once, again, strict=True))


@every_region
@pytest.mark.parametrize("shape", [(1,), (4,), (2, 3)])
def test_what_is_moved_is_another_array_of_the_kind(region: Region, shape: tuple[int, ...]) -> None:
    """Often a member; a third of all moves is enough to walk, where there is more than one member."""
    rng = np.random.default_rng(6)
    value = region.draw("generic", 0, shape, FLOAT64, rng)
    before = value.copy()
    moves = [region.moved(value, rng) for _ in range(200)]
    assert (value == before).all()
    assert all(each.shape == value.shape and each.dtype == value.dtype for each in moves)
    members = [each for each in moves if region.contains(each)]
    others = [each for each in members if (each != value).any()]
    fixed = isinstance(region, Interval) and region.lo == region.hi
    if fixed or (isinstance(region, OneHot) and region.index is not None) or (shape[-1] == 1 and region.facts.total):
        assert not others
    else:
        assert len(others) > 60


def test_a_constant_and_what_has_no_entries_stay_where_they_are() -> None:
    rng = np.random.default_rng(6)
    assert (Constant([1.0, 2.0]).moved(np.array([1.0, 2.0]), rng) == [1.0, 2.0]).all()
    for region in (Reals("n"), Simplex("n"), Positive("n")):
        for _ in range(20):
            assert region.moved(np.zeros((0,)), rng).shape == (0,)
    assert Simplex("").moved(np.array(1.0), rng) == 1


@pytest.mark.parametrize("region", [Reals("n"), Logits("n"), Simplex("n"), Saturated("n", 0, 1.0)], ids=repr)
def test_a_class_axis_of_one_is_allowed(region: Region) -> None:
    for family in region.families:
        value = region.draw(family, 0, (1,), FLOAT64, np.random.default_rng(0))
        assert value.shape == (1,)
        assert region.contains(value)


def test_scalars_have_no_axis() -> None:
    for region in (Reals(""), Positive(""), Interval("", 0.0, 1.0), Labels("", 3)):
        value = region.draw(region.families[0], 0, (), FLOAT64, np.random.default_rng(0))
        assert value.shape == ()
        assert region.contains(value)


@pytest.mark.parametrize("name", list(FORMATS))
def test_targets_sum_to_one_as_real_numbers(name: str) -> None:
    region, rng = Simplex("n"), np.random.default_rng(6)
    for n in (2, 3, 7, 100):
        for family in region.families:
            for index in range(10):
                value = region.draw(family, index, (n,), FORMATS[name], rng)
                assert sum(map(Fraction, value.tolist()), Fraction(0)) == 1
                assert min(value) >= 0


def test_tiny_targets_are_tiny_and_vertices_are_vertices() -> None:
    rng = np.random.default_rng(7)
    assert min(Simplex("n").draw("tiny", 0, (4,), FLOAT64, rng)) < 2.0**-30
    assert max(Simplex("n").draw("near-vertex", 8, (4,), FLOAT64, rng)) > 1 - 2.0**-30
    assert sorted(Simplex("n").draw("vertex", 2, (3,), FLOAT64, rng).tolist()) == [0.0, 0.0, 1.0]


def test_logits_reach_ties_shifts_spread_and_saturation() -> None:
    rng, region = np.random.default_rng(9), Logits("n")
    tied = region.draw("tied", 0, (4,), FLOAT64, rng)
    assert len(set(tied.tolist())) == 1
    pair = np.sort(region.draw("pair-tied", 0, (4,), FLOAT64, rng))
    assert pair[-1] == pair[-2]
    assert abs(region.draw("shifted", 0, (4,), FLOAT64, rng)).min() > 9e5
    gaps = [np.diff(np.sort(region.draw("saturated", index, (3,), FLOAT64, rng))[-2:])[0] for index in range(8)]
    assert max(gaps) >= 700
    assert max(np.ptp(region.draw("spread", index, (20,), FLOAT64, rng)) for index in range(6)) > 50


def _up(value: float) -> float:
    return math.nextafter(value, math.inf)


def _down(value: float) -> float:
    return math.nextafter(value, -math.inf)


@pytest.mark.parametrize(
    ("region", "inside", "outside"),
    [
        (Reals("n"), [0.0, -1e300], [0.0, math.nan]),
        (Reals("n"), [0.0, 5e-324], [0.0, math.inf]),
        (Nonzero("n"), [-1.0, 5e-324], [-1.0, 0.0]),
        (Nonzero("n"), [1.0, 1.0], [1.0, -0.0]),
        (Positive("n"), [5e-324, 1.0], [0.0, 1.0]),
        (Positive("n"), [1.0, 1.0], [-5e-324, 1.0]),
        (Interval("n", -0.5, 2.0), [-0.5, 2.0], [_down(-0.5), 2.0]),
        (Interval("n", -0.5, 2.0), [0.0, 2.0], [0.0, _up(2.0)]),
        (Logits("n"), [1e6, -1e6], [1e6, -math.inf]),
        (Saturated("n", 0, 3.0), [3.0, 0.0], [_down(3.0), 0.0]),
        (Saturated("n", 0, 3.0), [4.0, 1.0], [1.0, 4.0]),
        (Saturated("n", "any", 3.0), [1.0, 4.0], [1.0, _down(4.0)]),
        (Saturated("n", 0, 0.1), [0.1, 0.0], [0.3, 0.2]),  # 0.3 - 0.2 rounds to 0.1 in decimals only
        (Simplex("n"), [0.5, 0.5], [0.5, 0.5 - 2.0**-54]),
        (Simplex("n"), [1.0, 0.0], [1.0, 2.0**-60]),
        (Simplex("n"), [0.25, 0.75], [0.25, 0.7]),
        (Simplex("n"), [1.0, 0.0], [1.5, -0.5]),
        (Simplex("n"), [0.0, 1.0], [math.nan, 1.0]),
        (Simplex("n"), [0.25, 0.25, 0.5], [0.1, 0.2, 0.7]),  # sums to 1.0 in floats
        (OneHot("n"), [0.0, 1.0], [0.0, 0.0]),
        (OneHot("n"), [1.0, 0.0], [1.0, 1.0]),
        (OneHot("n"), [1.0, 0.0], [_up(1.0), 0.0]),
        (OneHot("n", 0), [1.0, 0.0], [0.0, 1.0]),
        (Constant([1.0, 0.1]), [1.0, 0.1], [1.0, _up(0.1)]),
    ],
)
def test_a_hair_outside_is_refused(region: Region, inside: list[float], outside: list[float]) -> None:
    assert region.contains(np.array(inside))
    assert not region.contains(np.array(outside))


def test_labels_are_whole_numbers_in_range() -> None:
    region = Labels("n", "classes").bind({"classes": 3})
    assert region.below == 3
    assert region.contains(np.array([0, 2]))
    assert not region.contains(np.array([0, 3]))
    assert not region.contains(np.array([-1, 0]))
    with pytest.raises(TypeError, match="needs its sizes: call bind first"):
        Labels("n", "classes").contains(np.array([0]))


def test_constants_take_their_shape_from_the_value() -> None:
    assert Constant(0.3).shape == ""
    region = Constant([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
    assert region.shape == "2 3"
    drawn = region.draw("generic", 0, (2, 3), FORMATS["bfloat16"], np.random.default_rng(0))
    assert drawn.tolist() == [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]
    assert region.signs == {1}
    assert Constant([0.0, -2.0]).signs == {0, -1}


def test_an_interval_without_members_is_refused() -> None:
    with pytest.raises(ValueError, match=r"Interval\('n', 2.0, 1.0\) is empty: lo must not exceed hi"):
        Interval("n", 2.0, 1.0)
    with pytest.raises(ValueError, match="is empty"):
        Interval("n", math.nan, 1.0)


@pytest.mark.parametrize("gap", [-0.5, math.nan, math.inf])
def test_a_winner_that_trails_is_refused(gap: float) -> None:
    with pytest.raises(ValueError, match="the gap must be at least 0"):
        Saturated("n", gap=gap)


def test_shapes_are_products_of_names_and_numbers() -> None:
    assert resolve("t 2*n 3", {"t": 5, "n": 4}) == (5, 8, 3)
    assert resolve("", {}) == ()
    assert size_names(Reals("t 2*n*m 3")) == ["t", "n", "m"]
    assert size_names(Labels("n", "classes")) == ["n", "classes"]
    with pytest.raises(ValueError, match="the shape 'n-1' cannot be read"):
        size_names(Reals("n-1"))


def test_leaves_of_a_tree_come_in_the_order_of_jax() -> None:
    tree = {"w": Reals("n"), "b": [Positive("n"), (Nonzero("n"), Logits("n"))]}
    names = [type(leaf).__name__ for leaf in region_leaves(tree)]
    wanted = jax.tree.leaves(tree, is_leaf=lambda each: isinstance(each, Region))
    assert names == [type(leaf).__name__ for leaf in wanted] == ["Positive", "Nonzero", "Logits", "Reals"]


# ---------------------------------------------------------------------------------------------------------------
# Claims that cannot be right say so when they are built; those that must be traced first, then.


def _loss(x: Any, y: Any) -> Any:
    return 0.5 * jnp.sum((jnp.tanh(x) - y) ** 2)


def _gradient(x: Any, y: Any) -> Any:
    t = jnp.tanh(x)
    return (t - y) * (1 - t**2)


def _claim(**changed: Any) -> Claim:
    fields: dict[str, Any] = {
        "id": "tanh.squared-error",
        "autodiff": Derivative(_loss, "gradient", "x"),
        "by_hand": _gradient,
        "domain": {"x": Reals("n"), "y": Reals("n")},
        "sizes": {"n": (2, 3)},
    }
    return Claim(**{**fields, **changed})


def test_a_good_claim_is_taken() -> None:
    claim = _claim(source=Source("notebook", "page 3"))
    assert claim.statement == "tanh.squared-error"
    assert claim.place[0].endswith("test_domain.py")
    assert [leaf.shape for leaf in claim.leaves()] == ["n", "n"]
    assert _claim(sizes=[{"n": 2}, {"n": 5}]).choices() == [{"n": 2}, {"n": 5}]
    many = _claim(domain={"x": Reals("n"), "y": Reals("n")}, sizes={"n": tuple(range(1, 40))})
    assert len(many.choices()) == 24


_UNKNOWN: Any = "slope"
BUILT: list[tuple[dict[str, Any], str]] = [
    ({"id": "Tanh Loss"}, "the id has illegal characters: expected lower-case letters, digits and hyphens"),
    ({"id": "tanh..loss"}, "the id has illegal characters"),
    ({"id": 7}, "the id has illegal characters"),
    ({"autodiff": _loss}, "autodiff must be a Derivative"),
    ({"autodiff": Derivative(_loss, _UNKNOWN, "x")}, "kind 'slope' is unknown: expected one of value, gradient"),
    ({"relation": "<"}, "relation '<' is unknown: expected one of ==, <=, >=, abs<="),
    ({"expect": "HOLDS"}, "expect must be Status.HOLDS or Status.FAILS"),
    ({"source": "notebook"}, "source must be a Source"),
    ({"domain": [Reals("n")]}, "domain must map each argument to a region"),
    ({"by_hand": 3.0}, "by_hand must be a function, found float"),
    ({"stable": 3.0}, "stable must be a function, found float"),
    ({"domain": {"x": Reals("n")}}, "autodiff takes x, y but domain has no region for y"),
    ({"by_hand": lambda a, b: a * b}, "other argument names?"),
    ({"by_hand": lambda x: x}, "domain names y, which by_hand does not take"),
    ({"where": lambda z: z > 0}, "where takes z, which domain does not name"),
    ({"domain": {"x": Reals("n"), "y": Reals("m")}}, "unknown size name 'm' in the domain: sizes names n"),
    ({"domain": {"x": Reals("n-1"), "y": Reals("n")}}, "the shape 'n-1' cannot be read"),
    ({"domain": {"x": Reals("n"), "y": 3.0}}, "the region of 'y' must come from verify.domain, found float"),
    ({"autodiff": Derivative(_loss, "gradient")}, "wrt is missing: name the argument that the gradient is taken by"),
    ({"autodiff": Derivative(_loss, "gradient", "z")}, "wrt names z, but the arguments are x, y"),
    ({"autodiff": Derivative(_loss, "value", "x")}, "wrt must be left out for kind 'value'"),
    ({"autodiff": Derivative(_loss, "value"), "by_hand": _loss}, "both sides are the same program"),
    (
        {"domain": {"x": Labels("n", 3), "y": Reals("n")}},
        "'x' holds whole numbers, which JAX does not differentiate by",
    ),
    ({"sizes": {"n": 3}}, "sizes['n'] must list at least one size, such as (2, 3), found 3"),
    ({"sizes": {"n": ()}}, "sizes['n'] must list at least one size"),
    ({"sizes": {"n": (0,)}}, "sizes['n'] must be whole numbers of at least 1, found 0"),
    ({"sizes": {"n": (2.5,)}}, "sizes['n'] must be whole numbers of at least 1, found 2.5"),
    ({"sizes": []}, "sizes lists no choice"),
    ({"sizes": [{"n": 2}, {"n": -1}]}, "sizes must be whole numbers of at least 1, found -1"),
    ({"sizes": [{"n": 2}, {"m": 2}]}, "unknown size name 'n' in the domain"),
]


@pytest.mark.parametrize(
    ("changed", "phrase"), BUILT, ids=[f"{k}: {phrase[:40]}" for k, (_, phrase) in enumerate(BUILT)]
)
def test_a_bad_claim_is_refused_when_it_is_built(changed: dict[str, Any], phrase: str) -> None:
    with pytest.raises(ClaimError) as caught:
        _claim(**changed)
    assert phrase in str(caught.value)
    assert str(changed.get("id", "tanh.squared-error")) in str(caught.value), "the message names the claim"


def test_bad_claims_are_listed_while_a_file_is_read() -> None:
    with collecting() as found:
        _claim(id="Bad Id")
        _claim(relation="<")
        _claim()
    assert ["illegal characters" in str(error) for _, error in found] == [True, False]
    assert [claim.relation for claim, _ in found] == ["==", "<"]


@jax.custom_jvp
def _softsign(x: Any) -> Any:
    return x / (1 + jnp.abs(x))


_softsign.defjvp(lambda primals, tangents: (_softsign(primals[0]), tangents[0]))


def _raises(x: Any, y: Any) -> Any:
    raise RuntimeError("no such formula")


TRACED: list[tuple[dict[str, Any], tuple[str, ...]]] = [
    ({"by_hand": lambda x, y: jnp.sum(x * y)}, ("by_hand returns shape (), expected (2,)", "not broadcast to fit")),
    ({"by_hand": lambda x, y: _gradient(x, y)[:, None]}, ("by_hand returns shape (2, 1), expected (2,)",)),
    ({"by_hand": lambda x, y: (x, y)}, ("by_hand returns 2 arrays, expected 1",)),
    ({"by_hand": lambda x, y: x > y}, ("by_hand returns bool, expected floats",)),
    ({"by_hand": _raises}, ("by_hand raised RuntimeError at", "test_domain.py", "no such formula")),
    ({"autodiff": Derivative(_raises, "gradient", "x")}, ("autodiff raised RuntimeError at", "no such formula")),
    ({"stable": _raises}, ("stable raised RuntimeError", "no such formula")),
    (
        {"autodiff": Derivative(lambda x, y: x * y, "gradient", "x")},
        ("the gradient needs a function with one scalar result, found shape (2,)",),
    ),
    (
        {"autodiff": Derivative(lambda x, y: jnp.sum(_softsign(x) * y), "gradient", "x")},
        ("calls _softsign", "custom_jvp rule written by hand", "custom_rules=True"),
    ),
    (
        {"by_hand": lambda x, y: jax.grad(_loss)(x, y)},
        ("by_hand and autodiff (grad) are the same program", "without jax.grad"),
    ),
    (
        {"autodiff": Derivative(lambda x, y: (_loss(x, y), jnp.sum(y)), "gradient", "x")},
        ("the gradient needs a function with one scalar result, found shape (), ()",),
    ),
]


@pytest.mark.parametrize(
    ("changed", "phrases"), TRACED, ids=[f"{k}: {phrases[0][:40]}" for k, (_, phrases) in enumerate(TRACED)]
)
def test_a_bad_claim_is_refused_when_it_is_traced(changed: dict[str, Any], phrases: tuple[str, ...]) -> None:
    with pytest.raises(ClaimError) as caught:
        trace(_claim(**changed), {"n": 2}, FLOAT64)
    for phrase in ("tanh.squared-error", *phrases):
        assert phrase in str(caught.value)


def test_rules_may_be_the_subject() -> None:
    allowed = _claim(
        autodiff=Derivative(lambda x, y: jnp.sum(_softsign(x) * y), "gradient", "x"),
        by_hand=lambda x, y: 1 * y,
        custom_rules=True,
    )
    subject = trace(allowed, {"n": 2}, FLOAT64)
    assert {program.name for program in subject.modes} == {"grad", "jacrev", "jacfwd", "jvp", "vjp"}


def _verdict(**changed: Any) -> Any:
    return enclose.check(Case(_claim(**changed), BUDGETS["quick"], 0))


@pytest.mark.parametrize(
    "by_hand",
    [
        lambda x, y: _gradient(x, y) + jnp.log(-jnp.ones_like(x)),
        lambda x, y: jnp.where(x < 0, jnp.nan, _gradient(x, y)),
        lambda x, y: jnp.where(x < -5, jnp.sqrt(x), _gradient(x, y)),
        lambda x, y: jnp.where(x < 1e5, _gradient(x, y), jnp.inf),
        lambda x, y: _gradient(x, y) * (x / x),
    ],
    ids=["everywhere", "for negative inputs", "for few inputs", "for no input", "at zero"],
)
def test_a_hidden_nan_never_holds(by_hand: Callable[..., Any]) -> None:
    verdict = _verdict(by_hand=by_hand)
    assert verdict.status is Status.UNKNOWN
    assert verdict.reason


def test_nan_is_said_to_be_no_real_number() -> None:
    verdict = _verdict(by_hand=lambda x, y: jnp.where(x < 0, jnp.nan, _gradient(x, y)))
    assert "formula is not a real number at x = [" in verdict.reason


def test_nothing_is_allocated_before_sizes_are_checked() -> None:
    verdict = _verdict(sizes={"n": (10**9,)})
    assert verdict.status is Status.UNKNOWN
    assert verdict.checked == 0
    assert "n = 1000000000 has more than 2,000,000 entries, which --budget quick allows" in verdict.reason
    assert verdict.seconds < 1


def test_an_unsupported_primitive_is_unknown_and_named() -> None:
    verdict = _verdict(
        autodiff=Derivative(lambda x, y: jnp.sum(jax.scipy.linalg.schur(jnp.outer(x, y))[0]), "value"),
        by_hand=lambda x, y: jnp.sum(x),
    )
    assert verdict.status is Status.UNKNOWN
    assert "primitive 'schur' is not supported by the exact reading" in verdict.reason
    assert "verify/readings/exact.py" in verdict.reason
    error = UnsupportedPrimitive("sort", "exact", "mine.py:3")
    assert "(used at mine.py:3)" in str(error)
