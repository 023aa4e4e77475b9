"""The package keeps the house rules, and each rule finds what breaks it."""

from pathlib import Path

import pytest

from tests.architecture import (
    ARROWS,
    FOUNDATION,
    MANY_ROOMS,
    PACKAGE,
    RULES,
    asserts,
    circles,
    flags,
    long_code,
    misplaced_frameworks,
    modules,
    prints,
    repeated_names,
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


def test_a_room_that_needs_many_others_says_why():
    """Six rooms or more; the modules of the foundation do not count."""
    needed = {part: {name.partition(".")[0] for name in below} - FOUNDATION for part, below in ARROWS.items()}

    assert {part for part, below in needed.items() if len(below) >= 6} == MANY_ROOMS.keys()


def test_a_circle_through_a_function_is_found(tmp_path):
    """An import in a function, and one for a type alone, are imports."""
    package = _package(tmp_path, "music/a.py", "def f():\n    from rnnlab.music.b import g")
    typed = "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from rnnlab.music.a import f"
    (package / "music" / "b.py").write_text(typed)

    assert [line.partition(":")[0] for line in circles(package)] == ["music/a.py", "music/b.py"]


@pytest.mark.parametrize(
    ("path", "source", "rule", "problem"),
    [
        ("models/cells.py", "import rnnlab.training", upward_arrows, "models may not import training"),
        ("models/cells.py", "from rnnlab import runs", upward_arrows, "models may not import runs"),
        ("music/midi.py", "from ..config import schema", upward_arrows, "music may not import config.schema"),
        ("music/midi.py", "def f():\n    import rnnlab.runs", upward_arrows, "music may not import runs"),
        (
            "generation/beam.py",
            "from rnnlab.engines.tensorflow.program import train",
            upward_arrows,
            "generation may not import engines.tensorflow.program.train",
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
        ("runs.py", "print('saved')", prints, "print is for commands/ and terminal/ only"),
        ("runs.py", "show = print", prints, "print is for commands/ and terminal/ only"),
        (
            "runs.py",
            "import sys\nsys.stdout.write('saved')",
            prints,
            "sys.stdout is for commands/ and terminal/ only",
        ),
        ("runs.py", "raise E('give --seed')", flags, "--seed: an error has Argument(name) for it"),
        ("runs.py", "from click import echo", prints, "click is for commands/ and terminal/ only"),
        ("runs.py", "def f():\n" + "    x = 1\n" * 50, long_code, "f has 51 lines"),
        ("runs.py", "x = 1\n" * 401, long_code, "401 lines, more than 400"),
        ("runs.py", "assert True", asserts, "raise an error"),
        ("music/a.py", "from rnnlab.music import a", circles, "in a circle of imports: music.a"),
        ("music/a.py", "class Tune: ...\ndef Tune(): ...", repeated_names, "Tune is also in music/a.py"),
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
        ("datasets/tokens.py", "from rnnlab.music.notation import spell\nfrom rnnlab.datasets import text"),
        ("evaluation/a.py", "from rnnlab.engines.numpy import NumpyModel\nimport numpy"),
        ("evaluation/a.py", "from rnnlab.engines import numpy"),
        ("models/model_file.py", "from rnnlab import __version__\nfrom rnnlab.errors import ModelFileError"),
        ("engines/tensorflow/program.py", "import keras\nimport tensorflow as tf"),
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
