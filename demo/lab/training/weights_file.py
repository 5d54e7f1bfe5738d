"""States of networks for safetensors files."""

import torch


def half_state(state: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """A contiguous copy: floating point as float16, integers as they are."""
    return {
        key: (value.half() if value.is_floating_point() else value).contiguous().clone()
        for key, value in state.items()
    }
