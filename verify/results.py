"""Everything a run found, as data, and its file ``results.json``."""

import math
import os
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, Literal

import msgspec

from verify.claim import Claim, Loss, Status, Verdict, Witness
from verify.formats import FORMATS, hexadecimal
from verify.loader import RequestError

SCHEMA: Final = "gradproof.results/1"
STRONGEST_FIRST: Final = ("proved", "enclosed", "counterexample", "")
StatusWord = Literal["HOLDS", "FAILS", "UNKNOWN"]


class ResultsError(RequestError):
    """A results file that cannot be read or written: what is wrong, where, and what to do."""


class Point(msgspec.Struct, kw_only=True, frozen=True):
    """One point and what both sides are there; numbers are hexadecimal text, exact."""

    arguments: dict[str, Any]
    component: str
    program: str
    autodiff: str
    by_hand: str
    size: dict[str, int] = {}
    note: str = ""


class LossRow(msgspec.Struct, kw_only=True, frozen=True):
    """The equation that loses the digits which floats lose: `verify.claim.Loss`, and ``of``, the format's bits."""

    equation: str
    place: str
    bits: int
    of: int
    form: str
    program: str
    component: str
    arguments: dict[str, Any] = {}


class VerdictRow(msgspec.Struct, kw_only=True, frozen=True):
    """What one engine said of a claim; the fields of `verify.claim.Verdict`."""

    engine: str
    status: StatusWord
    evidence: str = ""
    checked: int = 0
    sizes: tuple[str, ...] = ()
    worst: Point | None = None
    residual: str = ""
    reason: str = ""
    exceptions: tuple[str, ...] = ()
    literals: tuple[str, ...] = ()
    floats: str = ""
    measured: tuple[dict[str, Any], ...] = ()
    loses: LossRow | None = None
    seconds: float = 0.0


class Counterexample(msgspec.Struct, kw_only=True, frozen=True):
    """The point that refutes a claim, which engine found it, and the command that finds it again."""

    engine: str
    point: Point
    residual: str
    repeat: str


class ClaimRow(msgspec.Struct, kw_only=True, frozen=True):
    """One claim, and what all engines together say of it.

    Attributes:
        id, source, statement, derivation, relation, expect, note: as in the claim; ``source`` is one line of text.
        statement_id: id of the article's statement it belongs to, or null.
        module: name of the file or module that holds it.
        functions: source code of each side.
        status: HOLDS if some engine says so and none says FAILS; FAILS if any says so; else UNKNOWN.
        evidence: the strongest evidence for the status.
        floats: ``inside``, ``outside``, ``no claim`` or "" where no floats were run.
        as_expected: whether the status is the expected one and no float fell outside what rounding allows.
        exceptions: where the verdict does not speak, such as ``ties``.
        literals: literals up to whose rounding the claim holds.
        sizes: the sizes that were checked, as text.
        residual: the difference of the sides, as text.
        counterexample: the point that refutes it, or null.
        reason: why it is not decided, or what was left out.
        error: why the claim could not be built, or "".
        repeat: the command that decides it again.
        verdicts: one per engine.
    """

    id: str
    module: str = ""
    source: str = ""
    statement: str = ""
    derivation: str = ""
    relation: str = "=="
    note: str = ""
    functions: dict[str, str] = {}
    statement_id: str | None = None
    expect: StatusWord = "HOLDS"
    status: StatusWord = "UNKNOWN"
    evidence: str = ""
    floats: str = ""
    as_expected: bool = False
    exceptions: tuple[str, ...] = ()
    literals: tuple[str, ...] = ()
    sizes: tuple[str, ...] = ()
    residual: str = ""
    counterexample: Counterexample | None = None
    reason: str = ""
    error: str = ""
    repeat: str = ""
    verdicts: tuple[VerdictRow, ...] = ()


class StatementRow(msgspec.Struct, kw_only=True, frozen=True):
    """One statement of the article, the verdict on it, and the claims that the verdict rests on."""

    id: str
    verdict: str
    claims: tuple[str, ...]
    heading: str = ""
    place: str = ""
    text: str = ""
    condition: str = ""
    reason: str = ""


class SlipRow(msgspec.Struct, kw_only=True, frozen=True):
    """A slip of the article: an inexact word or formula that does not change what it concludes."""

    id: str
    text: str
    claims: tuple[str, ...] = ()


class ErrorRow(msgspec.Struct, kw_only=True, frozen=True):
    """Something that could not be read or built."""

    where: str
    message: str
    claim: str = ""


