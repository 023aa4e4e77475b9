"""Every message that names a command or a flag: what prints it, and what it tells to type.

`HINTS` has a row for each. `hints_of` finds them in the package, so that a new one without a row is noticed.
"""

import ast
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

PACKAGE = Path(__file__).parents[1] / "rnnlab"

_NAMES = "new|train|evaluate|generate|trace|compare|plot|describe|report|export|runs|replay|convert|schema"
_NAMED = re.compile(
    rf"\brnnlab ({_NAMES})\b|(?<![\w-])--[a-z][a-z-]+|\biconv |\btr -d|\btensorboard --|\bpip "
)
_PRINTED = re.compile(rf": (rnnlab ({_NAMES})\b.*)")

AWKWARD = 'it\'s [1] "$x" & *'
"""A name that a shell would take for something else."""


@dataclass(frozen=True)
class Hint:
    """A message that names a command or a flag.

    Attributes:
        typed: the arguments that print it.
        then: the arguments that it tells to type; empty where it prints the whole command.
    """

    typed: str
    then: str = ""


def printed_commands(message: str) -> list[str]:
    """The commands that a message prints, each up to what ends it: `;`, `)` or `, or` outside of quotes."""
    found, rest = [], message
    while match := _PRINTED.search(rest):
        command, rest = _until_its_end(match[1])
        found.append(command)
    return found


def _until_its_end(text: str) -> tuple[str, str]:
    quote, at = "", 0
    while at < len(text):
        letter = text[at]
        if quote and letter == "\\" and quote == "$'":
            at += 1
        elif quote:
            quote = "" if letter == quote[-1] else quote
        elif letter in "'\"":
            quote = "$'" if letter == "'" and text[at - 1 : at] == "$" else letter
        elif letter == "\\":
            at += 1
        elif letter in ";)" or text.startswith(", or ", at) or letter == "\n":
            break
        at += 1
    return text[:at], text[at:]


