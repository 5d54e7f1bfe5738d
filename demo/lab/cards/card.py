"""Base of the cards `weights/<name>.json`: the facts that every published network states."""

import json
from pathlib import Path
from typing import ClassVar, Self

from pydantic import Field, ValidationError

from demo.errors import DemoError
from demo.lab.cards.facts import Facts, OutOfDistributionRule, Score
from demo.lab.cards.markdown import Section

_DIGITS = 6
"""Decimal places of the numbers in a card."""


class Origin(Facts):
    """The facts of a card that come from the recipe, the weight file and the record of the run.

    Args:
        task: name of the recipe kind.
        file: name of the weight file next to the card, with its digest and size.
        labels: published classes.
        input_size: height and width in pixels, or the number of random inputs of a generator.
        recipe, command, seed: how it was trained.
        epochs, planned_epochs: finished epochs out of how many.
        good_for, not_for: intended use, and uses to avoid.
    """

    name: str
    task: str
    file: str
    sha256: str
    size_bytes: int
    params: int
    precision: str
    labels: tuple[str, ...]
    input_size: tuple[int, ...]
    architecture: str
    licence: str
    source: str
    recipe: str
    command: str
    seed: int
    epochs: int
    planned_epochs: int
    train_minutes: float
    machine: str
    data: tuple[str, ...]
    good_for: str = Field(validation_alias="for", serialization_alias="for")
    not_for: str


class Card(Origin):
    """What a published weight file is, how it was trained and what it scores.

    A kind of networks derives its own card with further facts, and overrides the methods that
    word them for the Markdown card and the README.

    Args:
        mean, std: of the normalised inputs, RGB in 0–1; None where inputs are not normalised.
        measured: the main score. scores: the other ones.
        out_of_distribution: rule for rejecting pictures of other things, or None.
        failures: known failures, whole sentences.
    """

    KEYS: ClassVar[tuple[str, ...]] = ("mean", "std", "measured", "scores", "unknown", "failures")
    """Order of the file's keys after those of `Origin`."""

    mean: tuple[float, float, float] | None
    std: tuple[float, float, float] | None
    measured: Score
    scores: tuple[Score, ...]
    out_of_distribution: OutOfDistributionRule | None = Field(
        validation_alias="unknown", serialization_alias="unknown"
    )
    failures: tuple[str, ...]

    @classmethod
    def of(cls, origin: Origin, **facts: object) -> Self:
        """A card of that origin and further facts, which replace facts of the same name.

        Raises pydantic's ValidationError for wrong or missing facts.
        """
        return cls.model_validate({**dict(origin), **facts})

    @classmethod
    def read(cls, weights: Path, name: str) -> Self:
        """The card `weights/<name>.json`. Raises DemoError where it is missing or broken."""
        return cls.parse(card_text(weights, name), f"{name}.json")

    @classmethod
    def parse(cls, text: str, file: str) -> Self:
        """The card of a JSON text; `file` names it in the DemoError for a broken one."""
        try:
            return cls.model_validate_json(text)
        except ValidationError:
            raise DemoError("card_broken", file=file) from None

    def dump(self) -> str:
        """The text of the JSON file: numbers rounded to 6 decimal places, one key a line."""
        facts = self.to_json()
        keys = [key for key in facts if key not in self.KEYS]
        keys += [key for key in self.KEYS if key in facts]
        ordered = {key: _rounded(facts[key]) for key in keys}
        return json.dumps(ordered, indent=1, ensure_ascii=False) + "\n"

    def commands(self) -> list[str]:
        """The commands that made the file, in their order."""
        return [self.command, self.command.replace(" train ", " publish ")]

    def input_text(self) -> str:
        """The input in a few words, for the README."""
        height, width = self.input_size
        return f"{width} × {height} pixels"

    def input_rows(self) -> list[tuple[str, str]]:
        """Rows (name, value) about inputs and outputs for the first table of the card."""
        height, width = self.input_size
        return [("input", f"{width}×{height} pixels"), ("classes", ", ".join(self.labels))]

    def overview_scores(self) -> list[Score]:
        """The scores that the README shows."""
        return [self.measured, *self.scores]

    def macro_scores(self) -> dict[str, float]:
        """Means over the classes by metric, for the card's table of scores."""
        return {}

    def sections(self) -> list[Section]:
        """Parts of the card that only this kind of networks has, after the scores."""
        return []

    def rejection(self, rule: OutOfDistributionRule) -> tuple[str, ...]:
        """Paragraphs about how pictures of other things are rejected, and what that does."""
        return energy_text(rule)


def energy_text(rule: OutOfDistributionRule) -> tuple[str, ...]:
    """Paragraphs about a rule of the method `energy`."""
    return (
        (
            f"With T = {rule.temperature:.3f} (fitted on half of the test pictures) the "
            "probabilities are softmax(logits / T), and the energy score of a picture is "
            "E = T · log Σ exp(logits / T). A picture is known where E ≥ "
            f"{rule.threshold:.3f}, a threshold set on the same half."
        ),
        (
            f"On the other half ({rule.own:,} pictures) {rule.false_alarm:.1%} are wrongly "
            f"called unknown (95 % interval {rule.false_alarm_low:.1%}–"
            f"{rule.false_alarm_high:.1%}). Of {rule.foreign:,} foreign photos "
            f"{rule.caught:,} are called unknown; looking at the largest probability alone, at "
            f"the same rate of false alarms, {rule.caught_max_softmax:,} would be."
        ),
    )


def card_text(weights: Path, name: str) -> str:
    """The text of `weights/<name>.json`. Raises DemoError where there is none."""
    file = weights / f"{name}.json"
    if not file.is_file():
        known = ", ".join(sorted(path.stem for path in weights.glob("*.json")))
        raise DemoError("lab_weights_unknown", name=name, known=known or "–")
    return file.read_text("utf-8")


def _rounded(value: object) -> object:
    if isinstance(value, float):
        return round(value, _DIGITS)
    if isinstance(value, dict):
        return {key: _rounded(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_rounded(item) for item in value]
    return value
