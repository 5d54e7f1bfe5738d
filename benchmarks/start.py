"""Time from `python app.py` to the first page, against the imports of its libraries alone.

`python -m benchmarks.start [rounds]`; also the resident memory of the idle server, and, of a server
of its own each round, the time of the first REST answer after the first page. All servers of a run
share a cache, into which the first one, which is not measured, puts what it makes of the models.
"""

import argparse
import subprocess
import sys
import tempfile
import time

import psutil

from benchmarks import bars, figures, needs, readme_table
from benchmarks.bars import Bar
from benchmarks.client import median
from benchmarks.detect_http import photo
from benchmarks.needs import WEIGHTS
from benchmarks.rest_client import RestClient
from benchmarks.servers import running, wait_until_idle
from demo.inference.local_engine import LocalEngine
from demo.settings import Settings

IDLE_S = 15


def imports() -> float:
    """Seconds to import the three libraries in a new process."""
    start = time.perf_counter()
    subprocess.run([sys.executable, "-c", "import gradio, torch, ultralytics"], check=True)
    return time.perf_counter() - start


def first_page(cache: str) -> tuple[float, float]:
    """Seconds to the first page, and the resident memory some seconds later, MB."""
    start = time.perf_counter()
    with running(ordinary=False, environ={"VITRINE_CACHE": cache}) as (_, process):
        elapsed = time.perf_counter() - start
        time.sleep(IDLE_S)
        return elapsed, psutil.Process(process.pid).memory_info().rss / 1e6


def first_answer(cache: str, model: str) -> float:
    """Seconds from the first page to the first answer of a detector by REST."""
    with running(ordinary=False, environ={"VITRINE_CACHE": cache}) as (url, _):
        start = time.perf_counter()
        with RestClient(url, model) as client:
            client.ask(photo().read_bytes())
        return time.perf_counter() - start


def opened_with() -> dict[str, str]:
    """Task → the model that the page opens with; the server loads both when it is idle."""
    folder = WEIGHTS if WEIGHTS.is_dir() else None
    engine = LocalEngine(Settings(weights_dir=folder, offline=True, device="cpu"))
    found = {task: engine.default(task) for task in ("classify", "detect")}
    engine.close()
    return found


def fill(cache: str, models: dict[str, str]) -> None:
    """Let a server put into the cache what it makes of the models, for itself and for bus.jpg."""
    with running(ordinary=False, environ={"VITRINE_CACHE": cache}) as (url, process):
        for task, model in models.items():
            with RestClient(url, model, task) as client:
                print(f"{model} is answered by {client.settle(photo().read_bytes())}")
        wait_until_idle(process)


def main(words: list[str]) -> int:
    """Print all, taking turns; returns 1 where a bar is missed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.start", description=__doc__)
    parser.add_argument("rounds", type=int, nargs="?", default=5)
    figures.add_option(parser)
    options = parser.parse_args(words)
    models = opened_with()
    imports()
    with tempfile.TemporaryDirectory() as cache:
        fill(cache, models)
        turns = [
            (imports(), *first_page(cache), first_answer(cache, models["detect"]))
            for _ in range(options.rounds)
        ]
    base, page, memory, answer = (median(list(column)) for column in zip(*turns, strict=True))
    print(f"imports alone {base:.1f} s; idle memory {IDLE_S} s after the first page")
    found = {
        "start.page": {"seconds": page, "to_imports": page / base},
        "start.memory": {"mb": memory},
        "start.answer": {"seconds": answer},
    }
    print(*readme_table.told(found), sep="\n")
    figures.save(options.json, found)
    held = bars.told(
        [
            Bar("first page ÷ imports alone", page / base, 0.9, 0.6),
            Bar("memory when idle, MB", memory, 600, 450),
            Bar("first answer after the first page, s", answer, 1.0, 0.5),
        ]
    )
    return 0 if held else 1


if __name__ == "__main__":
    needs.run(main)
