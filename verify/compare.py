"""Two runs side by side: what got worse, what got better, and what is new or gone."""

import math
import textwrap
from collections.abc import Iterator
from typing import Any, Final, Literal

import msgspec

from verify.formats import FORMATS
from verify.results import ClaimRow, Results

SCHEMA: Final = "gradproof.diff/1"
STEPS: Final = 2  # buckets by which an error has to grow or shrink before it is told: one may be another processor's
EVIDENCE: Final = ("", "enclosed", "counterexample", "proved")
WIDTH: Final = 80


class Change(msgspec.Struct, kw_only=True, frozen=True):
    """One thing that differs.

    Attributes:
        id: of the claim, map or threshold; the place of something that cannot be read.
        what: ``verdict``, ``floats``, ``error`` (worst ulp or digits kept), ``map``, ``threshold`` or ``unreadable``.
        old, new: in words.
        where: format and program where it is about floats, or the line of a map.
    """

    id: str
    what: str
    old: str
    new: str
    where: str = ""


class Difference(msgspec.Struct, kw_only=True, frozen=True):
    """What differs between two runs.

    Attributes:
        schema: id of this layout.
        worse, better: changes that are one or the other.
        changed: changes that are neither: a verdict beside another expectation.
        added, vanished: ids of claims that only one of the runs decided.
        settings: versions and settings that differ, so that figures may differ without anything being wrong.
    """

    schema: str = SCHEMA
    worse: tuple[Change, ...] = ()
    better: tuple[Change, ...] = ()
    changed: tuple[Change, ...] = ()
    added: tuple[str, ...] = ()
    vanished: tuple[str, ...] = ()
    settings: tuple[Change, ...] = ()


def compare(old: Results, new: Results) -> Difference:
    """What differs between two runs.

    A vanished claim is told, but is not worse: a run may have been about fewer claims on purpose. One that vanished
    because its file cannot be read any more is worse by that error.
    """
    worse: list[Change] = []
    better: list[Change] = []
    changed: list[Change] = []

    def enter(change: Change, before: Any, after: Any) -> None:
        if before != after:
            (worse if after < before else better).append(change)

    was, now = ({row.id: row for row in each.claims} for each in (old, new))
    for id_ in (each for each in was if each in now):
        first, second = was[id_], now[id_]
        change = Change(id=id_, what="verdict", old=_verdict(first), new=_verdict(second))
        if first.expect != second.expect:
            changed.append(change)
        else:
            enter(change, _rank(first), _rank(second))
        if (first.floats == "outside") != (second.floats == "outside"):
            change = Change(id=id_, what="floats", old=first.floats or "not run", new=second.floats or "not run")
            enter(change, first.floats != "outside", second.floats != "outside")
        for change, grown in _errors(first, second):
            (worse if grown else better).append(change)
    for what, first, second in (
        ("map", _lines(old), _lines(new)),
        ("threshold", _thresholds(old), _thresholds(new)),
    ):
        for (id_, where), (good, words) in second.items():
            before = first.get((id_, where))
            if before is not None:
                enter(Change(id=id_, what=what, old=before[1], new=words, where=where), before[0], good)
    told = {(each.where, each.message) for each in old.errors}
    for each in new.errors:
        if (each.where, each.message) not in told:
            worse.append(Change(id=each.where, what="unreadable", old="", new=each.message))
    return Difference(
        worse=tuple(worse),
        better=tuple(better),
        changed=tuple(changed),
        added=tuple(each for each in now if each not in was),
        vanished=tuple(each for each in was if each not in now),
        settings=tuple(_settings(old, new)),
    )


def render(found: Difference, form: Literal["text", "md", "json"] = "text") -> str:
    """The difference as text for a terminal, as Markdown, or as JSON."""
    if form == "json":
        return msgspec.json.format(msgspec.json.encode(found, order="sorted"), indent=1).decode() + "\n"
    lines = _markdown(found) if form == "md" else _text(found)
    return "\n".join(lines) + "\n"


# --- what is compared ------------------------------------------------------------------------------------------


def _rank(row: ClaimRow) -> tuple[int, int, int]:
    """The higher the better: the status wanted, then undecided, then the opposite, then one that cannot be built."""
    if row.error:
        return -1, 0, 0
    status = 1 if row.status == "UNKNOWN" else 2 if row.status == row.expect else 0
    evidence = EVIDENCE.index(row.evidence) if row.evidence in EVIDENCE else 0
    every = any(size.startswith("every ") for each in row.verdicts if each.evidence == "proved" for size in each.sizes)
    # A refutation is not made worse by being a stronger one.
    return (status, evidence, int(every)) if status == 2 else (status, 0, 0)


def _verdict(row: ClaimRow) -> str:
    if row.error:
        return "cannot be built"
    expected = "" if row.status in (row.expect, "UNKNOWN") else f", expected {row.expect}"
    every = _rank(row)[2] and row.evidence == "proved"
    evidence = f"{row.evidence} for every size" if every else row.evidence
    return f"{row.status} {evidence}".strip() + expected


def _errors(old: ClaimRow, new: ClaimRow) -> Iterator[tuple[Change, bool]]:
    """Formats and programs whose errors changed by buckets, and whether they grew."""
    first, second = _measured(old), _measured(new)
    told: set[tuple[str, str]] = set()
    for key in first:
        if key not in second or key[:2] in told:
            continue
        before, after = first[key], second[key]
        precision = FORMATS[key[0]].precision if key[0] in FORMATS else 53
        ulps = [ulp_bucket(each.get("worst_ulp"), precision) for each in (before, after)]
        kept = [_digits(each.get("digits")) for each in (before, after)]
        steps, lost = _step(*ulps), -_step(*kept)
        if abs(steps) >= STEPS:
            words, grown = [_ulps(each or 0, precision) for each in ulps], steps > 0
        elif abs(lost) >= STEPS:
            words, grown = [f"{each} digits kept" for each in kept], lost > 0
        else:
            continue
        told.add(key[:2])
        yield Change(id=new.id, what="error", old=words[0], new=words[1], where=f"{key[1]} in {key[0]}"), grown


