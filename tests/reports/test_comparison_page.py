"""The report of a comparison: what it says of its configurations and of all its trainings."""

import json
import math
import re
import shutil
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from rnnlab.api.run import load_run
from rnnlab.commands.comparison_results import comparison_cells, comparison_text
from rnnlab.comparison.measures import Comparison
from rnnlab.comparison.report.contents import comparison_contents_of
from rnnlab.comparison.report.curves import averaged_charts, spread
from rnnlab.comparison.report.letters import letter_of
from rnnlab.comparison.report.page import comparison_report_page, comparison_yaml
from rnnlab.comparison.report.settings import different_settings
from rnnlab.comparison.report.stored import stored_comparison
from rnnlab.comparison.report.summary import headline
from rnnlab.config.comparison import read_comparison
from rnnlab.config.reading import parse_any, read_any
from rnnlab.errors import RunError
from rnnlab.runs.history import read_history
from tests.comparing import contender, solver
from tests.reports.comparisons import FOLDER, TWO, comparison_of, contents_in, page_in, write_measures
from tests.reports.html import Page
from tests.trained import SENTENCE, SONG
from tests.trained_tasks import FROM_LABEL, LABEL, PARITY, TAGS


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """The pages of a finished comparison of each kind of data, each with the folder it was made in."""
    pages = {}
    for name, text in (("song", SONG), ("text", SENTENCE), ("label", LABEL), ("parity", PARITY)):
        with pytest.MonkeyPatch.context() as patch:
            patch.chdir(tmp_path_factory.mktemp(name))
            pages[name] = page_in(comparison_of(text))
    return pages


def section_of(page: Page, name: str) -> str:
    """All that is to be read in a section."""
    (section,) = page.all("section", **{"aria-labelledby": name})
    return " ".join(section.text.split())


def test_the_page_begins_with_the_verdict_in_one_sentence(made):
    """For a song it is on the free runs; the main figure of each configuration stands below."""
    (head,) = made["song"].all("header")

    assert re.search(r"Running free, .* right", head.text)
    assert "2 configurations, each trained with 2 random seeds on notes of the configuration" in head.text
    assert re.search(r"A\xa0small[\d.]+ of 9notes right on average", head.text)
    assert "2026-01-31 12:00 UTC" in head.text


def test_the_page_has_the_table_and_the_sentences_that_compare_prints(tmp_path):
    """Every cell and every sentence, from the same functions."""
    folder = comparison_of(SONG)
    contents = contents_in(folder)
    assert isinstance(contents.comparison, Comparison)

    page = Page(comparison_report_page(contents))
    compared = section_of(page, "compared")

    cells = [cell for row in comparison_cells(contents.comparison) for cell in row.values()]
    assert [cell for cell in cells if cell not in compared] == []
    printed = " ".join(comparison_text(contents.comparison, folder=None).split())
    (head,) = page.all("header")
    for _, text in contents.facts:
        assert " ".join(text.split()) in printed
        assert " ".join(text.split())[1:] in f"{head.text} {compared}"


def test_the_stored_measures_are_those_that_were_measured(tmp_path):
    """What `comparison.json` keeps gives the same table, the same verdict and the same intervals."""
    folder = comparison_of(PARITY)
    stored = contents_in(folder).comparison
    (folder / "comparison.json").unlink()

    measured = contents_in(folder).comparison

    assert isinstance(stored, Comparison)
    assert isinstance(measured, Comparison)
    assert [each.name for each in measured.contenders] == ["large", "small"]  # which began at the same time
    ordered = Comparison(measured.contenders[::-1], measured.notes)
    assert comparison_text(stored, folder=None) == comparison_text(ordered, folder=None)


def test_a_network_that_was_trained_on_is_measured_again(tmp_path):
    """The stored measures are older than the model."""
    folder = comparison_of(SONG)
    record = json.loads((folder / "comparison.json").read_text())
    record["contenders"][0]["trials"][0]["loss"] = 99.0
    (folder / "comparison.json").write_text(json.dumps(record))
    stale = contents_in(folder).comparison
    model = folder / "small-seed-0" / "model.safetensors"
    model.write_bytes(model.read_bytes())

    fresh = contents_in(folder).comparison

    assert isinstance(stale, Comparison)
    assert isinstance(fresh, Comparison)
    assert (stale.first.loss, fresh.first.loss < 99.0) == (99.0, True)


