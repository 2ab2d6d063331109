"""Certificates: both sides of a proved identity as a Python file, so that sympy can check it without our code.

At the smallest sizes of a claim every mode of JAX and the formula are written line by line, as the programs compute
them. For every size at once, both sides are written as rational functions of a generic entry and of sums, with a
legend, and that form is set beside JAX's program at a few sizes, its sums written out. What is written line by line
has been computed in balls at a few points first: lines whose sides part there are not handed out.
"""

import itertools
import keyword
import random
import re
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Any, Final

import numpy as np
from flint import arb, ctx

from verify.claim import Claim, ClaimError, UnsupportedPrimitive
from verify.domain import Facts
from verify.engines.prove import Outcome, Residual, index_letter, prove_at, prove_open
from verify.formats import FLOAT64
from verify.program import Program, Subject, size_text, trace
from verify.readings.algebra import Value
from verify.readings.expressions import Expressions, Sheet, Term, Undecided, holds, number, number_text
from verify.readings.interpreter import Array, walk

# Sizes up to this are written out, the smallest ones.
LARGEST_SIZE: Final = 3
MOST_SIZES: Final = 2
SECONDS: Final = 30.0
# What is proved for every size is tried at this one too.
FURTHER: Final = 4
WIDTH: Final = 110
# Functions that stand in the forms for every size.
CALLED: Final = {"exp", "log", "Abs", "Rational", "sin", "cos", "erf", "atan"}
# Names that a line of Python or sympy would read as something else.
RESERVED: Final = {"exp", "log", "sqrt", "sign", "Abs", "Max", "Min", "Rational", "symbols", "autodiff", "by_hand"}
CHECK: Final = '''
def plain(inside):
    """The same value as a product of factors, exponentials of sums taken apart."""
    return factor(together(expand(inside, power_exp=True)))


def vanishes(difference):
    """Whether sympy finds that a difference is zero, for all values of its symbols."""
    difference = sympify(difference).rewrite(exp)
    for _ in range(2):  # logarithms of products become sums; what stands in them is positive where they have a value
        difference = difference.replace(log, lambda inside: expand_log(log(plain(inside)), force=True))
        difference = difference.replace(Abs, lambda inside: Abs(plain(inside)))
        difference = expand(difference, power_exp=True)
    reduced = cancel(together(powdenest(difference, force=True)))
    return reduced == 0 or simplify(reduced) == 0


if __name__ == "__main__":
    for case in CASES:
        sides = zip(*case(), strict=True)
        wrong = [place for place, (left, right) in enumerate(sides) if not vanishes(left - right)]
        print(case.__doc__, "not shown: components " + str(wrong) if wrong else "equal")
        if wrong:
            raise SystemExit(1)
'''


class NoCertificate(Exception):
    """Why none is written, as a sentence."""


@dataclass
class Certificate:
    """Both sides in one mode, at one choice of sizes and of the arguments that have finitely many values.

    Attributes:
        title: what it is about, on one line.
        mode: JAX's mode, or ``stable``.
        symbols: name of each symbol to what sympy may assume of it.
        remarks: hypotheses and what symbols stand for, beyond the assumptions.
        given: entries that are written by others, as lines.
        lines: JAX's side, then the formula.
        autodiff, by_hand: the components of both sides.
        entries: each argument's entries as they are written.
        shapes: of the outputs.
        form: whether the second side is the form for every size, and not the formula.
    """

    title: str
    mode: str
    symbols: dict[str, str]
    remarks: list[str]
    given: list[str]
    lines: tuple[list[str], list[str]]
    autodiff: list[str]
    by_hand: list[str]
    entries: dict[str, Array] = field(default_factory=dict)
    shapes: tuple[tuple[int, ...], ...] = ()
    form: bool = False


