"""Every experiment that ships loads, finds its data, and teaches."""

from pathlib import Path

import pytest

from rnnlab.config.comparison import read_comparison
from rnnlab.config.reading import parse_experiment, read_experiment, write_experiment

CONFIGS = Path(__file__).parents[1] / "configs"

COMPARISONS = sorted(CONFIGS.glob("compare_*"))

every_config = pytest.mark.parametrize(
    "path", sorted(set(CONFIGS.iterdir()) - set(COMPARISONS)), ids=lambda path: path.name
)
every_page = pytest.mark.parametrize("path", sorted(CONFIGS.iterdir()), ids=lambda path: path.name)
every_comparison = pytest.mark.parametrize("path", COMPARISONS, ids=lambda path: path.name)

MOST_LINES = 50


def test_there_are_configs():
    """The tests below run over more than an empty folder."""
    assert len(list(CONFIGS.glob("*.yaml"))) > 10


@every_config
def test_a_config_loads_and_its_data_exists(path):
    """A config is valid, and each path in it names a file; where the text is downloaded, it says so."""
    experiment = read_experiment(path)

    assert [data for data in experiment.dataset.path or () if not data.is_file()] == []
    is_downloaded = experiment.dataset.url is not None
    assert is_downloaded == ("The text is not shipped" in path.read_text(encoding="utf-8"))


def test_a_text_that_one_has_takes_the_place_of_an_address(tmp_path):
    """The README and the benchmarks say so; nothing is downloaded then."""
    text = tmp_path / "tinyshakespeare.txt"

    dataset = read_experiment(CONFIGS / "shakespeare_lstm.yaml", [f"dataset.path={text}"]).dataset

    assert (dataset.path, dataset.url, dataset.sha256) == ((text,), None, None)


@every_config
def test_a_config_is_named_after_its_dataset_and_model(path):
    """`<dataset>_<model>.yaml`: what is trained can be told from the name."""
    experiment = read_experiment(path)

    dataset, _, model = path.stem.partition("_")

    assert path.suffix == ".yaml"
    assert dataset
    assert experiment.model.kind in model


@every_page
def test_a_config_is_one_page_that_says_what_to_expect(path):
    """A reader learns at the top what the experiment is and what result it gives."""
    lines = path.read_text(encoding="utf-8").splitlines()
    opening = lines[: next(number for number, line in enumerate(lines) if not line.startswith("#"))]

    assert len(lines) <= MOST_LINES
    assert any(line.startswith("# Expect:") for line in opening)


@every_config
def test_a_config_survives_being_written_out(path):
    """The resolved config of a run folder is the same experiment, every default included."""
    experiment = read_experiment(path)

    text = write_experiment(experiment, folder=CONFIGS)

    assert parse_experiment(text, name="config.yaml", folder=CONFIGS) == experiment


@every_comparison
def test_a_comparison_lists_configs_that_ship_and_says_how_long_each_is_trained(path):
    """What it compares is in the same folder, and has one budget."""
    page, configs = read_comparison(path)

    assert [config for config in configs if config.parent != CONFIGS or not config.is_file()] == []
    assert (page.epochs is None) != (page.seconds is None)
