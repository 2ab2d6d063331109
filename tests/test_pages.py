"""Pages say what results say, the same bytes each time, in Markdown that GitHub reads as it was meant."""

import re
from itertools import pairwise
from pathlib import Path

import pytest
from made_up import made_up_results
from markdown_it import MarkdownIt
from markdown_it.token import Token

from verify import pages
from verify.pages import markdown, text

GOLDEN = Path(__file__).parent / "golden"


def rendered() -> dict[str, str]:
    return {name: content.decode() for name, content in pages.render(made_up_results()).items()}


def test_the_same_results_give_the_same_bytes() -> None:
    assert pages.render(made_up_results()) == pages.render(made_up_results())


def test_a_topic_page_is_as_a_person_has_read_it() -> None:
    """After a change that is meant: write the page to the golden file, and read it."""
    page = rendered()["some-topic.md"]
    assert page == (GOLDEN / "some-topic.md").read_text(encoding="utf-8")


def test_there_is_a_page_for_everything_and_none_is_overwritten() -> None:
    names = set(rendered())
    expected = {"index.md", "article.md", "precision.md", "some-topic.md", "index-claims.md"}
    assert names == {*expected, "figures/precision-squared-error-wrong-winner.svg"}


def test_links_lead_to_headings_that_are_there() -> None:
    found = rendered()
    headings = {
        name: {
            markdown.anchor(line.lstrip("# ").replace("`", "")) for line in page.splitlines() if line.startswith("#")
        }
        for name, page in found.items()
    }
    for name, page in found.items():
        if not name.endswith(".md"):
            continue
        for target in re.findall(r"\]\(([^)]+)\)", page):
            file, _, anchor = target.partition("#")
            assert (file or name) in found, f"{name} links to {target}"
            assert not anchor or anchor in headings[file or name], f"{name} links to {target}"


@pytest.mark.parametrize("name", ["index.md", "article.md", "some-topic.md", "index-claims.md", "precision.md"])
def test_every_row_of_a_table_has_the_cells_of_its_header(name: str) -> None:
    page = rendered()[name]
    lines = page.splitlines()
    for above, line in pairwise(lines):
        if above.startswith("|") and line.startswith("|"):
            assert line.count("|") == above.count("|"), line


@pytest.mark.parametrize("name", ["index.md", "article.md", "some-topic.md"])
def test_markdown_leaves_formulas_alone(name: str) -> None:
    page = rendered()[name]

    def codes(tokens: list[Token]) -> list[str]:
        return [t.content for t in tokens if t.type == "code_inline"] + [
            c for t in tokens for c in codes(t.children or [])
        ]

    spans = codes(MarkdownIt("commonmark").enable("table").parse(page))
    formulas = re.findall(r"\$`(.*?)`\$", page)
    assert formulas
    assert all(formula in spans for formula in formulas)
    assert not re.search(r"(?<![`\w])\$[^`$\n]+\$", page)  # no formula between bare dollars


def test_the_index_says_what_is_false_and_what_is_not_as_expected() -> None:
    page = rendered()["index.md"]
    assert "**C is D.** It is not.<br>Refuted by [topic.fails](some-topic.md#topicfails)." in page
    assert "**2 did not come out as expected**" in page
    assert "could not be built: by\\_hand raises &#124; ValueError" in page
    assert len(markdown._verdict_in_lines(made_up_results())) <= 10


def test_the_index_says_what_rests_on_proofs() -> None:
    page = rendered()["index.md"]
    assert "1 of them rest on proofs for all inputs and on nothing else: 1 for every number of classes" in page
    assert "| HOLDS | proved for every size | 1 |" in page
    assert "| HOLDS | proved at small sizes, larger ones enclosed where named | 1 |" in page
    assert "| FAILS | counterexample, and the difference for all inputs | 1 |" in page
    for word in ("*proved*", "*enclosed*", "*FAILS*", "*floats*"):
        assert f"- {word}: " in page


def test_every_statement_says_what_it_rests_on() -> None:
    page = rendered()["article.md"]
    assert "*It is proved for all inputs and every size.*" in page
    assert "*2 of 3 are proved, some at small sizes only; the other is enclosed at points.*" in page
    assert "[topic.proved](some-topic.md#topicproved) (proved, every n)" in page
    assert "(proved, n = 2)" in page


def test_a_refuted_claim_shows_the_difference_and_the_missing_hypothesis() -> None:
    page = rendered()["some-topic.md"]
    assert "minus the formula is `σ_k (Sum[y_j] - |1|)`" in page
    assert "**The sides are equal where the entries of y sum to one.**" in page
    row = next(each for each in made_up_results().claims if each.id == "topic.fails")
    lines = text.verdict_lines(row)
    assert "  differ by σ_k (Sum[y_j] - |1|)" in lines
    assert "  reason    the sides are equal where the entries of y sum to one" in lines


def test_a_proof_that_falls_short_says_so_in_words() -> None:
    row = next(each for each in made_up_results().claims if each.id == "topic.proved-in-part")
    said = " ".join(text.verdict_lines(row))
    assert "reshape" not in said
    assert "not for every n: the program joins axes whose lengths are left open" in " ".join(said.split())
    assert "proved, n = 2; enclosed at 96 points, n = 2, 3" in " ".join(said.split())


