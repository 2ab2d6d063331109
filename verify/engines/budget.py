"""How much work a check may do."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Final, Literal

from verify.formats import FORMATS


@dataclass(frozen=True, kw_only=True)
class Budget:
    """How much work a check may do.

    Attributes:
        name: ``quick``, ``standard`` or ``deep``.
        points: points per size choice that the enclose engine looks at.
        looks: confirmed points per program that are read again with all bits.
        every_mode: number of size choices, from the first, at which every mode is read.
        beyond: how many modes are read at the other sizes: ``two``, one without and one with a direction, or ``one``.
        examples: points that Hypothesis may draw per claim; with none it only shrinks what another engine refuted.
        float_points: points per format.
        ways: per format, how the first mode, the formula and its stable form are run: ``jit`` on one point, ``vmap``
            on a batch, ``eager`` an operation at a time (the first mode alone).
        mode_ways: the same for the other modes.
        bound_ways: the same for the first mode, the formula and its stable form of bounds and of claims that are
            expected to fail.
        bound_mode_ways: the same for their other modes.
        entries: largest number of entries of one array that is allocated.
        seconds: time after which an engine stops with what it has.
    """

    name: str
    points: int
    looks: int
    every_mode: int
    beyond: Literal["two", "one"]
    examples: int
    float_points: int
    ways: Mapping[str, tuple[str, ...]]
    mode_ways: Mapping[str, tuple[str, ...]]
    bound_ways: Mapping[str, tuple[str, ...]]
    bound_mode_ways: Mapping[str, tuple[str, ...]]
    entries: int
    seconds: float

    @property
    def formats(self) -> tuple[str, ...]:
        """Formats that are run at all."""
        run = (*self.ways, *self.mode_ways, *self.bound_ways, *self.bound_mode_ways)
        return tuple(name for name in FORMATS if name in run)

    def only(self, formats: Collection[str]) -> "Budget":
        """The same amount of work, with no floats but those of some formats."""

        def kept(ways: Mapping[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
            return {name: each for name, each in ways.items() if name in formats}

        return replace(
            self,
            ways=kept(self.ways),
            mode_ways=kept(self.mode_ways),
            bound_ways=kept(self.bound_ways),
            bound_mode_ways=kept(self.bound_mode_ways),
        )


_ONE: Final = ("jit",)
_BATCH: Final = ("vmap",)
_ALL: Final = dict.fromkeys(FORMATS, ("jit", "vmap", "eager"))

BUDGETS: Final = {
    each.name: each
    for each in (
        Budget(
            name="quick",
            points=12,
            looks=1,
            every_mode=1,
            beyond="one",
            examples=0,
            float_points=12,
            ways={"float32": _BATCH},
            mode_ways={},
            # Floats of bounds and of statements that are false say little; a quick run compiles none of them.
            bound_ways={},
            bound_mode_ways={},
            entries=2_000_000,
            seconds=10.0,
        ),
        Budget(
            name="standard",
            points=48,
            looks=5,
            every_mode=2,
            beyond="two",
            examples=10,
            float_points=24,
            # XLA's compiler takes nearly all of the time that floats take. Every mode, every format and every way is
            # run, but their product is left to the deep budget.
            ways={"float64": _ONE, "float32": ("vmap", "eager"), "bfloat16": _ONE, "float16": _ONE},
            mode_ways={"float64": _ONE},
            bound_ways={"float32": _BATCH},
            bound_mode_ways={"float64": _ONE},
            entries=4_000_000,
            seconds=60.0,
        ),
        Budget(
            name="deep",
            points=400,
            looks=60,
            every_mode=24,
            beyond="two",
            examples=1000,
            float_points=256,
            ways=_ALL,
            mode_ways=_ALL,
            bound_ways=_ALL,
            bound_mode_ways=_ALL,
            entries=40_000_000,
            seconds=900.0,
        ),
    )
}
