"""The import of torchvision, which must not happen in two threads at once."""

import threading

_IMPORTS = threading.Lock()


def import_torchvision() -> None:
    """Import torchvision, by one thread at a time, before a network or a picture asks for it.

    Its modules import each other in a circle: two threads that load their first models at once
    would see it half initialised.
    """
    with _IMPORTS:
        import torchvision.models
        import torchvision.transforms.v2  # noqa: F401
