"""An HTTP exchange whose waiting is limited, the look-up of the host name included."""

import threading
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import closing, contextmanager

import httpx


class Exchange:
    """A GET request in a thread, since the look-up of a host name cannot be limited in time."""

    def __init__(self, client: httpx.Client, url: str, timeout: httpx.Timeout) -> None:
        self.reached = threading.Event()
        """The host accepted a connection, or there is an answer or an error already."""
        self.connected = False
        """Whether the host of the latest request accepted the connection; TLS comes after that."""
        self._client = client
        self._answer: Future[httpx.Response] = Future()
        self._answer.add_done_callback(lambda _: self.reached.set())
        headers = {"accept-encoding": "identity"}  # the digest and the length are of these bytes
        extensions = {"trace": self._trace}
        self._request = client.build_request(
            "GET", url, headers=headers, timeout=timeout, extensions=extensions
        )
        threading.Thread(target=self._send, name="download", daemon=True).start()

    @contextmanager
    def response(self, timeout_s: float) -> Iterator[httpx.Response]:
        """The answer, its body unread. Raises httpx.RequestError, or TimeoutError without one."""
        try:
            response = self._answer.result(timeout_s)
        except TimeoutError:
            self.abandon()
            raise
        except httpx.RequestError:
            self._client.close()
            raise
        with closing(self._client), closing(response):
            yield response

    def abandon(self) -> None:
        """Close everything as soon as the answer arrives or fails."""
        self._answer.add_done_callback(self._close_late)

    def _close_late(self, late: Future[httpx.Response]) -> None:
        if late.exception() is None:
            late.result().close()
        self._client.close()

    def _send(self) -> None:
        try:
            self._answer.set_result(self._client.send(self._request, stream=True))
        except httpx.RequestError as error:
            self._answer.set_exception(error)

    def _trace(self, event: str, _: object) -> None:
        """Called by httpx at each step of the exchange."""
        if event == "connection.connect_tcp.started":
            self.connected = False
        # Without a step of its own where a connection is used again.
        elif event == "connection.connect_tcp.complete" or event.endswith("headers.started"):
            self.connected = True
            self.reached.set()
