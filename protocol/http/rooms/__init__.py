"""Rooms: the bodies of requests and answers."""
