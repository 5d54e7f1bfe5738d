"""Distillation of a COCO detector: the student also learns the teacher's answer at every anchor.

The teacher is a trained detector with the same three grids as the student. For each batch of
training pictures it predicts class probabilities and box distributions at every anchor of the
grids. The student's class target there is the larger of the true box's target and the teacher's
probability (soft targets, Hinton et al. 2015); where the teacher's score is high enough, the
student learns its box too.
"""

from pathlib import Path
from typing import Protocol, TypedDict

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from demo.models import ultralytics
from demo.models.coco import LABELS as COCO
from demo.models.spec import WeightsFile

MIN_TEACHER_SCORE = 0.1
"""Lowest probability of the teacher at an anchor from which its box is learned."""
UNBOXED_FACE_WEIGHT = 0.15
"""Weight of "no face here" where the teacher sees a person: most faces have no true box."""

Batch = dict[str, Tensor]
"""A batch of ultralytics' trainer: img N×3×H×W, cls M×1, bboxes M×4, batch_idx M."""


class RawPrediction(TypedDict):
    """A detector's output in training: boxes N×64×A, scores N×C×A, feats of the three grids."""

    boxes: Tensor
    scores: Tensor
    feats: list[Tensor]


class Teacher:
    """A COCO detector with frozen weights that answers for the student's classes.

    Args:
        weights: an ultralytics checkpoint or safetensors of `architecture`.
        labels: the student's; those that COCO lacks get probability 0.
    """

    def __init__(
        self, weights: Path, architecture: str, labels: tuple[str, ...], device: str = "cpu"
    ) -> None:
        network = ultralytics.build(architecture, len(COCO))
        file = WeightsFile(weights, sha256="")
        network.load_state_dict(ultralytics.detector_state(file, COCO, architecture))
        fused = network.float().eval().fuse(verbose=False).requires_grad_(False)
        self._network: nn.Module = fused.to(device).to(memory_format=torch.channels_last)
        self._device = torch.device(device)
        pairs = [(i, COCO.index(label)) for i, label in enumerate(labels) if label in COCO]
        self._student_ids = torch.tensor([student for student, _ in pairs])
        self._coco_ids = torch.tensor([coco for _, coco in pairs])
        self.labels = list(labels)

    @torch.no_grad()
    def __call__(self, pixels: Tensor) -> tuple[Tensor, Tensor]:
        """N×3×H×W float32 RGB in 0–1 → probabilities N×A×C, box distributions N×A×4×16."""
        with torch.autocast(self._device.type, torch.bfloat16):
            raw = self._network(pixels.to(self._device))[1]
        coco = raw["scores"].float().sigmoid().permute(0, 2, 1)
        scores = coco.new_zeros((*coco.shape[:2], len(self.labels)))
        scores[:, :, self._student_ids] = coco[:, :, self._coco_ids]
        boxes = raw["boxes"].float().permute(0, 2, 1)
        return scores, boxes.unflatten(2, (4, -1)).softmax(3)


class RaisedTargets(nn.Module):
    """Ultralytics' target assigner with class targets raised to the teacher's probabilities.

    teacher_scores: N×A×C of the current batch, to be set before each call. class_targets: the
    raised targets of the last call.
    """

    def __init__(self, assigner: nn.Module) -> None:
        super().__init__()
        self.assigner = assigner
        self.teacher_scores = torch.zeros(0)
        self.class_targets = torch.zeros(0)

    def forward(self, *arguments: object, **named: object) -> tuple[Tensor, ...]:
        """Same arguments and results as the assigner's."""
        labels, boxes, scores, foreground, indices = self.assigner(*arguments, **named)
        self.class_targets = torch.maximum(scores, self.teacher_scores)
        return labels, boxes, self.class_targets, foreground, indices


