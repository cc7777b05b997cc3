"""The studio's page: one Gradio component with the template, the style and the callbacks; the logic is elsewhere."""

from __future__ import annotations

from collections.abc import Callable
from html import escape
from typing import Any

import gradio as gr

from studio.app.callbacks import Callbacks, Reply
from studio.app.preview import TITLE
from studio.delivery.formats import FORMATS
from studio.web import WEB

HEAD = """
<link rel="stylesheet" href="studio/web/palette.css">
<link rel="stylesheet" href="studio/web/studio.css"><link rel="stylesheet" href="studio/web/player.css">
<link rel="modulepreload" href="studio/web/studio.js">
"""
ON_LOAD = """
const home = location.origin + location.pathname.replace(/\\/?$/, '/');
import(home + 'studio/web/studio.js').then(studio => studio.mount(element, server)).catch(error => {
  element.querySelector('.notices').textContent = `The page could not be started: ${error.message}. Load it again.`;
});
"""


def theme() -> gr.themes.Base:
    """The studio's colours for what Gradio draws itself: the page to sign in, and its notices."""
    base = gr.themes.Base(neutral_hue="zinc", font=["system-ui", "sans-serif"], font_mono=["ui-monospace", "monospace"])
    colours = {
        "body_background_fill": "#0b0c0e",
        "background_fill_primary": "#0b0c0e",
        "background_fill_secondary": "#16181c",
        "block_background_fill": "#16181c",
        "block_border_color": "#262a30",
        "block_label_text_color": "#a3aab3",
        "block_title_text_color": "#a3aab3",
        "body_text_color": "#e7e9ec",
        "border_color_primary": "#262a30",
        "button_primary_background_fill": "#e2b25a",
        "button_primary_background_fill_hover": "#ecc274",
        "button_primary_text_color": "#1b1408",
        "input_background_fill": "#0b0c0e",
        "input_border_color": "#262a30",
        "input_border_color_focus": "#e2b25a",
    }
    return base.set(**colours, **{f"{name}_dark": colour for name, colour in colours.items()})


def build(callbacks: Callbacks) -> gr.Blocks:
    """The page, which may call these."""
    template = "".join((WEB / f"{part}.html").read_text(encoding="utf-8") for part in ("frame", "live", "review"))
    template = template.replace("<!-- export buttons, one a format -->", _export_buttons())
    with gr.Blocks(title=TITLE, analytics_enabled=False, fill_width=True) as page:
        gr.HTML(
            html_template=template,
            js_on_load=ON_LOAD,
            server_functions=[_function(callback) for callback in callbacks.of_pages()],
            elem_id="studio",
            apply_default_css=False,
        )
    return page


def _export_buttons() -> str:
    """A button for each format that a take is exported to."""
    return "".join(
        f'<button type="button" class="quiet" data-export="{name}" title="{escape(form.about)}">'
        f"{escape(form.label)}</button>"
        for name, form in FORMATS.items()
    )


def _function(method: Callable[..., Reply]) -> Callable[[Any], Reply]:
    """A function in the method's place: Gradio marks its server functions, and methods bear no marks."""

    def call(data: Any) -> Reply:
        return method(data if isinstance(data, dict) else {})

    call.__name__ = method.__name__
    return call
