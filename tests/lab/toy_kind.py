"""A recipe kind and its recipe in one file: fits a line to random points."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import torch
from safetensors.torch import load_file, save_file
from torch import nn

from demo.lab.about import About
from demo.lab.cards.card import Card
from demo.lab.cards.facts import Estimate, Facts, Score
from demo.lab.cards.markdown import Section
from demo.lab.kinds.base import DataSet, RecipeKind
from demo.lab.options import EvaluateOptions, PublishOptions, TrainOptions
from demo.lab.publish.files import origin, weights_path, write_card
from demo.lab.training.checkpoints import (
    CHECKPOINT,
    Parts,
    restore_checkpoint,
    save_checkpoint,
)
from demo.lab.training.progress import Progress
from demo.lab.training.weights_file import half_state


@dataclass(frozen=True, slots=True)
class LineRecipe:
    kind: ClassVar[str] = "fit"

    name: str
    about: About
    datasets: tuple[str, ...] = ("points",)
    epochs: int = 4
    labels: tuple[str, ...] = ()
    seed: int = 3


class LineScores(Facts):
    error: Estimate


class LineCard(Card):
    KEYS: ClassVar[tuple[str, ...]] = (*Card.KEYS[:-1], "slope", "failures")

    slope: float

    def input_text(self) -> str:
        return "one number"

    def input_rows(self) -> list[tuple[str, str]]:
        return [("input", "one number")]

    def sections(self) -> list[Section]:
        return [Section("Slope", (f"The line rises by {self.slope:.1f}.",))]


def points(seed: int) -> tuple[torch.Tensor, torch.Tensor]:
    x = torch.randn(64, 1, generator=torch.Generator().manual_seed(seed))
    return x, 2 * x - 1


def error_of(model: nn.Module) -> Estimate:
    x, y = points(1)
    error = float((model(x) - y).abs().mean().detach())
    return Estimate(value=error, low=0.0, high=1.0, n=len(x))


class LineKind(RecipeKind[LineRecipe, LineCard]):
    name = LineRecipe.kind
    card_type = LineCard

    def datasets(self) -> tuple[DataSet, ...]:
        return (DataSet("points", downloadable=False),)

    def train(self, recipe: LineRecipe, options: TrainOptions) -> Iterator[Progress]:
        torch.manual_seed(recipe.seed)
        model = nn.Linear(1, 1)
        optimizer = torch.optim.SGD(model.parameters(), 0.3)
        parts: Parts = {"model": model, "optimizer": optimizer}
        first = restore_checkpoint(options.run, parts) if options.resume else 0
        x, y = points(recipe.seed)
        start = time.monotonic()
        for epoch in range(first, options.epochs):
            loss = nn.functional.mse_loss(model(x), y)
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
            save_checkpoint(options.run, parts, epoch + 1)
            seconds = time.monotonic() - start
            yield Progress(epoch + 1, options.epochs, 1, 1, loss.item(), seconds)

    def evaluate(self, card: LineCard, options: EvaluateOptions) -> LineScores:
        model = nn.Linear(1, 1)
        model.load_state_dict(load_file(options.weights / card.file))
        return LineScores(error=error_of(model.float()))

    def publish(self, recipe: LineRecipe, options: PublishOptions) -> Iterator[str]:
        file = weights_path(recipe, options, CHECKPOINT)
        model = nn.Linear(1, 1)
        restore_checkpoint(options.run, {"model": model})
        save_file(half_state(model.state_dict()), file)
        card = LineCard.of(
            origin(recipe, (1,), "line", file, options.run),
            mean=None,
            std=None,
            measured=Score.of("points test", "error", error_of(model)),
            scores=(),
            out_of_distribution=None,
            slope=float(model.weight),
            failures=recipe.about.failures,
        )
        yield from write_card(card, options.weights)


KIND = LineKind()
RECIPE = LineRecipe(
    name="toy-line",
    about=About("Lines.", "curves.", "CC0", ("Random points.",), ("It knows one line.",)),
)
