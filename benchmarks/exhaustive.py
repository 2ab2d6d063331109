"""Hold the model of rounding against this machine: every float of three formats, and random programs.

    python benchmarks/exhaustive.py [--part K/N] [--floats COUNT] [--only functions|programs] [--docs]

Functions: exp, log, log1p, expm1, tanh, logistic and erf at every float16, bfloat16 and float32, and at float64 numbers
drawn over their ordinals and about the branch points of implementations; each result beside what the rounded reading
allows. Programs: random expressions and their derivatives, compiled and eager, in batches of 1, 7 and 1000, in four
formats; every float beside its ball. With --part only one of N shares of the float32 numbers is looked at. With --docs
the table of budgets is written to docs/rounding.md, what was measured beside it. Exits 1 where a budget is passed, with
the function, the format and the argument.
"""

import argparse
import json
import math
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import jax
import jax.numpy as jnp
import numpy as np
from flint import arb
from jax import lax
from programs import Compared, Count, drawn, inputs
from scipy import special

from verify.formats import FORMATS, Format
from verify.readings.budgets import BUDGETS, EARLY_OVERFLOW, Allowance
from verify.readings.exact import ELEMENTARY, balls, precision

ROOT: Final = Path(__file__).resolve().parent.parent
RECORD: Final = ROOT / "benchmarks" / "results" / "rounding.json"
PAGE: Final = ROOT / "docs" / "rounding.md"
CHUNK: Final = 2**16  # what is compared stays in a processor's cache: three times as fast as 2**22
ORDINALS: Final = 200_000
BRANCHES: Final = (
    0.0,
    0.25,
    0.346,
    0.4142,
    0.5,
    0.6931,
    0.84375,
    1.0,
    1.25,
    2.0,
    2.857,
    4.0,
    6.0,
    9.01,
    17.4,
    19.0,
    20.0,
)
# Of a library that shares nothing with XLA, in float64: its errors are below a millionth of a float32's.
REFERENCE: Final[dict[str, Callable[[Any], Any]]] = {
    "exp": np.exp,
    "log": np.log,
    "log1p": np.log1p,
    "expm1": np.expm1,
    "tanh": np.tanh,
    "logistic": special.expit,
    "erf": special.erf,
}
DOMAIN: Final = {"log": (0.0, math.inf), "log1p": (-1.0, math.inf)}


@dataclass(frozen=True, kw_only=True)
class Worst:
    """The largest error of a function in a format, in units of roundoff, and the largest share of what is allowed."""

    units: float = 0.0
    at: float = 0.0
    share: float = 0.0
    share_at: float = 0.0
    points: int = 0

    def joined(self, other: "Worst") -> "Worst":
        """Of two sets of points together."""
        a, b = (self, other) if self.units >= other.units else (other, self)
        c = self if self.share >= other.share else other
        return Worst(units=a.units, at=a.at, share=c.share, share_at=c.share_at, points=a.points + b.points)


def permitted(allowance: Allowance, x: Any) -> Any:
    """Units of roundoff that the reading allows at arguments."""
    size = np.minimum(np.abs(x), 1e99)
    constant = np.full(np.shape(x), allowance.constant)
    if allowance.falling is not None:
        constant[x <= 0] = allowance.falling
    return constant + allowance.slope * size + allowance.curve * size**2


def compare(form: Format, name: str, x: Any, values: Any, error: Any, size: Any) -> Worst:
    """Errors against what is allowed.

    Args:
        form: the format.
        name: the function.
        x: arguments, float64.
        values: results, float64.
        error: absolute errors.
        size: sizes of the true values.
    """
    allowance = BUDGETS[form.name][name]
    overflow = 2.0**form.emax * math.sqrt(2) if name in EARLY_OVERFLOW else form.largest
    counts = np.isfinite(size) & (size < overflow)
    flushed = max(form.flush, allowance.flush)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        excess = np.where(np.isfinite(values), np.maximum(error - flushed * (1 + 2.0**-10), 0.0), np.inf)
        units = np.where(excess > 0, excess / (form.unit_roundoff * size), 0.0)
    units = np.where(counts, units, 0.0)
    share = units / permitted(allowance, x)
    first, second = int(np.argmax(units)), int(np.argmax(share))
    return Worst(
        units=float(units[first]),
        at=float(x[first]),
        share=float(share[second]),
        share_at=float(x[second]),
        points=int(counts.sum()),
    )


