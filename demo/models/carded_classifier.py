"""Classifiers of this project's own, from their cards."""

from pathlib import Path
from typing import TYPE_CHECKING

from demo.errors import DemoError
from demo.models import efficientnet_lite
from demo.models.card import Card, CardLoader, card_spec, unknown_rule
from demo.models.checkpoint import fill, load_state
from demo.models.classifier import CLASS_ANCHORS, Classifier, Preprocessing
from demo.models.networks.class_anchors import AnchoredClassifier, anchors_of, without_anchors
from demo.models.networks.classifiers import NETWORKS
from demo.models.spec import ModelSpec, WeightsFile

if TYPE_CHECKING:
    from torch import nn

BACKBONE = "lite0"
"""The size of EfficientNet-Lite whose features the rule `class-anchors` looks at."""


def _from_card(card: Card, folder: Path) -> ModelSpec:
    """The spec; without the backbone's package its rule is the one of the network alone.

    Its sentence on the page states which rule it is, and that rule's own rates.
    """
    if card.mean is None or card.std is None:
        raise KeyError("mean, std")
    mean, std = tuple(card.mean), tuple(card.std)
    anchored = card.unknown is not None and card.unknown.method == CLASS_ANCHORS
    if anchored and not efficientnet_lite.is_installed(BACKBONE):
        card, anchored = card.model_copy(update={"unknown": card.unknown_alone}), False
    side, labels = min(card.input_size), tuple(card.labels)
    construct = NETWORKS[card.architecture]

    def network(file: WeightsFile) -> "nn.Module":
        state, empty = load_state(file), construct()
        fill(empty, without_anchors(state), file, card.name)
        if not anchored:
            return empty.eval()
        try:
            anchors = anchors_of(state)
        except KeyError:
            raise DemoError("weights_do_not_fit", file=file.path.name, name=card.name) from None
        backbone = efficientnet_lite.installed(BACKBONE)
        return AnchoredClassifier(empty, backbone, anchors, mean, std).eval()

    preset = Preprocessing(side, side, "bilinear", mean, std)
    family = Classifier(card.name, preset, labels, unknown_rule(card))
    return card_spec(card, folder, family, network, fixed_size=True)


FROM_CARD = CardLoader("classify", _from_card)
