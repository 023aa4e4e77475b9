"""Text in other encodings than UTF-8: which it is, and that the printed command makes UTF-8 of it."""

import gzip
import subprocess
from pathlib import Path

import pytest

from rnnlab.config.reading import read_experiment
from rnnlab.errors import ConfigError, DataError
from rnnlab.files import read_blocks, read_text
from rnnlab.music.files import read_tunes
from rnnlab.unicode_text import encoding_of
from tests.needs import needs

ENGLISH = "“Come in,” she said – it’s late, and the café is closed; that’s 20 €.\n" * 20
FRENCH = "«~L’été est là~», dit-elle~; c’est vrai~!\n".replace("~", "\N{NO-BREAK SPACE}") * 20
SPANISH = "El año pasado hablé con mamá y papá; están aquí.\n" * 20
GERMAN = "Über den grünen Hügeln hört man große Vögel.\n" * 20
KOREAN = "나비야 나비야 이리 날아 오너라\n노랑 나비 흰 나비 춤을 추며 오너라\n" * 20
JAPANESE = "ちょうちょう、なのはに とまれ。\nなのはに あいたら さくらに とまれ。\n" * 20
CHINESE = "两只老虎，两只老虎，跑得快，跑得快。一只没有耳朵，真奇怪。\n" * 20
RUSSIAN = "Во поле берёза стояла, во поле кудрявая стояла.\n" * 20
PLAIN = "The ship sails out on the sea.\n" * 20

TEXTS = [
    (ENGLISH, "cp1252", "CP1252"),
    (FRENCH, "cp1252", "CP1252"),
    (GERMAN, "latin-1", "LATIN1"),
    (KOREAN, "cp949", "CP949"),
    (JAPANESE, "cp932", "CP932"),
    (CHINESE, "gb18030", "GB18030"),
    (RUSSIAN, "cp1251", "CP1251"),
    (RUSSIAN, "koi8-r", "KOI8-R"),
    (GERMAN, "cp850", "CP850"),
    (SPANISH, "cp850", "CP850"),
    (GERMAN.replace("\n", "\r"), "mac-roman", "MACINTOSH"),
    *((text, "utf-16", "UTF-16") for text in (PLAIN, GERMAN, KOREAN, JAPANESE, CHINESE, RUSSIAN)),
    *((text, "utf-16-le", "UTF-16LE") for text in (PLAIN, GERMAN, KOREAN, CHINESE, RUSSIAN)),
    *((text, "utf-16-be", "UTF-16BE") for text in (PLAIN, GERMAN, KOREAN, CHINESE, RUSSIAN)),
    *((text, "utf-32", "UTF-32") for text in (PLAIN, KOREAN)),
    (PLAIN, "utf-32-le", "UTF-32LE"),
    (KOREAN, "utf-32-be", "UTF-32BE"),
]


def refusal(path: Path) -> str:
    """The line that says why a file is no text."""
    with pytest.raises(DataError) as caught:
        read_text(path)
    return str(caught.value)


def run_as_printed(line: str, folder: Path) -> None:
    """Run what a line ends with in a shell, from a folder."""
    command = line.partition("convert it: ")[2] or line.partition("remove it: ")[2]
    subprocess.run(["bash", "-ec", command], cwd=folder, check=True)


@pytest.mark.parametrize(("text", "codec", "encoding"), TEXTS)
def test_an_encoding_is_recognised(text, codec, encoding):
    """By its byte order mark, its NULs, its bytes from 0x80 to 0x9f, or the script that comes out."""
    assert encoding_of(text.encode(codec)) == encoding


