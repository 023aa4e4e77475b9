"""The lectures' experiments by the command line, with the results that they must give."""

import json
from pathlib import Path
from typing import Any

import pytest

from rnnlab.commands import run
from tests.lectures import bring_run, copy_inputs

SHIP = (
    "if you want to build a ship, don't drum up people together to collect wood and don't assign them tasks"
    " and work, but rather teach them to long for the endless immensity of the sea."
)


@pytest.fixture
def results(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path_factory: pytest.TempPathFactory,
) -> Any:
    """A function that trains a config and gives what `evaluate --json` says of it."""
    copy_inputs(tmp_path)
    monkeypatch.chdir(tmp_path)

    def train_and_evaluate(name: str, epochs: int | None = None) -> dict[str, Any]:
        bring_run(name, tmp_path, tmp_path_factory, epochs)
        capsys.readouterr()
        assert run(["evaluate", "--json"]) == 0
        result: dict[str, Any] = json.loads(capsys.readouterr().out)
        return result

    return train_and_evaluate


@pytest.mark.parametrize("name", ["nabiya_stateful_lstm", "nabiya_stateful_lstm_pitch_duration"])
def test_e1_a_carried_state_plays_the_whole_song(results: Any, name: str) -> None:
    """Every note one step at a time, and all fifty when the model hears only itself."""
    result = results(name)

    assert result["accuracy"] == 1.0
    assert result["loss"] < 1e-3
    assert result["free_running"]["exact"] is True
    assert result["free_running"]["correct"] == result["free_running"]["length"] == 50


@pytest.mark.parametrize(("name", "least"), [("nabiya_mlp", 0.92), ("nabiya_lstm", 0.86)])
def test_e1_four_notes_alone_are_not_enough(results: Any, name: str, least: float) -> None:
    """Without a state 46 of 50 is the most there is, and the song goes wrong at the fourth note played."""
    result = results(name)

    assert result["accuracy_ceiling"] == {"correct": 46, "total": 50, "accuracy": 0.92}
    assert least <= result["accuracy"] <= 0.92
    assert result["free_running"]["exact"] is False
    assert result["free_running"]["first_divergence"] == 4


@pytest.mark.parametrize(
    ("name", "low", "high"), [("hihello_lstm", 0, 2e-5), ("hihello_lstm_headless", 0.55, 0.62)]
)
def test_e3_says_ihello_with_a_head_and_without(results: Any, name: str, low: float, high: float) -> None:
    """Outputs within (−1, 1) cannot bring the loss below log(1 + 4e⁻²); the word is right all the same."""
    result = results(name)

    assert result["reconstruction"] == "ihello"
    assert low < result["loss"] < high


def test_e4_has_the_text_within_fifty_steps(results: Any) -> None:
    """Exact, with a loss below 2e-3 at step 50."""
    result = results("ifyou_lstm")

    assert result["reconstruction"] == "if you want you"
    assert result["loss"] < 2e-3


def test_e5_puts_the_ship_sentence_together_again(results: Any) -> None:
    """179 characters, right from the second on: after a lone "i" the model cannot know."""
    result = results("ship_stacked_lstm")

    assert 0.228 <= result["loss"] <= 0.230
    assert len(result["reconstruction"]) == 179
    assert result["reconstruction"][1:] == SHIP[2:]


@pytest.mark.parametrize("name", ["nabiya_stateful_gru", "nabiya_stateful_coupled_lstm"])
def test_e7_other_cells_learn_the_song_too(results: Any, name: str) -> None:
    """The song does not need an LSTM, and less than a third of the epochs of the configuration is enough."""
    result = results(name, epochs=600)

    assert result["accuracy"] == 1.0
    assert result["free_running"]["exact"] is True


def test_a_text_of_the_users_own_is_learnt_as_a_stream(results: Any, tmp_path: Path) -> None:
    """The loss of the held-out part falls far below that of a uniform guess, and the model writes."""
    results("text_lstm")
    history = (tmp_path / "runs" / "latest" / "history.csv").read_text().splitlines()
    losses = [float(row.split(",")[1]) for row in history[1:]]

    assert losses[-1] < 0.3 * losses[0]
    assert run(["generate", "--seed", "The ", "--length", "80"]) == 0
