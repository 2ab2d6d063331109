"""How much work a check may do."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, kw_only=True)
class Budget:
    """How much work a check may do.

    Attributes:
        name: ``quick``, ``standard`` or ``deep``.
        points: points per size choice that the enclose engine looks at.
        examples: points that Hypothesis may draw per claim.
        formats: float formats that are run.
        float_points: points per format.
        eager: whether programs are also run outside ``jit``.
        entries: largest number of entries of one array that is allocated.
        seconds: time after which an engine stops with what it has.
    """

    name: str
    points: int
    examples: int
    formats: tuple[str, ...]
    float_points: int
    eager: bool
    entries: int
    seconds: float


BUDGETS: Final = {
    each.name: each
    for each in (
        Budget(
            name="quick",
            points=24,
            examples=6,
            formats=("float64", "float32"),
            float_points=16,
            eager=False,
            entries=2_000_000,
            seconds=10.0,
        ),
        Budget(
            name="standard",
            points=48,
            examples=20,
            formats=("float64", "float32", "bfloat16", "float16"),
            float_points=24,
            eager=True,
            entries=4_000_000,
            seconds=60.0,
        ),
        Budget(
            name="deep",
            points=400,
            examples=1000,
            formats=("float64", "float32", "bfloat16", "float16"),
            float_points=256,
            eager=True,
            entries=40_000_000,
            seconds=900.0,
        ),
    )
}
