"""The log, the directory and their contract suites as they were released: made, never edited."""
