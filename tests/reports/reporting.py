"""Runs with random weights and a history, and the reports of them."""

from rnnlab.models.model_file import TrainedTask
from rnnlab.reports.contents import contents_of
from rnnlab.reports.page import report_page
from rnnlab.reports.task_contents import TaskContents, task_contents_of
from rnnlab.reports.task_page import task_report_page
from rnnlab.runs.folder import RunFolder
from tests.reports.html import Page
from tests.trained import SENTENCE, run_of
from tests.trained_tasks import task_run_of

HISTORY = """epoch,loss,accuracy,validation_loss,validation_accuracy,seconds
1,2.5,0.1,2.6,0.1,1
2,1.5,0.4,,,2
3,0.5,0.9,1.1,0.6,3
"""
LOSSES = "step,epoch,loss,accuracy\n" + "".join(f"{n},{(n + 1) // 2},{3 / n},0.5\n" for n in range(1, 7))
FROM_FILE = SENTENCE.replace("inline: if you want to build a ship", "path: data.txt")


def with_history(run: RunFolder) -> RunFolder:
    """The run with what training writes beside the model."""
    run.write("history.csv", HISTORY)
    run.write("losses.csv", LOSSES)
    run.write("environment.json", '{"python": "3.11.7", "processor": "abacus"}')
    times = ["2026-01-31T12:00:00+00:00 training begins", "… training ends after 3 epochs, 8.5 s", ""]
    run.write("events.log", "\n".join(times))
    return run


def report(text: str, *overrides: str, name: str = "song") -> Page:
    """The report of a run with random weights."""
    return Page(report_page(contents_of(with_history(run_of(text, *overrides, name=name)))))


def task_contents(run: RunFolder, *, refusal: str | None = None) -> TaskContents:
    """The contents of the report of a run of a task with examples."""
    trained = run.load_any_model()
    assert isinstance(trained, TrainedTask)
    return task_contents_of(run, trained, refusal=refusal)


def task_report(text: str, *overrides: str, name: str = "task") -> Page:
    """The report of a run of a task with random weights."""
    return Page(task_report_page(task_contents(with_history(task_run_of(text, *overrides, name=name)))))
