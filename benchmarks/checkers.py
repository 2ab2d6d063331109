"""Gradient checkers on the same functions, formulas and mutants: what each refuses, where it cries wolf, what it costs.

Every formula of the tests' controls that is a derivative is put before every checker at the same points. A *mutant* is
a wrong formula; it is *visible* in a regime if plain mpmath finds it different from the truth at one of the points
there, and *caught* if a checker refuses it at one of them. A *false alarm* is a true formula refused at a point. The
tightest tolerance without a false alarm is looked for on the very formulas that are then counted, in favour of the
peers.
"""

import importlib.metadata
import os
import platform
import statistics
import sys
import time
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

import jax
import jax.numpy as jnp
import numpy as np
from jax.flatten_util import ravel_pytree

from verify.claim import Claim
from verify.domain import Logits, Nonzero, Reals, Region, Saturated, resolve
from verify.formats import FLOAT64

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

REGIMES: Final = ("moderate", "gap 20", "gap 40")
GAPS: Final = {"gap 20": 20.0, "gap 40": 40.0}
POINTS: Final = {"moderate": 4, "gap 20": 2, "gap 40": 2}  # per choice of sizes
ARTICLE: Final = ("softmax.jacobian", "squared-error.gradient", "cross-entropy.gradient", "absolute-error.gradient")
DECADES: Final = tuple(range(1, 16))
# Two balls are told apart, or taken for one, where both are known to this share of the largest component.
KNOWN: Final = 2.0**-200
BITS: Final = 600
GROWTH: Final = (3, 10, 100, 1000)
PATIENCE: Final = 20.0  # seconds of one call beyond which a larger n is left out

Array = np.ndarray


# --- what is checked -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Subject:
    """A formula, and the function that it pretends to be a derivative of.

    Attributes:
        claim: function, formula and domain.
        true: whether the formula is the derivative.
        sides: the truth and the formula in mpmath, of a mutant.
        stable: whether the form without cancellation is under test.
        rule: whether the function carries the wrong rule, and the formula is right.
        article: whether it is one of the article's gradients.
        change: what is done to the formula, and to the same in mpmath, of a mutant that is made here.
        called: what that is, in a word or two.
    """

    claim: Claim
    true: bool
    sides: tuple[Callable[..., Any], Callable[..., Any]] | None = None
    stable: bool = False
    rule: bool = False
    article: bool = False
    change: "Change | None" = None
    called: str = ""

    @property
    def name(self) -> str:
        """The claim's id, and what tells it from others of that claim."""
        more = [word for word, said in (("article", self.article), ("without cancellation", self.stable)) if said]
        return ", ".join([self.claim.id, *more, *([self.called] if self.called else [])])


def _derivative(claim: Claim) -> bool:
    """Whether a claim is one that a gradient checker can be asked."""
    return claim.relation == "==" and claim.autodiff.kind != "value"


def mutants() -> list[Subject]:
    """The wrong derivatives among the controls of the tests."""
    from controls import CONTROLS

    return [
        Subject(
            claim=each.claim,
            true=False,
            sides=(each.autodiff, each.by_hand),
            rule=each.claim.custom_rules,
            stable=each.claim.id == "squared.stable-form-wrong",
        )
        for each in CONTROLS
        if _derivative(each.claim)
    ]


def true_formulas() -> list[Subject]:
    """The right ones beside them, and the article's four gradients in both forms."""
    from controls import RIGHT

    found = [Subject(claim=each, true=True, rule=each.custom_rules) for each in RIGHT if _derivative(each)]
    for claim in _article():
        found += [Subject(claim=claim, true=True, stable=stable, article=True) for stable in (False, True)]
    return found


# What is done to a derivative, its last axis being the input's: in JAX and, row by row, in mpmath, with x.
Change = tuple[Callable[[Any, Any], Any], Callable[[list[Any], list[Any]], list[Any]]]


def _factors(factors: Callable[[int], Sequence[float]]) -> Change:
    """Each entry times a factor of its own, which the number of entries gives."""
    return (
        lambda g, x: g * jnp.asarray(factors(g.shape[-1]), g.dtype),
        lambda row, x: [each * factor for each, factor in zip(row, factors(len(row)), strict=True)],
    )


def _beyond(share: float) -> Change:
    """Twice as large where one probability exceeds a share."""
    from controls import m_softmax

    return (
        lambda g, x: jnp.where(jnp.max(jax.nn.softmax(x)) > share, 2 * g, g),
        lambda row, x: [each * (2 if max(m_softmax(x)) > share else 1) for each in row],
    )


