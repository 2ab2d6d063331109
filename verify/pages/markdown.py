"""The pages, as Markdown that GitHub shows the way it was meant.

Maths stands between ``$` `` and `` `$`` or in a ``math`` fence, where Markdown does not touch it; a vertical bar never
stands in a table, where it would split the cell even inside a formula.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

from verify.pages.text import (
    bits_text,
    counts,
    difference,
    floats_text,
    floats_word,
    found_text,
    lost,
    promises,
    proof,
    proved_counts,
    reach,
    short_of,
    sizes_text,
    symbols_in,
    unexpected,
    values_text,
    why_different,
    why_unexpected,
    why_unproved,
)
from verify.results import ClaimRow, Counterexample, LossRow, Point, Results, StatementRow, VerdictRow

MARK: Final = "<!-- Written by `verify run`: change the claims and run it again, not this file. -->"
SPAN: Final = re.compile(r"(\$`.*?`\$|`[^`]*`)", re.DOTALL)
FALSE: Final = "false as written"
UNCHECKED: Final = "not mathematical"
SAYS: Final = {
    "exact": "true as written, as an identity or a definition",
    "exact if": "true under a hypothesis that the article does not state",
    "limit": "true in the limit, with its constant and rate",
    "printed decimals": "numbers that the article prints, and the digits are right",
    "quantified": "words that are true once they are made precise, with constants",
    FALSE: "refuted by a counterexample, and repaired",
    UNCHECKED: "usage, history, quotations: not checked",
}
WORDS: Final = (
    "*HOLDS*: nothing that was checked contradicts the claim. The evidence is one of two, or both at different sizes.",
    "*proved*: both sides were read as rational functions of the inputs and of their exponentials, and are the same "
    "function; of a bound, the difference is nowhere negative. This is so for all real inputs of the domain. *Every n* "
    "means at every size from the smallest that the claim names, *n = 2, 3* at these sizes.",
    "*enclosed*: both sides were computed at so many points in balls of hundreds of bits that contain the exact value, "
    "and shared one ball at each. This is evidence at points, not a proof.",
    "*FAILS*: at one point the balls of the two sides are disjoint; that point is given in exact hexadecimal floats. "
    "*Difference for all inputs*: what is left of the two sides when they are subtracted as functions, which shows "
    "where they are equal. A false statement stays on record as a claim that is expected to fail, beside the repaired "
    "one.",
    "*UNKNOWN*: neither; it never counts as success.",
    "*floats*: another question, asked of every claim: whether what JAX returned in floats at a sample of points lies "
    "*inside* what rounding allows. It is no evidence for the equation.",
)


# --- building blocks -------------------------------------------------------------------------------------------


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table, cells made safe."""
    lines = [f"| {' | '.join(header)} |", f"|{'|'.join(' --- ' for _ in header)}|"]
    lines += [f"| {' | '.join(cell(each) for each in row)} |" for row in rows]
    return "\n".join(lines)


def cell(text: str) -> str:
    r"""Text on one line without a vertical bar: ``\vert`` in formulas, an entity elsewhere."""
    parts = SPAN.split(" ".join(text.split()))
    for place, part in enumerate(parts):
        if part.startswith("$`"):
            part = part.replace(r"\|", r"\Vert ").replace("|", r"\vert ")
        elif part.startswith("`") and "|" in part:
            part = f"<code>{part[1:-1].replace('<', '&lt;').replace('|', '&#124;')}</code>"
        else:
            part = part.replace("|", "&#124;")
        parts[place] = part
    return "".join(parts)


def plain(text: str) -> str:
    """Text of other origin (a message, a note) with nothing in it that Markdown would read."""
    escaped = re.sub(r"([\\`*_\[\]<>#~$])", r"\\\1", re.sub(r"\s+", " ", text))
    return escaped.replace(r"\<", "&lt;").replace(r"\>", "&gt;").replace("|", "&#124;")


def display(latex: str) -> str:
    """A formula on lines of its own."""
    return f"```math\n{latex.strip()}\n```"


def fence(code: str, language: str) -> str:
    """Code in a fence longer than any inside it."""
    ticks = "`" * max(3, 1 + max((len(run) for run in re.findall("`+", code)), default=0))
    return f"{ticks}{language}\n{code}\n{ticks}"


