"""What is written to stderr while TensorFlow is imported and trains."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.needs import needs

NOISE = (
    b"WARNING: All log messages before absl::InitializeLog() is called are written to STDERR\n"
    b"I0000 00:00:1795830741.642511   10078 port.cc:153] oneDNN custom operations are on. You may see\n"
    b"E0000 00:00:1795830694.203922    9468 cuda_platform.cc:52] failed call to cuInit: INTERNAL\n"
)
FATAL = b"F0000 00:00:1795830741.642822   10078 cpu_info.cc:12] compiled to use AVX instructions\n"

PAGE = """
dataset: {kind: text, inline: "the quick brown fox jumps over the lazy dog, and the dog", window: 5}
model: {kind: lstm, units: 4}
training: {batch_size: 2, epochs: 40}
"""


CONFIG = """
class config:
    def list_physical_devices(kind):
        return [f"{kind}:{number}" for number in range(int(os.environ.get("GPUS", 0)))]
    class experimental:
        def set_memory_growth(gpu, enable):
            print(gpu, enable)
            if gpu == os.environ.get("USED"):
                raise RuntimeError("Physical devices cannot be modified after being initialized")
"""


def imported(
    folder: Path, body: str, *, first: str = "", **variables: str
) -> "subprocess.CompletedProcess[bytes]":
    """A process that imports TensorFlow by rnnlab, where `tensorflow` is a module with a body of its own.

    `first` is what the process does before.
    """
    begin = f"import os, sys\nNOISE, FATAL = {NOISE!r}, {FATAL!r}\n{CONFIG}"
    (folder / "tensorflow.py").write_text(f"{begin}\n{body}")
    (folder / "keras.py").write_text("class backend:\n    backend = staticmethod(lambda: 'tensorflow')\n")
    script = f"{first}\nimport rnnlab.engines.tensorflow.start, sys; print('after', file=sys.stderr)"
    search = os.pathsep.join([str(folder), str(Path(__file__).parents[3])])
    environment = {name: value for name, value in os.environ.items() if not name.startswith("TF_FORCE")}
    return subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        check=False,
        env={**environment, "PYTHONPATH": search, **variables},
    )


@needs("Unix")
def test_the_log_of_the_import_is_dropped_and_nothing_else(tmp_path: Path) -> None:
    """Lines of others come through in their order, before and after it."""
    ended = imported(tmp_path, "os.write(2, b'before\\n' + NOISE); print('a thread', file=sys.stderr)")

    assert (ended.returncode, ended.stderr) == (0, b"before\na thread\nafter\n")


@needs("Unix")
def test_the_last_words_of_an_import_that_aborts_are_seen(tmp_path: Path) -> None:
    """As on a processor that lacks what TensorFlow was built for."""
    ended = imported(tmp_path, "os.write(2, NOISE + FATAL); os.abort()")

    assert (ended.returncode, ended.stderr) == (-signal.SIGABRT, FATAL)


@needs("Unix")
def test_an_import_that_fails_says_why(tmp_path: Path) -> None:
    """As where a library is missing."""
    ended = imported(tmp_path, "os.write(2, NOISE); raise ImportError('libcudart.so: not found')")

    assert ended.returncode == 1
    assert ended.stderr.endswith(b"ImportError: libcudart.so: not found\n")
    assert b"oneDNN" not in ended.stderr


@needs("Unix")
def test_without_grep_the_log_is_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What filters is a program of the system."""
    monkeypatch.setenv("PATH", str(tmp_path))

    ended = imported(tmp_path, "os.write(2, NOISE)")

    assert (ended.returncode, ended.stderr) == (0, NOISE + b"after\n")


@pytest.mark.parametrize(
    ("variables", "printed"),
    [
        ({}, ""),
        ({"GPUS": "2"}, "GPU:0 True\nGPU:1 True\n"),
        ({"GPUS": "1", "TF_FORCE_GPU_ALLOW_GROWTH": "false"}, ""),
        ({"GPUS": "2", "USED": "GPU:0"}, "GPU:0 True\nGPU:1 True\n"),
    ],
    ids=["no GPU", "two GPUs", "decided by the user", "used before"],
)
def test_the_memory_of_every_gpu_grows_with_the_need(
    tmp_path: Path, variables: dict[str, str], printed: str
) -> None:
    """Unless the user has set TensorFlow's variable; a GPU that is in use already is no error."""
    ended = imported(tmp_path, "", **variables)

    assert (ended.returncode, ended.stdout.decode(), ended.stderr) == (0, printed, b"after\n")


