"""A stream across changes of its options: what was blurred stays blurred, counts stay."""

from dataclasses import replace

import numpy as np
import pytest

from demo.drawing.detections import draw_detections
from demo.i18n import LOCALES
from demo.inference.engine import Engine, Prediction
from demo.labels.names import localized
from demo.models.coco import LABELS
from demo.models.spec import ImageRequest
from demo.results import Detections, Image
from demo.tasks.detect import captions
from demo.tracking.line_counter import CountingLine
from demo.tracking.options import StreamOptions
from demo.tracking.stream import StreamProcessor

PER_SECOND = 10
"""Half a second are five frames: the one of the detection and four more."""


def striped(left: int = 20) -> Image:
    """A red square of 40 pixels with fine stripes, on grey."""
    picture = np.full((120, 160, 3), 30, np.uint8)
    picture[40:80, left : left + 40] = (220, 20, 20)
    picture[44:76:4, left + 4 : left + 36] = (180, 20, 20)
    return picture


def contrast(picture: Image) -> float:
    """Mean difference of neighbouring rows inside of the square at 20."""
    return float(np.abs(np.diff(picture[46:74, 30:50].astype(int), axis=0)).mean())


class Stream:
    """A processor that is fed frame after frame."""

    def __init__(self, engine: Engine, options: StreamOptions) -> None:
        self._engine = engine
        self.processor = StreamProcessor(options)
        self._index = 0

    def show(self, frame: Image, found: bool = True) -> Image:
        """The annotated frame; found: whether the model sees the frame or an empty one."""
        model = self.processor.options.spec.name
        prediction = self.predict(model, frame if found else np.zeros_like(frame))
        _, drawn = self.processor.process(self._index, self._index / PER_SECOND, frame, prediction)
        self._index += 1
        return drawn

    def predict(self, model: str, frame: Image) -> Prediction:
        return self._engine.run(model, ImageRequest(frame))


@pytest.fixture
def blurring(desk: Engine) -> StreamOptions:
    return StreamOptions(desk.spec("finder"), track=False, blur=("red thing",))


@pytest.mark.parametrize(
    "change",
    [
        {"confidence": 0.5},
        {"iou": 0.3},
        {"classes": ("blue thing",)},
        {"track": True},
        {"heat": True},
        {"blur": ()},
        {"blur": ("blue thing",)},
        {"spec": "other finder"},
        {"spec": "guesser", "blur": ()},
    ],
    ids=str,
)
@pytest.mark.parametrize("track", [False, True])
def test_what_was_blurred_stays_blurred_for_its_half_second(
    desk: Engine, blurring: StreamOptions, change: dict[str, object], track: bool
) -> None:
    """The model misses the face in the very frame in which the options change."""
    stream = Stream(desk, replace(blurring, track=track))
    frame = striped()
    assert contrast(stream.show(frame)) < 0.2 * contrast(frame)
    if "spec" in change:
        name = str(change["spec"])
        # Another model of the same labels.
        spec = replace(desk.spec("finder")) if name == "other finder" else desk.spec(name)
        change = {**change, "spec": spec}
    stream.processor.change(replace(stream.processor.options, **change))  # type: ignore[arg-type]
    for _ in range(4):
        assert contrast(stream.show(frame, found=False)) < 0.2 * contrast(frame)
    assert contrast(stream.show(frame, found=False)) == pytest.approx(contrast(frame), rel=0.2)


def test_a_held_frame_is_blurred_too(desk: Engine, blurring: StreamOptions) -> None:
    """After a change to every second frame, which excludes further blurring."""
    stream = Stream(desk, blurring)
    frame = striped()
    stream.show(frame)
    stream.processor.change(replace(blurring, blur=(), every=2))
    _, drawn = stream.processor.process(1, 0.1, frame, None)
    assert contrast(drawn) < 0.2 * contrast(frame)


@pytest.mark.parametrize("track", [False, True])
def test_an_unrelated_change_keeps_the_heat_map(desk: Engine, track: bool) -> None:
    options = StreamOptions(desk.spec("finder"), track=track, heat=True)
    stream = Stream(desk, options)
    for _ in range(5):
        stream.show(striped())
    empty = np.full((120, 160, 3), 30, np.uint8)
    for values in ({"confidence": 0.5}, {"track": not track}, {"iou": 0.4}):
        stream.processor.change(replace(stream.processor.options, **values))
        drawn = stream.show(empty).astype(int)
        assert drawn[60, 40].sum() > drawn[5, 155].sum() + 100


def test_another_model_and_switching_it_off_clear_the_heat_map(desk: Engine) -> None:
    options = StreamOptions(desk.spec("finder"), track=False, heat=True)
    empty = np.full((120, 160, 3), 30, np.uint8)
    for changes in ([{"spec": replace(options.spec)}], [{"heat": False}, {"heat": True}]):
        stream = Stream(desk, options)
        stream.show(striped())
        for values in changes:
            stream.processor.change(replace(stream.processor.options, **values))
        assert (stream.show(empty) == empty).all()


def test_ids_and_crossings_survive_a_change_of_the_confidence(desk: Engine) -> None:
    line = CountingLine(80, 120, 80, 0)
    stream = Stream(desk, StreamOptions(desk.spec("finder"), line=line))
    for i in range(12):
        if i == 9:
            stream.processor.change(replace(stream.processor.options, confidence=0.5))
        stream.show(striped(10 + 8 * i))
    assert stream.processor.counts() == {
        "tracks": {"red thing": 1},
        "crossings": {"rightward": {"red thing": 1}, "leftward": {}},
    }
    stream.processor.change(replace(stream.processor.options, line=None))
    assert stream.processor.counts() == {"tracks": {"red thing": 1}}
    stream.processor.change(replace(stream.processor.options, track=False))
    assert stream.processor.counts() == {}


@pytest.mark.parametrize("locale", LOCALES)
def test_names_are_drawn_in_the_language_of_the_stream_and_told_as_labels(
    desk: Engine, locale: str
) -> None:
    picture = striped()
    answer = desk.run("finder", ImageRequest(picture))
    assert isinstance(answer.result, Detections)
    named = replace(answer.result, labels=LABELS[: len(answer.result.labels)])
    options = StreamOptions(desk.spec("finder"), track=False, locale=locale)
    frame, drawn = StreamProcessor(options).process(0, 0.0, picture, replace(answer, result=named))
    assert {row["label"] for row in frame.rows()} == {"bicycle"}
    assert isinstance(frame.result, Detections)
    shown = localized(frame.result, locale)
    assert (shown.labels == frame.result.labels) == (locale == "en")
    assert (drawn == draw_detections(picture, shown, captions=captions(shown, None))).all()


def test_a_stream_in_an_unknown_language_cannot_exist(desk: Engine) -> None:
    with pytest.raises(ValueError, match="expected one of"):
        StreamOptions(desk.spec("finder"), locale="klingon")
