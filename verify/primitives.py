"""Rules for primitives that are not JAX's own, registered by the file that makes them.

Nothing of JAX is imported here, so that a file of claims may register when it is only listed. A rule belongs to a
primitive, or to a name: two primitives of one name would share the rule of that name, which is refused where the rule
is read, and so is a second rule from another file.
"""

import re
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from verify.claim import ClaimError

PAGE: Final = "docs/add-a-primitive.md"
# What JAX says of a primitive that lacks a rule of its own, and the call that gives it one.
LACKING: Final = {
    r"Batching rule for '(?P<name>[^']+)' not implemented": "jax.interpreters.batching.defvectorized(primitive), or a "
    "rule in batching.primitive_batchers where it is not entry by entry",
    r"Differentiation rule for '(?P<name>[^']+)' not implemented": "jax.interpreters.ad.defjvp(primitive, rule)",
    r"Transpose rule .*for '(?P<name>[^']+)' not implemented": "a rule in jax.interpreters.ad.primitive_transposes",
    r"Abstract eval\w* for '(?P<name>[^']+)' not implemented": "primitive.def_abstract_eval(rule)",
    r"translation rule for primitive '(?P<name>[^']+)' not found": "jax.interpreters.mlir.register_lowering(primitive, "
    "rule)",
}


@dataclass(frozen=True)
class Rule:
    """How a primitive acts.

    Attributes:
        name: of the primitive.
        exact: on arrays of ``flint.arb``.
        rounded: on arrays of balls in a format, or how many units of roundoff the result may be off by, or None.
        place: file and line that registered it.
    """

    name: str
    exact: Callable[..., Any]
    rounded: Callable[..., Any] | float | None
    place: tuple[str, int] = ("", 0)


# By the primitive where that was registered, else by its name.
RULES: Final[dict[Any, Rule]] = {}
# Rules of names that were seen to be of one primitive, with it and the number of modules that were loaded then.
_ALONE: Final[set[tuple[Rule, Any, int]]] = set()


def register_primitive(
    primitive: Any, *, exact: Callable[..., Any], rounded: Callable[..., Any] | float | None = None
) -> None:
    """Say how a primitive of your own acts, so that claims about it can be decided.

    Args:
        primitive: the primitive, or the name that it was made with, such as ``"my_op"``. A name is enough while one
            primitive has it.
        exact: ``exact(*operands, **params)`` for one point: operands are NumPy arrays of ``flint.arb`` balls (of int64
            for whole numbers), in the shapes that the primitive sees; params are the equation's. It returns an array of
            ``flint.arb`` in the shape of the result, a list of them for several results. Each ball must contain the
            true value for every choice of values in the operands' balls.
        rounded: what floats may return. A number k: each result is within k units of roundoff of the exact result at
            the floats that come in. A function ``rounded(*operands, dtype=…, **params)``: balls that contain every
            float that the format ``dtype`` may return. None: nothing is claimed of floats.

    Raises:
        TypeError: where it is neither a primitive nor a name, or a rule is neither a function nor a number.
        ValueError: where the name is empty, the number is not positive and finite, or another file has given this
            primitive, or this name, another rule.
    """
    name = primitive if isinstance(primitive, str) else getattr(primitive, "name", None)
    if not isinstance(name, str) or not (isinstance(primitive, str) or callable(getattr(primitive, "bind", None))):
        raise TypeError(
            "register_primitive takes a primitive, or its name as a string, found "
            f'{type(primitive).__name__}: write register_primitive(my_op, …) or register_primitive("my_op", …)'
        )
    if not name:
        raise ValueError("register_primitive needs the name that the primitive was made with, found an empty string")
    if not callable(exact):
        raise TypeError(f"primitive {name!r}: exact must be a function of balls, found {type(exact).__name__}")
    if isinstance(rounded, bool) or not (rounded is None or callable(rounded) or isinstance(rounded, (int, float))):
        raise TypeError(
            f"primitive {name!r}: rounded must be a function of balls, a number of units of roundoff, or None, found "
            f"{type(rounded).__name__}"
        )
    if isinstance(rounded, (int, float)) and not 0 < rounded < float("inf"):
        raise ValueError(f"primitive {name!r}: rounded must be a positive number of units of roundoff, found {rounded}")
    caller = sys._getframe(1)
    rule = Rule(name, exact, rounded, (caller.f_code.co_filename, caller.f_lineno))
    before = RULES.get(primitive)
    if before is not None and _of_another_file(before, rule):
        raise ValueError(
            f"primitive {name!r}: {_shown(before)} has given it a rule, and {_shown(rule)} gives it another. If "
            "these are two primitives of one name, register each by itself, register_primitive(my_op, …), or name one "
            "of them otherwise; if it is one, keep one rule and import it"
        )
    RULES[primitive] = rule


def rule_of(primitive: Any) -> Rule | None:
    """The rule of a primitive that a program uses; None where it has none.

    Raises:
        ClaimError: where the rule is of a name that several primitives have in the modules that are loaded: it can be
            meant for one only.
    """
    own = RULES.get(primitive)
    if own is not None:
        return own
    named = RULES.get(primitive.name)
    if named is None:
        return None
    key = named, primitive, len(sys.modules)
    if key in _ALONE:
        return named
    homes = _homes(primitive)
    here = homes.get(id(primitive), set())
    for other, files in homes.items():
        if other != id(primitive) and not files & here:
            places = sorted({Path(file).name for file in (*files, *here)}) or ["one module"]
            raise ClaimError(
                f"several primitives are named {primitive.name!r} ({', '.join(places)}), and {_shown(named)} "
                "registered a rule for that name: register the primitive itself, register_primitive(my_op, …), or give "
                "the primitives names of their own"
            )
    _ALONE.add(key)
    return named


def explained(error: BaseException) -> str:
    """The first line of what an exception says; where a primitive lacks a rule of JAX's, what gives it one."""
    text = (str(error).strip().splitlines() or ["no message"])[0]
    for pattern, call in LACKING.items():
        found = re.search(pattern, text)
        if found is not None:
            name = found["name"]
            if _is_of_jax(name):
                return f"{text}: JAX has no such rule for its own {name!r}; write the function without it"
            return f"{text}: primitive {name!r} needs {call}, in the file that makes it ({PAGE})"
    return text


def _is_of_jax(name: str) -> bool:
    """Whether a primitive of this name is one that JAX makes public."""
    modules = [sys.modules.get(each) for each in ("jax.lax", "jax.lax.linalg")]
    return any(
        attribute.endswith("_p") and getattr(value, "name", None) == name
        for module in modules
        if module is not None
        for attribute, value in vars(module).items()
    )


def _of_another_file(first: Rule, second: Rule) -> bool:
    """Whether two rules differ and come from two files on disk; cells of a notebook are no files."""
    if (first.exact, first.rounded) == (second.exact, second.rounded) or first.place[0] == second.place[0]:
        return False
    return all(Path(each.place[0]).is_file() for each in (first, second))


def _homes(primitive: Any) -> dict[int, set[str]]:
    """Primitives of the same name in the modules that are loaded, by identity, with the files that hold them.

    A file may be loaded twice, as a path and as a module; what it makes then is one primitive.
    """
    kind, name = type(primitive), primitive.name
    found: dict[int, set[str]] = {}
    for module in list(sys.modules.values()):
        file = getattr(module, "__file__", None)
        if not file:
            continue
        for value in list(vars(module).values()):
            if type(value) is kind and value.name == name:
                found.setdefault(id(value), set()).add(str(file))
    return found


def _shown(rule: Rule) -> str:
    return f"{Path(rule.place[0]).name}:{rule.place[1]}"
