"""Who may import whom: the imports are read from the source, also those inside functions and for types alone."""

from __future__ import annotations

import ast
import graphlib
import re
import subprocess
import sys
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

from studio.model import KINDS

ROOT = Path(__file__).parents[2]
PICKLES = ("pickle", "cPickle", "cloudpickle", "dill", "joblib", "marshal", "shelve", "torch.load", "torch.save")
WIDGETS = ("ipywidgets", "anywidget", "IPython", "jupyterlab", "traitlets")

FLOORS = {
    "engine": (
        # the package itself holds two settings of the runtime, no import
        ("engine", "engine.prompts", "engine.console"),
        ("engine.types", "engine.config", "engine.runtime", "engine.text", "engine.router"),
        ("engine.models", "engine.media"),
        ("engine.compositing",),
        ("engine.designer",),
        ("engine.sampler", "engine.history", "engine.conditioning"),
        ("engine.kernels",),
        ("engine.fast",),
        ("engine.snapshot", "engine.stream"),
        ("engine.batch", "engine.teachers", "engine.kinds"),  # kinds: live models beside the stream, a file each
        ("engine.tools", "engine.evaluation"),
        ("engine.bench", "engine.training"),
        ("engine.designing",),
        ("engine.__main__",),
    ),
    "studio": (
        ("studio.web",),  # the pages' files, with the tables that Python reads too
        ("studio.timeline", "studio.background", "studio.signals", "studio.workers"),
        ("studio.script", "studio.takes"),
        ("studio.model", "studio.sets"),
        ("studio.performing",),
        ("studio.rendering", "studio.live"),
        ("studio.farm",),
        ("studio.variants", "studio.delivery"),
        ("studio.app", "studio.notebook"),
        ("studio", "studio.__main__"),  # the package itself names what is public, each loaded when it is asked for
    ),
}
"""The folders and lone modules of each package, from the ground up: each may import its own floor and those below."""


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


def called(node: ast.Call) -> str:
    """The last name of what is called: `import_module` of `importlib.import_module(..)`."""
    function = node.func
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


class _Reader(ast.NodeVisitor):
    def __init__(self, module: str, is_package: bool) -> None:
        self._module = module
        self._package = module if is_package else module.rpartition(".")[0]
        self._eager = True
        self.imports: list[Import] = []

    def _add(self, imported: str, line: int) -> None:
        self.imports.append(Import(self._module, imported, line, self._eager))

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
        if called(node) in ("import_module", "__import__") and node.args and isinstance(node.args[0], ast.Constant):
            self._add(str(node.args[0].value), node.lineno)
        self.generic_visit(node)


def read_imports(source: str | ast.Module, module: str, is_package: bool = False) -> list[Import]:
    reader = _Reader(module, is_package)
    reader.visit(ast.parse(source) if isinstance(source, str) else source)
    return reader.imports


