-- migrate:up

create table gathering (
    stream_id uuid primary key,
    name text,
    description text,
    -- Keys of the lookup table of this name.
    games text[] not null default '{}',
    players_max bigint not null,
    visibility text not null,
    registration_at bigint,
    check_in_at bigint,
    closes_at bigint,
    phase text not null,
    owner text,
    created_by text not null,
    created_at bigint not null,
    -- When it was removed: hidden from then on, and erased some days later.
    deleted_at bigint,
    reason text,
    registered bigint not null default 0,
    checked_in bigint not null default 0
);
create index gathering_public on gathering (created_at, stream_id) where visibility = 'public';
create index gathering_owner on gathering (owner, created_at, stream_id);
create index gathering_creator on gathering (created_by, created_at);
create index gathering_removed on gathering (deleted_at) where deleted_at is not null;

-- The tournaments that are its competitions.
create table gathering_competition (
    stream_id uuid not null,
    tournament text not null,
    attached_at bigint not null,
    primary key (stream_id, tournament)
);

-- Who has ever registered.
create table gathering_player (
    stream_id uuid not null,
    user_id text not null,
    number bigint not null,
    status text not null,
    checked_in boolean not null default false,
    tournaments text[] not null default '{}',
    registered_at bigint not null,
    reason text,
    primary key (stream_id, user_id),
    unique (stream_id, number)
);
create index gathering_player_user on gathering_player (user_id);

create table gathering_staff (
    stream_id uuid not null,
    user_id text not null,
    role text not null,
    since bigint not null,
    primary key (stream_id, user_id)
);
create index gathering_staff_user on gathering_staff (user_id);

select make_writer('gathering'), make_writer('gathering_competition'), make_writer('gathering_player'),
    make_writer('gathering_staff');

-- The gathering that a tournament is a competition of.
alter table tournament add column gathering text;
select make_writer('tournament');

-- migrate:down

alter table tournament drop column gathering;
select make_writer('tournament');
delete from projected_table where name like 'gathering%';
drop function write_gathering, update_gathering, write_gathering_competition, update_gathering_competition,
    write_gathering_player, update_gathering_player, write_gathering_staff, update_gathering_staff;
drop table gathering_staff, gathering_player, gathering_competition, gathering;
