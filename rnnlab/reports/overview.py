"""What was trained, and how: the head of a report and its table of facts.

What a model is worth, with what counting alone is worth beside it.

Pictures by matplotlib, which is loaded when one is drawn: without a display, the same bytes each time.

How to make a run again: the command, and the page of YAML with every default written out.
"""

import io
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from math import isfinite
from typing import TYPE_CHECKING, Any

from rnnlab.config.reading import write_experiment
from rnnlab.config.schema import Experiment
from rnnlab.errors import command_line, count_of, one_line
from rnnlab.evaluation.baselines import Baselines
from rnnlab.evaluation.measurement import Evaluation
from rnnlab.evaluation.metrics import OVER_ALL
from rnnlab.evaluation.ngram import NAMES
from rnnlab.extras import load_extra
from rnnlab.models.architecture import Architecture, Layer
from rnnlab.reports.axes import figure
from rnnlab.reports.contents import Contents, Measured
from rnnlab.reports.markup import Markup, tag, together
from rnnlab.runs.layout import CONFIG

if TYPE_CHECKING:
    from matplotlib.figure import Figure


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
    steps = f", {count_of(len(history.steps), 'step')}" if len(history.steps) else ""
    epochs = record.epochs or len(history) or training.epochs
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


_BAR = 220


def measures_table(evaluation: Evaluation) -> Markup:
    """A row for each measure, with its unit and what it is to be held against."""
    rows = [
        tag("tr", tag("th", name, scope="row"), tag("td", value), tag("td", beside))
        for name, value, beside in _measures(evaluation)
    ]
    part = (
        f"One step at a time, on the {evaluation.split} part: {count_of(evaluation.metrics.tokens, 'target')}"
    )
    return tag("table", tag("caption", part), tag("tbody", *rows), class_="measures")


def baselines_table(baselines: Baselines, loss: float) -> Markup:
    """The losses of the network and of n-grams as bars, best first."""
    best, unigram = baselines.best, baselines.unigram
    named = [
        ("this network", loss),
        (f"{best.order}-gram, {NAMES[best.smoothing]}, the best of all on this part", best.loss),
        ("unigram: how often each token occurs", unigram.loss),
    ]
    longest = max(value for _, value in named) or 1.0
    rows = [
        tag("tr", tag("th", name, scope="row"), tag("td", figure(value)), tag("td", _bar(value / longest)))
        for name, value in sorted(named, key=lambda each: each[1])
    ]
    caption = tag("caption", f"Loss in nats per token; shorter is better{_counted(baselines)}")
    return tag("table", caption, tag("tbody", *rows), class_="bars")


def _measures(evaluation: Evaluation) -> Iterator[tuple[str, str, str]]:
    """(measure, figure, what it is to be held against)."""
    metrics, ceiling, seeds = evaluation.metrics, evaluation.ceiling, evaluation.seed_runs
    unit = "token" if evaluation.bits_per_character is None else "character"
    yield "loss", figure(metrics.loss), f"nats per {unit}, {figure(metrics.bits_per_token)} bits"
    perplexity = figure(metrics.perplexity) if isfinite(metrics.perplexity) else OVER_ALL
    yield "perplexity", perplexity, "equally likely tokens would be as uncertain"
    yield "accuracy", f"{metrics.accuracy:.4f}", f"{metrics.correct:,} of {metrics.tokens:,}"
    if metrics.top_5_accuracy is not None:
        yield "top 5", f"{metrics.top_5_accuracy:.4f}", "among the five likeliest"
    if ceiling:
        why = f"{ceiling.correct:,} of {ceiling.total:,}: the most for any model that sees only the window"
        yield "ceiling", f"{ceiling.accuracy:.4f}", why
    if running := evaluation.free_running:
        where = "exact" if running.exact else f"first wrong at generated token {running.first_divergence:,}"
        yield "free running", f"{running.accuracy:.4f}", f"{running.correct:,} of {running.length:,}, {where}"
    if seeds:
        yield (
            "from seeds",
            f"{seeds.accuracy:.4f}",
            f"of {count_of(seeds.length, 'token')} after {count_of(seeds.seeds, 'window')}",
        )


def _bar(share: float) -> Markup:
    """A bar of a share of the longest."""
    bar = tag("rect", x=0, y=0, width=max(_BAR * share, 1), height=12, rx=2)
    return tag("svg", bar, width=_BAR, height=12, viewBox=f"0 0 {_BAR} 12", class_="bar", aria_hidden="true")


