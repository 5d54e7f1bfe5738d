"""Visitors who are slow, who leave, who never listen, and who come a hundred times."""

import asyncio
import contextlib
import json
import select
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake

from tests.hostile import films, wire
from tests.hostile.checks.requests import video_values
from tests.hostile.target import Target
from tests.hostile.visitor import Visitor

_ATTACKER, _OTHER = "127.0.0.2", "127.0.0.3"
_HALF_OPEN, _SLOW = 1100, 200
_HEADER_S, _BODY_S = 13, 16
_SOCKETS = 300
_UNHEARD_S = 12
_ABORTED = 500
_GONE_S = 15
_FREE_S = 2


def slow_requests(target: Target) -> list[str]:
    """More half-open requests than the server may open files, and bodies that drip."""
    found = []
    with contextlib.ExitStack() as closing:
        slow = [_slow_upload(target, closing) for _ in range(_SLOW)]
        half = [_half_open(target, closing) for _ in range(_HALF_OPEN)]
        start = time.monotonic()
        for _ in range(4):
            if (seconds := target.ping_s(5)) > 1:
                found.append(f"another visitor waited {seconds:.1f} s")
            time.sleep(0.5)
        while _open(half) and time.monotonic() - start < _HEADER_S:
            _drip(slow)
            time.sleep(0.5)
        if left := _open(half):
            found.append(f"{left} half-open requests after {_HEADER_S} s")
        while _open(slow) and time.monotonic() - start < _BODY_S:
            _drip(slow)
            time.sleep(0.5)
        if left := _open(slow):
            found.append(f"{left} slow uploads after {_BODY_S} s")
    return found


def unheard_jobs(target: Target) -> list[str]:
    """Films that are asked for by sessions which never listen."""
    with Visitor(target, _ATTACKER) as attacker, Visitor(target, _OTHER) as other:
        film = attacker.upload(films.film(600, (320, 240)), "film.mp4")
        own = other.upload(films.film(), "film.mp4")
        other.call("video", *video_values(other, own))
        for index in range(14):
            attacker.session = f"unheard{target.port}{index}"
            attacker.join("video", video_values(attacker, film))
        start = time.monotonic()
        seconds, outcome = 0.0, None
        while seconds < _UNHEARD_S and (outcome is None or outcome.data is None):
            calls = [("video", video_values(other, own))]
            (outcome,) = other.call_all(calls, _UNHEARD_S - seconds)
            time.sleep(0.2)
            seconds = time.monotonic() - start
    if seconds < _UNHEARD_S:
        return []
    return [f"another visitor's film took more than {seconds:.0f} s: {outcome}"]


def leavers(target: Target) -> list[str]:
    """A visitor who leaves in the middle of a film: the place is free within 2 s."""
    with Visitor(target, _ATTACKER) as leaver, Visitor(target, _OTHER) as other:
        film = leaver.upload(films.film(600, (320, 240)), "film.mp4")
        own = other.upload(films.film(), "film.mp4")
        values = video_values(other, own)
        other.call("video", *values)
        alone = other.call("video", *values).seconds
        leaver.join("video", video_values(leaver, film)).raise_for_status()
        for message in leaver.messages():
            if message["msg"] == "process_generating":
                break
        leaver.http.close()
        # Beyond the bar nobody waits for the end of the leaver's film.
        (outcome,) = other.call_all([("video", values)], alone + _FREE_S + 1)
    found = outcome.faults()
    if outcome.seconds > alone + _FREE_S:
        found.append(f"the place was not free after {outcome.seconds - alone:.1f} s")
    return found


