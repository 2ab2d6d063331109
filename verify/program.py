"""A side of a claim as a traced program: JAX's derivative in every mode, and the formula, as closed jaxprs.

Tracing allocates nothing. Dead equations are dropped, since reverse mode leaves many behind, the undecidable masks of
maxima among them. What JAX keeps private is used here and in the interpreter alone.
"""

import inspect
import math
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache, reduce
from itertools import count
from typing import Any, Final, Literal

import jax
import numpy as np
from jax.extend import core as jex
from jax.interpreters import partial_eval

from verify import loader
from verify.claim import Claim, ClaimError
from verify.domain import Region, resolve
from verify.formats import Format
from verify.primitives import explained

Shape = tuple[int, ...]
# How many modes to trace: every one that JAX offers, one without and one with a direction, or the first alone.
Breadth = Literal["every", "two", "one"]

# JAX takes about a millisecond to trace an equation: of a program with more than these only the first mode is traced.
MOST_EQUATIONS: Final = 4000
LONG: Final = "a program of"

# Modes in which JAX offers each kind of derivative; those with a direction take it as further arguments.
MODES: Final[dict[str, tuple[str, ...]]] = {
    "value": ("value",),
    "gradient": ("grad", "jacrev", "jacfwd", "jvp", "vjp"),
    "jacobian": ("jacrev", "jacfwd", "jvp", "vjp"),
    "hessian": ("hessian", "jacrev(jacfwd)", "hvp"),
}


@dataclass(frozen=True, kw_only=True, eq=False)
class Program:
    """One side in one mode, traced for one choice of sizes in one format.

    Attributes:
        name: the mode, or ``formula``, ``stable``, ``where``.
        closed: the jaxpr for a single point, dead equations dropped.
        flat: the function behind it, from flat arrays to flat arrays; it can be compiled.
        outputs: shapes of the outputs.
        directions: shapes of the tangents or cotangents that follow the claim's arguments.
        contracted: ``in`` for a tangent, ``out`` for a cotangent, "" where the whole derivative comes out.
        literals: of slopes by literals, their values, in the order of the first argument.
    """

    name: str
    closed: Any
    flat: Callable[..., list[Any]]
    outputs: tuple[Shape, ...]
    directions: tuple[Shape, ...] = ()
    contracted: str = ""
    literals: tuple[float, ...] = ()

    @cached_property
    def text(self) -> str:
        """The jaxpr, its literals and its constants as text: two programs with the same text are the same program.

        What JAX prints leaves captured arrays out, how it prints literals is not promised to be exact, and two
        primitives of one name look alike.
        """
        exact = [float(value).hex() for value in literals(self.closed)]
        held = [f"{constant.dtype}{constant.tolist()}" for constant in map(np.asarray, self._constants())]
        return "\n".join((self.printed, " ".join(exact), *held, *_namesakes(self.closed.jaxpr)))

    @cached_property
    def printed(self) -> str:
        """The jaxpr as JAX prints it, for a reader."""
        return str(self.closed)

    @cached_property
    def steps(self) -> tuple[str, ...]:
        """The primitives of its equations, those of the programs that it calls included."""
        return tuple(equation.primitive.name for equation in equations(self.closed.jaxpr))

    @property
    def length(self) -> int:
        """How many equations it has, those of the programs that it calls included."""
        return len(self.steps)

    @cached_property
    def cost(self) -> int:
        """Entries that one reading of one point computes."""
        return sum(
            math.prod(variable.aval.shape)
            for equation in equations(self.closed.jaxpr)
            for variable in equation.outvars
            if hasattr(variable.aval, "shape")
        )

    @cached_property
    def numbers(self) -> tuple[float, ...]:
        """Scalar literals, and entries of constant arrays but for those of more than 4096."""
        found = literals(self.closed)
        for constant in self.closed.consts:
            array = np.asarray(constant)
            if array.dtype.kind in "fc" and array.size <= 4096:
                found += [float(value) for value in np.real(array).ravel()]
                found += [float(value) for value in np.imag(array).ravel()] if array.dtype.kind == "c" else []
        return tuple(found)

    def _constants(self) -> Iterator[Any]:
        yield from self.closed.consts
        for equation in equations(self.closed.jaxpr):
            for value in equation.params.values():
                for inner in value if isinstance(value, (tuple, list)) else (value,):
                    yield from getattr(inner, "consts", ())


