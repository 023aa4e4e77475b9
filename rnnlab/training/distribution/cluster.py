"""The cluster: the address of every worker, and which of them this process is.

It is read from TF_CONFIG, as TensorFlow documents it:

    {"cluster": {"worker": ["host1:5000", "host2:5000"]}, "task": {"type": "worker", "index": 0}}

or from the variables that Slurm sets for each task of a job step (`srun`). TensorFlow's own
`SlurmClusterResolver` is not used, since it calls nvidia-smi, which machines without a GPU lack.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from rnnlab.errors import UsageError

EXAMPLE = '{"cluster": {"worker": ["host1:5000", "host2:5000"]}, "task": {"type": "worker", "index": 0}}'

MOST_WORKERS = 4096

_ROLES = ("chief", "worker")
_ADDRESS = re.compile(r"(?P<host>[^\s:]+|\[[0-9a-fA-F:.]+\]):(?P<port>\d{1,5})")


@dataclass(frozen=True)
class Cluster:
    """The workers of a training.

    Attributes:
        addresses: `host:port` of each worker; the first is the chief.
        rank: which of them this process is, from 0.
        source: what names the addresses, for messages.
    """

    addresses: tuple[str, ...]
    rank: int
    source: str

    @property
    def count(self) -> int:
        """Number of workers."""
        return len(self.addresses)

    def named(self, rank: int) -> str:
        """Return a worker's number, from 0, and its address, for messages."""
        return f"worker {rank} ({self.addresses[rank]})"


def read_cluster(variables: Mapping[str, str], *, port: int) -> Cluster | None:
    """Return the cluster that environment variables name; None if they name none.

    Args:
        variables: the environment.
        port: under Slurm, the port of the first worker of each machine.

    Raises:
        UsageError: TF_CONFIG, or a variable of Slurm, is wrong.
    """
    if variables.get("TF_CONFIG", "").strip():
        return _of_tf_config(variables["TF_CONFIG"])
    return _of_slurm(variables, port) if "SLURM_STEP_NODELIST" in variables else None


def host_and_port(address: str) -> tuple[str, int]:
    """Return the host and the port of an address; the host of an IPv6 address loses its brackets."""
    host, _, port = address.rpartition(":")
    return host.removeprefix("[").removesuffix("]"), int(port)


def _of_tf_config(text: str) -> Cluster:
    """Return the cluster of a TF_CONFIG.

    Raises:
        UsageError: the text is not JSON, or names no cluster, no task, or a task that the cluster lacks.
    """
    try:
        config = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise _wrong(f"is not JSON ({error})") from None
    jobs = config.get("cluster") if isinstance(config, dict) else None
    if not isinstance(jobs, dict):
        raise _wrong("has no 'cluster'")
    if others := [name for name in jobs if name not in (*_ROLES, "evaluator")]:
        raise _wrong(f"has the job {others[0]!r}; rnnlab trains with the jobs 'chief' and 'worker' only")
    ranks: dict[tuple[str, int], int] = {}
    addresses: list[str] = []
    for role in _ROLES:
        for index, address in enumerate(_listed(jobs.get(role, []), role)):
            ranks[role, index] = len(addresses)
            addresses.append(address)
    if not addresses:
        raise _wrong("has no 'worker' in its 'cluster'")
    return Cluster(tuple(addresses), _rank_of(config.get("task"), ranks), "TF_CONFIG")


def _listed(addresses: Any, role: str) -> list[str]:
    """Return the addresses of a job.

    Raises:
        UsageError: an address is not `host:port`, or is there twice.
    """
    if not isinstance(addresses, list) or len(addresses) > MOST_WORKERS:
        raise _wrong(f"has no list of addresses as {role!r}")
    for address in addresses:
        match = _ADDRESS.fullmatch(address) if isinstance(address, str) else None
        if not match or not 0 < int(match["port"]) < 1 << 16:
            raise _wrong(f"has the address {address!r}, expected host:port")
        if addresses.count(address) > 1:
            raise _wrong(f"has the address {address!r} twice; each worker needs a port of its own")
    return addresses


def _rank_of(task: Any, ranks: dict[tuple[str, int], int]) -> int:
    """Return the rank of the task that this process is.

    Raises:
        UsageError: there is no task, or the cluster does not have it.
    """
    if not isinstance(task, dict) or "index" not in task:
        raise _wrong("has no 'task' with an 'index', which says which of the workers this process is")
    role, index = task.get("type", "worker"), task["index"]
    try:
        rank = ranks.get((role, int(index)))
    except (TypeError, ValueError):
        rank = None
    if rank is None:
        count = sum(name == role for name, _ in ranks)
        have = f"0 to {count - 1}" if count else f"'worker' 0 to {len(ranks) - 1}"
        raise _wrong(f"has the task {role!r} {index!r}, and its cluster has {have}")
    return rank


def _wrong(what: str) -> UsageError:
    return UsageError(f"TF_CONFIG {what}; expected for example {EXAMPLE}")


def _of_slurm(variables: Mapping[str, str], port: int) -> Cluster:
    """Return the cluster of a job step of Slurm: the tasks of one machine have consecutive ports.

    Raises:
        UsageError: a variable is missing or cannot be read.
    """
    try:
        hosts = list(_hosts(variables["SLURM_STEP_NODELIST"]))
        tasks = list(_repeated(variables["SLURM_STEP_TASKS_PER_NODE"]))
        rank = int(variables["SLURM_PROCID"])
    except (KeyError, ValueError) as error:
        raise UsageError(
            f"Slurm's variables cannot be read ({type(error).__name__}: {error}); start the workers with"
            " srun, or set TF_CONFIG"
        ) from None
    addresses = [
        f"{host}:{port + number}"
        for host, count in zip(hosts, tasks, strict=False)
        for number in range(count)
    ]
    if len(hosts) != len(tasks) or not 0 <= rank < len(addresses):
        raise UsageError(
            f"Slurm's variables contradict one another: {len(hosts)} hosts, tasks per host {tasks}, task"
            f" {rank}; start the workers with srun, or set TF_CONFIG"
        )
    return Cluster(tuple(addresses), rank, "Slurm")


def _hosts(names: str) -> Iterator[str]:
    """Yield the hosts of a list as Slurm writes it: `a[01-03,7],b` gives a01 a02 a03 a7 b.

    Raises:
        ValueError: a range has no numbers.
    """
    for name in re.findall(r"(?:[^,\[\]]|\[[^\]]*\])+", names):
        match = re.fullmatch(r"([^\[]*)\[([^\]]*)\](.*)", name)
        if not match:
            yield name
            continue
        for piece in match[2].split(","):
            first, _, last = piece.partition("-")
            for number in range(int(first), int(last or first) + 1):
                yield from _hosts(f"{match[1]}{number:0{len(first)}d}{match[3]}")


def _repeated(counts: str) -> Iterator[int]:
    """Yield the numbers of a list as Slurm writes it: `2(x3),1` gives 2 2 2 1.

    Raises:
        ValueError: it is not such a list.
    """
    for piece in counts.split(","):
        match = re.fullmatch(r"(\d+)(?:\(x(\d+)\))?", piece)
        if not match:
            raise ValueError(counts)
        for _ in range(int(match[2] or 1)):
            yield int(match[1])
