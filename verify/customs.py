"""Custom rules of JAX's own functions: `jax.nn`, `jax.scipy.special`, `jax.numpy`, and what they call."""

import functools
import importlib
import inspect
import itertools
import math
from collections.abc import Callable, Iterator
from typing import Any, Final

import jax
import jax.numpy as jnp
from jax.scipy import special

from verify.claim import Claim, Source, Status
from verify.domain import Interval, Labels, Positive, Reals
from verify.rules import BODIES, RULES, RuleClaim

TITLE: Final = "Custom rules of JAX"
SEARCHED: Final = ("jax.nn", "jax.numpy", "jax.numpy.linalg", "jax.scipy.special")

APPROXIMATION: Final = (
    "The body is an approximation by polynomials, and its derivative is not exactly that of the function it stands "
    "for, which is what the rule computes."
)

SERIES: Final = (
    "The body adds up a series until a term is below a tolerance, and its derivative is that of the terms added up; "
    "the rule has that of the function."
)

PARTLY: Final = (
    f"{SERIES} This is by the last argument; by the first two, the rule adds up series too, which begin with a "
    "division by zero that real numbers leave open."
)

FAR: Final = (
    "Beyond 36974 the body is the constant 1/2, whose derivative is 0, and the rule goes on to oscillate as the "
    "function does; nearer to 0, the body is an approximation by polynomials."
)

QUADRATURE: Final = (
    "The body is a sum of thirteen terms near the integral that the function is, and its derivative is that of the "
    "sum; the rule has that of the integral."
)

CUT_OFF: Final = (
    "The rule is the derivative of a sum that is cut off after sixteen terms and sixteen corrections, eight of each in "
    "float32; the formula is that of the function."
)

RANK: Final = (
    "The body counts singular values below a share of the largest as zero, a sixth of it for two rows in bfloat16; the "
    "rule is that of the inverse whose rank is constant. Where nothing is cut off, they agree."
)

BITS: Final = (
    "The body takes floats apart by their bits, whose derivative JAX takes to be 0; the rule has the derivative."
)

# Rules that are found and not compared, and why.
LEFT_OUT: Final = {
    "hyp2f1": "its body adds up series in three ways at every point before it chooses, and a run does not end in time",
}


def _claim(name: str, rule: str, module: str, fn: Callable[..., Any], domain: dict[str, Any], **more: Any) -> Claim:
    """The rule that a public function reaches; vectors of two entries unless the domain has no size."""
    sized = any("n" in region.shape.split() for region in domain.values())
    return RuleClaim(
        fn,
        id=f"customs.{name}",
        domain=domain,
        sizes={"n": (2,)} if sized else {},
        kind="jacobian",
        source=Source(module, rule),
        **more,
    )


_X = {"x": Reals("n")}
_XY = {"x": Positive("n"), "y": Positive("n")}
_PQ = {"p": Positive("n"), "q": Positive("n")}
_MATRICES = {"a": Interval("4 4", -1.0, 1.0), "turned": Labels("", 2)}
_BOTH = {"x1": Reals("n"), "x2": Reals("n")}
_NN, _SPECIAL, _NUMPY, _LINALG = "jax.nn", "jax.scipy.special", "jax.numpy", "jax.numpy.linalg"
_FAILS: Final = {"expect": Status.FAILS, "note": APPROXIMATION}


def _dominant(a: Any, turned: Any) -> Any:
    """A matrix near eight times the unit matrix, or that with its rows turned by one: far from singular."""
    n = a.shape[-1]
    rows = (jnp.arange(n) + turned) % n
    return a + 8 * jnp.where(rows[:, None] == jnp.arange(n)[None, :], 1.0, 0.0).astype(a.dtype)


def _inverse_transposed(a: Any, turned: Any) -> Any:
    """Derivative of log |det A| by A, of two rows: [[d, -c], [-b, a]] / (a d - b c)."""
    (p, q), (r, s) = _dominant(a, turned)
    return jnp.array([[s, -r], [-q, p]]) / (p * s - q * r)


def _owens_slopes(h: Any, a: Any) -> Any:
    """Of T(h, a) = (1/2π) ∫_0^a e^{-h² (1 + t²)/2}/(1 + t²) dt: by h, -e^{-h²/2} erf(a h/√2)/(2 √(2π)).

    By a, the integrand. Roots are the numbers that the format has for them, which is where JAX takes them too.
    """
    root_2, root_2pi = (jnp.asarray(each, h.dtype) for each in (math.sqrt(2), math.sqrt(2 * math.pi)))
    by_h = -jnp.exp(-h * h / 2) * jax.lax.erf(a * h / root_2) / (2 * root_2pi)
    return by_h, jnp.exp(-(1 + a * a) * h * h / 2) / (2 * jnp.pi * (1 + a * a))


