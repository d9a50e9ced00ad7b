"""How tournaments are paired: pure functions without a clock, chance or storage.

The same arguments give the same pairings for ever: what chance decides is a seed, and the log keeps it.
"""
