"""Results as lines of plain text, for a terminal of 80 columns."""

import textwrap
from collections.abc import Iterator, Sequence
from typing import Any

from verify.results import ClaimRow, Counterexample, Results

WIDTH = 80


def verdict_lines(row: ClaimRow) -> list[str]:
    """What was found about a claim: one line, and what a reader needs to follow it up."""
    if row.error:
        return _wrapped(f"ERROR  {row.id}", row.error)
    expected = "" if row.as_expected == (row.status == "HOLDS") or row.status == "UNKNOWN" else _expectation(row)
    head = f"{row.status}  {row.id}{expected}"
    if row.status == "FAILS" and row.counterexample is not None:
        return [f"{head}, engine {row.counterexample.engine}", *counterexample_lines(row.counterexample)]
    if row.status == "UNKNOWN":
        return _wrapped(head, row.reason or "no engine decided it")
    found = [found_text(row)]
    if row.floats:
        found.append(floats_text(row.floats))
    if row.literals:
        found.append(f"up to the rounding of {', '.join(row.literals)}")
    if row.exceptions:
        found.append(f"not decided: {'; '.join(row.exceptions)}")
    return _wrapped(head, "; ".join(each for each in found if each) or row.reason)


def _expectation(row: ClaimRow) -> str:
    if row.as_expected:
        return ", as expected"
    return "" if row.status == row.expect else f", expected {row.expect}"


def _wrapped(head: str, text: str) -> list[str]:
    """A heading, and what is said about it on lines of its own."""
    return [head, *textwrap.wrap(text, WIDTH, initial_indent="  ", subsequent_indent="  ", break_on_hyphens=False)]


def found_text(row: ClaimRow) -> str:
    """Evidence with the number of points and the sizes: ``enclosed at 192 points, n = 2, 3``."""
    if not row.evidence:
        return ""
    if row.status == "FAILS":
        return row.evidence
    if row.evidence == "proved":
        return _proved_text(row)
    checked = sum(each.checked for each in row.verdicts if each.status == row.status and each.evidence == row.evidence)
    points = f" at {checked} point{'s' * (checked != 1)}" if checked and row.evidence != "proved" else ""
    sizes = sizes_text(row.sizes)
    return f"{row.evidence}{points}{', ' + sizes if sizes else ''}"


def _proved_text(row: ClaimRow) -> str:
    """``proved for every n``, or ``proved, n = 2, 3; enclosed at 144 points, n = 2, 3, 10``."""
    proved = [size for each in row.verdicts if each.evidence == "proved" for size in each.sizes if size]
    if proved and all(size.startswith("every ") for size in proved):
        return f"proved for {', '.join(proved)}"
    text = f"proved{', ' + sizes_text(proved) if proved else ' for all inputs'}"
    others = [each for each in row.verdicts if each.evidence == "enclosed" and set(each.sizes) - set(proved)]
    for each in others if proved else ():
        text += f"; enclosed at {each.checked} points, {sizes_text(each.sizes)}"
    return text


def floats_text(word: str) -> str:
    """What the word on floats means."""
    return {
        "inside": "floats inside what rounding allows",
        "outside": "floats OUTSIDE what rounding allows",
        "no claim": "no claim about floats",
    }.get(word, word)


def sizes_text(sizes: Sequence[str]) -> str:
    """Sizes of one name on one list: ``n = 2, 3`` for ``n = 2`` and ``n = 3``."""
    named: dict[str, list[str]] = {}
    for each in sizes:
        name, equals, value = each.partition(" = ")
        if not equals or "," in value:
            return "; ".join(sizes)
        named.setdefault(name, []).append(value)
    return "; ".join(f"{name} = {', '.join(values)}" for name, values in named.items())


def counterexample_lines(found: Counterexample) -> list[str]:
    """Where a claim fails, what both sides are there, and how to see it again."""
    point = found.point
    arguments = [f"{name} = {values_text(value)}" for name, value in point.arguments.items()]
    component = [f"component {point.component}"] if point.component else []
    note = [f"({point.note})"] if point.note else []
    sides = [f"autodiff ({point.program})  {point.autodiff}" if point.program else f"autodiff  {point.autodiff}"]
    sides.append(f"by hand  {point.by_hand}")
    residual = [f"residual  {found.residual}"] if found.residual else []
    return [
        *_block("at", [*arguments, *note, *component]),
        *_block("values", [*sides, *residual]),
        f"  repeat    {found.repeat}",
    ]


def _block(label: str, parts: Sequence[str]) -> Iterator[str]:
    """Parts side by side while they fit, under a label in front of the first line."""
    line = f"  {label:<10}"
    for part in parts:
        if len(line) > 12 and len(line) + 3 + len(part) > WIDTH:
            yield line.rstrip()
            line = " " * 12
        line += ("   " if len(line) > 12 else "") + part
        if len(line) > WIDTH:
            lines = textwrap.wrap(
                line, WIDTH, subsequent_indent=" " * 14, break_on_hyphens=False, break_long_words=False
            )
            yield from lines[:-1]
            line = lines[-1]
    yield line.rstrip()


def values_text(value: Any, most: int = 12) -> str:
    """Nested lists of numbers, long ones cut in the middle of nothing: their first entries and how many there are."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{name}: {values_text(each, most)}" for name, each in value.items()) + "}"
    if not isinstance(value, list):
        return str(value)
    shown = ", ".join(values_text(each, most) for each in value[:most])
    return f"[{shown}, … {len(value)} in all]" if len(value) > most else f"[{shown}]"


def counts(results: Results) -> list[tuple[str, str, int]]:
    """How many claims have each status and evidence, strongest first."""
    order = [("HOLDS", "proved"), ("HOLDS", "enclosed"), ("FAILS", "counterexample")]
    seen = [(row.status, row.evidence) for row in results.claims]
    rest = sorted(set(seen) - set(order))
    return [
        (status, evidence, seen.count((status, evidence)))
        for status, evidence in order + rest
        if (status, evidence) in seen
    ]


def unexpected(results: Results) -> list[ClaimRow]:
    """Claims that did not come out as expected."""
    return [row for row in results.claims if not row.as_expected]


def why_unexpected(row: ClaimRow) -> str:
    """One line on why a claim is not as expected."""
    if row.error:
        return f"could not be built: {row.error}"
    if row.floats == "outside":
        return "a float lies outside what rounding allows"
    if row.status == "UNKNOWN":
        return row.reason or "no engine decided it"
    return f"expected {row.expect}, found {row.status}"


def statement_counts(results: Results) -> dict[str, int]:
    """How many statements have each verdict word, most frequent first."""
    words = [row.verdict for row in results.statements]
    return {word: words.count(word) for word in sorted(set(words), key=lambda word: (-words.count(word), word))}
