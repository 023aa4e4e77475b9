"""What a training says of the weights that it keeps is what the plain float64 network says of them."""

import zlib
from pathlib import Path

import numpy as np
import pytest

from tests.independent.drawing import BATCH_SIZES, CELLS, REGIMES, Regime, draw
from tests.independent.training import figures_of

CASES = [*zip([*CELLS, "mlp", "lstm"], REGIMES * 4, BATCH_SIZES * 3, strict=True)]
"""Twelve trainings: each cell once, each regime with each batch size."""


@pytest.mark.parametrize(("cell", "regime", "batch_size"), CASES)
def test_every_figure_of_a_training_is_that_of_the_plain_network(
    tmp_path: Path, cell: str, regime: Regime, batch_size: int
) -> None:
    """`history.csv`, `evaluate` and the mean of `--per-token`, at every batch size, to 1e-5."""
    rng = np.random.default_rng(zlib.crc32(f"{cell} {regime} {batch_size}".encode()))
    drawn = draw(
        rng, tmp_path, cell=cell, regime=regime, size=5, optimizer={"name": "adam", "learning_rate": 0.05}
    )

    figures = [*figures_of(drawn, batch_size=batch_size, epochs=3, run_dir=tmp_path / "run")]

    assert [figure for figure in figures if not figure.is_right] == [], drawn.page
