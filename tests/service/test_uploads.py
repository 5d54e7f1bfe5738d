import os
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from demo.errors import DemoError
from demo.service.uploads import Visits, remove_leftovers


@pytest.fixture
def visits() -> Iterator[Visits]:
    made = Visits(keep_s=600)
    yield made
    made.close()


def upload(visits: Visits, name: str, age_s: float) -> Path:
    path = visits.folder / "hash" / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(b"x")
    when = time.time() - age_s
    os.utime(path, (when, when))
    os.utime(path.parent, (when, when))
    return path


def test_the_folder_is_private(visits: Visits) -> None:
    assert stat.S_IMODE(visits.folder.stat().st_mode) == 0o700


def test_sweep_deletes_what_was_not_used_and_its_empty_folder(visits: Visits) -> None:
    old = upload(visits, "old.jpg", 571)
    assert visits.sweep() == 1
    assert not old.exists()
    visits.sweep()
    fresh = upload(visits, "fresh.jpg", 0)
    assert visits.sweep() == 0
    assert fresh.exists()


def test_use_renews_a_file(visits: Visits) -> None:
    path = upload(visits, "a.jpg", 569)
    assert visits.use(str(path)) == path
    assert time.time() - path.stat().st_mtime < 5


def test_examples_are_never_swept(visits: Visits) -> None:
    example = upload(visits, "example.jpg", 5000)
    visits.exempt_present()
    assert visits.sweep() == 0
    assert example.exists()


def test_a_path_outside_is_refused(visits: Visits, tmp_path: Path) -> None:
    outside = tmp_path / "secret.jpg"
    outside.write_bytes(b"x")
    link = visits.folder / "link.jpg"
    link.symlink_to(outside)
    for path in (str(outside), str(link), f"{visits.folder}/../secret", "http://x/y.jpg"):
        with pytest.raises(DemoError, match="uploaded as a file"):
            visits.use(path)


def test_a_file_that_is_gone_is_one_sentence(visits: Visits) -> None:
    with pytest.raises(DemoError, match="10 minutes"):
        visits.use(str(visits.folder / "gone.jpg"))


@pytest.mark.parametrize("path", [".", "a\0b", "x" * 5000])
def test_a_path_that_is_no_file_is_one_sentence(visits: Visits, path: str) -> None:
    with pytest.raises(DemoError, match=r"put it in again|uploaded as a file"):
        visits.use(f"{visits.folder}/{path}")


def test_beyond_the_budget_the_longest_unused_go_first() -> None:
    visits = Visits(keep_s=600, budget_bytes=2)
    paths = [upload(visits, f"{age}.jpg", age) for age in (30, 20, 10)]
    assert visits.sweep() == 1
    assert [path.exists() for path in paths] == [False, True, True]
    visits.close()


def test_a_file_is_gone_within_its_time() -> None:
    visits = Visits(keep_s=2)
    called = threading.Event()
    visits.start(called.set)
    path = upload(visits, "a.jpg", 0)
    time.sleep(1)
    assert path.exists()
    time.sleep(1.3)  # 2 s, and what a busy machine may add
    assert not path.exists()
    assert called.is_set()
    visits.close()


def test_close_deletes_everything() -> None:
    visits = Visits(keep_s=600)
    upload(visits, "a.jpg", 0)
    visits.close()
    assert not visits.folder.exists()


def test_the_folder_of_a_killed_process_goes_with_the_next_start(tmp_path: Path) -> None:
    code = (
        "import os, signal\nfrom demo.service.uploads import Visits\n"
        "print(Visits(600).folder, flush=True)\nos.kill(os.getpid(), signal.SIGKILL)"
    )
    environ = os.environ | {"TMPDIR": str(tmp_path)}
    ran = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=environ, check=False
    )
    folder = Path(ran.stdout.strip())
    assert folder.is_dir()
    remove_leftovers(tmp_path, quiet_s=600)
    assert folder.exists()
    long_ago = time.time() - 601
    os.utime(folder, (long_ago, long_ago))
    remove_leftovers(tmp_path, quiet_s=600)
    assert not folder.exists()


def test_a_server_that_forgets_fast_leaves_the_one_beside_it_alone() -> None:
    slow, fast = Visits(keep_s=600), Visits(keep_s=0.05)
    long_ago = time.time() - 120
    os.utime(slow.folder, (long_ago, long_ago))
    swept = threading.Event()
    try:
        fast.start(swept.set)
        assert swept.wait(5)
        time.sleep(0.1)
        assert slow.folder.is_dir()
    finally:
        slow.close()
        fast.close()
