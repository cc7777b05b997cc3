"""One flipped bit anywhere in a take: what is wrong is said in words, and the other takes are listed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from studio.rendering.verify import check_take
from studio.takes.documents import TakeError
from tests.edge_model import EdgeModel
from tests.faults.forgery import SEED, contents, copy_of, endure, make_take

Flip = Callable[[str, int, int], list[str]]

NOT_IN_TAKE_JSON = {"drafts/live.json"}
"""A draft is nobody's evidence: one that is damaged is left out, and its change of a letter stays unseen."""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_take(tmp_path_factory.mktemp("made"))


@pytest.fixture(scope="module")
def flip(made: Path, tmp_path_factory: pytest.TempPathFactory) -> Flip:
    """Flips a bit of a file of a copy, endures the take, and flips it back."""
    root = tmp_path_factory.mktemp("flipped")
    folder = copy_of(made, root / "sessions")
    before = contents(root, without=folder)

    def flipped(name: str, at: int, bit: int) -> list[str]:
        path = folder / name
        whole = path.read_bytes()
        data = bytearray(whole)
        data[at] ^= 1 << bit
        path.write_bytes(data)
        try:
            refused = endure(folder, thorough=False)
            assert contents(root, without=folder) == before, "something was written outside of the take"
            try:
                faults = check_take(folder, EdgeModel(seed=SEED)).faults
            except TakeError as error:
                faults = [str(error)]
        finally:
            path.write_bytes(whole)
        assert faults or name in NOT_IN_TAKE_JSON, f"bit {bit} of byte {at} of {name}"
        return [*refused, *faults]

    return flipped


def files_of(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def test_flipped_bits_of_every_file(made: Path, flip: Flip) -> None:
    """A sample: the first byte, the last, and two between, another bit in each."""
    for name in files_of(made):
        size = (made / name).stat().st_size
        for n, at in enumerate({0, size // 3, 2 * size // 3, size - 1}):
            flip(name, at, (n * 3 + size) % 8)


@pytest.mark.slow
@pytest.mark.timeout(7200)
@pytest.mark.parametrize("bit", range(8))
def test_flipped_bits_throughout(made: Path, flip: Flip, bit: int) -> None:
    """Every byte of the documents and journals, each 37th of the videos; the strides of the bits lie between."""
    for name in files_of(made):
        stride = 1 if name.endswith((".json", ".jsonl")) else 37
        for at in range(bit % stride, (made / name).stat().st_size, stride):
            flip(name, at, bit)
