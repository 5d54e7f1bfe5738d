"""Segment: the pixels of each object on a picture."""

from functools import partial

from demo.web.components.boxes_tab import build_boxes_tab
from demo.web.tab import Tab

TAB = Tab(
    "segment",
    22,
    "tab_segment",
    partial(build_boxes_tab, task="segment", no_model="segment_no_model", box="explain_mask"),
)
