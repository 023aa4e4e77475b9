"""rnnlab trains and measures small recurrent networks, and generates text or notes, from one YAML file.

    import rnnlab

    run = rnnlab.train("song.yaml")
    run.history.loss, run.evaluate().metrics.accuracy, run.generate(seed="g8 e8 e4 f8")[0].text

A name is loaded when it is first used: `import rnnlab` loads no other module of rnnlab.
"""

__version__ = "0.1.0"

TYPE_CHECKING = False  # as in `typing`, which takes longer to import than this module
if TYPE_CHECKING:
    from rnnlab.api.replay import Replay, replay
    from rnnlab.api.run import Run, load_run
    from rnnlab.api.training import load_config, resume, train
    from rnnlab.config.schema import Experiment
    from rnnlab.config.tasks import TaskExperiment
    from rnnlab.errors import (
        ConfigError,
        DataError,
        DownloadError,
        Interrupted,
        ModelFileError,
        OutputError,
        RnnlabError,
        RunError,
        TrainingError,
        UsageError,
        VocabularyError,
    )
    from rnnlab.runs.history import History

__all__ = [
    "ConfigError",
    "DataError",
    "DownloadError",
    "Experiment",
    "History",
    "Interrupted",
    "ModelFileError",
    "OutputError",
    "Replay",
    "RnnlabError",
    "Run",
    "RunError",
    "TaskExperiment",
    "TrainingError",
    "UsageError",
    "VocabularyError",
    "load_config",
    "load_run",
    "replay",
    "resume",
    "train",
]

_HOMES = {
    "Experiment": "config.schema",
    "History": "runs.history",
    "Replay": "api.replay",
    "Run": "api.run",
    "TaskExperiment": "config.tasks",
    "load_config": "api.training",
    "load_run": "api.run",
    "replay": "api.replay",
    "resume": "api.training",
    "train": "api.training",
}
"""The module of each name that is not in `errors`."""


def __getattr__(name: str) -> object:
    """Load the object of a public name, and return it.

    Raises:
        AttributeError: the name is not in `__all__`.
    """
    if name not in __all__:
        raise AttributeError(f"module 'rnnlab' has no attribute {name!r}")
    from importlib import import_module  # noqa: PLC0415 (nothing is loaded before it is used)

    found: object = getattr(import_module(f"rnnlab.{_HOMES.get(name, 'errors')}"), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted([*__all__, "__version__"])
