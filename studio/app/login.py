"""Name and password of those who may use a studio, as the command line takes them."""

from __future__ import annotations

from pathlib import Path

from engine.media.texts import read_text


def login_of(text: str | None, file: Path | None) -> tuple[str, str] | None:
    """Name and password, from a file before the option or the environment; None where there is no login."""
    source = "--auth (or LSD_AUTH)"
    if file is not None:
        source = str(file)
        try:
            text = read_text(file).strip()
        except (OSError, ValueError) as error:
            raise ValueError(
                f"--auth-file {file} cannot be read: {getattr(error, 'strerror', None) or error}"
            ) from None
    if text is None:
        return None
    user, colon, password = text.partition(":")
    if not (user and colon and password):
        raise ValueError(f"{source} is USER:PASSWORD, neither of them empty")
    return user, password