@dataclass(frozen=True, kw_only=True, eq=False)
class Subject:
    """A claim at one choice of sizes in one format, ready to be read and run.

    Attributes:
        claim: the claim.
        size: the choice of sizes.
        form: the float format that its programs are traced in.
        names: one label per flat argument, such as ``x`` or ``params['w']``.
        regions: one region per flat argument.
        shapes: one shape per flat argument.
        modes: the autodiff side in each mode that JAX offers.
        formula: the side derived by hand.
        stable: its cancellation-free form, if there is one.
        where: the predicate, if there is one.
        unavailable: modes that JAX does not offer for this function, with its reason.
        outer: shapes of the function's outputs (a gradient's is one scalar).
        inner: shapes of the arguments that are differentiated by.
    """

    claim: Claim
    size: Mapping[str, int]
    form: Format
    names: tuple[str, ...]
    regions: tuple[Region, ...]
    shapes: tuple[Shape, ...]
    modes: tuple[Program, ...]
    formula: Program
    stable: Program | None
    where: Program | None
    unavailable: Mapping[str, str]
    outer: tuple[Shape, ...]
    inner: tuple[Shape, ...]

    @property
    def sides(self) -> tuple[Program, ...]:
        """All programs that are judged."""
        return (*self.modes, self.formula, *((self.stable,) if self.stable else ()))


def size_text(size: Mapping[str, int]) -> str:
    """``n = 3, t = 2``; empty where there are no named sizes."""
    return ", ".join(f"{name} = {value}" for name, value in size.items())


def entries(claim: Claim, size: Mapping[str, int]) -> int:
    """Largest number of entries among the arguments, known before anything is allocated."""
    counts = [int(np.prod([int(axis) for axis in resolve(leaf.shape, size)], dtype=object)) for leaf in claim.leaves()]
    return max(counts, default=1)


def trace(claim: Claim, size: Mapping[str, int], form: Format, breadth: Breadth = "every") -> Subject:
    """Trace both sides of a claim.

    Args:
        claim: the claim.
        size: the choice of sizes.
        form: the float format of its arguments.
        breadth: how many modes of the autodiff side to trace.

    Returns:
        The traced sides.

    Raises:
        ClaimError: where a side raises, returns the wrong shape or number of arrays, returns no floats, hides a
            custom rule, or where both sides are one program.
    """
    with jax.enable_x64(True):
        return _trace(claim, size, form, breadth)


