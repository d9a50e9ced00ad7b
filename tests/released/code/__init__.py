"""The log and its contract suite as they were released: made, never edited."""
