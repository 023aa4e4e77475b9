"""Search for a model by its SHA-256: in the run or the file that the user names, else in `runs/`."""

from collections.abc import Iterator
from pathlib import Path

from rnnlab.errors import Argument, RnnlabError, RunError
from rnnlab.files import check_inside
from rnnlab.models.model_file import Trained
from rnnlab.models.tensor_file import open_tensor_file
from rnnlab.runs.folder import load_any_trained
from rnnlab.runs.layout import CONFIG, LATEST, MODEL, RUNS, is_below_runs

SHOWN_DIGITS = 12
"""Digits of a SHA-256 in messages."""


def model_name(path: Path) -> str:
    """Return the name of a run or a model file without the path of a folder of the user.

    Of a run in `runs/`, or in a folder of `runs/`, this is the path in `runs/`; of a model file in a run, the
    name of the run; else the last part of the path.
    """
    found = path.resolve()
    if found.name == MODEL and (found.parent / CONFIG).is_file():
        found = found.parent
    name = found.relative_to(RUNS.resolve()).as_posix() if is_below_runs(found) else found.name
    return name.encode(errors="replace").decode()


def model_with(sha256: str, *, name: str, model: Path | None = None) -> tuple[Trained, Path]:
    """Return the model that has a SHA-256, and the path of its run or its file.

    Args:
        sha256: the SHA-256 of the model, as in its file.
        name: name of its run, as `model_name` returns it; this run is looked at first.
        model: the run or the model file to take; None for the runs of `runs/`, and of its folders.

    Raises:
        RunError: the model is another one; no run in `runs/` has the model; or as for `load_any_trained`.
        ModelFileError: the run or the file is damaged.
    """
    if model is not None:
        trained, _, path = load_any_trained(model)
        if trained.sha256 != sha256:
            raise RunError(f"{path} has another model, {shown_sha256(trained.sha256)}")
        return trained, path
    damage: RnnlabError | None = None
    another = ""
    for run, label in sorted(_runs(), key=lambda each: each[1] != name):
        found = ""
        try:
            found = _sha256_of(run / MODEL)
            if found == sha256:
                return load_any_trained(run / MODEL)[0], run
        except RnnlabError as error:
            damage = damage or (error if label == name or found == sha256 else None)
            continue
        if label == name:
            another = f"{run} has another model, {shown_sha256(found)}, and "
    if damage:
        raise damage
    raise RunError(
        f"{another}no {'other ' if another else ''}run in {RUNS}/ has this model; name the run or the model"
        " file: ",
        Argument("model", "RUN"),
    )


def shown_sha256(sha256: str) -> str:
    """Return a SHA-256 for a message, shortened."""
    return f"sha256 {sha256[:SHOWN_DIGITS]}…"


def _runs() -> Iterator[tuple[Path, str]]:
    """Yield each run in `runs/` and in its folders, with its name as `model_name` returns it.

    Hidden folders, `latest`, and links that lead elsewhere are left out.
    """
    for pattern in ("*", "*/*"):
        for config in sorted(RUNS.glob(f"{pattern}/{CONFIG}")):
            run = config.parent
            label = run.relative_to(RUNS).as_posix()
            is_hidden = any(part.startswith(".") for part in run.parts)
            if not is_hidden and run.parts[1] != LATEST and is_below_runs(run):
                yield run, label


def _sha256_of(model: Path) -> str:
    """Return the SHA-256 in the header of a model file, which may not be that of its content.

    Raises:
        RunError: the file is a link that leads out of its folder.
        ModelFileError: there is no such file, or its header cannot be read.
    """
    check_inside(model)
    with open_tensor_file(model) as file:
        return file.metadata.get("sha256", "")
