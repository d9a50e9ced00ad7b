"""The resources of tournaments: tournaments, entrants, matches, corrections, brackets and standings."""
