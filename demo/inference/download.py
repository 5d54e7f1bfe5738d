"""Download of official weight files: https only, limited, verified, quick to give up offline."""

import hashlib
import logging
import os
import ssl
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import httpx

from demo.errors import DemoError
from demo.inference.exchange import Exchange

_log = logging.getLogger(__name__)

PATIENCE_S = 3.0
"""Longest time to find out that a host cannot be reached, the look-up of its name included."""
STALL_S = 20.0
"""Longest pause of a server that was reached."""
_UNREACHABLE_S = 30.0
"""How long an unreachable host is not tried again: a visitor who has connected tries again soon."""
_CHUNK_BYTES = 1 << 20

Progress = Callable[[float], None]
"""Called with the share that has arrived, 0–1."""


def open_https() -> httpx.Client:
    """A client that follows redirects and refuses to leave https, with the system's certificates.

    Raises httpx.UnsupportedProtocol when it is asked for, or redirected to, any other scheme.
    """
    return httpx.Client(
        headers={"user-agent": "vitrine"},
        verify=ssl.create_default_context(),
        follow_redirects=True,
        event_hooks={"request": [require_https]},
    )


def require_https(request: httpx.Request) -> None:
    """Event hook of a client: raise httpx.UnsupportedProtocol for any other scheme."""
    if request.url.scheme != "https":
        raise httpx.UnsupportedProtocol("not https", request=request)


class Downloader:
    """Downloads one file at a time, once for all who ask for it.

    It remembers hosts that cannot be reached.
    """

    def __init__(
        self,
        make_client: Callable[[], httpx.Client] = open_https,
        patience_s: float = PATIENCE_S,
        stall_s: float = STALL_S,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Open nothing yet: a client is made for each download.

        Args:
            make_client: maker of the client of one download.
            patience_s: time in which a host must have been reached, seconds.
            stall_s: time in which a reached server must send something, seconds.
            clock: time in seconds.
        """
        self._make_client = make_client
        self._clock = clock
        self._patience_s = patience_s
        self._timeout = httpx.Timeout(stall_s, connect=patience_s)
        self._answer_s = patience_s + stall_s
        self._locks: dict[Path, threading.Lock] = {}
        self._busy = threading.Lock()
        self._current = ""
        """Name of the file that is being downloaded."""
        self._unreachable_until: dict[str, float] = {}

    def fetch(
        self, url: str, target: Path, sha256: str | None, size_bytes: int, progress: Progress
    ) -> None:
        """Download `url` to `target`, complete and verified or not at all.

        A file with another digest is replaced.

        Args:
            url: address of the file.
            target: path of the file; its folder is created.
            sha256: expected digest in hex or its first digits, None to accept any.
            size_bytes: expected size; a tenth more is allowed.
            progress: called after each chunk.

        Raises:
            DemoError: another file is being downloaded, the host cannot be reached or trusted, the
                server refuses, the answer breaks off or is too large, the digest differs, or the
                file cannot be written.
        """
        name = target.name
        with self._locks.setdefault(target, threading.Lock()):
            if _is_right(target, sha256):
                return
            if not self._busy.acquire(blocking=False):
                raise DemoError("download_busy", file=name, other=self._current)
            self._current = name
            start = time.monotonic()
            _log.info("downloading %s from %s", name, url)
            try:
                with self._open(url, name) as response:
                    _save(response, target, sha256, size_bytes, progress)
            except DemoError as error:
                _log.warning("download of %s failed: %s", name, error)
                raise
            finally:
                self._busy.release()
            _log.info("downloaded %s in %.1f s", name, time.monotonic() - start)

    @contextmanager
    def _open(self, url: str, name: str) -> Iterator[httpx.Response]:
        host = httpx.URL(url).host
        if self._clock() < self._unreachable_until.get(host, 0.0):
            raise DemoError("no_network", file=name)
        exchange = Exchange(self._make_client(), url, self._timeout)
        if not exchange.reached.wait(self._patience_s):
            exchange.abandon()
            self._remember(host)
            raise DemoError("no_network", file=name)
        try:
            with exchange.response(self._answer_s) as response:
                if not response.is_success:
                    raise DemoError("download_refused", file=name, status=response.status_code)
                yield response
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
            if not exchange.connected:
                self._remember(error.request.url.host)
                raise DemoError("no_network", file=name) from None
            _log.warning("%s: %s", name, error)
            untrusted = _is_untrusted(error)
            raise DemoError(
                "download_untrusted" if untrusted else "download_broke", file=name
            ) from None
        except httpx.ProxyError as error:
            # Its text is the status of the proxy's answer.
            raise DemoError("download_refused", file=name, status=error) from None
        except (httpx.RequestError, TimeoutError) as error:
            _log.warning("%s: %s", name, error)
            raise DemoError("download_broke", file=name) from None

    def _remember(self, host: str) -> None:
        self._unreachable_until[host] = self._clock() + _UNREACHABLE_S


def _is_untrusted(error: httpx.TransportError) -> bool:
    """Whether the certificate of the server was refused."""
    cause: BaseException | None = error
    while cause is not None and not isinstance(cause, ssl.SSLCertVerificationError):
        cause = cause.__cause__ or cause.__context__
    return cause is not None


def _is_right(target: Path, sha256: str | None) -> bool:
    """Whether another thread has downloaded it meanwhile."""
    if not target.is_file():
        return False
    with target.open("rb") as file:
        return sha256 is None or hashlib.file_digest(file, "sha256").hexdigest().startswith(sha256)


def _save(
    response: httpx.Response,
    target: Path,
    sha256: str | None,
    size_bytes: int,
    progress: Progress,
) -> None:
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        handle, part = tempfile.mkstemp(suffix=".part", dir=target.parent)
    except OSError:
        raise DemoError("cannot_save", file=target.name) from None
    try:
        with os.fdopen(handle, "wb") as out:
            digest = _copy(response, out, target.name, size_bytes, progress)
        if sha256 is not None and not digest.startswith(sha256):
            raise DemoError("download_wrong", file=target.name)
        Path(part).replace(target)
    finally:
        Path(part).unlink(missing_ok=True)


def _copy(
    response: httpx.Response,
    out: IO[bytes],
    name: str,
    size_bytes: int,
    progress: Progress,
) -> str:
    """Write the body to `out` and return its sha256 in hex."""
    declared = int(response.headers.get("content-length", 0)) or None
    limit = size_bytes + size_bytes // 10 + _CHUNK_BYTES
    if declared is not None and declared > limit:
        raise DemoError("download_too_big", file=name, limit=limit / 1e6)
    digest, arrived = hashlib.sha256(), 0
    for chunk in response.iter_raw(_CHUNK_BYTES):
        arrived += len(chunk)
        if arrived > limit:
            raise DemoError("download_too_big", file=name, limit=limit / 1e6)
        digest.update(chunk)
        try:
            out.write(chunk)
        except OSError:
            raise DemoError("cannot_save", file=name) from None
        progress(min(arrived / (declared or size_bytes), 1.0))
    if declared is not None and arrived < declared:
        raise DemoError("download_broke", file=name)
    return digest.hexdigest()
