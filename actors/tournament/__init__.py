"""Tournaments: one stream each, run by its own timers. Pure decisions, state and rows.

``engine`` knows the formats and nothing of streams; the modules beside it make a kind of stream of them.
"""
