"""Limits of what visitors may have downloaded: which models, and how much disk they take."""

from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path

from demo.errors import DemoError
from demo.settings import Settings


class DownloadLimits:
    """The owner's list of models that may be downloaded, and the disk that they may take."""

    def __init__(self, settings: Settings) -> None:
        """settings.downloads: names or patterns; settings.downloads_mb: the limit of the cache."""
        self._patterns = settings.downloads
        self._budget_mb = settings.downloads_mb

    def check(self, model: str, size_bytes: int, target: Path) -> None:
        """Raise DemoError where the model may not be downloaded, or takes too much disk.

        Args:
            model: name of the model.
            size_bytes: of its file.
            target: path of its file; what is there already would be replaced and does not count.
        """
        if not any(fnmatchcase(model, pattern) for pattern in self._patterns):
            raise DemoError("download_not_allowed", name=model)
        taken_mb = sum(size for path, size in _sizes(target.parent) if path != target) / 1e6
        if taken_mb + size_bytes / 1e6 > self._budget_mb:
            raise DemoError(
                "download_no_room",
                name=model,
                size=size_bytes / 1e6,
                taken=taken_mb,
                limit=self._budget_mb,
            )


def _sizes(folder: Path) -> Iterator[tuple[Path, int]]:
    """The files of a folder, half downloaded ones too, and their sizes in bytes."""
    for path in folder.glob("*"):
        try:
            if path.is_file():
                yield path, path.stat().st_size
        except OSError:  # removed meanwhile
            continue
