"""Inboxes as they are listed, from the rows that their events wrote."""
