"""The website in a real browser: every page, the maps, the calculator, the search.

`nox -s browser` builds the site and runs these; they need Chromium and the built site, and skip without.
"""

import math
import os
import re
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import pytest

from verify.results import MapRow, Results, read

pytestmark = pytest.mark.once

ROOT: Final = Path(__file__).parents[1]
SITE: Final = Path(os.environ.get("GRADPROOF_SITE", ROOT / "build" / "site"))
RESULTS: Final = Path(os.environ.get("GRADPROOF_RESULTS", ROOT / "results.json"))
NAMES: Final = ("chromium", "chromium-browser", "google-chrome", "chrome")
NARROW: Final = 360
FIRST_PAGE: Final = 400_000
WHOLE_SITE: Final = 8_000_000
SERIOUS: Final = ("serious", "critical")
POINTS: Final = 1000

# Text that a reader would see as it was typed: LaTeX outside code, marks of Markdown. Runs in the page.
FAULTS: Final = r"""(narrow) => {
  const found = [];
  const skipped = "code, pre, script, style, noscript, .katex, textarea, svg";
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const node = walker.currentNode;
    if (node.parentElement.closest(skipped)) continue;
    const raw = node.textContent.match(/\$`|`\$|\$\$|```|\\(?:\(|\)|\[|\])|\\[a-zA-Z]{2,}/);
    if (raw) found.push("raw text " + raw[0] + " in " + node.textContent.trim().slice(0, 80));
  }
  document.querySelectorAll(".math").forEach(each => {
    if (!each.querySelector(".katex") || each.querySelector(".katex-error")) {
      found.push("formula not laid out: " + each.textContent.slice(0, 80));
    }
  });
  document.querySelectorAll("img").forEach(each => {
    if (each.complete && !each.naturalWidth) found.push("no picture: " + each.getAttribute("src"));
    if (!each.alt) found.push("picture without words: " + each.getAttribute("src"));
  });
  // The theme's column scrolls by itself, so that what is too wide in it does not widen the page.
  const column = document.querySelector("article");
  const width = Math.max(document.documentElement.scrollWidth, column ? column.scrollWidth : 0);
  if (width > narrow) found.push("scrolls sideways: " + width + " pixels");
  return found;
}"""


# To ask of the colours behind each element takes axe half a minute on long pages, much of it for the same again. What
# KaTeX makes of a formula, thousands of elements, becomes one that is as wide and as high, so that what scrolled still
# does; of rows whose elements have the same attributes, classes and styles, with text or without, the first stays.
SHORTENED: Final = """() => {
  const formulas = [...document.querySelectorAll(".katex")].map(each => [each, each.getBoundingClientRect()]);
  for (const [formula, box] of formulas) {
    formula.textContent = "formula";
    formula.style = `display: inline-block; overflow: hidden; width: ${box.width}px; height: ${box.height}px`;
  }
  const seen = new Set();
  for (const row of document.querySelectorAll("tbody > tr")) {
    const shape = [row, ...row.querySelectorAll("*")].map(each => each.matches(".katex") ? "formula" : [
      each.tagName, each.className, each.style.cssText, ...each.getAttributeNames(), each.textContent.trim() !== "",
    ]);
    const key = JSON.stringify(shape);
    if (seen.has(key)) row.remove();
    seen.add(key);
  }
}"""


def browser_path() -> str | None:
    """Chromium of the system, or the one that CHROMIUM names."""
    return os.environ.get("CHROMIUM") or next((path for path in map(shutil.which, NAMES) if path), None)


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    """A browser, shared by all tests here."""
    api = pytest.importorskip("playwright.sync_api", reason="the group `browser` is not installed")
    path = browser_path()
    if path is None:
        pytest.skip(f"no browser: none of {', '.join(NAMES)} is on the path, and CHROMIUM names none")
    with api.sync_playwright() as playwright:
        # Without its sandbox, since a container's root may not have one; only our own pages are opened.
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-gpu"])
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def site() -> Path:
    """The folder of the built site."""
    if not (SITE / "index.html").is_file():
        pytest.skip(f"{SITE} is not built: run `nox -s pages`")
    return SITE


@pytest.fixture(scope="module")
def results() -> Results:
    """The results that the site was built from."""
    if not RESULTS.is_file():
        pytest.skip(f"{RESULTS} is not there: run `nox -s pages`")
    return read(RESULTS)


