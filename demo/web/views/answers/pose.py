"""The answer of a pose model as HTML: counts per class, a table of boxes with their keypoints."""

from demo.results.poses import Poses
from demo.service.service import Answer
from demo.web.views.answers.detect import DetectView, boxes_table


class PoseView(DetectView[Poses]):
    """Counts per class, and a table of all boxes with how many keypoints of each were seen."""

    name = "pose"

    def details(self, result: Poses, answer: Answer, locale: str) -> str:
        """The table of boxes; empty without boxes."""
        if not len(result):
            return ""
        known = len(result.skeleton.names)
        counts = [f"{seen} / {known}" for seen in result.visible().sum(axis=1).tolist()]
        return boxes_table(result, locale, "keypoints", counts)


VIEW = PoseView()
