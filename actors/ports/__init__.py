"""What the actors need from outside, each with at least two implementations: the real one and the simulated.

The docstrings are the contracts; tests/contract holds both implementations to them. A port method may park for
ever (a frozen node is one whose every port call parks) unless it says otherwise.
"""
