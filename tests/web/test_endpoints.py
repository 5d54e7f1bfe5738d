"""The Gradio API is stable: names, order, defaults and documentation of its endpoints."""

from typing import Any

import httpx
import pytest

from tests.conftest import Server

MODELS = "Every model of the catalog: whether it can answer here, its size, scores and licence."
IMAGE = ("image", False, None)
BOXES: tuple[Any, ...] = (
    ("confidence", True, 0.25),
    ("iou", True, 0.7),
    ("classes", True, []),
)
EXPECTED: dict[str, tuple[str, list[Any], list[str]]] = {
    "/classify": (
        "Name what a picture shows.",
        [IMAGE, ("model", True, "efficientnet_lite0"), ("top_k", True, 5)],
        ["answer"],
    ),
    "/detect": (
        "Find objects in a picture.",
        [IMAGE, ("model", True, "yolo26n"), *BOXES],
        ["picture", "answer"],
    ),
    "/segment": (
        "Find objects in a picture and the pixels of each.",
        [IMAGE, ("model", True, ""), *BOXES],
        ["picture", "answer"],
    ),
    "/pose": (
        "Find persons in a picture and the joints of each.",
        [IMAGE, ("model", True, ""), *BOXES],
        ["picture", "answer"],
    ),
    "/obb": (
        "Find objects in a picture from the air, in boxes turned as they are.",
        [IMAGE, ("model", True, ""), *BOXES],
        ["picture", "answer"],
    ),
    "/video": (
        "Find or name what is in each frame of a video.",
        [
            ("video", False, None),
            ("model", True, "yolo26n"),
            *BOXES,
            ("every", True, 1),
            ("track", True, True),
            ("hide", True, []),
            ("heat", True, False),
            ("line", True, ""),
        ],
        ["video", "answer"],
    ),
    "/compare": (
        "Compare two to eight models of one task on a picture, or the precisions of one model.",
        [
            IMAGE,
            ("models", True, []),
            ("confidence", True, None),
            ("iou", True, None),
            ("precisions", True, []),
            ("pictures", True, None),
        ],
        ["picture", "answer"],
    ),
    "/augment": (
        "Preview what random augmentation does to a picture.",
        [
            IMAGE,
            ("pipeline", True, [{"name": "rotation", "params": {}}]),
            ("count", True, 9),
            ("seed", True, 7),
        ],
        ["pictures", "answer"],
    ),
    "/explain": (
        "Show what in a picture speaks for an answer, and whether that can be trusted.",
        [
            IMAGE,
            ("model", True, "efficientnet_lite0"),
            ("method", True, ""),
            ("target", True, ""),
            ("layer", True, ""),
            ("check", True, True),
        ],
        ["map", "answer"],
    ),
    "/models": (f"{MODELS} Scores are in %.", [], ["answer"]),
}


@pytest.fixture(scope="module")
def endpoints(server: Server) -> dict[str, Any]:
    info = httpx.get(f"{server.url}/gradio_api/info").json()
    named: dict[str, Any] = info["named_endpoints"]
    assert info["unnamed_endpoints"] == {}
    return named


def test_there_are_these_endpoints_in_this_order(endpoints: dict[str, Any]) -> None:
    assert list(endpoints) == list(EXPECTED)


@pytest.mark.parametrize("name", EXPECTED)
def test_an_endpoint_is_described_as_before(endpoints: dict[str, Any], name: str) -> None:
    endpoint = endpoints[name]
    keys = ("parameter_name", "parameter_has_default", "parameter_default")
    assert (
        endpoint["description"],
        [tuple(parameter[key] for key in keys) for parameter in endpoint["parameters"]],
        [value["label"] for value in endpoint["returns"]],
    ) == EXPECTED[name]


def test_a_request_that_shows_no_progress_names_no_component_for_it(server: Server) -> None:
    """Each one named would be looked up by the browser at every step of every request."""
    dependencies = httpx.get(f"{server.url}/config").json()["dependencies"]
    quiet = [one for one in dependencies if one["show_progress"] == "hidden"]
    assert len(quiet) > 50
    assert [one["id"] for one in quiet if one["show_progress_on"] != []] == []
    shown = [one for one in dependencies if one["show_progress"] != "hidden"]
    assert all(one["show_progress_on"] is None for one in shown)
