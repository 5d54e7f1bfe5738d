"""Where the libraries put their files while the application runs."""

import os
import subprocess
import sys
from pathlib import Path

from demo.asgi import environment

ROOT = Path(__file__).resolve().parents[2]

PROGRAM = """
import os, time
from pathlib import Path
from demo.asgi import environment
from demo.service.uploads import UploadStore
uploads = UploadStore(600)
with environment.private(os.environ, uploads.folder, uploads.settings_folder):
    from demo.models import ultralytics
    ultralytics.tasks()
    assert not list(uploads.folder.rglob("*")), list(uploads.folder.rglob("*"))
    [kept] = uploads.settings_folder.rglob("settings.json")
    for path in (kept, kept.parent, kept.parent.parent):
        os.utime(path, (0, 0))
    uploads.sweep()
    assert kept.exists()
uploads.close()
print(kept.exists(), os.environ.get("YOLO_CONFIG_DIR"))
"""


def test_ultralytics_keeps_its_settings_outside_of_the_uploads(tmp_path: Path) -> None:
    """The sweeper would delete them there, and a visitor could ask for them."""
    kept = {k: v for k, v in os.environ.items() if k != "YOLO_CONFIG_DIR"}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        cwd=ROOT,
        env=kept | {"TMPDIR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout == "False None\n", done.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_the_owner_has_named_is_kept(tmp_path: Path) -> None:
    environ = {"YOLO_CONFIG_DIR": "/own"}
    with environment.private(environ, tmp_path, tmp_path / "settings"):
        assert environ["YOLO_CONFIG_DIR"] == "/own"
        assert environ["GRADIO_TEMP_DIR"] == str(tmp_path)
        assert environ["MPLCONFIGDIR"] == str(tmp_path / "settings")
    assert environ == {"YOLO_CONFIG_DIR": "/own"}