@dataclass
class Reduced:
    """Both sides for every size, as rational functions.

    Attributes:
        modes: the modes in which the same came out.
        component: which output, as the proof counts.
        parts: how the axes are cut up.
        legend: each name and what it stands for.
        autodiff, by_hand: both sides in these names.
    """

    modes: list[str]
    component: str
    parts: str
    legend: dict[str, str]
    autodiff: str
    by_hand: str


def certificate(claim: Claim) -> str:
    """A Python file that needs nothing but sympy.

    Args:
        claim: an identity that can be proved.

    Returns:
        The text of the file.

    Raises:
        NoCertificate: where the claim is a bound, is not proved, or depends on choices.
        ClaimError: where the claim cannot be built.
    """
    if claim.relation != "==":
        raise NoCertificate("it states a bound; certificates are written for equations")
    found: list[Certificate] = []
    without: list[str] = []
    reduced = every_size(claim)
    sizes = _sizes(claim)
    name = next(iter(sizes[0]), "")
    for size in sizes:
        written, reasons = closed(claim, size)
        found += written
        without += reasons
        found += instantiated(written, reduced, size)
    if reduced and list(sizes[0]) == [name] and sizes[0][name] < FURTHER not in [each[name] for each in sizes]:
        # One size more than is written out else, by one mode: what is said of every size is tried beyond the first.
        with suppress(NoCertificate, ClaimError):
            written, _ = closed(claim, {name: FURTHER}, first=True)
            found += [each for each in written if len(each.autodiff) <= FURTHER]
            found += instantiated(written, reduced, {name: FURTHER})
    if all(each.mode == "stable" for each in found):
        raise NoCertificate("; ".join(dict.fromkeys(without)) or "no size of it is small enough to be written out")
    return _file(claim, found, reduced, without)


def _sizes(claim: Claim) -> list[Mapping[str, int]]:
    """The smallest sizes, the first of all sizes at least."""
    choices = claim.choices()
    small = [each for each in choices if all(value <= LARGEST_SIZE for value in each.values())]
    return (small or sorted(choices, key=lambda each: sum(each.values())))[:MOST_SIZES]


# -- sizes that are known -----------------------------------------------------------------------------------------


def closed(
    claim: Claim, size: Mapping[str, int], seconds: float = SECONDS, *, first: bool = False
) -> tuple[list[Certificate], list[str]]:
    """Certificates at one choice of sizes, and why there is none for the other modes.

    Args:
        claim: the claim.
        size: the choice of sizes.
        seconds: for the proof that comes first.
        first: write JAX's first mode alone.
    """
    subject = trace(claim, size, FLOAT64, "one" if first else "every")
    outcome = prove_at(subject, seconds)
    text = size_text(size)
    where = f" at {text}" if text else ""
    if outcome.residual is not None or not outcome.proved:
        because = "; ".join(dict.fromkeys(outcome.reasons.values()))
        raise NoCertificate(f"the claim is not proved{where}{': ' + because if because else ''}")
    found: list[Certificate] = []
    reasons: dict[str, dict[str, None]] = {}
    for mode, reason in outcome.reasons.items():
        reasons.setdefault(reason, {})[mode] = None
    if outcome.exceptions:
        raise NoCertificate(f"the proof leaves out {' and '.join(outcome.exceptions)}{where}, where JAX has a kink")
    for values in _values(subject):
        for program in (*subject.modes, *((subject.stable,) if subject.stable else ())):
            if program.name not in outcome.proved:
                continue
            try:
                one = _Writer(subject, program, values).write()
            except (Undecided, UnsupportedPrimitive) as error:
                reasons.setdefault(str(error), {})[program.name] = None
                continue
            if one is not None:
                found.append(one)
    return found, [f"{', '.join(modes)}{where}: {reason}" for reason, modes in reasons.items()]


