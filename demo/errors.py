"""The exception whose message is written for people."""

from demo.i18n import translate


class DemoError(Exception):
    """One sentence that a person can act on: what is wrong, and what would be right.

    It carries a key of `demo.i18n` and the values of its fields, so that a page translates it into
    the visitor's language; `str(error)` is the English sentence.
    """

    def __init__(self, key: str, **fields: object) -> None:
        self.key = key
        self.fields = fields
        super().__init__(translate(key, "en", **fields))
