"""The catalog: which models there are, where their weights are, and whether a file is genuine."""

import hashlib
import logging
import os
import stat
from collections.abc import Callable, Iterable, Mapping
from difflib import get_close_matches
from pathlib import Path

from demo.discover import collect
from demo.errors import DemoError
from demo.inference.download import Downloader
from demo.inference.download_limits import DownloadLimits
from demo.inference.own_models import OwnModels, RefusedFile
from demo.models.file_stamp import FileStamp
from demo.models.own.description import description_file
from demo.models.spec import ModelSpec, WeightsEntry, WeightsFile
from demo.settings import Settings
from demo.validate import brief

_log = logging.getLogger(__name__)

_SUMS = "SHA256SUMS"


class Catalog:
    """All known models, and the weights files of those that can answer here.

    Files of the owner's folder that belong to no known model are models of their own.

    Order of look-up: the owner's folder, the download cache, the embedded files, a download.
    """

    def __init__(
        self,
        settings: Settings,
        specs: Iterable[ModelSpec] | None = None,
        downloader: Downloader | None = None,
    ) -> None:
        """Raises DemoError where the owner's folder does not exist."""
        settings.require_weights_dir()
        chosen = collect("demo.models", "SPECS") if specs is None else specs
        self._specs: dict[str, ModelSpec] = {spec.name: spec for spec in chosen}
        self._folder = settings.weights_dir and settings.weights_dir.resolve()
        self._claimed = _claimed(self._specs)
        budget_bytes = settings.model_budget_mb * 1_000_000
        self._own = OwnModels(self._folder, self._claims, settings.model, budget_bytes)
        self._cache = (settings.cache_dir / "weights").resolve()
        self._offline = settings.offline
        self._limits = DownloadLimits(settings)
        self._downloader = downloader or Downloader()
        self._digests: dict[Path, tuple[FileStamp, str]] = {}

    def add(self, spec: ModelSpec) -> None:
        """List one more model from now on. Raises ValueError for a name that exists."""
        if spec.name in self._specs:
            raise ValueError(f"the catalog has a model {spec.name!r} already")
        specs = {**self._specs, spec.name: spec}
        # Replaced, not changed in place: other threads may be iterating over it.
        self._specs = dict(sorted(specs.items(), key=lambda item: (item[1].order, item[0])))
        self._claimed = _claimed(self._specs)
        _log.info("added %s to the catalog", spec.name)

    def specs(self) -> list[ModelSpec]:
        """Every model, in the order of lists; the owner's own first."""
        return [*self._own.specs().values(), *self._specs.values()]

    def first(self) -> ModelSpec | None:
        """The model that the owner opens the page with; None where there is none.

        Raises DemoError where its file is refused.
        """
        return self._own.first()

    def refused(self) -> tuple[RefusedFile, ...]:
        """The files in the owner's folder that are no models here, and why."""
        return self._own.refused()

    def spec(self, name: str) -> ModelSpec:
        """The model of that name. Raises DemoError naming some that exist."""
        own = self._own.specs()
        if name in own:
            return own[name]
        if name in self._specs:
            return self._specs[name]
        names = [*own, *self._specs]
        near = get_close_matches(name, names, n=5, cutoff=0.3) or names[:5]
        raise DemoError("unknown_model", name=brief(name), some=", ".join(near))

    def present(self) -> dict[str, Path]:
        """Name → file of the models whose weights are on this machine; reads folders only."""
        folders = [_listing(folder) for folder in (self._folder, self._cache)]
        found = ((spec.name, _pick(spec.weights, folders)) for spec in self.specs())
        return {name: path for name, path in found if path is not None}

    def find(self, name: str) -> FileStamp | None:
        """The file of one model, or None where it would have to be downloaded.

        Cheap enough for every request: a few look-ups, and no folder is listed.
        """
        entry = self.spec(name).weights
        folders = [folder for folder in (self._folder, self._cache) if folder is not None]
        candidates = [folder / file for folder in folders for file in entry.names]
        for path in candidates:
            found = _stamp(path)
            # A file that is described beside it is a model of the owner's own.
            if found is not None and not description_file(path).is_file():
                return found
        return None if entry.embedded is None else _stamp(entry.embedded)

    def size_bytes(self, name: str) -> int | None:
        """Size of the model's file: of the one that is here, else of the official one."""
        found = self.find(name)
        return found.size_bytes if found else self.spec(name).weights.size_bytes

    def open(self, name: str, progress: Callable[[float], None]) -> WeightsFile:
        """The model's file, downloaded if need be, with its digest compared.

        progress: called with the share that has arrived, 0–1. Raises DemoError where it is missing
        and cannot or may not be downloaded, or its digest is wrong.
        """
        spec = self.spec(name)
        entry, found = spec.weights, self.find(name)
        path = found.path if found else self._download(spec, progress)
        if not self._matches(path, entry):
            if not self._cached(path) or self._offline:
                _log.warning("%s has another digest than the catalog states", path.name)
                raise DemoError("weights_wrong_hash", file=path.name)
            # The spoilt file stays until a right one takes its place.
            path = self._download(spec, progress)
        stamp, digest = self._digest(path)
        official = entry.sha256 is not None and digest.startswith(entry.sha256)
        return WeightsFile(path, digest, official, stamp)

    def _claims(self, name: str) -> bool:
        """Whether a name is that of a known model, or of a file that is its weights."""
        return name in self._claimed

    def _cached(self, path: Path) -> bool:
        """Whether the file is one that this program downloaded; the user's folder never is."""
        return path.parent == self._cache and self._cache != self._folder

    def _matches(self, path: Path, entry: WeightsEntry) -> bool:
        """Whether the file has every digest that is stated for it.

        A user's own `yolo11n.pt` need not be the official one. A file must match if it is in the
        cache, embedded, named after its digest, or listed in a SHA256SUMS of its folder.
        """
        _, digest = self._digest(path)
        stated = _sums(path.parent).get(path.name, digest)
        if entry.sha256 is None or not digest.startswith(stated):
            return digest.startswith(stated)
        ours = path == entry.embedded or self._cached(path)
        return digest.startswith(entry.sha256) or not (ours or entry.sha256 in path.name)

    def obstacle(self, spec: ModelSpec) -> DemoError | None:
        """Why the weights of a model cannot or may not be downloaded; None where they may."""
        try:
            self._source(spec)
        except DemoError as reason:
            return reason
        return None

    def _source(self, spec: ModelSpec) -> tuple[str, int, Path]:
        """Address and size in bytes of a model's file, and the path that it is downloaded to.

        Raises DemoError where it cannot or may not be downloaded.
        """
        entry, name = spec.weights, spec.name
        if entry.package:
            raise DemoError("weights_in_package", name=name, package=entry.package)
        if entry.url is None or entry.size_bytes is None:
            raise DemoError("weights_missing", name=name)
        if self._offline:
            raise DemoError("weights_offline", name=name)
        target = self._cache / entry.official
        self._limits.check(name, entry.size_bytes, target)
        return entry.url, entry.size_bytes, target

    def _download(self, spec: ModelSpec, progress: Callable[[float], None]) -> Path:
        url, size_bytes, target = self._source(spec)
        self._downloader.fetch(url, target, spec.weights.sha256, size_bytes, progress)
        return target

    def _digest(self, path: Path) -> tuple[FileStamp, str]:
        """The file's stamp and its sha256 in hex, computed once for a file that does not change."""
        try:
            stamp = FileStamp.of(path)
            known = self._digests.get(path)
            if known is None or known[0] != stamp:
                with path.open("rb") as file:
                    known = stamp, hashlib.file_digest(file, "sha256").hexdigest()
                self._digests[path] = known
        except OSError:
            raise DemoError("weights_unreadable", file=path.name) from None
        return known


