"""Sweeps whose processes are killed: `python -m torture.studies [--storage URL]`.

Several commands work on one study. Some are killed by SIGKILL at random moments, each is replaced by a new
command, and at the end one is stopped by SIGTERM. Every trial must end, once; every run folder must be whole;
a trial that was interrupted after a checkpoint must go on from it. Without a URL the study stands in the file
of its folder.
"""

import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import click

from rnnlab.errors import RnnlabError
from rnnlab.runs.folder import RunFolder
from rnnlab.runs.history import read_history
from rnnlab.sweeps.results import FAILED, StudyResults, read_results
from rnnlab.terminal.tables import table

BASE = """
dataset: {kind: text, path: words.txt, unit: line, window: 8, split: {kind: sequences, validation: 0.2}}
model: {kind: simple_rnn, units: 4}
training:
  epochs: EPOCHS
  batch_size: 4
  optimizer: {name: adam, learning_rate: 0.01}
  checkpoint: {every_epochs: EVERY}
"""
SWEEP = """
sweep: base.yaml
space:
  model.units: {integer: [2, 12]}
  training.optimizer.learning_rate: {float: [1e-3, 1e-1], log: true}
sampler: random
pruning: none
trials: TRIALS
"""
WORDS = "\n".join("the cat sat on the mat and the dog ran to the cat".split() * 6) + "\n"

LIMIT_SECONDS = 600.0


@dataclass(frozen=True)
class Outcome:
    """The end of a study that was disturbed.

    Attributes:
        results: the results.
        codes: exit codes of the commands that were not killed.
        kills: number of SIGKILLs.
        resumed: number of run folders in which a training went on from a checkpoint.
        wrong: a line for each thing that is wrong.
    """

    results: StudyResults
    codes: tuple[int, ...]
    kills: int
    resumed: int
    wrong: tuple[str, ...]


class Hammer:
    """Commands that work on one study in a folder, and are killed.

    Args:
        folder: an empty folder.
        storage: URL of a database; None for the file of the study.
        trials: number of trials.
        epochs: number of epochs of each trial.
    """

    def __init__(self, folder: Path, storage: str | None, *, trials: int, epochs: int) -> None:
        self._folder, self._trials = folder, trials
        (folder / "words.txt").write_text(WORDS)
        base = BASE.replace("EPOCHS", str(epochs)).replace("EVERY", str(max(1, epochs // 5)))
        (folder / "base.yaml").write_text(base)
        (folder / "sweep.yaml").write_text(SWEEP.replace("TRIALS", str(trials)))
        shared = ["--storage", storage, "--study", "study"] if storage else []
        self._first = ["sweep.yaml", "--workers", "1", *shared]
        self._study = Path("runs") / ("study" if storage else "sweep-1")
        self._next = self._first if storage else [str(self._study), "--workers", "1"]
        self._running: list[subprocess.Popen[str]] = []

    def start(self) -> None:
        """Start a command; the first one makes the study."""
        is_made = (self._folder / self._study / "study.json").exists()
        self._running.append(
            subprocess.Popen(
                [sys.executable, "-m", "rnnlab", "sweep", *(self._next if is_made else self._first)],
                cwd=self._folder,
                env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])},
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                start_new_session=True,
            )
        )
        until = time.monotonic() + 60
        while not (self._folder / self._study / "study.json").exists() and time.monotonic() < until:
            time.sleep(0.05)

    def run(self, *, commands: int, kills: int, within: float, rng: random.Random) -> Outcome:
        """Start commands, kill some of them at random, stop one by SIGTERM, and wait for the end.

        Args:
            commands: number of commands at a time.
            kills: number of SIGKILLs.
            within: longest time in seconds between two kills.
            rng: chooses the commands and the moments.
        """
        for _ in range(commands):
            self.start()
        for _ in range(kills):
            time.sleep(rng.uniform(0.2, within))
            self._end_one(signal.SIGKILL, rng)
            self.start()
        time.sleep(rng.uniform(0.2, within))
        codes = [self._end_one(signal.SIGTERM, rng)]
        said = []
        for each in self._running:
            out, _ = each.communicate(timeout=LIMIT_SECONDS)
            codes.append(each.returncode)
            said.append(out)
        results = read_results(self._folder / self._study)
        wrong = [*self._wrong(results), *_wrong_ends(codes, said)]
        resumed = sum(
            "resumed after step" in (each / "events.log").read_text()
            and "resumed after step 0" not in (each / "events.log").read_text()
            for each in (self._folder / self._study).glob("trial-*")
        )
        return Outcome(results, tuple(codes), kills, resumed, tuple(wrong))

    def _end_one(self, number: int, rng: random.Random) -> int:
        """Send a signal to one command that is running, and return its exit code; 0 if none is running."""
        alive = [each for each in self._running if each.poll() is None]
        if not alive:
            return 0
        chosen = rng.choice(alive)
        self._running.remove(chosen)
        chosen.send_signal(number)
        chosen.communicate(timeout=90)
        return chosen.returncode

    def _wrong(self, results: StudyResults) -> Iterator[str]:
        """Yield a line for each trial that is lost, done twice, or not whole."""
        numbers = [each.number for each in results.trials]
        if numbers != list(range(self._trials)):
            yield f"trials {numbers}, expected 0 to {self._trials - 1}"
        for trial in results.trials:
            if trial.state == FAILED:
                yield f"trial {trial.number} failed: {trial.failure}"
                continue
            folder = results.folder / trial.run
            try:
                RunFolder(folder).load_any_model()
                epochs = len(read_history(folder).epoch)
            except RnnlabError as error:
                yield f"trial {trial.number}: {error}"
                continue
            if epochs != trial.epochs:
                yield f"trial {trial.number}: {epochs} epochs in its history, {trial.epochs} in the study"
            log = [json.loads(line) for line in (folder / "events.log").read_text().splitlines()]
            begun = sum(each["event"] == "training begins" for each in log)
            if begun != 1:
                yield f"trial {trial.number} was begun {begun} times"


