"""Two processes that train one network: what they compute, and what happens if one of them ends.

Starting TensorFlow and compiling take most of the time. So one pair of processes trains everything, and one
of them is killed in the end.
"""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from rnnlab.api.run import Run
from rnnlab.api.training import load_config, resume, train
from rnnlab.runs.folder import RunFolder
from rnnlab.runs.history import History
from rnnlab.training.checkpoints import newest_checkpoint
from tests.distributed_worker import EXPERIMENTS, INTERRUPTED_STEP
from tests.needs import needs

pytestmark = needs("Unix")

ROOT = Path(__file__).parents[3]


@dataclass(frozen=True)
class Ended:
    """What two workers have left.

    Attributes:
        folder: their working folder.
        code: exit code of worker 1, after worker 0 was killed.
        stderr: what worker 1 has printed.
        seconds: from the kill to the end of worker 1.
    """

    folder: Path
    code: int
    stderr: str
    seconds: float


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Ended:
    """Two workers that have trained what `tests/distributed_worker.py` says; then the chief was killed."""
    folder = tmp_path_factory.mktemp("workers")
    held = [socket.create_server(("127.0.0.1", 0)) for _ in range(2)]
    addresses = [f"127.0.0.1:{each.getsockname()[1]}" for each in held]
    for each in held:
        each.close()
    workers = [_worker(folder, addresses, rank) for rank in range(2)]
    try:
        while all(each.poll() is None for each in workers) and not any(
            (folder / "endless" / "checkpoints").glob("step-*.safetensors")
        ):
            time.sleep(0.05)
        workers[0].send_signal(signal.SIGKILL)
        begun = time.monotonic()
        _, stderr = workers[1].communicate(timeout=60)
        seconds = time.monotonic() - begun
    finally:
        for each in workers:
            each.kill()
            each.communicate()
    return Ended(folder, workers[1].returncode, stderr, seconds)


def _worker(folder: Path, addresses: Sequence[str], rank: int) -> "subprocess.Popen[str]":
    config = {"cluster": {"worker": list(addresses)}, "task": {"type": "worker", "index": rank}}
    return subprocess.Popen(
        [sys.executable, "-m", "tests.distributed_worker"],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), "TF_CONFIG": json.dumps(config)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Run]:
    """The same experiments, each trained by this process."""
    folder = tmp_path_factory.mktemp("alone")
    return {name: train(load_config(text), run_dir=folder / name) for name, text in EXPERIMENTS.items()}


def test_a_killed_worker_ends_the_other(both: Ended) -> None:
    """Within 30 s, with one line that says which worker it was and how to resume; the saves are kept."""
    assert both.code == 1, both.stderr
    (line,) = both.stderr.splitlines()
    assert line.startswith("worker 0 (127.0.0.1:")
    assert ") was lost: it was killed or cannot be reached; all up to step " in line
    assert line.endswith("; to go on, start every worker again with: rnnlab train --resume endless")
    assert both.seconds < 30
    assert newest_checkpoint(both.folder / "endless")[0] is not None


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_two_workers_take_the_steps_of_one(name: str, both: Ended, alone: dict[str, Run]) -> None:
    """The losses of 100 steps are equal to 1e-5: only the order of the sums differs."""
    expected, found = alone[name].history, Run(RunFolder(both.folder / name)).history

    assert len(expected.steps.loss) >= 100
    assert_close(expected, found)


def assert_close(expected: History, found: History) -> None:
    """The losses of each step and of each epoch are equal to 1e-5."""
    for name in ("loss", "validation_loss"):
        one, other = getattr(expected, name), getattr(found, name)
        np.testing.assert_allclose(other, one, rtol=0, atol=1e-5, err_msg=name)
    np.testing.assert_allclose(found.steps.loss, expected.steps.loss, rtol=0, atol=1e-5)


def test_two_devices_take_the_steps_of_one(both: Ended, alone: dict[str, Run]) -> None:
    """The strategy `mirrored`, with examples: each device has a copy of them."""
    assert_close(alone["label"].history, Run(RunFolder(both.folder / "mirrored")).history)


def test_a_checkpoint_has_the_lanes_of_both_workers(both: Ended, alone: dict[str, Run]) -> None:
    """It has the arrays of one process: weights, optimizer, and the state of all five lanes."""
    expected, _ = newest_checkpoint(alone["stream"].path)
    found, _ = newest_checkpoint(both.folder / "stream")

    assert expected
    assert found
    assert found.arrays.keys() == expected.arrays.keys()
    for name, array in expected.part("program").items():
        np.testing.assert_allclose(found.part("program")[name], array, atol=1e-4, err_msg=name)
    assert found.arrays["program/state/0"].shape == (8, 5)
    assert found.arrays["program/state/0"].all()


def test_a_signal_to_one_worker_ends_both_after_the_same_step(both: Ended) -> None:
    """Both end with the exit code of the signal, and the chief has saved the step."""
    results = [json.loads((both.folder / f"worker-{rank}.json").read_text()) for rank in range(2)]
    events = (both.folder / "interrupted" / "events.log").read_text()

    assert results == [{"code": 143, "steps": INTERRUPTED_STEP - 1}] * 2
    assert f"training is resumed after step {INTERRUPTED_STEP}" in events


def test_resuming_gives_the_bits_of_a_training_without_a_break(both: Ended) -> None:
    """On two workers, from the checkpoint that the chief alone has; the other one writes nothing."""
    whole, _ = newest_checkpoint(both.folder / "stream")
    resumed, _ = newest_checkpoint(both.folder / "interrupted")

    assert whole
    assert resumed
    assert whole.facts.step == resumed.facts.step
    for part in ("program", "best_validation"):
        for name, array in whole.part(part).items():
            np.testing.assert_array_equal(resumed.part(part)[name], array, err_msg=name)
    assert contents(both.folder / "interrupted/snapshots") == contents(both.folder / "stream/snapshots")
    assert not (both.folder / "unused").exists()


def contents(folder: Path) -> dict[str, bytes]:
    """The bytes of each file of a folder, of which there are three."""
    found = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert len(found) == 3
    return found


def test_one_worker_may_go_on_where_two_stopped(both: Ended) -> None:
    """It says that the number of workers has changed, since results differ in rounding."""
    notes: list[str] = []

    run = resume(both.folder / "stream", set={"training.epochs": 35}, tell=notes.append)

    assert len(run.history.loss) == 35
    assert notes[-1] == "going on after step 102"
    assert "so results may differ in rounding: " in notes[-2]
    assert notes[-2].endswith("workers 2 → 1")
