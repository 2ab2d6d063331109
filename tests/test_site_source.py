"""The site's source: every claim has a page, links lead somewhere, and the same results give the same bytes."""

import hashlib
import posixpath
import re
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest
from made_up import made_up_results

import verify
from verify import results
from verify.maps import CLASSES
from verify.pages import api, markdown, render, site

pytestmark = pytest.mark.once

ROOT = Path(__file__).parents[1]
KATEX = ROOT / "site" / "vendor" / "katex"


def made_up(**changed: object) -> results.Results:
    """The made-up run with a map of its first statement, figures kept, a slip and both programs."""
    found = made_up_results()
    rows = [
        msgspec.structs.replace(
            row,
            statement_id="thesis" if row.id == "topic.holds" else row.statement_id,
            programs={
                "autodiff": "{ lambda ; a:f64[2]. let in (a,) }",
                "by_hand": "{ lambda ; a:f64[2]. let in (a,) }",
            },
        )
        for row in found.claims
    ]
    plane = results.MapRow(
        id="made.up-map",
        title="A map: of one row",
        statement_id="thesis",
        axes=(results.AxisRow(name="gap", values=(0.0, 1.0), unit="nats"),),
        quantities=("loss",),
        formats=("float64",),
        class_names=CLASSES,
        classes={"loss": {"float64": ("01",)}},
        truth={"loss": ((0.0, -3.0),)},
        exact={"loss": "exact balls at every cell"},
    )
    return msgspec.structs.replace(found, **{"claims": tuple(rows), "maps": (plane,), **changed})


def documents(given: results.Results) -> dict[str, bytes]:
    """What a project has: the pages of the run, and Markdown beside them."""
    pages = {f"reports/{name}": content for name, content in render(given).items()}
    readme = "# A project\n\nAt $`x_0 = 1`$.\n\n## Run it\n\n[The verdict](reports/index.md)\n"
    return {**pages, "README.md": readme.encode(), "docs/glossary.md": (ROOT / "docs/glossary.md").read_bytes()} | {
        f"docs/{name}.md": f"# {name}\n".encode() for name in ("proofs", "primitives", "read-a-map")
    }


GIVEN = made_up()
DOCUMENTS = documents(GIVEN)
FILES = site.gather(GIVEN, DOCUMENTS)
PAGES = {name: content.decode() for name, content in FILES.items() if name.endswith(".md")}


def outside_code(page: str) -> str:
    return re.sub(r"^(`{3,})[^{\n]*\n.*?^\1$|`[^`\n]*`", "", page, flags=re.DOTALL | re.MULTILINE)


def anchors(page: str) -> set[str]:
    """What can be linked to on a page: its headings as GitHub calls them, and marked places."""
    headings = re.findall(r"^#+ (.*)$", outside_code(page), re.MULTILINE)
    # In the heading of a title with a formula, the formula is gone with the code above: no link leads there.
    return {markdown.anchor(re.sub(r"\\(.)", r"\1", each)) for each in headings} | set(
        re.findall(r"\{#([^}]+)\}", page)
    )


def broken(pages: dict[str, str], files: set[str]) -> list[str]:
    """Links of pages that lead to no page, or to no place on it."""
    found: list[str] = []
    for name, page in pages.items():
        for target in re.findall(r"\]\(([^)\s]+)\)", outside_code(page)):
            if re.match(r"https?://", target):
                continue
            file, _, place = target.partition("#")
            path = posixpath.normpath(posixpath.join(posixpath.dirname(name), file)) if file else name
            if path not in files or (place and place not in anchors(pages[path])):
                found.append(f"{name} -> {target}")
    return found


def test_links_lead_to_a_page_and_a_place_on_it() -> None:
    assert broken(PAGES, set(FILES)) == []


@pytest.mark.parametrize("target", ["gone.md", "index.md#gone", "../index.md#python-api"])
def test_a_link_that_leads_nowhere_is_seen(target: str) -> None:
    assert broken({**PAGES, "api/new.md": f"[x]({target})"}, {*FILES, "api/new.md"}) == [f"api/new.md -> {target}"]


