"""TRF16, FIDE's file of a tournament (FIDE Handbook C.04.A, Annex 2), with what pairing programs added to it.

``reading`` and ``writing`` know the file, ``games`` what its results say, ``next_round`` pairs the next round of it.
The additions are those of JaVaFo's TRF(x) (``XXR``, ``XXC``, ``XXZ``), of bbpPairings (``BBW`` and so on), and of
TRF26, FIDE's next edition (``142``, ``152``), as far as they change nothing in what TRF16 says.
"""
