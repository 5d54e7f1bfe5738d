"""The calls that a pickle would make, found without making any."""

import pickle
from io import BytesIO


def pickled_calls(pickled: bytes) -> set[str]:
    """Full names, `module.name`, of what loading the pickle would call; nothing is imported.

    Objects that a pickle creates without calling their class, as it does for the layers of a
    network, are not among them. Raises pickle.UnpicklingError and what else `pickle` raises for a
    broken one.
    """
    reader = _Reader(pickled)
    reader.load()
    return reader.calls


def pickled_packages(pickled: bytes) -> set[str]:
    """Names of the packages whose objects a pickle holds; nothing is imported. Raises as above."""
    reader = _Reader(pickled)
    reader.load()
    return {module.partition(".")[0] for module in reader.modules}


class _Reader(pickle.Unpickler):
    """Unpickles with inert objects in the place of all that the pickle names."""

    def __init__(self, pickled: bytes) -> None:
        super().__init__(BytesIO(pickled))
        self.calls: set[str] = set()
        self.modules: set[str] = set()

    def find_class(self, module: str, name: str) -> object:
        """A class whose calls are noted."""
        self.modules.add(module)
        called = _Called(name, (_Inert,), {})
        # Files of the oldest protocols name the built-in types as Python 2 did.
        place = "builtins" if module == "__builtin__" else module
        called.full_name, called.calls = f"{place}.{name}", self.calls
        return called

    def persistent_load(self, identifier: object) -> object:
        """Tensors' storages: their bytes are not in the pickle."""
        return _Inert()


class _Called(type):
    """The type of the classes that stand for all that a pickle names."""

    full_name: str
    calls: set[str]

    def __call__(cls, *arguments: object, **named: object) -> object:
        cls.calls.add(cls.full_name)
        return _Inert()


class _Inert:
    """Takes everything that a pickle does to an object, and keeps nothing."""

    def __new__(cls, *arguments: object, **named: object) -> "_Inert":
        return object.__new__(cls)

    def __call__(self, *arguments: object, **named: object) -> "_Inert":
        """What a call has returned is called: its own name is not known."""
        return _Inert()

    def __setstate__(self, state: object) -> None:
        """Ignore it."""

    def __setitem__(self, key: object, value: object) -> None:
        """Ignore it."""

    def append(self, value: object) -> None:
        """Ignore it."""

    def extend(self, values: object) -> None:
        """Ignore it."""

    def add(self, value: object) -> None:
        """Ignore it."""

    def update(self, values: object) -> None:
        """Ignore it."""