def anchor(heading: str) -> str:
    """What GitHub calls a heading in links: lower case, hyphens for spaces, punctuation dropped."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def topic_name(module: str) -> str:
    """The page of a module; a module called like one of the other pages does not overwrite it."""
    stem = module.strip("_").replace("_", "-").lower() or "claims"
    return (
        f"{stem}-claims.md"
        if stem
        in ("index", "article", "precision", "maps", "thresholds", "verdict", "custom-rules", "findings", "trust")
        else f"{stem}.md"
    )


def claim_anchors(rows: Iterable[ClaimRow]) -> dict[str, str]:
    """Anchors of the claims of one page; where two headings give the same one, GitHub numbers the later."""
    seen: dict[str, int] = {}
    found: dict[str, str] = {}
    for row in rows:
        name = anchor(row.id)
        times = seen.get(name, 0)
        seen[name] = times + 1
        found[row.id] = f"{name}-{times}" if times else name
    return found


def claim_links(results: Results) -> dict[str, str]:
    """Link to each claim from a page in the same folder."""
    found: dict[str, str] = {}
    for module in dict.fromkeys(row.module for row in results.claims):
        anchors = claim_anchors(row for row in results.claims if row.module == module)
        found |= {id_: f"[{id_}]({topic_name(module)}#{name})" for id_, name in anchors.items()}
    return found


def outcome(row: ClaimRow) -> str:
    """Status in words, with what was expected where that is not HOLDS."""
    if row.error:
        return "**could not be built**"
    if not row.as_expected:
        return f"**{row.status}**, not as expected"
    return f"{row.status}, as expected" if row.status == "FAILS" else row.status


def claims_cell(results: Results, ids: Iterable[str], links: dict[str, str]) -> str:
    """Links to claims, each with what was found where that is not simply HOLDS."""
    rows = {row.id: row for row in results.claims}
    parts: list[str] = []
    for each in ids:
        link = links.get(each, f"`{each}` (not in this run)")
        found = outcome(rows[each]) if each in rows else "HOLDS"
        if found == "HOLDS" and each in rows:
            found = _evidence_words(rows[each])
        parts.append(link if found in ("HOLDS", "") else f"{link} ({found})")
    return "<br>".join(parts) or "none"


def _evidence_words(row: ClaimRow) -> str:
    """Evidence in a word or two, for lists of claims."""
    found = proof(row)
    if reach(row) == "every size" and found is not None:
        return f"proved, {', '.join(found.sizes)}"
    if reach(row) == "sizes" and found is not None:
        return f"proved, {sizes_text(found.sizes)}"
    return row.evidence


def number_words(count: int, noun: str) -> str:
    """``1 claim``, ``2 claims``."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def topic_title(results: Results, module: str) -> str:
    """Title of a module's page: the first line of its docstring, or its name."""
    title = results.titles.get(module, "").strip().rstrip(".")
    if not title:
        return plain(module.replace("_", " ").capitalize())
    # Docstrings have formulas between dollars, for Sphinx and editors.
    parts = re.split(r"\$([^$]+)\$", title)
    return "".join(f"$`{part}`$" if place % 2 else plain(part) for place, part in enumerate(parts))


# --- pages -----------------------------------------------------------------------------------------------------


def verdict_told(results: Results) -> bool:
    """Whether a run has all that the page of the verdict tells of."""
    maps = {row.id for row in results.maps if not row.error and not row.left_out}
    told = ("vanishing.two-class", "vanishing.seventeen-losses", "practice.escape")
    return bool(results.statements and results.thresholds and maps.issuperset(told))


