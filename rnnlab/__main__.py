"""The entry point of `python -m rnnlab` and of the command `rnnlab`."""

import os
import signal
import sys

INTERRUPTED = 128
"""Exit codes above this number stand for a signal."""


def main() -> None:
    """Run the command line and exit with its code.

    A signal ends the process without a traceback. During the first imports the system ends the process; later
    the handler of `rnnlab.signals` ends it; a training saves before it ends. After a signal, or if a worker
    is lost, the process does not wait for its threads: one may still compile, or wait for that worker.
    """
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    from rnnlab.signals import handle_signals  # noqa: PLC0415 (so that importing this module loads nothing)

    handle_signals()
    from rnnlab.commands import run  # noqa: PLC0415
    from rnnlab.terminal.text import flush  # noqa: PLC0415

    code = run(sys.argv[1:])
    processes = sys.modules.get("rnnlab.processes")
    if code > INTERRUPTED or (processes and processes.threads_run_on()):
        flush()
        os._exit(code)
    sys.exit(code)


if __name__ == "__main__":
    main()
