"""What the training loop promises about its steps, its state and its weights."""

import gc
import math
from collections.abc import Callable
from typing import Any, get_args

import keras
import numpy as np
import pytest

from rnnlab.config import optimizer as sections
from rnnlab.config.schema import Experiment, Training
from rnnlab.datasets.batches import gather
from rnnlab.datasets.corpus import load_corpus
from rnnlab.datasets.loading import MOST_STEPS, load_data
from rnnlab.datasets.splits import split_corpus
from rnnlab.engines.tensorflow import data
from rnnlab.errors import TrainingError
from rnnlab.runs.progress import Progress
from rnnlab.training import problem, token_problem
from rnnlab.training.chunks import ChunkPlanner
from rnnlab.training.history import LossHistory
from rnnlab.training.interruption import Interruption
from rnnlab.training.loop import TrainingLoop
from rnnlab.training.optimizers import begin_schedule, lower_rate, optimizer_of, rate_of
from rnnlab.training.token_problem import TokenProblem
from rnnlab.training.trainer import Trainer
from tests.experiments import SENTENCE, SONG, STREAM, experiment

pytestmark = pytest.mark.usefixtures("kept_programs")

REGIMES = [SONG, SENTENCE, STREAM]


def trainer_of(wanted: Experiment) -> Trainer:
    corpus = load_corpus(wanted.dataset)
    return Trainer(TokenProblem(wanted, corpus, split_corpus(corpus, wanted)))


def train(
    wanted: Experiment,
    *callbacks: Any,
    report: Callable[[Progress], None] = lambda _: None,
    interruption: Interruption | None = None,
) -> tuple[Trainer, LossHistory]:
    """Train to the end; the trainer and the history."""
    trainer, history = trainer_of(wanted), LossHistory()
    callbacks, each_epoch = (history, *callbacks), bool(callbacks)
    TrainingLoop(trainer, callbacks, each_epoch=each_epoch, report=report, interruption=interruption).run()
    return trainer, history


def first_batch_loss(trainer: Trainer) -> float:
    """The loss of the first batch, by Keras' own model and losses from a zero state."""
    starts, counts = trainer.batches.epoch(0)
    dataset = trainer.experiment.dataset
    batch = gather(
        trainer.problem.corpus, starts[0], counts[0], window=dataset.window, target=dataset.target, first=True
    )
    logits = np.asarray(trainer.network(batch.inputs.astype(np.int32)))
    targets, weights = batch.targets, batch.weights
    if dataset.target == "next":
        targets, weights = targets[:, -1], weights[:, -1]
    costs = keras.losses.sparse_categorical_crossentropy(targets.astype(np.int32), logits, from_logits=True)
    return float((np.asarray(costs) * weights).sum() / weights.sum())


@pytest.mark.parametrize("text", REGIMES)
def test_first_loss_is_that_of_keras_own_model(text: str) -> None:
    """The compiled step measures what the `keras.Model` with the same weights gives, dropout aside."""
    wanted = experiment(text, "model.dropout=0.0", "training.epochs=1")
    expected = first_batch_loss(trainer_of(wanted))

    _, history = train(wanted)

    assert history.batch_losses[0] == pytest.approx(expected, abs=1e-5)


def test_label_smoothing_is_in_the_steps_and_not_in_the_losses() -> None:
    """One step of gradient descent moves the head's bias to what is smoothed; the loss is Keras' own."""
    wanted = experiment(
        SENTENCE,
        "training.label_smoothing=0.5",
        "training.optimizer={name: sgd, learning_rate: 1.0}",
        "training.batch_size=16",
        "training.epochs=1",
    )
    trainer = trainer_of(wanted)
    expected, (starts, counts) = first_batch_loss(trainer), trainer.batches.epoch(0)
    batch = gather(trainer.problem.corpus, starts[0], counts[0], window=5, target="shifted", first=True)
    probabilities = keras.ops.softmax(trainer.network(batch.inputs.astype(np.int32)))
    size, counted = probabilities.shape[-1], batch.weights[..., None]
    aims = 0.5 * np.eye(size)[batch.targets] + 0.5 / size

    chunk, _ = ChunkPlanner(trainer.batches, epochs=1).take(1, stop_after=0)
    losses = trainer.run_chunk(chunk, 0).losses

    assert losses[0] == pytest.approx(expected, abs=1e-5)
    step = ((aims - np.asarray(probabilities)) * counted).sum((0, 1)) / counted.sum()
    np.testing.assert_allclose(trainer.program.weights()["head/bias"], step, atol=1e-5)


