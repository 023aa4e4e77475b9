"""What stands on a slide adds up, and comes to what the engine computes."""

import math
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from rnnlab.engines.numpy import numpy_model
from rnnlab.models.expression import shown_number
from rnnlab.tracing.page import slides
from rnnlab.tracing.slide import SlideLine, slide, weighted_sum
from rnnlab.tracing.tracing import trace
from rnnlab.tracing.view import View
from tests.engines.numpy.test_numpy_model import CELLS, TEXT, random_ids, random_model, recurrent_model
from tests.trained import STREAM, trained


@dataclass(frozen=True)
class Interval:
    """Every number that may have been rounded to what is printed, and what can be worked out of them."""

    low: float
    high: float

    def __add__(self, other: "Interval") -> "Interval":
        return Interval(self.low + other.low, self.high + other.high)

    def __sub__(self, other: "Interval") -> "Interval":
        return Interval(self.low - other.high, self.high - other.low)

    def __neg__(self) -> "Interval":
        return Interval(-self.high, -self.low)

    def __mul__(self, other: "Interval") -> "Interval":
        ends = [a * b for a in (self.low, self.high) for b in (other.low, other.high)]
        return Interval(min(ends), max(ends))

    def __truediv__(self, other: "Interval") -> "Interval":
        return self * Interval(1 / other.high, 1 / other.low)

    def through(self, function) -> "Interval":
        return Interval(function(self.low), function(self.high))


def printed(text: str) -> Interval:
    """A decimal is the middle of what rounds to it; a whole number is exact."""
    half = 0.5 * 10 ** -len(text.partition(".")[2]) if "." in text else 0.0
    return Interval(float(text) - half, float(text) + half)


FUNCTIONS = {
    "tanh": lambda v: v.through(math.tanh),
    "sigma": lambda v: v.through(lambda x: 1 / (1 + math.exp(-x))),
    "exp": lambda v: v.through(math.exp),
    "ln": lambda v: v.through(math.log),
    "printed": printed,
}


def worked_out(numbers: str) -> Interval:
    """What the printed numbers come to."""
    python = numbers.replace("·", "*").replace("σ", "sigma")
    return eval(re.sub(r"\d+(?:\.\d+)?", r'printed("\g<0>")', python), FUNCTIONS.copy())


def assert_adds_up(line: SlideLine) -> None:
    """The value is what the printed numbers come to, up to their rounding, which is small."""
    found = worked_out(line.numbers)
    assert found.low - 1e-5 <= line.value <= found.high + 1e-5, line
    assert found.high - found.low < 0.01, line


def view_of(model, texts: list[str], units: tuple[int, ...] | None = None) -> View:
    found = trace(model, texts)
    layers = tuple(range(len(found.layers)))
    return View(found, layers, units, 16, range(found.ids.shape[1]), 3)


@pytest.mark.parametrize("cell", CELLS)
def test_every_line_adds_up(cell):
    """Each cell, each unit of both layers, the first step and a later one, and the output."""
    model = recurrent_model(cell)
    texts = ["".join(model.tokens[i] for i in row) for row in random_ids(model)[:2]]
    view = view_of(model, texts, units=tuple(range(5)))

    lines = [line for step in (0, 3) for each in slides(view, step, most_units=5) for line in each.lines]

    assert len(lines) > 100
    for line in lines:
        assert_adds_up(line)


@pytest.mark.parametrize("cell", CELLS)
def test_the_last_line_is_what_the_engine_computes(cell):
    """h, as the engine leaves it after the same tokens, to the digits that are shown."""
    model = recurrent_model(cell, units="[5]")
    ids, engine = random_ids(model)[:1], numpy_model(model)
    found = trace(model, ["".join(model.tokens[i] for i in ids[0])])

    for step in (0, 2):
        _, state = engine.forward(ids[:, : step + 1], None, engine.zero_state(1))
        for unit in range(5):
            lines = slide(
                found.layers[0].cell, found.step(0, step), number=step + 1,
                inputs=found.layers[0].inputs[0, step], unit=unit, lane=0,
            )  # fmt: skip
            assert lines[-1].name == f"h[{step + 1}]"
            assert shown_number(lines[-1].value) == shown_number(float(state[0][0][0, unit]))


