"""The chat room: the pure functions that make a room a kind of stream.

State holds members, roles and counters, all bounded by a named limit, and never the text of a message.
"""
