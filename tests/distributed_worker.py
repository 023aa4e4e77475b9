"""A worker of the tests: it trains several experiments one after the other, and says how each has ended.

`python -m tests.distributed_worker`; TF_CONFIG says which worker it is, and both workers have the same
working folder. Worker 1 sends itself SIGTERM in one of the trainings. Worker 0 trains one alone, on two
logical devices. The last training has no end.
"""

import json
import os
import signal
import sys
from itertools import count
from pathlib import Path

import rnnlab
from rnnlab.__main__ import main as command_line
from rnnlab.engines.tensorflow.start import tf
from rnnlab.errors import Interrupted
from rnnlab.runs.progress import Progress
from rnnlab.training import chunks
from tests.experiments import SONG
from tests.task_experiments import LABEL

STREAM = """
dataset:
  kind: text
  inline: "the quick brown fox jumps over the lazy dog and the quick brown dog over the lazy fox, and again"
  window: 5
  split: {kind: contiguous, validation: 0.2}
model: {kind: simple_rnn, units: 8}
training:
  batch_size: 5
  epochs: 34
  snapshots: 3
  optimizer: {name: sgd, learning_rate: 0.1}
"""
"""Three steps an epoch; five lanes, of which worker 0 has three and worker 1 two."""

WINDOWS = SONG.replace("batch_size: 1", "batch_size: 4").replace("epochs: 3", "epochs: 34")
WINDOWS = WINDOWS.replace("kind: lstm, units: 16", "kind: simple_rnn, units: 8")
WINDOWS = WINDOWS.replace("learning_rate: 0.01", "learning_rate: 0.001")
LABELS = LABEL.replace("epochs: 3", "epochs: 34").replace(
    "  split: {kind: stratified, validation: 0.2}\n", ""
)
LABELS = LABELS.replace("kind: lstm, units: 6, bidirectional: true", "kind: simple_rnn, units: 8")
EXPERIMENTS = {"stream": STREAM, "windows": WINDOWS, "label": LABELS}
DISTRIBUTED = "training.distribute={strategy: multi_worker, wait_seconds: 60}"

MIRRORED = "training.distribute={strategy: mirrored}"

INTERRUPTED_STEP = 41


def main() -> None:
    """Train each experiment; the stream again, interrupted and resumed; and then without an end."""
    chunks.FASTEST_GROWTH = 1  # a chunk for each step, so that the signal comes after a certain one
    rank = json.loads(os.environ["TF_CONFIG"])["task"]["index"]
    (processor,) = tf.config.list_physical_devices("CPU")
    tf.config.set_logical_device_configuration(processor, [tf.config.LogicalDeviceConfiguration()] * 2)
    for name, text in EXPERIMENTS.items():
        rnnlab.train(rnnlab.load_config(text, DISTRIBUTED), run_dir=name)

    wanted, steps, code = rnnlab.load_config(STREAM, DISTRIBUTED), count(2), 0

    def stop(_: Progress) -> None:
        if next(steps) == INTERRUPTED_STEP and rank == 1:
            os.kill(os.getpid(), signal.SIGTERM)

    try:
        rnnlab.train(wanted, run_dir="interrupted", progress=stop)
    except Interrupted as interrupted:
        code = interrupted.exit_code
    # A worker that is not the chief need not have the run folder: it gets the checkpoint from the chief.
    if rank == 0:
        rnnlab.resume("interrupted")
        rnnlab.train(rnnlab.load_config(LABELS, MIRRORED), run_dir="mirrored")
    else:
        rnnlab.train(wanted, run_dir="unused")
    result = {"code": code, "steps": next(steps) - 2}
    Path(f"worker-{rank}.json").write_text(json.dumps(result), encoding="utf-8")

    Path("stream.yaml").write_text(STREAM, encoding="utf-8")
    settings = [DISTRIBUTED, "training.epochs=1000000", "training.checkpoint.every_seconds=0.1"]
    sets = [word for setting in settings for word in ("--set", setting)]
    sys.argv = ["rnnlab", "train", "stream.yaml", "--run-dir", "endless", "--quiet", *sets]
    command_line()


if __name__ == "__main__":
    main()
