"""The benchmark of training on a GPU, with stand-ins for its programs, and its programs on the CPU."""

import io
import json
import math
from types import MappingProxyType

import numpy as np
import pytest
from click.testing import CliRunner

from benchmarks import gpu
from benchmarks.cases import VOCABULARY, Case
from benchmarks.peers.gpu_text import text_ids
from benchmarks.workers import Worker, WorkerError, serve
from tests.needs import needs

TINY = Case("lstm", 1, 4, 2, 3)

SERVING = """
import json, sys
print(json.dumps({"first_step": FIRST}), flush=True)
for number, line in enumerate(sys.stdin):
    if number == ENDS_AT:
        sys.exit("out of memory")
    print(json.dumps({"rate": RATE * (number + 1), "memory": MEMORY}), flush=True)
"""
LOSING = """
import json
print(json.dumps({"losses": LOSSES}))
"""


def serving(rate, *, first=1.0, memory=0.0, ends_at=-1):
    """A program whose n-th measurement is n times a rate; with `ends_at`, it fails at that measurement."""
    script = f"RATE, FIRST, MEMORY, ENDS_AT = {rate}, {first}, {memory}, {ends_at}\n{SERVING}"
    return Worker("the program", ["-c", script])


class Programs:
    """Stand-ins: 2, 4 and 6 thousand tokens per second of PyTorch, 1, 2 and 3 of rnnlab."""

    facts_of = MappingProxyType(
        {
            "gpu_rnnlab": {"gpu": True, "device": "Pretended 1", "memory_growth": True},
            "gpu_pytorch": {"gpu": True, "versions": "PyTorch 1"},
        }
    )
    losses_on_gpu = (3.0, 2.0005)

    def __init__(self, torch, on_cpu):
        self.on_cpu = on_cpu

    def facts(self, peer):
        facts = self.facts_of[peer]
        if isinstance(facts, WorkerError):
            raise facts
        return facts

    def timed(self, peer, case):
        if peer == "gpu_pytorch":
            return serving(2000.0, first=0.5, memory=1e6)
        return serving(1000.0, first=9.0, memory=3e6)

    def losses(self, case, *, on_cpu, tf32):
        losses = [3.0, 2.0] if on_cpu or not tf32 else list(self.losses_on_gpu)
        return Worker("losses", ["-c", f"LOSSES = {losses}\n{LOSING}"])


@pytest.fixture
def programs(monkeypatch):
    """Stand-ins for the programs, and two tiny cases; the losses of the first are compared."""
    stand_in = type("StandIn", (Programs,), {})
    monkeypatch.setattr(gpu, "Programs", stand_in)
    monkeypatch.setattr(gpu, "CASES", (TINY, Case("gru", 1, 4, 2, 3)))
    monkeypatch.setattr(gpu, "CHECKED", (TINY,))
    return stand_in


def run(*arguments):
    """What the benchmark prints on stdout, without the progress on stderr, and its exit code."""
    result = CliRunner().invoke(gpu.main, arguments)
    return result.stdout, result.stderr, result.exit_code


def test_the_table_has_the_medians_and_the_largest_difference_of_a_loss(programs):
    """Of each program the median, their ratio, the seconds of the first step, and memory."""
    printed, _, code = run("--json", "--repeats", "3", "--seconds", "0.1")

    report = json.loads(printed)
    losses, lstm, both, gru = report["rows"]
    assert code == 0
    assert losses["case"] == "lstm 1 × 4, 2 × 3, losses"
    assert losses["TF32"] == pytest.approx(0.0005)
    assert losses["float32"] == 0
    assert list(lstm.values()) == ["lstm 1 × 4, 2 × 3", 4000, 2000, 0.5, 0.5, 9, 1e6, 3e6, None, None]
    # The first process has measured three times before, the second never: 4 + 1, 5 + 2 and 6 + 3 thousand.
    assert (both["case"], both["rnnlab"], both["memory "]) == ("lstm 1 × 4, 2 × 3, two at once", 7000, 6e6)
    assert gru["× pytorch"] == 0.5
    assert "Pretended 1; GPU memory grows with the need." in report["notes"][0]
    assert "differ by at most 0.001" in report["notes"][2]
    assert report["notes"][4] == "lstm 1 × 4, 2 × 3: PyTorch is 2.00 × as fast, more than 1.3."


