"""People in PostgreSQL: profiles, relations, and their erasure."""
