"""The folder of converted networks: bounded, written in one step, checked when read."""

import hashlib
import json
import logging
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from demo.backends.openvino_cpu import Precision, Shape

_log = logging.getLogger(__name__)

_HEAD_BYTES = 4096
"""Longest first line of a file."""


@dataclass(frozen=True, slots=True)
class Key:
    """What a converted network depends on.

    description: digest of what describes a model of the owner's own, which decides how its file is
    read. shape: of its input, () for one of any size. versions: of the programs that made and
    checked it, and the processor.
    """

    model: str
    weights_sha256: str
    description: str
    shape: Shape
    precision: Precision
    versions: str

    @property
    def stem(self) -> str:
        """What the names of the files for all shapes begin with."""
        text = json.dumps({**asdict(self), "shape": None}, sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:32]

    @property
    def name(self) -> str:
        """The name of its file."""
        shape = "x".join(map(str, self.shape)) or "any"
        return f"{self.stem}-{shape}.converted"


class ConversionCache:
    """Files of one line of JSON, with the key and a digest, and the ONNX file after it."""

    def __init__(self, folder: Path, limit_bytes: int) -> None:
        """folder: made when something is kept. limit_bytes: the least recently used go first."""
        self._folder = folder
        self._limit_bytes = limit_bytes

    def has_any(self, key: Key) -> bool:
        """Whether there is a network for some shape, usable or not."""
        return any(self._folder.glob(f"{key.stem}-*.converted"))

    def read(self, key: Key) -> bytes | None:
        """The network; b"" where it is known not to agree, None where nothing usable is here."""
        path = self._folder / key.name
        try:
            with path.open("rb") as file:
                head, content = file.readline(_HEAD_BYTES), file.read(self._limit_bytes)
            os.utime(path)
        except FileNotFoundError:
            return None
        except OSError as error:
            _log.info("the cache of converted networks cannot be read: %s", error.strerror)
            return None
        if head != _head(key, content):
            _log.warning("%s in the cache is damaged, or another network: converting again", path)
            return None
        return content

    def write(self, key: Key, content: bytes) -> None:
        """Keep the network, b"" for one that does not agree; nothing where that is impossible."""
        path = self._folder / key.name
        unfinished = path.with_suffix(f".{os.getpid()}")
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            self._make_room(len(content), path)
            unfinished.write_bytes(_head(key, content) + content)
            unfinished.replace(path)
        except OSError as error:
            _log.warning("a converted network is kept in memory only: %s", error.strerror)
            _remove(unfinished)

    def _make_room(self, size_bytes: int, target: Path) -> None:
        files = sorted(
            (facts.st_mtime, facts.st_size, path)
            for path, facts in _files(self._folder)
            if path != target
        )
        held = size_bytes + sum(size for _, size, _ in files)
        for _, size, path in files:
            if held <= self._limit_bytes:
                break
            _remove(path)
            held -= size


def _head(key: Key, content: bytes) -> bytes:
    digest = hashlib.sha256(content).hexdigest()
    return (json.dumps({"name": key.name, "sha256": digest}) + "\n").encode()


def _files(folder: Path) -> Iterator[tuple[Path, os.stat_result]]:
    for path in folder.iterdir():
        try:
            yield path, path.stat()
        except FileNotFoundError:  # another server has removed it
            continue


def _remove(path: Path) -> None:
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        _log.info("%s cannot be removed: %s", path, error.strerror)
