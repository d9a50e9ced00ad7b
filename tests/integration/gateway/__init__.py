"""The gateway on real sockets, over loopback."""
