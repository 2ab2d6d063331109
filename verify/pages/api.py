"""The Python API as Markdown, read from the source: nothing is imported, so that no page waits for JAX."""

import ast
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from verify.pages.markdown import anchor, fence, table

PACKAGE: Final = Path(__file__).parents[1]
SECTION: Final = re.compile(r"(Args|Attributes|Returns|Raises|Yields|Source):")
ITEM: Final = re.compile(r"([\w*, ]+?): (.*)")
WORDS: Final = {"Args": "Arguments"}
# Modules that a user meets whole, beside the names of the package itself.
WHOLE: Final = ("domain", "results", "formats")
REGIONS: Final = ("Region", "_Real")
ELSEWHERE: Final = re.compile(r"; see `verify\.([\w.]+)\.(\w+)`")
Definition = ast.ClassDef | ast.FunctionDef


def api_pages() -> dict[str, str]:
    """One page per module that holds public names, and an index of them, by file name."""
    homes = _homes()
    pages: dict[str, str] = {}
    blocks = ["# Python API"]
    first = ast.get_docstring(_parsed("__init__"))
    blocks.append(markdown_of(first or ""))
    for module in dict.fromkeys([*homes.values(), *WHOLE]):
        tree = _parsed(module)
        wanted = {name for name, home in homes.items() if home == module}
        found = [
            node
            for node in tree.body
            if isinstance(node, Definition)
            and (node.name in wanted or (module in WHOLE and _public(node)))
            and (module != "domain" or _region(node))
        ]
        pages[f"{module}.md"] = _page(module, tree, found)
        blocks.append(f"## verify.{module}")
        rows = [[f"[{node.name}]({module}.md#{anchor(node.name)})", _summary(node)] for node in found]
        blocks.append(table(["name", "is"], rows))
    return {"index.md": "\n\n".join(blocks), **pages}


def _homes() -> dict[str, str]:
    """Public names of the package, in the order of their modules, and the module of each."""
    found: dict[str, str] = {}
    for node in ast.walk(_parsed("__init__")):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("verify."):
            found |= {each.name: node.module.partition(".")[2] for each in node.names}
    return found


def _parsed(module: str) -> ast.Module:
    path = PACKAGE / f"{module.replace('.', '/')}.py"
    path = path if path.is_file() else path.with_suffix("") / "__init__.py"
    return ast.parse(path.read_text(encoding="utf-8"))


def _public(node: Definition) -> bool:
    return not node.name.startswith("_") and ast.get_docstring(node) is not None


def _region(node: Definition) -> bool:
    """Whether it is a region or what all regions have; helpers of theirs are nothing to call."""
    bases = {ast.unparse(base) for base in node.bases} if isinstance(node, ast.ClassDef) else set[str]()
    return node.name == "Region" or bool(bases.intersection(REGIONS))


def _docstring(node: Definition) -> str:
    """The docstring, from where it refers to if it is a door to something inside."""
    own = ast.get_docstring(node) or ""
    found = ELSEWHERE.search(own)
    if found is None:
        return own
    inside = [each for each in _parsed(found[1]).body if isinstance(each, Definition) and each.name == found[2]]
    return ast.get_docstring(inside[0]) or own if inside else own


def _summary(node: Definition) -> str:
    return _inline(_docstring(node).partition("\n\n")[0].replace("\n", " "))


def _page(module: str, tree: ast.Module, found: Sequence[Definition]) -> str:
    # Out of the navigation, which stands on every page; the index leads here.
    blocks = ["---\norphan: true\n---", f"# verify.{module}", "[Python API](index.md)"]
    blocks.append(markdown_of(ast.get_docstring(tree) or ""))
    for node in found:
        blocks += [f"## {node.name}", *_described(node)]
        # What a region answers is the same for all of them.
        if isinstance(node, ast.ClassDef) and not (module == "domain" and node.name != "Region"):
            for inner in node.body:
                if isinstance(inner, ast.FunctionDef) and _public(inner):
                    blocks += [f"### {node.name}.{inner.name}", *_described(inner)]
    return "\n\n".join(each for each in blocks if each)


def _described(node: Definition) -> Iterator[str]:
    yield fence(_signature(node), "python")
    yield markdown_of(_docstring(node))


