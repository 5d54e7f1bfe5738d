"""The command line: python -m demo.lab train | evaluate | ship | list | overview."""

import argparse
import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from demo.errors import DemoError
from demo.lab.training.progress import Progress, Record

if TYPE_CHECKING:
    from demo.lab.recipe import Recipe


def parse(words: list[str]) -> argparse.Namespace:
    """The arguments of one command."""
    parser = argparse.ArgumentParser(prog="python -m demo.lab", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("list", help="recipes and data sets")
    commands.add_parser("overview", help="what the weights score, as the README's tables")
    train = commands.add_parser("train", help="train a recipe")
    train.add_argument("name", metavar="RECIPE")
    train.add_argument("--epochs", type=int, help="instead of the recipe's")
    train.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    train.add_argument("--resume", action="store_true", help="go on after the last whole epoch")
    evaluate = commands.add_parser("evaluate", help="measure weights on a data set")
    evaluate.add_argument("name", metavar="MODEL")
    evaluate.add_argument("dataset", metavar="DATASET")
    evaluate.add_argument(
        "--features", metavar="MODEL", help="classifier that a generator is measured by"
    )
    ship = commands.add_parser("ship", help="write weights/ and its card from a finished run")
    ship.add_argument("name", metavar="RECIPE")
    for command in (train, evaluate, ship):
        command.add_argument("--data", type=Path, help="local folder; else the official source")
        command.add_argument("--threads", type=int, default=os.cpu_count() or 1)
        command.add_argument("--runs", type=Path, default=Path("runs"), help="where runs are kept")
    return parser.parse_args(words)


def main(words: list[str]) -> int:
    """Run one command; the exit status."""
    arguments = parse(words)
    try:
        for line in _lines(arguments):
            print(line, flush=True)
    except DemoError as problem:
        print(problem, file=sys.stderr)
        return 1
    return 0


def _lines(arguments: argparse.Namespace) -> Iterator[str]:
    if arguments.command == "list":
        yield from _list()
        return
    if arguments.command == "overview":
        yield from _overview()
        return
    import torch

    torch.set_num_threads(arguments.threads)
    work = {"train": _train, "evaluate": _evaluate, "ship": _ship}[arguments.command]
    yield from work(arguments)


def _list() -> Iterator[str]:
    from demo.lab.evaluation.detector import DETECTION_SETS
    from demo.lab.recipe import DetectorRecipe, recipes
    from demo.lab.training.datasets import DATASETS

    yield "recipes"
    for recipe in recipes().values():
        sets = recipe.datasets if isinstance(recipe, DetectorRecipe) else (recipe.dataset,)
        yield f"  {recipe.name}: {', '.join(sets)}, {recipe.epochs} epochs"
    yield "data sets"
    for name in DATASETS:
        yield f"  {name}: from --data, or without it downloaded from its official source"
    for name in DETECTION_SETS:
        yield f"  {name}: from --data"


def _overview() -> Iterator[str]:
    from demo.lab.publish.overview import overview, unknown_overview

    cards = [json.loads(file.read_text("utf-8")) for file in sorted(Path("weights").glob("*.json"))]
    yield overview(cards)
    yield ""
    yield unknown_overview(cards)


def _train(arguments: argparse.Namespace) -> Iterator[str]:
    import torch

    from demo.lab.recipe import find_recipe

    recipe = find_recipe(arguments.name)
    if arguments.device == "cuda" and not torch.cuda.is_available():
        raise DemoError("lab_no_cuda")
    epochs = arguments.epochs or recipe.epochs
    run = arguments.runs / recipe.name
    cores = "core" if arguments.threads == 1 else "cores"
    place = f"{arguments.threads} CPU {cores}"
    if arguments.device == "cuda":
        place = torch.cuda.get_device_name()
    record = Record(run, epochs, place, arguments.resume)
    for progress in _steps(recipe, arguments, run, epochs):
        record.note(progress)
        yield progress.line()


def _steps(
    recipe: "Recipe", arguments: argparse.Namespace, run: Path, epochs: int
) -> Iterator[Progress]:
    """The training of one recipe, whatever its kind."""
    from demo.lab.data.cifar import cifar10
    from demo.lab.generator_recipe import GeneratorRecipe
    from demo.lab.recipe import DetectorRecipe
    from demo.lab.training.classifier import train_classifier
    from demo.lab.training.datasets import DATASETS, extra_of
    from demo.lab.training.detector import train_detector
    from demo.lab.training.generator import train_generator

    data, cache, device = arguments.data, arguments.runs / "cache", arguments.device
    how = (run, epochs, arguments.resume)
    if isinstance(recipe, DetectorRecipe):
        if data is None:
            raise DemoError("lab_data_needed", dataset=", ".join(recipe.datasets))
        return train_detector(recipe, data, *how, arguments.threads, device)
    if isinstance(recipe, GeneratorRecipe):
        return train_generator(recipe, cifar10(data, "train", cache).images, *how, device)
    train, test = (DATASETS[recipe.dataset](data, part, cache) for part in ("train", "test"))
    extra = extra_of(recipe, data, cache, train)
    return train_classifier(recipe, train, test, *how, extra, device)


def _evaluate(arguments: argparse.Namespace) -> Iterator[str]:
    from demo.lab.evaluation.classifier import evaluate, read_facts
    from demo.lab.evaluation.generator import evaluate_generator

    weights, cache = Path("weights"), arguments.runs / "cache"
    facts = read_facts(weights, arguments.name)
    task = (weights, facts, arguments.dataset, arguments.data, cache)
    if facts["task"] == "generate":
        found = evaluate_generator(*task, arguments.features or facts["generation"]["features"])
    else:
        found = evaluate(*task)
    yield json.dumps(found, indent=1)


def _ship(arguments: argparse.Namespace) -> Iterator[str]:
    from demo.lab.generator_recipe import GeneratorRecipe
    from demo.lab.publish.classifier import ship_classifier
    from demo.lab.publish.detector import ship_detector
    from demo.lab.publish.generator import ship_generator
    from demo.lab.recipe import DetectorRecipe, find_recipe

    recipe = find_recipe(arguments.name)
    run, weights = arguments.runs / recipe.name, Path("weights")
    cache = arguments.runs / "cache"
    if isinstance(recipe, DetectorRecipe):
        yield from ship_detector(recipe, arguments.data, run, weights)
    elif isinstance(recipe, GeneratorRecipe):
        yield from ship_generator(recipe, arguments.data, run, weights, cache)
    else:
        yield from ship_classifier(recipe, arguments.data, run, weights, cache)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
