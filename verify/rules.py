"""Custom differentiation rules as the subject: a rule against JAX's own derivative of the function that it is for.

`RuleClaim` builds an ordinary claim. Its side by autodiff is the function with its rule, its side by hand JAX's
derivative of the same function with every rule taken out. JAX is imported when a side is traced, not before.
"""

import ast
import inspect
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from verify import domain as regions
from verify.claim import Claim, ClaimError, Derivative, Source, Status
from verify.domain import Region, region_leaves, size_names

RULES: Final = ("custom_jvp_call", "custom_vjp_call")
# Calls that are inlined, and the parameters that may hold what is called.
CALLS: Final = ("jit", "pjit", "closed_call", "core_call", "checkpoint", "remat2")
BODIES: Final = ("call_jaxpr", "fun_jaxpr", "jaxpr")


@dataclass(frozen=True, eq=False)
class PlainDerivative:
    """JAX's derivative of a function whose custom rules are taken out; it is called with arguments by name.

    Attributes:
        fn: the function.
        kind: ``gradient``, ``jacobian`` or ``hessian``.
        wrt: names of the arguments to differentiate by.
    """

    fn: Callable[..., Any]
    kind: str
    wrt: tuple[str, ...]

    # This side is a derivative too: what it decides by an exact equality is a convention, as on the other side.
    differentiates = True
    compares_a_rule = True

    def __call__(self, **given: Any) -> Any:
        """The derivative, a tuple over ``wrt`` where it names several arguments.

        Raises:
            ClaimError: where the function has no custom rule.
        """
        import jax

        def plain(*chosen: Any) -> Any:
            return without_rules(self.fn, {**given, **dict(zip(self.wrt, chosen, strict=True))})

        places = tuple(range(len(self.wrt)))
        derivative = jax.jacfwd(plain, argnums=places)
        if self.kind == "hessian":
            derivative = jax.jacfwd(derivative, argnums=places)
        return derivative(*(given[name] for name in self.wrt))


@dataclass(frozen=True, eq=False)
class HandDerivative:
    """A derivative by hand that a rule is held against; it is called with arguments by name.

    Attributes:
        fn: the formula, of the arguments of the function that the rule is for.
    """

    fn: Callable[..., Any]

    # What a formula decides by an equality is what it claims, and no convention.
    differentiates = False
    compares_a_rule = True

    def __call__(self, **given: Any) -> Any:
        """The formula's value."""
        return self.fn(**given)


def without_rules(fn: Callable[..., Any], given: Mapping[str, Any]) -> Any:
    """Call a function by the body that each of its custom rules stands for.

    Args:
        fn: a function that JAX can trace.
        given: its arguments by name.

    Returns:
        What the function returns; differentiating it uses no custom rule.

    Raises:
        ClaimError: where the function has no custom rule.
    """
    import jax

    try:
        parameters = inspect.signature(fn).parameters.values()
    except (TypeError, ValueError):
        parameters = ()
    placed = [each.name for each in parameters if each.kind is each.POSITIONAL_ONLY and each.name in given]

    def call(named: Mapping[str, Any]) -> Any:
        rest = {name: value for name, value in named.items() if name not in placed}
        return fn(*(named[name] for name in placed), **rest)

    closed, shape = jax.make_jaxpr(call, return_shape=True)(dict(given))
    if not _has_rule(closed.jaxpr):
        name = getattr(fn, "__name__", "the function")
        raise ClaimError(
            f"{name} has no custom_jvp or custom_vjp rule, so that there is nothing to compare: "
            "for a formula of your own, write a Claim"
        )
    outputs = _run(closed.jaxpr, closed.consts, jax.tree.leaves(dict(given)))
    return jax.tree.unflatten(jax.tree.structure(shape), outputs)


def _inner(value: Any) -> list[Any]:
    """Jaxprs in a parameter of an equation."""
    several = value if isinstance(value, (tuple, list)) else [value]
    return [each for each in several if hasattr(each, "eqns") or hasattr(each, "jaxpr")]


def _has_rule(jaxpr: Any) -> bool:
    return any(
        equation.primitive.name.startswith(RULES) or any(map(_holds_rule, equation.params.values()))
        for equation in jaxpr.eqns
    )


def _holds_rule(value: Any) -> bool:
    """Whether a rule is called in a parameter of an equation."""
    return any(_has_rule(getattr(each, "jaxpr", each)) for each in _inner(value))


def _run(jaxpr: Any, constants: Sequence[Any], arguments: Sequence[Any]) -> list[Any]:
    """Evaluate equation by equation, each rule replaced by the body it is for."""
    values: dict[Any, Any] = dict(
        zip((*jaxpr.constvars, *jaxpr.invars), (*constants, *arguments), strict=True),
    )

    def value_of(variable: Any) -> Any:
        return variable.val if hasattr(variable, "val") else values[variable]

    for equation in jaxpr.eqns:
        name = equation.primitive.name
        given = [value_of(variable) for variable in equation.invars]
        # A call without a rule stays one: readings know some of them, as that for the sign bit, by their bodies.
        if name.startswith(RULES) or (name in CALLS and any(map(_holds_rule, equation.params.values()))):
            body = next(equation.params[each] for each in BODIES if equation.params.get(each) is not None)
            outputs = _run(getattr(body, "jaxpr", body), getattr(body, "consts", ()), given)
        else:
            params = {key: _stripped(value) for key, value in equation.params.items()}
            found = equation.primitive.bind(*given, **params)
            outputs = found if equation.primitive.multiple_results else [found]
        values.update(zip(equation.outvars, outputs, strict=True))
    return [value_of(variable) for variable in jaxpr.outvars]


