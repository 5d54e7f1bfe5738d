"""A request to compare precisions: checked, and its answer as it comes."""

from collections.abc import Generator, Mapping, Sequence

from demo import tasks
from demo.batch.pictures import Source
from demo.compare.comparison import Explain
from demo.compression.pictures import opened_set
from demo.compression.report import Report
from demo.compression.run import Compression, Show
from demo.compression.selection import chosen_model, chosen_precisions
from demo.service.service import Service


def reports(
    service: Service,
    sources: Sequence[Source],
    models: object,
    precisions: object,
    values: Mapping[str, object],
    explain: Explain,
    show: Show | None = None,
    locale: str = "en",
) -> Generator[Report]:
    """Yield what is known, again after every pass and picture; closing it ends the work.

    Args:
        service: opens the pictures and answers about them.
        sources: uploads, pictures and ZIPs of them.
        models: a list of one name.
        precisions: a list of names, see `selection.PRECISIONS`.
        values: options of the task's query by name.
        explain: the sentence for any fault of a precision.
        show, locale: see `Compression`.

    Raises:
        DemoError: for a wrong value, a wrong set, and where no precision at all can answer.
    """
    spec = chosen_model(service.engine, models)
    chosen = chosen_precisions(precisions)
    query = tasks.find(spec.task).parse(spec, values)
    with opened_set(service, sources) as pictures:
        compression = Compression(service, spec, query, pictures, show, locale)
        for report in compression.steps(chosen, explain):
            faults = [row.fault for row in report.rows]
            if report.done and faults[0] is not None and all(faults):
                raise faults[0]
            yield report
