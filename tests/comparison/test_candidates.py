"""The configurations of a comparison: what is read, and what is refused before anything is trained."""

from pathlib import Path

import pytest

from rnnlab.comparison.candidates import read_experiments
from rnnlab.config.comparison import Candidate
from rnnlab.config.overrides import Setting
from rnnlab.errors import ConfigError, UsageError
from tests.experiments import SENTENCE, SONG
from tests.task_experiments import GENERATED
from tests.trained_tasks import PARITY

DENSE = "model={kind: mlp, units: 8}"
SEED = (Setting("training.random_seed", "3"),)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to work in; how many threads the process has stays as it is."""
    monkeypatch.chdir(tmp_path)
    for kind in ("INTRA", "INTER"):
        monkeypatch.setenv(f"TF_NUM_{kind}OP_THREADS", "1")
    return tmp_path


def write(path: str, text: str, name: str = "", **settings: str) -> Candidate:
    """A configuration in a file, with settings of the section `model`."""
    Path(path).parent.mkdir(exist_ok=True)
    Path(path).write_text(text)
    own = tuple(Setting(f"model.{key}", value, "page.yaml:3:4") for key, value in settings.items())
    return Candidate(Path(path), name, own)


def test_configurations_are_named_after_their_files() -> None:
    """With a number where two have the same name; all have the same budget."""
    configs = [write("song.yaml", SONG), write("other/song.yaml", SONG), write("third.yaml", SONG)]

    found = read_experiments(configs, ["model.units=7"], epochs=5)

    assert list(found) == ["song", "song(2)", "third"]
    assert {(each.training.epochs, each.model.units) for each in found.values()} == {(5, (7,))}


def test_different_data_is_refused_before_anything_is_trained() -> None:
    """And so is a random seed, which is not one for all."""
    configs = [write("song.yaml", SONG), write("text.yaml", SENTENCE)]

    with pytest.raises(UsageError, match=r"^song.yaml and text.yaml: measured on different data"):
        read_experiments(configs)
    with pytest.raises(UsageError, match=r"^training.random_seed: .*give the number of seeds with seeds"):
        read_experiments(configs[:1], ["training.random_seed=3"])
    with pytest.raises(ConfigError, match=r"nowhere.yaml: no such configuration"):
        read_experiments([*configs[:1], Candidate(Path("nowhere.yaml"))])


def test_one_configuration_is_compared_with_several_cells() -> None:
    """Each entry has a name and settings of its own; those of the command line come after them."""
    cells = [write("copy.yaml", GENERATED, name=kind, kind=kind, units="9") for kind in ("lstm", "gru")]
    page = write("copy.yaml", GENERATED)

    found = read_experiments([*cells, page], ["model.units=7"], epochs=5)

    assert {name: each.model.kind for name, each in found.items()} == {
        "lstm": "lstm",
        "gru": "gru",
        "copy": "gru",
    }
    assert {(each.training.epochs, each.model.units) for each in found.values()} == {(5, (7,))}


def test_a_wrong_setting_of_an_entry_has_its_place() -> None:
    """In the file that lists the configurations; a random seed is refused there too."""
    wrong, seed = write("copy.yaml", GENERATED, kind="grru"), Candidate(Path("copy.yaml"), "", SEED)

    with pytest.raises(ConfigError, match=r"^page.yaml:3:4: model.kind: .*'grru'"):
        read_experiments([wrong])
    with pytest.raises(UsageError, match=r"^training.random_seed: each configuration is trained with"):
        read_experiments([seed])


def test_different_tasks_are_refused_before_anything_is_trained() -> None:
    """And so are different exercises, by the name of the entry."""
    copy, parity = write("copy.yaml", GENERATED), write("parity.yaml", PARITY)
    brackets = write("brackets.yaml", PARITY.replace("parity", "brackets"))
    other = write("other.yaml", GENERATED.replace("copy, ", "copy, random_seed: 1, "), name="other")

    with pytest.raises(UsageError, match=r"^copy.yaml and song.yaml: of different tasks \(pairs and next_"):
        read_experiments([copy, write("song.yaml", SONG)])
    with pytest.raises(UsageError, match=r"^parity.yaml and brackets.yaml: of different tasks \(label and"):
        read_experiments([parity, brackets])
    with pytest.raises(UsageError, match=r"^copy.yaml and other.yaml \(other\): measured on different data"):
        read_experiments([copy, other])
