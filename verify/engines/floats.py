"""Floats: is what XLA returns inside what rounding allows, and how many digits are left?

Each program is traced in each format and compiled once, for one point and for a batch together. Its floats are judged
against its own rounded reading, never against another side's floats.
"""

import itertools
import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

import jax
import numpy as np
from flint import arb

from verify.claim import ClaimError, Loss, Status, UnsupportedPrimitive, Verdict, Witness, float_sides
from verify.engines.case import LEVELS, Case, Points, components, decimal, draw, joined, lift, shape_size
from verify.engines.diagnosis import diagnose
from verify.formats import FORMATS, Format, hexadecimal
from verify.primitives import explained
from verify.program import Program, Subject, entries, equations, size_text
from verify.readings.exact import Exact, balls, finite, precision
from verify.readings.factorisations import COMPLEX_ROWS
from verify.readings.interpreter import Array, walk
from verify.readings.rounded import ROUNDED_BITS, Rounded

NAME: Final = "floats"
NOT_RUN: Final = "this budget runs no floats of bounds and of statements that are false"
# Exact values are known to this many bits before digits are counted.
REFERENCE_BITS: Final = 64
EAGER_POINTS: Final = 3
# The size that is run is the first of at least this many entries: every XLA program costs a compilation.
LEAST_ENTRIES: Final = 3
# Programs that are compiled in one call, entries that one program may compute, and points it runs at in any case.
TOGETHER: Final = 40
WORK: Final = 40_000
LEAST_POINTS: Final = 4
# XLA's compiler takes longer than in proportion to the equations of one program.
MOST_COMPILED: Final = 4000
# Points that are tried, the worst first, until an equation is found that loses the digits.
DIAGNOSED: Final = 3
# Of two sides, one keeps more digits than the other where it keeps so many more: less is a matter of luck.
MORE_DIGITS: Final = 1.5
# Primitives that call a library, which has other kernels, and so other last digits, for each kind of processor.
LIBRARY: Final = frozenset(COMPLEX_ROWS)
NOT_COUNTED: Final = "a factorisation by LAPACK, whose last digits depend on the processor"

_accuracy = np.frompyfunc(arb.rel_accuracy_bits, 1, 1)
_contains = np.frompyfunc(arb.contains, 2, 1)


@dataclass(eq=False)
class Job:
    """One distinct program with the points it runs at; claims of one domain share it.

    Attributes:
        program: what to run.
        points: exact members of the domain, numbers of the format.
        along: directions, for modes that take one.
        ways: how to run it: ``jit``, ``vmap``, ``eager``.
        returned: per way (``jit``, ``vmap``, ``eager``) the rows of the points and their components in float64.
        permitted: what rounding allows, a ball per point and component; NaN where nothing is claimed.
        exact: the true values.
        losses: which equation loses the digits, by point and component.
    """

    program: Program
    points: Points
    along: list[Array]
    ways: set[str]
    returned: dict[str, tuple[Array, Array]] = field(default_factory=dict)
    permitted: Array | None = None
    exact: Array | None = None
    losses: dict[tuple[int, int], Loss | None] = field(default_factory=dict)


@dataclass(eq=False)
class _Found:
    """What is known of one claim so far."""

    case: Case
    size: Mapping[str, int] | None
    rows: list[dict[str, Any]] = field(default_factory=list)
    compared: list[dict[str, Any]] = field(default_factory=list)
    worst: Witness | None = None
    outside: Witness | None = None
    loses: Loss | None = None
    diagnosed: bool = False
    problem: str = ""
    refused: dict[str, str] = field(default_factory=dict)
    seconds: float = 0.0


def check(case: Case) -> Verdict:
    """Run every program of a claim in every format, eager, compiled, and compiled over a batch.

    Args:
        case: the claim under examination.

    Returns:
        A verdict that is never HOLDS: what floats do is a finding about them, not about the equation. Its
        ``floats`` is ``inside`` where floats of both sides were judged, ``outside`` or ``no claim``; ``measured``
        has one row per format, program and way.
    """
    return check_all([case])[0]