class Visit:
    """One page of the browser, which notes what goes wrong and asks no other host for anything."""

    def __init__(self, chromium: Any, *, width: int = 1280, height: int = 900, scheme: str = "light") -> None:
        self.context = chromium.new_context(viewport={"width": width, "height": height}, color_scheme=scheme)
        self.faults: list[str] = []
        self.asked: list[str] = []
        # Only what is no file of ours is asked about here.
        self.context.route(re.compile(r"^(?!file:|data:|blob:)"), self._refuse)
        self.page = self.context.new_page()
        self.page.on("console", self._heard)
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.on("pageerror", lambda error: self.faults.append(f"error: {error}"))
        self.page.on("requestfailed", lambda request: self.faults.append(f"not loaded: {request.url}"))

    def _refuse(self, route: Any) -> None:
        self.faults.append(f"asks another host: {route.request.url}")
        route.abort()

    def _heard(self, message: Any) -> None:
        if message.type in ("error", "warning"):
            self.faults.append(f"console {message.type}: {message.text}")

    def open(self, path: Path, after: str = "") -> Any:
        """Load a file and wait until its scripts have run."""
        if self.page.url.partition("#")[0].partition("?")[0] == path.as_uri():
            self.page.goto("about:blank")  # with another fragment alone it would not be loaded anew
        self.page.goto(path.as_uri() + after, wait_until="load")
        return self.page

    def told(self, narrow: int) -> list[str]:
        """What is wrong with the page that is open."""
        found = [*self.faults, *self.page.evaluate(FAULTS, narrow)]
        self.faults.clear()
        return found

    def __enter__(self) -> "Visit":
        return self

    def __exit__(self, *_: object) -> None:
        self.context.close()


def axe(page: Any) -> list[str]:
    """Serious violations that axe finds on a page."""
    module = pytest.importorskip("axe_playwright_python.sync_playwright", reason="the group `browser` is not installed")
    page.evaluate(SHORTENED)
    found = module.Axe().run(page, {"exclude": [".katex"]}, {"resultTypes": ["violations"]}).response["violations"]
    return [
        f"{each['id']}: {node['html'][:120]}" for each in found if each["impact"] in SERIOUS for node in each["nodes"]
    ]


# --- the judges, judged ------------------------------------------------------------------------------------------


def test_a_broken_page_is_told_from_a_sound_one(chromium: Any, tmp_path: Path) -> None:
    sound = (
        '<!doctype html><html lang="en"><head><title>t</title></head><body><main><h1>Sound</h1>'
        "<p>plain <code>$`x`$</code></p></main></body></html>"
    )
    broken = sound.replace(
        "<p>",
        '<p style="width:500px">$`\\sigma_i`$</p><p class="math">x</p><img src="nowhere.png">'
        '<p style="color:#aaa;background:#bbb">hardly to be read</p>'
        '<script>console.error("oh")</script><script src="https://example.org/x.js"></script><script>oops()</script><p>',
    )
    (tmp_path / "sound.html").write_text(sound)
    (tmp_path / "broken.html").write_text(broken)
    with Visit(chromium, width=NARROW) as visit:
        visit.open(tmp_path / "sound.html")
        assert visit.told(NARROW) == []
        assert axe(visit.page) == []
        visit.open(tmp_path / "broken.html")
        faults = "\n".join(visit.told(NARROW))
        for each in (
            *("raw text $`", "formula not laid out", "no picture", "picture without words", "scrolls sideways"),
            *("console error: oh", "asks another host: https://example.org", "not loaded", "error: oops"),
        ):
            assert each in faults, each
        assert any(each.startswith("color-contrast") for each in axe(visit.page))


def test_what_axe_is_spared_hides_no_row_that_differs(chromium: Any, tmp_path: Path) -> None:
    row = '<tr><td><a href="x.html">plain</a></td></tr>'
    wrong = {
        "color-contrast": row.replace("<a", '<a style="color:#aaa;background:#bbb"'),
        "link-name": row.replace("plain", ""),
        "aria-valid-attr": row.replace("<a", '<a aria-what="x"'),
    }
    with Visit(chromium) as visit:
        for rule, other in {"": row, **wrong}.items():
            (tmp_path / "rows.html").write_text(
                '<!doctype html><html lang="en"><head><title>t</title></head><body><main><h1>Rows</h1>'
                f"<table><thead><tr><th>a</th></tr></thead><tbody>{row * 3}{other}</tbody></table></main></body></html>"
            )
            visit.open(tmp_path / "rows.html")
            assert [each.partition(":")[0] for each in axe(visit.page)] == [rule] * bool(rule)
            assert visit.page.locator("tbody > tr").count() == (2 if rule else 1)


