"""The card of a weights file of this project, as far as the catalog reads it."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict, Field

from demo.models import example
from demo.models.about import About
from demo.models.score import Score
from demo.models.spec import Family, ModelSpec, UnknownRule, WeightsEntry, WeightsFile

if TYPE_CHECKING:
    from torch import nn


class CardScore(BaseModel):
    """A measured score, a share of 1; a distance for KID."""

    dataset: str
    metric: str
    value: float
    low: float
    high: float
    n: int


class CardRule(BaseModel):
    """A calibrated rule for pictures of none of the classes, see `UnknownRule`."""

    method: str
    temperature: float
    threshold: float
    false_alarm: float
    caught: int
    foreign: int


class Card(BaseModel):
    """`weights/<name>.json`; further keys are for people and are not read here.

    input_size: height and width in pixels, or how many random numbers. mean, std: of RGB in 0–1.
    unknown_alone: the rule of a classifier where the network that `unknown` asks too is missing.
    confidence, iou, exclusive: of a detector, see `ModelSpec` and `Yolo`. good_for, not_for, data,
    failures: see `About`.
    """

    model_config = ConfigDict(frozen=True)

    name: str
    task: str
    file: str
    sha256: str
    size_bytes: int
    params: int
    labels: list[str]
    input_size: list[int]
    architecture: str
    licence: str
    source: str
    measured: CardScore
    mean: list[float] | None = None
    std: list[float] | None = None
    unknown: CardRule | None = None
    unknown_alone: CardRule | None = None
    confidence: float | None = None
    iou: float | None = None
    exclusive: list[list[str]] = []
    good_for: str = Field("", validation_alias="for")
    not_for: str = ""
    data: tuple[str, ...] = ()
    failures: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CardLoader:
    """How the cards of one task become models; `name` is the task that they state."""

    name: str
    spec: Callable[[Card, Path], ModelSpec]


def card_spec(
    card: Card,
    folder: Path,
    family: Family,
    network: "Callable[[WeightsFile], nn.Module]",
    *,
    needs_nms: bool = False,
    fixed_size: bool = False,
    packs_convolutions: bool = False,
    cam_layers: tuple[str, ...] = (),
) -> ModelSpec:
    """The spec of a card in `folder`, from the facts that do not depend on its task."""
    return ModelSpec(
        name=card.name,
        title=card.name,
        task=card.task,
        labels=tuple(card.labels),
        input_size=max(card.input_size),
        architecture=card.architecture,
        licence=card.licence,
        source=card.source,
        weights=WeightsEntry(
            card.name,
            (".safetensors",),
            sha256=card.sha256,
            size_bytes=card.size_bytes,
            embedded=folder / card.file,
        ),
        family=family,
        network=network,
        fixed_size=fixed_size,
        packs_convolutions=packs_convolutions,
        measured=_percent(card.measured),
        needs_nms=needs_nms,
        params=card.params,
        # Networks with larger inputs come first: photos at their size before 32 × 32 pixels.
        order=1000 - max(card.input_size),
        unknown=unknown_rule(card.unknown),
        confidence=card.confidence,
        iou=card.iou,
        cam_layers=cam_layers,
        about=About(card.data, card.failures, card.good_for, card.not_for),
        examples=example.of_card(card.name),
    )


def unknown_rule(rule: CardRule | None) -> UnknownRule | None:
    """A card's rule for unknown pictures, or None where nothing was calibrated."""
    return None if rule is None else UnknownRule(**rule.model_dump())


def _percent(measured: CardScore) -> Score:
    """The card's shares of 1 as %, the unit of scores in the catalog; a distance as it is."""
    numbers = (measured.value, measured.low, measured.high)
    distance = measured.metric == "KID"
    value, low, high = numbers if distance else (round(100 * share, 4) for share in numbers)
    score: Score = {
        "dataset": measured.dataset,
        "metric": measured.metric,
        "value": value,
        "low": low,
        "high": high,
        "n": measured.n,
    }
    return {**score, "unit": ""} if distance else score
