"""Pose estimation: labelled boxes, each with the keypoints of its object."""

from collections.abc import Mapping
from functools import partial

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, Field

from demo.drawing.poses import draw_poses
from demo.export import poses
from demo.export.files import DetectQuery, File, detection_files
from demo.export.parts import Parts
from demo.export.replay import PICTURE
from demo.results import Image
from demo.results.poses import Poses
from demo.tasks.base import JsonObject
from demo.tasks.detect import Box, MoreThanBoxes, box_rows, captions


class Keypoint(BaseModel):
    """A keypoint of a box in the JSON of an answer."""

    name: str
    score: float = Field(description="0–1.")
    xy: list[float] = Field(description="Pixels of the upload.")


class PosedBox(Box):
    """A box with its keypoints."""

    keypoints: list[Keypoint]


class PosedBoxes(BaseModel):
    """The own part of the JSON of an answer."""

    boxes: list[PosedBox] = Field(description="Best first.")


class Pose(MoreThanBoxes[Poses]):
    """Detection whose boxes have keypoints."""

    name = "pose"
    title = "tab_pose"
    order = 30
    shape = PosedBoxes
    summary = "Find persons in a picture and the joints of each."
    model_doc = "the name of a pose model, see /models."
    returns = (
        "The picture with the skeletons drawn, and the boxes in its pixels as JSON, each with its\n"
        "keypoints: name, score and place."
    )

    def box_facts(self, result: Poses) -> list[JsonObject]:
        """As of boxes, each with its `keypoints`."""
        pairs = zip(box_rows(result), poses.keypoint_rows(result), strict=True)
        return [{**row, "keypoints": points} for row, points in pairs]

    def draw(self, image: Image, result: Poses, query: DetectQuery) -> Image:
        """Skeletons, boxes and name plates on a copy."""
        return draw_poses(image, result, query.line_width or None)

    def files(
        self,
        result: Poses,
        facts: Mapping[str, object],
        url: str,
        query: DetectQuery | None = None,
        picture: str = PICTURE,
    ) -> list[File]:
        """JSON, CSV, COCO, YOLO, VOC and the scripts that give the same answer."""
        write = partial(poses.written, result)
        return detection_files(result, facts, url, query, picture, self.name, write)

    def parts(self, result: Poses, query: DetectQuery) -> Parts:
        """As of poses."""
        return poses.parts(result)

    def draw_frame(
        self, image: Image, result: Poses, ids: NDArray[np.int64] | None = None
    ) -> Image:
        """Skeletons, each captioned by its label and the number of its track."""
        return draw_poses(image, result, captions=captions(result, ids))


TASK = Pose()
