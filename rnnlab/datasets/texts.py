"""The texts of a dataset: of its files, of the tunes in them, or of the page itself."""

from collections.abc import Iterator

from rnnlab.config.schema import NotesDataset, TextDataset
from rnnlab.datasets.reporting import Report, unreported
from rnnlab.datasets.source import Source, sources
from rnnlab.datasets.stored_text import StoredText, read_stored, store
from rnnlab.datasets.text import Characters
from rnnlab.errors import DataError
from rnnlab.music.files import is_score, read_tunes
from rnnlab.music.notation import parse_notes
from rnnlab.music.tune import tune_text


def read_texts(
    dataset: TextDataset | NotesDataset, *, report: Report = unreported
) -> tuple[list[tuple[str, StoredText]], tuple[str, ...]]:
    """Each text with the part that it is for, and a sentence on each file that was left out.

    A file that a folder or a pattern led to is left out if it cannot be read; one that was named may not be.

    Raises:
        DataError: a file cannot be read, or none of those that were found.
        DownloadError: a url does not give the file that was meant.
    """
    if dataset.inline is not None:
        return [("train", store(_without_surrogates(dataset.inline), name="dataset.inline"))], ()
    texts, notes = [], []
    for source in sources(dataset, report=report):
        try:
            texts += [(source.part, text) for text in _texts(source, dataset.kind, report)]
        except DataError as error:
            if not source.found:
                raise
            notes.append(f"left out: {error}")
    if not texts:
        raise DataError(f"none of {len(notes)} files can be read; {notes[0]}")
    return texts, tuple(notes)


def _texts(source: Source, kind: str, report: Report) -> Iterator[StoredText]:
    """The text of a file, or of each of its tunes."""
    if kind == "notes" and is_score(source.path):
        yield from (store(tune_text(tune), name=tune.name) for tune in read_tunes(source.path))
        return
    text = read_stored(source.path, name=source.url, report=report)
    if source.found and kind == "notes":
        parse_notes(text.head(), name=text.name)
    yield text


def _without_surrogates(text: str) -> str:
    """The text; YAML can spell halves of a UTF-16 pair, which no file can hold."""
    try:
        text.encode()
    except UnicodeEncodeError as error:
        place = Characters().place(text, error.start)
        half = Characters().show(text[error.start])
        raise DataError(f"dataset.inline:{place}: {half} is half a character; write the whole one") from None
    return text