def held_out() -> list[Subject]:
    """Mutants of the article's four gradients that no test demands to be refused."""
    from controls import m_absolute, m_cross, m_jacobian, m_softmax, m_squared

    truth: dict[str, Callable[..., Any]] = {
        "softmax.jacobian": lambda v: m_jacobian(m_softmax(v["x"])),
        "squared-error.gradient": m_squared,
        "cross-entropy.gradient": m_cross,
        "absolute-error.gradient": m_absolute,
    }
    changes: dict[str, Change] = {
        "nothing but zeros": _factors(lambda n: [0.0] * n),
        "halved": _factors(lambda n: [0.5] * n),
        "first entry zero": _factors(lambda n: [0.0] + [1.0] * (n - 1)),
        "last entry with the other sign": _factors(lambda n: [1.0] * (n - 1) + [-1.0]),
        "last entry 1e-3 too large": _factors(lambda n: [1.0] * (n - 1) + [1 + 1e-3]),
        "first entry 1e-8 too large": _factors(lambda n: [1 + 1e-8] + [1.0] * (n - 1)),
        "entries moved by one": (lambda g, x: jnp.roll(g, 1, axis=-1), lambda row, x: [row[-1], *row[:-1]]),
        "twice as large where saturated": _beyond(1 - 1e-6),
    }

    def sides(true: Callable[..., Any], change: Change) -> tuple[Callable[..., Any], Callable[..., Any]]:
        def wrong(v: Any) -> Any:
            found = true(v)
            matrix = isinstance(found[0], list)
            return [change[1](row, v["x"]) for row in found] if matrix else change[1](found, v["x"])

        return true, wrong

    return [
        Subject(
            claim=claim,
            true=False,
            sides=sides(truth[claim.id], change),
            article=True,
            change=change,
            called=called,
        )
        for claim in _article()
        for called, change in changes.items()
    ]


def _article() -> list[Claim]:
    from verify.loader import load

    known = {claim.id: claim for claim in load().claims}
    return [known[id_] for id_ in ARTICLE]


class Problem:
    """A subject at one choice of sizes, as functions of one flat vector: what every peer can be given.

    Attributes:
        value: the function; a number for a gradient, a vector otherwise.
        tested: the derivative that is under test, times one plus its last argument.
        computed: what the other side says: JAX's derivative, or the formula where a rule is under test.
    """

    def __init__(self, subject: Subject, size: Mapping[str, int]) -> None:
        self.subject, self.size = subject, size
        claim = subject.claim
        wrt = claim.autodiff.wrt
        self.names = (wrt,) if isinstance(wrt, str) else tuple(wrt or ())
        shapes = {
            name: jax.tree.map(lambda leaf: np.zeros(resolve(leaf.shape, size)), region, is_leaf=_is_region)
            for name, region in claim.domain.items()
        }
        flat, self.unravel = ravel_pytree({name: shapes[name] for name in self.names})
        self.entries = len(flat)
        formula = claim.stable if subject.stable and claim.stable is not None else claim.by_hand
        fn, kind = claim.autodiff.fn, claim.autodiff.kind

        def plain(u: Any, others: Any) -> Any:
            out = fn(**{**others, **self.unravel(u)})
            return out if kind != "jacobian" else jnp.ravel(out)

        def value(u: Any, others: Any) -> Any:
            return plain(u, others) if kind != "hessian" else jax.grad(plain)(u, others)

        derive = {"gradient": jax.grad, "jacobian": jax.jacrev, "hessian": jax.hessian}[kind]

        def by_jax(u: Any, others: Any) -> Any:
            return derive(plain)(u, others)

        def by_hand(u: Any, others: Any) -> Any:
            found = formula(**{**others, **self.unravel(u)})
            if subject.change is not None:
                found = subject.change[0](found, {**others, **self.unravel(u)}["x"])
            if kind == "gradient":
                # ravel orders the leaves of both sides alike where the names are sorted; a tuple follows wrt.
                given = dict(zip(self.names, found, strict=True)) if len(self.names) > 1 else found
                return ravel_pytree(given)[0]
            return jnp.reshape(found, (-1, self.entries))

        tested, computed = (by_jax, by_hand) if subject.rule else (by_hand, by_jax)
        self.plain_tested, self.plain_computed = tested, computed
        self.value = jax.jit(value)
        self.tested = jax.jit(lambda u, others, off: tested(u, others) * (1 + off))
        self.computed = jax.jit(computed)


def _is_region(each: Any) -> bool:
    return isinstance(each, Region)