@pytest.mark.parametrize(
    ("cell", "equations"),
    [
        ("simple_rnn", ["h[2] = tanh(x W + b + h[1] U)"]),
        ("lstm", ["i = σ(x W_i + b_i + h[1] U_i)", "f = σ(x W_f + b_f + h[1] U_f)",
                  "c̃ = tanh(x W_c + b_c + h[1] U_c)", "o = σ(x W_o + b_o + h[1] U_o)",
                  "c[2] = f·c[1] + i·c̃", "h[2] = o·tanh(c[2])"]),
        ("peephole", ["i = σ(x W_i + b_i + h[1] U_i + p_i·c[1])", "f = σ(x W_f + b_f + h[1] U_f + p_f·c[1])",
                      "c̃ = tanh(x W_c + b_c + h[1] U_c)", "c[2] = f·c[1] + i·c̃",
                      "o = σ(x W_o + b_o + h[1] U_o + p_o·c[2])", "h[2] = o·tanh(c[2])"]),
        ("coupled", ["f = σ(x W_f + b_f + h[1] U_f)", "c̃ = tanh(x W_c + b_c + h[1] U_c)",
                     "o = σ(x W_o + b_o + h[1] U_o)", "c[2] = f·c[1] + (1 - f)·c̃", "h[2] = o·tanh(c[2])"]),
        ("gru_reset_before", ["z = σ(x W_z + b_z + h[1] U_z)", "r = σ(x W_r + b_r + h[1] U_r)",
                              "h̃ = tanh(x W_h + b_h + (r·h[1]) U_h)", "h[2] = z·h[1] + (1 - z)·h̃"]),
        ("gru_reset_after", ["z = σ(x W_z + b_z + h[1] U_z + b'_z)", "r = σ(x W_r + b_r + h[1] U_r + b'_r)",
                             "h̃ = tanh(x W_h + b_h + r·(h[1] U_h + b'_h))", "h[2] = z·h[1] + (1 - z)·h̃"]),
        ("normalized_lstm", ["i = σ(g_i·LN(x W)_i + g'_i·LN(h[1] U)_i + b_i)",
                             "f = σ(g_f·LN(x W)_f + g'_f·LN(h[1] U)_f + b_f)",
                             "c̃ = tanh(g_c·LN(x W)_c + g'_c·LN(h[1] U)_c + b_c)",
                             "o = σ(g_o·LN(x W)_o + g'_o·LN(h[1] U)_o + b_o)",
                             "c[2] = f·c[1] + i·c̃", "h[2] = o·tanh(g''·LN(c[2]) + b'')"]),
    ],
)  # fmt: skip
def test_the_symbols_are_the_lectures_equation(cell, equations):
    """Written by the cell's own step: the gates in its order, each after what it needs, and the state."""
    model = recurrent_model(cell, units="[3]")
    found = trace(model, ["".join(model.tokens[i] for i in random_ids(model)[0])])

    lines = slide(
        found.layers[0].cell, found.step(0, 1), number=2, inputs=found.layers[0].inputs[0, 1], unit=0, lane=0
    )

    written = [f"{line.name} = {line.symbols}" for line in lines if line.symbols]
    assert [line.replace("\N{COMBINING TILDE}", "~") for line in written] == [
        line.replace("c̃", "c~").replace("h̃", "h~") for line in equations
    ]


def test_a_residual_layer_adds_what_it_reads():
    """The sum has a line, and the output is worked out from it."""
    model = random_model(TEXT % "kind: lstm, units: [4, 4], residual: true")
    view = view_of(model, ["abcd"])

    pages = list(slides(view, 2, most_units=1))

    assert [page.lines[-1].name for page in pages][:2] == ["h[3]", "y"]
    assert pages[1].lines[-1].symbols == "h[3] + x"
    assert pages[2].lines[0].symbols == "y V + d"
    for line in (*pages[1].lines, *pages[2].lines):
        assert_adds_up(line)


def test_of_many_products_the_largest_are_shown():
    """Three of them, and the sum of the others, which together are the whole sum."""
    values, weights = np.arange(1, 9, dtype=np.float32), np.ones(8, np.float32)

    numbers, note = weighted_sum(values, weights)

    assert numbers == "6·1 + 7·1 + 8·1 + 15"
    assert note == "the 3 largest, and the other 5 added up"


def test_what_is_zero_is_left_out():
    """Of a one-hot input only the row of its token remains; of a zero state nothing."""
    one_hot, weights = np.eye(4, dtype=np.float32)[2], np.array([1, 2, -0.25, 4], np.float32)

    assert weighted_sum(one_hot, weights) == ("1·(-0.2500)", "")
    assert weighted_sum(np.zeros(4, np.float32), weights) == ("0", "")


def test_the_surprise_on_the_slide_is_the_traces():
    """And the probabilities of a small vocabulary sum to 1."""
    model = trained(
        "dataset: {kind: text, inline: hello, window: 4}\nmodel: {kind: gru, units: 3}\n"
        "training: {batching: windows}",
        Path.cwd(),
    )
    view = view_of(model, ["hell"])

    lines = list(slides(view, 1, most_units=3))[-1].lines

    assert sum(line.value for line in lines if line.name.startswith("p(")) == pytest.approx(1, abs=1e-6)
    assert lines[-1].name == "surprise at 'l'"
    assert lines[-1].value == pytest.approx(view.trace.surprises[0, 1])


def test_of_a_large_vocabulary_the_most_probable_are_worked_out():
    """Four, and the one that came."""
    view = view_of(trained(STREAM, Path.cwd()), ["the"])

    names = [line.name for line in list(slides(view, 0, most_units=2))[-1].lines]

    assert len([name for name in names if name.startswith("p(")]) in (4, 5)
    assert "p('h')" in names
    assert "ln Σ exp(logits)" not in names
