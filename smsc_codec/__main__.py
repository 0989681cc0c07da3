"""`smsc-codec` and `python -m smsc_codec`: the command line."""

import sys


def run() -> None:
    """Run the command and leave with its exit status."""
    try:
        from .cli.main import main
    except KeyboardInterrupt:  # while it loads; later the command sees to it
        sys.exit(130)
    sys.exit(main())


if __name__ == "__main__":
    run()
