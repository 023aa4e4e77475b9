"""The house rules of DESIGN.md and STYLE.md that a machine can check, as functions of a package's folder.

Each gives a line `path:line: problem` for every breach.
"""

import ast
import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

PACKAGE = Path(__file__).parents[1] / "rnnlab"

STEPPER = {"engines.numpy", *(f"engines.{name}" for name in ("Stepper", "Stream", "State", "Logits", "Ids"))}
"""The part of the engines that works without TensorFlow."""

FOUNDATION = {"errors", "extras", "files", "processes", "signals", "unicode_text"}
"""The modules that are no room: every room may import them. They import one another as `ARROWS` says."""

ARROWS: dict[str, set[str]] = {
    "": {"api", "config", "runs"},
    "errors": set(),
    "unicode_text": set(),
    "signals": set(),
    "extras": set(),
    "files": {"signals"},
    "processes": {"signals"},
    "music": set(),
    "config": {"music"},
    "models": {"config", "music"},
    "datasets": {"config", "music"},
    "engines": {"models"},
    "generation": {*STEPPER, "config", "datasets", "models", "music"},
    "evaluation": {*STEPPER, "config", "datasets", "generation", "models"},
    "runs": {"config", "datasets", "engines.tensorflow.start", "models"},
    "reports": {
        *("config", "datasets", "evaluation", "generation", "models", "music", "runs"),
        *("sweeps.improvement", "sweeps.results"),
    },
    "tracing": {"config", "datasets", "engines", "models", "reports"},
    "suggestions": {"config", "datasets", "music"},
    "exports": {"config", "datasets", "engines", "generation", "models", "music", "runs"},
    "training": {
        "config",
        "datasets",
        "engines",
        "evaluation",
        "exports.tensorboard",
        "generation",
        "models",
        "runs",
    },
    "trials": {"config", "datasets", "evaluation", "runs", "training"},
    "sweeps": {
        *(
            "config",
            "datasets",
            *STEPPER,
            "evaluation",
            "models",
            "runs",
            "suggestions",
            "training",
            "trials",
        ),
    },
    "comparison": {
        *("config", "datasets", *STEPPER, "evaluation", "generation", "models", "reports", "runs"),
    },
    "terminal": {"runs", "tracing", "training"},
    "api": {
        *(
            "config",
            "datasets",
            "evaluation",
            "exports",
            "generation",
            "models",
            "music",
            "reports",
            "runs",
            "training",
        ),
    },
    "commands": {
        "api",
        *("comparison", "config", "datasets", "engines", "evaluation", "exports", "generation", "models"),
        *("music", "reports", "runs", "suggestions", "sweeps", "terminal", "tracing", "training", "trials"),
    },
    "__main__": {"commands", "terminal"},
}
"""What each room may import beside itself, `FOUNDATION` and the version; it stands below what imports it."""

MANY_ROOMS = {
    "api": "it offers what every room below does",
    "commands": "each command calls one or two of the rooms; together they call all",
    "exports": "the page has data, settings, network, history and equations of a run",
    "comparison": "a comparison trains, measures, draws and has a report",
    "reports": "a report shows the data, the model, its measures and what it writes",
    "sweeps": "a sweep chooses settings, trains, measures and keeps the results",
    "training": "a training reads data, compiles a model, validates, samples and writes a run folder",
}
"""Why a room needs six others or more."""

FRAMEWORKS: dict[str, tuple[str, ...]] = {
    "tensorflow": ("engines/tensorflow/*.py",),
    "keras": ("training/**/*.py", "engines/tensorflow/*.py", "models/network.py", "models/task_network.py"),
}
"""The only modules that may import a framework: nothing else may cost its start-up time."""

