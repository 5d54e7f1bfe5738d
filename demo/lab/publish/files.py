"""What all publications share: origin of a card, half-precision weights, the files written."""

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from safetensors.torch import load_file

from demo.errors import DemoError
from demo.lab.cards.card import Card, Origin
from demo.lab.cards.render import render
from demo.lab.options import PublishOptions
from demo.lab.recipe import Recipe
from demo.lab.training.progress import RECORD

_NOT_PARAMETERS = ("running_mean", "running_var", "num_batches_tracked", "dfl.conv.weight")
"""Ends of the names of tensors that are no parameters."""


class FileFacts(NamedTuple):
    """Digest, size and number of parameters of a weight file."""

    sha256: str
    size_bytes: int
    params: int

    @classmethod
    def of(cls, file: Path) -> "FileFacts":
        """The facts of a safetensors file."""
        params = (v.numel() for k, v in load_file(file).items() if not k.endswith(_NOT_PARAMETERS))
        digest = hashlib.sha256(file.read_bytes()).hexdigest()
        return cls(digest, file.stat().st_size, sum(params))


def weights_path(recipe: Recipe, options: PublishOptions, state: str) -> Path:
    """The path of the recipe's weight file; its folder is created.

    Raises DemoError where the run lacks the file `state`.
    """
    if not (options.run / state).is_file():
        raise DemoError("lab_run_missing", name=recipe.name)
    options.weights.mkdir(exist_ok=True)
    return options.weights / f"{recipe.name}.safetensors"


def origin(
    recipe: Recipe, input_size: tuple[int, ...], architecture: str, file: Path, run: Path
) -> Origin:
    """The first facts of a card, from the recipe, the weight file and the record of its run.

    input_size: height and width in pixels, or the number of random inputs of a generator.
    """
    record = json.loads((run / RECORD).read_text("utf-8"))
    facts = FileFacts.of(file)
    return Origin(
        name=recipe.name,
        task=recipe.kind,
        file=file.name,
        sha256=facts.sha256,
        size_bytes=facts.size_bytes,
        params=facts.params,
        precision="float16",
        labels=recipe.labels,
        input_size=input_size,
        architecture=architecture,
        licence=recipe.about.licence,
        source=recipe.about.source,
        recipe=f"demo/lab/recipes/{recipe.name.replace('-', '_')}.py",
        command=f"python -m demo.lab train {recipe.name} --data DATA",
        seed=recipe.seed,
        epochs=record["epochs"],
        planned_epochs=record["planned_epochs"],
        train_minutes=round(record["minutes"], 1),
        machine=record["machine"],
        data=recipe.about.data,
        good_for=recipe.about.good_for,
        not_for=recipe.about.not_for,
    )


def write_card(card: Card, weights: Path) -> Iterator[str]:
    """Write `weights/<name>.json` and .md next to the weight file; yields the main score."""
    # safetensors creates files that only their owner may read.
    (weights / card.file).chmod(0o644)
    text = card.dump()
    (weights / f"{card.name}.json").write_text(text, "utf-8")
    published = type(card).parse(text, f"{card.name}.json")
    (weights / f"{card.name}.md").write_text(render(published), "utf-8")
    score = card.measured
    interval = f"{score.low:.4f}–{score.high:.4f}"
    yield f"{card.file}: {score.metric} {score.value:.4f} ({interval})"
