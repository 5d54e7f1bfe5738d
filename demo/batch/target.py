"""Targets of the command line: nothing of an export is seen there before all of it is."""

import os
import shutil
import zipfile
from abc import ABC, abstractmethod
from contextlib import suppress
from pathlib import Path
from uuid import uuid4

from demo.batch.sinks import FolderSink, Sink, ZipSink
from demo.errors import DemoError
from demo.video.atomic_file import AtomicFile

_LIST = ".vitrine-export"
"""Names of the files that an export has written, so that the next one may replace them."""


class Target(ABC):
    """A place for one export; without `commit` it is as it was."""

    sink: Sink

    @abstractmethod
    def commit(self) -> None:
        """Put all files in their places. Raises DemoError where that cannot be done."""

    @abstractmethod
    def discard(self) -> None:
        """Delete what was written; no effect after `commit`."""


def check_target(path: Path, zipped: bool, overwrite: bool) -> None:
    """Raise DemoError where an export cannot or must not be written.

    Args:
        path: a folder, or with `zipped` a ZIP file.
        zipped: whether it is a ZIP file.
        overwrite: whether files that are there may be replaced.
    """
    if path.exists() and path.is_dir() == zipped:
        raise DemoError("batch_out_folder" if zipped else "batch_out_file", name=path.name)
    try:
        full = path.exists() if zipped else path.is_dir() and any(path.iterdir())
    except OSError:
        raise _not_written(path) from None
    if full and not overwrite:
        raise DemoError("batch_out_full", name=path.name or str(path))


def open_target(path: Path, zipped: bool) -> Target:
    """A target that `check_target` has let pass. Raises DemoError where it cannot be written."""
    return _ZipTarget(path) if zipped else _FolderTarget(path)


class _ZipTarget(Target):
    """A ZIP file under a temporary name."""

    def __init__(self, path: Path) -> None:
        if not path.parent.is_dir():
            raise _not_written(path)
        self._file = AtomicFile(path)
        self._archive = zipfile.ZipFile(self._file.path, "w")
        self.sink = ZipSink(self._archive)

    def commit(self) -> None:
        """Finish the archive and rename it."""
        try:
            self._archive.close()
            self._file.commit()
        except OSError as error:
            raise self._file.error_for(error) from None

    def discard(self) -> None:
        """Delete the archive."""
        # What could not be written to a full disk cannot be finished there.
        with suppress(OSError, ValueError):
            self._archive.close()
        self._file.discard()


class _FolderTarget(Target):
    """A hidden folder inside of the target, whose files are moved out of it at the end."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._made = [one for one in (path, *path.parents) if not one.exists()]
        self._work = path / f".{uuid4().hex[:8]}.part"
        try:
            self._work.mkdir(parents=True)
        except OSError:
            self.discard()
            raise _not_written(path) from None
        self.sink = FolderSink(self._work)

    def commit(self) -> None:
        """Move the files out, and delete those of an earlier export that are none of them."""
        names = sorted(
            Path(root, name).relative_to(self._work).as_posix()
            for root, _, files in os.walk(self._work)
            for name in files
        )
        try:
            for name in names:
                place = self._path / name
                place.parent.mkdir(parents=True, exist_ok=True)
                (self._work / name).replace(place)
            self._delete(set(_listed(self._path)) - set(names))
            (self._path / _LIST).write_text("".join(f"{name}\n" for name in names), "utf-8")
            shutil.rmtree(self._work)
        except OSError:
            raise _not_written(self._path) from None
        self._made = []

    def discard(self) -> None:
        """Delete what was written, and the folders that were made for it."""
        shutil.rmtree(self._work, ignore_errors=True)
        for folder in self._made:
            with suppress(OSError):
                folder.rmdir()

    def _delete(self, names: set[str]) -> None:
        root = self._path.resolve()
        for name in names:
            place = self._path / name
            if place.parent.resolve().is_relative_to(root) and place.is_file():
                place.unlink()
                with suppress(OSError):  # other files are in it
                    place.parent.rmdir()


def _listed(folder: Path) -> list[str]:
    try:
        return (folder / _LIST).read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return []


def _not_written(path: Path) -> DemoError:
    return DemoError("batch_out_not_written", name=path.name or str(path))
