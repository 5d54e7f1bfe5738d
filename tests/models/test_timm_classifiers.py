"""timm's classifiers: preprocessing, network and facts equal to timm's own, with random weights."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import timm
import torch
from PIL import Image
from safetensors.torch import save_file
from timm.data import create_transform, resolve_model_data_config

from demo.models import timm_classifiers
from demo.models.spec import ImageRequest, WeightsFile

SPECS = {spec.name: spec for spec in timm_classifiers.specs()}
LEVEL = 1 / 255
"""Resizing in torch and in Pillow rounds differently, by a grey level; at hard edges of pictures
that are enlarged by a few."""


def made(name: str) -> Any:
    torch.manual_seed(0)
    return timm.create_model(name, num_classes=1000).eval()


def picture(width: int, height: int) -> np.ndarray[Any, np.dtype[np.uint8]]:
    """Smooth colours with some edges, as photos have them."""
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    waves = [np.sin(x / 17 + k) + np.cos(y / (11 + k)) for k in range(3)]
    image = (np.stack(waves, 2) + 2) / 4 * 255
    image[height // 3 : height // 2, width // 4 : width // 2] = (250, 20, 120)
    return image.astype(np.uint8)


@pytest.mark.parametrize("name", list(SPECS))
def test_the_facts_are_those_of_timm(name: str) -> None:
    with torch.device("meta"):
        network = timm.create_model(name)
    facts, row = resolve_model_data_config(network), timm_classifiers.facts()[name]
    assert row["params"] == sum(one.numel() for one in network.parameters())
    assert row["crop"] == facts["input_size"][1]
    assert facts["crop_mode"] == "center"
    assert (row["interpolation"], list(row["mean"])) == (
        facts["interpolation"],
        list(facts["mean"]),
    )
    assert network.num_classes == len(SPECS[name].labels) == 1000


@pytest.mark.parametrize("name", list(SPECS))
def test_the_preprocessing_is_timms_own(name: str) -> None:
    config = resolve_model_data_config({}, pretrained_cfg=timm.get_pretrained_cfg(name).to_dict())
    theirs = create_transform(**config, is_training=False)
    for size in ((500, 375), (240, 333)):
        image = picture(*size)
        wanted = theirs(Image.fromarray(image)).numpy()
        ours = SPECS[name].family.preprocess(ImageRequest(image)).inputs[0]
        std = np.array(config["std"], np.float32)[:, None, None]
        off = np.abs(ours - wanted) * std
        assert (off < 1.5 * LEVEL).mean() > 0.999
        assert off.mean() < 0.3 * LEVEL


@pytest.mark.parametrize(
    "name", [name for name, spec in SPECS.items() if (spec.params or 0) < 12_000_000]
)
def test_a_saved_network_answers_as_timms(name: str, tmp_path: Path) -> None:
    theirs, file = made(name), tmp_path / f"{name}.safetensors"
    save_file({k: v.contiguous() for k, v in theirs.state_dict().items()}, file)
    ours = SPECS[name].network(WeightsFile(file, ""))
    inputs = SPECS[name].family.preprocess(ImageRequest(picture(320, 300))).inputs
    with torch.inference_mode():
        wanted, got = theirs(torch.from_numpy(inputs)), ours(torch.from_numpy(inputs))
    assert wanted.std() > 0
    torch.testing.assert_close(got, wanted, rtol=1e-4, atol=1e-4)
