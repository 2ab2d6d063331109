"""Sweeps give maps values: floats by vmap, true values in exact balls, a class per cell, a verdict per line."""

from verify.sweeps.grid import MapError
from verify.sweeps.judge import Finding, judge
from verify.sweeps.stream import Stream, stream
from verify.sweeps.sweep import Sweep, sweep
from verify.sweeps.thresholds import Crossing, check_thresholds

__all__ = ["Crossing", "Finding", "MapError", "Stream", "Sweep", "check_thresholds", "judge", "stream", "sweep"]
