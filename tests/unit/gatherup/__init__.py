"""Configuration, tokens, passwords, limits of requests."""
