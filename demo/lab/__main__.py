"""The command line: python -m demo.lab list | train | evaluate | publish | prune | …."""

import argparse
import json
import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

from demo import logs
from demo.errors import DemoError
from demo.lab.kinds.base import find_kind, kinds, read_card, read_cards
from demo.lab.options import EvaluateOptions, PublishOptions, TrainOptions
from demo.lab.recipe import find_recipe, recipes
from demo.lab.runs import TrainingRun
from demo.settings import Settings
from demo.system import settle_heaps

if TYPE_CHECKING:
    from demo.models.spec import ModelSpec

_WEIGHTS = Path("weights")
_INTERRUPTED = 128 + signal.SIGINT


def parse(words: list[str]) -> argparse.Namespace:
    """Parse the arguments of one command."""
    parser = argparse.ArgumentParser(prog="python -m demo.lab", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("list", help="recipes and data sets").set_defaults(work=_list)
    overview = commands.add_parser("overview", help="scores of the weights, as README tables")
    overview.set_defaults(work=_overview)
    train = commands.add_parser("train", help="train a recipe")
    train.add_argument("name", metavar="RECIPE")
    train.add_argument("--epochs", type=int, help="default: the recipe's")
    train.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    train.add_argument("--resume", action="store_true", help="continue after the last whole epoch")
    train.set_defaults(work=_train)
    evaluate = commands.add_parser("evaluate", help="measure weights on a data set")
    evaluate.add_argument("name", metavar="MODEL")
    evaluate.add_argument("dataset", metavar="DATASET")
    evaluate.add_argument(
        "--features", metavar="MODEL", help="classifier that a generator is measured by"
    )
    evaluate.set_defaults(work=_evaluate)
    publish = commands.add_parser("publish", help="write weights/ and card of a finished run")
    publish.add_argument("name", metavar="RECIPE")
    publish.set_defaults(work=_publish)
    prune = commands.add_parser("prune", help="remove channels of a published classifier")
    prune.add_argument("name", metavar="RECIPE")
    prune.set_defaults(work=_prune)
    calibrate = commands.add_parser("calibrate", help="fit a sign of doubt")
    calibrate.add_argument("name", metavar="MODEL")
    calibrate.set_defaults(work=_calibrate)
    for command in (train, evaluate, publish, prune, calibrate):
        command.add_argument("--data", type=Path, help="local folder; default: official source")
        command.add_argument("--threads", type=int, default=os.cpu_count() or 1)
        command.add_argument("--runs", type=Path, default=Path("runs"), help="folder of all runs")
    return parser.parse_args(words)


def main(words: list[str]) -> int:
    """Run one command; the exit status, 2 after the sentence of a refusal.

    Ctrl-C and SIGTERM end a training with the command.
    """
    arguments = parse(words)
    signal.signal(signal.SIGTERM, _exit)
    settle_heaps()
    try:
        logs.configure(Settings.from_env(os.environ).log)
        for row in arguments.work(arguments):
            print(row, flush=True)
    except DemoError as problem:
        print(problem, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return _INTERRUPTED
    return 0


def _exit(number: int, _: FrameType | None) -> None:
    raise SystemExit(128 + number)


def _list(_: argparse.Namespace) -> Iterator[str]:
    yield "recipes"
    for recipe in recipes().values():
        yield f"  {recipe.name}: {', '.join(recipe.datasets)}, {recipe.epochs} epochs"
    yield "data sets"
    sets = {dataset.name: dataset for kind in kinds().values() for dataset in kind.datasets()}
    for name, dataset in sets.items():
        official = ", or without it downloaded from its official source"
        yield f"  {name}: from --data{official if dataset.downloadable else ''}"


def _overview(_: argparse.Namespace) -> Iterator[str]:
    from demo.lab.cards.overview import rejection_table, score_table

    cards = read_cards(_WEIGHTS)
    yield score_table(cards)
    yield ""
    yield rejection_table(cards)


def _train(arguments: argparse.Namespace) -> Iterator[str]:
    recipe = find_recipe(arguments.name)
    options = TrainOptions(
        run=arguments.runs / recipe.name,
        epochs=arguments.epochs or recipe.epochs,
        data=arguments.data,
        cache=arguments.runs / "cache",
        resume=arguments.resume,
        threads=arguments.threads,
        device=arguments.device,
    )
    with TrainingRun.start(recipe, options) as run:
        for progress in run:
            yield progress.text()


def _evaluate(arguments: argparse.Namespace) -> Iterator[str]:
    _limit_threads(arguments)
    cache = arguments.runs / "cache"
    kind, card = read_card(_WEIGHTS, arguments.name)
    options = EvaluateOptions(
        _WEIGHTS, arguments.dataset, arguments.data, cache, arguments.features
    )
    yield json.dumps(kind.evaluate(card, options).to_json(), indent=1)


def _publish(arguments: argparse.Namespace) -> Iterator[str]:
    _limit_threads(arguments)
    recipe = find_recipe(arguments.name)
    yield from find_kind(recipe.kind).publish(recipe, _publish_options(arguments))


def _prune(arguments: argparse.Namespace) -> Iterator[str]:
    _limit_threads(arguments)
    recipe = find_recipe(arguments.name)
    yield from find_kind(recipe.kind).prune(recipe, _publish_options(arguments))


def _publish_options(arguments: argparse.Namespace) -> PublishOptions:
    run, cache = arguments.runs / arguments.name, arguments.runs / "cache"
    return PublishOptions(run, _WEIGHTS, arguments.data, cache)


def _calibrate(arguments: argparse.Namespace) -> Iterator[str]:
    from demo.models import efficientnet_lite

    _limit_threads(arguments)
    specs = {spec.name: spec for spec in efficientnet_lite.specs()}
    if arguments.name in specs:
        yield from _calibrate_lite(specs[arguments.name], arguments.data)
        return
    recipe = find_recipe(arguments.name)
    yield from find_kind(recipe.kind).calibrate(recipe, _publish_options(arguments))


def _calibrate_lite(spec: "ModelSpec", folder: Path | None) -> Iterator[str]:
    from demo.lab.data.folders import require_folder
    from demo.lab.evaluation.linear_probe import calibrate
    from demo.models import efficientnet_lite
    from demo.models.spec import WeightsFile

    data = require_folder(folder, "caltech101")
    if spec.weights.embedded is None:
        raise DemoError("weights_in_package", name=spec.name, package=spec.weights.package)
    file = WeightsFile(spec.weights.embedded, spec.weights.sha256 or "", official=True)
    facts = calibrate(spec, spec.network(file), data)
    rules = json.loads(efficientnet_lite.UNKNOWN_RULES.read_text("utf-8"))
    rules[spec.name.removeprefix("efficientnet_")] = facts
    efficientnet_lite.UNKNOWN_RULES.write_text(json.dumps(rules) + "\n", "utf-8")
    yield json.dumps({key: value for key, value in facts.items() if key != "weights"}, indent=1)


def _limit_threads(arguments: argparse.Namespace) -> None:
    import torch

    torch.set_num_threads(arguments.threads)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
