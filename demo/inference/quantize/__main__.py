"""Command line: python -m demo.inference.quantize NAME --data FOLDER."""

import argparse
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from demo import logs
from demo.errors import DemoError
from demo.models.score import format_score
from demo.settings import Settings
from demo.system import cores, settle_heaps

if TYPE_CHECKING:
    from demo.inference.quantize.measure import Measurement


_WRONG_CALL, _STOPPED = 2, 130


def parse(words: list[str]) -> argparse.Namespace:
    """The arguments of the command."""
    parser = argparse.ArgumentParser(prog="python -m demo.inference.quantize", description=__doc__)
    parser.add_argument("name", metavar="NAME", help="a detector or a classifier")
    parser.add_argument(
        "--data",
        type=Path,
        metavar="FOLDER",
        help="pictures such as the model will see; else the few examples",
    )
    parser.add_argument(
        "--to", type=Path, metavar="FOLDER", help="where the model goes; else VITRINE_WEIGHTS"
    )
    parser.add_argument("--force", action="store_true", help="overwrite NAME-int8")
    return parser.parse_args(words)


def main(words: list[str]) -> int:
    """Run the command; the exit status: 2 where it cannot be done, after one sentence.

    Nothing is written before the end, so that Ctrl-C leaves nothing behind.
    """
    arguments = parse(words)
    try:
        _quantize(arguments)
    except DemoError as error:
        print(error, file=sys.stderr)
        return _WRONG_CALL
    except KeyboardInterrupt:
        return _STOPPED
    return 0


def _quantize(arguments: argparse.Namespace) -> None:
    from demo.inference.catalog import Catalog
    from demo.inference.quantize.files import check_target, write
    from demo.inference.quantize.measure import Pair
    from demo.inference.quantize.network import check_kind, exported, nncf_version, quantized
    from demo.inference.quantize.photos import gather

    settle_heaps()
    settings = Settings.from_env(os.environ)
    logs.configure(settings.log)
    if settings.device == "cuda":
        raise DemoError("quantize_device")
    catalog = Catalog(settings)
    spec = catalog.spec(arguments.name)
    check_kind(spec)
    target = check_target(arguments.to or settings.weights_dir, spec, arguments.force)
    photos = gather(arguments.data)
    file = catalog.open(spec.name, lambda share: None)
    if arguments.data is None:
        print("only the examples of the page: more pictures of your own make a better network")
    used, held_out = len(photos.calibration), len(photos.held_out)
    counts = f"{used} pictures to calibrate with, {held_out} to measure with"
    print(f"{spec.name}: {counts}", flush=True)
    before = exported(spec, file, photos.calibration[0])
    after = quantized(before, spec, photos.calibration)
    data_set = "" if arguments.data is None else arguments.data.resolve().name
    found = Pair(spec, before, after).measure(photos.held_out, data_set)
    write(target, after, spec, found, nncf_version())
    print(_report(found))
    print(f"{target} is the model {target.stem}")


def _report(found: "Measurement") -> str:
    from demo.inference.quantize.files import facts

    file, latency, alike = facts(found)
    same = found.agreement
    side = "×".join(map(str, found.shape[1:][::-1]))
    lines = [
        f"file     {file}",
        f"latency  {latency} by {found.backend}, p50 at {side} on {cores()} cores",
        alike,
    ]
    if same.boxes:
        lines[-1] += f"; of {same.boxes} boxes {same.boxes_kept} are kept, {same.boxes_new} are new"
    lines[-1] = f"answers  {lines[-1]}"
    if found.scores is not None:
        before, after = (
            f"{format_score(score)} ({score['low']:.1f}–{score['high']:.1f})"
            if "low" in score
            else format_score(score)
            for score in found.scores
        )
        lines.append(f"score    {after}, float32 {before}; {found.scores[0]['n']} pictures")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
