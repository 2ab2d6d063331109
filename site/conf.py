"""Settings of the website: Sphinx, MyST and Furo over plain Markdown, KaTeX from this folder, no other host.

The pages are gathered by ``python -m verify.pages.site``; ``nox -s pages`` runs both.
"""

import re
import sys
from pathlib import Path
from typing import Any, Final

from docutils import nodes
from sphinx.application import Sphinx

HERE: Final = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))  # the version is that of the tree the pages come from

import verify  # noqa: E402

project = "Gradproof"
author = "The Gradproof authors"
version = release = verify.__version__
html_title = "Gradproof"
language = "en"
root_doc = "index"
extensions = ["myst_parser"]

# Markdown as a code-hosting site reads it: anchors of headings, maths in fences, alerts; spans of maths are below.
myst_enable_extensions = ["alert", "attrs_block", "attrs_inline"]
myst_heading_anchors = 4
myst_fence_as_directive = ["math"]
# A page of one topic starts with its claims, not with a heading of the next level: that is no mistake here.
suppress_warnings = ["myst.header"]

html_theme = "furo"
html_static_path = ["_static", "vendor"]
templates_path = ["_templates"]
html_css_files = ["site.css"]
html_js_files = [("site.js", {"defer": "defer"})]
html_copy_source = False
html_show_sourcelink = False
html_show_sphinx = False
html_show_copyright = False
html_last_updated_fmt = None  # the same results give the same bytes
html_show_search_summary = False  # a summary is fetched, which browsers refuse to pages opened as files
html_theme_options = {"sidebar_hide_name": False, "navigation_with_keys": False}
html_sidebars = {
    "claims/*.*": [
        "sidebar/brand.html",
        "sidebar/search.html",
        "sidebar/scroll-start.html",
        "sidebar/short.html",
        "sidebar/scroll-end.html",
    ]
}
pygments_style = "a11y-high-contrast-light"
pygments_dark_style = "a11y-high-contrast-dark"
highlight_language = "none"

# A fence, a span of code between one or several backticks, or a span of maths; only the last is changed.
SPAN: Final = re.compile(
    r"(?P<fence>^(?P<mark>`{3,}|~{3,}).*?^(?P=mark)`*\s*$)"
    r"|\$`(?P<maths>[^`\n]+)`\$"
    r"|(?P<code>(?P<ticks>`+)(?!`).+?(?<!`)(?P=ticks)(?!`))",
    re.MULTILINE | re.DOTALL,
)


def maths_as_role(app: Sphinx, docname: str, source: list[str]) -> None:
    """Turn maths as GitHub writes it, in dollars and backticks, into the role that MyST knows."""
    source[0] = SPAN.sub(lambda found: f"{{math}}`{found['maths']}`" if found["maths"] else found[0], source[0])


def inline(writer: Any, node: nodes.math) -> None:
    """Write a formula in a line; the script of the page lays it out, and without scripts the LaTeX is read."""
    writer.body.append(writer.starttag(node, "span", "", CLASS="math notranslate nohighlight"))
    writer.body.append(f"{writer.encode(node.astext())}</span>")
    raise nodes.SkipNode


def display(writer: Any, node: nodes.math_block) -> None:
    """Write a formula on lines of its own."""
    writer.body.append(writer.starttag(node, "div", CLASS="math notranslate nohighlight"))
    writer.body.append(f"{writer.encode(node.astext())}</div>\n")
    raise nodes.SkipNode


MATHS: Final = (nodes.math, nodes.math_block)


def with_katex(app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: Any) -> None:
    """Load KaTeX, half of what a page weighs, on pages that have a formula, also in a neighbour's title."""
    titles = [(context.get(name) or {}).get("title", "") for name in ("prev", "next")]
    inside = doctree is not None and any(True for _ in doctree.findall(lambda node: isinstance(node, MATHS)))
    if inside or any('class="math' in title for title in titles):
        app.add_css_file("katex/katex.min.css")
        app.add_js_file("katex/katex.min.js", defer="defer", priority=400)
    # A title with a formula in it is cut before it: nothing lays it out in a window's title or a link to the next page.
    context["title"] = without_maths(context.get("title", ""))
    for name in ("prev", "next"):
        if context.get(name):
            context[name] = context[name] | {"title": without_maths(context[name]["title"])}


