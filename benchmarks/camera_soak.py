"""Memory of the live camera over half an hour: `python -m benchmarks.camera_soak [--minutes 30]`.

Prints the memory of server and browser every minute; fails if either grows by more than the bar
between the fifth and the last minute.
"""

import argparse
import os
import statistics
import tempfile
from pathlib import Path

import psutil

from benchmarks import figures, needs
from benchmarks.browser import playwright
from benchmarks.camera import browser_with, measured, require, start_own, write_y4m
from benchmarks.sample_videos import VIDEOS
from benchmarks.servers import running

BAR_MB = 30.0
"""Allowed growth: garbage that Python and the browser have not collected yet."""
_SETTLED_MINUTE = 5


def main(words: list[str]) -> int:
    """Print a line a minute; returns 1 if the growth exceeds the bar."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=int, default=30)
    figures.add_option(parser)
    options = parser.parse_args(words)
    minutes = options.minutes
    require()
    os.environ["VITRINE_STREAM_MINUTES"] = str(minutes + 5)
    memory_mb = []
    with tempfile.TemporaryDirectory() as folder, playwright() as driver:
        video = Path(folder) / "people.y4m"
        write_y4m(VIDEOS / "people.mp4", video)
        with running(ordinary=False) as (url, process), browser_with(driver, video) as browser:
            page = start_own(browser, url)
            for minute in range(1, minutes + 1):
                rows = measured(page, 60)
                memory_mb.append((_server_mb(process.pid), _browser_mb(process.pid)))
                print(
                    f"minute {minute}: {len(rows) / 60:.1f} answers a second, delay p50 "
                    f"{statistics.median(row[1] for row in rows):.0f} ms, "
                    f"server {memory_mb[-1][0]:.0f} MB, browser {memory_mb[-1][1]:.0f} MB",
                    flush=True,
                )
    start = memory_mb[min(_SETTLED_MINUTE, len(memory_mb)) - 1]
    grown = [last - first for first, last in zip(start, memory_mb[-1], strict=True)]
    print(f"growth: server {grown[0]:+.1f} MB, browser {grown[1]:+.1f} MB (bar {BAR_MB:g})")
    values = {"server_mb": grown[0], "browser_mb": grown[1]}
    figures.save(options.json, {"camera_soak.growth": values})
    return 0 if max(grown) <= BAR_MB else 1


def _server_mb(pid: int) -> float:
    return float(psutil.Process(pid).memory_full_info().uss / 1e6)


def _browser_mb(server: int) -> float:
    """Memory that belongs to the processes of the browser alone."""
    family = psutil.Process().children(recursive=True)
    browser = [one for one in family if "chrom" in one.name() and one.pid != server]
    return float(sum(one.memory_full_info().uss for one in browser) / 1e6)


if __name__ == "__main__":
    needs.run(main)
