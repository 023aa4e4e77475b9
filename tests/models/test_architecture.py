"""Layers, shapes and weights, worked out without building a network."""

import numpy as np
import pytest

from rnnlab.errors import ConfigError
from rnnlab.models import cells
from rnnlab.models.architecture import Architecture, Dropout, architecture_of, encoding_table
from rnnlab.models.cells import NormalizedGru, NormalizedLstm, NormalizedSimpleRnn
from tests.experiments import experiment

TEXT = """
dataset: {{kind: {kind}, inline: c4 d4 e4, window: 6, target: {target}, encoding: {encoding}}}
model: {{{model}}}
training: {{batching: windows}}
"""


def architecture(
    model: str,
    *overrides: str,
    kind: str = "text",
    target: str = "shifted",
    encoding: str = "one_hot",
    vocab_size: int = 10,
) -> Architecture:
    text = TEXT.format(kind=kind, target=target, encoding=encoding, model=model)
    return architecture_of(experiment(text, *overrides), vocab_size)


def summary(network: Architecture) -> list[tuple[str, tuple[int | None, ...], int]]:
    return [(layer.name, layer.output_shape, layer.parameters) for layer in network.layers]


def test_a_stack_is_as_in_the_lecture() -> None:
    """E5, worked by hand: an LSTM of H units on D inputs has 4 H (D + H + 1) weights."""
    network = architecture("kind: lstm, units: [25, 20]", vocab_size=25)

    assert summary(network) == [
        ("encoding", (None, 6, 25), 0),
        ("lstm_1", (None, 6, 25), 4 * 25 * (25 + 25 + 1)),
        ("lstm_2", (None, 6, 20), 4 * 20 * (25 + 20 + 1)),
        ("head", (None, 6, 25), 25 * (20 + 1)),
    ]
    assert network.parameters == 5100 + 3680 + 525
    assert network.activation is None


def test_an_mlp_reads_the_window_as_one_vector() -> None:
    """E1: 4 scalars → 128 → 128 → 14 tokens; here 6 scalars."""
    network = architecture("kind: mlp, units: [128, 128]", target="next", encoding="scalar", vocab_size=14)

    assert summary(network) == [
        ("encoding", (None, 6, 1), 0),
        ("dense_1", (None, 128), 128 * (6 + 1)),
        ("dense_2", (None, 128), 128 * (128 + 1)),
        ("head", (None, 14), 14 * (128 + 1)),
    ]
    assert (network.activation, network.recurrent) == ("relu", ())


@pytest.mark.parametrize(("target", "shape"), [("next", (None, 10)), ("shifted", (None, 6, 10))])
def test_the_head_answers_for_the_steps_that_count(target: str, shape: tuple[int | None, ...]) -> None:
    """`next`: one answer for a window; `shifted`: one for each step."""
    head = architecture("kind: lstm, units: 3", target=target).head

    assert head is not None
    assert head.output_shape == shape


@pytest.mark.parametrize(
    ("encoding", "width"), [("one_hot", 10), ("scalar", 1), ("pitch_duration", 2), ("embedding", 32)]
)
def test_the_first_layer_is_as_wide_as_the_encoding(encoding: str, width: int) -> None:
    """V, 1 or 2 numbers a token; 32 of an embedding if left out, and only these are learnt."""
    network = architecture("kind: simple_rnn, units: 3", kind="notes", encoding=encoding)
    shapes = network.weight_shapes()

    assert shapes["simple_rnn_1/kernel"] == (width, 3)
    assert shapes.get("encoding/embeddings") == ((10, 32) if encoding == "embedding" else None)


def test_an_embeddings_size_can_be_set() -> None:
    """`dataset.embedding_size`."""
    network = architecture("kind: lstm, units: 3", "dataset.embedding_size=7", encoding="embedding")

    assert network.encoding.weights == {"embeddings": (10, 7)}
    assert network.encoding.parameters == 70


