"""Pose: the joints of each person on a picture."""

from functools import partial

from demo.web.components.boxes_tab import build_boxes_tab
from demo.web.tab import Tab

TAB = Tab(
    "pose",
    23,
    "tab_pose",
    partial(build_boxes_tab, task="pose", no_model="pose_no_model", explained=False),
)
