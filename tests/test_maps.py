"""Maps: classes of cells, lines by hand, thresholds; beside each right line a wrong one that must not hold."""

import contextlib
import functools
import importlib
import io
import json
import math
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from mpmath import mp

from verify import ClaimError, sweep
from verify.claim import Status
from verify.cli import call
from verify.formats import FORMATS
from verify.loader import load
from verify.maps import (
    ALIVE,
    CANCELLED,
    CLASSES,
    NON_FINITE,
    SMALL,
    UNDECIDED,
    UNDERFLOWED,
    Axis,
    Boundary,
    Bounds,
    Map,
    Quantity,
    Threshold,
    spaced,
)
from verify.pages.maps import maps_page, thresholds_page
from verify.results import Results, encode, map_row, threshold_rows
from verify.sweeps import Finding, MapError, Sweep, check_thresholds
from verify.sweeps.judge import classes

FLOAT64 = FORMATS["float64"]
GAPS = tuple(float(gap) for gap in range(0, 44, 2))


def loss(x: Any, y: Any) -> Any:
    return 0.5 * jnp.sum((jax.nn.softmax(x) - y) ** 2)


def point(gap: Any, right: Any) -> Mapping[str, Any]:
    return {"x": jnp.stack([gap, jnp.zeros_like(gap)]), "y": jnp.stack([right, 1 - right])}


def small_line(offset: float) -> Boundary:
    return Boundary(
        name="small",
        quantity="loss",
        event="small",
        along="gap",
        begins=lambda: jnp.log(2.0 / 1e-3) + offset,
        not_before=lambda: jnp.log(2.0 / 1e-3) + offset - 0.1,
        where=lambda right: right == 0,
    )


def a_map(**changes: Any) -> Map:
    given: dict[str, Any] = {
        "id": "made-up.plane",
        "title": "Made up",
        "axes": (Axis(name="gap", values=GAPS, unit="nats"), Axis(name="right", values=(0.0, 1.0))),
        "point": point,
        "quantities": {"loss": Quantity(fn=loss, wrt="x")},
        "formats": ("float64", "float32"),
        "boundaries": (small_line(0.0),),
    }
    return Map(**{**given, **changes})


# --- classes ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("values", "true", "expected"),
    [
        ([0.5, -0.5], [0.5, -0.5], ALIVE),
        ([0.5, -0.46], [0.5, -0.5], ALIVE),
        ([0.5, -0.44], [0.5, -0.5], CANCELLED),
        ([1e-4, -1e-4], [1e-4, -1e-4], SMALL),
        ([0.0, -1e-4], [1e-4, -1e-4], CANCELLED),
        ([0.0, 0.0], [1e-4, -1e-4], CANCELLED),
        ([0.0, 0.0], ["1e-400", "-1e-400"], UNDERFLOWED),
        ([1e-300, -1e-300], ["1e-300", "-1e-300"], SMALL),
        ([math.inf, 0.0], [1.0, -1.0], NON_FINITE),
        ([math.nan, 0.0], ["1e-400", 0], NON_FINITE),
        ([0.0, 0.0], [0, 0], SMALL),
        ([1e-17, 0.0], [0, 0], CANCELLED),
        ([0.5, 1e-9], [0.5, "1e-200"], ALIVE),
    ],
)
def test_a_cell_has_the_class_that_its_float_deserves(values: list[float], true: list[Any], expected: int) -> None:
    with mp.workdps(30):
        exact = [mp.mpf(each) for each in true]
        sign = np.array([[float(mp.sign(each)) for each in exact]])
        log = np.array([[float(mp.log(abs(each))) if each else -math.inf for each in exact]])
    for xp in (np, jnp):
        with jax.enable_x64(True):
            codes, _ = classes(xp, xp.asarray([values]), xp.asarray(sign), xp.asarray(log), FLOAT64, 1e-3)
        assert CLASSES[int(codes[0])] == CLASSES[expected]


