"""Pictures, archives and answers of batches for tests."""

import io
import struct
import zipfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from torch import nn

from demo.batch.pictures import NamedPicture
from demo.batch.run import BatchAnswer
from demo.images.decode import decode
from demo.images.encode import encode_jpeg, encode_png
from demo.images.limits import Limits
from demo.inference.engine import Prediction
from demo.models.spec import ModelSpec, WeightsEntry
from demo.results import Image, Result, Timing
from tests.support.clips import square
from tests.support.finder import Finder

TIMING = Timing(1.0, 2.0, 3.0, 4.0)


def picture(index: int = 0, size_wh: tuple[int, int] = (64, 48)) -> bytes:
    """A small PNG with a red square."""
    return encode_png(square(index, size_wh))


def noise(seed: int, size_wh: tuple[int, int]) -> bytes:
    """A JPEG file of noise, as large as JPEG files become."""
    width, height = size_wh
    pixels: Image = np.random.default_rng(seed).integers(0, 255, (height, width, 3), np.uint8)
    return encode_jpeg(pixels)


def folder(path: Path, files: Mapping[str, bytes]) -> Path:
    """A folder with these files."""
    for name, content in files.items():
        target = path / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
    return path


def zipped(path: Path, files: Mapping[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> Path:
    """A ZIP with these files, under any names."""
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name), content, method)
    return path


def zipped_raw(path: Path, names: Mapping[bytes, bytes]) -> Path:
    """A ZIP whose names are these bytes and are not said to be UTF-8."""
    buffer = io.BytesIO()
    marks = {f"{i:0{len(name)}d}".encode(): name for i, name in enumerate(names)}
    with zipfile.ZipFile(buffer, "w") as archive:
        for mark, content in zip(marks, names.values(), strict=True):
            archive.writestr(zipfile.ZipInfo(mark.decode()), content)
    data = buffer.getvalue()
    for mark, name in marks.items():
        data = data.replace(mark, name)
    path.write_bytes(data)
    return path


def with_flag(path: Path, bit: int) -> Path:
    """A ZIP in all of whose entries this bit of the flags is set."""
    data = bytearray(path.read_bytes())
    for signature, offset in ((b"PK\3\4", 6), (b"PK\1\2", 8)):
        at = data.find(signature)
        while at >= 0:
            (flags,) = struct.unpack_from("<H", data, at + offset)
            struct.pack_into("<H", data, at + offset, flags | bit)
            at = data.find(signature, at + 4)
    path.write_bytes(data)
    return path


def spec(task: str, labels: tuple[str, ...]) -> ModelSpec:
    """A model of a task that is never run."""
    return ModelSpec(
        name="finder",
        title="finder",
        task=task,
        labels=labels,
        input_size=64,
        architecture="finder",
        licence="none",
        source="here",
        weights=WeightsEntry("finder", (".pth",)),
        family=Finder(),
        network=lambda file: nn.Identity(),
        fixed_size=False,
    )


def answer(file: Path, name: str, task: str, result: Result) -> BatchAnswer:
    """An answer as `asker` gives it, about a picture file that is decoded here."""
    read = decode(file.read_bytes(), Limits())
    height, width = read.rgb.shape[:2]
    named = NamedPicture(name, file, file.stat().st_size)
    prediction = Prediction("finder", "0" * 64, "fake", result, TIMING, "CPU", None)
    facts = read.format, read.notes, read.sha256
    return BatchAnswer(
        named, spec(task, result.labels), (width, height), *facts, prediction, TIMING
    )
