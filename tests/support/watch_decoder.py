"""Decodes every file of the odd images in this process and prints a line of JSON for each.

Line: path, key of the error ("" for a picture, "CRASH" for any other exception), seconds,
growth of the peak resident memory in MB. A file that takes 20 s ends the process.
"""

import csv
import faulthandler
import json
import resource
import sys
import time
import traceback
from pathlib import Path

from demo.errors import DemoError
from demo.images.decode import decode
from demo.images.limits import Limits


def peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def watch(folder: Path) -> None:
    with (folder / "MANIFEST.csv").open() as file:
        paths = [row["path"] for row in csv.DictReader(file)]
    for path in paths:
        data = (folder / path).read_bytes()
        faulthandler.dump_traceback_later(20, exit=True)
        peak, start, error = peak_mb(), time.perf_counter(), ""
        try:
            decode(data, Limits())
        except DemoError as fault:
            error = fault.key
        except BaseException:  # noqa: BLE001 - the test looks for any other exception
            traceback.print_exc()
            error = "CRASH"
        seconds = time.perf_counter() - start
        print(json.dumps([path, error, seconds, peak_mb() - peak]), flush=True)
    faulthandler.cancel_dump_traceback_later()


if __name__ == "__main__":
    watch(Path(sys.argv[1]))
