"""The corpora that ship are the ones whose source and licence `data/README.md` states."""

import hashlib
import re
import subprocess
import sys
from pathlib import Path

DATA = Path(__file__).parents[1] / "data"
SCRIPT = DATA / "make_examples.py"


def test_the_table_has_the_sum_of_every_file():
    """Each file in data/ has a row, and is byte for byte what the row says; the script is no data."""
    sums = dict(
        re.findall(r"^\| (\S+) \|.*\| ([0-9a-f]{64}) \|$", (DATA / "README.md").read_text(), re.MULTILINE)
    )
    files = [path for path in DATA.iterdir() if path.name not in ("README.md", SCRIPT.name)]

    assert {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in files} == sums


def test_the_script_writes_the_same_examples_again(tmp_path):
    """Every file that it writes ships, with the same bytes."""
    subprocess.run([sys.executable, "-I", SCRIPT, tmp_path], check=True)

    written = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert sorted(written) == ["names.tsv", "phones.tsv", "sentences.tsv"]
    assert written == {name: (DATA / name).read_bytes() for name in written}


def test_the_sounds_of_a_word_follow_its_spelling():
    """Words by hand: a silent e, c and g before e, two letters with one sound, s between vowels."""
    spoken = dict(line.split("\t") for line in (DATA / "phones.tsv").read_text().splitlines())
    by_hand = {"sy": "S IY", "druck": "D R AH K", "val": "V AE L", "plugane": "P L AH G EY N"}

    assert {word: spoken[word] for word in by_hand} == by_hand