def test_a_true_value_that_is_not_told_from_zero_is_unknown_not_alive() -> None:
    codes, _ = classes(np, np.array([[1.0]]), np.array([[np.nan]]), np.array([[np.nan]]), FLOAT64, 1e-3)
    assert codes[0] == UNDECIDED


def test_agreement_of_floats_is_not_life_both_are_wrong_at_forty_nats() -> None:
    codes = judged().classes["loss", "float64"]
    near, far = GAPS.index(2.0), GAPS.index(40.0)
    assert CLASSES[codes[near, 0]] == "alive"
    assert CLASSES[codes[far, 0]] == CLASSES[codes[far, 1]] == "cancelled"


# --- lines by hand -----------------------------------------------------------------------------------------------


def bounds(name: str, factor: Any) -> Bounds:
    """The largest component, where the prediction is wrong, is at most its own formula times a factor."""
    return Bounds(
        name=name,
        quantity="loss",
        high=lambda gap: factor(gap) * 2 * jnp.exp(-gap) / (1 + jnp.exp(-gap)) ** 3,
        where=lambda right: right == 0,
    )


LINES = (
    *(replace(small_line(offset), name=name) for name, offset in (("true", 0.0), ("late", 3.0), ("early", -3.0))),
    replace(small_line(0.0), name="nowhere", not_before=lambda: -1.0, begins=lambda: 1000.0),
    replace(small_line(0.0), name="of no row", where=lambda right: right > 7),
    Boundary(name="never", quantity="loss", event="lost", along="gap", begins=lambda: float("inf")),
    bounds("attained", lambda gap: 1.0),
    bounds("one percent less", lambda gap: 0.99),
    bounds("less than a float can show", lambda gap: 1 - jnp.exp(-200 * jnp.ones_like(gap))),
)


@functools.cache
def judged() -> Sweep:
    """One map, swept once, with all of the lines."""
    return sweep(a_map(boundaries=LINES))


def findings(name: str) -> list[Finding]:
    """What was found of one line, in each format."""
    found = [each for each in judged().findings if each.name == name]
    assert [each.format for each in found] == ["float64", "float32"]
    return found


@pytest.mark.parametrize(
    ("name", "status"), [("true", Status.HOLDS), ("late", Status.FAILS), ("early", Status.FAILS)], ids=str
)
def test_a_line_that_lies_elsewhere_fails_and_names_the_cell(name: str, status: Status) -> None:
    found = findings(name)
    assert [each.status for each in found] == [status, status]
    assert all(("at gap = " in each.reason) == (status is Status.FAILS) for each in found)


@pytest.mark.parametrize("name", ["nowhere", "of no row"])
def test_a_line_without_a_cell_on_either_side_is_unknown(name: str) -> None:
    assert {each.status for each in findings(name)} == {Status.UNKNOWN}


def test_never_means_at_no_cell() -> None:
    assert {each.status for each in findings("never")} == {Status.FAILS}


@pytest.mark.parametrize(("name", "status"), [("attained", Status.HOLDS), ("one percent less", Status.FAILS)])
def test_bounds_are_decided_with_as_many_bits_as_it_takes(name: str, status: Status) -> None:
    (found,) = [each for each in judged().findings if each.name == name]
    assert found.status is status
    assert found.checked == len(GAPS)


def test_a_bound_too_low_by_less_than_a_float_can_show_fails() -> None:
    (found,) = [each for each in judged().findings if each.name == "less than a float can show"]
    assert found.status is Status.FAILS


