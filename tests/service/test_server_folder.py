"""Folders of killed servers go with the next start; those of living ones stay."""

import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import pytest

from demo.service import server_folder
from demo.service.server_folder import ServerFolder, remove_leftovers
from demo.service.uploads import UploadStore

PROGRAM = """
import sys, time
from demo.service.uploads import UploadStore
store = UploadStore(600)
store.start(lambda: None)
(store.folder / "hash").mkdir()
(store.folder / "hash" / "a.jpg").write_bytes(bytes(100_000))
print(store.folder, flush=True)
time.sleep(60)
"""


class Process:
    """A server's process with an upload, its uploads begun and its leftovers cleaned."""

    def __init__(self, place: Path, program: str = PROGRAM) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", program],
            env=os.environ | {"TMPDIR": str(place)},
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        assert self.process.stdout is not None
        with self.process.stdout as printed:
            self.folder = Path(printed.readline().strip())
        assert self.folder.is_dir()

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(10)


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of temporary files of this test."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def age(folder: Path, seconds: float) -> None:
    when = time.time() - seconds
    os.utime(folder, (when, when))


def test_what_killed_servers_left_goes_with_the_next_start_at_once(place: Path) -> None:
    """Killed twenty times while another server lives all the time."""
    living = UploadStore(keep_s=600)
    upload = living.folder / "a.jpg"
    upload.write_bytes(b"x")
    before = None
    for _ in range(20):
        process = Process(place)
        assert before is None or not before.exists()
        assert sorted(place.iterdir()) == sorted([living.folder.parent, process.folder.parent])
        process.kill()
        before = process.folder
        assert before.exists()
    last = UploadStore(keep_s=600)
    last.start(lambda: None)
    assert sorted(place.iterdir()) == sorted([living.folder.parent, last.folder.parent])
    assert upload.exists()
    last.close()
    living.close()
    assert list(place.iterdir()) == []


def test_a_living_server_that_was_not_touched_for_days_keeps_its_folder(place: Path) -> None:
    """As one that a laptop's sleep or a debugger has stopped."""
    living = UploadStore(keep_s=600)
    age(living.folder.parent, 1e6)
    remove_leftovers(place)
    assert living.folder.is_dir()
    living.close()


def test_many_starts_at_once_keep_all_the_living(place: Path) -> None:
    stores: list[UploadStore] = []

    def start() -> None:
        store = UploadStore(keep_s=600)
        store.start(lambda: None)
        stores.append(store)

    threads = [threading.Thread(target=start) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert all(store.folder.is_dir() for store in stores)
    assert len(list(place.iterdir())) == len(stores) == 20
    for store in stores:
        store.close()
    assert list(place.iterdir()) == []


def test_a_folder_without_a_lock_is_given_an_hour(place: Path) -> None:
    """One that is just being made, or of a drive that knows no locks."""
    folder = place / "vitrine-1-abcdefgh"
    folder.mkdir()
    age(folder, 3500)
    remove_leftovers(place)
    assert folder.is_dir()
    age(folder, 3700)
    remove_leftovers(place)
    assert not folder.exists()


def test_a_drive_without_locks_falls_back_to_the_time(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server_folder, "_lock", lambda folder: None)
    living = ServerFolder()
    remove_leftovers(place)
    assert living.path.is_dir()
    age(living.path, 3700)
    living.touch()
    remove_leftovers(place)
    assert living.path.is_dir()
    living.close()
    assert list(place.iterdir()) == []


@pytest.mark.parametrize("name", ["vitrine-1-x.locked", "vitrine-1-x"])
def test_only_own_folders_are_touched(place: Path, tmp_path: Path, name: str) -> None:
    """A link of that name leads elsewhere, and a file is no folder."""
    target = tmp_path / "elsewhere"
    target.mkdir()
    (target / "kept").write_bytes(b"x")
    (place / name).symlink_to(target)
    age(target, 1e6)
    (place / "vitrine-2-y.locked").write_bytes(b"x")
    remove_leftovers(place)
    assert (target / "kept").exists()
    assert (place / "vitrine-2-y.locked").exists()


def test_a_child_that_was_started_does_not_keep_the_lock(place: Path) -> None:
    """Programs that a server has started may outlive it."""
    child = "import subprocess; subprocess.Popen(['sleep', '30']); print(store.folder, flush=True)"
    program = PROGRAM.replace("print(store.folder, flush=True)", child)
    assert program != PROGRAM
    process = Process(place, program)
    process.kill()
    remove_leftovers(place)
    assert not process.folder.exists()
    os.killpg(process.process.pid, signal.SIGKILL)
