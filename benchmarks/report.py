"""Print the table of a benchmark, as text or as JSON, with the machine it was measured on."""

import json
import os
import platform
from collections.abc import Sequence
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import click

NO_TORCH = "PyTorch is not installed, so its column is empty: pip install '.[bench]'."
PACKAGES = ("tensorflow", "keras", "torch", "numpy")

repeats_option = click.option(
    "--repeats",
    type=click.IntRange(1, 100),
    default=3,
    show_default=True,
    help="Measurements of each program.",
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")


@dataclass(frozen=True)
class Column:
    """A column of figures: heading, unit, factor by which figures are multiplied, and number of decimals."""

    heading: str
    unit: str = ""
    scale: float = 1.0
    digits: int = 1


@dataclass
class Report:
    """A table of figures, with the ratios in the last columns."""

    title: str
    columns: Sequence[Column]
    repeats: int
    rows: list[tuple[str, tuple[float | None, ...]]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def add(self, name: str, *figures: float | None) -> None:
        """Add a row; None leaves a cell empty."""
        self.rows.append((name, figures))

    def note(self, sentence: str) -> None:
        """Add a sentence below the table."""
        self.notes.append(sentence)

    def show(self, *, as_json: bool) -> None:
        """Print the table, or one JSON object with the same."""
        click.echo(json.dumps(self._facts(), indent=2, ensure_ascii=False) if as_json else self._table())

    def _facts(self) -> dict[str, object]:
        names = [column.heading for column in self.columns]
        rows = [{"case": name, **dict(zip(names, figures, strict=True))} for name, figures in self.rows]
        facts: dict[str, object] = {"title": self.title, "repeats": self.repeats, "notes": self.notes}
        return {**facts, "machine": machine(), "rows": rows}

    def _table(self) -> str:
        width = max(len(name) for name in ["", *(name for name, _ in self.rows)]) + 2
        lines = [" " * width + "".join(f"{column.heading:>14}" for column in self.columns)]
        lines.append(" " * width + "".join(f"{column.unit:>14}" for column in self.columns))
        for name, figures in self.rows:
            cells = (shown(figure, c) for figure, c in zip(figures, self.columns, strict=True))
            lines.append(f"{name:<{width}}" + "".join(f"{cell:>14}" for cell in cells))
        return "\n".join([self.title, "", *lines, "", f"Medians of {self.repeats}. {machine()}", *self.notes])


def shown(figure: float | None, column: Column) -> str:
    """Return a figure as the table shows it."""
    return "—" if figure is None else f"{figure * column.scale:,.{column.digits}f}"


def machine() -> str:
    """Return the processor and the versions that the figures depend on, as one sentence."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    packages = ", ".join(f"{name} {installed}" for name in PACKAGES if (installed := _version(name)))
    return f"{cores} cores of {_processor()}; Python {platform.python_version()}, {packages}."


def _version(package: str) -> str | None:
    try:
        return version(package).partition("+")[0]
    except PackageNotFoundError:
        return None


def _processor() -> str:
    """Return the name of the processor; on Linux also its widest vector instructions."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    pairs = (line.split(":", 1) for line in lines if ":" in line)
    facts = {name.strip(): value.strip() for name, value in pairs}
    flags = facts.get("flags", "").split()
    widest = next((name for name in ("avx512f", "avx2") if name in flags), "")
    return f"{facts.get('model name', platform.machine())} ({widest})".replace(" ()", "")
