"""Fixtures of the lab: one thread, small synthetic data sets."""

import io
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from demo.lab.data.cifar import LABELS
from demo.lab.data.outliers import TRAINING_CATEGORIES

_HEADER = 20
"""Bytes that all JPEGs of one encoder begin with."""


@pytest.fixture
def one_thread() -> Iterator[None]:
    """Run torch on one thread: small networks lose time by sharing the cores of a busy machine."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture
def tiny_data(tmp_path: Path) -> Path:
    """A small data folder, see `write_data`."""
    return write_data(tmp_path / "data")


def write_data(data: Path) -> Path:
    """A data folder with a CIFAR-10 of 32 + 16 pictures and one photo of each outlier category."""
    (data / "cifar10").mkdir(parents=True)
    random = np.random.default_rng(0)
    arrays: dict[str, object] = {"class_names": np.array(LABELS)}
    for part, count in (("train", 32), ("test", 16)):
        jpegs = [_jpeg(picture) for picture in random.integers(0, 256, (count, 32, 32, 3))]
        arrays |= {
            "header": np.frombuffer(jpegs[0][:_HEADER], np.uint8),
            f"{part}_labels": random.integers(0, 10, count),
            f"{part}_data": np.frombuffer(b"".join(j[_HEADER:] for j in jpegs), np.uint8),
            f"{part}_len": np.array([len(jpeg) - _HEADER for jpeg in jpegs], np.uint16),
        }
    arrays |= {"train_lossless_idx": np.array([], int)}
    arrays |= {"train_lossless": np.zeros((0, 32, 32, 3), np.uint8)}
    np.savez(data / "cifar10" / "cifar10.npz", **arrays)  # type: ignore[arg-type]
    for category in TRAINING_CATEGORIES:
        (data / "caltech101" / category).mkdir(parents=True)
        Image.new("RGB", (40, 48), (90, 0, 0)).save(data / "caltech101" / category / "1.jpg")
    return data


def _jpeg(picture: np.ndarray) -> bytes:
    file = io.BytesIO()
    Image.fromarray(picture.astype(np.uint8)).save(file, "JPEG", quality=75)
    return file.getvalue()
