"""The resources of tournaments: tournaments, entrants, matches, brackets and standings."""
