"""Optuna's storage in a database, for a server that may restart while trials run."""

import time
import warnings
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any

import optuna
from optuna.exceptions import StorageInternalError
from optuna.storages import RDBStorage
from sqlalchemy import Engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import SQLAlchemyError

from rnnlab.trials.storage import shown_url, unreachable

HEARTBEAT_SECONDS, GRACE_SECONDS = 5, 30
"""Seconds between two signs of life of a running trial, and without one after which its worker is dead."""

PATIENCE_SECONDS = 300.0
"""Longest time for which a connection waits for a server that does not answer."""

PAUSE_SECONDS = 1.0
"""Time between two attempts to connect."""

MAKING_TABLES = 4
"""Number of attempts to make the tables of a new database, which other processes may be making."""

BUSY_SECONDS = 60
"""Longest time for which SQLite waits for another process that writes."""


def open_storage(
    url: str,
    *,
    heartbeat: int = HEARTBEAT_SECONDS,
    grace: int = GRACE_SECONDS,
    patience: float = PATIENCE_SECONDS,
    waits: bool = False,
    tell: Callable[[str], None] = lambda _: None,
) -> Any:
    """Return the storage of a checked URL; its tables are made if they are missing.

    Args:
        url: a result of `checked_url`.
        heartbeat: seconds between two signs of life of a running trial.
        grace: seconds without a sign of life after which a trial counts as abandoned.
        patience: seconds for which a connection waits for a server that does not answer.
        waits: whether the first connection waits too; without this, a wrong URL is refused at once.
        tell: receives a sentence when a connection begins to wait.

    Raises:
        RunError: the database does not answer, or its tables cannot be made.
    """
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    waiting = Waiting(url, tell, patience=patience if waits else 0.0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        for left in reversed(range(MAKING_TABLES)):
            try:
                storage = PatientStorage(url, waiting, heartbeat=heartbeat, grace=grace)
                break
            except (SQLAlchemyError, optuna.exceptions.OptunaError, OSError) as error:
                if not left or waiting.last > float("-inf"):
                    raise unreachable(url, error) from error
                time.sleep(PAUSE_SECONDS / 2)  # another process may be making the tables
    waiting.patience = patience
    return storage


def close_study(study: optuna.Study) -> None:
    """Close the connections of a study to its database."""
    cached: Any = study._storage  # Optuna puts a cache before the storage of a database
    close_storage(getattr(cached, "_backend", cached))


def stop_waiting(study: optuna.Study) -> None:
    """Let the connections of a study wait no more for a server that does not answer."""
    cached: Any = study._storage
    getattr(cached, "_backend", cached).waiting.patience = 0.0


def close_storage(storage: Any) -> None:
    """Close the connections of a storage to its database."""
    storage.scoped_session.remove()
    storage.engine.dispose()


class Waiting:
    """Connects to a database, and waits while the server does not answer.

    Args:
        url: the URL.
        tell: receives a sentence when a connection begins to wait.
        patience: longest time to wait, in seconds.

    Attributes:
        patience: as above; it may be changed.
        last: the time of the last failed attempt, by `time.monotonic`; minus infinity if none failed.
    """

    def __init__(self, url: str, tell: Callable[[str], None], *, patience: float) -> None:
        self._url, self._tell = url, tell
        self.patience, self.last = patience, float("-inf")

    def creator(self) -> Callable[[], Any]:
        """Return the function with which SQLAlchemy makes a connection."""
        parsed = make_url(self._url)
        dialect = parsed.get_dialect()()
        driver = dialect.import_dbapi()
        arguments, options = dialect.create_connect_args(parsed)
        return partial(self._connected, driver, arguments, dict(options))

    def _connected(self, driver: Any, arguments: Any, options: dict[str, Any]) -> Any:
        begun = time.monotonic()
        while True:
            try:
                return driver.connect(*arguments, **options)
            except driver.OperationalError:
                is_first = self.last < begun
                self.last = time.monotonic()
                if self.last - begun >= self.patience:
                    raise
                if is_first:
                    self._tell(f"{shown_url(self._url)} does not answer; waiting up to {self.patience:g} s")
                time.sleep(PAUSE_SECONDS)


class PatientStorage(RDBStorage):
    """A database whose connections wait for the server; a sign of life that cannot be written is left out.

    Args:
        url: the URL, as SQLAlchemy takes it.
        waiting: makes the connections.
        heartbeat: seconds between two signs of life of a running trial.
        grace: seconds without a sign of life after which a trial counts as abandoned.

    Attributes:
        waiting: as above.
    """

    def __init__(self, url: str, waiting: Waiting, *, heartbeat: int, grace: int) -> None:
        is_file = url.startswith("sqlite")
        engine: dict[str, Any] = {"connect_args": {"timeout": BUSY_SECONDS}} if is_file else {}
        if not is_file:
            engine = {"pool_pre_ping": True, "creator": waiting.creator()}
        self.waiting, self._grace = waiting, grace
        super().__init__(url, engine, heartbeat_interval=heartbeat, grace_period=grace)
        if is_file:
            _lock_at_begin(self.engine)

    def record_heartbeat(self, trial_id: int) -> None:
        """Write a sign of life of a running trial; if the server does not answer, write none."""
        with suppress(StorageInternalError, SQLAlchemyError):
            super().record_heartbeat(trial_id)

    def _get_stale_trial_ids(self, study_id: int) -> list[int]:
        """Return the abandoned trials; none shortly after the server was away, when no trial had a sign."""
        if time.monotonic() - self.waiting.last < self._grace:
            return []
        return super()._get_stale_trial_ids(study_id)


def _lock_at_begin(engine: Engine) -> None:
    """Make each transaction of an SQLite file lock the file when it begins.

    Optuna reads the state of a trial and then writes it, and relies on SELECT … FOR UPDATE, which SQLite
    ignores: without the lock two workers may take the same trial.
    """

    def connected(connection: Any, _: Any) -> None:
        connection.isolation_level = None  # the driver begins no transaction of its own

    def begun(connection: Any) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    event.listen(engine, "connect", connected)
    event.listen(engine, "begin", begun)
    engine.dispose()
