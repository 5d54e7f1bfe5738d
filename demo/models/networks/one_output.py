"""A network that answers with one of its outputs alone."""

from torch import Tensor, nn


class OneOutput(nn.Module):
    """A network of several outputs, of which the one of that number is asked for."""

    def __init__(self, network: nn.Module, number: int) -> None:
        super().__init__()
        self.network = network
        self.number = number

    def forward(self, pixels: Tensor) -> Tensor:
        """N×3×S×S → the output."""
        output: Tensor = self.network(pixels)[self.number]
        return output
