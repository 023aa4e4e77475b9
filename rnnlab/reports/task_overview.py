"""The head and the facts of a report on a task with examples."""

from collections.abc import Iterator

from rnnlab.config.task_data import DIAGRAMS, GeneratedDataset
from rnnlab.errors import count_of
from rnnlab.evaluation.example_measurement import TaskEvaluation
from rnnlab.evaluation.label_measures import LabelMeasures
from rnnlab.evaluation.pair_measures import PairMeasures
from rnnlab.evaluation.tag_measures import TagMeasures
from rnnlab.reports.axes import figure
from rnnlab.reports.markup import Markup
from rnnlab.reports.overview import epoch_said, header, kind_name, training_facts
from rnnlab.reports.task_contents import MeasuredTask, TaskContents
from rnnlab.reports.task_description import MOST_NAMES, model_text


def task_head(contents: TaskContents) -> Markup:
    """Return the title, sentences about the run, and its most important figures if measured."""
    model = _model(contents)
    count = count_of(contents.architecture.parameters, "parameter")
    said = f"{model[0].upper()}{model[1:]}, {count}. Trained on {_data(contents)}"
    measured = contents.measured
    figures = _figures(measured.evaluation) if isinstance(measured, MeasuredTask) else ()
    epoch = epoch_said(contents.history, contents.trained.epoch)
    return header(contents.run.path.name, said, contents.record.begun, figures, epoch=epoch)


def task_facts(contents: TaskContents) -> Iterator[tuple[str, str]]:
    """Yield (name, fact) of the task, the data, the model and the training."""
    trained = contents.trained
    yield "task", f"{trained.experiment.task}: {DIAGRAMS[trained.experiment.task]}"
    yield "data", _data(contents)
    if trained.data_sha256:
        yield "sha256 of the data", trained.data_sha256
    characters = f", characters of words {len(trained.characters):,}" if trained.characters else ""
    yield "tokens", f"inputs {len(trained.tokens):,}, targets {len(trained.targets):,}{characters}"
    yield "batches", f"{trained.experiment.training.batch_size:,} examples of similar length"
    yield "model", model_text(contents.architecture)
    yield from training_facts(trained.experiment, contents.record, contents.history)


def _figures(evaluation: TaskEvaluation) -> Iterator[tuple[str, str, str]]:
    """Yield (name, figure, unit) of the most important measures."""
    measures, baselines, split = evaluation.measures, evaluation.baselines, evaluation.split
    if isinstance(measures, LabelMeasures | TagMeasures):
        right = f"{measures.correct:,} of {measures.counted:,}"
        yield f"{split} accuracy", _percent(measures.accuracy), right
    if isinstance(measures, LabelMeasures):
        yield "macro-F1", f"{measures.macro_f1:.3f}", "mean over the labels"
        if baselines and baselines.naive_bayes:
            yield _against("naive Bayes", measures.accuracy - baselines.naive_bayes.accuracy)
    elif isinstance(measures, TagMeasures):
        if measures.unseen_accuracy is not None:
            yield "unseen tokens", _percent(measures.unseen_accuracy), f"of {measures.unseen:,}"
        if baselines and baselines.most_frequent_tag:
            yield _against("the most frequent tag", measures.accuracy - baselines.most_frequent_tag.accuracy)
    elif isinstance(measures, PairMeasures):
        written = measures.greedy
        right = f"{written.exact:,} of {written.counted:,}"
        yield f"{split} exact match", _percent(written.exact_match), right
        yield "token error rate", f"{written.token_error_rate:.4f}", "edits per target token"
        if baselines and (nearest := baselines.nearest_source):
            yield _against("the nearest source", written.exact_match - nearest.written.exact_match)
    else:
        yield f"{split} loss", figure(measures.loss, 3), "nats per token"
        if baselines:
            gain = measures.ngram_loss - measures.loss
            yield "against n-grams", f"{abs(gain):.2f}", f"nats {'better' if gain > 0 else 'worse'}"
            measured = sum(each is not None for each in measures.labels)
            yield "below their n-gram", f"{measures.below_ngram} of {measured}", "labels"


def _against(name: str, gain: float) -> tuple[str, str, str]:
    points = f"{100 * abs(gain):.1f}"
    return f"against {name}", points, f"percentage points {'better' if gain > 0 else 'worse'}"


def _percent(share: float) -> str:
    return f"{100 * share:.3g} %"


def _model(contents: TaskContents) -> str:
    """Return the model in words, as in `LSTM of 128 units in both directions`."""
    model = contents.trained.experiment.model
    units = " and ".join(map(str, model.units))
    parts = [f"{kind_name(model.kind)} of {units} {'unit' if units == '1' else 'units'}"]
    parts += ["in both directions"] * model.bidirectional
    parts += ["with attention"] * (model.attention != "none")
    parts += ["that reads the characters of words"] * model.characters
    return " ".join(parts)


def _data(contents: TaskContents) -> str:
    """Return the data of the training in words: number of examples if they were read, and names of files."""
    dataset, measured = contents.trained.experiment.dataset, contents.measured
    if isinstance(dataset, GeneratedDataset):
        fresh = ", new ones for each epoch" if dataset.fresh else ""
        return f"{count_of(dataset.examples, 'generated example')} of {dataset.name}{fresh}"
    if isinstance(measured, MeasuredTask):
        names = [name.rpartition("/")[2] for name in measured.names]
        count = measured.training_examples
        counted = count_of(count, "example") if count else "examples"
    else:
        names = [dataset.url or "", *(path.name for path in dataset.path or ())]
        counted = "examples"
    named = [name for name in names if name] or ["the configuration"]
    more = f" and {count_of(len(named) - MOST_NAMES, 'more file')}" if len(named) > MOST_NAMES else ""
    return f"{counted} of {', '.join(named[:MOST_NAMES])[:200]}{more}"