def test_each_network_plays_the_song(made):
    """The song, and each free run with a score, a player and a ring around each wrong note."""
    page = made["song"]

    titles = [each.text for each in page.all("h3")]
    assert titles[0] == "The song"
    assert [re.sub(r"\d of 9 notes", "N of 9 notes", each) for each in titles[1:]] == [
        "A\xa0small: N of 9 notes right",
        "B\xa0large: N of 9 notes right",
    ]
    assert len(page.all("audio")) == 3
    wrong = sum(9 - int(each.split()[-5]) for each in titles[1:])
    assert section_of(page, "play").count("✗") == wrong
    assert len(page.all("circle", class_="ring")) >= wrong > 0  # a note over a bar line has two heads
    assert "Right with the other random seeds:" in section_of(page, "play")


def test_each_network_writes_after_the_same_seed(made):
    """A sample of each, shaded by its surprise; how it was drawn is said once if it is the same."""
    writes = section_of(made["text"], "write")

    assert writes.count("if yo") >= 2
    assert writes.count("After 'if yo'") == 1
    assert len(made["text"].all("p", class_="written")) == 2


@pytest.mark.parametrize("name", ["label", "parity"])
def test_the_networks_answer_the_same_examples(made, name):
    """Wrong answers have a mark, right ones have none."""
    predicts = section_of(made[name], "predict")

    assert "examples of the" in predicts
    assert "✗ is a wrong answer." in predicts
    assert predicts.count("✗") > 1
    rows = [each for each in made[name].all("tr", role="row") if "✗" in each.text]
    assert len(rows) <= 8


def test_a_model_of_labels_writes_for_each_label(tmp_path):
    """A row for each label, a column for each configuration."""
    page = page_in(comparison_of(FROM_LABEL))

    writes = section_of(page, "write")
    assert "Korean" in writes
    assert "Polish" in writes


def test_what_a_network_writes_stands_below_its_name(tmp_path):
    """Without measures too, though configurations then stand in the order of their beginning, not by name."""
    folder = comparison_of(
        FROM_LABEL, {"z_first": (), "a_second": ("model.units=3",)}, seeds=1, measured=False
    )
    later = "2026-01-31T12:59:00+00:00 training begins\n… training ends after 3 epochs, 3 s\n"
    (folder / "a_second-seed-0" / "events.log").write_text(later)

    page = page_in(folder, refusal="these are not yours")

    (table,) = re.findall(r"<table[^>]*what each network writes.*?</table>", page.source, re.DOTALL)
    titles = [each.text for each in Page(table).all("th", role="columnheader")][1:]
    label, *written = [each.text for each in Page(table).all("code")][:3]
    alone = {
        name: load_run(folder / f"{name}-seed-0").generate(label=label, length=80, samples=1)[0].text
        for name in ("z_first", "a_second")
    }
    assert {title: text.strip() for title, text in zip(titles, written, strict=True)} == {
        "A\xa0z_first": alone["z_first"].strip(),
        "B\xa0a_second": alone["a_second"].strip(),
    }
    assert alone["z_first"] != alone["a_second"]
    assert "All networks are of random seed 0." in section_of(page, "write")


def test_networks_of_several_random_seeds_are_named(tmp_path):
    """The first network of one configuration is missing, so another seed stands for it."""
    folder = comparison_of(PARITY, measured=False)
    (folder / "small-seed-0" / "model.safetensors").unlink()

    predicts = section_of(page_in(folder), "predict")

    assert re.search(r"Random seeds of the networks: (small 1, large 0|large 0, small 1)\.", predicts)
    assert "All networks" not in predicts


def test_tags_are_compared(tmp_path):
    """With the tags of each network beside the right ones."""
    page = page_in(comparison_of(TAGS))

    assert "DET NOUN VERB" in section_of(page, "predict")


def test_a_curve_is_the_mean_of_the_random_seeds(tmp_path):
    """The losses 3, 2, 1 and 4, 3, 2 have the mean 3.5, 2.5, 1.5; a band lies around it."""
    folder = comparison_of(SONG)
    runs = [read_history(folder / f"{name}-seed-{seed}") for name in TWO for seed in (0, 1)]

    charts = averaged_charts({"small": runs[:2], "large": runs[2:]}, unit="token")

    pages = [Page(str(each)) for each in charts]
    (loss,) = pages[0].all("svg", role="img")
    said = loss.attributes["aria-label"]
    assert said.startswith("Training loss in nats per token by epoch. A small: from 3.5 to 1.5,")
    assert [each.all("b")[0].text for each in pages] == [
        "Training loss in nats per token",
        "Training accuracy",
    ]
    assert len([each for each in pages[0].all("path") if each.attributes.get("stroke") == "none"]) == 2


