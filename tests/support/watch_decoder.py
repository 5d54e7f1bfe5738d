"""Decodes every file of the odd images in this process and prints a line of JSON for each.

With a number as second argument, that many mutated copies of those that Pillow reads instead.

Line: path, key of the error ("" for a picture, "CRASH" for any other exception), seconds,
growth of the peak resident memory in MB. A file that takes 20 s ends the process.
"""

import csv
import faulthandler
import json
import random
import resource
import sys
import time
import traceback
from collections.abc import Iterator
from pathlib import Path

from demo.errors import DemoError
from demo.images.decode import decode
from demo.images.limits import Limits
from tests.support.png_chunks import with_right_checksums

ACCEPTED = ("JPEG", "PNG", "WEBP", "GIF", "TIFF", "BMP", "AVIF")


def peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def odd(folder: Path) -> Iterator[tuple[str, bytes]]:
    """Path and content of every file."""
    with (folder / "MANIFEST.csv").open() as file:
        for row in csv.DictReader(file):
            yield row["path"], (folder / row["path"]).read_bytes()


def mutated(folder: Path, count: int) -> Iterator[tuple[str, bytes]]:
    """Copies with bytes changed, left out, repeated or cut off; the same in every run."""
    luck = random.Random(2026)
    with (folder / "MANIFEST.csv").open() as file:
        rows = [row for row in csv.DictReader(file) if row["res"] == "ok"]
    whole = [row["path"] for row in rows if row["fmt"] in ACCEPTED and int(row["bytes"]) < 300_000]
    for number in range(count):
        path = luck.choice(whole)
        data = bytearray((folder / path).read_bytes())
        for _ in range(luck.choice([1, 2, 5, 20])):
            # Behind the signature, and most of them in the header, where a byte means the most.
            at = 12 + int(max(len(data) - 12, 0) * luck.random() ** 2)
            match luck.randrange(6):
                case 0:
                    del data[at : at + luck.choice([1, 4, 100])]
                case 1:
                    data[at:at] = data[at : at + luck.choice([1, 4, 100])]
                case 2:
                    data[at : at + 4] = luck.randbytes(4)
                case 3 if luck.random() < 0.2:
                    del data[at + 64 :]
                case _:
                    data[at : at + 1] = bytes([luck.choice([0, 255, luck.randrange(256)])])
        # A decoder sees no more of a PNG than its first wrong checksum.
        checked = path.endswith(".png") and number % 2
        yield f"{number} {path}", with_right_checksums(bytes(data)) if checked else bytes(data)


def watch(files: Iterator[tuple[str, bytes]]) -> None:
    """Decode each and print its line."""
    for path, data in files:
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
    here = Path(sys.argv[1])
    watch(mutated(here, int(sys.argv[2])) if len(sys.argv) > 2 else odd(here))
