"""Walk a jaxpr over any number system: structure is known here once, arithmetic is asked of the system.

Every array carries a leading axis of points, of length B or, where nothing in it depends on the point, 1. One walk
reads a whole batch, so that Python's cost is paid per equation. Four kinds of arrays occur: numbers (the system's
own, dtype object), complex numbers (the same, in the systems that have them), whole numbers (int64), and truth values
(int8 with the values NO, YES and UNDECIDED).
"""

import functools
import math
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

import jax
import numpy as np
from jax.extend import core as jex

from verify.claim import OutOfTime, UnsupportedPrimitive

Array = np.ndarray
NO, YES, UNDECIDED = 0, 1, -1
MAX_ITERATIONS: Final = 20_000
# Outcomes of the entries of an array that are told apart; beyond it they are taken together.
MOST_TOLD_APART: Final = 4096
# Entries of which each has to be seen to be the largest; of more the smaller sizes of a claim speak.
MOST_PLACES: Final = 9
# Ends the path of a choice that asks whether a number is exactly where what rounds to whole numbers jumps.
JUMP: Final = ":jump"

# Where functions are traced, which is no reader's code.
TRACING: Final = tuple(Path(__file__).parents[1] / name for name in ("program.py", "rules.py"))

# Primitives whose equation only calls another jaxpr, and the parameter that holds it.
CALLS: Final = {
    "jit": "jaxpr",
    "pjit": "jaxpr",
    "closed_call": "call_jaxpr",
    "core_call": "call_jaxpr",
    "call": "call_jaxpr",
    "eval_jaxpr": "call_jaxpr",
    "checkpoint": "jaxpr",
    "remat2": "jaxpr",
    "custom_jvp_call": "call_jaxpr",
    "custom_vjp_call": "call_jaxpr",
    "custom_vjp_call_jaxpr": "fun_jaxpr",
}


@dataclass
class Branch:
    """Which outcomes of one choice were seen, at which points and entries.

    Attributes:
        label: primitive and source line, for the reader.
        seen: a mask of shape (outcomes, points, entries); one entry for all of an array that is large.
        equality: the outcome that stands for an exact equality, if the choice asks for one.
    """

    label: str
    seen: Array
    equality: int | None = None


@dataclass
class Trail:
    """What a walk met on its way, per point.

    Attributes:
        points: number of points.
        kinks: points at which an exact equality of two different values was decided.
        lost: points whose values mean nothing, since a choice that steers structure stayed undecided.
        hulls: points at which an undecided choice was answered by the hull of both outcomes.
        branches: every choice, by its place in the program.
    """

    points: int
    kinks: Array = field(init=False)
    lost: Array = field(init=False)
    hulls: Array = field(init=False)
    branches: dict[str, Branch] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Start with nothing met."""
        self.kinks = np.zeros(self.points, dtype=bool)
        self.lost = np.zeros(self.points, dtype=bool)
        self.hulls = np.zeros(self.points, dtype=bool)


class System(ABC):
    """A number system: constants, arithmetic, elementary functions, and three-valued answers.

    A subclass fills `rows` with one entry per primitive: ``name -> method(equation, *arrays)``. A row in `own` is
    used before what the interpreter knows of shapes and whole numbers itself.
    """

    name: str
    rows: dict[str, Callable[..., Any]]
    own: Mapping[str, Callable[..., Any]] = MappingProxyType({})
    # Whether a choice of structure that stays open is followed into every branch, and the results merged.
    forks = False

    def __init__(self) -> None:
        """Start without a walk."""
        self.trail = Trail(1)
        self.members = np.arange(1)
        self.path = ""
        self.line = ""
        self.depends = False
        # Whether entries are taken together, as the steps of a scan are: many are what others are not.
        self.together = False
        # Which results of the equation that is read are used by a later one, or returned.
        self.used: list[bool] = []
        # Whole numbers that are at least zero whatever the arguments are, by the identity of their array, kept alive.
        self.natural: dict[int, Array] = {}
        # When a walk gives up, in seconds of `time.perf_counter`.
        self.deadline = float("inf")

    @abstractmethod
    def lift(self, values: Array) -> Array:
        """Numbers of the system from a float array; ``values`` already has the leading axis of points."""

    def complex_row(self, name: str) -> Callable[..., Any] | None:
        """The row of a primitive with a complex operand or result; a system without any has no complex numbers."""
        del name
        return None

    def lift_complex(self, values: Array) -> Array:
        """Complex numbers of the system; refused where it has none."""
        raise UnsupportedPrimitive("complex numbers", self.name)

    @abstractmethod
    def from_truth(self, truth: Array) -> Array:
        """0 and 1, or what stands for either of them where the truth value is undecided."""

    @abstractmethod
    def to_whole(self, numbers: Array) -> tuple[Array, Array]:
        """Numbers as int64, and a mask of the points where they are not decided."""

    @abstractmethod
    def choose(self, which: Array, cases: Sequence[Array]) -> Array:
        """``cases[which]`` entry by entry; where ``which`` is undecided, what stands for all of the cases."""

    def merge(self, which: Array, cases: Sequence[Array]) -> Array:
        """As `choose`, of arrays of any kind; only where a system `forks`."""
        raise UnsupportedPrimitive("a choice of structure that stays open", self.name)

    def alike(self, arrays: Sequence[Array]) -> list[Array]:
        """Arrays of one value in several places, all of one kind of entries; they are so already in most systems."""
        return list(arrays)

    @abstractmethod
    def undefined(self, shape: tuple[int, ...]) -> Array:
        """Entries that have no value."""

    def undefined_complex(self, shape: tuple[int, ...]) -> Array:
        """Complex entries that have no value."""
        return self.undefined(shape)

    def whole(self, equation: Any, inputs: list[Array]) -> list[Array]:
        """Operands as the interpreter's own rows take them: each entry one whole number or truth value, or a key."""
        del equation
        return inputs

    def sign_bit(self, equation: Any, numbers: Array) -> Array:
        """Truth values: is the sign bit set? Of a zero nobody knows; refused where a system has no answer."""
        raise UnsupportedPrimitive("the sign bit", self.name, source_line(equation))

    def bits(self, equation: Any, numbers: Array) -> Array:
        """The bits of numbers as whole numbers; refused where a system has no answer."""
        raise UnsupportedPrimitive(f"{equation.primitive.name} of numbers", self.name, source_line(equation))

    def visit(self, equation: Any, inputs: Sequence[Array], results: list[Array]) -> list[Array]:
        """Look at an equation that has been read, and return its results, changed or not; does nothing here."""
        del equation, inputs
        return results

    def mark(self, where: str, mask: Array) -> None:
        """Set points of the trail; ``mask`` has the leading axis of points, True anywhere in a point counts."""
        hit = mask.reshape(mask.shape[0], -1).any(axis=1)
        if hit.any():
            getattr(self.trail, where)[self._hit(hit)] = True

    def branch(self, equation: Any, which: Array, outcomes: int, part: str = "") -> None:
        """Record the outcomes of a choice that depends on the arguments, entry by entry."""
        flat = which.reshape(which.shape[0], -1)
        self.met(equation, np.stack([flat == outcome for outcome in range(outcomes)]), part)

    def met(self, equation: Any, taken: Array, part: str = "") -> None:
        """Record the outcomes of a choice that depends on the arguments.

        Args:
            equation: where it is made.
            taken: which outcomes are taken, as a mask of shape (outcomes, points or 1, entries).
            part: tells choices of one equation apart.
        """
        if not self.depends:
            return
        outcomes, rows, entries = taken.shape
        if self.together or outcomes * entries > MOST_TOLD_APART:
            taken, entries = np.any(taken, axis=2)[:, :, None], 1
        if rows != len(self.members):
            taken = np.any(taken, axis=1)[:, None]
        path = self.path + part
        record = self.trail.branches.get(path)
        if record is None:
            seen = np.zeros((outcomes, self.trail.points, entries), dtype=bool)
            record = self.trail.branches[path] = Branch(label(equation, self.line), seen)
        record.seen[:, self.members] |= taken

    def tells_places(self, count: int) -> bool:
        """Whether it is recorded which of so many entries is chosen."""
        return self.depends and count <= MOST_PLACES

    def met_at(self, equation: Any, taken: Array) -> None:
        """Record which outcomes along the last axis are taken where entries are compared, if `tells_places` says so."""
        moved = np.moveaxis(taken, -1, 0)
        self.met(equation, moved.reshape(*moved.shape[:2], math.prod(moved.shape[2:])), ":place")

    def _hit(self, hit: Array) -> Array:
        """Points of the whole batch, from a mask over the points being read or one entry for all of them."""
        return self.members[hit] if len(hit) == len(self.members) else self.members[np.repeat(hit, len(self.members))]


