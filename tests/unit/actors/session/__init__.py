"""Unit tests of writer and session."""
