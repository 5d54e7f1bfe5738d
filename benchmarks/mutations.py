"""2,000 mutated inputs: `python -m benchmarks.mutations [--count 2000] [--minutes 60]`.

Pictures, films, archives, bodies and messages of the camera, with bytes changed, cut, doubled or
removed, go to a server of its own. Each has to end in an answer or in one sentence without a path
within ten seconds, and an ordinary picture has to be answered after every hundred of them.
"""

import argparse
import csv
import json
import random
import time
import zipfile
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from io import BytesIO
from pathlib import Path

import httpx
import psutil
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from benchmarks import figures, needs
from benchmarks.client import Client
from benchmarks.load import memory_mb
from benchmarks.needs import DATA
from benchmarks.sentences import faults_of
from benchmarks.servers import running

HANG_S = 10.0
_PING_EVERY = 100
_SMALL_BYTES = 2_000_000
_JOIN = "/gradio_api/queue/join"

Try = Callable[[Client, random.Random], str]
"""Sends one mutated input; returns the sentence of a refusal, "answer" for an answer."""


def mutate(data: bytes, rng: random.Random) -> bytes:
    """The file with a few bytes changed, removed, doubled or set to their largest value."""
    changed = bytearray(data)
    for _ in range(rng.randint(1, 12)):
        at = rng.randrange(max(len(changed), 1))
        length = rng.randint(1, 64)
        way = rng.randrange(4)
        if way == 0:
            changed[at : at + 1] = rng.randbytes(1)
        elif way == 1:
            del changed[at : at + length]
        elif way == 2:
            changed[at:at] = changed[at : at + length]
        else:
            changed[at : at + 4] = b"\xff\xff\xff\xff"
    return bytes(changed[: rng.randrange(len(changed) + 1)] if rng.random() < 0.1 else changed)


def picture(client: Client, rng: random.Random) -> str:
    """One of the odd pictures."""
    path = rng.choice(_pictures())
    return _answer(client, "classify", mutate(path.read_bytes(), rng), path.name, "cnn-cifar10", 3)


def film(client: Client, rng: random.Random) -> str:
    """One of the short films."""
    path = rng.choice(_films())
    values: list[object] = ["yolo-vitrine", 0.25, 0.7, [], 5, True, [], False, ""]
    return _answer(client, "video", mutate(path.read_bytes(), rng), path.name, *values)


def archive(client: Client, rng: random.Random) -> str:
    """An archive of a picture, named as a picture or a film."""
    file = BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("../../a.jpg", rng.choice(_pictures()).read_bytes())
    data = mutate(file.getvalue(), rng)
    return _answer(client, "detect", data, "a.jpg", "yolo-vitrine", 0.25, 0.7, [])


def body(client: Client, rng: random.Random) -> str:
    """The body of a call."""
    right = {
        "data": [None, "cnn-cifar10", 3],
        "fn_index": 0,
        "session_hash": client.session,
        "event_data": None,
    }
    headers = {"content-type": "application/json", "connection": "close"}
    data = mutate(json.dumps(right).encode(), rng)
    answer = client.http.post(_JOIN, content=data, headers=headers)
    if answer.status_code == 200:
        return "answer"
    try:
        said = answer.json()
    except ValueError:
        return answer.text
    return str(said.get("detail") or said.get("error") or "") if isinstance(said, dict) else ""


def camera_message(client: Client, rng: random.Random) -> str:
    """A message of the camera: options, or a frame."""
    options = json.dumps({"type": "options", "model": "yolo-vitrine", "confidence": 0.3}).encode()
    jpeg = min(_pictures(), key=lambda path: path.stat().st_size).read_bytes()
    with connect(client.url.replace("http", "ws", 1) + "/live") as socket:
        # The server may say what is wrong, and close, before the last of them is sent.
        with suppress(ConnectionClosed):
            socket.send('{"type": "options", "model": "yolo-vitrine"}')
            if rng.random() < 0.5:
                socket.send(mutate(options, rng).decode("utf-8", "replace"))
            socket.send(mutate(b"\0\0\0\1" + jpeg, rng))
        try:
            for message in socket:
                if isinstance(message, bytes):
                    return "answer"
                told = json.loads(message)
                if told["type"] in ("error", "end"):
                    return str(told["text"])
        except ConnectionClosed:
            return ""
    return ""


