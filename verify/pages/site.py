"""Results and committed Markdown to the source of a website: a folder of Markdown that Sphinx reads.

``python -m verify.pages.site build/site-source`` gathers the pages of ``reports/`` and ``docs/``, and writes what only
the site has: a first page, one page per claim, an index of claims, and the API. Links to a claim lead to its page, and
statements, claims and maps lead to each other. Pure but for reading files: the same give the same bytes.
"""

import importlib.util
import posixpath
import re
import shutil
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from verify.pages import markdown, text, verdict
from verify.pages.api import api_pages
from verify.pages.maps import first_map
from verify.pages.markdown import anchor, cell, display, fence, plain, table
from verify.results import ClaimRow, MapRow, Results, ResultsError, StatementRow, VerdictRow, read, replace

MARKER: Final = "gathered.txt"
ORPHAN: Final = "---\norphan: true\n---\n\n"  # a page that is not in the navigation
SOURCES: Final = ("*.md", "docs/*.md", "docs/figures/*.svg", "reports/**/*.md", "reports/**/*.svg")
WORDS: Final = "docs/glossary.md"
EXPLORER: Final = "verify.pages.explore"
EXPLORE: Final = ("explore.md", "calculator.md")  # written by it, beside these pages
STACKED: Final = "{.stacked}"  # a table of prose, whose cells stand below each other on a phone
MOST: Final = 8  # claims on a statement that another page lists; the statement's own place has them all
# Headings of the navigation, and pages in the order of a reader; what is not named here comes last of its folder.
STORY: Final = ("reports/verdict", "reports/index", "reports/article", "claims/index")
MAPS: Final = (
    "explore",
    "calculator",
    "reports/maps",
    "reports/thresholds",
    "reports/precision",
)
HOW_TO: Final = (
    "README",
    "docs/first-claim",
    "docs/counterexamples",
    "docs/read-a-map",
    "docs/add-a-primitive",
    "docs/custom-rules",
    "docs/large-maps",
    "docs/ci",
)
BEYOND: Final = ("reports/rules/index", "reports/examples/index", "reports/findings", "reports/trust")
REFERENCE: Final = (
    "docs/glossary",
    "api/index",
    "docs/primitives",
    "docs/proofs",
    "docs/design",
    "docs/cost",
    "docs/mutants",
    "docs/rounding",
)
TITLES: Final = {
    "docs/large-maps": "Run a large map, or on a cluster",
    "README": "Overview, words and limits",
    "reports/verdict": "The verdict, told",
    "reports/index": "What was found",
    "reports/article": "Every statement",
    "reports/maps": "Where the gradient vanishes",
    "reports/thresholds": "Where floats lose a gradient",
    "reports/precision": "Digits that floats keep",
    "reports/rules/index": "Custom rules of JAX",
    "reports/examples/index": "Examples, decided",
    "reports/findings": "Findings in JAX",
    "reports/trust": "Beside other checkers",
    "claims/index": "Every claim",
    "explore": "Explore the maps",
    "calculator": "Calculator",
}
LETTER: Final = re.compile(r"\\(?:partial|sigma|sum) ?|[A-Za-z0-9.]+|[-+=/(),<> ]|[_^](?:\{[^{}]*\}|\w)")
SYMBOLS: Final = {r"\partial": "∂", r"\sigma": "<i>σ</i>", r"\sum": "Σ", "-": "−", "<": "&lt;", ">": "&gt;"}


def gather(results: Results, documents: Mapping[str, bytes], later: Sequence[str] = ()) -> dict[str, bytes]:
    """All files of the site's source.

    Args:
        results: a whole run over the article.
        documents: Markdown and figures of the project, by path below its folder.
        later: pages that will be written beside these, for the navigation.

    Returns:
        Content by path below the source's folder.

    Raises:
        ResultsError: where the pages in ``reports/`` are of another run.
    """
    _same_run(results, documents)
    files = dict(documents)
    for name in [each for each in documents if each.endswith(".md")]:
        page = _within(name, documents[name].decode(), documents)
        folder, _, own = name.rpartition("/")
        if folder == "reports":
            page = _linked(name, page, results)
        elif folder.startswith("reports/") and own != "index.md":
            page = ORPHAN + page  # of another run, whose index leads to it
        files[name] = page.encode()
    pages = {f"claims/{row.id}.md": claim_page(row, results) for row in results.claims}
    pages["claims/index.md"] = claims_index(results)
    pages |= {f"api/{name}": page for name, page in api_pages().items()}
    known = {*files, *pages, *later}
    pages["index.md"] = first_page(results, documents["README.md"].decode(), known)
    return files | {name: (page.rstrip() + "\n").encode() for name, page in pages.items()}


