"""The proxy of a Hub: ends TLS for the name of a Space and passes each request on to its port."""

import asyncio
import ssl
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

VISITOR = "203.0.113.5"
"""The address that the proxy says a visitor has."""
_CHUNK = 1 << 16
_HEAD_BYTES = 1 << 16


@contextmanager
def hub_proxy(name: str, upstream_port: int, folder: Path) -> Iterator[int]:
    """Serve https under `name` with a certificate of its own; the port.

    folder: for the certificate, made by openssl.
    """
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    serving = asyncio.run_coroutine_threadsafe(_serve(name, upstream_port, folder), loop)
    try:
        yield serving.result(30).sockets[0].getsockname()[1]
    finally:
        asyncio.run_coroutine_threadsafe(_end(serving.result()), loop).result(30)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


async def _serve(name: str, upstream_port: int, folder: Path) -> asyncio.Server:
    async def relay(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers = [writer]
        try:
            head = _forwarded(await reader.readuntil(b"\r\n\r\n"))
            from_app, to_app = await asyncio.open_connection("127.0.0.1", upstream_port)
            writers.append(to_app)
            to_app.write(head)
            await asyncio.gather(_copy(reader, to_app), _copy(from_app, writer))
        except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass
        except asyncio.CancelledError:
            # By `_end`: the loop ends before a farewell of TLS would. Not raised again, since the
            # server's callback of Python 3.11 asks a cancelled task for its exception.
            for one in writers:
                one.transport.abort()
        finally:
            for one in writers:
                one.close()

    tls = _tls(name, folder)
    return await asyncio.start_server(relay, "127.0.0.1", 0, ssl=tls, limit=_HEAD_BYTES)


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while data := await reader.read(_CHUNK):
            writer.write(data)
            await writer.drain()
    finally:
        writer.close()


async def _end(server: asyncio.Server) -> None:
    server.close()
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)
    # What was aborted is closed in the loop's next rounds.
    await asyncio.sleep(0.05)


def _forwarded(head: bytes) -> bytes:
    """The head of a request as the Space gets it: one a connection, with whom it is from."""
    first, *lines = head.removesuffix(b"\r\n\r\n").split(b"\r\n")
    upgrades = any(line.lower().startswith(b"upgrade:") for line in lines)
    kept = [one for one in lines if upgrades or not one.lower().startswith(b"connection:")]
    added = [b"x-forwarded-proto: https", b"x-forwarded-for: " + VISITOR.encode()]
    if not upgrades:
        added.append(b"connection: close")
    return b"\r\n".join([first, *kept, *added]) + b"\r\n\r\n"


def _tls(name: str, folder: Path) -> ssl.SSLContext:
    key, certificate = folder / "key.pem", folder / "certificate.pem"
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", f"/CN={name}"),
            *("-addext", f"subjectAltName=DNS:{name}", "-days", "1"),
            *("-keyout", str(key), "-out", str(certificate)),
        ],
        check=True,
        capture_output=True,
    )
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)
    return context
