"""What a training on examples trains: buckets, class weights, memory, and the programs that it shares."""

import gc
import os
import re
import signal
import subprocess
import sys
import threading
from typing import Any

import numpy as np
import pytest

from rnnlab.datasets.task_loading import load_task_data
from rnnlab.engines.numpy.examples import NumpyTaskModel
from rnnlab.engines.tensorflow import data as engine_data
from rnnlab.errors import ConfigError
from rnnlab.evaluation.example_measurement import part_of
from rnnlab.models.initial_weights import initial_weights
from rnnlab.training import example_problem
from rnnlab.training.chunks import ChunkPlanner
from rnnlab.training.example_problem import ExampleProblem
from rnnlab.training.from_data import problem_of
from rnnlab.training.interruption import Interruption
from rnnlab.training.trainer import Trainer
from tests.task_experiments import EXPERIMENTS, FROM_LABEL, GENERATED, LABEL, PAIRS, TAGS, task_experiment


def problem(text: str, *overrides: str) -> ExampleProblem:
    """The problem of a YAML text."""
    found = problem_of(load_task_data(task_experiment(text, *overrides)))
    assert isinstance(found, ExampleProblem)
    return found


def rows(*lengths: int, labels: str = "ab") -> str:
    """Rows of task label whose inputs have these lengths; all inputs differ."""
    letters = "xyzuvwrstopq"
    texts = [f"{labels[n % len(labels)]}\\t{letters[n] * length}" for n, length in enumerate(lengths)]
    return "\\n".join(texts)


def plain(*lengths: int, labels: str = "ab", model: str = "kind: lstm, units: 4", more: str = "") -> str:
    """An experiment on such rows without held-out examples."""
    inline = rows(*lengths, labels=labels)
    return (
        f'dataset: {{kind: text, task: label, inline: "{inline}", split: {{kind: none}}}}\n'
        f"model: {{{model}}}\ntraining: {{batch_size: 4, epochs: 2{more}}}\n"
    )


@pytest.mark.usefixtures("_many_buckets")
@pytest.mark.parametrize("task", EXPERIMENTS)
def test_validation_figures_are_those_of_the_numpy_engine(task: str) -> None:
    """The mean cost of all targets of the validation set, with END, and the fraction that is right."""
    own = problem(EXPERIMENTS[task])
    trainer = Trainer(own)
    weights = trainer.program.weights()

    loss, accuracy = own.measure(trainer.program)

    chosen = part_of(own.examples, own.examples.parts["validation"])
    model = NumpyTaskModel(own.architecture, weights)
    kind = own.architecture.task
    if kind == "label":
        logits, wanted = model.label_logits(chosen.inputs, chosen.words), chosen.targets.ids
    elif kind == "tags":
        logits, wanted = model.tag_logits(chosen.inputs, chosen.words), chosen.targets.ids
    else:
        logits = model.target_logits(chosen.inputs, chosen.targets)
        wanted = np.concatenate([np.append(chosen.targets[n], 0) for n in range(len(chosen))])
    wide = logits.astype(np.float64)
    costs = np.log(np.exp(wide).sum(axis=1)) - wide[np.arange(len(wide)), wanted]
    assert loss == pytest.approx(costs.mean(), rel=1e-5)
    assert accuracy == pytest.approx((logits.argmax(axis=1) == wanted).mean())


@pytest.mark.parametrize("task", EXPERIMENTS)
def test_initial_weights_are_those_without_keras(task: str) -> None:
    """Every layer, those that read backwards and the characters included, in the order of the layers."""
    own = problem(EXPERIMENTS[task])

    weights = Trainer(own).program.weights()

    expected = initial_weights(own.architecture, 0)
    assert weights.keys() == expected.keys() == own.architecture.weight_shapes().keys()
    for name, array in expected.items():
        np.testing.assert_allclose(weights[name], array, atol=1e-5, err_msg=name)


def test_a_long_example_of_the_validation_set_makes_no_bucket_of_training() -> None:
    """Training has the buckets that its own examples need."""
    text = PAIRS.replace("validation: 0.2}", "validation: 0.2, shuffle: false}").replace(
        'acac\\tcaca\\n"', 'acacacacacacacacacac\\tcaca\\n"'
    )

    own = problem(text)

    assert own.batches.shapes[-1][0] == len("cabbage")
    loss, _ = own.measure(Trainer(own).program)
    assert np.isfinite(loss)


def test_a_label_that_only_the_validation_set_has_is_a_target_that_is_wrong() -> None:
    """The network has an output for it; its loss is finite."""
    text = (
        'dataset: {kind: text, task: label, inline: "a\\tx\\nb\\ty\\na\\tz\\nc\\tq\\n",'
        " split: {kind: sequences, validation: 0.25, shuffle: false}}\n"
        "model: {kind: lstm, units: 4}\ntraining: {class_weights: balanced}\n"
    )
    own = problem(text)

    loss, accuracy = own.measure(Trainer(own).program)

    assert own.sizes.targets == 3
    assert np.isfinite(loss)
    assert accuracy in (0.0, 1.0)