@dataclass(eq=False)
class At:
    """A problem at one point, in one format; what several checkers need is computed once."""

    problem: Problem
    regime: str
    u: Array
    others: Mapping[str, Any]
    off: float = 0.0
    kept: dict[str, Any] = field(default_factory=dict)

    def value(self, u: Any) -> Array:
        """The function."""
        return np.asarray(self.problem.value(np.asarray(u, self.u.dtype), self.others))

    def tested(self, u: Any = None) -> Array:
        """The derivative under test."""
        at = self.u if u is None else np.asarray(u, self.u.dtype)
        return np.asarray(self.problem.tested(at, self.others, self.u.dtype.type(self.off)))

    def once(self, name: str, make: Callable[[], Any]) -> Any:
        """What `make` returns, made at the first time."""
        if name not in self.kept:
            self.kept[name] = make()
        return self.kept[name]

    def computed(self) -> Array:
        """What the other side says."""
        return self.once("computed", lambda: np.asarray(self.problem.computed(self.u, self.others)))

    def single(self) -> "At":
        """The same in float32."""
        return self.once("single", lambda: replace(self, u=_single(self.u), others=_single(self.others), kept={}))

    def moved(self, off: float) -> "At":
        """The same with the derivative under test off by a factor of one plus `off`; what it does not enter is kept."""
        shared = ("computed", "numdifftools", "balls")
        return replace(self, off=off, kept={name: self.kept[name] for name in shared if name in self.kept})

    def ruled(self) -> Callable[[Any], Any]:
        """The function in JAX with the derivative under test as its rule."""

        def make() -> Callable[[Any], Any]:
            installed = jax.custom_jvp(lambda u: self.problem.value(u, self.others))

            def rule(primals: Any, tangents: Any) -> Any:
                slope = self.problem.tested(primals[0], self.others, self.u.dtype.type(self.off))
                return self.problem.value(primals[0], self.others), slope @ tangents[0]

            installed.defjvp(rule)
            return installed

        return self.once("ruled", make)


def _single(tree: Any) -> Any:
    return jax.tree.map(lambda each: each.astype(np.float32) if each.dtype == np.float64 else each, tree)


def points(problem: Problem, rng: np.random.Generator, counts: Mapping[str, int] = POINTS) -> Iterator[At]:
    """Members of the domain: ordinary ones, and some at which one entry exceeds the others by 20 and by 40."""
    claim = problem.subject.claim
    leaves = jax.tree_util.tree_flatten_with_path(dict(claim.domain), is_leaf=_is_region)[0]
    treedef = jax.tree.structure(dict(claim.domain), is_leaf=_is_region)
    logits = [path for path, leaf in leaves if isinstance(leaf, (Logits, Saturated))]
    own = [path for path, leaf in leaves if isinstance(leaf, (Reals, Nonzero)) and path[0].key in problem.names]
    free = [path for path, leaf in leaves if isinstance(leaf, (Reals, Nonzero))]
    raised = logits or own or free
    for regime, count in counts.items():
        gap = GAPS.get(regime, 0.0)
        for _ in range(count):
            drawn = [
                _drawn(leaf.bind(problem.size), resolve(leaf.shape, problem.size), rng, gap if path in raised else 0.0)
                for path, leaf in leaves
            ]
            values = jax.tree.unflatten(treedef, drawn)
            flat, _ = ravel_pytree({name: values[name] for name in problem.names})
            others = {name: each for name, each in values.items() if name not in problem.names}
            yield At(problem, regime, np.asarray(flat), others)


def _drawn(region: Region, shape: tuple[int, ...], rng: np.random.Generator, gap: float) -> Array:
    """One array of a region; with a gap, one entry of each row leads by it."""
    if not isinstance(region, (Reals, Logits, Nonzero, Saturated)):
        # Sums to one exactly, and the like: the regions know how.
        return region.draw(region.families[0], int(rng.integers(1000)), shape, FLOAT64, rng)
    x = rng.normal(size=shape)
    lead = max(gap, region.gap + rng.exponential() if isinstance(region, Saturated) else 0.0)
    if lead and shape:
        for row in x.reshape(-1, shape[-1]):
            fixed = isinstance(region, Saturated) and isinstance(region.winner, int)
            winner = region.winner if fixed else int(rng.integers(len(row)))  # type: ignore[union-attr]
            rest = np.delete(row, winner)
            row[winner] = (rest.max() if len(rest) else 0.0) + lead
    return x


