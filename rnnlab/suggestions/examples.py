"""The examples that rnnlab ships: the configurations of `configs/` with their files of `data/`.

The source tree has both folders at its top; `setup.py` copies them into the wheel as `rnnlab/examples/`.
"""

import re
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from rnnlab.config.comparison import read_comparison
from rnnlab.config.reading import read_any
from rnnlab.config.sweep import read_sweep
from rnnlab.config.task_data import GeneratedDataset
from rnnlab.errors import UsageError, near

PACKAGE = Path(__file__).parents[1]
COMPARES, SWEEPS = "compare_", "sweep_"
"""Prefixes of the names of YAML files that compare configurations, and that search for settings of one."""


@dataclass(frozen=True)
class Example:
    """An example: a configuration, a comparison of several, or a sweep of one.

    Attributes:
        name: name of the YAML file without the suffix.
        page: path of the YAML file.
        data: the files of `data/` that the example reads.
        others: the configurations that the example compares or varies; empty for a single experiment.
        url: the address from which the data is downloaded; None if the data ships with rnnlab, and for a
            comparison.
        is_generated: whether the examples are drawn at random, so that there is no data to ship.
    """

    name: str
    page: Path
    data: tuple[Path, ...] = ()
    others: tuple[Path, ...] = ()
    url: str | None = None
    is_generated: bool = False

    @property
    def about(self) -> str:
        """First sentence of the comment in the YAML file, or its part before a colon, without the mark."""
        comment = re.findall(r"^# ?(.*)$", self.page.read_text(encoding="utf-8"), re.MULTILINE)
        text = " ".join(comment[: comment.index("")] if "" in comment else comment)
        return re.split(r"(?<=[.:])\s(?=[A-Z])|(?<=\.)$", text, maxsplit=1)[0].rstrip(".:")

    @property
    def command(self) -> str:
        """The command that takes the YAML file: train, compare or sweep."""
        if self.name.startswith(SWEEPS):
            return "sweep"
        return "compare" if self.others else "train"

    @property
    def is_for_any_data(self) -> bool:
        """Whether the configuration is meant for any text of the user, in place of the text that ships."""
        return self.name.startswith("text_")

    def files(self) -> dict[str, bytes]:
        """Return the contents of the files to write, by path: data, compared configurations and YAML file."""
        pages = {page.name: _moved(page) for page in (*self.others, self.page)}
        return {**{f"data/{path.name}": path.read_bytes() for path in self.data}, **pages}


def example_names() -> list[str]:
    """Return the names of all examples, sorted."""
    return sorted(path.stem for path in (_home() / "configs").glob("*.yaml"))


def examples() -> list[Example]:
    """Return all examples, sorted by name."""
    return [example(name) for name in example_names()]


def example(name: str) -> Example:
    """Return the example with a name.

    Raises:
        UsageError: there is no such example; the message has the similar names, or all names if none is.
    """
    if name not in (names := example_names()):
        found = near(name, names)
        meant = f"did you mean {' or '.join(map(repr, found))}?" if found else f"there are {', '.join(names)}"
        raise UsageError(f"no such example {name!r}; {meant}")
    page = _home() / "configs" / f"{name}.yaml"
    if not name.startswith((COMPARES, SWEEPS)):
        dataset = read_any(page).dataset
        if isinstance(dataset, GeneratedDataset):
            return Example(name, page, is_generated=True)
        return Example(name, page, tuple(chain.from_iterable(dataset.files.values())), url=dataset.url)
    if name.startswith(SWEEPS):
        others = [page.parent / read_sweep(page).page.sweep]
    else:
        others = list(dict.fromkeys(each.path for each in read_comparison(page)[1]))
    single = [example(path.stem) for path in others]
    data = dict.fromkeys(path for each in single for path in each.data)
    is_generated = all(each.is_generated for each in single)
    return Example(name, page, tuple(data), tuple(others), is_generated=is_generated)


def _home() -> Path:
    """Return the folder with `configs/` and `data/`: in the installed package, else in the source tree."""
    inside = PACKAGE / "examples"
    return inside if inside.is_dir() else PACKAGE.parent


def _moved(page: Path) -> bytes:
    """Return the content of a YAML file of `configs/`, with the paths changed for a place beside `data/`."""
    text = page.read_text(encoding="utf-8")
    return text.replace("../data/", "data/").replace("configs/", "").encode()
