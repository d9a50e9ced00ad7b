-- migrate:up

-- The right to listen to a stream: a user id, or '*' for everyone. The index answers 'my rooms'.
create table listener (
    stream_id uuid not null,
    user_id text not null,
    primary key (stream_id, user_id)
);
create index listener_user_id on listener (user_id, stream_id);

create table room (
    stream_id uuid primary key,
    name text,
    public boolean not null,
    creator text not null,
    created_at bigint not null,
    deleted_at bigint
);
create index room_public on room (created_at, stream_id) where public and deleted_at is null;

-- A deleted message keeps its row, with deleted_at and without its body.
create table message (
    stream_id uuid not null,
    seq bigint not null,
    number bigint not null,
    author text not null,
    body text,
    at bigint not null,
    edited_at bigint,
    deleted_at bigint,
    edits bigint[] not null,
    primary key (stream_id, seq)
);
create index message_author on message (author, stream_id, seq);

-- Every kind that has no table of its own.
create table projection_row (
    stream_id uuid not null,
    name text not null,
    key text not null,
    value jsonb not null,
    primary key (stream_id, name, key)
);

-- migrate:down

drop table projection_row, message, room, listener;
