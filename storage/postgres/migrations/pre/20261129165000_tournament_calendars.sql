-- migrate:up

-- Calendars that programs without a login subscribe to.
create table tournament_calendar (
    digest     bytea primary key check (length(digest) = 32), -- of the token in its address
    account    uuid not null references account on delete cascade,
    stream_id  uuid, -- the tournament; null for all that the account takes part in or is on the staff of
    created_at bigint not null
);
create unique index tournament_calendar_of on tournament_calendar (account, stream_id) nulls not distinct;

-- migrate:down

drop table tournament_calendar;