def index_page(results: Results, first_map: Sequence[str] = ()) -> str:
    """The first page: what was found, in ten lines; counts; what is false and why; where to read on.

    Args:
        results: everything that was found.
        first_map: blocks that show the first map.
    """
    links = claim_links(results)
    blocks = [f"# {plain(results.subject) if results.subject else 'What was found'}"]
    if results.interrupted:
        blocks.append("> [!WARNING]\n> This run was stopped before all claims were decided.")
    if results.errors:
        lines = [f"> - {plain(each.where)}: {plain(each.message)}" for each in results.errors]
        blocks.append("> [!WARNING]\n> Not everything could be read:\n>\n" + "\n".join(lines))
    blocks.append("\n".join(f"- {line}" for line in _verdict_in_lines(results)))
    if results.precision:
        blocks.append(_floats_sentence(results))
    blocks += first_map
    odd = unexpected(results)
    if odd:
        rows = [[links[row.id], outcome(row), plain(why_unexpected(row))] for row in odd]
        blocks += ["## Not as expected", table(["claim", "found", "why"], rows)]
    wrong = [row for row in results.statements if row.verdict == FALSE]
    if wrong:
        blocks.append("## False as written, and why")
        for each in wrong:
            blocks.append(f"- **{each.text}** {each.reason}{_refuted_by(each, results, links)}")
    blocks.append("## Verdicts and evidence")
    rows = _count_rows(results)
    blocks.append(table(["status", "evidence", "claims"], [*rows, ["all", "", str(len(results.claims))]]))
    blocks.append("\n".join(f"- {line}" for line in WORDS))
    blocks.append("## Pages")
    rows: list[list[str]] = []
    if results.statements:
        if verdict_told(results):
            rows.append(["[Does squared error work poorly with softmax? The story](verdict.md)", "", ""])
        rows.append(["[Every statement of the article](article.md)", f"{len(results.statements)} statements", ""])
    if any(each.compared for row in results.claims for each in row.verdicts):
        rows.append(["[Custom rules: which agree, which keep more digits](custom-rules.md)", "", ""])
    if results.precision:
        rows.append(["[Digits that floats keep](precision.md)", "", ""])
    if results.maps:
        lines = [line for row in results.maps for line in row.lines]
        fine = sum(line.as_expected for line in lines)
        judged = "all as expected" if fine == len(lines) else f"**{fine} of {len(lines)} lines as expected**"
        rows.append(["[Where the gradient vanishes, and why](maps.md)", number_words(len(results.maps), "map"), judged])
    if results.thresholds:
        held = sum(row.status == "HOLDS" for row in results.thresholds)
        judged = "all hold" if held == len(results.thresholds) else f"**{held} hold**"
        count = number_words(len(results.thresholds), "threshold")
        rows.append(["[Where floats lose a gradient](thresholds.md)", count, judged])
    for module in dict.fromkeys(row.module for row in results.claims):
        inside = [row for row in results.claims if row.module == module]
        fine = sum(row.as_expected for row in inside)
        title = topic_title(results, module).partition(": ")[0]
        judged = "all as expected" if fine == len(inside) else f"**{fine} as expected**"
        rows.append([f"[{title}]({topic_name(module)})", number_words(len(inside), "claim"), judged])
    blocks.append(table(["page", "holds", "found"], rows))
    if results.left_out:
        blocks += ["## No claim about", left_out(results)]
    return "\n\n".join(blocks)


def left_out(results: Results) -> str:
    """What there is no claim about, and why."""
    return "\n".join(f"- `{name}`: {reason}." for name, reason in results.left_out.items())


def _count_rows(results: Results) -> list[list[str]]:
    """Claims by status and evidence; proofs by how far they reach, failures by what is known of them."""
    rows: list[list[str]] = []
    words = {
        "every size": "proved for every size",
        "its size": "proved; there is no size to vary",
        "sizes": "proved at small sizes, larger ones enclosed where named",
    }
    for status, evidence, count in counts(results):
        if (status, evidence) == ("HOLDS", "proved"):
            rows += [[status, words[each], str(number)] for each, number in proved_counts(results).items()]
        elif status == "FAILS":
            known = sum(
                bool(difference(row)) for row in results.claims if (row.status, row.evidence) == ("FAILS", evidence)
            )
            if known:
                rows.append([status, f"{evidence}, and the difference for all inputs", str(known)])
            if count > known:
                rows.append([status, evidence, str(count - known)])
        else:
            rows.append([status, evidence or "none", str(count)])
    return rows


def _verdict_in_lines(results: Results) -> list[str]:
    """The verdict on the subject in at most ten lines."""
    odd = unexpected(results)
    all_or_not = "all came out as expected" if not odd else f"**{len(odd)} did not come out as expected**"
    claims = number_words(len(results.claims), "claim")
    if not results.statements:
        return [f"{claims}: {all_or_not}."]
    lines: list[str] = []
    thesis = results.statements[0]
    lines.append(f"The thesis: {thesis.text} Verdict: **{thesis.verdict}**. {thesis.reason}")
    words = [row.verdict for row in results.statements]
    checked = len(words) - words.count(UNCHECKED)
    slips = f"; it has {number_words(len(results.slips), 'slip')} ([list](article.md#slips))" if results.slips else ""
    lines.append(
        f"The article makes {len(words)} statements{slips}. {claims} decide {checked} of them, and {all_or_not}."
    )
    proved = _proved_line(results)
    if proved:
        lines.append(proved)
    for word in SAYS:
        if word not in words:
            continue
        each = [row for row in results.statements if row.verdict == word]
        conditions = list(dict.fromkeys(row.condition for row in each if row.condition))
        given = f" ({', '.join(conditions)})" if conditions and word == "exact if" else ""
        lines.append(f"{len(each)} **{word}**: {SAYS[word]}{given}.")
    return lines


