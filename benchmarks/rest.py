"""One plain REST request against the bare library on both cores.

`python -m benchmarks.rest [--fast] [--rounds N]`: bus.jpg of the ultralytics package, yolo11n at
640, `POST /api/v1/detect` with the file as its body over a connection that is kept. The sides take
turns in blocks, and while one is measured the processes of the others are stopped. The peers are
given the decoded picture and do not serve.

Every answer is checked against the boxes of the bare library: 0.5 px and 0.001 of score. With
--fast the server runs with VITRINE_PRECISION=fast, a further peer is ultralytics' own OpenVINO
export, in half precision where the processor has it, and boxes are the same from an IoU of 0.9 and
a score within 0.1. The spread in brackets is that of the middle 80 % of the requests. Fails where a
bar is missed; those of --fast hold for processors with AMX.
"""

import argparse
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from benchmarks import bars, figures, machine, needs
from benchmarks.bars import Bar
from benchmarks.box_check import EXACT, HALF, Tolerance, differences
from benchmarks.client import median
from benchmarks.detect_http import paused, photo, timed
from benchmarks.figures import Value
from benchmarks.needs import WEIGHTS
from benchmarks.rest_client import REFERENCE, Box, RestClient
from benchmarks.rest_peers import THREADS, Peer, peer
from benchmarks.servers import running, wait_until_idle

_MODEL = "yolo11n"
_BLOCK = 5
"""Requests in a row before the turn of the next side."""


def checked(client: RestClient, jpeg: bytes, wanted: Sequence[Box], allowed: Tolerance) -> str:
    """Ask once; the back end. Raises AssertionError for an answer that is not the peer's."""
    answer = client.ask(jpeg)
    if wrong := differences(answer["boxes"], wanted, allowed):
        raise AssertionError(f"wrong answer: {'; '.join(wrong)}")
    return answer.get("backend", REFERENCE)


def throughput(url: str, ask: Callable[[RestClient], object], each: int) -> float:
    """Answers a second of 8 clients at once, `each` in a row; each has asked once before."""

    def visit(client: RestClient) -> None:
        for _ in range(each):
            ask(client)

    with ExitStack() as stack:
        clients = [stack.enter_context(RestClient(url, _MODEL)) for _ in range(THREADS)]
        pool = stack.enter_context(ThreadPoolExecutor(THREADS))
        list(pool.map(ask, clients))
        start = time.perf_counter()
        list(pool.map(visit, clients))
        return THREADS * each / (time.perf_counter() - start)


@dataclass
class Measured:
    """Times of single calls in ms and rates of 8 at once, by side: ours, bare, export."""

    backend: str
    ms: dict[str, list[float]]
    rates: dict[str, list[float]]

    def p50(self, side: str) -> float:
        """Median time of a side, ms."""
        return median(self.ms[side])


def measure(fast: bool, rounds: int, each: int, settle_s: float) -> Measured:
    """Measure all sides in turns. Raises AssertionError for a wrong answer."""
    jpeg, allowed = photo().read_bytes(), HALF if fast else EXACT
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        precision = {"VITRINE_PRECISION": "fast" if fast else "exact", "VITRINE_CACHE": folder}
        weights = WEIGHTS / f"{_MODEL}.pt"
        peers = {"bare": stack.enter_context(peer(weights))}
        wanted = peers["bare"].one()["boxes"]
        if fast:
            export = stack.enter_context(tempfile.TemporaryDirectory())
            peers["export"] = stack.enter_context(peer(weights, Path(export)))
        with paused(*(one.process for one in peers.values())):
            url, server = stack.enter_context(running(ordinary=False, environ=precision))
            client = stack.enter_context(RestClient(url, _MODEL))
            client.settle(jpeg, settle_s)
            wait_until_idle(server)

        def ask(visitor: RestClient) -> str:
            return checked(visitor, jpeg, wanted, allowed)

        found = Measured(ask(client), {"ours": [], **{name: [] for name in peers}}, {})
        for _ in range(rounds):
            with paused(*(one.process for one in peers.values())):
                found.ms["ours"] += [timed(lambda: ask(client)) for _ in range(_BLOCK)]
            for name, one in peers.items():
                with paused(server, *_others(peers, name)):
                    found.ms[name] += [one.one()["ms"] for _ in range(_BLOCK)]
        for _ in range(min(rounds, 3)):
            with paused(*(one.process for one in peers.values())):
                found.rates.setdefault("ours", []).append(throughput(url, ask, each))
            if fast:
                with paused(server, *_others(peers, "export")):
                    found.rates.setdefault("export", []).append(peers["export"].many(each))
    return found


