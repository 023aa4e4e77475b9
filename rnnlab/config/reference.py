"""The reference of the configuration as Markdown: each key of the schema, its type, default and meaning.

The last section lists the papers that the descriptions cite.
"""

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from rnnlab.config.places import LAYOUT, TASK_LAYOUTS, Place
from rnnlab.config.section import Section
from rnnlab.config.yaml_tree import Path

_OPENING = """\
# Configuration

This page lists every key of the YAML. `rnnlab schema --markdown` prints it from the schema, and a test
compares the two. `rnnlab schema` prints the same as JSON Schema, for an editor.

A key that is left out has the default of its table; a dash means that it has none. With `batching: stream`,
rnnlab chooses `split`, `window`, `batch_size` and `epochs` by the size of the data if they are left out, and
the optimizer with its schedule if both are left out; it prints what it chose. `rnnlab describe` shows the
data, the batches and the model of a configuration; `config.yaml` in a run folder has all settings written
out. Settings that contradict each other are refused before the training begins, with their place and the
remedy.

On the command line `--set KEY=VALUE` replaces a key. For a key that takes text or paths, VALUE is the text
itself, to its last character: `--set 'generation.seed=The '` keeps the space, and keeps quotes too. `null`,
or an empty VALUE, removes the text; `[a.txt, b.txt]` is a list, unless a file has exactly this name. For any
other key VALUE is YAML.

A data path in the YAML is relative to the YAML file; a data path in `--set` is relative to the working
folder. In a pattern, `*` stands for any characters, `?` for one character, `[ab]` for one of these, and `**`
for any number of folders. If a folder or a file has exactly the name of a pattern, it is that folder or file.
The case of the extension does not matter.
"""

_OF_TASKS = """\
## Tasks with examples

With `dataset.task: label`, `tags`, `pairs` or `from_label`, and with `dataset.kind: generated`, these
sections have other keys and defaults than above. All other sections are those above.
"""

_CITATION = re.compile(r"[A-Z]\w+(?: and [A-Z]\w+| et al\.)?, [0-9]{4}")

MOST_WRITTEN_OUT = 1e15
"""Bounds from this number on are written with an exponent."""

Properties = dict[str, dict[str, Any]]
Cells = tuple[str, str, str]
"""Type, default and meaning of a key."""


@dataclass(frozen=True)
class Described:
    """A section of the page: a place for a section of the YAML.

    Attributes:
        path: its path.
        place: its kinds.
        tasks: the tasks whose sections are like this; empty for `next_token`.
    """

    path: Path
    place: Place
    tasks: tuple[str, ...] = ()

    @property
    def heading(self) -> str:
        """The heading, which says the tasks."""
        name = f"`{_dotted(self.path)}`" if self.path else "The sections"
        if not self.tasks:
            return name
        if len(self.tasks) == len(TASK_LAYOUTS):
            return f"{name} with examples"
        *others, last = self.tasks
        return f"{name} of " + " and ".join([*([", ".join(others)] if others else []), last])

    @property
    def anchor(self) -> str:
        """The anchor of the heading, as GitHub makes it."""
        return re.sub(r"[^\w\- ]", "", self.heading).replace(" ", "-").lower()


def reference() -> str:
    """Return the reference as a Markdown page."""
    page = described()
    first = [_section(each, page) for each in page if not each.tasks]
    then = [_section(each, page) for each in page if each.tasks]
    return "\n".join([_OPENING, *first, _OF_TASKS, *then, *_papers()])


def described() -> list[Described]:
    """Return the sections of the page: those of `next_token`, then those in which the other tasks differ."""
    page = [Described(path, place) for path, place in LAYOUT.items()]
    for path in dict.fromkeys(path for layout in TASK_LAYOUTS.values() for path in layout):
        alike: list[tuple[Place, list[str]]] = []
        for task, layout in TASK_LAYOUTS.items():
            place = layout.get(path)
            if place is None or place == LAYOUT.get(path):
                continue
            found = next((tasks for other, tasks in alike if other == place), None)
            if found is None:
                alike.append((place, [task]))
            else:
                found.append(task)
        page += [Described(path, place, tuple(tasks)) for place, tasks in alike]
    return page


def cited() -> set[str]:
    """Return the papers, by authors and year, that the descriptions of the schema cite."""
    kinds = [kind for each in described() for kind in each.place.kinds.values()]
    return set(_CITATION.findall(" ".join(json.dumps(kind.model_json_schema()) for kind in kinds)))


def _section(each: Described, page: Sequence[Described]) -> str:
    """Return the Markdown of one section."""
    place, properties = each.place, {name: _properties(kind) for name, kind in each.place.kinds.items()}
    lines = [f"## {each.heading}", ""]
    for name, keys in properties.items():
        if place.tag:
            tag = place.tag if place.tag in keys else "kind"  # generated data has no task
            lines.append(f"- `{tag}: {name}`: {keys[tag]['description']}")
    lines += [""] if place.tag else []
    return "\n".join([*lines, *_table(_rows(each, page, properties), many=len(properties) > 1), ""])


