"""A row of each kind that is kept for a time, for the test that moves the clock."""

from __future__ import annotations

from typing import Final

from msgspec import Struct


class Sample(Struct, frozen=True):
    """SQL: a row that begins its time at ``at`` (Unix milliseconds), and such rows as are left."""

    insert: str
    """``n`` is a number that tells it from others."""
    left: str
    stays: str = ""
    """A row as old that stays."""


REMOVED: Final = """
with s as (
    insert into stream (id, kind, shard) values (gen_random_uuid(), '{kind}', 0) returning id
), e as (insert into event select id, 1, '', '' from s)
insert into {kind} ({columns}) select s.id, {values} from s
"""
ROOM: Final = REMOVED.format(
    kind="room",
    columns="stream_id, access, history, slow_mode_s, creator, created_at, deleted_at",
    values="'private', true, 0, 'x', 1, {at}",
)
EDITED: Final = """
with m as (
    insert into message (stream_id, seq, number, author, body, at, edited_at, edits)
    values (gen_random_uuid(), 1, 1, 'x', 'new', 1, {at}, {edits}) returning stream_id
)
insert into event (stream_id, seq, header, payload)
select stream_id, seq, '', convert_to('text ' || seq, 'UTF8') from m, generate_series(1, 3) seq
"""
RECEIPT: Final = """
insert into receipt (stream_id, author, client_id, first_seq, last_seq, digest, created_at)
values (gen_random_uuid(), '{by}', gen_random_uuid(), 1, 1, '', to_timestamp(%(at)s / 1000.0))
"""
ACCOUNT: Final = (
    "insert into account (id, display_name, created_at{more}) values (gen_random_uuid(), 'x', {values})"
)
NODE: Final = """
insert into node (name, lease_s, protocol, bridged, member, report)
values ('{name}' || %(n)s, 2, 1, true, {member}, jsonb_build_object('at', %(at)s)::text)
"""
KEY: Final = """
insert into api_key (id, name, secret_hash, scopes, created_by, created_at, {when})
values (gen_random_uuid(), 'k', decode(repeat('ab', 32), 'hex'), '{{}}', 'x', 1, {value})
"""
REPORT: Final = """
with a as (
    insert into account (id, display_name, handle, handle_folded, handle_skeleton, created_at)
    values (gen_random_uuid(), 'x', '{n}' || %(n)s, '{n}' || %(n)s, '{n}' || %(n)s, 1) returning id
)
insert into report (stream_id, seq, reporter, ground, note, at, verdict, closed_at)
select gen_random_uuid(), 1, id, 'spam', 'note', 1, {closed} from a
"""
JOB: Final = (
    "insert into job (queue, arguments, {column}) values ('{queue}', '{{}}', to_timestamp(({at}) / 1000.0))"
)
LOGIN: Final = """
insert into login (id, account, device, place, last_place, created_at, last_used_at, expires_at)
select gen_random_uuid(), id, 'd', 'p', 'p', 1, 1, %(at)s from account where email = 'keeps@example.org'
"""
CODE: Final = """
with a as (insert into account (id, display_name, created_at, email)
    values (gen_random_uuid(), 'x', 1, 'code' || %(n)s) returning id)
insert into mailed_token (digest, account, purpose, email, expires_at)
select sha256(id::text::bytea), id, 'verify_email', 'e', %(at)s from a
"""
CANARY: Final = """
with s as (insert into stream (id, kind, shard, head, last_at)
    values (gen_random_uuid(), 'canary', 0, 1, {at}) returning id)
insert into event select id, 1, '', '' from s
"""
HOOK: Final = """
insert into webhook (id, url, types, patterns, created_by, created_at) values ({id}, 'u', '{{}}', '{{}}', 'x', 1)
"""
HOOK_ID: Final = "'7f3e2a10-9c1b-4d2e-8f00-0a1b2c3d4e5f'"
FIRST: Final = (
    HOOK.format(id=HOOK_ID),
    "insert into account (id, display_name, created_at, email) values (gen_random_uuid(), 'x', 1, 'keeps@example.org')",
)

