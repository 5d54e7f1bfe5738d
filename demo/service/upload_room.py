"""Room in the private folder of uploads for files that the program writes there itself."""

from demo.errors import DemoError
from demo.service.uploads import UploadStore
from demo.settings import Settings


def check_room(uploads: UploadStore, settings: Settings, size_bytes: int) -> None:
    """Make room in the private folder. Raises DemoError where there is none."""
    most = settings.uploads_mb * 1_000_000 - size_bytes
    if most < 0 or uploads.make_room(most, most) > most:
        raise DemoError("uploads_full", limit=settings.uploads_mb)
