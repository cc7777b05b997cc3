"""Crash-safe recording, off the frame loop: what is shown is handed over, and one thread brings it to the disk.

Nothing handed over is lost in silence. When the disk is slow the hand-over waits, which slows the picture; when the
disk is full or hangs, the recording ends by itself, says why, and what was written stays a take that opens. What is
handed over is serialised first, so that a value which cannot be written is refused where it comes from.
"""

from __future__ import annotations

import hashlib
import json
import logging
import queue
import shutil
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any, Protocol, TypeVar

import numpy as np
from av.error import FFmpegError

from engine.media.files import write_whole
from studio.takes.documents import Journal, TakeError, WholeFile, copy_file, file_sha256, link_file, serialised
from studio.takes.events import event_of
from studio.takes.lock import RecordingLock
from studio.takes.manifest import EngineEntry, Manifest, PictureEntry, SlateEntry
from studio.takes.mattes import MATTE, MatteFile
from studio.takes.mjpeg import PacketFile
from studio.takes.rows import FrameRow
from studio.takes.slate import Slate, now
from studio.workers import Worker, in_words, system_words

QUEUE_LIMIT = 128
"""Writes that may wait for the disk; about five seconds of frames."""
PATIENCE_S = 10.0
"""How long a full queue may hold up the picture before the recording gives up on the disk."""
SYNC_S = 2.0
"""How often journals are forced to the disk, against power cuts; a killed process loses nothing by it."""
RESERVE_BYTES = 128 * 1024
"""Held free during a take, so that its end can be written when the disk is full."""

MOST_SOUNDS = 100
"""Sound files in a take; each begins where the connection was lost, or a microphone was started again."""

WEBM_MAGIC = b"\x1a\x45\xdf\xa3"

log = logging.getLogger(__name__)


class _Closable(Protocol):
    def close(self) -> None: ...


File = TypeVar("File", bound=_Closable)


