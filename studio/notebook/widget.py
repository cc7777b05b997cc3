"""What the notebook's widgets share."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any

import anywidget

from studio.takes.documents import TakeError
from studio.takes.take import Take
from studio.takes.version import Render


def require_take(given: Any) -> None:
    """Raises TakeError for what is none: a path, for instance."""
    if not isinstance(given, Take):
        raise TakeError(f"{given!r} is not a take; open one: Take.open('sessions/example/S01/A/T001')")


def version_of(take: Take, version: Any) -> Render | None:
    """A version of a take: itself, its name such as "v001", or None for the picture as it was shot.

    Raises TakeError for a name that the take has not, a render of another take, and anything else.
    """
    if version is None:
        return None
    names = ", ".join(each.name for each in take.renders) or "none yet; render(take, 'underwater') makes one"
    if isinstance(version, str):
        for each in take.renders:
            if version == each.name:
                return each
        raise TakeError(f"{take.name} has no version {version!r}; it has {names}")
    if not isinstance(version, Render):
        raise TakeError(f"{version!r} is not a version of {take.name}; give a render, or its name; it has {names}")
    if version.folder.resolve().parent.parent != take.folder.resolve():
        raise TakeError(f"{version.title} is a version of another take than {take.name}; its own are {names}")
    return version


class Widget(anywidget.AnyWidget):
    """A widget that says what it is, and where it shows itself, in a kernel that no page looks at."""

    _what = "a widget"

    def __init__(self, **kwargs: Any) -> None:
        """kwargs: traits, `layout` among them. Raises TypeError for others."""
        self.require_options(kwargs)
        super().__init__(**kwargs)

    @classmethod
    def require_options(cls, kwargs: Mapping[str, Any]) -> None:
        """Raises TypeError for an option that no trait has, which a widget would keep in silence."""
        if unknown := [name for name in kwargs if name not in cls.class_trait_names()]:
            legal = [name for name in inspect.signature(cls.__init__).parameters if name not in ("self", "kwargs")]
            raise TypeError(f"{cls.__name__} has no option {unknown[0]!r}; it has {', '.join([*legal, 'layout'])}")

    def view_bundle(self) -> dict[str, Any]:
        """What lets a page show the widget itself, by MIME type."""
        bundle, _ = super()._repr_mimebundle_() or ({}, {})
        return dict(bundle)

    def _repr_mimebundle_(self, **kwargs: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        """The widget, and a picture for where widgets do not run: on GitHub, in an exported page."""
        still = self.still_html()
        return {**self.view_bundle(), **({"text/html": still} if still else {})}, {}

    def still_html(self) -> str:
        """A picture of it as HTML; empty where there is none."""
        return ""

    def __repr__(self) -> str:
        return f"{self._what}: it shows itself in JupyterLab; without one, `lsd-studio serve` opens the studio's pages"
