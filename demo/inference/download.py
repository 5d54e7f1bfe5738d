"""Fetching an official weight file: https only, limited, checked, and quick to give up."""

import hashlib
import http.client
import os
import tempfile
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import IO

from demo.errors import DemoError

PATIENCE_S = 3.0
"""Longest time to find out that there is no network."""
REMEMBER_S = 300.0
"""How long that is remembered."""
_STALL_S = 20.0
_CHUNK = 1 << 20

Progress = Callable[[float], None]
"""Takes the share that has arrived, 0–1."""


class _HttpsOnly(urllib.request.HTTPRedirectHandler):
    def redirect_request(
        self,
        req: urllib.request.Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: http.client.HTTPMessage,
        newurl: str,
    ) -> urllib.request.Request | None:
        if not newurl.startswith("https://"):
            raise urllib.error.URLError("redirected away from https")
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def open_https(url: str) -> http.client.HTTPResponse:
    """The response of a GET. Raises OSError where there is none, or a redirect leaves https."""
    if not url.startswith("https://"):
        raise urllib.error.URLError("not https")
    request = urllib.request.Request(url, headers={"User-Agent": "vitrine"})
    opener = urllib.request.build_opener(_HttpsOnly)
    response: http.client.HTTPResponse = opener.open(request, timeout=_STALL_S)
    return response


class Downloader:
    """Fetches each file once however many ask; remembers for a while that there is no network."""

    def __init__(self, open_url: Callable[[str], http.client.HTTPResponse] = open_https) -> None:
        self._open_url = open_url
        self._locks: dict[Path, threading.Lock] = {}
        self._offline_until = 0.0

    def fetch(
        self, url: str, target: Path, sha256: str | None, size_bytes: int, progress: Progress
    ) -> None:
        """Bring `url` to `target`, whole and right or not at all; a wrong file there is replaced.

        sha256: expected digest or its first digits. size_bytes: expected size; a tenth more is
        allowed. Raises DemoError where there is no network, the server refuses, the answer breaks
        off or is too big, the digest differs, or the disk is full.
        """
        with self._locks.setdefault(target, threading.Lock()):
            if _is_right(target, sha256):
                return
            with self._connect(url, target.name) as response:
                _save(response, target, sha256, size_bytes, progress)

    def _connect(self, url: str, name: str) -> http.client.HTTPResponse:
        if time.monotonic() < self._offline_until:
            raise DemoError("no_network", file=name)
        # Looking a name up cannot be limited in time from within, so it happens beside.
        answer: Future[http.client.HTTPResponse] = Future()
        threading.Thread(target=_answer, args=(self._open_url, url, answer), daemon=True).start()
        try:
            return answer.result(timeout=PATIENCE_S)
        except urllib.error.HTTPError as error:
            error.close()
            raise DemoError("download_refused", file=name, status=error.code) from None
        except (OSError, http.client.HTTPException):  # a TimeoutError is an OSError
            answer.add_done_callback(_close)
            self._offline_until = time.monotonic() + REMEMBER_S
            raise DemoError("no_network", file=name) from None


def _is_right(target: Path, sha256: str | None) -> bool:
    """Whether another thread has brought it meanwhile."""
    if not target.is_file():
        return False
    with target.open("rb") as file:
        return sha256 is None or hashlib.file_digest(file, "sha256").hexdigest().startswith(sha256)


def _answer(
    open_url: Callable[[str], http.client.HTTPResponse],
    url: str,
    answer: "Future[http.client.HTTPResponse]",
) -> None:
    try:
        answer.set_result(open_url(url))
    except (OSError, http.client.HTTPException) as error:
        answer.set_exception(error)


def _close(late: "Future[http.client.HTTPResponse]") -> None:
    if late.exception() is None:
        late.result().close()


def _save(
    response: http.client.HTTPResponse,
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
    response: http.client.HTTPResponse,
    out: IO[bytes],
    name: str,
    size_bytes: int,
    progress: Progress,
) -> str:
    """The sha256 of what was copied."""
    declared = response.length
    most = size_bytes + size_bytes // 10 + _CHUNK
    digest, arrived = hashlib.sha256(), 0
    if declared is not None and declared > most:
        raise DemoError("download_too_big", file=name, limit=most / 1e6)
    while True:
        try:
            chunk = response.read(_CHUNK)
        except (OSError, http.client.HTTPException):
            raise DemoError("download_broke", file=name) from None
        if not chunk:
            break
        arrived += len(chunk)
        if arrived > most:
            raise DemoError("download_too_big", file=name, limit=most / 1e6)
        digest.update(chunk)
        try:
            out.write(chunk)
        except OSError:
            raise DemoError("cannot_save", file=name) from None
        progress(min(arrived / (declared or size_bytes), 1.0))
    if declared is not None and arrived < declared:
        raise DemoError("download_broke", file=name)
    return digest.hexdigest()
