"""Files of the machine: as values of inputs, in paths of requests, named by playlists."""

import time
from collections.abc import Iterator
from typing import Any

from tests.hostile import films, wire
from tests.hostile.checks.requests import video_values
from tests.hostile.target import SECRET, Seen, Target
from tests.hostile.visitor import Visitor

_AT_ONCE = 10


def foreign_values(target: Target) -> Iterator[str]:
    """40 values that name a foreign file or address, in every input of every event."""
    with Visitor(target) as visitor:
        payloads = _payloads(target)
        assert len(payloads) == 40
        events = visitor.file_events()
        assert len(events) >= 12, "the inputs for files were not recognised"
        for number, place, others in events:
            calls = [(number, [*others[:place], p, *others[place + 1 :]]) for p in payloads]
            with target.watched() as seen:
                for start in range(0, len(calls), _AT_ONCE):
                    outcomes = visitor.call_all(calls[start : start + _AT_ONCE])
                    for call, outcome in zip(calls[start:], outcomes, strict=False):
                        value = call[1][place]
                        yield from (f"event {number}, {value!r}: {f}" for f in outcome.faults())
            yield from _opened(seen)


def traversals(target: Target) -> list[str]:
    """50 paths that leave the folders from which files are served."""
    secret = str(target.canary / "secret.txt")
    up = "../" * 12
    tails = [
        secret,
        f"/{secret}",
        f"//{secret}",
        f"{up}{secret[1:]}",
        f"{target.temporary}/{up}{secret[1:]}",
        f"./{up}{secret[1:]}",
        secret.replace("/", "%2f"),
        secret.replace("/", "%252f"),
        up.replace("/", "%2f") + secret[1:],
        up.replace(".", "%2e") + secret[1:],
        up.replace("/", "\\") + secret[1:],
        up.replace("/", "%5c") + secret[1:],
        up.replace("..", "%c0%ae%c0%ae") + secret[1:],
        up.replace("../", "....//") + secret[1:],
        f"file://{secret}",
        f"/proc/self/root{secret}",
        f"{secret}%00.jpg",
        f"{secret};.jpg",
        f"{secret}?x=.jpg",
        f"~{up}{secret[1:]}",
    ]
    heads = ["/gradio_api/file=", "/file="]
    others = ["/static/", "/assets/", "/svelte/", "/gradio_api/file/", "/source.zip/"]
    paths = [head + tail for head in heads for tail in tails]
    paths += [f"{head}{up}{secret[1:]}" for head in others]
    paths += [f"{head}{up.replace('/', '%2f')}{secret[1:]}" for head in others]
    assert len(paths) == 50
    found = []
    with target.watched() as seen:
        for path in paths:
            answer = wire.get(target.port, path)
            if answer.status < 400 or answer.status >= 500 or SECRET.encode() in answer.body:
                found.append(f"{path}: {answer.status}")
    return found + _opened(seen)


def playlists(target: Target) -> list[str]:
    """Lists of foreign files and addresses that are named as films."""
    found = []
    with Visitor(target) as visitor, target.watched() as seen:
        hostile = films.playlists(target.canary / "secret.txt", target.canary_port)
        assert len(hostile) >= 17
        for name, data in hostile.items():
            film = visitor.upload(data, name)
            outcome = visitor.call("video", *video_values(visitor, film))
            if outcome.data is not None:
                found.append(f"{name} was accepted")
            found += [f"{name}: {fault}" for fault in outcome.faults()]
        picture = [visitor.upload(data, f"{name}.jpg") for name, data in hostile.items()]
        for value in picture:
            found += visitor.call("classify", value, "cnn-cifar10", 1).faults()
    return found + _opened(seen)


def hostile_weights(target: Target) -> list[str]:
    """Models of the owner's folder whose files run code or unpack to gigabytes."""
    found = []
    ran = target.canary / "ran.txt"
    with Visitor(target) as visitor, target.watched() as seen, target.measured() as memory:
        names = target.hostile_models
        assert len(names) >= 12
        picture = visitor.upload(films.photo())
        for name in names:
            task = "detect" if name.startswith("yolo") else "classify"
            values = [0.25, 0.7, []] if task == "detect" else [1]
            start = time.monotonic()
            outcome = visitor.call(task, picture, name, *values)
            if outcome.data is not None:
                found.append(f"{name} answered")
            found += [f"{name}: {fault}" for fault in outcome.faults()]
            if time.monotonic() - start > 10:
                found.append(f"{name} took {time.monotonic() - start:.0f} s")
    if ran.exists():
        found.append(f"the code of {ran.read_text()} ran")
        ran.unlink()
    if memory.peak_mb > 300:
        found.append(f"weights took {memory.peak_mb:.0f} MB")
    return found + [f"started {what}" for what in seen.processes] + seen.sockets


def _payloads(target: Target) -> list[Any]:
    secret = str(target.canary / "secret.txt")
    canary = f"http://127.0.0.1:{target.canary_port}/a.jpg"
    names = [
        secret,
        f"file://{secret}",
        f"{target.temporary}/../canary/secret.txt",
        f"/proc/self/root{secret}",
        "/etc/passwd",
        "app.py",
        "demo/../README.md",
        str(target.canary),
        canary,
        f"{target.url}/gradio_api/file={secret}",
    ]
    data = {"_type": "gradio.FileData"}
    return [
        form
        for name in names
        for form in (
            {"path": name, "meta": data},
            {"path": name, "url": name, "orig_name": name},
            {"url": name, "meta": data},
            [{"path": name, "meta": data}, {"image": {"path": name, "meta": data}}],
        )
    ]


def _opened(seen: Seen) -> list[str]:
    return [f"opened {name}" for name in seen.files] + [f"connected to {a}" for a in seen.sockets]
