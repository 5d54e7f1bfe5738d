import os
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from demo.errors import DemoError
from demo.visits import Visits, remove_leftovers


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
    old = upload(visits, "old.jpg", 601)
    assert visits.sweep() == 1
    assert not old.exists()
    visits.sweep()
    fresh = upload(visits, "fresh.jpg", 0)
    assert visits.sweep() == 0
    assert fresh.exists()


def test_use_renews_a_file(visits: Visits) -> None:
    path = upload(visits, "a.jpg", 599)
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


def test_close_deletes_everything() -> None:
    visits = Visits(keep_s=600)
    upload(visits, "a.jpg", 0)
    visits.close()
    assert not visits.folder.exists()


def test_the_folder_of_a_killed_process_goes_with_the_next_start(tmp_path: Path) -> None:
    code = (
        "import os, signal\nfrom demo.visits import Visits\n"
        "print(Visits(600).folder, flush=True)\nos.kill(os.getpid(), signal.SIGKILL)"
    )
    environ = os.environ | {"TMPDIR": str(tmp_path)}
    ran = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=environ, check=False
    )
    folder = Path(ran.stdout.strip())
    assert folder.is_dir()
    remove_leftovers(tmp_path)
    assert not folder.exists()
