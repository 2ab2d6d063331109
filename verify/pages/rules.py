"""The page of custom rules: which agree with plain autodiff, where they differ, which keep more digits."""

import re
from collections.abc import Iterator
from typing import Final

from verify.pages.markdown import cell, claim_links, left_out, number_words, outcome, plain, table
from verify.pages.text import compared, digits_at, found_text, power_of_ten
from verify.results import ClaimRow, Results

KINK: Final = re.compile(r"seen; at (?P<at>.*?) (?P<mode>\S+) takes (?P<rule>\S+), the formula (?P<body>[^)]*)\)")
HEXADECIMAL: Final = re.compile(r"-?0x[0-9a-f.]+p[+-]\d+")


def rules_page(results: Results) -> str:
    """The page, from the claims that are about a rule; "" where there are none."""
    rows = [row for row in results.claims if compared(row)]
    return "\n\n".join(_blocks(results, rows)) if rows else ""


def _blocks(results: Results, rows: list[ClaimRow]) -> Iterator[str]:
    links = claim_links(results)
    version = results.environment.get("jax", "")
    yield "# Custom rules against JAX's derivative of the body"
    held = [row for row in rows if row.status == "HOLDS"]
    differing = [row for row in rows if row.status == "FAILS"]
    words = f", of JAX {version}" if version else ""
    yield (
        f"{number_words(len(rows), 'rule')}{words}. Each is compared with what JAX derives by itself from the function "
        "whose derivative the rule is, or with a formula where a note says so, in exact arithmetic, and as each float "
        "format traces it. "
        f"{len(held)} agree, {len(differing)} differ."
    )
    yield table(
        ["claim", "where, and the rule's name", "found", "evidence"],
        [[links[row.id], _code(row.source), outcome(row), found_text(row)] for row in rows],
    )
    if any(row.note for row in held):
        yield _notes(held, links)
    if differing:
        yield "## Where they differ"
        yield (
            "The largest difference of the exact values at the points that floats were run at, relative to the "
            "derivative of the body, rounded up to a power of ten. Formats are listed since a function may be another "
            "program in each."
        )
        formats = list(dict.fromkeys(each["format"] for row in differing for each in compared(row)))
        yield table(
            ["claim", *formats], [[links[row.id], *(_apart(row, form) for form in formats)] for row in differing]
        )
        yield _notes(differing, links)
    kinks = [(row, found) for row in rows if (found := _kink(row)) is not None]
    if kinks:
        yield "## Conventions at kinks"
        yield (
            "Where a program decides an exact equality of its inputs, its derivative is a convention. Such points "
            "decide nothing above; of each claim with a point at which the two conventions differ, one is shown."
        )
        yield table(
            ["claim", "at", "rule", "derivative of the body"], [[links[row.id], *found] for row, found in kinks]
        )
    yield "## Which keep more digits"
    more = list(_more(rows, links))
    yield (
        "Correct decimal digits of the float against the exact value of the same program, at the point at which "
        "rounding may take most from one side and least from the other. Listed where they differ by two digits or so; "
        "elsewhere both keep the same."
    )
    if more:
        yield table(["claim", "format", "keeps more", "digits, and where"], more)
    why = {row.id: {reason for each in compared(row) if (reason := each.get("not counted"))} for row in rows}
    for reason in sorted(set[str]().union(*why.values())):
        those = [links[row.id] for row in rows if reason in why[row.id]]
        yield f"Not counted, for {reason}: {', '.join(those)}."
    if results.left_out:
        yield "## Not compared"
        yield left_out(results)


def _notes(rows: list[ClaimRow], links: dict[str, str]) -> str:
    """What is said of some claims, each sentence once."""
    notes = dict.fromkeys(row.note for row in rows if row.note)
    said = [(", ".join(links[row.id] for row in rows if row.note == note), note) for note in notes]
    return "\n".join(f"- {note} ({those})" for those, note in said)


def _code(source: str) -> str:
    """``jax.nn, `relu``` from a source."""
    module, _, rule = source.partition(", ")
    return f"`{module}`, `{rule}`" if rule else plain(source)


def _apart(row: ClaimRow, form: str) -> str:
    found = next((each["apart"] for each in compared(row) if each["format"] == form), None)
    return "" if found is None else power_of_ten(found) if found else "0"


def _kink(row: ClaimRow) -> tuple[str, str, str] | None:
    """A point at which an equality is decided, and what both sides take there."""
    found = next((hit for each in row.exceptions if (hit := KINK.search(each)) is not None), None)
    if found is None:
        return None
    rule, body = (_short(found[each]) for each in ("rule", "body"))
    if rule == body:
        return None
    at = HEXADECIMAL.sub(lambda number: f"{float.fromhex(number[0]):.4g}", found["at"])
    return cell(plain(re.sub(r"\s{2,}", ", ", at))), rule, body


def _short(number: str) -> str:
    try:
        return f"{float(number):.4g}"
    except ValueError:
        return number


def _more(rows: list[ClaimRow], links: dict[str, str]) -> Iterator[list[str]]:
    for row in rows:
        for each in compared(row):
            for side, words in (("rule", "the rule"), ("plain", "plain autodiff")):
                if each[side] is not None:
                    yield [links[row.id], each["format"], words, digits_at(each[side])]
