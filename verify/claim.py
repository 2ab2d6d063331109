"""Claims as data: what a person says a derivative is, and what a run found about it. No arithmetic here."""

import ast
import enum
import re
import sys
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any, Final, Literal

from verify.deferred import Deferred
from verify.domain import Region, region_leaves, size_names
from verify.formats import FORMATS

Kind = Literal["value", "gradient", "jacobian", "hessian"]
Relation = Literal["==", "<=", ">=", "abs<="]
KINDS: Final = ("value", "gradient", "jacobian", "hessian")
RELATIONS: Final = ("==", "<=", ">=", "abs<=")
ID_PATTERN: Final = re.compile(r"[a-z0-9-]+(\.[a-z0-9-]+)*")


class ClaimError(Exception):
    """A claim that cannot be built or read: what is wrong, where, and what to do about it."""


class OutOfTime(Exception):
    """A reading that would take longer than the budget allows; it says what was read and for how long."""


class UnsupportedPrimitive(Exception):
    """A primitive of JAX that a reading has no row for."""

    def __init__(self, primitive: str, reading: str, where: str = "") -> None:
        """Name the primitive, the reading that lacks it and the equation's source line if known."""
        self.primitive, self.reading, self.where = primitive, reading, where
        place = f" (used at {where})" if where else ""
        super().__init__(
            f"primitive '{primitive}' is not supported by the {reading} reading{place}: "
            f"add a row for it in verify/readings/{reading}.py, or write the function without it"
        )


class Status(enum.Enum):
    """What the engines say of a claim. UNKNOWN is never success."""

    HOLDS = "HOLDS"
    FAILS = "FAILS"
    UNKNOWN = "UNKNOWN"


@dataclass(frozen=True)
class Source:
    """Where a statement is written.

    Attributes:
        heading: the section, page or document.
        place: where in it: a display, a line.
        statement: id of an entry of the article's list of statements, if it belongs to one.
    """

    heading: str
    place: str = ""
    statement: str | None = None


@dataclass(frozen=True)
class Derivative:
    """The side that JAX computes.

    Attributes:
        fn: a function of named arguments that JAX can trace.
        kind: ``value`` (fn itself), ``gradient``, ``jacobian`` or ``hessian``.
        wrt: the argument, or tuple of arguments, to differentiate by; omitted for ``value``.
    """

    fn: Callable[..., Any]
    kind: Kind = "gradient"
    wrt: str | tuple[str, ...] | None = None


@dataclass(frozen=True, kw_only=True)
class Thread:
    """A public discussion: its address, title, and whether it was open or closed when it was looked at."""

    url: str
    title: str
    state: str = ""


@dataclass(frozen=True, kw_only=True)
class Finding:
    """What makes a claim a finding about JAX: something that a user may meet, expected until a version mends it.

    Attributes:
        title: one line.
        kind: ``defect``, ``lost`` (digits that the textbook's form of a derivative loses) or ``convention`` (a value
            where there is no derivative).
        versions: of JAX with which it was seen, and how.
        reproducer: a program that prints what is wrong.
        prints: what it printed, and what is right.
        upstream: where it is discussed; empty where no thread was found.
        meanwhile: what to do about it, in a sentence.
    """

    title: str
    kind: Literal["defect", "lost", "convention"]
    versions: str
    reproducer: str
    prints: str
    upstream: tuple[Thread, ...] = ()
    meanwhile: str = ""