def _proved_line(results: Results) -> str:
    """How many statements rest on proofs; "" where nothing is proved."""
    grounds = [_ground(row, results) for row in results.statements]
    every, inputs, some = (grounds.count(each) for each in ("every size", "its size", "in part"))
    if not every + inputs + some:
        return ""
    points = grounds.count("points")
    return (
        f"{every + inputs} of them rest on proofs for all inputs and on nothing else: {every} for every number of "
        f"classes, {inputs} for the two classes, or the one size, that they speak of. {some} rest on proofs in part, "
        f"{points} on exact values at points."
    )


def _ground(row: StatementRow, results: Results) -> str:
    """What the claims of a statement that hold rest on: proofs for every size or its size, in part, or points."""
    rows = {each.id: each for each in results.claims}
    found = [reach(rows[id_]) for id_ in row.claims if id_ in rows and rows[id_].status == "HOLDS"]
    if not found or row.verdict == UNCHECKED:
        return ""
    if all(each in ("every size", "its size") for each in found):
        return "every size" if "every size" in found else "its size"
    return "in part" if any(found) else "points"


def _ground_words(row: StatementRow, results: Results) -> str:
    """What the claims of a statement rest on, for a reader."""
    rows = {each.id: each for each in results.claims}
    holding = [id_ for id_ in row.claims if id_ in rows and rows[id_].status == "HOLDS"]
    ground = _ground(row, results)
    proved = sum(bool(reach(rows[id_])) for id_ in holding)
    some = "All are" if len(holding) == len(row.claims) else "All that hold are"
    plural = "It is" if len(row.claims) == 1 else some
    if ground == "every size":
        fixed = sum(reach(rows[id_]) == "its size" for id_ in holding)
        other = f", {fixed} of them at the one size they speak of" if fixed else ""
        return f"*{plural} proved for all inputs and every size{other}.*"
    if ground == "its size":
        return f"*{plural} proved for all inputs.*"
    if ground == "in part" and proved == len(holding):
        return f"*{plural} proved for all inputs, some at small sizes only.*"
    if ground == "in part":
        small = ", some at small sizes only" if any(reach(rows[id_]) == "sizes" for id_ in holding) else ""
        others = "the others are" if len(holding) - proved > 1 else "the other is"
        return f"*{proved} of {len(holding)} are proved{small}; {others} enclosed at points.*"
    return "*Enclosed at points, not proved.*" if ground else ""


def _floats_sentence(results: Results) -> str:
    """What floats lose, where they lose most: the first gap at which a form has no digit left."""
    subject, name = results.precision[0]["subject"], results.precision[0]["format"]
    mine = [row for row in results.precision if row["subject"] == subject and row["format"] == name]
    lost: list[str] = []
    for form in dict.fromkeys(str(row["form"]) for row in mine):
        gaps = [float(row["gap"]) for row in mine if row["form"] == form and row["digits"] == "none"]
        lost.append(
            f"{_form_words(form)}: " + (f"none left from {min(gaps):g} nats on" if gaps else "some at every gap")
        )
    return (
        f"What floats keep is another question. Correct digits of the gradient of {subject}, in {name}, as the logit "
        f"gap grows: {'; '.join(lost)}. [Digits by gap, form and format](precision.md)"
    )


def _refuted_by(row: StatementRow, results: Results, links: dict[str, str]) -> str:
    """Claims that show a statement to be false, and those that repair it."""
    rows = {each.id: each for each in results.claims}
    groups = {
        "Refuted": [each for each in row.claims if each in rows and rows[each].status == "FAILS"],
        "Repaired": [each for each in row.claims if each in rows and rows[each].status == "HOLDS"],
    }
    return "".join(f"<br>{word} by {', '.join(links[each] for each in ids)}." for word, ids in groups.items() if ids)


