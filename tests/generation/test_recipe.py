"""`rnnlab.generation.recipe`: the record from which a file of samples is made again."""

import json
import re

import pytest

import rnnlab
from rnnlab.config.schema import Generation
from rnnlab.errors import DataError
from rnnlab.generation import recipe as module
from rnnlab.generation.recipe import Recipe, environment_of, parse_recipe
from rnnlab.music.recipes import checked_recipe

RECIPE = Recipe(
    model="song-1",
    model_sha256="0" * 64,
    settings=Generation(seed="g8 <c e>4", temperature=0.1, samples=3),
    meter="3/4",
    sample=2,
    environment=environment_of(".notes"),
)


def test_a_recipe_is_read_as_it_was_written():
    """Every setting, whether it was given or not; the text is one that every format can hold."""
    assert checked_recipe(RECIPE.text) == RECIPE.text
    assert parse_recipe(RECIPE.text) == RECIPE
    assert json.loads(RECIPE.text)["settings"] == RECIPE.settings.model_dump(mode="json")


@pytest.mark.parametrize(
    "seed", ["%}\n% key c major", "]]></a>&amp;<!-- -->", "\x00\x7f\u2028", "나비야 é 😀", '"\\']
)
def test_any_seed_can_stand_in_a_recipe(seed):
    """What would end a comment or an element is escaped."""
    recipe = RECIPE.model_copy(update={"settings": Generation(seed=seed, samples=3)})

    assert checked_recipe(recipe.text) == recipe.text
    assert parse_recipe(recipe.text) == recipe


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"format": 2}, "expected a recipe of format 1, received 2, written by rnnlab 9; update rnnlab"),
        ({"format": None}, "expected a recipe of format 1, received None, written by rnnlab 9; "),
        (
            {"made_in": "x"},
            "the recipe cannot be read (made_in: unknown), written by rnnlab 9; this is rnnlab ",
        ),
        ({"settings": {"chance": 1}}, "the recipe cannot be read (settings.chance: unknown), written by "),
        ({"settings": {"samples": 10**9}}, "the recipe cannot be read (settings.samples: Input should be "),
        ({"sample": 4}, "the recipe cannot be read (sample 4 of 3), "),
        ({"meter": "zz"}, "the recipe cannot be read (meter: expected a metre "),
        ({"sample": 0}, "the recipe cannot be read (sample: "),
        ({"model": "x" * 601}, "the recipe cannot be read (model: "),
        ({"model_sha256": "../../etc"}, "the recipe cannot be read (model_sha256: "),
        ({"environment": {"rnnlab": "9", **{str(n): "" for n in range(20)}}}, "the recipe cannot be read ("),
    ],
)
def test_a_recipe_with_a_fault_is_refused(changes, why):
    """In one line, with the version that wrote it: a newer one may know more."""
    fields = json.loads(RECIPE.text) | {"environment": {"rnnlab": "9"}} | changes

    with pytest.raises(DataError) as error:
        parse_recipe(json.dumps(fields))

    assert str(error.value).startswith(why)


@pytest.mark.parametrize(
    "text",
    ["", "{", "nan", "[1]", "1", '{"format":1}', "[" * 100_000, '{"format":' + "[" * 900 + "]" * 900 + "}"],
)
def test_text_that_is_no_recipe_is_refused(text):
    """With one error of the data, whatever it is."""
    with pytest.raises(DataError, match="recipe"):
        parse_recipe(text)


def test_the_changes_since_a_recipe_are_listed(monkeypatch):
    """Version and processor, before and now; a library that writes the format counts too."""
    assert RECIPE.changes(".notes") == ""
    assert re.fullmatch(r"mido unknown → \d[\d.]*", RECIPE.changes(".mid"))

    monkeypatch.setattr(module, "__version__", "9.9")
    monkeypatch.setattr(module, "processor", lambda: "abacus")

    before = RECIPE.environment
    assert RECIPE.changes(".notes") == (
        f"rnnlab {rnnlab.__version__} → 9.9, processor {before['processor']} → abacus"
    )
