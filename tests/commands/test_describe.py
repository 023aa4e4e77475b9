"""`rnnlab describe`."""

import json
import re
from pathlib import Path

import pytest

from tests.trained import SENTENCE, SONG, STREAM, run_of

CONFIGS = Path(__file__).parents[2] / "configs"

SENTENCE_LINES = """\
task        next_token: many to many, in step: after each token, the next one
data        27 characters from dataset.inline
vocabulary  16 tokens: ' ' 'a' … 'y'
parts       train 22 windows
""".splitlines()


def as_json(rnnlab, *arguments):
    """The JSON object that describe prints, and nothing else."""
    answer = rnnlab("describe", *arguments, "--json")
    assert (answer.exit_code, answer.stderr) == (0, "")
    return json.loads(answer.stdout)


def test_the_song_has_the_lectures_windows(rnnlab):
    """E1: 54 notes make 50 windows of 4 notes and the one that follows."""
    dataset = as_json(rnnlab, str(CONFIGS / "nabiya_stateful_lstm.yaml"))["dataset"]

    assert dataset["tokens"] == 54
    assert dataset["vocabulary"] == "c4 d4 e4 f4 g4 a4 b4 c8 d8 e8 f8 g8 a8 b8".split()
    assert dataset["windows"]["shape"] == [50, 5]
    assert dataset["windows"]["first"][:3] == [[11, 9, 2, 10, 8], [9, 2, 10, 8, 1], [2, 10, 8, 1, 7]]
    assert dataset["windows"]["text"][0] == "g8 e8 e4 f8 → d8"
    assert dataset["accuracy_ceiling"] is None


def test_the_song_without_state_has_a_ceiling(rnnlab):
    """Equal windows have different targets: 46 of 50 is the most."""
    dataset = as_json(rnnlab, str(CONFIGS / "nabiya_mlp.yaml"))["dataset"]

    assert dataset["accuracy_ceiling"] == {"correct": 46, "total": 50, "accuracy": 0.92}


def test_the_ship_has_the_lectures_windows(rnnlab):
    """E5: 180 characters make 170 windows of 10, each shifted by one."""
    windows = as_json(rnnlab, str(CONFIGS / "ship_stacked_lstm.yaml"))["dataset"]["windows"]

    assert windows["shape"] == [170, 11]
    assert windows["text"][:2] == ["if you wan → f you want", "f you want →  you want "]


def test_stratified_splits_are_the_lectures_index_for_index(rnnlab):
    """E6: three ways to hold out three of nine windows, in the order that scikit-learn draws them."""
    splits = as_json(rnnlab, str(CONFIGS / "imbalanced_mlp.yaml"))["dataset"]["splits"]

    assert splits["stratified_shuffle"] == [
        {"train": [1, 5, 4, 2, 7, 6], "validation": [3, 8, 0]},
        {"train": [8, 6, 5, 7, 1, 0], "validation": [3, 2, 4]},
        {"train": [8, 7, 4, 2, 1, 5], "validation": [6, 3, 0]},
    ]
    assert (splits["train"]["windows"], splits["validation"]["windows"]) == (6, 3)


def test_the_model_is_given_layer_by_layer(rnnlab):
    """Worked by hand: an LSTM of H units on D inputs has 4 H (D + H + 1) weights."""
    Path("song.yaml").write_text(SONG)

    model = as_json(rnnlab, "song.yaml")["model"]

    assert model == {
        "layers": [
            {"name": "encoding", "output_shape": [None, 4, 8], "parameters": 0},
            {"name": "lstm_1", "output_shape": [None, 4, 6], "parameters": 4 * 6 * (8 + 6 + 1)},
            {"name": "head", "output_shape": [None, 8], "parameters": 8 * (6 + 1)},
        ],
        "parameters": 4 * 6 * (8 + 6 + 1) + 8 * (6 + 1),
    }


def test_targets_are_counted_in_the_training_part(rnnlab):
    """Class balance of the last targets: nine windows of the song, most frequent first."""
    Path("song.yaml").write_text(SONG)

    targets = as_json(rnnlab, "song.yaml")["dataset"]["targets"]

    assert [(target["token"], target["windows"]) for target in targets] == [
        ("d8", 2), ("g8", 2), ("d4", 1), ("g4", 1), ("c8", 1), ("e8", 1), ("f8", 1)
    ]  # fmt: skip
    assert all(target["share"] == target["windows"] / 9 for target in targets)


