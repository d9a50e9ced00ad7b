"""Tournaments over HTTP: the bodies of requests and answers."""
