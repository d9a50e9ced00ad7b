"""Rules about the source itself: what may be imported and called where."""
