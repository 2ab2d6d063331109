"""docs/primitives.md is what the tables of the readings say."""

import re
from pathlib import Path

import jax
import pytest

from verify.readings.composite import ROWS
from verify.readings.table import NO_CLAIM, names, states, table

PAGE = Path(__file__).parents[1] / "docs" / "primitives.md"


def test_the_page_is_not_stale() -> None:
    page = PAGE.read_text(encoding="utf-8")
    version = re.search(r"JAX (\S+) makes", page)
    assert version is not None
    if version.group(1) != jax.__version__:
        pytest.skip(f"the page is of JAX {version.group(1)}; here is {jax.__version__}")
    assert page == table(), "write it anew: python -m verify.readings.table > docs/primitives.md"


def test_states_are_those_of_the_readings() -> None:
    assert states("exp") == ("rule", "rule", "rule")
    assert states("sin") == ("rule", "rule", "atom")
    assert states("cholesky") == ("rule", "no claim", "none")
    assert states("lgamma") == ("rule", "no claim", "atom")
    assert states("scan") == ("structure",) * 3
    assert states("fft") == ("complex", "no claim", "none")
    assert states("eigh") == ("rule", "no claim", "none")
    assert states("population_count") == ("whole",) * 3
    assert states("psum") == ("other devices",) * 3
    assert states("eig") == ("complex", "no claim", "none")
    assert states("schur") == ("not unique",) * 3
    assert states("nextafter") == ("rule", "rule", "none")
    assert "none" not in {states(name)[0] for name in names()}, "every public primitive is read, or it is said why not"
    assert {"exp", "cholesky", "scan", "conv_general_dilated"} <= set(names())
    assert set(NO_CLAIM) <= set(ROWS)
