"""The meeting of the workers before a training: they connect, and compare what they are about to train.

The chief listens at its port until every other worker has come, and then closes the port again: TensorFlow's
own server takes it a moment later. The connections stay.
"""

import os
import socket
import time
from contextlib import suppress
from typing import Any

from rnnlab.errors import TrainingError
from rnnlab.training.distribution.cluster import Cluster, host_and_port
from rnnlab.training.distribution.link import Links
from rnnlab.training.distribution.parcels import Parcel, StrangerError, receive_parcel, send_parcel

_HELLO, _WELCOME, _REFUSED = "hello", "welcome", "refused"

_GREETING_SECONDS = 10.0
"""Seconds that a program that has connected may take to say which worker it is."""

_TRY_SECONDS = 0.2
"""Seconds between two attempts to reach the chief."""

Facts = dict[str, Any]


def meet(cluster: Cluster, facts: Facts, *, wait_seconds: float) -> Links:
    """Connect the workers; return the connections of this one.

    Args:
        cluster: the workers.
        facts: what must be the same for all workers, by name; values that JSON has.
        wait_seconds: how long to wait for the others.

    Raises:
        TrainingError: a port is in use, a worker does not come, or the workers differ in a fact.
    """
    deadline = time.monotonic() + wait_seconds
    host, port = host_and_port(cluster.addresses[cluster.rank])
    listener = _listening(host, port, cluster)
    if cluster.rank:
        listener.close()  # only a check: TensorFlow's server needs the port
        return Links({0: _at_chief(cluster, facts, deadline, wait_seconds)})
    with listener:
        return Links(_at_door(listener, cluster, facts, deadline, wait_seconds))


def compare_again(links: Links, cluster: Cluster, facts: Facts) -> None:
    """Compare what connected workers are about to train, before another training in the same process.

    Raises:
        TrainingError: the workers differ in a fact.
        EndedError: a worker has ended since.
    """
    links.is_resting = False
    if cluster.rank:
        links.send(0, Parcel(_HELLO, {"rank": cluster.rank, **facts}))
        answer = links.receive(0)
        if answer.label == _REFUSED:
            raise TrainingError(answer.facts["why"])
        return
    why = ""
    for rank in links.ranks:
        why = why or _difference(cluster, rank, links.receive(rank).facts, facts)
    for rank in links.ranks:
        links.send(rank, Parcel(_REFUSED, {"why": why}) if why else Parcel(_WELCOME))
    if why:
        raise TrainingError(why)


def _listening(host: str, port: int, cluster: Cluster) -> socket.socket:
    """Return a socket that listens at the port of this worker.

    Raises:
        TrainingError: another program uses the port, or the host is not this machine.
    """
    is_local = host in {"localhost", "127.0.0.1", "::1"}
    family = (
        socket.AF_INET6 if host == "::1" or (not is_local and socket.has_dualstack_ipv6()) else socket.AF_INET
    )
    try:
        return socket.create_server(
            (host if is_local else "", port),
            family=family,
            dualstack_ipv6=family == socket.AF_INET6 and not is_local,
        )
    except OSError as error:
        raise TrainingError(
            f"{cluster.named(cluster.rank)}: its port {port} cannot be opened ({_reason(error)});"
            f" end the program that uses it, or choose another port in {_where_ports_stand(cluster)} of"
            " every worker"
        ) from None


def _reason(error: OSError) -> str:
    """Return the reason of a socket's error, without the address that Python adds."""
    return os.strerror(error.errno) if error.errno else str(error)


def _where_ports_stand(cluster: Cluster) -> str:
    return "training.distribute.port" if cluster.source == "Slurm" else cluster.source


def _at_door(
    listener: socket.socket, cluster: Cluster, facts: Facts, deadline: float, wait_seconds: float
) -> dict[int, socket.socket]:
    """Return the connections of the chief to all others, by rank.

    Raises:
        TrainingError: a worker does not come in time, or differs from the chief in a fact.
    """
    listener.settimeout(_TRY_SECONDS)
    come: dict[int, socket.socket] = {}
    while len(come) < cluster.count - 1:
        if time.monotonic() > deadline:
            _refuse(come, why := _absent(cluster, come, wait_seconds))
            raise TrainingError(why)
        with suppress(TimeoutError):
            connection, _ = listener.accept()
            hello = _hello(connection)
            if hello is None:  # another program, such as one that looks for open ports
                connection.close()
                continue
            why = _difference(cluster, hello.facts["rank"], hello.facts, facts)
            if hello.facts["rank"] in come:
                why = f"two processes say that they are {cluster.named(hello.facts['rank'])}; each needs"
                why += f" its own index in {cluster.source}"
            if why:
                _refuse({**come, -1: connection}, why)
                raise TrainingError(why)
            come[hello.facts["rank"]] = connection
    for connection in come.values():
        with suppress(OSError):  # the links notice the loss
            send_parcel(connection, Parcel(_WELCOME))
    return come


