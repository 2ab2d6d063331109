"""Claims, verdicts and results that are made up, for tests of what is done with them."""

from typing import Any

import msgspec

from verify import results
from verify.claim import Claim, Derivative, Loss, Source, Status, Verdict, Witness
from verify.domain import Reals


def identity(x: object) -> object:
    return x


def other(x: object) -> object:
    return x


def claim(**changed: object) -> Claim:
    given = {
        "id": "made.up",
        "autodiff": Derivative(identity, "value"),
        "by_hand": other,
        "domain": {"x": Reals("n")},
        "sizes": {"n": (2, 3)},
        "source": Source("A section", "line 2"),
    }
    return Claim(**{**given, **changed})  # type: ignore[arg-type]


def verdict(**changed: object) -> Verdict:
    given = {"claim": "made.up", "engine": "enclose", "status": Status.UNKNOWN}
    return Verdict(**{**given, **changed})  # type: ignore[arg-type]


def witness(**changed: object) -> Witness:
    given = {
        "arguments": {"x": [1.0, -3.0], "k": 2},
        "component": "[0]",
        "program": "grad",
        "autodiff": "0.5",
        "by_hand": "-0.5",
        "size": {"n": 2},
    }
    return Witness(**{**given, **changed})  # type: ignore[arg-type]


VERDICTS = {
    "holds": verdict(
        status=Status.HOLDS, evidence="enclosed", checked=96, sizes=("n = 2", "n = 3"), worst=witness(), seconds=1.5
    ),
    "enclose fails": verdict(
        status=Status.FAILS, evidence="counterexample", worst=witness(arguments={"x": [0.1] * 30}), residual="1"
    ),
    "falsify fails": verdict(
        engine="falsify",
        status=Status.FAILS,
        evidence="counterexample",
        worst=witness(note="shrunk from n = 7"),
        residual="1.0000",
    ),
    "floats": verdict(
        engine="floats",
        floats="inside",
        measured=({"program": "grad", "outside": 0, "inside": 9, "worst_ulp": float("inf"), "share": float("nan")},),
        seconds=0.25,
    ),
    "floats lose": verdict(
        engine="floats",
        floats="inside",
        loses=Loss(
            equation="1 - 0.99999999999990642… = 9.36e-14",
            place="made_up.py:12",
            bits=43,
            form="float64",
            program="grad",
            component="[0]",
            arguments={"x": [30.0, 0.0], "k": 2},
        ),
    ),
    "proved": verdict(engine="prove", status=Status.HOLDS, evidence="proved", sizes=("every n",)),
    "proved at a size": verdict(
        engine="prove",
        status=Status.HOLDS,
        evidence="proved",
        sizes=("n = 2",),
        exceptions=("x_k - y_k = 0",),
        reason="not for every n: a reshape of (n, n) to (n^2) with an axis of any length",
    ),
    "differs": verdict(
        engine="prove",
        status=Status.FAILS,
        residual="σ_k (Sum[y_j] - |1|)",
        reason="the sides are equal where the entries of y sum to one",
    ),
    "unknown": verdict(reason="no point decides grad | at n = 2 <b>"),
}


def made_up_results(**changed: object) -> results.Results:
    """A run with one claim of each kind, a statement of each verdict, a slip, and digits kept."""
    rows = [
        results.claim_row(
            claim(
                id="topic.holds",
                statement=r"\lvert a | b \rvert",
                derivation="Because\n```math\na_1 = \\frac{b}{c}\n```",
                note="A note.",
            ),
            [VERDICTS["holds"], VERDICTS["floats"]],
            module="some_topic",
            functions={"autodiff": "def f(x):\n    return x", "by_hand": "lambda x: x  # ``` in a comment"},
        ),
        results.claim_row(
            claim(id="topic.fails", expect=Status.FAILS),
            [VERDICTS["differs"], VERDICTS["enclose fails"], VERDICTS["falsify fails"], VERDICTS["floats lose"]],
            module="some_topic",
        ),
        results.claim_row(
            claim(id="topic.proved"),
            [VERDICTS["proved"], VERDICTS["holds"], VERDICTS["floats lose"]],
            module="some_topic",
        ),
        results.claim_row(
            claim(id="topic.proved-in-part"), [VERDICTS["proved at a size"], VERDICTS["holds"]], module="some_topic"
        ),
        results.claim_row(claim(id="topic.open"), [VERDICTS["unknown"]], module="index"),
        results.claim_row(claim(id="topic.broken"), [], module="index", error="by_hand raises | ValueError"),
    ]
    statements = (
        results.StatementRow(
            id="thesis",
            heading="Introduction",
            place="title",
            text="A is | B.",
            verdict="quantified",
            reason=r"It is, with $`\lvert a | b \rvert`$.",
            claims=("topic.holds",),
        ),
        results.StatementRow(
            id="wrong",
            heading="Introduction",
            place="line 1",
            text="C is D.",
            verdict="false as written",
            reason="It is not.",
            claims=("topic.fails", "topic.holds"),
        ),
        results.StatementRow(
            id="certain",
            heading="Introduction",
            place="line 1",
            text="G.",
            verdict="exact",
            claims=("topic.proved",),
        ),
        results.StatementRow(
            id="half",
            heading="Introduction",
            place="line 1",
            text="H.",
            verdict="exact",
            claims=("topic.proved", "topic.proved-in-part", "topic.holds"),
        ),
        results.StatementRow(
            id="usage", heading="End", place="line 2", text="All use E.", verdict="not mathematical", claims=()
        ),
        results.StatementRow(
            id="open", heading="End", place="line 3", text="F.", verdict="exact", claims=("topic.open",)
        ),
    )
    precision: tuple[dict[str, Any], ...] = tuple(
        {"subject": "squared error, wrong winner", "form": form, "format": name, "gap": gap, "digits": digits}
        for form, digits in (("jax.grad", "none"), ("formula", "none"), ("stable", 15.5))
        for name in ("float64", "float16")
        for gap in (0.0, 40.0)
    )
    precision[1]["loses"] = {"equation": "1 - 0.99… = 1e-3", "place": "made_up.py:12", "bits": 58, "of": 53}
    found = results.Results(
        environment={"seed": 0},
        claims=tuple(rows),
        statements=statements,
        slips=(results.SlipRow(id="slip-1", text="A slip.", claims=("topic.holds",)),),
        precision=precision,
        titles={"some_topic": r"A topic with $x^2$, said", "index": ""},
        subject="A made-up article",
    )
    return msgspec.structs.replace(found, **changed)