def visible(at: At) -> bool:
    """Whether a mutant differs from the truth at a point, by plain mpmath, which shares no code with any checker."""
    from controls import numbers
    from mpmath import mp

    assert at.problem.subject.sides is not None
    values = {**at.others, **at.problem.unravel(jnp.asarray(at.u))}
    leaves = jax.tree_util.tree_flatten_with_path(values)[0]
    named = {path[0].key + jax.tree_util.keystr(path[1:]): np.asarray(leaf) for path, leaf in leaves}
    with mp.workdps(160):
        given = {name: numbers(leaf.tolist()) for name, leaf in named.items()}
        first, second = (_flat(side(given)) for side in at.problem.subject.sides)
        return any(abs(a - b) > mp.mpf(10) ** -100 * max(abs(a), abs(b)) for a, b in zip(first, second, strict=True))


def _flat(value: Any) -> list[Any]:
    if isinstance(value, (list, tuple)):
        return [entry for each in value for entry in _flat(each)]
    return [value]


# --- who checks ------------------------------------------------------------------------------------------------------

PASSES, REFUSES, UNKNOWN = "passes", "refuses", "unknown"


@dataclass(frozen=True, kw_only=True)
class Peer:
    """A checker in one setting.

    Attributes:
        name: the library and the function, as its users know it.
        setting: how it is called.
        package: the distribution that is to be installed.
        check: passes, refuses, or unknown at a point, with a tolerance or, at 0, with the defaults.
        single: whether the point and both sides are put into float32 first.
        tuned: whether the tolerance is looked for.
        timed: whether its time is measured: settings of one function cost the same.
    """

    name: str
    setting: str
    package: str
    check: Callable[[At, float], str]
    single: bool = False
    tuned: bool = False
    timed: bool = False

    @property
    def key(self) -> str:
        """Name and setting."""
        return f"{self.name}, {self.setting}"

    def says(self, at: At, tolerance: float) -> str:
        """The word on a point."""
        return self.check(at.single() if self.single else at, tolerance)


def _word(passed: bool) -> str:
    return PASSES if passed else REFUSES


def _quietly(assertion: Callable[[], object]) -> str:
    try:
        assertion()
    except AssertionError:
        return REFUSES
    return PASSES


def _allclose(at: At, tolerance: float = 0.0) -> str:
    more = {"rtol": tolerance, "atol": tolerance} if tolerance else {}
    return _quietly(lambda: np.testing.assert_allclose(at.computed(), at.tested(), **more))


def _check_grads(at: At, tolerance: float = 0.0) -> str:
    from jax.test_util import check_grads

    more = {"rtol": tolerance, "atol": tolerance, "eps": 6e-6} if tolerance else {}
    return _quietly(lambda: check_grads(at.ruled(), (at.u,), order=1, **more))


def _chex(at: At, tolerance: float = 0.0) -> str:
    import chex

    more = {"rtol": tolerance, "atol": tolerance, "eps": 6e-6} if tolerance else {}
    return _quietly(lambda: chex.assert_numerical_grads(at.ruled(), (at.u,), order=1, **more))


def _gradcheck(at: At, tolerance: float = 0.0, fast: bool = False) -> str:
    import torch

    class Ruled(torch.autograd.Function):
        """The same compiled function, with the derivative under test as its backward pass."""

        @staticmethod
        def forward(ctx: Any, u: Any) -> Any:
            """The function."""
            ctx.save_for_backward(u)
            return torch.from_numpy(np.array(at.value(u.detach().numpy())))

        @staticmethod
        def backward(ctx: Any, *cotangents: Any) -> Any:
            """The derivative under test."""
            slope = torch.from_numpy(np.array(at.tested(ctx.saved_tensors[0].detach().numpy())))
            return cotangents[0] * slope if slope.ndim == 1 else cotangents[0] @ slope

    u = torch.tensor(at.u, requires_grad=True)
    more = {"eps": 6e-6, "atol": tolerance, "rtol": tolerance} if tolerance else {}
    return _word(bool(torch.autograd.gradcheck(Ruled.apply, (u,), raise_exception=False, fast_mode=fast, **more)))


def _scipy(at: At, tolerance: float) -> str:
    from scipy.optimize import check_grad

    error = at.once("check_grad", lambda: check_grad(at.value, at.tested, at.u))
    return _word(bool(error < tolerance))


def _numdifftools(at: At, tolerance: float = 0.0) -> str:
    import numdifftools

    def estimate() -> Array:
        kind = numdifftools.Gradient if at.value(at.u).ndim == 0 else numdifftools.Jacobian
        return np.reshape(kind(at.value)(at.u), at.tested().shape)

    numeric = at.once("numdifftools", estimate)
    more = {"rtol": tolerance, "atol": tolerance} if tolerance else {}
    return _quietly(lambda: np.testing.assert_allclose(at.tested(), numeric, **more))