def _parts(w: Any) -> tuple[Any, Any]:
    return w.real, w.imag


def _softmax(x: Any) -> Any:
    """Softmax with its rule, which JAX uses where that is asked for."""
    with jax.softmax_custom_jvp(True):
        return jax.nn.softmax(x)


CLAIMS = [
    _claim("relu", "relu", _NN, jax.nn.relu, _X),
    _claim("relu6", "relu6", _NN, jax.nn.relu6, _X),
    _claim("hard-sigmoid", "relu6", _NN, jax.nn.hard_sigmoid, _X),
    _claim("hard-silu", "relu6", _NN, jax.nn.hard_silu, _X),
    _claim("softmax", "_softmax", _NN, _softmax, _X, note="With `jax.softmax_custom_jvp(True)`."),
    _claim("log1mexp", "log1mexp", _NN, jax.nn.log1mexp, {"x": Positive("n")}),
    _claim("softplus", "logaddexp", _NN, jax.nn.softplus, _X),
    _claim("log-sigmoid", "logaddexp", _NN, jax.nn.log_sigmoid, _X),
    _claim("mish", "logaddexp", _NN, jax.nn.mish, _X),
    _claim("logaddexp", "logaddexp", _NUMPY, lambda x1, x2: jnp.logaddexp(x1, x2), _BOTH),
    _claim("logaddexp2", "logaddexp2", _NUMPY, lambda x1, x2: jnp.logaddexp2(x1, x2), _BOTH),
    _claim("i0", "_i0", _NUMPY, jnp.i0, _X),
    _claim("sinc", "_sinc_maclaurin", _NUMPY, jnp.sinc, _X),
    _claim(
        "slogdet-small",
        "_slogdet_small",
        _LINALG,
        lambda a: jnp.linalg.slogdet(a)[1],
        {"a": Interval("2 2", -4.0, 4.0)},
    ),
    _claim(
        "pinv",
        "_pinv",
        _LINALG,
        jnp.linalg.pinv,
        {"a": Interval("2 2", -4.0, 4.0)},
        expect=Status.FAILS,
        note=RANK,
    ),
    _claim("frexp", "_frexp", _NUMPY, lambda x: jnp.frexp(x)[0], {"x": Positive("n")}, expect=Status.FAILS, note=BITS),
    _claim("logit", "logit", _SPECIAL, special.logit, {"x": Interval("n", 0.015625, 0.984375)}),
    _claim("xlogy", "xlogy", _SPECIAL, special.xlogy, _XY),
    _claim("xlog1py", "xlog1py", _SPECIAL, special.xlog1py, _XY),
    _claim("entr", "_xlogx", _SPECIAL, special.entr, {"x": Positive("n")}),
    _claim("kl-div", "_xlogx", _SPECIAL, special.kl_div, _PQ),
    _claim("rel-entr", "_xlogx", _SPECIAL, special.rel_entr, _PQ),
    _claim("erfcx", "_erfcx", _SPECIAL, special.erfcx, _X, **_FAILS),
    _claim("dawsn", "_dawsn", _SPECIAL, special.dawsn, _X, **_FAILS),
    _claim("log-ndtr", "log_ndtr", _SPECIAL, special.log_ndtr, _X, **_FAILS),
    _claim("sici", "sici", _SPECIAL, special.sici, {"x": Positive("n")}, **_FAILS),
    _claim(
        "fresnel",
        "fresnel",
        _SPECIAL,
        special.fresnel,
        {"x": Interval("n", -65536.0, 65536.0)},
        expect=Status.FAILS,
        note=FAR,
    ),
    _claim("expi", "expi", _SPECIAL, special.expi, {"x": Interval("", 0.5, 64.0)}, **_FAILS),
    _claim("det", "_det", _LINALG, lambda a, turned: jnp.linalg.det(_dominant(a, turned)), _MATRICES),
    _claim(
        "slogdet-lu",
        "_slogdet_lu",
        _LINALG,
        lambda a, turned: jnp.linalg.slogdet(_dominant(a, turned))[1],
        _MATRICES,
    ),
    _claim(
        "slogdet-qr",
        "_slogdet_qr",
        _LINALG,
        lambda a, turned: jnp.linalg.slogdet(_dominant(a, turned), method="qr")[1],
        {"a": Interval("2 2", -1.0, 1.0), "turned": Labels("", 2)},
        by_hand=_inverse_transposed,
        note="Against the transposed inverse, written by hand: JAX has no derivative of the body, a QR decomposition.",
    ),
    _claim("poch", "poch", _SPECIAL, special.poch, {"z": Interval("", 0.3, 8.3), "m": Interval("", 0.3, 8.3)}),
    _claim(
        "wofz",
        "_wofz",
        _SPECIAL,
        lambda x, y: _parts(special.wofz(jax.lax.complex(x, y))),
        {"x": Interval("", -3.0, 3.0), "y": Interval("", -3.0, 3.0)},
        **_FAILS,
    ),
    _claim(
        "owens-t",
        "_owens_t_impl",
        _SPECIAL,
        special.owens_t,
        {"h": Interval("", 0.0625, 8.0), "a": Interval("", 0.0625, 4.0)},
        expect=Status.FAILS,
        note=QUADRATURE,
    ),
    _claim(
        "owens-t-by-hand",
        "_owens_t_impl",
        _SPECIAL,
        special.owens_t,
        {"h": Reals(""), "a": Reals("")},
        by_hand=_owens_slopes,
        note="Against the derivative of the integral, written by hand.",
    ),
    _claim(
        "zeta",
        "zeta",
        _SPECIAL,
        lambda q: special.zeta(3.0, q),
        {"q": Interval("", 0.5, 16.0)},
        by_hand=lambda q: -3 * jax.lax.zeta(jnp.asarray(4.0, q.dtype), q),
        expect=Status.FAILS,
        note=CUT_OFF,
    ),
    _claim(
        "hyp1f1",
        "hyp1f1",
        _SPECIAL,
        special.hyp1f1,
        {"a": Interval("", 0.5, 4.0), "b": Interval("", 4.5, 8.0), "x": Interval("", 0.5, 8.0)},
        wrt="x",
        expect=Status.FAILS,
        note=PARTLY,
    ),
    _claim("exp1", "expn", _SPECIAL, special.exp1, {"x": Interval("", 0.5, 8.0)}, expect=Status.FAILS, note=SERIES),
]


