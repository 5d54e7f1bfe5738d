"""Settings of the owner, each with its unit and default; read from VITRINE_* variables once."""

import os
import re
import tempfile
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, ConfigDict, Field, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass

from demo import camera_addresses, web_addresses
from demo.errors import DemoError
from demo.validate import brief

_Number = Annotated[float, Field(gt=0, allow_inf_nan=False)]
_Count = Annotated[int, Field(ge=1)]
_KEY = re.compile(r"[A-Za-z0-9._~+/-]+=*")
"""What may stand behind Bearer in a header (RFC 6750)."""
_MAX_THREADS = 1024
"""More than any machine has; torch would start any number of threads."""


def _folder(value: object) -> object:
    if not isinstance(value, str):
        return value
    try:
        return Path(value).expanduser()
    except RuntimeError:
        raise ValueError("expected ~ or ~ and the name of a user") from None


def _names(value: object) -> object:
    """The names of a list that is separated by commas."""
    if not isinstance(value, str):
        return value
    return tuple(name for part in value.split(",") if (name := part.strip()))


def _addresses(value: object) -> object:
    return camera_addresses.parse(value) if isinstance(value, str) else value


def _keys(value: object) -> object:
    """The keys of a list; the sentence about others must not hold them."""
    if not isinstance(value, str):
        return value
    keys = tuple(key for part in value.split(",") if (key := part.strip()))
    if not keys or not all(_KEY.fullmatch(key) for key in keys):
        raise DemoError("setting_keys", name=variable("api_keys"))
    return keys


_Folder = Annotated[Path, BeforeValidator(_folder)]
_Hosts = Annotated[tuple[str, ...], BeforeValidator(web_addresses.hosts)]
_Origins = Annotated[tuple[str, ...], BeforeValidator(web_addresses.origins)]
_Networks = Annotated[tuple[str, ...], BeforeValidator(web_addresses.networks)]


