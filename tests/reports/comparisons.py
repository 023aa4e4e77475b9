"""Folders of comparisons as `compare` leaves them, without a training: runs with random weights."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np

from rnnlab.commands.comparison_results import comparison_cells, comparison_facts, comparison_json
from rnnlab.comparison.contenders import Entry, compare
from rnnlab.comparison.measures import Comparison
from rnnlab.comparison.report.contents import ComparisonContents, comparison_contents_of
from rnnlab.comparison.report.page import comparison_report_page
from rnnlab.models.model_file import Trained
from rnnlab.runs.folder import RunFolder, create_run
from rnnlab.terminal.tables import as_json_text
from tests.reports.html import Page
from tests.trained import trained
from tests.trained_tasks import trained_task

TWO = {"small": ("model.units=4",), "large": ("model.units=7",)}
"""Two configurations that differ in their units: the settings of each by its name."""

FOLDER = Path("runs/song-1")


def comparison_of(
    text: str,
    configurations: Mapping[str, tuple[str, ...]] = TWO,
    *,
    seeds: int = 2,
    folder: Path = FOLDER,
    measured: bool = True,
) -> Path:
    """Write the runs of a comparison, and their measures if `measured`; return the folder."""
    is_task = "task:" in text or "kind: generated" in text
    folder.mkdir(parents=True)
    groups: dict[str, list[Entry]] = {}
    for seed in range(seeds):
        for name, overrides in configurations.items():
            given = (*overrides, f"training.random_seed={seed}", "training.epochs=3")
            model: Trained = (trained_task if is_task else trained)(text, Path.cwd(), *given)
            model.weights.update(
                {key: each * (1 + np.float32(0.2 * seed)) for key, each in model.weights.items()}
            )
            run = create_run(name, model.experiment, folder=folder / f"{name}-seed-{seed}")
            run.save_model(model)
            finish(run, seed)
            groups.setdefault(name, []).append(Entry(run.path, model, run))
    if measured:
        write_measures(folder, compare(groups))
    return folder


def finish(run: RunFolder, seed: int) -> None:
    """Write what training leaves beside the model: three epochs, their losses 1 above each other by seed."""
    rows = [f"{epoch},{3 - epoch + seed + 1},{epoch / 4},,,{epoch}" for epoch in (1, 2, 3)]
    header = "epoch,loss,accuracy,validation_loss,validation_accuracy,seconds"
    run.write("history.csv", "\n".join([header, *rows, ""]))
    times = [f"2026-01-31T12:00:0{seed}+00:00 training begins", "… training ends after 3 epochs, 3 s", ""]
    run.write("events.log", "\n".join(times))
    run.write("environment.json", '{"processor": "abacus"}')


def write_measures(folder: Path, comparison: Comparison, *failures: str) -> None:
    """Write `comparison.json` as `compare` does."""
    record = {**comparison_json(comparison), "failures": list(failures), "folder": str(folder)}
    (folder / "comparison.json").write_text(as_json_text(record))


def contents_in(folder: Path, refusal: str | None = None) -> ComparisonContents:
    """What the report of a comparison shows, with the table of `compare`."""
    contents = comparison_contents_of(folder, lambda run: (run.load_any_model(), refusal))
    if isinstance(comparison := contents.comparison, Comparison):
        cells, facts = comparison_cells(comparison), comparison_facts(comparison)
        return replace(contents, table=tuple(cells), facts=tuple(facts))
    return contents


def page_in(folder: Path, refusal: str | None = None) -> Page:
    """The report of a comparison."""
    return Page(comparison_report_page(contents_in(folder, refusal)))
