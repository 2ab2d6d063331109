"""Results as lines of plain text, for a terminal of 80 columns."""

import math
import re
import textwrap
from collections.abc import Iterator, Sequence
from typing import Any

from verify.claim import float_sides
from verify.formats import FORMATS
from verify.results import ClaimRow, Counterexample, LossRow, Results, VerdictRow

WIDTH = 80
PROVE = "prove"
# What keeps a proof from speaking of every size, as the engine says it, and for a reader.
WHY_NOT = (
    (r"no certificate for .*", r"\g<0>"),
    (r"a bound with .*? along an axis of any length|a bound for .*", r"there is no rule yet for \g<0>"),
    (r"a maximum decides more than a shift", r"\g<0>"),
    (r"a reshape of .*|an axis of length .*", "the program joins axes whose lengths are left open"),
    (
        r"an index of.*|dynamic_\w+ along.*|scatter along.*|a gather.*|a slice of.*",
        "the program picks entries by a moving index",
    ),
    (r"\w+ along an axis of any length", "the program cuts or joins an axis whose length is left open"),
    (r"out of time.*|.*in time$|too many .*|more than .*", r"it took too long (\g<0>)"),
    (r".*did not cancel.*", "for a combination of choices, which may be impossible, a difference is left"),
    (
        r".*may be (zero|negative|zero or negative|undefined) in the domain.*",
        "a division, root or logarithm may have no value",
    ),
)


def verdict_lines(row: ClaimRow) -> list[str]:
    """What was found about a claim: one line, and what a reader needs to follow it up."""
    if row.error:
        return _wrapped(f"ERROR  {row.id}", row.error)
    expected = "" if row.as_expected == (row.status == "HOLDS") or row.status == "UNKNOWN" else _expectation(row)
    head = f"{row.status}  {row.id}{expected}"
    if row.status == "FAILS" and row.counterexample is not None:
        said = [f"differ by {difference(row)}"] if difference(row) else []
        said += [f"reason    {why_different(row)}"] if why_different(row) else []
        said += [f"digits    {loss_text(loss)}"] if (loss := lost(row)) is not None else []
        lines = [line for each in said for line in _folded(each)]
        return [f"{head}, engine {row.counterexample.engine}", *counterexample_lines(row.counterexample, lines)]
    if row.status == "UNKNOWN":
        return _wrapped(head, row.reason or "no engine decided it")
    found = [found_text(row)]
    if row.floats:
        found.append(floats_text(row) + _broken(row))
    if row.literals:
        found.append(f"up to the rounding of {', '.join(row.literals)}")
    if row.exceptions:
        found.append(f"not decided: {'; '.join(row.exceptions)}")
    if short_of(row):
        found.append(short_of(row))
    lines = _wrapped(head, "; ".join(each for each in found if each) or row.reason)
    return lines + (_folded(f"digits    {loss_text(loss)}") if (loss := lost(row)) is not None else [])


def next_step(row: ClaimRow) -> str:
    """What a reader may do about a verdict, in a sentence."""
    if row.error:
        return "Mend the claim as the message says, and run it again."
    if mended(row):
        return "Take expect_floats='outside' away: floats keep the promise with this version."
    if row.floats == row.expect_floats == "outside":
        return "Nothing: the promise is known to be broken, and the run says so when a version keeps it."
    if row.floats == "outside" and row.within:
        return (
            "Promise less, write the function so that it keeps its digits, or give the claim expect_floats='outside'."
        )
    if row.floats == "outside":
        return (
            "A float lies where rounding cannot have put it: look up the worst point in results.json, try it without "
            "jax.jit, and report it to JAX, or to us if our model of rounding is wrong there."
        )
    if row.status == "UNKNOWN":
        if "rimitive" in row.reason:
            return "Give the primitive a rule with verify.register_primitive, or write the function without it."
        return "Narrow the domain or the sizes to where the reason does not apply, or give it more with --budget deep."
    if row.status == "FAILS" and row.expect == "FAILS":
        return "Nothing: it is known to be false, and the difference says where the sides are equal."
    if row.status == "FAILS":
        return (
            "Compare the sides at this point by hand. If the formula is right under a hypothesis, put it into the "
            "domain; if the statement is false and is to stay on record, give it expect=Status.FAILS."
        )
    if row.expect == "FAILS":
        return "It was expected to fail and holds: take expect=Status.FAILS away, or look for the point it was about."
    if row.evidence == "proved":
        return f"Nothing; `verify show {row.id} --certificate` writes the proof as a file that sympy checks."
    return "Nothing has to be done; --budget deep looks at more points."


