"""The page reports/trust.md, from the raw numbers in benchmarks/results/peers.json: no number on it is typed.

python benchmarks/trust.py            writes the page again, measuring nothing
"""

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).resolve().parent.parent
RAW: Final = ROOT / "benchmarks" / "results" / "peers.json"
PAGE: Final = ROOT / "reports" / "trust.md"
MARK: Final = (
    "<!-- Written by `python benchmarks/trust.py` from benchmarks/results/peers.json: measure again with "
    "`python benchmarks/run.py peers --docs`, and do not edit it. -->"
)
REGIMES: Final = ("moderate", "gap 20", "gap 40")
SATURATED: Final = ("gap 20", "gap 40")
SHOWN: Final = 10  # the number of classes at which one check is timed in the first table
FUNCTIONS: Final = {
    "squared-error.gradient": "gradient of squared error behind a softmax",
    "softmax.jacobian": "Jacobian of a softmax",
}
# The load of a machine on which nothing else runs: one process, and now and then a second thread of a compiler.
ALONE: Final = 1.5


def page(raw: Sequence[Mapping[str, Any]]) -> str:
    """The page; the same numbers give the same bytes."""
    return MARK + "\n\n" + "\n\n".join(_blocks(raw)) + "\n"


def write() -> None:
    """Write the page from the committed numbers."""
    raw = json.loads(RAW.read_text(encoding="utf-8"))["peers"]
    PAGE.write_text(page(raw), encoding="utf-8")


