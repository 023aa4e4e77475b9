"""The page that plays: one HTML file with networks, their weights, and the script that runs them.

The sources in `page/` are put into the file as they are: the style sheets, and the modules that `main.js`
needs, or `main_of_several.js` for several networks, in the order of their imports. The lines that import, the
word `export`, and comments are left out, so all modules are one module in the page. The page's
Content-Security-Policy allows this script and nothing else: the browser refuses every request of the page.
"""

import base64
import hashlib
import json
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from html import escape
from importlib.resources import files
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np

from rnnlab import __version__
from rnnlab.engines.javascript.equation import equation_name, equation_source
from rnnlab.engines.numpy import numpy_model
from rnnlab.errors import Argument, UsageError
from rnnlab.exports.page_network import PageNetwork, rounded
from rnnlab.files import write_durably
from rnnlab.generation.sampling import log_probabilities
from rnnlab.generation.sources import source_of
from rnnlab.models.cells import Cell

MOST_BYTES = 3_000_000
"""Size of a page from which on its weights have 16 bits."""

MEASURED_TOKENS = 2_000
"""Number of tokens on which the change of the loss is measured, if the weights have 16 bits."""

MOST_NETWORKS = 8
"""Largest number of networks of a page: more do not stand side by side."""

LANGUAGES = ("en", "ko")
"""The languages of a page."""

PAGE = "exports/page"
_IMPORT = re.compile(r'^import \{[^}]*\} from "(?P<path>[^"]+)";\n', re.MULTILINE)
_COMMENT = re.compile(r"^ *(?://.*|/\*(?:[^*]|\*(?!/))*\*/)\n", re.MULTILINE)
"""A comment that has its lines for itself."""
_LEADING = re.compile(r"^ +", re.MULTILINE)
_EXPORT = re.compile(r"^export (?=(?:async )?(?:const|let|function|class)\b)", re.MULTILINE)


@dataclass(frozen=True)
class WrittenPage:
    """A page that was written.

    Attributes:
        path: the file.
        size: its size in bytes.
        notes: remarks for the user, a sentence each.
    """

    path: Path
    size: int
    notes: tuple[str, ...]


def language_for(networks: Sequence[PageNetwork]) -> str:
    """Return the language of a page that names none: Korean if a network writes it, or if `LANG` says so."""
    if any("가" <= letter <= "힣" for each in networks for token in each.trained.tokens for letter in token):
        return "ko"
    said = next((os.environ[name] for name in ("LC_ALL", "LC_MESSAGES", "LANG") if os.environ.get(name)), "")
    return "ko" if said.lower().startswith("ko") else "en"


def write_page(
    networks: Sequence[PageNetwork], path: Path, *, language: str | None = None, overwrite: bool = False
) -> WrittenPage:
    """Write the page of one or more networks.

    Args:
        networks: the networks, in the order in which the page shows them.
        path: the file.
        language: `en` or `ko`; None for that of `language_for`.
        overwrite: whether an existing file is replaced.

    Raises:
        UsageError: the file exists, and `overwrite` is false; or it is a folder; or the networks are too
            many, or some are of notes and some of text; or there is no such language.
        RunError: a weight is NaN or infinite, or the file cannot be written.
    """
    if path.is_dir():
        raise UsageError(f"{path}: is a folder; name a file, such as {path / 'page.html'}")
    if path.exists() and not overwrite:
        raise UsageError(f"{path}: the file exists; name another, or replace it with ", Argument("overwrite"))
    page, notes = page_of(networks, language=language)
    written = page.encode()
    write_durably(path, written)
    return WrittenPage(path, len(written), notes)


def page_of(networks: Sequence[PageNetwork], *, language: str | None = None) -> tuple[str, tuple[str, ...]]:
    """Return the page of one or more networks, and remarks for the user, a sentence each.

    Args:
        networks: the networks, in the order in which the page shows them.
        language: `en` or `ko`; None for that of `language_for`.

    Raises:
        UsageError: the networks are too many, or some are of notes and some of text; or there is no such
            language.
        RunError: a weight is NaN or infinite.
    """
    language = language_for(networks) if language is None else language
    if language not in LANGUAGES:
        raise UsageError(f"language: expected {' or '.join(LANGUAGES)}, received {language!r}")
    _check(networks)
    one = len(networks) == 1
    script = script_of(networks, "main.js" if one else "main_of_several.js")
    style = _styles(but="compare.css" if one else "")
    size = sum(network.size for network in networks) * 4 * 4 / 3  # bytes of all weights in base64
    bits = 32 if size + len(script) + len(style) <= MOST_BYTES or not _fit(networks) else 16
    data = {
        "version": __version__,
        "language": language,
        "networks": [network.described(bits=bits) for network in networks],
    }
    # ASCII without `<`: no token can end the script element, or turn the direction of the text around it.
    shown = json.dumps(data, separators=(",", ":"), allow_nan=False).replace("<", "\\u003c")
    parts = {
        "title": escape(" · ".join(network.name for network in networks)),
        "language": language,
        "policy": policy_of(script, style),
        "style": style,
        "networks": shown,
        "script": script,
    }
    return filled(_source("page.html"), parts), _notes(networks, bits)


def filled(template: str, parts: dict[str, str]) -> str:
    """Return a template with `{{name}}` replaced by the part of this name; every name must have a part."""
    return re.sub(r"\{\{(\w+)\}\}", lambda match: parts[match[1]], template)