def _broken(row: ClaimRow) -> str:
    """What becomes of a promise that is expected to be broken."""
    if row.expect_floats != "outside":
        return ""
    return ", as expected" if row.floats == "outside" else ", which was expected to be broken: mended, it seems"


def _expectation(row: ClaimRow) -> str:
    if row.as_expected:
        return ", as expected"
    return "" if row.status == row.expect else f", expected {row.expect}"


def _folded(text: str) -> list[str]:
    """A label with what it says, below each other."""
    return textwrap.wrap(
        text,
        WIDTH,
        initial_indent="  ",
        subsequent_indent=" " * 12,
        break_on_hyphens=False,
        replace_whitespace=False,
    )


def _wrapped(head: str, text: str) -> list[str]:
    """A heading, and what is said about it on lines of its own."""
    return [head, *textwrap.wrap(text, WIDTH, initial_indent="  ", subsequent_indent="  ", break_on_hyphens=False)]


def found_text(row: ClaimRow) -> str:
    """Evidence with the number of points and the sizes: ``enclosed at 192 points, n = 2, 3``."""
    if not row.evidence:
        return ""
    if row.status == "FAILS":
        return row.evidence
    if row.evidence == "proved":
        return _proved_text(row)
    checked = sum(each.checked for each in row.verdicts if each.status == row.status and each.evidence == row.evidence)
    points = f" at {checked} point{'s' * (checked != 1)}" if checked and row.evidence != "proved" else ""
    sizes = sizes_text(row.sizes)
    return f"{row.evidence}{points}{', ' + sizes if sizes else ''}"


def _proved_text(row: ClaimRow) -> str:
    """``proved for every n``, or ``proved, n = 2, 3; enclosed at 144 points, n = 2, 3, 10``."""
    proved = [size for each in row.verdicts if each.evidence == "proved" for size in each.sizes if size]
    if proved and all(size.startswith("every ") for size in proved):
        return f"proved for {', '.join(proved)}"
    text = f"proved{', ' + sizes_text(proved) if proved else ' for all inputs'}"
    others = [each for each in row.verdicts if each.evidence == "enclosed" and set(each.sizes) - set(proved)]
    for each in others if proved else ():
        text += f"; enclosed at {each.checked} points, {sizes_text(each.sizes)}"
    return text


def proof(row: ClaimRow) -> VerdictRow | None:
    """What the symbolic engine says of a claim."""
    return next((each for each in row.verdicts if each.engine == PROVE), None)


def reach(row: ClaimRow) -> str:
    """How far a proof reaches: ``every size``, ``its size`` where there is but one, ``sizes``; "" without one."""
    found = proof(row)
    if row.status != "HOLDS" or row.evidence != "proved" or found is None:
        return ""
    if any(size.startswith("every ") for size in found.sizes):
        return "every size"
    return "sizes" if any(found.sizes) else "its size"


def short_of(row: ClaimRow) -> str:
    """In a reader's words, why a proof does not reach every size and every mode; "" where it does."""
    found = proof(row)
    if found is None or row.status != "HOLDS" or not found.reason:
        return ""
    return why_unproved(found)


def why_unproved(found: VerdictRow) -> str:
    """What keeps the symbolic engine from a proof, at which sizes, in a reader's words."""
    parts: list[str] = []
    for each in re.split(r"; (?=every |not )", found.reason):
        alone = re.match(r"(every [\w ]+?) by ([\w(), ]+) alone: (.*)", each)
        unproved = re.match(r"not (for every [\w ]+?|at [^:]+|proved at [^:]+): (.*)", each)
        none = "not " if found.status == "HOLDS" else "no proof "
        if alone is not None:
            parts.append(f"for {alone[1]} by {alone[2]} alone, since in the other modes {_plainly(alone[3])}")
        elif unproved is not None:
            where = unproved[1] if found.status == "HOLDS" else unproved[1].removeprefix("proved ")
            parts.append(f"{none}{where}: {_plainly(unproved[2])}")
        else:
            parts.append(_plainly(each) if found.status == "HOLDS" else f"no proof: {_plainly(each)}")
    return "; ".join(dict.fromkeys(parts))


def _plainly(reason: str) -> str:
    """A reason, which may say something of each mode, in a reader's words."""
    for pattern, words in WHY_NOT:
        found = re.search(pattern, reason)
        if found is not None:
            return found.expand(words)
    return reason


def difference(row: ClaimRow) -> str:
    """What the sides of a refuted claim differ by, for all inputs; "" where that was not found."""
    found = proof(row)
    return found.residual if found is not None and found.status == "FAILS" else ""


