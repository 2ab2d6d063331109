"""The table of JAX's primitives and what each reading knows of them: `python -m verify.readings.table` prints it."""

from collections.abc import Iterator
from typing import Any, Final

import jax
from jax.extend.core import primitives as public

from verify.readings.algebra import Field, Learnt
from verify.readings.budgets import BUDGETS
from verify.readings.complexes import ROWS as COMPLEX
from verify.readings.composite import ROWS, SEVERAL
from verify.readings.exact import ELEMENTARY, Exact
from verify.readings.factorisations import ROWS as FACTORISATIONS
from verify.readings.interpreter import CALLS, CONCRETE, CONCRETE_WHOLE, CONTROL, DEFINED, STRUCTURE, WHOLE
from verify.readings.symbolic import BY_NAME, Symbolic

# Composites of which the rounded reading claims nothing.
NO_CLAIM: Final = (*FACTORISATIONS, "cumlogsumexp")
# Primitives that public functions of JAX use and that are not public themselves.
BEHIND: Final = ("geqrf", "ragged_dot_general")
# Reductions by a function of the user's.
FOLDS: Final = ("reduce", "reduce_window", "select_and_scatter")
# Not of one device, or not a function of its operands: no reading could say what they are.
ELSEWHERE: Final = {
    **dict.fromkeys(
        (
            *("all_gather", "all_to_all", "axis_index", "pbroadcast", "pmax", "pmin", "ppermute", "psum"),
            *("psum_invariant", "psum_scatter", "pvary", "ragged_all_to_all", "reduce_scatter"),
            *("all_gather_invariant", "all_gather_reduced", "unreduced_psum", "unreduced_reduce_scatter", "preduced"),
        ),
        "other devices",
    ),
    **dict.fromkeys(("after_all", "create_token", "dce_sink", "get", "swap", "addupdate", "rng_uniform"), "effect"),
    # LAPACK's QR iteration chooses the order of the diagonal, the signs of the vectors and how far blocks are split.
    "schur": "not unique",
    # A placeholder while a rule is differentiated, and a kernel's part: no program that runs has them.
    **dict.fromkeys(("custom_lin", "stage"), "not run"),
}

HEAD: Final = """# Primitives

What each reading knows of every primitive that JAX {version} makes public. *Rule*: the reading says what it
does. *Structure*: it moves entries, calls or repeats other programs, or is concrete, such as random bits;
once for all readings. *Whole*: on whole numbers and truth values alone. *Atom*: a value without a form of its
own, equal to itself. *Complex*: of complex numbers alone. *No claim*: floats are not judged behind it. *None*: a
program with it is refused, with its name and line; *other devices*, *effect*, *not unique* and *not run* say why: it
needs several devices, it is no function of its operands, its definition leaves a choice open that nothing but a
library's iteration makes, or no program that JAX runs contains it. *Min, max*: floats are judged behind reductions by
those alone. A primitive of your own gets rules by `verify.register_primitive`. Written by
`python -m verify.readings.table`.

| primitive | exact | rounded | symbolic |
| --- | --- | --- | --- |"""


def names() -> list[str]:
    """Every public primitive of JAX, by name."""
    found: set[str] = set()
    for module in (public, jax.lax, jax.lax.linalg):
        for attribute in dir(module):
            if attribute.endswith("_p"):
                found.add(str(getattr(module, attribute).name))
    return sorted({*found, *BEHIND})


def states(name: str) -> tuple[str, str, str]:
    """State in the exact, the rounded and the symbolic reading."""
    if name in ELSEWHERE:
        return (ELSEWHERE[name],) * 3
    symbolic: dict[str, Any] = Symbolic(Field(Learnt())).rows
    if name in FOLDS:
        return "structure", "min, max", "structure"
    if name in CALLS or name in CONTROL or name in STRUCTURE or name in DEFINED:
        return ("structure",) * 3
    if name in CONCRETE:
        return ("structure",) * 3
    whole = "whole" if name in WHOLE or name in CONCRETE_WHOLE else "none"
    exact = "rule" if name in Exact().rows else whole
    if exact == "none" and name in COMPLEX:
        return "complex", "no claim", "none"
    unclaimed = name in NO_CLAIM or ((name in ELEMENTARY or name in SEVERAL) and name not in BUDGETS["float64"])
    rounded = "no claim" if unclaimed and exact == "rule" else exact
    form = "atom" if name in BY_NAME or name == "atan2" else "rule" if name in symbolic else whole
    return exact, rounded, form


def table() -> str:
    """The page, for the version of JAX that is installed."""
    return "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    yield HEAD.format(version=jax.__version__)
    for name in names():
        yield f"| `{name}` | {' | '.join(states(name))} |"


if __name__ == "__main__":
    assert set(NO_CLAIM) <= set(ROWS)
    print(table(), end="")