def label(equation: Any, caller: str = "") -> str:
    """Primitive and source line of an equation, or of the call that it belongs to: ``select_n (my_claims.py:12)``."""
    place = source_line(equation) or caller
    return f"{equation.primitive.name} ({place})" if place else str(equation.primitive.name)


def source_line(equation: Any) -> str:
    """File name and line in the user's code that an equation comes from; empty where JAX does not know."""
    try:  # JAX keeps frames in a private module; a message without a line is better than none.
        from jax._src import source_info_util

        frame = source_info_util.user_frame(equation.source_info.traceback)
    except (ImportError, AttributeError, TypeError):
        return ""
    if frame is None or Path(frame.file_name) in TRACING:
        # A function of JAX's own, given as it is: the line that traced it says nothing about it.
        return ""
    return f"{frame.file_name.rsplit('/', 1)[-1]}:{frame.start_line}"


def kind_of(aval: Any) -> str:
    """``number``, ``complex``, ``whole`` or ``truth``."""
    return _kind(aval.dtype)


@functools.cache  # JAX takes a while to say, and it is asked of every operand of every equation
def _kind(dtype: Any) -> str:
    if jax.dtypes.issubdtype(dtype, jax.dtypes.extended):
        raise UnsupportedPrimitive(f"values of type {dtype}", "interpreter")
    if dtype == np.bool_:
        return "truth"
    if jax.dtypes.issubdtype(dtype, np.integer):
        return "whole"
    return "complex" if jax.dtypes.issubdtype(dtype, np.complexfloating) else "number"


def walk(system: System, closed: Any, arguments: Sequence[Array], points: int) -> tuple[list[Array], Trail]:
    """Read a closed jaxpr over a number system.

    Args:
        system: the number system.
        closed: what JAX traced for a single point.
        arguments: one array per input variable, with the leading axis of points.
        points: length B of that axis.

    Returns:
        One array per output, and what was met on the way.

    Raises:
        UnsupportedPrimitive: for a primitive without a row.
    """
    system.trail = Trail(points)
    system.members = np.arange(points)
    system.path = ""
    system.natural = {}
    system.together = False
    # JAX moves labels of entries for us, which are as wide as its indices. And numpy would warn of floats that Arb
    # meets on its way to a ball.
    with jax.enable_x64(True), np.errstate(all="ignore"):
        constants = [_constant(system, value) for value in closed.consts]
        depends = [False] * len(constants), [True] * len(arguments)
        outputs, _ = _run(system, closed.jaxpr, constants, list(arguments), *depends)
    return outputs, system.trail


def _constant(system: System, value: Any) -> Array:
    array = np.asarray(value)
    if array.dtype == np.bool_:
        return array.astype(np.int8)[None]
    if np.issubdtype(array.dtype, np.integer):
        return array.astype(np.int64)[None]
    if np.issubdtype(array.dtype, np.complexfloating):
        return system.lift_complex(array.astype(np.complex128)[None])
    return system.lift(array.astype(np.float64)[None])


def _run(
    system: System, jaxpr: Any, constants: list[Array], arguments: list[Array], *depends: list[bool]
) -> tuple[list[Array], list[bool]]:
    """Evaluate equations in order; forget each value after its last use."""
    values: dict[Any, Array] = {}
    live: dict[Any, bool] = {}
    for variables, given, flags in zip((jaxpr.constvars, jaxpr.invars), (constants, arguments), depends, strict=True):
        for variable, value, flag in zip(variables, given, flags, strict=True):
            values[variable], live[variable] = value, flag
    last: dict[Any, int] = {}
    for place, equation in enumerate(jaxpr.eqns):
        for variable in equation.invars:
            if not isinstance(variable, jex.Literal):
                last[variable] = place
    kept = {variable for variable in jaxpr.outvars if not isinstance(variable, jex.Literal)}

    def value_of(variable: Any) -> Array:
        return _constant(system, variable.val) if isinstance(variable, jex.Literal) else values[variable]

    path = system.path
    for place, equation in enumerate(jaxpr.eqns):
        if time.perf_counter() > system.deadline:
            raise OutOfTime(f"equation {place:,} of {len(jaxpr.eqns):,}, {label(equation, system.line)}")
        inputs = [value_of(variable) for variable in equation.invars]
        flags = [not isinstance(variable, jex.Literal) and live[variable] for variable in equation.invars]
        system.path, system.depends = f"{path}/{place}", any(flags)
        system.used = [variable in last or variable in kept for variable in equation.outvars]
        results, result_flags = _apply(system, equation, inputs, flags)
        system.depends = any(result_flags)
        results = system.visit(equation, inputs, results)
        result_flags = _never_negative(system, equation, inputs, flags, results, result_flags)
        for variable, result, flag in zip(equation.outvars, results, result_flags, strict=True):
            values[variable], live[variable] = result, flag
        for variable in equation.invars:
            if not isinstance(variable, jex.Literal) and last.get(variable) == place and variable not in kept:
                values.pop(variable, None)
    system.path = path
    flags = [not isinstance(variable, jex.Literal) and live[variable] for variable in jaxpr.outvars]
    return [value_of(variable) for variable in jaxpr.outvars], flags


def _apply(system: System, equation: Any, inputs: list[Array], flags: list[bool]) -> tuple[list[Array], list[bool]]:
    name: str = equation.primitive.name
    if name in CALLS:
        inner = equation.params[CALLS[name]]
        jaxpr, constants = (inner.jaxpr, inner.consts) if hasattr(inner, "consts") else (inner, [])
        if _asks_for_the_sign(jaxpr):
            return [system.sign_bit(equation, inputs[0])], flags
        if name == "custom_jvp_call" and _is_exp_of_minus_square(jaxpr):
            return _defined(system, equation, inputs, flags, "exp_neg_sq")
        lifted = [_constant(system, value) for value in constants]
        caller = system.line
        system.line = source_line(equation) or caller
        outcome = _run(system, jaxpr, lifted, inputs, [False] * len(lifted), flags)
        system.line = caller
        return outcome
    if name in CONTROL:
        return CONTROL[name](system, equation, inputs, flags)
    if name in DEFINED and name not in system.rows:
        return _defined(system, equation, inputs, flags)
    depends = [any(flags)] * len(equation.outvars)
    if name == "select_n":  # what is chosen from may depend on the arguments, and the choice not
        system.depends = flags[0]
    if name in CONCRETE and name not in system.own:
        return concrete(system, equation, system.whole(equation, inputs)), depends
    if name in STRUCTURE and any(_is_key(variable.aval) for variable in equation.invars):
        return _moved_keys(system, equation, inputs), depends
    kinds = {kind_of(variable.aval) for variable in equation.invars}
    if name in system.own:
        result = system.own[name](equation, *inputs)
    elif name in STRUCTURE:
        result = STRUCTURE[name](system, equation, *inputs)
    elif "complex" in kinds or any(kind_of(variable.aval) == "complex" for variable in equation.outvars):
        row = system.complex_row(name)
        if row is None:
            raise UnsupportedPrimitive(f"{name} of complex numbers", system.name, source_line(equation))
        result = row(equation, *inputs)
    elif "number" in kinds or (kinds == set() and kind_of(equation.outvars[0].aval) == "number"):
        row = system.rows.get(name)
        if row is None:
            raise UnsupportedPrimitive(name, system.name, source_line(equation))
        result = row(equation, *inputs)
    elif name in WHOLE:
        plain = system.whole(equation, inputs)
        result = wrapped(equation, WHOLE[name](system, equation, *unsigned(equation.invars, plain)))
    elif name in CONCRETE_WHOLE:
        result = concrete(system, equation, system.whole(equation, inputs))
    else:
        raise UnsupportedPrimitive(name, system.name, source_line(equation))
    return (list(result) if isinstance(result, (list, tuple)) else [result]), depends


# Primitives whose whole numbers are places.
PLACES: Final = ("iota", "lu", "lu_pivots_to_permutation", "qr", "argmax", "argmin")


def _never_negative(
    system: System,
    equation: Any,
    inputs: list[Array],
    flags: list[bool],
    results: list[Array],
    result_flags: list[bool],
) -> list[bool]:
    """Remember places of entries, and know that none is below zero: JAX asks that of every index before it is used.

    Returns:
        Which results depend on the arguments; the answer to that question does not.
    """
    name = equation.primitive.name
    whole = [
        place
        for place, (result, flag) in enumerate(zip(results, result_flags, strict=True))
        if flag and isinstance(result, np.ndarray) and result.dtype == np.int64
    ]
    if not whole and name != "lt":
        return result_flags
    known = [
        id(each) in system.natural or (each.dtype == np.int64 and not flag and bool((each >= 0).all()))
        for each, flag in zip(inputs, flags, strict=True)
    ]
    if name == "lt" and len(known) == 2 and known[0] and not flags[1] and not inputs[1].any():
        return [False] if inputs[1].dtype == np.int64 else result_flags
    for place in whole:
        result = results[place]
        if name == "sort":
            holds = known[place]
        elif name in ("top_k", "approx_top_k"):  # the values come first
            holds = place == 1
        else:
            holds = name in PLACES or (len(known) == 1 and known[0] and name in (*STRUCTURE, "convert_element_type"))
        if holds and bool((result >= 0).all()):
            system.natural[id(result)] = result
    return result_flags


