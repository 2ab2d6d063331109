"""What every test shares: one CPU platform with two devices, strict promotion, Hypothesis profiles, seeds."""

import gc
import os
import random
import sys
from pathlib import Path

# Before JAX is first imported, here or in a process that a test starts.
os.environ["JAX_PLATFORMS"] = "cpu"
os.environ["JAX_NUM_CPU_DEVICES"] = "2"

import jax
import numpy as np
import pytest
from hypothesis import HealthCheck, settings

# Data that several tests share is imported by its plain name, whatever the import mode and working directory.
sys.path.insert(0, str(Path(__file__).parent))

# Formats are never mixed silently: a float32 program that meets a float64 array raises, and so does a vector that meets
# a matrix. Python scalars stay allowed. Set here and not in the environment: commands that tests start run user code,
# which keeps JAX's own rules.
jax.config.update("jax_numpy_dtype_promotion", "strict")
jax.config.update("jax_numpy_rank_promotion", "raise")
# Thousands of calls are tried and refused, and to cut JAX's own lines out of each traceback takes longer than the call.
jax.config.update("jax_traceback_filtering", "off")

_QUIET = [HealthCheck.too_slow, HealthCheck.data_too_large]
settings.register_profile("dev", max_examples=20, deadline=None, suppress_health_check=_QUIET)
settings.register_profile(
    "ci",
    max_examples=40,
    deadline=None,
    derandomize=True,
    print_blob=True,
    database=None,
    suppress_health_check=_QUIET,
)
settings.register_profile("deep", max_examples=1000, deadline=None, print_blob=True, suppress_health_check=_QUIET)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))


# A file stays with one worker: those that take longest come first, so that none of them is left for the end.
LONGEST = ("test_article", "test_examples", "test_prove", "test_store", "test_composite", "test_certificate")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Order the files, not the tests of one."""
    order = {f"{name}.py": place for place, name in enumerate(LONGEST)}
    items.sort(key=lambda item: order.get(item.path.name, len(LONGEST)))


def pytest_collection_finish() -> None:
    """To look through all that JAX and kept programs hold, again and again, takes a tenth of the time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


@pytest.fixture(autouse=True)
def _seeded() -> None:
    """Tests draw from generators of their own; this makes an oversight repeat itself all the same."""
    random.seed(20260731)
    np.random.seed(20260731)  # noqa: NPY002 - the global state is what is being pinned
