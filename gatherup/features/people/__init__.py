"""People: profiles, relations, deletion and erasure."""
