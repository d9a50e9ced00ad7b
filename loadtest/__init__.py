"""Load generation and benchmarks: many clients in few tasks, with receivers that check every frame.

Sees ``gatherup.client`` and ``protocol`` only, as any client would.
"""
