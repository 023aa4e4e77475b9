"""Which data is measured: a part by its name, a file, or a file that is a part."""

from dataclasses import replace
from pathlib import Path

import pytest

from rnnlab.errors import UsageError
from rnnlab.evaluation.measurement import Evaluation, evaluate
from rnnlab.evaluation.selection import NoData, NoSuchPart, named_by_file, select
from rnnlab.evaluation.surprise import surprises
from rnnlab.models.model_file import TrainedModel
from tests.trained import trained

TEXTS = {"train": "abcdefghabcabdefgh", "validation": "cabfedghcabfedg", "test": "hgfedcbahgfe"}
FILES = """
dataset:
  kind: text
  path: data/train.txt
  window: 3
  split: {kind: files, validation: data/validation.txt, test: data/test.txt}
model: {kind: gru, units: 4}
training: {batch_size: 4}
"""


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each part's file in `data/`, and a copy of each in `elsewhere/`."""
    monkeypatch.chdir(tmp_path)
    for folder in ("data", "elsewhere"):
        Path(folder).mkdir()
        for part, text in TEXTS.items():
            Path(folder, f"{part}.txt").write_text(text)


def model(*overrides: str) -> TrainedModel:
    return trained(FILES, Path.cwd(), *overrides)


def figures(evaluation: Evaluation) -> Evaluation:
    """All but what depends on how much is read beside the part."""
    return replace(evaluation, notes=())


@pytest.mark.parametrize("unit", ["character", "line", "document"])
@pytest.mark.parametrize("part", TEXTS)
@pytest.mark.parametrize("folder", ["data", "elsewhere"])
def test_the_file_of_a_part_is_the_part(part: str, folder: str, unit: str) -> None:
    """By its path or its content: the same figures, baselines among them, as where it is not named."""
    own = model(f"dataset.unit={unit}")

    by_file = evaluate(own, split=part, data=Path(folder, f"{part}.txt"))

    assert by_file.split == part
    assert figures(by_file) == figures(evaluate(own, split=part))
    assert (by_file.baselines is None) == (part == "train")
    assert by_file.metrics.tokens == evaluate(own, data=Path(folder, f"{part}.txt")).metrics.tokens


@pytest.mark.parametrize(
    "split", ["{kind: contiguous, validation: 0.3}", "{kind: contiguous, test: 0.3}", "{kind: none}"]
)
def test_the_file_of_a_configuration_gives_the_part_that_it_measures(split: str) -> None:
    """The train part of a file that is cut is not the whole file."""
    own = model(f"dataset.split={split}", "dataset.window=2", "evaluation.split=train")

    data, part = named_by_file(own.experiment, None)

    assert evaluate(own, split=part, data=data).metrics == evaluate(own).metrics
    assert part == (None if "none" in split else "train")


@pytest.mark.parametrize("part", TEXTS)
def test_the_tokens_of_the_file_of_a_part_are_those_of_the_part(part: str) -> None:
    """`--per-token` takes the same two options."""
    by_file = surprises(model(), split=part, data=Path("elsewhere", f"{part}.txt"))
    by_name = surprises(model(), split=part)

    assert [each.token for each in by_file.tokens] == [each.token for each in by_name.tokens]
    assert by_file.split == part


def test_of_a_stranger_the_file_of_a_part_is_known_by_its_path_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """However it is spelled; nothing is opened but what was named."""
    opened: list[str] = []
    read = Path.open
    monkeypatch.setattr(Path, "open", lambda self, *how: opened.append(self.name) or read(self, *how))
    own = model()
    opened.clear()
    Path("link").symlink_to("data")

    for data in (Path("data/test.txt"), Path("data/../data/test.txt").absolute(), Path("link/test.txt")):
        assert select(own, split="test", data=data, may_open=False).part.name == "test"
    with pytest.raises(NoSuchPart) as caught:
        select(own, split="test", data=Path("elsewhere/test.txt"), may_open=False)
    for split in ("test", "validation"):
        with pytest.raises(NoSuchPart):
            select(own, split=split, data=Path("data/train.txt"), may_open=False)

    assert str(caught.value) == (
        "split test: elsewhere/test.txt is not known as the data of this part, which is"
        f" {Path('data/test.txt').absolute()}"
    )
    assert set(opened) == {"test.txt", "train.txt"}
    assert opened.count("test.txt") == 4  # each that was named, once


def test_several_files_of_a_part_are_one_part() -> None:
    """One of them is not all of it; a folder that holds the same is."""
    own = model("dataset.split.test=[data/test.txt, data/validation.txt]")
    Path("held").mkdir()
    for place, part in enumerate(("test", "validation")):
        Path("held", f"{place}.txt").write_text(TEXTS[part])

    held = select(own, split="test", data=Path("held"))
    with pytest.raises(NoSuchPart) as caught:
        select(own, split="test", data=Path("data/test.txt"))

    assert held.part.name == "test"
    assert len(held.corpus.ids) == len(TEXTS["test"]) + len(TEXTS["validation"])
    assert str(caught.value) == (
        "split test: data/test.txt is not known as the data of this part, which is"
        f" {Path('data/test.txt').absolute()} and 1 more"
    )


@pytest.mark.parametrize(
    ("split", "data", "message"),
    [
        ("test", "data/validation.txt", "data/validation.txt is not known as the data of this part"),
        ("validation", "data/test.txt", "data/test.txt is not known as the data of this part"),
        ("train", "data/test.txt", "data/test.txt is not known as the data of this part"),
    ],
)
def test_a_file_that_is_another_part_is_not_the_one_that_was_asked_for(
    split: str, data: str, message: str
) -> None:
    """The line says which file is."""
    with pytest.raises(NoSuchPart) as caught:
        select(model(), split=split, data=Path(data))

    assert message in str(caught.value)
    assert str(caught.value).endswith(f"which is {Path('data', f'{split}.txt').absolute()}")


def test_a_part_of_the_training_file_is_the_part_of_the_training_data() -> None:
    """As for every split: the training data is known by its content, and has its parts."""
    own = model()

    assert evaluate(own, split="test", data=Path("elsewhere/train.txt")) == evaluate(own, split="test")


def test_a_part_that_there_is_not_is_said_with_those_there_are() -> None:
    """Of files as of shares."""
    with pytest.raises(NoSuchPart, match="split test: the data has no such part, only train, validation"):
        select(model("dataset.split.test=null"), split="test", data=Path("data/test.txt"))
    own = model("dataset.split={kind: contiguous, validation: 0.4, gap: 0}")
    with pytest.raises(UsageError, match="the data has no such part, only train, validation"):
        select(own, split="test", data=Path("data/train.txt"))
    with pytest.raises(NoSuchPart, match=r"data/test\.txt is not the data that this model was trained on"):
        select(own, split="validation", data=Path("data/test.txt"))


@pytest.mark.parametrize("gone", ["train", "validation", "test"])
def test_a_file_of_ones_own_that_is_gone_is_no_part_and_no_fault(gone: str) -> None:
    """What is left of a part with files of its own can still be measured by naming it."""
    own = model()
    Path("data", f"{gone}.txt").unlink()

    with pytest.raises(NoData, match=rf"data/{gone}\.txt: no such file"):
        select(own, split="test")
    with pytest.raises(NoSuchPart):
        select(own, split=gone, data=Path("elsewhere", f"{gone}.txt"))
    assert select(own, data=Path("elsewhere", f"{gone}.txt")).part.name == "data"
    for part in TEXTS.keys() - {gone}:
        assert select(own, split=part, data=Path("data", f"{part}.txt")).part.name == part