def without_maths(title: str) -> str:
    """A title up to the colon before its first formula."""
    head, formula, _ = title.partition('<span class="math')
    return head.rpartition(":")[0] or head if formula else title


def with_found_files(app: Sphinx, config: Any) -> None:
    """Take files that were written beside the pages, such as the data of maps."""
    if (Path(app.srcdir) / "_static").is_dir():
        config.html_static_path.append(str(Path(app.srcdir) / "_static"))


# What has to keep its spaces.
VERBATIM: Final = re.compile(r"(<(?:pre|script|textarea)\b.*?</(?:pre|script|textarea)>)", re.DOTALL)
# What the theme ships and no page loads.
UNUSED: Final = (
    "_static/**/*.map",
    "_static/debug.css",
    "_static/basic.css",
    "_static/skeleton.css",
    "_static/README.md",
    "_static/*.png",
)


# Replacements that change nothing that is seen: of pages between what is verbatim, of code, and of figures.
PAGES: Final = (
    (r"\n\s+", "\n"),
    (r'<span class="(?:std std-\w+|pre)">([^<]*)</span>', r"\1"),
    (r' title="Link to this heading"', ""),
    # Classes that no style names: of links in the text (those of the navigation stand in an element), rows and code.
    (r'(?<!<li>)(?<!">)<a class="reference (?:in|ex)ternal"', "<a"),
    (r' class="(?:row-odd|row-even|head)"', ""),
    (r'<code class="docutils literal notranslate">', '<code class="literal">'),
    (r' class="(math|table)-wrapper (?:colwidths-auto )?docutils container"', r' class="\1-wrapper container"'),
    (r'<p class="caption" role="heading">', '<p class="caption" role="heading" aria-level="2">'),
)
CODE: Final = ((r'<span(?: class="(?:n|p|w)")?>([^<]*)</span>', r"\1"),)  # names and commas, which have no colour
FIGURES: Final = (
    (r"(?s)<!--.*?-->|<metadata>.*?</metadata>", ""),
    (r"([1-9]\d*\.\d\d)\d+", r"\1"),  # not of scales, which are below one
    (r"\n\s*", "\n"),
    (r'transform="translate\(([\d.-]+) 0\)"', r'x="\1"'),
    (r" ?\n ?", "\n"),
    (r"(?<=[a-z]): (?=[^\"<>]*\")", ":"),
    (r"; (?=[a-z-]+:[^\"<>]*\")", ";"),
    (r"DejaVuSans-", "d"),
    (r' id="[a-z2.]+_\d+"', ""),
)


def squeezed(app: Sphinx, problem: Exception | None) -> None:
    """Take out what no reader sees, a third of a small page, and files that no page loads."""
    if problem is not None or app.builder.name != "html":
        return
    for path in app.outdir.rglob("*.html"):
        parts = VERBATIM.split(path.read_text(encoding="utf-8"))
        for place, part in enumerate(parts):
            parts[place] = _replaced(part, CODE if place % 2 else PAGES)
        path.write_text("".join(parts), encoding="utf-8")
    for path in app.outdir.glob("_images/*.svg"):
        path.write_text(_replaced(path.read_text(encoding="utf-8"), FIGURES), encoding="utf-8")
    for pattern in UNUSED:
        for path in app.outdir.glob(pattern):
            path.unlink()


def _replaced(text: str, replacements: tuple[tuple[str, str], ...]) -> str:
    for pattern, by in replacements:
        text = re.sub(pattern, by, text)
    return text


def setup(app: Sphinx) -> dict[str, bool]:
    """Connect what is above."""
    app.add_html_math_renderer("katex", (inline, None), (display, None))
    app.connect("config-inited", with_found_files)
    app.connect("source-read", maths_as_role)
    app.connect("html-page-context", with_katex)
    app.connect("build-finished", squeezed)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
