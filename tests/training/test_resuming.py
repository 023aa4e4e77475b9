"""A training that is interrupted and resumed ends with the bits of one that was never interrupted."""

import csv
import hashlib
import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from rnnlab.config.schema import Experiment
from rnnlab.datasets.loading import load_data
from rnnlab.errors import Interrupted, RunError, TrainingError
from rnnlab.runs.folder import RunFolder
from rnnlab.runs.history import read_history
from rnnlab.runs.layout import snapshot_paths
from rnnlab.runs.listing import read_entry
from rnnlab.runs.progress import Progress
from rnnlab.training.checkpoints import Checkpoint, newest_checkpoint
from rnnlab.training.history import LossHistory
from rnnlab.training.loop import TrainingLoop
from rnnlab.training.session import Session
from tests.experiments import SENTENCE, SONG, STREAM, experiment

pytestmark = pytest.mark.usefixtures("kept_programs")

REGIMES = {
    "stateful windows": [SONG, "training.epochs=6", "training.snapshots=4"],
    "stateful windows in lanes of unequal length": [SONG, "training.batch_size=4", "training.epochs=6"],
    "stream of 9 lanes, which are filled up to 16": [
        STREAM,
        "training.batch_size=9",
        "dataset.window=2",
        "training.epochs=6",
    ],
    "windows, shuffled, dropout": [SENTENCE, "model.dropout=0.3", "training.epochs=6"],
    "stream, dropout, validation": [
        STREAM,
        "training.epochs=20",
        "training.schedule={kind: cosine}",
    ],
    "stream, plateaus, early stopping": [
        STREAM,
        "training.epochs=60",
        "training.optimizer.learning_rate=0.05",
        "training.schedule={kind: plateau, patience: 1, factor: 0.2, warmup: 0.1}",
        "training.early_stopping={patience: 4}",
        "training.snapshots=5",
        "training.samples={every_epochs: 2, seed: the, length: 5, temperature: 1.0}",
    ],
    "stream, callbacks that count and that set the rate": [
        STREAM,
        "training.epochs=12",
        "training.callbacks=[{class: keras.callbacks:ReduceLROnPlateau, arguments: {monitor: loss, mode: min,"
        " factor: 0.5, patience: 2, min_delta: 100}}, keras.callbacks:TerminateOnNaN]",
    ],
    "stream, all that regularises": [
        STREAM,
        "dataset.encoding=embedding",
        "model={kind: lstm, units: [8, 8], dropout: 0.2, input_dropout: 0.1, recurrent_dropout: 0.1,"
        " variational_dropout: true, tie_weights: true, residual: true, layer_norm: true}",
        "training.label_smoothing=0.1",
        "training.epochs=6",
    ],
}


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("rnnlab.training.chunks.FASTEST_GROWTH", 1)  # a chunk for each step
    before = signal.signal(signal.SIGTERM, signal.SIG_DFL)
    yield
    signal.signal(signal.SIGTERM, before)


def session_of(wanted: Experiment, *, resumed: RunFolder | None = None) -> Session:
    return Session(load_data(wanted), name="test", resumed=resumed)


def train_in_pieces(
    wanted: Experiment, *, every: int, most: int = 1000, meanwhile: Callable[[], None] = lambda: None
) -> tuple[RunFolder, int]:
    """Train with a SIGTERM after each few steps, resumed each time; the run, and how often that was.

    Args:
        wanted: what to train.
        every: after how many steps.
        most: how often it is interrupted at most.
        meanwhile: is called after the first interruption.
    """
    run, count = None, 0

    def stop(chunks: Iterator[int]) -> Callable[[Progress], None]:
        return lambda _: (
            os.kill(os.getpid(), signal.SIGTERM) if next(chunks) == every and count < most else None
        )

    while True:
        session = session_of(wanted, resumed=run)
        run = session.run
        try:
            session.train(stop(iter(range(1, 10**6))))
        except Interrupted:
            count += 1
        else:
            return run, count
        del session  # the next session then uses the compiled program again
        if count == 1:
            meanwhile()