def _values(subject: Subject) -> Iterator[dict[int, Any]]:
    """All values of the arguments that have finitely many; a proof has tried them one by one, so that they are few."""
    choices: list[list[tuple[int, Any]]] = []
    for place, (region, shape) in enumerate(zip(subject.regions, subject.shapes, strict=True)):
        facts = region.facts
        if facts.vertex:
            rows = int(np.prod(shape[:-1], dtype=int))
            ends = range(shape[-1]) if facts.index is None else [facts.index % shape[-1]]
            options = [np.eye(shape[-1])[list(each)].reshape(shape) for each in itertools.product(ends, repeat=rows)]
        elif facts.below is not None:
            assert isinstance(facts.below, int)
            number_of = int(np.prod(shape, dtype=int))
            options = [
                np.array(each, dtype=np.int64).reshape(shape)
                for each in itertools.product(range(facts.below), repeat=number_of)
            ]
        else:
            continue
        choices.append([(place, each) for each in options])
    for chosen in itertools.product(*choices):
        yield dict(chosen)


class _Writer:
    """Writes one mode."""

    def __init__(self, subject: Subject, program: Program, values: Mapping[int, Any]) -> None:
        self.subject, self.program, self.values = subject, program, values
        taken = {_identifier(name) for name in subject.names}
        prefixes = itertools.chain(("t", "u"), ("line" + "_" * more for more in itertools.count()))
        # Lines are t1, t2 and so on, and maxima m1 or, with another prefix, mu1.
        names = ((each, rf"{each}\d*|m{each.removeprefix('t')}\d+") for each in prefixes)
        self.sheet = Sheet(next(each for each, text in names if not any(re.fullmatch(text, name) for name in taken)))
        self.system = Expressions(self.sheet)
        self.symbols: dict[str, str] = {}
        self.remarks: list[str] = []
        self.known: dict[str, Facts] = {}
        self.winners: list[tuple[list[str], int, float]] = []

    def write(self) -> Certificate | None:
        """The certificate; None where the claim does not speak of these values."""
        subject, program = self.subject, self.program
        arguments = [self._argument(place) for place in range(len(subject.names))]
        if subject.where is not None:
            ((held,), _) = walk(self.system, subject.where.closed, arguments, 1)
            if not holds(held):
                return None
        taken = {_identifier(name) for name in subject.names}
        word = {"in": "v", "out": "w"}.get(program.contracted, "")
        word = word + "_along" if word in taken else word
        along = [self._free(f"{word}{number or ''}", shape, Facts()) for number, shape in enumerate(program.directions)]
        if along:
            kind = "the direction" if program.contracted == "in" else "the cotangent"
            self.remarks.append(f"{', '.join(each.text for array in along for each in array.ravel())}: {kind}, free")
        before = len(self.sheet.lines)
        outputs, _ = walk(self.system, program.closed, [*arguments, *along], 1)
        middle = len(self.sheet.lines)
        expected, _ = walk(self.system, subject.formula.closed, arguments, 1)
        if program.contracted:
            expected = self._contracted(expected, along)
        autodiff, by_hand = (
            [each for array in side for each in array.ravel().tolist()] for side in (outputs, expected)
        )
        if any(each is None or each.infinite for each in (*autodiff, *by_hand)):
            raise Undecided("a component without a value")
        self._try(autodiff, by_hand)
        for name, meaning in self.sheet.maxima.items():
            self.symbols[name] = "real"
            self.remarks.append(
                f"{name}: stands for {meaning}, which only shifts; it is free, the sides are equal whatever it is"
            )
        lines = [f"{each.name} = {each.text}" for each in self.sheet.lines]
        size = size_text(subject.size)
        held = [
            f"{_identifier(subject.names[place])} = {np.asarray(value).astype(int).tolist()}"
            for place, value in self.values.items()
        ]
        return Certificate(
            title=", ".join(each for each in (size, program.name, *held) if each),
            mode=program.name,
            symbols=self.symbols,
            remarks=self.remarks,
            given=lines[:before],
            lines=(lines[before:middle], lines[middle:]),
            autodiff=[each.text for each in autodiff],
            by_hand=[each.text for each in by_hand],
            entries={
                _identifier(name): np.array([each.text for each in array.ravel()], dtype=object).reshape(
                    array.shape[1:]
                )
                for name, array in zip(subject.names, arguments, strict=True)
                if array.dtype == object
            },
            shapes=program.outputs,
        )

    def _argument(self, place: int) -> Array:
        subject = self.subject
        facts, shape, name = subject.regions[place].facts, subject.shapes[place], _identifier(subject.names[place])
        if place in self.values:
            value = np.asarray(self.values[place])[None]
            return value.astype(np.int64) if facts.below is not None else self.system.lift(value)
        if facts.value is not None:
            return self.system.lift(np.array(facts.value, dtype=np.float64).reshape((1, *shape)))
        array = self._free(name, shape, facts)
        rows = array.reshape(-1, shape[-1]) if shape else array.reshape(1, 1)
        if facts.total is not None:
            for row in rows:
                last, others = row[-1], row[:-1].tolist()
                del self.symbols[last.text]
                total = number(facts.total)
                for each in others:
                    total = self.system.subtract(total, each)
                self.remarks.append(
                    f"{last.text} = {total.text}: the entries of {name} sum to {facts.total}; it is at least 0 too"
                )
                row[-1] = total
        if facts.winner is not None:
            for row in rows:
                texts = [each.text for each in row]
                best = 0 if facts.winner == "any" else int(facts.winner) % len(texts)
                self.winners.append((texts, best, facts.gap))
                which = "one of them" if facts.winner == "any" else texts[best]
                self.remarks.append(f"{', '.join(texts)}: {which} exceeds the others by at least {facts.gap:g}")
        if facts.low is not None or facts.high is not None:
            ends = [f"at least {facts.low:g}" if facts.low is not None else ""]
            ends += [f"at most {facts.high:g}" if facts.high is not None else ""]
            self.remarks.append(f"{', '.join(each.text for each in array.ravel())}: {' and '.join(filter(None, ends))}")
        return array

    def _free(self, name: str, shape: Sequence[int], facts: Facts) -> Array:
        array = np.empty((1, *shape), dtype=object)
        assumption = {
            frozenset({1}): "positive",
            frozenset({0, 1}): "nonnegative",
            frozenset({-1}): "negative",
            frozenset({-1, 0}): "nonpositive",
        }.get(facts.signs, "real")
        for where in np.ndindex(*shape):
            text = "_".join([name, *map(str, where)])
            while text in self.known:  # x_0 may be an entry of x, and the name of another argument
                text += "_"
            array[(0, *where)] = Term(text, signs=facts.signs)
            self.symbols[text] = assumption
            self.known[text] = facts
        return array

    def _contracted(self, derivative: Sequence[Array], along: Sequence[Array]) -> list[Array]:
        """What a mode with a direction returns, from the whole derivative of the formula."""
        subject = self.subject
        outer = subject.inner if subject.claim.autodiff.kind == "hessian" else subject.outer
        inner = subject.inner
        forward = self.program.contracted == "in"
        results: list[Array] = []
        for index, kept in enumerate(outer if forward else inner):
            parts: list[Array] = []
            for other, summed in enumerate(inner if forward else outer):
                row, column = (index, other) if forward else (other, index)
                block = derivative[row * len(inner) + column]
                axes = tuple(range(len(kept), len(kept) + len(summed))) if forward else tuple(range(len(summed)))
                parts.append(self.system.contract(block, along[other], (axes, tuple(range(len(summed))))))
            total = np.empty(parts[0].shape, dtype=object)
            for place in np.ndindex(*total.shape):
                total[place] = self.system.total([part[place] for part in parts])
            results.append(total)
        return results

    def _try(self, autodiff: Sequence[Term], by_hand: Sequence[Term]) -> None:
        """Compute both sides in balls at a few points of the domain, free symbols at any."""
        rng = random.Random(0)
        before = ctx.prec
        ctx.prec = 256
        try:
            for _ in range(3):
                at: dict[str, Any] = {name: arb(rng.uniform(-2, 2)) for name in self.sheet.maxima}
                for name in self.symbols:
                    at[name] = arb(_draw(rng, self.known[name]))
                for texts, best, gap in self.winners:
                    at[texts[best]] = max((at[each] for each in texts), key=float) + arb(gap)
                values = self.sheet.values(at)
                for left, right in zip(autodiff, by_hand, strict=True):
                    a, b = (_ball(each, values) for each in (left, right))
                    if a.is_finite() and b.is_finite() and not a.overlaps(b):
                        raise Undecided("an equation that needs more than what is written")
        finally:
            ctx.prec = before


