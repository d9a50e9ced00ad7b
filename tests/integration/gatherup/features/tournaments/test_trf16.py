"""Files in TRF16: those of other programs are paired."""

from __future__ import annotations

from base64 import b64encode
from typing import Any

import pytest

from protocol import limits
from tests.integration.site import Person, Site, problem
from tests.unit.actors.tournament.trf.reports import SAMPLES

pytestmark = pytest.mark.real


async def _pair(person: Person, file: bytes) -> Any:
    body = {"file": b64encode(file).decode()}
    return await person.http.post("/v1/tournaments/trf16", json=body)


async def test_a_file_of_another_program_is_paired_for_its_next_round(site: Site) -> None:
    ann = await site.guest()
    answer = await _pair(ann, (SAMPLES / "bbp_c5.trf").read_bytes())
    assert answer.status_code == 200
    paired = answer.json()
    assert [(pair["white"], pair["black"]) for pair in paired["pairs"]] == [(1, 5), (3, 2)]
    assert (paired["round"], paired["bye"]) == (3, 6)
    first, second = paired["pairs"]
    assert (second["group"], second["floats"]) == (1.0, 3)
    assert first["group"] == 1.0
    again = await _pair(ann, paired["file"].encode())
    document = problem(again, 409, "wrong_phase")
    assert document["detail"] == "Round 3 isn't over: there is no result of 1, 2, 3, 5."


async def test_what_is_wrong_with_a_file_is_told_with_its_place(site: Site) -> None:
    ann = await site.guest()
    file = (SAMPLES / "bbp_c5.trf").read_bytes().replace(b"     3 w 0", b"     7 w 0")
    document = problem(await _pair(ann, file), 422, "invalid", "file")
    assert document["detail"].startswith("Line 4, column 102: Player 4 has another opponent in this round. ")
    assert "Line 5, column 102: There is no player 7." in document["detail"]
    problem(await _pair(ann, b"0" * (limits.TRF_BYTES_MAX + 1)), 422, "invalid", "file")
    garbled = await ann.http.post("/v1/tournaments/trf16", json={"file": "§"})
    problem(garbled, 422, "invalid", "file")