@dataclass(frozen=True, kw_only=True, eq=False)
class Claim:
    """One statement that JAX's derivative and a formula by hand are related as said.

    Attributes:
        id: dotted, permanent, unique in a run.
        autodiff: the side that JAX computes.
        by_hand: plain ``jnp`` function of the same arguments; differentiates nothing.
        domain: one region (or tree of regions) per argument, matched by name.
        sizes: the sizes to check per named size, or a list of choices ``{"n": 3, "m": 2}``.
        source: where the statement is written.
        statement: LaTeX of both sides; the id where it is left out.
        derivation: Markdown of how the formula is derived by hand.
        relation: ``==``, ``<=``, ``>=`` (componentwise, ``by_hand`` is the bound) or ``abs<=``.
        where: exact predicate of the arguments; a point counts only where it is decided true.
        expect: HOLDS, or FAILS for a false statement that stays on record.
        custom_rules: whether ``custom_jvp`` and ``custom_vjp`` rules may occur on the autodiff side.
        stable: an algebraically equal form of ``by_hand`` that keeps digits.
        within: formats, each with the most units in the last place by which JAX's floats may miss the exact value of
            ``by_hand``: a promise of accuracy, which is part of the claim. In these formats, and in no other, the
            floats are run, and judged by it instead of by what rounding allows.
        expect_floats: ``inside``, or ``outside`` for a promise that is known to be broken.
        finding: what a reader is told of a broken promise, on the page of findings.
        note: one sentence for the page.
    """

    id: str
    autodiff: Derivative
    by_hand: Callable[..., Any]
    domain: Mapping[str, Any]
    sizes: Mapping[str, Sequence[int]] | Sequence[Mapping[str, int]] = field(default_factory=dict)
    source: Source = Source("")
    statement: str = ""
    derivation: str = ""
    relation: Relation = "=="
    where: Callable[..., Any] | None = None
    expect: Status = Status.HOLDS
    custom_rules: bool = False
    stable: Callable[..., Any] | None = None
    within: Mapping[str, float] = field(default_factory=dict)
    expect_floats: Literal["inside", "outside"] = "inside"
    finding: Finding | None = None
    note: str = ""
    place: tuple[str, int] = field(default=("", 0), repr=False)

    def __post_init__(self) -> None:
        """Check what can be checked without tracing; remember where the claim was written."""
        if not self.place[0]:
            frame = sys._getframe(2)
            object.__setattr__(self, "place", (frame.f_code.co_filename, frame.f_lineno))
        if not self.statement:
            object.__setattr__(self, "statement", str(self.id))
        problem = _problem(self)
        if problem is not None:
            refuse(self, ClaimError(f"claim {self.id!r}: {problem}"))

    def choices(self) -> list[dict[str, int]]:
        """Every choice of sizes to check, all combinations in the order written, at most 24."""
        if not isinstance(self.sizes, Mapping):
            return [dict(each) for each in self.sizes]
        found: list[dict[str, int]] = [{}]
        for name, values in self.sizes.items():
            found = [{**choice, name: int(value)} for choice in found for value in values]
        return found[:24]

    def leaves(self) -> list[Region]:
        """Regions of all arguments, trees flattened in JAX's order."""
        return [leaf for region in self.domain.values() for leaf in region_leaves(region)]


# Claims, and other things that a file of claims holds, with what is wrong with them.
_collecting: ContextVar[list[tuple[Any, ClaimError]] | None] = ContextVar("_collecting", default=None)


def refuse(made: Any, problem: ClaimError) -> None:
    """Raise what is wrong with a claim or a map that is being built, or list it while a file is read."""
    found = _collecting.get()
    if found is None:
        raise problem
    found.append((made, problem))


@contextmanager
def collecting() -> Generator[list[tuple[Any, ClaimError]]]:
    """While a file of claims is read, bad claims are listed instead of raised, so that the others still run."""
    found: list[tuple[Any, ClaimError]] = []
    token = _collecting.set(found)
    try:
        yield found
    finally:
        _collecting.reset(token)


