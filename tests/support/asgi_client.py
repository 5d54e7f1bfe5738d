"""Runs a coroutine in a thread with its own event loop: browser tests occupy the caller's."""

import asyncio
from collections.abc import Coroutine, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TypeVar

from fastapi import FastAPI
from starlette.types import ASGIApp, Message

from demo.asgi.app import create_app
from demo.settings import Settings

T = TypeVar("T")
Chunks = list[bytes]


def run(coroutine: Coroutine[object, object, T]) -> T:
    """As asyncio.run, but also where an event loop is running already."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, coroutine).result()


def built(settings: Settings, root_path: str = "") -> FastAPI:
    """The whole application, made within an event loop of its own.

    Outside of a running one, gradio opens loops that it never closes. Torch alone answers.
    """
    settings = replace(settings, precision="reference")

    async def make() -> FastAPI:
        return create_app(settings, root_path)

    return run(make())


def exchange(
    app: ASGIApp,
    path: str = "/",
    chunks: Chunks | None = None,
    method: str = "GET",
    kind: str = "http",
    client: str = "203.0.113.5",
    headers: Mapping[str, str] | None = None,
    **named: str,
) -> list[Message]:
    """One request to an application; what it sends. The client leaves after the last chunk.

    named: further headers, whose underscores become hyphens.
    """
    sent: list[Message] = []
    body = chunks or [b""]
    waiting: list[Message] = [
        {"type": "http.request", "body": chunk, "more_body": i < len(body) - 1}
        for i, chunk in enumerate(body)
    ]

    async def receive() -> Message:
        return waiting.pop(0) if waiting else {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        sent.append(message)

    scope = {
        "type": kind,
        "method": method,
        "path": path,
        "query_string": b"",
        "client": (client, 40_000),
        "headers": [
            (name.replace("_", "-").encode(), value.encode())
            for name, value in {**(headers or {}), **named}.items()
        ],
    }

    async def serve() -> None:
        await app(scope, receive, send)

    run(serve())
    return sent


def status_of(sent: list[Message]) -> int:
    """The status of what an application has sent."""
    return int(sent[0]["status"])
