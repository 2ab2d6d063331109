"""Digits that floats keep of a gradient, by logit gap: autodiff, the formula as written, and its stable form.

Two classes, logits (gap, 0), a one-hot target; each float is compared with the exact value of the same program.
"""

import math
from collections.abc import Mapping
from typing import Any, Final

import numpy as np
from flint import arb

from verify.claim import Claim
from verify.engines.budget import BUDGETS
from verify.engines.case import Case, Points, components, lift
from verify.engines.diagnosis import diagnose
from verify.engines.floats import Job, reference, run
from verify.formats import FORMATS, Format
from verify.readings.exact import precision

GAPS: Final = (
    0.0,
    1.0,
    2.0,
    5.0,
    8.0,
    10.0,
    15.0,
    20.0,
    25.0,
    30.0,
    35.0,
    40.0,
    60.0,
    80.0,
    100.0,
    200.0,
    340.0,
    700.0,
)
WRONG, RIGHT = (0.0, 1.0), (1.0, 0.0)

# Title, claim whose programs are run, and target; logits are (gap, 0), so that the first class wins.
SUBJECTS: Final = (
    ("squared error, wrong class wins", "squared-error.gradient-one-hot", WRONG),
    ("squared error, right class wins", "squared-error.gradient-one-hot", RIGHT),
    ("cross entropy, wrong class wins", "cross-entropy.gradient-normalised-target", WRONG),
    ("cross entropy, right class wins", "cross-entropy.gradient-normalised-target", RIGHT),
    ("absolute error, wrong class wins", "absolute-error.gradient-one-hot", WRONG),
)
FORMS: Final = {"grad": "jax.grad", "formula": "formula", "stable": "stable"}


def table(claims: Mapping[str, Claim]) -> list[dict[str, Any]]:
    """Measure the digits kept.

    Args:
        claims: claims by id; those of `SUBJECTS` among them are measured.

    Returns:
        Rows with ``subject``, ``claim``, ``form``, ``format``, ``gap`` in nats and ``digits``: whole decimal digits of
        the worst component, ``none`` where a component has not one correct digit, ``underflow`` where the true
        value is below the format's smallest normal number, ``not finite`` where a float is. The first row of a form
        without a digit has ``loses`` where an equation is to blame: ``equation``, ``place``, ``bits`` and ``of``.
    """
    rows: list[dict[str, Any]] = []
    for form in FORMATS.values():
        jobs: list[tuple[str, str, Job]] = []
        for title, claim_id, target in SUBJECTS:
            if claim_id not in claims:
                continue
            subject = Case(claims[claim_id], BUDGETS["standard"], 0).subject({"n": 2}, form)
            points = _points(target, form)
            jobs += [(title, side.name, Job(side, points, [], {"jit"})) for side in subject.sides if side.name in FORMS]
        if not jobs:
            return rows
        run([job for _, _, job in jobs], form)
        for title, name, job in jobs:
            exact = reference(job.program, lift(job.points), len(job.points))
            _, values = job.returned["jit"]
            gone = False
            for place, (gap, floats, true) in enumerate(
                zip(job.points.arrays[0][:, 0].tolist(), values, exact, strict=True)
            ):
                claim_id = next(claim for subject, claim, _ in SUBJECTS if subject == title)
                row: dict[str, Any] = {
                    "subject": title,
                    "claim": claim_id,
                    "form": FORMS[name],
                    "format": form.name,
                    "gap": gap,
                    "digits": _digits(form, floats.tolist(), list(true)),
                }
                if row["digits"] == "none" and not gone:
                    gone = True
                    loss = _loss(job, place, form)
                    if loss is not None:
                        row["loses"] = loss
                rows.append(row)
    return rows


def _loss(job: Job, point: int, form: Format) -> dict[str, Any] | None:
    """The equation that loses most, of any component."""
    given = [array[[point]] for array in lift(job.points)]
    every = range(len(components(job.program)))
    found = [each for each in (diagnose(job.program, given, place, form) for place in every) if each is not None]
    if not found:
        return None
    worst = max(found, key=lambda each: each.bits)
    return {"equation": worst.equation, "place": worst.place, "bits": worst.bits, "of": form.precision}


def _points(target: tuple[float, float], form: Format) -> Points:
    gaps = np.array(GAPS)
    assert (form.round(gaps) == gaps).all(), "gaps must be numbers of every format"
    logits = np.stack([gaps, np.zeros(len(gaps))], axis=1)
    return Points((logits, np.tile(np.array(target), (len(gaps), 1))), ("gap",) * len(gaps))


def _digits(form: Format, values: list[float], exact: list[arb]) -> float | str:
    """Digits of the worst component, rounded down: halves would differ between machines."""
    worst = form.precision * math.log10(2)
    for value, true in zip(values, exact, strict=True):
        if not math.isfinite(value):
            return "not finite"
        with precision(128):
            if abs(true) < form.smallest_normal:
                return "underflow"
            relative = float((abs(arb(value) - true) / abs(true)).mid())
        if relative > 0:
            worst = min(worst, -math.log10(relative))
    return float(math.floor(worst)) if worst >= 1 else "none"
