"""HDR and wide-gamut frames as pictures for usual screens."""

from fractions import Fraction

from av.filter import Graph
from av.video.frame import VideoFrame
from av.video.reformatter import ColorPrimaries

from demo.system import cores

_UNTAGGED, _BT2020 = 2, 9


class ColorMapper:
    """Maps the colours of frames to BT.709 as libswscale does for people to look at.

    Tones are compressed towards the brightness of a usual screen and colours into its gamut
    ("perceptual" intent), with tables that are computed at the first frame, for some seconds.
    """

    def __init__(self) -> None:
        self._layout: tuple[int, int, str] | None = None
        self._graph: Graph | None = None

    def to_rgb(self, frame: VideoFrame, width: int, height: int) -> VideoFrame:
        """The frame as `rgb24` in the given size."""
        layout = frame.width, frame.height, frame.format.name
        if self._graph is None or layout != self._layout:
            self._graph, self._layout = _graph(frame, width, height), layout
        if frame.colorspace == _UNTAGGED and frame.color_primaries == ColorPrimaries.BT2020:
            frame.colorspace = _BT2020
        self._graph.push(frame)
        mapped = self._graph.pull()
        assert isinstance(mapped, VideoFrame)
        return mapped


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
