"""Letters that Unicode can write in two ways: `dataset.normalize` reads them in one; messages know both."""

import unicodedata
from pathlib import Path

import pytest

from rnnlab.datasets.corpus import load_corpus
from rnnlab.datasets.tokens import blocks_in_form, same_letter
from rnnlab.datasets.vocabulary import Vocabulary
from rnnlab.errors import VocabularyError
from rnnlab.generation.settings import generation_settings
from rnnlab.generation.writing import write_samples
from rnnlab.models.model_file import load_model, save_model
from tests.trained import trained

SONG = "Über den Höhen, 나비야 이리 날아 오너라\n" * 30
FORMS = ["NFC", "NFD", "NFKC", "NFKD"]


def in_form(form: str, text: str = SONG) -> str:
    """The text in a normalization form."""
    return unicodedata.normalize(form, text)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("written", FORMS)
def test_data_is_read_in_the_form_that_is_asked_for(experiment, tmp_path, form, written):
    """However it is written, as a file or inline; then it has one vocabulary."""
    (tmp_path / "song.txt").write_text(in_form(written), encoding="utf-8")

    corpus = load_corpus(experiment(f"kind: text, path: song.txt, normalize: {form}").dataset)

    assert corpus.vocabulary.join(corpus.ids) == in_form(form)
    assert corpus.vocabulary.form == form
    assert corpus.notes == ()


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("size", [1, 2, 3, 7, 1000])
def test_a_letter_is_not_cut_between_blocks(form, size):
    """Marks and parts of syllables may stand in the next block."""
    text = in_form("NFD", SONG * 2) + "\u0308"
    blocks = [text[begin : begin + size] for begin in range(0, len(text), size)]

    assert "".join(blocks_in_form(blocks, form)) == in_form(form, text)


@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_a_model_reads_seeds_as_its_data(tmp_path, form):
    """Its file alone is enough; `stop` and other data are read in the same form."""
    page = (
        f"dataset: {{kind: text, inline: {'Über Höhen ' * 4!r}, window: 3, normalize: {form}}}\n"
        "model: {kind: lstm, units: 3}\ngeneration: {length: 5}\n"
    )
    save_model(tmp_path / "model.safetensors", trained(page, tmp_path))
    model = load_model(tmp_path / "model.safetensors")

    texts = {
        write_samples(
            model, generation_settings(model.experiment.generation, {"seed": in_form(written, "Über")})
        )
        .samples[0]
        .text
        for written in ("NFC", "NFD")
    }

    assert len(texts) == 1
    assert texts.pop().startswith(in_form(form, "Über"))


@pytest.mark.parametrize(
    ("known", "text", "codes"),
    [
        ("NFD", "Über", "U+0055 U+0308"),
        ("NFC", "U\u0308ber", "U+00DC"),
        ("NFC", in_form("NFD", "나비"), "U+B098"),
    ],
)
def test_a_letter_in_the_other_form_is_said_to_be_the_same(known, text, codes):
    """Where only one form is known; what helps is named."""
    vocabulary = Vocabulary(tuple(sorted(set(in_form(known, "Über 나비")))), "text")

    with pytest.raises(VocabularyError) as caught:
        vocabulary.parse(text, name="seed")

    assert str(caught.value).endswith(
        f", which has the same letter in another form of Unicode, as {codes};"
        " with dataset.normalize: NFC both forms are one token"
    )


def test_another_letter_is_no_other_form():
    """A letter without its accent is asked for as before."""
    assert same_letter("Ü", 0, "Uu") == ""
    with pytest.raises(VocabularyError, match="did you mean 'U'"):
        Vocabulary(tuple("U"), "text").parse("Ü", name="seed")


def test_data_in_two_forms_is_said_to_be(experiment, tmp_path):
    """`describe` and `train` say so; a mark beside another letter is no other form."""
    (tmp_path / "a.txt").write_text(in_form("NFC"), encoding="utf-8")
    (tmp_path / "b.txt").write_text(in_form("NFD"), encoding="utf-8")

    def notes(paths: str) -> tuple[str, ...]:
        return load_corpus(experiment(f"kind: text, path: {paths}").dataset).notes

    (note,) = notes("[a.txt, b.txt]")
    assert "letters are written in two forms of Unicode, such as 'Ü' as U+00DC and as U+0055 U+0308," in note
    assert notes("a.txt") == notes("b.txt") == ()
    (tmp_path / "c.txt").write_text("ü x\u0308 u y", encoding="utf-8")
    assert notes("c.txt") == ()


def test_a_file_of_a_run_names_the_form_only_where_there_is_one(tmp_path):
    """So that models without it have the same bytes as before."""
    page = "dataset: {kind: text, inline: abcabcabc, window: 2}\nmodel: {kind: lstm, units: 2}\n"
    for name, text in (("plain", page), ("formed", page.replace("window", "normalize: NFC, window"))):
        save_model(Path(tmp_path, name), trained(text, tmp_path))

    assert b"normalize" not in Path(tmp_path, "plain").read_bytes()
    assert b"normalize: NFC" in Path(tmp_path, "formed").read_bytes()
