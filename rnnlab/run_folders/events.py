"""What has become of a training, by its `events.log`."""

from datetime import UTC, datetime

DONE, INTERRUPTED, FAILED = "done", "interrupted", "failed"

_ENDINGS = {
    "training ends after ": DONE,
    "training failed: ": FAILED,
    "interrupted ": INTERRUPTED,
    "training begins": INTERRUPTED,
    "training is resumed ": INTERRUPTED,
}
"""How the last event that says it begins; a training that nobody is at any more was killed."""


def begun_at(log: str) -> datetime | None:
    """When the first event was, in UTC; None if the log does not say."""
    time, _, _ = log.partition(" ")
    try:
        return datetime.fromisoformat(time).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def state_of(log: str) -> str:
    """Done, interrupted or failed: what the last event says, and where none does, interrupted."""
    for line in reversed(log.splitlines()):
        _, _, event = line.partition(" ")
        if "; training stops after step " in event:  # a save that failed
            return FAILED
        for beginning, state in _ENDINGS.items():
            if event.startswith(beginning):
                return state
    return INTERRUPTED
