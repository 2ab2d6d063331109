"""Maps as data: axes, the point that they name, what is computed there, and the boundary that was derived by hand.

A map is to a sweep what a claim is to an engine. No arithmetic here; `verify.sweeps` gives maps values.
"""

import inspect
import math
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from types import ModuleType
from typing import Any, Final, TypeVar

from verify.claim import ID_PATTERN, ClaimError, Source, refuse
from verify.formats import FORMATS

# What a cell of a map can be, worst last; results and pictures name a class by its place in this tuple.
CLASSES: Final = ("alive", "small", "cancelled", "underflowed", "non-finite", "unknown")
ALIVE, SMALL, CANCELLED, UNDERFLOWED, NON_FINITE, UNDECIDED = range(len(CLASSES))
MEANING: Final = {
    "alive": "the float has at least one correct digit, and the true gradient is not small",
    "small": "the float has at least one correct digit; the true gradient itself is small",
    "cancelled": "the float has no correct digit, though the true gradient is a number of the format's normal range",
    "underflowed": "the float is 0 or has no correct digit; the true gradient is not 0, but below the format's range",
    "non-finite": "the float is infinite or not a number; the true gradient is a number",
    "unknown": "no number of bits tells the true gradient from 0",
}
# A component has no correct digit where its error is more than this share of the largest true component.
NO_DIGIT: Final = 0.1
NOWHERE: Final = Source("")
EVENTS: Final = ("small", "lost", "zero", "non-finite")
EVENT_WORDS: Final = {
    "small": "the true gradient is small",
    "lost": "the float has no correct digit",
    "zero": "every component of the float is 0",
    "non-finite": "some component of the float is infinite or not a number",
}


@dataclass(frozen=True, kw_only=True)
class Axis:
    """One axis of a map.

    Attributes:
        name: argument of the map's functions, a Python name.
        values: its values, increasing, finite; a format rounds them, and truth is taken at what it rounds them to.
        unit: such as ``nats``; "" for a pure number.
        label: the axis in words; its name where it is left out.
        static: whether every value makes a program of its own (a number of classes, a depth): the functions then get
            a Python number instead of a traced one.
        names: what the values of a static axis are called, where they are numbers of things (losses, sides).
    """

    name: str
    values: tuple[float, ...]
    unit: str = ""
    label: str = ""
    static: bool = False
    names: tuple[str, ...] = ()

    @property
    def words(self) -> str:
        """The axis with its unit, as a figure has it."""
        return f"{self.label or self.name}{f', {self.unit}' if self.unit else ''}"

    def named(self, place: int) -> str:
        """What a value is called."""
        return self.names[place] if self.names else f"{self.values[place]:g}"


def spaced(low: float, high: float, count: int) -> tuple[float, ...]:
    """Evenly spaced values, both ends included, each the float nearest to its exact value.

    Args:
        low: the first.
        high: the last.
        count: how many values, at least 2.
    """
    if count < 2 or not low < high:
        raise ClaimError(f"spaced({low!r}, {high!r}, {count!r}): expected low < high and at least 2 values")
    step = (Fraction(high) - Fraction(low)) / (count - 1)
    return tuple(float(Fraction(low) + place * step) for place in range(count))


@dataclass(frozen=True, kw_only=True)
class Quantity:
    """What is computed at a point.

    Attributes:
        fn: a function of the point's arguments: the scalar to differentiate, or what is shown itself.
        wrt: the argument to differentiate by; cells are classed then. None shows the value of ``fn``.
        pick: for a gradient, the components that stand for all: a function of the gradient.
        stable: for a gradient, a form without cancellation in logarithms: of the same arguments, it returns the signs
            and the logarithms of the absolute components, as ``numpy.linalg.slogdet``
            does, those that are picked. Needed on maps too large for exact balls at every cell, where it is checked
            against such balls on a coarse grid.
        names: what the components are called.
        source: id of the claim that holds the formula, if there is one.
    """

    fn: Callable[..., Any]
    wrt: str | None = None
    pick: Callable[[Any], Any] | None = None
    stable: Callable[..., Any] | None = None
    names: tuple[str, ...] = ()
    source: str = ""


@dataclass(frozen=True, kw_only=True)
class Boundary:
    """Where, along one axis, an event begins, derived by hand: its agreement with what JAX does has a verdict.

    Attributes:
        name: what is said, in words.
        quantity: the quantity it is about, or several.
        event: ``small``, ``lost``, ``zero`` or ``non-finite``.
        along: the axis.
        begins: function of the format's precision ``p``, of ``emin``, of ``flushes`` (1 or 0), and of the other axes:
            the real number from which on the event happens at every cell. Read exactly.
        not_before: the same for the real number below which it happens at no cell; ``begins`` where it is left out.
        formats: the formats that it is about; all of the map where it is left out.
        where: of the values of the other axes, those that it is about; where it takes the axis along too, of the
            cells. What is beyond says nothing of it.
        statement: LaTeX of the boundary.
        source: where it was derived.
    """

    name: str
    quantity: str | tuple[str, ...]
    event: str
    along: str
    begins: Callable[..., Any]
    not_before: Callable[..., Any] | None = None
    formats: tuple[str, ...] = ()
    where: Callable[..., bool] | None = None
    statement: str = ""
    source: str = ""

    @property
    def quantities(self) -> tuple[str, ...]:
        """The quantities it is about."""
        return (self.quantity,) if isinstance(self.quantity, str) else self.quantity


