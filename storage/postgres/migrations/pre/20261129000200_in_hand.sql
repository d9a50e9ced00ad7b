-- migrate:up

-- Resends that a node decides while another node's loss is recent. A row that stays names a run that was lost with the
-- command, or couldn't say that it was done; lost counts the runs of the first kind.
create table in_hand (
    stream_id uuid not null,
    author text not null,
    client_id uuid not null,
    node_id bigint not null,
    fence bigint not null,
    lost integer not null,
    taken_at timestamptz not null default now(),
    primary key (stream_id, author, client_id)
);

-- migrate:down

drop table in_hand;
