-- migrate:up

-- Tournaments that staff of the community have marked as rated.
create table rated_tournament (
    stream_id uuid primary key,
    marked_at bigint not null
);

-- migrate:down

drop table rated_tournament;
