"""What the network writes while it is trained."""

import re
from pathlib import Path

import numpy as np
import pytest

from rnnlab.datasets.loading import load_data
from rnnlab.errors import ConfigError
from rnnlab.generation.settings import generation_settings
from rnnlab.generation.writing import write_samples
from rnnlab.training.history import LossHistory
from rnnlab.training.loop import TrainingLoop
from rnnlab.training.sampler import Sampler
from rnnlab.training.session import Session
from rnnlab.training.token_problem import TokenProblem
from rnnlab.training.trainer import Trainer
from tests.experiments import STREAM, experiment

SAMPLES = "training.samples={every_epochs: 2, seed: the, length: 7, temperature: 1.0, count: 2}"
HEAD = re.compile("=== (.*) ===\n\n")
FIGURES = {"loss": 2.5, "accuracy": 0.5, "val_loss": 3.25}


def sampling(*settings: str) -> tuple[Trainer, Sampler]:
    """A trainer, and a sampler of its network."""
    wanted = experiment(STREAM, SAMPLES, *settings)
    data = load_data(wanted)
    trainer = Trainer(TokenProblem(wanted, data.corpus, data.splits))
    assert wanted.training.samples
    return trainer, Sampler(trainer, wanted.training.samples)


def test_samples_are_those_that_generate_would_write() -> None:
    """Every other epoch, with the weights as they are and a random seed of its own; under its figures."""
    trainer, sampler = sampling("generation.random_seed=30", "generation.top_k=5")
    for epoch in range(5):
        sampler.on_epoch_end(epoch, FIGURES)
    options = {"seed": "the", "length": 7, "temperature": 1.0, "samples": 2, "random_seed": 34}
    expected = write_samples(
        trainer.current_model(), generation_settings(trainer.experiment.generation, options)
    )

    _, second, _, fourth, after = HEAD.split(sampler.text)

    assert second == "epoch 2, step 10, training loss 2.5, validation loss 3.25, random seed 32"
    assert fourth.startswith("epoch 4, step 20, ")
    assert after == "\n\n".join(sample.text for sample in expected.samples) + "\n\n"


def test_what_is_left_out_is_that_of_the_section_generation() -> None:
    """Nine notes of the song after its seed, as `rnnlab generate` would write without an option."""
    trainer, sampler = sampling(
        "training.samples={every_epochs: 1}", "generation={seed: the, length: 9, temperature: 0}"
    )
    sampler.on_epoch_end(0, {"loss": 2.5})

    (expected,) = write_samples(trainer.current_model(), trainer.experiment.generation).samples
    assert len(expected.sequence) == 9
    assert sampler.text == f"=== epoch 1, step 5, training loss 2.5, random seed 1 ===\n\n{expected.text}\n\n"


def test_sampling_leaves_training_untouched() -> None:
    """The same losses and weights, to the last bit, with dropout and a state that runs on."""

    def trained(*, samples: bool) -> tuple[np.ndarray, dict[str, np.ndarray]]:
        (trainer, sampler), history = sampling(), LossHistory()
        callbacks = [history, sampler] if samples else [history]
        TrainingLoop(trainer, callbacks).run()
        assert sampler.text.count("=== epoch") == int(samples)
        return history.batch_losses, trainer.program.weights()

    losses, weights = trained(samples=False)
    others, other_weights = trained(samples=True)

    assert (losses == others).all()
    assert all((weights[name] == other_weights[name]).all() for name in weights)


def test_what_was_written_is_remembered_and_is_new_once() -> None:
    """To the character."""
    (_, sampler), (_, again) = sampling(), sampling()
    sampler.on_epoch_end(1, FIGURES)
    sampler.text += "ü\n"

    again.restore(*sampler.snapshot())

    assert again.text == sampler.text
    assert (again.take_new(), again.take_new()) == (True, False)


def test_weights_that_have_diverged_write_why_they_write_nothing() -> None:
    """Training says so itself, with its next step."""
    trainer, sampler = sampling()
    trainer.network.set_weights([np.full_like(array, np.nan) for array in trainer.network.get_weights()])

    sampler.on_epoch_end(1, FIGURES)

    assert "(the model's logits are not numbers: " in sampler.text


def test_a_seed_that_the_vocabulary_lacks_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before there is a run folder."""
    monkeypatch.chdir(tmp_path)
    wanted = experiment(STREAM, SAMPLES, "training.samples.seed=The")

    with pytest.raises(
        ConfigError, match=r"training.samples.seed: seed:1:1: character 'T' is not in the voc"
    ):
        Session(load_data(wanted), name="test")
    assert not Path("runs").exists()
