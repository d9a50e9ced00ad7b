-- migrate:up

-- Keys of games' own backends. The secret is 256 random bits, so its plain SHA-256 is enough.
create table api_key (
    id           uuid primary key,
    name         text not null,
    secret_hash  bytea not null check (length(secret_hash) = 32),
    scopes       text[] not null,
    created_by   text not null,
    created_at   bigint not null,
    expires_at   bigint,
    last_used_at bigint,
    revoked_at   bigint
);

-- Its secret is derived from a key of the nodes, its id and the version: it stands nowhere.
create table webhook (
    id             uuid primary key,
    url            text not null,
    types          text[] not null,
    -- How each of those types stands in an event's header: append_batch reads no MessagePack.
    patterns       bytea[] not null,
    secret_version integer not null default 1,
    rotated_at     bigint,
    created_by     text not null,
    created_at     bigint not null,
    active         boolean not null default true,
    -- Of the failures since the last success.
    failures       integer not null default 0,
    failing_since  bigint,
    resume_at      bigint,
    last_error     text
);

-- What became of each attempt; kept for days.
create table webhook_delivery (
    id         bigint generated always as identity primary key,
    webhook    uuid not null references webhook on delete cascade,
    message    text not null,
    type       text not null,
    at         bigint not null,
    attempt    integer not null,
    status     integer,
    took_ms    integer not null,
    error      text
);
create index webhook_delivery_webhook on webhook_delivery (webhook, id);
create index webhook_delivery_at on webhook_delivery using brin (at);

-- migrate:down

drop table webhook_delivery, webhook, api_key;
