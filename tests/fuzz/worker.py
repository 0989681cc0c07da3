"""One target under atheris: `python -m tests.fuzz.worker TARGET [libFuzzer's options and corpora]`."""

from __future__ import annotations

import sys
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["smsc_codec", "defusedxml"]):
    from smsc_codec import (
        Format,
        recordings,  # noqa: F401 - loaded late elsewhere
    )
    from smsc_codec.formats import csv, free_text, json, json_places, layouts, text, xml, xml_tree  # noqa: F401 - loaded late elsewhere
    from tests.fuzz.targets import TARGETS, small_sizes
    from tests.registered import CODECS

ARTIFACT = "-exact_artifact_path="


def main() -> None:
    """Fuzz until libFuzzer stops the process."""
    program, target, *options = sys.argv
    artifact = Path(next(option for option in options if option.startswith(ARTIFACT)).removeprefix(ARTIFACT))

    def run(data: bytes) -> None:
        try:
            TARGETS[target](data)
        except Exception:
            # libFuzzer keeps what crashes only where it can see it, which depends on how it was built.
            artifact.write_bytes(data)
            raise

    with small_sizes():
        # What is loaded or compiled late would look like a path of the first input.
        for codec in CODECS:
            for fmt in Format:
                codec.validate(b"x", fmt=fmt)
        atheris.Setup([program, *options], run)
        atheris.Fuzz()


if __name__ == "__main__":
    main()
