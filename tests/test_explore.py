"""The data of the maps to move about in, and the calculator's programs, without a browser."""

import json
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flint import arb

from verify import enclose
from verify.article.calculator import ONE_HOT_ONLY, WITHOUT_CANCELLATION
from verify.article.vanishing import LOSSES
from verify.pages import explore
from verify.pages.calculator import EXAMPLES, program
from verify.readings.exact import precision
from verify.results import AxisRow, LineRow, MapRow, Results

BITS: Final = 300


def classed(**changed: Any) -> MapRow:
    given: dict[str, Any] = {
        "id": "made-up.plane",
        "title": "Two & <more>",
        "axes": (AxisRow(name="gap", values=(0.0, 1.0, 2.5)), AxisRow(name="target", values=(0.0, 1.0))),
        "quantities": ("loss",),
        "formats": ("float64", "float32"),
        "class_names": ("alive", "small", "cancelled", "underflowed", "non-finite", "unknown"),
        "classes": {"loss": {"float64": ("001", "222"), "float32": ("222", "222")}},
        "truth": {"loss": ((0.0, -1.25, None), (-300.001, -300.0, 2.0))},
        "lines": (
            LineRow(name="line", quantity="loss", format="float64", status="HOLDS", event="small", drawn=(1 / 3, None)),
            LineRow(name="bound", quantity="loss", format="float64", status="HOLDS", drawn=(1.0, 1.0)),
        ),
    }
    return MapRow(**{**given, **changed})


# --- data of maps ------------------------------------------------------------------------------------------------


def decoded_classes(text: str) -> str:
    return "".join(str(ord(letter) - 97) * int(length or 1) for letter, length in re.findall(r"([a-z])(\d*)", text))


def decoded_logarithms(text: str) -> list[float | None]:
    found: list[float | None] = []
    last = 0
    for part in text.split(" "):
        if part != "x":
            last += int(part)
        found.append(None if part == "x" else last / 1000)
    return found


def test_classes_and_logarithms_come_back() -> None:
    row = classed()
    data = explore.map_data(row)
    assert data["classes"]["loss"]["float64"] == "a2bc3"
    for form, lines in row.classes["loss"].items():
        assert decoded_classes(data["classes"]["loss"][form]) == "".join(lines)
    assert decoded_logarithms(data["truth"]["loss"]) == [each for line in row.truth["loss"] for each in line]
    assert (data["across"], data["up"]) == (0, 1)
    # Bounds have no place to be drawn at; a boundary that is about one row says so.
    assert [(line["name"], line["drawn"]) for line in data["lines"]] == [("line", [0.3333333, None])]


def test_one_axis_and_three_axes() -> None:
    one = explore.map_data(
        classed(axes=classed().axes[:1], classes={"loss": {"float64": ("001",)}}, truth={"loss": ((0.0, 1.0, 2.0),)})
    )
    assert one["up"] == -1
    third = AxisRow(name="seed", values=(0.0, 1.0))
    lines = ("001", "222", "010", "333")
    three = explore.map_data(
        classed(
            axes=(*classed().axes, third), classes={"loss": {"float64": lines}}, truth={"loss": ((0.0, 0.0, 0.0),) * 4}
        )
    )
    assert decoded_classes(three["classes"]["loss"]["float64"]) == "".join(lines)
    assert three["lines"] == []  # which row of cells a number belongs to is not told by its place any more


def test_values_stand_in_the_order_of_the_cells() -> None:
    shape = (3, 2, 4)
    values = np.arange(24, dtype=float).reshape(shape) + 1 / 3
    values[1, 0, 2] = np.inf
    row = classed(
        classes={},
        truth={},
        lines=(),
        values={"norm": values.tolist()},
        quantities=("norm",),
        components={"norm": ("a", "b", "c", "d")},
    )
    data = explore.map_data(row)
    assert [len(axis["values"]) for axis in data["axes"]] == [3, 2, 4]
    assert data["axes"][2]["names"] == ("a", "b", "c", "d")
    # The script's rule: the first axis is the fastest, then from the last one back.
    for place in np.ndindex(shape):
        cell = place[0] + place[2] * 3 + place[1] * 12
        expected = values[place]
        assert data["values"]["norm"][cell] == (None if np.isinf(expected) else float(f"{expected:.5g}"))


def test_a_map_of_training_runs_along_its_steps() -> None:
    row = classed(
        classes={},
        truth={},
        lines=(),
        outcome=AxisRow(name="step", values=(0.0, 50.0)),
        values={"accuracy": np.zeros((3, 2, 2)).tolist()},
        quantities=("accuracy",),
    )
    data = explore.map_data(row)
    assert data["axes"][data["across"]]["name"] == "step"
    assert data["axes"][data["up"]]["name"] == "target"


def test_the_script_of_a_map_is_classic_and_the_same_each_time() -> None:
    script = explore.map_script(classed())
    assert script == explore.map_script(classed())
    found = re.fullmatch(
        rb'\(window\.GRADPROOF_MAPS = window\.GRADPROOF_MAPS \|\| \{\}\)\["made-up-plane"\] = (\{.*\});\n', script
    )
    assert found
    assert json.loads(found[1])["title"] == "Two & <more>"


