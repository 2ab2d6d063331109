"""What a CI reads of a run: JUnit, a step summary, annotations, a badge, and the failures that are known."""

import json
import os
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from xml.etree import ElementTree

import msgspec

from verify.compare import cell
from verify.loader import RequestError
from verify.pages.text import found_text, verdict_lines, why_unexpected
from verify.results import ClaimRow, Results, replace

MOST_ANNOTATIONS: Final = 9  # GitHub shows ten of a kind per step; the tenth says how many there are
MOST_BYTES: Final = 1_000_000  # of a step summary; GitHub drops one of more than 1024 KiB as a whole
CONTROL: Final = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # what XML cannot hold


# --- failures that are known -----------------------------------------------------------------------------------


class Known(msgspec.Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """A failure that is known: the claim's id, and why it is let pass for now."""

    id: str
    reason: str


class _KnownFile(msgspec.Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    claim: tuple[Known, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Settled:
    """A run, its known failures taken for what they are.

    Attributes:
        results: the run; rows of known failures are as expected, those that came out well after all are not.
        known: id of each known failure that failed to its reason.
        passing: ids of those that came out as expected.
        unused: ids that are no claim's; empty where the run was about a part only.
    """

    results: Results
    known: Mapping[str, str]
    passing: tuple[str, ...] = ()
    unused: tuple[str, ...] = ()

    @property
    def wrong(self) -> bool:
        """Whether the file of known failures has to be corrected."""
        return bool(self.passing or self.unused)


def read_known(path: Path) -> dict[str, str]:
    """Known failures of a file: id of a claim to the reason.

    Raises:
        RequestError: where the file is missing or not as expected.
    """
    expected = 'expected entries [[claim]] with id = "..." and reason = "..."'
    try:
        found = msgspec.convert(tomllib.loads(path.read_text(encoding="utf-8")), _KnownFile)
    except FileNotFoundError:
        raise RequestError(f"{path}: no such file of known failures: check the path, or leave it out") from None
    except OSError as error:
        raise RequestError(f"{path}: cannot be read: {error.strerror}") from None
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise RequestError(f"{path}: {error}: {expected}") from None
    entries: dict[str, str] = {}
    for each in found.claim:
        if not each.reason.strip():
            raise RequestError(f"{path}: the entry of {each.id!r} has no reason: say why it is let pass")
        if each.id in entries:
            raise RequestError(f"{path}: {each.id!r} has two entries: remove one")
        entries[each.id] = " ".join(each.reason.split())
    return entries


def settle(found: Results, entries: Mapping[str, str], *, whole: bool) -> Settled:
    """Take known failures for what they are.

    Args:
        found: the run.
        entries: id of each known failure to its reason.
        whole: whether the run was about everything, so that an entry without a claim is a mistake.
    """
    rows: list[ClaimRow] = []
    known: dict[str, str] = {}
    passing: list[str] = []
    for row in found.claims:
        if row.id in entries and not row.error:
            if row.as_expected:
                passing.append(row.id)
            else:
                known[row.id] = entries[row.id]
            row = msgspec.structs.replace(row, as_expected=not row.as_expected)
        rows.append(row)
    ids = {row.id for row in rows}
    unread = {each.claim for each in found.errors}
    # A file that cannot be read hides claims, and an interruption too; that is told already.
    full = whole and not found.interrupted and not found.errors
    unused = tuple(each for each in entries if each not in ids | unread) if full else ()
    settled = msgspec.structs.replace(found, claims=tuple(rows))
    return Settled(results=settled, known=known, passing=tuple(passing), unused=unused)


def known_lines(settled: Settled, path: Path) -> list[str]:
    """What is to be said about known failures."""
    lines = [f"{path}: {each} is as expected now: remove its entry" for each in settled.passing]
    return lines + [f"{path}: no claim has the id {each}: correct or remove its entry" for each in settled.unused]


# --- what is told of each --------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Case:
    """One thing that a run was about.

    Attributes:
        id: the claim's, the map's with its line, the threshold's with its format; or the place that is unreadable.
        module: name of the file that holds it.
        place: file and line, or "".
        kind: ``passed``, ``known``, ``failed`` or ``error``.
        word: the status, or what it is.
        message: one line.
        text: all that is to be said.
        seconds: wall time.
        what: ``claim``, ``map``, ``threshold`` or ``file``.
    """

    id: str
    module: str
    kind: str
    word: str
    message: str
    text: str
    place: str = ""
    seconds: float = 0.0
    what: str = "claim"


def cases(settled: Settled) -> list[Case]:
    """Everything that a run was about, in its order."""
    return list(_cases(settled))


def _cases(settled: Settled) -> Iterator[Case]:
    found = settled.results
    for row in found.claims:
        kind, message = "passed", found_text(row)
        if row.error:
            kind, message = "error", row.error
        elif row.id in settled.passing:
            kind, message = "failed", "a known failure that is as expected now: remove its entry"
        elif row.id in settled.known:
            kind, message = "known", settled.known[row.id]
        elif not row.as_expected:
            kind, message = "failed", why_unexpected(row)
        yield Case(
            id=row.id,
            module=row.module,
            place=row.place,
            kind=kind,
            word="ERROR" if row.error else row.status,
            message=message,
            text="\n".join(verdict_lines(row)),
            seconds=sum(each.seconds for each in row.verdicts),
        )
    for each in found.maps:
        bad = [
            f"{line.status}  {line.name}, {line.quantity}, {line.format}: {line.reason}"
            for line in each.lines
            if not line.as_expected
        ]
        kind = "error" if each.error else "failed" if bad else "passed"
        message = each.error or (bad[0] if bad else each.left_out and f"left out: it needs {each.left_out}")
        text = "\n".join(bad) or message
        word = "ERROR" if each.error else "FAILS" if bad else "HOLDS"
        yield Case(
            id=each.id, module=each.module, kind=kind, word=word, message=message, text=text, what="map",
            seconds=each.seconds,
        )  # fmt: skip
    for each in found.thresholds:
        kind = "passed" if each.status == "HOLDS" else "failed"
        name = f"{each.id}, {each.format}"
        yield Case(
            id=name, module="thresholds", kind=kind, word=each.status, message=each.reason, text=each.reason,
            what="threshold",
        )  # fmt: skip
    for each in found.errors:
        yield Case(
            id=each.claim or each.where, module="unreadable", place=each.where if _split(each.where)[1] else "",
            kind="error", word="ERROR", message=each.message, text=f"{each.where}: {each.message}", what="file",
        )  # fmt: skip


def _split(place: str) -> tuple[str, str]:
    """File and line of a place; a file that lies elsewhere than below the working folder is left out."""
    file, _, line = place.rpartition(":")
    return (file, line) if line.isdigit() and not Path(file).is_absolute() else ("", "")


# --- outputs ---------------------------------------------------------------------------------------------------


def junit(settled: Settled) -> bytes:
    """JUnit's XML in the layout that pytest calls xunit1: one testcase per claim, map and threshold."""
    told = cases(settled)
    count = {kind: str(sum(each.kind == kind for each in told)) for kind in ("failed", "error", "known")}
    root = ElementTree.Element("testsuites")
    suite = ElementTree.SubElement(
        root,
        "testsuite",
        name="gradproof",
        tests=str(len(told)),
        failures=count["failed"],
        errors=count["error"],
        skipped=count["known"],
        time=f"{settled.results.seconds:.3f}",
    )
    for each in told:
        file, line = _split(each.place)
        # A class for each file, as in pytest: CI systems group by it.
        attributes = {"classname": f"{each.what}s.{each.module}", "name": each.id, "time": f"{each.seconds:.3f}"}
        if file:
            attributes |= {"file": file, "line": line}
        case = ElementTree.SubElement(suite, "testcase", {name: _xml(text) for name, text in attributes.items()})
        tag = {"failed": "failure", "error": "error", "known": "skipped"}.get(each.kind)
        if tag is None:
            continue
        message = f"known failure: {each.message}" if each.kind == "known" else each.message
        inner = ElementTree.SubElement(case, tag, type=each.word, message=_xml(message))
        inner.text = _xml(each.text)
    ElementTree.indent(root)
    return ElementTree.tostring(root, encoding="utf-8", xml_declaration=True) + b"\n"


def _xml(text: str) -> str:
    return CONTROL.sub("\ufffd", text)


def summary(settled: Settled, most: int = MOST_BYTES) -> str:
    """Markdown for the summary of a step: what is wrong first, cut between two rows where it would be too long."""
    told = cases(settled)
    order = {"failed": 0, "error": 1, "known": 2, "passed": 3}
    ranks = {"FAILS": 0, "HOLDS": 1, "UNKNOWN": 2, "ERROR": 3}
    told.sort(key=lambda each: (order[each.kind], ranks.get(each.word, 4)))
    bad = sum(each.kind in ("failed", "error") for each in told)
    title = f"{bad} of {len(told)} not as expected" if bad else f"all {len(told)} as expected"
    known = f", {len(settled.known)} known failures among them" if settled.known else ""
    text = f"### Gradproof: {title}{known}\n\n| verdict | claim | where | what |\n| --- | --- | --- | --- |\n"
    size = len(text.encode())
    rows: list[str] = []
    for place, each in enumerate(told):
        mark = {"failed": "❌", "error": "❌", "known": "known failure,", "passed": "✅"}[each.kind]
        what = cell(each.message if len(each.message) <= 300 else each.message[:299] + "…")
        row = f"| {mark} {each.word} | `{cell(each.id)}` | {cell(each.place)} | {what} |\n"
        rest = f"| | … {len(told) - place} more | | |\n"
        if size + len((row + rest).encode()) > most:
            rows.append(rest)
            break
        rows.append(row)
        size += len(row.encode())
    return text + "".join(rows) + "\n"


def annotations(settled: Settled) -> list[str]:
    """Workflow commands that mark what is wrong at its line in a pull request: nine, and how many more there are."""
    bad = [each for each in cases(settled) if each.kind in ("failed", "error")]
    bad.sort(key=lambda each: each.word != "FAILS")
    lines: list[str] = []
    for each in bad[:MOST_ANNOTATIONS]:
        file, line = _split(each.place)
        where = [f"file={_property(file)}", f"line={line}"] if file else []
        text = each.text if each.message in each.text else f"{each.message}\n{each.text}"
        given = ",".join([*where, f"title={_property(f'{each.word} {each.id}')}"])
        lines.append(f"::error {given}::{_data(text)}")
    if len(bad) > MOST_ANNOTATIONS:
        lines.append(f"::error title=Gradproof::{len(bad) - MOST_ANNOTATIONS} more; all are in the step's summary")
    return lines


def _data(text: str) -> str:
    """Text of a workflow command: what would end it is escaped."""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    """A property of a workflow command: what would end it is escaped too."""
    return _data(text).replace(":", "%3A").replace(",", "%2C")


def badge(settled: Settled) -> bytes:
    """JSON for an endpoint badge of shields.io."""
    told = [each for each in cases(settled) if each.what in ("claim", "file")]
    good = sum(each.kind == "passed" for each in told)
    wrong = any(each.kind == "error" or (each.kind == "failed" and each.word != "UNKNOWN") for each in told)
    color = "lightgrey" if not told else "red" if wrong else "brightgreen" if good == len(told) else "yellow"
    message = f"{good}/{len(told)} as claimed" if told else "none"
    return json.dumps({"schemaVersion": 1, "label": "gradients", "message": message, "color": color}).encode() + b"\n"


def report(settled: Settled, *, junit_file: Path | None, badge_file: Path | None) -> list[str]:
    """Write what was asked for and what a hosted runner takes.

    Args:
        settled: the run.
        junit_file: where JUnit's XML goes, if it was asked for.
        badge_file: where the badge goes, if it was asked for.

    Returns:
        Lines to print: workflow commands, on GitHub alone.

    Raises:
        RequestError: where a file that was asked for cannot be written.
    """
    for path, content in ((junit_file, junit), (badge_file, badge)):
        if path is not None:
            try:
                replace(path, content(settled))
            except OSError as error:
                raise RequestError(f"{path}: cannot be written: {error.strerror}") from None
    into = os.environ.get("GITHUB_STEP_SUMMARY")
    if into:
        try:
            with Path(into).open("a", encoding="utf-8") as file:
                file.write(summary(settled))
        except OSError:
            pass  # a run is not worth less because its summary cannot be shown
    return annotations(settled) if os.environ.get("GITHUB_ACTIONS") else []
