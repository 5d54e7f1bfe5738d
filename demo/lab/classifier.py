"""Training a classifier: one plain loop, resumed exactly where it stopped."""

import math
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F

from demo.lab.cifar import Pictures
from demo.lab.progress import Progress
from demo.lab.recipe import ClassifierRecipe
from demo.models.nets import NETWORKS

CHECKPOINT = "last.pt"
"""Network, optimizer and number of finished epochs, inside the run's folder."""


def train_classifier(
    recipe: ClassifierRecipe,
    train: Pictures,
    test: Pictures,
    run: Path,
    epochs: int,
    resume: bool = False,
) -> Iterator[Progress]:
    """Train under `run`, a sign of life every 50 steps and one with the test accuracy an epoch.

    Every epoch starts from its own seed and ends in a checkpoint, so a run that was interrupted
    and resumed ends in the same bits (same machine, same number of threads). The random numbers
    come from torch's global generator: draw none between two steps of this generator.
    """
    torch.manual_seed(recipe.seed)
    model = NETWORKS[recipe.network](dropout=recipe.dropout)
    model = model.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    optimizer = make_optimizer(recipe, model)
    first = load_checkpoint(run, model, optimizer) if resume else 0
    start = time.monotonic()
    steps = math.ceil(len(train) / recipe.batch)
    for epoch in range(first, epochs):
        total = 0.0
        for step, loss in enumerate(_epoch(recipe, model, optimizer, train, epoch, epochs), 1):
            total += loss
            if step % 50 == 0 and step < steps:
                spent = time.monotonic() - start
                yield Progress(epoch + 1, epochs, step, steps, total / step, spent)
        save_checkpoint(run, model, optimizer, epoch + 1)
        guesses = logits_of(model, test.images, recipe.mean, recipe.std).argmax(1)
        scores = {"accuracy": float((guesses == test.targets).mean())}
        spent = time.monotonic() - start
        yield Progress(epoch + 1, epochs, steps, steps, total / steps, spent, scores)


def _epoch(
    recipe: ClassifierRecipe,
    model: nn.Module,
    optimizer: torch.optim.Optimizer,
    train: Pictures,
    epoch: int,
    epochs: int,
) -> Iterator[float]:
    """One pass over the pictures in an order of its own; the loss of each step."""
    torch.manual_seed(recipe.seed * 100_003 + epoch)
    model.train()
    pixels = torch.from_numpy(train.images).permute(0, 3, 1, 2)
    targets = torch.from_numpy(train.targets)
    batches = torch.split(torch.randperm(len(train)), recipe.batch)
    for step, chosen in enumerate(batches):
        share = (epoch * len(batches) + step) / (epochs * len(batches))
        for group in optimizer.param_groups:
            group["lr"] = recipe.lr * one_cycle(share)
        inputs = normalise(augment(pixels[chosen], recipe), recipe.mean, recipe.std)
        loss = loss_of(recipe, model, inputs, targets[chosen])
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        yield loss.item()


def one_cycle(share: float) -> float:
    """Factor of the peak learning rate after `share` (0–1) of the steps: up for 15 %, cosine to 0.

    After Smith and Topin 2018, "Super-convergence".
    """
    rise = 0.15
    if share < rise:
        return 0.05 + 0.95 * share / rise
    return 0.5 + 0.5 * math.cos(math.pi * (share - rise) / (1 - rise))


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


def augment(pixels: Tensor, recipe: ClassifierRecipe) -> Tensor:
    """A random shift by up to `pad` pixels (borders reflected) and a mirror image for half.

    N×3×H×W uint8 in and out; each picture draws its own.
    """
    n, _, height, width = pixels.shape
    if recipe.pad:
        wide = F.pad(pixels.float(), (recipe.pad,) * 4, mode="reflect").to(torch.uint8)
        top, left = torch.randint(0, 2 * recipe.pad + 1, (2, n, 1, 1, 1))
        rows = top + torch.arange(height).view(1, 1, -1, 1)
        columns = left + torch.arange(width).view(1, 1, 1, -1)
        pixels = wide[
            torch.arange(n).view(-1, 1, 1, 1), torch.arange(3).view(1, -1, 1, 1), rows, columns
        ]
    if recipe.flip:
        mirrored = torch.rand(n, 1, 1, 1) < 0.5
        pixels = torch.where(mirrored, pixels.flip(3), pixels)
    return pixels


def normalise(pixels: Tensor, mean: tuple[float, ...], std: tuple[float, ...]) -> Tensor:
    """N×3×H×W uint8 → float32, (pixel / 255 − mean) / std, channels last."""
    scale = torch.tensor(std).view(1, 3, 1, 1) * 255
    shift = torch.tensor(mean).view(1, 3, 1, 1) * 255
    return ((pixels.float() - shift) / scale).contiguous(memory_format=torch.channels_last)


def loss_of(recipe: ClassifierRecipe, model: nn.Module, inputs: Tensor, targets: Tensor) -> Tensor:
    """The recipe's loss of one batch, with its L1 penalty; a scalar."""
    logits: Tensor = model(inputs)
    if recipe.loss == "cross-entropy":
        loss = F.cross_entropy(logits, targets, label_smoothing=recipe.label_smoothing)
    elif recipe.loss == "mse":
        wanted = F.one_hot(targets, logits.shape[1]).float()
        loss = F.mse_loss(logits.softmax(1), wanted)
    else:
        raise ValueError(f"expected the loss cross-entropy or mse, got {recipe.loss!r}")
    if recipe.l1:
        penalty = torch.stack([p.abs().sum() for p in model.parameters() if p.ndim > 1]).sum()
        loss = loss + recipe.l1 * penalty
    return loss


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
    parts = []
    for i in range(0, len(images), batch):
        pixels = torch.from_numpy(images[i : i + batch]).permute(0, 3, 1, 2)
        parts.append(model(normalise(pixels, mean, std)).float().numpy())
    return np.concatenate(parts)


def save_checkpoint(
    run: Path, model: nn.Module, optimizer: torch.optim.Optimizer, epoch: int
) -> None:
    """Write the state after `epoch` whole epochs; a reader never sees half a file."""
    run.mkdir(parents=True, exist_ok=True)
    state = {"model": model.state_dict(), "optimizer": optimizer.state_dict(), "epoch": epoch}
    torch.save(state, run / f"{CHECKPOINT}.part")
    (run / f"{CHECKPOINT}.part").replace(run / CHECKPOINT)


def load_checkpoint(run: Path, model: nn.Module, optimizer: torch.optim.Optimizer) -> int:
    """Restore the last checkpoint; the number of finished epochs, 0 where there is none."""
    if not (run / CHECKPOINT).is_file():
        return 0
    state = torch.load(run / CHECKPOINT, weights_only=True)
    model.load_state_dict(state["model"])
    optimizer.load_state_dict(state["optimizer"])
    return int(state["epoch"])
