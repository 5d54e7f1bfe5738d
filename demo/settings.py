"""Every knob of the application, its unit and its default; read from the environment once."""

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from demo import camera_addresses
from demo.errors import DemoError


@dataclass(frozen=True, slots=True)
class Settings:
    """What the owner of the machine may set, by the variable named behind each knob."""

    weights_dir: Path | None = None
    """A folder of the owner's own weight files (VITRINE_WEIGHTS)."""
    cache_dir: Path = field(default_factory=lambda: _cache_dir())
    """Where downloaded official weights are kept (VITRINE_CACHE)."""
    offline: bool = False
    """Never try to download (VITRINE_OFFLINE=1)."""
    device: str = "auto"
    """auto, cpu or cuda (VITRINE_DEVICE)."""
    max_megapixels: float = 25.0
    """Largest picture, millions of pixels (VITRINE_MAX_MEGAPIXELS)."""
    max_side: int = 8192
    """Longest side of a picture, pixels (VITRINE_MAX_SIDE)."""
    max_file_mb: float = 20.0
    """Largest upload, millions of bytes (VITRINE_MAX_FILE_MB)."""
    max_video_mb: float = 200.0
    """Largest video, millions of bytes (VITRINE_MAX_VIDEO_MB)."""
    max_video_minutes: float = 10.0
    """Longest video, minutes (VITRINE_MAX_VIDEO_MINUTES)."""
    max_video_megapixels: float = 9.44
    """Largest frame of a video, millions of pixels (VITRINE_MAX_VIDEO_MEGAPIXELS)."""
    videos: int = 1
    """Videos that are worked on at once; the next wait for their turn (VITRINE_VIDEOS)."""
    keep_minutes: float = 10.0
    """How long an unused upload is kept, minutes (VITRINE_KEEP_MINUTES)."""
    model_budget_mb: int = 1500
    """Memory for resident models, millions of bytes (VITRINE_MODEL_BUDGET_MB)."""
    recent_budget_mb: int = 200
    """Memory for decoded pictures and their answers, millions of bytes (VITRINE_RECENT_MB)."""
    threads: int = 0
    """CPU threads of torch, 0 = one a core (VITRINE_THREADS)."""
    uploads_mb: int = 2000
    """Disk for uploads and answers, millions of bytes; the oldest go first (VITRINE_UPLOADS_MB)."""
    queue_size: int = 64
    """Requests that may wait (VITRINE_QUEUE_SIZE)."""
    streams: int = 4
    """Live cameras at once; further visitors wait in a line (VITRINE_STREAMS)."""
    stream_minutes: float = 10.0
    """How long one camera may run at a time, minutes (VITRINE_STREAM_MINUTES)."""
    stream_idle_s: float = 20.0
    """A camera that sends nothing for so long ends, seconds (VITRINE_STREAM_IDLE_S)."""
    cameras: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Names and addresses of the owner's cameras (VITRINE_CAMERAS); these may hold passwords."""

    @classmethod
    def from_env(cls, environ: Mapping[str, str]) -> "Settings":
        """Read the VITRINE_* variables. Raises DemoError for a value that is not of its kind."""
        default = cls()
        folder = environ.get("VITRINE_WEIGHTS", "")
        device = environ.get("VITRINE_DEVICE", default.device)
        if device not in ("auto", "cpu", "cuda"):
            raise DemoError("setting_choice", name="VITRINE_DEVICE", got=device)
        return cls(
            weights_dir=Path(folder).expanduser() if folder else None,
            cache_dir=Path(environ.get("VITRINE_CACHE", str(default.cache_dir))).expanduser(),
            offline=environ.get("VITRINE_OFFLINE", "") not in ("", "0"),
            device=device,
            max_megapixels=_number(environ, "MAX_MEGAPIXELS", default.max_megapixels),
            max_side=_whole(environ, "MAX_SIDE", default.max_side),
            max_file_mb=_number(environ, "MAX_FILE_MB", default.max_file_mb),
            max_video_mb=_number(environ, "MAX_VIDEO_MB", default.max_video_mb),
            max_video_minutes=_number(environ, "MAX_VIDEO_MINUTES", default.max_video_minutes),
            max_video_megapixels=_number(
                environ, "MAX_VIDEO_MEGAPIXELS", default.max_video_megapixels
            ),
            videos=_whole(environ, "VIDEOS", default.videos),
            keep_minutes=_number(environ, "KEEP_MINUTES", default.keep_minutes),
            model_budget_mb=_whole(environ, "MODEL_BUDGET_MB", default.model_budget_mb),
            recent_budget_mb=_whole(environ, "RECENT_MB", default.recent_budget_mb),
            threads=_whole(environ, "THREADS", default.threads),
            uploads_mb=_whole(environ, "UPLOADS_MB", default.uploads_mb),
            queue_size=_whole(environ, "QUEUE_SIZE", default.queue_size),
            streams=_whole(environ, "STREAMS", default.streams),
            stream_minutes=_number(environ, "STREAM_MINUTES", default.stream_minutes),
            stream_idle_s=_number(environ, "STREAM_IDLE_S", default.stream_idle_s),
            cameras=camera_addresses.parse(environ.get("VITRINE_CAMERAS", "")),
        )


def _cache_dir() -> Path:
    try:
        return Path.home() / ".cache" / "vitrine"
    except RuntimeError:  # a user without a home, as containers have
        return Path(tempfile.gettempdir()) / "vitrine-cache"


def _number(environ: Mapping[str, str], knob: str, default: float) -> float:
    name = f"VITRINE_{knob}"
    text = environ.get(name, "")
    try:
        value = float(text) if text else default
    except ValueError:
        raise DemoError("setting_number", name=name, got=text) from None
    if not 0 < value < float("inf"):
        raise DemoError("setting_number", name=name, got=text)
    return value


def _whole(environ: Mapping[str, str], knob: str, default: int) -> int:
    """A whole number; 0 is allowed where it is the default and stands for `as many as fit`."""
    name = f"VITRINE_{knob}"
    text = environ.get(name, "")
    lowest = min(default, 1)
    if not text:
        return default
    if not (text.isascii() and text.isdecimal()) or int(text) < lowest:
        raise DemoError("setting_whole", name=name, got=text, low=lowest)
    return int(text)
