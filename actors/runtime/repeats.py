"""What is answered to a command that was accepted before."""

from __future__ import annotations

from collections.abc import Sequence

from actors.ports.log import POISONED, Receipt
from actors.runtime.envelope import Envelope, accepted, digest_of
from protocol.codes import Code


def answer_repeats(
    stream: str, envelopes: Sequence[Envelope], found: Sequence[Receipt], digest_key: bytes
) -> None:
    """Settle those that have a receipt, as the first copy was; not those that are settled already."""
    receipts = {(receipt.author, receipt.client_id): receipt for receipt in found}
    for envelope in envelopes:
        receipt = receipts.get(envelope.key)
        if receipt is None or envelope.settled:
            continue
        if receipt.digest == POISONED:
            envelope.refuse(Code.INTERNAL, stream)
        elif receipt.digest == digest_of(envelope.command, digest_key):
            first, last = receipt.first_seq, receipt.last_seq
            envelope.answer(accepted(receipt.client_id, stream, first, last, receipt.answer))
        else:
            envelope.refuse(Code.CLIENT_ID_REUSED, stream)
