"""Compare a training that was stopped and resumed with an undisturbed training of the same configuration."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from torture.kills import left_behind
from torture.model_files import Answer
from torture.stages import fault, said

PAGE = Path("page.yaml")
"""The configuration that is trained, in the working folder."""

RUNS = Path("runs")
RESULTS = ("history.csv", "model.safetensors", "losses.csv")
SETTINGS = ("config.yaml", "split.json")


@dataclass(frozen=True)
class Pair:
    """Two runs of one configuration.

    Attributes:
        run: stopped and resumed.
        whole: undisturbed.
        resumed: output of the last command that resumed `run`.
        problems: the errors of both trainings, and the differences between the runs.
    """

    run: Path
    whole: Path
    resumed: Answer
    problems: tuple[str, ...]


def runs() -> list[Path]:
    """Return the runs of the configuration, the first one first."""
    found = [path.parent for path in RUNS.glob(f"{PAGE.stem}-*/config.yaml")]
    return sorted(found, key=lambda path: int(path.name.rpartition("-")[2]))


def next_training() -> list[str]:
    """Return the command that resumes the first run, or begins it if there is no run yet."""
    found = runs()
    return ["train", "--resume", str(found[0])] if found else ["train", str(PAGE)]


def finish_both() -> Pair:
    """Resume the first run to its end, and train the configuration once more without a stop."""
    resumed = said(*next_training())
    run, *others = runs()
    again = said("train", "--resume", str(others[0])) if others else said("train", str(PAGE))
    whole = runs()[-1]
    return Pair(run, whole, resumed, tuple(_problems((run, resumed), (whole, again))))


def differences(run: Path, other: Path) -> list[str]:
    """Return one line for each file that differs between two runs, except files that depend on the clock."""
    left, expected = _left(run), _left(other)
    names = sorted({*left, *expected})
    return [f"{name} differs" for name in names if left.get(name) != expected.get(name)]


def _problems(stopped: tuple[Path, Answer], undisturbed: tuple[Path, Answer]) -> Iterator[str]:
    ends = []
    for run, answer in (stopped, undisturbed):
        if found := fault(["train"], answer, refused=bool(answer.exit_code)):
            yield found
        ends.append((answer.exit_code, _last_line(answer).replace(str(run), "RUN")))
    if ends[0] != ends[1]:
        yield f"resumed: {ends[0]}; undisturbed: {ends[1]}"
    yield from differences(stopped[0], undisturbed[0])


def _last_line(answer: Answer) -> str:
    """Return the error line of a failed training; empty if it did not fail."""
    lines = answer.stderr.strip().splitlines() if answer.exit_code else []
    return lines[-1] if lines else ""


def _left(run: Path) -> dict[str, bytes]:
    """Return the content of a run that does not depend on the clock."""
    is_whole = all((run / name).exists() for name in RESULTS)
    return {
        **(left_behind(run) if is_whole else {}),
        **{name: (run / name).read_bytes() for name in SETTINGS},
    }
