"""Texts that people write: the words in them, whom they mention, what filters find, and which handles there may be."""
