"""Tournaments that are rehearsed: a definition plays against simulated people, under a clock that never waits.

The people here are pure: they say what they do next by what they see. The simulation of the test suite plays with the
same ones.
"""
