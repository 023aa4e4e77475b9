"""`rnnlab predict`: where its inputs come from, and the line that it prints for each."""

import io
import json
from pathlib import Path

import pytest

from tests.trained import SONG, run_of
from tests.trained_tasks import FROM_LABEL, LABEL, TAGS, TASKS, task_run_of


def test_predict_names_generate(rnnlab):
    """For from_label and for the next token."""
    task_run_of(FROM_LABEL)
    run_of(SONG)

    written, next_token = rnnlab("predict", "runs/task-1", "kim"), rnnlab("predict", "runs/song-1", "g8")

    assert (written.exit_code, next_token.exit_code) == (2, 2)
    assert written.stderr == (
        "runs/task-1: a model of task from_label writes sequences for a label:"
        " rnnlab generate runs/task-1 --label Korean\n"
    )
    assert next_token.stderr.endswith("write with: rnnlab generate runs/song-1\n")


def test_predict_prints_a_line_for_each_input(rnnlab):
    """A label, the tags, or the target; in JSON with probabilities."""
    for task in ("label", "tags", "pairs"):
        task_run_of(TASKS[task], name=task)

    label = rnnlab("predict", "runs/label-1", "kim", "nowak")
    tags = json.loads(rnnlab("predict", "runs/tags-1", "the dog", "--json").stdout)
    pairs = json.loads(rnnlab("predict", "runs/pairs-1", "ab", "--json").stdout)

    assert label.exit_code == 0
    assert set(label.stdout.splitlines()) <= {"ko", "pl"}
    assert len(label.stdout.splitlines()) == 2
    assert tags.keys() == {"input", "prediction", "probabilities"}
    assert len(tags["prediction"].split()) == len(tags["probabilities"]) == 2
    assert pairs.keys() == {"input", "prediction", "log_probability"}


def typed(monkeypatch: pytest.MonkeyPatch, data: bytes) -> None:
    """Have the standard input give these bytes."""
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(data), encoding="utf-8"))


def test_predict_reads_the_lines_of_a_file_or_of_the_standard_input(rnnlab, monkeypatch):
    """Both with any line ends, and without a byte order mark."""
    task_run_of(LABEL)
    data = "\ufeffkim\r\nnowák\n".encode()
    Path("names.txt").write_bytes(data)
    typed(monkeypatch, data)

    answers = [rnnlab("predict", "--input", source, "--json") for source in ("names.txt", "-")]

    for answer in answers:
        assert answer.exit_code == 0
        assert [json.loads(line)["input"] for line in answer.stdout.splitlines()] == ["kim", "nowák"]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (
            "kim\nnowák\n".encode("latin-1"),
            "-:2: not UTF-8 (byte 0xe1 at offset 7); it looks like LATIN1, convert it: iconv -f LATIN1 -t"
            " UTF-8\n",
        ),
        (
            "kim\n".encode("utf-16"),
            "-: not UTF-8 but UTF-16, as its byte order mark says; convert it: iconv -f UTF-16 -t UTF-8\n",
        ),
        (
            b"kim\nno\0wak\n" * 9,
            "-:2: a NUL (byte 0x00 at offset 6), which no text has; remove it: tr -d '\\000'\n",
        ),
    ],
)
def test_standard_input_that_is_not_utf8_is_refused(rnnlab, monkeypatch, data, message):
    """In one line, as a file is; the remedy is a filter, since the input has no name."""
    task_run_of(LABEL)
    typed(monkeypatch, data)

    answer = rnnlab("predict", "runs/task-1", "--input", "-")

    assert (answer.exit_code, answer.stdout, answer.stderr) == (1, "", message)


@pytest.mark.parametrize(
    ("page", "line", "received"),
    [(LABEL, "", "at least one character, received ''"), (TAGS, " ", "at least one word, received ' '")],
)
def test_a_line_without_an_input_is_refused_with_its_place(rnnlab, page, line, received):
    """Each line of the output belongs to one line of the file, so no line is skipped."""
    task_run_of(page)
    Path("names.txt").write_text(f"kim\n{line}\nnowak\n")

    answer = rnnlab("predict", "runs/task-1", "--input", "names.txt")

    assert (answer.exit_code, answer.stdout) == (2, "")
    assert answer.stderr == (
        f"names.txt:2: expected {received}; write an input on this line, or remove the line\n"
    )
