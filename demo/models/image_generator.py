"""Image generators: random numbers in, images out."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from demo.errors import DemoError
from demo.models.card import Card, CardLoader, card_spec
from demo.models.checkpoint import fill, load_state
from demo.models.spec import (
    ModelSpec,
    NoiseRequest,
    Outputs,
    Prepared,
    Request,
    WeightsFile,
)
from demo.results import GeneratedImages

if TYPE_CHECKING:
    from torch import nn


ARCHITECTURES = ("dcgan-cifar10",)
"""The names of `networks.gan.GENERATORS`."""


@dataclass(frozen=True, slots=True)
class ImageGenerator:
    """Preprocessing and postprocessing of a network of N×100 noise → N×3×h×w in −1 to 1."""

    name: str

    def preprocess(self, request: Request) -> Prepared:
        """Seed and count → count×100 float32; row i depends on the seed and i alone.

        Raises DemoError for a request with a picture.
        """
        from demo.models.networks.gan import noise_of

        if not isinstance(request, NoiseRequest):
            raise DemoError("takes_no_picture", name=self.name)
        return Prepared(noise_of(request.seed, request.count).numpy())

    def postprocess(self, outputs: Outputs, prepared: Prepared) -> GeneratedImages:
        """N×3×h×w float32, RGB, −1 to 1 → N×h×w×3 uint8 RGB."""
        import torch

        from demo.models.networks.gan import to_pictures

        return GeneratedImages(to_pictures(torch.from_numpy(outputs[0])))


def _from_card(card: Card, folder: Path) -> ModelSpec:
    if card.architecture not in ARCHITECTURES:
        raise KeyError(card.architecture)

    def network(file: WeightsFile) -> "nn.Module":
        from demo.models.networks.gan import GENERATORS

        empty = GENERATORS[card.architecture]()
        fill(empty, load_state(file), file, card.name)
        return empty.eval()

    return card_spec(card, folder, ImageGenerator(card.name), network, fixed_size=True)


FROM_CARD = CardLoader("generate", _from_card)
