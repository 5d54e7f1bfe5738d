"""The running average of a network's weights, which is what a detector ships."""

import math

import torch
from torch import Tensor, nn

_DECAY = 0.999


class Average(nn.Module):
    """The running average of a network's weights; norms' statistics are the last ones."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        for number, (_, tensor) in enumerate(model.state_dict().items()):
            self.register_buffer(f"t{number}", tensor.detach().clone())
        self.steps: Tensor
        self.register_buffer("steps", torch.zeros((), dtype=torch.int64))

    @torch.no_grad()
    def update(self, model: nn.Module) -> None:
        """After a step: the younger the average, the faster it follows."""
        self.steps += 1
        decay = _DECAY * (1 - math.exp(-int(self.steps) / 500))
        for number, tensor in enumerate(model.state_dict().values()):
            own = getattr(self, f"t{number}")
            if tensor.is_floating_point():
                own.lerp_(tensor, 1 - decay)
            else:
                own.copy_(tensor)

    def state_of(self, model: nn.Module) -> dict[str, Tensor]:
        """The averaged tensors by the names of `model`."""
        return {name: getattr(self, f"t{i}") for i, name in enumerate(model.state_dict())}
