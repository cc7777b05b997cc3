"""The vocabulary's book: names are registered once, forgotten, drawn anew; sheets and the command show them."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest

from engine.__main__ import main
from engine.designer import registry, sheets, vocabulary
from engine.designer.library import DesignerError
from engine.designer.pen import Pen
from engine.designer.place import Place, arrange
from engine.designer.plan import Plan
from engine.designer.registry import forget, structure, thing
from engine.designer.words import describe


@pytest.fixture
def obelisk() -> Iterator[None]:
    @structure("obelisk", synonyms=("monolith",), implies={"ground": "sand"})
    def obelisk(pen: Pen) -> None:
        pen.solid(pen.box(0, 0.02, 0.2, 0.4), "sandstone")

    @obelisk.live
    def beacon(pen: Pen, time_s: float) -> None:
        pen.glow(0, -0.4, 0.2, 0xFFFFFF, 0.5 + 0.5 * math.sin(time_s))

    yield
    forget("structure", "obelisk")


@pytest.mark.usefixtures("obelisk")
def test_a_structure_of_ones_own_is_drawn_and_meant_by_its_words() -> None:
    described = describe("two monoliths at dusk")
    assert (described["structures"], described["ground"], described["sky"]) == (["obelisk"], "sand", "dusk")
    place = Place(Plan.from_dict(described))
    bare = Place(Plan(sky="dusk", ground="sand"))
    assert np.abs(place.picture(0, 96, 54).astype(int) - bare.picture(0, 96, 54)).max() > 40
    assert (place.picture(1.5, 96, 54) != place.picture(4.7, 96, 54)).any()


def test_a_name_that_is_forgotten_is_unknown_again() -> None:
    before = registry.revision()

    @thing("kite", synonyms=("paper dragon",))
    def kite(pen: Pen) -> None:
        pen.circle(0, 0, 0.1, pen.colour("cloth"))

    assert describe("a kite")["things"] == ["kite"]
    forget("thing", "kite")
    assert registry.revision() == before + 2
    assert "kite" not in describe("a kite")["things"]
    with pytest.raises(DesignerError, match="'kite' is not a thing"):
        forget("thing", "kite")


def test_a_name_of_another_module_is_not_taken() -> None:
    with pytest.raises(DesignerError, match=r"'castle' is drawn by engine\.designer\.structures\.castle already"):

        @structure("castle")
        def castle(pen: Pen) -> None: ...


def test_wrong_layers_and_stands_name_the_legal_ones() -> None:
    with pytest.raises(DesignerError, match="stands as landmark, range, room, not as 'tower'"):
        structure("x", stands="tower")
    with pytest.raises(DesignerError, match="'fornt' is not a layer; there are sky, heaven, far"):
        thing("x", layer="fornt")(lambda pen: None)


def test_landmarks_stand_aside_of_each_other_and_before_ranges() -> None:
    slots = {slot.drawing.name: slot for slot in arrange(Plan(structures=("forest", "castle", "temple")))}
    assert slots["castle"].x == 0
    assert slots["castle"].scale == 1
    assert abs(slots["temple"].x) > 0.7
    assert slots["temple"].scale < 0.6
    assert slots["forest"].far
    assert list(slots)[1:4] == ["forest", "temple", "castle"]


def test_every_entry_has_words_and_what_it_implies_exists() -> None:
    for kind in vocabulary.KINDS:
        for name in vocabulary.names(kind):
            entry = vocabulary.drawing(kind, name)
            assert re.fullmatch(r"[a-z]+(-[a-z]+)*", name)
            assert all(synonym == synonym.lower().strip() for synonym in entry.synonyms)
            for what, implied in entry.implies.items():
                assert vocabulary.drawing(what, implied)


def test_a_sheet_shows_what_is_asked_for(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    target = tmp_path / "sheet.png"
    with pytest.raises(SystemExit) as ended:
        main(["designer", "sheet", str(target), "--names", "castle,grass", "--size", "128x72", "--columns", "2"])
    assert ended.value.code == 0
    assert "6 places" in capsys.readouterr().out
    picture = cv2.imread(str(target))
    assert picture is not None
    assert picture.shape == (3 * 72, 2 * 128, 3)


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        (["--names", "castel"], "'castel' is not in the vocabulary; did you mean castle"),
        (["--names", "castle", "--skies", "nite"], "'nite' is not a sky"),
    ],
)
def test_a_sheet_of_unknown_names_says_so(
    options: list[str], complaint: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        main(["designer", "sheet", str(tmp_path / "x.png"), "--size", "128x72", *options])
    assert complaint in capsys.readouterr().err


def test_a_sheet_goes_into_a_folder_that_is_there_and_is_a_picture(tmp_path: Path) -> None:
    tiny = np.zeros((4, 4, 3), np.uint8)
    with pytest.raises(DesignerError, match="there is no folder"):
        sheets.save(tiny, tmp_path / "none" / "x.png")
    with pytest.raises(DesignerError, match=r"a sheet is a \.jpg or a \.png"):
        sheets.save(tiny, tmp_path / "x.txt")
    with pytest.raises(DesignerError, match="at least one name"):
        sheets.sheet([])


PAGE = Path(__file__).parents[3] / "docs" / "places.md"


def test_the_page_of_places_holds_the_vocabulary() -> None:
    remedy = (
        "from pathlib import Path; from engine.designer.sheets import write_table; write_table(Path('docs/places.md'))"
    )
    assert sheets.table() in PAGE.read_text(encoding="utf-8"), f'python -c "{remedy}"'


def test_the_table_of_a_page_is_renewed(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(PAGE.read_text(encoding="utf-8").replace("**castle**", "**keep**"), encoding="utf-8")
    sheets.write_table(page)
    assert page.read_bytes() == PAGE.read_bytes()
    page.write_text("nothing", encoding="utf-8")
    with pytest.raises(DesignerError, match="has no table of the vocabulary"):
        sheets.write_table(page)