def _enclosed(at: At) -> str:
    """Both sides as balls of many bits at the point: apart, the same, or not known well enough."""
    import verify

    def balls(side: Callable[..., Any], off: float = 0.0) -> list[Any]:
        found = verify.enclose(lambda u, others, off: side(u, others) * (1 + off), at.u, at.others, off, bits=BITS)
        return list(np.ravel(found))

    first = at.once("balls", lambda: balls(at.problem.plain_computed))
    second = balls(at.problem.plain_tested, at.off)
    if not all(each.is_finite() for each in (*first, *second)):
        return UNKNOWN
    if any(not a.overlaps(b) for a, b in zip(first, second, strict=True)):
        return REFUSES
    largest = max(float(abs(each).mid()) for each in (*first, *second))
    # Where both are 0, so is the largest, and a ball about it has to be smaller than any product of what is drawn.
    known = all(float(each.rad()) <= KNOWN * max(largest, KNOWN) for each in (*first, *second))
    return PASSES if known else UNKNOWN


PEERS: Final = (
    Peer(
        name="numpy.testing.assert_allclose",
        setting="JAX's derivative against the formula, float32",
        package="numpy",
        check=_allclose,
        single=True,
    ),
    Peer(
        name="numpy.testing.assert_allclose",
        setting="JAX's derivative against the formula, float64",
        package="numpy",
        check=_allclose,
        timed=True,
    ),
    Peer(name="numpy.testing.assert_allclose", setting="tuned", package="numpy", check=_allclose, tuned=True),
    Peer(
        name="jax.test_util.check_grads",
        setting="defaults, float32",
        package="jax",
        check=_check_grads,
        single=True,
    ),
    Peer(
        name="jax.test_util.check_grads",
        setting="defaults, float64",
        package="jax",
        check=_check_grads,
        timed=True,
    ),
    Peer(name="jax.test_util.check_grads", setting="tuned", package="jax", check=_check_grads, tuned=True),
    Peer(
        name="chex.assert_numerical_grads",
        setting="defaults, float64",
        package="chex",
        check=_chex,
        timed=True,
    ),
    Peer(name="chex.assert_numerical_grads", setting="tuned", package="chex", check=_chex, tuned=True),
    Peer(
        name="torch.autograd.gradcheck",
        setting="defaults, float64",
        package="torch",
        check=_gradcheck,
        timed=True,
    ),
    Peer(
        name="torch.autograd.gradcheck",
        setting="fast_mode, float64",
        package="torch",
        check=lambda at, tolerance: _gradcheck(at, fast=True),
    ),
    Peer(name="torch.autograd.gradcheck", setting="tuned", package="torch", check=_gradcheck, tuned=True),
    Peer(
        name="scipy.optimize.check_grad",
        setting="below 1e-6",
        package="scipy",
        check=lambda at, tolerance: _scipy(at, tolerance or 1e-6),
        timed=True,
    ),
    Peer(name="scipy.optimize.check_grad", setting="tuned", package="scipy", check=_scipy, tuned=True),
    Peer(
        name="numdifftools and assert_allclose",
        setting="defaults",
        package="numdifftools",
        check=_numdifftools,
        timed=True,
    ),
    Peer(
        name="numdifftools and assert_allclose",
        setting="tuned",
        package="numdifftools",
        check=_numdifftools,
        tuned=True,
    ),
    Peer(
        name="verify.enclose",
        setting="both sides at the same points",
        package="gradproof",
        check=lambda at, tolerance: _enclosed(at),
        timed=True,
    ),
)


def installed(package: str) -> str:
    """The version of a package; "" where it is not installed."""
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return ""


# --- the protocol ----------------------------------------------------------------------------------------------------


def drawn(subjects: Sequence[Subject]) -> dict[str, list[At]]:
    """The points of every subject; the seed is a subject's place."""
    found: dict[str, list[At]] = {}
    for place, subject in enumerate(subjects):
        rng = np.random.default_rng(place)
        for size in _choices(subject):
            found.setdefault(subject.name, []).extend(points(Problem(subject, size), rng))
    return found


def _choices(subject: Subject) -> list[dict[str, int]]:
    """All choices of the controls, n = 3 and 10 of the article's claims, n = 10 of what is held out."""
    if subject.change is not None:
        return [{"n": 10}]
    return [{"n": 3}, {"n": 10}] if subject.article else subject.claim.choices()


def topic(name: str) -> str:
    """What a formula is about: tolerances are looked for topic by topic, as a user would for one function."""
    return name.partition(".")[0].partition("-")[0]