def _ball(term: Term, values: Mapping[str, Any]) -> Any:
    if term.number is None:
        return values[term.text]
    return arb(term.number.numerator) / arb(term.number.denominator)


def _draw(rng: random.Random, facts: Facts) -> float:
    if facts.total is not None:
        return rng.uniform(0.01, 0.2)  # so that what is left of the total stays positive
    if facts.low is not None or facts.high is not None:
        low = facts.low if facts.low is not None else (facts.high or 0.0) - 2.0
        return rng.uniform(low, facts.high if facts.high is not None else low + 2.0)
    if facts.signs <= {0, 1}:
        return rng.uniform(0.1, 2.0)
    return rng.uniform(-2.0, -0.1) if facts.signs <= {-1, 0} else rng.uniform(-2.0, 2.0)


def _identifier(name: str) -> str:
    """A name that Python and sympy take for a symbol."""
    text = re.sub(r"\W+", "_", name).strip("_") or "argument"
    return f"{text}_" if keyword.iskeyword(text) or text in RESERVED else text


# -- every size ---------------------------------------------------------------------------------------------------


def every_size(claim: Claim, seconds: float = SECONDS) -> list[Reduced]:
    """Both sides as rational functions of a generic entry, in the modes that are proved for every size.

    Args:
        claim: the claim.
        seconds: for the proof.
    """
    if not any(claim.choices()):
        return []
    try:
        outcome: Outcome = prove_open(claim, seconds, keep=True)
    except ClaimError:
        return []
    if outcome.residual is not None or not outcome.proved or outcome.exceptions:
        return []
    found: dict[Any, Reduced] = {}
    for each in outcome.certificates:
        if each.program not in outcome.proved:
            continue
        names = _Names(each)
        autodiff, by_hand = names.value(each.autodiff), names.value(each.by_hand)
        key = (each.where, names.parts(), autodiff, by_hand, tuple(names.legend.items()))
        if key in found:
            if each.program not in found[key].modes:
                found[key].modes.append(each.program)
            continue
        found[key] = Reduced([each.program], each.where, names.parts(), names.legend, autodiff, by_hand)
    return list(found.values())


