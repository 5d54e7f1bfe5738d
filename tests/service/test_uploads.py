import os
import stat
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from demo.errors import DemoError
from demo.service.uploads import UploadStore


@pytest.fixture
def uploads() -> Iterator[UploadStore]:
    made = UploadStore(keep_s=600)
    yield made
    made.close()


def upload(uploads: UploadStore, name: str, age_s: float) -> Path:
    path = uploads.folder / "hash" / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(b"x")
    when = time.time() - age_s
    os.utime(path, (when, when))
    os.utime(path.parent, (when, when))
    return path


def test_the_folder_is_private(uploads: UploadStore) -> None:
    assert stat.S_IMODE(uploads.folder.stat().st_mode) == 0o700


def test_sweep_deletes_an_unused_file_and_its_empty_folder(uploads: UploadStore) -> None:
    old = upload(uploads, "old.jpg", 571)
    assert uploads.sweep() == 1
    assert not old.exists()
    uploads.sweep()
    fresh = upload(uploads, "fresh.jpg", 0)
    assert uploads.sweep() == 0
    assert fresh.exists()


def test_touch_renews_a_file(uploads: UploadStore) -> None:
    path = upload(uploads, "a.jpg", 569)
    assert uploads.touch(str(path)) == path
    assert time.time() - path.stat().st_mtime < 5


def test_examples_are_never_swept(uploads: UploadStore) -> None:
    example = upload(uploads, "example.jpg", 5000)
    uploads.exempt_present()
    assert uploads.sweep() == 0
    assert example.exists()


def test_a_path_outside_is_refused(uploads: UploadStore, tmp_path: Path) -> None:
    outside = tmp_path / "secret.jpg"
    outside.write_bytes(b"x")
    link = uploads.folder / "link.jpg"
    link.symlink_to(outside)
    for path in (str(outside), str(link), f"{uploads.folder}/../secret", "http://x/y.jpg"):
        with pytest.raises(DemoError, match="uploaded as a file"):
            uploads.touch(path)


def test_a_file_that_is_gone_is_one_sentence(uploads: UploadStore) -> None:
    with pytest.raises(DemoError, match="10 minutes"):
        uploads.touch(str(uploads.folder / "gone.jpg"))


@pytest.mark.parametrize("path", [".", "a\0b", "x" * 5000])
def test_a_path_that_is_no_file_is_one_sentence(uploads: UploadStore, path: str) -> None:
    with pytest.raises(DemoError, match=r"put it in again|uploaded as a file"):
        uploads.touch(f"{uploads.folder}/{path}")


def test_beyond_the_budget_the_least_recently_used_go_first() -> None:
    uploads = UploadStore(keep_s=600, budget_bytes=2)
    paths = [upload(uploads, f"{age}.jpg", age) for age in (30, 20, 10)]
    assert uploads.sweep() == 1
    assert [path.exists() for path in paths] == [False, True, True]
    uploads.close()


def test_a_file_is_gone_within_its_time() -> None:
    uploads = UploadStore(keep_s=2)
    called = threading.Event()
    uploads.start(called.set)
    path = upload(uploads, "a.jpg", 0)
    time.sleep(1)
    assert path.exists()
    time.sleep(1.3)  # 2 s, and what a busy machine may add
    assert not path.exists()
    assert called.is_set()
    uploads.close()


def test_a_fault_of_one_sweep_is_logged_and_the_next_one_comes(
    caplog: pytest.LogCaptureFixture,
) -> None:
    uploads = UploadStore(keep_s=1)
    calls = 0

    def fail() -> None:
        nonlocal calls
        calls += 1
        raise KeyError("what a sweep calls")

    uploads.start(fail)
    path = upload(uploads, "a.jpg", 0)
    time.sleep(1.5)
    uploads.close()
    assert not path.exists()
    assert calls > 5
    fault = caplog.records[0]
    assert (fault.name, fault.levelname) == ("demo.service.uploads", "ERROR")
    assert fault.exc_info is not None
    assert "a.jpg" not in caplog.text


def test_a_folder_that_cannot_be_touched_does_not_end_the_sweeper(
    caplog: pytest.LogCaptureFixture,
) -> None:
    uploads = UploadStore(keep_s=0.4)
    uploads.start(lambda: None)
    whole = uploads.folder.parent
    away = whole.with_name(f"{whole.name}-away")
    whole.rename(away)
    time.sleep(0.2)
    away.rename(whole)
    path = upload(uploads, "a.jpg", 0)
    time.sleep(0.8)
    uploads.close()
    assert "FileNotFoundError" in caplog.text
    assert not path.exists()


def test_close_deletes_everything() -> None:
    uploads = UploadStore(keep_s=600)
    upload(uploads, "a.jpg", 0)
    uploads.close()
    assert not uploads.folder.exists()


def test_settings_of_libraries_are_never_swept(uploads: UploadStore) -> None:
    kept = uploads.settings_folder / "settings.json"
    kept.write_text("{}")
    long_ago = time.time() - 5000
    os.utime(kept, (long_ago, long_ago))
    os.utime(uploads.settings_folder, (long_ago, long_ago))
    assert uploads.sweep() == 0
    assert kept.exists()
    with pytest.raises(DemoError):
        uploads.touch(str(kept))
