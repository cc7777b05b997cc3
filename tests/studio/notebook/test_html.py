"""What notebooks show: every prompt with its words, fades as ramps, and nothing that a prompt could inject."""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree

import pytest

from studio.notebook.formatters import html_of
from studio.rendering.render import render
from studio.script.compile import timeline_of
from studio.script.files import load_script, save_script
from studio.script.script import Beat, Prop, Scene, Script
from studio.takes.take import Take
from studio.timeline.timeline import Timeline


def _svg(html: str) -> ElementTree.Element:
    found = re.search(r"<svg.*</svg>", html, re.DOTALL)
    assert found
    return ElementTree.fromstring(found[0])


def _texts(svg: ElementTree.Element) -> list[str]:
    return [element.text or "" for element in svg.iter("text")]


def test_a_timeline_shows_prompts_fades_markers_and_parameters() -> None:
    line = Timeline().at(0, "wild west").at(4, "underwater", fade=1).set(2, strength=0.5).mark(3, "the ball drops")
    svg = _svg(html_of(line))
    for said in ("wild west", "underwater", "the ball drops", "strength"):
        assert said in _texts(svg)
    lanes = [element for element in svg if element.tag == "rect"]
    assert len(lanes) == 2
    assert len({element.get("fill") for element in lanes}) == 2, "neighbours have their own colours"
    (ramp,) = [element for element in svg if element.tag == "path" and element.get("fill")]
    assert ramp.get("fill") == lanes[0].get("fill"), "a fade begins in the colour before it"


def test_lanes_are_as_long_as_their_prompts_hold() -> None:
    svg = _svg(html_of(Timeline().at(0, "a").at(3, "b").until(4)))
    wide = [float(element.get("width", 0)) for element in svg if element.tag == "rect"]
    assert wide == pytest.approx([750, 250])


def test_words_are_text_not_code() -> None:
    line = Timeline.of("<script>alert(1)</script>")
    assert "<script>" not in html_of(line)
    script = Script([Beat(0, Scene("<b>x", "underwater"))], title="<i>")
    assert "<b>x" not in html_of(script)
    assert "<i>" not in html_of(script)


def test_a_script_shows_its_beats(take: Take) -> None:
    stick = Prop("stick", becomes="a lightsaber", region="green")
    script = Script([Beat(0, Scene("desert", "wild west")), Beat("0:01", Scene("sea", "underwater"), props=[stick])])
    shown = html_of(script)
    for said in ("desert", "wild west", "0:01", "<b>stick</b> becomes a lightsaber, found by its colour green"):
        assert said in shown
    assert "2 beats · 2 scenes · 1 prop<" in shown
    lane = html_of(timeline_of(script))
    assert all(f"background:{colour}" in shown for colour in re.findall(r'height="40" fill="(#\w+)"', lane))


def test_what_a_script_includes_is_shown_with_its_look_and_colour(tmp_path: Path) -> None:
    stick = Prop("stick", becomes="a lightsaber", region="green")
    library = Script([], [Scene("sea", "underwater"), Scene("unused", "a pencil sketch")], [stick])
    save_script(library, tmp_path / "all.yaml")
    path = tmp_path / "script.yaml"
    head = "schema: lsd-studio.script\nversion: 1\ninclude: [all.yaml]\nscenes: {desert: wild west}\nbeats:\n"
    path.write_text(f"{head}- {{at: 0, scene: desert}}\n- {{at: 1, scene: sea, props: [stick]}}\n")
    script = load_script(path)
    shown = html_of(script)
    for said in ("underwater", "found by its colour green", "2 beats · 2 scenes · 1 prop<"):
        assert said in shown
    lane = html_of(timeline_of(script))
    colours = re.findall(r'height="40" fill="(#\w+)"', lane)
    assert len(set(colours)) == 2
    assert all(f"background:{colour}" in shown for colour in colours)
    assert "see" in html_of(Script([Beat(0, "see")])), "an unknown one is shown by its name"


def test_words_end_with_an_ellipsis_where_their_prompt_ends() -> None:
    said = ["the wild west at dusk", "i" * 40, "W" * 40, "日本の木版画の波と富士山と空", "short"]
    line = Timeline()
    for n, words in enumerate(said):
        line = line.at(2 * n, words)
    svg = _svg(html_of(line.until(18)))
    shown = _texts(svg)[-5:]
    assert shown[-1] == "short"
    assert all(text.endswith("…") and whole.startswith(text[:-1]) for text, whole in zip(shown[:4], said, strict=False))
    assert len(shown[1]) > 2 * len(shown[2]), "narrow letters leave room for more"
    assert [title.text for title in svg.iter("title")] == [f"{2 * n} s: {words}" for n, words in enumerate(said)]
    assert _texts(_svg(html_of(Timeline().at(0, "a long one").at(0.01, "b").until(10))))[-2] == "", "no room"


@pytest.mark.long
def test_a_take_shows_camera_world_and_prompts(take: Take) -> None:
    shown = html_of(take)
    assert take.name in shown
    assert "data:image/jpeg;base64," in shown
    assert any("underwater" in text for text in _texts(_svg(shown)))
    version = render(take, Timeline.of("a pencil sketch"), progress=lambda done, total: None)
    assert "a pencil sketch" in html_of(version)
    assert "1 versions" not in html_of(Take.open(take.folder))
