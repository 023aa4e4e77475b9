"""A training on examples that is interrupted and resumed ends with the bits of one in one go."""

import csv
import itertools
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from rnnlab.config.tasks import TaskExperiment
from rnnlab.datasets.task_loading import load_task_data
from rnnlab.errors import Interrupted, TrainingError
from rnnlab.models.model_file import TrainedTask
from rnnlab.runs.folder import RunFolder
from rnnlab.runs.snapshots import read_snapshot, snapshots_of
from rnnlab.training.session import Session
from tests.task_experiments import EXPERIMENTS, GENERATED, LABEL, task_experiment

pytestmark = pytest.mark.usefixtures("kept_programs")

VARIANTS = {
    **{task: [text] for task, text in EXPERIMENTS.items()},
    "generated, the same each epoch": [GENERATED, "dataset.fresh=false"],
    "label, all that regularises": [
        LABEL,
        "model={kind: gru, units: [6, 6], dropout: 0.2, input_dropout: 0.2, recurrent_dropout: 0.2,"
        " variational_dropout: true, residual: true, pooling: mean}",
        "training.label_smoothing=0.1",
        "training.class_weights=balanced",
        "training.on_non_finite=skip_step",
    ],
    "label, no validation set": [LABEL, "dataset.split={kind: none}"],
}


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("rnnlab.training.chunks.FASTEST_GROWTH", 1)  # a chunk for each step
    before = signal.signal(signal.SIGTERM, signal.SIG_DFL)
    yield
    signal.signal(signal.SIGTERM, before)


def session_of(wanted: TaskExperiment, *, resumed: RunFolder | None = None) -> Session:
    return Session(load_task_data(wanted), name="test", resumed=resumed)


def left_behind(run: RunFolder) -> tuple[dict[str, bytes], str, list[list[str]]]:
    """The weights, also those of the snapshots, the losses, and the history without its seconds."""
    with (run.path / "history.csv").open() as file:
        history = [row[:-1] for row in csv.reader(file)]
    model = run.load_any_model()
    assert isinstance(model, TrainedTask)
    snapshots = {each.path.name: read_snapshot(each.path, model.weights) for each in snapshots_of(run.path)}
    assert len(snapshots) == min(model.experiment.training.snapshots, len(history) - 1)
    return (
        {
            f"{file} {name}": array.tobytes()
            for file, weights in {"": model.weights, **snapshots}.items()
            for name, array in weights.items()
        },
        (run.path / "losses.csv").read_text(),
        history,
    )


@pytest.mark.parametrize("variant", VARIANTS)
def test_a_run_in_pieces_is_a_run_in_one(variant: str) -> None:
    """The same weights to the last bit, the same losses and history, wherever it was stopped."""
    wanted = task_experiment(*VARIANTS[variant], "training.snapshots=2")
    whole = session_of(wanted).train().run
    run, interruptions = None, 0
    while True:
        session, chunks = session_of(wanted, resumed=run), itertools.count(1)
        run = session.run
        try:
            session.train(lambda _, chunks=chunks: os.kill(os.getpid(), 15) if next(chunks) == 2 else None)
        except Interrupted:
            interruptions += 1
        else:
            break
        del session  # the next session then uses the compiled program again

    assert interruptions >= 2
    assert left_behind(run) == left_behind(whole)


def test_the_model_of_a_run_is_that_of_its_data() -> None:
    """The vocabularies by id, and the digest."""
    wanted = task_experiment(LABEL)
    data = load_task_data(wanted)

    model = session_of(wanted).train().run.load_any_model()

    assert isinstance(model, TrainedTask)
    assert model.experiment == wanted
    assert (model.tokens, model.targets) == (data.examples.inputs.tokens.tokens, ("de", "en"))
    assert model.data_sha256 == data.examples.sha256


def test_other_data_is_refused() -> None:
    """The digest of the data is in the checkpoint."""
    run = session_of(task_experiment(LABEL)).train().run

    with pytest.raises(TrainingError, match="the data has changed since it was written"):
        session_of(task_experiment(LABEL.replace("elf", "alf")), resumed=run).train()
