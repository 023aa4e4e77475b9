"""Runs with random weights in place of trained ones, so that a case takes a second."""

from pathlib import Path
from random import Random

import numpy as np

from rnnlab.config.reading import read_experiment
from rnnlab.datasets.loading import Data, load_data
from rnnlab.datasets.splits import split_record
from rnnlab.models.architecture import architecture_of
from rnnlab.models.model_file import TrainedModel
from rnnlab.runs.folder import RunFolder, create_run
from tests.lifecycle import page_in
from tests.material import write_material
from torture.resumed import PAGE
from torture.stages import fault, problems_of_use, said

SCALES = (0.1, 1.0, 5.0)
"""Sizes of the weights, for predictions of low, medium and high certainty."""

HISTORY = """\
epoch,loss,accuracy,validation_loss,validation_accuracy,learning_rate,seconds
1,3.25,0.125,,,0.001,0.5
2,3,0.25,3.125,0.25,0.001,1.5
"""
LOSSES = "step,epoch,loss,accuracy\n1,1,3.25,0.125\n2,2,3,0.25\n"


def problems_of_untrained(page: str, random_seed: int) -> tuple[str, list[str]]:
    """Use a configuration in the working folder; return `refused` or `used`, and the errors."""
    rng = Random(random_seed)
    write_material(Path())
    PAGE.write_text(page_in(Path(), page), encoding="utf-8")
    described = said("describe", str(PAGE))
    if described.exit_code:
        found = fault(["describe"], described, refused=True)
        return "refused", [found] if found else []
    data = load_data(read_experiment(PAGE))
    runs = [_run_of(data, rng) for _ in range(2)]
    return "used", list(problems_of_use(runs[0].path, runs[1].path, rng))


def _run_of(data: Data, rng: Random) -> RunFolder:
    """Make a run like the run of a training."""
    read = data.as_trained_on()
    vocabulary, weights = read.corpus.vocabulary, np.random.default_rng(rng.randrange(2**32))
    scale, shapes = rng.choice(SCALES), architecture_of(data.experiment, len(vocabulary)).weight_shapes()
    arrays = {name: (scale * weights.normal(size=shape)).astype(np.float32) for name, shape in shapes.items()}
    run = create_run(PAGE.stem, data.experiment)
    run.save_model(TrainedModel(data.experiment, vocabulary.tokens, arrays, read.corpus.sha256))
    run.write_split(split_record(data.corpus, data.splits))
    run.write("history.csv", HISTORY)
    run.write("losses.csv", LOSSES)
    run.log("training begins")
    return run