def _problem(claim: Claim) -> str | None:
    """The first thing that is wrong with a claim, as a sentence; None where nothing is."""
    import inspect

    if not isinstance(claim.id, str) or not ID_PATTERN.fullmatch(claim.id):
        return (
            "the id has illegal characters: expected lower-case letters, digits and hyphens in parts "
            "separated by dots, such as 'tanh.squared-error'"
        )
    if not isinstance(claim.autodiff, Derivative):
        return f"autodiff must be a Derivative(fn, kind, wrt), found {type(claim.autodiff).__name__}"
    if claim.autodiff.kind not in KINDS:
        return f"kind {claim.autodiff.kind!r} is unknown: expected one of {', '.join(KINDS)}"
    if claim.relation not in RELATIONS:
        return f"relation {claim.relation!r} is unknown: expected one of {', '.join(RELATIONS)}"
    if not isinstance(claim.expect, Status):
        return f"expect must be Status.HOLDS or Status.FAILS, found {claim.expect!r}"
    if claim.expect_floats not in ("inside", "outside"):
        return f"expect_floats must be 'inside' or 'outside', found {claim.expect_floats!r}"
    if not isinstance(claim.within, Mapping):
        return f"within must map formats to units in the last place, found {type(claim.within).__name__}"
    for name, ulps in claim.within.items():
        if name not in FORMATS:
            return f"within names the format {name!r}: expected one of {', '.join(FORMATS)}"
        if isinstance(ulps, bool) or not isinstance(ulps, (int, float)) or not 0 <= ulps < float("inf"):
            return f"within[{name!r}] must be a number of units in the last place, at least 0, found {ulps!r}"
    if claim.within and (claim.relation != "==" or claim.expect is not Status.HOLDS):
        return "within promises how near floats are to a formula, so the formula has to be claimed equal and to hold"
    if claim.expect_floats == "outside" and not claim.within:
        return "expect_floats is 'outside', but no promise is made that floats could break: give within={'float64': 4}"
    if claim.finding is not None and not isinstance(claim.finding, Finding):
        return f"finding must be a Finding(title=…, kind=…), found {type(claim.finding).__name__}"
    if not isinstance(claim.source, Source):
        return f"source must be a Source(heading, place), found {type(claim.source).__name__}"
    if not isinstance(claim.domain, Mapping):
        return f"domain must map each argument to a region, found {type(claim.domain).__name__}"
    for role, function in (
        ("autodiff", claim.autodiff.fn),
        ("by_hand", claim.by_hand),
        ("stable", claim.stable),
        ("where", claim.where),
    ):
        if function is None and role in ("stable", "where"):
            continue
        if isinstance(function, Deferred):
            continue  # a function of JAX itself, which is looked at once JAX is there
        if not callable(function):
            return f"{role} must be a function, found {type(function).__name__}"
        try:
            parameters = list(inspect.signature(function).parameters.values())
        except (TypeError, ValueError):
            continue
        if any(each.kind in (each.VAR_KEYWORD, each.VAR_POSITIONAL) for each in parameters):
            continue
        names = [each.name for each in parameters]
        needed = [each.name for each in parameters if each.default is each.empty]
        if role == "where":
            extra = [name for name in names if name not in claim.domain]
            if extra:
                return f"where takes {', '.join(extra)}, which domain does not name"
            continue
        missing = [name for name in needed if name not in claim.domain]
        if missing:
            other = " (other argument names?)" if role != "autodiff" else ""
            return (
                f"{role} takes {', '.join(names)} but domain has no region for {', '.join(missing)}{other}: "
                f"domain names {', '.join(claim.domain) or 'nothing'}; give every argument one region of the same name"
            )
        unused = [name for name in claim.domain if name not in names]
        if unused:
            return (
                f"domain names {', '.join(unused)}, which {role} does not take: "
                f"it takes {', '.join(names) or 'nothing'}; "
                "both sides take the same arguments"
            )
    wrt = claim.autodiff.wrt
    if claim.autodiff.kind == "value":
        if wrt is not None:
            return "wrt must be left out for kind 'value'"
    else:
        named = (wrt,) if isinstance(wrt, str) else wrt
        if not named:
            return f"wrt is missing: name the argument that the {claim.autodiff.kind} is taken by"
        unknown = [name for name in named if name not in claim.domain]
        if unknown:
            return f"wrt names {', '.join(map(str, unknown))}, but the arguments are {', '.join(claim.domain)}"
    if claim.autodiff.fn is claim.by_hand and claim.autodiff.kind == "value":
        return "both sides are the same program, so nothing would be checked"
    for name, region in claim.domain.items():
        for leaf in region_leaves(region):
            if not isinstance(leaf, Region):
                return f"the region of {name!r} must come from verify.domain, found {type(leaf).__name__}"
            if name in ((wrt,) if isinstance(wrt, str) else wrt or ()) and leaf.integer:
                return f"{name!r} holds whole numbers, which JAX does not differentiate by"
    return _sizes_problem(claim)


def _sizes_problem(claim: Claim) -> str | None:
    try:
        used = {name for leaf in claim.leaves() for name in size_names(leaf)}
    except ValueError as error:
        return str(error)
    if isinstance(claim.sizes, Mapping):
        given = set(claim.sizes)
        for name, values in claim.sizes.items():
            if isinstance(values, (int, str)) or not values:
                return f"sizes[{name!r}] must list at least one size, such as (2, 3), found {values!r}"
            bad = [value for value in values if isinstance(value, bool) or not isinstance(value, int) or value < 1]
            if bad:
                return f"sizes[{name!r}] must be whole numbers of at least 1, found {bad[0]!r}"
    else:
        if not claim.sizes:
            return "sizes lists no choice: give at least one, or {} where there are no named sizes"
        given = set.intersection(*(set(choice) for choice in claim.sizes))
        for choice in claim.sizes:
            bad = [v for v in choice.values() if isinstance(v, bool) or not isinstance(v, int) or v < 1]
            if bad:
                return f"sizes must be whole numbers of at least 1, found {bad[0]!r}"
    unknown = sorted(used - given)
    if unknown:
        return (
            f"unknown size name {', '.join(repr(name) for name in unknown)} in the domain: "
            f"sizes names {', '.join(sorted(given)) or 'none'}"
        )
    return None


