"""What a measurement ran on: processor, cores, instructions, GPU, versions."""

import platform
import re
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TypedDict

import torch

from demo.system import cores

INSTRUCTIONS = {
    "AVX2": "avx2",
    "AVX512": "avx512f",
    "AVX512_BF16": "avx512_bf16",
    "AVX512_VNNI": "avx512_vnni",
    "AMX": "amx_bf16",
}
"""Name for people → flag in Linux's list of a processor."""
PACKAGES = ("torch", "ultralytics", "gradio", "openvino")


class Setup(TypedDict):
    """One machine with its packages. supports: names of `INSTRUCTIONS`; gpu: empty for none."""

    processor: str
    cores: int
    supports: list[str]
    gpu: str
    versions: dict[str, str]


def setup() -> Setup:
    """This machine, and the packages that are installed here."""
    versions = {"Python": platform.python_version()}
    for name in PACKAGES:
        try:
            versions[name] = version(name)
        except PackageNotFoundError:
            continue
    text = _processor_list()
    return {
        "processor": _processor(text),
        "cores": cores(),
        "supports": supported(text),
        "gpu": torch.cuda.get_device_name() if torch.cuda.is_available() else "",
        "versions": versions,
    }


def has_amx() -> bool:
    """Whether this processor multiplies matrices of bfloat16 in tiles (AMX)."""
    return "AMX" in supported(_processor_list())


def supported(processor_list: str) -> list[str]:
    """Those of `INSTRUCTIONS` whose flags stand in the text of /proc/cpuinfo."""
    found = re.search(r"^flags\s*:(.*)$", processor_list, re.M)
    flags = set(found[1].split()) if found else set()
    return [name for name, flag in INSTRUCTIONS.items() if flag in flags]


def _processor(processor_list: str) -> str:
    found = re.search(r"^model name\s*:\s*(.+)$", processor_list, re.M)
    return found[1].strip() if found else platform.processor() or platform.machine()


def _processor_list() -> str:
    """Linux's list of processors; empty on other systems."""
    try:
        return Path("/proc/cpuinfo").read_text("utf-8")
    except OSError:
        return ""