OPTIONAL = """
try:
    import sklearn
except ImportError:
    print("without sklearn")
else:
    print("with", sklearn.__name__)
"""


@pytest.mark.parametrize(
    ("first", "printed"),
    [
        ("", "with sklearn\n"),
        ("import rnnlab.__main__", "without sklearn\n"),
        ("import rnnlab.__main__, sklearn", "with sklearn\n"),
    ],
    ids=["another program", "a command", "imported before"],
)
def test_a_command_leaves_out_what_keras_imports_for_others(tmp_path: Path, first: str, printed: str) -> None:
    """A program that imports rnnlab may use `keras.wrappers`, and gets what they need."""
    (tmp_path / "sklearn.py").touch()

    ended = imported(tmp_path, OPTIONAL, first=first)

    assert (ended.returncode, ended.stdout.decode(), ended.stderr) == (0, printed, b"after\n")


def test_what_was_left_out_can_be_imported_later(tmp_path: Path) -> None:
    """By the callback of a user, for example."""
    (tmp_path / "sklearn.py").touch()
    first = "import rnnlab.__main__, rnnlab.engines.tensorflow.start, sklearn; print(sklearn.__name__)"

    ended = imported(tmp_path, OPTIONAL, first=first)

    assert (ended.returncode, ended.stdout) == (0, b"without sklearn\nsklearn\n")


BEGIN = f"""
import os, threading
from pathlib import Path
from rnnlab.config.reading import parse_experiment
from rnnlab.datasets.loading import load_data
from rnnlab.training.loop import TrainingLoop
from rnnlab.training.token_problem import TokenProblem
from rnnlab.training.trainer import Trainer

data = load_data(parse_experiment({PAGE!r}, name="page.yaml", folder=Path.cwd()))
trainer = Trainer(TokenProblem(data.experiment, data.corpus, data.splits))
"""

LOGGING = """
stopped, lines = threading.Event(), []

def log():
    while not stopped.wait(0.0005):
        lines.append(f"line {len(lines)}\\n")
        os.write(2, lines[-1].encode())

thread = threading.Thread(target=log)
thread.start()
TrainingLoop(trainer, each_epoch=True).run()
stopped.set()
thread.join()
print("".join(lines), end="")
"""

ABORTING = f"""
train, calls = trainer.program.train, []

def aborts(chunk, **settings):
    calls.append(chunk)
    if len(calls) == CALL:
        os.write(2, {FATAL!r})
        os.abort()
    return train(chunk, **settings)

trainer.program.train = aborts
TrainingLoop(trainer, each_epoch=True).run()
"""


def ended(script: str) -> "subprocess.CompletedProcess[bytes]":
    """A process of its own, whose TensorFlow nobody has loaded with other log settings."""
    search = {"PYTHONPATH": str(Path(__file__).parents[3])}
    environment = {name: value for name, value in os.environ.items() if not name.startswith("TF_")}
    return subprocess.run(
        [sys.executable, "-c", BEGIN + script],
        capture_output=True,
        check=False,
        env={**environment, **search},
    )


def test_training_hides_nothing_that_others_write() -> None:
    """A thread writes lines from before the first step until after the last; TensorFlow writes none."""
    process = ended(LOGGING)

    assert process.returncode == 0
    assert process.stdout.count(b"\n") > 40
    assert process.stderr == process.stdout


@needs("Unix")
@pytest.mark.parametrize("call", [1, 2])
def test_the_last_words_of_a_training_that_aborts_are_seen(call: int) -> None:
    """While the program is compiled, and in a chunk after it."""
    process = ended(ABORTING.replace("CALL", str(call)))

    assert (process.returncode, process.stderr) == (-signal.SIGABRT, FATAL)
