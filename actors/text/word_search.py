"""The search for many words at once, which looks at each piece of a text once: the automaton of Aho and Corasick.

It walks over tokens (``actors.text.words``), not characters, so a word is found where it stands by itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

_ROOT: Final = 0


class WordSearch:
    """A set of words, each given as its tokens, made ready to be looked for."""

    def __init__(self, words: Iterable[Sequence[str]]) -> None:
        self._next: Final[list[dict[str, int]]] = [{}]
        self._found: Final = [False]
        """Whether a word ends with what was read on the way to this state."""
        self._shorter: Final = [_ROOT]
        """The state of the longest rest of what was read that may also begin a word."""
        for word in words:
            self._add(word)
        self._link()

    def _add(self, word: Sequence[str]) -> None:
        state = _ROOT
        for token in word:
            after = self._next[state].get(token)
            if after is None:
                after = self._next[state][token] = len(self._next)
                self._next.append({})
                self._found.append(False)
                self._shorter.append(_ROOT)
            state = after
        self._found[state] = state != _ROOT

    def _link(self) -> None:
        """Say of each state, those of shorter words first, where the search goes on when it can't go on from it."""
        waiting = list(self._next[_ROOT].values())
        for state in waiting:  # grows on the way
            for token, longer in self._next[state].items():
                shorter, _ = self._step(self._shorter[state], token)
                self._shorter[longer] = shorter
                self._found[longer] |= self._found[shorter]
                waiting.append(longer)

    def _step(self, state: int, token: str) -> tuple[int, int]:
        """The state after one more token, and the states that were looked at."""
        looked = 1
        while state != _ROOT and token not in self._next[state]:
            state = self._shorter[state]
            looked += 1
        return self._next[state].get(token, _ROOT), looked

    def search(self, tokens: Iterable[str]) -> tuple[bool, int]:
        """Whether one of the words stands in the text, and the states that were looked at: at most two a token."""
        state, looked = _ROOT, 0
        first = self._next[_ROOT]
        for token in tokens:
            if state == _ROOT and token not in first:  # as most tokens of most texts: quickly on
                looked += 1
                continue
            state, states = self._step(state, token)
            looked += states
            if self._found[state]:
                return True, looked
        return False, looked
