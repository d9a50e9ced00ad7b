"""Why a node can't join, in words for a person; both directories answer with the same."""

from __future__ import annotations

from typing import Final

from actors.ports.directory import JoinRefusedError

_SENTENCES: Final = {
    "wrong_cluster": "The members of this database's cluster were started with another cluster name.",
    "wrong_secret": "The members of this cluster hold another cluster secret.",
    "wrong_receipt_key": "A member of this cluster holds another receipt key.",
    "wrong_token_key": "A member of this cluster signs with a token key that this node doesn't accept, or the reverse.",
    "unsupported_protocol": "A member speaks node-to-node frames more than one version away from this node's.",
    "bus_needed": "Two members need Redis to reach each other, and this node or a member has none.",
}


def join_refused(code: str) -> JoinRefusedError:
    """The refusal with this code."""
    return JoinRefusedError(code, _SENTENCES[code])
