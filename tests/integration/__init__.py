"""Parts of GatherUp on real servers and real sockets."""
