"""The load generator's pure parts."""