@needs("bash")
@pytest.mark.parametrize("name", ["song.txt", "-my 'best' song.txt", "ünï\n$x.text", "a.b.notes"])
@pytest.mark.parametrize(("text", "codec", "encoding"), TEXTS)
def test_the_printed_command_makes_utf8_of_it(tmp_path, monkeypatch, text, codec, encoding, name):
    """Whatever the file is called; the new file has its extension, and the same text."""
    (tmp_path / "data").mkdir()
    monkeypatch.chdir(tmp_path / "data")
    Path(name).write_bytes(text.encode(codec))

    line = refusal(Path(name))
    run_as_printed(line, tmp_path / "data")

    assert f"iconv -f {encoding} -t UTF-8 <" in line
    (new,) = (path for path in Path().iterdir() if path != Path(name))
    assert new == Path(name).with_suffix(f".utf8{Path(name).suffix}")
    assert read_text(new).replace("\r", "\n") == text.replace("\r", "\n")


@needs("bash")
def test_a_packed_file_is_unpacked_on_the_way(tmp_path, monkeypatch):
    """The new file is not packed."""
    monkeypatch.chdir(tmp_path)
    Path("song.txt.gz").write_bytes(gzip.compress(KOREAN.encode("utf-16")))

    run_as_printed(refusal(Path("song.txt.gz")), tmp_path)

    assert read_text(Path("song.utf8.txt")) == KOREAN


@needs("bash")
@pytest.mark.parametrize("text", ["one\ntw\0o\n", "one\n" * 300 + "\0" + "한 줄\n" * 3, "\0", "a\0b\0\0c"])
def test_a_nul_is_refused_and_can_be_taken_out(tmp_path, text):
    """With its line and offset; no text has one on purpose."""
    (tmp_path / "song.txt").write_text(text)
    line, offset = text.count("\n", 0, text.index("\0")) + 1, text.index("\0")

    message = refusal(tmp_path / "song.txt")
    run_as_printed(message, tmp_path)

    assert f"song.txt:{line}: a NUL (byte 0x00 at offset {offset}), which no text has;" in message
    assert (tmp_path / "song.utf8.txt").read_text() == text.replace("\0", "")


def test_a_nul_far_into_a_file_is_found(tmp_path):
    """In whatever block it stands."""
    (tmp_path / "long.txt").write_bytes(b"abc\n" * (1 << 19) + b"\0")

    with pytest.raises(DataError, match=r"long\.txt:524289: a NUL \(byte 0x00 at offset 2097152\)"):
        list(read_blocks(tmp_path / "long.txt"))


@pytest.mark.parametrize(
    "data",
    [bytes(range(256)) * 9, b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\1\2\5\6", b"\xff\xd8\xff\xe0\1\2\5\6" * 9],
)
def test_what_is_no_text_at_all_is_not_converted(tmp_path, data):
    """A picture, or a program."""
    (tmp_path / "picture.txt").write_bytes(data)

    message = refusal(tmp_path / "picture.txt")

    assert "expected text in UTF-8" in message
    assert "iconv" not in message
    assert "tr -d" not in message


def test_one_wrong_character_in_utf8_is_not_converted(tmp_path):
    """The whole file would come out wrong."""
    (tmp_path / "mixed.txt").write_bytes(GERMAN.encode() + b"gr\xfcn\n")

    message = refusal(tmp_path / "mixed.txt")

    assert message.endswith(
        "mixed.txt:21: not UTF-8 (byte 0xfc at offset 1022);"
        " most other characters are UTF-8; replace this one"
    )


@pytest.mark.parametrize("codec", ["utf-16", "utf-16-le", "cp949"])
def test_every_reader_of_text_recognises_it(tmp_path, codec):
    """Configurations, pages that list some, and note text that `convert` reads."""
    page, song = tmp_path / "page.yaml", tmp_path / "song.notes"
    page.write_bytes(f"# {KOREAN}dataset: {{kind: text, inline: abc}}\n".encode(codec))
    song.write_bytes(f"% {KOREAN}c4 d4\n".encode(codec))

    with pytest.raises(ConfigError, match=r"page\.yaml.* convert it: iconv -f .* > page\.utf8\.yaml"):
        read_experiment(page)
    with pytest.raises(DataError, match=r"song\.notes.* convert it: iconv -f .* > song\.utf8\.notes"):
        read_tunes(song)
