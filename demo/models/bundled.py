"""The models of this project's own: each card weights/<name>.json with its file is one."""

from collections.abc import Iterator
from pathlib import Path

from pydantic import ValidationError

from demo.discover import collect
from demo.errors import DemoError
from demo.models.card import Card, CardLoader
from demo.models.spec import ModelSpec

FOLDER = Path(__file__).resolve().parents[2] / "weights"


def read(folder: Path) -> list[ModelSpec]:
    """One spec a card in `folder` whose weights file is there, by name.

    Raises DemoError for a card that cannot be read.
    """
    found: list[CardLoader] = collect("demo.models", "FROM_CARD")
    loaders = {loader.name: loader for loader in found}
    specs = []
    for path in sorted(folder.glob("*.json")):
        try:
            card = Card.model_validate_json(path.read_bytes())
            if (folder / card.file).is_file():
                specs.append(loaders[card.task].spec(card, folder))
        except (ValidationError, KeyError, TypeError, OSError):
            raise DemoError("card_broken", file=path.name) from None
    return specs


class _Specs:
    """The specs of weights/, read when they are iterated over."""

    def __iter__(self) -> Iterator[ModelSpec]:
        return iter(read(FOLDER))


SPECS = _Specs()
