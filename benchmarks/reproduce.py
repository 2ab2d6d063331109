"""Write all pages anew on this machine, and see whether they are the committed ones, byte for byte.

    python benchmarks/reproduce.py [SET ...] [--isa NAME] [--docs]

SET is one of: article, findings, rules, examples; all if left out. With --isa, XLA is allowed no instructions beyond
that set, such as AVX2. A run is noted in benchmarks/results/reproduced.json, in place of an earlier one of the same
processor, instructions and versions; with --docs, docs/reproducible.md is written from all of them. Exits 1 where a
page or a verdict differs, which it says, a committed page that is not written any more among them, or a run failed or
wrote no page.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from verify import pages

ROOT: Final = Path(__file__).resolve().parent.parent
RECORD: Final = ROOT / "benchmarks" / "results" / "reproduced.json"
PAGE: Final = ROOT / "docs" / "reproducible.md"
# What is run, and the folder of its pages.
SETS: Final = {
    "article": ("", "reports"),
    "findings": ("verify.findings", "reports"),
    "rules": ("verify.customs", "reports/rules"),
    "examples": ("examples", "reports/examples"),
}
INSTRUCTIONS: Final = ("avx2", "avx512f", "avx512_fp16", "asimd", "sve")
VERSIONS: Final = ("python", "jax", "numpy")
HEADER: Final = (
    *("what", "processor", "vector instructions", "Python", "jax", "NumPy"),
    *("pages", "pages that differ", "verdicts that differ"),
)
BEFORE: Final = (
    "Points are drawn from a seed; pages show what was decided and measured, and no times; what is ranked is ranked by "
    "what rounding *may* do, which depends on the traced program and not on the processor. So the committed pages are "
    "written again, byte for byte, wherever the same versions run. Measured, each into an empty folder:",
)
AFTER: Final = (
    "`python -m nox -s reproduce` does it on your machine, for the versions that are pinned; `-- --isa AVX2` forbids "
    "wider vectors. A verdict differs if its status or its evidence (proved, enclosed) does.",
    "What is kept from making a difference: programs in float16 are compiled without fusion, since a processor with "
    "arithmetic of its own in float16 would round a product and a sum once instead of twice; and digits of programs "
    "that call LAPACK are not counted, since it has other kernels for each kind of processor. Another version of JAX "
    "compiles other programs: then last digits, counts of points and named lines may differ.",
)
# What makes two runs the same one.
SAME: Final = ("set", "cpu", "instructions", *VERSIONS)


def run(name: str, isa: str) -> tuple[dict[str, Any], dict[str, str]]:
    """Run one set into an empty folder; a row of the record, and the verdict of each claim."""
    target, folder = SETS[name]
    allowed = {"XLA_FLAGS": f"--xla_cpu_max_isa={isa}"} if isa else {}
    environment = os.environ | {"JAX_PLATFORMS": "cpu", "PYTHONHASHSEED": "0"} | allowed
    with tempfile.TemporaryDirectory() as place:
        reports, results = Path(place) / "reports", Path(place) / "results.json"
        options = ["--reports", str(reports), "--results", str(results)]
        command = [sys.executable, "-m", "verify", "run", *([target] if target else []), *options]
        done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
        if not results.is_file():
            raise SystemExit(f"{' '.join(command)} ended with {done.returncode}:\n{done.stderr or done.stdout}")
        found = json.loads(results.read_text(encoding="utf-8"))
        written = {
            each.relative_to(reports).as_posix(): each.read_bytes() for each in reports.rglob("*") if each.is_file()
        }
        differing = pages.stale(ROOT / folder, written)
    said = found["environment"]
    row = {"set": name, "cpu": said["cpu"], "instructions": isa or instructions()}
    row |= {each: said[each] for each in VERSIONS}
    row |= {"status": done.returncode, "pages": len(written), "differing": differing}
    verdicts = {each["id"]: f"{each['status']} {each['evidence']}".strip() for each in found["claims"]}
    return row, verdicts


def instructions() -> str:
    """Which sets of vector instructions the processor has, of those that XLA asks for."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return ""
    flags = next((line.split() for line in lines if line.startswith(("flags", "Features"))), [])
    return ", ".join(each for each in INSTRUCTIONS if each in flags)


def page(record: dict[str, Any]) -> str:
    """docs/reproducible.md: every run, and what may differ."""
    rows = [f"| {' | '.join(HEADER)} |", f"| {' | '.join('---' for _ in HEADER)} |"]
    named: list[str] = []
    for row in record["runs"]:
        differing = [row[each] for each in ("differing", "other verdicts")]
        told = [row[each] for each in SAME] + [str(row["pages"]), *(str(len(each) or "none") for each in differing)]
        rows.append(f"| {' | '.join(told)} |")
        if any(differing):
            where = f"{row['set']}, Python {row['python']}, jax {row['jax']}, {row['instructions']}"
            named.append(f"What differs ({where}): {_listed([*differing[0], *differing[1]])}.")
    blocks = [
        "<!-- Written by `python benchmarks/reproduce.py --docs`; do not edit it. -->",
        "# The same bytes on another machine",
        *("\n".join(textwrap.wrap(each, 120)) for each in (*record["notes"], *BEFORE)),
        "\n".join(rows),
        *("\n".join(textwrap.wrap(each, 120, break_on_hyphens=False)) for each in named),
        *("\n".join(textwrap.wrap(each, 120)) for each in AFTER),
    ]
    return "\n\n".join(blocks) + "\n"


def _listed(names: Sequence[str]) -> str:
    return ", ".join(f"`{each}`" for each in names) or "none"


def main() -> int:
    """Run what is asked for, note it, and say what differs."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("sets", nargs="*", metavar="SET", help=", ".join(SETS))
    parser.add_argument("--isa", default="", metavar="NAME", help="the widest instructions that XLA may use")
    parser.add_argument("--docs", action="store_true", help="also write docs/reproducible.md")
    chosen = parser.parse_args()
    unknown = [each for each in chosen.sets if each not in SETS]
    if unknown:
        parser.error(f"no set {unknown[0]!r}: choose from {', '.join(SETS)}")
    record: dict[str, Any] = {"notes": [], "verdicts": {}, "runs": []}
    if RECORD.is_file():
        record = json.loads(RECORD.read_text(encoding="utf-8"))
    bad = False
    for name in chosen.sets or SETS:
        row, verdicts = run(name, chosen.isa)
        if row["pages"] and not row["differing"]:  # What the committed pages say.
            record["verdicts"][name] = verdicts
        known = record["verdicts"].get(name, verdicts)
        row["other verdicts"] = sorted(each for each in known | verdicts if known.get(each) != verdicts.get(each))
        key = [row[each] for each in SAME]
        record["runs"] = [each for each in record["runs"] if [each[one] for one in SAME] != key] + [row]
        record["runs"].sort(key=lambda each: (list(SETS).index(each["set"]), *(each[one] for one in SAME[1:])))
        RECORD.write_text(json.dumps(record, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        differing, other = (_listed(row[each]) for each in ("differing", "other verdicts"))
        print(
            f"{name}: {row['pages']} pages, differing: {differing}; other verdicts: {other}; exit {row['status']}",
            flush=True,
        )
        # A run that ended otherwise than expected, or wrote nothing, shows nothing.
        bad |= bool(row["differing"] or row["other verdicts"] or row["status"] or not row["pages"])
    if chosen.docs:
        PAGE.write_text(page(record), encoding="utf-8")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
