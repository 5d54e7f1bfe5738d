"""The ImageNet classifiers of torchvision with their default weights.

Their facts stand in imagenet.json, taken from torchvision's own registry by
`python -m demo.models.imagenet`; reading them there would cost the start of the program a second.
"""

import json
import re
from collections import OrderedDict
from collections.abc import Iterator
from functools import cache, partial
from pathlib import Path
from typing import Any

import torch
from torch import nn

from demo.models.checkpoint import fill, load_state
from demo.models.classifier import Classifier, Preprocessing
from demo.models.spec import ModelSpec, WeightsEntry, WeightsFile

SNAPSHOT = Path(__file__).with_name("imagenet.json")
_MIB = 1 << 20
_DIGEST = re.compile(r"-([0-9a-f]{8,})\.pth$")
_OLD_DENSENET = re.compile(r"(\.denselayer\d+\.(?:norm|relu|conv))\.(\d)\.")


def snapshot() -> dict[str, Any]:
    """The facts of imagenet.json, read anew from torchvision's registry."""
    import torchvision
    from torchvision.models import get_model_weights, list_models

    models: dict[str, Any] = {}
    labels: list[str] = []
    for name in list_models(module=torchvision.models):
        weights = get_model_weights(name).DEFAULT
        transforms = weights.transforms()
        labels = weights.meta["categories"]
        models[name] = {
            "url": weights.url,
            "mib": weights.meta["_file_size"],
            "params": weights.meta["num_params"],
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
    """One spec a model of imagenet.json."""
    facts = json.loads(SNAPSHOT.read_text("utf-8"))
    labels = tuple(facts["labels"])
    return tuple(_spec(name, row, labels) for name, row in facts["models"].items())


class _Specs:
    """All of them, read when they are asked for."""

    def __iter__(self) -> Iterator[ModelSpec]:
        return iter(specs())


SPECS = _Specs()


def _spec(name: str, row: dict[str, Any], labels: tuple[str, ...]) -> ModelSpec:
    url = row["url"]
    official = url.rsplit("/", 1)[1]
    digest = _DIGEST.search(official)
    preset = Preprocessing(
        row["resize"], row["crop"], row["interpolation"], tuple(row["mean"]), tuple(row["std"])
    )
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
        published={"metric": "ImageNet top-1", "value": row["top1"]},
        params=row["params"],
        order=200,
    )


def _load_network(name: str, crop: int, classes: int, file: WeightsFile) -> nn.Module:
    state = load_state(file)
    if name.startswith("densenet"):
        state = {_OLD_DENSENET.sub(r"\1\2.", key): value for key, value in state.items()}
    if name in ("googlenet", "inception_v3"):
        state = {k: v for k, v in state.items() if not k.lower().startswith("aux")}
    if name.startswith("mnasnet") and not hasattr(state, "_metadata"):
        # A safetensors file states no versions, and this network asks for its own.
        state = OrderedDict(state)
        state._metadata = {"": {"version": 2}}  # type: ignore[attr-defined]
    network = build(name, crop, classes)
    fill(network, state, file, name)
    return network.eval()


def build(name: str, crop: int, classes: int) -> nn.Module:
    """The empty network, without the heads that only training uses."""
    from torchvision.models import get_model_builder

    options: dict[str, Any] = {"num_classes": classes}
    if name in ("googlenet", "inception_v3"):
        # Their weights come from TensorFlow, whose inputs lie in −1…1: the network converts.
        options |= {"transform_input": True, "aux_logits": False, "init_weights": False}
    if name.startswith("vit_"):
        options["image_size"] = crop
    # Nothing is drawn at random only to be overwritten; RegNet's constructor reads values.
    with torch.device("cpu" if name.startswith("regnet") else "meta"):
        network: nn.Module = get_model_builder(name)(weights=None, **options)
    return network


if __name__ == "__main__":
    text = json.dumps(snapshot(), ensure_ascii=False, indent=0)
    SNAPSHOT.write_text(text + "\n", "utf-8")
