"""Maps to move about in: the data of each as a classic script, and the page that loads it when a section is opened.

A script and not JSON, since browsers refuse to fetch from pages that were opened as files.
"""

import itertools
import json
import math
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Final

from verify.maps import MEANING
from verify.pages.calculator import calculator_page, programs
from verify.pages.maps import CLASS_COLOURS, _alternative, _ordered, _shares_table, _value_tables, figure_name
from verify.pages.markdown import anchor, plain, slug
from verify.results import AxisRow, MapRow, Results, replace

# Maps whose points the calculator takes: logits and targets as numbers and names of axes; the last target is the rest.
_IN_CALCULATOR: Final[dict[str, dict[str, list[str | float]]]] = {
    "vanishing.two-class": {"x": ["gap", 0], "y": ["target"]},
    "vanishing.three-class": {"x": ["first", "second", 0], "y": [1, 0]},
    "vanishing.seventeen-losses": {"x": ["gap", 0], "y": ["right"]},
}
# Digits of a value: what a map shows of a training run differs in the last ones from processor to processor.
_DIGITS: Final = 5


def pages(results: Results, reports: str = "reports/") -> dict[str, bytes]:
    """The pages for exploring and for calculating, and the data that they load.

    Args:
        results: a run.
        reports: where the pages and figures of the run are, from the pages made here.

    Returns:
        Content by path: ``explore.md``, ``calculator.md``, and classic scripts below ``_static/``.
    """
    files = {f"_static/maps/{slug(row.id)}.js": map_script(row) for row in results.maps if row.classes or row.values}
    files["_static/programs.js"] = b"window.GRADPROOF_PROGRAMS = " + _compact(programs()) + b";\n"
    files["explore.md"] = explore_page(results, reports).encode()
    files["calculator.md"] = calculator_page(reports).encode()
    return files


def write(results: Results, folder: Path) -> None:
    """Write what `pages` returns below a folder."""
    for name, content in pages(results).items():
        replace(folder / name, content)


# --- data --------------------------------------------------------------------------------------------------------


def map_script(row: MapRow) -> bytes:
    """One map as a script that enters it under its name in ``window.GRADPROOF_MAPS``."""
    name = json.dumps(slug(row.id)).encode()
    return b"(window.GRADPROOF_MAPS = window.GRADPROOF_MAPS || {})[" + name + b"] = " + _compact(map_data(row)) + b";\n"


def _compact(data: Any) -> bytes:
    return json.dumps(data, ensure_ascii=False, separators=(",", ":"), allow_nan=True).encode()


def map_data(row: MapRow) -> dict[str, Any]:
    """What the script of the page draws.

    Args:
        row: a map with classes or with values.

    Returns:
        ``axes``; ``across`` and ``up``, the places of the two that make the plane (``up`` is -1 where there is one);
        cells in one list, the first axis fastest, then from the last one back: ``classes`` by quantity and format as
        lengths of runs (``a35b2``), ``truth`` by quantity as decimal logarithms in thousandths, each less the one
        before (``x`` for that of 0), or ``values`` by quantity; ``lines``, boundaries by hand.
    """
    axes = [_axis(each) for each in row.axes]
    across, up = 0, 1 if len(axes) > 1 else -1
    data: dict[str, Any] = {"name": slug(row.id), "id": row.id, "title": row.title, "formats": row.formats}
    if row.classes:
        quantities = _ordered(row, row.classes)
        data["classes"] = {
            name: {form: _runs(lines) for form, lines in row.classes[name].items()} for name in quantities
        }
        data["truth"] = {name: _differences(itertools.chain(*row.truth[name])) for name in quantities}
        data["classNames"] = row.class_names
        data["colours"] = CLASS_COLOURS
        data["meaning"] = {name: MEANING[name] for name in row.class_names}
        data["height"] = "largest true component"
        if row.id in _IN_CALCULATOR:
            data["calculator"] = _IN_CALCULATOR[row.id]
    else:
        quantities = _ordered(row, row.values)
        parts = row.outcome or _components(row, quantities[0])
        if parts is not None:
            axes.append(_axis(parts))
            if row.outcome is not None:
                across, up = len(axes) - 1, min(1, len(axes) - 2)
            elif up < 0:
                up = 1
        shape = [len(axis["values"]) for axis in axes]
        data["values"] = {name: _flat(row.values[name], shape) for name in quantities}
        data["height"] = "value"
    data |= {"quantities": quantities, "axes": axes, "across": across, "up": up}
    data["lines"] = [
        {
            "name": line.name,
            "quantity": line.quantity,
            "format": line.format,
            "along": line.along,
            "drawn": [None if value is None else float(f"{value:.7g}") for value in line.drawn],
        }
        for line in row.lines
        if line.event and len(axes) <= 2 and any(value is not None for value in line.drawn)
    ]
    return data