def test_every_claim_has_a_page_and_stands_in_the_index() -> None:
    for row in GIVEN.claims:
        assert f"claims/{row.id}.md" in PAGES
        assert f"[{row.id}]({row.id}.md)" in PAGES["claims/index.md"]


def test_links_to_claims_lead_to_their_pages_and_not_to_what_is_no_longer_there() -> None:
    for name, page in PAGES.items():
        assert not re.search(r"\]\((?:some-topic|index-claims)\.md#", page), name
    assert "[topic.holds](../claims/topic.holds.md)" in PAGES["reports/some-topic.md"]
    assert "\n## " not in PAGES["reports/some-topic.md"]


def test_from_a_statement_to_a_claim_to_a_map_and_back() -> None:
    article, claim, maps = (PAGES[each] for each in ("reports/article.md", "claims/topic.holds.md", "reports/maps.md"))
    for row in GIVEN.statements:
        assert article.count(f"[]{{#statement-{row.id}}}") == 1
        line = next(line for line in article.splitlines() if f"{{#statement-{row.id}}}" in line)
        assert all(f"(../claims/{id_}.md)" in line for id_ in row.claims)
        for id_ in row.claims:
            assert f"(../reports/article.md#statement-{row.id})" in PAGES[f"claims/{id_}.md"]
    assert "(../reports/maps.md#a-map-of-one-row)" in claim
    below = maps.partition("## A map: of one row\n")[2]
    assert "(../reports/article.md#statement-thesis)" in below
    assert "(../claims/topic.holds.md)" in below


def test_the_page_of_a_claim_has_what_a_reader_asks_for() -> None:
    page = PAGES["claims/topic.fails.md"]
    for said in (
        "**FAILS**",
        "minus the formula is `σ_k (Sum[y_j] - |1|)`",
        "x = [0x1p+0, -0x1.8p+1]",
        "loses 43 of 53",
    ):
        assert said in page
    assert page.count("<details>") == 2
    assert "verify run -k topic.fails --seed 0\nverify show topic.fails" in page
    page = PAGES["claims/topic.holds.md"]
    for said in (
        r"\lvert a | b \rvert",
        "a_1 = \\frac{b}{c}",
        "In our words:\n\n> A is | B.",
        "[slip]",
        "```python\ndef f(x):",
    ):
        assert said in page
    assert "[Enclosed](../docs/glossary.md#enclosed) at 96 points, n = 2, 3" in page
    assert "Proved" not in page
    assert (
        "[Proved](../docs/glossary.md#proved) for all inputs of the domain, every n" in PAGES["claims/topic.proved.md"]
    )


def test_a_proof_that_leaves_something_open_says_so() -> None:
    page = PAGES["claims/topic.proved-in-part.md"]
    assert "for all inputs of the domain, n = 2: the two sides are the same function, except where" in page
    assert "Short of that: not for every n" in page


def test_a_claim_that_was_not_decided_says_why_and_promises_nothing() -> None:
    for id_, said in (("topic.open", "no point decides grad"), ("topic.broken", "by\\_hand raises")):
        page = PAGES[f"claims/{id_}.md"]
        assert said in page
        assert "**HOLDS**" not in page
        assert "[Proved]" not in page
        assert "[Enclosed]" not in page


def test_the_first_page_says_what_this_is_and_where_to_go_without_formulas_to_lay_out() -> None:
    page = PAGES["index.md"]
    assert page.startswith("# A project\n\nAt <i>x</i><sub>0</sub> = 1.")
    assert "Run it" not in page
    assert "(reports/article.md)" in page
    for name in PAGES:
        in_contents = re.search(rf"(?m)^(?:.* <)?{re.escape(name.removesuffix('.md'))}>?$", page)
        orphan = PAGES[name].startswith("---\norphan: true\n")
        assert bool(in_contents) != orphan or name == "index.md", name


