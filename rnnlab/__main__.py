"""`python -m rnnlab`, and the console script."""

import os
import signal
import sys
from types import FrameType

INTERRUPTED = 128
"""An exit code above it names a signal."""


def main() -> None:
    """Run the command line and exit with its code.

    SIGTERM and a closed terminal end every command as Ctrl-C does; training notes them itself and saves.
    After an interruption nothing is waited for: a thread that compiles would hold the process up.
    """
    for name in ("SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)  # Windows has no SIGHUP
        if number and signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _stop)
    try:
        from rnnlab.commands import run  # noqa: PLC0415 (so that `import rnnlab.__main__` stays free)
        from rnnlab.commands.terminal import flush  # noqa: PLC0415

        code = run(sys.argv[1:])
    except KeyboardInterrupt:  # so early that no command has begun, and nothing is to be saved
        os._exit(INTERRUPTED + signal.SIGINT)
    if code > INTERRUPTED:
        flush()
        os._exit(code)
    sys.exit(code)


def _stop(number: int, frame: FrameType | None) -> None:
    """End what the main thread is doing, as a terminated process."""
    del number, frame
    raise SystemExit(INTERRUPTED + signal.SIGTERM)


if __name__ == "__main__":
    main()
