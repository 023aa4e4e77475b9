"""How workers meet: the threads of this test are the workers."""

import socket
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest

from rnnlab.errors import TrainingError
from rnnlab.processes import in_thread
from rnnlab.training.distribution import link
from rnnlab.training.distribution.cluster import Cluster
from rnnlab.training.distribution.joining import compare_again, meet
from rnnlab.training.distribution.link import EndedError, Links
from rnnlab.training.distribution.parcels import Parcel, send_parcel
from rnnlab.training.distribution.workers import Decision, Team, agreed

FACTS = {"training.epochs": 10, "data": "abc"}


@pytest.fixture
def addresses() -> tuple[str, ...]:
    """Three addresses with free ports."""
    held = [socket.create_server(("127.0.0.1", 0)) for _ in range(3)]
    names = tuple(f"127.0.0.1:{each.getsockname()[1]}" for each in held)
    for each in held:
        each.close()
    return names


def met(addresses: tuple[str, ...], *facts: dict[str, Any], wait_seconds: float = 20.0) -> list[Any]:
    """What `meet` returns or raises for each worker."""
    futures = [
        in_thread(lambda rank=rank: meet(_cluster(addresses, rank), facts[rank], wait_seconds=wait_seconds))
        for rank in range(len(facts))
    ]
    return [each.exception(timeout=60) or each.result() for each in futures]


def _cluster(addresses: tuple[str, ...], rank: int) -> Cluster:
    return Cluster(addresses, rank, "TF_CONFIG")


@pytest.fixture
def teams(addresses: tuple[str, ...]) -> Iterator[list[Team]]:
    """Three workers that have met."""
    found = met(addresses, *[FACTS] * 3)
    yield [Team(_cluster(addresses, rank), links) for rank, links in enumerate(found)]
    for links in found:
        links.close()


def test_workers_decide_together(teams: list[Team]) -> None:
    """Any signal, any stop, and the chief's number of steps."""
    own = [Decision(0, False, 5), Decision(15, False, 7), Decision(0, True, 9)]

    futures = [
        in_thread(lambda team=team, one=one: agreed(team, one)) for team, one in zip(teams, own, strict=True)
    ]

    assert [each.result(timeout=60) for each in futures] == [Decision(15, True, 5)] * 3


def test_workers_that_have_met_compare_the_next_training(
    addresses: tuple[str, ...], teams: list[Team]
) -> None:
    """The connections of a process serve all its trainings."""
    futures = [
        in_thread(lambda team=team, facts=facts: compare_again(team.links, team.cluster, facts))
        for team, facts in zip(teams, [FACTS, {**FACTS, "training.epochs": 5}, FACTS], strict=True)
    ]
    why = [str(each.exception(timeout=60)) for each in futures]

    expected = f"worker 1 ({addresses[1]}) has another training.epochs than the chief: 5 there, 10 here"
    assert why == [f"{expected}; start every worker alike"] * 3


@pytest.mark.parametrize(
    ("other", "difference"),
    [
        (
            {**FACTS, "data": "abd"},
            "data than the chief: 'abd' there, 'abc' here; give every worker",
        ),
        (
            {**FACTS, "training.epochs": 5},
            "training.epochs than the chief: 5 there, 10 here; start every worker alike",
        ),
    ],
)
def test_workers_that_differ_do_not_begin(
    other: dict[str, Any], difference: str, addresses: tuple[str, ...]
) -> None:
    """Each says which worker differs, and in what."""
    for error in met(addresses[:2], FACTS, other):
        assert isinstance(error, TrainingError)
        assert f"worker 1 ({addresses[1]}) has another {difference}" in str(error)


def test_a_worker_that_does_not_come_is_named(addresses: tuple[str, ...]) -> None:
    """By all that have come."""
    for error in met(addresses, FACTS, FACTS, wait_seconds=0.5):
        assert isinstance(error, TrainingError)
        assert str(error).startswith(f"worker 2 ({addresses[2]}) did not come within 0.5 s; start every")


def test_a_chief_that_does_not_answer_is_named(addresses: tuple[str, ...]) -> None:
    """A worker does not wait for ever."""
    with pytest.raises(TrainingError) as caught:
        meet(_cluster(addresses, 1), FACTS, wait_seconds=0.5)

    assert str(caught.value).startswith(
        f"the chief, worker 0 ({addresses[0]}), did not answer within 0.5 s ("
    )