def test_the_page_has_figure_table_and_a_section_without_data(tmp_path: Path) -> None:
    left_out = MapRow(id="made-up.absent", title="Absent", left_out="a module")
    results = Results(maps=(classed(), left_out))
    page = explore.explore_page(results, "reports/")
    assert "](reports/figures/map-made-up-plane-classes.svg)" in page
    assert "| loss | float64 | " in page
    assert 'data-map="made-up-plane"' in page
    assert "<summary>Explore: Two &amp; &lt;more&gt;</summary>" in page
    assert page.count("<noscript>") == 1
    assert "Absent" not in page
    assert "a2bc3" not in page
    files = explore.pages(results)
    assert {"explore.md", "calculator.md", "_static/programs.js", "_static/maps/made-up-plane.js"} == set(files)
    explore.write(results, tmp_path)
    assert {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file()} == set(files)


# --- programs of the calculator ----------------------------------------------------------------------------------

OPERATIONS: Final[dict[str, Callable[..., Any]]] = {
    "add": lambda a, b: a + b,
    "sub": lambda a, b: a - b,
    "mul": lambda a, b: a * b,
    "div": lambda a, b: a / b,
    "neg": lambda a: -a,
    "abs": abs,
    "exp": lambda a: a.exp(),
    "log": lambda a: a.log(),
    "log1p": lambda a: a.log1p(),
    "sqrt": lambda a: a.sqrt(),
    "max": lambda a, b: a if a >= b else b,
    "min": lambda a, b: a if a <= b else b,
    "eq": lambda a, b: a is b or a == b,  # a ball is not told to equal another, but it equals itself
    "ge": lambda a, b: a >= b,
    "gt": lambda a, b: a > b,
    "le": lambda a, b: a <= b,
    "lt": lambda a, b: a < b,
    "select": lambda which, no, yes: yes if which else no,
}


def run(found: dict[str, Any], inputs: Sequence[float]) -> list[arb]:
    """The script's way to run a program, in balls; points are such that no comparison is left open."""
    with precision(BITS):
        values: list[Any] = [*map(arb, inputs), *map(arb, found["constants"])]
        for name, *operands in found["steps"]:
            values.append(OPERATIONS[name](*(values[each] for each in operands)))
        return [values[each] for each in found["outputs"]]


def points(classes: int, one_hot: bool) -> list[tuple[list[float], list[float]]]:
    if classes == 2:
        found = [([3.0, -1.5], [1.0, 0.0]), ([3.0, -1.5], [0.0, 1.0]), ([0.25, 1.0], [0.25, 0.75])]
    else:
        found = [([2.0, -1.0, 0.5], [1.0, 0.0, 0.0]), ([4.0, -1.0, 0.5], [0.0, 0.0, 1.0])]
        found.append(([0.25, 1.0, -2.0], [0.25, 0.5, 0.25]))
    return found[: len(found) - one_hot]


@pytest.mark.parametrize("name", list(LOSSES))
def test_both_programs_of_a_loss_are_its_gradient(name: str) -> None:
    loss = LOSSES[name][0]
    for classes in (2, 3):
        both = program(jax.grad(loss), classes), program(WITHOUT_CANCELLATION[name], classes)
        for x, y in points(classes, name in ONE_HOT_ONLY):
            with jax.enable_x64(True):
                exact = enclose(jax.grad(loss), np.array(x), np.array(y), bits=BITS)
            for each in both:
                found = run(each, [*x, *y])
                assert all(ours.overlaps(true) for ours, true in zip(found, exact, strict=True))
                assert all(ours.rad() < 1e-70 for ours in found)
            # A form that is off by one part in 2^60 is refused.
            with precision(BITS):
                wrong = [ours * (1 + arb(2) ** -60) for ours in run(both[1], [*x, *y])]
            told = [not ours.overlaps(true) for ours, true in zip(wrong, exact, strict=True) if true != 0]
            assert all(told)


def test_every_loss_of_the_map_has_a_form() -> None:
    assert set(WITHOUT_CANCELLATION) == set(LOSSES)
    assert next(iter(WITHOUT_CANCELLATION)) == "squared error"
    assert set(ONE_HOT_ONLY) < set(LOSSES)
    assert all(sum(each.y) == 1 and len(each.x) == len(each.y) for each in EXAMPLES)


def test_the_same_operation_stands_once() -> None:
    found = program(lambda x, y: jnp.stack([x[0] * y[1], y[1] * x[0], x[0] - y[1], y[1] - x[0]]), 2)
    assert found["steps"] == [["mul", 0, 3], ["sub", 0, 3], ["sub", 3, 0]]
    assert found["outputs"] == [4, 4, 5, 6]


def test_whole_powers_are_products() -> None:
    found = program(lambda x, y: x**5 + y**-2, 1)
    assert {name for name, *_ in found["steps"]} == {"mul", "div", "add"}
    (value,) = run(found, [1.5, 4.0])
    assert value.overlaps(arb(1.5) ** 5 + arb(1) / 16)


def test_what_the_script_does_not_know_is_named() -> None:
    with pytest.raises(ValueError, match="no operation 'sin'"):
        program(lambda x, y: jnp.sin(x), 2)
    with pytest.raises(ValueError, match="does not come apart"):
        program(lambda x, y: jnp.sort(x), 2)
