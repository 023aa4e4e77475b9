"""The package keeps the house rules, and each rule finds what breaks it."""

from pathlib import Path

import pytest

from tests.architecture import (
    ARROWS,
    PACKAGE,
    RULES,
    asserts,
    flags,
    long_code,
    misplaced_frameworks,
    modules,
    prints,
    unmarked_folders,
    upward_arrows,
)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_the_package_keeps_the_rule(rule):
    """Not one module of the package breaks a house rule."""
    assert list(rule(PACKAGE)) == []


def test_every_part_of_the_package_has_arrows():
    """The table names exactly the parts that there are, so that it cannot fall behind."""
    parts = {module.part for module in modules(PACKAGE)}

    assert parts == ARROWS.keys()


def test_arrows_point_down_only():
    """Nothing that a part may import, however far below, may import that part."""

    def below(part):
        direct = {allowed.partition(".")[0] for allowed in ARROWS[part]}
        return direct.union(*(below(other) for other in direct))

    assert [part for part in ARROWS if part in below(part)] == []


@pytest.mark.parametrize(
    ("path", "source", "rule", "problem"),
    [
        ("models/cells.py", "import rnnlab.training", upward_arrows, "models may not import training"),
        ("models/cells.py", "from rnnlab import runs", upward_arrows, "models may not import runs"),
        ("music/midi.py", "from ..config import schema", upward_arrows, "music may not import config.schema"),
        ("music/midi.py", "def f():\n    import rnnlab.files", upward_arrows, "music may not import files"),
        (
            "generation/beam.py",
            "from rnnlab.engines.tensorflow_engine import train",
            upward_arrows,
            "generation may not import engines.tensorflow_engine.train",
        ),
        ("__init__.py", "import rnnlab.commands", upward_arrows, "rnnlab may not import commands"),
        ("misc.py", "", upward_arrows, "misc has no row in ARROWS"),
        (
            "models/cells.py",
            "import tensorflow as tf",
            misplaced_frameworks,
            "tensorflow may be imported only",
        ),
        ("training/loop.py", "import tensorflow", misplaced_frameworks, "tensorflow may be imported only"),
        ("evaluation/a.py", "from keras import ops", misplaced_frameworks, "keras may be imported only"),
        ("runs.py", "print('saved')", prints, "print is for commands/ only"),
        ("runs.py", "show = print", prints, "print is for commands/ only"),
        ("runs.py", "import sys\nsys.stdout.write('saved')", prints, "sys.stdout is for commands/ only"),
        ("runs.py", "raise E('give --seed')", flags, "--seed: an error has Argument(name) for it"),
        ("runs.py", "from click import echo", prints, "click is for commands/ only"),
        ("runs.py", "def f():\n" + "    x = 1\n" * 50, long_code, "f has 51 lines"),
        ("runs.py", "x = 1\n" * 401, long_code, "401 lines, more than 400"),
        ("runs.py", "assert True", asserts, "raise an error"),
    ],
)
def test_a_rule_that_is_broken_is_found(tmp_path, path, source, rule, problem):
    """Each rule finds its breach, names file and line, and no other rule complains."""
    package = _package(tmp_path, path, source)

    found = {other.__name__: list(other(package)) for other in RULES}

    assert [problem in line and line.startswith(f"{path}:") for line in found.pop(rule.__name__)] == [True]
    assert not any(found.values())


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("commands/train.py", "from rnnlab.training.session import Session\nimport click\nprint(1)"),
        ("datasets/notes.py", "from rnnlab.music.notation import spell\nfrom rnnlab.datasets import text"),
        ("evaluation/a.py", "from rnnlab.engines.numpy_engine import NumpyModel\nimport numpy"),
        ("evaluation/a.py", "from rnnlab.engines import numpy_engine"),
        ("models/model_file.py", "from rnnlab import __version__\nfrom rnnlab.errors import ModelFileError"),
        ("engines/tensorflow_engine.py", "import keras\nimport tensorflow as tf"),
        ("training/loop.py", "import keras"),
        ("runs.py", "def f():\n" + "    x = 1\n" * 49),
        ("runs.py", "def f():\n    'As for --seed.'\n    return 'a -- b'"),
    ],
)
def test_what_the_rules_allow_passes(tmp_path, path, source):
    """A module that keeps the rules is not complained about."""
    package = _package(tmp_path, path, source)

    assert [line for rule in RULES for line in rule(package)] == []


def test_a_folder_without_init_is_found(tmp_path):
    """What setuptools would leave out of the wheel is named."""
    package = _package(tmp_path, "config/schema.py", "")
    (package / "config" / "__init__.py").unlink()

    assert list(unmarked_folders(package)) == ["config: has no __init__.py"]


def _package(folder: Path, path: str, source: str) -> Path:
    """A package `rnnlab` of one module."""
    file = folder / "rnnlab" / path
    file.parent.mkdir(parents=True)
    (file.parent / "__init__.py").touch()
    file.write_text(source)
    return folder / "rnnlab"
