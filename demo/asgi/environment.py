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


@contextmanager
def private(environ: MutableMapping[str, str], folder: Path) -> Iterator[None]:
    """Point every temporary file at `folder` and switch off telemetry, until the context ends.

    environ: `os.environ`, since gradio and huggingface_hub read that.
    """
    changes = {**_QUIET, "GRADIO_TEMP_DIR": str(folder)}
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