def test_a_broken_text_in_the_frame_of_another_page_is_told(chromium: Any, site: Path) -> None:
    path = min((site / "claims").glob("*.*.html"))
    text = path.read_text(encoding="utf-8")
    sound = text[text.index("<article") : text.index("</article>")]
    faults = {
        "raw text": "<p>$`x`$</p>",
        "no picture": '<img alt="none" src="nowhere.png">',
        "picture without words": '<img src="nowhere.png">',
        "not laid out": '<div class="math">\\frac{1}{</div>',
        "scrolls sideways": '<p style="width:900px">wide</p>',
    }
    with Visit(chromium, width=NARROW, height=800) as visit:
        visit.open(path)
        for fault, broken in faults.items():
            visit.page.evaluate(REPLACED, sound + broken)
            assert any(fault in each for each in visit.told(NARROW)), fault
            visit.page.evaluate(REPLACED, sound)
            assert visit.told(NARROW) == []


# --- every page --------------------------------------------------------------------------------------------------


PARTS: Final = 4  # so that workers share them
WHOLE: Final = 10  # of the claims' pages, which are made alike, one of so many is opened
REPLACED: Final = """async article => {
  document.querySelector("article").outerHTML = article;
  await Promise.all([...document.querySelectorAll("article img")].map(each => each.decode().catch(() => null)));
  const script = document.createElement("script");
  script.src = [...document.scripts].find(each => each.src.includes("/site.js")).src;
  await new Promise(resolve => { script.onload = resolve; document.body.append(script); });
  script.remove();
}"""


def frame(html: str) -> list[str]:
    """The scripts and styles of a page."""
    return re.findall(r"<script[^>]*>|<link[^>]*stylesheet[^>]*>", html)


@pytest.mark.parametrize("part", range(PARTS))
def test_every_page_loads_without_a_fault_also_on_a_narrow_screen(chromium: Any, site: Path, part: int) -> None:
    found = sorted(path for path in site.rglob("*.html") if path.relative_to(site).parts[0] != "_static")
    claims = [path for path in found if path.parent.name == "claims" and path.name != "index.html"]
    assert len(claims) > 20
    pages = [path for path in found if path not in claims]
    assert len(pages) > 20
    groups = [[path] for path in pages] + [claims[start : start + WHOLE] for start in range(0, len(claims), WHOLE)]
    wrong: dict[str, list[str]] = {}
    with Visit(chromium, width=NARROW, height=800) as visit:
        for whole, *alike in groups[part::PARTS]:
            visit.open(whole)
            faults = {whole: visit.told(NARROW)}
            # Where nothing but the text differs, it takes the place of the other one's: to load all anew takes minutes.
            for path in alike:
                text = path.read_text(encoding="utf-8")
                assert frame(text) == frame(whole.read_text(encoding="utf-8"))
                visit.page.evaluate(REPLACED, text[text.index("<article") : text.index("</article>")])
                faults[path] = visit.told(NARROW)
            wrong |= {str(path.relative_to(site)): those for path, those in faults.items() if those}
    assert wrong == {}


CHOSEN: Final = (
    *("index.html", "explore.html", "calculator.html", "search.html", "genindex.html"),
    *("claims/index.html", "claims/*.*.html"),
    *("reports/article.html", "reports/maps.html", "reports/verdict.html", "docs/glossary.html", "api/index.html"),
)


LONG: Final = ("claims/index.html", "reports/maps.html")  # half a minute each, and nothing in dark that others have not


@pytest.mark.parametrize(
    ("scheme", "name"),
    [(scheme, name) for name in CHOSEN for scheme in ("light", "dark") if scheme == "light" or name not in LONG],
)
def test_axe_finds_nothing_serious(chromium: Any, site: Path, scheme: str, name: str) -> None:
    path = min(site.glob(name))
    with Visit(chromium, scheme=scheme) as visit:
        visit.open(path)
        for section in visit.page.locator("details.map > summary").all()[:2]:
            section.click()
        if name == "explore.html":
            visit.page.locator("details.map canvas").nth(1).wait_for()
        assert axe(visit.page) == []