TRIES: dict[str, tuple[Try, int]] = {
    "pictures": (picture, 10),
    "films": (film, 3),
    "archives": (archive, 1),
    "bodies": (body, 4),
    "camera messages": (camera_message, 2),
}
"""Kind → what sends one, and its share of 20."""


def main(words: list[str]) -> int:
    """Print the figures; returns 1 for a death, hang, blank answer, path or unanswered picture."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=2000)
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--seed", type=int, default=1)
    figures.add_option(parser)
    options = parser.parse_args(words)
    needs.data("odd_images", "videos_odd", "faults", "coco128")
    kinds = [kind for kind, (_, share) in TRIES.items() for _ in range(share)]
    end = time.monotonic() + options.minutes * 60
    sent: Counter[str] = Counter()
    faults: list[str] = []
    with running(ordinary=False) as (url, process), Client(url) as client:
        before = memory_mb(process.pid)
        for seed in range(options.seed, options.seed + options.count):
            if time.monotonic() > end or process.poll() is not None:
                break
            rng = random.Random(seed)
            kind = kinds[seed % len(kinds)]
            faults += [f"seed {seed}, {kind}: {fault}" for fault in attempt(client, kind, rng)]
            sent[kind] += 1
            if seed % _PING_EVERY == 0:
                faults += [f"after seed {seed}: {fault}" for fault in alive(client)]
        died = process.poll() is not None
        growth = 0.0 if died else memory_mb(process.pid) - before
        children = 0 if died else len(psutil.Process(process.pid).children())
    print(", ".join(f"{kind} {number}" for kind, number in sent.items()))
    print(f"deaths {int(died)}, programs left {children}, memory {growth:+.0f} MB")
    print(f"hangs, blanks, paths and unanswered pictures: {len(faults)}", *faults, sep="\n    ")
    # Fewer in the time are not what the README speaks of.
    if died or sent.total() == options.count:
        values = {"deaths": int(died), "faults": len(faults)}
        figures.save(options.json, {"mutations.faults": values})
    return 1 if died or faults or children else 0


def attempt(client: Client, kind: str, rng: random.Random) -> list[str]:
    """Send one mutated input; what is wrong with its answer."""
    start = time.perf_counter()
    try:
        said = TRIES[kind][0](client, rng)
        found = [] if said == "answer" else faults_of(said)
    except (httpx.HTTPError, OSError) as error:
        found = [f"no answer: {error!r}"]
    seconds = time.perf_counter() - start
    return [*found, *([f"{seconds:.0f} s"] if seconds > HANG_S else [])]


def alive(client: Client) -> list[str]:
    """What is wrong with the answer to an ordinary picture."""
    jpeg = next((DATA / "coco128").rglob("*.jpg")).read_bytes()
    said = _answer(client, "classify", jpeg, "ordinary.jpg", "photo-101", 1)
    return [] if said == "answer" else [f"an ordinary picture: {said}"]


def _answer(client: Client, function: str, data: bytes, name: str, *values: object) -> str:
    try:
        client.call(function, client.upload(data, name), *values)
    except RuntimeError as error:
        return "" if error.args == (None,) else str(error)
    return "answer"


def _pictures() -> list[Path]:
    folder = DATA / "odd_images"
    with (folder / "MANIFEST.csv").open(encoding="utf-8") as table:
        paths = sorted(folder / row["path"] for row in csv.DictReader(table))
    return [path for path in paths if 0 < path.stat().st_size < _SMALL_BYTES]


def _films() -> list[Path]:
    folders = (DATA / "videos_odd", DATA / "faults")
    paths = sorted(path for folder in folders for path in folder.iterdir())
    films = [path for path in paths if path.suffix in (".mp4", ".mov", ".webm")]
    return [path for path in films if path.stat().st_size < _SMALL_BYTES]


if __name__ == "__main__":
    needs.run(main)
