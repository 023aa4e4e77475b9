"""What to type after a training: commands for the run, as a shell takes them."""

from pathlib import Path
from typing import TYPE_CHECKING

from rnnlab.shell import command_line

if TYPE_CHECKING:
    from rnnlab.config.schema import Experiment
    from rnnlab.datasets.corpus import Corpus


def next_step(run: Path, experiment: "Experiment", corpus: "Corpus") -> str:
    """Return the commands that write with a trained run, and that measure it, in one line of a shell.

    A seed stands there where the model needs one and the configuration has none: the beginning of the data.
    """
    from rnnlab.pages.choices import beginning

    needs_seed = experiment.generation.seed is None and not corpus.has_boundaries
    seed = ["--seed", beginning(corpus, experiment.dataset.kind)] if needs_seed else []
    return f"{command_line('generate', run, *seed)}; {command_line('evaluate', run)}"