class WeightedCrossEntropy(nn.Module):
    """Binary cross-entropy of each anchor and class, times `weight` (broadcast to N×A×C)."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = torch.ones(1)

    def forward(self, logits: Tensor, targets: Tensor) -> Tensor:
        """N×A×C logits and targets in 0–1 → N×A×C losses."""
        loss = F.binary_cross_entropy_with_logits(logits, targets, reduction="none")
        return loss * self.weight


class DistillationLoss(Protocol):
    """Loss of a student: callable(raw prediction, batch) → (losses of box, class, dfl; parts)."""

    targets: RaisedTargets
    class_loss: WeightedCrossEntropy

    def __call__(self, preds: RawPrediction, batch: Batch) -> tuple[Tensor, Tensor]:
        """The loss of a batch."""


def distillation_loss(
    model: nn.Module, teacher: Teacher, labels: tuple[str, ...]
) -> DistillationLoss:
    """Ultralytics' detection loss with the teacher's answers among the targets.

    `labels` must hold face and person. `batch["img"]` must be the float RGB pixels, 0–1, that the
    student gets.
    """
    ultralytics.tasks()
    from ultralytics.utils.loss import v8DetectionLoss

    face, person = labels.index("face"), labels.index("person")

    class Loss(v8DetectionLoss):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__(model)
            plain: nn.Module = self.assigner
            self.targets = RaisedTargets(plain)
            self.assigner: nn.Module = self.targets
            self.class_loss = WeightedCrossEntropy()
            self.bce: nn.Module = self.class_loss

        def loss(self, preds: RawPrediction, batch: Batch) -> tuple[Tensor, Tensor]:
            preds = {
                "feats": preds["feats"],
                "boxes": preds["boxes"].float(),
                "scores": preds["scores"].float(),
            }
            scores, boxes = teacher(batch["img"])
            self.targets.teacher_scores = scores
            faces = batch["batch_idx"][batch["cls"].view(-1) == face].long()
            self.class_loss.weight = _face_weight(scores, faces, face, person)
            total, parts = super().loss(preds, batch)
            box, dfl = box_losses(preds, scores.amax(2), boxes, self.stride)
            extra = torch.stack([self.hyp.box * box, box.new_zeros(()), self.hyp.dfl * dfl])
            return total + extra * len(scores), parts

    loss: DistillationLoss = Loss()
    return loss


def _face_weight(scores: Tensor, faces: Tensor, face: int, person: int) -> Tensor:
    """N×A×C weights: lower for "no face" at persons in a picture without any true face box.

    scores: N×A×C of the teacher. faces: index of the picture of each true face box. face, person:
    these classes.
    """
    has_face = torch.zeros(len(scores), dtype=torch.bool, device=scores.device)
    has_face[faces] = True
    weight = torch.ones_like(scores)
    unsure = (scores[:, :, person] > MIN_TEACHER_SCORE) & ~has_face[:, None]
    weight[:, :, face] = torch.where(unsure, UNBOXED_FACE_WEIGHT, 1.0)
    return weight


def box_losses(
    preds: RawPrediction, scores: Tensor, boxes: Tensor, stride: Tensor
) -> tuple[Tensor, Tensor]:
    """Distances of the student's boxes from the teacher's where its score is high; two scalars.

    Args:
        preds: the student's raw prediction.
        scores: N×A, the teacher's best probability at each anchor.
        boxes: N×A×4×16, the teacher's box distributions.
        stride: pixels a cell of each grid.

    Returns:
        1 − CIoU, and the cross-entropy of the distributions; means weighted by `scores`.
    """
    from ultralytics.utils.metrics import bbox_iou
    from ultralytics.utils.tal import dist2bbox, make_anchors

    chosen = scores > MIN_TEACHER_SCORE
    if not chosen.any():
        return scores.new_zeros(()), scores.new_zeros(())
    anchors, _ = make_anchors(preds["feats"], stride, 0.5)
    weight, teacher = scores[chosen], boxes[chosen]
    student = preds["boxes"].permute(0, 2, 1)[chosen].view(-1, 4, boxes.shape[3])
    points = anchors.expand(len(scores), -1, -1)[chosen]
    bins = torch.arange(boxes.shape[3], dtype=boxes.dtype, device=boxes.device)
    decoded = [dist2bbox(p.matmul(bins), points, xywh=False) for p in (student.softmax(2), teacher)]
    overlap = bbox_iou(*decoded, xywh=False, CIoU=True).squeeze(-1)
    cross_entropy = -(teacher * student.log_softmax(2)).sum(2).mean(1)
    total = weight.sum()
    return ((1 - overlap) * weight).sum() / total, (cross_entropy * weight).sum() / total
