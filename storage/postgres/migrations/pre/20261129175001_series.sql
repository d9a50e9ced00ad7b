-- migrate:up

create table series (
    stream_id uuid primary key,
    name text,
    description text,
    named_by text,
    described_by text,
    visibility text not null,
    settings text not null, -- as JSON
    recurrence text, -- as JSON
    create_s bigint not null,
    registration_s bigint not null,
    check_in_s bigint not null,
    points bigint[] not null default '{}',
    best bigint not null,
    phase text not null,
    owner text,
    created_at bigint not null,
    deleted_at bigint,
    next_at bigint,
    made bigint not null default 0,
    tournaments bigint not null default 0
);
create index series_public on series (created_at, stream_id) where visibility = 'public';
create index series_owner on series (owner, created_at, stream_id);
create index series_removed on series (deleted_at) where deleted_at is not null;

create table series_staff (
    stream_id uuid not null,
    user_id text not null,
    role text not null,
    since bigint not null,
    primary key (stream_id, user_id)
);
create index series_staff_user on series_staff (user_id, stream_id);

create table series_tournament (
    stream_id uuid not null,
    tournament text not null,
    number bigint, -- null for one that was added
    at bigint not null,
    primary key (stream_id, tournament)
);
create index series_tournament_at on series_tournament (stream_id, at, tournament);

select make_writer('series'), make_writer('series_staff'), make_writer('series_tournament');

-- migrate:down

delete from projected_table where name like 'series%';
drop function write_series, update_series, write_series_staff, update_series_staff, write_series_tournament,
    update_series_tournament;
drop table series, series_staff, series_tournament;
