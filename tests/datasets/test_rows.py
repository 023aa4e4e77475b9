"""The rows of files: what each format gives, and what a row that does not fit is told."""

import gzip
import json

import pytest

from rnnlab.datasets.rows import read_rows
from rnnlab.errors import DataError

SETTINGS = {
    "label": "kind: text, task: label",
    "from_label": "kind: text, task: from_label",
    "pairs": "kind: text, task: pairs",
    "tags": "kind: text, task: tags",
}


@pytest.fixture
def read(task_experiment, tmp_path):
    """Reads the rows of a task from files, given as text or bytes by their names, relative to `tmp_path`."""

    def read_task(task, files, more="path: rows.tsv"):
        for name, content in files.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return read_rows(task_experiment(f"{SETTINGS[task]}, {more}").dataset)

    return read_task


@pytest.fixture
def refused(read, tmp_path):
    """Returns the line that refuses the rows, without the folder of the file."""

    def refusal(task, files, more="path: rows.tsv"):
        with pytest.raises(DataError) as caught:
            read(task, files if isinstance(files, dict) else {"rows.tsv": files}, more)
        return str(caught.value).replace(f"{tmp_path}/", "")

    return refusal


def pairs(rows):
    """The input and the target of each row."""
    return [(row.input, row.target) for row in rows.rows]


def test_a_label_stands_before_its_sequence(read):
    """The sequence is the input of `label`, and the target of `from_label`; spaces of a sequence stay."""
    files = {"rows.tsv": "Korean \t Kim\nCzech\tNovák\n"}

    assert pairs(read("label", files)) == [(" Kim", "Korean"), ("Novák", "Czech")]
    assert pairs(read("from_label", files)) == [("Korean", " Kim"), ("Czech", "Novák")]


def test_empty_lines_are_skipped_and_lines_keep_their_numbers(read):
    """In files of labels and of pairs; a row names its file and its line."""
    rows = read("pairs", {"rows.tsv": "\na\tA\n\n  \nb\tB\n\n\n"})

    assert pairs(rows) == [("a", "A"), ("b", "B")]
    assert [row.line for row in rows.rows] == [2, 5]
    assert rows.rows[0].name == rows.names[0]
    assert rows.rows[0].name.endswith("rows.tsv")


def test_an_empty_line_ends_a_tagged_sequence(read):
    """However many there are; a row has the line of its first token."""
    rows = read("tags", {"rows.tsv": "\nthe\tDET\nend\tNOUN\n\n\ngo\tVERB\n\nup\tADP"})

    assert pairs(rows) == [(("the", "end"), ("DET", "NOUN")), (("go",), ("VERB",)), (("up",), ("ADP",))]
    assert [row.line for row in rows.rows] == [2, 6, 8]


def test_a_number_sign_is_no_comment(read):
    """`#` is a character as any other."""
    assert pairs(read("tags", {"rows.tsv": "#\tSYM\n"})) == [(("#",), ("SYM",))]


def test_rows_are_read_as_every_other_text(read):
    """Without byte order mark, with any line ends, unpacked, and in the wanted form of Unicode."""
    packed = gzip.compress("\ufeffKorean\tKim\r\nCzech\tNova\u0301k\r\n".encode())

    rows = read("label", {"rows.tsv.gz": packed}, "path: rows.tsv.gz, normalize: NFC")

    assert pairs(rows) == [("Kim", "Korean"), ("Nov\u00e1k", "Czech")]


def test_lone_carriage_returns_are_line_ends(read):
    """And a note says so, as for every text."""
    rows = read("pairs", {"rows.tsv": b"a\tA\rb\tB\n"})

    assert pairs(rows) == [("a", "A"), ("b", "B")]
    assert rows.notes[0].endswith("1 carriage return is read as line ends, as old Macs wrote them")


def test_rows_can_stand_in_the_configuration(read):
    """They are named by their setting."""
    rows = read("pairs", {}, 'inline: "a\\tA\\nb\\tB\\n"')

    assert pairs(rows) == [("a", "A"), ("b", "B")]
    assert rows.names == ["dataset.inline"]


def test_a_source_may_have_ten_thousand_tokens(read):
    """In rows, and in CSV, whose reader has a limit of its own."""
    source = "wordwordword " * 20_000

    assert pairs(read("pairs", {"rows.tsv": f"{source}\tx\n"})) == [(source, "x")]
    assert pairs(read("pairs", {"rows.csv": f"source,target\n{source},x\n"}, "path: rows.csv")) == [
        (source, "x")
    ]


