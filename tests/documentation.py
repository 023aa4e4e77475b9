"""The documentation's pages, the code blocks in them, and the output that stands below the commands.

An `sh` block holds a command; a `text` block directly below it shows what the command prints, on stdout and
stderr, without the lines of progress. A line `…` in it stands for any number of lines. Rewrite the `text`
blocks of a page from real runs, a few minutes of training, with

    python -m tests.documentation --write README.md docs/guide.md

A shortened block stays shortened: as many lines as before stand above its first `…` and below its last `…`,
and between two of them the lines that are most like those before. A block is made where a command has none.
"""

import argparse
import difflib
import os
import re
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Container, Iterator
from dataclasses import dataclass, replace
from enum import IntEnum
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]

LEFT_OUT = "…"
"""A line of a `text` block that stands for any number of lines."""

HOME = "/home/you/rnnlab"
"""The folder that the pages show in place of the one in which the commands were run."""

INSTALLING = ["make install", ". .venv/bin/activate"]
"""What makes `rnnlab` available in a shell."""

SHORTER = {
    "train": ["--set", "training.epochs=3"],
    "compare": ["--epochs", "3", "--seeds", "2", "--jobs", "1"],
    "sweep": ["--trials", "1", "--workers", "1"],
}
"""What keeps a training of the documentation short, by command: one process loads TensorFlow only once."""

GENERATED = ("parity", "copy", "adding", "brackets", "addition", "dates")
"""The beginnings of the names of configurations whose examples are drawn: few are drawn and held out, for one
epoch."""

SLOW = ("names_", "tags", "phones_")
"""The beginnings of the names of configurations that are trained for one epoch only."""

IN_FULL = {"README.md": ("configs/nabiya_stateful_lstm.yaml", "configs/nabiya_mlp.yaml", "tune.yaml")}
"""The configurations that are trained in full, by page: there the song must come out as it is shown."""

WRITING = {"generate", "predict"}
"""The commands whose stdout is what a network writes."""

_FENCE = re.compile(r"^```(.*)\n((?:.*\n)*?)```$", re.MULTILINE)
_UNTRAINED = {"convert", "describe", "new", "schema"}
_SEPARATOR = "\x1e"

_PROGRESS = re.compile(
    r"^(epoch \d+/\d+ .* left|\d+ of \d+  runs/.*|fold \d+ of \d+ is done)\n", re.MULTILINE
)
"""Lines of progress: a terminal draws most of them over one another, and their order may change."""

_VERDICT = re.compile(r"^verdict .*\n(?: .*\n)*", re.MULTILINE)
"""The sentences of `compare` that depend on which configuration is better."""

_COPIES = re.compile(r"^(?:the longest copy, at|(?:A|Not a) copyist:|Copied in part:) .*\n", re.MULTILINE)
"""The sentences on copies, which depend on what a network writes."""
_STUCK = re.compile(r"^ *(stuck: |\d+ of \d+ samples stuck; ).*\n(?: {2,}.*\n)*", re.MULTILINE)
"""What says that a sample repeats itself, which depends on the training."""

_TIME = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d|(?<=tfevents\.)\d+")
_SHA256 = re.compile(r"(?<=sha256 )[0-9a-f]{12}(?=…)")
_DECIMAL = re.compile(r"(?<![\w.-])[-+]?(?:\d[\d,]*\.\d+(?:e[-+]?\d+)?|\d+e[-+]?\d+)(?!\w)")
_NUMBER = re.compile(r"(?<![\w.-])[-+]?\d[\d,]*(?:\.\d+)?(?:e[-+]?\d+)?(?!\w)")
_ROUNDED = re.compile(r"(?<=kept epoch )\d+|(?<=loss )\d+|\d+(?= train\b)|(?<=perplexity )\d+|\b0(?= to )")
"""Whole numbers that depend on rounding: the best epoch, a loss of 0, a perplexity of 1."""


class Comparison(IntEnum):
    """How much of an output is the same on every machine, and is compared."""

    EXACT = 0
    """Every character of every line: nothing is trained."""
    TRAINED = 1
    """Every word and every whole number: a network was trained as the page says."""
    SHORTENED = 2
    """Every word that the network did not write: a network was trained for a few epochs only."""


