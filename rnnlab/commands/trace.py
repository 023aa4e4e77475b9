"""`rnnlab trace`: what goes on inside a network, step by step."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from rnnlab.commands.arguments import json_option, set_option
from rnnlab.commands.terminal import echo, write
from rnnlab.errors import UsageError
from rnnlab.shell import shell_word

if TYPE_CHECKING:
    from rnnlab.reports.trace_view import View
    from rnnlab.tracing.tracing import Trace

MOST_UNITS, MOST_STEPS, MOST_CELLS = 16, 120, 100_000
UNITS_OF_A_SLIDE = 4


@click.command()
@click.argument("model", metavar="[RUN|MODEL|CONFIG]", type=click.Path(path_type=Path), required=False)
@click.option("--input", "inputs", metavar="TEXT", multiple=True, help="What it reads; repeated, a batch.")
@click.option("--untrained", is_flag=True, help="The network of a CONFIG with its initial random weights.")
@click.option(
    "--hidden", type=click.IntRange(1), metavar="N", help="Untrained, without a CONFIG: one layer of N units."
)
@set_option
@click.option("--layer", type=click.IntRange(1), metavar="L", help="Only this layer, counted from 1.")
@click.option("--units", metavar="LIST", help="Which units, from 1: 1,5,8-11 or all; else the most varying.")
@click.option("--steps", metavar="A-B", help="Which time steps are shown, from 1; else the first 120.")
@click.option("--top", type=click.IntRange(1, 100), default=3, help="How many next tokens are shown; 3.")
@click.option(
    "--step", type=click.IntRange(1), metavar="T", help="The equation of one step with its numbers."
)
@click.option("--unit", type=click.IntRange(1), metavar="K", help="Follow one unit through the text.")
@click.option(
    "--value", metavar="NAME", help="What of the unit: a gate, candidate, c or h; c if there is one."
)
@click.option("--run-on", is_flag=True, help="The state runs on over all of the text, also beyond a window.")
@click.option(
    "--output", type=click.Path(path_type=Path), metavar="FILE.html|.svg", help="Draw it in a file."
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
    from rnnlab.commands.rendering import as_json_text

    _refuse_contradictions(step, unit, options)
    trace, facts = _trace(model, inputs, options)
    for fact in facts if model is None or options["untrained"] else facts[1:]:
        echo(fact, err=True)
    if options["as_json"]:
        from rnnlab.commands.trace_json import trace_json

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
        refuse("--hidden and --set are of a network with its initial weights; add --untrained")
    if step and unit:
        refuse("--step shows one step of some units, --unit all steps of one; leave one out")
    if unit and options["units"]:
        refuse("--unit follows one unit, --units chooses several; leave one out")
    if options["value"] and not unit:
        refuse("--value is what is shown of one unit; give --unit too")
    if options["as_json"] and (options["output"] or step or unit):
        refuse("--json prints every value; leave --output, --step and --unit out")


def _trace(
    model: Path | None, inputs: tuple[str, ...], options: dict[str, Any]
) -> "tuple[Trace, tuple[str, ...]]":
    """The network over the inputs, or over its seed; which network it is, and what is to be known of it."""
    from rnnlab.commands.trace_model import trained_model, untrained_model
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
    """What is shown of a trace.

    Raises:
        UsageError: a layer, unit or step that it has not, or more numbers than anyone looks at.
    """
    from rnnlab.commands.ranges import numbers_of, range_of
    from rnnlab.reports.trace_view import View

    count, total = len(trace.layers), trace.ids.shape[1]
    layer = options["layer"]
    if layer and layer > count:
        raise UsageError(f"--layer: the network has {count}, received {layer}")
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
    from rnnlab.commands.painting import colour_depth
    from rnnlab.commands.trace_drawing import overview

    _check_size(view)
    write(overview(view, width=_columns(), depth=colour_depth()) + "\n")


def _print_slides(view: "View", step: int) -> None:
    from rnnlab.commands.trace_drawing import slide_text
    from rnnlab.reports.trace_slides import slides

    for found in slides(view, step - 1, most_units=UNITS_OF_A_SLIDE):
        write(slide_text(found.title, found.lines, width=_columns()) + "\n\n")


def _print_unit(view: "View", unit: int, value: str | None) -> None:
    from rnnlab.commands.painting import colour_depth
    from rnnlab.commands.trace_drawing import unit_text
    from rnnlab.reports.followed_unit import followed_unit

    followed = followed_unit(view.trace, layer=view.layers[-1], unit=unit - 1, value=value)
    write(f"{followed.title}\n\n")
    for lane in range(len(view.trace.ids)):
        lines = unit_text(followed, lane=lane, width=_columns(), depth=colour_depth())
        write("\n".join(lines) + "\n")


def _write_file(view: "View", options: dict[str, Any], *, step: int | None, unit: int | None) -> None:
    """Draw what was asked for as HTML or SVG."""
    from rnnlab.files import write_durably
    from rnnlab.reports.heat_map_svg import heat_maps_svg
    from rnnlab.reports.trace_page import trace_page

    path: Path = options["output"]
    suffix = path.suffix.lower()
    if suffix not in (".html", ".svg"):
        raise UsageError(f"{path}: expected an --output that ends with .html or .svg")
    if suffix == ".svg" and (step or unit):
        raise UsageError(f"{path}: --step and --unit are drawn as .html; SVG has the heat maps")
    if os.path.exists(path) and not options["overwrite"]:
        raise UsageError(f"{path}: there is such a file; name another, or replace it with --overwrite")
    _check_size(view)
    page = trace_page(view, step=step, unit=unit, value=options["value"]) if suffix == ".html" else None
    write_durably(path, (page or heat_maps_svg(view)).encode())
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