def script_of(networks: Sequence[PageNetwork], *first: str) -> str:
    """Return a script: modules in the order of their imports, and the equations of the networks.

    Args:
        networks: the networks.
        first: the modules whose work the script does, relative to the folder of the page.
    """
    cells: dict[str, Cell] = {}
    for network in networks:
        cells |= {equation_name(layer.cell): layer.cell for layer in network.architecture.recurrent}
    equations = "\n".join(equation_source(name, cell) for name, cell in cells.items())
    sources = modules(*first)
    # The equations stand before the module that uses them first, and after the engine that they call.
    engine = next(place for place, (name, _) in enumerate(sources) if name.endswith("network.js"))
    written = [_without_imports(source) for _, source in sources]
    return "\n".join([*written[: engine + 1], equations, *written[engine + 1 :]])


def modules(*first: str) -> list[tuple[str, str]]:
    """Return the path and the source of modules and of all that they import, imported ones first.

    Args:
        first: paths relative to the folder of the page.
    """
    found = dict[str, str]()

    def visit(path: str) -> None:
        if path in found:
            return
        source = _source(path)
        for match in _IMPORT.finditer(source):
            visit(_joined(path, match["path"]))
        found[path] = source

    for path in first:
        visit(path)
    return [*found.items()]


def policy_of(script: str, style: str) -> str:
    """Return the Content-Security-Policy of a page with one script and one style sheet."""
    rules = (
        "default-src 'none'",
        f"script-src '{_digest(script)}'",
        f"style-src '{_digest(style)}'",
        "img-src data:",
        "media-src data: blob:",
        "base-uri 'none'",
        "form-action 'none'",
    )
    return "; ".join(rules)


def _check(networks: Sequence[PageNetwork]) -> None:
    """Refuse networks that cannot continue one seed side by side."""
    if len(networks) > MOST_NETWORKS:
        raise UsageError(
            f"expected at most {MOST_NETWORKS} models, received {len(networks)}: more do not stand side by"
            " side on a page; write a second page"
        )
    first, *others = networks
    kind = first.trained.experiment.dataset.kind
    for other in others:
        other_kind = other.trained.experiment.dataset.kind
        if (kind == "notes") != (other_kind == "notes"):
            raise UsageError(
                f"{first.name} and {other.name}: expected models of notes only or of text only, received"
                f" {kind} and {other_kind}: no seed suits both; write two pages"
            )


def _without_imports(source: str) -> str:
    """Return a module without its imports, its comments and the spaces before its lines."""
    return _LEADING.sub("", _COMMENT.sub("", _EXPORT.sub("", _IMPORT.sub("", source))))


def _joined(importer: str, path: str) -> str:
    """Return the path of an imported module, relative to the folder of the page, without `x/..`."""
    parts = list[str]()
    for part in (PurePosixPath(importer).parent / path).parts:
        if part == ".." and parts and parts[-1] != "..":
            parts.pop()
        elif part != ".":
            parts.append(part)
    return "/".join(parts)


def _source(path: str) -> str:
    """Return a file, by its path relative to the folder of the page."""
    found = _joined(f"{PAGE}/-", path)
    return files("rnnlab").joinpath(found).read_text(encoding="utf-8")


def _styles(*, but: str) -> str:
    """Return the style sheets of the page, in the order of their names, but for one."""
    folder = files("rnnlab").joinpath(PAGE)
    names = sorted(each.name for each in folder.iterdir() if each.name.endswith(".css") and each.name != but)
    return "\n".join(_LEADING.sub("", _COMMENT.sub("", _source(name))) for name in names)


def _digest(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


def _fit(networks: Sequence[PageNetwork]) -> bool:
    """Return whether all weights are within the range of 16-bit numbers."""
    largest = np.finfo(np.float16).max
    return all(
        bool((np.abs(array) <= largest).all())
        for network in networks
        for snapshot in network.snapshots
        for array in network.numbers(snapshot).values()
    )


def _notes(networks: Sequence[PageNetwork], bits: int) -> tuple[str, ...]:
    """Return a remark on settings that the page lacks, and on weights of 16 bits: how the loss changes."""
    lacking = [
        f"{network.name}: the page generates without {' and '.join(names)}, which the configuration sets"
        for network in networks
        if (names := network.not_in_the_page)
    ]
    if bits == 32:
        return tuple(lacking)
    return *lacking, *(
        f"{network.name}: the page would pass {MOST_BYTES / 1e6:g} MB, so its weights have 16 bits;"
        f" {_changed_loss(network)}"
        for network in networks
    )


def _changed_loss(network: PageNetwork) -> str:
    """Return how the loss changes with weights of 16 bits, on the first tokens of the training data."""
    if network.tokens is None or len(network.tokens.train.ids) < 2:
        return "the run keeps no training tokens to measure the change of its loss with"
    ids = np.asarray(network.tokens.train.ids[:MEASURED_TOKENS], np.int64)
    before = _loss(network, ids, is_rounded=False)
    after = _loss(network, ids, is_rounded=True)
    return f"its loss on the first {len(ids):,} training tokens changes from {before:.6f} to {after:.6f}"


def _loss(network: PageNetwork, ids: Any, *, is_rounded: bool) -> float:
    """Return the mean loss of the tokens after the first one, or after the first window, nats."""
    trained = network.trained
    if is_rounded:
        trained = replace(trained, weights=rounded(trained.weights))
    experiment = trained.experiment
    regime, window = experiment.regime, experiment.dataset.window
    begin = 1 if regime == "stream" else min(window, len(ids) - 1)  # a whole window, as in training
    source = source_of(numpy_model(trained), ids[None, :begin], regime=regime, window=window)
    logits, losses = source.start(), list[float]()
    for token in ids[begin:]:
        losses.append(-float(log_probabilities(logits, token[None])[0]))
        logits = source.feed(token[None])
    return float(np.mean(losses))