def test_a_line_differs_from_the_others_not_by_colour_alone(tmp_path):
    """By a dash pattern in the chart and in the key, and by a letter at its end."""
    history = read_history(comparison_of(SONG) / "small-seed-0")

    (chart, _) = averaged_charts({name: [history] for name in ("one", "two", "three", "four")}, unit="token")

    page = Page(str(chart))
    lines = [each for each in page.all("path") if each.attributes.get("stroke-width") == "2"]
    dashes = [each.attributes.get("stroke-dasharray") for each in lines if "key" not in each.inside]
    assert len(set(dashes)) == 4
    assert [each.text for each in page.all("g", class_="end")] == ["A", "B", "C", "D"]


def test_letters_go_on_after_the_alphabet():
    """No two of a hundred configurations have the same letter."""
    assert [letter_of(number) for number in (0, 25, 26, 53)] == ["A", "Z", "A2", "B3"]
    assert len({letter_of(number) for number in range(100)}) == 100


@pytest.mark.parametrize("places", [[5.0, 5.0, 5.0], [99.0, 98.0, 1.0], [0.0, 100.0, 50.0], [100.0] * 4])
def test_places_are_spread_in_their_order(places):
    """Each at least 20 from the next, none outside of the bounds."""
    found = spread(places, 0, 100, apart=20)

    ordered = [found[number] for number in np.argsort(places, kind="stable")]
    assert all(after - before >= 20 - 1e-9 for before, after in pairwise(ordered))
    assert min(found) >= 0
    assert max(found) <= 100


def test_places_with_room_stay():
    """Nothing is moved without need."""
    assert spread([10, 90, 50], 0, 100, apart=20) == [10, 90, 50]


def test_the_page_says_what_differs_between_the_configurations(made):
    """The setting and its value in each; the random seed is no difference."""
    differs = section_of(made["song"], "differ")

    assert re.search(r"model\.units A\xa0small 4 B\xa0large 7|model\.units\D*4\D*7", differs)
    assert "random_seed0" not in differs.partition("as YAML")[0].replace(" ", "")
    assert "abacus" in differs


def test_settings_that_only_one_configuration_has_are_different(tmp_path):
    """A dash stands for a setting that a configuration lacks; a list of one value is written alone."""
    plain = parse_any(SONG, name="a.yaml", folder=tmp_path)
    other = parse_any(SONG, name="a.yaml", folder=tmp_path, overrides=["model.units=[6, 5]"])

    assert different_settings({"a": plain, "b": other}) == {"model.units": ("6", "[6, 5]")}


def test_every_training_has_a_row(made):
    """With its state and its figures."""
    rows = section_of(made["song"], "trainings")

    for name in ("A small, seed 0", "A small, seed 1", "B large, seed 0", "B large, seed 1"):
        assert name in rows
    assert rows.count("done") == 4


def test_the_comparison_can_be_made_again(tmp_path):
    """The YAML names the configuration of a training of each, and has the same number of seeds."""
    folder = comparison_of(SONG, seeds=3)
    (folder / "comparison.yaml").write_text(comparison_yaml(contents_in(folder)))

    plan, candidates = read_comparison(folder / "comparison.yaml")

    assert plan.seeds == 3
    assert [each.name for each in candidates] == ["small", "large"]
    assert [read_any(each.path).model.units for each in candidates] == [(4,), (7,)]
    assert f"rnnlab compare {folder}/comparison.yaml" in section_of(page_in(folder), "again")


