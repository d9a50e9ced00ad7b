-- migrate:up

-- Until which due time each recurring job was ordered: whoever moves it on writes the job, so it is written once.
create table cron (
    name text primary key,
    done_until timestamptz not null
);

-- migrate:down

drop table cron;
