"""HDR and wide-gamut frames as pictures for usual screens."""

import threading
from dataclasses import dataclass
from fractions import Fraction
from typing import ClassVar

from av.filter import Graph
from av.video.frame import VideoFrame
from av.video.reformatter import ColorPrimaries

from demo.system import cores
from demo.video.colors import is_stated

_BT709, _BT2020 = 1, 9
_MAX_IDLE = 2


@dataclass(frozen=True, slots=True)
class _Layout:
    """What a graph is made for: the frames it takes, and the size in which it gives them back."""

    width: int
    height: int
    form: str
    size_wh: tuple[int, int]


class ColorMapper:
    """Maps the colours of frames to BT.709 as libswscale does for people to look at.

    Tones are compressed towards the brightness of a usual screen and colours into its gamut
    ("perceptual" intent), by tables that take seconds to compute. `close` keeps them for the next
    video of the same kind, which most often is the same video.
    """

    _idle: ClassVar[list[tuple[_Layout, Graph]]] = []
    _lock: ClassVar[threading.Lock] = threading.Lock()

    def __init__(self) -> None:
        self._layout: _Layout | None = None
        self._graph: Graph | None = None

    def to_rgb(self, frame: VideoFrame, width: int, height: int) -> VideoFrame:
        """The frame as `rgb24` in the given size. Raises FFmpegError for unknown colours."""
        layout = _Layout(frame.width, frame.height, frame.format.name, (width, height))
        if not is_stated(frame.colorspace):
            bt2020 = frame.color_primaries == ColorPrimaries.BT2020
            frame.colorspace = _BT2020 if bt2020 else _BT709
        if layout != self._layout:
            self.close()
        graph = self._graph or self._take(layout) or _graph(frame, width, height)
        # One that fails is not used again.
        self._layout = self._graph = None
        graph.push(frame)
        mapped = graph.pull()
        assert isinstance(mapped, VideoFrame)
        self._layout, self._graph = layout, graph
        return mapped

    def close(self) -> None:
        """Leave the tables to the next mapper."""
        if self._layout is not None and self._graph is not None:
            with self._lock:
                self._idle.append((self._layout, self._graph))
                del self._idle[:-_MAX_IDLE]
        self._layout = self._graph = None

    def _take(self, layout: _Layout) -> Graph | None:
        with self._lock:
            for place, (other, graph) in enumerate(self._idle):
                if other == layout:
                    del self._idle[place]
                    return graph
        return None


def _graph(frame: VideoFrame, width: int, height: int) -> Graph:
    graph = Graph()
    graph.threads = min(cores(), 4)
    # Times are not looked at; a frame that was decoded last may have no unit of its own.
    unit = Fraction(1, 1000)
    source = graph.add_buffer(
        width=frame.width, height=frame.height, format=frame.format, time_base=unit
    )
    to_bt709 = "out_primaries=bt709:out_transfer=bt709:intent=perceptual"
    scale = graph.add("scale", f"w={width}:h={height}:{to_bt709}")
    form = graph.add("format", "rgb24")
    graph.link_nodes(source, scale, form, graph.add("buffersink")).configure()
    return graph
