"""The models of the owner's files: found in a folder, read once, and again when they change."""

import logging
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from demo.errors import DemoError
from demo.models.file_stamp import FileStamp
from demo.models.own.base import read_model, suffixes
from demo.models.own.description import companions, description_file
from demo.models.spec import ModelSpec

_log = logging.getLogger(__name__)

_Stamps = tuple[FileStamp, ...]
"""Of a model's file, then of those that describe it."""
_MOST_BYTES = 10**12
_LARGEST = 4
"""Times the memory budget that a file may be large."""
_LOOK_S = 1.0
"""How old what is known of the folder may be."""


@dataclass(frozen=True, slots=True)
class RefusedFile:
    """A file that is no model here, and why."""

    file: str
    reason: DemoError


class OwnModels:
    """Models by name from the files of a folder that no other model claims.

    A file is named after its stem, or where that is taken, after its whole name.
    """

    def __init__(
        self,
        folder: Path | None,
        is_claimed: Callable[[str], bool],
        first: Path | None = None,
        budget_bytes: int = _MOST_BYTES,
    ) -> None:
        """Read nothing yet.

        Args:
            folder: of the owner's; None for none.
            is_claimed: whether a file name, or a model's name, belongs to the catalog already.
            first: one more file, in this or another folder; it is never claimed.
            budget_bytes: memory that a model may take; of files far larger nothing is read.
        """
        self._folder = folder
        self._first = first and first.absolute()
        self._is_claimed = is_claimed
        self._budget_bytes = budget_bytes
        self._lock = threading.Lock()
        self._looked_at = float("-inf")
        self._read: dict[_Stamps, tuple[str, ModelSpec | DemoError]] = {}
        self._specs: Mapping[str, ModelSpec] = {}
        self._refused: tuple[RefusedFile, ...] = ()

    def specs(self) -> Mapping[str, ModelSpec]:
        """The models by name; looks into the folder at most once a second."""
        self._look()
        return self._specs

    def refused(self) -> tuple[RefusedFile, ...]:
        """The files that were refused, by name."""
        self._look()
        return self._refused

    def first(self) -> ModelSpec | None:
        """The model of the file `first`; None without one. Raises DemoError where it is refused."""
        if self._first is None:
            return None
        self._look()
        for (stamp, *_), (_, found) in self._read.items():
            if stamp.path == self._first:
                if isinstance(found, DemoError):
                    raise found
                return found
        raise DemoError("own_missing", file=self._first.name)

    def _look(self) -> None:
        if self._folder is None and self._first is None:
            return
        if time.monotonic() - self._looked_at < _LOOK_S:
            return
        # Others go on with what is known while one reads a large file.
        if not self._lock.acquire(blocking=not self._read):
            return
        try:
            if time.monotonic() - self._looked_at >= _LOOK_S:
                self._update()
                self._looked_at = time.monotonic()
        finally:
            self._lock.release()

    def _update(self) -> None:
        found_files = self._stamps()
        names = _names([stamps[0].path for stamps in found_files], self._is_claimed)
        read: dict[_Stamps, tuple[str, ModelSpec | DemoError]] = {}
        for stamps, name in zip(found_files, names, strict=True):
            known = self._read.get(stamps)
            same = known is not None and known[0] == name
            read[stamps] = known if known is not None and same else self._model(stamps[0], name)
        self._read = read
        found = sorted(read.values(), key=lambda pair: pair[0])
        self._specs = {name: one for name, one in found if isinstance(one, ModelSpec)}
        self._refused = tuple(
            RefusedFile(stamps[0].path.name, one)
            for stamps, (_, one) in read.items()
            if isinstance(one, DemoError)
        )

    def _model(self, stamp: FileStamp, name: str) -> tuple[str, ModelSpec | DemoError]:
        # A checkpoint of a running training holds its optimiser too: three times the network.
        if stamp.size_bytes <= _LARGEST * self._budget_bytes:
            return _read(stamp.path, name)
        needed, budget = stamp.size_bytes / 1e6, self._budget_bytes / 1e6
        return name, DemoError("model_too_large", name=name, needed=needed, budget=budget)

    def _stamps(self) -> "list[_Stamps]":
        """Of the files that may be models, by name, each with those that describe it."""
        stamps = []
        for path in self._paths():
            try:
                if path.is_file():
                    stamps.append(tuple(map(FileStamp.of, (path, *companions(path)))))
            except OSError:  # removed meanwhile
                continue
        return stamps

    def _paths(self) -> list[Path]:
        known = suffixes()
        try:
            inside = sorted(self._folder.iterdir()) if self._folder is not None else []
        except OSError:
            inside = []
        paths = [
            path
            for path in inside
            if path.suffix.lower() in known
            and (not self._is_claimed(path.name) or description_file(path).is_file())
        ]
        return paths if self._first is None or self._first in paths else [self._first, *paths]


def _names(paths: list[Path], is_claimed: Callable[[str], bool]) -> list[str]:
    """A model's name for each file, no two alike."""
    stems = Counter(path.stem for path in paths)
    return [
        path.name if stems[path.stem] > 1 or is_claimed(path.stem) else path.stem for path in paths
    ]


def _read(path: Path, name: str) -> tuple[str, ModelSpec | DemoError]:
    try:
        spec = read_model(path, name)
    except DemoError as refusal:
        _log.warning("refused a file: %s", refusal)
        return name, refusal
    _log.info("found %s, a model to %s", name, spec.task)
    return name, spec
