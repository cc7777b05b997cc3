"""Letters: a typeface that has them, lines that fit, and what cannot be drawn is named."""

from __future__ import annotations

import unicodedata
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw, features

from engine.media import lettering
from engine.media.lettering import SHIPPED, LetteringError, Typeface, caption, set_in_lines, typeface_for
from engine.media.pictures import draw_contact_sheet

OWN, OURS = Typeface(), Typeface(str(SHIPPED))
BOX = "\uffff"


def drawn(text: str, face: Typeface, pixels: int = 40) -> np.ndarray:
    image = Image.new("L", (900, 90))
    ImageDraw.Draw(image).text((450, 45), text, fill=255, font=face.at(pixels), anchor="mm")
    return np.asarray(image)


@pytest.mark.parametrize(
    "text", ["é", "ü", "ß", "€", "Zoë – “5 €” …", "Łódź, Ğ ş ẞ", "Дуэль Україна", "Ελληνικά", "♥ ★ →", "Հայ ქართ"]
)
def test_the_shipped_typeface_has_the_letters_of_europe(text: str) -> None:
    assert typeface_for(text) == OURS
    box = drawn(BOX, OURS)
    for char in text.replace(" ", ""):
        assert not np.array_equal(drawn(char, OURS), box), f"{char} is drawn as a box"


def test_plain_english_keeps_its_typeface() -> None:
    assert typeface_for('The chest, 1999: (it\'s) "here" & there!') == OWN


def test_a_typeface_knows_which_letters_it_lacks() -> None:
    assert OWN.lacks("café für 5 €") == "éü€"
    assert OURS.lacks("水 the 水木 ♥") == "水木"
    assert OURS.lacks(" \t\n\u200d\ufe0f\xa0") == ""


@pytest.mark.skipif(not features.check("raqm"), reason="this Pillow shapes no letters")
def test_arabic_is_shaped_and_runs_from_right_to_left() -> None:
    joined, apart = drawn("بيت", OURS), drawn("ب ي ت", OURS)
    assert typeface_for("بيت") == OURS
    assert np.flatnonzero(joined.max(0)).size < np.flatnonzero(apart.max(0)).size
    columns = np.flatnonzero(drawn("אב", OURS).max(0))  # the first letter stands at the right
    (last, first) = (drawn(char, OURS) for char in "בא")
    half = np.ptp(columns) // 2 + columns[0]
    right = np.count_nonzero(drawn("אב", OURS)[:, half:])
    assert abs(right - np.count_nonzero(first)) < abs(right - np.count_nonzero(last))


def test_scripts_that_join_are_refused_where_nothing_shapes_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(features, "check", lambda name: False)
    with pytest.raises(LetteringError, match=r"ب \(U\+0628\).* have to be shaped.*install libfribidi"):
        typeface_for("بيت")
    assert typeface_for("Дуэль") == OURS
    assert caption("بيت 5", 13)[0] == r"\u0628\u064a\u062a 5"


def test_other_scripts_come_from_this_machine_or_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lettering, "system_fonts", lambda: ())
    lettering._of_this_machine.cache_clear()
    with pytest.raises(LetteringError, match=r"水 \(U\+6C34\), 木 \(U\+6728\).*install one, such as Noto Sans.*font="):
        typeface_for("水 木 é")
    with pytest.raises(LetteringError, match=r"𓀀 \(U\+13000\) and 2 more"):
        typeface_for("水木火土金日月𓀀人山")
    assert caption("水 é", 13) == (r"\u6c34 é", OURS.at(13))
    lettering._of_this_machine.cache_clear()


def test_a_font_of_this_machine_is_taken_where_it_has_all_letters(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    damaged, good = tmp_path / "a.ttf", tmp_path / "b.ttf"
    damaged.write_bytes(b"no font")
    good.write_bytes(SHIPPED.read_bytes())
    monkeypatch.setattr(lettering, "SHIPPED", damaged.with_name("none.ttf"))
    monkeypatch.setattr(lettering, "system_fonts", lambda: (str(damaged), str(good)))
    lettering._of_this_machine.cache_clear()
    assert lettering._of_this_machine(frozenset("Ду"), "Ду") == Typeface(str(good))
    lettering._of_this_machine.cache_clear()


def test_a_chosen_font_is_held_to_the_text() -> None:
    assert typeface_for("The end", SHIPPED) == OURS
    with pytest.raises(LetteringError, match=r"has no 水 \(U\+6C34\); choose another font"):
        typeface_for("水", SHIPPED)
    with pytest.raises(LetteringError, match=r"nowhere\.ttf is not a font that can be read"):
        typeface_for("a", "nowhere.ttf")


def test_half_a_character_is_refused() -> None:
    with pytest.raises(LetteringError, match="half a character"):
        typeface_for("a\ud83d")


@pytest.mark.parametrize(
    "text",
    [
        "The unbelievable story of the diver who never came up again",
        "Donaudampfschifffahrtsgesellschaftskapitänsmützenabzeichen",
        "word " * 60,
        "two\nlines",
        "海底に住むとても長い名前の魚たちの物語、そして彼らが見た夢について。",
    ],
)
def test_lines_fit_their_room_and_lose_no_word(text: str) -> None:
    block = set_in_lines(text, OURS, 40, 500, 200)
    assert all(block.font.getlength(line) <= 500 for line in block.lines)
    assert len(block.lines) * block.pitch <= 200
    assert "".join("".join(block.lines).split()) == "".join(text.split())
    assert not any(line.startswith(("、", "。")) for line in block.lines)


def test_a_short_text_is_one_line_of_the_full_size() -> None:
    block = set_in_lines("The chest", OWN, 40, 500, 200)
    assert (block.lines, block.font) == (("The chest",), OWN.at(40))


def test_lines_are_of_about_the_same_length() -> None:
    lines = set_in_lines("The story of the diver who never came up again", OURS, 40, 700, 200).lines
    assert len(lines) == 2
    assert abs(len(lines[0]) - len(lines[1])) < 8


def test_a_text_that_no_size_fits_is_refused() -> None:
    with pytest.raises(LetteringError, match="with 900 characters does not fit into 60x20 pixels; shorten it"):
        set_in_lines("ab " * 300, OURS, 40, 60, 20)


def test_captions_of_contact_sheets_are_letters() -> None:
    picture = np.zeros((20, 200, 3), np.uint8)
    box = draw_contact_sheet([[picture]], [BOX], [BOX])
    for text in ("é", "Д", "Ω", "\u6c34"):
        assert np.any(np.asarray(draw_contact_sheet([[picture]], [text], [text])) != np.asarray(box))
    assert unicodedata.name("é")
