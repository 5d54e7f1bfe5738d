"""Ultralytics' detection loss, in which a class may be left out at single anchors."""

from types import SimpleNamespace
from typing import Any, Protocol

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from demo.lab.training.detection_batches import Batch
from demo.models import ultralytics
from demo.models.networks.lite_detector import LiteDetector

GAINS = {"box": 7.5, "cls": 0.5, "dfl": 1.5}
"""Weights of the three parts of the loss, ultralytics' defaults."""


class DetectionLoss(Protocol):
    """The loss of a batch."""

    def __call__(self, raw: dict[str, Any], batch: Batch) -> tuple[Tensor, dict[str, Tensor]]:
        """Raw prediction in float32, batch → scalar for the whole batch, and its parts."""


class CrossEntropy(nn.Module):
    """Binary cross-entropy of each anchor and class; 0 where `ignored` and nothing is to be found.

    ignored: N×A×C bool, to be set for each batch.
    """

    def __init__(self) -> None:
        super().__init__()
        self.ignored = torch.zeros(1, dtype=torch.bool)

    def forward(self, logits: Tensor, targets: Tensor) -> Tensor:
        """N×A×C logits and targets in 0–1 → N×A×C losses."""
        loss = F.binary_cross_entropy_with_logits(logits, targets, reduction="none")
        return loss.masked_fill(self.ignored & (targets == 0), 0.0)


def detection_loss(model: LiteDetector) -> DetectionLoss:
    """The loss v8DetectionLoss of ultralytics for a network of ours."""
    ultralytics.tasks()
    from ultralytics.utils.loss import v8DetectionLoss

    entropy = CrossEntropy()
    described = SimpleNamespace(
        parameters=model.parameters, args=SimpleNamespace(**GAINS), model=[model.detect]
    )
    loss = v8DetectionLoss(described)
    loss.bce = entropy

    def of(raw: dict[str, Any], batch: Batch) -> tuple[Tensor, dict[str, Tensor]]:
        entropy.ignored = batch.ignored
        boxes = batch.boxes
        fields = {"batch_idx": boxes[:, 0], "cls": boxes[:, 1], "bboxes": boxes[:, 2:]}
        parts, named = loss(raw, fields)
        return parts.sum(), named

    return of