def test_an_unfinished_comparison_says_what_is_missing(tmp_path):
    """Of two configurations with two seeds, one is done, one interrupted, one failed, one not begun."""
    folder = comparison_of(SONG, measured=False)
    shutil.rmtree(folder / "large-seed-1")
    (folder / "small-seed-1" / "model.safetensors").unlink()
    (folder / "small-seed-1" / "events.log").write_text("2026-01-31T12:00:00+00:00 training begins\n")
    (folder / "large-seed-0" / "model.safetensors").unlink()
    (folder / "large-seed-0" / "events.log").write_text(
        "2026-01-31T12:00:00+00:00 training failed: the <loss> is not a number\n"
    )

    page = page_in(folder)

    said = "1 of 4 trainings is done: 1 interrupted, 1 failed and 1 not begun."
    assert said in page.text
    assert f"Write the page again with rnnlab report {folder}" in page.text
    assert "Only small has trained networks" in page.text
    assert "the <loss> is not a number" in section_of(page, "trainings")


def test_a_comparison_without_any_model_has_a_page(tmp_path):
    """It says why nothing is measured, and has the curves."""
    folder = comparison_of(SONG, measured=False)
    for path in folder.glob("*/model.safetensors"):
        path.unlink()

    page = page_in(folder)

    assert "Not measured: no training has a model yet." in page.text
    assert len(page.all("figure")) == 2


def test_a_training_that_failed_is_named(tmp_path):
    """Also if it left no folder; the others are compared."""
    folder = comparison_of(SONG, seeds=3)
    comparison = contents_in(folder).comparison
    assert isinstance(comparison, Comparison)
    less = Comparison((comparison.contenders[0], _without_last(comparison.contenders[1])))
    shutil.rmtree(folder / "large-seed-2")
    write_measures(folder, less, f"{folder}/large-seed-2: no epoch has a finite loss")

    page = page_in(folder)

    assert "5 of 6 trainings are done: 1 failed." in page.text
    assert "no epoch has a finite loss" in section_of(page, "trainings")


def test_a_failed_training_may_have_a_colon_in_its_path(tmp_path):
    """And in the reason; the path ends with the number of its random seed."""
    configurations = {"a: b": (), "c": ("model.units=3",)}
    folder = comparison_of(SENTENCE, configurations, folder=Path("runs/try: 2"))
    comparison = contents_in(folder).comparison
    assert isinstance(comparison, Comparison)
    why = "c-seed-0: no epoch has a\nfinite loss"

    write_measures(folder, comparison, f"{folder}/a: b-seed-2: {why}")

    found = contents_in(folder)
    assert [(each.name, each.random_seed, each.failure) for each in found.trainings if each.failure] == [
        ("a: b", 2, why)
    ]
    assert [each.name for each in found.configurations] == ["a: b", "c"]


@pytest.mark.parametrize("place", ["failures", "run"])
def test_results_that_name_no_run_of_a_comparison_are_damaged(tmp_path, place):
    """Each run has the number of its random seed at its end."""
    folder = comparison_of(SENTENCE)
    record = json.loads((folder / "comparison.json").read_text())
    if place == "run":
        record["contenders"][0]["trials"][0]["run"] = "runs/song-1/small"
    else:
        record["failures"] = ["runs/song-1/small: no epoch has a finite loss"]
    (folder / "comparison.json").write_text(json.dumps(record))

    with pytest.raises(RunError, match=r"^runs/song-1/comparison\.json: damaged .*expected a .*song-seed-0"):
        contents_in(folder)


def _without_last(found):
    return type(found)(found.name, found.trials[:-1])


def test_a_damaged_model_does_not_hide_the_others(tmp_path):
    """Its row has the reason."""
    folder = comparison_of(SONG)
    (folder / "small-seed-1" / "model.safetensors").write_bytes(b"damaged")

    page = page_in(folder)

    assert "small-seed-1/model.safetensors" in section_of(page, "trainings")
    assert "Running free" in page.text


@pytest.mark.parametrize(
    "text",
    ["{", "{}", "[]", '{"split": "train", "contenders": [], "notes": [], "failures": []}', "null", "1e999"],
)
def test_damaged_results_are_one_line(tmp_path, text):
    """The file is named, and what to do."""
    folder = comparison_of(SONG)
    (folder / "comparison.json").write_text(text)

    with pytest.raises(RunError, match=r"^runs/song-1/comparison\.json: damaged .*; restore it") as error:
        contents_in(folder)

    assert "\n" not in str(error.value)


