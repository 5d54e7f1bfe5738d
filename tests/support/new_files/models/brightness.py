"""Dark or bright: the mean of all pixels against a threshold, which is the only weight."""

from dataclasses import dataclass
from typing import cast

import numpy as np
import torch
from torch import Tensor, nn

from demo.errors import DemoError
from demo.models.checkpoint import fill, load_state
from demo.models.spec import (
    ImageRequest,
    InputView,
    ModelSpec,
    Outputs,
    Prepared,
    Request,
    WeightsEntry,
    WeightsFile,
)
from demo.results import Scores

_LABELS = ("dark", "bright")


class _Network(nn.Module):
    """N×3×h×w in 0–1 → N×2 logits."""

    def __init__(self) -> None:
        super().__init__()
        self.threshold = nn.Parameter(torch.zeros(1))

    def forward(self, pixels: Tensor) -> Tensor:
        above = 10 * (pixels.mean(dim=(1, 2, 3)) - self.threshold)
        return torch.stack([-above, above], dim=1)


@dataclass(frozen=True, slots=True)
class _Brightness:
    def preprocess(self, request: Request) -> Prepared:
        if not isinstance(request, ImageRequest):
            raise DemoError("takes_pictures_only", name="brightness")
        image = request.image
        size_wh = (image.shape[1], image.shape[0])
        pixels = np.asarray(image.transpose(2, 0, 1)[None] / 255, np.float32)
        return Prepared(pixels, None, InputView((0, 0, *size_wh), image, size_wh))

    def postprocess(self, outputs: Outputs, prepared: Prepared) -> Scores:
        odds = np.exp(outputs[0][0])
        return Scores((odds / odds.sum()).astype(np.float32), _LABELS)


def _network(file: WeightsFile) -> nn.Module:
    network = _Network()
    fill(network, load_state(file), file, "brightness")
    return cast(nn.Module, network.eval())


SPECS = [
    ModelSpec(
        name="brightness",
        title="Brightness",
        task="classify",
        labels=_LABELS,
        input_size=32,
        architecture="threshold",
        licence="AGPL-3.0",
        source="tests",
        weights=WeightsEntry("brightness", (".safetensors",)),
        family=_Brightness(),
        network=_network,
        params=1,
    )
]