def test_values_are_held_against_bounds_too_and_nan_never_passes() -> None:
    def steps(gap: Any, right: Any) -> Any:
        return jnp.where(gap < 40, gap + right, jnp.nan)

    value = {"loss": Quantity(fn=steps)}
    plain = {"point": lambda gap, right: {"gap": gap, "right": right}, "quantities": value}
    low = Bounds(name="low", quantity="loss", low=lambda gap: gap, where=lambda gap: gap < 40)
    (found,) = sweep(a_map(**plain, boundaries=(low,))).findings
    assert found.status is Status.HOLDS
    (found,) = sweep(a_map(**plain, boundaries=(replace(low, where=None),))).findings
    assert found.status is not Status.HOLDS
    (found,) = sweep(a_map(**plain, boundaries=(replace(low, low=lambda gap: gap + 0.5),))).findings
    assert found.status is Status.FAILS


# --- true values -------------------------------------------------------------------------------------------------


def test_true_values_are_those_of_sixty_digits() -> None:
    found = sweep(a_map(axes=(Axis(name="gap", values=(1.0, 350.0, 800.0)), Axis(name="right", values=(0.0, 1.0)))))
    truth = found.truth["loss", "float64"]
    with mp.workdps(800):
        for row, gap in enumerate((1, 350, 800)):
            u = mp.exp(-gap)
            for column, value in enumerate((2 * u / (1 + u) ** 3, 2 * u**2 / (1 + u) ** 3)):
                assert abs(truth[row, column] - float(mp.log(value))) <= 1e-9 * max(1, gap)
    assert CLASSES[found.classes["loss", "float64"][2, 0]] == "underflowed"


OF_A_SUM = """
import numpy as np
from test_maps import a_map
from verify import Axis, Quantity
from verify.formats import FORMATS
from verify.sweeps import grid

quantity = Quantity(fn=lambda a, b: a * b + b)
axes = (Axis(name="a", values=tuple(np.arange(1, 2, 2.0**-10).tolist())), Axis(name="b", values=(1.1, 1.7)))
given = a_map(axes=axes, point=lambda a, b: {"a": a, "b": b}, quantities={"sum": quantity}, boundaries=())
form = FORMATS["float16"]
program = grid.trace(given, grid.quantity_function(given, quantity, {}), form, "sum")
tiles = grid.run([program], grid.cells(given, form), form)
print([float(value) for _, (tile,) in tiles for value in tile.ravel()])
"""


def test_floats_of_maps_are_the_same_with_and_without_arithmetic_in_float16() -> None:
    with contextlib.redirect_stdout(io.StringIO()) as mine:
        exec(compile(OF_A_SUM, "of a sum", "exec"), {"__name__": "of_a_sum"})
    narrow = {"PYTHONPATH": str(Path(__file__).parent), "XLA_FLAGS": "--xla_cpu_max_isa=AVX2"}
    other = subprocess.run(
        [sys.executable, "-c", OF_A_SUM], env={**os.environ, **narrow}, capture_output=True, text=True, check=True
    )
    printed = mine.getvalue(), other.stdout
    assert printed[0] == printed[1]
    a, b = np.meshgrid(
        np.arange(1, 2, 2.0**-10).astype(np.float16), np.array([1.1, 1.7]).astype(np.float16), indexing="ij"
    )
    # Rounded twice, and not once as one instruction for both does where a processor has it.
    assert json.loads(printed[0]) == (a * b + b).ravel().tolist()
    assert json.loads(printed[0]) != (a.astype(float) * b + b).astype(np.float16).ravel().tolist()


def slogarithm(x: Any, y: Any) -> Any:
    gap = x[0] - x[1]
    size = jnp.log(2.0) - gap - 3 * jnp.log1p(jnp.exp(-gap))
    return jnp.array([1.0, -1.0]), jnp.stack([size, size])