def _is_exp_of_minus_square(jaxpr: Any) -> bool:
    """Whether a call is JAX's own exp(-x²), since JAX 0.12: halves of bits and a polynomial, for the slope of erf."""
    source = str(getattr(jaxpr.debug_info, "func_src_info", ""))
    return source.startswith("exp_neg_sq at ") and f"{Path(jax.__file__).parent / '_src' / 'lax' / 'erf.py'}:" in source


def _asks_for_the_sign(jaxpr: Any) -> bool:
    """Whether a call does nothing but look at the sign bit of numbers, as ``jnp.signbit`` does."""
    names = [equation.primitive.name for equation in jaxpr.eqns]
    if names != ["bitcast_convert_type", "shift_right_arithmetic", "convert_element_type"] or len(jaxpr.invars) != 1:
        return False
    bits, moved, answer = jaxpr.eqns
    place = moved.invars[1]
    return (
        kind_of(jaxpr.invars[0].aval) == "number"
        and bits.invars[0] is jaxpr.invars[0]
        and moved.invars[0] is bits.outvars[0]
        and answer.invars[0] is moved.outvars[0]
        and jaxpr.outvars[0] is answer.outvars[0]
        and kind_of(answer.outvars[0].aval) == "truth"
        and isinstance(place, jex.Literal)
        and int(place.val) == 8 * np.dtype(jaxpr.invars[0].aval.dtype).itemsize - 1
    )


# Primitives on whole numbers, bits and random keys, which JAX itself is asked about.
CONCRETE: Final = (
    *("random_bits", "random_fold_in", "random_seed", "random_split", "random_unwrap", "random_wrap", "random_clone"),
    *("threefry2x32", "bitcast_convert_type", "lu_pivots_to_permutation", "rng_bit_generator"),
)
# The same, where no operand is a number: whole numbers and decided truth values alone.
CONCRETE_WHOLE: Final = (
    *("population_count", "clz", "mulhi", "reduce_xor", "dot_general", "cumprod", "cummax", "cummin", "pow"),
    *("scatter-add", "scatter-sub", "scatter-mul", "scatter-min", "scatter-max", "top_k", "sort"),
    *("reduce_window_sum", "reduce_window_max", "reduce_window_min", "conv_general_dilated"),
)


def _is_key(aval: Any) -> bool:
    return bool(jax.dtypes.issubdtype(aval.dtype, jax.dtypes.prng_key))


def _moved_keys(system: System, equation: Any, inputs: list[Array]) -> list[Array]:
    """What moves random keys: JAX moves a number for each key, and their data follows, in its trailing axis."""
    keys = [place for place, variable in enumerate(equation.invars) if _is_key(variable.aval)]
    if len(keys) != 1:
        raise UnsupportedPrimitive(f"{equation.primitive.name} of several keys", system.name, source_line(equation))
    (place,) = keys
    shape = equation.invars[place].aval.shape
    size = int(np.prod(shape, dtype=int))
    rows = max(array.shape[0] for array in inputs)
    results: list[list[Array]] = []
    for row in range(rows):
        given = [each[min(row, len(each) - 1)] for each in inputs]
        data = given[place].reshape(size, given[place].shape[-1])
        operands = [
            jax.numpy.arange(size).reshape(shape)
            if number == place
            else jax.numpy.asarray(each.astype(variable.aval.dtype))
            for number, (variable, each) in enumerate(zip(equation.invars, given, strict=True))
        ]
        returned = equation.primitive.bind(*operands, **equation.params)
        several = returned if equation.primitive.multiple_results else [returned]
        results.append([data[np.asarray(each)] for each in several])
    return [np.stack(each) for each in zip(*results, strict=True)]


def concrete(system: System, equation: Any, inputs: list[Array]) -> list[Array]:
    """Let JAX compute what has no real numbers in it. A random key is held as its data, in a trailing axis."""
    kinds = ["key" if _is_key(variable.aval) else kind_of(variable.aval) for variable in equation.invars]
    if "number" in kinds and equation.primitive.name == "bitcast_convert_type":
        inputs, kinds = [system.bits(equation, inputs[0])], ["bits"]
    if "number" in kinds or "complex" in kinds:
        raise UnsupportedPrimitive(f"{equation.primitive.name} of numbers", system.name, source_line(equation))
    for kind, array in zip(kinds, inputs, strict=True):
        if kind == "truth":
            system.branch(equation, array, 2)
            system.mark("lost", array == UNDECIDED)
    found: list[list[Array]] = []
    for row in range(max((array.shape[0] for array in inputs), default=1)):
        operands: list[Any] = []
        for variable, array, kind in zip(equation.invars, inputs, kinds, strict=True):
            value = array[min(row, array.shape[0] - 1)]
            if kind == "bits":
                dtype = np.dtype(variable.aval.dtype)
                plain = value.astype(f"u{dtype.itemsize}").view(dtype)
                operands.append(jax.numpy.asarray(plain))
            elif kind == "key":
                data = jax.numpy.asarray(value.astype(np.uint32))
                operands.append(jax.random.wrap_key_data(data, impl=variable.aval.dtype._impl.name))
            else:
                operands.append(jax.numpy.asarray(value.astype(variable.aval.dtype)))
        returned = equation.primitive.bind(*operands, **equation.params)
        found.append(returned if equation.primitive.multiple_results else [returned])
    results: list[Array] = []
    for variable, values in zip(equation.outvars, zip(*found, strict=True), strict=True):
        if _is_key(variable.aval):
            results.append(np.stack([np.asarray(jax.random.key_data(each)).astype(np.int64) for each in values]))
            continue
        stacked = np.stack([np.asarray(each) for each in values])
        if kind_of(variable.aval) == "number":
            results.append(system.lift(stacked.astype(np.float64)))
        else:
            results.append(stacked.astype(np.int8 if kind_of(variable.aval) == "truth" else np.int64))
    return results


def unsigned(variables: Sequence[Any], arrays: Sequence[Array]) -> list[Array]:
    """Arrays with those of uint64, which are kept in int64 bit by bit, as the numbers that they are."""
    return [
        array.astype(np.uint64) if array.dtype == np.int64 and variable.aval.dtype == np.uint64 else array
        for variable, array in zip(variables, arrays, strict=True)
    ]


def wrapped(equation: Any, result: Any) -> Any:
    """Whole numbers wrap around at the width of their type, and are kept in int64."""
    results = [
        array.astype(variable.aval.dtype).astype(np.int64)
        if array.dtype in (np.int64, np.uint64) and np.issubdtype(variable.aval.dtype, np.integer)
        else array
        for variable, array in zip(equation.outvars, result if isinstance(result, list) else [result], strict=True)
    ]
    return results if isinstance(result, list) else results[0]


# ---------------------------------------------------------------------------------------------------------------
# Shape: one row per primitive that moves entries and computes nothing.


def align(*arrays: Array) -> list[Array]:
    """Give all arrays the same rank: a scalar operand meets the trailing axes, not the points."""
    rank = max(array.ndim for array in arrays)
    return [
        array if array.ndim == rank else array.reshape(array.shape[0], *[1] * (rank - array.ndim), *array.shape[1:])
        for array in arrays
    ]


def thin(*arrays: Array) -> tuple[tuple[int, ...], list[Array]]:
    """Common shape, and the arrays cut to one entry along axes on which none of them varies.

    A broadcast array repeats entries with stride 0; computing once per distinct entry is what makes Jacobians cheap.
    """
    aligned = align(*arrays)
    if all(array.shape == aligned[0].shape and array.flags.c_contiguous for array in aligned):
        return aligned[0].shape, aligned
    shape = np.broadcast_shapes(*(array.shape for array in aligned))
    cut = tuple(
        slice(None) if any(array.shape[axis] > 1 and array.strides[axis] != 0 for array in aligned) else slice(0, 1)
        for axis in range(len(shape))
    )
    return shape, [array[cut] for array in aligned]


def spread(result: Array, shape: tuple[int, ...]) -> Array:
    """Undo `thin`: repeat, without copying, to the full shape."""
    return result if result.shape == shape else np.broadcast_to(result, shape)


def running(equation: Any, array: Array, combine: Callable[[Array, Array], Array]) -> Array:
    """Combine the entries along an axis from one end on, and keep every step."""
    axis = 1 + equation.params["axis"]
    entries = np.moveaxis(array, axis, 0)
    if not len(entries):
        return array
    entries = entries[::-1] if equation.params["reverse"] else entries
    steps = [entries[0]]
    for entry in entries[1:]:
        steps.append(combine(steps[-1], entry))
    return np.moveaxis(np.stack(steps[::-1] if equation.params["reverse"] else steps), 0, axis)


