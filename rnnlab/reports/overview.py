"""The tables of a report: key figures, facts, layers, measures, n-gram baselines, and mistakes.

`reproduction` returns the command that repeats the training, and the configuration of the training.
"""

from collections.abc import Iterable, Iterator, Sequence
from math import isfinite
from pathlib import Path

from rnnlab.config.reading import AnyExperiment
from rnnlab.config.schema import Experiment
from rnnlab.config.writing import write_experiment
from rnnlab.datasets.vocabulary import Vocabulary
from rnnlab.errors import command_line, count_of
from rnnlab.evaluation.baselines import Baselines
from rnnlab.evaluation.measurement import Evaluation
from rnnlab.evaluation.metrics import OVER_ALL, Confusions
from rnnlab.evaluation.ngram import NAMES
from rnnlab.models.architecture import Architecture, Layer
from rnnlab.models.task_architecture import TaskArchitecture
from rnnlab.reports.axes import figure
from rnnlab.reports.contents import Contents, Measured, Record
from rnnlab.reports.markup import Markup, tag, together, without_controls
from rnnlab.reports.tables import named_facts, scroller, share_bar, table_of_rows
from rnnlab.runs.history import History
from rnnlab.runs.layout import CONFIG

MOST_PAIRS = 10
MOST_TOKENS = 12
SHADES = 5
_SIGNS = {" ": "␣", "\n": "↵", "\t": "⇥"}
MOST_CHARACTERS = 100_000


def head(contents: Contents) -> Markup:
    """Return the title of a report, sentences about the run, and its most important figures if measured."""
    experiment = contents.trained.experiment
    model = _model(experiment, contents.architecture)
    said = [
        f"{model[0].upper()}{model[1:]}, {count_of(contents.architecture.parameters, 'parameter')}.",
        f"Trained on {_data(contents)}",
    ]
    name, figures = contents.run.path.name, _figures(contents)
    epoch = epoch_said(contents.history, contents.trained.epoch)
    return header(name, " ".join(said), contents.record.begun, figures, epoch=epoch)


def header(
    name: str,
    said: str,
    begun: str,
    figures: Iterable[tuple[str, str, str]],
    *,
    headline: str = "",
    epoch: str = "",
) -> Markup:
    """Return the title of a report, sentences about the run, and its most important figures.

    Args:
        name: name of the run.
        said: the sentences; the last one has no full stop.
        begun: when the training began, in UTC; empty if it is not known.
        figures: (name, figure, unit) of each figure.
        headline: the most important result as a sentence; empty for none.
        epoch: a sentence on the epoch that all figures are of; empty for none.
    """
    when = [", ", tag("time", f"{begun} UTC")] if begun else []
    shown = [
        tag("div", tag("dt", title), tag("dd", value), tag("dd", unit, class_="unit"))
        for title, value, unit in figures
    ]
    strip = [tag("dl", *shown, class_="figures")] if shown else []
    below = [tag("p", epoch, class_="remark")] if epoch else []
    first = [tag("p", headline, class_="headline")] if headline else []
    lede = tag("p", said, *when, ".", class_="lede")
    return tag("header", tag("h1", name), *first, lede, *strip, *below)


def epoch_said(history: History, kept: int) -> str:
    """Return a sentence on the epoch that the figures of a run are of; empty if no epoch is known.

    Args:
        history: the history of the run.
        kept: number of the epoch whose weights are in the model file; 0 if the file does not say so.
    """
    progress = history.progress(kept)
    if progress.best_epoch is None:
        return ""
    part = "validation" if progress.part == "validation" else "training"
    return (
        f"All figures, samples and pictures are of the weights after epoch {progress.best_epoch:,} of"
        f" {progress.epochs:,}, which were kept for their {part} loss."
    )


def facts(contents: Contents) -> Markup:
    """Return a table of the facts of the training."""
    return named_facts(_facts(contents))


def layers(architecture: Architecture | TaskArchitecture) -> Markup:
    """Return a table of the layers: shape of the output, shapes of the weights, and number of parameters."""
    rows = [_layer(layer) for layer in architecture.layers]
    rows.append(["all", "", "", f"{architecture.parameters:,}"])
    return table_of_rows(["layer", "output", "weights", "parameters"], rows, class_="layers")


