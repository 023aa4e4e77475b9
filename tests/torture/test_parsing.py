"""The quick form of `python -m torture.parsing`: a few hundred cases of each kind."""

import pytest
from click.testing import CliRunner

from torture.cases import KINDS, PROJECT
from torture.hostile import LARGE
from torture.parsing import main, run

CASES = {"yaml": 150, "set": 100, "text": 200, "notes": 200, "seed": 200}


def test_every_kind_has_a_quick_form():
    """The pages as large as one may write have their own test."""
    assert {*CASES, "large"} == KINDS.keys()


@pytest.mark.parametrize("kind", CASES)
def test_hostile_input_is_valid_or_refused_in_one_line(kind):
    """Nothing that a user can give ends in a traceback, in two lines, in a hang or out of memory."""
    tally = run(kind, range(CASES[kind]), random_seed=1)

    assert tally.failures == []
    assert (tally.cases, tally.valid + tally.refused) == (CASES[kind], CASES[kind])
    assert tally.valid
    assert tally.refused > CASES[kind] / 2


def test_no_case_asks_a_server(monkeypatch):
    """Shipped pages name an address, and a mutation may make any other of it."""
    asked: list[object] = []
    monkeypatch.setattr("socket.getaddrinfo", lambda *arguments, **named: asked.append(arguments))
    names = sorted(path.name for path in (PROJECT / "configs").glob("*.yaml"))
    first = names.index("shakespeare_lstm.yaml")

    tally = run("yaml", range(first, 30 * len(names), len(names)), random_seed=2)

    assert tally.valid
    assert asked == []


@pytest.mark.parametrize("number", [0, 3, 10, 11, 12, 14])
def test_a_page_larger_than_any_configuration_is_refused_quickly(number):
    """Brackets, keys, documents and characters without end."""
    tally = run("large", [number], random_seed=0)

    assert (tally.failures, tally.refused) == ([], 1)


def test_a_reader_that_breaks_is_noticed_with_a_case_that_shows_it(monkeypatch):
    """The exit code is 1, and what is printed says which case it was and what was in it."""

    def broken(seed: str, vocabulary: object) -> object:
        raise ZeroDivisionError("planted")

    monkeypatch.setattr("torture.cases.seed_ids", broken)

    result = CliRunner().invoke(main, ["--only", "seed", "7"])

    assert result.exit_code == 1
    assert "seed 7: ZeroDivisionError instead of an RnnlabError: 'planted'\n    from b'" in result.output


def test_without_failures_the_exit_code_is_0():
    """A row for each kind, and nothing else."""
    result = CliRunner().invoke(main, ["--cases", "2"])

    assert result.exit_code == 0, result.output
    assert [line.split()[0] for line in result.output.splitlines()[1:]] == list(KINDS)
    assert len(LARGE) > 2
