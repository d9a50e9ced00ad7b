-- migrate:up

-- A message that somebody thinks should be looked at: one row a user and message. The message's own text stays in its
-- row, so that a report keeps nothing of what was erased since.
create table report (
    id uuid primary key default gen_random_uuid(),
    stream_id uuid not null,
    seq bigint not null,
    reporter uuid not null references account on delete cascade,
    ground text not null,
    note text not null,
    at bigint not null,
    verdict text,
    closed_by uuid references account on delete set null,
    closed_at bigint,
    unique (stream_id, seq, reporter),
    constraint report_closed check ((verdict is null) = (closed_at is null))
);
create index report_reporter on report (reporter) where closed_at is null;
create index report_stream on report (stream_id, at, id);
create index report_open on report (at, id) where closed_at is null;
create index report_closed_by on report (closed_by) where closed_by is not null;

-- migrate:down

drop table report;
