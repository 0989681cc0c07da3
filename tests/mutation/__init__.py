"""Mutation testing: small changes of the library, each of which some test has to notice.

`python -m tests.mutation` needs `pip install mutmut==3.8.1`, whose mutations these are. Its own runner is not used:
it leaves everything outside of plain functions alone (constants, forms, properties, defaults), and takes a test that
it cannot name on pytest's command line for a mutant that was killed.
"""
