"""Validate recordings of replies: files of bodies, JSON Lines, HAR, VCR cassettes and HTTP responses.

>>> from smsc_codec.recordings import validate_recordings
>>> for found in validate_recordings(["traffic.har"], jobs=2):  # doctest: +SKIP
...     print(found.path, found.entry, found.code, found.message)

What foreign containers need is installed by `pip install 'smsc-codec[cli]'` and imported when it is needed.
"""

from .._public import publish
from ._coding import BrokenError, MissingError
from ._entry import CODES, Entry, Found, Problem
from ._jobs import WorkerError
from ._summary import Summary
from ._tape import Kind
from ._validate import Validation, files_of, recorded_in, validate_recordings

__all__ = [
    "CODES",
    "BrokenError",
    "Entry",
    "Found",
    "Kind",
    "MissingError",
    "Problem",
    "Summary",
    "Validation",
    "WorkerError",
    "files_of",
    "recorded_in",
    "validate_recordings",
]

publish(globals())
