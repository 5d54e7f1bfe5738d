"""Training a classifier: one plain loop, resumed exactly where it stopped."""

import math
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F

from demo.lab.data.cifar import Pictures
from demo.lab.recipe import ClassifierRecipe
from demo.lab.training.batches import augment, normalise, resized
from demo.lab.training.progress import Progress
from demo.lab.training.schedules import SCHEDULES
from demo.lab.training.soft_labels import CLASSES as HINTS
from demo.models.networks.classifiers import NETWORKS

CHECKPOINT = "last.pt"
"""Network, optimizer and number of finished epochs, inside the run's folder."""


@dataclass(frozen=True, slots=True, eq=False)
class Extra:
    """What some recipes train with beside their pictures.

    outliers: M×H×W×3 uint8 RGB, pictures of other things. hints: N×K float16, a teacher's
    probabilities for each training picture.
    """

    outliers: NDArray[np.uint8] | None = None
    hints: NDArray[np.float16] | None = None


def network_of(recipe: ClassifierRecipe) -> nn.Module:
    """The recipe's network with fresh weights, with the outputs for hints where it has them."""
    build = NETWORKS[recipe.network]
    if recipe.hints:
        return build(dropout=recipe.dropout, classes=len(recipe.labels), hints=HINTS)
    return build(dropout=recipe.dropout)


def train_classifier(
    recipe: ClassifierRecipe,
    train: Pictures,
    test: Pictures,
    run: Path,
    epochs: int,
    resume: bool = False,
    extra: Extra | None = None,
    device: str = "cpu",
) -> Iterator[Progress]:
    """Train under `run`, a sign of life every 50 steps and one at the end of each epoch.

    extra: outliers and hints, for a recipe that wants them. device: cpu or cuda.
    Every epoch starts from its own seed and ends in a checkpoint, so a run that was interrupted
    and resumed ends in the same bits (same machine, same number of threads). The random numbers
    come from torch's global generator: draw none between two steps of this generator.
    """
    torch.manual_seed(recipe.seed)
    model = network_of(recipe).to(device)
    model = model.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    optimizer = make_optimizer(recipe, model)
    first = load_checkpoint(run, model, optimizer) if resume else 0
    start = time.monotonic()
    steps = math.ceil(len(train) / recipe.batch)
    for epoch in range(first, epochs):
        total = 0.0
        losses = _epoch(recipe, model, optimizer, (train, extra or Extra()), epoch, epochs)
        for step, loss in enumerate(losses, 1):
            total += loss
            if step % 50 == 0 and step < steps:
                spent = time.monotonic() - start
                yield Progress(epoch + 1, epochs, step, steps, total / step, spent)
        save_checkpoint(run, model, optimizer, epoch + 1)
        scores = {}
        if (epoch + 1) % recipe.measure_every == 0 or epoch + 1 == epochs:
            logits = logits_of(
                model, resized(test.images, recipe.input_hw), recipe.mean, recipe.std
            )
            guesses = logits[:, : len(recipe.labels)].argmax(1)
            scores["accuracy"] = float((guesses == test.targets).mean())
        spent = time.monotonic() - start
        yield Progress(epoch + 1, epochs, steps, steps, total / steps, spent, scores)


def _epoch(
    recipe: ClassifierRecipe,
    model: nn.Module,
    optimizer: torch.optim.Optimizer,
    data: tuple[Pictures, Extra],
    epoch: int,
    epochs: int,
) -> Iterator[float]:
    """One pass over the pictures in an order of its own; the loss of each step."""
    seed = recipe.seed * 100_003 + epoch
    torch.manual_seed(seed)
    model.train()
    train, extra = data
    device = next(model.parameters()).device
    pixels = torch.from_numpy(train.images).permute(0, 3, 1, 2)
    targets = torch.from_numpy(train.targets)
    size_hw = recipe.size_at(epoch, epochs)
    batches = torch.split(torch.randperm(len(train)), recipe.batch)
    for step, chosen in enumerate(batches):
        share = (epoch * len(batches) + step) / (epochs * len(batches))
        for group in optimizer.param_groups:
            group["lr"] = recipe.lr * SCHEDULES[recipe.schedule](share)
        shown, places = pixels[chosen], chosen.tolist()
        if extra.outliers is not None:
            others = torch.randint(0, len(extra.outliers), (max(len(chosen) // 8, 1),))
            strange = torch.from_numpy(extra.outliers[others.numpy()]).permute(0, 3, 1, 2)
            shown = torch.cat([shown, strange])
            places += [len(train) + place for place in others.tolist()]
        seen = augment(shown, recipe, seed, places, size_hw)
        inputs = normalise(seen, recipe.mean, recipe.std).to(device)
        said = None if extra.hints is None else torch.from_numpy(extra.hints[chosen.numpy()])
        loss = loss_of(recipe, model, inputs, targets[chosen].to(device), said)
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        yield loss.item()


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


def loss_of(
    recipe: ClassifierRecipe,
    model: nn.Module,
    inputs: Tensor,
    targets: Tensor,
    said: Tensor | None = None,
) -> Tensor:
    """The recipe's loss of one batch, with its L1 penalty; a scalar.

    said: N×K, a teacher's probabilities, for a network whose last K outputs are for them.
    Inputs beyond the targets are outliers: for them the wish is the same probability for every
    class (Hendrycks et al. 2019, "Deep Anomaly Detection with Outlier Exposure").
    """
    with torch.autocast(inputs.device.type, torch.bfloat16, enabled=recipe.precision == "bfloat16"):
        every: Tensor = model(inputs)
    own, hinted = every.float().tensor_split([every.shape[1] - (0 if said is None else HINTS)], 1)
    logits, strange = own.tensor_split([len(targets)])
    if recipe.loss == "cross-entropy":
        loss = F.cross_entropy(logits, targets, label_smoothing=recipe.label_smoothing)
    elif recipe.loss == "mse":
        wanted = F.one_hot(targets, logits.shape[1]).float()
        loss = F.mse_loss(logits.softmax(1), wanted)
    else:
        raise ValueError(f"expected the loss cross-entropy or mse, got {recipe.loss!r}")
    if len(strange):
        loss = loss - recipe.outlier_weight * strange.log_softmax(1).mean()
    if said is not None:
        follow = F.cross_entropy(hinted[: len(targets)], said.float().to(inputs.device))
        loss = loss + recipe.hint_weight * follow
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
    device = next(model.parameters()).device
    parts = []
    for i in range(0, len(images), batch):
        pixels = torch.from_numpy(images[i : i + batch]).permute(0, 3, 1, 2)
        inputs = normalise(pixels, mean, std).to(device)
        parts.append(model(inputs).float().cpu().numpy())
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
    state = torch.load(run / CHECKPOINT, map_location="cpu", weights_only=True)
    model.load_state_dict(state["model"])
    optimizer.load_state_dict(state["optimizer"])
    return int(state["epoch"])