@dataclass(frozen=True, kw_only=True)
class Witness:
    """One point, and what both sides are there.

    Attributes:
        arguments: name of each argument (or leaf) to its exact values as nested lists of floats.
        component: index of the component that is shown, one index path per output leaf.
        program: the mode or side that is shown, such as ``grad``.
        autodiff, by_hand: both values, decimal text of the balls.
        size: the size choice of the point.
        note: how it was found, such as ``shrunk from n = 7``.
    """

    arguments: Mapping[str, Any]
    component: str
    program: str
    autodiff: str
    by_hand: str
    size: Mapping[str, int]
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class Loss:
    """The equation of a program that loses most of the digits that floats lose at a point.

    Attributes:
        equation: the equation with its operands there, such as ``1 − 0.99999999999990642``.
        place: file and line of it, such as ``claims.py:41``; "" where JAX does not know.
        bits: how many bits of the component's accuracy it loses.
        form: the format.
        program: the mode or side.
        component: the component whose digits are lost.
        arguments: name of each argument (or leaf) to its exact values as nested lists of floats.
    """

    equation: str
    place: str
    bits: int
    form: str
    program: str
    component: str
    arguments: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What one engine says of one claim.

    Attributes:
        claim: the claim's id.
        engine: name of the engine.
        status: HOLDS, FAILS or UNKNOWN.
        evidence: ``proved``, ``enclosed``, ``counterexample`` or "".
        checked: how many points were decided.
        sizes: the size choices that were checked, as text such as ``n = 3``.
        worst: the point of the worst value or the counterexample.
        residual: difference of the sides, as text.
        reason: one sentence: why unknown, what was left out.
        exceptions: where the verdict does not speak, such as ``ties``.
        literals: literals up to whose rounding the claim holds.
        floats: ``inside``, ``outside``, ``no claim`` (of one side at least) or "" for engines that run no floats.
        measured: rows of figures, one per program, format and way of running it.
        loses: the equation that loses the digits, where floats lost more than half of them.
        compared: of a custom rule, one row per format: how far its exact values and those of JAX's derivative of the
            body are apart, and the points at which one side keeps more digits in floats than the other.
        seconds: wall time.
    """

    claim: str
    engine: str
    status: Status
    evidence: str = ""
    checked: int = 0
    sizes: tuple[str, ...] = ()
    worst: Witness | None = None
    residual: str = ""
    reason: str = ""
    exceptions: tuple[str, ...] = ()
    literals: tuple[str, ...] = ()
    floats: str = ""
    measured: tuple[Mapping[str, Any], ...] = ()
    loses: Loss | None = None
    compared: tuple[Mapping[str, Any], ...] = ()
    seconds: float = 0.0


def collect(module: ModuleType) -> list[tuple[str, Claim]]:
    """The module-level claims of a module with their names: `Claim` objects and lists or tuples of them, each once."""
    found: dict[int, tuple[str, Claim]] = {}
    for name, value in vars(module).items():
        several = value if isinstance(value, (list, tuple)) else [value]
        for each in several:
            if isinstance(each, Claim) and id(each) not in found:
                found[id(each)] = (name, each)
    return list(found.values())


def name_line(path: Path, name: str) -> int:
    """Line on which a module-level name is first assigned; 0 where that cannot be told."""
    return name_spans(path).get(name, (0, 0))[0]


def name_spans(path: Path) -> dict[str, tuple[int, int]]:
    """First and last line of the statement that first assigns each module-level name; empty where unknown."""
    try:
        tree = ast.parse(path.read_text(encoding="utf-8"))
    except (OSError, SyntaxError, ValueError):
        return {}
    found: dict[str, tuple[int, int]] = {}
    for node in tree.body:
        targets = (
            node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
        )
        for target in targets:
            if isinstance(target, ast.Name):
                found.setdefault(target.id, (node.lineno, node.end_lineno or node.lineno))
    return found


def float_sides(measured: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """Word on the floats of each side that was run: ``autodiff`` for JAX's modes, ``by hand`` for the other side.

    Args:
        measured: rows of a verdict, as of a file of results.

    Returns:
        ``outside`` where any float of the side was, else ``inside`` where any float was judged, else ``no claim``.
    """
    words: dict[str, set[str]] = {}
    for row in measured:
        side = "by hand" if row.get("program") in ("formula", "stable") else "autodiff"
        word = "outside" if row.get("outside") else "inside" if row.get("inside") else "no claim"
        words.setdefault(side, set()).add(word)
    return {side: next(w for w in ("outside", "inside", "no claim") if w in words[side]) for side in sorted(words)}