def test_a_stable_form_takes_over_where_there_are_too_many_cells_and_is_checked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    quantity = Quantity(fn=loss, wrt="x", stable=slogarithm)
    given = a_map(
        axes=(Axis(name="gap", values=spaced(0.0, 50.0, 101)),),
        point=lambda gap: point(gap, jnp.zeros_like(gap)),
        quantities={"loss": quantity},
        boundaries=(),
        formats=("float64",),
    )
    exact = sweep(given)
    monkeypatch.setattr(importlib.import_module("verify.sweeps.sweep"), "EXACT_WORK", 1000)
    stable = sweep(given)
    assert "every cell" in exact.exact["loss"]
    assert "without cancellation" in stable.exact["loss"]
    assert (exact.classes["loss", "float64"] == stable.classes["loss", "float64"]).all()
    wrong = replace(quantity, stable=lambda x, y: (slogarithm(x, y)[0], slogarithm(x, y)[1] + 0.01))
    with pytest.raises(MapError, match="the stable form of loss is not the derivative at gap = "):
        sweep(replace_map(given, quantities={"loss": wrong}))
    with pytest.raises(MapError, match="too many for exact balls"):
        sweep(replace_map(given, quantities={"loss": replace(quantity, stable=None)}))


def replace_map(given: Map, **changes: Any) -> Map:
    return replace(given, place=("", 0), **changes)


# --- thresholds --------------------------------------------------------------------------------------------------


def first_output(gap: Any) -> Any:
    return jax.nn.softmax(jnp.stack([gap, jnp.zeros_like(gap)]))


@pytest.mark.parametrize(
    ("shift", "status"),
    [(0.0, Status.HOLDS), (1e-3, Status.FAILS), (-1e-3, Status.FAILS)],
    ids=["true", "late", "early"],
)
def test_a_threshold_holds_to_the_last_float_or_not_at_all(shift: float, status: Status) -> None:
    given = Threshold(
        id="made-up.threshold",
        title="made up",
        fn=first_output,
        event=lambda found: found[0] == 1,
        begins=lambda p: p * jnp.log(2.0) - jnp.log1p(jnp.exp(-p * jnp.log(2.0))) + shift,
        formats=("float64", "float32"),
    )
    assert {each.status for each in check_thresholds([given])} == {status}


# --- what can be wrong -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"id": "Made Up"}, "illegal characters"),
        ({"axes": (Axis(name="gap", values=(1.0, math.nan)),)}, "finite numbers, found nan"),
        ({"axes": (Axis(name="gap", values=(1.0,)),)}, "at least 2 values, found 1"),
        ({"axes": (Axis(name="gap", values=(2.0, 1.0)),)}, "values must increase"),
        ({"axes": (Axis(name="gap", values=(1.0, 2.0)),)}, "point takes gap, right, the axes are gap"),
        ({"quantities": {}}, "no quantity"),
        ({"formats": ("float8",)}, "formats must name some of"),
        ({"boundaries": (replace(small_line(0.0), quantity="other"),)}, "is about 'other'"),
        ({"boundaries": (replace(small_line(0.0), event="gone"),)}, "event 'gone' is none of"),
        ({"boundaries": (replace(small_line(0.0), along="left"),)}, "runs along 'left'"),
        ({"small": -1.0}, "positive number"),
    ],
)
def test_a_bad_map_says_what_is_wrong(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(ClaimError, match=words):
        a_map(**changes)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"quantities": {"loss": Quantity(fn=lambda x, y: 1 / 0, wrt="x")}}, "loss raises ZeroDivisionError"),
        ({"quantities": {"loss": Quantity(fn=loss, wrt="z")}}, "wrt names 'z', but point gives x, y"),
        (
            {"point": lambda gap, right: {"x": jnp.ones(2) * gap, "y": jnp.zeros(2)}, "formats": ("float32",)},
            "computes in float64 where it is given float32",
        ),
        ({"axes": (Axis(name="gap", values=(256.0, 256.5)), Axis(name="right", values=(0.0, 1.0))),
          "formats": ("bfloat16",)}, "are one number in bfloat16"),
    ],
)  # fmt: skip
def test_a_map_that_cannot_be_swept_says_why(changes: dict[str, Any], words: str) -> None:
    with jax.numpy_dtype_promotion("standard"), pytest.raises(MapError, match=words):
        sweep(a_map(**changes))


