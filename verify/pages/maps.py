"""Maps as a page with figures: what happens where, the lines by hand, and thresholds of floats."""

import itertools
import math
import multiprocessing
import os
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from typing import Any, Final

from verify.maps import MEANING
from verify.pages.figures import COLOURS, DASHES, GREY, MARKERS, drawing, svg
from verify.pages.markdown import anchor, number_words, plain, slug, table
from verify.results import AxisRow, LineRow, MapRow, Results, ThresholdRow

# Light for what is small, dark for what is gone; told apart without colour vision too.
CLASS_COLOURS: Final = ("#2a9d8f", "#cfe3de", "#e59a4d", "#3f3a6b", "#c2255c", "#9a9a9a")
MOST_NUMBERS: Final = 9
SEVERAL: Final = 6  # figures from which on a second process pays
FIRST: Final = "vanishing.two-class"
# Beside the map that the first page shows: the loss that is judged, and the one that it is held against.
FIRST_QUANTITIES: Final = ("squared error", "cross entropy")


def figure_name(row: MapRow, kind: str) -> str:
    """Path of a figure inside the reports folder."""
    return f"figures/map-{slug(row.id)}-{kind}.svg"


def map_figures(rows: Sequence[MapRow]) -> dict[str, bytes]:
    """Figures of all maps, by path inside the reports folder."""
    jobs: list[tuple[str, MapRow]] = []
    for row in rows:
        if row.classes:
            jobs += [("classes", row), ("size", row)]
            jobs += [("first", row)] if row.id == FIRST else []
        if row.values:
            jobs.append(("values", row))
    names = [figure_name(row, kind) for kind, row in jobs]
    if len(jobs) >= SEVERAL and (os.cpu_count() or 1) > 1:
        # Laying out text is what takes time, half a second a figure; the processes that ran the maps have ended.
        with suppress(OSError, BrokenProcessPool), ProcessPoolExecutor(2, multiprocessing.get_context("spawn")) as pool:
            return dict(zip(names, pool.map(_drawn, jobs), strict=True))
    return dict(zip(names, map(_drawn, jobs), strict=True))


def _drawn(job: tuple[str, MapRow]) -> bytes:
    """One figure."""
    kind, row = job
    with drawing():
        if kind == "classes":
            return _classes(row, _ordered(row, row.classes), list(row.formats))
        if kind == "first":
            return _classes(row, [each for each in FIRST_QUANTITIES if each in row.classes], list(row.formats[:1]))
        if kind == "size":
            return _sizes(row)
        return _trained(row) if row.outcome else _values(row)


def _ordered(row: MapRow, some: Mapping[str, Any]) -> list[str]:
    """Quantities in the order written."""
    return [name for name in row.quantities if name in some]


# --- figures ---------------------------------------------------------------------------------------------------


def _named(axis: AxisRow, place: int) -> str:
    """What a value of an axis is called."""
    return axis.names[place] if axis.names else f"{axis.values[place]:g}"


def _words(axis: AxisRow) -> str:
    return f"{axis.label or axis.name}{f', {axis.unit}' if axis.unit else ''}"


def _edges(values: Sequence[float]) -> list[float]:
    """Edges between cells, half way from one value to the next."""
    inner = [(first + second) / 2 for first, second in itertools.pairwise(values)]
    if not inner:
        return [values[0] - 0.5, values[0] + 0.5]
    return [2 * values[0] - inner[0], *inner, 2 * values[-1] - inner[-1]]


def _second(row: MapRow) -> AxisRow | None:
    """The axis that runs upwards, where there is one."""
    return row.axes[1] if len(row.axes) > 1 else None


