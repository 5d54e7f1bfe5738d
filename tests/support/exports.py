"""ONNX files with random weights, as ultralytics and torch export them."""

import logging
from pathlib import Path
from typing import Any

import torch
from torch import nn

from demo.models import ultralytics


def export(checkpoint: Path, **options: object) -> Path:
    """Export a checkpoint beside itself with ultralytics' own exporter."""
    ultralytics.tasks()
    from ultralytics import YOLO

    threads = torch.get_num_threads()
    logging.getLogger("ultralytics").setLevel(logging.ERROR)
    try:
        return Path(YOLO(checkpoint).export(format="onnx", verbose=False, **options))
    finally:
        torch.set_num_threads(threads)


def export_network(network: nn.Module, file: Path, side: int, dynamic: bool = False) -> Path:
    """Export a network of N×3×side×side with torch."""
    axes: dict[str, Any] = {"dynamic_axes": {"x": {0: "batch", 2: "h", 3: "w"}}} if dynamic else {}
    example = torch.rand(1, 3, side, side)
    torch.onnx.export(network, (example,), file, input_names=["x"], dynamo=False, **axes)
    return file
