"""Coverage-guided fuzzing of the laws: `python -m tests.fuzz --help`."""
