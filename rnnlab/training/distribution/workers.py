"""The workers of a training, as the training loop sees them: one that is alone, or a team of several.

All workers take the same steps and call the same methods in the same order. Whatever depends on the clock, on
a signal or on the processor is decided by the chief, worker 0, or by all together, so that no worker takes a
step that another does not take.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import wait
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Protocol, TypeVar

from rnnlab.engines.tensorflow.collective import WHOLE, Share
from rnnlab.errors import Call, RnnlabError, TrainingError
from rnnlab.processes import in_thread
from rnnlab.training.checkpoints import Checkpoint
from rnnlab.training.distribution.cluster import Cluster
from rnnlab.training.distribution.link import SILENT_SECONDS, EndedError, Links
from rnnlab.training.distribution.parcels import Parcel
from rnnlab.training.facts import read_facts, write_facts

Result = TypeVar("Result")

LOOK_SECONDS = 0.05
"""Time between two looks at the links while a chunk of steps runs."""


@dataclass(frozen=True)
class Decision:
    """What the workers agree on after a chunk.

    Attributes:
        signal_number: a signal that one of them has received; 0 for none.
        stops: whether a callback of one of them has stopped the training.
        steps: number of steps of the next chunk, as the chief wants it.
    """

    signal_number: int
    stops: bool
    steps: int


class Workers(Protocol):
    """The workers of a training, seen from one of them."""

    @property
    def share(self) -> Share:
        """The part of the lanes that this worker has."""

    @property
    def is_chief(self) -> bool:
        """Whether this worker writes the run folder."""

    def named(self, rank: int) -> str:
        """Return the name of a worker, for messages."""

    def run(self, work: Callable[[], Result]) -> Result:
        """Return what a function returns that all workers call; it may wait for the others.

        Raises:
            EndedError: another worker has ended meanwhile.
        """

    def shared(self, label: str, make: Callable[[], Parcel]) -> Parcel:
        """Return what the function returns for the chief; the other workers do not call it."""

    def gathered(self, label: str, own: Parcel) -> list[Parcel]:
        """Return the parcels of all workers, by rank; for all but the chief only their own."""


class Alone:
    """The only worker of a training: it decides alone."""

    share, is_chief = WHOLE, True

    def named(self, rank: int) -> str:
        """Return the name of a worker, for messages."""
        return f"worker {rank}"

    def run(self, work: Callable[[], Result]) -> Result:
        """Return what the function returns."""
        return work()

    def shared(self, label: str, make: Callable[[], Parcel]) -> Parcel:
        """Return what the function returns."""
        del label
        return make()

    def gathered(self, label: str, own: Parcel) -> list[Parcel]:
        """Return the worker's own parcel."""
        del label
        return [own]


ALONE = Alone()