def _trace(claim: Claim, size: Mapping[str, int], form: Format, breadth: Breadth) -> Subject:
    names = list(claim.domain)
    bound = jax.tree.map(
        lambda region: region.bind(size), dict(claim.domain), is_leaf=lambda each: isinstance(each, Region)
    )
    trees = [bound[name] for name in names]
    paths, treedef = jax.tree_util.tree_flatten_with_path(trees, is_leaf=lambda each: isinstance(each, Region))
    labels = tuple(names[path[0].idx] + jax.tree_util.keystr(path[1:]) for path, _ in paths)
    regions = tuple(region for _, region in paths)
    shapes = tuple(resolve(region.shape, size) for region in regions)
    arguments = [
        jax.ShapeDtypeStruct(shape, np.dtype(np.int64) if region.integer else form.dtype())
        for region, shape in zip(regions, shapes, strict=True)
    ]

    def on_flat(function: Callable[..., Any]) -> Callable[..., Any]:
        call = _by_name(function)
        return lambda *flat: call(dict(zip(names, jax.tree.unflatten(treedef, flat[: len(shapes)]), strict=True)))

    subject_of = _by_name(claim.autodiff.fn)

    def positional(*given: Any) -> Any:
        return subject_of(dict(zip(names, given, strict=True)))

    primal = _flatten(on_flat(claim.autodiff.fn))
    where_traced = (repr(claim.domain), tuple(size.items()), form.name)

    def make(role: str, source: Callable[..., Any], function: Callable[..., list[Any]]) -> Any:
        key = (id(source), *where_traced)
        if key not in _MADE:
            _trim(_MADE)
            _MADE[key] = source, _make(claim, role, function, arguments)
        return _MADE[key][1]

    closed = make("autodiff", claim.autodiff.fn, primal)
    outer = tuple(aval.shape for aval in closed.out_avals)
    _check_rules(claim, closed)
    wrt = claim.autodiff.wrt
    numbers = () if wrt is None else tuple(names.index(each) for each in ((wrt,) if isinstance(wrt, str) else wrt))
    argnums: Any = names.index(wrt) if isinstance(wrt, str) else numbers
    kind = claim.autodiff.kind
    if kind in ("gradient", "hessian") and outer != ((),):
        found = ", ".join(map(str, outer)) or "nothing"
        raise ClaimError(f"claim {claim.id!r}: the {kind} needs a function with one scalar result, found shape {found}")
    spans = _spans(trees)
    inner_places = [place for number in numbers for place in spans[number]]
    inner = tuple(shapes[place] for place in inner_places)

    def directional(mode: str) -> Callable[..., Any]:
        def split(flat: Sequence[Any]) -> tuple[list[Any], Callable[..., Any]]:
            given = jax.tree.unflatten(treedef, flat[: len(shapes)])

            def partial(*chosen: Any) -> Any:
                full = list(given)
                for number, tree in zip(numbers, chosen, strict=True):
                    full[number] = tree
                return positional(*full)

            return [given[number] for number in numbers], partial

        def push(*flat: Any) -> Any:
            primals, partial = split(flat)
            structure = jax.tree.structure(tuple(primals))
            tangents = jax.tree.unflatten(structure, flat[len(shapes) :])
            if mode == "hvp":
                return jax.jvp(jax.grad(partial, argnums=tuple(range(len(primals)))), tuple(primals), tangents)[1]
            return jax.jvp(partial, tuple(primals), tangents)[1]

        def pull(*flat: Any) -> Any:
            primals, partial = split(flat)
            result, back = jax.vjp(partial, *primals)
            return back(jax.tree.unflatten(jax.tree.structure(result), flat[len(shapes) :]))

        return pull if mode == "vjp" else push

    key = (claim.autodiff, *where_traced, breadth)
    if key not in _TRACED:
        _trim(_TRACED)
        _TRACED[key] = _modes(
            claim, form, breadth, positional, primal, closed, treedef, argnums, arguments, outer, inner, directional
        )
    modes, unavailable = _TRACED[key]
    wanted = _wanted(kind, outer, inner)
    by_hand = _flatten(on_flat(claim.by_hand))
    formula = _side(claim, "by_hand", "formula", by_hand, make("by_hand", claim.by_hand, by_hand), wanted)
    stable = None
    if claim.stable is not None:
        form_of_it = _flatten(on_flat(claim.stable))
        stable = _side(claim, "stable", "stable", form_of_it, make("stable", claim.stable, form_of_it), wanted)
    where = None
    if claim.where is not None:
        where = _predicate(claim, arguments, names, treedef, len(shapes))
    for program in modes:
        # The names of the primitives are had in no time, the text takes JAX as long as a small trace.
        alike = len(formula.closed.jaxpr.eqns) > (0 if kind == "value" else 5) and program.steps == formula.steps
        if alike and program.text == formula.text:
            raise ClaimError(
                f"claim {claim.id!r}: by_hand and autodiff ({program.name}) are the same program, so nothing would be "
                "checked: write the formula as it was derived by hand, without jax.grad"
            )
    return Subject(
        claim=claim,
        size=dict(size),
        form=form,
        names=labels,
        regions=regions,
        shapes=shapes,
        modes=tuple(modes),
        formula=formula,
        stable=stable,
        where=where,
        unavailable=unavailable,
        outer=outer,
        inner=inner,
    )


# Autodiff sides that several claims share are traced once: the modes of one function on one domain at one size.
_TRACED: Final[dict[Any, tuple[list[Program], dict[str, str]]]] = {}
# So are the functions themselves, by their identity, for which they are kept alive.
_MADE: Final[dict[Any, tuple[Callable[..., Any], Any]]] = {}
MOST_TRACED: Final = 500


def _trim(kept: dict[Any, Any]) -> None:
    """Make room for one more."""
    if len(kept) >= MOST_TRACED:
        del kept[next(iter(kept))]


