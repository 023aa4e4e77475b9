"""Mutations: the same from the same random seed, and of every sort."""

import copy

import numpy as np
import pytest

from torture.cases import make_case, prepare
from torture.mutations import mutated_yaml, random_bytes, random_notes, random_override, random_text

PAGE = "dataset:\n  kind: text\n  inline: abc\nmodel: {kind: lstm, units: 4}\n"
TREE = {"dataset": {"kind": "text", "inline": "abc"}, "model": {"kind": "lstm", "units": 4}}


def _pages(random_seed: int) -> list[bytes]:
    """A few hundred mutations of the page."""
    return [mutated_yaml(PAGE, TREE, np.random.default_rng([random_seed, n])) for n in range(300)]


def test_a_random_seed_fixes_what_is_drawn():
    """A failure can be looked at again."""
    assert _pages(0) == _pages(0)
    assert _pages(0) != _pages(1)


def test_a_mutation_leaves_what_it_was_made_from_alone():
    """The next case begins from a valid page again, and no hostile value changes in place."""
    before = copy.deepcopy(TREE)

    _pages(0)

    assert before == TREE


@pytest.mark.parametrize(
    "piece",
    [
        b"!!python",
        b"*a",
        b"&a",
        b"\0",
        b"\xed\xa0\x80",
        b"\xff",
        b"[[[[[",
        b"9" * 900,
        b".nan",
        b"\t",
        b'\n{\n "',
    ],
)
def test_every_sort_of_hostility_occurs(piece):
    """Tags, aliases, halves of characters, deep nesting, huge numbers, broken indentation, whole trees."""
    pages = [page for random_seed in range(3) for page in _pages(random_seed)]

    assert any(piece in b"\n" + page for page in pages)


@pytest.mark.parametrize("draw", [random_bytes, random_text, random_notes])
def test_random_files_and_seeds_differ(draw):
    """Hardly two are alike, and none is large."""
    drawn = [draw(np.random.default_rng(n)) for n in range(200)]

    assert len(set(drawn)) > 150
    assert max(map(len, drawn)) < 60_000


def test_an_override_names_a_key_of_the_page():
    """So that it reaches every setting."""
    overrides = [random_override(TREE, np.random.default_rng(n)) for n in range(200)]

    assert {"dataset.kind", "model.units"} <= {override.partition("=")[0] for override in overrides}


def test_a_case_depends_on_its_number_alone(tmp_path):
    """It can be made again without those before it."""
    prepare(tmp_path)

    first = [make_case("yaml", n, random_seed=3, folder=tmp_path).data for n in range(5)]

    assert make_case("yaml", 4, random_seed=3, folder=tmp_path).data == first[4]
