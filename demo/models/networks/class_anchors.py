"""How near a photo is to the classes of a classifier, in the features of another network."""

from collections.abc import Mapping
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from demo.models.networks.efficientnet_lite import EfficientNetLite

_PREFIX = "class_anchors."
"""Of the names of the tensors in a weights file, beside those of the classifier."""


class ClassAnchors(nn.Module):
    """The largest product of a photo's features, at length 1, with an anchor of each class.

    The anchors, C×features, are `coordinates` @ `basis`: a rank far below C keeps the file small.
    """

    def __init__(self, basis: Tensor, coordinates: Tensor) -> None:
        """basis: rank×features. coordinates: C×rank."""
        super().__init__()
        self.basis = nn.Parameter(basis)
        self.coordinates = nn.Parameter(coordinates)

    def forward(self, features: Tensor) -> Tensor:
        """N×features → N×1, high where the photo is near to a class."""
        places = F.normalize(features, dim=1) @ self.basis.T
        return (places @ self.coordinates.T).amax(1, keepdim=True)


class AnchoredClassifier(nn.Module):
    """A classifier, and an EfficientNet-Lite that sees the same pixels beside it."""

    def __init__(
        self,
        classifier: nn.Module,
        backbone: EfficientNetLite,
        anchors: ClassAnchors,
        mean: tuple[float, ...],
        std: tuple[float, ...],
    ) -> None:
        """mean, std: of the classifier's inputs, RGB in 0–1."""
        super().__init__()
        self.classifier = classifier
        # Its own thousand classes are not asked for.
        del backbone.classify
        self.backbone = backbone
        self.anchors = anchors
        self.register_buffer("mean", torch.tensor(mean).view(1, -1, 1, 1))
        self.register_buffer("std", torch.tensor(std).view(1, -1, 1, 1))

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """N×3×S×S normalised RGB → N×C logits, and N×1 nearness to the classes."""
        mean, std = cast(Tensor, self.mean), cast(Tensor, self.std)
        features = self.backbone.features(lite_inputs((x * std + mean) * 255))
        return self.classifier(x), self.anchors(features)


def lite_inputs(pixels: Tensor) -> Tensor:
    """N×3×S×S, 0–255 → what EfficientNet-Lite was trained on."""
    return (pixels - 127) / 128


def without_anchors(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The tensors of the classifier alone."""
    return {name: tensor for name, tensor in state.items() if not name.startswith(_PREFIX)}


def with_anchors(state: Mapping[str, Tensor], anchors: ClassAnchors) -> dict[str, Tensor]:
    """The tensors of a weights file: the classifier's and the anchors'."""
    named = {_PREFIX + name: tensor for name, tensor in anchors.state_dict().items()}
    return {**without_anchors(state), **named}


def anchors_of(state: Mapping[str, Tensor], classes: int, features: int) -> ClassAnchors:
    """The anchors among the tensors of a weights file, of any rank.

    Raises KeyError where there are none, and ValueError for anchors of another shape.
    """
    basis, coordinates = state[f"{_PREFIX}basis"], state[f"{_PREFIX}coordinates"]
    rank = basis.numel() // features
    shapes = tuple(coordinates.shape), tuple(basis.shape)
    if shapes != ((classes, rank), (rank, features)):
        raise ValueError(f"expected {classes}×rank and rank×{features}, got {shapes}")
    return ClassAnchors(basis, coordinates)
