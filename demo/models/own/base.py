"""What a reader of the owner's files is, and the model that a file makes."""

import pickle
import zipfile
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from demo.discover import collect
from demo.errors import DemoError
from demo.models.own.description import description_file, read_description
from demo.models.own.draft import Draft
from demo.models.pickled_calls import pickled_packages
from demo.models.spec import Family, ModelSpec, UnknownRule, WeightsEntry, WeightsFile

if TYPE_CHECKING:
    from torch import nn

_PLAIN_PACKAGES = {"torch", "collections", "builtins", "__builtin__", "numpy", "_codecs"}
BROKEN_PICKLE = (
    *(pickle.UnpicklingError, EOFError, RuntimeError, NotImplementedError, ValueError),
    *(TypeError, AttributeError, IndexError, KeyError),
)
"""Raised for archives and pickles that are broken, encrypted or strange."""
_ORDER = 50
"""Before the models of the catalog."""


class Reader(Protocol):
    """A kind of file. `order`: of two readers of one suffix, the smaller is asked first."""

    @property
    def name(self) -> str:
        """Unique name of the kind."""

    @property
    def order(self) -> int:
        """Preference."""

    @property
    def suffixes(self) -> tuple[str, ...]:
        """Suffixes of the files, in small letters."""

    def spec(self, path: Path, name: str) -> ModelSpec | None:
        """The model of a file, under `name`; None for a file of another kind.

        Raises DemoError for a file that cannot be a model, with the reason and the way out.
        """

    def draft(self, path: Path) -> Draft | None:
        """A first description of a file; None for a file of another kind.

        Raises DemoError for a file that cannot be a model.
        """


def suffixes() -> frozenset[str]:
    """All suffixes that are read."""
    return frozenset(suffix for reader in _readers() for suffix in reader.suffixes)


def read_model(path: Path, name: str) -> ModelSpec:
    """The model of one of the owner's files.

    Args:
        path: the file.
        name: of the model.

    Raises:
        DemoError: for a file that is not a model, or one that is refused.
    """
    for reader in _readers_of(path):
        found = reader.spec(path, name)
        if found is not None:
            return _described(path, found)
    raise DemoError("own_unknown_kind", file=path.name)


def draft(path: Path) -> Draft:
    """A first description of one of the owner's files. Raises DemoError as `read_model` does."""
    for reader in _readers_of(path):
        found = reader.draft(path)
        if found is not None:
            return found
    raise DemoError("own_unknown_kind", file=path.name)


def refused_pickle(path: Path, also: Collection[str] = ()) -> None:
    """Raise DemoError for a torch file that holds objects of other packages than torch's own.

    also: packages whose objects are known.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            parts = [one for one in archive.infolist() if one.filename.endswith("data.pkl")]
            found = {name for part in parts for name in pickled_packages(archive.read(part))}
    except (zipfile.BadZipFile, OSError, *BROKEN_PICKLE):  # another kind; loading it tells
        return
    strange = sorted(found - _PLAIN_PACKAGES - set(also))
    if strange:
        raise DemoError("own_pickled", file=path.name, package=", ".join(strange[:3]))


def facts(spec: ModelSpec) -> dict[str, object]:
    """What a file says of its model, for people."""
    return {
        "task": spec.task,
        "architecture": spec.architecture,
        "classes": len(spec.labels),
        "size": spec.input_size,
        "params": spec.params or "?",
    }


def _described(path: Path, spec: ModelSpec) -> ModelSpec:
    """The model with what its description says of it: score, thresholds, licence."""
    found = read_description(path)
    if found is None:
        return spec
    stated = found.task or spec.task
    if stated != spec.task:
        file = description_file(path).name
        raise DemoError("own_toml_value", file=file, word="task", got=stated)
    return replace(
        spec,
        confidence=found.confidence,
        iou=found.iou,
        measured=found.measured.score() if found.measured else None,
        licence=found.licence,
        source=found.source,
    )


@dataclass(frozen=True, slots=True)
class Run:
    """How a model is run; the fields are those of `ModelSpec`."""

    family: Family
    input_size: int
    network: "Callable[[WeightsFile], nn.Module]"
    needs_nms: bool = False
    fixed_size: bool = False
    packs_convolutions: bool = False
    runtime: str = "torch"
    cam_layers: tuple[str, ...] = ()
    attention_layers: tuple[str, ...] = ()


def own_spec(
    path: Path,
    *,
    name: str,
    task: str,
    labels: tuple[str, ...],
    architecture: str,
    params: int | None,
    run: Run,
    unknown: UnknownRule | None = None,
) -> ModelSpec:
    """The facts of a model from a file of the owner's, see `ModelSpec`."""
    return ModelSpec(
        name=name,
        title=name,
        task=task,
        labels=labels,
        input_size=run.input_size,
        architecture=architecture,
        licence="",
        source="",
        weights=WeightsEntry("", (), size_bytes=path.stat().st_size, embedded=path),
        family=run.family,
        network=run.network,
        fixed_size=run.fixed_size,
        packs_convolutions=run.packs_convolutions,
        needs_nms=run.needs_nms,
        runtime=run.runtime,
        cam_layers=run.cam_layers,
        attention_layers=run.attention_layers,
        params=params,
        order=_ORDER,
        own=True,
        unknown=unknown,
    )


def _readers_of(path: Path) -> list[Reader]:
    return [reader for reader in _readers() if path.suffix.lower() in reader.suffixes]


def _readers() -> list[Reader]:
    found: list[Reader] = collect("demo.models.own", "READER")
    return sorted(found, key=lambda reader: reader.order)
