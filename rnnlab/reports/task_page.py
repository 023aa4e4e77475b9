"""The report of a run of a task with examples: an HTML page that loads no other file."""

from collections.abc import Iterator, Sequence

from rnnlab.config.task_data import DIAGRAMS
from rnnlab.evaluation.example_measurement import TaskEvaluation
from rnnlab.evaluation.label_measures import LabelMeasures
from rnnlab.evaluation.label_ngram import FromLabelMeasures
from rnnlab.evaluation.tag_measures import TagMeasures
from rnnlab.models.model_file import TrainedTask
from rnnlab.reports.alignments import alignment_picture
from rnnlab.reports.copies import copies_section
from rnnlab.reports.curve_marks import LevelLine
from rnnlab.reports.curves import curves_of
from rnnlab.reports.diagrams import diagram_picture
from rnnlab.reports.markup import Markup, tag, together
from rnnlab.reports.overview import layers, reproduction
from rnnlab.reports.page import page_of_report, remark, report_section
from rnnlab.reports.tables import named_facts, scroller, table_of_rows
from rnnlab.reports.task_contents import AlignedExample, MeasuredTask, TaskContents
from rnnlab.reports.task_mistakes import (
    class_table,
    confused_labels,
    confused_table,
    confusion_map,
    mistakes_table,
)
from rnnlab.reports.task_overview import task_facts, task_head
from rnnlab.reports.task_tables import label_losses, lengths_table, task_measures_table
from rnnlab.runs.history import History


def task_report_page(contents: TaskContents) -> str:
    """Return the report of a run as an HTML page; equal contents give equal pages."""
    path, experiment = contents.run.path, contents.trained.experiment
    sections = [report_section("does", *_diagram(contents))]
    if contents.samples:
        sections.append(report_section("writes", *_samples(contents.samples)))
        sections.append(report_section("copies", *copies_section(contents.copies)))
    sections += [
        report_section("learns", *_curves(contents)),
        report_section("measures", *_measures(contents)),
    ]
    if isinstance(contents.measured, MeasuredTask):
        sections += _findings(contents.measured)
    sections += [
        report_section("made", named_facts(task_facts(contents)), layers(contents.architecture)),
        report_section("again", reproduction(path, experiment)),
    ]
    return page_of_report(path.name, task_head(contents), sections)


def _diagram(contents: TaskContents) -> Iterator[Markup]:
    """Yield which of the lecture's five diagrams the task is, and its drawing with an example."""
    name = DIAGRAMS[contents.trained.experiment.task]
    yield tag("p", f"{name[0].upper()}{name[1:]}.")
    measured = contents.measured
    if isinstance(measured, MeasuredTask):
        drawing = scroller(diagram_picture(measured.diagram), "diagram")
        below = f"The first example of the {measured.drawn_part} part. Inputs stand below, outputs above."
        yield tag("figure", drawing, tag("figcaption", below))


def _samples(samples: dict[str, tuple[str, ...]] | str) -> Iterator[Markup]:
    if isinstance(samples, str):
        yield tag("p", f"No sample: {samples}.")
        return
    rows = [[tag("code", label), together(*_codes(texts))] for label, texts in samples.items()]
    yield table_of_rows(["label", "written for it"], rows)


def _codes(texts: Sequence[str]) -> Iterator[str]:
    for number, each in enumerate(texts):
        yield ", " if number else ""
        yield tag("code", each)


def task_curves(trained: TrainedTask, history: History, evaluation: TaskEvaluation | None) -> list[Markup]:
    """Return the curves of a training; if the validation part was measured, with its baselines."""
    loss_levels, accuracy_levels = list[LevelLine](), list[LevelLine]()
    if evaluation and evaluation.split == "validation":
        loss_levels, accuracy_levels = _levels(evaluation)
    return curves_of(
        history,
        kept=trained.epoch,
        unit="example" if trained.experiment.task == "label" else "token",
        loss_levels=loss_levels,
        accuracy_levels=accuracy_levels,
    )


