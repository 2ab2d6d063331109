"""The elementary functions of XLA, measured where the tests run, against what the rounded reading allows them.

16-bit formats are measured at every float. float32 and float64 are sampled, with the branch points of the
implementations among the samples, so that their figures are lower bounds of the true maximum.
"""

import functools
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flint import arb
from jax import lax

from verify.formats import FORMATS, Format
from verify.readings.budgets import BUDGETS, EARLY_OVERFLOW, PLATFORM
from verify.readings.exact import ELEMENTARY, balls, precision

SAMPLES = 3000
# Where implementations change their method, or are known to be at their worst.
BRANCHES = (
    *(0.0, 0.5, 1.0, 2.0, -0.4142, -0.41420, -0.29289, 0.41421, 17.474, 19.0, 19.99, 20.0, 88.72, 88.7228, -87.33),
    *(0.0347, 0.34657, 0.6931471, 1.3862943, 9.01, 4.0, 0.84375, 2.857, 6.0, 10.0, 28.0, 0.4375, 0.6875, 2.4375),
    *(709.78, -708.39, 36.7, 37.43, 1e-4, 1e-8, 0.0004, 0.999, 0.9999999, 1.0000001, 1.5707963, 0.7853981, 3.1415926),
)
UNARY = [name for name in ELEMENTARY if name in BUDGETS["float64"]]
# Arguments at which a function is a real number, and is measured.
DOMAINS: dict[str, tuple[float, float]] = {
    "log": (0.0, np.inf),
    "log1p": (-1.0, np.inf),
    "sqrt": (0.0, np.inf),
    "rsqrt": (0.0, np.inf),
    "acosh": (1.0, np.inf),
    "atanh": (-1.0, 1.0),
    "asin": (-1.0, 1.0),
    "acos": (-1.0, 1.0),
    # Reduction of large arguments is another subject.
    "sin": (-1e4, 1e4),
    "cos": (-1e4, 1e4),
    "tan": (-1e4, 1e4),
}


@functools.cache
def _every_float(name: str) -> np.ndarray:
    """All finite numbers of a 16-bit format; those that count as zero are left out."""
    form = FORMATS[name]
    with np.errstate(invalid="ignore"):  # some of them are signalling NaNs
        every = np.arange(2**16, dtype=np.uint16).view(form.dtype()).astype(np.float64)
    every = every[np.isfinite(every)]
    return every[(every == 0) | (np.abs(every) >= form.smallest_normal)] if form.flushes else every


def _samples(name: str, low: float, high: float) -> np.ndarray:
    """Samples over all magnitudes, dense where functions bend, and neighbourhoods of the branch points."""
    form = FORMATS[name]
    rng = np.random.default_rng(20260731)
    size = SAMPLES // 4
    sign = rng.choice([-1.0, 1.0], size=size)
    magnitude = 2.0 ** rng.uniform(form.emin, form.emax, size=size)
    middle = 2.0 ** rng.uniform(-12, 7, size=2 * size) * rng.choice([-1.0, 1.0], size=2 * size)
    branch = np.array([*BRANCHES, *(-each for each in BRANCHES)])
    near = np.concatenate([branch * (1 + k * 2.0 ** (2 - form.precision)) for k in range(-3, 4)])
    small = 2.0 ** rng.uniform(form.emin, form.emin + 3, size=100) * rng.choice([-1.0, 1.0], size=100)
    values = np.concatenate(
        [small, sign * magnitude, middle, rng.uniform(-1, 1, size), rng.uniform(-0.45, -0.25, size), near]
    )
    if np.isfinite(low) and np.isfinite(high):
        values = np.concatenate([values, rng.uniform(low, high, size)])
    return form.round(values)


def _points(name: str, function: str) -> np.ndarray:
    low, high = DOMAINS.get(function, (-np.inf, np.inf))
    values = _every_float(name) if FORMATS[name].precision <= 11 else _samples(name, low, high)
    inner = values[(values >= low) & (values <= high)]
    return inner[~((inner == low) & np.isin(function, ("log", "log1p", "rsqrt", "atanh")))]


def _returned(fn: Callable[..., Any], arguments: tuple[np.ndarray, ...], form: Format) -> np.ndarray:
    with jax.enable_x64(True):
        given = [jnp.asarray(each.astype(form.dtype())) for each in arguments]
        return np.asarray(jax.jit(fn)(*given)).astype(np.float64)


