"""The gallery: every set of it is drawn, and what is typed becomes a set."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from engine.config import SHIPPED_WORLDS
from engine.media.pictures import PICTURE_SUFFIXES
from studio.__main__ import main
from studio.model import offered
from studio.sets.command import described
from studio.sets.gallery import GALLERY
from studio.sets.picture import picture_of
from studio.sets.stage import KEPT, Stage, production_folder
from studio.sets.store import SetError, Store
from studio.sets.typed import set_of
from studio.timeline.sets import FILE_KINDS, PICTURES, SetKey, Sets


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[] if n % 4 == 0 else pytest.mark.long) for n, name in enumerate(GALLERY)]
)
def test_every_set_of_the_gallery_is_drawn(name: str) -> None:
    stage = Stage()
    rgb = picture_of({"gallery": name}, stage, 192, 108)
    assert rgb.shape == (108, 192, 3)
    assert rgb.dtype == np.uint8
    assert rgb.std() > 12, "a place and not a wall"
    assert np.array_equal(rgb, picture_of({"gallery": name}, Stage(), 192, 108))


def test_menus_offer_the_models_own_places_as_sets_alone() -> None:
    menu = offered(SHIPPED_WORLDS)
    assert set(SHIPPED_WORLDS) - set(menu) == {"beach", "throne-hall", "moon"} <= set(GALLERY)
    assert menu == [name for name in SHIPPED_WORLDS if name in menu]
    assert offered(("as-is", "risograph")) == ["as-is", "risograph"]


def test_a_name_that_there_is_not_says_the_nearest() -> None:
    with pytest.raises(SetError, match="no set 'castel'; did you mean 'castle'"):
        Stage().prepare({"gallery": "castel"})


def test_what_is_typed_becomes_a_set(tmp_path: Path) -> None:
    store = Store(tmp_path / "sets")
    Image.new("RGB", (40, 30), "teal").save(tmp_path / "sea.png")
    kept = set_of(str(tmp_path / "sea.png"), store)
    assert kept == {"file": next(store.folder.iterdir()).name}
    assert set_of("castle", store) == set_of("gallery:castle", store) == {"gallery": "castle"}
    assert set_of("off", store) is None
    assert Stage(store.folder).plate(kept).picture(0, 40, 30)[0, 0].tolist() == [0, 128, 128]  # type: ignore[union-attr]


def test_words_that_nothing_answers_are_remarked(tmp_path: Path) -> None:
    remarks: list[str] = []
    set_ = set_of("a castle and a frobnicator as a watercolour", Store(tmp_path / "sets"), remarks.append)
    assert set_ is not None
    assert set_["plan"]["structures"] == ["castle"]
    assert len(remarks) == 2
    assert "does not know 'frobnicator', and leaves it out; nearest are " in remarks[0]
    assert "name the look 'watercolour'" in remarks[1]
    set_of("gallery:castle", Store(tmp_path / "sets"), remarks.append)
    assert len(remarks) == 2, "a set of the gallery has no words"


def test_a_file_that_cannot_be_shown_is_not_kept(tmp_path: Path) -> None:
    store = Store(tmp_path / "sets")
    (tmp_path / "broken.jpg").write_bytes(b"no picture")
    with pytest.raises(SetError, match=r"cannot be shown: .*broken\.jpg is not a whole picture"):
        set_of(str(tmp_path / "broken.jpg"), store)
    with pytest.raises(SetError, match=r"gone\.jpg does not exist"):
        set_of(str(tmp_path / "gone.jpg"), store)
    assert not store.folder.exists()


def test_a_stage_keeps_what_is_used_and_forgets_the_oldest() -> None:
    stage = Stage()
    first = stage.plate({"colour": "#000001"})
    for n in range(KEPT):
        assert stage.plate({"colour": "#000001"}) is first, "which is looked at all the time"
        stage.prepare({"colour": f"#0000{n + 16:02x}"})
    assert stage.plate({"colour": "#000001"}) is first
    assert len(stage._plates) == KEPT


def test_all_sets_of_a_frame_stay_open_however_many_they_are(tmp_path: Path) -> None:
    """As after a dozen clicks on the gallery within one long fade; another thread asks for more meanwhile."""
    store = Store(tmp_path / "sets")
    blend = []
    for n in range(2 * KEPT):
        Image.new("RGB", (40, 30), (20 * n, 0, 255 - 20 * n)).save(tmp_path / "each.png")
        blend.append([{"file": store.add(tmp_path / "each.png")}, 1.0])
    cues = Sets((SetKey(0.0, blend),)).at(1.0)
    stage = Stage(store.folder)
    plates = stage.plates(cues)
    for n in range(2 * KEPT):
        stage.prepare({"colour": f"#0000{n + 16:02x}"})
    seen = [plate.picture(0, 40, 30)[0, 0].tolist() for plate in plates]  # type: ignore[union-attr]
    assert seen == [[20 * n, 0, 255 - 20 * n] for n in range(2 * KEPT)]
    assert stage.plates(cues) == plates, "none is made again for each frame"
    stage.close()


def test_a_take_may_lie_by_itself_on_a_disk() -> None:
    for take, folder in (("/T001", "/sets"), ("/disk/T001", "/sets"), ("/film/S01/A/T001", "/film/sets")):
        assert production_folder(Path(take)).as_posix().endswith(folder)


def test_the_shell_lists_and_draws(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = ""
    for arguments in (["sets", "ls"], ["sets", "ls", "--json"]):
        with pytest.raises(SystemExit):
            main(arguments)
        out = capsys.readouterr().out
        assert all(name in out for name in GALLERY)
    assert json.loads(out)["castle"] == dict(GALLERY["castle"])
    path = tmp_path / "castle.png"
    with pytest.raises(SystemExit) as end:
        main(["sets", "draw", "gallery:castle", str(path), "--size", "192x112", "--seed", "5"])
    assert not end.value.code
    with Image.open(path) as image:
        assert image.size == (192, 112)
    with pytest.raises(SystemExit) as end:
        main(["sets", "draw", "off", str(path)])
    assert end.value.code == 1
    assert "has no picture without a camera" in capsys.readouterr().err


def test_files_become_what_they_are(tmp_path: Path) -> None:
    frames = [Image.new("RGB", (40, 30), colour) for colour in ("red", "blue")]
    frames[0].save(tmp_path / "moving.webp", save_all=True, append_images=frames[1:], duration=500, lossless=True)
    Image.new("RGB", (80, 40), "teal").save(tmp_path / "round.png")
    store = Store(tmp_path / "sets")
    stage = Stage(store.folder)
    moving, still = set_of(str(tmp_path / "moving.webp"), store), set_of(str(tmp_path / "round.png"), store)
    assert still is not None
    kinds = [type(stage.plate(set_)).__name__ for set_ in (moving, still, {**still, "panorama": True})]
    assert kinds == ["ClipPlate", "PicturePlate", "PanoramaPlate"]
    stage.close()
    assert {*FILE_KINDS} > {*PICTURES}
    assert {*PICTURES} <= {*PICTURE_SUFFIXES}


def test_described_words_have_the_names_that_tools_read() -> None:
    parts = json.loads(described("a castle at night as a watercolour with a qwxyzt", as_json=True))
    assert {"sky", "ground", "structures", "things", "palette", "look", "unknown"} <= parts.keys()
    assert (parts["sky"], parts["structures"], parts["look"]) == ("night", ["castle"], "watercolour")
    assert parts["unknown"] == ["qwxyzt"]
    assert "nearest to 'qwxyzt': " in described("a castle with a qwxyzt", as_json=False)
