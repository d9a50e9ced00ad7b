-- migrate:up

-- Published rounds of Swiss stages, by the seq of their event.
create table tournament_round (
    stream_id uuid not null,
    seq bigint not null,
    stage bigint not null,
    round bigint not null,
    first bigint not null,
    matches bigint not null,
    bye bigint not null,
    -- The entrants of each match, then who has the bye with 0.
    pairs bigint[] not null,
    reasons bigint[] not null,
    primary key (stream_id, seq)
);
select make_writer('tournament_round');

-- migrate:down

delete from projected_table where name = 'tournament_round';
drop function write_tournament_round, update_tournament_round;
drop table tournament_round;