@dataclass(frozen=True)
class Block:
    """A fenced block of code: what its fence names, its text, and the line of its fence."""

    language: str
    text: str
    line: int

    @property
    def commands(self) -> list[str]:
        """The lines to type, each with those that it goes on in, without comments alone."""
        lines = (line.strip() for line in self.text.replace("\\\n", " ").splitlines())
        return [line for line in lines if line and not line.startswith("#")]

    @property
    def rnnlab_commands(self) -> list[list[str]]:
        """The arguments of every `rnnlab` command among them, in order."""
        return [words for line in self.commands if (words := rnnlab_words(line))]


@dataclass(frozen=True)
class Step:
    """A block to type: the lines of it, the output shown below it, and how that output is compared.

    `lines` are those that a test types: the trainings among them are short.
    """

    block: Block
    lines: tuple[str, ...]
    shown: str | None
    comparison: Comparison

    @property
    def hides(self) -> bool:
        """Whether a network that was trained for a few epochs writes: what it writes is thrown away."""
        writes = any(words[0] in WRITING for words in self.block.rnnlab_commands)
        return writes and self.comparison is Comparison.SHORTENED


def rnnlab_words(line: str) -> list[str]:
    """The arguments of a line that calls `rnnlab`; none for any other line."""
    words = shlex.split(line, comments=True)
    return words[1:] if words[:1] == ["rnnlab"] else []


def shortened(words: list[str]) -> list[str]:
    """The arguments of a command, with those that keep a training short: three epochs, four if it resumes."""
    if words[0] == "train" and "--resume" in words:
        return [*words, "--set", "training.epochs=4"]
    few = ["--set", "dataset.examples=640", "--set", "dataset.held_out=100"]
    if words[0] == "train" and Path(words[1]).stem.startswith(GENERATED):
        return [*words, "--set", "training.epochs=1", *few]
    if words[0] == "train" and Path(words[1]).stem.startswith(SLOW):
        return [*words, "--set", "training.epochs=1"]
    if words[0] == "compare" and Path(words[1]).stem.removeprefix("compare_").startswith(GENERATED):
        return [*words, "--epochs", "1", "--seeds", "2", "--jobs", "1", *few]
    trains = words[0] in {"train", "sweep"} or "--epochs" in words
    trains = trains or any(word.endswith(".yaml") for word in words)
    return [*words, *SHORTER.get(words[0], [])] if trains else words


def name_of(page: Path) -> str:
    """The page's path in the project."""
    return page.relative_to(ROOT).as_posix()


def blocks(page: Path) -> list[Block]:
    """The fenced blocks of a page, in order."""
    text = page.read_text(encoding="utf-8")
    fences = _FENCE.finditer(text)
    return [Block(fence[1], fence[2], text.count("\n", 0, fence.start()) + 1) for fence in fences]


def rnnlab_commands(page: Path) -> list[list[str]]:
    """The arguments of every `rnnlab` command in the page's `sh` blocks, in order."""
    return [words for block in blocks(page) if block.language == "sh" for words in block.rnnlab_commands]


def output_below(page: Path, block: Block) -> Block | None:
    """The `text` block directly below a block of a page; None where something else follows."""
    text = page.read_text(encoding="utf-8").splitlines()
    end = block.line + block.text.count("\n") + 1  # the number of the line that closes the block
    below = [each for each in blocks(page) if each.language == "text" and each.line > end]
    return below[0] if below and not any(text[end : below[0].line - 1]) else None


def steps(page: Path, *, in_full: bool = False) -> list[Step]:
    """All that a page says to type, in order: its `sh` and `python` blocks.

    Trainings are cut to a few epochs, but for those of IN_FULL, or all with `in_full`.
    """
    configs = None if in_full else IN_FULL.get(name_of(page), ())
    found, trained = list[Step](), [Comparison.EXACT]
    for block in blocks(page):
        if block.language == "sh":
            found.append(_step(block, output_below(page, block), configs, trained))
        elif block.language == "python":
            found.append(Step(block, (), None, Comparison.EXACT))
    return found


def as_shown(printed: str, folder: Path) -> str:
    """An output as a page shows it: without progress, and in the folder that pages name.

    A long name of the folder may have begun a line of its own; the one that pages name has room.
    """
    shown = _PROGRESS.sub("", printed).replace(str(folder.resolve()), HOME).replace(str(folder), HOME)
    shown = re.sub(rf"\n +(?={HOME})", " ", shown)
    return f"{shown.rstrip()}\n" if shown.strip() else ""


