"""What an ImageNet classifier says of training pictures: soft targets for a network beside its own.

A network that has few pictures of each class learns more from each when it must also say, as a
teacher does, what of ImageNet's thousand classes a picture resembles (Hinton et al. 2015). The
outputs for that are dropped when the training is over.
"""

from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from demo.errors import DemoError
from demo.lab.data.cifar import Pictures
from demo.models.checkpoint import fill, load_state
from demo.models.spec import WeightsFile

CLASSES = 1000
_SIDE = 224
_MEAN, _STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


def hints(teacher: Path | None, pictures: Pictures, kept: Path) -> NDArray[np.float16]:
    """MobileNetV2's probabilities, N×1000, the mean over each picture and its mirror image.

    teacher: weights of torchvision's mobilenet_v2; None downloads the official ones. kept: file
    that the answer is read from, or written to. Raises DemoError where the teacher is missing.
    """
    if kept.is_file():
        known: NDArray[np.float16] = np.load(kept)
        return known
    network = _teacher(teacher).eval().to(memory_format=torch.channels_last)
    rows = [_said(network, pictures.images[i : i + 50]) for i in range(0, len(pictures), 50)]
    np.save(kept, np.concatenate(rows))
    return np.concatenate(rows)


def _teacher(weights: Path | None) -> Any:
    from torchvision.models import MobileNet_V2_Weights, mobilenet_v2

    if weights is None:
        return mobilenet_v2(weights=MobileNet_V2_Weights.IMAGENET1K_V2)
    if not weights.is_file():
        expected = f"weights/{weights.name}"
        raise DemoError("lab_data_missing", dataset=weights.stem, expected=expected)
    network = mobilenet_v2()
    file = WeightsFile(weights, sha256="")
    fill(network, load_state(file), file, weights.stem)
    return network


@torch.inference_mode()
def _said(network: torch.nn.Module, images: NDArray[np.uint8]) -> NDArray[np.float16]:
    from torchvision.transforms.v2 import functional

    pixels = torch.from_numpy(images).permute(0, 3, 1, 2)
    large = functional.resize(pixels, [_SIDE, _SIDE], antialias=True).float() / 255
    inputs = functional.normalize(large, list(_MEAN), list(_STD))
    inputs = inputs.contiguous(memory_format=torch.channels_last)
    said = sum(network(view).softmax(1) for view in (inputs, inputs.flip(3)))
    rows: NDArray[np.float16] = (said / 2).numpy().astype(np.float16)
    return rows