def _step(before: int | None, after: int | None) -> int:
    return 0 if before is None or after is None else after - before


def _measured(row: ClaimRow) -> dict[tuple[str, str, str], dict[str, Any]]:
    return {
        (str(each.get("format")), str(each.get("program")), str(each.get("way"))): each
        for said in row.verdicts
        for each in said.measured
    }


def ulp_bucket(value: Any, precision: int) -> int | None:
    """Bucket of an error in ulp: 0 up to 1 ulp, 1 up to 2, 2 up to 4, and so on; None where there is no number.

    Nothing is left of a number that is off by 2**p ulp, so all larger errors are one bucket.
    """
    try:
        ulps = float(value)
    except (TypeError, ValueError):
        return None
    if math.isnan(ulps):
        return None
    return min(math.ceil(math.log2(ulps)), precision) if 1 < ulps < math.inf else precision if ulps > 1 else 0


def _ulps(bucket: int, precision: int) -> str:
    return "no digit kept" if bucket >= precision else f"at most {2**bucket} ulp"


def _digits(value: Any) -> int | None:
    """Whole decimal digits kept."""
    try:
        return math.floor(float(value))
    except (TypeError, ValueError, OverflowError):
        return None


def _lines(found: Results) -> dict[tuple[str, str], tuple[int, str]]:
    """Lines of maps: whether each came out as expected, and in words."""
    lines = {
        (row.id, f"{line.name}, {line.quantity}, {line.format}"): (
            2 if line.as_expected else 1 if line.status == "UNKNOWN" else 0,
            line.status,
        )
        for row in found.maps
        for line in row.lines
    }
    broken = {(row.id, ""): (0 if row.error else 1, row.error or "swept") for row in found.maps if not row.left_out}
    return {**broken, **lines}


def _thresholds(found: Results) -> dict[tuple[str, str], tuple[int, str]]:
    ranks = {"HOLDS": 2, "UNKNOWN": 1, "FAILS": 0}
    return {
        (row.id, row.format): (ranks[row.status], f"{row.status} {row.decimal}".strip()) for row in found.thresholds
    }


def _settings(old: Results, new: Results) -> Iterator[Change]:
    """What figures depend on; where a run took place is left out."""
    for name in ("gradproof", "python", "jax", "jaxlib", "numpy", "budget", "seed", "JAX_PLATFORMS", "XLA_FLAGS"):
        before, after = (str(each.environment.get(name, "")) for each in (old, new))
        if before != after:
            yield Change(id=name, what="setting", old=before, new=after)


# --- how it is said --------------------------------------------------------------------------------------------


def _sections(found: Difference) -> list[tuple[str, tuple[Change, ...]]]:
    groups = [("worse", found.worse), ("better", found.better), ("changed", found.changed)]
    return [(title, changes) for title, changes in groups if changes]


def _text(found: Difference) -> Iterator[str]:
    for title, changes in _sections(found):
        yield f"{title.upper()}  {len(changes)}"
        for each in changes:
            about = " ".join(part for part in (each.id, each.where and f"({each.where})") if part)
            yield from textwrap.wrap(about, WIDTH, initial_indent="  ", subsequent_indent="    ")
            said = f"{each.old} -> {each.new}" if each.old else each.new
            yield from textwrap.wrap(f"{each.what:<11}{said}", WIDTH, initial_indent="    ", subsequent_indent=" " * 15)
    for title, ids in (("NEW", found.added), ("VANISHED", found.vanished)):
        if ids:
            yield f"{title}  {len(ids)}"
            yield from (f"  {each}" for each in ids)
    if found.settings and (found.worse or found.better):
        other = ", ".join(f"{each.id} {each.old or 'unset'} -> {each.new or 'unset'}" for each in found.settings)
        yield from textwrap.wrap(f"The runs had other settings: {other}", WIDTH)
    if not (_sections(found) or found.added or found.vanished):
        yield "no verdict differs"


def _markdown(found: Difference) -> Iterator[str]:
    for title, changes in _sections(found):
        yield from (f"### {title.capitalize()}: {len(changes)}", "", "| claim | what | before | after |")
        yield "| --- | --- | --- | --- |"
        for each in changes:
            what = f"{each.what}, {each.where}" if each.where else each.what
            yield f"| `{cell(each.id)}` | {cell(what)} | {cell(each.old)} | {cell(each.new)} |"
        yield ""
    for title, ids in (("New", found.added), ("Vanished", found.vanished)):
        if ids:
            yield from (f"### {title}: {len(ids)}", "", *(f"- `{each}`" for each in ids), "")
    if found.settings:
        other = ", ".join(f"{each.id} {each.old or 'unset'} → {each.new or 'unset'}" for each in found.settings)
        yield f"The runs had other settings: {cell(other)}."
    if not (_sections(found) or found.added or found.vanished):
        yield "No verdict differs."


def cell(text: str) -> str:
    """Text for a cell of a Markdown table, on one line and without markup."""
    plain = " ".join(text.split()).replace("\\", "\\\\").replace("|", "\\|")
    return plain.replace("<", "&lt;").replace("*", "\\*").replace("`", "'")
