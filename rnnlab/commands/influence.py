"""`rnnlab trace --influence`: which earlier tokens counted for a prediction."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rnnlab.terminal.text import echo, write

if TYPE_CHECKING:
    from rnnlab.models.model_file import TrainedModel
    from rnnlab.tracing.influence import Influence, Shares


def show_influence(used: "TrainedModel", path: Path, inputs: Sequence[str], options: dict[str, Any]) -> None:
    """Print the influence of the tokens of each input as coloured text or as JSON, or write a file.

    Args:
        used: the model.
        path: its run or its file.
        inputs: the texts.
        options: the options of `rnnlab trace`.

    Raises:
        UsageError: there is no such step, token or place, or the file exists and `--overwrite` is not given.
        RunError: the file cannot be written.
    """
    from rnnlab.commands.arguments import checked_drawing
    from rnnlab.terminal.tables import as_json_text

    output: Path | None = options["output"]
    suffix = checked_drawing(output, overwrite=options["overwrite"]) if output else ""
    shares = None if options["untrained"] else training_shares(used, path)
    found = [_influence(used, text, shares, options) for text in inputs]
    if options["as_json"]:
        echo(as_json_text({"inputs": [influence_json(each) for each in found]}))
        return
    for note in dict.fromkeys(note for each in found for note in each.notes):
        echo(note, err=True)
    if output:
        _write_file(found, output, suffix, top=options["top"])
    else:
        _print(found, top=options["top"])


def training_shares(used: "TrainedModel", path: Path) -> "Shares | None":
    """Return the share of each token in the training data; None if the data may not or cannot be read."""
    from rnnlab.commands.own_data import own_training_data
    from rnnlab.tracing.influence import shares_of

    if (selection := own_training_data(used, path)) is None:
        return None
    part = selection.part
    return shares_of(selection.corpus.ids[part.begin : part.end], len(used.tokens))


def influence_json(found: "Influence") -> dict[str, Any]:
    """Return an influence as an object of JSON; scripts may rely on its fields. Places are counted from 1."""
    columns = zip(found.tokens, found.without.tolist(), found.values.tolist(), strict=True)
    return {
        "step": found.step,
        "of": found.of,
        "most_probable": found.best,
        "next": found.came,
        "log_probability": found.log_probability,
        "mean_encoding": found.mean,
        "tokens": [
            {"place": place, "token": token, "without": without, "influence": value}
            for place, (token, without, value) in enumerate(columns, start=found.first + 1)
        ],
        "notes": list(found.notes),
    }


def _influence(
    used: "TrainedModel", text: str, shares: "Shares | None", options: dict[str, Any]
) -> "Influence":
    from rnnlab.commands.arguments import range_of
    from rnnlab.tracing.influence import MOST_LANES, influence, tokens_before

    step = tokens_before(used, text, options["step"])
    places = options["steps"] and range_of(options["steps"], step, most=MOST_LANES, name="--steps")
    return influence(
        used,
        text,
        step=step,
        of=options["of"],
        places=places,
        shares=shares,
        runs_on=options["run_on"] or options["untrained"],
    )


def _print(found: Sequence["Influence"], *, top: int) -> None:
    import shutil

    from rnnlab.terminal.heat_map import colour_depth, coloured_text
    from rnnlab.terminal.tables import Column, fitted_text, table
    from rnnlab.terminal.text import visible
    from rnnlab.tracing.coloured import coloured_influence, explained, strongest_tokens
    from rnnlab.tracing.heat_map import token_label

    width = shutil.get_terminal_size((100, 24)).columns
    for number, each in enumerate(found):
        text = coloured_influence(each)
        lines = list(coloured_text(text, lane=0, width=width, depth=colour_depth()))
        rows = [
            (f"{each.first + place + 1:,}", visible(token_label(token)), nats)
            for place, token, nats in strongest_tokens(each, top)
        ]
        titles = [fitted_text(visible(title)) for title in (explained(each), text.title)]
        parts = ["\n".join(titles), "\n".join(lines).rstrip("\n")]
        parts.append(table(("place", Column("token", least=8), "nats"), rows))
        write("\n" * (number > 0) + "\n\n".join(parts) + "\n")


def _write_file(found: Sequence["Influence"], path: Path, suffix: str, *, top: int) -> None:
    """Draw the coloured texts as HTML, or heat maps of one row as SVG."""
    from rnnlab.files import write_durably
    from rnnlab.tracing.coloured import influence_map
    from rnnlab.tracing.heat_map import heat_maps_svg
    from rnnlab.tracing.page import influence_page

    if suffix == ".html":
        drawn = influence_page((), found, top=top)
    else:
        drawn = heat_maps_svg((heat.title, heat) for heat in map(influence_map, found))
    write_durably(path, drawn.encode())
    echo(f"{path}: written", err=True)
