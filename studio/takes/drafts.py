"""Edits on a take's lane that no version holds yet.

They lie beside the take, so that they outlive the page or the kernel in which they were made, and every page and
notebook shows the same. The newest one holds; once a version has been rendered from them, they have done their work.
"""

from __future__ import annotations

import logging

from engine.prompts import PromptError
from studio.takes.documents import TakeError, read_document, write_document
from studio.takes.inside import file_within, own_folder
from studio.takes.take import Take
from studio.takes.version import Render
from studio.timeline.files import timeline_from_dict, timeline_to_dict
from studio.timeline.timeline import Timeline

log = logging.getLogger(__name__)


def load(take: Take, version: Render | None = None) -> Timeline | None:
    """What was made of a version's prompts, or of those that were played live; None where nothing waits."""
    path = file_within(take.folder, _name(version))
    if path is None:
        return None
    try:
        draft = timeline_from_dict(read_document(path)[0])
        return None if any(render.timeline == draft for render in take.renders) else draft
    except (TakeError, PromptError) as error:
        log.warning("%s is left out: %s", path, error)  # nothing that was shot or rendered is in it
        return None


def keep(take: Take, version: Render | None, timeline: Timeline) -> None:
    """Keep it as the newest; one that is the version's own again is forgotten.

    Raises OSError or TakeError where it cannot be written.
    """
    path = take.folder / _name(version)
    if timeline == (version.timeline if version else take.timeline):
        path.unlink(missing_ok=True)
    else:
        own_folder(take.folder, "drafts")
        write_document(path, timeline_to_dict(timeline))


def _name(version: Render | None) -> str:
    return f"drafts/{version.name if version else 'live'}.json"
