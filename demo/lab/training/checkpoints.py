"""Resumable state of a training: one file in the folder of its run."""

from collections.abc import Mapping
from pathlib import Path

import torch
from torch import nn

CHECKPOINT = "last.pt"
"""File with the state of all parts and the number of finished epochs."""

Parts = Mapping[str, nn.Module | torch.optim.Optimizer]
"""Key in the file → network or optimizer."""


def save_checkpoint(run: Path, parts: Parts, epoch: int) -> None:
    """Write the state after `epoch` whole epochs; the file is replaced as a whole."""
    run.mkdir(parents=True, exist_ok=True)
    state = {key: part.state_dict() for key, part in parts.items()}
    torch.save(state | {"epoch": epoch}, run / f"{CHECKPOINT}.part")
    (run / f"{CHECKPOINT}.part").replace(run / CHECKPOINT)


def restore_checkpoint(run: Path, parts: Parts) -> int:
    """Load the last state into `parts`; the number of finished epochs, 0 where there is none."""
    if not (run / CHECKPOINT).is_file():
        return 0
    state = torch.load(run / CHECKPOINT, map_location="cpu", weights_only=True)
    for key, part in parts.items():
        part.load_state_dict(state[key])
    return int(state["epoch"])
