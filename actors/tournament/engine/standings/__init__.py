"""Standings of round robin and Swiss stages: pure functions of results alone.

The same results give the same places, whatever their order and whoever the entrants are. Chess's rules are those of the
FIDE Handbook C.07, "Play-Off and Tie-Break Regulations", of August 2024; articles are named where they are applied.
Points are counted in half points.
"""
