"""Device, dtype and threads: chosen by what the processor has, never by a stopwatch, or replay would not be exact."""

from __future__ import annotations

import dataclasses
import gc
import logging
import os
import platform
import threading
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import torch

_log = logging.getLogger(__name__)

DEVICES = ("auto", "cpu", "cuda", "mps")
"""What a user can ask for."""

DTYPES = ("auto", "float32", "bfloat16", "int8")
"""What a user can ask for: `int8` computes the calibrated convolutions in bytes, all else in `auto`'s dtype."""

INT8_FLAGS = {"avx512_vnni": "AVX512-VNNI", "avx_vnni": "AVX-VNNI"}
"""Features with which a processor multiplies bytes into sums of 32 bits: as Linux names them, and as people do."""

ISAS = {
    "SSE41": (),
    "AVX": (),
    "AVX2": ("avx2", "fma"),
    "AVX2_VNNI": ("avx_vnni",),
    "AVX2_VNNI_2": (),
    "AVX512_CORE": ("avx512f",),
    "AVX512_CORE_VNNI": ("avx512_vnni",),
    "AVX512_CORE_BF16": ("avx512_bf16",),
    "AVX512_CORE_FP16": (),
    "AVX512_CORE_AMX": ("amx_bf16", "amx_int8"),
}
"""What ONEDNN_MAX_CPU_ISA can say, from the least on, and the features that each adds to those before it (oneDNN's
documentation, "CPU dispatcher control")."""
ISA_VARIABLE = "ONEDNN_MAX_CPU_ISA"

BF16_FLAGS = {"avx512_bf16": "AVX512-BF16", "amx_bf16": "AMX", "bf16": "Arm BF16"}
"""Features with which a processor multiplies bfloat16: as Linux names them, and as people do."""


@dataclass(frozen=True)
class NumericSetup:
    """What must be equal for the same bytes to come out."""

    device: str
    """cpu, cuda or mps."""
    dtype: str
    """Of weights and activations: float32, bfloat16, or int8 for a network whose convolutions are of bytes."""
    threads: int
    """CPU cores in use."""
    cpu_features: str
    """What arithmetic depends on, see `features`."""
    torch_version: str
    weights_hash: str
    """sha256 of the weights file."""
    calibration: str = ""
    """sha256 of the calibration of int8; empty for another dtype."""

    @classmethod
    def of(
        cls, device: torch.device, dtype: torch.dtype, threads: int, weights_hash: str, calibration: str = ""
    ) -> NumericSetup:
        """That of this machine. dtype: of all that is not in int8, where a calibration says what is."""
        name = "int8" if calibration else str(dtype).removeprefix("torch.")
        return cls(device.type, name, threads, features(device), torch.__version__, weights_hash, calibration)

    def to_dict(self) -> dict[str, object]:
        """All of it as JSON values; the calibration where there is one, for set-ups without have never named it."""
        values = dataclasses.asdict(self)
        return values if self.calibration else {k: v for k, v in values.items() if k != "calibration"}

    @classmethod
    def from_dict(cls, data: dict) -> NumericSetup:
        """The inverse of `to_dict`; entries beyond the set-up's own are ignored."""
        names = [field.name for field in dataclasses.fields(cls)]
        return cls(**{name: data.get(name, "") if name == "calibration" else data[name] for name in names})

    def differences(self, other: NumericSetup) -> list[str]:
        """Readable differences, `name: mine / theirs`; empty where the same bytes are to be expected."""
        mine, theirs = dataclasses.asdict(self), dataclasses.asdict(other)
        return [f"{name}: {mine[name]} / {theirs[name]}" for name in mine if mine[name] != theirs[name]]


def live_side(setup: NumericSetup) -> int:
    """Longer side, in pixels, of the picture that live work begins with: about what such a machine keeps up with.

    By kind, for a stopwatch would give another picture every time: 640 on a GPU; on a CPU 384 in bfloat16, and in
    float32 160, 256 or 320 with one, two or four threads.
    """
    if setup.device != "cpu":
        return 640
    if setup.dtype in ("bfloat16", "int8"):
        return 384
    return 160 if setup.threads < 2 else 256 if setup.threads < 4 else 320


