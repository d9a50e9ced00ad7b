"""The last release, kept as it was, and what the next one must not break of it.

``write.py`` writes the baseline: ``code/`` (the log, the directory, and their contract suites), ``schema.txt``, and the
descriptions of the wire and of HTTP. The tests hold today's migrations and types against it.
"""