def brightness(page: Any) -> tuple[float, float]:
    """Of the ground and of the text, from 0 to 255."""
    return tuple(
        float(np.mean([float(each) for each in re.findall(r"[\d.]+", text)[:3]]))
        for text in page.evaluate("(s => [s.backgroundColor, s.color])(getComputedStyle(document.body))")
    )  # pyright: ignore[reportReturnType]


def test_light_and_dark_follow_the_system_and_the_switch(chromium: Any, site: Path) -> None:
    for scheme in ("light", "dark"):
        with Visit(chromium, scheme=scheme) as visit:
            page = visit.open(site / "index.html")
            ground, text = brightness(page)
            assert (ground > text) == (scheme == "light")
            seen = {ground > text}
            for _ in range(3):
                page.locator(".theme-toggle:visible").first.click()
                page.wait_for_timeout(50)
                ground, text = brightness(page)
                seen.add(ground > text)
            assert seen == {True, False}


def test_search_finds_a_word_and_not_another(chromium: Any, site: Path) -> None:
    with Visit(chromium) as visit:
        page = visit.open(site / "search.html", "?q=Jacobian")
        page.wait_for_selector("#search-results li a")
        page.wait_for_function("!/Searching/.test(document.querySelector('#search-results h2').textContent)")
        links = page.locator("#search-results li a").evaluate_all("all => all.map(a => a.href)")
        assert len(links) >= 5
        assert any("softmax" in each for each in links)
        # It says so of a real page, which has the word.
        page.goto(links[0])
        assert "acobian" in page.content()
        page = visit.open(site / "search.html", "?q=xylophone")
        page.wait_for_function("!/Searching/.test(document.querySelector('#search-results h2').textContent)")
        assert page.locator("#search-results li a").count() == 0
        assert visit.faults == []


def test_the_first_page_and_the_site_are_light(chromium: Any, site: Path) -> None:
    with Visit(chromium) as visit:
        page = visit.open(site / "index.html")
        page.wait_for_load_state("networkidle")
        files = {each.partition("#")[0].partition("?")[0] for each in visit.asked if each.startswith("file:")}
        weights = {each: Path(each.removeprefix("file://")).stat().st_size for each in files}
    assert len(weights) > 3
    assert sum(weights.values()) <= FIRST_PAGE, weights
    assert sum(path.stat().st_size for path in site.rglob("*") if path.is_file()) <= WHOLE_SITE


# --- maps --------------------------------------------------------------------------------------------------------


def place(row: MapRow, number: int, text: str) -> int:
    """Which value of an axis a text names."""
    axis = row.axes[number]
    if axis.names:
        return axis.names.index(text)
    return int(np.argmin([abs(value - float(text.replace("−", "-"))) for value in axis.values]))


def told_cell(row: MapRow, text: str) -> tuple[int, int, str, str, str]:
    """Places on both axes, quantity, format and class, as the page says them."""
    words = [re.escape(axis.label or axis.name) for axis in row.axes]
    units = [f" {axis.unit}" if axis.unit else "" for axis in row.axes]
    found = re.match(
        rf"{words[0]} (\S+){units[0]}, {words[1]} (\S+){units[1]}: (.*) in (\w+) is ([\w-]+); largest true", text
    )
    assert found, text
    return place(row, 0, found[1]), place(row, 1, found[2]), found[3], found[4], found[5]


def in_sight(section: Any) -> int:
    """How many cells the legend speaks of."""
    found = re.search(r"of (\d+) cells in sight", section.locator(".map-legend").inner_text())
    assert found
    return int(found[1])


def choose(section: Any, control: str, value: str) -> None:
    section.locator(f"select[data-control={control}]").select_option(value)


def opened(page: Any, number: int = 0) -> Any:
    section = page.locator("details.map").nth(number)
    section.locator("summary").click()
    section.locator("canvas").wait_for()
    return section