def _modes(
    claim: Claim,
    form: Format,
    breadth: Breadth,
    positional: Callable[..., Any],
    primal: Callable[..., list[Any]],
    closed: Any,
    treedef: Any,
    argnums: Any,
    arguments: Sequence[Any],
    outer: tuple[Shape, ...],
    inner: tuple[Shape, ...],
    directional: Callable[[str], Callable[..., Any]],
) -> tuple[list[Program], dict[str, str]]:
    """Trace the autodiff side in every mode that JAX offers; the reasons for those it does not."""
    transforms: dict[str, Callable[..., Any]] = {
        "grad": jax.grad,
        "jacrev": jax.jacrev,
        "jacfwd": jax.jacfwd,
        "hessian": jax.hessian,
        "jacrev(jacfwd)": lambda f, argnums: jax.jacrev(jax.jacfwd(f, argnums), argnums),
    }
    modes: list[Program] = []
    unavailable: dict[str, str] = {}
    problem: ClaimError | None = None
    for mode in MODES[claim.autodiff.kind]:
        directed = mode in ("jvp", "vjp", "hvp")
        if modes and modes[0].length > MOST_EQUATIONS:
            unavailable[mode] = f"{LONG} {modes[0].length:,} equations is read in its first mode alone"
            continue
        if breadth != "every" and any(bool(made.contracted) == directed or breadth == "one" for made in modes):
            continue
        directions: tuple[Shape, ...] = ()
        contracted = ""
        if mode == "value":
            function, given = primal, arguments
        elif directed:
            directions = outer if mode == "vjp" else inner
            contracted = "out" if mode == "vjp" else "in"
            function = _flatten(directional(mode))
            given = [*arguments, *(jax.ShapeDtypeStruct(shape, form.dtype()) for shape in directions)]
        else:
            derived = transforms[mode](positional, argnums=argnums)
            function = _flatten(lambda *flat, derived=derived: derived(*jax.tree.unflatten(treedef, flat)))
            given = arguments
        try:
            made = closed if mode == "value" else _make(claim, f"autodiff ({mode})", function, given)
        except ClaimError as error:
            # JAX has no reverse mode through `while`, no forward mode through `custom_vjp`.
            problem = error
            unavailable[mode] = _last_line(error)
            continue
        if any(equation.primitive.name == "custom_lin" for equation in equations(made.jaxpr)):
            # A function with a custom reverse rule has no forward mode; JAX says so only when it is run.
            unavailable[mode] = "the function has a custom_vjp rule, which forward mode cannot use"
            continue
        modes.append(_program(mode, made, function, directions, contracted))
    if not modes:
        raise problem or ClaimError(
            f"claim {claim.id!r}: JAX offers no mode for it: {next(iter(unavailable.values()))}"
        )
    return modes, unavailable


def _by_name(function: Callable[..., Any]) -> Callable[[Mapping[str, Any]], Any]:
    """Call with arguments by name, those that take none by place: many of JAX's own functions are such."""
    try:
        parameters = list(inspect.signature(function).parameters.values())
    except (TypeError, ValueError):
        parameters = []
    placed = [each.name for each in parameters if each.kind is each.POSITIONAL_ONLY]

    def call(given: Mapping[str, Any]) -> Any:
        named = {name: value for name, value in given.items() if name not in placed}
        return function(*(given[name] for name in placed if name in given), **named)

    return call


def _flatten(function: Callable[..., Any]) -> Callable[..., list[Any]]:
    return lambda *flat: jax.tree.leaves(function(*flat))


def _spans(trees: list[Any]) -> list[list[int]]:
    """Places of the flat leaves of each argument."""
    spans: list[list[int]] = []
    start = 0
    for tree in trees:
        count = len(jax.tree.leaves(tree, is_leaf=lambda each: isinstance(each, Region)))
        spans.append(list(range(start, start + count)))
        start += count
    return spans


def _wanted(kind: str, outer: tuple[Shape, ...], inner: tuple[Shape, ...]) -> tuple[Shape, ...]:
    """Shapes that the formula must return, in JAX's order."""
    if kind == "value":
        return outer
    if kind == "hessian":
        return tuple((*first, *second) for first in inner for second in inner)
    return tuple((*out, *into) for out in outer for into in inner)


