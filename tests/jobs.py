"""What the workers of a test do. They import this module, and it imports nothing that takes time."""

from __future__ import annotations

import os


def fail(part: int) -> int:
    """Do what a worker does that cannot."""
    if part == 3:
        raise ValueError("three")
    return part


def end(part: int) -> int:
    """Do what a worker does that ends itself."""
    if part == 3:
        os._exit(7)
    return part
