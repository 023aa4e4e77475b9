"""Trainings of 1 to 70 lanes that are killed and resumed: `python -m torture.lanes [--most N]`.

Each training is killed after it has saved some checkpoints, and is resumed. It must give the same bits as an
undisturbed training. The state of a layer has the shape (units, lanes), so every shape is tested.
"""

import json
import os
import sys
import tempfile
from pathlib import Path

import click

from tests.material import write_material
from torture.forks import each_forked, fork, load_libraries
from torture.resumed import PAGE, finish_both, next_training
from torture.stops import Stop, stopped_fork

TEXT = """
dataset: {{kind: text, path: harbour.txt, window: 5}}
model: {{kind: simple_rnn, units: 7}}
training:
  batch_size: {lanes}
  epochs: 9
  checkpoint: {{every_epochs: 1}}
"""
SAVES = 3
"""The process is killed after so many checkpoints."""


def resumed_wrongly(lanes: int) -> list[str]:
    """Return the errors of a training with so many lanes that is killed and resumed in the working folder."""
    write_material(Path())
    PAGE.write_text(TEXT.format(lanes=lanes), encoding="utf-8")
    stop = Stop("KILL", "after a save", SAVES)
    answer, wrong = stopped_fork(next_training(), Path("stopped.out"), stop)
    if wrong or answer.exit_code >= 0:
        return [wrong or f"was not killed: exit code {answer.exit_code}: {answer.stderr}"]
    answers = Path("answers.json")
    finished = fork(lambda: _finish(answers), Path("finished.out")).answer()
    if not answers.exists():
        return [f"the process died: {finished.stderr[-1500:]}"]
    found: list[str] = json.loads(answers.read_text(encoding="utf-8"))
    return found


def _finish(answers: Path) -> int:
    pair = finish_both()
    problems = list(pair.problems)
    if "going on after step" not in pair.resumed.stderr or "going on after step 0" in pair.resumed.stderr:
        problems.append(f"does not go on from a checkpoint: {pair.resumed.stderr}")
    answers.write_text(json.dumps(problems), encoding="utf-8")
    return 0


@click.command()
@click.option(
    "--least", type=click.IntRange(1, 150), default=1, show_default=True, help="Smallest number of lanes."
)
@click.option(
    "--most", type=click.IntRange(1, 150), default=70, show_default=True, help="Largest number of lanes."
)
@click.option("--jobs", type=click.IntRange(1), default=os.cpu_count() or 1, help="Trainings at once.")
def main(least: int, most: int, jobs: int) -> None:
    """Kill and resume a training of each number of lanes."""
    load_libraries()
    tried, wrong, done = range(least, most + 1), 0, 0
    with tempfile.TemporaryDirectory() as folder:
        for lanes, problems, died in each_forked(resumed_wrongly, tried, jobs=jobs, folder=Path(folder)):
            for problem in [died] if died else problems:
                click.echo(f"{lanes} lanes: {problem}", err=True)
            wrong, done = wrong + bool(died or problems), done + 1
            if done % 10 == 0:
                click.echo(f"{done} of {len(tried)}", err=True)
    click.echo(f"{len(tried) - wrong} of {len(tried)} numbers of lanes: the same bits after a kill")
    sys.exit(wrong > 0)


if __name__ == "__main__":
    main()
