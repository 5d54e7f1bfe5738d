"""Options in the address of a request: what a route takes, as it is described and as it is read."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from starlette.datastructures import QueryParams

from demo import validate
from demo.errors import DemoError
from demo.tasks.base import JsonObject

_SWITCHES = {
    **dict.fromkeys(("1", "true", "yes", "on"), True),
    **dict.fromkeys(("0", "false", "no", "off"), False),
}


@dataclass(frozen=True, slots=True)
class Option:
    """One option. schema: its JSON schema. doc: a phrase or a sentence for people."""

    name: str
    doc: str
    schema: JsonObject = field(default_factory=lambda: {"type": "string", "default": ""})
    required: bool = False

    def described(self) -> JsonObject:
        """The option as OpenAPI describes parameters."""
        return {
            "name": self.name,
            "in": "query",
            "required": self.required,
            "description": self.doc,
            "schema": dict(self.schema),
        }


def described(options: Sequence[Option]) -> JsonObject:
    """What a route adds to its OpenAPI description for its options."""
    return {"parameters": [option.described() for option in options]}


def check_names(given: QueryParams, options: Sequence[Option]) -> None:
    """Raise DemoError for a name that is none of the options."""
    known = [option.name for option in options]
    for name in given:
        if name not in known:
            key = "api_option" if known else "api_no_options"
            raise DemoError(key, got=validate.brief(name), some=", ".join(known))


def number(given: QueryParams, name: str) -> float | str | None:
    """A number, None where it is left out; a text that is none stays as it is, to be refused."""
    text = given.get(name)
    if text is None:
        return None
    try:
        return float(text)
    except ValueError:
        return text


def listed(given: QueryParams, name: str) -> list[str]:
    """The names of a list with commas between, without blanks."""
    return [one for part in given.get(name, "").split(",") if (one := part.strip())]


def switch(given: QueryParams, name: str, *, default: bool) -> bool:
    """A switch. Raises DemoError for a text that is none."""
    text = given.get(name)
    if text is None:
        return default
    return validate.switch(_SWITCHES.get(text.lower(), validate.brief(text)), name)