@pytest.mark.parametrize("batch_size", [1, 5, 100])
def test_any_batch_size_trains_on_every_example(batch_size: int) -> None:
    """One example a batch, no multiple of the examples, and more than there are."""
    own = problem(plain(3, 1, 2, 5, 4, 2), f"training.batch_size={batch_size}")
    trainer = Trainer(own)
    chunk, _ = ChunkPlanner(own.batches, epochs=1).take(100, stop_after=1)

    records = trainer.run_chunk(chunk, 0)

    assert own.batches.steps == -(-6 // batch_size)
    assert records.counted.sum() == 6
    assert np.isfinite(records.losses).all()


def test_two_examples_are_enough() -> None:
    """One for each label."""
    own = problem(plain(3, 2))

    assert own.batches.steps == 1
    assert own.batches.shapes[-1] == (3, 0)


def test_class_weights_are_those_of_the_training_examples() -> None:
    """examples / (labels × examples of the label): scikit-learn's `balanced`."""
    from sklearn.utils.class_weight import compute_class_weight

    own = problem(plain(3, 1, 2, 5, 4, labels="aab", more=", class_weights: balanced"))
    labels = own.examples.targets.ids

    importance = own._importance()

    expected = compute_class_weight("balanced", classes=np.array([0, 1]), y=labels)
    np.testing.assert_allclose(importance, expected, rtol=1e-6)
    assert problem(plain(3, 1))._importance() is None


def test_a_batch_that_is_too_large_for_memory_is_refused() -> None:
    """An input of ten thousand tokens: the message says how many examples a batch may have."""
    text = plain(10_000, 3, model="kind: lstm, units: 512")

    with pytest.raises(ConfigError) as caught:
        problem(text, "training.batch_size=64")

    assert str(caught.value) == (
        "training.batch_size: with examples of up to 10,000 tokens, a batch has 327,680,000 outputs of a"
        " layer, expected at most 268,435,456; set it to 52 or less"
    )
    problem(text, "training.batch_size=52")


def test_a_long_word_takes_no_more_memory_than_its_first_characters() -> None:
    """Each character of the longest word takes a time step for every token; only the first ones are read."""
    problem(TAGS.replace("sees\\t", "s" * 90_000 + "\\t"), "training.batch_size=64")


def test_validation_measures_fewer_examples_at_once_if_they_are_long(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that it takes no more memory than training; the figures are the same."""
    own = problem(LABEL)
    trainer = Trainer(own)
    figures = own.measure(trainer.program)

    monkeypatch.setattr(example_problem, "MOST_ACTIVATIONS", 200)

    assert own.measure(trainer.program) == pytest.approx(figures, rel=1e-6)


def test_equal_problems_share_a_program_and_others_do_not() -> None:
    """The key names what the compiled steps depend on."""
    assert problem(LABEL).key() == problem(LABEL, "training.epochs=9").key()
    others = [
        problem(LABEL, "training.batch_size=5"),
        problem(LABEL, "model.units=7"),
        problem(LABEL, "training.class_weights=balanced"),
        problem(LABEL, "dataset.split.random_seed=1"),
        problem(FROM_LABEL),
        problem(GENERATED),
        problem(GENERATED, "dataset.fresh=false"),
        problem(GENERATED, "dataset.random_seed=1"),
    ]
    assert len({problem(LABEL).key(), *(other.key() for other in others)}) == 1 + len(others)


def test_a_program_that_is_used_again_gets_the_examples_of_the_first_epoch() -> None:
    """It still has those of the last epoch of the training before."""

    def losses() -> list[float]:
        own = problem(GENERATED)
        trainer, planner, found, step = Trainer(own), ChunkPlanner(own.batches, epochs=3), [], 0
        while not planner.is_done:
            trainer.load(planner.position[0])
            chunk, _ = planner.take(100, stop_after=1)
            records = trainer.run_chunk(chunk, step)
            found += records.losses.tolist()
            step += len(records.losses)
        return found

    assert losses() == losses()


@pytest.fixture
def _many_buckets(monkeypatch: pytest.MonkeyPatch) -> None:
    """So few examples would else be one bucket."""
    monkeypatch.setattr(example_problem, "LEAST_SAVED", 0.0)


def bucketed(*overrides: str) -> ExampleProblem:
    """Twelve examples in three buckets; batches of nine have the shape of the second or of the third."""
    own = problem(
        plain(2, 2, 2, 2, 2, 9, 9, 9, 9, 30, 30, 30, model="kind: lstm, units: 4, dropout: 0.3"),
        *overrides,
    )
    assert len(own.batches.shapes) == 3
    return own


@pytest.mark.usefixtures("_many_buckets")
@pytest.mark.parametrize("groups", [1, 2])
def test_the_bits_do_not_depend_on_the_chunks(groups: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Steps of several buckets, one by one or all in one call, with one group of lanes and with two."""
    monkeypatch.setattr(engine_data, "LEAST_WORK", 0.0 if groups > 1 else 1e30)
    monkeypatch.setattr(example_problem, "cpu_cores", lambda: groups)
    found, used = [], set[int]()
    for most in (1, 3, 100):
        own = bucketed("training.batch_size=9", f"training.random_seed={groups}")
        trainer, planner, records, step = Trainer(own), ChunkPlanner(own.batches, epochs=4), [], 0
        assert trainer.program._groups.count == groups
        while not planner.is_done:
            chunk, _ = planner.take(most, stop_after=0)
            used |= set(chunk.objectives.tolist()) if chunk.objectives is not None else set()
            taken = trainer.run_chunk(chunk, step)
            records.append(np.stack([taken.losses, taken.correct, taken.counted]))
            step += len(taken.losses)
        weights = trainer.program.weights()
        found.append((np.hstack(records).tobytes(), *(each.tobytes() for each in weights.values())))
        del trainer
        gc.collect()  # the next trainer then uses the compiled program again

    assert found[0] == found[1] == found[2]
    assert used == {1, 2}


@pytest.mark.usefixtures("_many_buckets")
def test_compiling_every_bucket_first_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither a weight nor the optimizer; and the steps after it have the same bits."""
    monkeypatch.setattr(engine_data, "LEAST_WORK", 0.0)
    monkeypatch.setattr(example_problem, "cpu_cores", lambda: 2)
    found: list[Any] = []
    for compiled in (False, True):
        own = bucketed("training.batch_size=9")
        trainer = Trainer(own)
        before = trainer.program.snapshot()
        if compiled:
            trainer.program.compile()
            after = trainer.program.snapshot()
            assert all(before[name].tobytes() == after[name].tobytes() for name in before)
        chunk, _ = ChunkPlanner(own.batches, epochs=2).take(100, stop_after=0)
        found.append(trainer.run_chunk(chunk, 0).losses.tobytes())

    assert found[0] == found[1]


COMPILED_FIRST = """
from rnnlab.engines.tensorflow import data
from rnnlab.training import example_problem
from rnnlab.training.chunks import ChunkPlanner
from rnnlab.training.trainer import Trainer
from tests.training.test_example_problem import bucketed

data.LEAST_WORK = example_problem.LEAST_SAVED = 0.0  # two groups of lanes, and many buckets
example_problem.cpu_cores = lambda: 2
own = bucketed("training.batch_size=9")
trainer = Trainer(own)
trainer.program.compile()
chunk, _ = ChunkPlanner(own.batches, epochs=1).take(100, stop_after=0)
trainer.run_chunk(chunk, 0)
print(len(own.batches.shapes), "buckets")
"""


def test_what_is_compiled_first_is_not_compiled_again() -> None:
    """TensorFlow logs how often it compiles each function."""
    environment = {
        **os.environ,
        "TF_CPP_MIN_LOG_LEVEL": "0",
        "TF_CPP_MAX_VLOG_LEVEL": "0",
        "TF_CPP_VMODULE": "device_compilation_profiler=1",
    }

    done = subprocess.run(
        [sys.executable, "-c", COMPILED_FIRST], env=environment, capture_output=True, text=True, check=True
    )

    times = [int(count) for count in re.findall(r"Compiled \S+ (\d+) times", done.stderr)]
    buckets = int(done.stdout.split()[0])
    assert buckets > 1
    assert times == [1] * (buckets + 1)  # the gradients of each bucket, and the update


@pytest.mark.usefixtures("_many_buckets")
def test_the_first_chunk_is_left_at_once_on_a_signal(monkeypatch: pytest.MonkeyPatch) -> None:
    """However long the buckets take to compile: that happens in another thread."""
    own = bucketed()
    trainer, interruption, done, ended = Trainer(own), Interruption(), threading.Event(), threading.Event()
    chunk, _ = ChunkPlanner(own.batches, epochs=1).take(1, stop_after=0)

    def compile_long() -> None:
        interruption.note(signal.SIGTERM, None)
        done.wait()

    monkeypatch.setattr(trainer.program, "compile", compile_long)
    monkeypatch.setattr(trainer.program, "train", lambda *_, **__: ended.set())

    assert trainer.compile(chunk, 0, interruption) is None
    assert not ended.is_set()
    done.set()
    ended.wait()  # else the other thread would train while the next test runs