def _axis(axis: AxisRow) -> dict[str, Any]:
    return {
        "name": axis.name,
        "label": axis.label or axis.name,
        "unit": axis.unit,
        "values": axis.values,
        "names": axis.names,
    }


def _components(row: MapRow, quantity: str) -> AxisRow | None:
    """The components of a value as an axis, where there are several."""
    first = row.values[quantity]
    for _ in row.axes:
        first = first[0]
    if len(first) < 2:
        return None
    names = row.components.get(quantity, ())
    return AxisRow(
        name="component",
        values=tuple(map(float, range(len(first)))),
        names=tuple(names) if len(names) == len(first) else (),
    )


def _runs(lines: Sequence[str]) -> str:
    """Classes as letters, each with how many cells in a row have it."""
    return "".join(
        f"{chr(ord('a') + int(code))}{count if count > 1 else ''}"
        for code, count in ((code, len(list(group))) for code, group in itertools.groupby("".join(lines)))
    )


def _differences(logarithms: Iterable[float | None]) -> str:
    """Thousandths, each less the one before."""
    parts: list[str] = []
    last = 0
    for value in logarithms:
        if value is None:
            parts.append("x")
            continue
        now = round(1000 * value)
        parts.append(str(now - last))
        last = now
    return " ".join(parts)


def _flat(nested: Any, shape: Sequence[int]) -> list[float | None]:
    """Values in the order of the cells, in few digits; null for what is not finite."""
    rest = math.prod(shape[1:])

    def all_of(value: Any) -> list[Any]:
        return [each for part in value for each in all_of(part)] if isinstance(value, (list, tuple)) else [value]

    found = all_of(nested)
    return [_short(float(found[first * rest + other])) for other in range(rest) for first in range(shape[0])]


def _short(value: float) -> float | int | None:
    if not math.isfinite(value):
        return None
    short = float(f"{value:.{_DIGITS}g}")
    return int(short) if short == int(short) and abs(short) < 1e15 else short


# --- the page ----------------------------------------------------------------------------------------------------


def explore_page(results: Results, reports: str) -> str:
    """Every map: figure, numbers, and a section that is drawn by the script once it is opened."""
    blocks = [
        "# Explore the maps",
        '<link rel="stylesheet" href="_static/explore.css">',
        "Each map asks of every cell of a grid what JAX's gradient is worth there; what the classes mean, and how to "
        f"read a map, stands [with the maps]({reports}maps.md). Figure and table show a map as it is. The section "
        "below them opens it: zoom, point at a cell to read it, choose the loss, the format, and one target to see its "
        "row alone. The data of a map is loaded when its section is opened, and not before.",
    ]
    for row in results.maps:
        if row.classes or row.values:
            blocks += _section(row, reports)
    blocks.append('<script src="_static/explore.js" defer></script>')
    return "\n\n".join(blocks) + "\n"


def _section(row: MapRow, reports: str) -> list[str]:
    title = plain(row.title)
    blocks = [f"## {title}"]
    if row.classes:
        alternative = _alternative(row, _ordered(row, row.classes), row.formats[:1])
        blocks.append(f"![{alternative}]({reports}{figure_name(row, 'classes')})")
        numbers = [_shares_table(row)]
    else:
        words = f"Values of {', '.join(_ordered(row, row.values))}; the numbers stand below."
        blocks.append(f"![{words}]({reports}{figure_name(row, 'values')})")
        numbers = list(_value_tables(row))
    blocks += numbers
    blocks.append(
        f'<details class="map" data-map="{slug(row.id)}">\n'
        f"<summary>Explore: {_html(row.title)}</summary>\n"
        '<div class="map-here"></div>\n'
        "<noscript><p>This needs a browser that runs scripts. The figure and the table above show the same map.</p>"
        "</noscript>\n"
        "</details>"
    )
    blocks.append(f"[Boundaries by hand, their verdicts, and more numbers]({reports}maps.md#{anchor(title)})")
    return blocks


def _html(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