def measures_table(evaluation: Evaluation) -> Markup:
    """Return a table of the measures, each with its unit and its meaning."""
    rows = [
        tag("tr", tag("th", name, scope="row"), tag("td", value), tag("td", beside))
        for name, value, beside in _measures(evaluation)
    ]
    part = (
        f"One step at a time, on the {evaluation.split} part: {count_of(evaluation.metrics.tokens, 'target')}"
    )
    return tag("table", tag("caption", part), tag("tbody", *rows), class_="measures")


def baselines_table(baselines: Baselines, loss: float) -> Markup:
    """Return the losses of the network, the best n-gram model and the unigram as bars, the lowest first.

    A loss that is not finite is the last, and has no bar.
    """
    best, unigram = baselines.best, baselines.unigram
    own = "this network"
    named = [
        (own, loss),
        (f"{best.order}-gram, {NAMES[best.smoothing]}, the best n-gram model on this part", best.loss),
        ("unigram: how often each token occurs", unigram.loss),
    ]
    longest = max(value for _, value in named if isfinite(value)) or 1.0
    rows = [
        tag(
            "tr",
            tag("th", name, scope="row"),
            tag("td", figure(value)),
            tag("td", share_bar(value / longest) if isfinite(value) else ""),
            class_="own" if name == own else "other",
        )
        for name, value in sorted(named, key=lambda each: (not isfinite(each[1]), each[1]))
    ]
    caption = tag("caption", f"Loss in nats per token; shorter is better{_counted(baselines)}")
    return tag("table", caption, tag("tbody", *rows), class_="bars")


def token_text(token: str) -> str:
    """Return a token as visible text; a space, a line break and a tab become the signs ␣, ↵ and ⇥.

    Other spaces and control characters become escapes, as in `\\xa0`.
    """
    return _SIGNS.get(token) or (
        without_controls(token) if token.strip() else token.encode("unicode_escape").decode()
    )


def confusion_tables(confusions: Confusions, vocabulary: Vocabulary) -> Markup:
    """Return a list of the most frequent mistakes, and the confusion matrix of their tokens as a heat map.

    If there are no mistakes, return a sentence instead.
    """
    worst = confusions.worst(MOST_PAIRS)
    if not worst:
        return tag("p", "No mistakes: the most probable token was always the target.")
    tables = tag("div", _pairs(confusions, vocabulary), _map(confusions, vocabulary), class_="side-by-side")
    how = "In the map a row is a target and a column a predicted token. Correct predictions are framed."
    return together(tag("p", how, class_="remark"), tables)


def reproduction(path: Path, experiment: AnyExperiment) -> Markup:
    """Return the command that repeats the training, and its configuration as YAML, which may be cut.

    Args:
        path: the folder of the run.
        experiment: the configuration.
    """
    command = tag("pre", tag("code", command_line("train", path / CONFIG)))
    page = write_experiment(experiment, folder=path.absolute())
    more = (
        f"\n… {count_of(len(page) - MOST_CHARACTERS, 'more character')}"
        if len(page) > MOST_CHARACTERS
        else ""
    )
    yaml = tag("pre", tag("code", page[:MOST_CHARACTERS] + more), tabindex="0")
    sentence = (
        "The same configuration gives the same bits with the same versions and the same processor. The data"
        " must be at the same path as in the training."
    )
    details = tag("details", tag("summary", "The configuration as YAML, with every default"), yaml)
    return together(tag("p", sentence), command, details)


def _layer(layer: Layer) -> list[str]:
    weights = ", ".join(f"{name.rpartition('/')[2]} {_shape(shape)}" for name, shape in layer.weights.items())
    return [layer.name, _shape(layer.output_shape), weights or "–", f"{layer.parameters:,}"]


def _figures(contents: Contents) -> Iterator[tuple[str, str, str]]:
    """Yield (name, figure, unit) of the most important measures; nothing if the model was not measured."""
    if not isinstance(contents.measured, Measured):
        return
    evaluation = contents.measured.evaluation
    metrics, running = evaluation.metrics, evaluation.free_running
    per = "per token" if evaluation.bits_per_character is None else "per character"
    yield f"{evaluation.split} loss", figure(metrics.loss, 3), f"nats {per}"
    if evaluation.bits_per_character is not None:
        yield "bits", figure(metrics.bits_per_token, 3), per
    yield "accuracy", f"{100 * metrics.accuracy:.3g} %", f"{metrics.correct:,} of {metrics.tokens:,}"
    if evaluation.baselines:
        gain = evaluation.baselines.best.loss - metrics.loss
        yield "against the best n-gram", f"{abs(gain):.2f}", f"nats {'better' if gain > 0 else 'worse'}"
    if running and evaluation.bits_per_character is None:  # of a text, one letter moves all that follow
        where = "exact" if running.exact else f"first mistake: token {running.first_divergence:,}"
        yield "free running", f"{running.correct:,} of {running.length:,}", where


