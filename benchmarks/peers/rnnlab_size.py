"""Speed and peak memory of rnnlab's program (Linux): `-m benchmarks.peers.rnnlab_size CASE SECONDS`."""

import json
import resource
import sys
import time

from benchmarks.cases import case_from
from benchmarks.peers.rnnlab_program import Program


def main() -> None:
    """Print tokens per second and the peak memory in bytes, as one object of JSON."""
    program, seconds = Program(case_from(sys.argv[1])), float(sys.argv[2])
    program.chunk()
    until = time.perf_counter() + seconds / 3
    while time.perf_counter() < until:
        program.chunk()
    begun, tokens = time.perf_counter(), 0
    while time.perf_counter() - begun < seconds:
        tokens += program.chunk()
    rate = tokens / (time.perf_counter() - begun)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    print(json.dumps({"rate": rate, "memory": memory}))


if __name__ == "__main__":
    main()
