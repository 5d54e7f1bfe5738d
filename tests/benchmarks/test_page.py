"""What the measurement of the page says of its rounds."""

from benchmarks.page import Rounds, figures_of
from benchmarks.readme_table import told

ROUNDS = Rounds(
    first_answer_s=[2.0, 1.504, 1.75],
    tap_s=[0.25, 0.25, 0.25],
    html_bytes=[55_210, 55_210, 55_190],
    answer_bytes=[333_900, 334_100, 340_000],
    shift={1440: [0.0, 0.0, 0.001], 390: [0.012, 0.01, 0.011]},
)


def test_each_figure_has_its_median_and_its_spread() -> None:
    cells = [line.partition(": ")[2] for line in told(figures_of(ROUNDS))]
    assert cells == [
        "1.75 s (1.50–2.00)",
        "0.25 s",
        "55.2 kB; bar 60 kB",
        "334 kB (334–340); bar 400 kB",
        "0.000 (0.000–0.001), 0.011 (0.010–0.012); bar 0.02",
    ]
