"""The ImageNet classifiers of torchvision with their default weights.

Their facts are in imagenet.json, written from torchvision's registry by
`python -m demo.models.imagenet`; importing the registry at the start would take a second.
"""

import json
import re
from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict

from demo.models import about, example
from demo.models.checkpoint import fill, load_state
from demo.models.classifier import Classifier, Preprocessing
from demo.models.spec import ModelSpec, WeightsEntry, WeightsFile

if TYPE_CHECKING:
    from torch import Tensor, nn


SNAPSHOT = Path(__file__).with_name("imagenet.json")
_MIB = 1 << 20
_DIGEST = re.compile(r"-([0-9a-f]{8,})\.pth$")
_OLD_DENSENET = re.compile(r"(\.denselayer\d+\.(?:norm|relu|conv))\.(\d)\.")


class _Row(TypedDict):
    """The facts of one model, see torchvision's WeightsEnum.

    gmacs: billions of multiplications with an addition of one pass, which it calls GFLOPS.
    """

    url: str
    mib: float
    params: int
    gmacs: float
    top1: float
    licence: str
    resize: int
    crop: int
    interpolation: str
    mean: Sequence[float]
    std: Sequence[float]


class _Snapshot(TypedDict):
    """labels: the 1,000 classes in the order of the logits. models: by name."""

    labels: list[str]
    models: dict[str, _Row]


def snapshot() -> _Snapshot:
    """The facts of imagenet.json, from the registry of the installed torchvision."""
    import torchvision
    from torchvision.models import get_model_weights, list_models

    models: dict[str, _Row] = {}
    labels: list[str] = []
    for name in list_models(module=torchvision.models):
        weights = get_model_weights(name).DEFAULT
        transforms = weights.transforms()
        labels = weights.meta["categories"]
        models[name] = {
            "url": weights.url,
            "mib": weights.meta["_file_size"],
            "params": weights.meta["num_params"],
            "gmacs": weights.meta["_ops"],
            "top1": weights.meta["_metrics"]["ImageNet-1K"]["acc@1"],
            "licence": weights.meta.get("license", ""),
            "resize": transforms.resize_size[0],
            "crop": transforms.crop_size[0],
            "interpolation": transforms.interpolation.value,
            "mean": transforms.mean,
            "std": transforms.std,
        }
    return {"labels": labels, "models": models}


@cache
def specs() -> tuple[ModelSpec, ...]:
    """One spec for each model of imagenet.json."""
    facts = _facts()
    labels = tuple(facts["labels"])
    return tuple(_spec(name, row, labels) for name, row in facts["models"].items())


class _Specs:
    """The specs, read when they are iterated over."""

    def __iter__(self) -> Iterator[ModelSpec]:
        return iter(specs())


SPECS = _Specs()


def _spec(name: str, row: _Row, labels: tuple[str, ...]) -> ModelSpec:
    url = row["url"]
    official = url.rsplit("/", 1)[1]
    digest = _DIGEST.search(official)
    preset = _preset(row)
    return ModelSpec(
        name=name,
        title=name,
        task="classify",
        labels=labels,
        input_size=row["crop"],
        architecture=name,
        licence="CC-BY-NC-4.0 (SWAG)" if row["licence"] else "BSD-3-Clause (torchvision)",
        source="torchvision",
        weights=WeightsEntry(
            name,
            (".safetensors", ".pth", ".pt"),
            official,
            url,
            digest.group(1) if digest else None,
            round(row["mib"] * _MIB),
        ),
        family=Classifier(name, preset, labels),
        network=partial(_load_network, name, preset.crop, len(labels)),
        fixed_size=True,
        published={"dataset": "ImageNet", "metric": "top-1", "value": row["top1"]},
        params=row["params"],
        order=200,
        about=about.IMAGENET,
        examples=example.IMAGENET,
        cam_layers=cam_layers(name),
        attention_layers=attention_layers(name),
    )


