"""The whole server as a child process, reached only as its users reach it, and killed without warning."""
