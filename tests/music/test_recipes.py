"""`rnnlab.music.recipes`: a recipe in the content of a file, in every format that is written."""

import io
import json
import struct
import wave
import zlib
from pathlib import Path
from xml.etree import ElementTree

import mido
import pytest

from rnnlab.errors import DataError
from rnnlab.music.files import WRITTEN, read_tunes, written
from rnnlab.music.recipes import MARK, MOST_CHARACTERS, beside, recipe_in, with_recipe
from rnnlab.music.tune import parse_tune
from tests.music.others import of_midi, of_music21, of_verovio

TUNE = parse_tune("c4 <e g>8~ <e g>4. r4 bes8 d'8 % meter 3/4, key f major, tempo 90", name="a tune")
HOSTILE = r"""-- ]] \u003e \\ ' {|} # ` ~ \u0025 key c major, tempo 7 \n \u0000 \ud55c"""
RECIPE = '{"format":1,"settings":{"seed":"' + HOSTILE + '"},"other":"' + "x" * 300 + '"}'
READ = [".notes", ".txt", ".mid", ".midi", ".abc", ".musicxml", ".xml", ".krn"]


@pytest.mark.parametrize("suffix", WRITTEN)
def test_every_format_holds_a_recipe(suffix):
    """What is read from the content is what was put into it; without a recipe nothing is found."""
    plain = written([TUNE], suffix)

    data = with_recipe(plain, suffix, RECIPE)

    assert recipe_in(plain) is None
    assert recipe_in(data) == RECIPE
    assert 0 < len(data) - len(plain) - len(RECIPE) < 150


@pytest.mark.parametrize("suffix", READ)
def test_readers_skip_a_recipe(tmp_path, suffix):
    """The tune of a file is the same with it and without, with its metre, key, tempo and remarks."""
    path = tmp_path / f"tune{suffix}"
    path.write_bytes(written([TUNE], suffix))
    (plain,) = read_tunes(path)

    path.write_bytes(with_recipe(path.read_bytes(), suffix, RECIPE))

    assert read_tunes(path) == [plain]
    assert plain.notes


@pytest.mark.parametrize(
    ("suffix", "read"),
    [
        (".mid", of_midi),
        (".abc", lambda data: of_music21(data, "abc")),
        (".musicxml", lambda data: of_music21(data, "musicxml")),
        (".musicxml", lambda data: of_verovio(data, "musicxml")),
        (".krn", lambda data: of_verovio(data, "humdrum")),
    ],
)
def test_other_programs_skip_a_recipe(suffix, read):
    """mido, music21 and verovio hear the same notes."""
    plain = written([TUNE], suffix)

    assert read(with_recipe(plain, suffix, RECIPE)) == read(plain) != []


def test_a_midi_file_has_the_recipe_as_a_text_event():
    """At the begin of its track, at time 0, and as no lyric or name; no other event moves."""
    plain = mido.MidiFile(file=io.BytesIO(written([TUNE], ".mid"))).tracks[0]

    first, *rest = mido.MidiFile(
        file=io.BytesIO(with_recipe(written([TUNE], ".mid"), ".mid", RECIPE))
    ).tracks[0]

    assert (first.type, first.time, first.text) == ("text", 0, MARK + RECIPE)
    assert rest == list(plain)


@pytest.mark.parametrize("length", [1, 127, 128, 16_383, 16_384, MOST_CHARACTERS])
def test_the_length_of_a_text_event_has_as_many_bytes_as_it_needs(length):
    """Seven bits a byte: 127 takes one byte, and 128 two."""
    recipe = '{"a":"' + "x" * (length - 8) + '"}' if length > 100 else "{}"

    track = mido.MidiFile(file=io.BytesIO(with_recipe(written([TUNE], ".mid"), ".mid", recipe))).tracks[0]

    assert track[0].text == MARK + recipe


