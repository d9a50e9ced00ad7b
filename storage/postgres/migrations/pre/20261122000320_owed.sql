-- migrate:up

-- Commands that rows outside the log owe to streams, written in the same transaction as those rows. The id is the
-- command's client_id, so that sending it again does nothing.
create table owed_command (
    id uuid primary key default gen_random_uuid(),
    stream uuid not null,
    author text not null,
    command bytea not null,
    attempts integer not null default 0,
    next_attempt_at timestamptz not null default now()
);
create index owed_command_next on owed_command (next_attempt_at);

-- migrate:down

drop table owed_command;
