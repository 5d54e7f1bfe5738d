"""Weights files that mean harm, made by code: `write` writes them, `load` loads them all.

Each in a process of its own, since an audit hook cannot be taken away again and the peak of the
memory neither. `load` prints what became of each file, and whether anything of it has run.
"""

import builtins
import codecs
import ctypes
import importlib
import json
import operator
import os
import pathlib
import resource
import runpy
import shutil
import socket
import subprocess
import sys
import types
import urllib.request
import webbrowser
import zipfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

import torch
from torch import nn

from demo.errors import DemoError
from demo.models import ultralytics
from demo.models.checkpoint import load_state
from demo.models.coco import SPECS
from demo.models.spec import WeightsFile

CANARY = "canary"
_CODE = f"__import__('os').mkdir('{CANARY}')"
_EVENTS = (
    *("os.system", "subprocess.Popen", "os.exec", "os.posix_spawn", "os.fork", "pty.spawn"),
    *("socket.connect", "socket.getaddrinfo", "urllib.Request", "webbrowser.open"),
)


class Call:
    """Pickles into a call of a function."""

    def __init__(self, function: object, *arguments: object) -> None:
        self.function, self.arguments = function, arguments

    def __reduce__(self) -> tuple[object, ...]:
        return self.function, self.arguments


class State:
    """Pickles into an object of torch that is given a state of the attacker's."""

    def __init__(self, made: Call, state: object) -> None:
        self.made, self.state = made, state

    def __reduce__(self) -> tuple[object, ...]:
        return self.made.function, self.made.arguments, self.state


def missing() -> object:
    """An object of a class whose package is not installed where it is loaded."""
    package = types.ModuleType("no_such_package")
    package.Missing = type("Missing", (), {"__module__": "no_such_package"})  # type: ignore[attr-defined]
    sys.modules["no_such_package"] = package
    return package.Missing()


def code_payloads() -> dict[str, object]:
    """Objects whose unpickling would make the canary, start a program or reach the network."""
    make = f"mkdir {CANARY}"
    tasks = ultralytics.tasks()
    downloads = importlib.import_module("ultralytics.utils.downloads")
    block = importlib.import_module("ultralytics.nn.modules.block")
    checks = importlib.import_module("ultralytics.utils.checks")
    url = "https://x.invalid/net.pt"
    return {
        "os.mkdir": Call(os.mkdir, CANARY),
        "os.system": Call(os.system, make),
        "os.popen": Call(os.popen, make),
        "os.execvp": Call(os.execvp, "mkdir", ["mkdir", CANARY]),
        "subprocess.run": Call(subprocess.run, ["mkdir", CANARY]),
        "subprocess.Popen": Call(subprocess.Popen, ["mkdir", CANARY]),
        "eval": Call(builtins.eval, _CODE),
        "exec": Call(builtins.exec, _CODE),
        "import": Call(builtins.__import__, "antigravity"),
        "open": Call(builtins.open, CANARY, "w"),
        "getattr": Call(builtins.getattr, nn.Identity(), "register_forward_hook"),
        "Path.mkdir": Call(pathlib.Path.mkdir, pathlib.Path(CANARY)),
        "Path.touch": Call(pathlib.Path.touch, pathlib.Path(CANARY)),
        "import_module": Call(importlib.import_module, "this"),
        "run_path": Call(runpy.run_path, "program.py"),
        "copytree": Call(shutil.copytree, "given", CANARY),
        "rmtree": Call(shutil.rmtree, "given"),
        "partial": Call(partial, os.mkdir, CANARY),
        "methodcaller": Call(operator.methodcaller, "mkdir"),
        "attrgetter": Call(operator.attrgetter, "system"),
        "codecs": Call(codecs.open, CANARY, "w"),
        "socket": Call(socket.create_connection, ("127.0.0.1", 9)),
        "urlopen": Call(urllib.request.urlopen, url),
        "webbrowser": Call(webbrowser.open, url),
        "torch.load": Call(torch.load, "inner.pth", None, None),
        "torch.hub": Call(torch.hub.load_state_dict_from_url, url),
        "torch.jit": Call(torch.jit.load, "inner.pth"),
        "cdll": Call(ctypes.CDLL, "inner.so"),
        "safe_download": Call(downloads.safe_download, url),
        "attempt_download": Call(downloads.attempt_download_asset, "yolo11s.pt"),
        "check_requirements": Call(checks.check_requirements, "no-such-package"),
        "guess_model": Call(tasks.guess_model_task, "inner.pth"),
        "TorchVision": Call(block.TorchVision, "mobilenet_v3_small"),
        "DetectionModel": Call(tasks.DetectionModel, "https://x.invalid/net.yaml"),
        "missing": missing(),
        "nested": {"a": [{"b": (Call(os.mkdir, CANARY),)}]},
        "hook": State(Call(nn.Identity), {"_forward_hooks": {0: Call(os.mkdir, CANARY)}}),
        "setstate": State(Call(nn.Identity), {"forward": Call(builtins.eval, _CODE)}),
    }


