"""A page to read from top to bottom: what becomes of the article's thesis, in words, with numbers from the run."""

from collections.abc import Iterator, Sequence
from typing import Final

from verify.pages.maps import figure_name
from verify.pages.markdown import claim_links, number_words, plain, slug, table, verdict_told
from verify.results import ClaimRow, MapRow, Results

PLANE: Final = "vanishing.two-class"
LOSSES: Final = "vanishing.seventeen-losses"
ESCAPE: Final = "practice.escape"
DIGITS: Final = "practice.digits"
SQUARED, CROSS, LITERAL, ADAM = (
    "squared error",
    "cross entropy",
    "cross entropy of a softmax, as written",
    "squared error, Adam",
)
GAPS: Final = (5.0, 10.0, 20.0, 40.0)
STARTS: Final = (2.0, 5.0, 8.0, 10.0)
RATE: Final = 0.5
TWO_SIDED: Final = ("squared-error.saturated.wrong-norm-at-least", "squared-error.saturated.norm-at-most")


def verdict_page(results: Results) -> str:
    """The page; "" where the run has not what it tells of."""
    maps = {row.id: row for row in results.maps if not row.error and not row.left_out}
    if not verdict_told(results):
        return ""
    blocks = ["# Does squared error work poorly with softmax?"]
    blocks += _short_answer(results, maps)
    blocks += _what_it_says(results)
    blocks += _in_real_numbers(results, maps)
    blocks += _in_floats(results)
    blocks += _in_practice(maps)
    blocks += _instead(results)
    return "\n\n".join(blocks)


def _short_answer(results: Results, maps: dict[str, MapRow]) -> Iterator[str]:
    thesis = results.statements[0]
    escape = maps[ESCAPE]
    slow, fast, adam = (_steps(escape, name, 10.0) for name in (SQUARED, CROSS, ADAM))
    yield (
        f"*{thesis.text}* The verdict on this is **{thesis.verdict}**: it is true of one situation, and worth knowing "
        "exactly which. When a network is confidently wrong, the gradient of squared error shrinks like $`e^{-g}`$, "
        "where $`g`$ is the gap between the two largest logits. Plain gradient descent, step size "
        f"{RATE:g}, then needs {slow} steps to give up a lead of 10 nats, where cross entropy needs "
        f"{fast}. It is not true of every training run: Adam needs {adam}, and from ordinary weights squared error "
        "trains well."
    )


def _what_it_says(results: Results) -> Iterator[str]:
    counted: dict[str, int] = {}
    for row in results.statements:
        counted[row.verdict] = counted.get(row.verdict, 0) + 1
    yield "## What the article says"
    yield (
        "It derives the gradient of half the squared error behind a softmax, sees that every term carries a factor "
        "$`\\sigma_i (1 - \\sigma_i)`$ or $`\\sigma_i \\sigma_j`$, and concludes that the gradient vanishes when the "
        "softmax saturates. For cross entropy the logarithm's derivative cancels that factor and $`\\sigma - y`$ is "
        f"left. We count {len(results.statements)} statements; "
        + ", ".join(f"{number} {word}" for word, number in counted.items())
        + ". [Each of them, with its verdict](article.md)"
    )


def _in_real_numbers(results: Results, maps: dict[str, MapRow]) -> Iterator[str]:
    plane = maps[PLANE]
    yield "## What is true, in real numbers"
    yield (
        "Two classes, and a target that says the first class is wrong though it leads by $`g`$ nats. The largest "
        "component of the true gradient, exact:"
    )
    bottom, top = 0, len(plane.truth[SQUARED]) - 1
    rows = [
        [f"{words}, {loss}", *(_power(plane, loss, row, gap) for gap in GAPS)]
        for words, row in (("wrong", bottom), ("right", top))
        for loss in (SQUARED, CROSS)
    ]
    yield table(["prediction, loss", *(f"gap {gap:g}" for gap in GAPS)], rows)
    yield (
        "Squared error is small in both cases, with the square of the small output where the prediction is right. "
        "Cross entropy is small only where it should be. That is the whole story of the article, and it "
        f"{_standing(results, TWO_SIDED)}."
    )
    alternative = "Where each loss is alive, by logit gap and target; the shares stand on the page of maps."
    yield f"![{alternative}]({figure_name(plane, 'first')})"
    wrong = [row for row in results.statements if row.verdict == "false as written"]
    yield f"{number_words(len(wrong), 'thing')} are said too strongly, false as written and true once repaired:"
    yield "\n".join(f"- *{row.text}* {row.reason}" for row in wrong)
    yield (
        "The line does not run between losses with a logarithm and losses without. What decides is how the slope by "
        "the output grows as that output goes to 0:"
    )
    losses = maps[LOSSES]
    yield table(
        ["loss", "wrong, gradient like", "right, gradient like"],
        [[plain(name), *(_said(losses, name, side) for side in ("wrong", "right"))] for name in losses.quantities],
    )
    yield (
        "Here $`p \\approx e^{-g}`$ is the small output. Each entry stands between two bounds that were derived by "
        f"hand{_kept(losses)}."
    )
    alternative = "Size of the true gradient of each loss by logit gap, wrong and right; the table above has the rates."
    yield f"![{alternative}]({figure_name(losses, 'size')})"


