"""The corpora that ship are the ones whose source and licence `data/README.md` states."""

import hashlib
import re
from pathlib import Path

DATA = Path(__file__).parents[1] / "data"


def test_the_table_has_the_sum_of_every_file():
    """Each file in data/ has a row, and is byte for byte what the row says."""
    sums = dict(
        re.findall(r"^\| (\S+) \|.*\| ([0-9a-f]{64}) \|$", (DATA / "README.md").read_text(), re.MULTILINE)
    )
    files = [path for path in DATA.iterdir() if path.name != "README.md"]

    assert {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in files} == sums