class Results(msgspec.Struct, kw_only=True, frozen=True):
    """Everything a run found.

    Attributes:
        schema: id of this layout.
        environment: versions, platform, seed and budget of the run.
        claims: one row per claim that was selected, in the order written.
        statements, slips: the article's, where the run was about it.
        maps: sweeps, none so far.
        precision: digits kept per form, format and logit gap.
        errors: what could not be read or built.
        titles: name of each module to its title.
        subject: title of what the claims are about, or "".
        selected: the pattern that ids had to match, or "".
        interrupted: whether the run was stopped before all claims were decided.
        seconds: wall time of the run.
    """

    schema: str = SCHEMA
    environment: dict[str, Any] = {}
    claims: tuple[ClaimRow, ...] = ()
    statements: tuple[StatementRow, ...] = ()
    maps: tuple[dict[str, Any], ...] = ()
    slips: tuple[SlipRow, ...] = ()
    precision: tuple[dict[str, Any], ...] = ()
    errors: tuple[ErrorRow, ...] = ()
    titles: dict[str, str] = {}
    subject: str = ""
    selected: str = ""
    interrupted: bool = False
    seconds: float = 0.0


def combine(verdicts: Iterable[Verdict]) -> tuple[Status, str]:
    """Status and strongest evidence of a claim from what its engines say: one FAILS refutes, silence is no success."""
    said = [(verdict.status, verdict.evidence) for verdict in verdicts]
    for status in (Status.FAILS, Status.HOLDS):
        evidence = [each for other, each in said if other is status]
        if evidence:
            known = [each for each in STRONGEST_FIRST if each in evidence]
            return status, (known or evidence)[0]
    return Status.UNKNOWN, ""


def claim_row(
    claim: Claim,
    verdicts: Sequence[Verdict],
    *,
    module: str = "",
    functions: Mapping[str, str] | None = None,
    reason: str = "",
    error: str = "",
    repeat: str = "",
) -> ClaimRow:
    """The row of a claim.

    Args:
        claim: the claim.
        verdicts: what the engines said.
        module: name of the file that holds it.
        functions: source code of each side.
        reason: why nothing was decided, where that is no engine's.
        error: why the claim could not be built.
        repeat: the command that decides it again; that of the article with seed 0 where it is left out.
    """
    status, evidence = combine(verdicts)
    floats = {verdict.floats for verdict in verdicts}
    agreeing = [verdict for verdict in verdicts if verdict.status is status]
    refuting = [verdict for verdict in verdicts if verdict.status is Status.FAILS and verdict.worst is not None]
    refuting.sort(key=lambda verdict: verdict.engine != "falsify")  # its point is shrunk, so easier to read
    symbolic = [verdict for verdict in agreeing if verdict.status is Status.FAILS and verdict.worst is None]
    word = next((each for each in ("outside", "inside", "no claim") if each in floats), "")
    counterexample = None
    if refuting and refuting[0].worst is not None:
        first = refuting[0]
        counterexample = Counterexample(
            engine=first.engine,
            point=_point(refuting[0].worst),
            residual=first.residual,
            repeat=repeat or f"verify run -k {claim.id} --seed 0",
        )
    reasons = [reason, *(verdict.reason for verdict in agreeing if verdict.reason)]
    source = claim.source
    return ClaimRow(
        id=claim.id,
        module=module,
        source=", ".join(part for part in (source.heading, source.place) if part),
        statement=claim.statement,
        derivation=claim.derivation,
        relation=claim.relation,
        note=claim.note,
        functions=dict(functions or {}),
        statement_id=source.statement,
        expect=claim.expect.value,
        status=status.value,
        evidence=evidence,
        floats=word,
        as_expected=status is claim.expect and word != "outside" and not error,
        exceptions=_union(verdict.exceptions for verdict in agreeing),
        literals=_union(verdict.literals for verdict in agreeing),
        sizes=_union(verdict.sizes for verdict in agreeing),
        # The difference for all inputs says more than that at one point.
        residual=next((v.residual for v in (*symbolic, *refuting, *agreeing) if v.residual), ""),
        counterexample=counterexample,
        reason="; ".join(dict.fromkeys(each for each in reasons if each)),
        error=error,
        repeat=repeat or f"verify run -k {claim.id} --seed 0",
        verdicts=tuple(_verdict_row(verdict) for verdict in verdicts),
    )


