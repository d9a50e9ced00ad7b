"""Swiss rounds by FIDE's Dutch system, C.04.3 of the FIDE Handbook in the edition in force since 1 February 2026.

``pairing.pair`` is all that others need, with the types of ``model``. The articles: order, brackets, floats,
topscorers and wishes for a side are 1.2 to 1.8 (``history``); the criteria C1 to C5 are in ``field`` and C6 to C21 in
``criteria``; how a bracket is paired, articles 3 and 4, is in ``quick`` for most of them and in ``exact`` for all; who
gets which side, article 5, is in ``sides``. What the rules leave open is in ``forced`` and in ``model.Options``. See
docs/adr/0037.
"""