def _wrong_ends(codes: list[int], said: list[str]) -> Iterator[str]:
    """Yield a line for each command that ended badly."""
    if codes[0] not in (0, 143):
        yield f"SIGTERM ended with {codes[0]}"
    for code, text in zip(codes[1:], said, strict=True):
        if code:
            yield f"a command ended with {code}: {text[-300:]}"
        if "Traceback" in text:
            yield f"a traceback: {text[-1000:]}"


@click.command()
@click.option("--storage", help="URL of a database; left out, the study stands in a file.")
@click.option("--trials", default=40, help="Number of trials.")
@click.option("--epochs", default=300, help="Number of epochs of each trial.")
@click.option("--commands", default=0, help="Number of commands at a time: 4 with a database, else 2.")
@click.option("--kills", default=0, help="Number of SIGKILLs: 6 with a database, else 4.")
@click.option("--random-seed", default=0)
def main(storage: str | None, trials: int, epochs: int, commands: int, kills: int, random_seed: int) -> None:
    """Disturb a study, and check that nothing is lost and nothing is done twice."""
    many, often = (4, 6) if storage else (2, 4)
    with tempfile.TemporaryDirectory() as folder:
        begun = time.monotonic()
        hammer = Hammer(Path(folder), storage, trials=trials, epochs=epochs)
        outcome = hammer.run(
            commands=commands or many, kills=kills or often, within=15.0, rng=random.Random(random_seed)
        )
        attempts = sum(each.attempts for each in outcome.results.trials)
        row = (
            "database" if storage else "file",
            len(outcome.results.trials),
            outcome.kills,
            attempts - len(outcome.results.trials),
            outcome.resumed,
            len(outcome.wrong),
            f"{time.monotonic() - begun:.0f}",
        )
        header = (
            "study",
            "trials ended",
            "kills",
            "trials taken up again",
            "from a checkpoint",
            "wrong",
            "s",
        )
        print(table(header, [row]))
        for line in outcome.wrong:
            print(line)
    sys.exit(bool(outcome.wrong))


if __name__ == "__main__":
    main()
