"""A run folder keeps the token ids of its training data, and refuses a file that is damaged."""

import json
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from rnnlab.datasets.training_tokens import TokenSequences, TrainingTokens
from rnnlab.errors import RunError
from rnnlab.runs.kept_tokens import (
    TRAINING_TOKENS,
    kept_tokens,
    read_training_tokens,
    write_training_tokens,
)
from tests.keeping import keeping, tokens_of
from tests.trained import SONG, STREAM, run_of
from tests.trained_tasks import FROM_LABEL, task_run_of

KEPT = TrainingTokens(
    train=TokenSequences.of([[0, 1, 2], [3], [1, 2, 3], [4]]),
    held_out=TokenSequences.of([[2, 2]]),
    part="test",
    numbers=np.array([2, 1]),
    begins=np.array([0, 5]),
    files=("a.txt", "ü.txt"),
    counts=(1, 1),
    noun="note",
    is_whole=False,
    is_lines=False,
    line_break=None,
    data_sha256="d1",
    shifts=(1,),
)


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def fields(kept: TrainingTokens) -> dict[str, object]:
    """Everything that is kept, as lists."""
    found: dict[str, object] = {}
    for name, value in vars(kept).items():
        arrays = [value.ids, value.offsets] if isinstance(value, TokenSequences) else [value]
        found[name] = [np.asarray(each).tolist() for each in arrays]
    return found


def test_what_is_read_is_what_was_written():
    """Every field, and equal tokens give equal bytes; NumPy opens the file without pickle."""
    for name in ("one", "other"):
        Path(name).mkdir()
        write_training_tokens(Path(name), KEPT)

    read = read_training_tokens(Path("one"), data_sha256="d1", vocab_size=5)

    assert read is not None
    assert fields(read) == fields(KEPT)
    assert Path("one", TRAINING_TOKENS).read_bytes() == Path("other", TRAINING_TOKENS).read_bytes()
    assert (
        np.load(Path("one", TRAINING_TOKENS), allow_pickle=False)["train"].tolist() == KEPT.train.ids.tolist()
    )


@pytest.mark.parametrize("text", [SONG, STREAM])
def test_the_tokens_of_a_run_are_found_again(text):
    """Also from its model file, as long as that lies in the run folder."""
    run = keeping(run_of(text))
    trained = run.load_model()

    for folder, path in ((run, run.path), (None, run.model_path)):
        found = kept_tokens(trained, folder, path)
        assert isinstance(found, TrainingTokens)
        assert fields(found) == fields(tokens_of(run))


def test_a_task_that_writes_keeps_its_targets():
    """The ids are those of the targets."""
    run = keeping(task_run_of(FROM_LABEL))

    assert isinstance(kept_tokens(run.load_any_model(), run, run.path), TrainingTokens)


def test_without_tokens_a_sentence_says_what_to_do():
    """A lone model file, a run of an earlier version, and a run that was told to keep nothing."""
    run, told = run_of(SONG), run_of(SONG, "dataset.keep=false")

    said = [
        kept_tokens(run.load_model(), None, Path("song.safetensors")),
        kept_tokens(run.load_model(), run, run.path),
        kept_tokens(told.load_model(), told, told.path),
    ]

    untold = "it cannot be told what is copied"
    assert said == [
        f"{untold}: song.safetensors is a model file, which has no training data; name its run folder",
        f"{untold}: runs/song-1 keeps no training data; train again",
        f"{untold}: runs/song-2 keeps no training data; train with dataset.keep: true",
    ]


def test_tokens_of_other_data_are_refused():
    """The digest of the data tells them apart; a model file beside them has none then."""
    run = run_of(SONG)
    write_training_tokens(run.path, KEPT)
    trained = run.load_model()

    said = kept_tokens(trained, run, run.path)

    assert isinstance(said, str)
    assert "belongs to other data than the model; restore it from a copy, or remove it" in said
    assert "is a model file" in str(kept_tokens(trained, None, run.model_path))


@pytest.mark.parametrize(
    ("kept", "why"),
    [
        (replace(KEPT, train=TokenSequences.of([[0, 9], [1], [1], [1]])), "a token id is not below 5"),
        (replace(KEPT, numbers=np.array([1])), "do not have one number each"),
        (replace(KEPT, shifts=()), "do not have one number each"),
        (replace(KEPT, counts=(1,)), "do not have one count each"),
        (
            replace(KEPT, held_out=TokenSequences(np.array([2, 2]), np.array([0, 3]))),
            "the offsets of held_out do not fit its ids",
        ),
    ],
)
def test_tokens_that_contradict_themselves_are_damaged(kept, why):
    """The error names the file, what is wrong, and what to do."""
    write_training_tokens(Path(), kept)

    with pytest.raises(RunError, match=rf"{TRAINING_TOKENS}: damaged \(.*{why}.*\); restore it"):
        read_training_tokens(Path(), data_sha256="d1", vocab_size=5)


def test_any_byte_that_is_lost_or_changed_is_noticed():
    """Cut off anywhere, or with another byte anywhere, the file is refused or gives the same tokens."""
    write_training_tokens(Path(), KEPT)
    file = Path(TRAINING_TOKENS)
    data = file.read_bytes()

    for place in range(0, len(data), 23):
        for other in (data[:place], data[:place] + bytes([data[place] ^ 0x55]) + data[place + 1 :]):
            file.write_bytes(other)
            try:
                read = read_training_tokens(Path(), data_sha256="d1", vocab_size=5)
            except RunError:
                continue
            assert read is not None
            assert fields(read) == fields(KEPT)


def test_a_file_of_a_stranger_gets_no_memory_for_the_asking(tmp_path):
    """An array whose header claims more than the file has is refused before it is made."""
    write_training_tokens(Path(), KEPT)
    with zipfile.ZipFile(TRAINING_TOKENS) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    claimed = members["train.npy"].replace(b"(8,)", b"(8000000000000,)".ljust(4))
    header = len(claimed) - len(members["train.npy"])
    members["train.npy"] = claimed.replace(b" " * header, b"", 1)
    with zipfile.ZipFile(TRAINING_TOKENS, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)

    with pytest.raises(RunError, match=r"damaged \(train is not the array that was expected\)"):
        read_training_tokens(Path(), data_sha256="d1", vocab_size=5)


def test_a_link_that_leads_outside_is_refused(tmp_path):
    """As for every file of a run folder."""
    (tmp_path / "run").mkdir()
    write_training_tokens(tmp_path, KEPT)
    (tmp_path / "run" / TRAINING_TOKENS).symlink_to(tmp_path / TRAINING_TOKENS)

    with pytest.raises(RunError, match="leads outside its folder"):
        read_training_tokens(tmp_path / "run", data_sha256="d1", vocab_size=5)


def test_the_description_has_no_other_key():
    """Nothing of this machine is written beside the arrays."""
    write_training_tokens(Path(), KEPT)

    with zipfile.ZipFile(TRAINING_TOKENS) as archive:
        about = json.loads(archive.read("about.json"))

    assert about.keys() == {
        *(
            "version",
            "part",
            "noun",
            "is_whole",
            "is_lines",
            "line_break",
            "data_sha256",
            "files",
            "counts",
            "shifts",
        )
    }
