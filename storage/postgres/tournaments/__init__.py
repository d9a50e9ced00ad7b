"""Tournaments as they are listed and read, from the rows that their events wrote."""