def left_behind(run: RunFolder) -> tuple[dict[str, np.ndarray], str, list[list[str]]]:
    """The weights, the losses with the samples and the digests of the snapshots, and the history without its
    seconds, which differ from run to run.
    """
    with (run.path / "history.csv").open() as file:
        history = [row[:-1] for row in csv.reader(file)]
    texts = (run.path / name for name in ("losses.csv", "samples.txt"))
    text = "".join(path.read_text() for path in texts if path.exists())
    for path in snapshot_paths(run.path).values():
        text += f"{path.name} {hashlib.sha256(path.read_bytes()).hexdigest()}\n"
    return run.load_model().weights, text, history


def same(one: Any, other: Any) -> bool:
    """Whether two runs left the same bits behind."""
    (weights, losses, history), (others, other_losses, other_history) = one, other
    bits = all(weights[name].tobytes() == others[name].tobytes() for name in weights)
    return bits and losses == other_losses and history == other_history


# Keras asks the rate's variable for an array as NumPy 1 did.
@pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy:DeprecationWarning")
@pytest.mark.parametrize("regime", REGIMES)
def test_a_run_in_pieces_is_a_run_in_one(regime: str) -> None:
    """The same weights to the last bit, the same losses and history, no row twice and none missing.

    The run in one is trained between two pieces: the program that they share does not have their state then.
    """
    wanted, runs = experiment(*REGIMES[regime]), list[RunFolder]()

    pieces, interruptions = train_in_pieces(
        wanted, every=5, meanwhile=lambda: runs.append(session_of(wanted).train().run)
    )
    (whole,) = runs

    assert interruptions >= 3
    assert (pieces.path / "samples.txt").exists() == (wanted.training.samples is not None)
    assert bool(snapshot_paths(pieces.path)) == (wanted.training.snapshots > 0)
    assert same(left_behind(pieces), left_behind(whole))


def test_the_best_epoch_may_lie_before_an_interruption() -> None:
    """Its weights are kept, and not those of the best epoch since."""
    wanted = experiment(SONG, "training.optimizer={name: adam, learning_rate: 1.0}", "training.epochs=6")
    whole = session_of(wanted).train()

    pieces, interruptions = train_in_pieces(wanted, every=40, most=1)

    assert whole.best.epoch < 5  # which the steps after the 36th are of
    assert interruptions == 1
    assert same(left_behind(pieces), left_behind(whole.run))
    named = read_entry(whole.run.path).progress.best_epoch
    assert named == whole.run.load_model().epoch == read_history(whole.run.path).progress().best_epoch
    assert named == whole.best.epoch


def without_state(loop: TrainingLoop, checkpoint: Checkpoint) -> Checkpoint:
    arrays = dict(checkpoint.arrays)
    for name in checkpoint.part("program"):
        if name.startswith("state/"):
            arrays[f"program/{name}"] = np.zeros_like(arrays[f"program/{name}"])
    return Checkpoint(arrays, checkpoint.facts)


def without_position(loop: TrainingLoop, checkpoint: Checkpoint) -> Checkpoint:
    begun = (checkpoint.facts.position[0], 0)
    return Checkpoint(checkpoint.arrays, checkpoint.facts.model_copy(update={"position": begun}))


def without_dropout_state(loop: TrainingLoop, checkpoint: Checkpoint) -> Checkpoint:
    return Checkpoint(checkpoint.arrays, checkpoint.facts.model_copy(update={"step": 0}))


def without_optimizer(loop: TrainingLoop, checkpoint: Checkpoint) -> Checkpoint:
    arrays = {
        name: np.zeros_like(array) if name.startswith("program/optimizer/") and array.ndim else array
        for name, array in checkpoint.arrays.items()
    }
    return Checkpoint(arrays, checkpoint.facts)


