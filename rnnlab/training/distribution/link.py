"""The links between workers: one connection from each worker to the chief, and the loss of a worker.

A process that is killed closes its connections, so the chief notices at once, and tells the others which
worker it was. A machine that loses its power closes nothing: therefore each side sends a sign of life every
`SIGN_SECONDS`, and a worker that was silent for `SILENT_SECONDS` counts as lost.
"""

import queue
import socket
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import partial

from rnnlab.training.distribution.parcels import Parcel, StrangerError, receive_parcel, send_parcel

SIGN_SECONDS = 2.0
"""Seconds between two signs of life."""

SILENT_SECONDS = 20.0
"""Seconds after which a silent worker counts as lost."""

_SENT_SECONDS = 0.2
"""Seconds in which the last parcel of a worker that ends reaches the others."""

_ALIVE, _ENDED = "alive", "ended"


class EndedError(Exception):
    """A worker was lost, or has ended with an error: no step can be taken any more.

    Attributes:
        rank: the worker, from 0.
        why: the error that ended it; empty if it was lost.
    """

    def __init__(self, rank: int, why: str = "") -> None:
        super().__init__(rank, why)
        self.rank, self.why = rank, why


class Links:
    """The connections of one worker: of the chief to all others, of another worker to the chief.

    Args:
        connections: connections by the rank of the worker at the other end.

    Attributes:
        is_resting: whether no training runs now, so that a worker may end.
    """

    def __init__(self, connections: Mapping[int, socket.socket]) -> None:
        self._connections = dict(connections)
        self._sending = {rank: threading.Lock() for rank in connections}
        self._parcels = {rank: queue.Queue[Parcel | None]() for rank in connections}
        self._heard = dict.fromkeys(connections, time.monotonic())
        self._deciding, self._ended = threading.Lock(), threading.Event()
        self._error: EndedError | None = None
        self.is_resting = False
        for rank, connection in self._connections.items():
            connection.settimeout(None)
            with suppress(OSError):  # a local socket has no such option
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            _in_background(partial(self._listen, rank))
        _in_background(self._watch)

    @property
    def ranks(self) -> list[int]:
        """The workers at the other ends."""
        return list(self._connections)

    def send(self, rank: int, parcel: Parcel) -> None:
        """Send a parcel.

        Raises:
            EndedError: a worker has ended.
        """
        self.check()
        try:
            with self._sending[rank]:
                send_parcel(self._connections[rank], parcel)
        except OSError:
            self._note(EndedError(rank))
            self.check()

    def receive(self, rank: int) -> Parcel:
        """Return the next parcel of a worker, and wait for it.

        Raises:
            EndedError: a worker has ended.
        """
        parcel = self._parcels[rank].get()
        if parcel is None:  # a worker has ended
            self.check()
            raise EndedError(rank)
        return parcel

    def check(self) -> None:
        """Raise the error that says which worker has ended, if one has.

        Raises:
            EndedError: a worker has ended.
        """
        if self._error:
            raise EndedError(self._error.rank, self._error.why)

    def await_end(self, seconds: float) -> None:
        """Wait until a worker has ended, but not longer than some seconds.

        Raises:
            EndedError: a worker has ended.
        """
        self._ended.wait(seconds)
        self.check()

    def fail(self, rank: int, why: str) -> None:
        """Tell the others that this worker ends with an error."""
        self.is_resting = True
        self._tell(EndedError(rank, why))
        time.sleep(_SENT_SECONDS)

    def close(self) -> None:
        """Close the connections; the other workers see that as a loss, unless they rest."""
        self.is_resting = True
        self._ended.set()
        for connection in self._connections.values():
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
            connection.close()

    def _listen(self, rank: int) -> None:
        """Take the parcels of a worker, until the connection ends."""
        connection, parcels = self._connections[rank], self._parcels[rank]

        def heard() -> None:
            self._heard[rank] = time.monotonic()

        try:
            while True:
                parcel = receive_parcel(connection, heard)
                if parcel.label == _ENDED:
                    self._note(EndedError(parcel.facts["rank"], parcel.facts["why"]))
                elif parcel.label != _ALIVE:
                    parcels.put(parcel)
        except (OSError, StrangerError):
            self._note(EndedError(rank))

    def _watch(self) -> None:
        """Send signs of life, and look for workers that send none."""
        while not self._ended.wait(SIGN_SECONDS):
            for rank, connection in self._connections.items():
                if time.monotonic() - self._heard[rank] > SILENT_SECONDS:
                    self._note(EndedError(rank))
                if self._sending[rank].acquire(blocking=False):  # what is being sent is a sign of life, too
                    try:
                        send_parcel(connection, Parcel(_ALIVE))
                    except OSError:
                        self._note(EndedError(rank))
                    finally:
                        self._sending[rank].release()

    def _note(self, error: EndedError) -> None:
        """Note the first worker that has ended; tell the others, and wake whoever waits for a parcel."""
        with self._deciding:
            if self._error or self.is_resting:
                return
            self._error = error
        with suppress(OSError):  # wakes whoever sends to a machine that is gone
            self._connections[error.rank if error.rank in self._connections else 0].shutdown(socket.SHUT_RDWR)
        self._tell(error)
        self._ended.set()
        for parcels in self._parcels.values():
            parcels.put(None)

    def _tell(self, error: EndedError) -> None:
        """Tell the workers at the other ends which worker has ended."""
        for rank, connection in self._connections.items():
            if rank != error.rank and self._sending[rank].acquire(timeout=1.0):
                try:
                    connection.settimeout(1.0)
                    with suppress(OSError):
                        send_parcel(connection, Parcel(_ENDED, {"rank": error.rank, "why": error.why}))
                finally:
                    self._sending[rank].release()


def _in_background(work: Callable[[], None]) -> None:
    """Run a function in a thread that ends with the process."""
    threading.Thread(target=work, daemon=True).start()
