"""The live camera for half an hour: `python -m benchmarks.camera_soak [--minutes 30]`.

Prints once a minute what the server and the browser hold; fails where either has grown by more than
the bar between the fifth minute and the last.
"""

import argparse
import os
import statistics
import sys
import tempfile
from pathlib import Path

import psutil
from playwright.sync_api import sync_playwright

from benchmarks.camera import FILMS, browser_with, measured, raw_film, start_own
from benchmarks.servers import running

BAR_MB = 30.0
"""Growth that is allowed: what the collectors of Python and of the browser leave for later."""
_SETTLED = 5


def main(words: list[str]) -> int:
    """Print a line a minute; 1 where something grows."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=int, default=30)
    minutes = parser.parse_args(words).minutes
    os.environ["VITRINE_STREAM_MINUTES"] = str(minutes + 5)
    held = []
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        film = Path(folder) / "people.y4m"
        raw_film(FILMS / "people.mp4", film)
        with running(ordinary=False) as (url, process), browser_with(playwright, film) as browser:
            page = start_own(browser, url)
            for minute in range(1, minutes + 1):
                rows = measured(page, 60)
                held.append((_server_mb(process.pid), _browser_mb(process.pid)))
                print(
                    f"minute {minute}: {len(rows) / 60:.1f} answers a second, delay p50 "
                    f"{statistics.median(row[1] for row in rows):.0f} ms, "
                    f"server {held[-1][0]:.0f} MB, browser {held[-1][1]:.0f} MB",
                    flush=True,
                )
    start = held[min(_SETTLED, len(held)) - 1]
    grown = [last - first for first, last in zip(start, held[-1], strict=True)]
    print(f"growth: server {grown[0]:+.1f} MB, browser {grown[1]:+.1f} MB (bar {BAR_MB:g})")
    return 0 if max(grown) <= BAR_MB else 1


def _server_mb(pid: int) -> float:
    return float(psutil.Process(pid).memory_full_info().uss / 1e6)


def _browser_mb(server: int) -> float:
    """What all processes of the browser hold alone."""
    family = psutil.Process().children(recursive=True)
    browser = [one for one in family if "chrom" in one.name() and one.pid != server]
    return float(sum(one.memory_full_info().uss for one in browser) / 1e6)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
