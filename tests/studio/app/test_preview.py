"""Laws of a link's preview: it names the studio, by what https://ogp.me says, and not the framework."""

from __future__ import annotations

import io
import re
from pathlib import Path

import gradio
import pytest
from PIL import Image

from studio.app.preview import PICTURE, named
from studio.sets.picture import thumbnail

URL = "https://studio.example/films/"


@pytest.mark.parametrize("template", ["index.html", "share.html"])
def test_the_frameworks_own_page_names_the_studio(template: str) -> None:
    page = (Path(gradio.__file__).parent / "templates/frontend" / template).read_bytes()
    assert b"og:title" in page
    text = named(page, URL).decode()
    assert "<title>Live film studio</title>" in text
    tags = re.findall(r"<meta\s[^>]*(?:og|twitter):[^>]*>", text)
    assert '<meta property="og:title" content="Live film studio">' in tags
    assert f'<meta property="og:url" content="{URL}">' in tags
    assert f'<meta property="og:image" content="{URL}studio/preview.jpg">' in tags
    assert not [tag for tag in tags if "radio" in tag or "{" in tag]


def test_a_picture_is_drawn_in_the_size_that_previews_ask_for() -> None:
    assert Image.open(io.BytesIO(thumbnail(*PICTURE))).size == PICTURE[1] == (1200, 630)
