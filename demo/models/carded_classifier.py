"""Classifiers of this project's own, from their cards."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from demo.errors import DemoError
from demo.models import efficientnet_lite
from demo.models.card import Card, CardLoader, card_spec, unknown_rule
from demo.models.checkpoint import fill, load_state
from demo.models.classifier import CLASS_ANCHORS, Classifier, Preprocessing
from demo.models.spec import ModelSpec, UnknownRule, WeightsFile

if TYPE_CHECKING:
    from torch import nn

CAM_LAYERS: Mapping[str, tuple[str, ...]] = {
    "cnn-cifar10": ("1.1",),
    "cnn3-cifar10": ("9", "5"),
    "resnet9-cifar10": ("network.6", "network.4"),
    "photo-101": ("12", "4"),
    "photo-101-pruned": ("network.12", "network.4"),
}
"""Name of a network of `networks.classifiers` → its `ModelSpec.cam_layers`.

The end of the last stage, and of one before.
"""
BACKBONE = "lite0"
"""The size of EfficientNet-Lite whose features the rule `class-anchors` looks at."""


def _from_card(card: Card, folder: Path) -> ModelSpec:
    if card.mean is None or card.std is None:
        raise KeyError("mean, std")
    mean, std = tuple(card.mean), tuple(card.std)
    rule = _rule(card)
    anchored = rule is not None and rule.method == CLASS_ANCHORS
    side, labels = min(card.input_size), tuple(card.labels)
    cam_layers = CAM_LAYERS[card.architecture]

    def plain(file: WeightsFile) -> "nn.Module":
        from demo.models.networks.class_anchors import without_anchors
        from demo.models.networks.classifiers import NETWORKS

        empty = NETWORKS[card.architecture]()
        fill(empty, without_anchors(load_state(file)), file, card.name)
        return empty.eval()

    def with_backbone(file: WeightsFile) -> "nn.Module":
        from demo.models.networks.class_anchors import AnchoredClassifier, anchors_of

        state = load_state(file)
        backbone = efficientnet_lite.installed(BACKBONE)
        try:
            anchors = anchors_of(state, len(labels), backbone.classify.in_features)
        except (KeyError, ValueError):
            raise DemoError("weights_do_not_fit", file=file.path.name, name=card.name) from None
        return AnchoredClassifier(plain(file), backbone, anchors, mean, std).eval()

    preset = Preprocessing(side, side, "bilinear", mean, std)
    family = Classifier(card.name, preset, labels, rule)
    # With the backbone an answer takes a fifth less time; small networks alone hardly gain.
    spec = card_spec(
        card,
        folder,
        family,
        with_backbone if anchored else plain,
        fixed_size=True,
        packs_convolutions=anchored,
        cam_layers=cam_layers,
    )
    return replace(spec, unknown=rule, plain=plain)


def _rule(card: Card) -> UnknownRule | None:
    """The card's rule; where its backbone's package is missing, the rule of the network alone.

    That one names the package, for whoever reads the answer.
    """
    rule = unknown_rule(card.unknown)
    if rule is None or rule.method != CLASS_ANCHORS or efficientnet_lite.is_installed(BACKBONE):
        return rule
    alone = unknown_rule(card.unknown_alone)
    if alone is None:
        raise KeyError("unknown_alone")
    return replace(alone, missing=efficientnet_lite.package_of(BACKBONE))


FROM_CARD = CardLoader("classify", _from_card)
