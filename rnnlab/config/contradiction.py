"""What is said of settings that cannot be together."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Contradiction:
    """Settings that cannot be together.

    Attributes:
        keys: the dotted names of these settings; the first is the one to change.
        message: what is wrong, and what to do.
    """

    keys: tuple[str, ...]
    message: str