def tune(peer: Peer, true: Mapping[str, Sequence[At]]) -> dict[str, float]:
    """Per topic the tightest decade at which none of its true formulas is refused, at least a thousandth.

    Under "" stands the loosest of all, for topics without a true formula.
    """
    found: dict[str, float] = {}
    for about in sorted({topic(name) for name in true}):
        ats = [at for name, each in true.items() if topic(name) == about for at in each]
        found[about] = 1e-3
        for decade in range(3, 16):
            if any(peer.says(at, 10.0**-decade) == REFUSES for at in ats):
                break
            found[about] = 10.0**-decade
    return {**found, "": max(found.values())}


def alarms(peer: Peer, true: Mapping[str, Sequence[At]], tolerances: Mapping[str, float]) -> dict[str, list[str]]:
    """Words on true formulas, by regime."""
    words: dict[str, list[str]] = {regime: [] for regime in REGIMES}
    for name, each in true.items():
        for at in each:
            words[at.regime].append(peer.says(at, tolerances.get(topic(name), tolerances[""])))
    return words


def caught(
    peer: Peer,
    wrong: Mapping[str, Sequence[At]],
    seen: Mapping[str, set[str]],
    tolerances: Mapping[str, float],
) -> dict[str, dict[str, list[str]]]:
    """Per regime, the visible mutants that are refused, not refused, and of which some point is unknown."""
    found: dict[str, dict[str, list[str]]] = {}
    for regime in REGIMES:
        lists: dict[str, list[str]] = {"caught": [], "missed": [], "unknown": []}
        for name, each in wrong.items():
            if regime in seen[name]:
                tolerance = tolerances.get(topic(name), tolerances[""])
                words = [peer.says(at, tolerance) for at in each if at.regime == regime]
                lists["caught" if REFUSES in words else "unknown" if UNKNOWN in words else "missed"].append(name)
        found[regime] = lists
    return found


def smallest(peer: Peer, article: Sequence[At], tolerances: Mapping[str, float]) -> float | None:
    """The smallest relative error, in decades, refused in every one of the article's gradients; None where void.

    Void is a checker that refuses the right formula too, or none of the errors.
    """
    by_name: dict[tuple[str, int], list[At]] = {}
    for at in article:
        if at.regime == "moderate":
            by_name.setdefault((at.problem.subject.name, at.problem.size["n"]), []).append(at)

    def refused(at: At) -> bool:
        return peer.says(at, tolerances.get(topic(at.problem.subject.name), tolerances[""])) == REFUSES

    if any(refused(at) for each in by_name.values() for at in each):
        return None
    least = None
    for decade in DECADES:
        off = 10.0**-decade
        if not all(any(refused(at.moved(off)) for at in each) for each in by_name.values()):
            break
        least = off
    return least


def table(say: Callable[[str], None]) -> list[dict[str, Any]]:
    """One row per checker: mutants caught, smallest relative error, false alarms."""
    wrong, true = drawn(mutants()), drawn(true_formulas())
    say(f"{len(wrong)} mutants, {len(true)} true formulas, {sum(map(len, (*wrong.values(), *true.values())))} points")
    seen = {name: {at.regime for at in each if visible(at)} for name, each in wrong.items()}
    nowhere = sorted(name for name, regimes in seen.items() if not regimes)
    article = [
        at for each in true.values() for at in each if at.problem.subject.article and not at.problem.subject.stable
    ]
    rows: list[dict[str, Any]] = [{"protocol": _protocol(wrong, true, seen, nowhere)}]
    for peer in PEERS:
        version = installed(peer.package)
        if not version:
            say(f"{peer.key}: {peer.package} is not installed, left out")
            continue
        started = time.perf_counter()
        tolerances = tune(peer, true) if peer.tuned else {"": 0.0}
        row: dict[str, Any] = {"peer": peer.name, "setting": peer.setting, "version": version}
        if peer.tuned:
            row["tolerances"] = tolerances
        found = caught(peer, wrong, seen, tolerances)
        words = alarms(peer, true, tolerances)
        for regime in REGIMES:
            row[f"caught, {regime}"] = len(found[regime]["caught"])
            row[f"visible, {regime}"] = sum(map(len, found[regime].values()))
            row[f"unknown, {regime}"] = len(found[regime]["unknown"])
            row[f"missed, {regime}"] = found[regime]["missed"]
            row[f"false alarms, {regime}"] = words[regime].count(REFUSES)
            row[f"unknown of true, {regime}"] = words[regime].count(UNKNOWN)
            row[f"true, {regime}"] = len(words[regime])
        everywhere = [name for name in wrong if any(name in found[regime]["caught"] for regime in REGIMES)]
        row["caught, anywhere"], row["visible, anywhere"] = len(everywhere), len(wrong) - len(nowhere)
        row["smallest relative error"] = smallest(peer, article, tolerances)
        row["seconds of the whole"] = time.perf_counter() - started
        rows.append(row)
        say(f"{peer.key}: {row}")
    rows.append(_whole(say))
    return rows


