"""Figures as SVG: the same bytes for the same numbers, readable on a light and on a dark page."""

import io
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from typing import Any, Final

from verify.pages.markdown import MARK, slug

GREY: Final = "#767676"  # 4.5:1 on white and on GitHub's dark grey alike
COLOURS: Final = ("#d1495b", "#c08a1e", "#2a8ea6", "#7a6bb0")
DASHES: Final[tuple[Any, ...]] = ("-", (0, (5, 2)), "-", (0, (1, 1)))
MARKERS: Final = ("o", "s", "^", "D")
NAMES: Final = {"formula": "formula as written", "stable": "form without cancellation"}


def precision_figures(rows: Sequence[dict[str, Any]]) -> dict[str, bytes]:
    """One figure per subject: correct digits against the logit gap, a panel per format, a line per form."""
    found: dict[str, bytes] = {}
    for subject in dict.fromkeys(str(row["subject"]) for row in rows):
        mine = [row for row in rows if row["subject"] == subject]
        found[f"figures/precision-{slug(subject)}.svg"] = _precision(mine, subject)
    return found


@contextmanager
def drawing() -> Generator[None]:
    """Settings of every figure: fixed fonts and identifiers, and a grey that is read on light and on dark."""
    import matplotlib as mpl

    style: dict[Any, Any] = {
        "svg.hashsalt": "gradproof",
        "svg.fonttype": "path",
        "font.family": "DejaVu Sans",
        "font.size": 9.0,
        **dict.fromkeys(("text.color", "axes.labelcolor", "axes.edgecolor", "xtick.color", "ytick.color"), GREY),
    }
    with mpl.rc_context({**mpl.rcParamsDefault, **style}):
        yield


def svg(figure: Any) -> bytes:
    """A figure as SVG without a date, marked as written by a run."""
    stream = io.BytesIO()
    figure.savefig(stream, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
    head, newline, rest = stream.getvalue().partition(b"\n")
    return head + newline + MARK.encode() + b"\n" + rest


def _precision(rows: Sequence[dict[str, Any]], subject: str) -> bytes:
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator, NullLocator

    formats = list(dict.fromkeys(str(row["format"]) for row in rows))
    forms = list(dict.fromkeys(str(row["form"]) for row in rows))
    gaps = sorted({float(row["gap"]) for row in rows})
    ticks = [tick for tick in (0.0, 5.0, 10.0, 20.0, 40.0, 100.0, 300.0, 700.0) if gaps[0] <= tick <= gaps[-1]]
    with drawing():
        columns = min(2, len(formats))
        lines = -(-len(formats) // columns)
        figure = Figure(figsize=(3.7 * columns, 2.3 * lines + 0.7), layout="constrained")
        panels = figure.subplots(lines, columns, sharex=True, squeeze=False).ravel().tolist()
        for panel in panels[len(formats) :]:
            panel.set_visible(False)
        for panel, form_name in zip(panels, formats, strict=False):
            for place, form in enumerate(forms):
                points = [row for row in rows if row["format"] == form_name and row["form"] == form]
                points.sort(key=lambda row: float(row["gap"]))
                panel.plot(
                    [float(row["gap"]) for row in points],
                    [_height(row["digits"]) for row in points],
                    color=COLOURS[place % 4],
                    linestyle=DASHES[place % 4],
                    marker=MARKERS[place % 4],
                    # Lines that lie on each other stay visible: the later ones are smaller.
                    markersize=(8.0, 4.5, 4.5, 4.0)[place % 4],
                    linewidth=(3.0, 1.4, 1.4, 1.2)[place % 4],
                    label=NAMES.get(form, form),
                )
            panel.set_title(form_name, fontsize=9)
            # Digits are lost within some tens of nats, floats end at hundreds: both have to be seen.
            panel.set_xscale("symlog", linthresh=10.0, linscale=0.8)
            panel.set_xticks(ticks, labels=[f"{tick:g}" for tick in ticks])
            panel.xaxis.set_minor_locator(NullLocator())
            panel.yaxis.set_major_locator(MaxNLocator(integer=True, nbins=5))
            panel.set_ylim(bottom=-0.4)
            panel.grid(color=GREY, alpha=0.25, linewidth=0.6)
            panel.spines[["top", "right"]].set_visible(False)
        figure.supxlabel("logit gap in nats", fontsize=9, color=GREY)
        figure.supylabel("correct decimal digits", fontsize=9, color=GREY)
        handles, labels = panels[0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside upper center", ncols=len(forms), frameon=False, title=subject)
        return svg(figure)


def _height(digits: Any) -> float:
    """Digits as a height; a word such as ``none`` lies on the floor, what has no value leaves a hole."""
    if isinstance(digits, (int, float)):
        return float(digits)
    return 0.0 if digits == "none" else float("nan")
