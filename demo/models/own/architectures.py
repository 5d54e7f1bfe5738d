"""The classifiers that a description may name: how each is built, and its usual preprocessing."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, partial
from typing import TYPE_CHECKING

from demo.models import imagenet
from demo.models.bundled import FOLDER
from demo.models.card import Card
from demo.models.carded_classifier import CAM_LAYERS
from demo.models.classifier import Preprocessing
from demo.models.efficientnet_lite import cam_layers as lite_cam_layers
from demo.models.efficientnet_lite import preset as lite_preset
from demo.models.efficientnet_scales import SCALES
from demo.models.feature_maps import timm_attention, timm_layers

if TYPE_CHECKING:
    from torch import Tensor, nn


IMAGENET_CLASSES = 1000


@dataclass(frozen=True, slots=True)
class Architecture:
    """A kind of classifier.

    build: (classes, side of the input) → the network without weights; a kind that knows one
    number of classes ignores it. preset: what its published weights were trained
    with. params: with its published classes. adapt: tensors as they are published → by the names
    of the network. cam_layers, attention_layers: see `ModelSpec`.
    """

    name: str
    build: "Callable[[int, int], nn.Module]"
    preset: Preprocessing
    params: int
    adapt: "Callable[[Mapping[str, Tensor]], Mapping[str, Tensor]]"
    cam_layers: tuple[str, ...] = ()
    attention_layers: tuple[str, ...] = ()


def find(name: str) -> Architecture | None:
    """The architecture of that name: of torchvision, of this project, or of timm."""
    return known().get(name) or _timm(name)


@cache
def known() -> Mapping[str, Architecture]:
    """All but timm's, by name."""
    return {one.name: one for one in (*_torchvision(), *_lite(), *_own())}


def _torchvision() -> Iterator[Architecture]:
    for spec in imagenet.specs():
        name, preset = spec.name, imagenet.preset(spec.name)

        def build(classes: int, size: int, name: str = name) -> "nn.Module":
            return imagenet.build(name, size, classes)

        adapt = partial(imagenet.adapted, name)
        params, maps, attention = spec.params or 0, spec.cam_layers, spec.attention_layers
        yield Architecture(name, build, preset, params, adapt, maps, attention)


def _lite() -> Iterator[Architecture]:
    import torch

    from demo.models.networks.efficientnet_lite import EfficientNetLite

    for size in SCALES:

        def build(classes: int, side: int, size: str = size) -> "nn.Module":
            with torch.device("meta"):
                return EfficientNetLite(size, classes)

        params = sum(p.numel() for p in build(IMAGENET_CLASSES, 0).parameters())
        name, preset, layers = f"efficientnet_{size}", lite_preset(size), lite_cam_layers(size)
        yield Architecture(name, build, preset, params, _lite_state, layers)


def _lite_state(state: "Mapping[str, Tensor]") -> "Mapping[str, Tensor]":
    from demo.models.networks.efficientnet_lite import renamed

    return renamed(state) if "_fc.weight" in state else state


def _own() -> Iterator[Architecture]:
    """This project's own, with the preprocessing of the cards in `weights/`."""
    import torch

    from demo.models.networks.classifiers import NETWORKS

    for path in sorted(FOLDER.glob("*.json")):
        facts = json.loads(path.read_text("utf-8"))
        if facts["architecture"] not in NETWORKS:
            continue
        card = Card.model_validate(facts)
        if card.mean is None or card.std is None:
            continue

        def build(classes: int, side: int, name: str = card.architecture) -> "nn.Module":
            with torch.device("meta"):
                return NETWORKS[name]()

        side = min(card.input_size)
        preset = Preprocessing(side, side, "bilinear", tuple(card.mean), tuple(card.std))
        layers = CAM_LAYERS[card.architecture]
        yield Architecture(card.architecture, build, preset, card.params, dict, layers)


def _timm(name: str) -> Architecture | None:
    import timm
    import torch
    from timm.data import resolve_model_data_config

    if not timm.is_model(name):
        return None

    def build(classes: int, side: int) -> "nn.Module":
        # Without pretrained=True nothing is downloaded.
        options = {"img_size": side} if name.startswith(("vit_", "swin", "deit")) else {}
        # On the CPU: buffers that no file holds are computed when the network is made.
        network: nn.Module = timm.create_model(name, num_classes=classes, **options)
        return network

    with torch.device("meta"):
        made = timm.create_model(name).eval()
    facts = resolve_model_data_config(made)
    crop = int(facts["input_size"][1])
    way = facts["interpolation"] if facts["interpolation"] in ("bilinear", "bicubic") else "bicubic"
    preset = Preprocessing(
        int(crop / facts["crop_pct"]), crop, way, tuple(facts["mean"]), tuple(facts["std"])
    )
    params = sum(p.numel() for p in made.parameters())
    maps, attention = timm_layers(made, crop), timm_attention(made)
    return Architecture(name, build, preset, params, dict, maps, attention)


def labels_of_imagenet() -> tuple[str, ...]:
    """ImageNet's 1,000 class names in the order of the published weights."""
    return tuple(imagenet.labels())
