"""A file through a live model: the source's frames in, a video or a picture out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from PIL import Image

from engine.media.animation import moves
from engine.media.pictures import PICTURE_SUFFIXES, MediaError, save_picture
from engine.media.video import FileSource, VideoWriter, open_source
from engine.prompts import AS_IT_IS, Key, Prompts
from engine.types import Frame, LiveModel, Sizes, Source

VIDEO_SUFFIXES = {".mp4", ".m4v"}
SETTLE_S = 1.0
"""A still that becomes a still is played for this long, and the last frame is kept."""


def open_for_stream(path: Path, out: Path, size: tuple[int, int] | None, still_s: float) -> FileSource:
    """The source of a render from `path` to `out`, of a size that a stream takes: its own where that is one.

    size: (width, height) in pixels. still_s: how long a still is held in a video. Raises MediaError, before anything is
    written, where the two paths do not go together.
    """
    out_is_picture = out.suffix.lower() in PICTURE_SUFFIXES
    if not out_is_picture and out.suffix.lower() not in VIDEO_SUFFIXES:
        raise MediaError(f"{out.name}: a render is an .mp4, or of a picture a .png or .jpg; give it such a name")
    if out_is_picture and out.suffix.lower() not in _written():
        raise MediaError(f"{out.name}: pictures of that kind are not written; name it .png or .jpg")
    if out_is_picture and (path.suffix.lower() not in PICTURE_SUFFIXES or moves(path)):
        raise MediaError(f"{path.name} moves and {out.name} does not; name the output .mp4")
    if not out.absolute().parent.is_dir():
        raise MediaError(f"there is no folder {out.absolute().parent} for {out.name}; make it first")
    if path.exists() and out.exists() and path.samefile(out):
        raise MediaError(f"{out} would overwrite its own source; choose another name")
    still_s = SETTLE_S if out_is_picture else still_s
    source = open_source(path, size, still_s)
    legal = legal_size(source.width, source.height)
    return source if legal == (source.width, source.height) else open_source(path, legal, still_s)


def _written() -> set[str]:
    """Names of pictures that Pillow can write here."""
    return {suffix for suffix, kind in Image.registered_extensions().items() if kind in Image.SAVE}


def legal_size(width: int, height: int) -> tuple[int, int]:
    """The size nearest to the given one that a stream takes; of the same shape where there is one."""
    scale = min(1.0, Sizes.largest[0] / width, Sizes.largest[1] / height)
    scale = max(scale, Sizes.smallest[0] / width, Sizes.smallest[1] / height)
    return min(Sizes.largest[0], round(width * scale)), min(Sizes.largest[1], round(height * scale))


def play(source: Source, model: LiveModel, schedule: Sequence[Key]) -> Iterator[Frame]:
    """The source's frames as a live model answers them under a schedule; before its first key, under the prompt it has.

    A key takes effect at the first frame at or after its time, to the microsecond; its fade is the same blend that a
    timeline of the studio gives. The first key fades from "as it is" unless it is at 0 s. Every text is embedded before
    the first frame, so that one that cannot be used (PromptError) costs nothing.
    """
    keys = [replace(key, time_s=round(key.time_s, 6), fade_s=round(key.fade_s, 6)) for key in schedule]
    first_s = min(key.time_s for key in keys)
    prompts = Prompts(tuple(keys if first_s == 0 else [Key(0, AS_IT_IS), *keys]))
    for text in prompts.texts:
        model.prepare(text)
    for frame in source:
        time_s = round(frame.time_s, 6)
        if time_s >= first_s:
            model.prompt(prompts.at(time_s).blend)
        yield Frame(model.step(frame.rgb, frame.time_s, frame.index), frame.index, frame.time_s)


def save(frames: Iterable[Frame], path: Path, fps: float) -> int:
    """Write frames to an MP4, or the last of them to a picture; returns their number.

    What came before an error, such as the end of a truncated source, is on disk when the error leaves here.
    """
    if path.suffix.lower() in PICTURE_SUFFIXES:
        *_, last = frames
        save_picture(last.rgb, path)
        return last.index + 1
    writer: VideoWriter | None = None
    count = 0
    try:
        for frame in frames:
            if writer is None:
                writer = VideoWriter(path, frame.rgb.shape[1], frame.rgb.shape[0], fps)
            writer.write(frame)
            count += 1
    finally:
        if writer is not None:
            writer.close()
    return count
