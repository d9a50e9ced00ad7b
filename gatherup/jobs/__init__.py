"""What leaves the system: the worker that takes jobs from PostgreSQL, and what it does with mail and webhooks."""
