"""Enclose: do both sides share one ball at points of the domain, in exact arithmetic?

Every mode that JAX offers is judged against the formula at every size. HOLDS needs every point that counts to agree and
every outcome of every choice in every program to have been taken at some point, or to be unreachable.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from verify.claim import ClaimError, OutOfTime, Status, UnsupportedPrimitive, Verdict, Witness
from verify.engines.case import (
    CONFIRMED,
    REFUTED,
    Case,
    Judged,
    Points,
    decimal,
    draw,
    judged_programs,
    largest,
    point_text,
    shape_size,
)
from verify.engines.floats import run_size, runs
from verify.formats import FLOAT64, FORMATS
from verify.program import LONG, Subject, entries, same_but_for_the_format, size_text
from verify.readings.interpreter import JUMP

NAME: Final = "enclose"
# Entries that one program may compute per choice of sizes, all points together.
WORK: Final = {"quick": 30_000, "standard": 100_000, "deep": 3_000_000}
LEAST_POINTS: Final = 3
# Every outcome of every choice has to be seen at sizes of at most this many entries, and at the first.
COVERED_ENTRIES: Final = 64
MORE_DRAWS: Final = 2
# Primitives of which a threshold of the programs is worth a point; what rounds to whole numbers, and where that jumps:
# a quarter times ten is one half more than a whole number.
BRANCHES: Final = ("select_n", "cond", "max", "min", "clamp", "sign", "while")
JUMPS: Final = ((("round",), 0.5), (("round",), 0.25), (("floor", "ceil"), 1.0))


class _Tally:
    """What has been seen over all sizes and programs."""

    def __init__(self) -> None:
        self.points = 0
        self.sizes: list[str] = []
        self.shapes: dict[tuple[int, ...], None] = {}
        self.skipped: list[str] = []
        self.undefined: str = ""
        self.undecided = 0
        self.kinks = 0
        self.kink_note = ""
        self.kinks_differ = False
        self.unavailable: dict[str, str] = {}
        self.large: dict[str, str] = {}
        self.lacking: list[str] = []
        self.refuted: tuple[int, Witness, str] | None = None
        self.uncovered: list[str] = []
        # What jumps, and whether a point lay where it does.
        self.jumps: dict[str, bool] = {}
        self.formats: list[str] = []


def check(case: Case) -> Verdict:
    """Judge a claim at points of its domain.

    Args:
        case: the claim under examination.

    Returns:
        HOLDS (enclosed), FAILS with a witness, or UNKNOWN with the reason.

    Raises:
        ClaimError: where a side cannot be traced, or the sides have no entries at any size.
    """
    started = time.perf_counter()
    case.patience(started)
    tally = _Tally()
    for number, size in enumerate(case.choices):
        text = size_text(size)
        if entries(case.claim, size) > case.budget.entries:
            tally.skipped.append(
                f"{text} has more than {case.budget.entries:,} entries, which --budget {case.budget.name} allows"
            )
            continue
        if time.perf_counter() - started > case.budget.seconds:
            tally.skipped.append(f"{text} was not reached in {case.budget.seconds:.0f} s")
            continue
        try:
            subject = case.subject(size)
            _one_size(case, subject, tally, number)
        except UnsupportedPrimitive as error:
            return _verdict(case, tally, started, str(error))
        except OutOfTime as error:
            where = f"{text} ran" if text else "it ran"
            tally.skipped.append(
                f"{where} out of time after {time.perf_counter() - started:.0f} s, at {error}: --budget "
                f"{case.budget.name} allows {case.budget.seconds:.0f} s; take fewer sizes, or a larger budget"
            )
            continue
        tally.sizes.append(text)
        tally.shapes |= dict.fromkeys(subject.formula.outputs)
    if tally.sizes and not any(map(shape_size, tally.shapes)):
        at = " and ".join(text for text in tally.sizes if text)
        raise ClaimError(
            f"claim {case.claim.id!r}: the sides have no entries{at and f' at {at}'}, so nothing would be checked: "
            f"found shape {', '.join(map(str, tally.shapes))}; take sizes, or a slice, of which something is left"
        )
    _other_formats(case, tally)
    return _verdict(case, tally, started, "")


def _one_size(case: Case, subject: Subject, tally: _Tally, number: int) -> None:
    rng = case.rng(3, number)
    thresholds = dict.fromkeys(value for program in subject.sides for value in program.numbers if _threshold(value))
    seeds = list(thresholds)[:6] if _names(subject, *BRANCHES) else []
    seeds += [each for names, each in JUMPS if _names(subject, *names) and each not in seeds]
    points = draw(subject, case.budget.points, FLOAT64, rng, seeds)
    admitted = case.admitted(subject, points)
    points = points.take(np.flatnonzero(admitted))
    if not len(points):
        tally.lacking.append(f"no point at {size_text(subject.size)} is decided to lie where the claim speaks")
        return
    tally.unavailable.update(subject.unavailable)
    met: dict[tuple[str, str], _Choice] = {}
    tally.points += _judge_all(case, subject, points, tally, met, must_decide=True)
    # A false claim is false whatever its other choices come to. Where each point is large there are few points, and the
    # choices of the small sizes speak for it.
    if tally.refuted is not None or (number and entries(case.claim, subject.size) > COVERED_ENTRIES):
        return
    missing, jumps = _uncovered(case, subject, met)
    for attempt in range(MORE_DRAWS if missing else 0):
        # Outcomes that need two arguments to meet are rare: look at many more points before giving up.
        near = seeds if attempt else ()
        more = draw(subject, 5 * case.budget.points, FLOAT64, case.rng(3, number, 1 + attempt), near, everywhere=True)
        more = more.take(np.flatnonzero(case.admitted(subject, more)))
        if len(more):
            tally.points += _judge_all(case, subject, more, tally, met, must_decide=False)
        missing, jumps = _uncovered(case, subject, met)
        if not missing:
            break
    tally.uncovered += missing
    for label, seen in jumps.items():
        tally.jumps[label] = seen or tally.jumps.get(label, False)


def _other_formats(case: Case, tally: _Tally) -> None:
    """Judge the claim as it is traced in the other formats, where that gives another program.

    A function may look at the format of its arguments, and a rule be right in one and wrong in another. Nearly always
    the programs are those of float64 but for their formats, and there is nothing to read. A formula by hand is asked
    for where its floats are run, a custom rule in every format.
    """
    size = run_size(case)
    if size is None or tally.refuted is not None or entries(case.claim, size) > case.budget.entries:
        return
    plain = case.subject(size)
    known = {program.name: program for program in plain.sides}
    for number, form in enumerate(FORMATS.values()):
        if form is FLOAT64 or not (case.judges_a_rule or runs(case, form)):
            continue
        try:
            subject = case.subject(size, form, "one")
            sides = [(known[side.name], side) for side in subject.sides if side.name in known]
            if all(same_but_for_the_format(first.closed, second.closed) for first, second in sides):
                continue
            points = draw(subject, case.budget.float_points, form, case.rng(11, number))
            points = points.take(np.flatnonzero(case.admitted(subject, points)))
            decided = len(points) > 0 and _judge_traced(case, subject, points, tally)
        except (ClaimError, OutOfTime, UnsupportedPrimitive) as error:
            text = str(error).removeprefix(f"claim {case.claim.id!r}: ")
            tally.formats.append(f"not in {form.name}: {text}")
            continue
        if not decided:
            tally.formats.append(f"no point decides the program that is traced in {form.name}")


def _judge_traced(case: Case, subject: Subject, points: Points, tally: _Tally) -> bool:
    """Judge the sides as they are traced in another format; whether any point was decided."""
    decided = False
    for program in judged_programs(subject):
        limit = WORK[case.budget.name] // max(program.cost + subject.formula.cost, 1)
        chosen = points.take(_some(len(points), max(limit, LEAST_POINTS)))
        judged = case.judge(subject, program, chosen)
        refuted = (judged.codes == REFUTED).any(axis=1) & ~judged.kinks
        decided |= bool((((judged.codes == CONFIRMED).all(axis=1) & ~judged.kinks) | refuted).any())
        judged = replace(judged, program=replace(program, name=f"{program.name}, traced in {subject.form.name}"))
        _refute(case, subject, chosen, judged, refuted, tally)
    return decided


def _judge_all(
    case: Case,
    subject: Subject,
    points: Points,
    tally: _Tally,
    met: dict[tuple[str, str], "_Choice"],
    *,
    must_decide: bool,
) -> int:
    """Judge every side at some points; how many of the points were decided."""
    decided = np.zeros(len(points), dtype=bool)
    at = size_text(subject.size) or "its size"
    most = case.budget.entries // 2
    for program in judged_programs(subject):
        if (size := max(largest(program), largest(subject.formula))) > most:
            tally.large[f"{program.name} at {at}"] = f"{size:,} entries, more than the {most:,}"
            continue
        limit = WORK[case.budget.name] // max(program.cost + subject.formula.cost, 1)
        some = _some(len(points), max(limit, LEAST_POINTS))
        chosen = points.take(some)
        judged = case.judge(subject, program, chosen, case.budget.looks)
        confirmed = (judged.codes == CONFIRMED).all(axis=1) & ~judged.kinks
        refuted = (judged.codes == REFUTED).any(axis=1) & ~judged.kinks
        _note(case, subject, chosen, judged, refuted, tally)
        _cover(judged, met, formula_too=case.differentiates_twice)
        if must_decide and not confirmed.any() and not refuted.any():
            tally.lacking.append(f"no point decides {program.name} at {at}")
        elif must_decide and 2 * int(confirmed.sum() + refuted.sum()) < int((~judged.kinks).sum()):
            tally.lacking.append(f"most points leave {program.name} undecided at {at}")
        decided[some] |= confirmed | refuted
    return int(decided.sum())


def _some(count: int, limit: int) -> np.ndarray:
    """Rows to look at where not all can be: spread evenly, so that every kind of point stays among them."""
    if limit >= count:
        return np.arange(count)
    return np.unique(np.linspace(0, count - 1, limit).astype(int))


def _threshold(value: float) -> bool:
    return np.isfinite(value) and abs(value) < 1e6


def _names(subject: Subject, *names: str) -> bool:
    """Whether either side has one of these primitives."""
    return any(name in program.text for program in subject.sides for name in names)


def _note(case: Case, subject: Subject, points: Points, judged: Judged, refuted: np.ndarray, tally: _Tally) -> None:
    program = judged.program

    def place(row: int) -> str:
        return point_text({name: array[row] for name, array in zip(subject.names, points.arrays, strict=True)})

    if judged.kinks.any():
        tally.kinks += int(judged.kinks.sum())
        row, component = int(np.flatnonzero(judged.kinks)[0]), 0
        # Of a rule, where its convention and JAX's for the body differ is what a reader looks for.
        differing = np.argwhere((judged.codes == REFUTED) & judged.kinks[:, None] & case.differentiates_twice)
        if len(differing):
            row, component = map(int, differing[0])
        if not tally.kink_note or (len(differing) and not tally.kinks_differ):
            tally.kinks_differ = bool(len(differing))
            taken_by = decimal(judged.first[row, component], 6), decimal(judged.second[row, component], 6)
            tally.kink_note = f"at {place(row)} {program.name} takes {taken_by[0]}, the formula {taken_by[1]}"
    open_points = ~judged.kinks & ~refuted & ~(judged.codes == CONFIRMED).all(axis=1)
    tally.undecided += int(open_points.sum())
    if judged.blurred.any() and not tally.undefined:
        row = int(np.flatnonzero(judged.blurred)[0])
        tally.undefined = (
            f"{program.name} and the formula differ at {place(row)}, but the rounding of a literal, which the program "
            "inflates, could explain it: write the literal as an exact expression"
        )
    bad = judged.undefined & open_points
    if bad.any() and not tally.undefined:
        row = int(np.flatnonzero(bad)[0])
        sides = (
            "formula"
            if np.isfinite(float(judged.first[row, 0].mid())) and judged.first[row, 0].is_finite()
            else program.name
        )
        tally.undefined = f"{sides} is not a real number at {place(row)}"
    _refute(case, subject, points, judged, refuted, tally)


def _refute(case: Case, subject: Subject, points: Points, judged: Judged, refuted: np.ndarray, tally: _Tally) -> None:
    """Keep the point that is easiest to read of those that refute the claim."""
    for row in np.flatnonzero(refuted):
        first = judged.codes[row] == REFUTED
        component = int(np.flatnonzero(first)[0])
        # The smallest point is shown, and of those the one that is shortest to write.
        place = point_text({name: array[row] for name, array in zip(subject.names, points.arrays, strict=True)})
        rank = sum(array[0].size for array in points.arrays) * 1000 + len(place)
        if tally.refuted is None or rank < tally.refuted[0]:
            found = case.witness(subject, judged, points, row, component, f"drawn: {points.families[row]}")
            tally.refuted = (rank, found, case.excess(judged, row, component))


@dataclass
class _Choice:
    """One choice of one program at one size: how it is called, and which outcomes were taken at which entries.

    An exact equality on the autodiff side is a kink: it decides nothing, so it need not be seen either.
    """

    label: str
    taken: np.ndarray


def _cover(judged: Judged, met: dict[tuple[str, str], _Choice], *, formula_too: bool) -> None:
    """Note the outcomes that were taken at points that count; a formula that differentiates has kinks as well."""
    for name, trails in judged.trails.items():
        for trail, rows in trails:
            counted = ~judged.kinks[rows] & ~trail.lost
            for path, branch in trail.branches.items():
                taken = branch.seen[:, counted].any(axis=1)
                choice = met.setdefault((name, path), _Choice(f"{branch.label} in {name}", np.zeros_like(taken)))
                choice.taken |= taken
                if branch.equality is not None and (formula_too or name not in ("formula", "stable")):
                    choice.taken[branch.equality] = True


def _uncovered(
    case: Case, subject: Subject, met: Mapping[tuple[str, str], _Choice]
) -> tuple[list[str], dict[str, bool]]:
    """Choices with an outcome that no point has taken, though the bounds of the domain leave it open.

    And what jumps somewhere, with whether a point lay exactly there, at any entry: often no float does, so that it is
    said and holds nothing up.
    """
    missing: list[str] = []
    jumps: dict[str, bool] = {}
    for program in subject.sides:
        mine = {path: choice for (name, path), choice in met.items() if name == program.name}
        jumping = {path: choice for path, choice in mine.items() if path.endswith(JUMP)}
        left = {path: ~choice.taken for path, choice in mine.items()}
        for path, choice in jumping.items():
            left[path] &= ~choice.taken[1].any()
            left[path][0] = False
        places = range(len(subject.regions))
        # What one way to cut the domain up excludes is excluded.
        for split in (set[int](), *({place} for place in places), set(places)):
            if not any(each.any() for each in left.values()):
                break
            reachable = case.reachable(subject, program, split)
            if reachable is None:
                break
            left = {path: _open(each, reachable.get(path)) for path, each in left.items()}
        size = f" at {size_text(subject.size)}" if subject.size else ""
        missing += [
            f"{mine[path].label} never took outcome {_listed(each, mine[path].taken)}{size}"
            for path, each in left.items()
            if each.any() and path not in jumping
        ]
        jumps |= {choice.label: not left[path].any() for path, choice in jumping.items()}
    return missing, jumps


def _open(left: np.ndarray, reachable: np.ndarray | None) -> np.ndarray:
    """Outcomes that are left and can be reached: all that are left where ranges tell nothing of these entries."""
    if reachable is None or (reachable.shape != left.shape and 1 not in (reachable.shape[1], left.shape[1])):
        return left
    return left & (reachable.any(axis=1, keepdims=True) if left.shape[1] == 1 else reachable)


def _listed(left: np.ndarray, taken: np.ndarray) -> str:
    """Outcomes by their number; with the first entry where an outcome is lacking that other entries took."""
    texts: list[str] = []
    for outcome in np.flatnonzero(left.any(axis=1)):
        entry = int(np.flatnonzero(left[outcome])[0])
        texts.append(f"{outcome} at entry {entry}" if taken[outcome].any() else str(outcome))
    return ", ".join(texts)


def _verdict(case: Case, tally: _Tally, started: float, problem: str) -> Verdict:
    seconds = time.perf_counter() - started
    exceptions: list[str] = []
    if tally.kinks:
        exceptions.append(
            "off the points at which the autodiff side decides an exact equality "
            f"({tally.kinks} seen; {tally.kink_note})"
        )
    if tally.undecided:
        exceptions.append(f"{tally.undecided} points left undecided by an equality that no number of bits settles")
    if tally.large:
        reason = next(iter(tally.large.values()))
        exceptions.append(
            f"not read: {', '.join(tally.large)}: one array has {reason} that --budget {case.budget.name} allows"
        )
    long = [mode for mode, reason in tally.unavailable.items() if reason.startswith(LONG)]
    if long:
        exceptions.append(f"not read: {', '.join(long)}: {tally.unavailable[long[0]]}")
    lacking = [mode for mode in tally.unavailable if mode not in long]
    if lacking:
        exceptions.append(f"JAX does not offer {', '.join(lacking)} here: {tally.unavailable[lacking[0]]}")
    unmet = dict.fromkeys(label.rpartition(" in ")[0] for label, seen in tally.jumps.items() if not seen)
    if unmet:
        exceptions.append(f"no point lies exactly where {', '.join(list(unmet)[:3])} jumps")
    exceptions += tally.formats
    literals = tuple(repr(value) for value in case.literals)

    def verdict(status: Status, **more: object) -> Verdict:
        return Verdict(
            claim=case.claim.id,
            engine=NAME,
            status=status,
            checked=tally.points,
            sizes=tuple(tally.sizes),
            exceptions=tuple(exceptions),
            literals=literals,
            seconds=seconds,
            **more,  # type: ignore[arg-type]
        )

    if tally.refuted is not None:
        _, found, difference = tally.refuted
        return verdict(Status.FAILS, evidence="counterexample", worst=found, residual=difference)
    reasons = [problem] if problem else []
    reasons += tally.skipped + tally.lacking + ([tally.undefined] if tally.undefined else [])
    if not reasons:
        uncovered = tally.uncovered
        if uncovered:
            reasons.append(
                "a choice was not seen both ways: "
                + "; ".join(uncovered[:3])
                + ". Widen the domain, or write the function without the branch"
            )
    if reasons or not tally.points:
        left = ""
        if not tally.points and tally.large:
            left = (
                f"every mode is too large to read: one array has {next(iter(tally.large.values()))} that --budget "
                f"{case.budget.name} allows; take a smaller size"
            )
        return verdict(Status.UNKNOWN, reason="; ".join(reasons) or left or "nothing was checked")
    reason = f"up to the rounding of the literals {', '.join(literals)}" if literals else ""
    return verdict(Status.HOLDS, evidence="enclosed", reason=reason)
