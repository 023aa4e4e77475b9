"""Fragments of reports for notebooks: the measures, the curves, and the music or the text of a run.

A fragment is an HTML element that loads nothing, has no script, and brings the styles that it needs.
"""

from collections.abc import Sequence

from rnnlab.datasets.vocabulary import Vocabulary
from rnnlab.evaluation.example_measurement import TaskEvaluation
from rnnlab.evaluation.measurement import Evaluation
from rnnlab.generation.writing import Writing, Written
from rnnlab.models.architecture import architecture_of
from rnnlab.models.model_file import TrainedModel, TrainedTask
from rnnlab.reports.contents import Contents, Record
from rnnlab.reports.curves import training_curves
from rnnlab.reports.markup import Markup, tag
from rnnlab.reports.overview import baselines_table, epoch_said, measures_table
from rnnlab.reports.task_page import task_curves
from rnnlab.reports.task_tables import task_measures_table
from rnnlab.reports.works import free_run_pieces, pieces, played, works
from rnnlab.runs.folder import RunFolder
from rnnlab.runs.history import History

_STYLE = """
.rnnlab table { border-collapse: collapse; }
.rnnlab th, .rnnlab td, .rnnlab caption { text-align: left; }
.rnnlab .bar { width: 220px; height: 12px; }
.rnnlab .bar rect { fill: #1f66ad; }
.rnnlab .other .bar rect { fill: #999; }
.rnnlab .own th, .rnnlab .own td { font-weight: bold; }
.rnnlab .written, .rnnlab .lines { font-family: monospace; line-height: 1.75; white-space: pre-wrap; }
.rnnlab .lines { columns: 9em auto; }
.rnnlab [class*="bits-"] { color: #1f1e1b; }
.rnnlab .shade { padding: 0 .45em; }
.rnnlab .bits-1 { background: #fbe9d2; }
.rnnlab .bits-2 { background: #f8d6ac; }
.rnnlab .bits-3 { background: #f3bd82; }
.rnnlab .bits-4 { background: #eda25c; }
.rnnlab .bits-5 { background: #e2863f; text-decoration: underline; }
"""


def evaluation_fragment(
    run: RunFolder, trained: TrainedModel, history: History, evaluation: Evaluation
) -> Markup:
    """Return the measures and the curves of a run, and for notes the song and the free run.

    Args:
        run: the run folder.
        trained: the model.
        history: the history of the run.
        evaluation: the measures.
    """
    parts = [measures_table(evaluation)]
    if evaluation.baselines:
        parts.append(baselines_table(evaluation.baselines, evaluation.metrics.loss))
    parts += training_curves(history, evaluation, kept=trained.epoch)
    if evaluation.free_running and trained.experiment.dataset.kind == "notes":
        contents = _contents(run, trained, history, "an evaluation writes no samples")
        music = free_run_pieces(contents, evaluation.free_running)
        parts += played(music, contents, widths=("wide",))
    return _fragment(history, trained, parts)


def task_evaluation_fragment(trained: TrainedTask, history: History, evaluation: TaskEvaluation) -> Markup:
    """Return the measures and the curves of a run of a task with examples."""
    parts = [task_measures_table(evaluation), *task_curves(trained, history, evaluation)]
    return _fragment(history, trained, parts)


def samples_fragment(run: RunFolder, trained: TrainedModel, history: History, writing: Writing) -> Markup:
    """Return samples of a model and the curves of its run: scores with players, or texts in shades."""
    contents = _contents(run, trained, history, writing)
    if trained.experiment.dataset.kind == "notes":
        written = played(pieces(contents), contents, widths=("wide",))
    else:
        written = works(contents)
    return _fragment(history, trained, [*written, *training_curves(history, kept=trained.epoch)])


def label_samples_fragment(trained: TrainedTask, history: History, samples: Sequence[Written]) -> Markup:
    """Return samples for a label as lines, and the curves of the run."""
    lines = tag("ol", *(tag("li", each.text) for each in samples), class_="lines")
    return _fragment(history, trained, [lines, *task_curves(trained, history, None)])


def _contents(run: RunFolder, trained: TrainedModel, history: History, writing: Writing | str) -> Contents:
    """Return the contents of a report without the measures of the model."""
    return Contents(
        run=run,
        trained=trained,
        vocabulary=Vocabulary.of(trained.tokens, trained.experiment.dataset),
        architecture=architecture_of(trained.experiment, len(trained.tokens)),
        history=history,
        record=Record("", None, None, was_resumed=False),
        measured="the data is not read",
        writing=writing,
        copies="the data is not read",
        collapses=(),
    )


def _fragment(history: History, trained: TrainedModel | TrainedTask, parts: Sequence[Markup]) -> Markup:
    said = epoch_said(history, trained.epoch)
    above = [tag("p", said)] if said else []
    return tag("div", tag("style", Markup(_STYLE)), *above, *parts, class_="rnnlab")
