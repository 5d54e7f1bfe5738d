"""Learning from a teacher that knows COCO: at every place the student hears what it would say.

The teacher is a finished detector with the same three grids as the student. On each batch of
training pictures it gives its probabilities and box distributions at every place of the grids.
The student's wish there is the larger of two: what a person's box asks for, and what the teacher
sees (soft targets, Hinton et al. 2015); where the teacher is fairly sure its box is learned too.
"""

import json
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from demo.geometry.letterbox import Letterbox
from demo.lab.data.boxed_photos import Photo
from demo.lab.data.read import read_photo
from demo.models import ultralytics
from demo.models.coco import LABELS as COCO
from demo.models.spec import WeightsFile

SURE = 0.1
"""Least probability of the teacher at a place for its box to be learned."""
UNSEEN = 0.15
"""Weight of "no face here" where the teacher sees a person: most faces carry no box."""


class Teacher:
    """A COCO detector with frozen weights that answers for the student's classes.

    weights: an ultralytics checkpoint or safetensors of `architecture`. labels: the student's;
    those that COCO lacks get probability 0.
    """

    def __init__(
        self, weights: Path, architecture: str, labels: tuple[str, ...], device: str = "cpu"
    ) -> None:
        network = ultralytics.build(architecture, len(COCO))
        file = WeightsFile(weights, sha256="")
        network.load_state_dict(ultralytics.detector_state(file, COCO, architecture))
        fused: Any = network.float().eval().fuse(verbose=False).requires_grad_(False)
        self._network = fused.to(device).to(memory_format=torch.channels_last)
        self._device = torch.device(device)
        pairs = [(i, COCO.index(label)) for i, label in enumerate(labels) if label in COCO]
        self._mine = torch.tensor([mine for mine, _ in pairs])
        self._theirs = torch.tensor([theirs for _, theirs in pairs])
        self.labels = list(labels)

    @torch.no_grad()
    def __call__(self, pixels: Tensor) -> tuple[Tensor, Tensor]:
        """N×3×H×W float32 RGB in 0–1 → probabilities N×A×C, box distributions N×A×4×16."""
        with torch.autocast(self._device.type, torch.bfloat16):
            raw = self._network(pixels.to(self._device))[1]
        theirs = raw["scores"].float().sigmoid().permute(0, 2, 1)
        scores = theirs.new_zeros((*theirs.shape[:2], len(self.labels)))
        scores[:, :, self._mine] = theirs[:, :, self._theirs]
        boxes = raw["boxes"].float().permute(0, 2, 1)
        return scores, boxes.unflatten(2, (4, -1)).softmax(3)


def survey(teacher: Teacher, photos: list[Photo], size: int, kept: Path) -> list[list[float]]:
    """The teacher's best probability for each label in each photo, photos letterboxed to `size`.

    The answer is kept in the file `kept` and read from there for the same photos, labels and size.
    """
    asked = {"labels": teacher.labels, "size": size, "photos": [p.inside for p in photos]}
    if kept.is_file():
        known = json.loads(kept.read_text("utf-8"))
        if {key: known[key] for key in asked} == asked:
            best: list[list[float]] = known["best"]
            return best
    best = []
    for start in range(0, len(photos), 32):
        boxed = []
        for photo in photos[start : start + 32]:
            image = read_photo(photo.path)
            boxed.append(Letterbox.fit((image.shape[1], image.shape[0]), size).apply(image))
        # A letterbox here is as small as its photo allows; a batch needs one size.
        batch = torch.full((len(boxed), 3, size, size), 114 / 255)
        for place, image in zip(batch, boxed, strict=True):
            pixels = torch.from_numpy(np.ascontiguousarray(image)).permute(2, 0, 1) / 255
            place[:, : image.shape[0], : image.shape[1]] = pixels
        scores, _ = teacher(batch.contiguous(memory_format=torch.channels_last))
        best += [[round(value, 3) for value in row] for row in scores.amax(1).tolist()]
    kept.parent.mkdir(parents=True, exist_ok=True)
    kept.write_text(json.dumps(asked | {"best": best}), "utf-8")
    return best