FILE = '''
"""Two maps, one of which raises."""
import jax, jax.numpy as jnp
from verify import Axis, Map, Quantity

def loss(x):
    return jnp.sum(jax.nn.softmax(x) ** 2)

def broken(x):
    raise RuntimeError("no such loss")

GOOD = Map(id="mine.good", title="Good", axes=(Axis(name="a", values=(0.0, 1.0, 50.0)),),
           point=lambda a: {"x": jnp.stack([a, 0 * a])}, quantities={"loss": Quantity(fn=loss, wrt="x")})
BAD = Map(id="mine.bad", title="Bad", axes=(Axis(name="a", values=(0.0, 1.0)),),
          point=lambda a: {"x": jnp.stack([a, 0 * a])}, quantities={"loss": Quantity(fn=broken, wrt="x")})
'''


def test_a_users_file_holds_maps_and_one_that_raises_does_not_stop_the_other(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "claims_maps.py"
    file.write_text(FILE, encoding="utf-8")
    written = tmp_path / "results.json"
    status = call(["map", "--path", str(file), "--results", str(written), "--jobs", "1"])
    found = {row["id"]: row for row in json.loads(written.read_text(encoding="utf-8"))["maps"]}
    assert status == 2
    assert "RuntimeError: no such loss" in found["mine.bad"]["error"]
    assert found["mine.good"]["classes"]["loss"]["float64"][0][2] == str(CANCELLED)
    assert "Traceback" not in capsys.readouterr().err


def test_unknown_maps_are_named_with_near_ones(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call(["map", "vanishing.two-clas", "--results", str(tmp_path / "r.json")]) == 2
    assert "did you mean vanishing.two-class" in capsys.readouterr().err


def test_ids_of_maps_and_claims_do_not_meet() -> None:
    loaded = load()
    ids = [each.id for each in (*loaded.claims, *loaded.maps, *loaded.thresholds)]
    assert len(set(ids)) == len(ids)
    assert not loaded.errors
    assert len(loaded.maps) >= 9
    assert sum(len(each.formats) for each in loaded.thresholds) >= 72


# --- rows and pages ----------------------------------------------------------------------------------------------


def test_rows_and_pages_say_what_was_found_and_no_more() -> None:
    given = a_map(boundaries=(small_line(0.0), replace(small_line(3.0), name="too late")))
    found = sweep(given)
    row = map_row(given, found)
    assert not row.as_expected
    page = maps_page(Results(maps=(row,)))
    assert "it does not happen at" in page or "it already happens at" in page
    assert "not all as expected" in page
    expected = map_row(replace_map(given, expect_failure=("too late",)), found)
    assert [line.as_expected for line in expected.lines][:2] == [True, True]
    assert json.loads(encode(Results(maps=(row,))))["maps"][0]["id"] == "made-up.plane"
    assert row.classes["loss"]["float64"][0] == "".join(str(code) for code in found.classes["loss", "float64"][:, 0])


def test_the_page_of_thresholds_shows_the_one_that_does_not_hold() -> None:
    given = Threshold(
        id="made-up.threshold",
        title="made up",
        fn=first_output,
        event=lambda found: found[0] == 1,
        begins=lambda p: p,
        formats=("float32",),
    )
    page = thresholds_page(threshold_rows([given], check_thresholds([given])))
    assert "**FAILS**" in page
    assert "0 of 1 threshold hold" in page


def test_a_swept_map_is_a_dataset_where_xarray_is_installed() -> None:
    xarray = pytest.importorskip("xarray")
    found = judged().to_xarray()
    assert isinstance(found, xarray.Dataset)
    assert found["class of loss float64"].sel(gap=40.0, right=0.0) == CANCELLED


def test_the_story_is_told_from_the_results_and_not_at_all_without_them() -> None:
    from verify.pages.verdict import verdict_page

    assert verdict_page(Results()) == ""
