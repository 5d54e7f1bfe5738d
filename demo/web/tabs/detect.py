"""Detect: boxes on a picture."""

from functools import partial

from demo.web.components.boxes_tab import build_boxes_tab
from demo.web.tab import Tab

TAB = Tab("detect", 20, "tab_detect", partial(build_boxes_tab, task="detect"))