def test_a_claim_whose_floats_lose_digits_names_the_equation() -> None:
    page = rendered()["some-topic.md"]
    said = "in float64 through `grad`, `1 - 0.99999999999990642… = 9.36e-14` (`made_up.py:12`) loses 43 of 53 bits of "
    assert page.count(f"**Where digits go**: {said}component `[0]` at") == 2
    rows = {row.id: row for row in made_up_results().claims}
    for id_ in ("topic.fails", "topic.proved"):
        said = " ".join(" ".join(text.verdict_lines(rows[id_])).split())
        assert "digits in float64 through grad, 1 - 0.99999999999990642… = 9.36e-14 (made_up.py:12) loses 43" in said
    assert text.lost(rows["topic.holds"]) is None
    assert not any("digits " in line for line in text.verdict_lines(rows["topic.holds"]))


def test_digits_that_are_gone_name_the_equation_below_their_table() -> None:
    page = rendered()["precision.md"]
    assert page.count("`) loses ") == 1
    assert "- `jax.grad`, at 40 nats: `1 - 0.99… = 1e-3` (`made_up.py:12`) loses all 53 bits" in page


@pytest.mark.parametrize(
    ("reason", "said"),
    [
        ("every n and m by grad, hvp alone: an axis of length m*n", "for every n and m by grad, hvp alone"),
        ("not for every n: an index of an open axis that is not written out", "by a moving index"),
        (
            "not proved at n = 3: no certificate for the value: of the 7 coefficients of the difference, 1 is negative",
            "not proved at n = 3: no certificate for the value: of the 7 coefficients of the difference, 1 is negative",
        ),
        (
            "not for every n: a bound with entries of either sign along an axis of any length",
            "there is no rule yet for a bound with entries of either sign along an axis of any length",
        ),
        (
            "not for every n: a maximum decides more than a shift",
            "not for every n: a maximum decides more than a shift",
        ),
        (
            "not at n = 2: out of time; not at n = 3: out of time",
            "not at n = 2: it took too long (out of time); not at",
        ),
    ],
)
def test_reasons_of_the_proof_are_put_in_words(reason: str, said: str) -> None:
    import msgspec

    row = next(each for each in made_up_results().claims if each.id == "topic.proved-in-part")
    verdict = msgspec.structs.replace(row.verdicts[0], reason=reason)
    assert said in text.short_of(msgspec.structs.replace(row, verdicts=(verdict, *row.verdicts[1:])))


def test_a_statement_whose_claims_disagree_is_not_confirmed() -> None:
    page = rendered()["article.md"]
    assert page.count("Not confirmed by its claims") == 1
    assert page.index("F.<br>") < page.index("Not confirmed by its claims")


def test_pages_hold_no_seconds_and_no_paths() -> None:
    for name, page in rendered().items():
        if name.endswith(".md"):
            assert "1.5" not in page.replace("15.5", "")
            assert str(Path.cwd()) not in page


def test_a_figure_has_no_date_and_says_its_axes_in_words() -> None:
    figure = rendered()["figures/precision-squared-error-wrong-winner.svg"]
    assert "<dc:date>" not in figure
    assert "#767676" in figure
    assert "![Correct decimal digits against the logit gap" in rendered()["precision.md"]


def test_writing_replaces_our_pages_and_leaves_other_files(tmp_path: Path) -> None:
    found = pages.render(made_up_results())
    pages.write(tmp_path, {**found, "gone.md": found["index.md"]})
    (tmp_path / "mine.md").write_text("# Mine\n")
    (tmp_path / "index.md").write_text(markdown.MARK + "\nedited\n")
    assert pages.stale(tmp_path, found) == ["gone.md", "index.md"]
    pages.write(tmp_path, found)
    assert pages.stale(tmp_path, found) == []
    assert not (tmp_path / "gone.md").exists()
    assert (tmp_path / "mine.md").exists()
    (tmp_path / "precision.md").unlink()
    assert pages.stale(tmp_path, found) == ["precision.md"]


def test_a_run_without_statements_has_no_page_on_an_article() -> None:
    found = pages.render(made_up_results(statements=(), slips=(), precision=(), subject=""))
    assert set(found) == {"index.md", "some-topic.md", "index-claims.md"}


@pytest.mark.parametrize(
    ("given", "cell"),
    [
        ("a | b", "a &#124; b"),
        (r"$`\lvert x | y`$", r"$`\lvert x \vert  y`$"),
        (r"$`\| x \|`$", r"$`\Vert  x \Vert `$"),
        ("`a | b`", "<code>a &#124; b</code>"),
        ("two\nlines", "two lines"),
    ],
)
def test_cells_hold_no_bar(given: str, cell: str) -> None:
    assert markdown.cell(given) == cell
    assert "|" not in markdown.cell(given)


def test_anchors_are_those_of_github_and_unique_on_a_page() -> None:
    assert markdown.anchor("softmax.jacobian-row") == "softmaxjacobian-row"
    found = made_up_results()
    first, second = (next(row for row in found.claims if row.id == each) for each in ("topic.holds", "topic.fails"))
    import msgspec

    clash = [msgspec.structs.replace(first, id="a.bc"), msgspec.structs.replace(second, id="ab.c")]
    assert markdown.claim_anchors(clash) == {"a.bc": "abc", "ab.c": "abc-1"}


def test_terminal_lines_fit_and_show_the_counterexample() -> None:
    rows = {row.id: row for row in made_up_results().claims}
    for row in rows.values():
        assert all(len(line) <= 80 for line in text.verdict_lines(row)), row.id
    lines = text.verdict_lines(rows["topic.fails"])
    assert lines[0] == "FAILS  topic.fails, as expected, engine falsify"
    assert "x = [0x1p+0, -0x1.8p+1]   k = 2" in lines[1]
    assert lines[-1] == "  repeat    verify run -k topic.fails --seed 0"
    assert text.verdict_lines(rows["topic.holds"])[1].startswith("  enclosed at 96 points, n = 2, 3; floats inside")