@pytest.mark.parametrize(
    ("task", "text", "message"),
    [
        (
            "label",
            "Korean\tKim\nKorean Kim\n",
            "rows.tsv:2: expected `label TAB sequence`, received 'Korean Kim'; put one TAB between the label"
            " and the sequence, or remove the line",
        ),
        (
            "pairs",
            "a\tA\tB\n",
            "rows.tsv:1: expected `source TAB target`, received 2 TABs in 'a\\tA\\tB'; put one TAB between"
            " the source and the target, or remove the line",
        ),
        (
            "label",
            " \tKim\n",
            "rows.tsv:1: expected a label, received none in `label TAB sequence`; write the label, or remove"
            " the line",
        ),
        ("label", "Korean\t \n", "rows.tsv:1: expected a sequence, received none in `label TAB sequence`;"),
        ("from_label", "Korean\t\n", "rows.tsv:1: expected a sequence, received none"),
        ("pairs", "\tA\n", "rows.tsv:1: expected a source, received none in `source TAB target`;"),
        ("pairs", "a\tA\nb\t\n", "rows.tsv:2: expected a target, received none in `source TAB target`;"),
        ("pairs", "\t\n", "rows.tsv:1: expected a source, received none"),
        ("tags", "the\tDET\nend\t\n", "rows.tsv:2: expected a tag, received none in `token TAB tag`;"),
        ("tags", "the\tDET\nend\n", "rows.tsv:2: expected `token TAB tag`, received 'end';"),
        ("tags", "\tDET\n", "rows.tsv:1: expected a token, received none in `token TAB tag`;"),
        ("tags", "the\tDET\tx\n", "rows.tsv:1: expected `token TAB tag`, received 2 TABs in"),
        ("label", "\n \n", "rows.tsv: expected at least one row `label TAB sequence`, received none;"),
        ("label", b"Korean\tKim\nCzech\t\xff\n", "rows.tsv:2: not UTF-8 (byte 0xff at offset 17);"),
    ],
)
def test_a_row_that_does_not_fit_is_refused(refused, task, text, message):
    """With file, line, what was expected, what was received, and the remedy."""
    assert refused(task, text).startswith(message)


def test_a_wrong_row_of_the_configuration_is_refused(refused):
    """Its place is a line of the setting."""
    assert refused("pairs", {}, 'inline: "a\\tA\\nb\\n"').startswith("dataset.inline:2: expected `source TAB")


def test_a_file_that_is_named_must_exist(refused):
    """As for every other data."""
    assert refused("pairs", {}) == "rows.tsv: no such file; check the path"


def test_the_columns_of_csv_have_names(read):
    """Values in quotes may have commas, quotes and line breaks; other columns are ignored."""
    text = 'text,language,id\n"Kim, ""J""\nH",Korean,1\n\nNovák,Czech,2\n'

    rows = read("label", {"a.csv": text}, "path: a.csv, columns: {sequence: text, label: language}")

    assert pairs(rows) == [('Kim, "J"\nH', "Korean"), ("Novák", "Czech")]
    assert [row.line for row in rows.rows] == [2, 5]


def test_csv_without_named_columns_has_those_of_the_task(read):
    """`columns` may be left out if the file calls its columns as the task does."""
    rows = read("pairs", {"a.csv": "target, source\nA,a\n"}, "path: a.csv")

    assert pairs(rows) == [("a", "A")]


def test_named_columns_are_read_from_any_file(read):
    """Separated by TABs, where quotes mean nothing, or by commas."""
    columns = "columns: {source: de, target: en}"

    tabs = read("pairs", {"rows.tsv": 'en\tde\n"A\ta\n'}, f"path: rows.tsv, {columns}")
    commas = read("pairs", {"rows.txt": "en,de\nA,a\n"}, f"path: rows.txt, {columns}")

    assert pairs(tabs) == [("a", '"A')]
    assert pairs(commas) == [("a", "A")]


def test_an_empty_value_of_a_column_is_refused_with_the_separator_of_its_file(refused):
    """A file with names of columns that is not CSV may have TABs."""
    message = refused("label", "label\tsequence\nKorean\t\n", "path: rows.tsv, "
                      "columns: {label: label, sequence: sequence}")  # fmt: skip

    assert message.startswith("rows.tsv:2: expected a sequence, received none in `label TAB sequence`;")


def test_the_values_of_csv_are_normalised_after_they_are_separated(read):
    """NFKC makes a comma and a quote of full-width ones; names of columns are normalised, too."""
    text = "label,te\u0301xt\nko,가，나\npl,＂a\n"
    settings = "columns: {label: label, sequence: t\u00e9xt}, normalize: NFKC"
    expected = [("가,나", "ko"), ('"a', "pl")]

    assert pairs(read("label", {"a.csv": text}, f"path: a.csv, {settings}")) == expected
    assert pairs(read("label", {}, f"inline: {json.dumps(text)}, {settings}")) == expected


