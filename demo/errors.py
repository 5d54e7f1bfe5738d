"""The one exception that a visitor may read."""

from demo.i18n import translate


class DemoError(Exception):
    """One sentence that a person can act on: what was wrong and what would be right.

    The arguments are a key of `demo.i18n` and the values of its fields, so that the same error
    reads in the visitor's own language; `str(error)` is the English sentence.
    """

    def __init__(self, key: str, **fields: object) -> None:
        self.key = key
        self.fields = fields
        super().__init__(translate(key, "en", **fields))
