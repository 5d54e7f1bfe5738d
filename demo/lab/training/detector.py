"""Training of a detector on a backbone that knows ImageNet: one loop that resumes after each epoch.

The stem and the first blocks stay as they are, the rest of the backbone learns slower than neck and
head. What is shipped is the running average of the weights.
"""

import gc
import math
import time
from collections.abc import Iterator, Sequence
from typing import Any

import cv2
import numpy as np
import torch
from safetensors.torch import save_file
from torch import nn

from demo.errors import DemoError
from demo.lab.data.boxed_photos import Photo
from demo.lab.data.detection_photos import training_photos
from demo.lab.data.folders import require_folder
from demo.lab.data.read import read_photo
from demo.lab.options import TrainOptions
from demo.lab.recipe import DetectorRecipe
from demo.lab.training.checkpoints import restore_checkpoint, save_checkpoint
from demo.lab.training.detection_batches import Example
from demo.lab.training.detection_epochs import Batches
from demo.lab.training.detection_loss import detection_loss
from demo.lab.training.detection_targets import Targets, targets_of
from demo.lab.training.frozen_start import (
    FrozenStart,
    float32_depthwise,
    freeze_start,
    raw_prediction,
    set_training,
)
from demo.lab.training.moving_average import Average
from demo.lab.training.progress import Progress
from demo.lab.training.schedules import cosine, one_cycle
from demo.lab.training.teacher_boxes import key_of, teacher_boxes
from demo.lab.training.weights_file import half_state
from demo.models import efficientnet_lite
from demo.models.networks.lite_detector import LiteDetector
from demo.models.spec import WeightsFile

STATE = "state.safetensors"
"""File in the run's folder: the averaged network of the last epoch, in half precision."""
_REPORT_EVERY = 20
"""Steps between two reports of progress."""
_MAX_GRADIENT = 10.0
_KEPT_SIDE = 448
"""Longest side in pixels of the photos in memory."""


def pretrained(classes: int) -> LiteDetector:
    """A detector whose backbone has ImageNet's weights; neck and head are random.

    Raises DemoError where the package with these weights is not installed.
    """
    spec = {spec.name: spec for spec in efficientnet_lite.specs()}["efficientnet_lite0"]
    file = spec.weights.embedded
    if file is None:
        raise DemoError("weights_in_package", name=spec.name, package=spec.weights.package)
    whole = efficientnet_lite.load("lite0", WeightsFile(file, spec.weights.sha256 or "", True))
    model = LiteDetector(classes)
    model.backbone.load_state_dict(whole.backbone.state_dict())
    return model


def train_detector(recipe: DetectorRecipe, options: TrainOptions) -> Iterator[Progress]:
    """Train a network; yields progress every 20 steps and at the end of each epoch.

    The run's `STATE` then holds the averaged network, float16. Raises DemoError where the data or
    the package with the backbone are missing.
    """
    examples = read_examples(recipe, options)
    # What the teacher and the decoded photos needed before is returned before the training starts.
    gc.collect()
    model = pretrained(len(recipe.labels)).to(options.device)
    yield from train(model, examples, recipe, options)


def read_examples(recipe: DetectorRecipe, options: TrainOptions) -> list[Example]:
    """The decoded training photos, at most `_KEPT_SIDE` pixels long, with their targets."""
    data = require_folder(options.data, ", ".join(recipe.datasets))
    photos = training_photos(data, recipe.datasets)
    said = teacher_boxes(data, photos, options.cache / "teacher-boxes.json")
    return [
        _example(photo, targets_of(photo, said[key_of(photo)], recipe.labels)) for photo in photos
    ]


def _example(photo: Photo, targets: Targets) -> Example:
    image = read_photo(photo.path)
    scale = _KEPT_SIDE / max(image.shape[:2])
    if scale >= 1:
        return Example(image, targets)
    small = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    factors = np.array([1, scale, scale, scale, scale], np.float32)
    scaled = Targets(targets.boxes * factors, targets.ignored * factors)
    return Example(np.ascontiguousarray(small, np.uint8), scaled)


def learning_rate(done: float, epochs: int, ending: int) -> float:
    """Factor of the peak learning rate after `done` epochs: one cycle, then a quarter falling."""
    cycle = max(epochs - ending, 1)
    if done < cycle:
        return one_cycle(done / cycle)
    return 0.25 * cosine((done - cycle) / ending)


def train(
    model: LiteDetector, examples: Sequence[Example], recipe: DetectorRecipe, options: TrainOptions
) -> Iterator[Progress]:
    """Train `model` on decoded photos, see `train_detector`."""
    model = model.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    freeze_start(model)
    frozen = FrozenStart(model.backbone)
    if options.device == "cpu":
        float32_depthwise(model)
    optimizer = make_optimizer(model, recipe)
    peaks = [group["lr"] for group in optimizer.param_groups]
    average = Average(model)
    parts: dict[str, Any] = {"model": model, "optimizer": optimizer, "average": average}
    first = restore_checkpoint(options.run, parts) if options.resume else 0
    criterion = detection_loss(model)
    epochs, start = options.epochs, time.monotonic()
    steps = math.ceil(recipe.pictures / recipe.batch)
    batches = Batches(examples, recipe, epochs, steps)
    for epoch in range(first, epochs):
        set_training(model)
        total: dict[str, float] = {}
        for step, batch in enumerate(batches.of_epoch(epoch)):
            factor = learning_rate(epoch + step / steps, epochs, recipe.ending)
            for group, peak in zip(optimizer.param_groups, peaks, strict=True):
                group["lr"] = peak * factor
            moved = batch.to(options.device)
            loss, named = criterion(raw_prediction(model, frozen, moved.pixels), moved)
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            nn.utils.clip_grad_norm_(model.parameters(), _MAX_GRADIENT)
            optimizer.step()
            average.update(model)
            for key, value in named.items():
                total[key] = total.get(key, 0.0) + float(value)
            if step + 1 < steps and (step + 1) % _REPORT_EVERY == 0:
                yield _progress((epoch, epochs), (step + 1, steps), total, start)
            if options.stop_requested():
                return
        save_checkpoint(options.run, parts, epoch + 1)
        state = half_state(average.state_of(model))
        save_file(
            {k: v.cpu() for k, v in state.items()}, options.run / STATE, {"epoch": str(epoch + 1)}
        )
        yield _progress((epoch, epochs), (steps, steps), total, start)


def make_optimizer(model: LiteDetector, recipe: DetectorRecipe) -> torch.optim.Optimizer:
    """AdamW; weight decay for matrices only."""
    own = [p for name, p in model.named_parameters() if not name.startswith("backbone")]
    backbone = [p for p in model.backbone.parameters() if p.requires_grad]
    groups = [
        {"params": [p for p in part if (p.ndim > 1) == matrices], "lr": lr, "weight_decay": decay}
        for part, lr in ((own, recipe.head_lr), (backbone, recipe.backbone_lr))
        for matrices, decay in ((True, 0.01), (False, 0.0))
    ]
    return torch.optim.AdamW(groups)


def _progress(
    epoch: tuple[int, int], step: tuple[int, int], total: dict[str, float], start: float
) -> Progress:
    """epoch and step: of how many."""
    scores = {key: value / step[0] for key, value in total.items()}
    seconds = time.monotonic() - start
    return Progress(epoch[0] + 1, epoch[1], *step, sum(scores.values()), seconds, scores)
