"""The structure of HTML, for comparing what browsers would make of two texts."""

import re
from html.parser import HTMLParser

Node = tuple[str, ...] | tuple[str, str, tuple[tuple[str, str | None], ...]]

_PICTURE = re.compile(r"(data:image/\w+;base64,)[\w+/=]+")


def dom(html: str) -> list[Node]:
    """Start tags with their sorted attributes, end tags and texts, in order.

    Encoded pictures are left out: their bytes depend on the version of the encoder.
    """
    parser = _Parser()
    parser.feed(html)
    parser.close()
    return parser.nodes


class _Parser(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.nodes: list[Node] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        plain = ((name, value and _PICTURE.sub(r"\1", value)) for name, value in attrs)
        self.nodes.append(("start", tag, tuple(sorted(plain, key=lambda pair: pair[0]))))

    def handle_endtag(self, tag: str) -> None:
        self.nodes.append(("end", tag))

    def handle_data(self, data: str) -> None:
        self.nodes.append(("text", data))
