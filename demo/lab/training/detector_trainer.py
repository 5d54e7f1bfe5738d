"""Ultralytics' detection trainer, adapted to a recipe."""

from collections.abc import Callable, Mapping, Sized
from pathlib import Path
from typing import Any, Protocol

import torch
from safetensors.torch import load_file
from torch import Tensor, nn

from demo.lab.recipe import DetectorRecipe
from demo.lab.training.distillation import Batch, RawPrediction, Teacher, distillation_loss
from demo.models import ultralytics


class _Average(Protocol):
    ema: nn.Module


class Trainer(Protocol):
    """The members of ultralytics' trainer that the lab uses.

    ema: running average of the weights. tloss: mean losses of the epoch so far by name.
    """

    epoch: int
    epochs: int
    ema: _Average
    tloss: Mapping[str, Tensor]
    train_loader: Sized

    def __init__(self, overrides: Mapping[str, object]) -> None: ...

    def add_callback(self, event: str, callback: "Callable[[Trainer], None]") -> None:
        """Have `callback` called at each `event`."""

    def set_loss(self) -> None:
        """Set the recipe's loss; to be called when the training starts."""

    def train(self) -> None:
        """Run the whole training."""


def trainer_class(
    recipe: DetectorRecipe, teacher: Teacher | None, start: Path | None
) -> type[Trainer]:
    """Ultralytics' trainer with the recipe's precision, picture sizes, teacher and start weights.

    start: safetensors file of the initial weights, None for random ones.
    """
    ultralytics.tasks()
    from ultralytics.models.yolo.detect import DetectionTrainer

    class RecipeTrainer(DetectionTrainer):  # type: ignore[misc]
        """Trains with channels-last pixels (1.5 × as fast on a CPU)."""

        model: Any

        def setup_model(self) -> object:
            checkpoint: object = super().setup_model()
            self.model = self.model.to(memory_format=torch.channels_last)
            if start and not self.resume:
                _load_matching(self.model, load_file(start))
            return checkpoint

        def set_loss(self) -> None:
            # Only after the trainer has copied the network for its running average.
            self.model.criterion = _criterion(self.model, recipe, teacher)
            self.model.loss = self.mixed_loss

        def mixed_loss(self, batch: Batch, preds: object = None) -> tuple[Tensor, Tensor]:
            """DetectionModel.loss with a forward pass in the recipe's precision."""
            losses: tuple[Tensor, Tensor] = self.model.criterion(
                _forward(self.model, recipe, batch["img"]), batch
            )
            return losses

        def preprocess_batch(self, batch: Batch) -> Batch:
            batch = super().preprocess_batch(batch)
            if self.model.training:
                batch["img"] = _resized(batch["img"], recipe.size_at(self.epoch, self.epochs))
            batch["img"] = batch["img"].contiguous(memory_format=torch.channels_last)
            return batch

    adapted: type[Trainer] = RecipeTrainer
    return adapted


def _criterion(
    model: nn.Module, recipe: DetectorRecipe, teacher: Teacher | None
) -> Callable[[RawPrediction, Batch], tuple[Tensor, Tensor]]:
    """Ultralytics' loss of the detector, with the teacher's answers where there is one."""
    if teacher:
        return distillation_loss(model, teacher, recipe.labels)
    plain: Callable[[RawPrediction, Batch], tuple[Tensor, Tensor]]
    plain = model.init_criterion()  # type: ignore[operator]
    return plain


def _forward(
    model: nn.Module, recipe: DetectorRecipe, pixels: Tensor
) -> dict[str, Tensor | list[Tensor]]:
    """The raw prediction, computed in the recipe's precision, as float32."""
    bfloat16 = recipe.precision == "bfloat16"
    with torch.autocast(pixels.device.type, torch.bfloat16, enabled=bfloat16):
        raw = model.forward(pixels)
    return {key: _to_float32(value) for key, value in raw.items()}


def _resized(pixels: Tensor, side: int) -> Tensor:
    """N×3×S×S float → N×3×side×side."""
    if side == pixels.shape[-1]:
        return pixels
    return nn.functional.interpolate(pixels, (side, side), mode="bilinear", antialias=True)


def _to_float32(value: Tensor | list[Tensor]) -> Tensor | list[Tensor]:
    return [v.float() for v in value] if isinstance(value, list) else value.float()


def _load_matching(model: nn.Module, state: dict[str, Tensor]) -> None:
    """Load every tensor of `state` whose name and shape fit: all but the class outputs."""
    own = model.state_dict()
    fitting = {k: v.float() for k, v in state.items() if k in own and own[k].shape == v.shape}
    model.load_state_dict(fitting, strict=False)
