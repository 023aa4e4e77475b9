"""What the page shows of a step is what `rnnlab trace` shows: equations with numbers, and influence."""

import re
from pathlib import Path

import numpy as np
import pytest

from rnnlab.exports.page_equations import page_equation
from rnnlab.exports.page_network import PageNetwork
from rnnlab.models.cells import Cell, CoupledLstm, Lstm
from rnnlab.tracing.influence import influence
from rnnlab.tracing.slide import slide
from rnnlab.tracing.tracing import trace
from tests.exports.playing import NAMES, in_node, network
from tests.needs import needs

MODULES = ("see_numbers.js", "see_record.js", "see_again.js")
NUMBER = re.compile(r"(?<![\w.'])-?\d+(?:\.\d+)?")
PLAYED = """
const engine = {networkOf, sourceOf, logProbability};
function played(description, ids) {
  const network = networkOf(description, description.snapshots[0]);
  const source = sourceOf(network);
  const record = new StepRecord(network.layers);
  const player = {description, network, ids, seedLength: ids.length};
  const head = description.regime === "stream" ? 1 : Math.min(description.window, ids.length);
  player.logits = source.start(ids.slice(0, head));
  record.push(head - 1);
  for (let index = head; index < ids.length; index++) {
    player.logits = source.feed(ids[index]);
    record.push(index);
  }
  return {record, player, again: new Again(engine, player, record)};
}
"""
LINES = """
return networks.map((description, place) => {
  const ids = given[place];
  const {again} = played(description, ids);
  const step = again.read(ids.length - 1);
  return description.layers.map((layer, number) => Array.from({length: layer.units}, (_, unit) => (
    equationLines(again.network.layers[number], layer.shown, step.input[number], step.before[number], unit)
  )));
});
"""
INFLUENCE = """
return networks.map((description, place) => {
  const {ids, token, most} = given[place];
  const {again} = played(description, ids);
  return [...again.influence(ids.length - 1, token, most)].filter(Boolean);
});
"""


@pytest.fixture(scope="module")
def networks(tmp_path_factory):
    """A network of every kind."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path_factory.mktemp("networks"))
        return [network(name) for name in NAMES]


def read_ids(mine: PageNetwork, tokens: int) -> list[int]:
    """Irregular ids."""
    return np.random.default_rng(5).integers(0, len(mine.trained.tokens), tokens).tolist()


def written(mine: PageNetwork, ids: list[int]) -> str:
    """The text of ids."""
    between = " " if mine.trained.experiment.dataset.kind == "notes" else ""
    return between.join(mine.trained.tokens[each] for each in ids)


def assert_same_numbers(received: str, expected: str, at: str) -> None:
    """The same text, with numbers that differ by a unit of their last decimal at most."""
    texts = [re.sub(r"[-+] (?=\d)", "+ ", text) for text in (received, expected)]
    assert NUMBER.sub("#", texts[0]) == NUMBER.sub("#", texts[1]), at
    numbers = [[float(each) for each in NUMBER.findall(text)] for text in (received, expected)]
    np.testing.assert_allclose(*np.abs(numbers), atol=1.01e-4, err_msg=at)


@needs("node")
def test_the_equation_has_the_numbers_of_a_trace(networks, tmp_path: Path):
    """Every line of every unit of every layer, of each cell, encoding and regime, after a window or two."""
    recurrent = [each for each in networks if each.architecture.recurrent]
    lengths = [each.trained.experiment.dataset.window * 2 for each in recurrent]
    ids = [read_ids(mine, length) for mine, length in zip(recurrent, lengths, strict=True)]

    answers = in_node(recurrent, PLAYED + LINES, ids, tmp_path, modules=MODULES)

    for mine, read, layers in zip(recurrent, ids, answers, strict=True):
        found = trace(mine.trained, [written(mine, read)])
        last = len(found.reading) - 1
        for number, units in enumerate(layers):
            traced = found.layers[number]
            for unit, lines in enumerate(units):
                expected = slide(
                    traced.cell, found.step(number, last), number=2, inputs=traced.inputs[0, last],
                    unit=unit, lane=0,
                )  # fmt: skip
                assert len(lines) == len(expected)
                for line, other in zip(lines, expected, strict=True):
                    at = f"{mine.name}, {traced.name}, unit {unit}: {other}"
                    symbols = line["symbols"].replace("[t-1]", "[1]").replace("[t]", "[2]")
                    assert symbols == other.symbols, at
                    assert line["value"] == pytest.approx(other.value, abs=1e-5), at
                    assert_same_numbers(line["numbers"], other.numbers, at)


@needs("node")
def test_the_influence_of_earlier_tokens(networks, tmp_path: Path):
    """As `rnnlab trace` computes it, in each regime: the mean encoding in the place of each of 9 tokens."""
    ids = [read_ids(mine, mine.trained.experiment.dataset.window + 6) for mine in networks]
    expected = [
        influence(mine.trained, written(mine, read), most=9) for mine, read in zip(networks, ids, strict=True)
    ]
    given = [
        {"ids": read, "token": mine.trained.tokens.index(found.of), "most": 9}
        for mine, read, found in zip(networks, ids, expected, strict=True)
    ]

    answers = in_node(networks, PLAYED + INFLUENCE, given, tmp_path, modules=MODULES)

    for mine, found, values in zip(networks, expected, answers, strict=True):
        places = range(found.first + len(found.tokens) - 1, found.first - 1, -1)
        assert [place for place, _ in values] == list(places), mine.name
        np.testing.assert_allclose(
            [value for _, value in values], found.values[::-1], atol=1e-4, err_msg=mine.name
        )


def test_the_heat_maps_of_a_cell():
    """The gates in the cell's order, with their ranges, then the state with h last."""
    parts = page_equation(CoupledLstm())["parts"]

    assert [(part["name"], part["range"]) for part in parts] == [
        ("f", [0, 1]), ("candidate", [-1, 1]), ("o", [0, 1]), ("c", None), ("h", None)
    ]  # fmt: skip
    assert parts[1]["symbol"] == "c\N{COMBINING TILDE}"


def test_a_cell_of_another_package_needs_no_javascript():
    """Its equation becomes a template: symbols, and blanks between the texts."""

    class Leaky(Cell):
        """h = 0.9·h + 0.1·tanh(x W + h U + b)."""

        gates = "h"

        def step(self, xp, x, product, state, parameters):
            return (0.9 * state[0] + 0.1 * xp.tanh(x + product(state[0])),)

    lines = page_equation(Leaky())["lines"]

    assert [(line["name"], line["symbols"]) for line in lines if line["symbols"]] == [
        ("h\N{COMBINING TILDE}", "tanh(x W + b + h[t-1] U)"),
        ("h[t]", "h[t-1]·0.9000 + h\N{COMBINING TILDE}·0.1000"),
    ]
    texts = [piece if isinstance(piece, str) else "#" for piece in lines[-1]["numbers"]]
    assert "".join(texts) == "#·0.9000 + #·0.1000"


def test_a_slot_names_a_term_and_its_block():
    """The forget gate of an LSTM reads the second block of x W and of h U."""
    lines = {line["name"]: line for line in page_equation(Lstm())["lines"]}

    assert lines["x W_f + b_f"]["column"] == 1
    assert lines["x W_f + b_f"]["bias"]
    assert lines["h[t-1] U_f"]["reads"] == page_equation(Lstm())["before"][0]
    assert [piece[1] for piece in lines["f"]["numbers"] if not isinstance(piece, str)] == [1, 1]
