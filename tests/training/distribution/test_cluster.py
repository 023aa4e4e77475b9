"""Which workers there are: TF_CONFIG, and the variables of Slurm."""

import json
from typing import Any

import pytest

from rnnlab.errors import UsageError
from rnnlab.training.distribution.cluster import EXAMPLE, Cluster, read_cluster


def tf_config(config: Any) -> dict[str, str]:
    return {"TF_CONFIG": config if isinstance(config, str) else json.dumps(config)}


def test_tf_config_names_the_workers() -> None:
    """The index says which of them this process is."""
    found = read_cluster(tf_config(EXAMPLE), port=1)

    assert found == Cluster(("host1:5000", "host2:5000"), 0, "TF_CONFIG")


def test_the_job_chief_comes_before_the_workers() -> None:
    """As TensorFlow counts them."""
    cluster = {"chief": ["a:1"], "worker": ["b:2", "[::1]:3"]}

    found = read_cluster(tf_config({"cluster": cluster, "task": {"type": "worker", "index": 1}}), port=1)

    assert found == Cluster(("a:1", "b:2", "[::1]:3"), 2, "TF_CONFIG")


def test_without_variables_there_is_no_cluster() -> None:
    """An empty TF_CONFIG counts as none."""
    assert read_cluster({"TF_CONFIG": " ", "SLURM_PROCID": "0"}, port=1) is None


@pytest.mark.parametrize(
    ("config", "problem"),
    [
        ("{", "is not JSON (Expecting property name enclosed in double quotes: line 1 column 2 (char 1))"),
        ([], "has no 'cluster'"),
        ({"cluster": {"ps": ["a:1"]}}, "has the job 'ps'; rnnlab trains with the jobs"),
        ({"cluster": {}}, "has no 'worker' in its 'cluster'"),
        ({"cluster": {"worker": "a:1"}}, "has no list of addresses as 'worker'"),
        ({"cluster": {"worker": ["a"]}}, "has the address 'a', expected host:port"),
        ({"cluster": {"worker": ["a:70000"]}}, "has the address 'a:70000', expected host:port"),
        ({"cluster": {"worker": ["a:1", "a:1"]}}, "has the address 'a:1' twice"),
        ({"cluster": {"worker": ["a:1"]}}, "has no 'task' with an 'index'"),
        (
            {"cluster": {"worker": ["a:1", "b:1"]}, "task": {"type": "worker", "index": 2}},
            "has the task 'worker' 2, and its cluster has 0 to 1",
        ),
        (
            {"cluster": {"worker": ["a:1"]}, "task": {"type": "chief", "index": 0}},
            "has the task 'chief' 0, and its cluster has 'worker' 0 to 0",
        ),
        (
            {"cluster": {"worker": ["a:1"]}, "task": {"type": "worker", "index": "x"}},
            "has the task 'worker' 'x'",
        ),
    ],
)
def test_a_wrong_tf_config_is_one_line_with_an_example(config: Any, problem: str) -> None:
    """The line says what is wrong, and shows a right one."""
    with pytest.raises(UsageError) as caught:
        read_cluster(tf_config(config), port=1)

    assert str(caught.value).startswith(f"TF_CONFIG {problem}")
    assert str(caught.value).endswith(f"; expected for example {EXAMPLE}")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("hosts", "tasks", "rank", "expected"),
    [
        ("n1,n2", "1(x2)", 1, ["n1:8888", "n2:8888"]),
        ("gpu[08-10]", "2,1(x2)", 2, ["gpu08:8888", "gpu08:8889", "gpu09:8888", "gpu10:8888"]),
        ("a[1,3-4]-x,b", "1(x4)", 0, ["a1-x:8888", "a3-x:8888", "a4-x:8888", "b:8888"]),
        ("r[1-2]n[1-2]", "1(x4)", 3, ["r1n1:8888", "r1n2:8888", "r2n1:8888", "r2n2:8888"]),
    ],
)
def test_slurm_names_the_workers(hosts: str, tasks: str, rank: int, expected: list[str]) -> None:
    """The tasks of one machine have consecutive ports."""
    variables = {
        "SLURM_STEP_NODELIST": hosts,
        "SLURM_STEP_TASKS_PER_NODE": tasks,
        "SLURM_PROCID": str(rank),
    }

    assert read_cluster(variables, port=8888) == Cluster(tuple(expected), rank, "Slurm")


@pytest.mark.parametrize(
    ("tasks", "rank", "problem"),
    [
        ("1", "0", "Slurm's variables contradict one another: 2 hosts, tasks per host [1], task 0"),
        ("1(x2)", "2", "Slurm's variables contradict one another: 2 hosts, tasks per host [1, 1], task 2"),
        ("many", "0", "Slurm's variables cannot be read (ValueError: many)"),
        ("1(x2)", "", "Slurm's variables cannot be read (ValueError: invalid literal"),
    ],
)
def test_wrong_variables_of_slurm_are_one_line(tasks: str, rank: str, problem: str) -> None:
    """The line gives the remedy."""
    variables = {"SLURM_STEP_NODELIST": "a,b", "SLURM_STEP_TASKS_PER_NODE": tasks, "SLURM_PROCID": rank}

    with pytest.raises(UsageError) as caught:
        read_cluster(variables, port=8888)

    assert str(caught.value).startswith(problem)
    assert str(caught.value).endswith("start the workers with srun, or set TF_CONFIG")
