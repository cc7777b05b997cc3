"""Who may import whom: the imports are read from the source, also those inside functions."""

from __future__ import annotations

import ast
import graphlib
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PICKLES = ("pickle", "cPickle", "cloudpickle", "dill", "joblib", "marshal", "shelve", "torch.load", "torch.save")
WIDGETS = ("ipywidgets", "anywidget", "IPython", "jupyterlab", "traitlets")


@dataclass(frozen=True)
class Import:
    """One name that a module takes from elsewhere."""

    importer: str
    imported: str
    line: int
    eager: bool
    """Runs when the importer is imported: neither inside a function nor for the type checker alone."""

    def __str__(self) -> str:
        return f"{self.importer}:{self.line} imports {self.imported}"


class _Reader(ast.NodeVisitor):
    def __init__(self, module: str, is_package: bool) -> None:
        self._module = module
        self._package = module if is_package else module.rpartition(".")[0]
        self._eager = True
        self.found: list[Import] = []

    def _add(self, imported: str, line: int) -> None:
        self.found.append(Import(self._module, imported, line, self._eager))

    def _visit_later(self, node: ast.AST) -> None:
        before, self._eager = self._eager, False
        self.generic_visit(node)
        self._eager = before

    visit_FunctionDef = visit_AsyncFunctionDef = visit_Lambda = _visit_later

    def visit_If(self, node: ast.If) -> None:
        for_types = ast.unparse(node.test) in ("TYPE_CHECKING", "typing.TYPE_CHECKING")
        (self._visit_later if for_types else self.generic_visit)(node)

    def visit_Import(self, node: ast.Import) -> None:
        for name in node.names:
            self._add(name.name, node.lineno)

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        base = [node.module] if node.module else []
        if node.level:
            parents = self._package.split(".")
            base = parents[: len(parents) - node.level + 1] + base
        for name in node.names:
            self._add(".".join([*base, name.name]), node.lineno)

    def visit_Call(self, node: ast.Call) -> None:
        """`importlib.import_module("x")` and `__import__("x")` are imports too."""
        called = ast.unparse(node.func).rpartition(".")[2]
        if called in ("import_module", "__import__") and node.args and isinstance(node.args[0], ast.Constant):
            self._add(str(node.args[0].value), node.lineno)
        self.generic_visit(node)


def read_imports(source: str, module: str, is_package: bool = False) -> list[Import]:
    reader = _Reader(module, is_package)
    reader.visit(ast.parse(source))
    return reader.found


@cache
def modules() -> dict[str, Path]:
    """Every module of the two packages, by its dotted name."""
    found = {}
    for package in ("engine", "studio"):
        for path in sorted((ROOT / package).rglob("*.py")):
            parts = path.relative_to(ROOT).with_suffix("").parts
            found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


@cache
def imports() -> tuple[Import, ...]:
    return tuple(
        found
        for module, path in modules().items()
        for found in read_imports(path.read_text("utf-8"), module, is_package=path.name == "__init__.py")
    )


def within(name: str, *packages: str) -> bool:
    """Whether `name` is one of the packages or modules, or lies in one."""
    return any(name == package or name.startswith(package + ".") for package in packages)


def assert_none(broken: Iterator[Import], law: str) -> None:
    found = "\n  ".join(map(str, broken))
    assert not found, f"{law}:\n  {found}"


def test_the_reader_sees_every_kind_of_import() -> None:
    source = """
import engine.stream as s
from . import take
from ..engine import media
if TYPE_CHECKING:
    from a import A
def f():
    from studio.app import socket as live
    importlib.import_module("gradio")
"""
    found = {(i.imported, i.eager) for i in read_imports(source, "studio.rendering.render")}
    assert found == {
        ("engine.stream", True),
        ("studio.takes.take", True),
        ("engine.media.video", True),
        ("a.A", False),
        ("studio.app.socket", False),
        ("gradio", False),
    }
    assert read_imports("from . import guard", "studio.app", is_package=True)[0].imported == "studio.app.guard"


def test_the_packages_are_found() -> None:
    assert {"engine.types", "engine.stream", "studio.timeline.timeline", "studio.live.director"} <= modules().keys()


def test_engine_never_imports_studio() -> None:
    broken = (i for i in imports() if within(i.importer, "engine") and within(i.imported, "studio"))
    assert_none(broken, "the engine is usable alone")


