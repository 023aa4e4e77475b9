"""What was trained, and how: the head of a report and its table of facts."""

from collections.abc import Iterator, Sequence

from rnnlab.config.schema import Experiment
from rnnlab.errors import count_of
from rnnlab.models.architecture import Architecture, Layer
from rnnlab.reports.contents import Contents, Measured
from rnnlab.reports.markup import Markup, tag
from rnnlab.reports.ticks import figure


def head(contents: Contents) -> Markup:
    """The title, a sentence, and the few figures that one looks for first."""
    experiment = contents.trained.experiment
    model = _model(experiment, contents.architecture)
    said = [
        f"{model[0].upper()}{model[1:]}, {count_of(contents.architecture.parameters, 'parameter')}.",
        f"Trained on {_data(contents)}",
    ]
    begun = contents.record.begun
    when = [", ", tag("time", f"{begun} UTC")] if begun else []
    figures = [
        tag("div", tag("dt", name), tag("dd", value), tag("dd", unit, class_="unit"))
        for name, value, unit in _figures(contents)
    ]
    strip = [tag("dl", *figures, class_="figures")] if figures else []
    return tag(
        "header",
        tag("h1", contents.run.path.name),
        tag("p", " ".join(said), *when, ".", class_="lede"),
        *strip,
    )


def facts(contents: Contents) -> Markup:
    """How it was trained, a row a fact."""
    rows = [tag("tr", tag("th", name, scope="row"), tag("td", value)) for name, value in _facts(contents)]
    return tag("table", tag("tbody", *rows), class_="facts")


def layers(architecture: Architecture) -> Markup:
    """The layers with their shapes; N is any number of lanes, T of time steps."""
    head = tag("tr", *(tag("th", name, scope="col") for name in ("layer", "output", "weights", "parameters")))
    rows = [_layer(layer) for layer in architecture.layers]
    total = tag("tr", tag("th", "all", scope="row"), tag("td"), tag("td"), _number(architecture.parameters))
    table = tag("table", tag("thead", head), tag("tbody", *rows), tag("tfoot", total), class_="layers")
    return tag("div", table, class_="scroller", tabindex="0", role="region", aria_label="layers")


def _layer(layer: Layer) -> Markup:
    weights = ", ".join(f"{name.rpartition('/')[2]} {_shape(shape)}" for name, shape in layer.weights.items())
    return tag(
        "tr",
        tag("th", layer.name, scope="row"),
        tag("td", _shape(layer.output_shape)),
        tag("td", weights or "–"),
        _number(layer.parameters),
    )


def _figures(contents: Contents) -> Iterator[tuple[str, str, str]]:
    """(name, figure, unit) of what counts most."""
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
        yield "beside the best n-gram", f"{abs(gain):.2f}", f"nats {'better' if gain > 0 else 'worse'}"
    if running:
        where = "exact" if running.exact else f"first wrong: number {running.first_divergence:,}"
        yield "running free", f"{running.correct:,} of {running.length:,}", where


def _facts(contents: Contents) -> Iterator[tuple[str, str]]:
    experiment, record, history = contents.trained.experiment, contents.record, contents.history
    training, optimizer = experiment.training, experiment.training.optimizer
    yield "data", _data(contents)
    if contents.trained.data_sha256:
        yield "sha256 of it", contents.trained.data_sha256
    yield "vocabulary", f"{count_of(len(contents.vocabulary), 'token')}: {contents.vocabulary.summary}"
    yield "read as", _regime(experiment)
    yield "model", _model(experiment, contents.architecture)
    steps = f", {count_of(len(history.step_losses), 'step')}" if len(history.step_losses) else ""
    epochs = record.epochs or len(history.epochs) or training.epochs
    time = f", {record.seconds:,.1f} s" if record.seconds is not None else ""
    yield (
        "trained for",
        f"{count_of(epochs, 'epoch')}{steps}{time}{' after it was resumed' * record.was_resumed}",
    )
    schedule = f", {training.schedule.kind} schedule" if training.schedule.kind != "constant" else ""
    yield "optimizer", f"{optimizer.name}, learning rate {optimizer.learning_rate:g}{schedule}"
    yield (
        "random seeds",
        f"{training.random_seed} of training, {experiment.generation.random_seed} of samples",
    )
    yield from record.environment.items()


def _model(experiment: Experiment, architecture: Architecture) -> str:
    """`stateful LSTM of 128 units`."""
    names = {"simple_rnn": "simple RNN", "lstm": "LSTM", "gru": "GRU", "mlp": "MLP"}
    stateful = "stateful " * bool(getattr(experiment.model, "stateful", False))
    units = " and ".join(str(layer.units) for layer in architecture.hidden)
    encoding = experiment.dataset.encoding.replace("_", " ")
    kind = names.get(experiment.model.kind, experiment.model.kind)
    return f"{stateful}{kind} of {units} {'unit' if units == '1' else 'units'} on {encoding} tokens"


def _data(contents: Contents) -> str:
    """What it was trained on, as far as that is open."""
    dataset, measured = contents.trained.experiment.dataset, contents.measured
    noun = "note" if dataset.kind == "notes" else "character"
    if isinstance(measured, Measured):
        first, *others = measured.corpus.names
        more = f" and {count_of(len(others), 'more file')}" if others else ""
        return f"{count_of(len(measured.corpus.ids), noun)} of {first.rpartition('/')[2]}{more}"
    named = [dataset.url or "", *(path.name for path in dataset.path or ())]
    return f"{noun}s of {', '.join(filter(None, named))[:200] or 'the page itself'}"


def _regime(experiment: Experiment) -> str:
    steps, batch = count_of(experiment.dataset.window, "step"), experiment.training.batch_size
    return {
        "stream": f"a stream in {count_of(batch, 'lane')}, cut every {steps}; the state runs on",
        "windows": f"windows of {steps}, {batch} a batch, each from a zero state",
        "stateful_windows": f"windows of {steps}, {batch} a batch; the state runs on",
    }[experiment.regime]


def _number(value: int) -> Markup:
    return tag("td", f"{value:,}", class_="number")


def _shape(shape: Sequence[int | None]) -> str:
    return "(" + ", ".join("N" if size is None else str(size) for size in shape) + ")"