def instantiated(
    written: Sequence[Certificate], reduced: Sequence[Reduced], size: Mapping[str, int]
) -> list[Certificate]:
    """What JAX computes at a size, line by line, beside its form for every size with its sums written out.

    Args:
        written: certificates at this size; the first whose mode has such a form is taken.
        reduced: the forms for every size.
        size: one named size.
    """
    if len(size) != 1:
        return []
    (n,) = size.values()
    for each in written:
        mine = [form for form in reduced if each.mode in form.modes]
        if each.mode == "stable" or not mine or any(form.parts for form in mine):
            continue
        texts: list[str] = []
        for output, shape in enumerate(each.shapes):
            for place in np.ndindex(*shape):
                form = next((form for form in mine if _speaks_of(form.component, output, place)), None)
                text = None if form is None else _expanded(form.autodiff, form.legend, each.entries, n, place)
                if text is None:
                    return []
                texts.append(text)
        title = f"{each.title}, beside its form for every size with the sums written out"
        return [replace(each, title=title, lines=(each.lines[0], []), by_hand=texts, form=True)]
    return []


def _speaks_of(component: str, output: int, place: tuple[int, ...]) -> bool:
    """Whether a generic component, such as ``0[0, 0](0, 1)``, is that of a place: which of its indices coincide."""
    index, _, rest = component.partition("[")
    slots, _, coincide = rest.partition("]")
    if int(index) != output or len(re.findall(r"\d+", slots)) != len(place):
        return False
    firsts = [place.index(each) for each in place]
    known = [int(each) for each in re.findall(r"\d+", coincide)] or [0] * len(place)
    return [known.index(each) for each in known] == firsts