def test_inference_never_imports_training() -> None:
    """The command line and the evaluation compare the model with its teachers; nothing else knows them."""
    may = (
        "engine.training",
        "engine.__main__",
        "engine.evaluation.evaluate",
        "engine.evaluation.endurance",
        "engine.evaluation.trials",
    )
    broken = (i for i in imports() if within(i.imported, "engine.training") and not within(i.importer, *may))
    assert_none(broken, "inference never imports training")


def test_studio_meets_the_stream_only_in_the_director() -> None:
    """Models, streams and text belong to the director; files, pictures, schedules and records are everybody's."""
    names = ("types", "media", "pictures", "schedule", "timecode", "records")
    everybodys = tuple(f"engine.{name}" for name in names)
    broken = (
        i
        for i in imports()
        if within(i.importer, "studio") and i.importer != "studio.live.director"
        if within(i.imported, "engine") and not within(i.imported, *everybodys)
    )
    assert_none(broken, "studio imports the engine's stream only in studio/live/director.py")


def test_pages_and_widgets_never_import_each_other() -> None:
    broken = (
        i
        for i in imports()
        if (within(i.importer, "studio.app") and within(i.imported, "studio.notebook"))
        or (within(i.importer, "studio.notebook") and within(i.imported, "studio.app"))
    )
    assert_none(broken, "pages and widgets are two views of one session")


@pytest.mark.parametrize(
    ("heavy", "place"),
    [
        (("gradio", "gradio_client"), "studio.app"),
        (WIDGETS, "studio.notebook"),
        (("ray",), "studio.farm.cluster"),
        (("diffusers",), "engine.bench.peers"),
    ],
    ids=["gradio", "widgets", "ray", "diffusers"],
)
def test_heavy_packages_stay_in_their_places(heavy: tuple[str, ...], place: str) -> None:
    broken = (i for i in imports() if within(i.imported, *heavy) and not within(i.importer, place))
    assert_none(broken, f"{heavy[0]} and its kin are imported in {place} only")


def test_views_are_imported_where_they_are_used() -> None:
    """The command line starts fast: `lsd-studio takes ls` need not load a web framework."""
    views = ("studio.app", "studio.notebook")
    broken = (i for i in imports() if i.eager and within(i.imported, *views) and not within(i.importer, *views))
    assert_none(broken, "views are imported inside the function that shows them")


def test_timeline_needs_the_standard_library_alone() -> None:
    """How it shows itself in a notebook is loaded when it is asked for."""
    broken = (
        i
        for i in imports()
        if i.importer in ("studio.timeline.timeline", "studio.timeline.curves")
        and not within(i.imported, "studio.timeline.curves")
        if i.eager or not within(i.imported, "studio.notebook.html")
        if i.imported.partition(".")[0] not in sys.stdlib_module_names
    )
    assert_none(broken, "studio/timeline/timeline.py and its lanes stand on the standard library")


def test_nothing_reads_a_pickle() -> None:
    """A pickle runs code when it is read. Weights and snapshots are safetensors and JSON.

    Exempt: a training run resumes from its own checkpoint, by torch's reader that admits nothing but tensors.
    """
    assert_none((i for i in imports() if within(i.imported, *PICKLES)), "nothing reads or writes a pickle")
    broken = [
        f"{module}:{node.lineno} {ast.unparse(node)}"
        for module, path in modules().items()
        if module != "engine.training.recipes"
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if (isinstance(node, ast.Attribute) and ast.unparse(node) in PICKLES)
        or (isinstance(node, ast.keyword) and node.arg == "allow_pickle")
    ]
    assert not broken, f"nothing reads or writes a pickle: {broken}"


def test_no_import_goes_round_in_a_circle() -> None:
    known = modules()
    graph: dict[str, set[str]] = {module: set() for module in known}
    for found in imports():
        target = found.imported
        while target and target not in known:
            target = target.rpartition(".")[0]
        if found.eager and target and target != found.importer:
            graph[found.importer].add(target)
    graphlib.TopologicalSorter(graph).prepare()  # raises CycleError, which names the circle


def test_the_engine_loads_neither_studio_nor_training_nor_pages() -> None:
    """What the source says is one thing; this asks a Python that has just imported the engine."""
    script = "import sys, engine.stream, engine.media.video; print(*sys.modules, sep='\\n')"
    loaded = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split()
    assert "engine.stream" in loaded
    assert not [name for name in loaded if within(name, "studio", "engine.training", "gradio", "ipywidgets")]