def test_contiguous_parts_are_given_by_their_size(rnnlab):
    """75 characters, of which the last fifth is held out, and a window before it left out."""
    Path("stream.yaml").write_text(STREAM)

    splits = as_json(rnnlab, "stream.yaml")["dataset"]["splits"]

    assert splits.keys() == {"train", "validation"}
    assert (splits["train"]["tokens"], splits["validation"]["tokens"]) == (55, 15)


def test_a_stream_has_lanes_in_place_of_windows(rnnlab):
    """55 characters of the training part in three lanes: how many tokens each reads, and its first cuts."""
    Path("stream.yaml").write_text(STREAM)

    dataset = as_json(rnnlab, "stream.yaml")["dataset"]

    assert "windows" not in dataset
    assert dataset["lanes"]["shape"] == [4, 3, 5]
    first, *_ = dataset["lanes"]["first"]
    assert (first["tokens"], first["text"]) == (18, ["the q", "uick ", "brown"])
    tokens = dataset["vocabulary"]
    assert ["".join(tokens[number] for number in cut) for cut in first["cuts"]] == first["text"]
    assert sum(target["targets"] for target in dataset["targets"]) == 54

    lines = rnnlab("describe", "stream.yaml").stdout.splitlines()

    assert "Lanes of the training part: 3, each cut every 5 steps" in lines
    assert "  0  18 tokens  'the q'  'uick '  'brown' …" in lines
    assert "Targets" in lines


def test_text_shows_all_of_it(rnnlab):
    """What the JSON has, for reading; on stdout, since it is the result."""
    Path("sentence.yaml").write_text(SENTENCE)

    answer = rnnlab("describe", "sentence.yaml")

    assert (answer.exit_code, answer.stderr) == (0, "")
    lines = answer.stdout.splitlines()
    assert lines[:4] == SENTENCE_LINES
    for line in (
        "            window can do better",
        "  0 ' '  1 'a'  2 'b'  3 'd'  4 'f'  5 'h'  6 'i'  7 'l'  8 'n'  9 'o'  10 'p'  11 's'  12 't'",
        "  13 'u'  14 'w'  15 'y'",
        "  0  [6, 4, 0, 15, 9, 13]  if yo → f you",
        "…    12 more",
        "'a'          2   9.1 %",
        "gru_1      (N, 5, 5)         345",
    ):
        assert line in lines


def test_a_ceiling_of_everything_is_not_explained(rnnlab):
    """Where every target can be known, equal windows have equal targets."""
    Path("alphabet.yaml").write_text(SENTENCE.replace("if you want to build a ship", "abcdefghijklm"))

    lines = rnnlab("describe", "alphabet.yaml", "--set", "generation.seed=null").stdout.splitlines()

    assert "ceiling     40 of 40 (1.000)" in lines


def test_a_run_is_described_by_its_configuration(rnnlab):
    """Overrides apply to it as to a file."""
    run = run_of(SONG)

    described = as_json(rnnlab, str(run.path), "--set", "dataset.window=3")

    assert described["dataset"]["windows"]["shape"] == [10, 4]


@pytest.mark.parametrize("columns", [40, 60, 80])
def test_windows_fit_a_narrow_terminal(rnnlab, monkeypatch, columns):
    """Without their ids where there is no room for them, and cut where there is none for all of the text."""
    Path("song.yaml").write_text(SENTENCE.replace("window: 5", "window: 10"))
    monkeypatch.setenv("COLUMNS", str(columns))

    lines = rnnlab("describe", "song.yaml").stdout.split("\n\n")[2].splitlines()

    windows = [line for line in lines if line.startswith("  ")]
    assert max(map(len, lines)) <= columns
    assert ("[" in windows[0]) == (columns == 80)
    assert windows[0].split()[0] == "0"


