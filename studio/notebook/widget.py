"""What the notebook's widgets share."""

from __future__ import annotations

import anywidget


class Widget(anywidget.AnyWidget):
    """A widget that says what it is, and where it shows itself, in a kernel that no page looks at."""

    _what = "a widget"

    def __repr__(self) -> str:
        return f"{self._what}: it shows itself in JupyterLab; without one, `lsd-studio serve` opens the studio's pages"
