"""Uploads to a real server: what they may hold, how much of it, and what a refused one leaves."""

import re
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import psutil
import pytest

from tests.conftest import Server

MB = 1_000_000
BUDGET_MB = 60
HEAD = b'--B\r\nContent-Disposition: form-data; name="%s"%s\r\n\r\n'
FILE = HEAD % (b"files", b'; filename="a.jpg"')
END = b"\r\n--B--\r\n"
MULTIPART = {"content-type": "multipart/form-data; boundary=B"}


class Uploads(Server):
    """A server that may keep 60 MB, and its folder of uploads."""

    def __init__(self, folder: Path) -> None:
        super().__init__(
            TMPDIR=str(folder), VITRINE_UPLOADS_MB=str(BUDGET_MB), VITRINE_MAX_VIDEO_MB="50"
        )
        self.temporary = folder
        self.wait()

    def files(self) -> list[Path]:
        (folder,) = self.temporary.glob("vitrine-*/uploads")
        return [path for path in folder.rglob("*") if path.is_file() and path not in self.examples]

    @property
    def examples(self) -> set[Path]:
        (folder,) = self.temporary.glob("vitrine-*/uploads")
        found = getattr(self, "_examples", None)
        if found is None:
            found = self._examples = {path for path in folder.rglob("*") if path.is_file()}
        return found

    def send(self, *chunks: bytes, **headers: str) -> httpx.Response:
        """Upload in chunks, without a length."""
        address = f"{self.url}/gradio_api/upload"
        return httpx.post(address, content=iter(chunks), headers=MULTIPART | headers, timeout=60)


@pytest.fixture(scope="module")
def uploads(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Uploads]:
    running = Uploads(tmp_path_factory.mktemp("tmp"))
    assert running.examples
    yield running
    assert "Traceback" not in running.stop()


def gone(server: Uploads, within_s: float = 2) -> bool:
    end = time.monotonic() + within_s
    while server.files() and time.monotonic() < end:
        time.sleep(0.05)
    return not server.files()


@pytest.mark.parametrize(
    "head",
    [
        HEAD % (b"files", b""),
        HEAD % (b"other", b'; filename="a.jpg"'),
        b"--B\r\nContent-Type: image/jpeg\r\n\r\n",
    ],
)
def test_a_part_that_is_no_file_is_refused_while_it_streams(uploads: Uploads, head: bytes) -> None:
    process = psutil.Process(uploads.process.pid)
    before = peak = process.memory_info().rss
    answers: list[httpx.Response] = []

    def send() -> None:
        answers.append(uploads.send(FILE, b"x" * MB, b"\r\n", head, *[b"x" * MB] * 40, END))

    threads = [threading.Thread(target=send) for _ in range(3)]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        peak = max(peak, process.memory_info().rss)
        time.sleep(0.005)
    assert [answer.status_code for answer in answers] == [400] * 3
    assert "nothing but files" in answers[0].json()["error"]
    assert peak - before < 50 * MB
    assert gone(uploads)


@pytest.mark.parametrize(
    "kind", ["multipart/form-data", "application/json", "multipart/mixed; boundary=B"]
)
def test_a_body_that_is_no_form_is_refused(uploads: Uploads, kind: str) -> None:
    answer = uploads.send(FILE, b"x", END, **{"content-type": kind, "accept-language": "zh-TW"})
    assert answer.status_code == 400
    assert "格式不正確" in answer.json()["error"]


def test_a_page_is_answered_in_plain_text_which_it_shows_as_it_is(uploads: Uploads) -> None:
    answer = uploads.send(FILE, b"x", b"\r\n", HEAD % (b"x", b""), END, origin=uploads.url)
    assert answer.status_code == 400
    assert answer.headers["content-type"].startswith("text/plain")
    assert answer.text.startswith("An upload holds nothing but files")


def test_a_malformed_form_is_refused(uploads: Uploads) -> None:
    answer = uploads.send(FILE, b"x" * MB, b"\r\n--B\r\nno header\r\n\r\n", b"x" * MB, END)
    assert answer.status_code == 400
    assert "not well formed" in answer.json()["error"]
    assert gone(uploads)


@pytest.mark.parametrize("boundary", ["", "y" * 7000])
def test_a_form_with_a_strange_boundary_is_refused(uploads: Uploads, boundary: str) -> None:
    kind = {"content-type": f"multipart/form-data; boundary={boundary}"}
    answer = httpx.post(
        f"http://127.0.0.1:{uploads.port}/gradio_api/upload", content=FILE, headers=kind
    )
    assert answer.status_code == 400
    assert "not well formed" in answer.json()["error"]


def test_a_file_beyond_the_limit_leaves_nothing(uploads: Uploads) -> None:
    answer = uploads.send(FILE, *[b"x" * MB] * 55, END)
    assert answer.status_code == 413
    assert gone(uploads)


def test_a_visitor_who_leaves_within_an_upload_leaves_nothing(uploads: Uploads) -> None:
    for _ in range(5):
        with socket.create_connection(("127.0.0.1", uploads.port)) as visitor:
            head = "POST /gradio_api/upload HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9999999"
            kind = f"\r\nContent-Type: {MULTIPART['content-type']}\r\n\r\n"
            visitor.sendall((head + kind).encode() + FILE + b"x" * MB)
            time.sleep(0.1)
    assert gone(uploads)


def test_the_budget_is_kept_while_files_are_uploaded(uploads: Uploads) -> None:
    statuses = []
    for number in range(4):
        data = bytes([number]) * (25 * MB)
        answer = httpx.post(f"{uploads.url}/gradio_api/upload", files={"files": ("a.mp4", data)})
        statuses.append(answer.status_code)
    assert statuses == [200, 200, 507, 507]
    assert f"{BUDGET_MB} MB" in answer.json()["error"]
    # Without a declared length it ends as soon as there is no room left.
    assert uploads.send(FILE, *[b"y" * MB] * 30, END).status_code == 507
    assert sum(path.stat().st_size for path in uploads.files()) < 51 * MB
    assert uploads.send(FILE, b"small", END).status_code == 200
    for path in uploads.files():
        path.unlink()
    time.sleep(1.1)
    assert uploads.send(FILE, *[b"y" * MB] * 30, END).status_code == 200


def test_the_page_uploads_several_files_at_once(uploads: Uploads) -> None:
    files = [("files", (f"{name}.jpg", name.encode())) for name in ("a", "b")]
    answer = httpx.post(f"{uploads.url}/gradio_api/upload", files=files)
    assert re.findall(r"([ab])\.jpg", answer.text) == ["a", "b"]