def test_a_loss_that_differs_too_much_is_said_so(programs):
    """The limit is 1e-3 nats."""
    programs.losses_on_gpu = (3.0, 2.002)

    printed, _, _ = run("--repeats", "1", "--seconds", "0.1")

    assert "TF32: 2 steps, from 3.000 to 2.000 nats; the losses of GPU and CPU differ by MORE than" in printed


def test_a_loss_that_is_not_a_number_differs_infinitely():
    """`max` of NaN and a number depends on their order."""
    assert gpu.difference([1.0, math.nan], [1.0, 1.0]) == math.inf
    assert gpu.difference([math.nan, 1.0], [1.0, 1.0]) == math.inf


def test_without_a_gpu_one_line_says_so(programs):
    """Nothing is measured, unless `--cpu` is given."""
    programs.facts_of = {
        **Programs.facts_of,
        "gpu_rnnlab": {"gpu": False, "device": "", "memory_growth": False},
    }

    printed, errors, code = run()

    assert (printed, errors.count("\n"), code) == ("", 1, 1)
    assert "no GPU" in errors
    printed, _, code = run("--cpu", "--repeats", "1", "--seconds", "0.1")
    assert (printed.splitlines()[0], code) == (gpu.ON_CPU, 0)


def test_without_pytorch_its_columns_are_empty(programs):
    """The line of the table tells which interpreter to name."""
    programs.facts_of = {**Programs.facts_of, "gpu_pytorch": WorkerError("No module named 'torch'")}

    printed, _, code = run("--json", "--repeats", "1", "--seconds", "0.1")

    report = json.loads(printed)
    assert code == 0
    assert [row["pytorch"] for row in report["rows"]] == [None] * 4
    assert "--torch PYTHON" in report["notes"][1]


def test_a_program_that_fails_leaves_its_cells_empty(programs, monkeypatch):
    """The table has all other figures, and the last line of the program's stderr."""
    monkeypatch.setattr(
        programs, "timed", lambda self, peer, case: serving(1000.0, ends_at=0 if peer == "gpu_rnnlab" else -1)
    )

    printed, _, code = run("--json", "--repeats", "2", "--seconds", "0.1", "--only", "gru")

    report = json.loads(printed)
    assert code == 0
    assert [(row["pytorch"], row["rnnlab"]) for row in report["rows"]] == [(1500, None)]
    assert report["notes"][-1] == "the program ended with exit code 1: out of memory."


def test_what_there_is_no_time_for_is_left_out(monkeypatch):
    """A row begins only if there is time for one as slow as the slowest so far."""
    times = iter([0.0, 0.0, 50.0, 60.0])
    monkeypatch.setattr(gpu.time, "monotonic", lambda: next(times))
    report = gpu.Report("", (), 1)
    clock = gpu.Clock(100)

    assert [clock.has_time(report, name) for name in ("a", "b", "c")] == [True, True, False]
    assert report.notes == ["c: left out, no time."]


@needs("Unix")
def test_a_program_that_does_not_answer_is_killed():
    """Its measurement is an error, and not a wait without end."""
    with (
        Worker("the program", ["-c", "import time; time.sleep(60)"]) as worker,
        pytest.raises(WorkerError, match="the program ended with exit code -9"),
    ):
        worker.read(within=0.2)


def test_an_answer_that_is_not_json_is_an_error():
    """The message has the line that the program printed."""
    with (
        Worker("the program", ["-c", "print('a warning')"]) as worker,
        pytest.raises(WorkerError, match="the program printed 'a warning'"),
    ):
        worker.read(within=60)


@pytest.mark.parametrize("tokens", [1, 600, 5000])
def test_the_text_has_whole_batches_only(tokens):
    """The number of targets is a multiple of N·T, at least N·T, and the text is always the same."""
    ids = text_ids(TINY, tokens=tokens)

    assert (len(ids) - 1) % TINY.tokens == 0
    assert len(ids) > TINY.tokens
    assert ids.max() < VOCABULARY
    assert np.array_equal(ids, text_ids(TINY, tokens=tokens))


