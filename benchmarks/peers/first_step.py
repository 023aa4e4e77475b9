"""Read a text and take one training step: `python -m benchmarks.peers.first_step TEXT`.

Prints JSON: seconds since the start of the process, and its peak memory in bytes.
"""

import json
import os
import resource
import sys
import time
from pathlib import Path

from rnnlab.config.reading import parse_experiment
from rnnlab.datasets.loading import load_data

CONFIG = """
dataset: {{kind: text, path: {path}, window: 64, target: shifted, split: {{kind: contiguous}}}}
model: {{kind: lstm, units: 256}}
training: {{batching: stream, batch_size: 32, epochs: 1}}
"""


def seconds_since_start() -> float:
    """Return the seconds since the start of this process, as Linux counts them."""
    ticks = int(Path("/proc/self/stat").read_text(encoding="ascii").rpartition(")")[2].split()[19])
    return time.clock_gettime(time.CLOCK_BOOTTIME) - ticks / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    page = CONFIG.format(path=json.dumps(str(Path(sys.argv[1]).resolve())))
    experiment = parse_experiment(page, name="case", folder=Path())
    data = load_data(experiment)

    from rnnlab.training.chunks import ChunkPlanner
    from rnnlab.training.token_problem import TokenProblem
    from rnnlab.training.trainer import Trainer

    trainer = Trainer(TokenProblem(data.experiment, data.corpus, data.splits))
    chunk, _ = ChunkPlanner(trainer.batches, epochs=1).take(1, stop_after=0)
    trainer.run_chunk(chunk, 0)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    print(json.dumps({"seconds": seconds_since_start(), "memory": memory}))
