"""The parts of a multipart form that arrives in pieces, none of which is kept."""

from collections.abc import Callable, Mapping

from python_multipart.exceptions import MultipartParseError
from python_multipart.multipart import (
    MAX_BOUNDARY_LENGTH,
    MultipartParser,
    parse_options_header,
)

from demo.errors import DemoError

Begin = Callable[[Mapping[bytes, bytes]], None]
"""Called with the parameters of a part's Content-Disposition, such as name and filename."""


class FormParts:
    """Scans a form. Its parser limits number and size of the headers of a part by itself."""

    def __init__(
        self,
        content_type: str,
        malformed: DemoError,
        begin: Begin,
        take: Callable[[bytes], None] = lambda data: None,
        end: Callable[[], None] = lambda: None,
    ) -> None:
        """Begin a body.

        Args:
            content_type: header of the request.
            malformed: raised for a body that is no form, at once where its type is another.
            begin: called where a part begins; it raises DemoError for one that may not be there.
            take: called with bytes of the part.
            end: called where the form is complete.
        """
        kind, options = parse_options_header(content_type)
        boundary = options.get(b"boundary", b"")
        if kind != b"multipart/form-data" or not 0 < len(boundary) <= MAX_BOUNDARY_LENGTH:
            raise malformed
        self._malformed = malformed
        self._header = (bytearray(), bytearray())
        self._named: dict[bytes, bytes] = {}
        self._parser = MultipartParser(
            boundary,
            {
                "on_part_begin": self._named.clear,
                "on_header_field": lambda data, start, end: self._header[0].extend(data[start:end]),
                "on_header_value": lambda data, start, end: self._header[1].extend(data[start:end]),
                "on_header_end": self._end_header,
                "on_headers_finished": lambda: begin(self._named),
                "on_part_data": lambda data, start, end: take(data[start:end]),
                "on_end": end,
            },
        )

    def feed(self, data: bytes) -> None:
        """Scan the next piece. Raises DemoError for a malformed body, and what `begin` raises."""
        try:
            self._parser.write(data)
        except MultipartParseError:
            raise self._malformed from None

    def _end_header(self) -> None:
        name, value = self._header
        if name.lower() == b"content-disposition":
            self._named.update(parse_options_header(bytes(value))[1])
        name.clear()
        value.clear()