def _properties(section: type[Section]) -> Properties:
    """Return the JSON Schema of each key, with its description, and whether it is required."""
    schema = section.model_json_schema()
    return {
        key: {
            **schema["properties"][key],
            "description": field.description,
            "required": field.is_required(),
        }
        for key, field in section.model_fields.items()
    }


def _rows(
    each: Described, page: Sequence[Described], properties: dict[str, Properties]
) -> Iterator[tuple[str, list[str], Cells]]:
    """Yield each key, the kinds that have it, and its cells; no kinds if all have the key with these cells.

    A key with different cells in several kinds has several rows.
    """
    rows: dict[tuple[str, Cells], list[str]] = {}
    for kind, keys in properties.items():
        task = kind if kind in TASK_LAYOUTS else next(iter(each.tasks), "")
        for key, schema in keys.items():
            if key == each.place.tag:
                continue
            linked = _link((*each.path, key), task, page) or _type(schema)
            rows.setdefault((key, (linked, _default(schema), schema["description"])), []).append(kind)
    order = list(dict.fromkeys(key for key, _ in rows))
    for (key, cells), kinds in sorted(rows.items(), key=lambda row: order.index(row[0][0])):
        yield key, [] if len(kinds) == len(properties) else kinds, cells


def _table(rows: Iterable[tuple[str, list[str], Cells]], *, many: bool) -> Iterator[str]:
    """Yield the lines of a table; if the section has several kinds, a column names those with the key."""
    titles = ["key", *(["kind"] if many else []), "type", "default", "meaning"]
    yield "| " + " | ".join(titles) + " |"
    yield "|" + "---|" * len(titles)
    for key, kinds, cells in rows:
        of = [", ".join(f"`{kind}`" for kind in kinds) or "all"] if many else []
        yield "| " + " | ".join(cell.replace("|", "\\|") for cell in (f"`{key}`", *of, *cells)) + " |"


def _link(path: Path, task: str, page: Sequence[Described]) -> str:
    """Return a link to the section of the page at a path; empty if there is none.

    Args:
        path: the path.
        task: the task; empty for `next_token`.
        page: the sections of the page.
    """
    found = [each for each in page if each.path == path and (not each.tasks or task in each.tasks)]
    if not found or (task and path not in TASK_LAYOUTS[task]):
        return ""
    own = next((each for each in found if each.tasks), found[0])  # if there is none, it is like next_token's
    return f"[section](#{own.anchor})"


def _type(schema: dict[str, Any]) -> str:
    """Return the type of a value in words, with its range."""
    if "anyOf" in schema:
        choices = [choice for choice in schema["anyOf"] if choice != {"type": "null"}]
        return ", or ".join(
            _list(each, choices) if each.get("type") == "array" else _type(each) for each in choices
        )
    if words := schema.get("enum", [schema["const"]] if "const" in schema else []):
        return ", ".join(f"`{value if isinstance(value, str) else json.dumps(value)}`" for value in words)
    if schema["type"] == "array":
        return _list(schema, [])
    if schema["type"] == "object":
        return "section of " + " and ".join(f"`{key}`" for key in schema["properties"])
    if schema.get("format") == "uri":
        return "address"
    name = {"string": "text", "boolean": "true or false"}.get(schema["type"], schema["type"])
    return ", ".join(filter(None, [name, _range(schema, "minimum", "maximum")]))


def _list(schema: dict[str, Any], beside: list[dict[str, Any]]) -> str:
    """Return the type of a list in words; `beside` are the types that the key also takes without a list."""
    items, length = schema["items"], _range(schema, "minItems", "maxItems")
    what = "them" if all(each in beside for each in items.get("anyOf", [items])) else _type(items)
    return " ".join(filter(None, ["a list of", length, "of them" if length and what == "them" else what]))


def _range(schema: dict[str, Any], least: str, most: str) -> str:
    """Return the range of a number, or of the length of a list; empty if there is none."""
    low = _bound(schema, {least: "", "exclusiveMinimum": "more than "})
    high = _bound(schema, {most: "", "exclusiveMaximum": "less than "})
    if low and high:
        return f"{low} to {high}"
    if high and most == "maxItems":
        return f"at most {high}"
    return f"{low} or more" if least in schema else low or high


def _bound(schema: dict[str, Any], wordings: dict[str, str]) -> str:
    """Return the first of several bounds that a schema has; empty if it has none."""
    for key, wording in wordings.items():
        if key in schema:
            return f"{wording}{_number(schema[key])}"
    return ""