def _same_run(results: Results, documents: Mapping[str, bytes]) -> None:
    """Refuse results that are not of a whole run over the article, or whose pages are not there."""
    again = "run `verify run` over the whole article, which writes results.json and reports/ together"
    if results.interrupted or results.selected or not results.statements:
        raise ResultsError(f"results.json is not of a whole run over the article: {again}")
    needed = ["README.md", "reports/index.md", "reports/article.md"]
    needed += [f"reports/{markdown.topic_name(module)}" for module in _modules(results)]
    missing = [name for name in dict.fromkeys(needed) if name not in documents]
    if missing:
        raise ResultsError(f"{', '.join(missing)} is not there, though results.json speaks of it: {again}")
    for row in results.claims:
        name = f"reports/{markdown.topic_name(row.module)}"
        if f"\n## {row.id}\n" not in documents[name].decode():
            raise ResultsError(f"results.json has the claim {row.id}, and {name} has not: {again}")


def _modules(results: Results) -> list[str]:
    return list(dict.fromkeys(row.module for row in results.claims))


# --- links between statements, claims and maps -------------------------------------------------------------------


def claim_name(id_: str, *, of: str = "") -> str:
    """Path of a claim's page from the page ``of``."""
    return f"{_up(of)}claims/{id_}.md"


def statement_anchor(id_: str) -> str:
    """Name of a statement's place on the page of statements."""
    return f"statement-{id_}"


def _up(page: str) -> str:
    """From a page to the top of the source."""
    return "../" * page.count("/")


def _linked(name: str, page: str, results: Results) -> str:
    """A page of ``reports/`` with its links to claims led to their pages, and with what leads on from here."""
    own = name.partition("/")[2]
    for module in _modules(results):
        if own == markdown.topic_name(module):
            page = page.partition("\n## ")[0]  # what follows is on the claims' own pages
    targets: dict[str, str] = {}
    for module in _modules(results):
        file = markdown.topic_name(module)
        rows = [row for row in results.claims if row.module == module]
        for id_, name_ in markdown.claim_anchors(rows).items():
            targets[f"{'' if own == file else file}#{name_}"] = claim_name(id_, of=name)
    page = re.sub(r"\]\(([^)\s]+)\)", lambda found: f"]({targets.get(found[1], found[1])})", page)
    if own == "article.md":
        page = page.replace("\n\n| ", f"\n\n{STACKED}\n| ")
        for row in results.statements:
            start = f"| {cell(f'{row.text}<br>*{plain(row.place)}*')} |"
            if page.count(start) != 1:
                raise ResultsError(
                    f"the statement {row.id} stands {page.count(start)} times in {name}, expected once: "
                    "run `verify run` over the whole article, which writes results.json and reports/ together"
                )
            page = page.replace(start, start.replace("| ", f"| []{{#{statement_anchor(row.id)}}}", 1))
    if own == "maps.md":
        for row in results.maps:
            heading = f"\n## {plain(row.title)}\n"
            page = page.replace(heading, f"{heading}\n{_map_links(row, results, name)}\n", 1)
    return page


def _within(name: str, page: str, documents: Mapping[str, bytes]) -> str:
    """A page whose links to files of the project that are no pages, such as code, are words: the site has them not."""

    def led(found: re.Match[str]) -> str:
        target = found[2].partition("#")[0]
        path = posixpath.normpath(posixpath.join(posixpath.dirname(name), target))
        outside = target and ":" not in target and not target.endswith(".md") and path not in documents
        return found[1] if outside else found[0]

    return re.sub(r"(?<!!)\[([^\[\]]*)\]\(([^()\s]+)\)", led, page)


def _map_links(row: MapRow, results: Results, page: str) -> str:
    """From a map to the statement that it shows, and to the claims of that statement."""
    statement = _statement(row.statement_id, results)
    if statement is None:
        return f"*{plain(row.source)}*" if row.source else ""
    said = f"The article says: {' '.join(statement.text.split())} {_judged(statement, page)}."
    claims = _claims(statement, results, page)
    return f"{said} Claims on it: {claims}." if claims else said