def unknown_to_tests(rows: Sequence[Mapping[str, Any]], say: Callable[[str], None]) -> list[dict[str, Any]]:
    """What each setting, with the tolerances that it was given before, sees of the mutants that are held out."""
    import verify

    wrong = drawn(held_out())
    seen = {name: {at.regime for at in each if visible(at)} for name, each in wrong.items()}
    settled = {(row["peer"], row["setting"]): row.get("tolerances", {"": 0.0}) for row in rows if "setting" in row}
    found: list[dict[str, Any]] = []
    for peer in PEERS:
        if (peer.name, peer.setting) not in settled:
            continue
        lists = caught(peer, wrong, seen, settled[peer.name, peer.setting])
        row: dict[str, Any] = {"held out": peer.name, "setting": peer.setting}
        for regime in REGIMES:
            row[f"caught, {regime}"] = len(lists[regime]["caught"])
            row[f"visible, {regime}"] = sum(map(len, lists[regime].values()))
            row[f"unknown, {regime}"] = len(lists[regime]["unknown"])
            row[f"missed, {regime}"] = lists[regime]["missed"]
        found.append(row)
        say(f"{row}")
    said: dict[str, list[str]] = {}
    for subject in held_out():
        said.setdefault(verify.check(_changed(subject), "quick").status.value, []).append(subject.name)
    found.append(
        {
            "held out": "verify.check",
            "setting": "quick budget, the whole domain",
            "caught, anywhere": len(said.get("FAILS", [])),
            "visible, anywhere": len(wrong),
            "wrong, unknown": said.get("UNKNOWN", []),
            "wrong, holds": said.get("HOLDS", []),
        }
    )
    say(f"{found[-1]}")
    return found


def _changed(subject: Subject) -> Claim:
    """A mutant that is made here, as a claim."""
    claim, change = subject.claim, subject.change
    assert change is not None
    return replace(
        claim,
        id=f"{claim.id}.changed",
        by_hand=lambda **named: change[0](claim.by_hand(**named), named["x"]),
        stable=None,
    )


def _protocol(
    wrong: Mapping[str, Sequence[At]],
    true: Mapping[str, Sequence[At]],
    seen: Mapping[str, set[str]],
    nowhere: list[str],
) -> dict[str, Any]:
    from controls import CONTROLS

    return {
        "controls": len(CONTROLS),
        "mutants": len(wrong),
        "true formulas": len(true),
        "points of mutants": sum(map(len, wrong.values())),
        "points of true formulas": sum(map(len, true.values())),
        "visible nowhere": nowhere,
        "visible": {regime: sum(regime in each for each in seen.values()) for regime in REGIMES},
        "smallest gradient": ARTICLE,
    }


def _whole(say: Callable[[str], None]) -> dict[str, Any]:
    """What `verify.check` says of the same claims on their whole domains; it is given no points."""
    import verify

    counted: dict[str, list[str]] = {}
    seconds: list[float] = []
    for subject in (*mutants(), *true_formulas()):
        claim = subject.claim
        if subject.true and subject.stable:  # checked with the formula beside it
            continue
        started = time.perf_counter()
        report = verify.check(replace(claim, place=claim.place))
        seconds.append(time.perf_counter() - started)
        counted.setdefault(f"{'true' if subject.true else 'wrong'} {report.status.value}", []).append(claim.id)
    least = None
    for decade in DECADES:
        said = {verify.check(_scaled(claim, 10.0**-decade), "quick").status.value for claim in _article()}
        if said != {"FAILS"}:
            break
        least = 10.0**-decade
    row = {
        "peer": "verify.check",
        "setting": "standard budget, the whole domain",
        "version": installed("gradproof"),
        "caught, anywhere": len(counted.get("wrong FAILS", [])),
        "visible, anywhere": sum(len(each) for word, each in counted.items() if word.startswith("wrong")),
        "wrong, unknown": counted.get("wrong UNKNOWN", []),
        "wrong, holds": counted.get("wrong HOLDS", []),
        "true, fails": counted.get("true FAILS", []),
        "true, unknown": counted.get("true UNKNOWN", []),
        "true": sum(len(each) for word, each in counted.items() if word.startswith("true")),
        "smallest relative error": least,
        "seconds a claim, median": statistics.median(seconds),
    }
    say(f"verify.check: {row}")
    return row


