"""What a recipe kind is, and the table of all kinds (`demo/lab/kinds/*.py`)."""

import json
from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

from demo.discover import collect
from demo.errors import DemoError
from demo.lab.cards.card import Card, card_text
from demo.lab.cards.facts import Facts
from demo.lab.options import EvaluateOptions, PublishOptions, TrainOptions
from demo.lab.recipe import Recipe
from demo.lab.training.progress import Progress

RecipeT = TypeVar("RecipeT", bound=Recipe)
CardT = TypeVar("CardT", bound=Card)


@dataclass(frozen=True, slots=True)
class DataSet:
    """A data set by name; downloadable: it has an official source that the lab can download."""

    name: str
    downloadable: bool


class RecipeKind(ABC, Generic[RecipeT, CardT]):
    """Everything that differs between kinds of networks, for recipes whose `kind` is its name.

    Modules of kinds are imported to list recipes and to start trainings: they import torch inside
    their methods only. Nothing of a training or an evaluation is kept on the object.
    """

    name: str
    """Task of its networks, as their cards state it: classify, detect, generate, …"""
    card_type: type[CardT]
    """Its cards; they also word what is particular to them in the Markdown card and the README."""

    @abstractmethod
    def datasets(self) -> tuple[DataSet, ...]:
        """Every data set that its networks can be trained or measured on."""

    @abstractmethod
    def train(self, recipe: RecipeT, options: TrainOptions) -> Iterator[Progress]:
        """Train a recipe under `options.run`.

        The last progress of each epoch (`Progress.ends_epoch`) comes after the epoch's checkpoint
        is written. With `options.resume` it continues after the last whole epoch.

        Raises:
            DemoError: the data are missing.
        """

    @abstractmethod
    def evaluate(self, card: CardT, options: EvaluateOptions) -> Facts:
        """Measure published weights on the test part of a data set.

        Raises:
            DemoError: they cannot be measured on that set, or the data are missing.
        """

    @abstractmethod
    def publish(self, recipe: RecipeT, options: PublishOptions) -> Iterator[str]:
        """Write weight file and card of a finished run; yields sentences about what is done.

        Raises:
            DemoError: there is no finished run, or the data are missing.
        """

    def prune(self, recipe: RecipeT, options: PublishOptions) -> Iterator[str]:
        """Make a published network smaller and write its files again; yields sentences.

        Raises:
            DemoError: networks of this kind, or this one, have no smaller form; data are missing.
        """
        raise DemoError("lab_not_prunable", name=recipe.name, network=self.name, known="–")

    def calibrate(self, recipe: RecipeT, options: PublishOptions) -> Iterator[str]:
        """Fit a published network's sign of doubt and write its files again; yields sentences.

        Raises:
            DemoError: networks of this kind, or this one, have no such sign; data are missing.
        """
        raise DemoError("lab_not_calibrated", name=recipe.name, known="–")


AnyKind = RecipeKind[Any, Any]
"""A kind looked up by name, which fits the recipe or card that stated the name."""


def kinds() -> dict[str, AnyKind]:
    """Every KIND of `demo/lab/kinds`, by name. Raises ValueError where two share a name."""
    return {kind.name: kind for kind in collect("demo.lab.kinds", "KIND")}


def find_kind(name: str) -> AnyKind:
    """The kind of that name. Raises DemoError for an unknown one."""
    table = kinds()
    if name not in table:
        raise DemoError("lab_kind_unknown", name=name, known=", ".join(table))
    return table[name]


def read_card(weights: Path, name: str) -> tuple[AnyKind, Card]:
    """The card `weights/<name>.json` and its kind.

    Raises DemoError where the card is missing or broken, or of an unknown kind.
    """
    text = card_text(weights, name)
    try:
        task = json.loads(text)["task"]
    except (ValueError, KeyError, TypeError):
        raise DemoError("card_broken", file=f"{name}.json") from None
    kind = find_kind(str(task))
    return kind, kind.card_type.parse(text, f"{name}.json")


def read_cards(weights: Path) -> list[Card]:
    """All cards of a folder by name. Raises DemoError for a broken one."""
    return [read_card(weights, file.stem)[1] for file in sorted(weights.glob("*.json"))]