def _claims(statement: StatementRow, results: Results, page: str, but: str = "") -> str:
    """Links to the claims on a statement, the first of them where there are many; "" where there is none."""
    ids = [id_ for id_ in statement.claims if id_ != but and _has(id_, results)]
    links = ", ".join(f"[{id_}]({claim_name(id_, of=page)})" for id_ in ids[:MOST])
    return f"{links} and {len(ids) - MOST} more" if len(ids) > MOST else links


def statement_link(row: StatementRow, page: str) -> str:
    """A link from a page to a statement of the article."""
    return f"[this statement]({_up(page)}reports/article.md#{statement_anchor(row.id)})"


def map_link(row: MapRow, page: str) -> str:
    """A link from a page to a map."""
    return f"[{plain(row.title)}]({_up(page)}reports/maps.md#{anchor(plain(row.title))})"


def _statement(id_: str | None, results: Results) -> StatementRow | None:
    return next((row for row in results.statements if row.id == id_), None)


def _has(id_: str, results: Results) -> bool:
    return any(row.id == id_ for row in results.claims)


# --- pages -------------------------------------------------------------------------------------------------------


def first_page(results: Results, readme: str, known: Iterable[str]) -> str:
    """What this is, the verdict, and where to go, in a minute; made of the README's beginning and of the results."""
    pages = set(known)
    begin = readme.partition("\n## ")[0].strip()
    blocks = [simple(begin), "## The verdict on the article", simple(_verdict_words(results))]
    blocks.append("## Where to go")
    lines = [
        ("reports/verdict.md", "The whole story of the article, with numbers, from top to bottom"),
        ("reports/article.md", f"Every one of its {len(results.statements)} statements, with a verdict"),
        ("claims/index.md", f"Every one of {len(results.claims)} claims: formula, derivation, proof and evidence"),
        ("explore.md", "Maps to move about in: where a gradient vanishes, and why"),
        ("calculator.md", "Move the logits yourself, and see what is left of the gradient"),
        ("docs/first-claim.md", "Check a derivative of your own"),
        ("docs/glossary.md", "What the words mean"),
        ("api/index.md", "The Python API"),
    ]
    blocks.append("\n".join(f"- [{said}]({page})" for page, said in lines if page in pages))
    blocks += [simple(re.sub(r"\((figures/|\w+\.md)", r"(reports/\1", each)) for each in first_map(results)]
    blocks.append(_contents(results, pages))
    return "\n\n".join(blocks)


def _verdict_words(results: Results) -> str:
    """The short answer where the run has what it tells of, and the counts."""
    told: list[str] = []
    if markdown.verdict_told(results):
        told += verdict._short_answer(results, {row.id: row for row in results.maps})
    lines = "\n".join(f"- {each}" for each in markdown._verdict_in_lines(results)[len(told) :])
    return "\n\n".join([*told, lines]).replace("](article.md", "](reports/article.md")


def simple(page: str) -> str:
    """The page with its simplest formulas written as text, so that the first page needs no formulas laid out."""
    return re.sub(r"\$`([^`]+)`\$", lambda found: _simple(found[1]) or found[0], page)


def _simple(latex: str) -> str:
    r"""``x_0`` as ``<i>x</i><sub>0</sub>``; "" for what is more than letters, signs, indices and powers."""
    parts = [each[0] for each in LETTER.finditer(latex)]
    if "".join(parts) != latex:
        return ""
    found: list[str] = []
    for part in parts:
        if part[0] in "_^":
            inner = _simple(part[1:].strip("{}"))
            if not inner:
                return ""
            tag = "sub" if part[0] == "_" else "sup"
            found.append(f"<{tag}>{inner}</{tag}>")
        elif part.rstrip() in SYMBOLS:
            found.append(SYMBOLS[part.rstrip()])
        else:
            found.append(re.sub(r"[A-Za-z]+", r"<i>\g<0></i>", part))
    return "".join(found)


