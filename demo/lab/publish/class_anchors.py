"""Calibration of a published classifier's sign of doubt with the features of EfficientNet-Lite0."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from safetensors.torch import load_file, save_file

from demo.errors import DemoError
from demo.lab.cards.classifier import AnchorCalibration, ClassifierCard
from demo.lab.cards.facts import OutOfDistributionRule
from demo.lab.data.outliers import FOREIGN_OF, FURTHER_OF, OTHER_FARM_ANIMALS, OUTLIERS
from demo.lab.data.photo101 import VALIDATION_OF
from demo.lab.evaluation.class_anchors import (
    Features,
    features_of,
    fit_anchors,
    nearness,
    threshold_of,
)
from demo.lab.evaluation.classifier import share_of
from demo.lab.options import PublishOptions
from demo.lab.publish.classifier import foreign_sentence
from demo.lab.publish.files import FileFacts, write_card
from demo.lab.recipe import ClassifierRecipe
from demo.lab.training.datasets import DATASETS
from demo.lab.training.weights_file import half_state
from demo.models import efficientnet_lite
from demo.models.carded_classifier import BACKBONE
from demo.models.classifier import CLASS_ANCHORS
from demo.models.networks.class_anchors import ClassAnchors, with_anchors
from demo.models.networks.packed_conv import is_supported, pack_convolutions

_SHOWN = "pets"
"""Of the outliers that the network itself was shown, those that the anchors keep away from."""

_Extractor = Callable[[NDArray[np.uint8]], Features]
"""N×S×S×3 uint8 RGB → their features for EfficientNet-Lite0."""


class _Fitted(NamedTuple):
    anchors: ClassAnchors
    threshold: float
    facts: AnchorCalibration

    def rejected(self, features: Features) -> int:
        return int((nearness(self.anchors, features) < self.threshold).sum())


def calibrate_classifier(recipe: ClassifierRecipe, options: PublishOptions) -> Iterator[str]:
    """Fit anchors, write them into `weights/<name>.safetensors`, and the card with what they do.

    The classifier's own tensors and scores stay; its rule so far becomes the one without backbone.

    Raises:
        DemoError: the card, the backbone's package or data are missing, or no part of the training
            photos of this data set is for validation.
    """
    if recipe.dataset not in VALIDATION_OF:
        raise DemoError("lab_not_calibrated", name=recipe.name, known=", ".join(VALIDATION_OF))
    card = ClassifierCard.read(options.weights, recipe.name)
    alone = card.unknown_alone or card.out_of_distribution
    if alone is None:
        raise DemoError("card_broken", file=f"{card.name}.json")
    extract = _extractor()
    fitted = _fit(recipe, options, extract)
    yield f"fitted on {fitted.facts.fitted:,} photos, threshold {fitted.threshold:.4f}"
    rule = _measure(recipe, options, extract, fitted, alone)
    file = options.weights / card.file
    save_file(half_state(with_anchors(load_file(file), fitted.anchors)), file)
    yield f"{rule.false_alarm:.1%} false alarms, {rule.caught} of {rule.foreign} caught"
    facts: dict[str, object] = FileFacts.of(file)._asdict()
    yield from write_card(_card(recipe, card, alone, rule, fitted.facts, facts), options.weights)


def _extractor() -> _Extractor:
    """Raises DemoError where the package of EfficientNet-Lite0 is missing or damaged."""
    network = efficientnet_lite.installed(BACKBONE)
    if is_supported():
        pack_convolutions(network)
    return partial(features_of, network)


def _fit(recipe: ClassifierRecipe, options: PublishOptions, extract: _Extractor) -> _Fitted:
    """Anchors of two thirds of the training photos, and the threshold by the other third."""
    train = DATASETS[recipe.dataset](options.data, "train", options.cache)
    held = VALIDATION_OF[recipe.dataset](options.data, options.cache)
    features = extract(train.images)
    shown = extract(OUTLIERS[_SHOWN](options.data, options.cache, recipe.input_hw[0]))
    anchors = fit_anchors(features[~held], train.targets[~held], shown, features[held])
    threshold = threshold_of(anchors, features[held])
    facts = AnchorCalibration(
        backbone=f"efficientnet_{BACKBONE}",
        rank=len(anchors.basis),
        fitted=int((~held).sum()),
        shown=len(shown),
        validation=int(held.sum()),
        selection=recipe.about.selection,
        fresh=OTHER_FARM_ANIMALS,
    )
    return _Fitted(anchors, threshold, facts)


def _measure(
    recipe: ClassifierRecipe,
    options: PublishOptions,
    extract: _Extractor,
    fitted: _Fitted,
    alone: OutOfDistributionRule,
) -> OutOfDistributionRule:
    """What the anchors do with all test photos and all sets of other things."""
    source = (options.data, options.cache, recipe.input_hw[0])

    def rejected(images: NDArray[np.uint8]) -> int:
        return fitted.rejected(extract(images))

    test = DATASETS[recipe.dataset](options.data, "test", options.cache)
    alarms = share_of(rejected(test.images), len(test))
    foreign = FOREIGN_OF[recipe.dataset](*source)
    sets = FURTHER_OF[recipe.dataset](*source)
    if OTHER_FARM_ANIMALS not in sets:
        raise DemoError("lab_data_missing", dataset=OTHER_FARM_ANIMALS, expected="animals")
    changes = {
        "method": CLASS_ANCHORS,
        "threshold": fitted.threshold,
        "false_alarm": alarms.value,
        "false_alarm_low": alarms.low,
        "false_alarm_high": alarms.high,
        "own": alarms.n,
        "caught": rejected(foreign),
        "foreign": len(foreign),
        "further": {name: share_of(rejected(images), len(images)) for name, images in sets.items()},
    }
    return alone.model_copy(update=changes)


def _card(
    recipe: ClassifierRecipe,
    card: ClassifierCard,
    alone: OutOfDistributionRule,
    rule: OutOfDistributionRule,
    anchors: AnchorCalibration,
    file: dict[str, object],
) -> ClassifierCard:
    """The card with both rules; the sentences of an earlier one are replaced."""
    before = card.out_of_distribution or alone
    replaced = {foreign_sentence(before): foreign_sentence(rule)}
    pruned = () if card.pruned is None else (card.pruned.sentence(),)
    changes: dict[str, object] = {
        **file,
        "data": (*recipe.about.data, *pruned, anchors.sentence()),
        "anchors": anchors,
        "out_of_distribution": rule,
        "unknown_alone": alone,
        "failures": tuple(replaced.get(line, line) for line in card.failures),
    }
    return card.model_copy(update=changes)
