-- migrate:up

-- Attempts of leaderboards, by the seq of their event; and what all attempts of an entrant come to.
create table tournament_attempt (
    stream_id uuid not null,
    seq bigint not null,
    stage bigint not null,
    entrant bigint not null,
    attempt bigint not null,
    score bigint,
    submitted_by text not null,
    submitted_at bigint not null,
    corrected_at bigint,
    primary key (stream_id, seq)
);
create table tournament_score (
    stream_id uuid not null,
    key text not null,
    stage bigint not null,
    entrant bigint not null,
    counted bigint not null,
    best bigint not null,
    reached bigint not null,
    primary key (stream_id, key)
);
-- The seq of the event that started a stage: what came before it is of a run of the stage that is void.
alter table tournament_stage add column since bigint not null default 0;
select make_writer('tournament_attempt'), make_writer('tournament_score'), make_writer('tournament_stage');

-- migrate:down

delete from projected_table where name in ('tournament_attempt', 'tournament_score');
drop function write_tournament_attempt, update_tournament_attempt, write_tournament_score, update_tournament_score;
drop table tournament_attempt, tournament_score;
alter table tournament_stage drop column since;
select make_writer('tournament_stage');
