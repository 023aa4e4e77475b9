"""What samples copy from the training data, and when that makes a copyist."""

import numpy as np
import pytest

from rnnlab.datasets.training_tokens import TokenSequences, TrainingTokens
from rnnlab.evaluation.originality import NGRAMS, originality_of

LETTERS = "abcdefghijklmnopqrstuvwxyz \n|"


def ids(text: str) -> list[int]:
    """The ids of a text; a vertical bar is a border."""
    return [-1 if letter == "|" else LETTERS.index(letter) for letter in text]


def text_of(numbers) -> str:
    return "".join(LETTERS[number] for number in numbers)


def kept(train: list[str], held_out: list[str] = [], *, is_whole: bool = False) -> TrainingTokens:  # noqa: B006
    """Training data of one file."""
    return TrainingTokens(
        train=TokenSequences.of([ids(each) for each in train]),
        held_out=TokenSequences.of([ids(each) for each in held_out]),
        part="validation" if held_out else "",
        numbers=np.arange(1, len(train) + 1),
        begins=np.zeros(len(train), np.int64),
        files=("song.txt",),
        counts=(len(train),),
        noun="character",
        is_whole=is_whole,
        is_lines=False,
        line_break=LETTERS.index("\n"),
        data_sha256="",
    )


def words(seed: int, count: int) -> str:
    """Random words, so that no passage of some length is there twice."""
    rng = np.random.default_rng(seed)
    return " ".join("".join(rng.choice([*"abcdefgh"], rng.integers(2, 7))) for _ in range(count))


def test_the_figures_of_a_sample_worked_by_hand():
    """`abcd` stands in line 2 from column 3; the other letters do not."""
    report = originality_of([ids("xabcdxy")], kept(["no\nzzabcdz"]), text_of)

    (sample,) = report.samples
    assert sample.longest_copy is not None
    assert sample.nearest is not None
    assert (sample.longest_copy.length, sample.longest_copy.text) == (4, "abcd")
    assert sample.longest_copy.place == "song.txt:2:3"
    # known: ab bc cd of six 2-grams, abcd of four 4-grams, and none of longer ones
    assert sample.new_ngrams == {2: 0.5, 4: 0.75, 8: None, 16: None, 32: None}
    # copied: the four tokens of abcd; the sample of seven tokens is not there as a whole
    assert sample.copied == {2: 4 / 7, 4: 4 / 7, 8: 0.0, 16: 0.0, 32: 0.0}
    assert (sample.nearest.text, sample.nearest.place) == ("no\nzzabcdz", "song.txt:1:1")
    assert sample.nearest.agreement == pytest.approx(4 / 7)


def test_no_run_goes_over_a_border():
    """Neither between two sequences of the training data nor over a boundary in the sample."""
    report = originality_of([ids("abcd"), ids("ab|cd")], kept(["xab", "cdx", "abxcd"]), text_of)

    assert [each.longest_copy and each.longest_copy.length for each in report.samples] == [2, 2]
    assert report.samples[1].tokens == 4
    assert report.samples[1].new_ngrams[2] == 0.0  # ab and cd; b| and |c are none


def test_a_sample_without_a_known_token_copies_nothing():
    """It has no longest copy, and all its n-grams are new; an empty sample has no share."""
    report = originality_of([ids("zz"), []], kept(["ab"]), text_of)

    assert [each.longest_copy for each in report.samples] == [None, None]
    assert report.samples[0].new_ngrams[2] == 1.0
    assert report.samples[1].copied[2] is None
    assert report.verdict == "original"


def test_held_out_data_is_measured_in_stretches_as_long_as_the_samples():
    """They are spread over the part and do not overlap; every figure counts all of them."""
    report = originality_of([ids("a" * 20), ids("a" * 10)], kept(["ab" * 20], ["ba" * 30]), text_of)

    assert report.held_out is not None
    assert (report.held_out.part, report.held_out.stretches) == ("validation", 4)
    assert report.held_out.tokens == 20 + 10 + 20 + 10
    assert report.held_out.longest_copy is not None
    assert report.held_out.longest_copy.length == 20
    assert report.held_out.median_length == 15
    assert report.held_out.new_ngrams[8] == 0.0


def test_no_stretch_copies_over_a_border_of_held_out_data():
    """`ab` and `cd` are two sequences: `abcd` of the training data is not a copy of four tokens."""
    report = originality_of([ids("zzzz")], kept(["abcd"], ["ab", "cd"]), text_of)

    assert report.held_out is not None
    assert report.held_out.longest_copy is not None
    assert (report.held_out.tokens, report.held_out.longest_copy.length) == (3, 2)


def test_a_sample_of_a_sequence_is_compared_with_whole_sequences():
    """A line is not compared with a stretch that goes over the end of a line."""
    report = originality_of([ids("anna")], kept(["anna", "bob"], ["ann", "abcdefgh"], is_whole=True), text_of)

    assert report.held_out is not None
    assert report.held_out.stretches == 2
    assert report.held_out.tokens == 3 + 4  # the longer line is cut


@pytest.mark.parametrize("has_held_out", [True, False])
def test_a_passage_of_the_training_data_makes_a_copyist(has_held_out):
    """With data to compare with and without; the place is the line and the column."""
    text = words(0, 2000)
    data = kept([f"title\n{text}"], [words(1, 500)] if has_held_out else [])

    report = originality_of([ids(text[700:1000]), ids(text[3000:3300])], data, text_of)

    assert report.verdict == "copyist"
    assert report.samples[0].longest_copy is not None
    assert report.samples[0].longest_copy.length == 300
    assert report.samples[0].longest_copy.place == "song.txt:2:701"
    assert "A copyist: 100% of the written characters" in report.judgement
    assert ("nothing is held out" in report.judgement) != has_held_out


def test_text_of_the_same_kind_is_not_copied():
    """Samples that share as much with the training data as held-out data does."""
    report = originality_of([ids(words(2, 100))], kept([words(0, 2000)], [words(1, 500)]), text_of)

    assert report.verdict == "original"
    assert report.held_out is not None
    for n in NGRAMS:
        assert report.samples[0].new_ngrams[n] == pytest.approx(report.held_out.new_ngrams[n], abs=0.1)


def test_a_quarter_of_copies_is_copied_in_part():
    """More than held-out data has, but not most of it."""
    text = words(0, 2000)
    sample = f"{words(3, 60)} {text[500:600]} {words(4, 10)}"[-400:]

    report = originality_of([ids(sample)], kept([text], [words(1, 500)]), text_of)

    assert report.verdict == "in part"


def test_data_that_repeats_itself_makes_no_copyist():
    """If held-out data copies the training data as much as the samples do, they are as human data is."""
    report = originality_of([ids("abc " * 50)], kept(["abc " * 500], ["abc " * 100]), text_of)

    assert report.samples[0].new_ngrams[32] == 0.0
    assert report.verdict == "original"


def test_the_judgement_fits_short_samples():
    """Of samples of five tokens no run of eight is looked for; and a few tokens are called few."""
    report = originality_of([ids("hello")], kept(["say hello to me"]), text_of)

    assert report.verdict == "copyist"
    assert "in runs of 4 or more" in report.judgement
    assert "5 characters are few: write more to be sure" in report.judgement