def missing(step: Step, printed: str) -> str | None:
    """The first part of a shown output that is not what was printed; None if all of it is.

    The parts are those between lines of `…`. With `hides` each line of `printed` must come in what is shown,
    which is then shown whole.
    """
    shown = step.shown or ""
    if step.comparison is Comparison.SHORTENED:
        shown, printed = _COPIES.sub("", shown), _COPIES.sub("", printed)
        shown, printed = _STUCK.sub("", shown), _STUCK.sub("", printed)
    if step.hides:
        parts = [[], *(_tokens(line, step.comparison) for line in printed.splitlines()), []]
        return _first_missing(parts, _tokens(shown, step.comparison))
    if step.comparison is Comparison.SHORTENED:
        shown, printed = _VERDICT.sub("", shown), _VERDICT.sub("", printed)
    parts = [_tokens(part, step.comparison) for part in _parts(shown)]
    return _first_missing(parts, _tokens(printed, step.comparison))


def masked(text: str, comparison: Comparison) -> str:
    """A text in one line, with `#` for each figure that depends on the processor, the clock or the training.

    The sign of a figure, and the brackets that a sign needs, go with it; so does a sign that stands alone.
    """
    text = " ".join(_SHA256.sub("#", _TIME.sub("#", text)).split())
    text = _ROUNDED.sub("#", _DECIMAL.sub("#", text))
    if comparison is Comparison.SHORTENED:
        text = _NUMBER.sub("#", text)
    return " ".join(word for word in text.replace("(#)", "#").split() if word not in {"+", "-"})


def check_outputs(steps: list[Step], printed: list[str]) -> None:
    """Assert that each step that shows an output has printed it."""
    for step, output in zip(steps, printed, strict=True):
        lacking = None if step.shown is None else missing(step, output)
        assert lacking is None, f"line {step.block.line}: {lacking!r} is not next in\n{output}"


def script(steps: list[Step]) -> str:
    """The shell script that types the steps of a page, and prints a separator after each.

    A line that fails ends the script and is printed last. What is printed to stderr goes to stdout.
    """
    text = "exec 2>&1\n"
    for step in steps:
        python = step.block.language == "python"
        for line in (f"python -c {shlex.quote(step.block.text)}",) if python else step.lines:
            quiet = " >/dev/null" if step.hides and set(rnnlab_words(line)[:1]) & WRITING else ""
            typed = line if python else f"{line.partition('  #')[0]}{quiet}"
            text += f"{typed}\n(($? == 0)) || {{ echo {shlex.quote(line)}; exit 1; }}\n"
        text += f"printf '{_SEPARATOR}'\n"
    return text


def outputs(printed: str, folder: Path) -> list[str]:
    """What each step of a script has printed, as a page shows it."""
    return [as_shown(text, folder) for text in printed.split(_SEPARATOR)[:-1]]


def abridged(shown: str, printed: str) -> str:
    """An output, shortened where the shown one is."""
    lines, parts = printed.splitlines(), [part.splitlines() for part in _parts(shown)]
    first, middle, last = parts[0], parts[1:-1], parts[-1]
    if len(parts) == 1 or len(first) + len(last) >= len(lines):
        return printed
    kept, start, end = lines[: len(first)], len(first), len(lines) - len(last)
    for part in middle:
        places = range(start, max(end - len(part), start) + 1)
        place = max(places, key=lambda at: _likeness(part, lines[at : at + len(part)]))
        kept += [LEFT_OUT, *lines[place : place + len(part)]]
        start = place + len(part)
    return "".join(f"{line}\n" for line in [*kept, LEFT_OUT, *lines[end:]])


def rewritten(page: Path, printed: list[str]) -> str:
    """The text of a page with new outputs, one for each step."""
    lines = page.read_text(encoding="utf-8").splitlines(keepends=True)
    for step, output in reversed(list(zip(steps(page), printed, strict=True))):
        end = step.block.line + step.block.text.count("\n") + 1
        below = output_below(page, step.block)
        if below is not None:
            start = below.line
            lines[start : start + below.text.count("\n")] = [abridged(below.text, output)]
        elif step.block.rnnlab_commands and output:
            lines[end:end] = ["```text\n", output, "```\n"]
    return "".join(lines)


