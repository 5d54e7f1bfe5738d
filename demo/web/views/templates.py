"""HTML from Jinja2 templates: every value is escaped, every template compiled once."""

import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from jinja2.ext import Extension
from jinja2.lexer import Token, TokenStream

from demo.drawing.palette import hex_color
from demo.i18n import LOCALES, translate

_FOLDER = Path(__file__).with_name("templates")
_BETWEEN_TAGS = re.compile(r"(?<=>)\s*\n\s*|\s*\n\s*(?=<)|^\s*\n\s*|\s*\n\s*$")
_LINE_BREAK = re.compile(r"\s*\n\s*")


def render(template: str, **values: object) -> str:
    """Fill in `templates/<template>.html`.

    Args:
        template: name of the file without its suffix.
        values: plain values; text is escaped. A name that the template uses and that is missing
            here raises `jinja2.UndefinedError`.
    """
    return _environment().get_template(f"{template}.html").render(values)


class _IndentedMarkup(Extension):
    """Lets templates be indented without sending the indentation to the browser.

    A line break with the blanks around it is removed next to a tag or a Jinja expression and is one
    space anywhere else. Blanks within a line stay as they are.
    """

    def filter_stream(self, stream: TokenStream) -> Iterable[Token]:
        """Shorten the text between Jinja's tags while a template is compiled."""
        for token in stream:
            if token.type == "data":
                text = _LINE_BREAK.sub(" ", _BETWEEN_TAGS.sub("", token.value))
                if text:
                    yield Token(token.lineno, "data", text)
            else:
                yield token


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        extensions=[_IndentedMarkup],
        auto_reload=False,
    )
    environment.globals |= {"translate": translate, "locales": LOCALES, "class_color": hex_color}
    return environment
