"""The configuration reference: complete, true, and the page of the documentation."""

import re
from pathlib import Path

import pytest

from rnnlab.config.reference import PAPERS, Described, cited, described, reference

PAGE = Path(__file__).parents[2] / "docs" / "configuration.md"


def rows_of(heading: str) -> list[list[str]]:
    """The cells of the rows of the table under a heading."""
    _, _, after = reference().partition(f"## {heading}\n")
    lines = after.partition("\n## ")[0].splitlines()
    return [
        [cell.strip() for cell in line.strip("|").split(" | ")] for line in lines if line.startswith("| `")
    ]


def test_the_page_is_what_is_generated_now() -> None:
    """`rnnlab schema --markdown > docs/configuration.md` after a change of the schema."""
    assert PAGE.read_text(encoding="utf-8") == reference()


@pytest.mark.parametrize("section", described(), ids=lambda section: section.heading)
def test_every_key_of_every_kind_is_there(section: Described) -> None:
    """In the table of its section, or, if it says which kind a section is, in the list of kinds."""
    place, rows = section.place, rows_of(section.heading)
    keys = {key for kind in place.kinds.values() for key in kind.model_fields}

    assert {row[0].strip("`") for row in rows} == keys - {place.tag}
    for kind in place.kinds if place.tag else ():
        tag = "kind" if kind == "generated" else place.tag
        assert f"- `{tag}: {kind}`: " in reference()


def test_headings_say_for_which_task_a_section_is() -> None:
    """Only sections that differ from those of `next_token` are there again."""
    headings = [section.heading for section in described()]

    assert len({*headings}) == len(headings)
    assert [
        heading for heading in headings if "for" in heading or " of " in heading or "with" in heading
    ] == [
        "The sections with examples",
        "`dataset` with examples",
        "`dataset.split` of label, tags, pairs and from_label",
        "`dataset.columns` of label and from_label",
        "`dataset.columns` of pairs",
        "`model` with examples",
        "`decoder` with examples",
        "`training` with examples",
        "`evaluation` with examples",
    ]


def test_links_lead_to_headings() -> None:
    """As GitHub makes their anchors."""
    anchors = {section.anchor for section in described()}
    links = set(re.findall(r"\(#([^)]*)\)", reference()))

    assert links <= anchors
    assert {"dataset-with-examples", "datasetcolumns-of-pairs", "trainingoptimizer"} <= links


@pytest.mark.parametrize(
    ("section", "row"),
    [
        ("training", ["`epochs`", "integer, 1 to 10,000,000", "`10`"]),
        ("training", ["`optimizer`", "[section](#trainingoptimizer)", "`name: adam`"]),
        ("training", ["`checkpoint`", "[section](#trainingcheckpoint)", "its defaults"]),
        ("model", ["`units`", "all", "integer, 1 to 16,384, or a list of 1 to 32 of them", "required"]),
        ("model", ["`dropout`", "all", "number, 0 to less than 1", "`0.0`"]),
        ("model", ["`reset_after`", "`gru`", "true or false", "`true`"]),
        ("training.optimizer", ["`clipnorm`", "all", "number, 1e-30 to 1e+37", "–"]),
        ("training.optimizer", ["`weight_decay`", "`adamw`", "number, 0 to 1e+37", "`0.004`"]),
        ("training.checkpoint", ["`every_seconds`", "number, more than 0 to 1,000,000", "–"]),
        ("dataset", ["`url`", "all", "address", "–"]),
        ("dataset", ["`task`", "all", "`next_token`", "`next_token`"]),
    ],
)
def test_a_row_has_kinds_type_and_default(section: str, row: list[str]) -> None:
    """Written out here by hand, one for each way in which the schema has them."""
    assert row in [found[: len(row)] for found in rows_of(f"`{section}`")]


def test_a_key_that_differs_from_kind_to_kind_has_a_row_for_each() -> None:
    """The learning rate of sgd is ten times the others'."""
    rates = {row[1]: row[3] for row in rows_of("`training.optimizer`") if row[0] == "`learning_rate`"}

    assert rates.pop("`sgd`") == "`0.01`"
    assert list(rates.values()) == ["`0.001`"]


def test_every_paper_that_is_cited_is_listed() -> None:
    """And none that is not."""
    assert cited() == set(PAPERS)
