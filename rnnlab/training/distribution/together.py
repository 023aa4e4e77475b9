"""The workers of a training on some data: they are found and connected, and end together."""

import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.metadata import version
from typing import Any

from rnnlab import __version__
from rnnlab.config.reading import AnyExperiment
from rnnlab.config.training import Distribute
from rnnlab.datasets.examples import TaskData
from rnnlab.datasets.loading import Data
from rnnlab.engines.tensorflow.collective import start_servers
from rnnlab.errors import ConfigError, Interrupted, RnnlabError, TrainingError, one_line
from rnnlab.training.distribution.cluster import Cluster, read_cluster
from rnnlab.training.distribution.joining import compare_again, meet
from rnnlab.training.distribution.link import EndedError, Links
from rnnlab.training.distribution.workers import ALONE, Team, Workers
from rnnlab.training.facts import fixed_settings

_met: dict[tuple[str, ...], Links] = {}
"""The connections of this process, by the addresses of the workers; a second training uses them again."""


@contextmanager
def workers_of(data: Data | TaskData, tell: Callable[[str], None] = lambda _: None) -> Iterator[Workers]:
    """Yield the workers of a training, as `training.distribute` and the environment name them.

    At the end of the `with` block the workers wait for one another. If the block raises an error, the others
    end too, and name this worker and its error.

    Args:
        data: the data, with the configuration that fits it.
        tell: receives a note if one worker trains alone.

    Raises:
        UsageError: TF_CONFIG, or a variable of Slurm, is wrong.
        ConfigError: the batch has fewer lanes than there are workers.
        TrainingError: the workers do not meet, or train different things; or one of them has ended.
    """
    settings = data.experiment.training.distribute
    if settings is None or settings.strategy != "multi_worker":
        yield ALONE
        return
    cluster = read_cluster(os.environ, port=settings.port)
    if cluster is None or cluster.count == 1:
        tell("training.distribute: neither TF_CONFIG nor Slurm names other workers, so this one trains alone")
        yield ALONE
        return
    _check_lanes(data.experiment, cluster)
    team = _team(cluster, data, settings)
    try:
        yield team
        team.rest()
    except Interrupted:
        _rest_if_possible(team)
        raise
    except EndedError as error:
        raise _ended_early(team, error) from None
    except BaseException as error:
        team.links.fail(cluster.rank, _message(error))
        raise


def _check_lanes(experiment: AnyExperiment, cluster: Cluster) -> None:
    """Refuse a batch with fewer lanes than workers."""
    lanes = experiment.training.batch_size
    if lanes < cluster.count:
        raise ConfigError(
            f"training.batch_size: {cluster.source} names {cluster.count} workers, so expected"
            f" {cluster.count} or more, received {lanes}; each worker needs a lane of its own"
        )


def _team(cluster: Cluster, data: Data | TaskData, settings: Distribute) -> Team:
    """Return this worker, connected with the others.

    Raises:
        TrainingError: the workers do not meet, or train different things.
    """
    facts, met = _compared(data), _met.get(cluster.addresses)
    links = met or meet(cluster, facts, wait_seconds=settings.wait_seconds)
    team = Team(cluster, links)
    try:
        if met:
            compare_again(links, cluster, facts)
        else:
            team.run(lambda: start_servers(cluster.addresses, cluster.rank))
    except EndedError as error:
        raise _ended_early(team, error) from None
    _met[cluster.addresses] = links
    return team


def _compared(data: Data | TaskData) -> dict[str, Any]:
    """Return what must be the same for all workers, by name: versions, settings and data."""
    experiment = data.experiment
    sections = experiment.model_dump(mode="json")
    settings = {
        f"{section}.{name}": value
        for section in ("training", "evaluation")
        for name, value in sections[section].items()
        if name != "distribute"
    }
    sha256 = data.examples.sha256 if isinstance(data, TaskData) else data.as_trained_on().corpus.sha256
    versions = {"rnnlab version": __version__, "tensorflow version": version("tensorflow")}
    facts = {**versions, **settings, **fixed_settings(experiment), "data": sha256}
    return dict(json.loads(json.dumps(facts)))


def _rest_if_possible(team: Team) -> None:
    """Wait for the others after a signal, which all of them heed."""
    try:
        team.rest()
    except EndedError as error:
        raise _ended_early(team, error) from None


def _ended_early(team: Team, error: EndedError) -> TrainingError:
    """Return the error for a worker that has ended while no step was taken."""
    what = (
        f"ended with an error: {error.why}" if error.why else "was lost: it was killed or cannot be reached"
    )
    return TrainingError(f"{team.named(error.rank)} {what}; start every worker again")


def _message(error: BaseException) -> str:
    return str(error) if isinstance(error, RnnlabError) else one_line(f"{type(error).__name__}: {error}")