def _contents(results: Results, pages: set[str]) -> str:
    """The navigation: every page but those of single claims, which would make every page's navigation a long list."""
    names = {each.removesuffix(".md") for each in pages if each.endswith(".md")}
    topics = [f"reports/{markdown.topic_name(module).removesuffix('.md')}" for module in _modules(results)]
    titles = TITLES | {
        f"reports/{markdown.topic_name(module).removesuffix('.md')}": _short(markdown.topic_title(results, module))
        for module in _modules(results)
    }
    placed = {*STORY, *MAPS, *HOW_TO, *BEYOND, *REFERENCE, *topics}
    apart = re.compile(r"claims/|api/|reports/.+/(?!index$)")
    rest = sorted(each for each in names if each not in placed and not apart.match(each))
    groups = (
        ("The article", STORY),
        ("Maps and floats", MAPS),
        ("Claims by topic", topics),
        ("Beyond the article", BEYOND),
        ("How to", HOW_TO),
        ("Reference", [*REFERENCE, *rest]),
    )
    blocks: list[str] = []
    for caption, members in groups:
        entries = [f"{titles[each]} <{each}>" if each in titles else each for each in members if each in names]
        blocks.append("\n".join(["```{toctree}", ":hidden:", f":caption: {caption}", "", *entries, "```"]))
    return "\n\n".join(blocks)


def _short(title: str) -> str:
    """A title up to its first colon or comma, for the navigation; a formula in it would not be laid out there."""
    return re.split(r"[:,;]", title)[0]


def claims_index(results: Results) -> str:
    """Every claim by topic, with statement, verdict and evidence."""
    page = "claims/index.md"
    blocks = [
        "# Every claim",
        "One page per claim: what it says, where the article says it, how it is derived, what was proved or enclosed, "
        f"what floats keep, both sides as code and as JAX traces them. [What the words mean](../{WORDS})",
        table(
            ["status", "evidence", "claims"],
            [*markdown._count_rows(results), ["all", "", str(len(results.claims))]],
        ),
    ]
    for module in _modules(results):
        rows = [row for row in results.claims if row.module == module]
        blocks.append(f"## {markdown.topic_title(results, module)}")
        blocks.append(
            f"{STACKED}\n"
            + table(
                ["claim", "statement", "found"],
                [
                    [
                        f"[{row.id}]({claim_name(row.id, of=page).removeprefix('../claims/')})",
                        f"$`{' '.join(row.statement.split())}`$" if row.statement != row.id else "",
                        f"{markdown.outcome(row)}, {text.found_text(row)}"
                        if row.status == "HOLDS"
                        else markdown.outcome(row),
                    ]
                    for row in rows
                ],
            )
        )
    return "\n\n".join(blocks)


def claim_page(row: ClaimRow, results: Results) -> str:
    """One claim: statement, source, derivation, what was found and what that means, digits, code, programs, repeat."""
    page = f"claims/{row.id}.md"
    topic = f"[{_short(markdown.topic_title(results, row.module))}](../reports/{markdown.topic_name(row.module)})"
    # Hundreds of pages with the same few sections: a list of them would be a tenth of each.
    blocks = ["---\norphan: true\nhide-toc: true\n---", f"# {row.id}", f"{topic} · [Every claim](index.md)"]
    blocks.append(display(row.statement if row.statement != row.id else rf"\texttt{{{row.id}}}"))
    if row.note:
        blocks.append(markdown.plain_or_markdown(row.note))
    blocks.append(markdown._verdict_sentence(row))
    blocks += _where(row, results, page)
    if row.derivation:
        blocks += ["## How it is derived by hand", row.derivation.strip()]
    blocks += _found(row)
    blocks += _digits(row, results)
    blocks += _code(row)
    blocks += _repeat(row)
    blocks.append(_neighbours(row, results))
    return "\n\n".join(each for each in blocks if each)


def _where(row: ClaimRow, results: Results, page: str) -> Iterator[str]:
    """Where the article says it: the statement, its verdict, its other claims and its maps."""
    mine = [each for each in results.statements if row.id in each.claims or each.id == row.statement_id]
    mine.sort(key=lambda each: each.id != row.statement_id)
    yield "## Where the article says it" if mine else "## Where it comes from"
    if row.source:
        yield f"*{plain(row.source)}*"
    for each in mine[:1]:
        yield f"In our words:\n\n> {' '.join(each.text.split())}"
        yield f"{_judged(each, page)}. {' '.join(each.reason.split())}"
        others = _claims(each, results, page, but=row.id)
        if others:
            yield f"Other claims on it: {others}."
        maps = [map_link(found, page) for found in results.maps if found.statement_id == each.id]
        if maps:
            yield f"Maps that show it: {', '.join(maps)}."
    if mine[1:]:
        lines = [f"- {' '.join(each.text.split())} {_judged(each, page)}." for each in mine[1:]]
        yield "It is also used for:\n\n" + "\n".join(lines)
    for each in results.slips:
        if row.id in each.claims:
            slip = f"[slip]({_up(page)}reports/article.md#slips)"
            yield f"It shows a {slip} of the article: {' '.join(each.text.split())}"


