"""The documents of the REST API as a page."""

from collections.abc import Sequence
from typing import NamedTuple

from demo.web.views.templates import render


class Parameter(NamedTuple):
    """An option of a route; kind: its JSON type. choices: all values that it may have."""

    name: str
    kind: str
    default: str
    doc: str
    choices: Sequence[str]


class Operation(NamedTuple):
    """A route: what it does, its options, those of an example, and an answer as JSON."""

    name: str
    summary: str
    text: str
    parameters: Sequence[Parameter]
    query: str
    answer: str


def documents(operations: Sequence[Operation], address: str) -> str:
    """The page; address: of the API, without a slash at its end."""
    return render("api_documents", operations=operations, address=address)
