"""The table of `docs/cells.md` has the cells as they are."""

from math import prod
from pathlib import Path

import pytest

from rnnlab.config.reading import parse_experiment
from rnnlab.config.schema import MlpModel
from rnnlab.models import cells
from rnnlab.models.architecture import cell_of
from tests.documentation import ROOT

INPUTS, UNITS = 1, 128


def rows() -> list[list[str]]:
    """The cells of each row of the table: model, gates, state, parameters as a formula and as a number."""
    lines = (ROOT / "docs" / "cells.md").read_text(encoding="utf-8").splitlines()
    table = [line for line in lines if line.startswith("| `kind: ")]
    return [[text.strip(" `") for text in line.strip("|").split("|")] for line in table]


def cell_named(model: str) -> cells.Cell:
    """The cell of a section as the table writes it."""
    text = f"dataset: {{kind: text, inline: ab}}\nmodel: {{{model}, units: 4}}"
    section = parse_experiment(text, name="cells.md", folder=Path.cwd()).model
    assert not isinstance(section, MlpModel)
    return cell_of(section)


@pytest.mark.parametrize(("model", "gates", "state", "formula", "number"), rows())
def test_a_row_of_the_table_is_true(model: str, gates: str, state: str, formula: str, number: str) -> None:
    """Gates in their order, the state, and the count of parameters, worked out from the formula too."""
    cell = cell_named(model)
    count = sum(map(prod, cell.weight_shapes(INPUTS, UNITS).values()))
    written = formula.replace("D", str(INPUTS)).replace("H", str(UNITS)).replace(" (", " * (")
    for factor in "234":
        written = written.replace(f"{factor} {UNITS}", f"{factor} * {UNITS}")

    assert gates.split() == list(cell.gates)
    assert state.split(", ") == list(cell.state)
    assert eval(written) == count == int(number.replace(",", ""))


def test_the_table_has_every_cell() -> None:
    """Each class with an equation, once."""
    modules = (cells, cells)
    defined = {
        value
        for module in modules
        for value in vars(module).values()
        if isinstance(value, type) and issubclass(value, cells.Cell) and hasattr(value, "gates")
    }

    named = [type(cell_named(row[0])) for row in rows()]

    assert len(named) == len(set(named))
    assert set(named) == defined