def choose_device(name: str = "auto") -> torch.device:
    """`auto` is CUDA, else Apple's MPS, else the CPU. Raises ValueError for a name that is unknown or not there."""
    if name not in DEVICES:
        raise ValueError(f"device {name!r} is not one of {', '.join(DEVICES)}")
    available = {"cpu": True, "cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    if name == "auto":
        name = next(kind for kind in ("cuda", "mps", "cpu") if available[kind])
        if name == "cpu":
            _log.info("torch %s sees no GPU: the CPU is used", torch.__version__)
    if not available[name]:
        raise ValueError(
            f"device {name!r} is not available to torch {torch.__version__} here; take the device 'auto' or 'cpu'"
        )
    return torch.device(name)


def cpu_flags() -> set[str]:
    """The processor's feature flags as Linux names them; empty where it does not tell."""
    info = Path("/proc/cpuinfo")
    if not info.exists():
        return set()
    for line in info.read_text(errors="replace").splitlines():
        if line.lower().startswith(("flags", "features")):
            return set(line.split(":", 1)[1].split())
    return set()


def isa_cap() -> str:
    """The most that the user lets oneDNN use, a name of `ISAS`; empty where it may use all."""
    name = os.environ.get(ISA_VARIABLE, "").upper()
    return name if name in ISAS else ""


def usable_flags() -> set[str]:
    """`cpu_flags` without what the user keeps oneDNN from using."""
    flags, cap = cpu_flags(), isa_cap()
    names = [*ISAS]
    above = names[names.index(cap) + 1 :] if cap else []
    return flags - {flag for name in above for flag in ISAS[name]}


def why_no_int8(device: torch.device) -> str:
    """What keeps `device` from int8, in words; empty where nothing does."""
    if device.type != "cpu":
        return f"int8 is for CPUs, not for {device.type}"
    if not usable_flags() & INT8_FLAGS.keys():
        capped = f" that {ISA_VARIABLE}={isa_cap()} allows" if isa_cap() else " that its system tells of"
        return f"the processor has no VNNI{capped}"
    return ""


def choose_arithmetic(device: torch.device, wanted: str = "auto", *, calibrated: bool) -> tuple[torch.dtype, bool]:
    """The dtype of a network on `device`, and whether its calibrated convolutions are computed in int8.

    wanted: one of `DTYPES`. What cannot be had here is replaced by `auto`, with a warning: the picture differs by
    rounding alone. Raises ValueError for another word.
    """
    if wanted not in DTYPES:
        raise ValueError(f"dtype {wanted!r} is not one of {', '.join(DTYPES)}")
    dtype = choose_dtype(device)
    name = str(dtype).removeprefix("torch.")
    if wanted == "int8":
        why = why_no_int8(device) or ("" if calibrated else "the weights have no calibration for it")
        if why:
            _log.warning("no int8 here, for %s: frames are made in %s", why, name)
        return dtype, not why
    if wanted == "bfloat16" and dtype != torch.bfloat16:
        _log.warning("%s: frames are made in %s", explain_dtype(device), name)
    return torch.float32 if wanted == "float32" else dtype, False


def choose_dtype(device: torch.device) -> torch.dtype:
    """bfloat16 where the hardware multiplies it (CUDA from Ampere on, AVX512-BF16, AMX, Arm BF16), else float32."""
    if device.type == "cuda":
        return torch.bfloat16 if torch.cuda.get_device_capability(device) >= (8, 0) else torch.float32
    if device.type == "cpu" and usable_flags() & BF16_FLAGS.keys():
        return torch.bfloat16
    return torch.float32


def explain_dtype(device: torch.device, *, in_bytes: bool = False) -> str:
    """Why `choose_dtype` chose as it did, in words. in_bytes: of a network whose convolutions are in int8."""
    dtype = str(choose_dtype(device)).removeprefix("torch.")
    if in_bytes:
        has = [name for flag, name in INT8_FLAGS.items() if flag in usable_flags()]
        return f"int8, for the processor has {' and '.join(has)}; what is not in int8 is in {dtype}"
    if device.type == "cuda":
        major, minor = torch.cuda.get_device_capability(device)
        return f"{dtype}, for {torch.cuda.get_device_name(device)} has compute capability {major}.{minor}"
    if device.type == "cpu":
        has = [name for flag, name in BF16_FLAGS.items() if flag in usable_flags()]
        nothing = f"no bfloat16 that {ISA_VARIABLE}={isa_cap()} allows" if isa_cap() else ""
        nothing = nothing or "no bfloat16 that its system tells of"
        return f"{dtype}, for the processor has {' and '.join(has) or nothing}"
    return f"{dtype}, for {device.type} is not known to multiply bfloat16 faster"


def cpu_features() -> str:
    """Processor family and the features that arithmetic depends on."""
    relevant = ("avx2", "fma", "avx512f", "avx512_bf16", "avx512_vnni", "amx_bf16", "bf16", "asimd", "sve")
    flags = cpu_flags()
    cap = [f"{ISA_VARIABLE}={isa_cap()}"] if isa_cap() else []
    return " ".join([platform.machine(), *(flag for flag in relevant if flag in flags), *cap])


def features(device: torch.device) -> str:
    """What arithmetic on `device` depends on: the processor's features, and a GPU's name and the kernels' compiler."""
    if device.type != "cuda":
        return cpu_features()
    compiler = "plain torch"
    if find_spec("triton") is not None:
        compiler = f"triton {import_module('triton').__version__}"
    return f"{cpu_features()}, {torch.cuda.get_device_name(device)}, {compiler}"


def cores() -> int:
    """How many CPU cores this process may run on."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def set_threads(threads: int | None = None) -> int:
    """Use `threads` cores; returns the number. Raises ValueError for fewer than one.

    By default all that this process may run on but one, at most eight: the last one is for camera, codecs and browser,
    for a parallel operation waits for its slowest thread, and one that shares its core is slow.
    """
    if threads is None:
        threads = max(1, min(cores() - 1, 8))
    if threads < 1:
        raise ValueError(f"{threads} threads; at least 1 is needed")
    if torch.get_num_threads() != threads:
        torch.set_num_threads(threads)
    return threads


def wait_for(device: torch.device) -> None:
    """Wait until `device` has done all that it was given."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    elif device.type == "mps":
        torch.mps.synchronize()


_settled = threading.Event()
"""The collector of this process leaves something out."""


def settle() -> None:
    """Call when all is loaded and frames are about to flow: the collector leaves out what exists by now.

    A full collection looks at everything that was ever imported, some 300,000 objects with torch and a web server, and
    frames stand still for 0.2 to 0.4 s meanwhile, every few minutes. Garbage of the frames themselves is still found.

    May be called for every session, and leaves out only what the first call in this process finds: what is left out is
    never found to be garbage, so that every later session, with its model's weights, would stay for good.
    """
    gc.collect()
    if not _settled.is_set():
        _settled.set()
        gc.freeze()
