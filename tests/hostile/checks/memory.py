"""Memory: bodies, pictures that unfold, large pictures, sessions that are never seen again."""

import base64
import itertools
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

from benchmarks.client import make_unique
from tests.hostile import films, pictures, wire
from tests.hostile.target import Target
from tests.hostile.visitor import Visitor

_MEGABYTE = bytes(1_000_000)
_LARGEST_MB = 200
_ANSWER_S = 1.0
_ONE_MB, _EIGHT_MB, _SPARE_MB = 300, 600, 10
"""Memory for one of the largest pictures and for eight, and what else happens meanwhile."""
_HARMLESS = ("frames.gif", "text.png", "profile.png", "more_than_said.png")
"""Of these the pixels that the header states may be shown."""
_PING_S = 0.25
_SESSIONS = 300


def bodies(target: Target) -> list[str]:
    """Bodies beyond every limit: refused within a second, and never held in memory."""
    found = []
    with target.measured() as memory:
        for name, path, parts, headers in _bodies():
            answer = wire.post(target.port, path, parts, headers)
            if answer.status not in (400, 404, 405, 413):
                found.append(f"{name}: {answer.status}")
            if answer.seconds > _ANSWER_S:
                found.append(f"{name}: {answer.seconds:.1f} s")
        with ThreadPoolExecutor(3) as pool:
            three = [pool.submit(wire.post, target.port, *_nameless_part()) for _ in range(3)]
            found += [
                f"three at once: {s}"
                for one in three
                if (s := one.result().status) not in (400, 413)
            ]
    if memory.peak_mb > 50:
        found.append(f"bodies took {memory.peak_mb:.0f} MB")
    return found


def bombs(target: Target) -> list[str]:
    """Small files that unfold to gigabytes: refused in one sentence, and others are answered."""
    found = []
    with Visitor(target) as visitor, target.measured() as memory, _Pings(target) as pings:
        for name, data in pictures.bombs().items():
            outcome = visitor.call("classify", visitor.upload(data, name), "cnn-cifar10", 1)
            if outcome.data is not None and name not in _HARMLESS:
                found.append(f"{name} was answered")
            found += [f"{name}: {fault}" for fault in outcome.faults()]
            if outcome.seconds > 10:
                found.append(f"{name}: {outcome.seconds:.0f} s")
    if memory.peak_mb > 300:
        found.append(f"bombs took {memory.peak_mb:.0f} MB")
    return found + pings.slow()


def large_pictures(target: Target) -> list[str]:
    """The largest pictures that are allowed, one by one and eight at once."""
    found = []
    with Visitor(target) as visitor:
        visitor.call("classify", visitor.upload(films.photo()), "cnn-cifar10", 1)
        for kind in pictures.ALLOWED:
            value = visitor.upload(pictures.allowed(kind), kind)
            with target.measured() as memory:
                found += visitor.call("classify", value, "cnn-cifar10", 1).faults()
            if memory.passing_mb > _ONE_MB + _SPARE_MB:
                found.append(f"{kind} took {memory.passing_mb:.0f} MB")
        jpeg = pictures.allowed("jpeg")
        values = [visitor.upload(make_unique(jpeg), "x.jpg") for _ in range(8)]
        with target.measured() as memory:
            for outcome in visitor.call_all([("classify", (v, "cnn-cifar10", 1)) for v in values]):
                found += outcome.faults()
        if memory.passing_mb > _EIGHT_MB + _SPARE_MB:
            found.append(f"eight at once took {memory.passing_mb:.0f} MB")
    return found


def sessions(target: Target) -> list[str]:
    """Visitors who ask once and are never seen again."""
    _new_sessions(target, _SESSIONS)
    with target.measured() as memory:
        _new_sessions(target, _SESSIONS)
    each = memory.mb / _SESSIONS
    return [f"{each:.3f} MB a session"] if each > 0.05 else []


class _Pings:
    """Asks for a small file all the time, from another address."""

    def __init__(self, target: Target) -> None:
        self._target = target
        self._ended = threading.Event()
        self._quiet = [target.ping_s() for _ in range(20)]
        self._seconds: list[float] = []
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> "_Pings":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def slow(self) -> list[str]:
        """A finding where the slowest of a hundred is above the bar, wider on a busy machine."""
        slowest, quiet = _slowest(self._seconds), _slowest(self._quiet)
        if slowest <= _PING_S + 5 * quiet:
            return []
        return [f"a ping took {slowest * 1000:.0f} ms, {quiet * 1000:.0f} ms before"]

    def _run(self) -> None:
        while not self._ended.wait(0.05):
            self._seconds.append(self._target.ping_s())


def _slowest(seconds: list[float]) -> float:
    """The 99th percentile."""
    return sorted(seconds)[int(0.99 * (len(seconds) - 1))]


def _new_sessions(target: Target, count: int) -> None:
    with Visitor(target) as visitor:
        for _ in range(count):
            visitor.session = uuid4().hex
            visitor.call("models")


def _bodies() -> Iterator[tuple[str, str, Iterator[bytes], dict[str, str]]]:
    join, upload = "/gradio_api/queue/join", "/gradio_api/upload"
    form = {"content-type": "multipart/form-data; boundary=x"}
    text = {"content-type": "application/json"}
    many = _LARGEST_MB + 100
    yield "a field without a file name", *_nameless_part()
    whole = str(_LARGEST_MB * 1_000_000)
    yield "the same with a length", upload, _part(""), {**form, "content-length": whole}
    file = '; filename="a.jpg"'
    yield "a file beyond the limit", upload, _part(file, many), form
    yield "a long header of a part", upload, _endless(b"--x\r\nx-long: "), form
    yield (
        "very many parts",
        upload,
        _endless(b"", b'--x\r\ncontent-disposition: form-data; name="a"\r\n\r\n1\r\n'),
        form,
    )
    picture = base64.b64encode(bytes(12_000_000)).decode()
    image = f'{{"data": ["data:image/png;base64,{picture}"], "fn_index": 0}}'.encode()
    yield "a picture within JSON", join, iter([image]), {**text, "content-length": str(len(image))}
    yield "JSON in chunks", join, itertools.repeat(b"[" * 100_000, 500), text
    yield "an announced length", join, iter([]), {**text, "content-length": str(10**12)}
    for path in ("/gradio_api/call/models", "/live", "/", "/gradio_api/heartbeat/x", "/source.zip"):
        yield f"a body for {path}", path, itertools.repeat(_MEGABYTE, 50), text


def _nameless_part() -> tuple[str, Iterator[bytes], dict[str, str]]:
    form = {"content-type": "multipart/form-data; boundary=x"}
    return "/gradio_api/upload", _part(""), form


def _part(file: str, megabytes: int = _LARGEST_MB) -> Iterator[bytes]:
    yield f'--x\r\ncontent-disposition: form-data; name="files"{file}\r\n\r\n'.encode()
    yield from itertools.repeat(_MEGABYTE, megabytes)
    yield b"\r\n--x--\r\n"


def _endless(head: bytes, unit: bytes = b"y" * 64) -> Iterator[bytes]:
    yield head
    yield from itertools.repeat(unit * (1_000_000 // len(unit)), _LARGEST_MB)