def _in_floats(results: Results) -> Iterator[str]:
    yield "## What floats make of it"
    yield (
        "Long before the true gradient is too small for a float, JAX's float has no correct digit left: the component "
        "of the winner is a difference of two numbers near one. It does not help that `jax.grad` and the formula "
        "agree. They lose the same digits."
    )
    crossing = {(row.id, row.format): row.decimal for row in results.thresholds if row.status == "HOLDS"}
    formats = list(dict.fromkeys(row.format for row in results.thresholds))
    lines = (
        ("the winner's output is 1", "threshold.softmax.winner-is-one"),
        ("squared error, wrong: the winner's component is 0", "threshold.squared-error.wrong.winner-is-zero"),
        ("squared error, wrong: the target's component is 0", "threshold.squared-error.wrong.target-is-zero"),
        ("cross entropy, right: the winner's component is 0", "threshold.cross-entropy.right.winner-is-zero"),
        (
            "cross entropy as written: the gradient is not finite",
            "threshold.cross-entropy-as-written.wrong.gradient-is-not-finite",
        ),
    )
    rows = [[words, *(_short(crossing.get((id_, form), "")) for form in formats)] for words, id_ in lines]
    yield table(["from this logit gap on", *formats], rows)
    yield (
        "Each is the first number of its format at which it happens; one number below, it does not "
        "([all of them](thresholds.md))."
    )
    subject = next(iter(dict.fromkeys(str(row["subject"]) for row in results.precision)), "")
    if subject:
        alternative = (
            f"Correct digits of {subject} by logit gap, in four formats; the table stands on the page of digits."
        )
        yield f"![{alternative}](figures/precision-{slug(subject)}.svg)"
        yield (
            "The form without cancellation, which keeps its digits to the end, is the same formula written as a sum "
            "over pairs ([digits by gap](precision.md))."
        )


def _in_practice(maps: dict[str, MapRow]) -> Iterator[str]:
    escape = maps[ESCAPE]
    yield "## What practice shows"
    yield (
        f"Steps of gradient descent, step size {RATE:g}, until a wrong class leads no more. The time grows like "
        "$`\\frac14 e^{g}`$ for squared error, and like $`\\frac12 g`$ for cross entropy; the counts stand between "
        f"bounds that were derived by hand{_kept(escape)}:"
    )
    rows = [[plain(name), *(str(_steps(escape, name, start)) for start in STARTS)] for name in escape.quantities]
    yield table(["loss", *(f"initial gap {start:g}" for start in STARTS)], rows)
    alternative = "Steps to escape by initial gap and step size, per loss; the numbers stand on the page of maps."
    yield f"![{alternative}]({figure_name(escape, 'values')})"
    if DIGITS not in maps:
        return
    digits = maps[DIGITS]
    assert digits.outcome is not None
    yield (
        "And a real data set, the handwritten digits that scikit-learn ships, a network with 32 hidden units, plain "
        f"gradient descent: mean accuracy on held-out digits after {digits.outcome.values[-1]:g} steps."
    )
    first, second, third = digits.axes
    (nested,) = digits.values.values()
    rows = []
    for place, loss in enumerate(second.names):
        ends = [
            sum(nested[seed][place][start][-1] for seed in range(len(first.values))) / len(first.values)
            for start in range(len(third.values))
        ]
        rows.append([loss, *(f"{100 * end:.0f} %" for end in ends)])
    yield table(["loss", *third.names], rows)
    alternative = "Accuracy over steps, by loss and start; the numbers stand on the page of maps."
    yield f"![{alternative}]({figure_name(digits, 'values')})"
    yield (
        "From ordinary weights the three losses end alike. Where every output starts saturated, only cross entropy "
        "gets away. The pathology is real, and needs confident wrong predictions to begin with: a bad start, wrong "
        "labels, or data that have shifted."
    )


