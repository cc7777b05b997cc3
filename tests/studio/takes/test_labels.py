"""What is said of a take and its versions after it was shot: names, notes, markers, the bin."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from studio.model import KINDS
from studio.rendering.render import render
from studio.script.markers import delete_marker, mark, move_marker, rename_marker
from studio.takes.bin import delete_version, deleted_versions, empty_bin, restore_version
from studio.takes.documents import TakeError
from studio.takes.take import Take
from studio.timeline.keys import Marker
from studio.timeline.timeline import Timeline
from tests.edge_model import EdgeModel


def names(take: Take) -> list[tuple[float, str]]:
    return [(marker.time_s, marker.name) for marker in take.timeline.markers]


def test_markers_are_added_moved_and_named_and_nothing_that_was_shot_changes(shot: Path, tmp_path: Path) -> None:
    folder = tmp_path / "T001"
    shutil.copytree(shot, folder)
    take = Take.open(folder)
    (first,) = names(take)
    events = (folder / "events.jsonl").read_bytes()
    take = mark(take, "0:02.5", "she  turns")
    assert names(take) == [first, (2.5, "she turns")]
    take = rename_marker(move_marker(take, "she turns", "24f"), "she turns", "she looks")
    assert names(take) == [(take.frames[24].time_s, "she looks"), first]
    assert names(Take.open(folder)) == names(take), "they are kept"
    assert take.clock.markers == take.timeline.markers
    assert names(delete_marker(take, "she looks")) == [first]
    assert Take.open(folder).edit(markers=None).timeline.markers == Take.open(shot).timeline.markers
    assert (folder / "events.jsonl").read_bytes() == events
    for wrong, text in (
        (lambda: mark(take, 60, "late"), "the marker 'late' is at 60 s, and the take ends at 4.1"),
        (lambda: move_marker(take, "the bell", 1), "has no marker 'the bell'; it has 'she looks', 'the ball falls'"),
        (lambda: mark(take, "soon", "x"), "'soon' is not a marker; the markers are"),
        (lambda: take.edit(markers=[4.5]), "4.5 is not a marker; write Marker"),
        (lambda: take.edit(markers="x"), "a take's markers are a list, not 'x'"),
    ):
        with pytest.raises(ValueError, match=text):
            wrong()
    assert take.edit(markers=[Marker(1, "one")]).manifest.verdict is None


@pytest.mark.long
def test_a_version_has_a_name_a_note_and_pictures(edge_take: Take, capsys: pytest.CaptureFixture[str]) -> None:
    take, model = edge_take, EdgeModel(seed=7)
    version = render(take, "pencil", model, name="dusk", note="too dark")
    assert (version.label, version.note, "'dusk'" in repr(version)) == ("dusk", "too dark", True)
    assert take.version("dusk").name == take.version("v001").name == take.renders[-1].name == "v001"
    edited = version.edit(name="dawn")
    assert (edited.label, edited.note, edited.info["hashes"]) == ("dawn", "too dark", version.info["hashes"])
    assert take.renders[-1].label == "dawn"
    frames = take.renders[-1].frames()
    assert len(frames) == len(take.made) == 89
    assert frames[0].shape == frames[-1].shape == (64, 96, 3)
    assert frames[10:13].shape == (3, 64, 96, 3)
    assert np.array_equal(frames[-2:][1], frames[88])
    with pytest.raises(IndexError, match="no frame 89; they are 0 to 88"):
        frames[89]
    with pytest.raises(TakeError, match="has no version 'v009'; it has v001"):
        take.version("v009")
    (version.folder / "render.json").write_text((version.folder / "render.json").read_text().replace("dawn", "dusk"))
    with pytest.raises(TakeError, match="was changed outside the studio"):
        version.edit(name="night")


@pytest.mark.long
def test_a_version_goes_to_the_bin_and_comes_back(edge_take: Take) -> None:
    take, model = edge_take, EdgeModel(seed=7)
    one, two = (render(take, text, model, progress=lambda done, total: None) for text in ("pencil", "ink"))
    take.edit(circled="v001")
    with pytest.raises(TakeError, match="v001 of Test-film S01 A T001 is circled; circle another one first"):
        delete_version(take, "v001")
    assert delete_version(take, "v002").parent.name == ".bin"
    assert [version.name for version in take.renders] == ["v001"]
    third = render(take, Timeline.of("chalk"), model, progress=lambda done, total: None)
    assert third.name == "v003", "a number that lies in the bin is not given again"
    assert restore_version(take, "v002").info["hashes"] == two.info["hashes"]
    with pytest.raises(TakeError, match="the bin of Test-film S01 A T001 has no 'v002'; it has nothing"):
        restore_version(take, "v002")
    delete_version(take, "v002")
    assert ([path.name for path in deleted_versions(take)], empty_bin(take), deleted_versions(take)) == (
        ["v002"],
        1,
        [],
    )
    assert one.folder.is_dir()


def test_the_shell_marks_names_and_deletes(
    edge_take: Take, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from studio.__main__ import main

    monkeypatch.setitem(KINDS, "edge", "tests.edge_model:EdgeModel")
    render(edge_take, "pencil", EdgeModel(seed=7), progress=lambda done, total: None)

    def run(*arguments: object) -> list[str]:
        capsys.readouterr()
        with pytest.raises(SystemExit) as end:
            main([str(argument) for argument in arguments])
        out, err = capsys.readouterr()
        return out.splitlines() if not end.value.code else [err]

    folder = edge_take.folder
    assert run("takes", "mark", folder, "2.5", "she turns")[-1].split(maxsplit=1) == ["2.500", "she turns"]
    assert run("takes", "mark", folder, "--rename", "she turns", "3")[-1].split() == ["2.500", "3"]
    assert run("takes", "mark", folder, "1.0", "--move", "3")[0].split() == ["1.000", "3"]
    assert len(run("takes", "mark", folder, "--delete", "3")) == 1
    assert "what is at 3.0?" in run("takes", "mark", folder, "3.0")[0]
    run("takes", "version", folder, "v001", "--name", "dusk", "--note", "good")
    assert run("takes", "version", folder) == ["v001  dusk  89 made for it  good"]
    assert run("takes", "version", folder, "v001", "--delete")[-1].endswith("v001")
    assert "has no version 'dusk'" in run("takes", "version", folder, "dusk")[0]
    assert run("takes", "version", folder, "v001", "--restore")[-1].endswith("v001")
