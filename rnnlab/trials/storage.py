"""The URL of the database in which a study stands: an SQLite file, or a PostgreSQL server.

Messages never show a password.
"""

from pathlib import Path

from rnnlab.errors import Argument, RunError, UsageError
from rnnlab.extras import load_extra

_EXPECTED = "expected postgresql://USER@HOST/DATABASE or sqlite:///FILE"


def sqlite_url(path: Path) -> str:
    """Return the URL of an SQLite file."""
    return f"sqlite:///{path.absolute()}"


def checked_url(url: str) -> str:
    """Return the URL of a database, with the driver for PostgreSQL.

    Raises:
        UsageError: the text is no such URL.
        DataError: a library that the database needs is not installed.
    """
    load_extra("optuna")
    from sqlalchemy.engine import make_url  # noqa: PLC0415 (of the extra)
    from sqlalchemy.exc import ArgumentError  # noqa: PLC0415

    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        raise UsageError(Argument("storage"), f": {_EXPECTED}, received another text") from None
    kind = parsed.get_backend_name()
    if kind == "sqlite" and parsed.database:
        return url
    if kind in {"postgresql", "postgres"} and parsed.database:
        load_extra("psycopg")
        return parsed.set(drivername="postgresql+psycopg").render_as_string(hide_password=False)
    raise UsageError(Argument("storage"), f": {_EXPECTED}, received {shown_url(url)}")


def shown_url(url: str) -> str:
    """Return a URL without its password, for messages and files."""
    from sqlalchemy.engine import make_url  # noqa: PLC0415 (of the extra)

    parsed = make_url(url)
    return parsed.set(drivername=parsed.get_backend_name()).render_as_string(hide_password=True)


def unreachable(url: str, error: Exception) -> RunError:
    """Return the error for a database that does not answer."""
    cause = error.__cause__ if isinstance(error.__cause__, Exception) else error
    why = str(getattr(cause, "orig", None) or cause).strip().splitlines()
    return RunError(
        f"{shown_url(url)}: the database does not answer ({why[0] if why else type(cause).__name__}); check"
        " that it runs and that the URL is right, and start the command again: nothing is lost"
    )