@pytest.mark.parametrize("recipe", [RECIPE, f"{RECIPE[:-2]}x{RECIPE[-2:]}"], ids=["even", "odd"])
def test_a_sound_has_the_recipe_after_its_samples(recipe):
    """A chunk LIST INFO with a comment; chunks begin at even bytes, and the sizes add up to the file."""
    plain = written([TUNE], ".wav")

    data = with_recipe(plain, ".wav", recipe)

    with wave.open(io.BytesIO(plain)) as one, wave.open(io.BytesIO(data)) as other:
        assert one.getparams() == other.getparams()
        assert one.readframes(10**6) == other.readframes(10**6)
    assert struct.unpack("<L", data[4:8]) == (len(data) - 8,)
    name, size, kind, comment, length = struct.unpack_from("<4sL4s4sL", data, len(plain))
    assert (name, kind, comment) == (b"LIST", b"INFO", b"ICMT")
    assert len(plain) + 8 + size == len(data)
    assert (length % 2, size) == (0, length + 12)
    assert data[-length:].rstrip(b"\0").decode() == MARK + recipe
    assert data.endswith(b"\0")


def test_a_picture_as_png_has_the_recipe_as_a_comment():
    """A chunk tEXt with its CRC, before the last chunk; the other chunks stay as they are."""
    plain = written([TUNE], ".png")

    chunks = list(chunks_of(with_recipe(plain, ".png", RECIPE)))

    assert [name for name, _ in chunks][-2:] == [b"tEXt", b"IEND"]
    assert chunks[-2][1] == b"Comment\0" + (MARK + RECIPE).encode()
    assert [*chunks[:-2], chunks[-1]] == list(chunks_of(plain))


def chunks_of(data: bytes):
    """Yield the name and the content of each chunk of a PNG file, whose CRC is right."""
    place = 8
    while place < len(data):
        size, name = struct.unpack_from(">L4s", data, place)
        content = data[place + 8 : place + 8 + size]
        assert struct.unpack_from(">L", data, place + 8 + size) == (zlib.crc32(name + content),)
        yield name, content
        place += 12 + size


@pytest.mark.parametrize(
    ("suffix", "tag"),
    [(".svg", "{http://www.w3.org/2000/svg}metadata"), (".musicxml", "miscellaneous-field")],
)
def test_xml_has_the_recipe_in_an_element_for_metadata(suffix, tag):
    """The text of the element is the recipe, whatever characters its strings stand for."""
    root = ElementTree.fromstring(with_recipe(written([TUNE], suffix), suffix, RECIPE))

    assert [element.text for element in root.iter(tag)] == [MARK + RECIPE]


def test_the_metadata_of_musicxml_stands_where_its_schema_wants_it():
    """Between the title and the list of parts."""
    root = ElementTree.fromstring(with_recipe(written([TUNE], ".xml"), ".xml", RECIPE))

    assert [child.tag for child in root] == ["work", "identification", "part-list", "part"]


def test_the_first_recipe_counts():
    """A seed that was copied from a note file can have a recipe within the recipe."""
    inner = json.dumps(f"g8 {MARK}{{}}")
    recipe = f'{{"seed":{inner}}}'

    data = with_recipe(b"g8\n", ".notes", recipe)

    assert data.count(MARK.encode()) == 2
    assert recipe_in(data) == recipe


@pytest.mark.parametrize(
    "damaged",
    [
        "",
        "{",
        "[1]",
        '"a"',
        '{"a": 1',
        '{"a":\n1}',
        '{"a":"%"}',
        '{"a":"é"}',
        '{"a":' * 100_000,
        '{"a":' + "9" * 5000 + "}",
        '{"a":"' + "x" * MOST_CHARACTERS + '"}',
    ],
    ids=range(11),
)
def test_a_damaged_recipe_is_refused_in_one_line(damaged):
    """It is no JSON object, is too long or too deep, or has a character that no recipe has."""
    with pytest.raises(DataError, match="the recipe is damaged ") as error:
        recipe_in(f"g8\n% {MARK}{damaged}\n".encode())

    assert len(str(error.value)) < 200


@pytest.mark.parametrize("unsafe", ['{"a":"%"}', '{"a":"<"}', '{"a":"&"}', '{"a":\n1}', '{"a":"é"}', "[]"])
def test_a_recipe_that_a_format_cannot_hold_is_a_mistake_of_the_caller(unsafe):
    """It would end a comment or an element."""
    with pytest.raises(ValueError, match="character"):
        with_recipe(b"g8\n", ".notes", unsafe)


def test_the_recipe_of_plain_text_is_beside_it():
    """The name of the file comes first, so that a list of files shows them together."""
    assert beside(Path("a/new.txt")) == Path("a/new.txt.recipe.json")
