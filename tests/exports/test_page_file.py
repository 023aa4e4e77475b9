"""The page that plays is one file with one script, whatever the tokens are."""

import base64
import hashlib
import json
import re
from dataclasses import dataclass, field, replace
from html.parser import HTMLParser
from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest

from rnnlab.errors import RunError, UsageError
from rnnlab.exports import page_file
from rnnlab.exports.page_file import modules, page_of, write_page
from rnnlab.exports.page_network import PageNetwork, PageSnapshot, page_network
from rnnlab.models.cells import Cell
from tests.exports.playing import in_node, network, page_network_of, shipped, shipped_network
from tests.needs import needs
from tests.trained import SONG, STREAM, run_of, trained
from tests.trained_tasks import LABEL, trained_task

TOP = re.compile(r"^(?:export )?(?:async )?(?:const|let|var|function\*?|class) +(\w+)", re.MULTILINE)
HOSTILE = [
    "</script><script>alert(1)</script>",
    "<!--",
    "<img src=x onerror=alert(2)>",
    "\u202e",
    "\U0001f600",
    "&lt;",
    "\x00",
]


class Elements(HTMLParser):
    """The elements of a page with a text of their own, and the attributes of every meta element."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None], str]] = []
        self.open = ""
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.open = tag
        if tag in {"script", "style", "meta"}:
            self.found.append((tag, dict(attrs), ""))

    def handle_endtag(self, tag):
        self.open = ""

    def handle_data(self, data):
        if self.found and self.found[-1][0] == self.open:
            tag, attributes, before = self.found[-1]
            self.found[-1] = tag, attributes, before + data

    def all(self, tag):
        return [(attributes, text) for name, attributes, text in self.found if name == tag]


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def source_of(text: str) -> str:
    """The digest of a script or a style sheet, as a policy names it."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def data_of(page: str) -> dict:
    """The data of a page."""
    (data,) = [text for each, text in Elements(page).all("script") if each.get("id") == "networks"]
    return json.loads(data)


def test_the_policy_allows_the_script_and_the_styles_of_the_page():
    """Their digests; the data is no script, and nothing else is allowed."""
    elements = Elements(page_of([network("lstm")])[0])

    policy = next(each["content"] for each, _ in elements.all("meta") if "http-equiv" in each)
    rules = dict(rule.split(" ", 1) for rule in policy.split("; "))
    scripts = [text for each, text in elements.all("script") if each.get("type") == "module"]
    assert rules["default-src"] == "'none'"
    assert [rules["script-src"]] == [source_of(text) for text in scripts]
    assert [rules["style-src"]] == [source_of(text) for _, text in elements.all("style")]
    assert {each.get("type") for each, _ in elements.all("script")} == {"module", "application/json"}


def test_tokens_stay_data():
    """Markup, comments, direction marks and emoji of a stranger's vocabulary come back as they were."""
    model = trained(STREAM, Path.cwd())
    tokens = (*HOSTILE, *model.tokens[len(HOSTILE) :])
    hostile = page_network_of("<b>", replace(model, tokens=tokens))

    page, _ = page_of([hostile])

    assert data_of(page)["networks"][0]["tokens"] == list(tokens)
    assert len(Elements(page).all("script")) == 2
    assert "\u202e" not in page
    assert "<title>&lt;b&gt; – rnnlab</title>" in page


def test_modules_can_stand_in_one_script():
    """No two have a name in common at their top level; the exporter removes every import."""
    sources = modules("main.js", "main_of_several.js")

    names = [name for _, source in sources for name in TOP.findall(source)]
    script = page_file.script_of([network("lstm")], "main.js")
    assert sorted(names) == sorted(set(names))
    assert len(names) > 10
    assert not re.findall(r"^\s*(?:import|export)\b.*", script, re.MULTILINE)
    assert "</script" not in script


def test_every_module_of_the_page_is_in_it():
    """A module that is not imported is a leftover."""
    folder = files("rnnlab").joinpath(page_file.PAGE)
    written = {each.name for each in folder.iterdir() if each.name.endswith(".js")}

    assert written <= {path for path, _ in modules("main.js", "main_of_several.js")}


def test_weights_that_are_no_numbers_are_refused():
    """By the name of the run, with the setting that helps."""
    model = trained(SONG, Path.cwd())
    weights = {**model.weights, "head/bias": np.full_like(model.weights["head/bias"], np.nan)}
    broken = PageNetwork("song-1", model, (PageSnapshot(None, weights, kept=True),))

    with pytest.raises(RunError, match=r"^song-1: expected finite weights, received NaN .*learning_rate$"):
        page_of([broken])


def test_a_file_is_not_replaced_unasked():
    """The message says how."""
    Path("song.html").write_text("mine")

    with pytest.raises(
        UsageError, match=r"^song.html: the file exists; name another, or replace it with overwrite$"
    ):
        write_page([network("lstm")], Path("song.html"))

    assert Path("song.html").read_text() == "mine"
    assert write_page([network("lstm")], Path("song.html"), overwrite=True).size > 1000