@pytest.mark.parametrize("rank", [0, 1])
def test_a_port_in_use_is_named(rank: int, addresses: tuple[str, ...]) -> None:
    """Of the chief, and of another worker: TensorFlow's server would not say it."""
    port = addresses[rank].rpartition(":")[2]
    with socket.create_server(("127.0.0.1", int(port))), pytest.raises(TrainingError) as caught:
        meet(_cluster(addresses, rank), FACTS, wait_seconds=0.5)

    assert str(caught.value) == (
        f"worker {rank} ({addresses[rank]}): its port {port} cannot be opened (Address already in use); end"
        " the program that uses it, or choose another port in TF_CONFIG of every worker"
    )


def test_two_processes_of_one_index_do_not_begin(addresses: tuple[str, ...]) -> None:
    """As when TF_CONFIG was copied without a change."""
    chief = in_thread(lambda: meet(_cluster(addresses, 0), FACTS, wait_seconds=20))
    first = in_thread(lambda: meet(_cluster(addresses, 1), FACTS, wait_seconds=20))
    address = "127.0.0.1", int(addresses[0].rpartition(":")[2])
    while not chief.done():  # the second may come before the chief listens, or before the first
        with suppress(OSError), socket.create_connection(address) as second:
            send_parcel(second, Parcel("hello", {"rank": 1, **FACTS}))
            second.recv(1 << 16)

    expected = (
        f"two processes say that they are worker 1 ({addresses[1]}); each needs its own index in TF_CONFIG"
    )
    assert str(chief.exception()) == expected
    assert str(first.exception(timeout=60)) == expected


def test_another_program_at_the_port_of_the_chief_is_named(addresses: tuple[str, ...]) -> None:
    """As TensorFlow's server of an earlier training."""

    def answer() -> None:
        with socket.create_server(("127.0.0.1", int(addresses[0].rpartition(":")[2]))) as server:
            connection, _ = server.accept()
            with connection:
                connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
                connection.recv(1 << 20)

    in_thread(answer)
    with pytest.raises(TrainingError) as caught:
        meet(_cluster(addresses, 1), FACTS, wait_seconds=20)

    assert str(caught.value) == (
        f"the chief, worker 0 ({addresses[0]}), is another program; end it, or choose other ports in"
        " TF_CONFIG"
    )


@pytest.fixture
def pair() -> Iterator[tuple[Links, Links]]:
    """The links of a chief and of worker 1."""
    ends = socket.socketpair()
    both = Links({1: ends[0]}), Links({0: ends[1]})
    yield both
    for links in both:
        links.close()


def test_a_closed_connection_is_a_lost_worker(pair: tuple[Links, Links]) -> None:
    """Whoever waits for a parcel is told at once."""
    pair[1].close()

    with pytest.raises(EndedError) as caught:
        pair[0].receive(1)

    assert (caught.value.rank, caught.value.why) == (1, "")


def test_a_silent_worker_is_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    """As one whose machine has no power: its connection is not closed."""
    monkeypatch.setattr(link, "SIGN_SECONDS", 0.05)
    monkeypatch.setattr(link, "SILENT_SECONDS", 0.2)
    ours, theirs = socket.socketpair()
    links = Links({1: ours})

    with theirs, pytest.raises(EndedError):
        links.receive(1)
    links.close()


def test_a_worker_that_gives_signs_of_life_is_not_lost(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A worker may compute for longer than it may be silent."""
    monkeypatch.setattr(link, "SIGN_SECONDS", 0.05)
    monkeypatch.setattr(link, "SILENT_SECONDS", 1.0)
    ends = socket.socketpair()
    both = Links({1: ends[0]}), Links({0: ends[1]})

    both[0].await_end(2.0)
    both[1].send(0, Parcel("decision"))

    assert both[0].receive(1).label == "decision"
    for links in both:
        links.close()


def test_an_error_of_one_worker_reaches_the_others(pair: tuple[Links, Links]) -> None:
    """With its message."""
    pair[1].fail(1, "the disk is full")

    with pytest.raises(EndedError) as caught:
        pair[0].receive(1)

    assert (caught.value.rank, caught.value.why) == (1, "the disk is full")


def test_what_was_sent_before_the_end_arrives(pair: tuple[Links, Links]) -> None:
    """A parcel that came before the loss is not lost with it."""
    pair[1].send(0, Parcel("decision", {"steps": 3}))
    pair[1].close()

    assert pair[0].receive(1).facts == {"steps": 3}
    with pytest.raises(EndedError):
        pair[0].receive(1)
