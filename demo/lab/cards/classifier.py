"""Scores and card of a classifier."""

from typing import ClassVar

from pydantic import Field

from demo.lab.cards.card import Card
from demo.lab.cards.facts import Estimate, Facts
from demo.lab.cards.markdown import Section, class_section, table


class MacroScores(Facts):
    """Means of the classes' scores, 0–1."""

    precision: float
    recall: float
    f1: float


class ClassScores(Facts):
    """Scores of one class, 0–1; support: number of its test pictures."""

    precision: float
    recall: float
    f1: float
    support: int


class ClassifierScores(Facts):
    """What is measured of a classifier.

    confusion: rows are the true classes, columns the predicted ones.
    """

    accuracy: Estimate
    top5_accuracy: Estimate | None = Field(
        None, validation_alias="top-5 accuracy", serialization_alias="top-5 accuracy"
    )
    macro: MacroScores
    per_class: dict[str, ClassScores]
    confusion: tuple[tuple[int, ...], ...]

    def estimates(self) -> dict[str, Estimate]:
        """The accuracies by the names of their metrics, the main one first."""
        top5 = {} if self.top5_accuracy is None else {"top-5 accuracy": self.top5_accuracy}
        return {"accuracy": self.accuracy, **top5}


class LookalikeScores(Facts):
    """Accuracy and share of rejected pictures on n photos of the classes from other sources."""

    accuracy: float
    false_alarm: float
    n: int


class Pruning(Facts):
    """Structured pruning of a network after its training.

    Args:
        channels, kept: inside the last residual block, before and after.
        pictures: training pictures on which the channels' effects were measured.
        accuracy: of the whole network, measured in the same way, 0–1.
    """

    channels: int
    kept: int
    pictures: int
    accuracy: float

    def sentence(self) -> str:
        """What was done, for the card."""
        return (
            f"Pruned after training, without further training: of the {self.channels} channels "
            f"inside the last residual block the {self.channels - self.kept} that change its "
            f"output least on {self.pictures:,} training pictures were removed. The test accuracy "
            f"of the whole network, measured in the same way, is {self.accuracy:.1%}."
        )


class ClassifierCard(Card):
    """Card of a classifier.

    Args:
        pruned: how it was pruned; None where it was not.
        elsewhere: scores on photos of its classes from other sources; None where there are none.
        confusion: as in `ClassifierScores`; None with many classes.
        mistakes: (true label, predicted label, count) of the most frequent mistakes instead.
    """

    KEYS: ClassVar[tuple[str, ...]] = (
        "pruned",
        "elsewhere",
        "mean",
        "std",
        "measured",
        "scores",
        "macro",
        "per_class",
        "confusion",
        "mistakes",
        "unknown",
        "failures",
    )

    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    pruned: Pruning | None = None
    elsewhere: LookalikeScores | None
    macro: MacroScores
    per_class: dict[str, ClassScores]
    confusion: tuple[tuple[int, ...], ...] | None = None
    mistakes: tuple[tuple[str, str, int], ...] | None = None

    def commands(self) -> list[str]:
        """Training and publication, and pruning where there was any."""
        prune = [self.command.replace(" train ", " prune ")] if self.pruned else []
        return [*super().commands(), *prune]

    def macro_scores(self) -> dict[str, float]:
        """Precision, recall and F1, the means over the classes."""
        return dict(self.macro)

    def sections(self) -> list[Section]:
        """Scores of each class, then the confusion table or the most frequent mistakes."""
        parts = [class_section({label: dict(row) for label, row in self.per_class.items()})]
        if self.confusion:
            rows = [
                (label, *(str(count) for count in counts))
                for label, counts in zip(self.labels, self.confusion, strict=True)
            ]
            legend = "Rows: what it is; columns: what the model says."
            parts.append(Section("Confusion", (legend, table(("", *self.labels), rows))))
        if self.mistakes:
            pairs = [(true, predicted, str(count)) for true, predicted, count in self.mistakes]
            grid = table(("it is", "it says", "times"), pairs)
            parts.append(Section("Most frequent mistakes", (grid,)))
        return parts