def _program(
    name: str, closed: Any, flat: Callable[..., list[Any]], directions: tuple[Shape, ...] = (), contracted: str = ""
) -> Program:
    outputs = tuple(tuple(aval.shape) for aval in closed.out_avals)
    return Program(name=name, closed=closed, flat=flat, outputs=outputs, directions=directions, contracted=contracted)


def _make(claim: Claim, role: str, function: Callable[..., list[Any]], arguments: Sequence[Any]) -> Any:
    """Trace, and drop what no output needs."""
    try:
        with np.errstate(over="ignore"):  # a constant that is too large for a format is infinite there
            closed = jax.make_jaxpr(function)(*arguments)
    except Exception as error:  # any exception of the user's function is theirs to read, without our frames
        where = _user_line(claim, error)
        raise ClaimError(
            f"claim {claim.id!r}: {role} raised {type(error).__name__}{where}: {explained(error)}"
        ) from error
    live, _ = partial_eval.dce_jaxpr(closed.jaxpr, [True] * len(closed.jaxpr.outvars), instantiate=True)
    return jex.ClosedJaxpr(live, closed.consts)


def _user_line(claim: Claim, error: BaseException) -> str:
    """`` at file:line`` of the deepest frame in the file that the claim is written in."""
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename == claim.place[0]]
    # As seen from the working folder: where that lies is nobody's business on a page.
    return f" at {loader._short(frames[-1].filename)}:{frames[-1].lineno}" if frames else ""


def _last_line(error: ClaimError) -> str:
    return str(error).partition(") raised ")[2] or str(error)


def _side(
    claim: Claim,
    role: str,
    name: str,
    function: Callable[..., list[Any]],
    closed: Any,
    wanted: tuple[Shape, ...],
) -> Program:
    program = _program(name, closed, function)
    if not program.outputs:
        raise ClaimError(f"claim {claim.id!r}: {role} returns nothing, expected at least one array to compare")
    if len(program.outputs) != len(wanted):
        raise ClaimError(
            f"claim {claim.id!r}: {role} returns {len(program.outputs)} arrays, expected {len(wanted)} of shapes "
            f"{', '.join(map(str, wanted))}"
        )
    for found, shape in zip(program.outputs, wanted, strict=True):
        if found != shape:
            raise ClaimError(
                f"claim {claim.id!r}: {role} returns shape {found}, expected {shape}: outputs are not broadcast to fit "
                "(jacobian: output axes, then input axes; hessian: input axes twice)"
            )
    for aval in closed.out_avals:
        if not jax.dtypes.issubdtype(aval.dtype, np.floating):
            raise ClaimError(f"claim {claim.id!r}: {role} returns {aval.dtype}, expected floats")
    return program


def _predicate(claim: Claim, arguments: Sequence[Any], names: list[str], treedef: Any, count: int) -> Program:
    assert claim.where is not None
    taken = list(inspect.signature(claim.where).parameters)
    function = claim.where

    def on_flat(*flat: Any) -> list[Any]:
        given = dict(zip(names, jax.tree.unflatten(treedef, flat[:count]), strict=True))
        held = jax.tree.leaves(function(**{name: given[name] for name in taken}))
        if not held:
            raise ClaimError(
                f"claim {claim.id!r}: where returns nothing, expected a condition, or several that all hold"
            )
        return [reduce(jax.numpy.logical_and, (jax.numpy.all(jax.numpy.asarray(leaf)) for leaf in held))]

    closed = _make(claim, "where", on_flat, arguments)
    return _program("where", closed, on_flat)


# The primitives of each name, in the order in which programs used them; there is one, unless two files chose one name.
_NAMED: Final[dict[str, list[Any]]] = {}


def _namesakes(jaxpr: Any) -> Iterator[str]:
    """Which primitive is meant, where another one of its name was used before it."""
    for primitive in dict.fromkeys(equation.primitive for equation in equations(jaxpr)):
        known = _NAMED.setdefault(primitive.name, [])
        if not any(each is primitive for each in known):
            known.append(primitive)
        place = next(place for place, each in enumerate(known) if each is primitive)
        if place:
            yield f"{primitive.name} is the primitive number {place}"