def _number(value: float) -> str:
    """Return a bound as text: 1,000,000 in full, 1e+37 with an exponent, 0.5 with up to 9 digits."""
    return f"{int(value):,}" if value == int(value) and value < MOST_WRITTEN_OUT else f"{value:.9g}"


def _default(schema: dict[str, Any]) -> str:
    """Return a default as Markdown: `required`, a value, or the kind of a section; a dash if it is empty.

    For a section that has no kinds, return `its defaults`.
    """
    if schema["required"]:
        return "required"
    value = schema.get("default")
    if isinstance(value, dict):
        tags = [f"`{tag}: {value[tag]}`" for tag in ("kind", "name") if tag in value]
        return tags[0] if tags else "its defaults"
    if value is None or value == []:
        return "–"
    return f"`{value}`" if isinstance(value, str) else f"`{json.dumps(value)}`"


def _papers() -> Iterator[str]:
    """Yield the lines of the list of papers."""
    yield "## Papers"
    yield ""
    for citation in sorted(cited()):
        yield f"- {citation}. {PAPERS[citation]}."
    yield ""


def _dotted(path: Path) -> str:
    return ".".join(map(str, path))


PAPERS = {
    "Ba et al., 2016": "Layer normalization. arXiv:1607.06450",
    "Chen et al., 2023": "Symbolic discovery of optimization algorithms. NeurIPS. arXiv:2302.06675",
    "Cho et al., 2014": "Learning phrase representations using RNN encoder–decoder for statistical machine"
    " translation. EMNLP. arXiv:1406.1078",
    "Dozat, 2016": "Incorporating Nesterov momentum into Adam. ICLR, workshop track",
    "Duchi et al., 2011": "Adaptive subgradient methods for online learning and stochastic optimization."
    " Journal of Machine Learning Research 12",
    "Elman, 1990": "Finding structure in time. Cognitive Science 14(2)",
    "Fan et al., 2018": "Hierarchical neural story generation. ACL. arXiv:1805.04833",
    "Gal and Ghahramani, 2016": "A theoretically grounded application of dropout in recurrent neural"
    " networks. NIPS. arXiv:1512.05287",
    "Gers et al., 2002": "Learning precise timing with LSTM recurrent networks. Journal of Machine Learning"
    " Research 3",
    "Greff et al., 2017": "LSTM: A search space odyssey. IEEE Transactions on Neural Networks and Learning"
    " Systems 28(10). arXiv:1503.04069",
    "He et al., 2016": "Deep residual learning for image recognition. CVPR. arXiv:1512.03385",
    "Hinton, 2012": "Neural networks for machine learning, lecture 6e. Coursera",
    "Hochreiter and Schmidhuber, 1997": "Long short-term memory. Neural Computation 9(8)",
    "Holtzman et al., 2020": "The curious case of neural text degeneration. ICLR. arXiv:1904.09751",
    "Inan et al., 2017": "Tying word vectors and word classifiers: A loss framework for language modeling."
    " ICLR. arXiv:1611.01462",
    "Kingma and Ba, 2015": "Adam: A method for stochastic optimization. ICLR. arXiv:1412.6980",
    "Loshchilov and Hutter, 2017": "SGDR: Stochastic gradient descent with warm restarts. ICLR."
    " arXiv:1608.03983",
    "Loshchilov and Hutter, 2019": "Decoupled weight decay regularization. ICLR. arXiv:1711.05101",
    "Nguyen et al., 2025": "Turning up the heat: Min-p sampling for creative and coherent LLM outputs. ICLR."
    " arXiv:2407.01082",
    "Pascanu et al., 2013": "On the difficulty of training recurrent neural networks. ICML. arXiv:1211.5063",
    "Luong et al., 2015": "Effective approaches to attention-based neural machine translation. EMNLP."
    " arXiv:1508.04025",
    "Press and Wolf, 2017": "Using the output embedding to improve language models. EACL. arXiv:1608.05859",
    "Reddi et al., 2018": "On the convergence of Adam and beyond. ICLR. arXiv:1904.09237",
    "Schuster and Paliwal, 1997": "Bidirectional recurrent neural networks. IEEE Transactions on Signal"
    " Processing 45(11)",
    "Srivastava et al., 2014": "Dropout: A simple way to prevent neural networks from overfitting. Journal of"
    " Machine Learning Research 15",
    "Sutskever et al., 2014": "Sequence to sequence learning with neural networks. NIPS. arXiv:1409.3215",
    "Szegedy et al., 2016": "Rethinking the inception architecture for computer vision. CVPR."
    " arXiv:1512.00567",
    "Wu et al., 2016": "Google's neural machine translation system: Bridging the gap between human and"
    " machine translation. arXiv:1609.08144",
    "Zaremba et al., 2014": "Recurrent neural network regularization. arXiv:1409.2329",
    "Zeiler, 2012": "ADADELTA: An adaptive learning rate method. arXiv:1212.5701",
}