def _reshape(system: System, equation: Any, array: Array, *sizes: Array) -> Array:
    shape = equation.outvars[0].aval.shape
    if equation.params.get("dimensions") is not None:
        array = array.transpose(0, *(1 + axis for axis in equation.params["dimensions"]))
    return array.reshape(array.shape[0], *shape)


def _resize(system: System, equation: Any, array: Array) -> Array:
    return array.reshape(array.shape[0], *equation.outvars[0].aval.shape)


def _empty(system: System, equation: Any) -> Array:
    """Memory that JAX leaves uninitialised: what a branch that was not taken would have returned."""
    aval = equation.outvars[0].aval
    kind = kind_of(aval)
    if kind in ("number", "complex"):
        return (system.undefined if kind == "number" else system.undefined_complex)((1, *aval.shape))
    return np.zeros((1, *aval.shape), dtype=np.int64 if kind == "whole" else np.int8)


def _broadcast(system: System, equation: Any, array: Array, *sizes: Array) -> Array:
    shape, axes = equation.params["shape"], equation.params["broadcast_dimensions"]
    inner = [1] * len(shape)
    for axis, target in enumerate(axes):
        inner[target] = array.shape[1 + axis]
    return np.broadcast_to(array.reshape(array.shape[0], *inner), (array.shape[0], *shape))


def _iota(system: System, equation: Any, *sizes: Array) -> Array:
    shape, axis = equation.params["shape"], equation.params["dimension"]
    counts = np.arange(shape[axis]).reshape([-1 if each == axis else 1 for each in range(len(shape))])
    array = np.broadcast_to(counts, shape)[None]
    return _lifted(system, equation.outvars[0].aval, array)


def _lifted(system: System, aval: Any, values: Array) -> Array:
    """Whole numbers as entries of the kind that a value has."""
    kind = kind_of(aval)
    if kind == "complex":
        return system.lift_complex(values.astype(np.complex128))
    return system.lift(values.astype(np.float64)) if kind == "number" else values.astype(np.int64)


def _common(arrays: Sequence[Array]) -> list[Array]:
    points = max(array.shape[0] for array in arrays)
    return [np.broadcast_to(array, (points, *array.shape[1:])) for array in arrays]


def _pad(system: System, equation: Any, array: Array, value: Array) -> Array:
    if all(low >= 0 and high >= 0 and inner == 0 for low, high, inner in equation.params["padding_config"]):
        array, value = _common([array, value])
        shape = (array.shape[0], *equation.outvars[0].aval.shape)
        padded = np.empty(shape, dtype=array.dtype)
        padded[...] = value.reshape(value.shape[0], *[1] * (len(shape) - 1))
        corner = tuple(
            slice(low, low + extent)
            for (low, _, _), extent in zip(equation.params["padding_config"], array.shape[1:], strict=True)
        )
        padded[(slice(None), *corner)] = array
        return padded
    return _by_labels(system, equation, array, value)


def _slice(system: System, equation: Any, array: Array) -> Array:
    starts, limits = equation.params["start_indices"], equation.params["limit_indices"]
    strides = equation.params["strides"] or [1] * len(starts)
    return array[(slice(None), *(slice(a, b, c) for a, b, c in zip(starts, limits, strides, strict=True)))]


def _split(system: System, equation: Any, array: Array) -> list[Array]:
    ends = np.cumsum(equation.params["sizes"])[:-1]
    return np.split(array, [int(end) for end in ends], axis=1 + equation.params["axis"])


def _by_labels(system: System, equation: Any, *arrays: Array) -> Any:
    """Let JAX itself move the entries: run the primitive on a label per entry, then look the labels up.

    Whole-number operands that steer the movement (indices, starts) are passed as they are.
    """
    moved_kind = kind_of(equation.outvars[0].aval)
    steering = _steering(equation)
    rows = max(array.shape[0] for array in arrays)
    data = [array for place, array in enumerate(arrays) if place not in steering]
    varying = any(arrays[place].shape[0] > 1 for place in steering)
    flat = np.concatenate(
        [
            np.broadcast_to(array.reshape(array.shape[0], -1), (rows, int(np.prod(array.shape[1:], dtype=int))))
            for array in data
        ],
        axis=1,
    )
    missing = flat.shape[1]
    table: dict[bytes, Array] = {}
    # A label that is not there stands for what JAX fills in: the value it was given, or nothing.
    params = dict(equation.params)
    filling = params.get("fill_value")
    if "fill_value" in params:
        params["fill_value"] = -1

    def labels(row: int) -> Array:
        steers = {place: arrays[place][min(row, arrays[place].shape[0] - 1)] for place in steering}
        key = b"".join(steers[place].tobytes() for place in sorted(steers))
        if key not in table:
            operands: list[Any] = []
            start = 0
            for place, array in enumerate(arrays):
                if place in steering:
                    operands.append(np.asarray(steers[place], dtype=equation.invars[place].aval.dtype))
                else:
                    size = int(np.prod(array.shape[1:], dtype=int))
                    operands.append(np.arange(start, start + size, dtype=np.int32).reshape(array.shape[1:]))
                    start += size
            result = np.asarray(equation.primitive.bind(*map(jax.numpy.asarray, operands), **params))
            table[key] = np.where((result < 0) | (result >= missing), missing, result)
        return table[key]

    if moved_kind in ("number", "complex"):
        lift = system.lift if moved_kind == "number" else system.lift_complex
        nothing = system.undefined if moved_kind == "number" else system.undefined_complex
        filled = nothing((rows, 1)) if filling is None else lift(np.full((rows, 1), filling))
    elif flat.dtype.names is not None:
        filled = system.lift(np.full((rows, 1), 0 if filling is None else filling, dtype=np.float64))
    else:
        # The largest number of 64 bits without a sign, which JAX fills with, is kept as one with a sign.
        filled = np.full((rows, 1), 0 if filling is None else np.array(filling).astype(flat.dtype), dtype=flat.dtype)
    flat = np.concatenate([flat, filled], axis=1)
    if not varying:
        return flat[:, labels(0)]
    return np.stack([flat[row][labels(row)] for row in range(rows)])


def _steering(equation: Any) -> set[int]:
    """Places of the operands that steer movement instead of being moved."""
    name = equation.primitive.name
    if name == "gather":
        return {1}
    if name == "scatter":
        return {1}
    if name == "dynamic_slice":
        return set(range(1, len(equation.invars)))
    if name == "dynamic_update_slice":
        return set(range(2, len(equation.invars)))
    return set()


STRUCTURE: Final[dict[str, Callable[..., Any]]] = {
    "reshape": _reshape,
    "broadcast_in_dim": _broadcast,
    "transpose": lambda system, equation, array: array.transpose(0, *(1 + a for a in equation.params["permutation"])),
    "squeeze": _resize,
    "expand_dims": _resize,
    "empty": _empty,
    "empty2": _empty,
    "slice": _slice,
    "split": _split,
    "concatenate": lambda system, equation, *arrays: np.concatenate(
        _common(arrays), axis=1 + equation.params["dimension"]
    ),
    "stack": lambda system, equation, *arrays: np.stack(_common(arrays), axis=1 + equation.params.get("axis", 0)),
    "unstack": lambda system, equation, array: [
        array.take(place, axis=1 + equation.params.get("axis", 0)) for place in range(len(equation.outvars))
    ],
    "rev": lambda system, equation, array: np.flip(array, axis=[1 + axis for axis in equation.params["dimensions"]]),
    "pad": _pad,
    "tile": lambda system, equation, array: np.tile(array, (1, *equation.params["reps"])),
    "iota": _iota,
    "copy": lambda system, equation, array: array,
    "copy_p": lambda system, equation, array: array,
    "name": lambda system, equation, array: array,
    "sharding_constraint": lambda system, equation, array: array,
    "stop_gradient": lambda system, equation, array: array,
    "optimization_barrier": lambda system, equation, *arrays: list(arrays),
    "device_put": lambda system, equation, *arrays: list(arrays),
    "gather": _by_labels,
    "scatter": _by_labels,
    "dynamic_slice": _by_labels,
    "dynamic_update_slice": _by_labels,
}