def _scaled(claim: Claim, off: float) -> Claim:
    """A claim with a formula that is off by a factor."""
    return replace(
        claim,
        id=f"{claim.id}.off",
        by_hand=lambda *args, **named: jax.tree.map(lambda each: each * (1 + off), claim.by_hand(*args, **named)),
        stable=None,
    )


# --- time ------------------------------------------------------------------------------------------------------------


def growth(in_turn: Callable[..., dict[str, float]], say: Callable[[str], None]) -> list[dict[str, Any]]:
    """Seconds of one check of the article's softmax Jacobian and squared-error gradient as n grows, taken in turn."""
    import verify

    rows: list[dict[str, Any]] = []
    for id_ in ("squared-error.gradient", "softmax.jacobian"):
        claim = next(each for each in _article() if each.id == id_)
        taken: dict[str, float] = {}
        for n in GROWTH:
            at = next(
                points(Problem(Subject(claim=claim, true=True), {"n": n}), np.random.default_rng(n), {"moderate": 1})
            )

            def one(peer: Peer, at: At = at) -> Callable[[], object]:
                def call() -> None:
                    at.kept.clear()
                    peer.says(at, 0.0)

                return call

            functions: dict[str, Callable[[], object]] = {
                peer.name: _torch_native(id_, at) if peer.package == "torch" else one(peer)
                for peer in PEERS
                if peer.timed and installed(peer.package)
            }
            functions["verify.check, quick"] = lambda n=n, claim=claim: verify.check(
                replace(claim, sizes={"n": (n,)}), "quick"
            )
            # A Jacobian has a hundred times the entries; what proves has costs of its own that do not grow with them.
            larger = 100 if id_ == "softmax.jacobian" else 10
            expected = {
                name: taken.get(name, 0.0) * (10 if name.startswith("verify") else larger) for name in functions
            }
            kept = {name: each for name, each in functions.items() if expected[name] < PATIENCE}
            taken = in_turn(kept, 5 if n <= 100 else 3)
            base = taken["numpy.testing.assert_allclose"]
            for name, seconds in taken.items():
                rows.append(
                    {
                        "growth": id_,
                        "n": n,
                        "peer": name,
                        "seconds": seconds,
                        "times assert_allclose": seconds / base,
                        "load": os.getloadavg()[0],
                    }
                )
                say(f"{rows[-1]}")
            taken = {name: taken.get(name, PATIENCE) for name in functions}
    return rows


def _torch_native(id_: str, at: At) -> Callable[[], object]:
    """Torch's checker on the same function written in torch, as its users would."""
    import torch

    class Softmax(torch.autograd.Function):
        """Softmax with its Jacobian by hand."""

        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            """The softmax."""
            s = torch.softmax(x, 0)
            ctx.save_for_backward(s)
            return s

        @staticmethod
        def backward(ctx: Any, *cotangents: Any) -> Any:
            """The formula."""
            (s,) = ctx.saved_tensors
            return s * (cotangents[0] - torch.sum(s * cotangents[0]))

    x = torch.tensor(at.u, requires_grad=True)
    if id_ == "softmax.jacobian":
        return lambda: torch.autograd.gradcheck(Softmax.apply, (x,))
    y = torch.tensor(np.asarray(at.others["y"]))
    return lambda: torch.autograd.gradcheck(lambda x: 0.5 * torch.sum((Softmax.apply(x) - y) ** 2), (x,))


def environment() -> dict[str, Any]:
    """Versions, cores and the load before the first measurement."""
    names = ("jax", "jaxlib", "numpy", "scipy", "chex", "numdifftools", "torch", "python-flint")
    return {
        "python": platform.python_version(),
        "cores": os.cpu_count() or 1,
        "load before": round(os.getloadavg()[0], 2),
        "versions": {name: installed(name) or "not installed" for name in names},
    }


def measure(in_turn: Callable[..., dict[str, float]]) -> list[dict[str, Any]]:
    """Everything about peers: rows of one table, and rows of time."""
    jax.config.update("jax_enable_x64", True)
    warnings.filterwarnings("ignore", category=RuntimeWarning)
    started = time.perf_counter()

    def say(text: str) -> None:
        print(f"    {time.perf_counter() - started:7.1f} s  {text}", file=sys.stderr, flush=True)

    rows = table(say)
    return [{"environment": environment()}, *rows, *unknown_to_tests(rows, say), *growth(in_turn, say)]
