-- migrate:up

-- As JSON.
alter table tournament add column stages text not null default '[]';
alter table tournament_entrant add column left_stage bigint, add column forfeits_from bigint;

-- Arrays, so that no event writes a row for each entrant.
create table tournament_stage (
    stream_id uuid not null,
    number bigint not null,
    seeds bigint[],
    engine bigint,
    first bigint not null default 1,
    started_at bigint,
    entrants bigint[] not null default '{}',
    places bigint[] not null default '{}',
    ended_at bigint,
    primary key (stream_id, number)
);

select make_writer('tournament'), make_writer('tournament_entrant'), make_writer('tournament_stage');

-- migrate:down

delete from projected_table where name = 'tournament_stage';
drop function write_tournament_stage, update_tournament_stage;
drop table tournament_stage;
alter table tournament_entrant drop column left_stage, drop column forfeits_from;
alter table tournament drop column stages;
select make_writer('tournament'), make_writer('tournament_entrant');
