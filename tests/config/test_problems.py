"""All that is wrong at once: one mistake hides no other, and makes none up."""

import random
import re
from pathlib import Path

import pytest

from rnnlab.config.places import LAYOUT
from rnnlab.config.problems import STAND_INS, check
from rnnlab.config.reading import parse_experiment
from rnnlab.errors import ConfigError

CONTRADICTION = (
    "dataset.target: a stream predicts the token after each step; set target: shifted, or batching: windows"
)


def refusal(*lines: str) -> list[str]:
    """The lines of the error that a text gives, without the file's name."""
    with pytest.raises(ConfigError) as caught:
        parse_experiment("\n".join(lines), name="song.yaml", folder=Path("/corpora"))
    return [line.removeprefix("song.yaml:") for line in str(caught.value).splitlines()]


def test_a_contradiction_is_said_beside_everything_else_that_is_wrong():
    """What YAML may not hold, what the schema refuses, and what contradicts itself come in one report."""
    assert refusal(
        "dataset: {kind: text, inline: abc, target: next}",
        "model: {kind: lstm, units: -1, unit: 3}",
        "training: {epochs: !!int 3, shufle: true, epochs: 0}",
        "evaluation: {every: no}",
    ) == [
        f"1:44: {CONTRADICTION}",
        "2:28: model.units: expected 1 or more, received -1",
        "2:32: model.unit: unknown key; did you mean 'units'?",
        "3:20: tag !!int: tags are not read; leave it out",
        "3:29: training.shufle: unknown key; did you mean 'shuffle'?",
        "3:43: training.epochs: duplicate key, also at 3:12; remove one",
        "4:21: evaluation.every: expected an integer, received 'no'",
    ]


def test_a_wrong_item_of_a_list_does_not_hide_a_contradiction():
    """The whole list is set aside."""
    assert refusal(
        "dataset: {kind: text, inline: abc, target: next}",
        "model: {kind: lstm, units: [4, x]}",
    ) == [f"1:44: {CONTRADICTION}", "2:32: model.units.1: expected an integer, received 'x'"]


def test_what_stands_in_for_a_refused_value_makes_no_experiment():
    """There is nothing more to say, and nothing to train."""
    sections = {"dataset": {"kind": "text", "inline": "abc"}, "model": {"kind": "lstm", "units": 4}}

    assert check(sections, [("model", "units")]) == (None, [])


def test_a_value_without_a_key_hides_nothing():
    """The whole page is no section that its own key could name."""
    assert refusal("dataset: {kind: text, inline: abc}", "model: {kind: lstm, units: 0}", ": !!int 1") == [
        "2:28: model.units: expected 1 or more, received 0",
        "3:1: expected a word as key, received nothing",
        "3:3: tag !!int: tags are not read; leave it out",
    ]


@pytest.mark.parametrize(
    "training",
    [
        "{batching: widnows}",
        "{batching: *x}",
        "{batching: [windows]}",
        "{batching: !!str windows}",
        "windows",
        "!x {}",
    ],
)
def test_a_setting_that_is_wrong_contradicts_nothing(training):
    """Its default, which stands in for it, is not what the user wrote."""
    lines = refusal(
        "dataset: {kind: text, inline: abc, target: next}",
        "model: {kind: lstm, units: 4}",
        f"training: {training}",
    )

    assert len(lines) == 1
    assert lines[0].startswith("3:")


def test_a_misspelled_kind_does_not_hide_what_else_is_wrong_in_its_section():
    """The section is read as of the kind that was meant; whether it fits the others is not said."""
    assert refusal(
        "dataset: {kind: text, inline: abc, target: next}",
        "model: {kind: lsmt, units: 4, peephol: true, reset_after: true, dropout: 2}",
    ) == [
        "2:15: model.kind: expected one of simple_rnn, lstm, gru, mlp, received 'lsmt'; did you mean 'lstm'?",
        "2:31: model.peephol: unknown key; did you mean 'peephole'?",
        "2:46: model.reset_after: only kind: gru has this key; leave it out, or change the kind",
        "2:74: model.dropout: expected less than 1, received 2",
    ]


def test_a_value_that_was_refused_is_not_also_missing_or_wrong():
    """One line for one mistake, whatever stands in for the value."""
    assert refusal("dataset: {kind: text, inline: abc}", "model: {kind: lstm, units: *x}") == [
        "2:28: alias *x: aliases are not read; write the value out"
    ]


