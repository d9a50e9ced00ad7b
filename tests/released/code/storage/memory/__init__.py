"""Every port kept in memory, with delay, failure and unknown outcomes to inject.

The simulation runs on these; the contract tests hold them to what the real servers do.
"""