def why_different(row: ClaimRow) -> str:
    """What would have to hold for the sides of a refuted claim to be equal; "" where that was not found."""
    found = proof(row)
    return found.reason if found is not None and found.status == "FAILS" else ""


def symbols_in(residual: str) -> str:
    """What the letters of a difference stand for."""
    known = (
        (r"σ_", "σ is the softmax of x"),
        (r"_[kijlm]\b|_[kijlm],", "k and i are any two indices"),
        (r"[_,]p\b", "p is a third one"),
        (r"Sum\[", "Sum[…] adds up over all entries, j being the index that runs"),
        (r"label", "label is the place of the one in y, and then Sum[…] leaves it out"),
    )
    return "; ".join(words for pattern, words in known if re.search(pattern, residual))


def floats_word(row: ClaimRow) -> str:
    """The word on floats, ``inside (by hand), no claim (autodiff)`` where only one side's could be judged."""
    words = next((float_sides(each.measured) for each in row.verdicts if each.measured), {})
    if row.floats == "no claim" and "inside" in words.values():
        return ", ".join(f"{words[side]} ({side})" for side in sorted(words, key=lambda side: words[side] != "inside"))
    return row.floats


def floats_text(row: ClaimRow) -> str:
    """What the word on floats means."""
    word = floats_word(row)
    allows = "was promised" if row.within else "rounding allows"
    return {
        "inside": f"floats inside what {allows}",
        "outside": f"floats OUTSIDE what {allows}",
        "no claim": "no claim about floats",
    }.get(word, f"floats {word}")


def compared(row: ClaimRow) -> tuple[dict[str, Any], ...]:
    """How a custom rule and JAX's derivative of the body compare, a row per format; empty for other claims."""
    return next((each.compared for each in row.verdicts if each.compared), ())


def rule_lines(row: ClaimRow) -> Iterator[str]:
    """A line per format: how far a custom rule and plain autodiff are apart, and which keeps more digits where."""
    for each in compared(row):
        parts = [] if not each["apart"] else [f"exact values up to {power_of_ten(each['apart'])} apart"]
        for side, words in (("rule", "the rule keeps more"), ("plain", "plain autodiff keeps more")):
            if each[side] is not None:
                parts.append(f"{words}, {digits_at(each[side])}")
        if each.get("not counted"):
            parts.append(f"digits are not counted: {each['not counted']}")
        yield f"{each['format']:<10}{'; '.join(parts) or 'both sides keep the same digits'}"


def power_of_ten(value: float) -> str:
    """The first power of ten at or above a positive number, such as ``1e-13``."""
    return f"1e{math.ceil(math.log10(value) - 1e-9)}"


def digits_at(place: dict[str, Any]) -> str:
    """``rule 7 digits, plain 0 digits, at x = -34.1``; of vectors, the entry that the component is about."""
    rule, plain = (f"{each} digits" if isinstance(each, int) else each for each in (place["rule"], place["plain"]))
    inside = [int(each) for each in re.findall(r"\d+", place["component"].rpartition("[")[2])]
    shown: list[str] = []
    for name, value in place["at"].items():
        flat = isinstance(value, list) and not any(isinstance(each, list) for each in value)
        if flat and inside and inside[-1] < len(value):
            value = value[inside[-1]]
        if isinstance(value, float):
            shown.append(f"{name} = {value:.4g}")
        else:
            shown.append(f"{name} = {values_text(_short(value))}")
    return f"rule {rule}, plain {plain}, at {', '.join(shown)}"


def _short(value: Any) -> Any:
    if isinstance(value, list):
        return [_short(each) for each in value]
    return f"{value:.4g}" if isinstance(value, float) else value


def lost(row: ClaimRow) -> LossRow | None:
    """The equation that loses the digits which floats lose; None where they keep half of them or none is to blame."""
    return next((each.loses for each in row.verdicts if each.loses is not None), None)


def bits_text(bits: int, of: int) -> str:
    """``43 of 53 bits``; a loss of more than there are is one of all."""
    return f"{bits} of {of} bits" if bits < of else f"all {of} bits"


def loss_text(loss: LossRow) -> str:
    """One sentence on where digits go."""
    place = f" ({loss.place})" if loss.place else ""
    of = f" of component {loss.component}" if loss.component not in ("", "[]") else ""
    return (
        f"in {loss.form} through {loss.program}, {loss.equation}{place} loses {bits_text(loss.bits, loss.of)}{of} at "
        f"{'   '.join(f'{name} = {values_text(value)}' for name, value in loss.arguments.items())}"
    )