def _blocks(raw: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    protocol = next(each["protocol"] for each in raw if "protocol" in each)
    settings = next(each["environment"] for each in raw if "environment" in each)
    rows = [each for each in raw if "peer" in each and "growth" not in each]
    times = [each for each in raw if "growth" in each]
    sweeps = [each for each in raw if "norm" in each]
    held = [each for each in raw if "held out" in each]
    whole = next((each for each in rows if each["peer"] == "verify.check"), None)
    points = [each for each in rows if each is not whole]
    yield "# Gradproof beside other gradient checkers"
    yield (
        "The same functions, formulas and wrong formulas before every checker, at the same points. `python -m nox -s "
        "bench -- --torch peers --docs` measures all of it again."
    )
    yield from _protocol(protocol, settings)
    yield "## Who sees what"
    yield _headline(points, whole, times)
    yield from _reading(points, whole, held)
    if held:
        yield "## Mutants that no test knows"
        yield from _held_out(held)
    yield "## What a check costs as n grows"
    yield from _growth(times)
    if sweeps:
        yield "## Sweeps"
        yield from _sweeps(sweeps)
    yield from _limits(settings)


def _protocol(protocol: Mapping[str, Any], settings: Mapping[str, Any]) -> Iterator[str]:
    visible = ", ".join(f"{protocol['visible'][regime]} at {_where(regime)}" for regime in REGIMES)
    yield "## How it is measured"
    yield "\n".join(
        [
            f"- **Mutants.** Of the {protocol['controls']} wrong formulas that the tests keep, the "
            f"{protocol['mutants']} "
            "that pretend to be a gradient, a Jacobian or a Hessian; the others are values and bounds, which no "
            "gradient "
            "checker can be asked. A mutant counts in a regime if it is *visible* there: plain mpmath, with 160 "
            "digits, "
            f"tells it from the truth at one of the points ({visible}). It is *caught* if the checker refuses it "
            "at one "
            "of them."
            + (
                f" Visible at none of the points: {', '.join(f'`{name}`' for name in protocol['visible nowhere'])}."
                if protocol["visible nowhere"]
                else ""
            ),
            f"- **True formulas.** {protocol['true formulas']}: the right ones beside the mutants, and the "
            "article's four "
            "gradients, each as written and in the form without cancellation. A *false alarm* is one of them "
            "refused at "
            f"one point, out of {protocol['points of true formulas']}.",
            "- **Points.** *Moderate*: arguments from the normal distribution, targets as the domain says. "
            "*Saturated*: "
            "one entry leads the others by 20, and by 40.",
            "- **Smallest relative error.** The article's four gradients times 1 + ε, moderate points, n = 3 and "
            "10: the "
            "smallest ε in decades that is refused in all four. *Void* where a right formula is refused there too.",
            "- **Settings.** Each as its users call it, with its defaults, and *tuned*: for each topic (the "
            "first part of "
            "a name), the tightest decade of rtol = atol that refuses none of the true formulas on it, with a step of "
            "6e-6 where there is a step. It is looked for on the formulas that are counted, in the peers' favour.",
            "- **Peers that check a rule** are given the function with the formula as its rule; torch's calls the same "
            "compiled function. Its time is that of the function written in torch. There is one time for each checker, "
            "with its defaults.",
        ]
    )
    versions = ", ".join(f"{name} {version}" for name, version in settings["versions"].items())
    yield f"Python {settings['python']}, {settings['cores']} cores; {versions}."


def _where(regime: str) -> str:
    return "moderate points" if regime == "moderate" else f"a {regime}"


def _headline(
    points: Sequence[Mapping[str, Any]], whole: Mapping[str, Any] | None, times: Sequence[Mapping[str, Any]]
) -> str:
    cost = {each["peer"]: each["seconds"] for each in times if each["growth"] == "squared-error.gradient"
            and each["n"] == SHOWN}  # fmt: skip
    header = ["checker", "setting"]
    header += [f"caught, {regime}" for regime in REGIMES]
    header += ["smallest relative error", "false alarms, moderate", "false alarms, saturated", "unknown"]
    header += [f"ms a check, n = {SHOWN}"]
    lines = []
    for row in points:
        cells = [f"`{row['peer']}`" if "and" not in row["peer"].split() else row["peer"], _setting(row)]
        cells += [_of(row[f"caught, {regime}"], row[f"visible, {regime}"]) for regime in REGIMES]
        cells.append(_error(row["smallest relative error"]))
        cells.append(_share(row, ("moderate",)))
        cells.append(_share(row, SATURATED))
        cells.append(str(sum(row[f"unknown, {regime}"] + row[f"unknown of true, {regime}"] for regime in REGIMES)))
        cells.append(_milliseconds(cost.get(row["peer"])))
        lines.append(cells)
    if whole is not None:
        unknown = len(whole["wrong, unknown"]) + len(whole["true, unknown"])
        lines.append(
            [
                "`verify.check`",
                whole["setting"],
                f"{_of(whole['caught, anywhere'], whole['visible, anywhere'])}, points of its own",
                "",
                "",
                _error(whole["smallest relative error"]),
                f"{len(whole['true, fails'])} of {whole['true']}",
                "",
                str(unknown),
                f"{1e3 * whole['seconds a claim, median']:.0f} a claim",
            ]
        )
    return _table(header, lines)


def _setting(row: Mapping[str, Any]) -> str:
    if "tolerances" not in row:
        return row["setting"]
    values = [each for name, each in row["tolerances"].items() if name]
    least, most = f"{min(values):.0e}", f"{max(values):.0e}"
    return f"tuned, {least}" if least == most else f"tuned, {least} to {most}"


def _of(part: int, whole: int) -> str:
    return f"{part} of {whole} ({100 * part / whole:.0f} %)" if whole else "none visible"


def _share(row: Mapping[str, Any], regimes: Sequence[str]) -> str:
    alarms = sum(row[f"false alarms, {regime}"] for regime in regimes)
    return f"{alarms} of {sum(row[f'true, {regime}'] for regime in regimes)}"


def _error(value: float | None) -> str:
    if value is None:
        return "void or none"
    return f"{value:.0e}{', the smallest tried' if value < 2e-15 else ''}"


def _milliseconds(seconds: float | None) -> str:
    return "" if seconds is None else f"{1e3 * seconds:.3g}"


def _reading(
    points: Sequence[Mapping[str, Any]], whole: Mapping[str, Any] | None, held: Sequence[Mapping[str, Any]]
) -> Iterator[str]:
    peers = [row for row in points if row["peer"] != "verify.enclose"]
    others = [row for row in held if not row["held out"].startswith("verify.")]
    least = min(others, key=lambda row: row["caught, moderate"], default=None)
    ours = next((row for row in points if row["peer"] == "verify.enclose"), None)
    quiet = [row for row in peers if not sum(row[f"false alarms, {regime}"] for regime in REGIMES)]
    if quiet:
        best = max(quiet, key=lambda row: row["caught, gap 40"])
        yield (
            "Among the settings of peers without a false alarm, the best at a gap of 40 is "
            f"`{best['peer']}`, {_setting(best)}: {_of(best['caught, gap 40'], best['visible, gap 40'])}. What it "
            "misses there is smaller than any tolerance that lets the rounding of a right formula pass."
        )
    if ours is not None:
        missed = sorted({name for regime in REGIMES for name in ours[f"missed, {regime}"]})
        yield (
            "**What Gradproof misses, by the same count.** At the points of the table: "
            + (", ".join(f"`{name}`" for name in missed) if missed else "no visible mutant")
            + f"; false alarms: {sum(ours[f'false alarms, {regime}'] for regime in REGIMES)}; points of which it "
            "can say "
            "nothing (UNKNOWN): "
            f"{sum(ours[f'unknown, {regime}'] + ours[f'unknown of true, {regime}'] for regime in REGIMES)}."
        )
    if whole is not None:
        yield (
            "`verify.check` is given a claim and its domain, not points. It says HOLDS of "
            + _names(whole["wrong, holds"], "mutant")
            + ", UNKNOWN of "
            + _names(whole["wrong, unknown"], "mutant")
            + "; FAILS of "
            + _names(whole["true, fails"], "true formula")
            + ", UNKNOWN of "
            + _names(whole["true, unknown"], "true formula")
            + "."
        )
    yield "**Where the peers are better.**"
    yield "\n".join(
        [
            "- They take one line. A claim names a formula, a domain and sizes.",
            "- They take any function that runs, and on any device. Gradproof needs a rule for each primitive and says "
            "UNKNOWN without one; loops it walks turn by turn.",
            "- They cost milliseconds. A claim costs seconds"
            + (f" (median here: {whole['seconds a claim, median']:.2g})" if whole is not None else "")
            + ", most of which is tracing and compiling, and exact balls cost more with every entry.",
            "- They compare with the function's own values, and so find a wrong rule or a `stop_gradient` unasked. "
            "Here the subject is what JAX computes, and a rule is a claim of its own.",
            "- At ordinary points each of them sees most: at least "
            f"{min(row['caught, moderate'] for row in peers)} of {peers[0]['visible, moderate']} mutants"
            + (f", and {least['caught, moderate']} of {least['visible, moderate']} of those below" if least else "")
            + ".",
        ]
    )


def _held_out(rows: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    yield (
        "The mutants above are those that Gradproof's own tests demand it to refuse. These were made for this table "
        "alone: eight changes to each of the article's four gradients (zeros, a half, one entry gone, of the other "
        "sign, 1e-3 or 1e-8 too large, entries moved by one, twice as large where a probability exceeds 1 − 1e-6), "
        "n = 10. Tolerances are the ones of before."
    )
    lines: list[list[str]] = []
    for row in rows:
        name = row["held out"] if " and " in row["held out"] else f"`{row['held out']}`"
        setting = "tuned" if row["setting"].startswith("tuned") else row["setting"]
        if "caught, anywhere" in row:
            whole = f"{_of(row['caught, anywhere'], row['visible, anywhere'])}, points of its own"
            lines.append([name, setting, whole, "", "", str(len(row["wrong, unknown"]))])
            continue
        cells = [_of(row[f"caught, {regime}"], row[f"visible, {regime}"]) for regime in REGIMES]
        lines.append([name, setting, *cells, str(sum(row[f"unknown, {regime}"] for regime in REGIMES))])
    yield _table(["checker", "setting", *(f"caught, {regime}" for regime in REGIMES), "unknown"], lines)
    ours = next((row for row in rows if row["held out"] == "verify.enclose"), None)
    whole = next((row for row in rows if row["held out"] == "verify.check"), None)
    if ours is not None and whole is not None:
        missed = sorted({name for regime in REGIMES for name in ours[f"missed, {regime}"]})
        yield (
            f"`verify.enclose` misses {_names(missed, 'visible mutant')}; `verify.check` says HOLDS of "
            f"{_names(whole['wrong, holds'], 'mutant')} and UNKNOWN of {_names(whole['wrong, unknown'], 'mutant')}."
        )


def _names(names: Sequence[str], what: str) -> str:
    return ", ".join(f"`{name}`" for name in names) or f"no {what}"


def _growth(times: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    yield (
        "Median seconds of one check, all checkers in turn, and in brackets as a multiple of `jax.grad` and "
        "`assert_allclose` in the same round. Each call is a first one of its kind at its point: what is "
        "compiled stays "
        "compiled, but for `verify.check`, which traces and compiles. Its figure is for all points, modes and formats "
        "of the quick budget. Empty where a call would take more than 20 s."
    )
    loads = [each["load"] for each in times]
    for id_, words in FUNCTIONS.items():
        chosen = [each for each in times if each["growth"] == id_]
        sizes = sorted({each["n"] for each in chosen})
        names = list(dict.fromkeys(each["peer"] for each in chosen))
        found = {(each["peer"], each["n"]): each for each in chosen}
        lines = [[f"`{name}`" if "," not in name and " " not in name else name,
                  *(_timed(found.get((name, n))) for n in sizes)] for name in names]  # fmt: skip
        yield f"The {words}:"
        yield _table(["checker", *(f"n = {n}" for n in sizes)], lines)
    if max(loads, default=0.0) > ALONE:
        yield (
            f"Others used the machine too: its load was {min(loads):.1f} to {max(loads):.1f} while this was "
            "measured, so that the ratios say more than the seconds."
        )


def _timed(row: Mapping[str, Any] | None) -> str:
    return "" if row is None else f"{row['seconds']:.2g} ({row['times assert_allclose']:.2g})"


def _sweeps(sweeps: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    yield (
        "The 2-norm of the squared-error gradient at three classes over a plane of logits, as a map computes "
        "it, beside "
        "the same by `jax.vmap`, NumPy, and torch's `func.grad` under `vmap`, and beside nothing but the three "
        "exponentials a cell:"
    )
    names = [name for name in ("map", "three exponentials", "vmap", "numpy", "torch") if f"{name}, ms" in sweeps[0]]
    lines = [
        [row["norm"], *(f"{row[f'{name}, ms']:.3g}" for name in names), f"{row['map / three exponentials']:.2g}"]
        for row in sweeps
    ]
    yield _table(["cells", *(f"{name}, ms" for name in names), "map / exponentials"], lines)


def _limits(settings: Mapping[str, Any]) -> Iterator[str]:
    missing = [name for name, version in settings["versions"].items() if version == "not installed"]
    yield "## What this does not say"
    yield "\n".join(
        [
            *([f"- Not installed, and so not measured: {', '.join(missing)}."] if missing else []),
            "- The mutants are ours, and most are about softmax. The tests of Gradproof demand it to refuse the first "
            "set, so that its share of that is no surprise; another set would give other shares.",
            "- A checker that refuses right formulas catches mutants by that alone: read what it catches together with "
            "its false alarms.",
            "- Where floats of JAX's derivative and of the formula agree, both may be wrong; only `verify.check` looks "
            "at the floats themselves, and that is not counted here.",
            "- First and second derivatives of small arrays on one CPU; no complex numbers, no graphics card.",
            "- Two saturated and four moderate points for each size of a formula: a checker that is given more points "
            "catches more of what is visible only at some.",
            "- `scipy.optimize.check_grad` returns a number and no verdict; the threshold is ours.",
        ]
    )


def _table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [f"| {' | '.join(header)} |", f"| {' | '.join('---' for _ in header)} |"]
    return "\n".join([*lines, *(f"| {' | '.join(row)} |" for row in rows)])


if __name__ == "__main__":
    write()
    sys.exit(0)