def test_rnnlab_reads_the_text_as_it_is():
    """A letter's token id is its number in the vocabulary, so that both programs read the same ids."""
    from benchmarks.peers.gpu_rnnlab import Program

    program = Program(TINY, tokens=600)

    assert np.array_equal(program.corpus.ids, text_ids(TINY, tokens=600))
    assert program.trainer.batches.steps == 100
    assert program.memory() == 0


def test_the_weights_follow_from_the_case_alone():
    """Neither Keras' initialisers, which may depend on the device, nor the order of the weights matters."""
    from benchmarks.peers.gpu_rnnlab import Program

    first, second = Program(TINY, tokens=600), Program(TINY, tokens=600)
    first.set_weights()
    second.set_weights()

    weights = first.trainer.program.weights()
    assert {name: value.tolist() for name, value in second.trainer.program.weights().items()} == {
        name: value.tolist() for name, value in weights.items()
    }
    assert weights["lstm_1/recurrent_kernel"].std() == pytest.approx(0.5, rel=0.3)


def test_a_program_measures_each_time_it_is_asked(monkeypatch, capsys):
    """It prints the seconds of its first step, and then a rate for each line on stdin."""

    class Program:
        calls = 0

        def call(self):
            self.calls += 1
            return 10.0

        def memory(self):
            return 7.0

    monkeypatch.setattr("sys.stdin", io.StringIO("0.01\n0.02\n"))
    program = Program()

    serve(program)

    first, *measured = map(json.loads, capsys.readouterr().out.splitlines())
    assert list(first) == ["first_step"]
    assert [each["memory"] for each in measured] == [7, 7]
    taken = sum(each["rate"] * seconds for each, seconds in zip(measured, (0.01, 0.02), strict=True))
    assert 0 < taken < 10 * program.calls


@pytest.mark.parametrize("cell", ["lstm", "gru"])
def test_both_programs_train_the_same_network_on_the_same_batches(cell):
    """With equal weights the losses are equal, also after the epoch has ended and its state is forgotten.

    PyTorch's LSTM has a second bias, which is held at 0 here.
    """
    import torch

    from benchmarks.peers import gpu_pytorch, gpu_rnnlab
    from rnnlab.models.network import named_weights

    case = Case(cell, 2, 5, 2, 4)
    ours = gpu_rnnlab.Program(case, tokens=80)
    theirs = gpu_pytorch.Program(case, device="cpu", tokens=80)
    rng = np.random.default_rng(0)
    weights = {
        name: rng.normal(size=each.shape) / 2 for name, each in named_weights(ours.trainer.network).items()
    }
    for name, variable in named_weights(ours.trainer.network).items():
        variable.assign(weights[name])
    with torch.no_grad():
        for name, parameter in theirs.head.named_parameters():
            parameter.copy_(torch.tensor(weights[{"weight": "head/kernel", "bias": "head/bias"}[name]].T))
        for name, parameter in theirs.recurrent.named_parameters():
            value = as_in_keras(weights, name, cell)
            parameter.copy_(torch.tensor(value))
            parameter.requires_grad_(bool(value.any()))

    losses = [float(theirs.step()) for _ in range(15)]

    assert ours.call() == case.tokens  # the first chunk has one step, and its loss is not returned
    assert ours.losses(14) == pytest.approx(losses[1:], abs=1e-4)  # Adam's ε differs


def as_in_keras(weights, name, cell):
    """The weight of rnnlab that a parameter of PyTorch has the name and the shape of."""
    kind, operand, number = name.split("_")  # weight or bias; ih or hh; l0 or l1
    layer = f"{cell}_{int(number[1:]) + 1}"
    if kind == "weight":
        value = weights[f"{layer}/{'kernel' if operand == 'ih' else 'recurrent_kernel'}"].T
    elif cell == "gru":
        value = weights[f"{layer}/bias"][("ih", "hh").index(operand)]
    else:
        value = weights[f"{layer}/bias"] * (operand == "ih")
    if cell == "lstm":  # i f c o in both
        return value
    z, r, h = np.split(value, 3)
    return np.concatenate([r, z, h])