@dataclass(frozen=True, slots=True, config=ConfigDict(hide_input_in_errors=True))
class Settings:
    """Checked settings; the variable of a field is VITRINE_ and its name, but for `_VARIABLES`."""

    weights_dir: _Folder | None = None
    """Folder of the owner's own weight files."""
    model: _Folder | None = None
    """File of a model of the owner's that the page opens with."""
    cache_dir: _Folder = Field(default_factory=lambda: _cache_dir())
    """Folder where downloaded weights and converted networks are kept."""
    offline: bool = False
    """Never try to download."""
    downloads: Annotated[tuple[str, ...], BeforeValidator(_names)] = ("*",)
    """Models that visitors may have downloaded: names, or patterns with `*` and `?`."""
    downloads_mb: _Count = 4000
    """Disk for downloaded weights, millions of bytes; nothing is downloaded beyond it."""
    device: Literal["auto", "cpu", "cuda"] = "auto"
    """Device of the models; auto is the first GPU, or the CPU where there is none."""
    precision: Literal["reference", "exact", "fast"] = "exact"
    """Of networks on the CPU: reference is torch alone; exact is OpenVINO where it gives the same
    answers; fast is bfloat16 on a processor that has it."""
    converted_mb: _Count = 1000
    """Disk for networks that were converted for OpenVINO, millions of bytes."""
    max_megapixels: _Number = 25.0
    """Largest picture, millions of pixels."""
    max_side: _Count = 8192
    """Longest side of a picture, pixels."""
    max_file_mb: _Number = 20.0
    """Largest picture file, millions of bytes."""
    max_video_mb: _Number = 200.0
    """Largest video, millions of bytes."""
    max_video_minutes: _Number = 10.0
    """Longest video, minutes."""
    max_video_megapixels: _Number = 9.44
    """Largest frame of a video, millions of pixels."""
    batch_pictures: _Count = 200
    """Pictures that are answered as one batch."""
    batch_mb: _Number = 500.0
    """All files of one batch together, unpacked, millions of bytes."""
    videos: _Count = 1
    """Videos that are processed at once; further ones wait in a queue."""
    keep_minutes: _Number = 10.0
    """How long an unused upload is kept, minutes."""
    model_budget_mb: _Count = 1500
    """Memory for resident models, millions of bytes."""
    recent_budget_mb: _Count = 200
    """Memory for decoded pictures and their answers, millions of bytes."""
    threads: Annotated[int, Field(ge=0, le=_MAX_THREADS)] = 0
    """CPU threads of a forward pass, 0 = one a core."""
    uploads_mb: _Count = 2000
    """Disk for uploads and answers, millions of bytes; the oldest go first."""
    queue_size: _Count = 64
    """Requests that may wait."""
    rest_waiting: _Count = 32
    """Requests of the REST API that may wait."""
    api_keys: Annotated[tuple[str, ...], BeforeValidator(_keys)] = Field(default=(), repr=False)
    """Keys of the REST API, of which each request has to send one; none for an open one."""
    streams: _Count = 4
    """Live cameras at once; further visitors wait in a queue."""
    stream_queue: _Count = 32
    """Visitors that may wait for a camera."""
    streams_per_address: _Count = 8
    """Cameras of one address, those that wait included."""
    stream_minutes: _Number = 10.0
    """How long one camera may run at a time, minutes."""
    stream_idle_s: _Number = 20.0
    """How long a camera may send nothing before it ends, seconds."""
    cameras: Annotated[Mapping[str, str], BeforeValidator(_addresses)] = Field(
        default_factory=dict, repr=False
    )
    """Names and addresses of the owner's cameras; the addresses may hold passwords."""
    hosts: _Hosts = ()
    """Names under which visitors reach the server, besides localhost and IP addresses."""
    origins: _Origins = ()
    """Origins of other sites whose pages may show this page in a frame and call the API."""
    proxies: _Networks = ()
    """Addresses of reverse proxies, whose X-Forwarded-For and -Proto headers are believed."""
    rate: Annotated[int, Field(ge=0)] = 3000
    """Requests a minute of one address, 0 = any number; loopback is free."""
    connections: _Count = 200
    """Connections of one address at once; loopback is free."""
    log: Literal["error", "warning", "info", "debug"] = "warning"
    """Lowest level of what is logged."""

    @classmethod
    def from_env(cls, environ: Mapping[str, str]) -> Self:
        """Settings from variables; an empty one counts as not set.

        Raises DemoError for the first value that is not of its kind.
        """
        texts = {name: environ.get(variable(name), "").strip() for name in names()}
        try:
            given = {name: text for name, text in texts.items() if text}
            return TypeAdapter(cls).validate_python(given)
        except ValidationError as error:
            name = str(error.errors(include_input=False)[0]["loc"][0])
        raise _fault(name, texts[name])

    def require_weights_dir(self) -> None:
        """Raise DemoError where there is no folder of the owner's at the stated place."""
        if self.weights_dir is not None and not self.weights_dir.is_dir():
            raise DemoError("no_weights_folder", folder=self.weights_dir.name)


_VARIABLES = {"weights_dir": "WEIGHTS", "cache_dir": "CACHE", "recent_budget_mb": "RECENT_MB"}
_FROM_ZERO = ("rate",)
_SENTENCES = {
    "weights_dir": "setting_folder",
    "cache_dir": "setting_folder",
    "threads": "setting_threads",
    "device": "setting_choice",
    "precision": "setting_precision",
    "log": "setting_log",
    "offline": "setting_switch",
    "hosts": "setting_hosts",
    "origins": "setting_origins",
    "proxies": "setting_proxies",
}


def names() -> list[str]:
    """Names of all settings."""
    return [field.name for field in fields(Settings)]


def variable(name: str) -> str:
    """The environment variable of the setting `name`."""
    return f"VITRINE_{_VARIABLES.get(name, name.upper())}"


def _fault(name: str, got: str) -> DemoError:
    """The sentence about a value that the setting `name` cannot have."""
    default = getattr(Settings(), name)
    key = _SENTENCES.get(name)
    if key is None and isinstance(default, int):
        low = 0 if name in _FROM_ZERO else 1
        return DemoError("setting_whole", name=variable(name), got=brief(got), low=low)
    return DemoError(key or "setting_number", name=variable(name), got=brief(got))


def _cache_dir() -> Path:
    temporary = Path(tempfile.gettempdir()) / "vitrine-cache"
    try:
        usual = Path.home() / ".cache" / "vitrine"
    except RuntimeError:  # a user without a home, as in containers
        return temporary
    # A home that is missing or read-only, as on hosts that run a container as any user.
    present = next(one for one in (usual, *usual.parents) if os.access(one, os.F_OK))
    return usual if present.is_dir() and os.access(present, os.W_OK) else temporary