def _instead(results: Results) -> Iterator[str]:
    crossing = {(row.id, row.format): row.decimal for row in results.thresholds}
    literal = "threshold.cross-entropy-as-written.wrong.gradient-is-not-finite"
    yield "## What to do instead"
    yield "\n".join(
        [
            "- **Train on cross entropy of the logits**, through `jax.nn.log_softmax` or its like. Its gradient on a "
            "wrong prediction is never small, and finite at every finite logit.",
            "- **Do not take the logarithm of a softmax.** As written in the article, the gradient is infinite or not "
            f"a number from a gap of {_short(crossing.get((literal, 'float32'), '?'))} nats on in float32, and of "
            f"{_short(crossing.get((literal, 'float16'), '?'))} in float16.",
            "- **If it has to be squared error**, start from small weights, use an optimiser that scales its steps, or "
            "put the squared error on the logits, where no softmax flattens it.",
            "- **When the gradient itself is the result**, as in a sensitivity study, use the form over pairs: "
            "$`\\sigma_j \\sum_{i \\ne j} \\sigma_i (\\gamma_j - \\gamma_i)`$ keeps its digits where `jax.grad` has "
            "none.",
            "- **Do not test a gradient by comparing two floats** under saturation: the formula and autodiff are wrong "
            "together. Compare each with the exact value.",
        ]
    )
    yield "[The verdict in ten lines](index.md) · [every statement](article.md) · [maps](maps.md)"


# --- numbers ---------------------------------------------------------------------------------------------------


def _kept(row: MapRow) -> str:
    """Whether the lines by hand of a map hold."""
    held = sum(line.status == "HOLDS" for line in row.lines)
    if held == len(row.lines):
        return ", and all of them hold at every point tried"
    return f", of which **{len(row.lines) - held} do not hold** ([which](maps.md))"


def _nearest(values: Sequence[float], wanted: float) -> int:
    return min(range(len(values)), key=lambda place: abs(values[place] - wanted))


def _power(row: MapRow, quantity: str, line: int, gap: float) -> str:
    """The largest true component at one cell: a decimal fraction, or a power of ten."""
    logarithm = row.truth[quantity][line][_nearest(row.axes[0].values, gap)]
    if logarithm is None:
        return "0"
    if logarithm > -3:
        return f"{10**logarithm:.2g}"
    whole = int(logarithm // 1)
    return f"$`{10 ** (logarithm - whole):.1f} \\cdot 10^{{{whole}}}`$"


def _steps(row: MapRow, quantity: str, start: float) -> int:
    """Steps to escape from an initial gap at the step size that is shown."""
    place = _nearest(row.axes[0].values, start)
    return int(row.values[quantity][place][_nearest(row.axes[1].values, RATE)][0])


def _said(row: MapRow, quantity: str, side: str) -> str:
    """The rate of one loss on one side, with its verdict where that is not HOLDS."""
    line = next((each for each in row.lines if each.name == f"{quantity}, {side}"), None)
    if line is None:
        return ""
    return f"$`{line.statement}`$" + ("" if line.status == "HOLDS" else f" **{line.status}**")


def _short(decimal: str) -> str:
    """A number to four digits."""
    return f"{float(decimal):.4g}" if decimal not in ("", "?") else decimal


def _standing(results: Results, ids: Sequence[str]) -> str:
    """What some claims rest on, in words with links."""
    links = claim_links(results)
    rows: list[ClaimRow] = [row for row in results.claims if row.id in ids]
    words = "; ".join(f"{links[row.id]} {row.status}, {row.evidence}" for row in rows)
    return f"has two-sided bounds ({words})" if rows else "has two-sided bounds"
