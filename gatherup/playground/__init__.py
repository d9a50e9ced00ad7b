"""``gatherup dev --nodes``: a cluster to break by hand, and a chat on all of its nodes that says what came of it."""
