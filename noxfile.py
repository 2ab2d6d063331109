# /// script
# dependencies = ["nox>=2025.5", "uv"]  # nox gets itself uv where it is missing: installing takes a tenth of the time
# ///
"""Sessions: what a person or a CI types. The logic is in the package."""

import os
import shutil
import sys
from pathlib import Path

import nox
from packaging.requirements import Requirement  # nox needs it too

nox.needs_version = ">=2025.5"
nox.options.default_venv_backend = "uv|virtualenv"  # never venv: its bundled pip may be years old
nox.options.reuse_venv = "yes"  # what is to be installed is compared, so a kept environment is not a stale one
nox.options.sessions = ["lint", "types", "tests", "verify"]
nox.options.error_on_missing_interpreters = False  # nox would set it where CI is set; one Python is enough
nox.options.download_python = "never"
nox.options.stop_on_first_error = "CI" in os.environ  # a person wants to see every Python, a CI the first red

PYPROJECT = nox.project.load_toml("pyproject.toml")
CONSTRAINTS = ("--constraint", "constraints.txt")
# Pinned here and not in a dependency group, or the lock would hold all that its builds for graphics cards need. A build
# for the CPU alone, such as 2.13.0+cpu, is preferred wherever pip is shown one.
TORCH = "torch==2.13.0"
# Python keeps what it compiled, whatever the machine's own setting: JAX is imported by hundreds of processes of the
# tests and by each worker of a run, and without that it takes four seconds instead of one.
CPU = {"JAX_PLATFORMS": "cpu", "PYTHONHASHSEED": "0", "PYTHONDONTWRITEBYTECODE": ""}
SUPPORTED = nox.project.python_versions(PYPROJECT)
TRIED = [*SUPPORTED, "3.14"]  # everything needed has wheels for 3.14; tried where it is installed
# What decides and computes: with these the same, another Python traces and compiles the same programs.
NUMERICAL = ("jax", "jaxlib", "numpy", "python-flint")
CURRENT = f"{sys.version_info.major}.{sys.version_info.minor}"

# The shims of pyenv start only versions that are selected, and say "not found" of the others: select all of them, so
# that "every installed Python" includes what pyenv installed. The one that runs nox stays first. A shim that started
# nox has set the variable to that one alone, so that it being set is no choice of the user's.
PYENV = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
if PYENV.is_dir():
    running = ".".join(map(str, sys.version_info[:3]))
    found = sorted(each.name for each in PYENV.iterdir() if each.name.rpartition(".")[0] in TRIED)
    os.environ["PYENV_VERSION"] = ":".join(sorted(found, key=lambda name: name != running)) or "system"


def install(session: nox.Session, *groups: str, project: bool = True, extras: str = "") -> None:
    """Install dependency groups, and the project with what it needs and some extras, at the pinned versions."""
    wanted = [each for group in groups for each in nox.project.dependency_groups(PYPROJECT, group)]
    if project:
        wanted += ["--editable", f".[{extras}]" if extras else "."]
    # pip takes four seconds to find that nothing is missing. What was asked for and what it left behind are noted; it
    # is left out where neither has changed, so that a package that came, went or was upgraded by hand is seen.
    note = Path(session.virtualenv.location) / "installed.txt"
    asked = [*wanted, *(Path(each).read_text(encoding="utf-8") for each in ("pyproject.toml", "constraints.txt"))]
    if note.is_file() and note.read_text(encoding="utf-8") == "\n".join([*asked, *_held(note.parent)]):
        session.log("everything is installed")
        return
    note.unlink(missing_ok=True)
    session.install(*CONSTRAINTS, *wanted)
    note.write_text("\n".join([*asked, *_held(note.parent)]), encoding="utf-8")


def _held(environment: Path) -> list[str]:
    """Names and versions of the packages of an environment, by the folders that pip keeps of each."""
    return sorted(
        {
            each.name
            for pattern in ("lib*/python*", "Lib")
            for each in environment.glob(f"{pattern}/site-packages/*.dist-info")
        }
    )


@nox.session
def lint(session: nox.Session) -> None:
    """Style and format of the code; installs nothing but the linter."""
    install(session, "lint", project=False)
    session.run("ruff", "check", *session.posargs, ".")
    session.run("ruff", "format", "--check", ".")


@nox.session
def types(session: nox.Session) -> None:
    """Types, strictly."""
    install(session, "types", extras="practice")
    session.run("pyright", "--threads", str(min(os.cpu_count() or 1, 4)), *session.posargs)


# The running Python is tried too where it is newer than the list: better an honest failure than no test.
@nox.session(python=[*TRIED, *([] if CURRENT in TRIED else [CURRENT])])
def tests(session: nox.Session) -> None:
    """The tests, on every installed Python that is supported: all on the first, and on the others what may differ."""
    install(session, "test", extras="practice")
    # A worker imports JAX and compiles for itself, and holds half a gigabyte: few of them, and a file stays with one.
    # In the order of `conftest.py`: by the number of tests, files of a few that take long would come last, on one.
    workers = (f"--numprocesses={min(os.cpu_count() or 1, 4)}", "--dist=loadfile", "--no-loadscope-reorder")
    session.run("pytest", *workers, *_chosen(str(session.python)), *session.posargs, env=CPU)


