"""The documents of the REST API as a page."""

from collections.abc import Mapping, Sequence
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
    """A route: what it does, its options, path and options of an example, and an answer as JSON."""

    method: str
    name: str
    summary: str
    text: str
    parameters: Sequence[Parameter]
    example: str
    answer: str


def documents(
    operations: Sequence[Operation],
    address: str,
    script: str,
    problem: str,
    statuses: Mapping[int, str],
) -> str:
    """The page.

    Args:
        operations: all routes.
        address: of the API, without a slash at its end.
        script: a program that asks.
        problem: a refusal as JSON.
        statuses: of refusals, and what each means.
    """
    return render(
        "api_documents",
        operations=operations,
        address=address,
        script=script,
        problem=problem,
        statuses=statuses,
    )
