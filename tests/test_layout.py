"""Imports point one way, and the package that is tested is this one."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import verify

pytestmark = pytest.mark.interpreter

PACKAGE = Path(__file__).parents[1] / "verify"

# Lower layers first; a module imports from layers below its own, and from its own folder.
LAYERS = (
    {"formats", "deferred"},
    {"domain"},
    {"claim"},
    {"maps", "primitives", "rules"},
    {"loader", "article", "customs", "findings"},
    {"program"},
    {"readings"},
    {"engines"},
    {"sweeps"},
    {"results"},
    {"pages"},
    {"run"},
    {"config", "compare", "starting"},
    {"ci"},
    {"cli", "pytest_plugin"},
    {"__main__"},
)
LAYER = {name: place for place, names in enumerate(LAYERS) for name in names}


def imported(path: Path) -> Iterator[str]:
    """First-level modules of the package that a file imports, at run time or for its types."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            if node.module == "verify":
                yield from (each.name for each in node.names)
            elif node.module.startswith("verify."):
                yield node.module.split(".")[1]
        elif isinstance(node, ast.Import):
            yield from (each.name.split(".")[1] for each in node.names if each.name.startswith("verify."))


def test_imports_point_one_way() -> None:
    wrong: list[str] = []
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = path.relative_to(PACKAGE).with_suffix("").parts
        here = parts[0]
        if here == "__init__":
            continue
        assert here in LAYER, f"{here} has no layer: add it to LAYERS"
        for other in imported(path):
            if other == here or other.startswith("__"):
                continue
            if LAYER.get(other, -1) >= LAYER[here]:
                wrong.append(f"{'/'.join(parts)} imports {other}")
    assert wrong == []


def test_the_article_uses_formats_domain_claim_and_maps_only() -> None:
    for path in sorted((PACKAGE / "article").glob("*.py")):
        assert set(imported(path)) <= {"article", "formats", "domain", "claim", "maps"}, path.name


def test_findings_are_written_like_anybodys_claims() -> None:
    assert set(imported(PACKAGE / "findings.py")) <= {"claim", "domain"}


def test_readings_know_nothing_of_engines_or_claims_beyond_their_errors() -> None:
    for path in sorted((PACKAGE / "readings").glob("*.py")):
        assert set(imported(path)) <= {"readings", "formats", "claim", "primitives"}, path.name


def test_this_is_the_package_and_importing_it_is_light() -> None:
    assert verify.__file__ is not None
    assert Path(verify.__file__).parent == PACKAGE
    code = "import sys, verify; from verify import Claim, domain; print('jax' in sys.modules, 'numpy' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=PACKAGE.parent)
    assert done.stdout.split() == ["False", "False"]


def test_public_names_are_there() -> None:
    for name in verify.__all__:
        assert getattr(verify, name) is not None
    assert callable(verify.load)
