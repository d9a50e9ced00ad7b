"""Redis or Valkey: frames between nodes, wake-ups and counters that may be lost.

Nothing here is the only copy of anything.
"""
