-- migrate:up

create table tournament (
    stream_id uuid primary key,
    name text,
    description text,
    -- Keys of the lookup tables of these names.
    game text,
    platform text,
    region text,
    format text not null,
    third_place boolean not null,
    reset boolean not null,
    best_of bigint not null,
    entrants_max bigint not null,
    visibility text not null,
    entry text not null,
    ready_s bigint not null,
    confirm_s bigint not null,
    registration_at bigint,
    check_in_at bigint,
    start_at bigint,
    phase text not null,
    owner text,
    created_at bigint not null,
    started_at bigint,
    ended_at bigint,
    reason text,
    entrants bigint not null default 0,
    -- Entrants, the best first: all that a bracket is made from, in one row.
    seeds bigint[],
    engine bigint,
    draw text
);
create index tournament_public on tournament (created_at, stream_id) where visibility = 'public';
create index tournament_game on tournament (game, created_at, stream_id) where visibility = 'public';
create index tournament_owner on tournament (owner, created_at, stream_id);
create index tournament_upcoming on tournament (start_at, stream_id)
    where start_at is not null and phase in ('draft', 'registration', 'check_in');

create table tournament_entrant (
    stream_id uuid not null,
    number bigint not null,
    user_id text,
    name text,
    status text not null,
    checked_in boolean not null,
    entered_at bigint not null,
    reason text,
    place bigint,
    primary key (stream_id, number)
);

-- By user: the tournaments of a person, and who is to be erased from which.
create table tournament_player (
    stream_id uuid not null,
    user_id text not null,
    entrant bigint not null,
    primary key (stream_id, user_id)
);
create index tournament_player_user on tournament_player (user_id, stream_id);

create table tournament_match (
    stream_id uuid not null,
    number bigint not null,
    part text,
    round bigint,
    a bigint,
    b bigint,
    phase text not null,
    ready_a boolean not null default false,
    ready_b boolean not null default false,
    until bigint,
    reported_by bigint,
    scores bigint[] not null default '{}',
    disputed_by bigint,
    disputed_scores bigint[] not null default '{}',
    note text,
    evidence text,
    winner bigint,
    kind text,
    ended_by text,
    decision text,
    opened_at bigint,
    ended_at bigint,
    primary key (stream_id, number)
);
create index tournament_match_current on tournament_match (stream_id, number) where phase <> 'done';

create table tournament_staff (
    stream_id uuid not null,
    user_id text not null,
    role text not null,
    since bigint not null,
    primary key (stream_id, user_id)
);
create index tournament_staff_user on tournament_staff (user_id, stream_id);

select make_writer('tournament'), make_writer('tournament_entrant'), make_writer('tournament_player'),
    make_writer('tournament_match'), make_writer('tournament_staff');

-- migrate:down

delete from projected_table where name like 'tournament%';
drop function write_tournament, update_tournament, write_tournament_entrant, update_tournament_entrant,
    write_tournament_player, update_tournament_player, write_tournament_match, update_tournament_match,
    write_tournament_staff, update_tournament_staff;
drop table tournament, tournament_entrant, tournament_player, tournament_match, tournament_staff;
