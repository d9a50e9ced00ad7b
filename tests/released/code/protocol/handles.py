"""Handles: the names by which users are mentioned and found."""

from __future__ import annotations

import unicodedata


def folded(handle: str) -> str:
    """The form in which two handles are compared: whatever the case, and however its characters are composed."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", handle).casefold())