def point_at(page: Any, section: Any, across: float, up: float) -> None:
    """Move the pointer to a place of the canvas, in parts of its width and height."""
    canvas = section.locator("canvas")
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    page.mouse.move(box["x"] + box["width"] * across - 3, box["y"] + box["height"] * up)
    page.mouse.move(box["x"] + box["width"] * across, box["y"] + box["height"] * up)


def test_the_data_of_a_map_is_loaded_when_it_is_opened_and_not_before(chromium: Any, site: Path) -> None:
    with Visit(chromium) as visit:
        page = visit.open(site / "explore.html")
        sections = page.locator("details.map")
        names = sections.evaluate_all("all => all.map(each => each.dataset.map)")
        assert len(names) >= 5
        assert not [each for each in visit.asked if "/maps/" in each]
        for number, name in enumerate(names):
            before = len(visit.asked)
            opened(page, number)
            assert [each.rpartition("/")[2] for each in visit.asked[before:] if "/maps/" in each] == [f"{name}.js"]
        sections.first.locator("summary").click()
        sections.first.locator("summary").click()
        assert len([each for each in visit.asked if "/maps/" in each]) == len(names)
        assert visit.told(1280) == []


def test_without_scripts_there_are_figure_and_table(chromium: Any, site: Path) -> None:
    context = chromium.new_context(java_script_enabled=False)
    try:
        page = context.new_page()
        page.goto((site / "explore.html").as_uri())
        assert page.locator("article img").count() == page.locator("details.map").count() > 4
        assert page.locator("article table").count() >= page.locator("details.map").count()
        page.locator("details.map > summary").first.click()
        assert "needs a browser that runs scripts" in page.locator("details.map").first.inner_text()
        page.goto((site / "calculator.html").as_uri())
        assert "needs a browser that runs scripts" in page.locator("article").inner_text()
        assert page.locator("article table tbody tr").count() >= 3
    finally:
        context.close()


