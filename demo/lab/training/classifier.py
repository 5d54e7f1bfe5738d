"""Training of a classifier: one plain loop that resumes bit for bit."""

import math
import time
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.optim.lr_scheduler import LambdaLR

from demo.lab.options import TrainOptions
from demo.lab.recipe import ClassifierRecipe
from demo.lab.training.batches import augment, normalise, resize
from demo.lab.training.checkpoints import restore_checkpoint, save_checkpoint
from demo.lab.training.classifier_loss import classifier_loss
from demo.lab.training.datasets import ClassifierData
from demo.lab.training.progress import Progress
from demo.lab.training.schedules import SCHEDULES
from demo.lab.training.soft_labels import CLASSES as SOFT_LABELS
from demo.models.networks.classifiers import NETWORKS

_REPORT_EVERY = 50
"""Steps between two reports of progress."""
_BATCH_PER_OUTLIER = 8
"""Pictures of a batch for one outlier in it."""


@dataclass(frozen=True, slots=True, eq=False)
class _Training:
    recipe: ClassifierRecipe
    data: ClassifierData
    model: nn.Module
    optimizer: torch.optim.Optimizer


def network_of(recipe: ClassifierRecipe) -> nn.Module:
    """The recipe's network with random weights, and with outputs for soft labels if it has them."""
    build = NETWORKS[recipe.network]
    if recipe.soft_labels:
        return build(dropout=recipe.dropout, classes=len(recipe.labels), soft_labels=SOFT_LABELS)
    return build(dropout=recipe.dropout)


def train_classifier(
    recipe: ClassifierRecipe, data: ClassifierData, options: TrainOptions
) -> Iterator[Progress]:
    """Train a network; yields progress every 50 steps and at the end of each epoch.

    Every epoch starts from its own seed and ends in a checkpoint, so a run that was interrupted
    and resumed ends in the same bits (same machine, same number of threads). The random numbers
    come from torch's global generator: draw none between two steps of this generator.
    """
    torch.manual_seed(recipe.seed)
    model = network_of(recipe).to(options.device)
    model = model.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    training = _Training(recipe, data, model, make_optimizer(recipe, model))
    parts = {"model": model, "optimizer": training.optimizer}
    first = restore_checkpoint(options.run, parts) if options.resume else 0
    steps, epochs = math.ceil(len(data.train) / recipe.batch), options.epochs
    scheduler = make_scheduler(recipe, training.optimizer, first * steps, epochs * steps)
    start = time.monotonic()
    for epoch in range(first, epochs):
        total = 0.0
        for step, loss in enumerate(_epoch(training, scheduler, epoch, epochs), 1):
            total += loss
            if step < steps and options.stop_requested():
                return
            if step < steps and step % _REPORT_EVERY == 0:
                seconds = time.monotonic() - start
                yield Progress(epoch + 1, epochs, step, steps, total / step, seconds)
        save_checkpoint(options.run, parts, epoch + 1)
        scores = _test_scores(training, epoch, epochs)
        seconds = time.monotonic() - start
        yield Progress(epoch + 1, epochs, steps, steps, total / steps, seconds, scores)
        if options.stop_requested():
            return


def _test_scores(training: _Training, epoch: int, epochs: int) -> dict[str, float]:
    """The test accuracy in the epochs that measure it, and in the last one."""
    recipe, test = training.recipe, training.data.test
    if (epoch + 1) % recipe.measure_every and epoch + 1 < epochs:
        return {}
    images = resize(test.images, recipe.input_hw)
    logits = logits_of(training.model, images, recipe.mean, recipe.std)
    predicted = logits[:, : len(recipe.labels)].argmax(1)
    return {"accuracy": float((predicted == test.targets).mean())}


def _epoch(training: _Training, scheduler: LambdaLR, epoch: int, epochs: int) -> Iterator[float]:
    """Train on all pictures once, in the order of this epoch; yields the loss of each step."""
    recipe, data, model = training.recipe, training.data, training.model
    seed = recipe.seed * 100_003 + epoch
    torch.manual_seed(seed)
    model.train()
    device = next(model.parameters()).device
    pixels = torch.from_numpy(data.train.images).permute(0, 3, 1, 2)
    targets = torch.from_numpy(data.train.targets)
    size_hw = recipe.size_at(epoch, epochs)
    for chosen in torch.split(torch.randperm(len(data.train)), recipe.batch):
        batch, indices = _with_outliers(data, pixels[chosen], chosen.tolist())
        batch = augment(batch, recipe, seed, indices, size_hw)
        inputs = normalise(batch, recipe.mean, recipe.std).to(device)
        soft = None
        if data.soft_labels is not None:
            soft = torch.from_numpy(data.soft_labels[chosen.numpy()])
        loss = classifier_loss(recipe, model, inputs, targets[chosen].to(device), soft)
        training.optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        training.optimizer.step()
        scheduler.step()
        yield loss.item()


def _with_outliers(
    data: ClassifierData, batch: Tensor, indices: list[int]
) -> tuple[Tensor, list[int]]:
    """The batch with one random outlier for eight pictures at its end, and the indices of all."""
    if data.outliers is None:
        return batch, indices
    count = max(len(batch) // _BATCH_PER_OUTLIER, 1)
    chosen = torch.randint(0, len(data.outliers), (count,))
    outliers = torch.from_numpy(data.outliers[chosen.numpy()]).permute(0, 3, 1, 2)
    # Behind the training pictures, so that no two pictures of an epoch share an index.
    return torch.cat([batch, outliers]), indices + [len(data.train) + i for i in chosen.tolist()]


def make_optimizer(recipe: ClassifierRecipe, model: nn.Module) -> torch.optim.Optimizer:
    """The recipe's optimizer; L2 acts on weight matrices, not on biases and norms."""
    matrices = [p for p in model.parameters() if p.ndim > 1]
    vectors = [p for p in model.parameters() if p.ndim <= 1]
    groups = [
        {"params": matrices, "weight_decay": recipe.l2},
        {"params": vectors, "weight_decay": 0.0},
    ]
    if recipe.optimizer == "adam":
        return torch.optim.AdamW(groups, lr=recipe.lr)
    if recipe.optimizer == "sgd":
        nesterov = recipe.momentum > 0
        return torch.optim.SGD(groups, recipe.lr, momentum=recipe.momentum, nesterov=nesterov)
    raise ValueError(f"expected the optimizer sgd or adam, got {recipe.optimizer!r}")


def make_scheduler(
    recipe: ClassifierRecipe, optimizer: torch.optim.Optimizer, done: int, total: int
) -> LambdaLR:
    """The recipe's schedule over `total` steps of which `done` are finished."""
    schedule = SCHEDULES[recipe.schedule]
    for group in optimizer.param_groups:
        group["initial_lr"] = recipe.lr  # a checkpoint of earlier versions lacks it
    return LambdaLR(optimizer, lambda step: schedule(step / total), last_epoch=done - 1)


@torch.inference_mode()
def logits_of(
    model: nn.Module,
    images: NDArray[np.uint8],
    mean: tuple[float, ...],
    std: tuple[float, ...],
    batch: int = 500,
) -> NDArray[np.float32]:
    """N×H×W×3 uint8 RGB → N×C float32 logits; leaves the model in evaluation mode."""
    model.eval()
    device = next(model.parameters()).device
    parts = []
    for i in range(0, len(images), batch):
        pixels = torch.from_numpy(images[i : i + batch]).permute(0, 3, 1, 2)
        inputs = normalise(pixels, mean, std).to(device)
        parts.append(model(inputs).float().cpu().numpy())
    return np.concatenate(parts)
