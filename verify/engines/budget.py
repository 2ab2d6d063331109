"""How much work a check may do."""

from dataclasses import dataclass
from typing import Final

from verify.formats import FORMATS

FORMAT_NAMES: Final = tuple(FORMATS)


@dataclass(frozen=True, kw_only=True)
class Budget:
    """How much work a check may do.

    Attributes:
        name: ``quick``, ``standard`` or ``deep``.
        points: points per size choice that the enclose engine looks at.
        examples: points that Hypothesis may draw per claim.
        formats: float formats that are run.
        float_points: points per format.
        every_mode: formats in which every mode is compiled; in the others the first mode and the formulas are.
        main_ways: ways in which the first mode and the formulas run: ``jit`` on one point, ``vmap`` on a batch.
        mode_ways: ways in which the other modes run.
        eager: formats in which programs are also run outside ``jit``, an operation at a time.
        entries: largest number of entries of one array that is allocated.
        seconds: time after which an engine stops with what it has.
    """

    name: str
    points: int
    examples: int
    formats: tuple[str, ...]
    float_points: int
    every_mode: tuple[str, ...]
    main_ways: tuple[str, ...]
    mode_ways: tuple[str, ...]
    eager: tuple[str, ...]
    entries: int
    seconds: float


BUDGETS: Final = {
    each.name: each
    for each in (
        Budget(
            name="quick",
            points=24,
            examples=6,
            formats=("float32",),
            float_points=16,
            every_mode=(),
            main_ways=("vmap",),
            mode_ways=(),
            eager=(),
            entries=2_000_000,
            seconds=10.0,
        ),
        Budget(
            name="standard",
            points=48,
            examples=20,
            formats=FORMAT_NAMES,
            float_points=24,
            # Compilation is nearly all of the time that floats take, so the whole product of modes, formats and ways
            # is left to the deep budget.
            every_mode=("float64", "float32"),
            main_ways=("jit", "vmap"),
            mode_ways=("jit",),
            eager=("float32",),
            entries=4_000_000,
            seconds=60.0,
        ),
        Budget(
            name="deep",
            points=400,
            examples=1000,
            formats=FORMAT_NAMES,
            float_points=256,
            every_mode=FORMAT_NAMES,
            main_ways=("jit", "vmap"),
            mode_ways=("jit", "vmap"),
            eager=FORMAT_NAMES,
            entries=40_000_000,
            seconds=900.0,
        ),
    )
}