SAMPLES: Final = {
    "receipts": Sample(
        RECEIPT.format(by="user:1"),
        "select from receipt",
        RECEIPT.format(by="system"),
    ),
    "commands in hand": Sample(
        "insert into in_hand values "
        "(gen_random_uuid(), 'user:1', gen_random_uuid(), 1, 1, 0, to_timestamp(%(at)s / 1000.0))",
        "select from in_hand",
    ),
    "nodes that left": Sample(
        NODE.format(name="gone", member="false"),
        "select from node",
        NODE.format(name="here", member="true"),
    ),
    "probes": Sample(
        CANARY.format(at="%(at)s"),
        "select from stream s join event e on e.stream_id = s.id where s.kind = 'canary'",
        CANARY.format(at="4e12 + %(at)s"),
    ),
    "jobs that nobody took": Sample(
        JOB.format(column="next_attempt_at", queue="left", at="%(at)s"),
        "select from job where dead_at is null and queue = 'left'",
        JOB.format(column="next_attempt_at", queue="left", at="4e12 + %(at)s"),
    ),
    "dead jobs": Sample(
        JOB.format(column="dead_at", queue="dead", at="%(at)s"),
        "select from job where queue = 'dead'",
        JOB.format(column="next_attempt_at", queue="dead", at="%(at)s"),
    ),
    "audit log": Sample(
        "insert into audit_log (act, actor, at) values ('old', 'x', to_timestamp(%(at)s / 1000.0))",
        "select from audit_log where act = 'old'",
    ),
    "guests": Sample(
        ACCOUNT.format(more="", values="%(at)s"),
        "select from account where erase_at is null and email is null and handle is null",
        ACCOUNT.format(more="", values="4e12 + %(at)s"),
    ),
    "logins": Sample(LOGIN, "select from login"),
    "codes": Sample(CODE, "select from mailed_token"),
    "attempts": Sample(
        "insert into attempt values (sha256(%(n)s::text::bytea), 1, %(at)s)", "select from attempt"
    ),
    "deleted accounts": Sample(
        ACCOUNT.format(more=", deleted_at, erase_at, email", values="1, 1, %(at)s, 'bye' || %(n)s"),
        "select from account where email like 'bye%%'",
    ),
    "removed rooms": Sample(
        ROOM.format(at="%(at)s"), "select from room r join event e using (stream_id)", ROOM.format(at="null")
    ),
    "edits": Sample(
        EDITED.format(at="%(at)s", edits="'{2, 3}'"),
        "select from event where payload = 'text 1'",
        EDITED.format(at="null", edits="'{}'"),
    ),
    "closed reports": Sample(
        REPORT.format(n="closed", closed="'kept', %(at)s"),
        "select from report",
        REPORT.format(n="open", closed="null, null"),
    ),
    "ended keys": Sample(
        KEY.format(when="expires_at, revoked_at", value="%(at)s, 4e12"),
        "select from api_key",
        KEY.format(when="expires_at", value="4e12 + %(at)s"),
    ),
    "webhook deliveries": Sample(
        "insert into webhook_delivery (webhook, message, type, at, attempt, took_ms) "
        f"values ({HOOK_ID}, 'm', 't', %(at)s, 1, 1)",
        "select from webhook_delivery",
    ),
    "removed tournaments": Sample(
        REMOVED.format(
            kind="tournament",
            columns="stream_id, format, third_place, reset, best_of, entrants_max, visibility, entry, ready_s, "
            "confirm_s, phase, created_at, deleted_at",
            values="'single', true, true, 1, 8, 'public', 'open', 0, 0, 'draft', 1, %(at)s",
        ),
        "select from tournament t join event e using (stream_id)",
    ),
    "removed gatherings": Sample(
        REMOVED.format(
            kind="gathering",
            columns="stream_id, players_max, visibility, phase, created_by, created_at, deleted_at",
            values="8, 'public', 'closed', 'x', 1, %(at)s",
        ),
        "select from gathering g join event e using (stream_id)",
    ),
    "removed series": Sample(
        REMOVED.format(
            kind="series",
            columns="stream_id, visibility, settings, create_s, registration_s, check_in_s, best, phase, created_at, "
            "deleted_at",
            values="'public', 'x', 0, 0, 0, 0, 'running', 1, %(at)s",
        ),
        "select from series s join event e using (stream_id)",
    ),
}
