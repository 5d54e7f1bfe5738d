"""Checkpoints of ultralytics' training: `best.pt` of a detector, classifier and so on."""

import zipfile
from pathlib import Path

from demo.errors import DemoError
from demo.models import ultralytics
from demo.models.checkpoint import check_finite
from demo.models.own.base import facts, own_spec, refused_pickle
from demo.models.own.draft import Draft
from demo.models.own.ultralytics_kinds import KINDS
from demo.models.own.ultralytics_network import build_network
from demo.models.spec import ModelSpec, WeightsFile
from demo.models.ultralytics import Checkpoint

_PACKAGES = {"ultralytics", "pathlib", "types", "dill", "numpy", "argparse", "datetime"}
_LARGEST_SIDE = 1280


class UltralyticsFile:
    """A pickled network of ultralytics, read without running any of its code."""

    name = "ultralytics"
    order = 10
    suffixes = (".pt",)

    def spec(self, path: Path, name: str) -> ModelSpec | None:
        """The model of a checkpoint; None for other torch files.

        Raises DemoError for a file that is broken or unsafe, and for other tasks.
        """
        if not _names_ultralytics(path):
            return None
        found = _read(path)
        kind = KINDS.get(found.kind)
        if kind is None:
            raise DemoError("own_task", file=path.name, kind=found.kind)
        check_finite(found.state, path.name)
        network = build_network(found, path.name, name).eval()
        return own_spec(
            path,
            name=name,
            task=kind.task,
            labels=found.labels,
            architecture=Path(str(found.yaml.get("yaml_file") or found.kind)).stem,
            params=sum(tensor.numel() for tensor in network.parameters()),
            run=kind.run(name, found, _side(found.size or kind.side), network),
        )

    def draft(self, path: Path) -> Draft | None:
        """What the checkpoint says; it needs no description. Raises DemoError as `spec` does."""
        spec = self.spec(path, path.stem)
        return None if spec is None else Draft("", facts(spec))


READER = UltralyticsFile()


def _read(path: Path) -> Checkpoint:
    """Raises DemoError for a file that is broken or unsafe, naming the packages of its objects."""
    try:
        return ultralytics.read_checkpoint(WeightsFile(path, sha256=""))
    except DemoError as error:
        if error.key == "weights_unsafe":
            refused_pickle(path, also=_PACKAGES)
        raise


def _names_ultralytics(path: Path) -> bool:
    """Whether a torch file names classes of ultralytics."""
    try:
        with zipfile.ZipFile(path) as archive:
            parts = [one for one in archive.infolist() if one.filename.endswith("data.pkl")]
            return any(b"ultralytics" in archive.read(part) for part in parts)
    except (zipfile.BadZipFile, OSError, RuntimeError, NotImplementedError):
        return False


def _side(size: int) -> int:
    """A side that the network takes: a multiple of 32, at most 1280."""
    return max(32, min(size, _LARGEST_SIDE) // 32 * 32)
