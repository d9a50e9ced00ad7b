"""Accounts: the bodies of requests and answers."""