def _judged(row: StatementRow, page: str) -> str:
    """The verdict on a statement, with a link to it."""
    verdict_words = f"**{row.verdict}**" + (f" ({row.condition})" if row.condition else "")
    return f"Verdict on {statement_link(row, page)}: {verdict_words}"


def _found(row: ClaimRow) -> Iterator[str]:
    """What was proved, enclosed and sampled, what these words mean, and the counterexample."""
    if not row.verdicts:
        return
    yield "## What was found"
    yield "\n".join(f"- {line}" for each in row.verdicts if (line := _meaning(row, each)))
    if row.counterexample is not None:
        yield "### Counterexample"
        yield markdown._counterexample(row.counterexample)
    for each in row.verdicts:
        if each.worst is not None and each.floats == "outside":
            yield f"### Outside what {'was promised' if row.within else 'rounding allows'}"
            yield f"{plain(each.worst.autodiff)}, {plain(each.worst.by_hand)}"
            yield markdown._point(each.worst)


def _meaning(row: ClaimRow, found: VerdictRow) -> str:
    """What one engine found, what that means and what it does not."""
    sizes = text.sizes_text(found.sizes)
    reach = f", {sizes}" if sizes else ""
    points = markdown.number_words(found.checked, "point")
    remark = markdown._remark(row, found)
    if found.floats:
        results = f", {markdown.number_words(found.checked, 'result')}{reach}" if found.checked else ""
        return (
            f"[Sampled]({_word('sampled')}) in floats{results}: {text.floats_text(row)}. No evidence for the equation."
        )
    if found.status == "HOLDS" and found.evidence == "proved":
        what = "the two sides are the same function" if row.relation == "==" else "the bound is broken nowhere"
        but = f", except where it says that nothing is decided ({plain('; '.join(found.exceptions))})"
        return (
            f"[Proved]({_word('proved')}) for all inputs of the domain{reach}: {what}{but if found.exceptions else ''}."
            + (f" Short of that: {remark}." if remark else "")
        )
    if found.status == "HOLDS":
        what = "exact values of both sides share one" if row.relation == "==" else "the bound is kept, by each"
        return (
            f"[Enclosed]({_word('enclosed')}) at {points}{reach}: {what} small [ball]({_word('ball')}) at each. "
            "Evidence at points, no proof."
        )
    if found.status == "FAILS":
        what = "a difference of the sides is left for all inputs" if found.worst is None else "one point refutes it"
        return f"[Refuted]({_word('counterexample')}) by *{found.engine}*{reach}: {what}."
    return f"Nothing by *{found.engine}*: {remark or 'it decided nothing'}."


def _word(term: str) -> str:
    """Link to a word of the glossary from a claim's page."""
    return f"../{WORDS}#{term}"


def _digits(row: ClaimRow, results: Results) -> Iterator[str]:
    """Decimal digits that floats keep, the fewest by program and format, and the equation that loses them."""
    measured = [each for verdict in row.verdicts for each in verdict.measured if "digits" in each]
    loss = text.lost(row)
    if not measured and loss is None and not text.compared(row):
        return
    yield "## Digits that floats keep"
    if measured:
        programs = list(dict.fromkeys(str(each["program"]) for each in measured))
        programs.sort(key=("formula", "stable").__contains__)  # what JAX computes comes first
        formats = list(dict.fromkeys(str(each["format"]) for each in measured))
        fewest: dict[tuple[str, str], float] = {}
        for each in measured:
            key = str(each["program"]), str(each["format"])
            fewest[key] = min(fewest.get(key, float("inf")), float(each["digits"]))
        body = [
            [_program_words(name), *(_digits_text(fewest.get((name, form))) for form in formats)] for name in programs
        ]
        yield (
            "Correct decimal digits of the component that fares worst, at the worst of the points that were sampled, "
            "against the exact value. Figures of one machine."
        )
        yield table(["program", *formats], body)
    if loss is not None:
        yield markdown._loss(loss)
    if text.compared(row):
        yield "The custom rule against JAX's derivative of the function's body:"
        yield fence("\n".join(text.rule_lines(row)), "text")
    if any(each.get("claim") == row.id for each in results.precision):
        yield "[Digits by logit gap, form and format](../reports/precision.md)"