def inside(name: str, x: Any) -> Any:
    """Arguments at which a function is a real number."""
    low, high = DOMAIN.get(name, (-math.inf, math.inf))
    return np.isfinite(x) & (x > low) & (x < high)


def narrow(name: str, form: Format, part: tuple[int, int]) -> Worst:
    """Every number of a format of 16 or 32 bits."""
    compiled = jax.jit(getattr(lax, name))
    worst = Worst()
    wide = form.precision == 24
    step = CHUNK if wide else 2**16
    for start in range(part[0] * step if wide else 0, 2**32 if wide else 2**16, step * part[1] if wide else step):
        bits = np.arange(start, start + step, dtype=np.uint32 if wide else np.uint16)
        given = bits.view(form.dtype())
        with np.errstate(invalid="ignore"):
            x = given.astype(np.float64)
        chosen = inside(name, x)
        if form.flushes:
            chosen &= (x == 0) | (np.abs(x) >= form.smallest_normal)
        if not chosen.any():
            continue
        # Compiled once: what is left out is computed too.
        values = np.asarray(compiled(given)).astype(np.float64)[chosen]
        with np.errstate(all="ignore"):
            true = REFERENCE[name](x[chosen])
            error = np.abs(values - true)
        worst = worst.joined(compare(form, name, x[chosen], values, error, np.abs(true)))
    return worst


