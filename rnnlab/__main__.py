"""`python -m rnnlab`, and the console script."""

import os
import signal
import sys

INTERRUPTED = 128
"""An exit code above it names a signal."""


def main() -> None:
    """Run the command line and exit with its code.

    A signal ends the process without a traceback from the first line on: before anything is imported as the
    system does it, then by `rnnlab.signals`; training notes it and saves. After an interruption nothing is
    waited for: a thread that compiles would hold the process up.
    """
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    from rnnlab.signals import handle_signals  # noqa: PLC0415 (so that `import rnnlab.__main__` stays free)

    handle_signals()
    from rnnlab.commands import run  # noqa: PLC0415
    from rnnlab.terminal.text import flush  # noqa: PLC0415

    code = run(sys.argv[1:])
    if code > INTERRUPTED:
        flush()
        os._exit(code)
    sys.exit(code)


if __name__ == "__main__":
    main()