def _units(
    function: Callable[..., arb], arguments: tuple[np.ndarray, ...], values: np.ndarray, form: Format, overflow: float
) -> tuple[np.ndarray, np.ndarray]:
    """Error of each value in units of roundoff of the result, less what may be flushed; and which are to be finite."""
    if form.precision <= 24:
        return _units_in_float64(function, arguments, values, form, overflow), np.minimum(np.abs(arguments[0]), 1e99)
    errors = np.zeros(len(values))
    with precision(160):
        columns = [balls(each) for each in arguments]
        for place, value in enumerate(values.tolist()):
            true = function(*(column[place] for column in columns))
            if not abs(true) < overflow:
                continue  # an overflow, of which nothing is claimed
            size = float(abs(true).mid())
            if not np.isfinite(value):
                errors[place] = np.inf
                continue
            error = float(abs(arb(value) - true).mid())
            excess = max(error - form.flush * (1 + 2.0**-10), 0.0)
            errors[place] = excess / (form.unit_roundoff * size) if excess else 0.0
    return errors, np.minimum(np.abs(arguments[0]), 1e99)


def _units_in_float64(
    function: Callable[..., arb], arguments: tuple[np.ndarray, ...], values: np.ndarray, form: Format, overflow: float
) -> np.ndarray:
    """As `_units`, for formats of which float64 has 29 bits more: all of their floats are so measured in a second."""
    with precision(96):
        found = [function(*each) for each in zip(*(balls(each) for each in arguments), strict=True)]
        known = (each.rel_accuracy_bits() > 60 or abs(each) < overflow for each in found)
        true = np.array([float(each) if sure else np.nan for each, sure in zip(found, known, strict=True)])
    with np.errstate(all="ignore"):
        excess = np.maximum(np.abs(values - true) - form.flush * (1 + 2.0**-10), 0.0)
        errors = np.where(excess > 0, excess / (form.unit_roundoff * np.abs(true)), 0.0)
    # What overflows, of which nothing is claimed, or has no value.
    return np.where(np.abs(true) < overflow, np.where(np.isfinite(values), errors, np.inf), 0.0)


def _check(name: str, function: str, arguments: tuple[np.ndarray, ...], values: np.ndarray, true: Any) -> None:
    form, allowance = FORMATS[name], BUDGETS[name][function]
    overflow = float(2.0**form.emax * np.sqrt(2)) if function in EARLY_OVERFLOW else form.largest
    flushed = (values == 0) & (allowance.flush > 0)
    errors, size = _units(true, arguments, values, form, overflow)
    if flushed.any():
        with precision(96):
            small = [float(abs(true(each)).mid()) < allowance.flush for each in balls(arguments[0][flushed])]
        errors[np.flatnonzero(flushed)[small]] = 0.0
    if allowance.flush:
        # What may be flushed may be off by as much, whether or not it comes out as zero.
        near = np.flatnonzero(np.abs(values) < form.smallest_normal)
        exact = [float(true(*each).mid()) for each in zip(*(balls(given[near]) for given in arguments), strict=True)]
        errors[near[np.abs(values[near] - np.array(exact)) <= allowance.flush]] = 0.0
    constant = np.full(len(values), allowance.constant)
    if allowance.falling is not None:
        constant[arguments[0] <= 0] = allowance.falling
    allowed = constant + allowance.slope * size + allowance.curve * size**2
    worst = int(np.argmax(errors - allowed))
    assert errors[worst] <= allowed[worst], (
        f"{function} in {name} is off by {errors[worst]:.4g} u at {[each[worst].hex() for each in arguments]}, where "
        f"its budget, measured on {PLATFORM}, allows {allowed[worst]:.4g} u: measure it here and widen the budget"
    )


def _function(name: str) -> Callable[..., Any]:
    return getattr(lax, name)


def _measured(name: str, function: str) -> Any:
    return pytest.param(name, function, id=f"{function}-{name}")


@pytest.mark.parametrize(("name", "function"), [_measured(name, function) for name in FORMATS for function in UNARY])
def test_elementary_functions_keep_their_budget(name: str, function: str) -> None:
    points = _points(name, function)
    values = _returned(_function(function), (points,), FORMATS[name])
    _check(name, function, (points,), values, ELEMENTARY[function])