def _facts(contents: Contents) -> Iterator[tuple[str, str]]:
    experiment = contents.trained.experiment
    yield "data", _data(contents)
    if contents.trained.data_sha256:
        yield "sha256 of the data", contents.trained.data_sha256
    yield "vocabulary", f"{count_of(len(contents.vocabulary), 'token')}: {contents.vocabulary.summary}"
    yield "batches", _regime(experiment)
    yield "model", _model(experiment, contents.architecture)
    yield from training_facts(experiment, contents.record, contents.history)


def training_facts(experiment: AnyExperiment, record: Record, history: History) -> Iterator[tuple[str, str]]:
    """Yield (name, fact) of the training: its length, the optimizer, the random seeds and the machine."""
    training, optimizer = experiment.training, experiment.training.optimizer
    steps = f", {count_of(len(history.steps), 'step')}" if len(history.steps) else ""
    epochs = record.epochs or len(history) or training.epochs
    time = f", {record.seconds:,.1f} s" if record.seconds is not None else ""
    yield (
        "trained for",
        f"{count_of(epochs, 'epoch')}{steps}{time}{' since it was resumed' * record.was_resumed}",
    )
    schedule = f", {training.schedule.kind} schedule" if training.schedule.kind != "constant" else ""
    yield "optimizer", f"{optimizer.name}, learning rate {optimizer.learning_rate:g}{schedule}"
    yield (
        "random seeds",
        f"{training.random_seed} for training, {experiment.generation.random_seed} for samples",
    )
    yield from record.environment.items()


def _model(experiment: Experiment, architecture: Architecture) -> str:
    """Return the model in words, as in `stateful LSTM of 128 units on one hot tokens`."""
    stateful = "stateful " * bool(getattr(experiment.model, "stateful", False))
    units = " and ".join(str(layer.units) for layer in architecture.hidden)
    encoding = experiment.dataset.encoding.replace("_", " ")
    kind = kind_name(experiment.model.kind)
    return f"{stateful}{kind} of {units} {'unit' if units == '1' else 'units'} on {encoding} tokens"


def kind_name(kind: str) -> str:
    """Return a kind of model as it is written in a sentence."""
    names = {"simple_rnn": "simple RNN", "lstm": "LSTM", "gru": "GRU", "mlp": "MLP"}
    return names.get(kind, kind)


def _data(contents: Contents) -> str:
    """Return the data of the training in words: size and file name if it was read, else only the names."""
    dataset, measured = contents.trained.experiment.dataset, contents.measured
    noun = "note" if dataset.kind == "notes" else "character"
    if isinstance(measured, Measured):
        first, *others = measured.corpus.names
        more = f" and {count_of(len(others), 'more file')}" if others else ""
        return f"{count_of(len(measured.corpus.ids), noun)} of {first.rpartition('/')[2]}{more}"
    named = [dataset.url or "", *(path.name for path in dataset.path or ())]
    return f"{noun}s of {', '.join(filter(None, named))[:200] or 'the configuration'}"


def _regime(experiment: Experiment) -> str:
    steps, batch = count_of(experiment.dataset.window, "step"), experiment.training.batch_size
    return {
        "stream": f"a stream in {count_of(batch, 'lane')}, cut every {steps}; the state is carried on",
        "windows": f"windows of {steps}, {batch} in a batch, each from a zero state",
        "stateful_windows": f"windows of {steps}, {batch} in a batch; the state is carried on",
    }[experiment.regime]


def _shape(shape: Sequence[int | None]) -> str:
    return "(" + ", ".join("N" if size is None else str(size) for size in shape) + ")"