def test_a_csv_file_in_the_subfolder_of_a_label_is_one_normalised_sequence(read):
    """It has no columns."""
    rows = read("label", {"texts/ko/a.csv": "가，나"}, "path: texts, normalize: NFKC")

    assert pairs(rows) == [("가,나", "ko")]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "text,language\nKim,Korean\n",
            "a.csv:1: expected a column 'label', received the columns 'text', 'language'; set"
            " dataset.columns.label to the name of the column of the labels",
        ),
        ("label,sequence,label\n", "a.csv:1: expected one column 'label', received the columns"),
        (
            "label,sequence\nKorean,Kim,x\n",
            "a.csv:2: expected 2 columns, as in the first row, received 3; put a value that has a comma into"
            " quotes, or remove the row",
        ),
        (
            "label,sequence\nKorean,\n",
            "a.csv:2: expected a sequence, received none in `label,sequence`; write the sequence, or remove",
        ),
        (
            "label;sequence\nKorean;Kim\n",
            "a.csv:1: expected names of columns with commas between them, received semicolons in"
            " 'label;sequence'; save the file with commas between its columns",
        ),
        (
            "label\tsequence\nKorean\tKim\n",
            "a.csv:1: expected names of columns with commas between them, received TABs in"
            " 'label\\tsequence'; save the file with commas between its columns",
        ),
        (
            'label,sequence\nKorean,"Kim\nCzech,Novák\n',
            "a.csv:2: expected a row of CSV, received one that cannot be read (unexpected end of data);",
        ),
        ("\n", "a.csv:1: expected a column 'label', received no column;"),
        ("label,sequence\n", "a.csv: expected at least one row `label TAB sequence`, received none;"),
    ],
)
def test_csv_that_does_not_fit_is_refused(refused, text, message):
    """With the columns that there are."""
    assert refused("label", {"a.csv": text}, "path: a.csv").startswith(message)


def test_a_folder_has_a_file_for_each_label(read):
    """As the names of PyTorch's tutorial: the name of the file is the label, each line a sequence."""
    files = {"names/Korean.txt": "Kim\nPark\n\n", "names/Czech.txt": "Novák\n", "names/.hidden": "x"}

    rows = read("label", files, "path: names")

    assert pairs(rows) == [("Novák", "Czech"), ("Kim", "Korean"), ("Park", "Korean")]
    assert rows.rows[2].line == 2


def test_a_folder_has_a_subfolder_for_each_label(read, tmp_path):
    """Each file of it is one sequence; files beside the subfolders are left out, and a note names them."""
    files = {"reviews/pos/1.txt": "good\nfilm\n", "reviews/neg/1.txt": "bad\n", "reviews/README": "x"}

    rows = read("label", files, "path: reviews")

    assert pairs(rows) == [("bad", "neg"), ("good\nfilm", "pos")]
    folder = tmp_path / "reviews"
    assert rows.notes == [f"left out: {folder / 'README'}: no label, because {folder} has subfolders"]


def test_a_folder_may_have_files_of_rows(read):
    """Their names end in .tsv or .csv; for `pairs` every file of a folder has rows."""
    labels = read("label", {"data/a.tsv": "Korean\tKim\n", "data/b.csv": "label,sequence\nCzech,Novák\n"},
                  "path: data")  # fmt: skip
    others = read("pairs", {"other/a.txt": "a\tA\n"}, "path: other")

    assert pairs(labels) == [("Kim", "Korean"), ("Novák", "Czech")]
    assert pairs(others) == [("a", "A")]


def test_a_row_in_the_file_of_a_label_is_refused(refused):
    """The file is more likely one of rows."""
    message = refused("label", {"names/all.txt": "Korean\tKim\n"}, "path: names")

    assert message.startswith("names/all.txt:1: expected a sequence of the label 'all', received a TAB in")


def test_a_file_that_a_folder_leads_to_is_left_out_if_it_cannot_be_read(read, refused):
    """A note names it; if no file of a part can be read, that is an error."""
    files = {"names/Korean.txt": "Kim\n", "names/Czech.txt": b"\xff\xff\n"}

    rows = read("label", files, "path: names")

    assert pairs(rows) == [("Kim", "Korean")]
    assert rows.notes[0].startswith("left out: ")
    assert "Czech.txt:1: not UTF-8" in rows.notes[0]
    assert refused("label", {"other/Czech.txt": b"\xff\n"}, "path: other").startswith(
        "other/Czech.txt:1: not"
    )
    assert refused("label", {}, "path: 'missing/*.txt'").startswith("missing/*.txt: no file matches")


def test_a_label_must_be_text(refused):
    """The name of a file may have bytes that are not UTF-8."""
    message = refused("label", {"names/\udcff.txt": "Kim\n"}, "path: names")

    assert message == (
        r"names/\udcff.txt: expected a name in UTF-8, because it is a label, received '\udcff'; rename it"
    )


def test_the_digest_counts_the_labels_that_names_of_files_give(read, tmp_path):
    """The same lines with another label are other data."""
    first = read("label", {"a/Korean.txt": "Kim\n"}, "path: a").sha256
    again = read("label", {"b/Korean.txt": "Kim\n"}, "path: b").sha256
    other = read("label", {"c/Czech.txt": "Kim\n"}, "path: c").sha256

    assert first == again != other


def test_each_part_has_its_files(read):
    """Each row has the part of its file."""
    files = {"train.tsv": "a\tA\n", "dev.tsv": "b\tB\n", "test.tsv": "c\tC\n"}
    split = "split: {kind: files, validation: dev.tsv, test: test.tsv}"

    rows = read("pairs", files, f"path: train.tsv, {split}")

    assert [(row.input, row.part) for row in rows.rows] == [
        ("a", "train"),
        ("b", "validation"),
        ("c", "test"),
    ]
