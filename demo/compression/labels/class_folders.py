"""A folder a class, as classifiers are usually trained: `cat/1.jpg`, `dog/2.jpg`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import cast

from demo.compare.labels import label_key
from demo.compression.labels.base import Labels, SetScore, Truth
from demo.errors import DemoError
from demo.models.spec import ModelSpec
from demo.results import Result, Scores
from demo.results.metrics import wilson
from demo.validate import brief


@dataclass(frozen=True, slots=True)
class FolderTruth(Truth):
    """The class of each picture; keys: name of the picture → `label_key` of its class."""

    keys: Mapping[str, str]
    notes: Sequence[DemoError] = ()

    def judge(self, name: str, result: Result) -> bool | None:
        """Whether the best label is the true one."""
        true = self.keys.get(name)
        if true is None:
            return None
        return label_key(cast(Scores, result).top(1)[0][0]) == true

    def score(self, judged: Sequence[object]) -> SetScore | None:
        """The share of right best labels, with Wilson's interval."""
        if not judged:
            return None
        hits, count = sum(map(bool, judged)), len(judged)
        return SetScore("accuracy", hits / count, *wilson(hits, count), count)


class ClassFolders(Labels):
    """The name of the folder in which a picture lies is its class."""

    name = "class_folders"
    tasks = ("classify",)

    def read(self, spec: ModelSpec, names: Sequence[str], texts: Mapping[str, str]) -> Truth | None:
        """None for pictures without folders; a note about folders that are none of the classes."""
        folders = {name: name.split("/")[-2] for name in names if "/" in name}
        if not folders:
            return None
        known = {label_key(label) for label in spec.labels}
        keys = {name: key for name, one in folders.items() if (key := label_key(one)) in known}
        foreign = sorted({one for one in folders.values() if label_key(one) not in known})
        notes = []
        if foreign:
            key = "compression_some_classes" if keys else "compression_no_classes"
            counts = {"count": len(foreign), "example": brief(foreign[0])}
            notes.append(DemoError(key, name=spec.name, **counts))
        return FolderTruth(keys, tuple(notes))


LABELS = ClassFolders()
