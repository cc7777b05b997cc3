"""What a render in progress leaves on the disk, so that a killed one goes on where it was, on whatever machine.

    renders/.unfinished-<what is rendered>-0/
      000048.checkpoint    pictures since the last checkpoint, and the stream's state before row 48
      attempt-…/           the version that is being written

A file is there whole or not at all, and what it holds is the same whoever wrote it.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import shutil
import tempfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load, save

from engine.media.files import inflated, read_regular, write_whole
from engine.types import LiveModel
from studio.takes.documents import TakeError
from studio.takes.inside import own_folder, remove
from studio.takes.lock import RecordingLock, is_locked

EVERY = 48
"""Frames made between two checkpoints: the most that is made again."""

MOST_BYTES = EVERY * 1920 * 1080 * 3 + 2**28
"""Of a checkpoint, packed and unpacked: that of the largest pictures."""


class DamagedCheckpointsError(TakeError):
    """Checkpoints that no render can go on from; they go with it, so that the next one begins anew."""


class Checkpoints:
    """Those of one render, which is the only one that has them until `close`. Raises OSError where it cannot write.

    versions: the take's renders folder. what: all that the pictures depend on, as JSON values. Renders of the same
    thing at the same time have a folder each; the lock of a dead one is free, so its heir finds its folder.
    """

    def __init__(self, versions: Path, what: Mapping[str, Any]) -> None:
        digest = hashlib.sha256(json.dumps(what, sort_keys=True).encode()).hexdigest()[:16]
        for number in itertools.count():
            versions.mkdir(parents=True, exist_ok=True)
            self.folder = own_folder(versions, f".unfinished-{digest}-{number}")
            try:
                self._lock = RecordingLock(self.folder)
                break
            except OSError:
                if not is_locked(self.folder):
                    raise
                # somebody alive renders the same
        for dead in self.folder.glob("attempt-*"):
            remove(dead)
        self._files = sorted(self.folder.glob("*.checkpoint"))
        self.states = own_folder(self.folder, "states")
        """Where the states lie that the version keeps."""

    def attempt(self) -> Path:
        """A new folder for the version."""
        return Path(tempfile.mkdtemp(prefix="attempt-", dir=self.folder))

    @property
    def reached(self) -> tuple[int, bytes] | None:
        """The row to go on with, and the stream's state before it; None at the beginning."""
        if not self._files:
            return None
        file = self._files[-1]
        if not file.stem.isdecimal():
            raise self._damaged(file)
        return int(file.stem), self._read(file)["state"].tobytes()

    def restore(self, model: LiveModel) -> tuple[int, bytes] | None:
        """`reached`, with that state in the model: the proof that it can go on. Raises DamagedCheckpointsError."""
        if reached := self.reached:
            try:
                model.restore(reached[1])
            except ValueError:
                raise self._damaged(self._files[-1]) from None
        return reached

    def pictures(self, count: int) -> Iterator[np.ndarray]:
        """The pictures that were made before, (H, W, 3) uint8, in order. Raises DamagedCheckpointsError.

        count: how many there must be.
        """
        for file in self._files:
            pictures = self._read(file)["pictures"]
            count -= len(pictures)
            if count < 0 or (count and file is self._files[-1]):
                raise self._damaged(file)
            for steps in pictures:
                yield np.cumsum(steps, axis=0, dtype=np.uint8)

    def save(self, row: int, pictures: Sequence[np.ndarray], state: bytes) -> None:
        """Keep the pictures since the last checkpoint, and the stream's state before that row."""
        stacked = np.stack(pictures)
        steps = np.diff(stacked, axis=1, prepend=np.zeros_like(stacked[:, :1]))  # modulo 256; packs better
        data = save({"pictures": np.ascontiguousarray(steps), "state": np.frombuffer(state, np.uint8)})
        write_whole(self.folder / f"{row:06d}.checkpoint", zlib.compress(data, 1))

    def leave(self) -> None:
        """Go, and leave what there is to whoever renders the same next; without a checkpoint, no trace."""
        if not any(self.folder.glob("*.checkpoint")):
            self.close()
        self._lock.release()

    def close(self) -> None:
        """Leave no trace."""
        self._lock.release()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _read(self, file: Path) -> dict[str, np.ndarray]:
        try:
            content = load(inflated(read_regular(file, MOST_BYTES), MOST_BYTES))
        except (ValueError, OSError, SafetensorError):
            raise self._damaged(file) from None
        pictures, state = content.get("pictures"), content.get("state")
        if pictures is None or pictures.ndim != 4 or pictures.dtype != np.uint8 or len(pictures) > EVERY:
            raise self._damaged(file)
        if state is None or state.ndim != 1 or state.dtype != np.uint8:
            raise self._damaged(file)
        return content

    @staticmethod
    def _damaged(file: Path) -> DamagedCheckpointsError:
        return DamagedCheckpointsError(f"{file} was damaged, so the checkpoints beside it were deleted; render again")