def double(name: str, count: int, rng: np.random.Generator) -> Worst:
    """float64 numbers over their ordinals and about branch points, against balls."""
    form = FORMATS["float64"]
    bits = rng.integers(0, 2**64, size=count // 2, dtype=np.uint64)
    centres = np.array(BRANCHES) * rng.choice([-1.0, 1.0], size=(count // 2 // len(BRANCHES) + 1, len(BRANCHES)))
    about = (centres + 2.0 ** rng.uniform(-40, 2, centres.shape) * rng.choice([-1.0, 1.0], centres.shape)).ravel()
    x = np.concatenate([bits.view(np.float64), about])
    x = x[inside(name, x) & ((x == 0) | (np.abs(x) >= form.smallest_normal))]
    with jax.enable_x64(True):
        values = np.asarray(jax.jit(getattr(lax, name))(jnp.asarray(x)))
    errors, sizes = np.zeros(len(x)), np.zeros(len(x))
    with precision(128):
        for place, (ball, value) in enumerate(zip(balls(x), values.tolist(), strict=True)):
            true = ELEMENTARY[name](ball)
            if not abs(true) < form.largest:
                sizes[place] = math.inf  # an overflow, of which nothing is claimed
                continue
            sizes[place] = float(abs(true).mid())
            errors[place] = float(abs(arb(value) - true).mid()) if math.isfinite(value) else math.inf
    return compare(form, name, x, values, errors, sizes)


# --- random programs --------------------------------------------------------------------------------------------------


def programs(rng: np.random.Generator, floats: float) -> Iterator[tuple[Count, str]]:
    """Random programs in four formats until so many floats have been looked at: the count so far, what lies outside."""
    count = Count()
    # Compiling a program costs as much as some ten thousand floats of it: of many floats, more are of one program.
    draws = 1 + int(floats / 1e7)
    while count.floats < floats:
        tree, n = drawn(rng, int(rng.integers(1, 4))), int(rng.choice([2, 3, 5]))
        for form in FORMATS.values():
            compared = Compared(tree, form, n, count)
            said = (compared.outside(*inputs(rng, form, n), eager=draw == 0) for draw in range(draws))
            yield count, next((each for each in said if each), "")
        # What has been compiled is not used again, and would be kept.
        jax.clear_caches()


# --- record and page --------------------------------------------------------------------------------------------------


def functions(part: tuple[int, int]) -> Iterator[tuple[str, str, Worst]]:
    """Every function in every format."""
    rng = np.random.default_rng(20261126)
    for name in REFERENCE:
        for form in FORMATS.values():
            yield name, form.name, double(name, ORDINALS, rng) if form.precision == 53 else narrow(name, form, part)


def page(record: dict[str, Any]) -> str:
    """The table of budgets, what was measured beside it."""
    of = record["part"]
    how = "every number" if of[1] == 1 else f"one number in {of[1]}"
    said = f"""How far the elementary functions of XLA may be off, in units of roundoff *u* of the result, and the
        largest error that was found: of float16 and bfloat16 at every number, of float32 at {how}, of float64 at
        numbers drawn over their ordinals and about the branch points of implementations, where it is a lower bound
        (≥). A budget that grows with the argument is given at 0. Written by `nox -s exhaustive -- --docs`, which fails
        where a budget is passed."""
    lines = [
        "# What rounding may do here",
        "",
        textwrap.fill(" ".join(said.split()), 120),
        "",
        "| function | " + " | ".join(f"{name}: found | allowed" for name in FORMATS) + " |",
        "| --- " * (1 + 2 * len(FORMATS)) + "|",
    ]
    for name in REFERENCE:
        cells = [f"`{name}`"]
        for form in FORMATS:
            sign = "≥ " if form == "float64" or (form == "float32" and of[1] > 1) else ""
            allowance = BUDGETS[form][name]
            grows = " + …" if allowance.slope or allowance.curve else ""
            falling = "" if allowance.falling is None else f", {allowance.falling:g} where x ≤ 0"
            found = record["functions"][name][form]["units"]
            cells += [f"{sign}{math.ceil(found * 100) / 100:.2f}", f"{allowance.constant:g}{grows}{falling}"]
        lines.append("| " + " | ".join(cells) + " |")
    counted = record.get("programs")
    if counted:
        said = f"""Random programs: {counted["programs"]:,} of them and their derivatives, eager, compiled and in
            batches of 1, 7 and 1000, in four formats: {counted["floats"]:,} floats, of which
            {counted["claimed"]:,} have a ball that ends; programs with a float outside its ball:
            {counted["outside"] or "none"}."""
        lines += ["", textwrap.fill(" ".join(said.split()), 120)]
    lines += ["", f"Measured with {record['where']}.", ""]
    return "\n".join(lines)


def where() -> str:
    """Versions and instruction sets, without the name of a machine."""
    flags = Path("/proc/cpuinfo").read_text(encoding="utf-8") if Path("/proc/cpuinfo").exists() else ""
    sets = [label for flag, label in (("avx2", "AVX2"), ("avx512f", "AVX-512")) if flag in flags]
    from importlib.metadata import version

    return f"jaxlib {version('jaxlib')} on a CPU with {', '.join(sets) or 'no AVX2'}"


def main() -> int:
    """Measure, and say what passes its budget."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--part", default="0/1", help="which share of the float32 numbers, such as 0/64")
    parser.add_argument("--floats", type=float, default=1e8, help="floats of random programs to look at")
    parser.add_argument("--only", choices=["functions", "programs"])
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--docs", action="store_true", help="write docs/rounding.md")
    given = parser.parse_args()
    part = tuple(int(each) for each in given.part.split("/"))
    record: dict[str, Any] = {"where": where(), "part": part, "functions": {}}
    wrong: list[str] = []
    if given.only != "programs":
        for name, form, found in functions((part[0], part[1])):
            record["functions"].setdefault(name, {})[form] = {
                "units": round(found.units, 4),
                "at": float(found.at).hex(),
                "share": round(found.share, 4),
                "points": found.points,
            }
            print(
                f"{name:<10}{form:<10}{found.units:8.3f} u at {found.at!r}, {found.share:.0%} of what is allowed",
                flush=True,
            )
            if found.share > 1:
                wrong.append(f"{name} in {form} passes its budget at {found.share_at.hex()}: {found.share:.2f} of it")
    if given.only != "functions":
        count, outside, begun = Count(), 0, time.monotonic()
        for count, said in programs(np.random.default_rng(given.seed), given.floats):
            if said:
                outside += 1
                wrong.append(said)
            if count.programs % 40 == 0:
                print(
                    f"{count.floats:,} floats of {count.programs} programs, {time.monotonic() - begun:.0f} s",
                    flush=True,
                )
        record["programs"] = {**vars(count), "outside": outside}
        print(f"{count.floats:,} floats, {count.claimed:,} with a ball, {outside} programs with one outside it")
    if given.docs:
        known = json.loads(RECORD.read_text(encoding="utf-8")) if RECORD.exists() else {}
        record = {**known, **{name: each for name, each in record.items() if each}}
        RECORD.write_text(json.dumps(record, indent=1, sort_keys=True) + "\n", encoding="utf-8")
        PAGE.write_text(page(record), encoding="utf-8")
    for each in wrong:
        print(each, file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
