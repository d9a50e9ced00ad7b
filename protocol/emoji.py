"""What one emoji is, as a pattern of JSON Schema and of Python at once.

A reaction outlives its author's account, so it may not be a place to write in: one emoji, of which those with letters
or digits in them can't be joined. Every emoji of Unicode 16 matches, and what later versions add among the pictographs.
"""

from __future__ import annotations

import unicodedata
from typing import Final

_PICTOGRAPH: Final = (
    "[\u203c\u2049\u2194-\u2199\u21a9\u21aa\u231a\u231b\u2328\u23cf\u23e9-\u23f3\u23f8-\u23fa\u25aa\u25ab\u25b6\u25c0"
    "\u25fb-\u25fe\u2600-\u2775\u2794-\u27bf\u2934\u2935\u2b05-\u2b07\u2b1b\u2b1c\u2b50\u2b55\u3030\u303d"
    "\U0001f004\U0001f0cf\U0001f300-\U0001f64f\U0001f680-\U0001f6ff\U0001f7e0-\U0001f7f0\U0001f90c-\U0001f9ff"
    "\U0001fa70-\U0001faff]"
    "[\ufe0f\U0001f3fb-\U0001f3ff]?"  # in colour, or with a skin tone
)
_JOINED: Final = f"{_PICTOGRAPH}(\u200d{_PICTOGRAPH}){{0,3}}"
_LETTER: Final = (
    "[\u00a9\u00ae\u2122\u2139\u24c2\u3297\u3299\U0001f170\U0001f171\U0001f17e\U0001f17f\U0001f18e\U0001f191-\U0001f19a"
    "\U0001f201\U0001f202\U0001f21a\U0001f22f\U0001f232-\U0001f23a\U0001f250\U0001f251]\ufe0f?"
)
_KEYCAP: Final = "[0-9#*]\ufe0f?\u20e3"
_FLAG: Final = "[\U0001f1e6-\U0001f1ff]{2}"
# England, Scotland and Wales are a black flag with the tags of gbeng, gbsct or gbwls.
_LAND: Final = (
    "\U0001f3f4\U000e0067\U000e0062"
    "(\U000e0065\U000e006e\U000e0067|\U000e0073\U000e0063\U000e0074|\U000e0077\U000e006c\U000e0073)\U000e007f"
)
EMOJI: Final = f"^({_LAND}|{_JOINED}|{_LETTER}|{_FLAG}|{_KEYCAP})$(?!\\n)"

_COLOURS: Final = "\ufe0f"
_JOINER: Final = "\u200d"
_KEYCAP_END: Final = "\u20e3"
_TONES: Final = range(0x1F3FB, 0x1F400)
_WIDE_IN_BLACK: Final = frozenset("\u3030\u303d\u3297\u3299\U0001f202\U0001f237")
"""Shown as text unless it is asked otherwise, though they are as wide as those that are shown in colour."""
_REGIONS: Final = range(0x1F1E6, 0x1F200)


def in_colour(emoji: str) -> str:
    """An emoji as Unicode writes it in full (UTS 51, ED-18a): with the selector of colours where it isn't the default.

    So a reaction is one and the same, whichever keyboard wrote it. What is shown in colour by default is what is wide
    (UAX 11, 5).
    """
    plain = emoji.replace(_COLOURS, "")
    found: list[str] = []
    for at, char in enumerate(plain):
        after = plain[at + 1 : at + 2]
        found.append(char)
        if _is_in_black(char) and not (after and ord(after) in _TONES):
            found.append(_COLOURS)
    return "".join(found)


def _is_in_black(char: str) -> bool:
    if (
        char in (_JOINER, _KEYCAP_END)
        or ord(char) in _TONES
        or ord(char) in _REGIONS
        or unicodedata.category(char) == "Cf"
    ):
        return False
    return unicodedata.east_asian_width(char) != "W" or char in _WIDE_IN_BLACK
