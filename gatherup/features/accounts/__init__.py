"""Accounts: registering, signing in, credentials."""