class Recorder:
    """Writes one take: made when recording is asked for, begun by its first frame, over after `finish`.

    sessions, slate: where; the take's number is the next free one. engine: what makes the picture. Raises TakeError
    where nothing can be written. `begin`, `frame` and `snapshot` belong to the frame loop, the rest to any thread.
    """

    def __init__(self, sessions: Path, slate: Slate, engine: EngineEntry) -> None:
        self.folder = slate.reserve(sessions)
        self.ended = ""
        """Why recording stopped; empty while it runs."""
        number = int(self.folder.name[1:])
        entry = SlateEntry(production=slate.production, scene=slate.scene, shot=slate.shot, take=number)
        self._manifest = Manifest(slate=entry, created=now(), engine=engine)
        self._counts = {"frames": 0, "made": 0, "dropped": 0, "failed": 0, "unrecorded": 0}
        self._open_files: list[_Closable] = []
        self._heard = False
        self._begun = 0
        """Sound files that were handed over."""
        self._sound: WholeFile | None = None
        self._sounds: list[str] = []
        self._mattes: MatteFile | None = None
        self._copies: dict[str, Worker] = {}
        """Of sets' files that are copied, by their names."""
        self._whole = True
        self._finished = False
        self._gone = False
        """Somebody else deleted or moved the folder while it was recorded."""
        self._finishing = threading.Lock()
        self._lock: RecordingLock | None = None
        try:
            self._lock = RecordingLock(self.folder)
            (self.folder / "snapshots").mkdir()
            self._reserve = self.folder / ".reserve"
            write_whole(self._reserve, bytes(RESERVE_BYTES))
            self._events = self._opened(Journal(self.folder / "events.jsonl"))
            self._rows = self._opened(Journal(self.folder / "frames.jsonl"))
            self._manifest.save(self.folder)  # last: killed before, it is not a take; after, one that opens
        except OSError as error:
            self._abandon()
            problem = f"cannot record into {self.folder}: {system_words(error)}"
            raise TakeError(f"{problem}; choose a sessions folder on another disk, or free this one") from None
        except Exception:
            self._abandon()
            raise
        self._queue: queue.Queue[Callable[[], object] | None] = queue.Queue(QUEUE_LIMIT)
        self._worker = Worker(f"recorder {self.folder.name}", self._write, self._broke).start()

    # -- handing over

    def begin(self, picture: PictureEntry, origin_ticks: int) -> None:
        """The take's clock starts, at `origin_ticks` of the stream's clock; the first frame comes next.

        Raises ValueError where one of these numbers cannot be written.
        """
        serialised({"origin_ticks": origin_ticks, **picture.model_dump()})
        self._hand_over(lambda: self._begin(picture, origin_ticks))

    def event(self, kind: str, ticks: int, **fields: Any) -> None:
        """Record what happened (prompt, marker, sound, connection, error …) at a time of the take's clock.

        Raises ValueError for fields that cannot be written (see `serialised`), or that the kind does not have (see
        studio/takes/events.py).
        """
        line = serialised({"kind": kind, "ticks": ticks, **fields})
        event_of(json.loads(line))  # else the take could not be opened again
        self._hand_over(lambda: self._events.append(line))

    def frame(self, row: FrameRow, raw: bytes, live: bytes | None, matte: np.ndarray | None = None) -> None:
        """Record a frame: the camera's JPEG, and the JPEG that was shown (None: it was dropped).

        matte: what it was composited with, (H, W) uint8, where a set stood; the row has its checksum.

        Blocks while the queue is full; frames that come after the recording ended by itself are counted.
        """
        line, ticks = serialised(row.to_dict()), int(row.ticks)
        kind = "failed" if row.error else "made" if row.step is not None else "dropped"
        if not self._hand_over(lambda: self._write_frame(line, ticks, kind, raw, live, matte)):
            self._counts["unrecorded"] += 1

    def keep(self, name: str, path: Path) -> None:
        """Keep a set's file, in the take's folder `sets`, under that name, which tells its content.

        It may have half a gigabyte: where it cannot be linked it is copied beside what else is written.
        """
        self._hand_over(lambda: self._keep(name, path))

    def snapshot(self, row: int, ticks: int, state: bytes) -> None:
        """Record the stream's state before the take's row of that number."""
        self._hand_over(lambda: self._write_snapshot(row, ticks, state))

    def sound(self, chunk: bytes, ticks: int) -> None:
        """Record a chunk of the microphone's WebM. One that begins a WebM file begins a file, at `ticks` of the take.

        A first chunk that does not is refused with ValueError: restart MediaRecorder with the take.
        """
        begins = chunk.startswith(WEBM_MAGIC)
        if begins and self._begun >= MOST_SOUNDS:
            raise ValueError(f"a take holds {MOST_SOUNDS} sound files; cut, and start another take")
        self._begun += begins
        self._heard = self._heard or begins
        if not self._heard:
            raise ValueError("a take's sound begins with a WebM header; restart MediaRecorder when the take starts")
        self._hand_over(lambda: self._write_sound(chunk, ticks))

    def finish(self, ended: str = "cut") -> Path | None:
        """End the take and wait until all is on the disk. Returns its folder, or None where no frame was recorded.

        A recording that ended by itself keeps its own reason; its take opens as recovered. Raises TakeError where its
        folder has gone meanwhile.
        """
        with self._finishing:  # who comes second waits for the first
            if not self._finished:
                self._finished = True
                self._end_queue()
                self._worker.join()
                for copier in self._copies.values():
                    copier.join()
                try:
                    self._close(ended)
                finally:
                    self._release()
        if self.folder.exists():
            return self.folder
        if self._gone:
            raise TakeError(f"{self.folder} is gone: it was deleted or moved while it was recorded; bring it back")
        return None

    @property
    def counts(self) -> Mapping[str, int]:
        """Frames, made, dropped, failed; unrecorded: came after the recording had ended by itself."""
        return dict(self._counts)

    @property
    def waiting(self) -> int:
        """How many writes wait for the disk."""
        return self._queue.qsize()

    def give_up(self, why: str) -> None:
        """End the recording for a reason of the caller's; the take opens as recovered. From any thread."""
        self._stop(why)

    def _end_queue(self) -> None:
        """Tell the worker that nothing more comes; one that is dead is not waited for."""
        while self._worker.alive:
            try:
                self._queue.put(None, timeout=0.1)
            except queue.Full:
                continue
            return

    def _hand_over(self, write: Callable[[], object]) -> bool:
        waited_from = time.monotonic()
        while not (self.ended or self._finished):  # it may end while this waits
            try:
                self._queue.put(write, timeout=min(0.1, PATIENCE_S))
                return True
            except queue.Full:
                if time.monotonic() - waited_from >= PATIENCE_S:
                    self._stop(f"the disk took nothing for {PATIENCE_S:.0f} s")
        return False

    # -- writing, in the recorder's thread

    def _write(self) -> None:
        synced = time.monotonic()
        while (write := self._queue.get()) is not None:
            if self.ended:
                continue  # handed over before the end was known
            try:
                write()
                if time.monotonic() - synced > SYNC_S:
                    self._events.sync()
                    self._rows.sync()
                    synced = time.monotonic()
            except (OSError, FFmpegError) as error:
                self._stop(f"the disk failed: {system_words(error)}")
            except Exception as error:
                log.exception("%s", self.folder)
                self._broke(in_words(error))

    def _broke(self, error: str) -> None:
        self._stop(f"the recorder failed: {error}")

    def _begin(self, picture: PictureEntry, origin_ticks: int) -> None:
        size = (picture.width, picture.height, picture.fps)
        self._raw = self._opened(PacketFile(self.folder / "raw.mkv", *size))
        self._live = self._opened(PacketFile(self.folder / "live.mkv", *size))
        self._picture = picture
        self._manifest = self._manifest.model_copy(update={"picture": picture, "origin_ticks": origin_ticks})
        self._manifest.save(self.folder)

    def _write_frame(
        self, line: bytes, ticks: int, kind: str, raw: bytes, live: bytes | None, matte: np.ndarray | None
    ) -> None:
        self._raw.write(raw, ticks // 1000)
        if matte is not None:
            if self._mattes is None:
                picture = self._picture
                size = (picture.width, picture.height, picture.fps)
                self._mattes = self._opened(MatteFile(self.folder / MATTE, *size))
            self._mattes.write(matte, ticks // 1000)
        if live is not None:
            self._live.write(live, ticks // 1000)
        self._rows.append(line)
        self._counts["frames"] += 1
        self._counts[kind] += 1

    def _write_snapshot(self, row: int, ticks: int, state: bytes) -> None:
        name = f"snapshots/{row:06d}.state"
        write_whole(self.folder / name, state)
        digest = hashlib.sha256(state).hexdigest()
        self._events.append({"kind": "snapshot", "ticks": ticks, "row": row, "file": name, "sha256": digest})

    def _keep(self, name: str, path: Path) -> None:
        copy = self.folder / "sets" / name
        if name not in self._copies and not link_file(path, copy):
            job = partial(self._copy, path, copy)
            self._copies[name] = Worker(f"copier {self.folder.name}", job, self._broke).start()

    def _copy(self, path: Path, copy: Path) -> None:
        try:
            copy_file(path, copy)
        except TakeError as error:
            self._stop(f"the take has not its set: {error}")

    def _write_sound(self, chunk: bytes, ticks: int) -> None:
        if chunk.startswith(WEBM_MAGIC):  # the first, or one more after the connection was lost
            name = f"mic-{len(self._sounds) + 1}.webm" if self._sounds else "mic.webm"
            if self._sound:
                self._sound.close()  # one is open at a time
            self._sound = self._opened(WholeFile(self.folder / name, "x"))
            self._sounds.append(name)
            self._events.append({"kind": "sound", "ticks": ticks, "file": name})
        if self._sound:
            self._sound.write(chunk)

    def _stop(self, why: str) -> None:
        """The recording ends by itself; the picture goes on without it."""
        if not self.ended:
            self.ended = why.encode(errors="replace").decode()
            self._whole = False
            log.error("%s: recording stopped: %s", self.folder, why)

    def _close(self, ended: str) -> None:
        """The last event, checksums, the manifest. What the disk refuses stays away: the take opens as recovered."""
        self.ended = self.ended or ended.encode(errors="replace").decode()
        begun = self._counts["frames"] or not self._whole
        self._gone = bool(begun) and not self.folder.exists()
        self._reserve.unlink(missing_ok=True)
        self._attempt(lambda: self._events.append({"kind": "end", "ended": self.ended, **self._counts}))
        for file in self._open_files:
            self._attempt(file.close)
        if not self._counts["frames"]:
            self._release()
            shutil.rmtree(self.folder, ignore_errors=True)  # nothing was shot: the number is free again
            return
        done: dict[str, Any] = {"ended": self.ended, "counts": self._counts}
        if self._whole:
            names = ["events.jsonl", "frames.jsonl", "raw.mkv", "live.mkv", *self._sounds]
            names += [MATTE] if self._mattes is not None else []
            names += sorted(f"snapshots/{path.name}" for path in (self.folder / "snapshots").glob("*.state"))
            names += sorted(f"sets/{path.name}" for path in (self.folder / "sets").glob("[!.]*"))
            hashes: dict[str, str] = {}
            self._attempt(lambda: hashes.update({name: file_sha256(self.folder / name) for name in names}))
            if self._whole:
                done |= {"state": "complete", "files": hashes}
        self._manifest = self._manifest.model_copy(update=done)
        self._attempt(lambda: self._manifest.save(self.folder))

    def _attempt(self, write: Callable[[], object]) -> None:
        try:
            write()
        except Exception as error:  # noqa: BLE001 - every other file is closed all the same
            if self._whole:  # or it was said already
                log.error("%s: the take's end could not be written whole: %s", self.folder, error)
            self._whole = False

    def _release(self) -> None:
        if self._lock:
            self._lock.release()

    def _abandon(self) -> None:
        """It did not begin: leave nothing open, and no trace."""
        for file in self._open_files:
            with suppress(OSError):
                file.close()
        self._release()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _opened(self, file: File) -> File:
        self._open_files.append(file)
        return file
