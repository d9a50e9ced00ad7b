-- migrate:up

-- Raised by each taking, so that a run tells itself from the next even where attempts went back: what was only left for
-- others isn't counted there.
alter table job add column taken bigint not null default 0;

-- migrate:down

alter table job drop column taken;
