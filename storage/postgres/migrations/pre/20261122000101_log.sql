-- migrate:up

-- Times named *_at of type bigint are Unix milliseconds by the nodes' one clock; timestamptz are the server's own.

-- Which history this database tells; raised before any node may start on a restored backup.
create table incarnation (
    only_row boolean primary key default true check (only_row),
    number bigint not null default 1
);
insert into incarnation default values;

-- What nodes agree on, and the number of the present view: each join, leave, death, drain and move raises it.
create table cluster (
    only_row boolean primary key default true check (only_row),
    name text not null default '',
    secret_digest bytea not null default '',
    version bigint not null default 0
);
insert into cluster default values;

-- Whoever writes holds FOR KEY SHARE on its node's row and finds its own fence there. Raising the fence takes
-- FOR UPDATE, so it waits for those writes and defeats all later ones. A renewal changes no key, so it waits for
-- no append and no append for it; mostly empty pages keep renewals on the page (HOT).
create table node (
    id bigint generated always as identity primary key,
    name text not null unique,
    fence bigint not null default 1,
    lease bigint not null default 0,
    lease_s double precision not null,
    -- Joined, and neither left nor declared dead.
    member boolean not null default true,
    draining boolean not null default false,
    protocol integer not null,
    bridged boolean not null,
    hears bigint[] not null default '{}',
    report text not null default '{}'
) with (fillfactor = 20);

-- Owned by members alone.
create table shard (
    id smallint primary key,
    owner bigint references node (id),
    epoch bigint not null default 0
);
insert into shard (id) select generate_series(0, 255);

-- Every append updates the stream's row. Half-empty pages keep those updates on the page (HOT); only a changed
-- wake_at touches an index.
create table stream (
    id uuid primary key,
    kind text not null,
    shard smallint not null,
    activation bigint not null default 0,
    head bigint not null default 0,
    last_at bigint not null default 0,
    wake_at bigint,
    effects_seq bigint not null default 0,
    created_at timestamptz not null default now(),
    deleted_at timestamptz
) with (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.05);
create index stream_wake_at on stream (shard, wake_at) where wake_at is not null and deleted_at is null;

-- No foreign key to stream: it doubled the server's cost of an append, and every insert holds the stream's row.
create table event (
    stream_id uuid not null,
    seq bigint not null,
    header bytea not null,
    payload bytea,
    primary key (stream_id, seq)
);
alter table event alter column header set storage external, alter column payload set storage external;

create table receipt (
    stream_id uuid not null,
    author text not null,
    client_id uuid not null,
    first_seq bigint not null,
    last_seq bigint not null,
    digest bytea not null,
    answer bytea,
    created_at timestamptz not null default now(),
    primary key (stream_id, author, client_id)
);
-- Receipts are deleted by age; rows lie on disk in that order.
create index receipt_created_at on receipt using brin (created_at);

-- The newest state of each version that can be read.
create table checkpoint (
    stream_id uuid not null,
    version integer not null,
    seq bigint not null,
    state bytea not null,
    primary key (stream_id, version)
);

-- What leaves the system. A stream's effect names its cause (stream, seq, index), so that it is written once; what
-- anything else wants done has none. A row is deleted when it is done. Taking one puts next_attempt_at off by a lease:
-- should the node die, the job runs again then. A dead one ran out of attempts and waits for an operator.
create table job (
    id bigint generated always as identity primary key,
    stream_id uuid,
    seq bigint,
    index integer,
    queue text not null,
    arguments jsonb not null,
    created_at timestamptz not null default now(),
    attempts integer not null default 0,
    next_attempt_at timestamptz not null default now(),
    last_error text,
    dead_at timestamptz,
    unique (stream_id, seq, index)
);
create index job_due on job (queue, next_attempt_at) where dead_at is null;
create index job_dead on job (dead_at) where dead_at is not null;

-- migrate:down

drop table job, checkpoint, receipt, event, stream, shard, node, cluster, incarnation;
