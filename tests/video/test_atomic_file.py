"""What is told where a file cannot be written."""

import errno
from pathlib import Path

import pytest
from av.error import MemoryError as OutOfMemory

from demo.video.atomic_file import AtomicFile


@pytest.mark.parametrize(
    ("fault", "key"),
    [
        (OutOfMemory(errno.ENOMEM, "no memory"), "memory_full"),
        (OSError(errno.ENOSPC, "full"), "video_disk_full"),
        (OSError(errno.EDQUOT, "quota"), "video_disk_full"),
        (OSError(errno.EACCES, "denied"), "video_not_written"),
    ],
)
def test_a_fault_of_writing_is_told_by_its_cause(
    tmp_path: Path, fault: Exception, key: str
) -> None:
    file = AtomicFile(tmp_path / "result.mp4")
    assert file.error_for(fault).key == key
    file.discard()
    assert not list(tmp_path.iterdir())
