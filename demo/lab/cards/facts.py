"""Measured facts that the cards of all kinds of networks share."""

from pydantic import BaseModel, ConfigDict


class Facts(BaseModel):
    """Base of everything in a card: immutable, without unknown keys."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    def to_json(self) -> dict[str, object]:
        """The facts as JSON values, with the keys of the file; what was never set is left out."""
        return self.model_dump(mode="json", by_alias=True, exclude_unset=True)


class Estimate(Facts):
    """A measured value with its 95 % interval; n: number of pictures it was measured on."""

    value: float
    low: float
    high: float
    n: int


class Score(Facts):
    """An estimate with its data set and metric, as cards state it."""

    dataset: str
    metric: str
    value: float
    low: float
    high: float
    n: int

    @classmethod
    def of(cls, dataset: str, metric: str, estimate: Estimate) -> "Score":
        """The estimate as a score of `metric` on `dataset`."""
        return cls(
            dataset=dataset,
            metric=metric,
            value=estimate.value,
            low=estimate.low,
            high=estimate.high,
            n=estimate.n,
        )


class OutOfDistributionRule(Facts):
    """Calibrated rule for rejecting pictures of none of the classes, and its measured rates.

    Args:
        method: `energy` (`demo.lab.evaluation.out_of_distribution`) or `class-anchors`
            (`demo.lab.evaluation.class_anchors`).
        temperature: divisor of the logits.
        threshold: a picture is rejected where its score is lower.
        false_alarm: share of test pictures of the classes that are rejected, 0–1, with its 95 %
            interval from `false_alarm_low` to `false_alarm_high`.
        own: number of those test pictures.
        caught: number of rejected pictures out of `foreign` pictures of other things.
        caught_max_softmax: the same for a threshold on the largest probability, at the same share
            of false alarms.
        further: further sets of pictures of other things → share of rejected ones.
    """

    method: str
    temperature: float
    threshold: float
    false_alarm: float
    false_alarm_low: float
    false_alarm_high: float
    own: int
    caught: int
    foreign: int
    caught_max_softmax: int
    further: dict[str, Estimate] = {}
