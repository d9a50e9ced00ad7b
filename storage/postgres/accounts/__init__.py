"""Accounts, credentials and logins in PostgreSQL."""
