"""The drawing library, or a clear sentence where it is missing or too old. All take `skia` from here."""

from __future__ import annotations

OLDEST = 138
"""The first major version of skia-python whose runtime shaders and sampling options are as they are used here."""
DRAWINGS = "2"
"""Version of the drawings themselves. It grows whenever the same plan comes to give other pixels."""
REMEDY = 'pip install "skia-python>=138,<145"'


class DesignerError(ValueError):
    """A place cannot be drawn: what is wrong and the remedy."""


def check_version(version: str) -> None:
    """Raises DesignerError where skia-python of this version is older than `OLDEST`."""
    major = version.partition(".")[0]
    if not major.isdigit() or int(major) < OLDEST:
        raise DesignerError(f"places are drawn by skia-python {OLDEST} or newer, and here is {version}: {REMEDY}")


try:
    import skia
except ImportError as error:
    raise DesignerError(f"places are drawn by skia-python, which cannot be loaded here ({error}): {REMEDY}") from error

check_version(skia.__version__)

__all__ = ["DRAWINGS", "OLDEST", "DesignerError", "check_version", "skia"]
