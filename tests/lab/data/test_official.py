"""Downloads of data sets: what is here is used, and one sentence says why nothing comes."""

import contextlib
import socket
import threading
from collections.abc import Iterator

import pytest

from demo.errors import DemoError
from demo.lab.data.official import official
from tests.conftest import free_port

NOWHERE = "https://127.0.0.1:{port}/set.zip"


def missing(fetch: bool) -> str:
    if not fetch:
        raise RuntimeError("not found")
    return "downloaded"


def breaking(fetch: bool) -> str:
    raise RuntimeError("wrong digest")


@pytest.fixture
def silent() -> Iterator[int]:
    """The port of a server that takes connections and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(0.1)
        yield listener.getsockname()[1]
        # Who only asked whether the server can be reached still begins to encrypt, in a thread.
        # A connection that ends before that leaves Python 3.11's socket to the collector, and its
        # warning to whatever test runs then: so it ends after the first byte.
        while any(thread.name == "download" for thread in threading.enumerate()):
            with contextlib.suppress(TimeoutError):
                peer, _ = listener.accept()
                with peer:
                    peer.recv(1)


def key_of(url: str, make: object = missing) -> str:
    with pytest.raises(DemoError) as refused:
        official("cifar10", url, make)  # type: ignore[arg-type]
    assert "cifar10" in str(refused.value)
    return refused.value.key


def test_what_is_here_needs_no_network() -> None:
    assert official("cifar10", "https://nowhere.invalid/", lambda fetch: fetch) is False


def test_an_owner_who_is_offline_is_not_kept_waiting(
    monkeypatch: pytest.MonkeyPatch, silent: int
) -> None:
    monkeypatch.setenv("VITRINE_OFFLINE", "1")
    assert key_of(NOWHERE.format(port=silent)) == "lab_data_offline"


def test_a_server_that_cannot_be_reached(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("VITRINE_OFFLINE", raising=False)
    assert key_of(NOWHERE.format(port=free_port())) == "lab_data_no_network"


def test_a_server_that_is_there_is_asked(monkeypatch: pytest.MonkeyPatch, silent: int) -> None:
    monkeypatch.delenv("VITRINE_OFFLINE", raising=False)
    url = NOWHERE.format(port=silent)
    assert official("cifar10", url, missing) == "downloaded"
    assert key_of(url, breaking) == "lab_data_broke"
