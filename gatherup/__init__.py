"""The server composed: configuration, command line, gateway, HTTP and telemetry around the actors.

``gatherup.app`` is the one screen on which everything is wired together.
"""
