"""Scores and card of a detector."""

from typing import ClassVar

from pydantic import Field

from demo.lab.cards.card import Card
from demo.lab.cards.facts import Estimate, Facts, Score
from demo.lab.cards.markdown import Section, class_section


class ClassPrecision(Facts):
    """Average precision of one class, 0–1; boxes: number of its true boxes."""

    ap50: float
    ap50_95: float
    boxes: int


class DetectorScores(Facts):
    """Mean average precisions on one set of photos, and those of each class that occurs in it."""

    map50: Estimate = Field(validation_alias="mAP50", serialization_alias="mAP50")
    map50_95: Estimate = Field(validation_alias="mAP50-95", serialization_alias="mAP50-95")
    per_class: dict[str, ClassPrecision]

    def estimates(self) -> dict[str, Estimate]:
        """The mean average precisions by the names of their metrics."""
        return {"mAP50": self.map50, "mAP50-95": self.map50_95}


class FalsePositives(Facts):
    """Photos with a box of at least that score, out of n photos without any of the classes.

    at_confidence: of at least the card's own confidence.
    """

    above_25: int = Field(validation_alias="0.25", serialization_alias="0.25")
    above_50: int = Field(validation_alias="0.5", serialization_alias="0.5")
    at_confidence: int
    n: int


class DetectorCard(Card):
    """Card of a detector.

    Args:
        not_offered: labels that only taught the network differences and are not published.
        confidence, iou: thresholds of the best F1 on validation photos, 0–1; all scores were
            shifted for the confidence to be the program's own.
        exclusive: groups of labels of which one thing has only one.
        per_class: label → `<set> AP50` and `<set> boxes`; AP50 is None without a true box.
        false_finds: false positives on photos of other things.
    """

    KEYS: ClassVar[tuple[str, ...]] = (
        "not_offered",
        "confidence",
        "iou",
        "exclusive",
        "mean",
        "std",
        "measured",
        "scores",
        "per_class",
        "unknown",
        "false_finds",
        "failures",
    )

    not_offered: tuple[str, ...]
    confidence: float
    iou: float
    exclusive: tuple[tuple[str, ...], ...]
    per_class: dict[str, dict[str, int | float | None]]
    false_finds: FalsePositives

    def overview_scores(self) -> list[Score]:
        """All but mAP50-95, which would double the rows of the README."""
        return [score for score in super().overview_scores() if score.metric != "mAP50-95"]

    def sections(self) -> list[Section]:
        """Average precisions of each class."""
        return [class_section(self.per_class)]