def _claimed(specs: Mapping[str, ModelSpec]) -> frozenset[str]:
    """The names of models, and of the files that are their weights."""
    files = (name for spec in specs.values() for name in spec.weights.names)
    return frozenset((*specs, *files))


def _listing(folder: Path | None) -> dict[str, Path]:
    """The files of a folder by name, but for those that are described: they are the owner's own."""
    if folder is None or not folder.is_dir():
        return {}
    with os.scandir(folder) as entries:
        files = {entry.name: folder / entry.name for entry in entries if entry.is_file()}
    return {name: f for name, f in files.items() if description_file(f).name not in files}


def _stamp(path: Path) -> FileStamp | None:
    """The stamp of a file; None for a folder and where there is nothing."""
    try:
        facts = path.stat()
    except OSError:
        return None
    return FileStamp.from_stat(path, facts) if stat.S_ISREG(facts.st_mode) else None


def _pick(entry: WeightsEntry, folders: Iterable[Mapping[str, Path]]) -> Path | None:
    for folder in folders:
        for name in entry.names:
            if name in folder:
                return folder[name]
    embedded = entry.embedded
    return embedded if embedded is not None and embedded.is_file() else None


def _sums(folder: Path) -> dict[str, str]:
    """The digests of a SHA256SUMS file in that folder, by file name."""
    try:
        lines = (folder / _SUMS).read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return {}
    pairs = (line.split(maxsplit=1) for line in lines if line.strip())
    return {pair[1].strip().lstrip("*"): pair[0].lower() for pair in pairs if len(pair) == 2}
