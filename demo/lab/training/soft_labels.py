"""Soft labels: the ImageNet probabilities of a pretrained classifier for training pictures.

A network with few pictures a class learns more from each when it also predicts which of
ImageNet's thousand classes a teacher sees in it (Hinton et al. 2015, arXiv:1503.02531). The
outputs for that are dropped after the training.
"""

from pathlib import Path, PurePosixPath

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from demo.errors import DemoError
from demo.lab.data.cifar import Pictures
from demo.lab.data.official import official
from demo.models.checkpoint import fill, load_state
from demo.models.spec import WeightsFile

CLASSES = 1000
"""Length of a soft label."""
_SIDE = 224
_MEAN, _STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


def soft_labels(teacher: Path | None, pictures: Pictures, cache_file: Path) -> NDArray[np.float16]:
    """MobileNetV2's probabilities, N×1000: means over each picture and its mirror image.

    Args:
        teacher: weights of torchvision's mobilenet_v2; None downloads the official ones.
        pictures: N pictures.
        cache_file: .npy file that the result is written to, or read from where it is there.

    Raises:
        DemoError: the teacher's file is missing, or its download fails.
    """
    if cache_file.is_file():
        cached: NDArray[np.float16] = np.load(cache_file)
        return cached
    network = _mobilenet(teacher).eval().to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    batches = [pictures.images[i : i + 50] for i in range(0, len(pictures), 50)]
    rows = np.concatenate([_probabilities(network, images) for images in batches])
    np.save(cache_file, rows)
    return rows


def _mobilenet(weights: Path | None) -> nn.Module:
    from torchvision.models import MobileNet_V2_Weights, mobilenet_v2

    network: nn.Module
    if weights is None:
        known = MobileNet_V2_Weights.IMAGENET1K_V2
        here = Path(torch.hub.get_dir()) / "checkpoints" / PurePosixPath(known.url).name

        def make(fetch: bool) -> nn.Module:
            if not fetch and not here.is_file():
                raise RuntimeError("not here")
            made: nn.Module = mobilenet_v2(weights=known)
            return made

        return official("mobilenet_v2", known.url, make)
    if not weights.is_file():
        expected = f"weights/{weights.name}"
        raise DemoError("lab_data_missing", dataset=weights.stem, expected=expected)
    network = mobilenet_v2()
    file = WeightsFile(weights, sha256="")
    fill(network, load_state(file), file, weights.stem)
    return network


@torch.inference_mode()
def _probabilities(network: nn.Module, images: NDArray[np.uint8]) -> NDArray[np.float16]:
    from torchvision.transforms.v2 import functional

    pixels = torch.from_numpy(images).permute(0, 3, 1, 2)
    large = functional.resize(pixels, [_SIDE, _SIDE], antialias=True).float() / 255
    inputs = functional.normalize(large, list(_MEAN), list(_STD))
    inputs = inputs.contiguous(memory_format=torch.channels_last)
    total = sum(network(view).softmax(1) for view in (inputs, inputs.flip(3)))
    rows: NDArray[np.float16] = (total / 2).numpy().astype(np.float16)
    return rows
