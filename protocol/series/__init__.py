"""Series of tournaments on the wire: the words that commands, events and the snapshot's view share."""
