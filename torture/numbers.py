"""Figures of random trainings, computed again by a plain float64 network: `python -m torture.numbers`.

Each configuration is trained at batch sizes 1, 4, 11 and 32. The plain network computes the losses of the
saved weights. The validation loss in `history.csv`, and the loss of `evaluate` and the mean of `--per-token`
at all four batch sizes, must agree with it to 1e-5. Some networks are so sensitive to rounding that float32
cannot give their loss to 1e-5: the loss of the plain network then changes when the weights are rounded
otherwise. Such networks are counted separately.
"""

import json
import secrets
import tempfile
from pathlib import Path

import click
import numpy as np

from rnnlab.errors import DataError
from rnnlab.terminal.tables import table
from tests.independent.drawing import BATCH_SIZES, CELLS, REGIMES, Drawn, Regime, draw
from tests.independent.training import Figure, figures_of

OPTIMIZERS = ("sgd", "rmsprop", "adam", "adamw", "nadam", "adamax", "adagrad", "adadelta", "lion")
EPOCHS = 3


@click.command()
@click.option(
    "--configs", type=click.IntRange(1), default=20, show_default=True, help="Number of configurations."
)
@click.option(
    "--random-seed", type=click.IntRange(0), help="Draws the configurations; a new one if left out."
)
@click.option("--only", type=click.IntRange(0), help="Only the configuration that a failure names.")
def command(configs: int, random_seed: int | None, only: int | None) -> None:
    """Train random configurations, and compare their figures with those of a plain network."""
    seed = secrets.randbits(32) if random_seed is None else random_seed
    rows, wrong, sensitive = list[tuple[str, ...]](), 0, 0
    for number in range(configs) if only is None else [only]:
        with tempfile.TemporaryDirectory() as folder:
            drawn, figures = _measured(np.random.default_rng([seed, number]), Path(folder))
        off = [figure for figure in figures if not figure.is_right]
        rounded = bool(off) and all(figure.is_within_rounding for figure in off)
        wrong, sensitive = wrong + (bool(off) and not rounded), sensitive + rounded
        rows.append(_row(number, drawn, figures))
        click.echo(f"{' · '.join(rows[-1])}", err=True)
        for figure in off:
            click.echo(
                f"  {figure.name}: {figure.received:.7f}, expected {figure.expected:.7f};"
                f" weights that are rounded otherwise move it by {figure.sensitivity:.1e}"
            )
        if off:
            click.echo(f"  {json.dumps(drawn.page, ensure_ascii=False)}")
            click.echo(f"  again: python -m torture.numbers --random-seed {seed} --only {number}")
    click.echo(table(("configuration", "model", "regime", "figures", "largest difference"), rows))
    right = len(rows) - wrong - sensitive
    click.echo(f"random seed {seed}: {right} of {len(rows)} configurations are right to 1e-5")
    click.echo(f"{sensitive} others are as near as float32 lets them be, {wrong} are wrong")
    if wrong:
        raise click.exceptions.Exit(1)


def _measured(rng: np.random.Generator, folder: Path) -> tuple[Drawn, list[Figure]]:
    """Return a random experiment, and its figures after a training at each batch size."""
    while True:
        inside = Path(tempfile.mkdtemp(dir=folder))
        drawn = _drawn(rng, inside)
        try:
            return drawn, [
                figure
                for size in BATCH_SIZES
                for figure in figures_of(
                    drawn, batch_size=size, epochs=EPOCHS, run_dir=inside / f"run-{size}"
                )
            ]
        except DataError as error:  # the data that was drawn has too few windows
            click.echo(f"drawn anew: {error}", err=True)


def _drawn(rng: np.random.Generator, folder: Path) -> Drawn:
    cell = str(rng.choice([*CELLS, "mlp"]))
    regime: Regime = "windows" if cell == "mlp" else REGIMES[rng.integers(len(REGIMES))]
    drawn = draw(
        rng,
        folder,
        cell=cell,
        regime=regime,
        size=20,
        random_seed=int(rng.integers(1000)),
        optimizer={"name": str(rng.choice(OPTIMIZERS)), "learning_rate": 0.05},
        label_smoothing=float(rng.choice([0.0, 0.1])),
    )
    drawn.page["training"]["shuffle"] = regime == "windows" and bool(rng.integers(2))
    drawn.page["model"] |= {"dropout": float(rng.choice([0.0, 0.3]))}
    return drawn


def _row(number: int, drawn: Drawn, figures: list[Figure]) -> tuple[str, ...]:
    model, training = drawn.page["model"], drawn.page["training"]
    regime = "stateful windows" if model.get("stateful") else training["batching"]
    kind = " ".join(str(model[name]) for name in ("kind", "units"))
    largest = max(abs(figure.received - figure.expected) for figure in figures)
    return str(number), kind, regime, str(len(figures)), f"{largest:.1e}"


if __name__ == "__main__":
    command()