def article_page(results: Results) -> str:
    """Coverage: every statement in order, its verdict, and the claims that it rests on."""
    links = claim_links(results)
    blocks = [
        "# Every statement of the article",
        "In the article's order, in our own words. A statement's verdict is what becomes of it once it is made "
        "precise; the claims beside it are what was computed, each with its evidence: *proved* for all inputs, for "
        "every size or at the sizes named, or *enclosed* at points "
        "([what the words mean](index.md#verdicts-and-evidence)). [Back to the index](index.md)",
    ]
    for heading in dict.fromkeys(row.heading for row in results.statements):
        inside = [row for row in results.statements if row.heading == heading]
        blocks.append(f"## {plain(heading)}")
        rows = [
            [
                f"{row.text}<br>*{plain(row.place)}*",
                _judged(row, results),
                claims_cell(results, row.claims, links) + _maps(row, results),
            ]
            for row in inside
        ]
        blocks.append(table(["the article says", "verdict", "claims"], rows))
    if results.slips:
        rows = [[each.text, claims_cell(results, each.claims, links)] for each in results.slips]
        blocks += ["## Slips", "Small things that do not hold as they stand, and how they have to be read."]
        blocks.append(table(["slip", "claims"], rows))
    mine = {id_ for row in results.statements for id_ in row.claims} | {
        id_ for row in results.slips for id_ in row.claims
    }
    beyond = [row for row in results.claims if row.id not in mine]
    if beyond:
        rows = [[links[row.id], outcome(row), plain(row.source)] for row in beyond]
        blocks += ["## Beyond the article", table(["claim", "found", "about"], rows)]
    return "\n\n".join(blocks)


def _maps(row: StatementRow, results: Results) -> str:
    """Links to the maps that show what a statement says."""
    links = [
        f"<br>map: [{plain(each.title)}](maps.md#{anchor(plain(each.title))})"
        for each in results.maps
        if each.statement_id == row.id
    ]
    return "".join(links)


def _judged(row: StatementRow, results: Results) -> str:
    """The verdict word with its condition and reason, and whether the claims bear it out."""
    rows = {each.id: each for each in results.claims}
    word = f"{row.verdict} {row.condition}" if row.verdict.endswith("if") and row.condition else row.verdict
    given = f" (if {row.condition})" if row.condition and not row.verdict.endswith("if") else ""
    contradicted = [id_ for id_ in row.claims if id_ in rows and not rows[id_].as_expected]
    unfounded = not row.claims and row.verdict != UNCHECKED
    doubt = (
        "<br>**Not confirmed by its claims in this run.**"
        if contradicted
        else "<br>**No claim yet.**"
        if unfounded
        else ""
    )
    ground = _ground_words(row, results)
    return f"**{word}**{given}. {row.reason}{f'<br>{ground}' if ground else ''}{doubt}"


def topic_page(results: Results, module: str) -> str:
    """One page per file of claims: each with statement, derivation, verdict, evidence per engine and how to repeat."""
    rows = [row for row in results.claims if row.module == module]
    anchors = claim_anchors(rows)
    blocks = [f"# {topic_title(results, module)}", "[Back to the index](index.md)"]
    overview = [
        [f"[{row.id}](#{anchors[row.id]})", outcome(row), found_text(row), floats_word(row) or "not run"]
        for row in rows
    ]
    blocks.append(table(["claim", "verdict", "evidence", "floats"], overview))
    for row in rows:
        blocks += _claim_blocks(row)
    return "\n\n".join(blocks)


