-- migrate:up transaction:false

-- Jobs are found by job_lane_due.
drop index concurrently job_due;

-- migrate:down

create index concurrently job_due on job (queue, next_attempt_at) where dead_at is null;