@pytest.mark.parametrize(
    ("given", "text"),
    [
        ("$`x_0`$", "<i>x</i><sub>0</sub>"),
        ("$`e^{-g}`$", "<i>e</i><sup>−<i>g</i></sup>"),
        (r"$`\partial L / \partial x_0`$", "∂<i>L</i> / ∂<i>x</i><sub>0</sub>"),
        (r"$`\frac12`$", r"$`\frac12`$"),
        (r"$`\lvert x \rvert`$", r"$`\lvert x \rvert`$"),
        ("`x_0`", "`x_0`"),
    ],
)
def test_only_the_simplest_formulas_become_text(given: str, text: str) -> None:
    assert site.simple(given) == text


def test_pages_of_other_runs_are_out_of_the_navigation_but_for_their_index() -> None:
    index = b"# Rules\n\n[a](some-topic.md#topicholds)\n"
    others = {"reports/rules/index.md": index, "reports/rules/some-topic.md": b"# A\n"}
    found = site.gather(GIVEN, {**DOCUMENTS, **others})
    assert found["reports/rules/index.md"] == others["reports/rules/index.md"]
    assert found["reports/rules/some-topic.md"] == site.ORPHAN.encode() + b"# A\n"
    contents = found["index.md"].decode()
    assert "<reports/rules/index>" in contents
    assert "reports/rules/some-topic" not in contents


def test_links_to_code_become_words_and_a_page_that_is_missing_stays_a_mistake() -> None:
    kept = "[a](#a), [b](https://jax.dev), [c](gone.md), [d](mailto:a@b.c), ![e](e.svg)"
    page = f"[it](../examples/), [code](../verify/run.py#L3), {kept}"
    found = site.gather(GIVEN, {**DOCUMENTS, "docs/links.md": page.encode()})["docs/links.md"].decode()
    assert found == f"it, code, {kept}"


def test_the_same_results_give_the_same_bytes() -> None:
    assert site.gather(made_up(), documents(made_up())) == FILES


def test_pages_of_another_run_are_refused() -> None:
    with pytest.raises(results.ResultsError, match=r"reports/some-topic\.md is not there"):
        site.gather(GIVEN, {name: content for name, content in DOCUMENTS.items() if "some-topic" not in name})
    older = documents(made_up(claims=GIVEN.claims[1:]))
    with pytest.raises(results.ResultsError, match=r"has the claim topic\.holds, and reports/some-topic\.md has not"):
        site.gather(GIVEN, older)
    changed = {**DOCUMENTS, "reports/article.md": DOCUMENTS["reports/article.md"].replace(b"A is", b"A was")}
    with pytest.raises(results.ResultsError, match="the statement thesis stands 0 times"):
        site.gather(GIVEN, changed)


@pytest.mark.parametrize("changed", [{"interrupted": True}, {"selected": "topic.*"}, {"statements": ()}])
def test_a_run_that_is_not_whole_is_refused(changed: dict[str, object]) -> None:
    with pytest.raises(results.ResultsError, match="not of a whole run"):
        site.gather(made_up(**changed), DOCUMENTS)


def test_a_folder_is_written_anew_and_one_of_others_is_left_alone(tmp_path: Path) -> None:
    site.write(tmp_path / "source", {**FILES, "claims/gone.md": b"# Gone\n"})
    site.write(tmp_path / "source", FILES)
    found = {path.relative_to(tmp_path / "source").as_posix() for path in (tmp_path / "source").rglob("*.*")}
    assert found == {*FILES, site.MARKER}
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.md").write_text("mine")
    with pytest.raises(results.ResultsError, match="holds other files"):
        site.write(tmp_path / "mine", FILES)
    assert (tmp_path / "mine" / "thesis.md").read_text() == "mine"


