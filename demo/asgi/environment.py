"""The process environment that gradio and its libraries read: private files, no telemetry."""

import tempfile
from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager
from pathlib import Path

_QUIET = {
    "GRADIO_ANALYTICS_ENABLED": "False",
    "GRADIO_SSR_MODE": "False",
    "HF_HUB_DISABLE_TELEMETRY": "1",
}
_SETTINGS = ("YOLO_CONFIG_DIR", "MPLCONFIGDIR")


@contextmanager
def private(
    environ: MutableMapping[str, str], folder: Path, settings_folder: Path
) -> Iterator[None]:
    """Point every temporary file at `folder` and switch off telemetry, until the context ends.

    Args:
        environ: `os.environ`, since gradio, huggingface_hub and ultralytics read that.
        folder: for temporary files.
        settings_folder: where ultralytics and matplotlib, which gradio imports, keep their
            settings, unless the owner has named a folder.
    """
    settings = {name: environ.get(name) or str(settings_folder) for name in _SETTINGS}
    changes = {**_QUIET, "GRADIO_TEMP_DIR": str(folder), **settings}
    before = {name: environ.get(name) for name in changes}
    place = tempfile.tempdir
    environ.update(changes)
    tempfile.tempdir = str(folder)
    try:
        yield
    finally:
        tempfile.tempdir = place
        for name, value in before.items():
            if value is None:
                environ.pop(name, None)
            else:
                environ[name] = value
