"""Everything a run found, as data, and its file ``results.json``."""

import math
import os
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal, TypeVar

import msgspec

from verify.claim import Claim, Loss, Status, Verdict, Witness
from verify.formats import FORMATS, hexadecimal
from verify.loader import RequestError
from verify.maps import CLASSES, Axis, Map, Threshold

if TYPE_CHECKING:
    from verify.sweeps import Crossing, Sweep

SCHEMA: Final = "gradproof.results/1"
STRONGEST_FIRST: Final = ("proved", "enclosed", "counterexample", "")
AGAIN: Final = "run `verify run` to write a new one"
StatusWord = Literal["HOLDS", "FAILS", "UNKNOWN"]
Row = TypeVar("Row")


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
    compared: tuple[dict[str, Any], ...] = ()
    seconds: float = 0.0


class Counterexample(msgspec.Struct, kw_only=True, frozen=True):
    """The point that refutes a claim, which engine found it, and the command that finds it again."""

    engine: str
    point: Point
    residual: str
    repeat: str


class ThreadRow(msgspec.Struct, kw_only=True, frozen=True):
    """A public discussion, as `verify.claim.Thread` has it."""

    url: str
    title: str
    state: str = ""


class FindingRow(msgspec.Struct, kw_only=True, frozen=True):
    """What makes a claim a finding about JAX, as `verify.claim.Finding` has it."""

    title: str
    kind: str
    versions: str
    reproducer: str
    prints: str
    upstream: tuple[ThreadRow, ...] = ()
    meanwhile: str = ""