@pytest.mark.parametrize("arguments", [[], ["--help"], ["a", "b", "c"]])
def test_the_command_says_how_it_is_used(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert site.main(arguments) == 2
    assert "usage: python -m verify.pages.site FOLDER" in capsys.readouterr().err


def test_the_command_says_what_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert site.main(["source"]) == 2
    assert "run `verify run`" in capsys.readouterr().err
    assert not (tmp_path / "source").exists()


def test_the_api_has_every_public_name_and_imports_nothing() -> None:
    index = api.api_pages()["index.md"]
    assert [name for name in verify.__all__ if name != "domain" and f"[{name}](" not in index] == []
    for name in ("Simplex", "Saturated"):
        assert f"[{name}](domain.md#{name.lower()})" in index
    code = "import sys; from verify.pages.api import api_pages; api_pages(); print('jax' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.strip() == "False"


def test_a_docstring_becomes_markdown() -> None:
    written = api.markdown_of(
        "Sum of ``a`` and $b_1$ <i>.\n\nArgs:\n    a, b: numbers, the\n        second a ball.\n    *rest: more.\n\n"
        "Returns:\n    A number.\n\nRaises:\n    ValueError: where a * b = 0."
    )
    assert written.split("\n\n") == [
        "Sum of `a` and $`b_1`$ &lt;i>.",
        "**Arguments**",
        "- `a`, `b`: numbers, the second a ball.\n- `*rest`: more.",
        "**Returns**",
        "A number.",
        "**Raises**",
        r"- `ValueError`: where a \* b = 0.",
    ]


def test_code_of_others_is_what_it_was_when_it_came_in() -> None:
    lines = [line.split("  ") for line in (KATEX / "SHA256SUMS").read_text().splitlines()]
    listed = {name: digest for digest, name in lines}
    held = {path.relative_to(KATEX).as_posix() for path in KATEX.rglob("*") if path.is_file()}
    assert held == {*listed, "SHA256SUMS"}
    assert {"LICENSE", "katex.min.js", "katex.min.css"} <= held
    for name, digest in listed.items():
        assert hashlib.sha256((KATEX / name).read_bytes()).hexdigest() == digest, name


def test_nothing_on_the_site_names_another_host_to_load_from() -> None:
    loads = re.compile(r"""(?:src|href)=["']https?:|url\(["']?https?:|@import|fetch\(|XMLHttpRequest""")
    for path in (ROOT / "site").rglob("*"):
        if path.suffix in (".html", ".css", ".js", ".py") and "vendor" not in path.parts:
            assert not loads.search(path.read_text(encoding="utf-8")), path


def test_sphinx_builds_the_site_without_a_warning(tmp_path: Path) -> None:
    pytest.importorskip("sphinx", reason="the website's packages are not installed: `nox -s pages` has them")
    pytest.importorskip("furo", reason="the website's packages are not installed: `nox -s pages` has them")
    written = {**FILES, "docs/maths.md": b"# Maths\n\n`` $`a`$ `` is $`b_1`$, `c`.\n\n```text\n$`d`$\n```\n"}
    written["index.md"] += b"\n```{toctree}\n:hidden:\n\ndocs/maths\n```\n"
    site.write(tmp_path / "source", written)
    command = ["-m", "sphinx", "--fail-on-warning", "--keep-going", "--quiet", "--conf-dir", str(ROOT / "site")]
    places = ["--doctree-dir", str(tmp_path / "trees"), str(tmp_path / "source"), str(tmp_path / "built")]
    done = subprocess.run([sys.executable, *command, *places], capture_output=True, text=True, check=False, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    built = {path.relative_to(tmp_path / "built").as_posix(): path for path in (tmp_path / "built").rglob("*.html")}
    assert {f"claims/{row.id}.html" for row in GIVEN.claims} <= set(built)
    maths = built["docs/maths.html"].read_text(encoding="utf-8")
    assert re.findall(r'class="math[^"]*">([^<]*)<', maths) == ["b_1"]
    assert "$`a`$" in maths
    assert "$`d`$" in maths
    assert "katex.min.js" in maths
    assert "katex" not in built["docs/proofs.html"].read_text(encoding="utf-8")
