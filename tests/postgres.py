"""A PostgreSQL server of Debian's packages, with a database of its own in a temporary folder."""

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path

USER = "postgres"
"""The account of the server where the tests run as root, which PostgreSQL refuses."""


def program(name: str) -> Path | None:
    """Return a program of the newest PostgreSQL; Debian keeps it out of the search path. None without one."""
    found = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), key=lambda path: float(path.parts[4]))
    on_path = shutil.which(name)
    return found[-1] if found else Path(on_path) if on_path else None


class Server:
    """A server on 127.0.0.1 with a free port; it listens once `start` returns."""

    def __init__(self) -> None:
        self._account = {"user": USER, "group": USER, "extra_groups": []} if os.geteuid() == 0 else {}
        self._folder = Path(tempfile.mkdtemp(prefix="rnnlab-postgres-"))
        if self._account:
            shutil.chown(self._folder, USER, USER)
        self._data = self._folder / "data"
        self._call("initdb", "--auth=trust", "--no-sync", f"--username={USER}", "--pgdata", str(self._data))
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """The URL of the database, as a user types it."""
        return f"postgresql://{USER}@127.0.0.1:{self.port}/postgres"

    def start(self) -> None:
        """Start the server, and wait until it listens."""
        options = ["-D", self._data, "-p", self.port, "-c", "listen_addresses=127.0.0.1"]
        options += ["-c", "unix_socket_directories=", "-c", "fsync=off"]
        self._process = subprocess.Popen(
            [str(program("postgres")), *map(str, options)],
            cwd=self._folder,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            **self._account,  # type: ignore[call-overload]
        )
        for _ in range(300):
            with socket.socket() as trial:
                if trial.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.1)
        raise TimeoutError("PostgreSQL does not listen")

    def stop(self) -> None:
        """Stop the server at once; open connections break."""
        if self._process:
            self._process.send_signal(signal.SIGINT)
            self._process.wait()
            self._process = None

    def remove(self) -> None:
        """Stop the server and remove its files."""
        self.stop()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _call(self, name: str, *arguments: str) -> None:
        subprocess.run(
            [str(program(name)), *arguments],
            cwd=self._folder,
            check=True,
            capture_output=True,
            **self._account,  # type: ignore[call-overload]
        )