def test_what_the_pointer_and_the_keys_read_is_what_the_run_found(chromium: Any, site: Path, results: Results) -> None:
    rows = [row for row in results.maps if row.classes or row.values]
    read_cells = 0
    with Visit(chromium) as visit:
        page = visit.open(site / "explore.html")
        for number, row in enumerate(rows):
            if not row.classes or len(row.axes) != 2:
                continue
            section = opened(page, number)
            for quantity in list(row.classes)[:2]:
                for form in row.classes[quantity]:
                    choose(section, "quantity", quantity)
                    if len(row.formats) > 1:
                        choose(section, "format", form)
                    for across, up in ((0.2, 0.1), (0.5, 0.5), (0.93, 0.8)):
                        point_at(page, section, across, up)
                        text = section.locator("output").inner_text()
                        first, second, shown, shown_form, name = told_cell(row, text)
                        assert (shown, shown_form) == (quantity, form)
                        assert name == row.class_names[int(row.classes[quantity][form][second][first])], text
                        log = row.truth[quantity][second][first]
                        size = re.search(r"component ([\d.]+)(?: · 10([⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+))?\.", text)
                        assert size, text
                        power = int((size[2] or "⁰").translate(str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789")))
                        if log is None:
                            assert float(size[1]) == 0
                        else:
                            # Three digits are shown, so the third may be off by one half, and the logarithm by as much.
                            assert abs(np.log10(float(size[1])) + power - log) <= np.log10(1.01)
                        read_cells += 1
            canvas = section.locator("canvas")
            canvas.focus()
            page.keyboard.press("Home")
            assert told_cell(row, section.locator("output").inner_text())[0] == 0
            page.keyboard.press("ArrowRight")
            page.keyboard.press("ArrowRight")
            page.keyboard.press("ArrowLeft")
            at = told_cell(row, section.locator("output").inner_text())
            assert at[0] == 1
            page.keyboard.press("ArrowUp" if at[1] == 0 else "ArrowDown")
            assert abs(told_cell(row, section.locator("output").inner_text())[1] - at[1]) == 1
            page.keyboard.press("End")
            assert told_cell(row, section.locator("output").inner_text())[0] == len(row.axes[0].values) - 1
        assert visit.told(1280) == []
    assert read_cells >= 50


def picture(section: Any) -> str:
    """What the canvas shows, as text to compare."""
    return section.locator("canvas").evaluate("each => each.toDataURL()")


def test_maps_zoom_move_and_show_what_is_chosen(chromium: Any, site: Path) -> None:
    with Visit(chromium) as visit:
        page = visit.open(site / "explore.html")
        section = opened(page)
        whole = in_sight(section)
        seen = {picture(section)}

        def changed() -> None:
            now = picture(section)
            assert now not in seen
            seen.add(now)

        point_at(page, section, 0.5, 0.5)
        changed()
        page.mouse.wheel(0, -300)
        page.wait_for_timeout(100)
        nearer = in_sight(section)
        assert nearer < whole
        changed()
        page.mouse.down()
        page.mouse.move(100, 0)
        page.mouse.up()
        changed()
        assert in_sight(section) <= nearer * 1.4
        section.locator("button[data-zoom=in]").click()
        assert in_sight(section) < nearer
        section.locator("button[data-zoom=out]").click()
        section.locator("button[data-zoom=all]").click()
        assert in_sight(section) == whole
        section.locator("canvas").focus()
        page.keyboard.press("+")
        assert in_sight(section) < whole
        page.keyboard.press("0")
        assert in_sight(section) == whole
        for control, value in (("quantity", "cross entropy"), ("format", "float16"), ("colour", "size")):
            choose(section, control, value)
            changed()
        choose(section, "colour", "class")
        choose(section, "row", "0")  # one target: the row of it alone
        changed()
        assert in_sight(section) * 33 == whole
        assert "target of the winning class 0:" in section.locator("output").inner_text()
        choose(section, "row", "-1")
        section.locator("input[data-control=lines]").uncheck()
        changed()
        assert visit.faults == []


def test_a_page_that_scrolls_under_a_resting_pointer_does_not_zoom(chromium: Any, site: Path) -> None:
    with Visit(chromium) as visit:
        page = visit.open(site / "explore.html")
        section = opened(page)
        whole = in_sight(section)
        box = section.locator("canvas").bounding_box()
        # The pointer rests above the map; the wheel brings the map under it, and goes on.
        page.mouse.move(box["x"] + 200, max(5, box["y"] - 40))
        for _ in range(6):
            page.mouse.wheel(0, 60)
            page.wait_for_timeout(60)
        assert in_sight(section) == whole


def test_a_point_of_a_map_opens_in_the_calculator(chromium: Any, site: Path) -> None:
    with Visit(chromium) as visit:
        page = visit.open(site / "explore.html")
        section = opened(page)
        section.locator("canvas").focus()
        page.keyboard.press("End")
        section.locator(".map-told a").click()
        page.wait_for_selector(".calc-results table")
        assert "logit gap of 800 nats" in page.locator(".calc-summary").inner_text()
        assert visit.faults == []


# --- the calculator ----------------------------------------------------------------------------------------------

TRUTH: Final = """([name, points]) => points.map(([x, y]) => {
  const found = GRADPROOF_CALCULATOR.at(name, x, y);
  return found.truth && found.truth.map(each => [each.v, each.e, each.k]);
})"""
CLASSES_AT: Final = """([name, points]) => points.map(([x, y]) => {
  const found = GRADPROOF_CALCULATOR.at(name, x, y).formats;
  return Object.fromEntries(Object.keys(found).map(each => [each, found[each].class]));
})"""


def points(classes: int, count: int, one_hot: bool) -> tuple[np.ndarray, np.ndarray]:
    """Logits of every size and targets that sum to one exactly, with a fixed seed."""
    draw = np.random.default_rng(20261126 + classes)
    scales = draw.choice([1.0, 5.0, 40.0, 120.0, 400.0], size=(count, 1))
    x = draw.uniform(-1, 1, size=(count, classes)) * scales
    x[::5] = np.round(4 * x[::5]) / 4
    y = np.zeros((count, classes))
    y[np.arange(count), draw.integers(classes, size=count)] = 1
    if not one_hot:
        mixed = np.sort(draw.integers(0, 1025, size=(count, classes - 1)), axis=1)
        parts = np.diff(np.concatenate([np.zeros((count, 1)), mixed, np.full((count, 1), 1024)], axis=1)) / 1024
        y[::2] = parts[::2]
    return x, y


BITS: Final = 3000  # of which most are zeros behind the point of the smallest components


def inside(found: Sequence[Any], exact: Any) -> tuple[int, int, int]:
    """Of components that the page knows: how many hold the exact value, how many do not, and how many of all it knows.

    The page says v ± e times a power of two; the exact value is a ball of BITS bits.
    """
    from flint import arb

    from verify.readings.exact import precision

    held = missed = known = 0
    with precision(BITS):
        for row, balls in zip(found, exact, strict=True):
            if row is None:
                continue
            for (v, e, k), ball in zip(row, balls, strict=True):
                assert ball == 0 or not ball.is_finite() or ball.rel_accuracy_bits() > 60, "BITS are too few"
                scale = arb(2) ** int(k)
                ok = arb(v - 0.0) * scale - arb(e) * scale <= ball and ball <= arb(v) * scale + arb(e) * scale
                held, missed = held + bool(ok), missed + (not ok)
                known += abs(v) > 1e10 * e or e == 0
    return held, missed, known


def test_the_calculator_holds_the_exact_gradient_at_a_thousand_points(chromium: Any, site: Path) -> None:
    import jax

    from verify import enclose
    from verify.article.calculator import ONE_HOT_ONLY, WITHOUT_CANCELLATION
    from verify.article.vanishing import LOSSES

    assert set(WITHOUT_CANCELLATION) == set(LOSSES)
    with Visit(chromium) as visit:
        page = visit.open(site / "calculator.html")
        for classes in (2, 3):
            exact: dict[str, Any] = {}
            found: dict[str, list[Any]] = {}
            count = POINTS // 2
            for name, (loss, _, _) in LOSSES.items():
                x, y = points(classes, count, name in ONE_HOT_ONLY)
                with jax.enable_x64(True):
                    exact[name] = enclose(jax.vmap(jax.grad(loss)), x, y, bits=BITS)
                found[name] = page.evaluate(TRUTH, [name, list(zip(x.tolist(), y.tolist(), strict=True))])
                held, missed, known = inside(found[name], exact[name])
                assert missed == 0, (name, classes)
                # Nearly everywhere ten digits are known, so that holding the exact value says something.
                assert known >= 0.99 * count * classes, (name, classes, held, known)
            # The values of another loss are refused, also of one that is only half as large.
            for wrong, name in (("squared error", "Brier score"), ("cross entropy", "absolute error")):
                assert inside(found[wrong], exact[name])[1] > count
        assert visit.faults == []


def test_the_class_of_a_cell_is_that_of_the_map(chromium: Any, site: Path, results: Results) -> None:
    row = next(each for each in results.maps if each.id == "vanishing.two-class")
    gaps, targets = (axis.values for axis in row.axes)
    grid = [[[gap, 0.0], [target, 1 - target]] for target in targets for gap in gaps]
    with Visit(chromium) as visit:
        page = visit.open(site / "calculator.html")
        for quantity in ("squared error", "cross entropy", "absolute error"):
            found = page.evaluate(CLASSES_AT, [quantity, grid])
            for form in ("float64", "float32"):
                shape = (len(targets), len(gaps))
                ours = np.array([row.class_names.index(each[form]) for each in found]).reshape(shape)
                theirs = np.array([[int(code) for code in line] for line in row.classes[quantity][form]])
                assert strays(ours, theirs) == 0, (quantity, form)
                assert (ours != theirs).mean() < 0.01
                # The classes of another loss are refused.
                other = "cross entropy" if quantity != "cross entropy" else "squared error"
                wrong = np.array([[int(code) for code in line] for line in row.classes[other][form]])
                assert strays(ours, wrong) > 1000


def strays(ours: np.ndarray, theirs: np.ndarray) -> int:
    """Cells whose class does not occur in the other grid, there or within two cells.

    At the ragged edge where the last digit goes, a compiler that fuses operations falls on either side.
    """
    padded = np.pad(theirs, 2, mode="edge")
    height, width = theirs.shape
    near = np.zeros(theirs.shape, dtype=bool)
    for down in range(5):
        for right in range(5):
            near |= padded[down : down + height, right : right + width] == ours
    return int((~near).sum())


VALUES: Final = """([name, x, y, format]) => {
  return GRADPROOF_CALCULATOR.at(name, [x, 0], y).formats[format].values;
}"""


def test_gradients_become_zero_at_the_very_float_at_which_those_of_jax_do(
    chromium: Any, site: Path, results: Results
) -> None:
    told = re.compile(r"threshold\.([\w-]+)\.(wrong|right)\.(winner|target|loser)-is-zero")
    tried = 0
    with Visit(chromium) as visit:
        page = visit.open(site / "calculator.html")
        for row in results.thresholds:
            found = told.fullmatch(row.id)
            if not found or row.format not in ("float64", "float32"):
                continue
            name, side, part = found.groups()
            dtype = np.dtype(row.format)
            first = dtype.type(float.fromhex(row.number))
            before = np.nextafter(first, dtype.type(0))
            target = [1, 0] if side == "right" else [0, 1]
            zero = [
                page.evaluate(VALUES, [name.replace("-", " "), float(gap), target, row.format])[part != "winner"] == 0
                for gap in (before, first)
            ]
            assert zero == [False, True], (row.id, row.format, row.decimal)
            tried += 1
    assert tried == 20


def test_a_reader_moves_logits_and_target(chromium: Any, site: Path) -> None:
    with Visit(chromium) as visit:
        page = visit.open(site / "calculator.html")
        page.wait_for_selector(".calc-results table")

        def summary() -> str:
            return page.locator(".calc-summary").inner_text()

        def line(name: str) -> list[str]:
            rows = page.locator(".calc-results tbody tr").filter(has=page.locator(f"th:text-is('{name}')"))
            return [text.strip() for text in rows.locator("td").all_inner_texts()]

        assert "logit gap of 40 nats" in summary()
        assert line("squared error")[:2] == ["cancelled", "cancelled"]
        assert line("cross entropy")[0] == "alive, 15"
        page.locator("#logit-1").fill("5")
        assert "logit gap of 5 nats" in summary()
        assert page.locator("#logit-1-slider").input_value() == "5"
        u = math.exp(-5)
        assert line("squared error")[2] == f"{2 * u / (1 + u) ** 3:.6}"
        page.locator("#logit-2-slider").focus()
        page.keyboard.press("ArrowRight")
        assert page.locator("#logit-2").input_value() == "0.5"
        assert "logit gap of 4.5 nats" in summary()
        page.get_by_role("button", name="class 1", exact=True).click()
        assert page.locator("#target-1").input_value() == "1"
        page.locator("#target-1").fill("0.3")
        page.locator("#target-1").blur()
        assert page.locator("#target-1").input_value() == str(round(0.3 * 1024) / 1024)
        assert line("focal loss")[0] == "needs a target on one class"
        page.get_by_role("button", name="3 classes").click()
        assert page.locator(".calc-controls input[type=range]").count() == 5
        address = page.url
        assert "#x=5,0.5,0&y=" in address
        before = summary()
        page.goto("about:blank")
        page.goto(address)
        page.wait_for_selector(".calc-results table")
        assert summary() == before
        # What is no number, or out of reach, changes nothing.
        page.locator("#logit-1").fill("1e9")
        assert summary() == before
        assert visit.faults == []


def test_the_page_says_unknown_at_a_kink_and_nothing_wrong(chromium: Any, site: Path) -> None:
    at = "([n, x, y]) => { const f = GRADPROOF_CALCULATOR.at(n, x, y); return [f.truth, f.reason, f.formats.float64]; }"
    with Visit(chromium) as visit:
        page = visit.open(site / "calculator.html")
        # The hinge has its margin where the outputs are 3/4 and 1/4: at the logit gap ln 3, which no float is.
        truth, reason, floats = page.evaluate(at, ["hinge, margin one half", [float(np.log(3)), 0.0], [1, 0]])
        assert truth is None
        assert "kink" in reason
        assert floats["class"] == floats["digits"] == "unknown"
        # At a tie of equal logits the squared error of (1/2, 1/2) is exactly 0, and known to be.
        truth, _, floats = page.evaluate(at, ["squared error", [1.0, 1.0], [0.5, 0.5]])
        assert [each["v"] for each in truth] == [each["e"] for each in truth] == [0, 0]
        assert floats["class"] == "small"


def test_a_script_that_is_missing_is_said_to_be(chromium: Any, site: Path) -> None:
    with Visit(chromium) as visit:
        visit.context.route("**/maps/*.js", lambda route: route.abort())
        page = visit.open(site / "explore.html")
        section = page.locator("details.map").first
        section.locator("summary").click()
        page.wait_for_function("document.querySelector('.map-here').textContent.includes('could not be loaded')")
        assert "figure and the table above" in section.inner_text()
