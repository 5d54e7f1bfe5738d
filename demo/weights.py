"""The command line: python -m demo.weights list, python -m demo.weights fetch NAME…"""

import os
import sys
from collections.abc import Callable
from pathlib import Path

from demo import logs
from demo.errors import DemoError
from demo.inference.catalog import Catalog
from demo.models.spec import ModelSpec, Score, format_score
from demo.settings import Settings


def main(arguments: list[str], settings: Settings, catalog: Catalog | None = None) -> int:
    """The command line: `list`, or `fetch NAME…`; 0 where all went well, else a DemoError."""
    catalog = catalog or Catalog(settings)
    if arguments[:1] == ["fetch"] and len(arguments) > 1:
        for name in arguments[1:]:
            file = catalog.open(name, _printer(name))
            print(f"\r{name}: {file.path.name}, sha256 {file.sha256}")
        return 0
    if arguments != ["list"]:
        raise DemoError("weights_usage")
    here = catalog.present()
    for spec in catalog.specs():
        print(_line(spec, here.get(spec.name)))
    return 0


def _printer(name: str) -> Callable[[float], None]:
    def show(share: float) -> None:
        print(f"\r{name}: {share:4.0%}", end="", flush=True)

    return show


def _line(spec: ModelSpec, path: Path | None) -> str:
    size = path.stat().st_size if path else spec.weights.size_bytes or 0
    where = "here   " if path else "missing"
    bring = "" if path else f"  python -m demo.weights fetch {spec.name}"
    score: Score = spec.published or spec.measured or {"metric": "", "value": 0.0}
    facts = f"{spec.name:<20} {spec.task:<9} {size / 1e6:8.1f} MB  {format_score(score):<24}"
    return f"{where}  {facts}{bring}"


if __name__ == "__main__":
    try:
        own = Settings.from_env(os.environ)
        logs.configure(own.log)
        sys.exit(main(sys.argv[1:], own))
    except DemoError as error:
        print(error, file=sys.stderr)
        sys.exit(1)
