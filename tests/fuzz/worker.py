"""One target under atheris: `python -m tests.fuzz.worker TARGET [libFuzzer's options and corpora]`."""

from __future__ import annotations

import sys

import atheris

with atheris.instrument_imports(include=["smsc_codec", "defusedxml"]):
    import smsc_codec
    from smsc_codec import _csv, _grammar, _json, _text, _xml  # noqa: F401 - loaded late elsewhere
    from tests.fuzz.targets import TARGETS, small_pieces


def main() -> None:
    """Fuzz until libFuzzer stops the process."""
    program, target, *options = sys.argv
    smsc_codec.decode(b"name = A", fmt=0)
    with small_pieces():
        atheris.Setup([program, *options], TARGETS[target])
        atheris.Fuzz()


if __name__ == "__main__":
    main()