def statement_rows(statements: Iterable[Any], claims: Iterable[Claim]) -> tuple[StatementRow, ...]:
    """The article's statements, each with the claims that name it and those that it names."""
    named: dict[str, list[str]] = {}
    for claim in claims:
        if claim.source.statement is not None:
            named.setdefault(claim.source.statement, []).append(claim.id)
    return tuple(
        StatementRow(
            id=each.id,
            verdict=each.verdict.value,
            claims=tuple(dict.fromkeys([*named.get(each.id, []), *each.also])),
            heading=each.heading,
            place=each.place,
            text=each.text,
            condition=each.condition,
            reason=each.reason,
        )
        for each in statements
    )


def slip_rows(slips: Iterable[Any]) -> tuple[SlipRow, ...]:
    """The article's slips."""
    return tuple(SlipRow(id=each.id, text=each.text, claims=tuple(each.claims)) for each in slips)


def _union(groups: Iterable[tuple[str, ...]]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(each for group in groups for each in group))


def _verdict_row(verdict: Verdict) -> VerdictRow:
    return VerdictRow(
        engine=verdict.engine,
        status=verdict.status.value,
        evidence=verdict.evidence,
        checked=int(verdict.checked),
        sizes=tuple(verdict.sizes),
        worst=None if verdict.worst is None else _point(verdict.worst),
        residual=verdict.residual,
        reason=verdict.reason,
        exceptions=tuple(verdict.exceptions),
        literals=tuple(verdict.literals),
        floats=verdict.floats,
        measured=tuple(_plain(row) for row in verdict.measured),
        loses=None if verdict.loses is None else _loss(verdict.loses),
        seconds=float(verdict.seconds),
    )


def _loss(loss: Loss) -> LossRow:
    return LossRow(
        equation=loss.equation,
        place=loss.place,
        bits=loss.bits,
        of=FORMATS[loss.form].precision,
        form=loss.form,
        program=loss.program,
        component=loss.component,
        arguments={name: _exact(value) for name, value in loss.arguments.items()},
    )


def _point(witness: Witness | None) -> Point:
    assert witness is not None
    return Point(
        arguments={name: _exact(value) for name, value in witness.arguments.items()},
        component=witness.component,
        program=witness.program,
        autodiff=witness.autodiff,
        by_hand=witness.by_hand,
        size={name: int(value) for name, value in witness.size.items()},
        note=witness.note,
    )


def _exact(value: Any) -> Any:
    """Nested lists of numbers as hexadecimal text; whole-number labels stay numbers."""
    if isinstance(value, Mapping):
        return {str(name): _exact(each) for name, each in value.items()}
    if hasattr(value, "tolist"):
        value = value.tolist()
    if isinstance(value, (list, tuple)):
        return [_exact(each) for each in value]
    return hexadecimal(value) if isinstance(value, float) else value


def _plain(value: Any) -> Any:
    """The same value in JSON's types: numbers of arrays as Python's, non-finite ones as text."""
    if isinstance(value, Mapping):
        return {str(name): _plain(each) for name, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(each) for each in value]
    if hasattr(value, "tolist"):
        return _plain(value.tolist())
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value


def encode(results: Results) -> bytes:
    """The bytes of results.json: sorted keys, one line per value, non-finite numbers as strings."""
    plain = _plain(msgspec.to_builtins(results))
    return msgspec.json.format(msgspec.json.encode(plain, order="sorted"), indent=1) + b"\n"


def write(results: Results, path: Path) -> None:
    """Write results.json in one step, so that a reader never finds half of it."""
    try:
        replace(path, encode(results))
    except OSError as error:
        raise ResultsError(f"{path}: cannot be written: {error.strerror}: give another file with --results") from None


def replace(path: Path, content: bytes) -> None:
    """Write a file beside its place and move it there: an interruption leaves the earlier one intact."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        mask = os.umask(0)
        os.umask(mask)
        Path(name).chmod(0o666 & ~mask)  # a temporary file is private; a result is not
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def read(path: Path) -> Results:
    """Read a results.json back.

    Raises:
        ResultsError: where the file is missing, broken, or another program's.
    """
    again = "run `verify run` to write a new one"
    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        raise ResultsError(f"{path}: no such file: {again}") from None
    except OSError as error:
        raise ResultsError(f"{path}: cannot be read: {error.strerror}") from None
    try:
        found = msgspec.json.decode(raw, type=dict[str, Any]).get("schema")
        if found != SCHEMA:
            raise ResultsError(f"{path}: not a results file: expected schema {SCHEMA!r}, found {found!r}; {again}")
        return msgspec.json.decode(raw, type=Results)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ResultsError(f"{path}: this results file is broken: {error}; {again}") from None
