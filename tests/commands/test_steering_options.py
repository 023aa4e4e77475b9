"""`rnnlab generate` with constraints, beam search and DRY, with models of random weights."""

import json
from pathlib import Path

import pytest

from tests.trained import SENTENCE, STREAM, run_of

SONG = """
dataset:
  kind: notes
  inline: g8 e8 e4 f8 d8 d4 c8 d8 e8 f8 g8 g8 g4 c2
model: {kind: lstm, units: 6}
generation: {seed: g8 e8 e4 f8, length: 9, temperature: 1, particles: 8}
"""


def samples_of(answer) -> list[dict]:
    assert answer.exit_code == 0, answer.stderr
    return json.loads(answer.stdout)["samples"]


def test_the_json_says_how_the_constraint_was_satisfied(rnnlab):
    """Fields that scripts rely on; null without a constraint."""
    run_of(SONG)

    (sample,) = samples_of(rnnlab("generate", "--end-on", "c2", "--json"))
    (free,) = samples_of(rnnlab("generate", "--json"))

    assert sample["constraint"].keys() == {"log_probability", "effective_sample_size"}
    assert sample["constraint"]["log_probability"] < 0
    assert 1 <= sample["constraint"]["effective_sample_size"] <= 8
    assert sample["log_probability"] < 0
    assert sample["text"].endswith(" c2")
    assert free["constraint"] is None


def test_the_settings_in_the_json_write_the_same_again(rnnlab):
    """The constraints are among them, and so are the particles."""
    run_of(SONG)

    result = json.loads(
        rnnlab(
            "generate", "--template", "g8 _ e4 _", "--particles", "5", "--random-seed", "3", "--json"
        ).stdout
    )

    assert result["settings"]["constraints"]["template"] == "g8 _ e4 _"
    assert result["settings"]["particles"] == 5
    assert result["random_seed"] == 3


def test_every_option_reaches_its_setting(rnnlab, tmp_path: Path):
    """Options that fit together, given at once."""
    run_of(SONG)
    Path("tune.notes").write_text("g8 e8 e4 f8 d8 d4", encoding="ascii")

    result = json.loads(
        rnnlab(
            "generate", "--must", "e8", "--must", "d4", "--avoid", "c2", "--key", "c", "--range", "c..g",
            "--bars", "1", "--meter", "4/4", "--rhythm-of", "tune.notes", "--min-p", "0.001", "--dry", "0.5",
            "--dry-base", "2", "--dry-allowed-length", "9", "--json",
        ).stdout
    )  # fmt: skip

    settings, constraints = result["settings"], result["settings"]["constraints"]
    assert constraints["must"] == ["e8", "d4"]
    assert constraints["avoid"] == ["c2"]
    assert (constraints["key"], constraints["range"]) == ("c", "c..g")
    assert (constraints["bars"], constraints["meter"]) == (1, "4/4")
    assert constraints["rhythm"] == "8 8 4 8 8 4"  # its content, so that the file may go
    assert settings["min_p"] == 0.001
    assert settings["dry"] == {"multiplier": 0.5, "base": 2, "allowed_length": 9}


def test_a_range_of_lengths_is_a_constraint(rnnlab):
    """Each sample has 3 to 5 tokens after the seed, and not all have the same number."""
    run_of(SONG)

    found = samples_of(rnnlab("generate", "--length", "3..5", "--samples", "30", "--json"))

    assert {len(sample["sequence"]) for sample in found} == {3, 4, 5}


def test_a_number_is_the_exact_length_beside_a_constraint_that_ends_a_sample(rnnlab):
    """`_*` may have any length; 6 tokens are asked for."""
    run_of(SONG)

    found = samples_of(
        rnnlab(
            "generate", "--seed", "g8", "--template", "g8 _* c2", "--length", "6", "--samples", "5", "--json"
        )
    )

    assert {len(sample["sequence"]) for sample in found} == {6}


@pytest.mark.parametrize(
    ("length", "problem"),
    [
        ("5..3", "expected two numbers of tokens such as 10..20, received '5..3'"),
        ("0..0", "expected two numbers of tokens such as 10..20"),
        ("..9", "expected two numbers of tokens such as 10..20"),
        ("x", "received 'x', or one number"),
        ("0", "0 is not in the range"),
    ],
)
def test_a_wrong_length_is_refused(rnnlab, length: str, problem: str):
    """Before a model is loaded."""
    answer = rnnlab("generate", "--length", length)

    assert answer.exit_code == 2
    assert problem in answer.stderr


def test_one_particle_is_plain_masking_and_says_so(rnnlab):
    """On stderr, beside the text on stdout."""
    run_of(SONG)

    answer = rnnlab("generate", "--end-on", "c2", "--particles", "1")

    assert answer.exit_code == 0
    assert "one particle only masks what the constraints do not allow" in answer.stderr


def test_options_are_named_in_the_message(rnnlab):
    """The core names settings; on the command line they are options."""
    run_of(SONG)

    answer = rnnlab("generate", "--template", "g8 _ c2", "--end-on", "d4")

    assert answer.exit_code == 2
    assert "--template and --end-on: no text satisfies all of these together" in answer.stderr
    assert answer.stdout == ""


def test_a_constraint_for_text_is_refused_for_notes(rnnlab):
    """And the other way round."""
    run_of(SONG)
    run_of(STREAM, name="text")

    assert (
        "--match is for text, and the model writes notes"
        in rnnlab("generate", "runs/song-1", "--match", "a+").stderr
    )
    assert (
        "--key is for notes, and the model writes text"
        in rnnlab("generate", "runs/text-1", "--key", "c", "--seed", "t").stderr
    )


def test_a_beam_writes_the_most_probable_texts_first(rnnlab):
    """Different ones; a beam is no draw, so that nothing is said of equal samples."""
    run_of(SENTENCE)

    answer = rnnlab("generate", "--beam", "6", "--samples", "3", "--length", "8", "--json")
    scores = [sample["log_probability"] for sample in samples_of(answer)]

    assert scores == sorted(scores, reverse=True)
    assert len({sample["text"] for sample in samples_of(answer)}) == 3
    assert "equal samples" not in answer.stderr


def test_constraints_of_the_configuration_hold(rnnlab):
    """`generation.constraints` of the YAML; an option takes the place of one of them."""
    run_of(SONG, "generation.constraints={end_on: c2}")

    configured = samples_of(rnnlab("generate", "--samples", "5", "--json"))
    given = samples_of(rnnlab("generate", "--end-on", "d4", "--samples", "5", "--json"))

    assert {sample["sequence"][-1] for sample in configured} == {"c2"}
    assert {sample["sequence"][-1] for sample in given} == {"d4"}


def test_fewer_texts_than_samples_are_said(rnnlab):
    """A beam holds as many texts as it is wide."""
    run_of(SENTENCE)

    answer = rnnlab("generate", "--beam", "2", "--samples", "5", "--length", "8", "--json")

    assert len(samples_of(answer)) == 2
    assert "the beam search found 2 texts of 5; a larger beam may find more" in answer.stderr
