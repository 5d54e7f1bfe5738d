"""What a format is: what it writes of each answer, and at the end."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from tempfile import SpooledTemporaryFile
from typing import IO

from demo.batch.pictures import LeftOut
from demo.batch.run import BatchAnswer
from demo.batch.sinks import Sink
from demo.errors import DemoError
from demo.export.parts import Parts
from demo.images.decode import Picture, decode
from demo.images.limits import Limits
from demo.models.spec import ModelSpec
from demo.results import Image, Result
from demo.tasks.base import AnyTask, Query

_IN_MEMORY_BYTES = 4 << 20


@dataclass(frozen=True, slots=True, eq=False)
class Export:
    """What all files of an export have in common.

    task: of the model. spec: the model. query: what of the answers is written. limits: of a
    picture, for those that have to be decoded again. locale: of drawn names. files: temporary ones,
    deleted at the end of the export, whatever its end.
    """

    task: AnyTask
    spec: ModelSpec
    query: Query
    limits: Limits
    locale: str = "en"
    files: ExitStack = field(default_factory=ExitStack)

    def spool(self) -> IO[bytes]:
        """An empty binary file without a name: on disk, a small one in memory."""
        return self.files.enter_context(SpooledTemporaryFile(_IN_MEMORY_BYTES))


@dataclass(slots=True, eq=False)
class Entry:
    """One answer on its way into the files.

    answer: the whole one. result: the part that the query asks for. parts: in each format of data
    sets. stem: name of the picture's files in an export without an extension; unique in it, also
    where capitals are not told apart.
    """

    answer: BatchAnswer
    result: Result
    parts: Parts
    stem: str
    limits: Limits
    _decoded: list[Picture] = field(default_factory=list)

    def rgb(self) -> Image:
        """The picture's pixels, decoded when they are first asked for. Raises DemoError."""
        if not self._decoded:
            try:
                data = self.answer.picture.path.read_bytes()
            except OSError:
                raise DemoError("batch_unreadable", name=self.answer.name) from None
            self._decoded.append(decode(data, self.limits))
        return self._decoded[0].rgb


class Writer(ABC):
    """Writes one export in one format."""

    @abstractmethod
    def add(self, entry: Entry) -> None:
        """Take an answer, in the order of the pictures."""

    def leave_out(self, left: LeftOut) -> None:
        """Take note of a picture without an answer: by default it is in no file."""
        return

    @abstractmethod
    def finish(self) -> None:
        """Write what is about all pictures."""


@dataclass(frozen=True, slots=True)
class Format:
    """A format of exports.

    name: on the command line and in addresses. order: in lists. title: key of its name for people.
    offered: whether a task's answers can be written so. start: begins an export into a sink.
    """

    name: str
    order: int
    title: str
    offered: Callable[[AnyTask], bool]
    start: Callable[[Export, Sink], Writer]