@pytest.mark.parametrize("text", REGIMES)
def test_loss_falls(text: str) -> None:
    """Thirty epochs on a few dozen tokens learn something."""
    _, history = train(experiment(text, "training.epochs=30"))

    assert history.epochs[-1].loss < 0.8 * history.epochs[0].loss


@pytest.mark.parametrize("text", [SENTENCE, STREAM])
def test_same_random_seed_gives_the_same_bits(text: str) -> None:
    """Weights, shuffles and dropout are functions of the random seed; another seed gives another run."""
    first, again, other = (
        train(experiment(text, f"training.random_seed={seed}"))[0].best().weights for seed in (3, 3, 4)
    )

    assert all((first[name] == again[name]).all() for name in first)
    assert any((first[name] != other[name]).any() for name in first)


@pytest.mark.parametrize("text", [SENTENCE, STREAM])
def test_chunk_length_changes_no_bit(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """One step at a time or all at once: the same losses and the same weights, to the last bit."""
    trainer, whole = train(experiment(text))
    long = trainer.best().weights
    del trainer
    gc.collect()  # the next trainer then uses the compiled program again
    monkeypatch.setattr("rnnlab.training.chunks.FASTEST_GROWTH", 1)
    trainer, stepwise = train(experiment(text))

    assert (stepwise.batch_losses == whole.batch_losses).all()
    assert all((trainer.best().weights[name] == array).all() for name, array in long.items())


def test_chunk_length_does_not_decide_when_training_stops_early(monkeypatch: pytest.MonkeyPatch) -> None:
    """It ends with the epoch that was one too many, though the next chunks would hold many epochs."""
    wild = experiment(
        SONG,
        "training.epochs=99",
        "training.optimizer.learning_rate=1.0",
        "training.early_stopping.patience=3",
    )
    _, whole = train(wild)
    monkeypatch.setattr("rnnlab.training.chunks.FASTEST_GROWTH", 1)
    _, stepwise = train(wild)

    losses = [record.loss for record in whole.epochs]
    assert len(losses) == int(np.argmin(losses)) + 1 + 3 < 99
    assert [record.loss for record in stepwise.epochs] == losses


def test_a_plateau_schedule_lowers_the_rate_of_the_compiled_steps() -> None:
    """Until the loss rises for the first time not a bit is different, and then hardly anything moves."""
    wild = SONG, "training.epochs=12", "training.optimizer.learning_rate=1.0"
    _, constant = train(experiment(*wild))
    _, lowered = train(
        experiment(*wild, "training.schedule={kind: plateau, patience: 1, factor: 1e-30, final: 0}")
    )

    losses = [record.loss for record in constant.epochs]
    rise = int(np.argmax(np.diff(losses) >= 0)) + 1
    assert [record.loss for record in lowered.epochs[: rise + 1]] == losses[: rise + 1]
    first, *others = [record.loss for record in lowered.epochs[rise + 1 :]]
    assert others == [first] * len(others)
    assert len(others) > 2


def test_history_holds_each_batch_and_each_epoch() -> None:
    """The epoch's loss is the mean of its batches' own losses, not of running means."""
    _, history = train(experiment(SONG))

    assert len(history.batch_losses) == 3 * 9
    for epoch in range(3):
        mean = np.mean(history.batch_losses[9 * epoch : 9 * epoch + 9])
        assert history.epochs[epoch].loss == pytest.approx(mean, rel=1e-6)


def test_carried_state_changes_what_a_batch_costs() -> None:
    """The second window of a stateful run is not measured from a zero state; the first is."""
    frozen = ["training.optimizer.learning_rate=1e-30", "training.epochs=1"]
    _, stateful = train(experiment(SONG, *frozen))
    _, stateless = train(experiment(SONG, *frozen, "model.stateful=false"))

    assert stateful.batch_losses[0] == stateless.batch_losses[0]
    assert stateful.batch_losses[1] != stateless.batch_losses[1]


def test_state_is_reset_at_the_start_of_each_epoch() -> None:
    """With weights that do not move, every epoch costs the same."""
    _, history = train(experiment(SONG, "training.optimizer.learning_rate=1e-30"))

    first, second, third = history.batch_losses.reshape(3, 9)
    assert (first == second).all()
    assert (second == third).all()


@pytest.mark.parametrize("every", [1, 2, 5])
def test_validation_leaves_training_untouched(every: int) -> None:
    """The training losses are the same, to the last bit, however often the held-out part is measured."""
    _, plain = train(experiment(STREAM, "training.epochs=10", "evaluation.every=10"))
    _, measured = train(experiment(STREAM, "training.epochs=10", f"evaluation.every={every}"))

    assert (measured.batch_losses == plain.batch_losses).all()
    assert sum(record.validation_loss is not None for record in measured.epochs) == 10 // every


def test_best_weights_are_those_of_the_best_validation() -> None:
    """What is kept measures, on the held-out part, as the lowest loss of the history."""
    trainer, history = train(
        experiment(STREAM, "training.epochs=60", "training.optimizer.learning_rate=0.05")
    )
    losses = [record.validation_loss for record in history.epochs]
    best = trainer.best()

    assert best.loss == min(losses)
    assert best.epoch == losses.index(min(losses)) + 1
    assert best.epoch < 60


def test_best_weights_without_validation_are_those_of_the_best_epoch() -> None:
    """The weights at the end of the best epoch, the next one's loss counting too, wherever chunks are cut."""
    spiking = experiment(SONG, "training.epochs=25", "training.optimizer.learning_rate=1.0")
    trainer, history = train(spiking)
    losses = [record.loss for record in history.epochs]
    best_epoch = int(np.argmin(np.maximum(losses, [*losses[1:], 0.0]))) + 1
    at_best, _ = train(
        experiment(SONG, f"training.epochs={best_epoch}", "training.optimizer.learning_rate=1.0")
    )

    assert trainer.best().epoch == trainer.best_model().epoch == best_epoch < 25
    for name, array in trainer.best().weights.items():
        assert (array == at_best.best().weights[name]).all()


def test_a_loss_that_is_no_number_stops_training() -> None:
    """The step is named, and what to try."""
    with pytest.raises(TrainingError, match=r"the loss became .* at step \d+ .*learning_rate"):
        train(
            experiment(
                SONG,
                "training.optimizer={name: sgd, learning_rate: 1e37, momentum: 0.99}",
                "training.epochs=50",
            )
        )


def test_a_noted_signal_stops_between_two_chunks() -> None:
    """Training ends early, and what was reached can still be asked for."""
    interruption = Interruption()
    trainer, history = train(
        experiment(SONG, "training.epochs=1000"),
        report=lambda _: interruption.note(15, None),
        interruption=interruption,
    )

    assert 0 < len(history.batch_losses) < 9000
    assert set(trainer.best().weights) == set(trainer.problem.architecture.weight_shapes())


class StopAfterTwo(keras.callbacks.Callback):
    """A user's callback that stops training, and looks at the weights as it does."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[np.ndarray] = []

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        self.seen.append(np.concatenate([array.ravel() for array in self.model.get_weights()]))
        self.model.stop_training = epoch == 1


def test_a_users_callback_sees_each_epochs_weights_and_can_stop() -> None:
    """`on_epoch_end` comes while the model is as that epoch left it; `stop_training` takes effect at once."""
    callback = StopAfterTwo()
    _, history = train(experiment(SONG, "training.epochs=50"), callback)

    assert len(history.epochs) == 2
    assert (callback.seen[0] != callback.seen[1]).any()


def test_progress_reaches_the_last_step() -> None:
    """The last report says that all is done."""
    reports: list[Progress] = []
    train(experiment(SONG), report=reports.append)

    assert (reports[-1].step, reports[-1].epoch) == (27, 3)
    assert reports[-1].seconds_left == 0


STREAM_BUILDING = (
    "training.batching=stream",
    "training.batch_size=20",
    "dataset.window=6",
    "dataset.target=shifted",
)
SONGS = "dataset.inline=" + "\n".join(["c4 d4 e4 f4 g4 a4 b4 c8 d8 e8 c4 d4"] * 20)


def losses_of(trainer: Trainer, steps: int = 12) -> np.ndarray:
    """The losses of the first steps, in chunks of at most five."""
    planner, losses = ChunkPlanner(trainer.batches, epochs=1000), list[float]()
    while len(losses) < steps:
        chunk, _ = planner.take(5, stop_after=0)
        records = trainer.run_chunk(chunk, len(losses))
        losses += records.losses.tolist()
    return np.array(losses[:steps])


def new_trainer(*changes: str) -> Trainer:
    settings = experiment(SONG, "generation.seed=null", *changes)
    data = load_data(settings)
    return Trainer(TokenProblem(settings, data.corpus, data.splits))


@pytest.mark.usefixtures("nothing_idle")
def test_groups_of_lanes_train_as_one_program_does(monkeypatch: pytest.MonkeyPatch) -> None:
    """20 lanes in groups of 8 on three cores, the last group half empty, with sequences that reset lanes."""
    monkeypatch.setattr(token_problem, "cpu_cores", lambda: 3)
    together = new_trainer(*STREAM_BUILDING, SONGS)
    assert together.program._groups.count == 1
    expected, weights = losses_of(together), together.program.weights()

    monkeypatch.setattr(data, "LEAST_WORK", 0)
    grouped = new_trainer(*STREAM_BUILDING, SONGS, "training.epochs=7")
    problem._idle.clear()

    assert grouped.program._groups.count == 3
    np.testing.assert_allclose(losses_of(grouped), expected, rtol=1e-5)
    for name, values in grouped.program.weights().items():
        np.testing.assert_allclose(values, weights[name], atol=1e-4)


@pytest.mark.usefixtures("nothing_idle")
def test_another_number_of_epochs_does_not_compile_again() -> None:
    """The second training takes the program of the first, stretches its schedule, and starts afresh."""
    schedule = "training.schedule={kind: linear, warmup: 0.5}"
    first = new_trainer(*STREAM_BUILDING, SONGS, schedule, "training.epochs=50")
    program, losses = first.program, losses_of(first)
    del first
    gc.collect()

    second = new_trainer(*STREAM_BUILDING, SONGS, schedule, "training.epochs=10")
    received = losses_of(second)
    assert second.program is program
    assert program._train.experimental_get_tracing_count() == 1

    problem._idle.clear()
    fresh = new_trainer(*STREAM_BUILDING, SONGS, schedule, "training.epochs=10")
    assert fresh.program is not program
    np.testing.assert_array_equal(received, losses_of(fresh))
    assert not np.array_equal(received, losses)


@pytest.mark.usefixtures("nothing_idle")
def test_a_program_in_use_is_not_shared() -> None:
    """Two trainers at once have a program each, and another learning rate has its own."""
    one = new_trainer(*STREAM_BUILDING, SONGS)
    two = new_trainer(*STREAM_BUILDING, SONGS)
    assert one.program is not two.program

    program = one.program
    del one
    gc.collect()
    assert new_trainer(*STREAM_BUILDING, SONGS, "training.optimizer.learning_rate=0.5").program is not program


def test_the_last_step_that_can_be_numbered_is_taken() -> None:
    """Its number decides what dropout drops; data of more steps are refused."""
    trainer = new_trainer("model.dropout=0.5", "training.random_seed=2147483647")
    chunk, _ = ChunkPlanner(trainer.batches, epochs=1).take(1, stop_after=0)

    assert np.isfinite(trainer.run_chunk(chunk, MOST_STEPS - 1).losses).all()
    with pytest.raises(OverflowError):
        trainer.run_chunk(chunk, MOST_STEPS + 1)


def rates(schedule: str, steps: int = 100) -> list[float]:
    """The learning rate of each step of a training with peak 1."""
    peak = "training.optimizer.learning_rate=1.0"
    training = experiment(SONG, peak, f"training.schedule={schedule}").training
    rate = optimizer_of(training, total_steps=steps)._learning_rate
    return [float(rate(step)) for step in range(steps)]


def test_every_optimizer_of_the_schema_can_be_built() -> None:
    """Each name and each of its settings is one that Keras knows."""
    for section in get_args(get_args(sections.Optimizer)[0]):
        (name,) = get_args(section.model_fields["name"].annotation)
        built = optimizer_of(Training(optimizer=section(name=name, global_clipnorm=1.0)), total_steps=1)

        assert type(built).__name__.lower() == name
        assert built.global_clipnorm == 1.0


def test_a_constant_rate_stays_a_variable() -> None:
    """So that a callback can change it."""
    built = optimizer_of(Training(), total_steps=10)

    built.learning_rate = 0.5
    assert float(built.learning_rate) == 0.5


def test_warm_up_rises_in_a_straight_line() -> None:
    """A tenth of a hundred steps: the first has a tenth of the rate, the tenth all of it."""
    received = rates("{kind: constant, warmup: 0.1}")

    np.testing.assert_allclose(received[:10], np.arange(1, 11) / 10, rtol=1e-6)
    assert set(received[10:]) == {1.0}


@pytest.mark.parametrize(
    ("schedule", "at_half", "at_end"),
    [
        ("{kind: linear, final: 0.2}", 0.6, 0.2),
        ("{kind: cosine, final: 0.2}", 0.6, 0.2),
        ("{kind: exponential, decay_rate: 0.5, decay_steps: 25}", 0.25, 0.0625),
    ],
)
def test_a_schedule_ends_where_it_should(schedule: str, at_half: float, at_end: float) -> None:
    """Halfway and, but for one step, at the end."""
    received = rates(schedule, steps=1000) if "exponential" not in schedule else rates(schedule)

    assert received[0] == 1.0
    assert received[len(received) // 2] == pytest.approx(at_half, rel=1e-4)
    assert received[-1] == pytest.approx(at_end, rel=0.03)
    assert sorted(received, reverse=True) == received


def test_cosine_is_half_a_wave() -> None:
    """A quarter of the way the rate is (1 + cos 45°) / 2."""
    assert rates("{kind: cosine}")[25] == pytest.approx((1 + math.cos(math.pi / 4)) / 2, rel=1e-5)


@pytest.mark.parametrize(
    "schedule",
    [
        "{kind: constant, warmup: 0.5}",
        "{kind: linear, final: 0.2}",
        "{kind: cosine}",
        "{kind: exponential, decay_rate: 0.5, decay_steps: 3}",
        "{kind: plateau, warmup: 0.5}",
    ],
)
def test_the_rate_that_is_recorded_is_the_one_of_the_step(schedule: str) -> None:
    """Keras' float32 and NumPy's float64 agree, also after a fall and in a training of another length."""
    peak = "training.optimizer.learning_rate=1.0"
    training = experiment(SONG, peak, f"training.schedule={schedule}").training
    built = optimizer_of(training, total_steps=8)

    def check(total: int) -> None:
        used = [float(built._learning_rate(step)) for step in range(total)]
        assert [rate_of(built, step) for step in range(total)] == pytest.approx(used, rel=1e-5, abs=1e-6)

    check(8)
    lower_rate(built, 0.25)
    check(8)
    begin_schedule(built, 20)
    check(20)


def test_what_a_plateau_leaves_is_a_share_of_the_whole_schedule() -> None:
    """Of the warm-up too; a training that begins has all of it again."""
    schedule = "training.schedule={kind: plateau, warmup: 0.5}"
    built = optimizer_of(
        experiment(SONG, "training.optimizer.learning_rate=1.0", schedule).training, total_steps=8
    )
    rate = built._learning_rate

    assert [float(rate(step)) for step in (0, 3, 7)] == [0.25, 1, 1]
    lower_rate(built, 0.5)
    assert [float(rate(step)) for step in (0, 3, 7)] == [0.125, 0.5, 0.5]
    begin_schedule(built, 4)
    assert [float(rate(step)) for step in (0, 3, 7)] == [0.5, 1, 1]


def test_the_schedule_can_be_made_again_from_its_config() -> None:
    """As Keras asks of every schedule."""
    training = experiment(SONG, "training.schedule={kind: linear, warmup: 0.5}").training
    schedule = optimizer_of(training, total_steps=10)._learning_rate

    again = type(schedule)(**schedule.get_config())

    assert isinstance(again, keras.optimizers.schedules.LearningRateSchedule)
    assert [float(again(step)) for step in range(10)] == [float(schedule(step)) for step in range(10)]