def scatter_targets(equation: Any, indices: Array) -> Array:
    """Where each update of a ``scatter-add`` lands: index into the flattened operand, -1 where it is dropped.

    Args:
        equation: the scatter.
        indices: whole numbers of shape (rows, *shape of the indices), one choice of places a row.

    Returns:
        Whole numbers of shape (rows, number of updates).
    """
    operand, _, updates = (variable.aval for variable in equation.invars)
    size = int(np.prod(operand.shape, dtype=int))
    kept = ("dimension_numbers", "indices_are_sorted", "unique_indices", "mode")
    given = {name: equation.params[name] for name in kept}
    labels = jax.numpy.arange(1, size + 1, dtype=np.float64).reshape(operand.shape)

    def read(integer: Any) -> Any:
        def add(values: Any) -> Any:
            zeros = jax.numpy.zeros(operand.shape, dtype=np.float64)
            return jax.lax.scatter_add(zeros, integer, values, **given)

        # The transpose of adding to a place is reading from it: reading labels tells each update its place.
        _, pull = jax.vjp(add, jax.numpy.zeros(updates.shape, dtype=np.float64))
        return pull(labels)[0]

    # All rows at once, each choice of places once: a call of JAX takes longer than all the rest.
    integer = np.asarray(indices, dtype=equation.invars[1].aval.dtype)
    distinct, which = np.unique(integer, axis=0, return_inverse=True)
    found = np.asarray(jax.vmap(read)(jax.numpy.asarray(distinct))).astype(np.int64) - 1
    return found.reshape(len(distinct), int(np.prod(updates.shape, dtype=int)))[which.reshape(-1)]


# ---------------------------------------------------------------------------------------------------------------
# Control: loops are unrolled, a choice is made per point.


def _take(arrays: Sequence[Array], rows: Array, points: int) -> list[Array]:
    return [array[rows] if array.shape[0] == points and points > 1 else array for array in arrays]


@contextmanager
def _only(system: System, rows: Array) -> Generator[None]:
    members = system.members
    system.members = members[rows]
    try:
        yield
    finally:
        system.members = members


def _merge(system: System, pieces: list[tuple[Array, list[Array]]], points: int) -> list[Array]:
    merged: list[Array] = []
    for outputs in map(system.alike, zip(*(piece for _, piece in pieces), strict=True)):
        target = np.empty((points, *outputs[0].shape[1:]), dtype=outputs[0].dtype)
        for (rows, _), output in zip(pieces, outputs, strict=True):
            target[rows] = output
        merged.append(target)
    return merged


def _cond(system: System, equation: Any, inputs: list[Array], flags: list[bool]) -> tuple[list[Array], list[bool]]:
    which, operands = inputs[0], inputs[1:]
    branches = equation.params["branches"]
    system.depends = flags[0]
    forked = system.forks and which.dtype.names is not None
    if not forked:
        which = np.clip(which, 0, len(branches) - 1)
    system.branch(equation, which, len(branches))
    points = len(system.members)
    path = system.path

    def run(outcome: int, given: list[Array]) -> tuple[list[Array], list[bool]]:
        system.path = f"{path}:{outcome}"
        inner = branches[outcome]
        constants = [_constant(system, value) for value in inner.consts]
        return _run(system, inner.jaxpr, constants, given, [False] * len(constants), flags[1:])

    outcomes = list(range(len(branches))) if forked else sorted(set(which.ravel().tolist()))
    if forked:
        every = [run(outcome, operands) for outcome in outcomes]
        open_ = np.full((1,), UNDECIDED, dtype=np.int8)
        found = zip(*(unsigned(equation.outvars, each) for each, _ in every), strict=True)
        outputs = [system.merge(open_, each) for each in found]
        depends = [any(live) for live in zip(*(each for _, each in every), strict=True)]
    elif len(outcomes) == 1:
        outputs, depends = run(outcomes[0], operands)
    else:
        pieces: list[tuple[Array, list[Array]]] = []
        depends = [False] * len(equation.outvars)
        for outcome in outcomes:
            rows = np.flatnonzero(which == outcome)
            with _only(system, rows):
                found, live = run(outcome, _take(operands, rows, points))
            depends = [a or b for a, b in zip(depends, live, strict=True)]
            pieces.append((rows, found))
        outputs = _merge(system, pieces, points)
    system.path = path
    return outputs, [flag or flags[0] for flag in depends]


def _scan_counts(params: Any) -> tuple[int, int]:
    """How many operands of a scan are constants and how many are carried; JAX 0.12 keeps them as trees."""
    if "num_consts" in params:
        return params["num_consts"], params["num_carry"]
    constants, carried, _ = params["ft_in"].unpack()
    return len(list(constants.vals)), len(list(carried.vals))


def _scan(system: System, equation: Any, inputs: list[Array], flags: list[bool]) -> tuple[list[Array], list[bool]]:
    params = equation.params
    closed, length = params["jaxpr"], params["length"]
    fixed, carried = _scan_counts(params)
    if length > MAX_ITERATIONS:
        raise UnsupportedPrimitive(f"scan of {length} steps", system.name, source_line(equation))
    constants = [_constant(system, value) for value in closed.consts]
    carry = inputs[fixed : fixed + carried]
    stacked = inputs[fixed + carried :]
    live = [any(flags)] * len(closed.jaxpr.invars)
    collected: list[list[Array]] = []
    steps = range(length)[::-1] if params["reverse"] else range(length)
    path, together, system.together = system.path, system.together, True
    for step in steps:
        given = [*inputs[:fixed], *carry, *(array[:, step] for array in stacked)]
        system.path = path
        outputs, _ = _run(system, closed.jaxpr, constants, given, [False] * len(constants), live)
        carry = outputs[:carried]
        collected.append(outputs[carried:])
    if params["reverse"]:
        collected.reverse()
    system.path, system.together = path, together
    gathered = [np.stack(_common(each), axis=1) for each in zip(*collected, strict=True)]
    if not collected:
        gathered = []
        for variable in equation.outvars[carried:]:
            gathered.append(_lifted(system, variable.aval, np.zeros((1, *variable.aval.shape))))
    return [*carry, *gathered], [any(flags)] * len(equation.outvars)


def _while(system: System, equation: Any, inputs: list[Array], flags: list[bool]) -> tuple[list[Array], list[bool]]:
    params = equation.params
    test, body = params["cond_jaxpr"], params["body_jaxpr"]
    first, second = params["cond_nconsts"], params["body_nconsts"]
    test_fixed, body_fixed, carry = inputs[:first], inputs[first : first + second], inputs[first + second :]
    points = len(system.members)
    carry = [np.broadcast_to(array, (points, *array.shape[1:])).copy() for array in carry]
    active = np.arange(points)
    live = any(flags)
    path = system.path

    def run(part: str, closed: Any, given: list[Array], rows: Array) -> list[Array]:
        constants = [_constant(system, value) for value in closed.consts]
        system.path = path + part
        with _only(system, rows):
            outputs, _ = _run(system, closed.jaxpr, constants, given, [False] * len(constants), [live] * len(given))
        return outputs

    for _ in range(MAX_ITERATIONS):
        state = [array[active] for array in carry]
        (again,) = run(":test", test, [*_take(test_fixed, active, points), *state], active)
        # A loop that JAX has batched tests every entry, and turns for those that want another turn.
        again = np.broadcast_to(again, (len(active), *again.shape[1:]))
        with _only(system, active):
            system.mark("lost", again == UNDECIDED)
            system.path, system.depends = path, live
            system.branch(equation, again, 2)
        turning = (again == YES).reshape(len(active), -1).any(axis=1)
        active, wanted = active[turning], again[turning] == YES
        if not len(active):
            system.path = path
            return carry, [live] * len(carry)
        state = [array[active] for array in carry]
        outputs = run(":body", body, [*_take(body_fixed, active, points), *state], active)
        for array, output, old in zip(carry, outputs, state, strict=True):
            array[active] = np.where(wanted.reshape(*wanted.shape, *[1] * (old.ndim - wanted.ndim)), output, old)
    raise UnsupportedPrimitive(f"while of more than {MAX_ITERATIONS} steps", system.name, source_line(equation))


def _linear_solve(
    system: System, equation: Any, inputs: list[Array], flags: list[bool]
) -> tuple[list[Array], list[bool]]:
    """A linear system is what its own solver makes of it."""
    counts, inner = equation.params["const_lengths"], equation.params["jaxprs"].solve
    start = counts.matvec + counts.vecmat
    end = sum(counts)
    given = [*range(start, start + counts.solve), *range(end, len(inputs))]
    constants = [_constant(system, value) for value in inner.consts]
    path = system.path
    outputs, depends = _run(
        system,
        inner.jaxpr,
        constants,
        [inputs[each] for each in given],
        [False] * len(constants),
        [flags[each] for each in given],
    )
    system.path = path
    return outputs, depends


# ---------------------------------------------------------------------------------------------------------------
# Windows: an index of the entries that each window holds, -1 for padding.


