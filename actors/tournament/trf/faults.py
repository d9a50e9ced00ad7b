"""What is wrong with a file, gathered."""

from __future__ import annotations

from typing import NoReturn

from actors.tournament.trf.model import Fault, FaultyError
from protocol import limits


class Faults:
    """Faults in the order in which they are found."""

    def __init__(self) -> None:
        self._found: list[Fault] = []

    def add(self, line: int, column: int, why: str) -> None:
        """Note a fault. Raises FaultyError if there are as many as are told."""
        self._found.append(Fault(line, column, why))
        if len(self._found) >= limits.TRF_FAULTS_MAX:
            self.end()

    def stop(self, line: int, column: int, why: str) -> NoReturn:
        """Note a fault after which it makes no sense to look on. Raises FaultyError."""
        raise FaultyError((*self._found, Fault(line, column, why)))

    def end(self) -> None:
        """Raises FaultyError if there is a fault."""
        if self._found:
            raise FaultyError(tuple(self._found))