class _Raised(nn.Module):
    """The trainer's assigner; the class targets it gives are raised to what the teacher sees."""

    def __init__(self, assigner: nn.Module) -> None:
        super().__init__()
        self.assigner = assigner
        self.seen = torch.zeros(0)
        self.wished = torch.zeros(0)

    def forward(self, *arguments: Any, **named: Any) -> tuple[Any, ...]:
        labels, boxes, wishes, mask, places = self.assigner(*arguments, **named)
        self.wished = torch.maximum(wishes, self.seen)
        return labels, boxes, self.wished, mask, places


class _Weighed(nn.Module):
    """Binary cross-entropy of every place and class, times a weight of each."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = torch.ones(1)

    def forward(self, logits: Tensor, wishes: Tensor) -> Tensor:
        plain = F.binary_cross_entropy_with_logits(logits, wishes, reduction="none")
        return plain * self.weight


def criterion(model: Any, teacher: Teacher, labels: tuple[str, ...]) -> Any:
    """The loss of ultralytics' detector with the teacher's word in it, as a callable(preds, batch).

    `batch["img"]` must be the float RGB pixels that the student saw.
    """
    ultralytics.tasks()
    from ultralytics.utils.loss import v8DetectionLoss

    face, person = labels.index("face"), labels.index("person")

    class Criterion(v8DetectionLoss):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__(model)
            plain: nn.Module = self.assigner
            self.raised = _Raised(plain)
            self.assigner: nn.Module = self.raised
            self.weighed = _Weighed()
            self.bce: nn.Module = self.weighed

        def loss(self, preds: dict[str, Any], batch: dict[str, Any]) -> tuple[Tensor, Any]:
            preds = {"feats": preds["feats"]} | {k: preds[k].float() for k in ("boxes", "scores")}
            seen, boxes = teacher(batch["img"])
            self.raised.seen = seen
            faces = batch["batch_idx"][batch["cls"].view(-1) == face].long()
            self.weighed.weight = _face_weight(seen, faces, face, person)
            total, parts = super().loss(preds, batch)
            box, spread = follow(preds, seen.amax(2), boxes, self.stride)
            extra = torch.stack([self.hyp.box * box, box.new_zeros(()), self.hyp.dfl * spread])
            return total + extra * len(seen), parts

    return Criterion()


def _face_weight(seen: Tensor, faces: Tensor, face: int, person: int) -> Tensor:
    """N×A×C: less for "no face" where a person stands in a picture without any boxed face.

    faces: the picture of each boxed face. face, person: these classes.
    """
    boxed = torch.zeros(len(seen), dtype=torch.bool, device=seen.device)
    boxed[faces] = True
    weight = torch.ones_like(seen)
    unsure = (seen[:, :, person] > SURE) & ~boxed[:, None]
    weight[:, :, face] = torch.where(unsure, UNSEEN, 1.0)
    return weight


def follow(
    preds: dict[str, Any], sure: Tensor, boxes: Tensor, stride: Tensor
) -> tuple[Tensor, Tensor]:
    """How far the student's boxes lie from the teacher's where it is sure: two losses, scalars.

    preds: the student's raw answer. sure: N×A, the teacher's best probability at each place.
    boxes: N×A×4×16, its distributions. stride: pixels a cell of each grid. The first loss is
    1 − CIoU, the second the cross-entropy of the distributions, both weighed by `sure`.
    """
    from ultralytics.utils.metrics import bbox_iou
    from ultralytics.utils.tal import dist2bbox, make_anchors

    chosen = sure > SURE
    if not chosen.any():
        return sure.new_zeros(()), sure.new_zeros(())
    places, _ = make_anchors(preds["feats"], stride, 0.5)
    weight, theirs = sure[chosen], boxes[chosen]
    mine = preds["boxes"].permute(0, 2, 1).unflatten(2, (4, -1))[chosen]
    at = places.expand(len(sure), -1, -1)[chosen]
    steps = torch.arange(boxes.shape[3], dtype=boxes.dtype, device=boxes.device)
    decoded = [dist2bbox(p.matmul(steps), at, xywh=False) for p in (mine.softmax(2), theirs)]
    overlap = bbox_iou(*decoded, xywh=False, CIoU=True).squeeze(-1)
    spread = -(theirs * mine.log_softmax(2)).sum(2).mean(1)
    total = weight.sum()
    return ((1 - overlap) * weight).sum() / total, (spread * weight).sum() / total
