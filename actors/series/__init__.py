"""Series of tournaments: what makes the next one, and what counts in them. Pure decisions, state and rows."""