# --- what there is ---------------------------------------------------------------------------------------------


def found() -> dict[str, tuple[str, ...]]:
    """Every rule that a public function of the modules searched reaches.

    Functions are traced with arguments of many shapes, of which each takes some; nothing is computed.

    Returns:
        Name of each rule's function to the public functions that reach it, such as ``_xlogx`` to
        ``jax.scipy.special.entr``. Rules that JAX uses on graphics cards alone are not reached.
    """
    reached: dict[str, set[str]] = {}
    ordinary = jax.numpy_dtype_promotion("standard"), jax.numpy_rank_promotion("allow")
    with jax.enable_x64(True), jax.softmax_custom_jvp(True), ordinary[0], ordinary[1]:
        for module_name in SEARCHED:
            module = importlib.import_module(module_name)
            for name in sorted(dir(module)):
                function = getattr(module, name)
                if name.startswith("_") or not callable(function) or inspect.isclass(function):
                    continue
                for rule in _reached(function):
                    reached.setdefault(rule, set()).add(f"{module_name}.{name}")
    return {rule: tuple(sorted(reached[rule])) for rule in sorted(reached)}


def _reached(function: Callable[..., Any]) -> set[str]:
    """Names of the rules in the traces of a function."""
    names: set[str] = set()
    methods = [{}, {"method": "qr"}] if "method" in str(_signature(function)) else [{}]
    for arguments, options in itertools.product(_arguments(), methods):
        call = functools.partial(function, **options)
        try:
            closed = jax.make_jaxpr(lambda *given, call=call: call(*given))(*arguments)
        except Exception:  # most functions refuse most arguments, each in its own way
            continue
        names |= set(_names(closed.jaxpr))
    return names


def _signature(function: Callable[..., Any]) -> inspect.Signature | None:
    try:
        return inspect.signature(function)
    except (TypeError, ValueError):
        return None


def _arguments() -> Iterator[tuple[Any, ...]]:
    """Arguments to trace with: up to four vectors, a matrix, a whole number and a vector."""

    def floats(*shape: int) -> Any:
        return jax.ShapeDtypeStruct(shape, "float64")

    for count in (1, 2, 3, 4):
        yield (floats(3),) * count
    for size in (2, 3, 4):
        yield (floats(size, size),)
    yield jax.ShapeDtypeStruct((), "int64"), floats(3)


def _names(jaxpr: Any) -> Iterator[str]:
    """Names of the functions whose rules are called in a jaxpr."""
    for equation in jaxpr.eqns:
        if equation.primitive.name.startswith(RULES):
            body = next(equation.params[each] for each in BODIES if equation.params.get(each) is not None)
            yield str(getattr(body, "jaxpr", body).debug_info.func_name)
        for value in equation.params.values():
            for inner in value if isinstance(value, (tuple, list)) else (value,):
                if hasattr(inner, "eqns") or hasattr(inner, "jaxpr"):
                    yield from _names(getattr(inner, "jaxpr", inner))
