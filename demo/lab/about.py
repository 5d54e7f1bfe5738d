"""The plain sentences that the card of a weight file shows next to its numbers."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class About:
    """Intended use, licence, training data and known failures of a network, for its card.

    selection: how the variant of a classifier's sign of doubt was selected, where that was not
    blind.
    """

    good_for: str
    not_for: str
    licence: str
    data: tuple[str, ...]
    failures: tuple[str, ...]
    selection: str = ""
    source: str = "trained from scratch by this project (demo/lab)"