class ClaimRow(msgspec.Struct, kw_only=True, frozen=True):
    """One claim, and what all engines together say of it.

    Attributes:
        id, source, statement, derivation, relation, expect, note: as in the claim; ``source`` is one line of text.
        statement_id: id of the article's statement it belongs to, or null.
        module: name of the file or module that holds it.
        place: its file below the working folder, and line, such as ``claims/tanh.py:12``; "" where it is elsewhere.
        functions: source code of each side.
        programs: what each side was traced to at the first sizes, as JAX prints it; ``autodiff`` is the first mode's.
        status: HOLDS if some engine says so and none says FAILS; FAILS if any says so; else UNKNOWN.
        evidence: the strongest evidence for the status.
        floats: ``inside``, ``outside``, ``no claim`` (of one side at least) or "" where no floats were run.
        within: promised accuracy, units in the last place by format; by it the floats were judged.
        expect_floats: ``inside``, or ``outside`` for a promise that is known to be broken.
        finding: what a reader is told of a broken promise, or null.
        as_expected: whether the status is the expected one and no float fell outside what rounding allows, or some
            did where that is expected.
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
    place: str = ""
    source: str = ""
    statement: str = ""
    derivation: str = ""
    relation: str = "=="
    note: str = ""
    functions: dict[str, str] = {}
    programs: dict[str, str] = {}
    statement_id: str | None = None
    expect: StatusWord = "HOLDS"
    status: StatusWord = "UNKNOWN"
    evidence: str = ""
    floats: str = ""
    within: dict[str, float] = {}
    expect_floats: str = "inside"
    finding: FindingRow | None = None
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


class AxisRow(msgspec.Struct, kw_only=True, frozen=True):
    """One axis of a map, as `verify.maps.Axis` has it."""

    name: str
    values: tuple[float, ...]
    unit: str = ""
    label: str = ""
    names: tuple[str, ...] = ()


class LineRow(msgspec.Struct, kw_only=True, frozen=True):
    """One boundary or bound by hand, what was found of it in one format, and where it runs.

    Attributes:
        name, quantity, format, event, along, statement, derivation: as in the map; ``event`` is "" for bounds.
        status: HOLDS, FAILS or UNKNOWN.
        evidence: ``exact`` where the truth alone was asked, ``measured`` where floats were.
        checked, between: cells that were decided, and cells that the line leaves open.
        reason: the cell that contradicts it, or why nothing is known.
        as_expected: whether it came out as the map expects.
        drawn: the real number per row of cells, or null.
    """

    name: str
    quantity: str
    format: str
    status: StatusWord
    event: str = ""
    along: str = ""
    statement: str = ""
    derivation: str = ""
    evidence: str = ""
    checked: int = 0
    between: int = 0
    reason: str = ""
    as_expected: bool = True
    drawn: tuple[float | None, ...] = ()


class MapRow(msgspec.Struct, kw_only=True, frozen=True):
    """One map: labelled arrays, and a verdict per line.

    Attributes:
        id, title, source, note, small: as in the map.
        statement_id: id of the article's statement it belongs to, or null.
        module: name of the file or module that holds it.
        axes: the axes; the first runs along the strings of ``classes``.
        outcome: the axis of a value's components, or null.
        quantities: what is computed, in the order written.
        components: names of the components, by quantity.
        classes: by quantity and format, one string per row of cells, a digit per cell: places in ``class_names``.
            Rows are the combinations of the other axes, the last one fastest.
        class_names: what the digits mean.
        truth: by quantity, decimal logarithms of the largest true component, the same rows; null where it is 0.
        values: by quantity that is no gradient, floats nested axis by axis, components last.
        exact: by quantity, how true values were found.
        lines: boundaries and bounds.
        left_out: what is not installed, so that the map was not run, or "".
        error: why the map could not be swept, or "".
        seconds: wall time.
    """

    id: str
    title: str = ""
    source: str = ""
    statement_id: str | None = None
    note: str = ""
    module: str = ""
    small: float = 0.0
    axes: tuple[AxisRow, ...] = ()
    outcome: AxisRow | None = None
    quantities: tuple[str, ...] = ()
    components: dict[str, tuple[str, ...]] = {}
    formats: tuple[str, ...] = ()
    classes: dict[str, dict[str, tuple[str, ...]]] = {}
    class_names: tuple[str, ...] = ()
    truth: dict[str, tuple[tuple[float | None, ...], ...]] = {}
    values: dict[str, Any] = {}
    exact: dict[str, str] = {}
    lines: tuple[LineRow, ...] = ()
    left_out: str = ""
    error: str = ""
    seconds: float = 0.0

    @property
    def as_expected(self) -> bool:
        """Whether it was swept, or left out, and every line came out as expected."""
        return not self.error and all(line.as_expected for line in self.lines)


class ThresholdRow(msgspec.Struct, kw_only=True, frozen=True):
    """One threshold in one format.

    Attributes:
        id, title, statement: as in the threshold.
        format: the float format.
        derived: the real number by hand, decimal text.
        number: the first number of the format at or above it, hexadecimal text.
        decimal: the same, shortest decimal text.
        status: HOLDS where the event happens there and not one number below.
        reason: what is otherwise.
    """

    id: str
    format: str
    title: str = ""
    statement: str = ""
    derived: str = ""
    number: str = ""
    decimal: str = ""
    status: StatusWord = "UNKNOWN"
    reason: str = ""


class Results(msgspec.Struct, kw_only=True, frozen=True):
    """Everything a run found.

    Attributes:
        schema: id of this layout.
        environment: versions, platform, seed and budget of the run.
        claims: one row per claim that was selected, in the order written.
        statements, slips: the article's, where the run was about it.
        maps: sweeps.
        thresholds: where floats lose a gradient, per format.
        precision: digits kept per form, format and logit gap.
        errors: what could not be read or built.
        titles: name of each module to its title.
        left_out: what the modules make no claim about, and why.
        subject: title of what the claims are about, or "".
        selected: the pattern that ids had to match, or "".
        interrupted: whether the run was stopped before all claims were decided.
        seconds: wall time of the run.
    """

    schema: str = SCHEMA
    environment: dict[str, Any] = {}
    claims: tuple[ClaimRow, ...] = ()
    statements: tuple[StatementRow, ...] = ()
    maps: tuple[MapRow, ...] = ()
    thresholds: tuple[ThresholdRow, ...] = ()
    slips: tuple[SlipRow, ...] = ()
    precision: tuple[dict[str, Any], ...] = ()
    errors: tuple[ErrorRow, ...] = ()
    titles: dict[str, str] = {}
    left_out: dict[str, str] = {}
    subject: str = ""
    selected: str = ""
    interrupted: bool = False
    seconds: float = 0.0

    def maps_wanting(self) -> str:
        """What is not installed, so that a map was not run."""
        return ", ".join(dict.fromkeys(row.left_out for row in self.maps if row.left_out))


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
    programs: Mapping[str, str] | None = None,
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
        programs: what each side was traced to.
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
        programs=dict(programs or {}),
        statement_id=source.statement,
        expect=claim.expect.value,
        status=status.value,
        evidence=evidence,
        floats=word,
        within={name: float(ulps) for name, ulps in claim.within.items()},
        expect_floats=claim.expect_floats,
        finding=None if claim.finding is None else msgspec.convert(asdict(claim.finding), FindingRow),
        as_expected=status is claim.expect and (word == "outside") is (claim.expect_floats == "outside") and not error,
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


def map_row(given: Map, found: "Sweep | None", *, module: str = "", left_out: str = "", error: str = "") -> MapRow:
    """The row of a map.

    Args:
        given: the map.
        found: the sweep, where there is one.
        module: name of the file that holds it.
        left_out: what is missing, so that it was not run.
        error: why it could not be swept.
    """
    source = given.source
    row = MapRow(
        id=given.id,
        title=given.title,
        source=", ".join(part for part in (source.heading, source.place) if part),
        statement_id=source.statement,
        note=given.note,
        module=module,
        small=given.small,
        axes=tuple(map(_axis_row, given.axes)),
        outcome=None if given.outcome is None else _axis_row(given.outcome),
        quantities=tuple(given.quantities),
        components={name: each.names for name, each in given.quantities.items()},
        formats=given.formats,
        class_names=CLASSES,
        left_out=left_out,
        error=error,
    )
    if found is None:
        return row
    classes: dict[str, dict[str, tuple[str, ...]]] = {}
    for (quantity, form), codes in found.classes.items():
        strings = tuple("".join(map(str, line)) for line in _rows(codes).tolist())
        classes.setdefault(quantity, {})[form] = strings
    truth = {
        quantity: tuple(tuple(_decimal_log(each) for each in line) for line in _rows(array).tolist())
        for (quantity, form), array in found.truth.items()
        if form == given.formats[0]
    }
    values = {
        quantity: array.tolist() for (quantity, _), array in found.values.items() if quantity not in given.classed
    }
    written = {each.name: each for each in given.boundaries}
    lines: list[LineRow] = []
    for each in found.findings:
        line = written[each.name]
        failing = each.name in given.expect_failure
        event = getattr(line, "event", "")
        exact = event == "small" or (not event and each.quantity in given.classed)
        lines.append(
            LineRow(
                name=each.name,
                quantity=each.quantity,
                format=each.format,
                status=each.status.value,
                event=event,
                along=getattr(line, "along", ""),
                statement=line.statement,
                derivation=line.source,
                evidence="exact" if exact else "measured",
                checked=each.checked,
                between=each.between,
                reason=each.reason,
                as_expected=each.status is (Status.FAILS if failing else Status.HOLDS),
                drawn=tuple(round(value, 9) if math.isfinite(value) else None for value in each.drawn),
            )
        )
    return msgspec.structs.replace(
        row,
        classes=classes,
        truth=truth,
        values=values,
        exact=dict(found.exact),
        lines=tuple(lines),
        seconds=round(found.seconds, 3),
    )


def threshold_rows(given: Sequence[Threshold], found: "Iterable[Crossing]") -> tuple[ThresholdRow, ...]:
    """The rows of thresholds, formats of one threshold together."""
    order = {each.id: place for place, each in enumerate(given)}
    known = {each.id: each for each in given}
    rows = [
        ThresholdRow(
            id=each.id,
            format=each.format,
            title=known[each.id].title,
            statement=known[each.id].statement,
            derived=each.derived,
            number=hexadecimal(each.number),
            decimal=repr(each.number),
            status=each.status.value,
            reason=each.reason,
        )
        for each in found
    ]
    return tuple(sorted(rows, key=lambda row: order[row.id]))


def _axis_row(axis: Axis) -> AxisRow:
    return AxisRow(name=axis.name, values=axis.values, unit=axis.unit, label=axis.label, names=axis.names)


def _rows(array: Any) -> Any:
    """Cells as rows along the first axis, the other axes' combinations below each other."""
    return array.reshape(array.shape[0], -1).T


