"""MusicXML before it is understood: what is refused."""

import zipfile
from io import BytesIO

import pytest

from rnnlab.errors import DataError
from rnnlab.music import xml_text
from rnnlab.music.xml_text import musicxml_root

DOCTYPE = '<!DOCTYPE score-partwise PUBLIC "-//Recordare//DTD MusicXML 4.0 Partwise//EN" "http://www.musicxml.org/a">'
SCORE = f"{DOCTYPE}<score-partwise><part/></score-partwise>"
BOMB = '<!DOCTYPE a [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><score-partwise>&b;</score-partwise>'


def packed(**entries):
    """An archive of texts."""
    archive = BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as file:
        for name, text in entries.items():
            file.writestr(name, text)
    return archive.getvalue()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_a_score_with_a_doctype_is_read(encoding):
    """Nearly every file has one; nothing is fetched for it."""
    assert musicxml_root(SCORE.encode(encoding)).tag == "score-partwise"


def test_the_score_of_an_archive_is_read():
    """Not what describes the archive."""
    data = packed(**{"META-INF/container.xml": "<container/>", "../../score.xml": SCORE})

    assert musicxml_root(data).tag == "score-partwise"


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (BOMB.encode(), "it declares XML entities"),
        (BOMB.encode("utf-16"), "it declares XML entities"),
        (packed(**{"a.xml": BOMB}), "it declares XML entities"),
        (SCORE[:-9].encode(), "damaged XML (unclosed token"),
        (b"<a/>", "expected MusicXML (score-partwise or score-timewise), received 'a'"),
        (b"", "damaged XML (no element found"),
        (b"<score-partwise>" + b"<a>" * 200, "elements more than 100 deep"),
        (b'<?xml version="1.0" encoding="nonsense"?><a/>', "damaged XML ("),
        (packed(**{"a.txt": "a"}), "an archive without a score"),
        (packed(**{"a.xml": SCORE})[:-9], "a damaged archive ("),
        (packed(**{"a.xml": " " * (9 << 20)}), "expected at most 8,388,608 bytes of MusicXML"),
    ],
)  # fmt: skip
def test_what_is_no_score_is_one_line(data, message):
    """Whatever is wrong with it, and before anything is expanded."""
    with pytest.raises(DataError) as error:
        musicxml_root(data)

    assert str(error.value).startswith(message)


def test_an_archive_is_unpacked_no_further_than_is_read(monkeypatch):
    """A thousand bytes can unpack to a million."""
    monkeypatch.setattr(xml_text, "MOST_BYTES", 1000)

    with pytest.raises(DataError, match="expected at most 1,000 bytes of MusicXML"):
        musicxml_root(packed(**{"a.xml": SCORE + " " * 1_000_000}))