@pytest.mark.parametrize(
    ("model", "cell", "parameters"),
    [
        ("kind: simple_rnn", cells.SimpleRnn, 1 * 4 * (10 + 4 + 1)),
        ("kind: lstm", cells.Lstm, 4 * 4 * (10 + 4 + 1)),
        ("kind: lstm, peephole: true", cells.PeepholeLstm, 4 * 4 * (10 + 4 + 1) + 3 * 4),
        ("kind: lstm, coupled_gates: true", cells.CoupledLstm, 3 * 4 * (10 + 4 + 1)),
        (
            "kind: lstm, peephole: true, coupled_gates: true",
            cells.CoupledPeepholeLstm,
            3 * 4 * (10 + 4 + 1) + 2 * 4,
        ),
        ("kind: gru", cells.GruResetAfter, 3 * 4 * (10 + 4 + 2)),
        ("kind: gru, reset_after: false", cells.GruResetBefore, 3 * 4 * (10 + 4 + 1)),
        ("kind: simple_rnn, layer_norm: true", NormalizedSimpleRnn, 1 * 4 * (10 + 4 + 1 + 2)),
        ("kind: lstm, layer_norm: true", NormalizedLstm, 4 * 4 * (10 + 4 + 1 + 2) + 2 * 4),
        ("kind: gru, layer_norm: true", NormalizedGru, 3 * 4 * (10 + 4 + 2 + 2)),
    ],
)
def test_each_variant_has_its_cell(model: str, cell: type[cells.Cell], parameters: int) -> None:
    """Four units on ten inputs: the cell that the settings name, with as many weights as its equation has."""
    (layer,) = architecture(f"{model}, units: 4").recurrent

    assert type(layer.cell) is cell
    assert layer.parameters == parameters


def test_without_a_head_the_last_layer_must_be_as_wide_as_the_vocabulary() -> None:
    """E3 without an output layer: what does not fit is refused with both numbers and the remedy."""
    assert architecture("kind: lstm, units: [3, 10], head: none").head is None
    with pytest.raises(ConfigError, match=r"must equal the vocabulary's 10 tokens, received 5; set .* to 10"):
        architecture("kind: lstm, units: [10, 5], head: none")


def test_every_weight_has_a_name_of_its_own() -> None:
    """`layer/weight`, in the order of the layers, and they add up to the parameters."""
    network = architecture("kind: gru, units: [3, 3]", encoding="embedding")

    assert list(network.weight_shapes()) == [
        "encoding/embeddings",
        *(f"gru_{n}/{name}" for n in (1, 2) for name in ("kernel", "recurrent_kernel", "bias")),
        "head/kernel",
        "head/bias",
    ]


def test_dropout_has_no_weights() -> None:
    """It is a setting of the network, not a layer of it."""
    network = architecture(
        "kind: lstm, units: 3, dropout: 0.5, input_dropout: 0.25, recurrent_dropout: 0.125"
    )

    assert network.dropout == Dropout(0.5, 0.25, 0.125)
    assert network.parameters == architecture("kind: lstm, units: 3").parameters


@pytest.mark.parametrize(
    ("model", "overrides", "vocab_size", "message"),
    [
        (
            "kind: mlp, units: 1000",
            ["dataset.target=next", "dataset.window=600"],
            1000,
            "model.units: with 1,000 tokens the network has 601,002,000 weights,"
            " expected at most 500,000,000; use fewer units, or a smaller dataset.window",
        ),
        (
            "kind: simple_rnn, units: 8000",
            ["dataset.encoding=embedding"],
            60_000,
            "model.units: with 60,000 tokens the network has 546,244,000 weights,"
            " expected at most 500,000,000; use fewer units",
        ),
        (
            "kind: lstm, units: 1",
            ["training.batch_size=1000", "dataset.window=1000"],
            300,
            "training.batch_size: with 300 tokens a batch has 300,000,000 logits,"
            " expected at most 268,435,456; make batch_size or dataset.window smaller",
        ),
    ],
)
def test_what_the_vocabulary_makes_too_large_is_refused(model, overrides, vocab_size, message) -> None:
    """Before anything is allocated: the weights, and the logits of one batch."""
    with pytest.raises(ConfigError) as caught:
        architecture(model, *overrides, vocab_size=vocab_size)

    assert str(caught.value) == message