SEVERAL = {
    "commands/compare.py": "trainings",  # of two configurations or more
    "commands/comparison_results.py": "pairs",
    "commands/fold_results.py": "folds",
    "commands/hints.py": "trainings",  # of a comparison
    "commands/replay.py": "files",
    "commands/sample_files.py": "files",
    "commands/trace.py": "numbers",
    "config/contradictions.py": "weights",
    "config/sweep.py": "epochs, folds",
    "sweeps/suggested.py": "tokens",
    "datasets/batches.py": "batches, windows, tokens",
    "training/folds.py": "parts, sequences, blocks, tokens, gap, folds",
    "datasets/loading.py": "steps, copies",
    "datasets/parts.py": "tokens",
    "datasets/splits.py": "tokens, windows, folds, times",
    "datasets/texts.py": "files",
    "exports/onnx_model.py": "bytes",
    "exports/page_file.py": "tokens",
    "generation/writing.py": "tokens",
    "models/architecture.py": "weights, logits",
    "models/task_architecture.py": "weights",
    "music/abc/__init__.py": "lines",
    "music/abc/voice.py": "notes",
    "music/bars.py": "notes",  # whole notes, in fractions
    "music/kern_spines.py": "notes",  # quarter notes
    "music/melody.py": "notes",
    "music/midi.py": "steps",
    "music/musicxml_part.py": "semitones",  # shifts with their signs
    "music/voice.py": "notes",  # whole notes, in fractions
    "music/files.py": "tunes",
    "reports/copies.py": "samples",
    "runs/history.py": "numbers",
    "reports/overview.py": "tokens, samples, copies",  # of a kind; of samples
    "reports/description.py": "lanes",
    "models/tensor_file.py": "bytes",
    "suggestions/yaml_file.py": "files",
    "suggestions/survey.py": "lines, files",
    "reports/works.py": "notes",
    "terminal/tables.py": "columns",  # of a terminal
    "tracing/coloured.py": "units",
    "tracing/page.py": "numbers",
    "tracing/view.py": "units",
    "comparison/verdict.py": "seeds",
    "tracing/reading.py": "tokens",
    "tracing/tracing.py": "steps, values",
    "training/checkpoints.py": "lanes, windows",
    "training/stopping.py": "steps",
}
"""Nouns by module, of which messages count two or more, whatever happens: so they are written as plurals."""

SAME_NAME = {"command"}
"""Public names that several modules have: Click finds each command of `commands/` by this one."""

COUNTABLE = (
    "batches blocks bytes characters columns copies cuts documents epochs events features files folds items"
    " keys lanes layers lines models notes numbers pairs parameters parts processes rows runs samples seeds"
    " semitones sequences steps targets threads times tokens trainings tunes units values weights windows"
)
"""Plurals of what messages count."""

FLAGS = {
    "api/training.py",  # which says `set` for `--set`
    "config/overrides.py",  # a setting's place is `--set model.units`
    "config/reading.py",
    "tracing/page.py",  # a variable of CSS
    "config/reference.py",  # says how it is printed
    "config/dataset.py",  # the page of reference names a command
}
"""Modules below the commands that name a flag."""

LONGEST_FUNCTION = 50
LONGEST_MODULE = 400


@dataclass(frozen=True)
class Module:
    """A parsed source file; `path` is relative to the package."""

    path: Path
    source: str

    @property
    def tree(self) -> ast.Module:
        return ast.parse(self.source)

    @property
    def name(self) -> str:
        """Dotted, without the package: `config.schema`, and "" for the package itself."""
        parts = self.path.with_suffix("").parts
        return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)

    @property
    def part(self) -> str:
        return self.name.partition(".")[0]

    def at(self, node: ast.AST, problem: str) -> str:
        return f"{self.path.as_posix()}:{node.lineno}: {problem}"  # type: ignore[attr-defined]


def modules(package: Path) -> list[Module]:
    """Every source file of a package."""
    paths = sorted(package.rglob("*.py"))
    return [Module(path.relative_to(package), path.read_text(encoding="utf-8")) for path in paths]