def _decimal_log(value: float) -> float | None:
    """A decimal logarithm to three places from a natural one; None for that of zero."""
    return round(value / math.log(10), 3) + 0.0 if math.isfinite(value) else None


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


def claim_of(path: Path, id_: str) -> ClaimRow | None:
    """The row of one claim in a results.json, the others unread; None where there is no such claim.

    Raises:
        ResultsError: where the file is missing, broken, or another program's.
    """
    return _row_of(path, id_, "claims", ClaimRow)


def map_of(path: Path, id_: str) -> MapRow | None:
    """The row of one map, as `claim_of`."""
    return _row_of(path, id_, "maps", MapRow)


class _Outline(msgspec.Struct):
    """A results.json whose rows are still text."""

    schema: str = ""
    claims: tuple[msgspec.Raw, ...] = ()
    maps: tuple[msgspec.Raw, ...] = ()


class _Named(msgspec.Struct):
    id: str


def _row_of(path: Path, id_: str, kind: Literal["claims", "maps"], row: type[Row]) -> Row | None:
    outline = _decoded(path, _Outline)
    try:
        for raw in getattr(outline, kind):
            if msgspec.json.decode(raw, type=_Named).id == id_:
                return msgspec.json.decode(raw, type=row)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ResultsError(_broken(path, error)) from None
    return None


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
        compared=tuple(_plain(row) for row in verdict.compared),
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
    return _decoded(path, Results)


def _decoded(path: Path, kind: type[Row]) -> Row:
    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        raise ResultsError(f"{path}: no such file: {AGAIN}") from None
    except OSError as error:
        raise ResultsError(f"{path}: cannot be read: {error.strerror}") from None
    try:
        found = msgspec.json.decode(raw, type=_Outline).schema or None
        if found != SCHEMA:
            raise ResultsError(f"{path}: not a results file: expected schema {SCHEMA!r}, found {found!r}; {AGAIN}")
        return msgspec.json.decode(raw, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ResultsError(_broken(path, error)) from None


def _broken(path: Path, error: Exception) -> str:
    return f"{path}: this results file is broken: {error}; {AGAIN}"
