"""A generator that is ready to draw: pictures from random numbers, none from a picture."""

from typing import Any, NoReturn, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from demo.errors import DemoError
from demo.models.checkpoint import nbytes
from demo.models.networks.gan import noise_of, to_pictures
from demo.models.spec import Prepared
from demo.results import Image


class ImageGenerator:
    """A network of N×100 noise → N×3×h×w pictures.

    It is a Model, so that it is listed, loaded and kept as all are, and `forward` is batched as
    theirs is; but what goes in is `noise` and what comes out are `pictures`: the verbs that take
    a picture say in one sentence that it takes none.
    """

    def __init__(self, name: str, network: nn.Module, device: torch.device) -> None:
        on_device: Any = network.eval().requires_grad_(False).to(device)
        self._network = on_device.to(memory_format=torch.channels_last)
        self._name = name
        self._device = device
        self.size_bytes = nbytes(network)

    def noise(self, seed: int, count: int) -> Tensor:
        """count×100 float32; row i depends on `seed` and i alone."""
        return noise_of(seed, count)

    @torch.inference_mode()
    def forward(self, batch: Tensor) -> Tensor:
        """N×100 float32 CPU → N×3×h×w float32 CPU, RGB, −1 to 1."""
        return cast(Tensor, self._network(batch.to(self._device))).float().cpu()

    def pictures(self, raw: Tensor) -> NDArray[np.uint8]:
        """What `forward` gave → N×h×w×3 uint8 RGB."""
        return to_pictures(raw)

    def preprocess(self, image: Image, size: int) -> NoReturn:
        """Raises DemoError: it takes no picture."""
        raise DemoError("takes_no_picture", name=self._name)

    def postprocess(self, raw: Tensor, prepared: Prepared) -> NoReturn:
        """Raises DemoError: it says nothing about a picture."""
        raise DemoError("takes_no_picture", name=self._name)
