"""The wire: every message that leaves or enters a GatherUp node, as msgspec Structs.

Standard library and msgspec only. Types, codes, limits and codecs live here, so that a client, a node and a
test agree on one definition; nothing here performs I/O or knows what a message causes.
"""