@dataclass(frozen=True, kw_only=True)
class Bounds:
    """Bounds by hand on what a map shows, at every cell.

    Attributes:
        name: what is said, in words.
        quantity: the quantity it is about.
        low, high: functions of the axes; either may be left out. For a gradient they bound the largest absolute
            component of the *true* gradient and are read exactly; for a value they bound the float, and are computed in
            float64.
        where: of the values of the axes, those that it is about.
        statement: LaTeX.
        source: where it was derived.
    """

    name: str
    quantity: str
    low: Callable[..., Any] | None = None
    high: Callable[..., Any] | None = None
    where: Callable[..., bool] | None = None
    statement: str = ""
    source: str = ""


@dataclass(frozen=True, kw_only=True, eq=False)
class Map:
    """A sweep: what happens to some quantities over a grid of points.

    Attributes:
        id: dotted, permanent, unique in a run.
        title: one line for a reader.
        axes: the axes; the first one runs along the bottom of a figure.
        point: function of the axes' values that makes the arguments of the quantities, a mapping by name.
        quantities: what is computed, by name.
        formats: float formats to compute in, the first for what is no gradient.
        small: a true gradient below this is called small.
        boundaries: boundaries and bounds by hand.
        outcome: the axis that the components of a value run along, where that is one.
        source: where it is said.
        note: what a reader should see, Markdown.
        expect_failure: names of the boundaries that are known not to hold.
        needs: modules that are not installed with the package; without them the map is not run.
    """

    id: str
    title: str
    axes: tuple[Axis, ...]
    point: Callable[..., Mapping[str, Any]]
    quantities: Mapping[str, Quantity]
    formats: tuple[str, ...] = ("float64",)
    small: float = 1e-3
    boundaries: tuple[Boundary | Bounds, ...] = ()
    outcome: Axis | None = None
    source: Source = NOWHERE
    note: str = ""
    expect_failure: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    place: tuple[str, int] = field(default=("", 0), repr=False)

    def __post_init__(self) -> None:
        """Check what can be checked without running; remember where the map was written."""
        if not self.place[0]:
            frame = sys._getframe(2)
            object.__setattr__(self, "place", (frame.f_code.co_filename, frame.f_lineno))
        problem = _problem(self)
        if problem is not None:
            refuse(self, ClaimError(f"map {self.id!r}: {problem}"))

    @property
    def shape(self) -> tuple[int, ...]:
        """Number of values of each axis."""
        return tuple(len(axis.values) for axis in self.axes)

    @property
    def classed(self) -> tuple[str, ...]:
        """Names of the quantities that are gradients."""
        return tuple(name for name, each in self.quantities.items() if each.wrt is not None)

    def only(self, formats: Sequence[str] | None) -> "Map | None":
        """The map in those of its formats that are asked for; None where there are none, itself where none is asked."""
        return _only(self, formats)


@dataclass(frozen=True, kw_only=True, eq=False)
class Threshold:
    """The first number of each format at which an event happens in JAX, derived by hand: a claim about floats.

    Attributes:
        id: dotted, permanent, unique in a run.
        title: the event, in words.
        fn: function of a scalar (a logit gap); what JAX computes, an array.
        event: predicate of that array in float64, a NumPy function.
        begins: real function of the format's precision ``p``, exponent ``emin``, and ``flushes`` (1 where subnormal
            numbers become zero, else 0): the event happens from the first
            number of the format at or above it, and not one number below. Read exactly.
        formats: formats that it is about.
        statement: LaTeX of the real number.
        source: where it is derived.
    """

    id: str
    title: str
    fn: Callable[..., Any]
    event: Callable[[Any], bool]
    begins: Callable[..., Any]
    formats: tuple[str, ...] = tuple(FORMATS)
    statement: str = ""
    source: Source = NOWHERE
    place: tuple[str, int] = field(default=("", 0), repr=False)

    def __post_init__(self) -> None:
        """Check the id; remember where the threshold was written."""
        if not self.place[0]:
            frame = sys._getframe(2)
            object.__setattr__(self, "place", (frame.f_code.co_filename, frame.f_lineno))
        problem = _id_problem(self.id) or _formats_problem(self.formats)
        if problem is not None:
            refuse(self, ClaimError(f"threshold {self.id!r}: {problem}"))

    def only(self, formats: Sequence[str] | None) -> "Threshold | None":
        """As `Map.only`."""
        return _only(self, formats)


T = TypeVar("T", Map, Threshold)


