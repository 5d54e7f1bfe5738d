"""The command line of weights: `python -m demo.weights list`, `fetch`, `describe`, `check`."""

import os
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np

from demo import logs
from demo.backends.base import all_backends, choose
from demo.errors import DemoError
from demo.i18n import translate
from demo.inference.catalog import Catalog
from demo.models.own.base import draft, read_model
from demo.models.own.description import description_file
from demo.models.score import Score, format_score
from demo.models.spec import ImageRequest, ModelSpec, WeightsFile
from demo.settings import Settings

_NO_LIMIT_MB = 10**9
_SOME = 8
"""Labels of a checked file that are printed."""


def main(arguments: list[str], settings: Settings, catalog: Catalog | None = None) -> int:
    """The command line: `list`, `fetch NAME…`, `describe FILE` or `check FILE…`.

    Returns 0 where all went well, 1 where `check` refused a file. Raises DemoError for what else
    goes wrong. The limits of downloads are for visitors: the owner's own command may fetch every
    model.
    """
    if arguments[:1] == ["check"] and len(arguments) > 1:
        return max([_check(Path(file)) for file in arguments[1:]])
    if arguments[:1] == ["describe"] and len(arguments) == 2:
        _describe(Path(arguments[1]))
        return 0
    catalog = catalog or Catalog(replace(settings, downloads=("*",), downloads_mb=_NO_LIMIT_MB))
    if arguments[:1] == ["fetch"] and len(arguments) > 1:
        for name in arguments[1:]:
            file = catalog.open(name, _printer(name))
            print(f"\r{name}: {file.path.name}, sha256 {file.sha256}")
        return 0
    if arguments != ["list"]:
        raise DemoError("weights_usage")
    here = catalog.present()
    for spec in catalog.specs():
        print(_line(spec, spec.name in here, catalog.size_bytes(spec.name)))
    return 0


def _check(file: Path) -> int:
    """Print what a file is, or why it is refused: 0 or 1."""
    try:
        spec = read_model(file, file.stem)
        _try(spec, file)
    except DemoError as refusal:
        print(f"✗ {refusal}")
        return 1
    facts = {"architecture": spec.architecture, "classes": len(spec.labels), "params": spec.params}
    some = ", ".join(spec.labels[:_SOME]) + (" …" if len(spec.labels) > _SOME else "")
    size = spec.input_size
    print("✓", translate("own_checked", "en", file=file.name, task=spec.task, size=size, **facts))
    print(f"  {some}")
    return 0


def _try(spec: ModelSpec, file: Path) -> None:
    """Let a model answer once, about a grey picture. Raises DemoError where it cannot."""
    runner = choose(spec, "cpu", all_backends()).load(spec, WeightsFile(file, sha256=""))
    grey = np.full((spec.input_size, spec.input_size, 3), 114, np.uint8)
    prepared = spec.family.preprocess(ImageRequest(grey))
    spec.family.postprocess(runner.run(prepared.inputs), prepared)


def _describe(file: Path) -> None:
    """Print what a file says of itself, and write its first description where it needs one."""
    found = draft(file)
    for name, value in found.found.items():
        print(f"{name}: {value}")
    target = description_file(file)
    if not found.text:
        print(translate("own_needs_none", "en", file=file.name))
        return
    try:
        with target.open("x", encoding="utf-8") as opened:
            opened.write(found.text)
    except FileExistsError:
        raise DemoError("own_described", file=target.name) from None
    except OSError:
        raise DemoError("own_cannot_write", file=target.name) from None
    print(translate("own_written", "en", file=target.name, model=file.name))


def _printer(name: str) -> Callable[[float], None]:
    def show(share: float) -> None:
        print(f"\r{name}: {share:4.0%}", end="", flush=True)

    return show


def _line(spec: ModelSpec, here: bool, size_bytes: int | None) -> str:
    where = "here   " if here else "missing"
    bring = "" if here else f"  {spec.command}"
    score: Score = spec.published or spec.measured or {"metric": "", "value": 0.0}
    size = f"{size_bytes / 1e6:8.1f} MB" if size_bytes else " " * 11
    facts = f"{spec.name:<20} {spec.task:<9} {size}  {format_score(score):<24}"
    return f"{where}  {facts}{bring}"


if __name__ == "__main__":
    try:
        own = Settings.from_env(os.environ)
        logs.configure(own.log)
        sys.exit(main(sys.argv[1:], own))
    except DemoError as error:
        print(error, file=sys.stderr)
        sys.exit(2)