def _counted(baselines: Baselines) -> Markup:
    """What the n-grams were counted on, where that is not simply the training part."""
    said = []
    if baselines.left_out:
        said.append(f"the last {count_of(baselines.counted, 'token')} of the training part")
    if baselines.copies is not None:
        said.append(f"{'with' if baselines.copies else 'without'} transposed copies")
    return together(f"; n-grams of {', '.join(said)}" if said else "")


FORMATS = (".svg", ".png", ".pdf")

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
"""Okabe and Ito's, which those see apart who do not see red and green apart; yellow is too pale on white."""

MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*")
"""In print these tell lines apart; as there are 7 colours and 8 of these, 56 lines are all different."""

DECADES = 10.0
"""Figures that span more than this factor are drawn on a logarithmic scale."""

_STYLE: Any = {
    "axes.grid": True,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlesize": 10,
    "figure.dpi": 150,
    "font.size": 9,
    "grid.alpha": 0.3,
    "legend.frameon": False,
    "lines.linewidth": 1.4,
    "lines.markersize": 4,
    "svg.fonttype": "none",
    "svg.hashsalt": "rnnlab",
}
_METADATA: dict[str, dict[str, Any]] = {
    ".svg": {"Date": None, "Creator": "rnnlab"},
    ".png": {"Software": "rnnlab"},
    ".pdf": {"CreationDate": None, "Creator": "rnnlab", "Producer": None},
}


def check_matplotlib() -> None:
    """Refuse to go on where pictures cannot be drawn.

    Raises:
        DataError: matplotlib is not installed; the message says how to install it.
    """
    load_extra("matplotlib.figure")


def rendered(draw: Callable[["Figure"], None], suffix: str, *, width: float, height: float) -> bytes:
    """The bytes of a picture.

    Args:
        draw: draws into an empty figure.
        suffix: `.svg`, `.png` or `.pdf`.
        width: inches.
        height: inches.

    Raises:
        DataError: matplotlib is not installed.
    """
    check_matplotlib()
    import matplotlib  # noqa: PLC0415
    from matplotlib.figure import Figure  # noqa: PLC0415

    into = io.BytesIO()
    with matplotlib.rc_context(), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a script that the font lacks is drawn as boxes
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(_STYLE)
        figure = Figure(figsize=(width, height), layout="constrained")
        draw(figure)
        figure.savefig(into, format=suffix.removeprefix("."), metadata=_METADATA[suffix])
    return into.getvalue()


def spans_decades(values: Iterable[float | None]) -> bool:
    """Whether what is above 0 of some figures wants a logarithmic scale."""
    positive = [value for value in values if value is not None and value > 0]
    return bool(positive) and max(positive) > DECADES * min(positive)


def make_logarithmic(axes: Any, direction: str) -> None:
    """Give the x or the y axis a logarithmic scale, with plain numbers at decades, as many as fit."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator  # noqa: PLC0415

    axes.set(**{f"{direction}scale": "log"})
    axis = getattr(axes, f"{direction}axis")
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axis.set_major_locator(LogLocator(numticks=4 if direction == "x" else 8))
    axis.set_minor_locator(NullLocator())


def name_texts(texts: Iterable[Any], names: Iterable[str]) -> None:
    """Set texts to names as they are, whatever matplotlib would read in them, such as `_` or `$`."""
    for text, name in zip(texts, names, strict=True):
        text.set_parse_math(False)
        text.set_text(one_line(name))


MOST_CHARACTERS = 100_000


def reproduction(contents: Contents) -> Markup:
    """The command, and the page that it reads."""
    path = contents.run.path
    command = tag("pre", tag("code", command_line("train", path / CONFIG)))
    page = write_experiment(contents.trained.experiment, folder=path.absolute())
    more = (
        f"\n… {count_of(len(page) - MOST_CHARACTERS, 'more character')}"
        if len(page) > MOST_CHARACTERS
        else ""
    )
    yaml = tag("pre", tag("code", page[:MOST_CHARACTERS] + more), tabindex="0")
    sentence = (
        "The same page, on the same versions and processor, gives the same bits. Its data is expected where"
        " it was."
    )
    details = tag("details", tag("summary", "The page of YAML, with every default written out"), yaml)
    return together(tag("p", sentence), command, details)