def _only(given: T, formats: Sequence[str] | None) -> T | None:
    if formats is None:
        return given
    kept = tuple(each for each in given.formats if each in formats)
    return replace(given, formats=kept) if kept else None


def collect_maps(module: ModuleType) -> list[tuple[str, Map | Threshold]]:
    """The module-level maps and thresholds of a module with their names, each once."""
    found: dict[int, tuple[str, Map | Threshold]] = {}
    for name, value in vars(module).items():
        for each in value if isinstance(value, (list, tuple)) else [value]:
            if isinstance(each, (Map, Threshold)) and id(each) not in found:
                found[id(each)] = (name, each)
    return list(found.values())


# --- what can be wrong -------------------------------------------------------------------------------------------


def _id_problem(id_: object) -> str | None:
    if not isinstance(id_, str) or not ID_PATTERN.fullmatch(id_):
        return "the id has illegal characters: expected parts of a-z, 0-9 and hyphens with dots between"
    return None


def _formats_problem(formats: Sequence[str]) -> str | None:
    bad = [name for name in formats if name not in FORMATS]
    if bad or not formats:
        return f"formats must name some of {', '.join(FORMATS)}, found {bad[0] if bad else 'none'!r}"
    return None


def _axis_problem(axis: Axis) -> str | None:
    if not axis.name.isidentifier():
        return f"axis {axis.name!r}: the name has to be a Python name, since it is an argument of the functions"
    bad = [value for value in axis.values if not isinstance(value, (int, float)) or not math.isfinite(value)]
    if bad:
        return f"axis {axis.name!r}: values must be finite numbers, found {bad[0]!r}"
    if len(axis.values) < 2 and not axis.static:
        return f"axis {axis.name!r}: expected at least 2 values, found {len(axis.values)}: fix it in point instead"
    if not axis.values:
        return f"axis {axis.name!r}: expected at least 1 value"
    if any(later <= earlier for earlier, later in zip(axis.values, axis.values[1:], strict=False)):
        return f"axis {axis.name!r}: values must increase"
    if axis.names and len(axis.names) != len(axis.values):
        return f"axis {axis.name!r}: {len(axis.names)} names for {len(axis.values)} values"
    return None


def _problem(given: Map) -> str | None:
    """The first thing that is wrong with a map, as a sentence; None where nothing is."""
    problem = _id_problem(given.id) or _formats_problem(given.formats)
    if problem:
        return problem
    if not given.axes or not all(isinstance(axis, Axis) for axis in given.axes):
        return "axes must be a tuple of at least one Axis"
    names = [axis.name for axis in given.axes]
    if len(set(names)) < len(names):
        return f"two axes of one name: {', '.join(names)}"
    for axis in given.axes:
        problem = _axis_problem(axis)
        if problem:
            return problem
    if not given.quantities:
        return "no quantity: name at least one"
    if not callable(given.point):
        return f"point must be a function of {', '.join(names)}, found {type(given.point).__name__}"
    takes = _parameters(given.point)
    if takes is not None and set(takes) != set(names):
        return f"point takes {', '.join(takes) or 'nothing'}, the axes are {', '.join(names)}: names must be the same"
    for name, quantity in given.quantities.items():
        if not isinstance(quantity, Quantity) or not callable(quantity.fn):
            return f"quantity {name!r} must be a Quantity(fn=..., wrt=...)"
    if not 0 < given.small < math.inf:
        return f"small must be a positive number, found {given.small!r}"
    for boundary in given.boundaries:
        about = boundary.quantities if isinstance(boundary, Boundary) else (boundary.quantity,)
        unknown = [each for each in about if each not in given.quantities]
        if unknown:
            return f"boundary {boundary.name!r} is about {unknown[0]!r}; quantities are {', '.join(given.quantities)}"
        if isinstance(boundary, Bounds):
            if boundary.low is None and boundary.high is None:
                return f"bounds {boundary.name!r} have neither low nor high"
            continue
        if boundary.event not in EVENTS:
            return f"boundary {boundary.name!r}: event {boundary.event!r} is none of {', '.join(EVENTS)}"
        if boundary.along not in names:
            return f"boundary {boundary.name!r} runs along {boundary.along!r}; the axes are {', '.join(names)}"
        if any(given.quantities[each].wrt is None for each in about) and boundary.event in ("small", "lost"):
            return f"boundary {boundary.name!r}: only gradients are small or lose digits, and this is a value"
    labels = [each.name for each in given.boundaries]
    if len(set(labels)) < len(labels):
        return "two boundaries of one name"
    unknown = [name for name in given.expect_failure if name not in labels]
    if unknown:
        return f"expect_failure names {unknown[0]!r}, which is no boundary"
    return None


def _parameters(function: Callable[..., Any]) -> list[str] | None:
    """Names of a function's arguments; None where it takes any."""
    try:
        parameters = list(inspect.signature(function).parameters.values())
    except (TypeError, ValueError):
        return None
    if any(each.kind in (each.VAR_KEYWORD, each.VAR_POSITIONAL) for each in parameters):
        return None
    return [each.name for each in parameters]
