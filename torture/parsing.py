"""Thousands of hostile configurations, data files and seeds: none may crash, hang or fill the memory.

Run `python -m torture.parsing [--cases N] [--random-seed S]`. It prints each failing case, and then exits
with 1.
"""

import sys
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import click

from torture.cases import KINDS, Case, make_case, prepare
from torture.hostile import LARGE
from torture.verdict import Verdict, judge, peak_memory

MOST_SHOWN = 20
"""Maximum number of failures of one kind to print."""


@dataclass
class Tally:
    """Results of the cases of one kind."""

    kind: str
    cases: int = 0
    valid: int = 0
    refused: int = 0
    slowest: float = 0.0
    failures: list[str] = field(default_factory=list)

    def add(self, number: int, case: Case, verdict: Verdict) -> None:
        """Count a case."""
        self.cases += 1
        self.refused += verdict.refused
        self.valid += not verdict.refused and not verdict.failure
        self.slowest = max(self.slowest, verdict.seconds)
        if verdict.failure:
            self.failures.append(f"{self.kind} {number}: {verdict.failure}\n    from {case.data[:2000]!r}")

    def row(self) -> str:
        """Return the counts of cases, the slowest case (ms of processor time), and the peak memory (MB)."""
        counts = (self.cases, self.valid, self.refused, len(self.failures))
        figures = [f"{count:>10,}" for count in counts]
        return f"{self.kind:<8}{''.join(figures)}{1e3 * self.slowest:>14,.0f}{peak_memory() / 1e6:>10,.0f}"


@click.command()
@click.option(
    "--cases", type=click.IntRange(1), default=10_000, show_default=True, help="Cases of each kind."
)
@click.option("--random-seed", type=click.IntRange(0), default=0, show_default=True, help="Draws the cases.")
@click.option(
    "--only", nargs=2, type=(click.Choice(list(KINDS)), int), help="Only this case, by kind and number."
)
def main(cases: int, random_seed: int, only: tuple[str, int] | None) -> None:
    """Give rnnlab hostile input of every kind, in one process."""
    failed = False
    print(f"{'':<8}{'cases':>10}{'valid':>10}{'refused':>10}{'failed':>10}{'slowest ms':>14}{'peak MB':>10}")
    for kind in [only[0]] if only else KINDS:
        numbers = range(min(cases, len(LARGE)) if kind == "large" else cases)
        tally = run(kind, [only[1]] if only else numbers, random_seed=random_seed)
        print(tally.row(), flush=True)
        print("\n".join(tally.failures[:MOST_SHOWN]), end="\n" * bool(tally.failures))
        failed |= bool(tally.failures)
    sys.exit(1 if failed else 0)


def run(kind: str, numbers: Iterable[int], *, random_seed: int) -> Tally:
    """Run some cases of a kind, and return their results."""
    tally = Tally(kind)
    for number, case in _cases(kind, numbers, random_seed):
        tally.add(number, case, judge(case.read))
    return tally


def _cases(kind: str, numbers: Iterable[int], random_seed: int) -> Iterator[tuple[int, Case]]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        prepare(folder)
        for number in numbers:
            yield number, make_case(kind, number, random_seed=random_seed, folder=folder)


if __name__ == "__main__":
    main()