_CAM_LAYERS = {
    "alexnet": "features",
    "convnext": "features",
    # The features end in a ReLU in place, behind the norm.
    "densenet": "features.denseblock4",
    "efficientnet": "features",
    "googlenet": "inception5b",
    "inception": "Mixed_7c",
    "maxvit": "blocks.3",
    "mnasnet": "layers",
    "mobilenet": "features",
    "regnet": "trunk_output",
    "resn": "layer4",
    "shufflenet": "conv5",
    "squeezenet": "features",
    # Its stages give N×h×w×C.
    "swin": "permute",
    "vgg": "features",
    "wide_resnet": "layer4",
}
"""Beginning of a name → the module whose output is the last N×C×h×w. A ViT has none."""


def cam_layers(name: str) -> tuple[str, ...]:
    """`ModelSpec.cam_layers` of a model of torchvision."""
    return tuple(layer for start, layer in _CAM_LAYERS.items() if name.startswith(start))


_ATTENTION_DEPTHS = {"vit_b_": 12, "vit_l_": 24, "vit_h_": 32}
"""Beginning of a name → how many layers of self-attention it has."""


def attention_layers(name: str) -> tuple[str, ...]:
    """`ModelSpec.attention_layers` of a model of torchvision."""
    depth = next((d for start, d in _ATTENTION_DEPTHS.items() if name.startswith(start)), 0)
    return tuple(f"encoder.layers.encoder_layer_{i}.self_attention" for i in range(depth))


def preset(name: str) -> Preprocessing:
    """The preprocessing of the default weights of a model. Raises KeyError for another name."""
    return _preset(_facts()["models"][name])


def labels() -> list[str]:
    """ImageNet's 1,000 class names in the order of the published weights."""
    return _facts()["labels"]


def gflops(name: str) -> float:
    """Billions of operations of one pass, a multiplication and an addition counted as two.

    Raises KeyError for a name that torchvision does not have.
    """
    return 2 * _facts()["models"][name]["gmacs"]


@cache
def _facts() -> _Snapshot:
    facts: _Snapshot = json.loads(SNAPSHOT.read_text("utf-8"))
    return facts


def _preset(row: _Row) -> Preprocessing:
    return Preprocessing(
        row["resize"], row["crop"], row["interpolation"], tuple(row["mean"]), tuple(row["std"])
    )


def adapted(name: str, state: "Mapping[str, Tensor]") -> "Mapping[str, Tensor]":
    """The tensors of a published file by the names that the network `name` has for them."""
    if name.startswith("densenet"):
        state = {_OLD_DENSENET.sub(r"\1\2.", key): value for key, value in state.items()}
    if name in ("googlenet", "inception_v3"):
        state = {k: v for k, v in state.items() if not k.lower().startswith("aux")}
    if name.startswith("mnasnet") and not hasattr(state, "_metadata"):
        # A safetensors file states no versions, and this network asks for its own.
        state = OrderedDict(state)
        state._metadata = {"": {"version": 2}}  # type: ignore[attr-defined]
    return state


def _load_network(name: str, crop: int, classes: int, file: WeightsFile) -> "nn.Module":
    network = build(name, crop, classes)
    fill(network, adapted(name, load_state(file)), file, name)
    return network.eval()


def build(name: str, crop: int, classes: int) -> "nn.Module":
    """The network without weights and without the auxiliary heads that only training uses."""
    import torch
    from torchvision.models import get_model_builder

    options: dict[str, int | bool] = {"num_classes": classes}
    if name in ("googlenet", "inception_v3"):
        # Their weights come from TensorFlow, whose inputs lie in −1…1: the network converts.
        options |= {"transform_input": True, "aux_logits": False, "init_weights": False}
    if name.startswith("vit_"):
        options["image_size"] = crop
    # The meta device skips random initialisation; RegNet's constructor reads values, though.
    with torch.device("cpu" if name.startswith("regnet") else "meta"):
        network: nn.Module = get_model_builder(name)(weights=None, **options)
    return network


if __name__ == "__main__":
    text = json.dumps(snapshot(), ensure_ascii=False, indent=0)
    SNAPSHOT.write_text(text + "\n", "utf-8")
