"""The speed of the page that plays, in Chromium: tokens and frames a second, and the time to the first token.

Run `python -m benchmarks.page [--repeats N] [--json]`; it needs Chromium and Playwright. E1 is the network of
`configs/nabiya_stateful_lstm.yaml`; both networks have random weights. A page writes as fast as it can while
it draws: the bars and the text or the notes; then once more with the heat maps of all gates open.
"""

import shutil
import statistics
import tempfile
from pathlib import Path
from typing import Any

import click
import numpy as np
from playwright.sync_api import Browser, sync_playwright

from benchmarks.report import Column, Report, json_option, repeats_option
from rnnlab.config.reading import parse_experiment, read_experiment
from rnnlab.config.schema import Experiment
from rnnlab.datasets.corpus import load_corpus
from rnnlab.exports.page_file import page_of
from rnnlab.exports.page_network import PageNetwork, PageSnapshot
from rnnlab.models.architecture import architecture_of
from rnnlab.models.model_file import TrainedModel

ROOT = Path(__file__).parents[1]
COLUMNS = (
    Column("first token", "s", 1.0, 2),
    Column("tokens/s", digits=0),
    Column("frames/s", digits=0),
    Column("heat maps: tokens/s", digits=0),
    Column("frames/s", digits=0),
)
TEXT = """
dataset: {{kind: text, inline: '{characters}', window: 64}}
model: {{kind: lstm, units: 256}}
generation: {{seed: the, length: 100000}}
"""
WRITTEN = """
async (seconds) => {
  const {player} = rnnlab.pages[0];
  player.set({length: 0, rate: Infinity});
  player.restart();
  let frames = 0;
  let runs = true;
  const count = () => { frames += 1; if (runs) requestAnimationFrame(count); };
  player.start();
  await new Promise((resolve) => setTimeout(resolve, 500));
  const [begun, before] = [performance.now(), player.written];
  requestAnimationFrame(count);
  await new Promise((resolve) => setTimeout(resolve, 1000 * seconds));
  const passed = (performance.now() - begun) / 1000;
  const figures = [(player.written - before) / passed, frames / passed];
  runs = false;
  player.stop();
  return figures;
}
"""
FIRST = """
() => {
  const opened = performance.getEntriesByType("navigation")[0].domContentLoadedEventEnd;
  const begun = performance.now();
  rnnlab.pages[0].player.step();
  return (opened + performance.now() - begun) / 1000;
}
"""
OPEN_HEAT_MAPS = """() => { rnnlab.pages[0].section.querySelector(".see details").open = true; }"""


@click.command()
@click.option("--seconds", type=click.FloatRange(1, 60), default=5.0, show_default=True, help="Of each run.")
@repeats_option
@json_option
def main(seconds: float, repeats: int, as_json: bool) -> None:
    """Measure the song's network, and an LSTM of 256 units on 65 characters."""
    song = read_experiment(ROOT / "configs" / "nabiya_stateful_lstm.yaml")
    characters = "".join(map(chr, range(ord("0"), ord("0") + 65)))
    text = parse_experiment(TEXT.format(characters=characters), name="text.yaml", folder=ROOT)
    report = Report("The page that plays, in Chromium", COLUMNS, repeats)
    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as folder:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"]
        )
        for name, experiment in (("E1", song), ("1 × 256", text)):
            path = Path(folder) / "page.html"
            path.write_text(page_of([network(name, experiment)])[0], encoding="utf-8")
            found = [measured(browser, path, seconds) for _ in range(repeats)]
            report.add(name, *(statistics.median(column) for column in zip(*found, strict=True)))
        browser.close()
    report.show(as_json=as_json)


def network(name: str, experiment: Experiment) -> PageNetwork:
    """Return a network with random weights, of the size that training begins with."""
    corpus = load_corpus(experiment.dataset)
    rng = np.random.default_rng(0)
    shapes = architecture_of(experiment, len(corpus.vocabulary)).weight_shapes()
    weights = {
        key: (rng.normal(size=shape) / np.sqrt(shape[0])).astype(np.float32) for key, shape in shapes.items()
    }
    generation = experiment.generation.model_copy(update={"temperature": 1.0})
    experiment = experiment.model_copy(update={"generation": generation})
    trained = TrainedModel(experiment, corpus.vocabulary.tokens, weights, corpus.sha256)
    return PageNetwork(name, trained, (PageSnapshot(None, weights, kept=True),))


def measured(browser: Browser, path: Path, seconds: float) -> tuple[float, ...]:
    """Return the figures of `COLUMNS`, of one opening of a page."""
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.goto(path.as_uri())
    first: Any = page.evaluate(FIRST)
    plain: Any = page.evaluate(WRITTEN, seconds)
    page.evaluate(OPEN_HEAT_MAPS)
    seen: Any = page.evaluate(WRITTEN, seconds)
    page.close()
    return first, *plain, *seen


if __name__ == "__main__":
    main()
