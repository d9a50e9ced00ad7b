-- migrate:up transaction:false

create index concurrently report_closed on report (closed_at) where closed_at is not null;

-- migrate:down

drop index report_closed;
