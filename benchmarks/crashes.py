"""A server that is killed again and again: `python -m benchmarks.crashes [--rounds 20]`.

While visitors upload and ask, the server is killed with a signal that it cannot catch, and another
one is started in the same temporary folder. Nothing that a dead one left may be there once it has
started, and its first answer may take ten seconds. `--minutes` ends the rounds early.
"""

import argparse
import contextlib
import random
import signal
import subprocess
import tempfile
import threading
import time
from pathlib import Path

import httpx

from benchmarks import figures, needs
from benchmarks.client import Client, make_unique
from benchmarks.detect_http import photo
from benchmarks.servers import running

FIRST_ANSWER_BAR_S = 10.0
_VISITORS = 6


def visit(url: str, jpeg: bytes, over: threading.Event) -> None:
    """Upload and ask until the server is gone."""
    # A killed server ends connections anywhere.
    broken = (httpx.HTTPError, RuntimeError, OSError, ValueError)
    with contextlib.suppress(*broken), Client(url) as client:
        while not over.is_set():
            image = client.upload(make_unique(jpeg))
            client.call("detect", image, "yolo-vitrine", 0.25, 0.7, [])


def kill_in_use(process: subprocess.Popen[bytes], url: str, jpeg: bytes, after_s: float) -> None:
    """Kill the server while visitors use it."""
    over = threading.Event()
    visitors = [threading.Thread(target=visit, args=(url, jpeg, over)) for _ in range(_VISITORS)]
    for visitor in visitors:
        visitor.start()
    time.sleep(after_s)
    process.send_signal(signal.SIGKILL)
    process.wait(30)
    over.set()
    for visitor in visitors:
        visitor.join(30)


def first_answer(url: str, jpeg: bytes) -> None:
    """Ask once. Raises RuntimeError without an answer."""
    with Client(url) as client:
        client.call("detect", client.upload(make_unique(jpeg)), "yolo-vitrine", 0.25, 0.7, [])


def main(words: list[str]) -> int:
    """Print a line a round; returns 1 where something is left or an answer comes too late."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--minutes", type=float, default=60)
    figures.add_option(parser)
    options = parser.parse_args(words)
    end = time.monotonic() + options.minutes * 60
    jpeg, rng = photo().read_bytes(), random.Random(1)
    slowest, left_over, rounds = 0.0, 0, 0
    with tempfile.TemporaryDirectory() as folder:
        dead: set[Path] = set()
        while rounds < options.rounds and time.monotonic() < end:
            start = time.perf_counter()
            with running(ordinary=False, environ={"TMPDIR": folder}) as (url, process):
                left = [path for path in dead if path.exists()]
                first_answer(url, jpeg)
                seconds = time.perf_counter() - start
                kill_in_use(process, url, jpeg, rng.uniform(0.2, 2))
            dead = set(Path(folder).rglob("*"))
            rounds += 1
            slowest, left_over = max(slowest, seconds), left_over + len(left)
            print(
                f"round {rounds}: first answer {seconds:.1f} s, left of the dead {len(left)}, "
                f"then killed with {len(dead)} files and folders",
                flush=True,
            )
    print(f"{rounds} rounds: slowest first answer {slowest:.1f} s (bar {FIRST_ANSWER_BAR_S:g})")
    print(f"files and folders left of the dead: {left_over}")
    if rounds == options.rounds:
        values = {"left": left_over, "seconds": slowest}
        figures.save(options.json, {"crashes.rounds": values})
    return 1 if left_over or slowest > FIRST_ANSWER_BAR_S else 0


if __name__ == "__main__":
    needs.run(main)