def check_all(cases: Sequence[Case], progress: Callable[[str], None] = lambda form: None) -> list[Verdict]:
    """As `check`, for several claims: their programs are compiled together, which costs a fifth of one by one.

    Args:
        cases: the claims under examination, of one budget.
        progress: called with the name of each format before it runs.

    Returns:
        One verdict per claim.
    """
    found = [_Found(case, run_size(case)) for case in cases]
    for each in found:
        if each.size is None:
            each.problem = "every size is too large to run"
    wanted = {name for case in cases for name in (*case.budget.formats, *case.claim.within)}
    formats = [name for name in FORMATS if name in wanted]
    for name in formats:
        progress(name)
        started = time.perf_counter()
        _one_format([each for each in found if not each.problem], FORMATS[name])
        for each in found:
            each.seconds += (time.perf_counter() - started) / len(found)
    return [_verdict(each) for each in found]


def _verdict(found: _Found) -> Verdict:
    state = "no claim" if found.rows or found.problem else ""
    # What is known of one side's floats says nothing of the other's.
    if found.rows and "no claim" not in float_sides(found.rows).values():
        state = "inside"
    if found.outside is not None:
        state = "outside"
    return Verdict(
        claim=found.case.claim.id,
        engine=NAME,
        status=Status.UNKNOWN,
        checked=sum(row["inside"] + row["outside"] for row in found.rows),
        sizes=(size_text(found.size),) if found.size else (),
        worst=found.outside or found.worst,
        reason=found.problem
        or "; ".join(f"not run in {form}: {why}" for form, why in found.refused.items())
        or ("" if found.rows else NOT_RUN)
        or "floats are a finding, not evidence for the equation",
        floats=state,
        measured=tuple(found.rows),
        loses=found.loses,
        compared=tuple(found.compared),
        seconds=found.seconds,
    )


def run_size(case: Case) -> Mapping[str, int] | None:
    """The choice of sizes at which a claim's floats are run; None where every one is too large."""
    small = [size for size in case.choices if entries(case.claim, size) <= 4096]
    for size in small:
        if entries(case.claim, size) >= LEAST_ENTRIES:
            return size
    return small[-1] if small else None


def _one_format(found: Sequence[_Found], form: Format) -> None:
    """Draw points, run all programs of all claims together, and judge what came out."""
    jobs: dict[tuple[str, bytes], Job] = {}
    used: list[tuple[_Found, Subject, dict[str, Job]]] = []
    found = [each for each in found if runs(each.case, form)]
    for each in found:
        try:
            assert each.size is not None
            first = each.case.subject(each.size)
            length = max(first.modes[0].length, first.formula.length)
            if length > MOST_COMPILED:
                each.problem = f"a program of {length:,} equations is not compiled: {MOST_COMPILED:,} are the most"
                continue
            modes = _ways(each.case, form.name, main=False)
            subject = each.case.subject(each.size, form, "every" if modes else "one")
            chosen = _jobs(each.case, subject, jobs)
            for job in chosen.values():
                _read(job)
        except UnsupportedPrimitive as error:
            each.problem = str(error)
            continue
        except ClaimError as error:
            # JAX's functions need not take every format, nor a rule be written for it.
            each.refused[form.name] = str(error).removeprefix(f"claim {each.case.claim.id!r}: ")
            continue
        used.append((each, subject, chosen))
    needed = {id(job): job for _, _, chosen in used for job in chosen.values()}
    pending = list(needed.values())
    failed: dict[int, str] = {}
    for start in range(0, len(pending), TOGETHER):
        _run_some(pending[start : start + TOGETHER], form, failed)
    for each, subject, chosen in used:
        missing = [failed[id(job)] for job in chosen.values() if id(job) in failed]
        if missing:
            each.refused[form.name] = missing[0]
        else:
            _judge(each, subject, chosen)


def _run_some(jobs: Sequence[Job], form: Format, failed: dict[int, str]) -> None:
    """Run programs together; where there is no code for one of them in this format, one by one."""
    try:
        run(jobs, form)
    except NotImplementedError as error:  # LAPACK has no factors of 16-bit matrices
        if len(jobs) == 1:
            failed[id(jobs[0])] = explained(error)
            return
        for job in jobs:
            _run_some([job], form, failed)


def runs(case: Case, form: Format) -> bool:
    """Whether any side of a claim is run in a format; where none is, nothing is traced."""
    return any(_ways(case, form.name, main) for main in (True, False))


def _bound(case: Case) -> bool:
    """Whether the floats of a claim's sides say little: those of bounds, and of statements that are false."""
    # How far a rule that is known to differ is off in each format is what a reader wants to know of it.
    return case.claim.relation != "==" or (case.claim.expect is Status.FAILS and not case.judges_a_rule)


