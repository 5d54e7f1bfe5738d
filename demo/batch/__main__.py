"""Command line: python -m demo.batch MODEL PICTURES… --out FOLDER --format NAME."""

import os
import signal
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from demo import logs
from demo.batch.command_line import Call, parse
from demo.errors import DemoError
from demo.i18n import translate
from demo.settings import Settings, variable
from demo.system import settle_heaps

if TYPE_CHECKING:
    from demo.batch.pictures import Gathered
    from demo.batch.report import Tally
    from demo.batch.request import BatchRequest
    from demo.batch.sinks import Sink
    from demo.service.service import Service

_SIGNALS = (signal.SIGINT, signal.SIGTERM)
"""Sent by people and service managers; the temporary files have to go with the program."""
_SOME_LEFT_OUT, _WRONG_CALL, _STOPPED = 1, 2, 130


def main(words: Sequence[str]) -> int:
    """Run the command; the exit status, see `--help`.

    The first Ctrl-C ends it before the next picture, and what is answered is written; the second
    one deletes all that was written.
    """
    stop = threading.Event()
    try:
        call = parse(words)
        with _stoppable(stop):
            return _answer_all(call, stop)
    except DemoError as error:
        print(error, file=sys.stderr)
        return _WRONG_CALL
    except KeyboardInterrupt:
        return _STOPPED


def _answer_all(call: Call, stop: threading.Event) -> int:
    from demo.batch.request import BatchRequest
    from demo.batch.target import check_target
    from demo.inference.local_engine import LocalEngine
    from demo.service.service import Service
    from demo.service.uploads import UploadStore

    check_target(call.out, call.zipped, call.overwrite)
    settle_heaps()
    settings = Settings.from_env(os.environ)
    # What goes wrong is said in a sentence or in the table; an owner may ask for more.
    logs.configure(settings.log if variable("log") in os.environ else "error")
    engine = LocalEngine(settings, converts=True)
    uploads = UploadStore(settings.keep_minutes * 60)
    service = Service(settings, engine, uploads)
    try:
        request = BatchRequest.parse(engine, call.model, call.values, call.formats)
        found = _gathered(call, uploads.folder, settings)
        request.try_out(engine)
        return _write_all(call, request, service, found, stop)
    finally:
        service.close()
        uploads.close()


def _gathered(call: Call, work: Path, settings: Settings) -> "Gathered":
    from demo.batch.limits import BatchLimits
    from demo.batch.pictures import Source, gather

    for path in call.pictures:
        if not path.exists():
            raise DemoError("batch_unreadable", name=path)
    found = gather(map(Source.of, call.pictures), work, BatchLimits.of(settings))
    if not found.pictures and not found.left_out:
        raise DemoError("batch_no_pictures")
    out = call.out.resolve()
    used = (*call.pictures, *(picture.path for picture in found.pictures))
    if any(path.resolve().is_relative_to(out) for path in used):
        raise DemoError("batch_out_source", name=call.out)
    return found


def _write_all(
    call: Call,
    request: "BatchRequest",
    service: "Service",
    found: "Gathered",
    stop: threading.Event,
) -> int:
    from demo.batch.report import Tally
    from demo.batch.target import open_target

    tally = Tally(request.task, found)
    start = time.perf_counter()
    target = open_target(call.out, call.zipped)
    try:
        _export(request, service, found, target.sink, tally, stop)
        seconds = time.perf_counter() - start
        if tally.answered:
            target.commit()
    finally:
        target.discard()
    print(tally.text(seconds, str(call.out) if tally.answered else ""))
    if tally.not_begun:
        return _STOPPED
    return _SOME_LEFT_OUT if tally.left_out else 0


def _export(
    request: "BatchRequest",
    service: "Service",
    found: "Gathered",
    sink: "Sink",
    tally: "Tally",
    stop: threading.Event,
) -> None:
    from demo.batch.export.exporter import Exporter
    from demo.batch.report import ProgressLine
    from demo.batch.run import asker, run
    from demo.images.limits import Limits

    spec, query, bulk = request.spec, request.query, service.bulk
    limits = Limits.of(service.settings)
    steps = run(found.pictures, asker(bulk, spec, query), stop, bulk.workers)
    progress = ProgressLine(len(found.pictures))
    with closing(steps), Exporter(spec, query, request.formats, sink, limits) as exporter:
        for left in found.left_out:
            exporter.leave_out(left)
        for done, step in enumerate(steps, 1):
            tally.add(step, exporter.add(step))
            progress.show(done, step.name)
        progress.end()
        exporter.finish()


@contextmanager
def _stoppable(stop: threading.Event) -> Iterator[None]:
    """Set `stop` by the first signal, and raise KeyboardInterrupt at the second one."""

    def on_signal(number: int, frame: object) -> None:
        if stop.is_set():
            raise KeyboardInterrupt
        stop.set()
        # Not by print, which may just be at work in this very thread.
        os.write(sys.stderr.fileno(), f"\n{translate('batch_stopping', 'en')}\n".encode())

    before = {number: signal.signal(number, on_signal) for number in _SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
