"""The endpoint /compare."""

from collections.abc import Callable, Iterator, Mapping

import gradio as gr

from demo.compare.comparison import Comparison
from demo.images.decode import Picture
from demo.results import Image
from demo.service.comparisons import comparison_facts
from demo.web.components.picture import PictureIn, PictureOut
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
    ) -> Iterator[tuple[Image | None, Mapping[str, object]]]:
        """Compare two to eight models of one task on a picture.

        Args:
            image: the picture, an uploaded file.
            models: names of classifiers, of detectors or of segmenters, see /models.
            confidence: lowest score of a box, 0.01 to 1; null is each model's own.
            iou: overlap above which the weaker of two boxes of one class goes, 0 to 1; null as
                above.

        Returns:
            For detectors and segmenters the picture with what the first two that answered have
            both found, and each alone; the answers, where they agree, sizes and warm latencies as
            JSON. A model that failed has its sentence in place of an answer.
        """
        values = {"confidence": confidence, "iou": iou}
        path, locale = required_picture(image), request_locale(request)
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

    return compare


def _drawn(picture: Picture, comparison: Comparison) -> Image | None:
    results = list(comparison.results.values())
    if len(results) < 2:
        return None
    return comparison.difference.draw(picture.rgb, results[0], results[1])
