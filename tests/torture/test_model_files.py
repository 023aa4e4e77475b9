"""Every file of a run, damaged: the quick form of `python -m torture.model_files`."""

from collections import Counter
from pathlib import Path

import pytest

from rnnlab.errors import ModelFileError
from rnnlab.models.model_file import load_model
from tests.needs import needs
from torture.damage import AT_A_PLACE, WHOLE
from torture.model_files import FILES, RUN, Answer, Case, cases, make_runs, problem

pytestmark = [needs("Unix"), pytest.mark.slow]


@pytest.fixture
def expected(tmp_path, monkeypatch):
    """Two runs, and what each command gives of the first."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "100")
    return make_runs()


@pytest.mark.parametrize("file", FILES)
def test_a_damaged_file_is_named_or_does_no_harm(expected, file):
    """Whatever happens to it: the right result, or one line."""
    found = [problem(case, expected) for case in cases(320) if case.file == file]

    assert found == [None] * len(found)


def test_no_damage_to_a_model_file_goes_unnoticed(expected):
    """It is refused wherever it is cut, and at whichever byte something changes."""
    data = (RUN / FILES[0]).read_bytes()
    unnoticed = []
    for name, damage in AT_A_PLACE.items():
        for place in range(0, len(data), 41):
            damaged = damage(data, place)
            Path("model.safetensors").write_bytes(damaged)
            try:
                load_model(Path("model.safetensors"))
            except ModelFileError:
                continue
            unnoticed += [(name, place)] * (damaged != data)

    assert unnoticed == []


def test_there_are_as_many_cases_as_asked_for(expected):
    """Every file is damaged as a whole in every way, and at places from its first byte to its last part."""
    found = cases(1000)

    assert len(set(found)) == len(found) >= 1000
    assert Counter(case.damage for case in found if case.damage in WHOLE) == dict.fromkeys(WHOLE, len(FILES))
    for file in FILES:
        places = [case.place for case in found if case.file == file and case.damage == "cut"]
        assert places[0] == 0
        assert places[-1] > 0.9 * (RUN / file).stat().st_size


def test_what_is_wrong_is_reported_and_the_run_is_whole_again(expected):
    """With the case that shows it."""
    before = {file: (RUN / file).read_bytes() for file in FILES}
    wrong = {command: Answer(0, "something else", "") for command in expected}

    assert problem(Case("history.csv", "cut", 3), expected) is None
    assert problem(Case("history.csv", "cut", 3), wrong).startswith("history.csv:cut:3: evaluate: Answer(")
    assert {file: (RUN / file).read_bytes() for file in FILES} == before
