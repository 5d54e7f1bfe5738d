"""Scores of models, published or measured."""

import math
from typing import TypedDict

from demo.i18n import translate


class Score(TypedDict, total=False):
    """A published or measured score.

    metric: its name. value, low, high: in %, unless `unit` names another unit; low and high bound
    the 95 % interval. dataset: what it was measured on. n: number of pictures.
    """

    metric: str
    value: float
    low: float
    high: float
    n: int
    dataset: str
    unit: str


_DATASETS = {"cifar10 test": "CIFAR-10", "photo-101 test": "Caltech-101"}
"""Data sets by their names in cards."""
_METRICS = {"accuracy": "top-1", "top-5 accuracy": "top-5"}
"""Usual names of metrics by those in cards."""
_WORDS = {
    "animals": "score_animals",
    "mask mAP50-95": "score_mask_map",
    "keypoint mAP50-95": "score_keypoint_map",
}
"""String keys of the names that are words; names such as COCO or top-1 are the same everywhere."""


def score_title(score: Score, locale: str = "en") -> str:
    """Data set and metric, `COCO mAP50-95`: scores of one title can be compared with each other.

    locale: one of `demo.i18n.LOCALES`.
    """
    dataset, metric = score.get("dataset", ""), score["metric"]
    dataset = _DATASETS.get(dataset, dataset.removesuffix(" test"))
    names = (dataset, _METRICS.get(metric, metric))
    return " ".join(translate(_WORDS[n], locale) if n in _WORDS else n for n in names if n)


def score_value(score: Score) -> str:
    """The number for people: `72.2 %`, a mean average precision as `39.5`, a distance as it is."""
    if "unit" in score:
        return f"{score['value']:.4f} {score['unit']}".rstrip()
    sign = "" if "mAP" in score["metric"] else " %"
    return f"{score['value']:.1f}{sign}"


def rank(score: Score | None) -> float:
    """The number of a score, by which models are compared; the lowest of all for none."""
    return -math.inf if score is None else score["value"]


def format_score(score: Score, locale: str = "en") -> str:
    """A score for people, with its data set and metric: `ImageNet top-1 72.2 %`."""
    return f"{score_title(score, locale)} {score_value(score)}"
