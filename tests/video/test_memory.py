"""Exhausted memory while a video is read or written is no fault of the file."""

import errno
from collections.abc import Iterator
from pathlib import Path

import av
import pytest
from av.error import MemoryError as OutOfMemory

from demo.video.atomic_file import AtomicFile
from demo.video.container import open_container, packets_until_error
from tests.support.clips import encode, square


def exhausted(*_: object, **__: object) -> None:
    raise OutOfMemory(errno.ENOMEM, "Cannot allocate memory")


def test_opening_a_video_without_memory_is_not_damage(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    video = encode(tmp_path / "whole.mp4", [square(0)])
    monkeypatch.setattr(av, "open", exhausted)
    with pytest.raises(MemoryError), open_container(video):
        pass


def test_packets_end_at_damage_but_not_at_exhausted_memory() -> None:
    def packets(fault: Exception) -> Iterator[int]:
        yield 1
        raise fault

    assert list(packets_until_error(packets(av.error.InvalidDataError(1, "damaged")))) == [1, None]
    with pytest.raises(MemoryError):
        list(packets_until_error(packets(OutOfMemory(errno.ENOMEM, "no memory"))))


def test_writing_a_video_without_memory_names_the_memory(tmp_path: Path) -> None:
    file = AtomicFile(tmp_path / "result.mp4")
    assert file.error_for(OutOfMemory(errno.ENOMEM, "no memory")).key == "memory_full"
    assert file.error_for(OSError(errno.ENOSPC, "full")).key == "video_disk_full"
    assert file.error_for(OSError(errno.EACCES, "denied")).key == "video_not_written"
