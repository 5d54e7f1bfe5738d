"""A model for the toy task: the mean of a picture, without any weights to speak of."""

from pathlib import Path

import numpy as np
from torch import nn

from demo.errors import DemoError
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
from tests.web.toys.tasks.brightness import Brightness

_SIDE = 32


class LightMeter:
    """The pixels go through the network unchanged."""

    def preprocess(self, request: Request) -> Prepared:
        if not isinstance(request, ImageRequest):
            raise DemoError("takes_pictures_only", name="light-meter")
        rgb = request.image
        size_wh = (rgb.shape[1], rgb.shape[0])
        view = InputView((0, 0, size_wh[0], size_wh[1]), rgb, size_wh)
        pixels = (rgb.transpose(2, 0, 1)[None] / 255).astype(np.float32)
        return Prepared(pixels, None, view)

    def postprocess(self, outputs: Outputs, prepared: Prepared) -> Brightness:
        return Brightness(float(outputs[0].mean()))


def network(file: WeightsFile) -> nn.Module:
    return nn.Identity()


SPECS = ModelSpec(
    name="light-meter",
    title="Light meter",
    task="brightness",
    labels=(),
    input_size=_SIDE,
    architecture="identity",
    licence="AGPL-3.0",
    source="https://example.org/<light>",
    weights=WeightsEntry("light-meter", (".py",), embedded=Path(__file__)),
    family=LightMeter(),
    network=network,
)