def test_a_page_without_any_section_that_is_needed_still_shows_the_others():
    """Nothing is said of the model that stands in."""
    assert refusal("training: {epochs: 0}") == [
        "1:1: dataset: missing; expected: The data, and how it is cut and encoded.",
        "1:1: model: missing; expected: The network's layers.",
        "1:20: training.epochs: expected 1 or more, received 0",
    ]


def test_a_key_is_found_in_the_section_that_has_it():
    """Where it belongs is the better advice than what it is spelled like."""
    assert refusal(
        "dataset: {kind: text, inline: abc, batch_size: 3, text: 1}",
        "model: {kind: lstm, units: 4, target: next}",
        "window: 3",
        "random_seed: 1",
    ) == [
        "1:36: dataset.batch_size: unknown key; did you mean training.batch_size?",
        "1:51: dataset.text: unknown key; did you mean 'target'?",
        "2:31: model.target: unknown key; did you mean dataset.target?",
        "3:1: window: unknown key; did you mean dataset.window?",
        "4:1: random_seed: unknown key; did you mean dataset.split.random_seed or training.random_seed"
        " or generation.random_seed?",
    ]


@pytest.mark.parametrize(
    ("path", "received"),
    [("''", "''"), ('"a\\0b"', "'/corpora/a\\x00b'"), ("[a, '']", "''")],
    ids=["empty", "zero", "item"],
)
def test_a_path_that_no_file_can_have_is_refused(path, received):
    """The file system would say so with a riddle, or take it for the folder."""
    (line,) = refusal(f"dataset: {{kind: text, path: {path}}}", "model: {kind: lstm, units: 4}")

    assert line.endswith(f": expected a path, received {received}")


def test_every_setting_without_a_default_has_a_stand_in():
    """Whatever is left out, of whatever kind of section, a contradiction elsewhere is still seen."""
    for path, place in LAYOUT.items():
        for kind, section in place.kinds.items():
            needed = {key for key, field in section.model_fields.items() if field.is_required()}
            assert {(*path, key) for key in needed - {place.tag}} <= STAND_INS.keys()
            if path and kind:
                sections = _with(path, {place.tag: kind})
                _, found = check(sections)
                assert any(finding.keys and finding.path[0] == "training" for finding in found), (path, kind)


def test_any_nonsense_is_refused_in_lines_of_ours():
    """Whatever value a key has: no exception but ours, a place in every line, and no word of pydantic's."""
    rng = random.Random(0)
    values = [
        "-1",
        "0",
        "1e999",
        ".nan",
        "9" * 500,
        "no",
        "'1'",
        "true",
        "null",
        "[]",
        "[[]]",
        "{}",
        "{a: 1}",
        "x",
    ]
    line = re.compile(r"song\.yaml:\d+:\d+: [\w.]+: [^:]+.*|… and \d+ more")
    for _ in range(300):
        text = "".join(
            f"{name}: {{{', '.join(f'{key}: {rng.choice(values)}' for key in _some_keys(rng, name))}}}\n"
            for name in ("dataset", "model", "training", "evaluation", "generation")
        )
        with pytest.raises(ConfigError) as caught:
            parse_experiment(text, name="song.yaml", folder=Path("/corpora"))

        for each in str(caught.value).splitlines():
            assert line.fullmatch(each), f"{each}\n{text}"
            assert not re.search(r"\b(Input|input|valid|tuple|dict|None)\b", each), each


def _some_keys(rng, name):
    """Keys of a section, of a kind at random; the kind itself is right most of the time."""
    place = LAYOUT[name,]
    kind, section = rng.choice(list(place.kinds.items()))
    keys = rng.sample(list(section.model_fields), rng.randint(1, len(section.model_fields)))
    return [key for key in keys if key != place.tag] + ([f"{place.tag}: {kind}, zzz"] if place.tag else [])


def _with(path, section):
    """A page with a section in its place, and a shuffled stream, which cannot be."""
    sections = {
        "dataset": {"kind": "text", "inline": "abc"},
        "model": {"kind": "lstm", "units": 4},
        "training": {"batching": "stream", "shuffle": True},
    }
    within = sections
    for key in path[:-1]:
        within = within.setdefault(key, {})
    within[path[-1]] = section
    return sections