def _claim_blocks(row: ClaimRow) -> list[str]:
    blocks = [f"## {row.id}", display(row.statement if row.statement != row.id else rf"\texttt{{{row.id}}}")]
    about = [f"*{plain(row.source)}*" if row.source else "", plain_or_markdown(row.note)]
    if any(about):
        blocks.append("<br>".join(each for each in about if each))
    blocks.append(_verdict_sentence(row))
    if row.derivation:
        blocks += ["**Derivation**", row.derivation.strip()]
    if row.verdicts:
        rows = [[v.engine, _says(v), v.evidence, str(v.checked or ""), sizes_text(v.sizes), _remark(row, v)]
                for v in row.verdicts]  # fmt: skip
        blocks.append(table(["engine", "says", "evidence", "points", "sizes", "remarks"], rows))
    if row.counterexample is not None:
        blocks.append(_counterexample(row.counterexample))
    for verdict in row.verdicts:
        if verdict.worst is None or verdict.status == "FAILS":
            continue
        # The worst float differs from machine to machine; it is shown where it is a defect.
        if verdict.floats == "outside":
            point = verdict.worst
            allows = "was promised" if row.within else "rounding allows"
            blocks += [f"Outside what {allows}: {plain(point.autodiff)}, {plain(point.by_hand)}", _point(point)]
        elif not verdict.floats:
            blocks += ["Worst point:", _point(verdict.worst)]
    loss = lost(row)
    if loss is not None:
        blocks.append(_loss(loss))
    if row.functions:
        names = {"autodiff": "What JAX works on", "by_hand": "By hand", "stable": "A form that keeps digits"}
        shown = "\n\n".join(
            f"{names.get(name, name)}:\n\n{fence(code, 'python')}" for name, code in row.functions.items()
        )
        blocks.append(f"<details><summary>Both sides as code</summary>\n\n{shown}\n\n</details>")
    blocks.append(f"Repeat: `{row.repeat or f'verify run -k {row.id}'}`")
    return blocks


def _loss(loss: LossRow) -> str:
    """Where floats lose digits, and the point."""
    where = f" (`{loss.place}`)" if loss.place else ""
    of = f" of component `{loss.component}`" if loss.component not in ("", "[]") else ""
    lines = [f"{name} = {values_text(value)}" for name, value in loss.arguments.items()]
    return (
        f"**Where digits go**: in {loss.form} through `{loss.program}`, `{loss.equation}`{where} loses "
        f"{bits_text(loss.bits, loss.of)}{of} at\n\n{fence(chr(10).join(lines), 'text')}"
    )


def _remark(row: ClaimRow, verdict: VerdictRow) -> str:
    """What an engine adds; a proof's reasons in a reader's words."""
    if verdict is not proof(row):
        return plain(verdict.reason)
    if verdict.status == "FAILS":
        return "a difference is left for all inputs"
    return plain(why_unproved(verdict) if verdict.reason else "")


def _says(verdict: VerdictRow) -> str:
    """An engine's word: its status, or what it is there to say where it decides nothing."""
    if verdict.status != "UNKNOWN":
        return verdict.status
    return verdict.floats or "nothing"


def plain_or_markdown(text: str) -> str:
    """A note, which its author wrote as Markdown, on one line."""
    return " ".join(text.split())


def _verdict_sentence(row: ClaimRow) -> str:
    if row.error:
        return f"**Could not be built**: {plain(row.error)}"
    parts = [f"**{row.status}**" + ("" if row.status == row.expect else f", where {row.expect} is expected")]
    if row.status == "FAILS" and row.as_expected:
        parts[0] += ", as expected of a statement that is false"
    found = found_text(row)
    if found and row.status == "HOLDS":
        parts.append(found)
    if row.relation != "==":
        parts.append({"<=": "an upper bound", ">=": "a lower bound", "abs<=": "a bound on the magnitude"}[row.relation])
    text = ", ".join(parts) + "."
    if row.literals:
        text += f" Up to the rounding of literals: {plain(', '.join(row.literals))}."
    if row.exceptions:
        zeros = [each for each in row.exceptions if each.endswith(" = 0")]
        others = [plain(each) for each in row.exceptions if each not in zeros]
        text += f" Not decided: {'; '.join(others)}." if others else ""
        if zeros:
            letters = symbols_in("; ".join(zeros))
            text += (
                f" Not decided where {' or '.join(f'`{each}`' for each in zeros)}, since JAX's side has a kink there"
            )
            text += f" ({plain(letters)})." if letters else "."
    if row.within:
        promise = ", ".join(f"{ulps:g} units in the last place in {form}" for form, ulps in promises(row))
        text += f" Promised: floats within {promise}; {plain(floats_text(row) or 'not run')}."
    if short_of(row):
        text += f" {_sentence(plain(short_of(row)))}"
    if difference(row):
        text += f" {_difference(row)}"
    if row.status == "UNKNOWN":
        text += f" {plain(row.reason or 'No engine decided it')}."
    return text


def _difference(row: ClaimRow) -> str:
    """What the sides differ by, and which hypothesis is missing."""
    letters = symbols_in(difference(row))
    text = f"For all inputs what JAX computes minus the formula is `{difference(row)}`"
    text += f" ({plain(letters)})." if letters else "."
    return text + (f" **{_sentence(plain(why_different(row)))}**" if why_different(row) else "")