def _curves(contents: TaskContents) -> list[Markup]:
    measured = contents.measured
    evaluation = measured.evaluation if isinstance(measured, MeasuredTask) else None
    curves = task_curves(contents.trained, contents.history, evaluation)
    charts = tag("div", *curves, class_="charts") if curves else remark("No epoch has ended yet.")
    return [charts, *(remark(note) for note in contents.history.notes)]


def _levels(evaluation: TaskEvaluation) -> tuple[list[LevelLine], list[LevelLine]]:
    """Return the losses and the accuracies of the baselines that the curves can be compared with."""
    baselines, measures = evaluation.baselines, evaluation.measures
    if baselines is None:
        return [], []
    if isinstance(measures, FromLabelMeasures):
        return [LevelLine("n-gram of each label", measures.ngram_loss)], []
    named = {
        "majority": baselines.majority,
        "naive Bayes": baselines.naive_bayes,
        "most frequent tag": baselines.most_frequent_tag,
    }
    return [], [LevelLine(name, each.accuracy) for name, each in named.items() if each]


def _measures(contents: TaskContents) -> list[Markup]:
    measured = contents.measured
    if isinstance(measured, str):
        return [remark(f"Not measured: {measured}.")]
    evaluation = measured.evaluation
    tables = [task_measures_table(evaluation)]
    if evaluation.by_length:
        tables.append(lengths_table(evaluation.by_length))
    return [*tables, *(remark(f"{note[0].upper()}{note[1:]}.") for note in evaluation.notes)]


def _findings(measured: MeasuredTask) -> Iterator[Markup]:
    """Yield the sections on confusions, labels, alignments and mistakes that the task has."""
    evaluation, measures = measured.evaluation, measured.evaluation.measures
    names = evaluation.tokens
    if isinstance(measures, LabelMeasures):
        totals = [each.support for each in measures.labels]
        yield report_section(
            "confuses",
            confused_table("label", names, confused_labels(measures.confusion), totals),
            confusion_map(names, measures.confusion),
            class_table("label", names, measures.labels),
        )
    elif isinstance(measures, TagMeasures):
        totals = [each.support for each in measures.tags]
        yield report_section(
            "confuses",
            confused_table("tag", names, measures.confused, totals),
            class_table("tag", names, measures.tags),
        )
    elif isinstance(measures, FromLabelMeasures):
        yield report_section("knows", label_losses(evaluation, measures))
    if measured.aligned:
        yield report_section("aligns", *_alignments(measured))
    yield report_section("surprises", *_mistakes(evaluation, words=measured.has_words))


def _alignments(measured: MeasuredTask) -> Iterator[Markup]:
    """Yield a picture of the alignment of each example, with its legend."""
    said = (
        "While the network writes a token of the target (down), attention weights the tokens of the source"
        f" (across). The stronger the colour, the larger the weight. Examples of the"
        f" {measured.evaluation.split} part:"
    )
    yield remark(said)
    figures = (
        tag("figure", tag("figcaption", _caption(each)), alignment_picture(each.alignment))
        for each in measured.aligned
    )
    yield tag("div", *figures, class_="alignments")


def _caption(aligned: AlignedExample) -> Markup:
    """Return what was read and written, and the true target if it is another."""
    alignment = aligned.alignment
    wrong = [", wrong: the target is ", tag("code", aligned.target)]
    return together(
        tag("code", aligned.source),
        " → ",
        tag("code", alignment.text),
        *(wrong if alignment.text != aligned.target else [", right"]),
    )


def _mistakes(evaluation: TaskEvaluation, *, words: bool) -> Iterator[Markup]:
    if not evaluation.mistakes:
        yield tag("p", f"No mistakes: all of the {evaluation.split} part is predicted right.")
        return
    yield mistakes_table(evaluation.task, evaluation.mistakes, words=words)
