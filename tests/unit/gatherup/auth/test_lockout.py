"""How wrong attempts slow down those that follow."""

from __future__ import annotations

from actors.limiting.lockout import FORGET_AFTER_S, Rule, Tally, counted, forgiven
from gatherup.auth.lockout import Limits

RULE = Rule(free=3, wait_s=1, wait_s_max=60)
NOW = 1_800_000_000_000


def test_the_free_attempts_wait_for_nothing_and_the_others_twice_as_long_each() -> None:
    tally, waits = Tally(0, 0), []
    for _ in range(12):
        waits.append(RULE.wait_ms(tally, NOW))
        tally = counted(tally, NOW)
    assert waits == [0, 0, 0, 1000, 2000, 4000, 8000, 16000, 32000, 60000, 60000, 60000]
    assert RULE.wait_ms(Tally(10**9, NOW), NOW) == 60000


def test_a_wait_ends() -> None:
    tally = Tally(4, NOW)
    assert RULE.wait_ms(tally, NOW + 1999) == 1
    assert RULE.wait_ms(tally, NOW + 2000) == 0


def test_wrong_attempts_are_forgotten_after_a_while() -> None:
    tally, later = Tally(50, NOW), NOW + FORGET_AFTER_S * 1000
    assert RULE.wait_ms(tally, NOW) > 0
    assert counted(tally, later - 1).failures == 51
    assert counted(tally, later) == Tally(1, later)


def test_a_right_attempt_clears_what_it_may() -> None:
    assert forgiven(RULE, Tally(5, NOW)).failures == 0
    uncleared = Rule(free=3, wait_s=1, wait_s_max=60, cleared=False)
    assert forgiven(uncleared, Tally(5, NOW)).failures == 4
    assert forgiven(uncleared, Tally(0, NOW)).failures == 0


def test_keys_differ_by_what_they_count_and_hide_it() -> None:
    limits, others = Limits(b"k" * 32), Limits(b"o" * 32)
    name, address = limits.sign_in("ann", "10.0.0.1", None)
    (device,) = limits.sign_in("ann", "10.0.0.1", "ann")
    (same, elsewhere) = limits.sign_in("ann", "10.0.0.2", None)
    assert len({name.key, address.key, device.key, elsewhere.key}) == 4
    assert same == name
    assert others.sign_in("ann", "10.0.0.1", None)[0].key != name.key
    assert b"ann" not in name.key


def test_letters_of_one_kind_keep_no_letter_of_another_from_a_mailbox() -> None:
    limits = Limits(b"k" * 32)
    (verify, sender), (reset, same) = (
        limits.mail(purpose, "ann@example.org", "10.0.0.1") for purpose in ("verify_email", "reset_password")
    )
    assert verify.key != reset.key
    assert sender == same


def test_a_known_device_is_kept_out_by_nobody_else() -> None:
    limits = Limits(b"k" * 32)
    stranger = {limited.key for limited in limits.sign_in("ann", "10.0.0.1", None)}
    owner = {limited.key for limited in limits.sign_in("ann", "10.0.0.1", "phone")}
    assert not stranger & owner
