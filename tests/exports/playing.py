"""Networks for the page that plays, with small weights as training begins with, and node to run them."""

import json
import subprocess
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from rnnlab.config.reading import read_any
from rnnlab.config.schema import Experiment
from rnnlab.datasets.corpus import load_corpus
from rnnlab.exports.page_file import script_of
from rnnlab.exports.page_network import PageNetwork, PageSnapshot
from rnnlab.models.architecture import architecture_of
from rnnlab.models.model_file import TrainedModel
from tests.exports.variants import PEEPHOLES, VARIANTS, variant
from tests.needs import ROOT
from tests.trained import SENTENCE, SONG, STREAM, trained

NORMALIZED = {
    "normalized_lstm": (SONG, ("model.layer_norm=true",)),
    "normalized_gru": (SENTENCE, ("model.layer_norm=true",)),
    "normalized_simple_rnn": (STREAM, ("model.layer_norm=true",)),
}
NAMES = [*VARIANTS, *PEEPHOLES, *NORMALIZED]
"""Every cell, head, encoding and regime."""


def network(name: str) -> PageNetwork:
    """The network of a name as the page needs it."""
    if name in NORMALIZED:
        text, overrides = NORMALIZED[name]
        return page_network_of(name, trained(text, Path.cwd(), *overrides))
    return page_network_of(name, variant(name))


def shipped() -> list[Path]:
    """The shipped configurations that predict the next token."""
    paths = sorted((ROOT / "configs").glob("*.yaml"))
    single = [path for path in paths if not path.stem.startswith(("compare_", "sweep_"))]
    return [path for path in single if isinstance(read_any(path), Experiment)]


def shipped_network(path: Path) -> PageNetwork:
    """The network of a configuration; if its data is not shipped, with 65 characters."""
    experiment = read_any(path)
    assert isinstance(experiment, Experiment)
    tokens = ("\n", *map(chr, range(48, 48 + 64)))
    if not getattr(experiment.dataset, "url", None):
        tokens = load_corpus(experiment.dataset).vocabulary.tokens
    rng = np.random.default_rng(0)
    shapes = architecture_of(experiment, len(tokens)).weight_shapes()
    weights = {name: rng.normal(size=shape).astype(np.float32) for name, shape in shapes.items()}
    return page_network_of(path.stem, TrainedModel(experiment, tokens, weights, ""))


def page_network_of(name: str, model: TrainedModel) -> PageNetwork:
    """A model as the page needs it, with smaller weights: the state then depends on the last tokens."""
    weights = {key: each / np.float32(np.sqrt(each.shape[0])) for key, each in model.weights.items()}
    model = replace(model, weights=weights)
    return PageNetwork(name, model, (PageSnapshot(None, weights, kept=True),))


def in_node(
    networks: Sequence[PageNetwork],
    script: str,
    given: Any,
    folder: Path,
    *,
    bits: int = 32,
    modules: Sequence[str] = (),
) -> Any:
    """What a script that returns a value answers in node, with the page's modules around it.

    Args:
        networks: their descriptions are `networks` in the script.
        script: the body of a function of `networks` and `given`.
        given: goes to the script as JSON.
        folder: where the program is written.
        bits: size of a number of the weights.
        modules: further modules of the page, by their names.
    """
    data = json.dumps({"networks": [each.described(bits=bits) for each in networks], "given": given})
    (folder / "data.json").write_text(data, encoding="utf-8")
    program = folder / "program.mjs"
    engine = script_of(networks, "sampling.js", "random.js", "../../engines/javascript/network.js", *modules)
    run = f"function run(networks, given) {{{script}}}"
    read = 'const read = JSON.parse(readFileSync(process.argv[2], "utf-8"));'
    write = "process.stdout.write(JSON.stringify(run(read.networks, read.given)));"
    lines = ['import {readFileSync} from "node:fs";', engine, run, read, write]
    program.write_text("\n".join(lines), encoding="utf-8")
    command = ["node", str(program), str(folder / "data.json")]
    answer = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert not answer.returncode, answer.stderr
    return json.loads(answer.stdout)
