"""The results of a comparison as `compare` keeps them in its folder, in the file `comparison.json`."""

import json
import math
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rnnlab.comparison.measures import FIGURES, Comparison, Contender, Trial
from rnnlab.datasets.parts import Ceiling
from rnnlab.errors import RunError
from rnnlab.evaluation.free_running import FreeRunning
from rnnlab.runs.layout import COMPARISON, small_bytes

MOST_BYTES = 1 << 25

_RUN = r".+?-seed-(?:0|[1-9][0-9]{0,5})"
_FAILURE = re.compile(rf"({_RUN}): (.*)", re.DOTALL)


@dataclass(frozen=True)
class StoredComparison:
    """The results that a folder holds.

    Attributes:
        comparison: the contenders with their measures. The tokens of the free runs and the digest of the data
            are not kept, and are empty.
        failures: why a training failed, by the name of its run folder.
    """

    comparison: Comparison
    failures: dict[str, str]

    @property
    def runs(self) -> set[str]:
        """Names of the run folders that were measured."""
        return {each.run for contender in self.comparison.contenders for each in contender.trials}


def stored_comparison(folder: Path) -> StoredComparison | None:
    """Return the results in the folder of a comparison; None if there are none yet.

    The run of a trial is the name of its run folder.

    Raises:
        RunError: `comparison.json` cannot be read, or is damaged.
    """
    path = folder / COMPARISON
    data = small_bytes(path, most_bytes=MOST_BYTES)
    if data is None:
        return None
    try:
        record = json.loads(data)
        task, split = str(record.get("task", "next_token")), str(record["split"])
        contenders = tuple(_contender(each, task, split) for each in record["contenders"])
        if not all(each.trials for each in contenders) or not contenders:
            raise ValueError("a contender has no trial")
        notes = tuple(map(str, record["notes"]))
        return StoredComparison(Comparison(contenders, notes), dict(map(_failure, record["failures"])))
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError, OverflowError) as error:
        raise RunError(f"{path}: damaged ({error!r}); restore it from a copy, or remove it") from None


def _contender(record: dict[str, Any], task: str, split: str) -> Contender:
    parameters = int(record["parameters"])
    trials = tuple(_trial(each, task, split, parameters) for each in record["trials"])
    return Contender(str(record["name"]), trials)


def _trial(record: dict[str, Any], task: str, split: str, parameters: int) -> Trial:
    figures, running, ceiling = FIGURES[task], record.get("free_running"), record.get("accuracy_ceiling")
    examples = record.get("sequences")
    targets = int(record["tokens"] if figures.unit == "token" else record["sequences"])
    share = _number(record.get(figures.key))
    lengths = record.get("lengths", {})
    return Trial(
        run=_run_name(str(record["run"])),
        random_seed=int(record["random_seed"]),
        parameters=parameters,
        epochs=None if record["epochs"] is None else int(record["epochs"]),
        seconds=_number(record["seconds"]),
        task=task,
        split=split,
        data="",
        loss=math.nan if (loss := _number(record["loss"])) is None else loss,
        targets=targets,
        accuracy=share,
        correct=None if share is None else int(record["correct"]),
        examples=None if examples is None else int(examples),
        ceiling=None if ceiling is None else Ceiling(round(float(ceiling) * targets), targets),
        free_running=_free_running(running) if running else None,
        left_out={str(kind): int(count) for kind, count in record.get("left_out", {}).items()},
        by_length={int(length): float(each[figures.perfect]) for length, each in lengths.items()},
    )


def _free_running(record: dict[str, Any]) -> FreeRunning:
    first = record["first_divergence"]
    place = None if first is None else int(first)
    return FreeRunning("", int(record["length"]), int(record["correct"]), place, (), ())


def _number(value: Any) -> float | None:
    return None if value is None else float(value)


def _failure(line: str) -> tuple[str, str]:
    """Return the name of a run folder, and why its training failed, from `<path>: <why>`.

    The path ends with `-seed-<seed>`; both the path and the reason may have `: ` in them.
    """
    if (found := _FAILURE.fullmatch(line)) is None:
        raise ValueError(f"expected a line such as runs/song-1/song-seed-0: why, received {line[:200]!r}")
    return _run_name(found[1]), found[2]


def _run_name(path: str) -> str:
    """Return the name of a run folder of a comparison, `<configuration>-seed-<seed>`."""
    name = Path(path).name
    if re.fullmatch(_RUN, name, re.DOTALL) is None:
        raise ValueError(f"expected a run such as song-seed-0, received {path[:200]!r}")
    return name