def axis_windows(size: int, count: int, window: int, stride: int, low: int, dilation: int, base: int) -> Array:
    """Entries of one axis in each of ``count`` windows."""
    where = np.arange(count)[:, None] * stride + np.arange(window)[None] * dilation - low
    held = (where >= 0) & (where <= (size - 1) * base) & (where % base == 0)
    return np.where(held, where // base, -1)


def windows(sizes: Sequence[int], per_axis: Sequence[Array]) -> Array:
    """Flat entries of all axes: one row per window."""
    rank = len(sizes)
    flat = np.zeros((1,) * (2 * rank), dtype=np.int64)
    held = np.ones((1,) * (2 * rank), dtype=bool)
    for axis, (size, index) in enumerate(zip(sizes, per_axis, strict=True)):
        shape = [1] * (2 * rank)
        shape[axis], shape[rank + axis] = index.shape
        shaped = index.reshape(shape)
        flat = flat * size + np.maximum(shaped, 0)
        held = held & (shaped >= 0)
    joined = np.where(held, flat, -1)
    return joined.reshape(math.prod(joined.shape[:rank]), math.prod(joined.shape[rank:]))


def windows_of(params: Mapping[str, Any], sizes: Sequence[int], counts: Sequence[int]) -> Array:
    """The windows that an equation's parameters speak of, over an array of these sizes."""
    rank = len(sizes)
    base = params.get("base_dilation") or (1,) * rank
    dilation = params.get("window_dilation") or (1,) * rank
    each = zip(
        *(sizes, counts, params["window_dimensions"], params["window_strides"]),
        *([low for low, _ in params["padding"]], dilation, base),
        strict=True,
    )
    return windows(sizes, [axis_windows(*given) for given in each])


# ---------------------------------------------------------------------------------------------------------------
# Reductions by a function of the user's.


def _inner(program: Any, constants: Any) -> tuple[Any, list[Any]]:
    """A jaxpr and its constants, however this version of JAX keeps them."""
    return getattr(program, "jaxpr", program), [*getattr(program, "consts", ()), *constants]


def _fold(
    system: System,
    equation: Any,
    program: tuple[Any, list[Any]],
    entries: Sequence[Array],
    starts: Sequence[Array],
    held: Array,
    live: bool,
) -> list[Array]:
    """Combine the entries of each cell, one after the other: JAX asks for a function whose order does not matter.

    Args:
        system: the number system.
        equation: what is read.
        program: the function's jaxpr, and its constants.
        entries: per operand, points (or 1) by cells by entries.
        starts: per operand, where each cell starts: points (or 1).
        held: cells by entries, which are there.
        live: whether anything depends on the arguments.

    Returns:
        Per operand, points by cells. In the rounded reading nothing is claimed of them but of minima and maxima:
        floats may be put together in any order.
    """
    jaxpr, held_constants = program
    points, (cells, length) = len(system.members), held.shape
    rows = np.repeat(np.arange(points), cells)
    flat = [np.broadcast_to(each, (points, cells, length)).reshape(points * cells, length) for each in entries]
    carry = [np.broadcast_to(array, (points,))[rows].copy() for array in starts]
    constants = [_constant(system, value) for value in held_constants]
    flags = [live] * (2 * len(flat))
    mask = np.tile(held, (points, 1))
    path = system.path
    for place in range(length):
        at = np.flatnonzero(mask[:, place])
        if not len(at):
            continue
        given = [*(each[at] for each in carry), *(each[at, place] for each in flat)]
        with _only(system, rows[at]):
            system.path = path
            found, _ = _run(system, jaxpr, constants, given, [False] * len(constants), flags)
        for number, pair in enumerate(zip(carry, found, strict=True)):
            carry[number], new = system.alike(pair)
            carry[number][at] = np.broadcast_to(new, (len(at),))
    system.path = path
    results = [each.reshape(points, cells) for each in carry]
    orderly = all(each.primitive.name in ("min", "max", "and", "or") for each in jaxpr.eqns)
    if system.name == "rounded" and not orderly:
        for place, variable in enumerate(equation.outvars):
            if kind_of(variable.aval) in ("number", "complex"):
                results[place] = system.undefined(results[place].shape)
            else:
                system.mark("lost", np.ones((points, 1), dtype=bool))
    return results


def _reduce(system: System, equation: Any, inputs: list[Array], flags: list[bool]) -> tuple[list[Array], list[bool]]:
    """A reduction over axes by a function of the user's."""
    count, axes = len(inputs) // 2, equation.params["dimensions"]
    kept = tuple(equation.outvars[0].aval.shape)
    cells = int(np.prod(kept, dtype=int))
    entries: list[Array] = []
    for array in inputs[:count]:
        left = [axis for axis in range(1, array.ndim) if axis - 1 not in axes]
        moved = array.transpose(0, *left, *(1 + axis for axis in axes))
        entries.append(moved.reshape(array.shape[0], cells, -1 if cells else 0))
    held = np.ones(entries[0].shape[1:], dtype=bool)
    program = _inner(equation.params["jaxpr"], equation.params.get("consts", ()))
    found = _fold(system, equation, program, entries, inputs[count:], held, any(flags))
    return [each.reshape(-1, *kept) for each in found], [any(flags)] * count


def _reduce_window(
    system: System, equation: Any, inputs: list[Array], flags: list[bool]
) -> tuple[list[Array], list[bool]]:
    """A reduction over windows by a function of the user's; padding holds the values that it starts with.

    XLA may start with them as often as it likes, so that two of them must combine to one: then padding may be left out.
    """
    count, shape = len(inputs) // 2, tuple(equation.outvars[0].aval.shape)
    index = windows_of(equation.params, inputs[0].shape[1:], shape)
    program = _inner(equation.params["jaxpr"], equation.params.get("consts", ()))
    if not _changes_nothing(program, equation.invars[count:], inputs[count:]):
        what = "reduce_window from a value that may change the result, as often as the compiler takes it,"
        raise UnsupportedPrimitive(what, system.name, source_line(equation))
    entries: list[Array] = []
    for array, start in zip(inputs[:count], inputs[count:], strict=True):
        flat, last = _common(system.alike([array.reshape(array.shape[0], -1), start.reshape(-1, 1)]))
        entries.append(np.concatenate([flat, last], axis=1)[:, index])
    found = _fold(system, equation, program, entries, inputs[count:], index >= 0, any(flags))
    return [each.reshape(-1, *shape) for each in found], [any(flags)] * count


def _changes_nothing(program: tuple[Any, list[Any]], variables: Sequence[Any], starts: Sequence[Array]) -> bool:
    """Whether the values that a reduction starts with are known, and two of each combine to one."""
    values: list[Any] = []
    for variable, start in zip(variables, starts, strict=True):
        if isinstance(variable, jex.Literal):
            values.append(np.asarray(variable.val, dtype=variable.aval.dtype))
            continue
        known: Any = start.ravel()[0] if start.size == 1 else None
        if not (isinstance(known, (int, np.integer)) or (hasattr(known, "is_exact") and known.is_exact())):
            return False
        values.append(np.asarray(float(known), dtype=variable.aval.dtype))
    combined = jex.jaxpr_as_fun(jex.ClosedJaxpr(*program))(*values, *values)
    return all(bool(np.asarray(a) == b) for a, b in zip(combined, values, strict=True))


def _select_and_scatter(
    system: System, equation: Any, inputs: list[Array], flags: list[bool]
) -> tuple[list[Array], list[bool]]:
    """Each window's entry of the source goes where the window's chosen entry stands, by two functions of the user's."""
    operand, source, start = inputs
    params, points = equation.params, len(system.members)
    sizes, counts = operand.shape[1:], source.shape[1:]
    index = windows_of(params, sizes, counts)
    select = _inner(params["select_jaxpr"], params["select_consts"])
    size, cells = int(np.prod(sizes, dtype=int)), len(index)
    flat = np.broadcast_to(operand.reshape(operand.shape[0], -1), (points, size))
    rows = np.repeat(np.arange(points), cells)
    places = np.tile(index, (points, 1))
    best = np.full(points * cells, -1, dtype=np.int64)
    constants = [_constant(system, value) for value in select[1]]
    path = system.path
    for place in range(index.shape[1]):
        candidate = places[:, place]
        best = np.where(best < 0, candidate, best)
        at = np.flatnonzero((candidate >= 0) & (candidate != best))
        if not len(at):
            continue
        given = [flat[rows[at], best[at]], flat[rows[at], candidate[at]]]
        with _only(system, rows[at]):
            system.path = path
            (keep,), _ = _run(system, select[0], constants, given, [False] * len(constants), [any(flags)] * 2)
            keep = np.broadcast_to(keep, (len(at),))
            system.mark("lost", keep == UNDECIDED)
        best[at[keep == NO]] = candidate[at[keep == NO]]
    system.path = path
    chosen = best.reshape(points, cells)
    # One column a window: what it adds to an entry is there only where that entry was chosen.
    entries = np.broadcast_to(source.reshape(source.shape[0], 1, cells), (points, size, cells))
    scatter = _inner(params["scatter_jaxpr"], params["scatter_consts"])
    results: list[Array] = []
    for row in range(points):
        held = chosen[row][None] == np.arange(size)[:, None]
        with _only(system, np.array([row])):
            own = start.reshape(-1)[[min(row, len(start) - 1)]]
            (found,) = _fold(system, equation, scatter, [entries[row : row + 1]], [own], held, any(flags))
        results.append(found[0])
    return [np.stack(system.alike(results)).reshape(points, *sizes)], [any(flags)]


def _horner(x: Any, *coefficients: Any) -> Any:
    total = coefficients[-1]
    for each in coefficients[-2::-1]:
        total = total * x + each
    return jax.numpy.broadcast_to(total, jax.numpy.broadcast_shapes(*(each.shape for each in (x, *coefficients))))


def _expanded(equation: Any) -> Callable[..., Any]:
    made = equation.params["_prim"]
    return lambda *flat: made.expand(*jax.tree.unflatten(made.in_tree, flat))


def _over_batches(function: Callable[..., Any], ranks: Sequence[int]) -> Callable[..., Any]:
    """A function of arrays of some ranks over the axes that stand before those."""

    def over(*arrays: Any) -> Any:
        inner = function
        for _ in range(arrays[0].ndim - ranks[0]):
            inner = jax.vmap(inner)
        return inner(*arrays)

    return over


def _symmetric_product(equation: Any) -> Callable[..., Any]:
    alpha, beta = equation.params["alpha"], equation.params["beta"]
    return lambda a, c: alpha * (a @ jax.numpy.swapaxes(a, -1, -2)) + beta * c


def _cholesky_update(equation: Any) -> Callable[..., Any]:
    """R with RᵀR + w wᵀ, by Givens rotations, row by row; where nothing is to be rotated, nothing is."""

    def update(r: Any, w: Any) -> Any:
        for k in range(w.shape[0]):
            x, y = r[k, k], w[k]
            still = y == 0
            norm = jax.numpy.sqrt(x * x + jax.numpy.where(still, 1, y * y))
            c, s = jax.numpy.where(still, 1, x / norm), jax.numpy.where(still, 0, -y / norm)
            row = c * r[k] - s * w
            w = c * w + s * r[k]
            r = r.at[k].set(row)
        return r

    return _over_batches(update, (2, 1))


def _ragged_dot(equation: Any) -> Callable[..., Any]:
    """Products of groups of rows, each with a matrix of its own: what is of another group is zero in the sum."""
    params = equation.params
    numbers = params["ragged_dot_dimension_numbers"]
    if params.get("group_offset") is not None:
        raise NotImplementedError("groups with an offset")
    (l_contract, r_contract), (l_batch, r_batch) = numbers.dot_dimension_numbers
    (ragged,) = numbers.lhs_ragged_dimensions
    kept = {"precision": params["precision"], "preferred_element_type": params["preferred_element_type"]}

    def before(rank: int, axis: int, batch: Sequence[int], contract: Sequence[int]) -> list[int]:
        """The axes by which groups may have sizes of their own."""
        free = [each for each in range(rank) if each not in (*batch, *contract)]
        mine = list(contract) if axis in contract else free
        return [*batch, *mine[: mine.index(axis)]]

    def split(x: Any, sizes: Any, axis: int, prefix: Sequence[int]) -> Any:
        """The array once for each group, zero outside of it; the groups run along a new first axis."""
        if sizes.ndim == 1:
            sizes = jax.numpy.broadcast_to(sizes, (*(x.shape[each] for each in prefix), sizes.shape[0]))
        ends = jax.numpy.moveaxis(jax.numpy.cumsum(sizes, axis=-1), -1, 0)
        starts = ends - jax.numpy.moveaxis(sizes, -1, 0)
        order = sorted(range(len(prefix)), key=lambda place: prefix[place])
        shape = [1] * x.ndim
        for place in prefix:
            shape[place] = x.shape[place]
        place_of = jax.lax.broadcasted_iota(sizes.dtype, x.shape, axis)[None]
        inside = True
        for bound, below in ((starts, False), (ends, True)):
            sorted_bound = bound.transpose(0, *(1 + place for place in order)).reshape(bound.shape[0], *shape)
            inside = inside & ((place_of < sorted_bound) if below else (place_of >= sorted_bound))
        return jax.numpy.where(inside, x[None], jax.numpy.zeros((), x.dtype))

    def up(axes: Sequence[int]) -> list[int]:
        return [1 + axis for axis in axes]

    def product(x: Any, y: Any, sizes: Any) -> Any:
        if ragged in l_batch:
            return jax.lax.dot_general(x, y, numbers.dot_dimension_numbers, **kept)
        left = split(x, sizes, ragged, before(x.ndim, ragged, l_batch, l_contract))
        if ragged in l_contract:
            other = r_contract[list(l_contract).index(ragged)]
            right = split(y, sizes, other, before(y.ndim, other, r_batch, r_contract))
            axes = (up(l_contract), up(r_contract)), ([0, *up(l_batch)], [0, *up(r_batch)])
            return jax.lax.dot_general(left, right, axes, **kept)
        (group,) = numbers.rhs_group_dimensions
        axes = ([*up(l_contract), 0], [*r_contract, group]), (up(l_batch), list(r_batch))
        return jax.lax.dot_general(left, y, axes, **kept)

    return product


def _itself(equation: Any) -> Callable[..., Any]:
    """The program that JAX itself runs for a primitive."""
    return functools.partial(equation.primitive.impl, **equation.params)


# Primitives that are what a program of other ones makes of their operands: from an equation to that program.
DEFINED: Final[dict[str, Callable[[Any], Callable[..., Any]]]] = {
    "call_hi_primitive": _expanded,
    "polynomial": lambda equation: _horner,
    # No primitive, but a function of JAX's whose body is an approximation.
    "exp_neg_sq": lambda equation: lambda x: jax.numpy.exp(-(x * x)),
    "log2": lambda equation: lambda x: jax.numpy.log(x) / jax.numpy.log(jax.numpy.asarray(2, x.dtype)),
    "symmetric_product": _symmetric_product,
    "cholesky_update": _cholesky_update,
    "ragged_dot_general": _ragged_dot,
    "random_gamma": _itself,
}


# The programs, by what they are made of.
_DEFINITIONS: Final[dict[Any, Any]] = {}
MOST_DEFINITIONS: Final = 256


def _definition(name: str, equation: Any) -> Any:
    avals = tuple(variable.aval for variable in equation.invars)
    # A function of JAX's that is given another body is told by its name alone: its parameters are new in every trace.
    own = equation.primitive.name == name
    key = name, avals, tuple(sorted(equation.params.items(), key=lambda item: item[0])) if own else ()
    try:
        found = _DEFINITIONS.get(key)
    except TypeError:  # parameters that have no hash
        key = found = None
    if found is None:
        program = DEFINED[name](equation)
        shapes = [jax.ShapeDtypeStruct(aval.shape, aval.dtype) for aval in avals]
        with jax.numpy_dtype_promotion("standard"), jax.numpy_rank_promotion("allow"):
            found = jax.make_jaxpr(lambda *flat: jax.tree.leaves(program(*flat)))(*shapes)
        if key is not None:
            if len(_DEFINITIONS) >= MOST_DEFINITIONS:
                del _DEFINITIONS[next(iter(_DEFINITIONS))]
            _DEFINITIONS[key] = found
    return found


def _defined(
    system: System, equation: Any, inputs: list[Array], flags: list[bool], name: str = ""
) -> tuple[list[Array], list[bool]]:
    try:
        closed = _definition(name or equation.primitive.name, equation)
    except NotImplementedError as error:
        what = f"{equation.primitive.name} ({error})"
        raise UnsupportedPrimitive(what, system.name, source_line(equation)) from error
    constants = [_constant(system, value) for value in closed.consts]
    caller, path = system.line, system.path
    system.line = source_line(equation) or caller
    outcome = _run(system, closed.jaxpr, constants, inputs, [False] * len(constants), flags)
    system.line, system.path = caller, path
    return outcome


CONTROL: Final[dict[str, Callable[..., tuple[list[Array], list[bool]]]]] = {
    "reduce": _reduce,
    "reduce_window": _reduce_window,
    "select_and_scatter": _select_and_scatter,
    "cond": _cond,
    "scan": _scan,
    "while": _while,
    "custom_linear_solve": _linear_solve,
}


# ---------------------------------------------------------------------------------------------------------------
# Whole numbers and truth values: concrete but for UNDECIDED.


def _and(a: Array, b: Array) -> Array:
    a, b = align(a, b)
    return np.where((a == NO) | (b == NO), NO, np.where((a == YES) & (b == YES), YES, UNDECIDED)).astype(np.int8)


def negate(a: Array) -> Array:
    """Three-valued not."""
    return np.where(a == UNDECIDED, UNDECIDED, 1 - a).astype(np.int8)


def _or(a: Array, b: Array) -> Array:
    return negate(_and(negate(a), negate(b)))


def _logic(operation: Callable[[Array, Array], Array], bits: Callable[[Array, Array], Array]) -> Callable[..., Array]:
    def row(system: System, equation: Any, a: Array, b: Array) -> Array:
        truth = kind_of(equation.invars[0].aval) == "truth"
        return operation(a, b) if truth else bits(*align(a, b))

    return row


def _whole(operation: Callable[..., Array]) -> Callable[..., Array]:
    def row(system: System, equation: Any, *arrays: Array) -> Array:
        return operation(*align(*arrays))

    return row


def _compare_whole(operation: Callable[..., Array]) -> Callable[..., Array]:
    def row(system: System, equation: Any, a: Array, b: Array) -> Array:
        a, b = align(a, b)
        result = operation(a, b).astype(np.int8)
        if kind_of(equation.invars[0].aval) == "truth":
            result[np.broadcast_to((a == UNDECIDED) | (b == UNDECIDED), result.shape)] = UNDECIDED
        return result

    return row


def _reduce_truth(system: System, equation: Any, array: Array, decisive: int) -> Array:
    axes = tuple(1 + axis for axis in equation.params["axes"])
    hit = (array == decisive).any(axis=axes)
    unsure = (array == UNDECIDED).any(axis=axes)
    return np.where(hit, decisive, np.where(unsure, UNDECIDED, 1 - decisive)).astype(np.int8)


def _select_whole(system: System, equation: Any, which: Array, *cases: Array) -> Array:
    system.branch(equation, which, len(cases))
    if kind_of(equation.invars[0].aval) == "truth":
        system.mark("lost", which == UNDECIDED)
    which = np.clip(which, 0, len(cases) - 1)  # whole numbers beyond the cases mean the nearest case
    aligned = align(which, *cases)
    shape = np.broadcast_shapes(*(each.shape for each in aligned))
    return np.choose(np.broadcast_to(aligned[0], shape), [np.broadcast_to(each, shape) for each in aligned[1:]])


def _convert_whole(system: System, equation: Any, array: Array) -> Array:
    source, target = kind_of(equation.invars[0].aval), kind_of(equation.outvars[0].aval)
    if source == "truth" and target != "truth":
        # A mask that becomes a factor or an index is a choice like any other.
        system.branch(equation, array, 2)
    if target == "number":
        return system.from_truth(array) if source == "truth" else system.lift(array.astype(np.float64))
    if source == "truth" and target == "whole":
        if system.depends:
            system.mark("lost", array == UNDECIDED)
        return np.maximum(array, 0).astype(np.int64)
    return (array != 0).astype(np.int8) if target == "truth" and source == "whole" else array


def _largest(operation: Callable[..., Array], truth: Callable[[Array, Array], Array]) -> Callable[..., Array]:
    """The larger or smaller of two; of truth values one of the two holds, or both do."""

    def row(system: System, equation: Any, a: Array, b: Array) -> Array:
        return truth(a, b) if kind_of(equation.invars[0].aval) == "truth" else operation(*align(a, b))

    return row


def _or_truth(operation: Callable[..., Array], decisive: int) -> Callable[..., Array]:
    """A reduction along axes; of truth values whether any holds, or all do."""

    def row(system: System, equation: Any, array: Array) -> Array:
        if kind_of(equation.invars[0].aval) == "truth":
            return _reduce_truth(system, equation, array, decisive)
        return operation(array, axis=tuple(1 + axis for axis in equation.params["axes"]))

    return row


def _place(operation: Callable[..., Array]) -> Callable[..., Array]:
    """The first place of the largest or smallest; a truth value that is open leaves it open."""

    def row(system: System, equation: Any, array: Array) -> Array:
        if kind_of(equation.invars[0].aval) == "truth":
            # The first place where a mask holds is a choice like any other.
            system.branch(equation, array, 2)
            system.mark("lost", array == UNDECIDED)
        return operation(array, axis=1 + equation.params["axes"][0])

    return row


def _clamp(system: System, equation: Any, low: Array, array: Array, high: Array) -> Array:
    if kind_of(equation.invars[0].aval) == "truth":
        return _and(_or(low, array), high)
    return np.clip(*(align(low, array, high)[place] for place in (1, 0, 2)))


def _over(operation: Callable[..., Array]) -> Callable[..., Array]:
    def row(system: System, equation: Any, array: Array) -> Array:
        return operation(array, axis=tuple(1 + axis for axis in equation.params["axes"]))

    return row


def _running_sum(system: System, equation: Any, array: Array) -> Array:
    axis = 1 + equation.params["axis"]
    turned = np.flip(array, axis) if equation.params["reverse"] else array
    sums = np.cumsum(turned, axis=axis)
    return np.flip(sums, axis) if equation.params["reverse"] else sums


def _sort_whole(system: System, equation: Any, *arrays: Array) -> list[Array]:
    if equation.params["num_keys"] != 1 or kind_of(equation.invars[0].aval) != "whole":
        raise UnsupportedPrimitive("sort by several keys or by truth values", system.name, source_line(equation))
    axis = 1 + equation.params["dimension"]
    arrays = tuple(_common(arrays))
    order = np.argsort(arrays[0], axis=axis, kind="stable")
    return [np.take_along_axis(array, order, axis=axis) for array in arrays]


def _shift_right(system: System, equation: Any, a: Array, b: Array) -> Array:
    """Bits that come in are zero: shifted as the unsigned type of the operand's width."""
    a, b = align(a, b)
    unsigned = np.dtype(f"u{np.dtype(equation.invars[0].aval.dtype).itemsize}")
    shifted = a.astype(unsigned) >> np.minimum(b, 8 * unsigned.itemsize - 1).astype(unsigned)
    return np.where(b >= 8 * unsigned.itemsize, 0, shifted.astype(np.int64))


def _shift_right_signed(system: System, equation: Any, a: Array, b: Array) -> Array:
    """Bits that come in are copies of the first one, in a type without a sign too."""
    a, b = align(a, b)
    signed = a.astype(f"i{np.dtype(equation.invars[0].aval.dtype).itemsize}").astype(np.int64)
    return signed >> np.where((b < 0) | (b > 63), 63, b).astype(np.int64)


def _truncated(a: Array, b: Array) -> Array:
    """Quotients towards zero; by zero all bits are set, as XLA sets them."""
    divisor = np.where(b == 0, np.ones_like(b), b)
    with np.errstate(over="ignore"):  # the least number by -1
        quotient = a // divisor
    quotient = quotient + ((quotient * divisor != a) & ((a < 0) != (divisor < 0)))
    return np.where(b == 0, ~np.zeros_like(quotient), quotient)


def _whole_sum(system: System, equation: Any, a: Array, b: Array) -> Array:
    return np.add(*align(a, b))


def _platform(system: System, equation: Any) -> Array:
    """Which branch a program takes on the platform it runs on; None stands for every other platform."""
    here = jax.default_backend()
    platforms = equation.params["platforms"]
    chosen = [place for place, names in enumerate(platforms) if names is None or here in names]
    return np.array([chosen[0]], dtype=np.int64)


WHOLE: Final[dict[str, Callable[..., Any]]] = {
    "platform_index": _platform,
    "and": _logic(_and, np.bitwise_and),
    "or": _logic(_or, np.bitwise_or),
    "xor": _logic(lambda a, b: _or(_and(a, negate(b)), _and(negate(a), b)), np.bitwise_xor),
    "not": lambda system, equation, a: negate(a) if kind_of(equation.invars[0].aval) == "truth" else np.invert(a),
    "add": _whole_sum,
    "add_any": _whole_sum,
    "sub": _whole(np.subtract),
    "mul": _whole(np.multiply),
    "div": _whole(_truncated),
    "rem": _whole(lambda a, b: a - _truncated(a, b) * b),
    "max": _largest(np.maximum, _or),
    "min": _largest(np.minimum, _and),
    "neg": _whole(np.negative),
    "abs": _whole(np.abs),
    "sign": _whole(np.sign),
    "integer_pow": lambda system, equation, a: a ** equation.params["y"],
    "square": _whole(np.square),
    "shift_left": _whole(np.left_shift),
    "shift_right_logical": _shift_right,
    "shift_right_arithmetic": _shift_right_signed,
    "clamp": _clamp,
    "eq": _compare_whole(np.equal),
    "ne": _compare_whole(np.not_equal),
    "lt": _compare_whole(np.less),
    "le": _compare_whole(np.less_equal),
    "gt": _compare_whole(np.greater),
    "ge": _compare_whole(np.greater_equal),
    "lt_to": _compare_whole(np.less),
    "le_to": _compare_whole(np.less_equal),
    "sort": _sort_whole,
    "reduce_and": _or_truth(np.bitwise_and.reduce, NO),
    "reduce_or": _or_truth(np.bitwise_or.reduce, YES),
    "reduce_sum": _over(np.sum),
    "reduce_max": _or_truth(np.max, YES),
    "reduce_min": _or_truth(np.min, NO),
    "reduce_prod": _over(np.prod),
    "argmax": _place(np.argmax),
    "argmin": _place(np.argmin),
    "cumsum": _running_sum,
    "select_n": _select_whole,
    "convert_element_type": _convert_whole,
}