def _expanded(
    text: str, legend: Mapping[str, str], entries: Mapping[str, Array], n: int, place: tuple[int, ...]
) -> str | None:
    """A generic form at one place and size, by the arguments' entries alone; None where it has anything else."""
    ends = {index_letter(place.index(each)): each for each in place}

    def one(name: str, at: Mapping[str, int]) -> str:
        meaning = legend.get(name, "")
        if meaning.startswith(total := "the sum over all "):
            letter, _, body = meaning.removeprefix(total).partition(" of ")
            return "(" + " + ".join(all_of(body, {**at, letter: entry}) for entry in range(n)) + ")"
        if meaning == "the number of entries":
            return str(n)
        if meaning:
            # What is free is explained in words, none of which is an entry.
            return f"({all_of(meaning, at)})"
        meant: list[str] = []
        for argument, those in entries.items():
            if name == argument or name.startswith(f"{argument}_"):
                indices = name[len(argument) + 1 :].split("_") if name != argument else []
                if len(indices) == those.ndim and all(each.isdigit() or each in at for each in indices):
                    meant.append(those[tuple(int(each) if each.isdigit() else at[each] for each in indices)])
        if len(meant) != 1:  # Entry 0 of an argument x is called as an argument x_0 is.
            raise Undecided(name)
        return f"({meant[0]})"

    def all_of(text: str, at: Mapping[str, int]) -> str:
        return re.sub(r"[A-Za-z]\w*", lambda found: found[0] if found[0] in CALLED else one(found[0], at), text)

    try:
        return all_of(text, ends)
    except (Undecided, KeyError, IndexError):
        return None