def _others(peers: dict[str, Peer], name: str) -> "list[subprocess.Popen[str]]":
    return [one.process for other, one in peers.items() if other != name]


def bars_of(found: Measured) -> list[Bar]:
    """The lines with their bars."""
    one, bare = found.p50("ours"), found.p50("bare")
    rate = median(found.rates["ours"])
    if "export" not in found.ms:
        return [
            Bar("REST ÷ bare predict()+plot() on both cores", one / bare, 0.85, 0.75),
            Bar("8 clients: answers a second × bare seconds", rate * bare / 1000, 1.5, 1.7, False),
        ]
    export, crowd = found.p50("export"), median(found.rates["export"])
    return [
        Bar("REST, fast ÷ bare predict()+plot() on both cores", one / bare, 0.6, 0.5),
        Bar("REST, fast ÷ ultralytics' OpenVINO export", one / export, 1.6, 1.25),
        Bar("8 clients, fast ÷ 8 threads of that export", rate / crowd, 0.8, 1.0, False),
    ]


def figures_of(found: Measured) -> figures.Figures:
    """For the rows of the README."""
    one, bare = found.p50("ours"), found.p50("bare")
    rate = median(found.rates["ours"])
    first: dict[str, Value] = {"ms": _spread(found.ms["ours"]), "backend": found.backend}
    first |= {"to_bare": one / bare, "bare_ms": bare}
    if "export" not in found.ms:
        clients = {"rate": rate, "to_bare": rate * bare / 1000}
        return {"rest.one": first, "rest.clients": clients}
    export, crowd = found.p50("export"), median(found.rates["export"])
    first |= {"to_export": one / export, "export_ms": export}
    clients = {"rate": rate, "to_export": rate / crowd, "export_rate": crowd}
    return {"rest_fast.one": first, "rest_fast.clients": clients}


def _spread(values: Sequence[float]) -> list[float]:
    """The median and the ends of the middle 80 %."""
    tenths = statistics.quantiles(values, n=10, method="inclusive")
    return [median(list(values)), tenths[0], tenths[-1]]


def main(words: list[str]) -> int:
    """Print the times and the ratios; returns 1 where a bar is missed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.rest", description=__doc__)
    parser.add_argument("--fast", action="store_true")
    parser.add_argument("--rounds", type=int, default=30)
    parser.add_argument("--each", type=int, default=20, help="requests in a row of 8 clients")
    parser.add_argument(
        "--settle", type=float, default=60, help="seconds for a faster back end to take over"
    )
    figures.add_option(parser)
    options = parser.parse_args(words)
    needs.weights(f"{_MODEL}.pt")
    if options.fast:
        needs.packages("openvino")
    found = measure(options.fast, options.rounds, options.each, options.settle)
    for side, values in found.ms.items():
        middle, low, high = _spread(values)
        by = f" by {found.backend}" if side == "ours" else ""
        print(f"{side:6} p50 {middle:6.1f} ms ({low:.1f}–{high:.1f}), {len(values)} calls{by}")
    for side, values in found.rates.items():
        print(f"{side:6} 8 at once: {median(values):.1f} a second")
    held = bars.told(bars_of(found))
    figures.save(options.json, figures_of(found))
    if options.fast and not machine.has_amx():
        print("This processor has no AMX: the bars of --fast are for one that has.")
        return 0
    return 0 if held else 1


if __name__ == "__main__":
    needs.run(main)
