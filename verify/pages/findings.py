"""The page of findings: what JAX's floats do that its users may not expect, each with how to see it."""

from collections.abc import Iterator
from typing import Final

from verify.formats import FORMATS
from verify.pages.markdown import cell, display, fence, plain, table
from verify.pages.text import found_text, mended, promises, why_unexpected
from verify.results import ClaimRow, FindingRow, Results, VerdictRow

FINDINGS: Final = "findings.md"
KINDS: Final = {
    "defect": (
        "Defects",
        "A float is wrong where a right one exists and costs no more.",
    ),
    "lost": (
        "Digits that are lost on the way",
        "Each step is rounded well, and the form of the derivative cancels: the truth is an ordinary number of the "
        "format, and another form of the same derivative finds it.",
    ),
    "convention": (
        "Conventions where there is no derivative",
        "At a kink, any subgradient would do, and JAX chooses one; elsewhere the claims hold.",
    ),
}


def findings_page(results: Results) -> str:
    """The page, from a run over findings."""
    jax = str(results.environment.get("jax", ""))
    jaxlib = str(results.environment.get("jaxlib", ""))
    return "\n\n".join([*_head(results, jax, jaxlib), *_sections(results, jax)])


def _head(results: Results, jax: str, jaxlib: str) -> Iterator[str]:
    yield "# Findings in JAX"
    rows = [(row, row.finding) for row in results.claims if row.finding is not None]
    seen = sum(row.as_expected for row, _ in rows)
    yield (
        "Each of these is a claim. Over the reals JAX's derivative, or value, is the formula beside it. And a promise "
        "is made of JAX's floats, in units in the last place of the exact value of the formula, which they are "
        f"expected to break. With jax {jax} and jaxlib {jaxlib} on CPU, {seen} of {len(rows)} are as described. One "
        "that a version of JAX has mended is not, and `verify run verify.findings` then says so and exits with 1. "
        "Issues are cited as they stood when a finding was written."
    )
    yield table(
        ["finding", "kind", "with this version", "upstream"],
        [
            [f"[{row.id}](#{row.id.replace('.', '')})", KINDS[told.kind][0].lower(), _state(row, jax), _links(told)]
            for row, told in rows
        ],
    )


def _sections(results: Results, jax: str) -> Iterator[str]:
    for kind, (heading, words) in KINDS.items():
        rows = [(row, row.finding) for row in results.claims if row.finding is not None and row.finding.kind == kind]
        if not rows:
            continue
        yield f"## {heading}"
        yield words
        for row, told in rows:
            yield f"### {row.id}"
            yield f"{told.title}."
            yield display(row.statement)
            yield _verdict(row, jax)
            yield fence(told.reproducer, "python")
            yield f"Prints {plain(told.prints)}."
            yield " ".join(each for each in (told.meanwhile, f"Seen with jax {told.versions}.") if each)
            for each in told.upstream:
                yield f"- [{cell(plain(each.title))}]({each.url}){f' ({each.state})' if each.state else ''}"
            if not told.upstream:
                yield "No thread on it was found."
            yield f"Repeat: `{row.repeat}`"


def _state(row: ClaimRow, jax: str) -> str:
    if row.error:
        return "**could not be built**"
    if mended(row):
        return f"**mended in jax {jax}**"
    return "as described" if row.as_expected else f"**{plain(why_unexpected(row, jax))}**"


def _links(told: FindingRow) -> str:
    return ", ".join(f"[#{each.url.rpartition('/')[2]}]({each.url})" for each in told.upstream) or "none found"


def _verdict(row: ClaimRow, jax: str) -> str:
    """What was found: of the equation, and of the promise, with the float that breaks it."""
    if row.error:
        return f"**Could not be built**: {plain(row.error)}"
    promise = ", ".join(f"{_ulps(ulps)} in {form}" for form, ulps in promises(row))
    text = f"Over the reals: **{row.status}**, {found_text(row) or plain(row.reason)}. Promised: within {promise}. "
    broken = _broken(row)
    if broken is None:
        return text + f"**Kept**: {plain(why_unexpected(row, jax))}."
    point = broken.worst
    assert point is not None
    at = ", ".join(f"{name} = {_short(value)}" for name, value in point.arguments.items())
    how = point.autodiff.partition(" (")[2].rstrip(")")
    returned, truth = _float(point.autodiff), _exact(point.by_hand)
    if f"{returned:.2g}" == f"{truth:.2g}":
        ulp = FORMATS[how.partition(",")[0]].ulp(truth)
        says = f"is off by about {_rounded(abs(returned - truth) / ulp)} units in the last place"
    else:
        says = f"returns {returned:.2g}, where the truth is {truth:.2g}"
    where = f", component `{point.component}`" if point.component not in ("", "[]") else ""
    return text + f"Broken at `{at}`{where}: `{point.program}` ({plain(how)}) {says}."


def _broken(row: ClaimRow) -> VerdictRow | None:
    return next((each for each in row.verdicts if each.floats == "outside" and each.worst is not None), None)


def _ulps(ulps: float) -> str:
    """Units in the last place, large ones as the share of the value that they are in every format."""
    return "a sixteenth of the value" if ulps > 32 else f"{ulps:g} units in the last place"


def _short(value: object) -> str:
    if isinstance(value, list):
        shown = ", ".join(_short(each) for each in value[:4])
        return f"[{shown}{', …' if len(value) > 4 else ''}]"
    return f"{float.fromhex(value):g}" if isinstance(value, str) and "0x" in value else str(value)


def _float(text: str) -> float:
    """A float as the engine writes it, such as ``0x1p+0 (float64, jit)``."""
    number = text.partition(" ")[0]
    return float.fromhex(number) if "0x" in number else float(number)


def _exact(text: str) -> float:
    """The float nearest to an exact value as the engine writes it."""
    return float(text.removeprefix("exact ").split()[0])


def _rounded(ulps: float) -> str:
    """To one digit: the last ones are a machine's own."""
    return f"{float(f'{ulps:.0e}'):g}"
