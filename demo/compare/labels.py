"""Class names of different models, mapped to each other by name."""

from collections.abc import Iterable
from dataclasses import dataclass


def label_key(label: str) -> str:
    """A name without what spelling alone changes: case, underscores, hyphens, blanks."""
    return " ".join(label.casefold().replace("_", " ").replace("-", " ").split())


@dataclass(frozen=True, slots=True)
class ClassSets:
    """How the classes of two models lie to each other: how many both have, and each alone."""

    shared: int
    only_a: int
    only_b: int

    @classmethod
    def of(cls, a: Iterable[str], b: Iterable[str]) -> "ClassSets":
        """Compare the labels of two models by name."""
        keys_a, keys_b = {label_key(name) for name in a}, {label_key(name) for name in b}
        return cls(len(keys_a & keys_b), len(keys_a - keys_b), len(keys_b - keys_a))

    @property
    def same(self) -> bool:
        """Whether both models have the same classes."""
        return not self.only_a and not self.only_b
