"""A pytest plugin on skipped tests: it says once what was missing, and in CI nothing may be missing."""

from collections.abc import Generator
from typing import TypeVar

import pytest

from tests.needs import MODULES, NEEDS, SYSTEM_REASONS, missing, reason_of

INSTALLS = {
    "debian": "apt-get install",
    "pip": ".venv/bin/python -m pip install",
    "npm": "npm install --no-save --prefix .venv/npm",
}
"""The command of each installer."""

Report = TypeVar("Report", pytest.TestReport, pytest.CollectReport)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--nothing-skipped",
        action="store_true",
        help="a test fails where it would be skipped for want of something that can be installed",
    )


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Judge a test that is skipped, or that imports what is missing."""
    report = yield
    return _judged(report, call, item)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_make_collect_report(
    collector: pytest.Collector,
) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """Judge a module of tests that is skipped, or that imports what is missing."""
    report = yield
    return _judged(report, report.call, collector)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say in one line what was missing, and what installs it."""
    reasons = {_reason(report) for report in terminalreporter.getreports("skipped")}
    names = [name for name, need in NEEDS.items() if need.installer and reason_of(name) in reasons]
    if names:
        commands = [
            f"{command} {' '.join(missing(key))}" for key, command in INSTALLS.items() if missing(key)
        ]
        terminalreporter.write_line(
            f"tests were skipped that need {', '.join(names)}; to run them too: {'; '.join(commands)}"
        )


def _judged(report: Report, call: pytest.CallInfo[object], node: pytest.Item | pytest.Collector) -> Report:
    """Return the report, with the outcome that a skip has with and without `--nothing-skipped`."""
    name = _missing_module(call.excinfo.value) if call.excinfo else None
    if name:
        report.outcome = "skipped"
        report.longrepr = (str(node.path), None, f"Skipped: {reason_of(MODULES[name])}")
    if report.skipped and node.config.option.nothing_skipped and _reason(report) not in SYSTEM_REASONS:
        report.outcome = "failed"
        allowed = ", ".join(sorted(SYSTEM_REASONS))
        report.longrepr = f"skipped: {_reason(report)}; --nothing-skipped allows only: {allowed}"
        vars(report).pop("wasxfail", None)  # an expected failure is a test skipped, too
    return report


def _missing_module(error: BaseException | None) -> str | None:
    """Return the module of MODULES whose absence is the error, or the error's cause."""
    while error and not (isinstance(error, ModuleNotFoundError) and error.name in MODULES):
        error = error.__cause__
    return error.name if isinstance(error, ModuleNotFoundError) else None


def _reason(report: pytest.TestReport | pytest.CollectReport) -> str:
    """Return the reason of a skip, or of an expected failure."""
    if isinstance(report.longrepr, tuple):
        return report.longrepr[2].removeprefix("Skipped: ")
    return f"expected to fail: {getattr(report, 'wasxfail', '')}"