def test_a_folder_without_a_numbered_run_is_refused(tmp_path):
    """A run of a comparison ends with the number of its random seed."""
    folder = comparison_of(SONG, seeds=1, measured=False)
    for name in TWO:
        (folder / f"{name}-seed-0").rename(folder / f"{name}-seed-x")

    with pytest.raises(RunError, match=r"^runs/song-1: expected runs such as song-seed-0"):
        comparison_contents_of(folder, lambda run: (run.load_any_model(), None))


def test_data_that_may_not_be_opened_is_not_opened(tmp_path):
    """The stored measures are shown; without them the page says why there are none."""
    text = SENTENCE.replace("inline: if you want to build a ship", "path: data.txt")
    Path("data.txt").write_text("if you want to build a ship")
    folder = comparison_of(text)
    Path("data.txt").unlink()

    stored = page_in(folder, refusal="these are not yours")
    (folder / "comparison.json").unlink()
    without = page_in(folder, refusal="these are not yours")

    assert "95 % interval" in section_of(stored, "compared")
    assert "Not measured: these are not yours." in without.text
    assert len(without.all("p", class_="written")) == 2


def test_names_are_text(tmp_path):
    """A folder can have any name; nothing of it becomes an element."""
    name = "<img src=x onerror=alert(1)>"
    page = page_in(comparison_of(SENTENCE, {name: (), "b": ("model.units=3",)}))

    assert page.all("img") == []
    assert name in page.text


def test_the_page_loads_nothing_and_equal_folders_give_equal_pages(made, tmp_path):
    """Only data: addresses, and places in the page itself."""
    for page in made.values():
        assert [each for each in page.references if not each.startswith(("data:", "#"))] == []
        assert "style=" not in re.sub(r"<svg.*?</svg>", "", page.source, flags=re.DOTALL)

    folder = comparison_of(SENTENCE)
    assert page_in(folder).source == page_in(folder).source


def test_the_part_to_play_with_has_its_place(tmp_path):
    """Below what the networks play; without it there is no such section."""
    contents = contents_in(comparison_of(SENTENCE))

    page = Page(comparison_report_page(contents, play="<p>play here</p>"))

    names = [each.attributes["aria-labelledby"] for each in page.all("section")]
    assert names == ["compared", "learn", "write", "interactive", "differ", "trainings", "again"]
    assert "interactive" not in comparison_report_page(contents)


NAN = math.nan


@pytest.mark.parametrize(
    ("contenders", "music", "said"),
    [
        ([contender("a", [1.0], free=[50]), contender("b", [1.0], free=[3])], True, "Running free, only a"),
        ([contender("a", [1.0], free=[50]), contender("b", [2.0], free=[3])], False, "a has the lowest loss"),
        ([contender("a", [1.0])], True, "Only a has trained networks, so there is nothing to compare yet."),
        (
            [contender("a", [2.0]), contender("b", [1.0])],
            False,
            "b has the lowest loss, 1 nats per token; without two random seeds or more, no difference is",
        ),
        (
            [contender("a", [1.0, 1.01, 1.02]), contender("b", [2.0, 2.02, 2.03])],
            False,
            "a has the lowest loss, 1.01 nats per token, significantly lower than the other.",
        ),
        (
            [contender("a", [1.0, 2.0]), contender("b", [2.0, 1.1])],
            False,
            "a has the lowest loss, 1.5 nats per token, but no difference to the other is significant.",
        ),
        (
            [
                contender("a", [1.0, 1.01, 1.02]),
                contender("b", [1.01, 1.0, 1.03]),
                contender("c", [9.0, 9.01, 9.03]),
            ],
            False,
            "a has the lowest loss, 1.01 nats per token; only its difference to b is not significant.",
        ),
        ([contender("a", [NAN]), contender("b", [NAN])], False, "No configuration has a finite loss."),
        ([contender("a", [NAN]), contender("b", [1.0])], False, "b has the lowest loss"),
        ([solver("a", {8: [1.0]}), solver("b", {8: [0.5]})], False, "Up to length 8, only a solves"),
    ],
)
def test_the_verdict_is_one_sentence(contenders, music, said):
    """On the free runs for notes, on the lengths for generated examples, else on the losses."""
    found = headline(Comparison(tuple(contenders)), music=music)

    assert found.startswith(said)
    assert "\n" not in found


def test_no_results_yet_is_no_damage(tmp_path):
    """A comparison that is not finished has no file of results."""
    assert stored_comparison(comparison_of(SENTENCE, measured=False)) is None
    assert FOLDER.is_dir()
