"""The URL of a database: what is taken, what is refused, and what a message shows."""

import socket
from pathlib import Path

import pytest

from rnnlab.errors import RunError, UsageError
from rnnlab.trials.patient import open_storage
from rnnlab.trials.storage import checked_url, shown_url, sqlite_url


def test_a_password_is_shown_nowhere() -> None:
    """Neither in a message nor in a file of the study."""
    url = checked_url("postgresql://me:secret@host:5433/studies")

    assert url == "postgresql+psycopg://me:secret@host:5433/studies"
    assert shown_url(url) == "postgresql://me:***@host:5433/studies"


@pytest.mark.parametrize("text", ["studies", "mysql://me@host/studies", "postgresql://host", "sqlite://", ""])
def test_another_text_is_refused(text: str) -> None:
    """With the two forms that are taken."""
    with pytest.raises(
        UsageError, match=r"^storage: expected postgresql://USER@HOST/DATABASE or sqlite:///F"
    ):
        checked_url(text)


def test_a_server_that_is_not_there_is_one_line() -> None:
    """At once, with its address and without the password."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    url = checked_url(f"postgresql://me:secret@127.0.0.1:{port}/studies")

    with pytest.raises(RunError) as raised:
        open_storage(url)

    assert "\n" not in str(raised.value)
    assert str(raised.value).startswith(
        f"postgresql://me:***@127.0.0.1:{port}/studies: the database does not"
    )
    assert "secret" not in str(raised.value)


def test_a_file_that_cannot_be_made_is_one_line(tmp_path: Path) -> None:
    """It is a database like any other."""
    with pytest.raises(RunError, match=r"sqlite:///.*/none/study.db: the database does not answer \(unable"):
        open_storage(sqlite_url(tmp_path / "none" / "study.db"))
