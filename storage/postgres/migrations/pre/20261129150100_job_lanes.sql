-- migrate:up transaction:false

-- Due jobs by lane, the part of a queue that fails by itself: a webhook, a provider of push messages.
create index concurrently job_lane_due on job (
    queue, (coalesce(arguments ->> 'lane', arguments ->> 'webhook', '')), next_attempt_at
) where dead_at is null;

-- migrate:down

drop index concurrently job_lane_due;
