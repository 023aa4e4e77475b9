"""Results of an evaluation of a task with examples, as JSON and as text, of which `evaluate` prints one."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from rnnlab.errors import count_of
from rnnlab.evaluation.label_measures import LabelMeasures
from rnnlab.evaluation.label_ngram import FromLabelMeasures, LabelLoss
from rnnlab.evaluation.pair_measures import PairMeasures, WrittenTargets
from rnnlab.evaluation.tag_measures import TagMeasures
from rnnlab.terminal.tables import Column, facts_table, fitted_text, table

if TYPE_CHECKING:
    from rnnlab.evaluation.example_baselines import TaskBaselines
    from rnnlab.evaluation.example_measurement import Measures, TaskEvaluation
    from rnnlab.evaluation.label_measures import ClassFigures

MOST_CLASSES = 20
"""Most labels or tags that get a row of figures in the text."""

MOST_COLUMNS = 12
"""Most labels of a confusion matrix that is shown in the text."""

Row = tuple[str, str]


def task_json(evaluation: "TaskEvaluation") -> dict[str, Any]:
    """Return an evaluation as an object of JSON; scripts may rely on its fields."""
    result: dict[str, Any] = {
        "split": evaluation.split,
        "sequences": evaluation.sequences,
        **measures_json(evaluation.measures, evaluation),
    }
    if evaluation.by_length:
        result["lengths"] = {
            str(length): measures_json(measures, evaluation)
            for length, measures in evaluation.by_length.items()
        }
    if baselines := evaluation.baselines and _baselines_json(evaluation.baselines):
        result["baselines"] = baselines
    return {**result, "notes": list(evaluation.notes)}


def task_text(evaluation: "TaskEvaluation") -> str:
    """Return an evaluation as text: a row for each measure, then tables."""
    measures = evaluation.measures
    rows = [
        ("part", f"{evaluation.split}, {size_of(evaluation)}"),
        *_measure_rows(measures, evaluation),
    ]
    tables = []
    if isinstance(measures, LabelMeasures):
        tables += [_class_table("label", evaluation.tokens, measures.labels)]
        tables += _confusion_table(evaluation.tokens, measures)
    elif isinstance(measures, TagMeasures):
        tables += [_class_table("tag", evaluation.tokens, measures.tags)]
    elif isinstance(measures, FromLabelMeasures):
        tables += [_loss_table(evaluation, measures)]
    if evaluation.by_length:
        tables += [_length_table(evaluation.by_length)]
    return "\n\n".join([facts_table(rows), *tables])


def measures_json(measures: "Measures", evaluation: "TaskEvaluation") -> dict[str, Any]:
    """Return the measures of a network, with the fields of its task."""
    if isinstance(measures, LabelMeasures):
        return {
            "accuracy": measures.accuracy,
            "macro_f1": measures.macro_f1,
            "loss": measures.loss,
            "confusion": {"labels": list(evaluation.tokens), "counts": measures.confusion.tolist()},
        }
    if isinstance(measures, TagMeasures):
        return {
            "accuracy": measures.accuracy,
            "sequence_accuracy": measures.sequence_accuracy,
            "unseen_accuracy": measures.unseen_accuracy,
        }
    if isinstance(measures, PairMeasures):
        searched = {"beam": {"width": evaluation.beam, **_written_json(measures.beam)}}
        return {
            **_written_json(measures.greedy),
            "accuracy": measures.accuracy,
            **(searched if measures.beam else {}),
        }
    return _from_label_json(measures, evaluation)


def _from_label_json(measures: FromLabelMeasures, evaluation: "TaskEvaluation") -> dict[str, Any]:
    """Return the loss of each label; without baselines, those of the n-gram models are null."""
    has_ngrams = evaluation.baselines is not None
    labels = {
        evaluation.tokens[label]: {
            "loss": each.loss,
            "ngram": each.ngram.loss if has_ngrams else None,
            "tokens": each.tokens,
        }
        for label, each in enumerate(measures.labels)
        if each
    }
    below = measures.below_ngram if has_ngrams else None
    return {"loss": measures.loss, "labels": labels, "below_ngram": below}


def _written_json(written: WrittenTargets | None) -> dict[str, Any]:
    if written is None:
        return {}
    return {"exact_match": written.exact_match, "token_error_rate": written.token_error_rate}


def _baselines_json(baselines: "TaskBaselines") -> dict[str, Any]:
    """Return the baselines that a task has, by name."""
    found: dict[str, Any] = {}
    if baselines.majority:
        found["majority"] = {"accuracy": baselines.majority.accuracy}
    if each := baselines.naive_bayes:
        found["naive_bayes"] = {
            "accuracy": each.accuracy,
            "macro_f1": each.macro_f1,
            "alpha": each.alpha,
        }
    if baselines.most_frequent_tag:
        found["most_frequent_tag"] = {"accuracy": baselines.most_frequent_tag.accuracy}
    if baselines.nearest_source:
        found["nearest_source"] = _written_json(baselines.nearest_source.written)
    return found


def size_of(evaluation: "TaskEvaluation") -> str:
    """Return the number of examples, and of tokens where these are counted."""
    measures = evaluation.measures
    if isinstance(measures, LabelMeasures):
        return count_of(evaluation.sequences, "example")
    if isinstance(measures, PairMeasures):
        return f"{count_of(evaluation.sequences, 'pair')}, {count_of(measures.counted, 'target token')}"
    tokens = measures.counted if isinstance(measures, TagMeasures) else measures.tokens
    return f"{count_of(evaluation.sequences, 'sequence')}, {count_of(tokens, 'token')}"


def _measure_rows(measures: "Measures", evaluation: "TaskEvaluation") -> list[Row]:
    """Return a row for each measure of a network, with its unit, and one for the baselines."""
    if isinstance(measures, LabelMeasures):
        return _label_rows(measures, evaluation.baselines)
    if isinstance(measures, TagMeasures):
        return _tag_rows(measures, evaluation.baselines)
    if isinstance(measures, PairMeasures):
        return _pair_rows(measures, evaluation)
    rows = [("loss", f"{measures.loss:.4g} nats per token, the end of each sequence counted")]
    if evaluation.baselines is not None:
        measured = sum(each is not None for each in measures.labels)
        verdict = against_baseline(measures.ngram_loss - measures.loss)
        below = f"{measures.below_ngram} of {count_of(measured, 'label')} below their n-gram model"
        text = f"n-gram model of each label {measures.ngram_loss:.4g} nats per token: {verdict}; {below}"
        rows.append(("baselines", text))
    return rows


def _label_rows(measures: LabelMeasures, baselines: "TaskBaselines | None") -> list[Row]:
    low, high = measures.interval
    share = f"{measures.accuracy:.4f} ({measures.correct:,} of {measures.counted:,})"
    rows = [
        ("accuracy", f"{share}, 95 % interval {low:.4f} to {high:.4f}"),
        ("macro-F1", f"{measures.macro_f1:.4f}"),
        ("loss", _loss(measures.loss, "example")),
    ]
    if baselines and baselines.majority and (bayes := baselines.naive_bayes):
        gain = measures.accuracy - max(baselines.majority.accuracy, bayes.accuracy)
        rows.append(
            (
                "baselines",
                f"majority class {baselines.majority.accuracy:.4f}, naive Bayes {bayes.accuracy:.4f}"
                f" (macro-F1 {bayes.macro_f1:.4f}): {against_baseline(gain)}",
            )
        )
    return rows


def _tag_rows(measures: TagMeasures, baselines: "TaskBaselines | None") -> list[Row]:
    rows = [
        (
            "accuracy",
            f"{measures.accuracy:.4f} ({measures.correct:,} of {count_of(measures.counted, 'token')})",
        ),
        ("sequences", f"{measures.sequence_accuracy:.4f} without a mistake"),
        ("unseen", _unseen(measures)),
        ("macro-F1", f"{measures.macro_f1:.4f}"),
        ("loss", _loss(measures.loss, "token")),
    ]
    if baselines and (frequent := baselines.most_frequent_tag):
        verdict = against_baseline(measures.accuracy - frequent.accuracy)
        rows.append(("baselines", f"most frequent tag of each token {frequent.accuracy:.4f}: {verdict}"))
    return rows


def _unseen(measures: TagMeasures) -> str:
    """Return the accuracy on the tokens that the training part lacks."""
    if measures.unseen_accuracy is None:
        return "no token that the training part lacks"
    tokens = count_of(measures.unseen, "token")
    return f"{measures.unseen_accuracy:.4f} of {tokens} that the training part lacks"


def _pair_rows(measures: PairMeasures, evaluation: "TaskEvaluation") -> list[Row]:
    greedy, beam, baselines = measures.greedy, measures.beam, evaluation.baselines
    exact = f"{greedy.exact_match:.4f} ({greedy.exact:,} of {greedy.counted:,})"
    errors = f"{greedy.token_error_rate:.4f} edits per target token"
    if beam:
        exact += f"; with beam {evaluation.beam}: {beam.exact_match:.4f} ({beam.exact:,})"
        errors += f"; with beam {evaluation.beam}: {beam.token_error_rate:.4f}"
    rows = [
        ("exact match", exact),
        ("error rate", errors),
        ("accuracy", f"{measures.accuracy:.4f} of tokens, the end counted, after the true tokens before"),
        ("loss", _loss(measures.loss, "token")),
    ]
    if baselines and (nearest := baselines.nearest_source):
        written = nearest.written
        verdict = against_baseline(greedy.exact_match - written.exact_match)
        left = f" (of the first {count_of(nearest.sources, 'training pair')})" if nearest.left_out else ""
        text = f"target of the nearest training source{left}: exact match {written.exact_match:.4f}"
        rows.append(("baselines", f"{text}, error rate {written.token_error_rate:.4f}: {verdict}"))
    return rows


def _loss(loss: float | None, unit: str) -> str:
    return f"{loss:.4g} nats per {unit}" if loss is not None else "none: the model knows no target"


def against_baseline(gain: float) -> str:
    """Return how a network compares with the best baseline; `gain` is above 0 if it is better."""
    size = f"{abs(gain):.3f} {'better' if gain > 0 else 'worse'}" if round(gain, 3) else "no better"
    return f"the network is {size}"


def _class_table(noun: str, names: Sequence[str], figures: "Sequence[ClassFigures]") -> str:
    """Return the figures of the classes with most targets, those with most targets first."""
    order = sorted(range(len(figures)), key=lambda number: -figures[number].support)
    rows = [
        (
            names[number],
            f"{figures[number].precision:.4f}",
            f"{figures[number].recall:.4f}",
            f"{figures[number].f1:.4f}",
            f"{figures[number].support:,}",
        )
        for number in order[:MOST_CLASSES]
    ]
    columns = (
        _named(noun),
        Column("precision", rank=2),
        Column("recall", rank=2),
        Column("F1"),
        Column("targets", rank=1),
    )
    return table(columns, rows, more=_more(len(order) - len(rows), noun))


def _named(noun: str) -> Column:
    """Return the column with the names of labels, tags or lengths."""
    return Column(noun, left=True, least=8)


def _confusion_table(names: Sequence[str], measures: LabelMeasures) -> list[str]:
    """Return the confusion matrix, if it has few labels: a row for each true label."""
    if len(names) > MOST_COLUMNS:
        return []
    rows = [(name, *counts) for name, counts in zip(names, measures.confusion.tolist(), strict=True)]
    title = fitted_text("Confusion matrix: true labels in rows, predicted ones in columns")
    return [f"{title}\n{table(('', *names), rows)}"]


def _loss_table(evaluation: "TaskEvaluation", measures: FromLabelMeasures) -> str:
    """Return the loss of each label and of its n-gram model, the labels with most tokens first."""
    measured = [(name, each) for name, each in zip(evaluation.tokens, measures.labels, strict=True) if each]
    measured.sort(key=lambda pair: -pair[1].tokens)
    has_ngram = evaluation.baselines is not None
    columns = (
        _named("label"),
        Column("sequences", rank=2),
        Column("tokens", rank=1),
        Column("network"),
        *([Column("n-gram")] if has_ngram else []),
    )
    rows = [_loss_row(name, each, has_ngram=has_ngram) for name, each in measured[:MOST_CLASSES]]
    more = _more(len(measured) - len(rows), "label")
    return "Loss in nats per token\n" + table(columns, rows, more=more)


def _loss_row(name: str, each: LabelLoss, *, has_ngram: bool) -> tuple[str, ...]:
    row = (name, f"{each.sequences:,}", f"{each.tokens:,}", f"{each.loss:.4f}")
    return (*row, f"{each.ngram.loss:.4f}") if has_ngram else row


def _length_table(by_length: "dict[int, Measures]") -> str:
    """Return a row of measures for each length of generated examples."""
    rows = [(length, *_length_figures(measures).values()) for length, measures in by_length.items()]
    first = next(iter(by_length.values()))
    columns = [Column(name, rank=number) for number, name in enumerate(_length_figures(first))]
    return "Test sets of one length each\n" + table(("length", *columns), rows)


def _length_figures(measures: "Measures") -> dict[str, str]:
    """Return the measures of a task that a table of lengths shows, by their names."""
    if isinstance(measures, PairMeasures):
        written = measures.greedy
        return {
            "exact match": f"{written.exact_match:.4f}",
            "error rate": f"{written.token_error_rate:.4f}",
            "examples": f"{written.counted:,}",
        }
    if isinstance(measures, TagMeasures):
        return {
            "accuracy": f"{measures.accuracy:.4f}",
            "sequences": f"{measures.sequence_accuracy:.4f}",
            "examples": f"{measures.sequences:,}",
        }
    if isinstance(measures, LabelMeasures):
        return {
            "accuracy": f"{measures.accuracy:.4f}",
            "loss": f"{measures.loss:.4g}",
            "examples": f"{measures.counted:,}",
        }
    raise ValueError("no generated examples are of task from_label")


def _more(count: int, noun: str) -> str:
    """Return a line on classes without a row; empty if there are none."""
    return f"…  {count_of(count, f'more {noun}')}" if count > 0 else ""
