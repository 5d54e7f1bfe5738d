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


def format_score(score: Score) -> str:
    """A score for people: `top-1 72.2 %`, or `KID 0.0312` where it has a unit of its own."""
    if "unit" in score:
        return f"{score['metric']} {score['value']:.4f} {score['unit']}".rstrip()
    return f"{score['metric']} {score['value']:.1f} %"
