"""Floats: is what XLA returns inside what rounding allows, and how many digits are left?

Each program is traced in each format and compiled once, for one point and for a batch together. Its floats are judged
against its own rounded reading, never against another side's floats.
"""

import math
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import jax
import numpy as np
from flint import arb

from verify.claim import Status, UnsupportedPrimitive, Verdict, Witness
from verify.engines.case import LEVELS, Case, Points, components, cost, decimal, draw, joined, lift, shape_size
from verify.formats import FORMATS, Format, hexadecimal
from verify.program import Program, Subject, entries, size_text
from verify.readings.exact import Exact, balls, finite, precision
from verify.readings.interpreter import Array, walk
from verify.readings.rounded import ROUNDED_BITS, Rounded

NAME: Final = "floats"
# Exact values are known to this many bits before digits are counted.
REFERENCE_BITS: Final = 64
EAGER_POINTS: Final = 3
# The size that is run is the first of at least this many entries: every XLA program costs a compilation.
LEAST_ENTRIES: Final = 3

_accuracy = np.frompyfunc(arb.rel_accuracy_bits, 1, 1)
_contains = np.frompyfunc(arb.contains, 2, 1)



def check(case: Case) -> Verdict:
    """Run every program of a claim in every format, eager, compiled, and compiled over a batch.

    Args:
        case: the claim under examination.

    Returns:
        A verdict that is never HOLDS: what floats do is a finding about them, not about the equation. Its
        ``floats`` is ``inside``, ``outside`` or ``no claim``; ``measured`` has one row per format, program and way.
    """
    started = time.perf_counter()
    size = _size(case)
    rows: list[dict[str, Any]] = []
    worst: tuple[float, Witness] | None = None
    outside: Witness | None = None
    problem = ""
    if size is None:
        problem = "every size is too large to run"
    else:
        for name in case.budget.formats:
            if time.perf_counter() - started > case.budget.seconds:
                problem = f"{name} was not reached in {case.budget.seconds:.0f} s"
                break
            try:
                subject = case.subject(size, FORMATS[name])
                found, wrong, bad = _one_format(case, subject)
            except UnsupportedPrimitive as error:
                problem = str(error)
                break
            rows += found
            outside = outside or wrong
            if bad is not None and name == "float64":
                worst = bad
    state = "no claim"
    if any(row["inside"] for row in rows):
        state = "inside"
    if outside is not None:
        state = "outside"
    return Verdict(
        claim=case.claim.id,
        engine=NAME,
        status=Status.UNKNOWN,
        evidence="",
        checked=sum(row["inside"] + row["outside"] for row in rows),
        sizes=(size_text(size),) if size else (),
        worst=outside or (worst[1] if worst else None),
        reason=problem or "floats are a finding, not evidence for the equation",
        floats=state,
        measured=tuple(rows),
        seconds=time.perf_counter() - started,
    )


def _size(case: Case) -> Mapping[str, int] | None:
    small = [size for size in case.choices if entries(case.claim, size) <= 4096]
    for size in small:
        if entries(case.claim, size) >= LEAST_ENTRIES:
            return size
    return small[-1] if small else None


def _distinct(subject: Subject) -> list[Program]:
    found: dict[str, Program] = {}
    for program in subject.sides:
        found.setdefault(program.text, program)
    return list(found.values())