@dataclass
class _Names:
    """Names for the generators of one component, with a legend in words."""

    of: Residual
    legend: dict[str, str] = field(default_factory=dict)
    _known: dict[int, str] = field(default_factory=dict)

    def parts(self) -> str:
        """How the axes are cut up, where they are."""
        texts: list[str] = []
        for axis in self.of.system.partition.axes.values():
            singles = [_single(each) for each in axis.singles]
            kinds = len(axis.blocks)
            if not singles and kinds == 1:
                continue
            rest = ["no other entry", "all others alike"][kinds] if kinds < 2 else f"{kinds} kinds of entries"
            texts.append(f"axis {axis.name}: {', '.join([*singles, rest])}")
        return "; ".join(texts)

    def name(self, place: int) -> str:
        """The name of a generator; new ones are explained."""
        found = self._known.get(place)
        if found is not None:
            return found
        system = self.of.system
        generator = system.field.generators[place]
        key = generator.key
        if generator.kind == "input":
            name, where = key
            free = re.fullmatch(r"(\w+) direction (\d+)", name)
            word = f"v{free[2]}" if free and free[1] != "vjp" else f"w{free[2]}" if free else _identifier(name)
            plain = "_".join([word, *(_slot(each) for each in where)])
            text = self._known[place] = self._untaken(plain)
            kind = "direction" if word[0] == "v" else "cotangent"
            self.legend[text] = f"the {kind}, free" if free else "" if text == plain else f"of the argument {name}"
            return text
        meaning = {
            "exp": lambda: f"exp({self.term(*key[:2])}{_scaled(key[2], generator.unit)})",
            "log": lambda: f"log(Abs({self.poly(system.field.bases[key])}))",
            "log-whole": lambda: f"log({key})",
            "root": lambda: f"Abs({self.poly(system.field.bases[key])})**Rational(1, {generator.unit})",
            "root-whole": lambda: f"{key}**Rational(1, {generator.unit})",
            "count": lambda: "the number of entries",
            "sum": lambda: f"the sum over all {index_letter(-generator.depth)} of {self.term(key[1], key[2])}",
            "max": lambda: f"free, stands for the {'maximum' if key[0] > 0 else 'minimum'}",
        }.get(generator.kind)
        if meaning is None:
            inside = ", ".join(self.value(each) for each in generator.arguments)
            text = f"{key[0]}({inside})" if generator.kind == "call" else f"{generator.kind} {place}"
        else:
            text = meaning()
        letter = {"exp": "e", "sum": "S", "count": "N", "max": "m"}.get(generator.kind, "f")
        if generator.kind == "sum":
            axis = next(each for each in system.partition.axes.values() if key[0] in each.blocks)
            if len(axis.blocks) > 1:
                text += f" (entries of kind {1 + axis.blocks.index(key[0])} alone)"
            elif axis.singles:
                text += f" (without {' and '.join(_single(each) for each in axis.singles)})"
        number = sum(each.startswith(letter) and each[1:].isdigit() for each in self.legend) + 1
        name = self._known[place] = self._untaken(f"{letter}{number}")
        self.legend[name] = text
        return name

    def _untaken(self, name: str) -> str:
        """A name that nothing else has: an argument may be called v0, S1, or x_0 beside an argument x."""
        while name in self.legend:
            name += "_"
        return name

    def term(self, places: Sequence[tuple[int, int]], den: Any) -> str:
        """A monomial over bases."""
        text = "*".join(self.name(place) + (f"**{power}" if power != 1 else "") for place, power in places) or "1"
        for base, power in den:
            text += f"/({self.poly(self.of.system.field.bases[base])})" + (f"**{power}" if power != 1 else "")
        return text

    def poly(self, poly: Any) -> str:
        """A polynomial in full."""
        parts: list[str] = []
        for exponents, coefficient in zip(poly.monoms(), poly.coeffs(), strict=True):
            factors = [
                self.name(place) + (f"**{int(power)}" if power != 1 else "")
                for place, power in enumerate(exponents)
                if power
            ]
            size = abs(int(coefficient))
            body = "*".join(([str(size)] if size != 1 or not factors else []) + factors)
            parts.append((" - " if int(coefficient) < 0 else " + ") + body)
        text = "".join(parts) or " + 0"
        return text[3:] if text.startswith(" + ") else "-" + text[3:]

    def value(self, value: Value) -> str:
        """A rational function."""
        above = self.poly(value.num)
        below = [
            f"({self.poly(self.of.system.field.bases[base])})" + (f"**{power}" if power != 1 else "")
            for base, power in value.den
        ]
        if value.unit != 1:
            below.insert(0, str(value.unit))
        return f"({above})/({'*'.join(below)})" if below else above


def _single(each: int | str) -> str:
    return "the label" if each == "label" else f"entry {each}"


def _slot(where: tuple[Any, ...]) -> str:
    if where[0] == "at":
        return str(where[1])
    return index_letter(where[2])


def _scaled(scale: Fraction, unit: int) -> str:
    factor = Fraction(scale) / unit
    return "" if factor == 1 else f"*{number_text(factor)}"


# -- the file -----------------------------------------------------------------------------------------------------


