"""The person segmenter: a TensorFlow Lite file, by LiteRT on one thread.

The shipped one is the landscape model of MediaPipe Selfie Segmentation (weights/NOTICE.md): 144x256, about 3 ms on one
core. The teachers run another file of the same kind through the same class.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np

WEIGHTS = Path(__file__).parent / "weights" / "selfie_segmentation_landscape.tflite"
SHA256 = "4aafe6223bb8dac6fac8ca8ed56852870a33051ef3f6238822d282a109962894"
"""Of WEIGHTS. Another file is another matte: a take that is rendered again would differ without a word."""


class Segmenter:
    """Tells for each pixel how probably it is a person. One thread at a time.

    path: a model with one picture in, (1, h, w, 3) float32 RGB 0 to 1, and one mask out, (1, h, w, 1); default: the
    shipped one, whose hash is checked. Raises ModuleNotFoundError without the runtime, FileNotFoundError without the
    file and ValueError for a file that is damaged or of another kind, each with the remedy.
    """

    def __init__(self, path: Path | None = None) -> None:
        try:
            from ai_edge_litert.interpreter import Interpreter
        except ModuleNotFoundError as error:
            remedy = "mattes of people need the package ai-edge-litert: pip install ai-edge-litert"
            raise ModuleNotFoundError(remedy, name=error.name) from error
        file = path or WEIGHTS
        if not file.is_file():
            remedy = "install lsd-studio again" if path is None else "name the folder with the teachers' files"
            raise FileNotFoundError(f"{file.parent} does not hold {file.name}, the person segmenter; {remedy}")
        content = file.read_bytes()
        if path is None and hashlib.sha256(content).hexdigest() != SHA256:
            raise ValueError(f"{file} is damaged: its sha256 is not {SHA256}; install lsd-studio again")
        try:
            self._interpreter = Interpreter(model_content=content, num_threads=1)
            self._interpreter.allocate_tensors()
        except (ValueError, RuntimeError) as error:
            raise ValueError(f"{file} is not a TensorFlow Lite model ({error}); get it again") from error
        picture, mask = self._interpreter.get_input_details()[0], self._interpreter.get_output_details()[0]
        if len(picture["shape"]) != 4 or picture["shape"][3] != 3 or len(mask["shape"]) != 4 or mask["shape"][3] != 1:
            raise ValueError(f"{file} is not a person segmenter: it makes {mask['shape']} of {picture['shape']}")
        self._input, self._output = picture["index"], mask["index"]
        self.height, self.width = int(picture["shape"][1]), int(picture["shape"][2])
        """Of the pictures that it takes and the masks that it gives, in pixels."""

    def __call__(self, rgb: np.ndarray) -> np.ndarray:
        """Probability that each pixel is a person: (height, width, 3) float32 RGB 0..1 -> (height, width) float32 0..1.

        The caller owns the result. Raises ValueError for a picture of another size than the model's.
        """
        if rgb.shape != (self.height, self.width, 3) or rgb.dtype != np.float32:
            wanted = f"({self.height}, {self.width}, 3) float32"
            raise ValueError(f"the segmenter takes {wanted}, not {rgb.shape} {rgb.dtype}; resize the picture first")
        self._interpreter.set_tensor(self._input, rgb[None])
        self._interpreter.invoke()
        return np.asarray(self._interpreter.get_tensor(self._output)[0, :, :, 0])
