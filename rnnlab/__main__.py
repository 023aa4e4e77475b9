"""`python -m rnnlab`, and the console script."""

import sys


def main() -> None:
    """Run the command line and exit with its code."""
    from rnnlab.commands import run  # noqa: PLC0415 (so that `import rnnlab.__main__` stays free)

    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
