"""Training on a GPU: the speed next to PyTorch's layers on cuDNN, and the losses next to those on the CPU.

Run `python -m benchmarks.gpu [--repeats N] [--only TEXT] [--torch PYTHON] [--json]` on a machine with a GPU
and a TensorFlow for it, `pip install 'tensorflow[and-cuda]==2.21.*'`. Both programs of a case stay alive and
take turns. The seconds of compiling are not in the rates; they have a column of their own.
So far, nobody has run this benchmark on a GPU.
"""

import math
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from statistics import median
from typing import Any

import click

from benchmarks.cases import Case
from benchmarks.report import Column, Report, json_option, repeats_option
from benchmarks.workers import Worker, WorkerError

CHECKED = (Case("lstm", 2, 512, 64, 64), Case("gru", 2, 512, 64, 64))
"""The cases whose losses on the GPU are compared with those on the CPU."""

CASES = (
    Case("lstm", 1, 512, 64, 64),
    Case("lstm", 1, 128, 64, 64),
    Case("lstm", 2, 512, 64, 64),
    Case("lstm", 3, 512, 256, 128),
    Case("gru", 1, 512, 64, 64),
    Case("gru", 2, 512, 256, 128),
    Case("lstm", 1, 512, 256, 64),
    Case("lstm", 2, 512, 256, 128),
)
"""The cases that are timed; the first is also timed with two processes on the same GPU."""

STEPS = 100
LARGEST_DIFFERENCE = 1e-3
"""Largest difference of a loss on the GPU from the loss of the same step on the CPU, nats per token."""

MOST_SLOWER = 1.3
"""An LSTM or GRU that is slower than PyTorch's by a larger factor should use TensorFlow's cuDNN kernel."""

START = 150.0
"""Seconds in which a program must have taken its first step, or all steps whose losses are compared."""

COLUMNS = (
    Column("pytorch", "k tok/s", 1e-3),
    Column("rnnlab", "k tok/s", 1e-3),
    Column("× pytorch", "", 1.0, 2),
    Column("first step", "s, pytorch"),
    Column("compile", "s, rnnlab"),
    Column("memory", "MB, pytorch", 1e-6, 0),
    Column("memory ", "MB, rnnlab", 1e-6, 0),
    # The rates are those with TF32, TensorFlow's default for matrix products on a GPU.
    Column("TF32", "loss diff.", 1.0, 6),
    Column("float32", "loss diff.", 1.0, 6),
)

NO_GPU = "TensorFlow sees no GPU here, so nothing was measured; --cpu tries this benchmark on the CPU."
ON_CPU = "A trial on the CPU: no figure, and no loss 'on the GPU', was measured on a GPU"
"""The title of the table with `--cpu`."""


@dataclass(frozen=True)
class Programs:
    """How the programs are started.

    Attributes:
        torch: the Python interpreter that has PyTorch.
        on_cpu: whether the GPU is hidden from all programs.
    """

    torch: str
    on_cpu: bool

    def facts(self, peer: str) -> dict[str, Any]:
        """Return what `gpu_rnnlab` or `gpu_pytorch` computes on."""
        with self._started(peer, peer) as worker:
            return worker.read(within=START)

    def timed(self, peer: str, case: Case) -> Worker:
        """Return a program that measures its speed when it is asked."""
        return self._started(f"{case.name}, {peer}", peer, case.to_json())

    def losses(self, case: Case, *, on_cpu: bool, tf32: bool) -> Worker:
        """Return a program that answers with the losses of the first steps."""
        arguments = [case.to_json(), str(STEPS), "yes" if tf32 else "no"]
        return self._started(f"{case.name}, losses", "gpu_rnnlab", *arguments, on_cpu=on_cpu)

    def _started(self, name: str, peer: str, *arguments: str, on_cpu: bool = False) -> Worker:
        hidden = {"CUDA_VISIBLE_DEVICES": "-1"} if on_cpu or self.on_cpu else {}
        python = self.torch if peer == "gpu_pytorch" else sys.executable
        command = ["-m", f"benchmarks.peers.{peer}", *arguments]
        return Worker(name, command, python=python, environment=hidden)


