"""The device of this process: which kind, its name for people, its memory."""

import ctypes
import sys
from dataclasses import dataclass

from demo.errors import DemoError


@dataclass(frozen=True, slots=True)
class Device:
    """A kind of device, `cpu` or `cuda`; the first GPU where there are several."""

    kind: str

    @classmethod
    def choose(cls, setting: str) -> "Device":
        """The device for `VITRINE_DEVICE`: auto, cpu or cuda.

        Raises DemoError where a GPU is required and there is none.
        """
        if setting != "cpu" and _has_cuda():
            return cls("cuda")
        if setting == "cuda":
            raise DemoError("no_cuda")
        return cls("cpu")

    def text(self, threads: int) -> str:
        """For people: `CPU · 2 cores`, or the GPU's name and its free memory."""
        if self.kind == "cuda":
            import torch

            free = torch.cuda.mem_get_info()[0]
            return f"{torch.cuda.get_device_name()} · {free / 1e9:.0f} GB"
        return f"CPU · {threads} cores" if threads > 1 else "CPU · 1 core"

    def release_memory(self) -> None:
        """Give cached memory of the device back to the system."""
        if self.kind == "cuda":
            import torch

            torch.cuda.empty_cache()


def _has_cuda() -> bool:
    """Whether torch can use a GPU here; it is asked only where the driver's library is."""
    try:
        ctypes.CDLL("nvcuda.dll" if sys.platform == "win32" else "libcuda.so.1")
    except OSError:
        return False
    import torch

    return torch.cuda.is_available()
