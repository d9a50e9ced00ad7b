"""The benchmark, run to see that it works."""