@pytest.mark.parametrize(
    ("regime", "forget"),
    [
        ("stateful windows", without_state),
        ("stream, dropout, validation", without_state),
        ("windows, shuffled, dropout", without_position),
        ("stream, dropout, validation", without_dropout_state),
        ("windows, shuffled, dropout", without_optimizer),
    ],
)
def test_a_checkpoint_that_lacks_a_part_of_the_state_is_noticed(
    regime: str, forget: Callable[..., Checkpoint], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The comparison above would notice: a run that forgets a part of its state ends elsewhere."""
    wanted = experiment(*REGIMES[regime])
    whole = session_of(wanted).train().run
    restore = TrainingLoop.restore
    monkeypatch.setattr(TrainingLoop, "restore", lambda loop, kept: restore(loop, forget(loop, kept)))

    pieces, _ = train_in_pieces(wanted, every=3, most=1)

    assert not same(left_behind(pieces), left_behind(whole))


def test_a_finished_run_goes_on_with_more_epochs() -> None:
    """Three epochs and then three more are six, where no schedule is stretched over them."""
    six = session_of(experiment(SONG, "training.epochs=6")).train().run
    run = session_of(experiment(SONG, "training.epochs=3")).train().run

    outcome = session_of(experiment(SONG, "training.epochs=6"), resumed=run).train()

    assert outcome.epochs == 6
    assert same(left_behind(run), left_behind(six))


EARLY = SONG, "training.epochs=8"


def early(wanted: str, *, resumed: RunFolder | None = None) -> tuple[RunFolder, list[str]]:
    """The run with such an early stopping, and what was said of it."""
    told: list[str] = []
    session = session_of(experiment(*EARLY, f"training.early_stopping={wanted}"), resumed=resumed)
    return session.train(tell=told.append).run, told


def test_a_run_that_stopped_early_is_finished_until_it_has_more_patience() -> None:
    """It says why, also when it is resumed; with other patience, or none, it is as if it always had that."""
    run, said = early("{patience: 2, min_delta: 100}")
    stopped = left_behind(run)
    losses = [float(row[1]) for row in stopped[2][1:]]

    assert said == [
        "stopped early, after epoch 3 of 8: the training loss has not fallen by more than 100 below"
        f" {losses[0]:.4g}, that of epoch 1, in the last 2 epochs; the weights of epoch"
        f" {np.argmin(losses) + 1} are kept"
    ]
    assert f'"{said[0]}"' in (run.path / "events.log").read_text()
    assert early("{patience: 2, min_delta: 100}", resumed=run)[1] == [
        "going on after step 27",
        f"{said[0]}; to go on, set training.early_stopping.patience to more,"
        " or training.early_stopping to null",
    ]
    assert same(left_behind(run), stopped)

    for more, epochs in (("{patience: 4, min_delta: 100}", 5), ("null", 8)):
        further, _ = early(more, resumed=run)

        assert len(left_behind(further)[2]) == 1 + epochs
        assert same(left_behind(further), left_behind(early(more)[0]))


def test_a_run_that_was_killed_before_its_first_checkpoint_begins_anew() -> None:
    """Its folder holds a configuration and nothing else."""
    wanted = experiment(SONG)
    whole = session_of(wanted).train().run

    session_of(wanted, resumed=session_of(wanted).run).train()

    assert same(left_behind(RunFolder(Path("runs/test-2"))), left_behind(whole))


def test_a_damaged_checkpoint_is_named_and_the_one_before_it_is_used() -> None:
    """One flipped bit, and training goes on from the older one, to the same end."""
    wanted = experiment(SONG, "training.checkpoint={every_epochs: 1, keep: 3}")
    run = session_of(wanted).train().run
    expected, told = left_behind(run), list[str]()
    newest = max((run.path / "checkpoints").iterdir())
    data = bytearray(newest.read_bytes())
    data[-5] ^= 1
    newest.write_bytes(data)

    session_of(wanted, resumed=run).train(tell=told.append)

    assert told[0].startswith(f"{newest}: the checkpoint is damaged (its content does not match the sha256")
    assert told[1] == "going on after step 18"
    assert same(left_behind(run), expected)


def test_samples_have_neither_gaps_nor_doubles_after_a_kill() -> None:
    """They were written after the newest checkpoint, or are gone: they are as if nothing had been."""
    wanted = experiment(
        SONG, "training.checkpoint={every_epochs: 1, keep: 3}", "training.samples.every_epochs=1"
    )
    run = session_of(wanted).train().run
    samples = run.path / "samples.txt"
    expected = samples.read_text()

    for left in (expected, expected[: len(expected) // 2], ""):
        samples.write_text(left)
        max((run.path / "checkpoints").iterdir()).unlink()
        session_of(wanted, resumed=run).train()

        assert samples.read_text() == expected
    assert expected.count("=== epoch ") == 3


def test_what_a_killed_process_left_half_written_is_removed() -> None:
    """Nothing of it is read, and it does not pile up."""
    wanted = experiment(SONG)
    run = session_of(wanted).train().run
    half = run.path / "checkpoints/.step-000000099.safetensors-abc.partial"
    half.write_bytes(b"half of a")

    session_of(wanted, resumed=run).train()

    assert not half.exists()


def test_where_every_checkpoint_is_damaged_nothing_is_made_up() -> None:
    """The first is named, and no training begins from a wrong place."""
    wanted = experiment(SONG)
    run = session_of(wanted).train().run
    for path in (run.path / "checkpoints").iterdir():
        path.write_bytes(path.read_bytes()[:-1])

    with pytest.raises(
        TrainingError, match=r"step-.*is damaged .*training cannot be resumed from any checkpoint"
    ):
        session_of(wanted, resumed=run).train()


def test_other_data_is_refused() -> None:
    """The digest of the data is in the checkpoint."""
    run = session_of(experiment(SONG)).train().run
    other = experiment(SONG.replace("g8 e8 e4 f8 d8", "g8 e8 e4 f8 e8"), "training.epochs=6")

    with pytest.raises(TrainingError, match="the data has changed since it was written"):
        session_of(other, resumed=run).train()


def test_only_so_many_checkpoints_are_kept() -> None:
    """The newest; an older one goes when a newer one is durable."""
    run = session_of(experiment(SONG, "training.checkpoint={every_epochs: 1, keep: 2}")).train().run

    assert sorted(path.name for path in (run.path / "checkpoints").iterdir()) == [
        "step-000000018.safetensors",
        "step-000000027.safetensors",
    ]


def test_a_second_process_is_refused_while_the_first_trains() -> None:
    """The message says who has the run; afterwards it is free."""
    wanted = experiment(SONG, "training.epochs=2")
    first = session_of(wanted)
    second = session_of(wanted, resumed=first.run)
    refusals = []

    def try_too(_: Progress) -> None:
        with pytest.raises(RunError, match=rf"is being trained by process {os.getpid()} on ") as caught:
            second.train()
        refusals.append(caught.value)

    first.train(try_too)

    assert refusals
    second.train()


def test_callbacks_remember() -> None:
    """Keras' early stopping, resumed, counts its patience on, and the history goes on where it was."""
    stopping, history = keras.callbacks.EarlyStopping(monitor="loss", patience=7), LossHistory()
    stopping.on_train_begin()
    stopping.wait, stopping.best, stopping.best_weights = 5, 0.25, [np.arange(3.0), np.ones((2, 2))]
    history.add_steps(np.float32([1.0, 2.0]), np.float32([0.0, 0.5]))
    history.on_epoch_end(0, {"loss": 1.5, "accuracy": 0.25, "val_loss": 3.0})
    calls = calls_of([stopping, history])
    arrays, facts = calls.snapshot()
    again, history_again = keras.callbacks.EarlyStopping(monitor="loss", patience=7), LossHistory()

    calls_of([again, history_again]).restore(arrays, facts)

    assert (again.wait, again.best) == (5, 0.25)
    assert [array.tolist() for array in again.best_weights] == [[0.0, 1.0, 2.0], [[1.0, 1.0], [1.0, 1.0]]]
    assert history_again.losses_csv() == history.losses_csv()
    assert history_again.history_csv().split(",")[:-1] == history.history_csv().split(",")[:-1]


def test_a_least_fall_of_the_loss_is_asked_for_after_resuming_too() -> None:
    """Keras changes the sign of `min_delta` once in each training: remembered, it would change back."""
    one, again = (
        keras.callbacks.EarlyStopping(monitor="loss", mode="min", min_delta=0.5, patience=100)
        for _ in range(2)
    )
    calls, calls_again = calls_of([one]), calls_of([again])
    calls.epoch_ends(0, {"loss": 2.0}, rate=0.0)
    calls_again.train_begins()
    calls_again.restore(*calls.snapshot())

    for each in (calls, calls_again):
        each.epoch_ends(1, {"loss": 1.75}, rate=0.0)

    assert (one.best, one.wait) == (again.best, again.wait) == (2.0, 1)
    calls_again.restore({}, [{"min_delta": 7.0}])  # as an earlier rnnlab wrote it
    assert again.min_delta == one.min_delta


def test_a_callback_remembers_a_list_of_floats_outside_of_the_header() -> None:
    """A header has room for few figures, and some callbacks keep one for each step."""
    keeping, again = keras.callbacks.Callback(), keras.callbacks.Callback()
    keeping.losses, keeping.names = [0.5, float("inf"), 1e-300], ["a", "b"]
    arrays, facts = calls_of([keeping]).snapshot()

    calls_of([again]).restore(arrays, facts)

    assert facts == [{"names": ["a", "b"]}]
    assert (again.losses, again.names) == (keeping.losses, ["a", "b"])


@pytest.mark.parametrize("name", ["on_epoch_end", "model", "params", "_model", "__class__", "monitor_op"])
def test_nothing_forged_takes_the_place_of_a_function(name: str) -> None:
    """What a callback remembers are plain values, and nothing of Keras' own."""
    stopping = keras.callbacks.EarlyStopping(monitor="loss")
    stopping.on_train_begin()
    stopping.monitor_op = min

    with pytest.raises(ValueError, match=f"'{name}' is no attribute that a callback remembers"):
        calls_of([stopping]).restore({}, [{name: 5}])


def calls_of(callbacks: list[Any]) -> Any:
    from rnnlab.training.callbacks import CallbackCalls

    return CallbackCalls(callbacks, keras.Sequential(), optimizer=None)


def test_a_checkpoint_is_no_model_and_a_model_no_checkpoint() -> None:
    """One put in the place of the other is said to be damaged."""
    run = session_of(experiment(SONG)).train().run
    (path,) = (run.path / "checkpoints").iterdir()
    path.write_bytes(run.model_path.read_bytes())

    with pytest.raises(TrainingError, match="it is no checkpoint of rnnlab"):
        newest_checkpoint(run.path)


def test_a_training_that_a_callback_stopped_does_not_go_on_unasked() -> None:
    """Resumed, it has the same bits and says so; with another number of epochs it goes on."""
    stops = "training.callbacks=[keras.callbacks:EarlyStopping]"
    wanted = experiment(STREAM, stops, "training.optimizer.learning_rate=0.5", "training.epochs=60")
    run = session_of(wanted).train().run
    before, told = left_behind(run), []

    outcome = session_of(wanted, resumed=run).train(tell=told.append)

    assert 0 < outcome.epochs < 60
    assert same(left_behind(run), before)
    stopped = f"a callback stopped the training after epoch {outcome.epochs} of 60"
    assert told[-1] == f"{stopped}; to go on, set training.epochs to another number"
    longer = experiment(STREAM, stops, "training.optimizer.learning_rate=0.5", "training.epochs=61")
    assert session_of(longer, resumed=run).train().epochs > outcome.epochs