@pytest.mark.parametrize("function", ["exp", "log", "log1p", "tanh", "logistic"])
@pytest.mark.parametrize("name", ["float32", "float64"])
def test_short_vectors_keep_the_budget_too(name: str, function: str) -> None:
    """Vectors of 3, as in the article, go another way through XLA than long ones."""
    points = _points(name, function)
    points = points[: 3 * (len(points) // 3)]
    values = _returned(lambda v: lax.map(_function(function), v.reshape(-1, 3)).reshape(-1), (points,), FORMATS[name])
    _check(name, function, (points,), values, ELEMENTARY[function])


@pytest.mark.parametrize("function", ["pow", "atan2"])
@pytest.mark.parametrize("name", list(FORMATS))
def test_functions_of_two_arguments_keep_their_budget(name: str, function: str) -> None:
    form = FORMATS[name]
    rng = np.random.default_rng(5)
    size = SAMPLES // 2
    if function == "pow":
        first, second = 2.0 ** rng.uniform(-4, 4, size), rng.uniform(-3, 3, size)
        true: Callable[..., arb] = lambda a, b: (b * a.log()).exp()  # noqa: E731 - named for the reader
    else:
        first, second = rng.normal(size=size) * 4, rng.normal(size=size) * 4
        true = arb.atan2
    arguments = (form.round(first), form.round(second))
    values = _returned(_function(function), arguments, form)
    _check(name, function, arguments, values, true)


def test_every_function_with_a_row_has_a_budget_or_is_named() -> None:
    without = {name for name in ELEMENTARY if name not in BUDGETS["float64"]}
    assert without == {"erf_inv", "lgamma", "digamma"}
    for name, table in BUDGETS.items():
        assert set(table) == set(UNARY) | {"pow", "atan2"}, name


def test_what_may_be_flushed_follows_from_the_format() -> None:
    """Half an argument below twice the smallest number comes out as zero, and so asin of it; expm1 goes as it does."""
    for name, form in FORMATS.items():
        least = form.smallest_normal if form.flushes else form.smallest_normal * 2 * form.unit_roundoff
        table = BUDGETS[name]
        assert table["asin"].flush == 2 * least, name
        others = {function: each.flush for function, each in table.items() if each.flush and function != "asin"}
        # A format that flushes does so itself.
        assert others == ({} if form.flushes else {"logistic": form.smallest_normal, "expm1": 2 * least}), name


def test_an_allowance_is_a_constant_where_nothing_else_is_said() -> None:
    from verify.readings.budgets import Allowance

    only = Allowance(3)
    assert (only.slope, only.curve, only.falling, only.flush) == (0, 0, None, 0)


def test_a_square_root_is_rounded_once_and_correctly() -> None:
    """As IEEE 754 has it; in 16 bits it is computed in float32 first."""
    from verify.readings.budgets import Allowance

    for name, form in FORMATS.items():
        allowance = BUDGETS[name]["sqrt"]
        assert allowance == Allowance(1 if form.precision > 16 else 1.1), name


def test_the_page_of_what_was_found_says_what_is_allowed() -> None:
    """Of the functions that are measured at every float; what was found is within it."""
    from pathlib import Path

    page = (Path(__file__).parents[1] / "docs" / "rounding.md").read_text(encoding="utf-8")
    lines = [[cell.strip() for cell in line.strip("|").split("|")] for line in page.splitlines() if line[:1] == "|"]
    titles, _, *table = lines
    assert [row[0].strip("`") for row in table] == ["exp", "log", "log1p", "expm1", "tanh", "logistic", "erf"]
    for function, *cells in table:
        for place, title in enumerate(titles[1::2]):
            name = title.removesuffix(": found")
            allowance = BUDGETS[name][function.strip("`")]
            allowed, _, falling = cells[2 * place + 1].removesuffix(" where x ≤ 0").partition(", ")
            assert float(allowed) == allowance.constant, (function, name)
            assert (float(falling) if falling else None) == allowance.falling, (function, name)
            assert float(cells[2 * place].removeprefix("≥ ")) <= allowance.constant
