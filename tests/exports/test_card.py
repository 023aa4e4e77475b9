"""The card of a task has all that a program needs which knows nothing of rnnlab."""

import pytest

from rnnlab.exports.card import card_strings, card_text, task_card_of
from tests.exports.variants import pieces_of, task_variant
from tests.trained_tasks import PARITY, trained_task


def card_of(name: str, *, state: bool = False) -> dict[str, object]:
    """The card of a variant."""
    model = task_variant(name)
    return task_card_of(model, [network for network, _ in pieces_of(model, "ONNX", state=state)])


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("label", ["<unknown>", None, None, "character", "label", "each sequence"]),
        ("tags", ["<unknown>", None, None, "word", "label", "each step"]),
        ("pairs", ["<unknown>", "<end>", 0, "character", "character", "each step"]),
        ("from_label", [None, "<end>", 14, "label", "character", "each step"]),
    ],
)
def test_a_card_says_how_tokens_are_read(name, expected):
    """What stands for an unknown token and for the end, the first input of a decoder, and the logits."""
    card, model = card_of(name), task_variant(name)

    keys = ["unknown", "end", "first_input", "input_token", "target_token", "logits"]
    assert [card[key] for key in keys] == expected
    assert card["task"] == name
    assert (tuple(card["inputs"]), tuple(card["targets"])) == (model.tokens, model.targets)
    assert "there is no padding" in str(card["usage"])
    if name == "from_label":
        assert card["first_input"] == len(model.targets)


def test_a_card_says_how_the_state_is_used():
    """Which is named for the decoder; the label is named where it is an input."""
    every, pairs, whole = (
        card_of("from_label_every", state=True),
        card_of("pairs", state=True),
        card_of("pairs"),
    )

    assert pairs["state"] == ["decoder_gru_1_h", "decoder_gru_2_h"]
    assert whole["state"] == []
    assert "The encoder reads source" in str(pairs["usage"])
    assert "The encoder reads source" not in str(whole["usage"])
    assert "label (N, 1)" in str(every["usage"])


def test_a_card_of_generated_data_has_its_tokens(tmp_path):
    """Their kind is that of the exercise; what a card lacks is null."""
    model = trained_task(PARITY, tmp_path)
    card = task_card_of(model, [network for network, _ in pieces_of(model, "ONNX", state=False)])

    assert (card["kind"], card["task"], card["inputs"]) == ("generated", "label", list(model.tokens))
    assert (card["input_token"], card["target_token"]) == ("character", "label")
    assert '"end": null' in card_text(card)
    assert (card_strings(card)["end"], card_strings(card)["task"]) == ("null", "label")
