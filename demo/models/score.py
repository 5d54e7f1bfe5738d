"""Scores of models, published or measured."""

from typing import TypedDict


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


def score_title(score: Score) -> str:
    """Data set and metric, `COCO mAP50-95`: scores of one title can be compared with each other."""
    dataset, metric = score.get("dataset", ""), score["metric"]
    dataset = _DATASETS.get(dataset, dataset.removesuffix(" test"))
    return f"{dataset} {_METRICS.get(metric, metric)}".strip()


def score_value(score: Score) -> str:
    """The number for people: `72.2 %`, a mean average precision as `39.5`, a distance as it is."""
    if "unit" in score:
        return f"{score['value']:.4f} {score['unit']}".rstrip()
    sign = "" if "mAP" in score["metric"] else " %"
    return f"{score['value']:.1f}{sign}"


def format_score(score: Score) -> str:
    """A score for people, with its data set and metric: `ImageNet top-1 72.2 %`."""
    return f"{score_title(score)} {score_value(score)}"
