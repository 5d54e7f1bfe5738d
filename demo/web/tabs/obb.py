"""Oriented boxes: objects on a picture from the air, in boxes turned as they are."""

from functools import partial

from demo.web.components.boxes_tab import build_boxes_tab
from demo.web.tab import Tab

TAB = Tab(
    "obb",
    24,
    "tab_obb",
    partial(build_boxes_tab, task="obb", no_model="obb_no_model", explained=False),
)
