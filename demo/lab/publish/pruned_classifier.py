"""Pruning of a published classifier: weight file and card are written again, measured again."""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple, cast

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import save_file
from torch import Tensor, nn

from demo.errors import DemoError
from demo.lab.cards.card import Origin
from demo.lab.cards.classifier import ClassifierCard, Pruning
from demo.lab.data.cifar import Pictures
from demo.lab.evaluation.networks import load_classifier
from demo.lab.options import PublishOptions
from demo.lab.publish.classifier import measured_card
from demo.lab.publish.files import FileFacts, write_card
from demo.lab.publish.pruning import effects, patch_moments, strongest, without_channels
from demo.lab.recipe import ClassifierRecipe
from demo.lab.training.batches import normalise, resize
from demo.lab.training.classifier import logits_of
from demo.lab.training.datasets import DATASETS
from demo.lab.training.weights_file import half_state
from demo.models.networks.classifiers import NETWORKS, ConvNorm, Mirrored, Residual

PRUNED = {"photo-101": "photo-101-pruned"}
"""Architecture → the same with fewer channels inside its last residual block."""

_BATCH = 250


class Block(NamedTuple):
    """A residual block of two convolutions: its name in the network, and its two halves."""

    name: str
    first: ConvNorm
    second: ConvNorm

    @classmethod
    def last_of(cls, network: nn.Module) -> "Block":
        """The last residual block of a network."""
        blocks = [(k, m.block) for k, m in network.named_modules() if isinstance(m, Residual)]
        name, block = blocks[-1]
        return cls(f"{name}.block", cast(ConvNorm, block[0]), cast(ConvNorm, block[1]))

    @property
    def channels(self) -> int:
        """The number of channels between the two halves."""
        return cast(nn.Conv2d, self.second[0]).in_channels


def prune_classifier(recipe: ClassifierRecipe, options: PublishOptions) -> Iterator[str]:
    """Prune `weights/<name>.safetensors` and write it again with its card.

    Raises:
        DemoError: the card is missing, its network has no smaller form, or data are missing.
    """
    card = ClassifierCard.read(options.weights, recipe.name)
    if card.architecture not in PRUNED:
        known = ", ".join(PRUNED)
        raise DemoError("lab_not_prunable", name=card.name, network=card.architecture, known=known)
    architecture, file = PRUNED[card.architecture], options.weights / card.file
    train = DATASETS[recipe.dataset](options.data, "train", options.cache)
    test = DATASETS[recipe.dataset](options.data, "test", options.cache)
    network = load_classifier(file, card.architecture)
    slim = cast(Mirrored, NETWORKS[architecture]())
    before, after = Block.last_of(network).channels, Block.last_of(slim.network).channels
    batches = _batches(resize(train.images, recipe.input_hw), recipe)
    slim.network.load_state_dict(pruned_state(network, after, batches))
    save_file(half_state(slim.state_dict()), file)
    accuracy = _accuracy(Mirrored(network), test, recipe)
    pruned = Pruning(channels=before, kept=after, pictures=len(train), accuracy=accuracy)
    yield f"{file.name}: {before - after} of {before} channels removed"
    facts = _origin(card, recipe, architecture, file, pruned)
    model = load_classifier(file, architecture)
    own = (logits_of(model, test.images, recipe.mean, recipe.std), test.targets)
    rewritten = measured_card(recipe, options, facts, model, own, pruned=pruned)
    yield from write_card(rewritten, options.weights)


def pruned_state(network: nn.Module, kept: int, batches: Iterator[Tensor]) -> dict[str, Tensor]:
    """The network's state with the `kept` strongest channels inside its last residual block.

    batches: N×3×H×W inputs on which the channels' effects are measured.
    """
    block = Block.last_of(network)
    moments = patch_moments(network, cast(nn.Conv2d, block.second[0]), batches)
    chosen = strongest(effects(block.second, moments), kept)
    return without_channels(network.state_dict(), block.name, chosen, moments)


def _batches(images: NDArray[np.uint8], recipe: ClassifierRecipe) -> Iterator[Tensor]:
    for i in range(0, len(images), _BATCH):
        pixels = torch.from_numpy(images[i : i + _BATCH]).permute(0, 3, 1, 2)
        yield normalise(pixels, recipe.mean, recipe.std)


def _accuracy(network: nn.Module, test: Pictures, recipe: ClassifierRecipe) -> float:
    logits = logits_of(network, test.images, recipe.mean, recipe.std)
    return float((logits.argmax(1) == test.targets).mean())


def _origin(
    card: ClassifierCard, recipe: ClassifierRecipe, architecture: str, file: Path, pruned: Pruning
) -> Origin:
    """The origin of the card with the facts of the pruned file."""
    facts = {name: getattr(card, name) for name in Origin.model_fields}
    changes: dict[str, object] = {
        **FileFacts.of(file)._asdict(),
        "architecture": architecture,
        "input_size": recipe.input_hw,
        "source": f"{card.source}, then pruned",
        "data": (*recipe.about.data, pruned.sentence()),
    }
    return Origin.model_validate(facts | changes)
