"""`rnnlab trace`: every gate, state and prediction of a trained or an untrained network, step by step."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from rnnlab.commands.arguments import checked_drawing, json_option, set_option
from rnnlab.commands.hints import of_unfinished
from rnnlab.errors import UsageError, shell_word
from rnnlab.terminal.text import echo, write

if TYPE_CHECKING:
    from rnnlab.models.model_file import Trained, TrainedModel
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
    "--steps",
    metavar="A-B",
    help="Show these time steps, counted from 1; left out, the first 120. With --influence: the tokens that"
    " are taken away; left out, the last 500.",
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
@click.option(
    "--influence",
    is_flag=True,
    help="Show by how much each earlier token raises or lowers the prediction after the last token, or after"
    " token T with --step.",
)
@click.option(
    "--of",
    metavar="TOKEN|next",
    help="With --influence: the token whose probability is explained, or next for the one that follows; left"
    " out, the most probable one.",
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
    rnnlab trace runs/text_lstm-1 --input "The ship" --influence
    rnnlab trace configs/hello_simple_rnn.yaml --untrained --input hello
    rnnlab trace --untrained --hidden 2 --input hello --input eolll --input lleel
    rnnlab trace runs/dates_pairs-1 --input "3 March 1980"

    For pairs it shows the weights of attention, for label and tags the probabilities after each token.
    """
    from rnnlab.models.model_file import TrainedTask
    from rnnlab.terminal.tables import as_json_text

    _refuse_contradictions(step, unit, options)
    used, path, fact = _model(model, inputs, options)
    if isinstance(used, TrainedTask):
        from rnnlab.commands.task_trace import show_task_trace

        if model is None:
            echo(fact, err=True)
        show_task_trace(used, path, inputs, {**options, "step": step, "unit": unit})
        return
    if options["influence"]:
        _show_influence(used, path, inputs, fact, {**options, "step": step, "is_named": model is not None})
        return
    trace, facts = _trace(used, fact, inputs, options)
    for fact in facts if model is None or options["untrained"] else facts[1:]:
        echo(fact, err=True)
    if options["as_json"]:
        echo(as_json_text(trace_json(trace, facts)))
        return
    view = _view(trace, (facts[0].replace("using ", "the network of ", 1), *facts[1:]), options)
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


def _show_influence(
    used: "TrainedModel", path: Path, inputs: tuple[str, ...], fact: str, options: dict[str, Any]
) -> None:
    from rnnlab.commands.influence import show_influence

    if options["untrained"] or not options["is_named"]:
        echo(fact, err=True)
    show_influence(used, path, _inputs(used, inputs), options)


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
    if options["of"] and not options["influence"]:
        refuse("--of names the token that --influence explains; give --influence too")
    if options["influence"]:
        shown = {"--unit": unit, "--units": options["units"], "--layer": options["layer"]}
        for name in (name for name, value in shown.items() if value):
            refuse(f"--influence shows tokens; leave {name} out, which is about units")
        if options["as_json"] and options["output"]:
            refuse("--json prints every value; leave --output out")
        return
    if options["as_json"] and (options["output"] or step or unit):
        refuse("--json prints every value; leave --output, --step and --unit out")


def _model(
    model: Path | None, inputs: tuple[str, ...], options: dict[str, Any]
) -> "tuple[Trained, Path, str]":
    """Return the network to trace, its path, and a note that names it; as `trained_model`, or untrained."""
    from rnnlab.commands.untrained_model import untrained_model

    if not options["untrained"]:
        return trained_model(model)
    used = untrained_model(model, options["overrides"], hidden=options["hidden"], inputs=inputs)
    seed = used.experiment.training.random_seed
    return used, model or Path(), f"not trained: the initial weights of random seed {seed}"


def _trace(
    used: "TrainedModel", fact: str, inputs: tuple[str, ...], options: dict[str, Any]
) -> "tuple[Trace, tuple[str, ...]]":
    """Trace the network over the inputs, else over its configured seed; return the trace and notes.

    An untrained network carries its state over the whole text, and has only the note on its weights.

    Raises:
        UsageError: there is no input, or the network cannot be traced.
    """
    from rnnlab.tracing.tracing import trace

    untrained = options["untrained"]
    found = trace(used, _inputs(used, inputs), runs_on=options["run_on"] or untrained)
    return found, (fact, *(() if untrained else found.notes))


def _inputs(used: "TrainedModel", inputs: tuple[str, ...]) -> tuple[str, ...]:
    """Return the inputs, else the configured seed as the only one.

    Raises:
        UsageError: there is neither.
    """
    if not inputs and used.experiment.generation.seed:
        return (used.experiment.generation.seed,)
    if not inputs:
        example = used.tokens[0]
        raise UsageError(
            f"no input: the configuration has no seed; give one, e.g.: --input {shell_word(example)}"
        )
    return inputs


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
    from rnnlab.terminal.heat_map import colour_depth, coloured_text
    from rnnlab.tracing.coloured import followed_unit

    followed = followed_unit(view.trace, layer=view.layers[-1], unit=unit - 1, value=value)
    write(f"{followed.title}\n\n")
    for lane in range(len(view.trace.ids)):
        lines = coloured_text(followed, lane=lane, width=_columns(), depth=colour_depth())
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
    suffix = checked_drawing(path, overwrite=options["overwrite"])
    if suffix == ".svg" and (step or unit):
        raise UsageError(f"{path}: --step and --unit need .html; an .svg shows only heat maps")
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


def trained_model(path: Path | None) -> "tuple[Trained, Path, str]":
    """Return the model of a run, of a model file, or of the newest run; its path; and a note that names it.

    If no epoch of the run has ended, the note says this too.

    Raises:
        UsageError: the path is a YAML file.
    """
    from rnnlab.runs.folder import load_any_trained

    if path is not None and path.suffix.lower() in (".yaml", ".yml"):
        raise UsageError(
            f"{path}: a configuration has no trained weights; name its run, or add --untrained to see the"
            " network with its initial weights"
        )
    model, run, named = load_any_trained(path)
    unfinished = [of_unfinished(run)] if run and run.is_unfinished else []
    return model, named, "; ".join([f"using {named}", *unfinished])
