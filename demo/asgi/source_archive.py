"""The source of the running program as a download, for everybody who uses it (AGPL-3.0, §13)."""

import io
import logging
import subprocess
import zipfile
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from anyio.to_thread import run_sync
from starlette.requests import Request
from starlette.responses import Response

_log = logging.getLogger(__name__)

_ROOT = Path(__file__).resolve().parents[2]
_FILES = (
    "app.py",
    "LICENSE",
    "README.md",
    "README.zh-CN.md",
    "packages.txt",
    "pyproject.toml",
    "requirements.txt",
    "requirements-dev.txt",
    ".ci/run",
    "demo/README.md",
    "demo/models/efficientnet_lite_unknown.json",
    "demo/models/imagenet.json",
    "demo/models/timm.json",
    "benchmarks/measured.json",
    "benchmarks/rows.toml",
)
_PATTERNS = (
    "demo/**/*.py",
    "demo/strings/*.toml",
    "demo/labels/*.txt",
    "demo/web/**/*.css",
    "demo/web/**/*.html",
    "demo/web/**/*.j2",
    "demo/web/**/*.js",
    "tests/**/*.py",
    "tests/**/*.html",
    "benchmarks/**/*.py",
)
_CARDS = ("weights/*.json", "weights/*.md")
"""Each with the weights that it describes. Any other file there may be the owner's secret."""
_SUFFIXES = {".py", ".toml", ".json", ".css", ".html", ".j2", ".js", ".txt", ".md"}
_DATE = (1980, 1, 1, 0, 0, 0)
"""Of every entry: the oldest that a ZIP can hold, so that equal sources are equal archives."""
_GIT_TIMEOUT_S = 10


async def source_archive(request: Request) -> Response:
    """Answer with the archive as a download."""
    headers = {"content-disposition": 'attachment; filename="vitrine.zip"'}
    return Response(await run_sync(archive), media_type="application/zip", headers=headers)


@cache
def archive() -> bytes:
    """ZIP of the program's text files as they are now, local changes included."""
    return pack(_ROOT)


def pack(root: Path) -> bytes:
    """ZIP of the source under `root`, in a folder `vitrine`."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as packed:
        for name in sorted(set(_tracked(root) or _listed(root))):
            path = root / name
            if path.is_file() and not path.is_symlink():
                entry = zipfile.ZipInfo(f"vitrine/{name}", _DATE)
                entry.external_attr = (path.stat().st_mode & 0o755) << 16
                packed.writestr(entry, path.read_bytes(), zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def _tracked(root: Path) -> list[str]:
    """Text files that git tracks under `root`; none where it is no checkout of this project."""
    command = ["git", "-c", "core.fsmonitor=false", "-C", str(root), "ls-files", "-z"]
    try:
        listed = subprocess.run(command, capture_output=True, timeout=_GIT_TIMEOUT_S, check=True)
    except (OSError, subprocess.SubprocessError):
        _log.debug("no git checkout, the source archive takes the listed files")
        return []
    names = listed.stdout.decode("utf-8", "surrogateescape").split("\0")
    # The folder may lie, untracked, inside another repository.
    return [name for name in names if _is_source(name)] if "app.py" in names else []


def _listed(root: Path) -> Iterable[str]:
    """The program's own files in a copy without git."""
    yield from _FILES
    for pattern in _PATTERNS:
        yield from (path.relative_to(root).as_posix() for path in root.glob(pattern))
    for pattern in _CARDS:
        for path in root.glob(pattern):
            if path.with_suffix(".safetensors").is_file():
                yield path.relative_to(root).as_posix()


def _is_source(name: str) -> bool:
    return name in _FILES or Path(name).suffix in _SUFFIXES
