"""Scores for people name data set and metric."""

from demo.inference.catalog import Catalog
from demo.models.score import Score, format_score, score_title
from demo.settings import Settings


def test_a_score_names_data_set_and_metric() -> None:
    specs = {spec.name: spec for spec in Catalog(Settings()).specs()}
    texts = {
        "yolo11n": "COCO mAP50-95 39.5",
        "resnet50": "ImageNet top-1 80.9 %",
        "photo-101": "Caltech-101 top-1 80.2 %",
        "resnet9-cifar10": "CIFAR-10 top-1 91.5 %",
        "yolo-vitrine": "animals mAP50 44.3",
        "yolo11n-seg": "COCO mask mAP50-95 32.0",
    }
    for name, text in texts.items():
        score = specs[name].measured or specs[name].published
        assert score is not None
        assert format_score(score) == text


def test_every_score_of_the_catalog_names_its_data_set() -> None:
    for spec in Catalog(Settings()).specs():
        for score in (spec.measured, spec.published):
            assert score is None or score["dataset"], spec.name


def test_a_score_without_a_data_set_is_its_metric_alone() -> None:
    score: Score = {"metric": "accuracy", "value": 12.34}
    assert (score_title(score), format_score(score)) == ("top-1", "top-1 12.3 %")