def sizes_text(sizes: Sequence[str]) -> str:
    """Sizes of one name on one list: ``n = 2, 3`` for ``n = 2`` and ``n = 3``."""
    named: dict[str, list[str]] = {}
    for each in sizes:
        name, equals, value = each.partition(" = ")
        if not equals or "," in value:
            return "; ".join(sizes)
        named.setdefault(name, []).append(value)
    return "; ".join(f"{name} = {', '.join(values)}" for name, values in named.items())


def counterexample_lines(found: Counterexample, between: Sequence[str] = ()) -> list[str]:
    """Where a claim fails, what both sides are there, and how to see it again."""
    point = found.point
    arguments = [f"{name} = {values_text(value)}" for name, value in point.arguments.items()]
    component = [f"component {point.component}"] if point.component else []
    note = [f"({point.note})"] if point.note else []
    sides = [f"autodiff ({point.program})  {point.autodiff}" if point.program else f"autodiff  {point.autodiff}"]
    sides.append(f"by hand  {point.by_hand}")
    residual = [f"residual  {found.residual}"] if found.residual else []
    return [
        *_block("at", [*arguments, *note, *component]),
        *_block("values", [*sides, *residual]),
        *between,
        f"  repeat    {found.repeat}",
    ]


def _block(label: str, parts: Sequence[str]) -> Iterator[str]:
    """Parts side by side while they fit, under a label in front of the first line."""
    line = f"  {label:<10}"
    for part in parts:
        if len(line) > 12 and len(line) + 3 + len(part) > WIDTH:
            yield line.rstrip()
            line = " " * 12
        line += ("   " if len(line) > 12 else "") + part
        if len(line) > WIDTH:
            lines = textwrap.wrap(
                line, WIDTH, subsequent_indent=" " * 14, break_on_hyphens=False, break_long_words=False
            )
            yield from lines[:-1]
            line = lines[-1]
    yield line.rstrip()


def values_text(value: Any, most: int = 12) -> str:
    """Nested lists of numbers, long ones cut in the middle of nothing: their first entries and how many there are."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{name}: {values_text(each, most)}" for name, each in value.items()) + "}"
    if not isinstance(value, list):
        return str(value)
    shown = ", ".join(values_text(each, most) for each in value[:most])
    return f"[{shown}, … {len(value)} in all]" if len(value) > most else f"[{shown}]"


def counts(results: Results) -> list[tuple[str, str, int]]:
    """How many claims have each status and evidence, strongest first."""
    order = [("HOLDS", "proved"), ("HOLDS", "enclosed"), ("FAILS", "counterexample")]
    seen = [(row.status, row.evidence) for row in results.claims]
    rest = sorted(set(seen) - set(order))
    return [
        (status, evidence, seen.count((status, evidence)))
        for status, evidence in order + rest
        if (status, evidence) in seen
    ]


def proved_counts(results: Results) -> dict[str, int]:
    """How many claims are proved, by how far the proof reaches."""
    found = [reach(row) for row in results.claims]
    return {each: found.count(each) for each in ("every size", "its size", "sizes") if each in found}


def unexpected(results: Results) -> list[ClaimRow]:
    """Claims that did not come out as expected."""
    return [row for row in results.claims if not row.as_expected]


def promises(row: ClaimRow) -> list[tuple[str, float]]:
    """Formats and units in the last place of a promise, in the order of formats: a file keeps that of letters."""
    return [(form, row.within[form]) for form in FORMATS if form in row.within]


def mended(row: ClaimRow) -> bool:
    """Whether floats keep a promise that they were expected to break."""
    return row.expect_floats == "outside" and row.status == row.expect and row.floats == "inside" and not row.error


def why_unexpected(row: ClaimRow, jax: str = "") -> str:
    """One line on why a claim is not as expected, with the version of JAX that it was decided with."""
    if row.error:
        return f"could not be built: {row.error}"
    if mended(row):
        return f"mended in jax {jax}: floats are as accurate now as was promised" if jax else "mended, it seems"
    if row.floats == "outside" and row.expect_floats != "outside":
        return f"a float lies outside what {'was promised' if row.within else 'rounding allows'}"
    if row.status == "UNKNOWN":
        return row.reason or "no engine decided it"
    return f"expected {row.expect}, found {row.status}"


def statement_counts(results: Results) -> dict[str, int]:
    """How many statements have each verdict word, most frequent first."""
    words = [row.verdict for row in results.statements]
    return {word: words.count(word) for word in sorted(set(words), key=lambda word: (-words.count(word), word))}
