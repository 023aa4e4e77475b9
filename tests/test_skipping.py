"""Which tests are skipped, what is said of them, and which of them CI refuses."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import quick
from tests.needs import MODULES, NEEDS, ROOT, SYSTEM_REASONS, Need, missing

PLUGINS = ("-p", "tests.skipping", "-p", "tests.quick", "-p", "no:cacheprovider")

TESTS = """
import pytest
from tests.needs import needs

@needs("chromium")
def test_of_a_program(): ...

@needs("Linux")
def test_of_a_system(): ...

def test_of_a_module():
    import absent_framework
"""

SKIPS = {
    "skip": "def test(): pytest.skip('later')",
    "mark": "@pytest.mark.skip(reason='later')\ndef test(): ...",
    "condition": "@pytest.mark.skipif(True, reason='later')\ndef test(): ...",
    "import": "def test(): pytest.importorskip('absent_module')",
    "expected failure": "@pytest.mark.xfail(reason='later')\ndef test(): assert False",
    "no parameters": "@pytest.mark.parametrize('nothing', [])\ndef test(nothing): ...",
}
"""Ways to skip a test that are not those of tests/needs.py."""


@pytest.fixture(autouse=True)
def _bare_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lack a program, a module and a system."""
    monkeypatch.setitem(NEEDS, "chromium", Need(lambda: False, "debian", "chromium"))
    monkeypatch.setitem(NEEDS, "PyTorch", Need(lambda: False, "pip", "torch==2"))
    monkeypatch.setitem(NEEDS, "Linux", Need(lambda: False))
    monkeypatch.setitem(MODULES, "absent_framework", "PyTorch")


def test_what_is_missing_is_said_in_one_line(pytester: pytest.Pytester) -> None:
    """With the commands that install all of it; a system cannot be installed, and is not named."""
    pytester.makepyfile(TESTS)

    result = pytester.runpytest_inprocess(*PLUGINS)

    result.assert_outcomes(skipped=3)
    (line,) = [line for line in result.outlines if line.startswith("tests were skipped")]
    named, commands = line.split("; to run them too: ")
    assert named == "tests were skipped that need chromium, PyTorch"
    assert "chromium" in missing("debian")
    assert commands == (
        f"apt-get install {' '.join(missing('debian'))}; .venv/bin/python -m pip install torch==2"
    )


def test_in_ci_what_can_be_installed_is_not_skipped(pytester: pytest.Pytester) -> None:
    """A test that the system alone rules out still is."""
    pytester.makepyfile(TESTS)

    result = pytester.runpytest_inprocess(*PLUGINS, "--nothing-skipped")

    result.assert_outcomes(errors=1, failed=1, skipped=1)  # a marked test fails before it begins
    result.stdout.fnmatch_lines(["skipped: needs chromium; --nothing-skipped allows only: needs Linux, *"])


@pytest.mark.parametrize(("option", "outcome"), [((), "skipped"), (("--nothing-skipped",), "errors")])
def test_a_module_may_import_what_is_missing(pytester: pytest.Pytester, option: tuple, outcome: str) -> None:
    """At its top, without a mark: all its tests are skipped, or none of them is in CI."""
    pytester.makepyfile("import absent_framework.nn\ndef test(): ...")

    pytester.runpytest_inprocess(*PLUGINS, *option).assert_outcomes(**{outcome: 1})


def test_another_missing_module_is_an_error(pytester: pytest.Pytester) -> None:
    """Only a module of the list may be missing."""
    pytester.makepyfile("def test(): import absent_module")

    pytester.runpytest_inprocess(*PLUGINS).assert_outcomes(failed=1)


@pytest.mark.parametrize("test", SKIPS.values(), ids=SKIPS)
def test_ci_refuses_every_other_skip(pytester: pytest.Pytester, test: str) -> None:
    """In whatever way a test is skipped."""
    pytester.makepyfile(f"import pytest\n\n{test}")

    result = pytester.runpytest_inprocess(*PLUGINS, "--nothing-skipped")

    assert result.ret == pytest.ExitCode.TESTS_FAILED
    assert sum(result.parseoutcomes().get(outcome, 0) for outcome in ("failed", "errors")) == 1


def test_ci_refuses_a_skip_in_several_processes_too(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The option reaches the processes of pytest-xdist, of which CI uses two."""
    pytester.makepyfile(f"import pytest\n\n{SKIPS['skip']}")
    monkeypatch.setenv("PYTHONPATH", str(ROOT))

    pytester.runpytest_subprocess(*PLUGINS, "--nothing-skipped", "-n", "1").assert_outcomes(failed=1)


@pytest.mark.parametrize(("option", "passed", "skipped"), [((), 4, 0), (("--quick",), 1, 3)])
def test_quick_leaves_out_what_takes_long(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, option: tuple, passed: int, skipped: int
) -> None:
    """A test or a module that imports a framework, whatever it catches, and a test that is marked."""
    monkeypatch.setattr(quick, "FRAMEWORKS", {"framework"})
    pytester.makepyfile(
        framework="",
        test_module="import framework\ndef test(): ...",
        test_tests="""
        import pytest

        def test_quick(): ...

        def test_that_trains():
            try:
                import framework
            except Exception:
                pass

        @pytest.mark.slow
        def test_whose_processes_train(): ...
        """,
    )

    pytester.runpytest_inprocess(*PLUGINS, *option).assert_outcomes(passed=passed, skipped=skipped)


def test_the_tests_of_the_project_skip_in_one_way_only() -> None:
    """By tests/needs.py, where each need is one that some test has."""
    attributes = {"skip", "skipif", "importorskip", "xfail"}
    own = {Path(__file__), ROOT / "tests" / "needs.py", ROOT / "tests" / "quick.py"}
    calls = [(path, call) for path in (ROOT / "tests").rglob("*.py") for call in _calls(path)]

    others = [
        f"{path.relative_to(ROOT)}:{call.lineno}"
        for path, call in calls
        if path not in own and isinstance(call.func, ast.Attribute) and call.func.attr in attributes
    ]
    asked = {ast.literal_eval(call.args[0]) for _, call in calls if ast.unparse(call.func) == "needs"}

    assert others == [], "write @needs(…) of tests/needs.py instead"
    assert asked | set(MODULES.values()) == set(NEEDS)


def test_only_a_system_excuses_a_skip_in_ci() -> None:
    """Neither a program nor a module does."""
    assert {reason.removeprefix("needs ") for reason in SYSTEM_REASONS} == {
        *("Unix", "Linux", "a user other than root", "a machine without a GPU")
    }


def _calls(path: Path) -> Iterator[ast.Call]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call):
            yield node
