"""Results to pages: GitHub-safe Markdown and SVG figures. Pure: the same results give the same bytes."""

from collections.abc import Mapping
from pathlib import Path

from verify.pages.findings import FINDINGS, findings_page
from verify.pages.markdown import MARK, article_page, index_page, precision_page, topic_name, topic_page
from verify.results import Results, replace

# What the first line of a page says; a run leaves pages with another mark alone.
FINDINGS_MARK = "<!-- Written by `verify run verify.findings`: change the findings and run it again, not this file. -->"


def entrance(results: Results) -> str:
    """The page that a reader should open first."""
    return FINDINGS if _about_findings(results) else "index.md"


def _about_findings(results: Results) -> bool:
    return bool(results.claims) and all(row.finding is not None for row in results.claims)


def render(results: Results) -> dict[str, bytes]:
    """All pages of a run, by path inside the reports folder; a run over findings has one."""
    if _about_findings(results):
        return {FINDINGS: f"{FINDINGS_MARK}\n\n{findings_page(results).rstrip()}\n".encode()}
    from verify.pages.figures import precision_figures
    from verify.pages.maps import first_map, map_figures, maps_page, thresholds_page
    from verify.pages.rules import rules_page
    from verify.pages.verdict import verdict_page

    precision = precision_figures(results.precision)
    figures = {**precision, **map_figures(results.maps)}
    pages = {"index.md": index_page(results, first_map(results))}
    if results.maps:
        pages["maps.md"] = maps_page(results)
    if verdict := verdict_page(results):
        pages["verdict.md"] = verdict
    if rules := rules_page(results):
        pages["custom-rules.md"] = rules
    if results.thresholds:
        pages["thresholds.md"] = thresholds_page(results.thresholds)
    if results.statements:
        pages["article.md"] = article_page(results)
    if results.precision:
        pages["precision.md"] = precision_page(results, list(precision))
    for module in dict.fromkeys(row.module for row in results.claims):
        pages[topic_name(module)] = topic_page(results, module)
    files = {name: (MARK + "\n\n" + text.rstrip() + "\n").encode() for name, text in pages.items()}
    return {**files, **figures}


def write(folder: Path, pages: Mapping[str, bytes]) -> None:
    """Write the pages, each in one step, and remove pages that an earlier run wrote and this one does not have."""
    for name, content in pages.items():
        path = folder / name
        if not path.is_file() or path.read_bytes() != content:
            replace(path, content)
    for path in _written(folder, pages):
        if str(path.relative_to(folder)) not in pages:
            path.unlink()


def stale(folder: Path, pages: Mapping[str, bytes]) -> list[str]:
    """Names of pages in a folder that differ from these, are missing, or should not be there."""
    differing = [name for name, content in pages.items() if not _same(folder / name, content)]
    surplus = [str(path.relative_to(folder)) for path in _written(folder, pages)]
    return sorted([*differing, *(name for name in surplus if name not in pages)])


def _same(path: Path, content: bytes) -> bool:
    return path.is_file() and path.read_bytes().replace(b"\r\n", b"\n") == content


def _written(folder: Path, pages: Mapping[str, bytes]) -> list[Path]:
    """Files in the folder that a run of the same kind wrote; whatever else lies there is not ours."""
    mark = FINDINGS_MARK if FINDINGS in pages else MARK
    found = [*folder.glob("*.md"), *folder.glob("figures/*.svg")]
    return sorted(path for path in found if mark.encode() in path.read_bytes()[:400])