def _one_format(
    case: Case, subject: Subject
) -> tuple[list[dict[str, Any]], Witness | None, tuple[float, Witness] | None]:
    form = subject.form
    rng = case.rng(5, list(FORMATS).index(form.name))
    points = draw(subject, case.budget.float_points, form, rng)
    points = points.take(np.flatnonzero(case.admitted(subject, points)))
    if not len(points):
        return [], None, None
    programs = _distinct(subject)
    heaviest = max(cost(program) for program in programs)
    points = points.take(np.arange(min(len(points), max(40_000 // max(heaviest, 1), 4))))
    along = {
        program.name: [
            form.round(rng.integers(-64, 65, size=(len(points), *shape)) / 32.0) for shape in program.directions
        ]
        for program in programs
    }
    returned = run(programs, points, along, form, eager=case.budget.eager)
    rows: list[dict[str, Any]] = []
    outside: Witness | None = None
    worst: tuple[float, Witness] | None = None
    for program in programs:
        given = [*lift(points), *(balls(each) for each in along[program.name])]
        with precision(ROUNDED_BITS):
            outputs, trail = walk(Rounded(), program.closed, given, len(points))
            permitted = joined(outputs, len(points))
        permitted[trail.lost] = arb("nan")
        exact = reference(program, given, len(points))
        for way, (chosen, values) in returned[program.name].items():
            row, place, bad = _compare(form, values, permitted[chosen], exact[chosen])
            row.update(format=form.name, program=program.name, way=way)
            point, component = int(chosen[place[0]]), place[1]
            if values.size:
                row["at"] = {
                    name: _hexadecimal(array[point]) for name, array in zip(subject.names, points.arrays, strict=True)
                }
                row["component"] = components(program)[component]
            rows.append(row)
            if bad is not None and outside is None:
                outside = _witness(subject, points, program, int(chosen[bad[0]]), bad[1], values[bad], exact, form, way)
            if program is programs[0] and way == "jit" and values.size and math.isfinite(row["worst_ulp"]):
                shown = _witness(subject, points, program, point, component, values[place], exact, form, way)
                worst = (row["worst_ulp"], shown)
    return rows, outside, worst


def _hexadecimal(array: Array) -> Any:
    if array.dtype == np.int64:
        return array.tolist()
    return [hexadecimal(value) for value in array.ravel().tolist()]


def _witness(
    subject: Subject,
    points: Points,
    program: Program,
    point: int,
    component: int,
    value: float,
    exact: Array,
    form: Format,
    way: str,
) -> Witness:
    return Witness(
        arguments={name: array[point].tolist() for name, array in zip(subject.names, points.arrays, strict=True)},
        component=components(program)[component],
        program=program.name,
        autodiff=f"{hexadecimal(float(value))} ({form.name}, {way})",
        by_hand=f"exact {decimal(exact[point, component])}",
        size=dict(subject.size),
        note="outside what rounding allows" if not math.isfinite(value) else "",
    )


def run(
    programs: Sequence[Program], points: Points, along: Mapping[str, Sequence[Array]], form: Format, *, eager: bool
) -> dict[str, dict[str, tuple[Array, Array]]]:
    """Floats of all programs at all points.

    Args:
        programs: what to run.
        points: exact members of the domain, numbers of the format.
        along: directions per program.
        form: the format.
        eager: whether to run a few points outside ``jit`` too.

    Returns:
        Per program and way (``jit``, ``vmap``, ``eager``): the rows of the points, and their components in float64.
    """
    dtype = form.dtype()
    with jax.enable_x64(True):
        functions: list[Callable[..., list[Any]]] = [jax.extend.core.jaxpr_as_fun(each.closed) for each in programs]

        def cast(array: Array) -> Any:
            return jax.numpy.asarray(array if array.dtype == np.int64 else array.astype(dtype))

        batches = [[cast(array) for array in (*points.arrays, *along[each.name])] for each in programs]

        def everything(single: Any, batch: Any) -> Any:
            one = [function(*given) for function, given in zip(functions, single, strict=True)]
            many = [jax.vmap(function)(*given) for function, given in zip(functions, batch, strict=True)]
            return one, many

        compiled = jax.jit(everything)
        found: dict[str, dict[str, tuple[Array, Array]]] = {each.name: {} for each in programs}
        rows = np.arange(len(points))
        singles: list[Any] = []
        many: Any = None
        for row in rows:
            single = [[array[row] for array in batch] for batch in batches]
            one, many = compiled(single, batches)
            singles.append(jax.device_get(one))
        for number, program in enumerate(programs):
            found[program.name]["jit"] = (rows, np.stack([_row(each[number]) for each in singles]))
            width = found[program.name]["jit"][1].shape[1]
            batched = [np.asarray(each).astype(np.float64).reshape(len(points), -1) for each in many[number]]
            found[program.name]["vmap"] = (rows, np.concatenate(batched, axis=1).reshape(len(points), width))
            if eager:
                few = rows[:EAGER_POINTS]
                values = [_row(functions[number](*(array[row] for array in batches[number]))) for row in few]
                found[program.name]["eager"] = (few, np.stack(values))
    return found


def _row(outputs: Sequence[Any]) -> Array:
    return np.concatenate([np.asarray(each).astype(np.float64).ravel() for each in outputs])


def reference(program: Program, arguments: Sequence[Array], count: int) -> Array:
    """Exact values, with bits raised until each is known to 64 bits; what never is stays a wide ball.

    Args:
        program: what to read.
        arguments: exact balls with the leading axis of points.
        count: number of points.

    Returns:
        One row of components per point.
    """
    width = sum(shape_size(shape) for shape in program.outputs)
    result = np.full((count, width), arb("nan"), dtype=object)
    rows = np.arange(count)
    for level in LEVELS:
        chosen = [array[rows] for array in arguments]
        with precision(level):
            outputs, _ = walk(Exact(), program.closed, chosen, len(rows))
            result[rows] = joined(outputs, len(rows))
            known = (_accuracy(result[rows]) >= REFERENCE_BITS).astype(bool) | np.equal(result[rows], 0).astype(bool)
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
    known = shown & finite(exact) & ((_accuracy(exact) >= REFERENCE_BITS).astype(bool) | np.equal(exact, 0).astype(bool))
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
