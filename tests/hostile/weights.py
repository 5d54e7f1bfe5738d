"""A folder of weight files that run code, unpack to gigabytes or are broken."""

import io
import json
import pickle
import struct
import zipfile
from pathlib import Path

import torch


class _Runs:
    """Writes a file when it is unpickled."""

    def __init__(self, target: Path, name: str) -> None:
        self._code = f"open({str(target)!r}, 'w').write({name!r})"

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return exec, (self._code,)


def write(folder: Path, ran: Path) -> list[str]:
    """Write the files under names of official ones; returns the names of the models.

    ran: file that the code in them would write.
    """
    folder.mkdir(exist_ok=True)
    files = {
        "resnet18.pth": pickle.dumps(_Runs(ran, "a bare pickle")),
        "resnet34.pth": _torch_zip(pickle.dumps(_Runs(ran, "the pickle of an archive"))),
        "yolo11n.pt": _saved({"model": _Runs(ran, "the model of a checkpoint")}),
        "yolo26n.pt": _saved({"model": {"a": torch.zeros(1)}, "x": _Runs(ran, "another entry")}),
        "alexnet.pth": _saved({"weight": torch.zeros(1).expand(200_000, 200_000)}),
        "vgg11.pth": _deflated(),
        "vgg13.safetensors": _safetensors({"a": ("F32", [1 << 40], [0, 4])}),
        "vgg16.safetensors": _safetensors({"a": ("F32", [1], [0, 1 << 62])}),
        "vgg19.safetensors": struct.pack("<Q", 1 << 62) + b"{}",
        "densenet121.safetensors": b"\x02" + b"\0" * 7 + b"{}",
        "googlenet.pth": b"\x80\x05" + b"(" * 100_000 + b".",
        "resnet50.pth": _module_missing(),
        "resnet101.pth": b"",
        "resnet152.pth": _torch_zip(b"\x80\x02K\x01."),
    }
    for name, data in files.items():
        (folder / name).write_bytes(data)
    return [Path(name).stem for name in files]


def _saved(value: object) -> bytes:
    file = io.BytesIO()
    torch.save(value, file)
    return file.getvalue()


def _torch_zip(pickled: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("archive/data.pkl", pickled)
        archive.writestr("archive/version", "3\n")
    return file.getvalue()


def _deflated() -> bytes:
    """A checkpoint of half a gigabyte of zeros, compressed."""
    plain = zipfile.ZipFile(io.BytesIO(_saved({"weight": torch.zeros(4)})))
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in plain.namelist():
            size = 1 << 29 if "/data/" in name else 0
            archive.writestr(name, b"\0" * size if size else plain.read(name))
    return file.getvalue()


def _safetensors(tensors: dict[str, tuple[str, list[int], list[int]]]) -> bytes:
    head = {
        name: {"dtype": kind, "shape": shape, "data_offsets": offsets}
        for name, (kind, shape, offsets) in tensors.items()
    }
    text = json.dumps(head).encode()
    return struct.pack("<Q", len(text)) + text + b"\0" * 4


def _module_missing() -> bytes:
    """Names a module that is not installed, which some loaders then install."""
    return b"\x80\x02ca_module_that_nobody_has\nThing\n)\x81."