def hints_of(package: Path) -> Iterator[tuple[str, str]]:
    """Each text of the package that names a command or a flag, with its place; `{}` stands for a value.

    Left out are docstrings, and the options themselves with their help.
    """
    for path in sorted(package.rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        skipped = set(map(id, _no_messages(tree)))
        for node in ast.walk(tree):
            text = _text(node)
            if id(node) not in skipped and text and _NAMED.search(text):
                yield f"{path.relative_to(package).as_posix()}:{node.lineno}", text  # type: ignore[attr-defined]


def pattern_of(hint: str) -> re.Pattern[str]:
    """What a message looks like that is made of a text of the package."""
    return re.compile(".*?".join(map(re.escape, hint.split("{}"))), re.DOTALL)


def _text(node: ast.AST) -> str:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(str(each.value) if isinstance(each, ast.Constant) else "{}" for each in node.values)
    return ""


def _no_messages(tree: ast.Module) -> Iterator[ast.AST]:
    """Docstrings, the parts of formatted texts, and what stands in the definition of an option."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef):
            yield from (each.value for each in node.body if isinstance(each, ast.Expr))
        elif isinstance(node, ast.JoinedStr):
            yield from node.values
        elif isinstance(node, ast.Call) and ast.unparse(node.func) in (
            "click.option",
            "click.version_option",
        ):
            yield from ast.walk(node)


RUN, MLP, STREAM, NO_SEED = "runs/song-1", "runs/mlp-1", "runs/stream-1", "runs/unseeded-1"
PAGE, PAIR = shlex.quote(f"{AWKWARD}.yaml"), shlex.quote(f"{AWKWARD} pair.yaml")
FILED, PARTS = (shlex.quote(f"other/{AWKWARD} {name}") for name in ("filed", "parts"))
TRACE = f"trace {RUN} --input 'g8 e8 e4 f8'"

HINTS = [
    Hint("tarin", "--help"),
    Hint("train", "train --help"),
    Hint("train --run-dir x --resume", f"describe {PAGE}"),
    Hint(f"train {PAIR}"),
    Hint(f"train {PAGE} --run-dir there", f"train {PAGE} --set training.epochs=1 --run-dir fresh --quiet"),
    Hint("train broken.yaml", "schema"),
    Hint("describe many.yaml", "schema"),
    Hint(f"compare {RUN} {RUN} --epochs 3", f"compare {RUN} {RUN}"),
    Hint(f"compare {RUN} {RUN} --set a=1 --seeds 3", f"compare {RUN} {RUN}"),
    Hint(f"compare {PAGE} {PAGE} --seconds nan", f"compare {RUN} {RUN}"),
    Hint(f"compare {PAGE} {PAGE} --epochs 1 --seconds 1", f"compare {RUN} {RUN}"),
    Hint(f"compare {PAGE} {PAGE} --set training.random_seed=1", "compare --help"),
    Hint("convert song.notes a.mid --transpose x", "convert song.notes a.mid --transpose 2"),
    Hint("convert song.mid a.notes --grid x", "convert song.mid a.notes --grid 1/16"),
    Hint("convert song.notes a.mid --meter 3", "convert song.notes a.abc --meter 3/4"),
    Hint("new", "new --list"),
    Hint("convert song.notes taken.mid", "convert song.notes taken.mid --overwrite"),
    Hint(f"new {PAGE}"),
    Hint("new text.txt --output text.txt", "new text.txt --output other.yaml"),
    Hint(f"new text.txt --output {PAGE}", f"new text.txt --output {PAGE} --force"),
    Hint("new text.txt --output ' n [2].yaml'", "describe ' n [2].yaml'"),
    Hint("new tunes --output tunes.yaml", "generate runs/lines-1 --samples 5"),
    Hint(f"evaluate {RUN} --folds 2 --split train --data x --seeds 2", f"evaluate {RUN}"),
    Hint(f"evaluate {RUN} --output a.csv", f"evaluate {RUN}"),
    Hint(f"evaluate {RUN} --folds 2 --overwrite", f"evaluate {RUN}"),
    Hint(f"evaluate {RUN} --folds 2 --per-token", f"evaluate {RUN} --per-token"),
    Hint(f"evaluate {RUN} --jobs 2", "evaluate --help"),
    Hint(f"evaluate {RUN} --per-token --seeds 2", f"evaluate {RUN} --per-token"),
    Hint(f"evaluate {RUN} --split test", f"evaluate {RUN} --split train"),
    Hint(f"generate {RUN} --label x", f"generate {RUN}"),
    Hint("predict", "predict --help"),
    Hint("predict --input last.txt x", "predict --help"),
    Hint("evaluate gone", f"evaluate {RUN}"),
    Hint("evaluate runs/gone-1", "evaluate runs/gone-1 --data last.txt"),
    Hint("evaluate there", f"evaluate {RUN}"),
    Hint(f"evaluate {FILED}"),
    Hint(f"evaluate {FILED}/model.safetensors"),
    Hint(f"evaluate {FILED} --folds 2"),
    Hint(f"evaluate {PARTS} --split test --data text.txt"),
    Hint(f"compare {FILED} {FILED}"),
    Hint(f"describe {FILED}"),
    Hint(f"trace {FILED} --untrained --input 'the '"),
    Hint(f"export {RUN} --output a", f"export {RUN} --output a.onnx"),
    Hint(f"export {RUN} --output taken.onnx", f"export {RUN} --output taken.onnx --overwrite"),
    Hint(f"export {RUN} --output taken.keras", f"export {RUN} --output other.onnx"),
    Hint(f"export {MLP} --output a.onnx --state", f"export {MLP} --output a.onnx"),
    Hint(f"export {STREAM} --output a.onnx", f"export {STREAM} --output a.onnx --state --overwrite"),
    Hint(f"export {RUN} --output a.html --state", f"export {RUN} --output a.html"),
    Hint(f"export {RUN} --output a.onnx --language ko", f"export {RUN} --output a.onnx --overwrite"),
    Hint(f"export {RUN} --format tensorboard --output a --state", f"export {RUN} --output a.onnx --state"),
    Hint(f"generate {RUN} --output a.b/song.mid", f"generate {RUN} --output song.mid --overwrite"),
    Hint(f"generate {RUN} --output taken.mid", f"generate {RUN} --output taken.mid --overwrite"),
    Hint(f"generate {RUN} --output song.x", f"generate {RUN} --output new.mid"),
    Hint(f"generate {STREAM} --seed the --output a.mid", f"generate {STREAM} --seed the --output a.txt"),
    Hint("replay made.mid made.mid --output a.mid", "replay made.mid --output a.mid"),
    Hint("replay made.mid --output a.svg", "replay made.mid --output a.mid"),
    Hint("replay made.mid --output a.b/a.mid", "replay made.mid --output a.mid"),
    Hint("replay stranger.txt", f"replay stranger.txt --model {FILED}"),
    Hint(f"generate {RUN} --seed ' '", f"generate {RUN} --seed g8"),
    Hint(f"generate {RUN} --stop zz", f"generate {RUN} --stop g8"),
    Hint(f"generate {RUN} --stop 'g8 g8'", f"generate {RUN} --stop g8"),
    Hint(f"plot {STREAM} --output taken.svg", f"plot {STREAM} --output taken.svg --overwrite"),
    Hint(f"plot {STREAM}", f"plot {STREAM} --output new.svg"),
    Hint(f"plot {RUN} --output new.svg"),
    Hint("runs show gone", f"runs show {RUN}"),
    Hint("runs remove gone", "runs"),
    Hint(f"runs remove {RUN}", f"runs remove {RUN} --yes"),
    Hint("runs --csv show latest", "runs --csv"),
    Hint("runs --json --csv", "runs --csv"),
    Hint("runs --json show", "runs show --json"),
    Hint(f"runs --json remove {RUN}", f"runs remove {RUN} --yes"),
    Hint(f"trace {PAGE}", f"trace {PAGE} --untrained --input 'the '"),
    Hint(f"trace {PAGE} --hidden 2 --untrained --input the", f"trace {PAGE} --untrained --input 'the '"),
    Hint("trace --untrained --hidden 2", "trace --untrained --hidden 2 --input hello"),
    Hint("trace --untrained --hidden 0 --input a", "trace --untrained --hidden 2 --input a"),
    Hint("trace --untrained --hidden 99999 --input a", "trace --untrained --hidden 2 --input a"),
    Hint(f"trace {RUN} --hidden 2", "trace --untrained --hidden 2 --input hello"),
    Hint(f"{TRACE} --step 1 --unit 1", f"{TRACE} --step 1"),
    Hint(f"{TRACE} --unit 1 --units 2", f"{TRACE} --units 2"),
    Hint(f"{TRACE} --value c", f"{TRACE} --value c --unit 1"),
    Hint(f"{TRACE} --json --step 1", f"{TRACE} --json"),
    Hint(f"{TRACE} --layer 9", f"{TRACE} --layer 1"),
    Hint(f"{TRACE} --units 999", f"{TRACE} --units 1"),
    Hint(f"{TRACE} --steps 9-999", f"{TRACE} --steps 1-2"),
    Hint(f"{TRACE} --step 99", f"{TRACE} --step 1"),
    Hint(f"{TRACE} --unit 99", f"{TRACE} --unit 1"),
    Hint(f"{TRACE} --unit 1 --value x", f"{TRACE} --unit 1 --value c"),
    Hint(f"{TRACE} --output a.txt", f"{TRACE} --output a.html"),
    Hint(f"{TRACE} --output a.svg --step 1", f"{TRACE} --output a.html --step 1"),
    Hint(f"{TRACE} --output taken.html", f"{TRACE} --output taken.html --overwrite"),
    Hint(f"{TRACE} --of g8", f"{TRACE} --influence --of g8"),
    Hint(f"{TRACE} --influence --unit 1", f"{TRACE} --influence"),
    Hint(f"{TRACE} --influence --json --output x.html", f"{TRACE} --influence --json"),
    Hint(f"{TRACE} --influence --of next", f"{TRACE} --influence --of next --step 2"),
    Hint(f"trace {RUN} --input ''", TRACE),
    Hint(f"trace {RUN} --input g8 --input 'g8 e8'", f"trace {RUN} --input g8 --input e8"),
    Hint(f"trace {MLP} --input 'if yo'", f"evaluate {MLP} --per-token"),
    Hint(f"trace {STREAM} --input 'the quick brown fox'", f"trace {STREAM} --input 'the ' --run-on"),
    Hint("trace runs/windows-1 --input 'if you want'", "trace runs/windows-1 --input 'if you want' --run-on"),
    Hint(f"trace {RUN} --input 'g8 e8 e4 f8 d8 d4'", f"trace {RUN} --input 'g8 e8 e4 f8 d8 d4' --run-on"),
    Hint(
        "trace --untrained --hidden 40 --input hello", "trace --untrained --hidden 40 --input hello --units 1"
    ),
    Hint(
        f"trace --untrained --hidden 2 --input {'ab' * 99}",
        f"trace --untrained --hidden 2 --input {'ab' * 99} --steps 1-9",
    ),
    Hint(f"trace {NO_SEED}", f"trace {NO_SEED} --input ' '"),
    Hint(f"generate {NO_SEED}", f"generate {NO_SEED} --seed ' '"),
]
