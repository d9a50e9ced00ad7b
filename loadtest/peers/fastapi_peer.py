"""FastAPI on uvicorn (uvloop, httptools) and asyncpg: the history page and the post, as one would write them.

The history comes from a node's own tables, with its statement. A post writes what a node's does to tables alike of
this program's own: the event, the message and the receipt, and it counts the room's seq, all in one statement.
Access tokens are checked with the node's published keys, in the environment's ``JWKS``.
"""

from __future__ import annotations

import json
import os
import shlex
import socket
import sys
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Annotated, Any, Final
from uuid import UUID

import asyncpg  # pyright: ignore[reportMissingTypeStubs]
import jwt
import uvicorn
from fastapi import Depends, FastAPI, Header, HTTPException, Query
from pydantic import BaseModel

from loadtest.node import LOOPBACK
from protocol import limits

create_pool: Any = asyncpg.create_pool  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
POOL_SIZE: Final = 8
"""As a node has for reading."""
_KEYS: Final = {key["kid"]: jwt.PyJWK(key).key for key in json.loads(os.environ["JWKS"])["keys"]}

_TABLES: Final = """
create schema if not exists fastapi_peer;
create table if not exists fastapi_peer.room (id uuid primary key, head bigint not null) with (fillfactor = 50);
create table if not exists fastapi_peer.event (like event including all);
create table if not exists fastapi_peer.message (like message including all);
create table if not exists fastapi_peer.receipt (like receipt including all);
insert into fastapi_peer.room select id, head from stream where kind = 'room' on conflict do nothing;
"""
_HISTORY: Final = """
select m.seq, m.number, m.at, m.author, m.body, m.edited_at, m.deleted_at, m.reply_to, m.thread,
case when m.reactions > 0 then (
    select json_agg(json_build_array(c.reaction, c.count, exists (
        select from reaction x where x.stream_id = m.stream_id and x.message = m.seq
        and x.reaction = c.reaction and x.author = $2
    )) order by c.count desc, c.reaction)
    from reaction_count c where c.stream_id = m.stream_id and c.message = m.seq and c.count > 0
) end as reactions
from message m where m.stream_id = $1 and m.seq > (
    select coalesce(min(coalesce(l.after, 0)), 0)
    from listener l where l.stream_id = $1 and l.user_id in ($2, '*')
    having count(*) > 0
    and not exists (select from listener n where n.stream_id = $1 and n.user_id = '!')
) and m.seq > 0 and m.seq < $3 order by m.seq desc limit $4
"""
_POST: Final = """
with room as (
    update fastapi_peer.room r set head = head + 1
    where r.id = $1 and exists (select from listener l where l.stream_id = $1 and l.user_id = $2)
    returning head
), posted as (
    insert into fastapi_peer.event (stream_id, seq, header, payload) select $1, head, $5, $6 from room
), shown as (
    insert into fastapi_peer.message (stream_id, seq, number, author, body, at, edits)
    select $1, head, head, $2, $4, $7, '{}' from room
)
insert into fastapi_peer.receipt (stream_id, author, client_id, first_seq, last_seq, digest)
select $1, $2, $3, head, head, $8 from room returning last_seq
"""


class Reaction(BaseModel):
    """A reaction, and how many people gave it."""

    reaction: str
    count: int
    mine: bool


class Message(BaseModel):
    """A message of the history."""

    seq: int
    number: int
    at: int
    author: str
    body: str | None
    deleted: bool
    edited_at: int | None
    reply_to: int | None
    thread: int | None
    reactions: list[Reaction]


class MessagePage(BaseModel):
    """A part of the history."""

    messages: list[Message]
    before: int | None
    after: int | None


class NewMessage(BaseModel):
    """The body of a request to post."""

    client_id: UUID
    body: str
    reply_to: int | None = None
    thread: int | None = None


class Posted(BaseModel):
    """The answer to a post that is stored."""

    client_id: UUID
    stream: str
    seq: int
    events: int = 1
    answer: None = None


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncGenerator[None]:
    at: dict[str, Any] = dict(part.split("=", 1) for part in shlex.split(os.environ["DATABASE_URL"]))
    at["database"] = at.pop("dbname")
    async with create_pool(**at, min_size=POOL_SIZE, max_size=POOL_SIZE) as pool:
        await pool.execute(_TABLES)
        app.state.pool = pool
        yield


app: Final = FastAPI(lifespan=_lifespan)


def _user(authorization: Annotated[str, Header()] = "") -> str:
    """Who asks."""
    token = authorization.removeprefix("Bearer ")
    try:
        key = _KEYS[jwt.get_unverified_header(token)["kid"]]
        claims: dict[str, Any] = jwt.decode(
            token, key, algorithms=["EdDSA"], issuer="gatherup", audience="gatherup"
        )
    except (jwt.PyJWTError, KeyError):
        raise HTTPException(401) from None
    return claims["sub"]


User = Annotated[str, Depends(_user)]


@app.get("/v1/rooms/{room}/messages")
async def history(
    room: str,
    user: User,
    before: Annotated[int | None, Query(ge=1)] = None,
    limit: Annotated[int, Query(ge=1, le=limits.PAGE_ITEMS_MAX)] = limits.PAGE_ITEMS_DEFAULT,
) -> MessagePage:
    """The last messages before one."""
    found = await app.state.pool.fetch(_HISTORY, _uuid(room), user, before or 2**62, limit + 1)
    rows = found[:limit][::-1]
    if not rows:
        raise HTTPException(404)
    messages = [
        Message(
            seq=row["seq"],
            number=row["number"],
            at=row["at"],
            author=row["author"],
            body=row["body"],
            deleted=row["deleted_at"] is not None,
            edited_at=row["edited_at"],
            reply_to=row["reply_to"],
            thread=row["thread"],
            reactions=[
                Reaction(reaction=reaction, count=count, mine=mine)
                for reaction, count, mine in json.loads(row["reactions"] or "[]")
            ],
        )
        for row in rows
    ]
    return MessagePage(
        messages=messages, before=messages[0].seq if len(found) > limit else None, after=messages[-1].seq
    )


@app.post("/v1/rooms/{room}/messages", status_code=201)
async def post(room: str, body: NewMessage, user: User) -> Posted:
    """Store a message."""
    at = time.time_ns() // 1_000_000
    header = json.dumps({"stream": room, "at": at, "author": user, "type": "room.posted"}).encode()
    payload = json.dumps({"body": body.body}).encode()
    seq = await app.state.pool.fetchval(
        _POST, _uuid(room), user, body.client_id, body.body, header, payload, at, b"digest"
    )
    if seq is None:
        raise HTTPException(404)
    return Posted(client_id=body.client_id, stream=room, seq=seq)


def _uuid(room: str) -> UUID:
    return UUID(room.removeprefix("room:"))


def main() -> None:
    """Serve until terminated."""
    with socket.create_server((LOOPBACK, 0), backlog=1024) as listener:
        sys.stdout.write(f"ready {listener.getsockname()[1]}\n")
        sys.stdout.flush()
        config = uvicorn.Config(app, loop="uvloop", http="httptools", access_log=False, log_level="warning")
        uvicorn.Server(config).run(sockets=[listener])


if __name__ == "__main__":
    main()
