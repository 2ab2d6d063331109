"""The table of digits by logit gap: where a form loses all digits, and that the stable one does not."""

import math
from typing import Any

import pytest
from flint import arb

from verify.engines import precision
from verify.formats import FLOAT64, FORMATS
from verify.loader import load

CLAIMS = {claim.id: claim for claim in load().claims}
TITLE = "squared error, wrong class wins"


@pytest.fixture(scope="module")
def rows() -> list[dict[str, Any]]:
    """What is measured of one claim in two formats."""
    patch = pytest.MonkeyPatch()
    with patch.context() as context:
        context.setattr(precision, "SUBJECTS", precision.SUBJECTS[:2])
        context.setattr(precision, "FORMATS", {name: FORMATS[name] for name in ("float64", "float32")})
        return precision.table(CLAIMS)


def of(rows: list[dict[str, Any]], form: str, name: str = "float64") -> dict[float, dict[str, Any]]:
    """The rows of one form of the first subject, by gap."""
    return {row["gap"]: row for row in rows if (row["form"], row["format"], row["subject"]) == (form, name, TITLE)}


def test_every_form_has_a_row_at_every_gap(rows: list[dict[str, Any]]) -> None:
    assert len(rows) == len(precision.GAPS) * len(precision.FORMS) * 2 * 2
    other = "squared error, right class wins"
    claim = "squared-error.gradient-one-hot"
    assert {(row["subject"], row["claim"]) for row in rows} == {(TITLE, claim), (other, claim)}
    for name in ("float64", "float32"):
        for form in precision.FORMS.values():
            assert list(of(rows, form, name)) == list(precision.GAPS)


def test_what_is_measured_are_the_subjects_whose_claims_are_there(monkeypatch: pytest.MonkeyPatch) -> None:
    (*_, (title, last, _)) = precision.SUBJECTS
    monkeypatch.setattr(precision, "FORMATS", {"float32": FORMATS["float32"]})
    assert {row["subject"] for row in precision.table({last: CLAIMS[last]})} == {title}
    assert precision.table({}) == []


def test_digits_go_with_the_gap_and_the_stable_form_keeps_them(rows: list[dict[str, Any]]) -> None:
    grad, stable = of(rows, "jax.grad"), of(rows, "stable")
    assert grad[0.0]["digits"] >= 14
    # A gap of 30 nats is 13 decimal digits, up to luck, and at 40 none is left.
    assert grad[30.0]["digits"] == "none" or grad[30.0]["digits"] <= 5
    assert grad[40.0]["digits"] == "none"
    assert stable[40.0]["digits"] >= 14
    # The true value is below the smallest normal number at 710 nats or so; of float32 at 88.
    assert {gap for gap, row in stable.items() if row["digits"] == "underflow"} == set()
    assert {gap for gap, row in of(rows, "stable", "float32").items() if row["digits"] == "underflow"} == {
        *(100.0, 200.0, 340.0, 700.0)
    }


def test_the_first_row_without_a_digit_names_the_equation_and_no_other_does(rows: list[dict[str, Any]]) -> None:
    for name in ("float64", "float32"):
        for form in precision.FORMS.values():
            here = of(rows, form, name)
            named = [gap for gap, row in here.items() if "loses" in row]
            lost = [gap for gap, row in here.items() if row["digits"] == "none"]
            assert named == lost[:1]
    found = of(rows, "jax.grad")
    (gap,) = [gap for gap, row in found.items() if "loses" in row]
    loses = found[gap]["loses"]
    assert loses["of"] == 53
    assert loses["bits"] > 53 / 2
    assert "softmax" in loses["place"] or ".py:" in loses["place"]
    assert " - " in loses["equation"]


def test_without_its_claims_there_is_no_table() -> None:
    assert precision.table({}) == []


def test_where_no_equation_is_to_blame_none_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(precision, "SUBJECTS", precision.SUBJECTS[:1])
    monkeypatch.setattr(precision, "FORMATS", {"float64": FLOAT64})
    monkeypatch.setattr(precision, "GAPS", (0.0, 40.0))
    monkeypatch.setattr(precision, "diagnose", lambda *_: None)
    found = precision.table(CLAIMS)
    assert [row["digits"] for row in found if row["form"] == "jax.grad"][1] == "none"
    assert not any("loses" in row for row in found)


def test_digits_of_the_worst_component_rounded_down() -> None:
    tiny = FLOAT64.smallest_normal
    for values, exact, digits in (
        ([1.0, 2.0], [1.0, 2.0], 15.0),
        ([1.0, 2.002], [1.0, 2.0], 3.0),  # off by 1e-3, whatever the other one is
        ([1.5, 2.0], [1.0, 2.0], "none"),
        ([-1.01, 2.0], [-1.0, 2.0], 1.0),
        ([1.11], [1.0], "none"),
        ([1.09], [1.0], 1.0),
        ([math.inf], [1.0], "not finite"),
        ([0.0], [tiny / 2], "underflow"),
        ([tiny], [tiny], 15.0),
        ([-tiny], [-tiny], 15.0),
    ):
        assert precision._digits(FLOAT64, values, [arb(each) for each in exact]) == digits, (values, exact)


def test_the_class_that_wins_is_the_target_or_it_is_not() -> None:
    for title, _, target in precision.SUBJECTS:
        right = "right" in title
        assert right != ("wrong" in title)
        assert target == ((1.0, 0.0) if right else (0.0, 1.0))


def test_the_equation_that_loses_most_of_any_component_is_told_once(monkeypatch: pytest.MonkeyPatch) -> None:
    from types import SimpleNamespace

    asked: list[tuple[str, int, float]] = []

    def diagnose(program: Any, given: Any, component: int, form: Any) -> Any:
        asked.append((program.name, component, float(given[0][0, 0].mid())))
        return SimpleNamespace(equation=f"equation {component}", place="here:1", bits=30 + component)

    monkeypatch.setattr(precision, "SUBJECTS", precision.SUBJECTS[:1])
    monkeypatch.setattr(precision, "FORMATS", {"float64": FLOAT64})
    monkeypatch.setattr(precision, "GAPS", (0.0, 40.0, 60.0))
    monkeypatch.setattr(precision, "diagnose", diagnose)
    found = precision.table(CLAIMS)
    assert {row["form"] for row in found} == {"jax.grad", "formula", "stable"}
    grad = of(found, "jax.grad")
    assert [grad[gap]["digits"] == "none" for gap in (0.0, 40.0, 60.0)] == [False, True, True]
    said = {"equation": "equation 1", "place": "here:1", "bits": 31, "of": 53}
    assert [grad[gap].get("loses") for gap in (0.0, 40.0, 60.0)] == [None, said, None]
    assert [each for each in asked if each[0] == "grad"] == [("grad", 0, 40.0), ("grad", 1, 40.0)]


def test_one_digit_is_a_digit() -> None:
    assert precision._digits(FLOAT64, [11.0], [arb(10)]) == 1.0
    assert precision._digits(FLOAT64, [11.0625], [arb(10)]) == "none"