def test_a_task_with_examples_is_refused():
    """With the command that does run it."""
    with pytest.raises(UsageError, match=r"^names: the page plays models of task next_token.*rnnlab predict"):
        page_network(trained_task(LABEL, Path.cwd()), None, Path("names"))


def test_a_large_page_has_numbers_of_16_bits(monkeypatch):
    """And says by how much the loss changes, measured on the training tokens that the run keeps."""
    run = run_of(SONG)
    kept = page_network(run.load_model(), run, run.path)
    monkeypatch.setattr(page_file, "MOST_BYTES", 1000)

    page, notes = page_of([kept])

    described = data_of(page)["networks"][0]
    half = np.frombuffer(base64.b64decode(described["snapshots"][0]["data"]), "<f2")
    whole = np.concatenate([each.ravel() for each in kept.numbers(kept.snapshots[0]).values()])
    assert described["float"] == 16
    np.testing.assert_allclose(half, whole, rtol=1e-3, atol=1e-6)
    assert notes == (
        "song-1: the page would pass 0.001 MB, so its weights have 16 bits; the run keeps no training tokens"
        " to measure the change of its loss with",
    )


def test_what_the_page_cannot_do_is_said():
    """Settings of the configuration that `generate` follows and the page does not."""
    settings = ("generation.beam=3", "generation.constraints={must: d4}")
    model = page_network_of("song-1", trained(SONG, Path.cwd(), *settings))

    _, notes = page_of([model])

    assert notes == (
        "song-1: the page generates without constraints and beam search, which the configuration sets",
    )


def test_the_size_of_a_page():
    """The song's network without snapshots, and 256 units on 65 characters."""
    song = next(path for path in shipped() if path.stem == "nabiya_stateful_lstm")
    characters = "".join(map(chr, range(48, 48 + 65)))
    data = f"dataset: {{kind: text, inline: {json.dumps(characters)}, window: 5}}"
    model = trained(f"{data}\nmodel: {{kind: lstm, units: 256}}", Path.cwd())

    pages = [page_of([each]) for each in (shipped_network(song), page_network_of("text", model))]

    assert len(model.tokens) == 65
    assert len(pages[0][0].encode()) <= 600_000
    assert len(pages[1][0].encode()) <= 2_200_000
    assert [notes for _, notes in pages] == [(), ()]


class Leaky(Cell):
    """h = 0.9·h + 0.1·tanh(x W + h U + b)."""

    gates = "h"

    def step(self, xp, x, product, state, parameters):
        return (0.9 * state[0] + 0.1 * xp.tanh(x + product(state[0])),)


class Quick(Leaky):
    """The cell of another package, of the same name, that only forgets."""

    def step(self, xp, x, product, state, parameters):
        return (0.5 * xp.tanh(x + product(state[0])),)


Quick.__name__ = Quick.__qualname__ = "Leaky"
Quick.__module__ = "another_package"


@dataclass(frozen=True)
class NetworkOfCell(PageNetwork):
    """A network whose layers have the given cell, with the weights of another."""

    cell: Cell = field(kw_only=True)

    @property
    def architecture(self):
        whole = super().architecture
        return replace(whole, hidden=tuple(replace(each, cell=self.cell) for each in whole.hidden))


@needs("node")
def test_cells_of_one_name_keep_their_equations(tmp_path):
    """Each network computes beside the other what it computes alone."""
    plain = network("simple_rnn")
    both = [
        NetworkOfCell(type(cell).__module__, plain.trained, plain.snapshots, cell=cell)
        for cell in (Leaky(), Quick())
    ]
    script = """
    return networks.map((description) => {
      const source = sourceOf(networkOf(description, description.snapshots[0]));
      source.start(given.slice(0, 1));
      return Array.from(source.feed(given[1]));
    });
    """

    alone = [in_node([each], script, [1, 2], tmp_path)[0] for each in both]
    together = in_node(both, script, [1, 2], tmp_path)

    assert together == alone
    assert alone[0] != alone[1]


def test_a_language_that_the_page_lacks_is_refused():
    """Before it stands in the page."""
    with pytest.raises(UsageError, match=r"^language: expected en or ko, received 'en><script>'$"):
        page_of([network("lstm")], language="en><script>")


def test_a_network_that_writes_korean_has_a_korean_page(monkeypatch):
    """Whatever the environment says; another language can still be named."""
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.setenv(name, "en_GB.UTF-8")
    text = "dataset: {kind: text, inline: 나비야 나비야 날아 오너라, window: 3}\nmodel: {kind: gru, units: 4}"
    korean = page_network_of("korean", trained(text, Path.cwd()))

    assert '<html lang="ko"' in page_of([korean])[0]
    assert '<html lang="en"' in page_of([network("lstm")])[0]
    assert '<html lang="en"' in page_of([korean], language="en")[0]
