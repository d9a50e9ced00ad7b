"""The resources of rooms: rooms, members, invites, messages, reports and heads."""
