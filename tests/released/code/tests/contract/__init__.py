"""One suite for each port, run on the memory implementation and on the real server."""
