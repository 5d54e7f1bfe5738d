"""The command line: python -m demo.weights list, python -m demo.weights fetch NAME…"""

import os
import sys
from collections.abc import Callable
from dataclasses import replace

from demo import logs
from demo.errors import DemoError
from demo.inference.catalog import Catalog
from demo.models.spec import ModelSpec, Score, format_score
from demo.settings import Settings

_NO_LIMIT_MB = 10**9


def main(arguments: list[str], settings: Settings, catalog: Catalog | None = None) -> int:
    """The command line: `list`, or `fetch NAME…`; 0 where all went well, else a DemoError.

    The limits of downloads are for visitors: the owner's own command may fetch every model.
    """
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
        print(_line(spec, spec.name in here, catalog.size_bytes(spec.name) or 0))
    return 0


def _printer(name: str) -> Callable[[float], None]:
    def show(share: float) -> None:
        print(f"\r{name}: {share:4.0%}", end="", flush=True)

    return show


def _line(spec: ModelSpec, here: bool, size: int) -> str:
    where = "here   " if here else "missing"
    bring = "" if here else f"  python -m demo.weights fetch {spec.name}"
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