def _hello(connection: socket.socket) -> Parcel | None:
    """Return what a program that has connected says first; None if it is no worker."""
    connection.settimeout(_GREETING_SECONDS)
    try:
        hello = receive_parcel(connection)
    except (OSError, StrangerError):
        return None
    return hello if hello.label == _HELLO and isinstance(hello.facts.get("rank"), int) else None


def _refuse(connections: dict[int, socket.socket], why: str) -> None:
    """Tell all workers that have come why the training does not begin."""
    for connection in connections.values():
        with suppress(OSError):
            send_parcel(connection, Parcel(_REFUSED, {"why": why}))
        connection.close()


def _absent(cluster: Cluster, come: dict[int, socket.socket], wait_seconds: float) -> str:
    absent = [cluster.named(rank) for rank in range(1, cluster.count) if rank not in come]
    names = ", ".join(absent[:5]) + (f" and {len(absent) - 5} more" if len(absent) > 5 else "")
    return (
        f"{names} did not come within {wait_seconds:g} s; start every worker with the same"
        f" {cluster.source} but its own index, or set training.distribute.wait_seconds to more"
    )


def _difference(cluster: Cluster, rank: int, theirs: Facts, facts: Facts) -> str:
    """Return how a worker differs from the chief, as a message; empty if it does not."""
    for name, value in facts.items():
        if theirs.get(name) != value:
            other = theirs.get(name)
            known = all(isinstance(each, str | int | float | bool | None) for each in (value, other))
            shown = f": {_shown(other)} there, {_shown(value)} here" if known else ""
            remedy = "give every worker the same files" if name == "data" else "start every worker alike"
            who = cluster.named(rank) if 0 < rank < cluster.count else f"worker {rank}"
            return f"{who} has another {name} than the chief{shown}; {remedy}"
    return ""


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 40 else f"{text[:39]}…"


def _at_chief(cluster: Cluster, facts: Facts, deadline: float, wait_seconds: float) -> socket.socket:
    """Return the connection to the chief, once it has said that all workers have come.

    Raises:
        TrainingError: the chief does not answer in time, or refuses.
    """
    chief = f"the chief, {cluster.named(0)},"
    hello = Parcel(_HELLO, {"rank": cluster.rank, **facts})
    connection = _connected(cluster, chief, deadline, wait_seconds)
    try:
        send_parcel(connection, hello)
        # the chief itself waits for the others, and then says who is missing
        connection.settimeout(wait_seconds + _GREETING_SECONDS)
        answer = receive_parcel(connection)
    except StrangerError:
        connection.close()
        raise TrainingError(
            f"{chief} is another program; end it, or choose other ports in {_where_ports_stand(cluster)}"
        ) from None
    except OSError as error:
        connection.close()
        raise TrainingError(
            f"{chief} has left before the training began ({error}); start every worker again"
        ) from None
    if answer.label == _REFUSED:
        connection.close()
        raise TrainingError(answer.facts["why"])
    return connection


def _connected(cluster: Cluster, chief: str, deadline: float, wait_seconds: float) -> socket.socket:
    """Return a connection to the chief.

    Raises:
        TrainingError: the chief cannot be reached in time.
    """
    address = host_and_port(cluster.addresses[0])
    while True:
        try:
            return socket.create_connection(address, timeout=_GREETING_SECONDS)
        except OSError as error:
            why = _reason(error)
        if time.monotonic() > deadline:
            raise TrainingError(
                f"{chief} did not answer within {wait_seconds:g} s ({why}); start it with the same"
                f" {cluster.source} but index 0, or set training.distribute.wait_seconds to more"
            )
        time.sleep(_TRY_SECONDS)