def _chosen(python: str) -> tuple[str, ...]:
    """Of the tests, those that may come out otherwise than on the Pythons that were tried before in this run of nox.

    With other numerical packages, all but those that are marked `once`; with the same, those marked `interpreter`.
    """
    here = {"python_full_version": f"{python}.0"}
    pins = map(Requirement, Path("constraints.txt").read_text(encoding="utf-8").splitlines())
    numerical = frozenset(
        str(pin) for pin in pins if pin.name in NUMERICAL and (pin.marker is None or pin.marker.evaluate(here))
    )
    marks = ("-m", "interpreter" if numerical in _TRIED_WITH else "not once") if _TRIED_WITH else ()
    _TRIED_WITH.add(numerical)
    return marks


_TRIED_WITH: set[frozenset[str]] = set()


@nox.session
def verify(session: nox.Session) -> None:
    """Decide every claim of the article, sweep its maps, write reports/; `-- --check` compares instead of writing."""
    install(session, extras="practice")
    session.run("verify", "run", *session.posargs, env=CPU)


@nox.session(default=False)
def pages(session: nox.Session) -> None:
    """Build the website, offline, into build/site; decides the article first where there is no results.json."""
    install(session, "pages", extras="practice")
    build(session)
    session.log("open build/site/index.html")


@nox.session(default=False)
def browser(session: nox.Session) -> None:
    """Build the website and try it in Chromium, which has to be installed; without it the tests say so and skip."""
    install(session, "pages", "test", "browser", extras="practice")
    build(session)
    session.run("pytest", "tests/test_site.py", "--numprocesses=2", "--dist=worksteal", *session.posargs, env=CPU)


def build(session: nox.Session) -> None:
    """Gather the pages of the website, and make them HTML."""
    if not Path("results.json").is_file():
        session.run("verify", "run", env=CPU, success_codes=[0, 1])  # what did not come out as expected is shown too
    session.run("python", "-m", "verify.pages.site", "build/site-source", env=CPU)
    shutil.rmtree("build/site", ignore_errors=True)  # no page of an earlier build stays
    # Anew each time, and a warning is an error: a link that leads nowhere, a formula that cannot be read.
    strictly = ("--fail-on-warning", "--keep-going", "--quiet", "--fresh-env", "--jobs", "auto")
    places = ("--conf-dir", "site", "--doctree-dir", "build/site-doctrees")
    session.run("sphinx-build", *strictly, *places, "build/site-source", "build/site", env=CPU)


@nox.session(default=False)
def findings(session: nox.Session) -> None:
    """Decide the findings in JAX and write reports/findings.md; `-- --check` compares. Fails where one is mended."""
    install(session)
    decide(session, "verify.findings", "reports")


@nox.session(default=False)
def rules(session: nox.Session) -> None:
    """Decide the claims about JAX's own custom rules, write reports/rules/; `-- --check` compares instead."""
    install(session)
    decide(session, "verify.customs", "reports/rules")


@nox.session(default=False)
def examples(session: nox.Session) -> None:
    """Decide the claims in examples/, write reports/examples/; `-- --check` compares instead of writing."""
    install(session, "test", extras="practice")
    decide(session, "examples", "reports/examples")


def decide(session: nox.Session, target: str, folder: str) -> None:
    """Decide claims that are not the article's; its results.json, which the website is made of, stays."""
    results = str(Path(session.create_tmp()) / f"{session.name}.json")
    session.run("verify", "run", target, "--reports", folder, "--results", results, *session.posargs, env=CPU)


@nox.session(default=False)
def bench(session: nox.Session) -> None:
    """Measure time, memory and what other checkers see; `-- --torch` installs torch first, to be measured beside."""
    install(session, "bench")
    posargs = [each for each in session.posargs if each != "--torch"]
    if len(posargs) < len(session.posargs):
        session.install(*CONSTRAINTS, TORCH)
    session.run("python", "benchmarks/run.py", *posargs, env=CPU)


@nox.session(default=False)
def exhaustive(session: nox.Session) -> None:
    """Hold the model of rounding against every float and random programs: hours; `-- --part 0/64 --floats 1e6` less."""
    install(session)
    session.run("python", "benchmarks/exhaustive.py", *session.posargs, env=CPU)


@nox.session(default=False)
def mutants(session: nox.Session) -> None:
    """Change readings and engines in one place at a time, and see whether a test notices; `-- --trace` comes first."""
    install(session, "mutation", extras="practice")
    session.run("pytest", "-q", "tests/test_mutants.py", env=CPU)  # the session `tests` has no mutmut, and skips it
    session.run("python", "benchmarks/mutants.py", *session.posargs, env=CPU)


@nox.session(default=False)
def reproduce(session: nox.Session) -> None:
    """Write all pages anew into an empty folder, and say which are not the committed ones, byte for byte."""
    install(session, "test", extras="practice")
    session.run("python", "benchmarks/reproduce.py", *session.posargs, env=CPU)


@nox.session(default=False)
def lock(session: nox.Session) -> None:
    """Write constraints.txt anew, for all supported Pythons at once."""
    session.install("uv")
    groups = [f"--group={name}" for name in PYPROJECT["dependency-groups"]]
    session.run(
        *("uv", "pip", "compile", "--universal", f"--python-version={SUPPORTED[0]}", "--no-emit-index-url"),
        *("--no-annotate", "--no-header", "--quiet", "--output-file=constraints.txt"),
        *("pyproject.toml", "--all-extras", *groups, *session.posargs),
    )
