"""Benchmarks of parts of a node, from the inside. Those of a whole node, from the outside, are in ``loadtest``."""
