"""Time from `python app.py` to the first page, against the imports of its libraries alone.

`python -m benchmarks.start [rounds]`; also the resident memory of the idle server.
"""

import subprocess
import sys
import time

import psutil

from benchmarks import needs
from benchmarks.client import median
from benchmarks.servers import running

IDLE_S = 15


def imports() -> float:
    """Seconds to import the three libraries in a new process."""
    start = time.perf_counter()
    subprocess.run([sys.executable, "-c", "import gradio, torch, ultralytics"], check=True)
    return time.perf_counter() - start


def first_page() -> tuple[float, float]:
    """Seconds to the first page, and the resident memory some seconds later, MB."""
    start = time.perf_counter()
    with running(ordinary=False) as (_, process):
        elapsed = time.perf_counter() - start
        time.sleep(IDLE_S)
        return elapsed, psutil.Process(process.pid).memory_info().rss / 1e6


def main(words: list[str]) -> None:
    """Print both, the two taking turns."""
    rounds = int(words[0]) if words else 5
    imports()
    pairs = [(imports(), first_page()) for _ in range(rounds)]
    base = median([pair[0] for pair in pairs])
    page = median([pair[1][0] for pair in pairs])
    memory = median([pair[1][1] for pair in pairs])
    print(f"first page {page:.1f} s, imports alone {base:.1f} s, {page / base:.2f} x")
    print(f"idle memory {memory:.0f} MB, {IDLE_S} s after the first page")


if __name__ == "__main__":
    needs.run(main)