class Team:
    """One of several workers.

    Args:
        cluster: the workers.
        links: the connections of this worker.
    """

    def __init__(self, cluster: Cluster, links: Links) -> None:
        self.cluster, self.links = cluster, links

    @property
    def share(self) -> Share:
        """The part of the lanes that this worker has."""
        return Share(self.cluster.rank, self.cluster.count)

    @property
    def is_chief(self) -> bool:
        """Whether this worker writes the run folder."""
        return self.cluster.rank == 0

    def named(self, rank: int) -> str:
        """Return the number and the address of a worker, for messages."""
        return self.cluster.named(rank)

    def run(self, work: Callable[[], Result]) -> Result:
        """Return what a function returns that all workers call.

        The function runs in another thread, since a collective operation waits for a lost worker for ever.

        Raises:
            EndedError: another worker has ended meanwhile; the thread may run on.
        """
        done = in_thread(work)
        while not wait([done], timeout=LOOK_SECONDS).done:
            self.links.check()
        error = done.exception()
        if error and not isinstance(error, RnnlabError):  # TensorFlow, too, notices that a worker is lost
            self.links.await_end(SILENT_SECONDS)
        return done.result()

    def shared(self, label: str, make: Callable[[], Parcel]) -> Parcel:
        """Return what the function returns for the chief.

        Raises:
            EndedError: another worker has ended.
        """
        if not self.is_chief:
            return self._received(0, label)
        made = make()
        parcel = Parcel(label, made.facts, made.arrays)
        for rank in self.links.ranks:
            self.links.send(rank, parcel)
        return parcel

    def gathered(self, label: str, own: Parcel) -> list[Parcel]:
        """Return the parcels of all workers, by rank; for all but the chief only their own.

        Raises:
            EndedError: another worker has ended.
        """
        if self.is_chief:
            return [own, *(self._received(rank, label) for rank in sorted(self.links.ranks))]
        self.links.send(0, Parcel(label, own.facts, own.arrays))
        return [own]

    def rest(self) -> None:
        """Wait until all workers have ended the training; a worker may leave then.

        Raises:
            EndedError: another worker has ended before.
        """
        self.gathered("rest", Parcel("rest"))
        if self.is_chief:
            self.links.is_resting = True
        self.shared("rest", lambda: Parcel("rest"))
        self.links.is_resting = True

    def _received(self, rank: int, label: str) -> Parcel:
        """Return the next parcel of a worker.

        Raises:
            EndedError: a worker has ended.
            RuntimeError: the workers are at different places of the training, which is a bug.
        """
        parcel = self.links.receive(rank)
        if parcel.label != label:
            raise RuntimeError(
                f"worker {rank} is at {parcel.label!r}, worker {self.cluster.rank} at {label!r}"
            )
        return parcel


def agreed(workers: Workers, own: Decision) -> Decision:
    """Return what all workers decide together after a chunk."""
    if workers.share.count == 1:
        return own
    every = [Decision(**each.facts) for each in workers.gathered("decision", Parcel("", asdict(own)))]
    return Decision(**workers.shared("decided", lambda: Parcel("", asdict(_joined(every)))).facts)


def _joined(decisions: Sequence[Decision]) -> Decision:
    """Return the decision of all workers: any signal, any stop, and the chief's number of steps."""
    return Decision(
        max(each.signal_number for each in decisions),
        any(each.stops for each in decisions),
        decisions[0].steps,
    )


def is_save_due(workers: Workers, is_due: Callable[[], bool]) -> bool:
    """Whether a checkpoint is saved now, as the chief decides."""
    return bool(workers.shared("save", lambda: Parcel("", {"is_due": is_due()})).facts["is_due"])


def start_parcel(start: Checkpoint | None, run: Path) -> Parcel:
    """Return what the other workers need to begin as the chief does: its checkpoint and its run folder."""
    facts = {"run": str(run), "start": write_facts(start.facts) if start else None}
    return Parcel("", facts, start.arrays if start else {})


def started(parcel: Parcel) -> tuple[Checkpoint | None, Path]:
    """Return the checkpoint that the chief continues from, if there is one, and its run folder."""
    facts = parcel.facts["start"]
    start = Checkpoint(parcel.arrays, read_facts(facts)) if facts else None
    return start, Path(parcel.facts["run"])


def ended(workers: Workers, error: EndedError, *, kept_step: int, run: Path) -> TrainingError:
    """Return the error for the user: which worker has ended, what is kept, and how to resume.

    Args:
        workers: the workers.
        error: the worker that has ended.
        kept_step: the step after which the last checkpoint was saved; 0 if there is none.
        run: the run folder of the chief.
    """
    what = (
        f"ended with an error: {error.why}" if error.why else "was lost: it was killed or cannot be reached"
    )
    kept = f"all up to step {kept_step:,} is kept" if kept_step else "nothing was saved before"
    return TrainingError(
        f"{workers.named(error.rank)} {what}; {kept}; to go on, start every worker again with: ",
        Call("resume", str(run)),
    )
