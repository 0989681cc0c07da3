"""Which part of the library the inputs of a folder reach: `python -m tests.fuzz.replay TARGET FOLDER`."""

from __future__ import annotations

import io
import sys
from pathlib import Path

from coverage import Coverage


def main() -> None:
    """Print the percentage of lines and branches, of the modules that were needed."""
    measured = Coverage(data_file=None, config_file=False, branch=True, include="*/smsc_codec/*")
    with measured.collect():
        from tests.fuzz.targets import TARGETS, small_sizes

        with small_sizes():
            for path in sorted(Path(sys.argv[2]).iterdir()):
                TARGETS[sys.argv[1]](path.read_bytes())
    print(f"{measured.report(file=io.StringIO()):.0f}")


if __name__ == "__main__":
    main()