def imports(module: Module) -> Iterator[tuple[ast.AST, str]]:
    """Every absolute name that a module imports, wherever in it: `from a.b import c` gives `a.b.c`."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Import):
            yield from ((node, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from ((node, f"{_origin(module, node)}.{alias.name}") for alias in node.names)


def upward_arrows(package: Path) -> Iterator[str]:
    """Imports of a part that the table does not allow."""
    for module in modules(package):
        if module.part and module.part not in ARROWS:
            yield f"{module.path.as_posix()}:1: {module.part} has no row in ARROWS"
            continue
        for node, name in imports(module):
            target = name.removeprefix(f"{package.name}.")
            if name.startswith(f"{package.name}.") and not _may_import(module.part, target):
                yield module.at(node, f"{module.part or package.name} may not import {target}")


def circles(package: Path) -> Iterator[str]:
    """Modules that import one another in a circle; imports in functions and for type checking count too."""
    found = {module.name: module for module in modules(package)}
    edges = {name: set(_imported_modules(module, found)) for name, module in found.items()}
    for name, module in found.items():
        below = _reached(name, edges)
        if name in below:
            circle = sorted(other for other in below if name in _reached(other, edges))
            yield f"{module.path.as_posix()}:1: in a circle of imports: {', '.join(circle)}"


def repeated_names(package: Path) -> Iterator[str]:
    """Public classes and functions that have the name of another."""
    homes: dict[str, str] = {}
    for module in modules(package):
        for node in module.tree.body:
            if not isinstance(node, ast.ClassDef | ast.FunctionDef) or node.name.startswith("_"):
                continue
            if node.name in homes and node.name not in SAME_NAME:
                yield module.at(node, f"{node.name} is also in {homes[node.name]}")
            homes.setdefault(node.name, module.path.as_posix())


def misplaced_frameworks(package: Path) -> Iterator[str]:
    """Imports of TensorFlow or Keras where the table does not allow them."""
    for module in modules(package):
        for node, name in imports(module):
            framework = name.partition(".")[0]
            homes = FRAMEWORKS.get(framework)
            if homes and not any(module.path in _matches(package, home) for home in homes):
                yield module.at(node, f"{framework} may be imported only in {', '.join(homes)}")


def prints(package: Path) -> Iterator[str]:
    """Ways to print, anywhere but in `commands/` and `terminal/`."""
    for module in modules(package):
        if module.part in {"commands", "terminal"}:
            continue
        for node in ast.walk(module.tree):
            if isinstance(node, ast.Name) and node.id in {"print", "pprint"}:
                yield module.at(node, f"{node.id} is for commands/ and terminal/ only")
            if isinstance(node, ast.Attribute) and ast.unparse(node) in {"sys.stdout", "sys.stderr.write"}:
                yield module.at(node, f"{ast.unparse(node)} is for commands/ and terminal/ only")
        for node, name in imports(module):
            if name.partition(".")[0] == "click":
                yield module.at(node, "click is for commands/ and terminal/ only")


def flags(package: Path) -> Iterator[str]:
    """Texts that name a flag of the command line, where they are not its own: in Python there is none.

    What a page of YAML says of commands, and a place in a list of settings, may.
    """
    for module in modules(package):
        path = module.path.as_posix()
        if module.part in {"commands", "suggestions", "terminal"} or path in FLAGS:
            continue
        tree = module.tree
        docstrings = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
        for node in ast.walk(tree):
            text = node.value if isinstance(node, ast.Constant) and id(node) not in docstrings else ""
            if found := re.search(r"(?<!\w)--[a-z][\w-]*", str(text)):
                yield module.at(node, f"{found[0]}: an error has Argument(name) for it")


def long_code(package: Path) -> Iterator[str]:
    """Functions and modules that are too long to be one idea."""
    for module in modules(package):
        lines = len(module.source.splitlines())
        if lines > LONGEST_MODULE:
            yield f"{module.path.as_posix()}:1: {lines} lines, more than {LONGEST_MODULE}"
        for node in ast.walk(module.tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                length = (node.end_lineno or node.lineno) - node.lineno + 1
                if length > LONGEST_FUNCTION:
                    yield module.at(node, f"{node.name} has {length} lines, more than {LONGEST_FUNCTION}")


def asserts(package: Path) -> Iterator[str]:
    """`assert` statements: they vanish under `python -O`, and tell a user nothing."""
    for module in modules(package):
        for node in ast.walk(module.tree):
            if isinstance(node, ast.Assert):
                yield module.at(node, "raise an error with a message instead of assert")


def unmarked_folders(package: Path) -> Iterator[str]:
    """Folders of modules without an `__init__.py`: an installed rnnlab would lack them."""
    for folder in sorted({path.parent for path in package.rglob("*.py")} - {package}):
        if not (folder / "__init__.py").is_file():
            yield f"{folder.relative_to(package).as_posix()}: has no __init__.py"


def uncounted_nouns(package: Path) -> Iterator[str]:
    """Texts in which a number is followed by a plural, whatever the number is: `1 windows`."""
    plurals = "|".join(COUNTABLE.split())
    noun = re.compile(rf" (?:[a-z]+ )?({plurals})\b")
    for module in modules(package):
        several = SEVERAL.get(module.path.as_posix(), "").split(", ")
        for node in ast.walk(module.tree):
            pieces = node.values if isinstance(node, ast.JoinedStr) else []
            for number, text in itertools.pairwise(pieces):
                if not (isinstance(number, ast.FormattedValue) and isinstance(text, ast.Constant)):
                    continue
                found = noun.match(str(text.value))
                if found and found[1] not in several and _may_be_one(number):
                    yield module.at(node, f"{found[1]}: count_of(number, noun) knows when it is one")


def _may_be_one(number: ast.FormattedValue) -> bool:
    """Whether a value in a text is a count, and no constant, measure or word."""
    value = ast.unparse(number.value)
    measured = number.format_spec is not None and ast.unparse(number.format_spec)[2:-1] not in {"", ","}
    is_limit = value.lower().startswith("most")
    return not (measured or is_limit or re.sub(r"[^A-Za-z]", "", value).isupper() or "count_of(" in value)


def _may_import(part: str, target: str) -> bool:
    """Whether a part may import `config.schema.Experiment`, or the package's own `__version__`."""
    top = target.partition(".")[0]
    if top not in ARROWS or top in {part, *FOUNDATION}:
        return True
    return any(f"{target}.".startswith(f"{allowed}.") for allowed in ARROWS[part])


