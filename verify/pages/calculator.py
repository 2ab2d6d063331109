"""The calculator's page, and the programs that its script runs: JAX's gradients, and forms without cancellation."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from verify.formats import FORMATS
from verify.maps import CLASSES, MEANING, NO_DIGIT
from verify.pages.maps import CLASS_COLOURS

CLASS_COUNTS: Final = (2, 3)
SHOWN_FORMATS: Final = ("float64", "float32")
SMALL: Final = 1e-3
# The name of each primitive in the script.
_NAMES: Final = {
    **{name: name for name in ("add", "sub", "mul", "div", "neg", "abs", "max", "min", "exp", "log", "log1p", "sqrt")},
    **{name: name for name in ("eq", "ne", "ge", "gt", "le", "lt")},
    "add_any": "add",
    "select_n": "select",
}
_SAME: Final = frozenset({"stop_gradient", "copy", "copy_p", "convert_element_type"})
_COMMUTES: Final = frozenset({"add", "mul", "max", "min"})


class _Tape:
    """A program as a list of operations on numbers, each operation once."""

    def __init__(self, inputs: int) -> None:
        self.inputs = inputs
        self.constants: list[float] = []
        self.steps: list[list[Any]] = []
        self.known: dict[Any, int] = {}
        self.places: dict[tuple[str, int], int] = {}

    def constant(self, value: float) -> tuple[str, int]:
        """A place among the constants."""
        key = ("constant", value.hex())
        if key not in self.known:
            self.known[key] = len(self.constants)
            self.constants.append(value)
        return "constant", self.known[key]

    def step(self, name: str, *operands: tuple[str, int]) -> tuple[str, int]:
        """The result of an operation; the one of earlier where the same was asked."""
        ordered = tuple(sorted(operands)) if name in _COMMUTES else operands
        key = (name, ordered)
        if key not in self.known:
            self.known[key] = len(self.steps)
            self.steps.append([name, *ordered])
        return "step", self.known[key]

    def power(self, base: tuple[str, int], exponent: int) -> tuple[str, int]:
        """A whole power by squaring, one over it where the exponent is negative, as XLA expands it."""
        found: tuple[str, int] | None = None
        square, left = base, abs(exponent)
        while left:
            if left & 1:
                found = square if found is None else self.step("mul", found, square)
            left >>= 1
            if left:
                square = self.step("mul", square, square)
        found = found or self.constant(1.0)
        return self.step("div", self.constant(1.0), found) if exponent < 0 else found

    def encoded(self, outputs: Sequence[tuple[str, int]]) -> dict[str, Any]:
        """Inputs are numbered first, then constants, then operations in their order."""
        start = {"input": 0, "constant": self.inputs, "step": self.inputs + len(self.constants)}

        def number(place: tuple[str, int]) -> int:
            return start[place[0]] + place[1]

        return {
            "constants": self.constants,
            "steps": [[name, *map(number, operands)] for name, *operands in self.steps],
            "outputs": [number(place) for place in outputs],
        }


def program(function: Callable[..., Any], classes: int) -> dict[str, Any]:
    """A function of logits and target as a list of operations on numbers.

    Args:
        function: of two vectors, plain or differentiated by JAX.
        classes: how many entries each has.

    Returns:
        ``constants``, ``steps`` such as ``["mul", 0, 5]``, whose operands are numbers of inputs (logits, then targets),
        constants and earlier steps in that order, and ``outputs``.

    Raises:
        ValueError: for an operation that the script does not know, naming it.
    """
    import jax
    import numpy as np

    from verify.sweeps.components import over_numbers

    with jax.enable_x64(True):
        shape = jax.ShapeDtypeStruct((classes,), np.float64)
        closed = over_numbers(jax.make_jaxpr(function)(shape, shape))
        tape = _Tape(2 * classes)
        places: dict[Any, tuple[str, int]] = {
            variable: ("input", place) for place, variable in enumerate(closed.jaxpr.invars)
        }
        for variable, value in zip(closed.jaxpr.constvars, closed.consts, strict=True):
            places[variable] = tape.constant(float(value))

        def place_of(variable: Any) -> tuple[str, int]:
            return tape.constant(float(variable.val)) if hasattr(variable, "val") else places[variable]

        for equation in closed.jaxpr.eqns:
            name = equation.primitive.name
            operands = [place_of(each) for each in equation.invars]
            if name == "convert_element_type" and equation.invars[0].aval.dtype == bool:
                found = tape.step("select", operands[0], tape.constant(0.0), tape.constant(1.0))
            elif name in _SAME:
                found = operands[0]
            elif name == "integer_pow":
                found = tape.power(operands[0], equation.params["y"])
            elif name == "square":
                found = tape.power(operands[0], 2)
            elif name in _NAMES:
                found = tape.step(_NAMES[name], *operands)
            else:
                raise ValueError(
                    f"the calculator's script has no operation {name!r}: add it to site/_static/calculator.js and to "
                    f"{Path(__file__).name}"
                )
            places[equation.outvars[0]] = found
        return tape.encoded([place_of(each) for each in closed.jaxpr.outvars])


def programs() -> dict[str, Any]:
    """All that the calculator's script is given: programs of every loss at each number of classes, and the rule.

    Returns:
        ``losses`` by name, the article's first, each with ``sizes``: the programs ``autodiff`` and ``exact`` by number
        of classes, and ``oneHot`` where the loss is about one right class; ``softmax``, programs of the outputs and
        of what they leave; ``formats``; and ``rule``, by which the maps class a cell.
    """
    import jax

    from verify.article.calculator import ONE_HOT_ONLY, WITHOUT_CANCELLATION
    from verify.article.softmax import complement, softmax
    from verify.article.vanishing import LOSSES
    from verify.sweeps.judge import ROOM

    losses = {
        name: {
            "oneHot": name in ONE_HOT_ONLY,
            "sizes": {
                count: {"autodiff": program(jax.grad(LOSSES[name][0]), count), "exact": program(form, count)}
                for count in CLASS_COUNTS
            },
        }
        for name, form in WITHOUT_CANCELLATION.items()
    }
    return {
        "first": next(iter(losses)),
        "losses": losses,
        "softmax": {
            count: {
                "shares": program(lambda x, y: softmax(x), count),
                "rest": program(lambda x, y: complement(softmax(x)), count),
            }
            for count in CLASS_COUNTS
        },
        "formats": {name: {"precision": FORMATS[name].precision, "emin": FORMATS[name].emin} for name in SHOWN_FORMATS},
        "rule": {"noDigit": NO_DIGIT, "small": SMALL, "room": ROOM},
        "classes": CLASSES,
        "colours": CLASS_COLOURS,
        "meaning": MEANING,
        "examples": list(map(asdict, EXAMPLES)),
    }


@dataclass(frozen=True, kw_only=True)
class Example:
    """A point that one click goes to.

    Attributes:
        title: what the button says.
        x: logits in nats.
        y: target, summing to one.
    """

    title: str
    x: tuple[float, ...]
    y: tuple[float, ...]


EXAMPLES: Final = (
    Example(title="gap 5, wrong", x=(5, 0), y=(0, 1)),
    Example(title="gap 18, wrong", x=(18, 0), y=(0, 1)),
    Example(title="gap 40, wrong", x=(40, 0), y=(0, 1)),
    Example(title="gap 40, right", x=(40, 0), y=(1, 0)),
    Example(title="gap 800, wrong", x=(800, 0), y=(0, 1)),
    Example(title="the article's three logits", x=(0.2, 5, 0.3), y=(1, 0, 0)),
)


def calculator_page(reports: str) -> str:
    """The page that the script fills in, with a table for those without scripts.

    Args:
        reports: where the pages of a run are, from this page.
    """
    blocks = [
        "# Calculator",
        '<link rel="stylesheet" href="_static/calculator.css">',
        "Move the logits and the target, and see the softmax, the gradient of each of seventeen losses, how many "
        "decimal digits of it JAX's own program keeps in float64 and in float32, and which class of the maps that is.",
        '<div id="calculator-here"><noscript><p>This needs a browser that runs scripts. The table below shows four '
        "points.</p></noscript></div>",
        '<script src="_static/programs.js" defer></script>\n<script src="_static/calculator.js" defer></script>',
        "## How it computes",
        "\n".join(
            [
                "- The gradient is computed in this page in float64, in a form in which nothing cancels, with a bound "
                "on its own error carried along: only digits that are known are shown, and what a bound leaves open "
                "is *unknown*.",
                "- Digits and classes are those of the program that `jax.grad` traces, run here operation by operation "
                "with every result rounded to the format, and flushed to zero below its normal range. A compiler may "
                "fuse and reorder operations, so that near the edge of a class JAX's compiled program may fall on the "
                f"other side; what it returned cell by cell is on [the maps]({reports}maps.md).",
                "- *Digits kept* are those of the component that fares worst, rounded down; *none* where a component "
                "has not one, *underflow* where its true value is below the format's normal range.",
                "- Targets are multiples of 1/1024, so that they sum to one exactly in both formats. In float32 the "
                "true value is taken at the logits as float32 rounds them.",
            ]
        ),
        "## Four points, without scripts",
        "Two classes with logits $`(g, 0)`$; the true gradient by the first logit, from exact balls.",
        _points_table(),
    ]
    return "\n\n".join(blocks) + "\n"


def _points_table() -> str:
    """True gradients at some points of the examples, from exact balls."""
    import jax
    import numpy as np

    from verify.article.vanishing import LOSSES
    from verify.pages.markdown import table
    from verify.readings.api import enclose

    shown = [each for each in EXAMPLES if len(each.x) == 2 and each.x[0] <= 40]
    rows: list[list[str]] = []
    with jax.enable_x64(True):
        for name in ("squared error", "cross entropy", "absolute error"):
            cells = [
                enclose(jax.grad(LOSSES[name][0]), np.array(each.x, float), np.array(each.y, float))[0]
                for each in shown
            ]
            rows.append([name, *(f"{float(ball.mid()):.5g}" for ball in cells)])
    return table(["loss", *(each.title for each in shown)], rows)