@cache
def modules() -> dict[str, Path]:
    """Every module of the two packages, by its dotted name."""
    by_name = {}
    for package in ("engine", "studio"):
        for path in sorted((ROOT / package).rglob("*.py")):
            parts = path.relative_to(ROOT).with_suffix("").parts
            by_name[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return by_name


@cache
def trees() -> dict[str, ast.Module]:
    return {module: ast.parse(path.read_text("utf-8")) for module, path in modules().items()}


@pytest.fixture(scope="module", autouse=True)
def forgotten() -> Iterator[None]:
    """A million nodes that stayed would cost every later collection of this process most of a second."""
    yield
    trees.cache_clear()


@cache
def imports() -> tuple[Import, ...]:
    return tuple(
        each
        for module, tree in trees().items()
        for each in read_imports(tree, module, is_package=modules()[module].name == "__init__.py")
    ) + tuple(Import("studio.model", place.replace(":", "."), 0, eager=False) for place in KINDS.values())


def within(name: str, *packages: str) -> bool:
    """Whether `name` is one of the packages or modules, or lies in one."""
    return any(name == package or name.startswith(package + ".") for package in packages)


def assert_none(broken: Iterator[Import], law: str) -> None:
    lines = "\n  ".join(map(str, broken))
    assert not lines, f"{law}:\n  {lines}"


def test_the_reader_sees_every_kind_of_import() -> None:
    source = """
import engine.stream as s
from . import checkpoints
from ...engine import media
if TYPE_CHECKING:
    from a import A
def f():
    from studio.app import socket as live
    importlib.import_module("gradio")
"""
    assert {(i.imported, i.eager) for i in read_imports(source, "studio.rendering.render")} == {
        ("engine.stream", True),
        ("studio.rendering.checkpoints", True),
        ("engine.media", True),
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


def test_inference_never_imports_training_or_teachers() -> None:
    """The command line and the evaluation compare the model with its teachers; nothing else meets them."""
    may = ("engine.training", "engine.teachers", "engine.evaluation", "engine.__main__")
    broken = (
        i
        for i in imports()
        if (within(i.imported, "engine.training") and not within(i.importer, "engine.training", "engine.__main__"))
        or (within(i.imported, "engine.teachers") and not within(i.importer, *may))
    )
    assert_none(broken, "inference imports neither training nor teachers")


def test_studio_meets_models_only_in_one_place() -> None:
    """What a frame and a prompt are, pictures and video are everybody's; models come through one door."""
    everybodys = (
        *("engine.types", "engine.prompts", "engine.media", "engine.compositing", "engine.designer"),
        *("engine.bench.records", "engine.console"),
    )
    broken = (
        i
        for i in imports()
        if within(i.importer, "studio") and i.importer != "studio.model"
        if within(i.imported, "engine") and not within(i.imported, *everybodys)
    )
    assert_none(broken, "studio imports the engine's models only in studio/model.py")


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
        (("tqdm", "argparse", "click", "optparse"), "nowhere"),  # bars are rich's, command lines typer's
    ],
    ids=["gradio", "widgets", "ray", "diffusers", "spares"],
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
    """And the prompts in time on which it stands, which need nothing else either.

    A parameter that changes the finished picture imports what it computes with inside its function: that runs where
    frames are answered, and whoever reads a timeline does without. So the table's lazy imports do not count here.
    """
    ground = ("studio.timeline", "studio.web", "engine.prompts")
    late = "studio.timeline.parameters"
    broken = (
        i
        for i in imports()
        if within(i.importer, *ground) and i.importer != "studio.timeline.files" and not within(i.imported, *ground)
        if i.eager or i.importer != late
        if i.imported.partition(".")[0] not in sys.stdlib_module_names
    )
    assert_none(broken, "studio/timeline and engine/prompts.py stand on the standard library")


def test_nothing_reads_a_pickle() -> None:
    """A pickle runs code when it is read. Weights and snapshots are safetensors and JSON.

    Exempt: a training run resumes from its own checkpoint, by torch's reader that admits nothing but tensors.
    """
    assert_none((i for i in imports() if within(i.imported, *PICKLES)), "nothing reads or writes a pickle")
    broken = [
        f"{module}:{node.lineno} {ast.unparse(node)}"
        for module, tree in trees().items()
        if module != "engine.training.trainer"
        for node in ast.walk(tree)
        if (isinstance(node, ast.Attribute) and node.attr in ("load", "save") and ast.unparse(node) in PICKLES)
        or (isinstance(node, ast.keyword) and node.arg == "allow_pickle")
    ]
    assert not broken, f"nothing reads or writes a pickle: {broken}"


def floor_of(unit: str) -> int:
    package = unit.partition(".")[0]
    for height, units in enumerate(FLOORS[package]):
        if unit in units:
            return height
    raise AssertionError(f"{unit} has no floor: give it one in FLOORS in {Path(__file__).name}")


def unit_of(module: str) -> str:
    """The folder of a module, or the module itself where it lies in the package's own folder."""
    return ".".join(module.split(".")[:2])


def circle(arrows: Iterable[tuple[str, str]]) -> str | None:
    """One way around from a node back to itself, `a -> b -> a`; None where there is none."""
    graph: dict[str, set[str]] = {}
    for importer, imported in arrows:
        graph.setdefault(importer, set()).add(imported)
    try:
        graphlib.TopologicalSorter(graph).prepare()
    except graphlib.CycleError as error:
        return " -> ".join(reversed(error.args[1]))
    return None


def offences(among: Iterable[Import], modules: Collection[str]) -> list[str]:
    """What breaks the law of floors among the imports of these modules: circles of files, of folders, ways upward.

    An import that runs later, in a function, or never, for types alone, counts like any other: who reads the importer
    has to know the imported.
    """
    arrows: dict[tuple[str, str], Import] = {}
    for each in among:
        target = each.imported
        while target and target not in modules:  # the name of a function or class: its module
            target = target.rpartition(".")[0]
        if target and target != each.importer:
            arrows.setdefault((each.importer, target), each)
    broken = []
    if way := circle(arrows):
        broken.append(f"files in a circle: {way}")
    between = {(unit_of(a), unit_of(b)) for a, b in arrows}
    if way := circle((a, b) for a, b in between if a != b):
        broken.append(f"folders in a circle: {way}")
    for (importer, target), each in sorted(arrows.items()):
        below, above = unit_of(importer), unit_of(target)
        if below.partition(".")[0] == above.partition(".")[0] and floor_of(below) < floor_of(above):
            broken.append(f"upward: {each} ({below} stands below {above})")
    return broken


def test_imports_go_downwards_and_never_round() -> None:
    broken = offences(imports(), modules())
    assert not broken, "imports go downwards, never round:\n  " + "\n  ".join(broken)


@pytest.mark.parametrize(
    ("sources", "complaint"),
    [
        (
            {
                "studio.takes.take": "def render(take):\n    from studio.takes.lock import Lock",
                "studio.takes.lock": "from studio.takes.take import Take",
            },
            r"files in a circle: (studio\.takes\.(take|lock)( -> )?){3}$",
        ),
        (
            {
                "engine.media.video": "if TYPE_CHECKING:\n    from engine.media.pictures import Picture",
                "engine.media.pictures": "from .video import read",
            },
            r"files in a circle: (engine\.media\.(video|pictures)( -> )?){3}$",
        ),
        (
            {
                "studio.script.script": "import studio.takes.take",
                "studio.script.files": "",
                "studio.takes.take": "",
                "studio.takes.slate": "def f():\n    importlib.import_module('studio.script.files')",
            },
            r"folders in a circle: (studio\.(script|takes)( -> )?){3}$",
        ),
        (
            {
                "engine.sampler": "def f():\n    from engine.stream import Stream",
                "engine.stream": "",
            },
            r"upward: engine\.sampler:2 imports engine\.stream\.Stream \(engine\.sampler stands below engine\.stream\)",
        ),
        (
            {"studio": "", "studio.takes.take": "from studio import render"},
            r"upward: .* \(studio\.takes stands below studio\)",
        ),
    ],
    ids=["lazy circle", "type-only circle", "folder circle", "upward", "through the package"],
)
def test_the_law_sees_what_is_planted(sources: dict[str, str], complaint: str) -> None:
    planted = [each for module, source in sources.items() for each in read_imports(source, module)]
    broken = offences(planted, sources)
    assert len(broken) == 1
    assert re.search(complaint, broken[0]), broken[0]


def test_a_module_without_a_floor_is_named() -> None:
    with pytest.raises(AssertionError, match=r"studio\.attic has no floor"):
        offences(read_imports("import studio.attic.box", "studio.app.pages"), ["studio.attic.box"])


def test_imports_are_written_out() -> None:
    """A name that is put together at run time is an import that no law sees.

    Two may do so: the list of public names in `studio`, and the one import of studio/model.py, whose table of kinds is
    read like imports (`imports`).
    """
    broken = [
        f"{module}:{node.lineno} {ast.unparse(node)}"
        for module, tree in trees().items()
        if module != "studio"
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and called(node) in ("import_module", "__import__")
        if not (node.args and isinstance(node.args[0], ast.Constant))
    ]
    (of_kinds,) = (each for each in broken if each.startswith("studio.model:"))
    assert of_kinds.endswith(" import_module(module)")
    broken.remove(of_kinds)
    assert not broken, f"imports are written out: {broken}"


def test_every_kind_of_model_is_a_module_of_the_engine() -> None:
    """The table of kinds counts as imports, so that the floors and the rest of the laws hold for it too."""
    kinds = {place.replace(":", ".") for place in KINDS.values()}
    assert kinds <= {i.imported for i in imports() if i.importer == "studio.model"}
    assert all(within(kind, "engine") and kind.rpartition(".")[0] in modules() for kind in kinds)


@pytest.mark.long
def test_the_engine_loads_neither_studio_nor_training_nor_pages() -> None:
    """What the source says is one thing; this asks a Python that has just imported the engine."""
    script = "import sys, engine.stream, engine.media.video; print(*sys.modules, sep='\\n')"
    loaded = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split()
    assert "engine.stream" in loaded
    assert not [name for name in loaded if within(name, "studio", "engine.training", "gradio", "ipywidgets")]
