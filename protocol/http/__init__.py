"""The bodies of the HTTP facade: what a request may hold and what an answer holds, a module for each area.

Requests are JSON objects; unknown members are refused, so that a misspelt one doesn't go unnoticed. Errors
are ``Problem`` documents (RFC 9457) with the same codes as on the socket.
"""
