"""The library of NumPy's matrix products (BLAS): which one it is, and its threads.

The last bits of a product depend on the kernels that the library has for the processor, and on how many
threads share a product.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from threadpoolctl import threadpool_info, threadpool_limits


@dataclass(frozen=True)
class Blas:
    """The library of matrix products.

    Attributes:
        name: name, version and the processor that its kernels are for, such as `openblas 0.3.31 Haswell`;
            empty if the library does not say it.
        threads: largest number of threads that share a product; None if the library does not say it.
    """

    name: str
    threads: int | None


def blas() -> Blas:
    """Return the library of NumPy's matrix products, as it is set now."""
    found = [library for library in threadpool_info() if library.get("user_api") == "blas"]
    found.sort(key=lambda library: "numpy" not in Path(str(library.get("filepath", ""))).as_posix())
    if not found:
        return Blas("", None)
    facts = (found[0].get(fact) for fact in ("internal_api", "version", "architecture"))
    return Blas(" ".join(str(fact) for fact in facts if fact), found[0].get("num_threads"))


@contextmanager
def products_on(threads: int | None) -> Iterator[None]:
    """Share matrix products among so many threads during the `with` block; None leaves them as they are."""
    with threadpool_limits(threads, user_api="blas"):
        yield