def equations(jaxpr: Any) -> Iterator[Any]:
    """Every equation of a jaxpr, those of nested jaxprs included."""
    for equation in jaxpr.eqns:
        yield equation
        for value in equation.params.values():
            for inner in value if isinstance(value, (tuple, list)) else (value,):
                if hasattr(inner, "eqns"):
                    yield from equations(inner)
                elif hasattr(inner, "jaxpr") and hasattr(inner.jaxpr, "eqns"):
                    yield from equations(inner.jaxpr)


# Parameters that say how to compute or differentiate, not what; some hold functions, whose names change by the call.
_UNSAID: Final = ("jvp_jaxpr_fun", "jvp", "fwd_jaxpr_thunk", "fwd", "bwd", "out_trees", "num_consts", "symbolic_zeros")


def same_but_for_the_format(first: Any, second: Any) -> bool:
    """Whether a jaxpr is another one but for the formats of its floats.

    Args:
        first: the closed jaxpr that was traced in float64.
        second: the one that was traced in another format, whose constants must be those of the first, rounded.
    """
    shape, constants = _skeleton(first)
    other, rounded = _skeleton(second)
    if shape != other or len(constants) != len(rounded):
        return False
    for exact, found in zip(constants, rounded, strict=True):
        with np.errstate(over="ignore"):
            expected = exact.astype(found.dtype)
        if (
            expected.shape != found.shape
            or not ((expected == found) | ((expected != expected) & (found != found))).all()
        ):
            return False
    return True


@lru_cache(maxsize=4000)
def _skeleton(closed: Any) -> tuple[str, tuple[Any, ...]]:
    """What a jaxpr does, without names, formats, casts between formats and constants; and its constants in order."""
    constants: list[Any] = []
    numbers: dict[Any, int] = {}
    fresh = count()

    def take(value: Any) -> str:
        array = np.asarray(value)
        if jax.dtypes.issubdtype(array.dtype, np.floating):
            constants.append(array)
            return f"constant{array.shape}"
        return f"{array.dtype}{array.tolist()}"

    def of(variable: Any) -> Any:
        return take(variable.val) if isinstance(variable, jex.Literal) else numbers[variable]

    def parameter(value: Any) -> Any:
        if hasattr(value, "eqns") or hasattr(value, "jaxpr"):
            inner = getattr(value, "jaxpr", value)
            return ("jaxpr", [take(each) for each in getattr(value, "consts", ())], *program(inner))
        if isinstance(value, (tuple, list)):
            return tuple(map(parameter, value))
        if isinstance(value, np.dtype) or hasattr(value, "dtype") or isinstance(value, type):
            try:
                return "float" if jax.dtypes.issubdtype(value, np.floating) else str(value)
            except TypeError:
                return str(value)
        return repr(value)

    def program(jaxpr: Any) -> list[Any]:
        for variable in (*jaxpr.constvars, *jaxpr.invars):
            numbers[variable] = next(fresh)
        lines: list[Any] = [len(jaxpr.constvars), len(jaxpr.invars)]
        for equation in jaxpr.eqns:
            name = equation.primitive.name
            cast = name == "convert_element_type" and all(
                jax.dtypes.issubdtype(each.aval.dtype, np.floating) for each in (*equation.invars, *equation.outvars)
            )
            if cast and not isinstance(equation.invars[0], jex.Literal):
                numbers[equation.outvars[0]] = numbers[equation.invars[0]]
                continue
            params = [(key, parameter(value)) for key, value in equation.params.items() if key not in _UNSAID]
            lines.append((name, [of(each) for each in equation.invars], params))
            for variable in equation.outvars:
                numbers[variable] = next(fresh)
                lines.append(tuple(variable.aval.shape))
        lines.append([of(each) for each in jaxpr.outvars])
        return lines

    said = program(closed.jaxpr), [take(each) for each in closed.consts]
    return str(said), tuple(constants)


def _check_rules(claim: Claim, closed: Any) -> None:
    if claim.custom_rules:
        return
    for equation in equations(closed.jaxpr):
        name = equation.primitive.name
        if name.startswith(("custom_jvp_call", "custom_vjp_call")):
            inner = equation.params.get("call_jaxpr") or equation.params.get("fun_jaxpr")
            info = getattr(getattr(inner, "jaxpr", inner), "debug_info", None)
            rule = equation.params.get("name") or getattr(info, "func_name", "") or "a function"
            raise ClaimError(
                f"claim {claim.id!r}: the autodiff side calls {rule}, whose derivative is a {name.split('_call')[0]} "
                "rule written by hand, so two hand formulas would be compared: write the function without it, or set "
                "custom_rules=True to make the rule the subject"
            )


