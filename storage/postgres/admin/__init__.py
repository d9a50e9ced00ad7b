"""What admins do, in PostgreSQL."""