def test_a_table_of_one_hot_rows_has_a_bound() -> None:
    """It has V × V numbers, whoever asks for it; the other encodings have no such table."""
    wide = experiment("dataset: {kind: text, inline: ab}\nmodel: {kind: lstm, units: 1}")
    learnt = experiment(
        "dataset: {kind: text, inline: ab, encoding: embedding}\nmodel: {kind: lstm, units: 1}"
    )

    assert architecture_of(wide, 16_384).parameters
    assert architecture_of(learnt, 16_385).parameters
    with pytest.raises(
        ConfigError, match=r"expected at most 16,384 tokens, received 16,385; choose embedding"
    ):
        architecture_of(wide, 16_385)


def test_a_tied_head_has_only_its_bias() -> None:
    """The kernel is the embedding's, whose size, if left out, is the last layer's units."""
    network = architecture("kind: lstm, units: [4, 7], tie_weights: true", encoding="embedding")

    assert network.encoding.weights == {"embeddings": (10, 7)}
    assert network.head is not None
    assert network.head.weights == {"bias": (10,)}
    assert network.parameters == 70 + 4 * 4 * (7 + 4 + 1) + 4 * 7 * (4 + 7 + 1) + 10


SONG = tuple("c4 d4 e4 f4 g4 a4 b4 c8 d8 e8 f8 g8 a8 b8".split())


def table(encoding: str, *tokens: str) -> list[list[float]]:
    rows = encoding_table(encoding, tokens)
    assert rows is not None
    assert rows.dtype == np.float32
    result: list[list[float]] = rows.tolist()
    return result


def test_one_hot_is_a_row_with_a_single_one() -> None:
    """Row i is 1 in column i, else 0."""
    assert table("one_hot", "a", "b", "c") == [[1, 0, 0], [0, 1, 0], [0, 0, 1]]


def test_scalar_is_the_id_over_the_largest_id() -> None:
    """E1: the fourteen notes are 0, 1/13 … 1."""
    assert np.ravel(table("scalar", *SONG)) == pytest.approx(np.arange(14) / 13)


def test_scalar_of_a_single_token_is_zero() -> None:
    """No division by the largest id, 0."""
    assert table("scalar", "a") == [[0]]


def test_an_embedding_has_no_fixed_table() -> None:
    """Its rows are weights."""
    assert encoding_table("embedding", ("a", "b")) is None


def test_pitch_goes_from_the_lowest_note_to_the_highest() -> None:
    """0 and 1, and in between as many semitones as there are: c d e of an octave are 0, 2/12 and 4/12."""
    pitches = [row[0] for row in table("pitch_duration", "c4", "d4", "e4", "c'4")]

    assert pitches == pytest.approx([0, 2 / 12, 4 / 12, 1])


def test_duration_is_a_share_of_the_longest() -> None:
    """A dotted half is 1, a quarter a third of it, a triplet eighth a ninth."""
    durations = [row[1] for row in table("pitch_duration", "c2.", "c4", "c8*2/3")]

    assert durations == pytest.approx([1, 1 / 3, 1 / 9])


def test_the_notes_of_the_song_all_look_different() -> None:
    """E1 with pitch and duration: fourteen codes, fourteen rows, two durations."""
    rows = table("pitch_duration", *SONG)

    assert len({tuple(row) for row in rows}) == 14
    assert {row[1] for row in rows} == {1.0, 0.5}
    assert rows[0][0] == rows[7][0] == 0.0
    assert rows[6][0] == rows[13][0] == 1.0


def test_a_rest_is_below_every_pitch() -> None:
    """−1, and it does not move the lowest note from 0."""
    assert table("pitch_duration", "r4", "c4", "b4") == [[-1, 1], [0, 1], [1, 1]]


def test_a_chord_is_heard_at_its_highest_note() -> None:
    """`<c g>4` looks like `g4`."""
    rows = table("pitch_duration", "c4", "<c g>4", "g4", "b4")

    assert rows[1] == rows[2]


@pytest.mark.parametrize("tokens", [("c4",), ("c4", "c8"), ("r4", "r8")])
def test_one_pitch_or_none_divides_by_nothing(tokens: tuple[str, ...]) -> None:
    """A single pitch is 0; rests alone are −1."""
    assert {row[0] for row in table("pitch_duration", *tokens)} == {-1.0 if "r4" in tokens else 0.0}