def _measures(evaluation: Evaluation) -> Iterator[tuple[str, str, str]]:
    """Yield (measure, figure, meaning)."""
    metrics, ceiling, seeds = evaluation.metrics, evaluation.ceiling, evaluation.seed_runs
    unit = "token" if evaluation.bits_per_character is None else "character"
    yield "loss", figure(metrics.loss), f"nats per {unit}, {figure(metrics.bits_per_token)} bits"
    perplexity = figure(metrics.perplexity) if isfinite(metrics.perplexity) else OVER_ALL
    yield "perplexity", perplexity, "as uncertain as a choice among so many equally likely tokens"
    yield "accuracy", f"{metrics.accuracy:.4f}", f"{metrics.correct:,} of {metrics.tokens:,}"
    if metrics.top_5_accuracy is not None:
        yield "top 5", f"{metrics.top_5_accuracy:.4f}", "the target is among the five most probable tokens"
    if ceiling:
        why = f"{ceiling.correct:,} of {ceiling.total:,}: the highest for any model that sees only the window"
        yield "ceiling", f"{ceiling.accuracy:.4f}", why
    if running := evaluation.free_running:
        where = "exact" if running.exact else f"first mistake at generated token {running.first_divergence:,}"
        yield "free running", f"{running.accuracy:.4f}", f"{running.correct:,} of {running.length:,}, {where}"
    if seeds:
        yield (
            "from seeds",
            f"{seeds.accuracy:.4f}",
            f"of {count_of(seeds.length, 'token')} after {count_of(seeds.seeds, 'window')}",
        )


def _counted(baselines: Baselines) -> Markup:
    """Return a remark on the tokens that the n-grams were counted on; empty for the training part as it is.

    The remark says whether only the last tokens were counted, and whether transposed copies were counted if
    the configuration has any.
    """
    if not baselines.left_out and baselines.copies is None:
        return Markup()
    last = f"the last {count_of(baselines.counted, 'token')} of " if baselines.left_out else ""
    how = "with" if baselines.copies else "without"
    copies = "" if baselines.copies is None else f", {how} transposed copies"
    return together(f"; n-grams of {last}the training part{copies}")


def _pairs(confusions: Confusions, vocabulary: Vocabulary) -> Markup:
    rows = []
    for wanted, found, times in confusions.worst(MOST_PAIRS):
        total = confusions.wanted(wanted)
        cells = [_token(vocabulary, wanted), _token(vocabulary, found)]
        share = tag("td", f"{times:,} of {total:,}")
        rows.append(tag("tr", *(tag("td", cell) for cell in cells), share))
    head = tag("tr", *(tag("th", name, scope="col") for name in ("target", "predicted", "how often")))
    caption = tag("caption", "The most frequent mistakes")
    table = tag("table", caption, tag("thead", head), tag("tbody", *rows))
    return scroller(table, "list of mistakes")


def _map(confusions: Confusions, vocabulary: Vocabulary) -> Markup:
    """Return the confusion matrix of at most 12 tokens of the most frequent mistakes.

    Rows are targets, columns are predictions. A cell with a mistake is shaded by its fraction of the count of
    the target.
    """
    named = dict.fromkeys(token for pair in confusions.worst(60) for token in pair[:2])
    tokens = sorted([*named][:MOST_TOKENS])
    head = [tag("td"), *(tag("th", _token(vocabulary, token), scope="col") for token in tokens)]
    rows = [
        tag(
            "tr",
            tag("th", _token(vocabulary, wanted), scope="row"),
            *(_cell(confusions, wanted, found) for found in tokens),
        )
        for wanted in tokens
    ]
    caption = tag("caption", "Targets and predictions")
    table = tag("table", caption, tag("thead", tag("tr", *head)), tag("tbody", *rows), class_="heat")
    return scroller(table, "heat map of mistakes")


def _cell(confusions: Confusions, wanted: int, found: int) -> Markup:
    times = confusions.pairs[wanted, found]
    share = times / max(confusions.wanted(wanted), 1)
    shade = min(int(share * SHADES * 2) + 1, SHADES) if times else 0
    kinds = [*(["right"] if wanted == found else [f"heat-{shade}"])]
    return tag("td", f"{times:,}" if times else "·", class_=" ".join(kinds))


def _token(vocabulary: Vocabulary, token: int) -> Markup:
    return tag("code", together(token_text(vocabulary.tokens[token])))
