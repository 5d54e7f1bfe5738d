"""What the page's script sends about several pictures, checked."""

from typing import Annotated, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from demo.errors import DemoError

M = TypeVar("M", bound=BaseModel)

_MAX_NAMES = 20_000
_Name = Annotated[str, Field(max_length=4096)]
_Turn = Annotated[int, Field(ge=0)]


class _Message(BaseModel):
    model_config = ConfigDict(strict=True, frozen=True, hide_input_in_errors=True)


class SentFile(_Message):
    """A file that was uploaded; name: its path as the visitor has it. path: of the upload."""

    name: _Name
    path: _Name


class NotSent(_Message):
    """A file that was not uploaded; why: key of the sentence. limit: MB, where it was too large."""

    name: _Name
    why: Literal[
        "several_left_no_picture", "several_left_big", "several_left_full", "several_left_lost"
    ]
    limit: float | int | None = None


class Sent(_Message):
    """What a visitor has put in."""

    files: Annotated[list[SentFile], Field(max_length=_MAX_NAMES)]
    left: Annotated[list[NotSent], Field(max_length=_MAX_NAMES)]


class Followed(_Message):
    """The page asks for the answers with what is set now.

    turn: number of the request on that page. goes_on: after a stop.
    """

    turn: _Turn
    goes_on: bool


class Saving(_Message):
    """The page asks for one file with everything; format: its name."""

    turn: _Turn
    format: str


def read(kind: type[M], text: object) -> M:
    """The message in a text of JSON. Raises DemoError for anything else."""
    if not isinstance(text, str):
        raise DemoError("unreadable_value")
    try:
        return kind.model_validate_json(text)
    except ValidationError:
        raise DemoError("unreadable_value") from None