@click.command()
@click.option(
    "--seconds", type=click.FloatRange(0.1, 600), default=2.0, show_default=True, help="Of each figure."
)
@repeats_option
@click.option("--only", default="", help="Only the cases whose name contains this text.")
@click.option("--torch", default=sys.executable, help="A Python that has PyTorch, if this one does not.")
@click.option(
    "--minutes",
    type=click.FloatRange(1, 600),
    default=7.5,
    show_default=True,
    help="No case is begun that would probably end later.",
)
@click.option("--cpu", is_flag=True, help="Use the CPU in place of the GPU, to try this benchmark.")
@json_option
def main(
    seconds: float, repeats: int, only: str, torch: str, minutes: float, cpu: bool, as_json: bool
) -> None:
    """Compare the losses on the GPU with those on the CPU; time each case in turns with PyTorch."""
    clock, programs = Clock(minutes * 60), Programs(torch, cpu)
    report = Report(ON_CPU if cpu else "Training on a GPU, tokens per second", COLUMNS, repeats)
    try:
        peers = present_peers(programs, report)
    except WorkerError as error:
        raise click.ClickException(str(error)) from error
    if not peers:
        raise click.ClickException(NO_GPU)
    for case in CHECKED:
        if only in case.name and clock.has_time(report, f"{case.name}, losses"):
            add_losses(report, programs, case)
    for case in CASES:
        if only in case.name and clock.has_time(report, case.name):
            add_rates(report, programs, case, peers=peers, seconds=seconds, repeats=repeats)
    report.show(as_json=as_json)


def present_peers(programs: Programs, report: Report) -> list[str]:
    """Return the programs that can be timed; none without a GPU, unless all are to use the CPU.

    The report says what they compute on.
    """
    ours = programs.facts("gpu_rnnlab")
    if not (ours["gpu"] or programs.on_cpu):
        return []
    growth = "grows with the need" if ours["memory_growth"] else "is reserved at once"
    report.note(f"rnnlab computes on: {ours['device']}" + (f"; GPU memory {growth}." if ours["gpu"] else "."))
    try:
        torch = programs.facts("gpu_pytorch")
    except WorkerError as error:
        report.note(f"{error}; its columns are empty (--torch PYTHON names another interpreter).")
        return ["gpu_rnnlab"]
    report.note(f"PyTorch: {torch['versions']}" + ("." if torch["gpu"] else "; it sees no GPU."))
    return ["gpu_pytorch", "gpu_rnnlab"] if torch["gpu"] or programs.on_cpu else ["gpu_rnnlab"]


class Clock:
    """Tells whether there is time for another row, if it takes as long as the slowest row so far.

    Args:
        seconds: the time for all rows.
    """

    def __init__(self, seconds: float) -> None:
        self._begun = self._last = time.monotonic()
        self._seconds, self._slowest = seconds, 0.0

    def has_time(self, report: Report, name: str) -> bool:
        """Return whether a row may begin; if not, the report says that it is left out."""
        now = time.monotonic()
        self._slowest, self._last = max(self._slowest, now - self._last), now
        fits = now + self._slowest <= self._begun + self._seconds
        print(f"{now - self._begun:.0f} s: {name}" if fits else f"no time for {name}", file=sys.stderr)
        if not fits:
            report.note(f"{name}: left out, no time.")
        return fits


def add_losses(report: Report, programs: Programs, case: Case) -> None:
    """Add a row with the largest difference of the losses of the first steps on the GPU from the CPU's."""
    with noted_errors(report), ExitStack() as stack:
        cpu, *gpu = (
            stack.enter_context(programs.losses(case, on_cpu=on_cpu, tf32=tf32))
            for on_cpu, tf32 in ((True, False), (False, True), (False, False))
        )
        expected = cpu.read(within=START)["losses"]
        largest = [difference(worker.read(within=START)["losses"], expected) for worker in gpu]
        report.add(f"{case.name}, losses", *[None] * 7, *largest)
        for name, figure in zip(("TF32", "float32"), largest, strict=True):
            is_close = "at most" if figure <= LARGEST_DIFFERENCE else "MORE than"
            report.note(
                f"{case.name}, {name}: {len(expected)} steps, from {expected[0]:.3f} to {expected[-1]:.3f}"
                f" nats; the losses of GPU and CPU differ by {is_close} {LARGEST_DIFFERENCE:g}."
            )


def difference(losses: list[float], others: list[float]) -> float:
    """Return the largest difference of two losses of the same step; infinite if one is not a number."""
    differences = [abs(a - b) for a, b in zip(losses, others, strict=True)]
    return math.inf if any(map(math.isnan, differences)) else max(differences)