def _step(
    block: Block, below: Block | None, configs: Container[str] | None, trained: list[Comparison]
) -> Step:
    """One block of commands; the trainings in it are added to `trained`, which begins with a placeholder.

    Args:
        configs: those that are trained in full; None for all.
    """
    lines, comparison = list[str](), Comparison.EXACT
    for line in block.commands:
        words = rnnlab_words(line)
        short = shortened(words) if words else []
        if short != words:
            full = configs is None or any(word in configs for word in words)
            resumed_in_full = "--resume" in words and trained[-1] is Comparison.TRAINED
            trained.append(Comparison.TRAINED if full or resumed_in_full else Comparison.SHORTENED)
        if words and words[0] not in _UNTRAINED and "--untrained" not in words:
            comparison = max(comparison, max(trained) if words[0] == "runs" else trained[-1])
        lines.append(shlex.join(["rnnlab", *short]) if short != words and trained[-1] > 1 else line)
    return Step(block, tuple(lines), below.text if below else None, comparison)


def _parts(shown: str) -> list[str]:
    """The parts of a shown output before, between and after its lines of `…`."""
    return re.split(rf"^{LEFT_OUT}\n", shown, flags=re.MULTILINE)


def _tokens(text: str, comparison: Comparison) -> list[str]:
    """What is compared: whole lines, or, since figures differ in their width, words."""
    if comparison is Comparison.EXACT:
        return [line.rstrip() for line in text.splitlines()]
    return masked(text, comparison).split()


def _first_missing(parts: list[list[str]], tokens: list[str]) -> str | None:
    """The first part that does not come next. The first part begins the tokens, the last one ends them."""
    first, *rest = parts
    if tokens[: len(first)] != first or not (rest or tokens == first):
        return _from_difference(first, tokens)
    at = len(first)
    for part in rest[:-1]:
        found = (start for start in range(at, len(tokens)) if tokens[start : start + len(part)] == part)
        if (start := next(found, None)) is None:
            return " ".join(part)
        at = start + len(part)
    if rest and tokens[max(at, len(tokens) - len(rest[-1])) :] != rest[-1]:
        return _from_difference(rest[-1], tokens[len(tokens) - len(rest[-1]) :])
    return None


def _from_difference(part: list[str], tokens: list[str]) -> str:
    same = next((at for at, (one, other) in enumerate(zip(part, tokens, strict=False)) if one != other), None)
    return " ".join(part[len(tokens) if same is None else same :][:12]) or "(more was printed)"


def _without_installing(step: Step) -> Step:
    lines = (line for line in step.lines if line.partition("  #")[0].rstrip() not in INSTALLING)
    return replace(step, lines=tuple(lines))


def _likeness(shown: list[str], printed: list[str]) -> float:
    one, other = (masked("\n".join(lines), Comparison.SHORTENED) for lines in (shown, printed))
    return difflib.SequenceMatcher(None, one, other).ratio()


def _pages_named(names: list[str]) -> Iterator[Path]:
    for name in names:
        if (page := (Path.cwd() / name).resolve()) not in PAGES:
            raise SystemExit(f"{name}: expected one of {', '.join(map(name_of, PAGES))}")
        yield page


def _typed(page: Path, folder: Path) -> list[str]:
    """What the steps of a page print in a folder, with every training in full."""
    copy = folder / "rnnlab"
    subprocess.run(["cp", "-r", ROOT / "configs", ROOT / "data", copy], check=True)
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    own = {"PATH": path, "PYTHONPATH": str(ROOT), "RNNLAB_STATE": str(folder / "state")}
    kept = {name: value for name, value in os.environ.items() if name in {"HOME", "LANG", "LC_ALL"}}
    typed = [_without_installing(step) for step in steps(page, in_full=True)]
    shell = subprocess.run(
        ["bash", "--noprofile", "--norc", "-c", script(typed)],
        cwd=copy,
        env={**kept, **own},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    if shell.returncode:
        raise SystemExit(f"{name_of(page)}: {shell.stdout[-2000:]}")
    return outputs(shell.stdout, copy)


def main() -> None:
    """Rewrite the outputs of the named pages."""
    parser = argparse.ArgumentParser(prog="python -m tests.documentation", description=__doc__)
    parser.add_argument("--write", nargs="+", metavar="PAGE", required=True, help="pages, as README.md")
    for page in _pages_named(parser.parse_args().write):
        with tempfile.TemporaryDirectory() as folder:
            (Path(folder) / "rnnlab").mkdir()
            page.write_text(rewritten(page, _typed(page, Path(folder))), encoding="utf-8")


if __name__ == "__main__":
    main()
