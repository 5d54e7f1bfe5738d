"""The README's tables are those of the cards."""

import json
from pathlib import Path

from demo.lab.publish.overview import overview, unknown_overview

ROOT = Path(__file__).parents[3]


def test_the_readme_tells_what_the_cards_tell() -> None:
    files = sorted((ROOT / "weights").glob("*.json"))
    cards = [json.loads(file.read_text("utf-8")) for file in files]
    readme = (ROOT / "README.md").read_text("utf-8")
    assert overview(cards) in readme
    assert unknown_overview(cards) in readme


def test_a_row_holds_the_cards_numbers() -> None:
    score = {"dataset": "x test", "metric": "accuracy", "low": 0.7, "high": 0.8, "n": 1234}
    facts = {
        "name": "net",
        "task": "classify",
        "size_bytes": 1_090_780,
        "params": 545_098,
        "input_size": [32, 48],
        "measured": score | {"value": 0.75},
        "scores": [score | {"value": 0.1, "metric": "mAP50-95"}],
        "unknown": None,
    }
    rule = {"false_alarm": 0.031, "false_alarm_low": 0.027, "false_alarm_high": 0.037}
    knowing = facts | {"name": "two", "unknown": rule | {"caught": 204, "foreign": 1000}}
    assert overview([facts]).splitlines()[2] == (
        "| `net` | 0.5 M parameters, 48 × 32 pixels | 1.1 MB | x test | accuracy 75.0% "
        "| 70.0%–80.0% | 1,234 |"
    )
    assert len(overview([facts]).splitlines()) == 3
    assert unknown_overview([facts, knowing]).splitlines()[2:] == [
        "| `two` | 3.1% | 2.7%–3.7% | 204 of 1,000 |"
    ]
