"""ImageNet classifiers that torchvision lacks, from timm's registry: a chosen list.

Their facts are in timm.json, written from the registry of the installed timm by
`python -m demo.models.timm_classifiers`.
"""

import json
from collections.abc import Iterator
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict

from demo.models import about, example, imagenet
from demo.models.checkpoint import fill, load_state
from demo.models.classifier import Classifier, Preprocessing
from demo.models.feature_maps import timm_attention, timm_layers
from demo.models.spec import ModelSpec, WeightsEntry, WeightsFile

if TYPE_CHECKING:
    from torch import nn


SNAPSHOT = Path(__file__).with_name("timm.json")
CHOSEN = (
    *("seresnet50", "seresnext50_32x4d", "senet154", "resnest50d"),
    *("inception_v4", "inception_resnet_v2", "xception41", "hrnet_w18_small", "repvgg_a2"),
    *("nfnet_l0", "ghostnet_100", "tf_efficientnet_lite3", "tf_efficientnet_lite4"),
    *("mobilenetv4_conv_small", "mobilenetv4_conv_medium", "edgenext_small", "mobilevit_s"),
    *("levit_128", "efficientformerv2_s0", "poolformerv2_s12", "coatnet_0_rw_224"),
    *("convnextv2_atto", "convnextv2_nano", "convnextv2_tiny", "convnextv2_base"),
    *("deit_tiny_patch16_224", "deit3_small_patch16_224", "vit_tiny_patch16_224"),
    *("eva02_tiny_patch14_336", "eva02_small_patch14_336", "mixer_b16_224"),
)
"""Families that torchvision lacks, in sizes for everyday machines; all give ImageNet's classes."""


class _Row(TypedDict):
    """The facts of one model, see `timm.models.PretrainedCfg`.

    size_bytes: of the tensors of the published file. gflops: of one pass over the usual input,
    counted as PyTorch's FlopCounterMode counts. cam_layers, attention_layers: see `ModelSpec`.
    """

    url: str
    size_bytes: int
    params: int
    gflops: float
    licence: str
    resize: int
    crop: int
    interpolation: str
    mean: tuple[float, ...]
    std: tuple[float, ...]
    cam_layers: tuple[str, ...]
    attention_layers: tuple[str, ...]


def snapshot() -> dict[str, _Row]:
    """The facts of timm.json, from the registry of the installed timm."""
    return {name: _row(name) for name in CHOSEN}


def _row(name: str) -> _Row:
    import timm
    import torch
    from timm.data import resolve_model_data_config
    from timm.models._hub import HF_WEIGHTS_NAME, _get_safe_alternatives
    from torch.utils.flop_counter import FlopCounterMode

    with torch.device("meta"):
        network = timm.create_model(name).eval()
        facts = resolve_model_data_config(network)
        with torch.no_grad(), FlopCounterMode(display=False) as counter:
            network(torch.zeros(1, *facts["input_size"]))
    if facts["crop_mode"] != "center":
        raise ValueError(f"{name}: the crop mode {facts['crop_mode']} is not built")
    file = next(iter(_get_safe_alternatives(HF_WEIGHTS_NAME)))
    crop, tensors = int(facts["input_size"][1]), network.state_dict().values()
    return {
        "url": f"https://huggingface.co/{network.pretrained_cfg['hf_hub_id']}/resolve/main/{file}",
        "size_bytes": sum(one.numel() * one.element_size() for one in tensors),
        "params": sum(one.numel() for one in network.parameters()),
        "gflops": round(counter.get_total_flops() / 1e9, 3),
        "licence": network.pretrained_cfg["license"],
        "resize": int(crop / facts["crop_pct"]),
        "crop": crop,
        "interpolation": facts["interpolation"],
        "mean": facts["mean"],
        "std": facts["std"],
        "cam_layers": timm_layers(network, crop),
        "attention_layers": timm_attention(network),
    }


@cache
def specs() -> tuple[ModelSpec, ...]:
    """One spec for each model of timm.json."""
    labels = tuple(imagenet.labels())
    return tuple(_spec(name, row, labels) for name, row in facts().items())


class _Specs:
    """The specs, read when they are iterated over."""

    def __iter__(self) -> Iterator[ModelSpec]:
        return iter(specs())


SPECS = _Specs()


def _spec(name: str, row: _Row, labels: tuple[str, ...]) -> ModelSpec:
    preset = Preprocessing(
        row["resize"], row["crop"], row["interpolation"], tuple(row["mean"]), tuple(row["std"])
    )
    return ModelSpec(
        name=name,
        title=name,
        task="classify",
        labels=labels,
        input_size=preset.crop,
        architecture=name,
        licence=row["licence"],
        source="timm",
        weights=WeightsEntry(
            name,
            (".safetensors", ".pth", ".pt"),
            # At its source the file of every model has the same name.
            f"{name}.safetensors",
            row["url"],
            size_bytes=row["size_bytes"],
        ),
        family=Classifier(name, preset, labels),
        network=partial(_load_network, name, len(labels)),
        fixed_size=True,
        params=row["params"],
        order=300,
        about=about.IMAGENET,
        examples=example.IMAGENET,
        cam_layers=tuple(row["cam_layers"]),
        attention_layers=tuple(row["attention_layers"]),
    )


@cache
def facts() -> dict[str, _Row]:
    """The rows of timm.json by name."""
    rows: dict[str, _Row] = json.loads(SNAPSHOT.read_text("utf-8"))
    return rows


def _load_network(name: str, classes: int, file: WeightsFile) -> "nn.Module":
    network = build(name, classes)
    fill(network, load_state(file), file, name)
    return network.eval()


def build(name: str, classes: int) -> "nn.Module":
    """The network with random weights; nothing is downloaded."""
    import timm

    # On the CPU: buffers that no file holds are computed when the network is made.
    network: nn.Module = timm.create_model(name, num_classes=classes)
    return network


if __name__ == "__main__":
    SNAPSHOT.write_text(json.dumps(snapshot(), ensure_ascii=False, indent=0) + "\n", "utf-8")
