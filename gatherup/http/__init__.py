"""The HTTP facade: thin resources over the same actors and repositories that a socket reaches."""