def _scaled(panel: Any, axis: AxisRow, *, vertical: bool = False, narrow: bool = False) -> list[float]:
    """Set up one axis of a panel; the values at which cells stand. Names and powers stand at whole numbers."""
    values = list(axis.values)
    powers = len(values) > 2 and min(values) > 0 and max(values) / min(values) >= 1e3
    if axis.names or powers:
        places = [float(place) for place in range(len(values))]
        every = max(1, math.ceil(len(values) / 8))
        labels = list(axis.names) if axis.names else [f"{value:.3g}" for value in values]
        (panel.set_yticks if vertical else panel.set_xticks)(places[::every], labels=labels[::every])
        return places
    if not vertical and min(values) >= 0 and max(values) > 200:
        panel.set_xscale("symlog", linthresh=40.0, linscale=1.5)
        chosen = (0.0, 20.0, 40.0, 200.0, 800.0) if narrow else (0.0, 10.0, 20.0, 40.0, 100.0, 200.0, 400.0, 800.0)
        ticks = [tick for tick in chosen if tick <= max(values)]
        panel.set_xticks(ticks, labels=[f"{tick:g}" for tick in ticks])
        panel.xaxis.set_minor_locator(_no_locator())
    return values


def _no_locator() -> Any:
    from matplotlib.ticker import NullLocator

    return NullLocator()


def _panels(rows: int, columns: int, width: float, height: float, *, above: float = 0.7) -> tuple[Any, list[list[Any]]]:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width * columns + 0.4, height * rows + above), layout="constrained")
    return figure, figure.subplots(rows, columns, squeeze=False).tolist()


