"""The command line: python -m demo.lab train | evaluate | ship | list."""

import argparse
import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path

from demo.errors import DemoError
from demo.lab.progress import Record


def parse(words: list[str]) -> argparse.Namespace:
    """The arguments of one command."""
    parser = argparse.ArgumentParser(prog="python -m demo.lab", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("list", help="recipes and data sets")
    train = commands.add_parser("train", help="train a recipe")
    train.add_argument("name", metavar="RECIPE")
    train.add_argument("--epochs", type=int, help="instead of the recipe's")
    train.add_argument("--resume", action="store_true", help="go on after the last whole epoch")
    evaluate = commands.add_parser("evaluate", help="measure weights on a data set")
    evaluate.add_argument("name", metavar="MODEL")
    evaluate.add_argument("dataset", metavar="DATASET")
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
    import torch

    torch.set_num_threads(arguments.threads)
    work = {"train": _train, "evaluate": _evaluate, "ship": _ship}[arguments.command]
    yield from work(arguments)


def _list() -> Iterator[str]:
    from demo.lab.recipe import ClassifierRecipe, recipes

    for recipe in recipes().values():
        sets = (recipe.dataset,) if isinstance(recipe, ClassifierRecipe) else recipe.datasets
        yield f"{recipe.name}: {', '.join(sets)}, {recipe.epochs} epochs"


def _train(arguments: argparse.Namespace) -> Iterator[str]:
    from demo.lab.cifar import cifar10
    from demo.lab.classifier import train_classifier
    from demo.lab.detector import train_detector
    from demo.lab.recipe import DetectorRecipe, find_recipe

    recipe = find_recipe(arguments.name)
    run = arguments.runs / recipe.name
    epochs = arguments.epochs or recipe.epochs
    if isinstance(recipe, DetectorRecipe):
        if arguments.data is None:
            raise DemoError("lab_data_needed", dataset=", ".join(recipe.datasets))
        steps = train_detector(
            recipe, arguments.data, run, epochs, arguments.resume, arguments.threads
        )
    else:
        cache = arguments.runs / "cache"
        train = cifar10(arguments.data, "train", cache)
        test = cifar10(arguments.data, "test", cache)
        steps = train_classifier(recipe, train, test, run, epochs, arguments.resume)
    record = Record(run, epochs, f"{arguments.threads} CPU cores", arguments.resume)
    for progress in steps:
        record.note(progress)
        yield progress.line()


def _evaluate(arguments: argparse.Namespace) -> Iterator[str]:
    from demo.lab.evaluate import evaluate, read_facts

    weights = Path("weights")
    facts = read_facts(weights, arguments.name)
    found = evaluate(weights, facts, arguments.dataset, arguments.data, arguments.runs / "cache")
    yield json.dumps(found, indent=1)


def _ship(arguments: argparse.Namespace) -> Iterator[str]:
    from demo.lab.recipe import DetectorRecipe, find_recipe
    from demo.lab.ship import ship_classifier, ship_detector

    recipe = find_recipe(arguments.name)
    run, weights = arguments.runs / recipe.name, Path("weights")
    if isinstance(recipe, DetectorRecipe):
        yield from ship_detector(recipe, arguments.data, run, weights)
    else:
        cache = arguments.runs / "cache"
        yield from ship_classifier(recipe, arguments.data, run, weights, cache)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