def _stripped(value: Any) -> Any:
    """A parameter, such as the body of a loop, without the rules in it."""
    import jax

    if not _holds_rule(value):
        return value
    if type(value) in (tuple, list):
        return type(value)(_stripped(each) for each in value)
    if not hasattr(value, "consts"):
        raise ClaimError("a custom rule inside this control flow cannot be taken out: write the function without it")
    return jax.make_jaxpr(lambda *given: _run(value.jaxpr, value.consts, given))(*value.in_avals)


def RuleClaim(
    fn: Callable[..., Any],
    *,
    domain: Mapping[str, Any],
    sizes: Mapping[str, Sequence[int]] | Sequence[Mapping[str, int]] = {},
    id: str = "",  # noqa: A002 - the name that a Claim has for it
    kind: Literal["gradient", "jacobian", "hessian"] = "jacobian",
    wrt: str | tuple[str, ...] | None = None,
    by_hand: Callable[..., Any] | None = None,
    where: Callable[..., Any] | None = None,
    source: Source = Source(""),  # noqa: B008 - frozen
    expect: Status = Status.HOLDS,
    note: str = "",
) -> Claim:
    """A claim that the custom rules of a function are its derivative.

    Args:
        fn: a function with a ``custom_jvp`` or ``custom_vjp`` rule, its own or that of a function it calls.
        domain: one region per argument, as for a `Claim`.
        sizes: the sizes to check, as for a `Claim`.
        id: of the claim; ``rule.`` and the function's name where it is left out.
        kind: ``jacobian`` (of any output), ``gradient`` (of a scalar) or ``hessian``.
        wrt: the arguments to differentiate by; every argument that holds no whole numbers where it is left out.
        by_hand: the derivative written by hand, where JAX has none of the function's body.
        where: exact predicate of the arguments, as for a `Claim`.
        source: where the rule is written.
        expect: FAILS for a rule that is known to be wrong.
        note: one sentence for the page.

    Returns:
        The claim. Its points exclude those at which either derivative decides an exact equality: there, both are
        conventions, and the verdict says so.

    Raises:
        ClaimError: as for a `Claim`; a function without a rule is found out when it is traced.
    """
    frame = sys._getframe(1)
    label = getattr(fn, "__name__", "") if isinstance(getattr(fn, "__name__", ""), str) else ""
    if wrt is None:
        wrt = tuple(
            name
            for name, region in domain.items()
            if not any(getattr(leaf, "integer", False) for leaf in region_leaves(region))
        )
    names = (wrt,) if isinstance(wrt, str) else tuple(wrt)
    derivation = "Side by hand: JAX's derivative of the function's body, without the rule."
    if by_hand is not None:
        derivation = "Side by hand: a formula, since JAX has no derivative of the function's body to compare with."
    return Claim(
        id=id or "rule." + (re.sub(r"[^a-z0-9]+", "-", label.lower()).strip("-") or "function"),
        autodiff=Derivative(fn, kind, names),
        by_hand=PlainDerivative(fn, kind, names) if by_hand is None else HandDerivative(by_hand),
        domain=domain,
        sizes=sizes,
        source=source,
        statement=rf"\text{{the rule of {label.replace('_', chr(92) + '_') or 'the function'} is its derivative}}",
        derivation=derivation,
        where=where,
        expect=expect,
        custom_rules=True,
        note=note,
        place=(frame.f_code.co_filename, frame.f_lineno),
    )


def read_regions(texts: Sequence[str]) -> dict[str, Region]:
    """Regions as a command line has them.

    Args:
        texts: one per argument, such as ``x=Positive(n)``, ``a=Interval(n n, -4, 4)`` or ``y=Labels(, below=3)``: a
            region of `verify.domain`, its shape first and without quotes, then numbers.

    Returns:
        Name of each argument to its region.

    Raises:
        ClaimError: where one cannot be read: which, and what is expected.
    """
    found: dict[str, Region] = {}
    for text in texts:
        hit = re.fullmatch(r"\s*(\w+)\s*=\s*(\w+)\s*(?:\(([^,()]*)(?:,(.*))?\))?\s*", text)
        known = {
            name: each
            for name, each in vars(regions).items()
            if isinstance(each, type) and issubclass(each, Region) and not name.startswith("_") and each is not Region
        }
        if hit is None or hit[2] not in known or hit[2] == "Constant":
            raise ClaimError(
                f"--domain {text!r} cannot be read: expected NAME=REGION(SHAPE), such as 'x=Positive(n)' or "
                f"'a=Interval(n n, -4, 4)', with one of {', '.join(sorted(set(known) - {'Constant'}))}"
            )
        try:
            call = ast.parse(f"f({hit[4] or ''})", mode="eval").body
            assert isinstance(call, ast.Call)
            given = [ast.literal_eval(each) for each in call.args]
            named = {str(each.arg): ast.literal_eval(each.value) for each in call.keywords}
            region = known[hit[2]]((hit[3] if hit[3] is not None else "n").strip(), *given, **named)
            size_names(region)
        except (SyntaxError, TypeError, ValueError) as error:
            raise ClaimError(f"--domain {text!r} cannot be read: {error}") from None
        found[hit[1]] = region
    return found
