"""Callbacks in a training: when they are called, what they change, what is recorded."""

import csv
import math
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import keras
import numpy as np
import pytest

from rnnlab.commands import run as run_command
from rnnlab.config.schema import Experiment
from rnnlab.datasets.loading import load_data
from rnnlab.errors import TrainingError
from rnnlab.models.tensor_file import file_bytes
from rnnlab.runs.folder import RunFolder
from rnnlab.runs.history import read_history
from rnnlab.training.callbacks import CallbackCalls, remembered
from rnnlab.training.checkpoints import Checkpoint, newest_checkpoint, write_checkpoint
from rnnlab.training.history import LossHistory
from rnnlab.training.session import Session
from tests.experiments import SONG, experiment

SMALL = SONG.replace("kind: lstm, units: 16", "kind: simple_rnn, units: 3")
STEPS = 9
"""Steps of an epoch of it."""

HERE = __name__


class RateByEpoch(keras.callbacks.Callback):
    """Sets the learning rate of each epoch when it begins."""

    def on_epoch_begin(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        self.model.optimizer.learning_rate = 0.1 / (epoch + 1)


class StopsInABatch(keras.callbacks.Callback):
    """Asks for a stop in the middle of an epoch."""

    def __init__(self, batch: int) -> None:
        super().__init__()
        self.batch, self.batches = batch, 0

    def on_train_batch_end(self, batch: int, logs: dict[str, float] | None = None) -> None:
        self.batches += 1
        if self.batches == self.batch:
            self.model.stop_training = True


class BeginsWithAFile(keras.callbacks.Callback):
    """Cannot begin where there is no file."""

    def on_train_begin(self, logs: dict[str, float] | None = None) -> None:
        Path("needed").read_text()


class Watcher(keras.callbacks.Callback):
    """A user's callback that writes down what it is told of batches."""

    def __init__(self) -> None:
        super().__init__()
        self.told: list[tuple[object, ...]] = []

    def on_train_batch_begin(self, batch: int, logs: dict[str, float] | None = None) -> None:
        self.told.append(("begin", batch))

    def on_train_batch_end(self, batch: int, logs: dict[str, float] | None = None) -> None:
        self.told.append(("end", batch, logs))


class Failing(keras.callbacks.Callback):
    """A user's callback with a hook that raises."""

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        (logs or {})["no such figure"]


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RNNLAB_STATE", str(tmp_path / "state"))


def named(name: str, **arguments: object) -> str:
    """The override that names a callback of this module, or of Keras."""
    inside = ", ".join(f"{key}: {value}" for key, value in arguments.items())
    return f"training.callbacks={{class: {name}, arguments: {{{inside}}}}}"


def trained(*overrides: str, text: str = SMALL, resumed: RunFolder | None = None) -> RunFolder:
    """The run of a training."""
    return session_of(experiment(text, *overrides), resumed=resumed).train().run


def session_of(wanted: Experiment, *, resumed: RunFolder | None = None) -> Session:
    return Session(load_data(wanted), name="test", resumed=resumed)


def rates_of(run: RunFolder) -> list[float]:
    return read_history(run.path).learning_rate.tolist()


def _share(epochs: int, warm: int) -> Callable[[int], float]:
    """The share of the steps after the warm-up that are done before a step."""
    return lambda step: max(step - warm, 0) / (epochs * STEPS - warm)


@pytest.mark.parametrize(
    ("schedule", "rate"),
    [
        ("{kind: constant}", lambda step: 0.5),
        ("{kind: constant, warmup: 0.5}", lambda step: 0.5 * min((step + 1) / 18, 1)),
        ("{kind: linear, final: 0.25}", lambda step: 0.5 * (1 - 0.75 * _share(4, 0)(step))),
        (
            "{kind: cosine, final: 0.25, warmup: 0.25}",
            lambda step: (
                0.5
                * min((step + 1) / 9, 1)
                * (0.25 + 0.75 * (1 + math.cos(math.pi * _share(4, 9)(step))) / 2)
            ),
        ),
        ("{kind: exponential, decay_rate: 0.5, decay_steps: 9}", lambda step: 0.5 * 0.5 ** (step / 9)),
    ],
)
def test_the_rate_of_an_epoch_is_that_of_its_last_step(schedule: str, rate: Callable[[int], float]) -> None:
    """Of every schedule, by its formula, worked out for the steps 8, 17, 26 and 35 of 36, counted from 0."""
    run = trained("training.epochs=4", "training.optimizer={name: sgd, learning_rate: 0.5}",
                  f"training.schedule={schedule}")  # fmt: skip

    assert rates_of(run) == pytest.approx([rate(step) for step in (8, 17, 26, 35)], rel=1e-6)


def test_the_rate_of_a_plateau_falls_where_it_was_said_to() -> None:
    """The epochs after the one that the line names have what the line says."""
    told: list[str] = []
    schedule = "{kind: plateau, patience: 1, min_delta: 100, final: 0.2}"
    wanted = experiment(SMALL, "training.epochs=8", f"training.schedule={schedule}")

    run = session_of(wanted).train(tell=told.append).run

    expected, current = [], 0.01
    for epoch in range(1, 9):
        expected.append(current)
        lines = [line for line in told if f" after epoch {epoch}:" in line]
        current = float(lines[0].split(" → ")[1].split(" ")[0]) if lines else current
    assert len(told) >= 2
    assert rates_of(run) == pytest.approx(expected, rel=1e-6)


# Keras asks the rate's variable for an array as NumPy 1 did.
@pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy:DeprecationWarning")
def test_the_rate_that_keras_own_plateau_sets_is_recorded() -> None:
    """A loss that never falls by 100 halves it after every epoch but the first."""
    plateau = {"monitor": "loss", "factor": 0.5, "patience": 1, "min_delta": 100, "mode": "min"}

    run = trained("training.epochs=4", named("keras.callbacks:ReduceLROnPlateau", **plateau))

    assert rates_of(run) == pytest.approx([0.01, 0.01, 0.005, 0.0025])


def test_of_skipped_steps_the_rate_is_that_of_the_last_that_was_taken() -> None:
    """The optimizer does not count a skipped step, so the schedule stands still meanwhile."""
    run = trained(
        "training.epochs=3",
        "training.on_non_finite=skip_step",
        "training.schedule={kind: exponential, decay_rate: 0.5, decay_steps: 9}",
        "training.optimizer={name: sgd, learning_rate: 1e37, momentum: 0.99}",
        text=SONG,
    )

    taken = np.isfinite(read_history(run.path).steps.accuracy)
    assert 0 < taken.sum() < 3 * STEPS
    counts = [int(taken[: STEPS * epoch].sum()) for epoch in (1, 2, 3)]
    assert rates_of(run) == pytest.approx([1e37 * 0.5 ** ((count - 1) / 9) for count in counts], rel=1e-6)


def test_a_rate_that_is_set_when_an_epoch_begins_holds_for_its_first_step(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """So the weights do not depend on how many steps a chunk has, which the clock decides."""
    wanted = ["training.epochs=3", named(f"{HERE}:RateByEpoch")]
    long_chunks = trained(*wanted)
    monkeypatch.setattr("rnnlab.training.chunks.FASTEST_GROWTH", 1)  # a chunk for each step
    short_chunks = trained(*wanted)

    assert rates_of(long_chunks) == pytest.approx([0.1, 0.05, 0.1 / 3], rel=1e-6)
    assert (long_chunks.path / "losses.csv").read_text() == (short_chunks.path / "losses.csv").read_text()
    one, other = long_chunks.load_model().weights, short_chunks.load_model().weights
    assert all(np.array_equal(one[name], other[name]) for name in one)


@pytest.mark.parametrize("growth", [1, 8])
def test_a_stop_within_an_epoch_comes_at_its_end(growth: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """However long a chunk is, the same steps are taken."""
    monkeypatch.setattr("rnnlab.training.chunks.FASTEST_GROWTH", growth)

    run = trained("training.epochs=5", named(f"{HERE}:StopsInABatch", batch=STEPS + 2))

    assert len(read_history(run.path).steps) == 2 * STEPS


def test_a_callback_that_cannot_begin_costs_a_resumed_run_nothing() -> None:
    """The run's model and history are those of before."""
    Path("needed").write_text("")
    run = trained("training.epochs=2", named(f"{HERE}:BeginsWithAFile"))
    names = ("model.safetensors", "history.csv", "losses.csv")
    before = [(run.path / name).read_bytes() for name in names]
    Path("needed").unlink()

    with pytest.raises(TrainingError, match="BeginsWithAFile: on_train_begin raised FileNotFoundError"):
        trained("training.epochs=3", named(f"{HERE}:BeginsWithAFile"), resumed=run)

    assert [(run.path / name).read_bytes() for name in names] == before
    Path("needed").write_text("")
    assert len(rates_of(trained("training.epochs=3", named(f"{HERE}:BeginsWithAFile"), resumed=run))) == 3


def test_a_log_of_keras_goes_on_when_the_run_is_resumed() -> None:
    """`CSVLogger` with `append`: one heading; the path is relative to the working folder, as in Keras."""
    logger = named("keras.callbacks:CSVLogger", filename="log.csv", append="true")
    run = trained("training.epochs=2", logger)

    trained("training.epochs=4", logger, resumed=run)

    with Path("log.csv").open() as file:
        assert [row["epoch"] for row in csv.DictReader(file)] == ["0", "1", "2", "3"]


def test_a_run_that_an_earlier_rnnlab_began_goes_on() -> None:
    """Its checkpoints have no learning rates: the cells of those epochs stay empty."""
    run = trained("training.epochs=2")
    kept, _ = newest_checkpoint(run.path)
    assert kept is not None
    old = {name: array for name, array in kept.arrays.items() if name != "callbacks/0/rates"}
    write_checkpoint(run.path, Checkpoint(old, kept.facts), keep=1)

    trained("training.epochs=4", resumed=run)

    assert str(rates_of(run)) == "[nan, nan, 0.01, 0.01]"
    assert [math.isfinite(loss) for loss in read_history(run.path).loss] == [True] * 4


@pytest.fixture
def own_module() -> Iterator[Path]:
    """A page of YAML in a folder, and beside it a module with a callback that stops the training."""
    folder = Path("pages").absolute()
    folder.mkdir()
    (folder / "callback_beside_a_page.py").write_text(
        "import keras\n"
        "class Stop(keras.callbacks.Callback):\n"
        "    def on_epoch_end(self, epoch, logs=None):\n"
        "        self.model.stop_training = epoch % 2 == 1\n"
    )
    callbacks = "callbacks: callback_beside_a_page:Stop"
    (folder / "song.yaml").write_text(SMALL.replace("epochs: 3", f"epochs: 6\n  {callbacks}"))
    yield folder
    sys.modules.pop("callback_beside_a_page", None)


def test_a_module_beside_the_yaml_is_found_and_found_again(
    own_module: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """From any working folder, and when the run is resumed, which has a configuration of its own."""
    assert run_command(["train", "--quiet", str(own_module / "song.yaml"), "--run-dir", "runs/a"]) == 0
    assert len(rates_of(RunFolder(Path("runs/a")))) == 2
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")

    more = ["--set", "training.epochs=8"]
    assert run_command(["train", "--quiet", "--resume", "../runs/a", *more]) == 0
    assert len(rates_of(RunFolder(Path("../runs/a")))) == 4


def test_a_wrong_argument_is_refused_at_its_place(
    own_module: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """One line with file, line and column; no folder is made."""
    page = own_module / "song.yaml"
    wrong = "{class: callback_beside_a_page:Stop, arguments: {lo: 1}}"
    page.write_text(page.read_text().replace("callback_beside_a_page:Stop", wrong))

    assert run_command(["describe", str(page)]) == 0
    assert "callback_beside_a_page" not in sys.modules
    capsys.readouterr()
    assert run_command(["train", "--quiet", str(page)]) == 1

    line = page.read_text()[: page.read_text().index("{class")].count("\n") + 1
    assert capsys.readouterr().err == (
        f"{page}:{line}:67: training.callbacks.arguments.lo: Stop has no such argument; it takes none\n"
    )
    assert not Path("runs").exists()


def test_a_users_callback_is_told_of_each_batch_and_the_history_of_all_at_once() -> None:
    """Each hook in Keras' order, with the batch's own figures; the history has them too, once."""
    watcher, history = Watcher(), LossHistory()
    calls = CallbackCalls([history, watcher], keras.Sequential(), optimizer=None)

    calls.steps(7, np.float32([2.0, 1.5]), np.float32([0.25, 0.5]))

    assert watcher.told == [
        ("begin", 7),
        ("end", 7, {"loss": 2.0, "accuracy": 0.25}),
        ("begin", 8),
        ("end", 8, {"loss": 1.5, "accuracy": 0.5}),
    ]
    assert history.batch_losses.tolist() == [2.0, 1.5]


def test_arrays_that_a_checkpoint_cannot_store_are_left_out() -> None:
    """Arrays of text, of objects and of long floats, alone and in a list."""
    callback = keras.callbacks.Callback()
    callback.words, callback.mixed = [np.array(["a"])], [np.array([1]), np.array([None])]
    callback.long, callback.kept = np.zeros(2, np.longdouble), [np.array([1.5]), np.array([True])]

    arrays, plain = remembered(callback)

    assert {*arrays} - {"long"} == {"kept/0", "kept/1"}
    assert ("long" in arrays) == (np.dtype(np.longdouble) == np.float64)
    assert plain.keys().isdisjoint({"words", "mixed", "long"})
    file_bytes({}, arrays)


def test_a_hook_that_raises_is_named() -> None:
    """With its class, the exception, the file and the line; rnnlab's own callbacks keep their traceback."""
    calls = CallbackCalls([LossHistory(), Failing()], keras.Sequential(), optimizer=None)

    with pytest.raises(TrainingError) as caught:
        calls.epoch_ends(0, {"loss": 1.0, "accuracy": 0.5}, rate=0.1)

    assert str(caught.value).startswith(
        "training.callbacks: Failing: on_epoch_end raised KeyError: 'no such figure' (test_callbacks.py, "
    )
    with pytest.raises(KeyError):
        calls.epoch_ends(0, {}, rate=0.1)


def test_a_hook_that_is_no_function_is_named() -> None:
    """Such as that of `LambdaCallback`, to which YAML can give no function."""
    hook = keras.callbacks.LambdaCallback(on_epoch_begin="print")
    calls = CallbackCalls([hook], keras.Sequential(), optimizer=None)

    with pytest.raises(
        TrainingError, match="LambdaCallback: on_epoch_begin raised TypeError: 'str' object is"
    ):
        calls.epoch_begins(0)
