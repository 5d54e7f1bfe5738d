"""A full disk: one sentence on uploads and answers, nothing left, and all good with room again."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from benchmarks.client import Client
from demo.errors import DemoError
from demo.images import decode as decoder
from demo.images.limits import Limits
from demo.service import examples
from demo.settings import Settings
from demo.web.components.private_files import save
from tests.conftest import Server

BUS = examples.paths()[0].read_bytes()


class Disk:
    """Room for the files of a process: the kernel refuses longer ones as a full disk does."""

    def __init__(self, process: psutil.Process) -> None:
        self._process = process
        _, self._most = process.rlimit(psutil.RLIMIT_FSIZE)

    def room(self, size_bytes: int | None) -> None:
        most = self._most if size_bytes is None else size_bytes
        self._process.rlimit(psutil.RLIMIT_FSIZE, (most, self._most))


@pytest.fixture
def own_server(shared_data: Path) -> Iterator[Server]:
    running = Server(VITRINE_WEIGHTS=str(shared_data / "weights")).wait()
    yield running
    assert "Traceback" not in running.stop()


def names_in(folder: Path) -> set[str]:
    return {name for _, _, names in os.walk(folder) for name in names}


def test_a_full_disk_is_one_sentence_and_passes(own_server: Server) -> None:
    disk = Disk(psutil.Process(own_server.process.pid))
    [folder] = Path("/tmp").glob(f"vitrine-{own_server.process.pid}-*")
    with Client(own_server.url, language="zh-CN") as visitor:
        picture = visitor.upload(BUS)
        asked: tuple[Any, ...] = (picture, "yolo11n", 0.25, 0.7, [])
        disk.room(20_000)
        before = names_in(folder)
        files = {"files": ("new.jpg", BUS + b"new")}
        headers = {"accept-language": "zh-TW"}
        refused = httpx.post(
            f"{own_server.url}/gradio_api/upload", files=files, headers=headers, timeout=30
        )
        assert refused.status_code == 507
        assert "磁碟已滿" in refused.json()["detail"]
        with pytest.raises(RuntimeError, match="磁盘已满"):
            visitor.call("detect", *asked)
        assert not [name for name in names_in(folder) - before if name.startswith("tmp")]
        assert not [name for name in names_in(folder) - before if name.endswith(".jpg")]
        disk.room(None)
        _, facts = visitor.call("detect", *asked)
        assert len(facts["boxes"]) == 5
        assert visitor.upload(BUS + b"newer")["path"]


def test_a_file_that_does_not_fit_leaves_nothing(tmp_path: Path) -> None:
    disk = Disk(psutil.Process())
    disk.room(1000)
    try:
        with pytest.raises(DemoError) as caught:
            save(bytes(5000), str(tmp_path), "jpg")
    finally:
        disk.room(None)
    assert caught.value.key == "disk_full"
    assert not list(tmp_path.iterdir())
    assert Path(save(bytes(5000), str(tmp_path), "jpg")).stat().st_size == 5000


def test_too_little_memory_is_not_a_damaged_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    def exhausted(*_: object) -> None:
        raise MemoryError

    monkeypatch.setattr(decoder, "_decode_jpeg", exhausted)
    with pytest.raises(DemoError) as caught:
        decoder.decode(BUS, Limits.of(Settings()))
    assert caught.value.key == "memory_full"
