-- migrate:up

-- The right to listen to a stream: a user id, or '*' for everyone, and '!' if nobody may now whatever the other rows
-- say. after: only later events may be read. The index answers 'my rooms'.
create table listener (
    stream_id uuid not null,
    user_id text not null,
    after bigint,
    primary key (stream_id, user_id)
);
create index listener_user_id on listener (user_id, stream_id);

create table room (
    stream_id uuid primary key,
    name text,
    topic text,
    access text not null,
    history boolean not null,
    slow_mode_s bigint not null,
    creator text not null,
    -- Of a direct room: the other one.
    peer text,
    created_at bigint not null,
    archived_at bigint,
    -- Removed by its owner, who may restore it for a while.
    deleted_at bigint
);
create index room_public on room (created_at, stream_id) where access = 'public' and deleted_at is null;

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
    reply_to bigint,
    -- The seq of the message whose thread it is in.
    thread bigint,
    -- User ids; null for none.
    mentions text[],
    everyone boolean,
    -- How many different ones it has; null for none yet.
    reactions bigint,
    primary key (stream_id, seq)
);
create index message_author on message (author, stream_id, seq);
create index message_thread on message (stream_id, thread, seq) where thread is not null;

-- One row for each reaction that somebody put to a message.
create table reaction (
    stream_id uuid not null,
    key text not null,
    message bigint not null,
    author text not null,
    reaction text not null,
    at bigint not null,
    primary key (stream_id, key)
);
create index reaction_message on reaction (stream_id, message, reaction);
create index reaction_author on reaction (author);

create table reaction_count (
    stream_id uuid not null,
    key text not null,
    message bigint not null,
    reaction text not null,
    count bigint not null,
    primary key (stream_id, key)
);
create index reaction_count_message on reaction_count (stream_id, message);

-- Every kind that has no table of its own.
create table projection_row (
    stream_id uuid not null,
    name text not null,
    key text not null,
    value jsonb not null,
    primary key (stream_id, name, key)
);
-- Answers 'my invitations'.
create index projection_row_invited on projection_row (key) where name = 'invited';

-- migrate:down

drop table projection_row, reaction_count, reaction, message, room, listener;