@dataclass
class Measurements:
    """The measurements of a program.

    Attributes:
        first_step: seconds of the first step; rnnlab compiles its program in it. None before it.
        rates: tokens per second of each measurement.
        memory: largest GPU memory of the process, bytes; None on a CPU.
    """

    first_step: float | None = None
    rates: list[float] = field(default_factory=list)
    memory: float | None = None

    def add(self, answer: dict[str, Any]) -> None:
        """Add an answer of the program."""
        self.rates.append(answer["rate"])
        self.memory = answer["memory"] or None

    @property
    def rate(self) -> float | None:
        """The median of the rates; None if there is none."""
        return median(self.rates) if self.rates else None


def add_rates(
    report: Report, programs: Programs, case: Case, *, peers: Sequence[str], seconds: float, repeats: int
) -> None:
    """Add a row with the speed of the programs, which take turns; the first case has a second row.

    Args:
        report: the table.
        programs: starts the programs.
        case: the network and its batches.
        peers: the programs, `gpu_pytorch` if it is there and `gpu_rnnlab`.
        seconds: duration of each measurement.
        repeats: number of measurements of each program.
    """
    with ExitStack() as stack:
        workers = {peer: stack.enter_context(programs.timed(peer, case)) for peer in peers}
        found = measured_in_turns(report, workers, seconds=seconds, repeats=repeats)
        torch, ours = (found.get(peer, Measurements()) for peer in ("gpu_pytorch", "gpu_rnnlab"))
        ratio = ours.rate / torch.rate if torch.rate and ours.rate else None
        firsts, memories = (torch.first_step, ours.first_step), (torch.memory, ours.memory)
        report.add(case.name, torch.rate, ours.rate, ratio, *firsts, *memories, None, None)
        if ratio and ratio * MOST_SLOWER < 1:
            report.note(f"{case.name}: PyTorch is {1 / ratio:.2f} × as fast, more than {MOST_SLOWER}.")
        if case == CASES[0] and ours.rate:
            second = stack.enter_context(programs.timed("gpu_rnnlab", case))
            both = (workers["gpu_rnnlab"], second)
            add_two_at_once(report, case, both, alone=ours.rate, seconds=seconds, repeats=repeats)


def measured_in_turns(
    report: Report, workers: dict[str, Worker], *, seconds: float, repeats: int
) -> dict[str, Measurements]:
    """Return the measurements of each program that answered; the report says what failed."""
    found: dict[str, Measurements] = {}
    for peer, worker in workers.items():
        with noted_errors(report):
            found[peer] = Measurements(worker.read(within=START)["first_step"])
    running = list(found)
    for _ in range(repeats):
        for peer in list(running):
            running.remove(peer)
            with noted_errors(report):
                workers[peer].ask(seconds)
                found[peer].add(workers[peer].read(within=START + 2 * seconds))
                running.append(peer)
    return found


def add_two_at_once(
    report: Report,
    case: Case,
    workers: tuple[Worker, Worker],
    *,
    alone: float,
    seconds: float,
    repeats: int,
) -> None:
    """Add a row with the speed of two processes of rnnlab together that use the same GPU at the same time.

    Args:
        report: the table.
        case: the network and its batches.
        workers: the two processes; the first has taken its first step.
        alone: tokens per second of one process.
        seconds: duration of each measurement.
        repeats: number of measurements.
    """
    with noted_errors(report):
        both = Measurements(workers[1].read(within=START)["first_step"])
        for _ in range(repeats):
            for worker in workers:
                worker.ask(seconds)
            answers = [worker.read(within=START + 2 * seconds) for worker in workers]
            both.add({key: sum(answer[key] for answer in answers) for key in ("rate", "memory")})
        name = f"{case.name}, two at once"
        report.add(name, None, both.rate, None, None, both.first_step, None, both.memory, None, None)
        report.note(f"{name}: {(both.rate or 0) / alone:.2f} × the tokens per second of one process.")


@contextmanager
def noted_errors(report: Report) -> Iterator[None]:
    """Write the error of a program into the report, and go on after the `with` block."""
    try:
        yield
    except WorkerError as error:
        report.note(f"{error}.")


if __name__ == "__main__":
    main()