def aborted_uploads(target: Target) -> list[str]:
    """Uploads that break off in the middle: no file of them is left."""
    before = target.stored()
    body = b'--x\r\ncontent-disposition: form-data; name="files"; filename="a.jpg"\r\n\r\n'
    for index in range(_ABORTED):
        headers = {"content-type": "multipart/form-data; boundary=x"}
        head = wire.head("POST", "/gradio_api/upload", target.port, headers)
        length = 2_000_000 if index % 2 else 200_000
        with wire.connect(target.port) as peer:
            peer.sendall(head.replace(b"\r\n\r\n", b"\r\ncontent-length: %d\r\n\r\n" % length))
            with contextlib.suppress(OSError):
                peer.sendall(body + bytes(length // 3))
    # Once a later connection is answered, the server has taken those before it.
    target.ping_s()
    time.sleep(0.5)
    end = time.monotonic() + _GONE_S
    while (left := target.stored() - before) and time.monotonic() < end:
        time.sleep(0.5)
    names = ", ".join(str(path.relative_to(target.temporary)) for path in sorted(left)[:5])
    return [f"{len(left)} files of {_ABORTED} aborted uploads: {names}"] if left else []


def camera_sockets(target: Target) -> Iterator[str]:
    """300 sockets of one address: another visitor's camera starts all the same."""
    # In a thread of its own: this one may have an event loop already, that of a browser test.
    with ThreadPoolExecutor(1) as thread:
        for wish in ("", json.dumps({"type": "options"})):
            yield from thread.submit(asyncio.run, _camera_sockets(target, wish)).result()


async def _camera_sockets(target: Target, wish: str) -> list[str]:
    async with contextlib.AsyncExitStack() as closing:
        peers = [p for _ in range(_SOCKETS) if (p := await _camera(target, _ATTACKER, closing))]
        for peer in peers if wish else ():
            with contextlib.suppress(ConnectionClosed):
                await peer.send(wish)
        other = await _camera(target, _OTHER, closing)
        if other is None:
            return [f"another visitor's camera is refused ({wish or 'silent'})"]
        await other.send(json.dumps({"type": "options"}))
        message = await _first(other, "start", 6)
    if message.get("type") == "start" or 0 < message.get("place", 99) <= 12:
        return []
    return [f"another visitor's camera waits ({wish or 'silent'}): {message}"]


async def _camera(
    target: Target, address: str, closing: contextlib.AsyncExitStack
) -> ClientConnection | None:
    opening = connect(f"ws://127.0.0.1:{target.port}/live", local_addr=(address, 0))
    try:
        return await closing.enter_async_context(opening)
    except (InvalidHandshake, OSError):
        return None


async def _first(peer: ClientConnection, kind: str, seconds: float) -> dict[str, Any]:
    """The first message of that type, else the last one that came within so many seconds."""
    last: dict[str, Any] = {}
    with contextlib.suppress(TimeoutError, ConnectionClosed):
        async with asyncio.timeout(seconds):
            while last.get("type") != kind:
                last = json.loads(await peer.recv())
    return last


def _half_open(target: Target, closing: contextlib.ExitStack) -> socket.socket | None:
    return _begin(target, b"GET / HTTP/1.1\r\nHost: 127.0.0.1", closing)


def _slow_upload(target: Target, closing: contextlib.ExitStack) -> socket.socket | None:
    headers = {"content-type": "multipart/form-data; boundary=x", "content-length": "1000000"}
    head = wire.head("POST", "/gradio_api/upload", target.port, headers)
    return _begin(target, head + b"--x\r\n", closing)


def _begin(target: Target, data: bytes, closing: contextlib.ExitStack) -> socket.socket | None:
    try:
        peer = closing.enter_context(wire.connect(target.port, _ATTACKER, 2))
        peer.sendall(data)
    except OSError:  # refused
        return None
    return peer


def _drip(peers: list[socket.socket | None]) -> None:
    for peer in _connected(peers):
        with contextlib.suppress(OSError):
            peer.send(b"y")


def _open(peers: list[socket.socket | None]) -> int:
    return sum(1 for _ in _connected(peers))


def _connected(peers: list[socket.socket | None]) -> Iterator[socket.socket]:
    """Those that the server has neither answered nor closed."""
    poll = select.poll()
    given = {peer.fileno(): peer for peer in peers if peer is not None}
    for number in given:
        poll.register(number, select.POLLIN | select.POLLHUP)
    done = {number for number, _ in poll.poll(0)}
    yield from (peer for number, peer in given.items() if number not in done)
