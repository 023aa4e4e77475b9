"""`rnnlab trace`: every gate, state and prediction of a trained or an untrained network, step by step."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from rnnlab.commands.arguments import json_option, set_option
from rnnlab.commands.hints import of_unfinished
from rnnlab.errors import UsageError, command_line, shell_word
from rnnlab.terminal.text import echo, write

if TYPE_CHECKING:
    from rnnlab.config.schema import Experiment
    from rnnlab.models.model_file import TrainedModel
    from rnnlab.tracing.tracing import Trace
    from rnnlab.tracing.view import View

MOST_UNITS, MOST_STEPS, MOST_CELLS = 16, 120, 100_000
UNITS_OF_A_SLIDE = 4


@click.command()
@click.argument("model", metavar="[RUN|MODEL|CONFIG]", type=click.Path(path_type=Path), required=False)
@click.option(
    "--input",
    "inputs",
    metavar="TEXT",
    multiple=True,
    help="The text or notes that the network reads; repeat it for a batch.",
)
@click.option(
    "--untrained", is_flag=True, help="Trace the network of a CONFIG with its initial random weights."
)
@click.option(
    "--hidden",
    type=click.IntRange(1),
    metavar="N",
    help="Untrained, without a CONFIG: a network of one layer of N units.",
)
@set_option
@click.option("--layer", type=click.IntRange(1), metavar="L", help="Only this layer, counted from 1.")
@click.option(
    "--units",
    metavar="LIST",
    help="Show these units, counted from 1: 1,5,8-11 or all; left out, those that vary most.",
)
@click.option(
    "--steps", metavar="A-B", help="Show these time steps, counted from 1; left out, the first 120."
)
@click.option(
    "--top", type=click.IntRange(1, 100), default=3, help="Number of next tokens to show; 3 if left out."
)
@click.option(
    "--step",
    type=click.IntRange(1),
    metavar="T",
    help="Print the equation of this time step with its numbers.",
)
@click.option("--unit", type=click.IntRange(1), metavar="K", help="Follow this unit through the text.")
@click.option(
    "--value",
    metavar="NAME",
    help="The value of the unit to follow: a gate, candidate, c (shown as tanh(c)) or h; left out, c, or h if"
    " the cell has no c.",
)
@click.option("--run-on", is_flag=True, help="Carry the state over the whole text, also beyond a window.")
@click.option(
    "--output",
    type=click.Path(path_type=Path),
    metavar="FILE.html|.svg",
    help="Draw the result into this file.",
)
@click.option("--overwrite", is_flag=True, help="Replace the file if it exists.")
@json_option
def command(
    model: Path | None, *, inputs: tuple[str, ...], step: int | None, unit: int | None, **options: Any
) -> None:
    """Show every gate, state and prediction of a network, step by step.

    \b
    rnnlab trace --input "g8 e8 e4 f8"
    rnnlab trace runs/text_lstm-1 --input "The ship" --step 3
    rnnlab trace runs/text_lstm-1 --input "He said, 'go'." --unit 7 --output unit.html
    rnnlab trace configs/hello_simple_rnn.yaml --untrained --input hello
    rnnlab trace --untrained --hidden 2 --input hello --input eolll --input lleel
    """
    from rnnlab.terminal.tables import as_json_text

    _refuse_contradictions(step, unit, options)
    trace, facts = _trace(model, inputs, options)
    for fact in facts if model is None or options["untrained"] else facts[1:]:
        echo(fact, err=True)
    if options["as_json"]:
        echo(as_json_text(trace_json(trace, facts)))
        return
    view = _view(trace, facts, options)
    for note in () if step or unit else view.notes:
        echo(note, err=True)
    if options["output"]:
        _write_file(view, options, step=step, unit=unit)
    elif step:
        _print_slides(view, step)
    elif unit:
        _print_unit(view, unit, options["value"])
    else:
        _print_overview(view)


def _refuse_contradictions(step: int | None, unit: int | None, options: dict[str, Any]) -> None:
    def refuse(problem: str) -> None:
        raise UsageError(f"rnnlab trace: {problem} (see rnnlab trace --help)")

    if (options["hidden"] or options["overrides"]) and not options["untrained"]:
        refuse("--hidden and --set change a network with initial weights; add --untrained")
    if step and unit:
        refuse("--step shows one step of several units, --unit all steps of one unit; leave one of them out")
    if unit and options["units"]:
        refuse("--unit follows one unit, --units chooses several; leave one of them out")
    if options["value"] and not unit:
        refuse("--value chooses a value of the unit that --unit names; give --unit too")
    if options["as_json"] and (options["output"] or step or unit):
        refuse("--json prints every value; leave --output, --step and --unit out")


def _trace(
    model: Path | None, inputs: tuple[str, ...], options: dict[str, Any]
) -> "tuple[Trace, tuple[str, ...]]":
    """Trace the network over the inputs, else over its configured seed; return the trace and notes.

    An untrained network carries its state over the whole text, and has only the note on its weights.

    Raises:
        UsageError: there is no input, or the network cannot be traced.
    """
    from rnnlab.tracing.tracing import trace

    untrained = options["untrained"]
    if untrained:
        used = untrained_model(model, options["overrides"], hidden=options["hidden"], inputs=inputs)
        fact = f"not trained: the initial weights of random seed {used.experiment.training.random_seed}"
    else:
        used, fact = trained_model(model)
    if not inputs and used.experiment.generation.seed:
        inputs = (used.experiment.generation.seed,)
    if not inputs:
        example = used.tokens[0]
        raise UsageError(
            f"no input: the configuration has no seed; give one, e.g.: --input {shell_word(example)}"
        )
    found = trace(used, inputs, runs_on=options["run_on"] or untrained)
    return found, (fact, *(() if untrained else found.notes))


def _view(trace: "Trace", facts: tuple[str, ...], options: dict[str, Any]) -> "View":
    """Return the layers, units and steps of a trace that are shown.

    Raises:
        UsageError: the network has no such layer, a unit of `--units` or a step of `--steps` does not exist,
            or the text of one of the two is wrong.
    """
    from rnnlab.commands.arguments import numbers_of, range_of
    from rnnlab.tracing.view import View

    count, total = len(trace.layers), trace.ids.shape[1]
    layer = options["layer"]
    if layer and layer > count:
        raise UsageError(f"--layer: expected a number from 1 to {count}, received {layer}")
    layers = (layer - 1,) if layer else tuple(range(count))
    widest = max(trace.layers[number].units for number in layers)
    return View(
        trace=trace,
        layers=layers,
        units=None if options["units"] is None else numbers_of(options["units"], widest, name="--units"),
        most_units=MOST_UNITS,
        steps=range_of(options["steps"], total, most=MOST_STEPS, name="--steps"),
        top=min(options["top"], len(trace.model.tokens)),
        facts=facts,
    )


def _print_overview(view: "View") -> None:
    from rnnlab.terminal.heat_map import colour_depth, overview

    _check_size(view)
    write(overview(view, width=_columns(), depth=colour_depth()) + "\n")


def _print_slides(view: "View", step: int) -> None:
    from rnnlab.terminal.heat_map import slide_text
    from rnnlab.tracing.page import slides

    for found in slides(view, step - 1, most_units=UNITS_OF_A_SLIDE):
        write(slide_text(found.title, found.lines, width=_columns()) + "\n\n")


def _print_unit(view: "View", unit: int, value: str | None) -> None:
    from rnnlab.terminal.heat_map import colour_depth, unit_text
    from rnnlab.tracing.page import followed_unit

    followed = followed_unit(view.trace, layer=view.layers[-1], unit=unit - 1, value=value)
    write(f"{followed.title}\n\n")
    for lane in range(len(view.trace.ids)):
        lines = unit_text(followed, lane=lane, width=_columns(), depth=colour_depth())
        write("\n".join(lines) + "\n")


def _write_file(view: "View", options: dict[str, Any], *, step: int | None, unit: int | None) -> None:
    """Draw the heat maps as HTML or SVG, or the step or the unit as HTML.

    Raises:
        UsageError: the extension is another, an .svg is asked for a step or a unit, the file exists and
            `--overwrite` is not given, or there are too many numbers to draw.
        RunError: the file cannot be written.
    """
    from rnnlab.files import write_durably
    from rnnlab.tracing.heat_map import heat_maps_svg
    from rnnlab.tracing.page import trace_page

    path: Path = options["output"]
    suffix = path.suffix.lower()
    if suffix not in (".html", ".svg"):
        raise UsageError(f"{path}: expected an --output that ends with .html or .svg")
    if suffix == ".svg" and (step or unit):
        raise UsageError(f"{path}: --step and --unit need .html; an .svg shows only heat maps")
    if os.path.exists(path) and not options["overwrite"]:
        raise UsageError(f"{path}: the file exists; name another, or replace it with --overwrite")
    _check_size(view)
    page = trace_page(view, step=step, unit=unit, value=options["value"]) if suffix == ".html" else None
    write_durably(path, (page or heat_maps_svg(view.titled_maps())).encode())
    echo(f"{path}: written", err=True)


def _check_size(view: "View") -> None:
    if view.cells > MOST_CELLS:
        raise UsageError(
            f"{view.cells:,} numbers to draw, expected at most {MOST_CELLS:,};"
            " choose fewer --units or --steps"
        )


def _columns() -> int:
    import shutil

    return shutil.get_terminal_size((100, 24)).columns


MOST_NUMBERS = 2_000_000


def trace_json(trace: "Trace", facts: Sequence[str]) -> dict[str, Any]:
    """Return a trace as an object of JSON, with arrays as lists, [input][step][unit] or [input][step][token].

    Args:
        trace: the trace.
        facts: sentences about the network and about how it read the inputs.

    Raises:
        UsageError: there are more than `MOST_NUMBERS` numbers.
    """
    from rnnlab.tracing.view import shapes_of

    sizes = [values.size for layer in trace.layers for values in layer.values.values()]
    if (numbers := sum(sizes) + 2 * trace.logits.size) > MOST_NUMBERS:
        raise UsageError(
            f"--json: {numbers:,} numbers, expected at most {MOST_NUMBERS:,}; give a shorter --input"
        )
    tokens = trace.model.tokens
    return {
        "shapes": {name: list(shape) for name, shape in shapes_of(trace)},
        "vocabulary": list(tokens),
        "tokens": [trace.tokens(lane) for lane in range(len(trace.ids))],
        "starts": trace.starts.tolist(),
        "counted": trace.reading.counted.tolist(),
        "layers": [
            {
                "name": layer.name,
                "cell": type(layer.cell.cell).__name__,
                "values": {name: values.tolist() for name, values in layer.values.items()},
            }
            for layer in trace.layers
        ],
        "logits": trace.logits.tolist(),
        "probabilities": _exp(trace),
        "next": [[tokens[i] if i >= 0 else None for i in lane] for lane in trace.targets.tolist()],
        "surprise": trace.surprises.tolist(),
        "notes": list(facts),
    }


def _exp(trace: "Trace") -> Any:
    import numpy as np

    return np.exp(trace.log_probabilities).tolist()


LONGEST_WINDOW = 64


def trained_model(path: Path | None) -> "tuple[TrainedModel, str]":
    """Return the model of a run, of a model file, or of the newest run; and a note that names it.

    If no epoch of the run has ended, the note says this too.

    Raises:
        UsageError: the path is a YAML file.
    """
    from rnnlab.runs.folder import load_trained

    if path is not None and path.suffix.lower() in (".yaml", ".yml"):
        raise UsageError(
            f"{path}: a configuration has no trained weights; name its run, or add --untrained to see the"
            " network with its initial weights"
        )
    model, run, named = load_trained(path)
    return model, "; ".join([f"using {named}", *([of_unfinished(run)] if run and run.is_unfinished else [])])


def untrained_model(
    path: Path | None, overrides: Sequence[str], *, hidden: int | None, inputs: Sequence[str]
) -> "TrainedModel":
    """Return the network of a configuration or of a run with the weights with which its training would begin.

    Args:
        path: the YAML file or the run folder; None for one simple recurrent layer, whose vocabulary is the
            characters of the inputs.
        overrides: settings that replace those of the configuration.
        hidden: number of units of that layer; None with a configuration.
        inputs: the texts.

    Raises:
        UsageError: both or none of `path` and `hidden` are given, or there is no input for the layer.
        ConfigError: the configuration has a mistake.
        DataError: the data cannot be read or may not be opened.
    """
    from rnnlab.datasets.corpus import load_corpus
    from rnnlab.models.architecture import architecture_of
    from rnnlab.models.initial_weights import initial_weights
    from rnnlab.models.model_file import TrainedModel

    if (path is None) == (hidden is None):
        raise UsageError(
            "rnnlab trace: --untrained needs a configuration, or --hidden N for one simple recurrent layer;"
            " and not both (with a configuration, --set model.units=N)"
        )
    if path is not None:
        experiment = _configured(path, overrides, inputs)
    else:
        experiment = _one_layer(hidden or 1, overrides, inputs)
    tokens = load_corpus(experiment.dataset).vocabulary.tokens
    architecture = architecture_of(experiment, len(tokens))
    weights = initial_weights(architecture, experiment.training.random_seed)
    return TrainedModel(experiment, tokens, weights, "")


def _configured(path: Path, overrides: Sequence[str], inputs: Sequence[str]) -> "Experiment":
    """Return the experiment of a configuration, or of a run whose data may be opened.

    Raises:
        DataError: the data of the run may not be opened; reading it would give the vocabulary.
    """
    from rnnlab.config.reading import read_experiment
    from rnnlab.runs.data import opened
    from rnnlab.runs.folder import find_run
    from rnnlab.runs.layout import CONFIG

    run = find_run(path) if os.path.isdir(path) else None
    file = run.path / CONFIG if run else path
    experiment = read_experiment(file, overrides)
    if run:
        given = [word for text in inputs for word in ("--input", text)]
        remedy = f"name the file itself: {command_line('trace', '--untrained', file, *given)}"
        return opened(experiment, run, run.path, remedy=remedy, overrides=overrides)
    return experiment


def _one_layer(hidden: int, overrides: Sequence[str], inputs: Sequence[str]) -> "Experiment":
    """Return an experiment of one layer; its vocabulary is the characters of the inputs, by occurrence."""
    from rnnlab.config.reading import parse_experiment
    from rnnlab.suggestions.choices import quoted

    characters = "".join(dict.fromkeys("".join(inputs)))
    if not characters:
        raise UsageError("--input: expected at least one token, received none; e.g.: --input hello")
    text = quoted(characters)
    window = min(max(map(len, inputs)), LONGEST_WINDOW)
    page = (
        f"dataset: {{kind: text, inline: {text}, vocabulary: {text}, window: {window}, target: shifted}}\n"
        f"model: {{kind: simple_rnn, units: {hidden}}}\ntraining: {{batching: windows}}\n"
    )
    return parse_experiment(page, name="--hidden", folder=Path.cwd(), overrides=overrides)
