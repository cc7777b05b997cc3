"""The shape of the house: sizes, docstrings, line lengths, and words that are gone."""

from __future__ import annotations

import ast
import re
import statistics
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MOST_LINES = 500
MEDIAN_LINES = (100, 260)
DOCUMENTED = 0.95
WEB_COLUMNS = 100


@cache
def sources() -> dict[Path, str]:
    """Every Python module of the two packages."""
    return {
        path: path.read_text("utf-8")
        for package in ("engine", "studio")
        for path in sorted((ROOT / package).rglob("*.py"))
        if "shipped" not in path.parts
    }


@cache
def trees() -> dict[Path, ast.Module]:
    return {path: ast.parse(source) for path, source in sources().items()}


@pytest.fixture(scope="module", autouse=True)
def forgotten() -> Iterator[None]:
    """A million nodes that stayed would cost every later collection of this process most of a second."""
    yield
    trees.cache_clear()


@pytest.fixture(scope="module")
def tracked() -> dict[Path, str]:
    """The project's own text files, as git lists them."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    )
    endings = {".py", ".js", ".css", ".html", ".md", ".toml", ".yml", ".ipynb"}
    paths = [ROOT / name for name in listed.stdout.decode().split("\0") if Path(name).suffix in endings]
    return {path: path.read_text("utf-8") for path in paths if path.is_file()}


def public_functions(tree: ast.Module) -> Iterator[tuple[str, bool]]:
    """Functions of a module and methods of its public classes that others may call: name, and whether documented."""
    for node in tree.body:
        inside = node.body if isinstance(node, ast.ClassDef) and not node.name.startswith("_") else [node]
        for each in inside:
            if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef) and not each.name.startswith("_"):
                yield f"{each.lineno} {each.name}", ast.get_docstring(each) is not None


def test_public_functions_are_documented() -> None:
    functions = [
        (f"{path.relative_to(ROOT)}:{name}", documented)
        for path, tree in trees().items()
        for name, documented in public_functions(tree)
    ]
    bare = [name for name, documented in functions if not documented]
    share = 1 - len(bare) / len(functions)
    assert share >= DOCUMENTED, f"{share:.1%} of public functions have a docstring; these have none:\n" + "\n".join(
        bare
    )


def test_modules_are_of_a_readable_size() -> None:
    """Those of the tests as well, which have no median to keep."""
    lines = {path.relative_to(ROOT): source.count("\n") for path, source in sources().items()}
    tests = {path.relative_to(ROOT): path.read_text("utf-8").count("\n") for path in (ROOT / "tests").rglob("*.py")}
    long = {str(path): count for path, count in (lines | tests).items() if count > MOST_LINES}
    assert not long, f"over {MOST_LINES} lines: {long}"
    middle = statistics.median(count for path, count in lines.items() if path.name != "__init__.py")
    assert MEDIAN_LINES[0] <= middle <= MEDIAN_LINES[1]


def test_lines_of_the_pages_are_short(tracked: dict[Path, str]) -> None:
    """The formatter leaves long texts and comments as they are."""
    long = [
        f"{path.relative_to(ROOT)}:{number} has {len(line)} columns"
        for path, text in tracked.items()
        if path.suffix in (".js", ".css", ".html")
        for number, line in enumerate(text.splitlines(), 1)
        if len(line) > WEB_COLUMNS
    ]
    assert not long, f"lines of at most {WEB_COLUMNS} columns: {long}"


GONE = re.compile(
    "Answer|Area|Company|Criticism|Desk|Directed|Exposure|Folder|Inbox|Kernelled|Lesson|Listed|Mattes|News|"
    "Outcome|Recall|Rolling|Turn|Values|Wish|Wishes|_bags|_born|_compose|_live_on|_lots|_meet|_worn|awaited|company|"
    "dials|easel|elder|healed|hold|lookout|roster|shorthand|swatches|taught|waist|weather"
)
"""Names that said nothing to an engineer, or three things, and were given up for the field's own; see the tree in
README.md for what things are called."""


def names(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Every identifier of a module, with its line."""
    for node in ast.walk(tree):
        match node:
            case ast.Name(id=name) | ast.Attribute(attr=name) | ast.arg(arg=name) | ast.keyword(arg=str(name)):
                yield node.lineno, name
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                yield node.lineno, name
            case ast.alias(name=name):
                yield node.lineno, name.rpartition(".")[2]


def test_names_that_were_given_up_stay_away() -> None:
    back = [
        f"{path.relative_to(ROOT)}:{line} {name}"
        for path, tree in trees().items()
        for line, name in names(tree)
        if GONE.fullmatch(name)
    ]
    assert not back, f"choose the field's own name: {back}"
