"""API keys and webhooks in PostgreSQL."""