def test_a_seed_that_the_data_lacks_is_refused_with_its_place(rnnlab):
    """In the file, or by the option that set it; nothing has been trained then."""
    Path("sentence.yaml").write_text(SENTENCE)
    line = SENTENCE.splitlines().index("generation: {seed: if yo, length: 9}") + 1

    by_file = rnnlab("describe", "sentence.yaml", "--set", "dataset.inline=abcdefghijklm" * 3)
    by_option = rnnlab("train", "sentence.yaml", "--set", "generation.stop=if")

    assert (by_file.exit_code, by_option.exit_code) == (2, 2)
    assert by_file.stderr.startswith(f"sentence.yaml:{line}:20: generation.seed: seed:1:3: character ' ' is ")
    assert by_option.stderr == "--set generation.stop: expected one token, received 2: 'if'\n"
    assert not Path("runs").exists()


def test_a_long_vocabulary_is_shown_in_ten_rows(rnnlab):
    """So are its targets; the last row of each says how many more there are, and --full shows them all."""
    Path("many.txt").write_text("".join(chr(0x4E00 + number % 700) for number in range(1400)))
    Path("many.yaml").write_text("dataset: {kind: text, path: many.txt}\nmodel: {kind: lstm, units: 4}\n")

    short, full = rnnlab("describe", "many.yaml").stdout, rnnlab("describe", "many.yaml", "--full").stdout

    vocabulary, targets = section(short, "Vocabulary"), section(short, "Targets")
    shown = sum(line.count("'") // 2 for line in vocabulary[:10])
    assert (len(vocabulary), vocabulary[-1]) == (11, f"…    {700 - shown} more; --full shows all")
    assert (len(targets), targets[-1]) == (12, "…    690 more; --full shows all")
    assert sum(line.count("'") // 2 for line in section(full, "Vocabulary")) == 700
    assert len(section(full, "Targets")) == 701
    assert "--full" not in full


def test_all_windows_and_all_lanes_are_shown_in_full(rnnlab):
    """With every cut of each lane."""
    Path("sentence.yaml").write_text(SENTENCE)
    Path("stream.yaml").write_text(STREAM)

    windows = section(rnnlab("describe", "sentence.yaml", "--full").stdout, "Windows of the training part")
    lanes = section(rnnlab("describe", "stream.yaml", "--full").stdout, "Lanes of the training part")

    assert [line.split()[0] for line in windows] == [str(number) for number in range(len(windows))]
    assert windows[-1].endswith("a shi →  ship")
    read = ["".join(re.findall(r"'([^']*)'", line)) for line in lanes]
    text = "the quick brown fox jumps over the lazy dog, and the lazy dog jumps over it"
    assert "".join(read) == text[: len("".join(read))]
    assert sum(map(len, read)) > 0.7 * len(text)


def section(text: str, title: str) -> list[str]:
    """The lines below a title, to the next empty one."""
    (found,) = [part.splitlines()[1:] for part in text.split("\n\n") if part.startswith(title)]
    return found


@pytest.mark.parametrize("kind", ["lstm", "gru", "simple_rnn", "mlp"])
def test_the_ceiling_is_said_to_be_of_models_that_see_one_window(rnnlab, kind):
    """A recurrent network has a state within the window, and the ceiling all the same."""
    model = f"model: {{kind: {kind}, units: 4}}"
    Path("page.yaml").write_text(
        f"dataset: {{kind: text, inline: aabacaad, window: 1, target: next}}\n{model}\n"
        "training: {batching: windows, batch_size: 1}\n"
    )

    text = " ".join(rnnlab("describe", "page.yaml").stdout.split())

    assert "so no model that sees only the window can do better" in text
    assert "without state" not in text


def test_a_seed_that_the_data_lacks_can_be_taken_away(rnnlab):
    """As with a page of someone else for one's own data; the message says how, and that works."""
    Path("page.yaml").write_text(
        "dataset: {kind: text, inline: The ship, window: 2}\nmodel: {kind: lstm, units: 2}\n"
        "training: {batch_size: 1}\ngeneration: {seed: 'The '}\n"
    )
    Path("my.txt").write_text("나비야 이리 날아 오너라")
    own = ("describe", "page.yaml", "--set", "dataset.path=my.txt")

    refused = rnnlab(*own)

    assert refused.exit_code == 2
    assert refused.stderr.startswith("page.yaml:4:20: generation.seed: seed:1:1: character 'T'")
    assert refused.stderr.endswith("set it to tokens of the data, or to null\n")
    assert rnnlab(*own, "--set", "generation.seed=null").exit_code == 0
    assert rnnlab(*own, "--set", "generation.seed=나비야 ").exit_code == 0