def literals(closed: Any) -> list[float]:
    """Scalar float constants of a program: the thresholds that it may branch at are among them."""
    found: dict[float, None] = {}
    for equation in equations(closed.jaxpr):
        for variable in equation.invars:
            if isinstance(variable, jex.Literal) and np.ndim(variable.val) == 0:
                value = np.asarray(variable.val)
                kinds = (np.floating, np.complexfloating)
                if not any(jax.dtypes.issubdtype(value.dtype, kind) for kind in kinds):
                    continue
                whole = complex(value)
                # Of a complex constant both parts count, but for the imaginary part of a real one.
                for part in (whole.real, whole.imag) if whole.imag else (whole.real,):
                    if np.isfinite(part):
                        found[part] = None
    return list(found)


def by_literals(program: Program, among: Sequence[float]) -> Program | None:
    """How a program's outputs change with its literals, each occurrence by itself.

    Args:
        program: what was traced.
        among: the values of literals that vary.

    Returns:
        A program of those occurrences' values, one array, and the program's own arguments: each output with a further
        last axis of slopes. None where a literal stands where it cannot be varied, as in a loop or a captured array.
    """
    found: list[float] = []
    if any(np.isin(np.asarray(each), among).any() for each in program._constants()):
        return None
    closed = program.closed

    def collected(jaxpr: Any) -> bool:
        for equation in jaxpr.eqns:
            found.extend(float(each.val) for each in equation.invars if _varies(each, among))
            inner = _called(equation)
            if inner is not None:
                if not collected(inner.jaxpr):
                    return False
            elif any(True for _ in _nested(equation)):
                return False
        return True

    if not collected(closed.jaxpr) or not found:
        return None

    def evaluate(jaxpr: Any, constants: Sequence[Any], arguments: Sequence[Any], given: Iterator[Any]) -> list[Any]:
        values: dict[Any, Any] = dict(zip((*jaxpr.constvars, *jaxpr.invars), (*constants, *arguments), strict=True))

        def value(variable: Any) -> Any:
            if not isinstance(variable, jex.Literal):
                return values[variable]
            return next(given).astype(np.asarray(variable.val).dtype) if _varies(variable, among) else variable.val

        for equation in jaxpr.eqns:
            operands = [value(each) for each in equation.invars]
            inner = _called(equation)
            if inner is not None:
                results = evaluate(inner.jaxpr, inner.consts, operands, given)
            else:
                results = equation.primitive.bind(*operands, **equation.params)
                results = results if equation.primitive.multiple_results else [results]
            values.update(zip(equation.outvars, results, strict=True))
        return [each.val if isinstance(each, jex.Literal) else values[each] for each in jaxpr.outvars]

    def slopes(literals: Any, *flat: Any) -> list[Any]:
        return jax.jacfwd(lambda varied: evaluate(closed.jaxpr, closed.consts, flat, iter(varied)))(literals)

    with jax.enable_x64(True):
        spare = jax.ShapeDtypeStruct((len(found),), np.dtype(np.float64))
        made = jax.make_jaxpr(slopes)(spare, *closed.in_avals)
    varied = _program("slopes", made, slopes)
    return replace(varied, literals=tuple(found))


def _varies(variable: Any, among: Sequence[float]) -> bool:
    if not isinstance(variable, jex.Literal) or np.ndim(variable.val) != 0:
        return False
    return jax.dtypes.issubdtype(np.asarray(variable.val).dtype, np.floating) and float(variable.val) in among


def _called(equation: Any) -> Any:
    """The program that an equation merely calls, or None."""
    return equation.params["jaxpr"] if equation.primitive.name in ("jit", "pjit", "closed_call") else None


def _nested(equation: Any) -> Iterator[Any]:
    for value in equation.params.values():
        for inner in value if isinstance(value, (tuple, list)) else (value,):
            if hasattr(inner, "eqns") or hasattr(getattr(inner, "jaxpr", None), "eqns"):
                yield inner
