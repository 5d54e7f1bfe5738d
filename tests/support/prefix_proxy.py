"""A reverse proxy that serves an application under a prefix, as nginx does with `proxy_pass`."""

import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

import anyio
import httpx
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Origin

_HOP = {"connection", "content-encoding", "content-length", "keep-alive", "transfer-encoding"}


@contextmanager
def proxied(prefix: str, upstream_port: int, port: int, keep_host: bool) -> Iterator[str]:
    """Serve http://127.0.0.1:`port`/prefix/ from the upstream's root; the address with prefix.

    keep_host: pass on the visitor's Host header (`proxy_set_header Host $host`), else the
    upstream's own, as proxies do by default.
    """
    config = uvicorn.Config(_app(prefix, upstream_port, keep_host), port=port, log_level="warning")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield f"http://127.0.0.1:{port}{prefix}"
    server.should_exit = True
    thread.join()


def _app(prefix: str, upstream_port: int, keep_host: bool) -> Starlette:
    upstream = f"127.0.0.1:{upstream_port}"
    client = httpx.AsyncClient(base_url=f"http://{upstream}", timeout=60)

    async def forward(request: Request) -> Response:
        headers = {k: v for k, v in request.headers.items() if k not in _HOP}
        headers |= {} if keep_host else {"host": upstream}
        headers |= {"x-forwarded-host": request.headers["host"], "x-forwarded-proto": "http"}
        url = request.url.path.removeprefix(prefix) or "/"
        sent = client.build_request(
            request.method,
            httpx.URL(url, query=request.url.query.encode()),
            headers=headers,
            content=await request.body(),
        )
        answer = await client.send(sent, stream=True)

        async def body() -> AsyncIterator[bytes]:
            async for chunk in answer.aiter_bytes():
                yield chunk
            await answer.aclose()

        kept = {k: v for k, v in answer.headers.items() if k not in _HOP}
        return StreamingResponse(body(), answer.status_code, kept)

    async def relay(socket: WebSocket) -> None:
        headers = {"host": socket.headers["host"]} if keep_host else {}
        headers |= {"x-forwarded-host": socket.headers["host"]}
        path = socket.url.path.removeprefix(prefix)
        async with connect(
            f"ws://{upstream}{path}",
            origin=Origin(socket.headers["origin"]),
            additional_headers=headers,
        ) as peer:
            await socket.accept()
            async with anyio.create_task_group() as group:
                group.start_soon(_down, peer, socket)
                while (message := await socket.receive())["type"] == "websocket.receive":
                    await peer.send(message.get("bytes") or message.get("text") or "")
                group.cancel_scope.cancel()

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        async with client:
            yield

    return Starlette(
        lifespan=lifespan,
        routes=[
            WebSocketRoute(f"{prefix}/live", relay),
            Route(f"{prefix}/{{path:path}}", forward, methods=["GET", "HEAD", "POST"]),
        ],
    )


async def _down(peer: ClientConnection, socket: WebSocket) -> None:
    try:
        async for message in peer:
            if isinstance(message, str):
                await socket.send_text(message)
            else:
                await socket.send_bytes(message)
        await socket.close()
    except ConnectionClosed:
        await socket.close(1011)
