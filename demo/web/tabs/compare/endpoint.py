"""The endpoint /compare."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing

import gradio as gr

from demo.batch.pictures import Source
from demo.compare.comparison import Comparison
from demo.compression.report import report_facts
from demo.compression.request import reports
from demo.errors import DemoError
from demo.images.decode import Picture
from demo.results import Image
from demo.service.comparisons import comparison_facts
from demo.web.components.files import files_in
from demo.web.components.picture import PictureIn, PictureOut
from demo.web.components.uploads import given_name
from demo.web.endpoints import required_picture, unseen_components
from demo.web.faults import explained
from demo.web.listener import Listener
from demo.web.request import request_locale
from demo.web.tab import Context

Answers = Iterator[tuple[Image | None, Mapping[str, object]]]
"""The difference picture of the first two models, and the JSON of what has been answered."""


def publish(context: Context) -> None:
    """Add the endpoint to the page, on components that it does not show."""
    with unseen_components():
        inputs = [
            PictureIn(label="image"),
            gr.JSON([], label="models"),
            gr.Number(None, label="confidence"),
            gr.Number(None, label="iou"),
            gr.JSON([], label="precisions"),
            files_in("pictures"),
        ]
        outputs = [PictureOut(label="picture"), gr.JSON(label="answer")]
        gr.Button().click(_endpoint(context), inputs, outputs, api_name="compare")


def _endpoint(context: Context) -> Callable[..., Answers]:
    def compare(
        request: gr.Request,
        image: str | None,
        models: list[str],
        confidence: float | None = None,
        iou: float | None = None,
        precisions: list[str] | None = None,
        pictures: list[str] | None = None,
    ) -> Iterator[tuple[Image | None, Mapping[str, object]]]:
        """Compare two to eight models of one task on a picture, or the precisions of one model.

        Args:
            image: the picture, an uploaded file.
            models: names of classifiers, of detectors or of segmenters, see /models.
            confidence: lowest score of a box, 0.01 to 1; null is each model's own.
            iou: overlap above which the weaker of two boxes of one class goes, 0 to 1; null as
                above.
            precisions: float32, bfloat16 or int8, of exactly one model.
            pictures: for precisions, uploaded pictures or a ZIP of them in place of `image`;
                folders named as classes, or YOLO's text files, give a score.

        Returns:
            For detectors and segmenters the picture with what the first two that answered have
            both found, and each alone; the answers, where they agree, sizes and warm latencies as
            JSON. A model that failed has its sentence in place of an answer. Of precisions the
            bytes, latency, score and changed answers of each.
        """
        values = {"confidence": confidence, "iou": iou}
        paths = pictures or []
        if not precisions and not paths:
            yield from _models(context, request, required_picture(image), models, values)
        elif precisions:
            paths = paths or [required_picture(image)]
            yield from _precisions(context, request, paths, models, precisions, values)
        else:
            raise DemoError("compression_set_alone")

    return compare


def _models(
    context: Context, request: gr.Request, path: str, models: object, values: Mapping[str, object]
) -> Answers:
    """The JSON whenever another model has answered, at last with the difference picture."""
    locale = request_locale(request)
    listener = Listener(context.page, str(request.session_hash))
    answered = -1
    last: tuple[Picture, Comparison] | None = None
    for last in context.service.comparisons.answer(path, models, values, explained):
        listener.check()
        comparison = last[1]
        if len(comparison.results) != answered:
            answered = len(comparison.results)
            yield None, comparison_facts(comparison, locale)
    assert last is not None
    picture, comparison = last
    yield _drawn(picture, comparison), comparison_facts(comparison, locale)


def _precisions(
    context: Context,
    request: gr.Request,
    paths: Sequence[str],
    models: object,
    precisions: object,
    values: Mapping[str, object],
) -> Answers:
    """The JSON whenever another precision is done; ends where nobody listens."""
    locale = request_locale(request)
    listener = Listener(context.page, str(request.session_hash))
    steps = reports(
        context.service, sources_of(context, paths), models, precisions, values, explained
    )
    done = 0
    with closing(steps):
        for report in steps:
            listener.check()
            if report.done or sum(row.done for row in report.rows) != done:
                done = sum(row.done for row in report.rows)
                yield None, report_facts(report, locale)


def sources_of(context: Context, paths: Sequence[str]) -> list[Source]:
    """The uploads behind paths of a request. Raises DemoError for a path that is none."""
    return [Source(context.service.uploads.touch(one), given_name(one)) for one in paths]


def _drawn(picture: Picture, comparison: Comparison) -> Image | None:
    results = list(comparison.results.values())
    if len(results) < 2:
        return None
    return comparison.difference.draw(picture.rgb, results[0], results[1])
