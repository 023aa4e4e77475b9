"""The examples that rnnlab ships: the configurations of `configs/` with their files of `data/`.

The source tree has both folders at its top; `setup.py` copies them into the wheel as `rnnlab/examples/`.
"""

import re
from dataclasses import dataclass
from pathlib import Path

from rnnlab.config.comparison import read_comparison
from rnnlab.config.reading import read_experiment
from rnnlab.errors import UsageError, near

PACKAGE = Path(__file__).parents[1]
COMPARES = "compare_"
"""The prefix of configurations that compare others."""


@dataclass(frozen=True)
class Example:
    """An example: a configuration, or a comparison of several.

    Attributes:
        name: its name, without the suffix.
        page: its YAML file.
        data: the files of `data/` that it reads.
        compared: the configurations that it compares; empty for a single experiment.
        url: the address that its data is downloaded from; None if its data ships with rnnlab.
    """

    name: str
    page: Path
    data: tuple[Path, ...] = ()
    compared: tuple[Path, ...] = ()
    url: str | None = None

    @property
    def about(self) -> str:
        """The first sentence of the comment in its YAML file."""
        comment = re.findall(r"^# ?(.*)$", self.page.read_text(encoding="utf-8"), re.MULTILINE)
        text = " ".join(comment[: comment.index("")] if "" in comment else comment)
        return re.split(r"(?<=[.:])\s(?=[A-Z])|(?<=\.)$", text, maxsplit=1)[0].rstrip(".:")

    @property
    def is_for_any_data(self) -> bool:
        """Whether the configuration is meant for the user's own text, in place of the shipped one."""
        return self.name.startswith("text_")

    def files(self) -> dict[str, bytes]:
        """Return the files to write, by path: the data, the compared configurations and its own YAML."""
        pages = {page.name: _moved(page) for page in (*self.compared, self.page)}
        return {**{f"data/{path.name}": path.read_bytes() for path in self.data}, **pages}


def example_names() -> list[str]:
    """Return the names of all examples, sorted."""
    return sorted(path.stem for path in (_home() / "configs").glob("*.yaml"))


def examples() -> list[Example]:
    """Return all examples, by name."""
    return [example(name) for name in example_names()]


def example(name: str) -> Example:
    """Return the example with a name.

    Raises:
        UsageError: there is no such example; the message names those with a similar name.
    """
    if name not in (names := example_names()):
        found = near(name, names)
        meant = f"did you mean {' or '.join(map(repr, found))}?" if found else f"there are {', '.join(names)}"
        raise UsageError(f"no such example {name!r}; {meant}")
    page = _home() / "configs" / f"{name}.yaml"
    if not name.startswith(COMPARES):
        dataset = read_experiment(page).dataset
        return Example(name, page, tuple(map(Path, dataset.path or ())), url=dataset.url)
    _, compared = read_comparison(page)
    data = {path: None for each in compared for path in example(each.stem).data}
    return Example(name, page, tuple(data), tuple(compared))


def _home() -> Path:
    """Return the folder with `configs/` and `data/`, of the installed package or of the source tree."""
    inside = PACKAGE / "examples"
    return inside if inside.is_dir() else PACKAGE.parent


def _moved(page: Path) -> bytes:
    """Return a YAML file with new paths: it is written beside `data/`, not into a folder `configs/`."""
    text = page.read_text(encoding="utf-8")
    return text.replace("../data/", "data/").replace("configs/", "").encode()
