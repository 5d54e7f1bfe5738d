"""The models of this project's own: each card weights/<name>.json with its file is one."""

import json
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import nn

from demo.errors import DemoError
from demo.models import yolo
from demo.models.checkpoint import fill, load_state
from demo.models.classifier import Classifier, Recipe
from demo.models.image_generator import ImageGenerator
from demo.models.networks.classifiers import NETWORKS
from demo.models.networks.gan import GENERATORS
from demo.models.spec import Model, ModelSpec, UnknownRule, WeightsEntry, WeightsFile

FOLDER = Path(__file__).resolve().parents[2] / "weights"


def read(folder: Path) -> list[ModelSpec]:
    """One spec a card in `folder` whose weight file is there, by name.

    Raises DemoError for a card that cannot be read.
    """
    specs = []
    for card in sorted(folder.glob("*.json")):
        try:
            facts = json.loads(card.read_text("utf-8"))
            if (folder / facts["file"]).is_file():
                specs.append(_spec(facts, folder))
        except (ValueError, KeyError, TypeError):
            raise DemoError("card_broken", file=card.name) from None
    return specs


class _Specs:
    """Those of weights/, read when they are asked for."""

    def __iter__(self) -> Iterator[ModelSpec]:
        return iter(read(FOLDER))


SPECS = _Specs()


def _spec(facts: dict[str, Any], folder: Path) -> ModelSpec:
    name, labels = facts["name"], tuple(facts["labels"])
    detector = facts["task"] == "detect"
    rule = _rule(facts["unknown"])
    load: Callable[[WeightsFile, torch.device], Model]
    if detector:
        load = partial(yolo.load, name, facts["architecture"], labels, False)
    elif facts["task"] == "generate":
        load = partial(_load_painter, name, GENERATORS[facts["architecture"]])
    else:
        side = min(facts["input_size"])
        recipe = Recipe(side, side, "bilinear", tuple(facts["mean"]), tuple(facts["std"]))
        load = partial(_load, name, NETWORKS[facts["architecture"]], recipe, labels, rule)
    return ModelSpec(
        name=name,
        title=name,
        task=facts["task"],
        labels=labels,
        input_size=max(facts["input_size"]),
        architecture=facts["architecture"],
        licence=facts["licence"],
        source=facts["source"],
        weights=WeightsEntry(
            name,
            (".safetensors",),
            sha256=facts["sha256"],
            size_bytes=facts["size_bytes"],
            embedded=folder / facts["file"],
        ),
        load=load,
        measured=_percent(facts["measured"]),
        needs_nms=detector,
        params=facts["params"],
        # The one that sees more comes first: photos at their size before 32 × 32 pixels.
        order=1000 - max(facts["input_size"]),
        unknown=rule,
    )


def _rule(facts: dict[str, Any] | None) -> UnknownRule | None:
    if facts is None:
        return None
    names = ("method", "temperature", "threshold", "false_alarm", "caught", "foreign")
    return UnknownRule(**{name: facts[name] for name in names})


def _percent(measured: dict[str, Any]) -> dict[str, Any]:
    """The card's shares of 1 as %, the unit of scores in the catalog; a distance as it is."""
    if measured["metric"] == "KID":
        return {**measured, "unit": ""}
    shares = ("value", "low", "high")
    return {k: round(100 * v, 4) if k in shares else v for k, v in measured.items()}


def _load_painter(
    name: str, constructor: Callable[[], nn.Module], file: WeightsFile, device: torch.device
) -> Model:
    network = constructor()
    fill(network, load_state(file), file, name)
    return ImageGenerator(name, network, device)


def _load(
    name: str,
    constructor: Any,
    recipe: Recipe,
    labels: tuple[str, ...],
    rule: UnknownRule | None,
    file: WeightsFile,
    device: torch.device,
) -> Model:
    network = constructor()
    fill(network, load_state(file), file, name)
    return Classifier(network, recipe, labels, device, rule)
