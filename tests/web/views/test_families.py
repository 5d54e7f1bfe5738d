"""The page of families: every network of the history with the catalog's numbers, and the chart."""

import re
from pathlib import Path

import pytest

from demo.i18n import LOCALES
from demo.inference.engine import ModelRow
from demo.inference.local_engine import LocalEngine
from demo.models.history import HISTORY
from demo.settings import Settings
from demo.web.views.citation import citation
from demo.web.views.families import families
from demo.web.views.scatter_plot import Dot, scatter_plot

LETTER = 7.2


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> list[ModelRow]:
    settings = Settings(cache_dir=tmp_path_factory.mktemp("cache"), offline=True, device="cpu")
    engine = LocalEngine(settings)
    try:
        return engine.models()
    finally:
        engine.close()


@pytest.mark.parametrize("locale", LOCALES)
def test_every_network_stands_there_with_the_numbers_of_the_catalog(
    rows: list[ModelRow], locale: str
) -> None:
    html = families(rows, locale)
    known = {row["name"]: row for row in rows}
    for one in HISTORY:
        row = known[one.model]
        assert one.title in html
        assert one.model in html
        assert citation(one.paper, locale) in html
        assert row["params"] is not None
        assert f"{row['params'] / 1e6:.1f} M" in html
        if row["published"]:
            assert f"{row['published']['value']:.1f} %" in html
        assert row["command"] not in html
        assert (f'data-event="select" data-model="{one.model}"') in html


def test_what_is_missing_has_a_button_that_brings_it(tmp_path: Path) -> None:
    engine = LocalEngine(Settings(cache_dir=tmp_path, device="cpu"))
    try:
        html = families(engine.models(), "en")
    finally:
        engine.close()
    assert html.count('data-event="click"') == len(HISTORY)
    assert 'data-model="alexnet" aria-label="Bring alexnet, 244.4 MB"' in html


def test_the_history_goes_by_year() -> None:
    assert [one.year for one in HISTORY] == sorted(one.year for one in HISTORY)


def test_operations_are_those_that_pytorch_counts() -> None:
    import torch
    from torch.utils.flop_counter import FlopCounterMode

    from demo.models import imagenet

    for name in ("mobilenet_v2", "resnet50"):
        network = imagenet.build(name, 224, 1000).eval()
        with torch.no_grad(), FlopCounterMode(display=False) as counter:
            network(torch.zeros(1, 3, 224, 224, device="meta"))
        assert imagenet.gflops(name) == pytest.approx(counter.get_total_flops() / 1e9, rel=0.05)


def _names(html: str) -> list[tuple[float, float, str, str]]:
    found = re.findall(r'class="name" x="([\d.]+)" y="([\d.]+)" text-anchor="(\w+)">([^<]+)<', html)
    return [(float(x), float(y), anchor, text) for x, y, anchor, text in found]


def _spans(html: str) -> list[tuple[float, float, float]]:
    spans = []
    for x, y, anchor, text in _names(html):
        width = LETTER * len(text)
        left = x if anchor == "start" else x - width
        spans.append((left, left + width, y))
    return spans


def test_names_of_near_points_do_not_cover_each_other(rows: list[ModelRow]) -> None:
    spans = _spans(families(rows, "en"))
    assert len(spans) == 9
    for i, (left, right, y) in enumerate(spans):
        assert left >= 0
        assert right <= 420
        for other_left, other_right, other_y in spans[:i]:
            apart = right <= other_left or other_right <= left
            assert apart or abs(y - other_y) >= 12


@pytest.mark.parametrize("logarithmic", [False, True])
def test_points_lie_in_the_order_of_their_numbers(logarithmic: bool) -> None:
    dots = [Dot("a", 0.5, 60.0), Dot("b", 5.0, 70.0), Dot("c", 50.0, 90.0)]
    html = scatter_plot(dots, "t", "x", "en", logarithmic=logarithmic)
    places = [(float(x), float(y)) for x, y in re.findall(r'cx="([\d.]+)" cy="([\d.]+)"', html)]
    xs, ys = [x for x, _ in places], [y for _, y in places]
    assert xs == sorted(xs)
    assert ys == sorted(ys, reverse=True)
    steps = (xs[1] - xs[0], xs[2] - xs[1])
    assert (abs(steps[0] - steps[1]) < 0.2) is logarithmic


def test_a_citation_keeps_its_names() -> None:
    papers = ("Krizhevsky et al., NeurIPS 2012", "Tan and Le, arXiv:1905.11946")
    shown = [citation(paper, "zh-CN") for paper in papers]
    assert shown == ["Krizhevsky 等, NeurIPS 2012", "Tan 和 Le, arXiv:1905.11946"]
    assert [citation(paper, "en") for paper in papers] == [*papers]
    assert citation("Jiang et al. 2021, doi:1", "zh-TW") == "Jiang 等 2021, doi:1"
