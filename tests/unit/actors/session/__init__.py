"""Unit tests of outbox and session."""