def _jobs(case: Case, subject: Subject, jobs: dict[tuple[str, bytes], Job]) -> dict[str, Job]:
    """One job per distinct program of a claim; a program that another claim runs at the same points is shared."""
    form = subject.form
    points = draw(subject, case.budget.float_points, form, case.rng(5, list(FORMATS).index(form.name)))
    points = points.take(np.flatnonzero(case.admitted(subject, points)))
    if not len(points):
        return {}
    chosen: dict[str, Job] = {}
    texts: set[str] = set()
    for program in subject.sides:
        main = program in (subject.modes[0], subject.formula, subject.stable)
        ways = _ways(case, form.name, main)
        if case.claim.within and program.directions:
            continue  # the formula says nothing of a direction
        if program is not subject.modes[0]:
            ways = ways - {"eager"} if case.budget.mode_ways != case.budget.ways else ways
        if program.text in texts or not ways:
            continue
        texts.add(program.text)
        few = points.take(np.arange(min(len(points), max(WORK // max(program.cost, 1), LEAST_POINTS))))
        key = (program.text, few.key)
        if key not in jobs:
            rng = case.rng(7, len(few))
            along = [form.round(rng.integers(-64, 65, size=(len(few), *each)) / 32.0) for each in program.directions]
            jobs[key] = Job(program, few, along, set())
        jobs[key].ways |= ways
        chosen[program.name] = jobs[key]
    return chosen


def _ways(case: Case, form: str, main: bool) -> set[str]:
    """How a program is run in a format; where accuracy is promised, in the formats of the promise and in no others."""
    budget = case.budget
    if case.claim.within:
        return set(budget.ways.get(form, ("jit",))) if form in case.claim.within else set()
    if _bound(case):
        chosen = budget.bound_ways if main else budget.bound_mode_ways
    else:
        chosen = budget.ways if main else budget.mode_ways
    return set(chosen.get(form, ()))


def _read(job: Job) -> None:
    """What rounding allows, and the true values."""
    if job.permitted is not None:
        return
    count = len(job.points)
    given = [*lift(job.points), *(balls(each) for each in job.along)]
    with precision(ROUNDED_BITS):
        outputs, trail = walk(Rounded(), job.program.closed, given, count)
        permitted = joined(outputs, count)
    permitted[trail.lost] = arb("nan")
    job.permitted = permitted
    job.exact = reference(job.program, given, count)


def _judge(found: _Found, subject: Subject, chosen: Mapping[str, Job]) -> None:
    promised = found.case.claim.within.get(subject.form.name)
    for number, (name, job) in enumerate(chosen.items()):
        assert job.permitted is not None and job.exact is not None
        permitted, exact = job.permitted, job.exact
        if promised is not None:
            exact = reference(subject.formula, lift(job.points), len(job.points))
            permitted = _promise(subject.form, exact, promised)
        for way, (rows, values) in job.returned.items():
            row, place, bad = _compare(subject.form, values, permitted[rows], exact[rows])
            row.update(format=subject.form.name, program=name, way=way)
            if values.size:
                point = int(rows[place[0]])
                row["at"] = {
                    label: _hexadecimal(array[point])
                    for label, array in zip(subject.names, job.points.arrays, strict=True)
                }
                row["component"] = components(job.program)[place[1]]
            found.rows.append(row)
            if bad is not None and found.outside is None:
                at = int(rows[bad[0]]), bad[1]
                allows = "rounding allows" if promised is None else "was promised"
                room = permitted[at]
                note = f"outside what {allows}, {room.mid().str(8, radius=False)} ± {float(room.rad()):.3g}"
                found.outside = _witness(subject, job, at, values[bad], way, exact[at], note)
            if number == 0 and not found.diagnosed:
                found.loses, found.diagnosed = _loses(subject, job, rows, values), True
            if number == 0 and way in ("jit", "vmap") and subject.form.name == "float64" and values.size:
                at = int(rows[place[0]]), place[1]
                found.worst = _witness(subject, job, at, values[place], way, exact[at])

    if found.case.judges_a_rule and {subject.modes[0].name, "formula"} <= set(chosen):
        found.compared.append(_compared(subject, chosen[subject.modes[0].name], chosen["formula"]))


def _compared(subject: Subject, rule: Job, plain: Job) -> dict[str, Any]:
    """How far a custom rule and JAX's derivative of the body are apart, and where one keeps more digits.

    Returns:
        ``format``; ``apart``, the largest difference of their exact values off kinks, relative to the body's, None
        where no value is known; and ``rule`` and ``plain``, each the point at which that side keeps more digits, or
        None: ``at`` (numbers by argument), ``component``, and ``rule`` and ``plain`` with the whole digits of both,
        or ``not finite``. Points are ranked by what rounding allows, which is the same on every machine.
        ``not counted`` is the reason why digits are not counted, or "".
    """
    form, sides = subject.form, (rule, plain)
    used = {each.primitive.name for job in sides for each in equations(job.program.closed.jaxpr)}
    left_out = NOT_COUNTED if used & LIBRARY else ""
    row: dict[str, Any] = {"format": form.name, "apart": None, "rule": None, "plain": None, "not counted": left_out}
    # The formula is run in no way in which the mode beside it is not.
    way = next(each for each in ("jit", "vmap", "eager") if all(each in job.returned for job in sides))
    count = min(len(job.returned[way][0]) for job in sides)
    ranked: list[tuple[float, tuple[int, int]]] = []
    with precision(ROUNDED_BITS):
        smooth = ~(_kinks(rule, count) | _kinks(plain, count))
        for place in itertools.product(np.flatnonzero(smooth).tolist(), range(len(components(rule.program)))):
            first, second = (job.exact[place] for job in sides if job.exact is not None)
            if min(first.rel_accuracy_bits(), second.rel_accuracy_bits()) < REFERENCE_BITS or second == 0:
                continue
            gap = 0.0 if first.overlaps(second) else float(abs((first - second) / second).upper())
            row["apart"] = max(row["apart"] or 0.0, gap)
            if not left_out and min(abs(first), abs(second)) >= form.smallest_normal:
                ruled, other = (_promised(form, job, place) for job in sides)
                ranked.append((ruled - other, place))
        for name, sign in (("rule", 1), ("plain", -1)):
            for _, place in sorted(ranked, key=lambda each: -sign * each[0]):
                kept = [_kept(form, job, way, place) for job in sides]
                if sign * (kept[0] - kept[1]) >= MORE_DIGITS:
                    whole = [math.floor(each) if each >= 0 else "not finite" for each in kept]
                    at = _at(subject, rule, place[0])
                    component = components(rule.program)[place[1]]
                    row[name] = {"at": at, "component": component, "rule": whole[0], "plain": whole[1]}
                    break
    return row


def _kinks(job: Job, count: int) -> Array:
    """Which of the first points decide an exact equality."""
    points = job.points.take(np.arange(count))
    _, trail = walk(Exact(), job.program.closed, [*lift(points), *(balls(each[:count]) for each in job.along)], count)
    return trail.kinks


def _promised(form: Format, job: Job, place: tuple[int, int]) -> float:
    """Digits that rounding cannot take."""
    assert job.permitted is not None and job.exact is not None
    room = job.permitted[place]
    return _digits(form, arb(room.rad()), job.exact[place]) if room.is_finite() else 0.0


def _kept(form: Format, job: Job, way: str, place: tuple[int, int]) -> float:
    """Digits that a float has; -1 where it is not finite."""
    assert job.exact is not None
    value = float(job.returned[way][1][place])
    return _digits(form, abs(arb(value) - job.exact[place]), job.exact[place]) if math.isfinite(value) else -1.0


def _digits(form: Format, error: arb, true: arb) -> float:
    """Correct decimal digits of a value with an error; as many as the format has where there is none."""
    most = form.precision * math.log10(2)
    relative = float((error / abs(true)).mid())
    return max(min(-math.log10(relative), most), 0.0) if relative > 0 else most


def _loses(subject: Subject, job: Job, rows: Array, values: Array) -> Loss | None:
    """Which equation loses the digits, where floats lost more than half of them.

    The point is the one where most may be lost, by the rounded reading: a measured error has last digits of its own.
    """
    assert job.permitted is not None and job.exact is not None
    form, exact, permitted = subject.form, job.exact[rows], job.permitted[rows]
    lost: list[tuple[float, int, int]] = []
    with precision(ROUNDED_BITS):
        for row, component in np.argwhere(np.isfinite(values) & finite(exact) & finite(permitted)):
            true, size = exact[row, component], abs(exact[row, component])
            if true.rel_accuracy_bits() < REFERENCE_BITS or not size >= form.smallest_normal:
                continue
            if abs(arb(float(values[row, component])) - true) > size * 2.0 ** (-form.precision / 2):
                lost.append((-float((permitted[row, component].rad() / size).mid()), int(rows[row]), int(component)))
    for _, point, component in sorted(lost)[:DIAGNOSED]:
        place = point, component
        if place not in job.losses:
            given = [*lift(job.points), *(balls(each) for each in job.along)]
            job.losses[place] = diagnose(job.program, [array[[point]] for array in given], component, form)
        found = job.losses[place]
        if found is not None:
            return replace(found, arguments=_at(subject, job, point))
    return None


def _at(subject: Subject, job: Job, point: int) -> dict[str, Any]:
    """The arguments at a point, by name."""
    return {name: array[point].tolist() for name, array in zip(subject.names, job.points.arrays, strict=True)}


def _hexadecimal(array: Array) -> Any:
    if array.dtype == np.int64:
        return array.tolist()
    return [hexadecimal(value) for value in array.ravel().tolist()]


def _promise(form: Format, exact: Array, ulps: float) -> Array:
    """Balls of so many units in the last place about exact values; NaN where the value is not known well enough."""
    permitted = np.full(exact.shape, arb("nan"), dtype=object)
    with precision(ROUNDED_BITS):
        for place in np.ndindex(*exact.shape):
            true = exact[place]
            if true.is_finite() and (true.rel_accuracy_bits() >= REFERENCE_BITS or true == 0):
                permitted[place] = true + arb(0, ulps * form.ulp(abs(float(true.mid()))))
    return permitted


def _witness(
    subject: Subject,
    job: Job,
    at: tuple[int, int],
    value: float,
    way: str,
    exact: arb,
    note: str = "the least accurate float",
) -> Witness:
    """A float at a point and component, what it should be, and why it is shown."""
    point, component = at
    return Witness(
        arguments=_at(subject, job, point),
        component=components(job.program)[component],
        program=job.program.name,
        autodiff=f"{hexadecimal(float(value))} ({subject.form.name}, {way})",
        by_hand=f"exact {decimal(exact)}",
        size=dict(subject.size),
        note=note,
    )


def run(jobs: Sequence[Job], form: Format) -> None:
    """Run programs in one compiled call; each has its own inputs, so that none is merged with another.

    Args:
        jobs: what to run and how, and where the floats go.
        form: the format.
    """
    dtype = form.dtype()
    with jax.enable_x64(True):
        functions: list[Callable[..., list[Any]]] = [jax.extend.core.jaxpr_as_fun(job.program.closed) for job in jobs]

        def cast(array: Array) -> Any:
            return jax.numpy.asarray(array if array.dtype == np.int64 else array.astype(dtype))

        batches = [[cast(array) for array in (*job.points.arrays, *job.along)] for job in jobs]
        hosts = hosted(batches)
        # Claims of several domains run one program at several points: it is compiled once, and its turns come one by
        # one. What it is called with has the same shapes each time, so every turn runs the same machine code.
        singles = _turns(jobs, "jit")
        groups = _turns(jobs, "vmap")

        def everything(single: Any, batch: Any) -> Any:
            one = [functions[turns[0][0]](*given) for turns, given in zip(singles, single, strict=True)]
            many = [jax.vmap(functions[turns[0][0]])(*given) for turns, given in zip(groups, batch, strict=True)]
            return one, many

        compiled = jax.jit(everything)
        jitted: dict[int, list[Array]] = {}
        rounds = max((len(turns) for turns in (*singles, *groups)), default=0)
        for turn in range(rounds):
            chosen = [turns[min(turn, len(turns) - 1)] for turns in singles]
            single = [[array[row] for array in hosts[number]] for number, row in chosen]
            numbers = [turns[min(turn, len(turns) - 1)][0] for turns in groups]
            one, many = compiled(single, [batches[number] for number in numbers])
            for turns, (number, _), values in zip(singles, chosen, jax.device_get(one), strict=True):
                if turn < len(turns):
                    jitted.setdefault(number, []).append(_row(values))
            for turns, number, values in zip(groups, numbers, many, strict=True):
                if turn < len(turns):
                    rows = np.arange(len(jobs[number].points))
                    columns = [np.asarray(each).astype(np.float64).reshape(len(rows), -1) for each in values]
                    jobs[number].returned["vmap"] = (rows, np.concatenate(columns, axis=1))
        for number, rows in jitted.items():
            jobs[number].returned["jit"] = (np.arange(len(rows)), np.stack(rows))
        for number, job in enumerate(jobs):
            if "eager" in job.ways:
                few = np.arange(min(len(job.points), EAGER_POINTS))
                found = [_row(functions[number](*(array[row] for array in batches[number]))) for row in few]
                job.returned["eager"] = (few, np.stack(found))


def _turns(jobs: Sequence[Job], way: str) -> list[list[tuple[int, int]]]:
    """For every program to compile, what it is called with in turn: jobs by number, and their rows one by one.

    A batch is one call, whose row means nothing; two batches of one program share it where they are equally long.
    """
    groups: dict[tuple[str, int], list[tuple[int, int]]] = {}
    for number, job in enumerate(jobs):
        if way in job.ways:
            count = len(job.points)
            key = (job.program.text, count if way == "vmap" else 0)
            groups.setdefault(key, []).extend((number, row) for row in range(1 if way == "vmap" else count))
    return list(groups.values())


def hosted(batches: Sequence[Sequence[Any]]) -> list[list[Array]]:
    """The same arrays in NumPy, where picking one row compiles nothing."""
    return [[np.asarray(array) for array in batch] for batch in batches]


def _row(outputs: Sequence[Any]) -> Array:
    return np.concatenate([np.asarray(each).astype(np.float64).ravel() for each in outputs])


def reference(program: Program, arguments: Sequence[Array], count: int, bits: int = REFERENCE_BITS) -> Array:
    """Exact values, with bits raised until each is known well enough; what never is stays a wide ball.

    Args:
        program: what to read.
        arguments: exact balls with the leading axis of points.
        count: number of points.
        bits: relative accuracy that is asked for.

    Returns:
        One row of components per point.
    """
    width = sum(shape_size(shape) for shape in program.outputs)
    result = np.full((count, width), arb("nan"), dtype=object)
    rows = np.arange(count)
    for level in LEVELS:
        if level < bits:
            continue
        chosen = [array[rows] for array in arguments]
        with precision(level):
            outputs, _ = walk(Exact(), program.closed, chosen, len(rows))
            result[rows] = joined(outputs, len(rows))
            known = (_accuracy(result[rows]) >= bits).astype(bool) | np.equal(result[rows], 0).astype(bool)
        rows = rows[~known.all(axis=1)]
        if not len(rows):
            break
    return result


def _compare(
    form: Format, values: Array, permitted: Array, exact: Array
) -> tuple[dict[str, Any], tuple[int, int], tuple[int, int] | None]:
    """One way of running one program: counts, worst ulp, share of the allowance, digits, and where."""
    claimed = finite(permitted)
    shown = np.isfinite(values)
    as_balls = balls(np.where(shown, values, 0.0))
    inside = claimed & shown & _contains(permitted, as_balls).astype(bool)
    outside = claimed & ~inside
    row: dict[str, Any] = {
        "points": int(values.shape[0]),
        "inside": int(inside.sum()),
        "outside": int(outside.sum()),
        "no_claim": int((~claimed).sum()),
        "worst_ulp": 0.0,
        "share": 0.0,
        "digits": float(form.precision * math.log10(2)),
    }
    place = (0, 0)
    known = (
        shown & finite(exact) & ((_accuracy(exact) >= REFERENCE_BITS).astype(bool) | np.equal(exact, 0).astype(bool))
    )
    with precision(ROUNDED_BITS):
        for point, component in np.argwhere(known):
            value, true = as_balls[point, component], exact[point, component]
            error = abs(value - true)
            middle = abs(float(true.mid()))
            ulps = float((error / arb(form.ulp(middle))).mid())
            if ulps >= row["worst_ulp"]:
                row["worst_ulp"], place = ulps, (int(point), int(component))
            if true != 0 and middle >= form.smallest_normal:
                relative = float((error / abs(true)).mid())
                digits = -math.log10(relative) if relative > 0 else row["digits"]
                row["digits"] = min(row["digits"], max(digits, 0.0) + 0.0)
            if inside[point, component]:
                room = permitted[point, component]
                width = float(room.rad()) if not room.is_exact() else 0.0
                if width > 0:
                    row["share"] = max(row["share"], min(float((abs(value - room.mid()) / arb(width)).mid()), 1.0))
    bad = np.argwhere(outside)
    first = (int(bad[0][0]), int(bad[0][1])) if len(bad) else None
    return row, place, first
