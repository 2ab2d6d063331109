"""Every claim in examples/ holds, none of them for want of a primitive, and none is forgotten."""

import importlib.util
import inspect
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import pytest

from verify import Claim, Status, check, load
from verify.engines import BUDGETS, enclose
from verify.engines.case import Case

ROOT = Path(__file__).parents[1]
EXAMPLES = ROOT / "examples"
HAS_OPTAX = importlib.util.find_spec("optax") is not None
PATHS = [path for path in sorted(EXAMPLES.glob("*_claims.py")) if path.name != "optax_claims.py" or HAS_OPTAX]
CLAIMS = [claim for path in PATHS for claim in load(path)]
# Public functions of jax.nn that are no functions of numbers, or that are attention, which stands with the networks.
NO_ACTIVATIONS = {
    "dot_product_attention",
    "get_scaled_dot_general_config",
    "initializers",
    "one_hot",
    "scaled_dot_general",
    "scaled_matmul",
}
# Other names of the same functions.
ALIASES = {"hard_swish", "swish"}


@pytest.fixture(autouse=True)
def _ordinary_promotion() -> Iterator[None]:
    """Code of others keeps JAX's own promotion rules, as in a run."""
    with jax.numpy_dtype_promotion("standard"), jax.numpy_rank_promotion("allow"):
        yield


def test_there_are_examples() -> None:
    assert len(CLAIMS) >= 60


def test_every_activation_has_a_claim() -> None:
    told = {claim.source.place for claim in CLAIMS if claim.source.heading == "jax.nn"}
    public = {name for name in dir(jax.nn) if not name.startswith("_")}
    assert {"relu", "gelu", "mish", "glu"} <= told
    # A version of JAX that lacks a function fails where the file is read; one that has more is news.
    assert public - NO_ACTIVATIONS - ALIASES - {"log1mexp", "logmeanexp"} <= told
    assert jax.nn.swish is jax.nn.silu
    assert jax.nn.hard_swish is jax.nn.hard_silu


@pytest.mark.skipif(not HAS_OPTAX, reason="optax is not installed")
def test_every_loss_of_optax_has_a_claim_or_a_reason() -> None:
    from optax import losses

    path = EXAMPLES / "optax_claims.py"
    spec = importlib.util.spec_from_file_location("optax_claims_read", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    with jax.enable_x64(True):
        spec.loader.exec_module(module)
    told = {claim.source.place for claim in CLAIMS if claim.source.heading == "optax.losses"}
    public = {name for name, each in vars(losses).items() if inspect.isroutine(each) and not name.startswith("_")}
    assert public == told | set(module.LEFT_OUT)


def test_the_pages_are_of_these_claims() -> None:
    folder = ROOT / "reports" / "examples"
    told: set[str] = set()
    for path in folder.glob("*.md"):
        told |= set(re.findall(r"^## ([a-z0-9-]+\.[a-z0-9.-]+)$", path.read_text(encoding="utf-8"), re.MULTILINE))
    if not HAS_OPTAX:
        told = {each for each in told if not each.startswith("optax.")}
    assert told == {claim.id for claim in CLAIMS}, "write them anew: python -m nox -s examples"
    index = (folder / "index.md").read_text(encoding="utf-8")
    assert "all came out as expected" in index


def _parameter(number: int, claim: Claim) -> Any:
    """A claim as a parameter; other versions of JAX judge every second one, but those whose loops take longest."""
    return pytest.param(claim, id=claim.id, marks=(pytest.mark.once,) if number % 2 or "ctc" in claim.id else ())


@pytest.mark.parametrize("claim", [_parameter(*each) for each in enumerate(CLAIMS)])
def test_examples_hold(claim: Claim) -> None:
    report = check(claim, "quick")
    assert report.status is Status.HOLDS, [(each.engine, each.reason) for each in report.verdicts]
    assert report.row.floats != "outside"


def _of_one(gradient: Any) -> Any:
    return gradient.at[(-1,) * gradient.ndim].multiply(1 + 1e-9)


# Formulas that are nearly right, by the name of the claim that they are for.
WRONG: dict[str, tuple[str, Callable[[Claim], Callable[..., Any]]]] = {
    "one component": ("optax.ctc-loss", lambda claim: lambda x, y: _of_one(claim.by_hand(x, y))),
    "the other ends": (
        "optax.ctc-loss",
        lambda _: _named("optax.ctc-loss-with-forward-probs").by_hand,
    ),
    "all ends": ("optax.ctc-loss-with-forward-probs", lambda _: _named("optax.ctc-loss").by_hand),
    "targets alone": (
        "optax.sigmoid-focal-loss",
        lambda _: lambda x, y: (y + (1 - 2 * y) / (1 + jnp.exp(-x))) ** 2 * (1 / (1 + jnp.exp(-x)) - y),
    ),
    "softmax": (
        "optax.multiclass-sparsemax-loss",
        lambda _: lambda x, y: jax.nn.softmax(x) - jnp.where(jnp.arange(x.shape[0]) == y, 1.0, 0.0),
    ),
    "the level of two classes": (
        "optax.multiclass-sparsemax-loss",
        lambda _: (
            lambda x, y: (
                jnp.maximum(x - (jnp.sum(x) - 1) / x.shape[0], 0.0) - jnp.where(jnp.arange(x.shape[0]) == y, 1.0, 0.0)
            )
        ),
    ),
    "another literal": ("activations.gelu", lambda claim: lambda x: claim.by_hand(x) * (1 + 1e-14)),
}


def _named(name: str) -> Claim:
    return next(claim for claim in CLAIMS if claim.id == name)


@pytest.mark.skipif(not HAS_OPTAX, reason="optax is not installed")
@pytest.mark.parametrize("wrong", WRONG)
def test_wrong_formulas_beside_examples_fail(wrong: str) -> None:
    name, formula = WRONG[wrong]
    claim = _named(name)
    verdict = enclose.check(Case(replace(claim, by_hand=formula(claim)), BUDGETS["quick"], 0))
    assert verdict.status is Status.FAILS, verdict.reason