def bomb_payloads() -> dict[str, object]:
    """Objects of a few kilobytes that would take gigabytes."""
    one, half = torch.zeros(1), torch.zeros(1_000_000).half()
    return {
        "stride": one.expand(200_000, 200_000),
        "layer": Call(nn.Conv2d, 30_000, 30_000, 1),
        "linear": Call(nn.Linear, 30_000, 30_000),
        "bytearray": Call(bytearray, 4_000_000_000),
        "storage": Call(torch.FloatTensor, 1_000_000_000),
        "shared": {f"w{i}": half for i in range(2000)},
        "meta": torch.empty(100_000, 100_000, device="meta"),
        "network": Call(ultralytics.tasks().DetectionModel, "yolo11x.yaml"),
        "sparse": torch.sparse_coo_tensor(
            torch.zeros((2, 1), dtype=torch.long), one, (100_000, 100_000), check_invariants=True
        ),
        "quantized": torch.quantize_per_tensor(one, 1.0, 0, torch.qint8).expand(90_000, 90_000),
    }


def write() -> None:
    """Write each payload into the current folder, as a state and as a detector's checkpoint."""
    for name, payload in {**code_payloads(), **bomb_payloads()}.items():
        plain = payload if isinstance(payload, dict) else {"weight": payload}
        torch.save(plain, f"{name}.pth")
        torch.save({"model": payload, "ema": None}, f"{name}.pt")
    torch.save({"weight": torch.zeros(400_000_000, dtype=torch.int8)}, "stored")
    with (
        zipfile.ZipFile("stored") as old,
        zipfile.ZipFile("deflated.pth", "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for part in old.infolist():
            new.writestr(part.filename, old.read(part))
    Path("stored").unlink()
    header = json.dumps({"w": {"dtype": "F32", "shape": [10**9], "data_offsets": [0, 4 * 10**9]}})
    claims = len(header).to_bytes(8, "little") + header.encode() + bytes(8)
    Path("claims.safetensors").write_bytes(claims)
    Path("header.safetensors").write_bytes((1 << 62).to_bytes(8, "little") + b"{}")
    Path("given").mkdir()
    Path("program.py").write_text(_CODE)
    shutil.copy("os.mkdir.pth", "inner.pth")


def load() -> None:
    """Load all files of the current folder; prints one JSON object."""
    loaders: dict[str, Callable[[WeightsFile], object]] = {
        ".pt": next(spec for spec in SPECS if spec.name == "yolo11n").network,
        ".pth": load_state,
        ".safetensors": load_state,
    }
    paths = sorted(path for path in Path().iterdir() if path.suffix in loaders)
    # What is imported on first use is no growth.
    for path in (Path("os.mkdir.pt"), Path("os.mkdir.pth")):
        outcome(loaders[path.suffix], path)
    events: list[str] = []

    def watch(event: str, arguments: tuple[object, ...]) -> None:
        if event in _EVENTS:
            events.append(event)

    sys.addaudithook(watch)
    before = _peak_mb()
    outcomes = {path.name: outcome(loaders[path.suffix], path) for path in paths}
    ran = Path(CANARY).exists() or not Path("given").is_dir()
    growth_mb = _peak_mb() - before
    print(json.dumps({"outcomes": outcomes, "events": events, "ran": ran, "growth_mb": growth_mb}))


def outcome(load: Callable[[WeightsFile], object], path: Path) -> str:
    """The key of the sentence about the file, or `loaded`."""
    try:
        load(WeightsFile(path, ""))
    except DemoError as error:
        return error.key
    return "loaded"


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    {"write": write, "load": load}[sys.argv[1]]()
