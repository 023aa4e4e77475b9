"""The tables of a report on a task with examples: measures, confusions, labels and mistakes."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from rnnlab.errors import count_of
from rnnlab.evaluation.example_measurement import Measures, TaskEvaluation
from rnnlab.evaluation.label_measures import LabelMeasures
from rnnlab.evaluation.label_ngram import FromLabelMeasures
from rnnlab.evaluation.pair_measures import PairMeasures, WrittenTargets
from rnnlab.evaluation.tag_measures import TagMeasures
from rnnlab.reports.axes import figure
from rnnlab.reports.markup import Markup, tag, together
from rnnlab.reports.tables import table_of_rows

MOST_CLASSES = 40
"""Most labels or tags that get a row of figures."""

NO_FIGURE = "–"


@dataclass(frozen=True)
class MeasureRow:
    """A measure of a network and of the baselines.

    Attributes:
        name: the measure.
        figures: the figure of the network, and of those baselines that have one, by column.
        meaning: unit and counts.
    """

    name: str
    figures: Mapping[str, str]
    meaning: str


NETWORK = "this network"


def task_measures_table(evaluation: TaskEvaluation) -> Markup:
    """Return a table with a row for each measure, and columns for the network and for each baseline."""
    rows = list(_measure_rows(evaluation))
    columns = list(dict.fromkeys(column for row in rows for column in row.figures))
    cells = [
        [row.name, *(row.figures.get(column, NO_FIGURE) for column in columns), row.meaning] for row in rows
    ]
    caption = f"On the {evaluation.split} part: {count_of(evaluation.sequences, 'example')}"
    return table_of_rows(["measure", *columns, "meaning"], cells, caption=caption)


def lengths_table(by_length: Mapping[int, Measures]) -> Markup:
    """Return a table of the measures at each length of generated examples."""
    rows = [[f"{length:,}", *_length_figures(measures).values()] for length, measures in by_length.items()]
    names = _length_figures(next(iter(by_length.values())))
    return data_table("Test sets of one length each", ["length", *names], rows)


def label_losses(evaluation: TaskEvaluation, measures: FromLabelMeasures) -> Markup:
    """Return the loss of each label beside that of its n-gram model, the labels with most tokens first."""
    measured = [(name, each) for name, each in zip(evaluation.tokens, measures.labels, strict=True) if each]
    measured.sort(key=lambda pair: -pair[1].tokens)
    has_ngram, rows = evaluation.baselines is not None, []
    for name, each in measured[:MOST_CLASSES]:
        row = [name, f"{each.sequences:,}", f"{each.tokens:,}", figure(each.loss)]
        if has_ngram:
            gain = each.ngram.loss - each.loss
            row += [f"{figure(each.ngram.loss)} ({each.ngram.order}-gram)"]
            row += [f"{abs(gain):.3f} {'better' if gain > 0 else 'worse'}"]
        rows.append(row)
    header = ["label", "sequences", "tokens", NETWORK, *["n-gram of the label", "difference"] * has_ngram]
    table = data_table("Loss in nats per token, ends counted; lower is better", header, rows, code=1)
    return together(table, more_classes(len(measured) - len(rows), "label"))


def _measure_rows(evaluation: TaskEvaluation) -> Iterator[MeasureRow]:
    measures = evaluation.measures
    if isinstance(measures, LabelMeasures):
        yield from _label_rows(measures, evaluation)
    elif isinstance(measures, TagMeasures):
        yield from _tag_rows(measures, evaluation)
    elif isinstance(measures, PairMeasures):
        yield from _pair_rows(measures, evaluation)
    else:
        yield from _from_label_rows(measures, evaluation)


def _label_rows(measures: LabelMeasures, evaluation: TaskEvaluation) -> Iterator[MeasureRow]:
    baselines = evaluation.baselines
    named = {
        "naive Bayes": baselines.naive_bayes if baselines else None,
        "majority": baselines.majority if baselines else None,
    }
    known = {name: each for name, each in named.items() if each}
    low, high = measures.interval
    counted = f"{measures.correct:,} of {measures.counted:,}, 95 % interval {low:.4f} to {high:.4f}"
    accuracies = {name: f"{each.accuracy:.4f}" for name, each in known.items()}
    yield MeasureRow("accuracy", {NETWORK: f"{measures.accuracy:.4f}", **accuracies}, counted)
    f1 = {name: f"{each.macro_f1:.4f}" for name, each in known.items()}
    yield MeasureRow(
        "macro-F1", {NETWORK: f"{measures.macro_f1:.4f}", **f1}, "mean over the labels, each the same weight"
    )
    losses = {name: _loss(each.loss) for name, each in known.items()}
    meaning = "nats per example"
    if baselines and baselines.unlearnt:
        lacked = f"{count_of(baselines.unlearnt, 'example')} whose label the training part lacks"
        meaning += f"; do not compare: the loss of the network also counts {lacked}"
    yield MeasureRow("loss", {NETWORK: _loss(measures.loss), **losses}, meaning)


def _tag_rows(measures: TagMeasures, evaluation: TaskEvaluation) -> Iterator[MeasureRow]:
    frequent = evaluation.baselines.most_frequent_tag if evaluation.baselines else None
    measured = {NETWORK: measures, **({"most frequent tag": frequent} if frequent else {})}
    counted = f"{measures.correct:,} of {count_of(measures.counted, 'token')}"
    yield MeasureRow("accuracy", {name: f"{each.accuracy:.4f}" for name, each in measured.items()}, counted)
    sequences = {name: f"{each.sequence_accuracy:.4f}" for name, each in measured.items()}
    yield MeasureRow("sequences", sequences, "fraction of the sequences without a mistake")
    unseen = {
        name: NO_FIGURE if each.unseen_accuracy is None else f"{each.unseen_accuracy:.4f}"
        for name, each in measured.items()
    }
    lacking = f"accuracy on {count_of(measures.unseen, 'token')} that the training part lacks"
    yield MeasureRow("unseen", unseen, lacking)
    f1 = {name: f"{each.macro_f1:.4f}" for name, each in measured.items()}
    yield MeasureRow("macro-F1", f1, "mean over the tags, each the same weight")
    yield MeasureRow("loss", {NETWORK: _loss(measures.loss)}, "nats per token")


def _pair_rows(measures: PairMeasures, evaluation: TaskEvaluation) -> Iterator[MeasureRow]:
    nearest = evaluation.baselines.nearest_source if evaluation.baselines else None
    written: dict[str, WrittenTargets] = {NETWORK: measures.greedy}
    if measures.beam:
        written[f"with beam {evaluation.beam}"] = measures.beam
    if nearest:
        written["nearest source"] = nearest.written
    greedy = measures.greedy
    exact = {name: f"{each.exact_match:.4f}" for name, each in written.items()}
    yield MeasureRow(
        "exact match", exact, f"{greedy.exact:,} of {count_of(greedy.counted, 'target')} without a mistake"
    )
    errors = {name: f"{each.token_error_rate:.4f}" for name, each in written.items()}
    left = f"; the nearest of the first {nearest.sources:,} sources" if nearest and nearest.left_out else ""
    yield MeasureRow("token error rate", errors, f"edits per target token{left}")
    forced = "of tokens, ends counted, after the true tokens before"
    yield MeasureRow("accuracy", {NETWORK: f"{measures.accuracy:.4f}"}, forced)
    yield MeasureRow("loss", {NETWORK: _loss(measures.loss)}, "nats per token, ends counted")


def _from_label_rows(measures: FromLabelMeasures, evaluation: TaskEvaluation) -> Iterator[MeasureRow]:
    losses = {NETWORK: figure(measures.loss)}
    if evaluation.baselines is None:
        yield MeasureRow("loss", losses, "nats per token, ends counted")
        return
    losses["n-gram of each label"] = figure(measures.ngram_loss)
    measured = sum(each is not None for each in measures.labels)
    below = f"{measures.below_ngram} of {count_of(measured, 'label')} below their n-gram model"
    yield MeasureRow("loss", losses, f"nats per token, ends counted; {below}")


def _length_figures(measures: Measures) -> dict[str, str]:
    """Return the measures of a length, by their names."""
    if isinstance(measures, PairMeasures):
        written = measures.greedy
        return {
            "exact match": f"{written.exact_match:.4f}",
            "token error rate": f"{written.token_error_rate:.4f}",
            "examples": f"{written.counted:,}",
        }
    if isinstance(measures, TagMeasures):
        return {
            "accuracy": f"{measures.accuracy:.4f}",
            "sequences without a mistake": f"{measures.sequence_accuracy:.4f}",
            "examples": f"{measures.sequences:,}",
        }
    if isinstance(measures, LabelMeasures):
        low, high = measures.interval
        return {
            "accuracy": f"{measures.accuracy:.4f}",
            "95 % interval": f"{low:.4f} to {high:.4f}",
            "examples": f"{measures.counted:,}",
        }
    raise ValueError("no generated examples are of task from_label")


def data_table(title: str, header: Sequence[str], rows: Sequence[Sequence[str]], *, code: int = 0) -> Markup:
    """Return a table whose first `code` cells of each row are text of the data."""
    cells = [[tag("code", cell) if place < code else cell for place, cell in enumerate(row)] for row in rows]
    return table_of_rows(header, cells, caption=title)


def more_classes(count: int, noun: str) -> Markup:
    """Return a remark on labels without a row; empty if there are none."""
    return tag("p", f"… {count_of(count, f'more {noun}')}", class_="remark") if count > 0 else Markup()


def _loss(loss: float | None) -> str:
    return NO_FIGURE if loss is None else figure(loss)