def _imported_modules(module: Module, found: dict[str, Module]) -> Iterator[str]:
    """The modules of the package, but the package itself, from which a module imports."""
    for _, name in imports(module):
        inside = name.removeprefix(f"{PACKAGE.name}.")
        if inside != name and (target := inside if inside in found else inside.rpartition(".")[0]) in found:
            yield from filter(None, [target])


def _reached(start: str, edges: dict[str, set[str]]) -> set[str]:
    """The modules that a module imports, and those that they import."""
    seen, waiting = set[str](), [*edges[start]]
    while waiting:
        if (other := waiting.pop()) not in seen:
            seen.add(other)
            waiting += edges[other]
    return seen


def _origin(module: Module, node: ast.ImportFrom) -> str:
    """The absolute name of what `from … import` imports from, the dots of a relative import resolved."""
    if not node.level:
        return node.module or ""
    folder = (PACKAGE.name, *module.path.parts[:-1])
    return ".".join([*folder[: len(folder) - node.level + 1], *filter(None, [node.module])])


def _matches(package: Path, pattern: str) -> set[Path]:
    return {path.relative_to(package) for path in package.glob(pattern)}


RULES = [
    upward_arrows,
    circles,
    repeated_names,
    misplaced_frameworks,
    prints,
    flags,
    long_code,
    asserts,
    unmarked_folders,
]
