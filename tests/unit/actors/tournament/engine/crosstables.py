"""Cross tables that others have published: in each line an entrant and their rounds, see ``trf.table_of``.

SWISS_5, SWISS_9 and ROUND_ROBIN are those of "Exercises in Tie-Breaking" by the international arbiter M. Held for the
Technical Commission of FIDE (https://tec.fide.com/2024/03/18/tie-break-exercise/, revision 2403220900). MANY_UNPLAYED
is the file "swiss_with_many_unplayed_rounds" in the tests of the commission's tie-break server
(https://github.com/OttoMilvang/TieBreakServer).
"""

from __future__ import annotations

from typing import Final

SWISS_5: Final = """
1: 9 w 1, 13 b =, 2 w =, 15 b 1, 4 w =
2: 10 b 1, 7 w 1, 1 b =, 16 w 1, 3 b =
3: 11 w =, 6 b 1, 8 w 1, 4 b =, 2 w =
4: 12 b 1, 0 - H, 13 w 1, 3 w =, 1 b =
5: 13 w 0, 15 b 0, 11 w 1, 7 b =, 10 w 1
6: 14 b 0, 3 w 0, 0 - U, 10 w 1, 8 b 1
7: 15 w 1, 2 b 0, 16 b 0, 5 w =, 11 b 0
8: 16 b =, 14 w 1, 3 b 0, 13 w 1, 6 w 0
9: 1 b 0, 10 w 0, 0 - H, 11 b -, 0 - U
10: 2 w 0, 9 b 1, 15 w 0, 6 b 0, 5 b 0
11: 3 b =, 16 w 0, 5 b 0, 9 w +, 7 w 1
12: 4 w 0, 0 - U, 14 w +, 0 - Z, 0 - Z
13: 5 b 1, 1 w =, 4 b 0, 8 b 0, 14 w 0
14: 6 w 1, 8 b 0, 12 b -, 0 - Z, 13 b 1
15: 7 b 0, 5 w 1, 10 b 1, 1 w 0, 16 b 0
16: 8 w =, 11 b 1, 7 w 1, 2 b 0, 15 w 1
"""
SWISS_9: Final = """
1: 9 w 1, 13 b =, 2 w =, 15 b 1, 4 w =, 6 b =, 3 b =, 16 w =, 8 b 1
2: 10 b 1, 7 w 1, 1 b =, 16 w 1, 3 b 1, 4 w =, 6 w 0, 15 b =, 5 w =
3: 11 w =, 6 b 1, 8 w 1, 4 b =, 2 w 0, 16 b 1, 1 w =, 14 w 1, 10 b 1
4: 12 b 1, 0 - H, 13 w 1, 3 w =, 1 b =, 2 b =, 16 w =, 6 b =, 15 w 1
5: 13 w 0, 15 b 0, 11 w 1, 7 b =, 10 w 1, 14 b 0, 9 b 1, 8 w 0, 2 b =
6: 14 b 0, 3 w 0, 0 - U, 10 w 1, 8 b 1, 1 w =, 2 b 1, 4 w =, 16 b 1
7: 15 w 1, 2 b 0, 16 b 0, 5 w =, 11 b 0, 10 b 0, 13 w 1, 9 w 1, 14 b 1
8: 16 b =, 14 w 1, 3 b 0, 13 w 1, 6 w 0, 11 b =, 15 w =, 5 b 1, 1 w 0
9: 1 b 0, 10 w 0, 0 - H, 11 b -, 0 - U, 13 b 1, 5 w 0, 7 b 0, 12 w =
10: 2 w 0, 9 b 1, 15 w 0, 6 b 0, 5 b 0, 7 w 1, 12 b 1, 11 w 1, 3 w 0
11: 3 b =, 16 w 0, 5 b 0, 9 w +, 7 w 1, 8 w =, 14 b 0, 10 b 0, 13 w =
12: 4 w 0, 0 - U, 14 w +, 0 - Z, 0 - Z, 15 b 0, 10 w 0, 13 b =, 9 b =
13: 5 b 1, 1 w =, 4 b 0, 8 b 0, 14 w 0, 9 w 0, 7 b 0, 12 w =, 11 b =
14: 6 w 1, 8 b 0, 12 b -, 0 - Z, 13 b 1, 5 w 1, 11 w 1, 3 b 0, 7 w 0
15: 7 b 0, 5 w 1, 10 b 1, 1 w 0, 16 b 0, 12 w 1, 8 b =, 2 w =, 4 b 0
16: 8 w =, 11 b 1, 7 w 1, 2 b 0, 15 w 1, 3 w 0, 4 b =, 1 b =, 6 w 0
"""
ROUND_ROBIN: Final = """
1: 5 w =, 2 w 1, 3 b 1, 4 w 0, 6 b 1
2: 6 w 1, 1 b 0, 5 w 1, 3 w =, 4 b 1
3: 4 w 1, 6 b 1, 1 w 0, 2 b =, 5 w 1
4: 3 b 0, 5 b 0, 6 w =, 1 b 1, 2 w 0
5: 1 b =, 4 w 1, 2 b 0, 6 w -, 3 b 0
6: 2 b 0, 3 w 0, 4 b =, 5 b +, 1 w 0
"""
MANY_UNPLAYED: Final = """
1: 8 b =, 6 w 1, 3 b =, 14 w +, 5 w =, 2 b 0, 9 w =
2: 9 w 0, 11 b 1, 15 w 1, 5 b -, 7 b 1, 1 w 1, 5 b 0
3: 10 b +, 7 b 1, 1 w =, 9 b =, 0 - H, 0 - Z, 0 - H
4: 11 w -, 13 w -, 6 b -, 0 - U, 8 w =, 15 b =, 6 w =
5: 13 b 1, 9 w =, 7 b =, 2 w +, 1 b =, 11 w =, 2 w 1
6: 14 w =, 1 b 0, 4 w +, 7 w =, 9 b 0, 10 w 0, 4 b =
7: 15 b 1, 3 w 0, 5 w =, 6 b =, 2 w 0, 14 b 0, 0 - U
8: 1 w =, 14 b -, 0 - Z, 0 - Z, 4 b =, 13 w 1, 14 b 0
9: 2 b 1, 5 b =, 0 - H, 3 w =, 6 w 1, 0 - H, 1 b =
10: 3 w -, 15 w -, 13 w =, 15 b 1, 14 w 1, 6 b 1, 11 w 0
11: 4 b -, 2 w 0, 0 - U, 13 b 1, 15 w 1, 5 b =, 10 b 1
12: 0 - H, 0 - F, 14 b 1, 0 - H, 0 - Z, 0 - F, 0 - Z
13: 5 w 0, 4 b -, 10 b =, 11 w 0, 0 - U, 8 b 0, 15 w 0
14: 6 b =, 8 w +, 12 w 0, 1 b -, 10 b 0, 7 w 1, 8 w 1
15: 7 w 0, 10 b +, 2 b 0, 10 w 0, 11 b 0, 4 w =, 13 b 1
"""
