"""One file with all answers about a visitor's pictures, in one of the formats of the task."""

import json
import secrets
import shutil
import threading
import zipfile
from collections.abc import Callable, Iterator
from concurrent.futures import wait
from dataclasses import dataclass
from pathlib import Path

import gradio as gr

from demo import tasks
from demo.batch.export.base import Format
from demo.batch.export.exporter import Exporter, chosen_formats
from demo.batch.sinks import ZipSink
from demo.errors import DemoError
from demo.i18n import translate
from demo.images.limits import Limits
from demo.service.upload_room import check_room
from demo.tasks.base import Query
from demo.web.components.answering import value
from demo.web.components.batches.following import Values
from demo.web.components.batches.messages import Saving, read
from demo.web.components.batches.visitor_batch import Answers, VisitorBatch
from demo.web.components.batches.visitors import Visitors
from demo.web.components.private_files import new_folder
from demo.web.latest import LatestRequests
from demo.web.listener import Listener
from demo.web.request import request_locale
from demo.web.tab import Context
from demo.web.views.answer import file_address

_POLL_S = 0.3


@dataclass(slots=True, eq=False)
class _Writing:
    """An archive that is being written; done: pictures in it. stop: ends it before the next one."""

    batch: VisitorBatch
    answers: Answers
    query: Query
    chosen: Format
    path: Path
    locale: str
    stop: threading.Event
    done: int = 0

    def write(self, limits: Limits) -> None:
        """Write it whole. Raises DemoError where it cannot be written."""
        places = sorted(self.answers.steps.copy())
        spec = self.answers.spec
        with zipfile.ZipFile(self.path, "w") as archive:
            sink = ZipSink(archive)
            exporter = Exporter(spec, self.query, [self.chosen], sink, limits, self.locale)
            for left in self.batch.left:
                exporter.leave_out(left)
            for place in places:
                if self.stop.is_set():
                    return
                exporter.add(self.batch.whole(self.answers, place))
                self.done += 1
            exporter.finish()


def save_handler(
    context: Context, task: str, visitors: Visitors, latest: LatestRequests, values: Values
) -> Callable[..., Iterator[str]]:
    """The handler that writes a ZIP of all answers with what is set now.

    Its inputs are a message of the page, the model and the tab's own controls; its output is how
    far it is, as JSON.
    """

    def save(request: gr.Request, message: str, model: str, *controls: object) -> Iterator[str]:
        saving = read(Saving, message)
        session, locale = str(request.session_hash), request_locale(request)
        own = latest.begin(session)
        listener = Listener(context.page, session)
        try:
            spec = context.service.spec(model, task)
            query = tasks.find(task).parse(spec, values(model, *controls))
            batch = visitors.get(session)
            if batch is None:
                raise DemoError("several_gone", minutes=context.service.settings.keep_minutes)
            [chosen] = chosen_formats(tasks.find(task), [saving.format])
            answers = batch.answers(spec, query)
            writing = _begin(context, batch, answers, query, chosen, locale)
            for done in _steps(context, writing):
                if not latest.is_current(session, own):
                    return
                listener.check()
                fields = {"done": done, "total": len(answers.steps)}
                says = translate("several_saving", locale, **fields)
                yield json.dumps({"turn": saving.turn, "says": says})
            name = writing.path.name
            says = translate("several_saved", locale, name=name)
            url = file_address(str(writing.path))
            yield json.dumps({"turn": saving.turn, "says": says, "url": url, "name": name})
        except DemoError as error:
            says = translate(error.key, locale, **error.fields)
            # The page is told of a value that is another than the last one.
            number = secrets.token_hex(4)
            yield json.dumps({"turn": saving.turn, "error": says, "number": number})

    return save


def _begin(
    context: Context,
    batch: VisitorBatch,
    answers: Answers,
    query: Query,
    chosen: Format,
    locale: str,
) -> _Writing:
    """Raises DemoError where there is no room for it."""
    service = context.service
    batch.touch()
    if batch.saved is not None:
        shutil.rmtree(batch.saved.parent, ignore_errors=True)
    size_bytes = sum(one.size_bytes for one in batch.pictures)
    check_room(service.uploads, service.settings, size_bytes)
    folder = new_folder(str(service.uploads.folder))
    batch.saved = folder / f"vitrine-{answers.spec.task}-{chosen.name}.zip"
    return _Writing(batch, answers, query, chosen, batch.saved, locale, threading.Event())


def _steps(context: Context, writing: _Writing) -> Iterator[int]:
    """How many pictures are written, every now and then. Raises DemoError as the writing does."""
    limits = Limits.of(context.service.settings)
    future = context.service.submit(lambda: writing.write(limits))
    try:
        while True:
            yield writing.done
            if wait([future], _POLL_S).done:
                break
        value(future)
    finally:
        writing.stop.set()
