"""The experiments that ship: pages of `configs/` and files of `data/`, in the package or in its source tree.

`setup.py` copies both folders into the wheel, as `rnnlab/examples/`; they stand once in the source tree.
"""

import re
from dataclasses import dataclass
from pathlib import Path

from rnnlab.config.comparison import read_comparison
from rnnlab.config.reading import read_experiment
from rnnlab.errors import UsageError, near

PACKAGE = Path(__file__).parents[1]
COMPARES = "compare_"
"""How the names of pages begin that compare others."""


@dataclass(frozen=True)
class Example:
    """A page that ships.

    Attributes:
        name: of it, without the extension.
        page: its file.
        data: the files that it reads, in `data/`.
        compared: the pages that it compares; none of an experiment.
        url: the address that its data is downloaded from; None where it ships.
    """

    name: str
    page: Path
    data: tuple[Path, ...] = ()
    compared: tuple[Path, ...] = ()
    url: str | None = None

    @property
    def about(self) -> str:
        """The first sentence of its page."""
        comment = re.findall(r"^# ?(.*)$", self.page.read_text(encoding="utf-8"), re.MULTILINE)
        text = " ".join(comment[: comment.index("")] if "" in comment else comment)
        return re.split(r"(?<=[.:])\s(?=[A-Z])|(?<=\.)$", text, maxsplit=1)[0].rstrip(".:")

    @property
    def is_for_any_data(self) -> bool:
        """Whether its page is meant for another text than the one that ships."""
        return self.name.startswith("text_")

    def files(self) -> dict[str, bytes]:
        """Return what is to be written, by its path: the data, the pages that are compared, and the page."""
        pages = {page.name: _moved(page) for page in (*self.compared, self.page)}
        return {**{f"data/{path.name}": path.read_bytes() for path in self.data}, **pages}


def example_names() -> list[str]:
    """Return the names of all examples, sorted."""
    return sorted(path.stem for path in (_home() / "configs").glob("*.yaml"))


def examples() -> list[Example]:
    """Return all examples, by name."""
    return [example(name) for name in example_names()]


def example(name: str) -> Example:
    """Return the example of a name.

    Raises:
        UsageError: there is none; with those that are spelled like it.
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
    """The folder that has `configs/` and `data/`: in the installed package, or around its source."""
    inside = PACKAGE / "examples"
    return inside if inside.is_dir() else PACKAGE.parent


def _moved(page: Path) -> bytes:
    """A page that stands beside the folder `data/`, and no longer in a folder `configs/` beside it."""
    text = page.read_text(encoding="utf-8")
    return text.replace("../data/", "data/").replace("configs/", "").encode()