def _program_words(name: str) -> str:
    words = {"formula": "by hand", "stable": "form that keeps digits"}
    return words.get(name, f"`{name}`")


def _digits_text(digits: float | None) -> str:
    if digits is None:
        return ""
    return "none" if digits < 0.05 else "all" if digits == float("inf") else f"{digits:.1f}"


SIDES: Final = {"autodiff": "What JAX works on", "by_hand": "By hand", "stable": "A form that keeps digits"}


def _code(row: ClaimRow) -> Iterator[str]:
    """Both sides as code, and as JAX traces them."""
    if row.functions:
        yield "## Both sides as code"
        if row.place:
            yield f"The claim stands in `{row.place}`."
        for name, code in row.functions.items():
            yield f"{SIDES.get(name, name)}:"
            yield fence(code, "python")
    if row.programs:
        yield "## Both sides as JAX traces them"
        yield f"The [jaxprs]({_word('jaxpr')}) of the programs that were read, at the first sizes."
        for name, program in row.programs.items():
            folded = f"<details><summary>{PROGRAMS.get(name, name)}: {_equations(program)}</summary>"
            yield f"{folded}\n\n{fence(program, 'text')}\n\n</details>"


PROGRAMS: Final = {
    "autodiff": "What JAX computes",
    "by_hand": "The formula by hand",
    "stable": "The form that keeps digits",
}


def _equations(program: str) -> str:
    """How long a program is."""
    return markdown.number_words(len(program.splitlines()), "line")


def _repeat(row: ClaimRow) -> Iterator[str]:
    yield "## How to repeat it"
    command = row.repeat or f"verify run -k {row.id}"
    yield fence(f"{command}\nverify show {row.id}", "sh")
    yield f"What next: {text.next_step(row)}"


def _neighbours(row: ClaimRow, results: Results) -> str:
    """The claims before and after, of all, so that a reader may go through them without the index."""
    ids = [each.id for each in results.claims]
    place = ids.index(row.id)
    parts = [f"Before: [{ids[place - 1]}]({ids[place - 1]}.md)"] if place else []
    parts += [f"Next: [{ids[place + 1]}]({ids[place + 1]}.md)"] if place + 1 < len(ids) else []
    return " · ".join(parts)


# --- files -------------------------------------------------------------------------------------------------------


def documents(root: Path) -> dict[str, bytes]:
    """The project's Markdown and figures, by path below its folder."""
    found = sorted({path for pattern in SOURCES for path in root.glob(pattern)})
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in found}


def write(folder: Path, files: Mapping[str, bytes]) -> None:
    """Write the files and remove what an earlier gathering wrote; a folder of anything else is left alone.

    Raises:
        ResultsError: where the folder holds files that no gathering wrote.
    """
    if folder.exists() and any(folder.iterdir()):
        if not (folder / MARKER).is_file():
            raise ResultsError(f"{folder} holds other files: name a folder that is empty, or that this command wrote")
        shutil.rmtree(folder)
    folder.mkdir(parents=True, exist_ok=True)
    replace(folder / MARKER, b"Written by `python -m verify.pages.site`, which removes all of it the next time.\n")
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        replace(folder / name, content)


def _explorer() -> bool:
    """Whether the maps that a reader moves about in, and the calculator, are there."""
    return importlib.util.find_spec(EXPLORER) is not None


def main(arguments: Sequence[str]) -> int:
    """Gather the site's source; the exit status is 2 where that cannot be done.

    Args:
        arguments: the folder to write, and perhaps the file of results.

    Returns:
        0, or 2 with a message on standard error.
    """
    if not 1 <= len(arguments) <= 2 or arguments[0].startswith("-"):
        print("usage: python -m verify.pages.site FOLDER [RESULTS]", file=sys.stderr)
        return 2
    folder = Path(arguments[0])
    try:
        results = read(Path(arguments[1] if len(arguments) == 2 else "results.json"))
        write(folder, gather(results, documents(Path()), later=EXPLORE if _explorer() else ()))
        if _explorer():
            importlib.import_module(EXPLORER).write(results, folder)
    except ResultsError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