def _sentence(text: str) -> str:
    return f"{text[0].upper()}{text[1:]}." if text else ""


def _counterexample(found: Counterexample) -> str:
    point = found.point
    rows = [["what JAX computes" + (f" (`{point.program}`)" if point.program else ""), f"`{point.autodiff}`"],
            ["the formula by hand", f"`{point.by_hand}`"]]  # fmt: skip
    if found.residual:
        rows.append(["their difference there", f"`{found.residual}`"])
    return f"Counterexample, found by {found.engine}:\n\n{_point(point)}\n\n{table(['side', 'value there'], rows)}"


def _point(point: Point) -> str:
    """A point in hexadecimal floats, exact."""
    lines = [f"{name} = {values_text(value)}" for name, value in point.arguments.items()]
    where = [f"component {point.component}"] if point.component else []
    if point.note:
        where.append(point.note)
    lines += [f"# {'; '.join(where)}"] if where else []
    return fence("\n".join(lines), "text")


def precision_page(results: Results, figures: Sequence[str]) -> str:
    """Digits kept against logit gap, per form and format, as figures and tables."""
    rows = results.precision
    links = claim_links(results)
    blocks = [
        "# Digits that floats keep",
        "How many decimal digits of the exact gradient come out as one logit runs ahead of the other, two classes, of "
        "the component that fares worst: through `jax.grad`, by the formula as it is written, and by an algebraically "
        "equal form without cancellation. All three are one function of real numbers. [Back to the index](index.md)",
        "*none*: not one digit is right. *underflow*: the exact value is below the format's smallest normal number, so "
        "no form can show it. *not finite*: infinity or not a number came out. Where `jax.grad` and the formula lose "
        "digits they lose them together, so that they agree shows nothing. Below a table stands where the last digit "
        "of a form goes: the equation, with its operands and source line, that enlarges the relative error of its "
        "operands most, as far as it reaches the component; computed in exact arithmetic, to first order.",
    ]
    formats = list(dict.fromkeys(str(row["format"]) for row in rows))
    for subject in dict.fromkeys(str(row["subject"]) for row in rows):
        mine = [row for row in rows if row["subject"] == subject]
        forms = list(dict.fromkeys(str(row["form"]) for row in mine))
        blocks.append(f"## {plain(subject).capitalize()}")
        claim = str(mine[0].get("claim", ""))
        if claim:
            blocks.append(f"The two sides and the stable form of {links.get(claim, f'`{claim}`')}.")
        name = f"figures/precision-{slug(subject)}.svg"
        if name in figures:
            alt = (
                f"Correct decimal digits against the logit gap for {subject}, one panel per format; the numbers are in "
                "the tables below."
            )
            blocks.append(f"![{plain(alt)}]({name})")
        for name in formats:
            lines = [row for row in mine if row["format"] == name]
            gaps = list(dict.fromkeys(row["gap"] for row in lines))
            found = {(row["form"], row["gap"]): digits_text(row["digits"]) for row in lines}
            body = [[gap_text(gap), *(found.get((each, gap), "") for each in forms)] for gap in gaps]
            blocks += [f"### {name}, {subject}", table(["logit gap in nats", *map(_form_words, forms)], body)]
            blocks += ["\n".join(f"- {each}" for each in _losing(lines))]
    return "\n\n".join(each for each in blocks if each)


def _losing(rows: Iterable[dict[str, Any]]) -> Iterator[str]:
    """A sentence per form on the equation that loses its last digit."""
    for row in rows:
        loss = row.get("loses")
        if loss is not None:
            place = f" (`{loss['place']}`)" if loss["place"] else ""
            yield (
                f"{_form_words(row['form'])}, at {gap_text(row['gap'])} nats: `{loss['equation']}`{place} loses "
                f"{bits_text(loss['bits'], loss['of'])}"
            )


def _form_words(form: str) -> str:
    words = {"formula": "formula as written", "stable": "form without cancellation"}
    return words.get(form, f"`{form}`")


def slug(text: str) -> str:
    """A file name from words."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")


def gap_text(gap: Any) -> str:
    """A gap without needless zeros."""
    return f"{float(gap):g}"


def digits_text(digits: Any) -> str:
    """Digits kept, or the word that stands for none."""
    return f"{digits:g}" if isinstance(digits, (int, float)) else str(digits)
