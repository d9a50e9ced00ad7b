"""Inboxes: each user's own stream of what concerns them. Pure decisions, state and rows.

The way in for everybody else is ``InboxKind``.
"""