def _classes(row: MapRow, quantities: Sequence[str], formats: Sequence[str]) -> bytes:
    """A panel per quantity and format; colour is the class, lines are boundaries by hand."""
    from matplotlib.colors import BoundaryNorm, ListedColormap
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    transposed = len(formats) == 1 and len(quantities) <= 3
    upwards = _second(row)
    wide = upwards is not None and len(upwards.values) > 1
    many = len(formats) == 1 and len(quantities) > 3
    columns = len(quantities) if transposed else 3 if many else len(formats)
    lines = 1 if transposed else -(-len(quantities) // 3) if many else len(quantities)
    figure, grid = _panels(lines, columns, 3.6 if columns < 3 else 2.4, 2.5 if wide and not many else 1.25, above=0.9)
    flat = [panel for line in grid for panel in line]
    palette = ListedColormap(CLASS_COLOURS)
    norm = BoundaryNorm([place - 0.5 for place in range(len(CLASS_COLOURS) + 1)], len(CLASS_COLOURS))
    seen: set[int] = set()
    drawn = False
    cases = [(quantity, form) for quantity in quantities for form in formats if form in row.classes[quantity]]
    for number, (quantity, form) in enumerate(cases):
        panel = flat[number]
        codes = [[int(each) for each in line] for line in row.classes[quantity][form]]
        seen |= {each for line in codes for each in line}
        second = upwards or AxisRow(name="", values=(0.0,))
        across = _scaled(panel, row.axes[0], narrow=columns > 2)
        up = _scaled(panel, second, vertical=True)
        # As a picture inside the drawing: cells by the thousand would be as many paths.
        panel.pcolormesh(_edges(across), _edges(up), codes, cmap=palette, norm=norm, rasterized=True)
        for line in row.lines:
            if line.quantity != quantity or line.format != form:
                continue
            if line.along == row.axes[0].name:
                drawn |= _draw_line(panel, line, across, up)
            elif upwards is not None and line.along == upwards.name:
                drawn |= _draw_line(panel, line, up, across, turned=True)
        panel.set_xlim(across[0], across[-1])
        title = quantity if transposed or many else form
        if transposed or many or number < columns:
            panel.set_title(title if len(title) < 34 else title[:32] + " …", fontsize=8.5)
        if number % columns:
            panel.set_yticklabels([])
        if number + columns < len(cases):
            panel.set_xticklabels([])
        if not transposed and not many and number % columns == 0:
            panel.set_ylabel(quantity if len(quantity) < 24 else quantity.replace(" of ", "\nof "), fontsize=8)
    for panel in flat[len(cases) :]:
        panel.set_visible(False)
    figure.supxlabel(_words(row.axes[0]), fontsize=9, color=GREY)
    if upwards is not None:
        figure.supylabel(_words(upwards), fontsize=9, color=GREY)
    handles: list[Any] = [
        Patch(facecolor=CLASS_COLOURS[code], edgecolor=GREY, linewidth=0.5, label=row.class_names[code])
        for code in sorted(seen)
    ]
    if drawn:
        handles.append(Line2D([], [], color=GREY, linestyle=(0, (4, 2)), linewidth=1.4, label="derived by hand"))
    figure.legend(handles=handles, loc="outside upper center", ncols=min(len(handles), 6), frameon=False)
    return svg(figure)


def _draw_line(
    panel: Any, line: LineRow, across: Sequence[float], up: Sequence[float], *, turned: bool = False
) -> bool:
    """Draw where an event begins, row by row, or column by column; whether anything lies inside the panel."""
    points = [
        (value, height)
        for value, height in zip(line.drawn, up, strict=False)
        if value is not None and across[0] <= value <= across[-1]
    ]
    if not points or line.event == "non-finite":
        return False
    if len(points) == 1:
        edges = _edges(up)
        place = up.index(points[0][1])
        points = [(points[0][0], edges[place]), (points[0][0], edges[place + 1])]
    for colour, width in (("white", 2.4), ("black", 1.2)):
        along, beside = zip(*points, strict=True)
        panel.plot(
            beside if turned else along,
            along if turned else beside,
            color=colour,
            linewidth=width,
            linestyle="-" if colour == "white" else (0, (4, 2)),
        )
    return True


def _sizes(row: MapRow) -> bytes:
    """A panel per quantity; colour is the decimal logarithm of the largest true component."""
    quantities = _ordered(row, row.truth)
    upwards = _second(row)
    columns = min(3, len(quantities))
    rows = -(-len(quantities) // columns)
    figure, grid = _panels(rows, columns, 2.7, 2.3 if len(quantities) <= 6 else 1.3)
    flat = [panel for line in grid for panel in line]
    known = [each for lines in row.truth.values() for line in lines for each in line if each is not None]
    lowest = max(min(known, default=-1.0), -320.0)
    mesh: Any = None
    for panel, quantity in zip(flat, quantities, strict=False):
        second = upwards or AxisRow(name="", values=(0.0,))
        across = _scaled(panel, row.axes[0], narrow=columns > 2)
        up = _scaled(panel, second, vertical=True)
        heights = [[lowest if each is None else each for each in line] for line in row.truth[quantity]]
        mesh = panel.pcolormesh(
            _edges(across), _edges(up), heights, cmap="cividis", vmin=lowest, vmax=0.5, rasterized=True
        )
        panel.set_xlim(across[0], across[-1])
        panel.set_title(quantity if len(quantity) < 34 else quantity[:32] + " …", fontsize=8.5)
    for panel in flat[len(quantities) :]:
        panel.set_visible(False)
    figure.supxlabel(_words(row.axes[0]), fontsize=9, color=GREY)
    if upwards is not None:
        figure.supylabel(_words(upwards), fontsize=9, color=GREY)
    bar = figure.colorbar(mesh, ax=[panel for line in grid for panel in line], shrink=0.8)
    bar.set_label("largest true component,\ndecimal logarithm", fontsize=8)
    return svg(figure)


def _values(row: MapRow) -> bytes:
    """A panel per quantity: the first component against the first axis, a line per value of the second."""
    quantities = _ordered(row, row.values)
    columns = min(2, len(quantities))
    figure, grid = _panels(-(-len(quantities) // columns), columns, 3.7, 2.5)
    flat = [panel for line in grid for panel in line]
    second = _second(row)
    count = len(second.values) if second else 1
    for panel, quantity in zip(flat, quantities, strict=False):
        across = _scaled(panel, row.axes[0])
        lines = row.values[quantity]
        parts = len(row.components.get(quantity, ())) if second is None else 1
        for place in range(count if second else parts):
            shown = [each[place][0] if second else each[place] for each in lines]
            name = f"{_words(second)} {_named(second, place)}" if second else row.components[quantity][place]
            panel.plot(
                across,
                shown,
                color=_shade(place, count if second else parts),
                linestyle=DASHES[place % 4] if count <= 4 else "-",
                linewidth=1.4,
                label=name,
            )
        heights = [each[place][0] if second else each[0] for each in lines for place in range(count)]
        if min(heights) > 0 and max(heights) / min(heights) > 50:
            panel.set_yscale("log")
        panel.set_title(quantity, fontsize=8.5)
        panel.grid(color=GREY, alpha=0.25, linewidth=0.6)
        panel.spines[["top", "right"]].set_visible(False)
    for panel in flat[len(quantities) :]:
        panel.set_visible(False)
    names = row.components.get(quantities[0], ())
    figure.supxlabel(_words(row.axes[0]), fontsize=9, color=GREY)
    figure.supylabel(names[0] if names and second else quantities[0], fontsize=9, color=GREY)
    handles, labels = flat[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper center", ncols=min(4, len(labels)), frameon=False, fontsize=8)
    return svg(figure)


def _shade(place: int, count: int) -> Any:
    """One of few colours, or a step of an even palette where there are many."""
    if count <= len(COLOURS):
        return COLOURS[place]
    import matplotlib as mpl

    return mpl.colormaps["viridis"](0.1 + 0.75 * place / (count - 1))


def _trained(row: MapRow) -> bytes:
    """A panel per value of the last axis: mean over the first axis and its range, a line per value of the second."""
    assert row.outcome is not None
    (quantity, nested), *_ = row.values.items()
    first, second, third = row.axes
    figure, grid = _panels(1, len(third.values), 3.7, 2.6)
    for number, panel in enumerate(grid[0]):
        for place in range(len(second.values)):
            curves = [nested[seed][place][number] for seed in range(len(first.values))]
            columns = list(zip(*curves, strict=True))
            mean = [sum(each) / len(each) for each in columns]
            colour = COLOURS[place % 4]
            panel.fill_between(
                row.outcome.values,
                [min(each) for each in columns],
                [max(each) for each in columns],
                color=colour,
                alpha=0.2,
                linewidth=0,
            )
            panel.plot(
                row.outcome.values,
                mean,
                color=colour,
                linestyle=DASHES[place % 4],
                marker=MARKERS[place % 4],
                markersize=3.5,
                linewidth=1.4,
                label=_named(second, place),
            )
        panel.set_ylim(0, 1.02)
        panel.set_title(_named(third, number), fontsize=9)
        panel.grid(color=GREY, alpha=0.25, linewidth=0.6)
        panel.spines[["top", "right"]].set_visible(False)
    figure.supxlabel(_words(row.outcome), fontsize=9, color=GREY)
    figure.supylabel(quantity, fontsize=9, color=GREY)
    handles, labels = grid[0][0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper center", ncols=len(labels), frameon=False)
    return svg(figure)


# --- pages -----------------------------------------------------------------------------------------------------


def first_map(results: Results) -> list[str]:
    """What the first page shows of the maps; nothing where there are none."""
    row = next((each for each in results.maps if each.id == FIRST and each.classes), None)
    if row is None:
        return []
    form = row.formats[0]
    quantities = [each for each in FIRST_QUANTITIES if each in row.classes]
    shares = " and ".join(f"{_share(row.classes[each][form], 0)} % with {each}" for each in quantities)
    return [
        "## Where the gradient vanishes",
        f"Two classes in {form}: along the bottom the logit gap by which the first class wins, upwards its target. The "
        "bottom edge is a confident wrong prediction, the top edge a right one. "
        f"Alive are {shares}. [All maps, in four formats](maps.md)",
        f"![{_alternative(row, quantities, [form])}]({figure_name(row, 'first')})",
        "\n".join(
            f"- *{name}*: {MEANING[name]}." for name in row.class_names if _occurs(row, name, quantities, [form])
        ),
    ]


def _occurs(row: MapRow, name: str, quantities: Sequence[str] = (), formats: Sequence[str] = ()) -> bool:
    """Whether any cell has a class, of some quantities and formats, or of all."""
    code = str(row.class_names.index(name))
    return any(
        code in line
        for quantity in quantities or row.classes
        for form, lines in row.classes[quantity].items()
        if form in (formats or row.formats)
        for line in lines
    )


def _share(lines: Sequence[str], code: int) -> str:
    cells = "".join(lines)
    share = 100 * cells.count(str(code)) / len(cells)
    return "0" if share == 0 else "under 1" if share < 1 else f"{share:.0f}"


def _alternative(row: MapRow, quantities: Sequence[str], formats: Sequence[str]) -> str:
    """What a figure of classes shows, for who cannot see it."""
    parts: list[str] = []
    for quantity in quantities:
        for form in formats:
            if form in row.classes[quantity]:
                lines = row.classes[quantity][form]
                shares = [
                    f"{name} {_share(lines, code)} %"
                    for code, name in enumerate(row.class_names)
                    if any(str(code) in line for line in lines)
                ]
                parts.append(f"{quantity} in {form}: {', '.join(shares)}")
    return f"Class of every cell by {' and '.join(_words(axis) for axis in row.axes[:2])}. {'; '.join(parts)}."


def maps_page(results: Results) -> str:
    """All maps: figures, numbers, lines by hand."""
    blocks = ["# Where the gradient vanishes, and why"]
    blocks.append(
        "Each map sweeps logits, targets or training over a grid, by `jax.vmap`, and asks of every cell what JAX's "
        "gradient is worth there. Lines are boundaries that were derived by hand; whether JAX's floats, or the true "
        "gradient, change where they say has a verdict of its own."
    )
    names = [each for each in MEANING if any(_occurs(row, each) for row in results.maps if row.classes)]
    blocks.append("\n".join(f"- *{name}*: {MEANING[name]}." for name in names))
    rows = [
        [
            f"[{plain(row.title)}](#{anchor(plain(row.title))})",
            _lines_words(row.lines) if not row.left_out else f"not run, needs {plain(row.left_out)}",
        ]
        for row in results.maps
    ]
    if results.thresholds:
        held = sum(row.status == "HOLDS" for row in results.thresholds)
        rows.append(["[Thresholds of floats](thresholds.md)", f"{held} of {len(results.thresholds)} hold"])
    blocks.append(table(["map", "lines by hand"], rows))
    for row in results.maps:
        blocks += list(_one_map(row))
    return "\n\n".join(blocks)


def _lines_words(lines: Sequence[LineRow]) -> str:
    held = sum(line.status == "HOLDS" for line in lines)
    if not lines:
        return "none"
    odd = "" if all(line.as_expected for line in lines) else "; **not all as expected**"
    return f"{held} of {len(lines)} hold{odd}"


def _one_map(row: MapRow) -> Iterator[str]:
    yield f"## {plain(row.title)}"
    if row.note:
        yield row.note
    if row.error:
        yield f"> [!WARNING]\n> This map could not be swept: {plain(row.error)}"
        return
    if row.left_out:
        yield f"Not run: it needs {plain(row.left_out)}."
        return
    if row.classes:
        quantities = _ordered(row, row.classes)
        yield f"![{_alternative(row, quantities, row.formats[:1])}]({figure_name(row, 'classes')})"
        yield _shares_table(row)
        words = f"Decimal logarithm of the largest true component of {', '.join(quantities)}; the numbers stand below."
        yield f"![{words}]({figure_name(row, 'size')})"
        yield _truth_table(row)
        yield (
            "True values: "
            + "; ".join(
                f"{', '.join(each)}: {text.rstrip(',')}"
                for text, each in _grouped({name: row.exact[name] for name in quantities}).items()
            )
            + f". *Small* means below {row.small:g}."
        )
    if row.values:
        kind = "accuracy by step" if row.outcome else "values"
        words = f"{kind} of {', '.join(_ordered(row, row.values))} by {_words(row.axes[0])}; the numbers stand below."
        yield f"![{words}]({figure_name(row, 'values')})"
        yield from _value_tables(row)
    if row.lines:
        yield _lines_table(row)
    yield f"Repeat: `verify map {row.id}`"


def _grouped(texts: Mapping[str, str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, text in texts.items():
        found.setdefault(text, []).append(name)
    return found


def _shares_table(row: MapRow) -> str:
    used = [code for code, name in enumerate(row.class_names) if _occurs(row, name)]
    rows = [
        [plain(quantity), form, *(f"{_share(lines, code)} %" for code in used)]
        for quantity in _ordered(row, row.classes)
        for form, lines in (
            (form, row.classes[quantity][form]) for form in row.formats if form in row.classes[quantity]
        )
    ]
    return table(["share of the cells", "format", *(row.class_names[code] for code in used)], rows)


def _some(count: int, most: int) -> list[int]:
    """Places spread evenly, both ends included."""
    if count <= most:
        return list(range(count))
    return sorted({round(place * (count - 1) / (most - 1)) for place in range(most)})


def _truth_table(row: MapRow) -> str:
    """Decimal logarithms along the first axis, at the first and the last row of cells."""
    places = _some(len(row.axes[0].values), MOST_NUMBERS)
    at = row.axes[0].values
    header = [
        f"decimal logarithm, at {_words(row.axes[0])}",
        *(f"{at[place]:g}" for place in places),
        "rate at the end",
    ]
    rows: list[list[str]] = []
    for quantity in _ordered(row, row.truth):
        lines = row.truth[quantity]
        ends = [0, len(lines) - 1] if len(lines) > 1 else [0]
        for number in ends:
            shown = ["zero" if lines[number][place] is None else f"{lines[number][place]:.1f}" for place in places]
            rows.append([f"{plain(quantity)}{_row_words(row, number)}", *shown, _rate(at, lines[number])])
    return table(header, rows)


def _rate(at: Sequence[float], logarithms: Sequence[float | None]) -> str:
    """How fast the natural logarithm changes from the last value but one to the last, per unit of the axis."""
    if len(at) < 2 or logarithms[-1] is None or logarithms[-2] is None:
        return ""
    # Logarithms are kept to three places, so that two of the rate can be told.
    return f"{math.log(10) * (logarithms[-1] - logarithms[-2]) / (at[-1] - at[-2]) + 0.0:.2f}"


def _row_words(row: MapRow, number: int) -> str:
    """Which combination of the other axes a row of cells is."""
    parts: list[str] = []
    for axis in reversed(row.axes[1:]):
        number, place = divmod(number, len(axis.values))
        parts.append(f"{axis.label or axis.name} {_named(axis, place)}")
    return f", {', '.join(reversed(parts))}" if parts else ""


def _value_tables(row: MapRow) -> Iterator[str]:
    if row.outcome is not None:
        (_, nested), *_ = row.values.items()
        first, second, third = row.axes
        places = _some(len(row.outcome.values), MOST_NUMBERS)
        rows: list[list[str]] = []
        for number in range(len(third.values)):
            for place in range(len(second.values)):
                curves = [nested[seed][place][number] for seed in range(len(first.values))]
                means = [sum(curve[each] for curve in curves) / len(curves) for each in places]
                start = _named(third, number)
                loss = _named(second, place)
                # Whole hundredths: the last bits of a training run differ from processor to processor.
                rows.append([start, loss, *(f"{100 * mean:.0f} %" for mean in means)])
        head = [_words(third), _words(second), *(f"{row.outcome.values[each]:g}" for each in places)]
        yield table(head, rows)
        return
    second = _second(row)
    places = _some(len(row.axes[0].values), MOST_NUMBERS)
    rows = []
    for quantity in _ordered(row, row.values):
        nested = row.values[quantity]
        for number in _some(len(second.values), 4) if second else range(1):
            cells = [nested[place][number] if second else nested[place] for place in places]
            name = f", {second.label or second.name} {second.values[number]:g}" if second else ""
            rows.append([f"{plain(quantity)}{name}", *(_number(cell[0]) for cell in cells)])
    yield table([_words(row.axes[0]), *(f"{row.axes[0].values[place]:g}" for place in places)], rows)


def _number(value: Any) -> str:
    """A number short enough for a table: whole ones as they are, others in three digits."""
    number = float(value)
    if math.isfinite(number) and number == int(number) and abs(number) < 1e7:
        return str(int(number))
    return f"{number:.3g}"


def _lines_table(row: MapRow) -> str:
    """One row per line and quantity; formats side by side where they agree."""
    grouped: dict[tuple[str, str], list[LineRow]] = {}
    alone = len(row.quantities) == 1
    for line in row.lines:
        grouped.setdefault((line.name, line.quantity), []).append(line)
    rows: list[list[str]] = []
    for (name, quantity), lines in grouped.items():
        first = lines[0]
        statuses = dict.fromkeys(line.status for line in lines)
        status = next(iter(statuses)) if len(statuses) == 1 else ", ".join(f"{x.format}: {x.status}" for x in lines)
        reasons = "; ".join(f"{line.format}: {line.reason}" for line in lines if line.reason)
        checked = sum(line.checked for line in lines)
        between = sum(line.between for line in lines)
        formats = ", ".join(line.format for line in lines) if first.event else ""
        rows.append(
            [
                plain(name) if alone or quantity in name else f"{plain(name)} ({plain(quantity)})",
                f"$`{first.statement}`$" if first.statement else "",
                f"{status}, {first.evidence}" + (f": {plain(reasons)}" if reasons else ""),
                f"{checked}" + (f", {between} left open" if between else ""),
                formats,
            ]
        )
    text = table(["line by hand", "statement", "verdict", "cells", "formats"], rows)
    reasons = [
        f"- *{plain(name)}*: {lines[0].derivation}" for (name, _), lines in grouped.items() if lines[0].derivation
    ]
    return text + ("\n\n" + "\n".join(dict.fromkeys(reasons)) if reasons else "")


def thresholds_page(rows: Sequence[ThresholdRow]) -> str:
    """Where floats lose the softmax and its gradient, per format."""
    held = sum(row.status == "HOLDS" for row in rows)
    formats = list(dict.fromkeys(row.format for row in rows))
    blocks = [
        "# Where floats lose a softmax and its gradient",
        "Two classes with logits $`(g, 0)`$. Each entry is the first number of the format at or above a real number "
        "that was derived by hand. JAX was run at that gap and one number below: the event has to happen at the first "
        f"and not at the second. {held} of {number_words(len(rows), 'threshold')} hold.",
        "In $`p`$ bits, with smallest normal number $`2^{e_{\\min}}`$; JAX flushes subnormal numbers to zero but in "
        "float16.",
    ]
    found: list[list[str]] = []
    for id_ in dict.fromkeys(row.id for row in rows):
        mine = {row.format: row for row in rows if row.id == id_}
        first = next(iter(mine.values()))
        cells = [_crossing(mine.get(form)) for form in formats]
        found.append([plain(first.title), f"$`{first.statement}`$", *cells])
    blocks.append(table(["event", "from", *formats], found))
    odd = [row for row in rows if row.status != "HOLDS"]
    if odd:
        blocks.append("\n".join(f"- `{row.id}`, {row.format}: {row.status}, {plain(row.reason)}" for row in odd))
    return "\n\n".join(blocks)


def _crossing(row: ThresholdRow | None) -> str:
    """A threshold in one format, with its verdict where that is not HOLDS."""
    if row is None:
        return ""
    return row.decimal if row.status == "HOLDS" else f"{row.decimal} **{row.status}**"