def _signature(node: Definition) -> str:
    """How it is called or built: arguments with their types and what they are if left out, a long list in lines."""
    if isinstance(node, ast.FunctionDef):
        if any(isinstance(each, ast.Name) and each.id == "property" for each in node.decorator_list):
            return f"{node.name}: {ast.unparse(node.returns)}" if node.returns else node.name
        given = [each for each in _split(ast.unparse(node.args)) if each not in ("self", "cls")]
        end = f" -> {ast.unparse(node.returns)}" if node.returns else ""
        return _lines(node.name, given, end)
    fields = [each for each in node.body if isinstance(each, ast.AnnAssign) and isinstance(each.target, ast.Name)]
    members = [
        f"{node.name}.{target.id}"
        for each in node.body
        if isinstance(each, ast.Assign)
        for target in each.targets
        if isinstance(target, ast.Name)
    ]
    if any(ast.unparse(base) == "enum.Enum" for base in node.bases):
        return "\n".join(members)
    starting = next((each for each in node.body if isinstance(each, ast.FunctionDef) and each.name == "__init__"), None)
    if starting is not None:
        return _lines(node.name, [each for each in _split(ast.unparse(starting.args)) if each != "self"], "")
    given = [ast.unparse(each) for each in fields if "init=False" not in ast.unparse(each)]
    marks = ast.unparse(ast.List(elts=[*node.decorator_list, *(each.value for each in node.keywords)]))
    marks += "".join(f" {each.arg}" for each in node.keywords)
    inherited = [ast.unparse(base) for base in node.bases]
    if "kw_only" in marks:
        given = ["*", *given] if given else given
    elif any(base in ("_Real", "Region") for base in inherited):
        given = ["shape: str", *given]
    return _lines(node.name, given, "")


def _split(arguments: str) -> list[str]:
    """Arguments of a signature apart, at commas outside brackets."""
    parts, depth = [""], 0
    for letter in arguments:
        depth += (letter in "([{") - (letter in ")]}")
        if letter == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += letter
    return [each.strip() for each in parts if each.strip()]


def _lines(name: str, given: Sequence[str], end: str) -> str:
    """On one line where that is short; types that are written as text without their quotes."""
    given = [each.replace("=", " = ", 1) if ":" in each and " = " not in each else each for each in given]
    given = [each.replace("field(default_factory=dict)", "{}") for each in given if "repr=False" not in each]
    given = [re.sub(r"(?<=: )'([^']*)'", r"\1", each) for each in given]
    end = end.replace("'", "")
    short = f"{name}({', '.join(given)}){end}"
    return short if len(short) <= 80 else "\n".join([f"{name}(", *(f"    {each}," for each in given), f"){end}"])


def markdown_of(docstring: str) -> str:
    """A docstring with sections as Markdown, its items as a list."""
    blocks: list[str] = []
    for block in re.split(r"\n\s*\n", docstring.strip()):
        head, _, rest = block.partition("\n")
        if SECTION.fullmatch(head) and rest:
            blocks.append(f"**{WORDS.get(head[:-1], head[:-1])}**")
            blocks.append(_items(rest, named=head not in ("Returns:", "Source:", "Yields:")))
        elif block.startswith("    "):
            blocks.append(fence(re.sub(r"^    ", "", block, flags=re.MULTILINE), "python"))
        else:
            blocks.append(_inline(block))
    return "\n\n".join(blocks)


def _items(text: str, *, named: bool) -> str:
    """Items of a section, which begin where a line is least indented."""
    lines = text.splitlines()
    least = min(len(line) - len(line.lstrip()) for line in lines if line.strip())
    items: list[str] = []
    for line in lines:
        if named and not line[least : least + 1].isspace():
            items.append(line.strip())
        elif items:
            items[-1] += f" {line.strip()}"
        else:
            items.append(line.strip())
    written: list[str] = []
    for each in items:
        found = ITEM.fullmatch(each) if named else None
        if found is None:
            written.append(_inline(each))
        else:
            names = ", ".join(f"`{name.strip()}`" for name in found[1].split(","))
            written.append(f"- {names}: {_inline(found[2])}")
    return "\n".join(written)


def _inline(text: str) -> str:
    """Names between two backticks as code, formulas between dollars as maths, the rest as it is."""
    text = re.sub(r"``(.+?)``", r"`\1`", text)
    parts = re.split(r"(`[^`]*`)", text)
    for place in range(0, len(parts), 2):
        parts[place] = re.sub(r"\$([^$\n]+)\$", r"$`\1`$", parts[place].replace("*", r"\*").replace("<", "&lt;"))
    return "".join(parts)
