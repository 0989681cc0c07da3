"""The four formats of the service, each a reader and a writer in a file of its name."""