def _file(claim: Claim, found: Sequence[Certificate], reduced: Sequence[Reduced], without: Sequence[str]) -> str:
    """The text of the Python file."""
    kind = claim.autodiff.kind
    about = (
        f"Each function below returns both sides of one case: what JAX computes for the {kind}, operation by operation "
        "in the order of its program, and the formula by hand. Nothing is simplified but that numbers are computed, "
        "and zeros and factors one left out. Run this file with Python and sympy: it exits with 1 unless sympy finds "
        "every difference to be zero. No other code is needed."
    )
    head = [f'r"""{claim.id}: both sides, to be checked without gradproof.', "", *textwrap.wrap(about, WIDTH)]
    if without:
        head += ["", "Not written:", *(f"  {line}" for each in without for line in _folded(each))]
    if reduced:
        head += ["", *_reduced_lines(reduced)]
    lines = [*head, '"""', "", "from sympy import *", ""]
    for place, each in enumerate(found, 1):
        lines += ["", *_function(f"case_{place}", each), ""]
    names = ", ".join(f"case_{place}" for place in range(1, len(found) + 1))
    lines += ["", *textwrap.wrap(f"CASES = [{names}]", WIDTH, subsequent_indent="    "), ""]
    return "\n".join(lines) + CHECK


def _folded(text: str) -> list[str]:
    return textwrap.wrap(text, WIDTH - 4, break_long_words=False, break_on_hyphens=False) or [""]


def _function(name: str, each: Certificate) -> Iterator[str]:
    yield f"def {name}():"
    yield f'    """{each.title}:"""'
    by_assumption: dict[str, list[str]] = {}
    for symbol, assumption in each.symbols.items():
        by_assumption.setdefault(assumption, []).append(symbol)
    for assumption, symbols in by_assumption.items():
        comma = "," if len(symbols) == 1 else ""
        yield f'    {", ".join(symbols)}{comma} = symbols("{" ".join(symbols)}{comma}", {assumption}=True)'
    for remark in each.remarks:
        yield f"    # {remark}"
    yield from (f"    {line}" for line in each.given)
    yield "    # The form that keeps digits." if each.mode == "stable" else "    # What JAX computes."
    yield from (f"    {line}" for line in each.lines[0])
    yield f"    autodiff = [{', '.join(each.autodiff)}]"
    yield f"    # {'The form for every size.' if each.form else 'The formula by hand.'}"
    yield from (f"    {line}" for line in each.lines[1])
    yield f"    by_hand = [{', '.join(each.by_hand)}]"
    yield "    return autodiff, by_hand"


def _reduced_lines(reduced: Sequence[Reduced]) -> Iterator[str]:
    """Both sides for every size, as part of the file's text."""
    about = (
        "For every size at once, both sides are one rational function of the names explained below it. k, i and p "
        "are any indices, different ones where several occur; j, l and m are indices that are summed over. That "
        "the two are equal is seen by reading them, or by putting free symbols for the names. That they are what "
        'the programs compute at every size is what gradproof says; cases below with "form for every size" in '
        "their title check it against JAX's program, line by line, at the sizes they name, and at no other."
    )
    yield from textwrap.wrap(about, WIDTH)
    for each in reduced:
        yield ""
        where = f"; {each.parts}" if each.parts else ""
        yield f"  {', '.join(each.modes)}, output {_component(each.component)}{where}:"
        for side, text in (("JAX", each.autodiff), ("by hand", each.by_hand)):
            yield from (f"    {line}" for line in _folded(f"{side}: {text}"))
        for name, meaning in each.legend.items():
            if meaning:
                yield from (f"      {line}" for line in _folded(f"{name} = {meaning}"))


def _component(text: str) -> str:
    """``0[0](0, 1)``: number of the output, place in it, which indices coincide."""
    index, coincide = text.partition("[")[0], text.partition("]")[2]
    firsts = re.findall(r"\d+", coincide)
    apart = len(set(firsts)) == len(firsts)
    return index + (
        ", indices all different" if apart and len(firsts) > 1 else "" if apart else ", indices that coincide"
    )
