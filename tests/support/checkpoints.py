"""Checkpoints with random weights, as ultralytics' training writes them."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from demo.geometry.letterbox import Letterbox
from demo.images.decode import decode
from demo.images.limits import Limits
from demo.models import ultralytics
from demo.service import examples
from demo.settings import Settings

_KINDS = {
    "-cls": "ClassificationModel",
    "-seg": "SegmentationModel",
    "-pose": "PoseModel",
    "-obb": "OBBModel",
    "-depth": "DepthModel",
    "-rtdetr": "RTDETRDetectionModel",
}
_TASKS = {
    "ClassificationModel": "classify",
    "SegmentationModel": "segment",
    "PoseModel": "pose",
    "OBBModel": "obb",
}


def network(
    architecture: str, names: Sequence[str], seed: int = 0, keypoints: Sequence[int] = ()
) -> nn.Module:
    """A network of `<architecture>.yaml` whose outputs depend on its input.

    keypoints: how many, and the numbers of each, of a network that finds such; its own by default.
    """
    modules = ultralytics.tasks()
    kind = next((k for part, k in _KINDS.items() if part in f"-{architecture}"), "DetectionModel")
    torch.manual_seed(seed)
    more = {"data_kpt_shape": list(keypoints)} if keypoints else {}
    build = getattr(modules, kind)
    made: Any = build(f"{architecture}.yaml", nc=len(names), verbose=False, **more)
    made.names = dict(enumerate(names))
    made.task = _TASKS.get(kind, "detect")
    made.args = {"task": made.task}
    if kind == "RTDETRDetectionModel":
        settle_queries(made)
    else:
        settle(made)
    network: nn.Module = made
    return network


def settle_queries(made: Any) -> None:
    """Let the norms of an RT-DETR see one batch, and give its scores a random head."""
    pixels = _pixels()
    pixels = nn.functional.interpolate(pixels, (320, 320), mode="area")
    for layer in made.modules():
        if isinstance(layer, nn.BatchNorm2d):
            layer.momentum = 1.0
            layer.train()
    head = made.model[-1]
    for score in head.dec_score_head:
        nn.init.normal_(score.weight, std=0.1)
    with torch.no_grad():
        made.eval()
        for layer in made.modules():
            if isinstance(layer, nn.BatchNorm2d):
                layer.train()
        made(pixels)
    made.eval()
    # The head keeps its anchors, which the file would hold in half precision.
    head.shapes = []


def settle(made: Any) -> None:
    """Let the normalising layers see one batch, so that signals get through; raise the scores."""
    for layer in made.modules():
        if isinstance(layer, nn.BatchNorm2d):
            layer.momentum = 1.0
    pixels = _pixels()
    with torch.no_grad():
        made.train()(pixels)
    made.eval()
    head = made.model[-1]
    for name in ("cv2", "one2one_cv2"):
        for branch in getattr(head, name, None) or ():
            # Boxes of a few cells: ultralytics cuts them at the picture's edge after suppression,
            # and this program before.
            bins = branch[-1].out_channels // 4
            small = -0.9 * torch.arange(bins).repeat(4) if bins > 1 else torch.full((4,), 1.5)
            branch[-1].bias.data.copy_(small)
    for name in ("cv3", "one2one_cv3"):
        for branch in getattr(head, name, None) or ():
            _spread(made, branch[-1], pixels)


def _spread(made: Any, classify: nn.Conv2d, pixels: torch.Tensor) -> None:
    """Give the logits of a head a spread of one around −3: few boxes, and no two alike."""
    seen: list[torch.Tensor] = []
    hook = classify.register_forward_hook(lambda layer, inputs, output: seen.append(output))
    with torch.no_grad():
        made(pixels)
    hook.remove()
    classify.weight.data /= seen[0].std()
    assert classify.bias is not None
    classify.bias.data.fill_(-3.0)


def _pixels() -> torch.Tensor:
    """2×3×320×256 float32 in 0–1: a photo and its mirror image, since noise is nothing like one."""
    path = next(path for path in examples.paths() if path.name == "bus.jpg")
    image = decode(path.read_bytes(), Limits.of(Settings())).rgb
    fitted = Letterbox.fit((image.shape[1], image.shape[0]), 320).apply(image)
    pixels = torch.from_numpy(np.stack([fitted, fitted[:, ::-1]])).permute(0, 3, 1, 2)
    return pixels.float() / 255


def save(made: Any, file: Path, imgsz: int | None = 320) -> Path:
    """Write a network as the last lines of a training do."""
    content: dict[str, object] = {"epoch": -1, "model": made.half(), "ema": None}
    if imgsz is not None:
        content["train_args"] = {"imgsz": imgsz, "task": made.task}
    torch.save(content, file)
    made.float()
    return file
