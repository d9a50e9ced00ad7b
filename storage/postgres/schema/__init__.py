"""The schema: which migrations there are, how they are applied, and which nodes may run on it."""
