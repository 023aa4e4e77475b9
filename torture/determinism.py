"""Train every shipped configuration twice, in two processes: `python -m torture.determinism [--epochs N]`.

On one machine, with the same versions and number of cores, both trainings must give the same bits.
Configurations that download their data read a shipped text instead.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

import click

from rnnlab.config.reading import read_any
from torture.cases import PROJECT, shipped_pages

RESULTS = ("model.safetensors", "losses.csv")


@click.command()
@click.option(
    "--epochs", type=click.IntRange(1), default=3, show_default=True, help="Epochs of each training."
)
def main(epochs: int) -> None:
    """Train every shipped configuration twice, and compare the results."""
    pages = shipped_pages()
    differing = [page.stem for page in pages if not _is_determined(page, epochs)]
    click.echo(f"{len(pages)} configurations, {len(differing)} differ: {' '.join(differing) or 'none'}")
    sys.exit(bool(differing))


def _is_determined(page: Path, epochs: int) -> bool:
    """Whether two trainings of a configuration give the same bits."""
    arguments = [str(page), "--quiet", "--set", f"training.epochs={epochs}"]
    if getattr(read_any(page).dataset, "url", None):
        text = PROJECT / "data/harbour.txt"
        arguments += ["--set", f"dataset.path={text}", "--set", "training.batch_size=2"]
    with tempfile.TemporaryDirectory() as folder:
        runs = [Path(folder) / name for name in ("one", "other")]
        for run in runs:
            command = [sys.executable, "-m", "rnnlab", "train", *arguments, "--run-dir", str(run)]
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        return all((runs[0] / name).read_bytes() == (runs[1] / name).read_bytes() for name in RESULTS)


if __name__ == "__main__":
    main()
