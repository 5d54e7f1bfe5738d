"""Every knob of the application, its unit and its default; read from the environment once."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from demo.errors import DemoError


@dataclass(frozen=True, slots=True)
class Settings:
    """What the owner of the machine may set, by the variable named behind each knob."""

    weights_dir: Path | None = None
    """A folder of the owner's own weight files (VITRINE_WEIGHTS)."""
    cache_dir: Path = Path.home() / ".cache" / "vitrine"
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
    keep_minutes: float = 10.0
    """How long an unused upload is kept, minutes (VITRINE_KEEP_MINUTES)."""
    model_budget_mb: int = 1500
    """Memory for resident models, millions of bytes (VITRINE_MODEL_BUDGET_MB)."""
    recent_budget_mb: int = 200
    """Memory for decoded pictures and their answers, millions of bytes (VITRINE_RECENT_MB)."""
    threads: int = 0
    """CPU threads of torch, 0 = one a core (VITRINE_THREADS)."""
    queue_size: int = 64
    """Requests that may wait (VITRINE_QUEUE_SIZE)."""

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
            max_side=int(_number(environ, "MAX_SIDE", default.max_side)),
            max_file_mb=_number(environ, "MAX_FILE_MB", default.max_file_mb),
            keep_minutes=_number(environ, "KEEP_MINUTES", default.keep_minutes),
            model_budget_mb=int(_number(environ, "MODEL_BUDGET_MB", default.model_budget_mb)),
            recent_budget_mb=int(_number(environ, "RECENT_MB", default.recent_budget_mb)),
            threads=int(_number(environ, "THREADS", default.threads)),
            queue_size=int(_number(environ, "QUEUE_SIZE", default.queue_size)),
        )


def _number(environ: Mapping[str, str], knob: str, default: float) -> float:
    name = f"VITRINE_{knob}"
    text = environ.get(name, "")
    if not text:
        return default
    try:
        value = float(text)
    except ValueError:
        raise DemoError("setting_number", name=name, got=text) from None
    lowest = 0 if default == 0 else 1e-6
    if not lowest <= value < float("inf"):
        raise DemoError("setting_number", name=name, got=text)
    return value
